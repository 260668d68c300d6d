/* See signature.h. The call is found in the text, not in the tree: the usual case is a call that is being typed. */
#include "features/signature.h"

#include "builtins/builtins.h"

enum { LOOK_BACK_MAX = 8 * 1024 };

/* The offset of the quote that opens the string whose closing quote is at `at`. */
static uint32_t skip_string(ChStr text, uint32_t at, uint32_t limit)
{
    for (uint32_t i = at; i > limit; i--) {
        bool is_escaped = i >= 2 && text.data[i - 2] == '\\';
        if (text.data[i - 1] == '"' && !is_escaped)
            return i - 1;
        if (text.data[i - 1] == '\n')
            break;
    }
    return at;
}

/* The open parenthesis of the call around the offset, and how many commas stand between. */
static bool find_call(ChStr text, uint32_t offset, uint32_t *open, uint32_t *commas)
{
    uint32_t limit = offset > LOOK_BACK_MAX ? offset - LOOK_BACK_MAX : 0;
    uint32_t depth = 0;
    *commas = 0;
    for (uint32_t i = offset; i > limit;) {
        i--;
        switch (text.data[i]) {
        case '"':
            i = skip_string(text, i, limit);
            break;
        case ')':
        case ']':
        case '}':
            depth++;
            break;
        case '[':
        case '{':
            if (depth == 0)
                return false;
            depth--;
            break;
        case '(':
            if (depth == 0) {
                *open = i;
                return true;
            }
            depth--;
            break;
        case ',':
            *commas += depth == 0;
            break;
        default:
            break;
        }
    }
    return false;
}

static void add_pair(ChStr text, uint32_t start, uint32_t end, ChRange *params, uint32_t *count, uint32_t max)
{
    while (start < end && text.data[start] == ' ')
        start++;
    if (start < end && *count < max)
        params[(*count)++] = (ChRange){start, end};
}

uint32_t ch_signature_split(ChStr label, ChRange *params, uint32_t max)
{
    uint32_t count = 0, depth = 0, start = 0;
    for (uint32_t i = 0; i < label.length; i++) {
        char c = label.data[i];
        bool is_opening = c == '(' || c == '[' || c == '{' || c == '<';
        bool is_arrow = c == '>' && i > 0 && label.data[i - 1] == '-';
        bool is_closing = c == ')' || c == ']' || c == '}' || (c == '>' && !is_arrow);
        if (c == '"') {
            for (i++; i < label.length && label.data[i] != '"'; i++)
                i += label.data[i] == '\\';
        } else if (c == '(' && start == 0 && depth == 0) {
            start = i + 1;
            depth = 1;
        } else if (is_opening) {
            depth++;
        } else if (is_closing && depth > 0) {
            depth--;
            if (depth == 0 && start) {
                add_pair(label, start, i, params, &count, max);
                return count;
            }
        } else if (c == ',' && depth == 1 && start) {
            add_pair(label, start, i, params, &count, max);
            start = i + 1;
        }
    }
    return count;
}

static bool describe(const ChSnapshot *snapshot, const ChOccurrence *at, ChSignatureHelp *help)
{
    if (at->kind == CH_OCCURRENCE_BUILTIN || at->kind == CH_OCCURRENCE_METHOD) {
        const ChBuiltinRow *row = &ch_builtin_rows[at->builtin];
        if (row->type == CH_ROW_CONSTANT)
            return false;
        ch_buffer_printf(&help->label, "fn %s%s", row->name, row->signature);
        help->doc = ch_str_of(row->doc);
        return true;
    }
    if (at->kind != CH_OCCURRENCE_SYMBOL)
        return false;
    const ChSymbol *symbol = ch_analysis_symbol(snapshot->analysis, at->symbol);
    if (!symbol->signature)
        return false;
    ch_buffer_add_text(&help->label, "fn ");
    ch_buffer_add_str(&help->label, symbol->name);
    ch_signature_format(symbol->signature, &help->label);
    help->doc = symbol->doc;
    return true;
}

bool ch_signature_help_at(const ChSnapshot *snapshot, uint32_t offset, ChSignatureHelp *help)
{
    *help = (ChSignatureHelp){0};
    uint32_t open = 0;
    ChStr text = snapshot->source->text;
    if (!snapshot->analysis || !find_call(text, offset, &open, &help->active))
        return false;
    while (open > 0 && text.data[open - 1] == ' ')
        open--;
    ChOccurrence at = ch_analysis_at(snapshot->analysis, open);
    if (at.range.end != open || !describe(snapshot, &at, help))
        return false;
    ChStr label = ch_buffer_view(&help->label);
    help->param_count = ch_signature_split(label, help->params, CH_SIGNATURE_PARAMS_MAX);
    if (help->param_count) {
        ChRange last = help->params[help->param_count - 1];
        help->has_rest = ch_str_starts_with(ch_str_slice(label.data + last.start, last.end - last.start), CH_STR("..."));
        if (help->has_rest && help->active >= help->param_count)
            help->active = help->param_count - 1;
    }
    return true;
}
