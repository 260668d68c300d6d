/* Dict literals given for options: a key that the type does not list is a typing
 * mistake, although a dict with more fields would fit. */
#include <stdlib.h>

#include "analysis/check_int.h"

/* `opts`, `http_options`, `config` ... */
static bool is_bag_name(ChStr name)
{
    static const ChStr words[] = {CH_STR_INIT("opts"), CH_STR_INIT("options"),
                                  CH_STR_INIT("config")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (ch_str_equal(name, words[i]))
            return true;
        if (name.length > words[i].length && ch_str_ends_with(name, words[i]) &&
            name.data[name.length - words[i].length - 1] == '_')
            return true;
    }
    return false;
}

/* RetryOptions, ClientConfig, also as a member of a union. */
static bool is_bag_type(const ChType *type)
{
    uint32_t count;
    const ChType *const *members = ch_type_members(&type, &count);
    for (uint32_t i = 0; i < count; i++)
        if ((members[i]->kind == CH_TYPE_NAME || members[i]->kind == CH_TYPE_APPLIED) &&
            (ch_str_ends_with(members[i]->text, CH_STR("Options")) ||
             ch_str_ends_with(members[i]->text, CH_STR("Config"))))
            return true;
    return false;
}

/* The one shape that the type allows besides nil, or NULL. */
static const ChType *only_shape(ChChecker *checker, const ChType *type)
{
    type = ch__type_resolve(checker, type);
    if (!type)
        return NULL;
    uint32_t count;
    const ChType *shape = NULL;
    const ChType *const *members = ch_type_members(&type, &count);
    for (uint32_t i = 0; i < count; i++) {
        const ChType *member = ch__type_resolve(checker, members[i]);
        if (!member || member->kind != CH_TYPE_SHAPE)
            continue;
        if (shape)
            return NULL;
        shape = member;
    }
    return shape;
}

static int compare_names(const void *a, const void *b)
{
    return ch_str_compare(*(const ChStr *)a, *(const ChStr *)b);
}

static ChStr list_names(ChChecker *checker, const ChType *shape)
{
    ChStr *names = ch_alloc_zero(shape->count, sizeof *names);
    ChBuffer text = {0};
    for (uint32_t i = 0; i < shape->count; i++)
        names[i] = shape->fields[i].name;
    qsort(names, shape->count, sizeof *names, compare_names);
    for (uint32_t i = 0; i < shape->count; i++)
        ch_buffer_printf(&text, "%s`%.*s`", i > 0 ? ", " : "", CH_STR_ARG(names[i]));
    ChStr copy = ch_str_copy(&checker->analysis->arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    ch_free(names);
    return copy;
}

void ch__check_options(ChChecker *checker, ChStr context, ChStr param, const ChType *expected,
                       const ChNode *arg)
{
    if (arg->kind != CH_NODE_DICT || (!is_bag_name(param) && !is_bag_type(expected)))
        return;
    const ChType *shape = only_shape(checker, expected);
    if (!shape || shape->count == 0)
        return;
    for (uint32_t i = 0; i < arg->as.list.items.count; i++) {
        const ChNode *entry = arg->as.list.items.items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) ||
            !entry->as.dict_entry.key || entry->as.dict_entry.key->kind != CH_NODE_STRING)
            continue;
        const ChNode *key = entry->as.dict_entry.key;
        ChStr name = key->as.string.text;
        if (ch_type_field(shape, name))
            continue;
        ChNearest nearest;
        ch__nearest_init(&nearest, name, 3);
        for (uint32_t f = 0; f < shape->count; f++)
            ch__nearest_offer(&nearest, shape->fields[f].name);
        bool has_best = nearest.best.length > 0;
        ChDiagnosticList *list = &checker->analysis->diagnostics;
        ChDiagnostic *diagnostic =
            ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-NAM-007", ch_node_range(key),
                              "%.*s: unknown option `%.*s`; expected one of %.*s%s%.*s%s",
                              CH_STR_ARG(context), CH_STR_ARG(name),
                              CH_STR_ARG(list_names(checker, shape)),
                              has_best ? " — did you mean `" : "", CH_STR_ARG(nearest.best),
                              has_best ? "`?" : "");
        if (has_best)
            ch__fix_name(list, diagnostic, ch_node_range(key), nearest.best);
    }
}

static const ChStr model_options[] = {
#define CH_MODEL_OPTION(name) CH_STR_INIT(#name),
#include "analysis/model_options.def"
#undef CH_MODEL_OPTION
};

static bool calls_model(ChStr builtin)
{
    static const ChStr names[] = {
        CH_STR_INIT("llm_call"),            CH_STR_INIT("llm_call_safe"),
        CH_STR_INIT("llm_stream_call"),     CH_STR_INIT("llm_call_structured"),
        CH_STR_INIT("llm_call_structured_safe"), CH_STR_INIT("llm_call_structured_result"),
        CH_STR_INIT("llm_completion"),
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ch_str_equal(builtin, names[i]))
            return true;
    return false;
}

void ch__check_model_options(ChChecker *checker, ChStr builtin, ChStr param, const ChNode *arg)
{
    if (arg->kind != CH_NODE_DICT || !ch_str_is(param, "options") || !calls_model(builtin))
        return;
    for (uint32_t i = 0; i < arg->as.list.items.count; i++) {
        const ChNode *entry = arg->as.list.items.items[i];
        if (entry->kind != CH_NODE_DICT_ENTRY || (entry->flags & CH_FLAG_COMPUTED) || !entry->as.dict_entry.key ||
            entry->as.dict_entry.key->kind != CH_NODE_STRING)
            continue;
        const ChNode *key = entry->as.dict_entry.key;
        ChNearest nearest;
        ch__nearest_init(&nearest, key->as.string.text, 3);
        size_t at = 0, count = sizeof model_options / sizeof *model_options;
        while (at < count && !ch_str_equal(key->as.string.text, model_options[at]))
            ch__nearest_offer(&nearest, model_options[at++]);
        if (at < count)
            continue;
        bool has_best = nearest.best.length > 0;
        ChDiagnosticList *list = &checker->analysis->diagnostics;
        ChDiagnostic *diagnostic = ch_diagnostic_add(
            list, CH_SEVERITY_WARNING, "HARN-LLM-001", ch_node_range(key), "unknown `%.*s` option `%.*s`%s%.*s%s",
            CH_STR_ARG(builtin), CH_STR_ARG(key->as.string.text), has_best ? "; did you mean `" : "",
            CH_STR_ARG(nearest.best), has_best ? "`?" : "");
        if (has_best)
            ch__fix_name(list, diagnostic, ch_node_range(key), nearest.best);
    }
}
