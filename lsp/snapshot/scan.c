/* See scan.h. */
#include "snapshot/scan.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/array.h"
#include "snapshot/disk.h"
#include "syntax/syntax.h"

typedef CH_ARRAY_OF(char *) Paths;

typedef struct Folder {
    char *path; /* owned */
    uint32_t depth;
} Folder;

ChScan *ch_scan_new(ChSession *session, ChStr word)
{
    ChScan *scan = ch_alloc_zero(1, sizeof(*scan));
    ch_workspace_capture(&scan->workspace, session);
    scan->word = ch_str_of(ch_str_detach(word));
    atomic_init(&scan->cancelled, false);
    return scan;
}

void ch_scan_free(ChScan *scan)
{
    ch_workspace_release(&scan->workspace);
    ch_free((char *)scan->word.data);
    ch_free(scan);
}

/* Folders that hold no sources of the project's own. Links are never followed. */
static bool is_left_out(const char *name)
{
    return name[0] == '.' || strcmp(name, "node_modules") == 0 || strcmp(name, "target") == 0 || strcmp(name, "build") == 0;
}

static void list_folder(ChScan *scan, Folder folder, Paths *files, void *folders_array)
{
    CH_ARRAY_OF(Folder) *folders = folders_array;
    DIR *directory = opendir(folder.path);
    if (!directory)
        return;
    struct dirent *entry;
    while ((entry = readdir(directory)) && !scan->is_cut) {
        ChBuffer path = {0};
        ch_buffer_printf(&path, "%s/%s", strcmp(folder.path, "/") == 0 ? "" : folder.path, entry->d_name);
        struct stat info;
        if (is_left_out(entry->d_name) || lstat(path.data, &info) != 0) {
            ch_buffer_release(&path);
        } else if (S_ISDIR(info.st_mode) && folder.depth < CH_SCAN_DEPTH_MAX) {
            scan->is_cut = folders->count >= CH_SCAN_FOLDERS_MAX;
            ch_array_push(folders, (Folder){ch_buffer_detach(&path), folder.depth + 1});
        } else if (S_ISREG(info.st_mode) && ch_str_ends_with(ch_buffer_view(&path), CH_STR(".harn"))) {
            scan->is_cut = files->count >= CH_SCAN_FILES_MAX;
            ch_array_push(files, ch_buffer_detach(&path));
        } else {
            ch_buffer_release(&path);
        }
    }
    closedir(directory);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_files(ChScan *scan, Paths *files)
{
    CH_ARRAY_OF(Folder) folders = {0};
    for (uint32_t i = 0; i < scan->workspace.root_count; i++)
        ch_array_push(&folders, (Folder){ch_str_detach(ch_str_of(scan->workspace.roots[i])), 0});
    for (uint32_t i = 0; i < folders.count && !atomic_load(&scan->cancelled); i++)
        list_folder(scan, folders.items[i], files, &folders);
    for (uint32_t i = 0; i < folders.count; i++)
        ch_free(folders.items[i].path);
    ch_array_release(&folders);
    for (uint32_t i = 0; i < scan->workspace.open_sources.count; i++)
        ch_array_push(files, ch_str_detach(scan->workspace.open_sources.entries[i].key));
    if (files->count)
        qsort(files->items, files->count, sizeof(*files->items), by_text);
}

/* False: the visitor has had enough. */
static bool look_at(ChScan *scan, const char *path)
{
    ChStr name = ch_str_of(path);
    ChSource *source = ch_map_get_pointer(&scan->workspace.open_sources, name);
    source = source ? ch_source_ref(source) : ch_disk_read(scan->workspace.roots, scan->workspace.root_count, name);
    if (!source)
        return true;
    scan->file_count++;
    if (scan->word.length && ch_str_find(source->text, scan->word, 0) < 0) {
        ch_source_unref(source);
        return true;
    }
    ChSyntaxOptions syntax = {.cancelled = &scan->cancelled};
    ChTree *tree = ch_syntax_parse(source, &syntax);
    ch_source_unref(source);
    if (!tree)
        return false;
    ChAnalysisOptions options = {.import = scan->declarations_only ? NULL : ch_module_graph_import,
                                 .data = scan->workspace.graph,
                                 .declarations_only = scan->declarations_only,
                                 .cancelled = &scan->cancelled};
    ChAnalysis *analysis = ch_analysis_run(tree, &options);
    ch_tree_unref(tree);
    bool goes_on = analysis && scan->visit(scan->data, analysis);
    ch_analysis_unref(analysis);
    return goes_on;
}

void ch_scan_run(ChScan *scan)
{
    Paths files = {0};
    ch_workspace_begin(&scan->workspace);
    list_files(scan, &files);
    bool goes_on = true;
    for (uint32_t i = 0; i < files.count; i++) {
        bool is_again = i > 0 && strcmp(files.items[i], files.items[i - 1]) == 0;
        if (goes_on && !is_again && !atomic_load(&scan->cancelled))
            goes_on = look_at(scan, files.items[i]);
    }
    for (uint32_t i = 0; i < files.count; i++)
        ch_free(files.items[i]);
    ch_array_release(&files);
}
