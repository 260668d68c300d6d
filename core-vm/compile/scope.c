// Registers, scopes and names.
//
// A function's bindings are a stack with a map from name to the innermost one; each remembers the one it shadows, so
// that leaving a scope is popping. A name that a function does not bind is looked for in the functions around it as
// they stand at this moment (which is when the closure is made, so a capture is a snapshot of that register), then
// among the module's names, then among the builtins.
#include "builtins/builtins.h"
#include "compile/compile_int.h"

uint32_t ch__push(ChFn *fn)
{
    if (fn->free_reg >= CH_REGISTERS_MAX) {
        if (!fn->c->limit_reported) {
            fn->c->limit_reported = true;
            ch__compile_error(fn->c, (ChRange){fn->offset, fn->offset},
                              "too many local variables and intermediate values in one function (at most %u)",
                              CH_REGISTERS_MAX);
        }
        return CH_REGISTERS_MAX - 1;
    }
    uint32_t reg = fn->free_reg++;
    if (fn->free_reg > fn->max_reg) fn->max_reg = fn->free_reg;
    return reg;
}

void ch__pop_to(ChFn *fn, uint32_t mark) { fn->free_reg = mark; }

bool ch__is_bound(const ChFn *fn, uint32_t reg) { return reg < fn->bound.count && fn->bound.items[reg]; }

void ch__scope_open(ChFn *fn, ChScope *scope)
{
    scope->binding_count = fn->bindings.count;
    scope->first_reg = fn->free_reg;
    scope->outer_start = fn->scope_start;
    scope->outer_slots = fn->declares_slots;
    fn->scope_start = fn->bindings.count;
    scope->outer_module = fn->at_module_level;
    fn->declares_slots = fn->at_module_level = false;
}

static void unbind_last(ChFn *fn)
{
    ChBinding *binding = &ch_array_last(&fn->bindings);
    ch_map_set_number(&fn->names, binding->name, binding->shadowed);
    if (!binding->is_self) {
        fn->bound.items[binding->reg] = 0;
        fn->debug.items[binding->debug].end = fn->code.count;
    }
    fn->bindings.count--;
}

void ch__scope_close(ChFn *fn, const ChScope *scope)
{
    while (fn->bindings.count > scope->binding_count) unbind_last(fn);
    fn->free_reg = scope->first_reg;
    fn->scope_start = scope->outer_start;
    fn->declares_slots = scope->outer_slots;
    fn->at_module_level = scope->outer_module;
}

static ChBinding *add_binding(ChFn *fn, ChBinding binding)
{
    binding.shadowed = ch_map_get_number(&fn->names, binding.name, 0);
    ch_array_push(&fn->bindings, binding);
    ch_map_set_number(&fn->names, binding.name, fn->bindings.count);
    return &ch_array_last(&fn->bindings);
}

ChBinding *ch__bind_reg(ChFn *fn, ChStr name, uint32_t reg, bool is_mutable)
{
    while (fn->bound.count <= reg) ch_array_push(&fn->bound, (uint8_t)0);
    fn->bound.items[reg] = 1;
    ch_array_push(&fn->debug, (ChLocalName){.name = ch_str_copy(fn->c->arena, name),
                                            .reg = (uint16_t)reg,
                                            .is_mutable = is_mutable,
                                            .start = fn->code.count,
                                            .end = UINT32_MAX});
    return add_binding(fn, (ChBinding){.name = name,
                                       .reg = (uint16_t)reg,
                                       .is_mutable = is_mutable,
                                       .debug = fn->debug.count - 1});
}

ChBinding *ch__bind_self(ChFn *fn, ChStr name)
{
    return add_binding(fn, (ChBinding){.name = name, .is_self = true, .is_function = true});
}

ChBinding *ch__bound_here(ChFn *fn, ChStr name)
{
    uint32_t index = ch_map_get_number(&fn->names, name, 0);
    if (index <= fn->scope_start) return NULL;
    ChBinding *binding = &fn->bindings.items[index - 1];
    return binding->is_self ? NULL : binding;
}

ChBinding *ch__names_hide(ChFn *fn, uint32_t binding_count, uint32_t *hidden)
{
    *hidden = fn->bindings.count - binding_count;
    if (!*hidden) return NULL;
    ChBinding *saved = ch_alloc_copy(&fn->bindings.items[binding_count], *hidden * sizeof *saved);
    for (uint32_t i = *hidden; i-- > 0;) ch_map_set_number(&fn->names, saved[i].name, saved[i].shadowed);
    fn->bindings.count = binding_count;
    return saved;
}

void ch__names_restore(ChFn *fn, ChBinding *take_saved, uint32_t hidden)
{
    for (uint32_t i = 0; i < hidden; i++) add_binding(fn, take_saved[i]);
    ch_free(take_saved);
}

bool ch__is_builtin(ChFn *fn, ChStr name, uint32_t *index)
{
    if (ch_builtin_is_private(name) && !fn->c->options->is_runtime) return false;
    int32_t found = ch_builtin_find(name);
    if (found < 0) return false;
    *index = (uint32_t)found;
    return true;
}

uint32_t ch__slot(ChCompiler *c, ChStr name, bool is_public, bool is_mutable, bool is_function)
{
    ChModuleName *known = ch_map_get_pointer(&c->module_names, name);
    if (known) {
        ChModuleSlot *slot = &c->slots.items[known->slot];
        slot->is_public |= is_public;
        known->is_mutable |= is_mutable;
        slot->is_mutable = known->is_mutable;
        known->is_function = known->is_function && is_function;
        slot->is_function = known->is_function;
        return known->slot;
    }
    ChArena *arena = c->session ? &c->session->arena : c->arena;
    known = CH_ARENA_NEW(arena, ChModuleName);
    *known = (ChModuleName){.slot = c->slots.count, .is_function = is_function, .is_mutable = is_mutable};
    name = ch_str_copy(arena, name);
    ch_map_set_pointer(&c->module_names, name, known);
    ch_array_push(&c->slots, (ChModuleSlot){name, is_public, is_mutable, is_function});
    return known->slot;
}

// A name that no import lists may still come from a wildcard import.
static bool from_wildcard(ChCompiler *c, ChStr name)
{
    if (!c->wildcards.count) return false;
    if (!c->options->exports) return true;
    if (ch_map_find(&c->not_exported, name)) return false;
    for (uint32_t i = 0; i < c->wildcards.count; i++) {
        if (c->options->exports(c->options->ud, c->wildcards.items[i]->as.import.path.text, name)) return true;
    }
    ch_map_set_number(&c->not_exported, ch_str_copy(c->arena, name), 1);
    return false;
}

static ChRef resolve_outside(ChFn *fn, ChStr name)
{
    ChCompiler *c = fn->c;
    ChModuleName *known = ch_map_get_pointer(&c->module_names, name);
    uint32_t index;
    if (!known && from_wildcard(c, name)) {
        ch__slot(c, name, false, false, false);
        known = ch_map_get_pointer(&c->module_names, name);
    }
    if (known) {
        return (ChRef){.kind = CH_REF_SLOT, .index = known->slot, .is_mutable = known->is_mutable,
                       .is_function = known->is_function};
    }
    if (ch__is_builtin(fn, name, &index)) return (ChRef){.kind = CH_REF_BUILTIN, .index = index, .is_function = true};
    return (ChRef){.kind = CH_REF_LATE};
}

static ChRef resolve_binding(const ChBinding *binding)
{
    if (binding->is_self) return (ChRef){.kind = CH_REF_SELF, .is_function = true};
    if (binding->has_constant) return (ChRef){.kind = CH_REF_CONSTANT, .constant = binding->constant};
    return (ChRef){.kind = CH_REF_REGISTER, .index = binding->reg, .is_mutable = binding->is_mutable,
                   .is_function = binding->is_function};
}

// Makes the capture in `fn` of what `outer` is in its parent.
static ChRef capture(ChFn *fn, ChStr name, ChRef outer)
{
    ChRef ref = outer;
    if (fn->captures.count >= UINT16_MAX) {
        ch__compile_error(fn->c, (ChRange){fn->offset, fn->offset}, "a closure uses too many variables around it");
        return (ChRef){.kind = CH_REF_LATE};
    }
    ch_array_push(&fn->captures, (ChCapture){.from_capture = outer.kind == CH_REF_CAPTURE,
                                             .from_self = outer.kind == CH_REF_SELF,
                                             .index = (uint16_t)outer.index,
                                             .name = ch_str_copy(fn->c->arena, name)});
    ch_map_set_number(&fn->capture_names, ch_array_last(&fn->captures).name, fn->captures.count);
    ref.kind = CH_REF_CAPTURE;
    ref.index = fn->captures.count - 1;
    return ref;
}

// A debugger is to find the name in the function that uses it.
static void note_known(ChFn *fn, ChStr name, ChConst constant)
{
    bool is_new;
    ChMapEntry *entry = ch_map_enter(&fn->known_map, name, &is_new);
    if (!is_new) return;
    entry->key = ch_str_copy(fn->c->arena, name);
    ch_array_push(&fn->known_names, (ChKnownName){.name = entry->key, .constant = ch__constant(fn, constant)});
}

ChRef ch__resolve(ChFn *fn, ChStr name)
{
    // Outwards until somebody knows the name, then back inwards, capturing.
    ChFn *at = fn;
    ChRef ref = {.kind = CH_REF_LATE};
    bool found = false;
    CH_ARRAY_OF(ChFn *) path = {0};
    for (; at && !found; at = at->parent) {
        uint32_t index = ch_map_get_number(&at->names, name, 0);
        if (index) {
            ref = resolve_binding(&at->bindings.items[index - 1]);
            found = true;
        } else {
            ch_array_push(&path, at);
        }
    }
    if (!found) {
        ref = resolve_outside(fn, name);
    } else if (ref.kind == CH_REF_CONSTANT) {
        if (path.count) note_known(fn, name, ref.constant);
    } else {
        while (path.count && ref.kind != CH_REF_LATE) {
            ChFn *inner = ch_array_pop(&path);
            uint32_t known = ch_map_get_number(&inner->capture_names, name, 0);
            if (known) {
                ref.kind = CH_REF_CAPTURE;
                ref.index = known - 1;
            } else {
                ref = capture(inner, name, ref);
            }
        }
    }
    ch_array_release(&path);
    return ref;
}
