// Tasks and the scheduler: cooperative, on one thread, deterministic.
//
// A task is a fiber (stack of frames) and what it waits for. Ready tasks stand in one queue and run in turn, each
// until it waits; the same program does the same in the same order. A timer is an entry in a heap and counts only
// while the task still waits as often as when it was set. When every task waits and no timer runs, nothing can
// happen any more: then the last one that began to wait gets an error that says what it waits for.
#include "runtime/interrupt.h"
#include "runtime/sync.h"

#include <stdio.h>

#include "base/banned.h"

struct ChScheduler *ch__scheduler_new(void) { return ch_alloc_zero(1, sizeof(struct ChScheduler)); }

void ch__scheduler_free(ChVm *vm) {
    struct ChScheduler *scheduler = vm->scheduler;
    ch__syncs_free(vm);
    ch__shared_free(vm);
    for (uint32_t i = 0; i < scheduler->timers.count; i++) ch_release(ch_object(scheduler->timers.items[i].task));
    ch_array_release(&scheduler->timers);
    ch_free(scheduler);
}

// ---- queues -----------------------------------------------------------------------------------------------------------

void ch__queue_push(ChTaskQueue *queue, ChTask *task) {
    task->next_queued = NULL;
    task->previous_queued = queue->last;
    if (queue->last)
        queue->last->next_queued = task;
    else
        queue->first = task;
    queue->last = task;
}

void ch__queue_push_front(ChTaskQueue *queue, ChTask *task) {
    task->previous_queued = NULL;
    task->next_queued = queue->first;
    if (queue->first)
        queue->first->previous_queued = task;
    else
        queue->last = task;
    queue->first = task;
}

void ch__queue_remove(ChTaskQueue *queue, ChTask *task) {
    if (task->previous_queued)
        task->previous_queued->next_queued = task->next_queued;
    else
        queue->first = task->next_queued;
    if (task->next_queued)
        task->next_queued->previous_queued = task->previous_queued;
    else
        queue->last = task->previous_queued;
    task->next_queued = task->previous_queued = NULL;
}

ChTask *ch__queue_pop(ChTaskQueue *queue) {
    ChTask *task = queue->first;
    if (task) ch__queue_remove(queue, task);
    return task;
}

// ---- time -------------------------------------------------------------------------------------------------------------

int64_t ch__clock_ms(ChVm *vm) { return vm->host->monotonic_ms(vm->host->ud); }

int64_t ch__milliseconds(ChValue value, int64_t fallback) {
    if (value.tag != CH_TAG_INT && value.tag != CH_TAG_DURATION) return fallback;
    return value.as.integer < 0 ? 0 : value.as.integer;
}

static bool is_earlier(const ChTimer *a, const ChTimer *b) {
    return a->when_ms != b->when_ms ? a->when_ms < b->when_ms : a->order < b->order;
}

static void add_timer(ChVm *vm, ChTask *task, int64_t when_ms, ChTimerKind kind) {
    struct ChScheduler *scheduler = vm->scheduler;
    ChTimer timer = {when_ms, scheduler->timer_order++, task, task->wait_count, kind};
    task->handle.head.refs++;
    ch_array_push(&scheduler->timers, timer);
    ChTimer *heap = scheduler->timers.items;
    uint32_t at = scheduler->timers.count - 1;
    for (; at && is_earlier(&timer, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = timer;
}

static void drop_first_timer(ChVm *vm) {
    ChTimer *heap = vm->scheduler->timers.items;
    ChTask *task = heap[0].task;
    uint32_t count = --vm->scheduler->timers.count, at = 0;
    ChTimer last = heap[count];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && is_earlier(&heap[child + 1], &heap[child])) child++;
        if (!is_earlier(&heap[child], &last)) break;
        heap[at] = heap[child];
        at = child;
    }
    if (count) heap[at] = last;
    ch_release(ch_object(task));
}

static bool is_stale(const ChTimer *timer) {
    return timer->task->state != CH_TASK_WAITING || timer->task->wait_count != timer->wait_count;
}

// ---- waiting and waking -----------------------------------------------------------------------------------------------

#define cancelled_text "kind:cancelled:VM cancelled by host"

static ChFlow begin_wait(ChVm *vm, ChWaitKind kind, ChValue take_on, ChValue take_value, int64_t timeout_ms) {
    ChTask *task = vm->task;
    ChWait *wait = (ChWait *)(task + 1);
    if (task->refuses_waits) {
        ch_release(take_on);
        ch_release(take_value);
        return ch_throw_runtime(vm, "evaluate: the expression waits for something");
    }
    *wait = (ChWait){.kind = kind, .on = take_on, .value = take_value, .order = vm->scheduler->wait_order++,
                     .has_timeout = timeout_ms >= 0};
    task->wait = wait;
    task->state = CH_TASK_WAITING;
    task->wait_count++;
    if (kind == CH_WAIT_SELECT) vm->scheduler->select_count++;
    int64_t now = timeout_ms >= 0 || task->region_count ? ch__clock_ms(vm) : 0;
    if (timeout_ms >= 0) add_timer(vm, task, now > INT64_MAX - timeout_ms ? INT64_MAX : now + timeout_ms, CH_TIMER_WAKE);
    int64_t deadline = ch__task_deadline(task);
    if (deadline != INT64_MAX) add_timer(vm, task, deadline, CH_TIMER_DEADLINE);
    return CH_SUSPEND;
}

ChFlow ch__task_wait(ChVm *vm, ChWaitKind kind, ChValue take_on, ChValue take_value, int64_t timeout_ms) {
    if (!ch_vm_is_cancelled(vm) || ch__interrupt_is_wanted(vm) || ch__interrupt_may_wait(vm, kind))
        return begin_wait(vm, kind, take_on, take_value, timeout_ms);
    ch_release(take_on);
    ch_release(take_value);
    return ch_throw_text(vm, cancelled_text);
}

static void end_wait(ChVm *vm, ChTask *task) {
    ChWait *wait = task->wait;
    if (wait->kind == CH_WAIT_SELECT) vm->scheduler->select_count--;
    ch_release(wait->on);
    ch_release(wait->value);
    if (wait->group) ch__group_abandon(vm, wait->group);
    ch_span_end(vm, wait->span);
    task->wait = NULL;
}

void ch__task_forget_wait(ChTask *task) {
    ChWait *wait = task->wait;
    switch (wait->kind) {
    case CH_WAIT_SEND:
    case CH_WAIT_RECEIVE:
    case CH_WAIT_ITEM: ch__channel_forget(task); break;
    case CH_WAIT_SYNC: ch__sync_forget(task); break;
    case CH_WAIT_HOST: ch__host_wait_forget(task); break;
    case CH_WAIT_JOIN:
    case CH_WAIT_SETTLE:
    case CH_WAIT_GRACEFUL: ch__queue_remove(&((ChTask *)wait->on.as.object)->joiners, task); break;
    case CH_WAIT_SLEEP:
    case CH_WAIT_SELECT:
    case CH_WAIT_GROUP: break;
    }
}

void ch__task_unwait(ChVm *vm, ChTask *task) {
    if (task->wait) {
        if (!task->has_wake) ch__task_forget_wait(task);
        end_wait(vm, task);
    }
    if (task->has_wake) {
        task->has_wake = false;
        ch_release(task->wake_value);
        ch_error_release(&task->wake_error);
        task->wake_value = CH_NIL;
    }
    if (task->state == CH_TASK_WAITING) {
        task->state = CH_TASK_READY;
        ch__queue_push(&vm->scheduler->ready, task);
    }
}

static void make_ready(ChVm *vm, ChTask *task) {
    task->has_wake = true;
    task->state = CH_TASK_READY;
    ch__queue_push(&vm->scheduler->ready, task);
}

void ch_task_wake(ChVm *vm, ChTask *task, ChValue take_value) {
    task->wake_value = take_value;
    task->wake_throws = false;
    make_ready(vm, task);
}

void ch_task_wake_error(ChVm *vm, ChTask *task, ChError take_error) {
    task->wake_error = take_error;
    task->wake_value = CH_NIL;
    task->wake_throws = true;
    make_ready(vm, task);
}

static void wake_with_text(ChVm *vm, ChTask *task, ChErrorKind kind, const char *text) {
    ch__task_forget_wait(task);
    ch_task_wake_error(vm, task, (ChError){.kind = kind, .value = ch_str_value(text, strlen(text))});
}

void ch__task_wake_cancelled(ChVm *vm, ChTask *task) { wake_with_text(vm, task, CH_ERROR_THROWN, cancelled_text); }

bool ch__task_deliver(ChVm *vm, ChTask *task) {
    ChWaitKind kind = task->wait ? task->wait->kind : CH_WAIT_SLEEP;
    if (task->wait) end_wait(vm, task);
    task->has_wake = false;
    ChFiber *fiber = task->fiber;
    ChValue value = task->wake_value;
    task->wake_value = CH_NIL;
    if (task->wake_throws) {
        if (vm->has_error) ch_error_release(&vm->error);
        vm->error = task->wake_error;
        vm->has_error = true;
        task->wake_error = (ChError){.value = CH_NIL};
        return false;
    }
    if (kind == CH_WAIT_ITEM) {
        fiber->top->pc = value.tag == CH_TAG_ABSENT ? fiber->end_pc : fiber->item_pc;
        if (value.tag == CH_TAG_ABSENT) return true;
    }
    ch_assign_take(&fiber->top->base[fiber->resume_dst], value);
    return true;
}

// ---- life -------------------------------------------------------------------------------------------------------------

static void task_free(void *self) {
    ChTask *task = self;
    if (task->main_fiber) ch__fiber_free(task->main_fiber);
    ch__span_stack_drop(task); // a host can open spans after the main task's end
    ch_release(task->result);
    ch_release(task->wake_value);
    ch_release(task->context);
    ch_release(task->step);
    ch_release(task->scope);
    ch_release(task->roots);
    ch_error_release(&task->error);
    ch_error_release(&task->wake_error);
    if (task->parent) ch_release(ch_object(task->parent));
    ch_free(task->regions);
}

static void task_display(void *self, ChBuffer *out) { ch_buffer_printf(out, "<task:vm_task_%u>", ((ChTask *)self)->id - 1); }

static const ChHandleClass task_class = {.type_name = "task_handle", .free = task_free, .display = task_display};

static ChTask *task_new(ChVm *vm, ChClosure *take_closure, const ChValue *args, uint32_t argc, const char *label) {
    ChTask *task = ch_object_alloc(CH_TAG_TASK, sizeof(ChTask) + sizeof(ChWait));
    ChHandle handle = task->handle;
    *task = (ChTask){.handle = handle, .vm = vm, .label = label, .grace = -1};
    task->handle.class = &task_class;
    task->result = task->wake_value = CH_NIL;
    task->error.value = task->wake_error.value = CH_NIL;
    task->id = ++vm->scheduler->next_task_id;
    task->state = CH_TASK_READY;
    task->parent = vm->task;
    task->context = task->roots = task->step = task->scope = CH_NIL;
    if (task->parent) {
        task->parent->handle.head.refs++;
        task->context = ch_retain(task->parent->context);
        task->step = ch_retain(task->parent->step);
        task->roots = ch_retain(task->parent->roots);
        task->number = ++task->parent->spawn_count;
    }
    const ChProto *proto = take_closure->proto;
    uint32_t slots = proto->register_count > argc ? proto->register_count : argc;
    task->main_fiber = task->fiber = ch__fiber_new(slots + 4, 3);
    for (uint32_t i = 0; i < argc; i++) task->fiber->stack[i] = ch_retain(args[i]);
    ch__frame_push(vm, task->fiber, take_closure, task->fiber->stack, argc, 0, CH_FRAME_BOTTOM);
    task->previous_all = vm->tasks_last;
    if (vm->tasks_last)
        vm->tasks_last->next_all = task;
    else
        vm->tasks_first = task;
    vm->tasks_last = task;
    vm->scheduler->task_count++;
    ch__queue_push(&vm->scheduler->ready, task);
    if (vm->tracer) ch__span_stack_inherit(vm, task);
    if (vm->hooks.on_task) vm->hooks.on_task(vm, task, true, vm->hooks.ud);
    return task;
}

ChTask *ch_vm_start(ChVm *vm, ChModule *module) {
    vm->main_module = module;
    module->state = CH_MODULE_RUNNING;
    vm->main_task = task_new(vm, ch_closure_new(module->chunk->protos[0], module, 0), NULL, 0, NULL);
    vm->main_task->handle.head.refs++;
    ch_span_start(vm, CH_SPAN_PIPELINE, CH_STR("main"));
    return vm->main_task;
}

void ch_session_start(ChVm *vm, ChClosure *take_closure) {
    if (vm->main_task) ch_release(ch_object(vm->main_task));
    vm->main_task = task_new(vm, take_closure, NULL, 0, NULL);
    vm->main_task->handle.head.refs++;
}

ChTask *ch_task_spawn(ChVm *vm, ChClosure *closure, const ChValue *args, uint32_t argc, const char *label) {
    if (vm->scheduler->task_count >= CH_TASKS_MAX) {
        ch_throw_runtime(vm, "too many tasks (limit %u)", CH_TASKS_MAX);
        return NULL;
    }
    closure->head.refs++;
    ChTask *task = task_new(vm, closure, args, argc, label);
    int64_t deadline = task->parent ? ch__task_deadline(task->parent) : INT64_MAX;
    if (deadline != INT64_MAX) {
        task->regions = ch_alloc(sizeof *task->regions);
        task->regions[0] = (ChRegion){.kind = CH_REGION_DEADLINE, .deadline_ms = deadline};
        task->region_count = task->region_capacity = 1;
    }
    return task;
}

static void unlink_task(ChVm *vm, ChTask *task) {
    if (task->previous_all)
        task->previous_all->next_all = task->next_all;
    else
        vm->tasks_first = task->next_all;
    if (task->next_all)
        task->next_all->previous_all = task->previous_all;
    else
        vm->tasks_last = task->previous_all;
    task->next_all = task->previous_all = NULL;
    vm->scheduler->task_count--;
}

// The outcome of an ended task for one that awaits it: the value goes to the first who asks.
static void tell_joiner(ChVm *vm, ChTask *joiner, ChTask *task) {
    bool is_graceful = joiner->wait->kind != CH_WAIT_JOIN; // a Result tells of it
    if (task->state == CH_TASK_FAILED && !is_graceful) {
        ChError error = task->error;
        ch_retain(error.value);
        if (error.trace) error.trace->refs++;
        error.is_reported = false; // it is thrown once more, in the task that awaits
        ch_task_wake_error(vm, joiner, error);
        return;
    }
    ChValue value = task->result_taken ? CH_NIL : ch_take(&task->result);
    task->result_taken = true;
    if (is_graceful && task->state == CH_TASK_FAILED) {
        ChBuffer text = {0};
        ch_error_text(&task->error, false, &text);
        value = ch_result_err(vm, ch_str_value(text.data, text.length));
        ch_buffer_release(&text);
    } else if (is_graceful)
        value = ch_result_ok(vm, value);
    ch_task_wake(vm, joiner, value);
}

void ch__task_ended(ChVm *vm, ChTask *task) {
    ch__regions_drop(vm, task, 0);
    ch__permits_of_ended(task);
    if (task->spans) ch__span_stack_end(vm, task);
    if (task->main_fiber) ch__fiber_free(task->main_fiber);
    task->main_fiber = task->fiber = NULL;
    for (ChTask *joiner; (joiner = ch__queue_pop(&task->joiners));) tell_joiner(vm, joiner, task);
    if (vm->hooks.on_task) vm->hooks.on_task(vm, task, false, vm->hooks.ud);
    if (task->group) ch__group_task_ended(vm, task);
    if (task == vm->interrupt_task) ch__interrupt_ended(vm, task);
    unlink_task(vm, task);
    ch_release(ch_object(task));
}

void ch_task_cancel(ChVm *vm, ChTask *task) {
    if (task->state != CH_TASK_READY && task->state != CH_TASK_WAITING) return;
    if (task->state == CH_TASK_READY) ch__queue_remove(&vm->scheduler->ready, task);
    if (task->wait) {
        if (!task->has_wake) ch__task_forget_wait(task);
        end_wait(vm, task);
    }
    if (task->has_wake) {
        // It will not hear any more what it was woken with.
        task->has_wake = false;
        ch_assign(&task->wake_value, CH_NIL);
        ch_error_release(&task->wake_error);
        task->wake_error = (ChError){.value = CH_NIL};
    }
    ch__task_clear(vm, task);
    task->state = CH_TASK_CANCELLED;
    ch__task_ended(vm, task);
}

// ---- the scheduler ----------------------------------------------------------------------------------------------------

static void fire(ChVm *vm, const ChTimer *timer) {
    ChTask *task = timer->task;
    if (timer->kind == CH_TIMER_DEADLINE) {
        // What it had begun is not waited for any more.
        for (ChTask *child = vm->tasks_first, *next; child; child = next) {
            next = child->next_all;
            if (child->parent == task && child != vm->task && !child->group) ch_task_cancel(vm, child);
        }
        wake_with_text(vm, task, CH_ERROR_THROWN, "Deadline exceeded");
        return;
    }
    switch (task->wait->kind) {
    case CH_WAIT_SELECT: ch_task_wake(vm, task, ch__select_none(vm, task->wait->nil_at_end)); break;
    case CH_WAIT_SYNC:
        ch__sync_timed_out(task);
        ch__task_forget_wait(task);
        ch_task_wake(vm, task, CH_NIL);
        break;
    case CH_WAIT_GRACEFUL: {
        ChTask *target = (ChTask *)ch_retain(task->wait->on).as.object;
        ch__task_forget_wait(task);
        static const char text[] = "cancel_graceful: timeout, task forcefully aborted";
        ch_task_wake(vm, task, ch_result_err(vm, ch_str_value(text, sizeof text - 1)));
        ch_task_cancel(vm, target);
        ch_release(ch_object(target));
        break;
    }
    default:
        ch__task_forget_wait(task);
        ch_task_wake(vm, task, CH_NIL);
    }
}

// Fires what is due. False: no timer runs; else *wait_ms until the next.
static bool look_at_timers(ChVm *vm, int64_t *wait_ms) {
    struct ChScheduler *scheduler = vm->scheduler;
    int64_t now = scheduler->timers.count ? ch__clock_ms(vm) : 0;
    while (scheduler->timers.count) {
        ChTimer timer = scheduler->timers.items[0];
        if (!is_stale(&timer)) {
            if (timer.when_ms > now) {
                *wait_ms = timer.when_ms - now;
                return true;
            }
            timer.task->handle.head.refs++;
            fire(vm, &timer);
            drop_first_timer(vm);
            ch_release(ch_object(timer.task));
        } else
            drop_first_timer(vm);
    }
    return false;
}

// Every task waits and nothing can come any more: the last one that began to wait hears of it.
static bool break_deadlock(ChVm *vm) {
    ChTask *last = NULL;
    for (ChTask *task = vm->tasks_first; task; task = task->next_all)
        if (task->state == CH_TASK_WAITING && (!last || task->wait->order > last->wait->order)) last = task;
    if (!last) return false;
    ChBuffer text = {0};
    static const char head[] = "HARN-ORC-012: wait-for deadlock detected: all active tasks are waiting";
    static const char tail[] = " — no active task can make progress";
    const ChWait *wait = last->wait;
    if (wait->kind == CH_WAIT_SEND)
        ch_buffer_printf(&text, "%s; send on channel '%s' has no receiver (channel '%s')%s", head,
                         ch__channel_name(wait->on), ch__channel_name(wait->on), tail);
    else if (wait->kind == CH_WAIT_RECEIVE || wait->kind == CH_WAIT_ITEM)
        ch_buffer_printf(&text, "%s; receive on channel '%s' has no sender (channel '%s')%s", head,
                         ch__channel_name(wait->on), ch__channel_name(wait->on), tail);
    else if (wait->kind == CH_WAIT_SELECT)
        ch_buffer_printf(&text, "%s on channel operations with no matching send or receive (channel 'multiple channels')%s",
                         head, tail);
    else
        ch_buffer_printf(&text, "%s%s", head, tail);
    wake_with_text(vm, last, CH_ERROR_RUNTIME, text.data);
    ch_buffer_release(&text);
    return true;
}

// The task whose turn it is. With a seed it is any of the first few, to explore what orders a program may meet.
static ChTask *next_ready(ChVm *vm) {
    struct ChScheduler *scheduler = vm->scheduler;
    ChTask *task = scheduler->ready.first;
    if (!task) return NULL;
    if (vm->interrupt_task && vm->interrupt_task->state == CH_TASK_READY) {
        ch__queue_remove(&scheduler->ready, vm->interrupt_task);
        return vm->interrupt_task;
    }
    if (scheduler->is_seeded) {
        // xorshift64*: all that is wanted is that the same seed makes the same choices.
        scheduler->choice ^= scheduler->choice >> 12;
        scheduler->choice ^= scheduler->choice << 25;
        scheduler->choice ^= scheduler->choice >> 27;
        uint32_t steps = (uint32_t)((scheduler->choice * UINT64_C(2685821657736338717)) >> 32) % CH_SCHEDULE_CHOICES;
        while (steps-- && task->next_queued) task = task->next_queued;
    }
    ch__queue_remove(&scheduler->ready, task);
    if (scheduler->is_traced) {
        char line[64];
        int length = snprintf(line, sizeof line, "schedule: vm_task_%u\n", task->id - 1);
        vm->host->write(vm->host->ud, CH_HOST_STDERR, line, (size_t)length);
    }
    return task;
}

void ch_vm_schedule(ChVm *vm, uint64_t seed, bool is_traced) {
    vm->scheduler->is_seeded = true;
    vm->scheduler->choice = seed * UINT64_C(0x9E3779B97F4A7C15) + 1; // never 0
    if (!vm->scheduler->choice) vm->scheduler->choice = 1;
    vm->scheduler->is_traced = is_traced;
}

static void look_at_host(ChVm *vm) {
    vm->scheduler->turns = 0;
    vm->host->poll(vm->host->ud, 0);
}

static ChRunStatus run(ChVm *vm, int64_t max_instructions, int64_t *wait_ms) {
    struct ChScheduler *scheduler = vm->scheduler;
    *wait_ms = 0;
    for (;;) {
        if (vm->main_task->state != CH_TASK_READY && vm->main_task->state != CH_TASK_WAITING) return CH_RAN_DONE;
        int64_t wait = 0, grace;
        bool has_timer = look_at_timers(vm, &wait);
        bool is_stuck = !scheduler->ready.first && !has_timer && !scheduler->host_wait_count;
        if (ch__interrupt_look(vm, is_stuck, &grace)) continue;
        ChTask *task = next_ready(vm);
        if (!task) {
            if (scheduler->host_wait_count) {
                look_at_host(vm);
                if (scheduler->ready.first) continue;
            } else if (!has_timer && !vm->signals_watched && break_deadlock(vm)) // a handler of a signal may yet wake somebody
                continue;
            *wait_ms = has_timer ? wait : -1;
            if (grace >= 0 && (*wait_ms < 0 || *wait_ms > grace)) *wait_ms = grace;
            return CH_RAN_WAITING;
        }
        if (scheduler->host_wait_count && ++scheduler->turns >= CH_HOST_LOOK_TURNS) look_at_host(vm);
        task->handle.head.refs++;
        ChRunStatus status = ch_vm_run_slice(vm, task, max_instructions);
        // A task that was interrupted goes on first: who reads or steps expects the same order of effects.
        if (task->state == CH_TASK_READY && !task->has_wake && !task->is_held && status != CH_RAN_WAITING) {
            ch__queue_push_front(&scheduler->ready, task);
        }
        ch_release(ch_object(task));
        if (status == CH_RAN_SLICE || status == CH_RAN_STOPPED) return status;
        if (ch__looks_over(vm)) return CH_RAN_SLICE;
    }
}

ChRunStatus ch_vm_run(ChVm *vm, int64_t max_instructions, int64_t *wait_ms) {
    ChRunStatus status = run(vm, max_instructions, wait_ms);
    // The owner of another loop does not hear of the host's: it has to come back and look.
    if (status == CH_RAN_WAITING && vm->scheduler->host_wait_count && (*wait_ms < 0 || *wait_ms > CH_HOST_LOOK_MS))
        *wait_ms = CH_HOST_LOOK_MS;
    return status;
}

void ch_vm_run_to_end(ChVm *vm) {
    int64_t wait_ms;
    for (;;) {
        ChRunStatus status = run(vm, 0, &wait_ms);
        if (status == CH_RAN_DONE) return;
        // A cancel from another thread wakes the host.
        if (status == CH_RAN_WAITING) vm->host->poll(vm->host->ud, wait_ms);
    }
}

// ---- what programs call -------------------------------------------------------------------------------------------------

ChFlow ch__op_spawn(ChVm *vm, ChValue *ra, ChValue *rb) {
    if (rb->tag != CH_TAG_CLOSURE) {
        ch_assign_take(ra, CH_NIL);
        return CH_OK;
    }
    uint64_t span = ch_span_start(vm, CH_SPAN_SPAWN, CH_STR("spawn"));
    ChTask *task = ch_task_spawn(vm, rb->as.closure, NULL, 0, "<spawn>");
    ch_span_end(vm, span);
    if (!task) return CH_THROW;
    task->handle.head.refs++;
    if (vm->task->scope.tag == CH_TAG_LIST) ch_list_push(ch_list_unshare(&vm->task->scope), ch_retain(ch_object(task)));
    ch_assign_take(ra, ch_object(task));
    return CH_OK;
}

static bool is_over(const ChTask *task) { return task->state >= CH_TASK_DONE; }

CH_NATIVE(ch__task_await) {
    if (!argc || args[0].tag != CH_TAG_TASK) {
        *result = argc ? ch_take(&args[0]) : CH_NIL;
        return CH_OK;
    }
    ChTask *task = (ChTask *)args[0].as.object;
    if (task == vm->task)
        return ch_throw_runtime(vm,
                                "HARN-ORC-011: deadlock detected: task is awaiting its own join handle (self-join) "
                                "(task 'vm_task_%u') — this wait can never complete and would block forever",
                                task->id - 1);
    if (!is_over(task)) {
        if (ch__wait_check_join(vm, task) != CH_OK) return CH_THROW;
        ChFlow flow = ch__task_wait(vm, CH_WAIT_JOIN, ch_take(&args[0]), CH_NIL, -1);
        if (flow == CH_SUSPEND) ch__queue_push(&task->joiners, vm->task);
        return flow;
    }
    if (task->result_taken) return CH_OK;
    task->result_taken = true;
    if (task->state != CH_TASK_FAILED) {
        *result = ch_take(&task->result);
        return CH_OK;
    }
    if (vm->has_error) ch_error_release(&vm->error);
    vm->error = task->error;
    vm->has_error = true;
    vm->error.is_reported = false;
    ch_retain(vm->error.value);
    if (vm->error.trace) vm->error.trace->refs++;
    return CH_THROW;
}

CH_NATIVE(ch__task_cancel) {
    if (ch__arg_is(args, argc, 0, CH_TAG_TASK)) {
        ChTask *task = (ChTask *)args[0].as.object;
        if (task != vm->task) ch_task_cancel(vm, task);
        task->result_taken = true;
    }
    return CH_OK;
}

// Asks a task to end: it is told where it waits in a sleep, else by is_cancelled.
static void ask_to_end(ChVm *vm, ChTask *task) {
    task->cancel_requested = true;
    if (task->state == CH_TASK_WAITING && task->wait->kind == CH_WAIT_SLEEP)
        wake_with_text(vm, task, CH_ERROR_THROWN, cancelled_text);
}

CH_NATIVE(ch__task_cancel_graceful) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_TASK)) return CH_OK;
    ChTask *task = (ChTask *)args[0].as.object;
    int64_t timeout = ch__milliseconds(ch_arg(args, argc, 1), CH_CANCEL_TIMEOUT_MS);
    if (is_over(task)) {
        ChValue value = task->result_taken ? CH_NIL : ch_take(&task->result);
        bool is_failure = task->state == CH_TASK_FAILED && !task->result_taken;
        task->result_taken = true;
        if (is_failure) {
            ChBuffer text = {0};
            ch_error_text(&task->error, false, &text);
            *result = ch_result_err(vm, ch_str_value(text.data, text.length));
            ch_buffer_release(&text);
        } else
            *result = ch_result_ok(vm, value);
        return CH_OK;
    }
    ask_to_end(vm, task);
    ChFlow flow = ch__task_wait(vm, CH_WAIT_GRACEFUL, ch_take(&args[0]), CH_NIL, timeout);
    if (flow == CH_SUSPEND) ch__queue_push(&task->joiners, vm->task);
    return flow;
}

CH_NATIVE(ch__task_settle) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_TASK))
        return ch__give(result, ch_result_ok(vm, argc ? ch_take(&args[0]) : CH_NIL));
    ChTask *task = (ChTask *)args[0].as.object;
    if (is_over(task)) return ch__task_cancel_graceful(vm, args, argc, result);
    if (ch__wait_check_join(vm, task) != CH_OK) return CH_THROW;
    ChFlow flow = ch__task_wait(vm, CH_WAIT_SETTLE, ch_take(&args[0]), CH_NIL, -1);
    if (flow == CH_SUSPEND) ch__queue_push(&task->joiners, vm->task);
    return flow;
}

CH_NATIVE(ch__task_request_cancel) {
    if (ch__arg_is(args, argc, 0, CH_TAG_TASK) && !is_over((ChTask *)args[0].as.object))
        ask_to_end(vm, (ChTask *)args[0].as.object);
    return CH_OK;
}

CH_NATIVE(ch__task_is_over) {
    return ch__give_bool(result, !ch__arg_is(args, argc, 0, CH_TAG_TASK) || is_over((ChTask *)args[0].as.object));
}

CH_NATIVE(ch__milliseconds_of) { return ch__give_int(result, ch__milliseconds(ch_arg(args, argc, 0), 0)); }

CH_NATIVE(ch__task_mark) { return ch__give_int(result, vm->scheduler->next_task_id); }

CH_NATIVE(ch__task_cancel_since) {
    ChTask *self = vm->task;
    for (;;) {
        ChTask *child = vm->tasks_last;
        while (child && (child->parent != self || child->is_grouped)) child = child->previous_all;
        if (!child || child->id <= args[0].as.integer) return CH_OK;
        ch_task_cancel(vm, child);
    }
}

CH_NATIVE(ch__task_scope) {
    *result = vm->task->scope;
    vm->task->scope = ch_take(&args[0]);
    return CH_OK;
}

// A task that was asked to end still takes turns with those that look at is_cancelled().
CH_NATIVE(ch__task_yield) {
    ChFlow flow = begin_wait(vm, CH_WAIT_SLEEP, CH_NIL, CH_NIL, -1);
    if (flow == CH_SUSPEND) ch_task_wake(vm, vm->task, CH_NIL);
    return flow;
}

CH_NATIVE(ch__task_is_cancelled) {
    *result = ch_bool(vm->task->cancel_requested || ch_vm_is_cancelled(vm));
    return CH_OK;
}

CH_NATIVE(ch__task_sleep) {
    int64_t ms = ch__milliseconds(ch_arg(args, argc, 0), 0);
    if (vm->task->cancel_requested) return ch_throw_text(vm, cancelled_text);
    // A stopped clock is moved on instead.
    if (ms == 0 || ch__time_advance(vm, ms)) return CH_OK;
    return ch__task_wait(vm, CH_WAIT_SLEEP, CH_NIL, CH_NIL, ms);
}

CH_NATIVE(ch__task_sleep_ms) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_INT)) return CH_OK;
    return ch__task_sleep(vm, args, argc, result);
}
