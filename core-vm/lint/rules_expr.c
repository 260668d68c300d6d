/* Rules about expressions. */
#include "lint/lint_int.h"

#include "base/banned.h"

static bool is_bool(const ChNode *node) { return ch__lint_is(node, CH_NODE_BOOL); }
static bool is_true(const ChNode *node) { return is_bool(node) && node->as.boolean.value; }
static bool is_false(const ChNode *node) { return is_bool(node) && !node->as.boolean.value; }
static bool is_pure(const ChLinter *linter, const ChNode *node) { return ch__lint_has(linter, node, CH_LINT_FACT_PURE); }

/* ---- renamed and ambient builtins ---- */

static const char *const renamed_names[][2] = {{"retry_with_backoff", "retry_predicate_with_backoff"}};

void ch__lint_renamed(ChLinter *linter, const ChNode *node)
{
    ChName name = node->as.name.name;
    for (size_t i = 0; i < sizeof renamed_names / sizeof *renamed_names; i++) {
        if (!ch_str_is(name.text, renamed_names[i][0]))
            continue;
        ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_RENAMED, name.range, "`%.*s` was renamed to `%s`",
                                                   CH_STR_ARG(name.text), renamed_names[i][1]);
        ch__lint_help(linter, diagnostic, "replace `%.*s` with `%s`", CH_STR_ARG(name.text), renamed_names[i][1]);
        ch__lint_edit(linter, diagnostic, "use the new name", name.range, "%s", renamed_names[i][1]);
    }
}

typedef struct Ambient {
    const char *name, *replacement;
    ChLintRule rule;
    const char *capability;
} Ambient;

static const Ambient ambients[] = {
    {"now_ms", "harness.clock.now_ms", CH_LINT_AMBIENT_CLOCK, "clock"},
    {"monotonic_ms", "harness.clock.monotonic_ms", CH_LINT_AMBIENT_CLOCK, "clock"},
    {"sleep_ms", "harness.clock.sleep_ms", CH_LINT_AMBIENT_CLOCK, "clock"},
    {"timestamp", "harness.clock.timestamp", CH_LINT_AMBIENT_CLOCK, "clock"},
    {"elapsed", "harness.clock.elapsed", CH_LINT_AMBIENT_CLOCK, "clock"},
    {"print", "harness.stdio.print", CH_LINT_AMBIENT_STDIO, "stdio"},
    {"println", "harness.stdio.println", CH_LINT_AMBIENT_STDIO, "stdio"},
    {"eprint", "harness.stdio.eprint", CH_LINT_AMBIENT_STDIO, "stdio"},
    {"eprintln", "harness.stdio.eprintln", CH_LINT_AMBIENT_STDIO, "stdio"},
    {"read_line", "harness.stdio.read_line", CH_LINT_AMBIENT_STDIO, "stdio"},
    {"prompt_user", "harness.stdio.prompt", CH_LINT_AMBIENT_STDIO, "stdio"},
};

void ch__lint_ambient(ChLinter *linter, const ChNode *node)
{
    ChStr name = ch__lint_callee(node);
    if (!name.length)
        return;
    for (size_t i = 0; i < sizeof ambients / sizeof *ambients; i++) {
        const Ambient *ambient = &ambients[i];
        if (!ch_str_is(name, ambient->name))
            continue;
        bool has_harness = ch__lint_is_visible(linter, CH_STR("harness"));
        bool may_fix = has_harness || ch__lint_is_visible(linter, CH_STR("_harness"));
        if (!may_fix && ambient->rule == CH_LINT_AMBIENT_STDIO)
            return;
        ChRange range = ch_node_range(node->as.call.callee);
        ChDiagnostic *diagnostic =
            ch__lint_report(linter, ambient->rule, range,
                            "ambient `%s` is deprecated — capabilities now route through `harness.%s.*`", ambient->name,
                            ambient->capability);
        if (may_fix)
            ch__lint_help(linter, diagnostic, "replace `%s` with `%s`", ambient->name, ambient->replacement);
        else
            ch__lint_help(linter, diagnostic,
                          "thread `harness: Harness` through the enclosing fn (see repair `bindings/thread-harness`), "
                          "then call `%s`",
                          ambient->replacement);
        if (has_harness)
            ch__lint_edit(linter, diagnostic, "go through the harness", range, "%s", ambient->replacement);
    }
}

/* ---- calls ---- */

void ch__lint_assert_outside_test(ChLinter *linter, const ChNode *node)
{
    static const char *const names[] = {"assert", "assert_eq", "assert_ne", NULL};
    ChStr name = ch__lint_callee(node);
    if (!ch__lint_is_listed(name, names) || linter->test_depth)
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_ASSERT, ch_node_range(node),
                                  "`%.*s` is intended for test pipelines, not production control flow", CH_STR_ARG(name)),
                  "use `require` for invariants in non-test code");
}

void ch__lint_redundant_clone(ChLinter *linter, const ChNode *node)
{
    bool is_call = node->kind == CH_NODE_CALL;
    ChStr name = is_call ? ch__lint_callee(node) : node->as.method_call.name.text;
    const ChNodeList *args = is_call ? &node->as.call.args : &node->as.method_call.args;
    for (uint32_t i = 0; name.length && i < args->count; i++) {
        const ChNode *arg = args->items[i];
        if (arg->kind != CH_NODE_METHOD_CALL || !ch_str_is(arg->as.method_call.name.text, "clone") ||
            arg->as.method_call.args.count || !arg->as.method_call.object || (arg->flags & CH_FLAG_OPTIONAL))
            continue;
        bool is_drop = ch_str_is(name, "drop");
        ChDiagnostic *diagnostic =
            ch__lint_report(linter, CH_LINT_CLONE, ch_node_range(arg), "cloned value is immediately %s",
                            is_drop ? "dropped" : "passed by value");
        ch__lint_help(linter, diagnostic,
                      is_drop ? "drop the original value directly"
                              : "pass the original value directly unless a distinct snapshot is required");
        ch__lint_edit(linter, diagnostic, "pass the value itself",
                      (ChRange){arg->as.method_call.object->end, arg->end}, "%s", "");
    }
}

static bool has_type_already(const ChNode *arg, ChStr cast)
{
    if (ch_str_equal(ch__lint_callee(arg), cast) && arg->as.call.args.count == 1)
        return true;
    switch (arg->kind) {
    case CH_NODE_STRING: case CH_NODE_INTERPOLATION: return ch_str_is(cast, "to_string");
    case CH_NODE_INT: return ch_str_is(cast, "to_int");
    case CH_NODE_FLOAT: return ch_str_is(cast, "to_float");
    case CH_NODE_LIST: return ch_str_is(cast, "to_list");
    case CH_NODE_DICT: return ch_str_is(cast, "to_dict");
    default: return false;
    }
}

void ch__lint_unnecessary_cast(ChLinter *linter, const ChNode *node)
{
    static const char *const casts[] = {"to_string", "to_int", "to_float", "to_list", "to_dict", NULL};
    ChStr name = ch__lint_callee(node);
    const ChNode *arg = ch__lint_arg(node, 0);
    if (node->as.call.args.count != 1 || !ch__lint_is_listed(name, casts) || !has_type_already(arg, name))
        return;
    ChStr target = {name.data + 3, name.length - 3};
    ChDiagnostic *diagnostic =
        ch__lint_report(linter, CH_LINT_CAST, ch_node_range(node),
                        "`%.*s` is a no-op here — its argument is already %s %.*s", CH_STR_ARG(name),
                        ch_str_is(target, "int") ? "an" : "a", CH_STR_ARG(target));
    ch__lint_help(linter, diagnostic, "remove the redundant `%.*s(...)` wrapper", CH_STR_ARG(name));
    ch__lint_edit_copy(linter, diagnostic, "remove the conversion", ch_node_range(node), ch_node_range(arg));
}

/* ---- access ---- */

void ch__lint_raw_access(ChLinter *linter, const ChNode *node)
{
    static const char *const sources[] = {
        "json_parse", "json_extract", "yaml_parse", "toml_parse", "llm_call", "llm_completion", "http_get", "http_post",
        "http_put", "http_patch", "http_delete", "http_request", "http_session_request", "sse_receive",
        "sse_server_mock_receive", "sse_server_response", "sse_server_status", "websocket_accept", "websocket_receive",
        "host_call", "mcp_call", NULL};
    bool is_member = node->kind == CH_NODE_MEMBER;
    ChStr name = ch__lint_callee(is_member ? node->as.member.object : node->as.index.object);
    if (!name.length || !ch__lint_is_listed(name, sources))
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_RAW_ACCESS, ch_node_range(node),
                                  "%s access on raw `%.*s()` result without schema validation",
                                  is_member ? "property" : "subscript", CH_STR_ARG(name)),
                  "assign to a variable and validate with schema_expect() or a type annotation first");
}

static const ChType *unaliased(const ChType *type)
{
    for (int i = 0; type && i < 32 && type->kind == CH_TYPE_NAME && type->decl && type->decl->kind == CH_TYPE_DECL_ALIAS;
         i++)
        type = type->decl->body;
    return type;
}

static bool is_never_nil(const ChType *type)
{
    type = unaliased(type);
    if (!type)
        return false;
    uint32_t count;
    const ChType *const *members = ch_type_members(&type, &count);
    for (uint32_t i = 0; i < count; i++) {
        const ChType *member = unaliased(members[i]);
        if (!member || ch_type_is_named(member, "nil"))
            return false;
        switch (member->kind) {
        case CH_TYPE_ANY: case CH_TYPE_UNKNOWN: case CH_TYPE_NEVER: case CH_TYPE_WILDCARD: case CH_TYPE_PARAM: return false;
        case CH_TYPE_UNION:
            if (!is_never_nil(member))
                return false;
            break;
        default: break;
        }
    }
    return true;
}

/* Can the property be read with a plain dot? A dict without the key gives nil either way. */
static bool has_property(const ChType *type, ChStr name)
{
    type = unaliased(type);
    if (!type)
        return false;
    uint32_t count;
    const ChType *const *members = ch_type_members(&type, &count);
    for (uint32_t i = 0; i < count; i++) {
        const ChType *member = unaliased(members[i]);
        bool has = false;
        if (member && member->kind == CH_TYPE_SHAPE)
            has = ch_type_field(member, name) != NULL;
        else if (member && (member->kind == CH_TYPE_NAME || member->kind == CH_TYPE_APPLIED) && member->decl &&
                 member->decl->kind == CH_TYPE_DECL_STRUCT)
            for (uint32_t f = 0; f < member->decl->field_count; f++)
                has |= ch_str_equal(member->decl->fields[f].name, name);
        else if (member && (member->kind == CH_TYPE_LIST || ch_type_is_named(member, "list") ||
                            ch_type_is_named(member, "string")))
            has = ch_str_is(name, "count") || ch_str_is(name, "empty") ||
                  (!ch_type_is_named(member, "string") && (ch_str_is(name, "first") || ch_str_is(name, "last")));
        if (!has)
            return false;
    }
    return true;
}

void ch__lint_safe_navigation(ChLinter *linter, const ChNode *node)
{
    if (!(node->flags & CH_FLAG_OPTIONAL))
        return;
    const ChNode *object = node->kind == CH_NODE_MEMBER   ? node->as.member.object
                           : node->kind == CH_NODE_INDEX ? node->as.index.object
                                                         : node->as.method_call.object;
    const ChType *type = object ? ch_analysis_type_of(linter->analysis, object) : NULL;
    if (!is_never_nil(type))
        return;
    if (node->kind == CH_NODE_MEMBER && !has_property(type, node->as.member.name.text))
        return;
    ChStr text = linter->source->text;
    uint32_t mark = object->end;
    while (mark < node->end && text.data[mark] != '?')
        mark++;
    if (mark + 1 >= node->end || ch__lint_has_comment(linter, object->end, mark))
        return;
    ChDiagnostic *diagnostic;
    ChRange range = {mark, mark + (node->kind == CH_NODE_INDEX ? 1 : 2)};
    const char *why = "is unnecessary because the receiver cannot be nil";
    if (node->kind == CH_NODE_MEMBER)
        diagnostic = ch__lint_report(linter, CH_LINT_SAFE_NAVIGATION, range, "`?.%.*s` %s",
                                     CH_STR_ARG(node->as.member.name.text), why);
    else
        diagnostic = ch__lint_report(linter, CH_LINT_SAFE_NAVIGATION, range, "%s %s",
                                     node->kind == CH_NODE_INDEX ? "`?[]`" : "safe method call", why);
    ch__lint_help(linter, diagnostic, "use ordinary access on non-optional receivers");
    ch__lint_edit(linter, diagnostic, "use ordinary access", range, "%s", node->kind == CH_NODE_INDEX ? "" : ".");
}

/* ---- operators ---- */

void ch__lint_constant_logic(ChLinter *linter, const ChNode *node)
{
    const ChNode *left = node->as.binary.left, *right = node->as.binary.right;
    const char *op = ch_operator_text(node->as.binary.op);
    bool is_or = node->as.binary.op == CH_OPERATOR_OR;
    if (!is_or && node->as.binary.op != CH_OPERATOR_AND)
        return;
    bool decides_left = is_or ? is_true(left) : is_false(left), decides_right = is_or ? is_true(right) : is_false(right);
    const char *value = is_or ? "true" : "false";
    ChDiagnostic *diagnostic;
    if (decides_left)
        diagnostic = ch__lint_report(linter, CH_LINT_CONSTANT_LOGIC, ch_node_range(node),
                                     "`%s %s expr` always evaluates to `%s`; the right side is unreachable", value, op,
                                     value);
    else if (decides_right && is_pure(linter, left))
        diagnostic = ch__lint_report(linter, CH_LINT_CONSTANT_LOGIC, ch_node_range(node),
                                     "`expr %s %s` always evaluates to `%s`", op, value, value);
    else
        return;
    ch__lint_help(linter, diagnostic, "replace this expression with `%s`", value);
    ch__lint_edit(linter, diagnostic, "write the constant", ch_node_range(node), "%s", value);
}

static bool is_equality(const ChNode *node)
{
    return node->as.binary.op == CH_OPERATOR_EQUAL || node->as.binary.op == CH_OPERATOR_NOT_EQUAL;
}

static bool compares_itself(const ChLinter *linter, const ChNode *node)
{
    const ChNode *left = node->as.binary.left, *right = node->as.binary.right;
    return is_equality(node) && left && right && left->kind == right->kind && is_pure(linter, left) &&
           ch_str_equal(ch__lint_text(linter, left), ch__lint_text(linter, right));
}

void ch__lint_self_comparison(ChLinter *linter, const ChNode *node)
{
    if (!compares_itself(linter, node))
        return;
    bool is_equal = node->as.binary.op == CH_OPERATOR_EQUAL;
    const char *value = is_equal ? "true" : "false";
    ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_POINTLESS, ch_node_range(node),
                                               "expression is compared to itself with `%s`", is_equal ? "==" : "!=");
    ch__lint_help(linter, diagnostic, "replace this comparison with `%s`", value);
    ch__lint_edit(linter, diagnostic, "write the constant", ch_node_range(node), "%s", value);
}

/* Does `!` in front of it cover all of it? */
static bool binds_tightly(const ChNode *node)
{
    return (node->flags & CH_FLAG_PARENTHESIZED) ||
           (node->kind != CH_NODE_BINARY && node->kind != CH_NODE_TERNARY && node->kind != CH_NODE_RANGE &&
            node->kind != CH_NODE_ASSIGN);
}

/* Parentheses included. */
static ChRange outer_range(const ChLinter *linter, const ChNode *node)
{
    ChRange range = ch_node_range(node);
    ChStr text = linter->source->text;
    if (!(node->flags & CH_FLAG_PARENTHESIZED))
        return range;
    while (range.start > 0 && text.data[range.start] != '(')
        range.start--;
    while (range.end < text.length && text.data[range.end] != ')')
        range.end++;
    range.end++;
    return range;
}

void ch__lint_bool_comparison(ChLinter *linter, const ChNode *node)
{
    const ChNode *left = node->as.binary.left, *right = node->as.binary.right;
    if (!is_equality(node) || compares_itself(linter, node) || (!is_bool(left) && !is_bool(right)))
        return;
    bool with_true = is_true(left) || is_true(right), is_equal = node->as.binary.op == CH_OPERATOR_EQUAL;
    ChDiagnostic *diagnostic = ch__lint_report(
        linter, CH_LINT_BOOL_COMPARISON, ch_node_range(node), "%s",
        is_equal ? (with_true ? "comparison to `true` is redundant" : "comparison to `false` is redundant")
                 : (with_true ? "`!= true` is redundant" : "`!= false` is redundant"));
    bool negates = is_equal != with_true;
    ch__lint_help(linter, diagnostic, "%s",
                  negates ? "use `!expr` instead" : "remove the comparison, use the expression directly");
    /* Without knowing that it is a boolean, `x == true` and `x` may differ. */
    const ChNode *other = is_bool(right) ? left : right;
    const ChType *type = other ? ch_analysis_type_of(linter->analysis, other) : NULL;
    if (!diagnostic || !other || !ch_type_is_named(type, "bool") || (negates && !binds_tightly(other)))
        return;
    ChStr text = ch_source_text(linter->source, outer_range(linter, other));
    ch__lint_edit(linter, diagnostic, "use the value itself", ch_node_range(node), "%s%.*s", negates ? "!" : "",
                  CH_STR_ARG(text));
}

void ch__lint_bad_operand(ChLinter *linter, const ChNode *node)
{
    const ChNode *left = node->as.binary.left, *right = node->as.binary.right;
    switch (node->as.binary.op) {
    case CH_OPERATOR_ADD: case CH_OPERATOR_SUBTRACT: case CH_OPERATOR_MULTIPLY: case CH_OPERATOR_DIVIDE:
    case CH_OPERATOR_MODULO: break;
    default: return;
    }
    if (!is_bool(left) && !is_bool(right) && !ch__lint_is(left, CH_NODE_NIL) && !ch__lint_is(right, CH_NODE_NIL))
        return;
    ChDiagnostic *diagnostic =
        ch__lint_report(linter, CH_LINT_BAD_OPERAND, ch_node_range(node),
                        "operator '%s' used with boolean or nil literal — this will cause a runtime error",
                        ch_operator_text(node->as.binary.op));
    ch__lint_help(linter, diagnostic, "use to_string() or string interpolation to convert values explicitly");
    bool is_left = ch__lint_is(left, CH_NODE_STRING);
    const ChNode *text_node = is_left ? left : right, *other = is_left ? right : left;
    if (node->as.binary.op != CH_OPERATOR_ADD || !ch__lint_is(text_node, CH_NODE_STRING) || !other)
        return;
    ChStr text = ch__lint_text(linter, text_node), value = ch__lint_text(linter, other);
    if ((text_node->flags & (CH_FLAG_RAW | CH_FLAG_MULTILINE)) || text.length < 2 || text.data[0] != '"')
        return;
    ChStr inner = {text.data + 1, text.length - 2};
    if (is_left)
        ch__lint_edit(linter, diagnostic, "write the value into the string", ch_node_range(node), "\"%.*s${%.*s}\"",
                      CH_STR_ARG(inner), CH_STR_ARG(value));
    else
        ch__lint_edit(linter, diagnostic, "write the value into the string", ch_node_range(node), "\"${%.*s}%.*s\"",
                      CH_STR_ARG(value), CH_STR_ARG(inner));
}

void ch__lint_nil_ternary(ChLinter *linter, const ChNode *node)
{
    const ChNode *condition = node->as.ternary.condition;
    if (!ch__lint_is(condition, CH_NODE_BINARY) || !is_equality(condition))
        return;
    const ChNode *left = condition->as.binary.left, *right = condition->as.binary.right;
    const ChNode *name = ch__lint_is(right, CH_NODE_NIL) ? left : ch__lint_is(left, CH_NODE_NIL) ? right : NULL;
    bool is_equal = condition->as.binary.op == CH_OPERATOR_EQUAL;
    const ChNode *kept = is_equal ? node->as.ternary.else_value : node->as.ternary.then_value;
    const ChNode *fallback = is_equal ? node->as.ternary.then_value : node->as.ternary.else_value;
    if (!ch__lint_is(name, CH_NODE_IDENTIFIER) || !ch__lint_is(kept, CH_NODE_IDENTIFIER) || !fallback ||
        !ch_str_equal(name->as.name.name.text, kept->as.name.name.text))
        return;
    ChStr text = name->as.name.name.text;
    ChDiagnostic *diagnostic =
        ch__lint_report(linter, CH_LINT_NIL_TERNARY, ch_node_range(node),
                        "ternary nil check over `%.*s` can be replaced with `%.*s ?? <fallback>`", CH_STR_ARG(text),
                        CH_STR_ARG(text));
    ch__lint_help(linter, diagnostic, "use `%.*s ?? <fallback>` instead", CH_STR_ARG(text));
    if (!binds_tightly(fallback) || ch__lint_has_comment(linter, node->start, node->end))
        return;
    ChStr source = ch_source_text(linter->source, outer_range(linter, fallback));
    bool is_operand = ch__lint_is(ch__lint_above(linter, 1), CH_NODE_BINARY) && !(node->flags & CH_FLAG_PARENTHESIZED);
    ch__lint_edit(linter, diagnostic, "use `??`", ch_node_range(node), is_operand ? "(%.*s ?? %.*s)" : "%.*s ?? %.*s",
                  CH_STR_ARG(text), CH_STR_ARG(source));
}

/* ---- iterators ---- */

static const char *sink_of(const ChNode *type)
{
    ChStr name = ch__lint_is(type, CH_NODE_TYPE_NAME)      ? type->as.name.name.text
                 : ch__lint_is(type, CH_NODE_TYPE_GENERIC) ? type->as.type_generic.name.text
                                                           : (ChStr){0};
    return ch_str_is(name, "list") ? "list" : ch_str_is(name, "set") ? "set" : ch_str_is(name, "dict") ? "dict" : NULL;
}

static bool looks_lazy(const ChNode *value)
{
    static const char *const methods[] = {"iter",       "map", "filter",    "flat_map", "take",   "skip",    "take_while",
                                          "skip_while", "zip", "enumerate", "chain",    "chunks", "windows", NULL};
    if (ch__lint_is(value, CH_NODE_METHOD_CALL))
        return ch__lint_is_listed(value->as.method_call.name.text, methods);
    return ch_str_is(ch__lint_callee(value), "iter");
}

void ch__lint_eager(ChLinter *linter, const ChNode *node)
{
    bool is_return = node->kind == CH_NODE_RETURN;
    const ChNode *type = is_return ? (linter->returns.count ? ch_array_last(&linter->returns) : NULL) : node->as.binding.type;
    const ChNode *value = is_return ? node->as.unary.operand : node->as.binding.value;
    const char *sink = sink_of(type);
    if (!sink || !value || !looks_lazy(value))
        return;
    ChDiagnostic *diagnostic =
        ch__lint_report(linter, CH_LINT_EAGER, ch_node_range(value),
                        "expression is an iterator; expected %s. Add .to_%s() to materialize.", sink, sink);
    ch__lint_help(linter, diagnostic, "append `.to_%s()` to materialize the iterator", sink);
    /* `xs.map(f)` of a list is a list: only what is known to be lazy is changed. */
    const ChType *found = ch_analysis_type_of(linter->analysis, value);
    if (found && found->kind == CH_TYPE_ITER)
        ch__lint_edit(linter, diagnostic, "materialize the iterator", (ChRange){value->end, value->end}, ".to_%s()", sink);
}
