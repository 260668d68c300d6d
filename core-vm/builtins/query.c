// A subset of jq: paths, iteration, slices, pipes, commas, comparison, and/or/not, length keys values type map select,
// object construction and recursive descent. An expression is parsed into nodes that nest to a limit, so parser and
// evaluation call themselves at most so deep; `..` walks a value of any depth with a stack of its own.
#include "builtins/native.h"

#include <stdlib.h>

#include "base/arena.h"

#include "base/banned.h"

#define CH_JQ_DEPTH_MAX 100       // brackets inside brackets
#define CH_JQ_RESULTS_MAX 1000000 // values of one stream

typedef enum NodeKind {
    PATH, RECURSE, LITERAL, LENGTH, KEYS, VALUES, TYPE, MAP, SELECT, OBJECT, NOT, AND, OR, EQUAL, UNEQUAL, LESS,
    GREATER, PIPE, COMMA
} NodeKind;

typedef enum StepKind { FIELD, ITERATE, INDEX, SLICE } StepKind;

typedef struct Step {
    StepKind kind;
    ChStr name;
    int64_t start, end;
    bool has_start, has_end;
} Step;

typedef struct Node {
    NodeKind kind;
    struct Node *left, *right; // operands; of MAP, SELECT and NOT the left one
    Step *steps;
    uint32_t count;            // steps, or fields of an OBJECT
    ChStr *names;
    struct Node **values;
    ChValue literal;           // strings are owned by the parser's list
} Node;

typedef struct Parser {
    ChArena *arena;
    ChStr text;
    uint32_t at, depth;
    ChList *strings;           // keeps literals alive
    ChBuffer why;              // empty: nothing is wrong
} Parser;

static Node *problem(Parser *p, const char *what) {
    if (!p->why.length)
        ch_buffer_printf(&p->why, "jq: %s near '%.*s'", what, (int)(p->text.length - p->at), p->text.data + p->at);
    return NULL;
}

static void skip_space(Parser *p) {
    while (p->at < p->text.length && strchr(" \t\r\n", p->text.data[p->at])) p->at++;
}

static bool peek(Parser *p, const char *mark) {
    skip_space(p);
    size_t length = strlen(mark);
    return p->text.length - p->at >= length && memcmp(p->text.data + p->at, mark, length) == 0;
}

static bool take(Parser *p, const char *mark) {
    if (!peek(p, mark)) return false;
    p->at += (uint32_t)strlen(mark);
    return true;
}

static bool is_name_char(char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static ChStr take_name(Parser *p) {
    uint32_t start = p->at;
    while (p->at < p->text.length && is_name_char(p->text.data[p->at])) p->at++;
    return (ChStr){p->text.data + start, p->at - start};
}

static bool take_word(Parser *p, const char *word) {
    skip_space(p);
    uint32_t before = p->at;
    if (ch_str_is(take_name(p), word)) return true;
    p->at = before;
    return false;
}

// A JSON string; the text lives as long as the parser's list.
static bool take_string(Parser *p, ChString **out) {
    uint32_t start = p->at++;
    while (p->at < p->text.length && p->text.data[p->at] != '"') p->at += p->text.data[p->at] == '\\' ? 2 : 1;
    if (p->at >= p->text.length) {
        p->at = p->text.length;
        ch_buffer_add_text(&p->why, "jq: unterminated string literal");
        return false;
    }
    p->at++;
    ChValue value;
    ChBuffer why = {0};
    bool ok = ch__json_parse((ChStr){p->text.data + start, p->at - start}, &value, &why);
    if (ok) {
        *out = value.as.string;
        ch_list_push(p->strings, value);
    } else {
        ch_buffer_printf(&p->why, "jq: invalid string literal: %s", why.data);
    }
    ch_buffer_release(&why);
    return ok;
}

static bool take_int(Parser *p, int64_t *number) {
    skip_space(p);
    uint32_t at = p->at;
    bool is_negative = at < p->text.length && p->text.data[at] == '-';
    if (is_negative) at++;
    uint32_t start = at;
    int64_t sum = 0;
    // A place beyond every list is as good as any other.
    for (; at < p->text.length && p->text.data[at] >= '0' && p->text.data[at] <= '9'; at++)
        if (sum < INT64_MAX / 10 - 1) sum = sum * 10 + (p->text.data[at] - '0');
    if (at == start) return false;
    *number = is_negative ? -sum : sum;
    p->at = at;
    return true;
}

static Node *node_new(Parser *p, NodeKind kind, Node *left, Node *right) {
    Node *node = ch_arena_alloc(p->arena, sizeof *node);
    *node = (Node){.kind = kind, .left = left, .right = right};
    return node;
}

static Node *parse_pipe(Parser *p, bool with_comma);

// "[...]" behind a path; the bracket is taken already.
static bool parse_bracket(Parser *p, Step *step) {
    *step = (Step){.kind = ITERATE};
    if (take(p, "]")) return true;
    if (peek(p, "\"")) {
        ChString *name;
        if (!take_string(p, &name)) return false;
        step->kind = FIELD;
        step->name = ch_string_view(name);
    } else {
        step->has_start = take_int(p, &step->start);
        step->kind = INDEX;
        if (take(p, ":")) {
            step->kind = SLICE;
            step->has_end = take_int(p, &step->end);
        } else if (!step->has_start) {
            problem(p, "expected array index or slice bound");
            return false;
        }
    }
    if (take(p, "]")) return true;
    problem(p, "expected ']'");
    return false;
}

// A path; its first "." is taken already.
static Node *parse_path(Parser *p) {
    CH_ARRAY_OF(Step) steps = {0};
    bool ok = true, behind_dot = true;
    for (;;) {
        Step step = {.kind = FIELD};
        if (p->at < p->text.length && p->text.data[p->at] == '[') {
            p->at++;
            ok = parse_bracket(p, &step);
        } else if (behind_dot && p->at < p->text.length && is_name_char(p->text.data[p->at])) {
            step.name = take_name(p);
        } else if (behind_dot && p->at < p->text.length && p->text.data[p->at] == '"') {
            ChString *name = NULL;
            ok = take_string(p, &name);
            if (ok) step.name = ch_string_view(name);
        } else {
            if (behind_dot && steps.count) problem(p, "expected a field");
            break;
        }
        if (!ok) break;
        ch_array_push(&steps, step);
        if (p->at < p->text.length && p->text.data[p->at] == '?') p->at++; // nothing fails here anyway
        behind_dot = p->at < p->text.length && p->text.data[p->at] == '.';
        if (behind_dot) p->at++;
    }
    Node *node = node_new(p, PATH, NULL, NULL);
    node->count = steps.count;
    node->steps = ch_arena_alloc(p->arena, (steps.count ? steps.count : 1) * sizeof *node->steps);
    if (steps.count) memcpy(node->steps, steps.items, steps.count * sizeof *node->steps);
    ch_array_release(&steps);
    return p->why.length ? NULL : node;
}

static Node *parse_object(Parser *p) {
    CH_ARRAY_OF(ChStr) names = {0};
    CH_ARRAY_OF(Node *) values = {0};
    while (!p->why.length && !take(p, "}")) {
        if (names.count && !take(p, ",")) {
            problem(p, "expected ',' or '}'");
            break;
        }
        skip_space(p);
        ChStr name;
        ChString *text = NULL;
        if (peek(p, "\"")) {
            if (!take_string(p, &text)) break;
            name = ch_string_view(text);
        } else {
            name = take_name(p);
        }
        if (!name.length && !text) {
            problem(p, "expected object key");
            break;
        }
        ch_array_push(&names, name);
        Node *value = NULL;
        if (take(p, ":")) {
            value = parse_pipe(p, false);
        } else { // {name} stands for {name: .name}
            value = node_new(p, PATH, NULL, NULL);
            value->steps = ch_arena_alloc(p->arena, sizeof *value->steps);
            value->steps[0] = (Step){.kind = FIELD, .name = name};
            value->count = 1;
        }
        ch_array_push(&values, value);
    }
    Node *node = node_new(p, OBJECT, NULL, NULL);
    node->count = names.count;
    node->names = ch_arena_alloc(p->arena, (names.count ? names.count : 1) * sizeof(ChStr));
    node->values = ch_arena_alloc(p->arena, (names.count ? names.count : 1) * sizeof(Node *));
    if (names.count) memcpy(node->names, names.items, names.count * sizeof(ChStr));
    if (values.count) memcpy(node->values, values.items, values.count * sizeof(Node *));
    ch_array_release(&names);
    ch_array_release(&values);
    return p->why.length ? NULL : node;
}

static Node *parse_literal(Parser *p, ChValue value) {
    Node *node = node_new(p, LITERAL, NULL, NULL);
    node->literal = value;
    return node;
}

static Node *parse_number(Parser *p) {
    uint32_t start = p->at;
    while (p->at < p->text.length && (is_name_char(p->text.data[p->at]) || strchr("+-.", p->text.data[p->at]))) p->at++;
    ChValue value;
    ChBuffer why = {0};
    bool ok = ch__json_parse((ChStr){p->text.data + start, p->at - start}, &value, &why) &&
              (value.tag == CH_TAG_INT || value.tag == CH_TAG_FLOAT);
    ch_buffer_release(&why);
    if (ok) return parse_literal(p, value);
    p->at = start;
    return problem(p, "invalid number");
}

static Node *parse_in_parens(Parser *p, NodeKind kind) {
    if (!take(p, "(")) return problem(p, "expected '('");
    Node *inside = parse_pipe(p, true);
    if (!inside) return NULL;
    if (!take(p, ")")) return problem(p, "expected ')'");
    return kind == PIPE ? inside : node_new(p, kind, inside, NULL);
}

static Node *parse_word(Parser *p) {
    static const struct {
        const char *word;
        NodeKind kind;
    } plain[] = {{"length", LENGTH}, {"keys", KEYS}, {"values", VALUES}, {"type", TYPE}};
    uint32_t start = p->at;
    ChStr word = take_name(p);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (ch_str_is(word, plain[i].word)) return node_new(p, plain[i].kind, NULL, NULL);
    if (ch_str_is(word, "map")) return parse_in_parens(p, MAP);
    if (ch_str_is(word, "select")) return parse_in_parens(p, SELECT);
    if (ch_str_is(word, "true")) return parse_literal(p, ch_bool(true));
    if (ch_str_is(word, "false")) return parse_literal(p, ch_bool(false));
    if (ch_str_is(word, "null")) return parse_literal(p, CH_NIL);
    if (ch_str_is(word, "empty")) return node_new(p, SELECT, parse_literal(p, ch_bool(false)), NULL);
    if (word.length) {
        ch_buffer_printf(&p->why, "jq: unknown identifier '%.*s'", CH_STR_ARG(word));
        return NULL;
    }
    p->at = start;
    return problem(p, "expected an expression");
}

static Node *parse_term(Parser *p) {
    skip_space(p);
    if (p->at >= p->text.length) return problem(p, "expected an expression");
    char c = p->text.data[p->at];
    if (take(p, "..")) return node_new(p, RECURSE, NULL, NULL);
    if (take(p, ".")) return parse_path(p);
    if (c == '(') return parse_in_parens(p, PIPE);
    if (take(p, "{")) return parse_object(p);
    if (c == '"') {
        ChString *text;
        return take_string(p, &text) ? parse_literal(p, ch_object(text)) : NULL;
    }
    if (c == '-' || (c >= '0' && c <= '9')) return parse_number(p);
    return parse_word(p);
}

static Node *parse_compare(Parser *p) {
    if (take_word(p, "not")) {
        skip_space(p);
        bool is_alone = p->at >= p->text.length || strchr("|),}", p->text.data[p->at]);
        Node *operand = is_alone ? node_new(p, PATH, NULL, NULL) : parse_term(p);
        return operand ? node_new(p, NOT, operand, NULL) : NULL;
    }
    Node *left = parse_term(p);
    static const struct {
        const char *mark;
        NodeKind kind;
    } operators[] = {{"==", EQUAL}, {"!=", UNEQUAL}, {"<", LESS}, {">", GREATER}};
    for (size_t i = 0; left && i < sizeof operators / sizeof operators[0]; i++) {
        if (!take(p, operators[i].mark)) continue;
        Node *right = parse_term(p);
        return right ? node_new(p, operators[i].kind, left, right) : NULL;
    }
    return left;
}

static Node *parse_chain(Parser *p, bool is_or) {
    Node *left = is_or ? parse_chain(p, false) : parse_compare(p);
    for (uint32_t links = 0; left && take_word(p, is_or ? "or" : "and"); links++) {
        if (links >= CH_JQ_DEPTH_MAX) return problem(p, "too many operators");
        Node *right = is_or ? parse_chain(p, false) : parse_compare(p);
        left = right ? node_new(p, is_or ? OR : AND, left, right) : NULL;
    }
    return left;
}

static Node *parse_pipe(Parser *p, bool with_comma) {
    if (++p->depth > CH_JQ_DEPTH_MAX) return problem(p, "nested too deep");
    Node *left = parse_chain(p, true);
    for (uint32_t links = 0; left; links++) {
        bool is_comma = with_comma && take(p, ",");
        if (!is_comma && !take(p, "|")) break;
        if (links >= CH_JQ_DEPTH_MAX) return problem(p, "too many stages");
        Node *right = parse_chain(p, true);
        // A comma binds tighter than a pipe: it takes the last stage only.
        if (right && is_comma && left->kind == PIPE)
            left->right = node_new(p, COMMA, left->right, right);
        else
            left = right ? node_new(p, is_comma ? COMMA : PIPE, left, right) : NULL;
    }
    p->depth--;
    return left;
}

// ---- evaluation ---------------------------------------------------------------------------------------------------------

typedef struct Run {
    bool is_too_large;
} Run;

static void emit(Run *run, ChList *out, ChValue take_value) {
    if (out->count >= CH_JQ_RESULTS_MAX) {
        run->is_too_large = true;
        ch_release(take_value);
        return;
    }
    ch_list_push(out, take_value);
}

static void evaluate(Run *run, const Node *node, ChValue input, ChList *out);

// The first result, owned; nil when there is none.
static ChValue first(Run *run, const Node *node, ChValue input) {
    ChList *all = ch_list_new(0);
    evaluate(run, node, input, all);
    ChValue value = all->count ? ch_retain(all->items[0]) : CH_NIL;
    ch_release(ch_object(all));
    return value;
}

// Members of a list, set, dict or struct; false at the end.
static bool next_member(ChValue v, uint32_t *at, ChValue *member) {
    ChString *key;
    switch ((ChTag)v.tag) {
    case CH_TAG_LIST:
        if (*at >= v.as.list->count) return false;
        *member = v.as.list->items[(*at)++];
        return true;
    case CH_TAG_SET:
        if (*at >= v.as.set->count) return false;
        *member = v.as.set->items[(*at)++];
        return true;
    case CH_TAG_DICT: return ch_dict_next(v.as.dict, at, &key, member);
    case CH_TAG_STRUCT: {
        const ChShape *shape = v.as.record->shape;
        while (*at < shape->count) {
            *member = v.as.record->fields[shape->sorted[(*at)++]];
            if (member->tag != CH_TAG_ABSENT) return true;
        }
        return false;
    }
    default: return false;
    }
}

static void recurse(Run *run, ChValue value, ChList *out) {
    typedef struct Level {
        ChValue value;
        uint32_t at;
    } Level;
    CH_ARRAY_OF(Level) levels = {0};
    emit(run, out, ch_retain(value));
    ch_array_push(&levels, ((Level){value, 0}));
    while (levels.count && !run->is_too_large) {
        ChValue member;
        if (!next_member(ch_array_last(&levels).value, &ch_array_last(&levels).at, &member)) {
            (void)ch_array_pop(&levels);
            continue;
        }
        emit(run, out, ch_retain(member));
        ch_array_push(&levels, ((Level){member, 0}));
    }
    ch_array_release(&levels);
}

static int64_t bound(int64_t i, int64_t count) {
    if (i < 0) i += count;
    return i < 0 ? 0 : i > count ? count : i;
}

static void step_into(Run *run, const Step *step, ChValue v, ChList *out) {
    switch (step->kind) {
    case FIELD: {
        ChValue found = CH_NIL;
        if (v.tag == CH_TAG_DICT) {
            ChValue *field = ch_dict_find_str(v.as.dict, step->name);
            if (field) found = *field;
        } else if (v.tag == CH_TAG_STRUCT) {
            ChString *name = ch_string_new(step->name.data, step->name.length);
            ChValue *field = ch_struct_find(v.as.record, name);
            if (field) found = *field;
            ch_release(ch_object(name));
        }
        emit(run, out, ch_retain(found));
        break;
    }
    case ITERATE: {
        uint32_t at = 0;
        ChValue member;
        while (v.tag != CH_TAG_STRUCT && next_member(v, &at, &member)) emit(run, out, ch_retain(member));
        break;
    }
    case INDEX: {
        int64_t count = v.tag == CH_TAG_LIST ? v.as.list->count : 0;
        int64_t index = step->start < 0 ? step->start + count : step->start;
        emit(run, out, index >= 0 && index < count ? ch_retain(v.as.list->items[index]) : CH_NIL);
        break;
    }
    case SLICE: {
        int64_t count = v.tag == CH_TAG_LIST ? v.as.list->count : 0;
        int64_t start = bound(step->has_start ? step->start : 0, count);
        int64_t end = bound(step->has_end ? step->end : count, count);
        ChList *part = ch_list_new(0);
        for (int64_t i = start; i < end; i++) ch_list_push(part, ch_retain(v.as.list->items[i]));
        emit(run, out, ch_object(part));
        break;
    }
    }
}

static void walk_path(Run *run, const Node *node, ChValue input, ChList *out) {
    ChList *now = ch_list_new(1);
    ch_list_push(now, ch_retain(input));
    for (uint32_t s = 0; s < node->count; s++) {
        ChList *next = ch_list_new(0);
        for (uint32_t i = 0; i < now->count; i++) step_into(run, &node->steps[s], now->items[i], next);
        ch_release(ch_object(now));
        now = next;
    }
    for (uint32_t i = 0; i < now->count; i++) emit(run, out, ch_retain(now->items[i]));
    ch_release(ch_object(now));
}

static int64_t length_of(ChValue v) {
    switch ((ChTag)v.tag) {
    case CH_TAG_STRING: return ch_string_chars(v.as.string);
    case CH_TAG_BYTES: return (int64_t)v.as.bytes->length;
    case CH_TAG_LIST: return v.as.list->count;
    case CH_TAG_SET: return v.as.set->count;
    case CH_TAG_DICT: return v.as.dict->count;
    case CH_TAG_NIL: return 0;
    default: return 1;
    }
}

static const char *type_of(ChValue v) {
    switch ((ChTag)v.tag) {
    case CH_TAG_NIL: return "null";
    case CH_TAG_BOOL: return "boolean";
    case CH_TAG_INT:
    case CH_TAG_FLOAT: return "number";
    case CH_TAG_LIST:
    case CH_TAG_SET: return "array";
    case CH_TAG_DICT:
    case CH_TAG_STRUCT: return "object";
    default: return ch_type_name(v);
    }
}

static ChValue keys_of(ChValue v) {
    ChList *keys = ch_list_new(0);
    uint32_t at = 0;
    ChString *key;
    ChValue value;
    while (v.tag == CH_TAG_DICT && ch_dict_next(v.as.dict, &at, &key, &value))
        ch_list_push(keys, ch_retain(ch_object(key)));
    for (uint32_t i = 0; v.tag == CH_TAG_LIST && i < v.as.list->count; i++) ch_list_push(keys, ch_int(i));
    return ch_object(keys);
}

static bool compare(Run *run, const Node *node, ChValue input) {
    ChValue left = first(run, node->left, input), right = first(run, node->right, input);
    double x, y;
    bool is_ordered = (ch__number(left, &x) && ch__number(right, &y)) ||
                      (left.tag == CH_TAG_STRING && right.tag == CH_TAG_STRING);
    bool answer = node->kind == EQUAL     ? ch_equal(left, right)
                  : node->kind == UNEQUAL ? !ch_equal(left, right)
                  : node->kind == LESS    ? is_ordered && ch_compare(left, right) < 0
                                          : is_ordered && ch_compare(left, right) > 0;
    ch_release(left);
    ch_release(right);
    return answer;
}

static bool holds(Run *run, const Node *node, ChValue input) {
    switch (node->kind) {
    case AND: return holds(run, node->left, input) && holds(run, node->right, input);
    case OR: return holds(run, node->left, input) || holds(run, node->right, input);
    case NOT: return !holds(run, node->left, input);
    case EQUAL:
    case UNEQUAL:
    case LESS:
    case GREATER: return compare(run, node, input);
    default: {
        ChValue value = first(run, node, input);
        bool answer = ch_is_truthy(value);
        ch_release(value);
        return answer;
    }
    }
}

static void evaluate(Run *run, const Node *node, ChValue input, ChList *out) {
    if (run->is_too_large) return;
    switch (node->kind) {
    case PATH: walk_path(run, node, input, out); break;
    case RECURSE: recurse(run, input, out); break;
    case LITERAL: emit(run, out, ch_retain(node->literal)); break;
    case LENGTH: emit(run, out, ch_int(length_of(input))); break;
    case TYPE: emit(run, out, ch_object(ch_string_from(type_of(input)))); break;
    case KEYS: emit(run, out, keys_of(input)); break;
    case VALUES:
    case MAP: {
        ChList *list = ch_list_new(0);
        uint32_t at = 0;
        ChValue member;
        while (input.tag != CH_TAG_STRUCT && next_member(input, &at, &member)) {
            if (node->kind == VALUES)
                emit(run, list, ch_retain(member));
            else
                evaluate(run, node->left, member, list);
        }
        emit(run, out, ch_object(list));
        break;
    }
    case SELECT:
        if (holds(run, node->left, input)) emit(run, out, ch_retain(input));
        break;
    case OBJECT: {
        ChDict *dict = ch_dict_new();
        for (uint32_t i = 0; i < node->count; i++) {
            ChString *key = ch_string_new(node->names[i].data, node->names[i].length);
            ch_dict_put(dict, key, first(run, node->values[i], input));
            ch_release(ch_object(key));
        }
        emit(run, out, ch_object(dict));
        break;
    }
    case PIPE: {
        ChList *stage = ch_list_new(0);
        evaluate(run, node->left, input, stage);
        for (uint32_t i = 0; i < stage->count; i++) evaluate(run, node->right, stage->items[i], out);
        ch_release(ch_object(stage));
        break;
    }
    case COMMA:
        evaluate(run, node->left, input, out);
        evaluate(run, node->right, input, out);
        break;
    default: emit(run, out, ch_bool(holds(run, node, input))); break;
    }
}

CH_NATIVE(ch__jq) {
    ChArena arena;
    ch_arena_init(&arena);
    Parser p = {.arena = &arena, .text = ch__text(args[1]), .strings = ch_list_new(0)};
    Node *node = parse_pipe(&p, true);
    skip_space(&p);
    if (node && p.at < p.text.length) problem(&p, "unexpected input");
    ChFlow flow = CH_OK;
    if (p.why.length) {
        flow = ch_throw_text(vm, "%s", p.why.data);
    } else {
        Run run = {false};
        ChList *out = ch_list_new(0);
        evaluate(&run, node, args[0], out);
        *result = ch_object(out);
        if (run.is_too_large) {
            ch_assign_take(result, CH_NIL);
            flow = ch_throw_text(vm, "jq: more than %d results", CH_JQ_RESULTS_MAX);
        }
    }
    ch_buffer_release(&p.why);
    ch_release(ch_object(p.strings));
    ch_arena_release(&arena);
    return flow;
}

CH_NATIVE(ch__jq_first) {
    if (ch__jq(vm, args, argc, result) != CH_OK) return CH_THROW;
    ChList *all = result->as.list;
    ch_assign_take(result, all->count ? ch_retain(all->items[0]) : CH_NIL);
    return CH_OK;
}
