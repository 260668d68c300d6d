/* Comments: to which node each belongs, and how it is written.
 *
 * A comment belongs to the innermost thing that has a line of its own, a statement or an
 * item of a list: behind the one that ends on its line, else before the next one, else
 * last before the closing bracket. In places that have no such thing (between the
 * words of an expression) it goes before the whole statement or item. Nothing is lost. */
#include <string.h>

#include "base/alloc.h"
#include "format/format_int.h"

#include "base/banned.h"

/* ---- which node */

uint32_t ch__node_begin(const ChNode *node) {
    uint32_t start = node->start;
    if (ch_node_is_decl(node) && node->as.decl.attributes.count &&
        node->as.decl.attributes.items[0]->start < start)
        start = node->as.decl.attributes.items[0]->start;
    return start;
}

static void add(ChFormatter *f, const ChNode *node, ChCommentPlace place, uint32_t comment) {
    ChNodeLayout *layout = ch__layout_of(f, node);
    if (layout->last_comment[place])
        f->next_comment[layout->last_comment[place] - 1] = comment + 1;
    else
        layout->first_comment[place] = comment + 1;
    layout->last_comment[place] = comment + 1;
}

/* The list whose items have lines of their own, NULL when the node has none. */
static const ChNodeList *slots_of(const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_FILE: return &node->as.file.items;
    case CH_NODE_BLOCK: return &node->as.block.statements;
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_TYPE_SHAPE: return &node->as.list.items;
    case CH_NODE_STRUCT_LITERAL: return &node->as.struct_literal.entries;
    case CH_NODE_CALL: return &node->as.call.args;
    case CH_NODE_METHOD_CALL: return &node->as.method_call.args;
    case CH_NODE_PIPELINE: return &node->as.pipeline.params;
    case CH_NODE_FN:
    case CH_NODE_INTERFACE_METHOD: return &node->as.fn.params;
    case CH_NODE_TOOL: return &node->as.tool.params;
    case CH_NODE_OVERRIDE: return &node->as.override.params;
    case CH_NODE_SKILL: return &node->as.skill.fields;
    case CH_NODE_STRUCT: return &node->as.struct_.fields;
    case CH_NODE_ENUM: return &node->as.enum_.variants;
    case CH_NODE_ENUM_VARIANT: return &node->as.variant.fields;
    case CH_NODE_IMPL: return &node->as.impl.methods;
    case CH_NODE_MATCH: return &node->as.match.arms;
    case CH_NODE_SELECT: return &node->as.select.cases;
    case CH_NODE_EVAL_PACK: return &node->as.eval_pack.fields;
    case CH_NODE_IMPORT: return &node->as.import.names;
    default: return NULL;
    }
}

/* Does the list end where the node ends, so that what stands behind its items
 * belongs to it? */
static bool owns_end(const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_PIPELINE:
    case CH_NODE_FN:
    case CH_NODE_TOOL:
    case CH_NODE_OVERRIDE:
    case CH_NODE_INTERFACE_METHOD:
    case CH_NODE_EVAL_PACK:
    case CH_NODE_SELECT:
    case CH_NODE_IMPORT: return false;
    default: return true;
    }
}

static bool is_slot(const ChNode *parent, const ChNode *child) {
    if (parent->kind == CH_NODE_INTERFACE) return child->kind != CH_NODE_TYPE_PARAM;
    if (child->kind == CH_NODE_ATTRIBUTE) return false;
    const ChNodeList *slots = slots_of(parent);
    if (!slots || !slots->count) return false;
    return child->start >= slots->items[0]->start && child->end <= slots->items[slots->count - 1]->end &&
           (parent->kind != CH_NODE_SELECT || child->kind == CH_NODE_SELECT_CASE);
}

/* The block that begins behind the comment, where there is one. */
static const ChNode *block_behind(const ChNode *next) {
    for (;;) {
        if (!next) return NULL;
        switch (next->kind) {
        case CH_NODE_BLOCK: return next;
        case CH_NODE_CATCH: next = next->as.catch_.body; break;
        case CH_NODE_IF: next = next->as.if_.then_body; break;
        default: return NULL;
        }
    }
}

static void add_first(ChFormatter *f, const ChNode *block, uint32_t comment) {
    if (block->as.block.statements.count)
        add(f, block->as.block.statements.items[0], CH__BEFORE, comment);
    else
        add(f, block, CH__LAST, comment);
}

/* Can comment lines stand before the operator? Not behind a backslash. */
static bool takes_amid(const ChNode *node) {
    return node->kind == CH_NODE_BINARY && node->as.binary.op != CH_OPERATOR_SUBTRACT &&
           node->as.binary.op != CH_OPERATOR_IN && node->as.binary.op != CH_OPERATOR_NOT_IN;
}

typedef struct Job {
    const ChNode *node;
    const ChNode *holder; /* innermost slot around: takes what has no better place */
    uint32_t first, last; /* comments inside the node: [first, last) */
} Job;

typedef CH_ARRAY_OF(Job) JobList;
typedef CH_ARRAY_OF(const ChNode *) NodeList;

static uint32_t line_of(const ChFormatter *f, uint32_t offset) {
    return ch_source_line(f->tree->source, offset);
}

static bool is_one_line(const ChFormatter *f, const ChComment *comment) {
    return line_of(f, comment->range.start) == line_of(f, comment->range.end);
}

/* One comment of a node, between its children `previous` and `next`. */
static void place(ChFormatter *f, const Job *job, const ChNode *previous, const ChNode *next,
                  uint32_t index) {
    const ChNode *node = job->node;
    const ChComment *comment = &f->tree->comments[index];
    if (node->kind == CH_NODE_METHOD_CALL && comment->range.end <= node->as.method_call.name.range.start) {
        add(f, node, CH__AMID, index);
        return;
    }
    if (ch_node_is_decl(node) && comment->range.end <= node->start) {
        add(f, node, CH__AMID, index);
        return;
    }
    bool previous_slot = previous && is_slot(node, previous), next_slot = next && is_slot(node, next);
    bool is_single = is_one_line(f, comment);
    if (previous_slot && is_single && line_of(f, previous->end) == line_of(f, comment->range.start) &&
        !(next_slot && comment->is_block &&
          line_of(f, ch__node_begin(next)) == line_of(f, comment->range.start) &&
          node->kind != CH_NODE_BLOCK && node->kind != CH_NODE_FILE)) {
        ChStr between = ch_source_text(f->tree->source, (ChRange){previous->end, comment->range.start});
        if (ch_str_find(between, CH_STR(")"), 0) < 0) {
            add(f, previous, CH__BEHIND, index);
            return;
        }
    }
    if (next_slot) {
        /* `/ * a * / log(1)` reads like a remark on the line. */
        bool is_on_line = is_single && (node->kind == CH_NODE_BLOCK || node->kind == CH_NODE_FILE) &&
                          line_of(f, next->start) == line_of(f, comment->range.end) &&
                          line_of(f, next->end) == line_of(f, next->start);
        add(f, next, is_on_line ? CH__BEHIND : CH__BEFORE, index);
        return;
    }
    if (previous && next && takes_amid(node)) {
        add(f, node, CH__AMID, index);
        return;
    }
    const ChNode *block = block_behind(next);
    if (block) {
        add_first(f, block, index);
        return;
    }
    bool has_end = (slots_of(node) || node->kind == CH_NODE_INTERFACE) && owns_end(node) &&
                   comment->range.start >= node->start;
    if (has_end && (!next || previous_slot)) {
        add(f, node, CH__LAST, index);
        return;
    }
    if (previous && previous->kind == CH_NODE_BLOCK) {
        /* A body without a brace of its own ends with its last statement. */
        ChNodeList statements = previous->as.block.statements;
        const ChNode *last = statements.count ? statements.items[statements.count - 1] : NULL;
        if (last && last->end == previous->end && is_single &&
            line_of(f, last->end) == line_of(f, comment->range.start))
            add(f, last, CH__BEHIND, index);
        else
            add(f, previous, CH__LAST, index);
        return;
    }
    add(f, job->holder ? job->holder : node, job->holder ? CH__BEFORE : CH__LAST, index);
}

static void children_of(const ChNode *node, NodeList *list) {
    ch_array_clear(list);
    ChNodeIter iter = ch_node_iter(node);
    for (ChNode *child; (child = ch_node_next(&iter));)
        ch_array_push(list, child);
    /* Nearly always in order already. */
    for (uint32_t i = 1; i < list->count; i++) {
        const ChNode *child = list->items[i];
        uint32_t k = i;
        for (; k && ch__node_begin(list->items[k - 1]) > ch__node_begin(child); k--)
            list->items[k] = list->items[k - 1];
        list->items[k] = child;
    }
}

static uint32_t first_comment_from(const ChFormatter *f, uint32_t offset, uint32_t low, uint32_t high) {
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (f->tree->comments[middle].range.start < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ch__comments_assign(ChFormatter *f) {
    if (!f->tree->comment_count) return;
    JobList jobs = {0};
    NodeList children = {0};
    ch_array_push(&jobs, (Job){f->tree->root, NULL, 0, f->tree->comment_count});
    while (jobs.count) {
        Job job = ch_array_pop(&jobs);
        children_of(job.node, &children);
        uint32_t comment = job.first;
        const ChNode *previous = NULL;
        for (uint32_t i = 0; i < children.count && comment < job.last; i++) {
            const ChNode *child = children.items[i];
            uint32_t begin = first_comment_from(f, ch__node_begin(child), comment, job.last);
            uint32_t end = first_comment_from(f, child->end, begin, job.last);
            for (; comment < begin; comment++)
                place(f, &job, previous, child, comment);
            if (begin < end)
                ch_array_push(&jobs, (Job){child, is_slot(job.node, child) ? child : job.holder, begin, end});
            comment = end;
            previous = child;
        }
        for (; comment < job.last; comment++)
            place(f, &job, previous, NULL, comment);
    }
    ch_array_release(&jobs);
    ch_array_release(&children);
}

/* ---- how it is written */

typedef struct Shape {
    bool is_bar;
    ChStr title; /* of a bar with words in it */
} Shape;

#define BAR_DASHES_MIN 4u

static uint32_t dashes_at(ChStr text) {
    uint32_t n = 0;
    while (n < text.length && text.data[n] == '-')
        n++;
    return n;
}

/* `// ------` and `// ----- title ----`, the separators of a file's parts. */
static Shape shape_of(ChStr text) {
    if (!ch_str_starts_with(text, CH_STR("//")) || ch_str_starts_with(text, CH_STR("///"))) return (Shape){0};
    ChStr inner = ch_str_trim(ch_str_slice(text.data + 2, text.length - 2));
    uint32_t dashes = dashes_at(inner);
    if (dashes < BAR_DASHES_MIN) return (Shape){0};
    ChStr title = ch_str_trim(ch_str_slice(inner.data + dashes, inner.length - dashes));
    uint32_t tail = 0;
    while (tail < title.length && title.data[title.length - 1 - tail] == '-')
        tail++;
    if (tail >= BAR_DASHES_MIN) title = ch_str_trim(ch_str_slice(title.data, title.length - tail));
    return (Shape){true, title};
}

static ChStr text_of(const ChFormatter *f, uint32_t index) {
    ChStr text = ch_source_text(f->tree->source, f->tree->comments[index].range);
    while (text.length && strchr(" \t\r\n", text.data[text.length - 1]))
        text.length--;
    return text;
}

/* A comment's text as it stands, without carriage returns. */
static ChStr plain(ChFormatter *f, ChStr text) {
    if (ch_str_find(text, CH_STR("\r"), 0) < 0) return text;
    char *copy = ch_arena_alloc(&f->arena, text.length);
    uint32_t length = 0;
    for (uint32_t i = 0; i < text.length; i++)
        if (text.data[i] != '\r') copy[length++] = text.data[i];
    return ch_str_slice(copy, length);
}

static bool is_line_doc(ChStr text) {
    return ch_str_starts_with(text, CH_STR("///")) && !ch_str_starts_with(text, CH_STR("////"));
}

static bool is_block_doc(ChStr text) {
    return text.length >= 5 && ch_str_starts_with(text, CH_STR("/**")) && text.data[3] != '*' &&
           ch_str_ends_with(text, CH_STR("*/"));
}

typedef CH_ARRAY_OF(ChStr) Lines;

static ChStr trim_end(ChStr line) {
    while (line.length && strchr(" \t\r", line.data[line.length - 1]))
        line.length--;
    return line;
}

/* The lines of a doc block, without what frames them. */
static void block_doc_lines(ChStr text, Lines *lines) {
    text = ch_str_slice(text.data + 3, text.length - 5);
    uint32_t start = 0;
    while (start <= text.length) {
        int64_t newline = ch_str_find(text, CH_STR("\n"), start);
        uint32_t stop = newline < 0 ? text.length : (uint32_t)newline;
        ChStr line = ch_str_trim(ch_str_slice(text.data + start, stop - start));
        if (start && line.length && line.data[0] == '*') {
            line = ch_str_slice(line.data + 1, line.length - 1);
            if (line.length && line.data[0] == ' ') line = ch_str_slice(line.data + 1, line.length - 1);
        }
        ch_array_push(lines, line);
        start = stop + 1;
    }
}

static void doc_lines(ChFormatter *f, const Lines *lines, uint32_t indent) {
    uint32_t first = 0, count = lines->count;
    while (first < count && !ch_str_trim(lines->items[first]).length)
        first++;
    while (count > first && !ch_str_trim(lines->items[count - 1]).length)
        count--;
    if (count == first) {
        ch__piece_text(f, "/** */");
    } else if (count == first + 1 && 2 * indent + lines->items[first].length + 7 <= f->width) {
        ch__piece_text(f, "/** ");
        ch__piece_str(f, lines->items[first]);
        ch__piece_text(f, " */");
    } else {
        ch__piece_text(f, "/**");
        for (uint32_t i = first; i < count; i++) {
            ch__piece_line(f, indent);
            ch__piece_text(f, lines->items[i].length ? " * " : " *");
            ch__piece_str(f, lines->items[i]);
        }
        ch__piece_line(f, indent);
        ch__piece_text(f, " */");
    }
}

static bool follows_directly(const ChFormatter *f, uint32_t comment, uint32_t next) {
    return line_of(f, f->tree->comments[comment].range.end) + 1 ==
           line_of(f, f->tree->comments[next].range.start);
}

/* Write the comment at `link` and those that form one with it; the link behind them. */
static uint32_t one(ChFormatter *f, uint32_t link, uint32_t indent) {
    ChStr text = text_of(f, link - 1);
    if (is_line_doc(text)) {
        Lines lines = {0};
        for (;;) {
            ChStr line = trim_end(ch_str_slice(text.data + 3, text.length - 3));
            if (line.length && line.data[0] == ' ') line = ch_str_slice(line.data + 1, line.length - 1);
            ch_array_push(&lines, line);
            uint32_t next = f->next_comment[link - 1];
            bool goes_on =
                next && follows_directly(f, link - 1, next - 1) && is_line_doc(text_of(f, next - 1));
            link = next;
            if (!goes_on) break;
            text = text_of(f, link - 1);
        }
        /* A star and a slash would end the block. */
        bool is_safe = true;
        for (uint32_t i = 0; i < lines.count; i++)
            is_safe &= ch_str_find(lines.items[i], CH_STR("*/"), 0) < 0 &&
                       ch_str_find(lines.items[i], CH_STR("/*"), 0) < 0;
        if (is_safe) {
            doc_lines(f, &lines, indent);
        } else {
            for (uint32_t i = 0; i < lines.count; i++) {
                if (i) ch__piece_line(f, indent);
                ch__piece_text(f, lines.items[i].length ? "/// " : "///");
                ch__piece_str(f, lines.items[i]);
            }
        }
        ch_array_release(&lines);
        return link;
    }
    if (is_block_doc(text)) {
        Lines lines = {0};
        block_doc_lines(text, &lines);
        doc_lines(f, &lines, indent);
        ch_array_release(&lines);
    } else {
        ch__piece_str(f, plain(f, text));
    }
    return f->next_comment[link - 1];
}

static void bar(ChFormatter *f) {
    uint32_t length = f->width > 3 ? f->width - 3 : 1;
    if (length < BAR_DASHES_MIN) length = BAR_DASHES_MIN;
    char *dashes = ch_arena_alloc(&f->arena, length);
    memset(dashes, '-', length);
    ch__piece_text(f, "// ");
    ch__piece_str(f, ch_str_slice(dashes, length));
}

/* At `link`, a separator of a file: a bar, a bar with words, or words between two
 * bars. Write it; the link behind it. */
static uint32_t separator(ChFormatter *f, uint32_t link, Shape shape) {
    uint32_t second = f->next_comment[link - 1];
    uint32_t third = second ? f->next_comment[second - 1] : 0;
    ChStr title = shape.title;
    uint32_t next = second;
    bool has_words = title.length != 0;
    if (!has_words && third && follows_directly(f, link - 1, second - 1) &&
        follows_directly(f, second - 1, third - 1)) {
        ChStr words = text_of(f, second - 1);
        Shape end = shape_of(text_of(f, third - 1));
        if (ch_str_starts_with(words, CH_STR("//")) && !is_line_doc(words) && !shape_of(words).is_bar &&
            end.is_bar && !end.title.length &&
            ch_str_trim(ch_str_slice(words.data + 2, words.length - 2)).length) {
            bar(f);
            ch__piece_line(f, 0);
            ch__piece_str(f, plain(f, words));
            ch__piece_line(f, 0);
            bar(f);
            return f->next_comment[third - 1];
        }
    }
    bar(f);
    if (has_words) {
        ch__piece_line(f, 0);
        ch__piece_text(f, "// ");
        ch__piece_str(f, title);
        ch__piece_line(f, 0);
        bar(f);
    }
    return next;
}

/* The comments of a file stand at its margin; separators have blank lines around. */
static void file_comments(ChFormatter *f, uint32_t link, bool has_text_before, bool has_item_behind) {
    bool is_first = true, after_bar = false;
    while (link) {
        Shape shape = shape_of(text_of(f, link - 1));
        if (!is_first) ch__piece_line(f, 0);
        if ((shape.is_bar && (!is_first || (has_text_before && !has_item_behind))) || after_bar)
            ch__piece_line(f, 0);
        link = shape.is_bar ? separator(f, link, shape) : one(f, link, 0);
        after_bar = shape.is_bar;
        is_first = false;
    }
    if (has_item_behind) ch__piece_line(f, 0);
    if (after_bar && has_item_behind) ch__piece_line(f, 0);
}

static bool is_file_item(const ChFormatter *f, const ChNode *node) {
    /* Statements of blocks are indented; so it is enough to look at the margin. */
    return f->layouts[node->id].indent == 0;
}

void ch__comments_before(ChFormatter *f, const ChNode *node, ChCommentPlace place, uint32_t indent) {
    uint32_t link = f->layouts[node->id].first_comment[place];
    if (link && place == CH__BEFORE && indent == 0 && is_file_item(f, node)) {
        file_comments(f, link, false, true);
        return;
    }
    bool is_amid = place == CH__AMID && !ch_node_is_decl(node);
    while (link) {
        if (is_amid) {
            /* Inside an expression nothing is documented: it stays a line comment. */
            ch__piece_str(f, text_of(f, link - 1));
            link = f->next_comment[link - 1];
        } else {
            link = one(f, link, indent);
        }
        ch__piece_line(f, indent);
    }
}

void ch__comments_last(ChFormatter *f, const ChNode *node, uint32_t indent) {
    uint32_t link = f->layouts[node->id].first_comment[CH__LAST];
    if (link && node->kind == CH_NODE_FILE) {
        if (f->pieces.count) ch__piece_line(f, 0);
        file_comments(f, link, f->pieces.count != 0, false);
        return;
    }
    while (link) {
        ch__piece_line(f, indent);
        link = one(f, link, indent);
    }
}

void ch__comments_behind(ChFormatter *f, const ChNode *node) {
    uint32_t link = f->layouts[node->id].first_comment[CH__BEHIND];
    if (link) ch__piece_text(f, " ");
    for (; link; link = f->next_comment[link - 1]) {
        ch__piece_text(f, " ");
        ch__piece_str(f, plain(f, text_of(f, link - 1)));
    }
}
