// Watched variables. The program runs in single steps while there are any, and before each instruction the variable's
// place is compared with the last value seen. The watch holds that value, so the machine cannot change it in place: a
// change always shows as another pointer or number, and comparing is cheap whatever the value's size.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debug_int.h"

enum { SHOWN_BYTES_MAX = 80 };

bool ch_debugger_watch_id(ChDebugger *debugger, uint32_t task, uint32_t level, ChScopeKind scope, ChStr name, ChBuffer *id,
                          ChBuffer *why) {
    bool is_constant;
    if (scope != CH_SCOPE_LOCALS && scope != CH_SCOPE_MODULE) {
        ch_buffer_add_text(why, "a captured value never changes");
        return false;
    }
    const ChValue *place = ch__debugger_place(debugger, task, level, scope, name, &is_constant);
    if (!place || is_constant) {
        ch_buffer_printf(why, is_constant ? "'%.*s' is a constant of the code" : "there is no variable '%.*s'", CH_STR_ARG(name));
        return false;
    }
    ChFiber *fiber;
    const ChTask *owner = ch__debugger_find_task(debugger, task);
    const ChFrame *frame = ch_task_frame(owner, level, &fiber);
    uint64_t address = ch__address_of(debugger, frame->closure->module, frame->closure->proto, 0);
    if (address == 0) {
        ch_buffer_add_text(why, "it belongs to code of the runtime");
        return false;
    }
    if (scope == CH_SCOPE_LOCALS) {
        ch_buffer_printf(id, "local %" PRIx64 " %u %u ", address, task, ch_task_frame_count(owner) - level);
    } else {
        ch_buffer_printf(id, "module %" PRIx64 " 0 0 ", address);
    }
    ch_buffer_add_str(id, name);
    return true;
}

// The watched place, if it is in sight now. *is_gone: its frame has ended.
static const ChValue *place_of(ChDebugger *debugger, const ChWatch *watch, bool *is_gone) {
    *is_gone = false;
    if (!watch->is_local) {
        int32_t slot = ch_module_slot(watch->module, watch->name);
        return slot >= 0 ? &watch->module->slots[slot] : NULL;
    }
    ChTask *task = ch__debugger_find_task(debugger, watch->task);
    uint32_t count = task ? ch_task_frame_count(task) : 0;
    *is_gone = count < watch->depth;
    if (*is_gone) return NULL;
    ChFiber *fiber;
    ChFrame *frame = ch_task_frame(task, count - watch->depth, &fiber);
    *is_gone = ch__address_of(debugger, frame->closure->module, frame->closure->proto, 0) != watch->function;
    const ChLocalName *local;
    return *is_gone ? NULL : ch_frame_local(fiber, frame, watch->name, &local);
}

static bool is_same(ChValue a, ChValue b) { return a.tag == b.tag && memcmp(&a.as, &b.as, sizeof a.as) == 0; }

static void drop(ChDebugger *debugger, ChWatch *watch) {
    watch->is_live = false;
    if (debugger->events.on_breakpoint) debugger->events.on_breakpoint(debugger->events.ud, watch->id);
}

bool ch__watches_look(ChDebugger *debugger, ChTask *task) {
    (void)task;
    bool has_changed = false;
    for (uint32_t i = 0; i < debugger->watches.count; i++) {
        ChWatch *watch = &debugger->watches.items[i];
        if (!watch->is_live) continue;
        bool is_gone;
        const ChValue *place = place_of(debugger, watch, &is_gone);
        if (is_gone) drop(debugger, watch);
        if (!place || is_same(*place, watch->last)) continue;
        ch_release(watch->before);
        watch->before = watch->last;
        watch->last = ch_retain(*place);
        watch->has_changed = has_changed = true;
    }
    return has_changed;
}

static bool condition_holds(ChDebugger *debugger, ChTask *task, const ChWatch *watch) {
    if (watch->condition.length == 0) return true;
    ChBuffer why = {0};
    ChValue value;
    bool holds = true; // an expression that fails stops: the user finds out why
    if (ch__evaluate(debugger, task, 0, watch->condition, CH_EVALUATE_PURE, CH_DEBUG_CONDITION_INSTRUCTIONS, &value, &why)) {
        holds = ch_is_truthy(value);
        ch_release(value);
    }
    ch_buffer_release(&why);
    return holds;
}

bool ch__watches_hit(ChDebugger *debugger, ChTask *task) {
    ch_array_clear(&debugger->stop_ids);
    ch_buffer_clear(&debugger->stop_text);
    for (uint32_t i = 0; i < debugger->watches.count; i++) {
        ChWatch *watch = &debugger->watches.items[i];
        if (!watch->has_changed) continue;
        watch->has_changed = false;
        if (!condition_holds(debugger, task, watch)) continue;
        ch_array_push(&debugger->stop_ids, watch->id);
        if (debugger->stop_text.length > 0) ch_buffer_add_text(&debugger->stop_text, ", ");
        ch_buffer_add_str(&debugger->stop_text, watch->name);
        ch_buffer_add_text(&debugger->stop_text, ": ");
        ch_view_text(watch->before, SHOWN_BYTES_MAX, &debugger->stop_text);
        ch_buffer_add_text(&debugger->stop_text, " → ");
        ch_view_text(watch->last, SHOWN_BYTES_MAX, &debugger->stop_text);
    }
    return debugger->stop_ids.count > 0;
}

#define GONE CH_STR("the variable is gone: its frame has ended")

bool ch__watches_find(const ChDebugger *debugger, uint32_t id, ChBreakpointInfo *out) {
    for (uint32_t i = 0; i < debugger->watches.count; i++) {
        const ChWatch *watch = &debugger->watches.items[i];
        if (watch->id != id) continue;
        *out = (ChBreakpointInfo){.id = id, .is_verified = watch->is_live, .message = watch->is_live ? (ChStr){0} : GONE};
        return true;
    }
    return false;
}

static void clear(ChDebugger *debugger) {
    for (uint32_t i = 0; i < debugger->watches.count; i++) {
        ChWatch *watch = &debugger->watches.items[i];
        ch_free((char *)watch->name.data);
        ch_free((char *)watch->condition.data);
        ch_release(watch->last);
        ch_release(watch->before);
    }
    ch_array_clear(&debugger->watches);
}

void ch__watches_release(ChDebugger *debugger) {
    clear(debugger);
    ch_array_release(&debugger->watches);
}

// Reads what ch_debugger_watch_id wrote. False: it did not write this.
static bool read_id(ChDebugger *debugger, ChStr id, ChWatch *watch) {
    char kind[8] = "", name[256] = "";
    uint64_t address = 0;
    char *text = ch_str_detach(id);
    int read = sscanf(text, "%7s %" SCNx64 " %u %u %255s", kind, &address, &watch->task, &watch->depth, name);
    ch_free(text);
    uint32_t pc;
    if (read != 5 || !ch__address_find(debugger, address, &watch->module, &pc)) return false;
    watch->is_local = strcmp(kind, "local") == 0;
    watch->function = address;
    watch->name = ch_str_of(ch_str_detach(ch_str_of(name)));
    return true;
}

void ch_debugger_set_watches(ChDebugger *debugger, const ChWatchSpec *specs, uint32_t count, ChBreakpointInfo *out) {
    clear(debugger);
    for (uint32_t i = 0; i < count; i++) {
        ChWatch watch = {.id = ++debugger->next_id, .last = CH_NIL, .before = CH_NIL};
        bool is_gone = true;
        const ChValue *place = read_id(debugger, specs[i].id, &watch) ? place_of(debugger, &watch, &is_gone) : NULL;
        out[i] = (ChBreakpointInfo){.id = watch.id, .is_verified = place != NULL};
        if (!place) {
            out[i].message = GONE;
            ch_free((char *)watch.name.data);
            continue;
        }
        watch.is_live = true;
        watch.last = ch_retain(*place);
        if (specs[i].condition.length) watch.condition = ch_str_of(ch_str_detach(specs[i].condition));
        ch_array_push(&debugger->watches, watch);
    }
    ch__stepping_update(debugger);
}
