/* Requests that are answered by a search of the workspace: references, rename, call hierarchy, symbols by name. */
#include <string.h>

#include "base/alloc.h"
#include "features/references.h"
#include "features/rename.h"
#include "protocol/place.h"
#include "protocol/search.h"

enum { SYMBOLS_MAX = 512 };

static bool target_of(ChServer *server, ChRequest *request, ChTarget *target)
{
    uint32_t offset = 0;
    return ch_place_offset(server, request, &offset) && ch_target_at(request->snapshot, offset, target);
}

static const ChReference *reference_of(const ChFoundFile *file, uint32_t index, uint32_t *count)
{
    uint32_t all = 0;
    const uint32_t *places = ch_analysis_references_of(file->analysis, file->symbol, count);
    return &ch_analysis_references(file->analysis, &all)[places[index]];
}

static uint32_t reference_count(const ChFoundFile *file)
{
    uint32_t count = 0;
    ch_analysis_references_of(file->analysis, file->symbol, &count);
    return count;
}

/* ---- references ---- */

void ch_lsp_references_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "referencesProvider", true);
}

static void add_references(ChBuffer *out, ChLineCursor *cursor, const char *uri, const ChFoundFile *file, bool has_declarations,
                           bool *is_first)
{
    uint32_t count = reference_count(file);
    for (uint32_t i = 0; i < count; i++) {
        const ChReference *reference = reference_of(file, i, &count);
        if (!has_declarations && (reference->flags & CH_REFERENCE_DECLARATION))
            continue;
        if (!*is_first)
            ch_buffer_add_byte(out, ',');
        *is_first = false;
        ch_encode_place(out, uri, cursor, reference->range);
    }
}

static void answer_references(ChServer *server, ChSearch *search)
{
    ChBuffer *out = &search->request->result;
    bool is_first = true;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < search->files.count; i++) {
        const ChFoundFile *found = &search->files.items[i];
        ChPlaceFile file;
        ch_place_file_init(&file, server, ch_analysis_tree(found->analysis)->source);
        add_references(out, &file.cursor, file.uri, found, search->has_declarations, &is_first);
        ch_place_file_release(&file);
    }
    ch_buffer_add_byte(out, ']');
}

void ch_lsp_references(ChServer *server, ChRequest *request)
{
    ChTarget target;
    if (!target_of(server, request, &target))
        return;
    bool has_declarations = ch_json_get_bool(ch_json_get(request->params, "context"), "includeDeclaration", true);
    if (target.is_shared && request->document->uri.path) {
        ChSearch *search = ch_search_start(server, request, &target, target.name, answer_references);
        if (search)
            search->has_declarations = has_declarations;
        return;
    }
    ChFoundFile here = {request->snapshot->analysis, target.symbol};
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    bool is_first = true;
    ch_buffer_add_byte(&request->result, '[');
    add_references(&request->result, &cursor, request->document->uri.text, &here, has_declarations, &is_first);
    ch_buffer_add_byte(&request->result, ']');
}

/* ---- rename ---- */

void ch_lsp_rename_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *provider = ch_json_add_object(capabilities, "renameProvider");
    ch_json_add_bool(provider, "prepareProvider", true);
}

void ch_lsp_prepare_rename(ChServer *server, ChRequest *request)
{
    ChTarget target;
    if (!target_of(server, request, &target))
        return;
    const char *refusal = ch_rename_refusal(request->snapshot, &target);
    if (refusal) {
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "%s", refusal);
        return;
    }
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ch_buffer_add_text(&request->result, "{\"range\":");
    ch_encode_range(&request->result, &cursor, target.word);
    ch_buffer_add_text(&request->result, ",\"placeholder\":");
    ch_buffer_add_json(&request->result, target.name);
    ch_buffer_add_byte(&request->result, '}');
}

static bool check_conflict(ChRequest *request, const ChFoundFile *file, ChStr new_name)
{
    ChRange place;
    if (!ch_rename_conflict(file->analysis, file->symbol, new_name, &place))
        return true;
    const ChSource *source = ch_analysis_tree(file->analysis)->source;
    ChPosition position = ch_source_position(source, place.start);
    ch_request_fail(request, CH_RPC_REQUEST_FAILED, "'%.*s' already means something else at %.*s:%u:%u.", CH_STR_ARG(new_name),
                    CH_STR_ARG(source->path), position.line, position.column);
    return false;
}

static void add_rename_edits(ChBuffer *out, ChLineCursor *cursor, const ChFoundFile *file, ChStr new_name)
{
    uint32_t count = reference_count(file);
    uint32_t last_start = UINT32_MAX;
    bool is_first = true;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        const ChReference *reference = reference_of(file, i, &count);
        if (reference->range.start == last_start)
            continue;
        last_start = reference->range.start;
        ChBuffer text = {0};
        ch_rename_text(file->analysis, reference, new_name, &text);
        ch_buffer_add_text(out, is_first ? "{\"range\":" : ",{\"range\":");
        is_first = false;
        ch_encode_range(out, cursor, reference->range);
        ch_buffer_add_text(out, ",\"newText\":");
        ch_buffer_add_json(out, ch_buffer_view(&text));
        ch_buffer_add_byte(out, '}');
        ch_buffer_release(&text);
    }
    ch_buffer_add_byte(out, ']');
}

static void answer_rename(ChServer *server, ChSearch *search)
{
    ChRequest *request = search->request;
    ChStr new_name = ch_str_of(search->text);
    const ChDocument *document = ch_session_find(&server->session, search->document_key);
    if (!document || document->revision != search->revision) {
        ch_request_fail(request, CH_RPC_CONTENT_MODIFIED, "The document changed while the workspace was searched.");
        return;
    }
    if (search->scan->is_cut) {
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "The workspace has more files than are searched: places could be missed.");
        return;
    }
    for (uint32_t i = 0; i < search->files.count; i++) {
        const ChTree *tree = ch_analysis_tree(search->files.items[i].analysis);
        if (tree->diagnostics.error_count) {
            ch_request_fail(request, CH_RPC_REQUEST_FAILED, "%.*s names it and has syntax errors.", CH_STR_ARG(tree->source->path));
            return;
        }
        if (!check_conflict(request, &search->files.items[i], new_name))
            return;
    }
    ChBuffer *out = &request->result;
    ch_buffer_add_text(out, "{\"changes\":{");
    for (uint32_t i = 0; i < search->files.count; i++) {
        ChPlaceFile file;
        ch_place_file_init(&file, server, ch_analysis_tree(search->files.items[i].analysis)->source);
        if (i)
            ch_buffer_add_byte(out, ',');
        ch_buffer_add_json(out, ch_str_of(file.uri));
        ch_buffer_add_byte(out, ':');
        add_rename_edits(out, &file.cursor, &search->files.items[i], new_name);
        ch_place_file_release(&file);
    }
    ch_buffer_add_text(out, "}}");
}

void ch_lsp_rename(ChServer *server, ChRequest *request)
{
    ChTarget target;
    uint32_t offset = 0;
    ChStr new_name = ch_str_of(ch_json_get_string(request->params, "newName"));
    if (!ch_place_offset(server, request, &offset))
        return;
    if (!ch_rename_is_name(new_name)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "'%.200s' is not a name: letters, digits and _ make one, and no keyword.",
                        new_name.data ? new_name.data : "");
        return;
    }
    if (!ch_target_at(request->snapshot, offset, &target)) {
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "There is no name that can be changed.");
        return;
    }
    const char *refusal = ch_rename_refusal(request->snapshot, &target);
    if (refusal) {
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "%s", refusal);
        return;
    }
    if (target.is_shared && request->document->uri.path) {
        ChSearch *search = ch_search_start(server, request, &target, target.name, answer_rename);
        if (search)
            search->text = ch_str_detach(new_name);
        return;
    }
    ChFoundFile here = {request->snapshot->analysis, target.symbol};
    if (!check_conflict(request, &here, new_name))
        return;
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ch_buffer_add_text(&request->result, "{\"changes\":{");
    ch_buffer_add_json(&request->result, ch_str_of(request->document->uri.text));
    ch_buffer_add_byte(&request->result, ':');
    add_rename_edits(&request->result, &cursor, &here, new_name);
    ch_buffer_add_text(&request->result, "}}");
}

/* ---- call hierarchy ---- */

static bool is_callable(ChSymbolKind kind)
{
    return kind == CH_SYMBOL_FUNCTION || kind == CH_SYMBOL_METHOD || kind == CH_SYMBOL_PIPELINE || kind == CH_SYMBOL_TOOL;
}

void ch_lsp_call_hierarchy_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "callHierarchyProvider", true);
}

static void answer_prepare_calls(ChServer *server, ChSearch *search)
{
    ChBuffer *out = &search->request->result;
    for (uint32_t i = 0; i < search->files.count; i++) {
        const ChFoundFile *found = &search->files.items[i];
        const ChSymbol *symbol = ch_analysis_symbol(found->analysis, found->symbol);
        if (symbol->module)
            continue;
        const ChSource *source = ch_analysis_tree(found->analysis)->source;
        ChPlaceFile file;
        ch_place_file_init(&file, server, source);
        ch_buffer_add_byte(out, '[');
        ch_place_add_item(out, &file, source, symbol);
        ch_buffer_add_byte(out, ']');
        ch_place_file_release(&file);
        return;
    }
}

void ch_lsp_prepare_call_hierarchy(ChServer *server, ChRequest *request)
{
    ChTarget target;
    if (target_of(server, request, &target) && is_callable(target.kind))
        ch_search_start(server, request, &target, target.name, answer_prepare_calls);
}

/* The callable declaration around the offset, or CH_SYMBOL_NONE. */
static uint32_t caller_at(const ChAnalysis *analysis, uint32_t offset)
{
    uint32_t count = 0, found = CH_SYMBOL_NONE;
    const ChOutlineItem *items = ch_analysis_outline(analysis, &count);
    for (uint32_t i = 0; i < count; i++) {
        const ChSymbol *symbol = ch_analysis_symbol(analysis, items[i].symbol);
        if (is_callable(symbol->kind) && symbol->full_range.start <= offset && offset < symbol->full_range.end)
            found = items[i].symbol;
    }
    return found;
}

static void add_incoming(ChServer *server, const ChFoundFile *found, ChBuffer *out, bool *is_first)
{
    const ChSource *source = ch_analysis_tree(found->analysis)->source;
    ChPlaceFile file;
    ch_place_file_init(&file, server, source);
    uint32_t count = reference_count(found);
    uint32_t caller = CH_SYMBOL_NONE;
    bool is_open = false;
    for (uint32_t i = 0; i < count; i++) {
        const ChReference *reference = reference_of(found, i, &count);
        if (!(reference->flags & CH_REFERENCE_CALL))
            continue;
        uint32_t around = caller_at(found->analysis, reference->range.start);
        if (around == CH_SYMBOL_NONE)
            continue; /* called while the module is loaded */
        if (is_open && around == caller) {
            ch_buffer_add_byte(out, ',');
        } else {
            ch_buffer_add_text(out, is_open ? "]}," : *is_first ? "" : ",");
            ch_buffer_add_text(out, "{\"from\":");
            ch_place_add_item(out, &file, source, ch_analysis_symbol(found->analysis, around));
            ch_buffer_add_text(out, ",\"fromRanges\":[");
        }
        is_open = true;
        *is_first = false;
        caller = around;
        ch_encode_range(out, &file.cursor, reference->range);
    }
    if (is_open)
        ch_buffer_add_text(out, "]}");
    ch_place_file_release(&file);
}

static void answer_incoming(ChServer *server, ChSearch *search)
{
    ChBuffer *out = &search->request->result;
    bool is_first = true;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < search->files.count; i++)
        add_incoming(server, &search->files.items[i], out, &is_first);
    ch_buffer_add_byte(out, ']');
}

/* Where a symbol of the file is declared: its own file, or the module that it comes from. */
static void add_callee(ChServer *server, const ChAnalysis *analysis, uint32_t index, ChBuffer *out)
{
    const ChSymbol *symbol = ch_analysis_symbol(analysis, index);
    ChSymbol place = *symbol;
    const ChSource *source = ch_analysis_tree(analysis)->source;
    if (symbol->module) {
        source = symbol->module->source;
        place.range = place.full_range = symbol->origin;
    }
    ChPlaceFile file;
    ch_place_file_init(&file, server, source);
    ch_place_add_item(out, &file, source, &place);
    ch_place_file_release(&file);
}

static void answer_outgoing(ChServer *server, ChSearch *search)
{
    ChBuffer *out = &search->request->result;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < search->files.count; i++) {
        const ChFoundFile *found = &search->files.items[i];
        const ChSymbol *symbol = ch_analysis_symbol(found->analysis, found->symbol);
        if (symbol->module)
            continue;
        ChPlaceFile file;
        ch_place_file_init(&file, server, ch_analysis_tree(found->analysis)->source);
        uint32_t count = 0;
        bool is_first = true;
        const ChReference *references = ch_analysis_references(found->analysis, &count);
        for (uint32_t r = 0; r < count; r++) {
            bool is_inside = references[r].range.start >= symbol->full_range.start && references[r].range.end <= symbol->full_range.end;
            const ChSymbol *callee = ch_analysis_symbol(found->analysis, references[r].symbol);
            if (!is_inside || !(references[r].flags & CH_REFERENCE_CALL) || !is_callable(callee->kind) ||
                (callee->module && callee->module->key.data[0] != '/'))
                continue;
            ch_buffer_add_text(out, is_first ? "{\"to\":" : ",{\"to\":");
            is_first = false;
            add_callee(server, found->analysis, references[r].symbol, out);
            ch_buffer_add_text(out, ",\"fromRanges\":[");
            ch_encode_range(out, &file.cursor, references[r].range);
            ch_buffer_add_text(out, "]}");
        }
        ch_place_file_release(&file);
        break;
    }
    ch_buffer_add_byte(out, ']');
}

void ch_lsp_incoming_calls(ChServer *server, ChRequest *request)
{
    ch_search_start_item(server, request, answer_incoming);
}

void ch_lsp_outgoing_calls(ChServer *server, ChRequest *request)
{
    ch_search_start_item(server, request, answer_outgoing);
}

/* ---- symbols of the workspace ---- */

void ch_lsp_workspace_symbol_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "workspaceSymbolProvider", true);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Do the letters of the query stand in the name, in order? */
static bool is_like(ChStr name, const char *query)
{
    uint32_t at = 0;
    for (; *query; query++) {
        while (at < name.length && lower(name.data[at]) != lower(*query))
            at++;
        if (at == name.length)
            return false;
        at++;
    }
    return true;
}

static void answer_symbols(ChServer *server, ChSearch *search)
{
    ChBuffer *out = &search->request->result;
    uint32_t given = 0;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < search->files.count && given < SYMBOLS_MAX; i++) {
        const ChAnalysis *analysis = search->files.items[i].analysis;
        ChPlaceFile file;
        ch_place_file_init(&file, server, ch_analysis_tree(analysis)->source);
        uint32_t count = 0;
        const ChOutlineItem *items = ch_analysis_outline(analysis, &count);
        for (uint32_t j = 0; j < count && given < SYMBOLS_MAX; j++) {
            const ChSymbol *symbol = ch_analysis_symbol(analysis, items[j].symbol);
            if (!symbol->name.length || !is_like(symbol->name, search->text))
                continue;
            ch_buffer_add_text(out, given++ ? ",{\"name\":" : "{\"name\":");
            ch_buffer_add_json(out, symbol->name);
            ch_buffer_printf(out, ",\"kind\":%d,\"location\":", ch_encode_symbol_kind(symbol->kind));
            ch_encode_place(out, file.uri, &file.cursor, symbol->range);
            if (symbol->parent != CH_SYMBOL_NONE) {
                ch_buffer_add_text(out, ",\"containerName\":");
                ch_buffer_add_json(out, ch_analysis_symbol(analysis, symbol->parent)->name);
            }
            ch_buffer_add_byte(out, '}');
        }
        ch_place_file_release(&file);
    }
    ch_buffer_add_byte(out, ']');
}

void ch_lsp_workspace_symbol(ChServer *server, ChRequest *request)
{
    const char *query = ch_json_get_string(request->params, "query");
    ChSearch *search = ch_search_start(server, request, NULL, (ChStr){0}, answer_symbols);
    if (!search)
        return;
    search->scan->declarations_only = true;
    search->text = ch_str_detach(ch_str_of(query));
}
