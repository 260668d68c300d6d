/* Rules about how a file is laid out: commas, parentheses, comments, the order of things. */
#include <stdlib.h>

#include "lint/lint_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

/* The end of the comment that begins here, or `at`. */
static uint32_t skip_comment(const ChLinter *linter, uint32_t at)
{
    uint32_t low = 0, high = linter->tree->comment_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (linter->tree->comments[middle].range.start < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < linter->tree->comment_count && linter->tree->comments[low].range.start == at
               ? linter->tree->comments[low].range.end
               : at;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* ---- commas ---- */

typedef struct List {
    uint32_t open, close; /* offsets of the brackets */
    const ChNode *last;
} List;

static uint32_t find_byte(const ChLinter *linter, uint32_t from, uint32_t end, char byte)
{
    ChStr text = linter->source->text;
    while (from < end && text.data[from] != byte) {
        uint32_t after = skip_comment(linter, from);
        from = after > from ? after : from + 1;
    }
    return from;
}

static bool list_of(const ChLinter *linter, const ChNode *node, List *list)
{
    const ChNodeList *items, *types = NULL;
    uint32_t open = node->start;
    char opener = '(', closer = ')';
    switch (node->kind) {
    case CH_NODE_LIST: case CH_NODE_DICT:
        items = &node->as.list.items;
        opener = node->kind == CH_NODE_LIST ? '[' : '{';
        closer = node->kind == CH_NODE_LIST ? ']' : '}';
        break;
    case CH_NODE_STRUCT_LITERAL:
        items = &node->as.struct_literal.entries;
        open = node->as.struct_literal.name.range.end;
        opener = '{';
        closer = '}';
        break;
    case CH_NODE_CALL:
        items = &node->as.call.args;
        types = &node->as.call.type_args;
        open = node->as.call.callee ? node->as.call.callee->end : node->end;
        break;
    case CH_NODE_METHOD_CALL:
        items = &node->as.method_call.args;
        types = &node->as.method_call.type_args;
        open = node->as.method_call.name.range.end;
        break;
    default:
        if (!(node->flags & CH_FLAG_SELECTIVE))
            return false;
        items = &node->as.import.names;
        opener = '{';
        closer = '}';
        break;
    }
    if (types && types->count)
        open = types->items[types->count - 1]->end;
    if (!items->count)
        return false;
    list->last = items->items[items->count - 1];
    list->open = find_byte(linter, open, list->last->start, opener);
    list->close = node->kind == CH_NODE_IMPORT ? find_byte(linter, list->last->end, node->end, '}') : node->end - 1;
    return list->open < list->last->start && list->close >= list->last->end &&
           linter->source->text.data[list->close] == closer;
}

void ch__lint_trailing_comma(ChLinter *linter, const ChNode *node)
{
    List list;
    if (!list_of(linter, node, &list))
        return;
    ChStr text = linter->source->text;
    uint32_t comma = 0, end = list.last->end;
    for (uint32_t at = list.last->end; at < list.close;) {
        uint32_t after = skip_comment(linter, at);
        if (after > at) {
            at = after;
            continue;
        }
        if (text.data[at] == ',')
            comma = at;
        else if (!is_space(text.data[at]))
            end = at + 1;
        at++;
    }
    bool is_multiline = ch_source_line(linter->source, list.open) != ch_source_line(linter->source, list.close);
    if (is_multiline == (comma != 0))
        return;
    if (is_multiline) {
        ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_TRAILING_COMMA, (ChRange){end, end},
                                                   "multiline comma-separated list is missing a trailing comma");
        ch__lint_help(linter, diagnostic, "add a trailing comma after the last item");
        ch__lint_edit(linter, diagnostic, "add the comma", (ChRange){end, end}, ",");
        return;
    }
    ChRange range = {comma, comma + 1};
    while (range.end < list.close && is_space(text.data[range.end]))
        range.end++;
    ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_TRAILING_COMMA, range,
                                               "single-line comma-separated list has a trailing comma");
    ch__lint_help(linter, diagnostic, "remove the trailing comma");
    ch__lint_edit(linter, diagnostic, "remove the comma", range, "%s", "");
}

/* ---- parentheses ---- */

static bool is_single_value(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_CALL: case CH_NODE_METHOD_CALL: case CH_NODE_MEMBER: case CH_NODE_INDEX: case CH_NODE_SLICE:
    case CH_NODE_STRUCT_LITERAL: case CH_NODE_HITL: case CH_NODE_LIST: case CH_NODE_DICT: case CH_NODE_PROPAGATE:
    case CH_NODE_INTERPOLATION: case CH_NODE_STRING: case CH_NODE_INT: case CH_NODE_FLOAT: case CH_NODE_BOOL:
    case CH_NODE_NIL: case CH_NODE_IDENTIFIER: case CH_NODE_DURATION:
        return true;
    default: return false;
    }
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Could what stands before take the parentheses for its own? */
static bool needs_parentheses(const ChLinter *linter, uint32_t open)
{
    ChStr text = linter->source->text;
    while (open > 0 && is_space(text.data[open - 1]))
        open--;
    if (open == 0)
        return false;
    char before = text.data[open - 1];
    if (before == ')' || before == ']' || before == '}' || before == '>')
        return true;
    uint32_t start = open;
    while (start > 0 && is_word_byte(text.data[start - 1]))
        start--;
    ChStr word = {text.data + start, open - start};
    static const char *const callers[] = {"fn", "request_approval", "dual_control", "ask_user", "escalate_to", NULL};
    return word.length && (!ch_syntax_is_keyword(word) || ch__lint_is_listed(word, callers)) &&
           !(word.data[0] >= '0' && word.data[0] <= '9');
}

void ch__lint_parentheses(ChLinter *linter, const ChNode *node)
{
    if (!is_single_value(node))
        return;
    ChStr text = linter->source->text;
    uint32_t open = node->start, close = node->end;
    while (open > 0 && is_space(text.data[open - 1]))
        open--;
    while (close < text.length && is_space(text.data[close]))
        close++;
    if (!open || text.data[open - 1] != '(' || close >= text.length || text.data[close] != ')')
        return;
    open--;
    if (needs_parentheses(linter, open))
        return;
    ChRange range = {open, close + 1};
    ChDiagnostic *diagnostic =
        ch__lint_report(linter, CH_LINT_PARENTHESES, range, "unnecessary parentheses around a single value");
    ch__lint_help(linter, diagnostic, "remove the parentheses");
    ch__lint_edit_copy(linter, diagnostic, "remove the parentheses", range, ch_node_range(node));
}

/* ---- types ---- */

static bool is_nil_type(const ChNode *type)
{
    return ch__lint_is(type, CH_NODE_TYPE_NAME) && ch_str_is(type->as.name.name.text, "nil");
}

void ch__lint_optional_type(ChLinter *linter, const ChNode *node)
{
    const ChNodeList *items = &node->as.list.items;
    if ((node->flags & CH_FLAG_SUGAR) || items->count != 2)
        return;
    const ChNode *inner = is_nil_type(items->items[0]) ? items->items[1] : items->items[0];
    if (!is_nil_type(items->items[0]) && !is_nil_type(items->items[1]))
        return;
    if (is_nil_type(inner) || inner->kind == CH_NODE_TYPE_UNION || inner->kind == CH_NODE_TYPE_INTERSECTION ||
        inner->kind == CH_NODE_TYPE_FN)
        return;
    ChStr text = ch__lint_text(linter, inner);
    ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_OPTIONAL_TYPE, ch_node_range(node),
                                               "prefer `%.*s?` over `%.*s | nil`", CH_STR_ARG(text), CH_STR_ARG(text));
    ch__lint_help(linter, diagnostic, "rewrite the optional type to its postfix-`?` shorthand: `%.*s?`", CH_STR_ARG(text));
    if (!ch__lint_has_comment(linter, node->start, node->end))
        ch__lint_edit(linter, diagnostic, "write it with `?`", ch_node_range(node), "%.*s?", CH_STR_ARG(text));
}

/* ---- the items of the file ---- */

static bool has_attributes(const ChNode *node) { return ch_node_is_decl(node) && node->as.decl.attributes.count; }

static bool is_item(const ChNode *node)
{
    return node->kind == CH_NODE_IMPORT || node->kind == CH_NODE_LET || node->kind == CH_NODE_VAR ||
           (ch_node_is_decl(node) && !has_attributes(node));
}

/* By line: the comment that begins there + 1. */
typedef struct CommentLines {
    uint32_t *of_line;
} CommentLines;

static CommentLines comment_lines(const ChLinter *linter)
{
    CommentLines lines = {ch_alloc_zero(linter->source->line_count + 2u, sizeof(uint32_t))};
    for (uint32_t i = 0; i < linter->tree->comment_count; i++)
        lines.of_line[ch_source_line(linter->source, linter->tree->comments[i].range.start)] = i + 1;
    return lines;
}

void ch__lint_blank_lines(ChLinter *linter)
{
    const ChNodeList *items = &linter->tree->root->as.file.items;
    CommentLines lines = comment_lines(linter);
    for (uint32_t i = 0; i + 1 < items->count; i++) {
        const ChNode *node = items->items[i], *next = items->items[i + 1];
        if (!is_item(node) || !is_item(next) || (node->kind == CH_NODE_IMPORT && next->kind == CH_NODE_IMPORT))
            continue;
        uint32_t end = ch_source_line(linter->source, node->end ? node->end - 1 : 0);
        uint32_t first = ch_source_line(linter->source, next->start);
        while (first > 1 && lines.of_line[first - 1])
            first--;
        if (first > end + 1)
            continue;
        uint32_t at = ch_source_line_start(linter->source, end + 1);
        ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_BLANK_LINE, (ChRange){at, at},
                                                   "top-level items should be separated by a blank line");
        ch__lint_help(linter, diagnostic,
                      "insert a blank line above the next item (doc comments stay glued to the item they describe)");
        if (ch_source_line(linter->source, next->start) > end)
            ch__lint_edit(linter, diagnostic, "insert a blank line", (ChRange){at, at}, "\n");
    }
    ch_free(lines.of_line);
}

/* The text of a line comment behind its slashes and one space. */
static ChStr comment_text(const ChLinter *linter, const ChComment *comment)
{
    ChStr text = ch_source_text(linter->source, comment->range);
    uint32_t start = 2;
    while (start < text.length && text.data[start] == '/')
        start++;
    start += start < text.length && text.data[start] == ' ';
    while (text.length > start && is_space(text.data[text.length - 1]))
        text.length--;
    return (ChStr){text.data + start, text.length - start};
}

static void add_block(const ChLinter *linter, const ChComment *comments, uint32_t count, ChStr indent, ChBuffer *out)
{
    while (count && !comment_text(linter, &comments[0]).length)
        comments++, count--;
    while (count && !comment_text(linter, &comments[count - 1]).length)
        count--;
    ch_buffer_add_text(out, "/**");
    if (count <= 1) {
        if (count)
            ch_buffer_printf(out, " %.*s", CH_STR_ARG(comment_text(linter, comments)));
        ch_buffer_add_text(out, " */");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        ChStr line = comment_text(linter, &comments[i]);
        ch_buffer_printf(out, "\n%.*s *%s%.*s", CH_STR_ARG(indent), line.length ? " " : "", CH_STR_ARG(line));
    }
    ch_buffer_printf(out, "\n%.*s */", CH_STR_ARG(indent));
}

static void check_old_doc(ChLinter *linter, const CommentLines *lines, const ChNode *node)
{
    const ChComment *comments = linter->tree->comments;
    uint32_t line = ch_source_line(linter->source, node->start), first = line;
    bool has_doc = false, has_plain = false, ends_block = false;
    while (first > 1 && lines->of_line[first - 1]) {
        const ChComment *comment = &comments[lines->of_line[first - 1] - 1];
        if (comment->is_block)
            break;
        ChStr text = ch_source_text(linter->source, comment->range);
        bool is_doc = text.length > 2 && text.data[2] == '/';
        has_doc |= is_doc;
        has_plain |= !is_doc;
        ends_block |= ch_str_find(text, CH_STR("*/"), 0) >= 0 || !comment->is_alone;
        first--;
    }
    if (first == line)
        return;
    const ChComment *from = &comments[lines->of_line[first] - 1];
    uint32_t count = line - first;
    ChRange range = {from->range.start, from[count - 1].range.end};
    ChDiagnostic *diagnostic = ch__lint_report(
        linter, CH_LINT_OLD_DOC, range, "%s doc comment(s) above this item should use `/** */` form",
        has_doc && !has_plain ? "`///`" : has_plain && !has_doc ? "plain `//`" : "adjacent `//` / `///`");
    ch__lint_help(linter, diagnostic, "rewrite the %s as a canonical `/** ... */` block",
                  has_doc && !has_plain   ? "/// lines"
                  : has_plain && !has_doc ? "// lines adjacent to the definition"
                                          : "line-comment block adjacent to the definition");
    if (!diagnostic || ends_block)
        return;
    uint32_t line_start = ch_source_line_start(linter->source, first);
    ChBuffer block = {0};
    add_block(linter, from, count, ch_source_text(linter->source, (ChRange){line_start, range.start}), &block);
    ch__lint_edit(linter, diagnostic, "rewrite it as /** */", range, "%.*s", (int)block.length, block.data);
    ch_buffer_release(&block);
}

/* Declarations in a body that are documented like those of the file. */
static bool is_documented_inside(const ChNode *node)
{
    return !has_attributes(node) &&
           (node->kind == CH_NODE_INTERFACE || node->kind == CH_NODE_IMPL || node->kind == CH_NODE_TYPE_ALIAS ||
            (ch_node_is_decl(node) && (node->flags & CH_FLAG_PUB)));
}

void ch__lint_old_docs(ChLinter *linter)
{
    const ChNodeList *items = &linter->tree->root->as.file.items;
    CommentLines lines = comment_lines(linter);
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *node = items->items[i];
        if (!ch_node_is_decl(node) || has_attributes(node))
            continue;
        check_old_doc(linter, &lines, node);
        const ChNode *body = node->kind == CH_NODE_PIPELINE ? node->as.pipeline.body
                             : node->kind == CH_NODE_FN     ? node->as.fn.body
                                                            : NULL;
        for (uint32_t s = 0; ch__lint_is(body, CH_NODE_BLOCK) && s < body->as.block.statements.count; s++)
            if (is_documented_inside(body->as.block.statements.items[s]))
                check_old_doc(linter, &lines, body->as.block.statements.items[s]);
        for (uint32_t m = 0; node->kind == CH_NODE_IMPL && m < node->as.impl.methods.count; m++)
            if ((node->as.impl.methods.items[m]->flags & CH_FLAG_PUB) && !has_attributes(node->as.impl.methods.items[m]))
                check_old_doc(linter, &lines, node->as.impl.methods.items[m]);
    }
    ch_free(lines.of_line);
}

void ch__lint_file_header(ChLinter *linter)
{
    ChStr text = linter->source->text, path = linter->source->path;
    uint32_t at = 0;
    while (at < text.length && is_space(text.data[at]))
        at++;
    if (!linter->options->require_file_header ||
        ch_str_starts_with((ChStr){text.data + at, text.length - at}, CH_STR("/**")))
        return;
    int64_t slash = ch_str_find_last_byte(path, '/');
    ChStr stem = {path.data + slash + 1, path.length - (uint32_t)(slash + 1)};
    if (ch_str_ends_with(stem, CH_STR(".harn")))
        stem.length -= 5;
    ChBuffer title = {0};
    for (uint32_t i = 0; i < stem.length; i++) {
        char c = stem.data[i];
        if (c == '-' || c == '_' || c == ' ') {
            if (title.length && title.data[title.length - 1] != ' ')
                ch_buffer_add_byte(&title, ' ');
        } else if (c >= 'A' && c <= 'Z')
            ch_buffer_add_byte(&title, title.length ? (char)(c - 'A' + 'a') : c);
        else
            ch_buffer_add_byte(&title, c >= 'a' && c <= 'z' && !title.length ? (char)(c - 'a' + 'A') : c);
    }
    while (title.length && title.data[title.length - 1] == ' ')
        title.length--;
    if (!title.length)
        ch_buffer_add_text(&title, "Module");
    ch_buffer_add_byte(&title, '.');
    ChDiagnostic *diagnostic = ch__lint_report(linter, CH_LINT_FILE_HEADER, (ChRange){0, 0},
                                               "file is missing a `/** */` header doc block");
    ch__lint_help(linter, diagnostic, "add a `/** <title> */` block at the top of the file (e.g. `%.*s`)",
                  (int)title.length, title.data);
    ch__lint_edit(linter, diagnostic, "add a header", (ChRange){0, 0}, "/**\n * %.*s\n */\n\n", (int)title.length,
                  title.data);
    ch_buffer_release(&title);
}

/* ---- order of imports ---- */

static int compare_imports(const void *a, const void *b)
{
    const ChNode *left = *(const ChNode *const *)a, *right = *(const ChNode *const *)b;
    ChStr left_path = left->as.import.path.text, right_path = right->as.import.path.text;
    int order = !ch_str_starts_with(left_path, CH_STR("std/")) - !ch_str_starts_with(right_path, CH_STR("std/"));
    if (!order)
        order = ch_str_compare(left_path, right_path);
    if (!order)
        order = !!(left->flags & CH_FLAG_SELECTIVE) - !!(right->flags & CH_FLAG_SELECTIVE);
    return order ? order : (left->start > right->start) - (left->start < right->start);
}

void ch__lint_import_order(ChLinter *linter)
{
    const ChNodeList *items = &linter->tree->root->as.file.items;
    uint32_t count = 0;
    while (count < items->count && items->items[count]->kind == CH_NODE_IMPORT)
        count++;
    if (count < 2)
        return;
    CH_ARRAY_OF(const ChNode *) sorted = {0};
    for (uint32_t i = 0; i < count; i++)
        ch_array_push(&sorted, (const ChNode *)items->items[i]);
    qsort(sorted.items, count, sizeof *sorted.items, compare_imports);
    uint32_t same = 0;
    while (same < count && sorted.items[same] == items->items[same])
        same++;
    if (same < count) {
        ChRange range = {items->items[0]->start, items->items[count - 1]->end};
        ChDiagnostic *diagnostic =
            ch__lint_report(linter, CH_LINT_IMPORT_ORDER, range,
                            "imports are not in canonical order (stdlib first, then alphabetical by path)");
        ch__lint_help(linter, diagnostic,
                      "reorder imports: std/ first, then third-party and local paths alphabetically");
        ChBuffer text = {0};
        for (uint32_t i = 0; i < count; i++)
            ch_buffer_printf(&text, "%s%.*s", i ? "\n" : "", CH_STR_ARG(ch__lint_text(linter, sorted.items[i])));
        if (!ch__lint_has_comment(linter, range.start, range.end))
            ch__lint_edit(linter, diagnostic, "put them in order", range, "%.*s", (int)text.length, text.data);
        ch_buffer_release(&text);
    }
    ch_array_release(&sorted);
}
