// A VM's life, and running tasks in slices.
//
// One task runs at a time, on the thread that calls. A slice ends when the task has ended, waits, has used up its
// instructions, or was asked to stop. Counted slices (with a budget, or single-stepping) run the counting loop; all
// others run the fast one, which looks up at safepoints only.
#include <string.h>

#include "base/alloc.h"
#include "host/host.h"
#include "runtime/evlog.h"
#include "runtime/interrupt.h"
#include "runtime/lifecycle.h"
#include "runtime/trace.h"
#include "vm/difference.h"
#include "vm/vm_int.h"

#include "base/banned.h"

ChVm *ch_vm_new(struct ch_host *host, const ChVmOptions *options, ChBuffer *why) {
    ChVm *vm = ch_alloc_zero(1, sizeof *vm);
    ch_heap_init(&vm->heap);
    ch_arena_init(&vm->arena);
    vm->host = host;
    vm->frames_max = options && options->frames_max ? options->frames_max : CH_FRAMES_MAX_DEFAULT;
    vm->error.value = CH_NIL;
    vm->prelude_closures = ch_alloc_zero(ch_builtin_count + 1, sizeof *vm->prelude_closures);
    vm->entry_shape = ch_shape_with(vm, ch_shape_root(vm), ch_intern(vm, "key", 3));
    vm->entry_shape = ch_shape_with(vm, vm->entry_shape, ch_intern(vm, "value", 5));
    ch_map_set_pointer(&vm->enum_types, ch_string_view(vm->heap.result_type->name), vm->heap.result_type);
    vm->scheduler = ch__scheduler_new();
    return vm;
}

static void free_methods(ChVm *vm) {
    for (uint32_t i = 0; i < vm->method_count; i++) ch__closure_unref(vm->method_targets[i]);
    ch_free(vm->method_targets);
    for (uint32_t i = 0; i < vm->methods.count; i++) {
        ch_map_release(vm->methods.entries[i].value.pointer);
        ch_free(vm->methods.entries[i].value.pointer);
    }
    ch_map_release(&vm->methods);
}

void ch_vm_free(ChVm *vm) {
    while (vm->tasks_first) ch_task_cancel(vm, vm->tasks_first);
    ch__trace_free(vm);
    ch__lifecycle_free(vm);
    ch__event_log_free(vm);
    if (vm->main_task) ch_release(ch_object(vm->main_task));
    if (vm->has_error) ch_error_release(&vm->error);
    ch__assertion_free(vm);
    for (uint32_t i = 0; i < ch_builtin_count; i++)
        if (vm->prelude_closures[i]) ch__closure_unref(vm->prelude_closures[i]);
    ch_free(vm->prelude_closures);
    ch__builtin_memory_clear(vm);
    free_methods(vm);
    // Slots hold closures that hold their module: empty all before the table lets go of the modules.
    for (uint32_t i = 0; i < vm->module_count; i++) ch__module_clear(vm->modules[i]);
    for (uint32_t i = 0; i < vm->module_count; i++) ch_vm_module_unref(vm->modules[i]);
    ch_free(vm->modules);
    ch__scheduler_free(vm);
    ch_map_release(&vm->module_map);
    ch_map_release(&vm->enum_types);
    ch_map_release(&vm->struct_types);
    ch_map_release(&vm->interfaces);
    for (uint32_t i = 0; i < vm->globals.count; i++) {
        ch_release(*(ChValue *)vm->globals.entries[i].value.pointer);
        ch_free(vm->globals.entries[i].value.pointer);
    }
    ch_map_release(&vm->globals);
    ch_free(vm->breaks);
    ch_buffer_release(&vm->scratch);
    ch_heap_release(&vm->heap);
    ch_arena_release(&vm->arena);
    ch_free(vm);
}

void ch_vm_set_global(ChVm *vm, const char *name, ChValue take_value) {
    ChMapEntry *entry = ch_map_enter(&vm->globals, ch_str_of(name), NULL);
    if (!entry->value.pointer) {
        entry->key = ch_str_copy(&vm->arena, entry->key);
        entry->value.pointer = ch_alloc_zero(1, sizeof(ChValue));
    }
    ch_assign_take(entry->value.pointer, take_value);
}

static ChValue builtins_dict(ChVm *vm, const char *const *names) {
    ChValue dict = ch_object(ch_dict_new());
    for (; *names; names++) {
        int32_t row = ch_builtin_find(ch_str_of(*names));
        if (row < 0) continue;
        ch_dict_put_property(vm, dict.as.dict, ch_intern(vm, *names, strlen(*names)), ch_builtin_ref((uint32_t)row));
    }
    return dict;
}

void ch_vm_set_pipeline(ChVm *vm, ChStr name) { vm->entry_pipeline = name; }

void ch_vm_set_arguments(ChVm *vm, const ChStr *arguments, uint32_t count) {
    static const char *const stdio[] = {"print", "println", "eprint", "eprintln", "read_line", NULL};
    ChList *list = ch_list_new(count);
    for (uint32_t i = 0; i < count; i++) ch_list_push(list, ch_str_value(arguments[i].data, arguments[i].length));
    ch_vm_set_global(vm, "argv", ch_object(list));
    ChValue harness = ch_object(ch_dict_new());
    ch_dict_put_property(vm, harness.as.dict, ch_intern(vm, "stdio", 5), builtins_dict(vm, stdio));
    ch_vm_set_global(vm, "harness", ch__harness_new(harness));
}

bool ch_vm_is_cancelled(ChVm *vm) {
    return atomic_load_explicit(&vm->interrupt, memory_order_relaxed) & CH_INTERRUPT_CANCEL;
}

void ch_vm_interrupt(ChVm *vm, unsigned reasons) {
    atomic_fetch_or(&vm->interrupt, reasons);
    vm->host->wake(vm->host->ud);
}

void ch_vm_uninterrupt(ChVm *vm, unsigned reasons) { atomic_fetch_and(&vm->interrupt, ~reasons); }

void ch_vm_set_sampler(ChVm *vm, ChSampleHook hook, void *ud) {
    vm->is_sampled = true;
    vm->on_sample = hook;
    vm->sample_ud = ud;
}

void ch_vm_sample_soon(ChVm *vm) { atomic_fetch_or(&vm->interrupt, CH_INTERRUPT_SAMPLE); }

// ---- safepoints -------------------------------------------------------------------------------------------------------

ChSafepoint ch__safepoint(ChVm *vm, ChTask *task, int64_t *fuel, ChRunStatus *status) {
    unsigned reasons = atomic_load_explicit(&vm->interrupt, memory_order_relaxed);
    *fuel = CH_SAFEPOINT_INTERVAL;
    if (vm->stop_requested || reasons & CH_INTERRUPT_PAUSE) {
        atomic_fetch_and(&vm->interrupt, ~CH_INTERRUPT_PAUSE);
        vm->stop_requested = true;
        task->skip_break = task->fiber->top->pc;
        *status = CH_RAN_STOPPED;
        return CH_SAFEPOINT_LEAVE;
    }
    if (reasons & CH_INTERRUPT_YIELD || ch__looks_over(vm)) {
        atomic_fetch_and(&vm->interrupt, ~CH_INTERRUPT_YIELD);
        *status = CH_RAN_SLICE;
        return CH_SAFEPOINT_LEAVE;
    }
    if (reasons & CH_INTERRUPT_SIGNAL && ch__interrupt_is_wanted(vm) && ch__interrupt_begin(vm, false)) {
        *status = CH_RAN_SLICE;
        return CH_SAFEPOINT_LEAVE;
    }
    if (reasons & CH_INTERRUPT_CANCEL || task->cancel_requested) {
        // A program that looks at is_cancelled() gets a while to leave by itself.
        if (task->grace < 0) task->grace = CH_CANCEL_GRACE;
        *fuel = task->grace > 0 ? task->grace : 0;
        if (task->grace == 0) {
            task->grace = -1;
            ch_throw_text(vm, "kind:cancelled:VM cancelled by host");
            return CH_SAFEPOINT_THROW;
        }
        task->grace = 0;
    }
    if (task->region_count && ch__deadline_check(vm, task) != CH_OK) return CH_SAFEPOINT_THROW;
    return CH_SAFEPOINT_GO;
}

// ---- slices -----------------------------------------------------------------------------------------------------------

// The body of the run has ended: the main task goes on with the finish lifecycle when somebody asked for that. False: the
// run is over. A body that failed has no lifecycle.
static bool begin_finish(ChVm *vm, ChTask *task) {
    if (task->state != CH_TASK_DONE) {
        ch__lifecycle_clear(vm);
        return false;
    }
    ChClosure *finish = ch__lifecycle_finish(vm);
    if (!finish) return false;
    ChFiber *fiber = task->main_fiber;
    fiber->stack[0] = ch_take(&task->result);
    task->state = CH_TASK_READY;
    return ch__frame_push(vm, fiber, finish, fiber->stack, 1, 0, CH_FRAME_BOTTOM);
}

static ChRunStatus run(ChVm *vm, ChTask *task, bool is_counted) {
    if (task->state != CH_TASK_READY) return task->state == CH_TASK_WAITING ? CH_RAN_WAITING : CH_RAN_DONE;
    ChTask *previous = vm->task;
    vm->task = task;
    vm->stop_requested = false;
    ChFiber *fiber = task->fiber;
    if (!task->is_unwinding) {
        // What was reported there may have gone: then nothing is to be skipped.
        if (task->skip_break && fiber->top && (fiber->top->pc != task->skip_break ||
                                               (!is_counted && fiber->top->pc->op != CH_OP_BREAK)))
            task->skip_break = NULL;
        ch__fiber_limit(vm, fiber);
        if (task->has_wake && !ch__task_deliver(vm, task)) {
            ChUnwind unwound = ch__unwind(vm, task);
            if (unwound != CH_UNWIND_HANDLED) {
                vm->task = previous;
                if (unwound == CH_UNWIND_STOPPED) return CH_RAN_STOPPED;
                ch__task_ended(vm, task);
                return CH_RAN_DONE;
            }
        }
        task->fiber->is_before = false;
    }
    ChRunStatus (*execute)(ChVm *, ChTask *) = is_counted ? ch__exec_counted : vm->is_sampled ? ch__exec_sampled : ch__exec_fast;
    ChRunStatus status = execute(vm, task);
    if (status == CH_RAN_DONE && task == vm->main_task && begin_finish(vm, task)) status = execute(vm, task);
    vm->task = previous;
    if (status == CH_RAN_DONE) ch__task_ended(vm, task);
    return status;
}

ChRunStatus ch_vm_run_slice(ChVm *vm, ChTask *task, int64_t max_instructions) {
    vm->slice_left = max_instructions > 0 ? max_instructions : INT64_MAX;
    return run(vm, task, max_instructions > 0 || vm->is_stepping || vm->is_counting);
}

void ch_vm_yield_after(ChVm *vm, uint32_t looks) { vm->looks_left = looks; }

ChRunStatus ch_vm_execute_one_cycle(ChVm *vm, ChTask *task) { return ch_vm_run_slice(vm, task, 1); }

// ---- for debuggers ----------------------------------------------------------------------------------------------------

void ch_vm_set_hooks(ChVm *vm, const ChVmHooks *hooks) {
    vm->hooks = hooks ? *hooks : (ChVmHooks){0};
    vm->keeps_frames = hooks && hooks->keep == CH_KEEP_ALL;
}

void ch_vm_stop(ChVm *vm) { vm->stop_requested = true; }

void ch_vm_set_stepping(ChVm *vm, bool is_stepping) { vm->is_stepping = is_stepping; }

bool ch_vm_unwind(ChVm *vm, ChTask *task, uint32_t level) {
    ChFiber *fiber;
    ChFrame *target = ch_task_frame(task, level, &fiber);
    if (!target || fiber != task->fiber) return false;
    while (fiber->top != target) ch__frame_drop(fiber);
    ch__regions_cut(vm, task);
    task->is_unwinding = false;
    task->skip_break = NULL;
    if (vm->has_error) {
        ch_error_release(&vm->error);
        vm->has_error = false;
    }
    return true;
}

bool ch_frame_restart(ChVm *vm, ChTask *task, uint32_t level, ChBuffer *why) {
    ChFiber *fiber;
    ChFrame *frame = ch_task_frame(task, level, &fiber);
    if (!frame) {
        ch_buffer_printf(why, "restartFrame: frame id %u out of range (have %u frames)", level,
                         ch_task_frame_count(task));
        return false;
    }
    if (!(frame->flags & CH_FRAME_KEEP) || !frame->initial || fiber != task->fiber) {
        ch_buffer_add_text(why, "restartFrame: target frame was not captured for restart (its function had no "
                                "breakpoint when it began, or it waits for a generator)");
        return false;
    }
    ch_vm_unwind(vm, task, level);
    const ChProto *proto = frame->closure->proto;
    ch__slots_clear(frame->base, frame->base + proto->register_count);
    for (uint32_t i = 0; i < frame->initial->count; i++) frame->base[i] = ch_retain(frame->initial->values[i]);
    frame->pc = proto->code;
    fiber->is_before = true;
    ch__regions_cut(vm, task);
    if (task->state == CH_TASK_WAITING) ch__task_unwait(vm, task);
    return true;
}

// What an evaluation on top of a stopped task must leave as it was.
typedef struct TaskState {
    ChFiber *fiber;
    ChTaskState state;
    ChValue result;
    ChError error, pending;
    struct ChWait *wait;
    const ChInstr *skip_break;
    int64_t slice_left;
    uint32_t looks_left;
    bool is_unwinding, has_wake, had_error, was_stopped, refused_waits;
} TaskState;

static TaskState put_aside(ChVm *vm, ChTask *task) {
    TaskState saved = {.fiber = task->fiber, .state = task->state, .result = task->result, .error = task->error,
                       .pending = vm->error, .wait = task->wait, .skip_break = task->skip_break,
                       .slice_left = vm->slice_left, .looks_left = vm->looks_left,
                       .is_unwinding = task->is_unwinding,
                       .has_wake = task->has_wake, .had_error = vm->has_error, .was_stopped = vm->stop_requested,
                       .refused_waits = task->refuses_waits};
    task->refuses_waits = true;
    vm->looks_left = 0;
    vm->has_error = vm->stop_requested = false;
    vm->error = (ChError){.value = CH_NIL};
    task->state = CH_TASK_READY;
    task->result = CH_NIL;
    task->error = (ChError){.value = CH_NIL};
    task->is_unwinding = task->has_wake = false;
    task->skip_break = NULL;
    task->wait = NULL;
    return saved;
}

static void put_back(ChVm *vm, ChTask *task, const TaskState *saved) {
    if (vm->has_error) ch_error_release(&vm->error);
    task->fiber = saved->fiber;
    task->state = saved->state;
    task->result = saved->result;
    task->error = saved->error;
    task->wait = saved->wait;
    task->skip_break = saved->skip_break;
    task->is_unwinding = saved->is_unwinding;
    task->has_wake = saved->has_wake;
    task->refuses_waits = saved->refused_waits;
    vm->error = saved->pending;
    vm->has_error = saved->had_error;
    vm->stop_requested = saved->was_stopped;
    vm->slice_left = saved->slice_left;
    vm->looks_left = saved->looks_left;
}

bool ch_vm_call_in_task(ChVm *vm, ChTask *task, ChClosure *closure, const ChValue *args, uint32_t argc,
                        int64_t max_instructions, ChValue *out, ChBuffer *why) {
    // A fiber of its own: whatever happens there, the task's own frames are not touched.
    ChFiber *own = task->fiber;
    ChFiber *fiber = ch__fiber_new((uint32_t)closure->proto->register_count + argc + 16, 4);
    TaskState saved = put_aside(vm, task);
    uint32_t regions = task->region_count;
    for (uint32_t i = 0; i < argc; i++) fiber->stack[i] = ch_retain(args[i]);
    closure->head.refs++;
    task->fiber = fiber;
    fiber->depth = own->depth + (own->top ? (uint32_t)(own->top - own->frames) + 1 : 0);
    bool is_done = false;
    if (ch__frame_push(vm, fiber, closure, fiber->stack, argc, 0, CH_FRAME_BOTTOM)) {
        ChTask *previous = vm->task;
        vm->task = task;
        vm->slice_left = max_instructions;
        ChRunStatus status = ch__exec_counted(vm, task);
        vm->task = previous;
        if (status == CH_RAN_DONE && task->state == CH_TASK_DONE) {
            *out = task->result;
            is_done = true;
        } else if (status == CH_RAN_DONE) {
            ch_error_text(&task->error, false, why);
            ch_error_release(&task->error);
        } else
            ch_buffer_add_text(why, "evaluate: step budget exceeded before the expression produced a value");
    } else
        ch_error_text(&vm->error, false, why);
    // Generators that the evaluation left running hang above its fiber.
    while (task->fiber != fiber) {
        while (task->fiber->top) ch__frame_drop(task->fiber);
        ch__generator_end(task);
    }
    ch__fiber_free(fiber);
    ch__regions_drop(vm, task, regions);
    put_back(vm, task, &saved);
    return is_done;
}
