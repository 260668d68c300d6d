/* Names: which scopes there are, what each declares, and what each name stands for.
 *
 * One walk over the tree. `visible` maps a name to the symbol it means at this place;
 * a symbol remembers the one it shadows, so leaving a scope takes time in the number
 * of its symbols only. Declarations (fn, struct ...) are known from the beginning of
 * their block; variables from the end of their statement, but a function sees the
 * variables of the file wherever they stand. A name that the walk cannot explain waits
 * until the file is known as a whole: it may be declared further down, be imported, or
 * be a function that is bound when it is called. */
#include <string.h>

#include "analysis/analysis_int.h"

typedef struct Walk {
    ChAnalysis *analysis;
    const ChAnalysisOptions *options;
    ChMap visible;
    CH_ARRAY_OF(ChNode *) ancestors;
    uint32_t scope;
    uint32_t try_depth;
    CH_ARRAY_OF(ChImportOf) imports;
    uint32_t steps;
    bool is_cancelled;
} Walk;

static ChNode *ancestor(const Walk *walk, uint32_t up)
{
    return up < walk->ancestors.count ? walk->ancestors.items[walk->ancestors.count - 1 - up]
                                      : NULL;
}

/* ---- symbols ---------------------------------------------------------------- */

static uint32_t new_symbol(ChAnalysis *analysis, ChSymbolKind kind, ChName name,
                           const ChNode *node)
{
    ChSymbol symbol = {
        .kind = kind,
        .name = name.text,
        .range = name.range,
        .full_range = node ? ch_node_range(node) : name.range,
        .node = node,
        .scope = CH_SYMBOL_NONE,
        .parent = CH_SYMBOL_NONE,
        .shadowed = CH_SYMBOL_NONE,
        .same_name = CH_SYMBOL_NONE,
        .next_in_scope = CH_SYMBOL_NONE,
        .first_member = CH_SYMBOL_NONE,
        .visible_from = name.range.start,
    };
    ch_array_push(&analysis->symbols, symbol);
    return analysis->symbols.count - 1;
}

void ch__reference_add(ChAnalysis *analysis, ChRange range, uint32_t symbol, uint32_t flags)
{
    ch_array_push(&analysis->references,
                  (ChReference){.range = range, .symbol = symbol, .flags = flags});
}

uint32_t ch__symbol_add_member(ChAnalysis *analysis, ChSymbolKind kind, ChName name,
                               const ChNode *node, uint32_t parent)
{
    uint32_t index = new_symbol(analysis, kind, name, node);
    ChSymbol *symbol = &analysis->symbols.items[index];
    symbol->parent = parent;
    symbol->is_hoisted = true;
    if (parent != CH_SYMBOL_NONE) {
        ChSymbol *owner = &analysis->symbols.items[parent];
        symbol->next_in_scope = owner->first_member;
        owner->first_member = index;
    }
    if (node)
        analysis->node_symbols[node->id] = index;
    if (name.text.length > 0)
        ch__reference_add(analysis, name.range, index, CH_REFERENCE_DECLARATION);
    return index;
}

uint32_t ch__member_find(const ChAnalysis *analysis, uint32_t parent, ChStr name)
{
    if (parent >= analysis->symbols.count)
        return CH_SYMBOL_NONE;
    uint32_t at = analysis->symbols.items[parent].first_member;
    while (at != CH_SYMBOL_NONE && !ch_str_equal(analysis->symbols.items[at].name, name))
        at = analysis->symbols.items[at].next_in_scope;
    return at;
}

static void declare_at(Walk *walk, uint32_t index)
{
    ChAnalysis *analysis = walk->analysis;
    ChSymbol *symbol = &analysis->symbols.items[index];
    symbol->scope = walk->scope;
    symbol->is_top_level = walk->scope == 0;
    ChScope *scope = &analysis->scopes.items[walk->scope];
    symbol->next_in_scope = scope->first_symbol;
    scope->first_symbol = index;
    ChMapEntry *entry = ch_map_enter(&walk->visible, symbol->name, NULL);
    symbol->shadowed = entry->value.number ? entry->value.number - 1 : CH_SYMBOL_NONE;
    entry->value.number = index + 1;
    entry = ch_map_enter(&analysis->all_names, symbol->name, NULL);
    symbol->same_name = entry->value.number ? entry->value.number - 1 : CH_SYMBOL_NONE;
    entry->value.number = index + 1;
}

/* Declare a name here; `_` and missing names declare nothing. */
static uint32_t declare(Walk *walk, ChSymbolKind kind, ChName name, const ChNode *node)
{
    if (name.text.length == 0 || ch_str_is(name.text, "_")) {
        if (node)
            walk->analysis->node_symbols[node->id] = CH_SYMBOL_IGNORED;
        return CH_SYMBOL_NONE;
    }
    uint32_t index = new_symbol(walk->analysis, kind, name, node);
    declare_at(walk, index);
    if (node)
        walk->analysis->node_symbols[node->id] = index;
    ch__reference_add(walk->analysis, name.range, index, CH_REFERENCE_DECLARATION);
    return index;
}

static uint32_t lookup(const Walk *walk, ChStr name)
{
    uint32_t number = ch_map_get_number(&walk->visible, name, 0);
    return number ? number - 1 : CH_SYMBOL_NONE;
}

static void open_scope(Walk *walk, const ChNode *node)
{
    ch_array_push(&walk->analysis->scopes, (ChScope){.parent = walk->scope,
                                                     .range = ch_node_range(node),
                                                     .node = node,
                                                     .first_symbol = CH_SYMBOL_NONE});
    walk->scope = walk->analysis->scopes.count - 1;
}

static void close_scope(Walk *walk)
{
    ChAnalysis *analysis = walk->analysis;
    const ChScope *scope = &analysis->scopes.items[walk->scope];
    for (uint32_t at = scope->first_symbol; at != CH_SYMBOL_NONE;) {
        const ChSymbol *symbol = &analysis->symbols.items[at];
        ch_map_set_number(&walk->visible, symbol->name,
                          symbol->shadowed == CH_SYMBOL_NONE ? 0 : symbol->shadowed + 1);
        at = symbol->next_in_scope;
    }
    walk->scope = scope->parent;
}

/* ---- uses -------------------------------------------------------------------- */

static void use_name(Walk *walk, const ChNode *node, ChName name, uint32_t flags)
{
    if (name.text.length == 0)
        return;
    uint32_t index = lookup(walk, name.text);
    if (index == CH_SYMBOL_NONE) {
        ch_array_push(&walk->analysis->unresolved,
                      (ChUnresolved){.node = node,
                                     .name = name,
                                     .scope = walk->scope,
                                     .flags = flags,
                                     .in_try = walk->try_depth > 0});
        return;
    }
    walk->analysis->node_symbols[node->id] = index;
    ch__reference_add(walk->analysis, name.range, index, flags);
}

/* `_` is the value that a pipe hands on, within the right side of `|>`. */
static bool is_pipe_placeholder(const Walk *walk)
{
    enum { STEPS_MAX = 1000 };
    const ChNode *child = ancestor(walk, 0);
    for (uint32_t up = 1; up < STEPS_MAX; up++) {
        const ChNode *node = ancestor(walk, up);
        if (!node || node->kind == CH_NODE_BLOCK)
            return false;
        if (node->kind == CH_NODE_BINARY && node->as.binary.op == CH_OPERATOR_PIPE &&
            node->as.binary.right == child)
            return true;
        child = node;
    }
    return false;
}

static uint32_t flags_of_use(const Walk *walk, const ChNode *node)
{
    const ChNode *parent = ancestor(walk, 1);
    const ChNode *child = node;
    if (parent && parent->kind == CH_NODE_CALL && parent->as.call.callee == node)
        return CH_REFERENCE_READ | CH_REFERENCE_CALL;
    /* The variable at the root of an assigned place: x.a[0] = v changes x. */
    for (uint32_t up = 1; parent; parent = ancestor(walk, ++up)) {
        if (parent->kind == CH_NODE_ASSIGN) {
            if (parent->as.assign.target != child)
                break;
            bool is_whole = child == node && parent->as.assign.op == CH_OPERATOR_NONE;
            return is_whole ? CH_REFERENCE_WRITE : CH_REFERENCE_WRITE | CH_REFERENCE_READ;
        }
        bool is_place = (parent->kind == CH_NODE_MEMBER && parent->as.member.object == child) ||
                        (parent->kind == CH_NODE_INDEX && parent->as.index.object == child);
        if (!is_place)
            break;
        child = parent;
    }
    return CH_REFERENCE_READ;
}

/* ---- declarations ------------------------------------------------------------ */

static ChSymbolKind kind_of_decl(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_PIPELINE: return CH_SYMBOL_PIPELINE;
    case CH_NODE_TOOL: return CH_SYMBOL_TOOL;
    case CH_NODE_SKILL: return CH_SYMBOL_SKILL;
    case CH_NODE_EVAL_PACK: return CH_SYMBOL_EVAL_PACK;
    case CH_NODE_STRUCT: return CH_SYMBOL_STRUCT;
    case CH_NODE_ENUM: return CH_SYMBOL_ENUM;
    case CH_NODE_INTERFACE: return CH_SYMBOL_INTERFACE;
    case CH_NODE_TYPE_ALIAS: return CH_SYMBOL_TYPE_ALIAS;
    default: return CH_SYMBOL_FUNCTION;
    }
}

static void add_members(ChAnalysis *analysis, uint32_t parent, const ChNodeList *nodes,
                        ChSymbolKind kind)
{
    for (uint32_t i = 0; i < nodes->count; i++) {
        const ChNode *node = nodes->items[i];
        ChName name = node->kind == CH_NODE_ENUM_VARIANT ? node->as.variant.name
                      : ch_node_is_decl(node)            ? node->as.decl.name
                                                         : node->as.field.name;
        uint32_t index = ch__symbol_add_member(analysis, kind, name, node, parent);
        if (node->kind == CH_NODE_ENUM_VARIANT)
            analysis->symbols.items[index].doc = node->as.variant.doc;
        else if (ch_node_is_decl(node))
            analysis->symbols.items[index].doc = node->as.decl.doc;
    }
}

/* Declarations of a block are known from its beginning. */
static void hoist(Walk *walk, const ChNodeList *statements)
{
    ChAnalysis *analysis = walk->analysis;
    for (uint32_t i = 0; i < statements->count; i++) {
        const ChNode *node = statements->items[i];
        if (!ch_node_is_decl(node) || node->kind == CH_NODE_IMPL ||
            node->kind == CH_NODE_OVERRIDE)
            continue;
        const ChDecl *decl = &node->as.decl;
        uint32_t index = declare(walk, kind_of_decl(node), decl->name, node);
        if (index == CH_SYMBOL_NONE)
            continue;
        ChSymbol *symbol = &analysis->symbols.items[index];
        symbol->is_hoisted = true;
        symbol->is_pub = node->flags & CH_FLAG_PUB;
        symbol->doc = decl->doc;
        for (uint32_t a = 0; a < decl->attributes.count; a++)
            if (ch_str_is(decl->attributes.items[a]->as.attribute.name.text, "deprecated"))
                symbol->is_deprecated = true;
        if (node->kind == CH_NODE_STRUCT)
            add_members(analysis, index, &node->as.struct_.fields, CH_SYMBOL_FIELD);
        else if (node->kind == CH_NODE_ENUM)
            add_members(analysis, index, &node->as.enum_.variants, CH_SYMBOL_VARIANT);
        else if (node->kind == CH_NODE_INTERFACE)
            add_members(analysis, index, &node->as.interface.methods, CH_SYMBOL_METHOD);
    }
    /* Methods belong to the type, wherever its impl block stands. */
    for (uint32_t i = 0; i < statements->count; i++) {
        const ChNode *node = statements->items[i];
        if (node->kind != CH_NODE_IMPL)
            continue;
        ChName name = node->as.impl.decl.name;
        uint32_t index = lookup(walk, name.text);
        if (index != CH_SYMBOL_NONE) {
            ch__reference_add(analysis, name.range, index, CH_REFERENCE_TYPE);
            analysis->node_symbols[node->id] = index;
        }
        add_members(analysis, index, &node->as.impl.methods, CH_SYMBOL_METHOD);
    }
}

static void declare_type_params(Walk *walk, const ChNodeList *params)
{
    for (uint32_t i = 0; i < params->count; i++)
        declare(walk, CH_SYMBOL_TYPE_PARAMETER, params->items[i]->as.type_param.name,
                params->items[i]);
}

static void declare_params(Walk *walk, const ChNodeList *params)
{
    for (uint32_t i = 0; i < params->count; i++)
        declare(walk, CH_SYMBOL_PARAMETER, params->items[i]->as.param.name, params->items[i]);
}

static void declare_variable(Walk *walk, ChName name, const ChNode *node, const ChNode *binding)
{
    ChSymbolKind kind = binding && binding->kind == CH_NODE_CONST ? CH_SYMBOL_CONSTANT
                                                                  : CH_SYMBOL_VARIABLE;
    uint32_t index = declare(walk, kind, name, node);
    if (index == CH_SYMBOL_NONE)
        return;
    ChSymbol *symbol = &walk->analysis->symbols.items[index];
    symbol->is_mutable = binding && binding->kind == CH_NODE_VAR;
    if (binding && binding->kind != CH_NODE_FOR) {
        symbol->doc = binding->as.binding.doc;
        symbol->is_pub = binding->flags & CH_FLAG_PUB;
        symbol->is_annotated = binding->as.binding.type != NULL;
        symbol->full_range = ch_node_range(binding);
        symbol->visible_from = binding->end;
    }
}

/* The names that a binding pattern introduces. */
static void declare_pattern(Walk *walk, const ChNode *pattern, const ChNode *binding)
{
    if (!pattern)
        return;
    switch (pattern->kind) {
    case CH_NODE_PATTERN_NAME:
        declare_variable(walk, pattern->as.name.name, pattern, binding);
        break;
    case CH_NODE_PATTERN_DICT:
    case CH_NODE_PATTERN_LIST:
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++) {
            const ChNode *item = pattern->as.list.items.items[i];
            declare_variable(walk, item->as.pattern_item.name, item, binding);
        }
        break;
    case CH_NODE_PATTERN_PAIR:
        declare_variable(walk, pattern->as.pattern_pair.first, pattern, binding);
        declare_variable(walk, pattern->as.pattern_pair.second, NULL, binding);
        break;
    default: break;
    }
}

/* ---- match patterns ------------------------------------------------------------ */

static void bind_identifier(Walk *walk, const ChNode *node)
{
    if (node && node->kind == CH_NODE_SPREAD)
        node = node->as.unary.operand;
    if (node && node->kind == CH_NODE_IDENTIFIER)
        declare(walk, CH_SYMBOL_VARIABLE, node->as.name.name, node);
}

static bool names_an_enum(const Walk *walk, const ChNode *object)
{
    if (!object || object->kind != CH_NODE_IDENTIFIER)
        return false;
    ChStr name = object->as.name.name.text;
    uint32_t index = lookup(walk, name);
    if (index == CH_SYMBOL_NONE)
        return name.length > 0 && name.data[0] >= 'A' && name.data[0] <= 'Z';
    const ChSymbol *symbol = &walk->analysis->symbols.items[index];
    return symbol->kind == CH_SYMBOL_ENUM || symbol->module;
}

/* Identifiers of a match pattern bind: alone, as an item of a list, as the value of a
 * dict entry, as an argument of a variant. */
static void bind_match_pattern(Walk *walk, const ChNode *pattern)
{
    if (!pattern)
        return;
    const ChNodeList *items = NULL;
    switch (pattern->kind) {
    case CH_NODE_IDENTIFIER: bind_identifier(walk, pattern); return;
    case CH_NODE_LIST:
    case CH_NODE_DICT: items = &pattern->as.list.items; break;
    case CH_NODE_METHOD_CALL:
        if (names_an_enum(walk, pattern->as.method_call.object))
            items = &pattern->as.method_call.args;
        break;
    case CH_NODE_CALL: items = &pattern->as.call.args; break;
    case CH_NODE_OR_PATTERN:
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++) {
            const ChNode *item = pattern->as.list.items.items[i];
            if (item->kind == CH_NODE_IDENTIFIER)
                walk->analysis->node_symbols[item->id] = CH_SYMBOL_IGNORED;
        }
        return;
    default: return;
    }
    for (uint32_t i = 0; items && i < items->count; i++) {
        const ChNode *item = items->items[i];
        bind_identifier(walk, item->kind == CH_NODE_DICT_ENTRY ? item->as.dict_entry.value : item);
    }
}

/* ---- imports -------------------------------------------------------------------- */

static void keep_module(ChAnalysis *analysis, ChModuleFacts *module, const ChNode *node)
{
    if (analysis->module_count == analysis->module_capacity) {
        analysis->module_capacity = analysis->module_capacity ? analysis->module_capacity * 2 : 8;
        analysis->modules = ch_realloc_array(analysis->modules, analysis->module_capacity,
                                             sizeof *analysis->modules);
        analysis->import_nodes = ch_realloc_array(analysis->import_nodes,
                                                  analysis->module_capacity,
                                                  sizeof *analysis->import_nodes);
    }
    analysis->import_nodes[analysis->module_count] = node;
    /* A module that is itself part of the graph borrows: the graph holds them all. */
    analysis->modules[analysis->module_count++] = analysis->self ? module : ch_module_ref(module);
}

static void link_import(ChAnalysis *analysis, uint32_t index, const ChExport *item)
{
    ChSymbol *symbol = &analysis->symbols.items[index];
    const ChSymbol *origin = ch_export_symbol(item);
    symbol->kind = origin->kind;
    symbol->is_mutable = origin->is_mutable;
    symbol->is_deprecated = origin->is_deprecated;
    symbol->doc = origin->doc;
    symbol->module = item->owner;
    symbol->origin = origin->range;
    symbol->origin_symbol = item->symbol;
}

static void import_module(Walk *walk, const ChNode *node)
{
    ChAnalysis *analysis = walk->analysis;
    ChStr path = node->as.import.path.text;
    ChModuleFacts *module = NULL;
    if (walk->options->import && path.length > 0)
        module = walk->options->import(walk->options->data, analysis->tree, path);
    if (module) {
        keep_module(analysis, module, node);
        analysis->imports_resolved &= module->is_complete;
    } else {
        analysis->imports_resolved = false;
    }
    ch_array_push(&walk->imports, (ChImportOf){.node = node, .module = module});
    for (uint32_t i = 0; i < node->as.import.names.count; i++) {
        const ChNode *name = node->as.import.names.items[i];
        uint32_t index = declare(walk, CH_SYMBOL_VARIABLE, name->as.name.name, name);
        if (index == CH_SYMBOL_NONE)
            continue;
        analysis->symbols.items[index].is_hoisted = true;
        analysis->symbols.items[index].is_pub = node->flags & CH_FLAG_PUB;
        ch_array_last(&analysis->references).flags |= CH_REFERENCE_IMPORT;
        const ChExport *item = module ? ch_module_find(module, name->as.name.name.text) : NULL;
        if (item)
            link_import(analysis, index, item);
        else
            analysis->symbols.items[index].kind = CH_SYMBOL_FUNCTION;
    }
}

/* ---- the walk -------------------------------------------------------------------- */

/* Scopes that begin with the node itself. */
static void enter_scope_of(Walk *walk, ChNode *node)
{
    const ChNode *parent = ancestor(walk, 1);
    switch (node->kind) {
    case CH_NODE_FN:
    case CH_NODE_INTERFACE_METHOD:
        open_scope(walk, node);
        declare_type_params(walk, &node->as.fn.type_params);
        declare_params(walk, &node->as.fn.params);
        break;
    case CH_NODE_PIPELINE:
        open_scope(walk, node);
        declare_params(walk, &node->as.pipeline.params);
        break;
    case CH_NODE_TOOL:
        open_scope(walk, node);
        declare_params(walk, &node->as.tool.params);
        break;
    case CH_NODE_OVERRIDE:
        open_scope(walk, node);
        declare_params(walk, &node->as.override.params);
        break;
    case CH_NODE_CLOSURE:
        open_scope(walk, node);
        declare_params(walk, &node->as.closure.params);
        break;
    case CH_NODE_STRUCT:
        open_scope(walk, node);
        declare_type_params(walk, &node->as.struct_.type_params);
        break;
    case CH_NODE_ENUM:
        open_scope(walk, node);
        declare_type_params(walk, &node->as.enum_.type_params);
        break;
    case CH_NODE_TYPE_ALIAS:
        open_scope(walk, node);
        declare_type_params(walk, &node->as.type_alias.type_params);
        break;
    case CH_NODE_INTERFACE:
        open_scope(walk, node);
        declare_type_params(walk, &node->as.interface.type_params);
        for (uint32_t i = 0; i < node->as.interface.types.count; i++)
            declare(walk, CH_SYMBOL_TYPE_PARAMETER,
                    node->as.interface.types.items[i]->as.field.name,
                    node->as.interface.types.items[i]);
        break;
    case CH_NODE_MATCH_ARM:
        open_scope(walk, node);
        bind_match_pattern(walk, node->as.match_arm.pattern);
        break;
    case CH_NODE_CATCH:
        open_scope(walk, node);
        declare(walk, CH_SYMBOL_VARIABLE, node->as.catch_.variable, node);
        break;
    case CH_NODE_BLOCK:
        open_scope(walk, node);
        if (parent && parent->kind == CH_NODE_FOR && parent->as.for_.body == node)
            declare_pattern(walk, parent->as.for_.pattern, parent);
        else if (parent && parent->kind == CH_NODE_PARALLEL)
            declare(walk, CH_SYMBOL_PARAMETER, parent->as.parallel.variable, parent);
        else if (parent && parent->kind == CH_NODE_SELECT_CASE)
            declare(walk, CH_SYMBOL_VARIABLE, parent->as.select_case.variable, parent);
        hoist(walk, &node->as.block.statements);
        break;
    default: break;
    }
}

static bool has_scope(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_FN:
    case CH_NODE_INTERFACE_METHOD:
    case CH_NODE_PIPELINE:
    case CH_NODE_TOOL:
    case CH_NODE_OVERRIDE:
    case CH_NODE_CLOSURE:
    case CH_NODE_STRUCT:
    case CH_NODE_ENUM:
    case CH_NODE_TYPE_ALIAS:
    case CH_NODE_INTERFACE:
    case CH_NODE_MATCH_ARM:
    case CH_NODE_CATCH:
    case CH_NODE_BLOCK: return true;
    default: return false;
    }
}

/* The fields of an eval pack can be named in its statements. */
static void declare_eval_fields(Walk *walk, const ChNode *pack)
{
    for (uint32_t i = 0; i < pack->as.eval_pack.fields.count; i++)
        declare(walk, CH_SYMBOL_VARIABLE, pack->as.eval_pack.fields.items[i]->as.named_value.name,
                NULL);
}

static ChWalk enter(ChNode *node, void *data)
{
    Walk *walk = data;
    ch_array_push(&walk->ancestors, node);
    if ((++walk->steps & 4095) == 0 && walk->options->cancelled &&
        atomic_load_explicit(walk->options->cancelled, memory_order_relaxed)) {
        walk->is_cancelled = true;
        return CH_WALK_STOP;
    }
    enter_scope_of(walk, node);
    const ChNode *parent = ancestor(walk, 1);
    switch (node->kind) {
    case CH_NODE_BLOCK:
        if (parent && parent->kind == CH_NODE_TRY && parent->as.try_.body == node)
            walk->try_depth++;
        if (parent && parent->kind == CH_NODE_EVAL_PACK)
            declare_eval_fields(walk, parent);
        if (walk->options->declarations_only)
            return CH_WALK_OVER;
        break;
    case CH_NODE_IDENTIFIER:
        if (walk->analysis->node_symbols[node->id] != CH_SYMBOL_NONE)
            break;
        if (ch_str_is(node->as.name.name.text, "_") && is_pipe_placeholder(walk)) {
            walk->analysis->node_symbols[node->id] = CH_SYMBOL_IGNORED;
            break;
        }
        use_name(walk, node, node->as.name.name, flags_of_use(walk, node));
        break;
    case CH_NODE_STRUCT_LITERAL:
        use_name(walk, node, node->as.struct_literal.name, CH_REFERENCE_TYPE);
        break;
    case CH_NODE_TYPE_NAME:
        use_name(walk, node, node->as.name.name, CH_REFERENCE_TYPE);
        break;
    case CH_NODE_TYPE_GENERIC:
        use_name(walk, node, node->as.type_generic.name, CH_REFERENCE_TYPE);
        break;
    case CH_NODE_WHERE:
        use_name(walk, node, node->as.where.bound, CH_REFERENCE_TYPE);
        break;
    case CH_NODE_IMPORT: import_module(walk, node); return CH_WALK_OVER;
    case CH_NODE_ATTRIBUTE: return CH_WALK_OVER;
    default: break;
    }
    return CH_WALK_INTO;
}

static void leave(ChNode *node, void *data)
{
    Walk *walk = data;
    const ChNode *parent = ancestor(walk, 1);
    switch (node->kind) {
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST: declare_pattern(walk, node->as.binding.pattern, node); break;
    case CH_NODE_BLOCK:
        if (parent && parent->kind == CH_NODE_TRY && parent->as.try_.body == node)
            walk->try_depth--;
        break;
    default: break;
    }
    if (has_scope(node))
        close_scope(walk);
    (void)ch_array_pop(&walk->ancestors);
}

/* ---- what the walk could not explain -------------------------------------------- */

static bool scope_is_within(const ChAnalysis *analysis, uint32_t scope, uint32_t outer)
{
    while (scope != CH_SYMBOL_NONE && scope != outer)
        scope = analysis->scopes.items[scope].parent;
    return scope == outer;
}

/* A symbol of the file that the name may mean although it stands further down. */
static uint32_t find_later(const ChAnalysis *analysis, const ChUnresolved *use)
{
    enum { CANDIDATES_MAX = 64 };
    uint32_t number = ch_map_get_number(&analysis->all_names, use->name.text, 0);
    uint32_t at = number ? number - 1 : CH_SYMBOL_NONE;
    uint32_t best = CH_SYMBOL_NONE;
    for (int tries = 0; at != CH_SYMBOL_NONE && tries < CANDIDATES_MAX; tries++) {
        const ChSymbol *symbol = &analysis->symbols.items[at];
        if (symbol->scope == 0 || scope_is_within(analysis, use->scope, symbol->scope))
            if (best == CH_SYMBOL_NONE || symbol->scope > analysis->symbols.items[best].scope)
                best = at;
        at = symbol->same_name;
    }
    return best;
}

static uint32_t add_imported(ChAnalysis *analysis, ChStr name, ChRange range, const ChExport *item)
{
    uint32_t index = new_symbol(analysis, CH_SYMBOL_FUNCTION, (ChName){name, range}, NULL);
    ChSymbol *symbol = &analysis->symbols.items[index];
    symbol->scope = 0;
    symbol->is_hoisted = true;
    symbol->is_top_level = true;
    link_import(analysis, index, item);
    ch_map_set_number(&analysis->imported, name, index + 1);
    return index;
}

static uint32_t find_imported(Walk *walk, ChStr name)
{
    ChAnalysis *analysis = walk->analysis;
    uint32_t number = ch_map_get_number(&analysis->imported, name, 0);
    if (number)
        return number - 1;
    for (uint32_t i = 0; i < walk->imports.count; i++) {
        const ChImportOf *import = &walk->imports.items[i];
        if (!import->module || (import->node->flags & CH_FLAG_SELECTIVE))
            continue;
        const ChExport *item = ch_module_find(import->module, name);
        if (item)
            return add_imported(analysis, name, import->node->as.import.path.range, item);
    }
    const ChModuleFacts *session = walk->options->session;
    const ChExport *item = session ? ch_module_find(session, name) : NULL;
    return item ? add_imported(analysis, name, (ChRange){0, 0}, item) : CH_SYMBOL_NONE;
}

static void resolve_rest(Walk *walk)
{
    ChAnalysis *analysis = walk->analysis;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < analysis->unresolved.count; i++) {
        ChUnresolved use = analysis->unresolved.items[i];
        uint32_t index = find_later(analysis, &use);
        if (index == CH_SYMBOL_NONE)
            index = find_imported(walk, use.name.text);
        if (index == CH_SYMBOL_NONE) {
            analysis->unresolved.items[kept++] = use;
            continue;
        }
        analysis->node_symbols[use.node->id] = index;
        ch__reference_add(analysis, use.name.range, index, use.flags);
    }
    analysis->unresolved.count = kept;
}

bool ch__names_resolve(ChAnalysis *analysis, const ChAnalysisOptions *options)
{
    Walk walk = {.analysis = analysis, .options = options, .scope = CH_SYMBOL_NONE};
    ChNode *root = analysis->tree->root;
    analysis->imports_resolved = true;
    memset(analysis->node_symbols, 0xff, analysis->tree->node_count * sizeof(uint32_t));
    open_scope(&walk, root);
    hoist(&walk, &root->as.file.items);
    ch_node_walk(root, enter, leave, &walk);
    if (!walk.is_cancelled) {
        analysis->scopes.items[0].range =
            (ChRange){0, analysis->tree->source->text.length};
        resolve_rest(&walk);
        if (options->import && !options->before_run && !options->self)
            ch__report_imports(analysis, walk.imports.items, walk.imports.count, options && options->looks_at_disk);
    }
    ch_map_release(&walk.visible);
    ch_array_release(&walk.ancestors);
    ch_array_release(&walk.imports);
    return !walk.is_cancelled;
}
