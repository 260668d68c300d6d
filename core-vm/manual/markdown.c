/* The manual as Markdown, as GitHub and CommonMark read it. */
#include <string.h>

#include "manual/manual_int.h"

#include "base/banned.h"

/* Every sign that could mean something, wherever it stands. */
static void add_escaped(ChStr text, ChBuffer *out) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool begins_line = i == 0 || text.data[i - 1] == '\n' || text.data[i - 1] == ' ';
        if (strchr("\\`*_[]<>#|~$&!", c) || (strchr("-+=", c) && begins_line)) ch_buffer_add_byte(out, '\\');
        /* A number at the beginning of a line would begin a list. */
        bool ends_number = (c == '.' || c == ')') && i && text.data[i - 1] >= '0' && text.data[i - 1] <= '9';
        if (ends_number) ch_buffer_add_byte(out, '\\');
        ch_buffer_add_byte(out, c);
    }
}

static uint32_t longest_run(ChStr text) {
    uint32_t run = 0, longest = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        run = text.data[i] == '`' ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    return longest;
}

static void add_code(ChStr code, ChBuffer *out) {
    uint32_t ticks = longest_run(code) < 3 ? 3 : longest_run(code) + 1;
    ch_buffer_add_repeat(out, '`', ticks);
    ch_buffer_add_text(out, "harn\n");
    ch_buffer_add_str(out, code);
    ch_buffer_add_text(out, "\n");
    ch_buffer_add_repeat(out, '`', ticks);
    ch_buffer_add_text(out, "\n\n");
}

static void add_spans(ChStr text, ChBuffer *out) {
    ChStr span;
    bool is_code;
    while (ch__prose_span(&text, &span, &is_code)) {
        if (is_code)
            ch_buffer_printf(out, "`%.*s`", CH_STR_ARG(span));
        else
            add_escaped(span, out);
    }
}

static void add_prose(ChStr doc, ChBuffer *out) {
    ChProse block;
    while (ch__prose_next(&doc, &block)) {
        if (block.kind == CH_PROSE_CODE) {
            add_code(block.text, out);
            continue;
        }
        if (block.kind == CH_PROSE_ITEM) ch_buffer_add_text(out, "- ");
        add_spans(block.text, out);
        ch_buffer_add_text(out, "\n\n");
    }
}

static void add_item(const ChManualItem *item, ChBuffer *out) {
    ch_buffer_printf(out, "<a id=\"%.*s\"></a>\n\n## ", CH_STR_ARG(item->anchor));
    add_escaped(item->title, out);
    if (item->alias.length) {
        ch_buffer_add_text(out, " (");
        add_escaped(item->alias, out);
        ch_buffer_add_byte(out, ')');
    }
    ch_buffer_add_text(out, "\n\n");
    if (item->code.length) add_code(item->code, out);
    add_prose(item->doc, out);
    if (item->has_effects && item->effects) {
        ch_buffer_add_text(out, "Effects: ");
        ch__manual_add_effects(item->effects, ", ", out);
        ch_buffer_add_text(out, "\n\n");
    }
    if (item->example.length) add_code(item->example, out);
}

static void add_page(const ChManual *manual, const ChManualPage *page, ChBuffer *out) {
    ch_buffer_add_text(out, "# ");
    add_escaped(page->title, out);
    ch_buffer_add_text(out, "\n\n[Contents](index.md)\n\n");
    add_prose(page->doc, out);
    for (uint32_t i = page->first; i < page->first + page->count; i++) {
        const ChManualItem *item = &manual->items.items[i];
        ch_buffer_add_text(out, "- [");
        add_escaped(item->title, out);
        ch_buffer_printf(out, "](#%.*s)\n", CH_STR_ARG(item->anchor));
    }
    ch_buffer_add_byte(out, '\n');
    for (uint32_t i = page->first; i < page->first + page->count; i++) add_item(&manual->items.items[i], out);
}

static void add_index(const ChManual *manual, ChBuffer *out) {
    ch_buffer_add_text(out, "# Harn reference\n");
    for (uint32_t i = 0; i < manual->pages.count; i++) {
        const ChManualPage *page = &manual->pages.items[i];
        if (ch__page_begins_part(manual, i)) ch_buffer_printf(out, "\n## %s\n\n", page->part);
        ch_buffer_add_text(out, "- [");
        add_escaped(page->title, out);
        ch_buffer_printf(out, "](%.*s.md)\n", CH_STR_ARG(page->file));
    }
}

bool ch_manual_markdown(const ChManual *manual, ChManualEmit emit, void *data) {
    ChBuffer out = {0}, name = {0};
    add_index(manual, &out);
    bool is_good = emit(data, "index.md", &out);
    for (uint32_t i = 0; i < manual->pages.count && is_good; i++) {
        ch_buffer_clear(&out);
        ch_buffer_clear(&name);
        add_page(manual, &manual->pages.items[i], &out);
        ch_buffer_printf(&name, "%.*s.md", CH_STR_ARG(manual->pages.items[i].file));
        is_good = emit(data, name.data, &out);
    }
    ch_buffer_release(&out);
    ch_buffer_release(&name);
    return is_good;
}
