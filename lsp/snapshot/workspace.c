/* See workspace.h. */
#include "snapshot/workspace.h"

#include "base/alloc.h"
#include "base/path.h"
#include "builtins/std.h"
#include "snapshot/disk.h"

enum { IMPORTS_MAX = 4096 };

static void drop_sources(ChWorkspace *workspace)
{
    for (uint32_t i = 0; i < workspace->open_sources.count; i++)
        ch_source_unref(workspace->open_sources.entries[i].value.pointer);
    ch_map_clear(&workspace->open_sources);
}

static void drop_changed_paths(ChWorkspace *workspace)
{
    for (uint32_t i = 0; i < workspace->changed_path_count; i++)
        ch_free(workspace->changed_paths[i]);
    ch_free(workspace->changed_paths);
    workspace->changed_paths = NULL;
    workspace->changed_path_count = 0;
}

static void drop_roots(ChWorkspace *workspace)
{
    for (uint32_t i = 0; i < workspace->root_count; i++)
        ch_free(workspace->roots[i]);
    workspace->root_count = 0;
}

void ch_workspace_release(ChWorkspace *workspace)
{
    drop_sources(workspace);
    ch_map_release(&workspace->open_sources);
    drop_changed_paths(workspace);
    drop_roots(workspace);
    if (workspace->graph)
        ch_module_graph_free(workspace->graph);
    *workspace = (ChWorkspace){0};
}

static void take_changed_paths(ChWorkspace *workspace, ChSession *session)
{
    drop_changed_paths(workspace);
    workspace->changed_paths = session->changed_paths;
    workspace->changed_path_count = session->changed_path_count;
    workspace->is_all_changed = session->is_all_changed;
    session->changed_paths = NULL;
    session->changed_path_count = session->changed_path_capacity = 0;
    session->is_all_changed = false;
}

void ch_workspace_capture(ChWorkspace *workspace, ChSession *session)
{
    drop_roots(workspace);
    for (uint32_t i = 0; i < session->root_count; i++)
        workspace->roots[workspace->root_count++] = ch_str_detach(ch_str_of(session->roots[i]));
    if (workspace->revision == session->revision_last)
        return;
    workspace->revision = session->revision_last;
    drop_sources(workspace);
    for (uint32_t i = 0; i < session->document_count; i++) {
        ChDocument *document = session->documents[i];
        if (!document->uri.path || !document->is_harn || document->is_lost)
            continue;
        ChSource *source = ch_source_ref(ch_session_source(document));
        ch_map_set_pointer(&workspace->open_sources, source->path, source);
    }
}

void ch_workspace_update(ChWorkspace *workspace, ChSession *session)
{
    take_changed_paths(workspace, session);
    ch_workspace_capture(workspace, session);
    for (uint32_t i = 0; i < session->document_count; i++)
        session->documents[i]->is_path_noted = false;
}

static ChSource *open_text(void *data, ChStr path)
{
    const ChWorkspace *workspace = data;
    ChSource *source = ch_map_get_pointer(&workspace->open_sources, path);
    return source ? ch_source_ref(source) : ch_disk_read(workspace->roots, workspace->root_count, path);
}

void ch_workspace_begin(ChWorkspace *workspace)
{
    if (workspace->graph && workspace->is_all_changed) {
        ch_module_graph_free(workspace->graph);
        workspace->graph = NULL;
    }
    if (!workspace->graph) {
        ChModuleLoader loader = {
            .std_text = ch_std_source, .open_text = open_text, .is_disk_closed = true, .data = workspace};
        workspace->graph = ch_module_graph_new(&loader);
    }
    for (uint32_t i = 0; i < workspace->changed_path_count; i++)
        ch_module_graph_forget(workspace->graph, ch_str_of(workspace->changed_paths[i]));
}

typedef struct Closure {
    ChWorkspace *workspace;
    ChMap seen; /* module key to ChModuleFacts */
} Closure;

static void add_imports(Closure *closure, const ChTree *tree)
{
    ChNodeList items = tree->root->as.file.items;
    for (uint32_t i = 0; i < items.count && closure->seen.count < IMPORTS_MAX; i++) {
        if (items.items[i]->kind != CH_NODE_IMPORT)
            continue;
        ChStr path = items.items[i]->as.import.path.text;
        ChModuleFacts *module = ch_module_graph_find(closure->workspace->graph, tree->source->path, path);
        if (module)
            ch_map_set_pointer(&closure->seen, module->key, module);
    }
}

char **ch_workspace_imports_of(ChWorkspace *workspace, const ChTree *tree, uint32_t *count)
{
    Closure closure = {.workspace = workspace};
    add_imports(&closure, tree);
    for (uint32_t i = 0; i < closure.seen.count; i++) {
        const ChModuleFacts *module = closure.seen.entries[i].value.pointer;
        if (module->analysis)
            add_imports(&closure, ch_analysis_tree(module->analysis));
    }
    char **keys = ch_alloc_zero(closure.seen.count + 1, sizeof(*keys));
    *count = 0;
    for (uint32_t i = 0; i < closure.seen.count; i++) {
        if (ch_path_is_absolute(closure.seen.entries[i].key))
            keys[(*count)++] = ch_str_detach(closure.seen.entries[i].key);
    }
    ch_map_release(&closure.seen);
    return keys;
}
