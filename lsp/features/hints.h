/* What an editor may show between the words: inferred types of variables, names of parameters before arguments. */
#ifndef CH_LSP_FEATURES_HINTS_H
#define CH_LSP_FEATURES_HINTS_H

#include "base/array.h"
#include "snapshot/snapshot.h"

typedef struct ChHint {
    uint32_t offset;
    ChStr text; /* ": int", "width:"; in the arena of the hints */
    bool is_parameter;
} ChHint;

typedef struct ChHints {
    ChArena arena;
    CH_ARRAY_OF(ChHint) list; /* in order of place */
} ChHints;

/* The hints inside the range. Free with ch_hints_release. */
void ch_hints_in(const ChSnapshot *snapshot, ChRange range, ChHints *hints);
void ch_hints_release(ChHints *hints);

#endif
