// match: arms are tested in order; a test that fails jumps to the next arm.
//
// Patterns (spec: match): `_`; a name, which binds; Enum.Variant with names, literals or patterns for its payload;
// [a, 1, ...] for lists of at least that length; {key: literal or name}; alternatives with |; anything else is
// computed and compared.
#include "compile/compile_int.h"

static void pattern(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail);

static bool is_discard(ChStr name) { return ch_str_is(name, "_"); }

// Binds a name to the register on top.
static void declare(ChFn *fn, ChStr name, uint32_t reg)
{
    ChBinding *known = fn->c->in_alternatives ? ch__bound_here(fn, name) : NULL;
    if (known) {
        ch__move(fn, known->reg, reg, true);
        ch__pop_to(fn, reg);
    } else {
        ch__declare(fn, name, reg, false);
    }
}

static void bind_name(ChFn *fn, ChStr name, uint32_t value)
{
    uint32_t reg = ch__push(fn);
    ch__move(fn, reg, value, false);
    declare(fn, name, reg);
}

static void equals(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail)
{
    ChConst constant;
    uint32_t mark = fn->free_reg;
    ch__at(fn, node->start);
    if (ch__fold(fn, node, &constant)) {
        int32_t index;
        if (constant.kind == CH_CONST_NIL) {
            ch__jump(fn, fail, CH_OP_JNOTNIL, 0, reg, 0);
            return;
        }
        if (ch__fits_short(constant)) {
            ch__jump(fn, fail, CH_OP_JNEI, 0, reg, (uint16_t)constant.integer);
            return;
        }
        if ((index = ch__constant_short(fn, constant)) >= 0) {
            ch__jump(fn, fail, CH_OP_JNEK, 0, reg, (uint32_t)index);
            return;
        }
    }
    ChOperand value = ch__expr_reg(fn, node);
    ch__jump(fn, fail, CH_OP_JNE, value.is_temp ? CH_X_FREE_B : 0, reg, value.reg);
    ch__pop_to(fn, mark);
}

// Enum.Variant or Enum.Variant(...)?
static bool is_variant(ChFn *fn, const ChNode *node, ChStr *type, ChStr *variant, const ChNodeList **payload)
{
    *payload = NULL;
    if (node->kind == CH_NODE_MEMBER && ch__is_enum(fn, node->as.member.object, type)) {
        *variant = node->as.member.name.text;
        return true;
    }
    if (node->kind == CH_NODE_METHOD_CALL && ch__is_enum(fn, node->as.method_call.object, type)) {
        *variant = node->as.method_call.name.text;
        *payload = &node->as.method_call.args;
        return true;
    }
    return false;
}

static bool is_name(const ChNode *node) { return node->kind == CH_NODE_IDENTIFIER; }

static void part(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail)
{
    if (is_name(node)) {
        declare(fn, node->as.name.name.text, reg);
    } else {
        pattern(fn, node, reg, fail);
    }
}

static void variant_pattern(ChFn *fn, ChStr type, ChStr variant, const ChNodeList *payload, uint32_t reg, ChPcs *fail)
{
    uint32_t index = ch__constant_names(fn, CH_CONST_VARIANT, type, &variant, 1);
    if (index > UINT16_MAX) {
        ch__compile_error(fn->c, (ChRange){fn->offset, fn->offset}, "too many different constants in one file");
        return;
    }
    ch__jump(fn, fail, CH_OP_TEST_VARIANT, 0, reg, index);
    for (uint32_t i = 0; payload && i < payload->count; i++) {
        const ChNode *item = payload->items[i];
        if (is_name(item) && is_discard(item->as.name.name.text)) continue;
        uint32_t value = ch__push(fn);
        ch__emit(fn, CH_OP_GET_PAYLOAD, 0, value, reg, i);
        part(fn, item, value, fail);
    }
}

// Does a pattern inside of a pattern bind anything? If not it is a value to compare with.
static ChWalk name_enter(ChNode *node, void *data)
{
    if (node->kind == CH_NODE_IDENTIFIER) *(bool *)data = true;
    return node->kind == CH_NODE_CLOSURE ? CH_WALK_OVER : CH_WALK_INTO;
}

static bool has_names(const ChNode *node)
{
    bool found = false;
    ch_node_walk((ChNode *)node, name_enter, NULL, &found);
    return found;
}

static void list_pattern(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail)
{
    const ChNodeList *items = &node->as.list.items;
    ch__jump(fn, fail, CH_OP_TEST_LIST, 0, reg, items->count > UINT16_MAX ? UINT16_MAX : items->count);
    for (uint32_t round = 0; round < 2; round++) { // first what must be equal, then what is bound
        for (uint32_t i = 0; i < items->count; i++) {
            const ChNode *item = items->items[i];
            if (is_name(item) != (round == 1) || (is_name(item) && is_discard(item->as.name.name.text))) continue;
            uint32_t value = ch__push(fn);
            ch__emit(fn, CH_OP_LIST_GET, 0, value, reg, i);
            part(fn, item, value, fail);
        }
    }
}

static bool is_dict_pattern(const ChNode *node)
{
    if (node->kind != CH_NODE_DICT) return false;
    for (uint32_t i = 0; i < node->as.list.items.count; i++) {
        const ChNode *entry = node->as.list.items.items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || !entry->as.dict_entry.key || !entry->as.dict_entry.value ||
            entry->as.dict_entry.key->kind != CH_NODE_STRING) {
            return false;
        }
    }
    return true;
}

static void dict_pattern(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail)
{
    const ChNodeList *entries = &node->as.list.items;
    ch__jump(fn, fail, CH_OP_TEST_DICT, 0, reg, 0);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < entries->count; i++) {
            const ChNode *item = entries->items[i]->as.dict_entry.value;
            if (is_name(item) != (round == 1) || (is_name(item) && is_discard(item->as.name.name.text))) continue;
            uint32_t value = ch__push(fn);
            int32_t key = ch__constant_short(fn, ch__const_text(entries->items[i]->as.dict_entry.key->as.string.text));
            if (key < 0) {
                ch__compile_error(fn->c, ch_node_range(node), "too many different constants in one file");
                return;
            }
            ch__at(fn, entries->items[i]->start);
            ch__emit(fn, CH_OP_GET_FIELD, 0, value, reg, (uint32_t)key);
            ch__emit_word(fn, 0);
            part(fn, item, value, fail);
        }
    }
}

static void or_pattern(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail)
{
    const ChNodeList *items = &node->as.list.items;
    ChPcs hit = {0};
    bool outer = fn->c->in_alternatives;
    fn->c->in_alternatives = true;
    for (uint32_t i = 0; i < items->count; i++) {
        ChPcs next = {0};
        bool last = i + 1 == items->count;
        pattern(fn, items->items[i], reg, last ? fail : &next);
        if (last) break;
        if (fn->reachable) ch__jump(fn, &hit, CH_OP_JMP, 0, 0, 0);
        ch__patch_here(fn, &next);
    }
    fn->c->in_alternatives = outer;
    ch__patch_here(fn, &hit);
}

static void pattern(ChFn *fn, const ChNode *node, uint32_t reg, ChPcs *fail)
{
    ChStr type, variant;
    const ChNodeList *payload;
    if (!ch__depth_enter(fn->c, node)) return;
    ch__at(fn, node->start);
    if (node->kind == CH_NODE_OR_PATTERN) {
        or_pattern(fn, node, reg, fail);
    } else if (is_name(node)) {
        if (!is_discard(node->as.name.name.text)) bind_name(fn, node->as.name.name.text, reg);
    } else if (is_variant(fn, node, &type, &variant, &payload)) {
        variant_pattern(fn, type, variant, payload, reg, fail);
    } else if (node->kind == CH_NODE_LIST && (fn->c->depth_in_pattern == 0 || has_names(node))) {
        fn->c->depth_in_pattern++;
        list_pattern(fn, node, reg, fail);
        fn->c->depth_in_pattern--;
    } else if (is_dict_pattern(node) && (fn->c->depth_in_pattern == 0 || has_names(node))) {
        fn->c->depth_in_pattern++;
        dict_pattern(fn, node, reg, fail);
        fn->c->depth_in_pattern--;
    } else {
        uint32_t inside = fn->c->depth_in_pattern;
        fn->c->depth_in_pattern = 0;
        equals(fn, node, reg, fail);
        fn->c->depth_in_pattern = inside;
    }
    fn->c->depth--;
}

static void arm(ChFn *fn, const ChNode *node, uint32_t reg, uint32_t dst, ChPcs *end)
{
    ChPcs fail = {0};
    ChScope scope;
    ch__scope_open(fn, &scope);
    if (node->as.match_arm.pattern) pattern(fn, node->as.match_arm.pattern, reg, &fail);
    if (node->as.match_arm.guard) ch__cond(fn, node->as.match_arm.guard, false, &fail);
    ch__block(fn, node->as.match_arm.body, dst);
    if (fn->reachable) ch__jump(fn, end, CH_OP_JMP, 0, 0, 0);
    ch__scope_close(fn, &scope);
    ch__patch_here(fn, &fail);
}

static bool tests_assign(const ChNodeList *arms)
{
    for (uint32_t i = 0; i < arms->count; i++) {
        if (ch__may_assign(arms->items[i]->as.match_arm.pattern) || ch__may_assign(arms->items[i]->as.match_arm.guard)) {
            return true;
        }
    }
    return false;
}

void ch__match(ChFn *fn, const ChNode *node, uint32_t dst)
{
    const ChNodeList *arms = &node->as.match.arms;
    ChPcs end = {0};
    uint32_t mark = fn->free_reg;
    uint32_t inside = fn->c->depth_in_pattern;
    fn->c->depth_in_pattern = 0;
    ChOperand value = ch__expr_reg(fn, node->as.match.value);
    if (ch__is_bound(fn, value.reg) && tests_assign(arms)) {
        uint32_t reg = ch__push(fn);
        ch__move(fn, reg, value.reg, false);
        value.reg = (uint16_t)reg;
    }
    for (uint32_t i = 0; i < arms->count && fn->reachable; i++) arm(fn, arms->items[i], value.reg, dst, &end);
    if (fn->reachable) {
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_NO_MATCH, 0, value.reg, 0, 0);
        fn->reachable = false;
    }
    ch__patch_here(fn, &end);
    fn->c->depth_in_pattern = inside;
    ch__pop_to(fn, mark);
}
