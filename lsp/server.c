/* See server.h. The dispatcher: which message may come when, which lane it takes, and that every request is answered
 * exactly once. */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "protocol/search.h"
#include "scheduler.h"

#include "base/banned.h"

enum { KIND_REQUEST = CH_METHOD_REQUEST, KIND_NOTIFICATION = CH_METHOD_NOTIFICATION };
enum { LANE_NOW = CH_LANE_NOW, LANE_WRITE = CH_LANE_WRITE, LANE_READ = CH_LANE_READ };

static const ChMethod k_methods[] = {
#define CH_LSP(name, kind, lane, handler, capability) {name, (ChMethodKind)KIND_##kind, (ChLane)LANE_##lane, handler, capability},
#include "methods.def"
#undef CH_LSP
};

const ChMethod *ch_methods(size_t *count)
{
    *count = sizeof(k_methods) / sizeof(k_methods[0]);
    return k_methods;
}

static const ChMethod *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof(k_methods) / sizeof(k_methods[0]); i++) {
        if (strcmp(k_methods[i].name, name) == 0)
            return &k_methods[i];
    }
    return NULL;
}

/* ---- requests ---- */

void ch_request_fail(ChRequest *request, ChRpcCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(request->error, sizeof(request->error), format, args);
    va_end(args);
    request->code = code;
}

static void free_request(ChRequest *request)
{
    ch_message_free(request->message);
    ch_buffer_release(&request->result);
    ch_free(request);
}

/* A notification that failed is logged instead. */
void ch_server_finish(ChServer *server, ChRequest *request)
{
    const char *id = request->message->id_text;
    if (!server->channel) {
        free_request(request);
        return;
    }
    if (request->method->kind == CH_METHOD_NOTIFICATION) {
        if (request->code != CH_RPC_OK)
            ch_server_log(server, CH_MESSAGE_WARNING, "%s: %s", request->method->name, request->error);
    } else if (request->code != CH_RPC_OK) {
        ch_rpc_send_error(server->channel, id, request->code, request->error);
    } else if (request->result.length) {
        ch_rpc_send_result_text(server->channel, id, &request->result);
    } else {
        ch_rpc_send_result(server->channel, id, NULL);
    }
    free_request(request);
}

ChDocument *ch_request_document(ChServer *server, ChRequest *request)
{
    const cJSON *uri_value = ch_json_path(request->params, "textDocument.uri");
    const char *text = ch_json_string(uri_value);
    if (!text) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.textDocument.uri must be a string.");
        return NULL;
    }
    const char *error = NULL;
    ChUri uri = {0};
    if (ch_message_string_has_nul(request->message, uri_value))
        error = "the URI holds a NUL";
    else
        error = ch_uri_parse(ch_str_of(text), &uri);
    if (error) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.textDocument.uri is not usable: %s.", error);
        return NULL;
    }
    ChDocument *document = ch_session_find(&server->session, uri.key);
    ch_uri_release(&uri);
    if (!document)
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "The document %.200s is not open.", text);
    return document;
}

/* ---- waiting ---- */

static bool is_ready(const ChRequest *request)
{
    const ChDocument *document = request->document;
    return document->snapshot && document->snapshot->revision == document->revision;
}

/* Runs a READ handler on the snapshot of its document. */
static void run_read(ChServer *server, ChRequest *request)
{
    ChSnapshot *snapshot = ch_snapshot_ref(request->document->snapshot);
    request->snapshot = snapshot;
    request->method->handle(server, request);
    request->snapshot = NULL;
    if (!request->is_deferred)
        ch_server_finish(server, request);
    ch_snapshot_unref(snapshot);
}

/* Takes the requests that `take` picks out of the list, in order. */
static ChRequest *take_waiting(ChServer *server, bool (*take)(const ChRequest *request, const void *data), const void *data)
{
    ChRequest *taken = NULL;
    ChRequest **taken_end = &taken;
    for (ChRequest **link = &server->waiting; *link;) {
        ChRequest *request = *link;
        if (!take(request, data)) {
            link = &request->next;
            continue;
        }
        *link = request->next;
        request->next = NULL;
        *taken_end = request;
        taken_end = &request->next;
        server->waiting_count--;
        request->document->waiting_count--;
    }
    return taken;
}

static bool take_ready(const ChRequest *request, const void *data)
{
    return is_ready(request);
}

static bool take_of_document(const ChRequest *request, const void *document)
{
    return request->document == document;
}

bool ch_request_has_id(const ChRequest *request, const cJSON *wanted)
{
    const cJSON *id = ch_json_get(request->message->root, "id");
    if (cJSON_IsString(wanted))
        return cJSON_IsString(id) && strcmp(id->valuestring, wanted->valuestring) == 0;
    return cJSON_IsNumber(wanted) && cJSON_IsNumber(id) && id->valuedouble == wanted->valuedouble;
}

static bool take_with_id(const ChRequest *request, const void *id)
{
    return ch_request_has_id(request, id);
}

static bool take_all(const ChRequest *request, const void *data)
{
    return true;
}

void ch_server_answer_waiting(ChServer *server)
{
    ChRequest *next = NULL;
    for (ChRequest *request = take_waiting(server, take_ready, NULL); request; request = next) {
        next = request->next;
        run_read(server, request);
    }
}

static void fail_all(ChServer *server, ChRequest *requests, ChRpcCode code, const char *text)
{
    ChRequest *next = NULL;
    for (ChRequest *request = requests; request; request = next) {
        next = request->next;
        ch_request_fail(request, code, "%s", text);
        ch_server_finish(server, request);
    }
}

void ch_server_fail_waiting(ChServer *server, const ChDocument *document, ChRpcCode code, const char *text)
{
    fail_all(server, take_waiting(server, take_of_document, document), code, text);
}

void ch_lsp_cancel_request(ChServer *server, ChRequest *request)
{
    const cJSON *id = ch_json_get(request->params, "id");
    if (!cJSON_IsString(id) && !cJSON_IsNumber(id))
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.id must be a string or a number.");
    else {
        fail_all(server, take_waiting(server, take_with_id, id), CH_RPC_REQUEST_CANCELLED, "The request was cancelled.");
        ch_search_cancel(server, id, CH_RPC_REQUEST_CANCELLED, "The request was cancelled.");
    }
}

static void begin_read(ChServer *server, ChRequest *request)
{
    request->document = ch_request_document(server, request);
    if (request->document && request->document->is_lost)
        ch_request_fail(request, CH_RPC_REQUEST_FAILED,
                        "The text of this document is not known: a change to it could not be applied. Close and open it.");
    else if (server->waiting_count >= CH_SERVER_WAITING_MAX)
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "1,024 requests are waiting already.");
    if (request->code != CH_RPC_OK) {
        ch_server_finish(server, request);
        return;
    }
    request->revision = request->document->revision;
    if (is_ready(request)) {
        run_read(server, request);
        return;
    }
    ChRequest **end = &server->waiting;
    while (*end)
        end = &(*end)->next;
    *end = request;
    server->waiting_count++;
    request->document->waiting_count++;
    ch_scheduler_wake(server->scheduler);
}

/* ---- dispatch ---- */

/* Is the message acceptable in this state? Fails the request otherwise; false means that it is dropped or refused. */
static bool check_state(ChServer *server, ChRequest *request)
{
    const char *name = request->method->name;
    if (server->state == CH_SERVER_FRESH && strcmp(name, "initialize") != 0) {
        ch_request_fail(request, CH_RPC_NOT_INITIALIZED, "The first request must be 'initialize'.");
        return false;
    }
    if (server->state == CH_SERVER_READY && strcmp(name, "initialize") == 0) {
        ch_request_fail(request, CH_RPC_INVALID_REQUEST, "'initialize' may be sent only once.");
        return false;
    }
    if (server->state == CH_SERVER_SHUTDOWN) {
        ch_request_fail(request, CH_RPC_INVALID_REQUEST, "The server was shut down; only 'exit' may follow.");
        return false;
    }
    return true;
}

static void dispatch(ChServer *server, ChRequest *request)
{
    bool is_exit = strcmp(request->method->name, "exit") == 0;
    if (!is_exit && !check_state(server, request)) {
        /* Notifications at the wrong time are dropped without a word. */
        if (request->method->kind == CH_METHOD_REQUEST)
            ch_server_finish(server, request);
        else
            free_request(request);
        return;
    }
    if (request->method->lane == CH_LANE_READ) {
        begin_read(server, request);
        return;
    }
    request->method->handle(server, request);
    if (!request->is_deferred)
        ch_server_finish(server, request);
}

/* An id is text, a number or null; others cannot be repeated in an answer. */
static bool has_usable_id(const ChMessage *message)
{
    const cJSON *id = ch_json_get(message->root, "id");
    return message->id_text && (cJSON_IsString(id) || cJSON_IsNumber(id) || cJSON_IsNull(id));
}

static void refuse(ChServer *server, ChMessage *take_message, ChRpcCode code, const char *format, const char *detail)
{
    char text[CH_REQUEST_ERROR_BYTES_MAX];
    snprintf(text, sizeof(text), format, detail);
    ch_rpc_send_error(server->channel, has_usable_id(take_message) ? take_message->id_text : NULL, code, text);
    ch_message_free(take_message);
}

static void on_message(void *user, ChChannel *channel, ChMessage *take_message)
{
    ChServer *server = user;
    server->was_spoken_to = true;
    bool has_id = ch_json_get(take_message->root, "id") != NULL;
    const cJSON *method_value = ch_json_get(take_message->root, "method");
    const char *version = ch_json_get_string(take_message->root, "jsonrpc");
    if (!method_value && has_id &&
        (ch_json_get(take_message->root, "result") || ch_json_get(take_message->root, "error"))) {
        ch_message_free(take_message); /* an answer to something the server asked; it waits for none */
        return;
    }
    const char *name = ch_json_string(method_value);
    if (!name || !version || strcmp(version, "2.0") != 0) {
        refuse(server, take_message, CH_RPC_INVALID_REQUEST, "%s",
               !name ? "The message has no 'method' that is a string." : "The message lacks \"jsonrpc\": \"2.0\".");
        return;
    }
    if (has_id && !has_usable_id(take_message)) {
        refuse(server, take_message, CH_RPC_INVALID_REQUEST, "%s", "The id must be a string or a number.");
        return;
    }
    const ChMethod *method = find_method(name);
    bool is_request = has_id;
    if (!method || (method->kind == CH_METHOD_REQUEST) != is_request) {
        if (!is_request)
            ch_message_free(take_message); /* unknown notifications, and requests nobody wants answered, are dropped */
        else if (server->state == CH_SERVER_FRESH)
            refuse(server, take_message, CH_RPC_NOT_INITIALIZED, "%s", "The first request must be 'initialize'.");
        else if (server->state == CH_SERVER_SHUTDOWN)
            refuse(server, take_message, CH_RPC_INVALID_REQUEST, "%s", "The server was shut down; only 'exit' may follow.");
        else
            refuse(server, take_message, CH_RPC_METHOD_NOT_FOUND, "There is no request '%.200s'.", name);
        return;
    }
    const cJSON *params = ch_json_get(take_message->root, "params");
    if (params && !cJSON_IsObject(params) && !cJSON_IsArray(params) && !cJSON_IsNull(params)) {
        if (is_request)
            refuse(server, take_message, CH_RPC_INVALID_PARAMS, "%s", "params must be an object.");
        else
            ch_message_free(take_message);
        return;
    }
    ChRequest *request = ch_alloc_zero(1, sizeof(*request));
    request->message = take_message;
    request->method = method;
    request->params = params;
    dispatch(server, request);
}

static void on_fault(void *user, ChChannel *channel, const ChChannelFault *fault)
{
    ChServer *server = user;
    server->was_spoken_to = true;
    ch_rpc_send_error(channel, fault->id_text, fault->is_json ? CH_RPC_INVALID_REQUEST : CH_RPC_PARSE_ERROR, fault->text);
    if (server->state == CH_SERVER_READY)
        ch_server_log(server, CH_MESSAGE_ERROR, "A message was not understood and is lost: %s", fault->text);
}

static void on_channel_end(void *user, ChChannel *channel, ChChannelEnd end, const char *text)
{
    ChServer *server = user;
    bool is_clean = end == CH_CHANNEL_END_EOF && (server->state == CH_SERVER_SHUTDOWN || !server->was_spoken_to);
    if (!is_clean)
        fprintf(stderr, "charn-lsp: %s; leaving\n", end == CH_CHANNEL_END_EOF ? "the client left without 'exit'" : text);
    ch_server_end(server, is_clean ? 0 : 1);
}

static void on_channel_closed(void *user)
{
    ChServer *server = user;
    server->channel = NULL;
}

void ch_server_log(ChServer *server, ChMessageKind kind, const char *format, ...)
{
    if (!server->channel)
        return;
    char text[CH_REQUEST_ERROR_BYTES_MAX + 128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ch_rpc_send_log(server->channel, kind, text);
}

void ch_server_end(ChServer *server, int exit_code)
{
    if (server->state == CH_SERVER_ENDING)
        return;
    fail_all(server, take_waiting(server, take_all, NULL), CH_RPC_SERVER_CANCELLED, "The server is leaving.");
    ch_search_cancel(server, NULL, CH_RPC_SERVER_CANCELLED, "The server is leaving.");
    server->state = CH_SERVER_ENDING;
    server->exit_code = exit_code;
    uv_close((uv_handle_t *)&server->parent_timer, NULL);
    ch_scheduler_close(server->scheduler);
    server->scheduler = NULL;
    ch_channel_close(server->channel);
}

static void on_parent_timer(uv_timer_t *timer)
{
    ChServer *server = timer->data;
    if (server->parent_pid <= 0 || kill(server->parent_pid, 0) == 0 || errno != ESRCH)
        return;
    fprintf(stderr, "charn-lsp: the client's process %d is gone; leaving\n", server->parent_pid);
    ch_server_end(server, 1);
}

int ch_server_run(uv_loop_t *loop, int parent_pid)
{
    ChServer server = {.loop = loop, .parent_pid = parent_pid};
    ch_session_init(&server.session);
    uv_timer_init(loop, &server.parent_timer);
    server.parent_timer.data = &server;
    uv_timer_start(&server.parent_timer, on_parent_timer, CH_SERVER_PARENT_WATCH_MS, CH_SERVER_PARENT_WATCH_MS);
    static const ChChannelHandlers handlers = {
        .on_message = on_message,
        .on_fault = on_fault,
        .on_end = on_channel_end,
        .on_closed = on_channel_closed,
    };
    int status = ch_channel_open_stdio(loop, &handlers, &server, 0, &server.channel);
    if (status != 0) {
        fprintf(stderr, "charn-lsp: standard input and output cannot be used: %s\n", uv_strerror(status));
        uv_close((uv_handle_t *)&server.parent_timer, NULL);
        uv_run(loop, UV_RUN_DEFAULT);
        return 1;
    }
    server.scheduler = ch_scheduler_new(&server);
    uv_run(loop, UV_RUN_DEFAULT);
    ch_session_release(&server.session);
    return server.exit_code;
}
