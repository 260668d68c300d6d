/* What a Harn file means: names, types, diagnostics. Tree in, facts out; no JSON, and
 * no I/O (imports come through a callback).
 *
 * An analysis is immutable once made, holds everything in one arena, and is a pure
 * function of the text and of the interfaces of the imported modules. So it can be
 * made on any thread, cancelled, cached by content, and asked by the command line,
 * the language server and the compiler alike.
 *
 * Broken text is normal: what could not be understood gets no symbol and no type, and
 * no follow-up error. */
#ifndef CH_ANALYSIS_ANALYSIS_H
#define CH_ANALYSIS_ANALYSIS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/type.h"
#include "base/diagnostic.h"
#include "base/str.h"
#include "syntax/ast.h"

typedef struct ChAnalysis ChAnalysis;
typedef struct ChModuleFacts ChModuleFacts; /* analysis/module.h */

typedef enum ChSymbolKind {
#define CH_SYMBOL_KIND(name, title) CH_SYMBOL_##name,
#include "analysis/symbol_kinds.def"
#undef CH_SYMBOL_KIND
    CH_SYMBOL_KIND_COUNT
} ChSymbolKind;

/* "function"; never NULL. */
const char *ch_symbol_kind_title(ChSymbolKind kind);

#define CH_SYMBOL_NONE UINT32_MAX

/* Something that has a name in this file, or is imported by it. */
typedef struct ChSymbol {
    ChSymbolKind kind;
    bool is_mutable;   /* declared with `var` */
    bool is_pub;
    bool is_hoisted;   /* visible in its whole scope, also before it stands */
    bool is_top_level; /* of the file */
    bool is_deprecated;
    bool is_annotated; /* its type was written, not inferred */
    ChStr name;
    ChRange range;      /* of the name; of the import for names of `import "x"` */
    ChRange full_range; /* of the whole declaration */
    const ChNode *node; /* what declares it; NULL for names of `import "x"` */
    uint32_t scope;     /* CH_SYMBOL_NONE for members */
    uint32_t parent;    /* of a member: symbol of its type; else CH_SYMBOL_NONE */
    const ChType *type; /* NULL: not known. Of a variable: as declared or first assigned */
    const ChSignature *signature; /* of what can be called; else NULL */
    const ChTypeDecl *decl;       /* of types; else NULL */
    ChStr doc;
    /* Imported: where it comes from, and the place of its name there. */
    const ChModuleFacts *module;
    ChRange origin;
    uint32_t origin_symbol;
    uint32_t visible_from; /* offset from which it can be named, unless hoisted */
    /* For the passes that build the analysis. */
    uint32_t shadowed, same_name, next_in_scope, first_member;
} ChSymbol;

typedef enum ChReferenceFlags {
    CH_REFERENCE_READ = 1,
    CH_REFERENCE_WRITE = 2,
    CH_REFERENCE_DECLARATION = 4,
    CH_REFERENCE_CALL = 8,
    CH_REFERENCE_TYPE = 16, /* in a type annotation */
    CH_REFERENCE_IMPORT = 32,
} ChReferenceFlags;

typedef struct ChReference {
    ChRange range;
    uint32_t symbol;
    uint32_t flags;
} ChReference;

typedef struct ChScope {
    uint32_t parent; /* CH_SYMBOL_NONE for the file */
    ChRange range;
    const ChNode *node;
    uint32_t first_symbol; /* linked by next_in_scope, newest first */
} ChScope;

/* The interface of `import path` in the file of `tree`, or NULL when it cannot be found or read. The module must live as
 * long as the analysis: it is counted (ch_module_ref). */
typedef ChModuleFacts *(*ChImport)(void *data, const ChTree *tree, ChStr path);

typedef struct ChAnalysisOptions {
    ChImport import; /* NULL: nothing can be imported */
    void *data;      /* of import */
    const atomic_bool *cancelled; /* may be NULL */
    /* The program runs next: what the machine reports itself when it gets there (unknown
     * variables, imports that fail) is left to it, since a program may catch it or never
     * get there. */
    bool before_run;
    /* Look at the disk: for what an import was meant to be that cannot be found, and at the templates that the
     * program renders. */
    bool looks_at_disk;
    /* Names and declarations only, no bodies: for the interface of a module. */
    bool declarations_only;
    const ChModuleFacts *self; /* the module that the file is; may be NULL */
    /* What the texts that were entered before this one declared (ch_session_names); may be NULL. */
    const ChModuleFacts *session;
} ChAnalysisOptions;

/* Analyse; `options` may be NULL. Holds references to the tree and the imported
 * modules. Returns NULL only when cancelled. Free with ch_analysis_unref. */
ChAnalysis *ch_analysis_run(ChTree *tree, const ChAnalysisOptions *options);
ChAnalysis *ch_analysis_ref(ChAnalysis *analysis);
void ch_analysis_unref(ChAnalysis *analysis); /* NULL is allowed */

const ChTree *ch_analysis_tree(const ChAnalysis *analysis);

/* Of names and types, in order of place; those of the syntax are in the tree. */
const ChDiagnosticList *ch_analysis_diagnostics(const ChAnalysis *analysis);

const ChSymbol *ch_analysis_symbols(const ChAnalysis *analysis, uint32_t *count);
const ChSymbol *ch_analysis_symbol(const ChAnalysis *analysis, uint32_t index);
/* In order of place. */
const ChReference *ch_analysis_references(const ChAnalysis *analysis, uint32_t *count);
/* Indices into the references, in order of place: all that name one symbol. */
const uint32_t *ch_analysis_references_of(const ChAnalysis *analysis, uint32_t symbol,
                                          uint32_t *count);
const ChScope *ch_analysis_scopes(const ChAnalysis *analysis, uint32_t *count);

/* Symbol that an identifier, member, method call, type name, pattern or declaration
 * node stands for, or CH_SYMBOL_NONE. */
uint32_t ch_analysis_symbol_of(const ChAnalysis *analysis, const ChNode *node);

/* Type of an expression where it stands, narrowing included; NULL: not known. */
const ChType *ch_analysis_type_of(const ChAnalysis *analysis, const ChNode *node);

/* What the compiler may count on. The types come from the program's own words, and an
 * untyped edge may have let another value in: specialised code needs a guard. */
typedef enum ChStaticKind {
    CH_STATIC_UNKNOWN,
    CH_STATIC_INT,
    CH_STATIC_FLOAT,
    CH_STATIC_BOOL,
    CH_STATIC_STRING,
    CH_STATIC_LIST,
    CH_STATIC_DICT,
    CH_STATIC_NIL,
} ChStaticKind;
ChStaticKind ch_analysis_static_kind(const ChAnalysis *analysis, const ChNode *node);

/* Did every import resolve? Without that, unknown names are not reported. */
bool ch_analysis_imports_resolved(const ChAnalysis *analysis);

/* ---- questions of an editor ------------------------------------------------- */

typedef enum ChOccurrenceKind {
    CH_OCCURRENCE_NONE,
    CH_OCCURRENCE_SYMBOL,      /* symbol */
    CH_OCCURRENCE_BUILTIN,     /* builtin: index into ch_builtin_rows */
    CH_OCCURRENCE_METHOD,      /* builtin: row of a method of a builtin type */
    CH_OCCURRENCE_SHAPE_FIELD, /* type: of the field */
    CH_OCCURRENCE_TYPE_NAME,   /* a builtin type: text */
    CH_OCCURRENCE_IMPORT_PATH, /* module, may be NULL */
} ChOccurrenceKind;

typedef struct ChOccurrence {
    ChOccurrenceKind kind;
    ChRange range; /* of the word */
    ChStr text;
    uint32_t symbol;
    int32_t builtin;
    const ChType *type; /* of the value here, may be NULL */
    const ChModuleFacts *module;
    const ChNode *node; /* that holds the word */
    uint32_t flags;     /* ChReferenceFlags of a symbol's occurrence */
} ChOccurrence;

/* The named thing at a byte offset; the end of a word still belongs to it. */
ChOccurrence ch_analysis_at(const ChAnalysis *analysis, uint32_t offset);

/* Where a symbol is declared: `*module` NULL means this file. */
ChRange ch_analysis_definition(const ChAnalysis *analysis, uint32_t symbol,
                               const ChModuleFacts **module);

/* Innermost scope that covers the offset. */
uint32_t ch_analysis_scope_at(const ChAnalysis *analysis, uint32_t offset);

/* Call `visit` for each symbol that can be named at the offset, innermost first, each
 * name once; imported names included, builtins not. Stops when it returns false. */
void ch_analysis_visible(const ChAnalysis *analysis, uint32_t offset,
                         bool (*visit)(void *data, const ChSymbol *symbol, uint32_t index),
                         void *data);

/* Call `visit` for each member that can stand behind a dot after a value of the type:
 * fields, variants, methods, builtin methods (builtin >= 0). Each name once. */
typedef struct ChMember {
    ChStr name;
    ChSymbolKind kind;
    const ChType *type;
    const ChSignature *signature;
    ChStr doc;
    int32_t builtin; /* row, or -1 */
    bool is_optional;
} ChMember;
void ch_analysis_members(const ChAnalysis *analysis, const ChType *type,
                         bool (*visit)(void *data, const ChMember *member), void *data);
/* The same for the names behind `Enum.` where the symbol is an enum. */
void ch_analysis_static_members(const ChAnalysis *analysis, uint32_t symbol,
                                bool (*visit)(void *data, const ChMember *member), void *data);

/* One line that says what a symbol is: "fn area(r: float) -> float", "var total: int". */
void ch_symbol_describe(const ChAnalysis *analysis, uint32_t symbol, ChBuffer *out);

/* The outline: declarations in order of place, `depth` from 0; a node's children
 * follow it. */
typedef struct ChOutlineItem {
    uint32_t symbol;
    uint32_t depth;
} ChOutlineItem;
const ChOutlineItem *ch_analysis_outline(const ChAnalysis *analysis, uint32_t *count);

/* Semantic tokens in order of place; they do not overlap. */
typedef enum ChTokenKind {
#define CH_TOKEN_KIND(name, title) CH_TOKEN_##name,
#include "analysis/token_kinds.def"
#undef CH_TOKEN_KIND
    CH_TOKEN_KIND_COUNT
} ChTokenKind;

typedef enum ChTokenModifiers {
    CH_TOKEN_DECLARATION = 1,
    CH_TOKEN_READONLY = 2,
    CH_TOKEN_DEPRECATED = 4,
    CH_TOKEN_MODIFICATION = 8,
    CH_TOKEN_DEFAULT_LIBRARY = 16,
} ChTokenModifiers;

typedef struct ChToken {
    ChRange range;
    ChTokenKind kind;
    uint32_t modifiers;
} ChToken;
const ChToken *ch_analysis_tokens(const ChAnalysis *analysis, uint32_t *count);

/* Places where the type of a variable was inferred and is not plain to see:
 * behind `offset` an editor may show ": list<int>". */
typedef struct ChTypeHint {
    uint32_t offset;
    const ChType *type;
} ChTypeHint;
const ChTypeHint *ch_analysis_hints(const ChAnalysis *analysis, uint32_t *count);

/* What a code means, for `charn explain CODE`: NULL when there is no such code. */
const char *ch_code_explain(ChStr code);

/* The codes in order, NULL behind the last. */
const char *ch_code_at(uint32_t index);

#endif
