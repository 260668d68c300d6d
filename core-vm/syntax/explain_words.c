/* What is said of a syntax error: the words for what was expected, told by the tokens that
 * would have fitted and by what the automaton's stack holds; what stands there instead;
 * the place where the construct began; a mend. */
#include "syntax/explain_int.h"

#include <string.h>

#include "base/limits.h"
#include "syntax/syntax.h"

#include "base/banned.h"

TSSymbol ch__explain_find_token(const TSLanguage *language, const char *name) {
    TSSymbol symbol = ch__automaton_symbol(language, name, false);
    return symbol ? symbol : ch__automaton_symbol(language, name, true);
}

void ch__explain_find_words(Words *words, const TSLanguage *language) {
#define X(field, name, is_named) words->field = ch__explain_find_token(language, name);
    WORD_TOKENS(X)
#undef X
}

const ChStackItem *ch__explain_top_of(const Explainer *e) {
    return &ch_array_last(&e->automaton.stack);
}

bool ch__explain_fits(Explainer *e, TSSymbol symbol) {
    return symbol && ch__automaton_accepts(&e->automaton, symbol, 0);
}

/* A `>` that ends types, not one that compares. */
bool ch__explain_fits_type_end(Explainer *e) {
    return ch__explain_fits(e, e->words.greater) && !ch__explain_fits(e, e->words.less_equal);
}

ChStr ch__explain_text_of(const Explainer *e, uint32_t start, uint32_t end) {
    return ch_source_text(e->tree->source, (ChRange){start, end});
}

bool ch__explain_is_end(ChToken token) {
    return token.symbol == 0 && !token.is_unknown;
}

/* What stands at `offset`, behind blanks and line ends. */
ChToken ch__explain_visible_token(Explainer *e, uint32_t offset) {
    ChToken token = ch__automaton_peek(&e->automaton, offset);
    if (token.symbol == e->words.newline) token = ch__automaton_peek(&e->automaton, token.end);
    return token;
}

/* ---- words that are reserved, and what reads them as names all the same */

static char next_visible(const ChSource *source, uint32_t offset) {
    while (offset < source->text.length && strchr(" \t\r\n?", source->text.data[offset]))
        offset++;
    return offset < source->text.length ? source->text.data[offset] : 0;
}

static char previous_visible(const ChSource *source, uint32_t offset) {
    while (offset > 0 && strchr(" \t\r\n", source->text.data[offset - 1]))
        offset--;
    return offset > 0 ? source->text.data[offset - 1] : 0;
}

bool ch__is_reserved_misuse(const ChSource *source, uint32_t start, uint32_t end) {
    ChStr word = ch_source_text(source, (ChRange){start, end});
    if (word.length < 2 || !ch_syntax_is_keyword(word)) return false;
    return previous_visible(source, start) != '.' && next_visible(source, end) != ':';
}

bool ch__explain_is_misuse(const Explainer *e, ChToken token) {
    return token.symbol == e->words.identifier && !token.is_unknown &&
           ch__is_reserved_misuse(e->tree->source, token.start, token.end);
}

/* ---- the construct that an error is in */

/* The bracket that a token opens or closes: 1, 2, 3 for ( [ {, 4 for <; 0 for none.
 * Told by the name, since several tokens can look alike: there are three kinds of {. */
static int bracket_of(const Explainer *e, TSSymbol symbol, const char *brackets) {
    if (!symbol || symbol >= e->token_count) return 0;
    const char *name = ts_language_symbol_name(e->automaton.language, symbol);
    size_t length = strlen(name);
    if (length == 2 && (name[0] == '$' || name[0] == '?'))
        name++;
    else if (length != 1)
        return 0;
    const char *found = strchr(brackets, *name);
    return found ? (int)(found - brackets) + 1 : 0;
}

int ch__explain_opens(const Explainer *e, TSSymbol symbol) {
    return bracket_of(e, symbol, "([{<");
}

int ch__explain_closes(const Explainer *e, TSSymbol symbol) {
    return bracket_of(e, symbol, ")]}>");
}

/* The scanner's mark for something that is missing. */
static bool is_absent(const Explainer *e, TSSymbol symbol) {
    return symbol && symbol < e->token_count &&
           strcmp(ts_language_symbol_name(e->automaton.language, symbol), "absent") == 0;
}

/* Index on the stack of the innermost bracket that is still open; 0 when none is. */
uint32_t ch__explain_innermost_opener(Explainer *e) {
    uint32_t closed = 0;
    for (uint32_t i = e->automaton.stack.count; i-- > 1;) {
        TSSymbol symbol = e->automaton.stack.items[i].symbol;
        int kind = ch__explain_opens(e, symbol), end = ch__explain_closes(e, symbol);
        if (is_absent(e, symbol)) {
            TSSymbol before = e->automaton.stack.items[i - 1].symbol;
            end = before != e->words.dot && before != e->words.optional_dot;
        }
        /* `<` is an operator as well; only the bracket of types counts. */
        if (end == 4 || (kind == 4 && !ch__explain_fits_type_end(e))) continue;
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
static ChStr keyword_below(const Explainer *e, uint32_t index) {
    for (uint32_t i = index, steps = 0; i-- > 1 && steps < 12; steps++) {
        const ChStackItem *item = &e->automaton.stack.items[i];
        if (item->symbol >= e->token_count || ch__explain_opens(e, item->symbol)) continue;
        ChStr text = ch__explain_text_of(e, item->start, item->end);
        if (ch_syntax_is_keyword(text)) return text;
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
    {1, "for", "pair pattern element"},    {1, "", "parameter name"},        {2, "", "element name"},
    {3, "struct", "field name"},           {3, "enum", "variant name"},      {3, "import", "import name"},
    {3, "select", "select case variable"}, {3, "skill", "skill field name"}, {3, "", "field name"},
    {4, "", "type parameter name"},
};

/* A name had to come, and nothing else. */
static const char *expected_name(Explainer *e) {
    uint32_t opener = ch__explain_innermost_opener(e);
    int kind = opener ? ch__explain_opens(e, e->automaton.stack.items[opener].symbol) : 0;
    ChStr keyword = keyword_below(e, opener);
    for (size_t i = 0; i < sizeof EXPECTED_NAMES / sizeof *EXPECTED_NAMES; i++)
        if (EXPECTED_NAMES[i].opener == kind &&
            (!*EXPECTED_NAMES[i].keyword || ch_str_is(keyword, EXPECTED_NAMES[i].keyword)))
            return EXPECTED_NAMES[i].expected;
    return "identifier";
}

/* Something is complete: what may follow it? */
static const char *expected_continuation(Explainer *e) {
    const Words *w = &e->words;
    if (ch__explain_fits(e, w->newline)) {
        if (ch__explain_fits(e, w->comma)) return ", or }";
        uint32_t opener = ch__explain_innermost_opener(e);
        return opener && ch__explain_opens(e, e->automaton.stack.items[opener].symbol) == 3
                   ? "statement separator (`;` or newline)"
                   : "top-level item separator (`;` or newline)";
    }
    const struct {
        TSSymbol symbol;
        const char *text;
    } order[] = {{w->lbrace, "{"}, {w->rparen, ")"}, {w->rbracket, "]"}, {w->equals, "="}, {w->arrow, "->"},
                 {w->colon, ":"},  {w->rbrace, "}"}, {w->lparen, "("},   {w->comma, ","}};
    if (ch__explain_fits_type_end(e)) return ">";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (ch__explain_fits(e, order[i].symbol)) return order[i].text;
    return NULL;
}

/* The tokens with a fixed text that would fit, when they are few. */
static const char *expected_tokens(Explainer *e) {
    ChBuffer text = {0};
    uint32_t count = 0;
    for (uint32_t i = 1; i < e->token_count && count < 4; i++) {
        const char *name = ts_language_symbol_name(e->automaton.language, (TSSymbol)i);
        if (ts_language_symbol_type(e->automaton.language, (TSSymbol)i) != TSSymbolTypeAnonymous ||
            !ch__explain_fits(e, (TSSymbol)i))
            continue;
        ch_buffer_printf(&text, "%s%s", count ? " or " : "", name);
        count++;
    }
    const char *kept =
        count && count < 4 ? ch_str_copy(&e->tree->arena, ch_buffer_view(&text)).data : "something else";
    ch_buffer_release(&text);
    return kept;
}

const char *ch__explain_closer_that_fits(Explainer *e) {
    return ch__explain_fits(e, e->words.rparen)     ? ")"
           : ch__explain_fits(e, e->words.rbracket) ? "]"
           : ch__explain_fits(e, e->words.rbrace)   ? "}"
                                                    : NULL;
}

const char *ch__explain_expected_here(Explainer *e, ChToken found) {
    const Words *w = &e->words;
    const ChStackItem *top = ch__explain_top_of(e);
    if (top->symbol < e->token_count && top->symbol) {
        if (top->symbol == w->dot || top->symbol == w->optional_dot) return "member name";
        ChStr after = ch__explain_text_of(e, top->start, top->end);
        for (size_t i = 0; i < sizeof EXPECTED_AFTER / sizeof *EXPECTED_AFTER; i++)
            if (ch_str_is(after, EXPECTED_AFTER[i].after) &&
                (ch__explain_fits(e, w->identifier) || !ch__explain_fits(e, w->lparen)))
                return EXPECTED_AFTER[i].expected;
        if (ch_str_is(after, "from") && !ch__explain_fits(e, w->bang)) return "import path string";
    }
    if (ch__explain_is_end(found) && ch__explain_closer_that_fits(e)) return ch__explain_closer_that_fits(e);
    if (ch__explain_fits(e, w->at) && ch__explain_fits(e, w->fn) && !ch__explain_fits(e, w->import))
        return "fn/tool/skill/eval_pack/pipeline/struct/enum/type/interface/impl declaration "
               "after `@attr`";
    if (ch__explain_fits(e, w->bang)) return "expression";
    if (ch__explain_fits(e, w->identifier)) {
        if (ch__explain_fits(e, w->spread) && ch__explain_fits(e, w->lbracket)) return "dict key";
        return ch__explain_fits(e, w->lbracket) && ch__explain_fits(e, w->lbrace) ? "type name"
                                                                                  : expected_name(e);
    }
    const char *continuation = expected_continuation(e);
    return continuation ? continuation : expected_tokens(e);
}

/* ---- reports */

#define FOUND_CHARS_MAX 40u

static ChStr found_text(Explainer *e, ChToken token, bool wants_name) {
    ChArena *arena = &e->tree->arena;
    ChStr text = ch__explain_text_of(e, token.start, token.end);
    if (wants_name && ch__explain_is_misuse(e, token))
        return ch_str_format(arena, "'%.*s' (reserved keyword)", CH_STR_ARG(text));
    if (text.length > FOUND_CHARS_MAX) {
        const char *end = text.data + FOUND_CHARS_MAX;
        while (((unsigned char)*end & 0xc0) == 0x80)
            end--;
        text = ch_str_format(arena, "%.*s...", (int)(end - text.data), text.data);
    }
    return text;
}

static const char *help_for(const char *expected) {
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
        if (strcmp(ROWS[i].expected, expected) == 0) return ROWS[i].help;
    return NULL;
}

/* Words that only continue something, found where nothing goes on. */
const char *ch__explain_help_for_found(ChStr found) {
    if (ch_str_is(found, "else")) return "`else` follows the `}` of its `if`, without `;` between them";
    if (ch_str_is(found, "catch") || ch_str_is(found, "finally"))
        return "`catch` and `finally` follow the `}` of their `try`, without `;` between them";
    if (ch_str_is(found, "<<")) return "for text over several lines use \"\"\"...\"\"\"";
    return NULL;
}

static void note_opener(Explainer *e, ChDiagnostic *diagnostic, ChToken token) {
    uint32_t index = ch__explain_innermost_opener(e);
    if (!index) return;
    const ChStackItem *opener = &e->automaton.stack.items[index];
    const ChSource *source = e->tree->source;
    if (opener->start == opener->end) return; /* put in by ourselves */
    if (e->suspect.end && e->suspect.start > opener->start) {
        ch_diagnostic_note(&e->tree->diagnostics, diagnostic, NULL, e->suspect,
                           "this `{` is closed by a `}` with other indentation: maybe its own "
                           "is missing");
    }
    uint32_t line = ch_source_line(source, token.start);
    if (!ch__explain_is_end(token) && ch_source_line(source, opener->start) == line) return;
    ch_diagnostic_note(&e->tree->diagnostics, diagnostic, NULL, (ChRange){opener->start, opener->end},
                       "`%.*s` was opened here",
                       CH_STR_ARG(ch__explain_text_of(e, opener->start, opener->end)));
}

void ch__explain_add_insertion(Explainer *e, ChDiagnostic *diagnostic, const char *text) {
    ChDiagnosticList *list = &e->tree->diagnostics;
    ChFix *fix = ch_diagnostic_fix(list, diagnostic, "insert `%s`", text);
    ch_fix_edit(list, fix, (ChRange){e->previous_end, e->previous_end}, ch_str_of(text));
}

ChDiagnostic *ch__explain_report(Explainer *e, ChToken token, const char *expected) {
    ChDiagnosticList *list = &e->tree->diagnostics;
    ChRange range = {token.start, token.end};
    ChDiagnostic *diagnostic;
    bool wants_name = ch__explain_fits(e, e->words.identifier) && !ch__explain_fits(e, e->words.bang);
    e->reports++;
    if (ch__explain_is_end(token)) {
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
    const char *help_word = ch__explain_is_end(token)
                                ? NULL
                                : ch__explain_help_for_found(ch__explain_text_of(e, token.start, token.end));
    const char *help = help_word ? help_word : help_for(expected);
    if (wants_name && ch__explain_is_misuse(e, token))
        ch_diagnostic_help(list, diagnostic, "`%.*s` is a reserved word: choose another name",
                           CH_STR_ARG(ch__explain_text_of(e, token.start, token.end)));
    else if (help)
        ch_diagnostic_help(list, diagnostic, "%s", help);
    if (!ch__explain_is_end(token) && strchr(")]}", *expected) && ch__explain_fits(e, e->words.comma) &&
        !ch__explain_fits(e, e->words.newline) && !help_word)
        ch_diagnostic_help(list, diagnostic, "separate items with `,` or close with `%s`", expected);
    if (ch__explain_is_end(token) || strchr(")]}", *expected)) note_opener(e, diagnostic, token);
    return diagnostic;
}

/* Errors of the reference's lexer carry their place in the message. */
ChDiagnostic *ch__explain_report_lexical(Explainer *e, const char *code, ChRange range, ChStr what,
                                         const char *help) {
    ChDiagnosticList *list = &e->tree->diagnostics;
    ChPosition at = ch_source_position(e->tree->source, range.start);
    ChDiagnostic *diagnostic = ch_diagnostic_add(list, CH_SEVERITY_ERROR, code, range, "%.*s at %u:%u",
                                                 CH_STR_ARG(what), at.line, at.column);
    ch_diagnostic_label(list, diagnostic, "here");
    ch_diagnostic_help(list, diagnostic, "%s", help);
    e->reports++;
    return diagnostic;
}

void ch__explain_report_unknown(Explainer *e, ChToken token) {
    ChStr text = ch__explain_text_of(e, token.start, token.end);
    unsigned char byte = (unsigned char)text.data[0];
    ChStr what = byte < 0x20 || byte == 0x7f
                     ? ch_str_format(&e->tree->arena, "Unexpected character '\\u{%02x}'", byte)
                     : ch_str_format(&e->tree->arena, "Unexpected character '%.*s'", CH_STR_ARG(text));
    const char *help = "remove it, or put it into a string";
    if (byte == '\'')
        help = "strings stand between double quotes";
    else if (byte == '`')
        help = "strings stand between double quotes, those over several lines between \"\"\"";
    else if (byte == '#')
        help = "comments begin with `//`";
    else if (ch_str_starts_with(text, CH_STR("\xe2\x80")))
        help = "write plain quotes (\") instead of typographic ones";
    ch__explain_report_lexical(e, CH__CODE_CHARACTER, (ChRange){token.start, token.end}, what, help);
}

/* The outermost string of the line is what was left open: quotes behind it only seem to
 * begin strings inside its interpolations. They all end in a mark of their own, so the walk
 * outwards is made once for a line. */
static void report_unterminated(Explainer *e, ChToken token) {
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
        if (!length || name[length - 1] != '"' || item->symbol >= e->token_count) continue;
        if (ch_source_line(source, item->start) == e->open_string_line) return;
        is_multiline = length == 3;
        range.start = item->start;
        if (is_multiline) break;
    }
    uint32_t line = ch_source_line(source, range.start);
    if (line == e->open_string_line) return;
    e->open_string_line = line;
    ChDiagnostic *diagnostic = ch__explain_report_lexical(
        e, CH__CODE_STRING, range, CH_STR("Unterminated string"),
        is_multiline ? "close the string with \"\"\""
                     : "close the string with `\"`; text over several lines stands between \"\"\"");
    e->previous_end = token.start;
    ch__explain_add_insertion(e, diagnostic, is_multiline ? "\"\"\"" : "\"");
}

/* An interpolation that is open because its string is. */
bool ch__explain_is_in_open_string(Explainer *e) {
    uint32_t index = e->open_string_line ? ch__explain_innermost_opener(e) : 0;
    if (!index) return false;
    const ChStackItem *opener = &e->automaton.stack.items[index];
    return ch_str_is(ch__explain_text_of(e, opener->start, opener->end), "${") &&
           ch_source_line(e->tree->source, opener->start) == e->open_string_line;
}

/* A mark that the scanner set for something absent: the automaton takes it and goes on. */
void ch__explain_report_mark(Explainer *e, ChToken token) {
    const Words *w = &e->words;
    if (token.symbol == w->unterminated) {
        report_unterminated(e, token);
        return;
    }
    if (token.is_unknown || !is_absent(e, token.symbol)) return;
    const char *text = ch__explain_closer_that_fits(e);
    TSSymbol top = ch__explain_top_of(e)->symbol;
    if (!text || top == w->dot || top == w->optional_dot) text = "";
    ChToken next = ch__explain_visible_token(e, token.end);
    if ((ch__explain_is_end(next) && e->has_end_report) || ch__explain_is_in_open_string(e)) return;
    ChDiagnostic *diagnostic = ch__explain_report(e, next, *text ? text : "member name");
    if (*text) ch__explain_add_insertion(e, diagnostic, text);
}
