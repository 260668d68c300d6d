// Functions: parameters, captured names that need a register of their own, defaults, checks, body.
//
// A captured name that the function assigns to is copied into a register at entry (each call starts from the captured
// value); so is one that is read in a loop. A function whose jumps turn out too far for 16 bits is compiled again
// with long jumps; what the first attempt made is dropped.
#include "compile/compile_int.h"

ChFn *ch__fn_new(ChCompiler *c, ChFn *parent, ChProto *proto)
{
    ChFn *fn = ch_alloc_zero(1, sizeof *fn);
    fn->c = c;
    fn->parent = parent;
    fn->proto = proto;
    fn->reachable = true;
    return fn;
}

void ch__fn_free(ChFn *fn)
{
    ch_array_release(&fn->code);
    ch_array_release(&fn->handlers);
    ch_array_release(&fn->lines);
    ch_array_release(&fn->debug);
    ch_array_release(&fn->captures);
    ch_array_release(&fn->known_names);
    ch_map_release(&fn->known_map);
    ch_array_release(&fn->bindings);
    ch_array_release(&fn->bound);
    ch_array_release(&fn->last_uses);
    ch_map_release(&fn->names);
    ch_map_release(&fn->capture_names);
    ch_free(fn);
}

#define MOVE_TO_ARENA(arena, array) \
    ((array)->count ? ch_arena_copy((arena), (array)->items, (array)->count * sizeof *(array)->items) : NULL)

void ch__fn_finish(ChFn *fn)
{
    ChProto *proto = fn->proto;
    ChArena *arena = fn->c->arena;
    for (uint32_t i = 0; i < fn->debug.count; i++) {
        if (fn->debug.items[i].end == UINT32_MAX) fn->debug.items[i].end = fn->code.count;
    }
    proto->register_count = (uint16_t)(fn->max_reg ? fn->max_reg : 1);
    proto->code = (ChInstr *)MOVE_TO_ARENA(arena, &fn->code);
    proto->code_count = fn->code.count;
    proto->handlers = (ChHandler *)MOVE_TO_ARENA(arena, &fn->handlers);
    proto->handler_count = fn->handlers.count;
    proto->captures = (ChCapture *)MOVE_TO_ARENA(arena, &fn->captures);
    proto->capture_count = fn->captures.count;
    proto->lines = (ChLineEntry *)MOVE_TO_ARENA(arena, &fn->lines);
    proto->line_count = fn->lines.count;
    proto->locals = (ChLocalName *)MOVE_TO_ARENA(arena, &fn->debug);
    proto->local_count = fn->debug.count;
    proto->known_names = (ChKnownName *)MOVE_TO_ARENA(arena, &fn->known_names);
    proto->known_name_count = fn->known_names.count;
    proto->chunk = fn->c->chunk;
}

static bool is_discard(ChStr name) { return !name.length || ch_str_is(name, "_"); }

// ---- prologue

static bool is_param(const ChFnSpec *spec, ChStr name)
{
    for (uint32_t i = 0; i < spec->params.count; i++) {
        if (ch_str_equal(spec->params.items[i]->as.param.name.text, name)) return true;
    }
    return spec->single_param.length && ch_str_equal(spec->single_param, name);
}

static void copy_captures(ChFn *fn, const ChFnSpec *spec, const ChMap *names, const ChMap *without)
{
    for (uint32_t i = 0; i < names->count; i++) {
        ChStr name = names->entries[i].key;
        if (is_param(spec, name) || ch_map_get_number(&fn->names, name, 0)) continue;
        if (without && ch_map_find(without, name)) continue;
        // Only names of the functions around it: looking others up would have effects (slots of wildcard imports).
        bool known = false;
        for (const ChFn *at = fn->parent; at && !known; at = at->parent) {
            known = ch_map_get_number(&at->names, name, 0) || ch_map_get_number(&at->capture_names, name, 0);
        }
        if (!known) continue;
        ChRef ref = ch__resolve(fn, name);
        if (ref.kind != CH_REF_CAPTURE) continue;
        uint32_t reg = ch__push(fn);
        ch__emit(fn, CH_OP_GET_CAPTURE, 0, reg, ref.index, 0);
        ch__bind_reg(fn, name, reg, ref.is_mutable)->is_function = ref.is_function;
    }
}

static void parameters(ChFn *fn, const ChFnSpec *spec)
{
    ChProto *proto = fn->proto;
    uint32_t count = spec->single_param.length ? 1 : spec->params.count;
    if (count > UINT16_MAX / 2) {
        ch__compile_error(fn->c, (ChRange){spec->start, spec->start}, "too many parameters");
        count = 0;
    }
    proto->param_count = (uint16_t)count;
    proto->required_count = (uint16_t)count;
    proto->params = CH_ARENA_ARRAY(fn->c->arena, ChParam, count ? count : 1);
    for (uint32_t i = 0; i < count; i++) ch__push(fn);
    if (spec->single_param.length) {
        proto->params[0].name = ch_str_copy(fn->c->arena, spec->single_param);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const ChNode *param = spec->params.items[i];
        bool rest = param->flags & CH_FLAG_REST;
        bool optional = rest || param->as.param.default_value;
        if (optional && proto->required_count > i) proto->required_count = (uint16_t)i;
        if (rest) proto->flags |= CH_PROTO_REST;
        proto->params[i] = (ChParam){.name = ch_str_copy(fn->c->arena, param->as.param.name.text),
                                     .type = ch__rt_type(fn->c, param->as.param.type, &spec->type_params, rest),
                                     .has_default = param->as.param.default_value != NULL};
    }
}

static void bind_parameters(ChFn *fn, const ChFnSpec *spec)
{
    if (spec->single_param.length) {
        if (!is_discard(spec->single_param)) ch__bind_reg(fn, spec->single_param, 0, false);
        return;
    }
    for (uint32_t i = 0; i < fn->proto->param_count; i++) {
        ChStr name = spec->params.items[i]->as.param.name.text;
        if (!is_discard(name)) ch__bind_reg(fn, name, i, false);
    }
    for (uint32_t i = 0; i < fn->proto->param_count; i++) {
        const ChNode *value = spec->params.items[i]->as.param.default_value;
        if (!value) continue;
        ChPcs given = {0};
        ch__at(fn, value->start);
        ch__jump(fn, &given, CH_OP_JARG, 0, i, 0);
        uint32_t reg = ch__push(fn);
        ch__expr_to(fn, value, reg);
        ch__move(fn, i, reg, true);
        ch__pop_to(fn, reg);
        ch__patch_here(fn, &given);
    }
    for (uint32_t i = 0; i < fn->proto->param_count; i++) {
        if (!fn->proto->params[i].type) continue;
        ch__at(fn, spec->params.items[i]->start);
        ch__emit(fn, CH_OP_CHECK_PARAM, 0, i, fn->proto->params[i].type - 1, 0);
    }
}

// ---- body

static bool is_value(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST:
    case CH_NODE_ASSIGN:
    case CH_NODE_FOR:
    case CH_NODE_WHILE:
    case CH_NODE_RETRY:
    case CH_NODE_GUARD:
    case CH_NODE_REQUIRE:
    case CH_NODE_DEFER:
    case CH_NODE_RETURN:
    case CH_NODE_THROW:
    case CH_NODE_BREAK:
    case CH_NODE_CONTINUE:
    case CH_NODE_IMPORT: return false;
    default: return !ch_node_is_decl(node);
    }
}

static void body_with_value(ChFn *fn, const ChNodeList *items)
{
    for (uint32_t i = 0; i + 1 < items->count && fn->reachable; i++) {
        ch__statement_to(fn, items->items[i], CH_NO_REG);
    }
    if (!fn->reachable) return;
    const ChNode *last = items->count ? items->items[items->count - 1] : NULL;
    if (!last || !is_value(last)) {
        if (last) ch__statement_to(fn, last, CH_NO_REG);
        return;
    }
    ch__statement(fn, last);
    ChOperand value = ch__expr_reg(fn, last);
    if (!fn->reachable) return;
    if (fn->cleanup && ch__is_bound(fn, value.reg)) {
        uint32_t reg = ch__push(fn);
        ch__move(fn, reg, value.reg, false);
        value.reg = (uint16_t)reg;
    }
    ch__cleanups_close_to(fn, NULL);
    if (fn->reachable) ch__emit(fn, CH_OP_RETURN, 0, value.reg, 0, 0);
    fn->reachable = false;
}

// A step's frame: `__step_run(name, [arguments], body)`, where the body is the function as it was written.
static void step_body(ChFn *fn, const ChFnSpec *spec)
{
    uint32_t base = ch__push(fn), list = ch__push(fn), count = fn->proto->param_count;
    bool has_rest = fn->proto->flags & CH_PROTO_REST;
    ch__load_text(fn, base, spec->name);
    uint32_t first = fn->free_reg, plain = count - has_rest;
    for (uint32_t i = 0; i < plain; i++) ch__move(fn, ch__push(fn), i, false);
    ch__emit(fn, CH_OP_NEW_LIST, 0, list, plain ? first : list, plain);
    ch__pop_to(fn, first);
    if (has_rest) ch__emit(fn, CH_OP_LIST_SPREAD, 0, list, plain, 0);
    ChFnSpec inner = *spec;
    inner.is_step = false;
    inner.keeps_frame = true;
    ch__closure_to(fn, &inner, ch__push(fn));
    ch__call_named(fn, CH_STR("__step_run"), base, 3, base);
    ch__emit(fn, CH_OP_RETURN, 0, base, 0, 0);
    ch__pop_to(fn, base);
    fn->reachable = false;
}

static void body(ChFn *fn, const ChFnSpec *spec)
{
    ChScope outer, scope;
    ChScan scan = {0};
    ch__scan_body(spec->body, &scan);
    for (uint32_t i = 0; i < spec->params.count; i++) ch__scan_body(spec->params.items[i], &scan);
    if (scan.node_count > CH_SHORT_JUMP_NODES_MAX) fn->long_jumps = true;
    if (scan.has_yield && !(fn->proto->flags & CH_PROTO_STREAM)) fn->proto->flags |= CH_PROTO_GENERATOR;
    fn->allow_tail = !spec->keeps_frame && !(fn->proto->flags & (CH_PROTO_STREAM | CH_PROTO_GENERATOR));
    ch__at(fn, spec->body ? spec->body->start : spec->start);
    parameters(fn, spec);
    ch__scope_open(fn, &outer);
    if (spec->binds_self && !is_param(spec, spec->name)) ch__bind_self(fn, spec->name);
    if (spec->is_step && !(fn->proto->flags & (CH_PROTO_STREAM | CH_PROTO_GENERATOR))) {
        fn->proto->flags |= CH_PROTO_STEP;
        ch__scope_open(fn, &scope);
        bind_parameters(fn, spec);
        step_body(fn, spec);
        ch__scope_close(fn, &scope);
        ch__scope_close(fn, &outer);
        ch__scan_release(&scan);
        return;
    }
    copy_captures(fn, spec, &scan.assigned, NULL);
    copy_captures(fn, spec, &scan.in_loops, &scan.declared);
    ch__scope_open(fn, &scope);
    bind_parameters(fn, spec);
    if (spec->body) {
        const ChNodeList *items = &spec->body->as.block.statements;
        if (spec->returns_value) {
            body_with_value(fn, items);
        } else {
            ch__statements(fn, items, CH_NO_REG);
        }
    }
    ch__cleanups_close_to(fn, NULL);
    if (fn->reachable) {
        ch__at(fn, spec->end ? spec->end - 1 : spec->end);
        ch__emit(fn, CH_OP_RETURN_NIL, 0, 0, 0, 0);
    }
    ch__scope_close(fn, &scope);
    ch__scope_close(fn, &outer);
    ch__scan_release(&scan);
}

ChProto *ch__function(ChFn *parent, const ChFnSpec *spec)
{
    ChCompiler *c = parent->c;
    uint32_t index = c->protos.count, decls = c->decls.count, hoisted = c->hoisted.count;
    ChProto *proto = CH_ARENA_NEW(c->arena, ChProto);
    ch_array_push(&c->protos, proto);
    for (bool long_jumps = false;; long_jumps = true) {
        *proto = (ChProto){.name = ch_str_copy(c->arena, spec->name), .index = index, .flags = spec->flags,
                           .start_offset = spec->start, .end_offset = spec->end};
        if (c->options->kind == CH_COMPILE_PRELUDE) proto->flags |= CH_PROTO_PRELUDE;
        ChFn *fn = ch__fn_new(c, parent, proto);
        fn->long_jumps = long_jumps;
        body(fn, spec);
        bool again = fn->jump_overflow && !fn->long_jumps;
        ch__fn_finish(fn);
        ch__fn_free(fn);
        if (!again) return proto;
        c->protos.count = index + 1;
        c->decls.count = decls;
        c->hoisted.count = hoisted;
    }
}

void ch__closure_to(ChFn *fn, const ChFnSpec *spec, uint32_t dst)
{
    uint32_t offset = fn->offset;
    bool statement = fn->statement;
    ChProto *proto = ch__function(fn, spec);
    fn->offset = offset;
    fn->statement = statement;
    ch__emit_bc(fn, CH_OP_CLOSURE, 0, dst, proto->index);
}
