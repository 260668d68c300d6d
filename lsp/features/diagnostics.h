/* What is wrong with a document: the same list, in the same order, as `charn check` prints. */
#ifndef CH_LSP_FEATURES_DIAGNOSTICS_H
#define CH_LSP_FEATURES_DIAGNOSTICS_H

#include "base/diagnostic.h"
#include "snapshot/snapshot.h"

typedef struct ChDiagnosticsIter {
    const ChDiagnosticList *lists[2];
    uint32_t list, item;
    bool is_too_large; /* the one diagnostic is about that */
    ChDiagnostic notice;
} ChDiagnosticsIter;

/* Begins with the first diagnostic of a snapshot. `is_harn` false gives none. */
ChDiagnosticsIter ch_diagnostics_of(const ChSnapshot *snapshot, bool is_harn);

/* The next one, NULL at the end; borrowed from the snapshot or the iterator. */
const ChDiagnostic *ch_diagnostics_next(ChDiagnosticsIter *iter);

#endif
