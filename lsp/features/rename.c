/* See rename.h. */
#include "features/rename.h"

#include "base/path.h"
#include "syntax/syntax.h"

enum { PATH_DEPTH = 4 };

bool ch_rename_is_name(ChStr name)
{
    if (!name.length || ch_syntax_is_keyword(name) || (name.data[0] >= '0' && name.data[0] <= '9'))
        return false;
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

const char *ch_rename_refusal(const ChSnapshot *snapshot, const ChTarget *target)
{
    if (snapshot->tree->diagnostics.error_count)
        return "The file has syntax errors: what names what is not certain until they are mended.";
    if (!ch_path_is_absolute(target->path))
        return "It belongs to the standard library.";
    if (target->kind == CH_SYMBOL_FIELD || target->kind == CH_SYMBOL_VARIANT || target->kind == CH_SYMBOL_METHOD)
        return "A field, variant or method can be named by values whose type is not known: rename it by hand.";
    const ChSymbol *symbol = ch_analysis_symbol(snapshot->analysis, target->symbol);
    if (!ch_str_equal(ch_str_slice(snapshot->source->text.data + target->word.start,
                                   target->word.end - target->word.start), symbol->name))
        return "The word there is not its name.";
    return NULL;
}

typedef struct Search {
    ChStr name;
    uint32_t except;
    bool is_found;
} Search;

static bool compare(void *data, const ChSymbol *symbol, uint32_t index)
{
    Search *search = data;
    search->is_found = index != search->except && ch_str_equal(symbol->name, search->name);
    return !search->is_found;
}

bool ch_rename_conflict(const ChAnalysis *analysis, uint32_t symbol, ChStr new_name, ChRange *place)
{
    uint32_t count = 0, all = 0;
    const uint32_t *places = ch_analysis_references_of(analysis, symbol, &count);
    const ChReference *references = ch_analysis_references(analysis, &all);
    for (uint32_t i = 0; i < count; i++) {
        Search search = {.name = new_name, .except = symbol};
        *place = references[places[i]].range;
        ch_analysis_visible(analysis, place->start, compare, &search);
        if (search.is_found)
            return true;
    }
    /* A use of the other name that the renamed declaration would capture. */
    const ChSymbol *renamed = ch_analysis_symbol(analysis, symbol);
    if (renamed->scope == CH_SYMBOL_NONE)
        return false;
    uint32_t scope_count = 0;
    ChRange scope = ch_analysis_scopes(analysis, &scope_count)[renamed->scope].range;
    for (uint32_t i = 0; i < all; i++) {
        const ChReference *reference = &references[i];
        if (reference->range.start < scope.start || reference->range.start >= scope.end || reference->symbol == symbol)
            continue;
        const ChSymbol *other = ch_analysis_symbol(analysis, reference->symbol);
        if (other->parent != CH_SYMBOL_NONE || !ch_str_equal(other->name, new_name))
            continue;
        if (other->scope == renamed->scope || renamed->scope == 0 || other->range.start < scope.start) {
            *place = reference->range;
            return true;
        }
    }
    return false;
}

void ch_rename_text(const ChAnalysis *analysis, const ChReference *reference, ChStr new_name, ChBuffer *out)
{
    ChNode *path[PATH_DEPTH];
    uint32_t depth = 0;
    ch_tree_node_at(ch_analysis_tree(analysis), reference->range.start, path, PATH_DEPTH, &depth);
    for (uint32_t i = 0; i < depth; i++) {
        const ChNode *node = path[i];
        bool is_short_pattern = node->kind == CH_NODE_PATTERN_FIELD && !(node->flags & CH_FLAG_REST) &&
                                node->as.pattern_item.key.range.start == reference->range.start &&
                                node->as.pattern_item.name.range.start == reference->range.start;
        bool is_short_entry = node->kind == CH_NODE_DICT_ENTRY && !(node->flags & CH_FLAG_COMPUTED) &&
                              node->as.dict_entry.key && node->as.dict_entry.value &&
                              node->as.dict_entry.key->start == reference->range.start &&
                              node->as.dict_entry.value->start == reference->range.start;
        if (is_short_pattern || is_short_entry) {
            ch_buffer_add_str(out, ch_analysis_symbol(analysis, reference->symbol)->name);
            ch_buffer_add_text(out, ": ");
            break;
        }
    }
    ch_buffer_add_str(out, new_name);
}
