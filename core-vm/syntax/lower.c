/* The machine of the lowering: see lower_int.h. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "syntax/lower_int.h"

#include "base/banned.h"

static Reducer *const REDUCERS[CST_COUNT] = {
#define CH_CST(name, symbol, reducer) [CST_##name] = ch__reduce_##reducer,
#include "syntax/cst.def"
#undef CH_CST
};

/* ---- nodes */

ChNode *ch__node_new(Lower *lower, ChNodeKind kind, uint32_t start, uint32_t end) {
    ChNode *node = ch_arena_alloc(&lower->tree->arena, ch__node_size(kind));
    node->kind = (uint16_t)kind;
    node->id = lower->node_count++;
    node->start = start;
    node->end = end;
    return node;
}

ChNode *ch__reduce_to(Reduction *r, ChNodeKind kind) {
    r->node = ch__node_new(r->lower, kind, r->start, r->end);
    if (r->has_error) r->node->flags |= CH_FLAG_HAS_ERROR;
    return r->node;
}

/* ---- children */

const Entry *ch__kid(const Reduction *r, CstField field) {
    for (uint32_t i = 0; i < r->count; i++)
        if (r->kids[i].field == field) return &r->kids[i];
    return NULL;
}

const Entry *ch__kid_of(const Reduction *r, Cst cst) {
    for (uint32_t i = 0; i < r->count; i++)
        if (r->kids[i].cst == cst) return &r->kids[i];
    return NULL;
}

ChStr ch__entry_text(const Lower *lower, const Entry *entry) {
    return ch_str_slice(lower->text + entry->start, entry->end - entry->start);
}

ChName ch__name_of(Reduction *r, const Entry *entry) {
    if (!entry) return (ChName){.range = {r->end, r->end}};
    return (ChName){ch__entry_text(r->lower, entry), {entry->start, entry->end}};
}

ChName ch__name_at(Reduction *r, CstField field) {
    return ch__name_of(r, ch__kid(r, field));
}

ChNode *ch__node_of(Reduction *r, const Entry *entry) {
    if (!entry || entry->cst != CST_IDENTIFIER) return entry ? entry->node : NULL;
    if (entry->is_missing || entry->start == entry->end) return NULL;
    ChNode *node = ch__node_new(r->lower, CH_NODE_IDENTIFIER, entry->start, entry->end);
    node->as.name.name = ch__name_of(r, entry);
    return node;
}

ChNode *ch__node_at(Reduction *r, CstField field) {
    return ch__node_of(r, ch__kid(r, field));
}

ChNodeList ch__nodes_of(Reduction *r, CstField field) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->count; i++)
        count += r->kids[i].node && (!field || r->kids[i].field == field);
    ChNodeList list = {0};
    if (!count) return list;
    list.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, count);
    for (uint32_t i = 0; i < r->count; i++)
        if (r->kids[i].node && (!field || r->kids[i].field == field))
            list.items[list.count++] = r->kids[i].node;
    return list;
}

ChNodeList ch__parts_of(Reduction *r) {
    ChNodeList list = ch__nodes_of(r, FIELD_NONE);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i]->kind != CH_NODE_ERROR) list.items[kept++] = list.items[i];
    list.count = kept;
    return list;
}

void ch__pass(Reduction *r, const Entry *kid) {
    r->node = ch__node_of(r, kid);
    r->chain = kid;
}

ChNodeList ch__list_at(Reduction *r, CstField field) {
    const Entry *entry = ch__kid(r, field);
    return entry ? entry->list : (ChNodeList){0};
}

uint16_t ch__flag_if(Reduction *r, Cst cst, uint16_t flag) {
    return ch__kid_of(r, cst) ? flag : 0;
}

ChDiagnostic *ch__syntax_error(Lower *lower, ChRange range, const char *expected, const char *found) {
    ChDiagnosticList *list = &lower->tree->diagnostics;
    ChStr text = found ? ch_str_of(found) : ch_source_text(lower->tree->source, range);
    ChDiagnostic *diagnostic = ch_diagnostic_add(list, CH_SEVERITY_ERROR, CH__CODE_SYNTAX, range,
                                                 "expected %s, found %.*s", expected, CH_STR_ARG(text));
    diagnostic->expected = ch_str_copy(list->arena, ch_str_of(expected));
    diagnostic->found = ch_str_copy(list->arena, text);
    return diagnostic;
}

/* ---- the machine */

/* A concrete node that was entered and not yet left. */
typedef struct Frame {
    TSNode node;
    uint32_t base; /* its children's entries begin here */
    uint8_t field;
} Frame;

static void note_comment(Lower *lower, const Entry *entry) {
    const char *text = lower->text;
    ChComment comment = {{entry->start, entry->end},
                         .is_block = text[entry->start + 1] == '*',
                         .is_doc = entry->cst == CST_DOC_COMMENT,
                         .is_alone = true};
    for (uint32_t i = entry->start; i > 0 && text[i - 1] != '\n'; i--)
        if (text[i - 1] != ' ' && text[i - 1] != '\t') {
            comment.is_alone = false;
            break;
        }
    ch_array_push(&lower->comments, comment);
}

static void report_depth(Lower *lower, const Reduction *r) {
    if (lower->too_deep) return;
    lower->too_deep = true;
    ChDiagnosticList *list = &lower->tree->diagnostics;
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(list, CH_SEVERITY_ERROR, CH__CODE_DEPTH,
                          (ChRange){r->start, r->start < r->end ? r->start + 1 : r->end},
                          "nesting too deep: more than %u levels", CH_SYNTAX_DEPTH_MAX);
    ch_diagnostic_help(list, diagnostic, "give inner parts names, or move them into functions");
}

static uint32_t depth_of(const Reduction *r) {
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        /* A chain is as deep as the deepest of its links. */
        uint32_t depth = r->kids[i].depth;
        if (&r->kids[i] == r->chain && depth) depth--;
        if (depth > deepest) deepest = depth;
    }
    return deepest;
}

/* The scanner's marks stand for text that is missing, in a tree without an error. */
static void note_mark(Lower *lower, Cst cst, TSNode node) {
    if (cst == CST_ABSENT || cst == CST_UNTERMINATED || cst == CST_UNCLOSED_COMMENT)
        lower->has_marks = true;
    else if (cst == CST_IDENTIFIER && !lower->has_marks)
        lower->has_marks =
            ch__is_reserved_misuse(lower->tree->source, ts_node_start_byte(node), ts_node_end_byte(node));
}

/* Reduce the entries from `frame->base` on into one. */
static void reduce(Lower *lower, const Frame *frame, Cst cst) {
    Reduction r = {
        .lower = lower,
        .cst = cst,
        .start = ts_node_start_byte(frame->node),
        .end = ts_node_end_byte(frame->node),
        .has_error = ts_node_has_error(frame->node),
        .kids = lower->entries.items ? lower->entries.items + frame->base : NULL,
        .count = lower->entries.count - frame->base,
    };
    note_mark(lower, cst, frame->node);
    if (REDUCERS[cst]) REDUCERS[cst](&r);
    uint32_t depth = depth_of(&r) + (r.node != NULL);
    if (depth > CH_SYNTAX_DEPTH_MAX) {
        report_depth(lower, &r);
        depth = 1;
        r.list = (ChNodeList){0};
        if (r.node) r.node = ch__node_new(lower, CH_NODE_ERROR, r.start, r.end);
    }
    Entry entry = {.cst = (uint8_t)cst,
                   .field = frame->field,
                   .is_missing = ts_node_is_missing(frame->node),
                   .has_error = r.has_error,
                   .depth = depth,
                   .start = r.start,
                   .end = r.end,
                   .node = r.node,
                   .list = r.list,
                   .name = r.name};
    lower->entries.count = frame->base;
    ch_array_push(&lower->entries, entry);
}

static bool is_comment(Cst cst) {
    return cst == CST_COMMENT || cst == CST_DOC_COMMENT || cst == CST_UNCLOSED_COMMENT;
}

bool ch__lower_tree(ChTree *tree, const ChCst *cst) {
    Lower lower = {
        .tree = tree, .text = tree->source->text.data, .symbols = cst->symbols, .fields = cst->fields};
    CH_ARRAY_OF(Frame) frames = {0};
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree->syntax));
    bool entering = true;
    for (;;) {
        if (entering) {
            TSNode node = ts_tree_cursor_current_node(&cursor);
            Frame frame = {node, lower.entries.count, cst->fields[ts_tree_cursor_current_field_id(&cursor)]};
            Cst kind = ch__cst_of(cst, ts_node_symbol(node));
            if (is_comment(kind)) {
                Entry entry = {
                    .cst = (uint8_t)kind, .start = ts_node_start_byte(node), .end = ts_node_end_byte(node)};
                note_comment(&lower, &entry);
            } else if (ts_tree_cursor_goto_first_child(&cursor)) {
                ch_array_push(&frames, frame);
                continue;
            } else {
                reduce(&lower, &frame, kind);
            }
        }
        if (!frames.count) break;
        if (ts_tree_cursor_goto_next_sibling(&cursor)) {
            entering = true;
            continue;
        }
        ts_tree_cursor_goto_parent(&cursor);
        Frame done = ch_array_pop(&frames);
        reduce(&lower, &done, ch__cst_of(cst, ts_node_symbol(done.node)));
        entering = false;
    }
    ts_tree_cursor_delete(&cursor);
    tree->root = lower.entries.count ? lower.entries.items[0].node : NULL;
    if (!tree->root || tree->root->kind != CH_NODE_FILE) {
        /* Nothing in the text made sense: the whole is one error. */
        ChNode *file = ch__node_new(&lower, CH_NODE_FILE, 0, tree->source->text.length);
        if (tree->root) {
            file->as.file.items.items = CH_ARENA_ARRAY(&tree->arena, ChNode *, 1);
            file->as.file.items.items[0] = tree->root;
            file->as.file.items.count = 1;
        }
        tree->root = file;
    }
    tree->node_count = lower.node_count;
    tree->comments = lower.comments.items;
    tree->comment_count = lower.comments.count;
    ch_array_release(&lower.entries);
    ch_array_release(&frames);
    return lower.has_marks || ts_node_has_error(ts_tree_root_node(tree->syntax));
}
