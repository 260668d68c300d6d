/* The manual for a terminal, and as JSON. */
#include <string.h>

#include "manual/manual_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

static void add_indented(ChStr text, const char *indent, ChBuffer *out) {
    uint32_t start = 0;
    while (start < text.length) {
        int64_t end = ch_str_find(text, CH_STR("\n"), start);
        uint32_t stop = end < 0 ? text.length : (uint32_t)end;
        ch_buffer_printf(out, "%s%.*s\n", stop > start ? indent : "", (int)(stop - start), text.data + start);
        start = stop + 1;
    }
}

void ch_manual_add_text(const ChManual *manual, const ChManualItem *item, ChColorMode color, ChBuffer *out) {
    const ChManualPage *page = &manual->pages.items[item->page];
    bool is_bold = color == CH_COLOR_ALWAYS;
    ch_buffer_printf(out, "%s%.*s%s (%s, %.*s)\n", is_bold ? "\x1b[1m" : "", CH_STR_ARG(item->name), is_bold ? "\x1b[0m" : "",
                     item->kind, CH_STR_ARG(page->title));
    add_indented(item->code, "    ", out);
    if (item->code.length && item->doc.length) ch_buffer_add_byte(out, '\n');
    add_indented(item->doc, "  ", out);
    if (item->example.length) {
        ch_buffer_add_text(out, "\n  Example\n");
        add_indented(item->example, "    ", out);
    }
    if (item->has_effects && item->effects) {
        ch_buffer_add_text(out, "\n  Effects: ");
        ch__manual_add_effects(item->effects, ", ", out);
        ch_buffer_add_byte(out, '\n');
    }
}

void ch_manual_add_contents(const ChManual *manual, const ChManualPage *page, ChBuffer *out) {
    ch_buffer_printf(out, "%.*s\n", CH_STR_ARG(page->title));
    add_indented(page->doc, "  ", out);
    for (uint32_t i = page->first; i < page->first + page->count; i++) {
        const ChManualItem *item = &manual->items.items[i];
        ch_buffer_printf(out, "  %-24.*s %.*s\n", CH_STR_ARG(item->title), CH_STR_ARG(ch__manual_summary(item->doc)));
    }
}

/* ---- JSON ---- */

static void add_field(const char *name, ChStr value, ChBuffer *out) {
    ch_buffer_printf(out, ",\"%s\":", name);
    ch_buffer_add_json(out, value);
}

static ChStr node_text(const ChTree *tree, const ChNode *node) {
    return node ? ch_source_text(tree->source, ch_node_range(node)) : CH_STR("any");
}

/* Parameters and result, from the parser of user code. */
static void add_parameters(const ChManualItem *item, ChBuffer *out) {
    ChBuffer text = {0};
    ch_buffer_printf(&text, "fn f%.*s {}\n", CH_STR_ARG(item->signature));
    ChSource *source = ch_source_new(CH_STR("signature"), ch_buffer_view(&text), NULL);
    ch_buffer_release(&text);
    ChTree *tree = ch_syntax_parse(source, NULL);
    const ChNodeList *items = &tree->root->as.file.items;
    if (items->count == 1 && items->items[0]->kind == CH_NODE_FN) {
        const ChNode *fn = items->items[0];
        ch_buffer_add_text(out, ",\"parameters\":[");
        for (uint32_t i = 0; i < fn->as.fn.params.count; i++) {
            const ChNode *param = fn->as.fn.params.items[i];
            ch_buffer_add_text(out, i ? ",{\"name\":" : "{\"name\":");
            ch_buffer_add_json(out, param->as.param.name.text);
            add_field("type", node_text(tree, param->as.param.type), out);
            if (param->as.param.default_value) add_field("default", node_text(tree, param->as.param.default_value), out);
            if (param->flags & CH_FLAG_REST) ch_buffer_add_text(out, ",\"rest\":true");
            ch_buffer_add_byte(out, '}');
        }
        ch_buffer_add_byte(out, ']');
        add_field("returns", node_text(tree, fn->as.fn.return_type), out);
    }
    ch_tree_unref(tree);
    ch_source_unref(source);
}

void ch_manual_add_json(const ChManual *manual, const ChManualItem *item, ChBuffer *out) {
    const ChManualPage *page = &manual->pages.items[item->page];
    ch_buffer_add_text(out, "{\"kind\":");
    ch_buffer_add_json(out, ch_str_of(item->kind));
    add_field("name", item->name, out);
    if (item->alias.length) add_field("alias", item->alias, out);
    add_field("part", ch_str_of(page->part), out);
    add_field("page", page->file, out);
    add_field("anchor", item->anchor, out);
    if (item->code.length) add_field("code", item->code, out);
    if (item->signature.length) {
        add_field("signature", item->signature, out);
        add_parameters(item, out);
    }
    if (item->has_effects) {
        ChBuffer effects = {0};
        ch__manual_add_effects(item->effects, "\",\"", &effects);
        ch_buffer_printf(out, effects.length ? ",\"effects\":[\"%.*s\"]" : ",\"effects\":[]", CH_STR_ARG(ch_buffer_view(&effects)));
        ch_buffer_release(&effects);
    }
    add_field("doc", item->doc, out);
    if (item->example.length) add_field("example", item->example, out);
    if (item->is_internal) ch_buffer_add_text(out, ",\"internal\":true");
    ch_buffer_add_text(out, "}\n");
}
