// Folding of constant expressions: what the machine would compute, when it cannot fail and stays small.
//
// Ints fold only without overflow, so that folding never has to agree with the machine about it. Chains are folded
// link by link by ch__binary_to; ch__fold itself looks only a few levels down.
#include "compile/compile_int.h"

#include <math.h>

#define FOLD_DEPTH_MAX 12
#define FOLD_TEXT_MAX 4096

bool ch__const_truthy(ChConst k)
{
    switch (k.kind) {
    case CH_CONST_NIL:
    case CH_CONST_FALSE: return false;
    case CH_CONST_INT: return k.integer != 0;
    case CH_CONST_FLOAT: return k.real != 0.0;
    case CH_CONST_STRING: return k.text.length != 0;
    default: return true;
    }
}

static ChConst boolean(bool value) { return (ChConst){.kind = value ? CH_CONST_TRUE : CH_CONST_FALSE}; }

static ChConst real(double value) { return (ChConst){.kind = CH_CONST_FLOAT, .real = value}; }

static bool is_bool(ChConst k) { return k.kind == CH_CONST_TRUE || k.kind == CH_CONST_FALSE; }

static bool fold_ints(ChOperator op, int64_t a, int64_t b, ChConst *out)
{
    int64_t result;
    switch (op) {
    case CH_OPERATOR_ADD:
        if (__builtin_add_overflow(a, b, &result)) return false;
        break;
    case CH_OPERATOR_SUBTRACT:
        if (__builtin_sub_overflow(a, b, &result)) return false;
        break;
    case CH_OPERATOR_MULTIPLY:
        if (__builtin_mul_overflow(a, b, &result)) return false;
        break;
    case CH_OPERATOR_DIVIDE:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        result = a / b;
        break;
    case CH_OPERATOR_MODULO:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        result = a % b;
        break;
    case CH_OPERATOR_EQUAL: *out = boolean(a == b); return true;
    case CH_OPERATOR_NOT_EQUAL: *out = boolean(a != b); return true;
    case CH_OPERATOR_LESS: *out = boolean(a < b); return true;
    case CH_OPERATOR_GREATER: *out = boolean(a > b); return true;
    case CH_OPERATOR_LESS_EQUAL: *out = boolean(a <= b); return true;
    case CH_OPERATOR_GREATER_EQUAL: *out = boolean(a >= b); return true;
    default: return false;
    }
    *out = ch__const_int(result);
    return true;
}

static bool fold_reals(ChOperator op, double a, double b, ChConst *out)
{
    switch (op) {
    case CH_OPERATOR_ADD: *out = real(a + b); return true;
    case CH_OPERATOR_SUBTRACT: *out = real(a - b); return true;
    case CH_OPERATOR_MULTIPLY: *out = real(a * b); return true;
    case CH_OPERATOR_DIVIDE:
        if (b == 0.0) return false;
        *out = real(a / b);
        return true;
    case CH_OPERATOR_LESS: *out = boolean(a < b); return true;
    case CH_OPERATOR_GREATER: *out = boolean(a > b); return true;
    default: return false;
    }
}

bool ch__fold_binary(ChFn *fn, ChOperator op, ChConst a, ChConst b, ChConst *out)
{
    if (a.kind == CH_CONST_INT && b.kind == CH_CONST_INT) return fold_ints(op, a.integer, b.integer, out);
    bool numbers = (a.kind == CH_CONST_INT || a.kind == CH_CONST_FLOAT) &&
                   (b.kind == CH_CONST_INT || b.kind == CH_CONST_FLOAT);
    if (numbers) {
        return fold_reals(op, a.kind == CH_CONST_INT ? (double)a.integer : a.real,
                          b.kind == CH_CONST_INT ? (double)b.integer : b.real, out);
    }
    if (a.kind == CH_CONST_STRING && b.kind == CH_CONST_STRING) {
        switch (op) {
        case CH_OPERATOR_EQUAL: *out = boolean(ch_str_equal(a.text, b.text)); return true;
        case CH_OPERATOR_NOT_EQUAL: *out = boolean(!ch_str_equal(a.text, b.text)); return true;
        case CH_OPERATOR_ADD: {
            if (a.text.length + b.text.length > FOLD_TEXT_MAX) return false;
            ChBuffer text = {0};
            ch_buffer_add_str(&text, a.text);
            ch_buffer_add_str(&text, b.text);
            *out = ch__const_text(ch_str_copy(fn->c->arena, ch_buffer_view(&text)));
            ch_buffer_release(&text);
            return true;
        }
        default: return false;
        }
    }
    if (is_bool(a) && is_bool(b)) {
        if (op == CH_OPERATOR_EQUAL) {
            *out = boolean(a.kind == b.kind);
            return true;
        }
        if (op == CH_OPERATOR_NOT_EQUAL) {
            *out = boolean(a.kind != b.kind);
            return true;
        }
    }
    return false;
}

static bool fold(ChFn *fn, const ChNode *node, ChConst *out, int depth)
{
    if (!node || depth > FOLD_DEPTH_MAX) return false;
    ChConst a, b;
    switch (node->kind) {
    case CH_NODE_NIL: *out = (ChConst){.kind = CH_CONST_NIL}; return true;
    case CH_NODE_BOOL: *out = boolean(node->as.boolean.value); return true;
    case CH_NODE_INT: *out = ch__const_int(node->as.integer.value); return true;
    case CH_NODE_FLOAT: *out = real(node->as.number.value); return true;
    case CH_NODE_STRING: *out = ch__const_text(node->as.string.text); return true;
    case CH_NODE_DURATION:
        if (node->as.duration.milliseconds > INT64_MAX) return false;
        *out = (ChConst){.kind = CH_CONST_DURATION, .integer = (int64_t)node->as.duration.milliseconds};
        return true;
    case CH_NODE_IDENTIFIER: {
        ChRef ref = ch__resolve(fn, node->as.name.name.text);
        if (ref.kind != CH_REF_CONSTANT) return false;
        *out = ref.constant;
        return true;
    }
    case CH_NODE_UNARY:
        if (!fold(fn, node->as.unary.operand, &a, depth + 1)) return false;
        if (node->as.unary.op == CH_OPERATOR_NOT) {
            *out = boolean(!ch__const_truthy(a));
            return true;
        }
        if (a.kind == CH_CONST_INT && a.integer != INT64_MIN) {
            *out = ch__const_int(-a.integer);
            return true;
        }
        if (a.kind == CH_CONST_FLOAT) {
            *out = real(-a.real);
            return true;
        }
        return false;
    case CH_NODE_BINARY:
        if (node->as.binary.op == CH_OPERATOR_AND || node->as.binary.op == CH_OPERATOR_OR ||
            node->as.binary.op == CH_OPERATOR_COALESCE || node->as.binary.op == CH_OPERATOR_PIPE) {
            return false;
        }
        return fold(fn, node->as.binary.left, &a, depth + 1) && fold(fn, node->as.binary.right, &b, depth + 1) &&
               ch__fold_binary(fn, node->as.binary.op, a, b, out);
    default: return false;
    }
}

bool ch__fold(ChFn *fn, const ChNode *node, ChConst *out) { return fold(fn, node, out, 0); }
