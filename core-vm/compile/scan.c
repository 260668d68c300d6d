// What a piece of the tree does, found by walking it once: names assigned in a function, names read in its loops,
// `yield`, and whether an expression can change a local while its operands are being computed.
//
// Bodies of closures, functions and tasks are functions of their own and are left out; what such a body captures is
// read when the closure is made, and the walkers that care treat its names as used.
#include "compile/compile_int.h"

// The part of a node that is another function's body; NULL for ordinary nodes.
static const ChNode *inner_body(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_SPAWN: return node->as.sized_body.body;
    case CH_NODE_PARALLEL: return node->as.parallel.body;
    case CH_NODE_COST_ROUTE: return node->as.cost_route.body;
    default: return NULL;
    }
}

static bool is_function(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_CLOSURE:
    case CH_NODE_FN:
    case CH_NODE_TOOL:
    case CH_NODE_IMPL:
    case CH_NODE_PIPELINE:
    case CH_NODE_OVERRIDE:
    case CH_NODE_INTERFACE: return true;
    default: return false;
    }
}

typedef struct Walker {
    CH_ARRAY_OF(const ChNode *) bodies; // of the task nodes that are being walked
    uint32_t loops;
    ChScan *scan;
    // for single uses
    ChStr name;
    const ChNode *found;
    uint32_t uses;
    uint32_t functions;
    bool answer;
} Walker;

static bool is_inner_body(Walker *w, const ChNode *node)
{
    for (uint32_t i = w->bodies.count; i-- > 0;) {
        if (w->bodies.items[i] == node) return true;
    }
    return false;
}

static const ChNode *root_of(const ChNode *target)
{
    while (target) {
        switch (target->kind) {
        case CH_NODE_MEMBER: target = target->as.member.object; break;
        case CH_NODE_INDEX: target = target->as.index.object; break;
        default: return target;
        }
    }
    return NULL;
}

static ChWalk scan_enter(ChNode *node, void *data)
{
    Walker *w = data;
    if (is_inner_body(w, node)) return CH_WALK_OVER;
    w->scan->node_count++;
    if (is_function(node)) return CH_WALK_OVER;
    const ChNode *body = inner_body(node);
    if (body) ch_array_push(&w->bodies, body);
    switch (node->kind) {
    case CH_NODE_YIELD:
    case CH_NODE_EMIT: w->scan->has_yield = true; break;
    case CH_NODE_FOR:
    case CH_NODE_WHILE:
    case CH_NODE_RETRY: w->loops++; break;
    case CH_NODE_IDENTIFIER:
        if (w->loops) ch_map_set_number(&w->scan->in_loops, node->as.name.name.text, 1);
        break;
    case CH_NODE_PATTERN_NAME: ch_map_set_number(&w->scan->declared, node->as.name.name.text, 1); break;
    case CH_NODE_PATTERN_FIELD:
    case CH_NODE_PATTERN_ELEMENT:
        ch_map_set_number(&w->scan->declared, node->as.pattern_item.name.text, 1);
        break;
    case CH_NODE_PATTERN_PAIR:
        ch_map_set_number(&w->scan->declared, node->as.pattern_pair.first.text, 1);
        ch_map_set_number(&w->scan->declared, node->as.pattern_pair.second.text, 1);
        break;
    case CH_NODE_ASSIGN: {
        const ChNode *root = root_of(node->as.assign.target);
        if (root && root->kind == CH_NODE_IDENTIFIER) {
            ch_map_set_number(&w->scan->assigned, root->as.name.name.text, 1);
        }
        break;
    }
    default: break;
    }
    return CH_WALK_INTO;
}

static void scan_leave(ChNode *node, void *data)
{
    Walker *w = data;
    if (is_inner_body(w, node) || is_function(node)) return;
    if (inner_body(node)) w->bodies.count--;
    if (node->kind == CH_NODE_FOR || node->kind == CH_NODE_WHILE || node->kind == CH_NODE_RETRY) w->loops--;
}

void ch__scan_body(const ChNode *body, ChScan *scan)
{
    if (!body) return;
    Walker w = {.scan = scan};
    ch_node_walk((ChNode *)body, scan_enter, scan_leave, &w);
    ch_array_release(&w.bodies);
}

void ch__scan_release(ChScan *scan)
{
    ch_map_release(&scan->assigned);
    ch_map_release(&scan->in_loops);
    ch_map_release(&scan->declared);
}

static ChWalk assign_enter(ChNode *node, void *data)
{
    Walker *w = data;
    if (is_inner_body(w, node)) return CH_WALK_OVER;
    if (is_function(node)) return CH_WALK_OVER;
    const ChNode *body = inner_body(node);
    if (body) ch_array_push(&w->bodies, body);
    if (node->kind == CH_NODE_ASSIGN) {
        w->answer = true;
        return CH_WALK_STOP;
    }
    return CH_WALK_INTO;
}

// Only nodes that can hold statements can hold an assignment: leaves and plain operators answer at once.
static bool is_plain(const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_NIL:
    case CH_NODE_BOOL:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_DURATION:
    case CH_NODE_STRING:
    case CH_NODE_IDENTIFIER:
    case CH_NODE_CLOSURE: return true;
    default: return false;
    }
}

bool ch__may_assign(const ChNode *node)
{
    if (!node || is_plain(node)) return false;
    Walker w = {0};
    ch_node_walk((ChNode *)node, assign_enter, scan_leave, &w);
    ch_array_release(&w.bodies);
    return w.answer;
}

static ChWalk leave_enter(ChNode *node, void *data)
{
    Walker *w = data;
    if (is_function(node)) return CH_WALK_OVER;
    if (node->kind == CH_NODE_BREAK || node->kind == CH_NODE_CONTINUE) {
        w->answer = true;
        return CH_WALK_STOP;
    }
    return CH_WALK_INTO;
}

bool ch__may_leave_loop(const ChNode *node)
{
    if (!node || is_plain(node)) return false;
    Walker w = {0};
    ch_node_walk((ChNode *)node, leave_enter, NULL, &w);
    return w.answer;
}

static ChWalk use_enter(ChNode *node, void *data)
{
    Walker *w = data;
    bool opens = is_function(node) || is_inner_body(w, node) || node->kind == CH_NODE_FOR ||
                 node->kind == CH_NODE_WHILE || node->kind == CH_NODE_RETRY;
    if (opens) w->functions++;
    const ChNode *body = inner_body(node);
    if (body) ch_array_push(&w->bodies, body);
    if (node->kind == CH_NODE_IDENTIFIER && ch_str_equal(node->as.name.name.text, w->name)) {
        w->found = node;
        w->uses += w->functions ? 2 : 1;
        if (w->uses > 1) return CH_WALK_STOP;
    }
    return CH_WALK_INTO;
}

static void use_leave(ChNode *node, void *data)
{
    Walker *w = data;
    if (is_function(node) || is_inner_body(w, node) || node->kind == CH_NODE_FOR || node->kind == CH_NODE_WHILE ||
        node->kind == CH_NODE_RETRY) {
        w->functions--;
    }
    if (inner_body(node)) w->bodies.count--;
}

const ChNode *ch__single_use(const ChNode *node, ChStr name)
{
    if (!node) return NULL;
    Walker w = {.name = name};
    ch_node_walk((ChNode *)node, use_enter, use_leave, &w);
    ch_array_release(&w.bodies);
    return w.uses == 1 ? w.found : NULL;
}

// The placeholder of a pipe is looked for in operators, calls, accesses and literals, not in blocks or closures
// (spec: Pipe placeholder).
static ChWalk placeholder_enter(ChNode *node, void *data)
{
    Walker *w = data;
    switch (node->kind) {
    case CH_NODE_IDENTIFIER:
        if (ch_str_is(node->as.name.name.text, "_")) {
            w->answer = true;
            return CH_WALK_STOP;
        }
        return CH_WALK_INTO;
    case CH_NODE_CALL:
    case CH_NODE_METHOD_CALL:
    case CH_NODE_HITL:
    case CH_NODE_NAMED_VALUE:
    case CH_NODE_BINARY:
    case CH_NODE_UNARY:
    case CH_NODE_TERNARY:
    case CH_NODE_RANGE:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_DICT_ENTRY:
    case CH_NODE_STRUCT_LITERAL:
    case CH_NODE_INTERPOLATION:
    case CH_NODE_MEMBER:
    case CH_NODE_INDEX:
    case CH_NODE_SLICE:
    case CH_NODE_SPREAD:
    case CH_NODE_PROPAGATE:
    case CH_NODE_TRY_STAR: return CH_WALK_INTO;
    default: return CH_WALK_OVER;
    }
}

bool ch__has_placeholder(const ChNode *node)
{
    if (!node) return false;
    Walker w = {0};
    ch_node_walk((ChNode *)node, placeholder_enter, NULL, &w);
    return w.answer;
}
