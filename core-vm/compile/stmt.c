// Statements and blocks. A statement may be wanted for its value (the last of a block that is an expression); then
// it writes `dst`, else dst is CH_NO_REG.
#include "compile/compile_int.h"

static bool is_declaration(const ChNode *node)
{
    return ch_node_is_decl(node) || node->kind == CH_NODE_IMPORT;
}

void ch__statements(ChFn *fn, const ChNodeList *items, uint32_t dst)
{
    bool wrote = false;
    for (uint32_t i = 0; i < items->count; i++) {
        // What stands behind a return or throw never runs; declarations there are not seen by anybody either.
        if (!fn->reachable) return;
        bool last = i + 1 == items->count;
        ch__statement_to(fn, items->items[i], last ? dst : CH_NO_REG);
        wrote |= last;
    }
    if (!wrote && dst != CH_NO_REG) ch__load_nil(fn, dst);
}

void ch__block(ChFn *fn, const ChNode *block, uint32_t dst)
{
    if (!block || !block->as.block.statements.count) {
        if (dst != CH_NO_REG) ch__load_nil(fn, dst);
        return;
    }
    ChScope scope;
    ChCleanup *outer = fn->cleanup;
    uint32_t floor = fn->free_reg;
    ch__scope_open(fn, &scope);
    ch__statements(fn, &block->as.block.statements, dst);
    ch__cleanups_close_to(fn, outer);
    ch__scope_close(fn, &scope);
    ch__pop_to(fn, floor);
}

void ch__if(ChFn *fn, const ChNode *node, uint32_t dst)
{
    ChPcs end = {0};
    for (;;) {
        ChPcs otherwise = {0};
        ch__cond(fn, node->as.if_.condition, false, &otherwise);
        ch__block(fn, node->as.if_.then_body, dst);
        const ChNode *next = node->as.if_.else_body;
        bool more = next || dst != CH_NO_REG;
        if (more && fn->reachable) ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
        ch__patch_here(fn, &otherwise);
        if (!next) {
            if (dst != CH_NO_REG && fn->reachable) ch__load_nil(fn, dst);
            break;
        }
        if (next->kind != CH_NODE_IF) {
            if (fn->reachable) ch__block(fn, next, dst);
            break;
        }
        if (!fn->reachable) break;
        node = next;
        ch__statement(fn, node);
    }
    ch__patch_here(fn, &end);
}

static void guard(ChFn *fn, const ChNode *node)
{
    ChPcs ok = {0};
    ch__cond(fn, node->as.guard.condition, true, &ok);
    ch__block(fn, node->as.guard.else_body, CH_NO_REG);
    ch__patch_here(fn, &ok);
}

static void throw_value(ChFn *fn, const ChNode *node)
{
    uint32_t mark = fn->free_reg;
    ChOperand value = ch__expr_reg(fn, node->as.unary.operand);
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_THROW, value.is_temp ? CH_X_FREE_A : 0, value.reg, 0, 0);
    fn->reachable = false;
    ch__pop_to(fn, mark);
}

static void require(ChFn *fn, const ChNode *node)
{
    ChPcs ok = {0};
    ch__cond(fn, node->as.require.condition, true, &ok);
    uint32_t mark = fn->free_reg;
    uint32_t reg = ch__push(fn);
    if (node->as.require.message) {
        ch__expr_to(fn, node->as.require.message, reg);
    } else {
        ch__load_text(fn, reg, CH_STR("require condition failed"));
    }
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_THROW, CH_X_FREE_A, reg, 0, 0);
    fn->reachable = false;
    ch__pop_to(fn, mark);
    ch__patch_here(fn, &ok);
}

void ch__return_reg(ChFn *fn, uint32_t reg)
{
    ch__exit_begin(fn, NULL);
    ch__emit(fn, CH_OP_RETURN, 0, reg, 0, 0);
    fn->reachable = false;
    ch__exit_end(fn, NULL);
}

static ChWalk collect_names(ChNode *node, void *data)
{
    CH_ARRAY_OF(const ChNode *) *names = data;
    if (node->kind == CH_NODE_IDENTIFIER) ch_array_push(names, node);
    if (names->count > 64) return CH_WALK_STOP;
    return node->kind == CH_NODE_CLOSURE || node->kind == CH_NODE_FN ? CH_WALK_OVER : CH_WALK_INTO;
}

// In `return f(x)` and `return x + y` every local that is read once is read for the last time.
static void mark_last_uses(ChFn *fn, const ChNode *value)
{
    CH_ARRAY_OF(const ChNode *) names = {0};
    if (value->kind != CH_NODE_CALL && value->kind != CH_NODE_METHOD_CALL &&
        !(value->kind == CH_NODE_BINARY && value->as.binary.op == CH_OPERATOR_ADD)) {
        return;
    }
    ch_node_walk((ChNode *)value, collect_names, NULL, &names);
    if (names.count <= 64) {
        for (uint32_t i = 0; i < names.count; i++) {
            ChStr name = names.items[i]->as.name.name.text;
            uint32_t index = ch_map_get_number(&fn->names, name, 0);
            if (!index || fn->bindings.items[index - 1].is_self) continue;
            if (ch__single_use(value, name) == names.items[i]) {
                ch_array_push(&fn->last_uses, (ChLastUse){names.items[i], fn->bindings.items[index - 1].reg});
            }
        }
    }
    ch_array_release(&names);
}

void ch__return(ChFn *fn, const ChNode *node)
{
    const ChNode *value = node->as.unary.operand;
    uint32_t mark = fn->free_reg;
    if (!value) {
        ch__exit_begin(fn, NULL);
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_RETURN_NIL, 0, 0, 0, 0);
        fn->reachable = false;
        ch__exit_end(fn, NULL);
        return;
    }
    if (fn->cleanup) {
        uint32_t reg = ch__push(fn);
        ch__expr_to(fn, value, reg);
        if (fn->reachable) ch__return_reg(fn, reg);
        ch__pop_to(fn, mark);
        return;
    }
    uint32_t uses = fn->last_uses.count;
    mark_last_uses(fn, value);
    if (value->kind == CH_NODE_CALL && value->as.call.callee && value->as.call.callee->kind == CH_NODE_IDENTIFIER &&
        fn->allow_tail) {
        uint32_t reg = ch__push(fn);
        ch__call_to(fn, value, reg, true);
        ch__emit(fn, CH_OP_RETURN, 0, reg, 0, 0);
    } else {
        ChOperand result = ch__expr_reg(fn, value);
        ch__at(fn, node->start);
        if (fn->reachable) ch__emit(fn, CH_OP_RETURN, 0, result.reg, 0, 0);
    }
    fn->last_uses.count = uses;
    fn->reachable = false;
    ch__pop_to(fn, mark);
}

static void declaration(ChFn *fn, const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_FN: ch__fn_decl(fn, node); break;
    case CH_NODE_TOOL: ch__tool_decl(fn, node); break;
    case CH_NODE_SKILL: ch__skill_decl(fn, node); break;
    case CH_NODE_EVAL_PACK: ch__eval_pack_decl(fn, node, true); break;
    case CH_NODE_STRUCT: ch__struct_decl(fn, node); break;
    case CH_NODE_ENUM: ch__enum_decl(fn, node); break;
    case CH_NODE_INTERFACE: ch__interface_decl(fn, node); break;
    case CH_NODE_IMPL: ch__impl_decl(fn, node); break;
    case CH_NODE_IMPORT:
        ch__compile_error(fn->c, ch_node_range(node), "imports stand at the top level of a file");
        break;
    default: break; // pipelines, overrides and type aliases do nothing where they stand
    }
    if (ch_node_is_decl(node)) ch__attributes(fn, node);
}

// For its effect; false when the node is an expression, whose value would be computed and dropped.
static bool effect(ChFn *fn, const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST: ch__let(fn, node); return true;
    case CH_NODE_ASSIGN: ch__assign(fn, node); return true;
    case CH_NODE_FOR: ch__for(fn, node); return true;
    case CH_NODE_WHILE: ch__while(fn, node); return true;
    case CH_NODE_RETRY: ch__retry(fn, node); return true;
    case CH_NODE_GUARD: guard(fn, node); return true;
    case CH_NODE_REQUIRE: require(fn, node); return true;
    case CH_NODE_DEFER:
        ch__cleanup_open(fn, CH_CLEANUP_FINALLY, node->as.sized_body.body, 0);
        return true;
    case CH_NODE_RETURN: ch__return(fn, node); return true;
    case CH_NODE_THROW: throw_value(fn, node); return true;
    case CH_NODE_BREAK:
    case CH_NODE_CONTINUE: ch__break(fn, node); return true;
    default: break;
    }
    if (is_declaration(node)) {
        declaration(fn, node);
        return true;
    }
    return false;
}

// Expressions made of statements, which can be had with or without their value.
static bool compound(ChFn *fn, const ChNode *node, uint32_t dst)
{
    switch (node->kind) {
    case CH_NODE_BLOCK: ch__block(fn, node, dst); return true;
    case CH_NODE_IF: ch__if(fn, node, dst); return true;
    case CH_NODE_MATCH: ch__match(fn, node, dst); return true;
    case CH_NODE_TRY: ch__try(fn, node, dst); return true;
    case CH_NODE_DEADLINE:
    case CH_NODE_MUTEX: ch__region(fn, node, dst); return true;
    default: return false;
    }
}

void ch__statement_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    if (!ch__depth_enter(fn->c, node)) return;
    bool own_registers = node->kind != CH_NODE_LET && node->kind != CH_NODE_VAR && node->kind != CH_NODE_CONST &&
                         node->kind != CH_NODE_DEFER && !is_declaration(node);
    uint32_t mark = fn->free_reg;
    ch__statement(fn, node);
    if (compound(fn, node, dst)) {
        // done
    } else if (effect(fn, node)) {
        if (dst != CH_NO_REG && fn->reachable) ch__load_nil(fn, dst);
    } else if (dst == CH_NO_REG) {
        ch__expr_drop(fn, node);
    } else {
        ch__expr_to(fn, node, dst);
    }
    fn->statement = false;
    if (own_registers) ch__pop_to(fn, mark);
    fn->c->depth--;
}
