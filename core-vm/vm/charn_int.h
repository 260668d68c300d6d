// Between the files behind include/charn.h.
#ifndef CH_VM_CHARN_INT_H
#define CH_VM_CHARN_INT_H

#include "charn.h"

#include "host/host.h"
#include "host/layer.h"
#include "vm/vm.h"

struct charn {
    ch_host *real;
    ChHostLayer layer; // over the real host: takes the output
    charn_options options;
    ChVm *vm;
    ChModule *module;
    ChBuffer message;
    bool is_started;
    struct ChHostHook *hooks; // owned; newest first
};

void ch__host_hooks_free(charn *engine);

#endif
