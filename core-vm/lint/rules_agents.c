/* Rules about models, tools, personas, connectors and work in the background. */
#include "lint/lint_int.h"

#include "base/banned.h"

void ch__lint_prompt_injection(ChLinter *linter, const ChNode *node)
{
    const ChNode *prompt = ch__lint_arg(node, 1);
    if (!ch_str_is(ch__lint_callee(node), "llm_call") || !ch__lint_is(prompt, CH_NODE_INTERPOLATION))
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_INJECTION, ch_node_range(node),
                                  "interpolated data in the `llm_call` system prompt can smuggle untrusted instructions"),
                  "keep the system prompt static and pass dynamic data in the user prompt or options");
}

void ch__lint_llm_option(ChLinter *linter, const ChNode *node)
{
    static const char *const callees[] = {"llm_call",    "llm_call_safe", "llm_call_structured", "llm_call_structured_result",
                                          "agent_loop", NULL};
    static const char *const options[] = {"llm_retries", "llm_backoff_ms"};
    ChStr name = ch__lint_callee(node);
    if (!name.length || !ch__lint_is_listed(name, callees))
        return;
    for (uint32_t i = 0; i < node->as.call.args.count; i++)
        for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
            const ChNode *key = NULL;
            if (!ch__lint_entry(node->as.call.args.items[i], options[o], &key))
                continue;
            ch__lint_help(linter,
                          ch__lint_report(linter, CH_LINT_LLM_OPTION, ch_node_range(key),
                                          "`%s` is deprecated; use `with_retry(default_llm_caller(), {max_attempts: N+1})` "
                                          "from `std/llm/handlers` (see CHANGELOG migration note).",
                                          options[o]),
                          "remove `%s` from this options dict and wrap the call with `with_retry(default_llm_caller(), "
                          "{max_attempts: N+1})` from `std/llm/handlers`.",
                          options[o]);
        }
}

/* ---- reminders ---- */

void ch__lint_reminder_ttl(ChLinter *linter, const ChNode *node)
{
    const ChNode *preserve = ch__lint_entry(node, "preserve_on_compact", NULL), *ttl = ch__lint_entry(node, "ttl_turns", NULL);
    if (!ch__lint_is(preserve, CH_NODE_BOOL) || preserve->as.boolean.value || !ch__lint_entry(node, "body", NULL) ||
        (ttl && ttl->kind != CH_NODE_NIL))
        return;
    ch__lint_help(linter,
                  ch__lint_report(linter, CH_LINT_REMINDER_TTL, ch_node_range(preserve),
                                  "`preserve_on_compact: false` with no finite `ttl_turns` can leave a reminder alive "
                                  "indefinitely until compaction drops it."),
                  "add a finite `ttl_turns` or set `preserve_on_compact: true` for durable reminders.");
}

enum { REMINDERS_MAX = 8 };

void ch__lint_reminder_count(ChLinter *linter, const ChNode *node)
{
    static const char *const standard[] = {"token_pressure", "idle_nudge", "tool_output_truncated", "post_compact_recap",
                                           "resume_continuity"};
    if (!ch_str_is(ch__lint_callee(node), "agent_loop"))
        return;
    for (uint32_t i = 0; i < node->as.call.args.count; i++) {
        const ChNode *list = ch__lint_entry(node->as.call.args.items[i], "reminders", NULL);
        if (ch__lint_is(list, CH_NODE_DICT)) {
            const ChNode *enabled = ch__lint_entry(list, "enabled", NULL);
            list = ch__lint_is(enabled, CH_NODE_BOOL) && !enabled->as.boolean.value ? NULL
                                                                                    : ch__lint_entry(list, "providers", NULL);
        }
        if (!ch__lint_is(list, CH_NODE_LIST))
            continue;
        ChMap ids = {0};
        for (size_t s = 0; s < sizeof standard / sizeof *standard; s++)
            ch_map_set_number(&ids, ch_str_of(standard[s]), 1);
        for (uint32_t n = 0; n < list->as.list.items.count; n++) {
            ChStr id = ch__lint_string(list->as.list.items.items[n]);
            bool is_off = id.length && id.data[0] == '-';
            if (id.length)
                ch_map_set_number(&ids, (ChStr){id.data + is_off, id.length - is_off}, !is_off);
        }
        uint32_t count = 0;
        for (uint32_t e = 0; e < ids.count; e++)
            count += ids.entries[e].value.number;
        ch_map_release(&ids);
        if (count > REMINDERS_MAX)
            ch__lint_help(linter,
                          ch__lint_report(linter, CH_LINT_REMINDER_COUNT, ch_node_range(list),
                                          "`agent_loop` enables %u distinct reminder providers; this can add overlapping "
                                          "ambient context.",
                                          count),
                          "disable providers that this loop does not need, or split the loop into narrower stages.");
    }
}

/* ---- connectors ---- */

typedef struct DeniedGroup {
    const char *reason;
    bool only_on_hot_path; /* the others may reach out */
    const char *const *builtins;
} DeniedGroup;

static const char *const file_builtins[] = {
    "read_file", "read_file_result", "read_file_bytes", "write_file", "write_file_bytes", "append_file", "copy_file",
    "delete_file", "mkdir", "list_dir", "file_exists", "stat", "project_fingerprint", "project_scan_native",
    "project_scan_tree_native", "project_walk_tree_native", "project_catalog_native", NULL};
static const char *const process_builtins[] = {"exec", "exec_at", "shell", "shell_at", "vision_ocr", NULL};
static const char *const network_builtins[] = {
    "http_get", "http_post", "http_put", "http_patch", "http_delete", "http_download", "http_request",
    "http_session_request", "http_stream_open", "http_stream_read", "http_stream_close", "http_stream_info",
    "sse_connect", "sse_receive", "websocket_accept", "websocket_connect", "websocket_route", "websocket_send",
    "websocket_receive", "websocket_server", "connector_call", NULL};
static const char *const model_builtins[] = {"llm_call", "llm_call_safe", "llm_completion", "llm_stream",
                                             "llm_stream_call", "llm_healthcheck", "agent_loop", NULL};
static const char *const mcp_builtins[] = {
    "mcp_connect", "mcp_ensure_active", "mcp_call", "mcp_list_tools", "mcp_list_resources", "mcp_list_resource_templates",
    "mcp_read_resource", "mcp_list_prompts", "mcp_get_prompt", "mcp_server_info", "mcp_disconnect", NULL};
static const char *const host_builtins[] = {"host_call", "host_tool_call", "host_tool_list", NULL};

static const DeniedGroup denied_groups[] = {
    {"ambient filesystem access is not allowed", false, file_builtins},
    {"process execution is not allowed", false, process_builtins},
    {"LLM calls are not allowed", false, model_builtins},
    {"MCP/process-backed connector access is not allowed", false, mcp_builtins},
    {"host calls require an explicit host-owned surface", false, host_builtins},
    {"outbound network/client calls are not allowed on the ingress hot path", true, network_builtins},
};

void ch__lint_connector_effect(ChLinter *linter, const ChNode *node)
{
    ChStr name = ch__lint_callee(node);
    if (!name.length || !linter->exports.count)
        return;
    ChStr export = ch_array_last(&linter->exports);
    for (size_t i = 0; i < sizeof denied_groups / sizeof *denied_groups; i++) {
        const DeniedGroup *group = &denied_groups[i];
        if (!ch__lint_is_listed(name, group->builtins) ||
            (group->only_on_hot_path && !ch_str_is(export, "normalize_inbound")))
            continue;
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_CONNECTOR_EFFECT, ch_node_range(node),
                                      "connector export `%.*s` calls disallowed builtin `%.*s`: %s", CH_STR_ARG(export),
                                      CH_STR_ARG(name), group->reason),
                      "move `%.*s` out of `%.*s` or configure a trusted connector effect-policy override",
                      CH_STR_ARG(name), CH_STR_ARG(export));
    }
}

/* ---- background work ---- */

void ch__lint_long_running(ChLinter *linter, const ChNode *node)
{
    static const char *const starters[] = {"walk_dir", "glob", "http_get", "http_request", "http_download", "run_command",
                                           "run_test", "run_build_command", NULL};
    static const char *const tools[] = {"run_command", "run_test", "run_build_command", "tools.run_command",
                                        "tools.run_test", "tools.run_build_command", NULL};
    ChStr name = ch__lint_callee(node);
    bool is_tool = ch_str_is(name, "host_tool_call") && ch__lint_is_listed(ch__lint_string(ch__lint_arg(node, 0)), tools);
    if (!is_tool && !ch__lint_is_listed(name, starters))
        return;
    bool is_long = false;
    for (uint32_t i = 0; i < node->as.call.args.count; i++) {
        const ChNode *flag = ch__lint_entry(node->as.call.args.items[i], "long_running", NULL);
        if (!flag)
            flag = ch__lint_entry(node->as.call.args.items[i], "background", NULL);
        is_long |= ch__lint_is(flag, CH_NODE_BOOL) && flag->as.boolean.value;
    }
    const ChNode *body = NULL;
    for (uint32_t up = 1; is_long && !body && (body = ch__lint_above(linter, up)); up++)
        if (body->kind != CH_NODE_FN && body->kind != CH_NODE_TOOL && body->kind != CH_NODE_CLOSURE &&
            body->kind != CH_NODE_PIPELINE && body->kind != CH_NODE_FILE)
            body = NULL;
    if (body)
        ch_array_push(&linter->background_calls, (ChLintBackground){node, body});
}

void ch__lint_background(ChLinter *linter)
{
    for (uint32_t i = 0; i < linter->background_calls.count; i++) {
        ChLintBackground background = linter->background_calls.items[i];
        ChStr name = ch__lint_callee(background.call);
        if (!ch__lint_has(linter, background.body, CH_LINT_FACT_CLEANS_UP))
            ch__lint_help(linter,
                          ch__lint_report(linter, CH_LINT_LONG_RUNNING, ch_node_range(background.call),
                                          "`%.*s` starts long-running work without a defer/finally cleanup path",
                                          CH_STR_ARG(name)),
                          "store the returned handle and cancel it from a defer or finally block with "
                          "`tools.cancel_handle`");
    }
}

/* ---- tools over MCP: the registries that hold tools without annotations ---- */

enum { TOOLS_NESTED_MAX = 1000 };

static bool is_bare_tool(const ChNode *call)
{
    return !ch__lint_entry(ch__lint_arg(call, 3), "annotations", NULL);
}

/* 1 + index of the newest bare tool that the value holds, or 0. */
static uint32_t bare_tools_of(ChLinter *linter, const ChNode *value)
{
    CH_ARRAY_OF(const ChNode *) chain = {0};
    while (ch_str_is(ch__lint_callee(value), "tool_define") && chain.count < TOOLS_NESTED_MAX) {
        ch_array_push(&chain, value);
        value = ch__lint_arg(value, 0);
    }
    uint32_t held = ch__lint_is(value, CH_NODE_IDENTIFIER)
                        ? ch_map_get_number(&linter->tool_registries, value->as.name.name.text, 0)
                        : 0;
    while (chain.count) {
        const ChNode *call = ch_array_pop(&chain);
        if (!is_bare_tool(call))
            continue;
        ch_array_push(&linter->pending_tools, call);
        ch_array_push(&linter->pending_next, held);
        held = linter->pending_tools.count;
    }
    ch_array_release(&chain);
    return held;
}

void ch__lint_note_registry(ChLinter *linter, ChStr name, const ChNode *value)
{
    ch_map_set_number(&linter->tool_registries, name, bare_tools_of(linter, value));
}

void ch__lint_mcp_annotations(ChLinter *linter, const ChNode *node)
{
    if (!ch_str_is(ch__lint_callee(node), "mcp_tools") || !node->as.call.args.count)
        return;
    for (uint32_t i = bare_tools_of(linter, ch__lint_arg(node, 0)); i; i = linter->pending_next.items[i - 1])
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_MCP_ANNOTATIONS, ch_node_range(linter->pending_tools.items[i - 1]),
                                      "MCP-exposed `tool_define` registration has no `annotations`"),
                      "add MCP `annotations` such as `readOnlyHint`, `destructiveHint`, `idempotentHint`, and "
                      "`openWorldHint` before passing the registry to `mcp_tools`");
}

/* ---- personas ---- */

static const ChNode *attribute_of(const ChNode *fn, const char *name)
{
    for (uint32_t i = 0; fn->kind == CH_NODE_FN && i < fn->as.decl.attributes.count; i++)
        if (ch_str_is(fn->as.decl.attributes.items[i]->as.attribute.name.text, name))
            return fn->as.decl.attributes.items[i];
    return NULL;
}

/* The attribute's `name:`, else the function's own. */
static ChStr given_name(const ChNode *fn, const ChNode *attribute)
{
    for (uint32_t i = 0; i < attribute->as.attribute.args.count; i++) {
        const ChNode *arg = attribute->as.attribute.args.items[i];
        if (arg->kind == CH_NODE_NAMED_VALUE && ch_str_is(arg->as.named_value.name.text, "name") &&
            ch__lint_is(arg->as.named_value.value, CH_NODE_STRING))
            return arg->as.named_value.value->as.string.text;
    }
    return fn->as.decl.name.text;
}

static bool matches_glob(ChStr pattern, ChStr text)
{
    if (pattern.length && pattern.data[pattern.length - 1] == '*')
        return ch_str_starts_with(text, (ChStr){pattern.data, pattern.length - 1});
    if (pattern.length && pattern.data[0] == '*')
        return ch_str_ends_with(text, (ChStr){pattern.data + 1, pattern.length - 1});
    return ch_str_equal(pattern, text);
}

typedef struct Personas {
    CH_ARRAY_OF(const ChNode *) functions;
    ChMap steps; /* functions with @step, to the node */
} Personas;

static bool is_allowed_call(const ChLinter *linter, const Personas *personas, ChStr name)
{
    if (ch_map_find(&personas->steps, name) || ch_str_starts_with(name, CH_STR("__")) ||
        ch_str_starts_with(name, CH_STR("hostlib_")))
        return true;
    for (uint32_t i = 0; i < linter->options->persona_call_count; i++)
        if (ch_str_equal(linter->options->persona_calls[i], name))
            return true;
    return false;
}

static void check_persona_calls(ChLinter *linter, const Personas *personas, const ChNode *persona)
{
    ChStr persona_name = given_name(persona, attribute_of(persona, "persona"));
    for (uint32_t i = 0; i < linter->calls.count; i++) {
        const ChNode *call = linter->calls.items[i];
        ChStr name = ch__lint_callee(call);
        if (call->start < persona->start || call->end > persona->end || !name.length ||
            is_allowed_call(linter, personas, name) ||
            ch_analysis_at(linter->analysis, call->start).kind == CH_OCCURRENCE_BUILTIN)
            continue;
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_PERSONA_STEPS, ch_node_range(call),
                                      "`@persona` function `%.*s` calls `%.*s`, which is not declared `@step`",
                                      CH_STR_ARG(persona_name), CH_STR_ARG(name)),
                      "add `@step(name: \"%.*s\", ...)` to `%.*s` or list it in `[lint].persona_step_allowlist`",
                      CH_STR_ARG(name), CH_STR_ARG(name));
    }
}

static bool calls_step(const ChLinter *linter, const Personas *personas, const ChNode *persona, ChStr step)
{
    for (uint32_t i = 0; i < linter->calls.count; i++) {
        const ChNode *call = linter->calls.items[i];
        const ChNode *fn = ch_map_get_pointer(&personas->steps, ch__lint_callee(call));
        if (call->start >= persona->start && call->end <= persona->end && fn &&
            ch_str_equal(given_name(fn, attribute_of(fn, "step")), step))
            return true;
    }
    return false;
}

static void check_hook(ChLinter *linter, const Personas *personas, const ChNode *call)
{
    ChStr pattern = ch__lint_string(ch__lint_arg(call, 0)), step = ch__lint_string(ch__lint_arg(call, 1));
    if (!ch__lint_is(ch__lint_arg(call, 0), CH_NODE_STRING) || !ch__lint_is(ch__lint_arg(call, 1), CH_NODE_STRING))
        return;
    ChBuffer missing = {0};
    uint32_t matching = 0;
    for (uint32_t i = 0; i < personas->functions.count; i++) {
        const ChNode *persona = personas->functions.items[i];
        ChStr name = given_name(persona, attribute_of(persona, "persona"));
        if (!matches_glob(pattern, name))
            continue;
        matching++;
        if (!calls_step(linter, personas, persona, step))
            ch_buffer_printf(&missing, "%s%.*s", missing.length ? ", " : "", CH_STR_ARG(name));
    }
    if (!matching)
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_HOOK_TARGET, ch_node_range(call),
                                      "`register_step_hook` pattern `%.*s` does not match a statically declared `@persona`",
                                      CH_STR_ARG(pattern)),
                      "register hooks against a declared persona name or glob");
    else if (missing.length)
        ch__lint_help(linter,
                      ch__lint_report(linter, CH_LINT_HOOK_TARGET, ch_node_range(call),
                                      "`register_step_hook` targets step `%.*s`, but it is not declared by persona(s): %.*s",
                                      CH_STR_ARG(step), (int)missing.length, missing.data),
                      "use a step name declared with `@step(name: ...)` and called by the matching `@persona`");
    ch_buffer_release(&missing);
}

void ch__lint_personas(ChLinter *linter)
{
    Personas personas = {0};
    const ChNodeList *items = &linter->tree->root->as.file.items;
    for (uint32_t i = 0; i < items->count; i++) {
        if (attribute_of(items->items[i], "step"))
            ch_map_set_pointer(&personas.steps, items->items[i]->as.decl.name.text, items->items[i]);
        if (attribute_of(items->items[i], "persona"))
            ch_array_push(&personas.functions, (const ChNode *)items->items[i]);
    }
    for (uint32_t i = 0; i < personas.functions.count; i++)
        check_persona_calls(linter, &personas, personas.functions.items[i]);
    for (uint32_t i = 0; i < linter->calls.count; i++)
        if (ch_str_is(ch__lint_callee(linter->calls.items[i]), "register_step_hook"))
            check_hook(linter, &personas, linter->calls.items[i]);
    ch_array_release(&personas.functions);
    ch_map_release(&personas.steps);
}
