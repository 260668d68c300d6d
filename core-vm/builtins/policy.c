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

static bool is_core(const char *name) {
    for (size_t i = 0; i < sizeof core / sizeof core[0]; i++)
        if (strcmp(name, core[i]) == 0) return true;
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

void ch_builtin_policy(ChVm *vm, ChPolicyMode mode, ChStr names) {
    ChBuiltinState *state = ch__builtin_state(vm);
    if (!state->forbidden) state->forbidden = ch_alloc_zero(ch_builtin_count, sizeof *state->forbidden);
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if (row->type != CH_ROW_FUNCTION) continue;
        bool listed = is_listed(names, row->name);
        if (mode == CH_POLICY_DENY ? !listed : listed || is_core(row->name)) continue;
        state->forbidden[i] = mode == CH_POLICY_ALLOW && !(row->effects & ~INSIDE) ? CH_FORBIDDEN_PROGRAM : CH_FORBIDDEN_ALL;
        state->quick[i] = (ChBuiltinQuick){.least = 1}; // fits no call: each is checked
    }
}

// The function that calls is the runtime's own.
static bool is_called_by_runtime(ChVm *vm) {
    ChFiber *fiber = vm->task ? vm->task->fiber : NULL;
    return fiber && fiber->top && fiber->top->closure->module && ch__is_prelude(fiber->top->closure->module);
}

ChFlow ch__policy_check(ChVm *vm, uint32_t row) {
    if (ch__builtin_state(vm)->forbidden[row] == CH_FORBIDDEN_PROGRAM && is_called_by_runtime(vm)) return CH_OK;
    return ch_throw_categorized(vm, "tool_rejected", "Tool '%s' is not permitted.", ch_builtin_rows[row].name);
}
