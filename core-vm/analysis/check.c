/* The checker's machine: frames on the heap, one step at a time; and the flow of what
 * is known about variables. What each node means is in the check_*.c beside it. */
#include <stdlib.h>
#include <string.h>

#include "analysis/check_int.h"

/* ---- flow ------------------------------------------------------------------------- */

void ch__state_set(ChChecker *checker, uint32_t symbol, const ChState *state, bool is_assignment)
{
    ChState *place = &checker->states[symbol];
    ch_array_push(&checker->trail, (ChTrailEntry){symbol, is_assignment, *place});
    *place = *state;
}

/* The variable's declaration has been passed. */
void ch__state_declare(ChChecker *checker, uint32_t symbol, const ChType *type)
{
    if (symbol == CH_SYMBOL_NONE)
        return;
    checker->states[symbol] = (ChState){.declared = type,
                                        .current = type,
                                        .function = checker->function->number,
                                        .is_known = true};
    ChSymbol *entry = &checker->analysis->symbols.items[symbol];
    if (!entry->type)
        entry->type = type;
}

/* What a path that assigned to the variable knows about it when paths meet again. */
static void forget(ChState *state)
{
    if (state->is_nil_widenable)
        state->declared = NULL;
    state->current = state->declared;
    state->ruled_out = NULL;
    state->schema = NULL;
    state->is_nil_widenable = false;
}

void ch__flow_restore(ChChecker *checker, uint32_t mark)
{
    /* Take back, newest first; then let assignments show outside of the branch. */
    enum { ASSIGNED_MAX = 256 };
    uint32_t assigned[ASSIGNED_MAX];
    uint32_t assigned_count = 0;
    while (checker->trail.count > mark) {
        ChTrailEntry entry = ch_array_pop(&checker->trail);
        checker->states[entry.symbol] = entry.before;
        if (!entry.is_assignment)
            continue;
        if (assigned_count < ASSIGNED_MAX)
            assigned[assigned_count++] = entry.symbol;
        else
            forget(&checker->states[entry.symbol]);
    }
    for (uint32_t i = 0; i < assigned_count; i++) {
        ChState state = checker->states[assigned[i]];
        forget(&state);
        const ChState *now = &checker->states[assigned[i]];
        if (state.current != now->current || state.declared != now->declared || now->schema ||
            now->ruled_out || now->is_nil_widenable)
            ch__state_set(checker, assigned[i], &state, true);
    }
}

static int compare_places(const void *a, const void *b)
{
    uint32_t x = ((const ChReference *)a)->range.start, y = ((const ChReference *)b)->range.start;
    return x < y ? -1 : x > y;
}

static void collect_writes(ChChecker *checker)
{
    const ChAnalysis *analysis = checker->analysis;
    for (uint32_t i = 0; i < analysis->references.count; i++)
        if (analysis->references.items[i].flags & CH_REFERENCE_WRITE)
            ch_array_push(&checker->writes, analysis->references.items[i]);
    if (checker->writes.count > 0)
        qsort(checker->writes.items, checker->writes.count, sizeof *checker->writes.items,
              compare_places);
}

static void forget_symbol(ChChecker *checker, uint32_t symbol)
{
    const ChState *now = &checker->states[symbol];
    if (!now->is_known)
        return;
    ChState state = *now;
    forget(&state);
    if (state.current != now->current || state.declared != now->declared || now->is_nil_widenable)
        ch__state_set(checker, symbol, &state, true);
}

void ch__flow_enter_loop(ChChecker *checker, ChRange range)
{
    enum { WRITES_MAX = 2000 };
    uint32_t low = 0, high = checker->writes.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (checker->writes.items[middle].range.start < range.start)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t n = 0; low < checker->writes.count; low++, n++) {
        const ChReference *write = &checker->writes.items[low];
        if (write->range.start >= range.end)
            return;
        if (n < WRITES_MAX) {
            forget_symbol(checker, write->symbol);
            continue;
        }
        /* A loop with very many assignments: whatever is narrowed may be among them. */
        for (uint32_t i = 0, count = checker->trail.count; i < count; i++)
            forget_symbol(checker, checker->trail.items[i].symbol);
        return;
    }
}

void ch__function_enter(ChChecker *checker, ChFunction *function)
{
    function->outer = checker->function;
    function->number = checker->function_count++;
    checker->function = function;
}

void ch__function_leave(ChChecker *checker)
{
    checker->function = checker->function->outer;
}

/* ---- the machine -------------------------------------------------------------------- */

/* Children in order, nothing else: nodes that mean nothing to the checker. */
static ChStep check_children(ChChecker *checker, ChFrame *frame)
{
    ChNodeIter iter;
    if (frame->stage++ == 0)
        iter = ch_node_iter(frame->node);
    else
        iter = (ChNodeIter){frame->node, frame->index, frame->mark};
    ChNode *child = ch_node_next(&iter);
    while (child && ch_node_is_type(child))
        child = ch_node_next(&iter);
    frame->index = iter.slot;
    frame->mark = iter.item;
    if (child)
        CH_VISIT(checker, child);
    return ch__done(checker, frame, NULL);
}

static ChStep step(ChChecker *checker, ChFrame *frame)
{
    switch (frame->node->kind) {
    case CH_NODE_FN:
    case CH_NODE_TOOL:
    case CH_NODE_PIPELINE:
    case CH_NODE_OVERRIDE:
    case CH_NODE_CLOSURE: return ch__check_callable(checker, frame);
    case CH_NODE_MATCH: return ch__check_match(checker, frame);
    case CH_NODE_CALL: return ch__check_call(checker, frame);
    case CH_NODE_METHOD_CALL: return ch__check_method_call(checker, frame);
    case CH_NODE_STRUCT_LITERAL: return ch__check_struct_literal(checker, frame);
    case CH_NODE_IMPORT:
    case CH_NODE_ATTRIBUTE: return ch__done(checker, frame, NULL);
    case CH_NODE_FILE:
    case CH_NODE_BLOCK:
    case CH_NODE_SKILL:
    case CH_NODE_EVAL_PACK:
    case CH_NODE_STRUCT:
    case CH_NODE_ENUM:
    case CH_NODE_INTERFACE:
    case CH_NODE_IMPL:
    case CH_NODE_TYPE_ALIAS:
    case CH_NODE_LET:
    case CH_NODE_VAR:
    case CH_NODE_CONST:
    case CH_NODE_ASSIGN:
    case CH_NODE_IF:
    case CH_NODE_FOR:
    case CH_NODE_WHILE:
    case CH_NODE_RETRY:
    case CH_NODE_DEADLINE:
    case CH_NODE_SPAWN:
    case CH_NODE_MUTEX:
    case CH_NODE_DEFER:
    case CH_NODE_COST_ROUTE:
    case CH_NODE_PARALLEL:
    case CH_NODE_SELECT:
    case CH_NODE_SELECT_CASE:
    case CH_NODE_TRY:
    case CH_NODE_CATCH:
    case CH_NODE_GUARD:
    case CH_NODE_REQUIRE:
    case CH_NODE_RETURN:
    case CH_NODE_THROW:
    case CH_NODE_YIELD:
    case CH_NODE_EMIT:
    case CH_NODE_BREAK:
    case CH_NODE_CONTINUE: return ch__check_statement(checker, frame);
    case CH_NODE_NIL:
    case CH_NODE_BOOL:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_DURATION:
    case CH_NODE_STRING:
    case CH_NODE_INTERPOLATION:
    case CH_NODE_IDENTIFIER:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_SPREAD:
    case CH_NODE_UNARY:
    case CH_NODE_BINARY:
    case CH_NODE_TERNARY:
    case CH_NODE_RANGE:
    case CH_NODE_MEMBER:
    case CH_NODE_INDEX:
    case CH_NODE_SLICE:
    case CH_NODE_PROPAGATE:
    case CH_NODE_TRY_STAR: return ch__check_expression(checker, frame);
    case CH_NODE_HITL:
        if (frame->stage == 0)
            ch__check_approval(checker, frame->node);
        return check_children(checker, frame);
    default: return check_children(checker, frame);
    }
}

static void push(ChChecker *checker, const ChNode *node)
{
    ch_array_push(&checker->frames, (ChFrame){.node = node});
}

static bool is_cancelled(ChChecker *checker)
{
    return (++checker->steps & 4095) == 0 && checker->options->cancelled &&
           atomic_load_explicit(checker->options->cancelled, memory_order_relaxed);
}

bool ch__check_bodies(ChAnalysis *analysis, const ChAnalysisOptions *options)
{
    ChChecker checker = {.analysis = analysis, .types = &analysis->types, .options = options};
    ChFunction file = {.what = ""};
    checker.states = ch_alloc_zero((size_t)analysis->symbols.count + 1, sizeof *checker.states);
    collect_writes(&checker);
    ch__function_enter(&checker, &file);
    push(&checker, analysis->tree->root);
    bool is_done = true;
    while (checker.frames.count > 0) {
        if (is_cancelled(&checker)) {
            is_done = false;
            break;
        }
        ChFrame *frame = &ch_array_last(&checker.frames);
        if (step(&checker, frame) == CH_STEP_DONE) {
            (void)ch_array_pop(&checker.frames);
        } else if (checker.child) {
            push(&checker, checker.child);
        } else {
            checker.type = NULL;
            checker.refs = (ChRefinements){0};
            checker.exits = false;
        }
    }
    /* Functions being checked when it was cancelled belong to their frames. */
    while (!is_done && checker.frames.count > 0)
        (void)ch_array_pop(&checker.frames);
    ch_array_release(&checker.frames);
    ch_array_release(&checker.trail);
    ch_array_release(&checker.writes);
    ch_map_release(&checker.names);
    ch_free(checker.known);
    ch_free(checker.states);
    if (is_done)
        ch__report_unresolved(analysis, options);
    return is_done;
}
