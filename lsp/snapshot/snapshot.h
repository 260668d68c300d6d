/* One state of one document, understood: text, lines, tree, names and types. Immutable and counted, so that features can
 * look at it while the next one is being made on another thread. */
#ifndef CH_LSP_SNAPSHOT_SNAPSHOT_H
#define CH_LSP_SNAPSHOT_SNAPSHOT_H

#include "analysis/analysis.h"
#include "session/text.h"

typedef struct ChSnapshot {
    int ref_count;
    uint64_t revision; /* of the document */
    int64_t version;   /* the client's number for it */
    ChSource *source;
    ChLines lines;     /* by the protocol's rules for line breaks */
    ChTree *tree;      /* NULL when the text is too large to be analysed, took too long, or is not Harn */
    bool is_given_up;  /* it took too long */
    ChAnalysis *analysis; /* NULL together with the tree */
    char **imports;    /* owned; keys of the modules that it depends on, directly or not */
    uint32_t import_count;
    bool is_final;     /* the tree came from a fresh parse, or would be the same */
    uint64_t cost_us;  /* how long it took */
} ChSnapshot;

ChSnapshot *ch_snapshot_ref(ChSnapshot *snapshot);
void ch_snapshot_unref(ChSnapshot *snapshot); /* NULL is allowed */

#endif
