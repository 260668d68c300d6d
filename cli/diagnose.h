// Checking one source: syntax, names and types.
#ifndef CH_CLI_DIAGNOSE_H
#define CH_CLI_DIAGNOSE_H

#include <stdbool.h>

#include "base/source.h"

// Checks and prints what there is to say to a descriptor. False: there is an error.
bool cli_diagnose(ChSource *source, int descriptor);

#endif
