/* request_approval, dual_control, ask_user and escalate_to: expressions of the language whose arguments have names. */
#include "analysis/check_int.h"

enum { ARGS_MAX = 10 };

static const struct Form {
    const char *name;
    uint32_t required_count; /* the first ones */
    const char *args[ARGS_MAX + 1];
} forms[] = {
    {"ask_user", 1, {"prompt", "schema", "timeout", "default"}},
    {"request_approval", 1,
     {"action", "args", "detail", "quorum", "reviewers", "deadline", "principal", "evidence_refs", "undo_metadata",
      "capabilities_requested"}},
    {"dual_control", 3, {"n", "m", "action", "approvers"}},
    {"escalate_to", 2, {"role", "reason"}},
};

static bool is_named(const ChNode *arg) { return arg->kind == CH_NODE_NAMED_VALUE; }

static bool is_known(const struct Form *form, ChStr name)
{
    for (uint32_t i = 0; form->args[i]; i++)
        if (ch_str_is(name, form->args[i]))
            return true;
    return false;
}

static ChStr names_of(ChChecker *checker, const struct Form *form)
{
    ChBuffer text = {0};
    for (uint32_t i = 0; form->args[i]; i++)
        ch_buffer_printf(&text, "%s%s", i ? ", " : "", form->args[i]);
    ChStr copy = ch_str_copy(&checker->analysis->arena, ch_buffer_view(&text));
    ch_buffer_release(&text);
    return copy;
}

static const ChNode *named(const ChNodeList *args, uint32_t from, ChStr name)
{
    for (uint32_t i = from; i < args->count; i++)
        if (is_named(args->items[i]) && ch_str_equal(args->items[i]->as.named_value.name.text, name))
            return args->items[i];
    return NULL;
}

void ch__check_approval(ChChecker *checker, const ChNode *node)
{
    ChDiagnosticList *list = &checker->analysis->diagnostics;
    const ChNodeList *args = &node->as.hitl.args;
    const struct Form *form = forms;
    while (form < forms + sizeof forms / sizeof *forms && !ch_str_is(node->as.hitl.name.text, form->name))
        form++;
    if (form == forms + sizeof forms / sizeof *forms)
        return;
    uint32_t positional = 0, known = 0;
    while (form->args[known])
        known++;
    while (positional < args->count && !is_named(args->items[positional]))
        positional++;
    for (uint32_t i = 0; i < args->count; i++) {
        const ChNode *arg = args->items[i];
        if (!is_named(arg)) {
            if (i > positional)
                ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-CAP-003", ch_node_range(arg),
                                  "%s: positional argument cannot follow a named argument", form->name);
            continue;
        }
        ChStr name = arg->as.named_value.name.text;
        if (!is_known(form, name))
            ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-CAP-003", ch_node_range(arg),
                              "%s: unknown argument `%.*s` (expected one of: %.*s)", form->name, CH_STR_ARG(name),
                              CH_STR_ARG(names_of(checker, form)));
        if (named(args, i + 1, name))
            ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-NAM-006", ch_node_range(arg), "%s: duplicate argument `%.*s`",
                              form->name, CH_STR_ARG(name));
    }
    for (uint32_t i = positional; i < form->required_count; i++)
        if (!named(args, 0, ch_str_of(form->args[i])))
            ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-CAP-002", ch_node_range(node),
                              "%s: missing required argument `%s`", form->name, form->args[i]);
    if (positional > known)
        ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-CAP-003", ch_node_range(node),
                          "%s: too many positional arguments (max %u positional, got %u)", form->name, known, positional);
}
