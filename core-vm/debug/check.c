// The check before a run, as `charn run` has it: what it refuses is not launched. Apart from the other files, which know
// modules as the machine has them and not as the analysis has them.
#include "debug/check.h"

#include "analysis/module.h"
#include "builtins/std.h"
#include "syntax/syntax.h"

static bool std_text(void *data, ChStr name, ChStr *text) {
    (void)data;
    return ch_std_source(name, text);
}

bool ch__check_before_run(ChStr path, ChBuffer *report) {
    ChSource *source = ch_source_read(path, NULL);
    if (!source) return true; // loading will say why
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ch_diagnostics_append(&list, &tree->diagnostics);
    ChModuleGraph *graph = NULL;
    ChAnalysis *analysis = NULL;
    if (tree->diagnostics.error_count == 0) {
        graph = ch_module_graph_new(&(ChModuleLoader){.std_text = std_text});
        analysis = ch_analysis_run(
            tree, &(ChAnalysisOptions){.import = ch_module_graph_import, .data = graph, .before_run = true});
        ch_diagnostics_append(&list, ch_analysis_diagnostics(analysis));
    }
    ch_diagnostics_sort(&list);
    for (uint32_t i = 0; i < list.count; i++) ch_diagnostic_render(list.items[i], source, CH_COLOR_NEVER, report);
    if (list.dropped) ch_buffer_printf(report, "... and %u more\n", list.dropped);
    bool is_good = list.error_count == 0;
    ch_diagnostics_release(&list);
    ch_analysis_unref(analysis);
    if (graph) ch_module_graph_free(graph);
    ch_tree_unref(tree);
    ch_arena_release(&arena);
    ch_source_unref(source);
    return is_good;
}
