// Which builtins a program may call. The policy is a mark per row, looked at where a call has found its row: whatever
// way led there (an alias, a pipe, an import, a closure, a task, a callback) ends at the same mark. Tasks share the VM
// and with it the marks, and nothing takes a mark away, so no program can widen what it was given.
#include "builtins/native.h"
#include "vm/vm_int.h"

#include "base/banned.h"

typedef enum ChForbidden {
    CH_FORBIDDEN_NOT,
    CH_FORBIDDEN_ALL,
    CH_FORBIDDEN_PROGRAM, // what the runtime's own Harn code needs to do its work, which reaches nothing outside
} ChForbidden;

// Effects that stay inside the machine.
#define INSIDE ((uint32_t)(CH_EFFECT_STATE | CH_EFFECT_WAITS | CH_EFFECT_CLOCK))

// Never forbidden: without them a program cannot even say what it found.
static const char *const core[] = {
    "println", "print", "log", "type_of", "to_string", "to_int", "to_float", "len", "assert", "assert_eq", "assert_ne",
    "json_parse", "json_stringify", "runtime_context", "task_current", "runtime_context_values", "runtime_context_get",
    "runtime_context_set", "runtime_context_clear",
};

// What the language's own statements are made of.
static const char *const language[] = {"__select_", "__parallel"};

// Expressions of the language that ask people: programs name them without the underscores.
static const char *const expressions[] = {"__ask_user", "__request_approval", "__dual_control", "__escalate_to"};

// The name that a program knows the row by.
static const char *known_as(const char *name) {
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++)
        if (strcmp(name, expressions[i]) == 0) return name + 2;
    return name;
}

static bool is_core(const char *name) {
    for (size_t i = 0; i < sizeof core / sizeof core[0]; i++)
        if (strcmp(name, core[i]) == 0) return true;
    for (size_t i = 0; i < sizeof language / sizeof language[0]; i++)
        if (strncmp(name, language[i], strlen(language[i])) == 0) return true;
    return false;
}

static bool is_listed(ChStr names, const char *name) {
    uint32_t start = 0;
    for (uint32_t i = 0; i <= names.length; i++) {
        if (i < names.length && names.data[i] != ',') continue;
        if (ch_str_is(ch_str_trim((ChStr){names.data + start, i - start}), name)) return true;
        start = i + 1;
    }
    return false;
}

// The names list the row, or the constant that it is an operation of: `event_log` stands for each `__event_log_…`.
static bool is_chosen(ChStr names, const char *name) {
    if (is_listed(names, known_as(name))) return true;
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if (row->type == CH_ROW_CONSTANT && strncmp(name, "__", 2) == 0 && strncmp(name + 2, row->name, row->name_length) == 0 &&
            name[2 + row->name_length] == '_' && is_listed(names, row->name))
            return true;
    }
    return false;
}

void ch_builtin_policy(ChVm *vm, ChPolicyMode mode, ChStr names) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->forbidden) state->forbidden = ch_alloc_zero(ch_builtin_count, sizeof *state->forbidden);
    // What is allowed is made of other builtins, which act in no other ways: the runtime's own code may call those.
    uint32_t effects = INSIDE;
    for (uint32_t i = 0; i < ch_builtin_count; i++)
        if (mode == CH_POLICY_ALLOW && is_chosen(names, ch_builtin_rows[i].name)) effects |= ch_builtin_rows[i].effects;
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if (row->type != CH_ROW_FUNCTION) continue;
        bool is_named = is_chosen(names, row->name);
        if (mode == CH_POLICY_DENY ? !is_named : is_named || is_core(row->name)) continue;
        state->forbidden[i] = mode == CH_POLICY_ALLOW && !(row->effects & ~effects) ? CH_FORBIDDEN_PROGRAM : CH_FORBIDDEN_ALL;
        state->quick[i] = (ChBuiltinQuick){.least = 1}; // fits no call: each is checked
    }
}

// The function that calls is the runtime's own.
static bool is_called_by_runtime(ChVm *vm) {
    ChFiber *fiber = vm->task ? vm->task->fiber : NULL;
    return fiber && fiber->top && fiber->top->closure->module && ch__is_prelude(fiber->top->closure->module);
}

// The call names the row. Else it calls a value, which may have come from the program: `paths.map(read_file)`.
static bool is_named_call(ChVm *vm, uint32_t row) {
    const ChFrame *frame = vm->task->fiber->top;
    const ChInstr *call = frame->pc - 2;
    return call >= frame->closure->proto->code && call->op == CH_OP_CALL_BUILTIN && call[1].word == row;
}

ChFlow ch__policy_check(ChVm *vm, uint32_t row) {
    if (ch__builtin_state(vm)->forbidden[row] == CH_FORBIDDEN_PROGRAM && is_called_by_runtime(vm) &&
        (!(ch_builtin_rows[row].effects & ~INSIDE) || is_named_call(vm, row)))
        return CH_OK;
    return ch_throw_categorized(vm, "tool_rejected", "Tool '%s' is not permitted.", known_as(ch_builtin_rows[row].name));
}
