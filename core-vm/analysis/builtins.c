/* Builtins as the analysis sees them: rows by name, and their signatures, which are
 * written in Harn and read by the parser of user code when first needed. */
#include "builtins/builtins.h"

#include <pthread.h>

#include "analysis/analysis_int.h"
#include "syntax/syntax.h"

/* Values that the runtime puts into the file's scope. */
static const ChStr ambient_names[] = {
    CH_STR_INIT("argv"),    CH_STR_INIT("context"), CH_STR_INIT("task"),
    CH_STR_INIT("project"), CH_STR_INIT("harness"), CH_STR_INIT("Result"),
};

bool ch__name_is_ambient(ChStr name)
{
    for (size_t i = 0; i < sizeof ambient_names / sizeof *ambient_names; i++)
        if (ch_str_equal(name, ambient_names[i]))
            return true;
    return false;
}

int32_t ch__builtin_find(ChAnalysis *analysis, ChStr name)
{
    bool is_new;
    ChMapEntry *entry = ch_map_enter(&analysis->builtin_rows, name, &is_new);
    if (is_new)
        entry->value.number = ch_builtin_is_private(name) ? 1 : (uint32_t)(ch_builtin_find(name) + 2);
    return (int32_t)entry->value.number - 2;
}

/* The row's signature as a parsed `fn`; NULL when the row has none that is one. Kept for the life of the process, and
 * shared by all analyses. */
static const ChNode *parsed_signature(int32_t row)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static ChTree **trees;
    pthread_mutex_lock(&lock);
    if (!trees)
        trees = ch_alloc_zero(ch_builtin_count, sizeof *trees);
    if (!trees[row]) {
        ChBuffer text = {0};
        ch_buffer_printf(&text, "fn %s%s {}\n", ch_builtin_rows[row].name, ch_builtin_rows[row].signature);
        ChSource *source = ch_source_new(CH_STR("builtins"), ch_buffer_view(&text), NULL);
        ch_buffer_release(&text);
        trees[row] = ch_syntax_parse(source, NULL);
        ch_source_unref(source);
    }
    pthread_mutex_unlock(&lock);
    const ChNodeList *items = &trees[row]->root->as.file.items;
    bool is_fn = trees[row]->diagnostics.error_count == 0 && items->count == 1 && items->items[0]->kind == CH_NODE_FN;
    return is_fn ? items->items[0] : NULL;
}

const ChSignature *ch__builtin_signature(ChAnalysis *analysis, int32_t row)
{
    if (row < 0 || (uint32_t)row >= ch_builtin_count)
        return NULL;
    if (!analysis->builtin_parsed) {
        analysis->builtin_parsed = CH_ARENA_ARRAY(&analysis->arena, bool, ch_builtin_count);
        analysis->builtin_signatures =
            CH_ARENA_ARRAY(&analysis->arena, const ChSignature *, ch_builtin_count);
    }
    if (analysis->builtin_parsed[row])
        return analysis->builtin_signatures[row];
    analysis->builtin_parsed[row] = true;
    const ChBuiltinRow *builtin = &ch_builtin_rows[row];
    const ChNode *fn = parsed_signature(row);
    if (!fn)
        return NULL;
    ChSignature *signature;
    ch__declare_foreign(analysis, fn, &signature);
    signature->name = ch_str_of(builtin->name);
    signature->doc = ch_str_of(builtin->doc);
    analysis->builtin_signatures[row] = signature;
    return signature;
}
