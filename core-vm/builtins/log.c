// Structured log lines: JSON objects on standard output.
#include "builtins/native.h"

#include <math.h>

#include "base/banned.h"

static const char *const levels[] = {"debug", "info", "warn", "error"};

// Plain values as JSON, everything else as its text.
static void add_plain(ChValue v, ChBuffer *out) {
    bool is_plain = v.tag == CH_TAG_NIL || v.tag == CH_TAG_BOOL || v.tag == CH_TAG_INT || v.tag == CH_TAG_FLOAT || v.tag == CH_TAG_STRING;
    if (is_plain) {
        ch__json_print(v, 0, out);
        return;
    }
    ChString *text = ch_display_string(v);
    ch_buffer_add_json(out, ch_string_view(text));
    ch_release(ch_object(text));
}

static void begin(ChVm *vm, ChBuffer *out) {
    ch_buffer_add_text(out, "{\"ts\":\"");
    ch__iso_now(vm, out);
    ch_buffer_add_byte(out, '"');
}

static ChFlow end(ChVm *vm, ChBuffer *out) {
    ch_buffer_add_text(out, "}\n");
    vm->host->write(vm->host->ud, CH_HOST_STDOUT, out->data, out->length);
    ch_buffer_release(out);
    return CH_OK;
}

// The ids of the innermost open log span, unless the fields say them.
static void add_span(ChVm *vm, const ChDict *fields, ChBuffer *out) {
    const ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->log_spans.count || (fields && !ch_is_nil(ch__dict_get(fields, "trace_id")))) return;
    const ChLogSpan *span = &ch_array_last(&state->log_spans);
    ch_buffer_printf(out, ",\"trace_id\":\"%s\",\"span_id\":\"%s\"", span->trace_id, span->span_id);
}

void ch__log_line(ChVm *vm, uint8_t level, ChStr message, ChDict *fields) {
    if (level < ch__builtin_state(vm)->log_level) return;
    ChBuffer out = {0};
    begin(vm, &out);
    ch_buffer_printf(&out, ",\"level\":\"%s\",\"msg\":", levels[level]);
    ch_buffer_add_json(&out, message);
    add_span(vm, fields, &out);
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (fields && ch_dict_next(fields, &at, &key, &value)) {
        ch_buffer_add_byte(&out, ',');
        ch_buffer_add_json(&out, ch_string_view(key));
        ch_buffer_add_byte(&out, ':');
        add_plain(value, &out);
    }
    end(vm, &out);
}

static ChFlow write_line(ChVm *vm, ChValue *args, uint32_t argc, uint8_t level) {
    ChString *message = ch__arg_display(args, argc, 0);
    ch__log_line(vm, level, ch_string_view(message), ch__arg_is(args, argc, 1, CH_TAG_DICT) ? args[1].as.dict : NULL);
    ch_release(ch_object(message));
    return CH_OK;
}

CH_NATIVE(ch__log_debug) { return write_line(vm, args, argc, 0); }
CH_NATIVE(ch__log_info) { return write_line(vm, args, argc, 1); }
CH_NATIVE(ch__log_warn) { return write_line(vm, args, argc, 2); }
CH_NATIVE(ch__log_error) { return write_line(vm, args, argc, 3); }

CH_NATIVE(ch__log_set_level) {
    for (uint8_t i = 0; i < 4; i++) {
        if (!ch_str_is(ch__text(args[0]), levels[i])) continue;
        ch__builtin_state(vm)->log_level = i;
        return CH_OK;
    }
    return ch_throw_text(vm, "log_set_level: invalid level '%.*s'. Expected debug, info, warn, or error", CH_STR_ARG(ch__text(args[0])));
}

CH_NATIVE(ch__log_json) {
    ChBuffer out = {0};
    begin(vm, &out);
    ch_buffer_add_text(&out, ",\"key\":");
    ch_buffer_add_json(&out, ch__text(args[0]));
    ch_buffer_add_text(&out, ",\"value\":");
    add_plain(ch_arg(args, argc, 1), &out);
    return end(vm, &out);
}
