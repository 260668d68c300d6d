// Channels: bounded queues between tasks, and select over several of them.
//
// The buffer is a ring that grows up to the channel's capacity. A value for which a receiver waits goes to it at once;
// a sender whose channel is full waits, and its value follows as soon as there is room, so order is kept. A closed
// channel refuses values (send answers false), and gives what is still in it, then nil.
#include "runtime/runtime_int.h"

#include "base/banned.h"

typedef struct ChChannel {
    ChHandle handle;
    ChString *name;
    ChValue *ring;
    uint32_t size;           // of the ring: a power of two
    uint32_t first, count;
    uint32_t capacity;
    bool is_closed;
    ChTaskQueue senders, receivers;
} ChChannel;

static void channel_free(void *self) {
    ChChannel *channel = self;
    for (uint32_t i = 0; i < channel->count; i++)
        ch_release(channel->ring[(channel->first + i) & (channel->size - 1)]);
    ch_free(channel->ring);
    ch_release(ch_object(channel->name));
}

static void channel_trace(void *self, void (*visit)(ChValue *slot, void *ud), void *ud) {
    ChChannel *channel = self;
    for (uint32_t i = 0; i < channel->count; i++) visit(&channel->ring[(channel->first + i) & (channel->size - 1)], ud);
}

static void channel_display(void *self, ChBuffer *out) {
    ch_buffer_printf(out, "<channel:%s>", ((ChChannel *)self)->name->data);
}

static const ChHandleClass channel_class = {
    .type_name = "channel", .free = channel_free, .trace = channel_trace, .display = channel_display};

const char *ch__channel_name(ChValue channel) { return ((ChChannel *)channel.as.object)->name->data; }

static void ring_push(ChChannel *channel, ChValue take_value) {
    if (channel->count == channel->size) {
        uint32_t size = channel->size ? channel->size * 2 : 8;
        ChValue *ring = ch_realloc_array(NULL, size, sizeof *ring);
        for (uint32_t i = 0; i < channel->count; i++) ring[i] = channel->ring[(channel->first + i) & (channel->size - 1)];
        ch_free(channel->ring);
        channel->ring = ring;
        channel->size = size;
        channel->first = 0;
    }
    channel->ring[(channel->first + channel->count++) & (channel->size - 1)] = take_value;
}

static ChValue ring_pop(ChChannel *channel) {
    ChValue value = channel->ring[channel->first];
    channel->first = (channel->first + 1) & (channel->size - 1);
    channel->count--;
    return value;
}

// The next value, if there is one; a sender that waits for room comes after.
static bool take(ChVm *vm, ChChannel *channel, ChValue *value) {
    if (!channel->count) return false;
    *value = ring_pop(channel);
    ChTask *sender = ch__queue_pop(&channel->senders);
    if (sender) {
        ring_push(channel, ch_take(&sender->wait->value));
        ch_task_wake(vm, sender, ch_bool(true));
    }
    return true;
}

static ChChannel *channel_of(const ChValue *args, uint32_t argc) {
    return ch__arg_is(args, argc, 0, CH_TAG_CHANNEL) ? (ChChannel *)args[0].as.object : NULL;
}

static ChFlow throw_no_channel(ChVm *vm, const char *who, const char *missing, uint32_t argc, uint32_t least) {
    if (argc < least) return ch_throw_text(vm, "%s: requires %s", who, missing);
    return ch_throw_text(vm, "%s: first argument must be a channel", who);
}

CH_NATIVE(ch__channel_new) {
    int64_t capacity = ch__arg_int(args, argc, 1, CH_CHANNEL_CAPACITY_DEFAULT);
    if (capacity > CH_CHANNEL_CAPACITY_MAX)
        return ch_throw_runtime(vm, "channel: capacity %" PRId64 " is too large (limit %u)", capacity,
                                CH_CHANNEL_CAPACITY_MAX);
    ChChannel *channel = ch_object_alloc(CH_TAG_CHANNEL, sizeof *channel);
    ChHandle handle = channel->handle;
    *channel = (ChChannel){.handle = handle, .capacity = capacity < 1 ? 1 : (uint32_t)capacity};
    channel->handle.class = &channel_class;
    channel->name = argc ? ch_display_string(args[0]) : ch_string_from("default");
    *result = ch_object(channel);
    return CH_OK;
}

CH_NATIVE(ch__channel_close) {
    ChChannel *channel = channel_of(args, argc);
    if (!channel) return throw_no_channel(vm, "close_channel", "a channel", argc, 1);
    channel->is_closed = true;
    ChTask *task;
    while ((task = ch__queue_pop(&channel->receivers)))
        ch_task_wake(vm, task, task->wait->kind == CH_WAIT_ITEM ? CH_ABSENT : CH_NIL);
    while ((task = ch__queue_pop(&channel->senders))) ch_task_wake(vm, task, ch_bool(false));
    if (vm->scheduler->select_count) ch__select_poll(vm);
    return CH_OK;
}

CH_NATIVE(ch__channel_is_closed) {
    ChChannel *channel = channel_of(args, argc);
    if (!channel) return throw_no_channel(vm, "channel_is_closed", "a channel", argc, 1);
    return ch__give_bool(result, channel->is_closed);
}

CH_NATIVE(ch__channel_send) {
    ChChannel *channel = channel_of(args, argc);
    if (!channel || argc < 2) return throw_no_channel(vm, "send", "channel and value", argc, 2);
    if (channel->is_closed) return ch__give_bool(result, false);
    ChTask *receiver = ch__queue_pop(&channel->receivers);
    if (receiver) {
        ch_task_wake(vm, receiver, ch_take(&args[1]));
        return ch__give_bool(result, true);
    }
    if (channel->count < channel->capacity) {
        ring_push(channel, ch_take(&args[1]));
        if (vm->scheduler->select_count) ch__select_poll(vm);
        return ch__give_bool(result, true);
    }
    ChFlow flow = ch__task_wait(vm, CH_WAIT_SEND, ch_take(&args[0]), ch_take(&args[1]), -1);
    if (flow == CH_SUSPEND) ch__queue_push(&channel->senders, vm->task);
    return flow;
}

CH_NATIVE(ch__channel_receive) {
    ChChannel *channel = channel_of(args, argc);
    if (!channel) return throw_no_channel(vm, "receive", "a channel", argc, 1);
    if (take(vm, channel, result) || channel->is_closed) return CH_OK;
    ChFlow flow = ch__task_wait(vm, CH_WAIT_RECEIVE, ch_take(&args[0]), CH_NIL, -1);
    if (flow == CH_SUSPEND) ch__queue_push(&channel->receivers, vm->task);
    return flow;
}

CH_NATIVE(ch__channel_try_receive) {
    ChChannel *channel = channel_of(args, argc);
    if (!channel) return throw_no_channel(vm, "try_receive", "a channel", argc, 1);
    take(vm, channel, result);
    return CH_OK;
}

ChIterStep ch__channel_step(ChVm *vm, ChTask *task, ChValue value, ChValue *item) {
    ChChannel *channel = (ChChannel *)value.as.object;
    if (take(vm, channel, item)) return CH_ITER_ITEM;
    if (channel->is_closed) return CH_ITER_END;
    if (ch__task_wait(vm, CH_WAIT_ITEM, ch_retain(value), CH_NIL, -1) != CH_SUSPEND) return CH_ITER_THROW;
    ch__queue_push(&channel->receivers, task);
    return CH_ITER_WAIT;
}

void ch__channel_forget(ChTask *task) {
    ChChannel *channel = (ChChannel *)task->wait->on.as.object;
    ch__queue_remove(task->wait->kind == CH_WAIT_SEND ? &channel->senders : &channel->receivers, task);
}

// ---- select -----------------------------------------------------------------------------------------------------------

static ChValue select_result(ChVm *vm, int64_t index, ChValue take_value, ChValue take_name) {
    ChValue answer = ch_object(ch_dict_new());
    ch_dict_put_property(vm, answer.as.dict, ch_intern(vm, "index", 5), ch_int(index));
    ch_dict_put_property(vm, answer.as.dict, ch_intern(vm, "value", 5), take_value);
    ch_dict_put_property(vm, answer.as.dict, ch_intern(vm, "channel", 7), take_name);
    return answer;
}

ChValue ch__select_none(ChVm *vm, bool is_nil) { return is_nil ? CH_NIL : select_result(vm, -1, CH_NIL, CH_NIL); }

// The first channel of the list that has a value. False: none has; *all_closed tells whether one may still come.
static bool poll(ChVm *vm, const ChList *channels, ChValue *answer, bool *all_closed) {
    *all_closed = true;
    for (uint32_t i = 0; i < channels->count; i++) {
        if (channels->items[i].tag != CH_TAG_CHANNEL) continue;
        ChChannel *channel = (ChChannel *)channels->items[i].as.object;
        ChValue value;
        if (take(vm, channel, &value)) {
            *answer = select_result(vm, i, value, ch_retain(ch_object(channel->name)));
            return true;
        }
        if (!channel->is_closed) *all_closed = false;
    }
    return false;
}

void ch__select_poll(ChVm *vm) {
    for (ChTask *task = vm->tasks_first; task; task = task->next_all) {
        if (task->state != CH_TASK_WAITING || task->wait->kind != CH_WAIT_SELECT) continue;
        ChValue answer;
        bool all_closed;
        if (poll(vm, task->wait->on.as.list, &answer, &all_closed))
            ch_task_wake(vm, task, answer);
        else if (all_closed)
            ch_task_wake(vm, task, ch__select_none(vm, task->wait->nil_at_end));
    }
}

static ChFlow select_in(ChVm *vm, ChValue *channels, int64_t timeout_ms, bool is_nil, ChValue *result) {
    bool all_closed;
    if (poll(vm, channels->as.list, result, &all_closed)) return CH_OK;
    if (all_closed || timeout_ms == 0) {
        *result = ch__select_none(vm, is_nil);
        return CH_OK;
    }
    ChFlow flow = ch__task_wait(vm, CH_WAIT_SELECT, ch_take(channels), CH_NIL, timeout_ms);
    if (flow == CH_SUSPEND) vm->task->wait->nil_at_end = is_nil;
    return flow;
}

CH_NATIVE(ch__select_of) {
    if (!argc) return ch_throw_text(vm, "select: requires at least one channel");
    ChList *channels = ch_list_new(argc);
    ChValue list = ch_object(channels);
    for (uint32_t i = 0; i < argc; i++) {
        if (args[i].tag != CH_TAG_CHANNEL) {
            ch_release(list);
            return ch_throw_text(vm, "select: all arguments must be channels");
        }
        ch_list_push(channels, ch_retain(args[i]));
    }
    ChFlow flow = select_in(vm, &list, -1, false, result);
    ch_release(list);
    return flow;
}

static ChFlow throw_no_list(ChVm *vm, const char *who) {
    return ch_throw_text(vm, "%s: first argument must be a list of channels", who);
}

CH_NATIVE(ch__select_list) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST)) return throw_no_list(vm, "__select_list");
    return select_in(vm, &args[0], -1, false, result);
}

CH_NATIVE(ch__select_try) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST)) return throw_no_list(vm, "__select_try");
    return select_in(vm, &args[0], 0, false, result);
}

CH_NATIVE(ch__select_timeout) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST)) return throw_no_list(vm, "__select_timeout");
    return select_in(vm, &args[0], ch__milliseconds(ch_arg(args, argc, 1), CH_SELECT_TIMEOUT_MS), false, result);
}

CH_NATIVE(ch__channel_select) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST)) return throw_no_list(vm, "channel_select");
    return select_in(vm, &args[0], argc > 1 ? ch__milliseconds(args[1], -1) : -1, true, result);
}

// ---- atomics ----------------------------------------------------------------------------------------------------------

typedef struct ChAtomic {
    ChHandle handle;
    int64_t value;
} ChAtomic;

static void atomic_display(void *self, ChBuffer *out) {
    ch_buffer_printf(out, "<atomic:%" PRId64 ">", ((ChAtomic *)self)->value);
}

static const ChHandleClass atomic_class = {.type_name = "atomic", .display = atomic_display};

CH_NATIVE(ch__atomic_new) {
    ChValue initial = ch_arg(args, argc, 0);
    ChAtomic *atomic = ch_object_alloc(CH_TAG_ATOMIC, sizeof *atomic);
    atomic->handle.class = &atomic_class;
    atomic->value = initial.tag == CH_TAG_INT || initial.tag == CH_TAG_BOOL ? initial.as.integer : 0;
    if (initial.tag == CH_TAG_FLOAT && initial.as.real > -9e18 && initial.as.real < 9e18)
        atomic->value = (int64_t)initial.as.real;
    *result = ch_object(atomic);
    return CH_OK;
}

static ChAtomic *atomic_of(const ChValue *args, uint32_t argc, uint32_t ints) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_ATOMIC)) return NULL;
    for (uint32_t i = 1; i <= ints; i++)
        if (!ch__arg_is(args, argc, i, CH_TAG_INT)) return NULL;
    return (ChAtomic *)args[0].as.object;
}

CH_NATIVE(ch__atomic_get) {
    ChAtomic *atomic = atomic_of(args, argc, 0);
    return atomic ? ch__give_int(result, atomic->value) : CH_OK;
}

CH_NATIVE(ch__atomic_set) {
    ChAtomic *atomic = atomic_of(args, argc, 1);
    if (!atomic) return CH_OK;
    int64_t old = atomic->value;
    atomic->value = args[1].as.integer;
    return ch__give_int(result, old);
}

CH_NATIVE(ch__atomic_add) {
    ChAtomic *atomic = atomic_of(args, argc, 1);
    if (!atomic) return CH_OK;
    int64_t old = atomic->value;
    atomic->value = (int64_t)((uint64_t)old + (uint64_t)args[1].as.integer);
    return ch__give_int(result, old);
}

CH_NATIVE(ch__atomic_cas) {
    ChAtomic *atomic = atomic_of(args, argc, 2);
    bool is_same = atomic && atomic->value == args[1].as.integer;
    if (is_same) atomic->value = args[2].as.integer;
    return ch__give_bool(result, is_same);
}
