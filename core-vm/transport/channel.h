/* One client, spoken to in framed messages: over standard input and output, or as a loopback TCP server.
 *
 * A channel turns bytes into messages and messages into bytes on a libuv loop, and nothing else. Nothing blocks: what
 * the client does not read yet is queued. While much is queued, no more requests are read, so a client that only asks
 * is slowed down; when far too much is queued, the channel ends with a reason.
 *
 * Over stdio the channel takes the two descriptors for itself and puts /dev/null and standard error in their places, so
 * that a stray print can never land inside the protocol. Over TCP it takes one client, of the same user or with the
 * token, and hangs up on whoever speaks HTTP. */
#ifndef CH_TRANSPORT_CHANNEL_H
#define CH_TRANSPORT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "transport/message.h"

enum {
    CH_CHANNEL_QUEUE_PAUSE_BYTES = 16 * 1024 * 1024, /* above this the channel stops reading */
    CH_CHANNEL_QUEUE_RESUME_BYTES = 4 * 1024 * 1024, /* below this it reads again */
    CH_CHANNEL_QUEUE_BYTES_MAX = 64 * 1024 * 1024,   /* above this it ends */
    CH_CHANNEL_FLUSH_MS_MAX = 2000,                  /* how long a closing channel waits for its reader */
    CH_CHANNEL_ADMISSION_MS_MAX = 5 * 1000,          /* how long a TCP client may take to show its token */
};

typedef struct ChChannel ChChannel;

/* Why no more messages will come. */
typedef enum ChChannelEnd {
    CH_CHANNEL_END_EOF,    /* the client closed its end, between two messages */
    CH_CHANNEL_END_BROKEN, /* the client closed its end, or reading failed, inside a message */
    CH_CHANNEL_END_WRITE,  /* the client no longer takes what is written */
    CH_CHANNEL_END_SLOW,   /* more than CH_CHANNEL_QUEUE_BYTES_MAX wait for the client to read them */
} ChChannelEnd;

/* Bytes that were no message, for an error reply or the log. */
typedef struct ChChannelFault {
    const char *text;    /* a sentence */
    const char *id_text; /* exact text of the `id` or NULL */
    bool is_framing;     /* the header was wrong; otherwise the body */
    bool is_json;        /* the body was JSON, but no object */
} ChChannelFault;

/* All run on the loop's thread. `on_message` owns its message. After `on_end` no other call comes but `on_closed`,
 * after which the channel is gone; `on_end` does not come when `ch_channel_close` was called first. Any may be NULL
 * except `on_message`. */
typedef struct ChChannelHandlers {
    void (*on_open)(void *user, ChChannel *channel); /* a TCP client was admitted */
    void (*on_message)(void *user, ChChannel *channel, ChMessage *take_message);
    void (*on_fault)(void *user, ChChannel *channel, const ChChannelFault *fault);
    void (*on_end)(void *user, ChChannel *channel, ChChannelEnd end, const char *text);
    void (*on_closed)(void *user);
} ChChannelHandlers;

/* Where a TCP channel listens. Zero means: 127.0.0.1, a port of the system's choice, clients of the same user only. */
typedef struct ChListenOptions {
    const char *host;       /* a numeric address; NULL is 127.0.0.1 */
    int port;
    const char *token;      /* when set, the client's first message must carry the header `Charn-Token: TOKEN` */
    bool is_remote_allowed; /* permit an address that is not loopback; needs a token */
} ChListenOptions;

/* Opens the channel on standard input and output. Returns 0 or a libuv error code; `*channel` is owned until
 * `on_closed`. `body_bytes_max` 0 means CH_FRAME_BODY_BYTES_MAX. */
int ch_channel_open_stdio(uv_loop_t *loop, const ChChannelHandlers *handlers, void *user, size_t body_bytes_max,
                          ChChannel **channel);

/* Starts to listen; messages come once a client is admitted, and listening ends then. Returns 0 or a libuv error code:
 * UV_EACCES when the address is not loopback and that was not allowed, UV_EINVAL when it is no numeric address or a
 * remote address lacks a token. */
int ch_channel_listen(uv_loop_t *loop, const ChListenOptions *options, const ChChannelHandlers *handlers, void *user,
                      size_t body_bytes_max, ChChannel **channel);

/* The port of a listening channel, 0 for stdio. */
int ch_channel_port(const ChChannel *channel);

/* Queues one message; frees it in any case. Nothing is sent once the channel ended or no client is there. */
void ch_channel_send(ChChannel *channel, cJSON *take_message);

/* Likewise for JSON text of `size` bytes, allocated with `ch_alloc`. */
void ch_channel_send_text(ChChannel *channel, char *take_text, size_t size);

/* Bytes that wait for the client to read them: a server may leave out what it can leave out. */
size_t ch_channel_queued_bytes(const ChChannel *channel);

/* Holds back further messages, and lets them come again (from the loop, not from inside these calls). */
void ch_channel_pause(ChChannel *channel);
void ch_channel_resume(ChChannel *channel);

/* Stops reading, writes what is queued (for at most CH_CHANNEL_FLUSH_MS_MAX), then closes and calls `on_closed`. */
void ch_channel_close(ChChannel *channel);

#endif
