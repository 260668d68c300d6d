// The machine: modules, tasks, fibers, frames, errors, and what runs them.
//
// No native frame ever sits between two Harn frames: a call pushes a ChFrame on the fiber's own stack, natives never
// call Harn code (what calls back is in prelude.harn), and so any task can suspend, be stepped, snapshotted or
// unwound at any instruction.
//
// Everything here belongs to the thread of its VM, except ch_vm_interrupt, which any thread may call.
#ifndef CH_VM_VM_H
#define CH_VM_VM_H

#include <stdatomic.h>

#include "base/map.h"
#include "base/source.h"
#include "builtins/builtins.h"
#include "compile/chunk.h"
#include "vm/heap.h"
#include "vm/value.h"

typedef struct ChModule ChModule;
typedef struct ChTask ChTask;
typedef struct ChFiber ChFiber;
typedef struct ChFrame ChFrame;
typedef struct ChVmHooks ChVmHooks;
typedef struct ChStructType ChStructType;
typedef struct ChGenerator ChGenerator;
struct ch_host;

// ---- limits --------------------------------------------------------------------------------------------------

#define CH_FRAMES_MAX_DEFAULT 100000u    // calls nested in one task
#define CH_STACK_SLOTS_MAX (24u << 20)   // registers of one fiber: 384 MiB
#define CH_SAFEPOINT_INTERVAL 4096       // backward jumps and calls between two looks at interrupts
#define CH_CANCEL_GRACE 1024             // the same, for a program that was asked to end
#define CH_DEADLINE_DEFAULT_MS 30000     // of `deadline` with something that is not a time
#define CH_MODULES_MAX 10000u            // modules of one VM

// ---- linked code -----------------------------------------------------------------------------------------------

// The names of a record literal or a dict rest: constants of kind NAMES and STRUCT.
typedef struct ChLinkedNames {
    ChString **names;        // interned
    uint32_t count;
    ChShape *shape;          // of a dict with these keys in order; NULL: a key twice, or no shape to be had
    ChStructType *type;      // STRUCT: the type once it was found
    ChShape *struct_shape;   // STRUCT: shape of that type; slot of name i is slots[i]
    uint32_t *slots;
    ChString *name;          // STRUCT: name of the type
} ChLinkedNames;

// A constant of kind VARIANT.
typedef struct ChLinkedVariant {
    ChString *enum_name, *variant_name;
    ChEnumType *type;        // NULL until it was used
    uint32_t variant;
} ChLinkedVariant;

// The VM's side of a prototype. Constants are shared by all protos of a chunk; those of kind NAMES, STRUCT and
// VARIANT are values with tag NIL whose pointer leads to the linked structs above.
typedef struct ChLinkedProto {
    ChValue *constants;
    ChModule *module;
    ChString *name;          // interned
    struct ChWordCount *counts; // one per word; NULL: not counted, see ch_vm_count
    ChString *file;          // as it is shown in traces; the module's, or of the text that was entered
    ChSource *source;        // NULL: no text at hand
} ChLinkedProto;

// How often an instruction was begun, and where a conditional jump went on from it.
typedef struct ChWordCount {
    uint64_t begun, fell, jumped;
} ChWordCount;

typedef enum ChModuleState { CH_MODULE_LOADED, CH_MODULE_RUNNING, CH_MODULE_READY, CH_MODULE_FAILED } ChModuleState;

typedef struct ChVmExport {
    ChString *name;
    ChModule *module;        // borrowed: the VM's module table holds it
    uint32_t slot;
} ChVmExport;

// A loaded module: code, its top-level variables, and its exports. The VM keeps every module until it ends.
struct ChModule {
    uint32_t refs;
    ChVm *vm;
    ChChunk *chunk;          // owned
    ChStr path;              // absolute, or "<stdlib>/NAME.harn", or "<prelude>"; borrowed from the chunk's arena
    ChString *display_path;  // as it is shown in traces
    ChStr folder;            // imports are looked for here
    ChSource *source;        // NULL: no text at hand
    ChValue *slots;          // CH_ABSENT until defined
    uint32_t slot_count;
    ChValue *constants;
    struct ChLink *links;    // what linking made: its own chunk's part first, then those of evaluations
    ChMap exports;           // name -> ChVmExport *
    ChModule *imported_last; // for IMPORT_NAME
    ChModuleState state;
    bool has_reexports;
    struct ChCompileSession *session; // NULL: not entered text by text, see program.h
    uint64_t import_span;    // of an import of its own that has begun; 0: none
};

// A declared struct: the order of its fields and its methods.
struct ChStructType {
    ChString *name;
    ChString **fields;
    uint32_t field_count;
    ChShape *root, *full;    // no fields; all declared fields in order
    bool is_declared;        // else it was only used
};

// ---- frames and fibers -------------------------------------------------------------------------------------------

// frame flags
#define CH_FRAME_BOTTOM 1    // its return ends the fiber
#define CH_FRAME_MODULE 2    // top level of a module: its return makes the module ready
#define CH_FRAME_KEEP 4      // `initial` is set
#define CH_FRAME_REDO 8      // the caller does its instruction again (IMPORT)

struct ChFrame {
    const ChInstr *pc;       // where it goes on; the running frame's is in the loop's register
    ChClosure *closure;      // counted
    ChValue *base;           // first register, in the fiber's stack
    ChValue *constants;
    uint16_t dst;            // register of the caller that gets the result
    uint16_t argc;
    uint32_t flags;
    struct ChFrameSnapshot *initial; // hooks set: arguments as they were at entry
};

typedef struct ChFrameSnapshot {
    uint32_t count;          // parameters
    ChValue values[];
} ChFrameSnapshot;

typedef enum ChFiberStatus { CH_FIBER_NEW, CH_FIBER_RUNNING, CH_FIBER_SUSPENDED, CH_FIBER_DONE } ChFiberStatus;

// A stack that can be suspended: the main stack of a task, or a generator's. Frames are frames[0] .. *top.
// Registers above those of the top frame never hold heap values, so windows need no initialisation.
struct ChFiber {
    ChValue *stack, *stack_end;
    ChFrame *frames, *frames_end; // frames_end: where the next push must grow or fail
    ChFrame *top;            // NULL: no frame
    ChFiber *consumer;       // the fiber that resumed this generator, NULL for a task's main fiber
    ChGenerator *generator;  // whose fiber this is; borrowed
    uint32_t depth;          // frames of the consumers below
    uint32_t frame_capacity;
    ChFiberStatus status : 8;
    bool is_before;          // the top frame's pc is about to run (stopped there), not behind a call
    uint16_t resume_dst;     // register of the top frame that gets what it waits for
    uint16_t item_dst;       // of the consumer's top frame
    const ChInstr *end_pc;   // where the consumer goes on when the generator has ended
    const ChInstr *item_pc;  // ... when it has yielded, into register item_dst
    const ChInstr *jump;     // while counting: the conditional jump whose way on is looked for, or NULL
};

// A generator, stream, or source of a lazy iterator (tags GENERATOR, STREAM).
struct ChGenerator {
    ChHandle handle;
    ChFiber *fiber;          // NULL once it has ended
    bool is_running;
};

// ---- errors --------------------------------------------------------------------------------------------------------

typedef enum ChErrorKind {
    CH_ERROR_THROWN, CH_ERROR_RUNTIME, CH_ERROR_TYPE, CH_ERROR_UNDEFINED_VARIABLE, CH_ERROR_UNDEFINED_BUILTIN,
    CH_ERROR_IMMUTABLE, CH_ERROR_DIVISION, CH_ERROR_STACK, CH_ERROR_CATEGORIZED, CH_ERROR_ARITY,
    CH_ERROR_ARGUMENT_TYPE,
    CH_ERROR_EXIT            // exit(code): unwinds everything, catch and finally do not see it
} ChErrorKind;

typedef struct ChTraceEntry {
    ChString *function;      // owned; NULL: the unnamed top frame
    ChString *file;          // owned; NULL: no file
    ChSource *source;        // borrowed: the module keeps it; NULL: no text at hand
    uint32_t line, column;   // 0: unknown
} ChTraceEntry;

typedef struct ChTrace {
    uint32_t refs;
    uint32_t count;
    ChTraceEntry entries[];  // outermost first
} ChTrace;

// The error on its way. `value`: what was thrown (THROWN), the exit code (EXIT), else the text without prefix and
// suffix. A CATEGORIZED error's category is its static name.
typedef struct ChError {
    ChErrorKind kind;
    const char *category;
    ChValue value;
    ChTrace *trace;          // captured once, at the throw; NULL when a catch takes the error anyway
    bool is_reported;        // it has been looked at where it was thrown; a RETHROW does not do that again
} ChError;

// An error as a value (tag ERROR), while a `finally` runs.
typedef struct ChErrorBox {
    ChHandle handle;
    ChError error;
} ChErrorBox;

void ch_error_release(ChError *error);
// What `catch (e)` gets: the thrown value, or the text. Owned.
ChValue ch_error_caught_value(const ChError *error);
// The text of an error: `Thrown: …`, `Runtime error: …` … with the line suffix when `with_line`.
void ch_error_text(const ChError *error, bool with_line, ChBuffer *out);
// As `charn run` prints it: text, place, excerpt, the calls that led there.
void ch_vm_format_error(ChVm *vm, const ChError *error, ChBuffer *out);
// Replaces the pending error. `value` is taken.
ChFlow ch_throw_error(ChVm *vm, ChErrorKind kind, ChValue take_value);
ChFlow ch_throw_kind(ChVm *vm, ChErrorKind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
// `category` must be a literal.
ChFlow ch_throw_categorized(ChVm *vm, const char *category, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Ends the program with `code`; no handler sees it.
ChFlow ch_throw_exit(ChVm *vm, int code);
// The candidate that is nearest to `name` (1 or 2 edits, by its length), or an empty text.
ChStr ch_closest_name(ChStr name, const ChStr *candidates, uint32_t count);

// ---- tasks ---------------------------------------------------------------------------------------------------------

typedef enum ChTaskState { CH_TASK_READY, CH_TASK_WAITING, CH_TASK_DONE, CH_TASK_FAILED, CH_TASK_CANCELLED } ChTaskState;

// Tasks, first in, first out; linked through next_queued.
typedef struct ChTaskQueue {
    ChTask *first, *last;
} ChTaskQueue;

typedef struct ChRegion {    // an entered `deadline` or `mutex`
    uint32_t kind;           // ChRegionKind
    uint32_t token;          // 0: inherited from the task that spawned this one
    int64_t deadline_ms;     // monotonic
    struct ChPermit *permit; // MUTEX: counted
    ChFiber *fiber;          // whose frame entered it
    uint32_t frame;
} ChRegion;

struct ChTask {
    ChHandle handle;         // tag TASK
    ChVm *vm;
    uint32_t id;             // 1: the main task
    ChTaskState state;
    const char *label;       // of its body in traces; static, NULL for the main task
    ChTask *parent;          // counted; NULL for the main task
    ChFiber *main_fiber;
    ChFiber *fiber;          // that runs: the main one or a generator resumed by it
    ChValue result;
    ChError error;           // FAILED
    ChTask *next_all, *previous_all;
    ChTask *next_queued, *previous_queued; // in the ready queue or in that of a channel, primitive or task
    struct ChPermit *permits; // that it has taken and that are not released, see runtime/sync.h
    uint32_t graph_mark, graph_index; // see runtime/graph.c
    uint32_t wait_count;     // how often it has waited: tells stale timers
    uint32_t group_index;    // in `group`
    struct ChWait *wait;     // what it waits for, NULL when it does not; see runtime/
    struct ChSpanStack *spans; // NULL: none, see runtime/trace.h
    struct ChGroup *group;   // of a `parallel` that it is a part of
    ChRegion *regions;
    uint32_t region_count, region_capacity;
    ChValue wake_value;      // given to the register it waits for
    ChError wake_error;
    const ChInstr *skip_break; // this stop was reported: the next run begins with what stands there
    ChTaskQueue joiners;     // tasks that await this one
    uint32_t number;         // among those that its parent has spawned, or of its group
    uint32_t spawn_count, group_count; // how many it has begun itself
    int32_t grace;           // safepoints left after a cancel request; -1: none is known yet
    ChValue context;         // runtime_context_set: a dict, or nil
    ChValue scope;           // of task_scope: the list of the tasks that it has spawned, or nil
    ChValue step;            // the step and persona that run, see runtime/steps.c; handed down as the context is
    ChValue roots;           // the folders in which it may name files (builtins/roots.c): a list, or nil: all
    bool has_wake, wake_throws;
    bool is_unwinding;       // a hook stopped at the throw of the pending error
    bool cancel_requested;
    bool result_taken;
    bool is_grouped;         // began as a part of a `parallel`
    bool refuses_waits;      // an evaluation runs on top of it
    bool is_held;            // READY, but handlers of signals run first, see runtime/interrupt.h
};

// ---- the machine ---------------------------------------------------------------------------------------------------

// Reasons in ChVm.interrupt.
#define CH_INTERRUPT_PAUSE 1u   // the debugger wants a stop
#define CH_INTERRUPT_CANCEL 2u  // the host wants an end
#define CH_INTERRUPT_SIGNAL 4u
#define CH_INTERRUPT_YIELD 8u   // the owner of the loop wants it back
#define CH_INTERRUPT_SAMPLE 16u // a profiler wants to look; only the loop for profilers hears it

// Which frames keep their arguments as they were (ch_frame_restart needs them).
typedef enum ChKeepMode {
    CH_KEEP_ALL,             // all that begin while the hooks are set: makes every call about twice as dear
    CH_KEEP_ASKED,           // those of functions named to ch_vm_keep_set, and those that ch_frame_keep is called on
} ChKeepMode;

// What a debugger hears. All optional. They return without running Harn code; on_break, on_step and on_throw stop
// the VM by calling ch_vm_stop.
struct ChVmHooks {
    void (*on_break)(ChVm *vm, ChTask *task, void *ud);                    // a BREAK opcode was reached
    void (*on_step)(ChVm *vm, ChTask *task, void *ud);                     // single-step mode, before each instruction
    void (*on_throw)(ChVm *vm, ChTask *task, bool will_be_caught, void *ud); // the error is ch_vm_pending_error
    void (*on_task)(ChVm *vm, ChTask *task, bool started, void *ud);
    void (*on_module)(ChVm *vm, ChModule *module, void *ud);               // loaded and linked: place breakpoints
    void *ud;
    ChKeepMode keep;
};

typedef struct ChBreakpointSite {
    ChInstr *at;
    uint8_t original;
    uint32_t count;          // how many asked for it
    uint32_t keeps;          // how many asked for the arguments of frames that begin here
} ChBreakpointSite;

typedef struct ChVmOptions {
    uint32_t frames_max;     // 0: the default
    uint64_t seed;
} ChVmOptions;

// A profiler looks at the frames of the task. The top frame's pc is that of the instruction that has just run, or older
// when the frame has only begun.
typedef void (*ChSampleHook)(ChVm *vm, ChTask *task, void *ud);

struct ChVm {
    ChHeap heap;             // first: see heap.h
    struct ch_host *host;    // borrowed
    ChTask *task;            // that runs
    ChError error;           // pending: set when a function has answered CH_THROW
    bool has_error;
    atomic_uint interrupt;
    atomic_uint signals;     // that have come and that nobody has looked at, see runtime/interrupt.h
    unsigned signals_watched; // that the program has handlers for
    bool was_signalled, interrupt_cuts_wait;
    ChTask *interrupt_task;  // counted; it runs the handlers of signals
    uint32_t frames_max;
    bool stop_requested;
    bool is_stepping;
    bool is_counting;        // see ch_vm_count
    bool is_sampled;         // see ch_vm_set_sampler
    ChSampleHook on_sample;
    void *sample_ud;
    bool keeps_frames;       // hooks are set with CH_KEEP_ALL
    ChVmHooks hooks;
    ChBreakpointSite *breaks; // hash table by address, see breaks.c
    uint32_t break_count, break_capacity;

    ChModule **modules;      // all, owned
    uint32_t module_count, module_capacity;
    ChMap module_map;        // path -> ChModule *
    ChModule *main_module, *prelude;
    ChStr entry_pipeline;    // see ch_vm_set_pipeline
    uint32_t query_depth;    // files being compiled because another one's compilation asked
    ChClosure **prelude_closures; // per builtin row, NULL for natives
    ChMap enum_types;        // name -> ChEnumType *
    ChMap struct_types;      // name -> ChStructType *
    ChMap methods;           // type name -> ChMap * (method name -> number in method_targets)
    ChClosure **method_targets; // owned; numbers are what inline caches hold
    uint32_t method_count, method_capacity;
    ChMap interfaces;        // name -> ChChunkDecl *
    ChShape *entry_shape;    // {key, value}
    ChArena arena;           // names of tables

    ChTask *tasks_first, *tasks_last; // alive, in order of creation; counted
    ChTask *main_task;       // counted
    struct ChEventLog *event_log; // NULL: not used so far, see runtime/evlog.h
    char *event_log_path;
    struct ChLifecycle *lifecycle; // NULL: not used so far, see runtime/lifecycle.h
    struct ChAssertion *assertion; // NULL: nobody explains them, see vm/difference.h
    struct ChTracer *tracer;   // NULL: tracing was never switched on, see runtime/trace.h
    struct ChScheduler *scheduler;  // queues, timers and mutexes, see runtime/
    int64_t slice_left;      // instructions left of the slice, in counted runs
    uint32_t looks_left;     // see ch_vm_yield_after
    ChMap globals;           // what the host gives a program by name -> ChValue *, see ch_vm_set_global
    ChBuffer scratch;
};

// `host` is borrowed and outlives the VM. The prelude is loaded. NULL with a text in `why` when that fails (a defect
// of the build).
ChVm *ch_vm_new(struct ch_host *host, const ChVmOptions *options, ChBuffer *why);
void ch_vm_free(ChVm *vm);

// A name that programs see where nothing else of that name is known (`argv`). Replaces an earlier one.
void ch_vm_set_global(ChVm *vm, const char *name, ChValue take_value);
// `argv`, and `harness` with what a program may reach through it.
void ch_vm_set_arguments(ChVm *vm, const ChStr *arguments, uint32_t count);
// The pipeline that the program begins with; empty: "default", else the first. Borrowed; before the program is loaded.
void ch_vm_set_pipeline(ChVm *vm, ChStr name);

// Whether CH_INTERRUPT_CANCEL was asked for.
bool ch_vm_is_cancelled(ChVm *vm);

// Any thread: asks the running slice to look up at its next safepoint.
void ch_vm_interrupt(ChVm *vm, unsigned reasons);
// Takes back what was asked for: the next run begins as if nothing had been.
void ch_vm_uninterrupt(ChVm *vm, unsigned reasons);

// ---- modules ---------------------------------------------------------------------------------------------------------

// Links a compiled chunk: takes it. `source` may be NULL and is counted. The module is in the VM's table under its path.
ChModule *ch_vm_module_new(ChVm *vm, ChChunk *take_chunk, ChStr path, ChStr display_path, ChSource *source);
void ch_vm_module_unref(ChModule *module);
// The file that `import "name"` means, seen from `folder`; appended to `out`. False: there is none (out holds the
// first place that was tried).
bool ch_vm_module_resolve(ChVm *vm, ChStr folder, ChStr name, ChBuffer *out);
// Loads (parses, compiles, links) the file or std module; a loaded one is found again. NULL: an error is pending.
ChModule *ch_vm_module_load(ChVm *vm, ChStr folder, ChStr name);
// Slot of a top-level name, or -1.
int32_t ch_module_slot(const ChModule *module, ChStr name);

// ---- running -----------------------------------------------------------------------------------------------------

typedef enum ChRunStatus {
    CH_RAN_SLICE,     // the budget is used up, or CH_INTERRUPT_YIELD
    CH_RAN_STOPPED,   // a hook or a pause request stopped it
    CH_RAN_WAITING,   // the task waits (run_slice), all tasks wait (ch_vm_run)
    CH_RAN_DONE,      // the task has ended: state tells how
} ChRunStatus;

// Makes the main task: module top level, then the pipeline that the chunk names as its entry.
ChTask *ch_vm_start(ChVm *vm, ChModule *module);
// A task that calls `closure`; label as in traces ("<spawn>"). Owned by the VM until it ends; the result is counted.
ChTask *ch_task_spawn(ChVm *vm, ChClosure *closure, const ChValue *args, uint32_t argc, const char *label);
// Runs one ready task. 0 instructions: until it ends, waits or is interrupted. Otherwise at most so many.
ChRunStatus ch_vm_run_slice(ChVm *vm, ChTask *task, int64_t max_instructions);
// Exactly one instruction. Same code, same order of effects.
ChRunStatus ch_vm_execute_one_cycle(ChVm *vm, ChTask *task);
// The scheduler: runs ready tasks in turn until the main task has ended, something stopped, or all wait (then
// *wait_ms tells for how long; -1: for the outside).
ChRunStatus ch_vm_run(ChVm *vm, int64_t max_instructions, int64_t *wait_ms);
// ch_vm_run gives the loop back (CH_RAN_SLICE) after this many looks: safepoints that came round
// (CH_SAFEPOINT_INTERVAL) and changes of the task. Costs nothing between looks, unlike a budget of instructions.
// 0: never.
void ch_vm_yield_after(ChVm *vm, uint32_t looks);
// Ready tasks take turns in an order that the seed chooses, the same seed the same order; traced, each choice is a line
// on standard error. Before the program starts.
void ch_vm_schedule(ChVm *vm, uint64_t seed, bool is_traced);
// Runs to the end, sleeping where all wait.
void ch_vm_run_to_end(ChVm *vm);
// Wakes a waiting task with a value, or by throwing an error where it waits.
void ch_task_wake(ChVm *vm, ChTask *task, ChValue take_value);
void ch_task_wake_error(ChVm *vm, ChTask *task, ChError take_error);
// Ends a task at once; nothing of it runs any more.
void ch_task_cancel(ChVm *vm, ChTask *task);

// Counts each instruction of the modules that are loaded from now on, but for the prelude and std: ChLinkedProto.counts.
// For good; before the program is loaded.
void ch_vm_count(ChVm *vm);
// Is it one of the jumps whose ways on are counted: a test of the program's, not one of how it is carried out?
bool ch_op_is_branch(ChOp op);
// Where a jump leads.
uint32_t ch_jump_target(const ChProto *proto, uint32_t pc);

// From now on the program runs on the loop for profilers, whose frames know at any time at which instruction they are.
// `hook` (may be NULL) is called soon after each ch_vm_sample_soon. Not together with ch_vm_count.
void ch_vm_set_sampler(ChVm *vm, ChSampleHook hook, void *ud);
// Any thread. Wakes nobody: a program that waits is not looked at.
void ch_vm_sample_soon(ChVm *vm);

// ---- methods and types ---------------------------------------------------------------------------------------------

// The impl method of a type, or NULL.
ChClosure *ch_vm_method(ChVm *vm, ChStr type_name, ChStr method, uint32_t *number);
ChEnumType *ch_vm_enum_type(ChVm *vm, ChStr name); // NULL: not declared
bool ch_vm_is_type(ChVm *vm, ChStr name);          // a declared struct, enum or interface
// Does `value` have the runtime type? *path (may be NULL) gets where it does not fit.
bool ch_rt_matches(ChVm *vm, const ChRtType *type, ChValue value);

// ---- for debuggers -------------------------------------------------------------------------------------------------

// The struct is copied; NULL takes the hooks off.
void ch_vm_set_hooks(ChVm *vm, const ChVmHooks *hooks);
// From a hook: the slice ends before the next instruction.
void ch_vm_stop(ChVm *vm);
const ChError *ch_vm_pending_error(const ChVm *vm); // NULL: none
// Single-step mode: on_step before each instruction. Slower; the dispatch is another one.
void ch_vm_set_stepping(ChVm *vm, bool is_stepping);
// Patches the instruction at word `pc`; set twice, it must be cleared twice.
void ch_vm_break_set(ChVm *vm, const ChProto *proto, uint32_t pc);
void ch_vm_break_clear(ChVm *vm, const ChProto *proto, uint32_t pc);
// Frames of this function keep their arguments from now on; others pay nothing. Set twice, it must be cleared twice.
void ch_vm_keep_set(ChVm *vm, const ChProto *proto);
void ch_vm_keep_clear(ChVm *vm, const ChProto *proto);
// The frame keeps its arguments as they are now; for a frame that is at its first instruction.
void ch_frame_keep(ChFrame *frame);
// The instruction as it was compiled, whatever is patched over it.
ChInstr ch_vm_instruction(const ChVm *vm, const ChProto *proto, uint32_t pc);

// The frames of a task as a trace, outermost first: own fiber and those of generators that run. Owned.
ChTrace *ch_vm_capture_stack_trace(ChVm *vm, ChTask *task);
void ch_trace_unref(ChTrace *trace);

// Frames of a task, level 0 innermost, through all its running fibers.
uint32_t ch_task_frame_count(const ChTask *task);
ChFrame *ch_task_frame(const ChTask *task, uint32_t level, ChFiber **fiber);
// Word of the instruction that the frame is at: about to run, or of the call that has not returned.
uint32_t ch_frame_pc(const ChFiber *fiber, const ChFrame *frame);
const ChLineEntry *ch_frame_line(const ChFiber *fiber, const ChFrame *frame);
// The register of a local that is in scope at the frame's pc, or NULL. `local` gets the table's row.
ChValue *ch_frame_local(const ChFiber *fiber, const ChFrame *frame, ChStr name, const ChLocalName **local);

// Drops the frames above `level` (releases what they hold, leaves guarded regions) without running their `finally`.
// False: no such level, or it belongs to another fiber than the innermost frame.
bool ch_vm_unwind(ChVm *vm, ChTask *task, uint32_t level);
// As ch_vm_unwind, and the frame begins again from its first arguments. False with a sentence in `why`.
bool ch_frame_restart(ChVm *vm, ChTask *task, uint32_t level, ChBuffer *why);

// Calls `closure` on top of the stopped task and runs it there, at most `max_instructions`; the task is then as it was
// before, whatever happened. `args` are borrowed. True: *out is owned. False: `why` has the text. Waiting is refused.
bool ch_vm_call_in_task(ChVm *vm, ChTask *task, ChClosure *closure, const ChValue *args, uint32_t argc,
                        int64_t max_instructions, ChValue *out, ChBuffer *why);

#endif
