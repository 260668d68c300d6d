// Assignments, declarations and destructuring.
//
// Stores into parts (a.b = v, xs[i] = v, a[i].b.c = v) work on the register of the variable at the root, so that a
// value nobody else holds changes in place. The value is computed before the keys, as in Harn.
#include "compile/compile_int.h"

static uint8_t free_c(ChOperand operand) { return operand.is_temp ? CH_X_FREE_C : 0; }

static void throw_text(ChFn *fn, ChThrowKind kind, ChStr text)
{
    ch__emit_bc(fn, CH_OP_THROW_TEXT, 0, kind, ch__constant_text(fn, text));
}

// Marks the one place in `value` that reads `name` so that it moves the variable out: it is overwritten afterwards.
// Not where a handler of this function could still look at it.
static void mark_last_use(ChFn *fn, const ChNode *value, ChStr name, uint32_t reg)
{
    if (fn->cleanup || ch__may_leave_loop(value)) return;
    const ChNode *use = ch__single_use(value, name);
    if (use && use != value) ch_array_push(&fn->last_uses, (ChLastUse){use, (uint16_t)reg});
}

// x.f = x.f.push(v), x.f = x.f + v: what is read first of all is the field that is overwritten afterwards, so it is moved
// out of x. Under the conditions of mark_last_use, and where nothing else in the value reads x.
static void mark_last_field(ChFn *fn, const ChNode *value, ChStr name, ChStr field, uint32_t reg)
{
    if (fn->cleanup || ch__may_leave_loop(value)) return;
    const ChNode *at = value;
    for (;;) {
        if (at && at->kind == CH_NODE_METHOD_CALL && !(at->flags & CH_FLAG_OPTIONAL)) {
            at = at->as.method_call.object;
        } else if (at && at->kind == CH_NODE_BINARY && at->as.binary.op == CH_OPERATOR_ADD) {
            at = at->as.binary.left;
        } else {
            break;
        }
    }
    if (!at || at == value || at->kind != CH_NODE_MEMBER || at->flags & CH_FLAG_OPTIONAL) return;
    const ChNode *object = at->as.member.object;
    if (!object || object->kind != CH_NODE_IDENTIFIER || !ch_str_equal(object->as.name.name.text, name)) return;
    if (!ch_str_equal(at->as.member.name.text, field) || ch__single_use(value, name) != object) return;
    ch_array_push(&fn->last_uses, (ChLastUse){at, (uint16_t)reg});
}

// Values whose code may write the destination before it is done.
static bool is_stepwise(const ChNode *value)
{
    switch (value ? value->kind : CH_NODE_NIL) {
    case CH_NODE_TRY:
    case CH_NODE_BLOCK:
    case CH_NODE_DEADLINE:
    case CH_NODE_MUTEX:
    case CH_NODE_RETRY:
    case CH_NODE_SELECT: return true;
    default: return false;
    }
}

static bool is_self_call(const ChNode *value, ChStr name)
{
    return value && value->kind == CH_NODE_METHOD_CALL && !(value->flags & CH_FLAG_OPTIONAL) &&
           value->as.method_call.object && value->as.method_call.object->kind == CH_NODE_IDENTIFIER &&
           ch_str_equal(value->as.method_call.object->as.name.name.text, name);
}

static void assign_register(ChFn *fn, const ChNode *node, ChStr name, uint32_t reg)
{
    const ChNode *value = node->as.assign.value;
    uint32_t mark = fn->free_reg;
    if (node->as.assign.op != CH_OPERATOR_NONE) {
        ChOperand left = {.reg = (uint16_t)reg};
        if (ch__may_assign(value)) {
            left = (ChOperand){.reg = (uint16_t)ch__push(fn), .is_temp = true};
            ch__move(fn, left.reg, reg, false);
        }
        ch__arith(fn, node->as.assign.op, reg, left, ch__expr(fn, value), node->start);
    } else if (is_self_call(value, name)) {
        ch__method_self(fn, value, reg);
    } else if (is_stepwise(value)) {
        uint32_t temp = ch__push(fn);
        ch__expr_to(fn, value, temp);
        ch__move(fn, reg, temp, true);
    } else {
        uint32_t uses = fn->last_uses.count;
        mark_last_use(fn, value, name, reg);
        ch__expr_to(fn, value, reg);
        fn->last_uses.count = uses;
    }
    ch__pop_to(fn, mark);
}

// The value of an assignment to something that is not a register, on top of the registers.
static ChOperand assigned_value(ChFn *fn, const ChNode *node, ChRef ref, ChStr name)
{
    if (node->as.assign.op == CH_OPERATOR_NONE) return ch__expr_reg(fn, node->as.assign.value);
    uint32_t reg = ch__push(fn);
    ch__load_ref(fn, ref, name, reg);
    ChOperand left = {.reg = (uint16_t)reg, .is_temp = true};
    ch__arith(fn, node->as.assign.op, reg, left, ch__expr(fn, node->as.assign.value), node->start);
    return left;
}

static void assign_name(ChFn *fn, const ChNode *node)
{
    ChStr name = node->as.assign.target->as.name.name.text;
    ChRef ref = ch__resolve(fn, name);
    if (ref.kind == CH_REF_REGISTER && ref.is_mutable) {
        assign_register(fn, node, name, ref.index);
        return;
    }
    uint32_t mark = fn->free_reg;
    ChOperand value = assigned_value(fn, node, ref, name);
    ch__at(fn, node->start);
    switch (ref.kind) {
    case CH_REF_SLOT:
        if (ref.is_mutable) {
            ch__emit_bc(fn, CH_OP_SET_MODULE, value.is_temp ? CH_X_FREE_A : 0, value.reg, ref.index);
        } else {
            throw_text(fn, CH_THROW_IMMUTABLE, name);
        }
        break;
    case CH_REF_BUILTIN:
    case CH_REF_LATE: ch__emit_bc(fn, CH_OP_SET_LATE, 0, value.reg, ch__constant_text(fn, name)); break;
    default: throw_text(fn, CH_THROW_IMMUTABLE, name); break;
    }
    ch__pop_to(fn, mark);
}

// ---- parts

typedef CH_ARRAY_OF(const ChNode *) Path; // outermost link last

// The node at the root of a target; its links, the one nearest to the root last.
static const ChNode *target_path(const ChNode *target, Path *links)
{
    for (;;) {
        if (target && target->kind == CH_NODE_MEMBER) {
            ch_array_push(links, target);
            target = target->as.member.object;
        } else if (target && target->kind == CH_NODE_INDEX) {
            ch_array_push(links, target);
            target = target->as.index.object;
        } else {
            return target;
        }
    }
}

static void key_to(ChFn *fn, const ChNode *link, uint32_t dst)
{
    if (link->kind == CH_NODE_MEMBER) {
        ch__load_text(fn, dst, link->as.member.name.text);
    } else {
        ch__expr_to(fn, link->as.index.index, dst);
    }
}

static void get_part(ChFn *fn, uint32_t dst, uint32_t object, const ChNode *link, uint32_t key)
{
    int32_t index;
    if (link->kind == CH_NODE_MEMBER &&
        (index = ch__constant_short(fn, ch__const_text(link->as.member.name.text))) >= 0) {
        ch__emit(fn, CH_OP_GET_FIELD, 0, dst, object, (uint32_t)index);
        ch__emit_word(fn, 0);
    } else {
        ch__emit(fn, CH_OP_GET_INDEX, 0, dst, object, key);
    }
}

static ChOperand compound(ChFn *fn, const ChNode *node, uint32_t current)
{
    ChOperand left = {.reg = (uint16_t)current, .is_temp = true};
    ch__arith(fn, node->as.assign.op, current, left, ch__expr(fn, node->as.assign.value), node->start);
    return left;
}

// Where the variable at the root of a target is: in `reg`, or in a module slot, whose value goes through `reg`. A slot
// is read as late as possible: what is computed for the assignment may change it.
typedef struct Root {
    uint32_t reg;
    bool in_slot;
    uint32_t slot;
} Root;

static void root_read(ChFn *fn, const Root *root)
{
    if (root->in_slot) ch__emit_bc(fn, CH_OP_GET_MODULE, 0, root->reg, root->slot);
}

// The value is taken out of its slot, so that nobody else holds it; it goes back on every way.
static ChCleanup *store_begin(ChFn *fn, const Root *root)
{
    if (!root->in_slot) return NULL;
    ch__emit_bc(fn, CH_OP_TAKE_MODULE, 0, root->reg, root->slot);
    ChCleanup *cleanup = ch__cleanup_open(fn, CH_CLEANUP_STORE, NULL, root->reg);
    cleanup->slot = root->slot;
    return cleanup;
}

static void store_end(ChFn *fn, ChCleanup *cleanup)
{
    if (cleanup) ch__cleanup_close(fn, cleanup);
}

// root.name = v, root[i] = v
static void assign_one(ChFn *fn, const ChNode *node, const Root *root, ChStr name, const ChNode *link)
{
    bool plain = node->as.assign.op == CH_OPERATOR_NONE;
    int32_t field = -1;
    ChOperand value = {0}, key = {0};
    if (link->kind == CH_NODE_MEMBER) field = ch__constant_short(fn, ch__const_text(link->as.member.name.text));
    if (plain) {
        uint32_t uses = fn->last_uses.count;
        if (field >= 0 && !root->in_slot) {
            mark_last_field(fn, node->as.assign.value, name, link->as.member.name.text, root->reg);
        }
        value = ch__expr_reg(fn, node->as.assign.value);
        fn->last_uses.count = uses;
    }
    if (field < 0) {
        if (link->kind == CH_NODE_MEMBER) {
            key = (ChOperand){.reg = (uint16_t)ch__push(fn), .is_temp = true};
            ch__load_text(fn, key.reg, link->as.member.name.text);
        } else {
            key = ch__expr_reg(fn, link->as.index.index);
        }
    }
    if (!plain) {
        uint32_t current = ch__push(fn);
        ch__at(fn, link->start);
        root_read(fn, root);
        get_part(fn, current, root->reg, link, key.reg);
        value = compound(fn, node, current);
    }
    ch__at(fn, node->start);
    ChCleanup *store = store_begin(fn, root);
    if (field >= 0) {
        ch__emit(fn, CH_OP_SET_FIELD, free_c(value), root->reg, (uint32_t)field, value.reg);
        ch__emit_word(fn, 0);
    } else {
        ch__emit(fn, CH_OP_SET_INDEX, (uint8_t)(free_c(value) | (key.is_temp ? CH_X_FREE_B : 0)), root->reg, key.reg,
                 value.reg);
    }
    store_end(fn, store);
}

static void assign_path(ChFn *fn, const ChNode *node, const Root *root, const Path *links)
{
    bool plain = node->as.assign.op == CH_OPERATOR_NONE;
    if (links->count > UINT8_MAX) {
        ch__compile_error(fn->c, ch_node_range(node), "an assignment reaches at most %d levels deep", UINT8_MAX);
        return;
    }
    uint32_t value = ch__push(fn);
    if (plain) ch__expr_to(fn, node->as.assign.value, value);
    uint32_t keys = fn->free_reg;
    for (uint32_t i = links->count; i-- > 0;) key_to(fn, links->items[i], ch__push(fn));
    if (!plain) {
        uint32_t at = root->reg;
        root_read(fn, root);
        for (uint32_t i = links->count; i-- > 0;) {
            ch__at(fn, links->items[i]->start);
            get_part(fn, value, at, links->items[i], keys + (links->count - 1 - i));
            at = value;
        }
        compound(fn, node, value);
    }
    ch__at(fn, node->start);
    ChCleanup *store = store_begin(fn, root);
    ch__emit(fn, CH_OP_SET_PATH, (uint8_t)links->count, root->reg, keys, value);
    store_end(fn, store);
}

static void assign_part(ChFn *fn, const ChNode *node)
{
    Path links = {0};
    const ChNode *target = target_path(node->as.assign.target, &links);
    uint32_t mark = fn->free_reg;
    Root root = {0};
    ChStr name = {0};
    ChRef ref = {.kind = CH_REF_LATE};
    bool is_name = target && target->kind == CH_NODE_IDENTIFIER;
    if (is_name) {
        name = target->as.name.name.text;
        ref = ch__resolve(fn, name);
    }
    if (is_name && !(ref.is_mutable && (ref.kind == CH_REF_REGISTER || ref.kind == CH_REF_SLOT))) {
        ch__expr_drop(fn, target); // an unknown name is reported as such
        ch__expr_drop(fn, node->as.assign.value);
        ch__at(fn, node->start);
        throw_text(fn, CH_THROW_IMMUTABLE, name);
    } else {
        if (ref.kind == CH_REF_REGISTER) {
            root.reg = ref.index;
        } else {
            root = (Root){.reg = ch__push(fn), .in_slot = ref.kind == CH_REF_SLOT, .slot = ref.index};
            if (!root.in_slot) ch__expr_to(fn, target, root.reg);
        }
        if (links.count == 1) {
            assign_one(fn, node, &root, name, links.items[0]);
        } else {
            assign_path(fn, node, &root, &links);
        }
    }
    ch__pop_to(fn, mark);
    ch_array_release(&links);
}

void ch__assign(ChFn *fn, const ChNode *node)
{
    const ChNode *target = node->as.assign.target;
    if (!target) return;
    if (target->kind == CH_NODE_IDENTIFIER) {
        assign_name(fn, node);
    } else {
        assign_part(fn, node);
    }
}

// ---- declarations

static bool is_discard(ChStr name) { return !name.length || ch_str_is(name, "_"); }

ChBinding *ch__declare(ChFn *fn, ChStr name, uint32_t reg, bool is_mutable)
{
    if (is_discard(name)) {
        ch__pop_to(fn, reg);
        return NULL;
    }
    if (fn->declares_slots) {
        uint32_t slot = ch__slot(fn->c, name, false, is_mutable, false);
        ch__emit_bc(fn, CH_OP_SET_MODULE, CH_X_FREE_A, reg, slot);
        ch__pop_to(fn, reg);
        return NULL;
    }
    ChBinding *known = ch__bound_here(fn, name);
    if (!known) return ch__bind_reg(fn, name, reg, is_mutable);
    if (!known->is_mutable && !is_mutable) {
        ChStr text = ch_str_format(fn->c->arena,
                                   "Cannot redeclare immutable variable '%.*s' in the same scope (use 'var' for "
                                   "mutable bindings)",
                                   CH_STR_ARG(name));
        throw_text(fn, CH_THROW_RUNTIME, text);
    } else {
        ch__move(fn, known->reg, reg, true);
        known->is_mutable |= is_mutable;
        known->has_constant = known->is_function = false;
        fn->debug.items[known->debug].is_mutable = known->is_mutable;
    }
    ch__pop_to(fn, reg);
    return NULL;
}

// The value is read for the last time with the last part: a temporary dies there.
static uint8_t part_flags(ChOperand value, bool last) { return value.is_temp && last ? CH_X_FREE_B : 0; }

static void default_value(ChFn *fn, const ChNode *item, uint32_t reg)
{
    ChPcs given = {0};
    if (!item->as.pattern_item.default_value) return;
    ch__jump(fn, &given, CH_OP_JNOTNIL, 0, reg, 0);
    ch__expr_to(fn, item->as.pattern_item.default_value, reg);
    ch__patch_here(fn, &given);
}

static void destructure_dict(ChFn *fn, const ChNode *pattern, ChOperand value, bool is_mutable)
{
    const ChNodeList *items = &pattern->as.list.items;
    CH_ARRAY_OF(ChStr) keys = {0};
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *item = items->items[i];
        bool rest = item->flags & CH_FLAG_REST;
        ChStr name = item->as.pattern_item.name.text;
        if (!rest) ch_array_push(&keys, item->as.pattern_item.key.text);
        if (is_discard(name)) continue;
        uint32_t reg = ch__push(fn);
        ch__at(fn, item->start);
        if (rest) {
            uint32_t index = ch__constant_names(fn, CH_CONST_NAMES, (ChStr){0}, keys.items, keys.count);
            ch__emit(fn, CH_OP_DICT_REST, part_flags(value, i + 1 == items->count), reg, value.reg, index);
            if (index > UINT16_MAX) ch__compile_error(fn->c, ch_node_range(item), "too many different constants in one file");
        } else {
            int32_t key = ch__constant_short(fn, ch__const_text(item->as.pattern_item.key.text));
            if (key < 0) ch__compile_error(fn->c, ch_node_range(item), "too many different constants in one file");
            ch__emit(fn, CH_OP_GET_FIELD, part_flags(value, i + 1 == items->count), reg, value.reg, (uint32_t)key);
            ch__emit_word(fn, 0);
            default_value(fn, item, reg);
        }
        ch__declare(fn, name, reg, is_mutable);
    }
    ch_array_release(&keys);
}

static void destructure_list(ChFn *fn, const ChNode *pattern, ChOperand value, bool is_mutable)
{
    const ChNodeList *items = &pattern->as.list.items;
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *item = items->items[i];
        ChStr name = item->as.pattern_item.name.text;
        if (is_discard(name)) continue;
        uint32_t reg = ch__push(fn);
        ch__at(fn, item->start);
        ch__emit(fn, (item->flags & CH_FLAG_REST) ? CH_OP_LIST_REST : CH_OP_LIST_GET,
                 part_flags(value, i + 1 == items->count), reg, value.reg, i);
        if (!(item->flags & CH_FLAG_REST)) default_value(fn, item, reg);
        ch__declare(fn, name, reg, is_mutable);
    }
}

static void destructure_pair(ChFn *fn, const ChNode *pattern, ChOperand value, bool is_mutable)
{
    ChStr names[2] = {pattern->as.pattern_pair.first.text, pattern->as.pattern_pair.second.text};
    static const char *const fields[2] = {"first", "second"};
    for (uint32_t i = 0; i < 2; i++) {
        if (is_discard(names[i])) continue;
        uint32_t reg = ch__push(fn);
        ch__emit(fn, CH_OP_GET_FIELD, part_flags(value, i == 1), reg, value.reg,
                 ch__constant_text(fn, ch_str_of(fields[i])));
        ch__emit_word(fn, 0);
        ch__declare(fn, names[i], reg, is_mutable);
    }
}

void ch__destructure(ChFn *fn, const ChNode *pattern, ChOperand value, bool is_mutable)
{
    ch__at(fn, pattern->start);
    switch (pattern->kind) {
    case CH_NODE_PATTERN_DICT:
        ch__emit(fn, CH_OP_DESTRUCTURE, 0, value.reg, 0, 0);
        destructure_dict(fn, pattern, value, is_mutable);
        break;
    case CH_NODE_PATTERN_LIST:
        ch__emit(fn, CH_OP_DESTRUCTURE, 0, value.reg, 1, 0);
        destructure_list(fn, pattern, value, is_mutable);
        break;
    case CH_NODE_PATTERN_PAIR: destructure_pair(fn, pattern, value, is_mutable); break;
    default: break;
    }
}

static bool is_owned(const ChNode *type)
{
    return type && type->kind == CH_NODE_TYPE_GENERIC && ch_str_is(type->as.type_generic.name.text, "owned");
}

void ch__let(ChFn *fn, const ChNode *node)
{
    const ChNode *pattern = node->as.binding.pattern;
    const ChNode *value = node->as.binding.value;
    bool is_mutable = node->kind == CH_NODE_VAR;
    if (!pattern || pattern->kind != CH_NODE_PATTERN_NAME) {
        if (pattern) ch__destructure(fn, pattern, ch__expr_reg(fn, value), is_mutable);
        return;
    }
    ChStr name = pattern->as.name.name.text;
    if (is_discard(name)) {
        ch__expr_drop(fn, value);
        return;
    }
    uint32_t reg = ch__push(fn);
    ch__expr_to(fn, value, reg);
    ChBinding *binding = ch__declare(fn, name, reg, is_mutable);
    if (!binding) return;
    if (!is_mutable) {
        binding->is_function = value && value->kind == CH_NODE_CLOSURE;
        // Folding looks the value's names up, so it must not see the new one.
        uint32_t shadowed = binding->shadowed;
        ch_map_set_number(&fn->names, name, shadowed);
        binding->has_constant = ch__fold(fn, value, &binding->constant);
        fn->debug.items[binding->debug].is_constant = binding->has_constant;
        ch_map_set_number(&fn->names, name, (uint32_t)(binding - fn->bindings.items) + 1);
    }
    if (is_owned(node->as.binding.type)) ch__cleanup_open(fn, CH_CLEANUP_DROP, NULL, reg);
}
