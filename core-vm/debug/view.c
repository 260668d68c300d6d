// Values as a reader of a debugger wants them: one short line, and parts to expand. Display goes at most one level
// deep, so a value of any depth costs no more than its line.
#include <string.h>

#include "base/utf8.h"
#include "debug/debug_int.h"

enum { PREVIEW_PARTS = 32 };

uint32_t ch_view_indexed_count(ChValue value) {
    switch (value.tag) {
    case CH_TAG_LIST: return value.as.list->count;
    case CH_TAG_SET: return value.as.set->count;
    case CH_TAG_RANGE: {
        bool too_large;
        uint32_t length = ch_range_length(value.as.range, &too_large);
        return too_large ? UINT32_MAX : length;
    }
    default: return 0;
    }
}

uint32_t ch_view_named_count(ChValue value) {
    switch (value.tag) {
    case CH_TAG_DICT: return value.as.dict->count;
    case CH_TAG_STRUCT: return value.as.record->shape->count;
    case CH_TAG_ENUM: return value.as.variant->count;
    case CH_TAG_PAIR: return 2;
    case CH_TAG_CLOSURE: return value.as.closure->capture_count;
    default: return 0;
    }
}

static bool dict_part(ChDict *dict, uint32_t index, ChBuffer *name, ChValue *out) {
    // The sorted walk is by position, and positions are dense once the dict is sorted.
    uint32_t position = 0;
    ChString *key = NULL;
    ch_dict_sort(dict);
    if (dict->shape == NULL && dict->used == dict->count) position = index, index = 0;
    do {
        if (!ch_dict_next(dict, &position, &key, out)) return false;
    } while (index-- > 0);
    ch_buffer_add(name, key->data, key->length);
    ch_retain(*out);
    return true;
}

bool ch_view_part(ChValue value, uint32_t index, ChBuffer *name, ChValue *out) {
    *out = CH_NIL;
    switch (value.tag) {
    case CH_TAG_LIST:
        if (index >= value.as.list->count) return false;
        ch_buffer_printf(name, "%u", index);
        *out = ch_retain(value.as.list->items[index]);
        return true;
    case CH_TAG_SET:
        if (index >= value.as.set->count) return false;
        ch_buffer_printf(name, "%u", index);
        *out = ch_retain(value.as.set->items[index]);
        return true;
    case CH_TAG_RANGE:
        if (index >= ch_view_indexed_count(value)) return false;
        ch_buffer_printf(name, "%u", index);
        *out = ch_int(value.as.range->start + (int64_t)index);
        return true;
    case CH_TAG_DICT: return index < value.as.dict->count && dict_part(value.as.dict, index, name, out);
    case CH_TAG_STRUCT: {
        const ChShape *shape = value.as.record->shape;
        if (index >= shape->count) return false;
        ch_buffer_add(name, shape->keys[index]->data, shape->keys[index]->length);
        *out = ch_retain(value.as.record->fields[index]);
        return true;
    }
    case CH_TAG_ENUM:
        if (index >= value.as.variant->count) return false;
        ch_buffer_printf(name, "%u", index);
        *out = ch_retain(value.as.variant->fields[index]);
        return true;
    case CH_TAG_PAIR:
        if (index >= 2) return false;
        ch_buffer_add_text(name, index == 0 ? "first" : "second");
        *out = ch_retain(index == 0 ? value.as.pair->first : value.as.pair->second);
        return true;
    case CH_TAG_CLOSURE:
        if (index >= value.as.closure->capture_count) return false;
        ch_buffer_add_str(name, value.as.closure->proto->captures[index].name);
        *out = ch_retain(value.as.closure->captures[index]);
        return true;
    default: return false;
    }
}

// ---- text ---------------------------------------------------------------------------------------------------------

static void add_quoted(ChStr text, uint32_t limit, ChBuffer *out) {
    bool is_cut = text.length > limit;
    uint32_t length = is_cut ? limit : text.length;
    while (is_cut && length > 0 && ((unsigned char)text.data[length] & 0xC0) == 0x80) length--;
    ch_buffer_add_byte(out, '"');
    for (uint32_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') ch_buffer_printf(out, "\\%c", c);
        else if (c == '\n') ch_buffer_add_text(out, "\\n");
        else if (c == '\t') ch_buffer_add_text(out, "\\t");
        else if (c == '\r') ch_buffer_add_text(out, "\\r");
        else if (c < 0x20 || c == 0x7F) ch_buffer_printf(out, "\\u{%02x}", c);
        else ch_buffer_add_byte(out, (char)c);
    }
    ch_buffer_add_text(out, is_cut ? "…\"" : "\"");
}

static void add_variant_name(const ChEnum *variant, ChBuffer *out) {
    ch_buffer_add_str(out, ch_string_view(variant->type->name));
    ch_buffer_add_byte(out, '.');
    ch_buffer_add_str(out, ch_string_view(variant->type->variants[variant->variant].name));
}

// Of a part inside another value: containers show only their size.
static void add_part_text(ChValue value, uint32_t limit, ChBuffer *out) {
    switch (value.tag) {
    case CH_TAG_STRING: add_quoted(ch_string_view(value.as.string), limit, out); return;
    case CH_TAG_LIST: ch_buffer_add_text(out, value.as.list->count ? "[…]" : "[]"); return;
    case CH_TAG_SET: ch_buffer_add_text(out, value.as.set->count ? "set(…)" : "set()"); return;
    case CH_TAG_DICT: ch_buffer_add_text(out, value.as.dict->count ? "{…}" : "{}"); return;
    case CH_TAG_STRUCT:
        ch_buffer_add_str(out, ch_string_view(value.as.record->shape->struct_name));
        ch_buffer_add_text(out, " {…}");
        return;
    case CH_TAG_ENUM:
        add_variant_name(value.as.variant, out);
        if (value.as.variant->count > 0) ch_buffer_add_text(out, "(…)");
        return;
    case CH_TAG_PAIR: ch_buffer_add_text(out, "(…, …)"); return;
    case CH_TAG_ABSENT: ch_buffer_add_text(out, "(absent)"); return;
    default: ch_display(value, out); return;
    }
}

static void add_parts(ChValue value, bool with_names, uint32_t limit, ChBuffer *out) {
    uint32_t count = ch_view_indexed_count(value) + ch_view_named_count(value);
    size_t start = out->length;
    ChBuffer name = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) ch_buffer_add_text(out, ", ");
        if (i >= PREVIEW_PARTS || out->length - start >= limit) {
            ch_buffer_add_text(out, "…");
            break;
        }
        ChValue part;
        ch_buffer_clear(&name);
        if (!ch_view_part(value, i, &name, &part)) break;
        if (with_names) {
            ch_buffer_add_str(out, ch_buffer_view(&name));
            ch_buffer_add_text(out, ": ");
        }
        add_part_text(part, limit / 2, out);
        ch_release(part);
    }
    ch_buffer_release(&name);
}

void ch_view_text(ChValue value, uint32_t limit, ChBuffer *out) {
    switch (value.tag) {
    case CH_TAG_STRING: add_quoted(ch_string_view(value.as.string), limit, out); return;
    case CH_TAG_LIST:
        ch_buffer_add_byte(out, '[');
        add_parts(value, false, limit, out);
        ch_buffer_add_byte(out, ']');
        return;
    case CH_TAG_SET:
        ch_buffer_add_text(out, "set(");
        add_parts(value, false, limit, out);
        ch_buffer_add_byte(out, ')');
        return;
    case CH_TAG_DICT:
        ch_buffer_add_byte(out, '{');
        add_parts(value, true, limit, out);
        ch_buffer_add_byte(out, '}');
        return;
    case CH_TAG_STRUCT:
        ch_buffer_add_str(out, ch_string_view(value.as.record->shape->struct_name));
        ch_buffer_add_text(out, " {");
        add_parts(value, true, limit, out);
        ch_buffer_add_byte(out, '}');
        return;
    case CH_TAG_ENUM:
        add_variant_name(value.as.variant, out);
        if (value.as.variant->count == 0) return;
        ch_buffer_add_byte(out, '(');
        add_parts(value, false, limit, out);
        ch_buffer_add_byte(out, ')');
        return;
    case CH_TAG_PAIR:
        ch_buffer_add_byte(out, '(');
        add_parts(value, false, limit, out);
        ch_buffer_add_byte(out, ')');
        return;
    default: add_part_text(value, limit, out); return;
    }
}
