// Part of the interpreter's loop: calls and returns. exec_loop.h includes it in its place; no include guard on purpose.

    // ---- calls
    CASE(CALL) {
        ChValue *called = RA;
        if (CH_LIKELY(pc->x == 0 && called->tag == CH_TAG_CLOSURE))
            ENTER_PLAIN(called->as.closure, called + 1, pc->b, 0, called->tag = CH_TAG_NIL);
        window = RA + 1;
        argc = pc->b;
        dst = pc->c;
        call_x = pc->x;
        return_pc = pc + 1;
        if (CH_UNLIKELY(call_x & CH_X_SPREAD)) {
            SAVE();
            argc = ch__spread(vm, fiber, &window);
            base = frame->base;
            if (argc == UINT32_MAX) goto unwind;
        }
        if (CH_LIKELY(window[-1].tag == CH_TAG_CLOSURE)) {
            callee = window[-1].as.closure;
            window[-1].tag = CH_TAG_NIL;
            goto call_closure;
        }
        callee_value = window[-1];
        window[-1].tag = CH_TAG_NIL;
        goto call_owned;
    }
    CASE(CALL_MODULE) {
        const ChValue *called = &frame->closure->module->slots[pc[1].word];
        if (CH_LIKELY(pc->x == 0 && called->tag == CH_TAG_CLOSURE))
            ENTER_PLAIN(called->as.closure, RA, pc->b, 1, to_->head.refs++);
        window = RA;
        argc = pc->b;
        dst = pc->c;
        call_x = pc->x;
        return_pc = pc + 2;
        if (CH_UNLIKELY(call_x & CH_X_SPREAD)) {
            SAVE();
            argc = ch__spread(vm, fiber, &window);
            base = frame->base;
            if (argc == UINT32_MAX) goto unwind;
        }
        ChValue v = ch_retain(frame->closure->module->slots[pc[1].word]);
        if (CH_LIKELY(v.tag == CH_TAG_CLOSURE)) {
            callee = v.as.closure;
            goto call_closure;
        }
        SAVE();
        if (v.tag == CH_TAG_ABSENT) {
            v = ch__late_value(vm, task, frame->closure->module->chunk->slots[pc[1].word].name,
                               CH_ERROR_UNDEFINED_BUILTIN);
            if (v.tag == CH_TAG_ABSENT) goto unwind;
        }
        callee_value = v;
        goto call_owned;
    }
    CASE(CALL_BUILTIN) {
        window = RA;
        argc = pc->b;
        dst = pc->c;
        call_x = pc->x;
        return_pc = pc + 2;
        builtin = (uint32_t)pc[1].word;
        self_slot = NULL;
        if (CH_UNLIKELY(call_x & CH_X_SPREAD)) {
            SAVE();
            argc = ch__spread(vm, fiber, &window);
            base = frame->base;
            if (argc == UINT32_MAX) goto unwind;
        }
        goto call_builtin;
    }
    CASE(CALL_METHOD) {
        window = RA;
        argc = (uint32_t)pc->b + 1;
        dst = pc->c;
        call_x = pc->x;
        return_pc = pc + 3;
        if (CH_UNLIKELY(call_x & CH_X_SPREAD)) {
            SAVE();
            ChValue *list = window + 1;
            argc = ch__spread(vm, fiber, &list);
            base = frame->base;
            if (argc == UINT32_MAX) goto unwind;
            window = list - 1;
            argc++;
        }
        ChValue *receiver = call_x & CH_X_SELF ? RC : window;
        ChWord *cache = (ChWord *)(uintptr_t)&pc[2];
        if (call_x == 0 && receiver->tag == CH_TAG_STRUCT && receiver->as.record->shape->id == cache->cache.id)
            ENTER_PLAIN(vm->method_targets[cache->cache.slot], window, argc, 2, to_->head.refs++);
        uint32_t key = receiver->tag == CH_TAG_STRUCT ? receiver->as.record->shape->id
                                                      : CH_METHOD_CACHE_TAG | receiver->tag;
        if (CH_LIKELY(cache->cache.id == key)) {
            if (receiver->tag == CH_TAG_STRUCT) {
                callee = vm->method_targets[cache->cache.slot];
                goto call_method_closure;
            }
            builtin = cache->cache.slot;
            goto call_method_builtin;
        }
        ChValue field;
        SAVE();
        switch (ch__method_find(vm, *receiver, constants[pc[1].word].as.string, &callee, &builtin, &field, cache)) {
        case CH_METHOD_CLOSURE: goto call_method_closure;
        case CH_METHOD_BUILTIN: goto call_method_builtin;
        case CH_METHOD_FIELD: {
            callee_value = ch_retain(field);
            if (!(call_x & CH_X_SELF)) ch__slot_clear(window);
            window++;
            argc--;
            goto call_owned;
        }
        case CH_METHOD_NONE:
            ch__slots_clear(window, window + argc);
            SET_NIL(R(dst));
            pc = return_pc;
            DISPATCH();
        case CH_METHOD_THROW: goto unwind;
        }
    call_method_builtin:
        // `xs = xs.push(v)` of a list that nobody else holds, the commonest method: no call.
        if (ch_builtin_functions[builtin] == ch__list_push && call_x & CH_X_SELF && argc == 2 &&
            receiver->as.list->head.refs == 1 && receiver->as.list->count < receiver->as.list->capacity &&
            receiver->as.list->count < CH_LIST_MAX) {
            ChList *list = receiver->as.list;
            list->items[list->count++] = window[1];
            window[1].tag = CH_TAG_NIL;
            NEXT(2);
        }
        if (CH_LIKELY(ch_builtin_functions[builtin] != NULL)) {
            self_slot = NULL;
            if (call_x & CH_X_SELF) {
                self_slot = receiver;
                ch__slot_clear(window);
                *window = *receiver;
                receiver->tag = CH_TAG_NIL;
            }
            call_x &= ~(uint32_t)CH_X_SELF;
            native = ch_builtin_functions[builtin];
            goto call_native; // methods look at their arguments themselves
        }
        callee = vm->prelude_closures[builtin];
        if (CH_UNLIKELY(!callee)) {
            SAVE();
            if (!(callee = ch__prelude_closure(vm, builtin))) goto unwind;
        }
    call_method_closure:
        if (call_x & CH_X_SELF) {
            ch__slot_clear(window);
            *window = ch_retain(*receiver);
        }
        callee->head.refs++;
        goto call_closure;
    }
    CASE(CALL_LATE) {
        window = RA;
        argc = pc->b;
        dst = pc->c;
        call_x = pc->x;
        return_pc = pc + 2;
        SAVE();
        if (CH_UNLIKELY(call_x & CH_X_SPREAD)) {
            argc = ch__spread(vm, fiber, &window);
            base = frame->base;
            if (argc == UINT32_MAX) goto unwind;
        }
        callee_value = ch__late_value(vm, task, ch_string_view(constants[pc[1].word].as.string),
                                      CH_ERROR_UNDEFINED_BUILTIN);
        if (callee_value.tag == CH_TAG_ABSENT) goto unwind;
        goto call_owned;
    }
    CASE(CALL_OR_BUILTIN) {
        ChValue *called = RA;
        if (CH_LIKELY(pc->x == 0 && called->tag == CH_TAG_CLOSURE))
            ENTER_PLAIN(called->as.closure, called + 1, pc->b, 1, called->tag = CH_TAG_NIL);
        window = RA + 1;
        argc = pc->b;
        dst = pc->c;
        call_x = pc->x;
        return_pc = pc + 2;
        if (CH_UNLIKELY(call_x & CH_X_SPREAD)) {
            SAVE();
            argc = ch__spread(vm, fiber, &window);
            base = frame->base;
            if (argc == UINT32_MAX) goto unwind;
        }
        callee_value = window[-1];
        window[-1].tag = CH_TAG_NIL;
        if (callee_value.tag == CH_TAG_CLOSURE || callee_value.tag == CH_TAG_BUILTIN) goto call_owned;
        ch_release(callee_value);
        builtin = (uint32_t)pc[1].word;
        self_slot = NULL;
        goto call_builtin;
    }
    CASE(PIPE) {
        window = RA + 1;
        argc = 1;
        dst = pc->c;
        call_x = pc->x & CH_X_TAIL;
        return_pc = pc + 1;
        callee_value = window[-1];
        window[-1].tag = CH_TAG_NIL;
        if (CH_LIKELY(callee_value.tag == CH_TAG_CLOSURE || callee_value.tag == CH_TAG_BUILTIN)) goto call_owned;
        SAVE();
        ch_throw_type(vm, "cannot pipe into %s", ch_type_name(callee_value));
        ch_release(callee_value);
        goto unwind;
    }

call_owned: // callee_value (owned), window, argc, dst, return_pc, call_x
    if (callee_value.tag == CH_TAG_CLOSURE) {
        callee = callee_value.as.closure;
        goto call_closure;
    }
    if (callee_value.tag == CH_TAG_BUILTIN) {
        builtin = callee_value.as.index;
        self_slot = NULL;
        goto call_builtin;
    }
    SAVE();
    ch__throw_not_callable(vm, callee_value);
    ch_release(callee_value);
    goto unwind;

call_builtin: { // builtin, window, argc, dst, return_pc, self_slot
    native = ch_builtin_functions[builtin];
    if (CH_UNLIKELY(!native)) {
        frame->pc = return_pc;
        if (ch_builtin_check(vm, builtin, window, argc) != CH_OK) goto unwind;
        callee = vm->prelude_closures[builtin];
        if (CH_UNLIKELY(!callee)) {
            SAVE();
            if (!(callee = ch__prelude_closure(vm, builtin))) goto unwind;
        }
        callee->head.refs++;
        goto call_closure;
    }
    if (CH_UNLIKELY(!ch__builtin_fits(vm, builtin, window, argc))) {
        frame->pc = return_pc;
        if (ch_builtin_check(vm, builtin, window, argc) != CH_OK) {
            if (self_slot) {
                *self_slot = *window;
                window->tag = CH_TAG_NIL;
            }
            goto unwind;
        }
    }
    goto call_native;
}

call_native: { // native, window, argc, dst, return_pc, self_slot
    frame->pc = return_pc;
    ChValue result = CH_NIL;
    ChFlow flow = native(vm, window, argc, &result);
    if (CH_LIKELY(flow == CH_OK)) {
        ch__slots_clear(window, window + argc);
        ch_assign_take(R(dst), result);
        pc = return_pc;
        DISPATCH();
    }
    if (flow == CH_THROW) {
        ch_release(result);
        if (self_slot) {
            *self_slot = *window;
            window->tag = CH_TAG_NIL;
        }
        goto unwind;
    }
    ch__slots_clear(window, window + argc);
    fiber->resume_dst = dst;
    return CH_RAN_WAITING;
}

call_closure: { // callee (owned), window, argc, dst, return_pc, call_x
    const ChProto *proto = callee->proto;
    if (CH_UNLIKELY(argc != proto->param_count ||
                    (proto->flags & (CH_PROTO_GENERATOR | CH_PROTO_STREAM | CH_PROTO_REST)))) {
        frame->pc = return_pc;
        if (!ch__call_arrange(vm, fiber, proto, &window, argc)) {
            ch__closure_unref(callee);
            goto unwind;
        }
        base = frame->base;
        if (proto->flags & (CH_PROTO_GENERATOR | CH_PROTO_STREAM)) {
            ChGenerator *generator = ch__generator_new(vm, callee, window, argc);
            ch_assign_take(R(dst), ch_object(generator));
            pc = return_pc;
            DISPATCH();
        }
    }
    if (call_x & CH_X_TAIL && !(frame->flags & CH_FRAME_MODULE)) {
        frame->pc = return_pc;
        if (CH_UNLIKELY(base + proto->register_count > fiber->stack_end)) {
            ChValue *at = base;
            ptrdiff_t offset = window - base;
            if (!ch__stack_reserve(vm, fiber, &at, proto->register_count)) {
                ch__closure_unref(callee);
                goto unwind;
            }
            base = at;
            window = at + offset;
        }
        ch__tail_shift(frame, window, argc < proto->param_count ? proto->param_count : argc);
        ChClosure *done = frame->closure;
        frame->closure = callee;
        ch__closure_unref(done);
        frame->argc = (uint16_t)argc;
        frame->constants = constants = proto->linked->constants;
        pc = proto->code;
        if (CH_UNLIKELY(--fuel < 0)) goto safepoint;
        DISPATCH();
    }
    frame->pc = return_pc;
    if (CH_UNLIKELY(window + proto->register_count > fiber->stack_end || frame + 1 >= fiber->frames_end)) {
        if (!ch__frame_push(vm, fiber, callee, window, argc, dst, 0)) goto unwind;
        fuel--;
        goto reload;
    }
    frame++;
    fiber->top = frame;
    frame->closure = callee;
    frame->base = base = window;
    frame->constants = constants = proto->linked->constants;
    frame->dst = dst;
    frame->argc = (uint16_t)argc;
    frame->flags = 0;
    pc = proto->code;
    if (CH_UNLIKELY(--fuel < 0)) goto safepoint;
    DISPATCH();
}

    CASE(RETURN) {
        ChValue *ra = RA;
        if (CH_LIKELY(frame->flags == 0)) {
            ChClosure *done = frame->closure;
            ChValue v = *ra;
            ra->tag = CH_TAG_NIL;
            ch__slots_clear(base, base + done->proto->register_count);
            ChValue *to = frame[-1].base + frame->dst;
            frame--;
            fiber->top = frame;
            base = frame->base;
            constants = frame->constants;
            pc = frame->pc;
            ch__closure_unref(done);
            ch_assign_take(to, v);
            DISPATCH();
        }
        returned = *ra;
        ra->tag = CH_TAG_NIL;
        goto do_return;
    }
    CASE(RETURN_NIL) {
        returned = CH_NIL;
        goto do_return;
    }
do_return: {
    ch__slots_clear(base, base + frame->closure->proto->register_count);
    if (CH_UNLIKELY(frame->flags)) {
        uint32_t flags = frame->flags;
        if (flags & CH_FRAME_KEEP) {
            ch__snapshot_free(frame->initial);
            frame->initial = NULL;
        }
        if (flags & CH_FRAME_MODULE) frame->closure->module->state = CH_MODULE_READY;
        if (flags & CH_FRAME_REDO) frame[-1].pc--;
        if (flags & CH_FRAME_BOTTOM) {
            if (!fiber->generator) {
                ch__frame_drop(fiber);
                task->result = returned;
                task->state = CH_TASK_DONE;
                return CH_RAN_DONE;
            }
            ch_release(returned);
            ch__generator_end(task);
            goto reload;
        }
    }
    ChClosure *done = frame->closure;
    uint16_t to = frame->dst;
    frame--;
    fiber->top = frame;
    base = frame->base;
    constants = frame->constants;
    pc = frame->pc;
    ch__closure_unref(done);
    ch_assign_take(R(to), returned);
    DISPATCH();
}

    CASE(CHECK_PARAM) {
        const ChValue *ra = RA;
        const ChProto *proto = frame->closure->proto;
        // The plain types of plain values; the rest, and every refusal, is types.c.
        if (!ch__rt_is_plain(proto->chunk->rt_types[pc->b]->kind, ra->tag))
            TRY(ch__check_param(vm, frame, proto, pc->a, pc->b, RA));
        NEXT(0);
    }
