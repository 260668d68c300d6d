/* Reducers of files, blocks and statements. */
#include <string.h>

#include "syntax/lower_int.h"

#include "base/banned.h"

/* ---- parts without a node of their own */

void ch__reduce_token(Reduction *r) {
    (void)r; /* the entry's range says it all */
}

void ch__reduce_tokens(Reduction *r) {
    (void)r;
}

void ch__reduce_first_child(Reduction *r) {
    for (uint32_t i = 0; i < r->count; i++) {
        ch__pass(r, &r->kids[i]);
        if (r->node) return;
    }
}

void ch__reduce_body(Reduction *r) {
    ch__pass(r, ch__kid(r, FIELD_body));
}

void ch__reduce_list(Reduction *r) {
    r->list = ch__parts_of(r);
}

/* ---- errors, statement lists */

void ch__reduce_error(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_ERROR);
    ChArena *arena = &r->lower->tree->arena;
    ChNodeList *items = &node->as.list.items;
    items->items = CH_ARENA_ARRAY(arena, ChNode *, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        ChNode *item = ch__node_of(r, &r->kids[i]);
        if (item) items->items[items->count++] = item;
    }
}

/* Is it something that only stands as a statement? */
static bool is_statement(const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_IMPORT:
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST:
    case CH_NODE_ASSIGN:
    case CH_NODE_FOR:
    case CH_NODE_WHILE: return true;
    default: return ch_node_is_decl(node);
    }
}

ChNodeList ch__statements_of(Reduction *r, uint32_t from, uint32_t to) {
    uint32_t room = 0;
    for (uint32_t i = from; i < to; i++) {
        const ChNode *node = r->kids[i].node;
        room += !node ? 0 : node->kind == CH_NODE_ERROR ? 1 + node->as.list.items.count : 1;
    }
    ChNodeList list = {0};
    if (!room) return list;
    list.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, room);
    for (uint32_t i = from; i < to; i++) {
        ChNode *node = r->kids[i].node;
        if (!node) continue;
        list.items[list.count++] = node;
        if (node->kind != CH_NODE_ERROR) continue;
        ChNodeList *inner = &node->as.list.items;
        uint32_t kept = 0;
        for (uint32_t j = 0; j < inner->count; j++) {
            if (is_statement(inner->items[j]))
                list.items[list.count++] = inner->items[j];
            else
                inner->items[kept++] = inner->items[j];
        }
        inner->count = kept;
    }
    return list;
}

void ch__reduce_file(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_FILE);
    node->start = 0;
    node->end = r->lower->tree->source->text.length;
    node->as.file.items = ch__statements_of(r, 0, r->count);
}

/* Imports and pipelines stand at the top level. The grammar reads them in blocks all the
 * same, so that a block without its end does not swallow what follows. */
static void refuse_top_level_items(Reduction *r, ChNodeList statements) {
    if (r->has_error || r->lower->has_marks) return;
    for (uint32_t i = 0; i < statements.count; i++) {
        const ChNode *item = statements.items[i];
        bool is_import = item->kind == CH_NODE_IMPORT;
        if (!is_import && (item->kind != CH_NODE_PIPELINE || item->as.decl.attributes.count)) continue;
        ChDiagnostic *diagnostic = ch__syntax_error(
            r->lower, (ChRange){item->start, item->start + (is_import ? 6 : 8)}, "expression", NULL);
        ch_diagnostic_help(&r->lower->tree->diagnostics, diagnostic,
                           "%s stand at the top level of a file, outside of all blocks",
                           is_import ? "imports" : "pipelines");
    }
}

void ch__reduce_block(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_BLOCK);
    uint32_t from = 0;
    const Entry *description = ch__kid_of(r, CST_TOOL_DESCRIPTION);
    if (description) {
        from = (uint32_t)(description - r->kids) + 1;
        if (description->node) {
            r->list.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, 1);
            r->list.items[0] = description->node;
            r->list.count = 1;
        }
    }
    /* The loop variable of a parallel body belongs to the node around it. */
    const Entry *variable = ch__kid(r, FIELD_variable);
    if (variable) {
        from = (uint32_t)(variable - r->kids) + 1;
        r->name = ch__name_of(r, variable);
    }
    node->as.block.statements = ch__statements_of(r, from, r->count);
    refuse_top_level_items(r, node->as.block.statements);
}

/* ---- bindings and assignment */

static ChNode *name_pattern(Reduction *r, const Entry *entry) {
    if (!entry || entry->cst != CST_IDENTIFIER) return entry ? entry->node : NULL;
    ChNode *node = ch__node_new(r->lower, CH_NODE_PATTERN_NAME, entry->start, entry->end);
    node->as.name.name = ch__name_of(r, entry);
    return node;
}

void ch__reduce_binding(Reduction *r) {
    ChNode *node = ch__reduce_to(r, r->cst == CST_LET   ? CH_NODE_LET
                                    : r->cst == CST_VAR ? CH_NODE_VAR
                                                        : CH_NODE_CONST);
    const Entry *name = ch__kid(r, FIELD_pattern);
    node->as.binding.pattern = name_pattern(r, name ? name : ch__kid(r, FIELD_name));
    node->as.binding.type = ch__node_at(r, FIELD_type);
    node->as.binding.value = ch__node_at(r, FIELD_value);
    if (node->as.binding.type && node->as.binding.pattern &&
        node->as.binding.pattern->kind != CH_NODE_PATTERN_NAME) {
        ChDiagnostic *diagnostic = ch__syntax_error(r->lower, ch_node_range(node->as.binding.type), "=", ":");
        ch_diagnostic_help(&r->lower->tree->diagnostics, diagnostic,
                           "a destructuring pattern has no type of its own");
    }
}

static const struct {
    const char *text;
    ChOperator op;
} ASSIGNMENTS[] = {{"=", CH_OPERATOR_NONE},      {"+=", CH_OPERATOR_ADD},    {"-=", CH_OPERATOR_SUBTRACT},
                   {"*=", CH_OPERATOR_MULTIPLY}, {"/=", CH_OPERATOR_DIVIDE}, {"%=", CH_OPERATOR_MODULO}};

void ch__reduce_assignment(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_ASSIGN);
    node->as.assign.target = ch__node_at(r, FIELD_left);
    node->as.assign.value = ch__node_at(r, FIELD_right);
    ChName op = ch__name_at(r, FIELD_operator);
    for (size_t i = 0; i < sizeof ASSIGNMENTS / sizeof *ASSIGNMENTS; i++)
        if (ch_str_is(op.text, ASSIGNMENTS[i].text)) node->as.assign.op = ASSIGNMENTS[i].op;
    const ChNode *target = node->as.assign.target;
    if (target && target->flags & CH_FLAG_OPTIONAL && target->kind != CH_NODE_IDENTIFIER) {
        ChDiagnostic *diagnostic =
            ch__syntax_error(r->lower, op.range, "statement separator (`;` or newline)", NULL);
        ch_diagnostic_help(&r->lower->tree->diagnostics, diagnostic,
                           "an optional access (`?.`, `?[`) cannot be assigned to");
    }
}

/* ---- control flow */

void ch__reduce_if(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_IF);
    node->as.if_.condition = ch__node_at(r, FIELD_condition);
    node->as.if_.then_body = ch__node_at(r, FIELD_consequence);
    r->chain = ch__kid(r, FIELD_alternative);
    node->as.if_.else_body = ch__node_of(r, r->chain);
}

void ch__reduce_for(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_FOR);
    node->as.for_.pattern = name_pattern(r, ch__kid(r, FIELD_pattern));
    node->as.for_.iterable = ch__node_at(r, FIELD_iterable);
    node->as.for_.body = ch__node_at(r, FIELD_body);
}

void ch__reduce_while(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_WHILE);
    node->as.while_.condition = ch__node_at(r, FIELD_condition);
    node->as.while_.body = ch__node_at(r, FIELD_body);
}

void ch__reduce_match(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_MATCH);
    node->as.match.value = ch__node_at(r, FIELD_value);
    node->as.match.arms = ch__nodes_of(r, FIELD_arms);
}

void ch__reduce_match_arm(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_MATCH_ARM);
    node->as.match_arm.pattern = ch__node_at(r, FIELD_pattern);
    node->as.match_arm.guard = ch__node_at(r, FIELD_guard);
    node->as.match_arm.body = ch__node_at(r, FIELD_body);
}

void ch__reduce_sized_body(Reduction *r) {
    static const struct {
        Cst cst;
        ChNodeKind kind;
        CstField value;
    } ROWS[] = {{CST_RETRY, CH_NODE_RETRY, FIELD_count},
                {CST_DEADLINE, CH_NODE_DEADLINE, FIELD_duration},
                {CST_SPAWN, CH_NODE_SPAWN, FIELD_NONE},
                {CST_MUTEX, CH_NODE_MUTEX, FIELD_NONE},
                {CST_DEFER, CH_NODE_DEFER, FIELD_NONE}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (ROWS[i].cst != r->cst) continue;
        ChNode *node = ch__reduce_to(r, ROWS[i].kind);
        node->as.sized_body.value = ROWS[i].value ? ch__node_at(r, ROWS[i].value) : NULL;
        node->as.sized_body.body = ch__node_at(r, FIELD_body);
    }
}

void ch__reduce_guard(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_GUARD);
    node->as.guard.condition = ch__node_at(r, FIELD_condition);
    node->as.guard.else_body = ch__node_at(r, FIELD_alternative);
}

void ch__reduce_require(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_REQUIRE);
    node->as.require.condition = ch__node_at(r, FIELD_condition);
    node->as.require.message = ch__node_at(r, FIELD_message);
}

void ch__reduce_return(Reduction *r) {
    ChNode *node = ch__reduce_to(r, r->cst == CST_RETURN  ? CH_NODE_RETURN
                                    : r->cst == CST_THROW ? CH_NODE_THROW
                                    : r->cst == CST_YIELD ? CH_NODE_YIELD
                                                          : CH_NODE_EMIT);
    node->as.unary.operand = ch__node_at(r, FIELD_value);
}

void ch__reduce_break(Reduction *r) {
    ch__reduce_to(r, r->cst == CST_BREAK ? CH_NODE_BREAK : CH_NODE_CONTINUE);
}

void ch__reduce_try(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_TRY);
    node->as.try_.body = ch__node_at(r, FIELD_body);
    node->as.try_.catch_clause = ch__node_of(r, ch__kid_of(r, CST_CATCH));
    node->as.try_.finally_body = ch__node_of(r, ch__kid_of(r, CST_FINALLY));
}

void ch__reduce_catch(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_CATCH);
    if (ch__kid(r, FIELD_variable)) node->as.catch_.variable = ch__name_at(r, FIELD_variable);
    node->as.catch_.type = ch__node_at(r, FIELD_type);
    node->as.catch_.body = ch__node_at(r, FIELD_body);
}

/* ---- tasks */

void ch__reduce_select_case(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_SELECT_CASE);
    node->as.select_case.variable = ch__name_at(r, FIELD_variable);
    node->as.select_case.channel = ch__node_at(r, FIELD_channel);
    node->as.select_case.body = ch__node_at(r, FIELD_body);
}

/* The select around it takes the parts: duration (when there is one), then body. */
void ch__reduce_select_part(Reduction *r) {
    r->list.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, 2);
    r->list.items[0] = ch__node_at(r, FIELD_duration);
    r->list.items[1] = ch__node_at(r, FIELD_body);
    r->list.count = 2;
}

void ch__reduce_select(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_SELECT);
    ChNodeList *cases = &node->as.select.cases;
    cases->items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, r->count);
    const Entry *timeout = NULL, *fallback = NULL;
    for (uint32_t i = 0; i < r->count; i++) {
        const Entry *kid = &r->kids[i];
        if (kid->node && kid->node->kind == CH_NODE_SELECT_CASE)
            cases->items[cases->count++] = kid->node;
        else if (kid->cst == CST_SELECT_TIMEOUT)
            timeout = kid;
        else if (kid->cst == CST_SELECT_DEFAULT)
            fallback = kid;
    }
    if (timeout && timeout->list.count) {
        node->as.select.timeout = timeout->list.items[0];
        node->as.select.timeout_body = timeout->list.items[1];
    }
    if (fallback && fallback->list.count) node->as.select.default_body = fallback->list.items[1];
    if (r->has_error) return;
    ChRange keyword = {r->start, r->start + 6};
    if (!cases->count && !timeout && !fallback)
        ch__syntax_error(r->lower, keyword, "at least one select case", "}");
    else if (timeout && fallback)
        ch__syntax_error(r->lower, (ChRange){fallback->start, fallback->start + 7},
                         "select cannot have both timeout and default", "default");
}

/* Options in braces: names and values, in the order of the text. */
static ChNodeList options_of(Reduction *r, ChNodeList entries) {
    ChNodeList options = {0};
    if (!entries.count) return options;
    options.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, entries.count);
    for (uint32_t i = 0; i < entries.count; i++) {
        ChNode *entry = entries.items[i];
        if (entry->kind == CH_NODE_ERROR) continue;
        ChNode *key = entry->kind == CH_NODE_DICT_ENTRY ? entry->as.dict_entry.key : NULL;
        if (!key || key->kind != CH_NODE_STRING || !(key->flags & CH_FLAG_BARE_KEY)) {
            ch__syntax_error(r->lower, ch_node_range(key ? key : entry),
                             "option name in `parallel ... with { ... }` block", NULL);
            continue;
        }
        ChStr name = key->as.string.text;
        if (!ch_str_is(name, "max_concurrent"))
            ch__syntax_error(r->lower, ch_node_range(key),
                             ch_str_format(&r->lower->tree->arena,
                                           "known option (only `max_concurrent` is supported in "
                                           "`parallel ... with { ... }`; got `%.*s`)",
                                           CH_STR_ARG(name))
                                 .data,
                             NULL);
        ChNode *option = ch__node_new(r->lower, CH_NODE_NAMED_VALUE, entry->start, entry->end);
        option->as.named_value.name = (ChName){name, ch_node_range(key)};
        option->as.named_value.value = entry->as.dict_entry.value;
        options.items[options.count++] = option;
    }
    return options;
}

void ch__reduce_parallel(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_PARALLEL);
    ChStr mode = ch__name_at(r, FIELD_mode).text;
    ChParallelMode *out = &node->as.parallel.mode;
    *out = ch_str_is(mode, "each")     ? CH_PARALLEL_EACH
           : ch_str_is(mode, "settle") ? CH_PARALLEL_SETTLE
                                       : CH_PARALLEL_COUNT;
    const Entry *as_stream = ch__kid(r, FIELD_as_stream);
    if (as_stream && *out != CH_PARALLEL_EACH && !r->has_error)
        ch__syntax_error(r->lower, (ChRange){as_stream->start, as_stream->end},
                         "`as stream` is only valid after `parallel each ... { ... }`", "as stream");
    if (as_stream && *out == CH_PARALLEL_EACH) *out = CH_PARALLEL_EACH_STREAM;
    node->as.parallel.value = ch__node_at(r, FIELD_value);
    node->as.parallel.options = options_of(r, ch__list_at(r, FIELD_options));
    const Entry *body = ch__kid(r, FIELD_body);
    node->as.parallel.body = ch__node_of(r, body);
    if (body) node->as.parallel.variable = body->name;
}

void ch__reduce_cost_route(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_COST_ROUTE);
    ChNodeList *options = &node->as.cost_route.options;
    options->items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, r->count);
    uint32_t from = 0;
    for (uint32_t i = 0; i < r->count; i++)
        if (r->kids[i].cst == CST_FIELD_ENTRY && r->kids[i].node) {
            options->items[options->count++] = r->kids[i].node;
            from = i + 1;
        }
    ChNodeList statements = ch__statements_of(r, from, r->count);
    uint32_t start = statements.count ? statements.items[0]->start : r->end;
    uint32_t end = statements.count ? statements.items[statements.count - 1]->end : r->end;
    ChNode *body = ch__node_new(r->lower, CH_NODE_BLOCK, start, end);
    body->as.block.statements = statements;
    node->as.cost_route.body = body;
}
