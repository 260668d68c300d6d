// Signals of the process, as the program sees them (std/signal), and how long what it does may go on after a cancel.
//
// A signal asks for an end. Where the program has a handler for it, a task of its own runs the handlers while the main
// task stands still; then the request is taken back and the program goes on. A handler's error is thrown in the main
// task. Without a handler, or when another signal comes while handlers run, the request stands.
#ifndef CH_RUNTIME_INTERRUPT_H
#define CH_RUNTIME_INTERRUPT_H

#include "vm/vm.h"

#define CH_INTERRUPT_GRACE_MS 250 // a wait for other tasks may still end by itself

typedef enum ChSignal { CH_SIGNAL_INT = 1, CH_SIGNAL_TERM = 2, CH_SIGNAL_HUP = 4 } ChSignal;

// Any thread: the program sees the signal.
void ch_vm_signal(ChVm *vm, ChSignal signal);

// A signal has come, and the program has a handler that can begin now.
bool ch__interrupt_is_wanted(ChVm *vm);
// A cancel was asked for: whether the running task may still begin a wait of this kind (ChWaitKind).
bool ch__interrupt_may_wait(ChVm *vm, uint32_t kind);
// Takes the signals that have come; begins their handlers. False: there are none, and a cancel request stands.
// `cuts_wait`: the main task's wait ends with an error when the handlers have ended.
bool ch__interrupt_begin(ChVm *vm, bool cuts_wait);
// The task that runs the handlers has ended.
void ch__interrupt_ended(ChVm *vm, ChTask *task);
// Called between two tasks while something is asked for. True: look again at who is ready; else *wait_ms (below 0: none)
// gets how long the grace still is.
bool ch__interrupt_look(ChVm *vm, bool is_stuck, int64_t *wait_ms);

#endif
