// From tree to bytecode: one pass over the tree of a module gives a chunk that the verifier accepts.
//
// How names behave (observed in Harn 0.8.27, and kept):
// - Closures capture by value when they are made; each call starts again from the captured values, and an
//   assignment to a captured `var` changes that call's copy alone.
// - Entry file with a pipeline: imports run, then all top-level let/var/const in order, then the other declarations
//   in order, then the body of the pipeline (behind the bodies of those it extends). The pipeline reads and writes
//   the top-level variables; functions hold the values that these had when the function was declared, so nothing
//   that the pipeline or a function assigns is seen by another function.
// - Entry file without a pipeline: the top-level statements run in order with the same rule for functions; a
//   variable that is declared behind a function is not known to it. `fn main(harness)` is then called last.
// - Imported modules: top-level variables belong to the module and are shared and changed by all its functions.
// - Function names are late bound. Top-level functions are slots of their module. A name that is nowhere declared is
//   looked for at run time: closures of that name in the calling frames, the host's globals, builtins.
// - `fn` and methods return nil unless they say `return`; closures, tools, pipelines and task bodies return the
//   value of their last statement.
// Where charn differs on purpose: a top-level function that captures nothing exists from the start of its module, so
// calls before its declaration work; a local function always finds itself by its own name; an assignment to a part
// (a.b.c = v, xs[i][j] = v) changes that part, also of a module's variable; `finally` and `defer` run when the error
// comes out of a called function too, `finally` behind the `catch` of its `try`, and their names are those of the
// place where they stand.
//
// `finally`, `defer`, deadlines and mutexes are handler tables: entering costs nothing (deadline and mutex: their
// token), and the code of a finally body stands once per way out. It runs exactly once on every way, errors that
// arise in called functions included.
#ifndef CH_COMPILE_COMPILE_H
#define CH_COMPILE_COMPILE_H

#include "base/diagnostic.h"
#include "compile/chunk.h"
#include "syntax/ast.h"

typedef enum ChCompileKind {
    CH_COMPILE_ENTRY,   // the program: runs a pipeline, or the top-level statements
    CH_COMPILE_MODULE,  // an imported module: top-level variables are module slots
    CH_COMPILE_PRELUDE, // as MODULE; protos are marked CH_PROTO_PRELUDE
    CH_COMPILE_REPL,    // one text of a session: all its names are slots, the value of its last statement is returned
    CH_COMPILE_EVAL,    // an expression or statements in a frame: `names` are the registers 0 ... of the top level
} ChCompileKind;

typedef struct ChCompileOptions {
    ChCompileKind kind;
    // ENTRY: the pipeline to run; empty: "default", else the first one.
    ChStr pipeline;
    // EVAL: the names that the frame sees, innermost first wins; they become the parameters of the top-level code.
    // REPL: the names that wildcard imports of the text bring; they become slots.
    const ChStr *names;
    uint32_t name_count;
    // REPL: what the texts before this one declared; this one's names are added, also when it fails.
    struct ChCompileSession *session;
    // EVAL: the chunk whose module the code runs in; its slots keep their numbers. May be NULL.
    const ChChunk *module;
    // The prelude or std/…: may name the builtins that are the runtime's own (ch_builtin_is_private).
    bool is_runtime;
    // Does the module at `path`, as written in an import of this file, export `name`? Lets builtins stay direct
    // calls in a file with wildcard imports. NULL: unknown.
    bool (*exports)(void *ud, ChStr path, ChStr name);
    void *ud;
} ChCompileOptions;

// The names of a session. Its slots belong to the chunk of the newest text, which borrows them.
typedef struct ChCompileSession ChCompileSession;
ChCompileSession *ch_compile_session_new(void);
void ch_compile_session_free(ChCompileSession *session); // after the chunks; NULL is allowed
const ChModuleSlot *ch_compile_session_slots(const ChCompileSession *session);

// Compiles. `options` may be NULL (an ENTRY). Errors go to `diagnostics`; with any, or when the tree has syntax
// errors, the result is NULL. The chunk is owned by the caller (ch_chunk_free) and does not refer to the tree.
ChChunk *ch_compile(const ChTree *tree, const ChCompileOptions *options, ChDiagnosticList *diagnostics);

#endif
