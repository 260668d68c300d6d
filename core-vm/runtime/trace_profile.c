// Where the time of a run went, by kind of span: the root pipeline span is the whole, not a part of it.
#include "runtime/trace_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

#define CH_PROFILE_TOP 5

typedef struct Bucket {
    ChSpanKind kind;
    int64_t total_ms;
    uint64_t count;
} Bucket;

typedef struct Step {
    const ChSpan *span;
    int64_t llm_ms, tool_ms;
    uint64_t llm_calls, tool_calls;
} Step;

typedef struct Profile {
    const ChSpan **spans; // by id
    uint32_t count;
    int64_t wall_ms, residual_ms;
    Bucket buckets[CH_SPAN_KIND_COUNT];
    uint32_t bucket_count;
    const ChSpan *models[CH_PROFILE_TOP], *tools[CH_PROFILE_TOP];
    uint32_t model_count, tool_count;
    CH_ARRAY_OF(Step) steps;
} Profile;

static bool is_root(const ChSpan *span) { return !span->parent && span->kind == CH_SPAN_PIPELINE; }

static int by_id(const void *a, const void *b) {
    const ChSpan *x = *(const ChSpan *const *)a, *y = *(const ChSpan *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static const ChSpan *find(const Profile *profile, uint64_t id) {
    uint32_t low = 0, high = profile->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (profile->spans[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < profile->count && profile->spans[low]->id == id ? profile->spans[low] : NULL;
}

// Parents are older than their children, so this ends.
static const ChSpan *step_around(const Profile *profile, const ChSpan *span) {
    for (span = find(profile, span->parent); span; span = find(profile, span->parent))
        if (span->kind == CH_SPAN_STEP) return span;
    return NULL;
}

// Keeps the longest, longest first, ties in order of their ids.
static void note_top(const ChSpan **top, uint32_t *count, const ChSpan *span) {
    uint32_t at = *count;
    while (at && ch__span_duration_ms(top[at - 1]) < ch__span_duration_ms(span)) at--;
    if (at == CH_PROFILE_TOP) return;
    if (*count < CH_PROFILE_TOP) ++*count;
    memmove(&top[at + 1], &top[at], (*count - at - 1) * sizeof *top);
    top[at] = span;
}

static int by_total(const void *a, const void *b) {
    const Bucket *x = a, *y = b;
    if (x->total_ms != y->total_ms) return x->total_ms > y->total_ms ? -1 : 1;
    return strcmp(ch_span_kind_name(x->kind), ch_span_kind_name(y->kind));
}

static int by_duration(const void *a, const void *b) {
    const Step *x = a, *y = b;
    int64_t left = ch__span_duration_ms(x->span), right = ch__span_duration_ms(y->span);
    return left != right ? (left > right ? -1 : 1) : x->span->id < y->span->id ? -1 : 1;
}

static void add_to_steps(Profile *profile, const ChSpan *span) {
    const ChSpan *around = step_around(profile, span);
    for (; around; around = step_around(profile, around))
        for (uint32_t i = 0; i < profile->steps.count; i++) {
            Step *step = &profile->steps.items[i];
            if (step->span != around) continue;
            *(span->kind == CH_SPAN_LLM_CALL ? &step->llm_ms : &step->tool_ms) += ch__span_duration_ms(span);
            ++*(span->kind == CH_SPAN_LLM_CALL ? &step->llm_calls : &step->tool_calls);
        }
}

static void build(ChVm *vm, Profile *profile) {
    uint32_t count = profile->count = ch_span_count(vm);
    profile->spans = ch_alloc_zero((size_t)count + 1, sizeof *profile->spans);
    for (uint32_t i = 0; i < count; i++) profile->spans[i] = ch_span_at(vm, i);
    if (count) qsort(profile->spans, count, sizeof *profile->spans, by_id);
    Bucket buckets[CH_SPAN_KIND_COUNT] = {{0}};
    int64_t accounted = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ChSpan *span = profile->spans[i];
        int64_t ms = ch__span_duration_ms(span);
        if (!span->parent) profile->wall_ms += ms;
        if (is_root(span)) continue;
        const ChSpan *parent = find(profile, span->parent);
        if (!span->parent || (parent && is_root(parent))) accounted += ms;
        buckets[span->kind].total_ms += ms;
        buckets[span->kind].count++;
        if (span->kind == CH_SPAN_LLM_CALL) note_top(profile->models, &profile->model_count, span);
        if (span->kind == CH_SPAN_TOOL_CALL) note_top(profile->tools, &profile->tool_count, span);
        if (span->kind == CH_SPAN_STEP) ch_array_push(&profile->steps, (Step){.span = span});
    }
    for (uint32_t i = 0; i < count; i++)
        if (profile->spans[i]->kind == CH_SPAN_LLM_CALL || profile->spans[i]->kind == CH_SPAN_TOOL_CALL)
            add_to_steps(profile, profile->spans[i]);
    profile->residual_ms = accounted < profile->wall_ms ? profile->wall_ms - accounted : 0;
    for (uint32_t kind = 0; kind < CH_SPAN_KIND_COUNT; kind++) {
        if (!buckets[kind].count) continue;
        buckets[kind].kind = (ChSpanKind)kind;
        profile->buckets[profile->bucket_count++] = buckets[kind];
    }
    qsort(profile->buckets, profile->bucket_count, sizeof *profile->buckets, by_total);
    if (profile->steps.count) qsort(profile->steps.items, profile->steps.count, sizeof(Step), by_duration);
}

static void release(Profile *profile) {
    ch_free(profile->spans);
    ch_array_release(&profile->steps);
}

static double percent(const Profile *profile, int64_t ms) {
    return profile->wall_ms ? (double)ms / (double)profile->wall_ms * 100.0 : 0;
}

static const char *model_of(const ChSpan *span) {
    if (ch_is_nil(span->metadata)) return NULL;
    ChValue model = ch__dict_get(span->metadata.as.dict, "model");
    return model.tag == CH_TAG_STRING ? model.as.string->data : NULL;
}

// ---- as text ----------------------------------------------------------------------------------------------------------

static const char *time_text(char text[32], int64_t ms) {
    if (ms < 1000)
        snprintf(text, 32, "%" PRId64 " ms", ms);
    else
        snprintf(text, 32, "%.3f s", (double)ms / 1000.0);
    return text;
}

static void render_top(const Profile *profile, const char *title, const ChSpan *const *top, uint32_t count, ChBuffer *out) {
    char time[32];
    if (count) ch_buffer_printf(out, "\n  %s:\n", title);
    for (uint32_t i = 0; i < count; i++) {
        const char *model = model_of(top[i]);
        const ChSpan *step = step_around(profile, top[i]);
        ch_buffer_printf(out, "    #%-4" PRIu64 " %-24s %10s", top[i]->id, model ? model : top[i]->name->data,
                         time_text(time, ch__span_duration_ms(top[i])));
        if (step) ch_buffer_printf(out, "  step=%s", step->name->data);
        ch_buffer_add_byte(out, '\n');
    }
}

void ch_profile_render(ChVm *vm, ChBuffer *out) {
    Profile profile = {0};
    char time[32], model[32], tool[32], other[32];
    build(vm, &profile);
    ch_buffer_printf(out, "\n\x1b[2m─── Run profile ───\x1b[0m\n  Total wall time: %s\n\n  By category:\n",
                     time_text(time, profile.wall_ms));
    for (uint32_t i = 0; i < profile.bucket_count; i++) {
        const Bucket *bucket = &profile.buckets[i];
        ch_buffer_printf(out, "    %-14s %10s  %5.1f%%   (%" PRIu64 " call%s)\n", ch_span_kind_name(bucket->kind),
                         time_text(time, bucket->total_ms), percent(&profile, bucket->total_ms), bucket->count,
                         bucket->count == 1 ? "" : "s");
    }
    ch_buffer_printf(out, "    %-14s %10s  %5.1f%%\n", "vm/residual", time_text(time, profile.residual_ms),
                     percent(&profile, profile.residual_ms));
    render_top(&profile, "Top LLM calls", profile.models, profile.model_count, out);
    render_top(&profile, "Top tool calls", profile.tools, profile.tool_count, out);
    if (profile.steps.count) ch_buffer_add_text(out, "\n  Per-@step:\n");
    for (uint32_t i = 0; i < profile.steps.count; i++) {
        const Step *step = &profile.steps.items[i];
        int64_t ms = ch__span_duration_ms(step->span), rest = ms - step->llm_ms - step->tool_ms;
        ch_buffer_printf(out, "    %-20s %10s   (LLM %s · tools %s · other %s)\n", step->span->name->data,
                         time_text(time, ms), time_text(model, step->llm_ms), time_text(tool, step->tool_ms),
                         time_text(other, rest < 0 ? 0 : rest));
    }
    if (ch_span_dropped(vm)) ch_buffer_printf(out, "\n  %" PRIu64 " older spans were dropped\n", ch_span_dropped(vm));
    release(&profile);
}

// ---- as JSON ----------------------------------------------------------------------------------------------------------

static void json_top(const Profile *profile, const char *name, const ChSpan *const *top, uint32_t count, ChBuffer *out) {
    ch_buffer_printf(out, "  \"%s\": [", name);
    for (uint32_t i = 0; i < count; i++) {
        const ChSpan *span = top[i], *step = step_around(profile, span);
        ch_buffer_printf(out, "%s\n    {\n      \"span_id\": %" PRIu64 ",\n      \"kind\": \"%s\",\n      \"name\": ",
                         i ? "," : "", span->id, ch_span_kind_name(span->kind));
        ch_buffer_add_json(out, ch_string_view(span->name));
        ch_buffer_printf(out, ",\n      \"duration_ms\": %" PRId64 ",\n      \"step\": ", ch__span_duration_ms(span));
        if (step)
            ch_buffer_add_json(out, ch_string_view(step->name));
        else
            ch_buffer_add_text(out, "null");
        ch_buffer_add_text(out, ",\n      \"model\": ");
        if (model_of(span))
            ch_buffer_add_json(out, ch_str_of(model_of(span)));
        else
            ch_buffer_add_text(out, "null");
        ch_buffer_add_text(out, "\n    }");
    }
    ch_buffer_add_text(out, count ? "\n  ],\n" : "],\n");
}

static void json_steps(const Profile *profile, ChBuffer *out) {
    ch_buffer_add_text(out, "  \"steps\": [");
    for (uint32_t i = 0; i < profile->steps.count; i++) {
        const Step *step = &profile->steps.items[i];
        int64_t ms = ch__span_duration_ms(step->span), rest = ms - step->llm_ms - step->tool_ms;
        ch_buffer_printf(out, "%s\n    {\n      \"name\": ", i ? "," : "");
        ch_buffer_add_json(out, ch_string_view(step->span->name));
        ch_buffer_printf(out,
                         ",\n      \"duration_ms\": %" PRId64 ",\n      \"llm_ms\": %" PRId64 ",\n      \"tool_ms\": %" PRId64
                         ",\n      \"other_ms\": %" PRId64 ",\n      \"llm_calls\": %" PRIu64 ",\n      \"tool_calls\": %" PRIu64 "\n    }",
                         ms, step->llm_ms, step->tool_ms, rest < 0 ? 0 : rest, step->llm_calls, step->tool_calls);
    }
    ch_buffer_add_text(out, profile->steps.count ? "\n  ]\n}" : "]\n}");
}

void ch_profile_json(ChVm *vm, ChBuffer *out) {
    Profile profile = {0};
    build(vm, &profile);
    ch_buffer_printf(out, "{\n  \"total_wall_ms\": %" PRId64 ",\n  \"by_kind\": [", profile.wall_ms);
    for (uint32_t i = 0; i < profile.bucket_count; i++) {
        const Bucket *bucket = &profile.buckets[i];
        ch_buffer_printf(out,
                         "%s\n    {\n      \"kind\": \"%s\",\n      \"total_ms\": %" PRId64 ",\n      \"count\": %" PRIu64
                         ",\n      \"pct_of_wall\": ",
                         i ? "," : "", ch_span_kind_name(bucket->kind), bucket->total_ms, bucket->count);
        ch_display_float(percent(&profile, bucket->total_ms), out);
        ch_buffer_add_text(out, "\n    }");
    }
    ch_buffer_printf(out, "%s],\n  \"residual_ms\": %" PRId64 ",\n", profile.bucket_count ? "\n  " : "", profile.residual_ms);
    json_top(&profile, "top_llm_calls", profile.models, profile.model_count, out);
    json_top(&profile, "top_tool_calls", profile.tools, profile.tool_count, out);
    json_steps(&profile, out);
    release(&profile);
}

// ---- model calls --------------------------------------------------------------------------------------------------------

static int64_t count_of(const ChSpan *span, const char *key) {
    ChValue value = ch_is_nil(span->metadata) ? CH_NIL : ch__dict_get(span->metadata.as.dict, key);
    return value.tag == CH_TAG_INT ? value.as.integer : 0;
}

void ch_trace_models(ChVm *vm, ChBuffer *out) {
    int64_t calls = 0, input = 0, output = 0, ms = 0;
    double cost = 0;
    for (uint32_t i = 0; i < ch_span_count(vm); i++) {
        const ChSpan *span = ch_span_at(vm, i);
        if (span->kind != CH_SPAN_LLM_CALL) continue;
        if (!calls++) ch_buffer_add_text(out, "\n\x1b[2m─── LLM trace ───\x1b[0m\n");
        int64_t in = count_of(span, "input_tokens"), back = count_of(span, "output_tokens");
        ch_buffer_printf(out, "  #%" PRId64 ": %s | %" PRId64 " in + %" PRId64 " out tokens | %" PRId64 " ms\n", calls,
                         model_of(span) ? model_of(span) : span->name->data, in, back, ch__span_duration_ms(span));
        double price = 0;
        if (!ch_is_nil(span->metadata)) ch__number(ch__dict_get(span->metadata.as.dict, "cost_usd"), &price);
        input += in;
        output += back;
        ms += ch__span_duration_ms(span);
        cost += price;
    }
    if (calls)
        ch_buffer_printf(out, "  \x1b[1m%" PRId64 " call%s, %" PRId64 " tokens (%" PRId64 "in + %" PRId64 "out), %" PRId64 " ms, ~$%.4f\x1b[0m\n",
                         calls, calls == 1 ? "" : "s", input + output, input, output, ms, cost);
}
