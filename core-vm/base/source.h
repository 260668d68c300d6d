/* A source text: its path, its bytes, and where its lines begin. Offsets are byte
 * offsets into the text as read, except that a byte order mark is dropped. Lines
 * and columns are counted from 1, columns in characters (code points), as in
 * messages; editors' columns are converted at the edge of the language server. */
#ifndef CH_BASE_SOURCE_H
#define CH_BASE_SOURCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

/* Immutable and counted; ref and unref may be called from any thread. */
typedef struct ChSource {
    ChStr path;            /* as it is shown in messages */
    ChStr text;            /* UTF-8, NUL behind the end */
    uint32_t *line_starts; /* offset of the first byte of each line */
    uint32_t line_count;   /* at least 1; a final newline opens one more line */
    uint64_t hash;         /* of the text */
    int ref_count;
} ChSource;

/* A half-open range of bytes. */
typedef struct ChRange {
    uint32_t start, end;
} ChRange;

/* 1-based; column in characters. */
typedef struct ChPosition {
    uint32_t line, column;
} ChPosition;

/* Why a source could not be made, ready to show. */
typedef struct ChSourceError {
    ChStatus status;
    ChBuffer message;    /* "cannot read x.harn: permission denied"; release it */
    ChPosition position; /* of the offending byte with CH_STATUS_BAD_UTF8, else 0 */
} ChSourceError;

/* Copy path and text. Fails (NULL, *error filled) when the text is larger than
 * CH_SOURCE_BYTES_MAX or is not UTF-8. `error` may be NULL. */
ChSource *ch_source_new(ChStr path, ChStr text, ChSourceError *error);

/* As ch_source_new, but bytes that are not UTF-8 become U+FFFD: for editors. */
ChSource *ch_source_new_lossy(ChStr path, ChStr text);

/* Read a file. Folders, FIFOs, devices and sockets are refused without opening
 * them for long (a FIFO does not block). Fails as ch_source_new. */
ChSource *ch_source_read(ChStr path, ChSourceError *error);

/* Read a stream (standard input) to its end, under the same limit. */
ChSource *ch_source_read_descriptor(int descriptor, ChStr path, ChSourceError *error);

ChSource *ch_source_ref(ChSource *source);
void ch_source_unref(ChSource *source); /* NULL is allowed */

/* Position of a byte offset (beyond the end: the end). */
ChPosition ch_source_position(const ChSource *source, uint32_t offset);

/* 1-based line of an offset. */
uint32_t ch_source_line(const ChSource *source, uint32_t offset);

/* Offset of a position; columns beyond the line's end give its end. */
uint32_t ch_source_offset(const ChSource *source, ChPosition position);

/* Text of a 1-based line without its line end; empty when there is none. */
ChStr ch_source_line_text(const ChSource *source, uint32_t line);

/* Offset of the first byte of a 1-based line (beyond the last: the end). */
uint32_t ch_source_line_start(const ChSource *source, uint32_t line);

/* The text of a range, clamped. */
ChStr ch_source_text(const ChSource *source, ChRange range);

void ch_source_error_release(ChSourceError *error);

#endif
