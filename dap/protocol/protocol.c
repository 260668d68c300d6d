/* See protocol.h. Requests repeat their `seq` as exact text, because the JSON library rounds large numbers. */
#include "protocol/protocol.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void post(ChDap *dap, cJSON *take_message) {
    ch_channel_send(dap->channel, take_message);
}

static cJSON *envelope(ChDap *dap, const char *type) {
    cJSON *message = ch_json_new_object();
    ch_json_add_integer(message, "seq", dap->seq++);
    ch_json_add_string(message, "type", type);
    return message;
}

static cJSON *response(ChDap *dap, const ChDapRequest *request, bool success) {
    cJSON *message = envelope(dap, "response");
    ch_json_add_raw(message, "request_seq", request->message->seq_text ? request->message->seq_text : "0");
    ch_json_add_bool(message, "success", success);
    ch_json_add_string(message, "command", request->command);
    return message;
}

void ch_dap_respond(ChDap *dap, const ChDapRequest *request, cJSON *take_body) {
    cJSON *message = response(dap, request, true);
    if (take_body) ch_json_add(message, "body", take_body);
    post(dap, message);
}

void ch_dap_fail(ChDap *dap, const ChDapRequest *request, ChDapError id, const char *format, ...) {
    ChBuffer text = {0};
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&text, format, args);
    va_end(args);
    cJSON *message = response(dap, request, false);
    ch_dap_add_text(message, "message", ch_buffer_view(&text));
    cJSON *body = ch_json_add_object(message, "body");
    cJSON *error = ch_json_add_object(body, "error");
    ch_json_add_integer(error, "id", id);
    /* Braces in `format` would be read as variables: the text goes in as one. */
    ch_json_add_string(error, "format", "{reason}");
    cJSON *variables = ch_json_add_object(error, "variables");
    ch_dap_add_text(variables, "reason", ch_buffer_view(&text));
    ch_json_add_bool(error, "showUser", id == CH_DAP_ERROR_LAUNCH);
    ch_buffer_release(&text);
    post(dap, message);
}

void ch_dap_event(ChDap *dap, const char *name, cJSON *take_body) {
    cJSON *message = envelope(dap, "event");
    ch_json_add_string(message, "event", name);
    if (take_body) ch_json_add(message, "body", take_body);
    post(dap, message);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static void add_uri(ChBuffer *out, ChStr path) {
    ch_buffer_add_text(out, "file://");
    for (uint32_t i = 0; i < path.length; i++) {
        unsigned char c = (unsigned char)path.data[i];
        if (isalnum(c) || strchr("/-._~", c)) ch_buffer_add_byte(out, (char)c);
        else ch_buffer_printf(out, "%%%02X", c);
    }
}

cJSON *ch_dap_source(const ChDap *dap, ChStr path) {
    if (path.length == 0) return NULL;
    cJSON *source = ch_json_new_object();
    int64_t slash = ch_str_find_last_byte(path, '/');
    ch_dap_add_text(source, "name", ch_str_slice(path.data + slash + 1, path.length - (size_t)(slash + 1)));
    ChBuffer text = {0};
    if (dap->uses_uri) add_uri(&text, path);
    else ch_buffer_add_str(&text, path);
    ch_dap_add_text(source, "path", ch_buffer_view(&text));
    ch_buffer_release(&text);
    return source;
}

ChStr ch_dap_read_source_path(const ChDap *dap, const cJSON *source, ChBuffer *storage) {
    ChStr text = ch_dap_read_text(source, "path");
    ch_buffer_clear(storage);
    if (text.length == 0) return text;
    if (!ch_str_starts_with(text, CH_STR("file://"))) {
        ch_buffer_add_str(storage, text);
        return ch_buffer_view(storage);
    }
    for (uint32_t i = 7; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%' && i + 2 < text.length && hex_digit(text.data[i + 1]) >= 0 && hex_digit(text.data[i + 2]) >= 0) {
            c = (char)(hex_digit(text.data[i + 1]) * 16 + hex_digit(text.data[i + 2]));
            i += 2;
        }
        if (c == '\0') return (ChStr){0};
        ch_buffer_add_byte(storage, c);
    }
    return ch_buffer_view(storage);
}

cJSON *ch_dap_breakpoint(const ChDap *dap, const ChBreakpointInfo *info) {
    cJSON *object = ch_json_new_object();
    ch_json_add_integer(object, "id", info->id);
    ch_json_add_bool(object, "verified", info->is_verified);
    if (info->line > 0) {
        ch_json_add_integer(object, "line", ch_dap_line_out(dap, info->line));
        if (info->column > 0) ch_json_add_integer(object, "column", ch_dap_column_out(dap, info->column));
        if (info->end_line > 0) {
            ch_json_add_integer(object, "endLine", ch_dap_line_out(dap, info->end_line));
            ch_json_add_integer(object, "endColumn", ch_dap_column_out(dap, info->end_column));
        }
    }
    if (info->message.length > 0) ch_dap_add_text(object, "message", info->message);
    cJSON *source = ch_dap_source(dap, info->path);
    if (source) ch_json_add(object, "source", source);
    if (!info->is_verified) ch_json_add_string(object, "reason", "failed");
    return object;
}

int64_t ch_dap_line_out(const ChDap *dap, uint32_t line) {
    return dap->lines_start_at_1 || line == 0 ? line : (int64_t)line - 1;
}

int64_t ch_dap_column_out(const ChDap *dap, uint32_t column) {
    return dap->columns_start_at_1 || column == 0 ? column : (int64_t)column - 1;
}

static bool read_based(const cJSON *object, const char *name, bool starts_at_1, uint32_t *out) {
    int64_t number;
    if (!ch_json_get_integer(object, name, starts_at_1 ? 1 : 0, INT32_MAX - 1, &number)) return false;
    *out = (uint32_t)(starts_at_1 ? number : number + 1);
    return true;
}

bool ch_dap_read_line(const ChDap *dap, const cJSON *object, const char *name, uint32_t *out) {
    return read_based(object, name, dap->lines_start_at_1, out);
}

bool ch_dap_read_column(const ChDap *dap, const cJSON *object, const char *name, uint32_t *out) {
    return read_based(object, name, dap->columns_start_at_1, out);
}

ChStr ch_dap_read_text(const cJSON *object, const char *name) {
    return ch_str_of(ch_json_get_string(object, name));
}

cJSON *ch_dap_text(ChStr text) {
    return ch_json_new_string(text.data ? text.data : "", text.length);
}

void ch_dap_add_text(cJSON *object, const char *name, ChStr text) {
    ch_json_add(object, name, ch_dap_text(text));
}

cJSON *ch_dap_breakpoints(const ChDap *dap, const ChBreakpointInfo *infos, uint32_t count) {
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "breakpoints");
    for (uint32_t i = 0; i < count; i++) ch_json_append(list, ch_dap_breakpoint(dap, &infos[i]));
    return body;
}

void ch_dap_add_address(cJSON *object, const char *name, uint64_t address) {
    char text[32];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
    ch_json_add_string(object, name, text);
}
