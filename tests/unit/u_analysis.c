/* The questions that editors ask of an analysis, on small texts with marks: `^` stands
 * before the place that is asked about and is taken out of the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/module.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/path.h"
#include "builtins/builtins.h"
#include "syntax/syntax.h"

typedef struct Case {
    ChTree *tree;
    ChAnalysis *analysis;
    uint32_t mark; /* offset of the `^` */
} Case;

static Case open_case(const char *marked, const ChAnalysisOptions *options)
{
    Case test = {0};
    ChBuffer text = {0};
    for (const char *at = marked; *at; at++) {
        if (*at == '^')
            test.mark = (uint32_t)text.length;
        else
            ch_buffer_add_byte(&text, *at);
    }
    ChSource *source = ch_source_new(CH_STR("/case/main.harn"), ch_buffer_view(&text), NULL);
    assert_non_null(source);
    test.tree = ch_syntax_parse(source, NULL);
    test.analysis = ch_analysis_run(test.tree, options);
    assert_non_null(test.analysis);
    ch_source_unref(source);
    ch_buffer_release(&text);
    return test;
}

static void close_case(Case *test)
{
    ch_analysis_unref(test->analysis);
    ch_tree_unref(test->tree);
}

static void assert_text(ChStr actual, const char *expected)
{
    char *text = ch_str_detach(actual);
    assert_string_equal(text, expected);
    ch_free(text);
}

static void assert_description(const Case *test, uint32_t symbol, const char *expected)
{
    ChBuffer text = {0};
    ch_symbol_describe(test->analysis, symbol, &text);
    assert_string_equal(text.data, expected);
    ch_buffer_release(&text);
}

static void assert_type(const ChType *type, const char *expected)
{
    ChBuffer text = {0};
    ch_type_format(type, &text);
    assert_string_equal(text.data, expected);
    ch_buffer_release(&text);
}

/* ---- what is here ---- */

static void symbol_under_the_cursor(void **state)
{
    (void)state;
    Case test = open_case("fn area(r: float) -> float {\n  return r * 2.0\n}\nlet a = ^area(1.0)\n", NULL);
    ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
    assert_int_equal(here.kind, CH_OCCURRENCE_SYMBOL);
    assert_text(here.text, "area");
    assert_true(here.flags & CH_REFERENCE_CALL);
    assert_description(&test, here.symbol, "fn area(r: float) -> float");
    const ChModuleFacts *module;
    ChRange range = ch_analysis_definition(test.analysis, here.symbol, &module);
    assert_null(module);
    assert_int_equal(range.start, 3);
    close_case(&test);
}

static void end_of_a_word_belongs_to_it(void **state)
{
    (void)state;
    Case test = open_case("let width = 1\nprintln(width^)\n", NULL);
    ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
    assert_int_equal(here.kind, CH_OCCURRENCE_SYMBOL);
    assert_text(here.text, "width");
    close_case(&test);
}

static void builtins_and_methods(void **state)
{
    (void)state;
    Case test = open_case("let n = ^to_string(1)\n", NULL);
    ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
    assert_int_equal(here.kind, CH_OCCURRENCE_BUILTIN);
    assert_string_equal(ch_builtin_rows[here.builtin].name, "to_string");
    close_case(&test);

    test = open_case("let xs = [1, 2]\nlet n = xs.^contains(1)\n", NULL);
    here = ch_analysis_at(test.analysis, test.mark);
    assert_int_equal(here.kind, CH_OCCURRENCE_METHOD);
    assert_string_equal(ch_builtin_rows[here.builtin].name, "contains");
    close_case(&test);
}

static void fields_variants_and_methods(void **state)
{
    (void)state;
    const char *declarations = "struct Point {\n  x: int\n}\nimpl Point {\n  fn twice(self) -> int {\n"
                               "    return self.x * 2\n  }\n}\nenum Color {\n  Red\n  Mixed(parts: int)\n}\n"
                               "let p = Point {x: 1}\n";
    struct {
        const char *use, *description;
    } cases[] = {
        {"println(p.^x)\n", "(field) Point.x: int"},
        {"println(p.^twice())\n", "fn Point.twice(self) -> int"},
        {"println(Color.^Red)\n", "(variant) Color.Red"},
        {"println(Color.^Mixed(1))\n", "(variant) Color.Mixed(parts: int)"},
        {"println(Point {^x: 2})\n", "(field) Point.x: int"},
        {"match Color.Red {\n  Color.^Mixed(n) -> { println(n) }\n  _ -> {}\n}\n",
         "(variant) Color.Mixed(parts: int)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ChBuffer text = {0};
        ch_buffer_printf(&text, "%s%s", declarations, cases[i].use);
        Case test = open_case(text.data, NULL);
        ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
        assert_int_equal(here.kind, CH_OCCURRENCE_SYMBOL);
        assert_description(&test, here.symbol, cases[i].description);
        close_case(&test);
        ch_buffer_release(&text);
    }
}

static void nothing_between_words(void **state)
{
    (void)state;
    Case test = open_case("let a = 1 + ^ 2\n", NULL);
    assert_int_equal(ch_analysis_at(test.analysis, test.mark).kind, CH_OCCURRENCE_NONE);
    assert_int_equal(ch_analysis_at(test.analysis, 1000).kind, CH_OCCURRENCE_NONE);
    close_case(&test);
}

/* ---- references ---- */

static void reads_writes_and_declaration(void **state)
{
    (void)state;
    Case test = open_case("var ^n = 1\nn = 2\nn += 1\nvar xs = [n]\nxs[n] = 3\nprintln(n)\n", NULL);
    ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
    uint32_t count, total;
    const uint32_t *order = ch_analysis_references_of(test.analysis, here.symbol, &count);
    const ChReference *references = ch_analysis_references(test.analysis, &total);
    static const uint32_t flags[] = {
        CH_REFERENCE_DECLARATION, CH_REFERENCE_WRITE, CH_REFERENCE_WRITE | CH_REFERENCE_READ,
        CH_REFERENCE_READ,        CH_REFERENCE_READ,  CH_REFERENCE_READ,
    };
    assert_int_equal(count, 6);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(references[order[i]].flags, flags[i]);
    close_case(&test);
}

static void inner_names_are_others(void **state)
{
    (void)state;
    Case test = open_case("let x = 1\nfn f(x) {\n  return x\n}\nprintln(^x)\n", NULL);
    ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
    uint32_t count;
    ch_analysis_references_of(test.analysis, here.symbol, &count);
    assert_int_equal(count, 2);
    close_case(&test);
}

/* ---- types ---- */

static void narrowed_types_where_they_stand(void **state)
{
    (void)state;
    Case test = open_case("fn f(x: string | nil) {\n  if x != nil {\n    println(^x)\n  }\n}\n", NULL);
    assert_type(ch_analysis_at(test.analysis, test.mark).type, "string");
    close_case(&test);
    test = open_case("fn f(x: string | nil) {\n  println(^x)\n}\n", NULL);
    assert_type(ch_analysis_at(test.analysis, test.mark).type, "string?");
    close_case(&test);
}

static void hints_where_a_type_is_not_plain(void **state)
{
    (void)state;
    Case test = open_case("fn f() -> list<int> {\n  return [1]\n}\nlet a = f()\nlet b = 1\n", NULL);
    uint32_t count;
    const ChTypeHint *hints = ch_analysis_hints(test.analysis, &count);
    assert_int_equal(count, 1);
    assert_type(hints[0].type, "list<int>");
    close_case(&test);
}

/* ---- visible names ---- */

typedef struct Names {
    ChBuffer text;
} Names;

static bool add_name(void *data, const ChSymbol *symbol, uint32_t index)
{
    Names *names = data;
    (void)index;
    ch_buffer_printf(&names->text, "%.*s ", CH_STR_ARG(symbol->name));
    return true;
}

static void visible_names_innermost_first(void **state)
{
    (void)state;
    Case test = open_case("let top = 1\nfn f(a) {\n  let b = 2\n  if b == 2 {\n    let c = 3\n    ^\n  }\n"
                          "  let later = 4\n}\nfn g(other) {\n}\n",
                          NULL);
    Names names = {0};
    ch_analysis_visible(test.analysis, test.mark, add_name, &names);
    assert_string_equal(names.text.data, "c b a top g f ");
    ch_buffer_release(&names.text);
    close_case(&test);
}

static bool add_member(void *data, const ChMember *member)
{
    Names *names = data;
    if (member->builtin < 0)
        ch_buffer_printf(&names->text, "%.*s ", CH_STR_ARG(member->name));
    return true;
}

static void members_of_a_value(void **state)
{
    (void)state;
    Case test = open_case("struct P {\n  x: int\n  y: int\n}\nimpl P {\n  fn len(self) {\n    return 1\n  }\n}\n"
                          "let p = P {x: 1, y: 2}\nprintln(^p)\n",
                          NULL);
    Names names = {0};
    ch_analysis_members(test.analysis, ch_analysis_at(test.analysis, test.mark).type, add_member,
                        &names);
    assert_string_equal(names.text.data, "x y len ");
    ch_buffer_release(&names.text);
    close_case(&test);
}

/* ---- outline and tokens ---- */

static void outline_with_depths(void **state)
{
    (void)state;
    Case test = open_case("struct P {\n  x: int\n}\nfn f() {\n  fn inner() {\n  }\n  let local = 1\n}\nlet top = 2\n",
                          NULL);
    uint32_t count;
    const ChOutlineItem *items = ch_analysis_outline(test.analysis, &count);
    static const struct {
        const char *name;
        uint32_t depth;
    } expected[] = {{"P", 0}, {"x", 1}, {"f", 0}, {"inner", 1}, {"top", 0}};
    assert_int_equal(count, 5);
    for (uint32_t i = 0; i < count; i++) {
        assert_text(ch_analysis_symbol(test.analysis, items[i].symbol)->name, expected[i].name);
        assert_int_equal(items[i].depth, expected[i].depth);
    }
    close_case(&test);
}

static void tokens_do_not_overlap(void **state)
{
    (void)state;
    Case test = open_case("fn f<T>(a: list<T>) -> T {\n  let {x, y: z} = {x: 1, y: 2}\n  return a[x + z].count\n}\n"
                          "println(f([\"a${1 + 2}\"]))\n",
                          NULL);
    uint32_t count;
    const ChToken *tokens = ch_analysis_tokens(test.analysis, &count);
    assert_true(count > 10);
    for (uint32_t i = 1; i < count; i++)
        assert_true(tokens[i - 1].range.end <= tokens[i].range.start);
    assert_int_equal(tokens[0].kind, CH_TOKEN_FUNCTION);
    assert_int_equal(tokens[0].modifiers, CH_TOKEN_DECLARATION);
    close_case(&test);
}

/* ---- modules ---- */

static ChSource *open_text(void *data, ChStr path)
{
    (void)data;
    if (ch_str_is(path, "/case/lib.harn"))
        return ch_source_new(path, CH_STR("/** Doubles. */\npub fn twice(n: int) -> int {\n  return n * 2\n}\n"),
                             NULL);
    return NULL;
}

static void definitions_in_other_modules(void **state)
{
    (void)state;
    ChModuleGraph *graph = ch_module_graph_new(&(ChModuleLoader){.open_text = open_text});
    ChAnalysisOptions options = {.import = ch_module_graph_import, .data = graph};
    Case test = open_case("import \"lib\"\nlet n = ^twice(2)\n", &options);
    ChOccurrence here = ch_analysis_at(test.analysis, test.mark);
    const ChModuleFacts *module;
    ChRange range = ch_analysis_definition(test.analysis, here.symbol, &module);
    assert_non_null(module);
    assert_text(module->key, "/case/lib.harn");
    assert_text(ch_source_text(module->source, range), "twice");
    assert_text(ch_analysis_symbol(test.analysis, here.symbol)->doc, "Doubles.");
    assert_description(&test, here.symbol, "fn twice(n: int) -> int");
    /* The analysis keeps what it needs after the graph has gone. */
    ch_module_graph_free(graph);
    assert_text(module->key, "/case/lib.harn");
    close_case(&test);
}

static void missing_modules_silence_names(void **state)
{
    (void)state;
    ChModuleGraph *graph = ch_module_graph_new(NULL);
    ChAnalysisOptions options = {.import = ch_module_graph_import, .data = graph};
    Case test = open_case("import \"no_such_module_anywhere\"\nwhatever(1)\n", &options);
    assert_false(ch_analysis_imports_resolved(test.analysis));
    const ChDiagnosticList *list = ch_analysis_diagnostics(test.analysis);
    assert_int_equal(list->count, 1);
    assert_text(list->items[0]->code, "HARN-MOD-001");
    close_case(&test);
    ch_module_graph_free(graph);
}

/* ---- limits ---- */

static void cancelled_analyses_give_nothing(void **state)
{
    (void)state;
    ChBuffer text = {0};
    for (int i = 0; i < 5000; i++)
        ch_buffer_printf(&text, "let v%d = %d\n", i, i);
    ChSource *source = ch_source_new(CH_STR("many.harn"), ch_buffer_view(&text), NULL);
    ChTree *tree = ch_syntax_parse(source, NULL);
    atomic_bool cancelled = true;
    assert_null(ch_analysis_run(tree, &(ChAnalysisOptions){.cancelled = &cancelled}));
    ch_tree_unref(tree);
    ch_source_unref(source);
    ch_buffer_release(&text);
}

/* Nothing recurses over the program: chains of any length, nesting up to the limit. */
static void long_and_deep_programs(void **state)
{
    (void)state;
    static const struct {
        const char *head, *link, *tail;
        int count;
    } cases[] = {
        {"let x = 1", " + 1", "\n", 100000},
        {"let x = \"a\"", ".trim()", "\n", 100000},
        {"let d = {}\nlet x = d", ".a", "\n", 100000},
        {"fn f(x: int | nil) {\n  if x != nil", " && x != nil", " { println(x) }\n}\n", 50000},
        {"fn f(x) {\n  if x == 0 { }", " else if x == 1 { }", "\n}\n", 20000},
        {"let x = ", "[", "", 20000},
        {"type A = ", "list<", "", 9000},
        {"let x = ", "{ a -> ", "", 20000},
        {"let x = ", "-", "1\n", 9000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ChBuffer text = {0};
        ch_buffer_add_text(&text, cases[i].head);
        for (int n = 0; n < cases[i].count; n++)
            ch_buffer_add_text(&text, cases[i].link);
        ch_buffer_add_text(&text, cases[i].tail);
        ChSource *source = ch_source_new(CH_STR("long.harn"), ch_buffer_view(&text), NULL);
        ChTree *tree = ch_syntax_parse(source, NULL);
        ChAnalysis *analysis = ch_analysis_run(tree, NULL);
        assert_non_null(analysis);
        ch_analysis_unref(analysis);
        ch_tree_unref(tree);
        ch_source_unref(source);
        ch_buffer_release(&text);
    }
}

static const ChType *type_of_first_alias(const Case *test)
{
    return ch_analysis_symbol(test->analysis, 0)->decl->body;
}

/* CH_TYPE_DEPTH_MAX, CH_TYPE_WEIGHT_MAX: what is larger is untyped, and nothing is said. */
static void types_beyond_the_limits_are_untyped(void **state)
{
    (void)state;
    for (int beyond = 0; beyond < 2; beyond++) {
        ChBuffer text = {0};
        int depth = (int)CH_TYPE_DEPTH_MAX - 1 + beyond;
        ch_buffer_add_text(&text, "type A = ");
        for (int i = 0; i < depth; i++)
            ch_buffer_add_text(&text, "list<");
        ch_buffer_add_text(&text, "int");
        ch_buffer_add_repeat(&text, '>', (size_t)depth);
        ch_buffer_add_text(&text, "\nlet a: A = 1\n");
        Case test = open_case(text.data, NULL);
        assert_int_equal(type_of_first_alias(&test) == NULL, beyond);
        assert_int_equal(ch_analysis_diagnostics(test.analysis)->error_count, beyond ? 0 : 1);
        close_case(&test);
        ch_buffer_release(&text);
    }
    for (int beyond = 0; beyond < 2; beyond++) {
        ChBuffer text = {0};
        ch_buffer_add_text(&text, "type A = {f0: int");
        for (int i = 1; i < (int)CH_TYPE_WEIGHT_MAX - 1 + beyond; i++)
            ch_buffer_printf(&text, ", f%d: int", i);
        ch_buffer_add_text(&text, "}\nlet a: A = 1\n");
        Case test = open_case(text.data, NULL);
        assert_int_equal(type_of_first_alias(&test) == NULL, beyond);
        assert_int_equal(ch_analysis_diagnostics(test.analysis)->error_count, beyond ? 0 : 1);
        close_case(&test);
        ch_buffer_release(&text);
    }
}

/* CH_TYPE_UNION_MAX: a literal with items of more types is a plain list. */
static void lists_of_many_types_are_plain(void **state)
{
    (void)state;
    for (int beyond = 0; beyond < 2; beyond++) {
        ChBuffer text = {0};
        ch_buffer_add_text(&text, "let a = [");
        for (int i = 0; i < (int)CH_TYPE_UNION_MAX + beyond; i++)
            ch_buffer_printf(&text, "%s{k%d: 1}", i > 0 ? ", " : "", i);
        ch_buffer_add_text(&text, "]\n");
        Case test = open_case(text.data, NULL);
        const ChType *type = ch_analysis_symbol(test.analysis, 0)->type;
        assert_int_equal(type->kind == CH_TYPE_LIST, !beyond);
        close_case(&test);
        ch_buffer_release(&text);
    }
}

/* CH_TYPE_TEXT_MAX: long types are cut in messages. */
static void long_types_are_cut_in_messages(void **state)
{
    (void)state;
    ChBuffer text = {0};
    ch_buffer_add_text(&text, "type A = {f0: int");
    for (int i = 1; i < 200; i++)
        ch_buffer_printf(&text, ", field_%d: int", i);
    ch_buffer_add_text(&text, "}\nfn f(a: A) {\n  let b: int = {x: a}\n  return b + a.nothing\n}\n");
    Case test = open_case(text.data, NULL);
    const ChDiagnosticList *list = ch_analysis_diagnostics(test.analysis);
    assert_true(list->count >= 1);
    for (uint32_t i = 0; i < list->count; i++)
        assert_true(list->items[i]->message.length < CH_TYPE_TEXT_MAX + 100);
    close_case(&test);
    ch_buffer_release(&text);
}

/* Each module imports the next one. */
static ChSource *open_chain(void *data, ChStr path)
{
    (void)data;
    ChStr name = ch_path_name(path);
    if (name.length < 7 || name.data[0] != 'm')
        return NULL;
    char *digits = ch_str_detach(ch_str_slice(name.data + 1, name.length - 6));
    long number = strtol(digits, NULL, 10);
    ch_free(digits);
    ChBuffer text = {0};
    ch_buffer_printf(&text, "pub import \"m%ld\"\npub fn f%ld() {\n  return 1\n}\n", number + 1, number);
    ChSource *source = ch_source_new(path, ch_buffer_view(&text), NULL);
    ch_buffer_release(&text);
    return source;
}

/* CH_IMPORT_DEPTH_MAX: a longer chain is not followed, and no name is called unknown. */
static void endless_imports_end(void **state)
{
    (void)state;
    ChModuleGraph *graph = ch_module_graph_new(&(ChModuleLoader){.open_text = open_chain});
    ChAnalysisOptions options = {.import = ch_module_graph_import, .data = graph};
    Case test = open_case("import \"m0\"\nf0()\n^f100()\nnobody_knows()\n", &options);
    assert_int_equal(ch_analysis_at(test.analysis, test.mark).kind, CH_OCCURRENCE_SYMBOL);
    assert_false(ch_analysis_imports_resolved(test.analysis));
    assert_int_equal(ch_analysis_diagnostics(test.analysis)->error_count, 0);
    close_case(&test);
    ch_module_graph_free(graph);
}

/* CH_REFINEMENTS_MAX: one condition narrows no more variables than that. */
static void conditions_narrow_up_to_a_limit(void **state)
{
    (void)state;
    ChBuffer text = {0};
    int count = (int)CH_REFINEMENTS_MAX + 1;
    ch_buffer_add_text(&text, "fn f(");
    for (int i = 0; i < count; i++)
        ch_buffer_printf(&text, "%sp%d: int | nil", i > 0 ? ", " : "", i);
    ch_buffer_add_text(&text, ") {\n  if ");
    for (int i = 0; i < count; i++)
        ch_buffer_printf(&text, "%sp%d != nil", i > 0 ? " && " : "", i);
    ch_buffer_printf(&text, " {\n    let a: int = p0\n    let b: int = p%d\n  }\n}\n", count - 1);
    Case test = open_case(text.data, NULL);
    const ChDiagnosticList *list = ch_analysis_diagnostics(test.analysis);
    assert_int_equal(list->error_count, 1);
    assert_text(list->items[0]->message, "let binding `b`: expected int, found int?");
    close_case(&test);
    ch_buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbol_under_the_cursor),
        cmocka_unit_test(end_of_a_word_belongs_to_it),
        cmocka_unit_test(builtins_and_methods),
        cmocka_unit_test(fields_variants_and_methods),
        cmocka_unit_test(nothing_between_words),
        cmocka_unit_test(reads_writes_and_declaration),
        cmocka_unit_test(inner_names_are_others),
        cmocka_unit_test(narrowed_types_where_they_stand),
        cmocka_unit_test(hints_where_a_type_is_not_plain),
        cmocka_unit_test(visible_names_innermost_first),
        cmocka_unit_test(members_of_a_value),
        cmocka_unit_test(outline_with_depths),
        cmocka_unit_test(tokens_do_not_overlap),
        cmocka_unit_test(definitions_in_other_modules),
        cmocka_unit_test(missing_modules_silence_names),
        cmocka_unit_test(cancelled_analyses_give_nothing),
        cmocka_unit_test(long_and_deep_programs),
        cmocka_unit_test(types_beyond_the_limits_are_untyped),
        cmocka_unit_test(lists_of_many_types_are_plain),
        cmocka_unit_test(long_types_are_cut_in_messages),
        cmocka_unit_test(endless_imports_end),
        cmocka_unit_test(conditions_narrow_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
