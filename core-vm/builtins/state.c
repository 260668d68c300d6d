// What programs keep between runs: the store, checkpoints and metadata, JSON files below the state folder (`.harn` of
// the project). A file is replaced as a whole: written beside it and renamed, so a crash leaves the old or the new one.
// Each is read once, at its first use, and written at every change.
#include "builtins/native.h"

#include "base/path.h"
#include "base/utf8.h"

#include "base/banned.h"

// ---- where ----------------------------------------------------------------------------------------------------------

static ChStr main_folder(ChVm *vm) { return vm->main_module ? vm->main_module->folder : (ChStr){"", 0}; }

static void absolute(ChVm *vm, ChStr folder, ChBuffer *out) {
    if (folder.length && folder.data[0] == '/') return ch_buffer_add_str(out, folder);
    if (!vm->host->folder(vm->host->ud, out)) ch_buffer_add_text(out, "/");
    if (folder.length && !ch_str_is(folder, ".")) ch_buffer_printf(out, "/%.*s", CH_STR_ARG(folder));
}

// The nearest folder with a harn.toml at or above the program's own, else the program's own.
static void base_folder(ChVm *vm, ChBuffer *out) {
    absolute(vm, main_folder(vm), out);
    size_t whole = out->length;
    for (size_t length = whole;;) {
        ChBuffer manifest = {0};
        ch_buffer_printf(&manifest, "%.*s/harn.toml", (int)length, out->data);
        ChFileInfo info;
        bool is_there = vm->host->file_info(vm->host->ud, manifest.data, &info) == CH_STATUS_OK;
        ch_buffer_release(&manifest);
        if (is_there) {
            out->data[out->length = length ? length : 1] = 0;
            return;
        }
        if (!length) return;
        while (length && out->data[length - 1] != '/') length--;
        if (length) length--;
    }
}

// `base`/`standard`, or where the environment variable says.
static void root_at(ChVm *vm, ChStr base, const char *variable, const char *standard, ChBuffer *out) {
    ChBuffer value = {0};
    bool is_set = vm->host->env_get(vm->host->ud, variable, &value) && ch_str_trim(ch_buffer_view(&value)).length;
    if (!is_set || value.data[0] != '/') ch_buffer_printf(out, "%.*s/", CH_STR_ARG(base));
    if (is_set) ch_buffer_add_str(out, ch_buffer_view(&value));
    else ch_buffer_add_text(out, standard);
    ch_buffer_release(&value);
}

static void state_root(ChVm *vm, ChBuffer *out) {
    ChBuffer base = {0};
    base_folder(vm, &base);
    root_at(vm, ch_buffer_view(&base), "HARN_STATE_DIR", ".harn", out);
    ch_buffer_release(&base);
}

static ChFlow put_path(ChVm *vm, ChDict *paths, const char *name, const ChBuffer *path) {
    ChValue text = CH_NIL;
    ChFlow flow = ch__give_lossy(vm, "runtime_paths", &text, ch_buffer_view(path));
    ch_dict_put_str(paths, name, text);
    return flow;
}

CH_NATIVE(ch__runtime_paths) {
    ChBuffer source = {0}, working = {0}, state = {0}, run = {0}, worktrees = {0};
    ch__source_folder(vm, &source);
    absolute(vm, (ChStr){"", 0}, &working);
    root_at(vm, ch_buffer_view(&source), "HARN_STATE_DIR", ".harn", &state);
    root_at(vm, ch_buffer_view(&source), "HARN_RUN_DIR", ".harn-runs", &run);
    bool is_moved = vm->host->env_get(vm->host->ud, "HARN_WORKTREE_DIR", &worktrees);
    ch_buffer_clear(&worktrees);
    root_at(vm, ch_buffer_view(is_moved ? &source : &state), "HARN_WORKTREE_DIR", "worktrees", &worktrees);
    ChDict *paths = ch_dict_new();
    *result = ch_object(paths);
    bool is_good = put_path(vm, paths, "execution_root", &working) == CH_OK && put_path(vm, paths, "asset_root", &source) == CH_OK &&
                   put_path(vm, paths, "state_root", &state) == CH_OK && put_path(vm, paths, "run_root", &run) == CH_OK &&
                   put_path(vm, paths, "worktree_root", &worktrees) == CH_OK;
    ch_buffer_release(&source);
    ch_buffer_release(&working);
    ch_buffer_release(&state);
    ch_buffer_release(&run);
    ch_buffer_release(&worktrees);
    return is_good ? CH_OK : CH_THROW;
}

// ---- files ----------------------------------------------------------------------------------------------------------

ChStatus ch__replace_file(ChVm *vm, const char *path, const char *data, size_t length) {
    ch_host *host = vm->host;
    ChBuffer folder = {0}, beside = {0};
    uint64_t mark;
    host->random(host->ud, &mark, sizeof mark);
    ch_buffer_add_str(&folder, ch_path_folder(ch_str_of(path)));
    ch_buffer_printf(&beside, "%s.%016" PRIx64 ".tmp", path, mark);
    ChStatus status = host->folder_make(host->ud, folder.data);
    if (status == CH_STATUS_EXISTS) status = CH_STATUS_OK;
    if (status == CH_STATUS_OK) status = host->file_write(host->ud, beside.data, data ? data : "", length, false);
    if (status == CH_STATUS_OK) status = host->file_rename(host->ud, beside.data, path);
    if (status != CH_STATUS_OK) host->file_remove(host->ud, beside.data);
    ch_buffer_release(&folder);
    ch_buffer_release(&beside);
    return status;
}

// The text of a file; false: it cannot be read, or it is no text.
static bool read_text(ChVm *vm, const char *path, ChBuffer *text) {
    return vm->host->file_read(vm->host->ud, path, CH_HOST_FILE_MAX, text) == CH_STATUS_OK &&
           ch_utf8_find_invalid(text->data ? text->data : "", text->length) == text->length;
}

// ---- stores ---------------------------------------------------------------------------------------------------------

struct ChStateFile {
    char *path;              // NULL: not read yet
    const char *who;         // in errors
    ChValue data;            // a dict
};

static ChStateFile *open_file(ChVm *vm, bool is_checkpoint) {
    ChBuiltinState *state = ch__builtin_state(vm);
    ChStateFile **slot = is_checkpoint ? &state->checkpoints : &state->store;
    if (*slot) return *slot;
    ChStateFile *file = *slot = ch_alloc_zero(1, sizeof *file);
    file->who = is_checkpoint ? "checkpoint" : "store";
    ChBuffer path = {0}, text = {0}, why = {0};
    state_root(vm, &path);
    ch_buffer_add_text(&path, is_checkpoint ? "/checkpoints/" : "/store.json");
    if (is_checkpoint) {
        ChStr name = vm->main_module ? ch_path_name(vm->main_module->path) : (ChStr){"", 0};
        ChStr ending = ch_path_extension(name);
        name.length -= ending.length;
        ch_buffer_add_str(&path, name.length ? name : CH_STR("default"));
        ch_buffer_add_text(&path, ".json");
    }
    ChValue data = CH_NIL;
    if (read_text(vm, path.data, &text) && !ch__json_parse(ch_buffer_view(&text), &data, &why)) data = CH_NIL;
    if (data.tag != CH_TAG_DICT) {
        ch_release(data);
        data = ch_object(ch_dict_new());
    }
    file->data = data;
    file->path = ch_buffer_detach(&path);
    ch_buffer_release(&text);
    ch_buffer_release(&why);
    return file;
}

void ch__state_file_free(ChStateFile *file) {
    if (!file) return;
    ch_release(file->data);
    ch_free(file->path);
    ch_free(file);
}

static ChFlow save(ChVm *vm, ChStateFile *file) {
    ChBuffer text = {0};
    ch__json_print(file->data, 2, &text);
    ChStatus status = ch__replace_file(vm, file->path, text.data, text.length);
    ch_buffer_release(&text);
    if (status == CH_STATUS_OK) return CH_OK;
    return ch_throw_runtime(vm, "%s write error: %s", file->who, ch__file_reason(status));
}

// The value as it comes back from a file: what JSON has no word for is nil.
static ChValue as_stored(ChValue value) {
    ChBuffer text = {0}, why = {0};
    ChValue back = CH_NIL;
    ch__json_print(value, 0, &text);
    if (!ch__json_parse(ch_buffer_view(&text), &back, &why)) back = CH_NIL;
    ch_buffer_release(&text);
    ch_buffer_release(&why);
    return back;
}

static ChFlow get(ChStateFile *file, const ChValue *args, uint32_t argc, ChValue *result) {
    ChString *key = ch__arg_display(args, argc, 0);
    ChValue *found = ch_dict_find(file->data.as.dict, key);
    if (found) *result = ch_retain(*found);
    ch_release(ch_object(key));
    return CH_OK;
}

static ChFlow set(ChVm *vm, ChStateFile *file, const ChValue *args, uint32_t argc) {
    ChString *key = ch__arg_display(args, argc, 0);
    ch_dict_put(ch_dict_unshare(&file->data), key, as_stored(ch_arg(args, argc, 1)));
    ch_release(ch_object(key));
    return save(vm, file);
}

static ChFlow delete(ChVm *vm, ChStateFile *file, const ChValue *args, uint32_t argc) {
    ChString *key = ch__arg_display(args, argc, 0);
    ch_dict_remove(ch_dict_unshare(&file->data), key);
    ch_release(ch_object(key));
    return save(vm, file);
}

static ChFlow list(ChStateFile *file, ChValue *result) {
    ChList *keys = ch_list_new(file->data.as.dict->count);
    ChString *key;
    ChValue value;
    for (uint32_t at = 0; ch_dict_next(file->data.as.dict, &at, &key, &value);) ch_list_push(keys, ch_retain(ch_object(key)));
    return ch__give(result, ch_object(keys));
}

static void empty(ChStateFile *file) { ch_assign_take(&file->data, ch_object(ch_dict_new())); }

CH_NATIVE(ch__store_get) { return get(open_file(vm, false), args, argc, result); }
CH_NATIVE(ch__store_set) { return set(vm, open_file(vm, false), args, argc); }
CH_NATIVE(ch__store_delete) { return delete(vm, open_file(vm, false), args, argc); }
CH_NATIVE(ch__store_list) { return list(open_file(vm, false), result); }
CH_NATIVE(ch__store_save) { return save(vm, open_file(vm, false)); }

CH_NATIVE(ch__store_clear) {
    ChStateFile *file = open_file(vm, false);
    empty(file);
    return save(vm, file);
}

CH_NATIVE(ch__checkpoint) { return set(vm, open_file(vm, true), args, argc); }
CH_NATIVE(ch__checkpoint_get) { return get(open_file(vm, true), args, argc, result); }
CH_NATIVE(ch__checkpoint_delete) { return delete(vm, open_file(vm, true), args, argc); }
CH_NATIVE(ch__checkpoint_list) { return list(open_file(vm, true), result); }

CH_NATIVE(ch__checkpoint_exists) {
    ChString *key = ch__arg_display(args, argc, 0);
    bool exists = ch_dict_find(open_file(vm, true)->data.as.dict, key) != NULL;
    ch_release(ch_object(key));
    return ch__give_bool(result, exists);
}

CH_NATIVE(ch__checkpoint_clear) {
    ChStateFile *file = open_file(vm, true);
    empty(file);
    ChStatus status = vm->host->file_remove(vm->host->ud, file->path);
    if (status == CH_STATUS_OK || status == CH_STATUS_NOT_FOUND) return CH_OK;
    return ch_throw_runtime(vm, "checkpoint clear error: %s", ch__file_reason(status));
}

// ---- for the prelude ------------------------------------------------------------------------------------------------

// The file of that name below the state folder. A name with `..` is none.
static bool state_path(ChVm *vm, ChValue name, ChBuffer *path) {
    ChStr text = ch__text(name);
    if (ch_str_find(text, CH_STR(".."), 0) >= 0 || ch_str_find(text, ch_str_slice("\0", 1), 0) >= 0) return false;
    state_root(vm, path);
    ch_buffer_printf(path, "/%.*s", CH_STR_ARG(text));
    return true;
}

CH_NATIVE(ch__state_read) {
    ChBuffer path = {0}, text = {0};
    if (state_path(vm, args[0], &path) && read_text(vm, path.data, &text))
        *result = ch_str_value(text.data ? text.data : "", text.length);
    ch_buffer_release(&path);
    ch_buffer_release(&text);
    return CH_OK;
}

CH_NATIVE(ch__state_write) {
    ChBuffer path = {0};
    ChStatus status = CH_STATUS_NOT_FOUND;
    ChStr text = ch__text(args[1]);
    if (state_path(vm, args[0], &path)) status = ch__replace_file(vm, path.data, text.data, text.length);
    ch_buffer_release(&path);
    return status == CH_STATUS_OK ? CH_OK : ch_throw_runtime(vm, "metadata write: %s", ch__file_reason(status));
}

static void add_folder(void *ud, ChStr name, ChFileKind kind) {
    if (kind == CH_FILE_FOLDER && ch_utf8_find_invalid(name.data, name.length) == name.length)
        ch_list_push(ud, ch_str_value(name.data, name.length));
}

CH_NATIVE(ch__state_folders) {
    ChBuffer path = {0};
    ChList *names = ch_list_new(0);
    if (state_path(vm, args[0], &path)) vm->host->folder_list(vm->host->ud, path.data, add_folder, names);
    ch__sort_values(names->items, names->count);
    ch_buffer_release(&path);
    return ch__give(result, ch_object(names));
}

CH_NATIVE(ch__state_base) {
    ChBuffer path = {0};
    base_folder(vm, &path);
    ChFlow flow = ch__give_lossy(vm, "metadata", result, ch_buffer_view(&path));
    ch_buffer_release(&path);
    return flow;
}

CH_NATIVE(ch__file_replace) {
    ChString *path = ch__arg_display(args, argc, 0);
    ChStr text = ch__text(args[1]);
    ChStatus status = CH_STATUS_NOT_FOUND;
    if (!memchr(path->data, 0, path->length)) status = ch__replace_file(vm, path->data, text.data, text.length);
    ChFlow flow = CH_OK;
    if (status != CH_STATUS_OK) flow = ch_throw_runtime(vm, "agent_state.write: failed to write %s: %s", path->data, ch__file_reason(status));
    ch_release(ch_object(path));
    return flow;
}

CH_NATIVE(ch__kept) {
    ChValue kept = ch__builtin_state(vm)->kept;
    ChValue *found = kept.tag == CH_TAG_DICT ? ch_dict_find(kept.as.dict, args[0].as.string) : NULL;
    return ch__give(result, found ? ch_retain(*found) : CH_NIL);
}

CH_NATIVE(ch__keep) {
    ChValue *kept = &ch__builtin_state(vm)->kept;
    if (kept->tag != CH_TAG_DICT) *kept = ch_object(ch_dict_new());
    ch_dict_put(ch_dict_unshare(kept), args[0].as.string, ch_take(&args[1]));
    return CH_OK;
}
