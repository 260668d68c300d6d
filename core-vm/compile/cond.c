// Conditions: comparisons fused with the jump, && and || as jump lists, ! by swapping the sense.
#include "compile/compile_int.h"

static bool is_comparison(ChOperator op)
{
    switch (op) {
    case CH_OPERATOR_EQUAL:
    case CH_OPERATOR_NOT_EQUAL:
    case CH_OPERATOR_LESS:
    case CH_OPERATOR_LESS_EQUAL:
    case CH_OPERATOR_GREATER:
    case CH_OPERATOR_GREATER_EQUAL: return true;
    default: return false;
    }
}

// The comparison with its operands swapped.
static ChOperator mirrored(ChOperator op)
{
    switch (op) {
    case CH_OPERATOR_LESS: return CH_OPERATOR_GREATER;
    case CH_OPERATOR_LESS_EQUAL: return CH_OPERATOR_GREATER_EQUAL;
    case CH_OPERATOR_GREATER: return CH_OPERATOR_LESS;
    case CH_OPERATOR_GREATER_EQUAL: return CH_OPERATOR_LESS_EQUAL;
    default: return op;
    }
}

static ChOp immediate_jump(ChOperator op, bool when)
{
    switch (op) {
    case CH_OPERATOR_EQUAL: return when ? CH_OP_JEQI : CH_OP_JNEI;
    case CH_OPERATOR_NOT_EQUAL: return when ? CH_OP_JNEI : CH_OP_JEQI;
    case CH_OPERATOR_LESS: return when ? CH_OP_JLTI : CH_OP_JNLTI;
    case CH_OPERATOR_LESS_EQUAL: return when ? CH_OP_JLEI : CH_OP_JNLEI;
    case CH_OPERATOR_GREATER: return when ? CH_OP_JGTI : CH_OP_JNGTI;
    default: return when ? CH_OP_JGEI : CH_OP_JNGEI;
    }
}

static uint8_t jump_flags(ChOperand a, ChOperand b)
{
    return (uint8_t)((a.is_temp ? CH_X_FREE_A : 0) | (b.is_temp ? CH_X_FREE_B : 0));
}

static void compare(ChFn *fn, ChOperator op, ChOperand left, ChOperand right, bool when, uint32_t offset, ChPcs *list)
{
    if (left.is_constant && !right.is_constant) {
        ChOperand swap = left;
        left = right;
        right = swap;
        op = mirrored(op);
    }
    left = ch__in_register(fn, left);
    bool equality = op == CH_OPERATOR_EQUAL || op == CH_OPERATOR_NOT_EQUAL;
    bool jump_if_equal = (op == CH_OPERATOR_EQUAL) == when;
    if (right.is_constant) {
        int32_t index;
        if (equality && right.constant.kind == CH_CONST_NIL) {
            ch__at(fn, offset);
            ch__jump(fn, list, jump_if_equal ? CH_OP_JNIL : CH_OP_JNOTNIL, jump_flags(left, (ChOperand){0}), left.reg, 0);
            return;
        }
        if (ch__fits_short(right.constant)) {
            ch__at(fn, offset);
            ch__jump(fn, list, immediate_jump(op, when), jump_flags(left, (ChOperand){0}), left.reg,
                     (uint16_t)right.constant.integer);
            return;
        }
        if (equality && (index = ch__constant_short(fn, right.constant)) >= 0) {
            ch__at(fn, offset);
            ch__jump(fn, list, jump_if_equal ? CH_OP_JEQK : CH_OP_JNEK, jump_flags(left, (ChOperand){0}), left.reg,
                     (uint32_t)index);
            return;
        }
    }
    right = ch__in_register(fn, right);
    ch__at(fn, offset);
    switch (op) {
    case CH_OPERATOR_EQUAL:
    case CH_OPERATOR_NOT_EQUAL:
        ch__jump(fn, list, jump_if_equal ? CH_OP_JEQ : CH_OP_JNE, jump_flags(left, right), left.reg, right.reg);
        break;
    case CH_OPERATOR_LESS:
        ch__jump(fn, list, when ? CH_OP_JLT : CH_OP_JNLT, jump_flags(left, right), left.reg, right.reg);
        break;
    case CH_OPERATOR_LESS_EQUAL:
        ch__jump(fn, list, when ? CH_OP_JLE : CH_OP_JNLE, jump_flags(left, right), left.reg, right.reg);
        break;
    case CH_OPERATOR_GREATER:
        ch__jump(fn, list, when ? CH_OP_JLT : CH_OP_JNLT, jump_flags(right, left), right.reg, left.reg);
        break;
    default: ch__jump(fn, list, when ? CH_OP_JLE : CH_OP_JNLE, jump_flags(right, left), right.reg, left.reg); break;
    }
}

static void comparison(ChFn *fn, const ChNode *node, bool when, ChPcs *list)
{
    uint32_t mark = fn->free_reg;
    ChOperand left = ch__expr(fn, node->as.binary.left);
    if (!left.is_constant && !left.is_temp && ch__may_assign(node->as.binary.right)) {
        uint32_t reg = ch__push(fn);
        ch__move(fn, reg, left.reg, false);
        left = (ChOperand){.reg = (uint16_t)reg, .is_temp = true};
    }
    ChOperand right = ch__expr(fn, node->as.binary.right);
    compare(fn, node->as.binary.op, left, right, when, node->as.binary.op_start, list);
    ch__pop_to(fn, mark);
}

// All operands of a && b && c (a || b || c) but the last: the one that is false (true) decides and jumps to `decided`.
void ch__cond_operands(ChFn *fn, const ChNode *node, ChPcs *decided)
{
    ChOperator op = node->as.binary.op;
    CH_ARRAY_OF(const ChNode *) parts = {0};
    const ChNode *at = node->as.binary.left;
    for (; at && at->kind == CH_NODE_BINARY && at->as.binary.op == op; at = at->as.binary.left) {
        ch_array_push(&parts, at->as.binary.right);
    }
    ch_array_push(&parts, at);
    for (uint32_t i = parts.count; i-- > 0;) ch__cond(fn, parts.items[i], op == CH_OPERATOR_OR, decided);
    ch_array_release(&parts);
}

static void connected(ChFn *fn, const ChNode *node, bool when, ChPcs *list)
{
    ChPcs skip = {0};
    ch__cond_operands(fn, node, when == (node->as.binary.op == CH_OPERATOR_OR) ? list : &skip);
    ch__cond(fn, node->as.binary.right, when, list);
    ch__patch_here(fn, &skip);
}

void ch__cond(ChFn *fn, const ChNode *node, bool when, ChPcs *list)
{
    ChConst constant;
    while (node && node->kind == CH_NODE_UNARY && node->as.unary.op == CH_OPERATOR_NOT) {
        node = node->as.unary.operand;
        when = !when;
    }
    if (!node) return;
    if (ch__fold(fn, node, &constant)) {
        if (ch__const_truthy(constant) == when) ch__jump(fn, list, CH_OP_JMP, 0, 0, 0);
        return;
    }
    if (!ch__depth_enter(fn->c, node)) return;
    uint32_t mark = fn->free_reg;
    if (node->kind == CH_NODE_BINARY &&
        (node->as.binary.op == CH_OPERATOR_AND || node->as.binary.op == CH_OPERATOR_OR)) {
        connected(fn, node, when, list);
    } else if (node->kind == CH_NODE_BINARY && is_comparison(node->as.binary.op)) {
        comparison(fn, node, when, list);
    } else {
        ChOperand value = ch__expr_reg(fn, node);
        ch__at(fn, node->start);
        ch__jump(fn, list, when ? CH_OP_JT : CH_OP_JF, value.is_temp ? CH_X_FREE_A : 0, value.reg, 0);
    }
    ch__pop_to(fn, mark);
    fn->c->depth--;
}

void ch__cond_back(ChFn *fn, const ChNode *node, uint32_t target)
{
    ChPcs list = {0};
    ch__cond(fn, node, true, &list);
    ch__patch_to(fn, &list, target);
}
