// The public door, used as an embedder would.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "charn.h"

typedef struct Caught {
    char out[256], err[1024];
    int reports, first_line;
} Caught;

static void on_output(void *ud, bool is_error, const char *text, size_t length) {
    Caught *caught = ud;
    char *to = is_error ? caught->err : caught->out;
    size_t size = is_error ? sizeof caught->err : sizeof caught->out, used = strlen(to);
    assert_true(used + length < size);
    memcpy(to + used, text, length);
}

static charn *open(Caught *caught) {
    memset(caught, 0, sizeof *caught);
    return charn_new(&(charn_options){.on_output = on_output, .ud = caught});
}

static bool load(charn *engine, const char *text) { return charn_load_text(engine, "t.harn", text, strlen(text)); }

static void test_runs_a_program(void **state) {
    Caught caught;
    charn *engine = open(&caught);
    const char *arguments[] = {"a", "b c"};
    charn_set_arguments(engine, arguments, 2);
    assert_true(load(engine, "pipeline default(task) { println(argv)\n return 7 }"));
    assert_int_equal(charn_run(engine), 7);
    assert_string_equal(caught.out, "[a, b c]\n");
    assert_false(load(engine, "1"));
    assert_string_equal(charn_message(engine), "error: the engine has a program already\n");
    charn_delete(engine);
    charn_delete(NULL);
}

static void test_broken_programs_have_a_message(void **state) {
    Caught caught;
    charn *engine = open(&caught);
    assert_false(load(engine, "let x = "));
    assert_non_null(strstr(charn_message(engine), "t.harn:1"));
    assert_int_equal(charn_run(engine), 1);
    assert_string_equal(charn_message(engine), "error: no program is loaded\n");
    assert_false(charn_load_file(engine, "/nowhere/x.harn"));
    assert_non_null(strstr(charn_message(engine), "/nowhere/x.harn"));
    assert_false(charn_load_text(engine, "t.harn", "\xff", 1));
    charn_delete(engine);
}

static void test_errors_go_to_the_error_stream(void **state) {
    Caught caught;
    charn *engine = open(&caught);
    assert_true(load(engine, "throw \"x\""));
    assert_int_equal(charn_run(engine), 1);
    assert_non_null(strstr(caught.err, "error: Thrown: x\n"));
    charn_delete(engine);
}

static void test_slices_and_cancel(void **state) {
    Caught caught;
    charn *engine = open(&caught);
    int64_t wait_ms;
    int code;
    assert_true(load(engine, "while true { }"));
    assert_true(charn_run_slice(engine, 1000, &wait_ms, &code));
    assert_int_equal(wait_ms, 0);
    charn_cancel(engine);
    while (charn_run_slice(engine, 100000, &wait_ms, &code)) continue;
    assert_int_equal(code, 1);
    charn_delete(engine);
    engine = open(&caught);
    assert_true(load(engine, "sleep(50)"));
    assert_true(charn_run_slice(engine, 1000, &wait_ms, &code));
    assert_true(wait_ms > 0 && wait_ms <= 50);
    charn_delete(engine);
}

static void report(void *ud, const char *severity, const char *code, const char *message, uint32_t line,
                   uint32_t column) {
    Caught *caught = ud;
    if (!caught->reports++) caught->first_line = (int)line;
    assert_true(strlen(severity) > 0 && strlen(message) > 0);
}

static void test_checks_a_file(void **state) {
    char path[] = "/tmp/u_charn_XXXXXX.harn";
    int descriptor = mkstemps(path, 5);
    FILE *file = fdopen(descriptor, "w");
    fputs("let a = 1\nlet b: int = \"s\"\nnope()\n", file);
    fclose(file);
    Caught caught;
    charn *engine = open(&caught);
    assert_int_equal(charn_check_file(engine, path, report, &caught), 2);
    assert_int_equal(caught.first_line, 2);
    assert_int_equal(charn_check_file(engine, "/nowhere/x.harn", report, &caught), -1);
    charn_delete(engine);
    remove(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_a_program),        cmocka_unit_test(test_broken_programs_have_a_message),
        cmocka_unit_test(test_errors_go_to_the_error_stream), cmocka_unit_test(test_slices_and_cancel),
        cmocka_unit_test(test_checks_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
