// charn check, and the check before a run.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/module.h"
#include "analysis/report.h"
#include "builtins/std.h"
#include "cli.h"
#include "diagnose.h"
#include "files.h"

#include "base/banned.h"

static void render(const ChReport *report, const ChSource *source, int descriptor) {
    ChBuffer text = {0};
    ch_report_render(report, source, ch_color_mode_of(descriptor), &text);
    cli_write(descriptor, &text);
    ch_buffer_release(&text);
}

bool cli_diagnose(ChSource *source, int descriptor) {
    ChReport report;
    ch_report_make(source, CH_REPORT_BEFORE_RUN, ch_std_source, &report);
    render(&report, source, descriptor);
    bool is_good = report.list.error_count == 0;
    ch_report_release(&report);
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
    ChModuleGraph *graph = ch_module_graph_new(&(ChModuleLoader){.std_text = ch_std_source});
    for (uint32_t i = 0; i < files; i++) {
        ChSource *source = cli_read(list.items[i]);
        if (!source) {
            can_read = false;
            continue;
        }
        ChReport report;
        ch_report_make_with(source, CH_REPORT_CHECK, graph, &report);
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
        ch_report_release(&report);
        ch_source_unref(source);
    }
    ch_module_graph_free(graph);
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
