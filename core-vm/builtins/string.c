// Strings: searching, cutting, padding. Positions are in characters (code points); for pure ASCII they are bytes.
#include "builtins/native.h"

#include "base/utf8.h"

#include "base/banned.h"

static bool is_ascii(ChString *s) { return ch_string_chars(s) == s->length; }

// Byte offset of character `index`, which is at most the number of characters.
static uint32_t offset_of(ChString *s, uint32_t index) {
    return is_ascii(s) ? index : (uint32_t)ch_utf8_offset_of_rune(s->data, s->length, index);
}

static int64_t find(ChStr hay, ChStr needle, uint32_t from) {
    if (needle.length == 0) return from;
    if (from >= hay.length) return -1;
    const char *found = memmem(hay.data + from, hay.length - from, needle.data, needle.length);
    return found ? found - hay.data : -1;
}

CH_NATIVE(ch__len) {
    ChValue v = ch_arg(args, argc, 0);
    switch ((ChTag)v.tag) {
    case CH_TAG_STRING: return ch__give_int(result, ch_string_chars(v.as.string));
    case CH_TAG_BYTES: return ch__give_int(result, (int64_t)v.as.bytes->length);
    case CH_TAG_LIST: return ch__give_int(result, v.as.list->count);
    case CH_TAG_DICT: return ch__give_int(result, v.as.dict->count);
    case CH_TAG_SET: return ch__give_int(result, v.as.set->count);
    case CH_TAG_RANGE: {
        const ChIntRange *range = v.as.range;
        if (range->inclusive ? range->end < range->start : range->end <= range->start) return ch__give_int(result, 0);
        uint64_t length = (uint64_t)range->end - (uint64_t)range->start + (range->inclusive ? 1 : 0);
        return ch__give_int(result, length > INT64_MAX || (length == 0) ? INT64_MAX : (int64_t)length);
    }
    default: return ch__give_int(result, 0);
    }
}

CH_NATIVE(ch__is_empty) {
    ch__len(vm, args, argc, result);
    return ch__give_bool(result, result->as.integer == 0);
}

// ---- texts of arguments ------------------------------------------------------------------------------------------

// A function of one text.
#define TEXT_FUNCTION(name)                                                     \
    static ChFlow name##_of(ChVm *vm, ChStr text, ChValue *result);             \
    CH_NATIVE(ch__##name) {                                                     \
        ChString *text = ch__arg_display(args, argc, 0);                        \
        ChFlow flow = name##_of(vm, ch_string_view(text), result);              \
        ch_release(ch_object(text));                                            \
        return flow;                                                            \
    }                                                                           \
    static ChFlow name##_of(ChVm *vm, ChStr text, ChValue *result)

// A function of two texts.
#define TEXTS_FUNCTION(name)                                                    \
    static ChFlow name##_of(ChVm *vm, ChStr text, ChStr other, ChValue *result); \
    CH_NATIVE(ch__##name) {                                                     \
        ChString *text = ch__arg_display(args, argc, 0);                        \
        ChString *other = ch__arg_display(args, argc, 1);                       \
        ChFlow flow = name##_of(vm, ch_string_view(text), ch_string_view(other), result); \
        ch_release(ch_object(text));                                            \
        ch_release(ch_object(other));                                           \
        return flow;                                                            \
    }                                                                           \
    static ChFlow name##_of(ChVm *vm, ChStr text, ChStr other, ChValue *result)

static ChFlow give(ChValue *result, ChStr text) { return ch__give_text(result, text.data, text.length); }

TEXT_FUNCTION(string_trim) { return give(result, ch__trim(text, true, true)); }
TEXT_FUNCTION(string_trim_start) { return give(result, ch__trim(text, true, false)); }
TEXT_FUNCTION(string_trim_end) { return give(result, ch__trim(text, false, true)); }

TEXT_FUNCTION(string_lower) {
    ChBuffer out = {0};
    ch__lower(text, &out);
    return ch__give_buffer_checked(vm, "lowercase", result, &out);
}

TEXT_FUNCTION(string_upper) {
    ChBuffer out = {0};
    ch__upper(text, &out);
    return ch__give_buffer_checked(vm, "uppercase", result, &out);
}

TEXTS_FUNCTION(string_contains) { return ch__give_bool(result, find(text, other, 0) >= 0); }
TEXTS_FUNCTION(string_starts_with) { return ch__give_bool(result, ch_str_starts_with(text, other)); }
TEXTS_FUNCTION(string_ends_with) { return ch__give_bool(result, ch_str_ends_with(text, other)); }

TEXTS_FUNCTION(string_index_of) {
    int64_t at = find(text, other, 0);
    return ch__give_int(result, at < 0 ? -1 : (int64_t)ch_utf8_count(text.data, (size_t)at));
}

TEXTS_FUNCTION(string_last_index_of) {
    for (int64_t at = (int64_t)text.length - (int64_t)other.length; at >= 0; at--)
        if (memcmp(text.data + at, other.data, other.length) == 0)
            return ch__give_int(result, (int64_t)ch_utf8_count(text.data, (size_t)at));
    return ch__give_int(result, -1);
}

CH_NATIVE(ch__contains_any) {
    ChValue hay = args[0], needle = ch_arg(args, argc, 1);
    if (hay.tag == CH_TAG_STRING) return ch__string_contains(vm, args, argc, result);
    for (uint32_t i = 0; hay.tag == CH_TAG_LIST && i < hay.as.list->count; i++)
        if (ch_equal(hay.as.list->items[i], needle)) return ch__give_bool(result, true);
    return ch__give_bool(result, false);
}

// ---- cutting ------------------------------------------------------------------------------------------------------

static void push_text(ChList *list, const char *data, size_t length) {
    ch_list_push(list, ch_str_value(data, length));
}

static ChFlow give_chars(ChValue *result, ChStr text, bool with_ends) {
    ChList *list = ch_list_new(0);
    if (with_ends) push_text(list, "", 0);
    for (uint32_t at = 0; at < text.length;) {
        uint32_t width;
        ch_utf8_decode(text.data + at, text.length - at, &width);
        push_text(list, text.data + at, width);
        at += width;
    }
    if (with_ends) push_text(list, "", 0);
    return ch__give(result, ch_object(list));
}

static ChFlow split(ChValue *result, ChStr text, ChStr separator) {
    if (separator.length == 0) return give_chars(result, text, true);
    ChList *list = ch_list_new(0);
    uint32_t start = 0;
    for (;;) {
        int64_t at = find(text, separator, start);
        if (at < 0) break;
        push_text(list, text.data + start, (uint32_t)at - start);
        start = (uint32_t)at + separator.length;
    }
    push_text(list, text.data + start, text.length - start);
    return ch__give(result, ch_object(list));
}

static ChFlow split_args(ChValue *args, uint32_t argc, ChValue *result, const char *usual) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChString *separator = argc > 1 ? ch_display_string(args[1]) : ch_string_from(usual);
    split(result, ch_string_view(text), ch_string_view(separator));
    ch_release(ch_object(text));
    ch_release(ch_object(separator));
    return CH_OK;
}

CH_NATIVE(ch__split) { return split_args(args, argc, result, " "); }
CH_NATIVE(ch__string_split) { return split_args(args, argc, result, ","); }

TEXT_FUNCTION(string_chars) { return give_chars(result, text, false); }

TEXT_FUNCTION(string_lines) {
    ChList *list = ch_list_new(0);
    uint32_t start = 0;
    while (start < text.length) {
        const char *end = memchr(text.data + start, '\n', text.length - start);
        uint32_t stop = end ? (uint32_t)(end - text.data) : text.length;
        uint32_t length = stop - start;
        if (end && length && text.data[stop - 1] == '\r') length--;
        push_text(list, text.data + start, length);
        start = stop + 1;
    }
    return ch__give(result, ch_object(list));
}

static ChFlow give_part(ChValue *result, ChString *s, int64_t start, int64_t end) {
    uint32_t from = offset_of(s, (uint32_t)start), to = offset_of(s, (uint32_t)end);
    return ch__give_text(result, s->data + from, to - from);
}

static int64_t clamp(int64_t i, int64_t low, int64_t high) { return i < low ? low : i > high ? high : i; }

CH_NATIVE(ch__substring_end) {
    ChString *s = args[0].as.string;
    int64_t length = ch_string_chars(s);
    int64_t start = clamp(ch__arg_int(args, argc, 1, 0), 0, length);
    int64_t end = clamp(ch__arg_int(args, argc, 2, length), start, length);
    return give_part(result, s, start, end);
}

CH_NATIVE(ch__substring_length) {
    ChString *s = ch__arg_display(args, argc, 0);
    int64_t length = ch_string_chars(s);
    int64_t start = clamp(ch__arg_int(args, argc, 1, 0), 0, length);
    int64_t count = clamp(ch__arg_int(args, argc, 2, length), 0, length - start);
    give_part(result, s, start, start + count);
    ch_release(ch_object(s));
    return CH_OK;
}

CH_NATIVE(ch__string_char_at) {
    ChString *s = args[0].as.string;
    int64_t index = ch__arg_int(args, argc, 1, 0);
    if (index < 0 || index >= ch_string_chars(s)) return CH_OK;
    return give_part(result, s, index, index + 1);
}

// ---- making -------------------------------------------------------------------------------------------------------

static ChFlow replace(ChVm *vm, ChStr text, ChStr old, ChStr with, ChValue *result) {
    ChBuffer out = {0};
    uint32_t start = 0;
    if (old.length == 0) { // before every character and at the end
        while (start < text.length && out.length <= CH_STRING_MAX) {
            uint32_t width;
            ch_utf8_decode(text.data + start, text.length - start, &width);
            ch_buffer_add_str(&out, with);
            ch_buffer_add(&out, text.data + start, width);
            start += width;
        }
        ch_buffer_add_str(&out, with);
        return ch__give_buffer_checked(vm, "replace", result, &out);
    }
    while (out.length <= CH_STRING_MAX) {
        int64_t at = find(text, old, start);
        if (at < 0) break;
        ch_buffer_add(&out, text.data + start, (uint32_t)at - start);
        ch_buffer_add_str(&out, with);
        start = (uint32_t)at + old.length;
    }
    ch_buffer_add(&out, text.data + start, text.length - start);
    return ch__give_buffer_checked(vm, "replace", result, &out);
}

CH_NATIVE(ch__string_replace) {
    if (argc < 3) return ch_throw_runtime(vm, "string has no method `replace`"); // with fewer arguments
    ChString *text = ch__arg_display(args, argc, 0);
    ChString *old = ch__arg_display(args, argc, 1);
    ChString *with = ch__arg_display(args, argc, 2);
    ChFlow flow = replace(vm, ch_string_view(text), ch_string_view(old), ch_string_view(with), result);
    ch_release(ch_object(text));
    ch_release(ch_object(old));
    ch_release(ch_object(with));
    return flow;
}

static ChFlow repeat(ChVm *vm, const char *who, ChStr before, ChStr unit, uint64_t count, ChStr after, ChValue *result) {
    uint64_t size = before.length + after.length;
    if (unit.length && count > CH_STRING_MAX / unit.length)
        size = (uint64_t)CH_STRING_MAX + 1;
    else
        size += unit.length * count;
    if (ch__check_string_size(vm, who, size) != CH_OK) return CH_THROW;
    ChString *s = ch_string_with_capacity(size);
    char *at = s->data;
    if (before.length) memcpy(at, before.data, before.length);
    at += before.length;
    if (unit.length == 1) {
        memset(at, unit.data[0], count);
        at += count;
    } else if (unit.length) {
        for (uint64_t i = 0; i < count; i++, at += unit.length) memcpy(at, unit.data, unit.length);
    }
    if (after.length) memcpy(at, after.data, after.length);
    s->data[size] = 0;
    s->length = (uint32_t)size;
    s->chars = UINT32_MAX;
    return ch__give(result, ch_object(s));
}

CH_NATIVE(ch__string_repeat) {
    int64_t count = ch__arg_int(args, argc, 1, 1);
    ChStr none = {"", 0};
    return repeat(vm, "repeat", none, ch__text(args[0]), count > 0 ? (uint64_t)count : 0, none, result);
}

TEXT_FUNCTION(string_reverse) {
    ChString *s = ch_string_new(text.data, text.length);
    char *end = s->data + s->length;
    for (uint32_t at = 0; at < text.length;) {
        uint32_t width;
        ch_utf8_decode(text.data + at, text.length - at, &width);
        end -= width;
        memcpy(end, text.data + at, width);
        at += width;
    }
    return ch__give(result, ch_object(s));
}

static ChFlow pad(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, bool is_left) {
    ChString *s = args[0].as.string;
    int64_t width = ch__arg_int(args, argc, 1, 0);
    int64_t length = ch_string_chars(s);
    if (length >= width) return ch__give(result, ch_retain(args[0]));
    ChString *fill = argc > 2 ? ch_display_string(args[2]) : ch_string_from(" ");
    ChStr unit = ch_string_view(fill), none = {"", 0}, text = ch_string_view(s);
    uint32_t step = 1;
    if (unit.length)
        ch_utf8_decode(unit.data, unit.length, &step);
    else
        unit = (ChStr){" ", 1};
    unit.length = step;
    uint64_t count = (uint64_t)(width - length);
    ChFlow flow = is_left ? repeat(vm, "pad_left", none, unit, count, text, result)
                          : repeat(vm, "pad_right", text, unit, count, none, result);
    ch_release(ch_object(fill));
    return flow;
}

CH_NATIVE(ch__string_pad_left) { return pad(vm, args, argc, result, true); }
CH_NATIVE(ch__string_pad_right) { return pad(vm, args, argc, result, false); }

// {} in turn, or {key} of a dict. What has no value stays as it is.
CH_NATIVE(ch__format) {
    ChString *template = ch__arg_display(args, argc, 0);
    ChStr text = ch_string_view(template);
    const ChDict *named = ch__arg_is(args, argc, 1, CH_TAG_DICT) ? args[1].as.dict : NULL;
    ChBuffer out = {0};
    uint32_t at = 0, next = 1;
    while (at < text.length && out.length <= CH_STRING_MAX) {
        int64_t open = named ? find(text, CH_STR("{"), at) : find(text, CH_STR("{}"), at);
        if (open < 0) break;
        ch_buffer_add(&out, text.data + at, (uint32_t)open - at);
        int64_t close = find(text, CH_STR("}"), (uint32_t)open);
        if (close < 0) {
            at = (uint32_t)open;
            break;
        }
        const ChValue *value = NULL;
        if (named)
            value = ch_dict_find_str(named, (ChStr){text.data + open + 1, (uint32_t)(close - open - 1)});
        else if (next < argc)
            value = &args[next++];
        if (value)
            ch_display(*value, &out);
        else
            ch_buffer_add(&out, text.data + open, (size_t)(close - open + 1));
        at = (uint32_t)close + 1;
    }
    ch_buffer_add(&out, text.data + at, text.length - at);
    ch_release(ch_object(template));
    return ch__give_buffer_checked(vm, "format", result, &out);
}
