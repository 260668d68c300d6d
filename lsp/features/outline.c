/* See outline.h. */
#include "features/outline.h"

enum { DETAIL_BYTES_MAX = 200, DEPTH_MAX = 64 };

static ChStr detail_of(ChArena *arena, const ChSymbol *symbol)
{
    ChBuffer text = {0};
    if (symbol->signature)
        ch_signature_format(symbol->signature, &text);
    else if (symbol->type)
        ch_type_format(symbol->type, &text);
    ChStr detail = ch_buffer_view(&text);
    detail = detail.length <= DETAIL_BYTES_MAX ? ch_str_copy(arena, detail) : (ChStr){0};
    ch_buffer_release(&text);
    return detail;
}

void ch_outline_of(const ChSnapshot *snapshot, ChOutline *outline)
{
    ch_arena_init(&outline->arena);
    if (!snapshot->analysis)
        return;
    uint32_t count = 0;
    const ChOutlineItem *items = ch_analysis_outline(snapshot->analysis, &count);
    outline->entries = CH_ARENA_ARRAY(&outline->arena, ChOutlineEntry, count);
    ChStr containers[DEPTH_MAX] = {{0}};
    uint32_t depth_before = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ChSymbol *symbol = ch_analysis_symbol(snapshot->analysis, items[i].symbol);
        ChOutlineEntry *entry = &outline->entries[outline->count];
        uint32_t depth = items[i].depth;
        /* The tree that is sent has no gaps and an end. */
        if (depth > depth_before + 1 || (i == 0 && depth > 0))
            depth = i == 0 ? 0 : depth_before + 1;
        if (depth >= DEPTH_MAX)
            depth = DEPTH_MAX - 1;
        if (symbol->name.length == 0)
            continue;
        depth_before = depth;
        containers[depth] = symbol->name;
        *entry = (ChOutlineEntry){
            .name = symbol->name,
            .detail = detail_of(&outline->arena, symbol),
            .container = depth ? containers[depth - 1] : (ChStr){0},
            .kind = symbol->kind,
            .range = symbol->range,
            .full_range = symbol->full_range,
            .depth = depth,
            .is_deprecated = symbol->is_deprecated,
        };
        if (entry->full_range.start > entry->range.start)
            entry->full_range.start = entry->range.start;
        if (entry->full_range.end < entry->range.end)
            entry->full_range.end = entry->range.end;
        outline->count++;
    }
}

void ch_outline_release(ChOutline *outline)
{
    ch_arena_release(&outline->arena);
    *outline = (ChOutline){0};
}
