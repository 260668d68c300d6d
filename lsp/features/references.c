/* See references.h. */
#include "features/references.h"

#include "analysis/module.h"

bool ch_target_at(const ChSnapshot *snapshot, uint32_t offset, ChTarget *target)
{
    if (!snapshot->analysis)
        return false;
    ChOccurrence at = ch_analysis_at(snapshot->analysis, offset);
    if (at.kind != CH_OCCURRENCE_SYMBOL)
        return false;
    const ChSymbol *symbol = ch_analysis_symbol(snapshot->analysis, at.symbol);
    *target = (ChTarget){
        .path = symbol->module ? symbol->module->key : snapshot->source->path,
        .name = symbol->name,
        .start = symbol->module ? symbol->origin.start : symbol->range.start,
        .symbol = at.symbol,
        .word = at.range,
        .kind = symbol->kind,
        .is_shared = symbol->module || symbol->is_top_level,
        .is_foreign = symbol->module != NULL,
    };
    return true;
}

uint32_t ch_target_symbol_in(const ChAnalysis *analysis, const ChTarget *target)
{
    bool is_home = ch_str_equal(ch_analysis_tree(analysis)->source->path, target->path);
    uint32_t count = 0;
    const ChSymbol *symbols = ch_analysis_symbols(analysis, &count);
    for (uint32_t i = 0; i < count; i++) {
        const ChSymbol *symbol = &symbols[i];
        if (!ch_str_equal(symbol->name, target->name))
            continue;
        if (is_home && !symbol->module && symbol->range.start == target->start)
            return i;
        if (symbol->module && symbol->origin.start == target->start && ch_str_equal(symbol->module->key, target->path))
            return i;
    }
    return CH_SYMBOL_NONE;
}
