/* Declarations: from written types to ChType, ChTypeDecl and ChSignature.
 *
 * First every type gets an empty ChTypeDecl, so that types may name each other in any
 * order; then bodies, fields, variants and signatures are filled in. Nothing here looks
 * into bodies but to learn whether a function yields. */
#include <string.h>

#include "analysis/analysis_int.h"
#include "base/limits.h"

/* ---- written types ------------------------------------------------------------ */

static const ChType *lower(ChAnalysis *analysis, const ChNode *node, uint32_t depth);

static const ChType *builtin_name(ChAnalysis *analysis, ChStr name)
{
    const ChTypeStore *types = &analysis->types;
    if (ch_str_is(name, "any"))
        return types->any;
    if (ch_str_is(name, "unknown"))
        return types->unknown;
    if (ch_str_is(name, "never"))
        return types->never;
    if (ch_str_is(name, "_"))
        return types->wildcard;
    if (ch_str_is(name, "Generator"))
        return types->generator;
    if (ch_str_is(name, "Stream"))
        return types->stream;
    if (ch_str_is(name, "Result"))
        return ch_type_named(&analysis->types, name, types->result_decl);
    return ch_type_named(&analysis->types, name, NULL);
}

/* The symbol that a node of this file stands for; nodes of builtins' signatures belong
 * to another tree and have none. */
static uint32_t symbol_of(const ChAnalysis *analysis, const ChNode *node)
{
    return analysis->foreign_fn ? CH_SYMBOL_NONE : analysis->node_symbols[node->id];
}

static const ChType *lower_name(ChAnalysis *analysis, const ChNode *node)
{
    ChStr name = node->as.name.name.text;
    uint32_t index = symbol_of(analysis, node);
    if (analysis->foreign_fn)
        for (uint32_t i = 0; i < analysis->foreign_fn->as.fn.type_params.count; i++)
            if (ch_str_equal(analysis->foreign_params[i].name, name))
                return analysis->foreign_params[i].type;
    if (index < analysis->symbols.count) {
        const ChSymbol *symbol = &analysis->symbols.items[index];
        if (symbol->kind == CH_SYMBOL_TYPE_PARAMETER)
            return symbol->type;
        if (symbol->decl)
            return ch_type_named(&analysis->types, name, symbol->decl);
    }
    return name.length > 0 ? builtin_name(analysis, name) : NULL;
}

static const ChType *lower_generic(ChAnalysis *analysis, const ChNode *node, uint32_t depth)
{
    static const struct {
        const char *name;
        ChTypeKind kind;
    } wrappers[] = {
        {"list", CH_TYPE_LIST},           {"iter", CH_TYPE_ITER},
        {"Iter", CH_TYPE_ITER},           {"Generator", CH_TYPE_GENERATOR},
        {"generator", CH_TYPE_GENERATOR}, {"Stream", CH_TYPE_STREAM},
        {"stream", CH_TYPE_STREAM},       {"owned", CH_TYPE_OWNED},
    };
    ChTypeStore *types = &analysis->types;
    ChStr name = node->as.type_generic.name.text;
    const ChNodeList *args = &node->as.type_generic.args;
    uint32_t index = symbol_of(analysis, node);
    const ChTypeDecl *decl =
        index < analysis->symbols.count ? analysis->symbols.items[index].decl : NULL;
    if (!decl && args->count == 1)
        for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
            if (ch_str_is(name, wrappers[i].name))
                return ch_type_of(types, wrappers[i].kind,
                                  lower(analysis, args->items[0], depth + 1));
    if (!decl && args->count == 2 && ch_str_is(name, "dict"))
        return ch_type_dict(types, lower(analysis, args->items[0], depth + 1),
                            lower(analysis, args->items[1], depth + 1));
    if (!decl && ch_str_is(name, "Result"))
        decl = types->result_decl;
    const ChType **items = ch_alloc_zero((size_t)args->count + 1, sizeof *items);
    for (uint32_t i = 0; i < args->count; i++)
        items[i] = lower(analysis, args->items[i], depth + 1);
    const ChType *type = ch_type_applied(types, name, decl, items, args->count);
    ch_free(items);
    return type;
}

static const ChType *lower_list(ChAnalysis *analysis, const ChNode *node, uint32_t depth)
{
    const ChNodeList *list = &node->as.list.items;
    const ChType **items = ch_alloc_zero((size_t)list->count + 1, sizeof *items);
    for (uint32_t i = 0; i < list->count; i++)
        items[i] = lower(analysis, list->items[i], depth + 1);
    const ChType *type = node->kind == CH_NODE_TYPE_UNION
                             ? ch_type_union(&analysis->types, items, list->count)
                             : ch_type_intersection(&analysis->types, items, list->count);
    ch_free(items);
    return type;
}

static const ChType *lower_shape(ChAnalysis *analysis, const ChNode *node, uint32_t depth)
{
    const ChNodeList *list = &node->as.list.items;
    ChTypeField *fields = ch_alloc_zero((size_t)list->count + 1, sizeof *fields);
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const ChNode *field = list->items[i];
        if (field->kind != CH_NODE_TYPE_FIELD)
            continue;
        fields[count++] = (ChTypeField){field->as.field.name.text,
                                        lower(analysis, field->as.field.type, depth + 1),
                                        field->flags & CH_FLAG_OPTIONAL};
    }
    const ChType *type = ch_type_shape(&analysis->types, fields, count);
    ch_free(fields);
    return type;
}

static const ChType *lower_fn(ChAnalysis *analysis, const ChNode *node, uint32_t depth)
{
    const ChNodeList *list = &node->as.type_fn.params;
    const ChType **items = ch_alloc_zero((size_t)list->count + 1, sizeof *items);
    for (uint32_t i = 0; i < list->count; i++)
        items[i] = lower(analysis, list->items[i], depth + 1);
    const ChType *type = ch_type_fn(&analysis->types, items, list->count,
                                    lower(analysis, node->as.type_fn.return_type, depth + 1));
    ch_free(items);
    return type;
}

/* Recursion is bounded: a type deeper than CH_TYPE_DEPTH_MAX is not looked into. */
static const ChType *lower(ChAnalysis *analysis, const ChNode *node, uint32_t depth)
{
    if (!node || depth > CH_TYPE_DEPTH_MAX)
        return NULL;
    switch (node->kind) {
    case CH_NODE_TYPE_NAME: return lower_name(analysis, node);
    case CH_NODE_TYPE_GENERIC: return lower_generic(analysis, node, depth);
    case CH_NODE_TYPE_UNION:
    case CH_NODE_TYPE_INTERSECTION: return lower_list(analysis, node, depth);
    case CH_NODE_TYPE_SHAPE: return lower_shape(analysis, node, depth);
    case CH_NODE_TYPE_FN: return lower_fn(analysis, node, depth);
    case CH_NODE_TYPE_STRING: return ch_type_string(&analysis->types, node->as.string.text);
    case CH_NODE_TYPE_INT: return ch_type_int(&analysis->types, node->as.integer.value);
    default: return NULL;
    }
}

const ChType *ch__type_lower(ChAnalysis *analysis, const ChNode *node)
{
    return lower(analysis, node, 0);
}

/* ---- signatures ----------------------------------------------------------------- */

static ChWalk look_for_yield(ChNode *node, void *data)
{
    switch (node->kind) {
    case CH_NODE_YIELD: *(bool *)data = true; return CH_WALK_STOP;
    case CH_NODE_FN:
    case CH_NODE_CLOSURE:
    case CH_NODE_TOOL:
    case CH_NODE_PIPELINE: return CH_WALK_OVER;
    default: return CH_WALK_INTO;
    }
}

bool ch__body_yields(ChNode *body)
{
    bool yields = false;
    if (body)
        ch_node_walk(body, look_for_yield, NULL, &yields);
    return yields;
}

/* A method's first parameter, when it is an untyped `self`, is the receiver. */
typedef enum ParamKind { PARAMS_OF_FUNCTION, PARAMS_OF_METHOD } ParamKind;

static ChSignature *make_signature(ChAnalysis *analysis, ChStr name, const ChNodeList *params,
                                   ParamKind kind, const ChType *result)
{
    ChSignature *signature = CH_ARENA_NEW(&analysis->arena, ChSignature);
    signature->name = name;
    signature->params = CH_ARENA_ARRAY(&analysis->arena, ChSignatureParam, params->count);
    signature->result = result;
    for (uint32_t i = 0; i < params->count; i++) {
        const ChNode *node = params->items[i];
        if (i == 0 && kind == PARAMS_OF_METHOD && !node->as.param.type && ch_str_is(node->as.param.name.text, "self")) {
            signature->has_self = true;
            continue;
        }
        ChSignatureParam *param = &signature->params[signature->param_count++];
        param->name = node->as.param.name.text;
        param->type = ch__type_lower(analysis, node->as.param.type);
        param->has_default = node->as.param.default_value != NULL;
        param->is_rest = node->flags & CH_FLAG_REST;
        if (param->is_rest)
            signature->has_rest = true;
        else if (!param->has_default)
            signature->required_count++;
    }
    return signature;
}

static ChTypeParam *make_type_params(ChAnalysis *analysis, const ChNodeList *nodes, uint32_t extra)
{
    ChTypeParam *params =
        CH_ARENA_ARRAY(&analysis->arena, ChTypeParam, (size_t)nodes->count + extra);
    uint32_t owner = ++analysis->types.owner_count;
    for (uint32_t i = 0; i < nodes->count; i++) {
        const ChNode *node = nodes->items[i];
        params[i].name = node->as.type_param.name.text;
        params[i].variance = node->as.type_param.variance;
        params[i].type = ch_type_param(&analysis->types, params[i].name, owner);
        uint32_t index = symbol_of(analysis, node);
        if (index < analysis->symbols.count)
            analysis->symbols.items[index].type = params[i].type;
    }
    return params;
}

static void set_param_types(ChAnalysis *analysis, const ChNodeList *params)
{
    for (uint32_t i = 0; i < params->count; i++) {
        const ChNode *node = params->items[i];
        uint32_t index = analysis->node_symbols[node->id];
        if (index >= analysis->symbols.count)
            continue;
        ChSymbol *symbol = &analysis->symbols.items[index];
        const ChType *type = ch__type_lower(analysis, node->as.param.type);
        symbol->type = (node->flags & CH_FLAG_REST)
                           ? (type ? ch_type_of(&analysis->types, CH_TYPE_LIST, type)
                                   : analysis->types.list)
                           : type;
        symbol->is_annotated = node->as.param.type != NULL;
    }
}

void ch__declare_foreign(ChAnalysis *analysis, const ChNode *fn, ChSignature **signature)
{
    analysis->foreign_fn = fn;
    analysis->foreign_params = make_type_params(analysis, &fn->as.fn.type_params, 0);
    const ChType *result = ch__type_lower(analysis, fn->as.fn.return_type);
    *signature = make_signature(analysis, fn->as.fn.decl.name.text, &fn->as.fn.params,
                                PARAMS_OF_FUNCTION, result);
    (*signature)->type_params = analysis->foreign_params;
    (*signature)->type_param_count = fn->as.fn.type_params.count;
    analysis->foreign_fn = NULL;
}

/* The value that a function's name stands for. */
static const ChType *function_type(ChAnalysis *analysis, const ChSignature *signature)
{
    if (signature->has_rest || signature->required_count < signature->param_count)
        return analysis->types.closure;
    const ChType **params = ch_alloc_zero((size_t)signature->param_count + 1, sizeof *params);
    for (uint32_t i = 0; i < signature->param_count; i++)
        params[i] = signature->params[i].type;
    const ChType *type =
        ch_type_fn(&analysis->types, params, signature->param_count, signature->result);
    ch_free(params);
    return type;
}

static void declare_fn(ChAnalysis *analysis, uint32_t index, const ChNode *node)
{
    ChTypeStore *types = &analysis->types;
    ChTypeParam *type_params = make_type_params(analysis, &node->as.fn.type_params, 0);
    const ChType *result = ch__type_lower(analysis, node->as.fn.return_type);
    bool is_gen = node->flags & CH_FLAG_GEN;
    bool is_method = index < analysis->symbols.count &&
                     analysis->symbols.items[index].kind == CH_SYMBOL_METHOD;
    if (!result && !node->as.fn.return_type) {
        if (is_gen)
            result = ch_type_of(types, CH_TYPE_STREAM, types->any);
        else if (ch__body_yields(node->as.fn.body))
            result = ch_type_of(types, CH_TYPE_GENERATOR, types->any);
    }
    ChSignature *signature =
        make_signature(analysis, node->as.fn.decl.name.text, &node->as.fn.params,
                       is_method ? PARAMS_OF_METHOD : PARAMS_OF_FUNCTION, result);
    signature->is_gen = is_gen;
    signature->type_params = type_params;
    signature->type_param_count = node->as.fn.type_params.count;
    signature->doc = node->as.fn.decl.doc;
    signature->range = node->as.fn.decl.name.range;
    signature->where = CH_ARENA_ARRAY(&analysis->arena, ChWhere, node->as.fn.where.count);
    for (uint32_t i = 0; i < node->as.fn.where.count; i++) {
        const ChNode *where = node->as.fn.where.items[i];
        ChWhere *clause = &signature->where[signature->where_count];
        for (uint32_t p = 0; p < signature->type_param_count; p++)
            if (ch_str_equal(type_params[p].name, where->as.where.name.text))
                clause->param = type_params[p].type;
        if (!clause->param)
            continue;
        clause->bound = where->as.where.bound.text;
        uint32_t bound = analysis->node_symbols[where->id];
        if (bound < analysis->symbols.count)
            clause->interface = analysis->symbols.items[bound].decl;
        signature->where_count++;
    }
    set_param_types(analysis, &node->as.fn.params);
    if (index < analysis->symbols.count) {
        ChSymbol *symbol = &analysis->symbols.items[index];
        symbol->signature = signature;
        symbol->type = function_type(analysis, signature);
    }
}

/* ---- types ----------------------------------------------------------------------- */

void ch__decl_add_method(ChAnalysis *analysis, ChTypeDecl *decl, const ChSignature *signature)
{
    if (!signature)
        return;
    if (decl->method_count == decl->method_capacity) {
        uint32_t capacity = decl->method_capacity ? decl->method_capacity * 2 : 4;
        ChSignature **methods = CH_ARENA_ARRAY(&analysis->arena, ChSignature *, capacity);
        if (decl->method_count)
            memcpy(methods, decl->methods, decl->method_count * sizeof *methods);
        decl->methods = methods;
        decl->method_capacity = capacity;
    }
    decl->methods[decl->method_count++] = (ChSignature *)signature;
}

static ChTypeDecl *make_decl(ChAnalysis *analysis, uint32_t index, ChTypeDeclKind kind)
{
    ChTypeDecl *decl = CH_ARENA_NEW(&analysis->arena, ChTypeDecl);
    decl->kind = kind;
    decl->name = analysis->symbols.items[index].name;
    decl->symbol = index;
    decl->module = analysis->self;
    return decl;
}

static void make_decls(ChAnalysis *analysis)
{
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        ChSymbol *symbol = &analysis->symbols.items[i];
        const ChNode *node = symbol->node;
        if (symbol->module) {
            const ChAnalysis *from = symbol->module->analysis;
            const ChSymbol *origin = ch_analysis_symbol(from, symbol->origin_symbol);
            symbol->decl = ch_type_import_decl(analysis->importer, &from->types, origin->decl);
            symbol->signature =
                ch_type_import_signature(analysis->importer, &from->types, origin->signature);
            /* What was last assigned to a variable of an earlier text of a session is not known here. */
            bool is_open = origin->is_mutable && !origin->is_annotated;
            symbol->type = is_open ? NULL : ch_type_import(analysis->importer, &from->types, origin->type);
            continue;
        }
        if (!node)
            continue;
        ChTypeDecl *decl = NULL;
        switch (node->kind) {
        case CH_NODE_STRUCT:
            decl = make_decl(analysis, i, CH_TYPE_DECL_STRUCT);
            decl->params = make_type_params(analysis, &node->as.struct_.type_params, 0);
            decl->param_count = node->as.struct_.type_params.count;
            break;
        case CH_NODE_ENUM:
            decl = make_decl(analysis, i, CH_TYPE_DECL_ENUM);
            decl->params = make_type_params(analysis, &node->as.enum_.type_params, 0);
            decl->param_count = node->as.enum_.type_params.count;
            break;
        case CH_NODE_TYPE_ALIAS:
            decl = make_decl(analysis, i, CH_TYPE_DECL_ALIAS);
            decl->params = make_type_params(analysis, &node->as.type_alias.type_params, 0);
            decl->param_count = node->as.type_alias.type_params.count;
            break;
        case CH_NODE_INTERFACE:
            decl = make_decl(analysis, i, CH_TYPE_DECL_INTERFACE);
            decl->field_count = node->as.interface.types.count;
            decl->params = make_type_params(analysis, &node->as.interface.type_params,
                                            decl->field_count);
            decl->param_count = node->as.interface.type_params.count;
            break;
        default: break;
        }
        if (decl)
            symbol->decl = decl;
    }
}

static void fill_struct(ChAnalysis *analysis, ChTypeDecl *decl, const ChNode *node)
{
    const ChNodeList *fields = &node->as.struct_.fields;
    decl->fields = CH_ARENA_ARRAY(&analysis->arena, ChTypeField, fields->count);
    for (uint32_t i = 0; i < fields->count; i++) {
        const ChNode *field = fields->items[i];
        decl->fields[i].name = field->as.field.name.text;
        decl->fields[i].type = ch__type_lower(analysis, field->as.field.type);
        decl->fields[i].is_optional = field->flags & CH_FLAG_OPTIONAL;
        uint32_t member = analysis->node_symbols[field->id];
        if (member < analysis->symbols.count)
            analysis->symbols.items[member].type = decl->fields[i].type;
    }
    decl->field_count = fields->count;
}

static void fill_enum(ChAnalysis *analysis, ChTypeDecl *decl, const ChNode *node)
{
    const ChNodeList *variants = &node->as.enum_.variants;
    const ChType **args = ch_alloc_zero((size_t)decl->param_count + 1, sizeof *args);
    for (uint32_t i = 0; i < decl->param_count; i++)
        args[i] = decl->params[i].type;
    const ChType *type =
        ch_type_applied(&analysis->types, decl->name, decl, args, decl->param_count);
    ch_free(args);
    decl->variants = CH_ARENA_ARRAY(&analysis->arena, ChVariant, variants->count);
    decl->variant_count = variants->count;
    for (uint32_t i = 0; i < variants->count; i++) {
        const ChNode *node_of_variant = variants->items[i];
        ChVariant *variant = &decl->variants[i];
        ChSignature *signature =
            make_signature(analysis, node_of_variant->as.variant.name.text,
                           &node_of_variant->as.variant.fields, PARAMS_OF_FUNCTION, type);
        variant->name = signature->name;
        variant->fields = signature->params;
        variant->field_count = signature->param_count;
        uint32_t member = analysis->node_symbols[node_of_variant->id];
        if (member < analysis->symbols.count) {
            analysis->symbols.items[member].type = type;
            analysis->symbols.items[member].signature = signature;
        }
    }
}

static void fill_interface(ChAnalysis *analysis, ChTypeDecl *decl, const ChNode *node)
{
    uint32_t owner = ++analysis->types.owner_count;
    decl->fields = CH_ARENA_ARRAY(&analysis->arena, ChTypeField, decl->field_count);
    for (uint32_t i = 0; i < decl->field_count; i++) {
        const ChNode *item = node->as.interface.types.items[i];
        ChTypeParam *param = &decl->params[decl->param_count + i];
        param->name = item->as.field.name.text;
        param->type = ch_type_param(&analysis->types, param->name, owner);
        uint32_t index = analysis->node_symbols[item->id];
        if (index < analysis->symbols.count)
            analysis->symbols.items[index].type = param->type;
    }
    for (uint32_t i = 0; i < decl->field_count; i++) {
        const ChNode *item = node->as.interface.types.items[i];
        decl->fields[i].name = item->as.field.name.text;
        decl->fields[i].type = ch__type_lower(analysis, item->as.field.type);
    }
    for (uint32_t i = 0; i < node->as.interface.methods.count; i++) {
        const ChNode *method = node->as.interface.methods.items[i];
        uint32_t member = analysis->node_symbols[method->id];
        declare_fn(analysis, member, method);
        if (member < analysis->symbols.count)
            ch__decl_add_method(analysis, decl, analysis->symbols.items[member].signature);
    }
}

static void fill_decls(ChAnalysis *analysis)
{
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        ChSymbol *symbol = &analysis->symbols.items[i];
        const ChNode *node = symbol->node;
        if (!node || symbol->module)
            continue;
        ChTypeDecl *decl = (ChTypeDecl *)symbol->decl;
        switch (node->kind) {
        case CH_NODE_STRUCT: fill_struct(analysis, decl, node); break;
        case CH_NODE_ENUM: fill_enum(analysis, decl, node); break;
        case CH_NODE_INTERFACE: fill_interface(analysis, decl, node); break;
        case CH_NODE_TYPE_ALIAS:
            decl->body = ch__type_lower(analysis, node->as.type_alias.type);
            break;
        default: break;
        }
    }
}

/* A name for the methods of a type that is not declared in sight. */
static ChTypeDecl *stray_impl(ChAnalysis *analysis, ChStr name)
{
    ChTypeDecl *decl = ch_map_get_pointer(&analysis->impl_methods, name);
    if (!decl) {
        decl = CH_ARENA_NEW(&analysis->arena, ChTypeDecl);
        decl->kind = CH_TYPE_DECL_STRUCT;
        decl->name = name;
        decl->symbol = CH_SYMBOL_NONE;
        ch_map_set_pointer(&analysis->impl_methods, name, decl);
    }
    return decl;
}

static void declare_impl(ChAnalysis *analysis, const ChNode *node)
{
    uint32_t index = analysis->node_symbols[node->id];
    ChTypeDecl *decl = index < analysis->symbols.count
                           ? (ChTypeDecl *)analysis->symbols.items[index].decl
                           : NULL;
    if (!decl)
        decl = stray_impl(analysis, node->as.impl.decl.name.text);
    for (uint32_t i = 0; i < node->as.impl.methods.count; i++) {
        const ChNode *method = node->as.impl.methods.items[i];
        uint32_t member = analysis->node_symbols[method->id];
        declare_fn(analysis, member, method);
        if (member < analysis->symbols.count)
            ch__decl_add_method(analysis, decl, analysis->symbols.items[member].signature);
    }
}

static ChWalk declare_callable(ChNode *node, void *data)
{
    ChAnalysis *analysis = data;
    uint32_t index = analysis->node_symbols[node->id];
    switch (node->kind) {
    case CH_NODE_FN:
        /* Methods were declared with their impl block. */
        if (index >= analysis->symbols.count || !analysis->symbols.items[index].signature)
            declare_fn(analysis, index, node);
        break;
    case CH_NODE_TOOL: {
        ChSignature *signature =
            make_signature(analysis, node->as.tool.decl.name.text, &node->as.tool.params,
                           PARAMS_OF_FUNCTION,
                           ch__type_lower(analysis, node->as.tool.return_type));
        signature->doc = node->as.tool.decl.doc;
        signature->range = node->as.tool.decl.name.range;
        set_param_types(analysis, &node->as.tool.params);
        if (index < analysis->symbols.count)
            analysis->symbols.items[index].signature = signature;
        break;
    }
    case CH_NODE_PIPELINE: set_param_types(analysis, &node->as.pipeline.params); break;
    case CH_NODE_OVERRIDE: set_param_types(analysis, &node->as.override.params); break;
    case CH_NODE_CLOSURE: set_param_types(analysis, &node->as.closure.params); break;
    case CH_NODE_IMPL: declare_impl(analysis, node); break;
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST: {
        const ChNode *pattern = node->as.binding.pattern;
        if (pattern && pattern->kind == CH_NODE_PATTERN_NAME && node->as.binding.type) {
            uint32_t variable = analysis->node_symbols[pattern->id];
            if (variable < analysis->symbols.count)
                analysis->symbols.items[variable].type =
                    ch__type_lower(analysis, node->as.binding.type);
        }
        break;
    }
    default: break;
    }
    return CH_WALK_INTO;
}

void ch__declare_all(ChAnalysis *analysis)
{
    make_decls(analysis);
    fill_decls(analysis);
    ch_node_walk(analysis->tree->root, declare_callable, NULL, analysis);
}
