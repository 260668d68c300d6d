/* See rpc.h. */
#include "protocol/rpc.h"

#include <string.h>

#include "base/alloc.h"

static cJSON *new_envelope(void)
{
    cJSON *message = ch_json_new_object();
    ch_json_add_string(message, "jsonrpc", "2.0");
    return message;
}

void ch_rpc_send_result(ChChannel *channel, const char *id_text, cJSON *take_result)
{
    cJSON *message = new_envelope();
    ch_json_add_raw(message, "id", id_text);
    ch_json_add(message, "result", take_result);
    ch_channel_send(channel, message);
}

void ch_rpc_send_result_text(ChChannel *channel, const char *id_text, ChBuffer *take_json)
{
    ChBuffer message = {0};
    ch_buffer_reserve(&message, take_json->length + strlen(id_text) + 64);
    ch_buffer_printf(&message, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", id_text);
    ch_buffer_add(&message, take_json->data, take_json->length);
    ch_buffer_add_byte(&message, '}');
    ch_buffer_release(take_json);
    size_t size = message.length;
    ch_channel_send_text(channel, ch_buffer_detach(&message), size);
}

void ch_rpc_send_error(ChChannel *channel, const char *id_text, ChRpcCode code, const char *text)
{
    cJSON *message = new_envelope();
    ch_json_add_raw(message, "id", id_text ? id_text : "null");
    cJSON *error = ch_json_add_object(message, "error");
    ch_json_add_integer(error, "code", code);
    ch_json_add_string(error, "message", text);
    ch_channel_send(channel, message);
}

void ch_rpc_send_request(ChChannel *channel, const char *id, const char *method, cJSON *take_params)
{
    cJSON *message = new_envelope();
    ch_json_add_string(message, "id", id);
    ch_json_add_string(message, "method", method);
    ch_json_add(message, "params", take_params);
    ch_channel_send(channel, message);
}

void ch_rpc_send_notification(ChChannel *channel, const char *method, cJSON *take_params)
{
    cJSON *message = new_envelope();
    ch_json_add_string(message, "method", method);
    ch_json_add(message, "params", take_params);
    ch_channel_send(channel, message);
}

static void send_message(ChChannel *channel, const char *method, ChMessageKind kind, const char *text)
{
    cJSON *params = ch_json_new_object();
    ch_json_add_integer(params, "type", kind);
    ch_json_add_string(params, "message", text);
    ch_rpc_send_notification(channel, method, params);
}

void ch_rpc_send_log(ChChannel *channel, ChMessageKind kind, const char *text)
{
    send_message(channel, "window/logMessage", kind, text);
}

void ch_rpc_send_show(ChChannel *channel, ChMessageKind kind, const char *text)
{
    send_message(channel, "window/showMessage", kind, text);
}
