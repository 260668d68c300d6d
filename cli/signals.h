// Signals of what runs.
#ifndef CH_CLI_SIGNALS_H
#define CH_CLI_SIGNALS_H

#include "vm/vm.h"

#define CLI_INTERRUPTED 124

typedef enum CliSignalsKind {
    CLI_SIGNALS_PROGRAM, // the first SIGINT, SIGTERM or SIGHUP asks the program to end, the second ends the process
    CLI_SIGNALS_SESSION, // SIGINT asks what was entered to end; once more, the machine gives the loop back
} CliSignalsKind;

typedef struct CliSignals CliSignals;

// Listens on a thread of its own until it is stopped. `vm` is borrowed.
CliSignals *cli_signals_start(ChVm *vm, CliSignalsKind kind);
// How many have come so far. NULL is allowed.
int cli_signals_count(CliSignals *signals);
void cli_signals_stop(CliSignals *signals);

#endif
