/* What may stand behind `const name =`: values that are known before the program runs.
 * Literals, other constants, operators, lists, dicts, and a few builtins that depend on
 * their arguments alone. The branches of a condition are not judged: only one of them
 * is taken. */
#include "analysis/check_int.h"

static const ChStr pure_builtins[] = {
    CH_STR_INIT("len"),       CH_STR_INIT("format"),    CH_STR_INIT("min"),
    CH_STR_INIT("max"),       CH_STR_INIT("abs"),       CH_STR_INIT("floor"),
    CH_STR_INIT("ceil"),      CH_STR_INIT("round"),     CH_STR_INIT("lowercase"),
    CH_STR_INIT("uppercase"), CH_STR_INIT("trim"),      CH_STR_INIT("concat"),
    CH_STR_INIT("join"),
};

/* Names of what reaches outside of the program. */
static const ChStr capabilities[] = {
    CH_STR_INIT("harness"), CH_STR_INIT("host"),    CH_STR_INIT("transcript"),
    CH_STR_INIT("registry"), CH_STR_INIT("process"), CH_STR_INIT("fs"),
    CH_STR_INIT("net"),     CH_STR_INIT("env"),     CH_STR_INIT("stdio"),
    CH_STR_INIT("log"),     CH_STR_INIT("agent"),   CH_STR_INIT("session"),
};

typedef struct Walk {
    ChChecker *checker;
    ChStr name;
} Walk;

static bool is_listed(const ChStr *names, size_t count, ChStr name)
{
    for (size_t i = 0; i < count; i++)
        if (ch_str_equal(names[i], name))
            return true;
    return false;
}

static ChWalk reject(const Walk *walk, const char *code, const ChNode *node, ChStr reason)
{
    ch_diagnostic_add(&walk->checker->analysis->diagnostics, CH_SEVERITY_ERROR, code,
                      ch_node_range(node), "const `%.*s` initializer rejected: %.*s",
                      CH_STR_ARG(walk->name), CH_STR_ARG(reason));
    return CH_WALK_STOP;
}

static ChStr root_name(const ChNode *node)
{
    while (node && (node->kind == CH_NODE_MEMBER || node->kind == CH_NODE_METHOD_CALL))
        node = node->kind == CH_NODE_MEMBER ? node->as.member.object : node->as.method_call.object;
    return node && node->kind == CH_NODE_IDENTIFIER ? node->as.name.name.text : (ChStr){0};
}

static ChWalk enter(ChNode *node, void *data)
{
    const Walk *walk = data;
    ChArena *arena = &walk->checker->analysis->arena;
    switch (node->kind) {
    case CH_NODE_NIL:
    case CH_NODE_BOOL:
    case CH_NODE_INT:
    case CH_NODE_FLOAT:
    case CH_NODE_STRING:
    case CH_NODE_LIST:
    case CH_NODE_DICT:
    case CH_NODE_DICT_ENTRY:
    case CH_NODE_UNARY:
    case CH_NODE_INDEX: return CH_WALK_INTO;
    case CH_NODE_BINARY:
        return node->as.binary.op == CH_OPERATOR_PIPE
                   ? reject(walk, "HARN-MET-001", node,
                            CH_STR("binary operator `|>` is not const-evaluable"))
                   : CH_WALK_INTO;
    case CH_NODE_TERNARY:
    case CH_NODE_IF: return CH_WALK_OVER;
    case CH_NODE_IDENTIFIER: {
        const ChSymbol *symbol = ch__symbol_of(walk->checker, node);
        if (symbol && symbol->kind == CH_SYMBOL_CONSTANT)
            return CH_WALK_INTO;
        return reject(walk, "HARN-CST-004", node,
                      ch_str_format(arena, "`%.*s` is not a const-known identifier",
                                    CH_STR_ARG(node->as.name.name.text)));
    }
    case CH_NODE_CALL: {
        const ChNode *callee = node->as.call.callee;
        ChStr name = callee && callee->kind == CH_NODE_IDENTIFIER ? callee->as.name.name.text
                                                                  : (ChStr){0};
        if (is_listed(pure_builtins, sizeof pure_builtins / sizeof *pure_builtins, name))
            return CH_WALK_OVER;
        return reject(walk, "HARN-CST-003", node,
                      ch_str_format(arena,
                                    "`%.*s(...)` is not on the const-eval allowlist (only pure "
                                    "stdlib builtins may be called from a const initializer)",
                                    CH_STR_ARG(name)));
    }
    case CH_NODE_MEMBER:
    case CH_NODE_METHOD_CALL: {
        ChStr root = root_name(node);
        bool is_call = node->kind == CH_NODE_METHOD_CALL;
        if (is_listed(capabilities, sizeof capabilities / sizeof *capabilities, root))
            return reject(walk, "HARN-CST-003", node,
                          ch_str_format(arena,
                                        "`%.*s.*%s` is a sandboxed capability surface; const-eval "
                                        "refuses fs/net/env/process/host access",
                                        CH_STR_ARG(root), is_call ? "(...)" : ""));
        return reject(walk, "HARN-MET-001", node,
                      is_call ? CH_STR("method call is not const-evaluable")
                              : CH_STR("property access is not const-evaluable"));
    }
    case CH_NODE_INTERPOLATION:
        return reject(walk, "HARN-MET-001", node,
                      CH_STR("an interpolated expression is not supported in a const initializer; "
                             "use `format(...)` or string concatenation"));
    case CH_NODE_SPREAD:
        return reject(walk, "HARN-MET-001", node,
                      CH_STR("spread in a const list literal is not supported"));
    case CH_NODE_CLOSURE:
        return reject(walk, "HARN-MET-001", node, CH_STR("closure is not const-evaluable"));
    case CH_NODE_SPAWN:
    case CH_NODE_SELECT:
    case CH_NODE_PARALLEL:
    case CH_NODE_MUTEX:
    case CH_NODE_HITL:
    case CH_NODE_TRY:
    case CH_NODE_TRY_STAR:
    case CH_NODE_PROPAGATE:
    case CH_NODE_DEADLINE:
    case CH_NODE_RETRY:
    case CH_NODE_YIELD:
    case CH_NODE_EMIT:
    case CH_NODE_THROW:
        return reject(walk, "HARN-CST-003", node,
                      CH_STR("runtime construct is not permitted in a const initializer"));
    case CH_NODE_ERROR: return CH_WALK_STOP;
    default:
        return reject(walk, "HARN-MET-001", node,
                      CH_STR("expression shape is not on the const-eval allowlist"));
    }
}

void ch__check_constant(ChChecker *checker, const ChNode *binding, ChStr name)
{
    Walk walk = {.checker = checker, .name = name};
    if (binding->as.binding.value)
        ch_node_walk(binding->as.binding.value, enter, NULL, &walk);
}
