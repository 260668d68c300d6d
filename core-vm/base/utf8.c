/* See utf8.h. The decoder follows the table of well-formed byte sequences in the
 * Unicode standard (3-7): the second byte's range depends on the first. */
#include "base/utf8.h"

#include <string.h>

#include "base/banned.h"

static bool is_tail(unsigned char byte) {
    return (byte & 0xc0) == 0x80;
}

uint32_t ch_utf8_decode(const char *data, size_t length, uint32_t *width) {
    const unsigned char *s = (const unsigned char *)data;
    *width = 1;
    if (length == 0) return CH_RUNE_BAD;
    unsigned char a = s[0];
    if (a < 0x80) return a;
    if (a >= 0xc2 && a <= 0xdf) {
        if (length < 2 || !is_tail(s[1])) return CH_RUNE_BAD;
        *width = 2;
        return (uint32_t)(a & 0x1f) << 6 | (s[1] & 0x3fu);
    }
    if (a >= 0xe0 && a <= 0xef) {
        if (length < 3 || !is_tail(s[1]) || !is_tail(s[2])) return CH_RUNE_BAD;
        if ((a == 0xe0 && s[1] < 0xa0) || (a == 0xed && s[1] > 0x9f)) return CH_RUNE_BAD;
        *width = 3;
        return (uint32_t)(a & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3fu);
    }
    if (a >= 0xf0 && a <= 0xf4) {
        if (length < 4 || !is_tail(s[1]) || !is_tail(s[2]) || !is_tail(s[3])) return CH_RUNE_BAD;
        if ((a == 0xf0 && s[1] < 0x90) || (a == 0xf4 && s[1] > 0x8f)) return CH_RUNE_BAD;
        *width = 4;
        return (uint32_t)(a & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 | (uint32_t)(s[2] & 0x3f) << 6 |
               (s[3] & 0x3fu);
    }
    return CH_RUNE_BAD;
}

uint32_t ch_utf8_encode(uint32_t rune, char out[4]) {
    if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) rune = CH_RUNE_BAD;
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xc0 | rune >> 6);
        out[1] = (char)(0x80 | (rune & 0x3f));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xe0 | rune >> 12);
        out[1] = (char)(0x80 | (rune >> 6 & 0x3f));
        out[2] = (char)(0x80 | (rune & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | rune >> 18);
    out[1] = (char)(0x80 | (rune >> 12 & 0x3f));
    out[2] = (char)(0x80 | (rune >> 6 & 0x3f));
    out[3] = (char)(0x80 | (rune & 0x3f));
    return 4;
}

/* Eight ASCII bytes at once; sources are mostly that. */
static size_t skip_ascii(const char *data, size_t length) {
    size_t i = 0;
    while (i + 8 <= length) {
        uint64_t word;
        memcpy(&word, data + i, 8);
        if (word & 0x8080808080808080u) break;
        i += 8;
    }
    while (i < length && !((unsigned char)data[i] & 0x80))
        i++;
    return i;
}

size_t ch_utf8_find_invalid(const char *data, size_t length) {
    size_t i = 0;
    for (;;) {
        i += skip_ascii(data + i, length - i);
        if (i >= length) return length;
        uint32_t width;
        ch_utf8_decode(data + i, length - i, &width);
        if (width == 1) return i;
        i += width;
    }
}

/* Advance over code points until `limit` units (runes, or UTF-16 units when
 * `wide`) are used up; stores the number of units passed. */
static size_t advance(const char *data, size_t length, size_t limit, bool wide, size_t *units) {
    size_t i = 0, used = 0;
    while (i < length && used < limit) {
        uint32_t width = 1;
        if ((unsigned char)data[i] & 0x80) ch_utf8_decode(data + i, length - i, &width);
        size_t step = wide && width == 4 ? 2 : 1;
        if (used + step > limit) break;
        used += step;
        i += width;
    }
    *units = used;
    return i;
}

size_t ch_utf8_count(const char *data, size_t length) {
    size_t units;
    advance(data, length, SIZE_MAX, false, &units);
    return units;
}

size_t ch_utf8_count_utf16(const char *data, size_t length) {
    size_t units;
    advance(data, length, SIZE_MAX, true, &units);
    return units;
}

size_t ch_utf8_offset_of_rune(const char *data, size_t length, size_t runes) {
    size_t units;
    return advance(data, length, runes, false, &units);
}

size_t ch_utf8_offset_of_utf16(const char *data, size_t length, size_t wanted) {
    size_t units;
    return advance(data, length, wanted, true, &units);
}

size_t ch_utf8_floor(const char *data, size_t length, size_t offset) {
    if (offset >= length) return length;
    size_t start = offset;
    for (int i = 0; i < 3 && start > 0 && is_tail((unsigned char)data[start]); i++)
        start--;
    uint32_t width;
    ch_utf8_decode(data + start, length - start, &width);
    return start + width > offset ? start : offset;
}

uint32_t ch_utf8_cell_width(uint32_t rune) {
    if (rune < 0x300) return 1;
    if ((rune >= 0x300 && rune <= 0x36f) || (rune >= 0x200b && rune <= 0x200f) ||
        (rune >= 0x20d0 && rune <= 0x20ff) || (rune >= 0xfe00 && rune <= 0xfe0f) ||
        (rune >= 0xfe20 && rune <= 0xfe2f))
        return 0;
    if ((rune >= 0x1100 && rune <= 0x115f) || (rune >= 0x2e80 && rune <= 0xa4cf) ||
        (rune >= 0xac00 && rune <= 0xd7a3) || (rune >= 0xf900 && rune <= 0xfaff) ||
        (rune >= 0xfe30 && rune <= 0xfe6f) || (rune >= 0xff00 && rune <= 0xff60) ||
        (rune >= 0xffe0 && rune <= 0xffe6) || (rune >= 0x1f300 && rune <= 0x1faff) ||
        (rune >= 0x20000 && rune <= 0x3fffd))
        return 2;
    return 1;
}
