// The clock, which a program may stop, and the program's surroundings.
#include "builtins/native.h"

#include "base/banned.h"

int64_t ch__now_ms(ChVm *vm) {
    ChBuiltinState *state = ch__builtin_state(vm);
    return state->is_time_mocked ? state->mock_now_ms : vm->host->now_ms(vm->host->ud);
}

int64_t ch__monotonic_ms(ChVm *vm) {
    ChBuiltinState *state = ch__builtin_state(vm);
    return state->is_time_mocked ? state->mock_monotonic_ms : vm->host->monotonic_ms(vm->host->ud) - state->start_ms;
}

bool ch__time_advance(ChVm *vm, int64_t ms) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->is_time_mocked) return false;
    if (ms > 0) {
        if (__builtin_add_overflow(state->mock_now_ms, ms, &state->mock_now_ms)) state->mock_now_ms = INT64_MAX;
        if (__builtin_add_overflow(state->mock_monotonic_ms, ms, &state->mock_monotonic_ms))
            state->mock_monotonic_ms = INT64_MAX;
    }
    return true;
}

CH_NATIVE(ch__now_ms_value) { return ch__give_int(result, ch__now_ms(vm)); }
CH_NATIVE(ch__monotonic_ms_value) { return ch__give_int(result, ch__monotonic_ms(vm)); }
CH_NATIVE(ch__elapsed) { return ch__give_int(result, ch__monotonic_ms(vm)); }
CH_NATIVE(ch__timestamp) { return ch__give(result, ch_float((double)ch__now_ms(vm) / 1000.0)); }

CH_NATIVE(ch__mock_time) {
    ChBuiltinState *state = ch__builtin_state(vm);
    state->is_time_mocked = true;
    state->mock_now_ms = args[0].as.integer;
    state->mock_monotonic_ms = 0;
    return CH_OK;
}

CH_NATIVE(ch__advance_time) {
    ch__time_advance(vm, args[0].as.integer);
    return ch__give_int(result, ch__now_ms(vm));
}

CH_NATIVE(ch__is_time_mocked) { return ch__give_bool(result, ch__builtin_state(vm)->is_time_mocked); }

CH_NATIVE(ch__unmock_time) {
    ch__builtin_state(vm)->is_time_mocked = false;
    return CH_OK;
}

// ---- surroundings ------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__env) {
    ChBuffer value = {0};
    // A name with a NUL inside names nothing.
    bool is_set = strlen(args[0].as.string->data) == args[0].as.string->length &&
                  vm->host->env_get(vm->host->ud, args[0].as.string->data, &value);
    ChFlow flow = is_set ? ch__give_lossy(vm, "env", result, ch_buffer_view(&value)) : CH_OK;
    ch_buffer_release(&value);
    return flow;
}

CH_NATIVE(ch__env_or) {
    if (ch__env(vm, args, argc, result) != CH_OK) return CH_THROW;
    return ch_is_nil(*result) ? ch__give(result, ch_take(&args[1])) : CH_OK;
}

static ChFlow system_name(ChVm *vm, ChValue *result, const char *what) {
    ChBuffer name = {0};
    if (!vm->host->system_name(vm->host->ud, what, &name)) ch_buffer_clear(&name);
    ChFlow flow = ch__give_lossy(vm, what, result, ch_buffer_view(&name));
    ch_buffer_release(&name);
    return flow;
}

CH_NATIVE(ch__platform) { return system_name(vm, result, "platform"); }
CH_NATIVE(ch__arch) { return system_name(vm, result, "arch"); }
CH_NATIVE(ch__hostname) { return system_name(vm, result, "hostname"); }
CH_NATIVE(ch__username) { return system_name(vm, result, "username"); }
CH_NATIVE(ch__home_dir) { return system_name(vm, result, "home"); }
CH_NATIVE(ch__pid) { return ch__give_int(result, vm->host->process_id(vm->host->ud)); }

CH_NATIVE(ch__cwd) {
    ChBuffer path = {0};
    if (!vm->host->folder(vm->host->ud, &path)) {
        ch_buffer_release(&path);
        return ch_throw_runtime(vm, "cwd: the working folder is gone");
    }
    ChFlow flow = ch__give_lossy(vm, "cwd", result, ch_buffer_view(&path));
    ch_buffer_release(&path);
    return flow;
}
