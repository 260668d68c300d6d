// The top level of a file: which names are slots, in what order things happen, and how the program is entered
// (compile.h says what was observed of the reference).
#include "compile/compile_int.h"

// ---- names that are known before anything is compiled

static ChWalk types_enter(ChNode *node, void *data)
{
    ChCompiler *c = data;
    switch (node->kind) {
    case CH_NODE_ENUM: ch_map_set_pointer(&c->enums, node->as.decl.name.text, node); break;
    case CH_NODE_STRUCT: ch_map_set_pointer(&c->structs, node->as.decl.name.text, node); break;
    case CH_NODE_INTERFACE: ch_map_set_pointer(&c->interfaces, node->as.decl.name.text, node); break;
    default: break;
    }
    return CH_WALK_INTO;
}

static bool is_module(const ChCompiler *c)
{
    return c->options->kind == CH_COMPILE_MODULE || c->options->kind == CH_COMPILE_PRELUDE;
}

static bool is_session(const ChCompiler *c) { return c->session != NULL; }

static void declare_name(ChCompiler *c, ChStr name, bool is_mutable)
{
    if (!name.length || ch_str_is(name, "_")) return;
    uint32_t slot = ch__slot(c, name, false, is_mutable, false);
    if (is_session(c)) { // what the name was before does not count
        ChModuleName *known = ch_map_get_pointer(&c->module_names, name);
        known->is_mutable = c->slots.items[slot].is_mutable = is_mutable;
    }
}

static void declare_pattern(ChCompiler *c, const ChNode *pattern, bool is_mutable)
{
    if (!pattern) return;
    if (pattern->kind == CH_NODE_PATTERN_NAME) {
        declare_name(c, pattern->as.name.name.text, is_mutable);
    } else if (pattern->kind == CH_NODE_PATTERN_DICT || pattern->kind == CH_NODE_PATTERN_LIST) {
        for (uint32_t i = 0; i < pattern->as.list.items.count; i++) {
            declare_name(c, pattern->as.list.items.items[i]->as.pattern_item.name.text, is_mutable);
        }
    }
}

static void collect(ChCompiler *c, const ChNodeList *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *node = items->items[i];
        bool is_public = node->flags & CH_FLAG_PUB;
        switch (node->kind) {
        case CH_NODE_IMPORT:
            if (!(node->flags & CH_FLAG_SELECTIVE) && !is_session(c)) ch_array_push(&c->wildcards, node);
            for (uint32_t j = 0; j < node->as.import.names.count; j++) {
                ch__slot(c, node->as.import.names.items[j]->as.name.name.text, false, false, false);
            }
            break;
        case CH_NODE_FN:
            ch__slot(c, node->as.decl.name.text, is_public, false, true);
            if (!ch_map_find(&c->functions, node->as.decl.name.text)) {
                ch_map_set_pointer(&c->functions, node->as.decl.name.text, (void *)node);
            }
            break;
        case CH_NODE_STRUCT: ch__slot(c, node->as.decl.name.text, is_public, false, true); break;
        case CH_NODE_TOOL:
        case CH_NODE_SKILL:
        case CH_NODE_EVAL_PACK: ch__slot(c, node->as.decl.name.text, is_public, false, false); break;
        case CH_NODE_TYPE_ALIAS: ch_map_set_pointer(&c->aliases, node->as.decl.name.text, (void *)node); break;
        case CH_NODE_LET:
        case CH_NODE_VAR:
        case CH_NODE_CONST:
            if (is_module(c) || is_session(c)) declare_pattern(c, node->as.binding.pattern, node->kind == CH_NODE_VAR);
            break;
        default: break;
        }
    }
}

// The slots of the module that a chunk for a frame runs in.
static void inherit_slots(ChCompiler *c)
{
    const ChChunk *module = c->options->module;
    for (uint32_t i = 0; module && i < module->slot_count; i++) {
        const ChModuleSlot *slot = &module->slots[i];
        ch__slot(c, slot->name, slot->is_public, slot->is_mutable, slot->is_function);
    }
    for (uint32_t i = 0; module && i < module->decl_count; i++) {
        if (module->decls[i].kind == CH_DECL_ENUM) ch_map_set_pointer(&c->enums, module->decls[i].name, NULL);
    }
}

// ---- pipelines

static const ChNode *find_pipeline(const ChNodeList *items, ChStr name)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind == CH_NODE_PIPELINE &&
            (!name.length || ch_str_equal(items->items[i]->as.decl.name.text, name))) {
            return items->items[i];
        }
    }
    return NULL;
}

static const ChNode *entry_pipeline(ChCompiler *c, const ChNodeList *items)
{
    if (c->options->kind != CH_COMPILE_ENTRY) return NULL;
    ChStr wanted = c->options->pipeline;
    if (wanted.length) {
        const ChNode *found = find_pipeline(items, wanted);
        if (!found) {
            ch__compile_error(c, (ChRange){0, 0}, "there is no pipeline `%.*s` in this file", CH_STR_ARG(wanted));
        }
        return found;
    }
    const ChNode *standard = find_pipeline(items, CH_STR("default"));
    return standard ? standard : find_pipeline(items, (ChStr){0});
}

// The bodies of the pipelines that it extends stand in front of its own, the farthest first.
static const ChNode *merged_body(ChCompiler *c, const ChNodeList *items, const ChNode *pipeline)
{
    CH_ARRAY_OF(const ChNode *) line = {0};
    uint32_t count = 0;
    for (const ChNode *at = pipeline; at;) {
        for (uint32_t i = 0; i < line.count; i++) {
            if (line.items[i] == at) {
                ch__compile_error(c, at->as.pipeline.extends.range, "pipeline `%.*s` extends itself",
                                  CH_STR_ARG(at->as.decl.name.text));
                at = NULL;
                break;
            }
        }
        if (!at) break;
        ch_array_push(&line, at);
        if (at->as.pipeline.body) count += at->as.pipeline.body->as.block.statements.count;
        at = at->as.pipeline.extends.text.length ? find_pipeline(items, at->as.pipeline.extends.text) : NULL;
    }
    ChNode *block = CH_ARENA_NEW(c->arena, ChNode);
    block->kind = CH_NODE_BLOCK;
    block->start = pipeline->as.pipeline.body ? pipeline->as.pipeline.body->start : pipeline->start;
    block->end = pipeline->end;
    block->as.block.statements.items = CH_ARENA_ARRAY(c->arena, ChNode *, count ? count : 1);
    for (uint32_t i = line.count; i-- > 0;) {
        const ChNode *body = line.items[i]->as.pipeline.body;
        for (uint32_t j = 0; body && j < body->as.block.statements.count; j++) {
            block->as.block.statements.items[block->as.block.statements.count++] = body->as.block.statements.items[j];
        }
    }
    ch_array_release(&line);
    return block;
}

static void run_pipeline(ChFn *fn, const ChNodeList *items, const ChNode *pipeline)
{
    ChCompiler *c = fn->c;
    uint32_t reg = ch__push(fn);
    ch__at(fn, pipeline->start);
    ch__closure_to(fn,
                   &(ChFnSpec){.name = pipeline->as.decl.name.text,
                               .body = merged_body(c, items, pipeline),
                               .flags = CH_PROTO_PIPELINE,
                               .returns_value = true,
                               .start = pipeline->start,
                               .end = pipeline->end},
                   reg);
    uint32_t proto = (uint32_t)ch_instr_bc(ch_array_last(&fn->code));
    for (uint32_t i = 0; i < c->pipelines.count; i++) {
        if (ch_str_equal(c->pipelines.items[i].name, pipeline->as.decl.name.text)) c->pipelines.items[i].proto = proto;
    }
    // The pipeline takes the place of the top level on the stack.
    ch__emit(fn, CH_OP_CALL, CH_X_TAIL, reg, 0, reg);
    ch__emit(fn, CH_OP_RETURN, 0, reg, 0, 0);
    fn->reachable = false;
}

// ---- order

static void import(ChFn *fn, const ChNode *node)
{
    bool wildcard = !(node->flags & CH_FLAG_SELECTIVE);
    uint8_t reexport = (node->flags & CH_FLAG_PUB) ? CH_X_REEXPORT : 0;
    uint32_t reg = ch__push(fn);
    ch__statement(fn, node);
    ch__emit_bc(fn, CH_OP_IMPORT, wildcard ? CH_X_WILDCARD | reexport : 0, reg,
                ch__constant_text(fn, node->as.import.path.text));
    for (uint32_t i = 0; i < node->as.import.names.count; i++) {
        const ChNode *name = node->as.import.names.items[i];
        ch__at(fn, name->start);
        ch__emit_bc(fn, CH_OP_IMPORT_NAME, reexport, 0, ch__slot(fn->c, name->as.name.name.text, false, false, false));
        ch__emit_word(fn, ch__constant_text(fn, name->as.name.name.text));
    }
    ch__pop_to(fn, reg);
}

static bool is_binding(const ChNode *node)
{
    return node->kind == CH_NODE_LET || node->kind == CH_NODE_VAR || node->kind == CH_NODE_CONST;
}

static void declarations(ChFn *fn, const ChNodeList *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *node = items->items[i];
        if (!ch_node_is_decl(node) || node->kind == CH_NODE_PIPELINE) continue;
        ch__statement(fn, node);
        if (node->kind == CH_NODE_EVAL_PACK) {
            ch__eval_pack_decl(fn, node, false);
        } else {
            ch__statement_to(fn, node, CH_NO_REG);
        }
        fn->statement = false;
    }
}

static void bindings(ChFn *fn, const ChNodeList *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (is_binding(items->items[i])) ch__statement_to(fn, items->items[i], CH_NO_REG);
    }
}

static void call_main(ChFn *fn, const ChNode *node)
{
    uint32_t base = ch__push(fn);
    ch__at(fn, node->start);
    ch__emit_bc(fn, CH_OP_GET_LATE, 0, base, ch__constant_text(fn, CH_STR("harness")));
    ch__emit(fn, CH_OP_CALL_MODULE, 0, base, 1, base);
    ch__emit_word(fn, ch__slot(fn->c, CH_STR("main"), false, false, true));
    ch__cleanups_close_to(fn, NULL);
    ch__emit(fn, CH_OP_RETURN, 0, base, 0, 0);
    fn->reachable = false;
}

// Top-level statements in order; with `dst` the last one's value is wanted.
static void script(ChFn *fn, const ChNodeList *items, uint32_t dst)
{
    const ChNode *last = NULL;
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind != CH_NODE_IMPORT) last = items->items[i];
    }
    if (dst != CH_NO_REG && !last) ch__load_nil(fn, dst);
    for (uint32_t i = 0; i < items->count && fn->reachable; i++) {
        const ChNode *node = items->items[i];
        if (node->kind == CH_NODE_IMPORT || node->kind == CH_NODE_PIPELINE) continue;
        ch__statement_to(fn, node, node == last ? dst : CH_NO_REG);
    }
}

static void top_level(ChFn *fn, const ChNodeList *items)
{
    ChCompiler *c = fn->c;
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind == CH_NODE_IMPORT) import(fn, items->items[i]);
    }
    const ChNode *pipeline = entry_pipeline(c, items);
    if (pipeline) {
        bindings(fn, items);
        declarations(fn, items);
        run_pipeline(fn, items, pipeline);
        return;
    }
    if (is_module(c)) {
        bindings(fn, items);
        declarations(fn, items);
        return;
    }
    bool wants_value = is_session(c) || c->options->kind == CH_COMPILE_EVAL;
    uint32_t dst = wants_value ? ch__push(fn) : CH_NO_REG;
    script(fn, items, dst);
    ChMapEntry *entry = ch_map_find(&c->functions, CH_STR("main"));
    if (entry && c->options->kind == CH_COMPILE_ENTRY && fn->reachable) {
        call_main(fn, entry->value.pointer);
    }
    ch__cleanups_close_to(fn, NULL);
    if (wants_value && fn->reachable) {
        ch__emit(fn, CH_OP_RETURN, 0, dst, 0, 0);
        fn->reachable = false;
    }
}

// Puts the hoisted instructions in front of the code; everything that counts words moves with it.
static void insert_hoisted(ChFn *fn)
{
    ChCompiler *c = fn->c;
    uint32_t shift = c->hoisted.count;
    if (!shift) return;
    CH_ARRAY_OF(ChInstr) code = {0};
    for (uint32_t i = 0; i < shift; i++) {
        const ChInstr *instr = &c->hoisted.items[i];
        uint32_t window = 1;
        if (instr->op == CH_OP_DECLARE && c->decls.items[ch_instr_bc(*instr)].kind == CH_DECL_IMPL) {
            window = c->decls.items[ch_instr_bc(*instr)].count;
        }
        if (instr->a + window > fn->max_reg) fn->max_reg = instr->a + window;
        ch_array_push(&code, *instr);
    }
    for (uint32_t i = 0; i < fn->code.count; i++) ch_array_push(&code, fn->code.items[i]);
    ch_array_release(&fn->code);
    fn->code.items = code.items;
    fn->code.count = code.count;
    fn->code.capacity = code.capacity;
    for (uint32_t i = 0; i < fn->lines.count; i++) fn->lines.items[i].pc += shift;
    for (uint32_t i = 0; i < fn->handlers.count; i++) {
        fn->handlers.items[i].start += shift;
        fn->handlers.items[i].end += shift;
        fn->handlers.items[i].target += shift;
    }
    for (uint32_t i = 0; i < fn->debug.count; i++) {
        fn->debug.items[i].start += shift;
        if (fn->debug.items[i].end != UINT32_MAX) fn->debug.items[i].end += shift;
    }
}

static void eval_names(ChFn *fn)
{
    const ChCompileOptions *options = fn->c->options;
    ChProto *proto = fn->proto;
    proto->param_count = proto->required_count = (uint16_t)options->name_count;
    proto->params = CH_ARENA_ARRAY(fn->c->arena, ChParam, options->name_count ? options->name_count : 1);
    for (uint32_t i = 0; i < options->name_count; i++) {
        proto->params[i].name = ch_str_copy(fn->c->arena, options->names[i]);
        ch__push(fn);
    }
    for (uint32_t i = options->name_count; i-- > 0;) { // the first of equal names wins
        ch__bind_reg(fn, proto->params[i].name, i, true);
    }
}

ChProto *ch__module(ChCompiler *c)
{
    const ChNodeList *items = &c->tree->root->as.file.items;
    ChProto *proto = CH_ARENA_NEW(c->arena, ChProto);
    ch_array_push(&c->protos, proto);
    ch_map_set_pointer(&c->enums, CH_STR("Result"), NULL);
    inherit_slots(c);
    // What wildcard imports of a session's text bring.
    for (uint32_t i = 0; c->session && i < c->options->name_count; i++) ch__slot(c, c->options->names[i], false, false, false);
    ch_node_walk(c->tree->root, types_enter, NULL, c);
    collect(c, items);
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *node = items->items[i];
        if (node->kind != CH_NODE_PIPELINE) continue;
        ch_array_push(&c->pipelines, (ChPipelineEntry){.name = ch_str_copy(c->arena, node->as.decl.name.text),
                                                       .is_public = node->flags & CH_FLAG_PUB});
    }
    ChScan scan = {0};
    ch__scan_body(c->tree->root, &scan);
    bool long_jumps = scan.node_count > CH_SHORT_JUMP_NODES_MAX;
    ch__scan_release(&scan);
    for (;; long_jumps = true) {
        *proto = (ChProto){.flags = CH_PROTO_TOPLEVEL, .end_offset = c->tree->source->text.length};
        if (c->options->kind == CH_COMPILE_PRELUDE) proto->flags |= CH_PROTO_PRELUDE;
        ChFn *fn = ch__fn_new(c, NULL, proto);
        fn->long_jumps = long_jumps;
        fn->is_toplevel = true;
        if (c->options->kind == CH_COMPILE_EVAL) eval_names(fn);
        fn->at_module_level = c->options->kind != CH_COMPILE_EVAL;
        fn->declares_slots = is_module(c) || is_session(c);
        c->hoist_reg = fn->free_reg;
        top_level(fn, items);
        if (fn->reachable) {
            ch__at(fn, c->tree->source->text.length);
            ch__emit(fn, CH_OP_RETURN_NIL, 0, 0, 0, 0);
        }
        bool again = fn->jump_overflow && !fn->long_jumps;
        insert_hoisted(fn);
        ch__fn_finish(fn);
        ch__fn_free(fn);
        if (!again) return proto;
        c->protos.count = 1;
        c->decls.count = 0;
        c->hoisted.count = 0;
    }
}
