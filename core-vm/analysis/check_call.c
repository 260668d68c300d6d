/* Calls: of functions, builtins, methods, variants, and the making of structs. */
#include "analysis/check_int.h"
#include "builtins/builtins.h"

static ChDiagnosticList *diagnostics(ChChecker *checker)
{
    return &checker->analysis->diagnostics;
}

static ChArena *arena(ChChecker *checker)
{
    return &checker->analysis->arena;
}

static ChStr text_of(ChChecker *checker, const ChType *type)
{
    return ch_type_text(arena(checker), type);
}

/* Positions are known up to the first spread argument. */
static uint32_t plain_args(const ChNodeList *args)
{
    uint32_t count = 0;
    while (count < args->count && args->items[count]->kind != CH_NODE_SPREAD)
        count++;
    return count;
}

static const ChSignatureParam *param_for(const ChSignature *signature, uint32_t at)
{
    if (signature->param_count == 0)
        return NULL;
    if (signature->has_rest && at >= signature->param_count - 1)
        return &signature->params[signature->param_count - 1];
    return at < signature->param_count ? &signature->params[at] : NULL;
}

static ChStr argument_text(ChChecker *checker, uint32_t at, const ChSignatureParam *param)
{
    return ch_str_format(arena(checker), "argument %u `%.*s`", at + 1, CH_STR_ARG(param->name));
}

/* ---- generics -------------------------------------------------------------------------- */

static bool bind_argument(ChChecker *checker, const ChType *param, const ChNode *arg,
                          ChBindings *bindings, ChStr *conflict);

/* {output_schema: Schema<T>} against a dict literal: the entries are looked at as
 * expressions, since a schema's type is not the type of its value. */
static bool bind_entries(ChChecker *checker, const ChType *param, const ChNode *dict,
                         ChBindings *bindings, ChStr *conflict)
{
    for (uint32_t i = 0; i < param->count; i++) {
        const ChTypeField *field = &param->fields[i];
        for (uint32_t e = 0; e < dict->as.list.items.count; e++) {
            const ChNode *entry = dict->as.list.items.items[e];
            if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) ||
                !entry->as.dict_entry.key || !entry->as.dict_entry.value ||
                !ch_str_equal(entry->as.dict_entry.key->as.string.text, field->name))
                continue;
            if (!bind_argument(checker, field->type, entry->as.dict_entry.value, bindings,
                               conflict))
                return false;
        }
    }
    return true;
}

static bool bind_argument(ChChecker *checker, const ChType *param, const ChNode *arg,
                          ChBindings *bindings, ChStr *conflict)
{
    if (!param)
        return true;
    if (param->kind == CH_TYPE_APPLIED && param->count == 1 && ch_str_is(param->text, "Schema"))
        return ch__bind(checker, param->items[0], ch__schema_type(checker, arg), bindings,
                        conflict);
    if (param->kind == CH_TYPE_SHAPE && arg->kind == CH_NODE_DICT)
        return bind_entries(checker, param, arg, bindings, conflict);
    return ch__bind(checker, param, ch__type_at(checker, arg), bindings, conflict);
}

static void check_where(ChChecker *checker, const ChNode *node, const ChWhere *clauses,
                        uint32_t count, const ChBindings *bindings)
{
    for (uint32_t i = 0; i < count; i++) {
        const ChWhere *clause = &clauses[i];
        const ChType *type = NULL;
        for (uint32_t b = 0; b < bindings->count; b++)
            if (bindings->params[b] == clause->param)
                type = bindings->args[b];
        type = ch__type_resolve(checker, type);
        if (!clause->interface || !type || type->kind == CH_TYPE_WILDCARD ||
            type->kind == CH_TYPE_ANY || type->kind == CH_TYPE_PARAM)
            continue;
        ChStr reason;
        if (type->kind == CH_TYPE_NAME || type->kind == CH_TYPE_APPLIED)
            reason = ch__interface_mismatch(checker, type, clause->interface, NULL);
        else
            reason = CH_STR("only named types can satisfy interfaces");
        if (reason.length > 0)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-015",
                              ch_node_range(node),
                              "Type '%.*s' does not satisfy interface '%.*s': %.*s (required by "
                              "constraint `where %.*s: %.*s`)",
                              CH_STR_ARG(text_of(checker, type)), CH_STR_ARG(clause->bound),
                              CH_STR_ARG(reason), CH_STR_ARG(clause->param->text),
                              CH_STR_ARG(clause->bound));
    }
}

/* ---- functions ------------------------------------------------------------------------- */

static bool counts_fit(const ChSignature *signature, uint32_t given)
{
    return given >= signature->required_count &&
           (signature->has_rest || given <= signature->param_count);
}

static void report_count(ChChecker *checker, const ChNode *node, const char *code,
                         const char *what, const ChSignature *signature, ChStr name,
                         uint32_t given)
{
    uint32_t total = signature->param_count, required = signature->required_count;
    ChStr expected = signature->has_rest ? ch_str_format(arena(checker), "at least %u", required)
                     : required == total ? ch_str_format(arena(checker), "%u", total)
                                         : ch_str_format(arena(checker), "%u-%u", required, total);
    bool is_single = required == 1 && (signature->has_rest || total == 1);
    ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, code, ch_node_range(node),
                      "%s '%.*s' expects %.*s %s, got %u", what, CH_STR_ARG(name),
                      CH_STR_ARG(expected), is_single ? "argument" : "arguments", given);
}

static void take_type_args(ChChecker *checker, const ChNode *node, const ChSignature *signature,
                           ChStr name, const ChNodeList *type_args, ChBindings *bindings)
{
    if (type_args->count == 0)
        return;
    if (signature->type_param_count == 0) {
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-011",
                          ch_node_range(node), "Function '%.*s' does not declare type parameters",
                          CH_STR_ARG(name));
    } else if (type_args->count != signature->type_param_count) {
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-013",
                          ch_node_range(node), "Function '%.*s' expects %u type arguments, got %u",
                          CH_STR_ARG(name), signature->type_param_count, type_args->count);
    } else {
        for (uint32_t i = 0; i < type_args->count; i++)
            bindings->args[i] = ch__type_lower(checker->analysis, type_args->items[i]);
    }
}

/* A call of something with a known signature; gives the type of its result. */
static const ChType *check_signature(ChChecker *checker, const ChNode *node,
                                     const ChSignature *signature, ChStr name,
                                     const ChNodeList *type_args, const ChNodeList *args,
                                     const ChSymbol *symbol)
{
    ChBindings bindings =
        ch__bindings_new(checker, signature->type_params, signature->type_param_count);
    take_type_args(checker, node, signature, name, type_args, &bindings);
    uint32_t given = plain_args(args);
    if (given == args->count && !counts_fit(signature, given))
        report_count(checker, node, "HARN-ORC-001", "Function", signature, name, given);
    for (uint32_t i = 0; i < given; i++) {
        const ChSignatureParam *param = param_for(signature, i);
        ChStr conflict = {0};
        if (param && !bind_argument(checker, param->type, args->items[i], &bindings, &conflict))
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-006",
                              ch_node_range(args->items[i]), "%.*s", CH_STR_ARG(conflict));
    }
    for (uint32_t i = 0; i < given; i++) {
        const ChSignatureParam *param = param_for(signature, i);
        const ChType *actual = ch__type_at(checker, args->items[i]);
        if (!param || !param->type || !actual)
            continue;
        if (param->type->kind == CH_TYPE_APPLIED && ch_str_is(param->type->text, "Schema"))
            continue;
        const ChType *expected = ch_type_substitute(checker->types, param->type, &bindings);
        if (args->items[i]->kind == CH_NODE_DICT)
            ch__check_options(checker, argument_text(checker, i, param), param->name, expected,
                              args->items[i]);
        if (ch__type_fits(checker, expected, actual))
            continue;
        /* nil for a parameter that has a default asks for the default. */
        if (param->has_default && actual == checker->types->nil)
            continue;
        ChDiagnostic *diagnostic = ch__report_mismatch(
            checker, "HARN-TYP-006", argument_text(checker, i, param), expected, actual,
            args->items[i]);
        if (symbol)
            ch_diagnostic_note(diagnostics(checker), diagnostic,
                               symbol->module ? symbol->module->source : NULL,
                               symbol->module ? symbol->origin : symbol->range,
                               "parameter `%.*s` declared here", CH_STR_ARG(param->name));
    }
    check_where(checker, node, signature->where, signature->where_count, &bindings);
    if (!signature->result)
        return NULL;
    for (uint32_t i = 0; i < bindings.count; i++)
        if (!bindings.args[i])
            bindings.args[i] = checker->types->wildcard;
    return ch_type_substitute(checker->types, signature->result, &bindings);
}

/* The text of an attribute's named argument, empty when there is none. */
static ChStr attribute_text(const ChNode *attribute, const char *name)
{
    for (uint32_t i = 0; i < attribute->as.attribute.args.count; i++) {
        const ChNode *arg = attribute->as.attribute.args.items[i];
        if (arg->kind == CH_NODE_NAMED_VALUE && ch_str_is(arg->as.named_value.name.text, name) &&
            arg->as.named_value.value && arg->as.named_value.value->kind == CH_NODE_STRING)
            return arg->as.named_value.value->as.string.text;
    }
    return (ChStr){0};
}

static void warn_deprecated(ChChecker *checker, const ChNode *node, const ChSymbol *symbol)
{
    const ChNode *decl = symbol->node;
    if (symbol->module)
        decl = ch_analysis_symbol(symbol->module->analysis, symbol->origin_symbol)->node;
    if (!decl || !ch_node_is_decl(decl))
        return;
    for (uint32_t i = 0; i < decl->as.decl.attributes.count; i++) {
        const ChNode *attribute = decl->as.decl.attributes.items[i];
        if (!ch_str_is(attribute->as.attribute.name.text, "deprecated"))
            continue;
        ChStr since = attribute_text(attribute, "since"), use = attribute_text(attribute, "use");
        ChDiagnostic *diagnostic = ch_diagnostic_add(
            diagnostics(checker), CH_SEVERITY_WARNING, "HARN-NAM-009", ch_node_range(node),
            "`%.*s` is deprecated%s%.*s%s", CH_STR_ARG(symbol->name),
            since.length > 0 ? " (since " : "", CH_STR_ARG(since), since.length > 0 ? ")" : "");
        diagnostic->is_deprecated = true;
        if (use.length > 0)
            ch_diagnostic_help(diagnostics(checker), diagnostic, "use `%.*s` instead",
                               CH_STR_ARG(use));
    }
}

static const ChType *wildcards_of(ChChecker *checker, const ChTypeDecl *decl)
{
    const ChType **args = ch_alloc_zero((size_t)decl->param_count + 1, sizeof *args);
    const ChType *type =
        ch_type_applied(checker->types, decl->name, decl, args, decl->param_count);
    ch_free(args);
    return type;
}

static const ChType *call_symbol(ChChecker *checker, const ChNode *node, uint32_t index)
{
    const ChSymbol *symbol = &checker->analysis->symbols.items[index];
    if (symbol->is_deprecated)
        warn_deprecated(checker, node, symbol);
    if (symbol->kind == CH_SYMBOL_STRUCT && symbol->decl)
        return wildcards_of(checker, symbol->decl);
    if (symbol->signature) {
        const ChType *result =
            check_signature(checker, node, symbol->signature, symbol->name,
                            &node->as.call.type_args, &node->as.call.args, symbol);
        if (symbol->signature->result && symbol->signature->result->kind == CH_TYPE_NEVER)
            ch__check_unknown_covered(
                checker, ch_node_range(node),
                ch_str_format(arena(checker), "%.*s()", CH_STR_ARG(symbol->name)).data);
        return result;
    }
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, node->as.call.callee));
    return type && type->kind == CH_TYPE_FN ? type->items[type->count - 1] : NULL;
}

/* ---- builtins --------------------------------------------------------------------------- */

/* Rows tell more than programs may rely on: list<string> stands for `list`, and where
 * nil is one of several answers, nothing is assumed. */
static const ChType *loosen(ChChecker *checker, const ChType *type)
{
    ChTypeStore *types = checker->types;
    if (!type)
        return NULL;
    switch (type->kind) {
    case CH_TYPE_LIST: return types->list;
    case CH_TYPE_DICT:
    case CH_TYPE_SHAPE: return types->dict;
    case CH_TYPE_ITER: return types->iter;
    case CH_TYPE_NEVER:
    case CH_TYPE_NAME: return type;
    default: return NULL;
    }
}

static const ChType *result_type(ChChecker *checker, const ChType *ok, const ChType *error)
{
    const ChType *args[2] = {ok, error};
    return ch_type_applied(checker->types, CH_STR("Result"), checker->types->result_decl, args, 2);
}

static void check_unreachable(ChChecker *checker, const ChNode *node)
{
    const ChNodeList *args = &node->as.call.args;
    const ChType *type = args->count > 0 && args->items[0]->kind == CH_NODE_IDENTIFIER
                             ? ch__type_at(checker, args->items[0])
                             : NULL;
    if (type && type->kind != CH_TYPE_NEVER)
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-MAT-001",
                          ch_node_range(node),
                          "unreachable() argument has type `%.*s` — not all cases are handled",
                          CH_STR_ARG(text_of(checker, type)));
    ch__check_unknown_covered(checker, ch_node_range(node), "unreachable()");
}

/* What the machine will refuse: too few or too many arguments, and values of a type that
 * a parameter cannot take. */
static void check_builtin(ChChecker *checker, const ChNode *node, const ChSignature *signature,
                          const ChBindings *bindings)
{
    const ChNodeList *args = &node->as.call.args;
    uint32_t given = plain_args(args);
    if (given == args->count && !counts_fit(signature, given))
        report_count(checker, node, "HARN-STD-003", "Builtin function", signature, signature->name,
                     given);
    for (uint32_t i = 0; i < given; i++) {
        const ChSignatureParam *param = param_for(signature, i);
        const ChType *actual = ch__type_at(checker, args->items[i]);
        if (param)
            ch__check_model_options(checker, signature->name, param->name, args->items[i]);
        if (!param || !param->type || !actual)
            continue;
        const ChType *expected = ch_type_substitute(checker->types, param->type, bindings);
        if (param->has_default)
            actual = ch_type_without_nil(checker->types, actual);
        if (!ch__type_fits(checker, expected, actual))
            ch__report_mismatch(checker, "HARN-TYP-006", argument_text(checker, i, param), expected,
                                actual, args->items[i]);
    }
}

static const ChType *call_builtin(ChChecker *checker, const ChNode *node, ChStr name)
{
    const ChNodeList *args = &node->as.call.args;
    const ChType *first = args->count > 0 ? ch__type_at(checker, args->items[0]) : NULL;
    if (ch_str_is(name, "Ok"))
        return result_type(checker, first, NULL);
    if (ch_str_is(name, "Err"))
        return result_type(checker, NULL, first);
    if (ch_str_is(name, "unreachable")) {
        check_unreachable(checker, node);
        return checker->types->never;
    }
    if (ch_str_is(name, "schema_of")) {
        const ChType *type = ch__schema_type(checker, node);
        return type ? ch_type_applied(checker->types, CH_STR("Schema"), NULL, &type, 1)
                    : checker->types->dict;
    }
    int32_t row = ch__builtin_find(checker->analysis, name);
    const ChSignature *signature = ch__builtin_signature(checker->analysis, row);
    if (!signature)
        return NULL;
    if (signature->type_param_count == 0) {
        check_builtin(checker, node, signature, &(ChBindings){0});
        return loosen(checker, signature->result);
    }
    ChBindings bindings =
        ch__bindings_new(checker, signature->type_params, signature->type_param_count);
    if (node->as.call.type_args.count == bindings.count)
        for (uint32_t i = 0; i < bindings.count; i++)
            bindings.args[i] =
                ch__type_lower(checker->analysis, node->as.call.type_args.items[i]);
    uint32_t given = plain_args(args);
    ChStr conflict;
    for (uint32_t i = 0; i < given; i++) {
        const ChSignatureParam *param = param_for(signature, i);
        if (param)
            bind_argument(checker, param->type, args->items[i], &bindings, &conflict);
    }
    check_builtin(checker, node, signature, &bindings);
    for (uint32_t i = 0; i < bindings.count; i++)
        if (!bindings.args[i])
            return loosen(checker, signature->result);
    return ch_type_substitute(checker->types, signature->result, &bindings);
}

ChStep ch__check_call(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node, *callee = node->as.call.callee;
    if (frame->stage++ == 0)
        CH_VISIT(checker, callee);
    if (frame->index < node->as.call.args.count)
        CH_VISIT(checker, node->as.call.args.items[frame->index++]);
    if (!callee || callee->kind != CH_NODE_IDENTIFIER) {
        const ChType *type = ch__type_resolve(checker, ch__type_at(checker, callee));
        return ch__done(checker, frame,
                        type && type->kind == CH_TYPE_FN ? type->items[type->count - 1] : NULL);
    }
    ChStr name = callee->as.name.name.text;
    uint32_t symbol = ch__symbol_at(checker, callee);
    const ChType *type = symbol == CH_SYMBOL_NONE ? call_builtin(checker, node, name)
                                                  : call_symbol(checker, node, symbol);
    ch__done(checker, frame, type);
    if (symbol == CH_SYMBOL_NONE && (ch_str_is(name, "schema_is") || ch_str_is(name, "is_type")))
        checker->refs = ch__refine_schema(checker, node);
    return CH_STEP_DONE;
}

/* ---- variants ---------------------------------------------------------------------------- */

const ChType *ch__enum_value(ChChecker *checker, const ChTypeDecl *decl, const ChNode *node,
                             ChName name, const ChNodeList *args)
{
    if (!decl)
        return NULL;
    int32_t at = ch__decl_position(checker, decl, name.text);
    const ChVariant *variant = at < 0 ? NULL : &decl->variants[at];
    if (!variant) {
        for (uint32_t i = 0; i < decl->method_count; i++)
            if (ch_str_equal(decl->methods[i]->name, name.text))
                return decl->methods[i]->result;
        if (name.text.length > 0 && args)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-TYP-023",
                              ch_node_range(node), "Unknown variant '%.*s' in enum '%.*s'",
                              CH_STR_ARG(name.text), CH_STR_ARG(decl->name));
        return wildcards_of(checker, decl);
    }
    ch__link_member(checker, node, wildcards_of(checker, decl), name, CH_REFERENCE_READ);
    ChBindings bindings = ch__bindings_new(checker, decl->params, decl->param_count);
    uint32_t given = args ? plain_args(args) : 0;
    if (args && given == args->count && given != variant->field_count)
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-ORC-001",
                          ch_node_range(node), "%.*s.%.*s expects %u %s, got %u",
                          CH_STR_ARG(decl->name), CH_STR_ARG(name.text), variant->field_count,
                          variant->field_count == 1 ? "argument" : "arguments", given);
    for (uint32_t i = 0; i < given && i < variant->field_count; i++) {
        ChStr conflict = {0};
        if (!ch__bind(checker, variant->fields[i].type, ch__type_at(checker, args->items[i]),
                      &bindings, &conflict))
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-012",
                              ch_node_range(args->items[i]), "%.*s", CH_STR_ARG(conflict));
    }
    for (uint32_t i = 0; i < given && i < variant->field_count; i++) {
        const ChType *actual = ch__type_at(checker, args->items[i]);
        const ChType *expected =
            ch_type_substitute(checker->types, variant->fields[i].type, &bindings);
        if (!ch__type_fits(checker, expected, actual))
            ch__report_mismatch(checker, "HARN-TYP-006",
                                ch_str_format(arena(checker), "%.*s.%.*s argument `%.*s`",
                                              CH_STR_ARG(decl->name), CH_STR_ARG(name.text),
                                              CH_STR_ARG(variant->fields[i].name)),
                                expected, actual, args->items[i]);
    }
    return ch_type_applied(checker->types, decl->name, decl, bindings.args, decl->param_count);
}

/* ---- methods -------------------------------------------------------------------------------- */

static const ChSignature *declared_method(const ChTypeDecl *decl, ChStr name)
{
    for (uint32_t i = 0; decl && i < decl->method_count; i++)
        if (ch_str_equal(decl->methods[i]->name, name))
            return decl->methods[i];
    return NULL;
}

/* A value of a type parameter has the methods that its constraint promises. */
static void check_bound(ChChecker *checker, const ChNode *node, const ChType *object)
{
    if (!object || object->kind != CH_TYPE_PARAM)
        return;
    for (const ChFunction *function = checker->function; function; function = function->outer)
        for (uint32_t i = 0; i < function->where_count; i++) {
            const ChWhere *clause = &function->where[i];
            if (clause->param != object || !clause->interface ||
                declared_method(clause->interface, node->as.method_call.name.text))
                continue;
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-NAM-005",
                              ch_node_range(node),
                              "Method '%.*s' not found in interface '%.*s' (constraint on '%.*s')",
                              CH_STR_ARG(node->as.method_call.name.text),
                              CH_STR_ARG(clause->bound), CH_STR_ARG(object->text));
            return;
        }
}

static const ChType *method_result(ChChecker *checker, const ChNode *node, const ChType *object)
{
    ChTypeStore *types = checker->types;
    ChStr name = node->as.method_call.name.text;
    bool may_be_nil = false;
    if (node->flags & CH_FLAG_OPTIONAL) {
        may_be_nil = ch_type_contains_nil(types, object);
        object = ch_type_without_nil(types, object);
    }
    const ChType *type = NULL;
    const ChSignature *method = object ? declared_method(object->decl, name) : NULL;
    if (method) {
        type = method->type_param_count == 0 ? method->result : NULL;
        if (type && object->kind == CH_TYPE_APPLIED && object->decl->param_count == object->count) {
            ChBindings bindings =
                ch__bindings_new(checker, object->decl->params, object->decl->param_count);
            for (uint32_t i = 0; i < bindings.count; i++)
                bindings.args[i] = object->items[i];
            type = ch_type_substitute(types, type, &bindings);
        }
    } else {
        type = ch__method_type(checker, object, name);
    }
    return may_be_nil ? ch_type_union2(types, type, types->nil) : type;
}

ChStep ch__check_method_call(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node, *object = node->as.method_call.object;
    if (frame->stage++ == 0)
        CH_VISIT(checker, object);
    if (frame->index < node->as.method_call.args.count)
        CH_VISIT(checker, node->as.method_call.args.items[frame->index++]);
    const ChTypeDecl *decl = NULL;
    if (object && object->kind == CH_NODE_IDENTIFIER) {
        const ChSymbol *symbol = ch__symbol_of(checker, object);
        if (symbol && symbol->kind == CH_SYMBOL_ENUM)
            decl = symbol->decl;
        else if (!symbol && ch_str_is(object->as.name.name.text, "Result"))
            decl = checker->types->result_decl;
    }
    if (decl)
        return ch__done(checker, frame,
                        ch__enum_value(checker, decl, node, node->as.method_call.name,
                                       &node->as.method_call.args));
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, object));
    check_bound(checker, node, type);
    ch__link_member(checker, node, type, node->as.method_call.name,
                    CH_REFERENCE_READ | CH_REFERENCE_CALL);
    ch__done(checker, frame, method_result(checker, node, type));
    if (ch_str_is(node->as.method_call.name.text, "has"))
        checker->refs = ch__refine_has(checker, node);
    return CH_STEP_DONE;
}

/* ---- structs --------------------------------------------------------------------------------- */

static const ChTypeField *declared_field(ChChecker *checker, const ChTypeDecl *decl, ChStr name)
{
    int32_t at = ch__decl_position(checker, decl, name);
    return at < 0 ? NULL : &decl->fields[at];
}

static void report_unknown_struct(ChChecker *checker, const ChNode *node)
{
    ChAnalysis *analysis = checker->analysis;
    ChStr name = node->as.struct_literal.name.text;
    ChNearest nearest;
    ch__nearest_init(&nearest, name, 2);
    for (uint32_t i = 0; i < analysis->symbols.count; i++)
        if (analysis->symbols.items[i].kind == CH_SYMBOL_STRUCT)
            ch__nearest_offer(&nearest, analysis->symbols.items[i].name);
    ChRange range = node->as.struct_literal.name.range;
    if (nearest.best.length > 0) {
        ChDiagnostic *diagnostic =
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-020", range,
                              "unknown struct type `%.*s` — did you mean `%.*s`?", CH_STR_ARG(name),
                              CH_STR_ARG(nearest.best));
        ch__fix_name(diagnostics(checker), diagnostic, range, nearest.best);
    } else {
        ChDiagnostic *diagnostic =
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-020", range,
                              "unknown struct type `%.*s`", CH_STR_ARG(name));
        ch_diagnostic_help(diagnostics(checker), diagnostic,
                           "declare `struct %.*s { ... }` before constructing it",
                           CH_STR_ARG(name));
    }
}

static const ChType *make_struct(ChChecker *checker, const ChNode *node, const ChTypeDecl *decl)
{
    const ChNodeList *entries = &node->as.struct_literal.entries;
    ChBindings bindings = ch__bindings_new(checker, decl->params, decl->param_count);
    bool has_spread = false;
    bool *given = ch_alloc_zero((size_t)decl->field_count + 1, sizeof *given);
    ChStr conflict;
    for (uint32_t i = 0; i < entries->count; i++) {
        const ChNode *entry = entries->items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) ||
            !entry->as.dict_entry.key) {
            has_spread = true;
            continue;
        }
        const ChNode *key = entry->as.dict_entry.key;
        const ChTypeField *field = declared_field(checker, decl, key->as.string.text);
        if (!field) {
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-NAM-004",
                              ch_node_range(key), "Unknown field '%.*s' in struct '%.*s'",
                              CH_STR_ARG(key->as.string.text), CH_STR_ARG(decl->name));
            continue;
        }
        given[field - decl->fields] = true;
        ch__link_member(checker, entry, wildcards_of(checker, decl),
                        (ChName){key->as.string.text, ch_node_range(key)}, CH_REFERENCE_WRITE);
        ch__bind(checker, field->type, ch__type_at(checker, entry->as.dict_entry.value), &bindings,
                 &conflict);
    }
    for (uint32_t i = 0; i < decl->field_count && !has_spread; i++)
        if (!given[i] && !decl->fields[i].is_optional)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-TYP-009",
                              ch_node_range(node),
                              "Missing field '%.*s' in struct '%.*s' construction",
                              CH_STR_ARG(decl->fields[i].name), CH_STR_ARG(decl->name));
    for (uint32_t i = 0; i < entries->count; i++) {
        const ChNode *entry = entries->items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) ||
            !entry->as.dict_entry.key || !entry->as.dict_entry.value)
            continue;
        ChStr name = entry->as.dict_entry.key->as.string.text;
        const ChTypeField *field = declared_field(checker, decl, name);
        const ChType *actual = ch__type_at(checker, entry->as.dict_entry.value);
        if (!field || !field->type || !actual)
            continue;
        if (field->is_optional && actual == checker->types->nil)
            continue;
        const ChType *expected = ch_type_substitute(checker->types, field->type, &bindings);
        if (!ch__type_fits(checker, expected, actual))
            ch__report_mismatch(checker, "HARN-TYP-009",
                                ch_str_format(arena(checker), "field `%.*s` in struct `%.*s`",
                                              CH_STR_ARG(name), CH_STR_ARG(decl->name)),
                                expected, actual, entry->as.dict_entry.value);
    }
    ch_free(given);
    return ch_type_applied(checker->types, decl->name, decl, bindings.args, decl->param_count);
}

ChStep ch__check_struct_literal(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    const ChNodeList *entries = &node->as.struct_literal.entries;
    while (frame->index < entries->count) {
        const ChNode *entry = entries->items[frame->index++];
        CH_VISIT(checker,
                 entry->kind == CH_NODE_DICT_ENTRY ? entry->as.dict_entry.value : entry);
    }
    const ChSymbol *symbol = ch__symbol_of(checker, node);
    if (symbol && symbol->decl && symbol->decl->kind == CH_TYPE_DECL_STRUCT)
        return ch__done(checker, frame, make_struct(checker, node, symbol->decl));
    if (!symbol && checker->analysis->imports_resolved &&
        node->as.struct_literal.name.text.length > 0)
        report_unknown_struct(checker, node);
    return ch__done(checker, frame, NULL);
}
