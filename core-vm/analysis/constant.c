/* What may stand behind `const name =`: values that are known before the program runs. Literals, other constants,
 * operators, lists, dicts, and a few builtins that depend on their arguments alone. The value is worked out here, so that
 * what fails is told; of the branches of a condition only the one that is taken is looked at. Depth and steps are
 * bounded. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "analysis/check_int.h"

enum { STEPS_MAX = 100000, DEPTH_MAX = 256 };

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

/* SOMETHING: a value that depends on how the machine changes texts; nothing is said of what is made of it. */
typedef enum KnownKind { KNOWN_SOMETHING, KNOWN_NIL, KNOWN_BOOL, KNOWN_INT, KNOWN_FLOAT, KNOWN_STRING, KNOWN_LIST, KNOWN_DICT } KnownKind;

typedef struct ChKnown ChKnown;
struct ChKnown {
    KnownKind kind;
    int64_t integer; /* BOOL, INT */
    double real;
    ChStr text;
    const ChKnown **items; /* LIST, DICT */
    ChStr *keys;           /* DICT */
    uint32_t count;
};

static const char *const kind_names[] = {"", "nil", "bool", "int", "float", "string", "list", "dict"};

typedef struct Evaluation {
    ChChecker *checker;
    ChStr name;
    uint32_t steps, depth;
} Evaluation;

static bool is_listed(const ChStr *names, size_t count, ChStr name)
{
    for (size_t i = 0; i < count; i++)
        if (ch_str_equal(names[i], name))
            return true;
    return false;
}

#define IS_LISTED(names, name) is_listed(names, sizeof names / sizeof *names, name)

static ChArena *arena_of(const Evaluation *e) { return &e->checker->analysis->arena; }

static const ChKnown *reject(const Evaluation *e, const char *code, const ChNode *node, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static const ChKnown *reject(const Evaluation *e, const char *code, const ChNode *node, const char *format, ...)
{
    ChBuffer text = {0};
    va_list values;
    va_start(values, format);
    ch_buffer_vprintf(&text, format, values);
    va_end(values);
    ch_diagnostic_add(&e->checker->analysis->diagnostics, CH_SEVERITY_ERROR, code, ch_node_range(node),
                      "const `%.*s` initializer rejected: %.*s", CH_STR_ARG(e->name), (int)text.length, text.data);
    ch_buffer_release(&text);
    return NULL;
}

#define SHAPE "HARN-MET-001"
#define STEP_LIMIT "HARN-CST-001"
#define DEPTH_LIMIT "HARN-CST-002"
#define OUTSIDE "HARN-CST-003"
#define FAILED "HARN-CST-004"

static const ChKnown *give(const Evaluation *e, ChKnown value)
{
    ChKnown *known = CH_ARENA_NEW(arena_of(e), ChKnown);
    *known = value;
    return known;
}

static const ChKnown *give_something(const Evaluation *e) { return give(e, (ChKnown){.kind = KNOWN_SOMETHING}); }

static const ChKnown *give_bool(const Evaluation *e, bool value)
{
    return give(e, (ChKnown){.kind = KNOWN_BOOL, .integer = value});
}

static const ChKnown *give_int(const Evaluation *e, int64_t value)
{
    return give(e, (ChKnown){.kind = KNOWN_INT, .integer = value});
}

static const ChKnown *give_float(const Evaluation *e, double value)
{
    return give(e, (ChKnown){.kind = KNOWN_FLOAT, .real = value});
}

static const ChKnown *give_text(const Evaluation *e, const ChBuffer *text)
{
    return give(e, (ChKnown){.kind = KNOWN_STRING, .text = ch_str_copy(arena_of(e), ch_buffer_view(text))});
}

static bool is_number(const ChKnown *value) { return value->kind == KNOWN_INT || value->kind == KNOWN_FLOAT; }

static double real_of(const ChKnown *value)
{
    return value->kind == KNOWN_INT ? (double)value->integer : value->real;
}

/* Values are as deep as the expressions that made them, which is bounded. */
static bool are_equal(const ChKnown *a, const ChKnown *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case KNOWN_SOMETHING:
    case KNOWN_NIL: return true;
    case KNOWN_BOOL:
    case KNOWN_INT: return a->integer == b->integer;
    case KNOWN_FLOAT: return a->real == b->real;
    case KNOWN_STRING: return ch_str_equal(a->text, b->text);
    case KNOWN_LIST:
    case KNOWN_DICT: break;
    }
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->kind == KNOWN_DICT && !ch_str_equal(a->keys[i], b->keys[i]))
            return false;
        if (!are_equal(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

/* ---- operators ---------------------------------------------------------------------------- */

static bool int_power(int64_t base, uint64_t exponent, int64_t *power)
{
    int64_t result = 1;
    while (exponent) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
            return false;
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base))
            return false;
    }
    *power = result;
    return true;
}

static const ChKnown *int_binary(const Evaluation *e, const ChNode *node, ChOperator op, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool is_lost = false;
    switch (op) {
    case CH_OPERATOR_ADD: is_lost = __builtin_add_overflow(a, b, &result); break;
    case CH_OPERATOR_SUBTRACT: is_lost = __builtin_sub_overflow(a, b, &result); break;
    case CH_OPERATOR_MULTIPLY: is_lost = __builtin_mul_overflow(a, b, &result); break;
    case CH_OPERATOR_DIVIDE:
    case CH_OPERATOR_MODULO:
        if (b == 0)
            return reject(e, FAILED, node, op == CH_OPERATOR_DIVIDE ? "division by zero" : "modulo by zero");
        is_lost = a == INT64_MIN && b == -1;
        if (!is_lost)
            result = op == CH_OPERATOR_DIVIDE ? a / b : a % b;
        break;
    default:
        if (b < 0 || b > UINT32_MAX)
            return reject(e, FAILED, node, "exponent must be a non-negative i64 within u32 range");
        is_lost = !int_power(a, (uint64_t)b, &result);
    }
    return is_lost ? reject(e, FAILED, node, "integer overflow") : give_int(e, result);
}

static const ChKnown *float_binary(const Evaluation *e, const ChNode *node, ChOperator op, double a, double b)
{
    switch (op) {
    case CH_OPERATOR_ADD: return give_float(e, a + b);
    case CH_OPERATOR_SUBTRACT: return give_float(e, a - b);
    case CH_OPERATOR_MULTIPLY: return give_float(e, a * b);
    case CH_OPERATOR_DIVIDE:
        return b == 0 ? reject(e, FAILED, node, "division by zero") : give_float(e, a / b);
    case CH_OPERATOR_MODULO:
        return b == 0 ? reject(e, FAILED, node, "modulo by zero") : give_float(e, fmod(a, b));
    default: return give_float(e, pow(a, b));
    }
}

static const ChKnown *binary(const Evaluation *e, const ChNode *node, const ChKnown *a, const ChKnown *b)
{
    ChOperator op = node->as.binary.op;
    if (a->kind == KNOWN_SOMETHING || b->kind == KNOWN_SOMETHING)
        return give_something(e);
    switch (op) {
    case CH_OPERATOR_AND:
    case CH_OPERATOR_OR:
        if (a->kind != KNOWN_BOOL || b->kind != KNOWN_BOOL)
            return reject(e, FAILED, node, "`%s` requires bool operands", ch_operator_text(op));
        return give_bool(e, op == CH_OPERATOR_AND ? a->integer && b->integer : a->integer || b->integer);
    case CH_OPERATOR_COALESCE: return a->kind == KNOWN_NIL ? b : a;
    case CH_OPERATOR_EQUAL: return give_bool(e, are_equal(a, b));
    case CH_OPERATOR_NOT_EQUAL: return give_bool(e, !are_equal(a, b));
    default: break;
    }
    if (op == CH_OPERATOR_ADD && a->kind == KNOWN_STRING && b->kind == KNOWN_STRING) {
        ChBuffer text = {0};
        ch_buffer_add_str(&text, a->text);
        ch_buffer_add_str(&text, b->text);
        const ChKnown *joined = give_text(e, &text);
        ch_buffer_release(&text);
        return joined;
    }
    if (!is_number(a) || !is_number(b))
        return reject(e, FAILED, node, "`%s` requires numeric operands, got %s and %s", ch_operator_text(op),
                      kind_names[a->kind], kind_names[b->kind]);
    switch (op) {
    case CH_OPERATOR_LESS: return give_bool(e, real_of(a) < real_of(b));
    case CH_OPERATOR_GREATER: return give_bool(e, real_of(a) > real_of(b));
    case CH_OPERATOR_LESS_EQUAL: return give_bool(e, real_of(a) <= real_of(b));
    case CH_OPERATOR_GREATER_EQUAL: return give_bool(e, real_of(a) >= real_of(b));
    default: break;
    }
    if (a->kind == KNOWN_INT && b->kind == KNOWN_INT)
        return int_binary(e, node, op, a->integer, b->integer);
    return float_binary(e, node, op, real_of(a), real_of(b));
}

static const ChKnown *unary(const Evaluation *e, const ChNode *node, const ChKnown *value)
{
    ChOperator op = node->as.unary.op;
    if (value->kind == KNOWN_SOMETHING)
        return value;
    if (op == CH_OPERATOR_NOT && value->kind == KNOWN_BOOL)
        return give_bool(e, !value->integer);
    if (op == CH_OPERATOR_NEGATE && value->kind == KNOWN_FLOAT)
        return give_float(e, -value->real);
    if (op == CH_OPERATOR_NEGATE && value->kind == KNOWN_INT)
        return value->integer == INT64_MIN ? reject(e, FAILED, node, "integer overflow in unary minus")
                                           : give_int(e, -value->integer);
    return reject(e, FAILED, node, "unary `%s` is not defined for the operand", ch_operator_text(op));
}

/* ---- builtins ------------------------------------------------------------------------------ */

static const ChKnown *extreme(const Evaluation *e, const ChNode *node, bool is_min, const ChKnown *const *args,
                              uint32_t count)
{
    const char *name = is_min ? "min" : "max";
    const ChKnown *best = count ? args[0] : NULL;
    bool are_ints = true;
    if (!best)
        return reject(e, FAILED, node, "%s() requires at least one argument", name);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_number(args[i]))
            return reject(e, FAILED, node, "%s() expects numeric arguments", name);
        are_ints &= args[i]->kind == KNOWN_INT;
        if (is_min ? real_of(args[i]) < real_of(best) : real_of(args[i]) > real_of(best))
            best = args[i];
    }
    return are_ints ? best : give_float(e, real_of(best));
}

/* What a builtin gives whose value nothing but its length depends on. */
static int64_t length_of(const ChKnown *value)
{
    if (value->kind != KNOWN_STRING)
        return value->count;
    int64_t runes = 0;
    for (uint32_t i = 0; i < value->text.length; i++)
        runes += ((unsigned char)value->text.data[i] & 0xc0) != 0x80;
    return runes;
}

static const ChKnown *call(const Evaluation *e, const ChNode *node, ChStr name, const ChKnown *const *args, uint32_t count)
{
    const ChKnown *first = count ? args[0] : NULL;
    for (uint32_t i = 0; i < count; i++)
        if (args[i]->kind == KNOWN_SOMETHING)
            return args[i];
    if (ch_str_is(name, "len"))
        return count == 1 && (first->kind == KNOWN_STRING || first->kind >= KNOWN_LIST)
                   ? give_int(e, length_of(first))
                   : reject(e, FAILED, node, "len() expects a single string / list / dict argument");
    if (ch_str_is(name, "min") || ch_str_is(name, "max"))
        return extreme(e, node, ch_str_is(name, "min"), args, count);
    if (ch_str_is(name, "abs")) {
        if (count != 1 || !is_number(first))
            return reject(e, FAILED, node, "abs() expects a single numeric argument");
        if (first->kind == KNOWN_FLOAT)
            return give_float(e, fabs(first->real));
        return first->integer == INT64_MIN ? reject(e, FAILED, node, "integer overflow in abs()")
                                           : give_int(e, first->integer < 0 ? -first->integer : first->integer);
    }
    if (ch_str_is(name, "floor") || ch_str_is(name, "ceil") || ch_str_is(name, "round")) {
        if (count != 1 || !is_number(first))
            return reject(e, FAILED, node, "expected a single numeric argument");
        double value = real_of(first);
        return give_float(e, name.data[0] == 'f' ? floor(value) : name.data[0] == 'c' ? ceil(value) : round(value));
    }
    if (ch_str_is(name, "format")) {
        if (!count)
            return reject(e, FAILED, node, "format() requires at least a template argument");
        return first->kind == KNOWN_STRING ? give_something(e)
                                           : reject(e, FAILED, node, "format() template must be a string literal");
    }
    if (ch_str_is(name, "concat")) {
        for (uint32_t i = 0; i < count; i++)
            if (args[i]->kind != KNOWN_STRING)
                return reject(e, FAILED, node, "concat() expects string arguments");
        return give_something(e);
    }
    if (ch_str_is(name, "join"))
        return count == 2 && first->kind == KNOWN_LIST && args[1]->kind == KNOWN_STRING
                   ? give_something(e)
                   : reject(e, FAILED, node, "join() expects (list, string)");
    return count == 1 && first->kind == KNOWN_STRING ? give_something(e)
                                                     : reject(e, FAILED, node, "%.*s() expects a string", CH_STR_ARG(name));
}

/* ---- expressions ---------------------------------------------------------------------------- */

static const ChKnown *evaluate(Evaluation *e, const ChNode *node);

static const ChKnown *evaluate_call(Evaluation *e, const ChNode *node)
{
    const ChNode *callee = node->as.call.callee;
    const ChNodeList *given = &node->as.call.args;
    ChStr name = callee && callee->kind == CH_NODE_IDENTIFIER ? callee->as.name.name.text : (ChStr){0};
    if (!IS_LISTED(pure_builtins, name))
        return reject(e, OUTSIDE, node,
                      "`%.*s(...)` is not on the const-eval allowlist (only pure stdlib builtins may be called from a const "
                      "initializer)",
                      CH_STR_ARG(name));
    const ChKnown **args = CH_ARENA_ARRAY(arena_of(e), const ChKnown *, given->count ? given->count : 1);
    for (uint32_t i = 0; i < given->count; i++)
        if (!(args[i] = evaluate(e, given->items[i])))
            return NULL;
    return call(e, node, name, args, given->count);
}

static const ChKnown *evaluate_items(Evaluation *e, const ChNode *node)
{
    const ChNodeList *items = &node->as.list.items;
    bool is_dict = node->kind == CH_NODE_DICT;
    ChKnown value = {.kind = is_dict ? KNOWN_DICT : KNOWN_LIST, .count = items->count};
    value.items = CH_ARENA_ARRAY(arena_of(e), const ChKnown *, items->count ? items->count : 1);
    value.keys = is_dict ? CH_ARENA_ARRAY(arena_of(e), ChStr, items->count ? items->count : 1) : NULL;
    for (uint32_t i = 0; i < items->count; i++) {
        const ChNode *item = items->items[i];
        if (item->kind == CH_NODE_SPREAD)
            return reject(e, SHAPE, item, "spread in a const list literal is not supported");
        if (is_dict) {
            const ChNode *key = item->kind == CH_NODE_DICT_ENTRY ? item->as.dict_entry.key : NULL;
            if (!key || key->kind != CH_NODE_STRING || (item->flags & CH_FLAG_COMPUTED))
                return reject(e, SHAPE, key ? key : item,
                              "dict keys in a const dict literal must be identifiers or string literals");
            value.keys[i] = key->as.string.text;
            item = item->as.dict_entry.value;
        }
        if (!(value.items[i] = evaluate(e, item)))
            return NULL;
    }
    return give(e, value);
}

static const ChKnown *evaluate_index(Evaluation *e, const ChNode *node)
{
    const ChKnown *object = evaluate(e, node->as.index.object);
    const ChKnown *index = object ? evaluate(e, node->as.index.index) : NULL;
    if (!index)
        return NULL;
    if (object->kind == KNOWN_SOMETHING || index->kind == KNOWN_SOMETHING)
        return give_something(e);
    if (object->kind == KNOWN_LIST && index->kind == KNOWN_INT)
        return index->integer >= 0 && index->integer < object->count
                   ? object->items[index->integer]
                   : reject(e, FAILED, node, "index %lld out of bounds", (long long)index->integer);
    if (object->kind == KNOWN_DICT && index->kind == KNOWN_STRING) {
        for (uint32_t i = 0; i < object->count; i++)
            if (ch_str_equal(object->keys[i], index->text))
                return object->items[i];
        return reject(e, FAILED, node, "unknown key `%.*s`", CH_STR_ARG(index->text));
    }
    return reject(e, FAILED, node, "subscript receiver and index types are incompatible");
}

static const ChKnown *evaluate_ternary(Evaluation *e, const ChNode *node)
{
    const ChKnown *condition = evaluate(e, node->as.ternary.condition);
    if (!condition || condition->kind == KNOWN_SOMETHING)
        return condition;
    if (condition->kind != KNOWN_BOOL)
        return reject(e, FAILED, node->as.ternary.condition, "ternary condition must fold to a bool");
    return evaluate(e, condition->integer ? node->as.ternary.then_value : node->as.ternary.else_value);
}

static const ChKnown *evaluate_if(Evaluation *e, const ChNode *node)
{
    const ChKnown *condition = evaluate(e, node->as.if_.condition);
    if (!condition || condition->kind == KNOWN_SOMETHING)
        return condition;
    if (condition->kind != KNOWN_BOOL)
        return reject(e, FAILED, node->as.if_.condition, "if-expression condition must fold to a bool");
    const ChNode *branch = condition->integer ? node->as.if_.then_body : node->as.if_.else_body;
    if (!branch)
        return reject(e, SHAPE, node, "if-expression without an else branch cannot be const-evaluated");
    if (branch->kind == CH_NODE_IF)
        return evaluate(e, branch);
    const ChNodeList *items = &branch->as.list.items;
    if (items->count == 0)
        return reject(e, SHAPE, node, "if-expression branch must produce a value");
    if (items->count > 1)
        return reject(e, SHAPE, items->items[0], "multi-statement if-branch is not const-evaluable");
    return evaluate(e, items->items[0]);
}

static const ChKnown *evaluate_name(const Evaluation *e, const ChNode *node)
{
    const ChSymbol *symbol = ch__symbol_of(e->checker, node);
    const ChKnown *value = symbol && symbol->kind == CH_SYMBOL_CONSTANT && e->checker->known
                               ? e->checker->known[ch__symbol_at(e->checker, node)]
                               : NULL;
    return value ? value
                 : reject(e, FAILED, node, "`%.*s` is not a const-known identifier", CH_STR_ARG(node->as.name.name.text));
}

static ChStr root_name(const ChNode *node)
{
    while (node && (node->kind == CH_NODE_MEMBER || node->kind == CH_NODE_METHOD_CALL))
        node = node->kind == CH_NODE_MEMBER ? node->as.member.object : node->as.method_call.object;
    return node && node->kind == CH_NODE_IDENTIFIER ? node->as.name.name.text : (ChStr){0};
}

static const ChKnown *reject_interpolation(const Evaluation *e, const ChNode *node)
{
    ChNodeIter parts = ch_node_iter((ChNode *)(uintptr_t)node);
    const ChNode *part = ch_node_next(&parts);
    while (part && part->kind == CH_NODE_STRING)
        part = ch_node_next(&parts);
    ChStr text = part ? ch_source_text(e->checker->analysis->tree->source, ch_node_range(part)) : (ChStr){0};
    return reject(e, SHAPE, node,
                  "interpolated expression `${%.*s}` is not supported in a const initializer; use `format(...)` or string "
                  "concatenation",
                  CH_STR_ARG(text));
}

static const ChKnown *evaluate_kind(Evaluation *e, const ChNode *node)
{
    switch (node->kind) {
    case CH_NODE_NIL: return give(e, (ChKnown){.kind = KNOWN_NIL});
    case CH_NODE_BOOL: return give_bool(e, node->as.boolean.value);
    case CH_NODE_INT: return give_int(e, node->as.integer.value);
    case CH_NODE_FLOAT: return give_float(e, node->as.number.value);
    case CH_NODE_STRING: return give(e, (ChKnown){.kind = KNOWN_STRING, .text = node->as.string.text});
    case CH_NODE_LIST:
    case CH_NODE_DICT: return evaluate_items(e, node);
    case CH_NODE_IDENTIFIER: return evaluate_name(e, node);
    case CH_NODE_INDEX: return evaluate_index(e, node);
    case CH_NODE_TERNARY: return evaluate_ternary(e, node);
    case CH_NODE_IF: return evaluate_if(e, node);
    case CH_NODE_CALL: return evaluate_call(e, node);
    case CH_NODE_UNARY: {
        const ChKnown *value = evaluate(e, node->as.unary.operand);
        return value ? unary(e, node, value) : NULL;
    }
    case CH_NODE_BINARY: {
        ChOperator op = node->as.binary.op;
        if (op == CH_OPERATOR_PIPE || op == CH_OPERATOR_IN || op == CH_OPERATOR_NOT_IN)
            return reject(e, SHAPE, node, "binary operator `%s` is not const-evaluable", ch_operator_text(op));
        const ChKnown *left = evaluate(e, node->as.binary.left);
        const ChKnown *right = left ? evaluate(e, node->as.binary.right) : NULL;
        return right ? binary(e, node, left, right) : NULL;
    }
    case CH_NODE_MEMBER:
    case CH_NODE_METHOD_CALL: {
        ChStr root = root_name(node);
        bool is_call = node->kind == CH_NODE_METHOD_CALL;
        if (IS_LISTED(capabilities, root))
            return reject(e, OUTSIDE, node,
                          "`%.*s.*%s` is a sandboxed capability surface; const-eval refuses fs/net/env/process/host access",
                          CH_STR_ARG(root), is_call ? "(...)" : "");
        return reject(e, SHAPE, node, is_call ? "method call is not const-evaluable" : "property access is not const-evaluable");
    }
    case CH_NODE_INTERPOLATION:
        return reject_interpolation(e, node);
    case CH_NODE_CLOSURE: return reject(e, SHAPE, node, "closure is not const-evaluable");
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
    case CH_NODE_THROW: return reject(e, OUTSIDE, node, "runtime construct is not permitted in a const initializer");
    case CH_NODE_ERROR: return NULL;
    default: return reject(e, SHAPE, node, "expression shape is not on the const-eval allowlist");
    }
}

/* NULL: it was rejected. */
static const ChKnown *evaluate(Evaluation *e, const ChNode *node)
{
    if (!node)
        return NULL;
    if (++e->steps > STEPS_MAX)
        return reject(e, STEP_LIMIT, node, "const-eval exceeded the %d-step budget", STEPS_MAX);
    if (e->depth >= DEPTH_MAX)
        return reject(e, DEPTH_LIMIT, node, "const-eval exceeded the %d-deep recursion budget", DEPTH_MAX);
    e->depth++;
    const ChKnown *value = evaluate_kind(e, node);
    e->depth--;
    return value;
}

void ch__check_constant(ChChecker *checker, const ChNode *binding, uint32_t symbol, ChStr name)
{
    Evaluation evaluation = {.checker = checker, .name = name};
    const ChKnown *value = evaluate(&evaluation, binding->as.binding.value);
    if (!value || symbol == CH_SYMBOL_NONE)
        return;
    if (!checker->known)
        checker->known = ch_alloc_zero(checker->analysis->symbols.count, sizeof *checker->known);
    checker->known[symbol] = value;
}
