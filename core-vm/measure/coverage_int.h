// Between the files of measure/: what is known of a file.
#ifndef CH_MEASURE_COVERAGE_INT_H
#define CH_MEASURE_COVERAGE_INT_H

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "measure/coverage.h"

typedef struct ChPlace {
    uint32_t line, column; // line 0: the function ends
} ChPlace;

typedef struct ChStatementCount {
    ChPlace at;
    uint64_t count;
} ChStatementCount;

// Equal at and op: the same branch. `way[0]` goes on, `way[1]` jumps.
typedef struct ChBranchCount {
    ChPlace at;
    uint32_t op;
    struct {
        ChPlace to;
        uint64_t count;
    } way[2];
} ChBranchCount;

typedef struct ChFunctionCount {
    ChStr name;
    ChPlace at;
    uint64_t count;
} ChFunctionCount;

typedef struct ChFileCoverage {
    ChStr path;
    CH_ARRAY_OF(ChStatementCount) statements;
    CH_ARRAY_OF(ChBranchCount) branches;
    CH_ARRAY_OF(ChFunctionCount) functions;
    bool is_merged; // sorted by place, each place once
} ChFileCoverage;

struct ChCoverage {
    ChArena arena; // names and paths
    ChMap paths;   // -> ChFileCoverage *
};

// The files in order of their paths, each merged. The array is the caller's; its items are borrowed.
ChFileCoverage **ch__coverage_files(ChCoverage *coverage, uint32_t *count);

#endif
