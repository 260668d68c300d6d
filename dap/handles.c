/* See handles.h: one growing array per stop, released with it. */
#include "handles.h"

void ch_dap_handles_init(ChDapHandles *handles) {
    *handles = (ChDapHandles){.first = 1};
}

static uint32_t add(ChDapHandles *handles, ChDapHandle handle) {
    ch_array_push(&handles->items, handle);
    return handles->first + handles->items.count - 1;
}

uint32_t ch_dap_handle_frame(ChDapHandles *handles, uint32_t task, uint32_t level) {
    return add(handles, (ChDapHandle){.kind = CH_DAP_HANDLE_FRAME, .task = task, .level = level});
}

uint32_t ch_dap_handle_scope(ChDapHandles *handles, uint32_t task, uint32_t level, ChScopeKind scope) {
    return add(handles, (ChDapHandle){.kind = CH_DAP_HANDLE_SCOPE, .task = task, .level = level, .scope = scope});
}

uint32_t ch_dap_handle_value(ChDapHandles *handles, ChValue value) {
    return add(handles, (ChDapHandle){.kind = CH_DAP_HANDLE_VALUE, .value = ch_retain(value)});
}

const ChDapHandle *ch_dap_handle_find(const ChDapHandles *handles, int64_t number, ChDapHandleKind kind) {
    if (number < handles->first || number - handles->first >= handles->items.count) return NULL;
    const ChDapHandle *handle = &handles->items.items[number - handles->first];
    return handle->kind == kind ? handle : NULL;
}

void ch_dap_handles_clear(ChDapHandles *handles) {
    for (uint32_t i = 0; i < handles->items.count; i++) {
        if (handles->items.items[i].kind == CH_DAP_HANDLE_VALUE) ch_release(handles->items.items[i].value);
    }
    /* The protocol's numbers end at 2^31 - 1; starting over after that many is harmless. */
    uint64_t next = (uint64_t)handles->first + handles->items.count;
    handles->first = next > INT32_MAX / 2 ? 1 : (uint32_t)next;
    ch_array_clear(&handles->items);
}

void ch_dap_handles_release(ChDapHandles *handles) {
    ch_dap_handles_clear(handles);
    ch_array_release(&handles->items);
}
