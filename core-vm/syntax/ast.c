/* What can be asked of any tree: names, children, walking, finding, dumping. All of
 * it is driven by the table made from ast_kinds.def, and none of it recurses. */
#include "syntax/ast.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "syntax/syntax_int.h"

#include "base/banned.h"

typedef enum SlotType { SLOT_END, SLOT_ONE, SLOT_MANY, SLOT_NAME, SLOT_TEXT } SlotType;

typedef struct Slot {
    SlotType type;
    uint16_t offset; /* of the member in ChNode */
    const char *label;
} Slot;

typedef struct KindRow {
    const char *title;
    uint16_t size; /* bytes of a node of this kind */
    Slot slots[8];
} KindRow;

#define CH_ONE(payload, member) {SLOT_ONE, offsetof(ChNode, as.payload.member), #member},
#define CH_MANY(payload, member) {SLOT_MANY, offsetof(ChNode, as.payload.member), #member},
#define CH_NAMED(payload, member) {SLOT_NAME, offsetof(ChNode, as.payload.member), #member},
#define CH_TEXT(payload, member) {SLOT_TEXT, offsetof(ChNode, as.payload.member), #member},

static const KindRow KINDS[] = {
#define CH_NODE(kind, payload, title, ...)                                                                   \
    [CH_NODE_##kind] = {                                                                                     \
        title, offsetof(ChNode, as) + sizeof(((ChNode *)0)->as.payload), {__VA_ARGS__{SLOT_END, 0, NULL}}},
#include "syntax/ast_kinds.def"
#undef CH_NODE
};

static const char *const OPERATORS[] = {
#define CH_OPERATOR(name, text, doc) text,
#include "syntax/operators.def"
#undef CH_OPERATOR
};

const char *ch_node_title(ChNodeKind kind) {
    return (unsigned)kind < CH_NODE_KIND_COUNT ? KINDS[kind].title : "unknown";
}

const char *ch_operator_text(ChOperator op) {
    return (unsigned)op < CH_OPERATOR_COUNT ? OPERATORS[op] : "?";
}

size_t ch__node_size(ChNodeKind kind) {
    return KINDS[kind].size;
}

bool ch_node_is_decl(const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_PIPELINE:
    case CH_NODE_FN:
    case CH_NODE_TOOL:
    case CH_NODE_SKILL:
    case CH_NODE_EVAL_PACK:
    case CH_NODE_OVERRIDE:
    case CH_NODE_STRUCT:
    case CH_NODE_ENUM:
    case CH_NODE_INTERFACE:
    case CH_NODE_INTERFACE_METHOD:
    case CH_NODE_IMPL:
    case CH_NODE_TYPE_ALIAS: return true;
    default: return false;
    }
}

bool ch_node_is_type(const ChNode *node) {
    return node->kind >= CH_NODE_TYPE_NAME && node->kind <= CH_NODE_TYPE_INT;
}

ChNodeIter ch_node_iter(const ChNode *node) {
    return (ChNodeIter){.node = node};
}

ChNode *ch_node_next(ChNodeIter *iter) {
    const KindRow *row = &KINDS[iter->node->kind];
    for (;;) {
        const Slot *slot = &row->slots[iter->slot];
        const char *member = (const char *)iter->node + slot->offset;
        if (slot->type == SLOT_END) return NULL;
        if (slot->type == SLOT_MANY) {
            const ChNodeList *list = (const ChNodeList *)(const void *)member;
            if (iter->item < list->count) return list->items[iter->item++];
            iter->item = 0;
        }
        iter->slot++;
        if (slot->type == SLOT_ONE) {
            ChNode *child = *(ChNode *const *)(const void *)member;
            if (child) return child;
        }
    }
}

typedef CH_ARRAY_OF(ChNodeIter) IterStack;

void ch_node_walk(ChNode *root, ChWalk (*enter)(ChNode *node, void *data),
                  void (*leave)(ChNode *node, void *data), void *data) {
    IterStack stack = {0};
    ChNode *node = root;
    while (node) {
        ChWalk answer = enter(node, data);
        if (answer == CH_WALK_STOP) break;
        if (answer == CH_WALK_INTO)
            ch_array_push(&stack, ch_node_iter(node));
        else if (leave)
            leave(node, data);
        node = NULL;
        while (stack.count && !(node = ch_node_next(&ch_array_last(&stack)))) {
            ChNodeIter done = ch_array_pop(&stack);
            if (leave) leave((ChNode *)done.node, data);
        }
    }
    ch_array_release(&stack);
}

/* Attributes lie before their declaration's start, so what covers an offset is
 * looked for in all children, not by bisection. */
static bool reaches(const ChNode *node, uint32_t offset) {
    uint32_t start = node->start;
    if (ch_node_is_decl(node) && node->as.decl.attributes.count)
        start = node->as.decl.attributes.items[0]->start;
    return start <= offset && offset <= node->end;
}

static ChNode *child_at(const ChNode *node, uint32_t offset) {
    ChNode *best = NULL;
    ChNodeIter children = ch_node_iter(node);
    for (ChNode *child; (child = ch_node_next(&children));) {
        if (!reaches(child, offset)) continue;
        /* Where one child ends and the next begins, the one that begins wins. */
        if (!best || child->start <= offset) best = child;
        if (child->start <= offset && offset < child->end) break;
    }
    return best;
}

ChNode *ch_tree_node_at(const ChTree *tree, uint32_t offset, ChNode **path, uint32_t path_max,
                        uint32_t *path_count) {
    CH_ARRAY_OF(ChNode *) chain = {0};
    for (ChNode *node = tree->root; node; node = child_at(node, offset))
        ch_array_push(&chain, node);
    ChNode *innermost = ch_array_last(&chain);
    if (path) {
        uint32_t count = chain.count < path_max ? chain.count : path_max;
        memcpy(path, chain.items + chain.count - count, count * sizeof *path);
        *path_count = count;
    }
    ch_array_release(&chain);
    return innermost;
}

static void dump_value(const ChNode *node, ChBuffer *out) {
    switch (node->kind) {
    case CH_NODE_BOOL: ch_buffer_printf(out, " %s", node->as.boolean.value ? "true" : "false"); break;
    case CH_NODE_INT:
    case CH_NODE_TYPE_INT: ch_buffer_printf(out, " %lld", (long long)node->as.integer.value); break;
    case CH_NODE_FLOAT: ch_buffer_printf(out, " %.17g", node->as.number.value); break;
    case CH_NODE_DURATION:
        ch_buffer_printf(out, " %llums", (unsigned long long)node->as.duration.milliseconds);
        break;
    case CH_NODE_UNARY: ch_buffer_printf(out, " %s", ch_operator_text(node->as.unary.op)); break;
    case CH_NODE_BINARY: ch_buffer_printf(out, " %s", ch_operator_text(node->as.binary.op)); break;
    case CH_NODE_ASSIGN:
        ch_buffer_printf(out, " %s%s", ch_operator_text(node->as.assign.op),
                         node->as.assign.op == CH_OPERATOR_NONE ? "" : "=");
        break;
    case CH_NODE_PARALLEL: {
        static const char *const MODES[] = {"count", "each", "each-stream", "settle"};
        ch_buffer_printf(out, " %s", MODES[node->as.parallel.mode]);
        break;
    }
    case CH_NODE_TYPE_PARAM: {
        static const char *const VARIANCES[] = {"", " in", " out"};
        ch_buffer_add_text(out, VARIANCES[node->as.type_param.variance]);
        break;
    }
    default: break;
    }
}

static void dump_names(const ChNode *node, ChBuffer *out) {
    for (const Slot *slot = KINDS[node->kind].slots; slot->type != SLOT_END; slot++) {
        const void *member = (const char *)node + slot->offset;
        ChStr text = {0};
        if (slot->type == SLOT_NAME)
            text = ((const ChName *)member)->text;
        else if (slot->type == SLOT_TEXT)
            text = *(const ChStr *)member;
        else
            continue;
        if (text.length == 0 && node->kind != CH_NODE_STRING && node->kind != CH_NODE_TYPE_STRING) continue;
        if (strcmp(slot->label, "name") == 0 || strcmp(slot->label, "decl.name") == 0 ||
            strcmp(slot->label, "text") == 0)
            ch_buffer_add_byte(out, ' ');
        else
            ch_buffer_printf(out, " %s=", slot->label);
        ch_buffer_add_json(out, text);
    }
}

typedef struct FlagRow {
    uint16_t bit;
    const char *text;
    uint16_t kinds[9]; /* CH_NODE_KIND_COUNT ends the list; empty: all kinds */
} FlagRow;

#define ANY_KIND CH_NODE_KIND_COUNT

static const FlagRow FLAGS[] = {
    {CH_FLAG_PUB, "pub", {ANY_KIND}},
    {CH_FLAG_GEN, "gen", {CH_NODE_FN, ANY_KIND}},
    {CH_FLAG_SELECTIVE, "selective", {CH_NODE_IMPORT, ANY_KIND}},
    {CH_FLAG_SCOPED, "scoped", {CH_NODE_IMPORT, ANY_KIND}},
    {CH_FLAG_OPTIONAL,
     "optional",
     {CH_NODE_MEMBER, CH_NODE_METHOD_CALL, CH_NODE_INDEX, CH_NODE_STRUCT_FIELD, CH_NODE_TYPE_FIELD,
      ANY_KIND}},
    {CH_FLAG_REST, "rest", {CH_NODE_PARAM, CH_NODE_PATTERN_FIELD, CH_NODE_PATTERN_ELEMENT, ANY_KIND}},
    {CH_FLAG_EXCLUSIVE, "exclusive", {CH_NODE_RANGE, ANY_KIND}},
    {CH_FLAG_COMPUTED, "computed", {CH_NODE_DICT_ENTRY, ANY_KIND}},
    {CH_FLAG_FN_SYNTAX, "fn", {CH_NODE_CLOSURE, ANY_KIND}},
    {CH_FLAG_RAW, "raw", {CH_NODE_STRING, ANY_KIND}},
    {CH_FLAG_MULTILINE, "multiline", {CH_NODE_STRING, CH_NODE_INTERPOLATION, ANY_KIND}},
    {CH_FLAG_OVERFLOW, "overflow", {CH_NODE_FLOAT, ANY_KIND}},
    {CH_FLAG_SUGAR, "sugar", {CH_NODE_TYPE_UNION, CH_NODE_TYPE_GENERIC, ANY_KIND}},
};

static void dump_flags(const ChNode *node, ChBuffer *out) {
    for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++) {
        const uint16_t *kind = FLAGS[i].kinds;
        bool fits = *kind == ANY_KIND;
        for (; *kind != ANY_KIND && !fits; kind++)
            fits = *kind == node->kind;
        if (fits && node->flags & FLAGS[i].bit) ch_buffer_printf(out, " +%s", FLAGS[i].text);
    }
    if (node->flags & CH_FLAG_PARENTHESIZED) ch_buffer_add_text(out, " +parenthesized");
}

/* Indentation stops growing, so that a deep tree's dump stays linear in its size. */
#define DUMP_INDENT_MAX 200u

typedef struct Dumper {
    ChBuffer *out;
    uint32_t depth;
} Dumper;

static ChWalk dump_enter(ChNode *node, void *data) {
    Dumper *dumper = data;
    ch_buffer_add_repeat(dumper->out, ' ',
                         dumper->depth < DUMP_INDENT_MAX ? dumper->depth * 2 : DUMP_INDENT_MAX * 2);
    ch_buffer_add_text(dumper->out, ch_node_title(node->kind));
    dump_value(node, dumper->out);
    dump_names(node, dumper->out);
    dump_flags(node, dumper->out);
    ch_buffer_printf(dumper->out, " @%u..%u\n", node->start, node->end);
    dumper->depth++;
    return CH_WALK_INTO;
}

static void dump_leave(ChNode *node, void *data) {
    (void)node;
    ((Dumper *)data)->depth--;
}

void ch_node_dump(const ChNode *node, ChBuffer *out) {
    Dumper dumper = {.out = out};
    ch_node_walk((ChNode *)node, dump_enter, dump_leave, &dumper);
}
