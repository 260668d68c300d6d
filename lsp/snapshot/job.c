/* See job.h. */
#include "snapshot/job.h"

#include <uv.h>

#include "base/alloc.h"
#include "syntax/syntax.h"

ChJob *ch_job_new(ChWorkspace *workspace, ChDocument *document, bool is_fresh)
{
    ChJob *job = ch_alloc_zero(1, sizeof(*job));
    job->document = document;
    job->workspace = workspace;
    job->revision = document->revision;
    job->version = document->version;
    job->source = ch_source_ref(ch_session_source(document));
    job->is_analysed = document->is_harn && document->text.size <= CH_SESSION_ANALYSED_BYTES_MAX;
    job->has_bom = ch_str_starts_with(ch_text_view(&document->text), CH_STR("\xEF\xBB\xBF"));
    if (document->snapshot && !is_fresh)
        job->old = ch_snapshot_ref(document->snapshot);
    atomic_init(&job->cancelled, false);
    return job;
}

static bool is_same_text(const ChSource *a, const ChSource *b)
{
    return a == b || (a->hash == b->hash && ch_str_equal(a->text, b->text));
}

/* The tree; false when it was cancelled. */
static bool parse(ChJob *job, ChSnapshot *snapshot)
{
    ChTree *old = job->old ? job->old->tree : NULL;
    if (old && job->old->is_final && is_same_text(old->source, snapshot->source)) {
        snapshot->tree = ch_tree_ref(old);
        return true;
    }
    ChSyntaxOptions options = {.old = old, .allow_provisional = true, .cancelled = &job->cancelled};
    snapshot->tree = ch_syntax_parse(snapshot->source, &options);
    if (!snapshot->tree)
        return false;
    snapshot->is_final = !ch_tree_is_provisional(snapshot->tree);
    return true;
}

static bool analyse(ChJob *job, ChSnapshot *snapshot)
{
    ch_workspace_begin(job->workspace);
    ChAnalysisOptions options = {
        .import = ch_module_graph_import, .looks_at_disk = true, .data = job->workspace->graph, .cancelled = &job->cancelled};
    snapshot->analysis = ch_analysis_run(snapshot->tree, &options);
    if (!snapshot->analysis)
        return false;
    snapshot->imports = ch_workspace_imports_of(job->workspace, snapshot->tree, &snapshot->import_count);
    return true;
}

static ChSnapshot *new_snapshot(const ChJob *job)
{
    ChSnapshot *snapshot = ch_alloc_zero(1, sizeof(*snapshot));
    snapshot->ref_count = 1;
    snapshot->revision = job->revision;
    snapshot->version = job->version;
    snapshot->source = ch_source_ref(job->source);
    ch_lines_build(&snapshot->lines, snapshot->source->text);
    snapshot->lines.has_bom = job->has_bom;
    snapshot->is_final = true;
    return snapshot;
}

void ch_job_run(ChJob *job)
{
    uint64_t start_ns = uv_hrtime();
    ChSnapshot *snapshot = new_snapshot(job);
    if (job->is_analysed && !(parse(job, snapshot) && analyse(job, snapshot))) {
        ch_snapshot_unref(snapshot);
        return;
    }
    snapshot->cost_us = (uv_hrtime() - start_ns) / 1000;
    job->snapshot = snapshot;
}

void ch_job_give_up(ChJob *job)
{
    job->snapshot = new_snapshot(job);
    job->snapshot->is_given_up = true;
}

void ch_job_free(ChJob *job)
{
    ch_snapshot_unref(job->old);
    ch_snapshot_unref(job->snapshot);
    ch_source_unref(job->source);
    ch_free(job);
}
