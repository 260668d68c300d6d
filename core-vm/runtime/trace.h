// Spans of a run: what took how long, inside of what. Off until ch_trace_enable, and free then.
//
// Each task has its own stack of spans, which begins with the span that was current where it was spawned; so tasks that
// take turns do not become each other's parents. A span that ends leaves the stack wherever it stands.
#ifndef CH_RUNTIME_TRACE_H
#define CH_RUNTIME_TRACE_H

#include "vm/vm.h"

#define CH_SPANS_MAX 100000u     // completed spans that are kept; the oldest are dropped and counted
#define CH_SPAN_LINKS_MAX 128u   // links of one span

typedef enum ChSpanKind {
#define CH_SPAN_KIND(name, text) CH_SPAN_##name,
#include "runtime/span_kinds.def"
#undef CH_SPAN_KIND
    CH_SPAN_KIND_COUNT
} ChSpanKind;

typedef struct ChSpanLink {
    ChString *trace_id, *span_id;
    ChValue attributes;          // a dict, or nil
} ChSpanLink;

typedef struct ChSpan {
    uint64_t id, parent;         // parent 0: none
    ChSpanKind kind;
    uint32_t task;               // id of the task that began it
    ChString *name;
    int64_t start_ns, end_ns;    // since the epoch of the trace
    ChValue metadata;            // a dict, or nil
    ChSpanLink *links;
    uint32_t link_count;
} ChSpan;

const char *ch_span_kind_name(ChSpanKind kind);

// On: drops everything, new trace id, ids from 1. Off: nothing is recorded any more; what was recorded stays.
void ch_trace_enable(ChVm *vm, bool is_on);
bool ch_trace_is_enabled(const ChVm *vm);
// `trace_UUID` of the last time that tracing was switched on, or "". Borrowed.
ChStr ch_trace_id(const ChVm *vm);

// All answer 0 and do nothing while tracing is off. The span belongs to the running task, or to the main task when none
// runs.
uint64_t ch_span_start(ChVm *vm, ChSpanKind kind, ChStr name);
// Without a parent; linked to `linked_id` unless that is 0. `attributes` (a dict or nil) is taken.
uint64_t ch_span_start_detached(ChVm *vm, ChSpanKind kind, ChStr name, uint64_t linked_id, ChValue take_attributes);
// 0 and unknown ids are ignored, so a span may be ended twice.
void ch_span_end(ChVm *vm, uint64_t id);
// Of an open span only. The value is taken. False: the span is not open.
bool ch_span_set_metadata(ChVm *vm, uint64_t id, const char *key, ChValue take_value);
bool ch_span_add_link(ChVm *vm, uint64_t id, ChStr trace_id, ChStr span_id, ChValue take_attributes);
uint64_t ch_span_current(ChVm *vm);

// Completed spans in order of their end, 0 .. count - 1. Borrowed, good until the next span ends.
uint32_t ch_span_count(const ChVm *vm);
const ChSpan *ch_span_at(const ChVm *vm, uint32_t index);
uint64_t ch_span_dropped(const ChVm *vm);
// Forgets the completed spans.
void ch_spans_clear(ChVm *vm);
// As trace_summary() gives it.
void ch_trace_summary(ChVm *vm, ChBuffer *out);
// A completed span as a script sees it. Owned.
ChValue ch_span_value(ChVm *vm, const ChSpan *span);

// A sink hears of every span. An entry that answers false is taken off with one warning. NULL entries are left out.
// `close` is called when the sink goes: at the latest with the VM.
typedef struct ChSpanSink {
    bool (*start)(void *ud, ChVm *vm, const ChSpan *span);
    bool (*end)(void *ud, ChVm *vm, const ChSpan *span);
    void (*close)(void *ud, ChVm *vm);
    void *ud;
} ChSpanSink;
void ch_trace_sink_add(ChVm *vm, const ChSpanSink *sink);
// Closes and removes every sink.
void ch_trace_sinks_close(ChVm *vm);

// Exporters, as sinks. The file is written while the program runs, and is complete after ch_trace_sinks_close.
// Chrome's trace events, which chrome://tracing and Perfetto open: one row per task.
void ch_trace_to_chrome(ChVm *vm, const char *path);
// OTLP as JSON, one request with all spans.
void ch_trace_to_otlp_file(ChVm *vm, const char *path, const char *service);

// The model calls, numbered, with their tokens and sums; nothing when there was none.
void ch_trace_models(ChVm *vm, ChBuffer *out);
// Where the time went.
void ch_profile_render(ChVm *vm, ChBuffer *out);
void ch_profile_json(ChVm *vm, ChBuffer *out);

// Between the files of the VM: a task's own stack.
struct ChSpanStack;
void ch__span_stack_inherit(ChVm *vm, ChTask *task);
// Ends what the task has left open, and frees its stack.
void ch__span_stack_end(ChVm *vm, ChTask *task);
// Frees the stack; its spans stay open.
void ch__span_stack_drop(ChTask *task);
void ch__trace_free(ChVm *vm);

#endif
