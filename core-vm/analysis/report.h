/* Everything there is to say about one source: syntax, then names and types, as `charn check`, a run
 * and the debugger's launch say it. */
#ifndef CH_ANALYSIS_REPORT_H
#define CH_ANALYSIS_REPORT_H

#include "analysis/analysis.h"
#include "base/diagnostic.h"
#include "base/source.h"

/* A run reports unknown variables and failing imports itself, when it gets there. */
typedef enum ChReportKind { CH_REPORT_CHECK, CH_REPORT_BEFORE_RUN } ChReportKind;

typedef struct ChReport {
    ChArena arena;
    ChDiagnosticList list; /* in order of place */
    /* What the list borrows from. */
    struct ChTree *tree;
    struct ChAnalysis *analysis;
    struct ChModuleGraph *graph; /* NULL: not this report's own */
} ChReport;

/* Imported modules are found from the source's path, those of std/ by `std_text` (see ChModuleLoader).
 * Of a text with syntax errors, only those are reported. End it with ch_report_release. */
void ch_report_make(ChSource *source, ChReportKind kind, bool (*std_text)(ChStr name, ChStr *text),
                    ChReport *report);
/* The same for a source that was parsed, with any way to find its imports; takes the tree. */
void ch_report_make_parsed(struct ChTree *take_tree, ChReportKind kind, ChImport import, void *data, ChReport *report);
void ch_report_release(ChReport *report);

/* Append all diagnostics with their excerpts, and how many were too many to list. */
void ch_report_render(const ChReport *report, const ChSource *source, ChColorMode color, ChBuffer *out);

#endif
