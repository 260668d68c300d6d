/* What is wrong with the imports of a file. */
#include "analysis/analysis_int.h"
#include "analysis/packages.h"

static void report_missing_name(ChAnalysis *analysis, const ChModuleFacts *module, ChName name)
{
    ChNearest nearest;
    ch__nearest_init(&nearest, name.text, 2);
    for (uint32_t i = 0; i < module->export_count; i++)
        ch__nearest_offer(&nearest, module->exports[i].name);
    bool has_best = nearest.best.length > 0;
    ChDiagnostic *diagnostic = ch_diagnostic_add(
        &analysis->diagnostics, CH_SEVERITY_ERROR, "HARN-IMP-002", name.range,
        "'%.*s' is not defined in %.*s%s%.*s%s", CH_STR_ARG(name.text), CH_STR_ARG(module->key),
        has_best ? " — did you mean `" : "", CH_STR_ARG(nearest.best), has_best ? "`?" : "");
    if (has_best) {
        ch__fix_name(&analysis->diagnostics, diagnostic, name.range, nearest.best);
    }
}

static bool can_be_called(const ChSymbol *symbol)
{
    return symbol->kind == CH_SYMBOL_FUNCTION || symbol->kind == CH_SYMBOL_PIPELINE ||
           symbol->kind == CH_SYMBOL_TOOL;
}

/* `first` maps names to the exports they meant first. Coming twice from where it is
 * declared is fine: a facade hands on what another import brings itself. */
static void note_name(ChAnalysis *analysis, ChMap *first, const ChExport *item, ChRange range,
                      ChStr path)
{
    bool is_new;
    ChMapEntry *entry = ch_map_enter(first, item->name, &is_new);
    if (is_new) {
        entry->value.pointer = (void *)item;
        return;
    }
    const ChExport *known = entry->value.pointer;
    if (known->owner == item->owner && known->symbol == item->symbol)
        return;
    if (!can_be_called(ch_export_symbol(item)) || !can_be_called(ch_export_symbol(known)))
        return;
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(&analysis->diagnostics, CH_SEVERITY_ERROR, "HARN-MOD-005", range,
                          "import collision — '%.*s' is exported by both '%.*s' and '%.*s'",
                          CH_STR_ARG(item->name), CH_STR_ARG(known->owner->key), CH_STR_ARG(path));
    ch_diagnostic_help(&analysis->diagnostics, diagnostic,
                       "use selective imports to disambiguate: import { %.*s } from \"...\"",
                       CH_STR_ARG(item->name));
}

static void report_unresolved(ChAnalysis *analysis, ChName path, bool explains)
{
    ChImportMiss miss = {0};
    if (explains)
        ch_import_explain(&analysis->arena, analysis->tree->source->path, path.text, &miss);
    bool has_reason = miss.reason.length > 0, has_suggestion = miss.suggestion.length > 0;
    ChDiagnostic *diagnostic = ch_diagnostic_add(&analysis->diagnostics, CH_SEVERITY_ERROR, "HARN-MOD-001", path.range,
                                                 "unresolved import '%.*s'", CH_STR_ARG(path.text));
    if (has_reason || has_suggestion)
        ch_diagnostic_help(&analysis->diagnostics, diagnostic, "%.*s%s%s%.*s%s", CH_STR_ARG(miss.reason),
                           has_reason && has_suggestion ? "; " : "", has_suggestion ? "did you mean `" : "",
                           CH_STR_ARG(miss.suggestion), has_suggestion ? "`?" : "");
    if (!has_suggestion)
        return;
    ChFix *fix = ch_diagnostic_fix(&analysis->diagnostics, diagnostic, "change to `%.*s`", CH_STR_ARG(miss.suggestion));
    ch_fix_edit(&analysis->diagnostics, fix, path.range,
                ch_str_format(&analysis->arena, "\"%.*s\"", CH_STR_ARG(miss.suggestion)));
}

void ch__report_imports(ChAnalysis *analysis, const ChImportOf *imports, uint32_t count, bool explains)
{
    ChMap first = {0};
    for (uint32_t i = 0; i < count; i++) {
        const ChNode *node = imports[i].node;
        const ChModuleFacts *module = imports[i].module;
        ChName path = node->as.import.path;
        if (!module) {
            if (path.text.length > 0)
                report_unresolved(analysis, path, explains);
            continue;
        }
        if (!(node->flags & CH_FLAG_SELECTIVE)) {
            for (uint32_t e = 0; e < module->export_count; e++)
                note_name(analysis, &first, &module->exports[e], path.range, path.text);
            continue;
        }
        for (uint32_t n = 0; n < node->as.import.names.count; n++) {
            ChName name = node->as.import.names.items[n]->as.name.name;
            const ChExport *item = ch_module_find(module, name.text);
            if (item)
                note_name(analysis, &first, item, name.range, path.text);
            else if (module->is_complete && name.text.length > 0)
                report_missing_name(analysis, module, name);
        }
    }
    ch_map_release(&first);
}
