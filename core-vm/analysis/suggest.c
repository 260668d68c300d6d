/* "did you mean": the nearest of some names. */
#include "analysis/analysis_int.h"

void ch__nearest_init(ChNearest *nearest, ChStr name, uint32_t distance_max)
{
    *nearest = (ChNearest){.name = name, .distance_max = distance_max, .best_distance = UINT32_MAX};
}

void ch__nearest_offer(ChNearest *nearest, ChStr candidate)
{
    uint32_t a = nearest->name.length, b = candidate.length;
    if ((a > b ? a - b : b - a) > nearest->distance_max)
        return;
    uint32_t distance = ch_str_distance(nearest->name, candidate, nearest->distance_max);
    if (distance == 0 || distance > nearest->distance_max || distance >= nearest->best_distance)
        return;
    nearest->best = candidate;
    nearest->best_distance = distance;
}

void ch__fix_name(ChDiagnosticList *list, ChDiagnostic *diagnostic, ChRange range, ChStr name)
{
    ChFix *fix = ch_diagnostic_fix(list, diagnostic, "change to `%.*s`", CH_STR_ARG(name));
    ch_fix_edit(list, fix, range, name);
}
