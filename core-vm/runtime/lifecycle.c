// The record of a run's end. What calls back into Harn (hooks, on_finish, the settlement loop) is in prelude.harn; this
// is what it works on.
#include "runtime/lifecycle_int.h"

#include "runtime/evlog.h"
#include "runtime/trace.h"
#include "vm/vm_int.h"

#include "base/banned.h"

static const char *const bucket_names[CH_UNSETTLED_COUNT] = {"suspended_subagents", "queued_triggers", "partial_handoffs",
                                                             "in_flight_llm_calls", "pool_pending_tasks"};

struct ChLifecycle *ch__lifecycle(ChVm *vm) {
    if (!vm->lifecycle) {
        vm->lifecycle = ch_alloc_zero(1, sizeof *vm->lifecycle);
        vm->lifecycle->on_finish = vm->lifecycle->disposition = CH_NIL;
        vm->lifecycle->next_seq = vm->lifecycle->next_call = 1;
    }
    return vm->lifecycle;
}

static void put(ChDict *dict, const char *key, ChValue take_value) { ch_dict_put_str(dict, key, take_value); }
static ChValue text_value(ChStr text) { return ch_str_value(text.data, text.length); }

// A copy of an entry with its age. The entry says in `key` when it began.
static ChValue aged(ChVm *vm, ChValue entry, const char *key) {
    ChValue copy = ch_retain(entry);
    ChValue since = ch__dict_get(copy.as.dict, key);
    int64_t age = since.tag == CH_TAG_INT ? ch__now_ms(vm) - since.as.integer : 0;
    put(ch_dict_unshare(&copy), "age_ms", ch_int(age < 0 ? 0 : age));
    return copy;
}

// ---- what is unsettled --------------------------------------------------------------------------------------------------

void ch_lifecycle_feeder_add(ChVm *vm, ChUnsettled bucket, ChUnsettledFeeder feed, void *ud) {
    ch_array_push(&ch__lifecycle(vm)->feeders, (ChFeeder){bucket, feed, ud});
}

// What the pools of the prelude keep of tasks that have not ended.
static void add_pool_tasks(ChVm *vm, ChList *list) {
    ChValue pending = ch__shared_get(vm, CH_STR("pool_pending")), item;
    ChString *id;
    for (uint32_t at = 0; pending.tag == CH_TAG_DICT && ch_dict_next(pending.as.dict, &at, &id, &item);)
        ch_list_push(list, aged(vm, item, "submitted_at_ms"));
}

ChValue ch_lifecycle_snapshot(ChVm *vm) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    ChDict *snapshot = ch_dict_new();
    for (uint32_t bucket = 0; bucket < CH_UNSETTLED_COUNT; bucket++) {
        ChList *list = ch_list_new(0);
        if (bucket == CH_UNSETTLED_SUBAGENTS)
            for (uint32_t i = 0; i < lifecycle->suspended.count; i++)
                ch_list_push(list, aged(vm, lifecycle->suspended.items[i], "suspended_at_ms"));
        if (bucket == CH_UNSETTLED_HANDOFFS)
            for (uint32_t i = 0; i < lifecycle->handoffs.count; i++)
                ch_list_push(list, aged(vm, lifecycle->handoffs.items[i], "queued_at_ms"));
        for (uint32_t i = 0; bucket == CH_UNSETTLED_CALLS && i < lifecycle->calls.count; i++) {
            const ChModelCall *call = &lifecycle->calls.items[i];
            ChDict *dict = ch_dict_new();
            ChBuffer id = {0};
            ch_buffer_printf(&id, "llm_call_%" PRIu64, call->id);
            put(dict, "call_id", text_value(ch_buffer_view(&id)));
            ch_buffer_release(&id);
            put(dict, "model", ch_retain(ch_object(call->model)));
            put(dict, "role", ch_retain(ch_object(call->role)));
            put(dict, "started_at_ms", ch_int(call->started_ms));
            ch_list_push(list, aged(vm, ch_object(dict), "started_at_ms"));
            ch_release(ch_object(dict));
        }
        if (bucket == CH_UNSETTLED_POOL) add_pool_tasks(vm, list);
        for (uint32_t i = 0; i < lifecycle->feeders.count; i++)
            if (lifecycle->feeders.items[i].bucket == bucket) lifecycle->feeders.items[i].feed(vm, list, lifecycle->feeders.items[i].ud);
        put(snapshot, bucket_names[bucket], ch_object(list));
    }
    return ch_object(snapshot);
}

uint64_t ch_llm_call_begin(ChVm *vm, ChStr model, ChStr role) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    ChModelCall call = {lifecycle->next_call++, ch_string_new(model.data, model.length), ch_string_new(role.data, role.length),
                        ch__now_ms(vm)};
    ch_array_push(&lifecycle->calls, call);
    return call.id;
}

void ch_llm_call_end(ChVm *vm, uint64_t id) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    for (uint32_t i = 0; i < lifecycle->calls.count; i++) {
        ChModelCall call = lifecycle->calls.items[i];
        if (call.id != id) continue;
        ch_release(ch_object(call.model));
        ch_release(ch_object(call.role));
        memmove(&lifecycle->calls.items[i], &lifecycle->calls.items[i + 1], (lifecycle->calls.count - i - 1) * sizeof call);
        lifecycle->calls.count--;
        return;
    }
}

bool ch_subagent_resumed(ChVm *vm, ChStr handle) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    for (uint32_t i = 0; i < lifecycle->suspended.count; i++) {
        ChValue item = lifecycle->suspended.items[i];
        if (!ch_str_equal(ch__text(ch__dict_get(item.as.dict, "handle")), handle)) continue;
        memmove(&lifecycle->suspended.items[i], &lifecycle->suspended.items[i + 1],
                (lifecycle->suspended.count - i - 1) * sizeof item);
        lifecycle->suspended.count--;
        ch_release(item);
        return true;
    }
    return false;
}

void ch_subagent_suspended(ChVm *vm, ChStr handle, ChValue take_details) {
    ch_subagent_resumed(vm, handle);
    if (take_details.tag != CH_TAG_DICT) {
        ch_release(take_details);
        take_details = ch_object(ch_dict_new());
    }
    ChDict *item = ch_dict_unshare(&take_details);
    put(item, "handle", text_value(handle));
    put(item, "suspended_at_ms", ch_int(ch__now_ms(vm)));
    ch_array_push(&ch__lifecycle(vm)->suspended, take_details);
}

// ---- the audit log ------------------------------------------------------------------------------------------------------

// A log that cannot be written does not break the run.
static void append_audit(ChVm *vm, ChStr kind, ChValue entry) {
    ChBuffer why = {0};
    int64_t id;
    ChValue headers = ch_object(ch_dict_new());
    put(headers.as.dict, "kind", text_value(kind));
    put(headers.as.dict, "seq", ch_retain(ch__dict_get(entry.as.dict, "seq")));
    ch_vm_event_append(vm, CH_STR("pipeline.lifecycle.audit"), CH_STR("lifecycle_audit"), entry, headers, &id, &why);
    ch_release(headers);
    ch_buffer_release(&why);
}

ChValue ch_lifecycle_audit_record(ChVm *vm, ChStr kind, ChValue take_payload) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    ChDict *entry = ch_dict_new();
    put(entry, "seq", ch_int(lifecycle->next_seq++));
    put(entry, "kind", text_value(kind));
    put(entry, "payload", take_payload);
    put(entry, "pipeline_id", CH_NIL);
    if (lifecycle->audit.count == CH_AUDIT_MAX) {
        ch_release(lifecycle->audit.items[0]);
        memmove(lifecycle->audit.items, lifecycle->audit.items + 1, (CH_AUDIT_MAX - 1) * sizeof(ChValue));
        lifecycle->audit.count--;
    }
    ch_array_push(&lifecycle->audit, ch_retain(ch_object(entry)));
    append_audit(vm, kind, ch_object(entry));
    return ch_object(entry);
}

ChValue ch_lifecycle_audit_log(ChVm *vm, bool take) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    ChList *list = ch_list_new(lifecycle->audit.count);
    for (uint32_t i = 0; i < lifecycle->audit.count; i++)
        ch_list_push(list, take ? lifecycle->audit.items[i] : ch_retain(lifecycle->audit.items[i]));
    if (take) lifecycle->audit.count = 0;
    return ch_object(list);
}

// ---- handoffs -----------------------------------------------------------------------------------------------------------

static void summarize_dict(ChDict *dict, ChBuffer *out) {
    uint32_t at = 0, count = 0;
    ChString *key;
    ChValue value;
    ch_buffer_add_text(out, "object(keys=");
    while (ch_dict_next(dict, &at, &key, &value) && count < 6)
        ch_buffer_printf(out, "%s%.*s", count++ ? "," : "", (int)key->length, key->data);
    ch_buffer_add_text(out, dict->count > 6 ? ",...)" : ")");
}

// What a payload is, in a few words.
static ChValue summary_of(ChValue payload) {
    ChBuffer out = {0};
    if (payload.tag == CH_TAG_LIST)
        ch_buffer_printf(&out, "list(len=%u)", payload.as.list->count);
    else if (payload.tag == CH_TAG_DICT)
        summarize_dict(payload.as.dict, &out);
    else {
        ChString *text = ch_display_string(payload);
        uint32_t bytes = 0, chars = 0;
        for (; bytes < text->length; bytes++)
            if (((unsigned char)text->data[bytes] & 0xc0) != 0x80 && chars++ == 80) break;
        ch_buffer_add(&out, text->data, bytes);
        if (bytes < text->length) ch_buffer_add_text(&out, "...");
        ch_release(ch_object(text));
    }
    ChValue summary = text_value(ch_buffer_view(&out));
    ch_buffer_release(&out);
    return summary;
}

bool ch_handoff_record(ChVm *vm, ChValue target, ChValue take_payload, ChValue *envelope) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    if (lifecycle->handoffs.count == CH_HANDOFFS_MAX) {
        ch_release(take_payload);
        return false;
    }
    ChDict *dict = ch_dict_new();
    ChBuffer id = {0};
    ch_buffer_printf(&id, "envelope_%" PRId64, lifecycle->next_seq);
    put(dict, "envelope_id", text_value(ch_buffer_view(&id)));
    ch_buffer_release(&id);
    put(dict, "from", CH_NIL);
    put(dict, "origin_pipeline", CH_NIL);
    put(dict, "to", ch_retain(target));
    put(dict, "target_pipeline", ch_retain(target));
    put(dict, "payload_summary", summary_of(take_payload));
    put(dict, "payload", take_payload);
    put(dict, "queued_at_ms", ch_int(ch__now_ms(vm)));
    put(dict, "age_ms", ch_int(0));
    put(dict, "seq", ch_int(lifecycle->next_seq++));
    ch_array_push(&lifecycle->handoffs, ch_object(dict));
    *envelope = ch_retain(ch_object(dict));
    return true;
}

bool ch_handoff_acknowledge(ChVm *vm, ChStr id, ChValue take_decision, ChValue *envelope) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    for (uint32_t i = 0; i < lifecycle->handoffs.count; i++) {
        ChValue item = lifecycle->handoffs.items[i];
        if (!ch_str_equal(ch__text(ch__dict_get(item.as.dict, "envelope_id")), id)) continue;
        memmove(&lifecycle->handoffs.items[i], &lifecycle->handoffs.items[i + 1],
                (lifecycle->handoffs.count - i - 1) * sizeof item);
        lifecycle->handoffs.count--;
        ChDict *payload = ch_dict_new();
        put(payload, "envelope_id", text_value(id));
        put(payload, "decision", take_decision);
        ch_release(ch_lifecycle_audit_record(vm, CH_STR("handoff_acknowledged"), ch_object(payload)));
        *envelope = item;
        return true;
    }
    ch_release(take_decision);
    return false;
}

ChValue ch_disposition_get(ChVm *vm) { return ch__lifecycle(vm)->disposition; }

// ---- the run --------------------------------------------------------------------------------------------------------------

ChClosure *ch__lifecycle_finish(ChVm *vm) {
    struct ChLifecycle *lifecycle = vm->lifecycle;
    if (!lifecycle || lifecycle->is_finishing) return NULL;
    lifecycle->is_finishing = true;
    bool is_wanted = !ch_is_nil(lifecycle->on_finish);
    for (uint32_t i = 0; i < lifecycle->hooks.count && !is_wanted; i++) is_wanted = lifecycle->hooks.items[i].event;
    int32_t row = is_wanted ? ch_builtin_find(CH_STR("__finish_lifecycle")) : -1;
    ChClosure *closure = row >= 0 ? ch__prelude_closure(vm, (uint32_t)row) : NULL;
    if (closure) closure->head.refs++;
    return closure;
}

static void drop_values(ChValue *values, uint32_t *count) {
    for (uint32_t i = 0; i < *count; i++) ch_release(values[i]);
    *count = 0;
}

void ch__lifecycle_clear(ChVm *vm) {
    struct ChLifecycle *lifecycle = vm->lifecycle;
    if (!lifecycle) return;
    ch_assign_take(&lifecycle->on_finish, CH_NIL);
    ch_assign_take(&lifecycle->disposition, CH_NIL);
    drop_values(lifecycle->audit.items, &lifecycle->audit.count);
    drop_values(lifecycle->handoffs.items, &lifecycle->handoffs.count);
    lifecycle->next_seq = 1;
}

void ch__lifecycle_free(ChVm *vm) {
    struct ChLifecycle *lifecycle = vm->lifecycle;
    if (!lifecycle) return;
    ch__lifecycle_clear(vm);
    while (lifecycle->calls.count) ch_llm_call_end(vm, lifecycle->calls.items[0].id);
    drop_values(lifecycle->suspended.items, &lifecycle->suspended.count);
    ch__hooks_drop(vm, false);
    ch__hooks_drop(vm, true);
    ch_array_release(&lifecycle->audit);
    ch_array_release(&lifecycle->handoffs);
    ch_array_release(&lifecycle->calls);
    ch_array_release(&lifecycle->suspended);
    ch_array_release(&lifecycle->feeders);
    ch_array_release(&lifecycle->hooks);
    ch_free(lifecycle);
    vm->lifecycle = NULL;
}

// ---- the root handle --------------------------------------------------------------------------------------------------------

typedef struct Harness {
    ChHandle handle;
    ChValue fields;
} Harness;

static void harness_free(void *self) { ch_release(((Harness *)self)->fields); }
static void harness_trace(void *self, void (*visit)(ChValue *slot, void *ud), void *ud) { visit(&((Harness *)self)->fields, ud); }
static void harness_display(void *self, ChBuffer *out) { ch_buffer_add_text(out, "<Harness>"); }
static const ChHandleClass harness_class = {.type_name = "Harness", .free = harness_free, .trace = harness_trace,
                                            .display = harness_display};

ChValue ch__harness_new(ChValue take_fields) {
    Harness *harness = ch_object_alloc(CH_TAG_HARNESS, sizeof *harness);
    harness->handle.class = &harness_class;
    harness->fields = take_fields;
    return ch_object(harness);
}

ChValue *ch__harness_field(ChValue harness, const ChString *name) {
    return ch_dict_find(((Harness *)harness.as.object)->fields.as.dict, name);
}
