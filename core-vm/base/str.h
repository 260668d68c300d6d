/* Texts with a length. ChStr borrows bytes (UTF-8, may hold NUL, has no
 * terminator that counts); ChBuffer owns and grows them. */
#ifndef CH_BASE_STR_H
#define CH_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* A borrowed text. data may be NULL when length is 0. */
typedef struct ChStr {
    const char *data;
    uint32_t length; /* bytes */
} ChStr;

/* A literal as ChStr: CH_STR("let"). CH_STR_INIT is the same for static tables. */
#define CH_STR(literal) ((ChStr){"" literal, (uint32_t)sizeof(literal) - 1})
#define CH_STR_INIT(literal)                                                                                 \
    { "" literal, (uint32_t)sizeof(literal) - 1 }

/* For printf: printf("%.*s", CH_STR_ARG(name)). */
#define CH_STR_ARG(str) (int)(str).length, (str).data ? (str).data : ""

ChStr ch_str_of(const char *text); /* NULL gives the empty text */
ChStr ch_str_slice(const char *data, size_t length);
bool ch_str_equal(ChStr a, ChStr b);
bool ch_str_is(ChStr a, const char *text);
int ch_str_compare(ChStr a, ChStr b); /* by bytes, as memcmp */
bool ch_str_starts_with(ChStr a, ChStr prefix);
bool ch_str_ends_with(ChStr a, ChStr suffix);
ChStr ch_str_trim(ChStr a); /* ASCII white space at both ends */
/* Offset of the first `needle` at or behind `from`, or -1. */
int64_t ch_str_find(ChStr hay, ChStr needle, uint32_t from);
/* Offset of the last `byte`, or -1. */
int64_t ch_str_find_last_byte(ChStr hay, char byte);
uint64_t ch_str_hash(ChStr a);

/* A copy in the arena, with a NUL behind it that does not count. */
ChStr ch_str_copy(ChArena *arena, ChStr a);
ChStr ch_str_format(ChArena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A NUL-terminated copy to be freed with ch_free. */
char *ch_str_detach(ChStr a);

/* Levenshtein distance in bytes, at most `limit` + 1. For "did you mean". */
uint32_t ch_str_distance(ChStr a, ChStr b, uint32_t limit);

/* An owned, growing text. Zeroed memory is a valid empty buffer; data always has
 * a NUL behind length once something was added. */
typedef struct ChBuffer {
    char *data;
    size_t length;
    size_t capacity;
} ChBuffer;

void ch_buffer_release(ChBuffer *buffer);
void ch_buffer_clear(ChBuffer *buffer);
void ch_buffer_reserve(ChBuffer *buffer, size_t extra);
void ch_buffer_add(ChBuffer *buffer, const void *bytes, size_t length);
void ch_buffer_add_str(ChBuffer *buffer, ChStr str);
void ch_buffer_add_text(ChBuffer *buffer, const char *text);
void ch_buffer_add_byte(ChBuffer *buffer, char byte);
void ch_buffer_add_repeat(ChBuffer *buffer, char byte, size_t count);
/* One code point as UTF-8. */
void ch_buffer_add_rune(ChBuffer *buffer, uint32_t rune);
void ch_buffer_printf(ChBuffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ch_buffer_vprintf(ChBuffer *buffer, const char *format, va_list args);
/* The text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void ch_buffer_add_json(ChBuffer *buffer, ChStr str);
/* What is in the buffer now; good until the next change. */
ChStr ch_buffer_view(const ChBuffer *buffer);
/* The bytes, NUL-terminated, to be freed with ch_free; the buffer is empty then. */
char *ch_buffer_detach(ChBuffer *buffer);

#endif
