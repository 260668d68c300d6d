// Where a program spends its time, or its memory: a tree of calls with weights, and the lines of the program.
//
// CPU: a thread asks every millisecond for a look at the stack, which is taken between two instructions; a look counts for the
// CPU time of the VM's thread since the one before, so waiting does not count. Memory: each allocation is added to its line, and
// every 4 KiB the stack is taken. What is freed does not count. One profile of each kind at a time in a process.
#ifndef CH_MEASURE_PROFILE_H
#define CH_MEASURE_PROFILE_H

#include "base/diagnostic.h"
#include "vm/vm.h"

typedef struct ChProfile ChProfile;

typedef enum ChProfileKind { CH_PROFILE_CPU, CH_PROFILE_MEMORY } ChProfileKind;

// Begins; on the thread of the VM, before the program runs. Files are named as seen from `folder` (absolute) when they are
// below it. Costs nothing while there is no profile, for the program then runs on another loop.
ChProfile *ch_profile_start(ChVm *vm, ChProfileKind kind, ChStr folder);
// Ends the measuring; what was found stays, also when the VM is freed. Must come before that.
void ch_profile_stop(ChProfile *profile);
// The VM is freed, or stopped being measured long ago. NULL is allowed.
void ch_profile_free(ChProfile *profile);

// After ch_profile_stop. For people: the functions with most of the weight (their own, and with what they called), and the
// lines. Functions of the prelude and of std are marked, and so are builtins; what they take is added to the line of the
// program that called them.
void ch_profile_table(ChProfile *profile, ChColorMode color, ChBuffer *out);
// A picture that stands alone (SVG): width is weight, callers above, a title on each box.
void ch_profile_flame_graph(ChProfile *profile, ChBuffer *out);
// As https://www.speedscope.app reads it.
void ch_profile_speedscope(ChProfile *profile, ChBuffer *out);
// As V8 writes CPU profiles: editors and browsers open it.
void ch_profile_cpuprofile(ChProfile *profile, ChBuffer *out);

#endif
