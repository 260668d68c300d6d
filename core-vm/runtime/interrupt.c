// See interrupt.h. The handlers themselves, their order and their options are Harn (builtins/prelude/signals.harn).
#include "runtime/interrupt.h"

#include "runtime/runtime_int.h"

#include "base/banned.h"

static const struct {
    ChSignal bit;
    const char *name;
} signals[] = {{CH_SIGNAL_INT, "SIGINT"}, {CH_SIGNAL_TERM, "SIGTERM"}, {CH_SIGNAL_HUP, "SIGHUP"}};

#define SIGNAL_COUNT (sizeof signals / sizeof *signals)

void ch_vm_signal(ChVm *vm, ChSignal signal) {
    atomic_fetch_or(&vm->signals, signal);
    ch_vm_interrupt(vm, CH_INTERRUPT_SIGNAL | CH_INTERRUPT_CANCEL);
}

bool ch__interrupt_is_wanted(ChVm *vm) {
    return !vm->interrupt_task && atomic_load(&vm->signals) & vm->signals_watched;
}

static ChValue names_of(unsigned bits) {
    ChList *list = ch_list_new(SIGNAL_COUNT);
    for (uint32_t i = 0; i < SIGNAL_COUNT; i++)
        if (bits & signals[i].bit) ch_list_push(list, ch_str_value(signals[i].name, strlen(signals[i].name)));
    return ch_object(list);
}

bool ch__interrupt_begin(ChVm *vm, bool cuts_wait) {
    bool is_wanted = ch__interrupt_is_wanted(vm);
    unsigned came = atomic_exchange(&vm->signals, 0), bits = came & vm->signals_watched;
    if (came) vm->was_signalled = true;
    ch_vm_uninterrupt(vm, CH_INTERRUPT_SIGNAL);
    int32_t row = is_wanted && bits ? ch_builtin_find(CH_STR("__signal_dispatch")) : -1;
    ChClosure *dispatch = row >= 0 ? ch__prelude_closure(vm, (uint32_t)row) : NULL;
    if (!dispatch) return false;
    ch_vm_uninterrupt(vm, CH_INTERRUPT_CANCEL);
    vm->scheduler->grace_end_ms = 0;
    ChTask *main_task = vm->main_task, *running = vm->task;
    ChValue names = names_of(bits);
    vm->task = main_task;
    vm->interrupt_task = ch_task_spawn(vm, dispatch, &names, 1, "<interrupt>");
    vm->task = running;
    ch_release(names);
    if (!vm->interrupt_task) return false;
    vm->interrupt_task->handle.head.refs++;
    vm->interrupt_cuts_wait = cuts_wait;
    if (main_task->state == CH_TASK_READY) {
        main_task->is_held = true;
        if (main_task != running) ch__queue_remove(&vm->scheduler->ready, main_task);
    }
    return true;
}

void ch__interrupt_ended(ChVm *vm, ChTask *task) {
    ChTask *main_task = vm->main_task;
    bool was_held = main_task->is_held;
    vm->interrupt_task = NULL;
    main_task->is_held = false;
    if (task->state == CH_TASK_FAILED && main_task->state <= CH_TASK_WAITING) {
        ChError error = task->error;
        task->error = (ChError){.value = CH_NIL};
        error.is_reported = false;
        if (main_task->state == CH_TASK_WAITING) {
            ch__task_forget_wait(main_task);
            ch_task_wake_error(vm, main_task, error);
        } else {
            ch_release(main_task->wake_value);
            ch_error_release(&main_task->wake_error);
            main_task->wake_value = CH_NIL;
            main_task->wake_error = error;
            main_task->has_wake = main_task->wake_throws = true;
        }
    } else if (vm->interrupt_cuts_wait && main_task->state == CH_TASK_WAITING)
        ch__task_wake_cancelled(vm, main_task);
    if (was_held) ch__queue_push_front(&vm->scheduler->ready, main_task);
    ch_release(ch_object(task));
}

// Waits that look at the request themselves have no grace.
static bool is_short(uint32_t kind) { return kind == CH_WAIT_SLEEP || kind == CH_WAIT_SYNC; }

bool ch__interrupt_may_wait(ChVm *vm, uint32_t kind) {
    int64_t end = vm->scheduler->grace_end_ms;
    return !is_short(kind) && (!end || ch__clock_ms(vm) < end);
}

static bool wake_waits(ChVm *vm, bool all) {
    bool is_any = false;
    for (ChTask *task = vm->tasks_first; task; task = task->next_all) {
        if (task->state != CH_TASK_WAITING || !(all || is_short(task->wait->kind))) continue;
        ch__task_wake_cancelled(vm, task);
        is_any = true;
    }
    return is_any;
}

bool ch__interrupt_look(ChVm *vm, bool is_stuck, int64_t *wait_ms) {
    *wait_ms = -1;
    unsigned reasons = atomic_load_explicit(&vm->interrupt, memory_order_relaxed);
    if (!(reasons & (CH_INTERRUPT_SIGNAL | CH_INTERRUPT_CANCEL))) return false;
    struct ChScheduler *scheduler = vm->scheduler;
    int64_t now = ch__clock_ms(vm);
    if (!scheduler->grace_end_ms) scheduler->grace_end_ms = now + CH_INTERRUPT_GRACE_MS;
    bool is_over = is_stuck || now >= scheduler->grace_end_ms;
    if (reasons & CH_INTERRUPT_SIGNAL) {
        bool waits = vm->main_task->state == CH_TASK_WAITING;
        bool is_wanted = ch__interrupt_is_wanted(vm);
        if (!is_wanted || !waits || is_over || is_short(vm->main_task->wait->kind)) {
            if (ch__interrupt_begin(vm, waits)) return true;
        } else {
            *wait_ms = scheduler->grace_end_ms - now;
            return false;
        }
    }
    if (!ch_vm_is_cancelled(vm)) return false;
    if (wake_waits(vm, is_over)) return true;
    if (!is_over) *wait_ms = scheduler->grace_end_ms - now;
    return false;
}

// ---- what programs call -------------------------------------------------------------------------------------------------

CH_NATIVE(ch__signal_watch) {
    unsigned watched = 0;
    for (uint32_t i = 0; i < SIGNAL_COUNT; i++) {
        ChValue name = ch_str_value(signals[i].name, strlen(signals[i].name));
        if (ch__contains(vm, name, args[0])) watched |= signals[i].bit;
        ch_release(name);
    }
    vm->signals_watched = watched;
    return CH_OK;
}

CH_NATIVE(ch__signal_seen) {
    vm->was_signalled = true;
    return CH_OK;
}

CH_NATIVE(ch__signal_interrupted) {
    bool is_asked = atomic_load(&vm->signals) || ch_vm_is_cancelled(vm) || vm->task->cancel_requested;
    return ch__give_bool(result, vm->was_signalled || is_asked);
}
