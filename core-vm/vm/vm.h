// The machine: modules, tasks, frames, errors, and the loop that runs them.
//
// No native frame ever sits between two Harn frames: a call pushes a ChFrame on the task's own stack, natives never
// call Harn code (what calls back is in prelude.harn), and so any task can suspend, be stepped, snapshotted or
// unwound at any instruction.
#ifndef CH_VM_VM_H
#define CH_VM_VM_H

#include "base/map.h"
#include "builtins/builtins.h"
#include "compile/chunk.h"
#include "vm/value.h"

typedef struct ChModule ChModule;
typedef struct ChTask ChTask;
typedef struct ChFiber ChFiber;
typedef struct ChFrame ChFrame;
typedef struct ChVmHooks ChVmHooks;
struct ch_host;

// The VM's side of a prototype.
typedef struct ChLinkedProto {
  ChValue *constants;     // the chunk's constants as values (strings interned), shared by its protos
} ChLinkedProto;

// A loaded module: code, its top-level variables, and its exports.
struct ChModule {
  uint32_t refs;
  ChVm *vm;
  ChChunk *chunk;         // owned
  ChStr path;             // absolute, or "std/…", or "<prelude>"
  ChValue *slots;         // chunk->slot_count; CH_ABSENT until defined
  ChValue *constants;     // linked constants
  ChMap *exports;         // name -> (module, slot), with re-exports
  int state;              // loading (a cycle ends here), ready, failed
};

struct ChFrame {
  ChInstr *pc;            // next instruction; the running frame's is in the loop's register
  ChClosure *closure;     // counted
  uint32_t base;          // first register in the fiber's stack
  uint16_t dst;           // register of the caller that gets the result
  uint16_t argc;
  uint32_t flags;
  struct ChFrameSnapshot *initial; // debugger attached: arguments and captures as they were at entry
};

// A stack that can be suspended: the main stack of a task, or a generator's.
struct ChFiber {
  ChValue *stack;
  uint32_t stack_capacity;
  ChFrame *frames;
  uint32_t frame_count, frame_capacity;
  ChFiber *consumer;      // the fiber that resumed this generator, NULL for a task's main fiber
  int status;
  uint16_t resume_dst;    // register (of its top frame) that gets the value it waits for
};

typedef enum ChErrorKind {
  CH_ERROR_THROWN, CH_ERROR_RUNTIME, CH_ERROR_TYPE, CH_ERROR_UNDEFINED_VARIABLE, CH_ERROR_UNDEFINED_BUILTIN,
  CH_ERROR_IMMUTABLE, CH_ERROR_DIVISION, CH_ERROR_STACK, CH_ERROR_CATEGORIZED, CH_ERROR_ARITY, CH_ERROR_ARGUMENT_TYPE,
  CH_ERROR_EXIT // exit(code): unwinds everything, catch and finally do not see it
} ChErrorKind;

typedef struct ChTraceEntry {
  ChString *function;     // owned; NULL: the unnamed top frame
  ChString *file;
  uint32_t line, column;
} ChTraceEntry;

// The error on its way. `value`: what was thrown (THROWN) or the text without prefix and suffix.
typedef struct ChError {
  ChErrorKind kind;
  ChValue value;
  ChTraceEntry *trace;    // outermost first; captured once, at the throw
  uint32_t trace_count;
} ChError;

// What a debugger hears. All optional. They return without running Harn code.
struct ChVmHooks {
  void (*on_break)(ChVm *vm, ChTask *task, void *ud);                    // a BREAK opcode was reached
  void (*on_step)(ChVm *vm, ChTask *task, void *ud);                     // single-step mode, before each instruction
  void (*on_throw)(ChVm *vm, ChTask *task, bool will_be_caught, void *ud);
  void (*on_task)(ChVm *vm, ChTask *task, int event, void *ud);          // created, ended
  void (*on_module)(ChVm *vm, ChModule *module, void *ud);               // loaded and linked: place breakpoints
  void *ud;
};

#endif
