// What debuggers build on: breakpoints, hooks, traces, frames, restart, evaluation on top of a stopped task.
#include "compile/compile.h"
#include "syntax/syntax.h"
#include "vm_bench.h"

typedef struct Watch {
    uint32_t breaks, steps, throws, caught, tasks, modules;
    uint32_t stop_at_break; // stop at this one; 0: never
    bool stop_at_throw, stop_at_step;
} Watch;

static void on_break(ChVm *vm, ChTask *task, void *ud) {
    Watch *watch = ud;
    if (++watch->breaks == watch->stop_at_break) ch_vm_stop(vm);
}
static void on_step(ChVm *vm, ChTask *task, void *ud) {
    Watch *watch = ud;
    watch->steps++;
    if (watch->stop_at_step) ch_vm_stop(vm);
}
static void on_throw(ChVm *vm, ChTask *task, bool will_be_caught, void *ud) {
    Watch *watch = ud;
    watch->throws++;
    if (will_be_caught) watch->caught++;
    if (watch->stop_at_throw) ch_vm_stop(vm);
}
static void on_task(ChVm *vm, ChTask *task, bool started, void *ud) { ((Watch *)ud)->tasks++; }
static void on_module(ChVm *vm, ChModule *module, void *ud) { ((Watch *)ud)->modules++; }

static void watch_open(Bench *bench, Watch *watch) {
    bench_open(bench, NULL);
    ch_vm_set_hooks(bench->vm, &(ChVmHooks){on_break, on_step, on_throw, on_task, on_module, watch});
}

static const ChProto *proto_named(const ChModule *module, const char *name) {
    for (uint32_t i = 0; i < module->chunk->proto_count; i++)
        if (ch_str_is(module->chunk->protos[i]->name, name)) return module->chunk->protos[i];
    fail_msg("no function %s", name);
    return NULL;
}

static uint32_t statement_on(const ChProto *proto, uint32_t line) {
    for (uint32_t i = 0; i < proto->line_count; i++)
        if (proto->lines[i].statement && proto->lines[i].line == line) return proto->lines[i].pc;
    fail_msg("no statement on line %u", line);
    return 0;
}

static const char *const program = "fn square(n) {\n"
                                   "  let r = n * n\n"
                                   "  return r\n"
                                   "}\n"
                                   "var total = 0\n"
                                   "for i in range(4) {\n"
                                   "  total = total + square(i)\n"
                                   "}\n"
                                   "println(total)\n";

static ChRunStatus go(Bench *bench) {
    int64_t wait_ms;
    return ch_vm_run(bench->vm, 0, &wait_ms);
}

static void test_breakpoints_are_hit_and_do_not_disturb(void **state) {
    Bench bench;
    Watch watch = {.stop_at_break = 3};
    watch_open(&bench, &watch);
    ChModule *module = bench_load(&bench, program);
    assert_int_equal(watch.modules, 1);
    const ChProto *square = proto_named(module, "square");
    uint32_t pc = statement_on(square, 3);
    ch_vm_break_set(bench.vm, square, pc);
    assert_int_equal(square->code[pc].op, CH_OP_BREAK);
    assert_int_not_equal(ch_vm_instruction(bench.vm, square, pc).op, CH_OP_BREAK);
    ChTask *task = ch_vm_start(bench.vm, module);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    assert_int_equal(watch.breaks, 3);

    // Where it stands, and what the variables hold.
    assert_int_equal(ch_task_frame_count(task), 2);
    ChFiber *fiber;
    ChFrame *frame = ch_task_frame(task, 0, &fiber);
    assert_int_equal(ch_frame_pc(fiber, frame), pc);
    assert_int_equal(ch_frame_line(fiber, frame)->line, 3);
    const ChLocalName *local;
    ChValue *r = ch_frame_local(fiber, frame, CH_STR("r"), &local);
    assert_non_null(r);
    assert_int_equal(r->as.integer, 4);
    assert_false(local->is_mutable);
    assert_null(ch_frame_local(fiber, frame, CH_STR("nothing"), NULL));
    ChTrace *trace = ch_vm_capture_stack_trace(bench.vm, task);
    assert_int_equal(trace->count, 2);
    assert_int_equal(trace->entries[0].line, 7);
    assert_int_equal(trace->entries[1].line, 3);
    assert_string_equal(trace->entries[1].function->data, "square");
    ch_trace_unref(trace);

    // A local can be changed, and the run goes on with it.
    *r = ch_int(100);
    ch_vm_break_clear(bench.vm, square, pc);
    assert_int_not_equal(square->code[pc].op, CH_OP_BREAK);
    assert_int_equal(go(&bench), CH_RAN_DONE);
    assert_int_equal(watch.breaks, 3);
    bench_expect(&bench, "110\n");
    bench_close(&bench);
}

static void test_breakpoints_count(void **state) {
    Bench bench;
    Watch watch = {0};
    watch_open(&bench, &watch);
    ChModule *module = bench_load(&bench, program);
    const ChProto *square = proto_named(module, "square");
    uint32_t pc = statement_on(square, 2);
    ch_vm_break_set(bench.vm, square, pc);
    ch_vm_break_set(bench.vm, square, pc);
    ch_vm_break_clear(bench.vm, square, pc);
    assert_int_equal(square->code[pc].op, CH_OP_BREAK);
    ch_vm_start(bench.vm, module);
    assert_int_equal(go(&bench), CH_RAN_DONE);
    assert_int_equal(watch.breaks, 4);
    bench_expect(&bench, "14\n");
    bench_close(&bench);
}

static void test_steps_are_single_and_change_nothing(void **state) {
    Bench bench;
    Watch watch = {.stop_at_step = true};
    watch_open(&bench, &watch);
    ChModule *module = bench_load(&bench, program);
    ch_vm_set_stepping(bench.vm, true);
    ChTask *task = ch_vm_start(bench.vm, module);
    uint32_t last_pc = UINT32_MAX, same = 0;
    ChRunStatus status;
    while ((status = go(&bench)) == CH_RAN_STOPPED) {
        ChFiber *fiber;
        const ChFrame *frame = ch_task_frame(task, 0, &fiber);
        uint32_t pc = ch_frame_pc(fiber, frame);
        same += pc == last_pc;
        last_pc = pc;
    }
    assert_int_equal(status, CH_RAN_DONE);
    assert_int_equal(same, 0); // each step ran one instruction
    assert_true(watch.steps > 30);
    bench_expect(&bench, "14\n");
    bench_close(&bench);
}

static void test_stepping_can_end_at_a_breakpoint(void **state) {
    Bench bench;
    Watch watch = {.stop_at_step = true, .stop_at_break = 1};
    watch_open(&bench, &watch);
    ChModule *module = bench_load(&bench, program);
    const ChProto *square = proto_named(module, "square");
    uint32_t pc = statement_on(square, 2);
    ch_vm_break_set(bench.vm, square, pc);
    ChTask *task = ch_vm_start(bench.vm, module);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    assert_int_equal(watch.breaks, 1);
    ch_vm_set_stepping(bench.vm, true);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    ChFiber *fiber;
    ChFrame *frame = ch_task_frame(task, 0, &fiber);
    assert_true(ch_frame_pc(fiber, frame) > pc);
    ch_vm_set_stepping(bench.vm, false);
    assert_int_equal(go(&bench), CH_RAN_DONE);
    assert_int_equal(watch.breaks, 4);
    bench_expect(&bench, "14\n");
    bench_close(&bench);
}

static void test_throws_are_heard_before_the_stack_is_gone(void **state) {
    Bench bench;
    Watch watch = {.stop_at_throw = true};
    watch_open(&bench, &watch);
    ChTask *task = ch_vm_start(
        bench.vm, bench_load(&bench, "fn f() {\n  throw \"one\"\n}\ntry { f() } catch (e) { println(e) }\nf()\n"));
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    assert_int_equal(watch.caught, 1);
    assert_int_equal(ch_task_frame_count(task), 2);
    const ChError *error = ch_vm_pending_error(bench.vm);
    assert_non_null(error);
    ChBuffer text = {0};
    ch_error_text(error, false, &text);
    assert_string_equal(text.data, "Thrown: one");
    ch_buffer_release(&text);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    bench_expect(&bench, "one\n");
    assert_int_equal(watch.throws, 2);
    assert_int_equal(watch.caught, 1);
    assert_int_equal(ch_task_frame_count(task), 2);
    assert_int_equal(go(&bench), CH_RAN_DONE);
    assert_int_equal(ch_program_finish(bench.vm), 1);
    bench_close(&bench);
}

static void test_a_frame_begins_again(void **state) {
    Bench bench;
    Watch watch = {.stop_at_break = 1};
    watch_open(&bench, &watch);
    ChModule *module =
        bench_load(&bench, "fn f(xs, n) {\n  var ys = xs\n  ys[0] = n\n  println(ys)\n  return n + 1\n}\nprintln(f([0], 5))\n");
    const ChProto *f = proto_named(module, "f");
    ch_vm_break_set(bench.vm, f, statement_on(f, 5));
    ChTask *task = ch_vm_start(bench.vm, module);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    bench_expect(&bench, "[5]\n");
    ChBuffer why = {0};
    assert_false(ch_frame_restart(bench.vm, task, 7, &why));
    assert_string_equal(why.data, "restartFrame: frame id 7 out of range (have 2 frames)");
    assert_true(ch_frame_restart(bench.vm, task, 0, &why));
    ChFiber *fiber;
    ChFrame *frame = ch_task_frame(task, 0, &fiber);
    assert_int_equal(ch_frame_pc(fiber, frame), 0);
    assert_int_equal(frame->base[1].as.integer, 5);
    assert_int_equal(frame->base[0].as.list->items[0].as.integer, 0);
    assert_int_equal(go(&bench), CH_RAN_DONE);
    bench_expect(&bench, "[5]\n6\n");
    ch_buffer_release(&why);
    bench_close(&bench);
}

static void test_unwinding_to_a_depth(void **state) {
    Bench bench;
    Watch watch = {.stop_at_break = 1};
    watch_open(&bench, &watch);
    ChModule *module = bench_load(&bench, "fn deep(n) {\n  if n == 0 {\n    return 0\n  }\n  return 1 + deep(n - 1)\n}\n"
                                          "try { deep(20) } finally { println(\"never\") }\n");
    const ChProto *deep = proto_named(module, "deep");
    ch_vm_break_set(bench.vm, deep, statement_on(deep, 3));
    ChTask *task = ch_vm_start(bench.vm, module);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    assert_int_equal(ch_task_frame_count(task), 22);
    assert_true(ch_vm_unwind(bench.vm, task, 21));
    assert_int_equal(ch_task_frame_count(task), 1);
    assert_false(ch_vm_unwind(bench.vm, task, 1));
    bench_close(&bench);
}

static ChClosure *compile_expression(Bench *bench, ChModule *module, const char *text, const ChStr *names, uint32_t count) {
    ChSource *source = ch_source_new(CH_STR("<evaluate>"), ch_str_of(text), NULL);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch_compile(tree, &(ChCompileOptions){.kind = CH_COMPILE_EVAL, .names = names, .name_count = count,
                                                          .module = module->chunk}, &diagnostics);
    assert_non_null(chunk);
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ChClosure *closure = ch_vm_link_evaluation(bench->vm, chunk, module, source);
    ch_source_unref(source);
    return closure;
}

static void test_evaluation_leaves_the_task_as_it_was(void **state) {
    Bench bench;
    Watch watch = {.stop_at_break = 2};
    watch_open(&bench, &watch);
    ChModule *module = bench_load(&bench, program);
    const ChProto *square = proto_named(module, "square");
    uint32_t pc = statement_on(square, 3);
    ch_vm_break_set(bench.vm, square, pc);
    ChTask *task = ch_vm_start(bench.vm, module);
    assert_int_equal(go(&bench), CH_RAN_STOPPED);
    ChStr names[] = {CH_STR_INIT("n"), CH_STR_INIT("r")};
    ChValue args[] = {ch_int(6), ch_int(1)};
    ChValue value;
    ChBuffer why = {0};

    static const struct {
        const char *text, *error;
        int64_t value;
    } cases[] = {
        {"n * 7 + r", NULL, 43},
        {"square(n)", NULL, 36},
        {"[1, 2, 3].map({ x -> x * n }).reduce(0, { a, b -> a + b })", NULL, 36},
        {"n / 0", "Division by zero", 0},
        {"{ -> while true { } } |> { f -> f() }", "evaluate: step budget exceeded before the expression produced a value", 0},
        {"sleep(10)", "Runtime error: evaluate: the expression waits for something", 0},
        {"await(spawn { 1 })", "Runtime error: evaluate: the expression waits for something", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ChClosure *closure = compile_expression(&bench, module, cases[i].text, names, 2);
        ch_buffer_clear(&why);
        uint32_t breaks = watch.breaks;
        bool is_good = ch_vm_call_in_task(bench.vm, task, closure, args, 2, 10000, &value, &why);
        watch.breaks = breaks; // the evaluation may have met it too
        if (cases[i].error) {
            assert_false(is_good);
            assert_string_equal(why.data, cases[i].error);
        } else {
            if (!is_good) fail_msg("%s: %s", cases[i].text, why.data);
            assert_int_equal(value.as.integer, cases[i].value);
            ch_release(value);
        }
        ch_release(ch_object(closure));
        assert_int_equal(ch_task_frame_count(task), 2);
        ChFiber *fiber;
        ChFrame *frame = ch_task_frame(task, 0, &fiber);
        assert_int_equal(ch_frame_pc(fiber, frame), pc);
    }
    ch_buffer_release(&why);
    ch_vm_break_clear(bench.vm, square, pc);
    assert_int_equal(go(&bench), CH_RAN_DONE);
    bench_expect(&bench, "14\n");
    bench_close(&bench);
}

static void test_tasks_are_announced(void **state) {
    Bench bench;
    Watch watch = {0};
    watch_open(&bench, &watch);
    assert_int_equal(bench_run(&bench, "let t = spawn { 1 }\nawait(t)\nparallel 3 { i -> i }", ""), 0);
    assert_int_equal(watch.tasks, 2 * 5);
    bench_close(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breakpoints_are_hit_and_do_not_disturb),
        cmocka_unit_test(test_breakpoints_count),
        cmocka_unit_test(test_steps_are_single_and_change_nothing),
        cmocka_unit_test(test_stepping_can_end_at_a_breakpoint),
        cmocka_unit_test(test_throws_are_heard_before_the_stack_is_gone),
        cmocka_unit_test(test_a_frame_begins_again),
        cmocka_unit_test(test_unwinding_to_a_depth),
        cmocka_unit_test(test_evaluation_leaves_the_task_as_it_was),
        cmocka_unit_test(test_tasks_are_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
