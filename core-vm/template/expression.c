// Expressions of templates to operations. Precedence, from loose to tight: `|` filters, or, and, not, comparison
// (which does not chain), values. Only parentheses and `not` nest, and they are counted.
#include "template/template_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

typedef enum Token {
    T_END, T_NAME, T_STRING, T_INT, T_FLOAT, T_OPEN, T_CLOSE, T_OPEN_INDEX, T_CLOSE_INDEX, T_DOT, T_COMMA, T_COLON,
    T_PIPE, T_NOT, T_EQUAL, T_NOT_EQUAL, T_LESS, T_LESS_EQUAL, T_GREATER, T_GREATER_EQUAL, T_AND, T_OR, T_TRUE,
    T_FALSE, T_NIL,
} Token;

// As error messages call the tokens without a value.
static const char *const token_names[] = {
    [T_OPEN] = "LParen", [T_CLOSE] = "RParen", [T_OPEN_INDEX] = "LBracket", [T_CLOSE_INDEX] = "RBracket",
    [T_DOT] = "Dot", [T_COMMA] = "Comma", [T_COLON] = "Colon", [T_PIPE] = "Pipe", [T_NOT] = "NotKw",
    [T_EQUAL] = "EqEq", [T_NOT_EQUAL] = "BangEq", [T_LESS] = "Lt", [T_LESS_EQUAL] = "Le", [T_GREATER] = "Gt",
    [T_GREATER_EQUAL] = "Ge", [T_AND] = "AndKw", [T_OR] = "OrKw", [T_TRUE] = "True", [T_FALSE] = "False",
    [T_NIL] = "Nil",
};

typedef struct Reader {
    ChTemplateParser *parser;
    ChStr source;
    uint32_t at;       // behind the token
    Token token;
    bool is_bang;      // NOT was written `!`
    ChStr text;        // of a name or string
    int64_t number;
    double real;
    uint32_t depth;
    bool failed;
} Reader;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static void stop(Reader *reader) {
    reader->failed = true;
    reader->token = T_END;
    reader->at = reader->source.length;
}

#define FAIL(reader, ...) (ch__template_fail((reader)->parser, __VA_ARGS__), stop(reader))

static void read_number(Reader *reader) {
    ChStr s = reader->source;
    uint32_t start = reader->at;
    bool is_float = false;
    if (s.data[reader->at] == '-') reader->at++;
    while (reader->at < s.length) {
        if (s.data[reader->at] == '.' && reader->at + 1 < s.length && is_digit(s.data[reader->at + 1])) is_float = true;
        else if (!is_digit(s.data[reader->at])) break;
        reader->at++;
    }
    char *lexeme = ch_str_detach((ChStr){s.data + start, reader->at - start}), *end = NULL;
    errno = 0;
    reader->token = is_float ? T_FLOAT : T_INT;
    if (is_float) reader->real = strtod(lexeme, &end);
    else reader->number = strtoll(lexeme, &end, 10);
    if (is_float && *end) FAIL(reader, "invalid number `%s`", lexeme);
    else if (!is_float && errno) FAIL(reader, "invalid integer `%s`", lexeme);
    ch_free(lexeme);
}

static void read_word(Reader *reader) {
    static const struct { const char *word; Token token; } words[] = {
        {"true", T_TRUE}, {"false", T_FALSE}, {"nil", T_NIL}, {"and", T_AND}, {"or", T_OR}, {"not", T_NOT}};
    ChStr s = reader->source;
    uint32_t start = reader->at;
    while (reader->at < s.length && (begins_word(s.data[reader->at]) || is_digit(s.data[reader->at]))) reader->at++;
    reader->text = (ChStr){s.data + start, reader->at - start};
    reader->token = T_NAME;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (ch_str_is(reader->text, words[i].word)) reader->token = words[i].token;
    reader->is_bang = false;
}

static void next(Reader *reader) {
    static const struct { const char *mark; Token token; } marks[] = { // longer ones first
        {"||", T_OR}, {"&&", T_AND}, {"!=", T_NOT_EQUAL}, {"==", T_EQUAL}, {"<=", T_LESS_EQUAL},
        {">=", T_GREATER_EQUAL}, {"<", T_LESS}, {">", T_GREATER}, {"|", T_PIPE}, {"!", T_NOT}, {"(", T_OPEN},
        {")", T_CLOSE}, {"[", T_OPEN_INDEX}, {"]", T_CLOSE_INDEX}, {".", T_DOT}, {",", T_COMMA}, {":", T_COLON}};
    ChStr s = reader->source;
    while (reader->at < s.length && strchr(" \t\n\r\f", s.data[reader->at]) && s.data[reader->at]) reader->at++;
    reader->token = T_END;
    if (reader->at >= s.length) return;
    char c = s.data[reader->at];
    if (begins_word(c)) return read_word(reader);
    if (is_digit(c) || (c == '-' && reader->at + 1 < s.length && is_digit(s.data[reader->at + 1])))
        return read_number(reader);
    ChStr rest = {s.data + reader->at, s.length - reader->at};
    if (c == '"' || c == '\'') {
        uint32_t used;
        if (!ch__template_literal(reader->parser, rest, &reader->text, &used))
            return FAIL(reader, "unterminated string literal");
        reader->at += used;
        reader->token = T_STRING;
        return;
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (!ch_str_starts_with(rest, ch_str_of(marks[i].mark))) continue;
        reader->token = marks[i].token;
        reader->is_bang = c == '!';
        reader->at += (uint32_t)strlen(marks[i].mark);
        return;
    }
    if (c == '&') return FAIL(reader, "unexpected `&`");
    if (c == '=') return FAIL(reader, "unexpected `=` (use `==`)");
    uint32_t bytes = 1;
    while ((c & 0x80) && bytes < rest.length && (rest.data[bytes] & 0xC0) == 0x80) bytes++;
    FAIL(reader, "unexpected character `%.*s` in expression", (int)bytes, rest.data);
}

static bool eat(Reader *reader, Token token) {
    if (reader->token != token) return false;
    next(reader);
    return !reader->failed;
}

static void describe(const Reader *reader, ChBuffer *out) {
    switch (reader->token) {
    case T_NAME: ch_buffer_printf(out, "Ident(\"%.*s\")", CH_STR_ARG(reader->text)); break;
    case T_STRING: ch_buffer_printf(out, "Str(\"%.*s\")", CH_STR_ARG(reader->text)); break;
    case T_INT: ch_buffer_printf(out, "Int(%lld)", (long long)reader->number); break;
    case T_FLOAT: ch_buffer_printf(out, "Float(%g)", reader->real); break;
    default: ch_buffer_add_text(out, reader->token == T_NOT && reader->is_bang ? "Bang" : token_names[reader->token]);
    }
}

static void fail_unexpected(Reader *reader, const char *where) {
    if (reader->failed) return;
    ChBuffer what = {0};
    describe(reader, &what);
    FAIL(reader, "unexpected token `%s`%s", what.data, where);
    ch_buffer_release(&what);
}

static ChTemplateOp *emit(Reader *reader, ChTemplateOpKind kind) {
    uint32_t number = ch__template_op(reader->parser, kind);
    return &reader->parser->template->ops.items[number];
}

static void parse_or(Reader *reader);

static void parse_path(Reader *reader) {
    ch__template_reads(reader->parser, reader->text);
    emit(reader, CH_TEMPLATE_VARIABLE)->text = reader->text;
    next(reader);
    while (!reader->failed) {
        if (eat(reader, T_DOT)) {
            if (reader->token != T_NAME) return FAIL(reader, "expected identifier after `.`");
            emit(reader, CH_TEMPLATE_FIELD)->text = reader->text;
            next(reader);
        } else if (eat(reader, T_OPEN_INDEX)) {
            if (reader->token == T_INT) emit(reader, CH_TEMPLATE_INDEX)->number = reader->number;
            else if (reader->token == T_STRING) emit(reader, CH_TEMPLATE_FIELD)->text = reader->text;
            else return FAIL(reader, "expected integer or string inside `[...]`");
            next(reader);
            if (!eat(reader, T_CLOSE_INDEX) && !reader->failed) FAIL(reader, "expected `]`");
        } else {
            return;
        }
    }
}

static void parse_value(Reader *reader) {
    switch (reader->token) {
    case T_END: if (!reader->failed) FAIL(reader, "expected expression"); return;
    case T_NIL: emit(reader, CH_TEMPLATE_NIL); break;
    case T_TRUE: emit(reader, CH_TEMPLATE_TRUE); break;
    case T_FALSE: emit(reader, CH_TEMPLATE_FALSE); break;
    case T_INT: emit(reader, CH_TEMPLATE_INT)->number = reader->number; break;
    case T_FLOAT: emit(reader, CH_TEMPLATE_FLOAT)->real = reader->real; break;
    case T_STRING: emit(reader, CH_TEMPLATE_STRING)->text = reader->text; break;
    case T_NAME: parse_path(reader); return;
    case T_OPEN:
        if (++reader->depth > CH_TEMPLATE_PARENS_MAX) return FAIL(reader, "expression nests too deeply");
        next(reader);
        parse_or(reader);
        reader->depth--;
        if (!reader->failed && reader->token != T_CLOSE) return FAIL(reader, "expected `)`");
        break;
    default: fail_unexpected(reader, ""); return;
    }
    next(reader);
}

// `not`s in front of a value: an even number of them is its truth.
static void parse_operand(Reader *reader) {
    uint32_t nots = 0;
    while (eat(reader, T_NOT)) nots++;
    parse_value(reader);
    for (nots = nots > 2 ? 2 - nots % 2 : nots; nots; nots--) emit(reader, CH_TEMPLATE_NOT);
}

static void parse_comparison(Reader *reader) {
    uint32_t nots = 0;
    while (eat(reader, T_NOT)) nots++;
    parse_value(reader);
    if (!reader->failed && reader->token >= T_EQUAL && reader->token <= T_GREATER_EQUAL) {
        ChTemplateOpKind kind = CH_TEMPLATE_EQUAL + (reader->token - T_EQUAL);
        next(reader);
        parse_operand(reader);
        emit(reader, kind);
    }
    for (nots = nots > 2 ? 2 - nots % 2 : nots; nots; nots--) emit(reader, CH_TEMPLATE_NOT);
}

// A chain of operands, each of which may decide it: `kind` jumps behind the next one.
static void parse_chain(Reader *reader, Token token, ChTemplateOpKind kind, void (*operand)(Reader *)) {
    operand(reader);
    while (eat(reader, token)) {
        uint32_t jump = ch__template_op(reader->parser, kind);
        operand(reader);
        reader->parser->template->ops.items[jump].target = reader->parser->template->ops.count;
    }
}

static void parse_and(Reader *reader) { parse_chain(reader, T_AND, CH_TEMPLATE_AND, parse_comparison); }
static void parse_or(Reader *reader) { parse_chain(reader, T_OR, CH_TEMPLATE_OR, parse_and); }

bool ch__template_expression(ChTemplateParser *parser, ChStr source) {
    Reader reader = {.parser = parser, .source = source};
    next(&reader);
    parse_or(&reader);
    while (eat(&reader, T_PIPE)) {
        if (reader.token != T_NAME) {
            FAIL(&reader, "expected filter name after `|`");
            break;
        }
        ChStr name = reader.text;
        uint32_t count = 0;
        next(&reader);
        if (eat(&reader, T_COLON)) {
            do {
                parse_or(&reader);
                count++;
            } while (eat(&reader, T_COMMA));
        }
        ChTemplateOp *filter = emit(&reader, CH_TEMPLATE_FILTER);
        filter->text = name;
        filter->count = count;
    }
    if (!reader.failed && reader.token != T_END) fail_unexpected(&reader, " in expression");
    return !reader.failed;
}
