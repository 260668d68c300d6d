// What a task can learn of itself (runtime_context), the values that it hands down to the tasks it begins, and what the
// prelude keeps for the whole VM by name.
#include "runtime/runtime_int.h"

#include "base/banned.h"

// Names of a task's parents come first: `task_root:spawn:1:parallel:2:0`. Ancestors are gathered, not recursed over.
static void add_task_path(const ChTask *task, ChBuffer *out) {
    CH_ARRAY_OF(const ChTask *) path = {0};
    for (; task; task = task->parent) ch_array_push(&path, task);
    ch_buffer_add_text(out, "task_root");
    for (uint32_t i = path.count - 1; i-- > 0;) {
        const ChTask *at = path.items[i];
        size_t length = strlen(at->label);
        ch_buffer_printf(out, ":%.*s:%u", (int)length - 2, at->label + 1, at->number);
        if (at->is_grouped) ch_buffer_printf(out, ":%u", at->group_index);
    }
    ch_array_release(&path);
}

static ChValue buffer_value(ChBuffer *take_buffer) {
    ChValue value = ch_str_value(take_buffer->data, take_buffer->length);
    ch_buffer_release(take_buffer);
    return value;
}

static ChValue path_of(const ChTask *task) {
    ChBuffer path = {0};
    add_task_path(task, &path);
    return buffer_value(&path);
}

static ChValue group_of(const ChTask *task) {
    if (!task->is_grouped) return CH_NIL;
    ChBuffer path = {0};
    add_task_path(task->parent, &path);
    ch_buffer_printf(&path, ":%.*s:%u", (int)strlen(task->label) - 2, task->label + 1, task->number);
    return buffer_value(&path);
}

static void put(ChVm *vm, ChDict *dict, const char *name, ChValue take_value) {
    ch_dict_put_property(vm, dict, ch_intern(vm, name, strlen(name)), take_value);
}

static ChValue values_of(const ChTask *task) {
    return ch_is_nil(task->context) ? ch_object(ch_dict_new()) : ch_retain(task->context);
}

// The part of runtime_context that the scheduler knows; the prelude adds what other systems know.
CH_NATIVE(ch__context_task) {
    ChTask *task = vm->task;
    ChDict *dict = ch_dict_new();
    put(vm, dict, "task_id", path_of(task));
    put(vm, dict, "parent_task_id", task->parent ? path_of(task->parent) : CH_NIL);
    put(vm, dict, "root_task_id", ch_str_value("task_root", 9));
    const char *name = task->label ? task->label + 1 : "root";
    put(vm, dict, "task_name", ch_str_value(name, strlen(name) - (task->label != NULL)));
    put(vm, dict, "task_group_id", group_of(task));
    put(vm, dict, "context_values", values_of(task));
    put(vm, dict, "cancelled", ch_bool(task->cancel_requested || ch_vm_is_cancelled(vm)));
    ChList *active = ch_list_new(0);
    for (ChTask *child = vm->tasks_first; child; child = child->next_all)
        if (child->parent == task && !child->is_grouped) ch_list_push(active, path_of(child));
    put(vm, dict, "active_task_ids", ch_object(active));
    return ch__give(result, ch_object(dict));
}

CH_NATIVE(ch__context_values) { return ch__give(result, values_of(vm->task)); }

static ChFlow throw_no_key(ChVm *vm, const char *who) {
    return ch_throw_runtime(vm, "%s: first argument must be a string key", who);
}

CH_NATIVE(ch__context_get) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_STRING)) return throw_no_key(vm, "runtime_context_get");
    ChValue *found = ch_is_nil(vm->task->context) ? NULL : ch_dict_find_str(vm->task->context.as.dict, ch__text(args[0]));
    *result = found ? ch_retain(*found) : argc > 1 ? ch_take(&args[1]) : CH_NIL;
    return CH_OK;
}

CH_NATIVE(ch__context_set) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_STRING)) return throw_no_key(vm, "runtime_context_set");
    ChTask *task = vm->task;
    if (ch_is_nil(task->context)) task->context = ch_object(ch_dict_new());
    ChValue *found = ch_dict_find_str(task->context.as.dict, ch__text(args[0]));
    *result = found ? ch_retain(*found) : CH_NIL;
    ChDict *own = ch_dict_unshare(&task->context);
    ch_dict_put(own, args[0].as.string, argc > 1 ? ch_take(&args[1]) : CH_NIL);
    return CH_OK;
}

CH_NATIVE(ch__context_clear) {
    if (!ch__arg_is(args, argc, 0, CH_TAG_STRING)) return throw_no_key(vm, "runtime_context_clear");
    ChTask *task = vm->task;
    ChValue *found = ch_is_nil(task->context) ? NULL : ch_dict_find_str(task->context.as.dict, ch__text(args[0]));
    if (!found) return CH_OK;
    *result = ch_retain(*found);
    ch_dict_remove(ch_dict_unshare(&task->context), args[0].as.string);
    return CH_OK;
}

// ---- what the prelude keeps ---------------------------------------------------------------------------------------------

static ChValue *shared_slot(ChVm *vm, ChStr name) {
    ChMapEntry *entry = ch_map_enter(&vm->scheduler->shared, name, NULL);
    if (!entry->value.pointer) {
        entry->key = ch_str_copy(&vm->arena, name);
        ChValue *slot = ch_alloc(sizeof *slot);
        *slot = CH_NIL;
        entry->value.pointer = slot;
    }
    return entry->value.pointer;
}

ChValue ch__shared_get(ChVm *vm, ChStr name) { return *shared_slot(vm, name); }

void ch__shared_free(ChVm *vm) {
    ChMap *shared = &vm->scheduler->shared;
    for (uint32_t i = 0; i < shared->count; i++) {
        ch_release(*(ChValue *)shared->entries[i].value.pointer);
        ch_free(shared->entries[i].value.pointer);
    }
    ch_map_release(shared);
}

// Takes the value out, so that whoever changes it is its only holder; nothing waits until it is put back.
CH_NATIVE(ch__shared_take) { return ch__give(result, ch_take(shared_slot(vm, ch__text(args[0])))); }

CH_NATIVE(ch__shared_look) { return ch__give(result, ch_retain(*shared_slot(vm, ch__text(args[0])))); }

CH_NATIVE(ch__shared_put) {
    ch_assign_take(shared_slot(vm, ch__text(args[0])), ch_take(&args[1]));
    return CH_OK;
}

// ---- the namespaces `stream`, `workflow` and `trust` ----------------------------------------------------------------------------

// A record of the functions whose rows begin with the prefix: its fields can be called as methods, and no method of dicts
// is in their way.
static ChFlow name_space(ChVm *vm, ChStr name, const char *prefix, ChValue *result) {
    ChValue *slot = shared_slot(vm, name);
    if (ch_is_nil(*slot)) {
        size_t length = strlen(prefix);
        *slot = ch_object(ch_struct_new(ch__struct_type(vm, name)->root));
        for (uint32_t row = 0; row < ch_builtin_count; row++) {
            const char *function = ch_builtin_rows[row].name;
            if (ch_builtin_rows[row].type != CH_ROW_FUNCTION || strncmp(function, prefix, length) != 0) continue;
            function += length;
            ch_struct_put(vm, slot, ch_intern(vm, function, strlen(function)), ch_builtin_ref(row));
        }
    }
    return ch__give(result, ch_retain(*slot));
}

CH_NATIVE(ch__stream_namespace) { return name_space(vm, CH_STR("stream"), "__stream_", result); }

CH_NATIVE(ch__workflow_namespace) { return name_space(vm, CH_STR("workflow"), "__workflow_", result); }

CH_NATIVE(ch__trust_namespace) { return name_space(vm, CH_STR("trust"), "__trust_", result); }
