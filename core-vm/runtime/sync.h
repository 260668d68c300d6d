// Permits: mutexes, semaphores, gates and read-write locks are all a number of permits under a kind and a key.
//
// Waiting tasks are served first come, first served; a permit returns when it is released, when its handle dies, or when
// the `mutex` block that took it is left. Primitives live as long as their VM, as their counters do.
#ifndef CH_RUNTIME_SYNC_H
#define CH_RUNTIME_SYNC_H

#include "runtime/runtime_int.h"

typedef struct ChSync ChSync;

typedef struct ChPermit {
    ChHandle handle;         // tag PERMIT
    ChSync *sync;
    uint32_t count;
    ChTask *holder;          // who took it, NULL once that has ended or it was released
    struct ChPermit *previous_own, *next_own; // of those that the holder has
    int64_t since_ms;
    bool is_released;
    struct ChPermit *previous, *next; // of those that are held
} ChPermit;

struct ChSync {
    ChVm *vm;
    const char *kind;        // static
    ChStr key;               // owned
    uint32_t capacity, available;
    ChPermit *held;
    ChTaskQueue waiters;
    uint32_t depth, max_depth;
    int64_t acquired, timed_out, cancelled, released, wait_ms, held_ms;
};

// What the task gets in its register when its turn has come: a permit, or the token of a region.
typedef enum ChSyncFor { CH_SYNC_PERMIT, CH_SYNC_REGION } ChSyncFor;

// The primitive, made when there is none. NULL: an error is pending (it exists with another capacity).
ChSync *ch__sync_find(ChVm *vm, const char *kind, ChStr key, uint32_t capacity);
// The running task takes `count` permits, waits for them, or (timeout_ms 0) gets nil. *result is set at OK.
ChFlow ch__sync_acquire(ChVm *vm, ChSync *sync, uint32_t count, int64_t timeout_ms, ChSyncFor what, ChValue *result);
bool ch__permit_release(ChPermit *permit);
// The task has ended; permits that live on (as its result, in a cell) are nobody's.
void ch__permits_of_ended(ChTask *task);
// The task does not wait for permits any more.
void ch__sync_forget(ChTask *task);
void ch__sync_timed_out(ChTask *task);
void ch__syncs_free(ChVm *vm);
// Enters the region of a granted permit (taken); its token (guard.c).
int64_t ch__region_of_permit(ChVm *vm, ChTask *task, ChPermit *take_permit);

#endif
