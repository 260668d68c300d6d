/* When a value of one type may stand where another is wanted; what generics are bound
 * to; why something does not fit.
 *
 * Aliases make types infinite (type Json = list<Json> | string), so a comparison that
 * meets itself again holds, and one that takes too long counts as fitting: the checker
 * speaks only when it is sure. */
#include "analysis/check_int.h"
#include "base/limits.h"

enum { COMPARE_DEPTH_MAX = 200, COMPARE_STEPS_MAX = 50000, ALIAS_DEPTH_MAX = 40 };

/* ---- aliases ----------------------------------------------------------------------- */

static const ChType *resolve(ChChecker *checker, const ChType *type, uint32_t depth);

/* Alias<A | B> is Alias<A> | Alias<B>: each member fixes the parameter for itself. */
static const ChType *instantiate(ChChecker *checker, const ChTypeDecl *decl, const ChType *type)
{
    enum { INSTANCES_MAX = 256 };
    if (decl->param_count != type->count || !decl->body)
        return NULL;
    uint32_t total = 1;
    const ChType **args = ch_alloc_zero(type->count, sizeof *args);
    for (uint32_t i = 0; i < type->count; i++) {
        args[i] = resolve(checker, type->items[i], ALIAS_DEPTH_MAX / 2);
        if (!args[i])
            args[i] = checker->types->wildcard;
        uint32_t count;
        ch_type_members(&args[i], &count);
        total = total > INSTANCES_MAX / count ? INSTANCES_MAX + 1 : total * count;
    }
    const ChType *result = checker->types->never;
    for (uint32_t n = 0; n < total && total <= INSTANCES_MAX && result; n++) {
        ChBindings bindings = ch__bindings_new(checker, decl->params, decl->param_count);
        uint32_t rest = n;
        for (uint32_t i = 0; i < type->count; i++) {
            uint32_t count;
            const ChType *const *members = ch_type_members(&args[i], &count);
            bindings.args[i] = members[rest % count];
            rest /= count;
        }
        result = ch_type_union2(checker->types, result,
                                ch_type_substitute(checker->types, decl->body, &bindings));
    }
    ch_free(args);
    return total <= INSTANCES_MAX ? result : NULL;
}

static const ChType *resolve(ChChecker *checker, const ChType *type, uint32_t depth)
{
    while (type && ch__type_declares(type, CH_TYPE_DECL_ALIAS)) {
        if (++depth > ALIAS_DEPTH_MAX)
            return NULL;
        type = type->kind == CH_TYPE_APPLIED ? instantiate(checker, type->decl, type)
                                             : type->decl->body;
    }
    if (!type || type->kind != CH_TYPE_UNION)
        return type;
    bool has_alias = false;
    for (uint32_t i = 0; i < type->count; i++)
        has_alias |= ch__type_declares(type->items[i], CH_TYPE_DECL_ALIAS);
    if (!has_alias)
        return type;
    const ChType **items = ch_alloc_zero(type->count, sizeof *items);
    for (uint32_t i = 0; i < type->count; i++)
        items[i] = resolve(checker, type->items[i], depth + 1);
    const ChType *result = ch_type_union(checker->types, items, type->count);
    ch_free(items);
    return result;
}

const ChType *ch__type_resolve(ChChecker *checker, const ChType *type)
{
    if (!type || (type->kind != CH_TYPE_UNION && !ch__type_declares(type, CH_TYPE_DECL_ALIAS)))
        return type;
    return resolve(checker, type, 0);
}

/* ---- fitting ------------------------------------------------------------------------ */

typedef struct Pair {
    const ChType *expected, *actual;
} Pair;

typedef struct Compare {
    ChChecker *checker;
    uint32_t depth, steps;
    Pair open[COMPARE_DEPTH_MAX]; /* comparisons of declared types that are under way */
    uint32_t open_count;
} Compare;

static bool fits(Compare *compare, const ChType *expected, const ChType *actual);

static bool fits_both_ways(Compare *compare, const ChType *a, const ChType *b)
{
    return fits(compare, a, b) && fits(compare, b, a);
}

static bool is_type_word(ChStr name)
{
    static const ChStr names[] = {
#define CH_TYPE_NAME_ROW(name, doc) CH_STR_INIT(#name),
#include "analysis/type_names.def"
#undef CH_TYPE_NAME_ROW
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ch_str_equal(names[i], name))
            return true;
    return false;
}

/* A name that nobody declared and that is no builtin type. */
static bool is_mystery(const ChType *type)
{
    return (type->kind == CH_TYPE_NAME || type->kind == CH_TYPE_APPLIED) && !type->decl &&
           !is_type_word(type->text);
}

static bool fits_names(const ChTypeStore *types, const ChType *expected, const ChType *actual)
{
    if (expected == types->float_ && actual == types->int_)
        return true;
    if (expected->decl || actual->decl)
        return expected->decl == actual->decl;
    return ch_str_equal(expected->text, actual->text);
}

static bool fits_applied(Compare *compare, const ChType *expected, const ChType *actual)
{
    bool same = expected->decl || actual->decl ? expected->decl == actual->decl
                                               : ch_str_equal(expected->text, actual->text);
    if (!same || expected->count != actual->count)
        return false;
    for (uint32_t i = 0; i < expected->count; i++) {
        ChVariance variance = expected->decl && i < expected->decl->param_count
                                  ? expected->decl->params[i].variance
                                  : CH_VARIANCE_NONE;
        const ChType *e = expected->items[i], *a = actual->items[i];
        bool ok = variance == CH_VARIANCE_OUT  ? fits(compare, e, a)
                  : variance == CH_VARIANCE_IN ? fits(compare, a, e)
                                               : fits_both_ways(compare, e, a);
        if (!ok)
            return false;
    }
    return true;
}

static bool fits_shapes(Compare *compare, const ChType *expected, const ChType *actual)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        const ChTypeField *want = &expected->fields[i];
        const ChTypeField *have = ch_type_field(actual, want->name);
        if (!have) {
            if (!want->is_optional)
                return false;
            continue;
        }
        /* {flag: nil} says the same as leaving an optional field out. */
        if (want->is_optional && have->type == compare->checker->types->nil)
            continue;
        if (!fits(compare, want->type, have->type))
            return false;
    }
    return true;
}

/* A struct has at least the fields that a shape asks for. */
static bool fits_struct_as_shape(Compare *compare, const ChType *shape, const ChTypeDecl *decl)
{
    (void)compare;
    for (uint32_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].is_optional)
            continue;
        uint32_t at = 0;
        while (at < decl->field_count && !ch_str_equal(decl->fields[at].name, shape->fields[i].name))
            at++;
        if (at == decl->field_count)
            return false;
    }
    return true;
}

/* `dict` stands for every dict, `list` for every list ... in both directions. */
static bool is_plain_of(const ChTypeStore *types, const ChType *plain, const ChType *precise)
{
    switch (precise->kind) {
    case CH_TYPE_SHAPE:
    case CH_TYPE_DICT: return plain == types->dict;
    case CH_TYPE_LIST: return plain == types->list;
    case CH_TYPE_ITER: return plain == types->iter;
    case CH_TYPE_GENERATOR: return plain == types->generator;
    case CH_TYPE_STREAM: return plain == types->stream;
    case CH_TYPE_FN: return plain == types->closure;
    default: return false;
    }
}

static bool fits_union(Compare *compare, const ChType *expected, const ChType *actual)
{
    uint32_t expected_count, actual_count;
    const ChType *const *want = ch_type_members(&expected, &expected_count);
    const ChType *const *have = ch_type_members(&actual, &actual_count);
    for (uint32_t i = 0; i < actual_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < expected_count && !found; j++)
            found = fits(compare, want[j], have[i]);
        if (!found)
            return false;
    }
    return true;
}

static bool fits_intersection(Compare *compare, const ChType *expected, const ChType *actual)
{
    if (expected->kind == CH_TYPE_INTERSECTION) {
        for (uint32_t i = 0; i < expected->count; i++)
            if (!fits(compare, expected->items[i], actual))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < actual->count; i++)
        if (fits(compare, expected, actual->items[i]))
            return true;
    return false;
}

static bool fits_fn(Compare *compare, const ChType *expected, const ChType *actual)
{
    if (expected->count != actual->count)
        return false;
    uint32_t result = expected->count - 1;
    for (uint32_t i = 0; i < result; i++)
        if (!fits(compare, actual->items[i], expected->items[i]))
            return false;
    return fits(compare, expected->items[result], actual->items[result]);
}

static bool fits_resolved(Compare *compare, const ChType *expected, const ChType *actual)
{
    const ChTypeStore *types = compare->checker->types;
    if (expected->kind == CH_TYPE_OWNED)
        return fits(compare, expected->items[0], actual);
    if (actual->kind == CH_TYPE_OWNED)
        return fits(compare, expected, actual->items[0]);
    if (actual->kind == CH_TYPE_NEVER || expected->kind == CH_TYPE_ANY ||
        actual->kind == CH_TYPE_ANY || expected->kind == CH_TYPE_UNKNOWN)
        return true;
    if (expected->kind == CH_TYPE_NEVER)
        return false;
    if (is_mystery(expected) || is_mystery(actual))
        return true;
    if (ch__type_declares(expected, CH_TYPE_DECL_INTERFACE) && actual->kind != CH_TYPE_UNION &&
        actual->kind != CH_TYPE_UNKNOWN && actual->kind != CH_TYPE_INTERSECTION) {
        if (actual->decl == expected->decl)
            return true;
        if (actual->kind != CH_TYPE_NAME && actual->kind != CH_TYPE_APPLIED)
            return false;
        return ch__interface_mismatch(compare->checker, actual, expected->decl, expected).length ==
               0;
    }
    if (expected->kind == CH_TYPE_INTERSECTION ||
        (actual->kind == CH_TYPE_INTERSECTION && expected->kind != CH_TYPE_UNION))
        return fits_intersection(compare, expected, actual);
    if (expected->kind == CH_TYPE_UNION || actual->kind == CH_TYPE_UNION)
        return fits_union(compare, expected, actual);
    if (is_plain_of(types, expected, actual) || is_plain_of(types, actual, expected))
        return true;
    if (actual->kind == CH_TYPE_NAME && expected->kind == CH_TYPE_NAME)
        return fits_names(types, expected, actual) ||
               (expected == types->dict && ch__type_declares(actual, CH_TYPE_DECL_STRUCT));
    if (actual->kind == CH_TYPE_APPLIED && expected->kind == CH_TYPE_APPLIED)
        return fits_applied(compare, expected, actual);
    if ((actual->kind == CH_TYPE_APPLIED && expected->kind == CH_TYPE_NAME) ||
        (actual->kind == CH_TYPE_NAME && expected->kind == CH_TYPE_APPLIED))
        return expected->decl || actual->decl ? expected->decl == actual->decl
                                              : ch_str_equal(expected->text, actual->text);
    if (ch__type_declares(actual, CH_TYPE_DECL_STRUCT)) {
        if (expected->kind == CH_TYPE_SHAPE)
            return fits_struct_as_shape(compare, expected, actual->decl);
        return expected->kind == CH_TYPE_DICT;
    }
    if (expected->kind == CH_TYPE_STRING && actual == types->string)
        return true;
    if (expected->kind == CH_TYPE_INT && actual == types->int_)
        return true;
    if (actual->kind == CH_TYPE_STRING)
        return expected == types->string;
    if (actual->kind == CH_TYPE_INT)
        return expected == types->int_ || expected == types->float_;
    if (expected->kind == CH_TYPE_DICT && actual->kind == CH_TYPE_SHAPE) {
        if (!fits(compare, expected->items[0], types->string))
            return false;
        for (uint32_t i = 0; i < actual->count; i++)
            if (!fits(compare, expected->items[1], actual->fields[i].type))
                return false;
        return true;
    }
    if (expected->kind == CH_TYPE_SHAPE && actual->kind == CH_TYPE_DICT)
        return true;
    if (expected->kind != actual->kind)
        return false;
    switch (expected->kind) {
    case CH_TYPE_SHAPE: return fits_shapes(compare, expected, actual);
    case CH_TYPE_LIST: return fits_both_ways(compare, expected->items[0], actual->items[0]);
    case CH_TYPE_ITER:
    case CH_TYPE_GENERATOR:
    case CH_TYPE_STREAM: return fits(compare, expected->items[0], actual->items[0]);
    case CH_TYPE_DICT:
        return fits_both_ways(compare, expected->items[0], actual->items[0]) &&
               fits_both_ways(compare, expected->items[1], actual->items[1]);
    case CH_TYPE_FN: return fits_fn(compare, expected, actual);
    case CH_TYPE_UNKNOWN: return true;
    default: return false; /* equal literals and names are equal pointers */
    }
}

static bool fits(Compare *compare, const ChType *expected, const ChType *actual)
{
    if (!expected || !actual || expected == actual || expected->kind == CH_TYPE_WILDCARD ||
        actual->kind == CH_TYPE_WILDCARD || expected->kind == CH_TYPE_PARAM ||
        actual->kind == CH_TYPE_PARAM)
        return true;
    if (++compare->steps > COMPARE_STEPS_MAX || compare->depth >= COMPARE_DEPTH_MAX)
        return true;
    bool is_declared = expected->decl || actual->decl;
    if (is_declared) {
        for (uint32_t i = 0; i < compare->open_count; i++)
            if (compare->open[i].expected == expected && compare->open[i].actual == actual)
                return true;
        compare->open[compare->open_count++] = (Pair){expected, actual};
    }
    compare->depth++;
    const ChType *e = ch__type_resolve(compare->checker, expected);
    const ChType *a = ch__type_resolve(compare->checker, actual);
    bool ok = !e || !a || e == a || e->kind == CH_TYPE_PARAM || a->kind == CH_TYPE_PARAM ||
              e->kind == CH_TYPE_WILDCARD || a->kind == CH_TYPE_WILDCARD ||
              fits_resolved(compare, e, a);
    compare->depth--;
    if (is_declared)
        compare->open_count--;
    return ok;
}

bool ch__type_fits(ChChecker *checker, const ChType *expected, const ChType *actual)
{
    if (!expected || !actual || expected == actual)
        return true;
    Compare compare;
    compare.checker = checker;
    compare.depth = compare.steps = compare.open_count = 0;
    return fits(&compare, expected, actual);
}

/* ---- generics ------------------------------------------------------------------------- */

ChBindings ch__bindings_new(ChChecker *checker, const ChTypeParam *params, uint32_t count)
{
    ChBindings bindings = {.count = count};
    bindings.params = CH_ARENA_ARRAY(&checker->analysis->arena, const ChType *, count);
    bindings.args = CH_ARENA_ARRAY(&checker->analysis->arena, const ChType *, count);
    for (uint32_t i = 0; i < count; i++)
        bindings.params[i] = params[i].type;
    return bindings;
}

static bool bind_one(ChChecker *checker, uint32_t at, const ChType *arg, ChBindings *bindings,
                     ChStr *conflict)
{
    if (arg->kind == CH_TYPE_WILDCARD)
        return true;
    const ChType *bound = bindings->args[at];
    if (!bound || bound->kind == CH_TYPE_WILDCARD) {
        bindings->args[at] = arg;
        return true;
    }
    if (bound == arg)
        return true;
    ChArena *arena = &checker->analysis->arena;
    *conflict = ch_str_format(arena, "type parameter '%.*s' was inferred as both %.*s and %.*s",
                              CH_STR_ARG(bindings->params[at]->text),
                              CH_STR_ARG(ch_type_text(arena, bound)),
                              CH_STR_ARG(ch_type_text(arena, arg)));
    return false;
}

bool ch__bind(ChChecker *checker, const ChType *param, const ChType *arg, ChBindings *bindings,
              ChStr *conflict)
{
    if (!param || !arg)
        return true;
    if (param->kind == CH_TYPE_PARAM) {
        for (uint32_t i = 0; i < bindings->count; i++)
            if (bindings->params[i] == param)
                return bind_one(checker, i, arg, bindings, conflict);
        return true;
    }
    if (param->kind == CH_TYPE_DICT && arg->kind == CH_TYPE_SHAPE) {
        const ChType *values = checker->types->never;
        for (uint32_t i = 0; i < arg->count; i++)
            values = ch_type_union2(checker->types, values, arg->fields[i].type);
        return arg->count == 0 || ch__bind(checker, param->items[1], values, bindings, conflict);
    }
    if (param->kind != arg->kind)
        return true;
    switch (param->kind) {
    case CH_TYPE_SHAPE:
        for (uint32_t i = 0; i < param->count; i++) {
            const ChTypeField *field = ch_type_field(arg, param->fields[i].name);
            if (field && !ch__bind(checker, param->fields[i].type, field->type, bindings, conflict))
                return false;
        }
        return true;
    case CH_TYPE_APPLIED:
        if (param->count != arg->count || !ch_str_equal(param->text, arg->text))
            return true;
        break;
    case CH_TYPE_FN:
        if (param->count != arg->count)
            return true;
        break;
    case CH_TYPE_LIST:
    case CH_TYPE_DICT:
    case CH_TYPE_ITER:
    case CH_TYPE_GENERATOR:
    case CH_TYPE_STREAM: break;
    default: return true;
    }
    for (uint32_t i = 0; i < param->count; i++)
        if (!ch__bind(checker, param->items[i], arg->items[i], bindings, conflict))
            return false;
    return true;
}

/* ---- interfaces ------------------------------------------------------------------------ */

static const ChSignature *find_method(const ChTypeDecl *decl, ChStr name)
{
    for (uint32_t i = 0; decl && i < decl->method_count; i++)
        if (ch_str_equal(decl->methods[i]->name, name))
            return decl->methods[i];
    return NULL;
}

static ChStr compare_method(ChChecker *checker, const ChSignature *want, const ChSignature *have,
                            ChBindings *bindings)
{
    ChArena *arena = &checker->analysis->arena;
    ChStr conflict = {0};
    if (have->param_count != want->param_count)
        return ch_str_format(arena, "method '%.*s' has %u parameter(s), expected %u",
                             CH_STR_ARG(want->name), have->param_count, want->param_count);
    for (uint32_t i = 0; i < want->param_count; i++) {
        const ChType *actual = have->params[i].type;
        if (!want->params[i].type || !actual)
            continue;
        if (!ch__bind(checker, want->params[i].type, actual, bindings, &conflict))
            return conflict;
        const ChType *expected =
            ch_type_substitute(checker->types, want->params[i].type, bindings);
        if (!ch__type_fits(checker, expected, actual))
            return ch_str_format(arena, "method '%.*s' parameter %u has type '%.*s', expected '%.*s'",
                                 CH_STR_ARG(want->name), i + 1,
                                 CH_STR_ARG(ch_type_text(arena, actual)),
                                 CH_STR_ARG(ch_type_text(arena, expected)));
    }
    if (!want->result || !have->result)
        return (ChStr){0};
    if (!ch__bind(checker, want->result, have->result, bindings, &conflict))
        return conflict;
    const ChType *expected = ch_type_substitute(checker->types, want->result, bindings);
    if (!ch__type_fits(checker, expected, have->result))
        return ch_str_format(arena, "method '%.*s' returns '%.*s', expected '%.*s'",
                             CH_STR_ARG(want->name),
                             CH_STR_ARG(ch_type_text(arena, have->result)),
                             CH_STR_ARG(ch_type_text(arena, expected)));
    return (ChStr){0};
}

static ChStr interface_mismatch(ChChecker *checker, const ChType *type,
                                const ChTypeDecl *interface, const ChType *expected)
{
    ChArena *arena = &checker->analysis->arena;
    const ChTypeDecl *decl =
        type->decl ? type->decl : ch_map_get_pointer(&checker->analysis->impl_methods, type->text);
    if (interface->method_count > 0 && (!decl || decl->method_count == 0)) {
        ChBuffer names = {0};
        for (uint32_t i = 0; i < interface->method_count; i++) {
            ch_buffer_add_text(&names, i > 0 ? ", " : "");
            ch_buffer_add_str(&names, interface->methods[i]->name);
        }
        ChStr text = ch_str_format(arena, "missing method(s): %s", names.data);
        ch_buffer_release(&names);
        return text;
    }
    uint32_t total = interface->param_count + interface->field_count;
    ChBindings bindings = ch__bindings_new(checker, interface->params, total);
    if (expected && expected->kind == CH_TYPE_APPLIED)
        for (uint32_t i = 0; i < interface->param_count && i < expected->count; i++)
            bindings.args[i] = expected->items[i];
    for (uint32_t i = 0; i < interface->method_count; i++) {
        const ChSignature *want = interface->methods[i];
        const ChSignature *have = find_method(decl, want->name);
        if (!have)
            return ch_str_format(arena, "missing method '%.*s'", CH_STR_ARG(want->name));
        ChStr reason = compare_method(checker, want, have, &bindings);
        if (reason.length > 0)
            return reason;
    }
    for (uint32_t i = 0; i < interface->field_count; i++) {
        const ChType *wanted = interface->fields[i].type;
        const ChType *bound = bindings.args[interface->param_count + i];
        if (!wanted || !bound)
            continue;
        wanted = ch_type_substitute(checker->types, wanted, &bindings);
        if (!ch__type_fits(checker, wanted, bound))
            return ch_str_format(arena, "associated type '%.*s' resolves to '%.*s', expected '%.*s'",
                                 CH_STR_ARG(interface->fields[i].name),
                                 CH_STR_ARG(ch_type_text(arena, bound)),
                                 CH_STR_ARG(ch_type_text(arena, wanted)));
    }
    return (ChStr){0};
}

ChStr ch__interface_mismatch(ChChecker *checker, const ChType *type, const ChTypeDecl *interface,
                             const ChType *expected)
{
    /* Methods may name the interface itself: fn less(self, other: Ordered). */
    enum { INTERFACE_DEPTH_MAX = 4 };
    if (checker->interface_depth >= INTERFACE_DEPTH_MAX)
        return (ChStr){0};
    checker->interface_depth++;
    ChStr reason = interface_mismatch(checker, type, interface, expected);
    checker->interface_depth--;
    return reason;
}

/* ---- messages ---------------------------------------------------------------------------- */

static ChStr shape_detail(ChChecker *checker, const ChType *expected, const ChType *actual)
{
    ChArena *arena = &checker->analysis->arena;
    ChBuffer text = {0};
    for (uint32_t i = 0; i < expected->count; i++) {
        const ChTypeField *want = &expected->fields[i];
        const ChTypeField *have = ch_type_field(actual, want->name);
        if (want->is_optional || (have && ch__type_fits(checker, want->type, have->type)))
            continue;
        ch_buffer_add_text(&text, text.length > 0 ? "; " : "");
        ChStr wanted = ch_type_text(arena, want->type);
        if (!have)
            ch_buffer_printf(&text, "missing field '%.*s' (%.*s)", CH_STR_ARG(want->name),
                             CH_STR_ARG(wanted));
        else
            ch_buffer_printf(&text, "field '%.*s' has type %.*s, expected %.*s",
                             CH_STR_ARG(want->name), CH_STR_ARG(ch_type_text(arena, have->type)),
                             CH_STR_ARG(wanted));
    }
    ChStr copy = ch_str_copy(arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return copy;
}

static ChStr part_detail(ChChecker *checker, const char *part, const ChType *expected,
                         const ChType *actual)
{
    ChArena *arena = &checker->analysis->arena;
    return ch_str_format(arena, "%s expected %.*s, found %.*s", part,
                         CH_STR_ARG(ch_type_text(arena, expected)),
                         CH_STR_ARG(ch_type_text(arena, actual)));
}

/* Of shapes behind names only the first field that does not fit is told. */
static ChStr field_detail(ChChecker *checker, const ChType *expected, const ChType *actual)
{
    ChArena *arena = &checker->analysis->arena;
    for (uint32_t i = 0; i < expected->count; i++) {
        const ChTypeField *want = &expected->fields[i];
        const ChTypeField *have = ch_type_field(actual, want->name);
        if (want->is_optional || (have && ch__type_fits(checker, want->type, have->type)))
            continue;
        ChStr part = ch_str_format(arena, "field `%.*s`", CH_STR_ARG(want->name));
        if (have)
            return part_detail(checker, part.data, want->type, have->type);
        return ch_str_format(arena, "%s is missing; expected %.*s", part.data, CH_STR_ARG(ch_type_text(arena, want->type)));
    }
    return (ChStr){0};
}

ChStr ch__mismatch_detail(ChChecker *checker, const ChType *expected, const ChType *actual)
{
    bool are_shapes = expected && actual && expected->kind == CH_TYPE_SHAPE && actual->kind == CH_TYPE_SHAPE;
    expected = ch__type_resolve(checker, expected);
    actual = ch__type_resolve(checker, actual);
    if (!expected || !actual || expected->kind != actual->kind)
        return (ChStr){0};
    switch (expected->kind) {
    case CH_TYPE_SHAPE:
        return are_shapes ? shape_detail(checker, expected, actual) : field_detail(checker, expected, actual);
    case CH_TYPE_APPLIED:
        if (!ch_str_equal(expected->text, actual->text))
            return (ChStr){0};
        for (uint32_t i = 0; i < expected->count && i < actual->count; i++)
            if (!ch__type_fits(checker, expected->items[i], actual->items[i]) ||
                !ch__type_fits(checker, actual->items[i], expected->items[i]))
                return part_detail(checker,
                                   ch_str_format(&checker->analysis->arena, "%.*s type argument %u",
                                                 CH_STR_ARG(expected->text), i + 1).data,
                                   expected->items[i], actual->items[i]);
        return (ChStr){0};
    case CH_TYPE_LIST:
        return part_detail(checker, "list element", expected->items[0], actual->items[0]);
    case CH_TYPE_DICT:
        for (int i = 0; i < 2; i++)
            if (!ch__type_fits(checker, expected->items[i], actual->items[i]) ||
                !ch__type_fits(checker, actual->items[i], expected->items[i]))
                return part_detail(checker, i == 0 ? "dict key" : "dict value",
                                   expected->items[i], actual->items[i]);
        return (ChStr){0};
    case CH_TYPE_FN:
        if (expected->count != actual->count)
            return (ChStr){0};
        for (uint32_t i = 0; i < expected->count; i++) {
            bool is_result = i == expected->count - 1;
            bool ok = is_result ? ch__type_fits(checker, expected->items[i], actual->items[i])
                                : ch__type_fits(checker, actual->items[i], expected->items[i]);
            if (ok)
                continue;
            ChStr part = is_result ? CH_STR("function return")
                                   : ch_str_format(&checker->analysis->arena,
                                                   "function parameter %u", i + 1);
            return part_detail(checker, part.data, expected->items[i], actual->items[i]);
        }
        return (ChStr){0};
    default: return (ChStr){0};
    }
}

/* A way out that is likely to be meant. */
static void add_hint(ChChecker *checker, ChDiagnostic *diagnostic, const ChType *expected,
                     const ChType *actual, const ChNode *value)
{
    const ChTypeStore *types = checker->types;
    ChDiagnosticList *list = &checker->analysis->diagnostics;
    if (actual == types->nil ||
        (actual->kind == CH_TYPE_UNION && actual->count == 2 && ch_type_contains_nil(types, actual))) {
        ch_diagnostic_help(list, diagnostic, "handle `nil` first or provide a default with `??`");
        return;
    }
    const char *function = NULL;
    if (actual->kind == CH_TYPE_INT)
        actual = types->int_;
    if (expected == types->string && (actual == types->int_ || actual == types->float_ ||
                                      actual == types->bool_ || actual == types->duration))
        function = "to_string";
    else if (expected == types->int_ && actual == types->string)
        function = "to_int";
    else if (expected == types->float_ && actual == types->string)
        function = "to_float";
    if (!function)
        return;
    enum { SHOWN_MAX = 60 };
    ChStr text = ch_source_text(checker->analysis->tree->source, ch_node_range(value));
    bool is_short = text.length <= SHOWN_MAX && ch_str_find(text, CH_STR("\n"), 0) < 0;
    if (!is_short)
        text = CH_STR("value");
    ch_diagnostic_help(list, diagnostic, "did you mean `%s(%.*s)`?", function, CH_STR_ARG(text));
    if (is_short) {
        ChFix *fix = ch_diagnostic_fix(list, diagnostic, "convert with `%s`", function);
        ch_fix_edit(list, fix, ch_node_range(value),
                    ch_str_format(list->arena, "%s(%.*s)", function, CH_STR_ARG(text)));
    }
}

ChDiagnostic *ch__report_mismatch(ChChecker *checker, const char *code, ChStr context,
                                  const ChType *expected, const ChType *actual,
                                  const ChNode *value)
{
    ChArena *arena = &checker->analysis->arena;
    ChStr detail = ch__mismatch_detail(checker, expected, actual);
    ChDiagnostic *diagnostic = ch_diagnostic_add(
        &checker->analysis->diagnostics, CH_SEVERITY_ERROR, code, ch_node_range(value),
        "%.*s: expected %.*s, found %.*s%s%.*s%s", CH_STR_ARG(context),
        CH_STR_ARG(ch_type_text(arena, expected)), CH_STR_ARG(ch_type_text(arena, actual)),
        detail.length > 0 ? " (" : "", CH_STR_ARG(detail), detail.length > 0 ? ")" : "");
    add_hint(checker, diagnostic, expected, actual, value);
    return diagnostic;
}
