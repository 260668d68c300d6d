// The verifier: good chunks pass, and every kind of damage to one is refused. Damage at random never does worse than
// being accepted: the verifier itself must not read outside of what it was given.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiled.h"

static const char program[] = "import { helper } from \"./lib\"\n"
                              "enum Shape { Dot, Line(int), Box(int, int) }\n"
                              "struct Point { x: int, y: int }\n"
                              "interface Sized { fn size(self) -> int }\n"
                              "impl Point { fn sum(self) { return self.x + self.y } }\n"
                              "let base = 10\n"
                              "var count = 0\n"
                              "fn area(shape: Shape, scale: int = 2) {\n"
                              "  return match shape {\n"
                              "    Shape.Dot -> { 1 }\n"
                              "    Shape.Line(n) if n > 1 -> { n * scale }\n"
                              "    [a, 2] -> { a }\n"
                              "    {kind: \"x\", size: size} -> { size }\n"
                              "    _ -> { 0 }\n"
                              "  }\n"
                              "}\n"
                              "fn work(xs, key) {\n"
                              "  var out = []\n"
                              "  var d = {a: 1, ...key}\n"
                              "  let {a, ...others} = d\n"
                              "  let [first, ...tail] = xs\n"
                              "  for x in xs { if x == nil { continue }\n out = out.push(x ?? base) }\n"
                              "  for i in 0 to 9 { d[i] = i % 3 }\n"
                              "  while len(out) < 100000 { out[0] = out[1:2] ; break }\n"
                              "  d.a.b[1] = helper(...xs)\n"
                              "  try { deadline 5s { work(xs, a)? } } catch (e: Shape) { throw e } finally { print(\"x${a}\") }\n"
                              "  let f = { y -> y + count + {n: y}.n }\n"
                              "  let p = Point {x: 1, y: 2}\n"
                              "  retry 2 { missing(p, Shape.Box(1, 2), f |> later) }\n"
                              "  defer { print(others, tail, first) }\n"
                              "  return area(Shape.Dot)\n"
                              "}\n"
                              "fn gen() { yield 1 }\n"
                              "pipeline default(task) { count = count + 1\n  work([1], \"k\") }\n";

static bool passes(const ChChunk *chunk)
{
    ChBuffer why = {0};
    bool good = ch_verify_chunk(chunk, &why);
    assert_true(good || why.length > 0); // a refusal says why
    ch_buffer_release(&why);
    return good;
}

static void refused(const ChChunk *chunk, const char *words)
{
    ChBuffer why = {0};
    if (ch_verify_chunk(chunk, &why)) fail_msg("accepted; expected: %s", words);
    if (!strstr(why.data, words)) fail_msg("`%s` instead of `%s`", why.data, words);
    ch_buffer_release(&why);
}

static void what_the_compiler_makes_passes(void **state)
{
    (void)state;
    ChChunk *chunk = compiled(program);
    assert_true(passes(chunk));
    ch_chunk_free(chunk);
}

// Each operand of each instruction is set to what lies outside of its range.
static void operands_out_of_range_are_refused(void **state)
{
    (void)state;
    ChChunk *chunk = compiled(program);
    uint32_t tried = 0;
    for (uint32_t p = 0; p < chunk->proto_count; p++) {
        ChProto *proto = chunk->protos[p];
        for (uint32_t pc = 0; pc < proto->code_count; pc += 1u + ch_op_info[proto->code[pc].op].words) {
            ChInstr good = proto->code[pc];
            const ChOpInfo *info = &ch_op_info[good.op];
            const char shapes[3] = {info->a, info->b, info->c};
            for (int i = 0; i < 3; i++) {
                ChInstr bad = good;
                uint16_t *field = i == 0 ? &bad.a : i == 1 ? &bad.b : &bad.c;
                switch (shapes[i]) {
                case 'R':
                case 'W':
                case 'M': *field = proto->register_count; break;
                case 'F': *field = (uint16_t)(proto->register_count + 1); break;
                case 'K': *field = (uint16_t)chunk->constant_count; break;
                case 'J': *field = 0x7fff; break;
                case 'L': bad.b = bad.c = 0x7fff; break;
                default: continue;
                }
                proto->code[pc] = bad;
                if (passes(chunk)) fail_msg("%s accepts operand %d out of range", info->name, i);
                proto->code[pc] = good;
                tried++;
            }
        }
    }
    assert_true(tried > 200);
    assert_true(passes(chunk));
    ch_chunk_free(chunk);
}

static ChProto *find_op(ChChunk *chunk, ChOp op, uint32_t *at)
{
    for (uint32_t p = 0; p < chunk->proto_count; p++) {
        ChProto *proto = chunk->protos[p];
        for (uint32_t pc = 0; pc < proto->code_count; pc += 1u + ch_op_info[proto->code[pc].op].words) {
            if (proto->code[pc].op == op) {
                *at = pc;
                return proto;
            }
        }
    }
    fail_msg("the program has no %s", ch_op_info[op].name);
    return NULL;
}

static void constants_must_have_their_kind(void **state)
{
    (void)state;
    const struct {
        ChOp op;
        ChConstKind kind;
    } rows[] = {
        {CH_OP_GET_FIELD, CH_CONST_STRING},   {CH_OP_NEW_RECORD, CH_CONST_NAMES},   {CH_OP_NEW_STRUCT, CH_CONST_STRUCT},
        {CH_OP_NEW_ENUM, CH_CONST_VARIANT},   {CH_OP_TEST_VARIANT, CH_CONST_VARIANT}, {CH_OP_DICT_REST, CH_CONST_NAMES},
        {CH_OP_STRUCT_FROM, CH_CONST_STRUCT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ChChunk *chunk = compiled(program);
        uint32_t pc;
        ChProto *proto = find_op(chunk, rows[i].op, &pc);
        uint32_t other = 0;
        while (chunk->constants[other].kind == rows[i].kind) other++;
        if (ch_op_info[rows[i].op].c == 'K') {
            proto->code[pc].c = (uint16_t)other;
        } else {
            proto->code[pc].b = (uint16_t)other;
        }
        refused(chunk, "a constant has the wrong kind");
        ch_chunk_free(chunk);
    }
}

static void damage_of_each_kind_is_named(void **state)
{
    (void)state;
    uint32_t pc;
    ChProto *proto;
#define DAMAGED(change, words)         \
    do {                               \
        ChChunk *chunk = compiled(program);   \
        change;                        \
        refused(chunk, words);         \
        ch_chunk_free(chunk);          \
    } while (0)
    DAMAGED(chunk->protos[1]->code[0].op = CH_OP_COUNT, "unknown opcode");
    DAMAGED(chunk->protos[1]->code[0].op = CH_OP_BREAK, "a breakpoint");
    DAMAGED(chunk->proto_count = 0, "no code");
    DAMAGED(chunk->protos[1]->register_count = 0, "no frame");
    DAMAGED(chunk->protos[1]->code_count--, "runs off its end");
    DAMAGED((proto = find_op(chunk, CH_OP_CALL_METHOD, &pc), proto->code_count = pc + 1), "cut off");
    DAMAGED((proto = find_op(chunk, CH_OP_CALL_METHOD, &pc), proto->code[pc].b = 60000), "window");
    DAMAGED((proto = find_op(chunk, CH_OP_CALL_MODULE, &pc), proto->code[pc + 1].word = 1u << 31), "slot");
    DAMAGED((proto = find_op(chunk, CH_OP_GET_CAPTURE, &pc), proto->code[pc].b = 9), "captured");
    DAMAGED((proto = find_op(chunk, CH_OP_CLOSURE, &pc), proto->code[pc].b = 999), "no such function");
    DAMAGED((proto = find_op(chunk, CH_OP_DECLARE, &pc), proto->code[pc].b = 999), "declaration");
    DAMAGED((proto = find_op(chunk, CH_OP_MODI, &pc), proto->code[pc].c = 0), "division");
    DAMAGED((proto = find_op(chunk, CH_OP_ITER_NEXT, &pc), proto->handlers[0].target = proto->code_count), "leads nowhere");
    DAMAGED((proto = find_op(chunk, CH_OP_ITER_NEXT, &pc), proto->handlers[0].end = proto->handlers[0].start), "guards no");
    DAMAGED((proto = find_op(chunk, CH_OP_ITER_NEXT, &pc), proto->handlers[0].reg = 60000), "outside of the frame");
    DAMAGED((proto = find_op(chunk, CH_OP_ITER_NEXT, &pc), proto->lines[1].pc = 1u << 30), "line table");
    DAMAGED((proto = find_op(chunk, CH_OP_CHECK_PARAM, &pc), proto->code[pc].b = 99), "type or parameter");
    DAMAGED((proto = find_op(chunk, CH_OP_CHECK_PARAM, &pc), proto->required_count = 7), "parameters");
    DAMAGED(chunk->pipelines[0].proto = 99, "pipeline");
    DAMAGED((proto = find_op(chunk, CH_OP_JMP, &pc), proto->code[pc].b++), "middle of nowhere");
#undef DAMAGED
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void random_damage_never_crashes(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    for (uint32_t round = 0; round < 300; round++) {
        ChChunk *chunk = compiled(program);
        uint32_t hits = 1 + next_random(&seed) % 4;
        for (uint32_t i = 0; i < hits; i++) {
            ChProto *proto = chunk->protos[next_random(&seed) % chunk->proto_count];
            uint8_t *bytes = (uint8_t *)proto->code;
            bytes[next_random(&seed) % (proto->code_count * sizeof *proto->code)] = (uint8_t)next_random(&seed);
            if (proto->handler_count && next_random(&seed) % 2) {
                proto->handlers[next_random(&seed) % proto->handler_count].end = next_random(&seed);
            }
        }
        if (passes(chunk)) { // then the listing must be safe as well
            ChBuffer listing = {0};
            ch_disassemble_chunk(chunk, &listing);
            ch_buffer_release(&listing);
        }
        ch_chunk_free(chunk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_compiler_makes_passes),
        cmocka_unit_test(operands_out_of_range_are_refused),
        cmocka_unit_test(constants_must_have_their_kind),
        cmocka_unit_test(damage_of_each_kind_is_named),
        cmocka_unit_test(random_damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
