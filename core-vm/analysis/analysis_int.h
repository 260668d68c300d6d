/* What the files of this folder share.
 *
 * An analysis is made in passes: names.c builds scopes, symbols and references;
 * declare.c gives declarations their types and signatures; check.c walks the bodies
 * and finds types and diagnostics; index.c sorts references and builds the outline,
 * hints and tokens. Each pass walks the tree once, with a stack on the heap. */
#ifndef CH_ANALYSIS_ANALYSIS_INT_H
#define CH_ANALYSIS_ANALYSIS_INT_H

#include <stdatomic.h>

#include "analysis/analysis.h"
#include "analysis/module.h"
#include "base/alloc.h"
#include "base/array.h"
#include "base/map.h"

/* node_symbols of names that stand for nothing that could be undefined (`_`, an
 * identifier of a pattern that is in error). */
#define CH_SYMBOL_IGNORED (UINT32_MAX - 1)

/* An identifier that no scope explains yet. */
typedef struct ChUnresolved {
    const ChNode *node;
    ChName name;
    uint32_t scope;
    uint32_t flags; /* ChReferenceFlags */
    bool in_try;    /* within a try body: failing may be the point */
} ChUnresolved;

struct ChAnalysis {
    ChArena arena;
    ChTree *tree;
    ChModuleFacts **modules; /* the imported ones, counted */
    const ChNode **import_nodes; /* IMPORT nodes of the modules */
    uint32_t module_count, module_capacity;
    const ChModuleFacts *self;
    ChTypeStore types;
    ChTypeImporter *importer;
    ChDiagnosticList diagnostics;
    bool imports_resolved;
    int ref_count;

    CH_ARRAY_OF(ChSymbol) symbols;
    CH_ARRAY_OF(ChScope) scopes;
    CH_ARRAY_OF(ChReference) references;
    uint32_t *reference_order;  /* by symbol, then place */
    uint32_t *reference_starts; /* of each symbol in it; symbol count + 1 */
    uint32_t *node_symbols;     /* by node id */
    const ChType **node_types;  /* by node id */
    atomic_bool is_indexed; /* what follows up to the hints is made at the first question: ch__index_need */
    CH_ARRAY_OF(ChOutlineItem) outline;
    CH_ARRAY_OF(ChToken) tokens;
    CH_ARRAY_OF(ChTypeHint) hints;

    ChMap all_names;  /* to the newest symbol of that name in the file */
    ChMap imported;   /* wildcard imports: to the symbol made for it */
    ChMap builtin_rows; /* names asked for: to the row + 2, or 1 for none */
    const ChSignature **builtin_signatures; /* by row; parsed when asked for */
    bool *builtin_parsed;
    const ChNode *foreign_fn; /* types are being lowered for this signature of a builtin */
    ChTypeParam *foreign_params;
    ChMap impl_methods; /* type name to ChTypeDecl that collects methods of undeclared types */
    CH_ARRAY_OF(ChUnresolved) unresolved;
    CH_ARRAY_OF(ChSource *) templates; /* those that diagnostics show */
};

/* ---- names.c ---- */

typedef struct ChImportOf {
    const ChNode *node; /* IMPORT */
    ChModuleFacts *module;   /* NULL: not found */
} ChImportOf;

/* ---- templates.c ---- */
/* The templates that render and render_prompt name: missing, with errors, with includes that are missing. */
void ch__check_templates(ChAnalysis *analysis);

/* ---- imports.c ---- */
/* Imports that cannot be found, names that a module does not export, names that come
 * from two modules. */
void ch__report_imports(ChAnalysis *analysis, const ChImportOf *imports, uint32_t count, bool explains);

/* False when cancelled. */
bool ch__names_resolve(ChAnalysis *analysis, const ChAnalysisOptions *options);

uint32_t ch__symbol_add_member(ChAnalysis *analysis, ChSymbolKind kind, ChName name,
                               const ChNode *node, uint32_t parent);
void ch__reference_add(ChAnalysis *analysis, ChRange range, uint32_t symbol, uint32_t flags);
/* The member symbol of a type declared in this file, or CH_SYMBOL_NONE. */
uint32_t ch__member_find(const ChAnalysis *analysis, uint32_t parent, ChStr name);

/* ---- declare.c ---- */

/* Types and signatures of all declarations, from the written types alone. */
void ch__declare_all(ChAnalysis *analysis);
/* Adds a method to a declaration of this analysis. */
void ch__decl_add_method(ChAnalysis *analysis, ChTypeDecl *decl, const ChSignature *signature);
/* The type that a TYPE_... node writes; NULL for NULL. */
const ChType *ch__type_lower(ChAnalysis *analysis, const ChNode *node);
/* The signature of a builtin, from a function of another tree than the file's. */
void ch__declare_foreign(ChAnalysis *analysis, const ChNode *fn, ChSignature **signature);
/* Does the body hold a `yield` of its own? */
bool ch__body_yields(ChNode *body);
/* The declaration that a type names, aliases included, or NULL. */
static inline bool ch__type_declares(const ChType *type, ChTypeDeclKind kind)
{
    return type && type->decl && type->decl->kind == kind;
}

/* ---- variance.c ---- */

/* Report type parameters that stand where their `in` or `out` forbids it. */
void ch__variance_check(ChAnalysis *analysis, const ChSymbol *symbol);

/* ---- builtins.c ---- */

/* Row of a function that scripts may call, or -1. */
int32_t ch__builtin_find(ChAnalysis *analysis, ChStr name);
/* Parsed signature of a row; NULL when its text is not a signature. */
const ChSignature *ch__builtin_signature(ChAnalysis *analysis, int32_t row);
/* Names that exist without being declared or listed as builtins: `context`, `argv`. */
bool ch__name_is_ambient(ChStr name);

/* ---- index.c ---- */
/* Makes the index at the first question to it, whichever thread asks. */
void ch__index_need(const ChAnalysis *analysis);

/* ---- check.c ---- */
/* False when cancelled. */
bool ch__check_bodies(ChAnalysis *analysis, const ChAnalysisOptions *options);

/* ---- unresolved.c ---- */
/* Names that nothing explains: errors, with the nearest name that would do. */
void ch__report_unresolved(ChAnalysis *analysis, const ChAnalysisOptions *options);

/* ---- members.c ---- */
/* Row of a builtin method of values of the type, or -1. */
int32_t ch__method_row(const ChTypeStore *types, const ChType *type, ChStr name);

/* ---- suggest.c ---- */

/* The candidate nearest to `name`, at most `distance_max` edits away and not equal. */
typedef struct ChNearest {
    ChStr name, best;
    uint32_t distance_max, best_distance;
} ChNearest;
void ch__nearest_init(ChNearest *nearest, ChStr name, uint32_t distance_max);
void ch__nearest_offer(ChNearest *nearest, ChStr candidate);
/* The fix that puts the better name into the place of the one that is not known. */
void ch__fix_name(ChDiagnosticList *list, ChDiagnostic *diagnostic, ChRange range, ChStr name);

#endif
