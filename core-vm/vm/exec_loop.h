// The body of the interpreter's loop; exec.c includes it three times and holds the rules. No include guard on purpose.

#define R(n) (base + (n))
#define RA R(pc->a)
#define RB R(pc->b)
#define RC R(pc->c)
#define KC (constants[pc->c])
#define BC ch_instr_bc(*pc)
#define SIGNED(n) ((int16_t)(n))

#if CH_EXEC_COUNTED
#define DISPATCH() goto counted
#elif CH_EXEC_SAMPLED
#define DISPATCH()                                                                                             \
    do {                                                                                                       \
        if (CH_UNLIKELY(atomic_load_explicit(&vm->interrupt, memory_order_relaxed) & CH_INTERRUPT_SAMPLE)) goto sample; \
        SAVE();                                                                                                \
        goto *labels[pc->op];                                                                                  \
    } while (0)
#else
#define DISPATCH() goto *labels[pc->op]
#endif
#define CASE(name) L_##name:
#define NEXT(words)       \
    do {                  \
        pc += 1 + (words); \
        DISPATCH();       \
    } while (0)
#define SAVE() (frame->pc = pc + 1)
#define TRY(call)                              \
    do {                                       \
        SAVE();                                \
        if (CH_UNLIKELY((call) != CH_OK)) goto unwind; \
    } while (0)
// A jump of `distance` words behind the instruction and its data words; backward it is a safepoint.
#define JUMP(words, distance)                                  \
    do {                                                       \
        int32_t distance_ = (distance);                        \
        pc += 1 + (words) + distance_;                         \
        if (distance_ < 0 && CH_UNLIKELY(--fuel < 0)) goto safepoint; \
        DISPATCH();                                            \
    } while (0)

#define BOTH(b, c, t) ((b)->tag == (t) && (c)->tag == (t))
#define SET(slot, member, value, type)                      \
    do {                                                    \
        ChValue *slot_ = (slot);                            \
        if (CH_UNLIKELY(ch_is_heap(*slot_))) ch_release(*slot_); \
        slot_->as.member = (value);                         \
        slot_->tag = CH_TAG_##type;                         \
    } while (0)
#define SET_INT(slot, value) SET(slot, integer, value, INT)
#define SET_FLOAT(slot, value) SET(slot, real, value, FLOAT)
#define SET_BOOL(slot, value) SET(slot, integer, (value) ? 1 : 0, BOOL)
#define SET_NIL(slot) SET(slot, integer, 0, NIL)

// Clears the operands that die here; a register that is about to be overwritten is left alone.
#define FREE_OPERANDS(rb, rc)                                      \
    do {                                                           \
        if (CH_UNLIKELY(pc->x)) {                                  \
            if ((pc->x & CH_X_FREE_B) && (rb) != ra) ch__slot_clear(rb); \
            if ((pc->x & CH_X_FREE_C) && (rc) != ra) ch__slot_clear(rc); \
        }                                                          \
    } while (0)
#define FREE_B(rb)                                                 \
    do {                                                           \
        if (CH_UNLIKELY(pc->x & CH_X_FREE_B) && (rb) != ra) ch__slot_clear(rb); \
    } while (0)
#define FREE_A()                                                   \
    do {                                                           \
        if (CH_UNLIKELY(pc->x & CH_X_FREE_A)) ch__slot_clear(RA);  \
    } while (0)
// For jumps that compare two registers.
#define FREE_AB()                                                  \
    do {                                                           \
        if (CH_UNLIKELY(pc->x)) {                                  \
            if (pc->x & CH_X_FREE_A) ch__slot_clear(RA);           \
            if (pc->x & CH_X_FREE_B) ch__slot_clear(RB);           \
        }                                                          \
    } while (0)
// The value of a register: moved out when it dies here, else shared.
#define TAKE_OR_SHARE(slot, flag) (pc->x & (flag) ? ch_take(slot) : ch_retain(*(slot)))

#define ARITH(name, op, slow, int_result)                     \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB, *rc = RC;                 \
        if (CH_LIKELY(BOTH(rb, rc, CH_TAG_INT))) {            \
            uint64_t l = (uint64_t)rb->as.integer, r = (uint64_t)rc->as.integer; \
            SET_INT(ra, (int64_t)(int_result));               \
            NEXT(0);                                          \
        }                                                     \
        if (CH_LIKELY(BOTH(rb, rc, CH_TAG_FLOAT))) {          \
            double d = rb->as.real op rc->as.real;            \
            SET_FLOAT(ra, d);                                 \
            NEXT(0);                                          \
        }                                                     \
        TRY(slow(vm, ra, rb, rc, pc->x));                     \
        NEXT(0);                                              \
    }
#define ARITH_IMMEDIATE(name, op, slow, int_result)           \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB;                           \
        if (CH_LIKELY(rb->tag == CH_TAG_INT)) {               \
            uint64_t l = (uint64_t)rb->as.integer, r = (uint64_t)(int64_t)SIGNED(pc->c); \
            SET_INT(ra, (int64_t)(int_result));               \
            NEXT(0);                                          \
        }                                                     \
        if (rb->tag == CH_TAG_FLOAT) {                        \
            double d = rb->as.real op (double)SIGNED(pc->c);  \
            SET_FLOAT(ra, d);                                 \
            NEXT(0);                                          \
        }                                                     \
        ChValue immediate = ch_int(SIGNED(pc->c));            \
        TRY(slow(vm, ra, rb, &immediate, pc->x & CH_X_FREE_B)); \
        NEXT(0);                                              \
    }
#define ARITH_CONSTANT(name, op, slow, int_result)            \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB, *rc = &KC;                \
        if (CH_LIKELY(BOTH(rb, rc, CH_TAG_FLOAT))) {          \
            double d = rb->as.real op rc->as.real;            \
            SET_FLOAT(ra, d);                                 \
            NEXT(0);                                          \
        }                                                     \
        if (CH_LIKELY(BOTH(rb, rc, CH_TAG_INT))) {            \
            uint64_t l = (uint64_t)rb->as.integer, r = (uint64_t)rc->as.integer; \
            SET_INT(ra, (int64_t)(int_result));               \
            NEXT(0);                                          \
        }                                                     \
        TRY(slow(vm, ra, rb, rc, pc->x & CH_X_FREE_B));       \
        NEXT(0);                                              \
    }

// Division leaves the divisors 0 and -1 to the slow way.
#define DIVISION(name, op, slow, rc_place, free_mask, float_result)  \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB;                           \
        rc_place;                                             \
        if (CH_LIKELY(BOTH(rb, rc, CH_TAG_INT) && (uint64_t)rc->as.integer + 1 > 1)) { \
            int64_t q = rb->as.integer op rc->as.integer;     \
            SET_INT(ra, q);                                   \
            NEXT(0);                                          \
        }                                                     \
        float_result;                                         \
        TRY(slow(vm, ra, rb, rc, pc->x & (free_mask)));       \
        NEXT(0);                                              \
    }
#define FLOAT_QUOTIENT                                        \
    if (BOTH(rb, rc, CH_TAG_FLOAT)) {                         \
        double d = rb->as.real / rc->as.real;                 \
        SET_FLOAT(ra, d);                                     \
        NEXT(0);                                              \
    }                                                         \
    if (rb->tag == CH_TAG_FLOAT && rc->tag == CH_TAG_INT) {   \
        double d = rb->as.real / (double)rc->as.integer;      \
        SET_FLOAT(ra, d);                                     \
        NEXT(0);                                              \
    }
#define RC_IMMEDIATE \
    ChValue immediate = ch_int(SIGNED(pc->c)), *rc = &immediate

// NaN compares as equal to everything in order (spec: Comparison), so `<=` is `not >`.
#define COMPARE(name, int_op, float_test, order_test)         \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB, *rc = RC;                 \
        bool is_so;                                           \
        if (CH_LIKELY(BOTH(rb, rc, CH_TAG_INT)))              \
            is_so = rb->as.integer int_op rc->as.integer;     \
        else if (BOTH(rb, rc, CH_TAG_FLOAT)) {                \
            double l = rb->as.real, r = rc->as.real;          \
            is_so = float_test;                               \
        } else {                                              \
            int order = ch_compare(*rb, *rc);                 \
            is_so = order_test;                               \
            FREE_OPERANDS(rb, rc);                            \
        }                                                     \
        SET_BOOL(ra, is_so);                                  \
        NEXT(0);                                              \
    }
#define COMPARE_IMMEDIATE(name, int_op, float_test, order_test) \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB;                           \
        bool is_so;                                           \
        if (CH_LIKELY(rb->tag == CH_TAG_INT))                 \
            is_so = rb->as.integer int_op SIGNED(pc->c);      \
        else if (rb->tag == CH_TAG_FLOAT) {                   \
            double l = rb->as.real, r = (double)SIGNED(pc->c); \
            is_so = float_test;                               \
        } else {                                              \
            int order = ch_compare(*rb, ch_int(SIGNED(pc->c))); \
            is_so = order_test;                               \
            FREE_B(rb);                                       \
        }                                                     \
        SET_BOOL(ra, is_so);                                  \
        NEXT(0);                                              \
    }
#define EQUAL_IMMEDIATE(name, int_op, equal)                  \
    CASE(name) {                                              \
        ChValue *ra = RA, *rb = RB;                           \
        bool is_so;                                           \
        if (CH_LIKELY(rb->tag == CH_TAG_INT))                 \
            is_so = rb->as.integer int_op SIGNED(pc->c);      \
        else {                                                \
            is_so = (rb->tag == CH_TAG_FLOAT && rb->as.real == (double)SIGNED(pc->c)) == (equal); \
            FREE_B(rb);                                       \
        }                                                     \
        SET_BOOL(ra, is_so);                                  \
        NEXT(0);                                              \
    }
#define COMPARE_JUMP(name, int_op, float_test, order_test)    \
    CASE(name) {                                              \
        const ChValue *l_ = RA, *r_ = RB;                     \
        bool is_so;                                           \
        if (CH_LIKELY(BOTH(l_, r_, CH_TAG_INT)))              \
            is_so = l_->as.integer int_op r_->as.integer;     \
        else if (CH_LIKELY(BOTH(l_, r_, CH_TAG_FLOAT))) {     \
            double l = l_->as.real, r = r_->as.real;          \
            is_so = float_test;                               \
        } else {                                              \
            int order = ch_compare(*l_, *r_);                 \
            is_so = order_test;                               \
            FREE_AB();                                        \
        }                                                     \
        if (is_so) JUMP(0, SIGNED(pc->c));                    \
        NEXT(0);                                              \
    }
#define COMPARE_JUMP_IMMEDIATE(name, int_op, float_test, order_test) \
    CASE(name) {                                              \
        const ChValue *l_ = RA;                               \
        bool is_so;                                           \
        if (CH_LIKELY(l_->tag == CH_TAG_INT))                 \
            is_so = l_->as.integer int_op SIGNED(pc->b);      \
        else if (l_->tag == CH_TAG_FLOAT) {                   \
            double l = l_->as.real, r = (double)SIGNED(pc->b); \
            is_so = float_test;                               \
        } else {                                              \
            int order = ch_compare(*l_, ch_int(SIGNED(pc->b))); \
            is_so = order_test;                               \
            FREE_A();                                         \
        }                                                     \
        if (is_so) JUMP(0, SIGNED(pc->c));                    \
        NEXT(0);                                              \
    }

// The plainest call, and by far the commonest: as many arguments as parameters, room for the frame, nothing special. Goes
// on behind itself when it is another one; nothing has happened then. `take` makes the callee's reference the frame's.
#define ENTER_PLAIN(to, window_, argc_, words, take)                                                        \
    do {                                                                                                    \
        ChClosure *to_ = (to);                                                                              \
        const ChProto *proto_ = to_->proto;                                                                 \
        ChValue *window__ = (window_);                                                                      \
        uint32_t argc__ = (argc_);                                                                          \
        if (CH_LIKELY(argc__ == proto_->param_count &&                                                      \
                      !(proto_->flags & (CH_PROTO_GENERATOR | CH_PROTO_STREAM | CH_PROTO_REST)) &&          \
                      window__ + proto_->register_count <= fiber->stack_end && frame + 1 < fiber->frames_end)) { \
            take;                                                                                           \
            frame->pc = pc + 1 + (words);                                                                   \
            frame++;                                                                                        \
            fiber->top = frame;                                                                             \
            frame->closure = to_;                                                                           \
            frame->base = base = window__;                                                                  \
            frame->constants = constants = proto_->linked->constants;                                       \
            frame->dst = pc->c;                                                                             \
            frame->argc = (uint16_t)argc__;                                                                 \
            frame->flags = 0;                                                                               \
            pc = proto_->code;                                                                              \
            if (CH_UNLIKELY(--fuel < 0)) goto safepoint;                                                    \
            DISPATCH();                                                                                     \
        }                                                                                                   \
    } while (0)

ChRunStatus CH_EXEC_NAME(ChVm *vm, ChTask *task) {
    static const void *const labels[CH_OP_COUNT] = {
#define CH_OP(name, a, b, c, words, doc) [CH_OP_##name] = &&L_##name,
#include "compile/opcodes.def"
#undef CH_OP
    };
    ChFiber *fiber;
    ChFrame *frame;
    ChValue *base, *constants;
    const ChInstr *pc;
    int64_t fuel = CH_SAFEPOINT_INTERVAL;
    ChRunStatus status;
    // Of the call that is being made:
    ChClosure *callee;
    ChNativeFn native;
    ChValue *window;
    const ChInstr *return_pc;
    uint32_t argc, builtin;
    uint32_t call_x;
    uint16_t dst;
    ChValue *self_slot;
    ChValue callee_value;
    ChValue returned;

    if (task->is_unwinding) goto unwind;

reload:
    fiber = task->fiber;
    frame = fiber->top;
    base = frame->base;
    constants = frame->constants;
    pc = frame->pc;
    DISPATCH();

#if CH_EXEC_COUNTED
counted:
    if (vm->slice_left <= 0 || vm->stop_requested) {
        frame->pc = pc;
        fiber->is_before = true;
        if (!vm->stop_requested) return CH_RAN_SLICE;
        task->skip_break = pc;
        return CH_RAN_STOPPED;
    }
    if (vm->is_stepping && vm->hooks.on_step && task->skip_break != pc) {
        frame->pc = pc;
        fiber->is_before = true;
        vm->hooks.on_step(vm, task, vm->hooks.ud);
        if (vm->stop_requested) {
            task->skip_break = pc;
            return CH_RAN_STOPPED;
        }
        fiber->is_before = false;
    }
    if (task->skip_break == pc && pc->op != CH_OP_BREAK) task->skip_break = NULL;
    if (vm->is_counting) ch__count(fiber, frame, pc);
    vm->slice_left--;
    goto *labels[pc->op];
#endif
#if CH_EXEC_SAMPLED
sample: // the frame's pc is still that of the instruction that has just run
    atomic_fetch_and(&vm->interrupt, ~CH_INTERRUPT_SAMPLE);
    if (vm->on_sample) vm->on_sample(vm, task, vm->sample_ud);
    DISPATCH();
#endif

    // ---- moves and constants
    CASE(NOP) NEXT(0);
    CASE(MOVE) {
        ChValue v = *RB;
        if (ch_is_heap(v)) v.as.object->refs++;
        ch_assign_take(RA, v);
        NEXT(0);
    }
    CASE(TAKE) {
        ChValue *ra = RA, *rb = RB, v = *rb;
        rb->tag = CH_TAG_NIL;
        ch_assign_take(ra, v);
        NEXT(0);
    }
    CASE(LOADK) {
        ch_assign_take(RA, ch_retain(constants[(uint32_t)BC]));
        NEXT(0);
    }
    CASE(LOADI) {
        SET_INT(RA, BC);
        NEXT(0);
    }
    CASE(LOADNIL) {
        ChValue *slot = RA;
        for (uint32_t n = pc->b; n; n--, slot++) SET_NIL(slot);
        NEXT(0);
    }
    CASE(LOADBOOL) {
        SET_BOOL(RA, pc->b);
        NEXT(0);
    }
    CASE(LOADBUILTIN) {
        ch_assign_take(RA, ch__builtin_value(vm, (uint32_t)BC));
        NEXT(0);
    }
    CASE(GET_CAPTURE) {
        ch_assign_take(RA, ch_retain(frame->closure->captures[pc->b]));
        NEXT(0);
    }
    CASE(GET_SELF) {
        frame->closure->head.refs++;
        ch_assign_take(RA, ch_object(frame->closure));
        NEXT(0);
    }
    CASE(GET_MODULE) {
        ChModule *module = frame->closure->module;
        ChValue v = ch_retain(module->slots[(uint32_t)BC]);
        if (CH_UNLIKELY(v.tag == CH_TAG_ABSENT)) {
            SAVE();
            v = ch__late_value(vm, task, module->chunk->slots[(uint32_t)BC].name, CH_ERROR_UNDEFINED_VARIABLE);
            if (v.tag == CH_TAG_ABSENT) goto unwind;
        }
        ch_assign_take(RA, v);
        NEXT(0);
    }
    CASE(TAKE_MODULE) {
        ChModule *module = frame->closure->module;
        ChValue v = module->slots[(uint32_t)BC];
        if (CH_UNLIKELY(v.tag == CH_TAG_ABSENT)) {
            SAVE();
            v = ch__late_value(vm, task, module->chunk->slots[(uint32_t)BC].name, CH_ERROR_UNDEFINED_VARIABLE);
            if (v.tag == CH_TAG_ABSENT) goto unwind;
        } else
            module->slots[(uint32_t)BC] = CH_NIL;
        ch_assign_take(RA, v);
        NEXT(0);
    }
    CASE(SET_MODULE) {
        ChValue *ra = RA;
        ch_assign_take(&frame->closure->module->slots[(uint32_t)BC], TAKE_OR_SHARE(ra, CH_X_FREE_A));
        NEXT(0);
    }
    CASE(GET_LATE) {
        SAVE();
        ChValue v = ch__late_value(vm, task, ch_string_view(constants[(uint32_t)BC].as.string),
                                   CH_ERROR_UNDEFINED_VARIABLE);
        if (v.tag == CH_TAG_ABSENT) goto unwind;
        ch_assign_take(RA, v);
        NEXT(0);
    }
    CASE(SET_LATE) {
        SAVE();
        ch__throw_undefined(vm, CH_ERROR_UNDEFINED_VARIABLE, ch_string_view(constants[(uint32_t)BC].as.string));
        goto unwind;
    }

    // ---- arithmetic
    ARITH(ADD, +, ch__op_add, l + r)
    ARITH(SUB, -, ch__op_sub, l - r)
    ARITH(MUL, *, ch__op_mul, l *r)
    DIVISION(DIV, /, ch__op_div, ChValue *rc = RC, 3, FLOAT_QUOTIENT)
    DIVISION(MOD, %, ch__op_mod, ChValue *rc = RC, 3, )
    CASE(POW) {
        TRY(ch__op_pow(vm, RA, RB, RC, pc->x));
        NEXT(0);
    }
    ARITH_IMMEDIATE(ADDI, +, ch__op_add, l + r)
    ARITH_IMMEDIATE(SUBI, -, ch__op_sub, l - r)
    ARITH_IMMEDIATE(MULI, *, ch__op_mul, l *r)
    DIVISION(DIVI, /, ch__op_div, RC_IMMEDIATE, CH_X_FREE_B, )
    DIVISION(MODI, %, ch__op_mod, RC_IMMEDIATE, CH_X_FREE_B, )
    ARITH_CONSTANT(ADDK, +, ch__op_add, l + r)
    ARITH_CONSTANT(SUBK, -, ch__op_sub, l - r)
    ARITH_CONSTANT(MULK, *, ch__op_mul, l *r)
    DIVISION(DIVK, /, ch__op_div, ChValue *rc = &KC, CH_X_FREE_B, FLOAT_QUOTIENT)
    DIVISION(MODK, %, ch__op_mod, ChValue *rc = &KC, CH_X_FREE_B, )
    CASE(NEG) {
        ChValue *ra = RA, *rb = RB;
        if (CH_LIKELY(rb->tag == CH_TAG_INT)) {
            SET_INT(ra, (int64_t)(0 - (uint64_t)rb->as.integer));
            NEXT(0);
        }
        TRY(ch__op_neg(vm, ra, rb, pc->x));
        NEXT(0);
    }
    CASE(NOT) {
        ChValue *ra = RA, *rb = RB;
        bool is_true = rb->tag == CH_TAG_BOOL ? rb->as.integer != 0 : ch_is_truthy(*rb);
        if (CH_UNLIKELY(pc->x & CH_X_FREE_B) && rb != ra) ch__slot_clear(rb);
        SET_BOOL(ra, !is_true);
        NEXT(0);
    }
    CASE(TRUTHY) {
        ChValue *ra = RA, *rb = RB;
        bool is_true = ch_is_truthy(*rb);
        if (CH_UNLIKELY(pc->x & CH_X_FREE_B) && rb != ra) ch__slot_clear(rb);
        SET_BOOL(ra, is_true);
        NEXT(0);
    }
    CASE(INTERP) {
        TRY(ch__op_interp(vm, RA, RB, pc->c));
        NEXT(0);
    }

    // ---- comparison
    CASE(EQ) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        bool is_so = BOTH(rb, rc, CH_TAG_INT) ? rb->as.integer == rc->as.integer : ch__equal_soon(rb, rc);
        FREE_OPERANDS(rb, rc);
        SET_BOOL(ra, is_so);
        NEXT(0);
    }
    CASE(NE) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        bool is_so = BOTH(rb, rc, CH_TAG_INT) ? rb->as.integer != rc->as.integer : !ch__equal_soon(rb, rc);
        FREE_OPERANDS(rb, rc);
        SET_BOOL(ra, is_so);
        NEXT(0);
    }
    COMPARE(LT, <, l < r, order < 0)
    COMPARE(LE, <=, !(l > r), order <= 0)
    COMPARE(GT, >, l > r, order > 0)
    COMPARE(GE, >=, !(l < r), order >= 0)
    EQUAL_IMMEDIATE(EQI, ==, true)
    EQUAL_IMMEDIATE(NEI, !=, false)
    COMPARE_IMMEDIATE(LTI, <, l < r, order < 0)
    COMPARE_IMMEDIATE(LEI, <=, !(l > r), order <= 0)
    COMPARE_IMMEDIATE(GTI, >, l > r, order > 0)
    COMPARE_IMMEDIATE(GEI, >=, !(l < r), order >= 0)
    CASE(IN) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        bool is_so = ch__contains(vm, *rb, *rc);
        FREE_OPERANDS(rb, rc);
        SET_BOOL(ra, is_so);
        NEXT(0);
    }
    CASE(NOT_IN) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        bool is_so = !ch__contains(vm, *rb, *rc);
        FREE_OPERANDS(rb, rc);
        SET_BOOL(ra, is_so);
        NEXT(0);
    }

    // ---- jumps
    CASE(JMP) JUMP(0, BC);
    CASE(JT) {
        const ChValue *ra = RA;
        bool is_true;
        if (CH_LIKELY(ra->tag == CH_TAG_BOOL))
            is_true = ra->as.integer != 0;
        else {
            is_true = ch_is_truthy(*ra);
            FREE_A();
        }
        if (is_true) JUMP(0, BC);
        NEXT(0);
    }
    CASE(JF) {
        const ChValue *ra = RA;
        bool is_true;
        if (CH_LIKELY(ra->tag == CH_TAG_BOOL))
            is_true = ra->as.integer != 0;
        else {
            is_true = ch_is_truthy(*ra);
            FREE_A();
        }
        if (!is_true) JUMP(0, BC);
        NEXT(0);
    }
    CASE(JNIL) {
        if (RA->tag == CH_TAG_NIL) JUMP(0, BC);
        FREE_A();
        NEXT(0);
    }
    CASE(JNOTNIL) {
        if (RA->tag == CH_TAG_NIL) NEXT(0);
        FREE_A();
        JUMP(0, BC);
    }
    CASE(JEQ) {
        const ChValue *l = RA, *r = RB;
        bool is_so;
        if (CH_LIKELY(BOTH(l, r, CH_TAG_INT)))
            is_so = l->as.integer == r->as.integer;
        else {
            is_so = ch__equal_soon(l, r);
            FREE_AB();
        }
        if (is_so) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    CASE(JNE) {
        const ChValue *l = RA, *r = RB;
        bool is_so;
        if (CH_LIKELY(BOTH(l, r, CH_TAG_INT)))
            is_so = l->as.integer == r->as.integer;
        else {
            is_so = ch__equal_soon(l, r);
            FREE_AB();
        }
        if (!is_so) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    COMPARE_JUMP(JLT, <, l < r, order < 0)
    COMPARE_JUMP(JLE, <=, !(l > r), order <= 0)
    COMPARE_JUMP(JNLT, >=, !(l < r), order >= 0)
    COMPARE_JUMP(JNLE, >, l > r, order > 0)
    CASE(JEQI) {
        const ChValue *l = RA;
        bool is_so;
        if (CH_LIKELY(l->tag == CH_TAG_INT))
            is_so = l->as.integer == SIGNED(pc->b);
        else {
            is_so = l->tag == CH_TAG_FLOAT && l->as.real == (double)SIGNED(pc->b);
            FREE_A();
        }
        if (is_so) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    CASE(JNEI) {
        const ChValue *l = RA;
        bool is_so;
        if (CH_LIKELY(l->tag == CH_TAG_INT))
            is_so = l->as.integer == SIGNED(pc->b);
        else {
            is_so = l->tag == CH_TAG_FLOAT && l->as.real == (double)SIGNED(pc->b);
            FREE_A();
        }
        if (!is_so) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    COMPARE_JUMP_IMMEDIATE(JLTI, <, l < r, order < 0)
    COMPARE_JUMP_IMMEDIATE(JLEI, <=, !(l > r), order <= 0)
    COMPARE_JUMP_IMMEDIATE(JGTI, >, l > r, order > 0)
    COMPARE_JUMP_IMMEDIATE(JGEI, >=, !(l < r), order >= 0)
    COMPARE_JUMP_IMMEDIATE(JNLTI, >=, !(l < r), order >= 0)
    COMPARE_JUMP_IMMEDIATE(JNLEI, >, l > r, order > 0)
    COMPARE_JUMP_IMMEDIATE(JNGTI, <=, !(l > r), order <= 0)
    COMPARE_JUMP_IMMEDIATE(JNGEI, <, l < r, order < 0)
    CASE(JEQK) {
        const ChValue *l = RA, *r = &constants[pc->b];
        bool is_so = ch__equal_soon(l, r);
        FREE_A();
        if (is_so) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    CASE(JNEK) {
        const ChValue *l = RA, *r = &constants[pc->b];
        bool is_so = ch__equal_soon(l, r);
        FREE_A();
        if (!is_so) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    CASE(JARG) {
        if (frame->argc > pc->a) JUMP(0, BC);
        NEXT(0);
    }

    // ---- loops
    CASE(FOR_PREP) {
        bool is_empty;
        TRY(ch__op_for_prep(vm, RA, pc->x, &is_empty));
        if (is_empty) JUMP(0, BC);
        NEXT(0);
    }
    CASE(FOR_LOOP) {
        ChValue *ra = RA;
        if (ra[0].as.integer < ra[1].as.integer) {
            int64_t i = ++ra[0].as.integer;
            SET_INT(ra + 2, i);
            pc += 1 + BC;
            if (CH_UNLIKELY(--fuel < 0)) goto safepoint;
            DISPATCH();
        }
        NEXT(0);
    }
    CASE(ITER) {
        TRY(ch__op_iter(vm, RA, RB, pc->x));
        NEXT(0);
    }
    CASE(ITER_NEXT) {
        ChValue *ra = RA, item;
        if (CH_LIKELY(ra->tag == CH_TAG_LIST)) {
            uint64_t position = (uint64_t)ra[1].as.integer;
            if (position >= ra->as.list->count) NEXT(0);
            ra[1].as.integer = (int64_t)position + 1;
            ch_assign_take(RB, ch_retain(ra->as.list->items[position]));
            JUMP(0, SIGNED(pc->c));
        }
        SAVE();
        ChGenerator *generator;
        switch (ch__iter_step(vm, task, ra, &item, &generator)) {
        case CH_ITER_ITEM:
            ch_assign_take(RB, item);
            JUMP(0, SIGNED(pc->c));
        case CH_ITER_END: NEXT(0);
        case CH_ITER_RESUME:
            if (!generator) NEXT(0);
            if (!ch__generator_resume(vm, task, generator, pc + 1 + SIGNED(pc->c), pc + 1, pc->b)) goto unwind;
            goto reload;
        case CH_ITER_WAIT:
            fiber->resume_dst = pc->b;
            fiber->item_pc = pc + 1 + SIGNED(pc->c);
            fiber->end_pc = pc + 1;
            return CH_RAN_WAITING;
        case CH_ITER_THROW: goto unwind;
        }
    }

    // ---- data
    CASE(NEW_LIST) {
        uint32_t n = pc->c;
        ChList *list = ch_list_new(n);
        ChValue *from = RB;
        for (uint32_t i = 0; i < n; i++) {
            list->items[i] = from[i];
            from[i].tag = CH_TAG_NIL;
        }
        list->count = n;
        ch_assign_take(RA, ch_object(list));
        NEXT(0);
    }
    CASE(LIST_PUSH) {
        ChValue *rb = RB;
        ChList *list = ch_list_unshare(RA);
        ch_list_push(list, TAKE_OR_SHARE(rb, CH_X_FREE_B));
        NEXT(0);
    }
    CASE(LIST_SPREAD) {
        ChValue *ra = RA, *rb = RB;
        TRY(ch__op_list_spread(vm, ra, *rb));
        FREE_B(rb);
        NEXT(0);
    }
    CASE(NEW_RECORD) {
        TRY(ch__op_new_record(vm, RA, KC.as.pointer, RB));
        NEXT(0);
    }
    CASE(NEW_DICT) {
        ch_assign_take(RA, ch_object(ch_dict_new()));
        NEXT(0);
    }
    CASE(DICT_PUT) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        TRY(ch__op_dict_put(vm, ra, *rb, TAKE_OR_SHARE(rc, CH_X_FREE_C)));
        FREE_B(rb);
        NEXT(0);
    }
    CASE(DICT_SPREAD) {
        ChValue *ra = RA, *rb = RB;
        TRY(ch__op_dict_spread(vm, ra, *rb));
        FREE_B(rb);
        NEXT(0);
    }
    CASE(NEW_STRUCT) {
        ChLinkedNames *names = KC.as.pointer;
        if (CH_LIKELY(names->struct_shape && !names->slots)) {
            ChStruct *record = ch_struct_new(names->struct_shape);
            ChValue *from = RB;
            for (uint32_t i = 0; i < names->count; i++) {
                record->fields[i] = from[i];
                from[i].tag = CH_TAG_NIL;
            }
            ch_assign_take(RA, ch_object(record));
            NEXT(0);
        }
        TRY(ch__op_new_struct(vm, RA, names, RB));
        NEXT(0);
    }
    CASE(STRUCT_FROM) {
        ChValue *ra = RA, *rb = RB;
        TRY(ch__op_struct_from(vm, ra, rb, KC.as.pointer));
        FREE_B(rb);
        NEXT(0);
    }
    CASE(NEW_ENUM) {
        ChLinkedVariant *variant = KC.as.pointer;
        if (CH_LIKELY(variant->type != NULL)) {
            uint32_t n = pc->x;
            ChEnum *constant = n ? NULL : variant->type->variants[variant->variant].constant;
            if (constant) {
                constant->head.refs++;
                ch_assign_take(RA, ch_object(constant));
                NEXT(0);
            }
            ChEnum *value = ch_enum_new(variant->type, variant->variant, n);
            ChValue *from = RB;
            for (uint32_t i = 0; i < n; i++) {
                value->fields[i] = from[i];
                from[i].tag = CH_TAG_NIL;
            }
            ch_assign_take(RA, ch_object(value));
            NEXT(0);
        }
        TRY(ch__op_new_enum(vm, RA, variant, RB, pc->x));
        NEXT(0);
    }
    CASE(NEW_RANGE) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        TRY(ch__op_new_range(vm, ra, *rb, *rc, !(pc->x & CH_X_EXCLUSIVE)));
        NEXT(0);
    }
    CASE(CLOSURE) {
        const ChProto *proto = frame->closure->proto->chunk->protos[(uint32_t)BC];
        ChClosure *closure = ch_closure_new(proto, frame->closure->module, proto->capture_count);
        for (uint32_t i = 0; i < proto->capture_count; i++) {
            const ChCapture *capture = &proto->captures[i];
            closure->captures[i] = ch_retain(capture->from_self      ? ch_object(frame->closure)
                                             : capture->from_capture ? frame->closure->captures[capture->index]
                                                                     : base[capture->index]);
        }
        ch_assign_take(RA, ch_object(closure));
        NEXT(0);
    }
    CASE(GET_FIELD) {
        ChValue *ra = RA, *rb = RB;
        ChWord *cache = (ChWord *)(uintptr_t)&pc[1];
        ChShape *shape;
        ChValue *fields;
        if (rb->tag == CH_TAG_STRUCT) {
            shape = rb->as.record->shape;
            fields = rb->as.record->fields;
        } else if (rb->tag == CH_TAG_DICT && rb->as.dict->shape) {
            shape = rb->as.dict->shape;
            fields = rb->as.dict->values;
        } else
            goto get_field_slowly;
        if (CH_UNLIKELY(shape->id != cache->cache.id)) goto get_field_slowly;
        ChValue v = fields[cache->cache.slot];
        if (CH_UNLIKELY(v.tag == CH_TAG_ABSENT)) goto get_field_slowly;
        if (ch_is_heap(v)) v.as.object->refs++;
        if (CH_UNLIKELY(pc->x & CH_X_FREE_B) && ra != rb) ch__slot_clear(rb);
        ch_assign_take(ra, v);
        NEXT(1);
    get_field_slowly:
        TRY(ch__op_get_field(vm, ra, rb, KC.as.string, pc->x, cache));
        NEXT(1);
    }
    CASE(TAKE_FIELD) {
        ChValue *ra = RA, *rb = RB;
        ChWord *cache = (ChWord *)(uintptr_t)&pc[1];
        ChValue *field = NULL;
        if (rb->tag == CH_TAG_STRUCT && rb->as.record->head.refs == 1 && rb->as.record->shape->id == cache->cache.id)
            field = &rb->as.record->fields[cache->cache.slot];
        else if (rb->tag == CH_TAG_DICT && rb->as.dict->head.refs == 1 && rb->as.dict->shape &&
                 rb->as.dict->shape->id == cache->cache.id)
            field = &rb->as.dict->values[cache->cache.slot];
        if (CH_LIKELY(field && field->tag != CH_TAG_ABSENT)) {
            ch_assign_take(ra, ch_take(field));
            NEXT(1);
        }
        TRY(ch__op_get_field(vm, ra, rb, KC.as.string, pc->x, cache));
        NEXT(1);
    }
    CASE(SET_FIELD) {
        ChValue *ra = RA, *rc = RC;
        ChWord *cache = (ChWord *)(uintptr_t)&pc[1];
        ChValue v = TAKE_OR_SHARE(rc, CH_X_FREE_C);
        if (CH_LIKELY(ra->tag == CH_TAG_STRUCT && ra->as.record->head.refs == 1 &&
                      ra->as.record->shape->id == cache->cache.id)) {
            ch_assign_take(&ra->as.record->fields[cache->cache.slot], v);
            NEXT(1);
        }
        if (CH_LIKELY(ra->tag == CH_TAG_DICT && ra->as.dict->head.refs == 1 && ra->as.dict->shape &&
                      ra->as.dict->shape->id == cache->cache.id)) {
            ch_assign_take(&ra->as.dict->values[cache->cache.slot], v);
            NEXT(1);
        }
        TRY(ch__op_set_field(vm, ra, constants[pc->b].as.string, v, cache));
        NEXT(1);
    }
    CASE(GET_INDEX) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        if (CH_LIKELY(rb->tag == CH_TAG_LIST && rc->tag == CH_TAG_INT &&
                      (uint64_t)rc->as.integer < rb->as.list->count)) {
            ChValue v = rb->as.list->items[rc->as.integer];
            if (ch_is_heap(v)) v.as.object->refs++;
            if (CH_UNLIKELY(pc->x & CH_X_FREE_B) && ra != rb) ch__slot_clear(rb);
            ch_assign_take(ra, v);
            NEXT(0);
        }
        if (rb->tag == CH_TAG_DICT && rc->tag == CH_TAG_STRING && !(pc->x & CH_X_FREE_B)) {
            const ChValue *found = ch_dict_find(rb->as.dict, rc->as.string);
            ChValue v = found ? ch_retain(*found) : CH_NIL;
            if (pc->x & CH_X_FREE_C && ra != rc) ch__slot_clear(rc);
            ch_assign_take(ra, v);
            NEXT(0);
        }
        TRY(ch__op_get_index(vm, ra, rb, rc, pc->x));
        NEXT(0);
    }
    CASE(SET_INDEX) {
        ChValue *ra = RA, *rb = RB, *rc = RC;
        ChValue v = TAKE_OR_SHARE(rc, CH_X_FREE_C);
        if (CH_LIKELY(ra->tag == CH_TAG_LIST && rb->tag == CH_TAG_INT && ra->as.list->head.refs == 1 &&
                      (uint64_t)rb->as.integer < ra->as.list->count)) {
            ch_assign_take(&ra->as.list->items[rb->as.integer], v);
            NEXT(0);
        }
        TRY(ch__op_set_index(vm, ra, *rb, v));
        if (pc->x & CH_X_FREE_B) ch__slot_clear(rb);
        NEXT(0);
    }
    CASE(SET_PATH) {
        TRY(ch__op_set_path(vm, RA, RB, pc->x, ch_take(RC)));
        NEXT(0);
    }
    CASE(SLICE) {
        TRY(ch__op_slice(vm, RA, RB, RC, pc->x));
        NEXT(0);
    }
    CASE(GET_PAYLOAD) {
        ChValue *ra = RA, *rb = RB, v = CH_NIL;
        if (rb->tag == CH_TAG_ENUM && pc->c < rb->as.variant->count) v = ch_retain(rb->as.variant->fields[pc->c]);
        FREE_B(rb);
        ch_assign_take(ra, v);
        NEXT(0);
    }
    CASE(TEST_VARIANT) {
        const ChValue *ra = RA;
        ChLinkedVariant *variant = constants[pc->b].as.pointer;
        if (CH_UNLIKELY(!variant->type)) ch__link_variant(vm, variant);
        bool is_it = ra->tag == CH_TAG_ENUM && ra->as.variant->type == variant->type &&
                     ra->as.variant->variant == variant->variant;
        FREE_A();
        if (!is_it) JUMP(1, SIGNED(pc->c));
        NEXT(1);
    }
    CASE(TEST_LIST) {
        const ChValue *ra = RA;
        bool is_it = ra->tag == CH_TAG_LIST && ra->as.list->count >= pc->b;
        FREE_A();
        if (!is_it) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    CASE(TEST_DICT) {
        bool is_it = RA->tag == CH_TAG_DICT;
        FREE_A();
        if (!is_it) JUMP(0, SIGNED(pc->c));
        NEXT(0);
    }
    CASE(DESTRUCTURE) {
        TRY(ch__op_destructure(vm, *RA, pc->b));
        FREE_A();
        NEXT(0);
    }
    CASE(LIST_REST) {
        TRY(ch__op_list_rest(vm, RA, RB, pc->c, pc->x));
        NEXT(0);
    }
    CASE(DICT_REST) {
        TRY(ch__op_dict_rest(vm, RA, RB, KC.as.pointer, pc->x));
        NEXT(0);
    }
    CASE(LIST_GET) {
        TRY(ch__op_list_get(vm, RA, RB, pc->c, pc->x));
        NEXT(0);
    }
    CASE(LEN) {
        ChValue *ra = RA, *rb = RB;
        if (CH_LIKELY(rb->tag == CH_TAG_LIST)) {
            int64_t n = rb->as.list->count;
            FREE_B(rb);
            SET_INT(ra, n);
            NEXT(0);
        }
        TRY(ch__op_len(vm, ra, rb, pc->x));
        NEXT(0);
    }

#include "vm/exec_calls.h"

    // ---- errors
    CASE(THROW) {
        SAVE();
        ChValue *ra = RA;
        ch_throw_value(vm, TAKE_OR_SHARE(ra, CH_X_FREE_A));
        goto unwind;
    }
    CASE(RETHROW) {
        SAVE();
        ch__op_rethrow(vm, RA);
        goto unwind;
    }
    CASE(THROW_TEXT) {
        SAVE();
        ch__op_throw_text(vm, pc->a, ch_string_view(constants[(uint32_t)BC].as.string));
        goto unwind;
    }
    CASE(TRY_OK) {
        ChValue *ra = RA, *rb = RB, v = TAKE_OR_SHARE(rb, CH_X_FREE_B);
        uint32_t variant;
        ch_assign_take(ra, ch_is_result(vm, v, &variant) ? v : ch_result_ok(vm, v));
        NEXT(0);
    }
    CASE(TRY_ERR) {
        ChValue *ra = RA, *rb = RB;
        ch_assign_take(ra, ch_result_err(vm, TAKE_OR_SHARE(rb, CH_X_FREE_B)));
        NEXT(0);
    }
    CASE(PROPAGATE) {
        ChValue *ra = RA, *rb = RB;
        uint32_t variant;
        if (CH_UNLIKELY(!ch_is_result(vm, *rb, &variant))) {
            SAVE();
            ch_throw_type(vm, "? operator requires a Result value, got %s", ch_type_name(*rb));
            goto unwind;
        }
        if (variant == CH_RESULT_OK) {
            ChValue payload = rb->as.variant->count ? ch_retain(rb->as.variant->fields[0]) : CH_NIL;
            FREE_B(rb);
            ch_assign_take(ra, payload);
            JUMP(0, SIGNED(pc->c));
        }
        if (ra != rb) ch_assign_take(ra, TAKE_OR_SHARE(rb, CH_X_FREE_B));
        NEXT(0);
    }
    CASE(NO_MATCH) {
        SAVE();
        ch__op_no_match(vm, *RA);
        goto unwind;
    }

    // ---- generators and tasks
    CASE(YIELD) {
        ChValue *rb = RB, v = TAKE_OR_SHARE(rb, CH_X_FREE_B);
        if (CH_UNLIKELY(!fiber->generator)) {
            ch_release(v);
            SET_NIL(RA);
            NEXT(0);
        }
        SAVE();
        fiber->resume_dst = pc->a;
        ch__generator_yield(task, v);
        goto reload;
    }
    CASE(SPAWN) {
        ChValue *ra = RA, *rb = RB;
        TRY(ch__op_spawn(vm, ra, rb));
        FREE_B(rb);
        NEXT(0);
    }
    CASE(ENTER) {
        SAVE();
        ChFlow flow = ch__op_enter(vm, task, RA, *RB, pc->c);
        if (CH_LIKELY(flow == CH_OK)) NEXT(0);
        if (flow == CH_THROW) goto unwind;
        fiber->resume_dst = pc->a;
        return CH_RAN_WAITING;
    }
    CASE(LEAVE) {
        ch__op_leave(vm, task, RA);
        NEXT(0);
    }

    // ---- modules
    CASE(IMPORT) {
        ChClosure *run = NULL;
        TRY(ch__op_import(vm, ch__frame_module(frame), ch_string_view(constants[(uint32_t)BC].as.string), pc->x,
                          &run));
        if (!run) {
            SET_NIL(RA);
            NEXT(0);
        }
        if (!ch__frame_push(vm, fiber, run, base + frame->closure->proto->register_count, 0, pc->a,
                            CH_FRAME_MODULE | CH_FRAME_REDO)) {
            goto unwind;
        }
        goto reload;
    }
    CASE(IMPORT_NAME) {
        TRY(ch__op_import_name(vm, ch__frame_module(frame), (uint32_t)BC,
                               ch_string_view(constants[pc[1].word].as.string), pc->x));
        NEXT(1);
    }
    CASE(DECLARE) {
        ChModule *module = ch__frame_module(frame);
        ch__op_declare(vm, module, frame->closure->proto->chunk, (uint32_t)BC, RA);
        NEXT(0);
    }

    // ---- debugger
    CASE(BREAK) {
        frame->pc = pc;
        const ChBreakpointSite *site = ch__break_find(vm, pc);
        uint8_t original = site ? site->original : pc->op;
        if (site && site->keeps) ch_frame_keep(frame);
        if (task->skip_break == pc)
            task->skip_break = NULL;
        else if (vm->hooks.on_break && site && site->count) {
            fiber->is_before = true;
            vm->hooks.on_break(vm, task, vm->hooks.ud);
            if (vm->stop_requested) {
                task->skip_break = pc;
                return CH_RAN_STOPPED;
            }
            fiber->is_before = false;
        }
        goto *labels[original];
    }

safepoint: // pc is the next instruction
    frame->pc = pc;
    fiber->is_before = true;
    switch (ch__safepoint(vm, task, &fuel, &status)) {
    case CH_SAFEPOINT_GO: fiber->is_before = false; DISPATCH();
    case CH_SAFEPOINT_THROW:
        fiber->is_before = false;
        frame->pc = pc + 1;
        goto unwind;
    case CH_SAFEPOINT_LEAVE: return status;
    }

unwind:
    switch (ch__unwind(vm, task)) {
    case CH_UNWIND_HANDLED: goto reload;
    case CH_UNWIND_STOPPED: return CH_RAN_STOPPED;
    case CH_UNWIND_FAILED: return CH_RAN_DONE;
    }
    __builtin_unreachable();
}

#undef R
#undef RA
#undef RB
#undef RC
#undef KC
#undef BC
#undef SIGNED
#undef DISPATCH
#undef CASE
#undef NEXT
#undef SAVE
#undef TRY
#undef JUMP
#undef BOTH
#undef SET
#undef SET_INT
#undef SET_FLOAT
#undef SET_BOOL
#undef SET_NIL
#undef FREE_OPERANDS
#undef FREE_A
#undef FREE_B
#undef FREE_AB
#undef TAKE_OR_SHARE
#undef ENTER_PLAIN
#undef ARITH
#undef ARITH_IMMEDIATE
#undef ARITH_CONSTANT
#undef DIVISION
#undef FLOAT_QUOTIENT
#undef RC_IMMEDIATE
#undef COMPARE
#undef COMPARE_IMMEDIATE
#undef EQUAL_IMMEDIATE
#undef COMPARE_JUMP
#undef COMPARE_JUMP_IMMEDIATE
