// Tracing from C: sinks, links, metadata, bad ids, and the bound on what is kept.
#include "charn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "host/host.h"
#include "runtime/trace.h"
#include "vm/vm.h"

typedef struct Heard {
    int starts, ends, limit;
    char output[4096];
} Heard;

static bool on_span(void *ud, bool is_end, const char *span) {
    Heard *heard = ud;
    assert_true(span[0] == '{');
    ++*(is_end ? &heard->ends : &heard->starts);
    return heard->starts + heard->ends < heard->limit;
}

static void on_output(void *ud, bool is_error, const char *text, size_t length) {
    Heard *heard = ud;
    size_t used = strlen(heard->output);
    if (used + length < sizeof heard->output) memcpy(heard->output + used, text, length + 0), heard->output[used + length] = 0;
}

static void spans_links_and_sinks(void **state) {
    Heard heard = {.limit = 5};
    charn_options options = {.on_output = on_output, .ud = &heard};
    charn *engine = charn_new(&options);
    assert_int_equal(charn_span_start(engine, "step", "off"), 0);
    charn_span_end(engine, 0);
    assert_false(charn_span_set_metadata(engine, 0, "k", "1"));
    charn_trace_enable(engine, true);
    charn_trace_sink(engine, on_span, &heard);
    static const char program[] = "pipeline default() { parallel 2 { i -> i } }";
    assert_true(charn_load_text(engine, "t.harn", program, sizeof program - 1));
    assert_int_equal(charn_run(engine), 0);
    uint64_t a = charn_span_start(engine, "tool_call", "a"); // the fifth thing heard: the sink goes
    assert_int_equal(heard.starts + heard.ends, 5);
    assert_non_null(strstr(heard.output, "warning: a sink"));
    uint64_t b = charn_span_start_detached(engine, "pool_dequeue", "b", a);
    assert_true(charn_span_set_metadata(engine, b, "n", "{\"x\":1}"));
    assert_false(charn_span_set_metadata(engine, b, "n", "{broken"));
    charn_span_end(engine, b);
    assert_false(charn_span_set_metadata(engine, b, "n", "1"));
    assert_false(charn_span_link(engine, b, "t", "1"));
    charn_span_end(engine, a);
    charn_span_end(engine, a);
    charn_span_end(engine, 999);
    char *spans = charn_trace_spans(engine, true);
    assert_non_null(strstr(spans, "\"links\":[{\"span_id\":\"3\""));
    assert_non_null(strstr(spans, "\"metadata\":{\"n\":{\"x\":1}}"));
    charn_free(spans);
    spans = charn_trace_spans(engine, false);
    assert_string_equal(spans, "[]");
    charn_free(spans);
    charn_delete(engine);
}

static void a_million_spans_stay_bounded(void **state) {
    ch_host *host = ch_host_real();
    ChBuffer why = {0};
    ChVm *vm = ch_vm_new(host, NULL, &why);
    ch_trace_enable(vm, true);
    for (int i = 0; i < 1000000; i++) ch_span_end(vm, ch_span_start(vm, CH_SPAN_FN_CALL, CH_STR("x")));
    assert_int_equal(ch_span_count(vm), CH_SPANS_MAX);
    assert_int_equal(ch_span_dropped(vm), 1000000 - CH_SPANS_MAX);
    assert_int_equal(ch_span_at(vm, CH_SPANS_MAX - 1)->id, 1000000);
    ChBuffer text = {0};
    ch_trace_summary(vm, &text);
    assert_non_null(strstr(text.data, "older spans were dropped"));
    ch_buffer_release(&text);
    ch_vm_free(vm);
    ch_host_real_free(host);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(spans_links_and_sinks), cmocka_unit_test(a_million_spans_stay_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
