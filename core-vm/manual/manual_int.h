/* What the files of this folder share. */
#ifndef CH_MANUAL_MANUAL_INT_H
#define CH_MANUAL_MANUAL_INT_H

#include "manual/manual.h"

/* Appends the effects with commas between: "reads files, waits"; "none" of a pure function. */
void ch__manual_add_effects(uint32_t effects, const char *separator, ChBuffer *out);
/* The first sentence or line of a doc text. */
ChStr ch__manual_summary(ChStr doc);

/* Doc texts are paragraphs, items that begin with `- `, and code between lines of three backticks. In paragraphs and items
 * a pair of backticks holds code; everything else is plain text. */
typedef enum ChProseKind { CH_PROSE_PARAGRAPH, CH_PROSE_ITEM, CH_PROSE_CODE } ChProseKind;
typedef struct ChProse {
    ChProseKind kind;
    ChStr text; /* lines between '\n' */
} ChProse;
/* Takes the next block off `rest`; false at the end. */
bool ch__prose_next(ChStr *rest, ChProse *block);
/* Takes the next run of text, or of code, off `rest`; false at the end. */
bool ch__prose_span(ChStr *rest, ChStr *span, bool *is_code);

/* The pages that a part begins with; NULL behind the last. */
static inline bool ch__page_begins_part(const ChManual *manual, uint32_t page) {
    return page == 0 || manual->pages.items[page].part != manual->pages.items[page - 1].part;
}

#endif
