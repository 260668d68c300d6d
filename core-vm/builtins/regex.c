// Regular expressions. Compiled ones are kept in the VM's state, a bounded number of them.
#include "builtins/native.h"

#include "base/utf8.h"
#include "builtins/regex_re2.h"

#include "base/banned.h"

#define CH_REGEX_CACHE_MAX 128 // compiled expressions kept; one more clears them all

struct ChRegexCache {
    ChMap map; // "FLAGS\0PATTERN" -> ChRegex *
    ChString **keys;
};

void ch__regex_cache_free(struct ChRegexCache *cache) {
    if (!cache) return;
    for (uint32_t i = 0; i < cache->map.count; i++) {
        ch__regex_free(cache->map.entries[i].value.pointer);
        ch_release(ch_object(cache->keys[i]));
    }
    ch_map_release(&cache->map);
    ch_free(cache->keys);
    ch_free(cache);
}

// The compiled expression, borrowed from the cache. NULL: *why tells.
static ChRegex *find_or_compile(ChVm *vm, ChStr pattern, ChStr flags, ChBuffer *why) {
    char letters[5] = "";
    for (uint32_t i = 0; i < flags.length;) {
        uint32_t width;
        ch_utf8_decode(flags.data + i, flags.length - i, &width);
        char flag = flags.data[i];
        if (width != 1 || !strchr("imsx", flag) || !flag) {
            ch_buffer_printf(why, "unsupported regex flag '%.*s', expected one of i/m/s/x", (int)width, flags.data + i);
            return NULL;
        }
        size_t used = strlen(letters);
        if (!strchr(letters, flag)) letters[used] = flag, letters[used + 1] = 0;
        i += width;
    }
    ChBuiltinState *state = ch__builtin_state(vm);
    if (state->regexes && state->regexes->map.count >= CH_REGEX_CACHE_MAX) {
        ch__regex_cache_free(state->regexes);
        state->regexes = NULL;
    }
    if (!state->regexes) {
        state->regexes = ch_alloc_zero(1, sizeof *state->regexes);
        state->regexes->keys = ch_alloc_zero(CH_REGEX_CACHE_MAX, sizeof(ChString *));
    }
    struct ChRegexCache *cache = state->regexes;
    ChString *key = ch_string_with_capacity(strlen(letters) + 1 + pattern.length);
    ChValue slot = ch_object(key);
    ch_string_append(&slot, letters, strlen(letters) + 1);
    ch_string_append(&slot, pattern.data, pattern.length);
    key = slot.as.string;
    ChRegex *regex = ch_map_get_pointer(&cache->map, ch_string_view(key));
    if (!regex) {
        char reason[512];
        regex = ch__regex_new(pattern.data, pattern.length, letters, reason, sizeof reason);
        if (regex) {
            cache->keys[cache->map.count] = key;
            ch_map_set_pointer(&cache->map, ch_string_view(key), regex);
            return regex;
        }
        ch_buffer_printf(why, "regex parse error:\n    %.*s\n%s", CH_STR_ARG(pattern), reason);
    }
    ch_release(slot);
    return regex;
}

// The same; NULL: an error is pending.
static ChRegex *compile(ChVm *vm, ChStr pattern, ChStr flags) {
    ChBuffer why = {0};
    ChRegex *regex = find_or_compile(vm, pattern, flags, &why);
    if (!regex) ch_throw_text(vm, "Invalid regex: %s", why.data);
    ch_buffer_release(&why);
    return regex;
}

bool ch__regex_is_match(ChVm *vm, ChStr pattern, ChStr text, bool *matches, ChBuffer *why) {
    ChRegex *regex = find_or_compile(vm, pattern, (ChStr){"", 0}, why);
    ChRegexSpan span;
    if (regex) *matches = ch__regex_find(regex, text.data, text.length, 0, &span, 1);
    return regex != NULL;
}

// A walk over the matches in a text: an empty match right behind the one before does not count.
typedef struct Walk {
    const ChRegex *regex;
    ChStr text;
    uint32_t count;      // spans
    size_t from, last_end;
    bool has_last;
    ChRegexSpan spans[CH_REGEX_GROUPS_MAX + 1];
} Walk;

static void walk_begin(Walk *walk, const ChRegex *regex, ChStr text, bool with_groups) {
    unsigned groups = with_groups ? ch__regex_group_count(regex) : 0;
    walk->regex = regex;
    walk->text = text;
    walk->count = (groups < CH_REGEX_GROUPS_MAX ? groups : CH_REGEX_GROUPS_MAX) + 1;
    walk->from = 0;
    walk->has_last = false;
}

static bool walk_next(Walk *walk) {
    while (walk->from <= walk->text.length) {
        const char *data = walk->text.data ? walk->text.data : "";
        if (!ch__regex_find(walk->regex, data, walk->text.length, walk->from, walk->spans, walk->count)) return false;
        size_t start = (size_t)walk->spans[0].start, end = (size_t)walk->spans[0].end;
        bool is_refused = start == end && walk->has_last && start == walk->last_end;
        walk->from = end;
        if (start == end) { // go on behind the next character
            uint32_t width = 1;
            if (end < walk->text.length) ch_utf8_decode(walk->text.data + end, walk->text.length - end, &width);
            walk->from = end + width;
        }
        if (is_refused) continue;
        walk->has_last = true;
        walk->last_end = end;
        return true;
    }
    return false;
}

static ChValue span_text(const Walk *walk, ChRegexSpan span) {
    if (span.start < 0) return CH_NIL;
    return ch_str_value(walk->text.data + span.start, (size_t)(span.end - span.start));
}

CH_NATIVE(ch__regex_match) {
    if (argc < 2) return CH_OK;
    ChString *pattern = ch__arg_display(args, argc, 0), *text = ch__arg_display(args, argc, 1);
    ChString *flags = ch__arg_display(args, argc, 2);
    ChRegex *regex = compile(vm, ch_string_view(pattern), ch_string_view(flags));
    if (regex) {
        ChList *out = ch_list_new(0);
        Walk walk;
        walk_begin(&walk, regex, ch_string_view(text), false);
        while (walk_next(&walk)) ch_list_push(out, span_text(&walk, walk.spans[0]));
        if (out->count)
            *result = ch_object(out);
        else
            ch_release(ch_object(out));
    }
    ch_release(ch_object(pattern));
    ch_release(ch_object(text));
    ch_release(ch_object(flags));
    return regex ? CH_OK : CH_THROW;
}

static bool is_name_char(char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The group that "1" or "name" means, or -1.
static int64_t group_of(const Walk *walk, ChStr name) {
    int64_t number = name.length ? 0 : -1;
    for (uint32_t i = 0; i < name.length && number >= 0; i++)
        number = name.data[i] >= '0' && name.data[i] <= '9' && number < 10000 ? number * 10 + name.data[i] - '0' : -1;
    if (number >= 0) return number < walk->count ? number : -1;
    for (unsigned g = 1; g < walk->count; g++) {
        const char *found = ch__regex_group_name(walk->regex, g);
        if (found && ch_str_is(name, found)) return g;
    }
    return -1;
}

// $1, $name, ${name}, $$ for a dollar sign. What names no group stands for nothing.
static void expand(const Walk *walk, ChStr with, ChBuffer *out) {
    for (uint32_t i = 0; i < with.length; i++) {
        if (with.data[i] != '$' || i + 1 >= with.length) {
            ch_buffer_add_byte(out, with.data[i]);
            continue;
        }
        if (with.data[i + 1] == '$') {
            ch_buffer_add_byte(out, '$');
            i++;
            continue;
        }
        bool is_braced = with.data[i + 1] == '{';
        uint32_t start = i + (is_braced ? 2 : 1), end = start;
        while (end < with.length && (is_braced ? with.data[end] != '}' : is_name_char(with.data[end]))) end++;
        if (end == start || (is_braced && end >= with.length)) {
            ch_buffer_add_byte(out, '$');
            continue;
        }
        int64_t group = group_of(walk, (ChStr){with.data + start, end - start});
        if (group >= 0 && walk->spans[group].start >= 0)
            ch_buffer_add(out, walk->text.data + walk->spans[group].start,
                          (size_t)(walk->spans[group].end - walk->spans[group].start));
        i = is_braced ? end : end - 1;
    }
}

CH_NATIVE(ch__regex_replace) {
    if (argc < 3) return CH_OK;
    ChString *pattern = ch__arg_display(args, argc, 0), *with = ch__arg_display(args, argc, 1);
    ChString *text = ch__arg_display(args, argc, 2);
    ChRegex *regex = compile(vm, ch_string_view(pattern), (ChStr){"", 0});
    ChFlow flow = CH_THROW;
    if (regex) {
        Walk walk;
        ChBuffer out = {0};
        size_t done = 0;
        walk_begin(&walk, regex, ch_string_view(text), true);
        while (out.length <= CH_STRING_MAX && walk_next(&walk)) {
            ch_buffer_add(&out, text->data + done, (size_t)walk.spans[0].start - done);
            expand(&walk, ch_string_view(with), &out);
            done = (size_t)walk.spans[0].end;
        }
        ch_buffer_add(&out, text->data + done, text->length - done);
        flow = ch__give_buffer_checked(vm, "regex_replace", result, &out);
    }
    ch_release(ch_object(pattern));
    ch_release(ch_object(with));
    ch_release(ch_object(text));
    return flow;
}

static ChValue captures_of(const Walk *walk) {
    ChDict *found = ch_dict_new();
    ChList *groups = ch_list_new(walk->count - 1);
    for (uint32_t g = 1; g < walk->count; g++) ch_list_push(groups, span_text(walk, walk->spans[g]));
    ch_dict_put_str(found, "match", span_text(walk, walk->spans[0]));
    ch_dict_put_str(found, "groups", ch_object(groups));
    for (uint32_t g = 1; g < walk->count; g++) {
        const char *name = ch__regex_group_name(walk->regex, g);
        if (name && walk->spans[g].start >= 0) ch_dict_put_str(found, name, span_text(walk, walk->spans[g]));
    }
    return ch_object(found);
}

CH_NATIVE(ch__regex_captures) {
    ChList *out = ch_list_new(0);
    *result = ch_object(out);
    if (argc < 2) return CH_OK;
    ChString *pattern = ch__arg_display(args, argc, 0), *text = ch__arg_display(args, argc, 1);
    ChRegex *regex = compile(vm, ch_string_view(pattern), (ChStr){"", 0});
    if (regex) {
        Walk walk;
        walk_begin(&walk, regex, ch_string_view(text), true);
        while (walk_next(&walk)) ch_list_push(out, captures_of(&walk));
    }
    ch_release(ch_object(pattern));
    ch_release(ch_object(text));
    if (regex) return CH_OK;
    ch_assign_take(result, CH_NIL);
    return CH_THROW;
}

CH_NATIVE(ch__regex_split) {
    if (argc < 2) return CH_OK;
    ChString *text = ch__arg_display(args, argc, 0), *pattern = ch__arg_display(args, argc, 1);
    ChString *flags = ch__arg_display(args, argc, 2);
    ChRegex *regex = compile(vm, ch_string_view(pattern), ch_string_view(flags));
    if (regex) {
        ChList *out = ch_list_new(0);
        Walk walk;
        size_t done = 0;
        walk_begin(&walk, regex, ch_string_view(text), false);
        while (walk_next(&walk)) {
            ch_list_push(out, ch_str_value(text->data + done, (size_t)walk.spans[0].start - done));
            done = (size_t)walk.spans[0].end;
        }
        ch_list_push(out, ch_str_value(text->data + done, text->length - done));
        *result = ch_object(out);
    }
    ch_release(ch_object(pattern));
    ch_release(ch_object(text));
    ch_release(ch_object(flags));
    return regex ? CH_OK : CH_THROW;
}
