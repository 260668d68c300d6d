// Texts and Unicode: white space, case, normal forms, grapheme clusters, and the names of programs (snake_case and
// its kin), which are words joined in another way. utf8proc has the tables; where a character becomes several the
// few of SpecialCasing.txt that are in use stand here.
#include "builtins/native.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/utf8.h"

#include "base/banned.h"

bool ch__is_space(uint32_t rune) {
    if (rune <= 0x20) return rune == 0x20 || (rune >= 9 && rune <= 13);
    return rune == 0x85 || rune == 0xa0 || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
           rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}

ChStr ch__trim(ChStr text, bool at_start, bool at_end) {
    uint32_t start = 0, end = text.length;
    while (at_start && start < end) {
        uint32_t width;
        if (!ch__is_space(ch_utf8_decode(text.data + start, end - start, &width))) break;
        start += width;
    }
    while (at_end && end > start) {
        uint32_t last = end - 1, width;
        while (last > start && ((unsigned char)text.data[last] & 0xc0) == 0x80) last--;
        if (!ch__is_space(ch_utf8_decode(text.data + last, end - last, &width))) break;
        end = last;
    }
    return (ChStr){text.data + start, end - start};
}

// ---- case -----------------------------------------------------------------------------------------------------------

static const struct {
    uint32_t rune;
    uint32_t upper[3];
} upper_many[] = {
    {0xdf, {'S', 'S'}},          {0x149, {0x2bc, 'N'}},        {0x1f0, {'J', 0x30c}},
    {0x390, {0x399, 0x308, 0x301}}, {0x3b0, {0x3a5, 0x308, 0x301}}, {0x587, {0x535, 0x552}},
    {0x1e96, {'H', 0x331}},      {0x1e97, {'T', 0x308}},       {0x1e98, {'W', 0x30a}},
    {0x1e99, {'Y', 0x30a}},      {0x1e9a, {'A', 0x2be}},       {0xfb00, {'F', 'F'}},
    {0xfb01, {'F', 'I'}},        {0xfb02, {'F', 'L'}},         {0xfb03, {'F', 'F', 'I'}},
    {0xfb04, {'F', 'F', 'L'}},   {0xfb05, {'S', 'T'}},         {0xfb06, {'S', 'T'}},
};

static void add_upper(uint32_t rune, ChBuffer *out) {
    if (rune < 0x80) {
        ch_buffer_add_byte(out, (char)(rune >= 'a' && rune <= 'z' ? rune - 32 : rune));
        return;
    }
    for (size_t i = 0; i < sizeof upper_many / sizeof upper_many[0]; i++) {
        if (upper_many[i].rune != rune) continue;
        for (int n = 0; n < 3 && upper_many[i].upper[n]; n++) ch_buffer_add_rune(out, upper_many[i].upper[n]);
        return;
    }
    ch_buffer_add_rune(out, (uint32_t)utf8proc_toupper((utf8proc_int32_t)rune));
}

static bool is_letter(uint32_t rune) {
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)rune);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

static bool is_upper(uint32_t rune) {
    return rune < 0x80 ? rune >= 'A' && rune <= 'Z' : utf8proc_isupper((utf8proc_int32_t)rune) != 0;
}

static bool is_lower(uint32_t rune) {
    return rune < 0x80 ? rune >= 'a' && rune <= 'z' : utf8proc_islower((utf8proc_int32_t)rune) != 0;
}

static void add_lower(uint32_t rune, ChBuffer *out) {
    if (rune < 0x80) {
        ch_buffer_add_byte(out, (char)(rune >= 'A' && rune <= 'Z' ? rune + 32 : rune));
    } else if (rune == 0x130) {
        ch_buffer_add_byte(out, 'i');
        ch_buffer_add_rune(out, 0x307);
    } else {
        ch_buffer_add_rune(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)rune));
    }
}

void ch__lower(ChStr text, ChBuffer *out) {
    ch_buffer_reserve(out, text.length);
    uint32_t before = 0;
    for (uint32_t at = 0; at < text.length;) {
        uint32_t width, after_width, rune = ch_utf8_decode(text.data + at, text.length - at, &width);
        at += width;
        // A capital sigma at the end of a word has a form of its own.
        bool ends_word = at >= text.length || !is_letter(ch_utf8_decode(text.data + at, text.length - at, &after_width));
        if (rune == 0x3a3 && is_letter(before) && ends_word)
            ch_buffer_add_rune(out, 0x3c2);
        else
            add_lower(rune, out);
        before = rune;
    }
}

void ch__upper(ChStr text, ChBuffer *out) {
    ch_buffer_reserve(out, text.length);
    for (uint32_t at = 0; at < text.length;) {
        uint32_t width, rune = ch_utf8_decode(text.data + at, text.length - at, &width);
        add_upper(rune, out);
        at += width;
    }
}

// ---- normal forms and graphemes -----------------------------------------------------------------------------------------

CH_NATIVE(ch__unicode_normalize) {
    ChString *form = argc > 1 ? ch_display_string(args[1]) : ch_string_from("NFC");
    ChBuffer name = {0};
    ch__upper(ch_string_view(form), &name);
    ch_release(ch_object(form));
    int options = -1;
    if (ch_str_is(ch_buffer_view(&name), "NFC")) options = UTF8PROC_COMPOSE;
    if (ch_str_is(ch_buffer_view(&name), "NFD")) options = UTF8PROC_DECOMPOSE;
    if (ch_str_is(ch_buffer_view(&name), "NFKC")) options = UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    if (ch_str_is(ch_buffer_view(&name), "NFKD")) options = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
    ch_buffer_release(&name);
    if (options < 0) return ch_throw_runtime(vm, "unicode_normalize: form must be NFC, NFD, NFKC, or NFKD");
    ChString *text = ch__arg_display(args, argc, 0);
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t length = utf8proc_map((const utf8proc_uint8_t *)text->data, (utf8proc_ssize_t)text->length, &out,
                                           (utf8proc_option_t)(options | UTF8PROC_STABLE));
    ch_release(ch_object(text));
    if (length < 0) return ch_throw_runtime(vm, "unicode_normalize: %s", utf8proc_errmsg(length));
    ChFlow flow = ch__check_string_size(vm, "unicode_normalize", (uint64_t)length);
    if (flow == CH_OK) ch__give_text(result, (const char *)out, (size_t)length);
    free(out);
    return flow;
}

// Bytes of the grapheme cluster that begins at `at`.
static uint32_t grapheme_length(ChStr text, uint32_t at) {
    uint32_t width, rune = ch_utf8_decode(text.data + at, text.length - at, &width);
    uint32_t end = at + width;
    utf8proc_int32_t state = 0;
    while (end < text.length) {
        uint32_t next = ch_utf8_decode(text.data + end, text.length - end, &width);
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)rune, (utf8proc_int32_t)next, &state)) break;
        rune = next;
        end += width;
    }
    return end - at;
}

CH_NATIVE(ch__unicode_graphemes) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChList *list = ch_list_new(0);
    for (uint32_t at = 0; at < text->length;) {
        uint32_t length = grapheme_length(ch_string_view(text), at);
        ch_list_push(list, ch_str_value(text->data + at, length));
        at += length;
    }
    ch_release(ch_object(text));
    return ch__give(result, ch_object(list));
}

static ChFlow pad(ChVm *vm, ChStr text, int64_t width, ChStr fill, ChStr side, ChValue *result) {
    int64_t graphemes = 0;
    for (uint32_t at = 0; at < text.length; at += grapheme_length(text, at)) graphemes++;
    if (graphemes >= width) return ch__give_text(result, text.data, text.length);
    uint64_t needed = (uint64_t)(width - graphemes), left;
    if (ch_str_is(side, "left")) left = needed;
    else if (ch_str_is(side, "right")) left = 0;
    else if (ch_str_is(side, "both")) left = needed / 2;
    else return ch_throw_runtime(vm, "str_pad: side must be left, right, or both");
    fill = fill.length ? (ChStr){fill.data, grapheme_length(fill, 0)} : CH_STR(" ");
    if (needed > CH_STRING_MAX) needed = CH_STRING_MAX;
    if (ch__check_string_size(vm, "str_pad", needed * fill.length + text.length) != CH_OK) return CH_THROW;
    ChBuffer out = {0};
    for (uint64_t i = 0; i < left; i++) ch_buffer_add_str(&out, fill);
    ch_buffer_add_str(&out, text);
    for (uint64_t i = left; i < needed; i++) ch_buffer_add_str(&out, fill);
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__str_pad) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChString *fill = ch__arg_display(args, argc, 2);
    ChString *side = argc > 3 ? ch_display_string(args[3]) : ch_string_from("right");
    ChBuffer lower = {0};
    ch__lower(ch_string_view(side), &lower);
    ChFlow flow = pad(vm, ch_string_view(text), ch__arg_int(args, argc, 1, 0), ch_string_view(fill),
                      ch_buffer_view(&lower), result);
    ch_buffer_release(&lower);
    ch_release(ch_object(text));
    ch_release(ch_object(fill));
    ch_release(ch_object(side));
    return flow;
}

// ---- names of programs ----------------------------------------------------------------------------------------------------

typedef enum WordStyle { CAMEL, PASCAL, SNAKE, KEBAB } WordStyle;

// Words are joined as they are found: the first character of each may be a capital, the rest is lower case.
typedef struct Joiner {
    WordStyle style;
    uint32_t words;
    bool at_word_start;
    ChBuffer out;
} Joiner;

static void join_begin(Joiner *joiner) {
    if (joiner->words++ && joiner->style >= SNAKE) ch_buffer_add_byte(&joiner->out, joiner->style == SNAKE ? '_' : '-');
    joiner->at_word_start = true;
}

static void join_rune(Joiner *joiner, uint32_t rune) {
    bool is_capital = joiner->at_word_start && (joiner->style == PASCAL || (joiner->style == CAMEL && joiner->words > 1));
    if (is_capital)
        add_upper(rune, &joiner->out);
    else
        add_lower(rune, &joiner->out);
    joiner->at_word_start = false;
}

static ChFlow rename_separated(ChValue *args, uint32_t argc, ChValue *result, uint32_t separator, WordStyle style) {
    ChString *text = ch__arg_display(args, argc, 0);
    Joiner joiner = {style, 0, false, {0}};
    bool in_word = false;
    for (uint32_t at = 0; at < text->length;) {
        uint32_t width, rune = ch_utf8_decode(text->data + at, text->length - at, &width);
        at += width;
        if (rune == separator) {
            in_word = false;
            continue;
        }
        if (!in_word) join_begin(&joiner);
        in_word = true;
        join_rune(&joiner, rune);
    }
    ch_release(ch_object(text));
    return ch__give_buffer(result, &joiner.out);
}

// A word begins at a capital behind a small letter or digit, and at the last capital of several before a small letter.
static ChFlow rename_camel(ChValue *args, uint32_t argc, ChValue *result, WordStyle style) {
    ChString *text = ch__arg_display(args, argc, 0);
    Joiner joiner = {style, 0, false, {0}};
    uint32_t before = 0;
    for (uint32_t at = 0; at < text->length;) {
        uint32_t width, next_width, rune = ch_utf8_decode(text->data + at, text->length - at, &width);
        at += width;
        uint32_t next = at < text->length ? ch_utf8_decode(text->data + at, text->length - at, &next_width) : 0;
        bool begins = !before;
        if (before && is_upper(rune))
            begins = is_lower(before) || (before >= '0' && before <= '9') || (is_upper(before) && next && is_lower(next));
        if (begins) join_begin(&joiner);
        join_rune(&joiner, rune);
        before = rune;
    }
    ch_release(ch_object(text));
    return ch__give_buffer(result, &joiner.out);
}

CH_NATIVE(ch__snake_to_camel) { return rename_separated(args, argc, result, '_', CAMEL); }
CH_NATIVE(ch__snake_to_pascal) { return rename_separated(args, argc, result, '_', PASCAL); }
CH_NATIVE(ch__snake_to_kebab) { return rename_separated(args, argc, result, '_', KEBAB); }
CH_NATIVE(ch__kebab_to_camel) { return rename_separated(args, argc, result, '-', CAMEL); }
CH_NATIVE(ch__kebab_to_snake) { return rename_separated(args, argc, result, '-', SNAKE); }
CH_NATIVE(ch__camel_to_snake) { return rename_camel(args, argc, result, SNAKE); }
CH_NATIVE(ch__camel_to_kebab) { return rename_camel(args, argc, result, KEBAB); }

static ChFlow change_first(ChValue *args, uint32_t argc, ChValue *result, void (*add)(uint32_t rune, ChBuffer *out)) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChBuffer out = {0};
    uint32_t width = 0;
    if (text->length) add(ch_utf8_decode(text->data, text->length, &width), &out);
    ch_buffer_add(&out, text->data + width, text->length - width);
    ch_release(ch_object(text));
    return ch__give_buffer(result, &out);
}

CH_NATIVE(ch__uppercase_first) { return change_first(args, argc, result, add_upper); }
CH_NATIVE(ch__lowercase_first) { return change_first(args, argc, result, add_lower); }

CH_NATIVE(ch__title_case) {
    ChString *text = ch__arg_display(args, argc, 0);
    ChBuffer out = {0};
    bool at_word_start = true;
    for (uint32_t at = 0; at < text->length;) {
        uint32_t width, rune = ch_utf8_decode(text->data + at, text->length - at, &width);
        at += width;
        if (ch__is_space(rune))
            ch_buffer_add_rune(&out, rune);
        else if (at_word_start)
            add_upper(rune, &out);
        else
            add_lower(rune, &out);
        at_word_start = ch__is_space(rune);
    }
    ch_release(ch_object(text));
    return ch__give_buffer(result, &out);
}
