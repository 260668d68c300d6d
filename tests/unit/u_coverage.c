// Coverage from C: what several machines have counted adds up, also through a text; a text that is not whole adds nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"
#include "measure/coverage.h"
#include "vm/program.h"

static const char program[] = "fn f(x) {\n"
                              "  if x > 1 {\n"
                              "    return 1\n"
                              "  }\n"
                              "  return 2\n"
                              "}\n"
                              "pipeline default() {\n"
                              "  f(2)\n"
                              "  f(3)\n"
                              "}\n"
                              "pipeline other() {\n"
                              "  f(0)\n"
                              "}\n";

// Runs a pipeline of the program and adds what was counted.
static void run(ChCoverage *coverage, const char *pipeline) {
    ch_host *host = ch_host_real();
    ChBuffer why = {0};
    ChVm *vm = ch_vm_new(host, NULL, &why);
    ch_vm_count(vm);
    ch_vm_set_pipeline(vm, ch_str_of(pipeline));
    ChSource *source = ch_source_new(CH_STR("/nowhere/program.harn"), ch_str_of(program), NULL);
    ChModule *module = ch_program_load_source(vm, source, &why);
    assert_non_null(module);
    ch_vm_start(vm, module);
    ch_vm_run_to_end(vm);
    assert_int_equal(vm->main_task->state, CH_TASK_DONE);
    ch_coverage_take(coverage, vm, CH_STR("/nowhere"));
    ch_vm_free(vm);
    ch_source_unref(source);
    ch_host_real_free(host);
    ch_buffer_release(&why);
}

static void expect_lcov(ChCoverage *coverage, const char *const *lines) {
    ChBuffer text = {0};
    ch_coverage_lcov(coverage, &text);
    for (; *lines; lines++)
        if (!strstr(text.data, *lines)) fail_msg("no %s in %s", *lines, text.data);
    ch_buffer_release(&text);
}

static void counts_add_up(void **state) {
    ChCoverage *coverage = ch_coverage_new();
    run(coverage, "default");
    expect_lcov(coverage, (const char *const[]){"SF:program.harn\n", "FNDA:2,f\n", "DA:2,2\n", "DA:3,2\n", "DA:5,0\n", "DA:8,1\n",
                                                "BRDA:2,0,0,2\n", "BRDA:2,0,1,0\n", "LF:5\nLH:4\n", NULL});
    run(coverage, "other");
    expect_lcov(coverage, (const char *const[]){"FNDA:3,f\n", "DA:2,3\n", "DA:5,1\n", "DA:12,1\n", "BRDA:2,0,1,1\n", "LF:6\nLH:6\n",
                                                NULL});
    ChCoverageTotals totals = ch_coverage_totals(coverage);
    assert_int_equal(totals.lines, 6);
    assert_int_equal(totals.branches_run, 2);
    ch_coverage_free(coverage);
}

static void a_text_carries_them(void **state) {
    ChCoverage *one = ch_coverage_new(), *sum = ch_coverage_new();
    run(one, "default");
    ChBuffer text = {0};
    ch_coverage_save(one, &text);
    ChStr whole = ch_buffer_view(&text);
    assert_true(ch_coverage_load(sum, whole));
    assert_true(ch_coverage_load(sum, whole));
    expect_lcov(sum, (const char *const[]){"FNDA:4,f\n", "DA:3,4\n", "DA:5,0\n", "BRDA:2,0,0,4\n", NULL});
    for (uint32_t length = 0; length < whole.length; length++)
        assert_false(ch_coverage_load(sum, ch_str_slice(whole.data, length)));
    expect_lcov(sum, (const char *const[]){"DA:3,4\n", NULL});
    ch_buffer_release(&text);
    ch_coverage_free(one);
    ch_coverage_free(sum);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_add_up),
        cmocka_unit_test(a_text_carries_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
