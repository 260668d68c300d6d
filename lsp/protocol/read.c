/* The READ lane: from JSON to an offset, through a feature, and back to JSON. Nothing is decided here. */
#include <string.h>

#include "base/alloc.h"
#include "features/completion.h"
#include "features/definition.h"
#include "features/hover.h"
#include "features/outline.h"
#include "protocol/place.h"

/* ---- hover ---- */

void ch_lsp_hover_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "hoverProvider", true);
}

void ch_lsp_hover(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    if (!ch_place_offset(server, request, &offset))
        return;
    ChHover hover = {0};
    if (!ch_hover_at(request->snapshot, offset, server->has_markdown_hover ? CH_HOVER_MARKDOWN : CH_HOVER_PLAIN, &hover))
        return;
    ChBuffer *out = &request->result;
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ch_buffer_printf(out, "{\"contents\":{\"kind\":\"%s\",\"value\":", server->has_markdown_hover ? "markdown" : "plaintext");
    ch_buffer_add_json(out, ch_buffer_view(&hover.text));
    ch_buffer_add_text(out, "},\"range\":");
    ch_encode_range(out, &cursor, hover.range);
    ch_buffer_add_byte(out, '}');
    ch_buffer_release(&hover.text);
}

/* ---- definition ---- */

void ch_lsp_definition_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "definitionProvider", true);
}

void ch_lsp_definition(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    if (!ch_place_offset(server, request, &offset))
        return;
    const ChSnapshot *snapshot = request->snapshot;
    ChDefinition definition;
    if (!ch_definition_at(snapshot, offset, &definition))
        return;
    if (definition.source) {
        ch_place_add_location(&request->result, server, definition.source, definition.range);
        return;
    }
    ChLineCursor cursor = ch_place_cursor(server, snapshot);
    ch_encode_place(&request->result, request->document->uri.text, &cursor, definition.range);
}

/* ---- document symbols ---- */

void ch_lsp_document_symbol_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "documentSymbolProvider", true);
}

static void add_symbol_head(ChBuffer *out, const ChOutlineEntry *entry)
{
    ch_buffer_add_text(out, "{\"name\":");
    ch_buffer_add_json(out, entry->name);
    ch_buffer_printf(out, ",\"kind\":%d", ch_encode_symbol_kind(entry->kind));
    if (entry->is_deprecated)
        ch_buffer_add_text(out, ",\"tags\":[1]");
}

static void add_symbol_tree(ChServer *server, ChRequest *request, const ChOutline *outline)
{
    ChBuffer *out = &request->result;
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    uint32_t depth = 0;
    for (uint32_t i = 0; i < outline->count; i++) {
        const ChOutlineEntry *entry = &outline->entries[i];
        for (; depth > entry->depth; depth--)
            ch_buffer_add_text(out, "]}");
        if (i > 0 && outline->entries[i - 1].depth >= entry->depth)
            ch_buffer_add_byte(out, ',');
        depth = entry->depth;
        add_symbol_head(out, entry);
        if (entry->detail.length) {
            ch_buffer_add_text(out, ",\"detail\":");
            ch_buffer_add_json(out, entry->detail);
        }
        ch_buffer_add_text(out, ",\"range\":");
        ch_encode_range(out, &cursor, entry->full_range);
        ch_buffer_add_text(out, ",\"selectionRange\":");
        ch_encode_range(out, &cursor, entry->range);
        bool has_children = i + 1 < outline->count && outline->entries[i + 1].depth > entry->depth;
        ch_buffer_add_text(out, has_children ? ",\"children\":[" : "}");
    }
    for (; depth > 0; depth--)
        ch_buffer_add_text(out, "]}");
}

static void add_symbol_list(ChServer *server, ChRequest *request, const ChOutline *outline)
{
    ChBuffer *out = &request->result;
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    for (uint32_t i = 0; i < outline->count; i++) {
        const ChOutlineEntry *entry = &outline->entries[i];
        add_symbol_head(out, entry);
        if (entry->container.length) {
            ch_buffer_add_text(out, ",\"containerName\":");
            ch_buffer_add_json(out, entry->container);
        }
        ch_buffer_add_text(out, ",\"location\":{\"uri\":");
        ch_buffer_add_json(out, ch_str_of(request->document->uri.text));
        ch_buffer_add_text(out, ",\"range\":");
        ch_encode_range(out, &cursor, entry->full_range);
        ch_buffer_add_text(out, i + 1 < outline->count ? "}}," : "}}");
    }
}

void ch_lsp_document_symbol(ChServer *server, ChRequest *request)
{
    ChOutline outline = {0};
    ch_outline_of(request->snapshot, &outline);
    ch_buffer_add_byte(&request->result, '[');
    if (server->has_hierarchical_symbols)
        add_symbol_tree(server, request, &outline);
    else
        add_symbol_list(server, request, &outline);
    ch_buffer_add_byte(&request->result, ']');
    ch_outline_release(&outline);
}

/* ---- completion ---- */

void ch_lsp_completion_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *completion = ch_json_add_object(capabilities, "completionProvider");
    ch_json_append_string(ch_json_add_array(completion, "triggerCharacters"), ".");
    ch_json_add_bool(completion, "resolveProvider", false);
}

static void add_completion(const ChServer *server, ChBuffer *out, const ChCompletion *item, const ChBuffer *range)
{
    /* Numbers of the protocol's CompletionItemKind. */
    static const int kinds[CH_SYMBOL_KIND_COUNT] = {
        [CH_SYMBOL_VARIABLE] = 6,  [CH_SYMBOL_CONSTANT] = 21, [CH_SYMBOL_PARAMETER] = 6,  [CH_SYMBOL_FUNCTION] = 3,
        [CH_SYMBOL_METHOD] = 2,    [CH_SYMBOL_PIPELINE] = 3,  [CH_SYMBOL_TOOL] = 3,       [CH_SYMBOL_SKILL] = 7,
        [CH_SYMBOL_EVAL_PACK] = 7, [CH_SYMBOL_STRUCT] = 22,   [CH_SYMBOL_ENUM] = 13,      [CH_SYMBOL_INTERFACE] = 8,
        [CH_SYMBOL_TYPE_ALIAS] = 7, [CH_SYMBOL_TYPE_PARAMETER] = 25, [CH_SYMBOL_FIELD] = 5, [CH_SYMBOL_VARIANT] = 20,
        [CH_SYMBOL_MODULE] = 9,
    };
    enum { KIND_KEYWORD = 14 };
    ch_buffer_add_text(out, "{\"label\":");
    ch_buffer_add_json(out, item->name);
    ch_buffer_printf(out, ",\"kind\":%d", item->rank == CH_COMPLETION_KEYWORD ? KIND_KEYWORD : kinds[item->kind]);
    ch_buffer_printf(out, ",\"sortText\":\"%d\"", (int)item->rank);
    if (item->detail.length) {
        ch_buffer_add_text(out, ",\"detail\":");
        ch_buffer_add_json(out, item->detail);
    }
    if (item->doc.length) {
        ch_buffer_printf(out, ",\"documentation\":{\"kind\":\"%s\",\"value\":", server->has_markdown_hover ? "markdown" : "plaintext");
        ch_buffer_add_json(out, item->doc);
        ch_buffer_add_byte(out, '}');
    }
    if (item->is_deprecated)
        ch_buffer_add_text(out, ",\"tags\":[1]");
    ch_buffer_add_text(out, ",\"textEdit\":{\"range\":");
    ch_buffer_add(out, range->data, range->length);
    ch_buffer_add_text(out, ",\"newText\":");
    ch_buffer_add_json(out, item->name);
    ch_buffer_add_text(out, "}}");
}

void ch_lsp_completion(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    if (!ch_place_offset(server, request, &offset))
        return;
    ChCompletions completions = {0};
    ch_completions_at(request->snapshot, offset, &completions);
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ChBuffer range = {0};
    ch_encode_range(&range, &cursor, completions.word);
    ChBuffer *out = &request->result;
    ch_buffer_printf(out, "{\"isIncomplete\":%s,\"items\":[", completions.is_cut ? "true" : "false");
    for (uint32_t i = 0; i < completions.count; i++) {
        if (i)
            ch_buffer_add_byte(out, ',');
        add_completion(server, out, &completions.items[i], &range);
    }
    ch_buffer_add_text(out, "]}");
    ch_buffer_release(&range);
    ch_completions_release(&completions);
}
