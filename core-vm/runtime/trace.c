// Spans: open ones in a list sorted by id (ids rise, so a new one goes to its end), completed ones in a ring.
//
// A task's stack holds ids. A span that ends in the middle of a stack is not looked for there: whoever asks for the
// top drops ended ids first, which comes to the same.
#include "runtime/trace_int.h"

#include <stdlib.h>

#include "vm/vm_int.h"

#include "base/banned.h"

static const char *const kind_names[] = {
#define CH_SPAN_KIND(name, text) text,
#include "runtime/span_kinds.def"
#undef CH_SPAN_KIND
};

const char *ch_span_kind_name(ChSpanKind kind) { return kind_names[kind]; }

// Under a stopped clock times are those of the program.
static int64_t now_ns(ChVm *vm) {
    if (ch__builtin_state(vm)->is_time_mocked) return ch__monotonic_ms(vm) * 1000000;
    return vm->host->monotonic_ns(vm->host->ud);
}

static void span_release(ChSpan *span) {
    if (span->name) ch_release(ch_object(span->name));
    ch_release(span->metadata);
    for (uint32_t i = 0; i < span->link_count; i++) {
        ch_release(ch_object(span->links[i].trace_id));
        ch_release(ch_object(span->links[i].span_id));
        ch_release(span->links[i].attributes);
    }
    ch_free(span->links);
}

static void forget_spans(struct ChTracer *tracer) {
    for (uint32_t i = 0; i < tracer->open.count; i++) span_release(&tracer->open.items[i]);
    for (uint32_t i = 0; i < tracer->done_count; i++) span_release(&tracer->done[i]);
    tracer->open.count = tracer->done_count = tracer->done_first = 0;
    tracer->dropped = 0;
}

static void make_trace_id(ChVm *vm, char *out, size_t size) {
    unsigned char b[16];
    vm->host->random(vm->host->ud, b, sizeof b);
    uint64_t ms = (uint64_t)vm->host->now_ms(vm->host->ud);
    for (int i = 0; i < 6; i++) b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | (b[6] & 15));
    b[8] = (unsigned char)(0x80 | (b[8] & 63));
    ChBuffer text = {0};
    ch_buffer_add_text(&text, "trace_");
    for (int i = 0; i < 16; i++)
        ch_buffer_printf(&text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
    memcpy(out, text.data, text.length < size - 1 ? text.length + 1 : size - 1);
    ch_buffer_release(&text);
}

void ch_trace_enable(ChVm *vm, bool is_on) {
    if (!vm->tracer) {
        if (!is_on) return;
        vm->tracer = ch_alloc_zero(1, sizeof *vm->tracer);
    }
    struct ChTracer *tracer = vm->tracer;
    tracer->is_on = is_on;
    if (!is_on) return;
    forget_spans(tracer);
    tracer->generation++;
    tracer->next_id = 1;
    tracer->epoch_ns = now_ns(vm);
    tracer->epoch_wall_ms = ch__now_ms(vm);
    make_trace_id(vm, tracer->trace_id, sizeof tracer->trace_id);
}

bool ch_trace_is_enabled(const ChVm *vm) { return vm->tracer && vm->tracer->is_on; }

ChStr ch_trace_id(const ChVm *vm) { return vm->tracer ? ch_str_of(vm->tracer->trace_id) : CH_STR(""); }

// ---- stacks -----------------------------------------------------------------------------------------------------------

static ChTask *owner(ChVm *vm) { return vm->task ? vm->task : vm->main_task; }

static ChSpan *find_open(struct ChTracer *tracer, uint64_t id) {
    uint32_t low = 0, high = tracer->open.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tracer->open.items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < tracer->open.count && tracer->open.items[low].id == id ? &tracer->open.items[low] : NULL;
}

static ChSpanStack *stack_of(ChVm *vm, ChTask *task) {
    if (!task) return NULL;
    if (!task->spans) task->spans = ch_alloc_zero(1, sizeof *task->spans);
    if (task->spans->generation != vm->tracer->generation) {
        task->spans->generation = vm->tracer->generation;
        task->spans->inherited = 0;
        ch_array_clear(&task->spans->ids);
    }
    return task->spans;
}

static uint64_t top_of(ChVm *vm, ChTask *task) {
    ChSpanStack *stack = stack_of(vm, task);
    if (!stack) return 0;
    while (stack->ids.count && !find_open(vm->tracer, ch_array_last(&stack->ids))) stack->ids.count--;
    return stack->ids.count ? ch_array_last(&stack->ids) : stack->inherited;
}

uint64_t ch_span_current(ChVm *vm) { return ch_trace_is_enabled(vm) ? top_of(vm, owner(vm)) : 0; }

void ch__span_stack_inherit(ChVm *vm, ChTask *task) {
    if (!ch_trace_is_enabled(vm) || !task->parent) return;
    uint64_t current = top_of(vm, task->parent);
    // A spawn's own span is only the act of spawning.
    const ChSpan *span = current ? find_open(vm->tracer, current) : NULL;
    if (span && span->kind == CH_SPAN_SPAWN) current = span->parent;
    if (current) stack_of(vm, task)->inherited = current;
}

void ch__span_stack_end(ChVm *vm, ChTask *task) {
    if (!task->spans) return;
    bool is_current = vm->tracer && task->spans->generation == vm->tracer->generation;
    while (is_current && task->spans->ids.count) ch_span_end(vm, ch_array_pop(&task->spans->ids));
    ch__span_stack_drop(task);
}

void ch__span_stack_drop(ChTask *task) {
    if (!task->spans) return;
    ch_array_release(&task->spans->ids);
    ch_free(task->spans);
    task->spans = NULL;
}

// ---- sinks ------------------------------------------------------------------------------------------------------------

void ch_trace_sink_add(ChVm *vm, const ChSpanSink *sink) {
    if (!vm->tracer) vm->tracer = ch_alloc_zero(1, sizeof *vm->tracer);
    ch_array_push(&vm->tracer->sinks, *sink);
}

static void close_sink(ChVm *vm, uint32_t index) {
    struct ChTracer *tracer = vm->tracer;
    ChSpanSink sink = tracer->sinks.items[index];
    memmove(&tracer->sinks.items[index], &tracer->sinks.items[index + 1],
            (tracer->sinks.count - index - 1) * sizeof sink);
    tracer->sinks.count--;
    if (sink.close) sink.close(sink.ud, vm);
}

void ch_trace_sinks_close(ChVm *vm) {
    while (vm->tracer && vm->tracer->sinks.count) close_sink(vm, 0);
}

static void tell_sinks(ChVm *vm, const ChSpan *span, bool is_end) {
    for (uint32_t i = 0; i < vm->tracer->sinks.count;) {
        ChSpanSink *sink = &vm->tracer->sinks.items[i];
        bool (*hear)(void *, ChVm *, const ChSpan *) = is_end ? sink->end : sink->start;
        if (!hear || hear(sink->ud, vm, span)) {
            i++;
            continue;
        }
        static const char text[] = "warning: a sink of trace spans failed and was taken off\n";
        vm->host->write(vm->host->ud, CH_HOST_STDERR, text, sizeof text - 1);
        close_sink(vm, i);
    }
}

// ---- spans ------------------------------------------------------------------------------------------------------------

static uint64_t start(ChVm *vm, ChSpanKind kind, ChStr name, bool is_detached) {
    ChTask *task = owner(vm);
    uint64_t parent = top_of(vm, task);
    ChSpan span = {.id = vm->tracer->next_id++, .parent = is_detached ? 0 : parent, .kind = kind,
                   .task = task ? task->id : 0, .name = ch_string_new(name.data, name.length),
                   .start_ns = now_ns(vm) - vm->tracer->epoch_ns, .metadata = CH_NIL};
    ch_array_push(&vm->tracer->open, span);
    ChSpanStack *stack = stack_of(vm, task);
    if (stack) ch_array_push(&stack->ids, span.id);
    return span.id;
}

uint64_t ch_span_start(ChVm *vm, ChSpanKind kind, ChStr name) {
    if (!ch_trace_is_enabled(vm)) return 0;
    uint64_t id = start(vm, kind, name, false);
    tell_sinks(vm, &ch_array_last(&vm->tracer->open), false);
    return id;
}

uint64_t ch_span_start_detached(ChVm *vm, ChSpanKind kind, ChStr name, uint64_t linked_id, ChValue take_attributes) {
    if (!ch_trace_is_enabled(vm)) {
        ch_release(take_attributes);
        return 0;
    }
    uint64_t id = start(vm, kind, name, true);
    if (linked_id) {
        ChBuffer text = {0};
        ch_buffer_printf(&text, "%" PRIu64, linked_id);
        ch_span_add_link(vm, id, ch_trace_id(vm), ch_buffer_view(&text), take_attributes);
        ch_buffer_release(&text);
    } else
        ch_release(take_attributes);
    tell_sinks(vm, &ch_array_last(&vm->tracer->open), false);
    return id;
}

static void keep(struct ChTracer *tracer, const ChSpan *span) {
    if (tracer->done_count == CH_SPANS_MAX) {
        span_release(&tracer->done[tracer->done_first]);
        tracer->done[tracer->done_first] = *span;
        tracer->done_first = (tracer->done_first + 1) % CH_SPANS_MAX;
        tracer->dropped++;
        return;
    }
    if (tracer->done_count == tracer->done_capacity)
        tracer->done = ch__array_grow(tracer->done, &tracer->done_capacity, (size_t)tracer->done_count + 1, sizeof *span);
    tracer->done[tracer->done_count++] = *span;
}

void ch_span_end(ChVm *vm, uint64_t id) {
    if (!id || !vm->tracer) return;
    ChSpan *open = find_open(vm->tracer, id);
    if (!open) return;
    ChSpan span = *open;
    uint32_t at = (uint32_t)(open - vm->tracer->open.items);
    memmove(open, open + 1, (vm->tracer->open.count - at - 1) * sizeof *open);
    vm->tracer->open.count--;
    int64_t end = now_ns(vm) - vm->tracer->epoch_ns;
    span.end_ns = end < span.start_ns ? span.start_ns : end;
    keep(vm->tracer, &span);
    tell_sinks(vm, &span, true);
}

bool ch_span_set_metadata(ChVm *vm, uint64_t id, const char *key, ChValue take_value) {
    ChSpan *span = id && vm->tracer ? find_open(vm->tracer, id) : NULL;
    if (!span) {
        ch_release(take_value);
        return false;
    }
    if (ch_is_nil(span->metadata)) span->metadata = ch_object(ch_dict_new());
    ch_dict_put_str(ch_dict_unshare(&span->metadata), key, take_value);
    return true;
}

bool ch_span_add_link(ChVm *vm, uint64_t id, ChStr trace_id, ChStr span_id, ChValue take_attributes) {
    ChSpan *span = id && vm->tracer ? find_open(vm->tracer, id) : NULL;
    if (!span || span->link_count == CH_SPAN_LINKS_MAX) {
        ch_release(take_attributes);
        return false;
    }
    span->links = ch_realloc(span->links, (span->link_count + 1) * sizeof *span->links);
    span->links[span->link_count++] = (ChSpanLink){ch_string_new(trace_id.data, trace_id.length),
                                                   ch_string_new(span_id.data, span_id.length), take_attributes};
    return true;
}

uint32_t ch_span_count(const ChVm *vm) { return vm->tracer ? vm->tracer->done_count : 0; }

const ChSpan *ch_span_at(const ChVm *vm, uint32_t index) {
    const struct ChTracer *tracer = vm->tracer;
    return &tracer->done[(tracer->done_first + index) % tracer->done_count];
}

uint64_t ch_span_dropped(const ChVm *vm) { return vm->tracer ? vm->tracer->dropped : 0; }

void ch_spans_clear(ChVm *vm) {
    if (!vm->tracer) return;
    for (uint32_t i = 0; i < vm->tracer->done_count; i++) span_release(&vm->tracer->done[i]);
    vm->tracer->done_count = vm->tracer->done_first = 0;
}

void ch__trace_free(ChVm *vm) {
    if (!vm->tracer) return;
    ch_trace_sinks_close(vm);
    forget_spans(vm->tracer);
    ch_array_release(&vm->tracer->open);
    ch_array_release(&vm->tracer->sinks);
    ch_free(vm->tracer->done);
    ch_free(vm->tracer);
    vm->tracer = NULL;
}

// ---- how they are shown -----------------------------------------------------------------------------------------------

static void put(ChDict *dict, const char *key, ChValue take_value) { ch_dict_put_str(dict, key, take_value); }

ChValue ch_span_value(ChVm *vm, const ChSpan *span) {
    ChDict *dict = ch_dict_new();
    ChStr trace_id = ch_trace_id(vm);
    put(dict, "trace_id", ch_str_value(trace_id.data, trace_id.length));
    put(dict, "span_id", ch_int((int64_t)span->id));
    put(dict, "parent_id", span->parent ? ch_int((int64_t)span->parent) : CH_NIL);
    put(dict, "kind", ch_str_value(kind_names[span->kind], strlen(kind_names[span->kind])));
    put(dict, "name", ch_retain(ch_object(span->name)));
    put(dict, "start_ms", ch_int(ch__span_ms(span->start_ns)));
    put(dict, "duration_ms", ch_int(ch__span_duration_ms(span)));
    if (!ch_is_nil(span->metadata)) put(dict, "metadata", ch_retain(span->metadata));
    if (span->link_count) {
        ChList *links = ch_list_new(span->link_count);
        for (uint32_t i = 0; i < span->link_count; i++) {
            ChDict *link = ch_dict_new();
            put(link, "trace_id", ch_retain(ch_object(span->links[i].trace_id)));
            put(link, "span_id", ch_retain(ch_object(span->links[i].span_id)));
            if (!ch_is_nil(span->links[i].attributes)) put(link, "attributes", ch_retain(span->links[i].attributes));
            ch_list_push(links, ch_object(link));
        }
        put(dict, "links", ch_object(links));
    }
    return ch_object(dict);
}

// A name on one line: control characters as in JSON.
static void add_name(ChBuffer *out, const ChString *name) {
    ChBuffer text = {0};
    ch_buffer_add_json(&text, ch_string_view(name));
    bool is_plain = text.length == (size_t)name->length + 2;
    if (is_plain)
        ch_buffer_add(out, text.data + 1, text.length - 2);
    else
        ch_buffer_add(out, text.data, text.length);
    ch_buffer_release(&text);
}

static void add_line(ChBuffer *out, const ChSpan *span, uint32_t depth) {
    ch_buffer_add_byte(out, '\n');
    ch_buffer_add_repeat(out, ' ', (size_t)depth * 2);
    ch_buffer_printf(out, "%s ", kind_names[span->kind]);
    add_name(out, span->name);
    ch_buffer_printf(out, " %" PRId64 "ms", ch__span_duration_ms(span));
    if (!ch_is_nil(span->metadata)) {
        uint32_t at = 0, count = 0;
        ChString *key;
        ChValue value;
        while (ch_dict_next(span->metadata.as.dict, &at, &key, &value)) {
            ch_buffer_printf(out, "%s%.*s=", count++ ? ", " : " (", (int)key->length, key->data);
            ch__json_print(value, 0, out);
        }
        if (count) ch_buffer_add_byte(out, ')');
    }
}

// A span in the order of its end.
typedef struct Place {
    const ChSpan *span;
    uint32_t index;
} Place;

static int by_parent(const void *a, const void *b) {
    const Place *x = a, *y = b;
    if (x->span->parent != y->span->parent) return x->span->parent < y->span->parent ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

// First of those, sorted by parent, whose parent is `parent`.
static uint32_t first_child(const Place *places, uint32_t count, uint64_t parent) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (places[middle].span->parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Depth first, with places to go on at instead of recursion: a chain of parents may be long.
static void add_tree(ChBuffer *out, const Place *places, uint32_t count) {
    typedef struct Level {
        uint32_t at;
        uint64_t parent;
    } Level;
    CH_ARRAY_OF(Level) levels = {0};
    ch_array_push(&levels, (Level){first_child(places, count, 0), 0});
    while (levels.count) {
        Level *level = &ch_array_last(&levels);
        if (level->at >= count || places[level->at].span->parent != level->parent) {
            levels.count--;
            continue;
        }
        const ChSpan *span = places[level->at++].span;
        add_line(out, span, levels.count - 1);
        ch_array_push(&levels, (Level){first_child(places, count, span->id), span->id});
    }
    ch_array_release(&levels);
}

void ch_trace_summary(ChVm *vm, ChBuffer *out) {
    uint32_t count = ch_span_count(vm);
    if (!count) {
        ch_buffer_add_text(out, "No spans recorded.");
        return;
    }
    Place *places = ch_alloc(count * sizeof *places);
    int64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        places[i] = (Place){ch_span_at(vm, i), i};
        if (!places[i].span->parent) total += ch__span_duration_ms(places[i].span);
    }
    qsort(places, count, sizeof *places, by_parent);
    ch_buffer_printf(out, "Trace: %u spans, %" PRId64 "ms total\n", count, total);
    if (vm->tracer->dropped) ch_buffer_printf(out, "\n(%" PRIu64 " older spans were dropped)", vm->tracer->dropped);
    add_tree(out, places, count);
    ch_free(places);
}
