/* What stands behind a dot: fields of shapes and structs, methods of builtin types. */
#include "analysis/check_int.h"
#include "builtins/builtins.h"

static ChDiagnosticList *diagnostics(ChChecker *checker)
{
    return &checker->analysis->diagnostics;
}

/* ---- fields ------------------------------------------------------------------------------ */

int32_t ch__decl_position(ChChecker *checker, const ChTypeDecl *decl, ChStr name)
{
    bool is_enum = decl->kind == CH_TYPE_DECL_ENUM;
    if (decl != checker->named_decl) {
        checker->named_decl = decl;
        ch_map_clear(&checker->names);
        for (uint32_t i = 0; i < (is_enum ? decl->variant_count : decl->field_count); i++)
            ch_map_set_number(&checker->names,
                              is_enum ? decl->variants[i].name : decl->fields[i].name, i + 1);
    }
    return (int32_t)ch_map_get_number(&checker->names, name, 0) - 1;
}

static const ChType *struct_field(ChChecker *checker, const ChType *type, ChStr name,
                                  bool is_optional)
{
    const ChTypeDecl *decl = type->decl;
    int32_t at = ch__decl_position(checker, decl, name);
    if (at < 0)
        return is_optional ? checker->types->nil : NULL;
    const ChType *field = decl->fields[at].type;
    if (field && decl->param_count > 0) {
        ChBindings bindings = ch__bindings_new(checker, decl->params, decl->param_count);
        for (uint32_t p = 0; p < decl->param_count; p++)
            bindings.args[p] = type->kind == CH_TYPE_APPLIED && p < type->count
                                   ? type->items[p]
                                   : checker->types->wildcard;
        field = ch_type_substitute(checker->types, field, &bindings);
    }
    return decl->fields[at].is_optional ? ch_type_union2(checker->types, field, checker->types->nil)
                                        : field;
}

static const ChType *length_or_items(ChChecker *checker, const ChType *item, ChStr name)
{
    ChTypeStore *types = checker->types;
    if (ch_str_is(name, "count"))
        return types->int_;
    if (ch_str_is(name, "empty"))
        return types->bool_;
    if (item && (ch_str_is(name, "first") || ch_str_is(name, "last")))
        return ch_type_union2(types, item, types->nil);
    return NULL;
}

const ChType *ch__field_type(ChChecker *checker, const ChType *object, ChStr name,
                             bool is_optional_access)
{
    ChTypeStore *types = checker->types;
    const ChType *type = ch__type_resolve(checker, object);
    if (!type)
        return NULL;
    switch (type->kind) {
    case CH_TYPE_SHAPE: {
        const ChTypeField *field = ch_type_field(type, name);
        if (!field)
            return NULL;
        if (field->type->kind == CH_TYPE_WILDCARD)
            return NULL;
        return field->is_optional ? ch_type_union2(types, field->type, types->nil) : field->type;
    }
    case CH_TYPE_DICT: return type->items[1];
    case CH_TYPE_LIST: return length_or_items(checker, type->items[0], name);
    case CH_TYPE_UNION: {
        const ChType *result = types->never;
        for (uint32_t i = 0; i < type->count && result; i++) {
            const ChType *part = type->items[i];
            if (part == types->nil && !is_optional_access)
                return NULL;
            const ChType *field =
                part == types->nil ? types->nil : ch__field_type(checker, part, name, false);
            result = ch_type_union2(types, result, field);
        }
        return result == types->never ? NULL : result;
    }
    case CH_TYPE_INTERSECTION:
        for (uint32_t i = 0; i < type->count; i++) {
            const ChType *field = ch__field_type(checker, type->items[i], name, false);
            if (field)
                return field;
        }
        return NULL;
    case CH_TYPE_APPLIED:
    case CH_TYPE_NAME:
        if (ch__type_declares(type, CH_TYPE_DECL_STRUCT))
            return struct_field(checker, type, name, false);
        if (ch__type_declares(type, CH_TYPE_DECL_ENUM))
            return ch_str_is(name, "variant") ? types->string
                   : ch_str_is(name, "fields") ? types->list
                                               : NULL;
        if (type->kind == CH_TYPE_APPLIED && type->count == 2 && ch_str_is(type->text, "Pair"))
            return ch_str_is(name, "first")    ? type->items[0]
                   : ch_str_is(name, "second") ? type->items[1]
                                               : NULL;
        if (type == types->string || type == types->list)
            return length_or_items(checker, NULL, name);
        return NULL;
    default: return NULL;
    }
}

/* ---- fields that are not there --------------------------------------------------------------- */

/* Does the type come from something written, so that a missing field is a mistake?
 * What was inferred from a dict literal stays a loose dict. */
static bool is_contract(ChChecker *checker, const ChNode *object, const ChType *type)
{
    for (; object && type; object = object->as.member.object) {
        if (type->decl)
            return true;
        if (object->kind == CH_NODE_IDENTIFIER) {
            const ChSymbol *symbol = ch__symbol_of(checker, object);
            return symbol && symbol->is_annotated;
        }
        if (object->kind == CH_NODE_CALL)
            return ch__symbol_of(checker, object->as.call.callee) != NULL;
        if (object->kind != CH_NODE_MEMBER)
            return false;
        type = ch__type_at(checker, object->as.member.object);
    }
    return false;
}

static void report_missing(ChChecker *checker, const ChNode *node, const char *what, ChStr owner,
                           const ChTypeField *fields, uint32_t count)
{
    ChName name = node->as.member.name;
    ChNearest nearest;
    ch__nearest_init(&nearest, name.text, ch__edits_allowed(name.text));
    ChBuffer names = {0};
    for (uint32_t i = 0; i < count; i++) {
        ch__nearest_offer(&nearest, fields[i].name);
        ch_buffer_add_text(&names, i > 0 ? ", " : "");
        ch_buffer_add_str(&names, fields[i].name);
    }
    bool has_best = nearest.best.length > 0;
    ChDiagnostic *diagnostic = ch_diagnostic_add(
        diagnostics(checker), CH_SEVERITY_ERROR, "HARN-NAM-004", name.range,
        "field `%.*s` does not exist on %s `%.*s`%s%.*s%s", CH_STR_ARG(name.text), what,
        CH_STR_ARG(owner), has_best ? " — did you mean `" : "", CH_STR_ARG(nearest.best),
        has_best ? "`?" : "");
    if (names.length > 0)
        ch_diagnostic_help(diagnostics(checker), diagnostic, "available fields: %s", names.data);
    if (has_best) {
        ch__fix_name(diagnostics(checker), diagnostic, name.range, nearest.best);
    }
    ch_buffer_release(&names);
}

static bool has_field(ChChecker *checker, const ChType *type, ChStr name)
{
    type = ch__type_resolve(checker, type);
    if (!type)
        return false;
    if (type->kind == CH_TYPE_SHAPE)
        return ch_type_field(type, name) != NULL;
    return ch__type_declares(type, CH_TYPE_DECL_STRUCT) &&
           ch__decl_position(checker, type->decl, name) >= 0;
}

static void report_nil(ChChecker *checker, const ChNode *node, const ChType *type)
{
    ChArena *arena = &checker->analysis->arena;
    ChName name = node->as.member.name;
    bool is_only_nil = type == checker->types->nil;
    ChDiagnostic *diagnostic =
        is_only_nil
            ? ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-025",
                                ch_node_range(node),
                                "cannot access property `%.*s` on `nil`; the value is statically "
                                "known to be nil here",
                                CH_STR_ARG(name.text))
            : ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-TYP-025",
                                ch_node_range(node),
                                "cannot access property `%.*s` on nilable type `%.*s`; the value "
                                "may be nil at runtime",
                                CH_STR_ARG(name.text), CH_STR_ARG(ch_type_text(arena, type)));
    ch_diagnostic_help(diagnostics(checker), diagnostic,
                       "use the optional access operator `?.%.*s`, or narrow the value with a "
                       "`!= nil` guard",
                       CH_STR_ARG(name.text));
    const ChSource *source = checker->analysis->tree->source;
    uint32_t dot = name.range.start;
    while (dot > node->start && source->text.data[dot - 1] != '.')
        dot--;
    if (dot > node->start) {
        ChFix *fix = ch_diagnostic_fix(diagnostics(checker), diagnostic, "use `?.`");
        ch_fix_edit(diagnostics(checker), fix, (ChRange){dot - 1, dot - 1}, CH_STR("?"));
    }
}

void ch__check_member(ChChecker *checker, const ChNode *node)
{
    const ChTypeStore *types = checker->types;
    const ChNode *object = node->as.member.object;
    const ChType *raw = ch__type_at(checker, object);
    ChName name = node->as.member.name;
    if (!raw || name.text.length == 0 || !is_contract(checker, object, raw))
        return;
    const ChType *type = ch__type_resolve(checker, raw);
    bool is_optional = node->flags & CH_FLAG_OPTIONAL;
    if (!type)
        return;
    if (is_optional && type->kind == CH_TYPE_UNION) {
        const ChType *rest = ch_type_without_nil(checker->types, type);
        if (rest && rest->kind != CH_TYPE_UNION)
            type = ch__type_resolve(checker, rest);
    }
    if (type == types->nil && !is_optional) {
        report_nil(checker, node, type);
    } else if (type->kind == CH_TYPE_SHAPE) {
        if (!ch_type_field(type, name.text))
            report_missing(checker, node, "shape", ch_type_text(&checker->analysis->arena, type),
                           type->fields, type->count);
    } else if (ch__type_declares(type, CH_TYPE_DECL_STRUCT)) {
        bool is_method = false;
        for (uint32_t i = 0; i < type->decl->method_count; i++)
            is_method |= ch_str_equal(type->decl->methods[i]->name, name.text);
        if (!is_method && !has_field(checker, type, name.text))
            report_missing(checker, node, "struct", type->decl->name, type->decl->fields,
                           type->decl->field_count);
    } else if (type->kind == CH_TYPE_UNION && !is_optional &&
               ch_type_contains_nil(types, type)) {
        for (uint32_t i = 0; i < type->count; i++)
            if (has_field(checker, type->items[i], name.text)) {
                report_nil(checker, node, type);
                return;
            }
    }
}

/* The symbol of a variant or field, found through its node; methods by their names. */
static uint32_t member_symbol(ChChecker *checker, const ChTypeDecl *decl, ChStr name)
{
    const ChAnalysis *analysis = checker->analysis;
    if (decl->symbol >= analysis->symbols.count)
        return CH_SYMBOL_NONE;
    const ChNode *node = analysis->symbols.items[decl->symbol].node;
    const ChNodeList *nodes = NULL;
    if (node && node->kind == CH_NODE_ENUM)
        nodes = &node->as.enum_.variants;
    else if (node && node->kind == CH_NODE_STRUCT)
        nodes = &node->as.struct_.fields;
    int32_t at = nodes ? ch__decl_position(checker, decl, name) : -1;
    if (at >= 0 && (uint32_t)at < nodes->count)
        return analysis->node_symbols[nodes->items[at]->id];
    return decl->method_count > 0 || decl->kind == CH_TYPE_DECL_INTERFACE
               ? ch__member_find(analysis, decl->symbol, name)
               : CH_SYMBOL_NONE;
}

void ch__link_member(ChChecker *checker, const ChNode *node, const ChType *object, ChName name,
                     uint32_t flags)
{
    const ChType *type = ch__type_resolve(checker, object);
    if (type && type->kind == CH_TYPE_UNION)
        type = ch_type_without_nil(checker->types, type);
    if (!type || !type->decl || type->decl->module || name.text.length == 0)
        return;
    uint32_t member = member_symbol(checker, type->decl, name.text);
    if (member >= checker->analysis->symbols.count)
        return;
    checker->analysis->node_symbols[node->id] = member;
    ch__reference_add(checker->analysis, name.range, member, flags);
}

/* ---- methods of builtin types ------------------------------------------------------------------ */

/* What methods of iterators give, in terms of the item type T. */
typedef enum IterResult {
    ITER_SAME,   /* iter<T> */
    ITER_ANY,    /* iter */
    ITER_PAIR,   /* iter<Pair<T, any>> */
    ITER_NUMBER, /* iter<Pair<int, T>> */
    ITER_LISTS,  /* iter<list<T>> */
    ITER_LIST,   /* list<T> */
    ITER_MAYBE,  /* T | nil */
} IterResult;

static const struct {
    const char *name;
    IterResult result;
} iter_methods[] = {
    {"iter", ITER_SAME},       {"filter", ITER_SAME},     {"take", ITER_SAME},
    {"skip", ITER_SAME},       {"take_while", ITER_SAME}, {"skip_while", ITER_SAME},
    {"chain", ITER_SAME},      {"map", ITER_ANY},         {"flat_map", ITER_ANY},
    {"zip", ITER_PAIR},        {"enumerate", ITER_NUMBER}, {"chunks", ITER_LISTS},
    {"windows", ITER_LISTS},   {"to_list", ITER_LIST},    {"min", ITER_MAYBE},
    {"max", ITER_MAYBE},       {"first", ITER_MAYBE},     {"last", ITER_MAYBE},
    {"find", ITER_MAYBE},
};

static const ChType *pair_of(ChTypeStore *types, const ChType *first, const ChType *second)
{
    const ChType *args[2] = {first, second};
    return ch_type_applied(types, CH_STR("Pair"), NULL, args, 2);
}

static const ChType *iter_method(ChTypeStore *types, const ChType *item, ChStr name)
{
    for (size_t i = 0; i < sizeof iter_methods / sizeof *iter_methods; i++) {
        if (!ch_str_is(name, iter_methods[i].name))
            continue;
        switch (iter_methods[i].result) {
        case ITER_SAME: return ch_type_of(types, CH_TYPE_ITER, item);
        case ITER_ANY: return types->iter;
        case ITER_PAIR: return ch_type_of(types, CH_TYPE_ITER, pair_of(types, item, types->any));
        case ITER_NUMBER:
            return ch_type_of(types, CH_TYPE_ITER, pair_of(types, types->int_, item));
        case ITER_LISTS:
            return ch_type_of(types, CH_TYPE_ITER, ch_type_of(types, CH_TYPE_LIST, item));
        case ITER_LIST: return ch_type_of(types, CH_TYPE_LIST, item);
        case ITER_MAYBE:
            return item->kind == CH_TYPE_ANY ? NULL : ch_type_union2(types, item, types->nil);
        }
    }
    return NULL;
}

/* The tag whose rows hold the methods of the type, or -1. */
static int tag_of(const ChTypeStore *types, const ChType *type)
{
    switch (type->kind) {
    case CH_TYPE_LIST: return CH_TAG_LIST;
    case CH_TYPE_SHAPE:
    case CH_TYPE_DICT: return CH_TAG_DICT;
    case CH_TYPE_ITER: return CH_TAG_ITER;
    case CH_TYPE_STRING: return CH_TAG_STRING;
    case CH_TYPE_APPLIED: return ch_str_is(type->text, "set") ? CH_TAG_SET : -1;
    case CH_TYPE_NAME:
        return type == types->list     ? CH_TAG_LIST
               : type == types->dict   ? CH_TAG_DICT
               : type == types->set    ? CH_TAG_SET
               : type == types->string ? CH_TAG_STRING
               : type == types->iter   ? CH_TAG_ITER
               : type == types->range  ? CH_TAG_RANGE
                                       : -1;
    default: return -1;
    }
}

int32_t ch__method_row(const ChTypeStore *types, const ChType *type, ChStr name)
{
    int tag = type ? tag_of(types, type) : -1;
    return tag < 0 ? -1 : ch_method_find(tag, name);
}

const ChType *ch__method_type(ChChecker *checker, const ChType *object, ChStr name)
{
    ChTypeStore *types = checker->types;
    const ChType *type = ch__type_resolve(checker, object);
    if (!type)
        return NULL;
    if (type->kind == CH_TYPE_ITER || type == types->iter) {
        const ChType *item = type == types->iter ? types->any : type->items[0];
        const ChType *result = iter_method(types, item, name);
        if (result)
            return result;
    }
    if (ch_str_is(name, "iter")) {
        if (type->kind == CH_TYPE_LIST || type->kind == CH_TYPE_GENERATOR ||
            type->kind == CH_TYPE_STREAM)
            return ch_type_of(types, CH_TYPE_ITER, type->items[0]);
        if (type->kind == CH_TYPE_DICT)
            return ch_type_of(types, CH_TYPE_ITER,
                              pair_of(types, type->items[0], type->items[1]));
    }
    const ChSignature *signature =
        ch__builtin_signature(checker->analysis, ch__method_row(types, type, name));
    if (!signature || !signature->result)
        return NULL;
    switch (signature->result->kind) {
    case CH_TYPE_LIST: return types->list;
    case CH_TYPE_DICT:
    case CH_TYPE_SHAPE: return types->dict;
    case CH_TYPE_ITER: return types->iter;
    case CH_TYPE_NAME: return signature->result;
    default: return NULL;
    }
}

const ChType *ch__item_type(ChChecker *checker, const ChType *type)
{
    ChTypeStore *types = checker->types;
    type = ch__type_resolve(checker, ch_type_without_nil(types, ch__type_resolve(checker, type)));
    if (!type)
        return NULL;
    switch (type->kind) {
    case CH_TYPE_LIST:
    case CH_TYPE_ITER:
    case CH_TYPE_GENERATOR:
    case CH_TYPE_STREAM: return type->items[0];
    case CH_TYPE_DICT: return NULL; /* an entry: a dict with key and value, or a pair */
    case CH_TYPE_UNION: {
        const ChType *result = types->never;
        for (uint32_t i = 0; i < type->count && result; i++)
            result = ch_type_union2(types, result, ch__item_type(checker, type->items[i]));
        return result;
    }
    default:
        return type == types->string ? types->string : type == types->range ? types->int_ : NULL;
    }
}
