/* Diagnostics that the client asks for, of a document and of the whole workspace. The id of a report is the hash of what it
 * holds: a client that sends it back is told that nothing changed. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "features/diagnostics.h"
#include "protocol/place.h"
#include "protocol/publish.h"
#include "protocol/search.h"

enum { ID_BYTES = 24 };

void ch_lsp_diagnostic_capability(ChServer *server, cJSON *capabilities)
{
    if (!server->pulls_diagnostics)
        return;
    cJSON *provider = ch_json_add_object(capabilities, "diagnosticProvider");
    ch_json_add_string(provider, "identifier", "harn");
    ch_json_add_bool(provider, "interFileDependencies", true);
    ch_json_add_bool(provider, "workspaceDiagnostics", server->session.settings.are_workspace_diagnostics_enabled);
}

/* The members of a report, without braces. */
static void add_report(ChBuffer *out, const ChBuffer *items, const char *previous)
{
    char id[ID_BYTES];
    snprintf(id, sizeof(id), "%016llx", (unsigned long long)ch_publish_hash(items));
    if (previous && strcmp(previous, id) == 0) {
        ch_buffer_printf(out, "\"kind\":\"unchanged\",\"resultId\":\"%s\"", id);
        return;
    }
    ch_buffer_printf(out, "\"kind\":\"full\",\"resultId\":\"%s\",\"items\":[", id);
    ch_buffer_add(out, items->data, items->length);
    ch_buffer_add_byte(out, ']');
}

void ch_lsp_document_diagnostic(ChServer *server, ChRequest *request)
{
    ChDocument *document = request->document;
    ChBuffer items = {0};
    ch_publish_add_document(server, &items, document);
    if (server->pulls_diagnostics) {
        document->published_hash = ch_publish_hash(&items);
        document->published_version = request->snapshot->version;
    }
    ch_buffer_add_byte(&request->result, '{');
    add_report(&request->result, &items, ch_json_get_string(request->params, "previousResultId"));
    ch_buffer_add_byte(&request->result, '}');
    ch_buffer_release(&items);
}

/* ---- the workspace ---- */

static void begin_file(ChBuffer *out, ChStr uri, bool *is_first)
{
    ch_buffer_add_text(out, *is_first ? "{\"uri\":" : ",{\"uri\":");
    *is_first = false;
    ch_buffer_add_json(out, uri);
}

static void add_file(ChServer *server, const ChAnalysis *analysis, ChMap *previous, ChBuffer *out, bool *is_first)
{
    const ChSource *source = ch_analysis_tree(analysis)->source;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList found;
    ch_diagnostics_init(&found, &arena);
    ch_diagnostics_of_analysis(analysis, &found);
    ChPlaceFile file;
    ch_place_file_init(&file, server, source);
    ChBuffer items = {0};
    ch_publish_add_items(server, &items, file.uri, file.cursor, &found);
    begin_file(out, ch_str_of(file.uri), is_first);
    char *key = ch_str_detach(source->path);
    const ChDocument *document = ch_session_find(&server->session, key);
    ch_free(key);
    if (document && document->source == source)
        ch_buffer_printf(out, ",\"version\":%lld,", (long long)document->version);
    else
        ch_buffer_add_text(out, ",\"version\":null,");
    ChMapEntry *known = ch_map_find(previous, ch_str_of(file.uri));
    add_report(out, &items, known ? known->value.pointer : NULL);
    if (known)
        known->value.pointer = NULL; /* it is there still */
    ch_buffer_add_byte(out, '}');
    ch_buffer_release(&items);
    ch_place_file_release(&file);
    ch_diagnostics_release(&found);
    ch_arena_release(&arena);
}

static void answer_workspace(ChServer *server, ChSearch *search)
{
    const cJSON *ids = ch_json_get(search->request->params, "previousResultIds");
    const cJSON *item = NULL;
    ChMap previous = {0};
    cJSON_ArrayForEach(item, ids)
    {
        char *uri = (char *)ch_json_get_string(item, "uri"), *value = (char *)ch_json_get_string(item, "value");
        if (uri && value)
            ch_map_set_pointer(&previous, ch_str_of(uri), value);
    }
    ChBuffer *out = &search->request->result;
    bool is_first = true;
    ch_buffer_add_text(out, "{\"items\":[");
    for (uint32_t i = 0; i < search->files.count; i++)
        add_file(server, search->files.items[i].analysis, &previous, out, &is_first);
    /* What the client knows of and is not there any more has no diagnostics. */
    cJSON_ArrayForEach(item, ids)
    {
        const char *uri = ch_json_get_string(item, "uri");
        if (!uri || !ch_map_get_pointer(&previous, ch_str_of(uri)))
            continue;
        begin_file(out, ch_str_of(uri), &is_first);
        ch_buffer_add_text(out, ",\"version\":null,\"kind\":\"full\",\"items\":[]}");
    }
    ch_buffer_add_text(out, "]}");
    ch_map_release(&previous);
}

void ch_lsp_workspace_diagnostic(ChServer *server, ChRequest *request)
{
    ch_search_start(server, request, NULL, (ChStr){0}, answer_workspace);
}
