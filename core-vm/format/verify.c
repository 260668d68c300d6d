/* Does the formatted text say the same? Two trees are walked side by side. What may
 * differ is listed in ast.h's terms: parentheses, sugar of types, quotes of keys, ways to
 * write a string, the order of imports. Comments are compared as a heap of lines without
 * their markers, so that they may move but not get lost. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/format_int.h"

#include "base/banned.h"

#define IGNORED_FLAGS (CH_FLAG_PARENTHESIZED | CH_FLAG_HAS_ERROR)

/* The flags that carry meaning for this kind. */
static uint32_t flags_of(const ChNode *node) {
    uint32_t flags = node->flags & ~(uint32_t)IGNORED_FLAGS;
    switch (node->kind) {
    case CH_NODE_STRING:
    case CH_NODE_INTERPOLATION:
    case CH_NODE_TYPE_UNION:
    case CH_NODE_TYPE_GENERIC:
    case CH_NODE_FLOAT: return 0;
    case CH_NODE_IMPORT: return flags & (CH_FLAG_PUB | CH_FLAG_SELECTIVE);
    case CH_NODE_DICT_ENTRY:
        return node->as.dict_entry.key && node->as.dict_entry.key->kind == CH_NODE_STRING ? 0 : flags;
    default: return flags;
    }
}

static bool same_scalars(const ChNode *a, const ChNode *b) {
    switch (a->kind) {
    case CH_NODE_BOOL: return a->as.boolean.value == b->as.boolean.value;
    case CH_NODE_INT:
    case CH_NODE_TYPE_INT: return a->as.integer.value == b->as.integer.value;
    case CH_NODE_FLOAT: return memcmp(&a->as.number.value, &b->as.number.value, sizeof(double)) == 0;
    case CH_NODE_DURATION: return a->as.duration.milliseconds == b->as.duration.milliseconds;
    case CH_NODE_ASSIGN: return a->as.assign.op == b->as.assign.op;
    case CH_NODE_UNARY: return a->as.unary.op == b->as.unary.op;
    case CH_NODE_BINARY: return a->as.binary.op == b->as.binary.op;
    case CH_NODE_PARALLEL: return a->as.parallel.mode == b->as.parallel.mode;
    case CH_NODE_TYPE_PARAM: return a->as.type_param.variance == b->as.type_param.variance;
    case CH_NODE_TOOL: return a->as.tool.has_description == b->as.tool.has_description;
    case CH_NODE_SLICE:
        return !a->as.slice.first == !b->as.slice.first && !a->as.slice.last == !b->as.slice.last;
    default: return true;
    }
}

#define CH_ONE(payload, member)
#define CH_MANY(payload, member)
#define CH_NAMED(payload, member) &&ch_str_equal(a->as.payload.member.text, b->as.payload.member.text)
#define CH_TEXT(payload, member) &&ch_str_equal(a->as.payload.member, b->as.payload.member)

static bool same_texts(const ChNode *a, const ChNode *b) {
    switch ((ChNodeKind)a->kind) {
#define CH_NODE(kind, payload, title, slots)                                                                 \
    case CH_NODE_##kind:                                                                                     \
        return true slots;
#include "syntax/ast_kinds.def"
#undef CH_NODE
    default: return true;
    }
}

typedef CH_ARRAY_OF(const ChNode *) NodeStack;

/* The children in an order that does not depend on the way it was written. */
static void push_children(ChArena *arena, const ChNode *node, NodeStack *stack) {
    uint32_t first = stack->count;
    if (node->kind == CH_NODE_FILE || node->kind == CH_NODE_IMPORT) {
        ChNodeList items =
            node->kind == CH_NODE_FILE ? ch__file_items(arena, node) : ch__import_names(arena, node);
        for (uint32_t i = 0; i < items.count; i++)
            ch_array_push(stack, items.items[i]);
        return;
    }
    ChNodeIter iter = ch_node_iter(node);
    for (ChNode *child; (child = ch_node_next(&iter));)
        ch_array_push(stack, child);
    const ChNode *else_if = node->kind == CH_NODE_IF ? ch__only_if(node->as.if_.else_body) : NULL;
    if (else_if) stack->items[stack->count - 1] = else_if;
    if (node->kind == CH_NODE_TYPE_UNION && stack->count == first + 2) {
        const ChNode *left = stack->items[first];
        if (left->kind == CH_NODE_TYPE_NAME && ch_str_is(left->as.name.name.text, "nil")) {
            stack->items[first] = stack->items[first + 1];
            stack->items[first + 1] = left;
        }
    }
}

static bool same_trees(const ChNode *a, const ChNode *b) {
    NodeStack left = {0}, right = {0};
    ChArena arena;
    ch_arena_init(&arena);
    ch_array_push(&left, a);
    ch_array_push(&right, b);
    bool is_same = true;
    while (is_same && left.count && left.count == right.count) {
        a = ch_array_pop(&left);
        b = ch_array_pop(&right);
        is_same = a->kind == b->kind && flags_of(a) == flags_of(b) && same_scalars(a, b) && same_texts(a, b);
        if (!is_same) break;
        push_children(&arena, a, &left);
        push_children(&arena, b, &right);
    }
    is_same = is_same && !left.count && !right.count;
    ch_array_release(&left);
    ch_array_release(&right);
    ch_arena_release(&arena);
    return is_same;
}

/* What the comments say: the sum of their lines' hashes. */
static uint64_t comments_hash(const ChTree *tree) {
    uint64_t sum = 0;
    ChBuffer line = {0};
    for (uint32_t i = 0; i < tree->comment_count; i++) {
        ChStr text = ch_source_text(tree->source, tree->comments[i].range);
        for (uint32_t k = 0; k <= text.length; k++) {
            if (k == text.length || text.data[k] == '\n') {
                if (line.length) sum += ch_str_hash(ch_buffer_view(&line));
                ch_buffer_clear(&line);
            } else if (!strchr(" \t\r*/-", text.data[k])) {
                ch_buffer_add_byte(&line, text.data[k]);
            }
        }
    }
    ch_buffer_release(&line);
    return sum;
}

bool ch_format_is_same(const ChTree *a, const ChTree *b) {
    return same_trees(a->root, b->root) && comments_hash(a) == comments_hash(b);
}
