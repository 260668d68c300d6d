/* The WRITE lane: documents come, change and go. Changes are applied in the order in which they come; a request that
 * waits for a text that is no more is told so. */
#include <string.h>

#include "base/alloc.h"
#include "protocol/publish.h"
#include "scheduler.h"
#include "server.h"

enum { POSITION_MAX = 0x7fffffff };

void ch_lsp_sync_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *sync = ch_json_add_object(capabilities, "textDocumentSync");
    ch_json_add_bool(sync, "openClose", true);
    ch_json_add_integer(sync, "change", 2);
    ch_json_add_bool(ch_json_add_object(sync, "save"), "includeText", false);
}

/* Fails what waits for the document's old text. */
static void text_moved_on(ChServer *server, ChDocument *document)
{
    ch_server_fail_waiting(server, document, CH_RPC_CONTENT_MODIFIED, "The document changed before the answer was ready.");
    ch_scheduler_document_changed(server->scheduler, document);
}

/* The text is not known any more: say so once, and take back what was said about it. */
static void text_lost(ChServer *server, ChRequest *request, ChDocument *document, const char *reason)
{
    if (!document->is_lost) {
        ChBuffer text = {0};
        ch_buffer_printf(&text, "Harn: %s cannot be followed any more: %s. Close and open it.", document->uri.text, reason);
        ch_rpc_send_show(server->channel, CH_MESSAGE_ERROR, text.data);
        ch_buffer_release(&text);
        ch_publish_nothing(server, document);
    }
    document->is_lost = true;
    document->revision = ++server->session.revision_last;
    ch_request_fail(request, CH_RPC_INVALID_PARAMS, "%s", reason);
    text_moved_on(server, document);
}

static bool is_harn(const char *language, const char *uri)
{
    if (language)
        return strcmp(language, "harn") == 0;
    return ch_str_ends_with(ch_str_of(uri), CH_STR(".harn"));
}

void ch_lsp_did_open(ChServer *server, ChRequest *request)
{
    const cJSON *item = ch_json_get(request->params, "textDocument");
    const cJSON *uri_value = ch_json_get(item, "uri");
    const char *uri_text = ch_json_string(uri_value);
    size_t size = 0;
    char *text = ch_message_copy_string(request->message, ch_json_get(item, "text"), &size);
    if (!uri_text || !text || ch_message_string_has_nul(request->message, uri_value)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.textDocument needs the strings uri (without NUL) and text.");
        ch_free(text);
        return;
    }
    ChUri uri;
    const char *error = ch_uri_parse(ch_str_of(uri_text), &uri);
    if (error) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "%.200s cannot be opened: %s.", uri_text, error);
        ch_free(text);
        return;
    }
    int64_t version = 0;
    ch_json_get_integer(item, "version", INT32_MIN, INT32_MAX, &version);
    bool was_open = ch_session_find(&server->session, uri.key) != NULL;
    const char *reason = NULL;
    ChDocument *document = ch_session_open(&server->session, uri, version, text, (uint32_t)size, &reason);
    ch_free(text);
    if (!document) {
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "%.200s cannot be opened: %s.", uri_text, reason);
        return;
    }
    document->is_harn = is_harn(ch_json_get_string(item, "languageId"), document->uri.text);
    document->published_hash = 0;
    if (was_open)
        ch_request_fail(request, CH_RPC_INVALID_REQUEST, "%.200s was open already; its text was replaced.", uri_text);
    text_moved_on(server, document);
}

static bool read_position(const cJSON *value, ChLspPosition *position)
{
    int64_t line = 0;
    int64_t character = 0;
    if (!ch_json_get_integer(value, "line", 0, POSITION_MAX, &line) ||
        !ch_json_get_integer(value, "character", 0, POSITION_MAX, &character))
        return false;
    *position = (ChLspPosition){(uint32_t)line, (uint32_t)character};
    return true;
}

/* Applies one item of contentChanges. Returns NULL or what is wrong with it. */
static const char *apply_change(ChServer *server, ChRequest *request, ChDocument *document, const cJSON *change)
{
    static const char full[] = "the open documents hold 256 MiB of text already";
    const cJSON *range_value = ch_json_get(change, "range");
    ChLspRange range;
    if (range_value && (!read_position(ch_json_get(range_value, "start"), &range.start) ||
                        !read_position(ch_json_get(range_value, "end"), &range.end)))
        return "the range of a change is not made of whole, non-negative numbers";
    size_t size = 0;
    char *text = ch_message_copy_string(request->message, ch_json_get(change, "text"), &size);
    if (!text)
        return "a change has no text";
    bool is_done = true;
    if (!range_value)
        is_done = ch_session_set_text(&server->session, document, text, (uint32_t)size);
    else if (!document->is_lost)
        is_done = ch_session_replace(&server->session, document, range, text, (uint32_t)size);
    ch_free(text);
    return is_done ? NULL : full;
}

void ch_lsp_did_change(ChServer *server, ChRequest *request)
{
    ChDocument *document = ch_request_document(server, request);
    if (!document)
        return;
    const cJSON *changes = ch_json_get(request->params, "contentChanges");
    if (!cJSON_IsArray(changes)) {
        text_lost(server, request, document, "a change has no list 'contentChanges'");
        return;
    }
    int64_t version = document->version;
    ch_json_get_integer(ch_json_get(request->params, "textDocument"), "version", INT32_MIN, INT32_MAX, &version);
    if (version < document->version)
        ch_request_fail(request, CH_RPC_INVALID_PARAMS,
                        "the version went back from %lld to %lld; the change was applied in the order in which it came",
                        (long long)document->version, (long long)version);
    document->version = version;
    const cJSON *change = NULL;
    cJSON_ArrayForEach(change, changes)
    {
        const char *error = apply_change(server, request, document, change);
        if (error) {
            text_lost(server, request, document, error);
            return;
        }
    }
    text_moved_on(server, document);
}

void ch_lsp_did_save(ChServer *server, ChRequest *request)
{
    /* The text is known already; what was saved may be a file that others import. */
    ChDocument *document = ch_request_document(server, request);
    if (document && document->uri.path)
        ch_scheduler_file_changed(server->scheduler, document, document->uri.path);
}

void ch_lsp_did_close(ChServer *server, ChRequest *request)
{
    ChDocument *document = ch_request_document(server, request);
    if (!document)
        return;
    ch_server_fail_waiting(server, document, CH_RPC_CONTENT_MODIFIED, "The document was closed.");
    ch_scheduler_document_closing(server->scheduler, document);
    ch_publish_nothing(server, document);
    ch_session_close(&server->session, document);
}

void ch_lsp_document_text(ChServer *server, ChRequest *request)
{
    const ChDocument *document = ch_request_document(server, request);
    if (!document)
        return;
    ch_buffer_printf(&request->result, "{\"version\":%lld,\"isLost\":%s,\"text\":", (long long)document->version,
                     document->is_lost ? "true" : "false");
    ch_buffer_add_json(&request->result, ch_text_view(&document->text));
    ch_buffer_add_byte(&request->result, '}');
}
