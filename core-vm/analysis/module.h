/* Modules as importers see them: a path, and what is exported under which name. The
 * graph finds, reads, parses and keeps them; it is the one place of analysis that
 * touches files, and everything it reads can be given by callbacks instead. */
#ifndef CH_ANALYSIS_MODULE_H
#define CH_ANALYSIS_MODULE_H

#include "analysis/analysis.h"
#include "base/map.h"

typedef struct ChExport {
    ChStr name;
    uint32_t symbol;         /* in `owner`'s analysis */
    const ChModuleFacts *owner;   /* the module that declares it: another one for re-exports */
} ChExport;

struct ChModuleFacts {
    ChStr key;            /* normalised path, or "std/NAME" */
    ChSource *source;
    ChAnalysis *analysis; /* declarations only */
    ChExport *exports;
    uint32_t export_count;
    ChMap exports_by_name; /* to the index */
    bool is_complete;      /* every name it re-exports is known */
    struct ChModuleSet *set; /* the modules that live and die together */
};

/* Modules may import each other, so a reference keeps all those alive that were read
 * together with the module. */
ChModuleFacts *ch_module_ref(ChModuleFacts *module);
void ch_module_unref(ChModuleFacts *module); /* NULL is allowed */
const ChExport *ch_module_find(const ChModuleFacts *module, ChStr name);
/* The symbol behind an export. */
const ChSymbol *ch_export_symbol(const ChExport *item);

/* Where modules come from. Every callback may be NULL. */
typedef struct ChModuleLoader {
    /* Text of the embedded module std/NAME; false when there is none. */
    bool (*std_text)(ChStr name, ChStr *text);
    /* An editor's text of a file that may differ from the disk; a new reference, or NULL
     * to read the disk. `path` is absolute and normalised. */
    ChSource *(*open_text)(void *data, ChStr path);
    /* The tree of a file that was parsed already; a new reference, or NULL. Asked before open_text. */
    ChTree *(*open_tree)(void *data, ChStr path);
    bool is_disk_closed; /* what open_text does not give is not read from the disk either */
    void *data;
} ChModuleLoader;

/* A cache of modules by path. Not for two threads at once. */
typedef struct ChModuleGraph ChModuleGraph;
ChModuleGraph *ch_module_graph_new(const ChModuleLoader *loader);
void ch_module_graph_free(ChModuleGraph *graph);

/* Forget a file that changed on disk, and all that may have been read because of it; the
 * next import reads again. Modules that are referenced live on until they are not. */
void ch_module_graph_forget(ChModuleGraph *graph, ChStr path);

/* The module that `import path` in the file `importer` means, or NULL. A cycle gives
 * the module as far as it is known, so cycles do not hang. Borrowed: the graph holds
 * it; ref it to keep it. */
ChModuleFacts *ch_module_graph_find(ChModuleGraph *graph, ChStr importer, ChStr path);

/* The file that the import means; empty when there is none. In the arena. */
ChStr ch_module_resolve(ChModuleGraph *graph, ChArena *arena, ChStr importer, ChStr path);

/* Callback for ChAnalysisOptions.import; data is the ChModuleGraph. */
ChModuleFacts *ch_module_graph_import(void *graph, const ChTree *tree, ChStr path);

/* ---- sessions --------------------------------------------------------------------------- */

/* A program that is entered text by text: each may use what those before it declared, and declare it anew. What its
 * texts import belongs to a graph that lives longer. */
typedef struct ChSessionFacts ChSessionFacts;
ChSessionFacts *ch_session_new(void);
void ch_session_free(ChSessionFacts *session);
/* All names so far, for ChAnalysisOptions.session; borrowed. */
const ChModuleFacts *ch_session_names(const ChSessionFacts *session);
/* A module for the text that comes next, for ChAnalysisOptions.self; lives as long as the session. */
ChModuleFacts *ch_session_entry(ChSessionFacts *session, ChSource *source);
/* Names of values that the wildcard imports of a text bring, in the arena. */
const ChStr *ch_session_wildcard_names(const ChAnalysis *analysis, ChArena *arena, uint32_t *count);
/* The text was accepted: its top-level names, and those of its imports, hide older ones. */
void ch_session_accept(ChSessionFacts *session, ChModuleFacts *entry, ChAnalysis *take_analysis);

#endif
