// What programs print, and what they read from standard input.
#include "builtins/native.h"

#include "base/banned.h"

static ChFlow write_value(ChVm *vm, ChHostStream stream, const char *before, const ChValue *args, uint32_t argc,
                          const char *after) {
    ChBuffer *out = &vm->scratch;
    ch_buffer_clear(out);
    ch_buffer_add_text(out, before);
    if (argc) ch_display(args[0], out);
    ch_buffer_add_text(out, after);
    ChBuiltinState *state = ch__builtin_state(vm);
    if (stream == CH_HOST_STDERR && state->is_capturing)
        ch_buffer_add(&state->captured, out->data, out->length);
    else if (out->length)
        vm->host->write(vm->host->ud, stream, out->data, out->length);
    // A large text must not stay in memory for the rest of the program.
    if (out->capacity > (1u << 20)) ch_buffer_release(out);
    return CH_OK;
}

CH_NATIVE(ch__print) { return write_value(vm, CH_HOST_STDOUT, "", args, argc, ""); }
CH_NATIVE(ch__println) { return write_value(vm, CH_HOST_STDOUT, "", args, argc, "\n"); }
CH_NATIVE(ch__log) { return write_value(vm, CH_HOST_STDOUT, "[harn] ", args, argc, "\n"); }
CH_NATIVE(ch__eprint) { return write_value(vm, CH_HOST_STDERR, "", args, argc, ""); }
CH_NATIVE(ch__eprintln) { return write_value(vm, CH_HOST_STDERR, "", args, argc, "\n"); }

// ---- colours ------------------------------------------------------------------------------------------------------

static bool is_terminal(ChVm *vm, int stream) {
    int8_t mocked = ch__builtin_state(vm)->terminals[stream];
    return mocked ? mocked > 0 : vm->host->is_terminal(vm->host->ud, stream);
}

static bool has_colors(ChVm *vm) {
    int8_t mode = ch__builtin_state(vm)->color_mode;
    if (mode) return mode > 0;
    ChBuffer value = {0};
    bool is_forbidden = vm->host->env_get(vm->host->ud, "NO_COLOR", &value) && value.length;
    ch_buffer_release(&value);
    return !is_forbidden && is_terminal(vm, 1);
}

CH_NATIVE(ch__set_color_mode) {
    static const char *const modes[] = {"never", "auto", "always"};
    ChString *mode = ch__arg_display(args, argc, 0);
    ChFlow flow = CH_THROW;
    for (int8_t i = 0; i < 3; i++) {
        if (!ch_str_is(ch_string_view(mode), modes[i])) continue;
        ch__builtin_state(vm)->color_mode = (int8_t)(i - 1);
        flow = CH_OK;
    }
    if (flow != CH_OK)
        ch_throw_text(vm, "set_color_mode: invalid mode '%.*s'. Expected 'auto', 'always', or 'never'.",
                      CH_STR_ARG(ch_string_view(mode)));
    ch_release(ch_object(mode));
    return flow;
}

static ChFlow styled(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *code) {
    if (!code || !has_colors(vm)) return ch__give(result, ch_object(ch__arg_display(args, argc, 0)));
    ChBuffer out = {0};
    ch_buffer_printf(&out, "\033[%sm", code);
    ch_display(args[0], &out);
    ch_buffer_add_text(&out, "\033[0m");
    return ch__give_buffer_checked(vm, "color", result, &out);
}

CH_NATIVE(ch__color) {
    static const struct {
        const char *name, *code;
    } colors[] = {{"black", "30"}, {"red", "31"},     {"green", "32"}, {"yellow", "33"}, {"blue", "34"},
                  {"magenta", "35"}, {"cyan", "36"}, {"white", "37"}, {"gray", "90"},   {"grey", "90"},
                  {"bright_black", "90"}, {"bright_red", "91"}, {"bright_green", "92"}, {"bright_yellow", "93"},
                  {"bright_blue", "94"}, {"bright_magenta", "95"}, {"bright_cyan", "96"}, {"bright_white", "97"}};
    ChString *name = ch__arg_display(args, argc, 1);
    const char *code = NULL;
    for (size_t i = 0; i < sizeof colors / sizeof colors[0]; i++)
        if (ch_str_is(ch_string_view(name), colors[i].name)) code = colors[i].code;
    ch_release(ch_object(name));
    return styled(vm, args, argc, result, code);
}

CH_NATIVE(ch__bold) { return styled(vm, args, argc, result, "1"); }
CH_NATIVE(ch__dim) { return styled(vm, args, argc, result, "2"); }

// ---- progress and input ----------------------------------------------------------------------------------------------

#define PROGRESS_BAR_WIDTH 10
#define PROGRESS_BAR_WIDTH_LEAST 3
#define PROGRESS_BAR_WIDTH_MAX 40

static int64_t option(ChValue options, const char *name, int64_t fallback) {
    ChValue value = ch__dict_get(options.as.dict, name);
    return value.tag == CH_TAG_INT ? value.as.integer : fallback;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
    return value < least ? least : value > most ? most : value;
}

// "[###---] " in front of the message and " (2/4)" behind it.
static void add_bar(ChValue options, ChValue message, ChBuffer *out) {
    int64_t current = option(options, "current", 0), total = option(options, "total", 0);
    int64_t width = clamp(option(options, "width", PROGRESS_BAR_WIDTH), PROGRESS_BAR_WIDTH_LEAST, PROGRESS_BAR_WIDTH_MAX);
    // Rounded to the nearest mark; doubles, because the product may be larger than an int.
    double part = total > 0 ? (double)clamp(current, 0, total) / (double)total : 0;
    int64_t done = (int64_t)(part * (double)width + 0.5);
    ch_buffer_add_byte(out, '[');
    for (int64_t i = 0; i < width; i++) ch_buffer_add_byte(out, i < done ? '#' : '-');
    ch_buffer_add_text(out, "] ");
    ch_display(message, out);
    ch_buffer_printf(out, " (%" PRId64 "/%" PRId64 ")", current, total);
}

CH_NATIVE(ch__progress) {
    ChBuffer out = {0};
    ch_buffer_add_byte(&out, '[');
    ch_display(args[0], &out);
    ch_buffer_add_text(&out, "] ");
    bool has_options = ch__arg_is(args, argc, 2, CH_TAG_DICT);
    ChValue mode = has_options ? ch__dict_get(args[2].as.dict, "mode") : CH_NIL;
    if (mode.tag == CH_TAG_STRING && ch_str_is(ch__text(mode), "bar")) {
        add_bar(args[2], args[1], &out);
    } else {
        if (mode.tag == CH_TAG_STRING && ch_str_is(ch__text(mode), "spinner"))
            ch_buffer_printf(&out, "%c ", "|/-\\"[(uint64_t)option(args[2], "step", 0) % 4]);
        ch_display(args[1], &out);
    }
    if (ch__arg_is(args, argc, 2, CH_TAG_INT) && ch__arg_is(args, argc, 3, CH_TAG_INT))
        ch_buffer_printf(&out, " (%" PRId64 "/%" PRId64 ")", args[2].as.integer, args[3].as.integer);
    else if (ch__arg_is(args, argc, 2, CH_TAG_INT))
        ch_buffer_printf(&out, " (%" PRId64 "%%)", args[2].as.integer);
    ch_buffer_add_byte(&out, '\n');
    vm->host->write(vm->host->ud, CH_HOST_STDOUT, out.data, out.length);
    ch_buffer_release(&out);
    return CH_OK;
}

CH_NATIVE(ch__is_stdin_tty) { return ch__give_bool(result, is_terminal(vm, 0)); }
CH_NATIVE(ch__is_stdout_tty) { return ch__give_bool(result, is_terminal(vm, 1)); }
CH_NATIVE(ch__is_stderr_tty) { return ch__give_bool(result, is_terminal(vm, 2)); }

CH_NATIVE(ch__mock_tty) {
    static const char *const streams[] = {"stdin", "stdout", "stderr"};
    ChString *stream = ch__arg_display(args, argc, 0);
    bool is_tty = ch__arg_is(args, argc, 1, CH_TAG_BOOL) && args[1].as.boolean;
    ChFlow flow = CH_THROW;
    for (int i = 0; i < 3; i++) {
        if (!ch_str_is(ch_string_view(stream), streams[i])) continue;
        ch__builtin_state(vm)->terminals[i] = is_tty ? 1 : -1;
        flow = CH_OK;
    }
    if (flow != CH_OK)
        ch_throw_text(vm, "mock_tty: invalid stream '%.*s'. Expected 'stdin', 'stdout', or 'stderr'.",
                      CH_STR_ARG(ch_string_view(stream)));
    ch_release(ch_object(stream));
    return flow;
}

CH_NATIVE(ch__unmock_tty) {
    memset(ch__builtin_state(vm)->terminals, 0, sizeof ch__builtin_state(vm)->terminals);
    return CH_OK;
}

CH_NATIVE(ch__capture_stderr_start) {
    ChBuiltinState *state = ch__builtin_state(vm);
    state->is_capturing = true;
    ch_buffer_clear(&state->captured);
    return CH_OK;
}

CH_NATIVE(ch__capture_stderr_take) {
    ChBuiltinState *state = ch__builtin_state(vm);
    state->is_capturing = false;
    ChFlow flow = ch__give_lossy(vm, "capture_stderr_take", result, ch_buffer_view(&state->captured));
    ch_buffer_release(&state->captured);
    return flow;
}

CH_NATIVE(ch__mock_stdin) {
    ChBuiltinState *state = ch__builtin_state(vm);
    state->is_input_mocked = true;
    state->input_at = 0;
    ch_buffer_clear(&state->input);
    if (argc) ch_display(args[0], &state->input);
    return CH_OK;
}

CH_NATIVE(ch__unmock_stdin) {
    ChBuiltinState *state = ch__builtin_state(vm);
    state->is_input_mocked = false;
    ch_buffer_release(&state->input);
    return CH_OK;
}

// The next line without its end, mocked or real. CLOSED: there is none.
static ChStatus next_line(ChVm *vm, ChBuffer *line) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->is_input_mocked) return vm->host->read_line(vm->host->ud, line);
    if (state->input_at >= state->input.length) return CH_STATUS_CLOSED;
    const char *start = state->input.data + state->input_at;
    size_t left = state->input.length - state->input_at;
    const char *end = memchr(start, '\n', left);
    ch_buffer_add(line, start, end ? (size_t)(end - start) : left);
    state->input_at += end ? (size_t)(end - start) + 1 : left;
    return CH_STATUS_OK;
}

CH_NATIVE(ch__read_line) {
    ChBuffer line = {0};
    ChStatus status = next_line(vm, &line);
    ChFlow flow = CH_OK;
    if (status == CH_STATUS_OK) {
        if (line.length && line.data[line.length - 1] == '\r') line.length--;
        flow = ch__give_lossy(vm, "read_line", result, ch_buffer_view(&line));
    } else if (status != CH_STATUS_CLOSED) {
        flow = ch_throw_runtime(vm, "read_line: standard input %s", ch_status_text(status));
    }
    ch_buffer_release(&line);
    return flow;
}

CH_NATIVE(ch__read_stdin) {
    ChBuiltinState *state = ch__builtin_state(vm);
    ChBuffer all = {0};
    ChFlow flow = CH_OK;
    if (state->is_input_mocked) {
        ch_buffer_add(&all, state->input.data + state->input_at, state->input.length - state->input_at);
        state->input_at = state->input.length;
        flow = ch__give_lossy(vm, "read_stdin", result, ch_buffer_view(&all));
        ch_buffer_release(&all);
        return flow;
    }
    bool has_line = false;
    for (;;) {
        ChStatus status = next_line(vm, &all);
        if (status == CH_STATUS_CLOSED) break;
        if (status != CH_STATUS_OK) {
            flow = ch_throw_runtime(vm, "read_stdin: standard input %s", ch_status_text(status));
            break;
        }
        has_line = true;
        ch_buffer_add_byte(&all, '\n');
    }
    if (flow == CH_OK && has_line) flow = ch__give_lossy(vm, "read_stdin", result, ch_buffer_view(&all));
    ch_buffer_release(&all);
    return flow;
}
