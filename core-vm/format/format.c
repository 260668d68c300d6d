/* The door of the formatter: which part is formatted, in what order things happen, and
 * the proof that nothing was changed. */
#include "format/format.h"

#include <string.h>

#include "base/alloc.h"
#include "format/format_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

static void formatter_init(ChFormatter *f, const ChTree *tree, const ChFormatOptions *options) {
    *f = (ChFormatter){.tree = tree};
    uint32_t width = options && options->line_width ? options->line_width : CH_FORMAT_WIDTH_DEFAULT;
    f->width = width < CH_FORMAT_WIDTH_MIN   ? CH_FORMAT_WIDTH_MIN
               : width > CH_FORMAT_WIDTH_MAX ? CH_FORMAT_WIDTH_MAX
                                             : width;
    f->last_item = tree->root->as.file.items.count;
    ch_arena_init(&f->arena);
    f->layouts = CH_ARENA_ARRAY(&f->arena, ChNodeLayout, tree->node_count);
    f->next_comment = CH_ARENA_ARRAY(&f->arena, uint32_t, tree->comment_count + 1);
}

static void formatter_release(ChFormatter *f) {
    ch_array_release(&f->pieces);
    ch_arena_release(&f->arena);
}

/* ---- a range of lines */

/* Where an item begins and ends with the comments that belong to it. */
static ChRange extent_of(ChFormatter *f, const ChNode *node) {
    const ChComment *comments = f->tree->comments;
    const ChNodeLayout *layout = ch__layout_of(f, node);
    ChRange extent = {ch__node_begin(node), node->end};
    for (int place = CH__BEFORE; place <= CH__BEHIND; place++)
        for (uint32_t link = layout->first_comment[place]; link; link = f->next_comment[link - 1]) {
            if (comments[link - 1].range.start < extent.start) extent.start = comments[link - 1].range.start;
            if (comments[link - 1].range.end > extent.end) extent.end = comments[link - 1].range.end;
        }
    return extent;
}

/* The items that touch the lines, and the part of the text that they take. False:
 * there is none. */
static bool choose_items(ChFormatter *f, const ChFormatOptions *options, ChRange *part) {
    ChNodeList items = f->tree->root->as.file.items;
    const ChSource *source = f->tree->source;
    bool found = false;
    for (uint32_t i = 0; i < items.count; i++) {
        ChRange extent = extent_of(f, items.items[i]);
        if (ch_source_line(source, extent.end) < options->first_line ||
            ch_source_line(source, extent.start) > options->last_line)
            continue;
        if (!found) {
            f->first_item = i;
            *part = extent;
        }
        if (extent.end > part->end) part->end = extent.end;
        f->last_item = i + 1;
        found = true;
    }
    f->is_range = true;
    /* The indentation before the first item goes as well. */
    while (found && part->start && strchr(" \t", source->text.data[part->start - 1]))
        part->start--;
    return found;
}

/* ---- the whole */

static void run(ChFormatter *f, ChBuffer *out) {
    ch__layout_run(f, f->tree->root);
    ch__layout_write(f, f->tree->root, out);
}

static bool is_faithful(const ChTree *tree, const ChBuffer *out, size_t from) {
    ChStr text = ch_str_slice(out->data + from, out->length - from);
    ChSource *source = ch_source_new(tree->source->path, text, NULL);
    if (!source) return false;
    ChTree *again = ch_syntax_parse(source, NULL);
    bool is_same = again && !again->diagnostics.error_count && ch_format_is_same(tree, again);
    ch_tree_unref(again);
    ch_source_unref(source);
    return is_same;
}

static void format_once(const ChTree *tree, const ChFormatOptions *options, bool keep_parens, ChBuffer *out) {
    ChFormatter f;
    formatter_init(&f, tree, options);
    f.keep_parens = keep_parens;
    ch__comments_assign(&f);
    ChStr text = tree->source->text;
    if (!options || !options->first_line) {
        run(&f, out);
        ch_buffer_add_byte(out, '\n');
    } else {
        ChRange part = {0};
        if (choose_items(&f, options, &part)) {
            ch_buffer_add(out, text.data, part.start);
            run(&f, out);
            ch_buffer_add(out, text.data + part.end, text.length - part.end);
        } else {
            ch_buffer_add_str(out, text);
        }
    }
    formatter_release(&f);
}

ChStatus ch_format(const ChTree *tree, const ChFormatOptions *options, ChBuffer *out) {
    if (tree->diagnostics.error_count) return CH_STATUS_BAD_FORMAT;
    size_t from = out->length;
    /* Where the parentheses that look redundant are not, all of them are kept. */
    for (int keep_parens = 0; keep_parens < 2; keep_parens++) {
        format_once(tree, options, keep_parens, out);
        if (is_faithful(tree, out, from)) return CH_STATUS_OK;
        out->length = from;
    }
    return CH_STATUS_FAILED;
}
