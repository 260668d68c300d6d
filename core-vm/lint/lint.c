/* The walk over a file: scopes, uses of names, what holds around a node, and the rules at each node. */
#include <stdarg.h>
#include <string.h>

#include "lint/lint_int.h"

#include "base/banned.h"

static const ChLintRuleInfo rules[] = {
#define CH_LINT_RULE(id, name, code, severity, doc) {name, code, doc, CH_SEVERITY_##severity},
#include "lint/rules.def"
#undef CH_LINT_RULE
};

typedef void (*NodeRule)(ChLinter *linter, const ChNode *node);
static const struct {
    ChNodeKind kind;
    NodeRule run;
} node_rules[] = {
#define CH_LINT_ON(kind, function) {CH_NODE_##kind, ch__lint_##function},
#include "lint/rules.def"
#undef CH_LINT_ON
};
static void (*const end_rules[])(ChLinter *linter) = {
#define CH_LINT_AT_END(function) ch__lint_##function,
#include "lint/rules.def"
#undef CH_LINT_AT_END
};

const ChLintRuleInfo *ch_lint_rule(ChLintRule rule) { return &rules[rule]; }

ChLintRule ch_lint_rule_find(ChStr name)
{
    if (ch_str_is(name, "unreachable-code"))
        return CH_LINT_DEAD_CODE;
    ChLintRule rule = 0;
    while (rule < CH_LINT_RULE_COUNT && !ch_str_is(name, rules[rule].name))
        rule++;
    return rule;
}

/* ---- reports ---- */

ChDiagnostic *ch__lint_report(ChLinter *linter, ChLintRule rule, ChRange range, const char *format, ...)
{
    if (linter->options->disabled[rule])
        return NULL;
    ChBuffer text = {0};
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&text, format, args);
    va_end(args);
    ChDiagnostic *diagnostic = ch_diagnostic_add(linter->out, rules[rule].severity, rules[rule].code, range, "%.*s",
                                                 (int)text.length, text.data);
    ch_buffer_release(&text);
    ch_diagnostic_label(linter->out, diagnostic, "lint[%s]", rules[rule].name);
    diagnostic->is_unnecessary = rule == CH_LINT_UNUSED_VARIABLE || rule == CH_LINT_UNUSED_PATTERN ||
                                 rule == CH_LINT_UNUSED_PARAMETER || rule == CH_LINT_UNUSED_IMPORT ||
                                 rule == CH_LINT_UNUSED_FUNCTION || rule == CH_LINT_UNUSED_TYPE ||
                                 rule == CH_LINT_DEAD_CODE;
    return diagnostic;
}

void ch__lint_help(ChLinter *linter, ChDiagnostic *diagnostic, const char *format, ...)
{
    if (!diagnostic)
        return;
    ChBuffer text = {0};
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&text, format, args);
    va_end(args);
    ch_diagnostic_help(linter->out, diagnostic, "%.*s", (int)text.length, text.data);
    ch_buffer_release(&text);
}

void ch__lint_edit(ChLinter *linter, ChDiagnostic *diagnostic, const char *title, ChRange range, const char *format, ...)
{
    if (!diagnostic)
        return;
    ChBuffer text = {0};
    va_list args;
    va_start(args, format);
    ch_buffer_vprintf(&text, format, args);
    va_end(args);
    ChFix *fix = ch_diagnostic_fix(linter->out, diagnostic, "%s", title);
    fix->is_safe = true;
    ch_fix_edit(linter->out, fix, range, ch_buffer_view(&text));
    ch_buffer_release(&text);
}

void ch__lint_edit_copy(ChLinter *linter, ChDiagnostic *diagnostic, const char *title, ChRange range, ChRange from)
{
    ChStr text = ch_source_text(linter->source, from);
    ch__lint_edit(linter, diagnostic, title, range, "%.*s", (int)text.length, text.data);
}

/* ---- helpers of the rules ---- */

bool ch__lint_is_visible(const ChLinter *linter, ChStr name)
{
    return ch_map_get_number(&linter->visible, name, 0) != 0;
}

bool ch__lint_is_listed(ChStr name, const char *const *words)
{
    for (; *words; words++)
        if (ch_str_is(name, *words))
            return true;
    return false;
}

bool ch__lint_has_comment(const ChLinter *linter, uint32_t start, uint32_t end)
{
    uint32_t low = 0, high = linter->tree->comment_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (linter->tree->comments[middle].range.start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < linter->tree->comment_count && linter->tree->comments[low].range.start < end;
}

ChStr ch__lint_callee(const ChNode *call)
{
    const ChNode *callee = ch__lint_is(call, CH_NODE_CALL) ? call->as.call.callee : NULL;
    return ch__lint_is(callee, CH_NODE_IDENTIFIER) ? callee->as.name.name.text : (ChStr){0};
}

ChStr ch__lint_string(const ChNode *node)
{
    return ch__lint_is(node, CH_NODE_STRING) ? node->as.string.text : (ChStr){0};
}

const ChNode *ch__lint_entry(const ChNode *dict, const char *key, const ChNode **key_node)
{
    if (!ch__lint_is(dict, CH_NODE_DICT))
        return NULL;
    for (uint32_t i = 0; i < dict->as.list.items.count; i++) {
        const ChNode *entry = dict->as.list.items.items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || !ch__lint_is(entry->as.dict_entry.key, CH_NODE_STRING) ||
            !ch_str_is(entry->as.dict_entry.key->as.string.text, key))
            continue;
        if (key_node)
            *key_node = entry->as.dict_entry.key;
        return entry->as.dict_entry.value;
    }
    return NULL;
}

/* ---- scopes ---- */

static void scope_push(ChLinter *linter) { ch_array_push(&linter->scopes, linter->bindings.count); }

static void scope_pop(ChLinter *linter)
{
    uint32_t first = ch_array_pop(&linter->scopes);
    while (linter->bindings.count > first) {
        ChLintBinding binding = ch_array_pop(&linter->bindings);
        ch_map_set_number(&linter->visible, binding.name, binding.hidden);
    }
}

static void bind(ChLinter *linter, ChStr name)
{
    uint32_t hidden = ch_map_get_number(&linter->visible, name, 0), scope = linter->scopes.count;
    if (hidden && linter->bindings.items[hidden - 1].scope == scope)
        return;
    ch_array_push(&linter->bindings, (ChLintBinding){name, scope, hidden});
    ch_map_set_number(&linter->visible, name, linter->bindings.count);
}

/* Report what the name hides. */
static void check_shadow(ChLinter *linter, ChName name, bool may_redeclare)
{
    uint32_t found = ch_map_get_number(&linter->visible, name.text, 0);
    if (!found)
        return;
    const ChLintBinding *binding = &linter->bindings.items[found - 1];
    bool is_same = binding->scope == linter->scopes.count;
    if (is_same && !may_redeclare) {
        ChDiagnostic *diagnostic =
            ch__lint_report(linter, CH_LINT_SHADOW, name.range,
                            "cannot redeclare immutable variable `%.*s` in the same scope", CH_STR_ARG(name.text));
        ch__lint_help(linter, diagnostic, "use `var %.*s` for a mutable binding, or choose a different name",
                      CH_STR_ARG(name.text));
    }
    if (is_same ? binding->hidden != 0 : true) {
        ChDiagnostic *diagnostic =
            ch__lint_report(linter, CH_LINT_SHADOW, name.range, "variable `%.*s` shadows a variable in an outer scope",
                            CH_STR_ARG(name.text));
        ch__lint_help(linter, diagnostic, "consider renaming to avoid shadowing `%.*s`", CH_STR_ARG(name.text));
    }
}

static void use(ChMap *map, ChStr name) { ch_map_set_number(map, name, 1); }

static void declare_variable(ChLinter *linter, ChName name, const ChNode *node, bool is_mutable, bool is_simple)
{
    if (!name.text.length || ch_str_is(name.text, "_"))
        return;
    check_shadow(linter, name, is_mutable);
    bind(linter, name.text);
    ch_array_push(&linter->variables, (ChLintName){name, node, is_mutable, is_simple});
}

static void declare_pattern(ChLinter *linter, const ChNode *pattern, const ChNode *node, bool is_mutable)
{
    if (!pattern)
        return;
    if (pattern->kind == CH_NODE_PATTERN_NAME)
        declare_variable(linter, pattern->as.name.name, node, is_mutable, true);
    else if (pattern->kind == CH_NODE_PATTERN_PAIR) {
        declare_variable(linter, pattern->as.pattern_pair.first, node, is_mutable, false);
        declare_variable(linter, pattern->as.pattern_pair.second, node, is_mutable, false);
    } else if (pattern->kind == CH_NODE_PATTERN_DICT || pattern->kind == CH_NODE_PATTERN_LIST)
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++)
            declare_variable(linter, pattern->as.list.items.items[i]->as.pattern_item.name, node, is_mutable, false);
}

static void declare_parameters(ChLinter *linter, const ChNodeList *params)
{
    for (uint32_t i = 0; i < params->count; i++) {
        ChName name = params->items[i]->as.param.name;
        if (!name.text.length || ch_str_is(name.text, "_"))
            continue;
        check_shadow(linter, name, true);
        bind(linter, name.text);
        ch_array_push(&linter->parameters, (ChLintName){name, params->items[i], false, true});
    }
}

/* A name that the construct itself gives: nobody has to use it. */
static void bind_used(ChLinter *linter, ChStr name)
{
    if (!name.length)
        return;
    bind(linter, name);
    use(&linter->references, name);
}

static bool is_test_name(ChStr name) { return ch_str_is(name, "test") || ch_str_starts_with(name, CH_STR("test_")); }

/* ---- entering a node ---- */

static void enter_function(ChLinter *linter, const ChNode *node, const ChNodeList *params)
{
    scope_push(linter);
    declare_parameters(linter, params);
    ch_array_push(&linter->loop_depths, 0u);
}

static void add_complexity(ChLinter *linter, uint32_t n)
{
    if (linter->complexities.count)
        ch_array_last(&linter->complexities) += n;
}

static const char *const connector_exports[] = {"normalize_inbound", "poll_tick", "call", "activate", NULL};

static void enter_named_function(ChLinter *linter, const ChNode *node, const ChNodeList *params, const ChNode *result)
{
    ChName name = node->as.decl.name;
    bool is_method = node->kind == CH_NODE_FN && ch__lint_is(ch__lint_above(linter, 1), CH_NODE_IMPL);
    if (!is_method)
        ch_array_push(&linter->functions, (ChLintName){name, node, false, true});
    enter_function(linter, node, params);
    ch_array_push(&linter->complexities, 1u);
    ch_array_push(&linter->returns, result);
    if (node->kind == CH_NODE_FN && ch__lint_is_listed(name.text, connector_exports))
        ch_array_push(&linter->exports, name.text);
}

/* The scope of a body; bodies of functions share the one of their parameters. */
static bool block_has_scope(const ChNode *parent)
{
    if (!parent)
        return false;
    switch (parent->kind) {
    case CH_NODE_PIPELINE: case CH_NODE_FN: case CH_NODE_TOOL: case CH_NODE_CLOSURE: case CH_NODE_DEFER:
    case CH_NODE_EVAL_PACK: case CH_NODE_OVERRIDE:
        return false;
    default:
        return true;
    }
}

static void enter_block(ChLinter *linter, const ChNode *node)
{
    const ChNode *parent = ch__lint_above(linter, 1);
    if (!block_has_scope(parent))
        return;
    scope_push(linter);
    switch (parent->kind) {
    case CH_NODE_FOR:
        if (ch__lint_is(parent->as.for_.pattern, CH_NODE_PATTERN_NAME)) {
            ChName name = parent->as.for_.pattern->as.name.name;
            use(&linter->references, name.text);
            check_shadow(linter, name, true);
            bind(linter, name.text);
        } else
            declare_pattern(linter, parent->as.for_.pattern, parent, false);
        ch_array_last(&linter->loop_depths)++;
        break;
    case CH_NODE_WHILE: ch_array_last(&linter->loop_depths)++; break;
    case CH_NODE_CATCH: bind_used(linter, parent->as.catch_.variable.text); break;
    case CH_NODE_PARALLEL: bind_used(linter, parent->as.parallel.variable.text); break;
    case CH_NODE_SELECT_CASE: bind(linter, parent->as.select_case.variable.text); break;
    case CH_NODE_TRY: linter->try_depth += !parent->as.try_.catch_clause && !parent->as.try_.finally_body; break;
    default: break;
    }
}

static ChStr root_name(const ChNode *target)
{
    while (target)
        switch (target->kind) {
        case CH_NODE_IDENTIFIER: return target->as.name.name.text;
        case CH_NODE_MEMBER: target = target->as.member.object; break;
        case CH_NODE_INDEX: target = target->as.index.object; break;
        case CH_NODE_SLICE: target = target->as.slice.object; break;
        default: return (ChStr){0};
        }
    return (ChStr){0};
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

/* All words of an interpolation count as used. */
static void use_words(ChLinter *linter, const ChNode *node)
{
    ChStr text = ch__lint_text(linter, node);
    for (uint32_t i = 0; i < text.length;) {
        uint32_t start = i;
        while (i < text.length && is_word_byte(text.data[i]))
            i++;
        if (i > start) {
            ChStr word = {text.data + start, i - start};
            use(&linter->references, word);
            use(&linter->function_references, word);
            use(&linter->type_references, word);
        } else
            i++;
    }
}

static void enter_interpolation(ChLinter *linter, const ChNode *node)
{
    for (uint32_t i = 0; i < node->as.list.items.count; i++)
        if (!(node->as.list.items.items[i]->flags & CH_FLAG_TEXT_PART))
            use_words(linter, node->as.list.items.items[i]);
}

static void declare_type(ChLinter *linter, const ChNode *node)
{
    ch_array_push(&linter->types, (ChLintName){node->as.decl.name, node, false, true});
}

static ChWalk enter(ChNode *node, void *data)
{
    ChLinter *linter = data;
    ch_array_push(&linter->path, node);
    switch (node->kind) {
    case CH_NODE_OVERRIDE: return CH_WALK_OVER;
    case CH_NODE_PIPELINE:
        scope_push(linter);
        for (uint32_t i = 0; i < node->as.pipeline.params.count; i++)
            bind_used(linter, node->as.pipeline.params.items[i]->as.param.name.text);
        use(&linter->references, node->as.decl.name.text);
        ch_array_push(&linter->loop_depths, 0u);
        linter->test_depth += is_test_name(node->as.decl.name.text);
        break;
    case CH_NODE_FN: enter_named_function(linter, node, &node->as.fn.params, node->as.fn.return_type); break;
    case CH_NODE_TOOL: enter_named_function(linter, node, &node->as.tool.params, node->as.tool.return_type); break;
    case CH_NODE_CLOSURE: enter_function(linter, node, &node->as.closure.params); break;
    case CH_NODE_SKILL: ch_array_push(&linter->functions, (ChLintName){node->as.decl.name, node, false, true}); break;
    case CH_NODE_EVAL_PACK:
        ch_array_push(&linter->functions, (ChLintName){node->as.decl.name, node, false, true});
        scope_push(linter);
        break;
    case CH_NODE_STRUCT: case CH_NODE_ENUM: case CH_NODE_INTERFACE: declare_type(linter, node); break;
    case CH_NODE_IMPL: use(&linter->type_references, node->as.decl.name.text); break;
    case CH_NODE_IMPORT: ch_array_push(&linter->imports, (const ChNode *)node); break;
    case CH_NODE_BLOCK: enter_block(linter, node); break;
    case CH_NODE_IF: case CH_NODE_FOR: case CH_NODE_WHILE: case CH_NODE_RETRY: case CH_NODE_MATCH: case CH_NODE_GUARD:
    case CH_NODE_TERNARY: add_complexity(linter, 1); break;
    case CH_NODE_SELECT: add_complexity(linter, node->as.select.cases.count); break;
    case CH_NODE_TRY: add_complexity(linter, node->as.try_.catch_clause || node->as.try_.finally_body); break;
    case CH_NODE_BINARY:
        add_complexity(linter, node->as.binary.op == CH_OPERATOR_AND || node->as.binary.op == CH_OPERATOR_OR);
        break;
    case CH_NODE_ASSIGN: {
        ChStr name = root_name(node->as.assign.target);
        if (name.length)
            use(&linter->assignments, name);
        break;
    }
    case CH_NODE_IDENTIFIER:
        use(&linter->references, node->as.name.name.text);
        use(&linter->function_references, node->as.name.name.text);
        use(&linter->type_references, node->as.name.name.text);
        break;
    case CH_NODE_CALL: ch_array_push(&linter->calls, (const ChNode *)node); break;
    case CH_NODE_TYPE_NAME: use(&linter->type_references, node->as.name.name.text); break;
    case CH_NODE_TYPE_GENERIC: use(&linter->type_references, node->as.type_generic.name.text); break;
    case CH_NODE_WHERE: use(&linter->type_references, node->as.where.bound.text); break;
    case CH_NODE_STRUCT_LITERAL:
        use(&linter->type_references, node->as.struct_literal.name.text);
        use(&linter->references, node->as.struct_literal.name.text);
        break;
    case CH_NODE_INTERPOLATION: enter_interpolation(linter, node); return CH_WALK_OVER;
    default: break;
    }
    return CH_WALK_INTO;
}

/* ---- what a node is, once its children are known ---- */

static bool all_are(const ChLinter *linter, const ChNode *node, uint8_t fact)
{
    ChNodeIter children = ch_node_iter(node);
    for (const ChNode *child; (child = ch_node_next(&children));)
        if (!ch__lint_has(linter, child, fact))
            return false;
    return true;
}

static bool is_pure(const ChLinter *linter, const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_INT: case CH_NODE_FLOAT: case CH_NODE_BOOL: case CH_NODE_STRING: case CH_NODE_NIL:
    case CH_NODE_DURATION: case CH_NODE_IDENTIFIER:
        return true;
    case CH_NODE_LIST: case CH_NODE_DICT: case CH_NODE_DICT_ENTRY: case CH_NODE_UNARY: case CH_NODE_BINARY:
    case CH_NODE_TERNARY: case CH_NODE_MEMBER: case CH_NODE_INDEX: case CH_NODE_SLICE: case CH_NODE_RANGE:
        return all_are(linter, node, CH_LINT_FACT_PURE);
    default: return false;
    }
}

static bool is_catch_all(const ChNode *arm)
{
    return !arm->as.match_arm.guard && ch__lint_is(arm->as.match_arm.pattern, CH_NODE_IDENTIFIER) &&
           ch_str_is(arm->as.match_arm.pattern->as.name.name.text, "_");
}

static bool exits(const ChLinter *linter, const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_RETURN: case CH_NODE_THROW: case CH_NODE_BREAK: case CH_NODE_CONTINUE: return true;
    case CH_NODE_IF:
        return ch__lint_has(linter, node->as.if_.then_body, CH_LINT_FACT_EXITS) &&
               ch__lint_has(linter, node->as.if_.else_body, CH_LINT_FACT_EXITS);
    case CH_NODE_BLOCK:
        for (uint32_t i = 0; i < node->as.block.statements.count; i++)
            if (ch__lint_has(linter, node->as.block.statements.items[i], CH_LINT_FACT_EXITS))
                return true;
        return false;
    case CH_NODE_MATCH: {
        bool has_catch_all = false;
        for (uint32_t i = 0; i < node->as.match.arms.count; i++) {
            const ChNode *arm = node->as.match.arms.items[i];
            has_catch_all |= is_catch_all(arm);
            if (!ch__lint_has(linter, arm->as.match_arm.body, CH_LINT_FACT_EXITS))
                return false;
        }
        return has_catch_all;
    }
    default: return false;
    }
}

static bool cancels(const ChNode *call)
{
    ChStr name = ch__lint_callee(call);
    if (ch_str_is(name, "cancel_handle"))
        return true;
    ChStr tool = ch__lint_string(ch_str_is(name, "host_tool_call") ? ch__lint_arg(call, 0) : NULL);
    return ch_str_is(tool, "cancel_handle") || ch_str_is(tool, "tools.cancel_handle");
}

/* What the parent has from its child. */
static void hand_up(ChLinter *linter, const ChNode *node)
{
    uint8_t facts = linter->facts[node->id] & (CH_LINT_FACT_CANCELS | CH_LINT_FACT_CLEANS_UP);
    if (node->kind == CH_NODE_CALL && cancels(node))
        facts |= CH_LINT_FACT_CANCELS;
    if ((node->kind == CH_NODE_DEFER && (facts & CH_LINT_FACT_CANCELS)) ||
        (node->kind == CH_NODE_TRY && ch__lint_has(linter, node->as.try_.finally_body, CH_LINT_FACT_CANCELS)))
        facts |= CH_LINT_FACT_CLEANS_UP;
    linter->facts[node->id] |= facts;
    const ChNode *parent = ch__lint_above(linter, 1);
    if (parent && node->kind != CH_NODE_FN && node->kind != CH_NODE_TOOL)
        linter->facts[parent->id] |= facts;
}

/* ---- leaving a node ---- */

static void leave_block(ChLinter *linter, const ChNode *parent)
{
    if (!block_has_scope(parent))
        return;
    scope_pop(linter);
    if (parent->kind == CH_NODE_FOR || parent->kind == CH_NODE_WHILE)
        ch_array_last(&linter->loop_depths)--;
    else if (parent->kind == CH_NODE_TRY)
        linter->try_depth -= !parent->as.try_.catch_clause && !parent->as.try_.finally_body;
}

static void leave_named_function(ChLinter *linter, const ChNode *node)
{
    linter->complexities.count--;
    linter->returns.count--;
    if (node->kind == CH_NODE_FN && ch__lint_is_listed(node->as.decl.name.text, connector_exports))
        linter->exports.count--;
}

static void leave(ChNode *node, void *data)
{
    ChLinter *linter = data;
    linter->facts[node->id] |= (is_pure(linter, node) ? CH_LINT_FACT_PURE : 0) |
                               (exits(linter, node) ? CH_LINT_FACT_EXITS : 0);
    for (size_t i = 0; i < sizeof node_rules / sizeof *node_rules; i++)
        if (node_rules[i].kind == node->kind)
            node_rules[i].run(linter, node);
    if (node->flags & CH_FLAG_PARENTHESIZED)
        ch__lint_parentheses(linter, node);
    hand_up(linter, node);
    switch (node->kind) {
    case CH_NODE_LET: case CH_NODE_VAR: case CH_NODE_CONST:
        declare_pattern(linter, node->as.binding.pattern, node, node->kind == CH_NODE_VAR);
        if (ch__lint_is(node->as.binding.pattern, CH_NODE_PATTERN_NAME))
            ch__lint_note_registry(linter, node->as.binding.pattern->as.name.name.text, node->as.binding.value);
        break;
    case CH_NODE_ASSIGN:
        if (ch__lint_is(node->as.assign.target, CH_NODE_IDENTIFIER))
            ch__lint_note_registry(linter, node->as.assign.target->as.name.name.text, node->as.assign.value);
        break;
    case CH_NODE_BLOCK: leave_block(linter, ch__lint_above(linter, 1)); break;
    case CH_NODE_FN: case CH_NODE_TOOL: leave_named_function(linter, node); /* fallthrough */
    case CH_NODE_CLOSURE: case CH_NODE_PIPELINE:
        scope_pop(linter);
        linter->loop_depths.count--;
        if (node->kind == CH_NODE_PIPELINE)
            linter->test_depth -= is_test_name(node->as.decl.name.text);
        break;
    case CH_NODE_EVAL_PACK: scope_pop(linter); break;
    default: break;
    }
    linter->path.count--;
}

static void linter_release(ChLinter *linter)
{
    ch_array_release(&linter->path);
    ch_array_release(&linter->bindings);
    ch_array_release(&linter->scopes);
    ch_array_release(&linter->variables);
    ch_array_release(&linter->parameters);
    ch_array_release(&linter->functions);
    ch_array_release(&linter->types);
    ch_array_release(&linter->imports);
    ch_array_release(&linter->calls);
    ch_array_release(&linter->loop_depths);
    ch_array_release(&linter->complexities);
    ch_array_release(&linter->background_calls);
    ch_array_release(&linter->returns);
    ch_array_release(&linter->exports);
    ch_array_release(&linter->pending_tools);
    ch_array_release(&linter->pending_next);
    ChMap *maps[] = {&linter->visible,         &linter->references,  &linter->function_references,
                     &linter->type_references, &linter->assignments, &linter->tool_registries};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        ch_map_release(maps[i]);
    ch_free(linter->facts);
}

void ch_lint(const ChAnalysis *analysis, const ChLintOptions *options, ChDiagnosticList *out)
{
    static const ChLintOptions defaults;
    const ChTree *tree = ch_analysis_tree(analysis);
    ChLinter linter = {.analysis = analysis,
                       .tree = tree,
                       .source = tree->source,
                       .options = options ? options : &defaults,
                       .out = out,
                       .facts = ch_alloc_zero(tree->node_count + 1u, 1)};
    scope_push(&linter);
    ch_array_push(&linter.loop_depths, 0u);
    ch_node_walk(tree->root, enter, leave, &linter);
    for (size_t i = 0; i < sizeof end_rules / sizeof *end_rules; i++)
        end_rules[i](&linter);
    linter_release(&linter);
    ch_diagnostics_sort(out);
}
