/* See diagnostics.h. */
#include "features/diagnostics.h"

void ch_diagnostics_of_analysis(const ChAnalysis *analysis, ChDiagnosticList *list)
{
    const ChTree *tree = ch_analysis_tree(analysis);
    ch_diagnostics_append(list, &tree->diagnostics);
    if (tree->diagnostics.error_count == 0)
        ch_diagnostics_append(list, ch_analysis_diagnostics(analysis));
    ch_diagnostics_sort(list);
}

void ch_diagnostics_of(const ChSnapshot *snapshot, bool is_harn, ChDiagnosticList *list)
{
    if (!is_harn)
        return;
    if (!snapshot->tree) {
        const char *reason = snapshot->is_given_up ? "the analysis of this file took too long and was given up"
                                                   : "this file is larger than 4 MiB: it is kept but not analysed";
        ChDiagnostic *notice = ch_diagnostic_add(list, CH_SEVERITY_INFO, "", (ChRange){0}, "%s", reason);
        ch_diagnostic_help(list, notice, "split it into modules");
        return;
    }
    ch_diagnostics_of_analysis(snapshot->analysis, list);
}
