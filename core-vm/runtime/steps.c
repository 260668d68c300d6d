// What steps and personas (builtins/prelude/steps.harn) need of the machine: which step a task is in, and the error that
// leaves a step's frame.
#include "runtime/runtime_int.h"

#include "base/banned.h"

CH_NATIVE(ch__step_current) { return ch__give(result, ch_retain(vm->task->step)); }

CH_NATIVE(ch__step_enter) {
    ch_assign_take(&vm->task->step, ch_take(&args[0]));
    return CH_OK;
}

// The error that the `finally` of the calling frame keeps; NULL: none is on its way, or it is no thrown value.
static ChError *error_of_frame(ChVm *vm) {
    const ChFrame *frame = vm->task->fiber->top;
    for (uint32_t i = 0; i < frame->closure->proto->register_count; i++) {
        if (frame->base[i].tag != CH_TAG_ERROR) continue;
        ChError *error = &((ChErrorBox *)frame->base[i].as.object)->error;
        return error->kind == CH_ERROR_THROWN ? error : NULL;
    }
    return NULL;
}

CH_NATIVE(ch__step_error) {
    const ChError *error = error_of_frame(vm);
    return ch__give(result, error ? ch_retain(error->value) : CH_NIL);
}

CH_NATIVE(ch__step_error_replace) {
    ChError *error = error_of_frame(vm);
    if (error) ch_assign_take(&error->value, ch_take(&args[0]));
    return CH_OK;
}

CH_NATIVE(ch__step_span_start) {
    return ch__give_int(result, (int64_t)ch_span_start(vm, CH_SPAN_STEP, ch__text(args[0])));
}

CH_NATIVE(ch__step_span_note) {
    if (args[0].as.integer > 0)
        ch_span_set_metadata(vm, (uint64_t)args[0].as.integer, args[1].as.string->data, ch_take(&args[2]));
    return CH_OK;
}
