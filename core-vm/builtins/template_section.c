// Sections of templates, `{{ section "task" }} … {{ endsection }}`: the same body in the form that a model likes, as
// the capabilities in the variable `llm` tell. Without `llm` the plain form.
#include "builtins/template_int.h"

#include "base/banned.h"

typedef struct Profile {
    ChValue capabilities;
} Profile;

static bool likes(const Profile *profile, const char *what) {
    if (profile->capabilities.tag != CH_TAG_DICT) return false;
    ChValue v = ch__dict_get(profile->capabilities.as.dict, what);
    return v.tag == CH_TAG_BOOL && v.as.boolean;
}

static ChStr choice(const Profile *profile, const char *what) {
    if (profile->capabilities.tag != CH_TAG_DICT) return (ChStr){"", 0};
    ChValue v = ch__dict_get(profile->capabilities.as.dict, what);
    return v.tag == CH_TAG_STRING ? ch__text(v) : (ChStr){"", 0};
}

// How answers get their structure: the newer key, or the older one in its words.
static ChStr output_mode(const Profile *profile) {
    ChStr mode = choice(profile, "structured_output_mode");
    if (mode.length) return mode;
    mode = choice(profile, "structured_output");
    if (ch_str_is(mode, "native") || ch_str_is(mode, "format_kw")) return CH_STR("native_json");
    return ch_str_is(mode, "tool_use") ? CH_STR("xml_tagged") : mode;
}

static void wrap(ChBuffer *out, const char *prefix, ChStr body, const char *suffix) {
    ch_buffer_add_text(out, prefix);
    ch_buffer_add_str(out, body);
    ch_buffer_add_text(out, suffix);
}

static void tagged(ChBuffer *out, const char *tag, ChStr body) {
    ch_buffer_printf(out, "<%s>\n", tag);
    ch_buffer_add_str(out, body);
    ch_buffer_printf(out, "\n</%s>", tag);
}

// In tags, under a heading, or behind a title with a colon.
static void scaffold(const Profile *profile, ChBuffer *out, const char *tag, const char *title, ChStr body) {
    if (likes(profile, "prefers_xml_scaffolding")) {
        tagged(out, tag, body);
    } else {
        ch_buffer_printf(out, likes(profile, "prefers_markdown_scaffolding") ? "## %s\n" : "%s:\n", title);
        ch_buffer_add_str(out, body);
    }
}

// The body, and below it the value as JSON behind `lead`.
static void body_with_json(ChBuffer *content, ChStr body, const char *lead, ChValue value) {
    ch_buffer_add_str(content, body);
    if (value.tag == CH_TAG_ABSENT) return;
    if (content->length) ch_buffer_add_text(content, "\n\n");
    ch_buffer_add_text(content, lead);
    ch__json_print(value, 2, content);
}

static void output_format(const Profile *profile, ChBuffer *out, ChStr body, ChValue schema) {
    ChStr mode = output_mode(profile);
    if (ch_str_is(mode, "native_json")) return;
    ChBuffer content = {0};
    body_with_json(&content, body, "Return output matching this JSON Schema:\n", schema);
    ChStr text = ch_buffer_view(&content);
    if (ch_str_is(mode, "xml_tagged")) tagged(out, "output_format", text);
    else if (ch_str_is(mode, "delimited")) wrap(out, "[[ ## output_format ## ]]\n", text, "");
    else scaffold(profile, out, "output_format", "Output Format", text);
    ch_buffer_release(&content);
}

static void tools(const Profile *profile, ChBuffer *out, ChStr body, ChValue value) {
    ChBuffer content = {0};
    body_with_json(&content, body, "", value);
    ChStr text = ch_buffer_view(&content);
    if (likes(profile, "prefers_xml_tools")) {
        tagged(out, "tools", text);
    } else if (likes(profile, "native_tools")) {
        wrap(out, "## Tools\n", text, "");
    } else if (likes(profile, "text_tool_wire_format_supported")) {
        ch_buffer_add_text(out, "Tools:\nUse this ReAct-style envelope when calling a tool:\nAction: <tool name>\n"
                                "Action Input: <json arguments>");
        if (text.length) wrap(out, "\n\nAvailable tools:\n", text, "");
    } else {
        wrap(out, "Tools:\n", text, "");
    }
    ch_buffer_release(&content);
}

static void thinking(const Profile *profile, ChBuffer *out, ChStr body) {
    ChStr style = choice(profile, "thinking_block_style");
    if (ch_str_is(style, "thinking_blocks"))
        wrap(out, "<thinking>\n", body.length ? body : CH_STR("Think through the task before answering."), "\n</thinking>");
    else if (ch_str_is(style, "reasoning_summary"))
        wrap(out, "## Reasoning\n", body.length ? body : CH_STR("Use internal reasoning and provide a concise answer."), "");
    else if (ch_str_is(style, "inline"))
        ch_buffer_add_str(out, body.length ? body : CH_STR("Reason privately before answering."));
}

static void reasoning(const Profile *profile, ChBuffer *out, ChStr body) {
    if (!body.length) body = CH_STR("Reason privately step by step before answering.");
    if (likes(profile, "prefers_xml_scaffolding")) tagged(out, "reasoning", body);
    else if (likes(profile, "prefers_markdown_scaffolding")) wrap(out, "## Reasoning\n", body, "");
    else ch_buffer_add_str(out, body);
}

static ChValue named(const char *name, const ChStr *names, const ChValue *values, uint32_t count) {
    for (uint32_t i = count; i; i--)
        if (ch_str_is(names[i - 1], name)) return values[i - 1];
    return CH_ABSENT;
}

void ch__template_section(ChStr name, ChStr body, const ChStr *names, const ChValue *values, uint32_t count, ChValue llm,
                          ChBuffer *out) {
    Profile profile = {.capabilities = CH_NIL};
    if (llm.tag == CH_TAG_DICT) profile.capabilities = ch__dict_get(llm.as.dict, "capabilities");
    body = ch__trim(body, true, true);
    if (ch_str_is(name, "task")) {
        scaffold(&profile, out, "task", "Task", body);
    } else if (ch_str_is(name, "examples")) {
        scaffold(&profile, out, "examples", "Examples", body);
    } else if (ch_str_is(name, "system_framing")) {
        bool is_developer = likes(&profile, "prefers_role_developer");
        scaffold(&profile, out, is_developer ? "developer" : "system",
                 is_developer ? "Developer Instructions" : "System Instructions", body);
    } else if (ch_str_is(name, "output_format")) {
        output_format(&profile, out, body, named("schema", names, values, count));
    } else if (ch_str_is(name, "tools")) {
        tools(&profile, out, body, named("tools", names, values, count));
    } else if (ch_str_is(name, "thinking_scaffold")) {
        thinking(&profile, out, body);
    } else {
        reasoning(&profile, out, body);
    }
}
