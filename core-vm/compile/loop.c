// Loops test at the bottom; a `for` over an integer range counts in registers without making the range.
#include "compile/compile_int.h"

static void loop_open(ChFn *fn, ChLoop *loop)
{
    *loop = (ChLoop){.outer = fn->loop, .cleanup = fn->cleanup};
    fn->loop = loop;
}

void ch__break(ChFn *fn, const ChNode *node)
{
    ChLoop *loop = fn->loop;
    if (!loop) {
        ch__compile_error(fn->c, ch_node_range(node), "%s outside of loop",
                          node->kind == CH_NODE_BREAK ? "break" : "continue");
        return;
    }
    ch__exit_begin(fn, loop->cleanup);
    ch__at(fn, node->start);
    ch__jump(fn, node->kind == CH_NODE_BREAK ? &loop->breaks : &loop->continues, CH_OP_JMP, 0, 0, 0);
    ch__exit_end(fn, loop->cleanup);
}

// A constant that does not fit the comparison's immediate is loaded once, in front of the loop.
static const ChNode *big_constant(ChFn *fn, const ChNode *condition, ChConst *constant)
{
    if (!condition || condition->kind != CH_NODE_BINARY) return NULL;
    switch (condition->as.binary.op) {
    case CH_OPERATOR_LESS:
    case CH_OPERATOR_LESS_EQUAL:
    case CH_OPERATOR_GREATER:
    case CH_OPERATOR_GREATER_EQUAL: break;
    default: return NULL;
    }
    const ChNode *right = condition->as.binary.right;
    if (!ch__fold(fn, right, constant) || ch__fits_short(*constant)) return NULL;
    return constant->kind == CH_CONST_INT || constant->kind == CH_CONST_FLOAT ? right : NULL;
}

static void while_test(ChFn *fn, const ChNode *condition, const ChNode *hoisted, uint32_t reg, uint32_t body)
{
    if (!hoisted) {
        ch__cond_back(fn, condition, body);
        return;
    }
    uint32_t mark = fn->free_reg;
    ChOperator op = condition->as.binary.op;
    ChOperand left = ch__in_register(fn, ch__expr(fn, condition->as.binary.left));
    bool swap = op == CH_OPERATOR_GREATER || op == CH_OPERATOR_GREATER_EQUAL;
    bool or_equal = op == CH_OPERATOR_LESS_EQUAL || op == CH_OPERATOR_GREATER_EQUAL;
    ch__at(fn, condition->as.binary.op_start);
    uint8_t x = !left.is_temp ? 0 : swap ? CH_X_FREE_B : CH_X_FREE_A;
    ch__jump_back(fn, or_equal ? CH_OP_JLE : CH_OP_JLT, x, swap ? reg : left.reg, swap ? left.reg : reg, body);
    ch__pop_to(fn, mark);
}

void ch__while(ChFn *fn, const ChNode *node)
{
    ChLoop loop;
    ChPcs test = {0};
    ChConst constant;
    uint32_t mark = fn->free_reg, reg = 0;
    const ChNode *condition = node->as.while_.condition;
    bool forever = ch__fold(fn, condition, &constant) && ch__const_truthy(constant);
    const ChNode *hoisted = forever ? NULL : big_constant(fn, condition, &constant);
    if (hoisted) {
        reg = ch__push(fn);
        ch__load_constant(fn, reg, constant);
    }
    loop_open(fn, &loop);
    if (!forever) ch__jump(fn, &test, CH_OP_JMP, 0, 0, 0);
    uint32_t body = ch__label(fn);
    ch__block(fn, node->as.while_.body, CH_NO_REG);
    ch__patch_here(fn, &loop.continues);
    ch__patch_here(fn, &test);
    if (fn->reachable) {
        if (condition) ch__statement(fn, condition);
        if (forever) {
            ch__jump_back(fn, CH_OP_JMP, 0, 0, 0, body);
        } else {
            while_test(fn, condition, hoisted, reg, body);
        }
    }
    fn->loop = loop.outer;
    if (forever) fn->reachable = false;
    ch__patch_here(fn, &loop.breaks);
    ch__pop_to(fn, mark);
}

// ---- for

typedef struct RangeLoop {
    const ChNode *first, *last; // first NULL: 0
    uint8_t x;
} RangeLoop;

static bool is_range_loop(ChFn *fn, const ChNode *node, RangeLoop *range)
{
    const ChNode *over = node->as.for_.iterable;
    if (!over || !node->as.for_.pattern || node->as.for_.pattern->kind != CH_NODE_PATTERN_NAME) return false;
    if (over->kind == CH_NODE_RANGE) {
        *range = (RangeLoop){over->as.range.first, over->as.range.last,
                             (over->flags & CH_FLAG_EXCLUSIVE) ? 0 : CH_X_INCLUSIVE};
        return true;
    }
    if (over->kind != CH_NODE_CALL || !over->as.call.callee || over->as.call.callee->kind != CH_NODE_IDENTIFIER ||
        !ch_str_is(over->as.call.callee->as.name.name.text, "range")) {
        return false;
    }
    const ChNodeList *args = &over->as.call.args;
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind == CH_NODE_SPREAD) return false;
    }
    if (args->count < 1 || args->count > 2) return false;
    if (ch__resolve(fn, CH_STR("range")).kind != CH_REF_BUILTIN) return false;
    *range = (RangeLoop){args->count == 2 ? args->items[0] : NULL, args->items[args->count - 1], CH_X_BUILTIN};
    return true;
}

// Where a debugger stands between two rounds: on the variable. A breakpoint on the loop's line means its beginning.
static const ChNode *round_of(const ChNode *node) { return node->as.for_.pattern ? node->as.for_.pattern : node; }

static void bind_item(ChFn *fn, const ChNode *pattern, uint32_t item)
{
    if (pattern && pattern->kind == CH_NODE_PATTERN_NAME) {
        ChStr name = pattern->as.name.name.text;
        if (name.length && !ch_str_is(name, "_")) ch__bind_reg(fn, name, item, true);
    } else if (pattern) {
        ch__destructure(fn, pattern, (ChOperand){.reg = (uint16_t)item, .is_temp = true}, true);
    }
}

static void for_body(ChFn *fn, const ChNode *node, uint32_t item)
{
    ChScope scope;
    ChCleanup *outer = fn->cleanup;
    ch__scope_open(fn, &scope);
    bind_item(fn, node->as.for_.pattern, item);
    if (node->as.for_.body) ch__statements(fn, &node->as.for_.body->as.block.statements, CH_NO_REG);
    ch__cleanups_close_to(fn, outer);
    ch__scope_close(fn, &scope);
}

static void for_range(ChFn *fn, const ChNode *node, const RangeLoop *range)
{
    ChLoop loop;
    ChPcs end = {0};
    uint32_t counter = ch__push(fn), limit = ch__push(fn), item = ch__push(fn);
    if (range->first) {
        ch__expr_to(fn, range->first, counter);
    } else {
        ch__load_constant(fn, counter, ch__const_int(0));
    }
    ch__expr_to(fn, range->last, limit);
    loop_open(fn, &loop);
    ch__at(fn, node->as.for_.iterable->start);
    ch__jump(fn, &end, CH_OP_FOR_PREP, range->x, counter, 0);
    uint32_t body = ch__label(fn);
    for_body(fn, node, item);
    ch__patch_here(fn, &loop.continues);
    if (fn->reachable) {
        ch__statement(fn, round_of(node));
        ch__jump_back(fn, CH_OP_FOR_LOOP, 0, counter, 0, body);
    }
    fn->loop = loop.outer;
    ch__patch_here(fn, &end);
    ch__patch_here(fn, &loop.breaks);
}

static void for_each(ChFn *fn, const ChNode *node)
{
    ChLoop loop;
    ChPcs test = {0};
    uint32_t state = ch__push(fn);
    ch__push(fn); // the position
    uint32_t item = ch__push(fn);
    ChOperand over = ch__expr_reg(fn, node->as.for_.iterable);
    ch__at(fn, node->as.for_.iterable ? node->as.for_.iterable->start : node->start);
    ch__emit(fn, CH_OP_ITER, over.is_temp ? CH_X_FREE_B : 0, state, over.reg, 0);
    ch__pop_to(fn, item + 1);
    loop_open(fn, &loop);
    ch__jump(fn, &test, CH_OP_JMP, 0, 0, 0);
    uint32_t body = ch__label(fn);
    for_body(fn, node, item);
    ch__patch_here(fn, &loop.continues);
    ch__patch_here(fn, &test);
    ch__statement(fn, round_of(node));
    ch__jump_back(fn, CH_OP_ITER_NEXT, 0, state, item, body);
    fn->loop = loop.outer;
    ch__patch_here(fn, &loop.breaks);
    ch__emit(fn, CH_OP_LOADNIL, 0, state, 1, 0); // what was iterated is not held any longer
}

void ch__for(ChFn *fn, const ChNode *node)
{
    RangeLoop range;
    uint32_t mark = fn->free_reg;
    if (is_range_loop(fn, node, &range)) {
        for_range(fn, node, &range);
    } else {
        for_each(fn, node);
    }
    ch__pop_to(fn, mark);
}
