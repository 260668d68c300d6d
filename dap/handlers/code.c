/* disassemble, setInstructionBreakpoints, loadedSources, modules: the program's code. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "protocol/protocol.h"

enum { INSTRUCTIONS_MAX = 10 * 1000, OFFSET_MAX = 1000 * 1000 };

static bool read_address(const cJSON *object, const char *name, uint64_t *address) {
    const char *text = ch_json_get_string(object, name);
    char *end = NULL;
    errno = 0;
    *address = text ? strtoull(text, &end, 16) : 0;
    return text && errno == 0 && end != text && *end == '\0';
}

void dap_disassemble(ChDap *dap, const ChDapRequest *request) {
    uint64_t address;
    int64_t offset = 0, count = 0;
    ch_json_get_integer(request->arguments, "instructionOffset", -OFFSET_MAX, OFFSET_MAX, &offset);
    if (!read_address(request->arguments, "memoryReference", &address) ||
        !ch_json_get_integer(request->arguments, "instructionCount", 1, INSTRUCTIONS_MAX, &count)) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_BAD_ARGUMENTS, "`memoryReference` and `instructionCount` (1 to %d) are needed",
                    INSTRUCTIONS_MAX);
        return;
    }
    ChInstructionView *views = ch_alloc_zero((size_t)count, sizeof *views);
    if (!ch_debugger_disassemble(dap->debugger, address, offset, (uint32_t)count, views)) {
        ch_free(views);
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "no code stands at this address");
        return;
    }
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "instructions");
    for (int64_t i = 0; i < count; i++) {
        cJSON *item = ch_json_new_object();
        ch_dap_add_address(item, "address", views[i].address);
        ch_dap_add_text(item, "instruction", views[i].is_valid ? ch_buffer_view(&views[i].text) : CH_STR("(no code)"));
        if (!views[i].is_valid) ch_json_add_string(item, "presentationHint", "invalid");
        cJSON *source = views[i].line > 0 ? ch_dap_source(dap, views[i].path) : NULL;
        if (source) {
            ch_json_add(item, "location", source);
            ch_json_add_integer(item, "line", ch_dap_line_out(dap, views[i].line));
        }
        ch_json_append(list, item);
        ch_buffer_release(&views[i].text);
    }
    ch_free(views);
    ch_dap_respond(dap, request, body);
}

void dap_set_instruction_breakpoints(ChDap *dap, const ChDapRequest *request) {
    CH_ARRAY_OF(ChBreakpointSpec) specs = {0};
    CH_ARRAY_OF(uint64_t) addresses = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, ch_json_get(request->arguments, "breakpoints")) {
        uint64_t address;
        int64_t offset = 0;
        ch_json_get_integer(item, "offset", -OFFSET_MAX, OFFSET_MAX, &offset);
        ch_array_push(&addresses, read_address(item, "instructionReference", &address) ? address + (uint64_t)offset : 0);
        ch_array_push(&specs, (ChBreakpointSpec){.condition = ch_dap_read_text(item, "condition"),
                                                 .hit_condition = ch_dap_read_text(item, "hitCondition")});
    }
    if (dap->is_no_debug) specs.count = addresses.count = 0;
    ChBreakpointInfo *infos = ch_alloc_zero(specs.count + 1, sizeof *infos);
    ch_debugger_set_instruction_breakpoints(dap->debugger, addresses.items, specs.items, specs.count, infos);
    ch_dap_respond(dap, request, ch_dap_breakpoints(dap, infos, specs.count));
    ch_free(infos);
    ch_array_release(&specs);
    ch_array_release(&addresses);
}

void dap_loaded_sources(ChDap *dap, const ChDapRequest *request) {
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "sources");
    ChStr path;
    bool is_runtime;
    for (uint32_t i = 0; ch_debugger_module(dap->debugger, i, &path, &is_runtime); i++) {
        cJSON *source = is_runtime ? NULL : ch_dap_source(dap, path);
        if (source) ch_json_append(list, source);
    }
    ch_dap_respond(dap, request, body);
}

void dap_modules(ChDap *dap, const ChDapRequest *request) {
    int64_t start = 0, count = 0;
    ch_json_get_integer(request->arguments, "startModule", 0, INT32_MAX, &start);
    ch_json_get_integer(request->arguments, "moduleCount", 0, INT32_MAX, &count);
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "modules");
    uint32_t total = 0;
    ChStr path;
    bool is_runtime;
    for (; ch_debugger_module(dap->debugger, total, &path, &is_runtime); total++) {
        if (total < start || (count > 0 && total >= start + count)) continue;
        cJSON *item = ch_json_new_object();
        int64_t slash = ch_str_find_last_byte(path, '/');
        ch_json_add_integer(item, "id", total + 1);
        ch_dap_add_text(item, "name", ch_str_slice(path.data + slash + 1, path.length - (uint32_t)(slash + 1)));
        if (!is_runtime) ch_dap_add_text(item, "path", path);
        ch_json_add_bool(item, "isUserCode", !is_runtime);
        ch_json_append(list, item);
    }
    ch_json_add_integer(body, "totalModules", total);
    ch_dap_respond(dap, request, body);
}
