/* See diagnostics.h. */
#include "features/diagnostics.h"

ChDiagnosticsIter ch_diagnostics_of(const ChSnapshot *snapshot, bool is_harn)
{
    ChDiagnosticsIter iter = {0};
    if (!is_harn)
        return iter;
    if (!snapshot->tree) {
        iter.is_too_large = true;
        iter.notice = (ChDiagnostic){
            .severity = CH_SEVERITY_INFO,
            .message = CH_STR("this file is larger than 4 MiB: it is kept but not analysed"),
            .help = CH_STR("split it into modules"),
        };
        return iter;
    }
    iter.lists[0] = &snapshot->tree->diagnostics;
    if (snapshot->analysis)
        iter.lists[1] = ch_analysis_diagnostics(snapshot->analysis);
    return iter;
}

const ChDiagnostic *ch_diagnostics_next(ChDiagnosticsIter *iter)
{
    if (iter->is_too_large) {
        iter->is_too_large = false;
        return &iter->notice;
    }
    for (; iter->list < 2; iter->list++, iter->item = 0) {
        const ChDiagnosticList *list = iter->lists[iter->list];
        if (list && iter->item < list->count)
            return list->items[iter->item++];
    }
    return NULL;
}
