/* Gathering the manual from the tables and the modules. */
#include "manual/manual.h"

#include <ctype.h>
#include <string.h>

#include "analysis/module.h"
#include "base/path.h"
#include "builtins/builtins.h"
#include "builtins/std.h"
#include "lint/lint.h"
#include "manual/manual_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

ChManual *ch_manual_new(void) {
    ChManual *manual = ch_alloc_zero(1, sizeof *manual);
    ch_arena_init(&manual->arena);
    return manual;
}

void ch_manual_free(ChManual *manual) {
    if (!manual) return;
    ch_array_release(&manual->pages);
    ch_array_release(&manual->items);
    ch_arena_release(&manual->arena);
    ch_free(manual);
}

/* Letters, digits, '_', '-' and '.' stay, other bytes become numbers; a second item of the same title on the last page (the
 * minus of one side and of two) gets a number behind it. */
static ChStr anchor_of(ChManual *manual, ChStr title) {
    ChBuffer out = {0};
    for (uint32_t i = 0; i < title.length; i++) {
        unsigned char c = (unsigned char)title.data[i];
        if (isalnum(c) || c == '_' || c == '-' || c == '.')
            ch_buffer_add_byte(&out, (char)c);
        else
            ch_buffer_printf(&out, "x%02x", c);
    }
    uint32_t same = 0;
    for (uint32_t i = ch_array_last(&manual->pages).first; i < manual->items.count; i++)
        same += ch_str_equal(manual->items.items[i].title, title);
    if (same) ch_buffer_printf(&out, "-%u", same + 1);
    ChStr anchor = ch_str_copy(&manual->arena, ch_buffer_view(&out));
    ch_buffer_release(&out);
    return anchor;
}

static ChManualPage *add_page(ChManual *manual, const char *part, const char *prefix, ChStr key, ChStr title) {
    ChStr file = ch_str_format(&manual->arena, "%s%.*s", prefix, CH_STR_ARG(key));
    for (uint32_t i = 0; i < file.length; i++)
        if (!isalnum((unsigned char)file.data[i]) && file.data[i] != '_') ((char *)file.data)[i] = '-';
    ch_array_push(&manual->pages, (ChManualPage){
                                      .file = file,
                                      .key = ch_str_copy(&manual->arena, key),
                                      .title = ch_str_copy(&manual->arena, title),
                                      .part = part,
                                      .first = manual->items.count,
                                  });
    return &ch_array_last(&manual->pages);
}

/* Adds an item to the last page. */
static ChManualItem *add_item(ChManual *manual, const char *kind, ChStr name, ChStr title, const char *doc) {
    ChStr anchor = anchor_of(manual, title); // looks at the items before
    ch_array_push(&manual->items, (ChManualItem){
                                      .kind = kind,
                                      .name = name,
                                      .title = title,
                                      .anchor = anchor,
                                      .doc = ch_str_of(doc),
                                      .page = manual->pages.count - 1,
                                  });
    ch_array_last(&manual->pages).count++;
    return &ch_array_last(&manual->items);
}

/* ---- builtins ---- */


static ChStr tag_text(int tag) {
    static const ChStr texts[] = {
#define X(name, text) CH_STR_INIT(text),
        CH_TAGS(X)
#undef X
    };
    return texts[tag];
}

static void add_row(ChManual *manual, const ChBuiltinRow *row, ChManualScope scope) {
    bool is_internal = row->name[0] == '_' && row->name[1] == '_';
    if (is_internal && scope != CH_MANUAL_INTERNAL) return;
    bool is_method = row->type >= 0, is_constant = row->type == CH_ROW_CONSTANT;
    ChStr name = ch_str_of(row->name);
    if (is_method) name = ch_str_format(&manual->arena, "%.*s.%s", CH_STR_ARG(tag_text(row->type)), row->name);
    ChManualItem *item = add_item(manual, is_method ? "method" : is_constant ? "constant" : "function", name,
                                  ch_str_of(row->name), row->doc);
    item->code = is_constant ? ch_str_format(&manual->arena, "const %s: %s", row->name, row->signature)
                             : ch_str_format(&manual->arena, "fn %s%s", row->name, row->signature);
    if (!is_constant) item->signature = ch_str_of(row->signature);
    item->example = ch_str_of(row->example);
    item->effects = row->effects;
    item->has_effects = true;
    item->is_internal = is_internal;
}

static void add_functions(ChManual *manual, ChManualScope scope) {
    uint32_t row = 0;
    const ChBuiltinFamily *family;
    for (uint32_t f = 0; (family = ch_builtin_family(f)); f++) {
        add_page(manual, "Functions", "functions-", ch_str_of(family->name), ch_str_of(family->title));
        for (uint32_t end = row + family->count; row < end; row++)
            if (ch_builtin_rows[row].type < 0) add_row(manual, &ch_builtin_rows[row], scope);
        if (ch_array_last(&manual->pages).count == 0) manual->pages.count--;
    }
}

static void add_methods(ChManual *manual, ChManualScope scope) {
    for (int tag = 0; tag < CH_TAG_COUNT; tag++) {
        add_page(manual, "Methods", "methods-", tag_text(tag),
                 ch_str_format(&manual->arena, "Methods of %.*s", CH_STR_ARG(tag_text(tag))));
        for (uint32_t row = 0; row < ch_builtin_count; row++)
            if (ch_builtin_rows[row].type == tag) add_row(manual, &ch_builtin_rows[row], scope);
        if (ch_array_last(&manual->pages).count == 0) manual->pages.count--;
    }
}

/* ---- modules ---- */

/* The declaration as it is written: a function up to its body, a type as a whole, a value up to its value. */
static ChStr declaration_code(ChManual *manual, const ChSymbol *symbol, const ChSource *source, ChStr *signature) {
    const ChNode *node = symbol->node, *body = NULL;
    if (node->kind == CH_NODE_FN) body = node->as.fn.body;
    if (node->kind == CH_NODE_TOOL) body = node->as.tool.body;
    if (node->kind == CH_NODE_PIPELINE) body = node->as.pipeline.body;
    uint32_t end = body ? body->start : node->end;
    bool is_value = node->kind == CH_NODE_LET || node->kind == CH_NODE_VAR || node->kind == CH_NODE_CONST;
    if (is_value && node->as.binding.value) {
        end = node->as.binding.value->end;
        int64_t line = ch_str_find(source->text, CH_STR("\n"), node->start);
        if (line >= 0 && (uint32_t)line < end) end = (uint32_t)line;
    }
    if (body) {
        *signature = ch_str_trim(ch_source_text(source, (ChRange){symbol->range.end, end}));
        *signature = ch_str_copy(&manual->arena, *signature);
    }
    return ch_str_copy(&manual->arena, ch_str_trim(ch_source_text(source, (ChRange){node->start, end})));
}

static void add_export(ChManual *manual, const ChExport *item, ChStr module) {
    const ChSymbol *symbol = ch_export_symbol(item);
    if (!symbol->node) return;
    ChStr title = ch_str_copy(&manual->arena, item->name);
    ChStr name = ch_str_format(&manual->arena, "%.*s.%.*s", CH_STR_ARG(module), CH_STR_ARG(title));
    ChManualItem *entry = add_item(manual, ch_symbol_kind_title(symbol->kind), name, title, "");
    entry->code = declaration_code(manual, symbol, item->owner->source, &entry->signature);
    entry->doc = ch_str_copy(&manual->arena, symbol->doc);
}

static void add_module(ChManual *manual, const ChModuleFacts *module, ChStr name, const char *prefix) {
    ChManualPage *page = add_page(manual, "Modules", prefix, name, name);
    page->doc = ch_str_copy(&manual->arena, ch_analysis_tree(module->analysis)->doc);
    for (uint32_t i = 0; i < module->export_count; i++)
        add_export(manual, &module->exports[i], ch_array_last(&manual->pages).key);
}

static void add_std(ChManual *manual) {
    ChModuleGraph *graph = ch_module_graph_new(&(ChModuleLoader){.std_text = ch_std_source});
    for (const ChEmbedded *module = ch_std_modules; module->name; module++) {
        ChStr name = ch_str_format(&manual->arena, "std/%s", module->name);
        const ChModuleFacts *facts = ch_module_graph_find(graph, CH_STR("manual.harn"), name);
        if (facts) add_module(manual, facts, name, "");
    }
    ch_module_graph_free(graph);
}

bool ch_manual_add_file(ChManual *manual, ChStr path) {
    ChModuleGraph *graph = ch_module_graph_new(&(ChModuleLoader){.std_text = ch_std_source});
    ChStr import = ch_str_format(&manual->arena, "./%.*s", CH_STR_ARG(ch_path_name(path)));
    const ChModuleFacts *facts = ch_module_graph_find(graph, path, import);
    bool is_good = facts && ch_analysis_tree(facts->analysis)->diagnostics.error_count == 0;
    if (is_good) {
        ChStr name = ch_path_name(path);
        name.length -= ch_path_extension(name).length;
        add_module(manual, facts, name, "module-");
    }
    ch_module_graph_free(graph);
    return is_good;
}

/* ---- the language ---- */

typedef struct Word {
    const char *text, *doc;
} Word;

static void add_words(ChManual *manual, const char *kind, const Word *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        ChStr name = ch_str_of(words[i].text);
        ChManualItem *item = add_item(manual, kind, name, name, words[i].doc);
        if (strcmp(kind, "attribute") == 0) item->alias = ch_str_format(&manual->arena, "@%.*s", CH_STR_ARG(name));
    }
}

#define ADD_WORDS(manual, key, title, kind, words)                                                                     \
    do {                                                                                                               \
        add_page(manual, "Language", "", CH_STR(key), CH_STR(title));                                                  \
        add_words(manual, kind, words, sizeof words / sizeof *words);                                           \
    } while (0)

static void add_language(ChManual *manual) {
    static const Word keywords[] = {
#define CH_KEYWORD(text, is_reserved, doc) {text, doc},
#include "syntax/keywords.def"
#undef CH_KEYWORD
    };
    static const Word operators[] = {
#define CH_OPERATOR(name, text, doc) {text, doc},
#include "syntax/operators.def"
#undef CH_OPERATOR
    };
    static const Word attributes[] = {
#define CH_ATTRIBUTE(name, targets, doc) {#name, doc},
#include "analysis/attributes.def"
#undef CH_ATTRIBUTE
    };
    static const Word types[] = {
#define CH_TYPE_NAME_ROW(name, doc) {#name, doc},
#include "analysis/type_names.def"
#undef CH_TYPE_NAME_ROW
    };
    ADD_WORDS(manual, "keywords", "Keywords", "keyword", keywords);
    ADD_WORDS(manual, "operators", "Operators", "operator", operators);
    ADD_WORDS(manual, "attributes", "Attributes", "attribute", attributes);
    ADD_WORDS(manual, "types", "Types", "type", types);
}

static void add_diagnostics(ChManual *manual) {
    add_page(manual, "Diagnostics", "", CH_STR("codes"), CH_STR("Codes of errors and warnings"));
    for (uint32_t i = 0; ch_code_at(i); i++) {
        ChStr code = ch_str_of(ch_code_at(i));
        add_item(manual, "code", code, code, ch_code_explain(code));
    }
    add_page(manual, "Diagnostics", "", CH_STR("lint"), CH_STR("Rules of the linter"));
    for (ChLintRule rule = 0; rule < CH_LINT_RULE_COUNT; rule++) {
        const ChLintRuleInfo *info = ch_lint_rule(rule);
        ChManualItem *item = add_item(manual, "rule", ch_str_of(info->name), ch_str_of(info->name), info->doc);
        item->alias = ch_str_of(info->code);
    }
}

void ch_manual_add_all(ChManual *manual, ChManualScope scope) {
    add_functions(manual, scope);
    add_methods(manual, scope);
    add_std(manual);
    add_language(manual);
    add_diagnostics(manual);
}

/* ---- finding ---- */

bool ch_manual_is_named(const ChManualItem *item, ChStr name) {
    if (ch_str_equal(item->name, name) || (item->alias.length && ch_str_equal(item->alias, name))) return true;
    if (name.length > 1 && name.data[0] == '.') {
        if (strcmp(item->kind, "method") != 0) return false;
        name = ch_str_slice(name.data + 1, name.length - 1);
    }
    return ch_str_equal(item->title, name);
}

static void offer(ChStr name, ChStr candidate, ChStr *best, uint32_t *distance) {
    uint32_t found = candidate.length ? ch_str_distance(name, candidate, *distance) : UINT32_MAX;
    if (found >= *distance) return;
    *best = candidate;
    *distance = found;
}

ChStr ch_manual_nearest(const ChManual *manual, ChStr name) {
    ChStr best = {0};
    uint32_t distance = name.length <= 3 ? 2 : name.length <= 8 ? 3 : 4;
    for (uint32_t i = 0; i < manual->items.count; i++) {
        offer(name, manual->items.items[i].name, &best, &distance);
        offer(name, manual->items.items[i].title, &best, &distance);
        offer(name, manual->items.items[i].alias, &best, &distance);
    }
    for (uint32_t i = 0; i < manual->pages.count; i++) offer(name, manual->pages.items[i].key, &best, &distance);
    return best;
}

/* ---- texts ---- */

void ch__manual_add_effects(uint32_t effects, const char *separator, ChBuffer *out) {
    static const struct {
        uint32_t bit;
        const char *text;
    } names[] = {
        {CH_EFFECT_CLOCK, "clock"},           {CH_EFFECT_RANDOM, "random"},         {CH_EFFECT_READ_FILES, "reads files"},
        {CH_EFFECT_WRITE_FILES, "writes files"}, {CH_EFFECT_PROCESS, "processes"},  {CH_EFFECT_NETWORK, "network"},
        {CH_EFFECT_ENVIRONMENT, "environment"},  {CH_EFFECT_OUTPUT, "output"},      {CH_EFFECT_INPUT, "input"},
        {CH_EFFECT_STATE, "state"},              {CH_EFFECT_WAITS, "waits"},        {CH_EFFECT_MODEL, "model"},
    };
    bool is_first = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(effects & names[i].bit)) continue;
        if (!is_first) ch_buffer_add_text(out, separator);
        ch_buffer_add_text(out, names[i].text);
        is_first = false;
    }
}

ChStr ch__manual_summary(ChStr doc) {
    uint32_t end = 0;
    while (end < doc.length && doc.data[end] != '\n') {
        if (doc.data[end++] == '.' && (end == doc.length || doc.data[end] == ' ')) break;
    }
    return ch_str_slice(doc.data, end);
}

/* The next line without its line end, or false at the end. */
static bool next_line(ChStr *rest, ChStr *line) {
    if (!rest->length) return false;
    int64_t end = ch_str_find(*rest, CH_STR("\n"), 0);
    uint32_t stop = end < 0 ? rest->length : (uint32_t)end;
    uint32_t next = end < 0 ? stop : stop + 1;
    *line = ch_str_slice(rest->data, stop);
    *rest = ch_str_slice(rest->data + next, rest->length - next);
    return true;
}

static bool is_fence(ChStr line) { return ch_str_starts_with(ch_str_trim(line), CH_STR("```")); }
static bool is_item(ChStr line) {
    ChStr text = ch_str_trim(line);
    return ch_str_starts_with(text, CH_STR("- ")) || ch_str_starts_with(text, CH_STR("* "));
}

bool ch__prose_next(ChStr *rest, ChProse *block) {
    ChStr line, ahead;
    do {
        if (!next_line(rest, &line)) return false;
    } while (!ch_str_trim(line).length);
    if (is_fence(line)) {
        const char *start = rest->data, *end = start;
        while (next_line(rest, &line) && !is_fence(line)) end = line.data + line.length;
        *block = (ChProse){CH_PROSE_CODE, ch_str_slice(start, (size_t)(end - start))};
        return true;
    }
    *block = (ChProse){is_item(line) ? CH_PROSE_ITEM : CH_PROSE_PARAGRAPH, ch_str_trim(line)};
    if (block->kind == CH_PROSE_ITEM) block->text = ch_str_slice(block->text.data + 2, block->text.length - 2);
    for (ahead = *rest; next_line(&ahead, &line) && ch_str_trim(line).length && !is_fence(line) && !is_item(line); *rest = ahead)
        block->text.length = (uint32_t)(line.data + line.length - block->text.data);
    return true;
}

bool ch__prose_span(ChStr *rest, ChStr *span, bool *is_code) {
    if (!rest->length) return false;
    int64_t end = rest->data[0] == '`' ? ch_str_find(*rest, CH_STR("`"), 1) : -1;
    *is_code = end > 1;
    uint32_t stop = *is_code ? (uint32_t)end + 1 : 1;
    while (!*is_code && stop < rest->length && rest->data[stop] != '`') stop++;
    *span = *is_code ? ch_str_slice(rest->data + 1, stop - 2) : ch_str_slice(rest->data, stop);
    *rest = ch_str_slice(rest->data + stop, rest->length - stop);
    return true;
}
