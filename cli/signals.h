// Signals of a run: the first SIGINT, SIGTERM or SIGHUP asks the program to end, the second ends the process.
#ifndef CH_CLI_SIGNALS_H
#define CH_CLI_SIGNALS_H

#include "vm/vm.h"

#define CLI_INTERRUPTED 124

typedef struct CliSignals CliSignals;

// Listens on a thread of its own until it is stopped. `vm` is borrowed.
CliSignals *cli_signals_start(ChVm *vm);
void cli_signals_stop(CliSignals *signals);

#endif
