/* The scanner keeps one byte of state per open bracket and one small record per key of the objects that are open.
 * Equal keys are found when their object closes: few keys are compared pairwise, many are sorted first, so that neither
 * a hundred thousand keys nor keys chosen to collide cost more than n log n. */
#include "transport/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum {
    KEYS_PAIRWISE_MAX = 32,
    NONCHARACTERS = 34, /* U+FDD0..U+FDEF, U+FFFE, U+FFFF */
};

typedef struct Key {
    const char *text; /* without its quotes */
    uint32_t size;
    uint32_t hash;
    bool has_escape;
} Key;

typedef struct Level {
    char kind;        /* '{' or '[' */
    size_t keys_from; /* index of the object's first key in `keys` */
} Level;

typedef struct Scan {
    char *bytes;
    size_t size;
    size_t at;
    size_t nodes;
    const char *error;
    size_t error_offset;
    Level levels[CH_JSON_DEPTH_MAX];
    int depth;
    Key *keys;
    size_t key_count;
    size_t key_capacity;
    uint64_t noncharacters_seen;
    size_t nul_escapes;
} Scan;

static bool fail_at(Scan *scan, size_t offset, const char *error)
{
    if (!scan->error) {
        scan->error = error;
        scan->error_offset = offset;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits of a `\u` escape, or -1. */
static int hex_unit(const char *text, size_t size)
{
    if (size < 4)
        return -1;
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static uint32_t noncharacter_at(int index)
{
    return index < 32 ? 0xFDD0u + (uint32_t)index : 0xFFFEu + (uint32_t)(index - 32);
}

static void note_code_point(Scan *scan, uint32_t code_point)
{
    if (code_point >= 0xFDD0 && code_point <= 0xFDEF)
        scan->noncharacters_seen |= (uint64_t)1 << (code_point - 0xFDD0);
    else if (code_point >= 0xFFFE && code_point <= 0xFFFF)
        scan->noncharacters_seen |= (uint64_t)1 << (32 + code_point - 0xFFFE);
}

/* Length of the valid UTF-8 sequence at `text`, or 0. */
static size_t utf8_sequence(const unsigned char *text, size_t size, uint32_t *code_point)
{
    unsigned char lead = text[0];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > size)
        return 0;
    uint32_t value = lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        value = (value << 6) | (text[i] & 0x3Fu);
    }
    if ((length == 3 && value < 0x800) || (length == 4 && (value < 0x10000 || value > 0x10FFFF)) ||
        (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code_point = value;
    return length;
}

/* A `\u` escape at `scan->at` (on the backslash). A pair of surrogates is one character. */
static bool scan_unicode_escape(Scan *scan)
{
    char *text = scan->bytes + scan->at;
    size_t left = scan->size - scan->at;
    int unit = left >= 6 ? hex_unit(text + 2, left - 2) : -1;
    if (unit < 0)
        return fail_at(scan, scan->at, "a \\u escape without four hexadecimal digits");
    scan->at += 6;
    if (unit == 0)
        scan->nul_escapes++;
    note_code_point(scan, (uint32_t)unit);
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    if (unit < 0xDC00 && left >= 12 && text[6] == '\\' && text[7] == 'u') {
        int low = hex_unit(text + 8, left - 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            scan->at += 6;
            return true;
        }
    }
    memcpy(text + 2, "fffd", 4);
    return true;
}

static bool scan_escape(Scan *scan)
{
    if (scan->at + 1 >= scan->size)
        return fail_at(scan, scan->at, "the text ends inside a string");
    char c = scan->bytes[scan->at + 1];
    if (c == 'u')
        return scan_unicode_escape(scan);
    if (c == '\0' || !strchr("\"\\/bfnrt", c))
        return fail_at(scan, scan->at, "an escape that JSON does not have");
    scan->at += 2;
    return true;
}

/* A string whose opening quote is at `scan->at`; afterwards `at` is behind its closing quote. */
static bool scan_string(Scan *scan, bool *has_escape)
{
    scan->at++;
    *has_escape = false;
    while (scan->at < scan->size) {
        unsigned char c = (unsigned char)scan->bytes[scan->at];
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c == '\\') {
            *has_escape = true;
            if (!scan_escape(scan))
                return false;
        } else if (c < 0x20) {
            return fail_at(scan, scan->at, "a control character inside a string; write it as an escape");
        } else if (c < 0x80) {
            scan->at++;
        } else {
            uint32_t code_point = 0;
            size_t length = utf8_sequence((unsigned char *)scan->bytes + scan->at, scan->size - scan->at, &code_point);
            if (!length)
                return fail_at(scan, scan->at, "bytes that are not valid UTF-8");
            note_code_point(scan, code_point);
            scan->at += length;
        }
    }
    return fail_at(scan, scan->size, "the text ends inside a string");
}

static size_t count_digits(const Scan *scan, size_t at)
{
    size_t count = 0;
    while (at + count < scan->size && scan->bytes[at + count] >= '0' && scan->bytes[at + count] <= '9')
        count++;
    return count;
}

static bool scan_number(Scan *scan)
{
    size_t start = scan->at;
    size_t at = start;
    if (scan->bytes[at] == '-')
        at++;
    size_t digits = count_digits(scan, at);
    if (digits == 0 || (digits > 1 && scan->bytes[at] == '0'))
        return fail_at(scan, start, "a number that is not written as JSON wants it");
    at += digits;
    if (at < scan->size && scan->bytes[at] == '.') {
        digits = count_digits(scan, at + 1);
        if (digits == 0)
            return fail_at(scan, start, "a number without digits after its point");
        at += 1 + digits;
    }
    if (at < scan->size && (scan->bytes[at] == 'e' || scan->bytes[at] == 'E')) {
        at++;
        if (at < scan->size && (scan->bytes[at] == '+' || scan->bytes[at] == '-'))
            at++;
        digits = count_digits(scan, at);
        if (digits == 0)
            return fail_at(scan, start, "a number without digits in its exponent");
        at += digits;
    }
    if (at - start > CH_JSON_NUMBER_BYTES_MAX)
        return fail_at(scan, start, "a number of more than 1,024 characters");
    scan->at = at;
    return true;
}

static bool scan_word(Scan *scan, const char *word)
{
    size_t size = strlen(word);
    if (scan->size - scan->at < size || memcmp(scan->bytes + scan->at, word, size) != 0)
        return fail_at(scan, scan->at, "a word that JSON does not have");
    scan->at += size;
    return true;
}

static void skip_space(Scan *scan)
{
    while (scan->at < scan->size) {
        char c = scan->bytes[scan->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
        scan->at++;
    }
}

/* The next byte of a key as its reader sees it: escapes count as what they mean. Returns false at the end. A character
 * from an escape is spelled as UTF-8, so that `"é"` and `"\u00e9"` are the same key. */
typedef struct KeyReader {
    const Key *key;
    size_t at;
    unsigned char out[4];
    int out_at;
    int out_size;
} KeyReader;

static void key_reader_put(KeyReader *reader, uint32_t c)
{
    unsigned char *out = reader->out;
    reader->out_at = 0;
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        reader->out_size = 1;
    } else if (c < 0x800) {
        out[0] = (unsigned char)(0xC0 | c >> 6);
        out[1] = (unsigned char)(0x80 | (c & 0x3F));
        reader->out_size = 2;
    } else if (c < 0x10000) {
        out[0] = (unsigned char)(0xE0 | c >> 12);
        out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (unsigned char)(0x80 | (c & 0x3F));
        reader->out_size = 3;
    } else {
        out[0] = (unsigned char)(0xF0 | c >> 18);
        out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
        out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        out[3] = (unsigned char)(0x80 | (c & 0x3F));
        reader->out_size = 4;
    }
}

static bool key_reader_next(KeyReader *reader, unsigned char *byte)
{
    if (reader->out_at < reader->out_size) {
        *byte = reader->out[reader->out_at++];
        return true;
    }
    const Key *key = reader->key;
    if (reader->at >= key->size)
        return false;
    char c = key->text[reader->at];
    if (c != '\\') {
        *byte = (unsigned char)c;
        reader->at++;
        return true;
    }
    char kind = key->text[reader->at + 1];
    if (kind != 'u') {
        static const char from[] = "bfnrt";
        static const char to[] = "\b\f\n\r\t";
        const char *found = strchr(from, kind);
        *byte = (unsigned char)(found ? to[found - from] : kind);
        reader->at += 2;
        return true;
    }
    uint32_t unit = (uint32_t)hex_unit(key->text + reader->at + 2, key->size - reader->at - 2);
    reader->at += 6;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        uint32_t low = (uint32_t)hex_unit(key->text + reader->at + 2, key->size - reader->at - 2);
        reader->at += 6;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    key_reader_put(reader, unit);
    *byte = reader->out[reader->out_at++];
    return true;
}

static uint32_t key_hash(const Key *key)
{
    KeyReader reader = {.key = key};
    unsigned char byte = 0;
    uint32_t hash = 2166136261u;
    while (key_reader_next(&reader, &byte))
        hash = (hash ^ byte) * 16777619u;
    return hash;
}

static int key_compare(const Key *a, const Key *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (!a->has_escape && !b->has_escape) {
        if (a->size != b->size)
            return a->size < b->size ? -1 : 1;
        return memcmp(a->text, b->text, a->size);
    }
    KeyReader left = {.key = a};
    KeyReader right = {.key = b};
    while (true) {
        unsigned char x = 0;
        unsigned char y = 0;
        bool has_x = key_reader_next(&left, &x);
        bool has_y = key_reader_next(&right, &y);
        if (!has_x || !has_y)
            return (int)has_x - (int)has_y;
        if (x != y)
            return x < y ? -1 : 1;
    }
}

/* For sorting: one order for all keys, whether or not they are written with escapes. */
static int key_compare_decoded(const void *left, const void *right)
{
    Key a = *(const Key *)left;
    Key b = *(const Key *)right;
    a.has_escape = b.has_escape = true;
    return key_compare(&a, &b);
}

static bool check_keys(Scan *scan, size_t from)
{
    static const char error[] = "an object that has the same key twice";
    Key *keys = scan->keys + from;
    size_t count = scan->key_count - from;
    scan->key_count = from;
    if (count <= KEYS_PAIRWISE_MAX) {
        for (size_t i = 1; i < count; i++) {
            for (size_t j = 0; j < i; j++) {
                if (key_compare(&keys[i], &keys[j]) == 0)
                    return fail_at(scan, (size_t)(keys[i].text - scan->bytes) - 1, error);
            }
        }
        return true;
    }
    qsort(keys, count, sizeof(*keys), key_compare_decoded);
    for (size_t i = 1; i < count; i++) {
        if (key_compare_decoded(&keys[i - 1], &keys[i]) == 0)
            return fail_at(scan, (size_t)(keys[i].text - scan->bytes) - 1, error);
    }
    return true;
}

static void push_key(Scan *scan, Key key)
{
    if (scan->key_count == scan->key_capacity) {
        scan->key_capacity = scan->key_capacity ? scan->key_capacity * 2 : 64;
        scan->keys = ch_realloc(scan->keys, scan->key_capacity * sizeof(*scan->keys));
    }
    scan->keys[scan->key_count++] = key;
}

/* A key and its colon. */
static bool scan_key(Scan *scan)
{
    skip_space(scan);
    if (scan->at >= scan->size || scan->bytes[scan->at] != '"')
        return fail_at(scan, scan->at, "a key in double quotes is missing");
    size_t start = scan->at + 1;
    Key key = {0};
    if (!scan_string(scan, &key.has_escape))
        return false;
    key.text = scan->bytes + start;
    key.size = (uint32_t)(scan->at - 1 - start);
    key.hash = key_hash(&key);
    push_key(scan, key);
    skip_space(scan);
    if (scan->at >= scan->size || scan->bytes[scan->at] != ':')
        return fail_at(scan, scan->at, "a colon after a key is missing");
    scan->at++;
    return true;
}

static bool open_level(Scan *scan)
{
    if (scan->depth == CH_JSON_DEPTH_MAX)
        return fail_at(scan, scan->at, "values nested more than 200 deep");
    scan->levels[scan->depth++] = (Level){.kind = scan->bytes[scan->at], .keys_from = scan->key_count};
    scan->at++;
    return true;
}

static bool scan_scalar(Scan *scan)
{
    bool has_escape = false;
    switch (scan->bytes[scan->at]) {
    case '"':
        return scan_string(scan, &has_escape);
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return scan_number(scan);
    default:
        return fail_at(scan, scan->at, "a value is missing");
    }
}

/* Begins a value: scalars are read whole, brackets are opened. `*opened` tells that a bracket now waits for content. */
static bool scan_value(Scan *scan, bool *opened)
{
    *opened = false;
    skip_space(scan);
    if (scan->at >= scan->size)
        return fail_at(scan, scan->at, "the text ends where a value is expected");
    if (++scan->nodes > CH_JSON_NODES_MAX)
        return fail_at(scan, scan->at, "more than 1,000,000 values");
    char c = scan->bytes[scan->at];
    if (c != '{' && c != '[')
        return scan_scalar(scan);
    *opened = true;
    return open_level(scan);
}

/* After a value: takes commas and closing brackets until another value must come. `*done` when the outermost ended. */
static bool scan_after_value(Scan *scan, bool *done)
{
    *done = false;
    while (scan->depth > 0) {
        skip_space(scan);
        if (scan->at >= scan->size)
            return fail_at(scan, scan->at, "the text ends inside a list or an object");
        Level *level = &scan->levels[scan->depth - 1];
        char c = scan->bytes[scan->at];
        if (c == ',') {
            scan->at++;
            return level->kind == '[' || scan_key(scan);
        }
        if (c != (level->kind == '{' ? '}' : ']'))
            return fail_at(scan, scan->at, "a comma or a closing bracket is missing");
        scan->at++;
        scan->depth--;
        if (level->kind == '{' && !check_keys(scan, level->keys_from))
            return false;
    }
    *done = true;
    return true;
}

/* After an opening bracket: closes it at once when empty, else reads up to the first value. `*closed` tells which. */
static bool scan_after_open(Scan *scan, bool *closed)
{
    *closed = false;
    skip_space(scan);
    char kind = scan->levels[scan->depth - 1].kind;
    if (scan->at < scan->size && scan->bytes[scan->at] == (kind == '{' ? '}' : ']')) {
        scan->at++;
        scan->depth--;
        *closed = true;
        return true;
    }
    return kind == '[' || scan_key(scan);
}

static bool key_is(const Scan *scan, const char *name)
{
    const Key *key = &scan->keys[scan->key_count - 1];
    return key->size == strlen(name) && memcmp(key->text, name, key->size) == 0;
}

/* Remembers where the value of a top-level `id` or `seq` lies. */
static void note_member(Scan *scan, ChJsonScan *result, size_t start)
{
    if (scan->depth != 1 || scan->levels[0].kind != '{')
        return;
    ChJsonSlice slice = {scan->bytes + start, scan->at - start};
    if (key_is(scan, "id"))
        result->id = slice;
    else if (key_is(scan, "seq"))
        result->seq = slice;
}

static bool scan_document(Scan *scan, ChJsonScan *result)
{
    bool done = false;
    while (!done) {
        skip_space(scan);
        size_t start = scan->at;
        bool opened = false;
        bool closed = false;
        if (!scan_value(scan, &opened))
            return false;
        if (scan->nodes == 1)
            result->is_object = opened && scan->levels[0].kind == '{';
        if (!opened)
            note_member(scan, result, start);
        else if (!scan_after_open(scan, &closed))
            return false;
        else if (!closed)
            continue;
        if (!scan_after_value(scan, &done))
            return false;
    }
    skip_space(scan);
    return scan->at == scan->size || fail_at(scan, scan->at, "text after the end of the value");
}

/* Replaces every NUL escape by an escape of the marker. The text is known to be valid. */
static void mark_nul_escapes(char *bytes, size_t size, uint32_t marker)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i + 1 < size;) {
        if (bytes[i] != '\\') {
            i++;
            continue;
        }
        if (bytes[i + 1] != 'u') {
            i += 2;
            continue;
        }
        if (memcmp(bytes + i + 2, "0000", 4) == 0) {
            for (int digit = 0; digit < 4; digit++)
                bytes[i + 2 + (size_t)digit] = digits[marker >> (12 - 4 * digit) & 0xF];
        }
        i += 6;
    }
}

static uint32_t choose_marker(const Scan *scan)
{
    for (int i = 0; i < NONCHARACTERS; i++) {
        if (!(scan->noncharacters_seen >> i & 1))
            return noncharacter_at(i);
    }
    return 0;
}

ChJsonScan ch_json_scan(char *bytes, size_t size)
{
    Scan scan = {.bytes = bytes, .size = size};
    ChJsonScan result = {0};
    result.is_valid = scan_document(&scan, &result);
    if (result.is_valid && scan.nul_escapes) {
        result.nul_marker = choose_marker(&scan);
        if (result.nul_marker)
            mark_nul_escapes(bytes, size, result.nul_marker);
        else
            result.is_valid = fail_at(&scan, 0, "a NUL escape beside every noncharacter");
    }
    result.error = scan.error;
    result.error_offset = scan.error_offset;
    result.nodes = scan.nodes;
    ch_free(scan.keys);
    return result;
}
