/* See packages.h. Finding stats a few paths and reads a manifest only where no file has the name; explaining, which
 * happens once for a message, looks at everything that could have been meant. */
#include "analysis/packages.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/analysis_int.h"
#include "analysis/manifest.h"
#include "base/path.h"
#include "builtins/std.h"

/* ---- the disk ------------------------------------------------------------------------------------------------- */

static ChStr below(ChArena *arena, ChStr folder, const char *name) { return ch_path_join(arena, folder, ch_str_of(name)); }

/* Without links; empty where there is nothing. */
static ChStr real(ChArena *arena, ChStr path)
{
    char storage[PATH_MAX];
    char *text = ch_str_detach(path);
    bool ok = realpath(text, storage) != NULL;
    ch_free(text);
    return ok ? ch_str_copy(arena, ch_str_of(storage)) : (ChStr){0};
}

static bool is_within(ChArena *arena, ChStr root, ChStr path)
{
    ChStr real_root = real(arena, root), real_path = real(arena, path);
    if (real_root.length == 0 || !ch_str_starts_with(real_path, real_root))
        return false;
    return real_path.length == real_root.length || ch_str_is(real_root, "/") || real_path.data[real_root.length] == '/';
}

/* The file that `path`, in the package at `root`, stands for: itself, with `.harn`, or a folder's lib.harn. */
static ChStr module_at(ChArena *arena, ChStr root, ChStr path)
{
    ChStr found = path;
    if (ch__is_folder(path))
        found = below(arena, path, "lib.harn");
    else if (!ch__is_file(path) && ch_path_extension(path).length == 0)
        found = ch_str_format(arena, "%.*s.harn", CH_STR_ARG(path));
    return ch__is_file(found) && is_within(arena, root, found) ? found : (ChStr){0};
}

/* ---- manifests ------------------------------------------------------------------------------------------------ */

static bool is_text(const ChToml *node) { return node && node->kind == CH_TOML_TEXT; }

/* [dependencies] NAME: a table, or a text, which is a path. */
static const ChToml *dependency(const ChManifest *manifest, ChStr name)
{
    return ch_toml_get(ch_toml_get(manifest->root, CH_STR("dependencies")), name);
}

static ChStr dependency_path(const ChToml *entry)
{
    if (entry && entry->kind == CH_TOML_TABLE)
        entry = ch_toml_get(entry, CH_STR("path"));
    return is_text(entry) ? entry->as.text : (ChStr){0};
}

static const ChToml *export_of(const ChManifest *manifest, ChStr name)
{
    return ch_toml_get(ch_toml_get(manifest->root, CH_STR("exports")), name);
}

/* ---- paths in a package --------------------------------------------------------------------------------------- */

/* NAME/REST */
static ChStr split(ChStr path, ChStr *rest)
{
    int64_t slash = ch_str_find(path, CH_STR("/"), 0);
    *rest = slash < 0 ? (ChStr){0} : ch_str_slice(path.data + slash + 1, path.length - (size_t)slash - 1);
    return slash < 0 ? path : ch_str_slice(path.data, (size_t)slash);
}

static ChStr find_exported(ChArena *arena, ChStr root, ChStr name)
{
    ChManifest manifest = ch__manifest_read(arena, root);
    const ChToml *entry = export_of(&manifest, name);
    ChStr file = is_text(entry) ? ch__path_clean(arena, entry->as.text) : (ChStr){0};
    ch__manifest_release(&manifest);
    return file.length > 0 ? module_at(arena, root, ch_path_join(arena, root, file)) : (ChStr){0};
}

/* `rest` in the package at `root`, which may also be one file. */
static ChStr find_in_package(ChArena *arena, ChStr root, ChStr rest)
{
    if (!ch__is_folder(root)) {
        ChStr file = ch_str_format(arena, "%.*s.harn", CH_STR_ARG(root));
        if (rest.length > 0)
            return (ChStr){0};
        return ch__is_file(root) ? root : ch__is_file(file) ? file : (ChStr){0};
    }
    ChStr found = module_at(arena, root, rest.length > 0 ? ch_path_join(arena, root, rest) : root);
    return found.length > 0 || rest.length == 0 ? found : find_exported(arena, root, rest);
}

/* What harn.toml of the folder says about the package; empty: nothing, or it has no path. */
static ChStr declared_root(ChArena *arena, ChStr folder, ChStr name)
{
    ChManifest manifest = ch__manifest_read(arena, folder);
    ChStr path = dependency_path(dependency(&manifest, name));
    ch__manifest_release(&manifest);
    return path.length > 0 ? ch_path_normalize(arena, ch_path_join(arena, folder, path)) : (ChStr){0};
}

ChStr ch_package_find(ChArena *arena, ChStr folder, ChStr path)
{
    ChStr whole = ch__path_clean(arena, path), rest;
    if (whole.length == 0)
        return (ChStr){0};
    ChStr name = split(whole, &rest);
    do {
        ChStr packages = below(arena, folder, ".harn/packages"), found = {0};
        if (ch__is_folder(packages))
            found = find_in_package(arena, ch_path_join(arena, packages, name), rest);
        ChStr root = found.length > 0 ? (ChStr){0} : declared_root(arena, folder, name);
        if (root.length > 0)
            found = find_in_package(arena, root, rest);
        if (found.length > 0)
            return found;
    } while (ch__climb(arena, &folder));
    return (ChStr){0};
}

/* ---- explaining ----------------------------------------------------------------------------------------------- */

typedef struct Explanation {
    ChArena *arena;
    ChImportMiss *miss;
} Explanation;

/* A path as users know it: seen from the working folder. */
static ChStr shown(ChArena *arena, ChStr path)
{
    char folder[PATH_MAX];
    return getcwd(folder, sizeof folder) ? ch_str_copy(arena, ch_path_below(ch_str_of(folder), path)) : path;
}

static void explain_manifest(Explanation *e, const ChManifest *manifest)
{
    ChPosition at = manifest->source ? ch_source_position(manifest->source, manifest->problem.at) : (ChPosition){1, 1};
    e->miss->reason = ch_str_format(e->arena, "%.*s:%u:%u: %s", CH_STR_ARG(shown(e->arena, manifest->path)), at.line, at.column,
                                    manifest->problem.text);
}

static ChStr place(Explanation *e, const ChManifest *manifest, const ChToml *node)
{
    return ch_str_format(e->arena, "%.*s:%u", CH_STR_ARG(shown(e->arena, manifest->path)),
                         ch_source_line(manifest->source, node->at));
}

/* The key of a table that is nearest to `name`. */
static ChStr nearest_key(const ChToml *table, ChStr name)
{
    ChNearest nearest;
    ch__nearest_init(&nearest, name, 2);
    for (const ChToml *child = table && table->kind == CH_TOML_TABLE ? table->first : NULL; child; child = child->next)
        ch__nearest_offer(&nearest, child->key);
    return nearest.best;
}

/* Offers what can be imported from a folder. */
static void offer_modules(ChArena *arena, ChNearest *nearest, ChStr folder)
{
    char *text = ch_str_detach(folder);
    DIR *listing = opendir(text);
    ch_free(text);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        ChStr name = ch_str_copy(arena, ch_str_of(entry->d_name));
        if (name.data[0] == '.' || (ch_path_extension(name).length > 0 && !ch_str_is(ch_path_extension(name), ".harn")))
            continue;
        ch__nearest_offer(nearest, name);
        if (ch_str_is(ch_path_extension(name), ".harn"))
            ch__nearest_offer(nearest, ch_str_slice(name.data, name.length - 5));
    }
    if (listing)
        closedir(listing);
}

/* Replaces the last part of `path` by what is near to it in `folder`. */
static void suggest_beside(Explanation *e, ChStr path, ChStr folder)
{
    ChStr name = ch_path_name(path);
    ChNearest nearest;
    ch__nearest_init(&nearest, name, 2);
    offer_modules(e->arena, &nearest, folder);
    if (nearest.best.length > 0)
        e->miss->suggestion = ch_str_format(e->arena, "%.*s%.*s", (int)(path.length - name.length), path.data,
                                            CH_STR_ARG(nearest.best));
}

static void explain_export(Explanation *e, const ChManifest *manifest, const ChToml *entry, ChStr root)
{
    ChStr where = place(e, manifest, entry);
    ChStr file = is_text(entry) ? ch__path_clean(e->arena, entry->as.text) : (ChStr){0};
    if (!is_text(entry))
        e->miss->reason = ch_str_format(e->arena, "%.*s: the export `%.*s` is no text with a path", CH_STR_ARG(where),
                                        CH_STR_ARG(entry->key));
    else if (file.length > 0 && !ch__exists(ch_path_join(e->arena, root, file)))
        e->miss->reason = ch_str_format(e->arena, "%.*s: the export `%.*s` names %.*s, which is not there", CH_STR_ARG(where),
                                        CH_STR_ARG(entry->key), CH_STR_ARG(entry->as.text));
    else
        e->miss->reason = ch_str_format(e->arena, "%.*s: the export `%.*s` leads out of the package", CH_STR_ARG(where),
                                        CH_STR_ARG(entry->key));
}

static ChStr list_of_exports(ChArena *arena, const ChManifest *manifest)
{
    enum { SHOWN_MAX = 8 };
    const ChToml *exports = ch_toml_get(manifest->root, CH_STR("exports"));
    ChBuffer text = {0};
    uint32_t count = 0;
    for (const ChToml *child = exports && exports->kind == CH_TOML_TABLE ? exports->first : NULL; child; child = child->next)
        if (count++ < SHOWN_MAX)
            ch_buffer_printf(&text, "%s`%.*s`", count > 1 ? ", " : "; it exports ", CH_STR_ARG(child->key));
    if (count > SHOWN_MAX)
        ch_buffer_add_text(&text, " …");
    ChStr list = ch_str_copy(arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return list;
}

/* The package at `root` is there, but not what was imported from it. */
static void explain_package(Explanation *e, ChStr root, ChStr name, ChStr rest)
{
    ChManifest manifest = ch__manifest_read(e->arena, root);
    const ChToml *entry = rest.length > 0 ? export_of(&manifest, rest) : NULL;
    ChStr direct = rest.length > 0 ? ch_path_join(e->arena, root, rest) : root;
    ChStr file = ch__is_folder(direct) ? below(e->arena, direct, "lib.harn") : direct;
    if (manifest.is_there && !manifest.root)
        explain_manifest(e, &manifest);
    else if (entry)
        explain_export(e, &manifest, entry, root);
    else if (ch__is_file(file) || ch__is_file(ch_str_format(e->arena, "%.*s.harn", CH_STR_ARG(file))))
        e->miss->reason = ch_str_format(e->arena, "`%.*s` leads out of the package `%.*s`", CH_STR_ARG(rest), CH_STR_ARG(name));
    else if (rest.length == 0)
        e->miss->reason = ch_str_format(e->arena, "the package `%.*s` has no lib.harn%.*s", CH_STR_ARG(name),
                                        CH_STR_ARG(list_of_exports(e->arena, &manifest)));
    else
        e->miss->reason = ch_str_format(e->arena, "the package `%.*s` has no module `%.*s`%.*s", CH_STR_ARG(name),
                                        CH_STR_ARG(rest), CH_STR_ARG(list_of_exports(e->arena, &manifest)));
    if (!entry && rest.length > 0) {
        ChStr near = nearest_key(ch_toml_get(manifest.root, CH_STR("exports")), rest);
        if (near.length > 0)
            e->miss->suggestion = ch_str_format(e->arena, "%.*s/%.*s", CH_STR_ARG(name), CH_STR_ARG(near));
        else
            suggest_beside(e, ch_str_format(e->arena, "%.*s/%.*s", CH_STR_ARG(name), CH_STR_ARG(rest)), ch_path_folder(direct));
    }
    ch__manifest_release(&manifest);
}

/* [dependencies] names the package, and it was not found. */
static void explain_dependency(Explanation *e, const ChManifest *manifest, const ChToml *entry, ChStr folder, ChStr rest)
{
    ChStr where = place(e, manifest, entry), path = dependency_path(entry);
    ChStr root = path.length > 0 ? ch_path_normalize(e->arena, ch_path_join(e->arena, folder, path)) : (ChStr){0};
    ChStr near = nearest_key(entry, CH_STR("path"));
    if (root.length > 0 && ch__exists(root))
        explain_package(e, root, entry->key, rest);
    else if (root.length > 0)
        e->miss->reason = ch_str_format(e->arena, "%.*s: the dependency `%.*s` is not at %.*s", CH_STR_ARG(where),
                                        CH_STR_ARG(entry->key), CH_STR_ARG(shown(e->arena, root)));
    else if (ch_toml_get(entry, CH_STR("git")))
        e->miss->reason = ch_str_format(e->arena, "%.*s: the dependency `%.*s` comes from git and is not in .harn/packages",
                                        CH_STR_ARG(where), CH_STR_ARG(entry->key));
    else
        e->miss->reason = ch_str_format(e->arena, "%.*s: the dependency `%.*s` says neither `path` nor `git`%s%.*s%s",
                                        CH_STR_ARG(where), CH_STR_ARG(entry->key), near.length > 0 ? " (is `" : "",
                                        CH_STR_ARG(near), near.length > 0 ? "` meant to be `path`?)" : "");
}

/* What one folder on the way up says; true when that explains it. */
static bool explain_at(Explanation *e, ChNearest *nearest, ChStr folder, ChStr name, ChStr rest)
{
    ChStr packages = below(e->arena, folder, ".harn/packages"), root = ch_path_join(e->arena, packages, name);
    if (ch__exists(root)) {
        explain_package(e, root, name, rest);
        return true;
    }
    if (ch__is_folder(packages))
        offer_modules(e->arena, nearest, packages);
    ChManifest manifest = ch__manifest_read(e->arena, folder);
    const ChToml *entry = dependency(&manifest, name);
    bool is_broken = manifest.is_there && !manifest.root;
    if (is_broken)
        explain_manifest(e, &manifest);
    else if (entry)
        explain_dependency(e, &manifest, entry, folder, rest);
    const ChToml *all = ch_toml_get(manifest.root, CH_STR("dependencies"));
    for (const ChToml *child = all && all->kind == CH_TOML_TABLE ? all->first : NULL; child; child = child->next)
        ch__nearest_offer(nearest, child->key);
    ChStr misspelt = all ? (ChStr){0} : nearest_key(manifest.root, CH_STR("dependencies"));
    if (misspelt.length > 0 && !entry)
        e->miss->reason = ch_str_format(e->arena, "%.*s: there is no table [%.*s]: is [dependencies] meant?",
                                        CH_STR_ARG(place(e, &manifest, ch_toml_get(manifest.root, misspelt))), CH_STR_ARG(misspelt));
    ch__manifest_release(&manifest);
    return is_broken || entry || misspelt.length > 0;
}

static void suggest_std(Explanation *e, ChStr path)
{
    ChNearest nearest;
    ch__nearest_init(&nearest, ch_str_slice(path.data + 4, path.length - 4), 2);
    for (const ChEmbedded *module = ch_std_modules; module->name; module++)
        ch__nearest_offer(&nearest, ch_str_of(module->name));
    if (nearest.best.length > 0)
        e->miss->suggestion = ch_str_format(e->arena, "std/%.*s", CH_STR_ARG(nearest.best));
}

void ch_import_explain(ChArena *arena, ChStr importer, ChStr path, ChImportMiss *miss)
{
    *miss = (ChImportMiss){0};
    Explanation e = {arena, miss};
    if (ch_str_starts_with(path, CH_STR("std/"))) {
        suggest_std(&e, path);
        return;
    }
    if (path.length == 0)
        return;
    if (ch_str_find(path, CH_STR("\\"), 0) >= 0) {
        miss->reason = CH_STR("the parts of an import path have `/` between them, on every system");
        return;
    }
    char working[PATH_MAX];
    if (!ch_path_is_absolute(importer) && getcwd(working, sizeof working))
        importer = ch_path_join(arena, ch_str_of(working), importer);
    ChStr folder = ch_path_folder(ch_path_normalize(arena, importer)), rest;
    ChStr target = ch_path_normalize(arena, ch_path_join(arena, folder, path));
    if (ch__is_folder(target))
        miss->reason = ch_str_format(arena, "%.*s is a folder", CH_STR_ARG(shown(arena, target)));
    suggest_beside(&e, path, ch_path_folder(target));
    ChStr whole = ch__path_clean(arena, path);
    bool is_relative = path.data[0] == '.' || ch_path_is_absolute(path);
    if (whole.length == 0 && !is_relative && miss->suggestion.length == 0)
        miss->reason = CH_STR("an import from a package has no `..` in it");
    if (miss->suggestion.length > 0 || whole.length == 0 || is_relative)
        return;
    ChStr name = split(whole, &rest);
    ChNearest nearest;
    ch__nearest_init(&nearest, name, 2);
    do {
        if (explain_at(&e, &nearest, folder, name, rest))
            return;
    } while (ch__climb(arena, &folder));
    if (nearest.best.length > 0)
        miss->suggestion = ch_str_format(arena, "%.*s%s%.*s", CH_STR_ARG(nearest.best), rest.length > 0 ? "/" : "", CH_STR_ARG(rest));
}
