/* A look at every Harn file of the workspace that holds a word: for references, renames, calls and symbols by name.
 *
 * A scan runs on a worker thread with a workspace of its own (open documents as they stand in the editor, everything else
 * as on the disk), so it neither waits for the analyses of open documents nor delays them. Files that do not hold the word
 * are not even parsed. */
#ifndef CH_LSP_SNAPSHOT_SCAN_H
#define CH_LSP_SNAPSHOT_SCAN_H

#include <stdatomic.h>

#include "session/session.h"
#include "snapshot/workspace.h"

enum {
    CH_SCAN_FILES_MAX = 20 * 1000,
    CH_SCAN_FOLDERS_MAX = 20 * 1000,
    CH_SCAN_DEPTH_MAX = 32, /* folders in folders */
};

typedef struct ChScan {
    ChWorkspace workspace; /* of its own */
    ChStr word;            /* owned copy; empty: every file is looked at */
    bool declarations_only;
    atomic_bool cancelled;
    /* On the worker, for each file that holds the word, in order of path. What the analysis refers to may be kept by
     * counting it (ch_analysis_ref). False ends the scan. */
    bool (*visit)(void *data, ChAnalysis *analysis);
    void *data;
    uint32_t file_count; /* that were looked through */
    bool is_cut;         /* a limit was reached: there may be more */
} ChScan;

/* Captures the session; nothing is read yet. Free with ch_scan_free, not while it runs. */
ChScan *ch_scan_new(ChSession *session, ChStr word);
void ch_scan_run(ChScan *scan);
void ch_scan_free(ChScan *scan);

#endif
