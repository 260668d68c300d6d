// The cache of compiled programs: see cache.h. Entries are files named by two hashes of the key.
#include "cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/hash.h"
#include "compile/codec.h"
#include "files.h"

#include "base/banned.h"

// Below this a check takes less than the way to the disk.
#define TEXT_BYTES_MIN 2048u
#define ENTRY_BYTES_MAX (64u << 20)
#define ENTRIES_MAX 500u

static const char MAGIC[] = "charn bytecode 1";

typedef struct Key {
    uint64_t low, high;
} Key;

// ---- which build this is ----------------------------------------------------------------------------------------------

typedef struct BuildId {
    const unsigned char *bytes;
    size_t length;
} BuildId;

// The note that the linker writes into the program (--build-id).
static int find_build_id(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    BuildId *id = data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_NOTE) continue;
        const char *at = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        const char *end = at + info->dlpi_phdr[i].p_memsz;
        while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;
            const char *name = at + sizeof *note, *text = name + ((note->n_namesz + 3u) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
                *id = (BuildId){(const unsigned char *)text, note->n_descsz};
            at = text + ((note->n_descsz + 3u) & ~3u);
        }
    }
    return 1; // the program itself comes first; libraries do not matter
}

static BuildId build_id(void) {
    BuildId id = {0};
    dl_iterate_phdr(find_build_id, &id);
    return id;
}

// ---- where an entry is ------------------------------------------------------------------------------------------------

static bool make_folder(const char *path) { return mkdir(path, 0700) == 0 || access(path, W_OK | X_OK) == 0; }

// The folder of the entries with a slash behind it. False: there is none.
static bool cache_folder(ChBuffer *out, bool is_made) {
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (base && base[0] == '/') ch_buffer_add_text(out, base);
    else if (home && home[0] == '/') ch_buffer_printf(out, "%s/.cache", home);
    else return false;
    if (is_made && !make_folder(out->data)) return false;
    ch_buffer_add_text(out, "/charn");
    if (is_made && !make_folder(out->data)) return false;
    ch_buffer_add_byte(out, '/');
    return true;
}

static Key key_of(const ChSource *source, BuildId id) {
    ChBuffer text = {0};
    ch_buffer_add(&text, id.bytes, id.length);
    ch_buffer_add_str(&text, source->path);
    ch_buffer_add_byte(&text, 0);
    ch_buffer_add_str(&text, source->text);
    Key key = {ch_hash_bytes_seeded(text.data, text.length, 1), ch_hash_bytes_seeded(text.data, text.length, 2)};
    ch_buffer_release(&text);
    return key;
}

static bool entry_path(Key key, bool is_made, ChBuffer *path) {
    if (!cache_folder(path, is_made)) return false;
    ch_buffer_printf(path, "%016llx%016llx.chunk", (unsigned long long)key.high, (unsigned long long)key.low);
    return true;
}

// ---- reading ----------------------------------------------------------------------------------------------------------

// The whole of a plain file that belongs to the user.
static bool read_entry(const char *path, ChBuffer *out) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return false;
    struct stat info;
    bool is_good = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
                   (info.st_mode & 022) == 0 && info.st_size <= (off_t)ENTRY_BYTES_MAX;
    if (is_good) {
        size_t length = (size_t)info.st_size;
        ch_buffer_reserve(out, length);
        while (out->length < length) {
            ssize_t n = read(descriptor, out->data + out->length, length - out->length);
            if (n <= 0) break;
            out->length += (size_t)n;
        }
        is_good = out->length == length;
    }
    close(descriptor);
    return is_good;
}

ChChunk *cli_cache_find(const ChSource *source) {
    if (source->text.length < TEXT_BYTES_MIN) return NULL;
    BuildId id = build_id();
    if (!id.length) return NULL;
    Key key = key_of(source, id);
    ChBuffer path = {0}, bytes = {0}, why = {0};
    ChChunk *chunk = NULL;
    size_t head = sizeof MAGIC + sizeof key;
    if (entry_path(key, false, &path) && read_entry(path.data, &bytes) && bytes.length > head &&
        memcmp(bytes.data, MAGIC, sizeof MAGIC) == 0 && memcmp(bytes.data + sizeof MAGIC, &key, sizeof key) == 0)
        chunk = ch_chunk_read(ch_str_slice(bytes.data + head, bytes.length - head), false, &why);
    ch_buffer_release(&path);
    ch_buffer_release(&bytes);
    ch_buffer_release(&why);
    return chunk;
}

// ---- writing ----------------------------------------------------------------------------------------------------------

static bool imports_files(const ChChunk *chunk) {
    const ChProto *top = chunk->protos[0];
    for (uint32_t pc = 0; pc < top->code_count; pc += 1u + ch_op_info[top->code[pc].op].words) {
        ChInstr instr = top->code[pc];
        if (instr.op == CH_OP_IMPORT && !ch_str_starts_with(chunk->constants[ch_instr_bc(instr)].text, CH_STR("std/")))
            return true;
    }
    return false;
}

typedef struct Entry {
    char *name;
    struct timespec written;
} Entry;

static int compare_entries(const void *a, const void *b) {
    const Entry *x = a, *y = b;
    if (x->written.tv_sec != y->written.tv_sec) return x->written.tv_sec < y->written.tv_sec ? -1 : 1;
    return x->written.tv_nsec < y->written.tv_nsec ? -1 : x->written.tv_nsec > y->written.tv_nsec;
}

// The oldest fifth goes when the folder is full.
static void make_room(const char *folder) {
    CH_ARRAY_OF(Entry) entries = {0};
    DIR *dir = opendir(folder);
    struct dirent *item;
    struct stat info;
    while (dir && (item = readdir(dir)))
        if (strstr(item->d_name, ".chunk") && // also what a run that was killed left beside its place
            fstatat(dirfd(dir), item->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            ch_array_push(&entries, ((Entry){ch_str_detach(ch_str_of(item->d_name)), info.st_mtim}));
    if (entries.count >= ENTRIES_MAX) {
        qsort(entries.items, entries.count, sizeof *entries.items, compare_entries);
        for (uint32_t i = 0; i < entries.count - ENTRIES_MAX * 4 / 5; i++) unlinkat(dirfd(dir), entries.items[i].name, 0);
    }
    for (uint32_t i = 0; i < entries.count; i++) ch_free(entries.items[i].name);
    ch_array_release(&entries);
    if (dir) closedir(dir);
}

void cli_cache_keep(const ChSource *source, const ChChunk *chunk) {
    if (source->text.length < TEXT_BYTES_MIN || imports_files(chunk)) return;
    BuildId id = build_id();
    if (!id.length) return;
    Key key = key_of(source, id);
    ChBuffer folder = {0}, path = {0}, bytes = {0};
    if (cache_folder(&folder, true) && entry_path(key, true, &path)) {
        ch_buffer_add(&bytes, MAGIC, sizeof MAGIC);
        ch_buffer_add(&bytes, &key, sizeof key);
        ch_chunk_write(chunk, &bytes);
        make_room(folder.data);
        // What cannot be kept is not.
        if (bytes.length <= ENTRY_BYTES_MAX) cli_write_beside(path.data, &bytes, NULL);
    }
    ch_buffer_release(&folder);
    ch_buffer_release(&path);
    ch_buffer_release(&bytes);
}
