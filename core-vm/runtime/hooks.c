// Hooks: who wants to hear of which event, and whether a payload is what was asked for.
#include "runtime/lifecycle_int.h"

#include "base/banned.h"

static const char *const event_names[][2] = {
#define CH_HOOK_EVENT(name, other) {name, other},
#include "runtime/hook_events.def"
#undef CH_HOOK_EVENT
};

const char *ch__hook_event(ChStr name) {
    for (size_t i = 0; i < sizeof event_names / sizeof event_names[0]; i++)
        if (ch_str_is(name, event_names[i][0]) || ch_str_is(name, event_names[i][1])) return event_names[i][0];
    return NULL;
}

// `*` is any text, `?` one byte. In time of the product of both lengths, whatever the pattern is.
bool ch__glob_matches(ChStr pattern, ChStr text) {
    uint32_t p = 0, t = 0, star = UINT32_MAX, retry = 0;
    while (t < text.length) {
        if (p < pattern.length && pattern.data[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.length && (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
            p++;
            t++;
        } else if (star != UINT32_MAX) {
            p = star + 1;
            t = ++retry;
        } else
            return false;
    }
    while (p < pattern.length && pattern.data[p] == '*') p++;
    return p == pattern.length;
}

// ---- patterns ---------------------------------------------------------------------------------------------------------

static ChValue at_path(ChValue value, ChStr path) {
    while (path.length) {
        if (value.tag != CH_TAG_DICT) return CH_NIL;
        int64_t dot = ch_str_find(path, CH_STR("."), 0);
        ChStr key = dot < 0 ? path : ch_str_slice(path.data, (size_t)dot);
        ChValue *found = ch_dict_find_str(value.as.dict, key);
        if (!found) return CH_NIL;
        value = *found;
        path = dot < 0 ? CH_STR("") : ch_str_slice(path.data + dot + 1, path.length - (size_t)dot - 1);
    }
    return value;
}

// The text between quotes of either kind, or all of it.
static ChStr unquoted(ChStr text) {
    text = ch_str_trim(text);
    bool is_quoted = text.length >= 2 && (text.data[0] == '"' || text.data[0] == '\'') &&
                     text.data[text.length - 1] == text.data[0];
    return is_quoted ? ch_str_slice(text.data + 1, text.length - 2) : text;
}

static bool compare(ChVm *vm, ChStr pattern, uint32_t at, char operator, ChValue payload) {
    ChStr wanted = unquoted(ch_str_slice(pattern.data + at + 2, pattern.length - at - 2));
    ChValue value = at_path(payload, ch_str_trim(ch_str_slice(pattern.data, at)));
    ChString *text = ch_display_string(value);
    bool matches = false;
    if (operator== '~') {
        ChBuffer why = {0};
        if (!ch__regex_is_match(vm, wanted, ch_string_view(text), &matches, &why)) matches = false;
        ch_buffer_release(&why);
    } else
        matches = ch_str_equal(ch_string_view(text), wanted) == (operator== '=');
    ch_release(ch_object(text));
    return matches;
}

static bool path_matches(ChVm *vm, ChStr pattern, ChValue payload) {
    static const char *const operators[] = {"=~", "==", "!="};
    static const char kinds[] = {'~', '=', '!'};
    for (int i = 0; i < 3; i++) {
        int64_t at = ch_str_find(pattern, ch_str_of(operators[i]), 0);
        if (at > 0) return compare(vm, pattern, (uint32_t)at, kinds[i], payload);
    }
    if (ch_str_find(pattern, CH_STR("."), 0) >= 0) return ch_is_truthy(at_path(payload, pattern));
    ChValue tool = at_path(payload, CH_STR("tool.name"));
    return tool.tag == CH_TAG_STRING && ch__glob_matches(pattern, ch__text(tool));
}

static bool wants(ChVm *vm, const ChHook *hook, ChValue payload) {
    ChStr pattern = ch_string_view(hook->pattern);
    if (!pattern.length || ch_str_is(pattern, "*")) return true;
    ChValue target = payload.tag == CH_TAG_DICT ? ch__dict_get(payload.as.dict, "target") : CH_NIL;
    if (target.tag == CH_TAG_STRING && ch__glob_matches(pattern, ch__text(target))) return true;
    return path_matches(vm, pattern, payload);
}

int64_t ch__hook_next(ChVm *vm, const char *event, uint32_t from, ChValue payload) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    for (uint32_t i = from; i < lifecycle->hooks.count; i++) {
        const ChHook *hook = &lifecycle->hooks.items[i];
        if (hook->event && strcmp(hook->event, event) == 0 && wants(vm, hook, payload)) return i;
    }
    return -1;
}

// ---- registration -------------------------------------------------------------------------------------------------------

bool ch_hook_register(ChVm *vm, const char *event, const char *pattern, ChHookFn hook, void *ud) {
    const char *name = ch__hook_event(ch_str_of(event));
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    if (!name || lifecycle->hooks.count == CH_HOOKS_MAX) return false;
    ch_array_push(&lifecycle->hooks, (ChHook){name, ch_string_from(pattern ? pattern : ""), CH_NIL, hook, ud});
    return true;
}

void ch__hooks_drop(ChVm *vm, bool tool_hooks) {
    struct ChLifecycle *lifecycle = ch__lifecycle(vm);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < lifecycle->hooks.count; i++) {
        ChHook hook = lifecycle->hooks.items[i];
        if (tool_hooks == !hook.event) {
            ch_release(ch_object(hook.pattern));
            ch_release(hook.handler);
        } else
            lifecycle->hooks.items[kept++] = hook;
    }
    lifecycle->hooks.count = kept;
}

void ch_hooks_clear(ChVm *vm) { ch__hooks_drop(vm, false); }
