/* The language server: its state, and one request on its way.
 *
 * One thread owns everything here: the loop's. It reads messages, changes documents and runs the features, which are
 * quick because they look things up in an analysis that is already there. Analyses are made on a worker thread
 * (scheduler.h), so typing never waits for one. A request that needs an analysis that is not there yet waits in a list,
 * can be cancelled, and is answered exactly once. */
#ifndef CH_LSP_SERVER_H
#define CH_LSP_SERVER_H

#include <uv.h>

#include "protocol/rpc.h"
#include "session/session.h"
#include "snapshot/snapshot.h"
#include "transport/channel.h"

enum {
    CH_SERVER_WAITING_MAX = 1024,      /* requests that wait for an analysis; more are refused */
    CH_SERVER_PARENT_WATCH_MS = 500,   /* how often the client's process is looked for */
    CH_REQUEST_ERROR_BYTES_MAX = 512,
};

typedef enum ChServerState {
    CH_SERVER_FRESH,    /* before `initialize` */
    CH_SERVER_READY,
    CH_SERVER_SHUTDOWN, /* after `shutdown`: only `exit` is heard */
    CH_SERVER_ENDING,   /* closing the channel and what hangs on it */
} ChServerState;

typedef struct ChScheduler ChScheduler;
typedef struct ChServer ChServer;
typedef struct ChRequest ChRequest;

typedef enum ChMethodKind { CH_METHOD_REQUEST, CH_METHOD_NOTIFICATION } ChMethodKind;
typedef enum ChLane { CH_LANE_NOW, CH_LANE_WRITE, CH_LANE_READ } ChLane;

typedef struct ChMethod {
    const char *name;
    ChMethodKind kind;
    ChLane lane;
    void (*handle)(ChServer *server, ChRequest *request);
    void (*add_capability)(ChServer *server, cJSON *capabilities);
} ChMethod;

/* One message on its way. A handler reads `params`, and for requests either writes JSON to `result` (nothing is null) or
 * calls `ch_request_fail`. */
struct ChRequest {
    ChMessage *message; /* owned */
    const ChMethod *method;
    const cJSON *params;    /* borrowed from the message; may be NULL */
    ChDocument *document;   /* READ: borrowed from the session while `snapshot` or waiting */
    uint64_t revision;      /* READ: of the document when the request came */
    ChSnapshot *snapshot;   /* READ: borrowed while the handler runs */
    ChBuffer result;        /* JSON */
    ChRpcCode code;
    char error[CH_REQUEST_ERROR_BYTES_MAX];
    bool is_deferred;       /* a search has taken it over */
    ChRequest *next;        /* waiting */
};

struct ChServer {
    uv_loop_t *loop;
    ChChannel *channel;     /* NULL once it closed */
    ChServerState state;
    int exit_code;
    bool was_spoken_to;     /* a message came */
    ChSession session;
    ChScheduler *scheduler; /* owned */
    ChRequest *waiting;     /* owned; oldest first */
    uint32_t waiting_count;
    struct ChSearch *searches; /* running; each frees itself when its worker is done */
    uint32_t search_count;
    uv_timer_t parent_timer;
    int parent_pid;         /* 0: not watched */
    /* What the client can do. */
    bool has_hierarchical_symbols;
    bool has_related_information;
    bool has_markdown_hover;
    bool has_diagnostic_tags;
    bool can_watch_files;
    bool pulls_diagnostics; /* it asks for them and can be told to ask again: nothing is pushed then */
    bool has_token_deltas;
    uint32_t refresh_count; /* requests to ask again, so far */
};

/* Runs until the client leaves; returns the exit code of the process. */
int ch_server_run(uv_loop_t *loop, int parent_pid);

/* Makes the request an error. */
void ch_request_fail(ChRequest *request, ChRpcCode code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Answers and frees a request. */
void ch_server_finish(ChServer *server, ChRequest *request);

/* Is it the request with this id, as a client wrote it? */
bool ch_request_has_id(const ChRequest *request, const cJSON *id);

/* Reads `params.textDocument.uri` and finds the open document. Fails the request (and returns NULL) when the URI is
 * malformed, or when it is not open. */
ChDocument *ch_request_document(ChServer *server, ChRequest *request);

/* Answers the waiting requests whose document was analysed or has moved on. */
void ch_server_answer_waiting(ChServer *server);

/* Fails the waiting requests for a document. */
void ch_server_fail_waiting(ChServer *server, const ChDocument *document, ChRpcCode code, const char *text);

/* A line for the client's log. */
void ch_server_log(ChServer *server, ChMessageKind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the server: no more messages, flush, leave the loop. */
void ch_server_end(ChServer *server, int exit_code);

/* The rows of methods.def; the count in `*count`. */
const ChMethod *ch_methods(size_t *count);

#define CH_LSP(name, kind, lane, handler, capability)     \
    void handler(ChServer *server, ChRequest *request);   \
    void capability(ChServer *server, cJSON *capabilities);
#include "methods.def"
#undef CH_LSP

#endif
