/* The manual as HTML: an index, a page each, one stylesheet, and a search over an index of its own. */
#include <string.h>

#include "manual/manual_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

extern const char ch_manual_style[], ch_manual_search[];
extern const unsigned long ch_manual_style_length, ch_manual_search_length;

static void add_escaped(ChStr text, ChBuffer *out) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        const char *entity = c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : NULL;
        if (entity)
            ch_buffer_add_text(out, entity);
        else
            ch_buffer_add_byte(out, c);
    }
}

/* ---- code ---- */

typedef struct Highlight {
    ChStr text;
    uint32_t done; /* what stands before was written */
    ChBuffer *out;
} Highlight;

static const char *class_of(const char *kind) {
    if (strcmp(kind, "keyword") == 0) return "k";
    if (strstr(kind, "comment")) return "c";
    if (strstr(kind, "string") || strstr(kind, "escape")) return "s";
    if (strcmp(kind, "int_literal") == 0 || strcmp(kind, "float_literal") == 0 || strcmp(kind, "duration_literal") == 0)
        return "n";
    return NULL;
}

static void add_token(void *data, ChRange range, const char *kind, const char *type) {
    Highlight *highlight = data;
    uint32_t end = range.end < highlight->text.length ? range.end : highlight->text.length;
    const char *class = class_of(kind);
    if (strcmp(type, "\"") == 0 || strcmp(type, "\"\"\"") == 0) class = "s";
    if (!class || range.start < highlight->done || end <= range.start) return;
    add_escaped(ch_str_slice(highlight->text.data + highlight->done, range.start - highlight->done), highlight->out);
    ch_buffer_printf(highlight->out, "<span class=\"%s\">", class);
    add_escaped(ch_str_slice(highlight->text.data + range.start, end - range.start), highlight->out);
    ch_buffer_add_text(highlight->out, "</span>");
    highlight->done = end;
}

/* Code of Harn; `tail` makes a declaration without a body whole for the parser. */
static void add_code(ChStr code, const char *tail, const char *class, ChBuffer *out) {
    ch_buffer_printf(out, "<pre class=\"%s\"><code>", class);
    ChBuffer text = {0};
    ch_buffer_printf(&text, "%.*s%s\n", CH_STR_ARG(code), tail);
    ChSource *source = ch_source_new(CH_STR("code"), ch_buffer_view(&text), NULL);
    ch_buffer_release(&text);
    Highlight highlight = {.text = code, .out = out};
    if (source) {
        ChTree *tree = ch_syntax_parse(source, NULL);
        ch_tree_visit_tokens(tree, add_token, &highlight);
        ch_tree_unref(tree);
    }
    ch_source_unref(source);
    add_escaped(ch_str_slice(code.data + highlight.done, code.length - highlight.done), out);
    ch_buffer_add_text(out, "</code></pre>\n");
}

/* ---- text ---- */

static void add_spans(ChStr text, ChBuffer *out) {
    ChStr span;
    bool is_code;
    while (ch__prose_span(&text, &span, &is_code)) {
        ch_buffer_add_text(out, is_code ? "<code>" : "");
        add_escaped(span, out);
        ch_buffer_add_text(out, is_code ? "</code>" : "");
    }
}

static void add_prose(ChStr doc, ChBuffer *out) {
    ChProse block;
    bool in_list = false;
    while (ch__prose_next(&doc, &block)) {
        bool is_item = block.kind == CH_PROSE_ITEM;
        if (is_item != in_list) ch_buffer_add_text(out, is_item ? "<ul>\n" : "</ul>\n");
        in_list = is_item;
        if (block.kind == CH_PROSE_CODE) {
            add_code(block.text, "", "example", out);
            continue;
        }
        ch_buffer_add_text(out, is_item ? "<li>" : "<p>");
        add_spans(block.text, out);
        ch_buffer_add_text(out, is_item ? "</li>\n" : "</p>\n");
    }
    if (in_list) ch_buffer_add_text(out, "</ul>\n");
}

static void add_item(const ChManualItem *item, ChBuffer *out) {
    ch_buffer_printf(out, "<section id=\"%.*s\">\n<h2><a href=\"#%.*s\">", CH_STR_ARG(item->anchor), CH_STR_ARG(item->anchor));
    add_escaped(item->title, out);
    ch_buffer_add_text(out, "</a>");
    if (item->alias.length) {
        ch_buffer_add_text(out, " <small>");
        add_escaped(item->alias, out);
        ch_buffer_add_text(out, "</small>");
    }
    ch_buffer_add_text(out, "</h2>\n");
    if (item->code.length) add_code(item->code, item->signature.length ? " {}" : "", "signature", out);
    add_prose(item->doc, out);
    if (item->has_effects && item->effects) {
        ch_buffer_add_text(out, "<p class=\"effects\">Effects: ");
        ch__manual_add_effects(item->effects, ", ", out);
        ch_buffer_add_text(out, "</p>\n");
    }
    if (item->example.length) add_code(item->example, "", "example", out);
    ch_buffer_add_text(out, "</section>\n");
}

static void begin_page(ChStr title, ChBuffer *out) {
    ch_buffer_add_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    add_escaped(title, out);
    ch_buffer_add_text(out, "</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n"
                            "<script src=\"entries.js\" defer></script>\n<script src=\"search.js\" defer></script>\n"
                            "</head>\n<body>\n<header><a href=\"index.html\">Harn reference</a>\n"
                            "<input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\" autocomplete=\"off\">\n"
                            "<ul id=\"found\" hidden></ul></header>\n<main>\n<h1>");
    add_escaped(title, out);
    ch_buffer_add_text(out, "</h1>\n");
}

static void end_page(ChBuffer *out) { ch_buffer_add_text(out, "</main>\n</body>\n</html>\n"); }

static void add_page(const ChManual *manual, const ChManualPage *page, ChBuffer *out) {
    begin_page(page->title, out);
    add_prose(page->doc, out);
    ch_buffer_add_text(out, "<nav>\n");
    for (uint32_t i = page->first; i < page->first + page->count; i++) {
        const ChManualItem *item = &manual->items.items[i];
        ch_buffer_printf(out, "<a href=\"#%.*s\">", CH_STR_ARG(item->anchor));
        add_escaped(item->title, out);
        ch_buffer_add_text(out, "</a>\n");
    }
    ch_buffer_add_text(out, "</nav>\n");
    for (uint32_t i = page->first; i < page->first + page->count; i++) add_item(&manual->items.items[i], out);
    end_page(out);
}

static void add_index(const ChManual *manual, ChBuffer *out) {
    begin_page(CH_STR("Harn reference"), out);
    for (uint32_t i = 0; i < manual->pages.count; i++) {
        const ChManualPage *page = &manual->pages.items[i];
        if (ch__page_begins_part(manual, i)) ch_buffer_printf(out, "%s<h2>%s</h2>\n<ul class=\"pages\">\n", i ? "</ul>\n" : "", page->part);
        ch_buffer_printf(out, "<li><a href=\"%.*s.html\">", CH_STR_ARG(page->file));
        add_escaped(page->title, out);
        ch_buffer_printf(out, "</a> <small>%u</small></li>\n", page->count);
    }
    if (manual->pages.count) ch_buffer_add_text(out, "</ul>\n");
    end_page(out);
}

/* What the search looks through: name, address, first sentence. */
static void add_entries(const ChManual *manual, ChBuffer *out) {
    ch_buffer_add_text(out, "const ENTRIES = [\n");
    for (uint32_t i = 0; i < manual->items.count; i++) {
        const ChManualItem *item = &manual->items.items[i];
        ch_buffer_add_byte(out, '[');
        ch_buffer_add_json(out, item->name);
        ch_buffer_printf(out, ",\"%.*s.html#%.*s\",", CH_STR_ARG(manual->pages.items[item->page].file), CH_STR_ARG(item->anchor));
        ch_buffer_add_json(out, ch__manual_summary(item->doc));
        ch_buffer_add_text(out, "],\n");
    }
    ch_buffer_add_text(out, "];\n");
}

static bool emit_text(ChManualEmit emit, void *data, const char *name, const char *text, unsigned long length) {
    ChBuffer copy = {0};
    ch_buffer_add(&copy, text, length);
    bool is_good = emit(data, name, &copy);
    ch_buffer_release(&copy);
    return is_good;
}

bool ch_manual_html(const ChManual *manual, ChManualEmit emit, void *data) {
    ChBuffer out = {0}, name = {0};
    add_index(manual, &out);
    bool is_good = emit(data, "index.html", &out) && emit_text(emit, data, "style.css", ch_manual_style, ch_manual_style_length) &&
                   emit_text(emit, data, "search.js", ch_manual_search, ch_manual_search_length);
    ch_buffer_clear(&out);
    add_entries(manual, &out);
    is_good = is_good && emit(data, "entries.js", &out);
    for (uint32_t i = 0; i < manual->pages.count && is_good; i++) {
        ch_buffer_clear(&out);
        ch_buffer_clear(&name);
        add_page(manual, &manual->pages.items[i], &out);
        ch_buffer_printf(&name, "%.*s.html", CH_STR_ARG(manual->pages.items[i].file));
        is_good = emit(data, name.data, &out);
    }
    ch_buffer_release(&out);
    ch_buffer_release(&name);
    return is_good;
}
