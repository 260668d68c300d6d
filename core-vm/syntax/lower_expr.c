/* Reducers of expressions and types. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/lower_int.h"

#include "base/banned.h"

/* ---- literals without parts */

/* Digits of a token, with a NUL behind them. */
#define NUMBER_CHARS_MAX 400u

static const struct {
    const char *suffix;
    uint64_t milliseconds;
} UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};

static void reduce_duration(Reduction *r, const char *digits) {
    char *suffix;
    uint64_t count = strtoull(digits, &suffix, 10);
    uint64_t unit = 1;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (strcmp(suffix, UNITS[i].suffix) == 0) unit = UNITS[i].milliseconds;
    ChNode *node = ch__reduce_to(r, CH_NODE_DURATION);
    node->as.duration.milliseconds = count > UINT64_MAX / unit ? UINT64_MAX : count * unit;
}

void ch__reduce_number(Reduction *r) {
    char digits[NUMBER_CHARS_MAX + 1];
    uint32_t length = r->end - r->start;
    if (length == 0) return;
    /* A double holds no more digits than these; leading zeros aside, more of them
     * before the point mean infinity either way. */
    if (length > NUMBER_CHARS_MAX) length = NUMBER_CHARS_MAX;
    memcpy(digits, r->lower->text + r->start, length);
    digits[length] = 0;
    if (r->cst == CST_DURATION) {
        reduce_duration(r, digits);
        return;
    }
    if (r->cst == CST_INT) {
        errno = 0;
        long long value = strtoll(digits, NULL, 10);
        if (errno != ERANGE && r->end - r->start <= NUMBER_CHARS_MAX) {
            ch__reduce_to(r, CH_NODE_INT)->as.integer.value = value;
            return;
        }
    }
    /* An int beyond 64 bits is a float, as in the reference. */
    ChNode *node = ch__reduce_to(r, CH_NODE_FLOAT);
    node->as.number.value = strtod(digits, NULL);
    if (r->cst == CST_INT) node->flags |= CH_FLAG_OVERFLOW;
}

void ch__reduce_constant(Reduction *r) {
    if (r->start == r->end) return;
    if (r->cst == CST_NIL)
        ch__reduce_to(r, CH_NODE_NIL);
    else
        ch__reduce_to(r, CH_NODE_BOOL)->as.boolean.value = r->cst == CST_TRUE;
}

/* ---- collections */

/* Nodes of all children, identifiers as expressions. */
static ChNodeList expressions_of(Reduction *r) {
    ChNodeList list = {0};
    uint32_t room = 0;
    for (uint32_t i = 0; i < r->count; i++)
        room += r->kids[i].node || r->kids[i].cst == CST_IDENTIFIER;
    if (!room) return list;
    list.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, room);
    for (uint32_t i = 0; i < r->count; i++) {
        ChNode *node = ch__node_of(r, &r->kids[i]);
        if (node) list.items[list.count++] = node;
    }
    return list;
}

void ch__reduce_expressions(Reduction *r) {
    r->list = expressions_of(r);
}

void ch__reduce_expression_list(Reduction *r) {
    ChNode *node = ch__reduce_to(r, r->cst == CST_LIST   ? CH_NODE_LIST
                                    : r->cst == CST_DICT ? CH_NODE_DICT
                                                         : CH_NODE_OR_PATTERN);
    node->as.list.items = expressions_of(r);
}

void ch__reduce_spread(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_SPREAD);
    node->as.unary.operand = ch__node_at(r, FIELD_value);
}

void ch__reduce_dict_entry(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_DICT_ENTRY);
    const Entry *key = ch__kid(r, FIELD_key);
    if (key && key->cst == CST_COMPUTED_KEY) {
        node->flags |= CH_FLAG_COMPUTED;
        node->as.dict_entry.key = key->node;
    } else if (key && key->node) {
        node->as.dict_entry.key = key->node;
        if (key->node->kind != CH_NODE_STRING) {
            ChDiagnostic *diagnostic = ch__syntax_error(r->lower, ch_node_range(key->node), "dict key", NULL);
            ch_diagnostic_help(&r->lower->tree->diagnostics, diagnostic,
                               "write a computed key in brackets: [key]: value");
        }
    } else if (key && !key->is_missing) {
        ChNode *text = ch__node_new(r->lower, CH_NODE_STRING, key->start, key->end);
        text->flags |= CH_FLAG_BARE_KEY;
        text->as.string.text = ch__entry_text(r->lower, key);
        node->as.dict_entry.key = text;
    }
    node->as.dict_entry.value = ch__node_at(r, FIELD_value);
}

void ch__reduce_struct_literal(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_STRUCT_LITERAL);
    const Entry *name = ch__kid(r, FIELD_name);
    node->as.struct_literal.name = ch__name_of(r, name);
    node->as.struct_literal.entries = ch__nodes_of(r, FIELD_NONE);
}

void ch__reduce_closure(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_CLOSURE);
    const Entry *params = ch__kid(r, FIELD_params);
    node->as.closure.params = params ? params->list : (ChNodeList){0};
    if (r->cst == CST_FN_EXPRESSION) {
        node->flags |= CH_FLAG_FN_SYNTAX;
        node->as.closure.return_type = ch__node_at(r, FIELD_return_type);
        node->as.closure.body = ch__node_at(r, FIELD_body);
        return;
    }
    /* `{ params -> statements }`: the statements are children of the closure. */
    uint32_t from = params ? (uint32_t)(params - r->kids) + 1 : 0;
    ChNodeList statements = ch__statements_of(r, from, r->count);
    uint32_t start = r->start;
    for (uint32_t i = 0; i < r->count; i++)
        if (r->kids[i].cst == CST_TOKEN && r->kids[i].end - r->kids[i].start == 2 &&
            memcmp(r->lower->text + r->kids[i].start, "->", 2) == 0) {
            start = r->kids[i].end;
            break;
        }
    uint32_t end = statements.count ? statements.items[statements.count - 1]->end : start;
    ChNode *body = ch__node_new(r->lower, CH_NODE_BLOCK, start, end < start ? start : end);
    body->as.block.statements = statements;
    node->as.closure.body = body;
}

/* ---- operators */

void ch__reduce_parenthesized(Reduction *r) {
    ch__reduce_first_child(r);
    if (r->node) r->node->flags |= CH_FLAG_PARENTHESIZED;
}

static ChOperator operator_of(ChStr text) {
    if (ch_str_starts_with(text, CH_STR("not"))) return CH_OPERATOR_NOT_IN;
    for (int op = CH_OPERATOR_PIPE; op < CH_OPERATOR_NOT; op++)
        if (ch_str_is(text, ch_operator_text((ChOperator)op))) return (ChOperator)op;
    return CH_OPERATOR_NONE;
}

void ch__reduce_binary(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_BINARY);
    ChName op = ch__name_at(r, FIELD_operator);
    r->chain = ch__kid(r, FIELD_left);
    node->as.binary.left = ch__node_of(r, r->chain);
    node->as.binary.right = ch__node_at(r, FIELD_right);
    node->as.binary.op = operator_of(op.text);
    node->as.binary.op_start = op.range.start;
}

void ch__reduce_unary(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_UNARY);
    node->as.unary.op =
        ch_str_is(ch__name_at(r, FIELD_operator).text, "!") ? CH_OPERATOR_NOT : CH_OPERATOR_NEGATE;
    node->as.unary.operand = ch__node_at(r, FIELD_operand);
}

void ch__reduce_postfix(Reduction *r) {
    ChNode *node = ch__reduce_to(r, r->cst == CST_PROPAGATE ? CH_NODE_PROPAGATE : CH_NODE_TRY_STAR);
    const Entry *operand = ch__kid(r, FIELD_operand);
    if (r->cst == CST_PROPAGATE) r->chain = operand;
    node->as.unary.operand = ch__node_of(r, operand);
}

void ch__reduce_ternary(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_TERNARY);
    node->as.ternary.condition = ch__node_at(r, FIELD_condition);
    node->as.ternary.then_value = ch__node_at(r, FIELD_consequence);
    r->chain = ch__kid(r, FIELD_alternative);
    node->as.ternary.else_value = ch__node_of(r, r->chain);
}

void ch__reduce_range(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_RANGE);
    node->flags |= ch__flag_if(r, CST_KEYWORD_EXCLUSIVE, CH_FLAG_EXCLUSIVE);
    node->as.range.first = ch__node_at(r, FIELD_start);
    node->as.range.last = ch__node_at(r, FIELD_end);
}

/* ---- what follows an expression */

void ch__reduce_call(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_CALL);
    r->chain = ch__kid(r, FIELD_function);
    node->as.call.callee = ch__node_of(r, r->chain);
    node->as.call.type_args = ch__list_at(r, FIELD_type_arguments);
    node->as.call.args = ch__list_at(r, FIELD_arguments);
}

void ch__reduce_method_call(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_METHOD_CALL);
    node->flags |= ch__flag_if(r, CST_OPTIONAL_DOT, CH_FLAG_OPTIONAL);
    r->chain = ch__kid(r, FIELD_object);
    node->as.method_call.object = ch__node_of(r, r->chain);
    node->as.method_call.name = ch__name_at(r, FIELD_name);
    node->as.method_call.type_args = ch__list_at(r, FIELD_type_arguments);
    node->as.method_call.args = ch__list_at(r, FIELD_arguments);
}

void ch__reduce_member(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_MEMBER);
    node->flags |= ch__flag_if(r, CST_OPTIONAL_DOT, CH_FLAG_OPTIONAL);
    r->chain = ch__kid(r, FIELD_object);
    node->as.member.object = ch__node_of(r, r->chain);
    node->as.member.name = ch__name_at(r, FIELD_property);
}

void ch__reduce_subscript(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_INDEX);
    node->flags |= ch__flag_if(r, CST_OPTIONAL_BRACKET, CH_FLAG_OPTIONAL);
    r->chain = ch__kid(r, FIELD_object);
    node->as.index.object = ch__node_of(r, r->chain);
    node->as.index.index = ch__node_at(r, FIELD_index);
}

void ch__reduce_slice(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_SLICE);
    r->chain = ch__kid(r, FIELD_object);
    node->as.slice.object = ch__node_of(r, r->chain);
    node->as.slice.first = ch__node_at(r, FIELD_start);
    node->as.slice.last = ch__node_at(r, FIELD_end);
}

void ch__reduce_hitl(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_HITL);
    node->as.hitl.name = ch__name_at(r, FIELD_kind);
    node->as.hitl.args = ch__list_at(r, FIELD_arguments);
}

/* ---- types */

static ChNode *type_name(Reduction *r, ChStr text, uint32_t start, uint32_t end) {
    ChNode *node = ch__node_new(r->lower, CH_NODE_TYPE_NAME, start, end);
    node->as.name.name = (ChName){text, {start, end}};
    return node;
}

void ch__reduce_named_type(Reduction *r) {
    if (r->start == r->end) return;
    ChStr text = ch_str_slice(r->lower->text + r->start, r->end - r->start);
    if (ch_str_is(text, "true") || ch_str_is(text, "false")) text = CH_STR("bool");
    r->node = type_name(r, text, r->start, r->end);
}

void ch__reduce_generic_type(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_TYPE_GENERIC);
    node->as.type_generic.name = ch__name_at(r, FIELD_name);
    node->as.type_generic.args = ch__nodes_of(r, FIELD_args);
}

void ch__reduce_list_type(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_TYPE_GENERIC);
    node->flags |= CH_FLAG_SUGAR;
    node->as.type_generic.name = (ChName){CH_STR("list"), {r->start, r->start + 1}};
    node->as.type_generic.args = ch__nodes_of(r, FIELD_element);
}

void ch__reduce_shape_type(Reduction *r) {
    ch__reduce_to(r, CH_NODE_TYPE_SHAPE)->as.list.items = ch__nodes_of(r, FIELD_fields);
}

void ch__reduce_fn_type(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_TYPE_FN);
    node->as.type_fn.params = ch__nodes_of(r, FIELD_params);
    node->as.type_fn.return_type = ch__node_at(r, FIELD_return_type);
}

void ch__reduce_intersection_type(Reduction *r) {
    ch__reduce_to(r, CH_NODE_TYPE_INTERSECTION)->as.list.items = ch__parts_of(r);
}

static bool is_nil_type(const ChNode *type) {
    return type->kind == CH_NODE_TYPE_NAME && ch_str_is(type->as.name.name.text, "nil");
}

/* Unions are flat, and nil stands in them once: `T? | nil` is `T | nil`. */
static void add_member(ChNodeList *members, ChNode *type) {
    if (is_nil_type(type))
        for (uint32_t i = 0; i < members->count; i++)
            if (is_nil_type(members->items[i])) return;
    members->items[members->count++] = type;
}

void ch__reduce_union_type(Reduction *r) {
    bool is_optional = r->cst == CST_OPTIONAL_TYPE;
    ChNodeList parts = ch__parts_of(r), members = {0};
    uint32_t room = 1;
    for (uint32_t i = 0; i < parts.count; i++)
        room += parts.items[i]->kind == CH_NODE_TYPE_UNION ? parts.items[i]->as.list.items.count : 1;
    members.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, room);
    for (uint32_t i = 0; i < parts.count; i++) {
        if (parts.items[i]->kind == CH_NODE_TYPE_UNION)
            for (uint32_t j = 0; j < parts.items[i]->as.list.items.count; j++)
                add_member(&members, parts.items[i]->as.list.items.items[j]);
        else
            add_member(&members, parts.items[i]);
    }
    if (is_optional) add_member(&members, type_name(r, CH_STR("nil"), r->end - 1, r->end));
    if (members.count == 1) {
        r->node = members.items[0];
        return;
    }
    ChNode *node = ch__reduce_to(r, CH_NODE_TYPE_UNION);
    node->as.list.items = members;
    if (is_optional) node->flags |= CH_FLAG_SUGAR;
}

void ch__reduce_literal_type(Reduction *r) {
    ChNodeList parts = ch__parts_of(r);
    if (!parts.count) return;
    const ChNode *value = parts.items[0];
    if (value->kind == CH_NODE_INT) {
        bool negative = r->lower->text[r->start] == '-';
        ch__reduce_to(r, CH_NODE_TYPE_INT)->as.integer.value =
            negative ? -value->as.integer.value : value->as.integer.value;
    } else if (value->kind == CH_NODE_STRING) {
        ch__reduce_to(r, CH_NODE_TYPE_STRING)->as.string.text = value->as.string.text;
    } else if (!r->has_error) {
        ch__syntax_error(r->lower, ch_node_range(value), "type name", NULL);
    }
}
