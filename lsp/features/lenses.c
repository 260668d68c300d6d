/* See lenses.h. */
#include "features/lenses.h"

static bool is_test(const ChNode *pipeline)
{
    if (ch_str_starts_with(pipeline->as.decl.name.text, CH_STR("test_")))
        return true;
    ChNodeList attributes = pipeline->as.decl.attributes;
    for (uint32_t i = 0; i < attributes.count; i++)
        if (ch_str_is(attributes.items[i]->as.attribute.name.text, "test"))
            return true;
    return false;
}

/* The pipeline with which a run begins: `default`, else the first. */
static const ChNode *entry_of(ChNodeList items)
{
    const ChNode *first = NULL;
    for (uint32_t i = 0; i < items.count; i++) {
        if (items.items[i]->kind != CH_NODE_PIPELINE)
            continue;
        if (ch_str_is(items.items[i]->as.decl.name.text, "default"))
            return items.items[i];
        first = first ? first : items.items[i];
    }
    return first;
}

static bool is_counted(ChNodeKind kind)
{
    return kind == CH_NODE_FN || kind == CH_NODE_TOOL || kind == CH_NODE_STRUCT || kind == CH_NODE_ENUM ||
           kind == CH_NODE_INTERFACE || kind == CH_NODE_TYPE_ALIAS;
}

void ch_lenses_of(const ChSnapshot *snapshot, ChLenses *lenses)
{
    if (!snapshot->tree)
        return;
    ChNodeList items = snapshot->tree->root->as.file.items;
    const ChNode *entry = entry_of(items);
    for (uint32_t i = 0; i < items.count; i++) {
        const ChNode *item = items.items[i];
        if (item->kind != CH_NODE_PIPELINE && !is_counted(item->kind))
            continue;
        ChName name = item->as.decl.name;
        if (!name.text.length)
            continue;
        if (item->kind == CH_NODE_PIPELINE && is_test(item)) {
            ch_array_push(lenses, (ChLens){CH_LENS_TEST, name.text, name.range});
        } else if (item == entry) {
            ch_array_push(lenses, (ChLens){CH_LENS_RUN, name.text, name.range});
            ch_array_push(lenses, (ChLens){CH_LENS_DEBUG, name.text, name.range});
        } else if (is_counted(item->kind)) {
            ch_array_push(lenses, (ChLens){CH_LENS_REFERENCES, name.text, name.range});
        }
    }
}
