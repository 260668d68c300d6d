// The compiler from the outside: what code comes out of which source, which sources are refused with which words,
// and that big and deep sources end in code that the verifier takes or in a diagnostic.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile/compile.h"
#include "syntax/syntax.h"

typedef struct Compiled {
    ChChunk *chunk;
    ChBuffer listing;
    char error[512]; // first diagnostic
} Compiled;

static Compiled compile_with(const char *text, size_t length, const ChCompileOptions *options)
{
    Compiled out = {0};
    ChSource *source = ch_source_new(CH_STR("test.harn"), ch_str_slice(text, length), NULL);
    assert_non_null(source);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    out.chunk = ch_compile(tree, options, &diagnostics);
    if (out.chunk) {
        ChBuffer why = {0};
        if (!ch_verify_chunk(out.chunk, &why)) fail_msg("the verifier refuses it: %s", why.data);
        ch_buffer_release(&why);
        if (length < 10000) ch_disassemble_chunk(out.chunk, &out.listing);
    } else {
        assert_true(diagnostics.count > 0);
        snprintf(out.error, sizeof out.error, "%.*s", CH_STR_ARG(diagnostics.items[0]->message));
    }
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return out;
}

static void release(Compiled *compiled)
{
    ch_chunk_free(compiled->chunk);
    ch_buffer_release(&compiled->listing);
}

static bool listing_has(const char *text, const char *part)
{
    Compiled compiled = compile_with(text, strlen(text), NULL);
    if (!compiled.chunk) fail_msg("%s: %s", text, compiled.error);
    bool found = strstr(compiled.listing.data, part) != NULL;
    if (getenv("SHOW")) print_message("%s\n%s\n", text, compiled.listing.data);
    release(&compiled);
    return found;
}

static void has(const char *text, const char *part)
{
    if (!listing_has(text, part)) fail_msg("no `%s` in the code of:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (listing_has(text, part)) fail_msg("`%s` in the code of:\n%s", part, text);
}

static void refused(const char *text, const char *words)
{
    Compiled compiled = compile_with(text, strlen(text), NULL);
    if (compiled.chunk) fail_msg("not refused: %s", text);
    if (!strstr(compiled.error, words)) fail_msg("`%s` instead of `%s`", compiled.error, words);
    release(&compiled);
}

static const ChProto *proto_named(const ChChunk *chunk, const char *name)
{
    for (uint32_t i = 0; i < chunk->proto_count; i++) {
        if (ch_str_is(chunk->protos[i]->name, name)) return chunk->protos[i];
    }
    fail_msg("no function %s", name);
    return NULL;
}

// ---- code

static void comparisons_are_part_of_the_jump(void **state)
{
    (void)state;
    has("fn f(n) { if n < 2 { return 1 } }", "JNLTI");
    has_not("fn f(n) { if n < 2 { return 1 } }", "LOADBOOL");
    has("fn f(n) { if 2 > n { return 1 } }", "JNLTI");
    has("fn f(a, b) { if a >= b { return 1 } }", "JNLE          r1, r0");
    has("fn f(a) { if a == nil { return 1 } }", "JNOTNIL");
    has("fn f(a) { if a != \"x\" { return 1 } }", "JEQK");
    has_not("fn f(a, b) { if !(a && b) { return 1 } }", "NOT ");
    has("fn f(n) { while n < 10000000 { n() } }", "JLT           r0, r1");
}

static void loops_over_integers_count_in_registers(void **state)
{
    (void)state;
    has("fn f() { for i in 0 to 9 { print(i) } }", "FOR_LOOP");
    has("fn f(n) { for i in range(n) { print(i) } }", "FOR_LOOP");
    has_not("fn f(n) { for i in range(n) { print(i) } }", "CALL_BUILTIN  r3, 1, r3, builtin");
    has("fn range(n) { return [n] }\nfn f(n) { for i in range(n) { print(i) } }", "ITER_NEXT");
    has("fn f(xs) { for x in xs { print(x) } }", "ITER_NEXT");
}

static void locals_are_operands(void **state)
{
    (void)state;
    has("fn f(a, b) { let c = a + b\n return c }", "ADD           r2, r0, r1");
    has("fn f(a) { return a.x }", "GET_FIELD     r1, r0, \"x\"");
    has("fn f(a) { var x = a\n x = x + 1\n return x }", "ADDI          r1, r1, 1");
    has("fn f(a) { var xs = a\n xs[0] = 1\n return xs }", "SET_INDEX     r1");
    has("fn f(a) { var s = a\n s.n += 1\n return s }", "SET_FIELD     r1, \"n\"");
    has("fn f(a) { var s = a\n s.p[1].q = 2\n return s }", "SET_PATH      r1");
}

static void updates_happen_in_place(void **state)
{
    (void)state;
    has("fn f() { var xs = []\n xs = xs.push(1)\n return xs }", "CALL_METHOD   r1, 1, r0, \"push\"  x=4");
    has("fn g(xs) { return xs }\nfn f() { var xs = []\n xs = g(xs)\n return xs }", "TAKE          r1, r0");
    // A handler could still look at it.
    has("fn g(xs) { return xs }\nfn f() { var xs = []\n try { xs = g(xs) } catch { }\n return xs }", "MOVE          r1, r0");
    has("fn f(a, b) { var xs = a\n xs = [...b, xs, xs]\n return xs }", "LIST_PUSH     r3, r2");
}

static void calls_know_their_target(void **state)
{
    (void)state;
    has("fn f(n) { return 1 }\nfn g() { let x = f(1) }", "CALL_MODULE   r1, 1, r0, @f");
    has("fn f(x) { return f(x) }", "CALL_MODULE   r2, 1, r1, @f  x=1");
    has_not("fn g() { try { return f(1) } catch { } }\nfn f(n) { return n }", "@f  x=1");
    has("fn f(xs) { return len(xs) }", "LEN ");
    has("fn f() { fn g(n) { return g(n - 1) }\n return g }", "GET_SELF");
    has("fn f() { fn g(n) { return h(n) }\n fn h(n) { return n }\n return g }", "CALL_LATE");
    has("fn f(log) { log(1) }", "CALL_OR_BUILTIN");
}

static void constants_are_folded(void **state)
{
    (void)state;
    has("fn f() { return 60 * 60 * 24 }", "LOADI         r0, 86400");
    has("fn f() { return \"a\" + \"b\" }", "LOADK         r0, \"ab\"");
    has("let size = 8\nfn f(n) { return n % size }", "MODI          r1, r0, 8");
    has("fn f() { return 1 / 0 }", "DIV ");
    has("fn f() { return 9223372036854775807 + 1 }", "ADDI ");
}

static void closures_capture_registers(void **state)
{
    (void)state;
    const char *text = "fn f(a) { var b = 1\n let c = { x -> { y -> a + b + x + y } }\n return c }";
    Compiled compiled = compile_with(text, strlen(text), NULL);
    assert_non_null(compiled.chunk);
    const ChProto *outer = compiled.chunk->protos[2], *inner = compiled.chunk->protos[3];
    assert_int_equal(outer->capture_count, 2);
    assert_int_equal(inner->capture_count, 3);
    assert_false(outer->captures[0].from_capture);
    assert_true(inner->captures[0].from_capture);
    assert_false(inner->captures[2].from_capture);
    release(&compiled);
    // What is assigned starts each call from the captured value.
    has("fn f() { var n = 0\n return { -> n = n + 1\n n } }", "GET_CAPTURE   r0, 0");
}

static void top_level_variables_follow_the_kind_of_file(void **state)
{
    (void)state;
    const char *text = "var n = 0\nfn f() { n = n + 1\n return n }";
    Compiled entry = compile_with(text, strlen(text), NULL);
    assert_int_equal(proto_named(entry.chunk, "f")->capture_count, 1);
    assert_int_equal(entry.chunk->slot_count, 1);
    release(&entry);
    Compiled module = compile_with(text, strlen(text), &(ChCompileOptions){.kind = CH_COMPILE_MODULE});
    assert_int_equal(proto_named(module.chunk, "f")->capture_count, 0);
    assert_int_equal(module.chunk->slot_count, 2);
    assert_non_null(strstr(module.listing.data, "SET_MODULE"));
    release(&module);
}

static void sessions_and_frames_lend_their_names(void **state)
{
    (void)state;
    ChCompileSession *session = ch_compile_session_new();
    Compiled first = compile_with("var n = 41", 10, &(ChCompileOptions){.kind = CH_COMPILE_REPL, .session = session});
    assert_int_equal(first.chunk->slot_count, 1);
    Compiled next = compile_with("n + 1", 5, &(ChCompileOptions){.kind = CH_COMPILE_REPL, .session = session});
    assert_non_null(strstr(next.listing.data, "GET_MODULE    r1, @n"));
    assert_non_null(strstr(next.listing.data, "RETURN        r0"));
    release(&next);
    release(&first);
    ch_compile_session_free(session);
    ChStr names[2] = {CH_STR("a"), CH_STR("b")};
    Compiled eval = compile_with("a * b", 5, &(ChCompileOptions){.kind = CH_COMPILE_EVAL, .names = names, .name_count = 2});
    assert_int_equal(eval.chunk->protos[0]->param_count, 2);
    assert_non_null(strstr(eval.listing.data, "MUL           r2, r0, r1"));
    release(&eval);
}

static void pipelines(void **state)
{
    (void)state;
    const char *text = "pipeline first(task) { print(1) }\npipeline default(task) { print(2) }\n"
                       "pipeline third(task) extends first { print(3) }";
    Compiled standard = compile_with(text, strlen(text), NULL);
    assert_int_equal(standard.chunk->pipeline_count, 3);
    assert_int_equal(standard.chunk->pipelines[0].proto, 0);
    assert_int_not_equal(standard.chunk->pipelines[1].proto, 0);
    release(&standard);
    Compiled third = compile_with(text, strlen(text), &(ChCompileOptions){.pipeline = CH_STR("third")});
    const char *parent = strstr(third.listing.data, "LOADI         r1, 1");
    assert_non_null(parent); // the parent's body comes first
    assert_non_null(strstr(parent, "LOADI         r1, 3"));
    release(&third);
    Compiled none = compile_with(text, strlen(text), &(ChCompileOptions){.pipeline = CH_STR("fourth")});
    assert_null(none.chunk);
    assert_string_equal(none.error, "there is no pipeline `fourth` in this file");
    release(&none);
}

// ---- cleanups

static void handlers_do_not_guard_their_own_finally(void **state)
{
    (void)state;
    const char *text = "fn f(x) {\n try {\n if x { return 1 }\n print(2)\n } finally {\n print(3)\n }\n}";
    Compiled compiled = compile_with(text, strlen(text), NULL);
    const ChProto *f = proto_named(compiled.chunk, "f");
    assert_true(f->handler_count >= 2);
    uint32_t copies = 0;
    for (uint32_t pc = 0; pc < f->code_count; pc += 1u + ch_op_info[f->code[pc].op].words) {
        const ChLineEntry *line = ch_proto_line(f, pc);
        if (line->line != 6 || f->code[pc].op != CH_OP_CALL_BUILTIN) continue;
        copies++;
        for (uint32_t i = 0; i < f->handler_count; i++) {
            assert_false(pc >= f->handlers[i].start && pc < f->handlers[i].end);
        }
    }
    assert_int_equal(copies, 3); // on return, at the end, on an error
    release(&compiled);
}

static void handlers_are_listed_innermost_first(void **state)
{
    (void)state;
    const char *text = "fn f() { try { try { print(1) } catch (e: Inner) { } } catch (e) { } }";
    Compiled compiled = compile_with(text, strlen(text), NULL);
    const ChProto *f = proto_named(compiled.chunk, "f");
    assert_int_equal(f->handler_count, 2);
    assert_int_equal(f->handlers[0].kind, CH_HANDLER_CATCH_TYPED);
    assert_true(ch_str_is(f->handlers[0].type_name, "Inner"));
    assert_int_equal(f->handlers[1].kind, CH_HANDLER_CATCH);
    assert_true(f->handlers[0].start >= f->handlers[1].start && f->handlers[0].end <= f->handlers[1].end);
    release(&compiled);
}

// ---- tables for the debugger

static void every_statement_can_hold_a_breakpoint(void **state)
{
    (void)state;
    const char *text = "fn f(n) {\n"           // 1
                       "  var t = 0\n"         // 2
                       "  for i in range(n) {\n" // 3
                       "    t = t + i\n"       // 4
                       "  }\n"                 // 5
                       "  if t > 3 {\n"        // 6
                       "    return t\n"        // 7
                       "  }\n"                 // 8
                       "  return match t {\n"  // 9
                       "    1 -> { \"one\" }\n" // 10
                       "    _ -> { \"more\" }\n" // 11
                       "  }\n"                 // 12
                       "}";
    Compiled compiled = compile_with(text, strlen(text), NULL);
    const ChProto *f = proto_named(compiled.chunk, "f");
    bool marked[16] = {false};
    for (uint32_t i = 0; i < f->line_count; i++) {
        if (f->lines[i].statement && f->lines[i].line < 16) marked[f->lines[i].line] = true;
    }
    const uint32_t wanted[] = {2, 3, 4, 6, 7, 9, 10, 11};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (!marked[wanted[i]]) fail_msg("no statement on line %u", wanted[i]);
    }
    assert_false(marked[5]);
    release(&compiled);
}

static void columns_count_characters(void **state)
{
    (void)state;
    const char *text = "fn f(a) { let t = \"äöü\" ; a.x() }";
    Compiled compiled = compile_with(text, strlen(text), NULL);
    const ChProto *f = proto_named(compiled.chunk, "f");
    bool found = false;
    for (uint32_t i = 0; i < f->line_count; i++) found |= f->lines[i].column == 29;
    assert_true(found); // the x of a.x()
    release(&compiled);
}

static void locals_have_a_name_while_they_live(void **state)
{
    (void)state;
    const char *text = "fn f(a) { if a { let b = 1\n print(b) }\n let c = 2\n print(c) }";
    Compiled compiled = compile_with(text, strlen(text), NULL);
    const ChProto *f = proto_named(compiled.chunk, "f");
    assert_int_equal(f->local_count, 3);
    assert_true(ch_str_is(f->locals[1].name, "b") && ch_str_is(f->locals[2].name, "c"));
    assert_true(f->locals[1].end <= f->locals[2].start);
    assert_int_equal(f->locals[1].reg, f->locals[2].reg);
    release(&compiled);
}

// ---- what is refused

static void errors(void **state)
{
    (void)state;
    refused("fn f() { break }", "break outside of loop");
    refused("fn f() { while true { let g = { -> continue } } }", "continue outside of loop");
    refused("let x = try* f()", "try* requires an enclosing function");
    refused("@acp_tool(name: \"x\")\nstruct S { a: int }", "@acp_tool can only be applied to function declarations");
    refused("pipeline a(t) extends b { }\npipeline b(t) extends a { }", "extends itself");
    refused("fn f( {", "xpected");
}

// ---- size and depth

static void repeat(ChBuffer *text, const char *piece, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) ch_buffer_add_text(text, piece);
}

static void numbered(ChBuffer *text, const char *format, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) ch_buffer_printf(text, format, i, i);
}

// Compiles or is refused in words; either way without a crash.
static bool survives(ChBuffer *text)
{
    Compiled compiled = compile_with(text->data, text->length, NULL);
    bool good = compiled.chunk != NULL;
    release(&compiled);
    ch_buffer_release(text);
    return good;
}

static void long_chains_work(void **state)
{
    (void)state;
    ChBuffer text = {0};
    ch_buffer_add_text(&text, "fn f(x) { return 1");
    repeat(&text, " + x", 100000);
    ch_buffer_add_text(&text, " }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { if x");
    repeat(&text, " && x", 50000);
    ch_buffer_add_text(&text, " { return 1 } }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { return x");
    repeat(&text, ".a.b(1)[2]", 20000);
    ch_buffer_add_text(&text, " }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { if x == 0 { return 0 }");
    numbered(&text, " else if x == %u { return %u }", 5000);
    ch_buffer_add_text(&text, " }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { return x");
    repeat(&text, " ?? x", 50000);
    repeat(&text, " |> f", 20000);
    ch_buffer_add_text(&text, " }");
    assert_true(survives(&text));
}

static void big_literals_work(void **state)
{
    (void)state;
    ChBuffer text = {0};
    ch_buffer_add_text(&text, "fn f(x) { return [0");
    numbered(&text, ", %u", 100000);
    ch_buffer_add_text(&text, "] }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { return {a: 1");
    numbered(&text, ", k%u: x", 20000);
    ch_buffer_add_text(&text, "} }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { return \"");
    repeat(&text, "a${x}", 20000);
    ch_buffer_add_text(&text, "\" }");
    assert_true(survives(&text));
}

static void too_much_is_refused(void **state)
{
    (void)state;
    ChBuffer text = {0};
    ch_buffer_add_text(&text, "fn f(x) {\n");
    numbered(&text, "let a%u = x + %u\n", 70000);
    ch_buffer_add_text(&text, "}");
    assert_false(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) {\n");
    numbered(&text, "print(x.f%u)\n", 70000);
    ch_buffer_add_text(&text, "}");
    assert_true(survives(&text)); // names beyond 16 bits are loaded as keys
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static const char *const pairs[][3] = {
        {"(", "x", ")"},        {"[", "x", "]"},          {"{a: ", "x", "}"},      {"f(", "x", ")"},
        {"-(", "x", ")"},       {"!", "x", ""},           {"x + (", "x", ")"},     {"{ y -> ", "x", " }"},
        {"\"${", "x", "}\""},   {"x ? x : (", "x", ")"},  {"try { ", "x", " }"},   {"x && (x || (", "x", "))"},
        {"x[", "x", "]"},       {"spawn { ", "x", " }"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (uint32_t depth = 10; depth <= 9000; depth *= 30) {
            ChBuffer text = {0};
            ch_buffer_add_text(&text, "fn f(x) { return ");
            repeat(&text, pairs[i][0], depth);
            ch_buffer_add_text(&text, pairs[i][1]);
            repeat(&text, pairs[i][2], depth);
            ch_buffer_add_text(&text, " }");
            bool good = survives(&text);
            if (depth <= 300 && !good) fail_msg("depth %u of `%s` is refused", depth, pairs[i][0]);
        }
    }
}

static void far_jumps_work(void **state)
{
    (void)state;
    ChBuffer text = {0};
    ch_buffer_add_text(&text, "fn f(x) { for i in x { if i == 3 { continue }\n match i { 1 -> {\n");
    repeat(&text, "print(x.a + x.b, x.c, x[1], x[2])\n", 20000);
    ch_buffer_add_text(&text, "} }\n if i == 4 { break } } }");
    assert_true(survives(&text));
    // Few nodes, much code: the finally bodies multiply.
    ch_buffer_add_text(&text, "fn f(x) { while x == 1 {\n");
    for (uint32_t i = 0; i < 12; i++) ch_buffer_add_text(&text, "try { print(1) } finally {\n");
    ch_buffer_add_text(&text, "print(2)\n");
    repeat(&text, "}\n", 12);
    ch_buffer_add_text(&text, "} }");
    assert_true(survives(&text));
    ch_buffer_add_text(&text, "fn f(x) { while x == 1 {\n");
    for (uint32_t i = 0; i < 60; i++) ch_buffer_add_text(&text, "try { print(1) } finally {\n");
    ch_buffer_add_text(&text, "print(2)\n");
    repeat(&text, "}\n", 60);
    ch_buffer_add_text(&text, "} }");
    assert_false(survives(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_are_part_of_the_jump),
        cmocka_unit_test(loops_over_integers_count_in_registers),
        cmocka_unit_test(locals_are_operands),
        cmocka_unit_test(updates_happen_in_place),
        cmocka_unit_test(calls_know_their_target),
        cmocka_unit_test(constants_are_folded),
        cmocka_unit_test(closures_capture_registers),
        cmocka_unit_test(top_level_variables_follow_the_kind_of_file),
        cmocka_unit_test(sessions_and_frames_lend_their_names),
        cmocka_unit_test(pipelines),
        cmocka_unit_test(handlers_do_not_guard_their_own_finally),
        cmocka_unit_test(handlers_are_listed_innermost_first),
        cmocka_unit_test(every_statement_can_hold_a_breakpoint),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(locals_have_a_name_while_they_live),
        cmocka_unit_test(errors),
        cmocka_unit_test(long_chains_work),
        cmocka_unit_test(big_literals_work),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(far_jumps_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
