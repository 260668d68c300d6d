// The end of a run: what is still unsettled, what was decided about it, and who wants to hear of it.
//
// All of it belongs to one run of one VM. A run whose body fails forgets what is pending; a run that ends keeps its log
// readable for the host until the VM goes.
#ifndef CH_RUNTIME_LIFECYCLE_H
#define CH_RUNTIME_LIFECYCLE_H

#include "vm/vm.h"

#define CH_HOOKS_MAX 10000u      // registered at once
#define CH_HANDOFFS_MAX 100000u  // pending at once
#define CH_AUDIT_MAX 1000000u    // entries that nobody has taken; beyond it the oldest go

typedef enum ChUnsettled {
    CH_UNSETTLED_SUBAGENTS, CH_UNSETTLED_TRIGGERS, CH_UNSETTLED_HANDOFFS, CH_UNSETTLED_CALLS, CH_UNSETTLED_POOL,
    CH_UNSETTLED_COUNT
} ChUnsettled;

// The dict of five lists. Owned.
ChValue ch_lifecycle_snapshot(ChVm *vm);
// Who owns items of a bucket adds them to `list` when a snapshot is taken. Feeders stay until the VM goes.
typedef void (*ChUnsettledFeeder)(ChVm *vm, ChList *list, void *ud);
void ch_lifecycle_feeder_add(ChVm *vm, ChUnsettled bucket, ChUnsettledFeeder feed, void *ud);

// A model call has begun; it is in the snapshot until it ends. The id is the VM's own, never 0.
uint64_t ch_llm_call_begin(ChVm *vm, ChStr model, ChStr role);
void ch_llm_call_end(ChVm *vm, uint64_t id); // unknown ids are ignored
// A subagent waits for something; `details` (a dict) is taken. A repeat with the same handle replaces it.
void ch_subagent_suspended(ChVm *vm, ChStr handle, ChValue take_details);
bool ch_subagent_resumed(ChVm *vm, ChStr handle); // false: it was not suspended

// Adds an entry to the audit log and gives it. Owned. `payload` is taken.
ChValue ch_lifecycle_audit_record(ChVm *vm, ChStr kind, ChValue take_payload);
// A list of the entries; `take` empties the log and keeps the counter. Owned.
ChValue ch_lifecycle_audit_log(ChVm *vm, bool take);
// Gives the envelope. Owned. False: too many are pending.
bool ch_handoff_record(ChVm *vm, ChValue target, ChValue take_payload, ChValue *envelope);
// Takes the handoff out and records that. False: there is none of that id.
bool ch_handoff_acknowledge(ChVm *vm, ChStr id, ChValue take_decision, ChValue *envelope);
// The last disposition, or nil. Borrowed.
ChValue ch_disposition_get(ChVm *vm);

// What the prelude keeps for the VM under the name, or nil. Borrowed.
ChValue ch__shared_get(ChVm *vm, ChStr name);

// Native hooks hear the same payload as those of programs. `*answer` (nil at first) is what a hook of a program would
// return. `ud` is borrowed. `event` is one of hook_events.def, in either spelling; false: there is no such event.
typedef void (*ChHookFn)(void *ud, ChVm *vm, ChValue payload, ChValue *answer);
bool ch_hook_register(ChVm *vm, const char *event, const char *pattern, ChHookFn hook, void *ud);
void ch_hooks_clear(ChVm *vm); // session hooks; others stay

// The closure that the finish lifecycle begins with, when there is something to do at the end of the run. Owned; NULL:
// nothing is registered.
ChClosure *ch__lifecycle_finish(ChVm *vm);
// The body failed: what is pending is forgotten.
void ch__lifecycle_clear(ChVm *vm);
void ch__lifecycle_free(ChVm *vm);
// The root value `harness`: methods of the lifecycle, and `fields` (a dict, taken) as its properties.
ChValue ch__harness_new(ChValue take_fields);
// Property `name`, borrowed; NULL: none.
ChValue *ch__harness_field(ChValue harness, const ChString *name);

#endif
