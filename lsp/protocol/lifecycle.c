/* The NOW lane: beginning, end, folders, settings. */
#include <string.h>

#include "base/alloc.h"
#include "protocol/publish.h"
#include "protocol/search.h"
#include "scheduler.h"
#include "server.h"

void ch_lsp_ignore(ChServer *server, ChRequest *request)
{
}

void ch_lsp_no_capability(ChServer *server, cJSON *capabilities)
{
}

void ch_lsp_base_capability(ChServer *server, cJSON *capabilities)
{
    static const char *const names[] = {
        [CH_ENCODING_UTF8] = "utf-8", [CH_ENCODING_UTF16] = "utf-16", [CH_ENCODING_UTF32] = "utf-32"};
    ch_json_add_string(capabilities, "positionEncoding", names[server->session.encoding]);
}

void ch_lsp_folders_capability(ChServer *server, cJSON *capabilities)
{
    cJSON *folders = ch_json_add_object(ch_json_add_object(capabilities, "workspace"), "workspaceFolders");
    ch_json_add_bool(folders, "supported", true);
    ch_json_add_bool(folders, "changeNotifications", true);
}

/* UTF-8 where it is offered, because texts are kept in it; else the first that is known; UTF-16 if nothing is said. */
static ChEncoding choose_encoding(const cJSON *offered)
{
    bool is_chosen = false;
    ChEncoding chosen = CH_ENCODING_UTF16;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, offered)
    {
        const char *name = ch_json_string(item);
        if (!name)
            continue;
        if (strcmp(name, "utf-8") == 0)
            return CH_ENCODING_UTF8;
        if (!is_chosen && (strcmp(name, "utf-16") == 0 || strcmp(name, "utf-32") == 0)) {
            chosen = strcmp(name, "utf-32") == 0 ? CH_ENCODING_UTF32 : CH_ENCODING_UTF16;
            is_chosen = true;
        }
    }
    return chosen;
}

/* A folder's URI; those that are no local folders are passed over. */
static void change_root(ChServer *server, const char *text, bool is_added)
{
    ChUri uri;
    if (!text || ch_uri_parse(ch_str_of(text), &uri) != NULL)
        return;
    if (uri.path && is_added)
        ch_session_add_root(&server->session, uri.path);
    else if (uri.path)
        ch_session_remove_root(&server->session, uri.path);
    ch_uri_release(&uri);
}

static void change_roots(ChServer *server, const cJSON *folders, bool is_added)
{
    const cJSON *folder = NULL;
    cJSON_ArrayForEach(folder, folders) change_root(server, ch_json_get_string(folder, "uri"), is_added);
}

static void read_settings(ChServer *server, const cJSON *settings)
{
    const cJSON *own = ch_json_get(settings, "harn");
    if (!own)
        own = settings;
    ChSettings *to = &server->session.settings;
    bool was_enabled = to->are_diagnostics_enabled;
    to->are_diagnostics_enabled = ch_json_get_bool(ch_json_get(own, "diagnostics"), "enable", was_enabled);
    to->are_workspace_diagnostics_enabled =
        ch_json_get_bool(ch_json_get(own, "diagnostics"), "workspace", to->are_workspace_diagnostics_enabled);
    int64_t limit_ms = 0;
    if (ch_json_get_integer(ch_json_get(own, "analysis"), "timeLimitMs", 1, INT32_MAX, &limit_ms))
        to->analysis_ms_max = (uint32_t)limit_ms;
    if (was_enabled == to->are_diagnostics_enabled)
        return;
    for (uint32_t i = 0; i < server->session.document_count; i++) {
        if (server->session.documents[i]->snapshot)
            ch_publish_diagnostics(server, server->session.documents[i]);
    }
}

static void read_client(ChServer *server, const cJSON *params)
{
    const cJSON *client = ch_json_get(params, "capabilities");
    const cJSON *text = ch_json_get(client, "textDocument");
    server->session.encoding = choose_encoding(ch_json_path(client, "general.positionEncodings"));
    server->can_watch_files =
        ch_json_get_bool(ch_json_path(client, "workspace.didChangeWatchedFiles"), "dynamicRegistration", false);
    server->has_hierarchical_symbols =
        ch_json_get_bool(ch_json_get(text, "documentSymbol"), "hierarchicalDocumentSymbolSupport", false);
    server->has_related_information = ch_json_get_bool(ch_json_get(text, "publishDiagnostics"), "relatedInformation", false);
    server->pulls_diagnostics = ch_json_get(text, "diagnostic") != NULL &&
        ch_json_get_bool(ch_json_path(client, "workspace.diagnostics"), "refreshSupport", false);
    server->has_token_deltas = ch_json_get_bool(ch_json_path(text, "semanticTokens.requests.full"), "delta", false);
    server->has_diagnostic_tags = ch_json_path(text, "publishDiagnostics.tagSupport") != NULL;
    const cJSON *formats = ch_json_path(text, "hover.contentFormat");
    server->has_markdown_hover = !formats;
    const cJSON *format = NULL;
    cJSON_ArrayForEach(format, formats)
    {
        const char *name = ch_json_string(format);
        server->has_markdown_hover = server->has_markdown_hover || (name && strcmp(name, "markdown") == 0);
    }
}

static cJSON *new_server_info(ChServer *server)
{
    cJSON *result = ch_json_new_object();
    cJSON *capabilities = ch_json_add_object(result, "capabilities");
    size_t count = 0;
    const ChMethod *methods = ch_methods(&count);
    for (size_t i = 0; i < count; i++)
        methods[i].add_capability(server, capabilities);
    cJSON *info = ch_json_add_object(result, "serverInfo");
    ch_json_add_string(info, "name", "charn-lsp");
    ch_json_add_string(info, "version", CHARN_VERSION);
    return result;
}

void ch_lsp_initialize(ChServer *server, ChRequest *request)
{
    if (!cJSON_IsObject(request->params)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "initialize needs params.");
        return;
    }
    int64_t pid = 0;
    if (ch_json_get_integer(request->params, "processId", 1, INT32_MAX, &pid))
        server->parent_pid = (int)pid;
    read_client(server, request->params);
    const cJSON *folders = ch_json_get(request->params, "workspaceFolders");
    if (cJSON_IsArray(folders))
        change_roots(server, folders, true);
    else
        change_root(server, ch_json_get_string(request->params, "rootUri"), true);
    read_settings(server, ch_json_get(request->params, "initializationOptions"));
    server->state = CH_SERVER_READY;
    cJSON *result = new_server_info(server);
    char *text = ch_json_print(result);
    ch_buffer_add_text(&request->result, text);
    ch_free(text);
    cJSON_Delete(result);
}

/* Imports are read from the disk: the client is asked to tell when Harn files change there. */
void ch_lsp_initialized(ChServer *server, ChRequest *request)
{
    if (!server->can_watch_files)
        return;
    cJSON *params = ch_json_new_object();
    cJSON *registration = ch_json_new_object();
    ch_json_append(ch_json_add_array(params, "registrations"), registration);
    ch_json_add_string(registration, "id", "charn-watch");
    ch_json_add_string(registration, "method", "workspace/didChangeWatchedFiles");
    cJSON *watcher = ch_json_new_object();
    ch_json_append(ch_json_add_array(ch_json_add_object(registration, "registerOptions"), "watchers"), watcher);
    ch_json_add_string(watcher, "globPattern", "**/*.harn");
    ch_rpc_send_request(server->channel, "charn-watch", "client/registerCapability", params);
}

void ch_lsp_shutdown(ChServer *server, ChRequest *request)
{
    for (uint32_t i = 0; i < server->session.document_count; i++)
        ch_server_fail_waiting(server, server->session.documents[i], CH_RPC_SERVER_CANCELLED, "The server was shut down.");
    ch_search_cancel(server, NULL, CH_RPC_SERVER_CANCELLED, "The server was shut down.");
    server->state = CH_SERVER_SHUTDOWN;
}

void ch_lsp_exit(ChServer *server, ChRequest *request)
{
    ch_server_end(server, server->state == CH_SERVER_SHUTDOWN ? 0 : 1);
}

void ch_lsp_did_change_configuration(ChServer *server, ChRequest *request)
{
    read_settings(server, ch_json_get(request->params, "settings"));
}

void ch_lsp_did_change_folders(ChServer *server, ChRequest *request)
{
    const cJSON *event = ch_json_get(request->params, "event");
    change_roots(server, ch_json_get(event, "removed"), false);
    change_roots(server, ch_json_get(event, "added"), true);
}

void ch_lsp_did_change_watched_files(ChServer *server, ChRequest *request)
{
    const cJSON *change = NULL;
    cJSON_ArrayForEach(change, ch_json_get(request->params, "changes"))
    {
        const char *text = ch_json_get_string(change, "uri");
        ChUri uri;
        if (!text || ch_uri_parse(ch_str_of(text), &uri) != NULL)
            continue;
        /* A file that is open counts as it stands in the editor. */
        if (uri.path && !ch_session_find(&server->session, uri.key))
            ch_scheduler_file_changed(server->scheduler, NULL, uri.path);
        ch_uri_release(&uri);
    }
}
