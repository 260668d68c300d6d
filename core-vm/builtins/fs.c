// Files, folders and child processes, all through the host. Relative paths are seen from the working folder.
#include "builtins/native.h"
#include "vm/vm_int.h"

#include <stdlib.h>

#include "base/utf8.h"

#include "base/banned.h"

// ---- paths and errors ---------------------------------------------------------------------------------------------

// As the reference words what the operating system says.
const char *ch__file_reason(ChStatus status) {
    switch (status) {
    case CH_STATUS_NOT_FOUND: return "No such file or directory (os error 2)";
    case CH_STATUS_NO_PERMISSION: return "Permission denied (os error 13)";
    case CH_STATUS_EXISTS: return "File exists (os error 17)";
    case CH_STATUS_IS_FOLDER: return "Is a directory (os error 21)";
    case CH_STATUS_NOT_REGULAR: return "Not a directory (os error 20)";
    case CH_STATUS_BAD_UTF8: return "stream did not contain valid UTF-8";
    default: return ch_status_text(status);
    }
}

// The argument as an absolute path. A path with a NUL inside names nothing: what comes back is cut there and refused
// by the host, as it does not exist.
static char *path_arg(ChVm *vm, const ChValue *args, uint32_t argc, uint32_t index) {
    ChString *text = ch__arg_display(args, argc, index);
    ChBuffer path = {0};
    if (!text->length || text->data[0] != '/') {
        if (vm->host->folder(vm->host->ud, &path)) ch_buffer_add_byte(&path, '/');
    }
    ch_buffer_add(&path, text->data, text->length);
    bool has_nul = memchr(text->data, 0, text->length) != NULL;
    ch_release(ch_object(text));
    if (has_nul) ch_buffer_add_text(&path, "/\177NUL");
    if (has_nul)
        for (size_t i = 0; i < path.length; i++)
            if (!path.data[i]) path.data[i] = '\177';
    if (!path.data) ch_buffer_add_text(&path, "");
    return ch_buffer_detach(&path);
}

// As path_arg; NULL: the task may not name it there, the error is pending.
static char *path_to(ChVm *vm, const ChValue *args, uint32_t argc, uint32_t index, const char *what) {
    char *path = path_arg(vm, args, argc, index);
    if (ch__roots_check(vm, path, what) == CH_OK) return path;
    ch_free(path);
    return NULL;
}

#define ACCESS(name, verb) "builtin '" name "' attempted to " verb

static ChFlow done(ChVm *vm, ChStatus status, const char *what, char *take_path) {
    ChFlow flow = status == CH_STATUS_OK ? CH_OK : ch_throw_text(vm, "Failed to %s %s: %s", what, take_path, ch__file_reason(status));
    ch_free(take_path);
    return flow;
}

// ---- reading ----------------------------------------------------------------------------------------------------------

static ChStatus read_text(ChVm *vm, const char *path, ChBuffer *out) {
    ChStatus status = vm->host->file_read(vm->host->ud, path, CH_HOST_FILE_MAX, out);
    if (status == CH_STATUS_OK && ch_utf8_find_invalid(out->data ? out->data : "", out->length) != out->length)
        status = CH_STATUS_BAD_UTF8;
    return status;
}

CH_NATIVE(ch__read_file) {
    char *path = path_to(vm, args, argc, 0, ACCESS("read_file", "read"));
    if (!path) return CH_THROW;
    ChBuffer text = {0};
    ChStatus status = read_text(vm, path, &text);
    if (status == CH_STATUS_OK) *result = ch_str_value(text.data, text.length);
    ch_buffer_release(&text);
    return done(vm, status, "read file", path);
}

CH_NATIVE(ch__read_file_result) {
    char *path = path_arg(vm, args, argc, 0);
    ChBuffer why = {0};
    if (!ch__roots_permit(vm, path, ACCESS("read_file_result", "read"), &why)) {
        *result = ch_result_err(vm, ch_object(ch_string_format("Error [tool_rejected]: %s", why.data)));
        ch_buffer_release(&why);
        ch_free(path);
        return CH_OK;
    }
    ChBuffer text = {0};
    ChStatus status = read_text(vm, path, &text);
    if (status == CH_STATUS_OK)
        *result = ch_result_ok(vm, ch_str_value(text.data, text.length));
    else
        *result = ch_result_err(vm, ch_object(ch_string_format("Failed to read file %s: %s", path, ch__file_reason(status))));
    ch_buffer_release(&text);
    ch_free(path);
    return CH_OK;
}

CH_NATIVE(ch__read_file_bytes) {
    char *path = path_to(vm, args, argc, 0, ACCESS("read_file_bytes", "read"));
    if (!path) return CH_THROW;
    ChBuffer bytes = {0};
    ChStatus status = vm->host->file_read(vm->host->ud, path, CH_HOST_FILE_MAX, &bytes);
    if (status == CH_STATUS_OK) *result = ch_object(ch_bytes_new(bytes.data, bytes.length));
    ch_buffer_release(&bytes);
    return done(vm, status, "read file", path);
}

CH_NATIVE(ch__read_lines) {
    char *path = path_to(vm, args, argc, 0, ACCESS("read_lines", "read"));
    if (!path) return CH_THROW;
    ChBuffer text = {0};
    ChStatus status = read_text(vm, path, &text);
    ChFlow flow = CH_OK;
    if (status == CH_STATUS_OK) {
        ChValue whole = ch_str_value(text.data, text.length);
        flow = ch__string_lines(vm, &whole, 1, result);
        ch_release(whole);
    } else {
        flow = ch_throw_text(vm, "read_lines: %s: %s", path, ch__file_reason(status));
    }
    ch_buffer_release(&text);
    ch_free(path);
    return flow;
}

CH_NATIVE(ch__file_exists) {
    char *path = path_to(vm, args, argc, 0, ACCESS("file_exists", "read"));
    if (!path) return CH_THROW;
    ChFileInfo info;
    bool exists = vm->host->file_info(vm->host->ud, path, &info) == CH_STATUS_OK;
    ch_free(path);
    return ch__give_bool(result, exists);
}

CH_NATIVE(ch__stat) {
    char *path = path_to(vm, args, argc, 0, ACCESS("stat", "read"));
    if (!path) return CH_THROW;
    ChFileInfo info;
    ChStatus status = vm->host->file_info(vm->host->ud, path, &info);
    if (status == CH_STATUS_OK) {
        ChDict *dict = ch_dict_new();
        ch_dict_put_str(dict, "size", ch_int((int64_t)info.size));
        ch_dict_put_str(dict, "is_file", ch_bool(info.kind == CH_FILE_REGULAR));
        ch_dict_put_str(dict, "is_dir", ch_bool(info.kind == CH_FILE_FOLDER));
        ch_dict_put_str(dict, "readonly", ch_bool(!(info.mode & 0222)));
        ch_dict_put_str(dict, "modified", ch_float((double)info.modified_ms / 1000.0));
        *result = ch_object(dict);
    }
    return done(vm, status, "stat", path);
}

// ---- writing ----------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__write_file) {
    char *path = path_to(vm, args, argc, 0, ACCESS("write_file", "write"));
    if (!path) return CH_THROW;
    ChString *text = ch__arg_display(args, argc, 1);
    ChStatus status = vm->host->file_write(vm->host->ud, path, text->data, text->length, false);
    ch_release(ch_object(text));
    return done(vm, status, "write file", path);
}

CH_NATIVE(ch__write_file_bytes) {
    if (args[1].tag != CH_TAG_BYTES)
        return ch_throw_text(vm, "write_file_bytes expects bytes content, got %s", ch_type_name(args[1]));
    char *path = path_to(vm, args, argc, 0, ACCESS("write_file_bytes", "write"));
    if (!path) return CH_THROW;
    ChBytes *bytes = args[1].as.bytes;
    ChStatus status = vm->host->file_write(vm->host->ud, path, (const char *)bytes->data, bytes->length, false);
    return done(vm, status, "write file", path);
}

CH_NATIVE(ch__append_file_bytes) {
    char *path = path_to(vm, args, argc, 0, ACCESS("append_file", "write"));
    if (!path) return CH_THROW;
    ChBytes *bytes = args[1].as.bytes;
    ChStatus status = vm->host->file_write(vm->host->ud, path, (const char *)bytes->data, bytes->length, true);
    return done(vm, status, "append to file", path);
}

CH_NATIVE(ch__append_file) {
    char *path = path_to(vm, args, argc, 0, ACCESS("append_file", "write"));
    if (!path) return CH_THROW;
    ChString *text = args[1].as.string;
    ChStatus status = vm->host->file_write(vm->host->ud, path, text->data, text->length, true);
    return done(vm, status, "append to file", path);
}

CH_NATIVE(ch__delete_file) {
    char *path = path_to(vm, args, argc, 0, ACCESS("delete_file", "delete"));
    if (!path) return CH_THROW;
    ChFileInfo info;
    bool is_folder = vm->host->file_info(vm->host->ud, path, &info) == CH_STATUS_OK && info.kind == CH_FILE_FOLDER;
    return done(vm, vm->host->file_remove(vm->host->ud, path), is_folder ? "delete directory" : "delete file", path);
}

CH_NATIVE(ch__mkdir) {
    char *path = path_to(vm, args, argc, 0, ACCESS("mkdir", "write"));
    if (!path) return CH_THROW;
    return done(vm, vm->host->folder_make(vm->host->ud, path), "create directory", path);
}

CH_NATIVE(ch__copy_file) {
    char *from = path_to(vm, args, argc, 0, ACCESS("copy_file", "read"));
    char *to = from ? path_to(vm, args, argc, 1, ACCESS("copy_file", "write")) : NULL;
    if (!to) {
        ch_free(from);
        return CH_THROW;
    }
    ChStatus status = vm->host->file_copy(vm->host->ud, from, to);
    if (status != CH_STATUS_OK) ch_throw_text(vm, "Failed to copy %s to %s: %s", from, to, ch__file_reason(status));
    ch_free(from);
    ch_free(to);
    return status == CH_STATUS_OK ? CH_OK : CH_THROW;
}

CH_NATIVE(ch__move_file) {
    char *from = path_to(vm, args, argc, 0, ACCESS("move_file", "write"));
    char *to = from ? path_to(vm, args, argc, 1, ACCESS("move_file", "write")) : NULL;
    if (!to) {
        ch_free(from);
        return CH_THROW;
    }
    ChStatus status = vm->host->file_rename(vm->host->ud, from, to);
    const char *step = "copy";
    if (status != CH_STATUS_OK) { // to another file system
        status = vm->host->file_copy(vm->host->ud, from, to);
        if (status == CH_STATUS_OK) {
            step = "remove src";
            status = vm->host->file_remove(vm->host->ud, from);
        }
    }
    ch_free(from);
    ch_free(to);
    return status == CH_STATUS_OK ? CH_OK : ch_throw_text(vm, "move_file: %s failed: %s", step, ch__file_reason(status));
}

// ---- folders ----------------------------------------------------------------------------------------------------------

typedef struct Entry {
    char *name; // or path
    ChFileKind kind;
    uint32_t depth;
} Entry;
typedef CH_ARRAY_OF(Entry) Entries;

static void add_entry(void *ud, ChStr name, ChFileKind kind) {
    Entries *entries = ud;
    if (entries->count < CH_LIST_MAX) ch_array_push(entries, ((Entry){ch_str_detach(name), kind, 0}));
}

static int compare_entries(const void *a, const void *b) { return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name); }

static void entries_release(Entries *entries) {
    for (uint32_t i = 0; i < entries->count; i++) ch_free(entries->items[i].name);
    ch_array_release(entries);
}

static ChStatus list_sorted(ChVm *vm, const char *path, Entries *entries) {
    ChStatus status = vm->host->folder_list(vm->host->ud, path, add_entry, entries);
    if (entries->count) qsort(entries->items, entries->count, sizeof *entries->items, compare_entries);
    return status;
}

// A name or path of the system as a text.
static ChValue name_value(ChVm *vm, const char *name) {
    ChValue value;
    ch__give_lossy(vm, "path", &value, ch_str_of(name));
    return value;
}

CH_NATIVE(ch__list_dir) {
    ChValue here = ch_object(ch_string_from("."));
    char *path = path_to(vm, argc ? args : &here, 1, 0, ACCESS("list_dir", "read"));
    ch_release(here);
    if (!path) return CH_THROW;
    Entries entries = {0};
    ChStatus status = list_sorted(vm, path, &entries);
    if (status == CH_STATUS_OK) {
        ChList *list = ch_list_new(entries.count);
        for (uint32_t i = 0; i < entries.count; i++) ch_list_push(list, name_value(vm, entries.items[i].name));
        *result = ch_object(list);
    }
    entries_release(&entries);
    return done(vm, status, "list directory", path);
}

#define CH_WALK_DEPTH_MAX 200

// Everything below `root`, parents before children, each folder's entries sorted. Links to folders are followed only
// when asked for, and then at most CH_WALK_DEPTH_MAX deep, as they may lead round.
static void walk(ChVm *vm, const char *root, int64_t depth_max, bool follow, Entries *found) {
    Entries waiting = {0};
    ChFileInfo info;
    if (vm->host->file_info(vm->host->ud, root, &info) != CH_STATUS_OK) return;
    ch_array_push(&waiting, ((Entry){ch_str_detach(ch_str_of(root)), info.kind, 0}));
    while (waiting.count && found->count < CH_LIST_MAX) {
        Entry at = ch_array_pop(&waiting);
        ch_array_push(found, at);
        if (at.kind != CH_FILE_FOLDER || at.depth >= depth_max || at.depth >= CH_WALK_DEPTH_MAX) continue;
        Entries inside = {0};
        list_sorted(vm, at.name, &inside);
        for (uint32_t i = inside.count; i-- > 0;) { // the stack gives back the last first
            ChBuffer path = {0};
            ch_buffer_printf(&path, "%s%s%s", at.name, at.name[strlen(at.name) - 1] == '/' ? "" : "/", inside.items[i].name);
            ChFileKind kind = inside.items[i].kind;
            if (kind == CH_FILE_LINK && follow && vm->host->file_info(vm->host->ud, path.data, &info) == CH_STATUS_OK)
                kind = info.kind;
            ch_array_push(&waiting, ((Entry){ch_buffer_detach(&path), kind, at.depth + 1}));
        }
        entries_release(&inside);
    }
    entries_release(&waiting);
}

CH_NATIVE(ch__walk_dir) {
    ChString *root = ch__arg_display(args, argc, 0);
    bool is_empty = root->length == 0;
    ch_release(ch_object(root));
    if (is_empty) return ch_throw_text(vm, "walk_dir: root path is required");
    const ChDict *options = ch__arg_is(args, argc, 1, CH_TAG_DICT) ? args[1].as.dict : NULL;
    ChValue depth = options ? ch__dict_get(options, "max_depth") : CH_NIL;
    bool follow = options && ch_is_truthy(ch__dict_get(options, "follow_symlinks"));
    char *path = path_to(vm, args, argc, 0, ACCESS("walk_dir", "read"));
    if (!path) return CH_THROW;
    Entries found = {0};
    walk(vm, path, depth.tag == CH_TAG_INT && depth.as.integer >= 0 ? depth.as.integer : INT64_MAX, follow, &found);
    ChList *list = ch_list_new(found.count);
    for (uint32_t i = 0; i < found.count; i++) {
        ChDict *entry = ch_dict_new();
        ch_dict_put_str(entry, "path", name_value(vm, found.items[i].name));
        ch_dict_put_str(entry, "is_dir", ch_bool(found.items[i].kind == CH_FILE_FOLDER));
        ch_dict_put_str(entry, "is_file", ch_bool(found.items[i].kind == CH_FILE_REGULAR));
        ch_dict_put_str(entry, "depth", ch_int(found.items[i].depth));
        ch_list_push(list, ch_object(entry));
    }
    entries_release(&found);
    ch_free(path);
    return ch__give(result, ch_object(list));
}

// A glob as a regular expression. * and ? match slashes too, as in the reference.
static void glob_pattern(ChStr glob, ChBuffer *out) {
    uint32_t braces = 0;
    ch_buffer_add_text(out, "(?s)\\A");
    for (uint32_t i = 0; i < glob.length; i++) {
        char c = glob.data[i];
        bool at_start = i == 0 || glob.data[i - 1] == '/';
        if (c == '*' && at_start && i + 1 < glob.length && glob.data[i + 1] == '*' &&
            (i + 2 == glob.length || glob.data[i + 2] == '/')) {
            bool is_last = i + 2 == glob.length;
            ch_buffer_add_text(out, is_last ? ".*" : "(?:.*/)?");
            i += is_last ? 1 : 2;
        } else if (c == '*') {
            ch_buffer_add_text(out, ".*");
        } else if (c == '?') {
            ch_buffer_add_byte(out, '.');
        } else if (c == '[') {
            uint32_t end = i + 1;
            if (end < glob.length && (glob.data[end] == '!' || glob.data[end] == '^')) end++;
            if (end < glob.length && glob.data[end] == ']') end++;
            while (end < glob.length && glob.data[end] != ']') end++;
            if (end >= glob.length) {
                ch_buffer_add_text(out, "\\[");
                continue;
            }
            ch_buffer_add_byte(out, '[');
            for (uint32_t n = i + 1; n < end; n++) {
                char d = glob.data[n];
                if (n == i + 1 && d == '!') d = '^';
                if (d == '\\' || (d == '[')) ch_buffer_add_byte(out, '\\');
                ch_buffer_add_byte(out, d);
            }
            ch_buffer_add_byte(out, ']');
            i = end;
        } else if (c == '{') {
            braces++;
            ch_buffer_add_text(out, "(?:");
        } else if (c == '}' && braces) {
            braces--;
            ch_buffer_add_byte(out, ')');
        } else if (c == ',' && braces) {
            ch_buffer_add_byte(out, '|');
        } else {
            if (c == '\\' && i + 1 < glob.length) c = glob.data[++i];
            if (strchr("\\.+()|^$[]{}*?", c) && c) ch_buffer_add_byte(out, '\\');
            ch_buffer_add_byte(out, c);
        }
    }
    while (braces--) ch_buffer_add_byte(out, ')');
    ch_buffer_add_text(out, "\\z");
}

CH_NATIVE(ch__glob) {
    ChStr glob = ch__text(args[0]);
    if (!glob.length) return ch_throw_text(vm, "glob: pattern is required");
    ChValue base = ch_arg(args, argc, 1);
    if (base.tag == CH_TAG_DICT) base = ch__dict_get(base.as.dict, "base");
    ChValue folder = base.tag == CH_TAG_STRING && base.as.string->length ? ch_retain(base) : ch_object(ch_string_from("."));
    char *path = path_to(vm, &folder, 1, 0, ACCESS("glob", "read"));
    ch_release(folder);
    if (!path) return CH_THROW;
    Entries found = {0};
    walk(vm, path, INT64_MAX, false, &found);
    ChBuffer pattern = {0}, why = {0};
    glob_pattern(glob, &pattern);
    ChList *list = ch_list_new(0);
    bool ok = true;
    for (uint32_t i = 0; ok && i < found.count; i++) {
        const char *name = found.items[i].name + strlen(path);
        while (*name == '/') name++;
        bool matches = false;
        ok = !*name || ch__regex_is_match(vm, ch_buffer_view(&pattern), ch_str_of(name), &matches, &why);
        if (*name && matches) ch_list_push(list, name_value(vm, found.items[i].name));
    }
    ch__sort_values(list->items, list->count);
    *result = ch_object(list);
    if (!ok) {
        ch_assign_take(result, CH_NIL);
        ch_throw_text(vm, "glob: error parsing glob '%.*s'", CH_STR_ARG(glob));
    }
    entries_release(&found);
    ch_buffer_release(&pattern);
    ch_buffer_release(&why);
    ch_free(path);
    return ok ? CH_OK : CH_THROW;
}

// ---- places -------------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__path_join) {
    ChBuffer path = {0};
    for (uint32_t i = 0; i < argc; i++) {
        ChString *part = ch_display_string(args[i]);
        if (part->length && part->data[0] == '/') ch_buffer_clear(&path);
        else if (path.length && path.data[path.length - 1] != '/') ch_buffer_add_byte(&path, '/');
        ch_buffer_add(&path, part->data, part->length);
        ch_release(ch_object(part));
    }
    return ch__give_buffer_checked(vm, "path_join", result, &path);
}

CH_NATIVE(ch__temp_dir) {
    ChBuffer path = {0};
    if (!vm->host->env_get(vm->host->ud, "TMPDIR", &path) || !path.length) {
        ch_buffer_clear(&path);
        ch_buffer_add_text(&path, "/tmp");
    }
    ChFlow flow = ch__give_lossy(vm, "temp_dir", result, ch_buffer_view(&path));
    ch_buffer_release(&path);
    return flow;
}

// The module of the function that runs, the prelude's not counted; NULL at none.
static const ChModule *running_module(ChVm *vm) {
    for (ChFiber *fiber = vm->task ? vm->task->fiber : NULL; fiber; fiber = fiber->consumer)
        for (ChFrame *frame = fiber->top; frame && frame >= fiber->frames; frame--) {
            const ChModule *module = frame->closure->module;
            if (module && !ch__is_prelude(module)) return module;
        }
    return vm->main_module;
}

void ch__source_folder(ChVm *vm, ChBuffer *out) {
    const ChModule *module = running_module(vm);
    ChStr folder = module ? module->folder : (ChStr){"", 0};
    if (folder.length && folder.data[0] == '/') return ch_buffer_add_str(out, folder);
    if (!vm->host->folder(vm->host->ud, out)) ch_buffer_add_text(out, "/");
    if (folder.length && !ch_str_is(folder, ".")) ch_buffer_printf(out, "/%.*s", CH_STR_ARG(folder));
}

CH_NATIVE(ch__source_dir) {
    ChBuffer folder = {0};
    ch__source_folder(vm, &folder);
    ChFlow flow = ch__give_lossy(vm, "source_dir", result, ch_buffer_view(&folder));
    ch_buffer_release(&folder);
    return flow;
}

CH_NATIVE(ch__project_root) {
    ChBuffer path = {0};
    ch__source_folder(vm, &path);
    ChFlow flow = CH_OK;
    for (;;) {
        size_t length = path.length;
        ch_buffer_add_text(&path, length && path.data[length - 1] == '/' ? "harn.toml" : "/harn.toml");
        ChFileInfo info;
        bool is_there = vm->host->file_info(vm->host->ud, path.data, &info) == CH_STATUS_OK;
        path.data[path.length = length] = 0;
        if (is_there) flow = ch__give_lossy(vm, "project_root", result, ch_buffer_view(&path));
        if (is_there || length <= 1) break;
        while (path.length && path.data[path.length - 1] != '/') path.length--;
        if (path.length > 1) path.length--;
        path.data[path.length] = 0;
    }
    ch_buffer_release(&path);
    return flow;
}

// ---- processes ------------------------------------------------------------------------------------------------------------

#define CH_EXEC_ARGS_MAX 65536

static ChFlow run(ChVm *vm, const char *who, const char *const *argv, const char *folder, ChValue *result) {
    ChHostRun run = {.argv = argv, .folder = folder};
    ChHostRunResult ran;
    ChStatus status = vm->host->run(vm->host->ud, &run, &ran);
    if (status != CH_STATUS_OK) return ch_throw_text(vm, "%s failed: process spawn failed: %s", who, ch__file_reason(status));
    ChValue out, errors = CH_NIL;
    ChFlow flow = ch__give_lossy(vm, who, &out, ch_buffer_view(&ran.output));
    if (flow == CH_OK && (flow = ch__give_lossy(vm, who, &errors, ch_buffer_view(&ran.errors))) != CH_OK) ch_release(out);
    ch_buffer_release(&ran.output);
    ch_buffer_release(&ran.errors);
    if (flow != CH_OK) return flow;
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "stdout", out);
    ch_dict_put_str(dict, "stderr", errors);
    ch_dict_put_str(dict, "status", ch_int(ran.exit_code));
    ch_dict_put_str(dict, "success", ch_bool(ran.exit_code == 0));
    return ch__give(result, ch_object(dict));
}

// Runs args[first ..]; an argument with a NUL inside cannot be handed over.
static ChFlow run_args(ChVm *vm, const char *who, ChValue *args, uint32_t argc, uint32_t first, char *take_folder, ChValue *result) {
    CH_ARRAY_OF(char *) argv = {0};
    bool has_nul = false;
    for (uint32_t i = first; i < argc && argv.count < CH_EXEC_ARGS_MAX; i++) {
        ChString *text = ch_display_string(args[i]);
        has_nul = has_nul || memchr(text->data, 0, text->length);
        ch_array_push(&argv, ch_str_detach(ch_string_view(text)));
        ch_release(ch_object(text));
    }
    ch_array_push(&argv, NULL);
    ChFlow flow = has_nul ? ch_throw_text(vm, "%s failed: an argument holds a NUL", who)
                          : run(vm, who, (const char *const *)argv.items, take_folder, result);
    for (uint32_t i = 0; i < argv.count; i++) ch_free(argv.items[i]);
    ch_array_release(&argv);
    ch_free(take_folder);
    return flow;
}

CH_NATIVE(ch__exec) {
    if (!argc) return ch_throw_text(vm, "exec: command is required");
    return run_args(vm, "exec", args, argc, 0, NULL, result);
}

CH_NATIVE(ch__exec_at) {
    if (argc < 2) return ch_throw_text(vm, "exec_at: directory and command are required");
    char *folder = path_to(vm, args, argc, 0, "process cwd");
    return folder ? run_args(vm, "exec", args, argc, 1, folder, result) : CH_THROW;
}

static ChFlow shell(ChVm *vm, ChValue command, char *take_folder, ChValue *result) {
    ChValue line[3] = {ch_object(ch_string_from("/bin/sh")), ch_object(ch_string_from("-c")), command};
    ChFlow flow = run_args(vm, "shell", line, 3, 0, take_folder, result);
    ch_release(line[0]);
    ch_release(line[1]);
    return flow;
}

static bool is_blank(ChValue command) { return command.tag == CH_TAG_NIL || (command.tag == CH_TAG_STRING && !command.as.string->length); }

CH_NATIVE(ch__shell) {
    if (!argc || is_blank(args[0])) return ch_throw_text(vm, "shell: command string is required");
    return shell(vm, args[0], NULL, result);
}

CH_NATIVE(ch__shell_at) {
    if (argc < 2) return ch_throw_text(vm, "shell_at: directory and command string are required");
    if (is_blank(args[1])) return ch_throw_text(vm, "shell_at: command string is required");
    char *folder = path_to(vm, args, argc, 0, "process cwd");
    return folder ? shell(vm, args[1], folder, result) : CH_THROW;
}
