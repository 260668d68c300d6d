/* See manifest.h. */
#include "analysis/manifest.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/path.h"

static bool has_kind(ChStr path, mode_t kind)
{
    struct stat info;
    char *text = ch_str_detach(path);
    bool ok = stat(text, &info) == 0 && (info.st_mode & S_IFMT) == kind;
    ch_free(text);
    return ok;
}

bool ch__is_file(ChStr path) { return has_kind(path, S_IFREG); }
bool ch__is_folder(ChStr path) { return has_kind(path, S_IFDIR); }

bool ch__exists(ChStr path)
{
    struct stat info;
    char *text = ch_str_detach(path);
    bool ok = stat(text, &info) == 0;
    ch_free(text);
    return ok;
}

bool ch__climb(ChArena *arena, ChStr *folder)
{
    if (folder->length <= 1 || ch__exists(ch_path_join(arena, *folder, CH_STR(".git"))))
        return false;
    *folder = ch_path_folder(*folder);
    return true;
}

ChStr ch__path_clean(ChArena *arena, ChStr path)
{
    bool is_plain = path.length > 0 && !ch_path_is_absolute(path) && ch_str_find(path, CH_STR("\\"), 0) < 0;
    for (uint32_t start = 0; is_plain && start <= path.length;) {
        int64_t slash = ch_str_find(path, CH_STR("/"), start);
        uint32_t end = slash < 0 ? path.length : (uint32_t)slash;
        is_plain = !ch_str_is(ch_str_slice(path.data + start, end - start), "..");
        start = end + 1;
    }
    ChStr normal = is_plain ? ch_path_normalize(arena, path) : (ChStr){0};
    return ch_str_is(normal, ".") ? (ChStr){0} : normal;
}

ChManifest ch__manifest_read(ChArena *arena, ChStr folder)
{
    ChManifest manifest = {.path = ch_path_join(arena, folder, CH_STR("harn.toml"))};
    manifest.is_there = ch__is_file(manifest.path);
    if (!manifest.is_there)
        return manifest;
    manifest.source = ch_source_read(manifest.path, NULL);
    if (!manifest.source)
        manifest.problem = (ChTomlProblem){"it cannot be read as UTF-8 text", 0};
    else if (manifest.source->text.length > CH_MANIFEST_BYTES_MAX)
        manifest.problem = (ChTomlProblem){"it is too large for a manifest", 0};
    else
        manifest.root = ch_toml_parse(arena, manifest.source->text, &manifest.problem);
    return manifest;
}

void ch__manifest_release(ChManifest *manifest) { ch_source_unref(manifest->source); }
