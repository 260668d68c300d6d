// Names that live from one text of a session to the next: the slots of its module, and the types that were declared.
#include "compile/compile_int.h"

ChCompileSession *ch_compile_session_new(void)
{
    ChCompileSession *session = ch_alloc_zero(1, sizeof *session);
    ch_arena_init(&session->arena);
    return session;
}

void ch_compile_session_free(ChCompileSession *session)
{
    if (!session) return;
    ch_array_release(&session->slots);
    ch_map_release(&session->module_names);
    ch_map_release(&session->enums);
    ch_map_release(&session->structs);
    ch_map_release(&session->interfaces);
    ch_map_release(&session->aliases);
    for (uint32_t i = 0; i < session->trees.count; i++) ch_tree_unref(session->trees.items[i]);
    ch_array_release(&session->trees);
    ch_arena_release(&session->arena);
    ch_free(session);
}

const ChModuleSlot *ch_compile_session_slots(const ChCompileSession *session) { return session->slots.items; }

// The compiler works on the session's slots themselves: copying all of them for each text would take time and memory in
// the square of the session's length.
void ch__session_take(ChCompiler *c)
{
    ChCompileSession *session = c->session = c->options->session;
    c->slots.items = session->slots.items;
    c->slots.count = session->slots.count;
    c->slots.capacity = session->slots.capacity;
    c->module_names = session->module_names;
}

static ChMap *types_of(ChCompileSession *session, ChNodeKind kind)
{
    switch (kind) {
    case CH_NODE_ENUM: return &session->enums;
    case CH_NODE_STRUCT: return &session->structs;
    case CH_NODE_INTERFACE: return &session->interfaces;
    case CH_NODE_TYPE_ALIAS: return &session->aliases;
    default: return NULL;
    }
}

static void keep_types(ChCompiler *c)
{
    const ChNodeList *items = &c->tree->root->as.file.items;
    bool has_types = false;
    for (uint32_t i = 0; i < items->count; i++) {
        ChMap *types = types_of(c->session, items->items[i]->kind);
        if (!types) continue;
        ch_map_set_pointer(types, ch_str_copy(&c->session->arena, items->items[i]->as.decl.name.text), items->items[i]);
        has_types = true;
    }
    if (has_types) ch_array_push(&c->session->trees, ch_tree_ref((ChTree *)(uintptr_t)c->tree));
}

void ch__session_give_back(ChCompiler *c)
{
    ChCompileSession *session = c->session;
    session->slots.items = c->slots.items;
    session->slots.count = c->slots.count;
    session->slots.capacity = c->slots.capacity;
    session->module_names = c->module_names;
    if (!c->error_count) keep_types(c);
}

ChMapEntry *ch__find_type(const ChCompiler *c, ChNodeKind kind, ChStr name)
{
    const ChMap *own = kind == CH_NODE_ENUM     ? &c->enums
                       : kind == CH_NODE_STRUCT ? &c->structs
                       : kind == CH_NODE_INTERFACE ? &c->interfaces
                                                   : &c->aliases;
    ChMapEntry *entry = ch_map_find(own, name);
    return entry || !c->session ? entry : ch_map_find(types_of(c->session, kind), name);
}
