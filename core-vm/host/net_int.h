// Between net.c (HTTP, and connections of a client, by libcurl) and listen.c (connections that a server accepts).
#ifndef CH_HOST_NET_INT_H
#define CH_HOST_NET_INT_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <sys/types.h>
#include <uv.h>

#include "host/host_int.h"

#define CH__CURL_CALLS(X)                                                                                              \
    X(curl_global_init) X(curl_multi_init) X(curl_multi_setopt) X(curl_multi_add_handle) X(curl_multi_remove_handle)     \
    X(curl_multi_socket_action) X(curl_multi_assign) X(curl_multi_info_read) X(curl_multi_cleanup) X(curl_easy_init)     \
    X(curl_easy_setopt) X(curl_easy_getinfo) X(curl_easy_cleanup) X(curl_easy_strerror) X(curl_easy_pause)              \
    X(curl_easy_send) X(curl_easy_recv) X(curl_slist_append) X(curl_slist_free_all)

typedef struct Exchange Exchange;

struct ChHostNet {
    RealHost *real;
    CURLM *multi; // NULL until libcurl is needed
    uv_timer_t timer;
    Exchange *first;
    struct ChHostListener *listeners;
#define X(name) __typeof__(&name) name;
    CH__CURL_CALLS(X)
#undef X
};

// The socket of a raw connection as the loop watches it; closed by itself after its exchange is gone.
typedef struct RawWatch {
    uv_poll_t poll;
    Exchange *exchange;
} RawWatch;

// An exchange and what libcurl needs of it.
struct Exchange {
    ChHostExchange out; // first: callers hold a pointer to it
    ChHostNet *net;
    CURL *easy;         // NULL: accepted by a listener
    struct curl_slist *headers;
    char *body;
    char error[CURL_ERROR_SIZE];
    Exchange *next, *previous;
    bool is_paused, was_refused, is_raw;
    RawWatch *watch;    // of a raw connection
    int fd;             // of an accepted one, and of a child process
    pid_t child;        // 0: none
    ChBuffer unsent;
    size_t body_max;
    bool (*may_connect)(void *ud, const char *address, int port);
    void (*on_event)(void *ud);
    void *ud;
};

// The network part of the host; `why` is for libcurl, which is loaded when `needs_curl`. NULL: it is not there.
ChHostNet *ch__net_of(RealHost *real, bool needs_curl, ChBuffer *why);
void ch__net_link(ChHostNet *net, Exchange *exchange);

// listen.c
// From now on what comes on the socket goes to the body, and what is unsent goes out.
void ch__raw_begin(Exchange *exchange, int fd);
// Watches the socket for what the exchange needs now.
void ch__raw_watch(Exchange *exchange);
void ch__raw_end(Exchange *exchange);
void ch__listeners_free(ChHostNet *net);

#endif
