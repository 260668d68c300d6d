// JUnit reports, read leniently: what is not understood is left out, nothing throws.
#include "builtins/native.h"

#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"

#include "base/banned.h"

static ChStr rest(ChStr text, uint32_t from) { return (ChStr){text.data + from, text.length - from}; }

static ChValue plain_text(ChStr text) {
    static const char *const names[][2] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
    ChBuffer out = {0};
    for (uint32_t i = 0; i < text.length; i++) {
        size_t n = 0, count = sizeof names / sizeof names[0];
        while (text.data[i] == '&' && n < count && !ch_str_starts_with(rest(text, i), ch_str_of(names[n][0]))) n++;
        if (text.data[i] == '&' && n < count) {
            ch_buffer_add_text(&out, names[n][1]);
            i += (uint32_t)strlen(names[n][0]) - 1;
        } else {
            ch_buffer_add_byte(&out, text.data[i]);
        }
    }
    ChValue value;
    ch__give_buffer(&value, &out);
    return value;
}

// The attribute of a tag's text, owned, or nil.
static ChValue attribute(ChStr tag, const char *name) {
    ChBuffer mark = {0};
    ch_buffer_printf(&mark, " %s=\"", name);
    int64_t at = ch_str_find(tag, ch_buffer_view(&mark), 0);
    uint32_t start = (uint32_t)(at + (int64_t)mark.length);
    ch_buffer_release(&mark);
    if (at < 0) return CH_NIL;
    int64_t end = ch_str_find(tag, CH_STR("\""), start);
    return end < 0 ? CH_NIL : plain_text((ChStr){tag.data + start, (uint32_t)end - start});
}

// The first element with the name: the text of its tag, and what is inside. False: there is none.
static bool element(ChStr text, const char *name, ChStr *tag, ChStr *inside) {
    ChBuffer mark = {0};
    ch_buffer_printf(&mark, "<%s", name);
    int64_t open = ch_str_find(text, ch_buffer_view(&mark), 0);
    int64_t end = open < 0 ? -1 : ch_str_find(text, CH_STR(">"), (uint32_t)open);
    ch_buffer_clear(&mark);
    ch_buffer_printf(&mark, "</%s>", name);
    *inside = (ChStr){"", 0};
    if (end >= 0) {
        *tag = (ChStr){text.data + open, (uint32_t)(end - open)};
        if (!ch_str_ends_with(*tag, CH_STR("/"))) {
            int64_t close = ch_str_find(text, ch_buffer_view(&mark), (uint32_t)end);
            if (close < 0)
                end = -1;
            else
                *inside = ch__trim((ChStr){text.data + end + 1, (uint32_t)(close - end - 1)}, true, true);
        }
    }
    ch_buffer_release(&mark);
    return end >= 0;
}

static ChValue message_of(ChStr tag, ChStr inside) {
    ChValue message = attribute(tag, "message"), text = plain_text(inside);
    if (message.tag != CH_TAG_STRING) return text;
    if (text.as.string->length) {
        ch_string_append(&message, "\n", 1);
        ch_string_append(&message, text.as.string->data, text.as.string->length);
    }
    ch_release(text);
    return message;
}

static void put_output(ChDict *record, const char *key, ChStr body, const char *name) {
    ChStr tag, inside;
    ch_dict_put_str(record, key, element(body, name, &tag, &inside) ? plain_text(inside) : CH_NIL);
}

static ChValue record_of(ChStr tag, ChStr body) {
    ChDict *record = ch_dict_new();
    ChValue name = attribute(tag, "name"), class = attribute(tag, "classname"), time = attribute(tag, "time");
    ChBuffer full = {0};
    if (class.tag == CH_TAG_STRING && class.as.string->length && name.tag == CH_TAG_STRING && name.as.string->length) {
        ch_buffer_add_str(&full, ch__text(class));
        ch_buffer_add_text(&full, "::");
    }
    if (name.tag == CH_TAG_STRING) ch_buffer_add_str(&full, ch__text(name));
    ch_dict_put_str(record, "name", ch_str_value(full.data, full.length));
    ch_buffer_release(&full);
    double seconds = time.tag == CH_TAG_STRING ? strtod(time.as.string->data, NULL) : 0;
    bool is_sane = isfinite(seconds) && seconds >= 0 && seconds < 1e12;
    ch_dict_put_str(record, "duration_ms", ch_int(is_sane ? (int64_t)(seconds * 1000 + 1e-7) : 0));
    ch_release(name);
    ch_release(class);
    ch_release(time);

    ChStr inner_tag, inside;
    const char *status = "passed";
    ChValue message = CH_NIL;
    if (element(body, "failure", &inner_tag, &inside)) {
        status = "failed";
        message = message_of(inner_tag, inside);
    } else if (element(body, "error", &inner_tag, &inside)) {
        status = "errored";
        message = message_of(inner_tag, inside);
    } else if (ch_str_find(body, CH_STR("<skipped"), 0) >= 0) {
        status = "skipped";
    }
    ch_dict_put_str(record, "status", ch_object(ch_string_from(status)));
    ch_dict_put_str(record, "message", message);
    put_output(record, "stdout", body, "system-out");
    put_output(record, "stderr", body, "system-err");
    return ch_object(record);
}

CH_NATIVE(ch__parse_junit_xml) {
    ChValue xml = ch_arg(args, argc, 0);
    if (xml.tag != CH_TAG_STRING && xml.tag != CH_TAG_BYTES && !ch_is_nil(xml))
        return ch_throw_text(vm, "parse_junit_xml: expected string or bytes, got %s", ch_type_name(xml));
    ChStr text = {"", 0};
    if (xml.tag == CH_TAG_STRING) text = ch__text(xml);
    if (xml.tag == CH_TAG_BYTES) text = ch_str_slice((const char *)xml.as.bytes->data, xml.as.bytes->length);
    if (ch_utf8_find_invalid(text.data, text.length) != text.length) text.length = 0;
    ChList *out = ch_list_new(0);
    uint32_t at = 0;
    for (;;) {
        int64_t open = ch_str_find(text, CH_STR("<testcase"), at);
        int64_t end = open < 0 ? -1 : ch_str_find(text, CH_STR(">"), (uint32_t)open);
        if (end < 0) break;
        ChStr tag = {text.data + open, (uint32_t)(end - open)}, body = {"", 0};
        at = (uint32_t)end + 1;
        if (!ch_str_ends_with(tag, CH_STR("/"))) {
            int64_t close = ch_str_find(text, CH_STR("</testcase>"), at);
            if (close < 0) break;
            body = (ChStr){text.data + at, (uint32_t)close - at};
            at = (uint32_t)close + 11;
        }
        ch_list_push(out, record_of(tag, body));
    }
    return ch__give(result, ch_object(out));
}
