/* See report.h. */
#include "analysis/report.h"

#include "analysis/module.h"
#include "syntax/syntax.h"

#include "base/banned.h"

void ch_report_make(ChSource *source, ChReportKind kind, bool (*std_text)(ChStr name, ChStr *text),
                    ChReport *report)
{
    ChModuleGraph *graph = ch_module_graph_new(&(ChModuleLoader){.std_text = std_text});
    ch_report_make_parsed(ch_syntax_parse(source, NULL), kind, ch_module_graph_import, graph, report);
    report->graph = graph;
}

void ch_report_make_parsed(ChTree *take_tree, ChReportKind kind, ChImport import, void *data, ChReport *report)
{
    *report = (ChReport){.tree = take_tree};
    ch_arena_init(&report->arena);
    ch_diagnostics_init(&report->list, &report->arena);
    ch_diagnostics_append(&report->list, &report->tree->diagnostics);
    if (report->tree->diagnostics.error_count == 0) {
        report->analysis = ch_analysis_run(
            report->tree, &(ChAnalysisOptions){
                              .import = import, .data = data, .looks_at_disk = true, .before_run = kind == CH_REPORT_BEFORE_RUN});
        ch_diagnostics_append(&report->list, ch_analysis_diagnostics(report->analysis));
    }
    ch_diagnostics_sort(&report->list);
}

void ch_report_release(ChReport *report)
{
    ch_diagnostics_release(&report->list);
    ch_analysis_unref(report->analysis);
    if (report->graph)
        ch_module_graph_free(report->graph);
    ch_tree_unref(report->tree);
    ch_arena_release(&report->arena);
}

void ch_report_render(const ChReport *report, const ChSource *source, ChColorMode color, ChBuffer *out)
{
    for (uint32_t i = 0; i < report->list.count; i++)
        ch_diagnostic_render(report->list.items[i], source, color, out);
    if (report->list.dropped)
        ch_buffer_printf(out, "... and %u more\n", report->list.dropped);
}
