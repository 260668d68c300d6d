/* See str.h. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"

#include "base/banned.h"

ChStr ch_str_of(const char *text) {
    return text ? ch_str_slice(text, strlen(text)) : (ChStr){0};
}

ChStr ch_str_slice(const char *data, size_t length) {
    return (ChStr){data, (uint32_t)length};
}

bool ch_str_equal(ChStr a, ChStr b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool ch_str_is(ChStr a, const char *text) {
    return ch_str_equal(a, ch_str_of(text));
}

int ch_str_compare(ChStr a, ChStr b) {
    uint32_t shared = a.length < b.length ? a.length : b.length;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool ch_str_starts_with(ChStr a, ChStr prefix) {
    return a.length >= prefix.length && ch_str_equal(ch_str_slice(a.data, prefix.length), prefix);
}

bool ch_str_ends_with(ChStr a, ChStr suffix) {
    return a.length >= suffix.length &&
           (suffix.length == 0 || memcmp(a.data + a.length - suffix.length, suffix.data, suffix.length) == 0);
}

static bool is_space(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

ChStr ch_str_trim(ChStr a) {
    while (a.length && is_space(a.data[0])) {
        a.data++;
        a.length--;
    }
    while (a.length && is_space(a.data[a.length - 1]))
        a.length--;
    return a;
}

int64_t ch_str_find(ChStr hay, ChStr needle, uint32_t from) {
    if (from > hay.length || needle.length > hay.length - from) return -1;
    if (needle.length == 0) return from;
    const char *end = hay.data + hay.length - needle.length + 1;
    for (const char *at = hay.data + from; at < end; at++) {
        at = memchr(at, needle.data[0], (size_t)(end - at));
        if (!at) return -1;
        if (memcmp(at, needle.data, needle.length) == 0) return at - hay.data;
    }
    return -1;
}

int64_t ch_str_find_last_byte(ChStr hay, char byte) {
    for (uint32_t i = hay.length; i > 0; i--)
        if (hay.data[i - 1] == byte) return i - 1;
    return -1;
}

uint64_t ch_str_hash(ChStr a) {
    return ch_hash_bytes(a.data ? a.data : "", a.length);
}

ChStr ch_str_copy(ChArena *arena, ChStr a) {
    return (ChStr){ch_arena_copy(arena, a.data, a.length), a.length};
}

ChStr ch_str_format(ChArena *arena, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char small[256];
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    char *text;
    if (length < 0) length = 0;
    if ((size_t)length < sizeof small) {
        text = ch_arena_copy(arena, small, (size_t)length);
    } else {
        text = ch_arena_alloc(arena, (size_t)length + 1);
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return ch_str_slice(text, (size_t)length);
}

char *ch_str_detach(ChStr a) {
    char *text = ch_alloc((size_t)a.length + 1);
    if (a.length) memcpy(text, a.data, a.length);
    text[a.length] = 0;
    return text;
}

#define DISTANCE_LENGTH_MAX 64u

uint32_t ch_str_distance(ChStr a, ChStr b, uint32_t limit) {
    uint32_t apart = a.length > b.length ? a.length - b.length : b.length - a.length;
    if (apart > limit || b.length > DISTANCE_LENGTH_MAX) return limit + 1;
    uint32_t row[DISTANCE_LENGTH_MAX + 1];
    for (uint32_t j = 0; j <= b.length; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= a.length; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b.length; j++) {
            uint32_t above = row[j];
            uint32_t best = diagonal + (a.data[i - 1] != b.data[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.length] > limit ? limit + 1 : row[b.length];
}

void ch_buffer_release(ChBuffer *buffer) {
    ch_free(buffer->data);
    *buffer = (ChBuffer){0};
}

void ch_buffer_clear(ChBuffer *buffer) {
    buffer->length = 0;
    if (buffer->data) buffer->data[0] = 0;
}

void ch_buffer_reserve(ChBuffer *buffer, size_t extra) {
    size_t wanted = buffer->length + extra + 1;
    if (wanted <= buffer->capacity) return;
    size_t grown = buffer->capacity < 64 ? 64 : buffer->capacity + buffer->capacity / 2;
    if (grown < wanted) grown = wanted;
    buffer->data = ch_realloc(buffer->data, grown);
    buffer->capacity = grown;
}

void ch_buffer_add(ChBuffer *buffer, const void *bytes, size_t length) {
    ch_buffer_reserve(buffer, length);
    if (length) memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = 0;
}

void ch_buffer_add_str(ChBuffer *buffer, ChStr str) {
    ch_buffer_add(buffer, str.data, str.length);
}

void ch_buffer_add_text(ChBuffer *buffer, const char *text) {
    ch_buffer_add(buffer, text, strlen(text));
}

void ch_buffer_add_byte(ChBuffer *buffer, char byte) {
    ch_buffer_add(buffer, &byte, 1);
}

void ch_buffer_add_repeat(ChBuffer *buffer, char byte, size_t count) {
    ch_buffer_reserve(buffer, count);
    memset(buffer->data + buffer->length, byte, count);
    buffer->length += count;
    buffer->data[buffer->length] = 0;
}

void ch_buffer_add_rune(ChBuffer *buffer, uint32_t rune) {
    char bytes[4];
    ch_buffer_add(buffer, bytes, ch_utf8_encode(rune, bytes));
}

void ch_buffer_printf(ChBuffer *buffer, const char *format, ...) {
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(buffer, format, args);
    va_end(args);
}

void ch_buffer_vprintf(ChBuffer *buffer, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    ch_buffer_reserve(buffer, 64);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->data + buffer->length, room, format, args);
    if (length > 0 && (size_t)length >= room) {
        ch_buffer_reserve(buffer, (size_t)length);
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
    }
    if (length > 0) buffer->length += (size_t)length;
    va_end(again);
}

void ch_buffer_add_json(ChBuffer *buffer, ChStr str) {
    ch_buffer_add_byte(buffer, '"');
    uint32_t i = 0;
    while (i < str.length) {
        uint32_t width;
        uint32_t rune = ch_utf8_decode(str.data + i, str.length - i, &width);
        switch (rune) {
        case '"': ch_buffer_add_text(buffer, "\\\""); break;
        case '\\': ch_buffer_add_text(buffer, "\\\\"); break;
        case '\n': ch_buffer_add_text(buffer, "\\n"); break;
        case '\r': ch_buffer_add_text(buffer, "\\r"); break;
        case '\t': ch_buffer_add_text(buffer, "\\t"); break;
        default:
            if (rune < 0x20)
                ch_buffer_printf(buffer, "\\u%04x", (unsigned)rune);
            else
                ch_buffer_add_rune(buffer, rune);
        }
        i += width;
    }
    ch_buffer_add_byte(buffer, '"');
}

ChStr ch_buffer_view(const ChBuffer *buffer) {
    return ch_str_slice(buffer->data ? buffer->data : "", buffer->length);
}

char *ch_buffer_detach(ChBuffer *buffer) {
    ch_buffer_reserve(buffer, 0);
    buffer->data[buffer->length] = 0;
    char *text = buffer->data;
    *buffer = (ChBuffer){0};
    return text;
}
