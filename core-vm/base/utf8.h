/* UTF-8: validation, decoding, and columns in the units that editors count. */
#ifndef CH_BASE_UTF8_H
#define CH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CH_RUNE_BAD 0xfffdu

/* Decode the code point at data[0]; store how many bytes it took (at least 1 when
 * length > 0). Bytes that are not UTF-8 give CH_RUNE_BAD and a width of 1. */
uint32_t ch_utf8_decode(const char *data, size_t length, uint32_t *width);

/* Encode; returns 1 to 4 bytes. Surrogates and values above 10FFFF become U+FFFD. */
uint32_t ch_utf8_encode(uint32_t rune, char out[4]);

/* Offset of the first byte that is not valid UTF-8 (overlong forms, surrogates and
 * values above 10FFFF are invalid), or `length` when all is well. */
size_t ch_utf8_find_invalid(const char *data, size_t length);

/* Code points; an invalid byte counts as one. */
size_t ch_utf8_count(const char *data, size_t length);

/* UTF-16 code units; an invalid byte counts as one. */
size_t ch_utf8_count_utf16(const char *data, size_t length);

/* Byte offset of the `units`-th code point / UTF-16 unit, at most `length`. A unit
 * inside a surrogate pair gives the start of its code point. */
size_t ch_utf8_offset_of_rune(const char *data, size_t length, size_t runes);
size_t ch_utf8_offset_of_utf16(const char *data, size_t length, size_t units);

/* Greatest start of a code point that is not behind `offset`. */
size_t ch_utf8_floor(const char *data, size_t length, size_t offset);

/* Columns on a terminal, roughly: wide East Asian characters and emoji take two,
 * combining marks none. Enough to put a caret under a character. */
uint32_t ch_utf8_cell_width(uint32_t rune);

#endif
