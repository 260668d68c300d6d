// What programs see of the finish lifecycle.
#include "runtime/lifecycle_int.h"
#include "runtime/trace.h"

#include "base/banned.h"

CH_NATIVE(ch__pipeline_on_finish) {
    if (!argc) return ch_throw_runtime(vm, "pipeline_on_finish: missing handler");
    if (!ch__is_callable(args[0]))
        return ch_throw_runtime(vm, "pipeline_on_finish: handler must be a closure, got %s", ch_type_name(args[0]));
    ch_assign(&ch__lifecycle(vm)->on_finish, args[0]);
    return CH_OK;
}

CH_NATIVE(ch__lifecycle_on_finish_take) { return ch__give(result, ch_take(&ch__lifecycle(vm)->on_finish)); }
CH_NATIVE(ch__audit_log_take) { return ch__give(result, ch_lifecycle_audit_log(vm, true)); }
CH_NATIVE(ch__audit_log_snapshot) { return ch__give(result, ch_lifecycle_audit_log(vm, false)); }
CH_NATIVE(ch__settlement_active) { return ch__give_bool(result, ch__lifecycle(vm)->settling > 0); }
CH_NATIVE(ch__lifecycle_snapshot_value) { return ch__give(result, ch_lifecycle_snapshot(vm)); }

CH_NATIVE(ch__lifecycle_settling) {
    ch__lifecycle(vm)->settling += args[0].as.integer > 0 ? 1 : -1;
    return CH_OK;
}

CH_NATIVE(ch__lifecycle_audit) {
    return ch__give(result, ch_lifecycle_audit_record(vm, ch__text(args[0]), ch_retain(args[1])));
}

CH_NATIVE(ch__lifecycle_handoff) {
    if (!ch_handoff_record(vm, args[0], ch_retain(args[1]), result))
        return ch_throw_runtime(vm, "Harness.handoff_to: too many pending handoffs (limit %u)", CH_HANDOFFS_MAX);
    return CH_OK;
}

CH_NATIVE(ch__lifecycle_acknowledge) {
    ch_handoff_acknowledge(vm, ch__text(args[0]), ch_retain(args[1]), result);
    return CH_OK;
}

CH_NATIVE(ch__lifecycle_finalize) {
    ch_assign(&ch__lifecycle(vm)->disposition, args[0]);
    return CH_OK;
}

CH_NATIVE(ch__drain_span_start) {
    bool is_decision = args[1].as.boolean;
    return ch__give_int(result, (int64_t)ch_span_start_detached(vm, is_decision ? CH_SPAN_DRAIN_DECISION : CH_SPAN_DRAIN,
                                                                ch__text(args[0]), ch_span_current(vm), CH_NIL));
}

// ---- hooks ------------------------------------------------------------------------------------------------------------

CH_NATIVE(ch__register_session_hook) {
    static const char who[] = "register_session_hook";
    if (argc != 2 && argc != 3)
        return ch_throw_runtime(vm, "%s expects 2 or 3 arguments (event, pattern?, handler); got %u", who, argc);
    ChValue handler = args[argc - 1];
    if (args[0].tag != CH_TAG_STRING) return ch_throw_runtime(vm, "%s: event must be a string, got %s", who, ch_type_name(args[0]));
    const char *event = ch__hook_event(ch__text(args[0]));
    if (!event) return ch_throw_runtime(vm, "%s: unknown session hook event `%s`", who, args[0].as.string->data);
    if (argc == 3 && args[1].tag != CH_TAG_STRING)
        return ch_throw_runtime(vm, "%s: pattern must be a string, got %s", who, ch_type_name(args[1]));
    if (handler.tag != CH_TAG_CLOSURE)
        return ch_throw_runtime(vm, "%s: handler must be a closure, got %s", who, ch_type_name(handler));
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    if (lifecycle->hooks.count == CH_HOOKS_MAX) return ch_throw_runtime(vm, "%s: too many hooks (limit %u)", who, CH_HOOKS_MAX);
    ChString *pattern = argc == 3 ? ch_retain(args[1]).as.string : ch_string_from("");
    ch_array_push(&lifecycle->hooks, (ChHook){.event = event, .pattern = pattern, .handler = ch_retain(handler)});
    return CH_OK;
}

CH_NATIVE(ch__clear_session_hooks) {
    ch__hooks_drop(vm, false);
    return CH_OK;
}

CH_NATIVE(ch__register_tool_hook) {
    ChDict *config = args[0].as.dict;
    static const char *const closures[] = {"pre", "post"};
    for (int i = 0; i < 2; i++) {
        ChValue value = ch__dict_get(config, closures[i]);
        if (!ch_is_nil(value) && value.tag != CH_TAG_CLOSURE)
            return ch_throw_runtime(vm, "register_tool_hook: %s must be a closure, got %s", closures[i], ch_type_name(value));
    }
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    if (lifecycle->hooks.count == CH_HOOKS_MAX) return ch_throw_runtime(vm, "register_tool_hook: too many hooks (limit %u)", CH_HOOKS_MAX);
    ChValue pattern = ch__dict_get(config, "pattern");
    ChString *text = pattern.tag == CH_TAG_STRING ? ch_retain(pattern).as.string : ch_string_from("*");
    ch_array_push(&lifecycle->hooks, (ChHook){.pattern = text, .handler = ch_retain(args[0])});
    return CH_OK;
}

CH_NATIVE(ch__clear_tool_hooks) {
    ch__hooks_drop(vm, true);
    return CH_OK;
}

CH_NATIVE(ch__tool_hooks) {
    const struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    ChList *list = ch_list_new(0);
    for (uint32_t i = 0; i < lifecycle->hooks.count; i++) {
        const ChHook *hook = &lifecycle->hooks.items[i];
        if (!hook->event && ch__glob_matches(ch_string_view(hook->pattern), ch__text(args[0])))
            ch_list_push(list, ch_retain(hook->handler));
    }
    return ch__give(result, ch_object(list));
}

// [number, closure], or [number, nil, answer] for a native one.
CH_NATIVE(ch__hook_next_value) {
    const char *event = ch__hook_event(ch__text(args[0]));
    int64_t from = args[1].as.integer;
    int64_t found = event && from >= 0 && from < CH_HOOKS_MAX ? ch__hook_next(vm, event, (uint32_t)from, args[2]) : -1;
    if (found < 0) return CH_OK;
    ChHook hook = ch__lifecycle(vm)->hooks.items[found];
    ChValue answer = CH_NIL;
    if (hook.native) hook.native(hook.ud, vm, args[3], &answer);
    ChList *list = ch_list_new(3);
    ch_list_push(list, ch_int(found));
    ch_list_push(list, ch_retain(hook.handler));
    ch_list_push(list, answer);
    return ch__give(result, ch_object(list));
}

CH_NATIVE(ch__other_tasks) {
    int64_t count = 0;
    for (const ChTask *task = vm->tasks_first; task; task = task->next_all) count += task != vm->task;
    return ch__give_int(result, count);
}
