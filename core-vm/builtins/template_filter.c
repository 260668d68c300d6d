// Filters of templates, `{{ value | name: args }}`: one row each.
#include "builtins/template_int.h"

#include "base/utf8.h"

#include "base/banned.h"

void ch__template_display(ChValue value, ChBuffer *out) {
    if (!ch_is_nil(value)) ch_display(value, out);
}

bool ch__template_is_true(ChValue value) {
    switch (value.tag) {
    case CH_TAG_NIL: return false;
    case CH_TAG_BOOL: return value.as.boolean;
    case CH_TAG_INT: return value.as.integer != 0;
    case CH_TAG_FLOAT: return value.as.real != 0;
    case CH_TAG_STRING: return ch__trim(ch__text(value), true, true).length > 0;
    case CH_TAG_LIST: return value.as.list->count > 0;
    case CH_TAG_DICT: return value.as.dict->count > 0;
    default: return true;
    }
}

typedef struct FilterCall {
    ChValue value;
    const ChValue *args;
    uint32_t count;
    ChBuffer shown;      // the value as text
    ChBuffer *why;
} FilterCall;

typedef bool (*FilterFn)(FilterCall *call, ChValue *result);

static ChStr shown(FilterCall *call) {
    ch__template_display(call->value, &call->shown);
    return call->shown.data ? ch_buffer_view(&call->shown) : (ChStr){"", 0};
}

// False when it is too long for a string; the buffer is released.
static bool give(FilterCall *call, ChValue *result, ChBuffer *take_out) {
    bool fits = take_out->length <= CH_STRING_MAX;
    if (fits) *result = ch_str_value(take_out->data ? take_out->data : "", take_out->length);
    else ch_buffer_add_text(call->why, "template output is too long");
    ch_buffer_release(take_out);
    return fits;
}

static bool filter_upper(FilterCall *call, ChValue *result) {
    ChBuffer out = {0};
    ch__upper(shown(call), &out);
    return give(call, result, &out);
}

static bool filter_lower(FilterCall *call, ChValue *result) {
    ChBuffer out = {0};
    ch__lower(shown(call), &out);
    return give(call, result, &out);
}

static bool filter_trim(FilterCall *call, ChValue *result) {
    ChStr text = ch__trim(shown(call), true, true);
    *result = ch_str_value(text.data, text.length);
    return true;
}

static uint32_t rune_bytes(ChStr text, uint32_t at) {
    uint32_t end = at + 1;
    while (end < text.length && (text.data[end] & 0xC0) == 0x80) end++;
    return end - at;
}

// Upper case at the start and, when `each_word`, behind white space; lower case elsewhere.
static bool recase(FilterCall *call, bool each_word, ChValue *result) {
    ChStr text = shown(call);
    ChBuffer out = {0};
    bool at_start = true;
    for (uint32_t i = 0, bytes; i < text.length; i += bytes) {
        bytes = rune_bytes(text, i);
        ChStr rune = {text.data + i, bytes};
        if (each_word && !ch__trim(rune, true, true).length) {
            ch_buffer_add_str(&out, rune);
            at_start = true;
            continue;
        }
        if (at_start) ch__upper(rune, &out);
        else ch__lower(rune, &out);
        at_start = false;
    }
    return give(call, result, &out);
}

static bool filter_capitalize(FilterCall *call, ChValue *result) { return recase(call, false, result); }
static bool filter_title(FilterCall *call, ChValue *result) { return recase(call, true, result); }

static bool filter_length(FilterCall *call, ChValue *result) {
    bool too_large = false;
    ChValue v = call->value;
    switch (v.tag) {
    case CH_TAG_NIL: *result = ch_int(0); return true;
    case CH_TAG_STRING: *result = ch_int(ch_string_chars(v.as.string)); return true;
    case CH_TAG_LIST: *result = ch_int(v.as.list->count); return true;
    case CH_TAG_SET: *result = ch_int(v.as.set->count); return true;
    case CH_TAG_DICT: *result = ch_int(v.as.dict->count); return true;
    case CH_TAG_RANGE: *result = ch_int(ch_range_length(v.as.range, &too_large)); return true;
    default: ch_buffer_printf(call->why, "`length` not defined for %s", ch_type_name(v)); return false;
    }
}

static bool edge(FilterCall *call, bool is_last, ChValue *result) {
    ChValue v = call->value;
    uint32_t count = v.tag == CH_TAG_LIST ? v.as.list->count : v.tag == CH_TAG_SET ? v.as.set->count : 0;
    if (count) {
        const ChValue *items = v.tag == CH_TAG_LIST ? v.as.list->items : v.as.set->items;
        *result = ch_retain(items[is_last ? count - 1 : 0]);
    } else if (v.tag == CH_TAG_STRING && v.as.string->length) {
        ChStr text = ch__text(v);
        uint32_t at = is_last ? text.length - 1 : 0;
        while (at && (text.data[at] & 0xC0) == 0x80) at--;
        *result = ch_str_value(text.data + at, rune_bytes(text, at));
    }
    return true;
}

static bool filter_first(FilterCall *call, ChValue *result) { return edge(call, false, result); }
static bool filter_last(FilterCall *call, ChValue *result) { return edge(call, true, result); }

static bool filter_reverse(FilterCall *call, ChValue *result) {
    ChValue v = call->value;
    if (v.tag == CH_TAG_LIST) {
        ChList *list = ch_list_new(v.as.list->count);
        for (uint32_t i = v.as.list->count; i; i--) ch_list_push(list, ch_retain(v.as.list->items[i - 1]));
        *result = ch_object(list);
    } else if (v.tag == CH_TAG_STRING) {
        ChStr text = ch__text(v);
        ChBuffer out = {0};
        for (uint32_t end = text.length, at = end; end; end = at) {
            do at--;
            while (at && (text.data[at] & 0xC0) == 0x80);
            ch_buffer_add(&out, text.data + at, end - at);
        }
        return give(call, result, &out);
    } else {
        *result = ch_retain(v);
    }
    return true;
}

static bool filter_join(FilterCall *call, ChValue *result) {
    ChValue v = call->value;
    if (v.tag == CH_TAG_STRING) return *result = ch_retain(v), true;
    if (v.tag != CH_TAG_LIST && v.tag != CH_TAG_SET) {
        ch_buffer_printf(call->why, "`join` requires a list (got %s)", ch_type_name(v));
        return false;
    }
    uint32_t count = v.tag == CH_TAG_LIST ? v.as.list->count : v.as.set->count;
    const ChValue *items = v.tag == CH_TAG_LIST ? v.as.list->items : v.as.set->items;
    ChBuffer out = {0};
    for (uint32_t i = 0; i < count && out.length <= CH_STRING_MAX; i++) {
        if (i) ch__template_display(call->args[0], &out);
        ch__template_display(items[i], &out);
    }
    return give(call, result, &out);
}

static bool filter_default(FilterCall *call, ChValue *result) {
    *result = ch_retain(ch__template_is_true(call->value) ? call->value : call->args[0]);
    return true;
}

static bool filter_json(FilterCall *call, ChValue *result) {
    ChBuffer out = {0};
    ch__json_print(call->value, call->count && ch__template_is_true(call->args[0]) ? 2 : 0, &out);
    return give(call, result, &out);
}

static bool filter_indent(FilterCall *call, ChValue *result) {
    if (call->args[0].tag != CH_TAG_INT) {
        ch_buffer_add_text(call->why, "`indent` requires an integer width");
        return false;
    }
    int64_t width = call->args[0].as.integer < 0 ? 0 : call->args[0].as.integer;
    bool pads = call->count > 1 && ch__template_is_true(call->args[1]);
    ChStr text = shown(call);
    ChBuffer out = {0};
    for (uint32_t i = 0; i < text.length; i++) {
        bool begins_line = !i || text.data[i - 1] == '\n';
        if (begins_line && (i || pads) && text.data[i] != '\n') {
            if ((uint64_t)width + out.length > CH_STRING_MAX) {
                out.length = 0;
                ch_buffer_release(&out);
                ch_buffer_add_text(call->why, "template output is too long");
                return false;
            }
            ch_buffer_add_repeat(&out, ' ', (size_t)width);
        }
        ch_buffer_add_byte(&out, text.data[i]);
    }
    return give(call, result, &out);
}

static bool filter_lines(FilterCall *call, ChValue *result) {
    ChStr text = shown(call);
    ChList *list = ch_list_new(0);
    uint32_t start = 0;
    for (uint32_t i = 0; i <= text.length; i++) {
        if (i < text.length && text.data[i] != '\n') continue;
        ch_list_push(list, ch_str_value(text.data + start, i - start));
        start = i + 1;
    }
    *result = ch_object(list);
    return true;
}

static bool filter_escape_md(FilterCall *call, ChValue *result) {
    ChStr text = shown(call);
    ChBuffer out = {0};
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] && strchr("\\`*_{}[]()#+-.!|<>", text.data[i])) ch_buffer_add_byte(&out, '\\');
        ch_buffer_add_byte(&out, text.data[i]);
    }
    return give(call, result, &out);
}

// An empty text is found before each character and at the end.
static bool filter_replace(FilterCall *call, ChValue *result) {
    ChStr text = shown(call);
    ChBuffer from = {0}, to = {0}, out = {0};
    ch__template_display(call->args[0], &from);
    ch__template_display(call->args[1], &to);
    for (uint32_t i = 0; i <= text.length && out.length <= CH_STRING_MAX;) {
        bool found = ch_str_starts_with((ChStr){text.data + i, text.length - i}, ch_buffer_view(&from));
        uint32_t bytes = found && from.length ? (uint32_t)from.length : i < text.length ? rune_bytes(text, i) : 1;
        if (found) ch_buffer_add(&out, to.data, to.length);
        if ((!found || !from.length) && i < text.length) ch_buffer_add(&out, text.data + i, bytes);
        i += bytes;
    }
    ch_buffer_release(&from);
    ch_buffer_release(&to);
    return give(call, result, &out);
}

static const struct {
    const char *name;
    uint32_t least, most; // arguments
    FilterFn run;
} filters[] = {
    {"upper", 0, 0, filter_upper},     {"lower", 0, 0, filter_lower},         {"trim", 0, 0, filter_trim},
    {"capitalize", 0, 0, filter_capitalize}, {"title", 0, 0, filter_title},   {"length", 0, 0, filter_length},
    {"first", 0, 0, filter_first},     {"last", 0, 0, filter_last},           {"reverse", 0, 0, filter_reverse},
    {"join", 1, 1, filter_join},       {"default", 1, 1, filter_default},     {"json", 0, 1, filter_json},
    {"indent", 1, 2, filter_indent},   {"lines", 0, 0, filter_lines},         {"escape_md", 0, 0, filter_escape_md},
    {"replace", 2, 2, filter_replace},
};

bool ch__template_filter(ChStr name, ChValue value, const ChValue *args, uint32_t count, ChValue *result, ChBuffer *why) {
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (!ch_str_is(name, filters[i].name)) continue;
        if (count < filters[i].least || count > filters[i].most) {
            ch_buffer_printf(why, "filter `%s` got wrong number of arguments", filters[i].name);
            return false;
        }
        FilterCall call = {.value = value, .args = args, .count = count, .why = why};
        *result = CH_NIL;
        bool is_good = filters[i].run(&call, result);
        ch_buffer_release(&call.shown);
        return is_good;
    }
    ch_buffer_printf(why, "unknown filter `%.*s`", CH_STR_ARG(name));
    return false;
}
