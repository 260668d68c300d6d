/* Parsing: depth, length, editing, comments, cancellation, and the vocabulary that the
 * lowering shares with the grammar. What single texts give is in tests/check/syntax. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tree_sitter/api.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "syntax/syntax.h"

const TSLanguage *tree_sitter_harn(void);

static ChTree *parse_text(ChStr text, const ChTree *old) {
    ChSource *source = ch_source_new(CH_STR("x.harn"), text, NULL);
    assert_non_null(source);
    ChSyntaxOptions options = {.old = old};
    ChTree *tree = ch_syntax_parse(source, &options);
    ch_source_unref(source);
    assert_non_null(tree);
    return tree;
}

static ChTree *parse(const char *text) {
    return parse_text(ch_str_of(text), NULL);
}

/* prefix, `count` times open, middle, `count` times close. */
static ChTree *parse_nested(const char *prefix, const char *open, const char *middle, const char *close,
                            uint32_t count) {
    ChBuffer text = {0};
    ch_buffer_add_text(&text, prefix);
    for (uint32_t i = 0; i < count; i++)
        ch_buffer_add_text(&text, open);
    ch_buffer_add_text(&text, middle);
    for (uint32_t i = 0; i < count; i++)
        ch_buffer_add_text(&text, close);
    ChTree *tree = parse_text(ch_buffer_view(&text), NULL);
    ch_buffer_release(&text);
    return tree;
}

static ChNode *first_value(const ChTree *tree) {
    assert_int_equal(tree->root->as.file.items.count, 1);
    assert_int_equal(tree->root->as.file.items.items[0]->kind, CH_NODE_LET);
    return tree->root->as.file.items.items[0]->as.binding.value;
}

static bool has_code(const ChTree *tree, const char *code) {
    for (uint32_t i = 0; i < tree->diagnostics.count; i++)
        if (ch_str_is(tree->diagnostics.items[i]->code, code)) return true;
    return false;
}

#define DEEP 70000u

static void parentheses_nest_without_limit(void **state) {
    (void)state;
    ChTree *tree = parse_nested("let a = ", "(", "1", ")", DEEP);
    assert_int_equal(tree->diagnostics.count, 0);
    assert_int_equal(first_value(tree)->kind, CH_NODE_INT);
    assert_true(first_value(tree)->flags & CH_FLAG_PARENTHESIZED);
    ch_tree_unref(tree);
}

static void deep_nesting_is_a_diagnostic(void **state) {
    (void)state;
    static const struct {
        const char *prefix, *open, *middle, *close;
    } rows[] = {
        {"let a = ", "[", "1", "]"},      {"let a = ", "-", "1", ""},        {"let a = ", "!", "a", ""},
        {"let a = ", "{a: ", "1", "}"},   {"let a = ", "{ x -> ", "1", "}"}, {"let a = ", "f(", "1", ")"},
        {"let a = ", "\"${", "1", "}\""}, {"type A = ", "[", "int", "]"},    {"", "if a { ", "1", " }"},
        {"let a = ", "1 ** ", "1", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ChTree *tree = parse_nested(rows[i].prefix, rows[i].open, rows[i].middle, rows[i].close,
                                    CH_SYNTAX_DEPTH_MAX + 500);
        if (!has_code(tree, "HARN-PAR-100"))
            fail_msg("%s repeated gives no diagnostic about depth", rows[i].open);
        ch_tree_unref(tree);
        tree = parse_nested(rows[i].prefix, rows[i].open, rows[i].middle, rows[i].close, 500);
        if (tree->diagnostics.count)
            fail_msg("%s: %s", rows[i].open, tree->diagnostics.items[0]->message.data);
        ch_tree_unref(tree);
    }
}

static void unclosed_nesting_is_survived(void **state) {
    (void)state;
    static const char *const opens[] = {"(", "[", "{", "f(", "\"${", "fn f() {", "match x {", ")"};
    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
        ChTree *tree = parse_nested("let a = ", opens[i], "", "", 66000);
        assert_true(tree->diagnostics.error_count > 0);
        assert_true(tree->diagnostics.count <= CH_SYNTAX_ERRORS_MAX + 1);
        ch_tree_unref(tree);
    }
}

static void excess_is_refused_before_parsing(void **state) {
    (void)state;
    static const char *const runs[] = {"(", "}", "-"};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        ChTree *tree = parse_nested("let a = ", runs[i], "1", "", CH_SYNTAX_BRACKETS_MAX + 1);
        assert_int_equal(tree->diagnostics.count, 1);
        assert_true(has_code(tree, "HARN-PAR-100"));
        assert_int_equal(tree->root->as.file.items.count, 0);
        ChTree *next = parse_text(CH_STR("let a = 1"), tree);
        assert_int_equal(next->diagnostics.count, 0);
        assert_int_equal(next->root->as.file.items.count, 1);
        ch_tree_unref(next);
        ch_tree_unref(tree);
    }
}

static void chains_have_no_depth(void **state) {
    (void)state;
    static const struct {
        const char *link;
        uint16_t kind;
    } rows[] = {{" + 1", CH_NODE_BINARY}, {".b", CH_NODE_MEMBER},  {".b()", CH_NODE_METHOD_CALL},
                {"[0]", CH_NODE_INDEX},   {"?.b", CH_NODE_MEMBER}, {" |> f", CH_NODE_BINARY}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ChTree *tree = parse_nested("let a = x", rows[i].link, "", "", DEEP);
        assert_int_equal(tree->diagnostics.count, 0);
        uint32_t links = 0;
        for (const ChNode *node = first_value(tree); node->kind == rows[i].kind; links++) {
            ChNodeIter children = ch_node_iter(node);
            node = ch_node_next(&children);
        }
        assert_int_equal(links, DEEP);
        ch_tree_unref(tree);
    }
    ChTree *tree = parse_nested("if a { 1 }", " else if b { 2 }", " else { 3 }", "", 20000);
    assert_int_equal(tree->diagnostics.count, 0);
    ch_tree_unref(tree);
}

static ChWalk count_node(ChNode *node, void *data) {
    (void)node;
    ++*(uint32_t *)data;
    return CH_WALK_INTO;
}

static void ids_are_unique_and_below_the_count(void **state) {
    (void)state;
    ChTree *tree = parse("fn f(a, b = 1) -> int { let {c, d: e} = a\n match b { 1 | 2 -> { c } } }");
    uint32_t visited = 0;
    ch_node_walk(tree->root, count_node, NULL, &visited);
    assert_true(visited > 10 && visited <= tree->node_count);
    bool *seen = ch_alloc_zero(tree->node_count, 1);
    CH_ARRAY_OF(ChNode *) todo = {0};
    ch_array_push(&todo, tree->root);
    while (todo.count) {
        ChNode *node = ch_array_pop(&todo);
        assert_true(node->id < tree->node_count);
        assert_false(seen[node->id]);
        seen[node->id] = true;
        ChNodeIter children = ch_node_iter(node);
        for (ChNode *child; (child = ch_node_next(&children));)
            ch_array_push(&todo, child);
    }
    ch_array_release(&todo);
    ch_free(seen);
    ch_tree_unref(tree);
}

static void nodes_are_found_by_offset(void **state) {
    (void)state;
    const char *text = "@a\nfn f(x) { return x.len + g(1) }";
    ChTree *tree = parse(text);
    ChNode *path[8];
    uint32_t count;
    ChNode *node = ch_tree_node_at(tree, (uint32_t)(strstr(text, "g(1") - text), path, 8, &count);
    assert_int_equal(node->kind, CH_NODE_IDENTIFIER);
    assert_ptr_equal(path[count - 1], node);
    assert_int_equal(path[count - 2]->kind, CH_NODE_CALL);
    assert_int_equal(path[0]->kind, CH_NODE_FILE);
    node = ch_tree_node_at(tree, (uint32_t)(strstr(text, "len") - text), NULL, 0, NULL);
    assert_int_equal(node->kind, CH_NODE_MEMBER);
    node = ch_tree_node_at(tree, 1, NULL, 0, NULL);
    assert_int_equal(node->kind, CH_NODE_ATTRIBUTE);
    ch_tree_unref(tree);
}

static void assert_doc(const char *text, const char *doc) {
    ChTree *tree = parse(text);
    assert_int_equal(tree->root->as.file.items.count, 1);
    char *got = ch_str_detach(tree->root->as.file.items.items[0]->as.decl.doc);
    assert_string_equal(got, doc);
    ch_free(got);
    ch_tree_unref(tree);
}

static void doc_comments_belong_to_declarations(void **state) {
    (void)state;
    assert_doc("/** One. */\nfn f() { 1 }", "One.");
    assert_doc("/**\n * One.\n *\n *   Two.\n */\nfn f() { 1 }", "One.\n\n  Two.");
    assert_doc("/// One.\n/// Two.\nfn f() { 1 }", "One.\nTwo.");
    assert_doc("// One.\n// Two.\nfn f() { 1 }", "One.\nTwo.");
    assert_doc("/** One. */\n@test\nfn f() { 1 }", "One.");
    assert_doc("@test\n/** One. */\nfn f() { 1 }", "One.");
    assert_doc("/** Far. */\n\nfn f() { 1 }", "");
    assert_doc("/* Plain. */\nfn f() { 1 }", "");
    assert_doc("//// Bar.\nfn f() { 1 }", "// Bar.");
}

static void comments_are_listed_in_order(void **state) {
    (void)state;
    ChTree *tree = parse("// a\nlet x = 1 // b\n/** c /* d */ */\n");
    assert_int_equal(tree->comment_count, 3);
    assert_true(tree->comments[0].is_alone && !tree->comments[0].is_block);
    assert_false(tree->comments[1].is_alone);
    assert_true(tree->comments[2].is_block && tree->comments[2].is_doc);
    ch_tree_unref(tree);
}

static ChStr dump_of(const ChTree *tree, ChBuffer *buffer) {
    ch_buffer_clear(buffer);
    ch_node_dump(tree->root, buffer);
    return ch_buffer_view(buffer);
}

/* Change one text into the next by random edits; the incremental tree must be the one
 * that a fresh parse gives. */
static void editing_gives_the_same_tree_as_parsing_anew(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "let x = 1\n", "fn f(a) { a }\n",        "(", ")", "{", "}", "\"", " + 2", "// c\n", "\n", "x",
        "\xc3\xa4",    "if a { 1 } else { 2 }\n"};
    ChBuffer text = {0}, left = {0}, right = {0};
    ch_buffer_add_text(&text, "fn f(a) {\n  let b = [1, 2, a]\n  return \"v ${b}\"\n}\nlet c = f(3)\n");
    ChTree *tree = parse_text(ch_buffer_view(&text), NULL);
    uint32_t seed = 12345;
    for (int round = 0; round < 200; round++) {
        seed = seed * 1103515245u + 12345u;
        const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
        size_t at = ch_utf8_floor(text.data, text.length, (seed >> 4) % (text.length + 1));
        size_t end = ch_utf8_floor(text.data, text.length, at + (seed >> 24) % 12);
        ChBuffer changed = {0};
        ch_buffer_add(&changed, text.data, at);
        ch_buffer_add_text(&changed, piece);
        if (end > at) at = end;
        ch_buffer_add(&changed, text.data + at, text.length - at);
        ch_buffer_release(&text);
        text = changed;
        ChTree *edited = parse_text(ch_buffer_view(&text), tree);
        ChTree *fresh = parse_text(ch_buffer_view(&text), NULL);
        assert_true(ch_str_equal(dump_of(edited, &left), dump_of(fresh, &right)));
        assert_int_equal(edited->diagnostics.count, fresh->diagnostics.count);
        assert_false(ch_tree_is_provisional(edited));
        ch_tree_unref(fresh);
        ch_tree_unref(tree);
        tree = edited;
    }
    ch_tree_unref(tree);
    ch_buffer_release(&text);
    ch_buffer_release(&left);
    ch_buffer_release(&right);
}

static void a_cancelled_parse_gives_nothing(void **state) {
    (void)state;
    atomic_bool cancelled;
    atomic_init(&cancelled, true);
    ChSource *source = ch_source_new(CH_STR("x"), CH_STR("let x = 1"), NULL);
    ChSyntaxOptions options = {.cancelled = &cancelled};
    assert_null(ch_syntax_parse(source, &options));
    atomic_store(&cancelled, false);
    ChTree *tree = ch_syntax_parse(source, &options);
    assert_non_null(tree);
    ch_tree_unref(tree);
    ch_source_unref(source);
}

static void errors_in_binary_data_are_limited(void **state) {
    (void)state;
    ChBuffer text = {0};
    uint32_t seed = 99;
    for (int i = 0; i < 100000; i++) {
        seed = seed * 1103515245u + 12345u;
        ch_buffer_add_rune(&text, (seed >> 16) % 255);
    }
    ChTree *tree = parse_text(ch_buffer_view(&text), NULL);
    assert_true(tree->diagnostics.error_count > 0);
    assert_true(tree->diagnostics.count <= CH_DIAGNOSTICS_MAX);
    ch_tree_unref(tree);
    ch_buffer_release(&text);
}

/* A symbol that the grammar renamed would silently lower to nothing. */
static void the_grammar_knows_every_word_of_the_lowering(void **state) {
    (void)state;
    const TSLanguage *language = tree_sitter_harn();
    static const char *const symbols[] = {
#define CH_CST(name, symbol, reducer) symbol,
#include "syntax/cst.def"
#undef CH_CST
    };
    static const char *const fields[] = {
#define CH_CST_FIELD(name, text) text,
#include "syntax/cst.def"
#undef CH_CST_FIELD
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        uint32_t length = (uint32_t)strlen(symbols[i]);
        if (!ts_language_symbol_for_name(language, symbols[i], length, true) &&
            !ts_language_symbol_for_name(language, symbols[i], length, false))
            fail_msg("the grammar has no symbol %s", symbols[i]);
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!ts_language_field_id_for_name(language, fields[i], (uint32_t)strlen(fields[i])))
            fail_msg("the grammar has no field %s", fields[i]);
}

static void keywords_are_told_from_names(void **state) {
    (void)state;
    assert_true(ch_syntax_is_keyword(CH_STR("let")));
    assert_true(ch_syntax_is_keyword(CH_STR("escalate_to")));
    assert_false(ch_syntax_is_keyword(CH_STR("each")));
    assert_false(ch_syntax_is_keyword(CH_STR("lets")));
    uint32_t count = 0;
    while (ch_syntax_keywords()[count].length)
        count++;
    assert_true(count > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parentheses_nest_without_limit),
        cmocka_unit_test(deep_nesting_is_a_diagnostic),
        cmocka_unit_test(unclosed_nesting_is_survived),
        cmocka_unit_test(excess_is_refused_before_parsing),
        cmocka_unit_test(chains_have_no_depth),
        cmocka_unit_test(ids_are_unique_and_below_the_count),
        cmocka_unit_test(nodes_are_found_by_offset),
        cmocka_unit_test(doc_comments_belong_to_declarations),
        cmocka_unit_test(comments_are_listed_in_order),
        cmocka_unit_test(editing_gives_the_same_tree_as_parsing_anew),
        cmocka_unit_test(a_cancelled_parse_gives_nothing),
        cmocka_unit_test(errors_in_binary_data_are_limited),
        cmocka_unit_test(the_grammar_knows_every_word_of_the_lowering),
        cmocka_unit_test(keywords_are_told_from_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
