/* What can be done with a declaration, shown above it: run it, test it, see who names it. */
#ifndef CH_LSP_FEATURES_LENSES_H
#define CH_LSP_FEATURES_LENSES_H

#include "base/array.h"
#include "snapshot/snapshot.h"

typedef enum ChLensKind {
    CH_LENS_RUN,        /* the pipeline that a run of the file begins with */
    CH_LENS_DEBUG,      /* likewise */
    CH_LENS_TEST,       /* a test: a pipeline called test_… or marked @test */
    CH_LENS_REFERENCES, /* how often it is named is not counted yet */
} ChLensKind;

typedef struct ChLens {
    ChLensKind kind;
    ChStr name;    /* of the declaration; borrowed */
    ChRange range; /* of that name */
} ChLens;

typedef CH_ARRAY_OF(ChLens) ChLenses;

/* Those of the file, in order of place. Release the array. */
void ch_lenses_of(const ChSnapshot *snapshot, ChLenses *lenses);

#endif
