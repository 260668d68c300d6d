// charn check, and the check before a run.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/module.h"
#include "builtins/std.h"
#include "cli.h"
#include "diagnose.h"
#include "files.h"
#include "syntax/syntax.h"

#include "base/banned.h"

static bool std_text(void *data, ChStr name, ChStr *text) { return ch_std_source(name, text); }

void cli_report_make(ChSource *source, CliReportKind kind, CliReport *report) {
    *report = (CliReport){0};
    ch_arena_init(&report->arena);
    ch_diagnostics_init(&report->list, &report->arena);
    ChTree *tree = ch_syntax_parse(source, NULL);
    report->tree = tree;
    ch_diagnostics_append(&report->list, &tree->diagnostics);
    // Of a text with syntax errors, those are what there is to say.
    if (!tree->diagnostics.error_count) {
        ChModuleLoader loader = {.std_text = std_text};
        report->graph = ch_module_graph_new(&loader);
        ChAnalysisOptions options = {.import = ch_module_graph_import,
                                     .data = report->graph,
                                     .before_run = kind == CLI_REPORT_BEFORE_RUN};
        report->analysis = ch_analysis_run(tree, &options);
        ch_diagnostics_append(&report->list, ch_analysis_diagnostics(report->analysis));
    }
    ch_diagnostics_sort(&report->list);
}

void cli_report_release(CliReport *report) {
    ch_diagnostics_release(&report->list);
    ch_analysis_unref(report->analysis);
    if (report->graph) ch_module_graph_free(report->graph);
    ch_tree_unref(report->tree);
    ch_arena_release(&report->arena);
}

static void render(const CliReport *report, const ChSource *source, int descriptor) {
    ChBuffer text = {0};
    ChColorMode color = ch_color_mode_of(descriptor);
    for (uint32_t i = 0; i < report->list.count; i++)
        ch_diagnostic_render(report->list.items[i], source, color, &text);
    if (report->list.dropped) ch_buffer_printf(&text, "... and %u more\n", report->list.dropped);
    cli_write(descriptor, &text);
    ch_buffer_release(&text);
}

bool cli_diagnose(ChSource *source, int descriptor) {
    CliReport report;
    cli_report_make(source, CLI_REPORT_BEFORE_RUN, &report);
    render(&report, source, descriptor);
    bool is_good = report.list.error_count == 0;
    cli_report_release(&report);
    return is_good;
}

int cli_check(int argc, char **argv) {
    bool is_json = false, can_read = true;
    uint32_t errors = 0, warnings = 0;
    CliFiles list = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            is_json = true;
        else if (argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0)
            return cli_usage_error("check", "unknown option '%s'", argv[i]);
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1]) cli_files_add(&list, argv[i]);
    }
    uint32_t files = list.count;
    for (uint32_t i = 0; i < files; i++) {
        ChSource *source = cli_read(list.items[i]);
        if (!source) {
            can_read = false;
            continue;
        }
        CliReport report;
        cli_report_make(source, CLI_REPORT_CHECK, &report);
        errors += report.list.error_count;
        warnings += report.list.warning_count;
        if (is_json) {
            ChBuffer text = {0};
            for (uint32_t d = 0; d < report.list.count; d++) {
                ch_diagnostic_render_json(report.list.items[d], source, &text);
                ch_buffer_add_byte(&text, '\n');
            }
            cli_write(STDOUT_FILENO, &text);
            ch_buffer_release(&text);
        } else
            render(&report, source, STDERR_FILENO);
        cli_report_release(&report);
        ch_source_unref(source);
    }
    cli_files_release(&list);
    if (!files) return cli_usage_error("check", "no file given");
    if (is_json) {
        printf("{\"files\":%u,\"errors\":%u,\"warnings\":%u}\n", files, errors, warnings);
        fflush(stdout);
    } else if (can_read && !errors && !warnings)
        printf("%u file%s checked: no errors\n", files, files == 1 ? "" : "s");
    else if (can_read)
        printf("%u file%s checked: %u error%s, %u warning%s\n", files, files == 1 ? "" : "s", errors,
               errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    return errors || !can_read ? CLI_FAILED : CLI_OK;
}
