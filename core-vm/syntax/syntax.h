/* From text to tree. Parsing never fails: broken text gives a tree as well, with
 * diagnostics that say what was expected, what was found, where the construct began
 * and how to mend it. Only a cancelled parse gives none. */
#ifndef CH_SYNTAX_SYNTAX_H
#define CH_SYNTAX_SYNTAX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "syntax/ast.h"

typedef struct ChSyntaxOptions {
    /* A tree of an earlier state of the same text: the parts that did not change are
     * taken over, what changed is found by comparing the texts. May be NULL. */
    const ChTree *old;
    /* Keep what the incremental parse gave even when the text has errors. Faster while
     * somebody types, but the diagnostics may then depend on how the text was typed:
     * parse again without it when the typing rests (ch_tree_is_provisional tells). */
    bool allow_provisional;
    /* Set to true from another thread to give up; looked at every few thousand
     * tokens. May be NULL. */
    const atomic_bool *cancelled;
} ChSyntaxOptions;

/* Parse. The tree holds a reference to `source`. `options` may be NULL. Returns NULL
 * only when it was cancelled. Free with ch_tree_unref. Any thread may call it. */
ChTree *ch_syntax_parse(ChSource *source, const ChSyntaxOptions *options);

/* Was it made incrementally from a text with errors? Then a fresh parse may find
 * other diagnostics. */
bool ch_tree_is_provisional(const ChTree *tree);

/* Calls `visit` for each token in order of place, comments included. Its kind is "keyword", "punctuation", "missing", or
 * what the grammar calls it: "identifier", "int_literal", "comment". Strings are several tokens where they hold
 * interpolations or escapes. `type` is the grammar's name of it, also of what is missing. */
typedef void (*ChTokenVisit)(void *data, ChRange range, const char *kind, const char *type);
void ch_tree_visit_tokens(const ChTree *tree, ChTokenVisit visit, void *data);

/* Append one line per token: place, kind, text. Comments are included. */
void ch_tree_dump_tokens(const ChTree *tree, ChBuffer *out);

/* Append the concrete tree, one node a line, indented, with field names. */
void ch_tree_dump_concrete(const ChTree *tree, ChBuffer *out);

/* Is the word reserved, so that no variable can be called that? */
bool ch_syntax_is_keyword(ChStr word);

/* The keywords: reserved ones first, then those that are only special in their
 * place (`each`, `settle`, `gen`, ...). Ends with an empty text. */
const ChStr *ch_syntax_keywords(void);

#endif
