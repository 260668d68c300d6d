/* See completion.h. Behind a dot come the members of the value's type; elsewhere the names that are visible at the place,
 * then the builtins, then the keywords. A name that the program declares hides the builtin of the same name. */
#include "features/completion.h"

#include "base/alloc.h"
#include "base/map.h"
#include "builtins/builtins.h"
#include "features/hover.h"
#include "syntax/syntax.h"

enum { NODE_PATH_MAX = 64 };

typedef struct Collector {
    const ChSnapshot *snapshot;
    ChCompletions *out;
    ChStr typed;  /* letters of the word before the cursor */
    ChMap names;  /* offered so far */
} Collector;

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Do the typed letters occur in the name, in order, whatever their case? */
static bool is_match(ChStr typed, ChStr name)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < name.length && at < typed.length; i++) {
        if (lower(name.data[i]) == lower(typed.data[at]))
            at++;
    }
    return at == typed.length;
}

/* Names with two underscores in front belong to the prelude: they are offered to who types them. */
static bool is_hidden(ChStr typed, ChStr name)
{
    return ch_str_starts_with(name, CH_STR("__")) && !ch_str_starts_with(typed, CH_STR("__"));
}

/* Adds an item unless the name is there already or does not fit. NULL then. */
static ChCompletion *add(Collector *collector, ChStr name, ChCompletionRank rank)
{
    ChCompletions *out = collector->out;
    if (!name.length || !is_match(collector->typed, name) || is_hidden(collector->typed, name))
        return NULL;
    bool is_new = false;
    ch_map_enter(&collector->names, name, &is_new);
    if (!is_new)
        return NULL;
    if (out->count == CH_COMPLETIONS_MAX) {
        out->is_cut = true;
        return NULL;
    }
    if (out->count == out->capacity) {
        out->capacity = out->capacity ? out->capacity * 2 : 64;
        out->items = ch_realloc_array(out->items, out->capacity, sizeof(*out->items));
    }
    ChCompletion *item = &out->items[out->count++];
    *item = (ChCompletion){.name = name, .rank = rank};
    return item;
}

static ChStr safe_doc(Collector *collector, ChStr doc)
{
    if (!doc.length)
        return doc;
    ChBuffer text = {0};
    ch_hover_add_doc(&text, doc, CH_HOVER_MARKDOWN);
    ChStr copy = ch_str_copy(&collector->out->arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return copy;
}

static ChStr detail_of(Collector *collector, const ChSignature *signature, const ChType *type)
{
    ChBuffer text = {0};
    if (signature)
        ch_signature_format(signature, &text);
    else if (type)
        ch_type_format(type, &text);
    ChStr copy = ch_str_copy(&collector->out->arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return copy;
}

static bool visit_symbol(void *data, const ChSymbol *symbol, uint32_t index)
{
    Collector *collector = data;
    ChCompletionRank rank = symbol->module         ? CH_COMPLETION_IMPORTED
                            : symbol->is_top_level ? CH_COMPLETION_FILE
                                                   : CH_COMPLETION_LOCAL;
    ChCompletion *item = add(collector, symbol->name, rank);
    if (item) {
        item->kind = symbol->kind;
        item->is_deprecated = symbol->is_deprecated;
        item->detail = detail_of(collector, symbol->signature, symbol->type);
        item->doc = safe_doc(collector, symbol->doc);
    }
    return true;
}

static bool visit_member(void *data, const ChMember *member)
{
    Collector *collector = data;
    ChCompletion *item = add(collector, member->name, member->builtin < 0 ? CH_COMPLETION_LOCAL : CH_COMPLETION_BUILTIN);
    if (!item)
        return true;
    item->kind = member->kind;
    if (member->builtin >= 0) {
        const ChBuiltinRow *row = &ch_builtin_rows[member->builtin];
        item->detail = ch_str_of(row->signature);
        item->doc = ch_str_of(row->doc);
    } else {
        item->detail = detail_of(collector, member->signature, member->type);
        item->doc = safe_doc(collector, member->doc);
    }
    return true;
}

static void add_builtins(Collector *collector, bool are_methods)
{
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if ((row->type >= 0) != are_methods)
            continue;
        ChCompletion *item = add(collector, ch_str_of(row->name), CH_COMPLETION_BUILTIN);
        if (!item)
            continue;
        item->kind = are_methods ? CH_SYMBOL_METHOD : CH_SYMBOL_FUNCTION;
        item->detail = ch_str_of(row->signature);
        item->doc = ch_str_of(row->doc);
    }
}

static void add_names(Collector *collector, uint32_t offset)
{
    ch_analysis_visible(collector->snapshot->analysis, offset, visit_symbol, collector);
    add_builtins(collector, false);
    for (const ChStr *word = ch_syntax_keywords(); word->length; word++)
        add(collector, *word, CH_COMPLETION_KEYWORD);
}

/* The outermost expression that ends where the dot (or `?.`) stands. */
static const ChNode *receiver_before(const ChTree *tree, uint32_t end)
{
    ChNode *path[NODE_PATH_MAX];
    uint32_t count = 0;
    if (end == 0)
        return NULL;
    ch_tree_node_at(tree, end - 1, path, NODE_PATH_MAX, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (path[i]->end == end && path[i]->kind != CH_NODE_FILE && path[i]->kind != CH_NODE_BLOCK &&
            path[i]->kind != CH_NODE_ERROR)
            return path[i];
    }
    return NULL;
}

static void add_members(Collector *collector, uint32_t receiver_end)
{
    const ChAnalysis *analysis = collector->snapshot->analysis;
    const ChNode *receiver = receiver_before(collector->snapshot->tree, receiver_end);
    if (receiver && receiver->kind == CH_NODE_IDENTIFIER) {
        uint32_t index = ch_analysis_symbol_of(analysis, receiver);
        if (index != CH_SYMBOL_NONE && ch_analysis_symbol(analysis, index)->kind == CH_SYMBOL_ENUM) {
            ch_analysis_static_members(analysis, index, visit_member, collector);
            return;
        }
    }
    const ChType *type = receiver ? ch_analysis_type_of(analysis, receiver) : NULL;
    if (type)
        ch_analysis_members(analysis, type, visit_member, collector);
    if (collector->names.count == 0)
        add_builtins(collector, true); /* nothing is known of the value: any method may be meant */
}

/* Is the offset inside a comment or the text of a string literal? */
static bool is_in_prose(const ChTree *tree, uint32_t offset)
{
    uint32_t low = 0;
    uint32_t high = tree->comment_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tree->comments[middle].range.end < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < tree->comment_count && tree->comments[low].range.start < offset)
        return true;
    if (offset == 0)
        return false;
    const ChNode *node = ch_tree_node_at(tree, offset - 1, NULL, 0, NULL);
    return node && node->kind == CH_NODE_STRING && !(node->flags & CH_FLAG_BARE_KEY) &&
           (offset < node->end || (node->flags & CH_FLAG_TEXT_PART));
}

void ch_completions_at(const ChSnapshot *snapshot, uint32_t offset, ChCompletions *completions)
{
    ch_arena_init(&completions->arena);
    ChStr text = snapshot->source->text;
    uint32_t start = offset;
    uint32_t end = offset;
    while (start > 0 && is_word_byte(text.data[start - 1]))
        start--;
    while (end < text.length && is_word_byte(text.data[end]))
        end++;
    completions->word = (ChRange){start, end};
    if (!snapshot->analysis || is_in_prose(snapshot->tree, offset))
        return;
    Collector collector = {.snapshot = snapshot, .out = completions, .typed = {text.data + start, offset - start}};
    bool is_range = start >= 2 && text.data[start - 1] == '.' && text.data[start - 2] == '.';
    if (start > 0 && text.data[start - 1] == '.' && !is_range) {
        uint32_t receiver_end = start - 1;
        if (receiver_end > 0 && text.data[receiver_end - 1] == '?')
            receiver_end--;
        add_members(&collector, receiver_end);
    } else if (!(collector.typed.length && collector.typed.data[0] >= '0' && collector.typed.data[0] <= '9')) {
        add_names(&collector, offset);
    }
    ch_map_release(&collector.names);
}

void ch_completions_release(ChCompletions *completions)
{
    ch_free(completions->items);
    ch_arena_release(&completions->arena);
    *completions = (ChCompletions){0};
}
