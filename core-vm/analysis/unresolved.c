/* Names that nothing explains. They are reported when that is certain: every import was
 * read, and the file declares the name nowhere. A call of nothing keeps a program from
 * running. A variable fails only when it is reached, and may be meant to in a `try`: what
 * stands there, and before a run all of them, are left to the machine. */
#include "analysis/analysis_int.h"
#include "builtins/builtins.h"

static bool may_be_meant(ChAnalysis *analysis, const ChUnresolved *use)
{
    ChStr name = use->name.text;
    return (use->flags & CH_REFERENCE_TYPE) || ch_str_starts_with(name, CH_STR("__")) ||
           ch_str_starts_with(name, CH_STR("hostlib_")) ||
           ch__builtin_find(analysis, name) >= 0 || ch__name_is_ambient(name) ||
           ch_str_is(name, "Some") || ch_str_is(name, "None") || ch_str_is(name, "self") ||
           ch_map_find(&analysis->all_names, name);
}

static void offer_names(ChAnalysis *analysis, ChNearest *nearest, bool for_call, uint32_t scope,
                        const ChModuleFacts *session)
{
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        const ChSymbol *symbol = &analysis->symbols.items[i];
        if (symbol->scope == CH_SYMBOL_NONE)
            continue;
        bool is_callable = symbol->kind == CH_SYMBOL_FUNCTION || symbol->kind == CH_SYMBOL_TOOL ||
                           symbol->kind == CH_SYMBOL_PIPELINE;
        if (for_call && !is_callable)
            continue;
        uint32_t at = scope;
        while (at != CH_SYMBOL_NONE && at != symbol->scope)
            at = analysis->scopes.items[at].parent;
        if (at != CH_SYMBOL_NONE || symbol->scope == 0)
            ch__nearest_offer(nearest, symbol->name);
    }
    for (uint32_t m = 0; m < analysis->module_count; m++)
        for (uint32_t e = 0; e < analysis->modules[m]->export_count; e++)
            ch__nearest_offer(nearest, analysis->modules[m]->exports[e].name);
    for (uint32_t e = 0; session && e < session->export_count; e++)
        ch__nearest_offer(nearest, session->exports[e].name);
    if (for_call)
        for (uint32_t i = 0; i < ch_builtin_count; i++)
            if (ch_builtin_rows[i].type < 0 && ch_builtin_rows[i].name[0] != '_')
                ch__nearest_offer(nearest, ch_str_of(ch_builtin_rows[i].name));
}

void ch__report_unresolved(ChAnalysis *analysis, const ChAnalysisOptions *options)
{
    /* Looking for near names takes time in the size of the file. */
    enum { SUGGESTIONS_MAX = 50 };
    uint32_t suggestions = 0;
    if (!analysis->imports_resolved || analysis->tree->diagnostics.error_count > 0)
        return;
    for (uint32_t i = 0; i < analysis->unresolved.count; i++) {
        const ChUnresolved *use = &analysis->unresolved.items[i];
        if (may_be_meant(analysis, use))
            continue;
        bool is_call = use->flags & CH_REFERENCE_CALL;
        if (!is_call && (use->in_try || options->before_run))
            continue;
        ChNearest nearest;
        ch__nearest_init(&nearest, use->name.text, 2);
        if (suggestions++ < SUGGESTIONS_MAX)
            offer_names(analysis, &nearest, is_call, use->scope, options->session);
        bool has_best = nearest.best.length > 0;
        ChDiagnostic *diagnostic =
            is_call ? ch_diagnostic_add(&analysis->diagnostics, CH_SEVERITY_ERROR, "HARN-NAM-002",
                                        use->name.range,
                                        "call target `%.*s` is not defined or imported%s%.*s%s",
                                        CH_STR_ARG(use->name.text),
                                        has_best ? " — did you mean `" : "",
                                        CH_STR_ARG(nearest.best), has_best ? "`?" : "")
                    : ch_diagnostic_add(&analysis->diagnostics, CH_SEVERITY_ERROR, "HARN-NAM-001",
                                        use->name.range, "Undefined variable: %.*s%s%.*s%s",
                                        CH_STR_ARG(use->name.text),
                                        has_best ? " (did you mean `" : "",
                                        CH_STR_ARG(nearest.best), has_best ? "`?)" : "");
        if (!has_best)
            continue;
        ch_diagnostic_help(&analysis->diagnostics, diagnostic, "did you mean `%.*s`?",
                           CH_STR_ARG(nearest.best));
        ch__fix_name(&analysis->diagnostics, diagnostic, use->name.range, nearest.best);
    }
}
