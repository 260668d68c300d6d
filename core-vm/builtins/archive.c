// Tar and zip archives in memory, through libarchive. The library is loaded when the first archive is made or read: it
// brings a dozen others with it, whose loading would dominate the start of every program.
#include "builtins/native.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

#include "base/banned.h"

#define ENTRIES_MAX 100000

#define CALLS(X)                                                                                                          \
    X(archive_write_new) X(archive_write_set_format_ustar) X(archive_write_set_format_zip) X(archive_write_open)           \
    X(archive_write_set_bytes_per_block) X(archive_write_set_bytes_in_last_block) X(archive_write_header)                  \
    X(archive_write_data) X(archive_write_close) X(archive_write_free) X(archive_read_new)                                 \
    X(archive_read_support_format_tar) X(archive_read_support_format_zip) X(archive_read_open_memory)                      \
    X(archive_read_next_header) X(archive_read_data) X(archive_read_free) X(archive_error_string) X(archive_entry_new)     \
    X(archive_entry_free) X(archive_entry_set_pathname) X(archive_entry_set_size) X(archive_entry_set_filetype)            \
    X(archive_entry_set_perm) X(archive_entry_pathname_utf8) X(archive_entry_filetype) X(archive_entry_perm)

typedef struct ArchiveCalls {
#define X(name) __typeof__(&name) name;
    CALLS(X)
#undef X
} ArchiveCalls;

// The functions of the library; false with an error pending where it is not installed. dlopen counts and caches.
static bool load(ChVm *vm, const char *who, ArchiveCalls *calls) {
    void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libarchive.so", RTLD_NOW | RTLD_LOCAL);
    bool ok = library != NULL;
#define X(name) ok = ok && (calls->name = (__typeof__(&name))dlsym(library, #name)) != NULL;
    CALLS(X)
#undef X
    if (!ok) ch_throw_runtime(vm, "%s: libarchive is not installed", who);
    return ok;
}

// ---- making ---------------------------------------------------------------------------------------------------------------

static la_ssize_t take_block(struct archive *archive, void *ud, const void *bytes, size_t length) {
    ch_buffer_add(ud, bytes, length);
    return (la_ssize_t)length;
}

static ChFlow add_entry(ChVm *vm, const char *who, const ArchiveCalls *calls, struct archive *archive, ChValue item,
                        uint32_t number, bool with_mode) {
    if (item.tag != CH_TAG_DICT) return ch_throw_runtime(vm, "%s: entry %u must be a dict, got %s", who, number, ch_type_name(item));
    ChValue path = ch__dict_get(item.as.dict, "path"), content = ch__dict_get(item.as.dict, "content"),
            mode = ch__dict_get(item.as.dict, "mode");
    if (ch_is_nil(path)) return ch_throw_runtime(vm, "%s: entry %u is missing path", who, number);
    if (path.tag != CH_TAG_STRING)
        return ch_throw_runtime(vm, "%s: entry %u path must be a string, got %s", who, number, ch_type_name(path));
    if (!path.as.string->length) return ch_throw_runtime(vm, "%s: entry %u path must not be empty", who, number);
    if (ch_is_nil(content)) return ch_throw_runtime(vm, "%s: entry %u is missing content", who, number);
    if (content.tag != CH_TAG_STRING && content.tag != CH_TAG_BYTES)
        return ch_throw_runtime(vm, "%s: entry %u content must be bytes or string, got %s", who, number, ch_type_name(content));
    int64_t bits = mode.tag == CH_TAG_INT ? mode.as.integer : 0644;
    if (!ch_is_nil(mode) && mode.tag != CH_TAG_INT)
        return ch_throw_runtime(vm, "%s: entry %u mode must be an int, got %s", who, number, ch_type_name(mode));
    if (bits < 0 || bits > 4095) return ch_throw_runtime(vm, "%s: entry %u mode must be between 0 and 4095", who, number);
    // Archives keep paths inside the folder they are unpacked to.
    ChStr name = ch__text(path);
    if (name.data[0] == '/' || ch_str_is(name, "..") || ch_str_starts_with(name, CH_STR("../")) ||
        ch_str_find(name, CH_STR("/../"), 0) >= 0 || ch_str_ends_with(name, CH_STR("/..")))
        return ch_throw_runtime(vm, "%s: entry %u invalid path: it leaves the archive", who, number);
    const void *bytes = content.tag == CH_TAG_BYTES ? (const void *)content.as.bytes->data : content.as.string->data;
    size_t length = content.tag == CH_TAG_BYTES ? content.as.bytes->length : content.as.string->length;
    struct archive_entry *entry = calls->archive_entry_new();
    calls->archive_entry_set_pathname(entry, path.as.string->data);
    calls->archive_entry_set_size(entry, (la_int64_t)length);
    calls->archive_entry_set_filetype(entry, AE_IFREG);
    calls->archive_entry_set_perm(entry, with_mode ? (mode_t)bits : 0644);
    bool ok = calls->archive_write_header(archive, entry) == ARCHIVE_OK &&
              calls->archive_write_data(archive, bytes, length) == (la_ssize_t)length;
    calls->archive_entry_free(entry);
    if (ok) return CH_OK;
    const char *why = calls->archive_error_string(archive);
    return ch_throw_runtime(vm, "%s: entry %u: %s", who, number, why ? why : "could not be written");
}

static ChFlow create(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *who, bool is_zip) {
    ChValue entries = ch_arg(args, argc, 0);
    if (entries.tag != CH_TAG_LIST) return ch_throw_runtime(vm, "%s: entries must be a list, got %s", who, ch_type_name(entries));
    if (entries.as.list->count > ENTRIES_MAX) return ch_throw_runtime(vm, "%s: too many entries (limit %d)", who, ENTRIES_MAX);
    ArchiveCalls calls;
    if (!load(vm, who, &calls)) return CH_THROW;
    ChBuffer out = {0};
    struct archive *archive = calls.archive_write_new();
    if (is_zip)
        calls.archive_write_set_format_zip(archive);
    else
        calls.archive_write_set_format_ustar(archive);
    calls.archive_write_set_bytes_per_block(archive, 0);
    ChFlow flow = CH_OK;
    if (calls.archive_write_open(archive, &out, NULL, take_block, NULL) != ARCHIVE_OK)
        flow = ch_throw_runtime(vm, "%s: the archive could not be made", who);
    for (uint32_t i = 0; flow == CH_OK && i < entries.as.list->count; i++) {
        flow = add_entry(vm, who, &calls, archive, entries.as.list->items[i], i + 1, !is_zip);
        if (flow == CH_OK && out.length > CH_STRING_MAX) flow = ch_throw_runtime(vm, "%s: the archive is too large", who);
    }
    if (flow == CH_OK && calls.archive_write_close(archive) != ARCHIVE_OK)
        flow = ch_throw_runtime(vm, "%s: the archive could not be made", who);
    calls.archive_write_free(archive);
    if (flow == CH_OK) return ch__give_bytes(result, &out);
    ch_buffer_release(&out);
    return flow;
}

CH_NATIVE(ch__tar_create) { return create(vm, args, argc, result, "tar_create", false); }
CH_NATIVE(ch__zip_create) { return create(vm, args, argc, result, "zip_create", true); }

// ---- reading ------------------------------------------------------------------------------------------------------------

// The content of the current entry; `total` counts over all of them. False: it is damaged or too large.
static bool read_content(const ArchiveCalls *calls, struct archive *archive, ChBuffer *content, size_t *total) {
    for (;;) {
        ch_buffer_reserve(content, 65536);
        la_ssize_t got = calls->archive_read_data(archive, content->data + content->length, 65536);
        if (got < 0) return false;
        if (got == 0) return true;
        content->length += (size_t)got;
        *total += (size_t)got;
        if (*total > CH_STRING_MAX) return false;
    }
}

static ChFlow extract(ChVm *vm, ChValue *args, uint32_t argc, ChValue *result, const char *who, bool is_zip) {
    ChStr in;
    ArchiveCalls calls;
    if (ch__input_bytes(vm, who, args, argc, 0, false, &in) != CH_OK || !load(vm, who, &calls)) return CH_THROW;
    struct archive *archive = calls.archive_read_new();
    if (is_zip)
        calls.archive_read_support_format_zip(archive);
    else
        calls.archive_read_support_format_tar(archive);
    ChList *entries = ch_list_new(0);
    ChFlow flow = CH_OK;
    size_t total = 0;
    int status = in.length ? calls.archive_read_open_memory(archive, in.data, in.length) : is_zip ? ARCHIVE_FATAL : ARCHIVE_EOF;
    while (flow == CH_OK && status == ARCHIVE_OK) {
        struct archive_entry *entry;
        status = calls.archive_read_next_header(archive, &entry);
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN) break;
        status = ARCHIVE_OK;
        if (calls.archive_entry_filetype(entry) != AE_IFREG) continue;
        const char *path = calls.archive_entry_pathname_utf8(entry);
        ChBuffer content = {0};
        if (!path)
            flow = ch_throw_runtime(vm, "%s: entry path is not valid UTF-8", who);
        else if (entries->count >= ENTRIES_MAX)
            flow = ch_throw_runtime(vm, "%s: too many entries (limit %d)", who, ENTRIES_MAX);
        else if (!read_content(&calls, archive, &content, &total))
            flow = ch_throw_runtime(vm, "%s: the content of %s is damaged or too large", who, path);
        else {
            ChDict *item = ch_dict_new();
            ChValue bytes;
            ch_dict_put_str(item, "path", ch_object(ch_string_from(path)));
            if (!is_zip) ch_dict_put_str(item, "mode", ch_int(calls.archive_entry_perm(entry)));
            ch__give_bytes(&bytes, &content);
            ch_dict_put_str(item, "content", bytes);
            ch_list_push(entries, ch_object(item));
        }
        ch_buffer_release(&content);
    }
    if (flow == CH_OK && status != ARCHIVE_EOF) {
        const char *why = calls.archive_error_string(archive);
        flow = ch_throw_runtime(vm, "%s: %s", who, why ? why : "this is no archive");
    }
    calls.archive_read_free(archive);
    if (flow == CH_OK) return ch__give(result, ch_object(entries));
    ch_release(ch_object(entries));
    return flow;
}

CH_NATIVE(ch__tar_extract) { return extract(vm, args, argc, result, "tar_extract", false); }
CH_NATIVE(ch__zip_extract) { return extract(vm, args, argc, result, "zip_extract", true); }
