/* What constructs are made of: the parts they share, files, blocks and statements. */
#include <stdlib.h>

#include "base/alloc.h"
#include "format/format_int.h"

#include "base/banned.h"

/* ---- shared parts */

void ch__expand_lines(ChFormatter *f, ChNodeList list, uint32_t indent) {
    for (uint32_t i = 0; i < list.count; i++) {
        ch__piece_line(f, indent);
        ch__comments_before(f, list.items[i], CH__BEFORE, indent);
        ch__piece_node(f, list.items[i], indent);
        ch__comments_behind(f, list.items[i]);
    }
}

void ch__expand_block(ChFormatter *f, const ChNode *block, uint32_t indent) {
    ch__piece_text(f, "{");
    if (block) {
        ch__expand_lines(f, block->as.block.statements, indent + 1);
        ch__comments_last(f, block, indent + 1);
    }
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

bool ch__is_inline(ChFormatter *f, const ChNode *block) {
    ChNodeList statements = block->as.block.statements;
    if (statements.count != 1 || ch__has_comment(f, block, CH__LAST)) return false;
    const ChNode *only = statements.items[0];
    if (ch__has_comment(f, only, CH__BEFORE) || ch__has_comment(f, only, CH__BEHIND)) return false;
    switch (only->kind) {
    case CH_NODE_NIL:
    case CH_NODE_BOOL:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_DURATION:
    case CH_NODE_STRING:
    case CH_NODE_INTERPOLATION:
    case CH_NODE_IDENTIFIER:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_UNARY:
    case CH_NODE_BINARY:
    case CH_NODE_TERNARY:
    case CH_NODE_RANGE:
    case CH_NODE_CALL:
    case CH_NODE_METHOD_CALL:
    case CH_NODE_MEMBER:
    case CH_NODE_INDEX:
    case CH_NODE_SLICE:
    case CH_NODE_PROPAGATE:
    case CH_NODE_TRY_STAR:
    case CH_NODE_RETURN:
    case CH_NODE_REQUIRE:
    case CH_NODE_ASSIGN:
    case CH_NODE_BREAK:
    case CH_NODE_CONTINUE: return true;
    default: return false;
    }
}

void ch__expand_inline(ChFormatter *f, const ChNode *block, uint32_t indent) {
    if (!ch__is_inline(f, block)) {
        ch__expand_block(f, block, indent);
        return;
    }
    ch__piece_text(f, "{ ");
    ch__piece_node(f, block->as.block.statements.items[0], indent);
    ch__piece_text(f, " }");
}

void ch__expand_commas(ChFormatter *f, ChNodeList list, uint32_t indent) {
    for (uint32_t i = 0; i < list.count; i++) {
        if (i) ch__piece_text(f, ", ");
        ch__piece_node(f, list.items[i], indent);
    }
}

void ch__expand_items(ChFormatter *f, const ChNode *owner, ChNodeList list, const char *open,
                      const char *close, uint32_t indent, bool is_broken) {
    ch__piece_text(f, open);
    if (is_broken) {
        for (uint32_t i = 0; i < list.count; i++) {
            ch__piece_line(f, indent + 1);
            ch__comments_before(f, list.items[i], CH__BEFORE, indent + 1);
            ch__piece_node(f, list.items[i], indent + 1);
            ch__piece_text(f, ",");
            ch__comments_behind(f, list.items[i]);
        }
        ch__comments_last(f, owner, indent + 1);
        ch__piece_line(f, indent);
    } else {
        ch__expand_commas(f, list, indent + 1);
    }
    ch__piece_text(f, close);
}

void ch__expand_operand(ChFormatter *f, const ChNode *node, uint32_t indent, bool needs_parens) {
    if (f->keep_parens && node && node->flags & CH_FLAG_PARENTHESIZED) needs_parens = true;
    if (needs_parens) ch__piece_text(f, "(");
    ch__piece_node(f, node, indent);
    if (needs_parens) ch__piece_text(f, ")");
}

/* ---- the file */

static bool is_std(ChStr path) {
    return ch_str_starts_with(path, CH_STR("std/"));
}

static int compare_names(const void *a, const void *b) {
    return ch_str_compare((*(ChNode *const *)a)->as.name.name.text, (*(ChNode *const *)b)->as.name.name.text);
}

ChNodeList ch__import_names(ChArena *arena, const ChNode *node) {
    ChNodeList names = node->as.import.names;
    if (names.count < 2) return names;
    ChNodeList sorted = {CH_ARENA_ARRAY(arena, ChNode *, names.count), names.count};
    for (uint32_t i = 0; i < names.count; i++)
        sorted.items[i] = names.items[i];
    qsort(sorted.items, sorted.count, sizeof *sorted.items, compare_names);
    return sorted;
}

static const ChNode *least_name(const ChNode *node) {
    const ChNode *least = NULL;
    for (uint32_t i = 0; i < node->as.import.names.count; i++)
        if (!least || compare_names(&node->as.import.names.items[i], &least) < 0)
            least = node->as.import.names.items[i];
    return least;
}

int ch__import_compare(const ChNode *a, const ChNode *b) {
    ChStr left = a->as.import.path.text, right = b->as.import.path.text;
    if (is_std(left) != is_std(right)) return is_std(left) ? -1 : 1;
    int order = ch_str_compare(left, right);
    if (order) return order;
    if ((a->flags ^ b->flags) & CH_FLAG_SELECTIVE) return a->flags & CH_FLAG_SELECTIVE ? 1 : -1;
    const ChNode *first = least_name(a), *second = least_name(b);
    if (first && second && (order = compare_names(&first, &second))) return order;
    return a->start < b->start ? -1 : a->start > b->start;
}

static int compare_imports(const void *a, const void *b) {
    return ch__import_compare(*(ChNode *const *)a, *(ChNode *const *)b);
}

ChNodeList ch__file_items(ChArena *arena, const ChNode *file) {
    ChNodeList items = file->as.file.items;
    uint32_t imports = 0;
    while (imports < items.count && items.items[imports]->kind == CH_NODE_IMPORT)
        imports++;
    if (imports < 2) return items;
    ChNodeList sorted = {CH_ARENA_ARRAY(arena, ChNode *, items.count), items.count};
    for (uint32_t i = 0; i < items.count; i++)
        sorted.items[i] = items.items[i];
    qsort(sorted.items, imports, sizeof *sorted.items, compare_imports);
    return sorted;
}

static void expand_file(ChFormatter *f, const ChNode *node) {
    ChStr text = f->tree->source->text;
    ChNodeList items = f->is_range ? node->as.file.items : ch__file_items(&f->arena, node);
    if (!f->is_range && ch_str_starts_with(text, CH_STR("#!"))) {
        ch__piece_str(f, ch_str_trim(ch_source_line_text(f->tree->source, 1)));
        if (items.count) ch__piece_line(f, 0);
    }
    for (uint32_t i = f->first_item; i < f->last_item; i++) {
        if (i > f->first_item) {
            ch__piece_line(f, 0);
            if (items.items[i]->kind != CH_NODE_IMPORT || items.items[i - 1]->kind != CH_NODE_IMPORT)
                ch__piece_line(f, 0);
        }
        ch__comments_before(f, items.items[i], CH__BEFORE, 0);
        ch__piece_node(f, items.items[i], 0);
        ch__comments_behind(f, items.items[i]);
    }
    if (!f->is_range) ch__comments_last(f, node, 0);
}

/* ---- statements */

static void keyword_body(ChFormatter *f, const char *keyword, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, keyword);
    if (node->as.sized_body.value) {
        ch__piece_text(f, " ");
        ch__piece_node(f, node->as.sized_body.value, indent);
    }
    ch__piece_text(f, " ");
    ch__expand_block(f, node->as.sized_body.body, indent);
}

static void keyword_value(ChFormatter *f, const char *keyword, const ChNode *value, uint32_t indent) {
    ch__piece_text(f, keyword);
    if (!value) return;
    ch__piece_text(f, " ");
    ch__piece_node(f, value, indent);
}

const ChNode *ch__only_if(const ChNode *block) {
    if (!block || block->kind != CH_NODE_BLOCK || block->as.block.statements.count != 1) return NULL;
    const ChNode *only = block->as.block.statements.items[0];
    return only->kind == CH_NODE_IF ? only : NULL;
}

/* `else { if ... }` is `else if`, unless a comment stands between. */
static const ChNode *else_of(ChFormatter *f, const ChNode *node) {
    const ChNode *rest = node->as.if_.else_body, *only = ch__only_if(rest);
    if (!only || ch__has_comment(f, rest, CH__LAST) || ch__has_comment(f, only, CH__BEFORE) ||
        ch__has_comment(f, only, CH__BEHIND))
        return rest;
    return only;
}

static void expand_if(ChFormatter *f, const ChNode *node, uint32_t indent) {
    for (;;) {
        ch__piece_text(f, "if ");
        ch__piece_node(f, node->as.if_.condition, indent);
        ch__piece_text(f, " ");
        ch__expand_block(f, node->as.if_.then_body, indent);
        const ChNode *rest = else_of(f, node);
        if (!rest) return;
        ch__piece_text(f, " else ");
        if (rest->kind != CH_NODE_IF) {
            ch__expand_block(f, rest, indent);
            return;
        }
        node = rest;
    }
}

static void expand_try(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, "try ");
    ch__expand_block(f, node->as.try_.body, indent);
    const ChNode *clause = node->as.try_.catch_clause;
    if (clause) {
        ch__piece_text(f, " catch ");
        if (clause->as.catch_.variable.text.length) {
            ch__piece_text(f, "(");
            ch__piece_str(f, clause->as.catch_.variable.text);
            if (clause->as.catch_.type) {
                ch__piece_text(f, ": ");
                ch__piece_node(f, clause->as.catch_.type, indent);
            }
            ch__piece_text(f, ") ");
        }
        ch__expand_block(f, clause->as.catch_.body, indent);
    }
    if (node->as.try_.finally_body) {
        ch__piece_text(f, " finally ");
        ch__expand_block(f, node->as.try_.finally_body, indent);
    }
}

static void expand_select(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, "select {");
    ch__expand_lines(f, node->as.select.cases, indent + 1);
    if (node->as.select.timeout) {
        ch__piece_line(f, indent + 1);
        ch__piece_text(f, "timeout ");
        ch__piece_node(f, node->as.select.timeout, indent + 1);
        ch__piece_text(f, " ");
        ch__expand_block(f, node->as.select.timeout_body, indent + 1);
    }
    if (node->as.select.default_body) {
        ch__piece_line(f, indent + 1);
        ch__piece_text(f, "default ");
        ch__expand_block(f, node->as.select.default_body, indent + 1);
    }
    ch__comments_last(f, node, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

static void expand_parallel(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ChParallelMode mode = node->as.parallel.mode;
    ch__piece_text(f, mode == CH_PARALLEL_COUNT    ? "parallel "
                      : mode == CH_PARALLEL_SETTLE ? "parallel settle "
                                                   : "parallel each ");
    ch__piece_node(f, node->as.parallel.value, indent);
    if (node->as.parallel.options.count) {
        ch__piece_text(f, " with { ");
        ch__expand_commas(f, node->as.parallel.options, indent);
        ch__piece_text(f, " }");
    }
    ch__piece_text(f, " {");
    if (node->as.parallel.variable.text.length) {
        ch__piece_text(f, " ");
        ch__piece_str(f, node->as.parallel.variable.text);
        ch__piece_text(f, " ->");
    }
    ch__expand_lines(f, node->as.parallel.body->as.block.statements, indent + 1);
    ch__comments_last(f, node->as.parallel.body, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, mode == CH_PARALLEL_EACH_STREAM ? "} as stream" : "}");
}

static void expand_cost_route(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, "cost_route {");
    ch__expand_lines(f, node->as.cost_route.options, indent + 1);
    const ChNode *body = node->as.cost_route.body;
    if (node->as.cost_route.options.count && body->as.block.statements.count) ch__piece_line(f, indent + 1);
    ch__expand_lines(f, body->as.block.statements, indent + 1);
    ch__comments_last(f, body, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

static void expand_match(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, "match ");
    ch__piece_node(f, node->as.match.value, indent);
    ch__piece_text(f, " {");
    ch__expand_lines(f, node->as.match.arms, indent + 1);
    ch__comments_last(f, node, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

bool ch__expand_stmt(ChFormatter *f, const ChNode *node, uint32_t indent) {
    switch (node->kind) {
    case CH_NODE_FILE: expand_file(f, node); break;
    case CH_NODE_ASSIGN:
        ch__piece_node(f, node->as.assign.target, indent);
        ch__piece_text(f, " ");
        if (node->as.assign.op != CH_OPERATOR_NONE) ch__piece_text(f, ch_operator_text(node->as.assign.op));
        ch__piece_text(f, "= ");
        ch__piece_node(f, node->as.assign.value, indent);
        break;
    case CH_NODE_IF: expand_if(f, node, indent); break;
    case CH_NODE_FOR:
        ch__piece_text(f, "for ");
        ch__piece_node(f, node->as.for_.pattern, indent);
        ch__piece_text(f, " in ");
        ch__piece_node(f, node->as.for_.iterable, indent);
        ch__piece_text(f, " ");
        ch__expand_block(f, node->as.for_.body, indent);
        break;
    case CH_NODE_WHILE:
        ch__piece_text(f, "while ");
        ch__piece_node(f, node->as.while_.condition, indent);
        ch__piece_text(f, " ");
        ch__expand_block(f, node->as.while_.body, indent);
        break;
    case CH_NODE_MATCH: expand_match(f, node, indent); break;
    case CH_NODE_MATCH_ARM:
        ch__piece_node(f, node->as.match_arm.pattern, indent);
        if (node->as.match_arm.guard) {
            ch__piece_text(f, " if ");
            ch__piece_node(f, node->as.match_arm.guard, indent);
        }
        ch__piece_text(f, " -> ");
        ch__expand_inline(f, node->as.match_arm.body, indent);
        break;
    case CH_NODE_OR_PATTERN:
        for (uint32_t i = 0; i < node->as.list.items.count; i++) {
            if (i) ch__piece_text(f, " | ");
            ch__piece_node(f, node->as.list.items.items[i], indent);
        }
        break;
    case CH_NODE_RETRY: keyword_body(f, "retry", node, indent); break;
    case CH_NODE_DEADLINE: keyword_body(f, "deadline", node, indent); break;
    case CH_NODE_SPAWN: keyword_body(f, "spawn", node, indent); break;
    case CH_NODE_MUTEX: keyword_body(f, "mutex", node, indent); break;
    case CH_NODE_DEFER: keyword_body(f, "defer", node, indent); break;
    case CH_NODE_COST_ROUTE: expand_cost_route(f, node, indent); break;
    case CH_NODE_PARALLEL: expand_parallel(f, node, indent); break;
    case CH_NODE_SELECT: expand_select(f, node, indent); break;
    case CH_NODE_SELECT_CASE:
        ch__piece_str(f, node->as.select_case.variable.text);
        ch__piece_text(f, " from ");
        ch__piece_node(f, node->as.select_case.channel, indent);
        ch__piece_text(f, " ");
        ch__expand_block(f, node->as.select_case.body, indent);
        break;
    case CH_NODE_TRY: expand_try(f, node, indent); break;
    case CH_NODE_GUARD:
        ch__piece_text(f, "guard ");
        ch__piece_node(f, node->as.guard.condition, indent);
        ch__piece_text(f, " else ");
        ch__expand_block(f, node->as.guard.else_body, indent);
        break;
    case CH_NODE_REQUIRE:
        ch__piece_text(f, "require ");
        ch__piece_node(f, node->as.require.condition, indent);
        if (node->as.require.message) {
            ch__piece_text(f, ", ");
            ch__piece_node(f, node->as.require.message, indent);
        }
        break;
    case CH_NODE_RETURN: keyword_value(f, "return", node->as.unary.operand, indent); break;
    case CH_NODE_THROW: keyword_value(f, "throw", node->as.unary.operand, indent); break;
    case CH_NODE_YIELD: keyword_value(f, "yield", node->as.unary.operand, indent); break;
    case CH_NODE_EMIT: keyword_value(f, "emit", node->as.unary.operand, indent); break;
    case CH_NODE_BREAK: ch__piece_text(f, "break"); break;
    case CH_NODE_CONTINUE: ch__piece_text(f, "continue"); break;
    case CH_NODE_BLOCK: ch__expand_block(f, node, indent); break;
    default: return false;
    }
    return true;
}

void ch__format_expand(ChFormatter *f, const ChNode *node) {
    uint32_t indent = ch__layout_of(f, node)->indent;
    if (ch__expand_stmt(f, node, indent) || ch__expand_expr(f, node, indent) ||
        ch__expand_decl(f, node, indent) || ch__expand_type(f, node, indent))
        return;
    ch__piece_str(f, ch_source_text(f->tree->source, ch_node_range(node)));
}
