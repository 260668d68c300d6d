// What the files of vm/ and runtime/ share: helpers of the loop, pushing and dropping frames, linking.
#ifndef CH_VM_VM_INT_H
#define CH_VM_VM_INT_H

#include "compile/compile.h"
#include "vm/program.h"
#include "vm/vm.h"

#define CH_LIKELY(x) __builtin_expect(!!(x), 1)
#define CH_UNLIKELY(x) __builtin_expect(!!(x), 0)

static inline void ch__slot_clear(ChValue *slot) {
    if (ch_is_heap(*slot)) {
        ChObject *object = slot->as.object;
        slot->tag = CH_TAG_NIL;
        if (--object->refs == 0) ch_object_free(object);
    }
}

static inline void ch__slots_clear(ChValue *from, const ChValue *end) {
    // Heap tags have a bit that the others lack, so four slots take one test.
    for (; end - from >= 4; from += 4) {
        if (CH_LIKELY((from[0].tag | from[1].tag | from[2].tag | from[3].tag) < CH_TAG_STRING)) continue;
        for (int i = 0; i < 4; i++) ch__slot_clear(from + i);
    }
    for (; from < end; from++) ch__slot_clear(from);
}

// ch_equal, with the answers that are near at hand found here.
static inline bool ch__equal_soon(const ChValue *l, const ChValue *r) {
    if (l->tag != r->tag) return ch_equal(*l, *r);
    if (l->tag == CH_TAG_FLOAT) return l->as.real == r->as.real;
    if (l->tag <= CH_TAG_INT) return l->tag == CH_TAG_NIL || l->as.integer == r->as.integer;
    if (l->tag == CH_TAG_STRING) {
        const ChString *a = l->as.string, *b = r->as.string;
        if (a == b) return true;
        if (a->length != b->length || (a->head.flags & b->head.flags & CH_STRING_INTERNED)) return false;
    }
    return ch_equal(*l, *r);
}

// Does the call need no closer look at its arguments (ch_builtin_check)? Known once one call has passed it.
static inline bool ch__builtin_fits(ChVm *vm, uint32_t builtin, const ChValue *args, uint32_t argc) {
    const ChBuiltinQuick *quick = ch_heap_of(vm)->builtin_quick;
    if (!quick) return false;
    quick += builtin;
    if (argc < quick->least || argc > quick->most) return false;
    for (uint32_t i = 0; i < argc; i++)
        if (!(quick->tags[i] >> args[i].tag & 1)) return false;
    return true;
}

static inline void ch__closure_unref(ChClosure *closure) {
    if (--closure->head.refs == 0) ch_object_free(&closure->head);
}

static inline ChModule *ch__frame_module(const ChFrame *frame) { return frame->closure->module; }

// ---- the loop (exec.c)

ChFlow ch__list_push(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result); // builtins/list.c; the loop knows it

ChRunStatus ch__exec_fast(ChVm *vm, ChTask *task);
ChRunStatus ch__exec_counted(ChVm *vm, ChTask *task);
ChRunStatus ch__exec_sampled(ChVm *vm, ChTask *task);

typedef enum ChSafepoint { CH_SAFEPOINT_GO, CH_SAFEPOINT_THROW, CH_SAFEPOINT_LEAVE } ChSafepoint;
// Looks at what interrupts; *fuel gets the safepoints until the next look. LEAVE: *status tells why.
// One look less of those that the owner of the loop gave; true: it was the last.
static inline bool ch__looks_over(ChVm *vm) { return vm->looks_left && --vm->looks_left == 0; }
ChSafepoint ch__safepoint(ChVm *vm, ChTask *task, int64_t *fuel, ChRunStatus *status);

// ---- counting (counts.c)

// The instruction at `pc` of the running frame begins.
void ch__count(ChFiber *fiber, const ChFrame *frame, const ChInstr *pc);
// Counters for the words of a function that is being linked, or NULL. Owned.
ChWordCount *ch__counts_new(const ChVm *vm, const ChModule *module, const ChProto *proto);

// ---- frames and fibers (fiber.c)

ChFiber *ch__fiber_new(uint32_t slots, uint32_t frames);
// Drops every frame and the memory.
void ch__fiber_free(ChFiber *fiber);
// Every value that the fiber holds.
void ch__fiber_trace(ChFiber *fiber, void (*visit)(ChValue *slot, void *ud), void *ud);
// Recomputes where a push takes the slow way; after hooks or limits changed.
void ch__fiber_limit(ChVm *vm, ChFiber *fiber);
// At least `slots` registers from `*at` on (which is moved with the stack). False: Stack overflow is pending.
bool ch__stack_reserve(ChVm *vm, ChFiber *fiber, ChValue **at, uint32_t slots);
// Pushes a frame for `take_closure`, whose arguments stand at `window` as its arity wants them (ch__call_arrange).
// False: an error is pending and the closure was released; the arguments are still in the window.
bool ch__frame_push(ChVm *vm, ChFiber *fiber, ChClosure *take_closure, ChValue *window, uint32_t argc, uint16_t dst,
                    uint32_t flags);
void ch__snapshot_free(ChFrameSnapshot *snapshot);
// Drops the top frame: registers, closure, snapshot.
void ch__frame_drop(ChFiber *fiber);

// ---- calls (ops_call.c)

// Makes the window's arguments what the callee's parameters want: missing ones nil, rest collected, extra ones
// dropped. May move the stack. False: an error is pending.
bool ch__call_arrange(ChVm *vm, ChFiber *fiber, const ChProto *proto, ChValue **window, uint32_t argc);
// A suspended call of a generator function; closure and arguments are taken.
ChGenerator *ch__generator_new(ChVm *vm, ChClosure *take_closure, ChValue *window, uint32_t argc);
// Registers of the frame are released, the window becomes its first registers.
void ch__tail_shift(ChFrame *frame, ChValue *window, uint32_t argc);
// Replaces the list in *slot by its items, from *slot on. May move the stack. UINT32_MAX: an error is pending.
uint32_t ch__spread(ChVm *vm, ChFiber *fiber, ChValue **slot);
ChFlow ch__throw_not_callable(ChVm *vm, ChValue callee);

typedef enum ChMethodKind { CH_METHOD_CLOSURE, CH_METHOD_BUILTIN, CH_METHOD_FIELD, CH_METHOD_NONE, CH_METHOD_THROW } ChMethodKind;
// What `receiver.name()` calls: a closure (*closure, borrowed), a row of the builtins (*index), or a callable field
// of a dict (*field, borrowed). *cache gets what the inline cache may hold; its id 0 means nothing.
ChMethodKind ch__method_find(ChVm *vm, ChValue receiver, ChString *name, ChClosure **closure, uint32_t *index,
                             ChValue *field, ChWord *cache);
#define CH_METHOD_CACHE_TAG 0x80000000u

ChFlow ch__throw_undefined(ChVm *vm, ChErrorKind kind, ChStr name);
// A builtin as a value: itself, or what a constant stands for. Owned.
ChValue ch__builtin_value(ChVm *vm, uint32_t row);
// What a name means that the module does not define: a late closure, else the builtin. Owned; ABSENT: an error of
// `kind` is pending.
ChValue ch__late_value(ChVm *vm, ChTask *task, ChStr name, ChErrorKind kind);

// Begins or continues a generator: the task's fiber is its fiber then. False: an error is pending.
bool ch__generator_resume(ChVm *vm, ChTask *task, ChGenerator *generator, const ChInstr *item_pc,
                          const ChInstr *end_pc, uint16_t item_dst);
// Hands the value to the consumer, whose fiber is the task's then.
void ch__generator_yield(ChTask *task, ChValue take_value);
// The running generator has ended: its fiber is gone, the task's fiber is the consumer's.
void ch__generator_end(ChTask *task);

// ---- arithmetic (ops_arith.c): *ra = *rb op *rc for what the loop leaves to them. `x` as in the instruction.
// They release what was in *ra. *rb and *rc may be registers or temporaries.

ChFlow ch__op_add(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_sub(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_mul(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_div(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_mod(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_pow(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_neg(ChVm *vm, ChValue *ra, ChValue *rb, unsigned x);
bool ch__contains(ChVm *vm, ChValue item, ChValue collection);
ChFlow ch__op_interp(ChVm *vm, ChValue *ra, ChValue *parts, uint32_t count);

// ---- data (ops_data.c)

ChFlow ch__op_get_field(ChVm *vm, ChValue *ra, ChValue *rb, ChString *name, unsigned x, ChWord *cache);
ChFlow ch__op_set_field(ChVm *vm, ChValue *ra, ChString *name, ChValue take_value, ChWord *cache);
ChFlow ch__op_get_index(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x);
ChFlow ch__op_set_index(ChVm *vm, ChValue *ra, ChValue key, ChValue take_value);
ChFlow ch__op_set_path(ChVm *vm, ChValue *ra, ChValue *keys, uint32_t count, ChValue take_value);
ChFlow ch__op_slice(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *bounds, unsigned x);
ChFlow ch__op_list_spread(ChVm *vm, ChValue *ra, ChValue value);
ChFlow ch__op_dict_put(ChVm *vm, ChValue *ra, ChValue key, ChValue take_value);
ChFlow ch__op_dict_spread(ChVm *vm, ChValue *ra, ChValue value);
ChFlow ch__op_new_record(ChVm *vm, ChValue *ra, const ChLinkedNames *names, ChValue *values);
ChFlow ch__op_new_struct(ChVm *vm, ChValue *ra, ChLinkedNames *names, ChValue *values);
ChFlow ch__op_struct_from(ChVm *vm, ChValue *ra, ChValue *rb, ChLinkedNames *names);
ChFlow ch__op_new_enum(ChVm *vm, ChValue *ra, ChLinkedVariant *variant, ChValue *values, uint32_t count);
ChFlow ch__op_new_range(ChVm *vm, ChValue *ra, ChValue start, ChValue end, bool inclusive);
ChFlow ch__op_destructure(ChVm *vm, ChValue value, uint32_t kind);
ChFlow ch__op_list_rest(ChVm *vm, ChValue *ra, ChValue *rb, uint32_t from, unsigned x);
ChFlow ch__op_dict_rest(ChVm *vm, ChValue *ra, ChValue *rb, const ChLinkedNames *names, unsigned x);
ChFlow ch__op_list_get(ChVm *vm, ChValue *ra, ChValue *rb, uint32_t index, unsigned x);
ChFlow ch__op_len(ChVm *vm, ChValue *ra, ChValue *rb, unsigned x);
ChFlow ch__op_for_prep(ChVm *vm, ChValue *ra, unsigned x, bool *is_empty);
ChFlow ch__op_iter(ChVm *vm, ChValue *ra, ChValue *rb, unsigned x);

typedef enum ChIterStep { CH_ITER_ITEM, CH_ITER_END, CH_ITER_RESUME, CH_ITER_WAIT, CH_ITER_THROW } ChIterStep;
// One step of the iteration in ra[0], ra[1]. ITEM: *item is owned. RESUME: *generator is to be resumed (or, when it
// is NULL, has ended). WAIT: the task waits for a channel; woken with CH_ABSENT it has ended.
ChIterStep ch__iter_step(ChVm *vm, ChTask *task, ChValue *ra, ChValue *item, ChGenerator **generator);

// Resolves what a linked constant names.
void ch__link_struct(ChVm *vm, ChLinkedNames *names);
void ch__link_variant(ChVm *vm, ChLinkedVariant *variant);

// ---- errors (ops_error.c, errors.c)

// HANDLED: the task's fiber and top frame are at the handler. STOPPED: a hook wants a stop where the error arose; the
// next call goes on. FAILED: nothing took it; task->error has it.
typedef enum ChUnwind { CH_UNWIND_HANDLED, CH_UNWIND_STOPPED, CH_UNWIND_FAILED } ChUnwind;
ChUnwind ch__unwind(ChVm *vm, ChTask *task);
// Drops every frame of every fiber of the task.
void ch__task_clear(ChVm *vm, ChTask *task);
ChFlow ch__op_rethrow(ChVm *vm, ChValue *ra);
ChFlow ch__op_throw_text(ChVm *vm, uint32_t kind, ChStr text);
ChFlow ch__op_no_match(ChVm *vm, ChValue value);
ChFlow ch__check_param(ChVm *vm, const ChFrame *frame, const ChProto *proto, uint32_t number, uint32_t type_number,
                       ChValue *value);

// A value of this tag surely has this runtime type.
static inline bool ch__rt_is_plain(ChRtKind kind, uint32_t tag) {
    return (kind == CH_RT_INT && tag == CH_TAG_INT) || (kind == CH_RT_STRING && tag == CH_TAG_STRING) ||
           (kind == CH_RT_FLOAT && tag == CH_TAG_FLOAT) || (kind == CH_RT_BOOL && tag == CH_TAG_BOOL);
}

// ---- modules (module.c, types.c)

// Parses, compiles and verifies. NULL: the reasons are in `diagnostics`.
ChChunk *ch__compile_tree(ChVm *vm, const ChTree *tree, ChStr folder, ChCompileKind kind, ChDiagnosticList *diagnostics);
// Empties the slots, which may hold what holds the module.
void ch__module_clear(ChModule *module);
// The prelude's function behind a row without native code; loads the prelude when that is needed. Borrowed. NULL: an
// error is pending (a defect of the prelude).
// The module is the prelude or one of its parts.
bool ch__is_prelude(const ChModule *module);
// Lets go of what builtins written in Harn keep; before modules go.
void ch__builtin_memory_clear(ChVm *vm);
ChClosure *ch__prelude_closure(ChVm *vm, uint32_t row);
// IMPORT: loads the module. OK with *run NULL: names are bound. OK with a closure (owned): run it, then do the
// instruction again.
ChFlow ch__op_import(ChVm *vm, ChModule *into, ChStr name, unsigned x, ChClosure **run);
ChFlow ch__op_import_name(ChVm *vm, ChModule *into, uint32_t slot, ChStr name, unsigned x);
void ch__op_declare(ChVm *vm, ChModule *module, const ChChunk *chunk, uint32_t decl, ChValue *methods);
ChStructType *ch__struct_type(ChVm *vm, ChStr name);
ChEnumType *ch__enum_type_make(ChVm *vm, ChStr name);
uint32_t ch__enum_variant_make(ChVm *vm, ChEnumType *type, ChStr name, uint32_t field_count);
void ch__method_set(ChVm *vm, ChStr type_name, ChStr method, ChClosure *closure);

// ---- tasks (runtime/)

// Delivers what the task waited for. False: an error is pending.
bool ch__task_deliver(ChVm *vm, ChTask *task);
// The task has come to its end: whoever waits for it hears of it.
void ch__task_ended(ChVm *vm, ChTask *task);
// It does not wait any more, for a reason of its own.
void ch__task_unwait(ChVm *vm, ChTask *task);
ChFlow ch__op_spawn(ChVm *vm, ChValue *ra, ChValue *rb);
ChFlow ch__op_enter(ChVm *vm, ChTask *task, ChValue *ra, ChValue value, uint32_t kind);
void ch__op_leave(ChVm *vm, ChTask *task, ChValue *ra);
// Leaves the regions whose frames are gone; those above `count`; all.
void ch__regions_cut(ChVm *vm, ChTask *task);
void ch__regions_drop(ChVm *vm, ChTask *task, uint32_t count);
struct ChScheduler *ch__scheduler_new(void);
void ch__scheduler_free(ChVm *vm);
// Channel iteration: as ch__iter_step.
ChIterStep ch__channel_step(ChVm *vm, ChTask *task, ChValue channel, ChValue *item);
// Throws when a deadline of the task is over.
ChFlow ch__deadline_check(ChVm *vm, ChTask *task);

// ---- debugging (inspect.c)

ChBreakpointSite *ch__break_find(const ChVm *vm, const ChInstr *at);

#endif
