// The verifier: walks a chunk before it runs, so that the interpreter may trust every operand.
//
// For each proto it first finds where instructions begin, then checks the operands by the shapes of the opcode table
// (registers, constants of the right kind, jumps to beginnings of instructions, windows inside of the frame), then
// the tables: handlers, captures, parameters, lines, locals. Code must not run off its end.
#include "base/alloc.h"
#include "builtins/builtins.h"
#include "compile/chunk.h"

typedef struct Verifier {
    const ChChunk *chunk;
    const ChProto *proto;
    uint8_t *starts; // per word: an instruction begins here
    uint32_t pc;
    ChBuffer *why;
} Verifier;

static bool fail(Verifier *v, const char *what)
{
    ch_buffer_printf(v->why, "function %u", v->proto ? v->proto->index : 0);
    if (v->proto && v->proto->name.length) ch_buffer_printf(v->why, " (%.*s)", CH_STR_ARG(v->proto->name));
    ch_buffer_printf(v->why, ", word %u: %s", v->pc, what);
    return false;
}

static bool is_register(const Verifier *v, uint64_t reg) { return reg < v->proto->register_count; }

static bool is_window(const Verifier *v, uint64_t first, uint64_t count)
{
    return first + count <= v->proto->register_count;
}

static bool is_constant(const Verifier *v, uint64_t index, ChConstKind kind)
{
    return index < v->chunk->constant_count && v->chunk->constants[index].kind == kind;
}

static bool is_target(const Verifier *v, int64_t target)
{
    return target >= 0 && target < v->proto->code_count && v->starts[target];
}

static bool find_starts(Verifier *v)
{
    const ChProto *proto = v->proto;
    for (uint32_t pc = 0; pc < proto->code_count;) {
        v->pc = pc;
        if (proto->code[pc].op >= CH_OP_COUNT) return fail(v, "unknown opcode");
        if (proto->code[pc].op == CH_OP_BREAK) return fail(v, "a breakpoint is part of the code");
        uint32_t words = 1u + ch_op_info[proto->code[pc].op].words;
        if (words > proto->code_count - pc) return fail(v, "an instruction is cut off");
        v->starts[pc] = 1;
        pc += words;
    }
    return true;
}

static bool shape(Verifier *v, char letter, uint16_t value, ChInstr instr, uint32_t next)
{
    switch (letter) {
    case 'R':
    case 'W':
    case 'M': return is_register(v, value) || fail(v, "a register is outside of the frame");
    case 'F': return is_window(v, value, 0) || fail(v, "a window begins outside of the frame");
    case 'K': return value < v->chunk->constant_count || fail(v, "there is no such constant");
    case 'J': return is_target(v, (int64_t)next + (int16_t)value) || fail(v, "a jump into the middle of nowhere");
    case 'L': return is_target(v, (int64_t)next + ch_instr_bc(instr)) || fail(v, "a jump into the middle of nowhere");
    default: return true;
    }
}

static bool needs_kind(Verifier *v, uint64_t index, ChConstKind kind)
{
    return is_constant(v, index, kind) || fail(v, "a constant has the wrong kind");
}

// How many registers of the window at A (or B for makers) an instruction uses, and what its data words name.
static bool meaning(Verifier *v, ChInstr i, uint64_t word)
{
    uint32_t bc = (uint32_t)ch_instr_bc(i);
    const ChChunk *chunk = v->chunk;
    switch (i.op) {
    case CH_OP_LOADNIL: return (i.b && is_window(v, i.a, i.b)) || fail(v, "LOADNIL clears registers outside of the frame");
    case CH_OP_LOADK: return bc < chunk->constant_count || fail(v, "there is no such constant");
    case CH_OP_GET_CAPTURE: return i.b < v->proto->capture_count || fail(v, "there is no such captured value");
    case CH_OP_GET_MODULE:
    case CH_OP_TAKE_MODULE:
    case CH_OP_SET_MODULE: return bc < chunk->slot_count || fail(v, "there is no such module slot");
    case CH_OP_GET_LATE:
    case CH_OP_SET_LATE:
    case CH_OP_IMPORT: return needs_kind(v, bc, CH_CONST_STRING);
    case CH_OP_THROW_TEXT:
        return (i.a <= CH_THROW_UNDEFINED_VARIABLE || fail(v, "unknown kind of error")) && needs_kind(v, bc, CH_CONST_STRING);
    case CH_OP_IMPORT_NAME:
        return (bc < chunk->slot_count || fail(v, "there is no such module slot")) && needs_kind(v, word, CH_CONST_STRING);
    case CH_OP_DIVI:
    case CH_OP_MODI: return i.c != 0 || fail(v, "division by the constant 0");
    case CH_OP_INTERP:
    case CH_OP_NEW_LIST: return is_window(v, i.b, i.c) || fail(v, "a window reaches beyond the frame");
    case CH_OP_NEW_RECORD:
        return needs_kind(v, i.c, CH_CONST_NAMES) &&
               (is_window(v, i.b, chunk->constants[i.c].name_count) || fail(v, "a window reaches beyond the frame"));
    case CH_OP_NEW_STRUCT:
        return needs_kind(v, i.c, CH_CONST_STRUCT) &&
               (is_window(v, i.b, chunk->constants[i.c].name_count) || fail(v, "a window reaches beyond the frame"));
    case CH_OP_STRUCT_FROM: return needs_kind(v, i.c, CH_CONST_STRUCT);
    case CH_OP_NEW_ENUM:
        return needs_kind(v, i.c, CH_CONST_VARIANT) && (chunk->constants[i.c].name_count == 1 || fail(v, "a variant without a name")) &&
               (is_window(v, i.b, i.x) || fail(v, "a window reaches beyond the frame"));
    case CH_OP_TEST_VARIANT:
        return needs_kind(v, i.b, CH_CONST_VARIANT) && (chunk->constants[i.b].name_count == 1 || fail(v, "a variant without a name"));
    case CH_OP_GET_FIELD: return needs_kind(v, i.c, CH_CONST_STRING);
    case CH_OP_SET_FIELD: return needs_kind(v, i.b, CH_CONST_STRING);
    case CH_OP_SET_PATH: return (i.x && is_window(v, i.b, i.x)) || fail(v, "a window reaches beyond the frame");
    case CH_OP_SLICE: return is_window(v, i.c, 2) || fail(v, "a window reaches beyond the frame");
    case CH_OP_DICT_REST: return needs_kind(v, i.c, CH_CONST_NAMES);
    case CH_OP_FOR_PREP:
    case CH_OP_FOR_LOOP: return is_window(v, i.a, 3) || fail(v, "a window reaches beyond the frame");
    case CH_OP_ITER:
    case CH_OP_ITER_NEXT: return is_window(v, i.a, 2) || fail(v, "a window reaches beyond the frame");
    case CH_OP_CLOSURE: return (bc && bc < chunk->proto_count) || fail(v, "there is no such function");
    case CH_OP_CALL: return is_window(v, i.a, 1u + i.b) || fail(v, "a window reaches beyond the frame");
    case CH_OP_CALL_METHOD:
        return needs_kind(v, word, CH_CONST_STRING) &&
               (is_window(v, i.a, 1u + i.b) || fail(v, "a window reaches beyond the frame"));
    case CH_OP_CALL_OR_BUILTIN:
        return (is_window(v, i.a, 1u + i.b) || fail(v, "a window reaches beyond the frame")) &&
               (word < ch_builtin_count || fail(v, "there is no such builtin"));
    case CH_OP_CALL_MODULE:
        return (is_window(v, i.a, i.b) || fail(v, "a window reaches beyond the frame")) &&
               (word < chunk->slot_count || fail(v, "there is no such module slot"));
    case CH_OP_CALL_BUILTIN:
        return (is_window(v, i.a, i.b) || fail(v, "a window reaches beyond the frame")) &&
               (word < ch_builtin_count || fail(v, "there is no such builtin"));
    case CH_OP_CALL_LATE:
        return (is_window(v, i.a, i.b) || fail(v, "a window reaches beyond the frame")) && needs_kind(v, word, CH_CONST_STRING);
    case CH_OP_PIPE: return is_window(v, i.a, 2) || fail(v, "a window reaches beyond the frame");
    case CH_OP_CHECK_PARAM:
        return (i.b < chunk->rt_type_count && i.a < v->proto->param_count) || fail(v, "there is no such type or parameter");
    case CH_OP_JARG: return true;
    case CH_OP_DECLARE:
        if (bc >= chunk->decl_count) return fail(v, "there is no such declaration");
        if (chunk->decls[bc].kind != CH_DECL_IMPL) return true;
        return is_window(v, i.a, chunk->decls[bc].count) || fail(v, "a window reaches beyond the frame");
    default: return true;
    }
}

static bool ends(ChOp op)
{
    return op == CH_OP_RETURN || op == CH_OP_RETURN_NIL || op == CH_OP_THROW || op == CH_OP_RETHROW ||
           op == CH_OP_THROW_TEXT || op == CH_OP_NO_MATCH || op == CH_OP_JMP;
}

static bool check_code(Verifier *v)
{
    const ChProto *proto = v->proto;
    ChOp last = CH_OP_NOP;
    for (uint32_t pc = 0; pc < proto->code_count;) {
        ChInstr instr = proto->code[pc];
        const ChOpInfo *info = &ch_op_info[instr.op];
        uint32_t next = pc + 1 + info->words;
        uint64_t word = info->words ? proto->code[pc + 1].word : 0;
        v->pc = pc;
        if (!shape(v, info->a, instr.a, instr, next) || !shape(v, info->b, instr.b, instr, next) ||
            !shape(v, info->c, instr.c, instr, next) || !meaning(v, instr, word)) {
            return false;
        }
        last = (ChOp)instr.op;
        pc = next;
    }
    return ends(last) || fail(v, "the code runs off its end");
}

static bool check_tables(Verifier *v)
{
    const ChProto *proto = v->proto;
    for (uint32_t i = 0; i < proto->handler_count; i++) {
        const ChHandler *handler = &proto->handlers[i];
        v->pc = handler->start;
        if (handler->start >= handler->end || handler->end > proto->code_count || !v->starts[handler->start] ||
            (handler->end < proto->code_count && !v->starts[handler->end])) {
            return fail(v, "a handler guards no instructions");
        }
        if (!is_target(v, handler->target)) return fail(v, "a handler leads nowhere");
        if (!is_register(v, handler->reg) || handler->live > proto->register_count || handler->kind > CH_HANDLER_FINALLY) {
            return fail(v, "a handler names a register outside of the frame");
        }
    }
    v->pc = 0;
    if (proto->param_count > proto->register_count || proto->required_count > proto->param_count) {
        return fail(v, "the parameters do not fit the frame");
    }
    for (uint32_t i = 0; i < proto->param_count; i++) {
        if (proto->params[i].type > v->chunk->rt_type_count) return fail(v, "a parameter has no such type");
    }
    for (uint32_t i = 0; i < proto->line_count; i++) {
        if (proto->lines[i].pc > proto->code_count || (i && proto->lines[i].pc < proto->lines[i - 1].pc)) {
            return fail(v, "the line table is not in order");
        }
    }
    for (uint32_t i = 0; i < proto->known_name_count; i++) {
        if (proto->known_names[i].constant >= v->chunk->constant_count) return fail(v, "a known name has no constant");
    }
    for (uint32_t i = 0; i < proto->local_count; i++) {
        if (!is_register(v, proto->locals[i].reg)) return fail(v, "a local is outside of the frame");
    }
    return true;
}

// What a closure captures must exist in the function that makes it.
static bool check_captures(Verifier *v)
{
    const ChProto *proto = v->proto;
    for (uint32_t pc = 0; pc < proto->code_count; pc++) {
        if (!v->starts[pc] || proto->code[pc].op != CH_OP_CLOSURE) continue;
        const ChProto *made = v->chunk->protos[(uint32_t)ch_instr_bc(proto->code[pc])];
        v->pc = pc;
        for (uint32_t i = 0; i < made->capture_count; i++) {
            const ChCapture *capture = &made->captures[i];
            if (capture->from_self) continue;
            uint32_t limit = capture->from_capture ? proto->capture_count : proto->register_count;
            if (capture->index >= limit) return fail(v, "a closure captures what is not there");
        }
    }
    return true;
}

static bool check_type(const ChRtType *type, uint32_t depth)
{
    if (!type || depth > 100) return false;
    for (uint32_t i = 0; type->kind != CH_RT_INTERFACE && i < type->count; i++) {
        if (!check_type(type->items[i], depth + 1)) return false;
    }
    return type->kind != CH_RT_SHAPE || (type->names && type->optional);
}

bool ch_verify_chunk(const ChChunk *chunk, ChBuffer *why)
{
    Verifier v = {.chunk = chunk, .why = why};
    if (!chunk->proto_count) return fail(&v, "the chunk has no code");
    for (uint32_t i = 0; i < chunk->rt_type_count; i++) {
        if (!check_type(chunk->rt_types[i], 0)) return fail(&v, "a type is not complete");
    }
    for (uint32_t i = 0; i < chunk->pipeline_count; i++) {
        if (chunk->pipelines[i].proto >= chunk->proto_count) return fail(&v, "a pipeline has no code");
    }
    for (uint32_t i = 0; i < chunk->decl_count; i++) {
        const ChChunkDecl *decl = &chunk->decls[i];
        bool needs_numbers = decl->kind != CH_DECL_INTERFACE, needs_types = decl->kind == CH_DECL_STRUCT;
        if (decl->count && ((needs_numbers && !decl->numbers) || (needs_types && !decl->types)))
            return fail(&v, "a declaration is not complete");
        for (uint32_t j = 0; decl->types && j < decl->count; j++) {
            if (decl->types[j] > chunk->rt_type_count) return fail(&v, "a field has no such type");
        }
        for (uint32_t j = 0; decl->kind == CH_DECL_IMPL && j < decl->count; j++) {
            if (decl->numbers[j] >= chunk->proto_count) return fail(&v, "a method has no code");
        }
    }
    for (uint32_t i = 0; i < chunk->proto_count; i++) {
        v.proto = chunk->protos[i];
        v.pc = 0;
        if (!v.proto->register_count || !v.proto->code_count) return fail(&v, "a function has no frame or no code");
        v.starts = ch_alloc_zero(v.proto->code_count, 1);
        bool good = find_starts(&v) && check_code(&v) && check_tables(&v) && check_captures(&v);
        ch_free(v.starts);
        if (!good) return false;
    }
    return true;
}
