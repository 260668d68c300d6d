// Shared by the files of debug/.
#ifndef CH_DEBUG_DEBUG_INT_H
#define CH_DEBUG_DEBUG_INT_H

#include "base/array.h"
#include "debug/debug.h"
#include "vm/program.h"
#include "host/layer.h"

enum {
    CH_DEBUG_EVALUATE_PURE_INSTRUCTIONS = 100 * 1000,
    CH_DEBUG_EVALUATE_FULL_INSTRUCTIONS = 50 * 1000 * 1000,
    CH_DEBUG_CONDITION_INSTRUCTIONS = 10 * 1000,
    CH_DEBUG_STEP_FRAMES_MAX = 1000, // frames below the current one whose code a step watches
};

// A word of code in a loaded module.
typedef struct ChSite {
    const ChProto *proto;
    uint32_t pc;
} ChSite;

typedef CH_ARRAY_OF(ChSite) ChSites;

typedef struct ChBreakpoint {
    uint32_t id;
    ChStr path;             // owned; absolute and without links; empty for a function breakpoint
    ChStr shown_path;       // owned; as its owner wrote it
    ChStr function;         // owned; name of the function, empty for a line breakpoint
    ChBreakpointSpec spec;  // its texts are owned
    bool is_verified;
    uint32_t line, column;
    char *message;          // owned; NULL: none
    ChSites sites;          // patched
    uint64_t hits;
} ChBreakpoint;

typedef CH_ARRAY_OF(ChBreakpoint *) ChBreakpoints;

// What made the VM stop, noted by the hooks and judged by ch_debugger_run.
typedef enum ChPending {
    CH_PENDING_NONE,
    CH_PENDING_BREAK,
    CH_PENDING_STEP,
    CH_PENDING_THROW,
    CH_PENDING_CHANGE,
} ChPending;

// Whether the VM runs an expression of ours: breakpoints and errors in it are not the program's.
typedef enum ChEvaluation { CH_EVALUATION_NONE, CH_EVALUATION_PURE, CH_EVALUATION_FULL } ChEvaluation;

typedef struct ChStep {
    bool is_active;
    bool is_entry;          // reported as ENTRY
    ChStepKind kind;
    ChStepUnit unit;
    uint32_t task;
    uint32_t depth;         // frames when it began
    const ChProto *proto;
    uint32_t line;
    ChSites sites;          // temporary breakpoints
} ChStep;

// A watched variable. It holds the last value it saw: so the program cannot change that value in place, and another value
// is another pointer or another number.
typedef struct ChWatch {
    uint32_t id;
    bool is_local, is_live;
    uint32_t task, depth;   // LOCAL: frames of the task up to and with its own
    uint64_t function;      // LOCAL: address of its function's first instruction
    ChModule *module;       // of a module's variable; borrowed
    ChStr name, condition;  // owned
    ChValue last, before;   // owned
    bool has_changed;
} ChWatch;

struct ChDebugger {
    ChVm *vm;
    ch_host *real_host;
    ChHostLayer host;
    ChDebuggerEvents events;
    ChBreakpoints breakpoints;
    uint32_t next_id;
    uint32_t exception_modes;
    ChStr exception_texts[2]; // owned; of uncaught and of caught errors
    CH_ARRAY_OF(ChWatch) watches;
    ChStep step;
    ChPending pending;
    ChTask *pending_task;
    bool pending_will_be_caught;
    bool is_pause_requested, is_terminated, is_started, has_ended;
    bool is_stopped;
    ChStop stop;
    ChBuffer stop_text;
    CH_ARRAY_OF(uint32_t) stop_ids;
    ChMap real_paths;       // path of a module -> ChStr *, the same without links
    ChMap places;           // path -> ChChunk * of files that are not loaded yet
    ChArena arena;          // keys of `places`, the program's arguments
    ChMap expressions;      // place and text -> ChClosure *, owned
    ChEvaluation evaluation;
    bool evaluation_refused;
    int exit_code;
};

// breakpoints.c
void ch__breakpoints_bind_module(ChDebugger *debugger, ChModule *module);
bool ch__breakpoints_any_at(const ChDebugger *debugger, const ChProto *proto, uint32_t pc);
// Every breakpoint with a site at this place, asked in turn whether it stops (hit counts, conditions, log messages).
// Fills stop_ids; true: at least one stops.
bool ch__breakpoints_hit(ChDebugger *debugger, ChTask *task, const ChProto *proto, uint32_t pc, ChStopReason *reason);
void ch__breakpoints_release(ChDebugger *debugger);

// Fills the address of an instruction, and finds it again. NULL: there is no such function.
uint64_t ch__address_of(const ChDebugger *debugger, const ChModule *module, const ChProto *proto, uint32_t pc);
const ChProto *ch__address_find(const ChDebugger *debugger, uint64_t address, ChModule **module, uint32_t *pc);

// watch.c
// Has a watched variable changed since the last look? Remembers which.
bool ch__watches_look(ChDebugger *debugger, ChTask *task);
// Asks the conditions of those that changed; fills stop_ids and stop_text. True: one stops.
bool ch__watches_hit(ChDebugger *debugger, ChTask *task);
bool ch__watches_find(const ChDebugger *debugger, uint32_t id, ChBreakpointInfo *out);
void ch__watches_release(ChDebugger *debugger);

// step.c
// Single steps while somebody needs them, full speed otherwise.
void ch__stepping_update(ChDebugger *debugger);
void ch__step_begin(ChDebugger *debugger);   // plants what debugger->step asks for
void ch__step_end(ChDebugger *debugger);
bool ch__step_reached(ChDebugger *debugger, ChTask *task);

// frames.c
// The place where a variable is kept, or NULL. *is_constant: the code does not read it there.
ChValue *ch__debugger_place(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, ChStr name, bool *is_constant);
ChTask *ch__debugger_find_task(const ChDebugger *debugger, uint32_t id);
bool ch__proto_is_runtime(const ChProto *proto, const ChModule *module);

// evaluate.c
// May a pure evaluation run the next instruction of the task?
bool ch__evaluate_is_pure(ChDebugger *debugger, const ChTask *task);
bool ch__evaluate(ChDebugger *debugger, ChTask *task, uint32_t level, ChStr expression, ChEvaluateMode mode,
                  int64_t instructions, ChValue *out, ChBuffer *why);

#endif
