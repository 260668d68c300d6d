// Between lifecycle.c, hooks.c and the builtins of both.
#ifndef CH_RUNTIME_LIFECYCLE_INT_H
#define CH_RUNTIME_LIFECYCLE_INT_H

#include "builtins/native.h"
#include "runtime/lifecycle.h"

typedef struct ChHook {
    const char *event;       // canonical, static; NULL: a tool hook
    ChString *pattern;       // owned
    ChValue handler;         // a closure; of a tool hook: its config
    ChHookFn native;         // or this
    void *ud;
} ChHook;

typedef struct ChFeeder {
    ChUnsettled bucket;
    ChUnsettledFeeder feed;
    void *ud;
} ChFeeder;

typedef struct ChModelCall {
    uint64_t id;
    ChString *model, *role;
    int64_t started_ms;
} ChModelCall;

struct ChLifecycle {
    ChValue on_finish;       // a closure, or nil
    ChValue disposition;
    int64_t next_seq;        // of audits and handoffs alike
    int settling;            // settlement loops that run
    bool is_finishing;       // the run's body has ended
    CH_ARRAY_OF(ChValue) audit, handoffs; // dicts, oldest first
    CH_ARRAY_OF(ChModelCall) calls;
    CH_ARRAY_OF(ChValue) suspended;
    CH_ARRAY_OF(ChFeeder) feeders;
    CH_ARRAY_OF(ChHook) hooks;
    uint64_t next_call;
};

struct ChLifecycle *ch__lifecycle(ChVm *vm);
// The canonical name of an event, NULL: there is none of that name.
const char *ch__hook_event(ChStr name);
bool ch__glob_matches(ChStr pattern, ChStr text);
// The next hook at or behind `from` that wants to hear of the event; -1: none.
int64_t ch__hook_next(ChVm *vm, const char *event, uint32_t from, ChValue payload);
void ch__hooks_drop(ChVm *vm, bool tool_hooks);

#endif
