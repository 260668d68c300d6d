/* See hints.h. A parameter's name is shown where an argument does not tell by itself what it is for: before literals, of
 * calls that have more than one parameter. */
#include "features/hints.h"

#include <stdlib.h>

#include "builtins/builtins.h"
#include "features/signature.h"

typedef struct Collector {
    const ChSnapshot *snapshot;
    ChRange range;
    ChHints *hints;
} Collector;

static bool tells_little(const ChNode *argument)
{
    switch (argument->kind) {
    case CH_NODE_NIL:
    case CH_NODE_BOOL:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_DURATION:
    case CH_NODE_STRING:
        return true;
    default:
        return false;
    }
}

static void add_parameters(Collector *collector, ChRange name, const ChNodeList *args)
{
    ChSignatureHelp help = {0};
    bool is_wanted = false;
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind == CH_NODE_SPREAD)
            return;
        is_wanted |= tells_little(args->items[i]);
    }
    if (!is_wanted || !ch_signature_help_at(collector->snapshot, name.end + 1, &help))
        return;
    ChStr label = ch_buffer_view(&help.label);
    for (uint32_t i = 0; i < args->count && i < help.param_count && help.param_count > 1; i++) {
        const ChNode *argument = args->items[i];
        ChStr param = ch_str_slice(label.data + help.params[i].start, help.params[i].end - help.params[i].start);
        if (ch_str_starts_with(param, CH_STR("...")))
            break;
        if (!tells_little(argument) || argument->start < collector->range.start || argument->start > collector->range.end)
            continue;
        uint32_t length = 0;
        while (length < param.length && param.data[length] != ':' && param.data[length] != ' ')
            length++;
        ChStr text = ch_str_format(&collector->hints->arena, "%.*s:", (int)length, param.data);
        ch_array_push(&collector->hints->list, (ChHint){argument->start, text, true});
    }
    ch_buffer_release(&help.label);
}

static ChWalk enter(ChNode *node, void *data)
{
    Collector *collector = data;
    if (node->end < collector->range.start || node->start > collector->range.end)
        return CH_WALK_OVER;
    if (node->kind == CH_NODE_CALL && node->as.call.callee && node->as.call.callee->kind == CH_NODE_IDENTIFIER &&
        node->as.call.type_args.count == 0)
        add_parameters(collector, node->as.call.callee->as.name.name.range, &node->as.call.args);
    else if (node->kind == CH_NODE_METHOD_CALL && node->as.method_call.type_args.count == 0)
        add_parameters(collector, node->as.method_call.name.range, &node->as.method_call.args);
    return CH_WALK_INTO;
}

static int by_offset(const void *a, const void *b)
{
    const ChHint *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

void ch_hints_in(const ChSnapshot *snapshot, ChRange range, ChHints *hints)
{
    *hints = (ChHints){0};
    ch_arena_init(&hints->arena);
    if (!snapshot->analysis)
        return;
    uint32_t count = 0;
    const ChTypeHint *types = ch_analysis_hints(snapshot->analysis, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (types[i].offset < range.start || types[i].offset > range.end)
            continue;
        ChStr text = ch_str_format(&hints->arena, ": %.*s", CH_STR_ARG(ch_type_text(&hints->arena, types[i].type)));
        ch_array_push(&hints->list, (ChHint){types[i].offset, text, false});
    }
    Collector collector = {snapshot, range, hints};
    ch_node_walk(snapshot->tree->root, enter, NULL, &collector);
    if (hints->list.count)
        qsort(hints->list.items, hints->list.count, sizeof(*hints->list.items), by_offset);
}

void ch_hints_release(ChHints *hints)
{
    ch_array_release(&hints->list);
    ch_arena_release(&hints->arena);
}
