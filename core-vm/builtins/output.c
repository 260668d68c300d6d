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
    if (out->length) vm->host->write(vm->host->ud, stream, out->data, out->length);
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

static bool has_colors(ChVm *vm) {
    ChBuffer value = {0};
    bool forbidden = vm->host->env_get(vm->host->ud, "NO_COLOR", &value);
    ch_buffer_release(&value);
    return !forbidden && vm->host->is_terminal(vm->host->ud, 1);
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
                  {"magenta", "35"}, {"cyan", "36"}, {"white", "37"}, {"gray", "90"},   {"grey", "90"}};
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

CH_NATIVE(ch__progress) {
    ChBuffer out = {0};
    ch_buffer_add_byte(&out, '[');
    ch_display(args[0], &out);
    ch_buffer_add_text(&out, "] ");
    ch_display(args[1], &out);
    if (ch__arg_is(args, argc, 2, CH_TAG_INT) && ch__arg_is(args, argc, 3, CH_TAG_INT))
        ch_buffer_printf(&out, " (%" PRId64 "/%" PRId64 ")", args[2].as.integer, args[3].as.integer);
    else if (ch__arg_is(args, argc, 2, CH_TAG_INT))
        ch_buffer_printf(&out, " (%" PRId64 "%%)", args[2].as.integer);
    ch_buffer_add_byte(&out, '\n');
    vm->host->write(vm->host->ud, CH_HOST_STDOUT, out.data, out.length);
    ch_buffer_release(&out);
    return CH_OK;
}

CH_NATIVE(ch__is_stdin_tty) { return ch__give_bool(result, vm->host->is_terminal(vm->host->ud, 0)); }
CH_NATIVE(ch__is_stdout_tty) { return ch__give_bool(result, vm->host->is_terminal(vm->host->ud, 1)); }
CH_NATIVE(ch__is_stderr_tty) { return ch__give_bool(result, vm->host->is_terminal(vm->host->ud, 2)); }

CH_NATIVE(ch__read_line) {
    ChBuffer line = {0};
    ChStatus status = vm->host->read_line(vm->host->ud, &line);
    if (status == CH_STATUS_CLOSED) {
        ch_buffer_release(&line);
        return CH_OK;
    }
    if (status != CH_STATUS_OK) {
        ch_buffer_release(&line);
        return ch_throw_runtime(vm, "read_line: standard input %s", ch_status_text(status));
    }
    if (line.length && line.data[line.length - 1] == '\r') line.data[--line.length] = 0;
    return ch__give_buffer_checked(vm, "read_line", result, &line);
}
