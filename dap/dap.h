/* The adapter's state, shared by its handlers.
 *
 * One process serves one session: one client on a channel, one debugger. Protocol and program share one libuv loop:
 * the program runs in slices (server.c), so every request is heard between two of them, and a pause at the next
 * safepoint. Handlers see the debugger only through debug/debug.h and JSON only through dap/protocol. */
#ifndef CH_DAP_DAP_H
#define CH_DAP_DAP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "debug/debug.h"
#include "handles.h"
#include "transport/channel.h"

enum {
    CH_DAP_SLICE_LOOKS = 8, /* of the machine at its interrupts between two looks at the client: a few milliseconds */
    CH_DAP_VALUE_TEXT_BYTES_MAX = 256,        /* of a value in a list of variables; evaluate shows more */
    CH_DAP_EVALUATE_TEXT_BYTES_MAX = 64 * 1024,
    CH_DAP_PAGE_MAX = 10 * 1000,              /* variables or frames in one answer when the client asks for all */
    CH_DAP_THREADS_MAX = 1000,                /* tasks that are shown; the protocol has no pages for them */
    CH_DAP_QUEUED_BYTES_MAX = 4 * 1024 * 1024, /* unread by the client; the program waits above this */
    CH_DAP_QUEUE_LOOK_MS = 5,                 /* between two looks whether the client has caught up */
    CH_DAP_OUTPUT_BYTES_PER_SECOND_MAX = 1024 * 1024,
};

/* States of a session, as bits for requests.def. */
typedef enum ChDapState {
    CH_DAP_FRESH = 1,        /* nothing but `initialize` was or can be asked */
    CH_DAP_CONFIGURING = 2,  /* initialized; breakpoints may be set; no program yet */
    CH_DAP_LAUNCHED = 4,     /* the program is loaded and waits for `configurationDone` */
    CH_DAP_RUNNING = 8,
    CH_DAP_STOPPED = 16,
    CH_DAP_ENDED = 32,       /* the program has ended; the client is about to disconnect */
    CH_DAP_ANY = 63,
} ChDapState;

typedef struct ChDap {
    uv_loop_t *loop;
    ChChannel *channel;
    uv_idle_t runner;      /* active while the program has something to do */
    uv_timer_t waker;      /* active while every task waits */
    ChDapState state;
    int64_t seq;           /* of the next message sent */
    int exit_code;         /* of the process */

    ChDebugger *debugger;  /* NULL before `initialize` */
    ChDapHandles handles;
    bool is_configured;    /* `configurationDone` came */
    bool is_no_debug;
    bool is_resume_event_due; /* a resuming request was answered: no `continued` event is needed */
    bool lines_start_at_1, columns_start_at_1, uses_uri;
    bool supports_variable_type;

    uint32_t task_count;   /* alive */
    ChBuffer output;       /* printed in this slice, not yet sent */
    bool output_is_error;
    int64_t output_window_start_ms;
    uint64_t output_window_bytes, output_dropped_bytes;
    bool is_closing;
} ChDap;

typedef struct ChDapRequest {
    const ChMessage *message;
    const cJSON *arguments; /* borrowed; may be NULL */
    const char *command;
} ChDapRequest;

typedef void (*ChDapHandler)(ChDap *dap, const ChDapRequest *request);

#define CH_DAP(command, states, handler, capability) void handler(ChDap *dap, const ChDapRequest *request);
#include "requests.def"
#undef CH_DAP

/* server.c */

/* Carries out one message; frees it. */
void ch_dap_dispatch(ChDap *dap, ChMessage *take_message);
/* Lets the program run on from the loop; every handle of the last stop is forgotten. */
void ch_dap_run(ChDap *dap);
/* Makes the debugger; its events go to the client. */
void ch_dap_open_debugger(ChDap *dap);
/* Ends the session: the program dies with it. */
void ch_dap_close(ChDap *dap);
/* Tells the client that the program ended. */
void ch_dap_report_end(ChDap *dap);
void ch_dap_flush_output(ChDap *dap);

#endif
