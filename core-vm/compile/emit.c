// Emitting: instructions, jumps and their patching, constants, and the line table.
//
// A jump whose target is not known yet is remembered by its word in a ChPcs list. In functions with long jumps every
// 16-bit jump becomes three words: the instruction jumps over a JMP that skips the far JMP behind it.
#include "compile/compile_int.h"

#include <string.h>

// Walks from the last position that was asked for: offsets come in nearly the order of the source.
static void position(ChCompiler *c, uint32_t offset, uint32_t *line, uint32_t *column)
{
    const char *text = c->tree->source->text.data;
    uint32_t length = c->tree->source->text.length;
    if (offset > length) offset = length;
    if (c->at_line == 0) {
        c->at_offset = 0;
        c->at_line = 1;
        c->at_column = 1;
    }
    if (offset < c->at_offset) {
        uint32_t at = c->at_offset;
        uint32_t back = 0;
        while (at > offset && text[at - 1] != '\n') {
            at--;
            if (((unsigned char)text[at] & 0xc0) != 0x80) back++;
        }
        if (at == offset) {
            c->at_column -= back;
            c->at_offset = at;
        } else {
            c->at_line = ch_source_line(c->tree->source, offset);
            c->at_offset = ch_source_line_start(c->tree->source, c->at_line);
            c->at_column = 1;
        }
    }
    while (c->at_offset < offset) {
        unsigned char byte = (unsigned char)text[c->at_offset++];
        if (byte == '\n') {
            c->at_line++;
            c->at_column = 1;
        } else if (c->at_offset >= length || ((unsigned char)text[c->at_offset] & 0xc0) != 0x80) {
            c->at_column++;
        }
    }
    *line = c->at_line;
    *column = c->at_column;
}

void ch__at(ChFn *fn, uint32_t offset) { fn->offset = offset; }

void ch__statement(ChFn *fn, const ChNode *node)
{
    fn->offset = fn->statement_offset = node->start;
    fn->statement = true;
}

// The first instruction of a statement belongs to two places: breakpoints and steps mean where the statement begins,
// errors mean the operand, which may stand further right or on a line below. It has an entry for each, in this order.
static void add_line(ChFn *fn)
{
    uint32_t line, column;
    uint32_t pc = fn->code.count;
    ChLineEntry begin = {0};
    if (fn->statement) {
        position(fn->c, fn->statement_offset, &line, &column);
        begin = (ChLineEntry){pc, line, column, true};
    }
    while (fn->lines.count && ch_array_last(&fn->lines).pc == pc) {
        if (!begin.statement) begin = ch_array_last(&fn->lines);
        fn->lines.count--;
    }
    if (begin.statement) ch_array_push(&fn->lines, begin);
    position(fn->c, fn->offset, &line, &column);
    if (!fn->lines.count || ch_array_last(&fn->lines).line != line || ch_array_last(&fn->lines).column != column) {
        ch_array_push(&fn->lines, (ChLineEntry){pc, line, column, false});
    }
    fn->statement = false;
}

static bool too_long(ChFn *fn)
{
    if (fn->code.count < CH_CODE_WORDS_MAX) return false;
    if (!fn->c->limit_reported) {
        fn->c->limit_reported = true;
        ch__compile_error(fn->c, (ChRange){fn->offset, fn->offset}, "the code of this function is too large");
    }
    return true;
}

uint32_t ch__emit(ChFn *fn, ChOp op, uint8_t x, uint32_t a, uint32_t b, uint32_t c)
{
    if (too_long(fn)) return fn->code.count - 1;
    add_line(fn);
    ch_array_push(&fn->code, (ChInstr){.op = (uint8_t)op, .x = x, .a = (uint16_t)a, .b = (uint16_t)b, .c = (uint16_t)c});
    return fn->code.count - 1;
}

uint32_t ch__emit_bc(ChFn *fn, ChOp op, uint8_t x, uint32_t a, uint32_t bc)
{
    return ch__emit(fn, op, x, a, bc & 0xffff, bc >> 16);
}

void ch__emit_word(ChFn *fn, uint64_t word)
{
    if (too_long(fn)) return;
    ch_array_push(&fn->code, (ChInstr){.word = word});
}

static bool is_short_jump(ChOp op) { return ch_op_info[op].c == 'J'; }

void ch__jump(ChFn *fn, ChPcs *list, ChOp op, uint8_t x, uint32_t a, uint32_t b)
{
    uint32_t pc;
    if (!is_short_jump(op)) {
        pc = ch__emit(fn, op, x, a, 0, 0);
    } else {
        pc = ch__emit(fn, op, x, a, b, fn->long_jumps ? 1 : 0);
        for (uint32_t i = 0; i < ch_op_info[op].words; i++) ch__emit_word(fn, 0);
        if (fn->long_jumps) {
            ch__emit_bc(fn, CH_OP_JMP, 0, 0, 1);
            pc = ch__emit_bc(fn, CH_OP_JMP, 0, 0, 0);
        }
    }
    if (op == CH_OP_JMP) fn->reachable = false;
    ch_array_push(list, pc);
}

static void patch(ChFn *fn, uint32_t pc, uint32_t target)
{
    ChInstr *i = &fn->code.items[pc];
    int64_t distance = (int64_t)target - (int64_t)(pc + 1 + ch_op_info[i->op].words);
    if (is_short_jump((ChOp)i->op)) {
        if (distance < INT16_MIN || distance > INT16_MAX) fn->jump_overflow = true;
        i->c = (uint16_t)(int16_t)distance;
    } else {
        uint32_t bits = (uint32_t)(int32_t)distance;
        i->b = (uint16_t)bits;
        i->c = (uint16_t)(bits >> 16);
    }
}

void ch__jump_back(ChFn *fn, ChOp op, uint8_t x, uint32_t a, uint32_t b, uint32_t target)
{
    ChPcs list = {0};
    ch__jump(fn, &list, op, x, a, b);
    ch__patch_to(fn, &list, target);
}

void ch__patch_to(ChFn *fn, ChPcs *list, uint32_t target)
{
    for (uint32_t i = 0; i < list->count; i++) patch(fn, list->items[i], target);
    ch_array_release(list);
}

void ch__patch_here(ChFn *fn, ChPcs *list)
{
    if (!list->count) return;
    ch__patch_to(fn, list, ch__label(fn));
}

uint32_t ch__label(ChFn *fn)
{
    fn->reachable = true;
    return fn->code.count;
}

// ---- constants

ChConst ch__const_int(int64_t value) { return (ChConst){.kind = CH_CONST_INT, .integer = value}; }

ChConst ch__const_text(ChStr text) { return (ChConst){.kind = CH_CONST_STRING, .text = text}; }

static uint32_t add_constant(ChCompiler *c, ChStr key, ChConst constant)
{
    bool is_new;
    ChMapEntry *entry = ch_map_find(&c->constant_index, key);
    if (entry) return entry->value.number;
    entry = ch_map_enter(&c->constant_index, ch_str_copy(c->arena, key), &is_new);
    if (constant.text.data) constant.text = ch_str_copy(c->arena, constant.text);
    if (constant.name_count) {
        ChStr *names = CH_ARENA_ARRAY(c->arena, ChStr, constant.name_count);
        for (uint32_t i = 0; i < constant.name_count; i++) names[i] = ch_str_copy(c->arena, constant.names[i]);
        constant.names = names;
    }
    entry->value.number = c->constants.count;
    ch_array_push(&c->constants, constant);
    return c->constants.count - 1;
}

uint32_t ch__constant(ChFn *fn, ChConst constant)
{
    ChBuffer key = {0};
    ch_buffer_add_byte(&key, (char)constant.kind);
    switch (constant.kind) {
    case CH_CONST_INT:
    case CH_CONST_DURATION: ch_buffer_add(&key, &constant.integer, sizeof constant.integer); break;
    case CH_CONST_FLOAT: ch_buffer_add(&key, &constant.real, sizeof constant.real); break;
    default: ch_buffer_add_str(&key, constant.text); break;
    }
    for (uint32_t i = 0; i < constant.name_count; i++) {
        uint32_t length = constant.names[i].length;
        ch_buffer_add(&key, &length, sizeof length);
        ch_buffer_add_str(&key, constant.names[i]);
    }
    uint32_t index = add_constant(fn->c, ch_buffer_view(&key), constant);
    ch_buffer_release(&key);
    return index;
}

uint32_t ch__constant_text(ChFn *fn, ChStr text) { return ch__constant(fn, ch__const_text(text)); }

uint32_t ch__constant_names(ChFn *fn, ChConstKind kind, ChStr text, const ChStr *names, uint32_t count)
{
    return ch__constant(fn, (ChConst){.kind = kind, .text = text, .names = (ChStr *)names, .name_count = count});
}

int32_t ch__constant_short(ChFn *fn, ChConst constant)
{
    uint32_t index = ch__constant(fn, constant);
    return index <= UINT16_MAX ? (int32_t)index : -1;
}

void ch__load_constant(ChFn *fn, uint32_t dst, ChConst constant)
{
    switch (constant.kind) {
    case CH_CONST_NIL: ch__emit(fn, CH_OP_LOADNIL, 0, dst, 1, 0); break;
    case CH_CONST_TRUE: ch__emit(fn, CH_OP_LOADBOOL, 0, dst, 1, 0); break;
    case CH_CONST_FALSE: ch__emit(fn, CH_OP_LOADBOOL, 0, dst, 0, 0); break;
    case CH_CONST_INT:
        if (constant.integer >= INT32_MIN && constant.integer <= INT32_MAX) {
            ch__emit_bc(fn, CH_OP_LOADI, 0, dst, (uint32_t)(int32_t)constant.integer);
            break;
        }
        // fall through
    default: ch__emit_bc(fn, CH_OP_LOADK, 0, dst, ch__constant(fn, constant)); break;
    }
}

void ch__load_text(ChFn *fn, uint32_t dst, ChStr text) { ch__load_constant(fn, dst, ch__const_text(text)); }

void ch__load_nil(ChFn *fn, uint32_t dst) { ch__emit(fn, CH_OP_LOADNIL, 0, dst, 1, 0); }

void ch__move(ChFn *fn, uint32_t dst, uint32_t src, bool take)
{
    if (dst != src) ch__emit(fn, take ? CH_OP_TAKE : CH_OP_MOVE, 0, dst, src, 0);
}
