/* What is wrong with a document: the same list, in the same order, as `charn check` prints. */
#ifndef CH_LSP_FEATURES_DIAGNOSTICS_H
#define CH_LSP_FEATURES_DIAGNOSTICS_H

#include "base/diagnostic.h"
#include "snapshot/snapshot.h"

/* Fills an initialised list, in order of place. What it holds is borrowed from the analysis and from the list's arena. Of a
 * text with syntax errors only those are given, as the types of what was not understood are guesses. */
void ch_diagnostics_of_analysis(const ChAnalysis *analysis, ChDiagnosticList *list);

/* The same for an open document; one that is not analysed has a notice that says why. */
void ch_diagnostics_of(const ChSnapshot *snapshot, bool is_harn, ChDiagnosticList *list);

#endif
