/* Finding and reading modules.
 *
 * An import path means, in this order: the embedded module std/NAME; a file beside the
 * importing one, `.harn` being added when there is no such file; a module of a package
 * (packages.h).
 *
 * Modules that were read together form a set and are freed together: they may import
 * each other, so single reference counts could not free them. */
#include "analysis/module.h"

#include <unistd.h>

#include "analysis/analysis_int.h"
#include "analysis/manifest.h"
#include "analysis/packages.h"
#include "base/limits.h"
#include "base/path.h"
#include "syntax/syntax.h"

typedef struct ChModuleSet {
    int ref_count;
    ChArena arena;
    ChMap modules; /* by key */
} ChModuleSet;

struct ChModuleGraph {
    ChModuleLoader loader;
    ChModuleSet *set;
    uint32_t depth; /* of the chain of imports being read */
};

/* ---- sets ------------------------------------------------------------------------------- */

static ChModuleSet *new_set(void)
{
    ChModuleSet *set = ch_alloc_zero(1, sizeof *set);
    set->ref_count = 1;
    ch_arena_init(&set->arena);
    return set;
}

static void unref_set(ChModuleSet *set)
{
    if (__atomic_sub_fetch(&set->ref_count, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (uint32_t i = 0; i < set->modules.count; i++) {
        ChModuleFacts *module = set->modules.entries[i].value.pointer;
        if (!module)
            continue;
        ch_analysis_unref(module->analysis);
        ch_source_unref(module->source);
        ch_map_release(&module->exports_by_name);
        ch_free(module->exports);
    }
    ch_map_release(&set->modules);
    ch_arena_release(&set->arena);
    ch_free(set);
}

ChModuleFacts *ch_module_ref(ChModuleFacts *module)
{
    __atomic_add_fetch(&module->set->ref_count, 1, __ATOMIC_RELAXED);
    return module;
}

void ch_module_unref(ChModuleFacts *module)
{
    if (module)
        unref_set(module->set);
}

ChModuleGraph *ch_module_graph_new(const ChModuleLoader *loader)
{
    ChModuleGraph *graph = ch_alloc_zero(1, sizeof *graph);
    if (loader)
        graph->loader = *loader;
    graph->set = new_set();
    return graph;
}

void ch_module_graph_free(ChModuleGraph *graph)
{
    if (!graph)
        return;
    unref_set(graph->set);
    ch_free(graph);
}

void ch_module_graph_forget(ChModuleGraph *graph, ChStr path)
{
    if (!ch_map_find(&graph->set->modules, path))
        return;
    unref_set(graph->set);
    graph->set = new_set();
}

/* ---- exports ----------------------------------------------------------------------------- */

const ChExport *ch_module_find(const ChModuleFacts *module, ChStr name)
{
    uint32_t number = ch_map_get_number(&module->exports_by_name, name, 0);
    return number ? &module->exports[number - 1] : NULL;
}

const ChSymbol *ch_export_symbol(const ChExport *item)
{
    return ch_analysis_symbol(item->owner->analysis, item->symbol);
}

typedef CH_ARRAY_OF(ChExport) Exports;

static void add_export(ChModuleFacts *module, Exports *exports, ChExport item)
{
    bool is_new;
    ChMapEntry *entry = ch_map_enter(&module->exports_by_name, item.name, &is_new);
    if (!is_new)
        return;
    ch_array_push(exports, item);
    entry->value.number = exports->count;
}

static bool is_exported(const ChSymbol *symbol, bool all_functions)
{
    switch (symbol->kind) {
    case CH_SYMBOL_INTERFACE:
    case CH_SYMBOL_TYPE_ALIAS: return true;
    case CH_SYMBOL_FUNCTION: return symbol->is_pub || all_functions;
    case CH_SYMBOL_TYPE_PARAMETER:
    case CH_SYMBOL_PARAMETER: return false;
    default: return symbol->is_pub;
    }
}

/* What `pub` marks; without a single `pub fn`, every function. Then what `pub import`
 * hands on. */
static void collect_exports(ChModuleFacts *module)
{
    const ChAnalysis *analysis = module->analysis;
    Exports exports = {0};
    bool has_pub_fn = false;
    module->is_complete = analysis->tree->diagnostics.error_count == 0;
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        const ChSymbol *symbol = &analysis->symbols.items[i];
        has_pub_fn |= symbol->is_top_level && !symbol->module && symbol->is_pub &&
                      symbol->kind == CH_SYMBOL_FUNCTION &&
                      (!symbol->node || symbol->node->kind == CH_NODE_FN);
    }
    for (uint32_t i = 0; i < analysis->symbols.count; i++) {
        const ChSymbol *symbol = &analysis->symbols.items[i];
        if (!symbol->is_top_level || !symbol->node)
            continue;
        if (symbol->node->kind == CH_NODE_IMPORT_NAME) {
            if (symbol->is_pub && symbol->module)
                add_export(module, &exports,
                           (ChExport){symbol->name, symbol->origin_symbol, symbol->module});
            else if (symbol->is_pub)
                module->is_complete = false;
        } else if (is_exported(symbol, !has_pub_fn)) {
            add_export(module, &exports, (ChExport){symbol->name, i, module});
        }
    }
    const ChNodeList *items = &analysis->tree->root->as.file.items;
    for (uint32_t n = 0; n < items->count; n++) {
        const ChNode *node = items->items[n];
        bool hands_on = node->kind == CH_NODE_IMPORT && (node->flags & CH_FLAG_PUB) &&
                        !(node->flags & CH_FLAG_SELECTIVE);
        if (!hands_on)
            continue;
        const ChModuleFacts *from = NULL;
        for (uint32_t m = 0; m < analysis->module_count; m++)
            if (analysis->import_nodes[m] == node)
                from = analysis->modules[m];
        module->is_complete &= from && from->is_complete;
        for (uint32_t e = 0; from && e < from->export_count; e++)
            add_export(module, &exports, from->exports[e]);
    }
    module->exports = exports.items;
    module->export_count = exports.count;
}

/* ---- sessions ------------------------------------------------------------------------------ */

struct ChSessionFacts {
    ChModuleSet *set; /* one module per text, and the one below */
    ChModuleFacts *names;
    Exports exports; /* of `names` */
};

static ChModuleFacts *add_to_set(ChModuleSet *set, ChStr key, ChSource *source)
{
    ChModuleFacts *module = CH_ARENA_NEW(&set->arena, ChModuleFacts);
    module->key = ch_str_copy(&set->arena, key);
    module->source = source ? ch_source_ref(source) : NULL;
    module->set = set;
    module->is_complete = true;
    ch_map_set_pointer(&set->modules, module->key, module);
    return module;
}

ChSessionFacts *ch_session_new(void)
{
    ChSessionFacts *session = ch_alloc_zero(1, sizeof *session);
    session->set = new_set();
    session->names = add_to_set(session->set, CH_STR("<session>"), NULL);
    return session;
}

void ch_session_free(ChSessionFacts *session)
{
    if (!session)
        return;
    unref_set(session->set);
    ch_free(session);
}

const ChModuleFacts *ch_session_names(const ChSessionFacts *session)
{
    return session->names;
}

ChModuleFacts *ch_session_entry(ChSessionFacts *session, ChSource *source)
{
    ChArena arena;
    ch_arena_init(&arena);
    ChStr key = ch_str_format(&arena, "%.*s#%u", CH_STR_ARG(source->path), session->set->modules.count);
    ChModuleFacts *entry = add_to_set(session->set, key, source);
    ch_arena_release(&arena);
    return entry;
}

/* The newest of a name is the one that counts. */
static void set_export(ChSessionFacts *session, ChExport item)
{
    ch_array_push(&session->exports, item);
    ch_map_enter(&session->names->exports_by_name, item.name, NULL)->value.number = session->exports.count;
    session->names->exports = session->exports.items;
    session->names->export_count = session->exports.count;
}

static bool is_value(const ChSymbol *symbol)
{
    switch (symbol->kind) {
    case CH_SYMBOL_INTERFACE:
    case CH_SYMBOL_TYPE_ALIAS:
    case CH_SYMBOL_ENUM: return false;
    default: return true;
    }
}

const ChStr *ch_session_wildcard_names(const ChAnalysis *analysis, ChArena *arena, uint32_t *count)
{
    uint32_t room = 0;
    for (uint32_t m = 0; m < analysis->module_count; m++)
        room += analysis->modules[m]->export_count;
    ChStr *names = CH_ARENA_ARRAY(arena, ChStr, room + 1);
    *count = 0;
    for (uint32_t m = 0; m < analysis->module_count; m++) {
        const ChModuleFacts *from = analysis->modules[m];
        if (analysis->import_nodes[m]->flags & CH_FLAG_SELECTIVE)
            continue;
        for (uint32_t e = 0; e < from->export_count; e++)
            if (is_value(ch_export_symbol(&from->exports[e])))
                names[(*count)++] = from->exports[e].name;
    }
    return names;
}

static void add_methods_to(ChAnalysis *owner, ChTypeDecl *decl, const ChAnalysis *from, const ChTypeDecl *methods)
{
    for (uint32_t m = 0; decl && m < methods->method_count; m++)
        ch__decl_add_method(owner, decl, ch_type_import_signature(owner->importer, &from->types, methods->methods[m]));
}

/* Methods for types of earlier texts join the types' own, and those of the copies that other texts have of them. */
static void add_methods(const ChSessionFacts *session, const ChAnalysis *analysis)
{
    for (uint32_t i = 0; i < analysis->impl_methods.count; i++) {
        const ChMapEntry *entry = &analysis->impl_methods.entries[i];
        const ChTypeDecl *methods = entry->value.pointer;
        const ChExport *item = methods ? ch_module_find(session->names, entry->key) : NULL;
        if (!item)
            continue;
        add_methods_to(item->owner->analysis, (ChTypeDecl *)ch_export_symbol(item)->decl, analysis, methods);
        for (uint32_t m = 0; m < session->set->modules.count; m++) {
            const ChModuleFacts *other = session->set->modules.entries[m].value.pointer;
            if (other && other->analysis)
                add_methods_to(other->analysis, ch_type_importer_copy(other->analysis->importer, item->owner, item->symbol),
                               analysis, methods);
        }
    }
}

void ch_session_accept(ChSessionFacts *session, ChModuleFacts *entry, ChAnalysis *take_analysis)
{
    entry->analysis = take_analysis;
    add_methods(session, take_analysis);
    for (uint32_t m = 0; m < take_analysis->module_count; m++) {
        const ChNode *node = take_analysis->import_nodes[m];
        const ChModuleFacts *from = take_analysis->modules[m];
        if (node->flags & CH_FLAG_SELECTIVE)
            continue;
        for (uint32_t e = 0; e < from->export_count; e++)
            set_export(session, from->exports[e]);
    }
    for (uint32_t i = 0; i < take_analysis->symbols.count; i++) {
        const ChSymbol *symbol = &take_analysis->symbols.items[i];
        if (!symbol->is_top_level || !symbol->node)
            continue;
        if (symbol->module)
            set_export(session, (ChExport){symbol->name, symbol->origin_symbol, symbol->module});
        else
            set_export(session, (ChExport){symbol->name, i, entry});
    }
}

/* ---- reading ------------------------------------------------------------------------------ */

static ChSource *read_module(ChModuleGraph *graph, ChStr key)
{
    const ChModuleLoader *loader = &graph->loader;
    if (ch_str_starts_with(key, CH_STR("std/"))) {
        ChStr text;
        ChStr name = ch_str_slice(key.data + 4, key.length - 4);
        if (!loader->std_text || !loader->std_text(name, &text))
            return NULL;
        return ch_source_new(key, text, NULL);
    }
    ChSource *source = loader->open_text ? loader->open_text(loader->data, key) : NULL;
    if (!source && !loader->is_disk_closed)
        source = ch_source_read(key, NULL);
    return source;
}

static ChModuleFacts *load(ChModuleGraph *graph, ChStr key)
{
    ChModuleSet *set = graph->set;
    ChMapEntry *entry = ch_map_find(&set->modules, key);
    if (entry)
        return entry->value.pointer;
    if (graph->depth >= CH_IMPORT_DEPTH_MAX)
        return NULL;
    key = ch_str_copy(&set->arena, key);
    ch_map_set_pointer(&set->modules, key, NULL);
    ChTree *tree = graph->loader.open_tree ? graph->loader.open_tree(graph->loader.data, key) : NULL;
    ChSource *source = tree ? ch_source_ref(tree->source) : read_module(graph, key);
    if (!source)
        return NULL;
    ChModuleFacts *module = CH_ARENA_NEW(&set->arena, ChModuleFacts);
    module->key = key;
    module->source = source;
    module->set = set;
    /* In the map before its own imports are read: a cycle meets it without exports. */
    ch_map_set_pointer(&set->modules, key, module);
    graph->depth++;
    if (!tree)
        tree = ch_syntax_parse(source, NULL);
    ChAnalysisOptions options = {.import = ch_module_graph_import,
                                 .data = graph,
                                 .declarations_only = true,
                                 .self = module};
    module->analysis = ch_analysis_run(tree, &options);
    ch_tree_unref(tree);
    graph->depth--;
    collect_exports(module);
    return module;
}

/* ---- paths ---------------------------------------------------------------------------------- */

/* The normalised path of a file, or empty. The disk is asked as it stands: `gone/../x` is none where there is no `gone`. */
static ChStr existing(ChModuleGraph *graph, ChArena *arena, ChStr path)
{
    ChStr normal = ch_path_normalize(arena, path);
    if (ch__is_file(path) && (ch_str_equal(path, normal) || ch__is_file(normal)))
        return normal;
    ChSource *source =
        graph->loader.open_text ? graph->loader.open_text(graph->loader.data, normal) : NULL;
    ch_source_unref(source);
    return source ? normal : (ChStr){0};
}

static ChStr with_suffix(ChArena *arena, ChStr path, const char *suffix)
{
    return ch_str_format(arena, "%.*s%s", CH_STR_ARG(path), suffix);
}

static ChStr absolute(ChArena *arena, ChStr path)
{
    char folder[4096];
    if (!ch_path_is_absolute(path) && getcwd(folder, sizeof folder))
        path = ch_path_join(arena, ch_str_of(folder), path);
    return ch_path_normalize(arena, path);
}

ChStr ch_module_resolve(ChModuleGraph *graph, ChArena *arena, ChStr importer, ChStr path)
{
    if (ch_str_starts_with(path, CH_STR("std/"))) {
        ChStr text, name = ch_str_slice(path.data + 4, path.length - 4);
        bool found = graph->loader.std_text &&
                     graph->loader.std_text(name, &text);
        return found ? ch_str_copy(arena, path) : (ChStr){0};
    }
    ChStr folder = ch_path_folder(absolute(arena, importer));
    ChStr beside = ch_path_join(arena, folder, path), found = existing(graph, arena, beside);
    if (found.length == 0 && ch_path_extension(beside).length == 0)
        found = existing(graph, arena, with_suffix(arena, beside, ".harn"));
    if (found.length > 0)
        return found;
    return ch_package_find(arena, folder, path);
}

ChModuleFacts *ch_module_graph_find(ChModuleGraph *graph, ChStr importer, ChStr path)
{
    ChArena arena;
    ch_arena_init(&arena);
    ChStr key = ch_module_resolve(graph, &arena, importer, path);
    ChModuleFacts *module = key.length > 0 ? load(graph, key) : NULL;
    ch_arena_release(&arena);
    return module;
}

ChModuleFacts *ch_module_graph_import(void *graph, const ChTree *tree, ChStr path)
{
    return ch_module_graph_find(graph, tree->source->path, path);
}
