/* The formatter: a tree in, its text in the one canonical layout out. Two spaces a
 * level, lists that do not fit one item a line, one blank line between the items of a
 * file, none in blocks; every comment is kept. What the text means never changes: the
 * result is parsed again and compared before anybody sees it. */
#ifndef CH_FORMAT_FORMAT_H
#define CH_FORMAT_FORMAT_H

#include "syntax/ast.h"

#define CH_FORMAT_WIDTH_DEFAULT 100u
#define CH_FORMAT_WIDTH_MIN 20u
#define CH_FORMAT_WIDTH_MAX 10000u

typedef struct ChFormatOptions {
    uint32_t line_width; /* bytes; 0: CH_FORMAT_WIDTH_DEFAULT */
    /* Format only the items of the file that touch these lines (1-based, inclusive);
     * the rest stays byte for byte. first_line 0: the whole file. */
    uint32_t first_line, last_line;
} ChFormatOptions;

/* Append the formatted text to `out`. `options` may be NULL. The source of the tree is
 * not changed. Answers
 *   CH_STATUS_OK           done
 *   CH_STATUS_BAD_FORMAT   the tree has syntax errors (tree->diagnostics); nothing added
 *   CH_STATUS_FAILED       the result would not say the same: a defect of the formatter;
 *                          nothing added
 * Any thread may call it; time and memory grow linearly with the text. */
ChStatus ch_format(const ChTree *tree, const ChFormatOptions *options, ChBuffer *out);

/* Do two trees without errors say the same: equal but for places, redundant
 * parentheses, the order of imports, ways to write a literal or a type, and the
 * markers and places of comments? */
bool ch_format_is_same(const ChTree *a, const ChTree *b);

#endif
