/* Arguments of attributes: known keys with fitting values, and attributes that ask for each other. */
#include <math.h>

#include "analysis/check_int.h"

typedef enum ValueKind {
    ANY_VALUE,
    SYMBOL, /* a string or a name, possibly dotted */
    SYMBOL_OR_BOOL,
    SYMBOLS, /* a list of them */
    SYMBOL_OR_SYMBOLS,
    TRIGGER, /* a symbol or schedule("...") */
    TRIGGERS,
    APPROVAL,
    RECEIPT,
    ERROR_BOUNDARY,
    STEP_RETRY,
    STEP_BUDGET,
    BUDGET,
    STAGES,
    SHARE, /* a number from 0 to 1, or a name */
} ValueKind;

typedef struct ArgRow {
    const char *attribute, *key;
    ValueKind kind;
} ArgRow;

static const ArgRow rows[] = {
#define CH_ATTRIBUTE_ARG(attribute, key, kind) {#attribute, #key, kind},
#include "analysis/attribute_args.def"
#undef CH_ATTRIBUTE_ARG
};

/* Words that a value or a key may be, ended by NULL. */
static const char *const approvals[] = {"required", "optional", NULL};
static const char *const receipts[] = {"audit", "none", NULL};
static const char *const boundaries[] = {"fail", "continue", "escalate", NULL};
static const char *const step_budget_keys[] = {"max_tokens", "max_usd", NULL};
static const char *const stage_keys[] = {"name", "allowed_tools", "side_effect_level", "max_iterations", NULL};
static const char *const budget_numbers[] = {"daily_usd",    "hourly_usd",           "run_usd",
                                             "max_tokens",   "frontier_escalations", "max_autonomous_decisions_per_hour",
                                             "max_autonomous_decisions_per_day", NULL};
static const char *const budget_texts[] = {"on_exhausted", "on_budget_exhausted", NULL};

typedef struct Args {
    ChChecker *checker;
    ChStr attribute;
} Args;

static void warn(const Args *args, const ChNode *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void warn(const Args *args, const ChNode *node, const char *format, ...)
{
    ChBuffer text = {0};
    va_list values;
    va_start(values, format);
    ch_buffer_vprintf(&text, format, values);
    va_end(values);
    ch_diagnostic_add(&args->checker->analysis->diagnostics, CH_SEVERITY_WARNING, "HARN-NAM-012", ch_node_range(node),
                      "%.*s", (int)text.length, text.data);
    ch_buffer_release(&text);
}

/* ["a", "b"] in the arena. */
static ChStr listed(const Args *args, const char *const *words)
{
    ChBuffer text = {0};
    for (uint32_t i = 0; words[i]; i++)
        ch_buffer_printf(&text, "%s\"%s\"", i ? ", " : "[", words[i]);
    ch_buffer_add_byte(&text, ']');
    ChStr copy = ch_str_copy(&args->checker->analysis->arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return copy;
}

static bool is_word(const char *const *words, ChStr text)
{
    for (uint32_t i = 0; words[i]; i++)
        if (ch_str_is(text, words[i]))
            return true;
    return false;
}

static bool is_symbol(const ChNode *value)
{
    return value->kind == CH_NODE_STRING || value->kind == CH_NODE_IDENTIFIER;
}

static ChStr symbol_text(const ChNode *value)
{
    return value->kind == CH_NODE_STRING ? value->as.string.text : value->as.name.name.text;
}

static bool is_trigger(const ChNode *value)
{
    if (is_symbol(value))
        return true;
    return value->kind == CH_NODE_CALL && ch_str_is(value->as.call.callee->as.name.name.text, "schedule") &&
           value->as.call.args.count == 1 && is_symbol(value->as.call.args.items[0]);
}

static void needs_symbol(const Args *args, ChStr key, const ChNode *value, const ChNode *place)
{
    if (!is_symbol(value))
        warn(args, place, "`@%.*s(%.*s: ...)` must be a string or symbol", CH_STR_ARG(args->attribute), CH_STR_ARG(key));
}

static void needs_symbols(const Args *args, ChStr key, const ChNode *value, const ChNode *place)
{
    if (value->kind != CH_NODE_LIST) {
        warn(args, place, "`@%.*s(%.*s: ...)` must be a list of strings or symbols", CH_STR_ARG(args->attribute),
             CH_STR_ARG(key));
        return;
    }
    for (uint32_t i = 0; i < value->as.list.items.count; i++) {
        if (is_symbol(value->as.list.items.items[i]))
            continue;
        warn(args, place, "`@%.*s(%.*s: ...)` must contain only strings or symbols", CH_STR_ARG(args->attribute),
             CH_STR_ARG(key));
        return;
    }
}

static void needs_triggers(const Args *args, ChStr key, const ChNode *value, const ChNode *place)
{
    bool is_list = value->kind == CH_NODE_LIST, is_good = is_list;
    for (uint32_t i = 0; is_good && i < value->as.list.items.count; i++)
        is_good = is_trigger(value->as.list.items.items[i]);
    if (!is_good)
        warn(args, place, "`@%.*s(%.*s: ...)` must %s strings, dotted trigger ids, or schedule(...)",
             CH_STR_ARG(args->attribute), CH_STR_ARG(key), is_list ? "contain only" : "be a list of");
}

static void needs_word(const Args *args, ChStr key, const ChNode *value, const ChNode *place, const char *const *words)
{
    if (!is_symbol(value) || !is_word(words, symbol_text(value)))
        warn(args, place, "`@%.*s(%.*s: ...)` must be one of %.*s", CH_STR_ARG(args->attribute), CH_STR_ARG(key),
             CH_STR_ARG(listed(args, words)));
}

/* ---- values that are dicts ----------------------------------------------------------------- */

static void check_budget_field(const Args *args, ChStr key, const ChNode *value, const ChNode *place)
{
    if (is_word(budget_texts, key)) {
        needs_symbol(args, key, value, place);
    } else if (!is_word(budget_numbers, key)) {
        warn(args, place, "unknown `@%.*s` budget field `%.*s`; expected one of %.*s or %.*s",
             CH_STR_ARG(args->attribute), CH_STR_ARG(key), CH_STR_ARG(listed(args, budget_numbers)),
             CH_STR_ARG(listed(args, budget_texts)));
    } else if (value->kind != CH_NODE_INT && value->kind != CH_NODE_FLOAT) {
        warn(args, place, "`@%.*s(%.*s: ...)` must be a number", CH_STR_ARG(args->attribute), CH_STR_ARG(key));
    }
}

/* The key of an entry of a dict; empty for one that is no word. */
static ChStr key_of(const ChNode *entry)
{
    const ChNode *key = entry->kind == CH_NODE_DICT_ENTRY ? entry->as.dict_entry.key : NULL;
    return key && is_symbol(key) ? symbol_text(key) : (ChStr){0};
}

static void check_step_retry(const Args *args, ChStr key, const ChNode *entry)
{
    const ChNode *value = entry->as.dict_entry.value;
    if (!ch_str_is(key, "max_attempts"))
        warn(args, entry->as.dict_entry.key, "unknown `@step(retry: ...)` field `%.*s`; expected `max_attempts`",
             CH_STR_ARG(key));
    else if (value->kind != CH_NODE_INT || value->as.integer.value < 1)
        warn(args, value, "`@step(retry: { max_attempts: ... })` must be a positive integer");
}

static void check_step_budget(const Args *args, ChStr key, const ChNode *entry)
{
    const ChNode *value = entry->as.dict_entry.value;
    bool is_int = value->kind == CH_NODE_INT;
    if (!is_word(step_budget_keys, key))
        warn(args, entry->as.dict_entry.key, "unknown `@step(budget: ...)` field `%.*s`; expected one of %.*s",
             CH_STR_ARG(key), CH_STR_ARG(listed(args, step_budget_keys)));
    else if (ch_str_is(key, "max_tokens") && (!is_int || value->as.integer.value < 1))
        warn(args, value, "`@step(budget: { max_tokens: ... })` must be a positive integer");
    else if (ch_str_is(key, "max_usd") && !(is_int && value->as.integer.value >= 0) &&
             !(value->kind == CH_NODE_FLOAT && isfinite(value->as.number.value) && value->as.number.value >= 0))
        warn(args, value, "`@step(budget: { max_usd: ... })` must be a non-negative number");
}

static void check_dict(const Args *args, ValueKind kind, ChStr key, const ChNode *value, const ChNode *place)
{
    const char *example = kind == STEP_RETRY    ? "a dict such as `{ max_attempts: 3 }`"
                          : kind == STEP_BUDGET ? "a dict such as `{ max_tokens: 1000, max_usd: 0.05 }`"
                                                : "a dict of budget fields";
    if (value->kind != CH_NODE_DICT) {
        warn(args, place, "`@%.*s(%.*s: ...)` must be %s", CH_STR_ARG(args->attribute), CH_STR_ARG(key), example);
        return;
    }
    for (uint32_t i = 0; i < value->as.list.items.count; i++) {
        const ChNode *entry = value->as.list.items.items[i];
        ChStr field = key_of(entry);
        if (field.length == 0)
            continue;
        if (kind == STEP_RETRY)
            check_step_retry(args, field, entry);
        else if (kind == STEP_BUDGET)
            check_step_budget(args, field, entry);
        else
            check_budget_field(args, field, entry->as.dict_entry.value, entry->as.dict_entry.value);
    }
}

static void check_stage(const Args *args, const ChNode *stage)
{
    bool has_name = false;
    for (uint32_t i = 0; i < stage->as.list.items.count; i++) {
        const ChNode *entry = stage->as.list.items.items[i];
        ChStr key = key_of(entry);
        if (key.length == 0)
            continue;
        const ChNode *value = entry->as.dict_entry.value;
        has_name |= ch_str_is(key, "name");
        if (!is_word(stage_keys, key))
            warn(args, entry->as.dict_entry.key, "unknown stage key `%.*s`; expected one of %.*s", CH_STR_ARG(key),
                 CH_STR_ARG(listed(args, stage_keys)));
        else if (ch_str_is(key, "allowed_tools"))
            needs_symbols(args, key, value, value);
        else if (ch_str_is(key, "max_iterations")) {
            if (value->kind != CH_NODE_INT || value->as.integer.value < 0)
                warn(args, value, "stage `max_iterations` must be a non-negative integer");
        } else if (!is_symbol(value))
            warn(args, value, "stage `%.*s` must be a string", CH_STR_ARG(key));
    }
    if (!has_name)
        warn(args, stage, "`@%.*s(stages: ...)` entry missing required `name`", CH_STR_ARG(args->attribute));
}

static void check_stages(const Args *args, const ChNode *value, const ChNode *place)
{
    if (value->kind != CH_NODE_LIST) {
        warn(args, place, "`@%.*s(stages: ...)` must be a list of stage dicts", CH_STR_ARG(args->attribute));
        return;
    }
    for (uint32_t i = 0; i < value->as.list.items.count; i++) {
        const ChNode *stage = value->as.list.items.items[i];
        if (stage->kind == CH_NODE_DICT)
            check_stage(args, stage);
        else
            warn(args, stage, "`@%.*s(stages: ...)` entries must be dict literals", CH_STR_ARG(args->attribute));
    }
}

/* ---- one argument --------------------------------------------------------------------------- */

static bool is_share(const ChNode *value)
{
    switch (value->kind) {
    case CH_NODE_INT: return value->as.integer.value == 0 || value->as.integer.value == 1;
    case CH_NODE_FLOAT: return value->as.number.value >= 0 && value->as.number.value <= 1;
    default: return value->kind == CH_NODE_IDENTIFIER;
    }
}

static void check_value(const Args *args, const ArgRow *row, const ChNode *arg)
{
    const ChNode *value = arg->as.named_value.value;
    ChStr key = ch_str_of(row->key);
    switch (row->kind) {
    case ANY_VALUE: break;
    case SYMBOL: needs_symbol(args, key, value, arg); break;
    case SYMBOL_OR_BOOL:
        if (!is_symbol(value) && value->kind != CH_NODE_BOOL)
            warn(args, arg, "`@%.*s(%s: ...)` must be a string/symbol or bool", CH_STR_ARG(args->attribute), row->key);
        break;
    case SYMBOLS: needs_symbols(args, key, value, arg); break;
    case SYMBOL_OR_SYMBOLS:
        if (!is_symbol(value))
            needs_symbols(args, key, value, arg);
        break;
    case TRIGGER:
        if (!is_trigger(value))
            warn(args, arg, "`@%.*s(%s: ...)` must be a string/symbol or schedule(...)", CH_STR_ARG(args->attribute),
                 row->key);
        break;
    case TRIGGERS: needs_triggers(args, key, value, arg); break;
    case APPROVAL: needs_word(args, key, value, arg, approvals); break;
    case RECEIPT: needs_word(args, key, value, arg, receipts); break;
    case ERROR_BOUNDARY: needs_word(args, key, value, arg, boundaries); break;
    case STEP_RETRY:
    case STEP_BUDGET:
    case BUDGET: check_dict(args, row->kind, key, value, arg); break;
    case STAGES: check_stages(args, value, arg); break;
    case SHARE:
        if (!is_share(value))
            warn(args, arg, "`@%.*s(%s: ...)` must be a float in [0.0, 1.0]", CH_STR_ARG(args->attribute), row->key);
        break;
    }
}

static void check_named(const Args *args, const ChNode *arg)
{
    enum { KEYS_MAX = 20 };
    ChStr key = arg->as.named_value.name.text;
    const char *keys[KEYS_MAX + 1];
    uint32_t count = 0;
    if (ch_str_is(args->attribute, "budget")) {
        check_budget_field(args, key, arg->as.named_value.value, arg);
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!ch_str_is(args->attribute, rows[i].attribute))
            continue;
        if (ch_str_is(key, rows[i].key)) {
            check_value(args, &rows[i], arg);
            return;
        }
        if (count < KEYS_MAX)
            keys[count++] = rows[i].key;
    }
    keys[count] = NULL;
    if (count)
        warn(args, arg, "unknown `@%.*s` argument `%.*s`; expected one of %.*s", CH_STR_ARG(args->attribute),
             CH_STR_ARG(key), CH_STR_ARG(listed(args, keys)));
}

static bool takes_named_only(ChStr attribute)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ch_str_is(attribute, rows[i].attribute))
            return true;
    return ch_str_is(attribute, "budget");
}

static bool has_arg(const ChNode *attribute, const char *key)
{
    for (uint32_t i = 0; i < attribute->as.attribute.args.count; i++) {
        const ChNode *arg = attribute->as.attribute.args.items[i];
        if (arg->kind == CH_NODE_NAMED_VALUE && ch_str_is(arg->as.named_value.name.text, key))
            return true;
    }
    return false;
}

void ch__check_attribute_args(ChChecker *checker, const ChNode *attribute)
{
    Args args = {checker, attribute->as.attribute.name.text};
    const ChNodeList *list = &attribute->as.attribute.args;
    bool is_trigger_attribute = ch_str_is(args.attribute, "trigger");
    for (uint32_t i = 0; i < list->count; i++) {
        const ChNode *arg = list->items[i];
        if (arg->kind == CH_NODE_NAMED_VALUE) {
            if (arg->as.named_value.value)
                check_named(&args, arg);
        } else if (is_trigger_attribute) {
            if (!is_trigger(arg))
                warn(&args, arg,
                     "`@trigger(...)` positional arguments must be strings, dotted trigger ids, or schedule(...)");
        } else if (takes_named_only(args.attribute))
            warn(&args, arg, "`@%.*s(...)` arguments must be named", CH_STR_ARG(args.attribute));
    }
    if (ch_str_is(args.attribute, "test") && list->count)
        warn(&args, attribute, "`@test` does not accept arguments");
    if (ch_str_is(args.attribute, "step") && !has_arg(attribute, "name"))
        warn(&args, attribute, "`@step(...)` should declare `name: \"...\"` for stable supervision metadata");
    if (ch_str_is(args.attribute, "archivist") && !has_arg(attribute, "evidence"))
        warn(&args, attribute, "`@archivist(...)` should declare `evidence: [...]` so predicates can be audited");
}

/* ---- attributes that belong together --------------------------------------------------------- */

static const ChNode *find(const ChNodeList *attributes, const char *name)
{
    for (uint32_t i = 0; i < attributes->count; i++)
        if (ch_str_is(attributes->items[i]->as.attribute.name.text, name))
            return attributes->items[i];
    return NULL;
}

static void flow(ChChecker *checker, ChRange range, const char *text)
{
    ch_diagnostic_add(&checker->analysis->diagnostics, CH_SEVERITY_WARNING, "HARN-ORC-009", range, "%s", text);
}

void ch__check_flow_attributes(ChChecker *checker, const ChNodeList *attributes)
{
    const ChNode *invariant = find(attributes, "invariant"), *deterministic = find(attributes, "deterministic");
    const ChNode *semantic = find(attributes, "semantic"), *archivist = find(attributes, "archivist");
    const ChNode *retroactive = find(attributes, "retroactive");
    /* With arguments it names a capability, which is another matter. */
    if (invariant && invariant->as.attribute.args.count)
        invariant = NULL;
    if (deterministic && semantic) {
        ChRange a = ch_node_range(deterministic), b = ch_node_range(semantic);
        flow(checker, (ChRange){a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end},
             "`@deterministic` and `@semantic` are mutually exclusive; a Flow predicate is one mode or the other");
    }
    if (invariant && !deterministic && !semantic)
        flow(checker, ch_node_range(invariant),
             "Flow `@invariant` requires exactly one of `@deterministic` (default) or `@semantic`");
    if (invariant && !archivist)
        flow(checker, ch_node_range(invariant),
             "Flow `@invariant` is missing `@archivist(...)` provenance (evidence, confidence, source_date, "
             "coverage_examples)");
    if (!invariant && archivist)
        flow(checker, ch_node_range(archivist),
             "`@archivist(...)` only applies to Flow predicates marked with `@invariant`");
    if (!invariant && retroactive)
        flow(checker, ch_node_range(retroactive),
             "`@retroactive` only applies to Flow predicates marked with `@invariant`");
}
