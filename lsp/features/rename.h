/* Whether a name may become another one, and what has to be written for it. */
#ifndef CH_LSP_FEATURES_RENAME_H
#define CH_LSP_FEATURES_RENAME_H

#include "features/references.h"

/* NULL, or a sentence why what stands there cannot be renamed. */
const char *ch_rename_refusal(const ChSnapshot *snapshot, const ChTarget *target);

/* Is the text a name that a program may give? */
bool ch_rename_is_name(ChStr name);

/* The place where the new name would mean something else in this file, or be taken for something else; false: none. */
bool ch_rename_conflict(const ChAnalysis *analysis, uint32_t symbol, ChStr new_name, ChRange *place);

/* The text that replaces one reference: the new name, or `key: name` where the short form of a field stands. */
void ch_rename_text(const ChAnalysis *analysis, const ChReference *reference, ChStr new_name, ChBuffer *out);

#endif
