// Fibers: a stack of registers and a stack of frames that can be suspended as a whole.
//
// Both grow by copying. Frames point into the register stack, so growth moves their bases along; the loop reloads its
// own pointers afterwards. A frame's registers begin inside its caller's window: nothing is copied by a call.
#include <string.h>

#include "base/alloc.h"
#include "vm/vm_int.h"

#include "base/banned.h"

ChFiber *ch__fiber_new(uint32_t slots, uint32_t frames) {
    ChFiber *fiber = ch_alloc_zero(1, sizeof *fiber);
    fiber->stack = ch_alloc_zero(slots, sizeof *fiber->stack);
    fiber->stack_end = fiber->stack + slots;
    fiber->frames = ch_alloc_zero(frames, sizeof *fiber->frames);
    fiber->frame_capacity = frames;
    fiber->frames_end = fiber->frames + frames;
    return fiber;
}

void ch__snapshot_free(ChFrameSnapshot *snapshot) {
    if (!snapshot) return;
    ch__slots_clear(snapshot->values, snapshot->values + snapshot->count);
    ch_free(snapshot);
}

void ch__frame_drop(ChFiber *fiber) {
    ChFrame *frame = fiber->top;
    fiber->top = frame == fiber->frames ? NULL : frame - 1;
    if (frame->flags & CH_FRAME_KEEP) ch__snapshot_free(frame->initial);
    if (!frame->closure) return; // taken by a visitor that frees: see ch__fiber_trace
    ch__slots_clear(frame->base, frame->base + frame->closure->proto->register_count);
    ch__closure_unref(frame->closure);
}

void ch__fiber_free(ChFiber *fiber) {
    while (fiber->top) ch__frame_drop(fiber);
    ch_free(fiber->stack);
    ch_free(fiber->frames);
    ch_free(fiber);
}

void ch__fiber_trace(ChFiber *fiber, void (*visit)(ChValue *slot, void *ud), void *ud) {
    if (!fiber->top) return;
    const ChFrame *top = fiber->top;
    ChValue *end = top->base + top->closure->proto->register_count;
    for (ChValue *slot = fiber->stack; slot < end; slot++)
        if (ch_is_heap(*slot)) visit(slot, ud);
    for (ChFrame *frame = fiber->frames; frame <= top; frame++) {
        ChValue closure = ch_object(frame->closure);
        visit(&closure, ud);
        // Whoever frees takes what it is shown; then the frame has no closure any more.
        if (ch_is_nil(closure)) frame->closure = NULL;
        for (uint32_t i = 0; frame->flags & CH_FRAME_KEEP && frame->initial && i < frame->initial->count; i++)
            if (ch_is_heap(frame->initial->values[i])) visit(&frame->initial->values[i], ud);
    }
}

void ch__fiber_limit(ChVm *vm, ChFiber *fiber) {
    fiber->frames_end = vm->keeps_frames ? fiber->frames : fiber->frames + fiber->frame_capacity;
}

static void stack_grow(ChFiber *fiber, size_t wanted) {
    size_t capacity = (size_t)(fiber->stack_end - fiber->stack), used = capacity;
    while (capacity < wanted) capacity *= 2;
    ChValue *old = fiber->stack;
    ChValue *stack = ch_realloc_array(NULL, capacity, sizeof *stack);
    memcpy(stack, old, used * sizeof *stack);
    memset(stack + used, 0, (capacity - used) * sizeof *stack);
    for (ChFrame *frame = fiber->frames; fiber->top && frame <= fiber->top; frame++)
        frame->base = stack + (frame->base - old);
    ch_free(old);
    fiber->stack = stack;
    fiber->stack_end = stack + capacity;
}

bool ch__stack_reserve(ChVm *vm, ChFiber *fiber, ChValue **at, uint32_t slots) {
    size_t offset = (size_t)(*at - fiber->stack);
    if (*at + slots <= fiber->stack_end) {
#ifdef CH_HARD
        stack_grow(fiber, (size_t)(fiber->stack_end - fiber->stack));
        *at = fiber->stack + offset;
#endif
        return true;
    }
    if (offset + slots > CH_STACK_SLOTS_MAX) {
        ch_throw_error(vm, CH_ERROR_STACK, CH_NIL);
        return false;
    }
    stack_grow(fiber, offset + slots);
    *at = fiber->stack + offset;
    return true;
}

void ch_frame_keep(ChFrame *frame) {
    if (frame->flags & CH_FRAME_KEEP) return;
    uint32_t params = frame->closure->proto->param_count;
    ChFrameSnapshot *initial = ch_alloc(sizeof *initial + params * sizeof initial->values[0]);
    initial->count = params;
    for (uint32_t i = 0; i < params; i++) initial->values[i] = ch_retain(frame->base[i]);
    frame->initial = initial;
    frame->flags |= CH_FRAME_KEEP;
}

bool ch__frame_push(ChVm *vm, ChFiber *fiber, ChClosure *take_closure, ChValue *window, uint32_t argc, uint16_t dst,
                    uint32_t flags) {
    const ChProto *proto = take_closure->proto;
    uint32_t count = fiber->top ? (uint32_t)(fiber->top - fiber->frames) + 1 : 0;
    if (fiber->depth + count >= vm->frames_max) {
        ch_throw_error(vm, CH_ERROR_STACK, CH_NIL);
        ch__closure_unref(take_closure);
        return false;
    }
    if (!ch__stack_reserve(vm, fiber, &window, proto->register_count)) {
        ch__closure_unref(take_closure);
        return false;
    }
    if (count == fiber->frame_capacity) {
        uint32_t capacity = count * 2;
        if (capacity > vm->frames_max - fiber->depth) capacity = vm->frames_max - fiber->depth;
        fiber->frames = ch_realloc_array(fiber->frames, capacity, sizeof *fiber->frames);
        fiber->frame_capacity = capacity;
    }
    ch__fiber_limit(vm, fiber);
    ChFrame *frame = fiber->frames + count;
    fiber->top = frame;
    *frame = (ChFrame){.pc = proto->code,
                       .closure = take_closure,
                       .base = window,
                       .constants = proto->linked->constants,
                       .dst = dst,
                       .argc = (uint16_t)argc,
                       .flags = flags};
    if (vm->keeps_frames) ch_frame_keep(frame);
    return true;
}

// ---- generators --------------------------------------------------------------------------------------------------

static void generator_free(void *self) {
    ChGenerator *generator = self;
    if (generator->fiber) ch__fiber_free(generator->fiber);
    generator->fiber = NULL;
}

static void generator_trace(void *self, void (*visit)(ChValue *slot, void *ud), void *ud) {
    ChGenerator *generator = self;
    if (generator->fiber) ch__fiber_trace(generator->fiber, visit, ud);
}

static const ChHandleClass generator_class = {.free = generator_free, .trace = generator_trace};

ChGenerator *ch__generator_new(ChVm *vm, ChClosure *take_closure, ChValue *window, uint32_t argc) {
    const ChProto *proto = take_closure->proto;
    uint32_t params = proto->param_count;
    ChGenerator *generator = ch_object_alloc(
        proto->flags & CH_PROTO_STREAM ? CH_TAG_STREAM : CH_TAG_GENERATOR, sizeof *generator);
    generator->handle.class = &generator_class;
    generator->is_running = false;
    ChFiber *fiber = ch__fiber_new((uint32_t)proto->register_count + 8, 2);
    for (uint32_t i = 0; i < params; i++) fiber->stack[i] = ch_take(&window[i]);
    generator->fiber = fiber;
    fiber->generator = generator;
    // The depth counts when it is resumed; one frame always fits.
    ch__frame_push(vm, fiber, take_closure, fiber->stack, argc, 0, CH_FRAME_BOTTOM);
    return generator;
}

bool ch__generator_resume(ChVm *vm, ChTask *task, ChGenerator *generator, const ChInstr *item_pc,
                          const ChInstr *end_pc, uint16_t item_dst) {
    ChFiber *fiber = generator->fiber, *consumer = task->fiber;
    if (generator->is_running) {
        ch_throw_runtime(vm, "generator is already running");
        return false;
    }
    fiber->depth = consumer->depth + (uint32_t)(consumer->top - consumer->frames) + 1;
    if (fiber->depth >= vm->frames_max) {
        ch_throw_error(vm, CH_ERROR_STACK, CH_NIL);
        return false;
    }
    ch__fiber_limit(vm, fiber);
    fiber->consumer = consumer;
    fiber->item_pc = item_pc;
    fiber->end_pc = end_pc;
    fiber->item_dst = item_dst;
    generator->is_running = true;
    if (fiber->status == CH_FIBER_SUSPENDED) ch_assign_take(&fiber->top->base[fiber->resume_dst], CH_NIL);
    fiber->status = CH_FIBER_RUNNING;
    // It must outlive its own running even when the program drops it meanwhile.
    generator->handle.head.refs++;
    task->fiber = fiber;
    return true;
}

void ch__generator_yield(ChTask *task, ChValue take_value) {
    ChFiber *fiber = task->fiber, *consumer = fiber->consumer;
    ChGenerator *generator = fiber->generator;
    ChFrame *frame = consumer->top;
    fiber->status = CH_FIBER_SUSPENDED;
    fiber->consumer = NULL;
    generator->is_running = false;
    frame->pc = fiber->item_pc;
    task->fiber = consumer;
    ch_assign_take(&frame->base[fiber->item_dst], take_value);
    ch_release(ch_object(generator));
}

void ch__generator_end(ChTask *task) {
    ChFiber *fiber = task->fiber, *consumer = fiber->consumer;
    ChGenerator *generator = fiber->generator;
    if (consumer->top) consumer->top->pc = fiber->end_pc;
    generator->is_running = false;
    generator->fiber = NULL;
    task->fiber = consumer;
    ch__fiber_free(fiber);
    ch_release(ch_object(generator));
}

// ---- frames for whoever looks at a task ---------------------------------------------------------------------------

uint32_t ch_task_frame_count(const ChTask *task) {
    uint32_t count = 0;
    for (const ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer)
        if (fiber->top) count += (uint32_t)(fiber->top - fiber->frames) + 1;
    return count;
}

ChFrame *ch_task_frame(const ChTask *task, uint32_t level, ChFiber **out) {
    for (ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer) {
        uint32_t count = fiber->top ? (uint32_t)(fiber->top - fiber->frames) + 1 : 0;
        if (level < count) {
            if (out) *out = fiber;
            return fiber->top - level;
        }
        level -= count;
    }
    return NULL;
}

uint32_t ch_frame_pc(const ChFiber *fiber, const ChFrame *frame) {
    const ChProto *proto = frame->closure->proto;
    ptrdiff_t pc = frame->pc - proto->code;
    if (pc > 0 && !(frame == fiber->top && fiber->is_before)) pc--;
    return (uint32_t)pc;
}

const ChLineEntry *ch_frame_line(const ChFiber *fiber, const ChFrame *frame) {
    return ch_proto_line(frame->closure->proto, ch_frame_pc(fiber, frame));
}

ChValue *ch_frame_local(const ChFiber *fiber, const ChFrame *frame, ChStr name, const ChLocalName **local) {
    const ChProto *proto = frame->closure->proto;
    uint32_t pc = ch_frame_pc(fiber, frame);
    for (uint32_t i = proto->local_count; i-- > 0;) {
        const ChLocalName *row = &proto->locals[i];
        if (pc < row->start || pc >= row->end || !ch_str_equal(row->name, name)) continue;
        if (local) *local = row;
        return &frame->base[row->reg];
    }
    return NULL;
}

static bool is_shown(const ChFrame *frame) { return !(frame->closure->proto->flags & (CH_PROTO_PRELUDE | CH_PROTO_STEP)); }

ChTrace *ch_vm_capture_stack_trace(ChVm *vm, ChTask *task) {
    uint32_t count = 0, total = ch_task_frame_count(task);
    for (const ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer)
        for (const ChFrame *frame = fiber->top; frame && frame >= fiber->frames; frame--)
            if (is_shown(frame)) count++;
    ChTrace *trace = ch_alloc(sizeof *trace + count * sizeof trace->entries[0]);
    trace->refs = 1;
    trace->count = count;
    uint32_t at = count;
    for (const ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer) {
        for (const ChFrame *frame = fiber->top; frame && frame >= fiber->frames; frame--) {
            total--;
            if (!is_shown(frame)) continue;
            const ChProto *proto = frame->closure->proto;
            const ChLineEntry *line = ch_frame_line(fiber, frame);
            ChString *file = proto->linked->file;
            // The program's own frame has no name in traces, whatever its pipeline is called.
            bool is_named = proto->name.length && !(proto->flags & CH_PROTO_PIPELINE);
            ChString *name = is_named ? proto->linked->name : NULL;
            // A task's body has no name of its own: it is shown by what started it.
            if (total == 0 && task->label && !name) name = ch_intern(vm, task->label, strlen(task->label));
            if (name) name->head.refs++;
            if (file) file->head.refs++;
            trace->entries[--at] = (ChTraceEntry){.function = name,
                                                  .file = file,
                                                  .source = proto->linked->source,
                                                  .line = line ? line->line : 0,
                                                  .column = line ? line->column : 0};
        }
    }
    return trace;
}

void ch_trace_unref(ChTrace *trace) {
    if (!trace || --trace->refs) return;
    for (uint32_t i = 0; i < trace->count; i++) {
        if (trace->entries[i].function) ch_release(ch_object(trace->entries[i].function));
        if (trace->entries[i].file) ch_release(ch_object(trace->entries[i].file));
    }
    ch_free(trace);
}
