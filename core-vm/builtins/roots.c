// Workspace roots: the folders in which a task, and those that it begins, may name files. A policy of agents sets them;
// they only ever get narrower until the runtime takes back what it set. Links are followed before a path is judged.
#include "builtins/native.h"
#include "vm/vm_int.h"

#include "base/path.h"

#include "base/banned.h"

// The path without links, as far as it exists; the rest is kept. Empty: `..` behind what does not exist, which could lead
// anywhere once it does.
static ChStr real_path(ChVm *vm, ChArena *arena, ChStr path) {
    ChBuffer found = {0};
    ChStr rest = {0}, real = {0};
    for (;;) {
        char *text = ch_str_detach(path);
        ChStatus status = vm->host->real_path(vm->host->ud, text, &found);
        ch_free(text);
        if (status == CH_STATUS_OK) {
            real = ch_str_copy(arena, ch_buffer_view(&found));
            break;
        }
        ChStr name = ch_path_name(path);
        if (ch_str_is(name, "..") || path.length <= 1) break;
        if (name.length && !ch_str_is(name, "."))
            rest = rest.length ? ch_str_format(arena, "%.*s/%.*s", CH_STR_ARG(name), CH_STR_ARG(rest)) : name;
        path = ch_path_folder(path);
    }
    ch_buffer_release(&found);
    return real.length && rest.length ? ch_path_join(arena, real, rest) : real;
}

static bool is_within(ChStr path, ChValue root) {
    ChStr folder = ch__text(root);
    if (!ch_str_starts_with(path, folder)) return false;
    return path.length == folder.length || ch_str_is(folder, "/") || path.data[folder.length] == '/';
}

static bool is_within_any(ChStr path, const ChList *roots) {
    for (uint32_t i = 0; i < roots->count; i++)
        if (path.length && is_within(path, roots->items[i])) return true;
    return false;
}

// The prelude's own text names the builtin: it reads and writes files of the runtime, not those of the program.
static bool is_called_by_runtime(const ChVm *vm) {
    const ChFrame *frame = vm->task->fiber ? vm->task->fiber->top : NULL;
    if (!frame || !frame->closure->module || !ch__is_prelude(frame->closure->module)) return false;
    const ChInstr *call = frame->pc - 2;
    return call >= frame->closure->proto->code && call->op == CH_OP_CALL_BUILTIN;
}

static bool is_permitted(ChVm *vm, const char *path, const char *what, ChBuffer *why) {
    if (!vm->task || ch_is_nil(vm->task->roots)) return true;
    ChArena arena;
    ch_arena_init(&arena);
    const ChList *roots = vm->task->roots.as.list;
    ChStr real = real_path(vm, &arena, ch_str_of(path));
    bool is_inside = is_within_any(real, roots);
    if (!is_inside) {
        ChStr shown = real.length ? real : ch_path_normalize(&arena, ch_str_of(path));
        ch_buffer_printf(why, "sandbox violation: %s '%.*s' %soutside workspace_roots [", what, CH_STR_ARG(shown),
                         ch_str_is(ch_str_of(what), "process cwd") ? "is " : "");
        for (uint32_t i = 0; i < roots->count; i++) ch_buffer_printf(why, "%s%.*s", i ? ", " : "", CH_STR_ARG(ch__text(roots->items[i])));
        ch_buffer_add_byte(why, ']');
    }
    ch_arena_release(&arena);
    return is_inside;
}

bool ch__roots_permit(ChVm *vm, const char *path, const char *what, ChBuffer *why) {
    return !vm->task || ch_is_nil(vm->task->roots) || is_called_by_runtime(vm) || is_permitted(vm, path, what, why);
}

ChFlow ch__roots_check(ChVm *vm, const char *path, const char *what) {
    ChBuffer why = {0};
    ChFlow flow = CH_OK;
    if (!ch__roots_permit(vm, path, what, &why)) flow = ch_throw_categorized(vm, "tool_rejected", "%s", why.data);
    ch_buffer_release(&why);
    return flow;
}

// (roots: list) -> the roots before, for __roots_restore. Only what lies in those stays.
CH_NATIVE(ch__roots_narrow) {
    ChTask *task = vm->task;
    ChList *list = ch_list_new(0);
    ChBuffer working = {0};
    ChArena arena;
    ch_arena_init(&arena);
    vm->host->folder(vm->host->ud, &working);
    for (uint32_t i = 0; i < args[0].as.list->count; i++) {
        ChString *root = ch_display_string(args[0].as.list->items[i]);
        ChStr path = real_path(vm, &arena, ch_path_join(&arena, ch_buffer_view(&working), ch_string_view(root)));
        if (path.length && (ch_is_nil(task->roots) || is_within_any(path, task->roots.as.list)))
            ch_list_push(list, ch_str_value(path.data, path.length));
        ch_release(ch_object(root));
    }
    ch_arena_release(&arena);
    ch_buffer_release(&working);
    *result = task->roots;
    task->roots = ch_object(list);
    return CH_OK;
}

CH_NATIVE(ch__roots_restore) {
    ch_assign_take(&vm->task->roots, ch_take(&args[0]));
    return CH_OK;
}

// Asked by the prelude for what the program named.
CH_NATIVE(ch__roots_ask) {
    ChArena arena;
    ChBuffer working = {0}, why = {0};
    ch_arena_init(&arena);
    vm->host->folder(vm->host->ud, &working);
    ChStr path = ch_path_join(&arena, ch_buffer_view(&working), ch__text(args[0]));
    bool is_good = is_permitted(vm, ch_str_format(&arena, "%.*s", CH_STR_ARG(path)).data, args[1].as.string->data, &why);
    if (!is_good) ch_throw_categorized(vm, "tool_rejected", "%s", why.data);
    ch_buffer_release(&why);
    ch_buffer_release(&working);
    ch_arena_release(&arena);
    return is_good ? CH_OK : CH_THROW;
}
