/* See search.h. */
#include "protocol/search.h"

#include "base/alloc.h"

enum { SEARCHES_MAX = 64 };

static void free_search(ChSearch *search)
{
    for (uint32_t i = 0; i < search->files.count; i++)
        ch_analysis_unref(search->files.items[i].analysis);
    ch_array_release(&search->files);
    ch_scan_free(search->scan);
    ch_free((char *)search->target.path.data);
    ch_free((char *)search->target.name.data);
    ch_free(search->text);
    ch_free(search->document_key);
    ch_free(search);
}

/* On the worker. */
static bool keep(void *data, ChAnalysis *analysis)
{
    ChSearch *search = data;
    uint32_t symbol = search->target.name.length ? ch_target_symbol_in(analysis, &search->target) : CH_SYMBOL_NONE;
    if (search->target.name.length && symbol == CH_SYMBOL_NONE)
        return true;
    ch_array_push(&search->files, (ChFoundFile){ch_analysis_ref(analysis), symbol});
    return true;
}

static void on_work(uv_work_t *work)
{
    ChSearch *search = work->data;
    ch_scan_run(search->scan);
}

static void on_work_done(uv_work_t *work, int status)
{
    ChSearch *search = work->data;
    ChServer *server = search->server;
    for (ChSearch **link = &server->searches; *link; link = &(*link)->next) {
        if (*link == search) {
            *link = search->next;
            break;
        }
    }
    server->search_count--;
    if (search->request) {
        search->answer(server, search);
        ch_server_finish(server, search->request);
    }
    free_search(search);
}

ChSearch *ch_search_start(ChServer *server, ChRequest *request, const ChTarget *target, ChStr word,
                          void (*answer)(ChServer *server, ChSearch *search))
{
    if (server->search_count >= SEARCHES_MAX) {
        ch_request_fail(request, CH_RPC_REQUEST_FAILED, "%d searches run already.", SEARCHES_MAX);
        return NULL;
    }
    ChSearch *search = ch_alloc_zero(1, sizeof(*search));
    search->server = server;
    search->request = request;
    search->answer = answer;
    if (target) {
        search->target = *target;
        search->target.path = ch_str_of(ch_str_detach(target->path));
        search->target.name = ch_str_of(ch_str_detach(target->name));
    }
    if (request->document) {
        search->document_key = ch_str_detach(ch_str_of(request->document->uri.key));
        search->revision = request->document->revision;
    }
    request->document = NULL;
    request->snapshot = NULL;
    request->is_deferred = true;
    search->scan = ch_scan_new(&server->session, word);
    search->scan->visit = keep;
    search->scan->data = search;
    search->next = server->searches;
    server->searches = search;
    server->search_count++;
    search->work.data = search;
    uv_queue_work(server->loop, &search->work, on_work, on_work_done);
    return search;
}

void ch_search_start_item(ChServer *server, ChRequest *request, void (*answer)(ChServer *, ChSearch *))
{
    const cJSON *item = ch_json_get(request->params, "item");
    const cJSON *data = ch_json_get(item, "data");
    int64_t start = 0;
    ChTarget target = {.path = ch_str_of(ch_json_get_string(data, "path")), .name = ch_str_of(ch_json_get_string(item, "name"))};
    if (!target.path.length || !target.name.length || !ch_json_get_integer(data, "start", 0, UINT32_MAX - 1, &start)) {
        ch_request_fail(request, CH_RPC_INVALID_PARAMS, "params.item is none that this server gave.");
        return;
    }
    target.start = (uint32_t)start;
    ch_search_start(server, request, &target, target.name, answer);
}

void ch_search_cancel(ChServer *server, const cJSON *id, ChRpcCode code, const char *text)
{
    for (ChSearch *search = server->searches; search; search = search->next) {
        if (!search->request || (id && !ch_request_has_id(search->request, id)))
            continue;
        atomic_store(&search->scan->cancelled, true);
        ch_request_fail(search->request, code, "%s", text);
        ch_server_finish(server, search->request);
        search->request = NULL;
    }
}
