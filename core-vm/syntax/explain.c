/* Syntax errors in words. When a text has errors, the parser's automaton reads it again
 * (automaton_int.h): where a token does not fit, what would have fitted is asked of the
 * tables, and said as "expected X, found Y" with the place where the construct began and
 * a mend. Then the reading goes on: by inserting what is missing if the rest fits then,
 * else behind the line, with as much of the stack as still makes sense. The result
 * depends on the text alone, not on how an editor arrived at it. */
#include "syntax/explain_int.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

#include "base/banned.h"

/* ---- going on behind an error */

/* Is the token at the position one that fits, and not a keyword in a name's place? */
static bool next_fits(Explainer *e) {
    ChToken token = ch__automaton_read(&e->automaton);
    if (token.is_unknown || ch__explain_is_misuse(e, token)) return token.is_unknown;
    return ch__automaton_accepts(&e->automaton, token.symbol, 0);
}

/* Put the token in at the end of what was read, if what follows fits then. */
static bool insertion_fits(Explainer *e, TSSymbol symbol, uint32_t behind) {
    ChToken extra = {symbol, behind, behind, false};
    if (!symbol || ch__automaton_feed(&e->automaton, extra) != CH_STEP_SHIFTED) return false;
    e->automaton.position = behind;
    return next_fits(e);
}

/* One missing token: the likely ones first, then any keyword. */
static bool try_insertion(Explainer *e, ChToken token) {
    const Words *w = &e->words;
    const TSSymbol likely[] = {w->newline, w->rparen,  w->rbracket,   w->comma,  w->colon, w->equals,
                               w->arrow,   w->greater, w->identifier, w->rbrace, w->lbrace};
    const uint32_t likely_count = sizeof likely / sizeof *likely;
    uint32_t behind = e->previous_end < token.start ? e->previous_end : token.start;
    uint32_t count = e->automaton.stack.count, position = e->automaton.position;
    bool tries_all = !ch__explain_fits(e, w->bang) && !ch__explain_fits(e, w->newline);
    size_t size = count * sizeof *e->automaton.stack.items;
    ChStackItem *saved = ch_alloc_copy(e->automaton.stack.items, size);
    bool done = false;
    bool needs_block = !ch__explain_fits(e, w->bang);
    bool ends_types = ch__explain_fits_type_end(e);
    for (uint32_t i = 0; i < likely_count + (tries_all ? e->token_count : 0) && !done; i++) {
        TSSymbol symbol = i < likely_count ? likely[i] : (TSSymbol)(i - likely_count);
        const char *name = ts_language_symbol_name(e->automaton.language, symbol);
        bool is_fixed = ts_language_symbol_type(e->automaton.language, symbol) == TSSymbolTypeAnonymous;
        bool is_word = is_fixed && *name >= 'a' && *name <= 'z';
        if ((i >= likely_count && !is_word) || (symbol == w->greater && !ends_types) ||
            (symbol == w->lbrace && !needs_block) || !ch__explain_fits(e, symbol))
            continue;
        done = insertion_fits(e, symbol, behind);
        if (done && is_fixed) e->inserted = name;
        if (done) break;
        ch_array_reserve(&e->automaton.stack, count);
        memcpy(e->automaton.stack.items, saved, size);
        e->automaton.stack.count = count;
    }
    if (!done) e->automaton.position = position;
    ch_free(saved);
    return done;
}

/* The end of the line, statement or block that `offset` is in: brackets that open on
 * the way are passed over. */
static uint32_t boundary_behind(const ChSource *source, uint32_t offset) {
    const char *text = source->text.data;
    uint32_t depth = 0, length = source->text.length;
    while (offset < length) {
        char c = text[offset];
        if (depth == 0 && (c == '\n' || c == ';' || c == '}')) return offset;
        if (c == '(' || c == '[' || c == '{')
            depth++;
        else if (c == ')' || c == ']' || c == '}')
            depth -= depth > 0;
        else if (c == '/' && offset + 1 < length && text[offset + 1] == '/')
            while (offset + 1 < length && text[offset + 1] != '\n')
                offset++;
        else if (c == '"')
            while (offset + 1 < length && text[offset + 1] != '\n' && text[++offset] != '"')
                if (text[offset] == '\\' && offset + 1 < length && text[offset + 1] != '\n') offset++;
        offset++;
    }
    return length;
}

static bool begins_line(const ChSource *source, uint32_t offset) {
    while (offset > 0 && (source->text.data[offset - 1] == ' ' || source->text.data[offset - 1] == '\t'))
        offset--;
    return offset == 0 || source->text.data[offset - 1] == '\n';
}

/* Can a statement, an entry or an item of a list begin or end here? Only there reading
 * goes on: behind `let x =` the next line would fit too, but was not meant. */
static bool is_between_items(Explainer *e) {
    return ch__explain_fits(e, e->words.let) || ch__explain_fits(e, e->words.newline) ||
           ch__explain_closer_that_fits(e);
}

/* Take items off the stack until the next token fits. */
static bool pop_until_fit(Explainer *e) {
    uint32_t count = e->automaton.stack.count;
    while (e->automaton.stack.count > 0) {
        if (is_between_items(e) && next_fits(e)) {
            for (uint32_t i = e->automaton.stack.count; i < count; i++) {
                int kind = ch__explain_opens(e, e->automaton.stack.items[i].symbol);
                if (kind >= 1 && kind <= 3) e->pending[kind - 1]++;
                kind = ch__explain_closes(e, e->automaton.stack.items[i].symbol);
                if (kind >= 1 && kind <= 3 && e->pending[kind - 1]) e->pending[kind - 1]--;
            }
            return true;
        }
        if (e->automaton.stack.count == 1) break;
        e->automaton.stack.count--;
    }
    e->automaton.stack.count = count;
    return false;
}

/* Text between other quotes than ours is skipped whole. */
static uint32_t behind_quotes(const Explainer *e, ChToken token) {
    const ChSource *source = e->tree->source;
    ChStr quote = ch__explain_text_of(e, token.start, token.end);
    if (!ch_str_is(quote, "'") && !ch_str_is(quote, "`")) return token.end;
    int64_t end = ch_str_find(source->text, quote, token.end);
    int64_t line_end = ch_str_find(source->text, CH_STR("\n"), token.end);
    return end >= 0 && (line_end < 0 || end < line_end) ? (uint32_t)end + 1 : token.end;
}

/* Where a block has to begin and does so further on in the line: what stands between is
 * passed over. 0: not so. */
static uint32_t offset_of_brace(Explainer *e, ChToken token) {
    const ChSource *source = e->tree->source;
    if (!ch__explain_fits(e, e->words.lbrace) || ch__explain_fits(e, e->words.newline) ||
        ch__explain_fits(e, e->words.bang))
        return 0;
    for (uint32_t i = token.start; i < source->text.length && source->text.data[i] != '\n'; i++)
        if (source->text.data[i] == '{') return i;
    return 0;
}

static void recover(Explainer *e, ChToken token) {
    if (token.is_unknown || (ch__explain_closes(e, token.symbol) && !ch__explain_innermost_opener(e))) {
        e->automaton.position = token.is_unknown ? behind_quotes(e, token) : token.end;
        token.end = e->automaton.position;
        e->previous_end = token.end;
        ChToken behind = {.start = token.end, .end = token.end};
        if (token.is_unknown && !next_fits(e)) try_insertion(e, behind);
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
    if (!stays) position = boundary_behind(source, token.start);
    for (;;) {
        if (position <= e->stopped_at && position < source->text.length)
            position = boundary_behind(source, e->stopped_at + 1);
        e->stopped_at = position;
        e->automaton.position = position;
        if (pop_until_fit(e)) return;
        if (position >= source->text.length) return;
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
static bool read_habit(Explainer *e, ChToken token) {
    const ChSource *source = e->tree->source;
    for (size_t i = 0; i < sizeof HABITS / sizeof *HABITS; i++) {
        uint32_t length = (uint32_t)strlen(HABITS[i].written);
        ChRange range = {token.start, token.start + length};
        bool is_word = HABITS[i].written[0] >= 'a';
        if (!ch_str_is(ch_source_text(source, range), HABITS[i].written) ||
            (is_word && token.end != range.end))
            continue;
        TSSymbol meant = ch__explain_find_token(e->automaton.language, HABITS[i].meant);
        if (!ch__explain_fits(e, meant)) continue;
        ChToken found = {token.symbol, range.start, range.end, false};
        ChDiagnostic *diagnostic = ch__explain_report(e, found, ch__explain_expected_here(e, found));
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

static bool is_expected_closer(Explainer *e, ChToken token) {
    int kind = ch__explain_closes(e, token.symbol);
    if (kind < 1 || kind > 3 || !e->pending[kind - 1]) return false;
    e->pending[kind - 1]--;
    return true;
}

static void report_error(Explainer *e, ChToken token) {
    if (token.is_unknown) {
        ch__explain_report_unknown(e, token);
        return;
    }
    if (token.symbol == e->words.unclosed_comment) {
        ch__explain_report_lexical(e, CH__CODE_COMMENT, (ChRange){token.start, token.start + 2},
                                   CH_STR("Unterminated block comment"),
                                   "close the comment with `*/`; comments nest, so each `/*` needs its own");
        return;
    }
    if (token.symbol == e->words.newline) token = ch__explain_visible_token(e, token.end);
    if (ch_str_is(ch__explain_text_of(e, token.start, token.start + 2), "<<")) {
        token.end = token.start + 2;
        e->stopped_at = token.start; /* no mending by insertion: the rest is text */
    }
    const ChStackItem *top = ch__explain_top_of(e);
    if (top->symbol == e->words.identifier && ch__explain_fits(e, e->words.double_colon)) {
        /* `import name`: the name may begin a path std::name, but stands for none here. */
        ChToken name = {top->symbol, top->start, top->end, false};
        ChDiagnostic *diagnostic = ch__explain_report(e, name, "import path string");
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic, "write the path as a string: import \"%.*s\"",
                           CH_STR_ARG(ch__explain_text_of(e, top->start, top->end)));
        return;
    }
    const char *expected = ch__explain_expected_here(e, token);
    ChStr text = ch__explain_text_of(e, token.start, token.end);
    if (ch__explain_closes(e, token.symbol) && !ch__explain_innermost_opener(e)) {
        ChDiagnostic *diagnostic = ch__explain_report(e, token, expected);
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic, "no bracket is open here: remove the `%.*s`",
                           CH_STR_ARG(text));
        ChFix *fix = ch_diagnostic_fix(&e->tree->diagnostics, diagnostic, "remove `%.*s`", CH_STR_ARG(text));
        ch_fix_edit(&e->tree->diagnostics, fix, (ChRange){token.start, token.end}, (ChStr){0});
        return;
    }
    ChDiagnostic *diagnostic = ch__explain_report(e, token, expected);
    ChStr before = ch__explain_text_of(e, e->previous_end < 3 ? 0 : e->previous_end - 3, e->previous_end);
    if (ch_str_is(before, "not"))
        ch_diagnostic_help(&e->tree->diagnostics, diagnostic, "the opposite is written `!`");
}

static uint32_t indentation_of(const ChSource *source, uint32_t offset) {
    ChStr line = ch_source_line_text(source, ch_source_line(source, offset));
    uint32_t blanks = 0;
    while (blanks < line.length && (line.data[blanks] == ' ' || line.data[blanks] == '\t'))
        blanks++;
    return blanks;
}

/* A } that begins its line should stand below what begins the line of its {. */
static void watch_indentation(Explainer *e, ChToken token) {
    const ChSource *source = e->tree->source;
    if (e->suspect.end || token.symbol != e->words.rbrace || !begins_line(source, token.start)) return;
    uint32_t index = ch__explain_innermost_opener(e);
    if (!index || ch__explain_opens(e, e->automaton.stack.items[index].symbol) != 3) return;
    const ChStackItem *opener = &e->automaton.stack.items[index];
    if (indentation_of(source, opener->start) != indentation_of(source, token.start))
        e->suspect = (ChRange){opener->start, opener->end};
}

static void explain_text(Explainer *e) {
    ChDiagnosticList *list = &e->tree->diagnostics;
    uint32_t length = e->tree->source->text.length;
    uint32_t empty_tokens = 0, last_end = 0;
    while (e->reports < CH_SYNTAX_ERRORS_MAX && empty_tokens < CH_SYNTAX_EMPTY_TOKENS_MAX) {
        ChToken token = ch__automaton_read(&e->automaton);
        empty_tokens = token.end > last_end ? 0 : empty_tokens + 1;
        last_end = token.end;
        bool misused = ch__explain_is_misuse(e, token);
        watch_indentation(e, token);
        if (!misused) ch__explain_report_mark(e, token); /* and feed it like any other */
        ChStep step = misused ? CH_STEP_ERROR : ch__automaton_feed(&e->automaton, token);
        if (step == CH_STEP_ACCEPTED) return;
        if (step != CH_STEP_ERROR) {
            if (step == CH_STEP_SHIFTED && token.end > token.start) e->previous_end = token.end;
            continue;
        }
        if (is_expected_closer(e, token)) {
            e->automaton.position = token.end;
            continue;
        }
        uint32_t before = list->count;
        if (!token.is_unknown && read_habit(e, token)) continue;
        uint32_t opener = ch__explain_is_end(token) ? ch__explain_innermost_opener(e) : 0;
        if (opener && e->automaton.stack.items[opener].start == e->automaton.stack.items[opener].end)
            return; /* what is open was put in by ourselves */
        if (ch__explain_is_end(token) && e->has_end_report) return;
        if (!ch__explain_is_in_open_string(e) && !(e->reports && token.start == e->reported_at))
            report_error(e, token);
        e->reported_at = token.start;
        if (misused && !begins_line(e->tree->source, token.start) &&
            ch__explain_fits(e, e->words.identifier) &&
            !ch__explain_help_for_found(ch__explain_text_of(e, token.start, token.end))) {
            ch__automaton_feed(&e->automaton, token);
            e->previous_end = token.end;
            continue;
        }
        if (ch__explain_is_end(token) || token.symbol == e->words.unclosed_comment) return;
        e->inserted = NULL;
        recover(e, token);
        if (e->inserted && list->count > before)
            ch__explain_add_insertion(e, list->items[list->count - 1], e->inserted);
        if (e->automaton.position >= length && !next_fits(e)) return;
    }
}

/* The automaton found nothing wrong, the parser did: say where, at least. */
static void report_first_error(ChTree *tree) {
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree->syntax));
    TSNode node = ts_tree_cursor_current_node(&cursor);
    while (!ts_node_is_error(node) && !ts_node_is_missing(node)) {
        bool moved = ts_node_has_error(node) ? ts_tree_cursor_goto_first_child(&cursor)
                                             : ts_tree_cursor_goto_next_sibling(&cursor);
        if (!moved) break;
        node = ts_tree_cursor_current_node(&cursor);
    }
    ch_diagnostic_add(&tree->diagnostics, CH_SEVERITY_ERROR, CH__CODE_SYNTAX,
                      (ChRange){ts_node_start_byte(node), ts_node_end_byte(node)},
                      ts_node_is_missing(node) ? "expected %s" : "this is not understood here",
                      ts_node_type(node));
    ts_tree_cursor_delete(&cursor);
}

void ch__errors_explain(ChTree *tree, const ChCst *cst) {
    Explainer e = {.tree = tree, .token_count = ch__automaton_token_count(cst->language)};
    ch__explain_find_words(&e.words, cst->language);
    ch__automaton_init(&e.automaton, cst->language, tree->source->text);
    explain_text(&e);
    ch__automaton_release(&e.automaton);
    if (!tree->diagnostics.error_count && ts_node_has_error(ts_tree_root_node(tree->syntax)))
        report_first_error(tree);
}

void ch__last_backslash_report(ChTree *tree) {
    ChStr text = tree->source->text;
    if (text.length == 0 || text.data[text.length - 1] != '\\') return;
    TSNode root = ts_tree_root_node(tree->syntax);
    TSNode node = ts_node_descendant_for_byte_range(root, text.length - 1, text.length);
    if (!ts_node_is_null(node) && !ts_node_eq(node, root)) return; /* in a comment or a string */
    ChPosition at = ch_source_position(tree->source, text.length - 1);
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(&tree->diagnostics, CH_SEVERITY_ERROR, CH__CODE_CHARACTER,
                          (ChRange){text.length - 1, text.length}, "Unexpected character '\\' at %u:%u", at.line, at.column);
    ch_diagnostic_label(&tree->diagnostics, diagnostic, "here");
    ch_diagnostic_help(&tree->diagnostics, diagnostic, "remove it: no line follows that it could join to this one");
}
