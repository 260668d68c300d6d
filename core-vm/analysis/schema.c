/* Schemas: values that describe a type. A type's own name is one, schema_of(T) makes
 * one, and a dict literal in the manner of JSON Schema is read as far as it can be. */
#include "analysis/check_int.h"

enum { SCHEMA_DEPTH_MAX = 20, SCHEMA_FIELDS_MAX = 400 };

static const ChType *of_node(ChChecker *checker, const ChNode *node, uint32_t depth);

static const ChNode *entry_value(const ChNode *dict, const char *name, const char *other)
{
    for (uint32_t i = 0; i < dict->as.list.items.count; i++) {
        const ChNode *entry = dict->as.list.items.items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) ||
            !entry->as.dict_entry.key)
            continue;
        ChStr key = entry->as.dict_entry.key->as.string.text;
        if (ch_str_is(key, name) || (other && ch_str_is(key, other)))
            return entry->as.dict_entry.value;
    }
    return NULL;
}

static const ChType *named_type(ChChecker *checker, ChStr name)
{
    static const struct {
        const char *json, *ours;
    } names[] = {{"object", "dict"},   {"array", "list"},   {"integer", "int"},
                 {"number", "float"},  {"boolean", "bool"}, {"null", "nil"}};
    if (ch_str_is(name, "any"))
        return checker->types->any;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ch_str_is(name, names[i].json))
            return ch_type_named(checker->types, ch_str_of(names[i].ours), NULL);
    return ch_type_named(checker->types, name, NULL);
}

static bool is_required(const ChNode *required, ChStr name)
{
    if (!required || required->kind != CH_NODE_LIST)
        return false;
    for (uint32_t i = 0; i < required->as.list.items.count; i++) {
        const ChNode *item = required->as.list.items.items[i];
        if (item->kind == CH_NODE_STRING && ch_str_equal(item->as.string.text, name))
            return true;
    }
    return false;
}

static const ChType *of_properties(ChChecker *checker, const ChNode *properties,
                                   const ChNode *required, uint32_t depth)
{
    const ChNodeList *items = &properties->as.list.items;
    if (properties->kind != CH_NODE_DICT || items->count > SCHEMA_FIELDS_MAX)
        return NULL;
    ChTypeField *fields = ch_alloc_zero((size_t)items->count + 1, sizeof *fields);
    const ChType *type = NULL;
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *entry = items->items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) ||
            !entry->as.dict_entry.key)
            goto done;
        fields[i].name = entry->as.dict_entry.key->as.string.text;
        fields[i].type = of_node(checker, entry->as.dict_entry.value, depth + 1);
        fields[i].is_optional = !is_required(required, fields[i].name);
        if (!fields[i].type)
            goto done;
    }
    type = ch_type_shape(checker->types, fields, items->count);
done:
    ch_free(fields);
    return type;
}

static const ChType *of_union(ChChecker *checker, const ChNode *list, uint32_t depth)
{
    if (list->kind != CH_NODE_LIST || list->as.list.items.count == 0)
        return NULL;
    const ChType *type = checker->types->never;
    for (uint32_t i = 0; i < list->as.list.items.count && type; i++) {
        const ChNode *item = list->as.list.items.items[i];
        const ChType *part = item->kind == CH_NODE_STRING
                                 ? named_type(checker, item->as.string.text)
                                 : of_node(checker, item, depth + 1);
        type = ch_type_union2(checker->types, type, part);
    }
    return type;
}

static const ChType *of_dict(ChChecker *checker, const ChNode *dict, uint32_t depth)
{
    ChTypeStore *types = checker->types;
    const ChNode *choice = entry_value(dict, "union", "oneOf");
    if (!choice)
        choice = entry_value(dict, "anyOf", NULL);
    const ChNode *name = entry_value(dict, "type", NULL);
    const ChNode *properties = entry_value(dict, "properties", NULL);
    const ChNode *items = entry_value(dict, "items", NULL);
    const ChType *type = NULL;
    if (choice)
        type = of_union(checker, choice, depth);
    else if (name && name->kind == CH_NODE_LIST)
        type = of_union(checker, name, depth);
    else if (properties)
        type = of_properties(checker, properties, entry_value(dict, "required", NULL), depth);
    else if (items)
        type = ch_type_of(types, CH_TYPE_LIST, of_node(checker, items, depth + 1));
    else if (name && name->kind == CH_NODE_STRING)
        type = named_type(checker, name->as.string.text);
    const ChNode *nullable = entry_value(dict, "nullable", NULL);
    if (nullable && nullable->kind == CH_NODE_BOOL && nullable->as.boolean.value)
        type = ch_type_union2(types, type, types->nil);
    return type;
}

static const ChType *of_node(ChChecker *checker, const ChNode *node, uint32_t depth)
{
    if (!node || depth > SCHEMA_DEPTH_MAX)
        return NULL;
    switch (node->kind) {
    case CH_NODE_IDENTIFIER: {
        uint32_t index = ch__symbol_at(checker, node);
        if (index == CH_SYMBOL_NONE)
            return NULL;
        const ChSymbol *symbol = &checker->analysis->symbols.items[index];
        if (symbol->decl && symbol->decl->param_count == 0)
            return ch_type_named(checker->types, symbol->name, symbol->decl);
        if (checker->states[index].schema)
            return checker->states[index].schema;
        const ChType *type = ch__type_resolve(checker, ch__type_at(checker, node));
        return type && type->kind == CH_TYPE_APPLIED && type->count == 1 &&
                       ch_str_is(type->text, "Schema")
                   ? type->items[0]
                   : NULL;
    }
    case CH_NODE_DICT: return of_dict(checker, node, depth);
    case CH_NODE_CALL: {
        const ChNode *callee = node->as.call.callee;
        if (callee && callee->kind == CH_NODE_IDENTIFIER && node->as.call.args.count == 1 &&
            ch_str_is(callee->as.name.name.text, "schema_of"))
            return of_node(checker, node->as.call.args.items[0], depth + 1);
        return NULL;
    }
    default: return NULL;
    }
}

const ChType *ch__schema_type(ChChecker *checker, const ChNode *node)
{
    return of_node(checker, node, 0);
}
