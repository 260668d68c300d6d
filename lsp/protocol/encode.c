/* See encode.h. */
#include "protocol/encode.h"

#include "base/alloc.h"
#include "session/uri.h"

static void add_position(ChBuffer *out, ChLspPosition position)
{
    ch_buffer_printf(out, "{\"line\":%u,\"character\":%u}", position.line, position.character);
}

void ch_encode_lsp_range(ChBuffer *out, ChLspRange range)
{
    ch_buffer_add_text(out, "{\"start\":");
    add_position(out, range.start);
    ch_buffer_add_text(out, ",\"end\":");
    add_position(out, range.end);
    ch_buffer_add_byte(out, '}');
}

void ch_encode_range(ChBuffer *out, ChLineCursor *cursor, ChRange range)
{
    ChLspPosition start = ch_line_cursor_position(cursor, range.start);
    ChLineCursor behind = *cursor; /* the next range may begin inside this one */
    ch_encode_lsp_range(out, (ChLspRange){start, ch_line_cursor_position(&behind, range.end)});
}

void ch_encode_location(ChBuffer *out, const char *uri, ChLspRange range)
{
    ch_buffer_add_text(out, "{\"uri\":");
    ch_buffer_add_json(out, ch_str_of(uri));
    ch_buffer_add_text(out, ",\"range\":");
    ch_encode_lsp_range(out, range);
    ch_buffer_add_byte(out, '}');
}

void ch_encode_place(ChBuffer *out, const char *uri, ChLineCursor *cursor, ChRange range)
{
    ch_buffer_add_text(out, "{\"uri\":");
    ch_buffer_add_json(out, ch_str_of(uri));
    ch_buffer_add_text(out, ",\"range\":");
    ch_encode_range(out, cursor, range);
    ch_buffer_add_byte(out, '}');
}

int ch_encode_symbol_kind(ChSymbolKind kind)
{
    static const int kinds[CH_SYMBOL_KIND_COUNT] = {
        [CH_SYMBOL_VARIABLE] = 13, [CH_SYMBOL_CONSTANT] = 14, [CH_SYMBOL_PARAMETER] = 13,  [CH_SYMBOL_FUNCTION] = 12,
        [CH_SYMBOL_METHOD] = 6,    [CH_SYMBOL_PIPELINE] = 12, [CH_SYMBOL_TOOL] = 12,       [CH_SYMBOL_SKILL] = 5,
        [CH_SYMBOL_EVAL_PACK] = 5, [CH_SYMBOL_STRUCT] = 23,   [CH_SYMBOL_ENUM] = 10,       [CH_SYMBOL_INTERFACE] = 11,
        [CH_SYMBOL_TYPE_ALIAS] = 5, [CH_SYMBOL_TYPE_PARAMETER] = 26, [CH_SYMBOL_FIELD] = 8, [CH_SYMBOL_VARIANT] = 22,
        [CH_SYMBOL_MODULE] = 2,
    };
    return kinds[kind];
}

static void add_related(ChBuffer *out, ChLineCursor *cursor, const char *uri, const ChRelatedNote *notes,
                        ChEncoding encoding)
{
    ch_buffer_add_text(out, ",\"relatedInformation\":[");
    for (const ChRelatedNote *note = notes; note; note = note->next) {
        char *other_uri = NULL;
        ch_buffer_add_text(out, "{\"location\":");
        if (note->source) {
            ChLines lines = {0};
            ch_lines_build(&lines, note->source->text);
            ChLspRange range = {
                ch_lines_position(&lines, note->source->text, encoding, note->range.start),
                ch_lines_position(&lines, note->source->text, encoding, note->range.end),
            };
            ch_lines_release(&lines);
            other_uri = ch_uri_of_path(note->source->path);
            ch_encode_location(out, other_uri, range);
        } else {
            ChLineCursor own = *cursor;
            ch_buffer_add_text(out, "{\"uri\":");
            ch_buffer_add_json(out, ch_str_of(uri));
            ch_buffer_add_text(out, ",\"range\":");
            ch_encode_range(out, &own, note->range);
            ch_buffer_add_byte(out, '}');
        }
        ch_free(other_uri);
        ch_buffer_add_text(out, ",\"message\":");
        ch_buffer_add_json(out, note->message);
        ch_buffer_add_text(out, note->next ? "}," : "}");
    }
    ch_buffer_add_byte(out, ']');
}

void ch_encode_diagnostic(ChBuffer *out, ChLineCursor *cursor, const char *uri, const ChDiagnostic *diagnostic,
                          ChDiagnosticStyle style, ChEncoding encoding)
{
    static const int severities[] = {
        [CH_SEVERITY_ERROR] = 1, [CH_SEVERITY_WARNING] = 2, [CH_SEVERITY_INFO] = 3, [CH_SEVERITY_HINT] = 4};
    ch_buffer_add_text(out, "{\"range\":");
    ch_encode_range(out, cursor, diagnostic->range);
    ch_buffer_printf(out, ",\"severity\":%d,\"source\":\"harn\"", severities[diagnostic->severity]);
    if (diagnostic->code.length) {
        ch_buffer_add_text(out, ",\"code\":");
        ch_buffer_add_json(out, diagnostic->code);
    }
    ChBuffer message = {0};
    ch_buffer_add_str(&message, diagnostic->message);
    if (diagnostic->help.length) {
        ch_buffer_add_text(&message, "\nhelp: ");
        ch_buffer_add_str(&message, diagnostic->help);
    }
    ch_buffer_add_text(out, ",\"message\":");
    ch_buffer_add_json(out, ch_buffer_view(&message));
    ch_buffer_release(&message);
    if (style.has_tags && (diagnostic->is_unnecessary || diagnostic->is_deprecated))
        ch_buffer_printf(out, ",\"tags\":[%s]", diagnostic->is_unnecessary ? diagnostic->is_deprecated ? "1,2" : "1" : "2");
    if (style.has_related_information && diagnostic->notes)
        add_related(out, cursor, uri, diagnostic->notes, encoding);
    ch_buffer_add_byte(out, '}');
}
