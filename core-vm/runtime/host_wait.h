// A task that waits for an operation of the host's: a request on the network, a child process, a signal, anything whose
// end a poll of the host tells.
//
// The operation embeds a ChHostWait. A builtin begins the operation and answers with ch__task_wait_host; when the
// operation has ended, its callback (on the VM's thread, from the host's poll) answers with ch__host_wait_done or
// ch__host_wait_failed. When the task stops waiting before that (it was cancelled, a deadline or the timeout is over,
// the program ends), `stop` is called once and the operation may not answer any more.
//
//     typedef struct Fetch { ChHostWait wait; ... } Fetch;
//     CH_NATIVE(ch__fetch) {
//         Fetch *fetch = begin(...);               // fetch->wait.stop = stop_and_free
//         return ch__task_wait_host(vm, &fetch->wait, -1);
//     }
//     static void on_fetched(Fetch *fetch) {
//         ch__host_wait_done(&fetch->wait, value);  // fetch may be freed now
//         ch_free(fetch);
//     }
#ifndef CH_RUNTIME_HOST_WAIT_H
#define CH_RUNTIME_HOST_WAIT_H

#include "vm/vm.h"

typedef struct ChHostWait ChHostWait;
struct ChHostWait {
    ChVm *vm;
    ChTask *task;                    // NULL: nobody waits any more
    void (*stop)(ChHostWait *wait);  // ends the operation; it owns its memory
};

// The running task waits for the operation. timeout_ms < 0: none; after it the task gets nil and the operation is
// stopped. SUSPEND: it waits; THROW: it may not, and the operation was stopped.
ChFlow ch__task_wait_host(ChVm *vm, ChHostWait *wait, int64_t timeout_ms);
// The operation has ended: the task goes on with this value, or throws this error. Nothing happens when nobody waits
// (the value is released).
void ch__host_wait_done(ChHostWait *wait, ChValue take_value);
void ch__host_wait_failed(ChHostWait *wait, ChError take_error);

#endif
