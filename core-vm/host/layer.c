// See layer.h: one forwarding function per entry of the host.
#include "host/layer.h"

#define BELOW (((ChHostLayer *)ud)->below)

static void pass_write(void *ud, ChHostStream stream, const char *data, size_t length) {
    BELOW->write(BELOW->ud, stream, data, length);
}
static ChStatus pass_read_line(void *ud, ChBuffer *line) { return BELOW->read_line(BELOW->ud, line); }
static bool pass_is_terminal(void *ud, int stream) { return BELOW->is_terminal(BELOW->ud, stream); }
static int64_t pass_now_ms(void *ud) { return BELOW->now_ms(BELOW->ud); }
static int64_t pass_monotonic_ms(void *ud) { return BELOW->monotonic_ms(BELOW->ud); }
static int64_t pass_monotonic_ns(void *ud) { return BELOW->monotonic_ns(BELOW->ud); }
static void pass_poll(void *ud, int64_t ms) { BELOW->poll(BELOW->ud, ms); }
static void pass_wake(void *ud) { BELOW->wake(BELOW->ud); }
static void pass_random(void *ud, void *bytes, size_t length) { BELOW->random(BELOW->ud, bytes, length); }
static bool pass_env_get(void *ud, const char *name, ChBuffer *value) { return BELOW->env_get(BELOW->ud, name, value); }
static bool pass_folder(void *ud, ChBuffer *path) { return BELOW->folder(BELOW->ud, path); }
static bool pass_system_name(void *ud, const char *what, ChBuffer *out) {
    return BELOW->system_name(BELOW->ud, what, out);
}
static int64_t pass_process_id(void *ud) { return BELOW->process_id(BELOW->ud); }
static ChStatus pass_file_read(void *ud, const char *path, size_t max, ChBuffer *out) {
    return BELOW->file_read(BELOW->ud, path, max, out);
}
static ChStatus pass_file_write(void *ud, const char *path, const char *data, size_t length, bool append) {
    return BELOW->file_write(BELOW->ud, path, data, length, append);
}
static ChStatus pass_file_info(void *ud, const char *path, ChFileInfo *info) {
    return BELOW->file_info(BELOW->ud, path, info);
}
static ChStatus pass_real_path(void *ud, const char *path, ChBuffer *out) { return BELOW->real_path(BELOW->ud, path, out); }
static ChStatus pass_file_remove(void *ud, const char *path) { return BELOW->file_remove(BELOW->ud, path); }
static ChStatus pass_file_rename(void *ud, const char *from, const char *to) {
    return BELOW->file_rename(BELOW->ud, from, to);
}
static ChStatus pass_file_copy(void *ud, const char *from, const char *to) {
    return BELOW->file_copy(BELOW->ud, from, to);
}
static ChStatus pass_folder_make(void *ud, const char *path) { return BELOW->folder_make(BELOW->ud, path); }
static ChStatus pass_folder_list(void *ud, const char *path, ChHostEntryFn entry, void *entry_ud) {
    return BELOW->folder_list(BELOW->ud, path, entry, entry_ud);
}
static ChHostExchange *pass_http_begin(void *ud, const ChHostRequest *request, ChBuffer *why) {
    return BELOW->http_begin(BELOW->ud, request, why);
}
static void pass_http_taken(void *ud, ChHostExchange *exchange) { BELOW->http_taken(BELOW->ud, exchange); }
static void pass_http_end(void *ud, ChHostExchange *exchange) { BELOW->http_end(BELOW->ud, exchange); }
static void pass_http_send(void *ud, ChHostExchange *exchange, const char *data, size_t length) {
    BELOW->http_send(BELOW->ud, exchange, data, length);
}
static ChHostListener *pass_listen_begin(void *ud, const char *address, int port, void (*on_event)(void *ud), void *event_ud, ChBuffer *why) {
    return BELOW->listen_begin(BELOW->ud, address, port, on_event, event_ud, why);
}
static ChHostExchange *pass_listen_take(void *ud, ChHostListener *listener, size_t body_max, void (*on_event)(void *ud), void *event_ud) {
    return BELOW->listen_take(BELOW->ud, listener, body_max, on_event, event_ud);
}
static void pass_listen_end(void *ud, ChHostListener *listener) { BELOW->listen_end(BELOW->ud, listener); }
static ChHostExchange *pass_child_begin(void *ud, const ChHostRun *run, size_t body_max, void (*on_event)(void *ud), void *event_ud, ChBuffer *why) {
    return BELOW->child_begin(BELOW->ud, run, body_max, on_event, event_ud, why);
}
static ChStatus pass_run(void *ud, const ChHostRun *run, ChHostRunResult *result) {
    return BELOW->run(BELOW->ud, run, result);
}

void ch_host_layer_init(ChHostLayer *layer, ch_host *below, void *own) {
    *layer = (ChHostLayer){.below = below, .own = own};
    layer->host = (ch_host){
        .ud = layer,
        .write = pass_write,
        .read_line = pass_read_line,
        .is_terminal = pass_is_terminal,
        .now_ms = pass_now_ms,
        .monotonic_ms = pass_monotonic_ms,
        .monotonic_ns = pass_monotonic_ns,
        .poll = pass_poll,
        .wake = pass_wake,
        .random = pass_random,
        .env_get = pass_env_get,
        .folder = pass_folder,
        .system_name = pass_system_name,
        .process_id = pass_process_id,
        .file_read = pass_file_read,
        .file_write = pass_file_write,
        .file_info = pass_file_info,
        .real_path = pass_real_path,
        .file_remove = pass_file_remove,
        .file_rename = pass_file_rename,
        .file_copy = pass_file_copy,
        .folder_make = pass_folder_make,
        .folder_list = pass_folder_list,
        .http_begin = pass_http_begin,
        .http_taken = pass_http_taken,
        .http_end = pass_http_end,
        .http_send = pass_http_send,
        .listen_begin = pass_listen_begin,
        .listen_take = pass_listen_take,
        .listen_end = pass_listen_end,
        .child_begin = pass_child_begin,
        .run = pass_run,
    };
}
