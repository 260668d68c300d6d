/* The texts of literals: strings keep their quotes and escapes, save for those that say
 * nothing; numbers and durations are written from their value. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/format_int.h"

#include "base/banned.h"

static ChStr keep(ChFormatter *f, ChBuffer *buffer) {
    ChStr text = ch_str_copy(&f->arena, ch_buffer_view(buffer));
    ch_buffer_release(buffer);
    return text;
}

static ChStr source_of(const ChFormatter *f, const ChNode *node) {
    return ch_source_text(f->tree->source, ch_node_range(node));
}

static ChStr float_text(ChFormatter *f, const ChNode *node) {
    ChStr source = source_of(f, node);
    if (node->flags & CH_FLAG_OVERFLOW || !isfinite(node->as.number.value)) return source;
    /* The fewest digits that give the value back, without an exponent. */
    char digits[64];
    int precision = 0;
    do
        snprintf(digits, sizeof digits, "%.*e", precision, node->as.number.value);
    while (strtod(digits, NULL) != node->as.number.value && ++precision < 17);
    char *mark = strchr(digits, 'e');
    if (!mark) return source;
    int exponent = (int)strtol(mark + 1, NULL, 10);
    ChBuffer out = {0};
    char mantissa[32];
    int count = 0;
    for (const char *c = digits; c < mark && count < 31; c++)
        if (*c >= '0' && *c <= '9') mantissa[count++] = *c;
    if (exponent < 0) {
        ch_buffer_add_text(&out, "0.");
        ch_buffer_add_repeat(&out, '0', (size_t)(-exponent - 1));
        ch_buffer_add(&out, mantissa, (size_t)count);
    } else {
        for (int i = 0; i <= exponent; i++)
            ch_buffer_add_byte(&out, i < count ? mantissa[i] : '0');
        ch_buffer_add_byte(&out, '.');
        if (count > exponent + 1)
            ch_buffer_add(&out, mantissa + exponent + 1, (size_t)(count - exponent - 1));
        else
            ch_buffer_add_byte(&out, '0');
    }
    return keep(f, &out);
}

static ChStr duration_text(ChFormatter *f, const ChNode *node) {
    static const struct {
        uint64_t milliseconds;
        const char *unit;
    } UNITS[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}};
    uint64_t value = node->as.duration.milliseconds;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (value && value % UNITS[i].milliseconds == 0)
            return ch_str_format(&f->arena, "%llu%s", (unsigned long long)(value / UNITS[i].milliseconds),
                                 UNITS[i].unit);
    return ch_str_format(&f->arena, "%llums", (unsigned long long)value);
}

/* One character of a string's text, from `text[i]`; the index behind it. */
static uint32_t add_character(ChBuffer *out, ChStr text, uint32_t i, bool is_block) {
    char c = text.data[i];
    char next = i + 1 < text.length ? text.data[i + 1] : 0;
    if (c == '\t') {
        ch_buffer_add_text(out, "\\t");
    } else if (c == '"') {
        ch_buffer_add_text(out, "\\\"");
    } else if (c == '\\') {
        bool dollar = next == '$';
        if (dollar && !(i + 2 < text.length && text.data[i + 2] == '{')) {
            ch_buffer_add_byte(out, '$');
            return i + 2;
        }
        if (dollar || (!is_block && next && strchr("nrt0\\\"", next))) {
            ch_buffer_add(out, text.data + i, 2);
            return i + 2;
        }
        ch_buffer_add_text(out, "\\\\");
    } else {
        ch_buffer_add_byte(out, c);
    }
    return i + 1;
}

/* "..." and the """...""" that stands on one line. */
static ChStr string_text(ChFormatter *f, const ChNode *node) {
    ChStr source = source_of(f, node);
    if (node->flags & CH_FLAG_RAW) return source;
    bool is_block = (node->flags & CH_FLAG_MULTILINE) != 0;
    uint32_t quotes = is_block ? 3 : 1;
    if (source.length < 2 * quotes || source.data[0] != '"') return source;
    if (ch_str_find(source, CH_STR("\n"), 0) >= 0) {
        if (ch_str_find(source, CH_STR("\r"), 0) < 0) return source;
        ChBuffer out = {0};
        for (uint32_t i = 0; i < source.length; i++)
            if (source.data[i] != '\r' || i + 1 == source.length || source.data[i + 1] != '\n')
                ch_buffer_add_byte(&out, source.data[i]);
        return keep(f, &out);
    }
    ChStr text = ch_str_slice(source.data + quotes, source.length - 2 * quotes);
    uint32_t offset = node->start + quotes, part = 0;
    ChBuffer out = {0};
    ch_buffer_add_byte(&out, '"');
    for (uint32_t i = 0; i < text.length;) {
        bool opens = text.data[i] == '$' && i + 1 < text.length && text.data[i + 1] == '{' &&
                     node->kind == CH_NODE_INTERPOLATION;
        const ChNode *inner = NULL;
        for (; opens && !inner && part < node->as.list.items.count; part++)
            if (!(node->as.list.items.items[part]->flags & CH_FLAG_TEXT_PART))
                inner = node->as.list.items.items[part];
        if (!inner) {
            i = add_character(&out, text, i, is_block);
            continue;
        }
        /* Up to the brace behind the expression, as it stands. */
        uint32_t end = inner->end > offset + i ? inner->end - offset : i;
        while (end < text.length && text.data[end] != '}')
            end++;
        if (end < text.length) end++;
        ch_buffer_add(&out, text.data + i, end - i);
        i = end;
    }
    ch_buffer_add_byte(&out, '"');
    return keep(f, &out);
}

ChStr ch__quoted(ChFormatter *f, ChStr value) {
    ChBuffer out = {0};
    ch_buffer_add_byte(&out, '"');
    for (uint32_t i = 0; i < value.length; i++) {
        char c = value.data[i];
        const char *escape = c == '\n'   ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                             : c == 0    ? "\\0"
                             : c == '"'  ? "\\\""
                             : c == '\\' ? "\\\\"
                                         : NULL;
        if (c == '$' && i + 1 < value.length && value.data[i + 1] == '{') escape = "\\$";
        if (escape)
            ch_buffer_add_text(&out, escape);
        else
            ch_buffer_add_byte(&out, c);
    }
    ch_buffer_add_byte(&out, '"');
    return keep(f, &out);
}

static bool is_name(ChStr text) {
    if (!text.length) return false;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9')) return false;
    }
    return true;
}

ChStr ch__key_text(ChFormatter *f, const ChNode *key) {
    if (is_name(key->as.string.text)) return key->as.string.text;
    if (key->flags & CH_FLAG_BARE_KEY) return source_of(f, key);
    return ch__literal_text(f, key);
}

ChStr ch__literal_text(ChFormatter *f, const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_NIL: return CH_STR("nil");
    case CH_NODE_BOOL: return node->as.boolean.value ? CH_STR("true") : CH_STR("false");
    case CH_NODE_INT: return ch_str_format(&f->arena, "%lld", (long long)node->as.integer.value);
    case CH_NODE_FLOAT: return float_text(f, node);
    case CH_NODE_DURATION: return duration_text(f, node);
    case CH_NODE_STRING:
    case CH_NODE_INTERPOLATION: return string_text(f, node);
    default: return source_of(f, node);
    }
}
