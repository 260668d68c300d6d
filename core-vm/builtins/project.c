// What programs learn about folders of a project: hashes that tell whether something changed, and entries.
#include "builtins/native.h"

#include "base/path.h"
#include "base/utf8.h"

#include "base/banned.h"

typedef struct Entries {
    ChVm *vm;
    const char *folder;
    ChList *lines;           // of a hash: "name:size[:seconds]"
    bool has_times;
} Entries;

static bool entry_info(Entries *entries, ChStr name, ChFileInfo *info) {
    ChBuffer path = {0};
    ch_buffer_printf(&path, "%s/%.*s", entries->folder, CH_STR_ARG(name));
    bool is_there = ch_utf8_find_invalid(name.data, name.length) == name.length &&
                    entries->vm->host->file_info(entries->vm->host->ud, path.data, info) == CH_STATUS_OK;
    ch_buffer_release(&path);
    return is_there;
}

static void add_line(void *ud, ChStr name, ChFileKind kind) {
    Entries *entries = ud;
    ChFileInfo info;
    if (!entry_info(entries, name, &info)) return;
    ChString *line = entries->has_times
        ? ch_string_format("%.*s:%" PRIu64 ":%" PRId64, CH_STR_ARG(name), info.size, info.modified_ms / 1000)
        : ch_string_format("%.*s:%" PRIu64, CH_STR_ARG(name), info.size);
    ch_list_push(entries->lines, ch_object(line));
}

// FNV-1a over the sorted lines, joined by bars.
CH_NATIVE(ch__folder_hash) {
    ChString *path = ch__arg_display(args, argc, 0);
    Entries entries = {.vm = vm, .folder = path->data, .lines = ch_list_new(0), .has_times = args[1].as.boolean};
    vm->host->folder_list(vm->host->ud, path->data, add_line, &entries);
    ch__sort_values(entries.lines->items, entries.lines->count);
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < entries.lines->count; i++) {
        ChStr line = ch__text(entries.lines->items[i]);
        if (i) hash = (hash ^ '|') * 0x100000001b3u;
        for (uint32_t k = 0; k < line.length; k++) hash = (hash ^ (uint8_t)line.data[k]) * 0x100000001b3u;
    }
    ch_release(ch_object(entries.lines));
    ch_release(ch_object(path));
    return ch__give(result, ch_object(ch_string_format("%" PRIx64, hash)));
}

static void add_name(void *ud, ChStr name, ChFileKind kind) {
    if (ch_utf8_find_invalid(name.data, name.length) == name.length) ch_list_push(ud, ch_str_value(name.data, name.length));
}

CH_NATIVE(ch__folder_entries) {
    ChString *path = ch__arg_display(args, argc, 0);
    ChList *names = ch_list_new(0), *out = ch_list_new(0);
    vm->host->folder_list(vm->host->ud, path->data, add_name, names);
    ch__sort_values(names->items, names->count);
    Entries entries = {.vm = vm, .folder = path->data};
    for (uint32_t i = 0; i < names->count; i++) {
        ChFileInfo info;
        if (!entry_info(&entries, ch__text(names->items[i]), &info)) continue;
        ChDict *entry = ch_dict_new();
        ch_dict_put_str(entry, "name", ch_retain(names->items[i]));
        ch_dict_put_str(entry, "is_dir", ch_bool(info.kind == CH_FILE_FOLDER));
        ch_dict_put_str(entry, "size", ch_int((int64_t)info.size));
        ch_dict_put_str(entry, "modified", ch_int(info.modified_ms / 1000));
        ch_list_push(out, ch_object(entry));
    }
    ch_release(ch_object(names));
    ch_release(ch_object(path));
    return ch__give(result, ch_object(out));
}

CH_NATIVE(ch__state_name) {
    ChStr text = ch__text(args[0]);
    ChBuffer out = {0};
    for (uint32_t i = 0; i < text.length;) {
        uint32_t bytes, rune = ch_utf8_decode(text.data + i, text.length - i, &bytes);
        bool is_letter = (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
        bool stays = is_letter || (rune >= '0' && rune <= '9') || rune == '-' || rune == '_' || rune == '.';
        if (stays) ch_buffer_add_byte(&out, (char)rune);
        else ch_buffer_printf(&out, "_%02X", rune);
        i += bytes;
    }
    return ch__give_buffer(result, &out);
}
