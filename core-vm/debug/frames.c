// Views of tasks, frames, scopes and variables. Nothing here changes the program but ch_debugger_set_variable and
// ch_debugger_restart_frame.
#include <string.h>

#include "debug/debug_int.h"

ChTask *ch__debugger_find_task(const ChDebugger *debugger, uint32_t id) {
    for (ChTask *task = debugger->vm->tasks_first; task; task = task->next_all) {
        if (task->id == id) return task;
    }
    return NULL;
}

bool ch__proto_is_runtime(const ChProto *proto, const ChModule *module) {
    return (proto->flags & (CH_PROTO_PRELUDE | CH_PROTO_STEP)) || (module->path.length > 0 && module->path.data[0] == '<');
}

static void fill_task(const ChDebugger *debugger, const ChTask *task, ChTaskInfo *out) {
    *out = (ChTaskInfo){.id = task->id, .parent = task->parent ? task->parent->id : 0};
    out->name = task->parent ? ch_str_of(task->label) : CH_STR("main");
    out->state = task->state == CH_TASK_WAITING   ? CH_STR("waiting")
                 : task == debugger->vm->task ? CH_STR("running")
                                              : CH_STR("ready");
}

uint32_t ch_debugger_tasks(const ChDebugger *debugger, ChTaskInfo *out, uint32_t capacity) {
    uint32_t count = 0;
    for (ChTask *task = debugger->is_started ? debugger->vm->tasks_first : NULL; task; task = task->next_all) {
        if (count < capacity) fill_task(debugger, task, &out[count]);
        count++;
    }
    return count;
}

bool ch_debugger_task(const ChDebugger *debugger, uint32_t id, ChTaskInfo *out) {
    const ChTask *task = debugger->is_started ? ch__debugger_find_task(debugger, id) : NULL;
    if (task) fill_task(debugger, task, out);
    return task != NULL;
}

static ChFrame *frame_at(const ChDebugger *debugger, uint32_t task_id, uint32_t level, ChFiber **fiber) {
    ChTask *task = ch__debugger_find_task(debugger, task_id);
    if (!task || level >= ch_task_frame_count(task)) return NULL;
    return ch_task_frame(task, level, fiber);
}

uint32_t ch_debugger_frame_count(const ChDebugger *debugger, uint32_t task_id) {
    ChTask *task = ch__debugger_find_task(debugger, task_id);
    return task ? ch_task_frame_count(task) : 0;
}

static ChStr frame_name(const ChProto *proto) {
    if (proto->name.length > 0) return proto->name;
    return proto->flags & CH_PROTO_TOPLEVEL ? CH_STR("pipeline") : CH_STR("<closure>");
}

bool ch_debugger_frame(const ChDebugger *debugger, uint32_t task, uint32_t level, ChFrameInfo *out) {
    ChFiber *fiber;
    const ChFrame *frame = frame_at(debugger, task, level, &fiber);
    if (!frame) return false;
    const ChProto *proto = frame->closure->proto;
    const ChModule *module = frame->closure->module;
    uint32_t pc = ch_frame_pc(fiber, frame);
    const ChLineEntry *entry = ch_proto_statement(proto, pc);
    if (!entry) entry = ch_proto_line(proto, pc);
    *out = (ChFrameInfo){.name = frame_name(proto),
                         .pc = pc,
                         .address = ch__address_of(debugger, module, proto, pc),
                         .is_runtime = ch__proto_is_runtime(proto, module)};
    if (!out->is_runtime) out->path = module->path;
    if (entry) {
        out->line = entry->line;
        out->column = entry->column;
    }
    out->can_restart = (frame->flags & CH_FRAME_KEEP) && fiber == ch__debugger_find_task(debugger, task)->fiber;
    out->is_generator = fiber->generator != NULL && frame == fiber->frames;
    return true;
}

// ---- scopes -----------------------------------------------------------------------------------------------------

static bool is_in_scope(const ChLocalName *local, uint32_t pc) {
    return !local->is_hidden && local->start <= pc && pc < local->end;
}

// A name that is shadowed by a later declaration of the same name is not shown.
static bool is_shadowed(const ChProto *proto, uint32_t index, uint32_t pc) {
    for (uint32_t i = index + 1; i < proto->local_count; i++) {
        if (is_in_scope(&proto->locals[i], pc) && ch_str_equal(proto->locals[i].name, proto->locals[index].name)) {
            return true;
        }
    }
    return false;
}

typedef struct Walk {
    uint32_t wanted; // index of the variable that is asked for
    uint32_t seen;
    ChVariableView *out;
} Walk;

// True: this was the wanted one.
static bool visit(Walk *walk, ChStr name, ChValue value, bool is_mutable) {
    if (walk->seen++ != walk->wanted || !walk->out) return false;
    *walk->out = (ChVariableView){name, value, is_mutable};
    return true;
}

static bool walk_locals(const ChFiber *fiber, const ChFrame *frame, Walk *walk) {
    const ChProto *proto = frame->closure->proto;
    uint32_t pc = ch_frame_pc(fiber, frame);
    for (uint32_t i = 0; i < proto->local_count; i++) {
        const ChLocalName *local = &proto->locals[i];
        if (!is_in_scope(local, pc) || is_shadowed(proto, i, pc)) continue;
        if (visit(walk, local->name, frame->base[local->reg], local->is_mutable)) return true;
    }
    return false;
}

static bool walk_captured(const ChFrame *frame, Walk *walk) {
    const ChProto *proto = frame->closure->proto;
    for (uint32_t i = 0; i < frame->closure->capture_count && i < proto->capture_count; i++) {
        if (visit(walk, proto->captures[i].name, frame->closure->captures[i], false)) return true;
    }
    for (uint32_t i = 0; i < proto->known_name_count; i++) {
        const ChKnownName *known = &proto->known_names[i];
        if (visit(walk, known->name, proto->linked->constants[known->constant], false)) return true;
    }
    return false;
}

static bool walk_module(const ChFrame *frame, Walk *walk) {
    const ChModule *module = frame->closure->module;
    for (uint32_t i = 0; i < module->chunk->slot_count; i++) {
        const ChModuleSlot *slot = &module->chunk->slots[i];
        if (slot->is_function || module->slots[i].tag == CH_TAG_ABSENT || slot->name.length == 0) continue;
        if (visit(walk, slot->name, module->slots[i], slot->is_mutable)) return true;
    }
    return false;
}

static bool walk_error(const ChDebugger *debugger, Walk *walk) {
    if (!debugger->is_stopped || debugger->stop.reason != CH_STOP_EXCEPTION) return false;
    const ChError *error = ch_vm_pending_error(debugger->vm);
    return error && visit(walk, CH_STR("error"), error->value, false);
}

static bool walk_scope(const ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, Walk *walk) {
    ChFiber *fiber;
    const ChFrame *frame = frame_at(debugger, task, level, &fiber);
    if (!frame) return false;
    switch (scope) {
    case CH_SCOPE_LOCALS: return walk_locals(fiber, frame, walk);
    case CH_SCOPE_CAPTURED: return walk_captured(frame, walk);
    case CH_SCOPE_MODULE: return walk_module(frame, walk);
    case CH_SCOPE_ERROR: return level == 0 && walk_error(debugger, walk);
    }
    return false;
}

uint32_t ch_debugger_variable_count(const ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope) {
    Walk walk = {0};
    walk_scope(debugger, task, level, scope, &walk);
    return walk.seen;
}

bool ch_debugger_variable(const ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, uint32_t index,
                          ChVariableView *out) {
    Walk walk = {.wanted = index, .out = out};
    return walk_scope(debugger, task, level, scope, &walk);
}

ChValue *ch__debugger_place(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, ChStr name,
                            bool *is_constant) {
    ChFiber *fiber;
    ChFrame *frame = frame_at(debugger, task, level, &fiber);
    *is_constant = false;
    if (!frame) return NULL;
    if (scope == CH_SCOPE_LOCALS) {
        const ChLocalName *local;
        ChValue *place = ch_frame_local(fiber, frame, name, &local);
        *is_constant = place && local->is_constant;
        return place;
    }
    if (scope == CH_SCOPE_CAPTURED) {
        const ChProto *proto = frame->closure->proto;
        for (uint32_t i = 0; i < frame->closure->capture_count; i++) {
            if (ch_str_equal(proto->captures[i].name, name)) return &frame->closure->captures[i];
        }
        for (uint32_t i = 0; i < proto->known_name_count; i++) {
            if (ch_str_equal(proto->known_names[i].name, name)) *is_constant = true;
        }
    }
    if (scope == CH_SCOPE_MODULE) {
        int32_t slot = ch_module_slot(frame->closure->module, name);
        if (slot >= 0) return &frame->closure->module->slots[slot];
    }
    return NULL;
}

bool ch_debugger_set_variable(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, ChStr name,
                              ChValue take_value, ChBuffer *why) {
    bool is_constant;
    ChValue *place = ch__debugger_place(debugger, task, level, scope, name, &is_constant);
    if (is_constant) {
        ch_buffer_printf(why, "setVariable: '%.*s' is a constant whose value is part of the code; declare it with `var` "
                              "to change it here", CH_STR_ARG(name));
        ch_release(take_value);
        return false;
    }
    if (!place) {
        ch_buffer_printf(why, "setVariable: '%.*s' is not in the current scope", CH_STR_ARG(name));
        ch_release(take_value);
        return false;
    }
    ch_assign_take(place, take_value);
    return true;
}

bool ch_debugger_restart_frame(ChDebugger *debugger, uint32_t task_id, uint32_t level, ChBuffer *why) {
    ChTask *task = ch__debugger_find_task(debugger, task_id);
    if (!task) {
        ch_buffer_add_text(why, "restartFrame: there is no such task");
        return false;
    }
    return ch_frame_restart(debugger->vm, task, level, why);
}
