// Instructions as text, made from the shapes of the opcode table.
#include "compile/chunk.h"

static void constant_text(const ChChunk *chunk, uint32_t index, ChBuffer *out)
{
    if (index >= chunk->constant_count) {
        ch_buffer_printf(out, "K%u", index);
        return;
    }
    const ChConst *k = &chunk->constants[index];
    switch (k->kind) {
    case CH_CONST_INT: ch_buffer_printf(out, "%lld", (long long)k->integer); break;
    case CH_CONST_FLOAT: ch_buffer_printf(out, "%.17g", k->real); break;
    case CH_CONST_DURATION: ch_buffer_printf(out, "%lldms", (long long)k->integer); break;
    case CH_CONST_STRING: ch_buffer_add_json(out, k->text); break;
    case CH_CONST_NIL: ch_buffer_add_text(out, "nil"); break;
    case CH_CONST_TRUE: ch_buffer_add_text(out, "true"); break;
    case CH_CONST_FALSE: ch_buffer_add_text(out, "false"); break;
    case CH_CONST_VARIANT:
        ch_buffer_add_str(out, k->text);
        ch_buffer_add_byte(out, '.');
        if (k->name_count) ch_buffer_add_str(out, k->names[0]);
        break;
    default:
        ch_buffer_add_str(out, k->text);
        ch_buffer_add_byte(out, '{');
        for (uint32_t i = 0; i < k->name_count; i++) {
            if (i) ch_buffer_add_text(out, ", ");
            ch_buffer_add_str(out, k->names[i]);
        }
        ch_buffer_add_byte(out, '}');
        break;
    }
}

static void operand(ChBuffer *out, bool *first, const char *format, long long value)
{
    ch_buffer_add_text(out, *first ? "" : ", ");
    *first = false;
    if (format[0] == 'r') {
        ch_buffer_printf(out, "r%lld", value);
    } else if (format[0] == '>') {
        ch_buffer_printf(out, "-> %lld", value);
    } else {
        ch_buffer_printf(out, "%lld", value);
    }
}

static void shaped(const ChProto *proto, char shape, uint16_t value, ChInstr instr, uint32_t next, ChBuffer *out,
                   bool *first)
{
    switch (shape) {
    case 'R':
    case 'W':
    case 'M':
    case 'F': operand(out, first, "r", value); break;
    case 'I': operand(out, first, "", value); break;
    case 'S': operand(out, first, "", (int16_t)value); break;
    case 'D': operand(out, first, "", ch_instr_bc(instr)); break;
    case 'J': operand(out, first, ">", (long long)next + (int16_t)value); break;
    case 'L': operand(out, first, ">", (long long)next + ch_instr_bc(instr)); break;
    case 'K':
        ch_buffer_add_text(out, *first ? "" : ", ");
        *first = false;
        constant_text(proto->chunk, value, out);
        break;
    default: break;
    }
}

// The 32-bit operand of shape E means something else for each opcode.
static void wide(const ChProto *proto, ChInstr instr, ChBuffer *out, bool *first)
{
    const ChChunk *chunk = proto->chunk;
    uint32_t value = (uint32_t)ch_instr_bc(instr);
    ch_buffer_add_text(out, *first ? "" : ", ");
    *first = false;
    switch (instr.op) {
    case CH_OP_LOADK:
    case CH_OP_GET_LATE:
    case CH_OP_SET_LATE:
    case CH_OP_THROW_TEXT:
    case CH_OP_IMPORT: constant_text(chunk, value, out); break;
    case CH_OP_GET_MODULE:
    case CH_OP_TAKE_MODULE:
    case CH_OP_SET_MODULE:
    case CH_OP_IMPORT_NAME:
        ch_buffer_add_byte(out, '@');
        if (value < chunk->slot_count) ch_buffer_add_str(out, chunk->slots[value].name);
        break;
    case CH_OP_CLOSURE:
        ch_buffer_printf(out, "fn#%u ", value);
        if (value < chunk->proto_count) ch_buffer_add_str(out, chunk->protos[value]->name);
        break;
    case CH_OP_DECLARE:
        ch_buffer_printf(out, "decl#%u ", value);
        if (value < chunk->decl_count) ch_buffer_add_str(out, chunk->decls[value].name);
        break;
    default: ch_buffer_printf(out, "#%u", value); break;
    }
}

static void data_word(const ChProto *proto, ChInstr instr, uint64_t word, ChBuffer *out)
{
    switch (instr.op) {
    case CH_OP_CALL_MODULE:
        ch_buffer_add_text(out, ", @");
        if (word < proto->chunk->slot_count) ch_buffer_add_str(out, proto->chunk->slots[word].name);
        break;
    case CH_OP_CALL_METHOD:
    case CH_OP_CALL_LATE:
    case CH_OP_IMPORT_NAME:
        ch_buffer_add_text(out, ", ");
        constant_text(proto->chunk, (uint32_t)word, out);
        break;
    case CH_OP_CALL_BUILTIN:
    case CH_OP_CALL_OR_BUILTIN: ch_buffer_printf(out, ", builtin#%llu", (unsigned long long)word); break;
    default: break;
    }
}

uint32_t ch_disassemble_at(const ChProto *proto, uint32_t pc, ChBuffer *out)
{
    return ch_disassemble_instruction(proto, proto->code[pc], pc, out);
}

uint32_t ch_disassemble_instruction(const ChProto *proto, ChInstr instr, uint32_t pc, ChBuffer *out)
{
    if (instr.op >= CH_OP_COUNT) {
        ch_buffer_printf(out, "?%u", instr.op);
        return 1;
    }
    const ChOpInfo *info = &ch_op_info[instr.op];
    uint32_t next = pc + 1 + info->words;
    bool first = true;
    ch_buffer_printf(out, "%-13s ", info->name);
    shaped(proto, info->a, instr.a, instr, next, out, &first);
    if (info->b == 'E') {
        wide(proto, instr, out, &first);
    } else {
        shaped(proto, info->b, instr.b, instr, next, out, &first);
        shaped(proto, info->c, instr.c, instr, next, out, &first);
    }
    if (info->words && pc + 1 < proto->code_count) data_word(proto, instr, proto->code[pc + 1].word, out);
    if (instr.x) ch_buffer_printf(out, "  x=%u", instr.x);
    return 1 + info->words;
}

static void disassemble_proto(const ChProto *proto, ChBuffer *out)
{
    ch_buffer_printf(out, "fn#%u ", proto->index);
    ch_buffer_add_str(out, proto->name);
    ch_buffer_printf(out, "  params %u..%u  registers %u  words %u\n", proto->required_count, proto->param_count,
                     proto->register_count, proto->code_count);
    for (uint32_t i = 0; i < proto->capture_count; i++) {
        const ChCapture *capture = &proto->captures[i];
        ch_buffer_printf(out, "  capture %u: %.*s from %s %u\n", i, CH_STR_ARG(capture->name),
                         capture->from_self ? "self" : capture->from_capture ? "capture" : "register", capture->index);
    }
    uint32_t line = 0;
    for (uint32_t pc = 0; pc < proto->code_count;) {
        const ChLineEntry *entry = ch_proto_line(proto, pc);
        bool marks = ch_proto_statement(proto, pc) != NULL;
        if (entry && entry->line != line) {
            ch_buffer_printf(out, "%5u %c ", entry->line, marks ? '*' : ' ');
            line = entry->line;
        } else {
            ch_buffer_printf(out, "      %c ", marks ? '*' : ' ');
        }
        ch_buffer_printf(out, "%5u  ", pc);
        pc += ch_disassemble_at(proto, pc, out);
        ch_buffer_add_byte(out, '\n');
    }
    static const char *const kinds[] = {"catch", "catch", "finally"};
    for (uint32_t i = 0; i < proto->handler_count; i++) {
        const ChHandler *handler = &proto->handlers[i];
        ch_buffer_printf(out, "  %s [%u, %u) -> %u  r%u  live %u%s%.*s\n", kinds[handler->kind], handler->start,
                         handler->end, handler->target, handler->reg, handler->live,
                         handler->type_name.length ? "  " : "", CH_STR_ARG(handler->type_name));
    }
    for (uint32_t i = 0; i < proto->local_count; i++) {
        const ChLocalName *local = &proto->locals[i];
        ch_buffer_printf(out, "  local %.*s r%u [%u, %u)%s%s\n", CH_STR_ARG(local->name), local->reg, local->start,
                         local->end, local->is_mutable ? " var" : "", local->is_hidden ? " hidden" : "");
    }
    ch_buffer_add_byte(out, '\n');
}

void ch_disassemble_chunk(const ChChunk *chunk, ChBuffer *out)
{
    for (uint32_t i = 0; i < chunk->proto_count; i++) disassemble_proto(chunk->protos[i], out);
}
