// See host_wait.h.
#include "runtime/host_wait.h"

#include "runtime/runtime_int.h"

#include "base/banned.h"

ChFlow ch__task_wait_host(ChVm *vm, ChHostWait *wait, int64_t timeout_ms) {
    ChFlow flow = ch__task_wait(vm, CH_WAIT_HOST, CH_NIL, CH_NIL, timeout_ms);
    wait->vm = vm;
    if (flow != CH_SUSPEND) {
        wait->task = NULL;
        wait->stop(wait);
        return flow;
    }
    wait->task = vm->task;
    vm->task->wait->host = wait;
    vm->scheduler->host_wait_count++;
    return flow;
}

static ChTask *waiter_of(ChHostWait *wait) {
    ChTask *task = wait->task;
    if (!task) return NULL;
    wait->task = NULL;
    task->wait->host = NULL;
    wait->vm->scheduler->host_wait_count--;
    return task;
}

void ch__host_wait_done(ChHostWait *wait, ChValue take_value) {
    ChTask *task = waiter_of(wait);
    if (task)
        ch_task_wake(wait->vm, task, take_value);
    else
        ch_release(take_value);
}

void ch__host_wait_failed(ChHostWait *wait, ChError take_error) {
    ChTask *task = waiter_of(wait);
    if (task)
        ch_task_wake_error(wait->vm, task, take_error);
    else
        ch_error_release(&take_error);
}

void ch__host_wait_forget(ChTask *task) {
    ChHostWait *wait = task->wait->host;
    if (wait && waiter_of(wait)) wait->stop(wait);
}
