// Shared by the files of a session.
#ifndef CH_CLI_REPL_SESSION_INT_H
#define CH_CLI_REPL_SESSION_INT_H

#include "analysis/module.h"
#include "base/array.h"
#include "host/host.h"
#include "manual/manual.h"
#include "repl/session.h"
#include "vm/program.h"

struct ReplSession {
    ReplInterrupts interrupts;
    ChColorMode color;
    ch_host *host;
    ChVm *vm;
    ChModule *module;
    ChModuleGraph *graph;   // what was imported
    ChSessionFacts *facts;
    ChManual *manual;       // NULL: nobody has asked
    uint32_t typed_count;
    uint32_t value_count;   // `_1`, `_2` … that were given
    int exit_code;
};

// The analysis of a tree without syntax errors, in sight of the session.
ChAnalysis *repl__analyse(ReplSession *session, ChTree *tree, const ChModuleFacts *self);

#endif
