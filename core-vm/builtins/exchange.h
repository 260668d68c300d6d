// Exchanges with the network as handles, between http.c and websocket.c.
#ifndef CH_BUILTINS_EXCHANGE_H
#define CH_BUILTINS_EXCHANGE_H

#include "host/host.h"
#include "vm/vm.h"

// The next connection of the port as a raw exchange, owned; nil when none waits.
ChValue ch__exchange_accept(ChVm *vm, ChHostListener *listener);

#endif
