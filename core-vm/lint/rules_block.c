/* Rules about statements and the bodies that hold them. */
#include "lint/lint_int.h"

#include "base/banned.h"

static const ChNode *last_of(const ChNode *block)
{
    return ch__lint_is(block, CH_NODE_BLOCK) && block->as.block.statements.count
               ? block->as.block.statements.items[block->as.block.statements.count - 1]
               : NULL;
}

static bool is_empty(const ChNode *block)
{
    return ch__lint_is(block, CH_NODE_BLOCK) && !block->as.block.statements.count;
}

void ch__lint_constant_condition(ChLinter *linter, const ChNode *node)
{
    const ChNode *condition = node->as.if_.condition;
    if (!ch__lint_is(condition, CH_NODE_BOOL))
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_POINTLESS, ch_node_range(condition), "if condition is always `%s`",
                                  condition->as.boolean.value ? "true" : "false"),
                  "remove the constant condition or replace it with real branching");
}

/* A statement with its indentation and its line end. */
static ChRange whole_lines(const ChLinter *linter, const ChNode *node)
{
    ChRange range = ch_node_range(node);
    ChStr text = linter->source->text;
    while (range.start > 0 && (text.data[range.start - 1] == ' ' || text.data[range.start - 1] == '\t'))
        range.start--;
    if (range.end < text.length && text.data[range.end] == '\n')
        range.end++;
    return range;
}

void ch__lint_empty_block(ChLinter *linter, const ChNode *node)
{
    const ChNode *body, *pure = NULL;
    const char *what, *how;
    switch (node->kind) {
    case CH_NODE_IF:
        body = node->as.if_.then_body;
        pure = node->as.if_.else_body ? NULL : node->as.if_.condition;
        what = "if block has an empty body";
        how = "remove the empty if or add a body";
        break;
    case CH_NODE_FOR:
        body = node->as.for_.body;
        pure = node->as.for_.iterable;
        what = "for loop has an empty body";
        how = "remove the empty for loop or add a body";
        break;
    case CH_NODE_WHILE:
        body = node->as.while_.body;
        what = "while loop has an empty body";
        how = "remove the empty while loop or add a body";
        break;
    default:
        if (!node->as.try_.catch_clause && !node->as.try_.finally_body)
            return;
        body = node->as.try_.body;
        what = "try block has an empty body";
        how = "remove the empty try/catch or add a body";
        break;
    }
    if (!is_empty(body))
        return;
    ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_EMPTY_BLOCK, ch_node_range(node), "%s", what);
    ch__lint_help(linter, diagnostic, "%s", how);
    /* The last statement of a block may be its value, and a comment may say why nothing is done. */
    const ChNode *parent = ch__lint_above(linter, 1);
    bool is_statement = ch__lint_is(parent, CH_NODE_FILE) || (ch__lint_is(parent, CH_NODE_BLOCK) && last_of(parent) != node);
    if (pure && is_statement && ch__lint_has(linter, pure, CH_LINT_FACT_PURE) &&
        !ch__lint_has_comment(linter, node->start, node->end))
        ch__lint_edit(linter, diagnostic, "remove it", whole_lines(linter, node), "%s", "");
}

void ch__lint_else_return(ChLinter *linter, const ChNode *node)
{
    const ChNode *then_last = last_of(node->as.if_.then_body), *else_body = node->as.if_.else_body;
    const ChNode *else_last = last_of(else_body);
    if (!ch__lint_is(then_last, CH_NODE_RETURN) || !ch__lint_is(else_last, CH_NODE_RETURN))
        return;
    ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_ELSE_RETURN, ch_node_range(node),
                                               "both if and else branches return — else is unnecessary");
    ch__lint_help(linter, diagnostic, "remove the else and place its body after the if");
    const ChNode *else_first = else_body->as.block.statements.items[0];
    const ChNode *then_body = node->as.if_.then_body;
    if (!ch__lint_is(ch__lint_above(linter, 1), CH_NODE_BLOCK) ||
        ch__lint_has_comment(linter, then_body->end, else_first->start) ||
        ch__lint_has_comment(linter, else_last->end, else_body->end))
        return;
    ChStr indent = ch_source_line_text(linter->source, ch_source_line(linter->source, node->start));
    uint32_t width = 0;
    while (width < indent.length && (indent.data[width] == ' ' || indent.data[width] == '\t'))
        width++;
    ChStr body = ch_source_text(linter->source, (ChRange){else_first->start, else_last->end});
    ch__lint_edit(linter, diagnostic, "remove the else", (ChRange){then_body->end, node->end}, "\n%.*s%.*s", (int)width,
                  indent.data, CH_STR_ARG(body));
}

void ch__lint_duplicate_arm(ChLinter *linter, const ChNode *node)
{
    ChMap seen = {0};
    for (uint32_t i = 0; i < node->as.match.arms.count; i++) {
        const ChNode *arm = node->as.match.arms.items[i], *pattern = arm->as.match_arm.pattern;
        if (!pattern)
            continue;
        ChRange range = ch_node_range(pattern);
        if (arm->as.match_arm.guard)
            range.end = arm->as.match_arm.guard->end;
        bool is_new;
        ch_map_enter(&seen, ch_source_text(linter->source, range), &is_new);
        if (!is_new)
            ch__lint_help(linter,
                          ch__lint_report(linter, CH_LINT_DUPLICATE_ARM, ch_node_range(pattern),
                                          "duplicate match arm pattern"),
                          "remove the duplicate arm");
    }
    ch_map_release(&seen);
}

void ch__lint_require_in_test(ChLinter *linter, const ChNode *node)
{
    if (!linter->test_depth)
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_REQUIRE_IN_TEST, ch_node_range(node),
                                  "`require` in a test pipeline should usually be an assertion"),
                  "prefer `assert(...)` or `assert_eq(...)` in test pipelines");
}

void ch__lint_break_outside_loop(ChLinter *linter, const ChNode *node)
{
    if (ch_array_last(&linter->loop_depths))
        return;
    const char *word = node->kind == CH_NODE_BREAK ? "break" : "continue";
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_BREAK, ch_node_range(node), "`%s` used outside of a loop", word),
                  "`%s` can only be used inside for or while loops", word);
}

void ch__lint_dead_code(ChLinter *linter, const ChNode *node)
{
    const ChNodeList *list = &node->as.block.statements;
    for (uint32_t i = 0; i + 1 < list->count; i++) {
        if (!ch__lint_has(linter, list->items[i], CH_LINT_FACT_EXITS))
            continue;
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_DEAD_CODE, ch_node_range(list->items[i + 1]),
                                      "unreachable code after a terminating statement"),
                      "remove the unreachable code");
        return;
    }
}

void ch__lint_let_return(ChLinter *linter, const ChNode *node)
{
    const ChNodeList *list = &node->as.block.statements;
    for (uint32_t i = 0; i + 1 < list->count; i++) {
        const ChNode *let = list->items[i], *leave = list->items[i + 1];
        if (let->kind != CH_NODE_LET || let->as.binding.type || !let->as.binding.value ||
            !ch__lint_is(let->as.binding.pattern, CH_NODE_PATTERN_NAME) || leave->kind != CH_NODE_RETURN ||
            !ch__lint_is(leave->as.unary.operand, CH_NODE_IDENTIFIER))
            continue;
        ChStr name = let->as.binding.pattern->as.name.name.text;
        if (!ch_str_equal(name, leave->as.unary.operand->as.name.name.text))
            continue;
        ChRange range = {let->start, leave->end};
        ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_LET_RETURN, range,
                                                   "binding `%.*s` is immediately returned", CH_STR_ARG(name));
        ch__lint_help(linter, diagnostic, "return the expression assigned to `%.*s` directly", CH_STR_ARG(name));
        ChStr value = ch_source_text(linter->source, (ChRange){let->as.binding.value->start, let->end});
        bool is_parenthesized = let->as.binding.value->flags & CH_FLAG_PARENTHESIZED;
        if (!is_parenthesized && !ch__lint_has_comment(linter, let->as.binding.value->end, leave->end))
            ch__lint_edit(linter, diagnostic, "return the value directly", range, "return %.*s", CH_STR_ARG(value));
    }
}

/* The answer of a try without catch is the value of its last statement. */
void ch__lint_approval(ChLinter *linter, const ChNode *node)
{
    const ChNodeList *list = &node->as.block.statements;
    for (uint32_t i = 0; i < list->count; i++) {
        const ChNode *statement = list->items[i];
        bool asks = ch_str_is(ch__lint_callee(statement), "request_approval") ||
                    (statement->kind == CH_NODE_HITL && ch_str_is(statement->as.hitl.name.text, "request_approval"));
        if (!asks || (linter->try_depth && i + 1 == list->count))
            continue;
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_APPROVAL, ch_node_range(statement),
                                      "approval result from `request_approval` is discarded"),
                      "bind the result, inspect its signed approver receipts, or explicitly assign it to `_`");
    }
}
