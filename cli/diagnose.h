// Checking one source: syntax, names and types.
#ifndef CH_CLI_DIAGNOSE_H
#define CH_CLI_DIAGNOSE_H

#include <stdbool.h>

#include "base/source.h"
#include "syntax/ast.h"

// Checks and prints what there is to say to a descriptor. The tree, owned by the caller, or NULL: there is an error.
// `is_silent`, if given, becomes whether there was nothing to say.
ChTree *cli_diagnose(ChSource *source, int descriptor, bool *is_silent);

#endif
