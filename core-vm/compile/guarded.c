// Regions that something must follow: try/catch/finally, defer, owned bindings, deadline, mutex, retry.
//
// A cleanup is open while its region is being compiled. A way out of the region (return, break, continue, the normal
// end) carries a copy of the cleanup's code; an error takes the handler, whose code runs the cleanup and goes on
// throwing. The region's own handler must not guard those copies, so the guarded range is a list of pieces: each
// way out closes the piece in progress and opens the next behind the jump.
#include "compile/compile_int.h"

static void range_open(ChFn *fn, ChCleanup *cleanup)
{
    cleanup->is_open = true;
    cleanup->open_pc = fn->code.count;
}

static void range_close(ChFn *fn, ChCleanup *cleanup)
{
    if (!cleanup->is_open) return;
    cleanup->is_open = false;
    if (fn->code.count > cleanup->open_pc) {
        ch_array_push(&cleanup->ranges, (ChPcRange){cleanup->open_pc, fn->code.count});
    }
}

ChCleanup *ch__cleanup_open(ChFn *fn, ChCleanupKind kind, const ChNode *body, uint32_t reg)
{
    ChCleanup *cleanup = CH_ARENA_NEW(fn->c->arena, ChCleanup);
    cleanup->outer = fn->cleanup;
    cleanup->kind = kind;
    cleanup->body = body;
    cleanup->reg = (uint16_t)reg;
    cleanup->live = (uint16_t)fn->free_reg;
    cleanup->binding_count = fn->bindings.count;
    cleanup->loop = fn->loop;
    fn->cleanup = cleanup;
    range_open(fn, cleanup);
    return cleanup;
}

static void add_handlers(ChFn *fn, ChCleanup *cleanup, ChHandlerKind kind, uint32_t target, uint32_t reg, ChStr type)
{
    for (uint32_t i = 0; i < cleanup->ranges.count; i++) {
        ch_array_push(&fn->handlers, (ChHandler){.start = cleanup->ranges.items[i].start,
                                                 .end = cleanup->ranges.items[i].end,
                                                 .target = target,
                                                 .reg = (uint16_t)reg,
                                                 .live = cleanup->live,
                                                 .kind = kind,
                                                 .type_name = type});
    }
    ch_array_release(&cleanup->ranges);
}

// The code of a cleanup, as it stands outside of the region: names and loops are those of its place.
static void cleanup_code(ChFn *fn, ChCleanup *cleanup)
{
    if (cleanup->kind == CH_CLEANUP_CATCH) return;
    ChCleanup *saved_cleanup = fn->cleanup;
    ChLoop *saved_loop = fn->loop;
    uint32_t saved_start = fn->scope_start, hidden;
    fn->cleanup = cleanup->outer;
    fn->loop = cleanup->loop;
    ChBinding *names = ch__names_hide(fn, cleanup->binding_count, &hidden);
    if (fn->scope_start > fn->bindings.count) fn->scope_start = fn->bindings.count;
    uint32_t mark = fn->free_reg;
    switch (cleanup->kind) {
    case CH_CLEANUP_FINALLY: ch__block(fn, cleanup->body, CH_NO_REG); break;
    case CH_CLEANUP_LEAVE: ch__emit(fn, CH_OP_LEAVE, 0, cleanup->reg, 0, 0); break;
    case CH_CLEANUP_DROP: {
        uint32_t base = ch__push(fn);
        ch__move(fn, base, cleanup->reg, false);
        ch__call_named(fn, CH_STR("drop"), base, 1, base);
        break;
    }
    case CH_CLEANUP_STORE: ch__emit_bc(fn, CH_OP_SET_MODULE, CH_X_FREE_A, cleanup->reg, cleanup->slot); break;
    case CH_CLEANUP_CATCH: break;
    }
    ch__pop_to(fn, mark);
    ch__names_restore(fn, names, hidden);
    fn->scope_start = saved_start;
    fn->cleanup = saved_cleanup;
    fn->loop = saved_loop;
}

void ch__exit_begin(ChFn *fn, ChCleanup *outer)
{
    for (ChCleanup *at = fn->cleanup; at != outer; at = at->outer) {
        range_close(fn, at);
        if (fn->reachable) cleanup_code(fn, at);
    }
}

void ch__exit_end(ChFn *fn, ChCleanup *outer)
{
    for (ChCleanup *at = fn->cleanup; at != outer; at = at->outer) range_open(fn, at);
}

void ch__cleanup_close(ChFn *fn, ChCleanup *cleanup)
{
    range_close(fn, cleanup);
    fn->cleanup = cleanup->outer;
    if (cleanup->kind == CH_CLEANUP_CATCH) return;
    ChPcs end = {0};
    if (fn->reachable) cleanup_code(fn, cleanup);
    if (cleanup->ranges.count) {
        bool goes_on = fn->reachable;
        if (goes_on) ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
        uint32_t mark = fn->free_reg;
        uint32_t error = ch__push(fn);
        uint32_t target = ch__label(fn);
        cleanup_code(fn, cleanup);
        if (fn->reachable) ch__emit(fn, CH_OP_RETHROW, 0, error, 0, 0);
        fn->reachable = false;
        ch__pop_to(fn, mark);
        // Everything that is live at the end of the region is live for its code too.
        if (cleanup->live > error) cleanup->live = (uint16_t)error;
        add_handlers(fn, cleanup, CH_HANDLER_FINALLY, target, error, (ChStr){0});
    }
    ch__patch_here(fn, &end);
}

void ch__cleanups_close_to(ChFn *fn, ChCleanup *outer)
{
    while (fn->cleanup != outer) ch__cleanup_close(fn, fn->cleanup);
}

// ---- try

static void catch_clause(ChFn *fn, const ChNode *clause, ChCleanup *region, uint32_t dst)
{
    ChScope scope;
    ch__scope_open(fn, &scope);
    uint32_t reg = ch__push(fn);
    uint32_t target = ch__label(fn);
    ChHandlerKind kind = CH_HANDLER_CATCH;
    ChStr type = {0};
    if (clause->as.catch_.type && clause->as.catch_.type->kind == CH_NODE_TYPE_NAME) {
        kind = CH_HANDLER_CATCH_TYPED;
        type = ch_str_copy(fn->c->arena, clause->as.catch_.type->as.name.name.text);
    }
    add_handlers(fn, region, kind, target, reg, type);
    ChStr name = clause->as.catch_.variable.text;
    if (name.length && !ch_str_is(name, "_")) ch__bind_reg(fn, name, reg, false);
    ch__block(fn, clause->as.catch_.body, dst);
    ch__scope_close(fn, &scope);
}

static void try_result(ChFn *fn, const ChNode *node, uint32_t dst)
{
    uint32_t mark = fn->free_reg;
    uint32_t out = dst == CH_NO_REG || ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    ChPcs end = {0};
    ChCleanup *region = ch__cleanup_open(fn, CH_CLEANUP_CATCH, NULL, 0);
    ch__block(fn, node->as.try_.body, out);
    ch__cleanup_close(fn, region);
    ch__at(fn, node->start);
    if (fn->reachable) {
        ch__emit(fn, CH_OP_TRY_OK, CH_X_FREE_B, out, out, 0);
        ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
    }
    if (region->ranges.count) {
        uint32_t error = ch__push(fn);
        uint32_t target = ch__label(fn);
        add_handlers(fn, region, CH_HANDLER_CATCH, target, error, (ChStr){0});
        ch__emit(fn, CH_OP_TRY_ERR, CH_X_FREE_B, out, error, 0);
    }
    ch__patch_here(fn, &end);
    if (dst != CH_NO_REG) ch__move(fn, dst, out, true);
    ch__pop_to(fn, mark);
}

void ch__try(ChFn *fn, const ChNode *node, uint32_t dst)
{
    const ChNode *clause = node->as.try_.catch_clause;
    const ChNode *finally_body = node->as.try_.finally_body;
    if (!clause && !finally_body) {
        try_result(fn, node, dst);
        return;
    }
    uint32_t mark = fn->free_reg;
    uint32_t out = dst != CH_NO_REG && ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    ChCleanup *finally = finally_body ? ch__cleanup_open(fn, CH_CLEANUP_FINALLY, finally_body, 0) : NULL;
    if (clause) {
        ChPcs end = {0};
        ChCleanup *region = ch__cleanup_open(fn, CH_CLEANUP_CATCH, NULL, 0);
        ch__block(fn, node->as.try_.body, out);
        ch__cleanup_close(fn, region);
        if (region->ranges.count) {
            if (fn->reachable) ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
            catch_clause(fn, clause, region, out);
        }
        ch__patch_here(fn, &end);
    } else {
        ch__block(fn, node->as.try_.body, out);
    }
    if (finally) ch__cleanup_close(fn, finally);
    if (out != dst && fn->reachable) ch__move(fn, dst, out, true);
    ch__pop_to(fn, mark);
}

// ---- deadline and mutex

void ch__region(ChFn *fn, const ChNode *node, uint32_t dst)
{
    bool deadline = node->kind == CH_NODE_DEADLINE;
    uint32_t mark = fn->free_reg;
    uint32_t out = dst != CH_NO_REG && ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    uint32_t token = ch__push(fn);
    uint32_t value = ch__push(fn);
    if (deadline) {
        ch__expr_to(fn, node->as.sized_body.value, value);
    } else {
        ch__load_text(fn, value, CH_STR("__default__"));
    }
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_ENTER, CH_X_FREE_B, token, value, deadline ? 0 : 1);
    ch__pop_to(fn, value);
    ChCleanup *region = ch__cleanup_open(fn, CH_CLEANUP_LEAVE, NULL, token);
    // A mutex block has no value (spec: Synchronization).
    ch__block(fn, node->as.sized_body.body, deadline ? out : CH_NO_REG);
    if (!deadline && out != CH_NO_REG && fn->reachable) ch__load_nil(fn, out);
    ch__cleanup_close(fn, region);
    if (out != dst && fn->reachable) ch__move(fn, dst, out, true);
    ch__pop_to(fn, mark);
}

// ---- retry: the body again while it throws, at most `count` times; the last error goes on

void ch__retry(ChFn *fn, const ChNode *node)
{
    uint32_t mark = fn->free_reg;
    uint32_t left = ch__push(fn);
    ch__expr_to(fn, node->as.sized_body.value, left);
    ChPcs end = {0};
    uint32_t again = ch__label(fn);
    ChCleanup *region = ch__cleanup_open(fn, CH_CLEANUP_CATCH, NULL, 0);
    ch__block(fn, node->as.sized_body.body, CH_NO_REG);
    ch__cleanup_close(fn, region);
    if (region->ranges.count) {
        if (fn->reachable) ch__jump(fn, &end, CH_OP_JMP, 0, 0, 0);
        uint32_t error = ch__push(fn);
        uint32_t target = ch__label(fn);
        // The error itself is kept, so that the one that is thrown on has its own trace.
        add_handlers(fn, region, CH_HANDLER_FINALLY, target, error, (ChStr){0});
        ch__at(fn, node->start);
        ch__emit(fn, CH_OP_SUBI, 0, left, left, 1);
        ch__jump_back(fn, CH_OP_JGTI, 0, left, 0, again);
        ch__emit(fn, CH_OP_RETHROW, 0, error, 0, 0);
        fn->reachable = false;
    }
    ch__patch_here(fn, &end);
    ch__pop_to(fn, mark);
}
