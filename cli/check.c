// charn check, and the check before a run.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/module.h"
#include "analysis/report.h"
#include "base/alloc.h"
#include "base/path.h"
#include "builtins/std.h"
#include "cli.h"
#include "diagnose.h"
#include "files.h"
#include "syntax/syntax.h"

#include "base/banned.h"

ChTree *cli_diagnose(ChSource *source, int descriptor, bool *is_silent) {
    ChReport report;
    ch_report_make(source, CH_REPORT_BEFORE_RUN, ch_std_source, &report);
    ChBuffer text = {0};
    ch_report_render(&report, source, ch_color_mode_of(descriptor), &text);
    cli_write(descriptor, &text);
    ch_buffer_release(&text);
    if (is_silent) *is_silent = report.list.count == 0;
    ChTree *tree = report.list.error_count == 0 ? ch_tree_ref(report.tree) : NULL;
    ch_report_release(&report);
    return tree;
}

// ---- many files at once
//
// Reading and parsing, then names and types, are done by a few threads, file by file. Between the two the imported
// modules are read in the order of the files, by one thread: modules that import each other see of one another what this
// order says, so that a check finds the same whatever the threads do.

typedef struct Item {
    ChStr key; // absolute path, as modules are known by
    ChSource *source;
    ChTree *tree;      // until it is analysed
    ChBuffer findings; // as they are printed
    uint32_t errors, warnings;
} Item;

typedef struct Batch {
    Item *items;
    uint32_t count;
    ChArena arena;
    ChMap by_key; // to the item
    ChModuleGraph *graph;
    pthread_mutex_t graph_lock;
    void (*step)(struct Batch *batch, Item *item);
    atomic_uint next;
    bool is_loading; // the modules: the trees of items belong to one thread
    bool is_json;
    ChColorMode color;
} Batch;

static void *work(void *data) {
    Batch *batch = data;
    for (;;) {
        uint32_t index = atomic_fetch_add(&batch->next, 1);
        if (index >= batch->count) return NULL;
        batch->step(batch, &batch->items[index]);
    }
}

static void for_each_item(Batch *batch, void (*step)(Batch *batch, Item *item)) {
    enum { HELPERS_MAX = 15 };
    pthread_t helpers[HELPERS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = cores > 1 ? (uint32_t)cores - 1 : 0, started = 0;
    if (wanted > HELPERS_MAX) wanted = HELPERS_MAX;
    if (wanted >= batch->count) wanted = batch->count ? batch->count - 1 : 0;
    batch->step = step;
    atomic_store(&batch->next, 0);
    while (started < wanted && pthread_create(&helpers[started], NULL, work, batch) == 0) started++;
    work(batch);
    for (uint32_t i = 0; i < started; i++) pthread_join(helpers[i], NULL);
}

static void parse_item(Batch *batch, Item *item) {
    if (item->source) item->tree = ch_syntax_parse(item->source, NULL);
}

static ChModuleFacts *import_locked(void *data, const ChTree *tree, ChStr path) {
    Batch *batch = data;
    pthread_mutex_lock(&batch->graph_lock);
    ChModuleFacts *module = ch_module_graph_import(batch->graph, tree, path);
    pthread_mutex_unlock(&batch->graph_lock);
    return module;
}

static void analyse_item(Batch *batch, Item *item) {
    ChReport report;
    if (!item->tree) return;
    ch_report_make_parsed(item->tree, CH_REPORT_CHECK, import_locked, batch, &report);
    item->tree = NULL;
    item->errors = report.list.error_count;
    item->warnings = report.list.warning_count;
    if (!batch->is_json) ch_report_render(&report, item->source, batch->color, &item->findings);
    for (uint32_t d = 0; batch->is_json && d < report.list.count; d++) {
        ch_diagnostic_render_json(report.list.items[d], item->source, &item->findings);
        ch_buffer_add_byte(&item->findings, '\n');
    }
    ch_report_release(&report);
}

static ChTree *tree_of_module(void *data, ChStr path) {
    const Batch *batch = data;
    const Item *item = batch->is_loading ? ch_map_get_pointer(&batch->by_key, path) : NULL;
    return item && item->tree ? ch_tree_ref(item->tree) : NULL;
}

static void load_imports(Batch *batch, const ChTree *tree) {
    if (tree->diagnostics.error_count > 0) return;
    const ChNodeList *items = &tree->root->as.file.items;
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *node = items->items[i];
        if (node->kind == CH_NODE_IMPORT && node->as.import.path.text.length > 0)
            ch_module_graph_import(batch->graph, tree, node->as.import.path.text);
    }
}

// False when some of the files cannot be read.
static bool read_items(Batch *batch, const CliFiles *files) {
    bool can_read = true;
    char folder[4096];
    ChStr here = getcwd(folder, sizeof folder) ? ch_str_of(folder) : (ChStr){0};
    ch_arena_init(&batch->arena);
    batch->items = ch_alloc_zero((size_t)files->count + 1, sizeof *batch->items);
    batch->count = files->count;
    for (uint32_t i = 0; i < files->count; i++) {
        Item *item = &batch->items[i];
        item->source = cli_read(files->items[i]);
        can_read &= item->source != NULL;
        if (strcmp(files->items[i], "-") == 0) continue;
        ChStr path = ch_str_of(files->items[i]);
        item->key = ch_path_normalize(&batch->arena, ch_path_is_absolute(path) ? path : ch_path_join(&batch->arena, here, path));
        ch_map_set_pointer(&batch->by_key, item->key, item);
    }
    return can_read;
}

static void check_items(Batch *batch) {
    pthread_mutex_init(&batch->graph_lock, NULL);
    batch->graph = ch_module_graph_new(
        &(ChModuleLoader){.std_text = ch_std_source, .open_tree = tree_of_module, .data = batch});
    for_each_item(batch, parse_item);
    batch->is_loading = true;
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->items[i].tree) load_imports(batch, batch->items[i].tree);
    batch->is_loading = false;
    for_each_item(batch, analyse_item);
}

static void release_items(Batch *batch) {
    for (uint32_t i = 0; i < batch->count; i++) {
        ch_buffer_release(&batch->items[i].findings);
        ch_source_unref(batch->items[i].source);
    }
    ch_free(batch->items);
    ch_map_release(&batch->by_key);
    ch_module_graph_free(batch->graph);
    pthread_mutex_destroy(&batch->graph_lock);
    ch_arena_release(&batch->arena);
}

int cli_check(int argc, char **argv) {
    bool is_json = false;
    uint32_t errors = 0, warnings = 0;
    CliFiles list = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            is_json = true;
        else if (argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0)
            return cli_unknown_option("check", argv[i]);
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1]) cli_files_add(&list, argv[i]);
    }
    uint32_t files = list.count;
    Batch batch = {.is_json = is_json, .color = ch_color_mode_of(STDERR_FILENO)};
    bool can_read = read_items(&batch, &list);
    check_items(&batch);
    for (uint32_t i = 0; i < batch.count; i++) {
        const Item *item = &batch.items[i];
        errors += item->errors;
        warnings += item->warnings;
        cli_write(is_json ? STDOUT_FILENO : STDERR_FILENO, &item->findings);
    }
    release_items(&batch);
    cli_files_release(&list);
    if (!files) return cli_usage_error("check", "no file given");
    if (is_json) {
        printf("{\"files\":%u,\"errors\":%u,\"warnings\":%u}\n", files, errors, warnings);
        fflush(stdout);
    } else if (can_read && !errors && !warnings)
        printf("%u file%s checked: no errors\n", files, files == 1 ? "" : "s");
    else if (can_read)
        printf("%u file%s checked: %u error%s, %u warning%s\n", files, files == 1 ? "" : "s", errors,
               errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    return errors || !can_read ? CLI_FAILED : CLI_OK;
}
