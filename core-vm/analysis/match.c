/* match: what its patterns bind, how each arm narrows the value, and whether the arms
 * cover everything there is. */
#include "analysis/check_int.h"

static ChDiagnosticList *diagnostics(ChChecker *checker)
{
    return &checker->analysis->diagnostics;
}

/* An or-pattern has alternatives; any other pattern is its only one. */
static uint32_t alternative_count(const ChNode *pattern)
{
    return !pattern ? 0 : pattern->kind == CH_NODE_OR_PATTERN ? pattern->as.list.items.count : 1;
}

static const ChNode *alternative(const ChNode *pattern, uint32_t at)
{
    return pattern->kind == CH_NODE_OR_PATTERN ? pattern->as.list.items.items[at] : pattern;
}

static bool is_wildcard(const ChNode *pattern)
{
    return pattern->kind == CH_NODE_IDENTIFIER && ch_str_is(pattern->as.name.name.text, "_");
}

static bool is_literal(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_STRING:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_BOOL:
    case CH_NODE_NIL: return true;
    case CH_NODE_UNARY: /* -1 */
        return node->as.unary.op == CH_OPERATOR_NEGATE && node->as.unary.operand &&
               (node->as.unary.operand->kind == CH_NODE_INT ||
                node->as.unary.operand->kind == CH_NODE_FLOAT);
    default: return false;
    }
}

/* ---- what patterns bind ---------------------------------------------------------------- */

static void bind(ChChecker *checker, const ChNode *node, const ChType *type)
{
    if (node && node->kind == CH_NODE_IDENTIFIER) {
        ch__state_declare(checker, ch__symbol_at(checker, node), type);
        checker->analysis->node_types[node->id] = type;
    } else if (node && node->kind == CH_NODE_SPREAD && node->as.unary.operand) {
        ch__state_declare(checker, ch__symbol_at(checker, node->as.unary.operand), NULL);
    }
}

/* The enum that `Name.Variant` or `Name.Variant(x)` speaks of, or NULL. */
static const ChTypeDecl *enum_of(ChChecker *checker, const ChNode *object)
{
    if (!object || object->kind != CH_NODE_IDENTIFIER)
        return NULL;
    const ChSymbol *symbol = ch__symbol_of(checker, object);
    if (symbol)
        return symbol->kind == CH_SYMBOL_ENUM ? symbol->decl : NULL;
    return ch_str_is(object->as.name.name.text, "Result") ? checker->types->result_decl : NULL;
}

static const ChVariant *variant_of(ChChecker *checker, const ChTypeDecl *decl, ChStr name)
{
    int32_t at = decl ? ch__decl_position(checker, decl, name) : -1;
    return at < 0 ? NULL : &decl->variants[at];
}

static void link_variant(ChChecker *checker, const ChNode *pattern, const ChTypeDecl *decl,
                         ChName name)
{
    const ChType *type = ch_type_named(checker->types, decl->name, decl);
    ch__link_member(checker, pattern, type, name, CH_REFERENCE_READ);
}

/* The type of a variant's field for a value of this type: Result<int, E>.Ok holds an int. */
static const ChType *payload(ChChecker *checker, const ChTypeDecl *decl, const ChType *field,
                             const ChType *value)
{
    if (!field || decl->param_count == 0)
        return field;
    if (!value || value->kind != CH_TYPE_APPLIED || value->decl != decl)
        return NULL;
    ChBindings bindings = ch__bindings_new(checker, decl->params, decl->param_count);
    for (uint32_t i = 0; i < decl->param_count && i < value->count; i++)
        bindings.args[i] = value->items[i];
    const ChType *type = ch_type_substitute(checker->types, field, &bindings);
    return type && type->kind == CH_TYPE_WILDCARD ? NULL : type;
}

static void bind_pattern(ChChecker *checker, const ChNode *pattern, const ChType *value)
{
    if (!pattern)
        return;
    const ChType *type = ch__type_resolve(checker, value);
    switch (pattern->kind) {
    case CH_NODE_IDENTIFIER: bind(checker, pattern, value); break;
    case CH_NODE_LIST:
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++)
            bind(checker, pattern->as.list.items.items[i],
                 type && type->kind == CH_TYPE_LIST ? type->items[0] : NULL);
        break;
    case CH_NODE_DICT:
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++) {
            const ChNode *entry = pattern->as.list.items.items[i];
            if (entry->kind != CH_NODE_DICT_ENTRY) {
                bind(checker, entry, NULL);
                continue;
            }
            const ChTypeField *field = NULL;
            if (type && type->kind == CH_TYPE_SHAPE && entry->as.dict_entry.key &&
                entry->as.dict_entry.key->kind == CH_NODE_STRING)
                field = ch_type_field(type, entry->as.dict_entry.key->as.string.text);
            bind(checker, entry->as.dict_entry.value,
                 field && !field->is_optional ? field->type : NULL);
        }
        break;
    case CH_NODE_METHOD_CALL: {
        const ChTypeDecl *decl = enum_of(checker, pattern->as.method_call.object);
        const ChVariant *variant = variant_of(checker, decl, pattern->as.method_call.name.text);
        if (decl)
            link_variant(checker, pattern, decl, pattern->as.method_call.name);
        for (uint32_t i = 0; i < pattern->as.method_call.args.count; i++)
            bind(checker, pattern->as.method_call.args.items[i],
                 variant && i < variant->field_count
                     ? payload(checker, decl, variant->fields[i].type, type)
                     : NULL);
        break;
    }
    case CH_NODE_MEMBER: {
        const ChTypeDecl *decl = enum_of(checker, pattern->as.member.object);
        if (decl)
            link_variant(checker, pattern, decl, pattern->as.member.name);
        break;
    }
    case CH_NODE_CALL:
        for (uint32_t i = 0; i < pattern->as.call.args.count; i++)
            bind(checker, pattern->as.call.args.items[i], NULL);
        break;
    case CH_NODE_OR_PATTERN:
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++) {
            const ChNode *item = pattern->as.list.items.items[i];
            if (!is_literal(item) && !is_wildcard(item) && item->kind != CH_NODE_ERROR)
                ch_diagnostic_add(
                    diagnostics(checker), CH_SEVERITY_ERROR, "HARN-MAT-003", ch_node_range(item),
                    "Or-pattern alternatives must be literal patterns (string, int, float, bool, "
                    "nil, or `_`). Identifier bindings and destructuring patterns are not allowed "
                    "inside `|`.");
        }
        break;
    default: break;
    }
}

/* ---- literals that cannot match ------------------------------------------------------------ */

static void check_literals(ChChecker *checker, const ChNode *pattern, const ChType *value)
{
    const ChTypeStore *types = checker->types;
    for (uint32_t i = 0; i < alternative_count(pattern); i++) {
        const ChNode *leaf = alternative(pattern, i);
        const ChType *type;
        switch (leaf->kind) {
        case CH_NODE_STRING: type = types->string; break;
        case CH_NODE_INT: type = types->int_; break;
        case CH_NODE_FLOAT: type = types->float_; break;
        case CH_NODE_BOOL: type = types->bool_; break;
        default: continue;
        }
        bool is_number = type == types->int_ || type == types->float_;
        if (ch__type_fits(checker, value, type) ||
            (is_number && (ch__type_fits(checker, value, types->int_) ||
                           ch__type_fits(checker, value, types->float_))))
            continue;
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-MAT-003",
                          ch_node_range(leaf),
                          "Match pattern type mismatch: matching %.*s against %.*s literal",
                          CH_STR_ARG(ch_type_text(&checker->analysis->arena, value)),
                          CH_STR_ARG(type->text));
    }
}

/* ---- narrowing in an arm -------------------------------------------------------------------- */

/* The part of a union that a literal can be. */
static const ChType *narrow_to_literal(ChChecker *checker, const ChType *type, const ChNode *leaf)
{
    const ChType *exact = leaf->kind == CH_NODE_STRING
                              ? ch_type_string(checker->types, leaf->as.string.text)
                          : leaf->kind == CH_NODE_INT
                              ? ch_type_int(checker->types, leaf->as.integer.value)
                              : NULL;
    for (uint32_t i = 0; exact && i < type->count; i++)
        if (type->items[i] == exact)
            return exact;
    switch (leaf->kind) {
    case CH_NODE_NIL: return ch__narrow_to_kind(checker, type, CH_STR("nil"));
    case CH_NODE_STRING: return ch__narrow_to_kind(checker, type, CH_STR("string"));
    case CH_NODE_INT: return ch__narrow_to_kind(checker, type, CH_STR("int"));
    case CH_NODE_FLOAT: return ch__narrow_to_kind(checker, type, CH_STR("float"));
    case CH_NODE_BOOL: return ch__narrow_to_kind(checker, type, CH_STR("bool"));
    default: return NULL;
    }
}

static void narrow_arm(ChChecker *checker, const ChNode *match, const ChNode *pattern)
{
    const ChNode *value = match->as.match.value;
    const ChNode *variable = value;
    ChStr tag = {0};
    if (value && value->kind == CH_NODE_MEMBER) {
        variable = value->as.member.object;
        tag = value->as.member.name.text;
    }
    if (!variable || variable->kind != CH_NODE_IDENTIFIER)
        return;
    uint32_t symbol = ch__symbol_at(checker, variable);
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, variable));
    if (symbol == CH_SYMBOL_NONE || !type || type->kind != CH_TYPE_UNION)
        return;
    if (tag.length > 0 && !ch_str_equal(ch__discriminant_of(checker, type), tag))
        return;
    const ChType *narrowed = checker->types->never;
    for (uint32_t i = 0; i < alternative_count(pattern); i++) {
        const ChNode *leaf = alternative(pattern, i);
        const ChType *rest;
        const ChType *part = tag.length > 0
                                 ? ch__narrow_by_tag(checker, type, tag, leaf, &rest)
                                 : narrow_to_literal(checker, type, leaf);
        narrowed = ch_type_union2(checker->types, narrowed, part);
        if (!narrowed)
            return;
    }
    if (narrowed == checker->types->never)
        return;
    ChState state = checker->states[symbol];
    if (!state.is_known)
        return;
    state.current = narrowed;
    ch__state_set(checker, symbol, &state, false);
}

/* ---- coverage --------------------------------------------------------------------------------- */

/* Does an arm without a guard take everything? Patterns that are not understood count
 * as if they did. */
static bool has_catch_all(const ChNode *match, bool (*is_understood)(const ChNode *leaf))
{
    for (uint32_t i = 0; i < match->as.match.arms.count; i++) {
        const ChNode *pattern = match->as.match.arms.items[i]->as.match_arm.pattern;
        if (!pattern)
            return true;
        for (uint32_t k = 0; k < alternative_count(pattern); k++)
            if (!is_understood(alternative(pattern, k)))
                return true;
    }
    return false;
}

static bool is_variant_pattern(const ChNode *leaf)
{
    return leaf->kind == CH_NODE_STRING || leaf->kind == CH_NODE_MEMBER ||
           leaf->kind == CH_NODE_METHOD_CALL;
}

static bool is_tag_pattern(const ChNode *leaf)
{
    return leaf->kind == CH_NODE_STRING || leaf->kind == CH_NODE_INT;
}

static bool is_plain_literal(const ChNode *leaf)
{
    return leaf->kind != CH_NODE_UNARY && is_literal(leaf);
}

/* What an arm covers, as a key: the name of a variant, the text of a string, or the
 * digits of an int behind a NUL, which no name holds. */
static ChStr covered_key(ChChecker *checker, const ChNode *leaf)
{
    switch (leaf->kind) {
    case CH_NODE_STRING: return leaf->as.string.text;
    case CH_NODE_MEMBER: return leaf->as.member.name.text;
    case CH_NODE_METHOD_CALL: return leaf->as.method_call.name.text;
    case CH_NODE_INT:
        return ch_str_format(&checker->analysis->arena, "%c%lld", '\0',
                             (long long)leaf->as.integer.value);
    default: return (ChStr){0};
    }
}

static void collect_covered(ChChecker *checker, const ChNode *match, ChMap *covered)
{
    for (uint32_t i = 0; i < match->as.match.arms.count; i++) {
        const ChNode *pattern = match->as.match.arms.items[i]->as.match_arm.pattern;
        for (uint32_t k = 0; k < alternative_count(pattern); k++)
            ch_map_set_number(covered, covered_key(checker, alternative(pattern, k)), 1);
    }
}

static bool covers_literal(ChChecker *checker, const ChMap *covered, const ChType *literal)
{
    if (literal->kind == CH_TYPE_STRING)
        return ch_map_find(covered, literal->text) != NULL;
    ChStr key = ch_str_format(&checker->analysis->arena, "%c%lld", '\0', (long long)literal->value);
    return ch_map_find(covered, key) != NULL;
}

static bool arms_have_kind(const ChNode *match, ChStr kind)
{
    for (uint32_t i = 0; i < match->as.match.arms.count; i++) {
        const ChNode *pattern = match->as.match.arms.items[i]->as.match_arm.pattern;
        for (uint32_t k = 0; k < alternative_count(pattern); k++) {
            const ChNode *leaf = alternative(pattern, k);
            const char *has = leaf->kind == CH_NODE_NIL      ? "nil"
                              : leaf->kind == CH_NODE_BOOL   ? "bool"
                              : leaf->kind == CH_NODE_INT    ? "int"
                              : leaf->kind == CH_NODE_FLOAT  ? "float"
                              : leaf->kind == CH_NODE_STRING ? "string"
                                                             : "";
            if (ch_str_is(kind, has))
                return true;
        }
    }
    return false;
}

static void add_missing(ChBuffer *missing, const ChType *literal)
{
    ch_buffer_add_text(missing, missing->length > 0 ? ", " : "");
    if (literal->kind == CH_TYPE_STRING)
        ch_buffer_printf(missing, "\"%.*s\"", CH_STR_ARG(literal->text));
    else if (literal->kind == CH_TYPE_INT)
        ch_buffer_printf(missing, "%lld", (long long)literal->value);
    else
        ch_type_format(literal, missing);
}

/* An arm for what is missing, before the closing brace. */
static void report(ChChecker *checker, const ChNode *match, ChSeverity severity, ChStr what, ChBuffer *missing,
                   ChBuffer *arms)
{
    if (missing->length == 0)
        return;
    ChDiagnostic *diagnostic = ch_diagnostic_add(
        diagnostics(checker), severity, "HARN-MAT-001", ch_node_range(match),
        "Non-exhaustive match on %.*s %s", CH_STR_ARG(what), missing->data);
    ch_diagnostic_help(diagnostics(checker), diagnostic,
                       "add the missing arms, or end with a wildcard arm `_ -> { ... }`");
    const ChSource *source = checker->analysis->tree->source;
    if (arms->length == 0 || match->end == 0 || source->text.data[match->end - 1] != '}')
        return;
    ChFix *fix = ch_diagnostic_fix(diagnostics(checker), diagnostic, "add the missing arms");
    ch_fix_edit(diagnostics(checker), fix, (ChRange){match->end - 1, match->end - 1},
                ch_str_copy(&checker->analysis->arena, ch_buffer_view(arms)));
}

static void check_enum(ChChecker *checker, const ChNode *match, const ChTypeDecl *decl,
                       bool by_name)
{
    if (has_catch_all(match, is_variant_pattern))
        return;
    ChBuffer missing = {0}, arms = {0};
    ChMap covered = {0};
    collect_covered(checker, match, &covered);
    for (uint32_t i = 0; i < decl->variant_count; i++) {
        const ChVariant *variant = &decl->variants[i];
        if (ch_map_find(&covered, variant->name))
            continue;
        ch_buffer_printf(&missing, "%s\"%.*s\"", missing.length > 0 ? ", " : "",
                         CH_STR_ARG(variant->name));
        if (by_name)
            ch_buffer_printf(&arms, "  \"%.*s\" -> { }\n", CH_STR_ARG(variant->name));
        else {
            ch_buffer_printf(&arms, "  %.*s.%.*s", CH_STR_ARG(decl->name),
                             CH_STR_ARG(variant->name));
            for (uint32_t f = 0; f < variant->field_count; f++)
                ch_buffer_printf(&arms, "%s%.*s%s", f == 0 ? "(" : ", ",
                                 CH_STR_ARG(variant->fields[f].name),
                                 f + 1 == variant->field_count ? ")" : "");
            ch_buffer_add_text(&arms, " -> { }\n");
        }
    }
    ch_map_release(&covered);
    ChStr what = ch_str_format(&checker->analysis->arena, "enum %.*s: missing variants",
                               CH_STR_ARG(decl->name));
    /* Programs that only look at Ok run in Harn 0.8.27, which does not judge matches of Result. */
    report(checker, match, decl == checker->types->result_decl ? CH_SEVERITY_WARNING : CH_SEVERITY_ERROR, what, &missing, &arms);
    ch_buffer_release(&missing);
    ch_buffer_release(&arms);
}

static void check_tags(ChChecker *checker, const ChNode *match, const ChType *type, ChStr tag)
{
    if (has_catch_all(match, is_tag_pattern))
        return;
    ChBuffer missing = {0}, arms = {0};
    ChMap covered = {0};
    collect_covered(checker, match, &covered);
    for (uint32_t i = 0; i < type->count; i++) {
        const ChType *literal =
            ch__type_resolve(checker, ch_type_field(type->items[i], tag)->type);
        if (covers_literal(checker, &covered, literal))
            continue;
        add_missing(&missing, literal);
        ChBuffer one = {0};
        add_missing(&one, literal);
        ch_buffer_printf(&arms, "  %s -> { }\n", one.data);
        ch_buffer_release(&one);
    }
    ch_map_release(&covered);
    report(checker, match, CH_SEVERITY_ERROR, CH_STR("tagged shape union: missing variants"), &missing, &arms);
    ch_buffer_release(&missing);
    ch_buffer_release(&arms);
}

static void check_union(ChChecker *checker, const ChNode *match, const ChType *type)
{
    bool all_literals = true, all_names = true;
    for (uint32_t i = 0; i < type->count; i++) {
        const ChType *part = type->items[i];
        all_literals &= part->kind == CH_TYPE_STRING || part->kind == CH_TYPE_INT;
        all_names &= part->kind == CH_TYPE_NAME && !part->decl;
    }
    if (!all_literals && !all_names)
        return;
    if (has_catch_all(match, all_literals ? is_tag_pattern : is_plain_literal))
        return;
    ChBuffer missing = {0}, arms = {0};
    ChMap covered = {0};
    collect_covered(checker, match, &covered);
    for (uint32_t i = 0; i < type->count; i++) {
        const ChType *part = type->items[i];
        if (all_literals ? covers_literal(checker, &covered, part)
                         : arms_have_kind(match, part->text))
            continue;
        add_missing(&missing, part);
        if (all_literals) {
            ChBuffer one = {0};
            add_missing(&one, part);
            ch_buffer_printf(&arms, "  %s -> { }\n", one.data);
            ch_buffer_release(&one);
        }
    }
    ch_map_release(&covered);
    report(checker, match, CH_SEVERITY_ERROR,
           all_literals ? CH_STR("literal union: missing") : CH_STR("union type: missing"),
           &missing, &arms);
    ch_buffer_release(&missing);
    ch_buffer_release(&arms);
}

void ch__check_exhaustive(ChChecker *checker, const ChNode *match)
{
    const ChNode *value = match->as.match.value;
    if (!value || (match->flags & CH_FLAG_HAS_ERROR))
        return;
    if (value->kind == CH_NODE_MEMBER && value->as.member.object) {
        const ChType *object =
            ch__type_resolve(checker, ch__type_at(checker, value->as.member.object));
        if (ch_str_is(value->as.member.name.text, "variant") &&
            ch__type_declares(object, CH_TYPE_DECL_ENUM)) {
            check_enum(checker, match, object->decl, true);
            return;
        }
        ChStr tag = ch__discriminant_of(checker, object);
        if (value->as.member.object->kind == CH_NODE_IDENTIFIER && tag.length > 0 &&
            ch_str_equal(tag, value->as.member.name.text)) {
            check_tags(checker, match, object, tag);
            return;
        }
    }
    const ChType *type = ch__type_resolve(checker, ch__type_at(checker, value));
    if (ch__type_declares(type, CH_TYPE_DECL_ENUM))
        check_enum(checker, match, type->decl, false);
    else if (type && type->kind == CH_TYPE_UNION)
        check_union(checker, match, type);
}

/* ---- the node ----------------------------------------------------------------------------------- */

/* A pattern that is an expression to compare with (`limits.max`) is checked as one. */
static bool is_compared(ChChecker *checker, const ChNode *pattern)
{
    switch (pattern->kind) {
    case CH_NODE_IDENTIFIER:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_OR_PATTERN:
    case CH_NODE_CALL: return false;
    case CH_NODE_MEMBER: return !enum_of(checker, pattern->as.member.object);
    case CH_NODE_METHOD_CALL: return !enum_of(checker, pattern->as.method_call.object);
    default: return true;
    }
}

/* Stages of one arm: pattern, guard, body, then the next one. */
ChStep ch__check_match(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    const ChNodeList *arms = &node->as.match.arms;
    ChTypeStore *types = checker->types;
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->type = types->never;
        frame->flag = arms->count > 0; /* every arm so far exits */
        CH_VISIT(checker, node->as.match.value);
    }
    const ChType *value = ch__type_at(checker, node->as.match.value);
    while (frame->index < arms->count) {
        const ChNode *arm = arms->items[frame->index];
        const ChNode *pattern = arm->as.match_arm.pattern;
        switch (frame->stage) {
        case 1:
            frame->stage = 2;
            frame->mark = ch__flow_mark(checker);
            if (pattern && is_compared(checker, pattern))
                CH_VISIT(checker, pattern);
            break;
        case 2:
            frame->stage = 3;
            bind_pattern(checker, pattern, value);
            if (value)
                check_literals(checker, pattern, value);
            narrow_arm(checker, node, pattern);
            CH_VISIT(checker, arm->as.match_arm.guard);
        case 3:
            frame->stage = 4;
            ch__refs_apply(checker, checker->refs.truthy);
            CH_VISIT(checker, arm->as.match_arm.body);
        default:
            frame->stage = 1;
            frame->index++;
            frame->flag &= checker->exits;
            frame->type = ch_type_union2(types, frame->type, checker->type);
            ch__flow_restore(checker, frame->mark);
            break;
        }
    }
    bool takes_all = false;
    for (uint32_t i = 0; i < arms->count; i++) {
        const ChNode *arm = arms->items[i];
        takes_all |= !arm->as.match_arm.guard && arm->as.match_arm.pattern &&
                     is_wildcard(arm->as.match_arm.pattern);
    }
    bool exits = frame->flag && takes_all;
    const ChType *type = frame->type;
    if (type == types->never && !exits)
        type = NULL;
    ch__check_exhaustive(checker, node);
    ch__done(checker, frame, type);
    checker->exits = exits;
    return CH_STEP_DONE;
}
