// JSON: parsing and printing with explicit stacks, 64-bit ints exact, the reference's errors with line and column.
// A float without a fraction prints as an int in one line (1.0 gives 1), and as a float in the pretty form.
#include "builtins/native.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

#include "base/banned.h"

// Objects and arrays may nest this deep in a text that is parsed; the limit of most parsers.
#define CH_JSON_DEPTH_MAX 127

// ---- parsing ----------------------------------------------------------------------------------------------------------

typedef struct Open {
    ChValue value;  // the list or dict being filled
    ChString *key;  // of the dict's next value, owned
} Open;

typedef struct Parser {
    ChStr text;
    uint32_t at;
    const char *problem; // NULL: none
    uint32_t problem_at; // byte that it is about
    ChBuffer scratch;
} Parser;

static bool fail_at(Parser *p, const char *problem, uint32_t at) {
    p->problem = problem;
    p->problem_at = at;
    return false;
}

static bool fail(Parser *p, const char *problem) { return fail_at(p, problem, p->at); }

static bool at_end(const Parser *p) { return p->at >= p->text.length; }
static char peek(const Parser *p) { return p->text.data[p->at]; }

static void skip_space(Parser *p) {
    while (!at_end(p) && (peek(p) == ' ' || peek(p) == '\n' || peek(p) == '\t' || peek(p) == '\r')) p->at++;
}

static bool parse_word(Parser *p, const char *word, ChValue value, ChValue *out) {
    for (const char *c = word; *c; c++, p->at++) {
        if (at_end(p)) return fail(p, "EOF while parsing a value");
        if (peek(p) != *c) return fail(p, "expected ident");
    }
    *out = value;
    return true;
}

static bool is_digit(const Parser *p) { return !at_end(p) && peek(p) >= '0' && peek(p) <= '9'; }

static bool need_digit(Parser *p) {
    if (is_digit(p)) return true;
    return fail(p, at_end(p) ? "EOF while parsing a value" : "invalid number");
}

static bool parse_number(Parser *p, ChValue *out) {
    uint32_t start = p->at;
    bool is_negative = peek(p) == '-', is_float = false, is_large = false;
    uint64_t sum = 0;
    if (is_negative) p->at++;
    if (!need_digit(p)) return false;
    if (peek(p) == '0') {
        p->at++;
        if (is_digit(p)) return fail(p, "invalid number");
    }
    for (; is_digit(p); p->at++) {
        uint64_t digit = (uint64_t)(peek(p) - '0');
        if (sum > (UINT64_MAX - digit) / 10) is_large = true;
        sum = sum * 10 + digit;
    }
    if (!at_end(p) && peek(p) == '.') {
        is_float = true;
        p->at++;
        if (!need_digit(p)) return false;
        while (is_digit(p)) p->at++;
    }
    if (!at_end(p) && (peek(p) == 'e' || peek(p) == 'E')) {
        is_float = true;
        p->at++;
        if (!at_end(p) && (peek(p) == '+' || peek(p) == '-')) p->at++;
        if (!need_digit(p)) return false;
        while (is_digit(p)) p->at++;
    }
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    if (!is_float && !is_large && sum <= limit && !(is_negative && sum == 0)) {
        *out = ch_int(is_negative ? (int64_t)(0u - sum) : (int64_t)sum);
        return true;
    }
    ch_buffer_clear(&p->scratch);
    ch_buffer_add(&p->scratch, p->text.data + start, p->at - start);
    double d = strtod(p->scratch.data, NULL);
    if (isinf(d)) return fail_at(p, "number out of range", p->at - 1);
    *out = ch_float(d);
    return true;
}

static bool parse_hex(Parser *p, uint32_t *unit) {
    *unit = 0;
    if (p->text.length - p->at < 4) return fail_at(p, "EOF while parsing a string", p->text.length);
    for (int i = 0; i < 4; i++, p->at++) {
        char c = peek(p);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) return fail(p, "invalid escape");
        *unit = *unit << 4 | digit;
    }
    return true;
}

static bool parse_escape(Parser *p) {
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (at_end(p)) return fail(p, "EOF while parsing a string");
    const char *found = strchr(names, peek(p));
    if (found && *found) {
        ch_buffer_add_byte(&p->scratch, meant[found - names]);
        p->at++;
        return true;
    }
    if (peek(p) != 'u') return fail(p, "invalid escape");
    uint32_t unit, low;
    p->at++;
    if (!parse_hex(p, &unit)) return false;
    if (unit >= 0xdc00 && unit <= 0xdfff) return fail_at(p, "lone leading surrogate in hex escape", p->at - 1);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        if (at_end(p)) return fail(p, "EOF while parsing a string");
        if (peek(p) != '\\') return fail(p, "unexpected end of hex escape");
        p->at++;
        if (at_end(p)) return fail(p, "EOF while parsing a string");
        if (peek(p) != 'u') return fail(p, "unexpected end of hex escape");
        p->at++;
        if (!parse_hex(p, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return fail_at(p, "lone leading surrogate in hex escape", p->at - 1);
        unit = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
    }
    ch_buffer_add_rune(&p->scratch, unit);
    return true;
}

// The quote at the start is taken already; the text is in scratch, or between *start and *end when nothing is escaped.
static bool parse_string(Parser *p, ChString **out) {
    uint32_t start = p->at;
    bool is_plain = true;
    ch_buffer_clear(&p->scratch);
    for (;;) {
        uint32_t from = p->at;
        while (!at_end(p) && peek(p) != '"' && peek(p) != '\\' && (unsigned char)peek(p) >= 0x20) p->at++;
        if (at_end(p)) return fail(p, "EOF while parsing a string");
        if (peek(p) == '"' && is_plain) break;
        ch_buffer_add(&p->scratch, p->text.data + from, p->at - from);
        if (peek(p) == '"') break;
        if (peek(p) != '\\') return fail(p, "control character (\\u0000-\\u001F) found while parsing a string");
        is_plain = false;
        p->at++;
        if (!parse_escape(p)) return false;
    }
    *out = is_plain ? ch_string_new(p->text.data + start, p->at - start)
                    : ch_string_new(p->scratch.data, p->scratch.length);
    p->at++;
    return true;
}

static bool parse_plain(Parser *p, ChValue *out) {
    switch (peek(p)) {
    case 'n': return parse_word(p, "null", CH_NIL, out);
    case 't': return parse_word(p, "true", ch_bool(true), out);
    case 'f': return parse_word(p, "false", ch_bool(false), out);
    case '"': {
        ChString *text;
        p->at++;
        if (!parse_string(p, &text)) return false;
        *out = ch_object(text);
        return true;
    }
    default:
        if (peek(p) == '-' || is_digit(p)) return parse_number(p, out);
        return fail(p, "expected value");
    }
}

// `"key" :` of the open dict.
static bool parse_key(Parser *p, Open *open) {
    if (peek(p) != '"') return fail(p, "key must be a string");
    p->at++;
    if (!parse_string(p, &open->key)) return false;
    skip_space(p);
    if (at_end(p)) return fail(p, "EOF while parsing an object");
    if (peek(p) != ':') return fail(p, "expected `:`");
    p->at++;
    return true;
}

typedef CH_ARRAY_OF(Open) Opens;

// Puts a finished value where it belongs, and closes what ends behind it. *done: the outermost value is finished.
static bool place(Parser *p, Opens *open, ChValue value, ChValue *out, bool *done) {
    for (;;) {
        if (!open->count) {
            *out = value;
            *done = true;
            return true;
        }
        Open *top = &ch_array_last(open);
        bool is_list = top->value.tag == CH_TAG_LIST;
        if (is_list) {
            ch_list_push(top->value.as.list, value);
        } else {
            ch_dict_put(top->value.as.dict, top->key, value);
            ch_release(ch_object(top->key));
            top->key = NULL;
        }
        skip_space(p);
        if (at_end(p)) return fail(p, is_list ? "EOF while parsing a list" : "EOF while parsing an object");
        if (peek(p) == ',') {
            p->at++;
            skip_space(p);
            if (at_end(p)) return fail(p, "EOF while parsing a value");
            if (peek(p) == (is_list ? ']' : '}')) return fail(p, "trailing comma");
            return is_list || parse_key(p, top);
        }
        if (peek(p) != (is_list ? ']' : '}')) return fail(p, is_list ? "expected `,` or `]`" : "expected `,` or `}`");
        p->at++;
        value = top->value;
        (void)ch_array_pop(open);
    }
}

static bool parse(Parser *p, Opens *open, ChValue *out) {
    bool done = false;
    while (!done) {
        skip_space(p);
        if (at_end(p)) return fail(p, "EOF while parsing a value");
        ChValue value;
        char c = peek(p);
        if (c != '[' && c != '{') {
            if (!parse_plain(p, &value) || !place(p, open, value, out, &done)) return false;
            continue;
        }
        if (open->count >= CH_JSON_DEPTH_MAX) return fail(p, "recursion limit exceeded");
        value = c == '[' ? ch_object(ch_list_new(0)) : ch_object(ch_dict_new());
        p->at++;
        skip_space(p);
        if (!at_end(p) && peek(p) == (c == '[' ? ']' : '}')) {
            p->at++;
            if (!place(p, open, value, out, &done)) return false;
            continue;
        }
        ch_array_push(open, ((Open){value, NULL}));
        if (at_end(p)) return fail(p, c == '[' ? "EOF while parsing a list" : "EOF while parsing an object");
        if (c == '{' && !parse_key(p, &ch_array_last(open))) return false;
    }
    skip_space(p);
    if (at_end(p)) return true;
    ch_release(*out);
    return fail(p, "trailing characters");
}

bool ch__json_parse(ChStr text, ChValue *value, ChBuffer *why) {
    Parser p = {text, 0, NULL, 0, {0}};
    Opens open = {0};
    bool ok = parse(&p, &open, value);
    for (uint32_t i = 0; i < open.count; i++) {
        ch_release(open.items[i].value);
        if (open.items[i].key) ch_release(ch_object(open.items[i].key));
    }
    ch_array_release(&open);
    ch_buffer_release(&p.scratch);
    if (ok) return true;
    // Columns count bytes that were read: one more than the offset, but not beyond the end; a line end has column 0.
    uint32_t line = 1, column = 0;
    for (uint32_t i = 0; i <= p.problem_at && i < text.length; i++) {
        bool ends_line = text.data[i] == '\n';
        line += ends_line ? 1 : 0;
        column = ends_line ? 0 : column + 1;
    }
    ch_buffer_printf(why, "%s at line %u column %u", p.problem, line, column);
    return false;
}

CH_NATIVE(ch__json_parse_text) {
    ChBuffer why = {0};
    if (ch__json_parse(ch__text(args[0]), result, &why)) return CH_OK;
    *result = CH_NIL;
    ch_throw_text(vm, "JSON parse error: %s", why.data);
    ch_buffer_release(&why);
    return CH_THROW;
}

// ---- printing -----------------------------------------------------------------------------------------------------------

// The pretty form: always with a point or an exponent.
static void print_float_exact(double d, ChBuffer *out) {
    double size = fabs(d);
    if (size == 0 || (size >= 1e-5 && size < 1e16)) {
        ChBuffer text = {0};
        ch_display_float(d, &text);
        bool has_point = memchr(text.data, '.', text.length) != NULL;
        ch_buffer_add(out, text.data, text.length);
        if (!has_point) ch_buffer_add_text(out, ".0");
        ch_buffer_release(&text);
        return;
    }
    char text[40];
    for (int digits = size < 1e-290 ? 0 : 14; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits, d);
        if (strtod(text, NULL) == d) break;
    }
    char *exponent = strchr(text, 'e'), *end = exponent;
    while (end[-1] == '0' && memchr(text, '.', (size_t)(end - text))) end--;
    if (end[-1] == '.') end--;
    ch_buffer_add(out, text, (size_t)(end - text));
    long power = strtol(exponent + 1, NULL, 10);
    ch_buffer_printf(out, "e%s%ld", power < 0 ? "" : "+", power);
}

static void print_float(double d, bool is_pretty, ChBuffer *out) {
    if (!isfinite(d)) {
        ch_buffer_add_text(out, "null");
    } else if (is_pretty) {
        print_float_exact(d, out);
    } else if (d == trunc(d) && fabs(d) < 1e15) {
        ch_buffer_printf(out, "%.0f", d);
    } else {
        ch_display_float(d, out);
    }
}

static void print_text(ChValue v, ChBuffer *out) {
    ChString *text = ch_display_string(v);
    ch_buffer_add_json(out, ch_string_view(text));
    ch_release(ch_object(text));
}

static void print_bytes(const ChBytes *bytes, ChBuffer *out) {
    ch_buffer_add_text(out, "{\"$bytes_b64\":\"");
    ch__base64(ch_str_slice((const char *)bytes->data, bytes->length), false, out);
    ch_buffer_add_text(out, "\"}");
}

typedef struct Level {
    ChValue value;
    uint32_t position;
    bool is_first;
} Level;
typedef CH_ARRAY_OF(Level) Levels;

static bool is_object(ChValue v) { return v.tag == CH_TAG_DICT || v.tag == CH_TAG_STRUCT; }

static bool is_empty(ChValue v) {
    if (v.tag == CH_TAG_LIST) return v.as.list->count == 0;
    if (v.tag == CH_TAG_SET) return v.as.set->count == 0;
    if (v.tag == CH_TAG_DICT) return v.as.dict->count == 0;
    for (uint32_t i = 0; i < v.as.record->shape->count; i++)
        if (v.as.record->fields[i].tag != CH_TAG_ABSENT) return false;
    return true;
}

// Prints a plain value at once; pushes a list or object.
static void print_begin(ChValue v, bool is_pretty, Levels *levels, ChBuffer *out) {
    switch ((ChTag)v.tag) {
    case CH_TAG_NIL:
    case CH_TAG_ABSENT: ch_buffer_add_text(out, "null"); return;
    case CH_TAG_BOOL: ch_buffer_add_text(out, v.as.integer ? "true" : "false"); return;
    case CH_TAG_INT: ch_display(v, out); return;
    case CH_TAG_FLOAT: print_float(v.as.real, is_pretty, out); return;
    case CH_TAG_STRING: ch_buffer_add_json(out, ch_string_view(v.as.string)); return;
    case CH_TAG_RANGE: print_text(v, out); return;
    case CH_TAG_BYTES:
        if (!is_pretty) {
            print_bytes(v.as.bytes, out);
            return;
        }
        print_text(v, out);
        return;
    case CH_TAG_LIST:
    case CH_TAG_SET:
    case CH_TAG_DICT:
    case CH_TAG_STRUCT: break;
    default:
        if (is_pretty)
            print_text(v, out);
        else
            ch_buffer_add_text(out, "null");
        return;
    }
    if (is_empty(v)) {
        ch_buffer_add_text(out, is_object(v) ? "{}" : "[]");
        return;
    }
    ch_buffer_add_byte(out, is_object(v) ? '{' : '[');
    ch_array_push(levels, ((Level){v, 0, true}));
}

static bool print_next(Level *level, ChString **key, ChValue *item) {
    ChValue v = level->value;
    *key = NULL;
    if (v.tag == CH_TAG_DICT) return ch_dict_next(v.as.dict, &level->position, key, item);
    if (v.tag == CH_TAG_STRUCT) {
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
    uint32_t count = v.tag == CH_TAG_LIST ? v.as.list->count : v.as.set->count;
    if (level->position >= count) return false;
    *item = (v.tag == CH_TAG_LIST ? v.as.list->items : v.as.set->items)[level->position++];
    return true;
}

static void new_line(uint32_t indent, uint32_t depth, ChBuffer *out) {
    if (!indent) return;
    ch_buffer_add_byte(out, '\n');
    ch_buffer_add_repeat(out, ' ', (size_t)indent * depth);
}

// Stops when the text is longer than a string may be.
void ch__json_print(ChValue v, uint32_t indent, ChBuffer *out) {
    Levels levels = {0};
    print_begin(v, indent != 0, &levels, out);
    while (levels.count && out->length <= CH_STRING_MAX) {
        Level *level = &ch_array_last(&levels);
        ChString *key;
        ChValue item;
        if (!print_next(level, &key, &item)) {
            char end = is_object(level->value) ? '}' : ']';
            (void)ch_array_pop(&levels);
            new_line(indent, levels.count, out);
            ch_buffer_add_byte(out, end);
            continue;
        }
        if (!level->is_first) ch_buffer_add_byte(out, ',');
        level->is_first = false;
        new_line(indent, levels.count, out);
        if (key) {
            ch_buffer_add_json(out, ch_string_view(key));
            ch_buffer_add_text(out, indent ? ": " : ":");
        }
        print_begin(item, indent != 0, &levels, out);
    }
    ch_array_release(&levels);
}

CH_NATIVE(ch__json_stringify) {
    ChBuffer out = {0};
    ch__json_print(args[0], 0, &out);
    return ch__give_buffer_checked(vm, "json_stringify", result, &out);
}

CH_NATIVE(ch__json_stringify_pretty) {
    ChBuffer out = {0};
    ch__json_print(args[0], 2, &out);
    return ch__give_buffer_checked(vm, "json_stringify_pretty", result, &out);
}

// ---- JSON inside other text ------------------------------------------------------------------------------------------------

// From the first `open` to the bracket that closes it; brackets in strings do not count.
static bool find_balanced(ChStr text, char open, char close, ChStr *found) {
    const char *start = text.length ? memchr(text.data, open, text.length) : NULL;
    if (!start) return false;
    uint32_t depth = 0;
    bool in_string = false;
    for (uint32_t i = (uint32_t)(start - text.data); i < text.length; i++) {
        char c = text.data[i];
        if (c == '\\' && in_string) {
            i++;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && c == open) {
            depth++;
        } else if (!in_string && c == close && --depth == 0) {
            *found = (ChStr){start, (uint32_t)(text.data + i + 1 - start)};
            return true;
        }
    }
    return false;
}

static ChStr find_json(ChStr text) {
    text = ch__trim(text, true, true);
    int64_t fence = ch_str_find(text, CH_STR("```"), 0);
    if (fence >= 0) {
        int64_t line = ch_str_find(text, CH_STR("\n"), (uint32_t)fence + 3);
        uint32_t start = line >= 0 ? (uint32_t)line + 1 : (uint32_t)fence + 3;
        int64_t end = ch_str_find(text, CH_STR("```"), start);
        if (end >= 0) return ch__trim((ChStr){text.data + start, (uint32_t)end - start}, true, true);
    }
    ChStr found;
    if (find_balanced(text, '{', '}', &found) || find_balanced(text, '[', ']', &found)) return found;
    return text;
}

CH_NATIVE(ch__json_extract) {
    ChBuffer why = {0};
    ChValue value;
    if (!ch__json_parse(find_json(ch__text(args[0])), &value, &why)) {
        ch_throw_text(vm, "json_extract: failed to parse JSON: %s", why.data);
        ch_buffer_release(&why);
        return CH_THROW;
    }
    if (argc < 2 || ch_is_nil(args[1])) return ch__give(result, value);
    if (value.tag != CH_TAG_DICT) {
        ch_release(value);
        return ch_throw_text(vm, "json_extract: parsed value is not a dict, cannot extract key");
    }
    ChValue *found = ch_dict_find(value.as.dict, args[1].as.string);
    if (found) *result = ch_retain(*found);
    ch_release(value);
    return found ? CH_OK : ch_throw_text(vm, "json_extract: key '%.*s' not found", CH_STR_ARG(ch__text(args[1])));
}

// ---- pointers -----------------------------------------------------------------------------------------------------------------

typedef CH_ARRAY_OF(ChString *) Steps;

static void steps_release(Steps *steps) {
    for (uint32_t i = 0; i < steps->count; i++) ch_release(ch_object(steps->items[i]));
    ch_array_release(steps);
}

// "/a/b~1c" as the keys on the way. False: an error is pending.
static bool steps_of(ChVm *vm, ChStr pointer, const char *who, Steps *steps) {
    if (pointer.length == 0) return true;
    if (pointer.data[0] != '/') {
        ch_throw_text(vm, "%s: pointer must be empty or start with '/'", who);
        return false;
    }
    ChBuffer step = {0};
    for (uint32_t i = 1; i <= pointer.length; i++) {
        char c = i < pointer.length ? pointer.data[i] : '/';
        if (c == '/') {
            ch_array_push(steps, ch_string_new(step.data, step.length));
            ch_buffer_clear(&step);
        } else if (c != '~') {
            ch_buffer_add_byte(&step, c);
        } else if (i + 1 < pointer.length && (pointer.data[i + 1] == '0' || pointer.data[i + 1] == '1')) {
            ch_buffer_add_byte(&step, pointer.data[++i] == '0' ? '~' : '/');
        } else {
            uint32_t width = 0;
            if (i + 1 < pointer.length) ch_utf8_decode(pointer.data + i + 1, pointer.length - i - 1, &width);
            if (width)
                ch_throw_text(vm, "%s: invalid escape '~%.*s' in pointer", who, (int)width, pointer.data + i + 1);
            else
                ch_throw_text(vm, "%s: dangling '~' in pointer", who);
            ch_buffer_release(&step);
            return false;
        }
    }
    ch_buffer_release(&step);
    return true;
}

// A list position written in digits without a leading zero, or -1.
static int64_t step_index(const ChString *step) {
    if (step->length == 0 || step->length > 10 || (step->length > 1 && step->data[0] == '0')) return -1;
    int64_t index = 0;
    for (uint32_t i = 0; i < step->length; i++) {
        if (step->data[i] < '0' || step->data[i] > '9') return -1;
        index = index * 10 + (step->data[i] - '0');
    }
    return index;
}

// The place inside *at that a step leads to, or NULL.
static ChValue *step_into(ChValue *at, const ChString *step) {
    if (at->tag == CH_TAG_DICT) return ch_dict_find(at->as.dict, step);
    int64_t index = at->tag == CH_TAG_LIST ? step_index(step) : -1;
    return index >= 0 && index < at->as.list->count ? &at->as.list->items[index] : NULL;
}

CH_NATIVE(ch__json_pointer) {
    Steps steps = {0};
    bool ok = steps_of(vm, ch__text(args[1]), "json_pointer", &steps);
    ChValue *at = &args[0];
    for (uint32_t i = 0; ok && at && i < steps.count; i++) at = step_into(at, steps.items[i]);
    if (ok && at) *result = ch_retain(*at);
    steps_release(&steps);
    return ok ? CH_OK : CH_THROW;
}

// The parent of what the steps name, everything on the way unshared; NULL when it is not there.
static ChValue *parent_of(ChValue *root, const Steps *steps) {
    ChValue *at = root;
    for (uint32_t i = 0; i + 1 < steps->count; i++) { // look first: a copy is made only when there is something to do
        at = step_into(at, steps->items[i]);
        if (!at) return NULL;
    }
    at = root;
    for (uint32_t i = 0;; i++) {
        if (at->tag == CH_TAG_DICT)
            ch_dict_unshare(at);
        else if (at->tag == CH_TAG_LIST)
            ch_list_unshare(at);
        else
            return NULL;
        if (i + 1 >= steps->count) return at;
        at = step_into(at, steps->items[i]);
    }
}

CH_NATIVE(ch__json_pointer_set) {
    Steps steps = {0};
    if (!steps_of(vm, ch__text(args[1]), "json_pointer_set", &steps)) {
        steps_release(&steps);
        return CH_THROW;
    }
    if (!steps.count) return ch__give(result, ch_take(&args[2]));
    ChValue *parent = parent_of(&args[0], &steps);
    ChString *last = ch_array_last(&steps);
    if (parent && parent->tag == CH_TAG_DICT) {
        ch_dict_put(parent->as.dict, last, ch_take(&args[2]));
    } else if (parent) {
        ChList *list = parent->as.list;
        int64_t index = ch_str_is(ch_string_view(last), "-") ? list->count : step_index(last);
        if (index == list->count && list->count < CH_LIST_MAX)
            ch_list_push(list, ch_take(&args[2]));
        else if (index >= 0 && index < list->count)
            ch_assign_take(&list->items[index], ch_take(&args[2]));
    }
    steps_release(&steps);
    return ch__give(result, ch_take(&args[0]));
}

CH_NATIVE(ch__json_pointer_delete) {
    Steps steps = {0};
    if (!steps_of(vm, ch__text(args[1]), "json_pointer_delete", &steps)) {
        steps_release(&steps);
        return CH_THROW;
    }
    if (!steps.count) return CH_OK;
    ChValue *parent = parent_of(&args[0], &steps);
    ChString *last = ch_array_last(&steps);
    if (parent && parent->tag == CH_TAG_DICT) {
        ch_dict_remove(parent->as.dict, last);
    } else if (parent) {
        ChList *list = parent->as.list;
        int64_t index = step_index(last);
        if (index >= 0 && index < list->count) {
            ch_release(list->items[index]);
            list->count--;
            memmove(list->items + index, list->items + index + 1, (size_t)(list->count - index) * sizeof *list->items);
        }
    }
    steps_release(&steps);
    return ch__give(result, ch_take(&args[0]));
}
