/* What could be written at the cursor. */
#ifndef CH_LSP_FEATURES_COMPLETION_H
#define CH_LSP_FEATURES_COMPLETION_H

#include "snapshot/snapshot.h"

enum { CH_COMPLETIONS_MAX = 1000 };

/* In the order in which they are offered. */
typedef enum ChCompletionRank {
    CH_COMPLETION_LOCAL,
    CH_COMPLETION_FILE,
    CH_COMPLETION_IMPORTED,
    CH_COMPLETION_BUILTIN,
    CH_COMPLETION_KEYWORD,
} ChCompletionRank;

typedef struct ChCompletion {
    ChStr name;
    ChStr detail; /* signature or type, may be empty */
    ChStr doc;    /* may be empty */
    ChSymbolKind kind;
    ChCompletionRank rank;
    bool is_deprecated;
} ChCompletion;

typedef struct ChCompletions {
    ChCompletion *items;
    uint32_t count, capacity;
    ChRange word; /* what an item replaces */
    bool is_cut;  /* there are more than CH_COMPLETIONS_MAX */
    ChArena arena;
} ChCompletions;

/* Fills zeroed completions; release them. Only names that hold the letters typed so far, in order, are given. Nothing is
 * offered inside comments and texts. */
void ch_completions_at(const ChSnapshot *snapshot, uint32_t offset, ChCompletions *completions);
void ch_completions_release(ChCompletions *completions);

#endif
