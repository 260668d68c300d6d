/* How the concrete tree becomes the abstract one, shared by the lower_*.c files.
 *
 * The concrete tree is walked with a cursor. Each of its nodes becomes one entry on
 * a stack: a token stays a range of text, a node is reduced, when it is left, from the
 * entries of its children, which it replaces. So nothing recurses, and a reducer
 * sees finished children only. */
#ifndef CH_SYNTAX_LOWER_INT_H
#define CH_SYNTAX_LOWER_INT_H

#include <tree_sitter/api.h>

#include "base/array.h"
#include "syntax/ast.h"
#include "syntax/syntax_int.h"

typedef enum Cst {
    CST_TOKEN, /* any symbol that is not listed */
#define CH_CST(name, symbol, reducer) CST_##name,
#include "syntax/cst.def"
#undef CH_CST
    CST_COUNT
} Cst;

typedef enum CstField {
    FIELD_NONE,
#define CH_CST_FIELD(name, text) FIELD_##name,
#include "syntax/cst.def"
#undef CH_CST_FIELD
    FIELD_COUNT
} CstField;

/* What a concrete node became. */
typedef struct Entry {
    uint8_t cst;     /* Cst */
    uint8_t field;   /* CstField: the role in the parent */
    bool is_missing; /* the parser invented it */
    bool has_error;
    uint32_t depth; /* of the abstract nodes in it */
    uint32_t start, end;
    ChNode *node;    /* NULL for tokens and lists */
    ChNodeList list; /* for parts that are nothing but a list */
    ChName name;     /* a name that the part hands to what is around it */
} Entry;

typedef struct Lower {
    ChTree *tree;
    const char *text;
    const uint8_t *symbols; /* TSSymbol to Cst */
    const uint8_t *fields;  /* TSFieldId to CstField */
    CH_ARRAY_OF(Entry) entries;
    CH_ARRAY_OF(ChComment) comments;
    uint32_t node_count;
    bool too_deep;  /* reported once */
    bool has_marks; /* absent names, open strings, keywords as names */
} Lower;

/* One concrete node about to be reduced. `kids` are the entries of its children; the
 * reducer fills `node` or `list`. */
typedef struct Reduction {
    Lower *lower;
    Cst cst;
    uint32_t start, end;
    bool has_error;
    const Entry *kids;
    uint32_t count;
    ChNode *node;
    ChNodeList list;
    ChName name;
    const Entry *chain; /* the child that links a chain: it does not count as nesting */
} Reduction;

typedef void Reducer(Reduction *r);

#define CH_CST(name, symbol, reducer) Reducer ch__reduce_##reducer;
#include "syntax/cst.def"
#undef CH_CST

/* ---- helpers of reducers */

/* A new node with the reduction's place; r->node is set to it. */
ChNode *ch__reduce_to(Reduction *r, ChNodeKind kind);
/* A new node with a place of its own. */
ChNode *ch__node_new(Lower *lower, ChNodeKind kind, uint32_t start, uint32_t end);

/* The first child with the field, or NULL. */
const Entry *ch__kid(const Reduction *r, CstField field);
/* The first child of the kind, or NULL. */
const Entry *ch__kid_of(const Reduction *r, Cst cst);

/* The node of an entry; an identifier becomes an IDENTIFIER node. NULL stays NULL, and
 * what is missing gives NULL. */
ChNode *ch__node_of(Reduction *r, const Entry *entry);
/* The same of the child with the field. */
ChNode *ch__node_at(Reduction *r, CstField field);
/* Make the child's node the reduction's own, without counting as nesting. */
void ch__pass(Reduction *r, const Entry *kid);
/* The entry's text as a name; empty for NULL and for what is missing. */
ChName ch__name_of(Reduction *r, const Entry *entry);
ChName ch__name_at(Reduction *r, CstField field);
ChStr ch__entry_text(const Lower *lower, const Entry *entry);
/* Nodes of all children that have one, or only of those with the field. */
ChNodeList ch__nodes_of(Reduction *r, CstField field);
/* Nodes of all children that have one and are no errors. */
ChNodeList ch__parts_of(Reduction *r);
/* Statements: as ch__nodes_of, but whole statements that an error swallowed come out of
 * it again, so that their names stay known. Only children with index from .. to - 1. */
ChNodeList ch__statements_of(Reduction *r, uint32_t from, uint32_t to);
/* The list of the child with the field. */
ChNodeList ch__list_at(Reduction *r, CstField field);
/* CH_FLAG_PUB when there is a `pub`, and so on. */
uint16_t ch__flag_if(Reduction *r, Cst cst, uint16_t flag);

/* Report a rule that the grammar does not express, in the words "expected X, found
 * Y". `found` may be NULL: the text of the range stands for it. */
ChDiagnostic *ch__syntax_error(Lower *lower, ChRange range, const char *expected, const char *found);

#endif
