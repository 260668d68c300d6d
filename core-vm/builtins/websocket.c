// The native side of web sockets (RFC 6455): frames as bytes, and ports on which connections are accepted. Handshakes,
// fragments and answers to pings are Harn (prelude/websocket.harn), on raw exchanges (http.c).
#include "builtins/native.h"

#include <openssl/evp.h>
#include <stddef.h>

#include "builtins/exchange.h"
#include "runtime/host_wait.h"

#include "base/banned.h"

enum { HEAD_MAX = 14, MASK_BYTES = 4, CONTROL_MAX = 125 };

// ---- the handshake ----------------------------------------------------------------------------------------------------

CH_NATIVE(ch__ws_accept_key) {
    static const char SUFFIX[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
    ChBuffer text = {0};
    unsigned char digest[EVP_MAX_MD_SIZE], encoded[2 * EVP_MAX_MD_SIZE];
    unsigned length = 0;
    ch_buffer_add_str(&text, ch__text(args[0]));
    ch_buffer_add(&text, SUFFIX, sizeof SUFFIX - 1);
    EVP_Digest(text.data, text.length, digest, &length, EVP_sha1(), NULL);
    ch_buffer_release(&text);
    int size = EVP_EncodeBlock(encoded, digest, (int)length);
    return ch__give(result, ch_str_value((const char *)encoded, (size_t)size));
}

// ---- frames -----------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__ws_frame) {
    int64_t opcode = args[0].as.integer;
    const ChBytes *data = args[1].as.bytes;
    bool is_masked = ch_is_truthy(args[2]);
    unsigned char head[HEAD_MAX] = {(unsigned char)(0x80 | (opcode & 0x0f))}, mask[MASK_BYTES] = {0};
    size_t head_length = 2, length = data->length;
    if (length < 126) {
        head[1] = (unsigned char)length;
    } else {
        int bytes = length <= 0xffff ? 2 : 8;
        head[1] = bytes == 2 ? 126 : 127;
        for (int i = 0; i < bytes; i++) head[head_length++] = (unsigned char)(length >> (8 * (bytes - 1 - i)));
    }
    if (is_masked) {
        head[1] |= 0x80;
        vm->host->random(vm->host->ud, mask, sizeof mask);
        memcpy(head + head_length, mask, sizeof mask);
        head_length += sizeof mask;
    }
    ChBuffer frame = {0};
    ch_buffer_reserve(&frame, head_length + length);
    ch_buffer_add(&frame, head, head_length);
    ch_buffer_add(&frame, data->data, length);
    for (size_t i = 0; is_masked && i < length; i++) frame.data[head_length + i] ^= (char)mask[i % MASK_BYTES];
    *result = ch_object(ch_bytes_new(frame.data, frame.length));
    ch_buffer_release(&frame);
    return CH_OK;
}

// One frame. 0: more is needed; -1: `why` says what is wrong.
static int64_t read_frame(const unsigned char *bytes, size_t length, bool is_server, uint64_t max, ChDict *frame, const char **why) {
    if (length < 2) return 0;
    unsigned opcode = bytes[0] & 0x0f;
    bool is_last = bytes[0] & 0x80, is_masked = bytes[1] & 0x80, is_control = opcode & 0x08;
    uint64_t size = bytes[1] & 0x7f;
    size_t at = 2;
    int extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes[0] & 0x70) *why = "a reserved bit is set";
    else if ((opcode > 2 && opcode < 8) || opcode > 10) *why = "an unknown kind of frame";
    else if (is_control && (!is_last || size > CONTROL_MAX)) *why = "a control frame is too long or in parts";
    else if (is_masked != is_server) *why = is_server ? "a client's frame is not masked" : "a server's frame is masked";
    if (*why) return -1;
    if (length < at + (size_t)extra) return 0;
    if (extra) {
        size = 0;
        for (int i = 0; i < extra; i++) size = size << 8 | bytes[at++];
    }
    if (size > max) {
        *why = "a message is too long";
        return -1;
    }
    const unsigned char *mask = bytes + at;
    if (is_masked) at += MASK_BYTES;
    if (length < at || length - at < size) return 0;
    ChBytes *data = ch_bytes_new((const char *)bytes + at, size);
    for (size_t i = 0; is_masked && i < size; i++) data->data[i] ^= mask[i % MASK_BYTES];
    ch_dict_put_str(frame, "opcode", ch_int(opcode));
    ch_dict_put_str(frame, "is_last", ch_bool(is_last));
    ch_dict_put_str(frame, "data", ch_object(data));
    return (int64_t)(at + size);
}

CH_NATIVE(ch__ws_parse) {
    const ChBytes *bytes = args[0].as.bytes;
    bool is_server = ch_is_truthy(args[2]);
    uint64_t max = args[3].as.integer > 0 ? (uint64_t)args[3].as.integer : 0;
    size_t start = args[1].as.integer > 0 ? (size_t)args[1].as.integer : 0;
    if (start > bytes->length) start = bytes->length;
    ChDict *frame = ch_dict_new();
    const char *why = NULL;
    int64_t used = read_frame((const unsigned char *)bytes->data + start, bytes->length - start, is_server, max, frame, &why);
    ch_dict_put_str(frame, "used", ch_int(used > 0 ? used : 0));
    if (why) ch_dict_put_str(frame, "error", ch_object(ch_string_from(why)));
    return ch__give(result, ch_object(frame));
}

// ---- ports ------------------------------------------------------------------------------------------------------------

typedef struct Port {
    ChHandle handle;
    ch_host *host;
    ChHostListener *listener; // NULL once it was closed
    ChHostWait wait;          // of the one task that may wait
    bool is_waited;
} Port;

static void port_free(void *self) {
    Port *port = self;
    if (port->listener) port->host->listen_end(port->host->ud, port->listener);
    port->listener = NULL;
}

static const ChHandleClass port_class = {.type_name = "port", .free = port_free};

static void on_connection(void *ud) {
    Port *port = ud;
    if (!port->is_waited) return;
    port->is_waited = false;
    ch__host_wait_done(&port->wait, ch_bool(true));
}

static void stop_wait(ChHostWait *wait) { ((Port *)((char *)wait - offsetof(Port, wait)))->is_waited = false; }

static ChFlow port_arg(ChVm *vm, ChValue value, Port **self) {
    if (value.tag != CH_TAG_HANDLE || ((ChHandle *)value.as.object)->class != &port_class)
        return ch_throw_runtime(vm, "expected a port, got %s", ch_type_name(value));
    *self = (Port *)value.as.object;
    return CH_OK;
}

CH_NATIVE(ch__listen_begin) {
    int64_t number = args[1].as.integer;
    if (number < 0 || number > 65535) return ch_throw_runtime(vm, "a port is a number from 0 to 65535, not %lld", (long long)number);
    Port *port = ch_object_alloc(CH_TAG_HANDLE, sizeof *port);
    memset((char *)port + sizeof port->handle, 0, sizeof *port - sizeof port->handle);
    port->handle.class = &port_class;
    port->host = vm->host;
    *result = ch_object(port);
    ChBuffer why = {0};
    port->listener = vm->host->listen_begin(vm->host->ud, args[0].as.string->data, (int)number, on_connection, port, &why);
    ChFlow flow = port->listener ? CH_OK : ch_throw_text(vm, "cannot listen on %s:%lld: %s", args[0].as.string->data, (long long)number, why.data);
    ch_buffer_release(&why);
    return flow;
}

CH_NATIVE(ch__listen_port) {
    Port *port = NULL;
    if (port_arg(vm, args[0], &port) != CH_OK) return CH_THROW;
    return ch__give(result, ch_int(port->listener ? port->listener->port : 0));
}

CH_NATIVE(ch__listen_wait) {
    Port *port = NULL;
    if (port_arg(vm, args[0], &port) != CH_OK) return CH_THROW;
    if (!port->listener) return ch__give_bool(result, false);
    if (port->listener->waiting) return ch__give_bool(result, true);
    if (port->is_waited) return ch_throw_runtime(vm, "another task waits for connections of this port");
    port->is_waited = true;
    port->wait = (ChHostWait){.stop = stop_wait};
    return ch__task_wait_host(vm, &port->wait, ch__arg_int(args, argc, 1, -1));
}

CH_NATIVE(ch__listen_take) {
    Port *port = NULL;
    if (port_arg(vm, args[0], &port) != CH_OK) return CH_THROW;
    if (port->listener) *result = ch__exchange_accept(vm, port->listener);
    return CH_OK;
}

CH_NATIVE(ch__listen_close) {
    Port *port = NULL;
    if (port_arg(vm, args[0], &port) != CH_OK) return CH_THROW;
    port_free(port);
    if (!port->is_waited) return CH_OK;
    port->is_waited = false;
    ch__host_wait_done(&port->wait, ch_bool(false));
    return CH_OK;
}
