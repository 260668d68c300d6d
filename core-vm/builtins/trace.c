// What scripts see of tracing: the spans of the run, and the older spans that stand in log lines, which are always on.
#include "runtime/trace.h"

#include "builtins/native.h"

#include "base/banned.h"

#define CH_LOG_SPANS_MAX 10000u // open at once

CH_NATIVE(ch__trace_enable) {
    ch_trace_enable(vm, argc == 0 || args[0].tag != CH_TAG_BOOL || args[0].as.boolean);
    return CH_OK;
}

CH_NATIVE(ch__trace_spans) {
    uint32_t count = ch_span_count(vm);
    ChList *list = ch_list_new(count);
    for (uint32_t i = 0; i < count; i++) ch_list_push(list, ch_span_value(vm, ch_span_at(vm, i)));
    return ch__give(result, ch_object(list));
}

CH_NATIVE(ch__trace_summary_text) {
    ChBuffer out = {0};
    ch_trace_summary(vm, &out);
    return ch__give_buffer_checked(vm, "trace_summary", result, &out);
}

CH_NATIVE(ch__lifecycle_span_start) {
    return ch__give_int(result, (int64_t)ch_span_start(vm, CH_SPAN_FN_CALL, ch__text(args[0])));
}

CH_NATIVE(ch__lifecycle_span_end) {
    if (args[0].as.integer > 0) ch_span_end(vm, (uint64_t)args[0].as.integer);
    return CH_OK;
}

CH_NATIVE(ch__work_span_start) {
    bool is_tool = ch_str_is(ch__text(args[0]), "tool_call");
    return ch__give_int(result, (int64_t)ch_span_start(vm, is_tool ? CH_SPAN_TOOL_CALL : CH_SPAN_LLM_CALL, ch__text(args[1])));
}

static void note_all(ChVm *vm, uint64_t id, ChDict *metadata) {
    ChString *name;
    ChValue value;
    for (uint32_t at = 0; id && ch_dict_next(metadata, &at, &name, &value);)
        ch_span_set_metadata(vm, id, name->data, ch_retain(value));
}

CH_NATIVE(ch__pool_submit_span) {
    uint64_t id = ch_span_start(vm, CH_SPAN_POOL_SUBMIT, ch__text(args[0]));
    note_all(vm, id, args[1].as.dict);
    ch_span_end(vm, id);
    return ch__give_int(result, (int64_t)id);
}

CH_NATIVE(ch__pool_dequeue_span) {
    ChValue attributes = ch_object(ch_dict_new());
    ch_dict_put_str(attributes.as.dict, "harn.link.kind", ch_str_value("pool_submit", 11));
    uint64_t submit = args[1].as.integer > 0 ? (uint64_t)args[1].as.integer : 0;
    uint64_t id = ch_span_start_detached(vm, CH_SPAN_POOL_DEQUEUE, ch__text(args[0]), submit, attributes);
    note_all(vm, id, args[2].as.dict);
    ch_span_end(vm, id);
    return CH_OK;
}

CH_NATIVE(ch__work_span_end) {
    uint64_t id = args[0].as.integer > 0 ? (uint64_t)args[0].as.integer : 0;
    note_all(vm, id, args[1].as.dict);
    if (id) ch_span_end(vm, id);
    return CH_OK;
}

// ---- spans of log lines -------------------------------------------------------------------------------------------------

static void make_id(ChVm *vm, char id[9]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[4];
    vm->host->random(vm->host->ud, bytes, sizeof bytes);
    for (int i = 0; i < 8; i++) id[i] = digits[(bytes[i / 2] >> (i % 2 ? 0 : 4)) & 15];
    id[8] = 0;
}

CH_NATIVE(ch__trace_start) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (state->log_spans.count == CH_LOG_SPANS_MAX) return ch_throw_runtime(vm, "trace_start: too many open spans (limit %u)", CH_LOG_SPANS_MAX);
    ChLogSpan span;
    if (state->log_spans.count)
        memcpy(span.trace_id, ch_array_last(&state->log_spans).trace_id, sizeof span.trace_id);
    else
        make_id(vm, span.trace_id);
    make_id(vm, span.span_id);
    ch_array_push(&state->log_spans, span);
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "trace_id", ch_str_value(span.trace_id, 8));
    ch_dict_put_str(dict, "span_id", ch_str_value(span.span_id, 8));
    ch_dict_put_str(dict, "name", ch_object(ch__arg_display(args, argc, 0)));
    ch_dict_put_str(dict, "start_ms", ch_int(ch__now_ms(vm)));
    return ch__give(result, ch_object(dict));
}

static ChValue text_of(const ChDict *dict, const char *key) {
    ChValue value = ch__dict_get(dict, key);
    return ch_is_nil(value) ? ch_str_value("", 0) : ch_object(ch_display_string(value));
}

CH_NATIVE(ch__trace_end) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_DICT))
        return ch_throw_text(vm, "trace_end: argument must be a span dict from trace_start");
    ChBuiltinState *state = ch__builtin_state(vm);
    const ChDict *span = args[0].as.dict;
    ChValue id = text_of(span, "span_id"), name = text_of(span, "name"), trace = text_of(span, "trace_id");
    ChValue start = ch__dict_get(span, "start_ms");
    int64_t ms = ch__now_ms(vm) - (start.tag == CH_TAG_INT ? start.as.integer : 0);
    if (state->log_spans.count && ch_str_is(ch__text(id), ch_array_last(&state->log_spans).span_id)) state->log_spans.count--;
    ChDict *fields = ch_dict_new();
    ch_dict_put_str(fields, "duration_ms", ch_int(ms));
    ch_dict_put_str(fields, "name", name);
    ch_dict_put_str(fields, "span_id", id);
    ch_dict_put_str(fields, "trace_id", trace);
    ch__log_line(vm, 1, CH_STR("span_end"), fields);
    ch_release(ch_object(fields));
    return CH_OK;
}

CH_NATIVE(ch__trace_id) {
    ChBuiltinState *state = ch__builtin_state(vm);
    return state->log_spans.count ? ch__give_text(result, ch_array_last(&state->log_spans).trace_id, 8) : CH_OK;
}
