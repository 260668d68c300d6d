/* The JSON-RPC envelope: error codes, replies, notifications. */
#ifndef CH_LSP_PROTOCOL_RPC_H
#define CH_LSP_PROTOCOL_RPC_H

#include "base/str.h"
#include "transport/channel.h"

typedef enum ChRpcCode {
    CH_RPC_OK = 0,
    CH_RPC_PARSE_ERROR = -32700,
    CH_RPC_INVALID_REQUEST = -32600,
    CH_RPC_METHOD_NOT_FOUND = -32601,
    CH_RPC_INVALID_PARAMS = -32602,
    CH_RPC_INTERNAL_ERROR = -32603,
    CH_RPC_NOT_INITIALIZED = -32002,
    CH_RPC_REQUEST_FAILED = -32803,
    CH_RPC_SERVER_CANCELLED = -32802,
    CH_RPC_CONTENT_MODIFIED = -32801,
    CH_RPC_REQUEST_CANCELLED = -32800,
} ChRpcCode;

/* window/logMessage and window/showMessage kinds. */
typedef enum ChMessageKind { CH_MESSAGE_ERROR = 1, CH_MESSAGE_WARNING, CH_MESSAGE_INFO, CH_MESSAGE_LOG } ChMessageKind;

/* Sends a result; `id_text` is the exact text of the request's id. Takes `take_result`, NULL is null. */
void ch_rpc_send_result(ChChannel *channel, const char *id_text, cJSON *take_result);

/* Likewise, with a result that is JSON text already; takes it. */
void ch_rpc_send_result_text(ChChannel *channel, const char *id_text, ChBuffer *take_json);

/* Sends an error; `id_text` NULL is null. */
void ch_rpc_send_error(ChChannel *channel, const char *id_text, ChRpcCode code, const char *text);

/* Asks the client for something. The answer, whatever it is, is not waited for. */
void ch_rpc_send_request(ChChannel *channel, const char *id, const char *method, cJSON *take_params);

void ch_rpc_send_notification(ChChannel *channel, const char *method, cJSON *take_params);

/* window/logMessage or, for what the user should see, window/showMessage. */
void ch_rpc_send_log(ChChannel *channel, ChMessageKind kind, const char *text);
void ch_rpc_send_show(ChChannel *channel, ChMessageKind kind, const char *text);

#endif
