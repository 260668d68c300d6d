// YAML: read by libyaml's events with a stack of our own, plain scalars resolved as YAML 1.2's core schema has it;
// printed in block style.
#include "builtins/native.h"

#include <math.h>
#include <stdlib.h>

#include <yaml.h>

#include "base/banned.h"

#define CH_YAML_DEPTH_MAX 1000
#define CH_YAML_NODES_MAX 4000000 // scalars and collections of one document, aliases counted with what they stand for

typedef struct Open {
    ChValue value;   // the list or dict that is filled
    ChString *key;   // of the dict's next value, owned
    char *anchor;    // name of the collection, or NULL
} Open;

typedef struct Reader {
    yaml_parser_t yaml;
    CH_ARRAY_OF(Open) open;
    ChDict *anchors;
    uint64_t nodes;
    ChValue root;
    bool has_root;
    ChBuffer why;
} Reader;

// ---- scalars --------------------------------------------------------------------------------------------------------

static bool is_one_of(ChStr text, const char *const *words) {
    for (; *words; words++)
        if (ch_str_is(text, *words)) return true;
    return false;
}

static bool parse_digits(ChStr text, unsigned base, uint64_t *sum) {
    *sum = 0;
    if (!text.length) return false;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 16;
        if (digit >= base || *sum > (UINT64_MAX - digit) / base) return false;
        *sum = *sum * base + digit;
    }
    return true;
}

static bool plain_int(ChStr text, ChValue *out) {
    bool is_negative = text.length && text.data[0] == '-';
    if (text.length && (is_negative || text.data[0] == '+')) text = (ChStr){text.data + 1, text.length - 1};
    unsigned base = 10;
    if (text.length > 2 && text.data[0] == '0')
        base = text.data[1] == 'x' ? 16 : text.data[1] == 'o' ? 8 : text.data[1] == 'b' ? 2 : 10;
    if (base != 10) text = (ChStr){text.data + 2, text.length - 2};
    if (base == 10 && text.length > 1 && text.data[0] == '0') return false; // 007 is a text
    uint64_t sum;
    if (!parse_digits(text, base, &sum) || sum > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) return false;
    *out = ch_int(is_negative ? (int64_t)(0u - sum) : (int64_t)sum);
    return true;
}

static bool plain_float(ChStr text, ChValue *out) {
    static const char *const infinite[] = {".inf", ".Inf", ".INF", NULL}, *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    ChStr rest = text;
    bool is_negative = rest.length && rest.data[0] == '-';
    if (rest.length && (is_negative || rest.data[0] == '+')) rest = (ChStr){rest.data + 1, rest.length - 1};
    if (is_one_of(rest, infinite)) {
        *out = ch_float(is_negative ? -(double)INFINITY : (double)INFINITY);
        return true;
    }
    if (is_one_of(text, nans)) {
        *out = ch_float((double)NAN);
        return true;
    }
    uint32_t at = 0, digits = 0;
    for (; at < rest.length && rest.data[at] >= '0' && rest.data[at] <= '9'; at++) digits++;
    if (digits > 1 && rest.data[0] == '0') return false;
    if (at < rest.length && rest.data[at] == '.')
        for (at++; at < rest.length && rest.data[at] >= '0' && rest.data[at] <= '9'; at++) digits++;
    if (!digits) return false;
    if (at < rest.length && (rest.data[at] | 32) == 'e') {
        at++;
        if (at < rest.length && (rest.data[at] == '-' || rest.data[at] == '+')) at++;
        uint32_t start = at;
        while (at < rest.length && rest.data[at] >= '0' && rest.data[at] <= '9') at++;
        if (at == start) return false;
    }
    if (at != rest.length) return false;
    char *copy = ch_str_detach(text);
    *out = ch_float(strtod(copy, NULL));
    ch_free(copy);
    return true;
}

// The value of a plain scalar.
static ChValue resolve(ChStr text) {
    static const char *const nils[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const yes[] = {"true", "True", "TRUE", NULL}, *const no[] = {"false", "False", "FALSE", NULL};
    ChValue value;
    if (is_one_of(text, nils)) return CH_NIL;
    if (is_one_of(text, yes)) return ch_bool(true);
    if (is_one_of(text, no)) return ch_bool(false);
    if (plain_int(text, &value) || plain_float(text, &value)) return value;
    return ch_str_value(text.data, text.length);
}

// ---- reading ------------------------------------------------------------------------------------------------------------

static bool fail(Reader *r, const char *what, yaml_mark_t mark) {
    if (!r->why.length)
        ch_buffer_printf(&r->why, "%s at line %zu column %zu", what, mark.line + 1, mark.column + 1);
    return false;
}

static bool place(Reader *r, ChValue take_value, yaml_mark_t mark) {
    if (++r->nodes > CH_YAML_NODES_MAX) {
        ch_release(take_value);
        return fail(r, "document is too large", mark);
    }
    if (!r->open.count) {
        ch_assign_take(&r->root, take_value);
        r->has_root = true;
        return true;
    }
    Open *top = &ch_array_last(&r->open);
    if (top->value.tag == CH_TAG_LIST) {
        ch_list_push(top->value.as.list, take_value);
    } else if (!top->key) {
        top->key = ch_display_string(take_value);
        ch_release(take_value);
    } else {
        ch_dict_put(top->value.as.dict, top->key, take_value);
        ch_release(ch_object(top->key));
        top->key = NULL;
    }
    return true;
}

static void remember(Reader *r, const char *anchor, ChValue value) {
    if (anchor) ch_dict_put_str(r->anchors, anchor, ch_retain(value));
}

static bool open_collection(Reader *r, ChValue value, const yaml_char_t *anchor, yaml_mark_t mark) {
    if (r->open.count >= CH_YAML_DEPTH_MAX) {
        ch_release(value);
        return fail(r, "recursion limit exceeded", mark);
    }
    ch_array_push(&r->open, ((Open){value, NULL, anchor ? ch_str_detach(ch_str_of((const char *)anchor)) : NULL}));
    return true;
}

// How many nodes a value has, up to the limit.
static uint64_t node_count(ChValue value) {
    CH_ARRAY_OF(ChValue) waiting = {0};
    uint64_t count = 0;
    ch_array_push(&waiting, value);
    while (waiting.count && count <= CH_YAML_NODES_MAX) {
        ChValue v = ch_array_pop(&waiting);
        count++;
        for (uint32_t i = 0; v.tag == CH_TAG_LIST && i < v.as.list->count; i++) ch_array_push(&waiting, v.as.list->items[i]);
        uint32_t at = 0;
        ChString *key;
        ChValue member;
        while (v.tag == CH_TAG_DICT && ch_dict_next(v.as.dict, &at, &key, &member)) ch_array_push(&waiting, member);
    }
    ch_array_release(&waiting);
    return count;
}

static bool take_event(Reader *r, yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: {
        ChStr text = ch_str_slice((char *)event->data.scalar.value, event->data.scalar.length);
        bool is_text = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
                       (event->data.scalar.tag && strcmp((char *)event->data.scalar.tag, "tag:yaml.org,2002:str") == 0);
        ChValue value = is_text ? ch_str_value(text.data, text.length) : resolve(text);
        remember(r, (char *)event->data.scalar.anchor, value);
        return place(r, value, event->start_mark);
    }
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(r, ch_object(ch_list_new(0)), event->data.sequence_start.anchor, event->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_collection(r, ch_object(ch_dict_new()), event->data.mapping_start.anchor, event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: {
        Open done = ch_array_pop(&r->open);
        remember(r, done.anchor, done.value);
        ch_free(done.anchor);
        return place(r, done.value, event->start_mark);
    }
    case YAML_ALIAS_EVENT: {
        ChValue *found = ch_dict_find_str(r->anchors, ch_str_of((char *)event->data.alias.anchor));
        if (!found) return fail(r, "unknown anchor", event->start_mark);
        r->nodes += node_count(*found);
        return place(r, ch_retain(*found), event->start_mark);
    }
    case YAML_DOCUMENT_START_EVENT:
        if (r->has_root) return fail(r, "deserializing from YAML containing more than one document is not supported", event->start_mark);
        return true;
    default: return true;
    }
}

static void read_all(Reader *r) {
    for (bool done = false; !done && !r->why.length;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->yaml, &event)) {
            ch_buffer_printf(&r->why, "%s at line %zu column %zu", r->yaml.problem ? r->yaml.problem : "malformed text",
                             r->yaml.problem_mark.line + 1, r->yaml.problem_mark.column + 1);
            if (r->yaml.context) ch_buffer_printf(&r->why, ", %s", r->yaml.context);
            return;
        }
        take_event(r, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

CH_NATIVE(ch__yaml_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    Reader r = {.anchors = ch_dict_new(), .root = CH_NIL};
    if (!yaml_parser_initialize(&r.yaml)) {
        ch_buffer_add_text(&r.why, "out of memory");
    } else {
        yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text->data, text->length);
        yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
        read_all(&r);
        yaml_parser_delete(&r.yaml);
    }
    ch_release(ch_object(text));
    ch_release(ch_object(r.anchors));
    for (uint32_t i = 0; i < r.open.count; i++) {
        ch_release(r.open.items[i].value);
        if (r.open.items[i].key) ch_release(ch_object(r.open.items[i].key));
        ch_free(r.open.items[i].anchor);
    }
    ch_array_release(&r.open);
    if (!r.why.length) return ch__give(result, r.root);
    ch_release(r.root);
    ch_throw_text(vm, "YAML parse error: %s", r.why.data);
    ch_buffer_release(&r.why);
    return CH_THROW;
}

// ---- printing ---------------------------------------------------------------------------------------------------------------

// Whether a text can stand without quotes and still be read as that text.
static bool is_plain(ChStr text) {
    if (!text.length || text.data[0] == ' ' || text.data[text.length - 1] == ' ') return false;
    if (strchr("-?:,[]{}#&*!|>'\"%@`", text.data[0]) && text.data[0]) {
        bool may = (text.data[0] == '-' || text.data[0] == '?' || text.data[0] == ':') && text.length > 1 && text.data[1] != ' ';
        if (!may || ch_str_starts_with(text, CH_STR("---"))) return false;
    }
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 0x7f) return false;
        if (c == ':' && (i + 1 == text.length || text.data[i + 1] == ' ')) return false;
        if (c == '#' && i && text.data[i - 1] == ' ') return false;
    }
    ChValue value = resolve(text);
    bool is_text = value.tag == CH_TAG_STRING;
    ch_release(value);
    return is_text;
}

static void indent(ChBuffer *out, uint32_t columns) { ch_buffer_add_repeat(out, ' ', columns); }

static void print_text(ChStr text, uint32_t column, ChBuffer *out) {
    bool has_control = false, has_line = false;
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '\n') has_line = true;
        else if (c < 0x20 || c == 0x7f) has_control = true;
    }
    if (is_plain(text)) {
        ch_buffer_add_str(out, text);
    } else if (has_control || (has_line && text.data[0] == ' ')) {
        ch_buffer_add_json(out, text);
    } else if (has_line) { // a literal block; its mark tells how it ends
        bool ends_line = text.data[text.length - 1] == '\n';
        bool ends_lines = ends_line && text.length > 1 && text.data[text.length - 2] == '\n';
        ch_buffer_add_text(out, ends_lines ? "|+" : ends_line ? "|" : "|-");
        if (ends_line) text.length--;
        for (uint32_t start = 0; start <= text.length;) {
            int64_t found = ch_str_find(text, CH_STR("\n"), start);
            uint32_t end = found < 0 ? text.length : (uint32_t)found;
            ch_buffer_add_byte(out, '\n');
            if (end > start) indent(out, column);
            ch_buffer_add(out, text.data + start, end - start);
            start = end + 1;
        }
    } else {
        ch_buffer_add_byte(out, '\'');
        for (uint32_t i = 0; i < text.length; i++) {
            if (text.data[i] == '\'') ch_buffer_add_byte(out, '\'');
            ch_buffer_add_byte(out, text.data[i]);
        }
        ch_buffer_add_byte(out, '\'');
    }
}

typedef struct Level {
    ChValue value;
    uint32_t position;
    uint32_t column;   // of the dashes or keys
    bool is_first;
    bool on_line;      // the first entry goes on in the line of the dash
} Level;
typedef CH_ARRAY_OF(Level) Levels;

static bool is_mapping(ChValue v) { return v.tag == CH_TAG_DICT || v.tag == CH_TAG_STRUCT; }

static bool is_empty(ChValue v) {
    return (v.tag == CH_TAG_LIST && !v.as.list->count) || (v.tag == CH_TAG_SET && !v.as.set->count) ||
           (v.tag == CH_TAG_DICT && !v.as.dict->count) || (v.tag == CH_TAG_STRUCT && !v.as.record->shape->count);
}

// Behind "key:" or "-". Pushes a collection that is not empty.
static void print_value(ChValue v, uint32_t column, bool behind_dash, Levels *levels, ChBuffer *out) {
    bool is_list = v.tag == CH_TAG_LIST || v.tag == CH_TAG_SET;
    if ((is_list || is_mapping(v)) && !is_empty(v)) {
        // A list inside a mapping stands in the mapping's own column.
        uint32_t inner = behind_dash ? column + 2 : is_list ? column : column + 2;
        ch_array_push(levels, ((Level){v, 0, inner, true, behind_dash}));
        if (behind_dash) ch_buffer_add_byte(out, ' ');
        return;
    }
    ch_buffer_add_byte(out, ' ');
    if (is_list || is_mapping(v)) {
        ch_buffer_add_text(out, is_list ? "[]" : "{}");
    } else if (v.tag == CH_TAG_NIL || v.tag == CH_TAG_ABSENT) {
        ch_buffer_add_text(out, "null");
    } else if (v.tag == CH_TAG_BOOL || v.tag == CH_TAG_INT) {
        ch_display(v, out);
    } else if (v.tag == CH_TAG_FLOAT) {
        if (isfinite(v.as.real))
            ch_display_float(v.as.real, out);
        else
            ch_buffer_add_text(out, isnan(v.as.real) ? ".nan" : v.as.real < 0 ? "-.inf" : ".inf");
    } else {
        ChString *text = ch_display_string(v);
        print_text(ch_string_view(text), column + 2, out);
        ch_release(ch_object(text));
    }
    ch_buffer_add_byte(out, '\n');
}

static bool next_entry(Level *level, ChString **key, ChValue *value) {
    ChValue v = level->value;
    *key = NULL;
    if (v.tag == CH_TAG_DICT) return ch_dict_next(v.as.dict, &level->position, key, value);
    if (v.tag == CH_TAG_STRUCT) {
        const ChShape *shape = v.as.record->shape;
        while (level->position < shape->count) {
            uint32_t slot = shape->sorted[level->position++];
            if (v.as.record->fields[slot].tag == CH_TAG_ABSENT) continue;
            *key = shape->keys[slot];
            *value = v.as.record->fields[slot];
            return true;
        }
        return false;
    }
    uint32_t count = v.tag == CH_TAG_LIST ? v.as.list->count : v.as.set->count;
    if (level->position >= count) return false;
    *value = (v.tag == CH_TAG_LIST ? v.as.list->items : v.as.set->items)[level->position++];
    return true;
}

CH_NATIVE(ch__yaml_stringify) {
    ChBuffer out = {0};
    Levels levels = {0};
    ChValue v = args[0];
    if ((v.tag == CH_TAG_LIST || v.tag == CH_TAG_SET || is_mapping(v)) && !is_empty(v)) {
        ch_array_push(&levels, ((Level){v, 0, 0, true, true}));
    } else {
        print_value(v, 0, false, &levels, &out);
        memmove(out.data, out.data + 1, out.length--); // the space behind a key that is not there
    }
    while (levels.count && out.length <= CH_STRING_MAX) {
        Level *level = &ch_array_last(&levels);
        ChString *key;
        ChValue value;
        if (!next_entry(level, &key, &value)) {
            (void)ch_array_pop(&levels);
            continue;
        }
        uint32_t column = level->column;
        if (level->is_first && !level->on_line) ch_buffer_add_byte(&out, '\n');
        if (!(level->is_first && level->on_line)) indent(&out, column);
        level->is_first = false;
        if (key) {
            if (memchr(key->data, '\n', key->length))
                ch_buffer_add_json(&out, ch_string_view(key));
            else
                print_text(ch_string_view(key), column + 2, &out);
            ch_buffer_add_byte(&out, ':');
        } else {
            ch_buffer_add_byte(&out, '-');
        }
        print_value(value, column, key == NULL, &levels, &out);
    }
    ch_array_release(&levels);
    return ch__give_buffer_checked(vm, "yaml_stringify", result, &out);
}
