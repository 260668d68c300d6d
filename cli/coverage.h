// --coverage and --lcov, of `charn run` and `charn test`.
#ifndef CH_CLI_COVERAGE_H
#define CH_CLI_COVERAGE_H

#include "measure/coverage.h"

typedef struct CliCoverage {
    bool has_table;
    const char *lcov;   // a file to write; NULL: none
    ChCoverage *counts; // NULL: nothing was asked for, or nothing began yet
} CliCoverage;

// Is the argument one of these options?
bool cli_coverage_is_option(const char *arg);
// Takes the option at argv[*i]. Answers CLI_OK, or CLI_USAGE (told).
int cli_coverage_option(const char *command, int argc, char **argv, int *i, CliCoverage *coverage);
bool cli_coverage_is_wanted(const CliCoverage *coverage);
// Begins at nothing, also again.
void cli_coverage_start(CliCoverage *coverage);
// Lets the machine count; before the program is loaded. Nothing happens unless coverage was asked for.
void cli_coverage_begin(const CliCoverage *coverage, ChVm *vm);
// Adds what the machine has counted.
void cli_coverage_take(const CliCoverage *coverage, ChVm *vm);
// When all is taken: adds what nothing began.
void cli_coverage_complete(const CliCoverage *coverage);
// Writes the file and prints the table. False: the file cannot be written (told).
bool cli_coverage_finish(const CliCoverage *coverage, const char *command, bool is_table_wanted, int descriptor);
void cli_coverage_release(CliCoverage *coverage);

#endif
