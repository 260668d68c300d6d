/* Declarations and statements. */
#include <string.h>

#include "analysis/check_int.h"

static ChDiagnosticList *diagnostics(ChChecker *checker)
{
    return &checker->analysis->diagnostics;
}

static ChArena *arena(ChChecker *checker)
{
    return &checker->analysis->arena;
}

/* ---- blocks ---------------------------------------------------------------------- */

static ChStep check_block(ChChecker *checker, ChFrame *frame)
{
    const ChNodeList *list = frame->node->kind == CH_NODE_FILE
                                 ? &frame->node->as.file.items
                                 : &frame->node->as.block.statements;
    if (frame->stage++ > 0) {
        bool exits = checker->exits;
        if (exits && !frame->flag && frame->index < list->count) {
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-ORC-008",
                              ch_node_range(list->items[frame->index]), "unreachable code")
                ->is_unnecessary = true;
        }
        frame->flag |= exits;
    }
    if (frame->index < list->count && !frame->flag)
        CH_VISIT(checker, list->items[frame->index++]);
    bool exits = frame->flag;
    const ChType *type = exits                ? checker->types->never
                         : list->count > 0    ? checker->type
                                              : NULL;
    ch__done(checker, frame, type);
    checker->exits = exits;
    return CH_STEP_DONE;
}

/* ---- bindings ---------------------------------------------------------------------- */

/* The default values of a destructuring pattern, one at a time; NULL when done. */
static const ChNode *next_default(ChFrame *frame, const ChNode *pattern)
{
    if (!pattern || (pattern->kind != CH_NODE_PATTERN_DICT && pattern->kind != CH_NODE_PATTERN_LIST))
        return NULL;
    while (frame->index < pattern->as.list.items.count) {
        const ChNode *item = pattern->as.list.items.items[frame->index++];
        if (item->as.pattern_item.default_value)
            return item->as.pattern_item.default_value;
    }
    return NULL;
}

/* What a part of a destructured value is likely to be: shown by editors, not judged. */
static const ChType *part_type(ChChecker *checker, const ChNode *pattern, const ChNode *item,
                               const ChType *value)
{
    const ChType *type = ch__type_resolve(checker, value);
    if (item->flags & CH_FLAG_REST)
        return pattern->kind == CH_NODE_PATTERN_LIST ? (type && type->kind == CH_TYPE_LIST
                                                            ? type
                                                            : checker->types->list)
                                                     : checker->types->dict;
    if (!type)
        return NULL;
    if (pattern->kind == CH_NODE_PATTERN_LIST)
        return type->kind == CH_TYPE_LIST ? type->items[0] : NULL;
    return ch__field_type(checker, type, item->as.pattern_item.key.text, false);
}

/* The parts of a destructured value are untyped: a missing one is nil at run time. */
static void declare_pattern(ChChecker *checker, const ChNode *pattern, const ChType *value)
{
    if (!pattern)
        return;
    if (pattern->kind == CH_NODE_PATTERN_NAME) {
        ch__state_declare(checker, ch__symbol_at(checker, pattern), NULL);
        return;
    }
    if (pattern->kind != CH_NODE_PATTERN_DICT && pattern->kind != CH_NODE_PATTERN_LIST)
        return;
    for (uint32_t i = 0; i < pattern->as.list.items.count; i++) {
        const ChNode *item = pattern->as.list.items.items[i];
        uint32_t symbol = ch__symbol_at(checker, item);
        if (symbol == CH_SYMBOL_NONE)
            continue;
        ch__state_declare(checker, symbol, NULL);
        checker->analysis->symbols.items[symbol].type = part_type(checker, pattern, item, value);
    }
}

static bool is_obvious(const ChNode *value)
{
    switch (value->kind) {
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_STRING:
    case CH_NODE_INTERPOLATION:
    case CH_NODE_BOOL:
    case CH_NODE_NIL:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_STRUCT_LITERAL:
    case CH_NODE_CLOSURE: return true;
    default: return false;
    }
}

static void bind_name(ChChecker *checker, const ChNode *node, const ChNode *pattern,
                      const ChType *actual)
{
    ChStr name = pattern->as.name.name.text;
    const ChNode *value = node->as.binding.value;
    const ChType *written = ch__type_lower(checker->analysis, node->as.binding.type);
    uint32_t symbol = ch__symbol_at(checker, pattern);
    if (node->kind == CH_NODE_CONST)
        ch__check_constant(checker, node, symbol, name);
    if (written && actual && value && !ch__type_fits(checker, written, actual)) {
        const char *word = node->kind == CH_NODE_LET ? "let" : node->kind == CH_NODE_VAR ? "var" : "const";
        ChDiagnostic *diagnostic = ch__report_mismatch(
            checker, "HARN-TYP-007",
            ch_str_format(arena(checker), "%s binding `%.*s`", word, CH_STR_ARG(name)), written,
            actual, value);
        ch_diagnostic_note(diagnostics(checker), diagnostic, NULL,
                           ch_node_range(node->as.binding.type), "expected type declared here");
    }
    if (symbol == CH_SYMBOL_NONE)
        return;
    bool has_type = node->as.binding.type != NULL;
    if (!has_type && actual && value && !is_obvious(value))
        ch_array_push(&checker->analysis->hints,
                      (ChTypeHint){pattern->as.name.name.range.end, actual});
    ch__state_declare(checker, symbol, has_type ? written : actual);
    ChState *state = &checker->states[symbol];
    state->schema = value ? ch__schema_type(checker, value) : NULL;
    state->is_nil_widenable =
        node->kind == CH_NODE_VAR && !has_type && actual == checker->types->nil;
}

static ChStep check_binding(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node, *pattern = node->as.binding.pattern;
    if (frame->stage == 0) {
        frame->stage = 1;
        CH_VISIT(checker, node->as.binding.value);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        frame->type = checker->type;
    }
    const ChNode *next = next_default(frame, pattern);
    if (next)
        CH_VISIT(checker, next);
    if (pattern && pattern->kind == CH_NODE_PATTERN_NAME)
        bind_name(checker, node, pattern, frame->type);
    else
        declare_pattern(checker, pattern, frame->type);
    return ch__done(checker, frame, NULL);
}

static void assign_name(ChChecker *checker, const ChNode *node, const ChType *actual)
{
    const ChNode *target = node->as.assign.target;
    uint32_t symbol = ch__symbol_at(checker, target);
    if (symbol == CH_SYMBOL_NONE)
        return;
    const ChSymbol *entry = &checker->analysis->symbols.items[symbol];
    bool is_variable = entry->kind == CH_SYMBOL_VARIABLE || entry->kind == CH_SYMBOL_PARAMETER ||
                       entry->kind == CH_SYMBOL_CONSTANT;
    if (!is_variable)
        return;
    if (!entry->is_mutable && !entry->module) {
        ChDiagnostic *diagnostic = ch_diagnostic_add(
            diagnostics(checker), CH_SEVERITY_WARNING, "HARN-OWN-001", ch_node_range(node),
            "Cannot assign to '%.*s': variable is immutable (declared with 'let')",
            CH_STR_ARG(entry->name));
        ch_diagnostic_note(diagnostics(checker), diagnostic, NULL, entry->range,
                           "`%.*s` is declared here", CH_STR_ARG(entry->name));
        if (entry->node && entry->node->kind == CH_NODE_PATTERN_NAME &&
            entry->full_range.start < entry->range.start &&
            ch_str_starts_with(ch_source_text(checker->analysis->tree->source, entry->full_range),
                               CH_STR("let"))) {
            ChFix *fix = ch_diagnostic_fix(diagnostics(checker), diagnostic, "declare it with `var`");
            ch_fix_edit(diagnostics(checker), fix,
                        (ChRange){entry->full_range.start, entry->full_range.start + 3},
                        CH_STR("var"));
        }
    }
    ChState state = checker->states[symbol];
    if (!state.is_known)
        return;
    bool is_outer = state.function != checker->function->number;
    if (state.declared && actual && !ch__type_fits(checker, state.declared, actual)) {
        if (state.is_nil_widenable) {
            state.declared = is_outer ? NULL
                                      : ch_type_union2(checker->types, actual, checker->types->nil);
            state.is_nil_widenable = false;
        } else if (entry->is_top_level && !entry->is_annotated) {
            /* A script may use one variable for many things, as long as it does not say
             * that it won't. */
            state.declared = NULL;
        } else if (node->as.assign.value) {
            ChDiagnostic *diagnostic = ch__report_mismatch(
                checker, "HARN-TYP-005",
                ch_str_format(arena(checker), "assignment to `%.*s`", CH_STR_ARG(entry->name)),
                state.declared, actual, node->as.assign.value);
            ch_diagnostic_note(diagnostics(checker), diagnostic, NULL, entry->range,
                               "`%.*s` has this expected type", CH_STR_ARG(entry->name));
        }
    }
    state.current = state.is_nil_widenable ? checker->types->nil : state.declared;
    if (state.is_nil_widenable && !actual) {
        state.declared = state.current = NULL;
        state.is_nil_widenable = false;
    }
    state.ruled_out = NULL;
    state.schema = NULL;
    ch__state_set(checker, symbol, &state, true);
}

/* The target of an assignment is a place, not a value: only the indices in it and the
 * variable at its root are looked at. */
static ChStep check_assign(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node, *target = node->as.assign.target;
    if (frame->stage == 0) {
        frame->stage = 1;
        frame->data = (void *)target;
        CH_VISIT(checker, node->as.assign.value);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        frame->type = checker->type;
    }
    while (frame->data) {
        const ChNode *place = frame->data;
        if (place->kind == CH_NODE_INDEX) {
            frame->data = place->as.index.object;
            CH_VISIT(checker, place->as.index.index);
        }
        if (place->kind == CH_NODE_MEMBER) {
            frame->data = place->as.member.object;
            continue;
        }
        frame->data = NULL;
        if (place != target || place->kind != CH_NODE_IDENTIFIER ||
            node->as.assign.op != CH_OPERATOR_NONE)
            CH_VISIT(checker, place);
    }
    if (target && target->kind == CH_NODE_IDENTIFIER) {
        const ChType *actual = frame->type;
        if (node->as.assign.op != CH_OPERATOR_NONE)
            actual = ch__binary_type(checker, node->as.assign.op, ch__type_at(checker, target),
                                     actual);
        assign_name(checker, node, actual);
    } else if (target && target->kind == CH_NODE_MEMBER && target->as.member.object) {
        ch__link_member(checker, target, ch__type_at(checker, target->as.member.object),
                        target->as.member.name, CH_REFERENCE_WRITE);
    }
    return ch__done(checker, frame, NULL);
}

/* ---- branches and loops -------------------------------------------------------------- */

static ChStep check_if(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    ChTypeStore *types = checker->types;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.if_.condition);
    case 1:
        frame->refs = checker->refs;
        frame->mark = ch__flow_mark(checker);
        ch__refs_apply(checker, frame->refs.truthy);
        CH_VISIT(checker, node->as.if_.then_body);
    case 2:
        frame->flag = checker->exits;
        frame->type = checker->type;
        ch__flow_restore(checker, frame->mark);
        if (!node->as.if_.else_body) {
            bool exits = frame->flag;
            ch__done(checker, frame, NULL);
            if (exits)
                ch__refs_apply(checker, frame->refs.falsy);
            return CH_STEP_DONE;
        }
        frame->mark = ch__flow_mark(checker);
        ch__refs_apply(checker, frame->refs.falsy);
        CH_VISIT(checker, node->as.if_.else_body);
    default: {
        bool then_exits = frame->flag, else_exits = checker->exits;
        const ChType *then_type = frame->type, *else_type = checker->type;
        ch__flow_restore(checker, frame->mark);
        ch__done(checker, frame, ch_type_union2(types, then_type, else_type));
        checker->exits = then_exits && else_exits;
        if (then_exits && !else_exits)
            ch__refs_apply(checker, frame->refs.falsy);
        else if (else_exits && !then_exits)
            ch__refs_apply(checker, frame->refs.truthy);
        return CH_STEP_DONE;
    }
    }
}

static ChStep check_while(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0:
        frame->mark = ch__flow_mark(checker);
        ch__flow_enter_loop(checker, ch_node_range(node));
        CH_VISIT(checker, node->as.while_.condition);
    case 1:
        ch__refs_apply(checker, checker->refs.truthy);
        CH_VISIT(checker, node->as.while_.body);
    default:
        ch__flow_restore(checker, frame->mark);
        return ch__done(checker, frame, NULL);
    }
}

/* A node stands for one symbol; the second one of `(k, v)` is found by its place. */
static uint32_t second_of_pair(ChChecker *checker, const ChNode *pattern)
{
    const ChAnalysis *analysis = checker->analysis;
    ChName name = pattern->as.pattern_pair.second;
    uint32_t number = ch_map_get_number(&analysis->all_names, name.text, 0);
    uint32_t at = number ? number - 1 : CH_SYMBOL_NONE;
    while (at != CH_SYMBOL_NONE && analysis->symbols.items[at].range.start != name.range.start)
        at = analysis->symbols.items[at].same_name;
    return at;
}

static ChStep check_for(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node, *pattern = node->as.for_.pattern;
    if (frame->stage == 0) {
        frame->stage = 1;
        CH_VISIT(checker, node->as.for_.iterable);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        frame->type = ch__item_type(checker, checker->type);
        frame->mark = ch__flow_mark(checker);
        ch__flow_enter_loop(checker, ch_node_range(node));
    }
    if (frame->stage == 2) {
        const ChNode *next = next_default(frame, pattern);
        if (next)
            CH_VISIT(checker, next);
        frame->stage = 3;
        const ChType *item = frame->type;
        if (pattern && pattern->kind == CH_NODE_PATTERN_NAME) {
            ch__state_declare(checker, ch__symbol_at(checker, pattern), item);
        } else if (pattern && pattern->kind == CH_NODE_PATTERN_PAIR) {
            bool is_pair = item && item->kind == CH_TYPE_APPLIED && item->count == 2 &&
                           ch_str_is(item->text, "Pair");
            ch__state_declare(checker, ch__symbol_at(checker, pattern),
                              is_pair ? item->items[0] : NULL);
            ch__state_declare(checker, second_of_pair(checker, pattern),
                              is_pair ? item->items[1] : NULL);
        } else {
            declare_pattern(checker, pattern, item);
        }
        CH_VISIT(checker, node->as.for_.body);
    }
    ch__flow_restore(checker, frame->mark);
    return ch__done(checker, frame, NULL);
}

/* retry, deadline, spawn, mutex, defer */
static ChStep check_sized_body(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.sized_body.value);
    case 1:
        frame->mark = ch__flow_mark(checker);
        if (node->kind == CH_NODE_RETRY)
            ch__flow_enter_loop(checker, ch_node_range(node));
        if (node->kind == CH_NODE_SPAWN) {
            ChFunction *function = CH_ARENA_NEW(arena(checker), ChFunction);
            function->is_function = checker->function->is_function;
            ch__function_enter(checker, function);
        }
        CH_VISIT(checker, node->as.sized_body.body);
    default:
        if (node->kind == CH_NODE_SPAWN)
            ch__function_leave(checker);
        ch__flow_restore(checker, frame->mark);
        const ChType *type = node->kind == CH_NODE_MUTEX || node->kind == CH_NODE_DEADLINE
                                 ? checker->type
                                 : NULL;
        if (type && type->kind == CH_TYPE_NEVER)
            type = NULL;
        return ch__done(checker, frame, type);
    }
}

static ChStep check_parallel(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    const ChNodeList *options = &node->as.parallel.options;
    ChTypeStore *types = checker->types;
    if (frame->stage == 0) {
        frame->stage = 1;
        CH_VISIT(checker, node->as.parallel.value);
    }
    if (frame->stage == 1) {
        frame->stage = 2;
        frame->type = checker->type;
    } else if (frame->stage == 2) {
        const ChNode *option = options->items[frame->index - 1];
        const ChType *type = checker->type;
        if (ch_str_is(option->as.named_value.name.text, "max_concurrent") && type &&
            !ch__type_fits(checker, types->int_, type))
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-ORC-002",
                              ch_node_range(option->as.named_value.value),
                              "`max_concurrent` on `parallel` must be int, got %.*s",
                              CH_STR_ARG(ch_type_text(arena(checker), type)));
    }
    if (frame->stage == 2 && frame->index < options->count)
        CH_VISIT(checker, options->items[frame->index++]->as.named_value.value);
    if (frame->stage == 2) {
        frame->stage = 3;
        frame->mark = ch__flow_mark(checker);
        ChFunction *function = CH_ARENA_NEW(arena(checker), ChFunction);
        function->is_function = checker->function->is_function;
        ch__function_enter(checker, function);
        const ChType *item = node->as.parallel.mode == CH_PARALLEL_COUNT
                                 ? types->int_
                             : frame->type && frame->type->kind == CH_TYPE_LIST
                                 ? frame->type->items[0]
                                 : NULL;
        ch__state_declare(checker, ch__symbol_at(checker, node), item);
        CH_VISIT(checker, node->as.parallel.body);
    }
    const ChType *body = checker->type ? checker->type : types->wildcard;
    if (body->kind == CH_TYPE_NEVER)
        body = types->wildcard;
    ch__function_leave(checker);
    ch__flow_restore(checker, frame->mark);
    switch (node->as.parallel.mode) {
    case CH_PARALLEL_COUNT:
    case CH_PARALLEL_EACH:
        return ch__done(checker, frame, ch_type_of(types, CH_TYPE_LIST, body));
    case CH_PARALLEL_EACH_STREAM:
        return ch__done(checker, frame, ch_type_of(types, CH_TYPE_STREAM, body));
    default: return ch__done(checker, frame, types->dict);
    }
}

static ChStep check_select(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    if (frame->stage == 0) {
        if (frame->index < node->as.select.cases.count)
            CH_VISIT(checker, node->as.select.cases.items[frame->index++]);
        frame->stage = 1;
    }
    switch (frame->stage++) {
    case 1: CH_VISIT(checker, node->as.select.timeout);
    case 2:
        frame->mark = ch__flow_mark(checker);
        CH_VISIT(checker, node->as.select.timeout_body);
    case 3:
        ch__flow_restore(checker, frame->mark);
        CH_VISIT(checker, node->as.select.default_body);
    default:
        ch__flow_restore(checker, frame->mark);
        return ch__done(checker, frame, NULL);
    }
}

static ChStep check_select_case(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.select_case.channel);
    case 1:
        frame->mark = ch__flow_mark(checker);
        ch__state_declare(checker, ch__symbol_at(checker, node), NULL);
        CH_VISIT(checker, node->as.select_case.body);
    default:
        ch__flow_restore(checker, frame->mark);
        return ch__done(checker, frame, NULL);
    }
}

static ChStep check_cost_route(ChChecker *checker, ChFrame *frame)
{
    const ChNodeList *options = &frame->node->as.cost_route.options;
    while (frame->stage == 0 && frame->index < options->count) {
        const ChNode *option = options->items[frame->index++];
        if (option->as.named_value.value &&
            option->as.named_value.value->kind != CH_NODE_IDENTIFIER)
            CH_VISIT(checker, option->as.named_value.value);
    }
    if (frame->stage++ == 0) {
        frame->mark = ch__flow_mark(checker);
        CH_VISIT(checker, frame->node->as.cost_route.body);
    }
    ch__flow_restore(checker, frame->mark);
    return ch__done(checker, frame, NULL);
}

/* ---- errors ------------------------------------------------------------------------------ */

/* `try { }` alone makes a Result of what the block gives. */
static const ChType *result_of_try(ChChecker *checker, const ChType *body)
{
    ChTypeStore *types = checker->types;
    if (body && body->decl == types->result_decl && body->kind == CH_TYPE_NAME)
        return body;
    if (body && body->decl == types->result_decl) {
        const ChType *args[2] = {body->items[0], types->wildcard};
        return ch_type_applied(types, CH_STR("Result"), types->result_decl, args, 2);
    }
    if (body && (body->kind == CH_TYPE_NEVER || body->kind == CH_TYPE_ANY ||
                 body->kind == CH_TYPE_UNION))
        body = NULL;
    const ChType *args[2] = {body, NULL};
    return ch_type_applied(types, CH_STR("Result"), types->result_decl, args, 2);
}

static ChStep check_try(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0:
        frame->mark = ch__flow_mark(checker);
        CH_VISIT(checker, node->as.try_.body);
    case 1:
        frame->type = checker->type;
        ch__flow_restore(checker, frame->mark);
        CH_VISIT(checker, node->as.try_.catch_clause);
    case 2:
        frame->mark = ch__flow_mark(checker);
        CH_VISIT(checker, node->as.try_.finally_body);
    default:
        ch__flow_restore(checker, frame->mark);
        if (node->as.try_.catch_clause || node->as.try_.finally_body)
            return ch__done(checker, frame, NULL);
        return ch__done(checker, frame, result_of_try(checker, frame->type));
    }
}

static ChStep check_catch(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    if (frame->stage++ == 0) {
        frame->mark = ch__flow_mark(checker);
        ch__state_declare(checker, ch__symbol_at(checker, node),
                          ch__type_lower(checker->analysis, node->as.catch_.type));
        CH_VISIT(checker, node->as.catch_.body);
    }
    ch__flow_restore(checker, frame->mark);
    return ch__done(checker, frame, NULL);
}

static ChStep check_guard(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, node->as.guard.condition);
    case 1:
        frame->refs = checker->refs;
        frame->mark = ch__flow_mark(checker);
        ch__refs_apply(checker, frame->refs.falsy);
        CH_VISIT(checker, node->as.guard.else_body);
    default:
        ch__flow_restore(checker, frame->mark);
        ch__done(checker, frame, NULL);
        ch__refs_apply(checker, frame->refs.truthy);
        return CH_STEP_DONE;
    }
}

static ChStep check_require(ChChecker *checker, ChFrame *frame)
{
    switch (frame->stage++) {
    case 0: CH_VISIT(checker, frame->node->as.require.condition);
    case 1:
        frame->refs = checker->refs;
        CH_VISIT(checker, frame->node->as.require.message);
    default:
        ch__done(checker, frame, NULL);
        ch__refs_apply(checker, frame->refs.truthy);
        return CH_STEP_DONE;
    }
}

static void report_return(ChChecker *checker, const ChNode *value, const ChType *actual)
{
    const ChFunction *function = checker->function;
    if (!function->result || !value)
        return;
    const ChSymbol *symbol = value->kind == CH_NODE_IDENTIFIER ? ch__symbol_of(checker, value) : NULL;
    if (symbol && symbol->type && symbol->type->kind == CH_TYPE_OWNED && function->result->kind != CH_TYPE_OWNED)
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_WARNING, "HARN-OWN-003", ch_node_range(value),
                          "owned binding `%.*s` escapes its scope via `return`; either return `owned<…>` to transfer "
                          "ownership or drop the value before returning",
                          CH_STR_ARG(symbol->name));
    if (!actual || ch__type_fits(checker, function->result, actual))
        return;
    ChDiagnostic *diagnostic = ch__report_mismatch(checker, "HARN-TYP-004", CH_STR("return value"),
                                                   function->result, actual, value);
    ch_diagnostic_note(diagnostics(checker), diagnostic, NULL, function->result_range,
                       "return type declared here");
}

static void check_emit(ChChecker *checker, const ChNode *node, const ChType *actual)
{
    const ChFunction *function = checker->function;
    if (!function->is_gen) {
        ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-ORC-002",
                          ch_node_range(node), "`emit` can only be used inside a `gen fn`");
    } else if (function->emits && actual && !ch__type_fits(checker, function->emits, actual)) {
        ChDiagnostic *diagnostic =
            ch__report_mismatch(checker, "HARN-TYP-004", CH_STR("`emit` value"), function->emits,
                                actual, node->as.unary.operand);
        ch_diagnostic_note(diagnostics(checker), diagnostic, NULL, function->result_range,
                           "stream emit type expected here");
    }
}

/* return, throw, yield, emit */
static ChStep check_exit(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    if (frame->stage++ == 0)
        CH_VISIT(checker, node->as.unary.operand);
    const ChType *actual = checker->type;
    switch (node->kind) {
    case CH_NODE_RETURN: report_return(checker, node->as.unary.operand, actual); break;
    case CH_NODE_THROW: ch__check_unknown_covered(checker, ch_node_range(node), "throw"); break;
    case CH_NODE_YIELD:
        if (checker->function->is_gen)
            ch_diagnostic_add(diagnostics(checker), CH_SEVERITY_ERROR, "HARN-ORC-002",
                              ch_node_range(node),
                              "`yield` is not a stream emit; use `emit` inside `gen fn`");
        return ch__done(checker, frame, NULL);
    default: check_emit(checker, node, actual); return ch__done(checker, frame, NULL);
    }
    ch__done(checker, frame, checker->types->never);
    checker->exits = true;
    return CH_STEP_DONE;
}

/* ---- declarations ---------------------------------------------------------------------------- */

static ChStep check_fields(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    bool is_skill = node->kind == CH_NODE_SKILL;
    const ChNodeList *fields = is_skill ? &node->as.skill.fields : &node->as.eval_pack.fields;
    if (frame->index < fields->count)
        CH_VISIT(checker, fields->items[frame->index++]->as.named_value.value);
    switch (frame->stage++) {
    case 0:
        ch__check_attributes(checker, node);
        ch__state_declare(checker, ch__symbol_at(checker, node),
                          is_skill ? NULL : checker->types->dict);
        if (is_skill)
            return ch__done(checker, frame, NULL);
        CH_VISIT(checker, node->as.eval_pack.body);
    case 1: CH_VISIT(checker, node->as.eval_pack.summarize);
    default: return ch__done(checker, frame, NULL);
    }
}

static ChStep check_type_decl(ChChecker *checker, ChFrame *frame)
{
    const ChNode *node = frame->node;
    if (node->kind == CH_NODE_IMPL) {
        if (frame->stage++ == 0)
            ch__check_attributes(checker, node);
        if (frame->index < node->as.impl.methods.count)
            CH_VISIT(checker, node->as.impl.methods.items[frame->index++]);
        return ch__done(checker, frame, NULL);
    }
    ch__check_attributes(checker, node);
    const ChSymbol *symbol = ch__symbol_of(checker, node);
    if (symbol && !symbol->module)
        ch__variance_check(checker->analysis, symbol);
    return ch__done(checker, frame, NULL);
}

ChStep ch__check_statement(ChChecker *checker, ChFrame *frame)
{
    switch (frame->node->kind) {
    case CH_NODE_FILE:
    case CH_NODE_BLOCK: return check_block(checker, frame);
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST: return check_binding(checker, frame);
    case CH_NODE_ASSIGN: return check_assign(checker, frame);
    case CH_NODE_IF: return check_if(checker, frame);
    case CH_NODE_FOR: return check_for(checker, frame);
    case CH_NODE_WHILE: return check_while(checker, frame);
    case CH_NODE_RETRY:
    case CH_NODE_DEADLINE:
    case CH_NODE_SPAWN:
    case CH_NODE_MUTEX:
    case CH_NODE_DEFER: return check_sized_body(checker, frame);
    case CH_NODE_COST_ROUTE: return check_cost_route(checker, frame);
    case CH_NODE_PARALLEL: return check_parallel(checker, frame);
    case CH_NODE_SELECT: return check_select(checker, frame);
    case CH_NODE_SELECT_CASE: return check_select_case(checker, frame);
    case CH_NODE_TRY: return check_try(checker, frame);
    case CH_NODE_CATCH: return check_catch(checker, frame);
    case CH_NODE_GUARD: return check_guard(checker, frame);
    case CH_NODE_REQUIRE: return check_require(checker, frame);
    case CH_NODE_RETURN:
    case CH_NODE_THROW:
    case CH_NODE_YIELD:
    case CH_NODE_EMIT: return check_exit(checker, frame);
    case CH_NODE_BREAK:
    case CH_NODE_CONTINUE:
        ch__done(checker, frame, checker->types->never);
        checker->exits = true;
        return CH_STEP_DONE;
    case CH_NODE_SKILL:
    case CH_NODE_EVAL_PACK: return check_fields(checker, frame);
    default: return check_type_decl(checker, frame);
    }
}
