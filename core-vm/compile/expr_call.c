// Calls and postfix chains. Each link is placed where it ends, not where the chain begins.
//
// A call's window lies at the top of the live registers; the callee's frame begins at its first argument. Chains
// a.b().c[d] are walked iteratively: the intermediate value stays in the register on top, which is where the window
// of the next method call begins.
#include "builtins/builtins.h"
#include "compile/compile_int.h"

// ---- arguments

static bool has_spread(const ChNodeList *args)
{
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind == CH_NODE_SPREAD) return true;
    }
    return false;
}

// Puts the arguments behind the registers that are in use; with a spread, one list of them.
static uint32_t push_args(ChFn *fn, const ChNodeList *args, uint8_t *x, uint32_t offset)
{
    if (has_spread(args)) {
        ch__list_to(fn, args, ch__push(fn), offset);
        *x |= CH_X_SPREAD;
        return 1;
    }
    for (uint32_t i = 0; i < args->count; i++) ch__expr_push(fn, args->items[i]);
    return args->count;
}

void ch__call_named(ChFn *fn, ChStr name, uint32_t base, uint32_t count, uint32_t dst)
{
    int32_t row = ch_builtin_find(name);
    if (row >= 0) {
        ch__emit(fn, CH_OP_CALL_BUILTIN, 0, base, count, dst);
        ch__emit_word(fn, (uint32_t)row);
    } else {
        ch__emit(fn, CH_OP_CALL_LATE, 0, base, count, dst);
        ch__emit_word(fn, ch__constant_text(fn, name));
    }
}

// ---- calls of names

static bool is_schema_guard(ChStr name)
{
    static const char *const guards[] = {"schema_is", "schema_expect", "schema_parse", "schema_check", "is_type",
                                         "json_validate"};
    for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
        if (ch_str_is(name, guards[i])) return true;
    }
    return false;
}

// Calls of builtins that the compiler knows: len, and those that take a type alias as a schema.
static bool known_builtin(ChFn *fn, const ChNode *node, ChStr name, uint32_t dst)
{
    const ChNodeList *args = &node->as.call.args;
    if (ch_str_is(name, "len") && args->count == 1 && args->items[0]->kind != CH_NODE_SPREAD) {
        ChOperand value = ch__expr_reg(fn, args->items[0]);
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_LEN, value.is_temp ? CH_X_FREE_B : 0, dst, value.reg, 0);
        return true;
    }
    if (ch_str_is(name, "schema_of") && args->count == 1) {
        const ChNode *type = ch__alias(fn->c, args->items[0]);
        return type && ch__schema_to(fn, type, dst);
    }
    if (is_schema_guard(name) && args->count >= 2 && !has_spread(args)) {
        const ChNode *type = ch__alias(fn->c, args->items[1]);
        if (!type) return false;
        uint32_t base = fn->free_reg;
        for (uint32_t i = 0; i < args->count; i++) {
            uint32_t reg = ch__push(fn);
            if (i != 1 || !ch__schema_to(fn, type, reg)) ch__expr_to(fn, args->items[i], reg);
        }
        ch__at(fn, node->start);
        ch__call_named(fn, name, base, args->count, dst);
        return true;
    }
    return false;
}

void ch__call_to(ChFn *fn, const ChNode *node, uint32_t dst, bool tail)
{
    ChStr name = node->as.call.callee->as.name.name.text;
    ChRef ref = ch__resolve(fn, name);
    uint32_t mark = fn->free_reg;
    uint8_t x = tail ? CH_X_TAIL : 0;
    uint32_t builtin, base, count;
    if (ref.kind == CH_REF_CONSTANT && ch__is_builtin(fn, name, &builtin)) {
        ref = (ChRef){.kind = CH_REF_BUILTIN, .index = builtin}; // a plain value does not hide a builtin from calls
    }
    switch (ref.kind) {
    case CH_REF_BUILTIN:
        if (known_builtin(fn, node, name, dst)) break;
        base = fn->free_reg;
        count = push_args(fn, &node->as.call.args, &x, node->start);
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_CALL_BUILTIN, x & CH_X_SPREAD, base, count, dst);
        ch__emit_word(fn, ref.index);
        break;
    case CH_REF_SLOT:
        base = fn->free_reg;
        count = push_args(fn, &node->as.call.args, &x, node->start);
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_CALL_MODULE, x, base, count, dst);
        ch__emit_word(fn, ref.index);
        break;
    case CH_REF_LATE:
        base = fn->free_reg;
        count = push_args(fn, &node->as.call.args, &x, node->start);
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_CALL_LATE, x, base, count, dst);
        ch__emit_word(fn, ch__constant_text(fn, name));
        break;
    default: {
        bool may_be_builtin = !ref.is_function && ch__is_builtin(fn, name, &builtin);
        base = ch__push(fn);
        ch__at(fn, node->start);
        ch__load_ref(fn, ref, name, base);
        count = push_args(fn, &node->as.call.args, &x, node->start);
        ch__at(fn, node->start);
        ch__emit(fn, may_be_builtin ? CH_OP_CALL_OR_BUILTIN : CH_OP_CALL, x, base, count, dst);
        if (may_be_builtin) ch__emit_word(fn, builtin);
        break;
    }
    }
    ch__pop_to(fn, mark);
}

// ---- enums

bool ch__is_enum(ChFn *fn, const ChNode *node, ChStr *name)
{
    if (!node || node->kind != CH_NODE_IDENTIFIER) return false;
    if (!ch__find_type(fn->c, CH_NODE_ENUM, node->as.name.name.text)) return false;
    *name = node->as.name.name.text;
    return true;
}

void ch__enum_to(ChFn *fn, ChStr type, ChStr variant, const ChNodeList *args, uint32_t dst, uint32_t offset)
{
    uint32_t mark = fn->free_reg;
    uint32_t count = args ? args->count : 0;
    if (count > UINT8_MAX) {
        ch__compile_error(fn->c, (ChRange){offset, offset}, "an enum variant holds at most %d values", UINT8_MAX);
        return;
    }
    uint32_t index = ch__constant_names(fn, CH_CONST_VARIANT, type, &variant, 1);
    if (index > UINT16_MAX) {
        ch__compile_error(fn->c, (ChRange){offset, offset}, "too many different constants in one file");
        return;
    }
    for (uint32_t i = 0; i < count; i++) ch__expr_push(fn, args->items[i]);
    ch__at(fn, offset);
    ch__emit(fn, CH_OP_NEW_ENUM, (uint8_t)count, dst, mark, index);
    ch__pop_to(fn, mark);
}

// ---- postfix chains

static const ChNode *chain_object(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_MEMBER: return node->as.member.object;
    case CH_NODE_METHOD_CALL: return node->as.method_call.object;
    case CH_NODE_INDEX: return node->as.index.object;
    case CH_NODE_SLICE: return node->as.slice.object;
    case CH_NODE_PROPAGATE: return node->as.unary.operand;
    case CH_NODE_CALL: return node->as.call.callee;
    default: return NULL;
    }
}

// A link that does not build on a value: a call of a name, Enum.Variant.
static bool is_leaf(ChFn *fn, const ChNode *node)
{
    ChStr name;
    switch (node->kind) {
    case CH_NODE_MEMBER:
        return !(node->flags & CH_FLAG_OPTIONAL) && ch__is_enum(fn, node->as.member.object, &name);
    case CH_NODE_METHOD_CALL:
        return !(node->flags & CH_FLAG_OPTIONAL) && ch__is_enum(fn, node->as.method_call.object, &name);
    case CH_NODE_CALL: return node->as.call.callee && node->as.call.callee->kind == CH_NODE_IDENTIFIER;
    case CH_NODE_INDEX:
    case CH_NODE_SLICE:
    case CH_NODE_PROPAGATE: return false;
    default: return true;
    }
}

static void leaf_enum_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ChStr type;
    if (node->kind == CH_NODE_MEMBER) {
        ch__is_enum(fn, node->as.member.object, &type);
        ch__enum_to(fn, type, node->as.member.name.text, NULL, dst, node->start);
    } else {
        ch__is_enum(fn, node->as.method_call.object, &type);
        ch__enum_to(fn, type, node->as.method_call.name.text, &node->as.method_call.args, dst, node->start);
    }
}

static uint8_t free_b(ChOperand operand) { return operand.is_temp ? CH_X_FREE_B : 0; }

static void get_field(ChFn *fn, uint32_t dst, ChOperand object, ChStr name, uint8_t x, ChOp op)
{
    int32_t index = ch__constant_short(fn, ch__const_text(name));
    if (index >= 0) {
        ch__emit(fn, op, free_b(object) | x, dst, object.reg, (uint32_t)index);
        ch__emit_word(fn, 0);
        return;
    }
    uint32_t key = ch__push(fn);
    ch__load_text(fn, key, name);
    ch__emit(fn, CH_OP_GET_INDEX, (uint8_t)(free_b(object) | CH_X_FREE_C | x), dst, object.reg, key);
}

// Optional links: nil stays nil. Returns the object in the register that also gets the result.
static ChOperand skip_nil(ChFn *fn, ChOperand object, uint32_t dst, ChPcs *end)
{
    if (object.reg == dst) {
        ch__jump(fn, end, CH_OP_JNIL, 0, object.reg, 0);
        return object;
    }
    ChPcs go_on = {0};
    ch__jump(fn, &go_on, CH_OP_JNOTNIL, 0, object.reg, 0);
    ch__load_nil(fn, dst);
    ch__jump(fn, end, CH_OP_JMP, 0, 0, 0);
    ch__patch_here(fn, &go_on);
    return object;
}

static ChOperand protect(ChFn *fn, ChOperand operand, const ChNode *later)
{
    if (operand.is_temp || !ch__may_assign(later)) return operand;
    uint32_t reg = ch__push(fn);
    ch__move(fn, reg, operand.reg, false);
    return (ChOperand){.reg = (uint16_t)reg, .is_temp = true};
}

static void index_link(ChFn *fn, const ChNode *node, ChOperand object, uint32_t dst)
{
    ChPcs end = {0};
    if (node->flags & CH_FLAG_OPTIONAL) object = skip_nil(fn, object, dst, &end);
    object = protect(fn, object, node->as.index.index);
    ChOperand key = ch__expr_reg(fn, node->as.index.index);
    ch__at(fn, node->as.index.index ? node->as.index.index->start : node->end - 1);
    ch__emit(fn, CH_OP_GET_INDEX, (uint8_t)(free_b(object) | (key.is_temp ? CH_X_FREE_C : 0)), dst, object.reg, key.reg);
    ch__patch_here(fn, &end);
}

static void slice_link(ChFn *fn, const ChNode *node, ChOperand object, uint32_t dst)
{
    uint32_t bounds = ch__push(fn);
    ch__push(fn);
    ch__expr_to(fn, node->as.slice.first, bounds);
    ch__expr_to(fn, node->as.slice.last, bounds + 1);
    ch__at(fn, node->end - 1);
    ch__emit(fn, CH_OP_SLICE, free_b(object), dst, object.reg, bounds);
}

static void propagate_link(ChFn *fn, const ChNode *node, ChOperand object, uint32_t dst)
{
    ChPcs ok = {0};
    uint32_t out = ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    ch__at(fn, node->end - 1);
    ch__emit(fn, CH_OP_PROPAGATE, free_b(object), out, object.reg, fn->long_jumps ? 1 : 0);
    if (fn->long_jumps) {
        ch__emit_bc(fn, CH_OP_JMP, 0, 0, 1);
        ch_array_push(&ok, ch__emit_bc(fn, CH_OP_JMP, 0, 0, 0));
    } else {
        ch_array_push(&ok, fn->code.count - 1);
    }
    ch__return_reg(fn, out);
    ch__patch_here(fn, &ok);
    ch__move(fn, dst, out, true);
}

// The object must be in the register on top: the window begins there.
static uint32_t window_start(ChFn *fn, ChOperand object)
{
    if (object.is_temp && object.reg + 1u == fn->free_reg && !ch__is_bound(fn, object.reg)) return object.reg;
    uint32_t base = ch__push(fn);
    ch__move(fn, base, object.reg, object.is_temp);
    return base;
}

static void method_call(ChFn *fn, ChStr name, const ChNodeList *args, uint32_t base, uint8_t x, uint32_t dst,
                        uint32_t offset)
{
    uint32_t count = push_args(fn, args, &x, offset);
    ch__at(fn, offset);
    ch__emit(fn, CH_OP_CALL_METHOD, x, base, count, dst);
    ch__emit_word(fn, ch__constant_text(fn, name));
    ch__emit_word(fn, 0);
}

static void method_link(ChFn *fn, const ChNode *node, ChOperand object, uint32_t dst)
{
    ChPcs end = {0};
    uint32_t base = window_start(fn, object);
    if (node->flags & CH_FLAG_OPTIONAL) {
        skip_nil(fn, (ChOperand){.reg = (uint16_t)base, .is_temp = true}, dst, &end);
    }
    method_call(fn, node->as.method_call.name.text, &node->as.method_call.args, base, 0, dst,
                node->as.method_call.name.range.start);
    ch__patch_here(fn, &end);
}

static void call_link(ChFn *fn, const ChNode *node, ChOperand object, uint32_t dst)
{
    uint8_t x = 0;
    uint32_t base = window_start(fn, object);
    uint32_t count = push_args(fn, &node->as.call.args, &x, node->end - 1);
    ch__at(fn, node->end - 1);
    ch__emit(fn, CH_OP_CALL, x, base, count, dst);
}

static void link_to(ChFn *fn, const ChNode *node, ChOperand object, uint32_t dst)
{
    ChPcs end = {0};
    switch (node->kind) {
    case CH_NODE_MEMBER:
        ch__at(fn, node->as.member.name.range.start);
        if (node->flags & CH_FLAG_OPTIONAL) object = skip_nil(fn, object, dst, &end);
        get_field(fn, dst, object, node->as.member.name.text, node->flags & CH_FLAG_OPTIONAL ? CH_X_OPTIONAL : 0,
                  ch__is_last_use(fn, node, object.reg) ? CH_OP_TAKE_FIELD : CH_OP_GET_FIELD);
        ch__patch_here(fn, &end);
        break;
    case CH_NODE_INDEX: index_link(fn, node, object, dst); break;
    case CH_NODE_SLICE: slice_link(fn, node, object, dst); break;
    case CH_NODE_PROPAGATE: propagate_link(fn, node, object, dst); break;
    case CH_NODE_METHOD_CALL: method_link(fn, node, object, dst); break;
    default: call_link(fn, node, object, dst); break;
    }
}

void ch__postfix_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    CH_ARRAY_OF(const ChNode *) links = {0};
    const ChNode *leaf = node;
    while (leaf && !is_leaf(fn, leaf)) {
        ch_array_push(&links, leaf);
        leaf = chain_object(leaf);
    }
    if (!links.count) {
        if (node->kind == CH_NODE_CALL) {
            ch__call_to(fn, node, dst, false);
        } else {
            leaf_enum_to(fn, node, dst);
        }
        return;
    }
    uint32_t mark = fn->free_reg;
    const ChNode *first = ch_array_last(&links);
    ChOperand value;
    if (first->kind == CH_NODE_METHOD_CALL || first->kind == CH_NODE_CALL) {
        value = (ChOperand){.reg = (uint16_t)ch__push(fn), .is_temp = true};
        ch__expr_to(fn, leaf, value.reg);
    } else {
        value = ch__expr_reg(fn, leaf);
    }
    for (uint32_t i = links.count; i-- > 0;) {
        uint32_t out = dst;
        if (i > 0) {
            out = mark;
            if (fn->free_reg == mark) ch__push(fn);
        }
        link_to(fn, links.items[i], value, out);
        ch__pop_to(fn, mark);
        if (i > 0) {
            ch__push(fn);
            value = (ChOperand){.reg = (uint16_t)out, .is_temp = true};
        }
    }
    ch__pop_to(fn, mark);
    ch_array_release(&links);
}

void ch__method_self(ChFn *fn, const ChNode *node, uint32_t reg)
{
    uint32_t mark = fn->free_reg;
    uint32_t base = ch__push(fn);
    method_call(fn, node->as.method_call.name.text, &node->as.method_call.args, base, CH_X_SELF, reg,
                node->as.method_call.name.range.start);
    ch__pop_to(fn, mark);
}

// ---- pipes

static void pipe_into_name(ChFn *fn, const ChNode *stage, ChOperand value, uint32_t dst)
{
    ChStr name = stage->as.name.name.text;
    ChRef ref = ch__resolve(fn, name);
    uint32_t base = ch__push(fn);
    ch__at(fn, stage->start);
    if (ref.kind == CH_REF_BUILTIN || ref.kind == CH_REF_SLOT) {
        ch__move(fn, base, value.reg, value.is_temp);
        ch__emit(fn, ref.kind == CH_REF_SLOT ? CH_OP_CALL_MODULE : CH_OP_CALL_BUILTIN, 0, base, 1, dst);
        ch__emit_word(fn, ref.index);
        return;
    }
    ch__load_ref(fn, ref, name, base);
    ch__move(fn, ch__push(fn), value.reg, value.is_temp);
    ch__emit(fn, CH_OP_PIPE, 0, base, 0, dst);
}

static void pipe_stage(ChFn *fn, const ChNode *stage, ChOperand value, uint32_t dst)
{
    if (ch__has_placeholder(stage)) {
        ChScope scope;
        uint32_t reg = value.reg;
        if (!value.is_temp || ch__is_bound(fn, reg)) {
            reg = ch__push(fn);
            ch__move(fn, reg, value.reg, value.is_temp);
        }
        ch__scope_open(fn, &scope);
        uint32_t debug = ch__bind_reg(fn, CH_STR("_"), reg, false)->debug;
        fn->debug.items[debug].is_hidden = true;
        ch__expr_to(fn, stage, dst);
        ch__scope_close(fn, &scope);
        return;
    }
    if (stage && stage->kind == CH_NODE_IDENTIFIER) {
        pipe_into_name(fn, stage, value, dst);
        return;
    }
    value = protect(fn, value, stage);
    uint32_t base = ch__push(fn);
    ch__expr_to(fn, stage, base);
    ch__move(fn, ch__push(fn), value.reg, value.is_temp);
    ch__at(fn, stage ? stage->start : fn->offset);
    ch__emit(fn, CH_OP_PIPE, 0, base, 0, dst);
}

void ch__pipe_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    CH_ARRAY_OF(const ChNode *) stages = {0};
    const ChNode *at = node;
    for (; at && at->kind == CH_NODE_BINARY && at->as.binary.op == CH_OPERATOR_PIPE; at = at->as.binary.left) {
        ch_array_push(&stages, at->as.binary.right);
    }
    uint32_t mark = fn->free_reg;
    ChOperand value = ch__expr_reg(fn, at);
    if (stages.count > 1 && fn->free_reg == mark) ch__push(fn);
    // Two registers take turns, so that a stage's value and its result never share one.
    uint32_t spare = stages.count > 1 ? ch__push(fn) : 0;
    uint32_t inner = fn->free_reg;
    for (uint32_t i = stages.count; i-- > 0;) {
        uint32_t out = i == 0 ? dst : (value.is_temp && value.reg == spare ? mark : spare);
        pipe_stage(fn, stages.items[i], value, out);
        ch__pop_to(fn, inner);
        value = (ChOperand){.reg = (uint16_t)out, .is_temp = true};
    }
    ch__pop_to(fn, mark);
    ch_array_release(&stages);
}
