// JSON in and out: what is read back is what was written, and what is no JSON is told with its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "builtins/native.h"

static void assert_round_trip(const char *text, const char *wanted) {
    ChValue value;
    ChBuffer why = {0}, out = {0};
    if (!ch__json_parse(ch_str_of(text), &value, &why)) fail_msg("%s: %s", text, why.data);
    ch__json_print(value, 0, &out);
    assert_string_equal(out.data, wanted);
    ch_release(value);
    ch_buffer_release(&out);
    ch_buffer_release(&why);
}

static void assert_refused(const char *text, const char *wanted) {
    ChValue value;
    ChBuffer why = {0};
    if (ch__json_parse(ch_str_of(text), &value, &why)) fail_msg("%s was taken", text);
    assert_string_equal(why.data, wanted);
    ch_buffer_release(&why);
}

static void what_is_read_is_written(void **state) {
    assert_round_trip("null", "null");
    assert_round_trip(" [ 1 , 2.5 , true , false , null ] ", "[1,2.5,true,false,null]");
    assert_round_trip("{\"b\":1,\"a\":{\"c\":[]}}", "{\"a\":{\"c\":[]},\"b\":1}");
    assert_round_trip("\"\\u0041\\n\\\"\\\\\\/\"", "\"A\\n\\\"\\\\/\"");
    assert_round_trip("\"\\ud83d\\ude00\"", "\"😀\"");
    assert_round_trip("{\"a\":1,\"a\":2}", "{\"a\":2}");
    assert_round_trip("[[],{},\"\"]", "[[],{},\"\"]");
}

static void ints_of_64_bits_stay_exact(void **state) {
    assert_round_trip("9223372036854775807", "9223372036854775807");
    assert_round_trip("-9223372036854775808", "-9223372036854775808");
    assert_round_trip("9007199254740993", "9007199254740993");
    assert_round_trip("9223372036854775808", "9223372036854776000"); // a float now
}

static void errors_tell_line_and_column(void **state) {
    assert_refused("", "EOF while parsing a value at line 1 column 0");
    assert_refused("[1,]", "trailing comma at line 1 column 4");
    assert_refused("{\"a\":1,}", "trailing comma at line 1 column 8");
    assert_refused("[1,\n2,\n}", "expected value at line 3 column 1");
    assert_refused("{a:1}", "key must be a string at line 1 column 2");
    assert_refused("nul", "EOF while parsing a value at line 1 column 3");
    assert_refused("01", "invalid number at line 1 column 2");
    assert_refused("1e999", "number out of range at line 1 column 5");
    assert_refused("\"a\nb\"", "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0");
    assert_refused("\"\\ud800\"", "unexpected end of hex escape at line 1 column 8");
    assert_refused("\"\\ud800\\u0041\"", "lone leading surrogate in hex escape at line 1 column 13");
    assert_refused("[1] x", "trailing characters at line 1 column 5");
}

static void nesting_ends_at_the_limit(void **state) {
    ChBuffer text = {0};
    ch_buffer_add_repeat(&text, '[', 127);
    ch_buffer_add_repeat(&text, ']', 127);
    assert_round_trip(text.data, text.data);
    ch_buffer_clear(&text);
    ch_buffer_add_repeat(&text, '[', 1000000);
    assert_refused(text.data, "recursion limit exceeded at line 1 column 128");
    ch_buffer_release(&text);
}

static void a_deep_value_is_written(void **state) {
    ChValue value = ch_int(1);
    for (int i = 0; i < 300000; i++) {
        ChDict *dict = ch_dict_new();
        ch_dict_put_str(dict, "k", value);
        value = ch_object(dict);
    }
    ChBuffer out = {0};
    ch__json_print(value, 0, &out);
    assert_int_equal(out.length, 300000 * 6 + 1);
    ch_buffer_release(&out);
    ch_release(value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written),   cmocka_unit_test(ints_of_64_bits_stay_exact),
        cmocka_unit_test(errors_tell_line_and_column), cmocka_unit_test(nesting_ends_at_the_limit),
        cmocka_unit_test(a_deep_value_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
