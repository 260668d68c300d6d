/*
 * Harn's external scanner: line ends, comments, strings, and the decisions that need to look ahead.
 *
 * The scanner keeps no stack. Whether the text at hand is the inside of a string is told by the
 * tokens the parser accepts, so that strings nest in interpolations as deep as the parser's stack
 * does, and the state to serialise is one byte (enum Place).
 *
 * A line end becomes a token of no width at the beginning of the next line, if the parser accepts
 * one and the next line does not continue the expression. Comments that follow come first; so the
 * look-ahead is a few characters, and an edit in a comment disturbs nothing before it.
 *
 * Look-aheads that read more than a word are bounded by CH_LOOK_*: where a bound is reached the
 * plainer reading is chosen, so that no input costs more than its size times a constant.
 */
#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

#include <string.h>

enum TokenType {
    NEWLINE,
    LINE_JOIN,
    COMMENT,
    DOC_COMMENT,
    STRING_START,
    STRING_CONTENT,
    ESCAPE_SEQUENCE,
    STRING_END,
    STRING_UNTERMINATED,
    MULTILINE_START,
    MULTILINE_CONTENT,
    MULTILINE_END,
    ESCAPED_START,
    ESCAPED_CONTENT,
    ESCAPED_END,
    INTERPOLATION_START,
    CLOSURE_START,
    TYPE_ARGUMENTS_START,
    TERNARY_MARK,
    STRUCT_NAME,
    GEN,
    ABSENT_NAME,
    ABSENT_CLOSE,
    ABSENT_BRACE,
    NAME_MARKER,
    UNCLOSED_COMMENT,
    ERROR_SENTINEL,
};

enum {
    CH_LOOK_CLOSURE_MAX = 1024, /* characters read to tell a closure's parameters from a dict */
    CH_LOOK_TYPES_MAX = 512,    /* characters read to tell type arguments from a comparison */
    CH_LOOK_STRUCT_MAX = 512,   /* characters read to tell a struct literal from a block */
    CH_LOOK_TERNARY_MAX = 4096, /* characters read in search of a ternary's colon */
    CH_LOOK_COMMENTS_MAX = 8,   /* comments read before it is decided whether a line ends */
    CH_LOOK_NESTING_MAX = 32,   /* brackets open at once inside a type that is looked at */
    CH_WORD_MAX = 16,           /* longer words are no keywords */
};

/*
 * What the place behind the last token is, where the acceptable tokens do not tell. The strings
 * count while the parser recovers from an error: then every token is acceptable, and nothing else
 * says that the next characters are text and not code.
 */
enum Place { IN_CODE, IN_STRING, IN_MULTILINE_STRING, AT_LINE_START };

typedef struct {
    unsigned char place;
} Scanner;

/* A word of the text; longer ones than any keyword are cut, `length` then is CH_WORD_MAX. */
typedef struct {
    char text[CH_WORD_MAX + 1];
    unsigned length;
} Word;

/* A bounded look-ahead. Past its budget, as past the end of the text, it shows the character 0. */
typedef struct {
    TSLexer *lexer;
    unsigned budget;
} Look;

static void advance(TSLexer *lexer) {
    lexer->advance(lexer, false);
}
static void skip(TSLexer *lexer) {
    lexer->advance(lexer, true);
}

static bool finish(TSLexer *lexer, enum TokenType token) {
    lexer->result_symbol = (TSSymbol)token;
    return true;
}

static bool is_blank(int32_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}
static bool is_space(int32_t c) {
    return is_blank(c) || c == '\n';
}
static bool is_digit(int32_t c) {
    return c >= '0' && c <= '9';
}
static bool is_upper(int32_t c) {
    return c >= 'A' && c <= 'Z';
}

/* Beyond ASCII this is wider than the lexer's `identifier`; blanks, punctuation and symbols are out. */
static bool is_word(int32_t c) {
    if (c < 0x80) {
        return c == '_' || is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
    }
    return c >= 0xAA && c != 0xAB && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x206F) &&
           !(c >= 0x2190 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x3004) && c != 0xFEFF &&
           !(c >= 0xE000 && c <= 0xF8FF) && c < 0x1F000;
}

static bool is_word_start(int32_t c) {
    return is_word(c) && !is_digit(c);
}

static bool word_is(const Word *word, const char *text) {
    return strcmp(word->text, text) == 0;
}

static bool word_is_one_of(const Word *word, const char *const *list) {
    for (; *list; list++) {
        if (word_is(word, *list)) {
            return true;
        }
    }
    return false;
}

static void word_add(Word *word, int32_t c) {
    if (word->length < CH_WORD_MAX) {
        word->text[word->length++] = c < 0x80 ? (char)c : '?';
    }
}

static Word read_word(TSLexer *lexer) {
    Word word = {.length = 0};
    while (is_word(lexer->lookahead)) {
        word_add(&word, lexer->lookahead);
        advance(lexer);
    }
    word.text[word.length] = '\0';
    return word;
}

/* Looking ahead */

static int32_t look_peek(const Look *look) {
    return look->budget == 0 || look->lexer->eof(look->lexer) ? 0 : look->lexer->lookahead;
}

static int32_t look_take(Look *look) {
    int32_t c = look_peek(look);
    if (c != 0) {
        advance(look->lexer);
        look->budget--;
    }
    return c;
}

static bool look_accept(Look *look, int32_t c) {
    if (look_peek(look) != c) {
        return false;
    }
    look_take(look);
    return true;
}

static void look_end(Look *look) {
    look->budget = 0;
}

static Word look_word(Look *look) {
    Word word = {.length = 0};
    while (is_word(look_peek(look))) {
        word_add(&word, look_take(look));
    }
    word.text[word.length] = '\0';
    return word;
}

/* Reads past a block comment whose `/` and `*` are read; false where it does not end. */
static bool look_block_comment(Look *look) {
    for (unsigned depth = 1; depth > 0;) {
        int32_t c = look_take(look);
        if (c == 0) {
            return false;
        }
        if (c == '/' && look_accept(look, '*')) {
            depth++;
        } else if (c == '*' && look_accept(look, '/')) {
            depth--;
        }
    }
    return true;
}

static void look_line(Look *look) {
    while (look_peek(look) != 0 && look_peek(look) != '\n') {
        look_take(look);
    }
}

enum LookSpace { WITHIN_LINE, ACROSS_LINES };

/* Reads past blanks and comments; false if a slash that begins no comment, a division, was read instead. */
static bool look_gap(Look *look, enum LookSpace reach) {
    for (;;) {
        int32_t c = look_peek(look);
        if (is_blank(c) || (c == '\n' && reach == ACROSS_LINES)) {
            look_take(look);
        } else if (c == '/') {
            look_take(look);
            if (look_accept(look, '/')) {
                look_line(look);
            } else if (!look_accept(look, '*')) {
                return false;
            } else if (!look_block_comment(look)) {
                look_end(look);
            }
        } else {
            return true;
        }
    }
}

/* Reads past blanks and comments. A slash that begins no comment ends the look-ahead. */
static void look_space(Look *look, enum LookSpace reach) {
    if (!look_gap(look, reach)) {
        look_end(look);
    }
}

/* Reads past a string whose first quote is read. Interpolations count braces only. */
static void look_string(Look *look) {
    bool multiline = false;
    if (look_accept(look, '"')) {
        if (!look_accept(look, '"')) {
            return;
        }
        multiline = true;
    }
    for (;;) {
        int32_t c = look_take(look);
        if (c == 0) {
            return;
        }
        if (c == '"') {
            if (!multiline || (look_accept(look, '"') && look_accept(look, '"'))) {
                return;
            }
        } else if (c == '\\' && !multiline) {
            look_take(look);
        } else if (c == '\n' && !multiline) {
            look_end(look);
        } else if (c == '$' && look_accept(look, '{')) {
            for (unsigned depth = 1; depth > 0 && look_peek(look) != 0;) {
                int32_t inner = look_take(look);
                depth += inner == '{';
                depth -= inner == '}';
            }
        }
    }
}

enum TypeState { WANT_TYPE, WANT_FIELD, HAVE_TYPE };

/*
 * Reads the longest type; false if there is none. With `angle` the text stands behind a `<`: then a
 * list of types is read, up to and with its `>`. Shape types, function types and literals included.
 */
static bool look_types(Look *look, bool angle) {
    char open[CH_LOOK_NESTING_MAX];
    unsigned depth = 0;
    enum TypeState state = WANT_TYPE;
    if (angle) {
        open[depth++] = '<';
    }
    for (;;) {
        look_space(look, ACROSS_LINES);
        int32_t c = look_peek(look);
        char inside = depth > 0 ? open[depth - 1] : '\0';
        if (c == 0) {
            return false;
        }
        if (depth == CH_LOOK_NESTING_MAX) {
            return false;
        }

        bool closes = (c == ')' && inside == '(') || (c == ']' && inside == '[') ||
                      (c == '}' && inside == '{') || (c == '>' && inside == '<');
        if (closes && (state == HAVE_TYPE || inside == '(' || inside == '{')) {
            look_take(look);
            depth--;
            state = HAVE_TYPE;
            if (c == ')') {
                look_space(look, ACROSS_LINES);
                if (!look_accept(look, '-') || !look_accept(look, '>')) {
                    return false;
                }
                state = WANT_TYPE;
            }
            if (depth == 0 && angle) {
                return true;
            }
            continue;
        }

        switch (state) {
        case WANT_FIELD: {
            if (!is_word_start(c)) {
                return false;
            }
            look_word(look);
            look_accept(look, '?');
            look_space(look, ACROSS_LINES);
            if (!look_accept(look, ':')) {
                return false;
            }
            state = WANT_TYPE;
            break;
        }
        case WANT_TYPE:
            if (is_word_start(c)) {
                Word word = look_word(look);
                look_space(look, WITHIN_LINE);
                if (word_is(&word, "fn")) {
                    if (!look_accept(look, '(')) {
                        return false;
                    }
                    open[depth++] = '(';
                } else if (look_accept(look, '<')) {
                    open[depth++] = '<';
                } else {
                    state = HAVE_TYPE;
                }
            } else if (c == '[' || c == '{') {
                look_take(look);
                open[depth++] = (char)c;
                state = c == '{' ? WANT_FIELD : WANT_TYPE;
            } else if (c == '"') {
                look_take(look);
                look_string(look);
                state = HAVE_TYPE;
            } else if (is_digit(c) || c == '-') {
                look_take(look);
                if (c == '-' && !is_digit(look_peek(look))) {
                    return false;
                }
                while (is_digit(look_peek(look))) {
                    look_take(look);
                }
                state = HAVE_TYPE;
            } else {
                return false;
            }
            break;
        case HAVE_TYPE:
            if (c == '?') {
                look_take(look);
            } else if (c == '|' || c == '&') {
                look_take(look);
                if (look_peek(look) == c || look_peek(look) == '>') {
                    return false;
                }
                state = WANT_TYPE;
            } else if (c == ',' && depth > 0 && inside != '[') {
                look_take(look);
                state = inside == '{' ? WANT_FIELD : WANT_TYPE;
            } else if (inside == '{' && is_word_start(c)) {
                state = WANT_FIELD;
            } else {
                return depth == 0;
            }
            break;
        }
    }
}

/* Tells whether the text behind a `{` is a parameter list and its arrow. */
static bool look_closure(TSLexer *lexer) {
    Look look = {lexer, CH_LOOK_CLOSURE_MAX};
    for (;;) {
        look_space(&look, ACROSS_LINES);
        if (look_accept(&look, '-')) {
            return look_peek(&look) == '>';
        }
        bool is_rest = false;
        if (look_accept(&look, '.')) {
            if (!look_accept(&look, '.') || !look_accept(&look, '.')) {
                return false;
            }
            is_rest = true;
        }
        if (!is_word_start(look_peek(&look))) {
            return false;
        }
        look_word(&look);
        look_space(&look, ACROSS_LINES);
        if (look_accept(&look, ':')) {
            if (!look_types(&look, false)) {
                return false;
            }
            look_space(&look, ACROSS_LINES);
        }
        if (look_accept(&look, '=')) {
            return look_peek(&look) != '=';
        }
        if (look_accept(&look, '-')) {
            return look_peek(&look) == '>';
        }
        if (is_rest || !look_accept(&look, ',')) {
            return false;
        }
    }
}

/* Tells whether the text behind a `<` is a list of types, its `>`, and an opening parenthesis. */
static bool look_type_arguments(TSLexer *lexer) {
    Look look = {lexer, CH_LOOK_TYPES_MAX};
    if (!look_types(&look, true)) {
        return false;
    }
    look_space(&look, WITHIN_LINE);
    return look_peek(&look) == '(';
}

/* Tells whether a capitalised name is followed by `{`, then by `}` or a field's name and a colon. */
static bool look_struct_body(TSLexer *lexer) {
    Look look = {lexer, CH_LOOK_STRUCT_MAX};
    look_space(&look, WITHIN_LINE);
    if (!look_accept(&look, '{')) {
        return false;
    }
    look_space(&look, ACROSS_LINES);
    if (look_peek(&look) == '}') {
        return true;
    }
    if (is_word_start(look_peek(&look))) {
        look_word(&look);
    } else if (look_accept(&look, '"')) {
        look_string(&look);
    } else {
        return false;
    }
    look_space(&look, ACROSS_LINES);
    return look_peek(&look) == ':';
}

/* Operators that, at the beginning of a line, continue the branch of a ternary; `/` is seen before. */
static bool look_continues_branch(Look *look) {
    int32_t c = look_take(look);
    switch (c) {
    case ':':
    case '+':
    case '*':
    case '%':
    case '<':
    case '>':
    case '.': return true;
    case '=':
    case '!': return look_peek(look) == '=';
    case '&':
    case '|': return look_peek(look) == c || look_peek(look) == '>';
    case '?': return look_peek(look) == '?' || look_peek(look) == '.';
    default: return false;
    }
}

static bool look_starts_branch(Look *look) {
    static const char *const not_operands[] = {
        "as",     "break",   "catch",     "const",   "continue", "defer",  "else",     "emit",
        "enum",   "extends", "exclusive", "finally", "for",      "from",   "guard",    "impl",
        "import", "in",      "interface", "let",     "mutex",    "not",    "override", "pipeline",
        "pub",    "require", "return",    "select",  "skill",    "struct", "throw",    "to",
        "tool",   "type",    "var",       "while",   "with",     "yield",  NULL,
    };
    int32_t c = look_peek(look);
    if (is_word_start(c)) {
        Word word = look_word(look);
        if (word_is(&word, "r") && look_accept(look, '"')) {
            while (look_peek(look) != 0 && look_peek(look) != '\n' && look_take(look) != '"') {
            }
        }
        return !word_is_one_of(&word, not_operands);
    }
    if (c == '!' || c == '-') {
        look_take(look);
        return look_peek(look) != '=' && look_peek(look) != '>';
    }
    return is_digit(c) || c == '"' || c == '(' || c == '[' || c == '{';
}

/*
 * Tells a ternary's `?` from a propagation: something that can begin a branch follows, and a colon
 * outside all brackets before the expression ends.
 */
static bool look_ternary(TSLexer *lexer) {
    Look look = {lexer, CH_LOOK_TERNARY_MAX};
    look_space(&look, ACROSS_LINES);
    int32_t first = look_peek(&look);
    if (!look_starts_branch(&look)) {
        return false;
    }
    for (unsigned depth = 0;;) {
        while (!look_gap(&look, WITHIN_LINE)) {
        }
        if (look.budget == 0) {
            /* Too far away to be seen: `{`, `[` and `-` follow a propagation more often. */
            return first != '{' && first != '[' && first != '-';
        }
        int32_t c = look_take(&look);
        switch (c) {
        case 0: return false;
        case '"': look_string(&look); break;
        case '(':
        case '[':
        case '{': depth++; break;
        case ')':
        case ']':
        case '}':
            if (depth == 0) {
                return false;
            }
            depth--;
            break;
        case ':':
            if (depth == 0) {
                return true;
            }
            break;
        case '\n':
            if (depth == 0) {
                bool divides = !look_gap(&look, ACROSS_LINES);
                if (look_peek(&look) == ':') {
                    return true;
                }
                if (!divides && !look_continues_branch(&look)) {
                    return false;
                }
            }
            break;
        default: break;
        }
    }
}

/* Strings */

static bool is_escapable(int32_t c) {
    return c == 'n' || c == 'r' || c == 't' || c == '0' || c == '\\' || c == '"' || c == '$';
}

/* Inside a string in one line: text, an escape, the beginning of an interpolation, or the end. */
static bool scan_string(TSLexer *lexer) {
    for (bool has_text = false;; has_text = true) {
        if (lexer->eof(lexer) || lexer->lookahead == '\n') {
            lexer->mark_end(lexer);
            return finish(lexer, has_text ? STRING_CONTENT : STRING_UNTERMINATED);
        }
        switch (lexer->lookahead) {
        case '"':
            lexer->mark_end(lexer);
            if (has_text) {
                return finish(lexer, STRING_CONTENT);
            }
            advance(lexer);
            lexer->mark_end(lexer);
            return finish(lexer, STRING_END);
        case '$':
            lexer->mark_end(lexer);
            advance(lexer);
            if (lexer->lookahead == '{') {
                if (has_text) {
                    return finish(lexer, STRING_CONTENT);
                }
                advance(lexer);
                lexer->mark_end(lexer);
                return finish(lexer, INTERPOLATION_START);
            }
            break;
        case '\\':
            lexer->mark_end(lexer);
            advance(lexer);
            if (is_escapable(lexer->lookahead)) {
                if (has_text) {
                    return finish(lexer, STRING_CONTENT);
                }
                advance(lexer);
                lexer->mark_end(lexer);
                return finish(lexer, ESCAPE_SEQUENCE);
            }
            /* Any other backslash is text, and so is what it precedes. */
            if (!lexer->eof(lexer)) {
                advance(lexer);
            }
            break;
        default: advance(lexer); break;
        }
    }
}

/* Inside a triple-quoted string, where the only escape is that of an interpolation: `\${`. */
static bool scan_multiline_string(TSLexer *lexer) {
    for (bool has_text = false;; has_text = true) {
        if (lexer->eof(lexer)) {
            lexer->mark_end(lexer);
            return finish(lexer, has_text ? MULTILINE_CONTENT : STRING_UNTERMINATED);
        }
        switch (lexer->lookahead) {
        case '"':
            lexer->mark_end(lexer);
            advance(lexer);
            if (lexer->lookahead != '"') {
                break;
            }
            advance(lexer);
            if (lexer->lookahead != '"') {
                break;
            }
            if (has_text) {
                return finish(lexer, MULTILINE_CONTENT);
            }
            advance(lexer);
            lexer->mark_end(lexer);
            return finish(lexer, MULTILINE_END);
        case '$':
            lexer->mark_end(lexer);
            advance(lexer);
            if (lexer->lookahead == '{') {
                if (has_text) {
                    return finish(lexer, MULTILINE_CONTENT);
                }
                advance(lexer);
                lexer->mark_end(lexer);
                return finish(lexer, INTERPOLATION_START);
            }
            break;
        case '\\':
            lexer->mark_end(lexer);
            advance(lexer);
            if (lexer->lookahead == '\\') {
                advance(lexer); /* a pair is text and escapes nothing */
            } else if (lexer->lookahead == '$') {
                advance(lexer);
                if (lexer->lookahead == '{') {
                    if (has_text) {
                        return finish(lexer, MULTILINE_CONTENT);
                    }
                    lexer->mark_end(lexer);
                    return finish(lexer, ESCAPE_SEQUENCE);
                }
            }
            break;
        default: advance(lexer); break;
        }
    }
}

/* A string between quotes that are escaped, `\"`: text, the end, or the quote of the string around. */
static bool scan_escaped_string(TSLexer *lexer) {
    for (bool has_text = false;; has_text = true) {
        lexer->mark_end(lexer);
        if (lexer->eof(lexer) || lexer->lookahead == '\n' || lexer->lookahead == '"') {
            return finish(lexer, has_text ? ESCAPED_CONTENT : STRING_UNTERMINATED);
        }
        bool is_escape = lexer->lookahead == '\\';
        advance(lexer);
        if (is_escape && lexer->lookahead == '"') {
            if (has_text) {
                return finish(lexer, ESCAPED_CONTENT);
            }
            advance(lexer);
            lexer->mark_end(lexer);
            return finish(lexer, ESCAPED_END);
        }
    }
}

/* Comments and line ends */

static bool scan_line_comment(TSLexer *lexer) {
    bool is_doc = false;
    if (lexer->lookahead == '/') {
        advance(lexer);
        is_doc = lexer->lookahead != '/';
    }
    while (!lexer->eof(lexer) && lexer->lookahead != '\n') {
        advance(lexer);
    }
    lexer->mark_end(lexer);
    return finish(lexer, is_doc ? DOC_COMMENT : COMMENT);
}

static bool scan_block_comment(TSLexer *lexer) {
    Look look = {lexer, UINT32_MAX};
    bool is_doc = false;
    bool is_closed;
    if (look_accept(&look, '*')) {
        if (look_accept(&look, '/')) {
            is_closed = true;
        } else {
            is_doc = look_peek(&look) != '*';
            /* The last of a run of stars may be the first half of the end. */
            while (look_accept(&look, '*')) {
            }
            is_closed = look_accept(&look, '/') || look_block_comment(&look);
        }
    } else {
        is_closed = look_block_comment(&look);
    }
    lexer->mark_end(lexer);
    return finish(lexer, !is_closed ? UNCLOSED_COMMENT : is_doc ? DOC_COMMENT : COMMENT);
}

/* Words that go on with the `if` or `try` of the lines before. */
static bool is_clause(const Word *word) {
    return word_is(word, "else") || word_is(word, "catch") || word_is(word, "finally");
}

/*
 * Tells whether the text at hand, the first of a line that is neither blank nor a comment, goes on
 * with what the line before began. Closing brackets, commas and the end need no line end either.
 */
static bool continues_line(TSLexer *lexer) {
    if (lexer->eof(lexer)) {
        return true;
    }
    switch (lexer->lookahead) {
    case '|':
    case '&':
    case '+':
    case '*':
    case '/':
    case '%':
    case '<':
    case '>':
    case '?':
    case ')':
    case ']':
    case '}':
    case ',':
    case ';': return true;
    case '=':
    case '!': advance(lexer); return lexer->lookahead == '=';
    case '.': advance(lexer); return lexer->lookahead != '.';
    case 'e':
    case 'c':
    case 'f': {
        Word word = read_word(lexer);
        return is_clause(&word);
    }
    default: return false;
    }
}

/*
 * A block comment stands first in a line, where a line end is acceptable: what follows the comment
 * decides. The mark of the token's end stands behind the line end; where the expression goes on,
 * LINE_JOIN takes the line end away, and the comment is read in peace.
 */
static bool scan_line_end_before_comment(TSLexer *lexer) {
    Look look = {lexer, UINT32_MAX};
    bool is_block = true;
    for (unsigned i = 0; i < CH_LOOK_COMMENTS_MAX; i++) {
        if (!is_block) {
            look_line(&look);
        } else if (!look_block_comment(&look)) {
            break;
        }
        while (is_space(look_peek(&look))) {
            look_take(&look);
        }
        if (look_peek(&look) != '/') {
            return finish(lexer, continues_line(lexer) ? LINE_JOIN : NEWLINE);
        }
        look_take(&look);
        is_block = look_accept(&look, '*');
        if (!is_block && !look_accept(&look, '/')) {
            return finish(lexer, LINE_JOIN); /* a division */
        }
    }
    return finish(lexer, NEWLINE);
}

/*
 * Half-typed code: `foo(` or `let x =`, and the next line begins a statement. No operand begins with
 * these words, so the line end is reported although the parser expects none: it then completes what
 * was begun instead of taking the keyword for a name.
 */
static bool begins_statement(TSLexer *lexer, const Word *word) {
    static const char *const keywords[] = {
        "break", "const",   "continue", "defer",     "emit",  "enum",   "eval_pack", "for",
        "guard", "impl",    "import",   "interface", "let",   "mutex",  "override",  "pipeline",
        "pub",   "require", "return",   "select",    "skill", "struct", "throw",     "tool",
        "type",  "var",     "while",    "yield",     NULL,
    };
    if (word_is(word, "fn")) {
        while (is_blank(lexer->lookahead)) {
            advance(lexer);
        }
        return is_word_start(lexer->lookahead);
    }
    if (!word_is_one_of(word, keywords) || !is_space(lexer->lookahead)) {
        return false;
    }
    while (is_blank(lexer->lookahead)) {
        advance(lexer);
    }
    /* Any of them may be the key of a dict's entry. */
    return lexer->lookahead != ':';
}

/*
 * An unclosed brace: nothing inside a block begins with these words at the left edge, so the block
 * has ended, and its brace is missing.
 */
static bool begins_top_level(TSLexer *lexer) {
    static const char *const keywords[] = {"import", "pipeline", "pub", NULL};
    Word word = read_word(lexer);
    return word_is_one_of(&word, keywords) && is_blank(lexer->lookahead);
}

/* Inside an expression or behind a keyword: the parser accepts no statement here. */
static bool expects_operand(const bool *valid) {
    return !valid[NEWLINE] && !valid[GEN] &&
           (valid[TERNARY_MARK] || valid[STRUCT_NAME] || valid[ABSENT_NAME] || valid[ABSENT_CLOSE] ||
            valid[NAME_MARKER]);
}

static bool scan_word(TSLexer *lexer, const bool *valid) {
    bool may_be_struct = valid[STRUCT_NAME] && is_upper(lexer->lookahead);
    bool may_be_gen = valid[GEN] && lexer->lookahead == 'g';
    if (!may_be_struct && !may_be_gen) {
        return false;
    }
    Word word = read_word(lexer);
    if (may_be_struct) {
        lexer->mark_end(lexer);
        return look_struct_body(lexer) && finish(lexer, STRUCT_NAME);
    }
    if (may_be_gen && word_is(&word, "gen")) {
        lexer->mark_end(lexer);
        while (is_blank(lexer->lookahead)) {
            advance(lexer);
        }
        Word next = read_word(lexer);
        return word_is(&next, "fn") && finish(lexer, GEN);
    }
    return false;
}

static bool scan_string_start(Scanner *scanner, TSLexer *lexer, const bool *valid) {
    advance(lexer);
    lexer->mark_end(lexer);
    bool is_multiline = false;
    if (lexer->lookahead == '"') {
        advance(lexer);
        if (lexer->lookahead == '"') {
            advance(lexer);
            lexer->mark_end(lexer);
            is_multiline = true;
        }
    }
    if (valid[ERROR_SENTINEL]) {
        scanner->place = is_multiline ? IN_MULTILINE_STRING : IN_STRING;
    }
    return finish(lexer, is_multiline ? MULTILINE_START : STRING_START);
}

static bool scan_code(Scanner *scanner, TSLexer *lexer, const bool *valid) {
    bool is_recovering = valid[ERROR_SENTINEL];
    bool may_be_absent = !is_recovering && (valid[ABSENT_NAME] || valid[ABSENT_CLOSE]);
    bool at_line_start = scanner->place == AT_LINE_START;
    bool crossed_line = false;
    bool is_indented = false;
    scanner->place = IN_CODE;
    if (may_be_absent || at_line_start) {
        lexer->mark_end(lexer);
    }
    for (;;) {
        if (is_blank(lexer->lookahead)) {
            skip(lexer);
            is_indented = true;
        } else if (lexer->lookahead == '\n') {
            skip(lexer);
            is_indented = false;
            if (!crossed_line && !may_be_absent) {
                lexer->mark_end(lexer);
            }
            crossed_line = true;
        } else if (lexer->lookahead == '\\') {
            advance(lexer);
            if (lexer->lookahead == '"' && valid[ESCAPED_START]) {
                advance(lexer);
                lexer->mark_end(lexer);
                return finish(lexer, ESCAPED_START);
            }
            if (lexer->lookahead == '\r') {
                skip(lexer);
            }
            if (lexer->lookahead != '\n') {
                return false;
            }
            skip(lexer);
        } else {
            break;
        }
    }
    if (lexer->eof(lexer)) {
        if (is_recovering) {
            return false;
        }
        if (valid[NEWLINE] || valid[ABSENT_BRACE]) {
            lexer->mark_end(lexer);
            return finish(lexer, valid[NEWLINE] ? NEWLINE : ABSENT_BRACE);
        }
        return may_be_absent && finish(lexer, valid[ABSENT_NAME] ? ABSENT_NAME : ABSENT_CLOSE);
    }
    bool may_end_line = crossed_line && valid[NEWLINE];
    int32_t first = lexer->lookahead;
    if (first == '/') {
        if (may_end_line && may_be_absent) {
            /* The mark still stands before the line end: a LINE_JOIN there would be read again and again. */
            lexer->mark_end(lexer);
        }
        advance(lexer);
        if (lexer->lookahead == '/') {
            advance(lexer);
            return scan_line_comment(lexer);
        }
        if (lexer->lookahead != '*') {
            return false;
        }
        advance(lexer);
        return may_end_line ? scan_line_end_before_comment(lexer) : scan_block_comment(lexer);
    }
    /* Not a name behind a dot: the missing one belongs to the mark. */
    if (may_be_absent && valid[ABSENT_NAME] && !is_word(first) && first != '.' && first != '"') {
        return finish(lexer, ABSENT_NAME);
    }
    if ((crossed_line || at_line_start) && !is_indented && !may_be_absent && (first == 'p' || first == 'i') &&
        (valid[NEWLINE] || valid[ABSENT_BRACE])) {
        if (begins_top_level(lexer)) {
            scanner->place = AT_LINE_START;
            return finish(lexer, valid[NEWLINE] ? NEWLINE : ABSENT_BRACE);
        }
        return may_end_line && finish(lexer, NEWLINE);
    }
    if (may_end_line && may_be_absent && first >= 'a' && first <= 'z') {
        /* In a dict: either the next key or, if the dict is not closed, the next statement. */
        Word word = read_word(lexer);
        if (is_clause(&word)) {
            return false;
        }
        return finish(lexer, begins_statement(lexer, &word) ? ABSENT_CLOSE : NEWLINE);
    }
    if (may_end_line) {
        if (!continues_line(lexer)) {
            return finish(lexer, NEWLINE);
        }
        if (first != '?') {
            return false;
        }
    }

    switch (first) {
    case '"':
        return (valid[STRING_START] || valid[MULTILINE_START]) && scan_string_start(scanner, lexer, valid);
    case '{':
        if (!valid[CLOSURE_START]) {
            return false;
        }
        advance(lexer);
        lexer->mark_end(lexer);
        return look_closure(lexer) && finish(lexer, CLOSURE_START);
    case '<':
        if (!valid[TYPE_ARGUMENTS_START] || crossed_line) {
            return false;
        }
        advance(lexer);
        lexer->mark_end(lexer);
        return look_type_arguments(lexer) && finish(lexer, TYPE_ARGUMENTS_START);
    case '?':
        if (!valid[TERNARY_MARK]) {
            return false;
        }
        advance(lexer);
        lexer->mark_end(lexer);
        if (lexer->lookahead == '.' || lexer->lookahead == '?') {
            return false;
        }
        return (crossed_line || look_ternary(lexer)) && finish(lexer, TERNARY_MARK);
    default:
        if (!is_word_start(first)) {
            return false;
        }
        if (crossed_line && first >= 'a' && first <= 'z' && expects_operand(valid)) {
            Word word = read_word(lexer);
            return begins_statement(lexer, &word) && finish(lexer, valid[ABSENT_NAME]    ? ABSENT_NAME
                                                                   : valid[ABSENT_CLOSE] ? ABSENT_CLOSE
                                                                                         : NEWLINE);
        }
        return scan_word(lexer, valid);
    }
}

/* The interface that the generated parser calls */

void *tree_sitter_harn_external_scanner_create(void) {
    return ts_calloc(1, sizeof(Scanner));
}

void tree_sitter_harn_external_scanner_destroy(void *payload) {
    ts_free(payload);
}

unsigned tree_sitter_harn_external_scanner_serialize(void *payload, char *buffer) {
    const Scanner *scanner = payload;
    if (scanner->place == IN_CODE) {
        return 0;
    }
    buffer[0] = (char)scanner->place;
    return 1;
}

void tree_sitter_harn_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    Scanner *scanner = payload;
    scanner->place = length > 0 ? (unsigned char)buffer[0] : IN_CODE;
}

bool tree_sitter_harn_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
    Scanner *scanner = payload;
    if (!valid_symbols[ERROR_SENTINEL]) {
        if (valid_symbols[STRING_CONTENT]) {
            scanner->place = IN_CODE;
            return scan_string(lexer);
        }
        if (valid_symbols[MULTILINE_CONTENT]) {
            scanner->place = IN_CODE;
            return scan_multiline_string(lexer);
        }
        if (valid_symbols[ESCAPED_END]) {
            scanner->place = IN_CODE;
            return scan_escaped_string(lexer);
        }
    } else if (scanner->place == IN_STRING || scanner->place == IN_MULTILINE_STRING) {
        bool found = scanner->place == IN_STRING ? scan_string(lexer) : scan_multiline_string(lexer);
        TSSymbol symbol = lexer->result_symbol;
        if (symbol == STRING_END || symbol == MULTILINE_END || symbol == STRING_UNTERMINATED ||
            symbol == INTERPOLATION_START) {
            scanner->place = IN_CODE;
        }
        return found;
    }
    return scan_code(scanner, lexer, valid_symbols);
}
