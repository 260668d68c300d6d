/* Mends that can be applied to a text: those that diagnostics carry, and the canonical layout as the smallest change. */
#ifndef CH_LSP_FEATURES_FIXES_H
#define CH_LSP_FEATURES_FIXES_H

#include "base/array.h"
#include "snapshot/snapshot.h"

typedef struct ChFixOffer {
    const ChDiagnostic *diagnostic;
    const ChFix *fix;
} ChFixOffer;

typedef CH_ARRAY_OF(ChFixOffer) ChFixOffers;

/* The fixes of the diagnostics that touch the range, in order. `list` is filled and owns what is borrowed. */
void ch_fixes_in(const ChSnapshot *snapshot, ChRange range, ChDiagnosticList *list, ChFixOffers *offers);

/* The safe fixes of the whole file that do not overlap, as one list of edits in order of place. */
typedef CH_ARRAY_OF(const ChTextEdit *) ChEdits;
void ch_fixes_all(const ChSnapshot *snapshot, ChDiagnosticList *list, ChEdits *edits);

typedef struct ChLayoutChange {
    ChRange range;  /* whole lines of the old text */
    ChBuffer text;  /* owned by the caller: what they become */
} ChLayoutChange;

/* The change that lays out the lines from first to last (1-based; 0: all). False when nothing is to be changed or the text
 * has syntax errors. */
bool ch_layout_change(const ChSnapshot *snapshot, uint32_t first_line, uint32_t last_line, ChLayoutChange *change);

#endif
