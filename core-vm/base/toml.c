// Arrays and inline tables nest to a limit: the functions that read them call themselves at most so deep. Tables of
// headers and dotted keys nest without one, and nothing here walks down them but word by word of a text.
#include "base/toml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/utf8.h"

#include "base/banned.h"

// Flags of a node: it has its own [header]; it was written {inline} or as an array and is complete.
#define TOML_DEFINED 1
#define TOML_CLOSED 2

typedef struct Parser {
    ChArena *arena;
    ChStr text;
    uint32_t at, depth;
    ChToml *root, *table; // table: where keys go
    ChMap children;       // the table's address and the key -> the node: finding one takes no time in long tables
    ChTomlProblem problem;
} Parser;

static bool fail_at(Parser *p, const char *what, uint32_t at) {
    if (!p->problem.text) {
        p->problem.text = what;
        p->problem.at = at;
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
static bool read_string(Parser *p, bool may_span, ChStr *out) {
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
    if (ok) *out = ch_str_copy(p->arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return ok;
}

static bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool read_key(Parser *p, ChStr *out) {
    skip_blank(p);
    if (peek(p) == '"' || peek(p) == '\'') return read_string(p, false, out);
    uint32_t start = p->at;
    while (is_bare(peek(p))) p->at++;
    if (p->at == start) return fail(p, "invalid key");
    *out = ch_str_copy(p->arena, ch_str_slice(p->text.data + start, p->at - start));
    return true;
}

// ---- nodes -------------------------------------------------------------------------------------------------------------

static void set_text(ChToml *node, ChStr text) {
    node->kind = CH_TOML_TEXT;
    node->as.text = text;
}

static void set_int(ChToml *node, int64_t integer) {
    node->kind = CH_TOML_INT;
    node->as.integer = integer;
}

static void set_float(ChToml *node, double real) {
    node->kind = CH_TOML_FLOAT;
    node->as.real = real;
}

static ChToml *add_node(Parser *p, ChToml *parent, uint32_t at) {
    ChToml *node = CH_ARENA_NEW(p->arena, ChToml);
    *node = (ChToml){.at = at, .value_at = at};
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

// The place of the child in the map; *is_new: there is none yet.
static ChMapEntry *enter_child(Parser *p, const ChToml *table, ChStr key, bool *is_new) {
    char *bytes = ch_arena_alloc(p->arena, sizeof table + key.length);
    memcpy(bytes, &table, sizeof table);
    memcpy(bytes + sizeof table, key.data, key.length);
    return ch_map_enter(&p->children, (ChStr){bytes, (uint32_t)sizeof table + key.length}, is_new);
}

// The child under the key, a table when it is missing.
static ChToml *child_of(Parser *p, ChToml *table, ChStr key, uint32_t at, bool *is_new) {
    ChMapEntry *entry = enter_child(p, table, key, is_new);
    if (*is_new) {
        ChToml *child = add_node(p, table, at);
        child->key = key;
        entry->value.pointer = child;
    }
    return entry->value.pointer;
}

// ---- numbers and dates ---------------------------------------------------------------------------------------------------

static bool is_date_char(char c) { return (c >= '0' && c <= '9') || (c && strchr("-:.TZtz+", c)); }

static bool read_number(Parser *p, ChToml *out) {
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
        set_text(out, ch_str_copy(p->arena, raw));
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
        set_float(out, *text == '-' ? -d : d);
        ok = true;
        end = (char *)rest + 3;
    } else if (!is_signed && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'o' || rest[1] == 'b')) {
        unsigned long long sum = strtoull(rest + 2, &end, rest[1] == 'x' ? 16 : rest[1] == 'o' ? 8 : 2);
        ok = ok && rest[2] && rest[2] != '-' && rest[2] != '+' && sum <= INT64_MAX;
        set_int(out, (int64_t)sum);
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
            set_int(out, *text == '-' ? (int64_t)(0u - sum) : (int64_t)sum);
            end = (char *)rest + plain;
        } else {
            ok = ok && strspn(rest, "0123456789.eE+-") == strlen(rest) && !strstr(rest, ".e") && !strstr(rest, ".E") &&
                 rest[strlen(rest) - 1] != '.';
            set_float(out, strtod(text, &end));
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

static bool read_value(Parser *p, ChToml *out);

static bool read_array(Parser *p, ChToml *array) {
    array->kind = CH_TOML_ARRAY;
    array->flags = TOML_CLOSED;
    p->at++;
    for (;;) {
        skip_lines(p);
        if (peek(p) == ']') break;
        if (!read_value(p, add_node(p, array, p->at))) return false;
        skip_lines(p);
        if (peek(p) == ',')
            p->at++;
        else if (peek(p) != ']')
            return fail(p, "invalid array, expected `]`");
    }
    p->at++;
    return true;
}

// The table under the key, made when it is missing, of an array of tables the last one; NULL when something else is
// there, or it is complete.
static ChToml *descend(Parser *p, ChToml *table, ChStr key, uint32_t at) {
    bool is_new;
    ChToml *found = child_of(p, table, key, at, &is_new);
    if (found->kind == CH_TOML_ARRAY && found->last && !(found->flags & TOML_CLOSED)) found = found->last;
    return found->kind == CH_TOML_TABLE && !(found->flags & TOML_CLOSED) ? found : NULL;
}

// key.key = value
static bool read_pair(Parser *p, ChToml *table) {
    ChStr key;
    uint32_t start = p->at;
    if (!read_key(p, &key)) return false;
    for (;;) {
        skip_blank(p);
        if (peek(p) != '.') break;
        p->at++;
        table = descend(p, table, key, start);
        if (!table || (table->flags & TOML_DEFINED)) return fail_at(p, "duplicate key", start);
        if (!read_key(p, &key)) return false;
    }
    if (peek(p) != '=') return fail(p, "expected `.`, `=`");
    bool is_new;
    ChToml *value = child_of(p, table, key, start, &is_new);
    if (!is_new) return fail_at(p, "duplicate key", start);
    p->at++;
    skip_blank(p);
    return read_value(p, value);
}

static bool read_inline_table(Parser *p, ChToml *table) {
    table->kind = CH_TOML_TABLE;
    p->at++;
    skip_blank(p);
    while (peek(p) != '}') {
        if (!read_pair(p, table)) return false;
        skip_blank(p);
        if (peek(p) == '}') break;
        if (peek(p) != ',') return fail(p, "invalid inline table, expected `}`");
        p->at++;
        skip_blank(p);
        if (peek(p) == '}') return fail(p, "trailing comma in inline table");
    }
    p->at++;
    table->flags = TOML_CLOSED;
    return true;
}

static bool read_word(Parser *p, const char *word) {
    uint32_t end = p->at + (uint32_t)strlen(word);
    if (!looks_at(p, word) || is_bare(end < p->text.length ? p->text.data[end] : 0)) return false;
    p->at = end;
    return true;
}

static bool read_value(Parser *p, ChToml *out) {
    char c = peek(p);
    out->value_at = p->at;
    if (c == '[' || c == '{') {
        if (++p->depth > CH_TOML_DEPTH_MAX) return fail(p, "recursion limit exceeded");
        bool ok = c == '[' ? read_array(p, out) : read_inline_table(p, out);
        p->depth--;
        return ok;
    }
    if (c == '"' || c == '\'') {
        ChStr text;
        if (!read_string(p, true, &text)) return false;
        set_text(out, text);
        return true;
    }
    bool is_true = read_word(p, "true");
    if (!is_true && !read_word(p, "false")) return read_number(p, out);
    out->kind = CH_TOML_BOOL;
    out->as.boolean = is_true;
    return true;
}

// ---- tables ---------------------------------------------------------------------------------------------------------------

// [a.b] or [[a.b]]
static bool read_header(Parser *p) {
    uint32_t start = p->at;
    bool is_array = looks_at(p, "[[");
    p->at += is_array ? 2 : 1;
    ChToml *table = p->root;
    ChStr key;
    if (!read_key(p, &key)) return false;
    for (;;) {
        skip_blank(p);
        if (peek(p) != '.') break;
        p->at++;
        table = descend(p, table, key, start);
        if (!table) return fail_at(p, "duplicate key", start);
        if (!read_key(p, &key)) return false;
    }
    if (!looks_at(p, is_array ? "]]" : "]"))
        return fail(p, is_array ? "invalid table header, expected `.`, `]]`" : "invalid table header, expected `.`, `]`");
    bool is_new;
    ChToml *found = child_of(p, table, key, start, &is_new);
    if (is_array) {
        if (is_new) found->kind = CH_TOML_ARRAY;
        if (found->kind != CH_TOML_ARRAY || (found->flags & TOML_CLOSED)) return fail_at(p, "duplicate key", start);
        found = add_node(p, found, start);
    } else {
        if (found->kind != CH_TOML_TABLE || found->flags) return fail_at(p, "duplicate key", start);
        found->flags = TOML_DEFINED;
    }
    p->table = found;
    p->at += is_array ? 2 : 1;
    return true;
}

ChToml *ch_toml_parse(ChArena *arena, ChStr text, ChTomlProblem *problem) {
    Parser p = {.arena = arena, .text = text, .root = CH_ARENA_NEW(arena, ChToml)};
    *p.root = (ChToml){.kind = CH_TOML_TABLE};
    p.table = p.root;
    for (;;) {
        skip_lines(&p);
        if (at_end(&p)) break;
        bool ok = peek(&p) == '[' ? read_header(&p) : read_pair(&p, p.table);
        if (!ok || !end_line(&p)) break;
    }
    ch_map_release(&p.children);
    *problem = p.problem;
    return p.problem.text ? NULL : p.root;
}

const ChToml *ch_toml_get(const ChToml *table, ChStr key) {
    const ChToml *child = table && table->kind == CH_TOML_TABLE ? table->first : NULL;
    while (child && !ch_str_equal(child->key, key)) child = child->next;
    return child;
}

void ch_toml_describe(ChStr text, const ChTomlProblem *problem, ChBuffer *out) {
    uint32_t line = 1, start = 0, end;
    for (uint32_t i = 0; i < problem->at && i < text.length; i++)
        if (text.data[i] == '\n') line++, start = i + 1;
    for (end = start; end < text.length && text.data[end] != '\n'; end++) {
    }
    uint32_t column = (uint32_t)ch_utf8_count(text.data + start, problem->at - start) + 1;
    if (end - start > 200) end = start + 200;
    int width = snprintf(NULL, 0, "%u", line);
    ch_buffer_printf(out, "TOML parse error at line %u, column %u\n%*s |\n%u | %.*s\n%*s | %*s^\n%s\n", line, column, width,
                     "", line, (int)(end - start), text.data + start, width, "", (int)(column - 1 < 200 ? column - 1 : 200),
                     "", problem->text);
}
