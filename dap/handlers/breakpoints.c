/* setBreakpoints, setFunctionBreakpoints, setExceptionBreakpoints, breakpointLocations. */
#include <string.h>

#include "protocol/protocol.h"

static ChBreakpointSpec read_spec(const ChDap *dap, const cJSON *item) {
    ChBreakpointSpec spec = {.condition = ch_dap_read_text(item, "condition"),
                             .hit_condition = ch_dap_read_text(item, "hitCondition"),
                             .log_message = ch_dap_read_text(item, "logMessage")};
    ch_dap_read_line(dap, item, "line", &spec.line);
    ch_dap_read_column(dap, item, "column", &spec.column);
    return spec;
}

void dap_set_breakpoints(ChDap *dap, const ChDapRequest *request) {
    ChBuffer storage = {0};
    const cJSON *source = ch_json_get(request->arguments, "source");
    ChStr path = ch_dap_read_source_path(dap, source, &storage);
    if (path.length == 0 || ch_message_string_has_nul(request->message, ch_json_get(source, "path"))) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`source` names no file");
        ch_buffer_release(&storage);
        return;
    }
    CH_ARRAY_OF(ChBreakpointSpec) specs = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "breakpoints")) {
        ch_array_push(&specs, read_spec(dap, item));
    }
    if (dap->is_no_debug) ch_array_clear(&specs);
    ChBreakpointInfo *infos = ch_alloc_zero(specs.count + 1, sizeof *infos);
    ch_debugger_set_breakpoints(dap->debugger, path, specs.items, specs.count, infos);
    ch_dap_respond(dap, request, ch_dap_breakpoints(dap, infos, specs.count));
    ch_free(infos);
    ch_array_release(&specs);
    ch_buffer_release(&storage);
}

void dap_set_function_breakpoints(ChDap *dap, const ChDapRequest *request) {
    CH_ARRAY_OF(ChBreakpointSpec) specs = {0};
    CH_ARRAY_OF(ChStr) names = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "breakpoints")) {
        ch_array_push(&specs, read_spec(dap, item));
        ch_array_push(&names, ch_dap_read_text(item, "name"));
    }
    if (dap->is_no_debug) specs.count = names.count = 0;
    ChBreakpointInfo *infos = ch_alloc_zero(specs.count + 1, sizeof *infos);
    ch_debugger_set_function_breakpoints(dap->debugger, names.items, specs.items, specs.count, infos);
    ch_dap_respond(dap, request, ch_dap_breakpoints(dap, infos, specs.count));
    ch_free(infos);
    ch_array_release(&specs);
    ch_array_release(&names);
}

typedef struct Filters {
    uint32_t modes;
    ChStr uncaught_text, caught_text; /* borrowed; empty: all */
} Filters;

/* One filter that is asked for; its answer goes into the list. */
static void add_filter(Filters *filters, const char *name, ChStr condition, cJSON *list) {
    bool is_uncaught = name && strcmp(name, "uncaught") == 0, is_caught = name && strcmp(name, "caught") == 0;
    if (is_uncaught) filters->modes |= CH_CATCH_UNCAUGHT;
    if (is_caught) filters->modes |= CH_CATCH_CAUGHT;
    if (is_uncaught) filters->uncaught_text = condition;
    if (is_caught) filters->caught_text = condition;
    cJSON *answer = ch_json_new_object();
    ch_json_add_bool(answer, "verified", is_uncaught || is_caught);
    if (!is_uncaught && !is_caught) ch_json_add_string(answer, "message", "there is no such filter");
    ch_json_append(list, answer);
}

void dap_set_exception_breakpoints(ChDap *dap, const ChDapRequest *request) {
    Filters filters = {0};
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "breakpoints");
    const cJSON *item;
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "filters")) {
        add_filter(&filters, ch_json_string(item), (ChStr){0}, list);
    }
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "filterOptions")) {
        add_filter(&filters, ch_json_get_string(item, "filterId"), ch_dap_read_text(item, "condition"), list);
    }
    if (dap->is_no_debug) filters.modes = CH_CATCH_NONE;
    ch_debugger_set_exceptions(dap->debugger, filters.modes, filters.uncaught_text, filters.caught_text);
    ch_dap_respond(dap, request, body);
}

void dap_breakpoint_locations(ChDap *dap, const ChDapRequest *request) {
    ChBuffer storage = {0};
    ChStr path = ch_dap_read_source_path(dap, ch_json_get(request->arguments, "source"), &storage);
    uint32_t from = 0, to = 0;
    bool is_good = path.length > 0 && ch_dap_read_line(dap, request->arguments, "line", &from);
    if (!is_good) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`source` and `line` are needed");
        ch_buffer_release(&storage);
        return;
    }
    if (!ch_dap_read_line(dap, request->arguments, "endLine", &to)) to = from;
    uint32_t count = ch_debugger_locations(dap->debugger, path, from, to, NULL, 0);
    if (count > CH_DAP_PAGE_MAX) count = CH_DAP_PAGE_MAX;
    ChBreakpointSpec *places = ch_alloc_zero(count + 1, sizeof *places);
    ch_debugger_locations(dap->debugger, path, from, to, places, count);
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "breakpoints");
    for (uint32_t i = 0; i < count; i++) {
        cJSON *item = ch_json_new_object();
        ch_json_add_integer(item, "line", ch_dap_line_out(dap, places[i].line));
        ch_json_add_integer(item, "column", ch_dap_column_out(dap, places[i].column));
        ch_json_append(list, item);
    }
    ch_dap_respond(dap, request, body);
    ch_free(places);
    ch_buffer_release(&storage);
}
