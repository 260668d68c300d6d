/* See place.h. */
#include "protocol/place.h"

#include "base/alloc.h"

enum { POSITION_MAX = 0x7fffffff };

ChLineCursor ch_place_cursor(const ChServer *server, const ChSnapshot *snapshot)
{
    return ch_line_cursor_init(&snapshot->lines, snapshot->source->text, server->session.encoding);
}

bool ch_place_read_position(const ChServer *server, ChRequest *request, const cJSON *position, uint32_t *offset)
{
    int64_t line = 0;
    int64_t character = 0;
    if (!ch_json_get_integer(position, "line", 0, POSITION_MAX, &line) ||
        !ch_json_get_integer(position, "character", 0, POSITION_MAX, &character)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "A position must hold whole, non-negative line and character.");
        return false;
    }
    const ChSnapshot *snapshot = request->snapshot;
    *offset = ch_lines_offset(&snapshot->lines, snapshot->source->text, server->session.encoding,
                              (ChLspPosition){(uint32_t)line, (uint32_t)character});
    return true;
}

bool ch_place_offset(const ChServer *server, ChRequest *request, uint32_t *offset)
{
    return ch_place_read_position(server, request, ch_json_get(request->params, "position"), offset);
}

bool ch_place_read_range(const ChServer *server, ChRequest *request, const cJSON *range, ChRange *bytes)
{
    if (!ch_place_read_position(server, request, ch_json_get(range, "start"), &bytes->start) ||
        !ch_place_read_position(server, request, ch_json_get(range, "end"), &bytes->end))
        return false;
    if (bytes->end < bytes->start) {
        uint32_t end = bytes->start;
        bytes->start = bytes->end;
        bytes->end = end;
    }
    return true;
}

static const ChDocument *find_open(const ChServer *server, ChStr path)
{
    char *key = ch_str_detach(path);
    const ChDocument *open = ch_session_find(&server->session, key);
    ch_free(key);
    return open;
}

char *ch_place_uri(const ChServer *server, ChStr path)
{
    const ChDocument *open = find_open(server, path);
    return open ? ch_str_detach(ch_str_of(open->uri.text)) : ch_uri_of_path(path);
}

void ch_place_file_init(ChPlaceFile *file, const ChServer *server, const ChSource *source)
{
    const ChDocument *open = find_open(server, source->path);
    *file = (ChPlaceFile){.uri = ch_place_uri(server, source->path)};
    ch_lines_build(&file->lines, source->text);
    file->lines.has_bom = open && ch_str_starts_with(ch_text_view(&open->text), CH_STR("\xEF\xBB\xBF"));
    file->cursor = ch_line_cursor_init(&file->lines, source->text, server->session.encoding);
}

void ch_place_file_release(ChPlaceFile *file)
{
    ch_lines_release(&file->lines);
    ch_free(file->uri);
}

void ch_place_add_location(ChBuffer *out, const ChServer *server, const ChSource *source, ChRange range)
{
    ChPlaceFile file;
    ch_place_file_init(&file, server, source);
    ch_buffer_add_text(out, "{\"uri\":");
    ch_buffer_add_json(out, ch_str_of(file.uri));
    ch_buffer_add_text(out, ",\"range\":");
    ch_encode_range(out, &file.cursor, range);
    ch_buffer_add_byte(out, '}');
    ch_place_file_release(&file);
}

void ch_place_add_item(ChBuffer *out, ChPlaceFile *file, const ChSource *source, const ChSymbol *symbol)
{
    ChRange full = symbol->full_range.end >= symbol->range.end ? symbol->full_range : symbol->range;
    if (full.start > symbol->range.start)
        full.start = symbol->range.start;
    ch_buffer_add_text(out, "{\"name\":");
    ch_buffer_add_json(out, symbol->name);
    ch_buffer_printf(out, ",\"kind\":%d,\"uri\":", ch_encode_symbol_kind(symbol->kind));
    ch_buffer_add_json(out, ch_str_of(file->uri));
    ch_buffer_add_text(out, ",\"range\":");
    ch_encode_range(out, &file->cursor, full);
    ch_buffer_add_text(out, ",\"selectionRange\":");
    ch_encode_range(out, &file->cursor, symbol->range);
    ch_buffer_add_text(out, ",\"data\":{\"path\":");
    ch_buffer_add_json(out, source->path);
    ch_buffer_printf(out, ",\"start\":%u}}", symbol->range.start);
}
