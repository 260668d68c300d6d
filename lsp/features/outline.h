/* The declarations of a document, as a tree in order of place. */
#ifndef CH_LSP_FEATURES_OUTLINE_H
#define CH_LSP_FEATURES_OUTLINE_H

#include "snapshot/snapshot.h"

typedef struct ChOutlineEntry {
    ChStr name;
    ChStr detail;     /* signature or type, may be empty */
    ChStr container;  /* name of the entry above, may be empty */
    ChSymbolKind kind;
    ChRange range;      /* of the name; lies in full_range */
    ChRange full_range; /* of the declaration */
    uint32_t depth;
    bool is_deprecated;
} ChOutlineEntry;

typedef struct ChOutline {
    ChOutlineEntry *entries;
    uint32_t count;
    ChArena arena;
} ChOutline;

/* Fills a zeroed outline; release it. */
void ch_outline_of(const ChSnapshot *snapshot, ChOutline *outline);
void ch_outline_release(ChOutline *outline);

#endif
