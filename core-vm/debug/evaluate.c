// Expressions in a frame: compiled once per place as a function whose parameters are the names that the frame sees,
// then called on top of the stopped task. A pure evaluation runs in single steps and is refused at the first
// instruction that would act on the world or on shared state.
#include <string.h>

#include "compile/compile.h"
#include "debug/debug_int.h"
#include "syntax/syntax.h"

#define FORBIDDEN_EFFECTS (~(uint32_t)(CH_EFFECT_CLOCK | CH_EFFECT_RANDOM | CH_EFFECT_READ_FILES | CH_EFFECT_ENVIRONMENT))

// Names and values that the frame sees, innermost last (later ones hide earlier ones of the same name).
typedef struct Sight {
    CH_ARRAY_OF(ChStr) names;
    CH_ARRAY_OF(ChValue) values; // borrowed
} Sight;

static void see_scope(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, Sight *sight) {
    ChVariableView view;
    for (uint32_t i = 0; ch_debugger_variable(debugger, task, level, scope, i, &view); i++) {
        ch_array_push(&sight->names, view.name);
        ch_array_push(&sight->values, view.value);
    }
}

static ChClosure *compile(ChDebugger *debugger, const ChFrame *frame, ChStr expression, const Sight *sight,
                          ChBuffer *why) {
    ChSourceError error = {0};
    ChSource *source = ch_source_new(CH_STR("<evaluate>"), expression, &error);
    if (!source) {
        ch_buffer_printf(why, "evaluate: %.*s", (int)error.message.length, error.message.data);
        ch_source_error_release(&error);
        return NULL;
    }
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChCompileOptions options = {.kind = CH_COMPILE_EVAL,
                                .names = sight->names.items,
                                .name_count = sight->names.count,
                                .module = frame->closure->module->chunk};
    ChClosure *closure = NULL;
    ChChunk *chunk = NULL;
    if (tree->diagnostics.count > 0) {
        ch_buffer_printf(why, "evaluate: parse error: %.*s", CH_STR_ARG(tree->diagnostics.items[0]->message));
    } else if (!(chunk = ch_compile(tree, &options, &diagnostics))) {
        ch_buffer_printf(why, "evaluate: compile error: %.*s",
                         CH_STR_ARG(diagnostics.count ? diagnostics.items[0]->message : CH_STR("unknown")));
    } else {
        closure = ch_vm_link_evaluation(debugger->vm, chunk, frame->closure->module, source);
    }
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return closure;
}

// Compiled expressions are kept per place and text: conditions are asked for again and again.
static ChClosure *compiled(ChDebugger *debugger, const ChFiber *fiber, const ChFrame *frame, ChStr expression,
                           const Sight *sight, ChBuffer *why) {
    ChBuffer key = {0};
    ch_buffer_printf(&key, "%p %u ", (const void *)frame->closure->proto, ch_frame_pc(fiber, frame));
    ch_buffer_add_str(&key, expression);
    ChClosure *closure = ch_map_get_pointer(&debugger->expressions, ch_buffer_view(&key));
    if (!closure && (closure = compile(debugger, frame, expression, sight, why))) {
        ch_map_set_pointer(&debugger->expressions, ch_str_copy(&debugger->arena, ch_buffer_view(&key)), closure);
    }
    ch_buffer_release(&key);
    return closure;
}

// ---- purity -------------------------------------------------------------------------------------------------------

static bool row_acts(int32_t row) {
    return row >= 0 && (ch_builtin_rows[row].effects & FORBIDDEN_EFFECTS) != 0;
}

bool ch__evaluate_is_pure(ChDebugger *debugger, const ChTask *task) {
    ChFiber *fiber;
    const ChFrame *frame = ch_task_frame(task, 0, &fiber);
    const ChProto *proto = frame->closure->proto;
    uint32_t pc = ch_frame_pc(fiber, frame);
    ChInstr instr = ch_vm_instruction(debugger->vm, proto, pc);
    ChValue callee = frame->base[instr.a];
    switch (instr.op) {
    case CH_OP_CALL_BUILTIN: return !row_acts((int32_t)proto->code[pc + 1].word);
    case CH_OP_CALL:
    case CH_OP_PIPE: return callee.tag != CH_TAG_BUILTIN || !row_acts((int32_t)callee.as.index);
    case CH_OP_CALL_METHOD: {
        ChValue receiver = instr.x & CH_X_SELF ? frame->base[instr.c] : callee;
        ChValue name = frame->constants[(uint32_t)proto->code[pc + 1].word];
        return name.tag != CH_TAG_STRING || !row_acts(ch_method_find((int)receiver.tag, ch_string_view(name.as.string)));
    }
    case CH_OP_SET_MODULE:
    case CH_OP_SPAWN:
    case CH_OP_IMPORT:
    case CH_OP_DECLARE:
    case CH_OP_ENTER: return false;
    default: return true;
    }
}

// ---- evaluate -----------------------------------------------------------------------------------------------------

bool ch__evaluate(ChDebugger *debugger, ChTask *task, uint32_t level, ChStr expression, ChEvaluateMode mode,
                  int64_t instructions, ChValue *out, ChBuffer *why) {
    expression = ch_str_trim(expression);
    if (expression.length == 0) {
        ch_buffer_add_text(why, "evaluate: empty expression");
        return false;
    }
    if (!task || level >= ch_task_frame_count(task)) {
        ch_buffer_add_text(why, "evaluate: there is no such frame");
        return false;
    }
    ChFiber *fiber;
    const ChFrame *frame = ch_task_frame(task, level, &fiber);
    Sight sight = {0};
    see_scope(debugger, task->id, level, CH_SCOPE_CAPTURED, &sight);
    see_scope(debugger, task->id, level, CH_SCOPE_LOCALS, &sight);
    ChClosure *closure = compiled(debugger, fiber, frame, expression, &sight, why);
    bool is_good = false;
    if (closure) {
        bool was_stepping = debugger->vm->is_stepping;
        ChPending pending = debugger->pending;
        debugger->evaluation = mode == CH_EVALUATE_PURE ? CH_EVALUATION_PURE : CH_EVALUATION_FULL;
        debugger->evaluation_refused = false;
        ch_vm_set_stepping(debugger->vm, mode == CH_EVALUATE_PURE);
        is_good = ch_vm_call_in_task(debugger->vm, task, closure, sight.values.items, sight.values.count, instructions,
                                     out, why);
        ch_vm_set_stepping(debugger->vm, was_stepping);
        debugger->evaluation = CH_EVALUATION_NONE;
        debugger->pending = pending;
        if (debugger->evaluation_refused) {
            if (is_good) ch_release(*out);
            is_good = false;
            ch_buffer_clear(why);
            ch_buffer_add_text(why, "not evaluated: has side effects");
        }
    }
    ch_array_release(&sight.names);
    ch_array_release(&sight.values);
    return is_good;
}

bool ch_debugger_evaluate(ChDebugger *debugger, uint32_t task, uint32_t level, ChStr expression, ChEvaluateMode mode,
                          ChValue *out, ChBuffer *why) {
    int64_t budget =
        mode == CH_EVALUATE_PURE ? CH_DEBUG_EVALUATE_PURE_INSTRUCTIONS : CH_DEBUG_EVALUATE_FULL_INSTRUCTIONS;
    return ch__evaluate(debugger, ch__debugger_find_task(debugger, task), level, expression, mode, budget, out, why);
}
