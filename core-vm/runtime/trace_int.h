// Between trace.c and what reads it.
#ifndef CH_RUNTIME_TRACE_INT_H
#define CH_RUNTIME_TRACE_INT_H

#include "builtins/native.h"
#include "runtime/trace.h"

typedef struct ChSpanStack {
    uint32_t generation;         // of the tracer when it was filled; another one: it is empty
    uint64_t inherited;          // the span that was current where the task was spawned
    CH_ARRAY_OF(uint64_t) ids;
} ChSpanStack;

struct ChTracer {
    bool is_on;
    uint32_t generation;
    char trace_id[48];
    uint64_t next_id, dropped;
    int64_t epoch_ns, epoch_wall_ms;
    CH_ARRAY_OF(ChSpan) open;    // by id, rising
    ChSpan *done;                // a ring of CH_SPANS_MAX once it is full
    uint32_t done_count, done_capacity, done_first;
    CH_ARRAY_OF(ChSpanSink) sinks;
};

static inline int64_t ch__span_ms(int64_t ns) { return ns / 1000000; }
static inline int64_t ch__span_duration_ms(const ChSpan *span) { return (span->end_ns - span->start_ns) / 1000000; }

#endif
