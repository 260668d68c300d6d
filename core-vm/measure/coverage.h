// Which lines and branches of a program have run.
//
// A machine that counts (ch_vm_count) knows how often each instruction ran. This takes its counts over to places of the
// source: statements, functions, and branches, which are the conditional jumps of the code (if, ?:, match arms, each operand
// of && and ||, ??, ?., loops) with their two ways on. Counts of several machines, also of other processes, add up.
#ifndef CH_MEASURE_COVERAGE_H
#define CH_MEASURE_COVERAGE_H

#include "base/diagnostic.h"
#include "vm/vm.h"

typedef struct ChCoverage ChCoverage;

ChCoverage *ch_coverage_new(void);
void ch_coverage_free(ChCoverage *coverage); // NULL is allowed

// Adds what the machine has counted in the modules that it has loaded. Files are named as seen from `folder` (absolute) when
// they are below it.
void ch_coverage_take(ChCoverage *coverage, const ChVm *vm, ChStr folder);

// Adds the pipelines of these files that no machine has begun, as not run. `folder` as before.
void ch_coverage_add_rest(ChCoverage *coverage, ChStr folder);

// As a text for ch_coverage_load.
void ch_coverage_save(const ChCoverage *coverage, ChBuffer *out);
// Adds what was saved. False: the text is not whole; nothing was added then.
bool ch_coverage_load(ChCoverage *coverage, ChStr text);

typedef struct ChCoverageTotals {
    uint32_t lines, lines_run;       // lines on which a statement begins
    uint32_t branches, branches_run; // ways on from conditional jumps
} ChCoverageTotals;

// Of all files.
ChCoverageTotals ch_coverage_totals(ChCoverage *coverage);

// For people: a row per file with percentages, the lines that did not run (`7-9`), and the branches that were never taken
// (`12->15`: line 12 ran, and never went on to line 15; `->exit`: the function never ended there).
void ch_coverage_table(ChCoverage *coverage, ChColorMode color, ChBuffer *out);
// As genhtml and editors read it: TN, SF, FN, FNDA, BRDA, DA and their sums.
void ch_coverage_lcov(ChCoverage *coverage, ChBuffer *out);
// A JSON object with the totals and one object per file.
void ch_coverage_json(ChCoverage *coverage, ChBuffer *out);

#endif
