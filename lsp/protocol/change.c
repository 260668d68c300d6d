/* Changing a text: layout, and the mends of diagnostics. */
#include <string.h>

#include "features/fixes.h"
#include "protocol/place.h"

static void add_edit(ChBuffer *out, ChLineCursor *cursor, ChRange range, ChStr text)
{
    ch_buffer_add_text(out, "{\"range\":");
    ch_encode_range(out, cursor, range);
    ch_buffer_add_text(out, ",\"newText\":");
    ch_buffer_add_json(out, text);
    ch_buffer_add_byte(out, '}');
}

/* ---- layout ---- */

void ch_lsp_formatting_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "documentFormattingProvider", true);
}

void ch_lsp_range_formatting_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "documentRangeFormattingProvider", true);
}

void ch_lsp_on_type_formatting_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *provider = ch_json_add_object(capabilities, "documentOnTypeFormattingProvider");
    ch_json_add_string(provider, "firstTriggerCharacter", "}");
}

static void format_lines(ChServer *server, ChRequest *request, uint32_t first_line, uint32_t last_line)
{
    ChLayoutChange change;
    ch_buffer_add_byte(&request->result, '[');
    if (ch_layout_change(request->snapshot, first_line, last_line, &change)) {
        ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
        add_edit(&request->result, &cursor, change.range, ch_buffer_view(&change.text));
        ch_buffer_release(&change.text);
    }
    ch_buffer_add_byte(&request->result, ']');
}

void ch_lsp_formatting(ChServer *server, ChRequest *request)
{
    format_lines(server, request, 0, 0);
}

void ch_lsp_range_formatting(ChServer *server, ChRequest *request)
{
    ChRange range;
    if (!ch_place_read_range(server, request, ch_json_get(request->params, "range"), &range))
        return;
    const ChLines *lines = &request->snapshot->lines;
    uint32_t last = ch_lines_find(lines, range.end);
    /* A selection of whole lines ends at the beginning of the next one. */
    if (last > ch_lines_find(lines, range.start) && lines->starts[last] == range.end)
        last--;
    format_lines(server, request, ch_lines_find(lines, range.start) + 1, last + 1);
}

void ch_lsp_on_type_formatting(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    if (!ch_place_offset(server, request, &offset))
        return;
    uint32_t line = ch_lines_find(&request->snapshot->lines, offset);
    format_lines(server, request, line + 1, line + 1);
}

/* ---- code actions ---- */

void ch_lsp_code_action_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *kinds = ch_json_add_array(ch_json_add_object(capabilities, "codeActionProvider"), "codeActionKinds");
    ch_json_append_string(kinds, "quickfix");
    ch_json_append_string(kinds, "source.fixAll");
}

/* Does the client want actions of the kind? A wanted kind stands for all below it. */
static bool is_wanted(const cJSON *only, const char *kind)
{
    if (!cJSON_IsArray(only))
        return true;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, only)
    {
        const char *wanted = ch_json_string(item);
        size_t length = wanted ? strlen(wanted) : 0;
        if (wanted && strncmp(kind, wanted, length) == 0 && (kind[length] == '\0' || kind[length] == '.' || length == 0))
            return true;
    }
    return false;
}

static void begin_action(ChBuffer *out, const ChRequest *request, ChStr title, const char *kind, bool *is_first)
{
    ch_buffer_add_text(out, *is_first ? "{\"title\":" : ",{\"title\":");
    *is_first = false;
    ch_buffer_add_json(out, title);
    ch_buffer_printf(out, ",\"kind\":\"%s\",\"edit\":{\"changes\":{", kind);
    ch_buffer_add_json(out, ch_str_of(request->document->uri.text));
    ch_buffer_add_text(out, ":[");
}

static void add_quick_fixes(ChServer *server, ChRequest *request, ChRange range, bool *is_first)
{
    ChBuffer *out = &request->result;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    ChFixOffers offers = {0};
    ch_fixes_in(request->snapshot, range, &list, &offers);
    ChDiagnosticStyle style = {server->has_related_information, server->has_diagnostic_tags};
    for (uint32_t i = 0; i < offers.count; i++) {
        const ChFixOffer *offer = &offers.items[i];
        begin_action(out, request, offer->fix->title, "quickfix", is_first);
        for (const ChTextEdit *edit = offer->fix->edits; edit; edit = edit->next) {
            ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
            ch_buffer_add_text(out, edit == offer->fix->edits ? "" : ",");
            add_edit(out, &cursor, edit->range, edit->text);
        }
        ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
        bool is_first_fix = offer->fix == offer->diagnostic->fixes;
        ch_buffer_printf(out, "]}},\"isPreferred\":%s,\"diagnostics\":[", is_first_fix ? "true" : "false");
        ch_encode_diagnostic(out, &cursor, request->document->uri.text, offer->diagnostic, style, server->session.encoding);
        ch_buffer_add_text(out, "]}");
    }
    ch_array_release(&offers);
    ch_diagnostics_release(&list);
    ch_arena_release(&arena);
}

static void add_fix_all(ChServer *server, ChRequest *request, bool *is_first)
{
    ChBuffer *out = &request->result;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    ChEdits edits = {0};
    ch_fixes_all(request->snapshot, &list, &edits);
    if (edits.count) {
        ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
        begin_action(out, request, CH_STR("Apply all safe fixes"), "source.fixAll", is_first);
        for (uint32_t i = 0; i < edits.count; i++) {
            ch_buffer_add_text(out, i ? "," : "");
            add_edit(out, &cursor, edits.items[i]->range, edits.items[i]->text);
        }
        ch_buffer_add_text(out, "]}}}");
    }
    ch_array_release(&edits);
    ch_diagnostics_release(&list);
    ch_arena_release(&arena);
}

void ch_lsp_code_action(ChServer *server, ChRequest *request)
{
    ChRange range;
    if (!ch_place_read_range(server, request, ch_json_get(request->params, "range"), &range))
        return;
    const cJSON *only = ch_json_path(request->params, "context.only");
    bool is_first = true;
    ch_buffer_add_byte(&request->result, '[');
    if (request->document->is_harn && is_wanted(only, "quickfix"))
        add_quick_fixes(server, request, range, &is_first);
    if (request->document->is_harn && cJSON_IsArray(only) && is_wanted(only, "source.fixAll"))
        add_fix_all(server, request, &is_first);
    ch_buffer_add_byte(&request->result, ']');
}
