/* Content-Length framing, read one byte at a time.
 *
 * Language servers and debug adapters share this envelope: header lines, a blank line, then a body of the stated size.
 * The reader is a state machine that is fed whatever arrived and hands back one event at a time. It keeps what it has
 * received and never more: a message that claims 10 GB costs nothing until its bytes come, and they may not come to
 * more than the limit.
 *
 * Text that is no message is a fault, reported once, and the reader then looks for the next line that reads
 * `Content-Length: DIGITS`. That is safe inside an honest body too: JSON text cannot hold a raw line break after those
 * words, because strings must escape it. So the reader finds its feet again after a body that is too large, one that is
 * shorter than promised, and plain garbage alike. */
#ifndef CH_TRANSPORT_FRAME_H
#define CH_TRANSPORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    CH_FRAME_LINE_BYTES_MAX = 1024,         /* one header line, without its line break */
    CH_FRAME_BLOCK_BYTES_MAX = 8 * 1024,    /* all header lines of one message */
    CH_FRAME_HEADERS_MAX = 16,              /* header lines of one message */
    CH_FRAME_BODY_BYTES_MAX = 16 * 1024 * 1024,
    CH_FRAME_TOKEN_BYTES_MAX = 128,         /* the value of a `Charn-Token` header */
};

/* What the reader found. */
typedef enum ChFrameEvent {
    CH_FRAME_MORE,  /* the input is used up; feed more */
    CH_FRAME_BODY,  /* a whole body: see `ch_frame_reader_body` */
    CH_FRAME_FAULT, /* bytes that are no message: see `ch_frame_reader_fault` */
} ChFrameEvent;

typedef enum ChFrameFault {
    CH_FRAME_FAULT_NONE,
    CH_FRAME_FAULT_LINE,            /* a header line longer than the limit, or not `Name: value` */
    CH_FRAME_FAULT_BLOCK,           /* too many header lines or bytes */
    CH_FRAME_FAULT_LENGTH,          /* Content-Length that is no plain decimal number */
    CH_FRAME_FAULT_LENGTH_REPEATED, /* two Content-Length headers in one message */
    CH_FRAME_FAULT_LENGTH_MISSING,  /* header lines without Content-Length */
    CH_FRAME_FAULT_BODY_SIZE,       /* a body above the limit */
    CH_FRAME_FAULT_CHARSET,         /* Content-Type with a charset other than UTF-8 */
    CH_FRAME_FAULT_HTTP,            /* an HTTP request line: a web page or a lost browser */
} ChFrameFault;

/* All fields are private; the struct is here so that its owner can embed it. */
typedef struct ChFrameReader {
    size_t body_bytes_max;
    int state;
    bool resyncing;           /* a fault was reported and no body has come since */
    ChFrameFault fault;
    unsigned match;           /* letters of `content-length:` matched so far while looking for it */
    char line[CH_FRAME_LINE_BYTES_MAX];
    size_t line_size;
    size_t block_size;
    int header_count;
    bool has_length;
    size_t length;
    char token[CH_FRAME_TOKEN_BYTES_MAX + 1];
    char *body;               /* owned; `body_capacity` bytes, `body_size` of them received, NUL after them */
    size_t body_size;
    size_t body_capacity;
    bool body_was_again;
    char *again;              /* owned; bytes of a refused body that are to be read as headers again */
    size_t again_size;
    size_t again_at;
} ChFrameReader;

/* Starts empty. `body_bytes_max` 0 means CH_FRAME_BODY_BYTES_MAX. End with `ch_frame_reader_release`. */
void ch_frame_reader_init(ChFrameReader *reader, size_t body_bytes_max);

/* Frees what the reader holds; the struct itself belongs to its owner. */
void ch_frame_reader_release(ChFrameReader *reader);

/* Reads from `*bytes` up to the first event, moving `*bytes` and `*size` past what was used. Call again with what is
 * left until the event is CH_FRAME_MORE (then `*size` is 0). */
ChFrameEvent ch_frame_reader_read(ChFrameReader *reader, const char **bytes, size_t *size);

/* The body of the last CH_FRAME_BODY event: writable, NUL-terminated, good until the reader is next used. */
char *ch_frame_reader_body(ChFrameReader *reader, size_t *size);

/* Tells the reader that the last body made no sense. If a header line hides in it (the body was shorter than its
 * stated length), reading goes on there. */
void ch_frame_reader_refuse_body(ChFrameReader *reader);

/* The last fault, and a sentence about it that says what to do. */
ChFrameFault ch_frame_reader_fault(const ChFrameReader *reader);
const char *ch_frame_fault_text(ChFrameFault fault);

/* The value of the last `Charn-Token` header, or "". Servers that listen on a socket may ask for one. */
const char *ch_frame_reader_token(const ChFrameReader *reader);

/* Tells whether the stream broke off inside a message (to be asked when it ends). */
bool ch_frame_reader_is_inside(const ChFrameReader *reader);

#endif
