// Tracing behind include/charn.h.
#include <string.h>

#include "base/alloc.h"
#include "builtins/native.h"
#include "runtime/trace.h"
#include "vm/charn_int.h"

#include "base/banned.h"

void charn_trace_enable(charn *engine, bool is_on) { ch_trace_enable(engine->vm, is_on); }
bool charn_trace_enabled(const charn *engine) { return ch_trace_is_enabled(engine->vm); }

static ChSpanKind kind_of(const char *name) {
    for (int kind = 0; kind < CH_SPAN_KIND_COUNT; kind++)
        if (strcmp(ch_span_kind_name((ChSpanKind)kind), name) == 0) return (ChSpanKind)kind;
    return CH_SPAN_FN_CALL;
}

uint64_t charn_span_start(charn *engine, const char *kind, const char *name) {
    return ch_span_start(engine->vm, kind_of(kind), ch_str_of(name));
}

uint64_t charn_span_start_detached(charn *engine, const char *kind, const char *name, uint64_t linked) {
    return ch_span_start_detached(engine->vm, kind_of(kind), ch_str_of(name), linked, CH_NIL);
}

bool charn_span_set_metadata(charn *engine, uint64_t span, const char *key, const char *json) {
    ChValue value;
    ChBuffer why = {0};
    bool is_json = ch__json_parse(ch_str_of(json), &value, &why);
    ch_buffer_release(&why);
    return is_json && ch_span_set_metadata(engine->vm, span, key, value);
}

bool charn_span_link(charn *engine, uint64_t span, const char *trace_id, const char *span_id) {
    return ch_span_add_link(engine->vm, span, ch_str_of(trace_id), ch_str_of(span_id), CH_NIL);
}

void charn_span_end(charn *engine, uint64_t span) { ch_span_end(engine->vm, span); }
uint64_t charn_span_current(charn *engine) { return ch_span_current(engine->vm); }

static char *detach(ChBuffer *text) { return text->data ? ch_buffer_detach(text) : ch_str_detach(CH_STR("")); }

char *charn_trace_summary(charn *engine) {
    ChBuffer text = {0};
    ch_trace_summary(engine->vm, &text);
    return detach(&text);
}

char *charn_trace_spans(charn *engine, bool forget) {
    ChBuffer text = {0};
    ch_buffer_add_byte(&text, '[');
    for (uint32_t i = 0; i < ch_span_count(engine->vm); i++) {
        if (i) ch_buffer_add_byte(&text, ',');
        ChValue span = ch_span_value(engine->vm, ch_span_at(engine->vm, i));
        ch__json_print(span, 0, &text);
        ch_release(span);
    }
    ch_buffer_add_byte(&text, ']');
    if (forget) ch_spans_clear(engine->vm);
    return detach(&text);
}

char *charn_profile(charn *engine, bool as_json) {
    ChBuffer text = {0};
    (as_json ? ch_profile_json : ch_profile_render)(engine->vm, &text);
    return detach(&text);
}

void charn_trace_to_chrome(charn *engine, const char *path) { ch_trace_to_chrome(engine->vm, path); }
void charn_trace_to_otlp(charn *engine, const char *path, const char *service) {
    ch_trace_to_otlp_file(engine->vm, path, service);
}

typedef struct Listener {
    charn_on_span hear;
    void *ud;
} Listener;

static bool hear(void *ud, ChVm *vm, const ChSpan *span, bool is_end) {
    Listener *listener = ud;
    ChBuffer text = {0};
    ChValue value = ch_span_value(vm, span);
    if (!is_end) ch_dict_remove(value.as.dict, ch_intern(vm, "duration_ms", 11));
    ch__json_print(value, 0, &text);
    ch_release(value);
    bool is_well = listener->hear(listener->ud, is_end, text.data);
    ch_buffer_release(&text);
    return is_well;
}

static bool hear_start(void *ud, ChVm *vm, const ChSpan *span) { return hear(ud, vm, span, false); }
static bool hear_end(void *ud, ChVm *vm, const ChSpan *span) { return hear(ud, vm, span, true); }
static void listener_free(void *ud, ChVm *vm) { ch_free(ud); }

void charn_trace_sink(charn *engine, charn_on_span on_span, void *ud) {
    Listener *listener = ch_alloc(sizeof *listener);
    *listener = (Listener){on_span, ud};
    ch_trace_sink_add(engine->vm, &(ChSpanSink){hear_start, hear_end, listener_free, listener});
}

void charn_trace_close(charn *engine) { ch_trace_sinks_close(engine->vm); }
