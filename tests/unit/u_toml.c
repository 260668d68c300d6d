// The tree of a TOML text: kinds, order and places; problems with their place; tables nested without end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/toml.h"

static ChArena arena;

static ChToml *parse(const char *text, ChTomlProblem *problem) { return ch_toml_parse(&arena, ch_str_of(text), problem); }

static void tree_knows_places(void **state) {
    static const char text[] = "a = 1\n[t.\"u v\"]\nb = [true, \"x\"]\nc.d = 1.5\n[[l]]\n[[l]]\ne = { f = 'g' }\n";
    ChTomlProblem problem;
    const ChToml *root = parse(text, &problem);
    assert_non_null(root);
    assert_null(problem.text);
    const ChToml *table = ch_toml_get(ch_toml_get(root, CH_STR("t")), CH_STR("u v")), *list = ch_toml_get(table, CH_STR("b"));
    assert_int_equal(ch_toml_get(root, CH_STR("a"))->as.integer, 1);
    assert_int_equal(table->at, strstr(text, "[t") - text);
    assert_int_equal(list->at, strstr(text, "b =") - text);
    assert_int_equal(list->value_at, strstr(text, "[true") - text);
    assert_true(list->first->as.boolean);
    assert_true(ch_str_is(list->last->as.text, "x"));
    assert_true(ch_toml_get(ch_toml_get(table, CH_STR("c")), CH_STR("d"))->as.real == 1.5);
    const ChToml *tables = ch_toml_get(root, CH_STR("l"));
    assert_int_equal(tables->kind, CH_TOML_ARRAY);
    assert_ptr_equal(tables->first->next, tables->last);
    assert_true(ch_str_is(ch_toml_get(ch_toml_get(tables->last, CH_STR("e")), CH_STR("f"))->as.text, "g"));
    assert_null(ch_toml_get(root, CH_STR("none")));
    assert_null(ch_toml_get(ch_toml_get(root, CH_STR("a")), CH_STR("b")));
    assert_null(ch_toml_get(NULL, CH_STR("a")));
}

static void problems_have_places(void **state) {
    static const struct {
        const char *text, *problem;
        uint32_t at;
    } cases[] = {
        {"a = 1\na = 2\n", "duplicate key", 6},
        {"[t]\n[t]\n", "duplicate key", 4},
        {"t = {a = 1}\nt.b = 2\n", "duplicate key", 12},
        {"t = {a = 1}\n[t.b]\n", "duplicate key", 12},
        {"l = [1]\n[[l]]\n", "duplicate key", 8},
        {"[[l]]\n[l]\n", "duplicate key", 6},
        {"a\n", "expected `.`, `=`", 1},
        {"a = [1", "invalid array, expected `]`", 6},
        {"a = 'x\n", "invalid literal string, expected `'`", 6},
        {"a = nothing\n", "string values must be quoted, expected literal string", 4},
        {"a = 1 b = 2\n", "expected newline, `#`", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ChTomlProblem problem;
        assert_null(parse(cases[i].text, &problem));
        assert_string_equal(problem.text, cases[i].problem);
        assert_int_equal(problem.at, cases[i].at);
    }
}

static void nesting_is_no_recursion(void **state) {
    enum { DEEP = 200000 };
    ChBuffer text = {0};
    for (int i = 0; i < DEEP; i++) ch_buffer_add_text(&text, i ? ".a" : "[a");
    ch_buffer_add_text(&text, "]\nb = 1\n");
    ChTomlProblem problem;
    const ChToml *at = parse(text.data, &problem);
    assert_non_null(at);
    for (int i = 0; i < DEEP; i++) at = ch_toml_get(at, CH_STR("a"));
    assert_int_equal(ch_toml_get(at, CH_STR("b"))->as.integer, 1);
    ch_buffer_clear(&text);
    ch_buffer_add_text(&text, "a = ");
    for (int i = 0; i <= CH_TOML_DEPTH_MAX; i++) ch_buffer_add_byte(&text, '[');
    assert_null(parse(text.data, &problem));
    assert_string_equal(problem.text, "recursion limit exceeded");
    ch_buffer_release(&text);
}

static void long_tables_take_no_squares(void **state) {
    ChBuffer text = {0};
    for (int i = 0; i < 200000; i++) ch_buffer_printf(&text, "key%d = %d\n", i, i);
    ChTomlProblem problem;
    const ChToml *root = parse(text.data, &problem);
    assert_non_null(root);
    assert_int_equal(root->last->as.integer, 199999);
    ch_buffer_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_knows_places),
        cmocka_unit_test(problems_have_places),
        cmocka_unit_test(nesting_is_no_recursion),
        cmocka_unit_test(long_tables_take_no_squares),
    };
    ch_arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ch_arena_release(&arena);
    return failed;
}
