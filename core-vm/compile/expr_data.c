// Literals with parts: lists, dicts, structs, interpolated strings, and the human-in-the-loop calls that take named
// arguments. Small ones are built from one window; big ones and those with spreads piece by piece.
#include "compile/compile_int.h"

static uint8_t free_b(ChOperand operand) { return operand.is_temp ? CH_X_FREE_B : 0; }

static bool is_plain_list(const ChNodeList *items)
{
    if (items->count > CH_WINDOW_PARTS_MAX) return false;
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind == CH_NODE_SPREAD) return false;
    }
    return true;
}

void ch__list_to(ChFn *fn, const ChNodeList *items, uint32_t dst, uint32_t offset)
{
    uint32_t mark = fn->free_reg;
    if (is_plain_list(items)) {
        for (uint32_t i = 0; i < items->count; i++) ch__expr_push(fn, items->items[i]);
        ch__at(fn, offset);
        ch__emit(fn, CH_OP_NEW_LIST, 0, dst, mark, items->count);
        ch__pop_to(fn, mark);
        return;
    }
    uint32_t out = ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    uint32_t inner = fn->free_reg;
    ch__emit(fn, CH_OP_NEW_LIST, 0, out, inner, 0);
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *item = items->items[i];
        bool spread = item->kind == CH_NODE_SPREAD;
        ChOperand value = ch__expr_reg(fn, spread ? item->as.unary.operand : item);
        ch__at(fn, item->start);
        ch__emit(fn, spread ? CH_OP_LIST_SPREAD : CH_OP_LIST_PUSH, free_b(value), out, value.reg, 0);
        ch__pop_to(fn, inner);
    }
    ch__move(fn, dst, out, true);
    ch__pop_to(fn, mark);
}

// `output_schema: TypeAlias` stands for the alias's schema (spec: Type aliases).
static void entry_value_to(ChFn *fn, const ChNode *entry, uint32_t dst)
{
    const ChNode *key = entry->as.dict_entry.key;
    if (key && key->kind == CH_NODE_STRING && ch_str_is(key->as.string.text, "output_schema")) {
        const ChNode *type = ch__alias(fn->c, entry->as.dict_entry.value);
        if (type && ch__schema_to(fn, type, dst)) return;
    }
    ch__expr_to(fn, entry->as.dict_entry.value, dst);
}

// Are the keys known, different names? Then the dict is a record. The names go to `names`.
static bool is_record(const ChNodeList *entries, ChStr *names)
{
    if (entries->count > CH_WINDOW_PARTS_MAX) return false;
    for (uint32_t i = 0; i < entries->count; i++) {
        const ChNode *entry = entries->items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) || !entry->as.dict_entry.key ||
            entry->as.dict_entry.key->kind != CH_NODE_STRING) {
            return false;
        }
        names[i] = entry->as.dict_entry.key->as.string.text;
        for (uint32_t j = 0; j < i; j++) {
            if (ch_str_equal(names[j], names[i])) return false;
        }
    }
    return true;
}

void ch__dict_to(ChFn *fn, const ChNodeList *entries, uint32_t dst, uint32_t offset)
{
    ChStr names[CH_WINDOW_PARTS_MAX];
    uint32_t mark = fn->free_reg;
    if (!entries->count) {
        ch__at(fn, offset);
        ch__emit(fn, CH_OP_NEW_DICT, 0, dst, 0, 0);
        return;
    }
    if (is_record(entries, names)) {
        uint32_t index = ch__constant_names(fn, CH_CONST_NAMES, (ChStr){0}, names, entries->count);
        if (index <= UINT16_MAX) {
            for (uint32_t i = 0; i < entries->count; i++) entry_value_to(fn, entries->items[i], ch__push(fn));
            ch__at(fn, offset);
            ch__emit(fn, CH_OP_NEW_RECORD, 0, dst, mark, index);
            ch__pop_to(fn, mark);
            return;
        }
    }
    uint32_t out = ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    uint32_t inner = fn->free_reg;
    ch__emit(fn, CH_OP_NEW_DICT, 0, out, 0, 0);
    for (uint32_t i = 0; i < entries->count; i++) {
        const ChNode *entry = entries->items[i];
        if (entry->kind == CH_NODE_SPREAD) {
            ChOperand value = ch__expr_reg(fn, entry->as.unary.operand);
            ch__at(fn, entry->start);
            ch__emit(fn, CH_OP_DICT_SPREAD, free_b(value), out, value.reg, 0);
        } else {
            uint32_t key = ch__push(fn);
            ch__expr_to(fn, entry->as.dict_entry.key, key);
            uint32_t value = ch__push(fn);
            entry_value_to(fn, entry, value);
            ch__at(fn, entry->start);
            ch__emit(fn, CH_OP_DICT_PUT, CH_X_FREE_B | CH_X_FREE_C, out, key, value);
        }
        ch__pop_to(fn, inner);
    }
    ch__move(fn, dst, out, true);
    ch__pop_to(fn, mark);
}

void ch__struct_literal_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ChStr names[CH_WINDOW_PARTS_MAX];
    const ChNodeList *entries = &node->as.struct_literal.entries;
    ChStr type = node->as.struct_literal.name.text;
    uint32_t mark = fn->free_reg;
    if (is_record(entries, names)) {
        uint32_t index = ch__constant_names(fn, CH_CONST_STRUCT, type, names, entries->count);
        if (index <= UINT16_MAX) {
            for (uint32_t i = 0; i < entries->count; i++) {
                ch__expr_push(fn, entries->items[i]->as.dict_entry.value);
            }
            ch__at(fn, node->start);
            ch__emit(fn, CH_OP_NEW_STRUCT, 0, dst, mark, index);
            ch__pop_to(fn, mark);
            return;
        }
    }
    uint32_t fields = ch__push(fn);
    ch__dict_to(fn, entries, fields, node->start);
    uint32_t index = ch__constant_names(fn, CH_CONST_STRUCT, type, NULL, 0);
    if (index > UINT16_MAX) {
        ch__compile_error(fn->c, ch_node_range(node), "too many different constants in one file");
        index = 0;
    }
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_STRUCT_FROM, CH_X_FREE_B, dst, fields, index);
    ch__pop_to(fn, mark);
}

void ch__interpolation_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    uint32_t mark = fn->free_reg;
    const ChNodeList *parts = &node->as.list.items;
    if (!parts->count) {
        ch__load_text(fn, dst, CH_STR(""));
        return;
    }
    for (uint32_t i = 0; i < parts->count; i++) {
        if (fn->free_reg - mark >= CH_WINDOW_PARTS_MAX) {
            ch__emit(fn, CH_OP_INTERP, 0, mark, mark, fn->free_reg - mark);
            ch__pop_to(fn, mark + 1);
        }
        ch__expr_push(fn, parts->items[i]);
    }
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_INTERP, 0, dst, mark, fn->free_reg - mark);
    ch__pop_to(fn, mark);
}

// ---- human in the loop: named arguments become the builtin's positional ones and its dict of options

typedef struct HitlRow {
    const char *name;
    const char *builtin;     // what it calls
    const char *required[4]; // in order; a last one in brackets may be missing
    const char *options[10]; // those that go into the dict
} HitlRow;

static const HitlRow hitl_rows[] = {
    {"ask_user", "__ask_user", {"prompt"}, {"schema", "timeout", "default"}},
    {"request_approval", "__request_approval",
     {"action"},
     {"args", "detail", "quorum", "reviewers", "deadline", "principal", "evidence_refs", "undo_metadata",
      "capabilities_requested"}},
    {"dual_control", "__dual_control", {"n", "m", "action", "[approvers"}, {0}},
    {"escalate_to", "__escalate_to", {"role", "reason"}, {0}},
};

static const ChNode *hitl_named(const ChNodeList *args, const char *name)
{
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind == CH_NODE_NAMED_VALUE && ch_str_is(args->items[i]->as.named_value.name.text, name)) {
            return args->items[i]->as.named_value.value;
        }
    }
    return NULL;
}

static const ChNode *hitl_positional(const ChNodeList *args, uint32_t index)
{
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind != CH_NODE_NAMED_VALUE && index-- == 0) return args->items[i];
    }
    return NULL;
}

static bool hitl_options(ChFn *fn, const HitlRow *row, const ChNodeList *args, uint32_t required)
{
    ChStr names[10];
    uint32_t count = 0, mark = fn->free_reg;
    const ChNode *given = row->options[0] ? hitl_positional(args, required) : NULL;
    for (uint32_t i = 0; i < 10 && row->options[i]; i++) {
        if (hitl_named(args, row->options[i])) names[count++] = ch_str_of(row->options[i]);
    }
    if (given && count) {
        ch__compile_error(fn->c, ch_node_range(given),
                          "%s: cannot mix positional options dict with named option arguments", row->name);
        return false;
    }
    if (given) {
        ch__expr_push(fn, given);
        return true;
    }
    if (!count) return false;
    uint32_t dst = ch__push(fn);
    for (uint32_t i = 0; i < 10 && row->options[i]; i++) {
        const ChNode *value = hitl_named(args, row->options[i]);
        if (value) ch__expr_push(fn, value);
    }
    ch__emit(fn, CH_OP_NEW_RECORD, 0, dst, mark + 1, ch__constant_names(fn, CH_CONST_NAMES, (ChStr){0}, names, count));
    ch__pop_to(fn, mark + 1);
    return true;
}

void ch__hitl_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    const ChNodeList *args = &node->as.hitl.args;
    const HitlRow *row = NULL;
    for (size_t i = 0; i < sizeof hitl_rows / sizeof *hitl_rows; i++) {
        if (ch_str_is(node->as.hitl.name.text, hitl_rows[i].name)) row = &hitl_rows[i];
    }
    if (!row) {
        ch__load_nil(fn, dst);
        return;
    }
    uint32_t mark = fn->free_reg, count = 0;
    for (uint32_t i = 0; i < 4 && row->required[i]; i++) {
        bool optional = row->required[i][0] == '[';
        const char *name = row->required[i] + optional;
        const ChNode *value = hitl_named(args, name);
        if (!value) value = hitl_positional(args, i);
        if (!value && optional) break;
        if (!value) {
            ch__compile_error(fn->c, ch_node_range(node), "%s: missing required argument `%s`", row->name, name);
            return;
        }
        ch__expr_push(fn, value);
        count++;
    }
    if (hitl_options(fn, row, args, count)) count++;
    ch__at(fn, node->start);
    ch__call_named(fn, ch_str_of(row->builtin), mark, count, dst);
    ch__pop_to(fn, mark);
}
