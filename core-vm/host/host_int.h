// Between the files of host/.
#ifndef CH_HOST_HOST_INT_H
#define CH_HOST_HOST_INT_H

#include <sys/types.h>

#include <stdatomic.h>

#include "host/host.h"

typedef struct ChHostLoop ChHostLoop;
typedef struct ChHostNet ChHostNet;
struct uv_loop_s;

// The operating system's host; the `ud` of its entries.
typedef struct RealHost {
    ch_host host;
    char input[8192];
    size_t input_at, input_end;
    bool input_closed;
    _Atomic(ChHostLoop *) loop; // NULL until somebody waits
    atomic_bool is_woken;       // since the last poll
    ChHostNet *net;             // NULL until the first request
} RealHost;

// Runs a child process to its end (process.c).
ChStatus ch__host_run(void *ud, const ChHostRun *run, ChHostRunResult *result);

// loop.c: what `poll` runs. Handles of operations are added to the loop and closed by who made them; they must be
// closed, or closing, before the host is freed.
struct uv_loop_s *ch__host_loop(RealHost *real);
void ch__host_poll(void *ud, int64_t ms);
void ch__host_wake(void *ud);
void ch__host_loop_free(RealHost *real);

// net.c
ChHostExchange *ch__host_http_begin(void *ud, const ChHostRequest *request, ChBuffer *why);
void ch__host_http_taken(void *ud, ChHostExchange *exchange);
void ch__host_http_end(void *ud, ChHostExchange *exchange);
void ch__host_net_free(RealHost *real);

// listen.c
void ch__host_http_send(void *ud, ChHostExchange *exchange, const char *data, size_t length);
ChHostListener *ch__host_listen_begin(void *ud, const char *address, int port, void (*on_event)(void *ud), void *event_ud, ChBuffer *why);
ChHostExchange *ch__host_listen_take(void *ud, ChHostListener *listener, size_t body_max, void (*on_event)(void *ud), void *event_ud);
void ch__host_listen_end(void *ud, ChHostListener *listener);
ChHostExchange *ch__host_child_begin(void *ud, const ChHostRun *run, size_t body_max, void (*on_event)(void *ud), void *event_ud, ChBuffer *why);
// process.c: starts a program and gives our end of a socket that is its standard input and output; below 0: -errno.
int ch__child_start(const ChHostRun *run, pid_t *child);
// Waits a little for a program whose streams were closed, then kills it.
#define CH_CHILD_GRACE_MS 200
void ch__child_end(pid_t child);

#endif
