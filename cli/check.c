/* charn check: syntax, names and types of files and folders. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/module.h"
#include "base/alloc.h"
#include "base/array.h"
#include "builtins/std.h"
#include "cli.h"
#include "syntax/syntax.h"

enum { FOLDER_DEPTH_MAX = 64, FILES_MAX = 100 * 1000 };

static bool std_text(void *data, ChStr name, ChStr *text) {
    (void)data;
    return ch_std_source(name, text);
}

static void print_json(const ChDiagnosticList *list, const ChSource *source) {
    ChBuffer text = {0};
    for (uint32_t i = 0; i < list->count; i++) {
        ch_diagnostic_render_json(list->items[i], source, &text);
        ch_buffer_add_byte(&text, '\n');
    }
    fwrite(text.data, 1, text.length, stdout);
    ch_buffer_release(&text);
}

static void print(const ChDiagnosticList *list, const ChSource *source, CliCheckOutput output) {
    if (output == CLI_CHECK_JSON) print_json(list, source);
    else cli_print_diagnostics(list, source);
}

unsigned cli_check_source(ChSource *source, CliCheckOutput output, unsigned *warnings) {
    ChModuleLoader loader = {.std_text = std_text};
    ChModuleGraph *graph = ch_module_graph_new(&loader);
    ChTree *tree = ch_syntax_parse(source, NULL);
    print(&tree->diagnostics, source, output);
    unsigned errors = tree->diagnostics.error_count;
    *warnings += tree->diagnostics.warning_count;
    if (errors == 0) {
        ChAnalysisOptions options = {.import = ch_module_graph_import, .data = graph};
        ChAnalysis *analysis = ch_analysis_run(tree, &options);
        const ChDiagnosticList *found = ch_analysis_diagnostics(analysis);
        print(found, source, output);
        errors += found->error_count;
        *warnings += found->warning_count;
        ch_analysis_unref(analysis);
    }
    ch_tree_unref(tree);
    ch_module_graph_free(graph);
    return errors;
}

typedef CH_ARRAY_OF(char *) Paths;

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* All .harn files below a folder, in order; hidden folders and links are left out. */
static void collect(const char *folder, Paths *out) {
    Paths pending = {0};
    ch_array_push(&pending, ch_str_detach(ch_str_of(folder)));
    uint32_t first = out->count;
    while (pending.count > 0 && out->count - first < FILES_MAX) {
        char *path = ch_array_pop(&pending);
        DIR *dir = opendir(path);
        struct dirent *entry;
        while (dir && (entry = readdir(dir))) {
            if (entry->d_name[0] == '.') continue;
            ChBuffer name = {0};
            ch_buffer_printf(&name, "%s/%s", path, entry->d_name);
            struct stat info;
            if (lstat(name.data, &info) == 0 && S_ISDIR(info.st_mode)) {
                ch_array_push(&pending, ch_buffer_detach(&name));
            } else if (S_ISREG(info.st_mode) && ch_str_ends_with(ch_buffer_view(&name), CH_STR(".harn"))) {
                ch_array_push(out, ch_buffer_detach(&name));
            }
            ch_buffer_release(&name);
        }
        if (dir) closedir(dir);
        ch_free(path);
    }
    while (pending.count > 0) ch_free(ch_array_pop(&pending));
    ch_array_release(&pending);
    if (out->count > first) qsort(out->items + first, out->count - first, sizeof *out->items, compare_names);
}

int cli_check(int argc, char **argv) {
    CliCheckOutput output = CLI_CHECK_HUMAN;
    Paths paths = {0};
    for (int i = 0; i < argc; i++) {
        struct stat info;
        if (strcmp(argv[i], "--json") == 0) output = CLI_CHECK_JSON;
        else if (cli_is_option(argv[i])) return cli_usage("check", "unknown option `%s`", argv[i]);
        else if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode)) collect(argv[i], &paths);
        else ch_array_push(&paths, ch_str_detach(ch_str_of(argv[i])));
    }
    if (paths.count == 0) return cli_usage("check", "there is nothing to check: name files or folders");
    unsigned errors = 0, warnings = 0;
    for (uint32_t i = 0; i < paths.count; i++) {
        ChSource *source = cli_read(paths.items[i]);
        if (source) errors += cli_check_source(source, output, &warnings);
        else errors++;
        ch_source_unref(source);
        ch_free(paths.items[i]);
    }
    if (output == CLI_CHECK_HUMAN && errors + warnings > 0) {
        fprintf(stderr, "%u error%s, %u warning%s in %u file%s\n", errors, errors == 1 ? "" : "s", warnings,
                warnings == 1 ? "" : "s", paths.count, paths.count == 1 ? "" : "s");
    }
    ch_array_release(&paths);
    return errors > 0 ? CLI_FAILED : CLI_OK;
}
