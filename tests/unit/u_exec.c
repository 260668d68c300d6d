// The interpreter: fast and counted runs agree, limits hold, errors unwind, tasks take turns.
#include "vm_bench.h"

static void run(const char *text, const char *output, int code) {
    Bench bench;
    bench_open(&bench, NULL);
    assert_int_equal(bench_run(&bench, text, output), code);
    bench_close(&bench);
}

static void test_values_are_values(void **state) {
    run("var a = [1, 2]\nlet b = a\na[0] = 9\na = a.push(3)\nprintln(a)\nprintln(b)\n"
        "var d = {x: {y: [1]}}\nlet e = d\nd.x.y[0] = 7\nprintln(d)\nprintln(e)",
        "[9, 2, 3]\n[1, 2]\n{x: {y: [7]}}\n{x: {y: [1]}}\n", 0);
}

static void test_integers_wrap(void **state) {
    run("let m = 9223372036854775807\nvar s = m\ns = s + 1\nprintln(s)\nprintln(s / -1)\nprintln(s % -1)\nprintln(-s)\n"
        "println(m * 2)\nprintln(2 ** 64)",
        "-9223372036854775808\n-9223372036854775808\n0\n-9223372036854775808\n-2\n0\n", 0);
}

static void test_nan_is_in_order_with_everything(void **state) {
    run("let n = 0.0 / 0.0\nprintln(n <= 1.0)\nprintln(n >= 1.0)\nprintln(n < 1.0)\nprintln(n == n)\n"
        "if n <= 1.0 { println(\"le\") }\nif n > 1.0 { println(\"gt\") }",
        "true\ntrue\nfalse\nfalse\nle\n", 0);
}

static void test_finally_runs_once_on_each_way_out(void **state) {
    run("fn a() { try { return 1 } finally { println(\"f\") } }\nprintln(a())\n"
        "for i in range(3) {\n  try {\n    if i == 1 { continue }\n    if i == 2 { break }\n    println(i)\n  } finally { println(\"g\") }\n}\n"
        "fn b() { try { throw \"x\" } catch (e) { return \"c\" } finally { println(\"h\") } }\nprintln(b())",
        "f\n1\n0\ng\ng\ng\nh\nc\n", 0);
}

static void test_typed_catch_passes_others_on(void **state) {
    run("enum A { X }\nenum B { Y }\n"
        "try {\n  try { throw A.X } catch (e: B) { println(\"wrong\") }\n} catch (e: A) { println(\"A\") }\n"
        "try {\n  try { throw \"s\" } catch (e: B) { println(\"wrong\") }\n} catch (e) { println(e) }",
        "A\ns\n", 0);
}

static void test_a_catch_ends_inner_iterations(void **state) {
    run("for o in [1, 2, 3] {\n  try {\n    for i in [10, 20, 30] {\n      if i == 20 { throw \"x\" }\n      println(i)\n    }\n"
        "  } catch (e) { println(\"${o} ${e}\") }\n}",
        "10\n1 x\n10\n2 x\n10\n3 x\n", 0);
}

static void test_uncaught_error_shows_where(void **state) {
    run("fn inner(x) {\n  return x / 0\n}\nfn outer() {\n  return inner(1) + 1\n}\nouter()",
        "error: Runtime error: Division by zero (line 2)\n"
        "  --> test.harn:2:12\n   |\n 2 |   return x / 0\n   |            ^\n"
        "  = note: called from outer at test.harn:5\n"
        "  = note: called from pipeline at test.harn:7\n",
        1);
}

static void test_trace_goes_through_finally(void **state) {
    run("fn f() {\n  try {\n    throw \"x\"\n  } finally { println(\"f\") }\n}\nf()",
        "f\nerror: Thrown: x\n  --> test.harn:3:5\n   |\n 3 |     throw \"x\"\n   |     ^^^^^\n"
        "  = note: called from pipeline at test.harn:6\n",
        1);
}

static void test_throwing_a_variable_keeps_it(void **state) {
    run("let e = {n: 1}\ntry { throw e } catch (x) { println(x.n) }\nprintln(e)", "1\n{n: 1}\n", 0);
}

static void test_finally_in_deep_recursion_is_linear(void **state) {
    run("fn f(n) { try { return f(n + 1) } finally { var z = n } }\ntry { f(0) } catch (e) { println(e) }",
        "Stack overflow: too many nested calls\n", 0);
}

static void test_frames_have_a_limit(void **state) {
    Bench bench;
    bench_open(&bench, &(ChVmOptions){.frames_max = 50});
    bench_run(&bench,
              "fn f(n) { if n == 0 { return 0 }\n return 1 + f(n - 1) }\nprintln(f(48))\ntry { f(49) } catch (e) { println(e) }\n"
              "println(f(48))",
              "48\nStack overflow: too many nested calls\n48\n");
    bench_close(&bench);
    run("fn f(n) { if n == 0 { return 0 }\n return 1 + f(n - 1) }\nprintln(f(99000))\ntry { f(200000) } catch (e) { println(e) }",
        "99000\nStack overflow: too many nested calls\n", 0);
}

static void test_tail_calls_need_no_frames(void **state) {
    run("fn f(n) { if n == 0 { return \"done\" }\n return f(n - 1) }\nprintln(f(500000))", "done\n", 0);
}

static void test_generators_nest_and_count_as_frames(void **state) {
    run("fn g(n) { yield n\n if n > 0 { for x in g(n - 1) { yield x } } }\nvar s = 0\nfor x in g(300) { s += x }\nprintln(s)",
        "45150\n", 0);
    Bench bench;
    bench_open(&bench, &(ChVmOptions){.frames_max = 50});
    bench_run(&bench, "fn g(n) { for x in g(n + 1) { yield x } }\ntry { for x in g(0) { println(x) } } catch (e) { println(e) }",
              "Stack overflow: too many nested calls\n");
    bench_close(&bench);
}

static void test_deep_values_die_quietly(void **state) {
    run("var x: any = nil\nfor i in range(300000) { x = [x] }\nlet y = x\nprintln(x == y)\nx = nil\n"
        "var f = { -> 0 }\nfor i in range(100000) { let g = f\n f = { -> g } }\nprintln(type_of(f))",
        "true\nclosure\n", 0);
}

static void test_arity_is_checked(void **state) {
    run("fn f(a, b = 2, ...r) { return [a, b, r] }\nprintln(f(1))\nprintln(f(1, 3, 4, 5))\nprintln(f(...[7, 8, 9]))\n"
        "let g: any = { x, y -> x }\ntry { g(1) } catch (e) { println(e) }\nlet h: any = f\ntry { h() } catch (e) { println(e) }",
        "[1, 2, []]\n[1, 3, [4, 5]]\n[7, 8, [9]]\nArity mismatch: '<closure>' expects 2 arguments, got 1\n"
        "Arity mismatch: 'f' expects at least 1 argument, got 0\n",
        0);
}

static void test_exit_is_not_caught(void **state) {
    run("try { exit(3) } catch (e) { println(\"caught\") } finally { println(\"finally\") }", "", 3);
}

static void test_exit_codes(void **state) {
    run("pipeline default(task) { return 300 }", "", 255);
    run("pipeline default(task) { return -4 }", "", 0);
    run("pipeline default(task) { return Err(\"bad\") }", "bad\n", 1);
    run("pipeline default(task) { return Ok(5) }", "", 0);
}

// ---- slices and single instructions

static const char *const mixed_program =
    "struct P { x: int }\nimpl P { fn twice(self) { return P {x: self.x * 2} } }\n"
    "fn gen_(n) { var i = 0\n while i < n { yield i\n i = i + 1 } }\n"
    "fn fib(n) { if n < 2 { return n }\n return fib(n - 1) + fib(n - 2) }\n"
    "let c = channel(\"c\", 2)\n"
    "let t = spawn { for i in range(5) { send(c, i * i) }\n close_channel(c)\n return \"sent\" }\n"
    "for v in c { println(v) }\nprintln(await(t))\n"
    "var s = 0\nfor x in gen_(10) { s += x }\nprintln(s)\nprintln(fib(12))\n"
    "println([3, 1, 2].map({ x -> x * x }).filter({ x -> x > 1 }))\n"
    "try { println(P {x: 4}.twice().x)\n let z: any = nil\n z.y } catch (e) { println(\"caught\") } finally { println(\"fin\") }\n"
    "println(parallel each [1, 2, 3] { v -> v + s })\n";
static const char *const mixed_output =
    "0\n1\n4\n9\n16\nsent\n45\n144\n[9, 4]\n8\ncaught\nfin\n[46, 47, 48]\n";

static void test_one_cycle_is_the_same_program(void **state) {
    Bench bench;
    bench_open(&bench, NULL);
    ch_vm_start(bench.vm, bench_load(&bench, mixed_program));
    int64_t wait_ms;
    uint64_t cycles = 0;
    ChRunStatus status;
    while ((status = ch_vm_run(bench.vm, 1, &wait_ms)) != CH_RAN_DONE) {
        assert_int_equal(status, CH_RAN_SLICE);
        cycles++;
    }
    assert_true(cycles > 1000);
    assert_int_equal(ch_program_finish(bench.vm), 0);
    bench_expect(&bench, mixed_output);
    bench_close(&bench);
}

static void test_slices_of_any_length(void **state) {
    for (int64_t length = 2; length < 200; length = length * 3 + 1) {
        Bench bench;
        bench_open(&bench, NULL);
        ch_vm_start(bench.vm, bench_load(&bench, mixed_program));
        int64_t wait_ms;
        while (ch_vm_run(bench.vm, length, &wait_ms) != CH_RAN_DONE) continue;
        bench_expect(&bench, mixed_output);
        bench_close(&bench);
    }
    run(mixed_program, mixed_output, 0);
}

static void test_two_machines_at_once(void **state) {
    Bench a, b;
    bench_open(&a, NULL);
    bench_open(&b, NULL);
    ch_vm_start(a.vm, bench_load(&a, mixed_program));
    ch_vm_start(b.vm, bench_load(&b, mixed_program));
    int64_t wait_ms;
    bool a_runs = true, b_runs = true;
    while (a_runs || b_runs) {
        if (a_runs) a_runs = ch_vm_run(a.vm, 7, &wait_ms) != CH_RAN_DONE;
        if (b_runs) b_runs = ch_vm_run(b.vm, 11, &wait_ms) != CH_RAN_DONE;
    }
    bench_expect(&a, mixed_output);
    bench_expect(&b, mixed_output);
    bench_close(&a);
    bench_close(&b);
}

static void test_an_endless_loop_can_be_interrupted(void **state) {
    Bench bench;
    bench_open(&bench, NULL);
    ch_vm_start(bench.vm, bench_load(&bench, "while true { }"));
    int64_t wait_ms;
    ch_vm_interrupt(bench.vm, CH_INTERRUPT_YIELD);
    assert_int_equal(ch_vm_run(bench.vm, 0, &wait_ms), CH_RAN_SLICE);
    ch_vm_interrupt(bench.vm, CH_INTERRUPT_PAUSE);
    assert_int_equal(ch_vm_run(bench.vm, 0, &wait_ms), CH_RAN_STOPPED);
    ch_vm_interrupt(bench.vm, CH_INTERRUPT_CANCEL);
    assert_int_equal(ch_vm_run(bench.vm, 0, &wait_ms), CH_RAN_DONE);
    assert_int_equal(ch_program_finish(bench.vm), 1);
    bench.output.length = bench.output.length < 50 ? bench.output.length : 50;
    bench_expect(&bench, "error: Thrown: kind:cancelled:VM cancelled by host");
    bench_close(&bench);
}

static void test_a_wait_can_be_cancelled(void **state) {
    Bench bench;
    bench_open(&bench, NULL);
    ch_vm_start(bench.vm, bench_load(&bench, "try { sleep(100000) } catch (e) { println(e) }\n"
                                             "try { receive(channel(\"c\")) } catch (e) { println(e) }\nprintln(\"left\")"));
    int64_t wait_ms;
    assert_int_equal(ch_vm_run(bench.vm, 0, &wait_ms), CH_RAN_WAITING);
    assert_true(wait_ms > 90000);
    ch_vm_interrupt(bench.vm, CH_INTERRUPT_CANCEL);
    assert_int_equal(ch_vm_run(bench.vm, 0, &wait_ms), CH_RAN_DONE);
    bench_expect(&bench, "kind:cancelled:VM cancelled by host\nkind:cancelled:VM cancelled by host\nleft\n");
    bench_close(&bench);
}

static void test_recursion_can_be_interrupted(void **state) {
    Bench bench;
    bench_open(&bench, NULL);
    ch_vm_start(bench.vm, bench_load(&bench, "fn f(n) { if n == 0 { return 0 }\n return f(n - 1) + f(n - 1) }\nf(90)"));
    int64_t wait_ms;
    ch_vm_interrupt(bench.vm, CH_INTERRUPT_YIELD);
    assert_int_equal(ch_vm_run(bench.vm, 0, &wait_ms), CH_RAN_SLICE);
    bench_close(&bench);
}

// ---- tasks

static void test_deadlines(void **state) {
    run("fn f() { deadline 20ms { return 1 } }\nf()\nsleep(40)\n"
        "try { deadline 10ms { while true { } } } catch (e) { println(e) }\n"
        "try { deadline 10ms { sleep(10000) } } catch (e) { println(e) }\n"
        "try { deadline 10ms { [1].map({ x -> sleep(10000) }) } } catch (e) { println(e) }\n"
        "try { deadline 10ms { parallel 2 { i -> sleep(10000) } } } catch (e) { println(e) }\nprintln(\"end\")",
        "Deadline exceeded\nDeadline exceeded\nDeadline exceeded\nDeadline exceeded\nend\n", 0);
}

static void test_a_wait_that_cannot_end_is_named(void **state) {
    run("try { receive(channel(\"lonely\")) } catch (e) { println(e) }",
        "Runtime error: HARN-ORC-012: wait-for deadlock detected: all active tasks are waiting; receive on channel 'lonely' has no "
        "sender (channel 'lonely') — no active task can make progress\n",
        0);
    run("try { mutex { mutex { println(\"never\") } } } catch (e) { println(\"caught\") }\nmutex { println(\"free again\") }",
        "caught\nfree again\n", 0);
}

static void test_tasks_take_turns_in_order(void **state) {
    run("let order = channel(\"o\", 100)\nlet ts = [1, 2, 3].map({ n -> spawn { send(order, n) } })\n"
        "for t in ts { await(t) }\nclose_channel(order)\nfor v in order { println(v) }",
        "1\n2\n3\n", 0);
}

static void test_errors_cross_tasks(void **state) {
    run("let t = spawn { throw {code: 4} }\ntry { await(t) } catch (e) { println(e.code) }\n"
        "println(parallel settle [2, 0] { d -> 4 / d })\n"
        "let s = spawn { while !is_cancelled() { sleep(1) }\n return \"left\" }\nprintln(cancel_graceful(s, 1000))",
        "4\n{failed: 1, results: [Result.Ok(2), Result.Err(Division by zero)], succeeded: 1}\n"
        "Result.Ok(left)\n",
        0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_values),
        cmocka_unit_test(test_integers_wrap),
        cmocka_unit_test(test_nan_is_in_order_with_everything),
        cmocka_unit_test(test_finally_runs_once_on_each_way_out),
        cmocka_unit_test(test_typed_catch_passes_others_on),
        cmocka_unit_test(test_a_catch_ends_inner_iterations),
        cmocka_unit_test(test_uncaught_error_shows_where),
        cmocka_unit_test(test_trace_goes_through_finally),
        cmocka_unit_test(test_throwing_a_variable_keeps_it),
        cmocka_unit_test(test_finally_in_deep_recursion_is_linear),
        cmocka_unit_test(test_frames_have_a_limit),
        cmocka_unit_test(test_tail_calls_need_no_frames),
        cmocka_unit_test(test_generators_nest_and_count_as_frames),
        cmocka_unit_test(test_deep_values_die_quietly),
        cmocka_unit_test(test_arity_is_checked),
        cmocka_unit_test(test_exit_is_not_caught),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_one_cycle_is_the_same_program),
        cmocka_unit_test(test_slices_of_any_length),
        cmocka_unit_test(test_two_machines_at_once),
        cmocka_unit_test(test_an_endless_loop_can_be_interrupted),
        cmocka_unit_test(test_a_wait_can_be_cancelled),
        cmocka_unit_test(test_recursion_can_be_interrupted),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_a_wait_that_cannot_end_is_named),
        cmocka_unit_test(test_tasks_take_turns_in_order),
        cmocka_unit_test(test_errors_cross_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
