/* What the files of this folder share. */
#ifndef CH_SYNTAX_SYNTAX_INT_H
#define CH_SYNTAX_SYNTAX_INT_H

#include <stddef.h>

#include <tree_sitter/api.h>

#include "syntax/ast.h"

/* Codes of the diagnostics that parsing gives. */
#define CH__CODE_SYNTAX "HARN-PAR-001"
#define CH__CODE_EOF "HARN-PAR-002"
#define CH__CODE_CHARACTER "HARN-PAR-003"
#define CH__CODE_STRING "HARN-PAR-004"
#define CH__CODE_COMMENT "HARN-PAR-005"
#define CH__CODE_DEPTH "HARN-PAR-100"

/* Bytes of a node of the kind. */
size_t ch__node_size(ChNodeKind kind);

/* The generated parser's numbers of symbols and fields, translated to Cst and CstField
 * (lower_int.h). */
typedef struct ChCst {
    const TSLanguage *language;
    uint8_t *symbols;
    uint8_t *fields;
    uint32_t symbol_count;
} ChCst;

/* The one translation, made at the first call, on whatever thread. */
const ChCst *ch__cst(void);
/* Cst of a symbol, as int so that the enum need not be known here. */
int ch__cst_of(const ChCst *cst, TSSymbol symbol);

/* Fill root, comments, node_count from tree->syntax; adds diagnostics for rules that
 * the grammar does not express. Returns whether the text has errors that ask for
 * ch__errors_explain. */
bool ch__lower_tree(ChTree *tree, const ChCst *cst);

/* Give declarations the text of the doc comment above them. */
void ch__docs_attach(ChTree *tree);

/* Add a diagnostic for each syntax error of the text. */
void ch__errors_explain(ChTree *tree, const ChCst *cst);

/* A backslash that is the last byte of the text is no error to the parser, which drops it. */
void ch__last_backslash_report(ChTree *tree);

/* Is the word in the range reserved, and no member name or key? */
bool ch__is_reserved_misuse(const ChSource *source, uint32_t start, uint32_t end);

#endif
