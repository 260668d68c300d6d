/* See scheduler.h. */
#include "scheduler.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/alloc.h"
#include "protocol/publish.h"
#include "snapshot/job.h"

struct ChScheduler {
    ChServer *server; /* NULL once closed */
    uv_timer_t timer;
    uv_timer_t watchdog; /* of the job that runs */
    uv_work_t work;
    ChJob *job;       /* running, owned; NULL when idle */
    ChWorkspace workspace;
    bool is_untidy;   /* memory was freed since it was last given back to the system */
    int handles_open;
};

enum { TIDY_MS = 1000 };

static void update(ChScheduler *scheduler);

/* Analyses come and go in pieces of all sizes; the C library keeps what is freed unless it is told to let go. */
static void on_idle(uv_timer_t *timer)
{
    ChScheduler *scheduler = timer->data;
    scheduler->is_untidy = false;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void on_timer(uv_timer_t *timer)
{
    update(timer->data);
}

ChScheduler *ch_scheduler_new(ChServer *server)
{
    ChScheduler *scheduler = ch_alloc_zero(1, sizeof(*scheduler));
    scheduler->server = server;
    uv_timer_init(server->loop, &scheduler->timer);
    uv_timer_init(server->loop, &scheduler->watchdog);
    scheduler->timer.data = scheduler->watchdog.data = scheduler;
    scheduler->handles_open = 2;
    return scheduler;
}

static void free_when_idle(ChScheduler *scheduler)
{
    if (scheduler->server || scheduler->job || scheduler->handles_open > 0)
        return;
    ch_workspace_release(&scheduler->workspace);
    ch_free(scheduler);
}

static void on_handle_closed(uv_handle_t *handle)
{
    ChScheduler *scheduler = handle->data;
    scheduler->handles_open--;
    free_when_idle(scheduler);
}

void ch_scheduler_close(ChScheduler *scheduler)
{
    scheduler->server = NULL;
    if (scheduler->job)
        atomic_store(&scheduler->job->cancelled, true);
    uv_close((uv_handle_t *)&scheduler->timer, on_handle_closed);
    uv_close((uv_handle_t *)&scheduler->watchdog, on_handle_closed);
}

/* ---- what is due ---- */

static bool is_analysed(const ChDocument *document)
{
    return document->snapshot && document->snapshot->revision == document->revision;
}

/* Milliseconds until the document is to be analysed; 0 is now, -1 is not at all. `*is_fresh`: parse from nothing. */
static int64_t due_in_ms(const ChDocument *document, uint64_t now_ms, bool *is_fresh)
{
    *is_fresh = false;
    if (document->is_lost)
        return -1;
    int64_t delay_ms = 0;
    if (!is_analysed(document)) {
        if (!document->snapshot || document->waiting_count)
            return 0;
        uint64_t half_cost_ms = document->snapshot->cost_us / 2000;
        if (half_cost_ms >= CH_SCHEDULER_DELAY_MS_MIN)
            delay_ms = half_cost_ms < CH_SCHEDULER_DELAY_MS_MAX ? (int64_t)half_cost_ms : CH_SCHEDULER_DELAY_MS_MAX;
    } else if (!document->snapshot->is_final) {
        *is_fresh = true;
        delay_ms = CH_SCHEDULER_REST_MS;
    } else if (document->is_stale) {
        delay_ms = CH_SCHEDULER_REST_MS;
    } else {
        return -1;
    }
    int64_t rested_ms = (int64_t)(now_ms - document->changed_ms);
    return rested_ms >= delay_ms ? 0 : delay_ms - rested_ms;
}

/* ---- running ---- */

static void on_work(uv_work_t *work)
{
    ChScheduler *scheduler = work->data;
    ch_job_run(scheduler->job);
}

static ChDocument *document_of_job(ChServer *server, const ChJob *job)
{
    for (uint32_t i = 0; i < server->session.document_count; i++) {
        if (server->session.documents[i] == job->document)
            return server->session.documents[i];
    }
    return NULL;
}

/* Other open documents whose imports include the path are to be analysed again. NULL: whatever they import. */
static void mark_importers(ChServer *server, const ChDocument *changed, const char *path)
{
    uint64_t now_ms = uv_now(server->loop);
    for (uint32_t i = 0; i < server->session.document_count; i++) {
        ChDocument *document = server->session.documents[i];
        const ChSnapshot *snapshot = document->snapshot;
        if (document == changed || !snapshot || !snapshot->analysis)
            continue;
        bool is_importer = !path || !ch_analysis_imports_resolved(snapshot->analysis);
        for (uint32_t j = 0; j < snapshot->import_count && !is_importer; j++)
            is_importer = ch_str_is(ch_str_of(path), snapshot->imports[j]);
        if (!is_importer)
            continue;
        document->is_stale = true;
        document->changed_ms = now_ms;
    }
}

static void deliver(ChServer *server, ChJob *job)
{
    ChDocument *document = document_of_job(server, job);
    if (document && !job->snapshot && job->is_given_up && job->revision == document->revision)
        ch_job_give_up(job);
    if (!document || !job->snapshot)
        return;
    bool is_new_text = !document->snapshot || document->snapshot->revision != job->snapshot->revision;
    ch_snapshot_unref(document->snapshot);
    document->snapshot = job->snapshot;
    job->snapshot = NULL;
    if (!is_analysed(document) || server->state != CH_SERVER_READY)
        return;
    document->is_stale = false;
    ch_publish_diagnostics(server, document);
    ch_server_answer_waiting(server);
    if (is_new_text && document->uri.path)
        mark_importers(server, document, document->uri.path);
}

static void on_work_done(uv_work_t *work, int status)
{
    ChScheduler *scheduler = work->data;
    ChJob *job = scheduler->job;
    scheduler->job = NULL;
    if (scheduler->server) {
        uv_timer_stop(&scheduler->watchdog);
        deliver(scheduler->server, job);
    }
    ch_job_free(job);
    if (scheduler->server)
        update(scheduler);
    else
        free_when_idle(scheduler);
}

static void on_watchdog(uv_timer_t *timer)
{
    ChScheduler *scheduler = timer->data;
    if (!scheduler->job)
        return;
    scheduler->job->is_given_up = true;
    atomic_store(&scheduler->job->cancelled, true);
}

static void start(ChScheduler *scheduler, ChDocument *document, bool is_fresh)
{
    ch_workspace_update(&scheduler->workspace, &scheduler->server->session);
    scheduler->job = ch_job_new(&scheduler->workspace, document, is_fresh);
    scheduler->work.data = scheduler;
    scheduler->is_untidy = true;
    uv_timer_start(&scheduler->watchdog, on_watchdog, scheduler->server->session.settings.analysis_ms_max, 0);
    uv_queue_work(scheduler->server->loop, &scheduler->work, on_work, on_work_done);
}

/* Starts what is due, or sets the timer for when something will be. */
static void update(ChScheduler *scheduler)
{
    if (!scheduler->server || scheduler->job)
        return;
    ChServer *server = scheduler->server;
    uint64_t now_ms = uv_now(server->loop);
    ChDocument *first = NULL;
    bool is_first_fresh = false;
    int64_t first_ms = -1;
    for (uint32_t i = 0; i < server->session.document_count; i++) {
        ChDocument *document = server->session.documents[i];
        bool is_fresh = false;
        int64_t due_ms = due_in_ms(document, now_ms, &is_fresh);
        if (due_ms < 0)
            continue;
        /* What somebody waits for goes first, then what changed last. */
        if (due_ms == 0 && document->waiting_count)
            due_ms = INT64_MIN;
        if (!first || due_ms < first_ms || (due_ms == first_ms && document->changed_ms > first->changed_ms)) {
            first = document;
            first_ms = due_ms;
            is_first_fresh = is_fresh;
        }
    }
    if (!first) {
        if (scheduler->is_untidy)
            uv_timer_start(&scheduler->timer, on_idle, TIDY_MS, 0);
        return;
    }
    if (first_ms <= 0)
        start(scheduler, first, is_first_fresh);
    else
        uv_timer_start(&scheduler->timer, on_timer, (uint64_t)first_ms, 0);
}

void ch_scheduler_wake(ChScheduler *scheduler)
{
    /* From the timer, so that all messages that arrived together count as one change. */
    if (!scheduler->job)
        uv_timer_start(&scheduler->timer, on_timer, 0, 0);
}

void ch_scheduler_document_changed(ChScheduler *scheduler, ChDocument *document)
{
    uv_update_time(scheduler->server->loop);
    document->changed_ms = uv_now(scheduler->server->loop);
    if (scheduler->job && scheduler->job->document == document)
        atomic_store(&scheduler->job->cancelled, true);
    ch_scheduler_wake(scheduler);
}

void ch_scheduler_file_changed(ChScheduler *scheduler, const ChDocument *document, const char *path)
{
    ch_session_note_changed_path(&scheduler->server->session, path);
    mark_importers(scheduler->server, document, path);
    ch_scheduler_wake(scheduler);
}

void ch_scheduler_document_closing(ChScheduler *scheduler, ChDocument *document)
{
    if (scheduler->job && scheduler->job->document == document) {
        atomic_store(&scheduler->job->cancelled, true);
        scheduler->job->document = NULL;
    }
    scheduler->is_untidy = true;
    if (document->uri.path)
        ch_scheduler_file_changed(scheduler, document, document->uri.path);
}
