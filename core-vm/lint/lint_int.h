/* What the rules share: the walk's state, and the words of the file that they were asked about.
 *
 * The file is walked once (lint.c). Names count as used by their text, wherever they stand, as the reference counts
 * them: a rule about something unused must not be wrong about names in strings, in dynamic calls or in other scopes. */
#ifndef CH_LINT_LINT_INT_H
#define CH_LINT_LINT_INT_H

#include "base/alloc.h"
#include "base/array.h"
#include "base/map.h"
#include "lint/lint.h"

typedef struct ChLintName {
    ChName name;
    const ChNode *node; /* that declares it */
    bool is_mutable;
    bool is_simple; /* not from a pattern */
} ChLintName;

typedef struct ChLintBinding {
    ChStr name;
    uint32_t scope, hidden; /* hidden: the outer binding of that name + 1, or 0 */
} ChLintBinding;

/* A call that starts background work, in the body of a function. */
typedef struct ChLintBackground {
    const ChNode *call, *body;
} ChLintBackground;

typedef struct ChLinter {
    const ChAnalysis *analysis;
    const ChTree *tree;
    const ChSource *source;
    const ChLintOptions *options;
    ChDiagnosticList *out;

    CH_ARRAY_OF(const ChNode *) path; /* from the file down to the current node */
    CH_ARRAY_OF(ChLintBinding) bindings;
    CH_ARRAY_OF(uint32_t) scopes; /* first binding of each */
    ChMap visible;                /* to the newest binding + 1 */
    uint8_t *facts;               /* by node id: CH_LINT_FACT_... */

    ChMap references, function_references, type_references, assignments;
    CH_ARRAY_OF(ChLintName) variables;
    CH_ARRAY_OF(ChLintName) parameters;
    CH_ARRAY_OF(ChLintName) functions;
    CH_ARRAY_OF(ChLintName) types;
    CH_ARRAY_OF(const ChNode *) imports;
    CH_ARRAY_OF(const ChNode *) calls;
    CH_ARRAY_OF(uint32_t) loop_depths;   /* of each function around the node */
    CH_ARRAY_OF(uint32_t) complexities;  /* of each FN and TOOL around the node */
    CH_ARRAY_OF(ChLintBackground) background_calls;
    CH_ARRAY_OF(const ChNode *) returns; /* of each FN and TOOL around the node: its result type, or NULL */
    CH_ARRAY_OF(ChStr) exports;          /* of a connector, around the node */
    uint32_t test_depth, impl_depth, try_depth;
    ChMap tool_registries; /* variable to 1 + index into pending_tools */
    CH_ARRAY_OF(const ChNode *) pending_tools; /* tool_define without annotations */
    CH_ARRAY_OF(uint32_t) pending_next;
} ChLinter;

enum {
    CH_LINT_FACT_EXITS = 1,     /* control never comes out at the end */
    CH_LINT_FACT_PURE = 2,      /* evaluating it changes nothing */
    CH_LINT_FACT_CANCELS = 4,   /* holds a call that ends background work */
    CH_LINT_FACT_CLEANS_UP = 8, /* does so when it is left, whichever way */
};

static inline bool ch__lint_has(const ChLinter *linter, const ChNode *node, uint8_t fact)
{
    return node && (linter->facts[node->id] & fact);
}

/* The node `up` steps above the current one (1: its parent), or NULL. */
static inline const ChNode *ch__lint_above(const ChLinter *linter, uint32_t up)
{
    return linter->path.count > up ? linter->path.items[linter->path.count - 1 - up] : NULL;
}

/* A diagnostic of the rule; NULL when the rule is off. */
ChDiagnostic *ch__lint_report(ChLinter *linter, ChLintRule rule, ChRange range, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void ch__lint_help(ChLinter *linter, ChDiagnostic *diagnostic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A fix of one edit; `diagnostic` may be NULL. */
void ch__lint_edit(ChLinter *linter, ChDiagnostic *diagnostic, const char *title, ChRange range, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same with text that stands in the source. */
void ch__lint_edit_copy(ChLinter *linter, ChDiagnostic *diagnostic, const char *title, ChRange range, ChRange from);

static inline ChStr ch__lint_text(const ChLinter *linter, const ChNode *node)
{
    return ch_source_text(linter->source, ch_node_range(node));
}

bool ch__lint_is_visible(const ChLinter *linter, ChStr name);
bool ch__lint_is_listed(ChStr name, const char *const *words); /* words end with NULL */
/* Is there a comment that begins in the range? */
bool ch__lint_has_comment(const ChLinter *linter, uint32_t start, uint32_t end);
/* Name of the function that a CALL calls by name; else empty. */
ChStr ch__lint_callee(const ChNode *call);
/* Text of a STRING, else empty. */
ChStr ch__lint_string(const ChNode *node);
/* Value of the entry of a DICT, or NULL. */
const ChNode *ch__lint_entry(const ChNode *dict, const char *key, const ChNode **key_node);
static inline const ChNode *ch__lint_arg(const ChNode *call, uint32_t index)
{
    return index < call->as.call.args.count ? call->as.call.args.items[index] : NULL;
}
static inline bool ch__lint_is(const ChNode *node, ChNodeKind kind) { return node && node->kind == kind; }

#define CH_LINT_ON(kind, function) void ch__lint_##function(ChLinter *linter, const ChNode *node);
#include "lint/rules.def"
#undef CH_LINT_ON
#define CH_LINT_AT_END(function) void ch__lint_##function(ChLinter *linter);
#include "lint/rules.def"
#undef CH_LINT_AT_END

/* At every expression in parentheses. */
void ch__lint_parentheses(ChLinter *linter, const ChNode *node);

/* mcp: what a value assigned to the name brings with it. */
void ch__lint_note_registry(ChLinter *linter, ChStr name, const ChNode *value);

#endif
