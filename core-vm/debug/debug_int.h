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
typedef enum ChPending { CH_PENDING_NONE, CH_PENDING_BREAK, CH_PENDING_STEP, CH_PENDING_THROW } ChPending;

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

struct ChDebugger {
    ChVm *vm;
    ch_host *real_host;
    ChHostLayer host;
    ChDebuggerEvents events;
    ChBreakpoints breakpoints;
    uint32_t next_id;
    uint32_t exception_modes;
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
bool ch__breakpoints_hit(ChDebugger *debugger, ChTask *task, const ChProto *proto, uint32_t pc, bool *is_function);
void ch__breakpoints_release(ChDebugger *debugger);

// step.c
void ch__step_begin(ChDebugger *debugger);   // plants what debugger->step asks for
void ch__step_end(ChDebugger *debugger);
bool ch__step_reached(ChDebugger *debugger, ChTask *task);

// frames.c
ChTask *ch__debugger_find_task(const ChDebugger *debugger, uint32_t id);
bool ch__proto_is_runtime(const ChProto *proto, const ChModule *module);

// evaluate.c
// May a pure evaluation run the next instruction of the task?
bool ch__evaluate_is_pure(ChDebugger *debugger, const ChTask *task);
bool ch__evaluate(ChDebugger *debugger, ChTask *task, uint32_t level, ChStr expression, ChEvaluateMode mode,
                  int64_t instructions, ChValue *out, ChBuffer *why);

#endif
