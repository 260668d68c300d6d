// Profiles as a table, for speedscope, and as V8 writes them.
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/utf8.h"
#include "measure/profile_int.h"

#include "base/banned.h"

enum { ROWS_MAX = 25, TEXT_BYTES_MAX = 60 };

// ---- the table --------------------------------------------------------------------------------------------------------

typedef struct Row {
    uint32_t index;
    uint64_t self, total;
} Row;

static int by_self(const void *a, const void *b) {
    const Row *l = a, *r = b;
    if (l->self != r->self) return l->self > r->self ? -1 : 1;
    if (l->total != r->total) return l->total > r->total ? -1 : 1;
    return l->index < r->index ? -1 : 1;
}

// The weights of each function. In a recursion the whole counts once.
static Row *sum_functions(ChProfile *profile) {
    Row *rows = ch_alloc_zero(profile->called.count, sizeof *rows);
    uint32_t *seen = ch_alloc_zero(profile->called.count, sizeof *seen); // the last node that was counted, + 1
    for (uint32_t i = 0; i < profile->called.count; i++) rows[i].index = i;
    for (uint32_t i = 1; i < profile->nodes.count; i++) {
        uint64_t weight = profile->nodes.items[i].self;
        if (!weight) continue;
        rows[profile->nodes.items[i].called].self += weight;
        for (uint32_t at = i; at; at = profile->nodes.items[at].parent) {
            uint32_t called = profile->nodes.items[at].called;
            if (seen[called] == i + 1) continue;
            seen[called] = i + 1;
            rows[called].total += weight;
        }
    }
    ch_free(seen);
    return rows;
}

static double share(const ChProfile *profile, uint64_t weight) {
    return profile->total ? 100.0 * (double)weight / (double)profile->total : 0;
}

static void add_cell(const ChProfile *profile, uint64_t weight, double percent, ChBuffer *out) {
    ChBuffer text = {0};
    ch__profile_add_weight(profile, weight, &text);
    ch_buffer_printf(out, "%5.1f %% %10.*s  ", percent, (int)text.length, text.data);
    ch_buffer_release(&text);
}

static void add_place(ChStr file, uint32_t line, ChBuffer *out) {
    if (file.length) ch_buffer_printf(out, "%.*s:%u", CH_STR_ARG(file), line);
}

static void table_functions(ChProfile *profile, const char *bold, const char *plain, ChBuffer *out) {
    Row *rows = sum_functions(profile);
    qsort(rows, profile->called.count, sizeof *rows, by_self);
    ch_buffer_printf(out, "%s%-20s%-20sfunction%s\n", bold, "   self", "   total", plain);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < profile->called.count && shown < ROWS_MAX; i++) {
        const ChCalled *called = &profile->called.items[rows[i].index];
        if (!rows[i].total || rows[i].index == 0) continue;
        add_cell(profile, rows[i].self, share(profile, rows[i].self), out);
        add_cell(profile, rows[i].total, share(profile, rows[i].total), out);
        ch_buffer_printf(out, "%.*s  ", CH_STR_ARG(called->name));
        add_place(called->file, called->line, out);
        while (out->data[out->length - 1] == ' ') out->length--;
        ch_buffer_add_byte(out, '\n');
        shown++;
    }
    ch_free(rows);
}

static int by_weight(const void *a, const void *b) {
    const ChLineCost *l = a, *r = b;
    if (l->weight != r->weight) return l->weight > r->weight ? -1 : 1;
    int order = ch_str_compare(l->file, r->file);
    return order ? order : l->line < r->line ? -1 : l->line > r->line;
}

static void table_lines(ChProfile *profile, const char *bold, const char *plain, ChBuffer *out) {
    uint32_t count = profile->lines.count;
    ChLineCost *lines = ch_alloc_copy(profile->lines.items, count * sizeof *lines);
    qsort(lines, count, sizeof *lines, by_weight);
    uint64_t sum = 0; // of memory all is counted, and the stacks are a sample
    for (uint32_t i = 0; i < count; i++) sum += lines[i].weight;
    bool is_memory = profile->kind == CH_PROFILE_MEMORY;
    ch_buffer_printf(out, "\n%s%-20s%sline%s\n", bold, is_memory ? "   bytes" : "   self", is_memory ? "allocations  " : "",
                     plain);
    for (uint32_t i = 0; i < count && i < ROWS_MAX && lines[i].weight; i++) {
        add_cell(profile, lines[i].weight, sum ? 100.0 * (double)lines[i].weight / (double)sum : 0, out);
        if (is_memory) ch_buffer_printf(out, "%11" PRIu64 "  ", lines[i].count);
        add_place(lines[i].file, lines[i].line, out);
        if (lines[i].source) {
            ChStr text = ch_str_trim(ch_source_line_text(lines[i].source, lines[i].line));
            bool is_long = text.length > TEXT_BYTES_MAX;
            if (is_long) text.length = (uint32_t)ch_utf8_floor(text.data, text.length, TEXT_BYTES_MAX);
            ch_buffer_printf(out, "  %.*s%s", CH_STR_ARG(text), is_long ? "\xE2\x80\xA6" : "");
        }
        ch_buffer_add_byte(out, '\n');
    }
    ch_free(lines);
}

void ch_profile_table(ChProfile *profile, ChColorMode color, ChBuffer *out) {
    const char *bold = color == CH_COLOR_ALWAYS ? "\033[1m" : "", *plain = color == CH_COLOR_ALWAYS ? "\033[0m" : "";
    bool is_memory = profile->kind == CH_PROFILE_MEMORY;
    ch_buffer_printf(out, "%s%s profile%s: ", bold, is_memory ? "memory" : "CPU", plain);
    ch__profile_add_weight(profile, profile->total, out);
    ch_buffer_printf(out, "%s, %" PRIu64 " samples\n\n", is_memory ? " allocated" : "", profile->looks);
    if (profile->looks) table_functions(profile, bold, plain, out);
    if (profile->lines.count) table_lines(profile, bold, plain, out);
}

// ---- speedscope -------------------------------------------------------------------------------------------------------

static void add_stack(const ChProfile *profile, uint32_t node, ChBuffer *out) {
    uint32_t path[1024], depth = 0; // a stack is bounded when it is taken
    for (uint32_t at = node; at && depth < 1024; at = profile->nodes.items[at].parent)
        path[depth++] = profile->nodes.items[at].called;
    ch_buffer_add_byte(out, '[');
    while (depth-- > 0) ch_buffer_printf(out, depth ? "%u," : "%u", path[depth] - 1);
    ch_buffer_add_byte(out, ']');
}

void ch_profile_speedscope(ChProfile *profile, ChBuffer *out) {
    bool is_memory = profile->kind == CH_PROFILE_MEMORY;
    ch_buffer_add_text(out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"exporter\":\"charn "
                            CHARN_VERSION "\",\"shared\":{\"frames\":[");
    for (uint32_t i = 1; i < profile->called.count; i++) { // 0 is the root
        const ChCalled *called = &profile->called.items[i];
        ch_buffer_add_text(out, i > 1 ? ",\n{\"name\":" : "\n{\"name\":");
        ch_buffer_add_json(out, called->name);
        if (called->file.length) {
            ch_buffer_add_text(out, ",\"file\":");
            ch_buffer_add_json(out, called->file);
            ch_buffer_printf(out, ",\"line\":%u", called->line);
        }
        ch_buffer_add_byte(out, '}');
    }
    ch_buffer_printf(out,
                     "\n]},\"profiles\":[{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"%s\",\"startValue\":0,\"endValue\":"
                     "%" PRIu64 ",\"samples\":[",
                     is_memory ? "allocated memory" : "CPU time", is_memory ? "bytes" : "nanoseconds", profile->total);
    for (uint32_t i = 0; i < profile->samples.count; i++) {
        ch_buffer_add_text(out, i ? ",\n" : "\n");
        add_stack(profile, profile->samples.items[i].node, out);
    }
    ch_buffer_add_text(out, "\n],\"weights\":[");
    for (uint32_t i = 0; i < profile->samples.count; i++)
        ch_buffer_printf(out, i ? ",%" PRIu64 : "%" PRIu64, profile->samples.items[i].weight);
    ch_buffer_add_text(out, "]}]}\n");
}

// ---- V8 ---------------------------------------------------------------------------------------------------------------

// Samples in order of their node, then of their line.
static int by_node(const void *a, const void *b) {
    const ChSample *l = a, *r = b;
    if (l->node != r->node) return l->node < r->node ? -1 : 1;
    return l->line < r->line ? -1 : l->line > r->line;
}

// Lines of a function's own, and how many samples were on them. What a builtin takes is the caller's line, not its own.
static void add_ticks(const ChProfile *profile, const ChSample *samples, uint32_t count, ChBuffer *out) {
    uint32_t hits = 0;
    bool is_first = true;
    ChBuffer ticks = {0};
    for (uint32_t i = 0; i < count;) {
        uint32_t same = i, looks = 0;
        for (; same < count && samples[same].line == samples[i].line; same++) looks += samples[same].looks;
        hits += looks;
        const ChCalled *called = &profile->called.items[profile->nodes.items[samples[i].node].called];
        if (samples[i].line != UINT32_MAX && called->kind == CH_CALLED_PROGRAM) {
            uint32_t line = profile->lines.items[samples[i].line].line;
            ch_buffer_printf(&ticks, "%s{\"line\":%u,\"ticks\":%u}", is_first ? "" : ",", line, looks);
            is_first = false;
        }
        i = same;
    }
    ch_buffer_printf(out, ",\"hitCount\":%u,\"positionTicks\":[%.*s]", hits, (int)ticks.length, ticks.data ? ticks.data : "");
    ch_buffer_release(&ticks);
}

// Editors find the text by it.
static void add_url(const ChProfile *profile, const ChCalled *called, ChBuffer *out) {
    if (called->kind != CH_CALLED_PROGRAM) {
        ch_buffer_add_json(out, called->file);
        return;
    }
    ch_buffer_add_text(out, "\"file://");
    ChStr parts[] = {ch_path_is_absolute(called->file) ? (ChStr){0} : profile->folder, called->file};
    for (int p = 0; p < 2; p++) {
        if (p == 1 && parts[0].length) ch_buffer_add_byte(out, '/');
        for (uint32_t i = 0; i < parts[p].length; i++) {
            unsigned char c = (unsigned char)parts[p].data[i];
            bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
            bool is_plain = is_letter || (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '-' || c == '_';
            ch_buffer_printf(out, is_plain ? "%c" : "%%%02X", c);
        }
    }
    ch_buffer_add_byte(out, '"');
}

static void add_node(const ChProfile *profile, uint32_t index, ChBuffer *out) {
    const ChCalled *called = &profile->called.items[profile->nodes.items[index].called];
    ch_buffer_printf(out, "%s{\"id\":%u,\"callFrame\":{\"functionName\":", index ? ",\n" : "\n", index + 1);
    ch_buffer_add_json(out, index ? called->name : CH_STR("(root)"));
    ch_buffer_add_text(out, ",\"scriptId\":\"0\",\"url\":");
    add_url(profile, called, out);
    ch_buffer_printf(out, ",\"lineNumber\":%d,\"columnNumber\":0}", called->line ? (int)called->line - 1 : -1);
}

void ch_profile_cpuprofile(ChProfile *profile, ChBuffer *out) {
    uint32_t count = profile->samples.count, nodes = profile->nodes.count;
    ChSample *sorted = ch_alloc_copy(profile->samples.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_node);
    // Children of a node, as a list through their siblings.
    uint32_t *first = ch_alloc_zero(nodes, sizeof *first), *next = ch_alloc_zero(nodes, sizeof *next);
    for (uint32_t i = nodes; i-- > 1;) {
        next[i] = first[profile->nodes.items[i].parent];
        first[profile->nodes.items[i].parent] = i;
    }
    ch_buffer_add_text(out, "{\"nodes\":[");
    for (uint32_t i = 0, at = 0; i < nodes; i++) {
        uint32_t begin = at;
        while (at < count && sorted[at].node == i) at++;
        add_node(profile, i, out);
        add_ticks(profile, sorted + begin, at - begin, out);
        ch_buffer_add_text(out, ",\"children\":[");
        for (uint32_t child = first[i]; child; child = next[child])
            ch_buffer_printf(out, child == first[i] ? "%u" : ",%u", child + 1);
        ch_buffer_add_text(out, "]}");
    }
    ch_buffer_printf(out, "\n],\"startTime\":0,\"endTime\":%" PRIu64 ",\"samples\":[", profile->total / 1000);
    for (uint32_t i = 0; i < count; i++) ch_buffer_printf(out, i ? ",%u" : "%u", profile->samples.items[i].node + 1);
    ch_buffer_add_text(out, "],\"timeDeltas\":[");
    // A delta is the time before its sample; so each weight belongs to the one behind it.
    for (uint32_t i = 0; i < count; i++)
        ch_buffer_printf(out, i ? ",%" PRIu64 : "%" PRIu64, i ? profile->samples.items[i - 1].weight / 1000 : 0);
    ch_buffer_add_text(out, "]}\n");
    ch_free(sorted);
    ch_free(first);
    ch_free(next);
}
