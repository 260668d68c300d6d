/* What editors ask for again and again, made once: references in order of place and by
 * symbol, the outline, semantic tokens. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis_int.h"
#include "builtins/builtins.h"

/* ---- references ----------------------------------------------------------------------- */

static int compare_references(const void *a, const void *b)
{
    const ChReference *x = a, *y = b;
    if (x->range.start != y->range.start)
        return x->range.start < y->range.start ? -1 : 1;
    if (x->range.end != y->range.end)
        return x->range.end < y->range.end ? -1 : 1;
    return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

static void sort_references(ChAnalysis *analysis)
{
    uint32_t count = analysis->references.count, symbols = analysis->symbols.count;
    if (count > 0)
        qsort(analysis->references.items, count, sizeof *analysis->references.items,
              compare_references);
    analysis->reference_starts = ch_alloc_zero((size_t)symbols + 2, sizeof(uint32_t));
    analysis->reference_order = ch_alloc_zero((size_t)count + 1, sizeof(uint32_t));
    uint32_t *starts = analysis->reference_starts;
    for (uint32_t i = 0; i < count; i++)
        starts[analysis->references.items[i].symbol + 2]++;
    for (uint32_t i = 2; i < symbols + 2; i++)
        starts[i] += starts[i - 1];
    for (uint32_t i = 0; i < count; i++)
        analysis->reference_order[starts[analysis->references.items[i].symbol + 1]++] = i;
}

/* ---- outline ------------------------------------------------------------------------------ */

typedef struct Outliner {
    ChAnalysis *analysis;
    uint32_t depth;
} Outliner;

static bool is_listed(const ChAnalysis *analysis, const ChNode *node)
{
    uint32_t index = analysis->node_symbols[node->id];
    if (index >= analysis->symbols.count || analysis->symbols.items[index].node != node)
        return false;
    switch (node->kind) {
    case CH_NODE_FN:
    case CH_NODE_TOOL:
    case CH_NODE_PIPELINE:
    case CH_NODE_SKILL:
    case CH_NODE_EVAL_PACK:
    case CH_NODE_STRUCT:
    case CH_NODE_ENUM:
    case CH_NODE_INTERFACE:
    case CH_NODE_INTERFACE_METHOD:
    case CH_NODE_TYPE_ALIAS:
    case CH_NODE_STRUCT_FIELD:
    case CH_NODE_ENUM_VARIANT: return true;
    case CH_NODE_PATTERN_NAME:
    case CH_NODE_PATTERN_FIELD:
    case CH_NODE_PATTERN_ELEMENT:
        /* Variables of the file; those of functions would drown it. */
        return analysis->symbols.items[index].is_top_level;
    default: return false;
    }
}

static ChWalk enter_outline(ChNode *node, void *data)
{
    Outliner *outliner = data;
    if (is_listed(outliner->analysis, node)) {
        ch_array_push(&outliner->analysis->outline,
                      (ChOutlineItem){outliner->analysis->node_symbols[node->id],
                                      outliner->depth});
        outliner->depth++;
    }
    switch (node->kind) {
    case CH_NODE_FILE:
    case CH_NODE_BLOCK:
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST:
    case CH_NODE_PATTERN_DICT:
    case CH_NODE_PATTERN_LIST:
    case CH_NODE_FN:
    case CH_NODE_TOOL:
    case CH_NODE_PIPELINE:
    case CH_NODE_IMPL:
    case CH_NODE_STRUCT:
    case CH_NODE_ENUM:
    case CH_NODE_INTERFACE:
    case CH_NODE_IF:
    case CH_NODE_TRY: return CH_WALK_INTO;
    default: return CH_WALK_OVER;
    }
}

static void leave_outline(ChNode *node, void *data)
{
    Outliner *outliner = data;
    if (is_listed(outliner->analysis, node))
        outliner->depth--;
}

/* ---- tokens --------------------------------------------------------------------------------- */

static void add_token(ChAnalysis *analysis, ChRange range, ChTokenKind kind, uint32_t modifiers)
{
    if (range.end > range.start)
        ch_array_push(&analysis->tokens, (ChToken){range, kind, modifiers});
}

static ChTokenKind token_of(const ChSymbol *symbol)
{
    switch (symbol->kind) {
    case CH_SYMBOL_PARAMETER: return CH_TOKEN_PARAMETER;
    case CH_SYMBOL_FUNCTION:
    case CH_SYMBOL_PIPELINE:
    case CH_SYMBOL_TOOL: return CH_TOKEN_FUNCTION;
    case CH_SYMBOL_METHOD: return CH_TOKEN_METHOD;
    case CH_SYMBOL_STRUCT: return CH_TOKEN_STRUCT;
    case CH_SYMBOL_ENUM: return CH_TOKEN_ENUM;
    case CH_SYMBOL_VARIANT: return CH_TOKEN_ENUM_MEMBER;
    case CH_SYMBOL_INTERFACE: return CH_TOKEN_INTERFACE;
    case CH_SYMBOL_TYPE_ALIAS: return CH_TOKEN_TYPE;
    case CH_SYMBOL_TYPE_PARAMETER: return CH_TOKEN_TYPE_PARAMETER;
    case CH_SYMBOL_FIELD: return CH_TOKEN_PROPERTY;
    case CH_SYMBOL_MODULE: return CH_TOKEN_NAMESPACE;
    default: return CH_TOKEN_VARIABLE;
    }
}

static void tokens_of_references(ChAnalysis *analysis)
{
    for (uint32_t i = 0; i < analysis->references.count; i++) {
        const ChReference *reference = &analysis->references.items[i];
        const ChSymbol *symbol = &analysis->symbols.items[reference->symbol];
        uint32_t modifiers = 0;
        bool is_variable = symbol->kind == CH_SYMBOL_VARIABLE ||
                           symbol->kind == CH_SYMBOL_CONSTANT ||
                           symbol->kind == CH_SYMBOL_PARAMETER;
        if (reference->flags & CH_REFERENCE_DECLARATION)
            modifiers |= CH_TOKEN_DECLARATION;
        if (reference->flags & CH_REFERENCE_WRITE)
            modifiers |= CH_TOKEN_MODIFICATION;
        if (is_variable && !symbol->is_mutable)
            modifiers |= CH_TOKEN_READONLY;
        if (symbol->is_deprecated)
            modifiers |= CH_TOKEN_DEPRECATED;
        add_token(analysis, reference->range, token_of(symbol), modifiers);
    }
}

/* Names that are no symbols of the file: builtins, builtin types, properties. */
static ChWalk enter_token(ChNode *node, void *data)
{
    ChAnalysis *analysis = data;
    bool has_symbol = analysis->node_symbols[node->id] != CH_SYMBOL_NONE;
    switch (node->kind) {
    case CH_NODE_IDENTIFIER:
        if (!has_symbol && ch__builtin_find(analysis, node->as.name.name.text) >= 0)
            add_token(analysis, node->as.name.name.range, CH_TOKEN_FUNCTION,
                      CH_TOKEN_DEFAULT_LIBRARY);
        else if (!has_symbol)
            add_token(analysis, node->as.name.name.range, CH_TOKEN_VARIABLE, 0);
        break;
    case CH_NODE_TYPE_NAME:
        if (!has_symbol)
            add_token(analysis, node->as.name.name.range, CH_TOKEN_TYPE, CH_TOKEN_DEFAULT_LIBRARY);
        break;
    case CH_NODE_TYPE_GENERIC:
        if (!has_symbol)
            add_token(analysis, node->as.type_generic.name.range, CH_TOKEN_TYPE,
                      CH_TOKEN_DEFAULT_LIBRARY);
        break;
    case CH_NODE_METHOD_CALL:
        if (!has_symbol)
            add_token(analysis, node->as.method_call.name.range, CH_TOKEN_METHOD, 0);
        break;
    case CH_NODE_MEMBER:
        if (!has_symbol)
            add_token(analysis, node->as.member.name.range, CH_TOKEN_PROPERTY, 0);
        break;
    case CH_NODE_STRING:
        if (node->flags & CH_FLAG_BARE_KEY)
            add_token(analysis, ch_node_range(node), CH_TOKEN_PROPERTY, 0);
        break;
    case CH_NODE_TYPE_FIELD:
        add_token(analysis, node->as.field.name.range, CH_TOKEN_PROPERTY, 0);
        break;
    case CH_NODE_NAMED_VALUE:
        add_token(analysis, node->as.named_value.name.range, CH_TOKEN_PROPERTY, 0);
        break;
    case CH_NODE_PATTERN_FIELD:
        if (node->as.pattern_item.key.range.start != node->as.pattern_item.name.range.start)
            add_token(analysis, node->as.pattern_item.key.range, CH_TOKEN_PROPERTY, 0);
        break;
    case CH_NODE_ATTRIBUTE:
        add_token(analysis, node->as.attribute.name.range, CH_TOKEN_DECORATOR, 0);
        return CH_WALK_OVER;
    default: break;
    }
    return CH_WALK_INTO;
}

static int compare_tokens(const void *a, const void *b)
{
    const ChToken *x = a, *y = b;
    if (x->range.start != y->range.start)
        return x->range.start < y->range.start ? -1 : 1;
    return x->range.end < y->range.end ? -1 : x->range.end > y->range.end;
}

/* In order, each place once, nothing overlapping: what a client can be sent. */
static void sort_tokens(ChAnalysis *analysis)
{
    uint32_t count = analysis->tokens.count, kept = 0, end = 0;
    if (count == 0)
        return;
    qsort(analysis->tokens.items, count, sizeof *analysis->tokens.items, compare_tokens);
    for (uint32_t i = 0; i < count; i++) {
        ChToken token = analysis->tokens.items[i];
        if (token.range.start < end)
            continue;
        end = token.range.end;
        analysis->tokens.items[kept++] = token;
    }
    analysis->tokens.count = kept;
}

static void build_index(ChAnalysis *analysis)
{
    sort_references(analysis);
    if (analysis->self)
        return;
    Outliner outliner = {.analysis = analysis};
    ch_node_walk(analysis->tree->root, enter_outline, leave_outline, &outliner);
    tokens_of_references(analysis);
    ch_node_walk(analysis->tree->root, enter_token, NULL, analysis);
    sort_tokens(analysis);
}

void ch__index_need(const ChAnalysis *analysis)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (atomic_load_explicit(&analysis->is_indexed, memory_order_acquire))
        return;
    pthread_mutex_lock(&lock);
    /* The analysis is immutable but for this: a cache, made under the lock. */
    ChAnalysis *mutable = (ChAnalysis *)(uintptr_t)analysis;
    if (!mutable->is_indexed)
        build_index(mutable);
    atomic_store_explicit(&mutable->is_indexed, true, memory_order_release);
    pthread_mutex_unlock(&lock);
}

const ChOutlineItem *ch_analysis_outline(const ChAnalysis *analysis, uint32_t *count)
{
    ch__index_need(analysis);
    *count = analysis->outline.count;
    return analysis->outline.items;
}

const ChToken *ch_analysis_tokens(const ChAnalysis *analysis, uint32_t *count)
{
    ch__index_need(analysis);
    *count = analysis->tokens.count;
    return analysis->tokens.items;
}

const ChTypeHint *ch_analysis_hints(const ChAnalysis *analysis, uint32_t *count)
{
    *count = analysis->hints.count;
    return analysis->hints.items;
}
