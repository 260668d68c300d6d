/* Questions of an editor about one place. */
#include "analysis/analysis_int.h"
#include "builtins/builtins.h"

/* ---- what is here --------------------------------------------------------------------- */

/* The last reference that begins at or before the offset and reaches it. */
static const ChReference *reference_at(const ChAnalysis *analysis, uint32_t offset)
{
    ch__index_need(analysis);
    uint32_t low = 0, high = analysis->references.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (analysis->references.items[middle].range.start <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    /* References do not nest; those of one place (shorthand) stand together. */
    for (uint32_t i = low, tries = 0; i > 0 && tries < 4; i--, tries++) {
        const ChReference *reference = &analysis->references.items[i - 1];
        if (offset <= reference->range.end && reference->range.end > reference->range.start)
            return reference;
    }
    return NULL;
}

static bool covers(ChRange range, uint32_t offset)
{
    return range.end > range.start && range.start <= offset && offset <= range.end;
}

static const ChNode *receiver_of(const ChNode *node)
{
    return node->kind == CH_NODE_METHOD_CALL ? node->as.method_call.object
                                             : node->as.member.object;
}

static void describe_name(const ChAnalysis *analysis, const ChNode *node, ChName name,
                          ChOccurrence *occurrence)
{
    /* Rows are found by name alone; the analysis itself stays untouched. */
    int32_t row = ch_builtin_find(name.text);
    occurrence->range = name.range;
    occurrence->text = name.text;
    occurrence->node = node;
    occurrence->type = analysis->node_types[node->id];
    if (row >= 0) {
        occurrence->kind = CH_OCCURRENCE_BUILTIN;
        occurrence->builtin = row;
    }
}

static void describe_member(const ChAnalysis *analysis, const ChNode *node, ChName name,
                            ChOccurrence *occurrence)
{
    const ChNode *object = receiver_of(node);
    const ChType *type = object ? analysis->node_types[object->id] : NULL;
    occurrence->range = name.range;
    occurrence->text = name.text;
    occurrence->node = node;
    occurrence->type = analysis->node_types[node->id];
    occurrence->builtin = ch__method_row(&analysis->types, type, name.text);
    if (occurrence->builtin >= 0)
        occurrence->kind = CH_OCCURRENCE_METHOD;
    else if (type && type->kind == CH_TYPE_SHAPE && ch_type_field(type, name.text))
        occurrence->kind = CH_OCCURRENCE_SHAPE_FIELD;
}

ChOccurrence ch_analysis_at(const ChAnalysis *analysis, uint32_t offset)
{
    enum { PATH_MAX = 4 };
    ChOccurrence occurrence = {.symbol = CH_SYMBOL_NONE, .builtin = -1};
    const ChReference *reference = reference_at(analysis, offset);
    ChNode *path[PATH_MAX];
    uint32_t depth = 0;
    ch_tree_node_at(analysis->tree, offset, path, PATH_MAX, &depth);
    if (reference) {
        occurrence.kind = CH_OCCURRENCE_SYMBOL;
        occurrence.range = reference->range;
        occurrence.symbol = reference->symbol;
        occurrence.flags = reference->flags;
        occurrence.text = analysis->symbols.items[reference->symbol].name;
        occurrence.type = analysis->symbols.items[reference->symbol].type;
        for (uint32_t i = depth; i > 0; i--) {
            const ChNode *node = path[i - 1];
            if (analysis->node_symbols[node->id] != reference->symbol)
                continue;
            occurrence.node = node;
            if (analysis->node_types[node->id])
                occurrence.type = analysis->node_types[node->id];
            break;
        }
        return occurrence;
    }
    for (uint32_t i = depth; i > 0 && occurrence.kind == CH_OCCURRENCE_NONE; i--) {
        const ChNode *node = path[i - 1];
        switch (node->kind) {
        case CH_NODE_IDENTIFIER:
            if (covers(node->as.name.name.range, offset))
                describe_name(analysis, node, node->as.name.name, &occurrence);
            break;
        case CH_NODE_MEMBER:
            if (covers(node->as.member.name.range, offset))
                describe_member(analysis, node, node->as.member.name, &occurrence);
            break;
        case CH_NODE_METHOD_CALL:
            if (covers(node->as.method_call.name.range, offset))
                describe_member(analysis, node, node->as.method_call.name, &occurrence);
            break;
        case CH_NODE_TYPE_NAME:
            occurrence.kind = CH_OCCURRENCE_TYPE_NAME;
            occurrence.range = node->as.name.name.range;
            occurrence.text = node->as.name.name.text;
            occurrence.node = node;
            break;
        case CH_NODE_TYPE_GENERIC:
            if (covers(node->as.type_generic.name.range, offset)) {
                occurrence.kind = CH_OCCURRENCE_TYPE_NAME;
                occurrence.range = node->as.type_generic.name.range;
                occurrence.text = node->as.type_generic.name.text;
                occurrence.node = node;
            }
            break;
        case CH_NODE_IMPORT:
            if (covers(node->as.import.path.range, offset)) {
                occurrence.kind = CH_OCCURRENCE_IMPORT_PATH;
                occurrence.range = node->as.import.path.range;
                occurrence.text = node->as.import.path.text;
                occurrence.node = node;
                for (uint32_t m = 0; m < analysis->module_count; m++)
                    if (analysis->import_nodes[m] == node)
                        occurrence.module = analysis->modules[m];
            }
            break;
        default: break;
        }
    }
    return occurrence;
}

ChRange ch_analysis_definition(const ChAnalysis *analysis, uint32_t symbol,
                               const ChModuleFacts **module)
{
    const ChSymbol *entry = &analysis->symbols.items[symbol];
    *module = entry->module;
    return entry->module ? entry->origin : entry->range;
}

/* ---- what can be named here ------------------------------------------------------------ */

uint32_t ch_analysis_scope_at(const ChAnalysis *analysis, uint32_t offset)
{
    /* Scopes are listed parents first, so the last one that covers is the innermost. */
    uint32_t best = 0;
    for (uint32_t i = 1; i < analysis->scopes.count; i++) {
        const ChScope *scope = &analysis->scopes.items[i];
        if (scope->range.start > offset && scope->parent == 0)
            break;
        if (scope->range.start <= offset && offset <= scope->range.end &&
            scope->range.start >= analysis->scopes.items[best].range.start)
            best = i;
    }
    return best;
}

typedef struct Seen {
    ChMap names;
    bool (*visit)(void *data, const ChSymbol *symbol, uint32_t index);
    const ChAnalysis *analysis;
    void *data;
} Seen;

static bool offer(Seen *seen, uint32_t index)
{
    bool is_new;
    const ChSymbol *symbol = &seen->analysis->symbols.items[index];
    ch_map_enter(&seen->names, symbol->name, &is_new);
    return !is_new || seen->visit(seen->data, symbol, index);
}

void ch_analysis_visible(const ChAnalysis *analysis, uint32_t offset,
                         bool (*visit)(void *data, const ChSymbol *symbol, uint32_t index),
                         void *data)
{
    Seen seen = {.visit = visit, .analysis = analysis, .data = data};
    uint32_t scope = ch_analysis_scope_at(analysis, offset);
    bool goes_on = true;
    bool in_function = false;
    while (scope != CH_SYMBOL_NONE && goes_on) {
        const ChScope *entry = &analysis->scopes.items[scope];
        for (uint32_t at = entry->first_symbol; at != CH_SYMBOL_NONE && goes_on;
             at = analysis->symbols.items[at].next_in_scope) {
            const ChSymbol *symbol = &analysis->symbols.items[at];
            bool is_there = symbol->is_hoisted || symbol->visible_from <= offset ||
                            (in_function && scope == 0);
            if (is_there)
                goes_on = offer(&seen, at);
        }
        ChNodeKind kind = entry->node ? (ChNodeKind)entry->node->kind : CH_NODE_FILE;
        in_function |= kind == CH_NODE_FN || kind == CH_NODE_PIPELINE || kind == CH_NODE_TOOL ||
                       kind == CH_NODE_CLOSURE;
        scope = entry->parent;
    }
    for (uint32_t i = 0; i < analysis->symbols.count && goes_on; i++)
        if (analysis->symbols.items[i].module && !analysis->symbols.items[i].node)
            goes_on = offer(&seen, i);
    ch_map_release(&seen.names);
}

/* ---- members ---------------------------------------------------------------------------- */

typedef struct MemberSeen {
    ChMap names;
    bool (*visit)(void *data, const ChMember *member);
    void *data;
    bool goes_on;
} MemberSeen;

static void offer_member(MemberSeen *seen, ChMember member)
{
    bool is_new;
    if (!seen->goes_on || member.name.length == 0)
        return;
    ch_map_enter(&seen->names, member.name, &is_new);
    if (is_new)
        seen->goes_on = seen->visit(seen->data, &member);
}

static void members_of_decl(MemberSeen *seen, const ChTypeDecl *decl)
{
    if (decl->kind == CH_TYPE_DECL_STRUCT)
        for (uint32_t i = 0; i < decl->field_count; i++)
            offer_member(seen, (ChMember){.name = decl->fields[i].name,
                                          .kind = CH_SYMBOL_FIELD,
                                          .type = decl->fields[i].type,
                                          .is_optional = decl->fields[i].is_optional,
                                          .builtin = -1});
    for (uint32_t i = 0; i < decl->method_count; i++)
        offer_member(seen, (ChMember){.name = decl->methods[i]->name,
                                      .kind = CH_SYMBOL_METHOD,
                                      .type = decl->methods[i]->result,
                                      .signature = decl->methods[i],
                                      .doc = decl->methods[i]->doc,
                                      .builtin = -1});
    if (decl->kind == CH_TYPE_DECL_ENUM) {
        offer_member(seen, (ChMember){.name = CH_STR("variant"),
                                      .kind = CH_SYMBOL_FIELD,
                                      .doc = CH_STR("Name of the variant."),
                                      .builtin = -1});
        offer_member(seen, (ChMember){.name = CH_STR("fields"),
                                      .kind = CH_SYMBOL_FIELD,
                                      .doc = CH_STR("The values that the variant holds."),
                                      .builtin = -1});
    }
}

static void members_of(MemberSeen *seen, const ChAnalysis *analysis, const ChType *type,
                       uint32_t depth)
{
    enum { DEPTH_MAX = 20 };
    if (!type || depth > DEPTH_MAX)
        return;
    if (type->decl && type->decl->kind == CH_TYPE_DECL_ALIAS) {
        members_of(seen, analysis, type->decl->body, depth + 1);
        return;
    }
    if (type->kind == CH_TYPE_UNION || type->kind == CH_TYPE_INTERSECTION) {
        for (uint32_t i = 0; i < type->count; i++)
            members_of(seen, analysis, type->items[i], depth + 1);
        return;
    }
    if (type->kind == CH_TYPE_SHAPE)
        for (uint32_t i = 0; i < type->count; i++)
            offer_member(seen, (ChMember){.name = type->fields[i].name,
                                          .kind = CH_SYMBOL_FIELD,
                                          .type = type->fields[i].type,
                                          .is_optional = type->fields[i].is_optional,
                                          .builtin = -1});
    if (type->decl) {
        members_of_decl(seen, type->decl);
        return;
    }
    for (uint32_t i = 0; i < ch_builtin_count; i++) {
        const ChBuiltinRow *row = &ch_builtin_rows[i];
        if (row->type < 0 || row->name[0] == '_' ||
            ch__method_row(&analysis->types, type, ch_str_of(row->name)) != (int32_t)i)
            continue;
        offer_member(seen, (ChMember){.name = ch_str_of(row->name),
                                      .kind = CH_SYMBOL_METHOD,
                                      .doc = ch_str_of(row->doc),
                                      .builtin = (int32_t)i});
    }
}

void ch_analysis_members(const ChAnalysis *analysis, const ChType *type,
                         bool (*visit)(void *data, const ChMember *member), void *data)
{
    MemberSeen seen = {.visit = visit, .data = data, .goes_on = true};
    members_of(&seen, analysis, type, 0);
    ch_map_release(&seen.names);
}

void ch_analysis_static_members(const ChAnalysis *analysis, uint32_t symbol,
                                bool (*visit)(void *data, const ChMember *member), void *data)
{
    const ChTypeDecl *decl = analysis->symbols.items[symbol].decl;
    MemberSeen seen = {.visit = visit, .data = data, .goes_on = true};
    for (uint32_t i = 0; decl && i < decl->variant_count; i++)
        offer_member(&seen, (ChMember){.name = decl->variants[i].name,
                                       .kind = CH_SYMBOL_VARIANT,
                                       .builtin = -1});
    ch_map_release(&seen.names);
}

/* ---- one line about a symbol ---------------------------------------------------------------- */

static void describe_type_params(const ChTypeDecl *decl, ChBuffer *out)
{
    for (uint32_t i = 0; i < decl->param_count; i++) {
        ch_buffer_add_text(out, i == 0 ? "<" : ", ");
        ch_buffer_add_text(out, decl->params[i].variance == CH_VARIANCE_IN    ? "in "
                                : decl->params[i].variance == CH_VARIANCE_OUT ? "out "
                                                                              : "");
        ch_buffer_add_str(out, decl->params[i].name);
    }
    if (decl->param_count > 0)
        ch_buffer_add_byte(out, '>');
}

static void describe_decl(const ChTypeDecl *decl, ChBuffer *out)
{
    enum { SHOWN_MAX = 12 };
    describe_type_params(decl, out);
    switch (decl->kind) {
    case CH_TYPE_DECL_ALIAS:
        ch_buffer_add_text(out, " = ");
        ch_type_format(decl->body, out);
        break;
    case CH_TYPE_DECL_STRUCT:
        ch_buffer_add_text(out, " { ");
        for (uint32_t i = 0; i < decl->field_count && i < SHOWN_MAX; i++) {
            ch_buffer_printf(out, "%s%.*s%s", i > 0 ? ", " : "", CH_STR_ARG(decl->fields[i].name),
                             decl->fields[i].is_optional ? "?" : "");
            if (decl->fields[i].type) {
                ch_buffer_add_text(out, ": ");
                ch_type_format(decl->fields[i].type, out);
            }
        }
        ch_buffer_add_text(out, decl->field_count > SHOWN_MAX ? ", ... }" : " }");
        break;
    case CH_TYPE_DECL_ENUM:
        ch_buffer_add_text(out, " { ");
        for (uint32_t i = 0; i < decl->variant_count && i < SHOWN_MAX; i++)
            ch_buffer_printf(out, "%s%.*s", i > 0 ? ", " : "", CH_STR_ARG(decl->variants[i].name));
        ch_buffer_add_text(out, decl->variant_count > SHOWN_MAX ? ", ... }" : " }");
        break;
    case CH_TYPE_DECL_INTERFACE: break;
    }
}

void ch_symbol_describe(const ChAnalysis *analysis, uint32_t index, ChBuffer *out)
{
    const ChSymbol *symbol = &analysis->symbols.items[index];
    static const char *const words[CH_SYMBOL_KIND_COUNT] = {
        [CH_SYMBOL_VARIABLE] = "let ",
        [CH_SYMBOL_CONSTANT] = "const ",
        [CH_SYMBOL_PARAMETER] = "(parameter) ",
        [CH_SYMBOL_FUNCTION] = "fn ",
        [CH_SYMBOL_METHOD] = "fn ",
        [CH_SYMBOL_PIPELINE] = "pipeline ",
        [CH_SYMBOL_TOOL] = "tool ",
        [CH_SYMBOL_SKILL] = "skill ",
        [CH_SYMBOL_EVAL_PACK] = "eval_pack ",
        [CH_SYMBOL_STRUCT] = "struct ",
        [CH_SYMBOL_ENUM] = "enum ",
        [CH_SYMBOL_INTERFACE] = "interface ",
        [CH_SYMBOL_TYPE_ALIAS] = "type ",
        [CH_SYMBOL_TYPE_PARAMETER] = "(type parameter) ",
        [CH_SYMBOL_FIELD] = "(field) ",
        [CH_SYMBOL_VARIANT] = "(variant) ",
        [CH_SYMBOL_MODULE] = "module ",
    };
    bool is_gen = symbol->signature && symbol->signature->is_gen;
    ch_buffer_add_text(out, symbol->is_mutable ? "var " : is_gen ? "gen fn " : words[symbol->kind]);
    if (symbol->parent != CH_SYMBOL_NONE)
        ch_buffer_printf(out, "%.*s.", CH_STR_ARG(analysis->symbols.items[symbol->parent].name));
    ch_buffer_add_str(out, symbol->name);
    if (symbol->kind == CH_SYMBOL_VARIANT) {
        if (symbol->signature && symbol->signature->param_count > 0) {
            ChSignature payload = *symbol->signature;
            payload.result = NULL;
            ch_signature_format(&payload, out);
        }
        return;
    }
    if (symbol->signature) {
        ch_signature_format(symbol->signature, out);
    } else if (symbol->decl) {
        describe_decl(symbol->decl, out);
    } else if (symbol->type && symbol->kind != CH_SYMBOL_TYPE_PARAMETER) {
        ch_buffer_add_text(out, ": ");
        ch_type_format(symbol->type, out);
    }
}
