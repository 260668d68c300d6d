/* threads, stackTrace, scopes, exceptionInfo. Threads are tasks. */
#include "protocol/protocol.h"

enum { TRACE_FRAMES_MAX = 100 };

static void add_thread(cJSON *list, const ChTaskInfo *info) {
    cJSON *item = ch_json_new_object();
    ch_json_add_integer(item, "id", info->id);
    ChBuffer name = {0};
    ch_buffer_add_str(&name, info->name);
    if (info->parent > 0) ch_buffer_printf(&name, " %u", info->id);
    ch_dap_add_text(item, "name", ch_buffer_view(&name));
    ch_buffer_release(&name);
    ch_json_append(list, item);
}

void dap_threads(ChDap *dap, const ChDapRequest *request) {
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "threads");
    ChTaskInfo *infos = ch_alloc_zero(CH_DAP_THREADS_MAX, sizeof *infos);
    uint32_t count = ch_debugger_tasks(dap->debugger, infos, CH_DAP_THREADS_MAX);
    uint32_t shown = count < CH_DAP_THREADS_MAX ? count : CH_DAP_THREADS_MAX;
    const ChStop *stop = ch_debugger_stop(dap->debugger);
    bool has_stopped_one = stop == NULL;
    for (uint32_t i = 0; i < shown; i++) {
        add_thread(list, &infos[i]);
        if (stop && infos[i].id == stop->task) has_stopped_one = true;
    }
    ch_free(infos);
    ChTaskInfo info;
    if (!has_stopped_one && ch_debugger_task(dap->debugger, stop->task, &info)) add_thread(list, &info);
    ch_dap_respond(dap, request, body);
}

static cJSON *frame_object(ChDap *dap, uint32_t task, uint32_t level, const ChFrameInfo *info) {
    cJSON *item = ch_json_new_object();
    ch_json_add_integer(item, "id", ch_dap_handle_frame(&dap->handles, task, level));
    ch_dap_add_text(item, "name", info->name.length > 0 ? info->name : CH_STR("pipeline"));
    cJSON *source = ch_dap_source(dap, info->path);
    if (source) {
        if (info->is_runtime) ch_json_add_string(source, "presentationHint", "deemphasize");
        ch_json_add(item, "source", source);
    }
    ch_json_add_integer(item, "line", source ? ch_dap_line_out(dap, info->line) : 0);
    ch_json_add_integer(item, "column", source ? ch_dap_column_out(dap, info->column) : 0);
    if (source && info->end_line > 0) {
        ch_json_add_integer(item, "endLine", ch_dap_line_out(dap, info->end_line));
        ch_json_add_integer(item, "endColumn", ch_dap_column_out(dap, info->end_column));
    }
    if (info->address > 0) ch_dap_add_address(item, "instructionPointerReference", info->address);
    ch_json_add_bool(item, "canRestart", info->can_restart && !info->is_runtime);
    if (info->is_runtime) ch_json_add_string(item, "presentationHint", "subtle");
    return item;
}

void dap_stack_trace(ChDap *dap, const ChDapRequest *request) {
    int64_t thread, start = 0, levels = 0;
    if (!ch_json_get_integer(request->arguments, "threadId", 0, INT32_MAX, &thread)) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`threadId` is needed");
        return;
    }
    ch_json_get_integer(request->arguments, "startFrame", 0, INT32_MAX, &start);
    ch_json_get_integer(request->arguments, "levels", 0, INT32_MAX, &levels);
    if (levels == 0 || levels > CH_DAP_PAGE_MAX) levels = CH_DAP_PAGE_MAX;
    uint32_t total = ch_debugger_frame_count(dap->debugger, (uint32_t)thread);
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "stackFrames");
    for (int64_t level = start; level < total && level < start + levels; level++) {
        ChFrameInfo info;
        if (!ch_debugger_frame(dap->debugger, (uint32_t)thread, (uint32_t)level, &info)) break;
        ch_json_append(list, frame_object(dap, (uint32_t)thread, (uint32_t)level, &info));
    }
    ch_json_add_integer(body, "totalFrames", total);
    ch_dap_respond(dap, request, body);
}

void dap_scopes(ChDap *dap, const ChDapRequest *request) {
    static const struct {
        ChScopeKind kind;
        const char *name, *hint;
        bool is_always_shown;
    } scopes[] = {
        {CH_SCOPE_LOCALS, "Locals", "locals", true},
        {CH_SCOPE_CAPTURED, "Captured", NULL, false},
        {CH_SCOPE_MODULE, "Module", "globals", false},
        {CH_SCOPE_ERROR, "Error", NULL, false},
    };
    int64_t number;
    const ChDapHandle *found = ch_json_get_integer(request->arguments, "frameId", 1, INT32_MAX, &number)
                                   ? ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_FRAME)
                                   : NULL;
    if (!found) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is no such frame at this stop");
        return;
    }
    ChDapHandle frame = *found; /* adding handles moves them */
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "scopes");
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        uint32_t count = ch_debugger_variable_count(dap->debugger, frame.task, frame.level, scopes[i].kind);
        if (count == 0 && !scopes[i].is_always_shown) continue;
        cJSON *item = ch_json_new_object();
        ch_json_add_string(item, "name", scopes[i].name);
        if (scopes[i].hint) ch_json_add_string(item, "presentationHint", scopes[i].hint);
        ch_json_add_integer(item, "variablesReference",
                            ch_dap_handle_scope(&dap->handles, frame.task, frame.level, scopes[i].kind));
        ch_json_add_integer(item, "namedVariables", count);
        ch_json_add_bool(item, "expensive", false);
        ch_json_append(list, item);
    }
    ch_dap_respond(dap, request, body);
}

void dap_exception_info(ChDap *dap, const ChDapRequest *request) {
    const ChStop *stop = ch_debugger_stop(dap->debugger);
    if (!stop || stop->reason != CH_STOP_EXCEPTION) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_WRONG_STATE, "the program did not stop at an error");
        return;
    }
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "exceptionId", "harn error");
    ch_dap_add_text(body, "description", stop->text);
    ch_json_add_string(body, "breakMode", stop->will_be_caught ? "always" : "unhandled");
    cJSON *details = ch_json_add_object(body, "details");
    ch_dap_add_text(details, "message", stop->text);
    ChVariableView error;
    if (ch_debugger_variable(dap->debugger, stop->task, 0, CH_SCOPE_ERROR, 0, &error)) {
        ch_json_add_string(details, "typeName", ch_type_name(error.value));
    }
    ChBuffer trace = {0};
    ChFrameInfo frame;
    for (uint32_t level = 0; level < TRACE_FRAMES_MAX && ch_debugger_frame(dap->debugger, stop->task, level, &frame); level++) {
        if (frame.is_runtime) continue;
        ch_buffer_printf(&trace, "at %.*s (%.*s:%u:%u)\n", CH_STR_ARG(frame.name), CH_STR_ARG(frame.path), frame.line, frame.column);
    }
    ch_dap_add_text(details, "stackTrace", ch_buffer_view(&trace));
    ch_buffer_release(&trace);
    ch_dap_respond(dap, request, body);
}
