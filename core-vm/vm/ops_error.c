// Unwinding: from the instruction that threw to the handler that takes the error.
//
// Handlers are tables beside the code, so a `try` that nothing throws in costs nothing. An error first looks for who
// will take it. If a `catch` of this task does, no trace is captured, for nobody could see it; otherwise the trace is
// captured now, before a frame is gone. Then frames are dropped up to the handler. A `finally` gets the whole error
// as a value and throws it on (RETHROW) with its trace.
#include <string.h>

#include "base/alloc.h"
#include "vm/vm_int.h"

#include "base/banned.h"

static void error_box_free(void *self) { ch_error_release(&((ChErrorBox *)self)->error); }

static void error_box_trace(void *self, void (*visit)(ChValue *slot, void *ud), void *ud) {
    visit(&((ChErrorBox *)self)->error.value, ud);
}

static const ChHandleClass error_class = {.type_name = "error", .free = error_box_free, .trace = error_box_trace};

static bool takes(const ChHandler *handler, const ChError *error, uint32_t pc) {
    if (pc < handler->start || pc >= handler->end) return false;
    if (handler->kind != CH_HANDLER_CATCH_TYPED) return true;
    return error->kind == CH_ERROR_THROWN && error->value.tag == CH_TAG_ENUM &&
           ch_str_equal(ch_string_view(error->value.as.variant->type->name), handler->type_name);
}

static const ChHandler *find_handler(const ChFiber *fiber, const ChFrame *frame, const ChError *error) {
    if (error->kind == CH_ERROR_EXIT) return NULL;
    const ChProto *proto = frame->closure->proto;
    if (!proto->handler_count) return NULL;
    uint32_t pc = ch_frame_pc(fiber, frame);
    for (uint32_t i = 0; i < proto->handler_count; i++)
        if (takes(&proto->handlers[i], error, pc)) return &proto->handlers[i];
    return NULL;
}

// Whether a `catch` takes the error, with no `finally` before it.
static bool is_caught(const ChTask *task, const ChError *error, bool *has_finally) {
    *has_finally = false;
    for (const ChFiber *fiber = task->fiber; fiber; fiber = fiber->consumer) {
        for (const ChFrame *frame = fiber->top; frame && frame >= fiber->frames; frame--) {
            const ChHandler *handler = find_handler(fiber, frame, error);
            if (!handler) continue;
            if (handler->kind != CH_HANDLER_FINALLY) return true;
            *has_finally = true;
            // Behind a `finally` of this frame, an outer handler of the same frame may still take it.
            const ChProto *proto = frame->closure->proto;
            uint32_t pc = ch_frame_pc(fiber, frame);
            for (const ChHandler *outer = handler + 1; outer < proto->handlers + proto->handler_count; outer++)
                if (outer->kind != CH_HANDLER_FINALLY && takes(outer, error, pc)) return true;
        }
    }
    return false;
}

static void drop_top_frame(ChFiber *fiber) {
    ChFrame *frame = fiber->top;
    if (frame->flags & CH_FRAME_MODULE) frame->closure->module->state = CH_MODULE_FAILED;
    ch__frame_drop(fiber);
}

static void enter_handler(ChVm *vm, ChFrame *frame, const ChHandler *handler) {
    const ChProto *proto = frame->closure->proto;
    ch__slots_clear(frame->base + handler->live, frame->base + proto->register_count);
    ChValue caught;
    if (handler->kind == CH_HANDLER_FINALLY) {
        ChErrorBox *box = ch_object_alloc(CH_TAG_ERROR, sizeof *box);
        box->handle.class = &error_class;
        box->error = vm->error;
        caught = ch_object(box);
    } else {
        caught = ch_error_caught_value(&vm->error);
        ch_error_release(&vm->error);
    }
    vm->error = (ChError){.value = CH_NIL};
    vm->has_error = false;
    ch_assign_take(&frame->base[handler->reg], caught);
    frame->pc = proto->code + handler->target;
}

ChUnwind ch__unwind(ChVm *vm, ChTask *task) {
    if (!task->is_unwinding && !vm->error.is_reported) {
        bool has_finally, will_be_caught = is_caught(task, &vm->error, &has_finally);
        if (!vm->error.trace && (!will_be_caught || has_finally))
            vm->error.trace = ch_vm_capture_stack_trace(vm, task);
        vm->error.is_reported = true;
        if (vm->hooks.on_throw && vm->error.kind != CH_ERROR_EXIT) {
            vm->hooks.on_throw(vm, task, will_be_caught, vm->hooks.ud);
            if (vm->stop_requested) {
                task->is_unwinding = true;
                return CH_UNWIND_STOPPED;
            }
        }
    }
    task->is_unwinding = false;
    for (;;) {
        ChFiber *fiber = task->fiber;
        while (fiber->top) {
            ChFrame *frame = fiber->top;
            const ChHandler *handler = find_handler(fiber, frame, &vm->error);
            fiber->is_before = false;
            if (handler) {
                enter_handler(vm, frame, handler);
                return CH_UNWIND_HANDLED;
            }
            drop_top_frame(fiber);
        }
        if (!fiber->generator) break;
        // The error goes on in the consumer, at its instruction that asked for an item.
        ChFiber *consumer = fiber->consumer;
        const ChInstr *at = fiber->item_pc;
        ch__generator_end(task);
        consumer->top->pc = at;
    }
    task->error = vm->error;
    vm->error = (ChError){.value = CH_NIL};
    vm->has_error = false;
    task->state = CH_TASK_FAILED;
    return CH_UNWIND_FAILED;
}

void ch__task_clear(ChVm *vm, ChTask *task) {
    for (;;) {
        ChFiber *fiber = task->fiber;
        while (fiber->top) drop_top_frame(fiber);
        if (!fiber->generator) break;
        ch__generator_end(task);
    }
    task->is_unwinding = false;
    ch__regions_drop(vm, task, 0);
}

ChFlow ch__op_rethrow(ChVm *vm, ChValue *ra) {
    if (ra->tag != CH_TAG_ERROR) return ch_throw_value(vm, ch_take(ra));
    ChErrorBox *box = (ChErrorBox *)ra->as.object;
    if (vm->has_error) ch_error_release(&vm->error);
    vm->error = box->error;
    vm->has_error = true;
    if (box->handle.head.refs == 1) {
        box->error = (ChError){.value = CH_NIL};
    } else {
        ch_retain(vm->error.value);
        if (vm->error.trace) vm->error.trace->refs++;
    }
    ch__slot_clear(ra);
    return CH_THROW;
}

ChFlow ch__op_throw_text(ChVm *vm, uint32_t kind, ChStr text) {
    switch (kind) {
    case CH_THROW_IMMUTABLE: return ch_throw_error(vm, CH_ERROR_IMMUTABLE, ch_str_value(text.data, text.length));
    case CH_THROW_UNDEFINED_VARIABLE: return ch__throw_undefined(vm, CH_ERROR_UNDEFINED_VARIABLE, text);
    default: return ch_throw_error(vm, CH_ERROR_RUNTIME, ch_str_value(text.data, text.length));
    }
}

ChFlow ch__op_no_match(ChVm *vm, ChValue value) { return ch_throw_text(vm, "No match arm matched the value"); }
