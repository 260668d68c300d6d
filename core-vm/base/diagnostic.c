/* See diagnostic.h. The rendering follows the reference's layout: a header line, the
 * place, the source line with a caret under the first character, and the help.
 * Long lines are shown as an extract, so that a minified file stays readable. */
#include "base/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/limits.h"
#include "base/utf8.h"

#include "base/banned.h"

void ch_diagnostics_init(ChDiagnosticList *list, ChArena *arena) {
    *list = (ChDiagnosticList){.arena = arena};
}

void ch_diagnostics_release(ChDiagnosticList *list) {
    ch_free(list->items);
    *list = (ChDiagnosticList){0};
}

static ChStr format_text(ChArena *arena, const char *format, va_list args) {
    ChBuffer text = {0};
    ch_buffer_vprintf(&text, format, args);
    ChStr copy = ch_str_copy(arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return copy;
}

static void push(ChDiagnosticList *list, ChDiagnostic *diagnostic) {
    if (list->count >= CH_DIAGNOSTICS_MAX) {
        list->dropped++;
        return;
    }
    if (list->count == list->capacity)
        list->items =
            ch__array_grow(list->items, &list->capacity, (size_t)list->count + 1, sizeof *list->items);
    list->items[list->count++] = diagnostic;
    list->error_count += diagnostic->severity == CH_SEVERITY_ERROR;
    list->warning_count += diagnostic->severity == CH_SEVERITY_WARNING;
}

ChDiagnostic *ch_diagnostic_add(ChDiagnosticList *list, ChSeverity severity, const char *code, ChRange range,
                                const char *format, ...) {
    ChDiagnostic *diagnostic = CH_ARENA_NEW(list->arena, ChDiagnostic);
    diagnostic->severity = severity;
    diagnostic->code = ch_str_of(code);
    diagnostic->range = range;
    va_list args;
    va_start(args, format);
    diagnostic->message = format_text(list->arena, format, args);
    va_end(args);
    push(list, diagnostic);
    return diagnostic;
}

void ch_diagnostic_help(ChDiagnosticList *list, ChDiagnostic *diagnostic, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diagnostic->help = format_text(list->arena, format, args);
    va_end(args);
}

void ch_diagnostic_label(ChDiagnosticList *list, ChDiagnostic *diagnostic, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diagnostic->label = format_text(list->arena, format, args);
    va_end(args);
}

void ch_diagnostic_note(ChDiagnosticList *list, ChDiagnostic *diagnostic, const ChSource *source,
                        ChRange range, const char *format, ...) {
    ChRelatedNote *note = CH_ARENA_NEW(list->arena, ChRelatedNote);
    note->range = range;
    note->source = source;
    va_list args;
    va_start(args, format);
    note->message = format_text(list->arena, format, args);
    va_end(args);
    ChRelatedNote **end = &diagnostic->notes;
    while (*end)
        end = &(*end)->next;
    *end = note;
}

ChFix *ch_diagnostic_fix(ChDiagnosticList *list, ChDiagnostic *diagnostic, const char *format, ...) {
    ChFix *fix = CH_ARENA_NEW(list->arena, ChFix);
    va_list args;
    va_start(args, format);
    fix->title = format_text(list->arena, format, args);
    va_end(args);
    ChFix **end = &diagnostic->fixes;
    while (*end)
        end = &(*end)->next;
    *end = fix;
    return fix;
}

void ch_fix_edit(ChDiagnosticList *list, ChFix *fix, ChRange range, ChStr text) {
    ChTextEdit *edit = CH_ARENA_NEW(list->arena, ChTextEdit);
    edit->range = range;
    edit->text = ch_str_copy(list->arena, text);
    ChTextEdit **end = &fix->edits;
    while (*end)
        end = &(*end)->next;
    *end = edit;
}

static int compare_places(const ChDiagnostic *a, const ChDiagnostic *b) {
    if (a->range.start != b->range.start) return a->range.start < b->range.start ? -1 : 1;
    if (a->range.end != b->range.end) return a->range.end < b->range.end ? -1 : 1;
    return (a->severity > b->severity) - (a->severity < b->severity);
}

/* A merge sort from the bottom up: stable, and without state for a callback. */
void ch_diagnostics_sort(ChDiagnosticList *list) {
    uint32_t count = list->count;
    if (count < 2) return;
    ChDiagnostic **from = list->items;
    ChDiagnostic **to = ch_alloc(count * sizeof *to), **spare = to;
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t low = 0; low < count; low += 2 * width) {
            uint32_t middle = low + width < count ? low + width : count;
            uint32_t high = low + 2 * width < count ? low + 2 * width : count;
            uint32_t i = low, j = middle;
            for (uint32_t k = low; k < high; k++) {
                bool left = i < middle && (j >= high || compare_places(from[i], from[j]) <= 0);
                to[k] = left ? from[i++] : from[j++];
            }
        }
        ChDiagnostic **swap = from;
        from = to;
        to = swap;
    }
    if (from != list->items) memcpy(list->items, from, count * sizeof *from);
    ch_free(spare);
}

void ch_diagnostics_append(ChDiagnosticList *list, const ChDiagnosticList *from) {
    for (uint32_t i = 0; i < from->count; i++)
        push(list, from->items[i]);
    list->dropped += from->dropped;
}

ChColorMode ch_color_mode_of(int descriptor) {
    const char *no_color = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    if (no_color && *no_color) return CH_COLOR_NEVER;
    bool is_forced = force && *force && !(force[0] == '0' && !force[1]);
    return is_forced || isatty(descriptor) ? CH_COLOR_ALWAYS : CH_COLOR_NEVER;
}

const char *ch_severity_name(ChSeverity severity) {
    static const char *const NAMES[] = {"error", "warning", "info", "hint"};
    return NAMES[severity];
}

#define STYLE_RESET "\033[0m"
#define STYLE_GUTTER "\033[34m"
#define STYLE_HELP "\033[1;36m"
#define STYLE_NOTE "\033[1;35m"

static const char *severity_style(ChSeverity severity) {
    static const char *const STYLES[] = {"\033[1;31m", "\033[1;33m", "\033[1;36m", "\033[1;36m"};
    return STYLES[severity];
}

static void add_styled(ChBuffer *out, ChColorMode color, const char *style, const char *text) {
    if (color == CH_COLOR_ALWAYS)
        ch_buffer_printf(out, "%s%s%s", style, text, STYLE_RESET);
    else
        ch_buffer_add_text(out, text);
}

static uint32_t digits_of(uint32_t number) {
    uint32_t digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

/* Control characters must not reach a terminal: a source text may hold escape
 * sequences that rewrite the screen. A tab counts as one cell, shown as a blank. */
static uint32_t add_visible(ChBuffer *out, ChStr text) {
    uint32_t cells = 0;
    for (uint32_t i = 0; i < text.length;) {
        uint32_t width, rune = ch_utf8_decode(text.data + i, text.length - i, &width);
        i += width;
        if (rune == '\t')
            rune = ' ';
        else if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0))
            rune = CH_RUNE_BAD;
        ch_buffer_add_rune(out, rune);
        cells += ch_utf8_cell_width(rune);
    }
    return cells;
}

static uint32_t cells_of(ChStr text) {
    uint32_t cells = 0;
    for (uint32_t i = 0; i < text.length;) {
        uint32_t width, rune = ch_utf8_decode(text.data + i, text.length - i, &width);
        i += width;
        cells += rune < 0x20 ? 1 : ch_utf8_cell_width(rune);
    }
    return cells;
}

static void add_gutter(ChBuffer *out, ChColorMode color, uint32_t width) {
    ch_buffer_add_repeat(out, ' ', width + 2);
    add_styled(out, color, STYLE_GUTTER, "|");
}

/* The line of `range`, and carets under the part of the range that lies in it. */
static void add_excerpt(ChBuffer *out, const ChSource *source, ChRange range, ChColorMode color,
                        const char *style, ChStr label, uint32_t width) {
    ChPosition at = ch_source_position(source, range.start);
    ChStr line = ch_source_line_text(source, at.line);
    uint32_t start = range.start - ch_source_line_start(source, at.line);
    if (start > line.length) start = line.length;
    uint32_t end = range.end > range.start ? start + (range.end - range.start) : start;
    if (end > line.length) end = line.length;
    const char *before = "", *behind = "";
    uint32_t from = 0, to = line.length;
    if (to > CH_DIAGNOSTIC_LINE_CHARS_MAX) {
        uint32_t lead = CH_DIAGNOSTIC_LINE_CHARS_MAX / 2;
        from = start > lead ? (uint32_t)ch_utf8_floor(line.data, line.length, start - lead) : 0;
        to = from + CH_DIAGNOSTIC_LINE_CHARS_MAX < to
                 ? (uint32_t)ch_utf8_floor(line.data, line.length, from + CH_DIAGNOSTIC_LINE_CHARS_MAX)
                 : to;
        before = from ? "..." : "";
        behind = to < line.length ? "..." : "";
        if (end > to) end = to;
    }
    add_gutter(out, color, width);
    ch_buffer_add_byte(out, '\n');
    ch_buffer_printf(out, " %*u ", (int)width, at.line);
    add_styled(out, color, STYLE_GUTTER, "|");
    ch_buffer_printf(out, " %s", before);
    add_visible(out, ch_str_slice(line.data + from, to - from));
    ch_buffer_printf(out, "%s\n", behind);
    add_gutter(out, color, width);
    uint32_t lead = cells_of(ch_str_slice(line.data + from, start - from)) + (*before ? 3 : 0);
    ch_buffer_add_repeat(out, ' ', lead + 1);
    uint32_t carets = end > start ? cells_of(ch_str_slice(line.data + start, end - start)) : 1;
    if (color == CH_COLOR_ALWAYS) ch_buffer_add_text(out, style);
    ch_buffer_add_repeat(out, '^', carets ? carets : 1);
    if (color == CH_COLOR_ALWAYS) ch_buffer_add_text(out, STYLE_RESET);
    if (label.length) {
        ch_buffer_add_byte(out, ' ');
        ch_buffer_add_str(out, label);
    }
    ch_buffer_add_byte(out, '\n');
}

static void add_place(ChBuffer *out, const ChSource *source, ChPosition at, ChColorMode color,
                      uint32_t width) {
    ch_buffer_add_repeat(out, ' ', width + 1);
    add_styled(out, color, STYLE_GUTTER, "-->");
    ch_buffer_printf(out, " %.*s:%u:%u\n", CH_STR_ARG(source->path), at.line, at.column);
}

void ch_diagnostic_render(const ChDiagnostic *diagnostic, const ChSource *source, ChColorMode color,
                          ChBuffer *out) {
    const char *style = severity_style(diagnostic->severity);
    ChPosition at = ch_source_position(source, diagnostic->range.start);
    uint32_t width = digits_of(at.line);
    for (const ChRelatedNote *note = diagnostic->notes; note; note = note->next) {
        const ChSource *owner = note->source ? note->source : source;
        uint32_t digits = digits_of(ch_source_line(owner, note->range.start));
        width = digits > width ? digits : width;
    }
    add_styled(out, color, style, ch_severity_name(diagnostic->severity));
    if (diagnostic->code.length) ch_buffer_printf(out, "[%.*s]", CH_STR_ARG(diagnostic->code));
    ch_buffer_add_text(out, ": ");
    ch_buffer_add_str(out, diagnostic->message);
    ch_buffer_add_byte(out, '\n');
    add_place(out, source, at, color, width);
    add_excerpt(out, source, diagnostic->range, color, style, diagnostic->label, width);
    for (const ChRelatedNote *note = diagnostic->notes; note; note = note->next) {
        const ChSource *owner = note->source ? note->source : source;
        add_styled(out, color, STYLE_NOTE, "note");
        ch_buffer_printf(out, ": %.*s\n", CH_STR_ARG(note->message));
        add_place(out, owner, ch_source_position(owner, note->range.start), color, width);
        add_excerpt(out, owner, note->range, color, STYLE_NOTE, (ChStr){0}, width);
    }
    if (diagnostic->help.length) {
        ch_buffer_add_repeat(out, ' ', width + 2);
        ch_buffer_add_text(out, "= ");
        add_styled(out, color, STYLE_HELP, "help");
        ch_buffer_printf(out, ": %.*s\n", CH_STR_ARG(diagnostic->help));
    }
}

static void add_json_member(ChBuffer *out, const char *name, ChStr text) {
    ch_buffer_printf(out, ",\"%s\":", name);
    ch_buffer_add_json(out, text);
}

static void add_json_range(ChBuffer *out, const ChSource *source, ChRange range) {
    ChPosition start = ch_source_position(source, range.start);
    ChPosition end = ch_source_position(source, range.end);
    ch_buffer_printf(out,
                     "\"span\":{\"start\":%u,\"end\":%u,\"line\":%u,\"column\":%u,"
                     "\"end_line\":%u,\"end_column\":%u}",
                     range.start, range.end, start.line, start.column, end.line, end.column);
}

static void add_json_fix(ChBuffer *out, const ChSource *source, const ChFix *fix) {
    ch_buffer_add_text(out, "{\"title\":");
    ch_buffer_add_json(out, fix->title);
    ch_buffer_printf(out, ",\"safe\":%s,\"edits\":[", fix->is_safe ? "true" : "false");
    for (const ChTextEdit *edit = fix->edits; edit; edit = edit->next) {
        ch_buffer_add_byte(out, '{');
        add_json_range(out, source, edit->range);
        add_json_member(out, "text", edit->text);
        ch_buffer_add_text(out, edit->next ? "}," : "}");
    }
    ch_buffer_add_text(out, "]}");
}

void ch_diagnostic_render_json(const ChDiagnostic *diagnostic, const ChSource *source, ChBuffer *out) {
    ch_buffer_printf(out, "{\"severity\":\"%s\"", ch_severity_name(diagnostic->severity));
    add_json_member(out, "source", CH_STR("harn"));
    if (diagnostic->code.length) add_json_member(out, "code", diagnostic->code);
    add_json_member(out, "message", diagnostic->message);
    add_json_member(out, "file", source->path);
    ch_buffer_add_byte(out, ',');
    add_json_range(out, source, diagnostic->range);
    if (diagnostic->label.length) add_json_member(out, "label", diagnostic->label);
    if (diagnostic->help.length) add_json_member(out, "help", diagnostic->help);
    if (diagnostic->notes) {
        ch_buffer_add_text(out, ",\"related\":[");
        for (const ChRelatedNote *note = diagnostic->notes; note; note = note->next) {
            const ChSource *owner = note->source ? note->source : source;
            ch_buffer_add_byte(out, '{');
            add_json_range(out, owner, note->range);
            add_json_member(out, "file", owner->path);
            add_json_member(out, "message", note->message);
            ch_buffer_add_text(out, note->next ? "}," : "}");
        }
        ch_buffer_add_byte(out, ']');
    }
    if (diagnostic->fixes) {
        ch_buffer_add_text(out, ",\"fixes\":[");
        for (const ChFix *fix = diagnostic->fixes; fix; fix = fix->next) {
            add_json_fix(out, source, fix);
            if (fix->next) ch_buffer_add_byte(out, ',');
        }
        ch_buffer_add_byte(out, ']');
    }
    ch_buffer_add_byte(out, '}');
}
