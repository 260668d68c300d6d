/* See fixes.h. */
#include "features/fixes.h"

#include <stdlib.h>

#include "features/diagnostics.h"
#include "format/format.h"

static bool touches(ChRange a, ChRange b)
{
    return a.start <= b.end && b.start <= a.end;
}

void ch_fixes_in(const ChSnapshot *snapshot, ChRange range, ChDiagnosticList *list, ChFixOffers *offers)
{
    ch_diagnostics_of(snapshot, true, list);
    for (uint32_t i = 0; i < list->count; i++) {
        const ChDiagnostic *diagnostic = list->items[i];
        if (!touches(diagnostic->range, range))
            continue;
        for (const ChFix *fix = diagnostic->fixes; fix; fix = fix->next)
            ch_array_push(offers, (ChFixOffer){diagnostic, fix});
    }
}

static int by_place(const void *a, const void *b)
{
    const ChTextEdit *x = *(const ChTextEdit *const *)a, *y = *(const ChTextEdit *const *)b;
    if (x->range.start != y->range.start)
        return x->range.start < y->range.start ? -1 : 1;
    return x->range.end < y->range.end ? -1 : x->range.end > y->range.end;
}

static bool is_free(const ChEdits *edits, const ChFix *fix)
{
    for (const ChTextEdit *edit = fix->edits; edit; edit = edit->next)
        for (uint32_t i = 0; i < edits->count; i++)
            if (touches(edits->items[i]->range, edit->range))
                return false;
    return true;
}

void ch_fixes_all(const ChSnapshot *snapshot, ChDiagnosticList *list, ChEdits *edits)
{
    ch_diagnostics_of(snapshot, true, list);
    for (uint32_t i = 0; i < list->count; i++) {
        const ChFix *fix = list->items[i]->fixes;
        if (!fix || !fix->is_safe || !is_free(edits, fix))
            continue;
        for (const ChTextEdit *edit = fix->edits; edit; edit = edit->next)
            ch_array_push(edits, edit);
    }
    if (edits->count)
        qsort(edits->items, edits->count, sizeof(*edits->items), by_place);
}

bool ch_layout_change(const ChSnapshot *snapshot, uint32_t first_line, uint32_t last_line, ChLayoutChange *change)
{
    *change = (ChLayoutChange){0};
    ChFormatOptions options = {.first_line = first_line, .last_line = last_line};
    ChBuffer formatted = {0};
    if (!snapshot->tree || ch_format(snapshot->tree, &options, &formatted) != CH_STATUS_OK) {
        ch_buffer_release(&formatted);
        return false;
    }
    ChStr old = snapshot->source->text;
    ChStr new = ch_buffer_view(&formatted);
    uint32_t start = 0;
    uint32_t least = old.length < new.length ? old.length : new.length;
    while (start < least && old.data[start] == new.data[start])
        start++;
    while (start > 0 && old.data[start - 1] != '\n')
        start--;
    uint32_t tail = 0;
    while (tail < least - start && old.data[old.length - 1 - tail] == new.data[new.length - 1 - tail])
        tail++;
    while (tail > 0 && old.data[old.length - tail - 1] != '\n')
        tail--;
    bool is_changed = old.length != new.length || start + tail < old.length;
    if (is_changed) {
        change->range = (ChRange){start, old.length - tail};
        ch_buffer_add(&change->text, new.data + start, new.length - tail - start);
    }
    ch_buffer_release(&formatted);
    return is_changed;
}
