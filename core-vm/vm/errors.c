// Texts of errors: what `catch` sees, what an uncaught error prints, and names that were probably meant.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "vm/difference.h"
#include "vm/vm_int.h"

#include "base/banned.h"

#define CH_TRACE_NOTES_MAX 60u // calls listed below an uncaught error; of more, the outermost and innermost are shown
#define CH_TRACE_NOTES_OUTER 10u
#define CH_ASSERTION_BYTES_MAX 300u // of the text of an assertion whose values are compared below it

void ch_error_release(ChError *error) {
    ch_release(error->value);
    ch_trace_unref(error->trace);
    *error = (ChError){.value = CH_NIL};
}

// ---- throwing ---------------------------------------------------------------------------------------------------------

ChFlow ch_throw_error(ChVm *vm, ChErrorKind kind, ChValue take_value) {
    if (vm->has_error) ch_error_release(&vm->error);
    vm->error = (ChError){.kind = kind, .value = take_value};
    vm->has_error = true;
    return CH_THROW;
}

static ChFlow throw_format(ChVm *vm, ChErrorKind kind, const char *format, va_list args) {
    ChBuffer text = {0};
    ch_buffer_vprintf(&text, format, args);
    ChValue value = ch_str_value(text.data ? text.data : "", text.length);
    ch_buffer_release(&text);
    return ch_throw_error(vm, kind, value);
}

#define THROW_FORMAT(kind)                                 \
    do {                                                   \
        va_list args;                                      \
        va_start(args, format);                            \
        ChFlow flow = throw_format(vm, kind, format, args); \
        va_end(args);                                      \
        return flow;                                       \
    } while (0)

ChFlow ch_throw_kind(ChVm *vm, ChErrorKind kind, const char *format, ...) { THROW_FORMAT(kind); }
ChFlow ch_throw_type(ChVm *vm, const char *format, ...) { THROW_FORMAT(CH_ERROR_TYPE); }
ChFlow ch_throw_runtime(ChVm *vm, const char *format, ...) { THROW_FORMAT(CH_ERROR_RUNTIME); }
ChFlow ch_throw_text(ChVm *vm, const char *format, ...) { THROW_FORMAT(CH_ERROR_THROWN); }

ChFlow ch_throw_categorized(ChVm *vm, const char *category, const char *format, ...) {
    va_list args;
    va_start(args, format);
    throw_format(vm, CH_ERROR_CATEGORIZED, format, args);
    va_end(args);
    vm->error.category = category;
    return CH_THROW;
}

ChFlow ch_throw_value(ChVm *vm, ChValue take_value) { return ch_throw_error(vm, CH_ERROR_THROWN, take_value); }
ChFlow ch_throw_exit(ChVm *vm, int code) { return ch_throw_error(vm, CH_ERROR_EXIT, ch_int(code)); }

const ChError *ch_vm_pending_error(const ChVm *vm) { return vm->has_error ? &vm->error : NULL; }

// ---- texts ------------------------------------------------------------------------------------------------------------

// What stands before the text of an error, and whether an uncaught one is shown as a runtime error with its line.
static const struct {
    const char *prefix;
    bool has_line;
    bool is_bare; // caught, it has no prefix; uncaught, `Runtime error: ` stands before it
} kinds[] = {
    [CH_ERROR_THROWN] = {"Thrown: ", false, false},
    [CH_ERROR_RUNTIME] = {"Runtime error: ", true, false},
    [CH_ERROR_TYPE] = {"Type error: ", true, false},
    [CH_ERROR_UNDEFINED_VARIABLE] = {"Undefined variable: ", true, true},
    [CH_ERROR_UNDEFINED_BUILTIN] = {"Undefined builtin: ", true, true},
    [CH_ERROR_IMMUTABLE] = {"Cannot assign to immutable binding: ", true, true},
    [CH_ERROR_DIVISION] = {"Division by zero", true, true},
    [CH_ERROR_STACK] = {"Stack overflow: too many nested calls", true, true},
    [CH_ERROR_CATEGORIZED] = {"Error ", false, false},
    [CH_ERROR_ARITY] = {"Arity mismatch: ", false, false},
    [CH_ERROR_ARGUMENT_TYPE] = {"Type error: ", false, false},
    [CH_ERROR_EXIT] = {"exit ", false, false},
};

void ch_error_text(const ChError *error, bool with_line, ChBuffer *out) {
    uint32_t line = 0;
    if (with_line && kinds[error->kind].has_line && error->trace && error->trace->count)
        line = error->trace->entries[error->trace->count - 1].line;
    if (line && kinds[error->kind].is_bare) ch_buffer_add_text(out, "Runtime error: ");
    ch_buffer_add_text(out, kinds[error->kind].prefix);
    if (error->kind == CH_ERROR_CATEGORIZED) ch_buffer_printf(out, "[%s]: ", error->category);
    if (!ch_is_nil(error->value) || error->kind == CH_ERROR_THROWN) ch_display(error->value, out);
    if (line) ch_buffer_printf(out, " (line %u)", line);
}

ChValue ch_error_caught_value(const ChError *error) {
    if (error->kind == CH_ERROR_THROWN) return ch_retain(error->value);
    ChBuffer text = {0};
    ch_error_text(error, false, &text);
    ChValue value = ch_str_value(text.data, text.length);
    ch_buffer_release(&text);
    return value;
}

// How many characters the word at 1-based `column` has.
static uint32_t word_length(ChStr line, uint32_t column) {
    size_t at = ch_utf8_offset_of_rune(line.data, line.length, column - 1);
    uint32_t length = 0;
    while (at < line.length) {
        unsigned char byte = (unsigned char)line.data[at];
        bool is_word = byte == '_' || byte >= 0x80 || (byte >= '0' && byte <= '9') ||
                       ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!is_word) break;
        if ((byte & 0xc0) != 0x80) length++;
        at++;
    }
    return length ? length : 1;
}

static void add_excerpt(ChBuffer *out, const ChTraceEntry *at) {
    char number[16];
    int width = snprintf(number, sizeof number, "%u", at->line);
    uint32_t column = at->column ? at->column : 1;
    ch_buffer_printf(out, "%*s--> %.*s:%u:%u\n", width + 1, " ", at->file ? (int)at->file->length : 9,
                     at->file ? at->file->data : "<unknown>", at->line, column);
    const ChSource *source = at->source;
    if (!source || at->line > source->line_count) return;
    ChStr line = ch_source_line_text(source, at->line);
    if (line.length > CH_DIAGNOSTIC_LINE_CHARS_MAX * 4) return;
    ch_buffer_printf(out, "%*s |\n%*s | %.*s\n%*s | ", width + 1, " ", width + 1, number, CH_STR_ARG(line),
                     width + 1, " ");
    // Tabs before the caret stay tabs, so that it stands where the line above has its place.
    size_t offset = ch_utf8_offset_of_rune(line.data, line.length, column - 1), i = 0;
    while (i < offset) {
        uint32_t bytes;
        uint32_t rune = ch_utf8_decode(line.data + i, line.length - i, &bytes);
        if (rune == '\t')
            ch_buffer_add_byte(out, '\t');
        else
            ch_buffer_add_repeat(out, ' ', ch_utf8_cell_width(rune));
        i += bytes;
    }
    ch_buffer_add_repeat(out, '^', word_length(line, column));
    ch_buffer_add_byte(out, '\n');
}

static void add_note(ChBuffer *out, const ChTraceEntry *entry) {
    if (!entry->line) return;
    ch_buffer_add_text(out, "  = note: called from ");
    if (entry->function)
        ch_buffer_add_str(out, ch_string_view(entry->function));
    else
        ch_buffer_add_text(out, "pipeline");
    ch_buffer_add_text(out, " at ");
    if (entry->file)
        ch_buffer_add_str(out, ch_string_view(entry->file));
    else
        ch_buffer_add_text(out, "<unknown>");
    ch_buffer_printf(out, ":%u\n", entry->line);
}

// Where it arose, and the calls that led there.
static void add_calls(const ChTrace *trace, ChBuffer *out) {
    if (!trace || !trace->count) return;
    if (trace->entries[trace->count - 1].line) add_excerpt(out, &trace->entries[trace->count - 1]);
    uint32_t notes = trace->count - 1;
    for (uint32_t i = notes; i-- > 0;) {
        add_note(out, &trace->entries[i]);
        if (notes > CH_TRACE_NOTES_MAX && i == notes - (CH_TRACE_NOTES_MAX - CH_TRACE_NOTES_OUTER)) {
            ch_buffer_printf(out, "  = note: ... %u more calls ...\n", notes - CH_TRACE_NOTES_MAX);
            i = CH_TRACE_NOTES_OUTER;
        }
    }
}

// What is explained below need not be said in full.
static void shorten(ChBuffer *out, const ChAssertion *assertion) {
    size_t length = ch_utf8_floor(out->data, out->length, CH_ASSERTION_BYTES_MAX);
    int64_t line = assertion->has_values ? ch_str_find(ch_buffer_view(out), CH_STR("\n"), 0) : -1;
    if (line >= 0 && (size_t)line < length) length = (size_t)line;
    if (length >= out->length) return;
    out->length = length;
    ch_buffer_add_text(out, "\xE2\x80\xA6");
}

void ch_vm_format_error(ChVm *vm, const ChError *error, ChBuffer *out) {
    const ChAssertion *assertion = ch__assertion_of(vm, error);
    ch_buffer_add_text(out, "error: ");
    ch_error_text(error, true, out);
    if (assertion) shorten(out, assertion);
    ch_buffer_add_byte(out, '\n');
    add_calls(error->trace, out);
    if (assertion) ch__assertion_explain(assertion, out);
}

// ---- did you mean -------------------------------------------------------------------------------------------------------

ChStr ch_closest_name(ChStr name, const ChStr *candidates, uint32_t count) {
    uint32_t limit = name.length <= 2 ? 1 : name.length <= 5 ? 2 : 3, best = limit + 1;
    ChStr found = {0};
    for (uint32_t i = 0; i < count; i++) {
        ChStr candidate = candidates[i];
        if (ch_str_equal(candidate, name)) continue;
        uint32_t distance = ch_str_distance(name, candidate, limit);
        if (distance > limit || distance > best) continue;
        if (distance == best && found.length) {
            uint32_t now = candidate.length > name.length ? candidate.length - name.length
                                                          : name.length - candidate.length;
            uint32_t before = found.length > name.length ? found.length - name.length : name.length - found.length;
            if (now > before || (now == before && ch_str_compare(candidate, found) >= 0)) continue;
        }
        best = distance;
        found = candidate;
    }
    return found;
}
