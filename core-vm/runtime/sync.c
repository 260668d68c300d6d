// See sync.h. The rows sync_* and the `mutex` block end here.
#include "runtime/sync.h"

#include "base/banned.h"

#define RWLOCK_CAPACITY 1024

static void permit_free(void *self) { ch__permit_release(self); }

static void permit_display(void *self, ChBuffer *out) {
    const ChPermit *permit = self;
    ch_buffer_printf(out, "<sync_permit:%s:%.*s>", permit->sync->kind, CH_STR_ARG(permit->sync->key));
}

static const ChHandleClass permit_class = {.type_name = "sync_permit", .free = permit_free, .display = permit_display};

ChSync *ch__sync_find(ChVm *vm, const char *kind, ChStr key, uint32_t capacity) {
    ChBuffer id = {0};
    ch_buffer_printf(&id, "%s:%.*s", kind, CH_STR_ARG(key));
    ChSync *sync = ch_map_get_pointer(&vm->scheduler->syncs, ch_buffer_view(&id));
    if (!sync) {
        sync = ch_alloc_zero(1, sizeof *sync);
        uint32_t length = (uint32_t)id.length, kind_length = (uint32_t)strlen(kind);
        char *text = ch_buffer_detach(&id);
        *sync = (ChSync){.vm = vm, .kind = kind, .capacity = capacity, .available = capacity};
        sync->key = ch_str_slice(text + kind_length + 1, length - kind_length - 1);
        ch_map_set_pointer(&vm->scheduler->syncs, ch_str_slice(text, length), sync);
    } else
        ch_buffer_release(&id);
    if (sync->capacity == capacity) return sync;
    ch_throw_runtime(vm, "sync %s '%.*s' already exists with capacity %u, not %u", kind, CH_STR_ARG(key), sync->capacity,
                     capacity);
    return NULL;
}

void ch__syncs_free(ChVm *vm) {
    for (uint32_t i = 0; i < vm->scheduler->syncs.count; i++) {
        ChSync *sync = vm->scheduler->syncs.entries[i].value.pointer;
        // A value that outlives the scheduler may still hold a permit.
        for (ChPermit *permit = sync->held; permit; permit = permit->next) permit->is_released = true;
        ch_free((char *)(uintptr_t)vm->scheduler->syncs.entries[i].key.data);
        ch_free(vm->scheduler->syncs.entries[i].value.pointer);
    }
    ch_map_release(&vm->scheduler->syncs);
}

static ChPermit *permit_new(ChSync *sync, uint32_t count, ChTask *task) {
    ChPermit *permit = ch_object_alloc(CH_TAG_PERMIT, sizeof *permit);
    ChHandle handle = permit->handle;
    *permit = (ChPermit){.handle = handle, .sync = sync, .count = count, .holder = task, .next = sync->held};
    permit->handle.class = &permit_class;
    permit->next_own = task->permits;
    if (task->permits) task->permits->previous_own = permit;
    task->permits = permit;
    permit->since_ms = ch__clock_ms(sync->vm);
    if (sync->held) sync->held->previous = permit;
    sync->held = permit;
    sync->available -= count;
    sync->acquired++;
    return permit;
}

static ChValue given(ChVm *vm, ChTask *task, ChPermit *take_permit, ChSyncFor what) {
    return what == CH_SYNC_REGION ? ch_int(ch__region_of_permit(vm, task, take_permit)) : ch_object(take_permit);
}

static void serve(ChSync *sync) {
    while (sync->waiters.first && sync->waiters.first->wait->permits <= sync->available) {
        ChTask *task = ch__queue_pop(&sync->waiters);
        sync->depth--;
        sync->wait_ms += ch__clock_ms(sync->vm) - task->wait->since_ms;
        ChPermit *permit = permit_new(sync, task->wait->permits, task);
        ch_task_wake(sync->vm, task, given(sync->vm, task, permit, task->wait->is_region ? CH_SYNC_REGION : CH_SYNC_PERMIT));
    }
}

static void leave_holder(ChPermit *permit) {
    if (permit->previous_own)
        permit->previous_own->next_own = permit->next_own;
    else
        permit->holder->permits = permit->next_own;
    if (permit->next_own) permit->next_own->previous_own = permit->previous_own;
    permit->holder = NULL;
    permit->previous_own = permit->next_own = NULL;
}

void ch__permits_of_ended(ChTask *task) {
    while (task->permits) leave_holder(task->permits);
}

bool ch__permit_release(ChPermit *permit) {
    if (permit->is_released) return false;
    ChSync *sync = permit->sync;
    permit->is_released = true;
    if (permit->previous)
        permit->previous->next = permit->next;
    else
        sync->held = permit->next;
    if (permit->next) permit->next->previous = permit->previous;
    sync->available += permit->count;
    if (permit->holder) leave_holder(permit);
    sync->released++;
    sync->held_ms += ch__clock_ms(sync->vm) - permit->since_ms;
    serve(sync);
    return true;
}

static uint32_t held_by(const ChSync *sync, const ChTask *task) {
    uint32_t count = 0;
    for (const ChPermit *permit = sync->held; permit; permit = permit->next)
        if (permit->holder == task) count += permit->count;
    return count;
}

// What this task holds itself cannot come back while it waits.
static ChFlow check_reentrant(ChVm *vm, const ChSync *sync, uint32_t count) {
    uint32_t held = held_by(sync, vm->task);
    if (held == 0 || count <= sync->capacity - held) return CH_OK;
    if (sync->capacity == 1)
        return ch_throw_runtime(vm, "HARN-ORC-011: deadlock detected: re-entrant acquire of a non-reentrant mutex already "
                                    "held by this task — this wait can never complete and would block forever");
    return ch_throw_runtime(vm, "HARN-ORC-011: deadlock detected: re-entrant acquire of %u permit(s) while this task "
                                "already holds %u/%u — this wait can never complete and would block forever",
                            count, held, sync->capacity);
}

ChFlow ch__sync_acquire(ChVm *vm, ChSync *sync, uint32_t count, int64_t timeout_ms, ChSyncFor what, ChValue *result) {
    if (vm->task->cancel_requested || ch_vm_is_cancelled(vm)) {
        sync->cancelled++;
        return ch_throw_text(vm, "kind:cancelled:VM cancelled by host");
    }
    if (!sync->waiters.first && count <= sync->available) {
        *result = given(vm, vm->task, permit_new(sync, count, vm->task), what);
        return CH_OK;
    }
    if (timeout_ms == 0) {
        sync->timed_out++;
        return CH_OK;
    }
    if (timeout_ms < 0 && (check_reentrant(vm, sync, count) != CH_OK || ch__wait_check_sync(vm, sync) != CH_OK))
        return CH_THROW;
    ChFlow flow = ch__task_wait(vm, CH_WAIT_SYNC, CH_NIL, CH_NIL, timeout_ms);
    if (flow != CH_SUSPEND) return flow;
    ChWait *wait = vm->task->wait;
    wait->sync = sync;
    wait->permits = count;
    wait->is_region = what == CH_SYNC_REGION;
    wait->since_ms = ch__clock_ms(vm);
    ch__queue_push(&sync->waiters, vm->task);
    if (++sync->depth > sync->max_depth) sync->max_depth = sync->depth;
    return flow;
}

void ch__sync_forget(ChTask *task) {
    ChSync *sync = task->wait->sync;
    ch__queue_remove(&sync->waiters, task);
    sync->depth--;
    serve(sync); // it may have stood in the way of a smaller wish
}

void ch__sync_timed_out(ChTask *task) { task->wait->sync->timed_out++; }

// ---- what programs call -------------------------------------------------------------------------------------------------

// A number of permits. False: an error is pending.
static bool permits_of(ChVm *vm, const ChValue *args, uint32_t argc, uint32_t index, const char *who, uint32_t *count) {
    int64_t value = ch__arg_int(args, argc, index, 1);
    *count = (uint32_t)value;
    if (value >= 1 && value <= UINT32_MAX) return true;
    if (value < 1)
        ch_throw_runtime(vm, "%s: value must be positive", who);
    else
        ch_throw_runtime(vm, "%s: value %" PRId64 " exceeds u32::MAX", who, value);
    return false;
}

static int64_t timeout_of(const ChValue *args, uint32_t argc, uint32_t index) {
    return index < argc ? ch__milliseconds(args[index], -1) : -1;
}

static ChFlow acquire(ChVm *vm, const char *kind, const char *fallback, const ChValue *args, uint32_t argc,
                      uint32_t capacity, uint32_t count, int64_t timeout_ms, ChValue *result) {
    ChString *key = argc && args[0].tag != CH_TAG_NIL ? ch_display_string(args[0]) : ch_string_from(fallback);
    ChFlow flow = CH_THROW;
    if (count > capacity)
        ch_throw_runtime(vm, "sync %s '%s' requested %u permits from capacity %u", kind, key->data, count, capacity);
    else {
        ChSync *sync = ch__sync_find(vm, kind, ch_string_view(key), capacity);
        if (sync) flow = ch__sync_acquire(vm, sync, count, timeout_ms, CH_SYNC_PERMIT, result);
    }
    ch_release(ch_object(key));
    return flow;
}

CH_NATIVE(ch__sync_mutex) {
    return acquire(vm, "mutex", "__default__", args, argc, 1, 1, timeout_of(args, argc, 1), result);
}

CH_NATIVE(ch__sync_semaphore) {
    uint32_t capacity, count;
    if (!permits_of(vm, args, argc, 1, "sync_semaphore_acquire", &capacity) ||
        !permits_of(vm, args, argc, 2, "sync_semaphore_acquire", &count))
        return CH_THROW;
    return acquire(vm, "semaphore", "default", args, argc, capacity, count, timeout_of(args, argc, 3), result);
}

CH_NATIVE(ch__sync_gate) {
    uint32_t capacity;
    if (!permits_of(vm, args, argc, 1, "sync_gate_acquire", &capacity)) return CH_THROW;
    return acquire(vm, "gate", "default", args, argc, capacity, 1, timeout_of(args, argc, 2), result);
}

CH_NATIVE(ch__sync_rwlock) {
    bool is_write = ch__arg_is(args, argc, 1, CH_TAG_STRING) && ch_str_is(ch__text(args[1]), "write");
    bool is_read = argc < 2 || ch_is_nil(args[1]) || (args[1].tag == CH_TAG_STRING && ch_str_is(ch__text(args[1]), "read"));
    if (!is_write && !is_read) return ch_throw_runtime(vm, "sync_rwlock_acquire: mode must be read or write");
    return acquire(vm, "rwlock", "default", args, argc, RWLOCK_CAPACITY, is_write ? RWLOCK_CAPACITY : 1,
                   timeout_of(args, argc, 2), result);
}

CH_NATIVE(ch__sync_release) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_PERMIT))
        return ch_throw_runtime(vm, "sync_release: first argument must be a sync permit");
    return ch__give_bool(result, ch__permit_release((ChPermit *)args[0].as.object));
}

static void put_int(ChVm *vm, ChDict *dict, const char *name, int64_t value) {
    ch_dict_put_property(vm, dict, ch_intern(vm, name, strlen(name)), ch_int(value));
}

static ChValue metrics(ChVm *vm, const ChSync *sync) {
    ChDict *dict = ch_dict_new();
    ch_dict_put_property(vm, dict, ch_intern(vm, "kind", 4), ch_str_value(sync->kind, strlen(sync->kind)));
    ch_dict_put_property(vm, dict, ch_intern(vm, "key", 3), ch_str_value(sync->key.data, sync->key.length));
    put_int(vm, dict, "capacity", sync->capacity);
    put_int(vm, dict, "acquisition_count", sync->acquired);
    put_int(vm, dict, "timeout_count", sync->timed_out);
    put_int(vm, dict, "cancellation_count", sync->cancelled);
    put_int(vm, dict, "release_count", sync->released);
    put_int(vm, dict, "current_held", sync->capacity - sync->available);
    put_int(vm, dict, "current_queue_depth", sync->depth);
    put_int(vm, dict, "max_queue_depth", sync->max_depth);
    put_int(vm, dict, "total_wait_ms", sync->wait_ms);
    put_int(vm, dict, "total_held_ms", sync->held_ms);
    return ch_object(dict);
}

CH_NATIVE(ch__sync_metrics) {
    const ChMap *syncs = &vm->scheduler->syncs;
    bool has_kind = argc > 0 && !ch_is_nil(args[0]), has_key = argc > 1 && !ch_is_nil(args[1]);
    ChString *kind = ch__arg_display(args, argc, 0), *key = ch__arg_display(args, argc, 1);
    ChList *rows = ch_list_new(0);
    for (uint32_t i = 0; i < syncs->count; i++) {
        const ChSync *sync = syncs->entries[i].value.pointer;
        if (has_kind && !ch_str_is(ch_string_view(kind), sync->kind)) continue;
        if (has_key && !ch_str_equal(ch_string_view(key), sync->key)) continue;
        ch_list_push(rows, metrics(vm, sync));
    }
    ch_release(ch_object(kind));
    ch_release(ch_object(key));
    if (has_kind && has_key) {
        *result = rows->count ? ch_retain(rows->items[0]) : CH_NIL;
        ch_release(ch_object(rows));
    } else
        *result = ch_object(rows);
    return CH_OK;
}
