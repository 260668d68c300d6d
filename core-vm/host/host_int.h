// Between the files of host/.
#ifndef CH_HOST_HOST_INT_H
#define CH_HOST_HOST_INT_H

#include "host/host.h"

// Runs a child process to its end (process.c).
ChStatus ch__host_run(void *ud, const ChHostRun *run, ChHostRunResult *result);

#endif
