/* Going from one place to another: declaration, type, implementations, the same name, links. Answered from the snapshot. */
#include "base/alloc.h"
#include "features/definition.h"
#include "features/references.h"
#include "features/relations.h"
#include "protocol/place.h"

#include "analysis/module.h"
#include "base/path.h"

/* ---- declaration, type definition, implementation ---- */

void ch_lsp_declaration_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "declarationProvider", true);
}

/* Harn declares a thing where it defines it. */
void ch_lsp_declaration(ChServer *server, ChRequest *request)
{
    ch_lsp_definition(server, request);
}

void ch_lsp_type_definition_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "typeDefinitionProvider", true);
}

static void add_definition(ChServer *server, ChRequest *request, const ChDefinition *definition)
{
    if (definition->source) {
        ch_place_add_location(&request->result, server, definition->source, definition->range);
        return;
    }
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ch_encode_place(&request->result, request->document->uri.text, &cursor, definition->range);
}

void ch_lsp_type_definition(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    ChDefinition definition;
    if (ch_place_offset(server, request, &offset) && ch_type_definition_at(request->snapshot, offset, &definition))
        add_definition(server, request, &definition);
}

void ch_lsp_implementation_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "implementationProvider", true);
}

void ch_lsp_implementation(ChServer *server, ChRequest *request)
{
    uint32_t offset = 0;
    if (!ch_place_offset(server, request, &offset))
        return;
    ChDefinitions found = {0};
    ch_implementations_at(request->snapshot, offset, &found);
    ch_buffer_add_byte(&request->result, '[');
    for (uint32_t i = 0; i < found.count; i++) {
        if (i)
            ch_buffer_add_byte(&request->result, ',');
        add_definition(server, request, &found.items[i]);
    }
    ch_buffer_add_byte(&request->result, ']');
    ch_array_release(&found);
}

/* ---- highlights ---- */

void ch_lsp_document_highlight_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(capabilities, "documentHighlightProvider", true);
}

void ch_lsp_document_highlight(ChServer *server, ChRequest *request)
{
    enum { KIND_READ = 2, KIND_WRITE = 3 };
    uint32_t offset = 0;
    ChTarget target;
    if (!ch_place_offset(server, request, &offset) || !ch_target_at(request->snapshot, offset, &target))
        return;
    const ChAnalysis *analysis = request->snapshot->analysis;
    uint32_t count = 0, all = 0;
    const uint32_t *places = ch_analysis_references_of(analysis, target.symbol, &count);
    const ChReference *references = ch_analysis_references(analysis, &all);
    ChLineCursor cursor = ch_place_cursor(server, request->snapshot);
    ChBuffer *out = &request->result;
    ch_buffer_add_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        const ChReference *reference = &references[places[i]];
        bool is_write = reference->flags & (CH_REFERENCE_WRITE | CH_REFERENCE_DECLARATION);
        ch_buffer_add_text(out, i ? ",{\"range\":" : "{\"range\":");
        ch_encode_range(out, &cursor, reference->range);
        ch_buffer_printf(out, ",\"kind\":%d}", is_write ? KIND_WRITE : KIND_READ);
    }
    ch_buffer_add_byte(out, ']');
}

/* ---- links ---- */

void ch_lsp_document_link_capability(ChServer *server, cJSON *capabilities)
{
    ch_json_add_bool(ch_json_add_object(capabilities, "documentLinkProvider"), "resolveProvider", false);
}

/* The paths of imports, where they lead to a file. */
void ch_lsp_document_link(ChServer *server, ChRequest *request)
{
    const ChSnapshot *snapshot = request->snapshot;
    ChBuffer *out = &request->result;
    ch_buffer_add_byte(out, '[');
    ChNodeList items = snapshot->analysis ? snapshot->tree->root->as.file.items : (ChNodeList){0};
    ChLineCursor cursor = ch_place_cursor(server, snapshot);
    bool is_first = true;
    for (uint32_t i = 0; i < items.count; i++) {
        if (items.items[i]->kind != CH_NODE_IMPORT)
            continue;
        ChOccurrence at = ch_analysis_at(snapshot->analysis, items.items[i]->as.import.path.range.start);
        if (at.kind != CH_OCCURRENCE_IMPORT_PATH || !at.module || !ch_path_is_absolute(at.module->key))
            continue;
        char *uri = ch_place_uri(server, at.module->key);
        ch_buffer_add_text(out, is_first ? "{\"range\":" : ",{\"range\":");
        is_first = false;
        ch_encode_range(out, &cursor, at.range);
        ch_buffer_add_text(out, ",\"target\":");
        ch_buffer_add_json(out, ch_str_of(uri));
        ch_buffer_add_byte(out, '}');
        ch_free(uri);
    }
    ch_buffer_add_byte(out, ']');
}
