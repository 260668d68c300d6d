/* An analysis as a whole: made pass by pass, counted, asked for its parts. */
#include "analysis/analysis.h"

#include "analysis/analysis_int.h"

const char *ch_symbol_kind_title(ChSymbolKind kind)
{
    static const char *const titles[] = {
#define CH_SYMBOL_KIND(name, title) title,
#include "analysis/symbol_kinds.def"
#undef CH_SYMBOL_KIND
    };
    return kind < CH_SYMBOL_KIND_COUNT ? titles[kind] : "";
}

ChAnalysis *ch_analysis_run(ChTree *tree, const ChAnalysisOptions *options)
{
    static const ChAnalysisOptions plain = {0};
    if (!options)
        options = &plain;
    ChAnalysis *analysis = ch_alloc_zero(1, sizeof *analysis);
    analysis->ref_count = 1;
    ch_arena_init(&analysis->arena);
    analysis->tree = ch_tree_ref(tree);
    analysis->self = options->self;
    ch_type_store_init(&analysis->types, &analysis->arena);
    analysis->importer = ch_type_importer_new(&analysis->types);
    ch_diagnostics_init(&analysis->diagnostics, &analysis->arena);
    analysis->node_symbols = ch_alloc_zero(tree->node_count, sizeof *analysis->node_symbols);
    analysis->node_types = ch_alloc_zero(tree->node_count, sizeof *analysis->node_types);

    bool is_done = ch__names_resolve(analysis, options);
    if (is_done) {
        ch__declare_all(analysis);
        is_done = options->declarations_only || ch__check_bodies(analysis, options);
    }
    if (!is_done) {
        ch_analysis_unref(analysis);
        return NULL;
    }
    if (options->looks_at_disk && !options->before_run)
        ch__check_templates(analysis);
    ch_diagnostics_sort(&analysis->diagnostics);
    return analysis;
}

ChAnalysis *ch_analysis_ref(ChAnalysis *analysis)
{
    __atomic_add_fetch(&analysis->ref_count, 1, __ATOMIC_RELAXED);
    return analysis;
}

void ch_analysis_unref(ChAnalysis *analysis)
{
    if (!analysis || __atomic_sub_fetch(&analysis->ref_count, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ch_array_release(&analysis->symbols);
    ch_array_release(&analysis->scopes);
    ch_array_release(&analysis->references);
    ch_array_release(&analysis->outline);
    ch_array_release(&analysis->tokens);
    ch_array_release(&analysis->hints);
    ch_array_release(&analysis->unresolved);
    for (uint32_t i = 0; i < analysis->templates.count; i++)
        ch_source_unref(analysis->templates.items[i]);
    ch_array_release(&analysis->templates);
    ch_free(analysis->reference_order);
    ch_free(analysis->reference_starts);
    ch_free(analysis->node_symbols);
    ch_free(analysis->node_types);
    ch_map_release(&analysis->all_names);
    ch_map_release(&analysis->imported);
    ch_map_release(&analysis->impl_methods);
    ch_map_release(&analysis->builtin_rows);
    ch_diagnostics_release(&analysis->diagnostics);
    ch_type_importer_free(analysis->importer);
    ch_type_store_release(&analysis->types);
    if (!analysis->self)
        for (uint32_t i = 0; i < analysis->module_count; i++)
            ch_module_unref(analysis->modules[i]);
    ch_free(analysis->modules);
    ch_free(analysis->import_nodes);
    ch_tree_unref(analysis->tree);
    ch_arena_release(&analysis->arena);
    ch_free(analysis);
}

const ChTree *ch_analysis_tree(const ChAnalysis *analysis)
{
    return analysis->tree;
}

const ChDiagnosticList *ch_analysis_diagnostics(const ChAnalysis *analysis)
{
    return &analysis->diagnostics;
}

const ChSymbol *ch_analysis_symbols(const ChAnalysis *analysis, uint32_t *count)
{
    *count = analysis->symbols.count;
    return analysis->symbols.items;
}

const ChSymbol *ch_analysis_symbol(const ChAnalysis *analysis, uint32_t index)
{
    return &analysis->symbols.items[index];
}

const ChReference *ch_analysis_references(const ChAnalysis *analysis, uint32_t *count)
{
    ch__index_need(analysis);
    *count = analysis->references.count;
    return analysis->references.items;
}

const uint32_t *ch_analysis_references_of(const ChAnalysis *analysis, uint32_t symbol,
                                          uint32_t *count)
{
    ch__index_need(analysis);
    uint32_t start = analysis->reference_starts[symbol];
    *count = analysis->reference_starts[symbol + 1] - start;
    return analysis->reference_order + start;
}

const ChScope *ch_analysis_scopes(const ChAnalysis *analysis, uint32_t *count)
{
    *count = analysis->scopes.count;
    return analysis->scopes.items;
}

uint32_t ch_analysis_symbol_of(const ChAnalysis *analysis, const ChNode *node)
{
    uint32_t index = analysis->node_symbols[node->id];
    return index < analysis->symbols.count ? index : CH_SYMBOL_NONE;
}

const ChType *ch_analysis_type_of(const ChAnalysis *analysis, const ChNode *node)
{
    return analysis->node_types[node->id];
}

ChStaticKind ch_analysis_static_kind(const ChAnalysis *analysis, const ChNode *node)
{
    const ChTypeStore *types = &analysis->types;
    const ChType *type = analysis->node_types[node->id];
    if (!type)
        return CH_STATIC_UNKNOWN;
    switch (type->kind) {
    case CH_TYPE_STRING: return CH_STATIC_STRING;
    case CH_TYPE_INT: return CH_STATIC_INT;
    case CH_TYPE_LIST: return CH_STATIC_LIST;
    case CH_TYPE_DICT: return CH_STATIC_DICT;
    case CH_TYPE_NAME:
        return type == types->int_     ? CH_STATIC_INT
               : type == types->float_ ? CH_STATIC_FLOAT
               : type == types->bool_  ? CH_STATIC_BOOL
               : type == types->string ? CH_STATIC_STRING
               : type == types->list   ? CH_STATIC_LIST
               : type == types->dict   ? CH_STATIC_DICT
               : type == types->nil    ? CH_STATIC_NIL
                                       : CH_STATIC_UNKNOWN;
    default: return CH_STATIC_UNKNOWN;
    }
}

bool ch_analysis_imports_resolved(const ChAnalysis *analysis)
{
    return analysis->imports_resolved;
}
