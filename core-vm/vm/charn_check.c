#include "vm/charn_check.h"

#include "analysis/module.h"
#include "builtins/std.h"
#include "syntax/syntax.h"

#include "base/banned.h"

static bool std_text(void *data, ChStr name, ChStr *text) { return ch_std_source(name, text); }

static void report_one(const ChDiagnostic *diagnostic, const ChSource *source, charn_report report, void *ud) {
    ChArena arena;
    ch_arena_init(&arena);
    ChPosition at = ch_source_position(source, diagnostic->range.start);
    // Copies have a NUL behind them.
    report(ud, ch_severity_name(diagnostic->severity), ch_str_copy(&arena, diagnostic->code).data,
           ch_str_copy(&arena, diagnostic->message).data, at.line, at.column);
    ch_arena_release(&arena);
}

int ch__charn_check(ChSource *source, charn_report report, void *ud) {
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ch_diagnostics_append(&list, &tree->diagnostics);
    ChModuleGraph *graph = NULL;
    ChAnalysis *analysis = NULL;
    if (!tree->diagnostics.error_count) {
        graph = ch_module_graph_new(&(ChModuleLoader){.std_text = std_text});
        analysis = ch_analysis_run(tree, &(ChAnalysisOptions){.import = ch_module_graph_import, .data = graph});
        ch_diagnostics_append(&list, ch_analysis_diagnostics(analysis));
    }
    ch_diagnostics_sort(&list);
    for (uint32_t i = 0; i < list.count; i++) report_one(list.items[i], source, report, ud);
    int errors = (int)list.error_count;
    ch_diagnostics_release(&list);
    ch_analysis_unref(analysis);
    if (graph) ch_module_graph_free(graph);
    ch_tree_unref(tree);
    ch_arena_release(&arena);
    return errors;
}
