// `parallel`: a group of tasks that one task waits for, at most `max_concurrent` of them at a time. Siblings of a task
// that fails run on; then the first failure in order of the items is thrown, or, settled, becomes a Result.Err. A race
// ends with its first success.
#include "runtime/runtime_int.h"

#include "base/banned.h"

typedef enum ChGroupKind { CH_GROUP_LIST, CH_GROUP_SETTLE, CH_GROUP_RACE } ChGroupKind;

typedef struct ChGroup {
    ChGroupKind kind;
    ChTask *waiter;          // borrowed: it waits, so it lives; NULL once it has given up
    ChValue closure, items;  // items nil: the argument is the index
    const char *label;
    uint32_t number;         // among the groups of the task that waits
    uint32_t count, started, ended;
    ChValue *results;
    ChError *errors;
    bool *failed;
} ChGroup;

static void group_free(ChGroup *group) {
    for (uint32_t i = 0; i < group->count; i++) {
        ch_release(group->results[i]);
        if (group->failed[i]) ch_error_release(&group->errors[i]);
    }
    ch_free(group->results);
    ch_free(group->errors);
    ch_free(group->failed);
    ch_release(group->closure);
    ch_release(group->items);
    ch_free(group);
}

static bool start_next(ChVm *vm, ChGroup *group) {
    uint32_t index = group->started;
    ChValue argument = ch_is_nil(group->items) ? ch_int(index) : group->items.as.list->items[index];
    ChTask *running = vm->task;
    vm->task = group->waiter; // whose deadlines hold for its parts
    ChTask *task = ch_task_spawn(vm, group->closure.as.closure, &argument, 1, group->label);
    vm->task = running;
    if (!task) return false;
    group->started++;
    task->parent->spawn_count--; // its name is that of the group
    task->number = group->number;
    task->group = group;
    task->group_index = index;
    task->is_grouped = true;
    return true;
}

static ChValue settled(ChVm *vm, ChGroup *group) {
    ChList *results = ch_list_new(group->count);
    int64_t failed = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        if (group->failed[i]) {
            failed++;
            ChBuffer text = {0};
            ch_error_text(&group->errors[i], false, &text);
            ch_list_push(results, ch_result_err(vm, ch_str_value(text.data, text.length)));
            ch_buffer_release(&text);
        } else
            ch_list_push(results, ch_result_ok(vm, ch_take(&group->results[i])));
    }
    ChValue answer = ch_object(ch_dict_new());
    ch_dict_put_property(vm, answer.as.dict, ch_intern(vm, "results", 7), ch_object(results));
    ch_dict_put_property(vm, answer.as.dict, ch_intern(vm, "succeeded", 9), ch_int(group->count - failed));
    ch_dict_put_property(vm, answer.as.dict, ch_intern(vm, "failed", 6), ch_int(failed));
    return answer;
}

static void throw_lost_race(ChVm *vm, ChGroup *group) {
    ChBuffer text = {0};
    ch_buffer_printf(&text, "parallel_race: all %u task(s) failed: ", group->count);
    for (uint32_t i = 0; i < group->count; i++) {
        if (i) ch_buffer_add_text(&text, "; ");
        if (group->failed[i])
            ch_error_text(&group->errors[i], false, &text);
        else
            ch_display(group->results[i], &text);
    }
    ch_task_wake_error(vm, group->waiter,
                       (ChError){.kind = CH_ERROR_RUNTIME, .value = ch_str_value(text.data, text.length)});
    ch_buffer_release(&text);
}

// A value wins, a Result.Ok its payload; a Result.Err has lost, and its payload is what is told of it.
static bool wins(ChVm *vm, ChValue *value) {
    uint32_t variant;
    if (!ch_is_result(vm, *value, &variant)) return true;
    const ChEnum *result = value->as.variant;
    ch_assign(value, result->count ? result->fields[0] : CH_NIL);
    return variant == CH_RESULT_OK;
}

static void finish(ChVm *vm, ChGroup *group) {
    ChTask *waiter = group->waiter;
    if (waiter) {
        waiter->wait->group = NULL;
        uint32_t first = 0;
        while (first < group->count && !group->failed[first]) first++;
        if (group->kind == CH_GROUP_SETTLE)
            ch_task_wake(vm, waiter, settled(vm, group));
        else if (group->kind == CH_GROUP_RACE)
            throw_lost_race(vm, group);
        else if (first < group->count) {
            group->errors[first].is_reported = false; // it is thrown once more, in the task that waits
            ch_task_wake_error(vm, waiter, group->errors[first]);
            group->failed[first] = false;
        } else {
            ChList *list = ch_list_new(group->count);
            for (uint32_t i = 0; i < group->count; i++) ch_list_push(list, ch_take(&group->results[i]));
            ch_task_wake(vm, waiter, ch_object(list));
        }
    }
    group_free(group);
}

void ch__group_task_ended(ChVm *vm, ChTask *task) {
    ChGroup *group = task->group;
    uint32_t index = task->group_index;
    task->group = NULL;
    if (task->state == CH_TASK_FAILED) {
        group->failed[index] = true;
        group->errors[index] = task->error;
        task->error = (ChError){.value = CH_NIL};
    } else
        group->results[index] = ch_take(&task->result);
    group->ended++;
    if (group->kind == CH_GROUP_RACE && group->waiter && !group->failed[index] && wins(vm, &group->results[index])) {
        ChTask *waiter = group->waiter;
        waiter->wait->group = NULL;
        ch_task_wake(vm, waiter, ch_take(&group->results[index]));
        if (group->ended == group->started) {
            group->waiter = NULL;
            finish(vm, group);
        } else
            ch__group_abandon(vm, group);
        return;
    }
    if (group->waiter && group->started < group->count) start_next(vm, group);
    if (group->ended == group->started) finish(vm, group);
}

// The waiting task has been woken by something else: what still runs of the group ends.
void ch__group_abandon(ChVm *vm, ChGroup *group) {
    group->waiter = NULL;
    uint32_t running = group->started - group->ended;
    for (ChTask *task = vm->tasks_first, *next; task && running; task = next) {
        next = task->next_all;
        if (task->group != group) continue;
        running--; // the last one frees the group
        ch_task_cancel(vm, task);
    }
}

static ChFlow run_group(ChVm *vm, ChGroupKind kind, ChValue *closure, ChValue take_items, uint32_t count,
                        ChValue limit, const char *label, ChValue *result) {
    if (limit.tag != CH_TAG_INT && limit.tag != CH_TAG_NIL) {
        ch_release(take_items);
        return ch_throw_type(vm, "parallel max_concurrent must be an int; got %s", ch_type_name(limit));
    }
    uint32_t at_once = count;
    if (limit.tag == CH_TAG_INT && limit.as.integer > 0 && limit.as.integer < count)
        at_once = (uint32_t)limit.as.integer;
    ChGroup *group = ch_alloc_zero(1, sizeof *group);
    *group = (ChGroup){.kind = kind, .closure = ch_take(closure), .items = take_items, .label = label, .count = count};
    group->results = ch_alloc_zero((size_t)count + 1, sizeof *group->results);
    group->errors = ch_alloc_zero((size_t)count + 1, sizeof *group->errors);
    group->failed = ch_alloc_zero((size_t)count + 1, sizeof *group->failed);
    if (!count) {
        *result = kind == CH_GROUP_SETTLE ? settled(vm, group) : ch_object(ch_list_new(0));
        group_free(group);
        return CH_OK;
    }
    ChFlow flow = ch__task_wait(vm, CH_WAIT_GROUP, CH_NIL, CH_NIL, -1);
    if (flow != CH_SUSPEND) {
        group_free(group);
        return flow;
    }
    group->waiter = vm->task;
    vm->task->wait->group = group;
    group->number = ++vm->task->group_count;
    if (kind == CH_GROUP_LIST && ch_is_nil(group->items))
        vm->task->wait->span = ch_span_start(vm, CH_SPAN_PARALLEL, CH_STR("parallel"));
    while (group->started < at_once && start_next(vm, group)) continue;
    return CH_SUSPEND;
}

static ChFlow over_list(ChVm *vm, ChGroupKind kind, ChValue *args, uint32_t argc, const char *label, ChValue *result) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST) || !ch__arg_is(args, argc, 1, CH_TAG_CLOSURE)) return CH_OK;
    uint32_t count = args[0].as.list->count;
    if (count > CH_PARALLEL_MAX) return ch_throw_runtime(vm, "parallel: too many items (limit %u)", CH_PARALLEL_MAX);
    return run_group(vm, kind, &args[1], ch_take(&args[0]), count, ch_arg(args, argc, 2), label, result);
}

CH_NATIVE(ch__parallel_count) {
    int64_t count = ch__arg_int(args, argc, 0, 0);
    if (!ch__arg_is(args, argc, 1, CH_TAG_CLOSURE)) return CH_OK;
    if (count > CH_PARALLEL_MAX) return ch_throw_runtime(vm, "parallel: too many items (limit %u)", CH_PARALLEL_MAX);
    return run_group(vm, CH_GROUP_LIST, &args[1], CH_NIL, count < 0 ? 0 : (uint32_t)count, ch_arg(args, argc, 2),
                     "<parallel>", result);
}

CH_NATIVE(ch__parallel_race) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_LIST))
        return ch_throw_runtime(vm, "parallel_race: first argument must be a list, got %s",
                                ch_type_name(ch_arg(args, argc, 0)));
    if (!ch__arg_is(args, argc, 1, CH_TAG_CLOSURE))
        return ch_throw_runtime(vm, "parallel_race: second argument must be a closure, got %s",
                                ch_type_name(ch_arg(args, argc, 1)));
    if (!args[0].as.list->count) return ch_throw_runtime(vm, "parallel_race: expected at least one item");
    if (argc > 2) ch_assign(&args[2], args[2].tag == CH_TAG_DICT ? ch__dict_get(args[2].as.dict, "max_concurrent") : CH_NIL);
    return over_list(vm, CH_GROUP_RACE, args, argc, "<parallel_race>", result);
}

CH_NATIVE(ch__parallel_each) { return over_list(vm, CH_GROUP_LIST, args, argc, "<parallel_each>", result); }
CH_NATIVE(ch__parallel_settle) { return over_list(vm, CH_GROUP_SETTLE, args, argc, "<parallel_settle>", result); }
