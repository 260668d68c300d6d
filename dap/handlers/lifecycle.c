/* initialize, launch, configurationDone, terminate, disconnect. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/protocol.h"

static const char *const capabilities[] = {
#define CH_DAP(command, states, handler, capability) capability,
#include "requests.def"
#undef CH_DAP
};

typedef struct Filter {
    const char *filter, *label, *description;
    bool is_default;
} Filter;

static const Filter filters[] = {
    {"uncaught", "Uncaught errors", "Stop where an error is thrown that nothing will catch.", true},
    {"caught", "Caught errors", "Stop where an error is thrown that the program will catch.", false},
};

void dap_initialize(ChDap *dap, const ChDapRequest *request) {
    dap->lines_start_at_1 = ch_json_get_bool(request->arguments, "linesStartAt1", true);
    dap->columns_start_at_1 = ch_json_get_bool(request->arguments, "columnsStartAt1", true);
    dap->supports_variable_type = ch_json_get_bool(request->arguments, "supportsVariableType", false);
    const char *format = ch_json_get_string(request->arguments, "pathFormat");
    dap->uses_uri = format && strcmp(format, "uri") == 0;
    ch_dap_open_debugger(dap);
    dap->state = CH_DAP_CONFIGURING;

    cJSON *body = ch_json_new_object();
    for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
        if (capabilities[i]) ch_json_add_bool(body, capabilities[i], true);
    }
    /* Options of requests that are in the table. */
    ch_json_add_bool(body, "supportsConditionalBreakpoints", true);
    ch_json_add_bool(body, "supportsHitConditionalBreakpoints", true);
    ch_json_add_bool(body, "supportsLogPoints", true);
    ch_json_add_bool(body, "supportsClipboardContext", true);
    ch_json_add_bool(body, "supportsExceptionFilterOptions", true);
    ch_json_append_string(ch_json_add_array(body, "completionTriggerCharacters"), ".");
    cJSON *list = ch_json_add_array(body, "exceptionBreakpointFilters");
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        cJSON *item = ch_json_new_object();
        ch_json_add_string(item, "filter", filters[i].filter);
        ch_json_add_string(item, "label", filters[i].label);
        ch_json_add_string(item, "description", filters[i].description);
        ch_json_add_bool(item, "default", filters[i].is_default);
        ch_json_add_bool(item, "supportsCondition", true);
        ch_json_add_string(item, "conditionDescription", "Text that the error has to hold");
        ch_json_append(list, item);
    }
    ch_debugger_set_exceptions(dap->debugger, CH_CATCH_UNCAUGHT, (ChStr){0}, (ChStr){0});
    ch_dap_respond(dap, request, body);
    ch_dap_event(dap, "initialized", NULL);
}

/* Sets the environment that the program will see. False: a value is neither text nor null. */
static bool apply_environment(const cJSON *env) {
    const cJSON *item;
    cJSON_ArrayForEach(item, env) {
        if (!item->string || item->string[0] == '\0' || strchr(item->string, '=')) return false;
        if (cJSON_IsNull(item)) unsetenv(item->string);
        else if (cJSON_IsString(item)) setenv(item->string, item->valuestring, 1);
        else return false;
    }
    return true;
}

void dap_launch(ChDap *dap, const ChDapRequest *request) {
    const cJSON *arguments = request->arguments;
    ChStr program = ch_dap_read_text(arguments, "program");
    if (program.length == 0) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS,
                    "the launch configuration has no `program`: give the path of a .harn file");
        return;
    }
    if (ch_message_string_has_nul(request->message, ch_json_get(arguments, "program"))) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`program` holds a NUL character");
        return;
    }
    const char *cwd = ch_json_get_string(arguments, "cwd");
    if (cwd && cwd[0] != '\0' && chdir(cwd) != 0) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_LAUNCH, "cannot change to the folder `%s`: %s", cwd, strerror(errno));
        return;
    }
    const cJSON *env = ch_json_get(arguments, "env");
    if (env && !cJSON_IsNull(env) && (!cJSON_IsObject(env) || !apply_environment(env))) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`env` maps names of variables to texts (or null)");
        return;
    }
    CH_ARRAY_OF(ChStr) list = {0};
    const cJSON *args = ch_json_get(arguments, "args"), *item;
    cJSON_ArrayForEach(item, args) {
        if (cJSON_IsString(item)) ch_array_push(&list, ch_str_of(item->valuestring));
    }
    dap->is_no_debug = ch_json_get_bool(arguments, "noDebug", false);
    if (dap->is_no_debug) ch_debugger_set_exceptions(dap->debugger, CH_CATCH_NONE, (ChStr){0}, (ChStr){0});
    bool stop_on_entry = ch_json_get_bool(arguments, "stopOnEntry", false) && !dap->is_no_debug;
    ChBuffer why = {0};
    bool loaded = ch_debugger_launch(dap->debugger, program, list.items, list.count, stop_on_entry, &why);
    ch_array_release(&list);
    if (!loaded) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_LAUNCH, "%.*s", (int)why.length, why.data ? why.data : "");
        ch_buffer_release(&why);
        ch_dap_event(dap, "terminated", NULL);
        return;
    }
    ch_buffer_release(&why);
    dap->state = CH_DAP_LAUNCHED;
    ch_dap_respond(dap, request, NULL);
    cJSON *process = ch_json_new_object();
    ch_dap_add_text(process, "name", program);
    ch_json_add_integer(process, "systemProcessId", getpid());
    ch_json_add_bool(process, "isLocalProcess", true);
    ch_json_add_string(process, "startMethod", "launch");
    ch_dap_event(dap, "process", process);
    if (dap->is_configured) ch_dap_run(dap);
}

void dap_configuration_done(ChDap *dap, const ChDapRequest *request) {
    dap->is_configured = true;
    ch_dap_respond(dap, request, NULL);
    if (dap->state == CH_DAP_LAUNCHED) ch_dap_run(dap);
}

void dap_terminate(ChDap *dap, const ChDapRequest *request) {
    ch_dap_respond(dap, request, NULL);
    if (dap->state == CH_DAP_ENDED) return;
    ch_debugger_terminate(dap->debugger);
    if (dap->state == CH_DAP_CONFIGURING) ch_dap_report_end(dap);
    else ch_dap_run(dap);
}

void dap_disconnect(ChDap *dap, const ChDapRequest *request) {
    ch_dap_respond(dap, request, NULL);
    ch_dap_close(dap);
}
