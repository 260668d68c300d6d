// A program from file to exit code: what `charn run` and the debugger do alike.
#ifndef CH_VM_PROGRAM_H
#define CH_VM_PROGRAM_H

#include "base/diagnostic.h"
#include "vm/vm.h"

struct ChTree;

// Reads, parses, compiles and links the entry file; nothing runs yet. The module is the VM's main module. NULL: the
// reason is in `why`, diagnostics rendered with their excerpts (no colours) and each ended by a newline.
ChModule *ch_program_load(ChVm *vm, ChStr path, ChBuffer *why);
// The same for a source text at hand (standard input, -e).
ChModule *ch_program_load_source(ChVm *vm, ChSource *source, ChBuffer *why);

// The steps of it. The entry file's code, to be linked or kept; owned. NULL: the reason is in `why`.
ChChunk *ch_program_compile(ChVm *vm, const struct ChTree *tree, ChBuffer *why);
// Makes the main module of the code that the source was compiled to.
ChModule *ch_program_link(ChVm *vm, ChSource *source, ChChunk *take_chunk);

// The exit code of the program whose main task has ended: the clamped int it returned, 1 for Result.Err and for an
// error, the argument of exit(). An uncaught error and the payload of Result.Err are written to the host's stderr.
int ch_program_finish(ChVm *vm);

// Links code compiled with CH_COMPILE_EVAL or CH_COMPILE_REPL against `module`, in whose slots its top-level names live.
// The closure is owned by the caller; the chunk is taken and lives as long as the module, as does the source, which is
// counted.
ChClosure *ch_vm_link_evaluation(ChVm *vm, ChChunk *take_chunk, ChModule *module, ChSource *source);

// A session: an empty main module whose top level is entered text by text (CH_COMPILE_REPL). Its names are late bound, and
// can be declared anew.
ChModule *ch_session_module_new(ChVm *vm);
// Compiles a checked text and links it; `names` are those that its wildcard imports bring. NULL: there are errors.
ChClosure *ch_session_compile(ChVm *vm, ChModule *module, const struct ChTree *tree, const ChStr *names, uint32_t count,
                              ChDiagnosticList *diagnostics);
// Makes a linked text the main task, in the place of the one before, which has ended. Taken.
void ch_session_start(ChVm *vm, ChClosure *take_closure);

#endif
