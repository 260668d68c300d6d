/* Syntax errors in words. When a text has errors, the parser's automaton reads it again
 * (automaton_int.h): where a token does not fit, what would have fitted is asked of the
 * tables, and said as "expected X, found Y" with the place where the construct began and
 * a mend. Then the reading goes on: by inserting what is missing if the rest fits then,
 * else behind the line, with as much of the stack as still makes sense. The result
 * depends on the text alone, not on how an editor arrived at it. */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "syntax/automaton_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

/* Tokens that the wording asks for, by name. */
#define WORD_TOKENS(X)                                                                        \
    X(newline, "_newline", true)                                                              \
    X(identifier, "identifier", true)                                                         \
    X(lbrace, "{", false)                                                                     \
    X(rbrace, "}", false)                                                                     \
    X(lparen, "(", false)                                                                     \
    X(rparen, ")", false)                                                                     \
    X(lbracket, "[", false)                                                                   \
    X(rbracket, "]", false)                                                                   \
    X(greater, ">", false)                                                                    \
    X(less_equal, "<=", false)                                                                \
    X(comma, ",", false)                                                                      \
    X(colon, ":", false)                                                                      \
    X(equals, "=", false)                                                                     \
    X(arrow, "->", false)                                                                     \
    X(bang, "!", false)                                                                       \
    X(spread, "...", false)                                                                   \
    X(dot, ".", false)                                                                        \
    X(optional_dot, "?.", false)                                                              \
    X(optional_bracket, "?[", false)                                                          \
    X(let, "let", false)                                                                      \
    X(import, "import", false)                                                                \
    X(at, "@", false)                                                                         \
    X(fn, "fn", false)                                                                        \
    X(double_colon, "::", false)                                                              \
    X(unterminated, "unterminated", true)                                                     \
    X(unclosed_comment, "unclosed_comment", true)

typedef struct Words {
#define X(field, name, is_named) TSSymbol field;
    WORD_TOKENS(X)
#undef X
} Words;

typedef struct Explainer {
    ChTree *tree;
    ChAutomaton automaton;
    Words words;
    uint32_t token_count;
    uint32_t reports;
    uint32_t previous_end;  /* of the last token that was shifted */
    uint32_t stopped_at;    /* where the last recovery went on: the next must get further */
    uint32_t pending[3];    /* ( [ { that recovery gave up: their closers are no news */
    const char *inserted;   /* the missing token, when one token mends it */
    uint32_t open_string_line; /* the line of the last string without an end; 0: none */
    bool has_end_report;    /* the end of the file was reported: once is enough */
    ChRange suspect;        /* a { whose } stands at another indentation; empty: none */
} Explainer;

static TSSymbol find_token(const TSLanguage *language, const char *name)
{
    TSSymbol symbol = ch__automaton_symbol(language, name, false);
    return symbol ? symbol : ch__automaton_symbol(language, name, true);
}

static void find_words(Words *words, const TSLanguage *language)
{
#define X(field, name, is_named) words->field = find_token(language, name);
    WORD_TOKENS(X)
#undef X
}

static const ChStackItem *top_of(const Explainer *e)
{
    return &ch_array_last(&e->automaton.stack);
}

static bool fits(Explainer *e, TSSymbol symbol)
{
    return symbol && ch__automaton_accepts(&e->automaton, symbol, 0);
}

/* A `>` that ends types, not one that compares. */
static bool fits_type_end(Explainer *e)
{
    return fits(e, e->words.greater) && !fits(e, e->words.less_equal);
}

static ChStr text_of(const Explainer *e, uint32_t start, uint32_t end)
{
    return ch_source_text(e->tree->source, (ChRange){start, end});
}

static bool is_end(ChToken token)
{
    return token.symbol == 0 && !token.is_unknown;
}

/* What stands at `offset`, behind blanks and line ends. */
static ChToken visible_token(Explainer *e, uint32_t offset)
{
    ChToken token = ch__automaton_peek(&e->automaton, offset);
    if (token.symbol == e->words.newline)
        token = ch__automaton_peek(&e->automaton, token.end);
    return token;
}

/* ---- words that are reserved, and what reads them as names all the same */

static char next_visible(const ChSource *source, uint32_t offset)
{
    while (offset < source->text.length && strchr(" \t\r\n?", source->text.data[offset]))
        offset++;
    return offset < source->text.length ? source->text.data[offset] : 0;
}

static char previous_visible(const ChSource *source, uint32_t offset)
{
    while (offset > 0 && strchr(" \t\r\n", source->text.data[offset - 1]))
        offset--;
    return offset > 0 ? source->text.data[offset - 1] : 0;
}

bool ch__is_reserved_misuse(const ChSource *source, uint32_t start, uint32_t end)
{
    ChStr word = ch_source_text(source, (ChRange){start, end});
    if (word.length < 2 || !ch_syntax_is_keyword(word))
        return false;
    return previous_visible(source, start) != '.' && next_visible(source, end) != ':';
}

static bool is_misuse(const Explainer *e, ChToken token)
{
    return token.symbol == e->words.identifier && !token.is_unknown &&
           ch__is_reserved_misuse(e->tree->source, token.start, token.end);
}

/* ---- the construct that an error is in */

/* The bracket that a token opens or closes: 1, 2, 3 for ( [ {, 4 for <; 0 for none.
 * Told by the name, since several tokens can look alike: there are three kinds of {. */
static int bracket_of(const Explainer *e, TSSymbol symbol, const char *brackets)
{
    if (!symbol || symbol >= e->token_count)
        return 0;
    const char *name = ts_language_symbol_name(e->automaton.language, symbol);
    size_t length = strlen(name);
    if (length == 2 && (name[0] == '$' || name[0] == '?'))
        name++;
    else if (length != 1)
        return 0;
    const char *found = strchr(brackets, *name);
    return found ? (int)(found - brackets) + 1 : 0;
}

static int opens(const Explainer *e, TSSymbol symbol)
{
    return bracket_of(e, symbol, "([{<");
}

static int closes(const Explainer *e, TSSymbol symbol)
{
    return bracket_of(e, symbol, ")]}>");
}

/* The scanner's mark for something that is missing. */
static bool is_absent(const Explainer *e, TSSymbol symbol)
{
    return symbol && symbol < e->token_count &&
           strcmp(ts_language_symbol_name(e->automaton.language, symbol), "absent") == 0;
}

/* Index on the stack of the innermost bracket that is still open; 0 when none is. */
static uint32_t innermost_opener(Explainer *e)
{
    uint32_t closed = 0;
    for (uint32_t i = e->automaton.stack.count; i-- > 1;) {
        TSSymbol symbol = e->automaton.stack.items[i].symbol;
        int kind = opens(e, symbol), end = closes(e, symbol);
        if (is_absent(e, symbol)) {
            TSSymbol before = e->automaton.stack.items[i - 1].symbol;
            end = before != e->words.dot && before != e->words.optional_dot;
        }
        /* `<` is an operator as well; only the bracket of types counts. */
        if (end == 4 || (kind == 4 && !fits_type_end(e)))
            continue;
        if (end)
            closed++;
        else if (kind && closed)
            closed--;
        else if (kind)
            return i;
    }
    return 0;
}

/* Name of the closest keyword token below `index` that begins a construct, or "". */
static ChStr keyword_below(const Explainer *e, uint32_t index)
{
    for (uint32_t i = index, steps = 0; i-- > 1 && steps < 12; steps++) {
        const ChStackItem *item = &e->automaton.stack.items[i];
        if (item->symbol >= e->token_count || opens(e, item->symbol))
            continue;
        ChStr text = text_of(e, item->start, item->end);
        if (ch_syntax_is_keyword(text))
            return text;
    }
    return (ChStr){0};
}

/* ---- what was expected */

static const struct {
    const char *after, *expected;
} EXPECTED_AFTER[] = {
    {"fn", "function name"},
    {"pipeline", "pipeline name"},
    {"tool", "tool name"},
    {"skill", "skill name"},
    {"struct", "struct name"},
    {"enum", "enum name"},
    {"interface", "interface name"},
    {"impl", "type name"},
    {"type", "type name"},
    {"override", "override name"},
    {"extends", "parent pipeline name"},
    {"const", "const binding name"},
    {"let", "variable name or destructuring pattern"},
    {"var", "variable name or destructuring pattern"},
    {"for", "variable name or destructuring pattern"},
    {"import", "import path string"},
    {"@", "attribute name"},
    {"where", "type parameter name"},
    {"eval_pack", "eval_pack name or string id"},
    {"pub", "fn, tool, skill, eval_pack, struct, enum, pipeline, or import after pub"},
};

static const struct {
    int opener; /* as `opens` counts */
    const char *keyword, *expected;
} EXPECTED_NAMES[] = {
    {1, "for", "pair pattern element"},
    {1, "", "parameter name"},
    {2, "", "element name"},
    {3, "struct", "field name"},
    {3, "enum", "variant name"},
    {3, "import", "import name"},
    {3, "select", "select case variable"},
    {3, "skill", "skill field name"},
    {3, "", "field name"},
    {4, "", "type parameter name"},
};

/* A name had to come, and nothing else. */
static const char *expected_name(Explainer *e)
{
    uint32_t opener = innermost_opener(e);
    int kind = opener ? opens(e, e->automaton.stack.items[opener].symbol) : 0;
    ChStr keyword = keyword_below(e, opener);
    for (size_t i = 0; i < sizeof EXPECTED_NAMES / sizeof *EXPECTED_NAMES; i++)
        if (EXPECTED_NAMES[i].opener == kind &&
            (!*EXPECTED_NAMES[i].keyword || ch_str_is(keyword, EXPECTED_NAMES[i].keyword)))
            return EXPECTED_NAMES[i].expected;
    return "identifier";
}

/* Something is complete: what may follow it? */
static const char *expected_continuation(Explainer *e)
{
    const Words *w = &e->words;
    if (fits(e, w->newline)) {
        if (fits(e, w->comma))
            return ", or }";
        uint32_t opener = innermost_opener(e);
        return opener && opens(e, e->automaton.stack.items[opener].symbol) == 3
                   ? "statement separator (`;` or newline)"
                   : "top-level item separator (`;` or newline)";
    }
    const struct {
        TSSymbol symbol;
        const char *text;
    } order[] = {{w->lbrace, "{"}, {w->rparen, ")"}, {w->rbracket, "]"}, {w->equals, "="},
                 {w->arrow, "->"}, {w->colon, ":"},  {w->rbrace, "}"},   {w->lparen, "("},
                 {w->comma, ","}};
    if (fits_type_end(e))
        return ">";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (fits(e, order[i].symbol))
            return order[i].text;
    return NULL;
}

/* The tokens with a fixed text that would fit, when they are few. */
static const char *expected_tokens(Explainer *e)
{
    ChBuffer text = {0};
    uint32_t count = 0;
    for (uint32_t i = 1; i < e->token_count && count < 4; i++) {
        const char *name = ts_language_symbol_name(e->automaton.language, (TSSymbol)i);
        if (ts_language_symbol_type(e->automaton.language, (TSSymbol)i) != TSSymbolTypeAnonymous ||
            !fits(e, (TSSymbol)i))
            continue;
        ch_buffer_printf(&text, "%s%s", count ? " or " : "", name);
        count++;
    }
    const char *kept = count && count < 4
                           ? ch_str_copy(&e->tree->arena, ch_buffer_view(&text)).data
                           : "something else";
    ch_buffer_release(&text);
    return kept;
}

static const char *closer_that_fits(Explainer *e)
{
    return fits(e, e->words.rparen)     ? ")"
           : fits(e, e->words.rbracket) ? "]"
           : fits(e, e->words.rbrace)   ? "}"
                                        : NULL;
}

static const char *expected_here(Explainer *e, ChToken found)
{
    const Words *w = &e->words;
    const ChStackItem *top = top_of(e);
    if (top->symbol < e->token_count && top->symbol) {
        if (top->symbol == w->dot || top->symbol == w->optional_dot)
            return "member name";
        ChStr after = text_of(e, top->start, top->end);
        for (size_t i = 0; i < sizeof EXPECTED_AFTER / sizeof *EXPECTED_AFTER; i++)
            if (ch_str_is(after, EXPECTED_AFTER[i].after) &&
                (fits(e, w->identifier) || !fits(e, w->lparen)))
                return EXPECTED_AFTER[i].expected;
        if (ch_str_is(after, "from") && !fits(e, w->bang))
            return "import path string";
    }
    if (is_end(found) && closer_that_fits(e))
        return closer_that_fits(e);
    if (fits(e, w->at) && fits(e, w->fn) && !fits(e, w->import))
        return "fn/tool/skill/eval_pack/pipeline/struct/enum/type/interface/impl declaration "
               "after `@attr`";
    if (fits(e, w->bang))
        return "expression";
    if (fits(e, w->identifier)) {
        if (fits(e, w->spread) && fits(e, w->lbracket))
            return "dict key";
        return fits(e, w->lbracket) && fits(e, w->lbrace) ? "type name" : expected_name(e);
    }
    const char *continuation = expected_continuation(e);
    return continuation ? continuation : expected_tokens(e);
}

/* ---- reports */

#define FOUND_CHARS_MAX 40u

static ChStr found_text(Explainer *e, ChToken token, bool wants_name)
{
    ChArena *arena = &e->tree->arena;
    ChStr text = text_of(e, token.start, token.end);
    if (wants_name && is_misuse(e, token))
        return ch_str_format(arena, "'%.*s' (reserved keyword)", CH_STR_ARG(text));
    if (text.length > FOUND_CHARS_MAX) {
        const char *end = text.data + FOUND_CHARS_MAX;
        while (((unsigned char)*end & 0xc0) == 0x80)
            end--;
        text = ch_str_format(arena, "%.*s...", (int)(end - text.data), text.data);
    }
    return text;
}

static const char *help_for(const char *expected)
{
    static const struct {
        const char *expected, *help;
    } ROWS[] = {
        {"}", "add a closing `}` to finish this block"},
        {")", "add a closing `)` to finish this expression or parameter list"},
        {"]", "add a closing `]` to finish this list or subscript"},
        {"member name", "write the name of a property or method behind the dot"},
        {"{", "a block in braces has to follow"},
        {"dict key", "a key is a name, a string, or an expression in brackets: [key]: value"},
        {", or }", "separate entries with `,` or write each on a line of its own"},
        {"statement separator (`;` or newline)",
         "write each statement on a line of its own, or put `;` between them"},
        {"top-level item separator (`;` or newline)",
         "write each item on a line of its own, or put `;` between them"},
        {"fn, tool, skill, eval_pack, struct, enum, pipeline, or import after pub",
         "use `pub fn`, `pub pipeline`, `pub enum`, or `pub struct`"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (strcmp(ROWS[i].expected, expected) == 0)
            return ROWS[i].help;
    return NULL;
}

/* Words that only continue something, found where nothing goes on. */
static const char *help_for_found(ChStr found)
{
    if (ch_str_is(found, "else"))
        return "`else` follows the `}` of its `if`, without `;` between them";
    if (ch_str_is(found, "catch") || ch_str_is(found, "finally"))
        return "`catch` and `finally` follow the `}` of their `try`, without `;` between them";
    if (ch_str_is(found, "<<"))
        return "for text over several lines use \"\"\"...\"\"\"";
    return NULL;
}

static void note_opener(Explainer *e, ChDiagnostic *diagnostic, ChToken token)
{
    uint32_t index = innermost_opener(e);
    if (!index)
        return;
    const ChStackItem *opener = &e->automaton.stack.items[index];
    const ChSource *source = e->tree->source;
    if (opener->start == opener->end)
        return; /* put in by ourselves */
    if (e->suspect.end && e->suspect.start > opener->start) {
        ch_diagnostic_note(&e->tree->diagnostics, diagnostic, NULL, e->suspect,
                           "this `{` is closed by a `}` with other indentation: maybe its own "
                           "is missing");
    }
    uint32_t line = ch_source_line(source, token.start);
    if (!is_end(token) && ch_source_line(source, opener->start) == line)
        return;
    ch_diagnostic_note(&e->tree->diagnostics, diagnostic, NULL,
                       (ChRange){opener->start, opener->end}, "`%.*s` was opened here",
                       CH_STR_ARG(text_of(e, opener->start, opener->end)));
}

static void add_insertion(Explainer *e, ChDiagnostic *diagnostic, const char *text)
{
    ChDiagnosticList *list = &e->tree->diagnostics;
    ChFix *fix = ch_diagnostic_fix(list, diagnostic, "insert `%s`", text);
    ch_fix_edit(list, fix, (ChRange){e->previous_end, e->previous_end}, ch_str_of(text));
}

static ChDiagnostic *report(Explainer *e, ChToken token, const char *expected)
{
    ChDiagnosticList *list = &e->tree->diagnostics;
    ChRange range = {token.start, token.end};
    ChDiagnostic *diagnostic;
    bool wants_name = fits(e, e->words.identifier) && !fits(e, e->words.bang);
    e->reports++;
    if (is_end(token)) {
        e->has_end_report = true;
        diagnostic = ch_diagnostic_add(list, CH_SEVERITY_ERROR, CH__CODE_EOF, range,
                                       "unexpected end of file, expected %s", expected);
        ch_diagnostic_label(list, diagnostic, "file ends here");
    } else {
        ChStr found = found_text(e, token, wants_name);
        diagnostic = ch_diagnostic_add(list, CH_SEVERITY_ERROR, CH__CODE_SYNTAX, range,
                                       "expected %s, found %.*s", expected, CH_STR_ARG(found));
        ch_diagnostic_label(list, diagnostic, "unexpected token");
        diagnostic->found = found;
    }
    diagnostic->expected = ch_str_copy(list->arena, ch_str_of(expected));
    const char *help_word =
        is_end(token) ? NULL : help_for_found(text_of(e, token.start, token.end));
    const char *help = help_word ? help_word : help_for(expected);
    if (wants_name && is_misuse(e, token))
        ch_diagnostic_help(list, diagnostic, "`%.*s` is a reserved word: choose another name",
                           CH_STR_ARG(text_of(e, token.start, token.end)));
    else if (help)
        ch_diagnostic_help(list, diagnostic, "%s", help);
    if (!is_end(token) && strchr(")]}", *expected) && fits(e, e->words.comma) && !fits(e, e->words.newline) && !help_word)
        ch_diagnostic_help(list, diagnostic, "separate items with `,` or close with `%s`", expected);
    if (is_end(token) || strchr(")]}", *expected))
        note_opener(e, diagnostic, token);
    return diagnostic;
}

/* Errors of the reference's lexer carry their place in the message. */
static ChDiagnostic *report_lexical(Explainer *e, const char *code, ChRange range, ChStr what,
                                    const char *help)
{
    ChDiagnosticList *list = &e->tree->diagnostics;
    ChPosition at = ch_source_position(e->tree->source, range.start);
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(list, CH_SEVERITY_ERROR, code, range, "%.*s at %u:%u", CH_STR_ARG(what),
                          at.line, at.column);
    ch_diagnostic_label(list, diagnostic, "here");
    ch_diagnostic_help(list, diagnostic, "%s", help);
    e->reports++;
    return diagnostic;
}

static void report_unknown(Explainer *e, ChToken token)
{
    ChStr text = text_of(e, token.start, token.end);
    unsigned char byte = (unsigned char)text.data[0];
    ChStr what = byte < 0x20 || byte == 0x7f
                     ? ch_str_format(&e->tree->arena, "Unexpected character '\\u{%02x}'", byte)
                     : ch_str_format(&e->tree->arena, "Unexpected character '%.*s'",
                                     CH_STR_ARG(text));
    const char *help = "remove it, or put it into a string";
    if (byte == '\'')
        help = "strings stand between double quotes";
    else if (byte == '`')
        help = "strings stand between double quotes, those over several lines between \"\"\"";
    else if (byte == '#')
        help = "comments begin with `//`";
    else if (ch_str_starts_with(text, CH_STR("\xe2\x80")))
        help = "write plain quotes (\") instead of typographic ones";
    report_lexical(e, CH__CODE_CHARACTER, (ChRange){token.start, token.end}, what, help);
}

/* The outermost string of the line is what was left open: quotes behind it only seem to
 * begin strings inside its interpolations. */
static void report_unterminated(Explainer *e, ChToken token)
{
    const ChSource *source = e->tree->source;
    ChRange range = {token.start, token.end};
    bool is_multiline = false;
    for (uint32_t i = e->automaton.stack.count; i-- > 1;) {
        const ChStackItem *item = &e->automaton.stack.items[i];
        const char *name = ts_language_symbol_name(e->automaton.language, item->symbol);
        size_t length = strlen(name);
        if (range.start < token.start &&
            ch_source_line(source, item->start) != ch_source_line(source, range.start))
            break;
        if (!length || name[length - 1] != '"' || item->symbol >= e->token_count)
            continue;
        is_multiline = length == 3;
        range.start = item->start;
        if (is_multiline)
            break;
    }
    uint32_t line = ch_source_line(source, range.start);
    if (line == e->open_string_line)
        return;
    e->open_string_line = line;
    ChDiagnostic *diagnostic = report_lexical(
        e, CH__CODE_STRING, range, CH_STR("Unterminated string"),
        is_multiline ? "close the string with \"\"\""
                     : "close the string with `\"`; text over several lines stands between \"\"\"");
    e->previous_end = token.start;
    add_insertion(e, diagnostic, is_multiline ? "\"\"\"" : "\"");
}

/* An interpolation that is open because its string is. */
static bool is_in_open_string(Explainer *e)
{
    uint32_t index = e->open_string_line ? innermost_opener(e) : 0;
    if (!index)
        return false;
    const ChStackItem *opener = &e->automaton.stack.items[index];
    return ch_str_is(text_of(e, opener->start, opener->end), "${") &&
           ch_source_line(e->tree->source, opener->start) == e->open_string_line;
}

/* A mark that the scanner set for something absent: the automaton takes it and goes on. */
static void report_mark(Explainer *e, ChToken token)
{
    const Words *w = &e->words;
    if (token.symbol == w->unterminated) {
        report_unterminated(e, token);
        return;
    }
    if (token.is_unknown || !is_absent(e, token.symbol))
        return;
    const char *text = closer_that_fits(e);
    TSSymbol top = top_of(e)->symbol;
    if (!text || top == w->dot || top == w->optional_dot)
        text = "";
    ChToken next = visible_token(e, token.end);
    if (is_end(next) && e->has_end_report)
        return;
    ChDiagnostic *diagnostic = report(e, next, *text ? text : "member name");
    if (*text)
        add_insertion(e, diagnostic, text);
}

/* ---- going on behind an error */

/* Is the token at the position one that fits, and not a keyword in a name's place? */
static bool next_fits(Explainer *e)
{
    ChToken token = ch__automaton_read(&e->automaton);
    if (token.is_unknown || is_misuse(e, token))
        return token.is_unknown;
    return ch__automaton_accepts(&e->automaton, token.symbol, 0);
}

/* Put the token in at the end of what was read, if what follows fits then. */
static bool insertion_fits(Explainer *e, TSSymbol symbol, uint32_t behind)
{
    ChToken extra = {symbol, behind, behind, false};
    if (!symbol || ch__automaton_feed(&e->automaton, extra) != CH_STEP_SHIFTED)
        return false;
    e->automaton.position = behind;
    return next_fits(e);
}

/* One missing token: the likely ones first, then any keyword. */
static bool try_insertion(Explainer *e, ChToken token)
{
    const Words *w = &e->words;
    const TSSymbol likely[] = {w->newline, w->rparen,  w->rbracket,   w->comma,  w->colon, w->equals,
                               w->arrow,   w->greater, w->identifier, w->rbrace, w->lbrace};
    const uint32_t likely_count = sizeof likely / sizeof *likely;
    uint32_t behind = e->previous_end < token.start ? e->previous_end : token.start;
    uint32_t count = e->automaton.stack.count, position = e->automaton.position;
    bool tries_all = !fits(e, w->bang) && !fits(e, w->newline);
    size_t size = count * sizeof *e->automaton.stack.items;
    ChStackItem *saved = ch_alloc_copy(e->automaton.stack.items, size);
    bool done = false;
    bool ends_types = fits_type_end(e);
    for (uint32_t i = 0; i < likely_count + (tries_all ? e->token_count : 0) && !done; i++) {
        TSSymbol symbol = i < likely_count ? likely[i] : (TSSymbol)(i - likely_count);
        const char *name = ts_language_symbol_name(e->automaton.language, symbol);
        bool is_fixed =
            ts_language_symbol_type(e->automaton.language, symbol) == TSSymbolTypeAnonymous;
        bool is_word = is_fixed && *name >= 'a' && *name <= 'z';
        if ((i >= likely_count && !is_word) || (symbol == w->greater && !ends_types) ||
            !fits(e, symbol))
            continue;
        done = insertion_fits(e, symbol, behind);
        if (done && is_fixed)
            e->inserted = name;
        if (done)
            break;
        ch_array_reserve(&e->automaton.stack, count);
        memcpy(e->automaton.stack.items, saved, size);
        e->automaton.stack.count = count;
    }
    if (!done)
        e->automaton.position = position;
    ch_free(saved);
    return done;
}

/* The end of the line, statement or block that `offset` is in: brackets that open on
 * the way are passed over. */
static uint32_t boundary_behind(const ChSource *source, uint32_t offset)
{
    const char *text = source->text.data;
    uint32_t depth = 0, length = source->text.length;
    while (offset < length) {
        char c = text[offset];
        if (depth == 0 && (c == '\n' || c == ';' || c == '}'))
            return offset;
        if (c == '(' || c == '[' || c == '{')
            depth++;
        else if (c == ')' || c == ']' || c == '}')
            depth -= depth > 0;
        else if (c == '/' && offset + 1 < length && text[offset + 1] == '/')
            while (offset + 1 < length && text[offset + 1] != '\n')
                offset++;
        else if (c == '"')
            while (offset + 1 < length && text[offset + 1] != '\n' && text[++offset] != '"')
                if (text[offset] == '\\' && offset + 1 < length && text[offset + 1] != '\n')
                    offset++;
        offset++;
    }
    return length;
}

static bool begins_line(const ChSource *source, uint32_t offset)
{
    while (offset > 0 && (source->text.data[offset - 1] == ' ' || source->text.data[offset - 1] == '\t'))
        offset--;
    return offset == 0 || source->text.data[offset - 1] == '\n';
}

/* Can a statement, an entry or an item of a list begin or end here? Only there reading
 * goes on: behind `let x =` the next line would fit too, but was not meant. */
static bool is_between_items(Explainer *e)
{
    return fits(e, e->words.let) || fits(e, e->words.newline) || closer_that_fits(e);
}

/* Take items off the stack until the next token fits. */
static bool pop_until_fit(Explainer *e)
{
    uint32_t count = e->automaton.stack.count;
    while (e->automaton.stack.count > 0) {
        if (is_between_items(e) && next_fits(e)) {
            for (uint32_t i = e->automaton.stack.count; i < count; i++) {
                int kind = opens(e, e->automaton.stack.items[i].symbol);
                if (kind >= 1 && kind <= 3)
                    e->pending[kind - 1]++;
                kind = closes(e, e->automaton.stack.items[i].symbol);
                if (kind >= 1 && kind <= 3 && e->pending[kind - 1])
                    e->pending[kind - 1]--;
            }
            return true;
        }
        if (e->automaton.stack.count == 1)
            break;
        e->automaton.stack.count--;
    }
    e->automaton.stack.count = count;
    return false;
}

/* Text between other quotes than ours is skipped whole. */
static uint32_t behind_quotes(const Explainer *e, ChToken token)
{
    const ChSource *source = e->tree->source;
    ChStr quote = text_of(e, token.start, token.end);
    if (!ch_str_is(quote, "'") && !ch_str_is(quote, "`"))
        return token.end;
    int64_t end = ch_str_find(source->text, quote, token.end);
    int64_t line_end = ch_str_find(source->text, CH_STR("\n"), token.end);
    return end >= 0 && (line_end < 0 || end < line_end) ? (uint32_t)end + 1 : token.end;
}

/* Where a block has to begin and does so further on in the line: what stands between is
 * passed over. 0: not so. */
static uint32_t offset_of_brace(Explainer *e, ChToken token)
{
    const ChSource *source = e->tree->source;
    if (!fits(e, e->words.lbrace) || fits(e, e->words.newline) || fits(e, e->words.bang))
        return 0;
    for (uint32_t i = token.start; i < source->text.length && source->text.data[i] != '\n'; i++)
        if (source->text.data[i] == '{')
            return i;
    return 0;
}

static void recover(Explainer *e, ChToken token)
{
    if (token.is_unknown || (closes(e, token.symbol) && !innermost_opener(e))) {
        e->automaton.position = token.is_unknown ? behind_quotes(e, token) : token.end;
        token.end = e->automaton.position;
        e->previous_end = token.end;
        ChToken behind = {.start = token.end, .end = token.end};
        if (token.is_unknown && !next_fits(e))
            try_insertion(e, behind);
        return;
    }
    uint32_t brace = offset_of_brace(e, token);
    if (brace) {
        e->automaton.position = e->stopped_at = brace;
        return;
    }
    if (token.start > e->stopped_at && try_insertion(e, token)) {
        e->stopped_at = token.start;
        return;
    }
    const ChSource *source = e->tree->source;
    uint32_t position = token.start;
    bool stays = begins_line(source, token.start) && token.start > e->stopped_at;
    if (!stays)
        position = boundary_behind(source, token.start);
    for (;;) {
        if (position <= e->stopped_at && position < source->text.length)
            position = boundary_behind(source, e->stopped_at + 1);
        e->stopped_at = position;
        e->automaton.position = position;
        if (pop_until_fit(e))
            return;
        if (position >= source->text.length)
            return;
    }
}

/* ---- what is written otherwise in other languages */

static const struct {
    const char *written, *meant, *help;
} HABITS[] = {
    {"=>", "->", "arrows are written `->`"},
    {"..", "...", "spread and rest are written with three dots"},
    {"=", "==", "compare with `==`; an assignment is a statement"},
    {"and", "&&", "both conditions: `&&`"},
    {"or", "||", "one of two conditions: `||`"},
    {"::", ".", "members and enum variants are written behind a dot"},
    {":=", "=", "new variables are declared with `let` or `var`, and `=`"},
};

/* Read what is written as what is meant, if that fits; true when it was done. */
static bool read_habit(Explainer *e, ChToken token)
{
    const ChSource *source = e->tree->source;
    for (size_t i = 0; i < sizeof HABITS / sizeof *HABITS; i++) {
        uint32_t length = (uint32_t)strlen(HABITS[i].written);
        ChRange range = {token.start, token.start + length};
        bool is_word = HABITS[i].written[0] >= 'a';
        if (!ch_str_is(ch_source_text(source, range), HABITS[i].written) ||
            (is_word && token.end != range.end))
            continue;
        TSSymbol meant = find_token(e->automaton.language, HABITS[i].meant);
        if (!fits(e, meant))
            continue;
        ChToken found = {token.symbol, range.start, range.end, false};
        ChDiagnostic *diagnostic = report(e, found, expected_here(e, found));
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic, "%s", HABITS[i].help);
        ChFix *fix = ch_diagnostic_fix(&e->tree->diagnostics, diagnostic, "replace `%s` by `%s`",
                                       HABITS[i].written, HABITS[i].meant);
        ch_fix_edit(&e->tree->diagnostics, fix, range, ch_str_of(HABITS[i].meant));
        found.symbol = meant;
        ch__automaton_feed(&e->automaton, found);
        e->stopped_at = range.end - 1;
        return true;
    }
    return false;
}

/* ---- the whole */

static bool is_expected_closer(Explainer *e, ChToken token)
{
    int kind = closes(e, token.symbol);
    if (kind < 1 || kind > 3 || !e->pending[kind - 1])
        return false;
    e->pending[kind - 1]--;
    return true;
}

static void report_error(Explainer *e, ChToken token)
{
    if (token.is_unknown) {
        report_unknown(e, token);
        return;
    }
    if (token.symbol == e->words.unclosed_comment) {
        report_lexical(e, CH__CODE_COMMENT, (ChRange){token.start, token.start + 2},
                       CH_STR("Unterminated block comment"),
                       "close the comment with `*/`; comments nest, so each `/*` needs its own");
        return;
    }
    if (token.symbol == e->words.newline)
        token = visible_token(e, token.end);
    if (ch_str_is(text_of(e, token.start, token.start + 2), "<<")) {
        token.end = token.start + 2;
        e->stopped_at = token.start; /* no mending by insertion: the rest is text */
    }
    const ChStackItem *top = top_of(e);
    if (top->symbol == e->words.identifier && fits(e, e->words.double_colon)) {
        /* `import name`: the name may begin a path std::name, but stands for none here. */
        ChToken name = {top->symbol, top->start, top->end, false};
        ChDiagnostic *diagnostic = report(e, name, "import path string");
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic,
                           "write the path as a string: import \"%.*s\"",
                           CH_STR_ARG(text_of(e, top->start, top->end)));
        return;
    }
    const char *expected = expected_here(e, token);
    ChStr text = text_of(e, token.start, token.end);
    if (closes(e, token.symbol) && !innermost_opener(e)) {
        ChDiagnostic *diagnostic = report(e, token, expected);
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic,
                           "no bracket is open here: remove the `%.*s`", CH_STR_ARG(text));
        ChFix *fix = ch_diagnostic_fix(&e->tree->diagnostics, diagnostic, "remove `%.*s`",
                                       CH_STR_ARG(text));
        ch_fix_edit(&e->tree->diagnostics, fix, (ChRange){token.start, token.end}, (ChStr){0});
        return;
    }
    ChDiagnostic *diagnostic = report(e, token, expected);
    ChStr before = text_of(e, e->previous_end < 3 ? 0 : e->previous_end - 3, e->previous_end);
    if (ch_str_is(before, "not"))
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic, "the opposite is written `!`");
}

static uint32_t indentation_of(const ChSource *source, uint32_t offset)
{
    ChStr line = ch_source_line_text(source, ch_source_line(source, offset));
    uint32_t blanks = 0;
    while (blanks < line.length && (line.data[blanks] == ' ' || line.data[blanks] == '\t'))
        blanks++;
    return blanks;
}

/* A } that begins its line should stand below what begins the line of its {. */
static void watch_indentation(Explainer *e, ChToken token)
{
    const ChSource *source = e->tree->source;
    if (e->suspect.end || token.symbol != e->words.rbrace || !begins_line(source, token.start))
        return;
    uint32_t index = innermost_opener(e);
    if (!index || opens(e, e->automaton.stack.items[index].symbol) != 3)
        return;
    const ChStackItem *opener = &e->automaton.stack.items[index];
    if (indentation_of(source, opener->start) != indentation_of(source, token.start))
        e->suspect = (ChRange){opener->start, opener->end};
}

static void explain_text(Explainer *e)
{
    ChDiagnosticList *list = &e->tree->diagnostics;
    uint32_t length = e->tree->source->text.length;
    while (e->reports < CH_SYNTAX_ERRORS_MAX) {
        ChToken token = ch__automaton_read(&e->automaton);
        bool misused = is_misuse(e, token);
        watch_indentation(e, token);
        if (!misused)
            report_mark(e, token); /* and feed it like any other */
        ChStep step = misused ? CH_STEP_ERROR : ch__automaton_feed(&e->automaton, token);
        if (step == CH_STEP_ACCEPTED)
            return;
        if (step != CH_STEP_ERROR) {
            if (step == CH_STEP_SHIFTED && token.end > token.start)
                e->previous_end = token.end;
            continue;
        }
        if (is_expected_closer(e, token)) {
            e->automaton.position = token.end;
            continue;
        }
        uint32_t before = list->count;
        if (!token.is_unknown && read_habit(e, token))
            continue;
        uint32_t opener = is_end(token) ? innermost_opener(e) : 0;
        if (opener && e->automaton.stack.items[opener].start == e->automaton.stack.items[opener].end)
            return; /* what is open was put in by ourselves */
        if (is_end(token) && e->has_end_report)
            return;
        if (!is_in_open_string(e))
            report_error(e, token);
        if (misused && fits(e, e->words.identifier) && !help_for_found(text_of(e, token.start, token.end))) {
            ch__automaton_feed(&e->automaton, token);
            e->previous_end = token.end;
            continue;
        }
        if (is_end(token) || token.symbol == e->words.unclosed_comment)
            return;
        e->inserted = NULL;
        recover(e, token);
        if (e->inserted && list->count > before)
            add_insertion(e, list->items[list->count - 1], e->inserted);
        if (e->automaton.position >= length && !next_fits(e))
            return;
    }
}

/* The automaton found nothing wrong, the parser did: say where, at least. */
static void report_first_error(ChTree *tree)
{
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree->syntax));
    TSNode node = ts_tree_cursor_current_node(&cursor);
    while (!ts_node_is_error(node) && !ts_node_is_missing(node)) {
        bool moved = ts_node_has_error(node) ? ts_tree_cursor_goto_first_child(&cursor)
                                             : ts_tree_cursor_goto_next_sibling(&cursor);
        if (!moved)
            break;
        node = ts_tree_cursor_current_node(&cursor);
    }
    ch_diagnostic_add(&tree->diagnostics, CH_SEVERITY_ERROR, CH__CODE_SYNTAX,
                      (ChRange){ts_node_start_byte(node), ts_node_end_byte(node)},
                      ts_node_is_missing(node) ? "expected %s" : "this is not understood here",
                      ts_node_type(node));
    ts_tree_cursor_delete(&cursor);
}

void ch__errors_explain(ChTree *tree, const ChCst *cst)
{
    Explainer e = {.tree = tree, .token_count = ch__automaton_token_count(cst->language)};
    find_words(&e.words, cst->language);
    ch__automaton_init(&e.automaton, cst->language, tree->source->text);
    explain_text(&e);
    ch__automaton_release(&e.automaton);
    if (!tree->diagnostics.error_count && ts_node_has_error(ts_tree_root_node(tree->syntax)))
        report_first_error(tree);
}
