// What the files of runtime/ share: what a task can wait for, queues, timers.
#ifndef CH_RUNTIME_RUNTIME_INT_H
#define CH_RUNTIME_RUNTIME_INT_H

#include "builtins/native.h"
#include "host/host.h"
#include "runtime/trace.h"
#include "vm/vm_int.h"

#define CH_CHANNEL_CAPACITY_DEFAULT 256
#define CH_CHANNEL_CAPACITY_MAX (1u << 24)
#define CH_TASKS_MAX (1u << 20)
#define CH_PARALLEL_MAX (1u << 20)
#define CH_CANCEL_TIMEOUT_MS 5000
#define CH_SELECT_TIMEOUT_MS 5000
#define CH_HOST_LOOK_MS 10      // between two looks at the host when the loop is somebody else's
#define CH_SCHEDULE_CHOICES 8   // a seeded schedule takes one of so many ready tasks
#define CH_HOST_LOOK_TURNS 64   // tasks that run between two looks at the host while others run too

// First in, first out; linked through next_queued and previous_queued.

void ch__queue_push(ChTaskQueue *queue, ChTask *task);
void ch__queue_push_front(ChTaskQueue *queue, ChTask *task);
ChTask *ch__queue_pop(ChTaskQueue *queue);
// The task must be in it.
void ch__queue_remove(ChTaskQueue *queue, ChTask *task);

typedef enum ChRegionKind { CH_REGION_DEADLINE, CH_REGION_MUTEX } ChRegionKind;

typedef enum ChWaitKind {
    CH_WAIT_SLEEP,
    CH_WAIT_JOIN,      // on: the task
    CH_WAIT_GRACEFUL,  // the same, answered by a Result; ends it when the time is over
    CH_WAIT_SETTLE,    // the same, answered by a Result
    CH_WAIT_SEND,      // on: the channel; value: what is sent
    CH_WAIT_RECEIVE,
    CH_WAIT_ITEM,      // `for` over a channel: woken with ABSENT it ends
    CH_WAIT_SELECT,    // on: the list of channels
    CH_WAIT_SYNC,      // for permits, see sync.h
    CH_WAIT_GROUP,
    CH_WAIT_HOST,      // for an operation of the host's, see host_wait.h
} ChWaitKind;

typedef struct ChWait {
    ChWaitKind kind;
    ChValue on, value;       // owned
    struct ChSync *sync;
    uint32_t permits;        // SYNC: so many
    bool has_timeout;        // it ends by itself
    bool is_region;          // SYNC: for a `mutex` block
    int64_t since_ms;        // SYNC: the moment it began
    struct ChGroup *group;   // owned
    uint64_t span;           // ends with the wait; 0: none
    struct ChHostWait *host; // NULL once it has ended
    uint64_t order;          // of waits in the VM: the last one hears of a deadlock
    bool nil_at_end;         // SELECT: answers nil instead of a result with index -1
} ChWait;

typedef enum ChTimerKind { CH_TIMER_WAKE, CH_TIMER_DEADLINE } ChTimerKind;

typedef struct ChTimer {
    int64_t when_ms;
    uint64_t order;
    ChTask *task;            // counted
    uint32_t wait_count;     // stale when the task has another
    ChTimerKind kind;
} ChTimer;

struct ChScheduler {
    ChTaskQueue ready;
    CH_ARRAY_OF(ChTimer) timers; // heap, earliest first
    uint64_t timer_order, wait_order;
    ChMap syncs;             // "kind:key" -> ChSync *, see sync.h
    ChMap shared;            // what the prelude keeps for a VM, by name -> ChValue *
    uint32_t task_count, next_task_id, next_token;
    uint32_t select_count;   // tasks that wait in a select
    uint32_t host_wait_count; // tasks that wait for the host
    uint32_t turns;          // since the host was last looked at
    int64_t grace_end_ms;    // of waits after a cancel; 0: nothing was asked for
    uint64_t choice;         // see ch_vm_schedule
    bool is_seeded, is_traced;
    uint32_t graph_mark;     // of the last look at the graph of waits
};

const char *ch__channel_name(ChValue channel);
// The running task waits. `on` and `value` are taken. timeout_ms < 0: none. SUSPEND: now it
// waits, and is to be put into the queue of what it waits for.
ChFlow ch__task_wait(ChVm *vm, ChWaitKind kind, ChValue take_on, ChValue take_value, int64_t timeout_ms);
int64_t ch__clock_ms(ChVm *vm);
// A duration or an int of milliseconds, not below 0; anything else: `fallback`.
int64_t ch__milliseconds(ChValue value, int64_t fallback);

// Takes the task out of whatever queue it waits in; it is to be woken.
void ch__task_forget_wait(ChTask *task);
// The waiting task is told of a cancel where it waits.
void ch__task_wake_cancelled(ChVm *vm, ChTask *task);

// Channels: something has come or gone; selects look again.
void ch__select_poll(ChVm *vm);
// What a waiting task is told when its timeout is over.
ChValue ch__select_none(ChVm *vm, bool is_nil);
// Takes the task out of the queue of the channel it waits for.
void ch__channel_forget(ChTask *task);

// The graph of waits (graph.c): throws when the running task, waiting for this, could never go on.
ChFlow ch__wait_check_join(ChVm *vm, ChTask *target);
ChFlow ch__wait_check_sync(ChVm *vm, const struct ChSync *sync);

void ch__shared_free(ChVm *vm);
void ch__host_wait_forget(ChTask *task);
void ch__group_task_ended(ChVm *vm, ChTask *task);
void ch__group_abandon(ChVm *vm, struct ChGroup *group);
// The earliest deadline of a task, or INT64_MAX.
int64_t ch__task_deadline(const ChTask *task);

#endif
