/* What an editor may fold away, and how a selection grows. */
#ifndef CH_LSP_FEATURES_FOLDING_H
#define CH_LSP_FEATURES_FOLDING_H

#include "base/array.h"
#include "snapshot/snapshot.h"

typedef enum ChFoldKind { CH_FOLD_REGION, CH_FOLD_COMMENT, CH_FOLD_IMPORTS } ChFoldKind;

typedef struct ChFold {
    uint32_t first_line, last_line; /* zero-based; always more than one */
    ChFoldKind kind;
} ChFold;

typedef CH_ARRAY_OF(ChFold) ChFolds;

/* At most one fold begins on a line: the outermost. Release the array. */
void ch_folds_of(const ChSnapshot *snapshot, ChFolds *folds);

enum { CH_SELECTION_DEPTH_MAX = 256 };

/* The ranges around the offset, innermost first, each larger than the one before; returns how many. */
uint32_t ch_selections_at(const ChSnapshot *snapshot, uint32_t offset, ChRange *ranges);

#endif
