// Concurrency: spawn, parallel, select and cost_route. Their bodies are closures; what runs them are builtins of the
// runtime, so that the compiler knows nothing of scheduling.
#include "compile/compile_int.h"

void ch__spawn_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    uint32_t mark = fn->free_reg;
    uint32_t closure = ch__push(fn);
    ch__closure_to(fn,
                   &(ChFnSpec){.name = CH_STR("<spawn>"), .body = node->as.sized_body.body, .returns_value = true,
                               .keeps_frame = true, .start = node->start, .end = node->end},
                   closure);
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_SPAWN, CH_X_FREE_B, dst, closure, 0);
    ch__pop_to(fn, mark);
}

typedef struct ParallelRow {
    const char *builtin; // (value, closure, max_concurrent)
    const char *name;    // of the body in traces
    const char *variable;
} ParallelRow;

void ch__parallel_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    static const ParallelRow rows[] = {
        [CH_PARALLEL_COUNT] = {"__parallel", "<parallel>", "__i__"},
        [CH_PARALLEL_EACH] = {"__parallel_each", "<parallel_each>", "__item__"},
        [CH_PARALLEL_EACH_STREAM] = {"__parallel_each_stream", "<parallel_each>", "__item__"},
        [CH_PARALLEL_SETTLE] = {"__parallel_settle", "<parallel_settle>", "__item__"},
    };
    const ParallelRow *row = &rows[node->as.parallel.mode];
    uint32_t base = ch__push(fn), closure = ch__push(fn), cap = ch__push(fn);
    const ChNode *limit = NULL;
    for (uint32_t i = 0; i < node->as.parallel.options.count; i++) {
        const ChNode *option = node->as.parallel.options.items[i];
        if (ch_str_is(option->as.named_value.name.text, "max_concurrent")) limit = option->as.named_value.value;
    }
    if (limit) {
        ch__expr_to(fn, limit, cap);
    } else {
        ch__load_constant(fn, cap, ch__const_int(0));
    }
    ch__expr_to(fn, node->as.parallel.value, base);
    ChStr variable = node->as.parallel.variable.text;
    ch__closure_to(fn,
                   &(ChFnSpec){.name = ch_str_of(row->name),
                               .single_param = variable.length ? variable : ch_str_of(row->variable),
                               .body = node->as.parallel.body,
                               .returns_value = true,
                               .keeps_frame = true,
                               .start = node->start,
                               .end = node->end},
                   closure);
    ch__at(fn, node->start);
    ch__call_named(fn, ch_str_of(row->builtin), base, 3, dst);
    ch__pop_to(fn, base);
}

static void select_case(ChFn *fn, const ChNode *node, uint32_t result, uint32_t index, uint32_t dst, ChPcs *end)
{
    ChPcs next = {0};
    ChScope scope;
    uint32_t which = ch__push(fn);
    ch__at(fn, node->start);
    ch__emit(fn, CH_OP_GET_FIELD, 0, which, result, ch__constant_text(fn, CH_STR("index")));
    ch__emit_word(fn, 0);
    ch__jump(fn, &next, CH_OP_JNEI, 0, which, index);
    ch__pop_to(fn, which);
    ch__scope_open(fn, &scope);
    uint32_t value = ch__push(fn);
    ch__emit(fn, CH_OP_GET_FIELD, 0, value, result, ch__constant_text(fn, CH_STR("value")));
    ch__emit_word(fn, 0);
    ch__declare(fn, node->as.select_case.variable.text, value, false);
    ch__block(fn, node->as.select_case.body, dst);
    ch__scope_close(fn, &scope);
    if (fn->reachable) ch__jump(fn, end, CH_OP_JMP, 0, 0, 0);
    ch__patch_here(fn, &next);
}

void ch__select_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    const ChNodeList *cases = &node->as.select.cases;
    uint32_t mark = fn->free_reg;
    uint32_t out = ch__is_bound(fn, dst) ? ch__push(fn) : dst;
    ChPcs end = {0};
    if (cases->count > INT16_MAX) {
        ch__compile_error(fn->c, ch_node_range(node), "select has too many cases");
        return;
    }
    uint32_t result = ch__push(fn);
    uint32_t base = ch__push(fn);
    for (uint32_t i = 0; i < cases->count; i++) ch__expr_push(fn, cases->items[i]->as.select_case.channel);
    ch__emit(fn, CH_OP_NEW_LIST, 0, base, base + 1, cases->count);
    ch__pop_to(fn, base + 1);
    uint32_t count = 1;
    const char *builtin = node->as.select.default_body ? "__select_try" : "__select_list";
    if (node->as.select.timeout) {
        ch__expr_push(fn, node->as.select.timeout);
        builtin = "__select_timeout";
        count = 2;
    }
    ch__at(fn, node->start);
    ch__call_named(fn, ch_str_of(builtin), base, count, result);
    ch__pop_to(fn, base);
    for (uint32_t i = 0; i < cases->count; i++) select_case(fn, cases->items[i], result, i, out, &end);
    if (node->as.select.timeout) {
        ch__block(fn, node->as.select.timeout_body, out);
    } else {
        ch__block(fn, node->as.select.default_body, out);
    }
    ch__patch_here(fn, &end);
    if (fn->reachable) ch__move(fn, dst, out, true);
    ch__pop_to(fn, mark);
}

// Words that stand for themselves in the options of cost_route.
static bool is_word_option(ChStr name)
{
    return ch_str_is(name, "fallback_strategy") || ch_str_is(name, "strategy") || ch_str_is(name, "quality") ||
           ch_str_is(name, "min_quality");
}

void ch__cost_route_to(ChFn *fn, const ChNode *node, uint32_t dst)
{
    const ChNodeList *options = &node->as.cost_route.options;
    uint32_t base = ch__push(fn), closure = ch__push(fn);
    ch__emit(fn, CH_OP_NEW_DICT, 0, base, 0, 0);
    for (uint32_t i = 0; i < options->count; i++) {
        ChStr name = options->items[i]->as.named_value.name.text;
        const ChNode *value = options->items[i]->as.named_value.value;
        uint32_t key = ch__push(fn), reg = ch__push(fn);
        ch__load_text(fn, key, name);
        if (is_word_option(name) && value && value->kind == CH_NODE_IDENTIFIER) {
            ch__load_text(fn, reg, value->as.name.name.text);
        } else {
            ch__expr_to(fn, value, reg);
        }
        ch__emit(fn, CH_OP_DICT_PUT, CH_X_FREE_B | CH_X_FREE_C, base, key, reg);
        ch__pop_to(fn, key);
    }
    ch__closure_to(fn,
                   &(ChFnSpec){.name = CH_STR("<closure>"), .body = node->as.cost_route.body, .returns_value = true,
                               .start = node->start, .end = node->end},
                   closure);
    ch__at(fn, node->start);
    ch__call_named(fn, CH_STR("__cost_route"), base, 2, dst);
    ch__pop_to(fn, base);
}
