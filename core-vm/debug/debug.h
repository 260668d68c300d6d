// A debugger that knows no protocol: breakpoints, stepping, and views of tasks, frames and values of one VM.
//
// It drives the very VM that runs in production: a breakpoint is a patched opcode, a step plants temporary ones, and
// while nothing is armed the program runs at full speed. The VM runs in slices (ch_debugger_run) between which its
// owner reads requests; a stop is reported once and lasts until the debugger is told to go on. Views are by value or
// borrowed until the program goes on. A server reads frames only through this header.
#ifndef CH_DEBUG_DEBUG_H
#define CH_DEBUG_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "vm/value.h"
#include "vm/vm.h"

typedef struct ChDebugger ChDebugger;

typedef enum ChScopeKind { CH_SCOPE_LOCALS, CH_SCOPE_CAPTURED, CH_SCOPE_MODULE, CH_SCOPE_ERROR } ChScopeKind;

// ---- what happens ---------------------------------------------------------------------------------------------

typedef enum ChStopReason {
    CH_STOP_ENTRY,
    CH_STOP_BREAKPOINT,
    CH_STOP_FUNCTION,
    CH_STOP_STEP,
    CH_STOP_PAUSE,
    CH_STOP_EXCEPTION,
    CH_STOP_DATA,        // a watched variable changed
    CH_STOP_INSTRUCTION, // an instruction breakpoint
} ChStopReason;

typedef struct ChStop {
    ChStopReason reason;
    uint32_t task;       // id of the task that stopped
    ChStr text;          // the error's text at an exception, what changed at DATA, else empty; borrowed until the program goes on
    bool will_be_caught; // at an exception
    const uint32_t *breakpoints; // ids that were hit
    uint32_t breakpoint_count;
} ChStop;

typedef enum ChRunState {
    CH_RUN_READY,   // the slice was used up; call again
    CH_RUN_WAITING, // every task waits; `wait_ms` of ch_debugger_run says for how long (-1: for the outside)
    CH_RUN_STOPPED, // see ch_debugger_stop
    CH_RUN_ENDED,   // see ch_debugger_exit_code
} ChRunState;

// Called while the program runs or requests are carried out. All optional; `ud` is the owner's.
typedef struct ChDebuggerEvents {
    void (*on_task)(void *ud, uint32_t task, bool started);
    void (*on_module)(void *ud, ChStr path);
    void (*on_breakpoint)(void *ud, uint32_t id); // its place or state has changed: ask ch_debugger_breakpoint
    void (*on_log)(void *ud, ChStr text, ChStr path, uint32_t line); // a log message was reached
    void (*on_output)(void *ud, bool is_error, ChStr text);          // what the program prints
    void *ud;
} ChDebuggerEvents;

// ---- life -----------------------------------------------------------------------------------------------------

// Makes a VM of its own whose output goes to `on_output` and whose other effects are the real host's (working folder
// and environment are those of the process).
ChDebugger *ch_debugger_new(const ChDebuggerEvents *events);
void ch_debugger_free(ChDebugger *debugger);
// The VM, for what this header does not offer; borrowed.
ChVm *ch_debugger_vm(ChDebugger *debugger);

// Checks, loads and starts the program (nothing runs yet). False: there is an error; its text is in `why`. Warnings go to
// `on_output`.
bool ch_debugger_launch(ChDebugger *debugger, ChStr program, const ChStr *arguments, uint32_t argument_count,
                        bool stop_on_entry, ChBuffer *why);
// Runs a slice of `looks` (see ch_vm_yield_after), at full speed.
ChRunState ch_debugger_run(ChDebugger *debugger, uint32_t looks, int64_t *wait_ms);
const ChStop *ch_debugger_stop(const ChDebugger *debugger); // NULL while running
int ch_debugger_exit_code(const ChDebugger *debugger);
// Asks the program to end (catchable nowhere); ch_debugger_run then reports ENDED.
void ch_debugger_terminate(ChDebugger *debugger);

// ---- going on -------------------------------------------------------------------------------------------------

typedef enum ChStepKind { CH_STEP_OVER, CH_STEP_IN, CH_STEP_OUT } ChStepKind;
typedef enum ChStepUnit { CH_UNIT_STATEMENT, CH_UNIT_LINE, CH_UNIT_INSTRUCTION } ChStepUnit;

void ch_debugger_continue(ChDebugger *debugger);
// False: there is no such task, or it has ended.
bool ch_debugger_step(ChDebugger *debugger, uint32_t task, ChStepKind kind, ChStepUnit unit);
// Stops at the next safepoint, also inside waits.
void ch_debugger_pause(ChDebugger *debugger);

// ---- breakpoints ----------------------------------------------------------------------------------------------

typedef struct ChBreakpointSpec {
    uint32_t line, column; // 1-based; column 0: the line
    ChStr condition;       // empty: none
    ChStr hit_condition;   // "", "5", ">= 5", "% 3" ...
    ChStr log_message;     // "text {expression}"; empty: stop
} ChBreakpointSpec;

typedef struct ChBreakpointInfo {
    uint32_t id;
    bool is_verified;
    uint32_t line, column, end_line, end_column; // where it really is
    ChStr path;
    ChStr message; // why not verified, or that it moved
} ChBreakpointInfo;

// Replaces all breakpoints of a file; `out[i]` answers `specs[i]`. Lines without code move to the next statement of
// the same function; a line behind the last code is not verified, with the reason.
void ch_debugger_set_breakpoints(ChDebugger *debugger, ChStr path, const ChBreakpointSpec *specs, uint32_t count,
                                 ChBreakpointInfo *out);
void ch_debugger_set_function_breakpoints(ChDebugger *debugger, const ChStr *names, const ChBreakpointSpec *specs,
                                          uint32_t count, ChBreakpointInfo *out);
bool ch_debugger_breakpoint(const ChDebugger *debugger, uint32_t id, ChBreakpointInfo *out);
// Every place in lines [from, to] where a breakpoint can be; returns how many there are, fills at most `capacity`.
uint32_t ch_debugger_locations(ChDebugger *debugger, ChStr path, uint32_t from, uint32_t to, ChBreakpointSpec *out,
                               uint32_t capacity);

typedef enum ChCatchMode { CH_CATCH_NONE = 0, CH_CATCH_UNCAUGHT = 1, CH_CATCH_CAUGHT = 2 } ChCatchMode;
// Bits of ChCatchMode. Where a mode has a text, only errors whose text holds it stop; empty: all. The texts are copied.
void ch_debugger_set_exceptions(ChDebugger *debugger, uint32_t modes, ChStr uncaught_text, ChStr caught_text);

// Breakpoints on instructions, by address (see ChFrameInfo); replaces all of them. Line and column of the specs do not count.
void ch_debugger_set_instruction_breakpoints(ChDebugger *debugger, const uint64_t *addresses, const ChBreakpointSpec *specs,
                                             uint32_t count, ChBreakpointInfo *out);

// ---- watching variables -----------------------------------------------------------------------------------------

typedef struct ChWatchSpec {
    ChStr id;        // from ch_debugger_watch_id
    ChStr condition; // empty: every change
} ChWatchSpec;

// A text that stands for a variable of a frame, until the frame ends, or of a module. False: it cannot be watched, `why`
// tells. While anything is watched, the program runs in single steps.
bool ch_debugger_watch_id(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, ChStr name, ChBuffer *id,
                          ChBuffer *why);
// Replaces all watches; `out[i]` answers `specs[i]`.
void ch_debugger_set_watches(ChDebugger *debugger, const ChWatchSpec *specs, uint32_t count, ChBreakpointInfo *out);

// ---- tasks and frames -----------------------------------------------------------------------------------------

typedef struct ChTaskInfo {
    uint32_t id;
    uint32_t parent; // 0: the main task
    ChStr name;
    ChStr state;     // "running", "waiting", "ready"
} ChTaskInfo;

// The tasks that are alive, in the order in which they began; returns how many there are, fills at most `capacity`.
uint32_t ch_debugger_tasks(const ChDebugger *debugger, ChTaskInfo *out, uint32_t capacity);
bool ch_debugger_task(const ChDebugger *debugger, uint32_t id, ChTaskInfo *out);

typedef struct ChFrameInfo {
    ChStr name;
    ChStr path;        // empty: no source file (prelude)
    uint32_t line, column, end_line, end_column;
    bool is_runtime;   // prelude or std code
    bool can_restart;  // its arguments were kept: it has a breakpoint in its function, or was stepped into
    bool is_generator; // first frame of a generator: below it stands who consumes it
    uint32_t pc;
    uint64_t address;  // of the instruction: stands for module, function and pc while the program lives
} ChFrameInfo;

// Level 0 is the innermost.
uint32_t ch_debugger_frame_count(const ChDebugger *debugger, uint32_t task);
bool ch_debugger_frame(const ChDebugger *debugger, uint32_t task, uint32_t level, ChFrameInfo *out);

typedef struct ChVariableView {
    ChStr name;
    ChValue value; // borrowed
    bool is_mutable;
} ChVariableView;

uint32_t ch_debugger_variable_count(const ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope);
bool ch_debugger_variable(const ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, uint32_t index,
                          ChVariableView *out);
// Writes a variable of a frame, also one declared by `let`, unless its value is a literal: the code then holds it.
bool ch_debugger_set_variable(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, ChStr name,
                              ChValue take_value, ChBuffer *why);
// Drops the frames above `level` and begins that frame again from its first arguments (see ChFrameInfo.can_restart).
// Effects are not undone.
bool ch_debugger_restart_frame(ChDebugger *debugger, uint32_t task, uint32_t level, ChBuffer *why);

// ---- code -------------------------------------------------------------------------------------------------------

typedef struct ChInstructionView {
    uint64_t address;
    bool is_valid;  // false: there is no code here
    ChBuffer text;  // owned by the caller
    ChStr path;     // of the source; empty: none
    uint32_t line;
} ChInstructionView;

// `count` instructions of the function at `address`, from `offset` instructions behind (or before) it on. False: nothing
// stands at that address; then nothing is filled.
bool ch_debugger_disassemble(ChDebugger *debugger, uint64_t address, int64_t offset, uint32_t count, ChInstructionView *out);

// Loaded modules of the program, in order of loading; false beyond the last.
bool ch_debugger_module(const ChDebugger *debugger, uint32_t index, ChStr *path, bool *is_runtime);

// Ends a task that is not the main one, as `cancel` does. False: there is none.
bool ch_debugger_cancel_task(ChDebugger *debugger, uint32_t task);

// ---- console ----------------------------------------------------------------------------------------------------

typedef enum ChNameKind { CH_NAME_VARIABLE, CH_NAME_FUNCTION, CH_NAME_FIELD, CH_NAME_METHOD, CH_NAME_KEYWORD } ChNameKind;

typedef void (*ChNameVisit)(void *ud, ChStr name, ChNameKind kind);

// Calls `visit` for the builtins and keywords that begin with `prefix`.
void ch_complete_words(ChStr prefix, ChNameVisit visit, void *ud);
// The same for the parts and methods of a value, which stand behind a dot.
void ch_complete_parts(ChValue value, ChStr prefix, ChNameVisit visit, void *ud);

// Calls `visit` for each name that can stand at the end of `text` in a frame: names it sees, functions, keywords, or behind
// a dot the parts and methods of the value before it. *start: where the word to be replaced begins.
void ch_debugger_complete(ChDebugger *debugger, uint32_t task, uint32_t level, ChStr text, uint32_t *start,
                          ChNameVisit visit, void *ud);

// ---- values ---------------------------------------------------------------------------------------------------

// Parts of a value: list items, dict entries, struct fields, payloads ...
uint32_t ch_view_indexed_count(ChValue value);
uint32_t ch_view_named_count(ChValue value);
// Part `index` (indexed parts first); the name is appended to `name`; the value is borrowed or, where it had to be
// made, owned: release it in both cases (it is retained for you).
bool ch_view_part(ChValue value, uint32_t index, ChBuffer *name, ChValue *out);
// Short text of a value: strings quoted, long ones cut at `limit` bytes (at a character) with "…".
void ch_view_text(ChValue value, uint32_t limit, ChBuffer *out);

// ---- evaluate -------------------------------------------------------------------------------------------------

typedef enum ChEvaluateMode {
    CH_EVALUATE_PURE, // hover, watch, conditions: refused when it would have effects; small budget
    CH_EVALUATE_FULL, // console: may act; names declared there stay until the frame ends
} ChEvaluateMode;

// In a frame of a stopped task. True: *out is owned. False: the text is in `why`. The program's own state (stack,
// handlers, iterators, steps) is as it was before, except for the effects of a FULL evaluation.
bool ch_debugger_evaluate(ChDebugger *debugger, uint32_t task, uint32_t level, ChStr expression, ChEvaluateMode mode,
                          ChValue *out, ChBuffer *why);

#endif
