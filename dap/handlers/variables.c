/* variables, setVariable, setExpression, evaluate, completions: values as text with a number to expand them by. */
#include <string.h>

#include "protocol/protocol.h"

/* Text, type and expandability of a value into an object whose text member is called `text_name`. */
static void add_value(ChDap *dap, cJSON *object, const char *text_name, ChValue value, uint32_t limit) {
    ChBuffer text = {0};
    ch_view_text(value, limit, &text);
    ch_dap_add_text(object, text_name, ch_buffer_view(&text));
    ch_buffer_release(&text);
    if (dap->supports_variable_type) ch_json_add_string(object, "type", ch_type_name(value));
    uint32_t indexed = ch_view_indexed_count(value), named = ch_view_named_count(value);
    ch_json_add_integer(object, "variablesReference",
                        indexed + named > 0 ? ch_dap_handle_value(&dap->handles, value) : 0);
    if (indexed > 0) ch_json_add_integer(object, "indexedVariables", indexed);
    if (named > 0) ch_json_add_integer(object, "namedVariables", named);
}

static void add_variable(ChDap *dap, cJSON *list, ChStr name, ChValue value, bool is_mutable, bool is_name) {
    cJSON *item = ch_json_new_object();
    ch_dap_add_text(item, "name", name);
    add_value(dap, item, "value", value, CH_DAP_VALUE_TEXT_BYTES_MAX);
    if (is_name) {
        ch_dap_add_text(item, "evaluateName", name);
        if (!is_mutable) {
            cJSON *hint = ch_json_add_object(item, "presentationHint");
            ch_json_append_string(ch_json_add_array(hint, "attributes"), "constant");
        }
    }
    ch_json_append(list, item);
}

/* The range [*start, *end) of a page over `total` items. */
static void read_page(const cJSON *arguments, uint32_t total, uint32_t *start, uint32_t *end) {
    int64_t from = 0, count = 0;
    ch_json_get_integer(arguments, "start", 0, UINT32_MAX, &from);
    ch_json_get_integer(arguments, "count", 0, UINT32_MAX, &count);
    if (count == 0 || count > CH_DAP_PAGE_MAX) count = CH_DAP_PAGE_MAX;
    *start = from < total ? (uint32_t)from : total;
    *end = *start + count < total ? *start + (uint32_t)count : total;
}

void dap_variables(ChDap *dap, const ChDapRequest *request) {
    int64_t number = 0;
    ch_json_get_integer(request->arguments, "variablesReference", 1, INT32_MAX, &number);
    const ChDapHandle *scope = ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_SCOPE);
    const ChDapHandle *value = ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_VALUE);
    if (!scope && !value) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is nothing with this number at this stop");
        return;
    }
    const char *filter = ch_json_get_string(request->arguments, "filter");
    cJSON *body = ch_json_new_object();
    cJSON *list = ch_json_add_array(body, "variables");
    uint32_t start, end;
    if (scope) {
        ChDapHandle from = *scope;
        uint32_t count = ch_debugger_variable_count(dap->debugger, from.task, from.level, from.scope);
        read_page(request->arguments, count, &start, &end);
        for (uint32_t i = start; i < end; i++) {
            ChVariableView view;
            if (!ch_debugger_variable(dap->debugger, from.task, from.level, from.scope, i, &view)) break;
            add_variable(dap, list, view.name, view.value, view.is_mutable, true);
        }
    } else {
        ChValue of = ch_retain(value->value);
        uint32_t indexed = ch_view_indexed_count(of), named = ch_view_named_count(of);
        uint32_t first = filter && strcmp(filter, "named") == 0 ? indexed : 0;
        uint32_t last = filter && strcmp(filter, "indexed") == 0 ? indexed : indexed + named;
        read_page(request->arguments, last - first, &start, &end);
        ChBuffer name = {0};
        for (uint32_t i = first + start; i < first + end; i++) {
            ChValue part;
            ch_buffer_clear(&name);
            if (!ch_view_part(of, i, &name, &part)) break;
            add_variable(dap, list, ch_buffer_view(&name), part, true, false);
            ch_release(part);
        }
        ch_buffer_release(&name);
        ch_release(of);
    }
    ch_dap_respond(dap, request, body);
}

static void fail_with(ChDap *dap, const ChDapRequest *request, ChDapError id, ChBuffer *take_why) {
    ch_dap_fail(dap, request, id, "%.*s", (int)take_why->length, take_why->data ? take_why->data : "");
    ch_buffer_release(take_why);
}

void dap_set_variable(ChDap *dap, const ChDapRequest *request) {
    int64_t number = 0;
    ch_json_get_integer(request->arguments, "variablesReference", 1, INT32_MAX, &number);
    const ChDapHandle *found = ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_SCOPE);
    if (!found) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_SET_VARIABLE,
                    "only variables of a scope can be set: parts of a value belong to everybody who holds it");
        return;
    }
    ChDapHandle scope = *found;
    ChBuffer why = {0};
    ChValue value;
    if (!ch_debugger_evaluate(dap->debugger, scope.task, scope.level, ch_dap_read_text(request->arguments, "value"),
                              CH_EVALUATE_FULL, &value, &why)) {
        fail_with(dap, request, CH_DAP_ERROR_EVALUATE, &why);
        return;
    }
    ch_retain(value);
    if (!ch_debugger_set_variable(dap->debugger, scope.task, scope.level, scope.scope,
                                  ch_dap_read_text(request->arguments, "name"), value, &why)) {
        ch_release(value);
        fail_with(dap, request, CH_DAP_ERROR_SET_VARIABLE, &why);
        return;
    }
    cJSON *body = ch_json_new_object();
    add_value(dap, body, "value", value, CH_DAP_VALUE_TEXT_BYTES_MAX);
    ch_release(value);
    ch_dap_respond(dap, request, body);
}

/* The frame that `frameId` names, or the innermost of the task that stopped. False: the request failed. */
static bool read_frame(ChDap *dap, const ChDapRequest *request, uint32_t *task, uint32_t *level) {
    int64_t number = 0;
    *task = ch_debugger_stop(dap->debugger)->task;
    *level = 0;
    if (!ch_json_get_integer(request->arguments, "frameId", 1, INT32_MAX, &number)) return true;
    const ChDapHandle *frame = ch_dap_handle_find(&dap->handles, number, CH_DAP_HANDLE_FRAME);
    if (!frame) {
        ch_dap_fail(dap, request, CH_DAP_ERROR_UNKNOWN_HANDLE, "there is no such frame at this stop");
        return false;
    }
    *task = frame->task;
    *level = frame->level;
    return true;
}

void dap_set_expression(ChDap *dap, const ChDapRequest *request) {
    uint32_t task, level;
    if (!read_frame(dap, request, &task, &level)) return;
    ChStr name = ch_str_trim(ch_dap_read_text(request->arguments, "expression"));
    ChBuffer why = {0};
    ChValue value;
    if (!ch_debugger_evaluate(dap->debugger, task, level, ch_dap_read_text(request->arguments, "value"), CH_EVALUATE_FULL,
                              &value, &why)) {
        fail_with(dap, request, CH_DAP_ERROR_EVALUATE, &why);
        return;
    }
    static const ChScopeKind scopes[] = {CH_SCOPE_LOCALS, CH_SCOPE_CAPTURED, CH_SCOPE_MODULE};
    bool is_set = false;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes && !is_set; i++) {
        ch_buffer_clear(&why);
        is_set = ch_debugger_set_variable(dap->debugger, task, level, scopes[i], name, ch_retain(value), &why);
    }
    if (!is_set) {
        ch_release(value);
        fail_with(dap, request, CH_DAP_ERROR_SET_VARIABLE, &why);
        return;
    }
    ch_buffer_release(&why);
    cJSON *body = ch_json_new_object();
    add_value(dap, body, "value", value, CH_DAP_VALUE_TEXT_BYTES_MAX);
    ch_release(value);
    ch_dap_respond(dap, request, body);
}

void dap_evaluate(ChDap *dap, const ChDapRequest *request) {
    uint32_t task, level;
    if (!read_frame(dap, request, &task, &level)) return;
    const char *context = ch_json_get_string(request->arguments, "context");
    ChEvaluateMode mode = context && strcmp(context, "repl") == 0 ? CH_EVALUATE_FULL : CH_EVALUATE_PURE;
    ChBuffer why = {0};
    ChValue value;
    bool is_good = ch_debugger_evaluate(dap->debugger, task, level, ch_dap_read_text(request->arguments, "expression"),
                                        mode, &value, &why);
    ch_dap_flush_output(dap);
    if (!is_good) {
        fail_with(dap, request, CH_DAP_ERROR_EVALUATE, &why);
        return;
    }
    bool is_short = context && (strcmp(context, "hover") == 0 || strcmp(context, "watch") == 0);
    cJSON *body = ch_json_new_object();
    add_value(dap, body, "result", value, is_short ? CH_DAP_VALUE_TEXT_BYTES_MAX : CH_DAP_EVALUATE_TEXT_BYTES_MAX);
    ch_release(value);
    ch_dap_respond(dap, request, body);
}

typedef struct Completions {
    const ChDap *dap;
    cJSON *list;
    const uint32_t *start; /* of the word, in bytes of the text; it is ASCII, so its length is the same in every unit */
    uint32_t end, column;  /* of the text: in bytes, and as the client counts */
    uint32_t count;
} Completions;

static void add_completion(void *ud, ChStr name, ChNameKind kind) {
    static const char *const types[] = {[CH_NAME_VARIABLE] = "variable", [CH_NAME_FUNCTION] = "function",
                                        [CH_NAME_FIELD] = "field",       [CH_NAME_METHOD] = "method",
                                        [CH_NAME_KEYWORD] = "keyword"};
    Completions *completions = ud;
    if (completions->count++ >= CH_DAP_PAGE_MAX) return;
    cJSON *item = ch_json_new_object();
    ch_dap_add_text(item, "label", name);
    ch_json_add_string(item, "type", types[kind]);
    uint32_t length = completions->end - *completions->start;
    ch_json_add_integer(item, "start", ch_dap_column_out(completions->dap, completions->column - length));
    ch_json_add_integer(item, "length", length);
    ch_json_append(completions->list, item);
}

/* The byte offset of a column, which counts UTF-16 units. */
static uint32_t offset_of_column(ChStr text, uint32_t column) {
    uint32_t offset = 0, units = 1;
    while (offset < text.length && units < column) {
        unsigned char lead = (unsigned char)text.data[offset];
        uint32_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        units += size == 4 ? 2 : 1;
        offset += size;
    }
    return offset < text.length ? offset : text.length;
}

void dap_completions(ChDap *dap, const ChDapRequest *request) {
    uint32_t task, level, column = 0, line = 1;
    if (!read_frame(dap, request, &task, &level)) return;
    ChStr text = ch_dap_read_text(request->arguments, "text");
    ch_dap_read_line(dap, request->arguments, "line", &line);
    for (; line > 1 && ch_str_find(text, CH_STR("\n"), 0) >= 0; line--) {
        uint32_t at = (uint32_t)ch_str_find(text, CH_STR("\n"), 0) + 1;
        text = ch_str_slice(text.data + at, text.length - at);
    }
    if (ch_dap_read_column(dap, request->arguments, "column", &column)) text.length = offset_of_column(text, column);
    uint32_t start = 0;
    cJSON *body = ch_json_new_object();
    Completions completions = {dap, ch_json_add_array(body, "targets"), &start, text.length, column > 0 ? column : text.length + 1, 0};
    ch_debugger_complete(dap->debugger, task, level, text, &start, add_completion, &completions);
    ch_dap_respond(dap, request, body);
}
