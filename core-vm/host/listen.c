// Raw connections of the real host: bytes both ways, on a socket that libcurl connected (with TLS where the URL says so) or
// that a listener accepted, or with a child process on its standard streams.
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "host/net_int.h"

#include "base/banned.h"

#define BACKLOG 128
#define WAITING_MAX 1024u
#define PIECE_BYTES 16384u

// ---- bytes ------------------------------------------------------------------------------------------------------------

// What one attempt to move bytes gave: how many, or that it would block, or that the connection has ended.
typedef enum Moved { MOVED, WOULD_BLOCK, ENDED } Moved;

static Moved receive(Exchange *exchange, char *room, size_t size, size_t *length) {
    if (exchange->easy) {
        CURLcode code = exchange->net->curl_easy_recv(exchange->easy, room, size, length);
        return code == CURLE_AGAIN ? WOULD_BLOCK : code != CURLE_OK || *length == 0 ? ENDED : MOVED;
    }
    ssize_t count = recv(exchange->fd, room, size, 0);
    *length = count > 0 ? (size_t)count : 0;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return WOULD_BLOCK;
    return count > 0 ? MOVED : ENDED;
}

static Moved transmit(Exchange *exchange, const char *data, size_t size, size_t *length) {
    if (exchange->easy) {
        CURLcode code = exchange->net->curl_easy_send(exchange->easy, data, size, length);
        return code == CURLE_AGAIN ? WOULD_BLOCK : code != CURLE_OK ? ENDED : MOVED;
    }
    ssize_t count = send(exchange->fd, data, size, MSG_NOSIGNAL);
    *length = count > 0 ? (size_t)count : 0;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return WOULD_BLOCK;
    return count >= 0 ? MOVED : ENDED;
}

static void tell(Exchange *exchange) {
    if (exchange->on_event) exchange->on_event(exchange->ud);
}

static void has_ended(Exchange *exchange) {
    exchange->out.is_over = true;
    ch_buffer_clear(&exchange->unsent);
    exchange->out.unsent = 0;
    uv_poll_stop(&exchange->watch->poll);
    tell(exchange);
}

static void send_rest(Exchange *exchange) {
    size_t done = 0;
    Moved moved = MOVED;
    while (moved == MOVED && done < exchange->unsent.length) {
        size_t length = 0;
        moved = transmit(exchange, exchange->unsent.data + done, exchange->unsent.length - done, &length);
        done += length;
    }
    memmove(exchange->unsent.data, exchange->unsent.data + done, exchange->unsent.length - done);
    exchange->unsent.length -= done;
    exchange->out.unsent = exchange->unsent.length;
    if (moved == ENDED) has_ended(exchange);
}

static void take_all(Exchange *exchange) {
    char room[PIECE_BYTES];
    bool has_come = false;
    Moved moved = MOVED;
    while (moved == MOVED && !(exchange->is_paused = exchange->out.body.length >= exchange->body_max)) {
        size_t length = 0;
        moved = receive(exchange, room, sizeof room, &length);
        if (moved == MOVED) ch_buffer_add(&exchange->out.body, room, length);
        has_come |= moved == MOVED;
    }
    if (moved == ENDED)
        has_ended(exchange);
    else if (has_come)
        tell(exchange);
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    Exchange *exchange = ((RawWatch *)poll)->exchange;
    if (events & UV_WRITABLE && exchange->unsent.length) send_rest(exchange);
    if (!exchange->out.is_over && (events & UV_READABLE || status < 0)) take_all(exchange);
    if (!exchange->out.is_over) ch__raw_watch(exchange);
}

void ch__raw_watch(Exchange *exchange) {
    int events = (exchange->is_paused ? 0 : UV_READABLE) | (exchange->unsent.length ? UV_WRITABLE : 0);
    if (exchange->out.is_over) return;
    if (events)
        uv_poll_start(&exchange->watch->poll, events, on_ready);
    else
        uv_poll_stop(&exchange->watch->poll);
}

void ch__raw_begin(Exchange *exchange, int fd) {
    exchange->watch = ch_alloc_zero(1, sizeof *exchange->watch);
    exchange->watch->exchange = exchange;
    uv_poll_init_socket(ch__host_loop(exchange->net->real), &exchange->watch->poll, fd);
    ch__raw_watch(exchange);
}

static void free_handle(uv_handle_t *handle) { ch_free(handle); }

void ch__raw_end(Exchange *exchange) {
    if (exchange->watch) {
        uv_poll_stop(&exchange->watch->poll);
        uv_close((uv_handle_t *)&exchange->watch->poll, free_handle);
        exchange->watch = NULL;
    }
    if (exchange->fd >= 0) close(exchange->fd);
    exchange->fd = -1;
    if (exchange->child > 0) ch__child_end(exchange->child);
    exchange->child = 0;
}

void ch__host_http_send(void *ud, ChHostExchange *out, const char *data, size_t length) {
    Exchange *exchange = (Exchange *)out;
    if (!exchange->watch || out->is_over) return;
    ch_buffer_add(&exchange->unsent, data, length);
    send_rest(exchange);
    if (!out->is_over) ch__raw_watch(exchange);
}

// ---- listening --------------------------------------------------------------------------------------------------------

typedef struct Listener {
    ChHostListener out; // first
    uv_poll_t *poll;
    ChHostNet *net;
    int fd;
    int accepted[WAITING_MAX];
    void (*on_event)(void *ud);
    void *ud;
    struct Listener *next;
} Listener;

static void on_connection(uv_poll_t *poll, int status, int events) {
    Listener *listener = poll->data;
    while (listener->out.waiting < WAITING_MAX) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) break;
        listener->accepted[listener->out.waiting++] = fd;
    }
    // More than that wait in the system's queue until some were taken.
    if (listener->out.waiting == WAITING_MAX) uv_poll_stop(poll);
    if (listener->out.waiting && listener->on_event) listener->on_event(listener->ud);
}

static int open_port(const char *address, int port, int *bound, ChBuffer *why) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool is_v6 = inet_pton(AF_INET6, address, &in6.sin6_addr) == 1;
    if (!is_v6 && inet_pton(AF_INET, address, &in.sin_addr) != 1) {
        ch_buffer_printf(why, "%s is no address", address);
        return -1;
    }
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    const struct sockaddr *place = is_v6 ? (const void *)&in6 : (const void *)&in;
    socklen_t size = is_v6 ? sizeof in6 : sizeof in;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, place, size) != 0 || listen(fd, BACKLOG) != 0) {
        ch_buffer_add_text(why, strerror(errno));
        if (fd >= 0) close(fd);
        return -1;
    }
    struct sockaddr_storage own;
    socklen_t own_size = sizeof own;
    getsockname(fd, (struct sockaddr *)&own, &own_size);
    *bound = ntohs(is_v6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
    return fd;
}

ChHostListener *ch__host_listen_begin(void *ud, const char *address, int port, void (*on_event)(void *ud), void *event_ud, ChBuffer *why) {
    ChHostNet *net = ch__net_of(ud, false, why);
    int bound = 0, fd = open_port(address, port, &bound, why);
    if (fd < 0) return NULL;
    Listener *listener = ch_alloc_zero(1, sizeof *listener);
    *listener = (Listener){.out = {.port = bound}, .net = net, .fd = fd, .on_event = on_event, .ud = event_ud, .next = (Listener *)net->listeners};
    net->listeners = &listener->out;
    listener->poll = ch_alloc_zero(1, sizeof *listener->poll);
    uv_poll_init_socket(ch__host_loop(ud), listener->poll, fd);
    listener->poll->data = listener;
    uv_poll_start(listener->poll, UV_READABLE, on_connection);
    return &listener->out;
}

static void name_peer(int fd, ChBuffer *out) {
    struct sockaddr_storage place;
    socklen_t size = sizeof place;
    char address[INET6_ADDRSTRLEN] = "";
    if (getpeername(fd, (struct sockaddr *)&place, &size) != 0) return;
    bool is_v6 = place.ss_family == AF_INET6;
    const struct sockaddr_in *in = (const void *)&place;
    const struct sockaddr_in6 *in6 = (const void *)&place;
    inet_ntop(place.ss_family, is_v6 ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr, address, sizeof address);
    ch_buffer_printf(out, is_v6 ? "[%s]:%d" : "%s:%d", address, ntohs(is_v6 ? in6->sin6_port : in->sin_port));
}

// A raw exchange over a socket that stands.
static Exchange *over(ChHostNet *net, int fd, size_t body_max, void (*on_event)(void *ud), void *event_ud) {
    Exchange *exchange = ch_alloc_zero(1, sizeof *exchange);
    exchange->fd = fd;
    exchange->is_raw = true;
    exchange->body_max = body_max;
    exchange->on_event = on_event;
    exchange->ud = event_ud;
    exchange->out.status = 1;
    ch__net_link(net, exchange);
    ch__raw_begin(exchange, fd);
    return exchange;
}

ChHostExchange *ch__host_child_begin(void *ud, const ChHostRun *run, size_t body_max, void (*on_event)(void *ud), void *event_ud, ChBuffer *why) {
    ChHostNet *net = ch__net_of(ud, false, why);
    pid_t child = 0;
    int fd = ch__child_start(run, &child);
    if (fd < 0) {
        ch_buffer_add_text(why, strerror(-fd));
        return NULL;
    }
    Exchange *exchange = over(net, fd, body_max, on_event, event_ud);
    exchange->child = child;
    return &exchange->out;
}

ChHostExchange *ch__host_listen_take(void *ud, ChHostListener *out, size_t body_max, void (*on_event)(void *ud), void *event_ud) {
    Listener *listener = (Listener *)out;
    if (!out->waiting) return NULL;
    int fd = listener->accepted[0];
    memmove(listener->accepted, listener->accepted + 1, --out->waiting * sizeof *listener->accepted);
    uv_poll_start(listener->poll, UV_READABLE, on_connection);
    Exchange *exchange = over(listener->net, fd, body_max, on_event, event_ud);
    name_peer(fd, &exchange->out.peer);
    return &exchange->out;
}

void ch__host_listen_end(void *ud, ChHostListener *out) {
    Listener *listener = (Listener *)out, **at = (Listener **)&listener->net->listeners;
    while (*at != listener) at = &(*at)->next;
    *at = listener->next;
    for (uint32_t i = 0; i < out->waiting; i++) close(listener->accepted[i]);
    uv_poll_stop(listener->poll);
    uv_close((uv_handle_t *)listener->poll, free_handle);
    close(listener->fd);
    ch_free(listener);
}

void ch__listeners_free(ChHostNet *net) {
    while (net->listeners) ch__host_listen_end(net->real, net->listeners);
}
