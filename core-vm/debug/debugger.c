// Life of a debugged program: launch, slices, stops, end.
//
// The hooks only note what happened and stop the VM; whether that is a stop for the user is judged between slices,
// where Harn code may run (conditions, log messages).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report.h"
#include "base/alloc.h"
#include "base/path.h"
#include "builtins/std.h"
#include "debug/debug_int.h"

enum { EXIT_TERMINATED = 130 };

// ---- hooks --------------------------------------------------------------------------------------------------------

static void note(ChDebugger *debugger, ChTask *task, ChPending what) {
    debugger->pending = what;
    debugger->pending_task = task;
    ch_vm_stop(debugger->vm);
}

static void on_break(ChVm *vm, ChTask *task, void *ud) {
    (void)vm;
    ChDebugger *debugger = ud;
    if (debugger->evaluation != CH_EVALUATION_NONE) return;
    // A place that only a step planted is passed without a stop, so that a step over a deep recursion stays quick.
    ChFiber *fiber;
    const ChFrame *frame = ch_task_frame(task, 0, &fiber);
    if (ch__breakpoints_any_at(debugger, frame->closure->proto, (uint32_t)(frame->pc - frame->closure->proto->code)) ||
        ch__step_reached(debugger, task)) {
        note(debugger, task, CH_PENDING_BREAK);
    }
}

static void on_step(ChVm *vm, ChTask *task, void *ud) {
    (void)vm;
    ChDebugger *debugger = ud;
    if (debugger->evaluation == CH_EVALUATION_PURE && !ch__evaluate_is_pure(debugger, task)) {
        debugger->evaluation_refused = true;
        ch_vm_stop(debugger->vm);
        return;
    }
    if (debugger->evaluation != CH_EVALUATION_NONE) return;
    ChFiber *fiber;
    ChFrame *frame = ch_task_frame(task, 0, &fiber);
    if (frame && frame->pc == frame->closure->proto->code) ch_frame_keep(frame);
    if (debugger->watches.count > 0 && ch__watches_look(debugger, task)) note(debugger, task, CH_PENDING_CHANGE);
    else if (ch__step_reached(debugger, task)) note(debugger, task, CH_PENDING_STEP);
}

static void on_throw(ChVm *vm, ChTask *task, bool will_be_caught, void *ud) {
    ChDebugger *debugger = ud;
    const ChError *error = ch_vm_pending_error(vm);
    if (debugger->evaluation != CH_EVALUATION_NONE || (error && error->kind == CH_ERROR_EXIT)) return;
    if (!(debugger->exception_modes & (will_be_caught ? CH_CATCH_CAUGHT : CH_CATCH_UNCAUGHT))) return;
    debugger->pending_will_be_caught = will_be_caught;
    note(debugger, task, CH_PENDING_THROW);
}

static void on_task(ChVm *vm, ChTask *task, bool started, void *ud) {
    (void)vm;
    ChDebugger *debugger = ud;
    if (!started && debugger->step.is_active && debugger->step.task == task->id) ch__step_end(debugger);
    if (debugger->events.on_task) debugger->events.on_task(debugger->events.ud, task->id, started);
}

static void on_module(ChVm *vm, ChModule *module, void *ud) {
    (void)vm;
    ChDebugger *debugger = ud;
    ch__breakpoints_bind_module(debugger, module);
    if (debugger->events.on_module) debugger->events.on_module(debugger->events.ud, module->path);
}

// ---- output: the real host with a layer that takes it aside ---------------------------------------------------------

static void write_output(void *ud, ChHostStream stream, const char *data, size_t length) {
    ChDebugger *debugger = ((ChHostLayer *)ud)->own;
    if (debugger->events.on_output) {
        debugger->events.on_output(debugger->events.ud, stream == CH_HOST_STDERR, ch_str_slice(data, length));
    }
}

// The client's end of standard input carries the protocol: the program has none.
static ChStatus read_nothing(void *ud, ChBuffer *line) {
    (void)ud;
    (void)line;
    return CH_STATUS_CLOSED;
}

static bool is_no_terminal(void *ud, int stream) {
    (void)ud;
    (void)stream;
    return false;
}

// ---- life -----------------------------------------------------------------------------------------------------------

ChDebugger *ch_debugger_new(const ChDebuggerEvents *events) {
    ChDebugger *debugger = ch_alloc_zero(1, sizeof *debugger);
    debugger->events = *events;
    ch_arena_init(&debugger->arena);
    debugger->real_host = ch_host_real();
    ch_host_layer_init(&debugger->host, debugger->real_host, debugger);
    debugger->host.host.write = write_output;
    debugger->host.host.read_line = read_nothing;
    debugger->host.host.is_terminal = is_no_terminal;
    ChBuffer why = {0};
    debugger->vm = ch_vm_new(&debugger->host.host, NULL, &why);
    if (!debugger->vm) {
        fprintf(stderr, "charn: the machine does not start: %.*s\n", (int)why.length, why.data ? why.data : "");
        abort();
    }
    ch_buffer_release(&why);
    ChVmHooks hooks = {on_break, on_step, on_throw, on_task, on_module, debugger, CH_KEEP_ASKED};
    ch_vm_set_hooks(debugger->vm, &hooks);
    return debugger;
}

void ch_debugger_free(ChDebugger *debugger) {
    ch_vm_set_hooks(debugger->vm, NULL);
    ch__step_end(debugger);
    ch__breakpoints_release(debugger);
    ch__watches_release(debugger);
    for (int i = 0; i < 2; i++) ch_free((char *)debugger->exception_texts[i].data);
    for (uint32_t i = 0; i < debugger->expressions.count; i++) {
        ch_release(ch_object(debugger->expressions.entries[i].value.pointer));
    }
    ch_map_release(&debugger->expressions);
    ch_vm_free(debugger->vm);
    ch_host_real_free(debugger->real_host);
    ch_buffer_release(&debugger->stop_text);
    ch_array_release(&debugger->stop_ids);
    ch_arena_release(&debugger->arena);
    ch_free(debugger);
}

ChVm *ch_debugger_vm(ChDebugger *debugger) { return debugger->vm; }

// As `charn run` does: what it refuses is not launched. Appends what there is to say. A file that cannot be read passes:
// loading will say why.
static bool check_before_run(ChStr path, ChBuffer *text) {
    ChSource *source = ch_source_read(path, NULL);
    if (!source) return true;
    ChReport report;
    ch_report_make(source, CH_REPORT_BEFORE_RUN, ch_std_source, &report);
    ch_report_render(&report, source, CH_COLOR_NEVER, text);
    bool is_good = report.list.error_count == 0;
    ch_report_release(&report);
    ch_source_unref(source);
    return is_good;
}

bool ch_debugger_launch(ChDebugger *debugger, ChStr program, const ChStr *arguments, uint32_t argument_count,
                        bool stop_on_entry, ChBuffer *why) {
    ChBuffer report = {0};
    bool is_good = check_before_run(program, &report);
    if (!is_good) ch_buffer_add_str(why, ch_buffer_view(&report));
    else if (report.length > 0 && debugger->events.on_output) {
        debugger->events.on_output(debugger->events.ud, true, ch_buffer_view(&report));
    }
    ch_buffer_release(&report);
    ChModule *module = is_good ? ch_program_load(debugger->vm, program, why) : NULL;
    if (!module) return false;
    ch_vm_set_arguments(debugger->vm, arguments, argument_count);
    ChTask *task = ch_vm_start(debugger->vm, module);
    debugger->is_started = true;
    if (stop_on_entry) {
        debugger->step = (ChStep){.kind = CH_STEP_IN, .unit = CH_UNIT_STATEMENT, .task = task->id, .is_entry = true};
        ch__step_begin(debugger);
    }
    return true;
}

const ChStop *ch_debugger_stop(const ChDebugger *debugger) {
    return debugger->is_stopped ? &debugger->stop : NULL;
}

int ch_debugger_exit_code(const ChDebugger *debugger) { return debugger->exit_code; }

void ch_debugger_terminate(ChDebugger *debugger) { debugger->is_terminated = true; }

// ---- stops ----------------------------------------------------------------------------------------------------------

static ChRunState stop(ChDebugger *debugger, ChStopReason reason, const ChTask *task) {
    bool is_entry = debugger->step.is_active && debugger->step.is_entry && reason == CH_STOP_STEP;
    ch__step_end(debugger);
    debugger->is_pause_requested = false;
    debugger->is_stopped = true;
    debugger->stop = (ChStop){.reason = is_entry ? CH_STOP_ENTRY : reason, .task = task ? task->id : 1};
    if (reason == CH_STOP_BREAKPOINT || reason == CH_STOP_FUNCTION || reason == CH_STOP_INSTRUCTION || reason == CH_STOP_DATA) {
        debugger->stop.breakpoints = debugger->stop_ids.items;
        debugger->stop.breakpoint_count = debugger->stop_ids.count;
    }
    return CH_RUN_STOPPED;
}

static ChRunState stop_at_error(ChDebugger *debugger, const ChTask *task) {
    ch_buffer_clear(&debugger->stop_text);
    ch_error_text(ch_vm_pending_error(debugger->vm), false, &debugger->stop_text);
    ChStr wanted = debugger->exception_texts[debugger->pending_will_be_caught ? 1 : 0];
    if (wanted.length > 0 && ch_str_find(ch_buffer_view(&debugger->stop_text), wanted, 0) < 0) return CH_RUN_READY;
    stop(debugger, CH_STOP_EXCEPTION, task);
    debugger->stop.text = ch_buffer_view(&debugger->stop_text);
    debugger->stop.will_be_caught = debugger->pending_will_be_caught;
    return CH_RUN_STOPPED;
}

// Judges what the hooks noted. READY: it was nothing, go on.
static ChRunState judge(ChDebugger *debugger) {
    ChPending pending = debugger->pending;
    ChTask *task = debugger->pending_task;
    debugger->pending = CH_PENDING_NONE;
    if (pending == CH_PENDING_THROW) return stop_at_error(debugger, task);
    if (pending == CH_PENDING_CHANGE) {
        if (!ch__watches_hit(debugger, task)) return ch__step_reached(debugger, task) ? stop(debugger, CH_STOP_STEP, task) : CH_RUN_READY;
        stop(debugger, CH_STOP_DATA, task);
        debugger->stop.text = ch_buffer_view(&debugger->stop_text);
        return CH_RUN_STOPPED;
    }
    if (pending == CH_PENDING_STEP) {
        // A breakpoint on the same place is what the user will want to hear of; its hits count in any case.
        return stop(debugger, CH_STOP_STEP, task);
    }
    if (pending == CH_PENDING_BREAK) {
        ChFiber *fiber;
        const ChFrame *frame = ch_task_frame(task, 0, &fiber);
        ChStopReason reason;
        if (ch__breakpoints_hit(debugger, task, frame->closure->proto, ch_frame_pc(fiber, frame), &reason)) {
            return stop(debugger, reason, task);
        }
        if (ch__step_reached(debugger, task)) return stop(debugger, CH_STOP_STEP, task);
        return CH_RUN_READY;
    }
    if (debugger->is_pause_requested) {
        return stop(debugger, CH_STOP_PAUSE, debugger->vm->task ? debugger->vm->task : debugger->vm->main_task);
    }
    return CH_RUN_READY;
}

static ChRunState end(ChDebugger *debugger) {
    if (debugger->has_ended) return CH_RUN_ENDED;
    debugger->has_ended = true;
    ch__step_end(debugger);
    if (debugger->is_terminated) {
        debugger->exit_code = EXIT_TERMINATED;
        return CH_RUN_ENDED;
    }
    debugger->exit_code = ch_program_finish(debugger->vm);
    return CH_RUN_ENDED;
}

ChRunState ch_debugger_run(ChDebugger *debugger, uint32_t looks, int64_t *wait_ms) {
    if (debugger->is_terminated || debugger->has_ended || !debugger->is_started) return end(debugger);
    if (debugger->is_stopped) return CH_RUN_STOPPED;
    ch_vm_yield_after(debugger->vm, looks);
    switch (ch_vm_run(debugger->vm, 0, wait_ms)) {
    case CH_RAN_DONE: return end(debugger);
    case CH_RAN_SLICE: return debugger->is_pause_requested ? judge(debugger) : CH_RUN_READY;
    case CH_RAN_WAITING:
        if (debugger->is_pause_requested) return stop(debugger, CH_STOP_PAUSE, debugger->vm->main_task);
        return CH_RUN_WAITING;
    case CH_RAN_STOPPED: return judge(debugger);
    }
    return CH_RUN_READY;
}

// ---- going on -------------------------------------------------------------------------------------------------------

void ch_debugger_continue(ChDebugger *debugger) { debugger->is_stopped = false; }

bool ch_debugger_step(ChDebugger *debugger, uint32_t task_id, ChStepKind kind, ChStepUnit unit) {
    ChTask *task = ch__debugger_find_task(debugger, task_id);
    if (!task || ch_task_frame_count(task) == 0) return false;
    debugger->is_stopped = false;
    debugger->step = (ChStep){.kind = kind, .unit = unit, .task = task_id};
    ch__step_begin(debugger);
    return true;
}

void ch_debugger_pause(ChDebugger *debugger) {
    debugger->is_pause_requested = true;
    ch_vm_interrupt(debugger->vm, CH_INTERRUPT_PAUSE);
}

void ch_debugger_set_exceptions(ChDebugger *debugger, uint32_t modes, ChStr uncaught_text, ChStr caught_text) {
    const ChStr texts[2] = {uncaught_text, caught_text};
    debugger->exception_modes = modes;
    for (int i = 0; i < 2; i++) {
        ch_free((char *)debugger->exception_texts[i].data);
        debugger->exception_texts[i] = texts[i].length ? ch_str_of(ch_str_detach(texts[i])) : (ChStr){0};
    }
}

bool ch_debugger_module(const ChDebugger *debugger, uint32_t index, ChStr *path, bool *is_runtime) {
    if (index >= debugger->vm->module_count) return false;
    const ChModule *module = debugger->vm->modules[index];
    *path = module->path;
    *is_runtime = ch__proto_is_runtime(module->chunk->protos[0], module);
    return true;
}

bool ch_debugger_cancel_task(ChDebugger *debugger, uint32_t id) {
    ChTask *task = ch__debugger_find_task(debugger, id);
    if (!task || !task->parent) return false;
    ch_task_cancel(debugger->vm, task);
    return true;
}
