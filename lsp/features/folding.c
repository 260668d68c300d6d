/* See folding.h. */
#include "features/folding.h"

#include <stdlib.h>

typedef struct Folder {
    const ChSnapshot *snapshot;
    ChFolds *folds;
} Folder;

static void add(Folder *folder, uint32_t start, uint32_t end, bool keeps_last, ChFoldKind kind)
{
    uint32_t first = ch_lines_find(&folder->snapshot->lines, start);
    uint32_t last = ch_lines_find(&folder->snapshot->lines, end > start ? end - 1 : end);
    if (keeps_last && last > first)
        last--; /* the closing bracket stays in sight */
    if (last > first)
        ch_array_push(folder->folds, (ChFold){first, last, kind});
}

static bool is_bracketed(ChNodeKind kind)
{
    switch (kind) {
    case CH_NODE_BLOCK:
    case CH_NODE_STRUCT:
    case CH_NODE_ENUM:
    case CH_NODE_INTERFACE:
    case CH_NODE_IMPL:
    case CH_NODE_SKILL:
    case CH_NODE_EVAL_PACK:
    case CH_NODE_MATCH:
    case CH_NODE_SELECT:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_STRUCT_LITERAL:
    case CH_NODE_CALL:
    case CH_NODE_METHOD_CALL:
    case CH_NODE_TYPE_SHAPE:
    case CH_NODE_CLOSURE:
        return true;
    default:
        return false;
    }
}

static ChWalk enter(ChNode *node, void *data)
{
    Folder *folder = data;
    if (is_bracketed((ChNodeKind)node->kind))
        add(folder, node->start, node->end, true, CH_FOLD_REGION);
    else if (node->kind == CH_NODE_STRING || node->kind == CH_NODE_INTERPOLATION)
        add(folder, node->start, node->end, false, CH_FOLD_REGION);
    return CH_WALK_INTO;
}

static void add_comments(Folder *folder, const ChTree *tree)
{
    const ChLines *lines = &folder->snapshot->lines;
    for (uint32_t i = 0; i < tree->comment_count;) {
        uint32_t j = i;
        while (j + 1 < tree->comment_count && tree->comments[i].is_alone && tree->comments[j + 1].is_alone &&
               ch_lines_find(lines, tree->comments[j + 1].range.start) == ch_lines_find(lines, tree->comments[j].range.end) + 1)
            j++;
        add(folder, tree->comments[i].range.start, tree->comments[j].range.end, false, CH_FOLD_COMMENT);
        i = j + 1;
    }
}

static void add_imports(Folder *folder, const ChTree *tree)
{
    ChNodeList items = tree->root->as.file.items;
    for (uint32_t i = 0; i < items.count;) {
        uint32_t j = i;
        if (items.items[i]->kind == CH_NODE_IMPORT)
            while (j + 1 < items.count && items.items[j + 1]->kind == CH_NODE_IMPORT)
                j++;
        if (items.items[i]->kind == CH_NODE_IMPORT)
            add(folder, items.items[i]->start, items.items[j]->end, false, CH_FOLD_IMPORTS);
        i = j + 1;
    }
}

static int by_line(const void *a, const void *b)
{
    const ChFold *x = a, *y = b;
    if (x->first_line != y->first_line)
        return x->first_line < y->first_line ? -1 : 1;
    return x->last_line > y->last_line ? -1 : x->last_line < y->last_line;
}

void ch_folds_of(const ChSnapshot *snapshot, ChFolds *folds)
{
    if (!snapshot->tree)
        return;
    Folder folder = {snapshot, folds};
    ch_node_walk(snapshot->tree->root, enter, NULL, &folder);
    add_comments(&folder, snapshot->tree);
    add_imports(&folder, snapshot->tree);
    if (!folds->count)
        return;
    qsort(folds->items, folds->count, sizeof(*folds->items), by_line);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < folds->count; i++)
        if (folds->items[i].first_line != folds->items[kept - 1].first_line)
            folds->items[kept++] = folds->items[i];
    folds->count = kept;
}

uint32_t ch_selections_at(const ChSnapshot *snapshot, uint32_t offset, ChRange *ranges)
{
    uint32_t count = 0;
    if (snapshot->analysis) {
        ChOccurrence at = ch_analysis_at(snapshot->analysis, offset);
        if (at.range.end > at.range.start)
            ranges[count++] = at.range;
    }
    ChNode *path[CH_SELECTION_DEPTH_MAX - 2];
    uint32_t depth = 0;
    if (snapshot->tree)
        ch_tree_node_at(snapshot->tree, offset, path, CH_SELECTION_DEPTH_MAX - 2, &depth);
    for (uint32_t i = depth; i > 0; i--) {
        ChRange range = ch_node_range(path[i - 1]);
        ChRange inner = count ? ranges[count - 1] : (ChRange){offset, offset};
        bool is_larger = range.start <= inner.start && range.end >= inner.end &&
                         (count == 0 || range.end - range.start > inner.end - inner.start);
        if (is_larger && range.end > range.start)
            ranges[count++] = range;
    }
    ChRange whole = {0, snapshot->source->text.length};
    if (count == 0 || ranges[count - 1].end - ranges[count - 1].start < whole.end)
        ranges[count++] = whole;
    return count;
}
