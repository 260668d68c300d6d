/* What the word under the cursor is. */
#ifndef CH_LSP_FEATURES_HOVER_H
#define CH_LSP_FEATURES_HOVER_H

#include "snapshot/snapshot.h"

typedef enum ChHoverStyle { CH_HOVER_MARKDOWN, CH_HOVER_PLAIN } ChHoverStyle;

typedef struct ChHover {
    ChBuffer text; /* owned by the caller */
    ChRange range; /* of the word */
} ChHover;

/* False when there is nothing to say; then `*hover` is untouched. */
bool ch_hover_at(const ChSnapshot *snapshot, uint32_t offset, ChHoverStyle style, ChHover *hover);

/* Appends a doc comment. In Markdown, what could load an image or be taken for HTML is disarmed, because the comment is
 * foreign text; control characters are left out in both styles. */
void ch_hover_add_doc(ChBuffer *out, ChStr doc, ChHoverStyle style);

#endif
