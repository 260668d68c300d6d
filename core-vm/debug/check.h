// See check.c.
#ifndef CH_DEBUG_CHECK_H
#define CH_DEBUG_CHECK_H

#include <stdbool.h>

#include "base/str.h"

// Checks the file and appends every diagnostic to `report`, with its excerpt. False: one of them is an error. A file that
// cannot be read passes.
bool ch__check_before_run(ChStr path, ChBuffer *report);

#endif
