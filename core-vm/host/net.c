// HTTP of the real host: libcurl's multi interface on the host's loop, so that any number of exchanges go on beside the
// tasks. libcurl is loaded when the first request is made: it brings thirty libraries with it, whose loading would
// dominate the start of every program that makes none.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "host/net_int.h"

#include "base/banned.h"

#define HEAD_MAX (256u << 10) // bytes of the header lines of one response

typedef struct Watch {
    uv_poll_t poll;
    curl_socket_t fd;
    ChHostNet *net;
} Watch;

// ---- libcurl and the loop ---------------------------------------------------------------------------------------------

static void collect(ChHostNet *net) {
    CURLMsg *message;
    int left;
    while ((message = net->curl_multi_info_read(net->multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        Exchange *exchange = NULL;
        CURLcode code = message->data.result;
        net->curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        curl_socket_t fd = CURL_SOCKET_BAD;
        if (code == CURLE_OK && exchange->is_raw)
            net->curl_easy_getinfo(message->easy_handle, CURLINFO_ACTIVESOCKET, &fd);
        if (fd != CURL_SOCKET_BAD) {
            exchange->out.status = 1;
            ch__raw_begin(exchange, fd);
        } else
            exchange->out.is_over = true;
        if (code != CURLE_OK) {
            exchange->out.failure = exchange->was_refused               ? CH_NET_REFUSED
                                    : code == CURLE_OPERATION_TIMEDOUT  ? CH_NET_TIMEOUT
                                    : code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
                                            code == CURLE_COULDNT_RESOLVE_PROXY
                                        ? CH_NET_CONNECT
                                        : CH_NET_OTHER;
            ch_buffer_add_text(&exchange->out.why, exchange->error[0] ? exchange->error : net->curl_easy_strerror(code));
        }
        if (exchange->on_event) exchange->on_event(exchange->ud);
    }
}

static void act(ChHostNet *net, curl_socket_t fd, int events) {
    int running;
    net->curl_multi_socket_action(net->multi, fd, events, &running);
    collect(net);
}

static void on_timer(uv_timer_t *timer) { act(timer->data, CURL_SOCKET_TIMEOUT, 0); }

static int set_timer(CURLM *multi, long ms, void *ud) {
    ChHostNet *net = ud;
    if (ms < 0)
        uv_timer_stop(&net->timer);
    else
        uv_timer_start(&net->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

static void on_socket(uv_poll_t *poll, int status, int events) {
    Watch *watch = (Watch *)poll;
    int action = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE) action |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) action |= CURL_CSELECT_OUT;
    act(watch->net, watch->fd, action);
}

static void free_watch(uv_handle_t *handle) { ch_free(handle); }

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ud, void *assigned) {
    ChHostNet *net = ud;
    Watch *watch = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            uv_poll_stop(&watch->poll);
            uv_close((uv_handle_t *)&watch->poll, free_watch);
            net->curl_multi_assign(net->multi, fd, NULL);
        }
        return 0;
    }
    if (!watch) {
        watch = ch_alloc_zero(1, sizeof *watch);
        watch->fd = fd;
        watch->net = net;
        uv_poll_init_socket(ch__host_loop(net->real), &watch->poll, fd);
        net->curl_multi_assign(net->multi, fd, watch);
    }
    int events = (what != CURL_POLL_OUT ? UV_READABLE : 0) | (what != CURL_POLL_IN ? UV_WRITABLE : 0);
    uv_poll_start(&watch->poll, events, on_socket);
    return 0;
}

static bool load_curl(ChHostNet *net) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    bool ok = library != NULL;
#define X(name) ok = ok && (net->name = (__typeof__(&name))dlsym(library, #name)) != NULL;
    CH__CURL_CALLS(X)
#undef X
    if (!ok || net->curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(net->multi = net->curl_multi_init())) return false;
    net->curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    net->curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
    net->curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    net->curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);
    return true;
}

ChHostNet *ch__net_of(RealHost *real, bool needs_curl, ChBuffer *why) {
    if (!real->net) {
        real->net = ch_alloc_zero(1, sizeof *real->net);
        real->net->real = real;
        uv_timer_init(ch__host_loop(real), &real->net->timer);
        real->net->timer.data = real->net;
    }
    if (!needs_curl || real->net->multi || load_curl(real->net)) return real->net;
    ch_buffer_add_text(why, "libcurl is not installed");
    return NULL;
}

void ch__net_link(ChHostNet *net, Exchange *exchange) {
    exchange->net = net;
    exchange->next = net->first;
    if (net->first) net->first->previous = exchange;
    net->first = exchange;
}

// ---- one exchange -------------------------------------------------------------------------------------------------------

static size_t on_head(char *line, size_t size, size_t count, void *ud) {
    Exchange *exchange = ud;
    size_t length = size * count;
    // A new status line: what came before was an interim answer, or a proxy's.
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) ch_buffer_clear(&exchange->out.head);
    if (exchange->out.head.length + length > HEAD_MAX) return 0;
    if (length <= 2) {
        long status = 0;
        exchange->net->curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) {
            exchange->out.status = (int)status;
            if (exchange->on_event) exchange->on_event(exchange->ud);
        }
        return length;
    }
    ch_buffer_add(&exchange->out.head, line, length);
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ud) {
    Exchange *exchange = ud;
    if (exchange->out.body.length >= exchange->body_max) {
        exchange->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    ch_buffer_add(&exchange->out.body, bytes, size * count);
    if (exchange->on_event) exchange->on_event(exchange->ud);
    return size * count;
}

static curl_socket_t on_open(void *ud, curlsocktype purpose, struct curl_sockaddr *at) {
    Exchange *exchange = ud;
    char address[INET6_ADDRSTRLEN] = "";
    int port = 0;
    if (at->family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&at->addr;
        inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
        port = ntohs(in->sin_port);
    } else if (at->family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)&at->addr;
        inet_ntop(AF_INET6, &in->sin6_addr, address, sizeof address);
        port = ntohs(in->sin6_port);
    }
    if (exchange->may_connect && !exchange->may_connect(exchange->ud, address, port)) {
        exchange->was_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

static void set_options(ChHostNet *net, Exchange *exchange, const ChHostRequest *request) {
    CURL *easy = exchange->easy;
    __typeof__(net->curl_easy_setopt) set = net->curl_easy_setopt;
    set(easy, CURLOPT_PRIVATE, exchange);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_ERRORBUFFER, exchange->error);
    set(easy, CURLOPT_URL, request->url);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_HEADERFUNCTION, on_head);
    set(easy, CURLOPT_HEADERDATA, exchange);
    set(easy, CURLOPT_WRITEFUNCTION, on_body);
    set(easy, CURLOPT_WRITEDATA, exchange);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    set(easy, CURLOPT_OPENSOCKETDATA, exchange);
    set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (request->is_raw) {
        set(easy, CURLOPT_CONNECT_ONLY, 1L);
        // No other protocol is to be agreed on: what follows is the caller's.
        set(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    }
    // Connections are judged when they are opened, so one exchange may not use another's that was judged differently.
    if (request->may_connect) set(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (strcmp(request->method, "HEAD") == 0) set(easy, CURLOPT_NOBODY, 1L);
    if (request->has_body) {
        exchange->body = ch_str_detach(request->body);
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        set(easy, CURLOPT_POSTFIELDS, exchange->body);
    }
    if (strcmp(request->method, "HEAD") != 0) set(easy, CURLOPT_CUSTOMREQUEST, request->method);
    for (const char *const *header = request->headers; header && *header; header++)
        exchange->headers = net->curl_slist_append(exchange->headers, *header);
    if (request->has_body) exchange->headers = net->curl_slist_append(exchange->headers, "Expect:");
    set(easy, CURLOPT_HTTPHEADER, exchange->headers);
    if (request->decompress) set(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (request->timeout_ms > 0) set(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    if (request->connect_timeout_ms > 0) set(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    if (request->read_timeout_ms > 0) {
        set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        set(easy, CURLOPT_LOW_SPEED_TIME, (long)((request->read_timeout_ms + 999) / 1000));
    }
    if (request->proxy) set(easy, CURLOPT_PROXY, request->proxy);
    if (request->proxy_user) {
        set(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        set(easy, CURLOPT_PROXYUSERPWD, request->proxy_user);
    }
    if (request->no_proxy) set(easy, CURLOPT_NOPROXY, request->no_proxy);
    if (request->ca_bundle) set(easy, CURLOPT_CAINFO, request->ca_bundle);
    if (request->client_cert) set(easy, CURLOPT_SSLCERT, request->client_cert);
    if (request->client_key) set(easy, CURLOPT_SSLKEY, request->client_key);
    if (request->pinned_key) set(easy, CURLOPT_PINNEDPUBLICKEY, request->pinned_key);
}

static void release(Exchange *exchange) {
    ChHostNet *net = exchange->net;
    exchange->on_event = NULL;
    ch__raw_end(exchange);
    if (exchange->easy) {
        net->curl_multi_remove_handle(net->multi, exchange->easy);
        net->curl_easy_cleanup(exchange->easy);
        net->curl_slist_free_all(exchange->headers);
    }
    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        net->first = exchange->next;
    if (exchange->next) exchange->next->previous = exchange->previous;
    ch_free(exchange->body);
    ch_buffer_release(&exchange->out.head);
    ch_buffer_release(&exchange->out.body);
    ch_buffer_release(&exchange->out.why);
    ch_buffer_release(&exchange->out.peer);
    ch_buffer_release(&exchange->unsent);
    ch_free(exchange);
}

ChHostExchange *ch__host_http_begin(void *ud, const ChHostRequest *request, ChBuffer *why) {
    ChHostNet *net = ch__net_of(ud, true, why);
    if (!net) return NULL;
    Exchange *exchange = ch_alloc_zero(1, sizeof *exchange);
    exchange->fd = -1;
    exchange->is_raw = request->is_raw;
    exchange->body_max = request->body_max;
    exchange->may_connect = request->may_connect;
    exchange->on_event = request->on_event;
    exchange->ud = request->ud;
    exchange->easy = net->curl_easy_init();
    ch__net_link(net, exchange);
    set_options(net, exchange, request);
    net->curl_multi_add_handle(net->multi, exchange->easy);
    return &exchange->out;
}

void ch__host_http_taken(void *ud, ChHostExchange *out) {
    Exchange *exchange = (Exchange *)out;
    if (!exchange->is_paused || out->is_over || out->body.length >= exchange->body_max) return;
    exchange->is_paused = false;
    if (exchange->watch) ch__raw_watch(exchange);
    else exchange->net->curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
}

void ch__host_http_end(void *ud, ChHostExchange *out) { release((Exchange *)out); }

static void free_net(uv_handle_t *timer) { ch_free(timer->data); }

void ch__host_net_free(RealHost *real) {
    ChHostNet *net = real->net;
    if (!net) return;
    real->net = NULL;
    while (net->first) release(net->first);
    ch__listeners_free(net);
    if (net->multi) net->curl_multi_cleanup(net->multi);
    uv_timer_stop(&net->timer);
    uv_close((uv_handle_t *)&net->timer, free_net);
}
