// Questions to a session: the type of an expression, what is known about a name, how a word may go on.
#include <ctype.h>
#include <string.h>

#include "analysis/analysis.h"
#include "builtins/std.h"
#include "doc.h"
#include "repl/session_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

// ---- types --------------------------------------------------------------------------------------------------------------

static const ChNode *expression_of(const ChTree *tree) {
    const ChNodeList *items = &tree->root->as.file.items;
    if (items->count != 1 || ch_node_is_decl(items->items[0])) return NULL;
    switch (items->items[0]->kind) {
    case CH_NODE_IMPORT:
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST:
    case CH_NODE_ASSIGN: return NULL;
    default: return items->items[0];
    }
}

static const ChValue *value_of(const ReplSession *session, ChStr name) {
    int32_t slot = ch_module_slot(session->module, name);
    if (slot < 0 || session->module->slots[slot].tag == CH_TAG_ABSENT) return NULL;
    return &session->module->slots[slot];
}

static void describe_type(ReplSession *session, const ChAnalysis *analysis, const ChNode *node, ChBuffer *out) {
    const ChType *type = ch_analysis_type_of(analysis, node);
    const ChValue *value = node->kind == CH_NODE_IDENTIFIER ? value_of(session, node->as.name.name.text) : NULL;
    ch_type_format(type, out);
    if (!type && value) ch_buffer_printf(out, " (now %s)", ch_type_name(*value));
    ch_buffer_add_byte(out, '\n');
}

bool repl_session_type(ReplSession *session, ChStr expression, ChBuffer *out) {
    ChSource *source = ch_source_new(CH_STR("<type>"), expression, NULL);
    ChTree *tree = source ? ch_syntax_parse(source, NULL) : NULL;
    ChAnalysis *analysis = NULL;
    const ChDiagnosticList *list = tree ? &tree->diagnostics : NULL;
    if (tree && list->error_count == 0) {
        analysis = repl__analyse(session, tree, ch_session_entry(session->facts, source));
        list = ch_analysis_diagnostics(analysis);
    }
    const ChNode *node = tree ? expression_of(tree) : NULL;
    bool is_good = node && list->error_count == 0;
    if (is_good)
        describe_type(session, analysis, node, out);
    else if (!tree || list->error_count == 0)
        ch_buffer_add_text(out, "error: one expression is needed\n");
    else
        for (uint32_t i = 0; i < list->count; i++) ch_diagnostic_render(list->items[i], source, session->color, out);
    ch_analysis_unref(analysis);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return is_good;
}

// ---- documentation --------------------------------------------------------------------------------------------------------

static void add_indented(ChStr text, ChBuffer *out) {
    text = ch_str_trim(text);
    while (text.length > 0) {
        int64_t end = ch_str_find(text, CH_STR("\n"), 0);
        size_t length = end < 0 ? text.length : (size_t)end;
        ch_buffer_printf(out, "  %.*s\n", (int)length, text.data);
        text = end < 0 ? (ChStr){0} : ch_str_slice(text.data + end + 1, text.length - length - 1);
    }
}

static void add_symbol(const ChExport *item, ChBuffer *out) {
    const ChSymbol *symbol = ch_export_symbol(item);
    ch_symbol_describe(item->owner->analysis, item->symbol, out);
    ch_buffer_add_byte(out, '\n');
    add_indented(symbol->doc, out);
}

bool repl_session_doc(ReplSession *session, ChStr name, ChBuffer *out) {
    const ChExport *own = ch_module_find(ch_session_names(session->facts), name);
    if (own && !ch_str_starts_with(own->owner->key, CH_STR("std/"))) {
        add_symbol(own, out);
        return true;
    }
    if (!session->manual) {
        session->manual = ch_manual_new();
        ch_manual_add_all(session->manual, CH_MANUAL_PUBLIC);
    }
    ChBuffer full = {0}; // what was imported from the library is called what it is there
    if (own) ch_buffer_printf(&full, "%.*s.", CH_STR_ARG(own->owner->key));
    ch_buffer_add_str(&full, name);
    bool is_known = cli_doc_named(session->manual, ch_buffer_view(&full), &(CliDocOptions){.color = session->color}, out);
    ch_buffer_release(&full);
    if (is_known) return true;
    ChStr nearest = ch_manual_nearest(session->manual, name);
    ch_buffer_printf(out, "error: nothing is known about '%.*s'", CH_STR_ARG(name));
    if (nearest.length) ch_buffer_printf(out, " (did you mean '%.*s'?)", CH_STR_ARG(nearest));
    ch_buffer_add_byte(out, '\n');
    return false;
}

// ---- completion ------------------------------------------------------------------------------------------------------------

static bool is_word_byte(char c) { return isalnum((unsigned char)c) || c == '_'; }

// The value that names and dots lead to: nothing is evaluated.
static bool follow(const ReplSession *session, ChStr chain, ChValue *value) {
    int64_t dot = ch_str_find(chain, CH_STR("."), 0);
    const ChValue *root = value_of(session, dot < 0 ? chain : ch_str_slice(chain.data, (size_t)dot));
    if (!root) return false;
    *value = ch_retain(*root);
    while (dot >= 0) {
        chain = ch_str_slice(chain.data + dot + 1, chain.length - (size_t)dot - 1);
        dot = ch_str_find(chain, CH_STR("."), 0);
        ChStr name = dot < 0 ? chain : ch_str_slice(chain.data, (size_t)dot);
        uint32_t first = ch_view_indexed_count(*value), end = first + ch_view_named_count(*value);
        ChValue part = CH_NIL;
        ChBuffer text = {0};
        bool is_found = false;
        for (uint32_t i = first; i < end && !is_found; i++) {
            ch_buffer_clear(&text);
            if (!ch_view_part(*value, i, &text, &part)) break;
            is_found = ch_str_equal(ch_buffer_view(&text), name);
            if (!is_found) ch_release(part);
        }
        ch_buffer_release(&text);
        ch_release(*value);
        if (!is_found) return false;
        *value = part;
    }
    return true;
}

typedef struct Members {
    ChStr prefix;
    ChNameVisit visit;
    void *ud;
} Members;

static bool offer_member(void *data, const ChMember *member) {
    const Members *members = data;
    if (ch_str_starts_with(member->name, members->prefix)) members->visit(members->ud, member->name, CH_NAME_METHOD);
    return true;
}

// Behind an expression that is more than names and dots, its type tells the members.
static void complete_by_type(ReplSession *session, ChStr expression, Members *members) {
    ChSource *source = ch_source_new(CH_STR("<complete>"), expression, NULL);
    ChTree *tree = source ? ch_syntax_parse(source, NULL) : NULL;
    if (tree && tree->diagnostics.error_count == 0 && tree->root->as.file.items.count > 0) {
        const ChNodeList *items = &tree->root->as.file.items;
        const ChNode *node = items->items[items->count - 1];
        ChAnalysis *analysis = repl__analyse(session, tree, ch_session_entry(session->facts, source));
        uint32_t symbol = ch_analysis_symbol_of(analysis, node);
        if (symbol != CH_SYMBOL_NONE && ch_analysis_symbol(analysis, symbol)->kind == CH_SYMBOL_ENUM)
            ch_analysis_static_members(analysis, symbol, offer_member, members);
        else
            ch_analysis_members(analysis, ch_analysis_type_of(analysis, node), offer_member, members);
        ch_analysis_unref(analysis);
    }
    ch_tree_unref(tree);
    ch_source_unref(source);
}

static void complete_member(ReplSession *session, ChStr text, uint32_t dot, Members *members) {
    uint32_t from = dot;
    while (from > 0 && (is_word_byte(text.data[from - 1]) || text.data[from - 1] == '.')) from--;
    ChValue value;
    if (follow(session, ch_str_slice(text.data + from, dot - from), &value)) {
        ch_complete_parts(value, members->prefix, members->visit, members->ud);
        ch_release(value);
    } else {
        bool is_chain = from < dot && (from == 0 || text.data[from - 1] == ' ' || text.data[from - 1] == '(');
        complete_by_type(session, is_chain ? ch_str_slice(text.data + from, dot - from) : ch_str_slice(text.data, dot), members);
    }
}

// Behind an open quote, modules of the library.
static bool complete_module(ChStr text, uint32_t *start, ChNameVisit visit, void *ud) {
    int64_t quote = ch_str_find_last_byte(text, '"');
    ChStr typed = ch_str_slice(text.data + quote + 1, text.length - (size_t)(quote + 1));
    if (quote < 0 || !ch_str_starts_with(typed, CH_STR("std/"))) return false;
    *start = (uint32_t)quote + 1;
    ChBuffer name = {0};
    for (const ChEmbedded *module = ch_std_modules; module->name; module++) {
        ch_buffer_clear(&name);
        ch_buffer_printf(&name, "std/%s", module->name);
        if (ch_str_starts_with(ch_buffer_view(&name), typed)) visit(ud, ch_buffer_view(&name), CH_NAME_VARIABLE);
    }
    ch_buffer_release(&name);
    return true;
}

void repl_session_complete(ReplSession *session, ChStr text, uint32_t *start, ChNameVisit visit, void *ud) {
    if (complete_module(text, start, visit, ud)) return;
    uint32_t at = text.length;
    while (at > 0 && is_word_byte(text.data[at - 1])) at--;
    *start = at;
    Members members = {ch_str_slice(text.data + at, text.length - at), visit, ud};
    if (at > 0 && text.data[at - 1] == '.') {
        complete_member(session, text, at - 1, &members);
        return;
    }
    const ChModuleFacts *names = ch_session_names(session->facts);
    for (uint32_t i = 0; i < names->export_count; i++)
        if (ch_str_starts_with(names->exports[i].name, members.prefix)) visit(ud, names->exports[i].name, CH_NAME_VARIABLE);
    ch_complete_words(members.prefix, visit, ud);
}
