// Builtins and methods: one row per name in builtins/FAMILY.def, read by the VM, the checker, completion, hover,
// signature help and the reference manual.
//
//   CH_BUILTIN("name", "(params) -> type", function, EFFECTS, "What it does.", "example")
//                                                             "__name" is the runtime's own and has no example
//   CH_BUILTIN_PRELUDE("name", "(params) -> type", EFFECTS, "…", "…")        implemented as `fn name` in prelude.harn
//   CH_CONSTANT("name", "type", function, "…", "…")                         a global value: `function` gives it
//   CH_CONSTANT_PRELUDE("name", "type", "…", "…")                           a global value: `fn __name_value()` of the prelude gives it
//   CH_METHOD(TYPE, "name", "(params) -> type", function, EFFECTS, "…", "…")  TYPE: a tag name (STRING, LIST …); args[0] is the receiver
//   CH_METHOD_PRELUDE(TYPE, "name", "(params) -> type", EFFECTS, "…", "…")   implemented as `fn __type_name(self, …)` in prelude.harn
//   CH_METHOD_LATER / CH_BUILTIN_LATER do not exist: a row without an implementation is a lie.
//
// The example is part of the manual and is run as a test (tests/examples): lines of Harn, split by \n; behind a line,
// `// => TEXT` says what the expression displays as, `// prints TEXT` what the statement writes to standard output,
// `// exits N` how the program ends. Every row has one.
//
// Everything that calls back into Harn (map, filter, sort with a comparator, retry …) is Harn, in the prelude: no
// native frame may ever sit between two Harn frames. The signature is parsed by the parser of user code.
#ifndef CH_BUILTINS_BUILTINS_H
#define CH_BUILTINS_BUILTINS_H

#include "vm/value.h"

// What a call may do to the world outside; PURE may be evaluated on hover.
typedef enum ChEffects {
  CH_EFFECT_PURE = 0,
  CH_EFFECT_CLOCK = 1,
  CH_EFFECT_RANDOM = 2,
  CH_EFFECT_READ_FILES = 4,
  CH_EFFECT_WRITE_FILES = 8,
  CH_EFFECT_PROCESS = 16,
  CH_EFFECT_NETWORK = 32,
  CH_EFFECT_ENVIRONMENT = 64,
  CH_EFFECT_OUTPUT = 128,
  CH_EFFECT_INPUT = 256,
  CH_EFFECT_STATE = 512, // changes state of the VM: tasks, channels, mocks
  CH_EFFECT_WAITS = 1024,
  CH_EFFECT_MODEL = 2048,
} ChEffects;

// How native code ends. THROW: the error is pending in the VM. SUSPEND: the task waits and its result comes later.
typedef enum ChFlow { CH_OK, CH_THROW, CH_SUSPEND } ChFlow;

// `args` is the call's window in the task's registers: the values are given to the callee, which may take any of
// them out (ch_take) and in particular may change an unshared one in place and return it. What is left there is
// released by the VM. *result is nil at entry; a value put there is owned. `args` stays valid until the function
// returns (native code cannot move the stack).
// For methods args[0] is the receiver. On CH_THROW the receiver in args[0] must be as it was.
typedef ChFlow (*ChNativeFn)(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result);

#define CH_ROW_FUNCTION -1
#define CH_ROW_CONSTANT -2 // a value, not a function: its native gives the value, called without arguments

typedef struct ChBuiltinRow {
  const char *name;
  int type;               // CH_ROW_FUNCTION, CH_ROW_CONSTANT, or the ChTag whose method it is
  const char *signature;  // "(text: string, count: int = 1) -> list<string>"; of a constant: its type
  uint32_t effects;
  const char *doc;
  const char *example;    // lines of Harn; "EXPR  // => TEXT" says what the expression displays as (see above)
  bool is_prelude;
  uint32_t name_length;
} ChBuiltinRow;

// Rows in the order of builtins/all.def. Available without the VM (charn_analysis holds the table).
extern const ChBuiltinRow ch_builtin_rows[];
extern const uint32_t ch_builtin_count;
// The rows of a family, which has the name of its file, follow those of the family before.
typedef struct ChBuiltinFamily {
  const char *name, *title; // "string", "Texts"
  uint32_t count;           // of its rows
} ChBuiltinFamily;
// Family `index` in order, NULL behind the last.
const ChBuiltinFamily *ch_builtin_family(uint32_t index);
// Index of the function or constant `name`, or -1.
int32_t ch_builtin_find(ChStr name);
// Builtins whose names begin with `__` are the runtime's own: only the prelude and std/… can name them, so that what a
// program may call (ch_builtin_policy) is decided by public names alone.
static inline bool ch_builtin_is_private(ChStr name) { return name.length > 2 && name.data[0] == '_' && name.data[1] == '_'; }
// Index of the method `name` of values with the tag `type`, or -1.
int32_t ch_method_find(int type, ChStr name);
// The function pointers in the same order, NULL for prelude rows (charn_vm holds it).
extern const ChNativeFn ch_builtin_functions[];
// Calls the native row `index`: checks number and types of a function's arguments against its signature (texts of
// the errors as the reference's), then runs it. `args` and `result` as for ChNativeFn.
ChFlow ch_builtin_call(ChVm *vm, uint32_t index, ChValue *args, uint32_t argc, ChValue *result);
// The check alone, for rows that are implemented in the prelude. Methods pass.
ChFlow ch_builtin_check(ChVm *vm, uint32_t index, const ChValue *args, uint32_t argc);

// ---- what a program may call -----------------------------------------------------------------------------------------

typedef enum ChPolicyMode { CH_POLICY_DENY, CH_POLICY_ALLOW } ChPolicyMode;
// From now on the functions that `names` lists, with commas between, cannot be called (DENY), or only these and the
// few that every program needs (ALLOW). It is checked where a call has found its row, so no alias, pipe, import,
// closure or task goes round it. Call it once, before the program runs.
void ch_builtin_policy(ChVm *vm, ChPolicyMode mode, ChStr names);

// Keeps a text under a name for the builtins that are written in Harn, which find it with __memory_get: how an option of
// a command reaches them.
void ch_builtin_memory_put(ChVm *vm, const char *name, const char *text);

// ---- for writing natives: argument access with the reference's messages ---------------------------------------------

// Throws `Type error: …`/`Runtime error: …` and returns CH_THROW; texts as printf.
ChFlow ch_throw_type(ChVm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
ChFlow ch_throw_runtime(ChVm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Throws a value (a Harn `throw`).
ChFlow ch_throw_value(ChVm *vm, ChValue take_value);
// Throws a thrown-string, as `throw "text"` would.
ChFlow ch_throw_text(ChVm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Argument `index` or nil.
static inline ChValue ch_arg(const ChValue *args, uint32_t argc, uint32_t index) {
  return index < argc ? args[index] : CH_NIL;
}

#endif
