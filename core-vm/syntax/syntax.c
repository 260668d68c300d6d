/* Parsing: the generated parser makes the concrete tree, the lowering the abstract one,
 * and the errors are put into words. */
#include "syntax/syntax.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "syntax/syntax_int.h"

#include "base/banned.h"

/* ---- the concrete tree */

static TSPoint point_of(const ChSource *source, uint32_t offset) {
    uint32_t line = ch_source_line(source, offset);
    return (TSPoint){line - 1, offset - ch_source_line_start(source, line)};
}

/* One edit that covers all differences: what stands between the longest common
 * beginning and the longest common end. */
static TSInputEdit edit_between(const ChSource *old, const ChSource *new) {
    uint32_t shared = old->text.length < new->text.length ? old->text.length : new->text.length;
    uint32_t start = 0, tail = 0;
    while (start + 4096 <= shared && memcmp(old->text.data + start, new->text.data + start, 4096) == 0)
        start += 4096;
    while (start < shared && old->text.data[start] == new->text.data[start])
        start++;
    while (tail < shared - start &&
           old->text.data[old->text.length - tail - 1] == new->text.data[new->text.length - tail - 1])
        tail++;
    TSInputEdit edit = {.start_byte = start,
                        .old_end_byte = old->text.length - tail,
                        .new_end_byte = new->text.length - tail};
    edit.start_point = point_of(old, start);
    edit.old_end_point = point_of(old, edit.old_end_byte);
    edit.new_end_point = point_of(new, edit.new_end_byte);
    return edit;
}

typedef struct TextReader {
    const ChSource *source;
    const atomic_bool *cancelled;
} TextReader;

static const char *read_text(void *payload, uint32_t offset, TSPoint position, uint32_t *length) {
    (void)position;
    const ChSource *source = ((TextReader *)payload)->source;
    if (offset > source->text.length) offset = source->text.length;
    *length = source->text.length - offset;
    return source->text.data + offset;
}

static bool should_stop(TSParseState *state) {
    const atomic_bool *cancelled = ((TextReader *)state->payload)->cancelled;
    return cancelled && atomic_load_explicit(cancelled, memory_order_relaxed);
}

/* NULL when it was cancelled. */
static TSTree *parse_concrete(const ChCst *cst, const ChSource *source, const TSTree *old,
                              const atomic_bool *cancelled) {
    TextReader reader = {source, cancelled};
    TSParser *parser = ts_parser_new();
    ts_parser_set_language(parser, cst->language);
    TSInput input = {.payload = &reader, .read = read_text, .encoding = TSInputEncodingUTF8};
    TSParseOptions options = {.payload = &reader, .progress_callback = should_stop};
    TSTree *tree = ts_parser_parse_with_options(parser, old, input, options);
    ts_parser_delete(parser);
    return tree;
}

/* ---- texts that are not parsed */

/* Where brackets open deeper, or prefixes and closers run longer, than the parser's
 * memory is good for; the text's length when nowhere. Strings and comments are not told
 * apart: the limit is far beyond what any of them holds. */
static uint32_t find_excess(ChStr text) {
    uint32_t open = 0, closers = 0, prefixes = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '(' || c == '[' || c == '{')
            open++;
        else if (c == ')' || c == ']' || c == '}')
            open ? open-- : closers++;
        prefixes = c == '-' || c == '!' ? prefixes + 1 : 0;
        if (open > CH_SYNTAX_BRACKETS_MAX || closers > CH_SYNTAX_BRACKETS_MAX ||
            prefixes > CH_SYNTAX_BRACKETS_MAX)
            return i;
    }
    return text.length;
}

static void report_excess(ChTree *tree, uint32_t offset) {
    ChDiagnosticList *list = &tree->diagnostics;
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(list, CH_SEVERITY_ERROR, CH__CODE_DEPTH, (ChRange){offset, offset + 1},
                          "nesting too deep: more than %u brackets or operators", CH_SYNTAX_BRACKETS_MAX);
    ch_diagnostic_help(list, diagnostic, "nothing of this file was parsed; is it a program?");
}

/* ---- the abstract tree */

ChTree *ch_tree_ref(ChTree *tree) {
    __atomic_add_fetch(&tree->ref_count, 1, __ATOMIC_RELAXED);
    return tree;
}

void ch_tree_unref(ChTree *tree) {
    if (!tree || __atomic_sub_fetch(&tree->ref_count, 1, __ATOMIC_ACQ_REL) > 0) return;
    ch_diagnostics_release(&tree->diagnostics);
    ch_arena_release(&tree->arena);
    ch_free(tree->comments);
    ts_tree_delete(tree->syntax);
    ch_source_unref(tree->source);
    ch_free(tree);
}

bool ch_tree_is_provisional(const ChTree *tree) {
    return tree->is_provisional;
}

static ChTree *build_tree(ChSource *source, TSTree *take_syntax, const ChCst *cst, bool is_provisional) {
    ChTree *tree = ch_alloc_zero(1, sizeof *tree);
    tree->is_provisional = is_provisional;
    tree->source = ch_source_ref(source);
    tree->syntax = take_syntax;
    tree->ref_count = 1;
    ch_arena_init(&tree->arena);
    ch_diagnostics_init(&tree->diagnostics, &tree->arena);
    if (ch__lower_tree(tree, cst)) ch__errors_explain(tree, cst);
    else ch__last_backslash_report(tree);
    ch__docs_attach(tree);
    ch_diagnostics_sort(&tree->diagnostics);
    return tree;
}

ChTree *ch_syntax_parse(ChSource *source, const ChSyntaxOptions *options) {
    static const ChSyntaxOptions DEFAULTS = {0};
    if (!options) options = &DEFAULTS;
    const ChCst *cst = ch__cst();
    TSTree *syntax = NULL;
    bool is_provisional = false;
    uint32_t excess = find_excess(source->text);
    if (excess < source->text.length) {
        ChSource *nothing = ch_source_new(source->path, (ChStr){0}, NULL);
        syntax = parse_concrete(cst, nothing, NULL, NULL);
        ChTree *tree = build_tree(source, syntax, cst, false);
        tree->is_refused = true;
        report_excess(tree, excess);
        ch_source_unref(nothing);
        return tree;
    }
    if (options->old && !options->old->is_refused) {
        TSTree *before = ts_tree_copy(options->old->syntax);
        TSInputEdit edit = edit_between(options->old->source, source);
        ts_tree_edit(before, &edit);
        syntax = parse_concrete(cst, source, before, options->cancelled);
        ts_tree_delete(before);
        is_provisional = syntax && ts_node_has_error(ts_tree_root_node(syntax));
        if (is_provisional && !options->allow_provisional) {
            ts_tree_delete(syntax);
            syntax = NULL;
            is_provisional = false;
        }
    }
    if (!syntax && !(options->cancelled && atomic_load(options->cancelled)))
        syntax = parse_concrete(cst, source, NULL, options->cancelled);
    ChTree *tree = syntax ? build_tree(source, syntax, cst, is_provisional) : NULL;
    return tree;
}
