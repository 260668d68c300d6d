/* See relations.h. */
#include "features/relations.h"

#include "analysis/module.h"
#include "base/path.h"

enum { TYPE_STEPS_MAX = 16 };

/* The declaration that a type leads to: itself, or that of what it holds (`User?`, `list<User>`). */
static const ChTypeDecl *decl_of(const ChType *type)
{
    for (int step = 0; type && step < TYPE_STEPS_MAX; step++) {
        if (type->decl)
            return type->decl;
        const ChType *next = NULL;
        if (type->kind == CH_TYPE_UNION) {
            for (uint32_t i = 0; i < type->count && !next; i++)
                next = type->items[i]->decl || type->items[i]->count ? type->items[i] : NULL;
        } else if (type->kind == CH_TYPE_DICT) {
            next = type->items[1];
        } else if (type->kind == CH_TYPE_LIST || type->kind == CH_TYPE_ITER || type->kind == CH_TYPE_STREAM ||
                   type->kind == CH_TYPE_GENERATOR || type->kind == CH_TYPE_OWNED) {
            next = type->items[0];
        }
        type = next;
    }
    return NULL;
}

bool ch_type_definition_at(const ChSnapshot *snapshot, uint32_t offset, ChDefinition *definition)
{
    if (!snapshot->analysis)
        return false;
    ChOccurrence at = ch_analysis_at(snapshot->analysis, offset);
    const ChTypeDecl *decl = decl_of(at.type);
    if (!decl && at.kind == CH_OCCURRENCE_SYMBOL)
        decl = ch_analysis_symbol(snapshot->analysis, at.symbol)->decl;
    if (!decl || decl->symbol == CH_SYMBOL_NONE)
        return false;
    const ChModuleFacts *module = decl->module;
    if (module && (!ch_path_is_absolute(module->key) || !module->analysis))
        return false;
    const ChSymbol *symbol = ch_analysis_symbol(module ? module->analysis : snapshot->analysis, decl->symbol);
    *definition = (ChDefinition){module ? module->source : NULL, symbol->range};
    return true;
}

static const ChSignature *method_named(const ChTypeDecl *decl, ChStr name)
{
    for (uint32_t i = 0; i < decl->method_count; i++)
        if (ch_str_equal(decl->methods[i]->name, name))
            return decl->methods[i];
    return NULL;
}

/* Has the type every method of the interface? That is all that Harn asks for. */
static bool fulfils(const ChTypeDecl *decl, const ChTypeDecl *interface)
{
    for (uint32_t i = 0; i < interface->method_count; i++) {
        const ChSignature *own = method_named(decl, interface->methods[i]->name);
        if (!own || own->param_count != interface->methods[i]->param_count)
            return false;
    }
    return interface->method_count > 0;
}

static void add_impl_blocks(const ChSnapshot *snapshot, ChStr name, ChDefinitions *definitions)
{
    ChNodeList items = snapshot->tree->root->as.file.items;
    for (uint32_t i = 0; i < items.count; i++)
        if (items.items[i]->kind == CH_NODE_IMPL && ch_str_equal(items.items[i]->as.decl.name.text, name))
            ch_array_push(definitions, (ChDefinition){NULL, items.items[i]->as.decl.name.range});
}

void ch_implementations_at(const ChSnapshot *snapshot, uint32_t offset, ChDefinitions *definitions)
{
    if (!snapshot->analysis)
        return;
    ChOccurrence at = ch_analysis_at(snapshot->analysis, offset);
    if (at.kind != CH_OCCURRENCE_SYMBOL)
        return;
    const ChSymbol *symbol = ch_analysis_symbol(snapshot->analysis, at.symbol);
    const ChSymbol *owner = symbol->parent != CH_SYMBOL_NONE ? ch_analysis_symbol(snapshot->analysis, symbol->parent) : symbol;
    if (!owner->decl)
        return;
    if (owner->decl->kind != CH_TYPE_DECL_INTERFACE) {
        add_impl_blocks(snapshot, owner->name, definitions);
        return;
    }
    uint32_t count = 0;
    const ChSymbol *symbols = ch_analysis_symbols(snapshot->analysis, &count);
    for (uint32_t i = 0; i < count; i++) {
        const ChTypeDecl *decl = symbols[i].decl;
        if (!decl || symbols[i].module || (symbols[i].kind != CH_SYMBOL_STRUCT && symbols[i].kind != CH_SYMBOL_ENUM) ||
            !fulfils(decl, owner->decl))
            continue;
        const ChSignature *method = symbol == owner ? NULL : method_named(decl, symbol->name);
        ch_array_push(definitions, (ChDefinition){NULL, method ? method->range : symbols[i].range});
    }
}

bool ch_is_related_kind(ChSymbolKind kind)
{
    return kind == CH_SYMBOL_STRUCT || kind == CH_SYMBOL_ENUM || kind == CH_SYMBOL_INTERFACE;
}

static bool is_fulfilled_by(const ChSymbol *interface, const ChSymbol *type)
{
    return interface->decl && type->decl && interface->kind == CH_SYMBOL_INTERFACE && !interface->module && !type->module &&
           (type->kind == CH_SYMBOL_STRUCT || type->kind == CH_SYMBOL_ENUM) && fulfils(type->decl, interface->decl);
}

void ch_supertypes_of(const ChAnalysis *analysis, uint32_t symbol, ChRelated *related)
{
    uint32_t count = 0;
    const ChSymbol *symbols = ch_analysis_symbols(analysis, &count);
    for (uint32_t i = 0; i < count; i++)
        if (is_fulfilled_by(&symbols[i], &symbols[symbol]))
            ch_array_push(related, i);
}

void ch_subtypes_of(const ChAnalysis *analysis, uint32_t symbol, ChRelated *related)
{
    uint32_t count = 0;
    const ChSymbol *symbols = ch_analysis_symbols(analysis, &count);
    for (uint32_t i = 0; i < count; i++)
        if (is_fulfilled_by(&symbols[symbol], &symbols[i]))
            ch_array_push(related, i);
}
