/* Who names the same thing: in this file, and in the other files of the workspace.
 *
 * A declaration is known across files by the file that declares it and the place of its name there. */
#ifndef CH_LSP_FEATURES_REFERENCES_H
#define CH_LSP_FEATURES_REFERENCES_H

#include "snapshot/snapshot.h"

typedef struct ChTarget {
    ChStr path;      /* of the file that declares it; borrowed from the snapshot */
    ChStr name;      /* borrowed likewise */
    uint32_t start;  /* offset of the name there */
    uint32_t symbol; /* in the snapshot's analysis */
    ChRange word;    /* what was asked about */
    ChSymbolKind kind;
    bool is_shared;  /* other files can name it */
    bool is_foreign; /* another file declares it */
} ChTarget;

/* The target at the offset; false when nothing with a declaration of its own stands there. */
bool ch_target_at(const ChSnapshot *snapshot, uint32_t offset, ChTarget *target);

/* The symbol that stands for the target in another analysis, or CH_SYMBOL_NONE. */
uint32_t ch_target_symbol_in(const ChAnalysis *analysis, const ChTarget *target);

#endif
