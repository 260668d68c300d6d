// A host upon another: every entry goes to the host below until somebody replaces it.
//
// The output of a debugged program, a mock clock, a sandbox's policy and a recorder are layers. A replaced entry is
// called with the layer as its `ud`: it finds its own state in `own`, and reaches what it covers through `below`.
#ifndef CH_HOST_LAYER_H
#define CH_HOST_LAYER_H

#include "host/host.h"

typedef struct ChHostLayer {
    ch_host host;    // give this to the VM; replace entries, not `ud`
    ch_host *below;  // borrowed
    void *own;       // of who made the layer
} ChHostLayer;

// Fills `layer` with entries that pass everything on.
void ch_host_layer_init(ChHostLayer *layer, ch_host *below, void *own);

#endif
