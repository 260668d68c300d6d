/* Expressions: operators with the parentheses they need, calls, data, closures. */
#include "format/format_int.h"

#include "base/banned.h"

/* How strongly an expression holds together, as the grammar has it. */
typedef enum Strength {
    STRENGTH_PIPE = 1,
    STRENGTH_RANGE,
    STRENGTH_TERNARY,
    STRENGTH_OR,
    STRENGTH_AND,
    STRENGTH_EQUALITY,
    STRENGTH_COMPARISON,
    STRENGTH_ADDITIVE,
    STRENGTH_COALESCE,
    STRENGTH_MULTIPLICATIVE,
    STRENGTH_POWER,
    STRENGTH_UNARY,
    STRENGTH_POSTFIX,
} Strength;

static Strength operator_strength(ChOperator op) {
    switch (op) {
    case CH_OPERATOR_PIPE: return STRENGTH_PIPE;
    case CH_OPERATOR_OR: return STRENGTH_OR;
    case CH_OPERATOR_AND: return STRENGTH_AND;
    case CH_OPERATOR_EQUAL:
    case CH_OPERATOR_NOT_EQUAL: return STRENGTH_EQUALITY;
    case CH_OPERATOR_ADD:
    case CH_OPERATOR_SUBTRACT: return STRENGTH_ADDITIVE;
    case CH_OPERATOR_COALESCE: return STRENGTH_COALESCE;
    case CH_OPERATOR_MULTIPLY:
    case CH_OPERATOR_DIVIDE:
    case CH_OPERATOR_MODULO: return STRENGTH_MULTIPLICATIVE;
    case CH_OPERATOR_POWER: return STRENGTH_POWER;
    default: return STRENGTH_COMPARISON;
    }
}

static Strength strength_of(const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_BINARY: return operator_strength(node->as.binary.op);
    case CH_NODE_RANGE: return STRENGTH_RANGE;
    case CH_NODE_TERNARY: return STRENGTH_TERNARY;
    case CH_NODE_UNARY:
    case CH_NODE_TRY_STAR: return STRENGTH_UNARY;
    default: return STRENGTH_POSTFIX;
    }
}

static void operand(ChFormatter *f, const ChNode *node, uint32_t indent, Strength at_least) {
    ch__expand_operand(f, node, indent, strength_of(node) < at_least);
}

/* What a dot, a bracket or a call stands behind. */
static void object(ChFormatter *f, const ChNode *node, uint32_t indent, bool is_optional) {
    bool was = (node->flags & CH_FLAG_PARENTHESIZED) != 0;
    /* `(a?)?.b` without its parentheses would begin with `a ?? .b`. */
    bool keeps = was && (node->kind == CH_NODE_CLOSURE || (is_optional && node->kind == CH_NODE_PROPAGATE));
    ch__expand_operand(f, node, indent, keeps || strength_of(node) < STRENGTH_POSTFIX);
}

/* Mixed && and || get parentheses that nobody needs but readers. */
static bool is_mixed(ChOperator op, const ChNode *inner) {
    return op == CH_OPERATOR_OR && inner->kind == CH_NODE_BINARY && inner->as.binary.op == CH_OPERATOR_AND;
}

static bool needs_backslash(ChOperator op) {
    return op == CH_OPERATOR_SUBTRACT || op == CH_OPERATOR_IN || op == CH_OPERATOR_NOT_IN;
}

static void expand_binary(ChFormatter *f, const ChNode *node, uint32_t indent) {
    const ChNode *left = node->as.binary.left, *right = node->as.binary.right;
    ChOperator op = node->as.binary.op;
    uint32_t own = operator_strength(op);
    bool is_right = op == CH_OPERATOR_POWER;
    ch__expand_operand(f, left, indent, is_mixed(op, left) || strength_of(left) < own + is_right);
    if (ch__layout_of(f, node)->variant & CH__SPLIT) {
        if (needs_backslash(op)) ch__piece_text(f, " \\");
        ch__piece_line(f, indent + 1);
        ch__comments_before(f, node, CH__AMID, indent + 1);
    } else {
        ch__piece_text(f, " ");
    }
    ch__piece_text(f, op == CH_OPERATOR_NOT_IN ? "not in" : ch_operator_text(op));
    ch__piece_text(f, " ");
    ch__expand_operand(f, right, indent, is_mixed(op, right) || strength_of(right) < own + !is_right);
}

static void expand_type_args(ChFormatter *f, ChNodeList args, uint32_t indent) {
    if (!args.count) return;
    ch__piece_text(f, "<");
    ch__expand_commas(f, args, indent);
    ch__piece_text(f, ">");
}

static void expand_method(ChFormatter *f, const ChNode *node, uint32_t indent) {
    uint8_t variant = ch__layout_of(f, node)->variant;
    object(f, node->as.method_call.object, indent, node->flags & CH_FLAG_OPTIONAL);
    if (variant & CH__SPLIT) {
        ch__piece_line(f, indent + 1);
        ch__comments_before(f, node, CH__AMID, indent + 1);
    }
    ch__piece_text(f, node->flags & CH_FLAG_OPTIONAL ? "?." : ".");
    ch__piece_str(f, node->as.method_call.name.text);
    expand_type_args(f, node->as.method_call.type_args, indent);
    ch__expand_items(f, node, node->as.method_call.args, "(", ")", indent, variant & CH__BROKEN);
}

static void expand_closure(ChFormatter *f, const ChNode *node, uint32_t indent) {
    const ChNode *body = node->as.closure.body;
    if (node->flags & CH_FLAG_FN_SYNTAX) {
        ch__piece_text(f, "fn(");
        ch__expand_commas(f, node->as.closure.params, indent);
        ch__piece_text(f, ") ");
        if (node->as.closure.return_type) {
            ch__piece_text(f, "-> ");
            ch__piece_node(f, node->as.closure.return_type, indent);
            ch__piece_text(f, " ");
        }
        ch__expand_inline(f, body, indent);
        return;
    }
    ch__piece_text(f, "{ ");
    ch__expand_commas(f, node->as.closure.params, indent);
    ch__piece_text(f, node->as.closure.params.count ? " ->" : "->");
    if (ch__is_inline(f, body)) {
        ch__piece_text(f, " ");
        ch__piece_node(f, body->as.block.statements.items[0], indent);
        ch__piece_text(f, " }");
        return;
    }
    ch__expand_lines(f, body->as.block.statements, indent + 1);
    ch__comments_last(f, body, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

static void expand_slice(ChFormatter *f, const ChNode *node, uint32_t indent) {
    object(f, node->as.slice.object, indent, false);
    ch__piece_text(f, "[");
    ch__piece_node(f, node->as.slice.first, indent);
    ch__piece_text(f, ":");
    ch__piece_node(f, node->as.slice.last, indent);
    ch__piece_text(f, "]");
}

static void expand_unary(ChFormatter *f, const ChNode *node, uint32_t indent) {
    const ChNode *inner = node->as.unary.operand;
    ch__piece_text(f, node->kind == CH_NODE_TRY_STAR         ? "try* "
                      : node->as.unary.op == CH_OPERATOR_NOT ? "!"
                                                             : "-");
    operand(f, inner, indent, STRENGTH_UNARY);
}

bool ch__expand_expr(ChFormatter *f, const ChNode *node, uint32_t indent) {
    bool is_broken = ch__layout_of(f, node)->variant & CH__BROKEN;
    switch (node->kind) {
    case CH_NODE_NIL:
    case CH_NODE_BOOL:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_DURATION:
    case CH_NODE_STRING:
    case CH_NODE_INTERPOLATION: ch__piece_str(f, ch__literal_text(f, node)); break;
    case CH_NODE_IDENTIFIER: ch__piece_str(f, node->as.name.name.text); break;
    case CH_NODE_LIST: ch__expand_items(f, node, node->as.list.items, "[", "]", indent, is_broken); break;
    case CH_NODE_DICT: ch__expand_items(f, node, node->as.list.items, "{", "}", indent, is_broken); break;
    case CH_NODE_DICT_ENTRY:
        if (node->as.dict_entry.key->kind == CH_NODE_STRING &&
            !(node->as.dict_entry.key->flags & CH_FLAG_RAW)) {
            ch__piece_str(f, ch__key_text(f, node->as.dict_entry.key));
        } else {
            ch__piece_text(f, "[");
            ch__piece_node(f, node->as.dict_entry.key, indent);
            ch__piece_text(f, "]");
        }
        ch__piece_text(f, ": ");
        ch__piece_node(f, node->as.dict_entry.value, indent);
        break;
    case CH_NODE_STRUCT_LITERAL:
        ch__piece_str(f, node->as.struct_literal.name.text);
        ch__piece_text(f, " ");
        ch__expand_items(f, node, node->as.struct_literal.entries, "{", "}", indent, is_broken);
        break;
    case CH_NODE_SPREAD:
        ch__piece_text(f, "...");
        ch__piece_node(f, node->as.unary.operand, indent);
        break;
    case CH_NODE_UNARY:
    case CH_NODE_TRY_STAR: expand_unary(f, node, indent); break;
    case CH_NODE_PROPAGATE:
        object(f, node->as.unary.operand, indent, true);
        ch__piece_text(f, "?");
        break;
    case CH_NODE_BINARY: expand_binary(f, node, indent); break;
    case CH_NODE_TERNARY:
        operand(f, node->as.ternary.condition, indent, STRENGTH_OR);
        ch__piece_text(f, " ? ");
        operand(f, node->as.ternary.then_value, indent, STRENGTH_TERNARY);
        ch__piece_text(f, " : ");
        operand(f, node->as.ternary.else_value, indent, STRENGTH_TERNARY);
        break;
    case CH_NODE_RANGE:
        operand(f, node->as.range.first, indent, STRENGTH_TERNARY);
        ch__piece_text(f, " to ");
        operand(f, node->as.range.last, indent, STRENGTH_TERNARY);
        if (node->flags & CH_FLAG_EXCLUSIVE) ch__piece_text(f, " exclusive");
        break;
    case CH_NODE_CALL:
        object(f, node->as.call.callee, indent, false);
        expand_type_args(f, node->as.call.type_args, indent);
        ch__expand_items(f, node, node->as.call.args, "(", ")", indent, is_broken);
        break;
    case CH_NODE_METHOD_CALL: expand_method(f, node, indent); break;
    case CH_NODE_MEMBER:
        object(f, node->as.member.object, indent, node->flags & CH_FLAG_OPTIONAL);
        ch__piece_text(f, node->flags & CH_FLAG_OPTIONAL ? "?." : ".");
        ch__piece_str(f, node->as.member.name.text);
        break;
    case CH_NODE_INDEX:
        object(f, node->as.index.object, indent, node->flags & CH_FLAG_OPTIONAL);
        ch__piece_text(f, node->flags & CH_FLAG_OPTIONAL ? "?[" : "[");
        ch__piece_node(f, node->as.index.index, indent);
        ch__piece_text(f, "]");
        break;
    case CH_NODE_SLICE: expand_slice(f, node, indent); break;
    case CH_NODE_CLOSURE: expand_closure(f, node, indent); break;
    case CH_NODE_HITL:
        ch__piece_str(f, node->as.hitl.name.text);
        ch__piece_text(f, "(");
        ch__expand_commas(f, node->as.hitl.args, indent);
        ch__piece_text(f, ")");
        break;
    default: return false;
    }
    return true;
}
