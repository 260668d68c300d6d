// What the builtins that are written in Harn keep between calls: values by name, and the few operations on bytes that
// the language itself does not offer.
#include "builtins/native.h"

#include "base/banned.h"

static ChDict *memory_of(ChVm *vm) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->memory) state->memory = ch_dict_new();
    return state->memory;
}

void ch__builtin_memory_clear(ChVm *vm) {
    ChBuiltinState *state = ch_heap_of(vm)->builtin_state;
    if (!state || !state->memory) return;
    ChDict *memory = state->memory;
    state->memory = NULL;
    ch_release(ch_object(memory));
}

void ch_builtin_memory_put(ChVm *vm, const char *name, const char *text) {
    ChString *key = ch_string_from(name);
    ch_dict_put(memory_of(vm), key, ch_object(ch_string_from(text)));
    ch_release(ch_object(key));
}

CH_NATIVE(ch__memory_get) {
    ChValue *found = ch_dict_find(memory_of(vm), args[0].as.string);
    if (found) *result = ch_retain(*found);
    return CH_OK;
}

CH_NATIVE(ch__memory_take) {
    ChValue *found = ch_dict_find(memory_of(vm), args[0].as.string);
    if (found) *result = ch_take(found);
    return CH_OK;
}

CH_NATIVE(ch__memory_set) {
    ch_dict_put(memory_of(vm), args[0].as.string, ch_take(&args[1]));
    return CH_OK;
}

CH_NATIVE(ch__memory_next) {
    return ch__give_int(result, ++ch__builtin_state(vm)->memory_number);
}

CH_NATIVE(ch__byte_at) {
    const ChBytes *bytes = args[0].as.bytes;
    int64_t at = args[1].as.integer;
    if (at < 0 || (uint64_t)at >= bytes->length) return CH_OK;
    return ch__give_int(result, bytes->data[at]);
}

CH_NATIVE(ch__bytes_find) {
    ChStr bytes, needle;
    if (ch__input_bytes(vm, "__bytes_find", args, argc, 0, true, &bytes) != CH_OK ||
        ch__input_bytes(vm, "__bytes_find", args, argc, 1, true, &needle) != CH_OK)
        return CH_THROW;
    int64_t from = ch__arg_int(args, argc, 2, 0);
    if (from < 0 || from > bytes.length) return ch__give_int(result, -1);
    return ch__give_int(result, ch_str_find(bytes, needle, (uint32_t)from));
}
