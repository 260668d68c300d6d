// Strings: UTF-8 bytes behind a head. Hash and number of code points are kept once computed. An append to a string
// that nobody else holds grows it in place, doubling.
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "vm/heap.h"

#include "base/banned.h"

#define CHARS_UNKNOWN UINT32_MAX

ChString *ch_string_with_capacity(size_t capacity) {
    ChString *s = ch_object_alloc(CH_TAG_STRING, sizeof *s + capacity + 1);
    s->hash = 0;
    s->length = 0;
    s->capacity = (uint32_t)capacity;
    s->chars = 0;
    s->data[0] = 0;
    return s;
}

ChString *ch_string_new(const char *data, size_t length) {
    ChString *s = ch_string_with_capacity(length);
    if (length) memcpy(s->data, data, length);
    s->data[length] = 0;
    s->length = (uint32_t)length;
    s->chars = length == 0 ? 0 : CHARS_UNKNOWN;
    return s;
}

ChString *ch_string_from(const char *text) { return ch_string_new(text, strlen(text)); }

ChString *ch_string_format(const char *format, ...) {
    ChBuffer text = {0};
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&text, format, args);
    va_end(args);
    ChString *s = ch_string_new(text.data, text.length);
    ch_buffer_release(&text);
    return s;
}

bool ch_string_append(ChValue *slot, const char *data, size_t length) {
    ChString *s = slot->as.string;
    size_t total = (size_t)s->length + length;
    if (total > CH_STRING_MAX) return false;
    if (length == 0) return true;
    uint32_t chars = CHARS_UNKNOWN;
    if (s->chars != CHARS_UNKNOWN) chars = s->chars + (uint32_t)ch_utf8_count(data, length);
    bool is_own = s->head.refs == 1 && !(s->head.flags & CH_STRING_INTERNED);
    if (!is_own || total > s->capacity) {
        size_t capacity = total + total / 2 + 16;
        if (capacity > CH_STRING_MAX) capacity = CH_STRING_MAX;
        // `data` may be part of the string itself.
        bool is_inside = data >= s->data && data < s->data + s->length;
        size_t inside = is_inside ? (size_t)(data - s->data) : 0;
        if (is_own) {
            s = ch_realloc(s, sizeof *s + capacity + 1);
            s->capacity = (uint32_t)capacity;
        } else {
            ChString *old = s;
            s = ch_string_with_capacity(capacity);
            memcpy(s->data, old->data, old->length);
            s->length = old->length;
            if (is_inside) data = s->data + inside;
            ch_release(ch_object(old));
        }
        if (is_inside) data = s->data + inside;
        slot->as.string = s;
    }
    memmove(s->data + s->length, data, length);
    s->length = (uint32_t)total;
    s->data[total] = 0;
    s->hash = 0;
    s->chars = chars;
    return true;
}

uint32_t ch_string_hash(ChString *s) {
    if (s->hash == 0) {
        uint64_t h = ch_hash_bytes(s->data, s->length);
        uint32_t folded = (uint32_t)(h ^ h >> 32);
        s->hash = folded ? folded : 1;
    }
    return s->hash;
}

uint32_t ch_string_chars(ChString *s) {
    if (s->chars == CHARS_UNKNOWN) s->chars = (uint32_t)ch_utf8_count(s->data, s->length);
    return s->chars;
}

bool ch_string_equal(const ChString *a, const ChString *b) {
    if (a == b) return true;
    if (a->length != b->length) return false;
    if (a->hash && b->hash && a->hash != b->hash) return false;
    return memcmp(a->data, b->data, a->length) == 0;
}
