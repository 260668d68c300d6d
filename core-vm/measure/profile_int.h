// Between the files of measure/: what a profile has found.
#ifndef CH_MEASURE_PROFILE_INT_H
#define CH_MEASURE_PROFILE_INT_H

#include <pthread.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "measure/profile.h"

typedef enum ChCalledKind { CH_CALLED_PROGRAM, CH_CALLED_RUNTIME, CH_CALLED_BUILTIN, CH_CALLED_TASK } ChCalledKind;

typedef struct ChCalled {
    ChStr name; // as it is shown
    ChStr file; // empty: none
    uint32_t line;
    ChCalledKind kind;
} ChCalled;

// A node of the tree of calls; parents come before their children. Node 0 is the root.
typedef struct ChCallNode {
    uint32_t parent, called;
    uint64_t self;  // weight
    uint64_t total; // with what it called; see ch__profile_sum
} ChCallNode;

typedef struct ChSample {
    uint32_t node, line; // index in lines, or UINT32_MAX
    uint32_t looks;      // that it stands for
    uint64_t weight;
} ChSample;

typedef struct ChLineCost {
    ChStr file;
    uint32_t line;
    ChSource *source; // counted; NULL: no text at hand
    uint64_t weight, count;
} ChLineCost;

// What was allocated at one word of the code.
typedef struct ChWordCost {
    uint64_t bytes, count;
} ChWordCost;

typedef struct ChProtoCosts {
    const ChProto *proto;
    const ChModule *module;
    ChWordCost *words; // owned
} ChProtoCosts;

struct ChProfile {
    ChProfileKind kind;
    ChVm *vm;       // borrowed until it is stopped
    ChArena arena;  // names, keys
    ChStr folder;
    CH_ARRAY_OF(ChCalled) called;
    CH_ARRAY_OF(ChCallNode) nodes;
    CH_ARRAY_OF(ChSample) samples; // in order of time
    CH_ARRAY_OF(ChLineCost) lines;
    ChMap called_index;            // proto, or text -> index in called
    ChMap node_index;              // parent and called -> index in nodes
    ChMap line_index;              // file and line -> index in lines
    uint64_t total, looks;
    uint64_t last_ns;              // CPU: when the last look was taken
    pthread_t vm_thread, timer;
    atomic_bool has_ended;         // the timer is to end
    bool is_running, is_busy;      // busy: what the profile itself allocates does not count
    uint64_t pending;              // MEMORY: bytes since the last look
    CH_ARRAY_OF(ChProtoCosts) costs;
    ChMap costs_index;             // proto -> index in costs
};

// Fills in the totals of the nodes.
void ch__profile_sum(ChProfile *profile);
// `12.5 ms`, `3.1 MiB`.
void ch__profile_add_weight(const ChProfile *profile, uint64_t weight, ChBuffer *out);

#endif
