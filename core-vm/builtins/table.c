// The function pointers of the rows, and the check of a call's arguments against the row's signature: how many, and
// of which types, with the reference's messages. Types are sets of tags; a type that names none lets everything pass.
#include "builtins/native.h"

#include "base/banned.h"

const ChNativeFn ch_builtin_functions[] = {
#define CH_BUILTIN(name, signature, function, effects, doc, example) function,
#define CH_BUILTIN_PRELUDE(name, signature, effects, doc, example) NULL,
#define CH_CONSTANT(name, type, function, doc, example) function,
#define CH_CONSTANT_PRELUDE(name, type, doc, example) NULL,
#define CH_METHOD(type, name, signature, function, effects, doc, example) function,
#define CH_METHOD_PRELUDE(type, name, signature, effects, doc, example) NULL,
#include "builtins/all.def"
#undef CH_BUILTIN
#undef CH_BUILTIN_PRELUDE
#undef CH_CONSTANT
#undef CH_CONSTANT_PRELUDE
#undef CH_METHOD
#undef CH_METHOD_PRELUDE
};

#define ANYTHING UINT64_MAX

typedef struct ParamCheck {
    ChStr name;
    ChStr type;      // as the message shows it
    uint64_t tags;   // bit per ChTag
    bool is_optional;
} ParamCheck;

typedef struct ChBuiltinCheck {
    ParamCheck *params;
    uint32_t count;
    uint32_t required;
    bool has_rest;
    bool is_made;
} ChBuiltinCheck;

// ---- signatures ---------------------------------------------------------------------------------------------------

static uint64_t tags_of_name(ChStr name) {
    static const struct {
        const char *name;
        uint64_t tags;
    } names[] = {
#define BIT(tag) (1ull << CH_TAG_##tag)
        {"int", BIT(INT)},
        {"float", BIT(FLOAT) | BIT(INT)},
        {"number", BIT(FLOAT) | BIT(INT)},
        {"string", BIT(STRING)},
        {"bool", BIT(BOOL)},
        {"nil", BIT(NIL)},
        {"list", BIT(LIST)},
        {"dict", BIT(DICT)},
        {"bytes", BIT(BYTES)},
        {"duration", BIT(DURATION)},
        {"set", BIT(SET)},
        {"range", BIT(RANGE)},
        {"iter", BIT(ITER)},
        {"generator", BIT(GENERATOR)},
        {"Generator", BIT(GENERATOR)},
        {"stream", BIT(STREAM)},
        {"channel", BIT(CHANNEL)},
        {"task_handle", BIT(TASK)},
        {"atomic", BIT(ATOMIC)},
        {"rng", BIT(RNG)},
        {"pair", BIT(PAIR)},
        {"enum", BIT(ENUM)},
        {"struct", BIT(STRUCT)},
        {"closure", BIT(CLOSURE) | BIT(BUILTIN)},
#undef BIT
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ch_str_is(name, names[i].name)) return names[i].tags;
    return ANYTHING;
}

// Tags of "string | list<int> | nil"; what stands in brackets is not looked at.
static uint64_t tags_of_type(ChStr type) {
    uint64_t tags = 0;
    uint32_t start = 0, depth = 0;
    for (uint32_t i = 0; i <= type.length; i++) {
        char c = i < type.length ? type.data[i] : '|';
        if (c == '<' || c == '(' || c == '{') depth++;
        if ((c == '>' && i && type.data[i - 1] != '-') || c == ')' || c == '}') depth--;
        if (c != '|' || depth) continue;
        ChStr member = ch_str_trim((ChStr){type.data + start, i - start});
        for (uint32_t b = 0; b < member.length; b++)
            if (member.data[b] == '<') member.length = b;
        if (ch_str_starts_with(member, CH_STR("fn("))) member = CH_STR("closure");
        uint64_t found = tags_of_name(member);
        if (found == ANYTHING) return ANYTHING;
        tags |= found;
        start = i + 1;
    }
    return tags;
}

// End of the item that begins at `at`: the next comma or closing bracket outside of brackets.
static uint32_t item_end(ChStr text, uint32_t at) {
    uint32_t depth = 0;
    for (; at < text.length; at++) {
        char c = text.data[at];
        if (c == '(' || c == '<' || c == '{' || c == '[') depth++;
        if (depth == 0 && (c == ',' || c == ')')) return at;
        if (c == ')' || (c == '>' && text.data[at - 1] != '-') || c == '}' || c == ']') depth--;
    }
    return at;
}

static void check_make(ChBuiltinCheck *check, ChStr signature) {
    ParamCheck params[16];
    uint32_t count = 0, at = 1;
    check->is_made = true;
    while (at < signature.length && count < 16) {
        uint32_t end = item_end(signature, at);
        ChStr item = ch_str_trim((ChStr){signature.data + at, end - at});
        if (item.length) {
            ParamCheck *param = &params[count++];
            *param = (ParamCheck){item, CH_STR("any"), ANYTHING, false};
            if (ch_str_starts_with(item, CH_STR("..."))) {
                check->has_rest = true;
                item = (ChStr){item.data + 3, item.length - 3};
                param->name = item;
            }
            int64_t colon = ch_str_find(item, CH_STR(":"), 0);
            int64_t equals = ch_str_find(item, CH_STR(" = "), 0);
            if (equals >= 0) {
                param->is_optional = true;
                item.length = (uint32_t)equals;
                param->name = item;
            }
            if (colon >= 0) {
                param->name = (ChStr){item.data, (uint32_t)colon};
                param->type = ch_str_trim((ChStr){item.data + colon + 1, item.length - (uint32_t)colon - 1});
                param->tags = tags_of_type(param->type);
            }
            if (!param->is_optional && !check->has_rest) check->required = count;
        }
        if (end >= signature.length || signature.data[end] == ')') break;
        at = end + 1;
    }
    check->count = count;
    check->params = count ? ch_alloc_copy(params, count * sizeof *params) : NULL;
}

// ---- state -----------------------------------------------------------------------------------------------------------

static void state_free(void *pointer) {
    ChBuiltinState *state = pointer;
    for (uint32_t i = 0; i < ch_builtin_count; i++) ch_free(state->checks[i].params);
    ch_free(state->checks);
    ch_free(state->quick);
    ch_free(state->forbidden);
    ch__regex_cache_free(state->regexes);
    ch__state_file_free(state->store);
    ch__state_file_free(state->checkpoints);
    ch_release(state->kept);
    ch_buffer_release(&state->input);
    ch_buffer_release(&state->captured);
    ch_array_release(&state->log_spans);
    ch_free(state);
}

ChBuiltinState *ch__builtin_state(ChVm *vm) {
    ChHeap *heap = ch_heap_of(vm);
    if (!heap->builtin_state) {
        ChBuiltinState *state = ch_alloc_zero(1, sizeof *state);
        state->checks = ch_alloc_zero(ch_builtin_count, sizeof *state->checks);
        state->quick = ch_alloc_zero(ch_builtin_count, sizeof *state->quick);
        // Fits no call until a check has filled it: a call without arguments is at least as many as 0 and at most 0.
        for (uint32_t i = 0; i < ch_builtin_count; i++) state->quick[i].least = 1;
        heap->builtin_quick = state->quick;
        if (vm->host) state->start_ms = vm->host->monotonic_ms(vm->host->ud);
        heap->builtin_state = state;
        heap->builtin_state_free = state_free;
    }
    return heap->builtin_state;
}

// ---- calls -----------------------------------------------------------------------------------------------------------

static ChFlow throw_arity(ChVm *vm, const char *name, const ChBuiltinCheck *check, uint32_t argc) {
    if (check->has_rest)
        return ch_throw_kind(vm, CH_ERROR_ARITY, "'%s' expects at least %u argument%s, got %u", name,
                             check->required, check->required == 1 ? "" : "s", argc);
    if (check->required == check->count)
        return ch_throw_kind(vm, CH_ERROR_ARITY, "'%s' expects %u argument%s, got %u", name,
                             check->count, check->count == 1 ? "" : "s", argc);
    return ch_throw_kind(vm, CH_ERROR_ARITY, "'%s' expects %u..=%u arguments, got %u", name,
                         check->required, check->count, argc);
}

// Fills what the loop looks at instead; rows with more parameters always come here.
static void quick_make(ChBuiltinQuick *quick, const ChBuiltinCheck *check) {
    if (check->has_rest || check->count > CH_QUICK_PARAMS) {
        quick->least = 1; // more than most: never
        return;
    }
    for (uint32_t i = 0; i < check->count; i++)
        quick->tags[i] = check->params[i].tags | (check->params[i].is_optional ? 1ull << CH_TAG_NIL : 0);
    quick->least = (uint8_t)check->required;
    quick->most = (uint8_t)check->count;
}

static ChFlow check_args(ChVm *vm, uint32_t index, const ChValue *args, uint32_t argc) {
    const ChBuiltinRow *row = &ch_builtin_rows[index];
    ChBuiltinState *state = ch__builtin_state(vm);
    ChBuiltinCheck *check = &state->checks[index];
    // A forbidden row never becomes quick: every call of it comes here.
    if (state->forbidden && state->forbidden[index] && ch__policy_check(vm, index) != CH_OK) return CH_THROW;
    if (!check->is_made) {
        check_make(check, ch_str_of(row->signature));
        if (!state->forbidden || !state->forbidden[index]) quick_make(&state->quick[index], check);
    }
    if (argc < check->required || (argc > check->count && !check->has_rest))
        return throw_arity(vm, row->name, check, argc);
    for (uint32_t i = 0; i < argc; i++) {
        const ParamCheck *param = &check->params[i < check->count ? i : check->count - 1];
        if (param->tags >> args[i].tag & 1) continue;
        if (param->is_optional && ch_is_nil(args[i])) continue;
        return ch_throw_kind(vm, CH_ERROR_ARGUMENT_TYPE, "'%s' parameter `%.*s` expects %.*s, got %s",
                             row->name, CH_STR_ARG(param->name), CH_STR_ARG(param->type), ch_type_name(args[i]));
    }
    return CH_OK;
}

ChFlow ch_builtin_check(ChVm *vm, uint32_t index, const ChValue *args, uint32_t argc) {
    return ch_builtin_rows[index].type == CH_ROW_FUNCTION ? check_args(vm, index, args, argc) : CH_OK;
}

ChFlow ch_builtin_call(ChVm *vm, uint32_t index, ChValue *args, uint32_t argc, ChValue *result) {
    if (ch_builtin_rows[index].type == CH_ROW_FUNCTION && check_args(vm, index, args, argc) != CH_OK) return CH_THROW;
    return ch_builtin_functions[index](vm, args, argc, result);
}

// ---- helpers -----------------------------------------------------------------------------------------------------------

ChFlow ch__give_buffer(ChValue *result, ChBuffer *take_buffer) {
    *result = ch_str_value(take_buffer->data, take_buffer->length);
    ch_buffer_release(take_buffer);
    return CH_OK;
}

ChFlow ch__give_buffer_checked(ChVm *vm, const char *who, ChValue *result, ChBuffer *take_buffer) {
    if (take_buffer->length > CH_STRING_MAX) {
        size_t length = take_buffer->length;
        ch_buffer_release(take_buffer);
        return ch__check_string_size(vm, who, length);
    }
    return ch__give_buffer(result, take_buffer);
}

ChString *ch__arg_display(const ChValue *args, uint32_t argc, uint32_t index) {
    return index < argc ? ch_display_string(args[index]) : ch_string_new(NULL, 0);
}

ChFlow ch__check_string_size(ChVm *vm, const char *who, uint64_t bytes) {
    if (bytes <= CH_STRING_MAX) return CH_OK;
    return ch_throw_runtime(vm, "%s: a string of %" PRIu64 " bytes is too large (limit %u)", who, bytes, CH_STRING_MAX);
}

ChFlow ch__check_list_size(ChVm *vm, const char *who, uint64_t items) {
    if (items <= CH_LIST_MAX) return CH_OK;
    return ch_throw_runtime(vm, "%s: a list of %" PRIu64 " items is too large (limit %u)", who, items, CH_LIST_MAX);
}
