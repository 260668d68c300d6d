/* The text of an open document, and the arithmetic between bytes and what editors count.
 *
 * A position in the protocol is a line and a number of units into it; the unit (bytes, UTF-16 code units, code points) is
 * agreed on once per session. Lines end at LF, CR LF or a lone CR, as the protocol says. An index of line starts is kept
 * up to date by each edit, so that an edit costs one move of bytes and one pass over the index, whatever its place. */
#ifndef CH_LSP_SESSION_TEXT_H
#define CH_LSP_SESSION_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

typedef enum ChEncoding { CH_ENCODING_UTF8, CH_ENCODING_UTF16, CH_ENCODING_UTF32 } ChEncoding;

/* Zero-based line, and units from its start. */
typedef struct ChLspPosition {
    uint32_t line, character;
} ChLspPosition;

typedef struct ChLspRange {
    ChLspPosition start, end;
} ChLspRange;

/* Where lines begin. Zeroed memory is to be filled by `ch_lines_build`. */
typedef struct ChLines {
    uint32_t *starts; /* owned; starts[0] is 0 */
    uint32_t count;   /* at least 1 */
    uint32_t capacity;
    bool is_ascii;    /* every byte is ASCII: units are bytes in any encoding */
    bool has_bom;     /* the client's text begins with a byte order mark that this text lacks */
} ChLines;

void ch_lines_build(ChLines *lines, ChStr text);
void ch_lines_copy(ChLines *to, const ChLines *from);
void ch_lines_release(ChLines *lines);

/* The line (zero-based) that holds the offset. */
uint32_t ch_lines_find(const ChLines *lines, uint32_t offset);

/* Byte offset of a position. Beyond the line's end is the line's end (before its line break), beyond the last line the
 * end of the text; a unit inside a character is the character's start. */
uint32_t ch_lines_offset(const ChLines *lines, ChStr text, ChEncoding encoding, ChLspPosition position);

/* Position of a byte offset; beyond the end is the end. */
ChLspPosition ch_lines_position(const ChLines *lines, ChStr text, ChEncoding encoding, uint32_t offset);

/* Number of units that a piece of text takes. */
uint32_t ch_text_units(ChStr text, ChEncoding encoding);

/* Converts many offsets that mostly rise without counting the same bytes again. */
typedef struct ChLineCursor {
    const ChLines *lines;
    ChStr text;
    ChEncoding encoding;
    uint32_t line, offset, character; /* the last answer */
} ChLineCursor;

ChLineCursor ch_line_cursor_init(const ChLines *lines, ChStr text, ChEncoding encoding);
ChLspPosition ch_line_cursor_position(ChLineCursor *cursor, uint32_t offset);

/* A text that can be edited. Zeroed memory is an empty text once `ch_text_set` was called. */
typedef struct ChText {
    char *data;     /* owned; NUL behind the end */
    uint32_t size;
    uint32_t capacity;
    ChLines lines;
} ChText;

void ch_text_set(ChText *text, const char *bytes, uint32_t size);
/* Replaces the bytes from `start` to `end` (both inside the text, in order). */
void ch_text_replace(ChText *text, uint32_t start, uint32_t end, const char *bytes, uint32_t size);
void ch_text_release(ChText *text);
ChStr ch_text_view(const ChText *text);

#endif
