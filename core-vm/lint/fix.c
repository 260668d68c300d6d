/* Fixes, put into the text. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/array.h"
#include "lint/lint.h"

#include "base/banned.h"

typedef struct Chosen {
    const ChTextEdit *edit;
    uint32_t order;
} Chosen;

static int compare(const void *a, const void *b)
{
    const Chosen *left = a, *right = b;
    if (left->edit->range.start != right->edit->range.start)
        return left->edit->range.start < right->edit->range.start ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

uint32_t ch_lint_fix(const ChSource *source, const ChDiagnosticList *diagnostics,
                     bool (*is_wanted)(void *data, uint32_t index), void *data, ChBuffer *out)
{
    CH_ARRAY_OF(Chosen) chosen = {0};
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const ChFix *fix = diagnostics->items[i]->fixes;
        if (!fix || !fix->is_safe || (is_wanted && !is_wanted(data, i)))
            continue;
        for (const ChTextEdit *edit = fix->edits; edit; edit = edit->next)
            ch_array_push(&chosen, (Chosen){edit, chosen.count});
    }
    if (chosen.count)
        qsort(chosen.items, chosen.count, sizeof *chosen.items, compare);
    uint32_t at = 0, applied = 0;
    for (uint32_t i = 0; i < chosen.count; i++) {
        ChRange range = chosen.items[i].edit->range;
        if (range.start < at || (i && range.start == chosen.items[i - 1].edit->range.start))
            continue;
        ch_buffer_add_str(out, ch_source_text(source, (ChRange){at, range.start}));
        ch_buffer_add_str(out, chosen.items[i].edit->text);
        at = range.end;
        applied++;
    }
    ch_buffer_add_str(out, ch_source_text(source, (ChRange){at, source->text.length}));
    ch_array_release(&chosen);
    return applied;
}
