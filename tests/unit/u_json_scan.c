/* The scanner: what is JSON and what is not, limits, equal keys, exact ids, and the two rewritings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/json_scan.h"
#include "transport/message.h"

static ChJsonScan scan(char *buffer, const char *text)
{
    memcpy(buffer, text, strlen(text) + 1);
    return ch_json_scan(buffer, strlen(text));
}

static void valid_texts(void **state)
{
    static const char *const texts[] = {
        "{}", "[]", " [ ] ", "0", "-0", "1.5e+10", "-12.25E-3", "true", "false", "null", "\"\"", "\"a\\\"b\\\\\\/\\b\\f\\n\\r\\t\"",
        "[1,2,[3,{\"a\":[]}]]", "{\"a\":1,\"b\":{\"a\":1}}", "[{\"a\":1},{\"a\":1}]", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\"",
        "\"\\ud834\\udd1e\"", "\t\r\n{ \"x\" : [ 1 , 2 ] }\n", "\"\x7F\"", "{\"\":1,\"\\u0000\":2}",
    };
    char buffer[256];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ChJsonScan result = scan(buffer, texts[i]);
        if (!result.is_valid)
            fail_msg("%s: %s at %zu", texts[i], result.error, result.error_offset);
    }
}

static void invalid_texts(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {
        {"", 0}, {" ", 1}, {"{", 1}, {"[", 1}, {"[1,]", 3}, {"{\"a\":1,}", 7}, {"{\"a\"}", 4}, {"{a:1}", 1}, {"{'a':1}", 1},
        {"[1 2]", 3}, {"01", 0}, {"-", 0}, {"+1", 0}, {".5", 0}, {"1.", 0}, {"1e", 0}, {"0x10", 1}, {"NaN", 0}, {"tru", 0},
        {"\"a", 2}, {"\"\\x\"", 1}, {"\"\\u12g4\"", 1}, {"\"a\nb\"", 2}, {"{} x", 3}, {"[}", 1}, {"{]", 1}, {"[1}", 2},
        {"\"\xFF\"", 1}, {"\"\xC0\x80\"", 1}, {"\"\xE0\x80\x80\"", 1}, {"\"\xED\xA0\x80\"", 1}, {"\"\xF4\x90\x80\x80\"", 1},
        {"\"\xC3", 1}, {"\xEF\xBB\xBF{}", 0}, {"{\"a\":1,\"a\":2}", 7}, {"{\"a\":1,\"\\u0061\":2}", 7},
        {"{\"\xC3\xA9\":1,\"\\u00e9\":2}", 8}, {"{\"\xF0\x9D\x84\x9E\":1,\"\\uD834\\uDD1E\":2}", 10}, {"//c\n1", 0},
    };
    char buffer[256];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ChJsonScan result = scan(buffer, cases[i].text);
        if (result.is_valid)
            fail_msg("accepted: %s", cases[i].text);
        if (result.error_offset != cases[i].offset)
            fail_msg("%s: %s at %zu instead of %zu", cases[i].text, result.error, result.error_offset, cases[i].offset);
    }
}

static void nul_byte_in_text(void **state)
{
    char text[] = "[\"a\0b\"]";
    assert_false(ch_json_scan(text, sizeof(text) - 1).is_valid);
}

static void depth_limit(void **state)
{
    char text[2 * CH_JSON_DEPTH_MAX + 3];
    memset(text, '[', CH_JSON_DEPTH_MAX);
    memset(text + CH_JSON_DEPTH_MAX, ']', CH_JSON_DEPTH_MAX);
    assert_true(ch_json_scan(text, 2 * CH_JSON_DEPTH_MAX).is_valid);
    memset(text, '[', CH_JSON_DEPTH_MAX + 1);
    memset(text + CH_JSON_DEPTH_MAX + 1, ']', CH_JSON_DEPTH_MAX + 1);
    assert_false(ch_json_scan(text, 2 * CH_JSON_DEPTH_MAX + 2).is_valid);
}

static void node_limit(void **state)
{
    size_t size = 2 * (size_t)CH_JSON_NODES_MAX + 8;
    char *text = malloc(size);
    size_t at = 0;
    text[at++] = '[';
    for (int i = 0; i < CH_JSON_NODES_MAX - 1; i++) {
        text[at++] = '1';
        text[at++] = ',';
    }
    text[at - 1] = ']';
    assert_true(ch_json_scan(text, at).is_valid);
    text[at - 1] = ',';
    text[at++] = '1';
    text[at++] = ']';
    assert_false(ch_json_scan(text, at).is_valid);
    free(text);
}

static void number_limit(void **state)
{
    char text[CH_JSON_NUMBER_BYTES_MAX + 2];
    memset(text, '7', sizeof(text));
    assert_true(ch_json_scan(text, CH_JSON_NUMBER_BYTES_MAX).is_valid);
    assert_false(ch_json_scan(text, CH_JSON_NUMBER_BYTES_MAX + 1).is_valid);
}

/* Many keys: all different, then one of them twice, the second time spelled with an escape. */
static void many_keys(void **state)
{
    enum { KEYS = 100000 };
    char *text = malloc((size_t)KEYS * 16 + 64);
    size_t at = 0;
    text[at++] = '{';
    for (int i = 0; i < KEYS; i++)
        at += (size_t)sprintf(text + at, "\"k%d\":%d,", i, i);
    text[at - 1] = '}';
    assert_true(ch_json_scan(text, at).is_valid);
    at--;
    at += (size_t)sprintf(text + at, ",\"\\u006b77\":0}");
    ChJsonScan result = ch_json_scan(text, at);
    assert_false(result.is_valid);
    assert_string_equal(result.error, "an object that has the same key twice");
    free(text);
}

static void exact_ids(void **state)
{
    char buffer[256];
    ChJsonScan result = scan(buffer, "{\"params\":{\"id\":1},\"id\": 9007199254740993 ,\"seq\":\"s\\u00e9\"}");
    assert_true(result.is_valid && result.is_object);
    assert_int_equal(result.id.size, 16);
    assert_memory_equal(result.id.text, "9007199254740993", 16);
    assert_memory_equal(result.seq.text, "\"s\\u00e9\"", 9);
    /* The id is known although the message goes wrong behind it. */
    result = scan(buffer, "{\"id\":1.50,\"x\":}");
    assert_false(result.is_valid);
    assert_memory_equal(result.id.text, "1.50", 4);
    result = scan(buffer, "{\"id\":{\"id\":4}}");
    assert_true(result.is_valid);
    assert_null(result.id.text);
    assert_null(scan(buffer, "[{\"id\":1}]").id.text);
}

static void lone_surrogates(void **state)
{
    char buffer[256];
    assert_true(scan(buffer, "\"a\\ud834b\\uDD1E\\ud834\\udd1e\"").is_valid);
    assert_string_equal(buffer, "\"a\\ufffdb\\ufffd\\ud834\\udd1e\"");
    assert_true(scan(buffer, "\"\\ud834\\ud834\\udd1e\"").is_valid);
    assert_string_equal(buffer, "\"\\ufffd\\ud834\\udd1e\"");
}

static void nul_escapes(void **state)
{
    char text[] = "{\"text\":\"a\\u0000b\\\\u0000\\uFDD0\",\"uri\":\"file:///x\"}";
    ChMessageError error;
    ChMessage *message = ch_message_parse(text, sizeof(text) - 1, &error);
    assert_non_null(message);
    assert_int_equal(message->nul_marker, 0xFDD1);
    size_t size = 0;
    char *copy = ch_message_copy_string(message, ch_json_get(message->root, "text"), &size);
    assert_int_equal(size, 12);
    assert_memory_equal(copy, "a\0b\\u0000\xEF\xB7\x90", 13);
    assert_true(ch_message_string_has_nul(message, ch_json_get(message->root, "text")));
    assert_false(ch_message_string_has_nul(message, ch_json_get(message->root, "uri")));
    free(copy);
    ch_message_free(message);
}

static void messages(void **state)
{
    ChMessageError error;
    char list[] = "[]";
    assert_null(ch_message_parse(list, 2, &error));
    assert_true(error.is_json);
    ch_message_error_release(&error);
    char broken[] = "{\"id\":\"x\",";
    assert_null(ch_message_parse(broken, sizeof(broken) - 1, &error));
    assert_false(error.is_json);
    assert_string_equal(error.id_text, "\"x\"");
    assert_non_null(strstr(error.text, "byte 10 of 10"));
    ch_message_error_release(&error);

    char good[] = "{\"a\":{\"b\":{\"n\":41,\"f\":1.5,\"t\":true,\"big\":1e300}}}";
    ChMessage *message = ch_message_parse(good, sizeof(good) - 1, &error);
    const cJSON *inner = ch_json_path(message->root, "a.b");
    int64_t number = 0;
    assert_true(ch_json_get_integer(inner, "n", 0, 41, &number));
    assert_int_equal(number, 41);
    assert_false(ch_json_get_integer(inner, "n", 0, 40, &number));
    assert_false(ch_json_get_integer(inner, "f", 0, 10, &number));
    assert_false(ch_json_get_integer(inner, "big", INT64_MIN, INT64_MAX, &number));
    assert_true(ch_json_get_bool(inner, "t", false));
    assert_true(ch_json_get_bool(inner, "absent", true));
    assert_null(ch_json_get_string(inner, "n"));
    assert_null(ch_json_path(message->root, "a.x.y"));
    ch_message_free(message);
}

static void building(void **state)
{
    cJSON *object = ch_json_new_object();
    ch_json_add_raw(object, "id", "9007199254740993");
    ch_json_add_bytes(object, "s", "a\0\xFF\xC3\xA9", 5);
    ch_json_add_integer(object, "n", INT64_MIN);
    ch_json_add(object, "nothing", NULL);
    ch_json_append_string(ch_json_add_array(object, "list"), "x\"y");
    char *text = ch_json_print(object);
    assert_string_equal(text, "{\"id\":9007199254740993,\"s\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\","
                              "\"n\":-9223372036854775808,\"nothing\":null,\"list\":[\"x\\\"y\"]}");
    free(text);
    cJSON_Delete(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts),  cmocka_unit_test(invalid_texts), cmocka_unit_test(nul_byte_in_text),
        cmocka_unit_test(depth_limit),  cmocka_unit_test(node_limit),    cmocka_unit_test(number_limit),
        cmocka_unit_test(many_keys),    cmocka_unit_test(exact_ids),     cmocka_unit_test(lone_surrogates),
        cmocka_unit_test(nul_escapes),  cmocka_unit_test(messages),      cmocka_unit_test(building),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
