// Requests of the host on the network: HTTP and HTTPS, each an exchange that goes on while tasks run.
//
// ch_host.http_begin starts an exchange; what has come so far stands in its fields, which change only during a poll of
// the host. `on_event` is called from there whenever something came or the exchange ended. A body that nobody takes is
// held up at `body_max` bytes. Redirects are not followed: the caller judges each new place itself.
#ifndef CH_HOST_NET_H
#define CH_HOST_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct ChHostRequest {
    const char *method, *url;
    const char *const *headers;    // "Name: value" each; NULL ends them
    ChStr body;
    bool has_body;
    bool decompress;
    int64_t timeout_ms;            // of the whole exchange; 0: none
    int64_t connect_timeout_ms;    // 0: none
    int64_t read_timeout_ms;       // without any byte; 0: none
    const char *proxy, *proxy_user, *no_proxy;          // "user:password"; NULL: none
    const char *ca_bundle, *client_cert, *client_key;   // files; NULL: none
    const char *pinned_key;        // "sha256//BASE64;..."; NULL: none
    bool is_raw;                   // only connect (with TLS for https); then bytes both ways, see http_send
    size_t body_max;               // bytes of the body that wait to be taken before the sender is held up
    // Whether a socket may be connected to this address (numbers, no name). NULL: all may.
    bool (*may_connect)(void *ud, const char *address, int port);
    void (*on_event)(void *ud);
    void *ud;
} ChHostRequest;

typedef enum ChNetFailure { CH_NET_OK, CH_NET_TIMEOUT, CH_NET_CONNECT, CH_NET_REFUSED, CH_NET_OTHER } ChNetFailure;

typedef struct ChHostExchange {
    int status;             // 0: no head yet; of a raw connection 1 once it stands
    ChBuffer head;          // the header lines of the response
    ChBuffer body;          // what came and was not taken
    bool is_over;
    ChNetFailure failure;   // REFUSED: may_connect said no
    ChBuffer why;           // text of the failure
    ChBuffer peer;          // "ADDRESS:PORT" of whoever was accepted
    size_t unsent;          // raw: bytes that wait to go out
} ChHostExchange;

// A port on which connections are accepted. `waiting` of them were not taken yet; `on_event` tells of each.
typedef struct ChHostListener {
    int port;
    uint32_t waiting;
} ChHostListener;

#endif
