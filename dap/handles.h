/* Integers that stand for frames and for what can be expanded, good for one stop.
 *
 * They are forgotten whenever the program goes on, and the numbers start above those of the stop before, so a request
 * about an earlier stop is an error and never an answer about something else. */
#ifndef CH_DAP_HANDLES_H
#define CH_DAP_HANDLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/array.h"
#include "debug/debug.h"

typedef enum ChDapHandleKind { CH_DAP_HANDLE_FRAME, CH_DAP_HANDLE_SCOPE, CH_DAP_HANDLE_VALUE } ChDapHandleKind;

typedef struct ChDapHandle {
    ChDapHandleKind kind;
    uint32_t task, level;  /* of FRAME and SCOPE */
    ChScopeKind scope;     /* of SCOPE */
    ChValue value;         /* of VALUE: owned */
} ChDapHandle;

typedef struct ChDapHandles {
    CH_ARRAY_OF(ChDapHandle) items;
    uint32_t first; /* number of items[0] */
} ChDapHandles;

/* Numbers begin at 1 (0 means "cannot be expanded" in the protocol). */
void ch_dap_handles_init(ChDapHandles *handles);
uint32_t ch_dap_handle_frame(ChDapHandles *handles, uint32_t task, uint32_t level);
uint32_t ch_dap_handle_scope(ChDapHandles *handles, uint32_t task, uint32_t level, ChScopeKind scope);
uint32_t ch_dap_handle_value(ChDapHandles *handles, ChValue value);
/* NULL for a number of another stop or of another kind. */
const ChDapHandle *ch_dap_handle_find(const ChDapHandles *handles, int64_t number, ChDapHandleKind kind);
/* Forgets all; the next numbers are new ones. */
void ch_dap_handles_clear(ChDapHandles *handles);
void ch_dap_handles_release(ChDapHandles *handles);

#endif
