/* Doc comments: which comment belongs to which declaration, and its text without
 * markers. A declaration's comment is the doc block, or else the run of `///` or `//`
 * lines, that ends on the line above it (above its attributes, or between them
 * and the keyword), with nothing else on its lines. */
#include <string.h>

#include "syntax/syntax_int.h"

#include "base/banned.h"

typedef struct Attacher {
    ChTree *tree;
} Attacher;

/* Index of the last comment that ends at or before `offset`, or -1. */
static int64_t comment_before(const ChTree *tree, uint32_t offset) {
    uint32_t low = 0, high = tree->comment_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tree->comments[middle].range.end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low - 1;
}

/* Only blanks and one line end between the comment and what it documents? */
static bool touches(const ChTree *tree, uint32_t from, uint32_t to) {
    uint32_t newlines = 0;
    for (uint32_t i = from; i < to; i++) {
        char byte = tree->source->text.data[i];
        newlines += byte == '\n';
        if (newlines > 1 || (byte != '\n' && byte != ' ' && byte != '\t' && byte != '\r')) return false;
    }
    return true;
}

/* The line of a block comment without its leading star. */
static ChStr block_line(ChStr line) {
    line = ch_str_trim(line);
    if (ch_str_starts_with(line, CH_STR("* "))) return ch_str_slice(line.data + 2, line.length - 2);
    if (ch_str_is(line, "*")) return ch_str_slice(line.data + 1, 0);
    return line;
}

static void add_block(ChBuffer *out, ChStr text) {
    text = ch_str_trim(ch_str_slice(text.data + 3, text.length - 5));
    uint32_t start = 0;
    while (start <= text.length) {
        int64_t end = ch_str_find(text, CH_STR("\n"), start);
        uint32_t stop = end < 0 ? text.length : (uint32_t)end;
        if (start) ch_buffer_add_byte(out, '\n');
        ch_buffer_add_str(out, block_line(ch_str_slice(text.data + start, stop - start)));
        start = stop + 1;
    }
}

static ChStr lines_text(ChTree *tree, uint32_t first, uint32_t last, uint32_t marker) {
    ChBuffer out = {0};
    for (uint32_t i = first; i <= last; i++) {
        ChStr line = ch_source_text(tree->source, tree->comments[i].range);
        line = ch_str_slice(line.data + marker, line.length - marker);
        if (line.length && line.data[0] == ' ') line = ch_str_slice(line.data + 1, line.length - 1);
        if (i > first) ch_buffer_add_byte(&out, '\n');
        while (line.length && strchr(" \t\r", line.data[line.length - 1]))
            line.length--;
        ch_buffer_add_str(&out, line);
    }
    ChStr text = ch_str_copy(&tree->arena, ch_buffer_view(&out));
    ch_buffer_release(&out);
    return text;
}

static ChStr doc_above(ChTree *tree, uint32_t offset) {
    int64_t last = comment_before(tree, offset);
    if (last < 0) return (ChStr){0};
    const ChComment *comment = &tree->comments[last];
    if (!comment->is_alone || !touches(tree, comment->range.end, offset)) return (ChStr){0};
    if (comment->is_block) {
        if (!comment->is_doc) return (ChStr){0};
        ChBuffer out = {0};
        add_block(&out, ch_source_text(tree->source, comment->range));
        ChStr text = ch_str_copy(&tree->arena, ch_buffer_view(&out));
        ch_buffer_release(&out);
        return text;
    }
    bool is_doc = comment->is_doc;
    int64_t first = last;
    while (first > 0) {
        const ChComment *above = &tree->comments[first - 1];
        if (above->is_block || above->is_doc != is_doc || !above->is_alone ||
            !touches(tree, above->range.end, tree->comments[first].range.start))
            break;
        first--;
    }
    return lines_text(tree, (uint32_t)first, (uint32_t)last, is_doc ? 3 : 2);
}

static ChWalk attach(ChNode *node, void *data) {
    ChTree *tree = ((Attacher *)data)->tree;
    ChStr *doc = NULL;
    uint32_t start = node->start;
    if (ch_node_is_decl(node)) {
        doc = &node->as.decl.doc;
        if (node->as.decl.attributes.count) {
            *doc = doc_above(tree, node->as.decl.attributes.items[0]->start);
            if (doc->length) return CH_WALK_INTO;
        }
    } else if (node->kind == CH_NODE_ENUM_VARIANT) {
        doc = &node->as.variant.doc;
    } else if (node->kind == CH_NODE_LET || node->kind == CH_NODE_VAR || node->kind == CH_NODE_CONST) {
        doc = &node->as.binding.doc;
    }
    if (doc) *doc = doc_above(tree, start);
    return CH_WALK_INTO;
}

/* The comment that the file begins with, unless it belongs to the declaration behind it. */
static ChStr header(ChTree *tree) {
    const ChComment *first = &tree->comments[0];
    ChStr before = ch_source_text(tree->source, (ChRange){0, first->range.start});
    if (ch_str_trim(before).length) return (ChStr){0};
    uint32_t last = 0;
    while (!first->is_block && last + 1 < tree->comment_count && !first[last + 1].is_block &&
           touches(tree, first[last].range.end, first[last + 1].range.start))
        last++;
    const ChNodeList *items = &tree->root->as.file.items;
    for (uint32_t i = 0; i < items->count && i < 1; i++) {
        const ChNode *item = items->items[i];
        bool is_decl = ch_node_is_decl(item);
        bool has_doc = is_decl || item->kind == CH_NODE_LET || item->kind == CH_NODE_VAR || item->kind == CH_NODE_CONST;
        uint32_t start = is_decl && item->as.decl.attributes.count ? item->as.decl.attributes.items[0]->start : item->start;
        if (has_doc && touches(tree, first[last].range.end, start)) return (ChStr){0};
    }
    return doc_above(tree, first[last].range.end);
}

void ch__docs_attach(ChTree *tree) {
    Attacher attacher = {tree};
    if (!tree->comment_count) return;
    ch_node_walk(tree->root, attach, NULL, &attacher);
    tree->doc = header(tree);
}
