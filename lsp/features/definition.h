/* Where the word under the cursor is declared, in this file or in another. */
#ifndef CH_LSP_FEATURES_DEFINITION_H
#define CH_LSP_FEATURES_DEFINITION_H

#include "snapshot/snapshot.h"

typedef struct ChDefinition {
    const ChSource *source; /* of the other file, borrowed from the snapshot; NULL: this file */
    ChRange range;          /* of the name */
} ChDefinition;

/* False when it is declared nowhere that can be shown: builtins, and modules without a file. */
bool ch_definition_at(const ChSnapshot *snapshot, uint32_t offset, ChDefinition *definition);

#endif
