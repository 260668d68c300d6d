// The end of a run behind include/charn.h.
#include <stdlib.h>

#include "base/alloc.h"
#include "builtins/native.h"
#include "runtime/lifecycle.h"
#include "vm/charn_int.h"

#include "base/banned.h"

static char *as_json(ChValue take_value) {
    ChBuffer text = {0};
    ch__json_print(take_value, 0, &text);
    ch_release(take_value);
    return ch_buffer_detach(&text);
}

static bool from_json(const char *text, ChValue *value) {
    ChBuffer why = {0};
    bool is_json = ch__json_parse(ch_str_of(text), value, &why);
    ch_buffer_release(&why);
    return is_json;
}

char *charn_steps_completed(charn *engine) {
    ChValue steps = ch__shared_get(engine->vm, CH_STR("completed_steps"));
    return as_json(ch_is_nil(steps) ? ch_object(ch_list_new(0)) : ch_retain(steps));
}

char *charn_unsettled(charn *engine) { return as_json(ch_lifecycle_snapshot(engine->vm)); }
char *charn_audit_log(charn *engine, bool take) { return as_json(ch_lifecycle_audit_log(engine->vm, take)); }
char *charn_disposition(charn *engine) { return as_json(ch_retain(ch_disposition_get(engine->vm))); }

char *charn_audit(charn *engine, const char *kind, const char *payload) {
    ChValue value;
    return from_json(payload, &value) ? as_json(ch_lifecycle_audit_record(engine->vm, ch_str_of(kind), value)) : NULL;
}

char *charn_handoff(charn *engine, const char *target, const char *payload) {
    ChValue value, envelope = CH_NIL;
    if (!from_json(payload, &value)) return NULL;
    ChValue to = ch_object(ch_string_from(target));
    bool is_recorded = ch_handoff_record(engine->vm, to, value, &envelope);
    ch_release(to);
    return is_recorded ? as_json(envelope) : NULL;
}

bool charn_handoff_acknowledge(charn *engine, const char *envelope_id, const char *decision) {
    ChValue value, envelope = CH_NIL;
    if (!from_json(decision, &value)) return false;
    bool is_there = ch_handoff_acknowledge(engine->vm, ch_str_of(envelope_id), value, &envelope);
    ch_release(envelope);
    return is_there;
}

uint64_t charn_llm_call_begin(charn *engine, const char *model, const char *role) {
    return ch_llm_call_begin(engine->vm, ch_str_of(model), ch_str_of(role));
}
void charn_llm_call_end(charn *engine, uint64_t call) { ch_llm_call_end(engine->vm, call); }

bool charn_subagent_suspended(charn *engine, const char *handle, const char *details) {
    ChValue value;
    if (!from_json(details, &value)) return false;
    ch_subagent_suspended(engine->vm, ch_str_of(handle), value);
    return true;
}
bool charn_subagent_resumed(charn *engine, const char *handle) {
    return ch_subagent_resumed(engine->vm, ch_str_of(handle));
}

// ---- hooks ------------------------------------------------------------------------------------------------------------

struct ChHostHook {
    charn_hook hook;
    void *ud;
    struct ChHostHook *next;
};

static void call_hook(void *ud, ChVm *vm, ChValue payload, ChValue *answer) {
    const struct ChHostHook *host = ud;
    ChBuffer text = {0};
    ch__json_print(payload, 0, &text);
    char *said = host->hook(host->ud, text.data);
    if (said && !from_json(said, answer)) *answer = ch_object(ch_string_from(said));
    free(said);
    ch_buffer_release(&text);
}

bool charn_on_event(charn *engine, const char *event, const char *pattern, charn_hook hook, void *ud) {
    struct ChHostHook *host = ch_alloc(sizeof *host);
    *host = (struct ChHostHook){hook, ud, engine->hooks};
    if (!ch_hook_register(engine->vm, event, pattern, call_hook, host)) {
        ch_free(host);
        return false;
    }
    engine->hooks = host;
    return true;
}

void ch__host_hooks_free(charn *engine) {
    while (engine->hooks) {
        struct ChHostHook *next = engine->hooks->next;
        ch_free(engine->hooks);
        engine->hooks = next;
    }
}
