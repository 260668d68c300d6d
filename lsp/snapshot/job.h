/* Making a snapshot: the part of the work that runs on another thread. A job holds references to all that it reads, so
 * the documents may change meanwhile. */
#ifndef CH_LSP_SNAPSHOT_JOB_H
#define CH_LSP_SNAPSHOT_JOB_H

#include <stdatomic.h>

#include "session/session.h"
#include "snapshot/snapshot.h"
#include "snapshot/workspace.h"

typedef struct ChJob {
    const ChDocument *document; /* for the owner to compare with; never followed by the job */
    ChWorkspace *workspace;     /* borrowed; this job's alone while it runs */
    uint64_t revision;
    int64_t version;
    ChSource *source;           /* counted */
    bool is_analysed;           /* Harn, and not too large */
    bool has_bom;
    ChSnapshot *old;            /* counted; an earlier state whose tree may be used; may be NULL */
    atomic_bool cancelled;
    bool is_given_up;           /* the owner cancelled it because it took too long */
    ChSnapshot *snapshot;       /* the result, owned; NULL when it was cancelled */
} ChJob;

/* Captures what is needed to analyse the document as it is now; the workspace is up to date. `is_fresh`: parse from
 * nothing. */
ChJob *ch_job_new(ChWorkspace *workspace, ChDocument *document, bool is_fresh);

/* Does the work; any thread. */
void ch_job_run(ChJob *job);

/* Makes the snapshot of a job that was given up: the text, and nothing about it. Not while it runs. */
void ch_job_give_up(ChJob *job);

void ch_job_free(ChJob *job);

#endif
