/* See publish.h. */
#include "protocol/publish.h"

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

void ch_publish_diagnostics(ChServer *server, ChDocument *document)
{
    ChSnapshot *snapshot = document->snapshot;
    ChBuffer list = {0};
    if (server->session.settings.are_diagnostics_enabled) {
        ChDiagnosticStyle style = {server->has_related_information, server->has_diagnostic_tags};
        ChLineCursor cursor = ch_line_cursor_init(&snapshot->lines, snapshot->source->text, server->session.encoding);
        ChArena arena;
        ch_arena_init(&arena);
        ChDiagnosticList found;
        ch_diagnostics_init(&found, &arena);
        ch_diagnostics_of(snapshot, document->is_harn, &found);
        for (uint32_t i = 0; i < found.count; i++) {
            if (i)
                ch_buffer_add_byte(&list, ',');
            ch_encode_diagnostic(&list, &cursor, document->uri.text, found.items[i], style, server->session.encoding);
        }
        ch_diagnostics_release(&found);
        ch_arena_release(&arena);
    }
    uint64_t hash = ch_hash_bytes(list.data, list.length) | 1;
    bool is_known = document->published_hash == hash && document->published_version == snapshot->version;
    document->published_hash = hash;
    document->published_version = snapshot->version;
    if (!is_known)
        send_list(server, document, &list, true);
    ch_buffer_release(&list);
}

void ch_publish_nothing(ChServer *server, ChDocument *document)
{
    ChBuffer list = {0};
    document->published_hash = 0;
    send_list(server, document, &list, false);
}
