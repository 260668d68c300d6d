// See coverage.h.
#include "coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "files.h"
#include "host/host.h"

#include "base/banned.h"

bool cli_coverage_is_option(const char *arg) { return cli_is_option(arg, "--coverage") || cli_is_option(arg, "--lcov"); }

int cli_coverage_option(const char *command, int argc, char **argv, int *i, CliCoverage *coverage) {
    const char *arg = argv[*i];
    if (strcmp(arg, "--coverage") == 0) {
        coverage->has_table = true;
    } else if (cli_is_option(arg, "--coverage")) {
        if (strncmp(arg, "--coverage=lcov:", 16) != 0 || !arg[16])
            return cli_usage_error(command, "--coverage takes nothing, or =lcov:FILE");
        coverage->lcov = arg + 16;
    } else {
        coverage->lcov = cli_option_value(argc, argv, i, "--lcov");
        if (!coverage->lcov || !*coverage->lcov) return cli_usage_error(command, "--lcov needs a file");
    }
    return CLI_OK;
}

bool cli_coverage_is_wanted(const CliCoverage *coverage) { return coverage->has_table || coverage->lcov; }

void cli_coverage_start(CliCoverage *coverage) {
    cli_coverage_release(coverage);
    if (cli_coverage_is_wanted(coverage)) coverage->counts = ch_coverage_new();
}

void cli_coverage_begin(const CliCoverage *coverage, ChVm *vm) {
    if (coverage->counts) ch_vm_count(vm);
}

void cli_coverage_take(const CliCoverage *coverage, ChVm *vm) {
    if (!coverage->counts) return;
    ChBuffer folder = {0};
    vm->host->folder(vm->host->ud, &folder);
    ch_coverage_take(coverage->counts, vm, ch_buffer_view(&folder));
    ch_buffer_release(&folder);
}

void cli_coverage_complete(const CliCoverage *coverage) {
    if (!coverage->counts) return;
    char *folder = realpath(".", NULL);
    ch_coverage_add_rest(coverage->counts, ch_str_of(folder));
    free(folder);
}

bool cli_coverage_finish(const CliCoverage *coverage, const char *command, bool is_table_wanted, int descriptor) {
    if (!coverage->counts) return true;
    bool is_written = true;
    ChBuffer text = {0};
    if (coverage->lcov) {
        ch_coverage_lcov(coverage->counts, &text);
        is_written = cli_write_file(command, coverage->lcov, &text);
        ch_buffer_clear(&text);
    }
    if (coverage->has_table && is_table_wanted) {
        ch_buffer_add_byte(&text, '\n');
        ch_coverage_table(coverage->counts, ch_color_mode_of(descriptor), &text);
        cli_write(descriptor, &text);
    }
    ch_buffer_release(&text);
    return is_written;
}

void cli_coverage_release(CliCoverage *coverage) {
    ch_coverage_free(coverage->counts);
    coverage->counts = NULL;
}
