// Expressions: values go straight to the register that wants them, locals are used where they are.
//
// ch__expr_to writes its destination last, or (when no local lives there) uses it as the place to build the value:
// so `x = x ?? y` or `xs = [...xs, 1]` never see a half-written x.
#include "builtins/builtins.h"
#include "compile/compile_int.h"

bool ch__is_last_use(ChFn *fn, const ChNode *node, uint32_t reg)
{
    for (uint32_t i = 0; i < fn->last_uses.count; i++) {
        if (fn->last_uses.items[i].node == node && fn->last_uses.items[i].reg == reg) return true;
    }
    return false;
}

// A constant of this function has a register too, for instructions that need one.
static bool constant_register(ChFn *fn, const ChNode *node, uint16_t *reg)
{
    if (node->kind != CH_NODE_IDENTIFIER) return false;
    uint32_t index = ch_map_get_number(&fn->names, node->as.name.name.text, 0);
    if (!index || !fn->bindings.items[index - 1].has_constant) return false;
    *reg = fn->bindings.items[index - 1].reg;
    return true;
}

ChOperand ch__expr_reg(ChFn *fn, const ChNode *node)
{
    ChOperand known = {0};
    if (node && constant_register(fn, node, &known.reg)) return known;
    if (node && node->kind == CH_NODE_IDENTIFIER) {
        ChRef ref = ch__resolve(fn, node->as.name.name.text);
        if (ref.kind == CH_REF_REGISTER) {
            return (ChOperand){.reg = (uint16_t)ref.index, .is_temp = ch__is_last_use(fn, node, ref.index)};
        }
    }
    uint32_t reg = ch__push(fn);
    ch__expr_to(fn, node, reg);
    return (ChOperand){.reg = (uint16_t)reg, .is_temp = true};
}

ChOperand ch__expr(ChFn *fn, const ChNode *node)
{
    ChOperand operand = {.is_constant = true};
    if (!ch__fold(fn, node, &operand.constant)) return ch__expr_reg(fn, node);
    operand.has_register = node && constant_register(fn, node, &operand.reg);
    return operand;
}

ChOperand ch__in_register(ChFn *fn, ChOperand operand)
{
    if (!operand.is_constant) return operand;
    if (operand.has_register) return (ChOperand){.reg = operand.reg};
    uint32_t reg = ch__push(fn);
    ch__load_constant(fn, reg, operand.constant);
    return (ChOperand){.reg = (uint16_t)reg, .is_temp = true};
}

void ch__expr_push(ChFn *fn, const ChNode *node)
{
    uint32_t reg = ch__push(fn);
    ch__expr_to(fn, node, reg);
}

// A value that a function of the prelude gives.
static void load_given(ChFn *fn, ChStr name, uint32_t dst)
{
    ChBuffer function = {0};
    ch_buffer_printf(&function, "__%.*s_value", CH_STR_ARG(name));
    uint32_t base = ch__push(fn);
    ch__call_named(fn, ch_buffer_view(&function), base, 0, dst);
    ch__pop_to(fn, base);
    ch_buffer_release(&function);
}

void ch__load_ref(ChFn *fn, ChRef ref, ChStr name, uint32_t dst)
{
    switch (ref.kind) {
    case CH_REF_REGISTER: ch__move(fn, dst, ref.index, false); break;
    case CH_REF_CAPTURE: ch__emit(fn, CH_OP_GET_CAPTURE, 0, dst, ref.index, 0); break;
    case CH_REF_SELF: ch__emit(fn, CH_OP_GET_SELF, 0, dst, 0, 0); break;
    case CH_REF_CONSTANT: ch__load_constant(fn, dst, ref.constant); break;
    case CH_REF_SLOT: ch__emit_bc(fn, CH_OP_GET_MODULE, 0, dst, ref.index); break;
    case CH_REF_BUILTIN:
        if (ch_builtin_rows[ref.index].type == CH_ROW_CONSTANT && ch_builtin_rows[ref.index].is_prelude) load_given(fn, name, dst);
        else ch__emit_bc(fn, CH_OP_LOADBUILTIN, 0, dst, ref.index);
        break;
    case CH_REF_LATE: ch__emit_bc(fn, CH_OP_GET_LATE, 0, dst, ch__constant_text(fn, name)); break;
    }
}

// The register in which a value for `dst` may be built step by step.
static uint32_t build_place(ChFn *fn, uint32_t dst) { return ch__is_bound(fn, dst) ? ch__push(fn) : dst; }

// ---- binary operators

static bool is_value_operator(ChOperator op)
{
    return op != CH_OPERATOR_AND && op != CH_OPERATOR_OR && op != CH_OPERATOR_COALESCE && op != CH_OPERATOR_PIPE;
}

static uint8_t free_flags(ChOperand left, ChOperand right)
{
    return (uint8_t)((left.is_temp ? CH_X_FREE_B : 0) | (right.is_temp ? CH_X_FREE_C : 0));
}

typedef struct ArithRow {
    ChOp registers, immediate, constant; // NOP: there is no such form
} ArithRow;

static ArithRow arith_row(ChOperator op)
{
    switch (op) {
    case CH_OPERATOR_ADD: return (ArithRow){CH_OP_ADD, CH_OP_ADDI, CH_OP_ADDK};
    case CH_OPERATOR_SUBTRACT: return (ArithRow){CH_OP_SUB, CH_OP_SUBI, CH_OP_SUBK};
    case CH_OPERATOR_MULTIPLY: return (ArithRow){CH_OP_MUL, CH_OP_MULI, CH_OP_MULK};
    case CH_OPERATOR_DIVIDE: return (ArithRow){CH_OP_DIV, CH_OP_DIVI, CH_OP_DIVK};
    case CH_OPERATOR_MODULO: return (ArithRow){CH_OP_MOD, CH_OP_MODI, CH_OP_MODK};
    case CH_OPERATOR_POWER: return (ArithRow){CH_OP_POW, CH_OP_NOP, CH_OP_NOP};
    case CH_OPERATOR_EQUAL: return (ArithRow){CH_OP_EQ, CH_OP_EQI, CH_OP_NOP};
    case CH_OPERATOR_NOT_EQUAL: return (ArithRow){CH_OP_NE, CH_OP_NEI, CH_OP_NOP};
    case CH_OPERATOR_LESS: return (ArithRow){CH_OP_LT, CH_OP_LTI, CH_OP_NOP};
    case CH_OPERATOR_LESS_EQUAL: return (ArithRow){CH_OP_LE, CH_OP_LEI, CH_OP_NOP};
    case CH_OPERATOR_GREATER: return (ArithRow){CH_OP_GT, CH_OP_GTI, CH_OP_NOP};
    case CH_OPERATOR_GREATER_EQUAL: return (ArithRow){CH_OP_GE, CH_OP_GEI, CH_OP_NOP};
    case CH_OPERATOR_IN: return (ArithRow){CH_OP_IN, CH_OP_NOP, CH_OP_NOP};
    case CH_OPERATOR_NOT_IN: return (ArithRow){CH_OP_NOT_IN, CH_OP_NOP, CH_OP_NOP};
    default: return (ArithRow){CH_OP_NOP, CH_OP_NOP, CH_OP_NOP};
    }
}

static bool is_number(ChConst k) { return k.kind == CH_CONST_INT || k.kind == CH_CONST_FLOAT; }

void ch__arith(ChFn *fn, ChOperator op, uint32_t dst, ChOperand left, ChOperand right, uint32_t offset)
{
    ArithRow row = arith_row(op);
    // Numbers commute under *, so a constant may always stand on the right.
    if (op == CH_OPERATOR_MULTIPLY && left.is_constant && !right.is_constant && is_number(left.constant)) {
        ChOperand swap = left;
        left = right;
        right = swap;
    }
    left = ch__in_register(fn, left);
    if (right.is_constant && row.immediate != CH_OP_NOP) {
        bool by_zero = (op == CH_OPERATOR_DIVIDE || op == CH_OPERATOR_MODULO) && right.constant.kind == CH_CONST_INT &&
                       right.constant.integer == 0;
        int32_t index;
        if (!by_zero && ch__fits_short(right.constant)) {
            ch__at(fn, offset);
            ch__emit(fn, row.immediate, free_flags(left, (ChOperand){0}), dst, left.reg,
                     (uint16_t)right.constant.integer);
            return;
        }
        if (!by_zero && row.constant != CH_OP_NOP && (index = ch__constant_short(fn, right.constant)) >= 0) {
            ch__at(fn, offset);
            ch__emit(fn, row.constant, free_flags(left, (ChOperand){0}), dst, left.reg, (uint32_t)index);
            return;
        }
    }
    right = ch__in_register(fn, right);
    ch__at(fn, offset);
    ch__emit(fn, row.registers, free_flags(left, right), dst, left.reg, right.reg);
}

// Operands named in place must not be changed by what is computed behind them.
static ChOperand protect(ChFn *fn, ChOperand operand, const ChNode *later)
{
    if (operand.is_constant || operand.is_temp || !ch__may_assign(later)) return operand;
    uint32_t reg = ch__push(fn);
    ch__move(fn, reg, operand.reg, false);
    return (ChOperand){.reg = (uint16_t)reg, .is_temp = true};
}

static void chain_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    CH_ARRAY_OF(const ChNode *) links = {0};
    const ChNode *at = node;
    while (at && at->kind == CH_NODE_BINARY && is_value_operator(at->as.binary.op)) {
        ch_array_push(&links, at);
        at = at->as.binary.left;
    }
    uint32_t mark = fn->free_reg;
    uint32_t place = build_place(fn, dst);
    uint32_t inner = fn->free_reg;
    ChOperand left = ch__expr(fn, at);
    for (uint32_t i = links.count; i-- > 0;) {
        const ChNode *link = links.items[i];
        left = protect(fn, left, link->as.binary.right);
        ChOperand right = ch__expr(fn, link->as.binary.right);
        ChConst folded;
        if (left.is_constant && right.is_constant &&
            ch__fold_binary(fn, link->as.binary.op, left.constant, right.constant, &folded)) {
            left = (ChOperand){.is_constant = true, .constant = folded};
            continue;
        }
        uint32_t out = i == 0 ? dst : place;
        ch__arith(fn, link->as.binary.op, out, left, right, link->as.binary.op_start);
        ch__pop_to(fn, inner);
        left = (ChOperand){.reg = (uint16_t)out, .is_temp = true};
    }
    if (left.is_constant) ch__load_constant(fn, dst, left.constant);
    ch__pop_to(fn, mark);
    ch_array_release(&links);
}

static bool gives_bool(const ChNode *node)
{
    if (!node) return false;
    if (node->kind == CH_NODE_UNARY) return node->as.unary.op == CH_OPERATOR_NOT;
    if (node->kind != CH_NODE_BINARY) return node->kind == CH_NODE_BOOL;
    switch (node->as.binary.op) {
    case CH_OPERATOR_EQUAL:
    case CH_OPERATOR_NOT_EQUAL:
    case CH_OPERATOR_LESS:
    case CH_OPERATOR_LESS_EQUAL:
    case CH_OPERATOR_GREATER:
    case CH_OPERATOR_GREATER_EQUAL:
    case CH_OPERATOR_IN:
    case CH_OPERATOR_NOT_IN:
    case CH_OPERATOR_AND:
    case CH_OPERATOR_OR: return true;
    default: return false;
    }
}

// All operands but the last one jump out when they decide; the last one's truth is the value.
static void logical_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    bool decides = node->as.binary.op == CH_OPERATOR_OR;
    ChPcs decided = {0}, end = {0};
    uint32_t mark = fn->free_reg;
    ch__cond_operands(fn, node, &decided);
    if (gives_bool(node->as.binary.right)) {
        ch__expr_to(fn, node->as.binary.right, dst);
    } else {
        ChOperand last = ch__expr_reg(fn, node->as.binary.right);
        ch__at(fn, node->as.binary.op_start);
        ch__emit(fn, CH_OP_TRUTHY, last.is_temp ? CH_X_FREE_B : 0, dst, last.reg, 0);
    }
    ch__pop_to(fn, mark);
    if (decided.count) {
        if (fn->reachable) ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
        ch__patch_here(fn, &decided);
        ch__emit(fn, CH_OP_LOADBOOL, 0, dst, decides ? 1 : 0, 0);
    }
    ch__patch_here(fn, &end);
}

static void coalesce_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    CH_ARRAY_OF(const ChNode *) parts = {0};
    const ChNode *at = node;
    for (; at && at->kind == CH_NODE_BINARY && at->as.binary.op == CH_OPERATOR_COALESCE; at = at->as.binary.left) {
        ch_array_push(&parts, at->as.binary.right);
    }
    uint32_t mark = fn->free_reg;
    uint32_t place = build_place(fn, dst);
    ChPcs end = {0};
    ch__expr_to(fn, at, place);
    for (uint32_t i = parts.count; i-- > 0;) {
        ch__jump(fn, &end, CH_OP_JNOTNIL, 0, place, 0);
        ch__expr_to(fn, parts.items[i], place);
    }
    ch__patch_here(fn, &end);
    fn->reachable = true;
    ch__move(fn, dst, place, true);
    ch__pop_to(fn, mark);
    ch_array_release(&parts);
}

void ch__binary_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    switch (node->as.binary.op) {
    case CH_OPERATOR_AND:
    case CH_OPERATOR_OR: logical_to(fn, node, dst); break;
    case CH_OPERATOR_COALESCE: coalesce_to(fn, node, dst); break;
    case CH_OPERATOR_PIPE: ch__pipe_to(fn, node, dst); break;
    default: chain_to(fn, node, dst); break;
    }
}

static void unary_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    // Signs and negations in a row are a chain too: -----x.
    CH_ARRAY_OF(const ChNode *) links = {0};
    const ChNode *at = node;
    for (; at && at->kind == CH_NODE_UNARY; at = at->as.unary.operand) ch_array_push(&links, at);
    uint32_t mark = fn->free_reg;
    ChOperand operand = ch__expr_reg(fn, at);
    for (uint32_t i = links.count; i-- > 0;) {
        ch__at(fn, links.items[i]->start);
        uint32_t out = dst;
        if (i > 0 && ch__is_bound(fn, dst)) out = operand.is_temp && !ch__is_bound(fn, operand.reg) ? operand.reg : ch__push(fn);
        ch__emit(fn, links.items[i]->as.unary.op == CH_OPERATOR_NOT ? CH_OP_NOT : CH_OP_NEG,
                 operand.is_temp ? CH_X_FREE_B : 0, out, operand.reg, 0);
        operand = (ChOperand){.reg = (uint16_t)out, .is_temp = true};
    }
    ch__pop_to(fn, mark);
    ch_array_release(&links);
}

static void ternary_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ChPcs end = {0};
    for (;;) { // a ? b : c ? d : e
        ChPcs otherwise = {0};
        ch__cond(fn, node->as.ternary.condition, false, &otherwise);
        ch__expr_to(fn, node->as.ternary.then_value, dst);
        if (fn->reachable) ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
        ch__patch_here(fn, &otherwise);
        fn->reachable = true;
        const ChNode *next = node->as.ternary.else_value;
        if (!next || next->kind != CH_NODE_TERNARY) {
            ch__expr_to(fn, next, dst);
            break;
        }
        node = next;
    }
    ch__patch_here(fn, &end);
}

static void range_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    uint32_t mark = fn->free_reg;
    ChOperand first = protect(fn, ch__expr(fn, node->as.range.first), node->as.range.last);
    first = ch__in_register(fn, first);
    ChOperand last = ch__expr_reg(fn, node->as.range.last);
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_NEW_RANGE,
             (uint8_t)(free_flags(first, last) | ((node->flags & CH_FLAG_EXCLUSIVE) ? CH_X_EXCLUSIVE : 0)), dst,
             first.reg, last.reg);
    ch__pop_to(fn, mark);
}

static void identifier_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ChStr name = node->as.name.name.text;
    ChRef ref = ch__resolve(fn, name);
    ch__at(fn, node->start);
    if (ref.kind == CH_REF_REGISTER && ch__is_last_use(fn, node, ref.index)) {
        ch__move(fn, dst, ref.index, true);
    } else {
        ch__load_ref(fn, ref, name, dst);
    }
}

static void closure_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ch__closure_to(fn,
                   &(ChFnSpec){.name = CH_STR("<closure>"),
                               .params = node->as.closure.params,
                               .body = node->as.closure.body,
                               .returns_value = true,
                               .start = node->start,
                               .end = node->end},
                   dst);
}

static void yield_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    uint32_t mark = fn->free_reg;
    ChOperand value;
    if (node->as.unary.operand) {
        value = ch__expr_reg(fn, node->as.unary.operand);
    } else {
        value = ch__in_register(fn, (ChOperand){.is_constant = true, .constant = {.kind = CH_CONST_NIL}});
    }
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_YIELD, value.is_temp ? CH_X_FREE_B : 0, dst, value.reg, 0);
    ch__pop_to(fn, mark);
}

static void expression_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    switch (node->kind) {
    case CH_NODE_IDENTIFIER: identifier_to(fn, node, dst); break;
    case CH_NODE_INTERPOLATION: ch__interpolation_to(fn, node, dst); break;
    case CH_NODE_LIST: ch__list_to(fn, &node->as.list.items, dst, node->start); break;
    case CH_NODE_DICT: ch__dict_to(fn, &node->as.list.items, dst, node->start); break;
    case CH_NODE_STRUCT_LITERAL: ch__struct_literal_to(fn, node, dst); break;
    case CH_NODE_UNARY: unary_to(fn, node, dst); break;
    case CH_NODE_BINARY: ch__binary_to(fn, node, dst); break;
    case CH_NODE_TERNARY: ternary_to(fn, node, dst); break;
    case CH_NODE_RANGE: range_to(fn, node, dst); break;
    case CH_NODE_CALL:
        if (node->as.call.callee && node->as.call.callee->kind == CH_NODE_IDENTIFIER) {
            ch__call_to(fn, node, dst, false);
            break;
        }
        // fall through
    case CH_NODE_METHOD_CALL:
    case CH_NODE_MEMBER:
    case CH_NODE_INDEX:
    case CH_NODE_SLICE:
    case CH_NODE_PROPAGATE: ch__postfix_to(fn, node, dst); break;
    case CH_NODE_TRY_STAR:
        if (fn->is_toplevel) {
            ch__compile_error(fn->c, ch_node_range(node),
                              "try* requires an enclosing function (fn, tool, or pipeline) so the rethrow has a target");
        }
        ch__expr_to(fn, node->as.unary.operand, dst);
        break;
    case CH_NODE_CLOSURE: closure_to(fn, node, dst); break;
    case CH_NODE_HITL: ch__hitl_to(fn, node, dst); break;
    case CH_NODE_SPAWN: ch__spawn_to(fn, node, dst); break;
    case CH_NODE_PARALLEL: ch__parallel_to(fn, node, dst); break;
    case CH_NODE_SELECT: ch__select_to(fn, node, dst); break;
    case CH_NODE_COST_ROUTE: ch__cost_route_to(fn, node, dst); break;
    case CH_NODE_YIELD:
    case CH_NODE_EMIT: yield_to(fn, node, dst); break;
    case CH_NODE_SPREAD:
        ch__compile_error(fn->c, ch_node_range(node),
                          "spread (...) can only be used inside list literals, dict literals, or function call arguments");
        break;
    case CH_NODE_OR_PATTERN:
        ch__compile_error(fn->c, ch_node_range(node), "or-pattern (|) can only appear as a match arm pattern");
        break;
    default: ch__statement_to(fn, node, dst); break;
    }
}

void ch__expr_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ChConst constant;
    if (!node) {
        ch__load_nil(fn, dst);
        return;
    }
    if (ch__fold(fn, node, &constant)) {
        ch__at(fn, node->start);
        ch__load_constant(fn, dst, constant);
        return;
    }
    if (!ch__depth_enter(fn->c, node)) {
        ch__load_nil(fn, dst);
        return;
    }
    uint32_t mark = fn->free_reg;
    expression_to(fn, node, dst);
    ch__pop_to(fn, mark);
    fn->c->depth--;
}

void ch__expr_drop(ChFn *fn, const ChNode *node)
{
    ChConst constant;
    if (!node || ch__fold(fn, node, &constant)) return;
    if (node->kind == CH_NODE_IDENTIFIER &&
        ch__resolve(fn, node->as.name.name.text).kind == CH_REF_REGISTER) {
        return;
    }
    uint32_t mark = fn->free_reg;
    ch__expr_push(fn, node);
    ch__pop_to(fn, mark);
}
