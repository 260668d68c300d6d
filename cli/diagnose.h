// Checking one source: syntax, names and types.
#ifndef CH_CLI_DIAGNOSE_H
#define CH_CLI_DIAGNOSE_H

#include <stdbool.h>

#include "base/diagnostic.h"
#include "base/source.h"

typedef struct CliReport {
    ChArena arena;
    ChDiagnosticList list; // in order of place
    // what the list borrows from
    struct ChTree *tree;
    struct ChAnalysis *analysis;
    struct ChModuleGraph *graph;
} CliReport;

// A run reports unknown variables and failing imports itself, when it gets there.
typedef enum CliReportKind { CLI_REPORT_CHECK, CLI_REPORT_BEFORE_RUN } CliReportKind;

void cli_report_make(ChSource *source, CliReportKind kind, CliReport *report);
void cli_report_release(CliReport *report);

// Checks and prints what there is to say to a descriptor. False: there is an error.
bool cli_diagnose(ChSource *source, int descriptor);

#endif
