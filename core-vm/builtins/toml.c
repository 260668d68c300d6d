// TOML 1.0. Arrays and inline tables nest to a limit: the functions that read them call themselves at most so deep.
// Dates become texts.
#include "builtins/native.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "builtins/toml.h"

#include "base/banned.h"

#define CH_TOML_DEPTH_MAX 100

// Marks in a dict's head while a text is read: it has its own [header]; it was written {inline} and is complete.
#define TOML_DEFINED 1
#define TOML_CLOSED 2

typedef struct Parser {
    ChStr text;
    uint32_t at, depth;
    ChDict *root, *table;   // table: where keys go
    const char *problem;
    uint32_t problem_at;
} Parser;

static bool fail_at(Parser *p, const char *what, uint32_t at) {
    if (!p->problem) {
        p->problem = what;
        p->problem_at = at;
    }
    return false;
}

static bool fail(Parser *p, const char *what) { return fail_at(p, what, p->at); }
static bool at_end(const Parser *p) { return p->at >= p->text.length; }
static char peek(const Parser *p) { return at_end(p) ? 0 : p->text.data[p->at]; }
static bool looks_at(const Parser *p, const char *mark) {
    size_t length = strlen(mark);
    return p->text.length - p->at >= length && memcmp(p->text.data + p->at, mark, length) == 0;
}

static void skip_blank(Parser *p) {
    while (peek(p) == ' ' || peek(p) == '\t') p->at++;
}

static void skip_comment(Parser *p) {
    if (peek(p) == '#')
        while (!at_end(p) && peek(p) != '\n') p->at++;
}

// Blanks, comments and line ends.
static void skip_lines(Parser *p) {
    for (;;) {
        skip_blank(p);
        skip_comment(p);
        if (peek(p) == '\r' && looks_at(p, "\r\n")) p->at++;
        if (peek(p) != '\n') return;
        p->at++;
    }
}

static bool end_line(Parser *p) {
    skip_blank(p);
    skip_comment(p);
    if (peek(p) == '\r' && looks_at(p, "\r\n")) p->at++;
    if (at_end(p)) return true;
    if (peek(p) != '\n') return fail(p, "expected newline, `#`");
    p->at++;
    return true;
}

// ---- strings ---------------------------------------------------------------------------------------------------------

static bool read_escape(Parser *p, ChBuffer *out) {
    static const char names[] = "btnfr\"\\e", meant[] = "\b\t\n\f\r\"\\\033";
    char c = peek(p);
    const char *found = c ? strchr(names, c) : NULL;
    if (found) {
        ch_buffer_add_byte(out, meant[found - names]);
        p->at++;
        return true;
    }
    uint32_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0, rune = 0;
    if (!digits) return fail(p, "missing escaped value, expected `b`, `f`, `n`, `r`, `\\`, `\"`, `u`, `U`");
    p->at++;
    for (uint32_t i = 0; i < digits; i++, p->at++) {
        char d = peek(p);
        int value = d >= '0' && d <= '9' ? d - '0' : (d | 32) >= 'a' && (d | 32) <= 'f' ? (d | 32) - 'a' + 10 : -1;
        if (value < 0) return fail(p, "invalid unicode escape");
        rune = rune << 4 | (uint32_t)value;
    }
    if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return fail(p, "value is out of range");
    ch_buffer_add_rune(out, rune);
    return true;
}

// A string of any kind; `may_span` allows """ and '''.
static bool read_string(Parser *p, bool may_span, ChString **out) {
    char quote = peek(p);
    bool is_literal = quote == '\'';
    bool spans = may_span && (looks_at(p, "\"\"\"") || looks_at(p, "'''"));
    p->at += spans ? 3 : 1;
    if (spans && looks_at(p, "\r\n")) p->at++;
    if (spans && peek(p) == '\n') p->at++;
    ChBuffer text = {0};
    bool ok = true;
    while (ok) {
        unsigned char c = (unsigned char)peek(p);
        if (at_end(p) || (!spans && c == '\n')) {
            ok = fail(p, is_literal ? "invalid literal string, expected `'`" : "invalid basic string, expected `\"`");
        } else if (c == (unsigned char)quote && (!spans || looks_at(p, is_literal ? "'''" : "\"\"\""))) {
            // Up to two quotes may stand in front of the three that end it.
            while (spans && p->at + 3 < p->text.length && p->text.data[p->at + 3] == quote) {
                ch_buffer_add_byte(&text, quote);
                p->at++;
            }
            p->at += spans ? 3 : 1;
            break;
        } else if (c == '\\' && !is_literal) {
            p->at++;
            uint32_t look = p->at;
            while (spans && look < p->text.length && (p->text.data[look] == ' ' || p->text.data[look] == '\t' || p->text.data[look] == '\r')) look++;
            if (spans && look < p->text.length && p->text.data[look] == '\n') { // white space up to the next text goes
                while (look < p->text.length && strchr(" \t\r\n", p->text.data[look])) look++;
                p->at = look;
            } else {
                ok = read_escape(p, &text);
            }
        } else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            ok = fail(p, "invalid string: control characters must be escaped");
        } else {
            if (c != '\r' || !looks_at(p, "\r\n")) ch_buffer_add_byte(&text, (char)c);
            p->at++;
        }
    }
    if (ok) *out = ch_string_new(text.data, text.length);
    ch_buffer_release(&text);
    return ok;
}

static bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool read_key(Parser *p, ChString **out) {
    skip_blank(p);
    if (peek(p) == '"' || peek(p) == '\'') return read_string(p, false, out);
    uint32_t start = p->at;
    while (is_bare(peek(p))) p->at++;
    if (p->at == start) return fail(p, "invalid key");
    *out = ch_string_new(p->text.data + start, p->at - start);
    return true;
}

// ---- numbers and dates ---------------------------------------------------------------------------------------------------

static bool is_date_char(char c) { return (c >= '0' && c <= '9') || (c && strchr("-:.TZtz+", c)); }

static bool read_number(Parser *p, ChValue *out) {
    uint32_t start = p->at;
    ChBuffer digits = {0};
    bool is_date = false;
    while (is_bare(peek(p)) || (peek(p) && strchr("+.:", peek(p)))) p->at++;
    // "1979-05-27 07:32:00": a blank may stand for the T.
    if (p->at - start == 10 && p->text.data[start + 4] == '-' && peek(p) == ' ' && p->at + 2 < p->text.length &&
        p->text.data[p->at + 1] >= '0' && p->text.data[p->at + 1] <= '9')
        for (p->at++; is_date_char(peek(p)); p->at++) {
        }
    ChStr raw = {p->text.data + start, p->at - start};
    if (raw.length == 0) return fail(p, "string values must be quoted, expected literal string");
    is_date = (raw.length >= 8 && raw.data[2] == ':' && raw.data[5] == ':') ||
              (raw.length >= 10 && raw.data[4] == '-' && raw.data[7] == '-');
    if (is_date) {
        *out = ch_str_value(raw.data, raw.length);
        return true;
    }
    bool ok = raw.data[raw.length - 1] != '_' && raw.data[0] != '_';
    for (uint32_t i = 0; i < raw.length; i++) {
        if (raw.data[i] != '_') ch_buffer_add_byte(&digits, raw.data[i]);
        else if (raw.data[i + 1 < raw.length ? i + 1 : i] == '_') ok = false;
    }
    const char *text = digits.data ? digits.data : "";
    bool is_signed = *text == '+' || *text == '-';
    const char *rest = text + (is_signed ? 1 : 0);
    char *end = NULL;
    if (strcmp(rest, "inf") == 0 || strcmp(rest, "nan") == 0) {
        double d = *rest == 'i' ? (double)INFINITY : (double)NAN;
        *out = ch_float(*text == '-' ? -d : d);
        ok = true;
        end = (char *)rest + 3;
    } else if (!is_signed && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'o' || rest[1] == 'b')) {
        unsigned long long sum = strtoull(rest + 2, &end, rest[1] == 'x' ? 16 : rest[1] == 'o' ? 8 : 2);
        ok = ok && rest[2] && rest[2] != '-' && rest[2] != '+' && sum <= INT64_MAX;
        *out = ch_int((int64_t)sum);
    } else if (*rest < '0' || *rest > '9' || (rest[0] == '0' && rest[1] >= '0' && rest[1] <= '9')) {
        ok = false;
        end = (char *)rest;
    } else {
        size_t plain = strspn(rest, "0123456789");
        if (rest[plain] == 0) {
            uint64_t sum = 0, limit = (uint64_t)INT64_MAX + (*text == '-' ? 1 : 0);
            for (const char *c = rest; *c; c++) {
                if (sum > (UINT64_MAX - 9) / 10) ok = false;
                sum = sum * 10 + (uint64_t)(*c - '0');
            }
            ok = ok && sum <= limit;
            *out = ch_int(*text == '-' ? (int64_t)(0u - sum) : (int64_t)sum);
            end = (char *)rest + plain;
        } else {
            ok = ok && strspn(rest, "0123456789.eE+-") == strlen(rest) && !strstr(rest, ".e") && !strstr(rest, ".E") &&
                 rest[strlen(rest) - 1] != '.';
            *out = ch_float(strtod(text, &end));
        }
    }
    ok = ok && end && *end == 0;
    ch_buffer_release(&digits);
    if (ok) return true;
    p->at = start;
    bool is_word = (raw.data[0] | 32) >= 'a' && (raw.data[0] | 32) <= 'z';
    return fail(p, is_word ? "string values must be quoted, expected literal string" : "invalid number");
}

// ---- values -------------------------------------------------------------------------------------------------------------

static bool read_value(Parser *p, ChValue *out);

static bool read_array(Parser *p, ChValue *out) {
    ChList *list = ch_list_new(0);
    p->at++;
    bool ok = true;
    for (;;) {
        skip_lines(p);
        if (peek(p) == ']') break;
        ChValue item;
        if (!(ok = read_value(p, &item))) break;
        ch_list_push(list, item);
        skip_lines(p);
        if (peek(p) == ',') {
            p->at++;
        } else if (peek(p) != ']') {
            ok = fail(p, "invalid array, expected `]`");
            break;
        }
    }
    if (ok) {
        p->at++;
        *out = ch_object(list);
    } else {
        ch_release(ch_object(list));
    }
    return ok;
}

// The dict under the key, made when it is missing; NULL when something else is there, or it is complete.
static ChDict *descend(Parser *p, ChDict *table, ChString *key) {
    ChValue *found = ch_dict_find(table, key);
    if (!found) {
        ChDict *made = ch_dict_new();
        ch_dict_put(table, key, ch_object(made));
        return made;
    }
    if (found->tag == CH_TAG_LIST && found->as.list->count && found->as.list->head.extra != TOML_CLOSED)
        found = &found->as.list->items[found->as.list->count - 1];
    if (found->tag != CH_TAG_DICT || found->as.dict->head.extra & TOML_CLOSED) return NULL;
    return found->as.dict;
}

// key.key = value
static bool read_pair(Parser *p, ChDict *table) {
    ChString *key;
    uint32_t start = p->at;
    if (!read_key(p, &key)) return false;
    for (;;) {
        skip_blank(p);
        if (peek(p) != '.') break;
        p->at++;
        ChDict *inner = descend(p, table, key);
        bool is_taken = !inner || (inner->head.extra & TOML_DEFINED);
        ch_release(ch_object(key));
        if (is_taken) return fail_at(p, "duplicate key", start);
        table = inner;
        if (!read_key(p, &key)) return false;
    }
    ChValue value;
    bool ok = true;
    if (peek(p) != '=')
        ok = fail(p, "expected `.`, `=`");
    else if (ch_dict_find(table, key))
        ok = fail_at(p, "duplicate key", start);
    if (ok) {
        p->at++;
        skip_blank(p);
        ok = read_value(p, &value);
    }
    if (ok) {
        if (value.tag == CH_TAG_LIST) value.as.list->head.extra = TOML_CLOSED;
        ch_dict_put(table, key, value);
    }
    ch_release(ch_object(key));
    return ok;
}

static bool read_inline_table(Parser *p, ChValue *out) {
    ChDict *dict = ch_dict_new();
    p->at++;
    skip_blank(p);
    bool ok = true;
    while (ok && peek(p) != '}') {
        ok = read_pair(p, dict);
        skip_blank(p);
        if (!ok || peek(p) == '}') break;
        if (peek(p) != ',') {
            ok = fail(p, "invalid inline table, expected `}`");
            break;
        }
        p->at++;
        skip_blank(p);
        if (peek(p) == '}') ok = fail(p, "trailing comma in inline table");
    }
    if (!ok) {
        ch_release(ch_object(dict));
        return false;
    }
    p->at++;
    dict->head.extra = TOML_CLOSED;
    *out = ch_object(dict);
    return true;
}

static bool read_value(Parser *p, ChValue *out) {
    char c = peek(p);
    if (c == '[' || c == '{') {
        if (++p->depth > CH_TOML_DEPTH_MAX) return fail(p, "recursion limit exceeded");
        bool ok = c == '[' ? read_array(p, out) : read_inline_table(p, out);
        p->depth--;
        return ok;
    }
    if (c == '"' || c == '\'') {
        ChString *text;
        if (!read_string(p, true, &text)) return false;
        *out = ch_object(text);
        return true;
    }
    if (looks_at(p, "true") && !is_bare(p->at + 4 < p->text.length ? p->text.data[p->at + 4] : 0)) {
        p->at += 4;
        *out = ch_bool(true);
        return true;
    }
    if (looks_at(p, "false") && !is_bare(p->at + 5 < p->text.length ? p->text.data[p->at + 5] : 0)) {
        p->at += 5;
        *out = ch_bool(false);
        return true;
    }
    return read_number(p, out);
}

// ---- tables ---------------------------------------------------------------------------------------------------------------

// [a.b] or [[a.b]]
static bool read_header(Parser *p) {
    uint32_t start = p->at;
    bool is_array = looks_at(p, "[[");
    p->at += is_array ? 2 : 1;
    ChDict *table = p->root;
    ChString *key;
    if (!read_key(p, &key)) return false;
    for (;;) {
        skip_blank(p);
        if (peek(p) != '.') break;
        p->at++;
        table = descend(p, table, key);
        ch_release(ch_object(key));
        if (!table) return fail_at(p, "duplicate key", start);
        if (!read_key(p, &key)) return false;
    }
    bool ok = looks_at(p, is_array ? "]]" : "]") || fail(p, is_array ? "invalid table header, expected `.`, `]]`" : "invalid table header, expected `.`, `]`");
    if (ok && is_array) {
        ChValue *found = ch_dict_find(table, key);
        if (!found) {
            ch_dict_put(table, key, ch_object(ch_list_new(0)));
            found = ch_dict_find(table, key);
        }
        ok = (found->tag == CH_TAG_LIST && found->as.list->head.extra != TOML_CLOSED) || fail_at(p, "duplicate key", start);
        if (ok) {
            p->table = ch_dict_new();
            ch_list_push(found->as.list, ch_object(p->table));
        }
    } else if (ok) {
        ChValue *found = ch_dict_find(table, key);
        p->table = found && found->tag == CH_TAG_LIST ? NULL : descend(p, table, key);
        ok = (p->table && !(p->table->head.extra & TOML_DEFINED)) || fail_at(p, "duplicate key", start);
        if (ok) p->table->head.extra |= TOML_DEFINED;
    }
    ch_release(ch_object(key));
    if (ok) p->at += is_array ? 2 : 1;
    return ok;
}

static void add_problem(const Parser *p, ChBuffer *out) {
    uint32_t line = 1, start = 0, end;
    for (uint32_t i = 0; i < p->problem_at && i < p->text.length; i++)
        if (p->text.data[i] == '\n') line++, start = i + 1;
    for (end = start; end < p->text.length && p->text.data[end] != '\n'; end++) {
    }
    uint32_t column = (uint32_t)ch_utf8_count(p->text.data + start, p->problem_at - start) + 1;
    if (end - start > 200) end = start + 200;
    int width = snprintf(NULL, 0, "%u", line);
    ch_buffer_printf(out, "TOML parse error at line %u, column %u\n%*s |\n%u | %.*s\n%*s | %*s^\n%s\n", line, column, width,
                     "", line, (int)(end - start), p->text.data + start, width, "", (int)(column - 1 < 200 ? column - 1 : 200),
                     "", p->problem);
}

bool ch_toml_read(ChStr text, ChValue *result, ChBuffer *problem) {
    Parser p = {.text = text, .root = ch_dict_new()};
    p.table = p.root;
    *result = ch_object(p.root);
    for (;;) {
        skip_lines(&p);
        if (at_end(&p)) break;
        bool ok = peek(&p) == '[' ? read_header(&p) : read_pair(&p, p.table);
        if (!ok || !end_line(&p)) break;
    }
    if (p.problem) {
        add_problem(&p, problem);
        ch_assign_take(result, CH_NIL);
    }
    return !p.problem;
}

CH_NATIVE(ch__toml_parse) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChBuffer why = {0};
    bool ok = ch_toml_read(ch_string_view(text), result, &why);
    if (!ok) ch_throw_text(vm, "TOML parse error: %s", why.data);
    ch_buffer_release(&why);
    ch_release(ch_object(text));
    return ok ? CH_OK : CH_THROW;
}

// ---- printing -------------------------------------------------------------------------------------------------------------

static void print_key(ChStr key, ChBuffer *out) {
    bool is_plain = key.length != 0;
    for (uint32_t i = 0; i < key.length; i++) is_plain = is_plain && is_bare(key.data[i]);
    if (is_plain)
        ch_buffer_add_str(out, key);
    else
        ch_buffer_add_json(out, key);
}

static void print_float(double d, ChBuffer *out) {
    if (!isfinite(d)) {
        ch_buffer_add_text(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
        return;
    }
    size_t before = out->length;
    ch_display_float(d, out);
    if (!memchr(out->data + before, '.', out->length - before)) ch_buffer_add_text(out, ".0");
}

typedef struct Level {
    ChValue value;
    uint32_t position;
} Level;

// A value in one line; lists and dicts inside wait on a stack. False: nil has no place in TOML.
static bool print_inline(ChValue v, ChBuffer *out) {
    CH_ARRAY_OF(Level) levels = {0};
    bool ok = true, has_value = true;
    while (ok && out->length <= CH_STRING_MAX) {
        if (has_value) {
            if (v.tag == CH_TAG_LIST || v.tag == CH_TAG_DICT) {
                ch_buffer_add_text(out, v.tag == CH_TAG_LIST ? "[" : v.as.dict->count ? "{ " : "{");
                ch_array_push(&levels, ((Level){v, 0}));
            } else if (v.tag == CH_TAG_NIL || v.tag == CH_TAG_ABSENT) {
                ok = false;
            } else if (v.tag == CH_TAG_FLOAT) {
                print_float(v.as.real, out);
            } else if (v.tag == CH_TAG_INT || v.tag == CH_TAG_BOOL) {
                ch_display(v, out);
            } else {
                ChString *text = ch_display_string(v);
                ch_buffer_add_json(out, ch_string_view(text));
                ch_release(ch_object(text));
            }
        }
        if (!levels.count) break;
        Level *level = &ch_array_last(&levels);
        ChString *key = NULL;
        bool is_list = level->value.tag == CH_TAG_LIST, is_first = level->position == 0;
        if (is_list) {
            has_value = level->position < level->value.as.list->count;
            if (has_value) v = level->value.as.list->items[level->position++];
        } else {
            has_value = ch_dict_next(level->value.as.dict, &level->position, &key, &v);
        }
        if (!has_value) {
            ch_buffer_add_text(out, is_list ? "]" : level->value.as.dict->count ? " }" : "}");
            (void)ch_array_pop(&levels);
            continue;
        }
        if (!is_first) ch_buffer_add_text(out, ", ");
        if (key) {
            print_key(ch_string_view(key), out);
            ch_buffer_add_text(out, " = ");
        }
    }
    ch_array_release(&levels);
    return ok;
}

static bool is_table_list(ChValue v) {
    if (v.tag != CH_TAG_LIST || !v.as.list->count) return false;
    for (uint32_t i = 0; i < v.as.list->count; i++)
        if (v.as.list->items[i].tag != CH_TAG_DICT) return false;
    return true;
}

// A table that waits to be printed under its path.
typedef struct Waiting {
    ChDict *dict;
    ChString *path; // owned; NULL: the root
    bool in_list;
} Waiting;
typedef CH_ARRAY_OF(Waiting) Tables;

static void push_table(Tables *tables, const Waiting *parent, ChString *key, ChDict *dict, bool in_list) {
    ChBuffer path = {0};
    if (parent->path) {
        ch_buffer_add_str(&path, ch_string_view(parent->path));
        ch_buffer_add_byte(&path, '.');
    }
    print_key(ch_string_view(key), &path);
    ch_array_push(tables, ((Waiting){dict, ch_string_new(path.data, path.length), in_list}));
    ch_buffer_release(&path);
}

static bool print_table(const Waiting *table, Tables *tables, ChBuffer *out) {
    uint32_t at = 0, first_child = tables->count, values = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(table->dict, &at, &key, &value))
        if (value.tag != CH_TAG_DICT && !is_table_list(value)) values++;
    if (table->path && (values || table->in_list || table->dict->count == 0)) {
        if (out->length) ch_buffer_add_byte(out, '\n');
        ch_buffer_printf(out, table->in_list ? "[[%.*s]]\n" : "[%.*s]\n", CH_STR_ARG(ch_string_view(table->path)));
    }
    at = 0;
    while (ch_dict_next(table->dict, &at, &key, &value)) {
        if (value.tag == CH_TAG_DICT) {
            push_table(tables, table, key, value.as.dict, false);
        } else if (is_table_list(value)) {
            for (uint32_t i = 0; i < value.as.list->count; i++)
                push_table(tables, table, key, value.as.list->items[i].as.dict, true);
        } else {
            print_key(ch_string_view(key), out);
            ch_buffer_add_text(out, " = ");
            if (!print_inline(value, out)) return false;
            ch_buffer_add_byte(out, '\n');
        }
    }
    // The stack gives back the last first: turn the children round.
    for (uint32_t i = first_child, j = tables->count; i + 1 < j; i++) {
        Waiting kept = tables->items[i];
        tables->items[i] = tables->items[--j];
        tables->items[j] = kept;
    }
    return true;
}

CH_NATIVE(ch__toml_stringify) {
    if (args[0].tag != CH_TAG_DICT)
        return ch_throw_text(vm, "toml_stringify: expected a dict, got %s", ch_type_name(args[0]));
    ChBuffer out = {0};
    Tables tables = {0};
    ch_array_push(&tables, ((Waiting){args[0].as.dict, NULL, false}));
    bool ok = true;
    while (tables.count) {
        Waiting table = ch_array_pop(&tables);
        if (ok && out.length <= CH_STRING_MAX) ok = print_table(&table, &tables, &out);
        if (table.path) ch_release(ch_object(table.path));
    }
    ch_array_release(&tables);
    if (ok) return ch__give_buffer_checked(vm, "toml_stringify", result, &out);
    ch_buffer_release(&out);
    return ch_throw_text(vm, "toml_stringify: unsupported unit type");
}
