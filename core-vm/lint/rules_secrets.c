/* pr-open-without-secret-scan: on every path to a call that opens a pull request, something was scanned before. The walk
 * keeps what holds at the current place; branches start from what held before them, and what holds after them is what
 * holds at the end of all. */
#include "lint/lint_int.h"

#include "base/banned.h"

typedef struct Branch {
    bool before; /* what held in front of the branches */
    bool all;    /* what holds at the end of those that were left */
} Branch;

typedef struct Scan {
    ChLinter *linter;
    bool scanned;
    CH_ARRAY_OF(Branch) branches;
    CH_ARRAY_OF(const ChNode *) path;
} Scan;

static bool names_tool(const ChNode *call, const char *const *tools)
{
    ChStr name = ch__lint_callee(call);
    const ChNode *tool = ch_str_is(name, "mcp_call")         ? ch__lint_arg(call, 1)
                         : ch_str_is(name, "host_tool_call") ? ch__lint_arg(call, 0)
                                                             : NULL;
    return ch__lint_is(tool, CH_NODE_STRING) && ch__lint_is_listed(tool->as.string.text, tools);
}

static void see_call(Scan *scan, const ChNode *call)
{
    static const char *const scanners[] = {"harn.secret_scan", "harn::secret_scan", NULL};
    static const char *const openers[] = {"git::push_pr", "git.push_pr", "create_pr", NULL};
    if (ch_str_is(ch__lint_callee(call), "secret_scan") || names_tool(call, scanners))
        scan->scanned = true;
    else if (names_tool(call, openers) && !scan->scanned)
        ch__lint_help(scan->linter,
                      ch__lint_report(scan->linter, CH_LINT_SECRET_SCAN, ch_node_range(call),
                                      "PR-open flow calls `git::push_pr` without a preceding `secret_scan(...)` in the "
                                      "same handler"),
                      "run `secret_scan(content)` first and gate the PR-open call on an empty findings list");
}

static bool is_function(const ChNode *node)
{
    return node->kind == CH_NODE_FN || node->kind == CH_NODE_TOOL || node->kind == CH_NODE_CLOSURE ||
           node->kind == CH_NODE_PIPELINE;
}

static bool is_fork(const ChNode *node)
{
    return node->kind == CH_NODE_IF || node->kind == CH_NODE_MATCH || node->kind == CH_NODE_FOR ||
           node->kind == CH_NODE_WHILE || node->kind == CH_NODE_TRY || node->kind == CH_NODE_SELECT ||
           node->kind == CH_NODE_TERNARY;
}

/* One of the ways that a fork goes. */
static bool is_branch(const ChNode *parent, const ChNode *node)
{
    switch (parent->kind) {
    case CH_NODE_IF: return node != parent->as.if_.condition;
    case CH_NODE_MATCH: return node != parent->as.match.value;
    case CH_NODE_FOR: return node == parent->as.for_.body;
    case CH_NODE_WHILE: return node == parent->as.while_.body;
    case CH_NODE_TERNARY: return node != parent->as.ternary.condition;
    case CH_NODE_TRY: return node != parent->as.try_.finally_body;
    case CH_NODE_SELECT: return node != parent->as.select.timeout;
    default: return false;
    }
}

/* May control pass by all branches? */
static bool may_skip(const ChNode *fork)
{
    return fork->kind == CH_NODE_FOR || fork->kind == CH_NODE_WHILE || (fork->kind == CH_NODE_IF && !fork->as.if_.else_body);
}

static ChWalk enter(ChNode *node, void *data)
{
    Scan *scan = data;
    const ChNode *parent = scan->path.count ? ch_array_last(&scan->path) : NULL;
    ch_array_push(&scan->path, (const ChNode *)node);
    if (parent && is_fork(parent) && is_branch(parent, node))
        scan->scanned = ch_array_last(&scan->branches).before;
    if (is_function(node) || is_fork(node)) {
        ch_array_push(&scan->branches, (Branch){scan->scanned, true});
        if (is_function(node))
            scan->scanned = false;
    }
    return CH_WALK_INTO;
}

static void leave(ChNode *node, void *data)
{
    Scan *scan = data;
    scan->path.count--;
    const ChNode *parent = scan->path.count ? ch_array_last(&scan->path) : NULL;
    if (node->kind == CH_NODE_CALL)
        see_call(scan, node);
    if (is_function(node))
        scan->scanned = ch_array_pop(&scan->branches).before;
    else if (is_fork(node)) {
        Branch branch = ch_array_pop(&scan->branches);
        bool is_try = node->kind == CH_NODE_TRY && node->as.try_.finally_body;
        scan->scanned = may_skip(node) ? branch.before : branch.all || (is_try && scan->scanned);
    }
    if (!parent || !is_fork(parent))
        return;
    Branch *branch = &ch_array_last(&scan->branches);
    if (is_branch(parent, node))
        branch->all &= scan->scanned;
    else if (parent->kind != CH_NODE_TRY)
        branch->before = scan->scanned; /* the condition has been evaluated */
}

void ch__lint_secret_scan(ChLinter *linter)
{
    if (linter->options->disabled[CH_LINT_SECRET_SCAN])
        return;
    Scan scan = {.linter = linter};
    ch_node_walk(linter->tree->root, enter, leave, &scan);
    ch_array_release(&scan.branches);
    ch_array_release(&scan.path);
}
