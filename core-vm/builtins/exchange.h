// Exchanges with the network as handles, between http.c and websocket.c.
#ifndef CH_BUILTINS_EXCHANGE_H
#define CH_BUILTINS_EXCHANGE_H

#include "host/host.h"
#include "vm/vm.h"

// The next connection of the port as a raw exchange, owned; nil when none waits.
ChValue ch__exchange_accept(ChVm *vm, ChHostListener *listener);

// The standard streams of a program as a raw exchange, owned, whose type's name is mcp_client. Nil with a text in `why`: it
// cannot be started.
ChValue ch__exchange_child(ChVm *vm, const ChHostRun *run, ChBuffer *why);

#endif
