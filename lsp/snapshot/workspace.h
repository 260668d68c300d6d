/* The modules behind the open documents, as the worker thread sees them.
 *
 * A workspace belongs to one job at a time: the loop's thread fills it between two jobs, the worker reads it during one.
 * Files that are open in the editor are seen as they stand there, saved or not; others are read from the disk. */
#ifndef CH_LSP_SNAPSHOT_WORKSPACE_H
#define CH_LSP_SNAPSHOT_WORKSPACE_H

#include "analysis/module.h"
#include "base/map.h"
#include "session/session.h"

typedef struct ChWorkspace {
    ChModuleGraph *graph;  /* made by the first job */
    ChMap open_sources;    /* path to ChSource *, counted; the keys are the sources' own paths */
    uint64_t revision;     /* of the session when the sources were taken */
    char **changed_paths;  /* owned, each too; to be forgotten by the next job */
    uint32_t changed_path_count;
    bool is_all_changed;
    char *roots[CH_SESSION_ROOTS_MAX]; /* owned copies of the session's */
    uint32_t root_count;
} ChWorkspace;

void ch_workspace_release(ChWorkspace *workspace);

/* Takes the session's folders and open texts as they are now. The session's list of changes stays. */
void ch_workspace_capture(ChWorkspace *workspace, ChSession *session);

/* Brings the workspace up to date, and takes over the session's list of changes. Only while no job runs. */
void ch_workspace_update(ChWorkspace *workspace, ChSession *session);

/* On the worker: forgets what changed; afterwards the graph may be asked. */
void ch_workspace_begin(ChWorkspace *workspace);

/* On the worker: keys of all files that the tree's file imports, directly or not. Owned, each too. */
char **ch_workspace_imports_of(ChWorkspace *workspace, const ChTree *tree, uint32_t *count);

#endif
