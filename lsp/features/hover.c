/* See hover.h. */
#include "features/hover.h"

#include <string.h>

#include "analysis/module.h"
#include "builtins/builtins.h"

void ch_hover_add_doc(ChBuffer *out, ChStr doc, ChHoverStyle style)
{
    for (uint32_t i = 0; i < doc.length; i++) {
        char c = doc.data[i];
        if (((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            continue;
        bool is_image = c == '!' && i + 1 < doc.length && doc.data[i + 1] == '[';
        if (style == CH_HOVER_MARKDOWN && (c == '<' || is_image))
            ch_buffer_add_byte(out, '\\');
        ch_buffer_add_byte(out, c);
    }
}

/* A fence longer than any run of backticks in the code. */
static void add_fence(ChBuffer *out, ChStr code)
{
    size_t longest = 0;
    size_t run = 0;
    for (uint32_t i = 0; i < code.length; i++) {
        run = code.data[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    ch_buffer_add_repeat(out, '`', longest < 3 ? 3 : longest + 1);
}

static void add_code(ChBuffer *out, ChStr code, ChHoverStyle style)
{
    if (style == CH_HOVER_MARKDOWN) {
        add_fence(out, code);
        ch_buffer_add_text(out, "harn\n");
    }
    ch_buffer_add_str(out, code);
    if (style == CH_HOVER_MARKDOWN) {
        ch_buffer_add_byte(out, '\n');
        add_fence(out, code);
    }
}

static void add_paragraph(ChBuffer *out, ChStr doc, ChHoverStyle style)
{
    if (!doc.length)
        return;
    ch_buffer_add_text(out, "\n\n");
    ch_hover_add_doc(out, doc, style);
}

static void add_symbol(const ChSnapshot *snapshot, const ChOccurrence *at, ChHoverStyle style, ChBuffer *out)
{
    const ChSymbol *symbol = ch_analysis_symbol(snapshot->analysis, at->symbol);
    ChBuffer code = {0};
    ch_symbol_describe(snapshot->analysis, at->symbol, &code);
    /* A narrowed type is worth a line of its own. */
    if (at->type && symbol->type && at->type != symbol->type && !symbol->signature) {
        ch_buffer_add_text(&code, "\n// here: ");
        ch_type_format(at->type, &code);
    }
    add_code(out, ch_buffer_view(&code), style);
    ch_buffer_release(&code);
    if (symbol->module) {
        ch_buffer_add_text(out, "\n\nfrom ");
        ch_hover_add_doc(out, symbol->module->key, style);
    }
    add_paragraph(out, symbol->doc, style);
}

static void add_builtin(int32_t row_index, ChHoverStyle style, ChBuffer *out)
{
    const ChBuiltinRow *row = &ch_builtin_rows[row_index];
    ChBuffer code = {0};
    ch_buffer_printf(&code, "fn %s%s", row->name, row->signature);
    add_code(out, ch_buffer_view(&code), style);
    ch_buffer_release(&code);
    add_paragraph(out, ch_str_of(row->doc), style);
}

static void add_typed_name(const ChOccurrence *at, const char *word, ChHoverStyle style, ChBuffer *out)
{
    ChBuffer code = {0};
    ch_buffer_add_text(&code, word);
    ch_buffer_add_str(&code, at->text);
    if (at->type) {
        ch_buffer_add_text(&code, ": ");
        ch_type_format(at->type, &code);
    }
    add_code(out, ch_buffer_view(&code), style);
    ch_buffer_release(&code);
}

bool ch_hover_at(const ChSnapshot *snapshot, uint32_t offset, ChHoverStyle style, ChHover *hover)
{
    if (!snapshot->analysis)
        return false;
    ChOccurrence at = ch_analysis_at(snapshot->analysis, offset);
    ChBuffer out = {0};
    switch (at.kind) {
    case CH_OCCURRENCE_NONE:
        return false;
    case CH_OCCURRENCE_SYMBOL:
        add_symbol(snapshot, &at, style, &out);
        break;
    case CH_OCCURRENCE_BUILTIN:
    case CH_OCCURRENCE_METHOD:
        add_builtin(at.builtin, style, &out);
        break;
    case CH_OCCURRENCE_SHAPE_FIELD:
        add_typed_name(&at, "", style, &out);
        break;
    case CH_OCCURRENCE_TYPE_NAME:
        at.type = NULL;
        add_typed_name(&at, "type ", style, &out);
        break;
    case CH_OCCURRENCE_IMPORT_PATH:
        if (!at.module)
            return false;
        ch_buffer_add_text(&out, "module ");
        ch_hover_add_doc(&out, at.module->key, style);
        break;
    }
    hover->text = out;
    hover->range = at.range;
    return true;
}
