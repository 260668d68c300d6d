// What to_string and interpolation show of a value. Nested values wait on an explicit stack of positions, so that
// depth costs memory and not C frames.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "builtins/builtins.h"
#include "compile/chunk.h"
#include "vm/heap.h"

#include "base/banned.h"

#define BYTES_SHOWN 32

// Digits of a finite double without an exponent, the fewest that read back as the same number.
static void add_digits(double d, ChBuffer *out) {
    char text[40];
    int first = fabs(d) < 1e-290 ? 1 : 15;
    for (int digits = first; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, d);
        if (strtod(text, NULL) == d) break;
    }
    // text is [-]D[.DDD]e[+-]XX: collect digits and exponent, drop zeros at the end.
    char digits[24];
    int count = 0;
    const char *c = text;
    if (*c == '-') {
        ch_buffer_add_byte(out, '-');
        c++;
    }
    for (; *c != 'e'; c++)
        if (*c != '.') digits[count++] = *c;
    int point = (int)strtol(c + 1, NULL, 10) + 1; // digits in front of the point
    while (count > 1 && digits[count - 1] == '0') count--;
    if (point <= 0) {
        ch_buffer_add_text(out, "0.");
        ch_buffer_add_repeat(out, '0', (size_t)-point);
        ch_buffer_add(out, digits, (size_t)count);
    } else if (count <= point) {
        ch_buffer_add(out, digits, (size_t)count);
        ch_buffer_add_repeat(out, '0', (size_t)(point - count));
    } else {
        ch_buffer_add(out, digits, (size_t)point);
        ch_buffer_add_byte(out, '.');
        ch_buffer_add(out, digits + point, (size_t)(count - point));
    }
}

void ch_display_float(double d, ChBuffer *out) {
    if (isnan(d))
        ch_buffer_add_text(out, "NaN");
    else if (isinf(d))
        ch_buffer_add_text(out, d < 0 ? "-inf" : "inf");
    else if (fabs(d) < 1e15 && d == trunc(d))
        ch_buffer_printf(out, "%.1f", d);
    else
        add_digits(d, out);
}

static void display_duration(int64_t ms, ChBuffer *out) {
    uint64_t size = ms < 0 ? 0u - (uint64_t)ms : (uint64_t)ms;
    const char *sign = ms < 0 ? "-" : "";
    if (size >= 3600000 && size % 3600000 == 0)
        ch_buffer_printf(out, "%s%" PRIu64 "h", sign, size / 3600000);
    else if (size >= 60000 && size % 60000 == 0)
        ch_buffer_printf(out, "%s%" PRIu64 "m", sign, size / 60000);
    else if (size >= 1000 && size % 1000 == 0)
        ch_buffer_printf(out, "%s%" PRIu64 "s", sign, size / 1000);
    else
        ch_buffer_printf(out, "%s%" PRIu64 "ms", sign, size);
}

static void display_bytes(const ChBytes *bytes, ChBuffer *out) {
    static const char hex[] = "0123456789abcdef";
    ch_buffer_add_text(out, "b\"");
    for (uint64_t i = 0; i < bytes->length && i < BYTES_SHOWN; i++) {
        ch_buffer_add_byte(out, hex[bytes->data[i] >> 4]);
        ch_buffer_add_byte(out, hex[bytes->data[i] & 15]);
    }
    if (bytes->length > BYTES_SHOWN) ch_buffer_printf(out, "...+%" PRIu64, bytes->length - BYTES_SHOWN);
    ch_buffer_add_byte(out, '"');
}

static void display_closure(const ChClosure *closure, ChBuffer *out) {
    ch_buffer_add_text(out, "<fn(");
    const ChProto *proto = closure->proto;
    for (uint32_t i = 0; proto && i < proto->param_count; i++) {
        if (i) ch_buffer_add_text(out, ", ");
        ch_buffer_add_str(out, proto->params[i].name);
    }
    ch_buffer_add_text(out, ")>");
}

static void add_int(int64_t integer, ChBuffer *out) {
    char text[24];
    char *end = text + sizeof text, *at = end;
    uint64_t rest = integer < 0 ? 0u - (uint64_t)integer : (uint64_t)integer;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (integer < 0) *--at = '-';
    ch_buffer_add(out, at, (size_t)(end - at));
}

typedef struct Level {
    ChValue value;
    uint32_t position;
    bool is_first;
} Level;
typedef CH_ARRAY_OF(Level) Levels;

typedef enum TextStyle { TEXT_PLAIN, TEXT_QUOTED } TextStyle;

// Shows `v` at once, or pushes it when it holds other values.
static void begin(ChValue v, Levels *levels, TextStyle style, ChBuffer *out) {
    switch ((ChTag)v.tag) {
    case CH_TAG_NIL:
    case CH_TAG_ABSENT: ch_buffer_add_text(out, "nil"); return;
    case CH_TAG_BOOL: ch_buffer_add_text(out, v.as.integer ? "true" : "false"); return;
    case CH_TAG_INT: add_int(v.as.integer, out); return;
    case CH_TAG_FLOAT: ch_display_float(v.as.real, out); return;
    case CH_TAG_DURATION: display_duration(v.as.integer, out); return;
    case CH_TAG_BUILTIN: ch_buffer_printf(out, "<builtin %s>", ch_builtin_rows[v.as.index].name); return;
    case CH_TAG_STRING:
        if (style == TEXT_QUOTED)
            ch_buffer_add_json(out, ch_string_view(v.as.string));
        else
            ch_buffer_add(out, v.as.string->data, v.as.string->length);
        return;
    case CH_TAG_BYTES: display_bytes(v.as.bytes, out); return;
    case CH_TAG_RANGE:
        add_int(v.as.range->start, out);
        ch_buffer_add_text(out, " to ");
        add_int(v.as.range->end, out);
        if (!v.as.range->inclusive) ch_buffer_add_text(out, " exclusive");
        return;
    case CH_TAG_CLOSURE: display_closure(v.as.closure, out); return;
    case CH_TAG_LIST: ch_buffer_add_byte(out, '['); break;
    case CH_TAG_DICT: ch_buffer_add_byte(out, '{'); break;
    case CH_TAG_SET: ch_buffer_add_text(out, "set("); break;
    case CH_TAG_PAIR: ch_buffer_add_byte(out, '('); break;
    case CH_TAG_STRUCT:
        ch_buffer_add_str(out, ch_string_view(v.as.record->shape->struct_name));
        ch_buffer_add_text(out, " {");
        break;
    case CH_TAG_ENUM: {
        ChEnumType *type = v.as.variant->type;
        ch_buffer_add_str(out, ch_string_view(type->name));
        ch_buffer_add_byte(out, '.');
        ch_buffer_add_str(out, ch_string_view(type->variants[v.as.variant->variant].name));
        if (v.as.variant->count == 0) return;
        ch_buffer_add_byte(out, '(');
        break;
    }
    default: {
        ChHandle *handle = (ChHandle *)v.as.object;
        if (handle->class->display)
            handle->class->display(handle, out);
        else
            ch_buffer_printf(out, "<%s>", ch_type_name(v));
        return;
    }
    }
    ch_array_push(levels, ((Level){v, 0, true}));
}

static bool next_of(const ChValue *values, uint32_t count, uint32_t *position, ChValue *item) {
    if (*position >= count) return false;
    *item = values[(*position)++];
    return true;
}

// The next value inside the level's; a key in front of it goes to *key.
static bool next_item(Level *level, ChString **key, ChValue *item) {
    ChValue v = level->value;
    *key = NULL;
    switch ((ChTag)v.tag) {
    case CH_TAG_LIST: return next_of(v.as.list->items, v.as.list->count, &level->position, item);
    case CH_TAG_SET: return next_of(v.as.set->items, v.as.set->count, &level->position, item);
    case CH_TAG_ENUM: return next_of(v.as.variant->fields, v.as.variant->count, &level->position, item);
    case CH_TAG_PAIR:
        if (level->position >= 2) return false;
        *item = level->position++ == 0 ? v.as.pair->first : v.as.pair->second;
        return true;
    case CH_TAG_DICT: return ch_dict_next(v.as.dict, &level->position, key, item);
    default: { // a struct: fields by name, those without a value are left out
        const ChShape *shape = v.as.record->shape;
        while (level->position < shape->count) {
            uint32_t slot = shape->sorted[level->position++];
            if (v.as.record->fields[slot].tag == CH_TAG_ABSENT) continue;
            *key = shape->keys[slot];
            *item = v.as.record->fields[slot];
            return true;
        }
        return false;
    }
    }
}

static const char *closing(ChTag tag) {
    return tag == CH_TAG_LIST ? "]" : tag == CH_TAG_DICT || tag == CH_TAG_STRUCT ? "}" : ")";
}

static void display(ChValue v, TextStyle style, size_t end, ChBuffer *out) {
    Levels levels = {0};
    begin(v, &levels, style, out);
    while (levels.count) {
        if (out->length > end) break;
        Level *level = &ch_array_last(&levels);
        ChString *key;
        ChValue item;
        if (!next_item(level, &key, &item)) {
            ch_buffer_add_text(out, closing((ChTag)level->value.tag));
            (void)ch_array_pop(&levels);
            continue;
        }
        if (!level->is_first) ch_buffer_add_text(out, ", ");
        level->is_first = false;
        if (key) {
            ch_buffer_add(out, key->data, key->length);
            ch_buffer_add_text(out, ": ");
        }
        begin(item, &levels, style, out);
    }
    ch_array_release(&levels);
}

void ch_display(ChValue v, ChBuffer *out) { display(v, TEXT_PLAIN, SIZE_MAX, out); }

void ch_display_quoted(ChValue v, size_t limit, ChBuffer *out) {
    size_t end = out->length + limit;
    display(v, TEXT_QUOTED, end, out);
    if (out->length <= end) return;
    while (end > 0 && ((unsigned char)out->data[end] & 0xC0) == 0x80) end--;
    out->length = end;
    ch_buffer_add_text(out, "…");
}

ChString *ch_display_string(ChValue v) {
    if (v.tag == CH_TAG_STRING) return ch_retain(v).as.string;
    ChBuffer text = {0};
    ch_display(v, &text);
    ChString *s = ch_string_new(text.data, text.length);
    ch_buffer_release(&text);
    return s;
}
