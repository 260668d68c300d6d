/* What conditions tell about variables: nil checks, type_of, tags of shapes, .has,
 * schema_is, plain truth; and what is left of a type then. */
#include <stdlib.h>

#include "analysis/check_int.h"
#include "base/limits.h"

/* ---- lists of refinements ------------------------------------------------------ */

void ch__refs_add(ChChecker *checker, const ChRefinementCell **list, ChRefinement item)
{
    uint32_t count = *list ? (*list)->count : 0;
    if (count >= CH_REFINEMENTS_MAX)
        return;
    ChRefinementCell *cell = CH_ARENA_NEW(&checker->analysis->arena, ChRefinementCell);
    *cell = (ChRefinementCell){.item = item, .before = *list, .count = count + 1};
    *list = cell;
}

static uint32_t collect(const ChRefinementCell *list, ChRefinement *items)
{
    uint32_t count = list ? list->count : 0;
    for (uint32_t i = count; i > 0; i--, list = list->before)
        items[i - 1] = list->item;
    return count;
}

const ChRefinementCell *ch__refs_join(ChChecker *checker, const ChRefinementCell *a,
                                      const ChRefinementCell *b)
{
    ChRefinement items[CH_REFINEMENTS_MAX];
    uint32_t count = collect(b, items);
    for (uint32_t i = 0; i < count; i++)
        ch__refs_add(checker, &a, items[i]);
    return a;
}

void ch__refs_apply(ChChecker *checker, const ChRefinementCell *list)
{
    ChRefinement items[CH_REFINEMENTS_MAX];
    uint32_t count = collect(list, items);
    for (uint32_t i = 0; i < count; i++) {
        ChState state = checker->states[items[i].symbol];
        if (items[i].type)
            state.current = items[i].type;
        if (items[i].ruled_out.length > 0) {
            ChRuledOut *cell = CH_ARENA_NEW(&checker->analysis->arena, ChRuledOut);
            *cell = (ChRuledOut){.kind = items[i].ruled_out, .before = state.ruled_out};
            state.ruled_out = cell;
        }
        ch__state_set(checker, items[i].symbol, &state, false);
    }
}

static ChRefinements invert(ChRefinements refs)
{
    return (ChRefinements){.truthy = refs.falsy, .falsy = refs.truthy};
}

/* ---- parts of types -------------------------------------------------------------- */

static const ChType *keep_kind(ChChecker *checker, const ChType *type, ChStr kind, bool wanted)
{
    uint32_t count, kept_count = 0;
    const ChType *const *members = ch_type_members(&type, &count);
    const ChType **kept = ch_alloc_zero((size_t)count + 1, sizeof *kept);
    for (uint32_t i = 0; i < count; i++)
        if (ch_type_has_runtime_kind(members[i], kind) == wanted)
            kept[kept_count++] = members[i];
    const ChType *result = ch_type_union(checker->types, kept, kept_count);
    ch_free(kept);
    return kept_count == 0 && wanted ? NULL : result;
}

const ChType *ch__narrow_to_kind(ChChecker *checker, const ChType *type, ChStr kind)
{
    return keep_kind(checker, type, kind, true);
}

const ChType *ch__narrow_from_kind(ChChecker *checker, const ChType *type, ChStr kind)
{
    return keep_kind(checker, type, kind, false);
}

/* Could a value of the one type be of the other as well? The more precise one of the
 * two, NULL when not. */
static const ChType *intersect(ChChecker *checker, const ChType *a, const ChType *b)
{
    ChTypeStore *types = checker->types;
    a = ch__type_resolve(checker, a);
    b = ch__type_resolve(checker, b);
    if (!a || !b)
        return a ? a : b;
    if (a->kind == CH_TYPE_ANY || a->kind == CH_TYPE_UNKNOWN || a->kind == CH_TYPE_WILDCARD)
        return b;
    if (b->kind == CH_TYPE_ANY || b->kind == CH_TYPE_UNKNOWN || a == b)
        return a;
    if (a->kind == CH_TYPE_UNION || b->kind == CH_TYPE_UNION) {
        uint32_t count_a, count_b;
        const ChType *const *members_a = ch_type_members(&a, &count_a);
        const ChType *const *members_b = ch_type_members(&b, &count_b);
        const ChType *result = types->never;
        for (uint32_t i = 0; i < count_a && result; i++)
            for (uint32_t j = 0; j < count_b && result; j++) {
                const ChType *part = intersect(checker, members_a[i], members_b[j]);
                if (part)
                    result = ch_type_union2(types, result, part);
            }
        return result == types->never ? NULL : result;
    }
    if (a->kind == CH_TYPE_STRING && b == types->string)
        return a;
    if (b->kind == CH_TYPE_STRING && a == types->string)
        return b;
    if (a->kind == CH_TYPE_INT && (b == types->int_ || b == types->float_))
        return a;
    if (b->kind == CH_TYPE_INT && (a == types->int_ || a == types->float_))
        return b;
    bool a_is_dict = a->kind == CH_TYPE_SHAPE || a->kind == CH_TYPE_DICT;
    bool b_is_dict = b->kind == CH_TYPE_SHAPE || b->kind == CH_TYPE_DICT;
    if (b_is_dict && (a_is_dict || a == types->dict))
        return b;
    if (a_is_dict && b == types->dict)
        return a;
    if (a->kind == CH_TYPE_LIST && b->kind == CH_TYPE_LIST)
        return ch_type_of(types, CH_TYPE_LIST, intersect(checker, a->items[0], b->items[0]));
    for (int kind = CH_TYPE_LIST; kind <= CH_TYPE_STREAM; kind++) {
        const ChType *plain = kind == CH_TYPE_LIST        ? types->list
                              : kind == CH_TYPE_ITER      ? types->iter
                              : kind == CH_TYPE_GENERATOR ? types->generator
                                                          : types->stream;
        if ((int)a->kind == kind && (b == plain || b->kind == a->kind))
            return a;
        if ((int)b->kind == kind && a == plain)
            return b;
    }
    return NULL;
}

/* What is left of `type` when it is not `taken`; NULL: cannot be told. */
static const ChType *subtract(ChChecker *checker, const ChType *type, const ChType *taken)
{
    type = ch__type_resolve(checker, type);
    if (!type || type->kind == CH_TYPE_ANY || type->kind == CH_TYPE_UNKNOWN)
        return type;
    if (type->kind != CH_TYPE_UNION)
        return intersect(checker, type, taken) ? NULL : type;
    uint32_t kept_count = 0;
    const ChType **kept = ch_alloc_zero(type->count, sizeof *kept);
    for (uint32_t i = 0; i < type->count; i++)
        if (!intersect(checker, type->items[i], taken))
            kept[kept_count++] = type->items[i];
    const ChType *result = kept_count ? ch_type_union(checker->types, kept, kept_count) : NULL;
    ch_free(kept);
    return result;
}

/* ---- tagged unions ---------------------------------------------------------------- */

static bool is_literal_type(const ChType *type)
{
    return type->kind == CH_TYPE_STRING || type->kind == CH_TYPE_INT;
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Has every shape of the union the field, with a literal type of its own? */
static bool is_tag(ChChecker *checker, const ChType *type, ChStr name, uint32_t *ids)
{
    for (uint32_t i = 0; i < type->count; i++) {
        const ChTypeField *field = ch_type_field(type->items[i], name);
        const ChType *literal = field ? ch__type_resolve(checker, field->type) : NULL;
        if (!literal || field->is_optional || !is_literal_type(literal))
            return false;
        ids[i] = literal->id;
    }
    qsort(ids, type->count, sizeof *ids, compare_ids);
    for (uint32_t i = 1; i < type->count; i++)
        if (ids[i] == ids[i - 1])
            return false;
    return true;
}

/* The first field of the first shape that can tell the shapes apart. */
ChStr ch__discriminant_of(ChChecker *checker, const ChType *type)
{
    ChStr found = {0};
    if (!type || type->kind != CH_TYPE_UNION)
        return found;
    for (uint32_t i = 0; i < type->count; i++)
        if (type->items[i]->kind != CH_TYPE_SHAPE)
            return found;
    uint32_t *ids = ch_alloc_zero(type->count, sizeof *ids);
    const ChType *first = type->items[0];
    for (uint32_t f = 0; f < first->count && found.length == 0; f++)
        if (is_tag(checker, type, first->fields[f].name, ids))
            found = first->fields[f].name;
    ch_free(ids);
    return found;
}

static const ChType *literal_type(ChChecker *checker, const ChNode *node)
{
    if (node && node->kind == CH_NODE_STRING)
        return ch_type_string(checker->types, node->as.string.text);
    if (node && node->kind == CH_NODE_INT)
        return ch_type_int(checker->types, node->as.integer.value);
    return NULL;
}

const ChType *ch__narrow_by_tag(ChChecker *checker, const ChType *type, ChStr tag,
                                const ChNode *literal, const ChType **rest)
{
    const ChType *wanted = literal_type(checker, literal), *found = NULL;
    if (!wanted)
        return NULL;
    const ChType **others = ch_alloc_zero(type->count, sizeof *others);
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        const ChTypeField *field = ch_type_field(type->items[i], tag);
        if (!found && field && ch__type_resolve(checker, field->type) == wanted)
            found = type->items[i];
        else
            others[count++] = type->items[i];
    }
    *rest = found ? ch_type_union(checker->types, others, count) : NULL;
    ch_free(others);
    return found;
}

/* ---- conditions -------------------------------------------------------------------- */

/* The variable that an expression names, when something is known about its type;
 * else CH_SYMBOL_NONE. */
static uint32_t variable_of(ChChecker *checker, const ChNode *node)
{
    if (!node || node->kind != CH_NODE_IDENTIFIER)
        return CH_SYMBOL_NONE;
    uint32_t index = ch__symbol_at(checker, node);
    if (index == CH_SYMBOL_NONE)
        return CH_SYMBOL_NONE;
    ChSymbolKind kind = checker->analysis->symbols.items[index].kind;
    bool is_variable = kind == CH_SYMBOL_VARIABLE || kind == CH_SYMBOL_PARAMETER ||
                       kind == CH_SYMBOL_CONSTANT;
    return is_variable && ch__type_resolve(checker, ch__type_at(checker, node)) ? index
                                                                              : CH_SYMBOL_NONE;
}

static void refine(ChChecker *checker, ChRefinements *refs, uint32_t symbol, const ChType *truthy,
                   const ChType *falsy)
{
    if (truthy)
        ch__refs_add(checker, &refs->truthy, (ChRefinement){.symbol = symbol, .type = truthy});
    if (falsy)
        ch__refs_add(checker, &refs->falsy, (ChRefinement){.symbol = symbol, .type = falsy});
}

/* x == nil */
static ChRefinements refine_nil(ChChecker *checker, const ChNode *node)
{
    ChRefinements refs = {0};
    uint32_t symbol = variable_of(checker, node);
    if (symbol == CH_SYMBOL_NONE)
        return refs;
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, node));
    const ChType *nil = checker->types->nil;
    if (type == nil && checker->states[symbol].is_nil_widenable)
        return refs;
    if (type == nil)
        refine(checker, &refs, symbol, nil, checker->types->never);
    else if (ch_type_contains_nil(checker->types, type))
        refine(checker, &refs, symbol, nil, ch_type_without_nil(checker->types, type));
    return refs;
}

/* The variable x of `type_of(x)`. */
static const ChNode *type_of_argument(const ChNode *node)
{
    if (!node || node->kind != CH_NODE_CALL || node->as.call.args.count != 1)
        return NULL;
    const ChNode *callee = node->as.call.callee;
    if (!callee || callee->kind != CH_NODE_IDENTIFIER ||
        !ch_str_is(callee->as.name.name.text, "type_of"))
        return NULL;
    return node->as.call.args.items[0];
}

static const ChStr type_of_kinds[] = {
    CH_STR_INIT("int"),  CH_STR_INIT("string"), CH_STR_INIT("float"),
    CH_STR_INIT("bool"), CH_STR_INIT("nil"),    CH_STR_INIT("list"),
    CH_STR_INIT("dict"), CH_STR_INIT("closure"), CH_STR_INIT("bytes"),
    /* What follows can be tested for, but an exhaustive chain need not. */
    CH_STR_INIT("generator"), CH_STR_INIT("stream"), CH_STR_INIT("iter"),
};
enum { KINDS_TO_COVER = 9, KIND_COUNT = sizeof type_of_kinds / sizeof *type_of_kinds };

/* type_of(x) == "kind" */
static ChRefinements refine_kind(ChChecker *checker, const ChNode *argument, const ChNode *text)
{
    ChRefinements refs = {0};
    uint32_t symbol = variable_of(checker, argument);
    if (symbol == CH_SYMBOL_NONE || !text || text->kind != CH_NODE_STRING)
        return refs;
    ChStr kind = text->as.string.text;
    bool is_kind = false;
    for (size_t i = 0; i < KIND_COUNT; i++)
        is_kind |= ch_str_equal(kind, type_of_kinds[i]);
    if (!is_kind)
        return refs;
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, argument));
    if (type->kind == CH_TYPE_UNKNOWN) {
        refine(checker, &refs, symbol, ch_type_named(checker->types, kind, NULL), NULL);
        ch__refs_add(checker, &refs.falsy, (ChRefinement){.symbol = symbol, .ruled_out = kind});
        return refs;
    }
    if (type->kind == CH_TYPE_ANY || type->kind == CH_TYPE_PARAM)
        return refs;
    const ChType *narrowed = ch__narrow_to_kind(checker, type, kind);
    if (type->kind == CH_TYPE_UNION || narrowed)
        refine(checker, &refs, symbol, narrowed, ch__narrow_from_kind(checker, type, kind));
    return refs;
}

/* x.tag == "value" */
static ChRefinements refine_tag(ChChecker *checker, const ChNode *member, const ChNode *literal)
{
    ChRefinements refs = {0};
    if (member->kind != CH_NODE_MEMBER)
        return refs;
    uint32_t symbol = variable_of(checker, member->as.member.object);
    if (symbol == CH_SYMBOL_NONE)
        return refs;
    const ChType *type =
        ch__type_resolve(checker, ch__type_at(checker, member->as.member.object));
    ChStr tag = ch__discriminant_of(checker, type);
    if (tag.length == 0 || !ch_str_equal(tag, member->as.member.name.text))
        return refs;
    const ChType *rest;
    const ChType *found = ch__narrow_by_tag(checker, type, tag, literal, &rest);
    if (found)
        refine(checker, &refs, symbol, found, rest);
    return refs;
}

ChRefinements ch__refine_equality(ChChecker *checker, const ChNode *node)
{
    const ChNode *left = node->as.binary.left, *right = node->as.binary.right;
    ChRefinements refs = {0};
    if (!left || !right)
        return refs;
    if (right->kind == CH_NODE_NIL)
        refs = refine_nil(checker, left);
    else if (left->kind == CH_NODE_NIL)
        refs = refine_nil(checker, right);
    else if (type_of_argument(left))
        refs = refine_kind(checker, type_of_argument(left), right);
    else if (type_of_argument(right))
        refs = refine_kind(checker, type_of_argument(right), left);
    else if (left->kind == CH_NODE_MEMBER)
        refs = refine_tag(checker, left, right);
    else if (right->kind == CH_NODE_MEMBER)
        refs = refine_tag(checker, right, left);
    return node->as.binary.op == CH_OPERATOR_NOT_EQUAL ? invert(refs) : refs;
}

ChRefinements ch__refine_truth(ChChecker *checker, const ChNode *identifier)
{
    ChRefinements refs = {0};
    uint32_t symbol = variable_of(checker, identifier);
    if (symbol == CH_SYMBOL_NONE)
        return refs;
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, identifier));
    if (type->kind == CH_TYPE_UNION && ch_type_contains_nil(checker->types, type)) {
        const ChType *rest = ch_type_without_nil(checker->types, type);
        /* A falsy value need not be nil: false, 0 and "" are falsy as well. */
        bool only_nil_is_falsy = true;
        uint32_t count;
        const ChType *const *members = ch_type_members(&rest, &count);
        for (uint32_t i = 0; i < count; i++)
            only_nil_is_falsy &= members[i]->kind == CH_TYPE_SHAPE ||
                                 members[i]->kind == CH_TYPE_FN ||
                                 ch__type_declares(members[i], CH_TYPE_DECL_STRUCT) ||
                                 ch__type_declares(members[i], CH_TYPE_DECL_ENUM);
        refine(checker, &refs, symbol, rest, only_nil_is_falsy ? checker->types->nil : NULL);
    }
    return refs;
}

/* x.has("key"): the optional field is there. */
ChRefinements ch__refine_has(ChChecker *checker, const ChNode *call)
{
    ChRefinements refs = {0};
    uint32_t symbol = variable_of(checker, call->as.method_call.object);
    if (symbol == CH_SYMBOL_NONE || call->as.method_call.args.count != 1)
        return refs;
    const ChNode *key = call->as.method_call.args.items[0];
    const ChType *type =
        ch__type_resolve(checker, ch__type_at(checker, call->as.method_call.object));
    if (key->kind != CH_NODE_STRING || type->kind != CH_TYPE_SHAPE)
        return refs;
    const ChTypeField *field = ch_type_field(type, key->as.string.text);
    if (!field || !field->is_optional)
        return refs;
    ChTypeField *fields = ch_alloc_copy(type->fields, type->count * sizeof *fields);
    fields[field - type->fields].is_optional = false;
    refine(checker, &refs, symbol, ch_type_shape(checker->types, fields, type->count), NULL);
    ch_free(fields);
    return refs;
}

ChRefinements ch__refine_schema(ChChecker *checker, const ChNode *call)
{
    ChRefinements refs = {0};
    if (call->as.call.args.count != 2)
        return refs;
    const ChNode *value = call->as.call.args.items[0];
    uint32_t symbol = variable_of(checker, value);
    if (symbol == CH_SYMBOL_NONE)
        return refs;
    const ChType *schema = ch__schema_type(checker, call->as.call.args.items[1]);
    if (!schema)
        return refs;
    const ChType *type = ch__type_at(checker, value);
    refine(checker, &refs, symbol, intersect(checker, type, schema),
           subtract(checker, type, schema));
    return refs;
}

/* ---- chains of type_of on an `unknown` ------------------------------------------- */

/* Where control cannot go on, a chain of tests that began must have named all kinds. */
void ch__check_unknown_covered(ChChecker *checker, ChRange range, const char *site)
{
    ChAnalysis *analysis = checker->analysis;
    /* Only variables on the trail have tests behind them; newest first, each once. */
    enum { LOOKED_AT_MAX = 1000 };
    uint32_t low = checker->trail.count > LOOKED_AT_MAX ? checker->trail.count - LOOKED_AT_MAX : 0;
    for (uint32_t i = checker->trail.count; i > low; i--) {
        uint32_t symbol = checker->trail.items[i - 1].symbol;
        const ChState *state = &checker->states[symbol];
        if (!state->ruled_out || !state->current || state->current->kind != CH_TYPE_UNKNOWN)
            continue;
        bool is_repeat = false;
        for (uint32_t j = checker->trail.count; j > i && !is_repeat; j--)
            is_repeat = checker->trail.items[j - 1].symbol == symbol;
        if (is_repeat)
            continue;
        ChBuffer missing = {0};
        for (int k = 0; k < KINDS_TO_COVER; k++) {
            const ChRuledOut *cell = state->ruled_out;
            while (cell && !ch_str_equal(cell->kind, type_of_kinds[k]))
                cell = cell->before;
            if (!cell) {
                ch_buffer_add_text(&missing, missing.length > 0 ? ", " : "");
                ch_buffer_add_str(&missing, type_of_kinds[k]);
            }
        }
        if (missing.length > 0)
            ch_diagnostic_add(&analysis->diagnostics, CH_SEVERITY_WARNING, "HARN-MAT-001", range,
                              "`%s` reached but `%.*s: unknown` was not fully narrowed — "
                              "uncovered concrete type(s): %s",
                              site, CH_STR_ARG(analysis->symbols.items[symbol].name),
                              missing.data);
        ch_buffer_release(&missing);
    }
}
