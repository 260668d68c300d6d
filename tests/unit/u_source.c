/* Reading sources, UTF-8, positions, and how diagnostics are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/diagnostic.h"
#include "base/limits.h"
#include "base/source.h"
#include "base/utf8.h"

static ChSource *source_of(const char *text) {
    ChSource *source = ch_source_new(CH_STR("x.harn"), ch_str_of(text), NULL);
    assert_non_null(source);
    return source;
}

static void assert_position(const ChSource *source, uint32_t offset, uint32_t line, uint32_t column) {
    ChPosition at = ch_source_position(source, offset);
    assert_int_equal(at.line, line);
    assert_int_equal(at.column, column);
}

static void utf8_is_checked_and_counted(void **state) {
    (void)state;
    static const char *const invalid[] = {"\x80",
                                          "\xc0\x80",
                                          "\xc1\xbf",
                                          "\xe0\x80\x80",
                                          "\xed\xa0\x80",
                                          "\xf0\x80\x80\x80",
                                          "\xf4\x90\x80\x80",
                                          "\xf5",
                                          "\xe2\x82",
                                          "\xff"};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        assert_int_equal(ch_utf8_find_invalid(invalid[i], strlen(invalid[i])), 0);
    const char *text = "a\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80z"; /* a, a-umlaut, han, emoji, z */
    size_t length = strlen(text);
    assert_int_equal(ch_utf8_find_invalid(text, length), length);
    assert_int_equal(ch_utf8_count(text, length), 5);
    assert_int_equal(ch_utf8_count_utf16(text, length), 6);
    assert_int_equal(ch_utf8_offset_of_rune(text, length, 3), 6);
    assert_int_equal(ch_utf8_offset_of_utf16(text, length, 4), 6);
    assert_int_equal(ch_utf8_offset_of_utf16(text, length, 5), 10);
    assert_int_equal(ch_utf8_floor(text, length, 8), 6);
    for (uint32_t rune = 0; rune < 0x110000; rune += 97) {
        char bytes[4];
        uint32_t width, size = ch_utf8_encode(rune, bytes);
        uint32_t expected = rune >= 0xd800 && rune <= 0xdfff ? CH_RUNE_BAD : rune;
        assert_int_equal(ch_utf8_decode(bytes, size, &width), expected);
        assert_int_equal(width, size);
    }
}

static void positions_count_characters(void **state) {
    (void)state;
    ChSource *source = source_of("let a\n\xc3\xa4\xf0\x9f\x98\x80x\r\n\nend");
    assert_int_equal(source->line_count, 4);
    assert_position(source, 0, 1, 1);
    assert_position(source, 5, 1, 6);
    assert_position(source, 6, 2, 1);
    assert_position(source, 12, 2, 3);
    assert_position(source, 15, 3, 1);
    assert_position(source, 999, 4, 4);
    ChStr line = ch_source_line_text(source, 2);
    assert_int_equal(line.length, 7);
    assert_int_equal(ch_source_line_text(source, 9).length, 0);
    assert_int_equal(ch_source_offset(source, (ChPosition){2, 3}), 12);
    assert_int_equal(ch_source_offset(source, (ChPosition){2, 99}), 13);
    assert_int_equal(ch_source_offset(source, (ChPosition){99, 1}), source->text.length);
    ch_source_unref(source);
    source = source_of("");
    assert_int_equal(source->line_count, 1);
    assert_position(source, 0, 1, 1);
    ch_source_unref(source);
}

static void byte_order_mark_is_dropped(void **state) {
    (void)state;
    ChSource *source = source_of("\xef\xbb\xbflet");
    assert_true(ch_str_is(source->text, "let"));
    ch_source_unref(source);
}

static void bad_utf8_is_refused_with_its_place(void **state) {
    (void)state;
    ChSourceError error = {0};
    assert_null(ch_source_new(CH_STR("x.harn"), CH_STR("ok\nab\xff!"), &error));
    assert_int_equal(error.status, CH_STATUS_BAD_UTF8);
    assert_int_equal(error.position.line, 2);
    assert_int_equal(error.position.column, 3);
    assert_non_null(strstr(error.message.data, "line 2, column 3"));
    assert_non_null(strstr(error.message.data, "0xff"));
    ch_source_error_release(&error);
    ChSource *source = ch_source_new_lossy(CH_STR("x.harn"), CH_STR("ab\xff!"));
    assert_true(ch_str_is(source->text, "ab\xef\xbf\xbd!"));
    ch_source_unref(source);
}

static void expect_failure(const char *path, ChStatus status, const char *part) {
    ChSourceError error = {0};
    assert_null(ch_source_read(ch_str_of(path), &error));
    assert_int_equal(error.status, status);
    if (!strstr(error.message.data, part))
        fail_msg("%s: \"%s\" lacks \"%s\"", path, error.message.data, part);
    ch_source_error_release(&error);
}

static void only_regular_files_are_read(void **state) {
    (void)state;
    char folder[] = "/tmp/charn-u-source-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    expect_failure(path, CH_STATUS_NOT_FOUND, "no such file");
    expect_failure(folder, CH_STATUS_IS_FOLDER, "is a folder");
    expect_failure("/dev/null", CH_STATUS_NOT_REGULAR, "not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_failure(path, CH_STATUS_NOT_REGULAR, "not a regular file");
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("let x = 1\n", file);
    fclose(file);
    ChSource *source = ch_source_read(ch_str_of(path), NULL);
    assert_non_null(source);
    assert_true(ch_str_is(source->text, "let x = 1\n"));
    ch_source_unref(source);
    assert_int_equal(truncate(path, (off_t)CH_SOURCE_BYTES_MAX + 1), 0);
    expect_failure(path, CH_STATUS_TOO_LARGE, "64 MiB");
    unlink(path);
    rmdir(folder);
}

static ChDiagnostic *example(ChDiagnosticList *list) {
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(list, CH_SEVERITY_ERROR, "HARN-X-001", (ChRange){14, 17}, "no %s", "good");
    ch_diagnostic_label(list, diagnostic, "here");
    ch_diagnostic_help(list, diagnostic, "mend it");
    ch_diagnostic_note(list, diagnostic, NULL, (ChRange){0, 3}, "began here");
    ChFix *fix = ch_diagnostic_fix(list, diagnostic, "use \"b\"");
    ch_fix_edit(list, fix, (ChRange){14, 17}, CH_STR("b"));
    return diagnostic;
}

static void diagnostics_show_the_line_and_a_caret(void **state) {
    (void)state;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    ChSource *source = source_of("let a = 1\nlet \xc3\xa4"
                                 "bc = 2\n");
    ChDiagnostic *diagnostic = example(&list);
    diagnostic->range = (ChRange){14, 18};
    ChBuffer out = {0};
    ch_diagnostic_render(diagnostic, source, CH_COLOR_NEVER, &out);
    assert_string_equal(out.data, "error[HARN-X-001]: no good\n"
                                  "  --> x.harn:2:5\n"
                                  "   |\n"
                                  " 2 | let \xc3\xa4"
                                  "bc = 2\n"
                                  "   |     ^^^ here\n"
                                  "note: began here\n"
                                  "  --> x.harn:1:1\n"
                                  "   |\n"
                                  " 1 | let a = 1\n"
                                  "   | ^^^\n"
                                  "   = help: mend it\n");
    ch_buffer_clear(&out);
    ch_diagnostic_render(diagnostic, source, CH_COLOR_ALWAYS, &out);
    assert_non_null(strstr(out.data, "\033[1;31merror\033[0m[HARN-X-001]"));
    ch_buffer_clear(&out);
    ch_diagnostic_render_json(diagnostic, source, &out);
    assert_string_equal(
        out.data,
        "{\"severity\":\"error\",\"source\":\"harn\",\"code\":\"HARN-X-001\",\"message\":\"no good\","
        "\"file\":\"x.harn\",\"span\":{\"start\":14,\"end\":18,\"line\":2,\"column\":5,"
        "\"end_line\":2,\"end_column\":8},\"label\":\"here\",\"help\":\"mend it\","
        "\"related\":[{\"span\":{\"start\":0,\"end\":3,\"line\":1,\"column\":1,\"end_line\":1,"
        "\"end_column\":4},\"file\":\"x.harn\",\"message\":\"began here\"}],"
        "\"fixes\":[{\"title\":\"use \\\"b\\\"\",\"safe\":false,\"edits\":[{\"span\":{\"start\":14,"
        "\"end\":17,\"line\":2,\"column\":5,\"end_line\":2,\"end_column\":7},\"text\":\"b\"}]}]}");
    ch_buffer_release(&out);
    ch_source_unref(source);
    ch_diagnostics_release(&list);
    ch_arena_release(&arena);
}

static void long_lines_are_cut_and_controls_hidden(void **state) {
    (void)state;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    ChBuffer text = {0}, out = {0};
    ch_buffer_add_repeat(&text, 'a', 100000);
    ch_buffer_add_text(&text, "\033[2J!");
    ch_buffer_add_repeat(&text, 'b', 100000);
    ChSource *source = ch_source_new(CH_STR("x"), ch_buffer_view(&text), NULL);
    ChDiagnostic *diagnostic =
        ch_diagnostic_add(&list, CH_SEVERITY_WARNING, NULL, (ChRange){100004, 100005}, "here");
    ch_diagnostic_render(diagnostic, source, CH_COLOR_NEVER, &out);
    assert_true(out.length < 600);
    assert_null(strchr(out.data, '\033'));
    assert_non_null(strstr(out.data, "aaa\xef\xbf\xbd[2J!bbb"));
    ch_buffer_release(&text);
    ch_buffer_release(&out);
    ch_source_unref(source);
    ch_diagnostics_release(&list);
    ch_arena_release(&arena);
}

static void diagnostics_sort_by_place_and_are_limited(void **state) {
    (void)state;
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList list;
    ch_diagnostics_init(&list, &arena);
    for (uint32_t i = 0; i < CH_DIAGNOSTICS_MAX + 5; i++)
        ch_diagnostic_add(&list, CH_SEVERITY_ERROR, NULL, (ChRange){(i * 7919) % 1000, 1000}, "%u", i);
    assert_int_equal(list.count, CH_DIAGNOSTICS_MAX);
    assert_int_equal(list.dropped, 5);
    ch_diagnostics_sort(&list);
    for (uint32_t i = 1; i < list.count; i++) {
        assert_true(list.items[i - 1]->range.start <= list.items[i]->range.start);
        if (list.items[i - 1]->range.start == list.items[i]->range.start) {
            int before = atoi(list.items[i - 1]->message.data);
            assert_true(before < atoi(list.items[i]->message.data));
        }
    }
    ch_diagnostics_release(&list);
    ch_arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_checked_and_counted),
        cmocka_unit_test(positions_count_characters),
        cmocka_unit_test(byte_order_mark_is_dropped),
        cmocka_unit_test(bad_utf8_is_refused_with_its_place),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(diagnostics_show_the_line_and_a_caret),
        cmocka_unit_test(long_lines_are_cut_and_controls_hidden),
        cmocka_unit_test(diagnostics_sort_by_place_and_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
