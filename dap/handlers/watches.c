/* dataBreakpointInfo, setDataBreakpoints: stops where a variable changes. */
#include <string.h>

#include "protocol/protocol.h"

void dap_data_breakpoint_info(ChDap *dap, const ChDapRequest *request) {
    int64_t number = 0;
    ChStr name = ch_dap_read_text(request->arguments, "name");
    bool has_number = ch_json_get_integer(request->arguments, "variablesReference", 1, INT32_MAX, &number);
    const ChDapHandle *scope = has_number ? ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_SCOPE) : NULL;
    bool is_part = has_number && ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_VALUE);
    ChBuffer id = {0}, why = {0};
    bool is_good = scope && ch_debugger_watch_id(dap->debugger, scope->task, scope->level, scope->scope, name, &id, &why);
    if (is_part) ch_buffer_add_text(&why, "parts of a value never change: watch the variable that holds it");
    if (!is_good && why.length == 0) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is nothing with this number at this stop");
        ch_buffer_release(&why);
        return;
    }
    cJSON *body = ch_json_new_object();
    if (is_good) {
        ch_dap_add_text(body, "dataId", ch_buffer_view(&id));
        ch_dap_add_text(body, "description", name);
        ch_json_append_string(ch_json_add_array(body, "accessTypes"), "write");
        ch_json_add_bool(body, "canPersist", false);
    } else {
        ch_json_add_null(body, "dataId");
        ch_dap_add_text(body, "description", ch_buffer_view(&why));
    }
    ch_buffer_release(&id);
    ch_buffer_release(&why);
    ch_dap_respond(dap, request, body);
}

void dap_set_data_breakpoints(ChDap *dap, const ChDapRequest *request) {
    CH_ARRAY_OF(ChWatchSpec) specs = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "breakpoints")) {
        ch_array_push(&specs, (ChWatchSpec){ch_dap_read_text(item, "dataId"), ch_dap_read_text(item, "condition")});
    }
    if (dap->is_no_debug) specs.count = 0;
    ChBreakpointInfo *infos = ch_alloc_zero(specs.count + 1, sizeof *infos);
    ch_debugger_set_watches(dap->debugger, specs.items, specs.count, infos);
    ch_dap_respond(dap, request, ch_dap_breakpoints(dap, infos, specs.count));
    ch_free(infos);
    ch_array_release(&specs);
}
