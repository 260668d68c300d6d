/* See publish.h. */
#include "protocol/publish.h"

#include <stdio.h>

#include "base/hash.h"
#include "features/diagnostics.h"
#include "protocol/encode.h"

static void send_list(ChServer *server, ChDocument *document, const ChBuffer *list, bool has_version)
{
    ChBuffer message = {0};
    ch_buffer_add_text(&message, "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":");
    ch_buffer_add_json(&message, ch_str_of(document->uri.text));
    if (has_version)
        ch_buffer_printf(&message, ",\"version\":%lld", (long long)document->snapshot->version);
    ch_buffer_add_text(&message, ",\"diagnostics\":[");
    ch_buffer_add(&message, list->data, list->length);
    ch_buffer_add_text(&message, "]}}");
    size_t size = message.length;
    ch_channel_send_text(server->channel, ch_buffer_detach(&message), size);
}

void ch_publish_add_items(const ChServer *server, ChBuffer *out, const char *uri, ChLineCursor cursor,
                          const ChDiagnosticList *list)
{
    if (!server->session.settings.are_diagnostics_enabled)
        return;
    ChDiagnosticStyle style = {server->has_related_information, server->has_diagnostic_tags};
    for (uint32_t i = 0; i < list->count; i++) {
        if (i)
            ch_buffer_add_byte(out, ',');
        ch_encode_diagnostic(out, &cursor, uri, list->items[i], style, server->session.encoding);
    }
}

void ch_publish_add_document(const ChServer *server, ChBuffer *out, const ChDocument *document)
{
    const ChSnapshot *snapshot = document->snapshot;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList found;
    ch_diagnostics_init(&found, &arena);
    ch_diagnostics_of(snapshot, document->is_harn, &found);
    ChLineCursor cursor = ch_line_cursor_init(&snapshot->lines, snapshot->source->text, server->session.encoding);
    ch_publish_add_items(server, out, document->uri.text, cursor, &found);
    ch_diagnostics_release(&found);
    ch_arena_release(&arena);
}

uint64_t ch_publish_hash(const ChBuffer *items)
{
    return ch_hash_bytes(items->data, items->length) | 1;
}

static void ask_to_pull_again(ChServer *server)
{
    char id[32];
    snprintf(id, sizeof(id), "charn-refresh-%u", ++server->refresh_count);
    ch_rpc_send_request(server->channel, id, "workspace/diagnostic/refresh", NULL);
}

void ch_publish_diagnostics(ChServer *server, ChDocument *document)
{
    bool is_same_text = document->published_hash && document->published_version == document->snapshot->version;
    if (server->pulls_diagnostics && !is_same_text)
        return;
    ChBuffer list = {0};
    ch_publish_add_document(server, &list, document);
    uint64_t hash = ch_publish_hash(&list);
    bool is_known = is_same_text && document->published_hash == hash;
    document->published_hash = hash;
    document->published_version = document->snapshot->version;
    if (!is_known && server->pulls_diagnostics)
        ask_to_pull_again(server);
    else if (!is_known)
        send_list(server, document, &list, true);
    ch_buffer_release(&list);
}

void ch_publish_nothing(ChServer *server, ChDocument *document)
{
    ChBuffer list = {0};
    document->published_hash = 0;
    if (!server->pulls_diagnostics)
        send_list(server, document, &list, false);
}
