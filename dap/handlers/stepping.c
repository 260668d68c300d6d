/* continue, next, stepIn, stepOut, pause, restartFrame, terminateThreads. The answer goes out before the program moves on. */
#include <string.h>

#include "protocol/protocol.h"

void dap_continue(ChDap *dap, const ChDapRequest *request) {
    cJSON *body = ch_json_new_object();
    ch_json_add_bool(body, "allThreadsContinued", true);
    ch_debugger_continue(dap->debugger);
    ch_dap_respond(dap, request, body);
    ch_dap_run(dap);
}

static void step(ChDap *dap, const ChDapRequest *request, ChStepKind kind) {
    int64_t thread;
    if (!ch_json_get_integer(request->arguments, "threadId", 0, INT32_MAX, &thread)) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`threadId` is needed");
        return;
    }
    const char *granularity = ch_json_get_string(request->arguments, "granularity");
    ChStepUnit unit = CH_UNIT_LINE;
    if (granularity && strcmp(granularity, "statement") == 0) unit = CH_UNIT_STATEMENT;
    if (granularity && strcmp(granularity, "instruction") == 0) unit = CH_UNIT_INSTRUCTION;
    if (!ch_debugger_step(dap->debugger, (uint32_t)thread, kind, unit)) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is no task %d that could step", (int)thread);
        return;
    }
    ch_dap_respond(dap, request, NULL);
    ch_dap_run(dap);
}

void dap_next(ChDap *dap, const ChDapRequest *request) { step(dap, request, CH_STEP_OVER); }
void dap_step_in(ChDap *dap, const ChDapRequest *request) { step(dap, request, CH_STEP_IN); }
void dap_step_out(ChDap *dap, const ChDapRequest *request) { step(dap, request, CH_STEP_OUT); }

void dap_pause(ChDap *dap, const ChDapRequest *request) {
    ch_dap_respond(dap, request, NULL);
    /* While the program stands still there is nothing to pause, and the client has heard of the stop. */
    if (dap->state == CH_DAP_STOPPED) return;
    ch_debugger_pause(dap->debugger);
    if (dap->state == CH_DAP_RUNNING) ch_dap_run(dap);
}

void dap_restart_frame(ChDap *dap, const ChDapRequest *request) {
    int64_t number;
    const ChDapHandle *frame = ch_json_get_integer(request->arguments, "frameId", 1, INT32_MAX, &number)
                                   ? ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_FRAME)
                                   : NULL;
    if (!frame) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is no such frame at this stop");
        return;
    }
    ChBuffer why = {0};
    uint32_t task = frame->task;
    if (!ch_debugger_restart_frame(dap->debugger, task, frame->level, &why)) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_RESTART_FRAME, "%.*s", (int)why.length, why.data ? why.data : "");
        ch_buffer_release(&why);
        return;
    }
    ch_buffer_release(&why);
    ch_dap_respond(dap, request, NULL);
    ch_dap_handles_clear(&dap->handles);
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "reason", "restart");
    ch_json_add_integer(body, "threadId", task);
    ch_json_add_bool(body, "allThreadsStopped", true);
    ch_dap_event(dap, "stopped", body);
}

void dap_terminate_threads(ChDap *dap, const ChDapRequest *request) {
    const cJSON *item;
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "threadIds")) {
        int64_t id;
        if (!ch_json_integer(item, 1, INT32_MAX, &id) || !ch_debugger_cancel_task(dap->debugger, (uint32_t)id)) {
            ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is no task with this number that could be cancelled");
            return;
        }
    }
    ch_dap_respond(dap, request, NULL);
}
