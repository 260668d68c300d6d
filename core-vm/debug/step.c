// Stepping. A step over or out plants temporary breakpoints on the statements of every function that is on the stack
// (an error may end up in any of them) and on the places where their calls return, and lets the program run at full
// speed; whoever else comes by (another task, a deeper call) is waved on. A step in uses the single-step dispatch,
// because it may come out anywhere.
#include "debug/debug_int.h"

static void plant(ChDebugger *debugger, const ChProto *proto, uint32_t pc) {
    ch_vm_break_set(debugger->vm, proto, pc);
    ch_array_push(&debugger->step.sites, (ChSite){proto, pc});
}

static void plant_statements(ChDebugger *debugger, const ChProto *proto) {
    for (uint32_t i = 0; i < proto->line_count; i++) {
        if (proto->lines[i].statement) plant(debugger, proto, proto->lines[i].pc);
    }
}

static bool is_planted(const ChSites *sites, const ChProto *proto) {
    for (uint32_t i = 0; i < sites->count; i++) {
        if (sites->items[i].proto == proto) return true;
    }
    return false;
}

static void plant_stack(ChDebugger *debugger, const ChTask *task) {
    uint32_t count = ch_task_frame_count(task);
    if (count > CH_DEBUG_STEP_FRAMES_MAX) count = CH_DEBUG_STEP_FRAMES_MAX;
    // Each function once; a set would pay only for stacks of very many different functions.
    for (uint32_t level = 0; level < count; level++) {
        ChFiber *fiber;
        const ChFrame *frame = ch_task_frame(task, level, &fiber);
        const ChProto *proto = frame->closure->proto;
        if (ch__proto_is_runtime(proto, frame->closure->module)) continue;
        bool is_first = !is_planted(&debugger->step.sites, proto);
        if (is_first && (level > 0 || debugger->step.kind != CH_STEP_OUT)) plant_statements(debugger, proto);
        if (level > 0) plant(debugger, proto, (uint32_t)(frame->pc - proto->code));
    }
}

void ch__stepping_update(ChDebugger *debugger) {
    const ChStep *step = &debugger->step;
    bool is_single = step->is_active && (step->kind == CH_STEP_IN || step->unit == CH_UNIT_INSTRUCTION);
    ch_vm_set_stepping(debugger->vm, is_single || debugger->watches.count > 0);
}

void ch__step_begin(ChDebugger *debugger) {
    ChStep *step = &debugger->step;
    ChTask *task = ch__debugger_find_task(debugger, step->task);
    step->is_active = true;
    step->depth = ch_task_frame_count(task);
    step->proto = NULL;
    step->line = 0;
    if (step->depth > 0) {
        ChFiber *fiber;
        const ChFrame *frame = ch_task_frame(task, 0, &fiber);
        step->proto = frame->closure->proto;
        const ChLineEntry *entry = ch_proto_statement(step->proto, ch_frame_pc(fiber, frame));
        if (!entry) entry = ch_frame_line(fiber, frame);
        step->line = entry ? entry->line : 0;
    }
    if (step->kind != CH_STEP_IN && step->unit != CH_UNIT_INSTRUCTION) plant_stack(debugger, task);
    ch__stepping_update(debugger);
}

void ch__step_end(ChDebugger *debugger) {
    ChStep *step = &debugger->step;
    if (!step->is_active) return;
    step->is_active = false;
    ch__stepping_update(debugger);
    for (uint32_t i = 0; i < step->sites.count; i++) {
        ch_vm_break_clear(debugger->vm, step->sites.items[i].proto, step->sites.items[i].pc);
    }
    ch_array_release(&step->sites);
}

bool ch__step_reached(ChDebugger *debugger, ChTask *task) {
    ChStep *step = &debugger->step;
    if (!step->is_active || task->id != step->task) return false;
    uint32_t depth = ch_task_frame_count(task);
    ChFiber *fiber;
    const ChFrame *frame = ch_task_frame(task, 0, &fiber);
    if (!frame) return false;
    const ChProto *proto = frame->closure->proto;
    if (step->unit == CH_UNIT_INSTRUCTION) {
        return step->kind == CH_STEP_IN || (step->kind == CH_STEP_OVER ? depth <= step->depth : depth < step->depth);
    }
    if (ch__proto_is_runtime(proto, frame->closure->module)) return false;
    uint32_t pc = ch_frame_pc(fiber, frame);
    const ChLineEntry *statement = ch_proto_statement(proto, pc);
    if (depth < step->depth) {
        // Back in a caller: in the middle of its statement, which is what a reader expects to see.
        return step->kind != CH_STEP_IN || ch_proto_line(proto, pc) != NULL;
    }
    if (step->kind == CH_STEP_OUT) return false;
    if (!statement) return false;
    if (step->kind == CH_STEP_OVER && depth > step->depth) return false;
    if (step->unit == CH_UNIT_STATEMENT) return true;
    return depth != step->depth || proto != step->proto || statement->line != step->line;
}
