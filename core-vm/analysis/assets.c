/* See assets.h. */
#include "analysis/assets.h"

#include "analysis/manifest.h"
#include "base/path.h"

bool ch_asset_is_rooted(ChStr path)
{
    return path.length > 0 && path.data[0] == '@' && ch_str_find(path, CH_STR("/"), 0) > 0;
}

static bool find_project(ChArena *arena, ChStr *folder)
{
    while (!ch__is_file(ch_path_join(arena, *folder, CH_STR("harn.toml")))) {
        if (folder->length <= 1)
            return false;
        *folder = ch_path_folder(*folder);
    }
    return true;
}

/* The folder of an alias, as written; empty: there is none of that name. */
static ChStr alias_folder(ChArena *arena, ChStr root, ChStr alias)
{
    ChManifest manifest = ch__manifest_read(arena, root);
    const ChToml *entry = ch_toml_get(ch_toml_get(manifest.root, CH_STR("asset_roots")), alias);
    ch__manifest_release(&manifest);
    return entry && entry->kind == CH_TOML_TEXT ? entry->as.text : (ChStr){0};
}

ChStr ch_asset_resolve(ChArena *arena, ChStr anchor, ChStr path, ChStr *why)
{
    uint32_t slash = (uint32_t)ch_str_find(path, CH_STR("/"), 0);
    ChStr alias = ch_str_slice(path.data + 1, slash - 1), root = anchor;
    ChStr rest = ch_str_slice(path.data + slash + 1, path.length - slash - 1), file = ch__path_clean(arena, rest);
    if (!find_project(arena, &root)) {
        *why = ch_str_format(arena, "package-root prompt path '%.*s' has no project root: no harn.toml found above %.*s",
                             CH_STR_ARG(path), CH_STR_ARG(anchor));
        return (ChStr){0};
    }
    if (file.length == 0) {
        *why = ch_str_format(arena, alias.length > 0 ? "invalid asset path '%.*s'" : "invalid project-root asset path '%.*s'",
                             CH_STR_ARG(path));
        return (ChStr){0};
    }
    if (alias.length == 0)
        return ch_path_join(arena, root, rest);
    ChStr named = alias_folder(arena, root, alias), folder = ch__path_clean(arena, named);
    if (named.length == 0)
        *why = ch_str_format(arena, "asset alias '%.*s' is not defined in [asset_roots] of %.*s/harn.toml", CH_STR_ARG(alias),
                             CH_STR_ARG(root));
    else if (folder.length == 0)
        *why = ch_str_format(arena,
                             "asset alias '%.*s' resolves to an unsafe path '%.*s' (must be a project-relative directory "
                             "without `..` segments)",
                             CH_STR_ARG(alias), CH_STR_ARG(named));
    else
        return ch_path_join(arena, ch_path_join(arena, root, named), rest);
    return (ChStr){0};
}
