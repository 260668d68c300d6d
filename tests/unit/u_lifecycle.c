// The end of a run as a host sees it.
#include "charn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char heard[4096];

static char *on_pre_finish(void *ud, const char *payload) {
    strncat(heard, strstr(payload, "\"model\":\"m\"") ? "call " : "none ", sizeof heard - strlen(heard) - 1);
    return NULL;
}

static char *block(void *ud, const char *payload) { return strdup("{\"block\":true,\"reason\":\"host\"}"); }

static void on_output(void *ud, bool is_error, const char *text, size_t length) {
    size_t used = strlen(heard);
    if (used + length < sizeof heard) memcpy(heard + used, text, length), heard[used + length] = 0;
}

static void has(char *json, const char *part) {
    assert_non_null(json);
    if (!strstr(json, part)) print_error("%s\nlacks %s\n", json, part);
    assert_non_null(strstr(json, part));
    charn_free(json);
}

static void a_host_sees_and_feeds(void **state) {
    charn_options options = {.on_output = on_output};
    charn *engine = charn_new(&options);
    heard[0] = 0;
    assert_false(charn_on_event(engine, "NoSuchEvent", NULL, on_pre_finish, NULL));
    assert_true(charn_on_event(engine, "pre_finish", "*", on_pre_finish, NULL));
    uint64_t call = charn_llm_call_begin(engine, "m", "r");
    static const char program[] = "pipeline default() { harness.handoff_to(\"b\", 1)\n harness.finalize({a: 1})\n return 4 }";
    assert_true(charn_load_text(engine, "t.harn", program, sizeof program - 1));
    assert_int_equal(charn_run(engine), 4);
    assert_string_equal(heard, "call ");
    charn_llm_call_end(engine, call);
    charn_llm_call_end(engine, call);
    has(charn_unsettled(engine), "\"in_flight_llm_calls\":[]");
    has(charn_unsettled(engine), "\"envelope_id\":\"envelope_1\"");
    assert_true(charn_subagent_suspended(engine, "w1", "{\"reason\":\"waits\"}"));
    assert_false(charn_subagent_suspended(engine, "w1", "{broken"));
    has(charn_unsettled(engine), "\"reason\":\"waits\"");
    assert_true(charn_subagent_resumed(engine, "w1"));
    assert_false(charn_subagent_resumed(engine, "w1"));
    assert_null(charn_handoff(engine, "x", "{broken"));
    has(charn_handoff(engine, "x", "[1]"), "list(len=1)");
    assert_true(charn_handoff_acknowledge(engine, "envelope_1", "null"));
    assert_false(charn_handoff_acknowledge(engine, "envelope_1", "null"));
    has(charn_audit(engine, "mine", "{\"k\":1}"), "\"kind\":\"mine\"");
    has(charn_disposition(engine), "{\"a\":1}");
    has(charn_audit_log(engine, true), "handoff_acknowledged");
    has(charn_audit_log(engine, false), "[]");
    charn_delete(engine);
}

static void a_host_blocks(void **state) {
    charn_options options = {.on_output = on_output};
    charn *engine = charn_new(&options);
    heard[0] = 0;
    assert_true(charn_on_event(engine, "PreFinish", NULL, block, NULL));
    static const char program[] = "pipeline default() { harness.handoff_to(\"b\", 1) }";
    assert_true(charn_load_text(engine, "t.harn", program, sizeof program - 1));
    assert_int_equal(charn_run(engine), 1);
    assert_non_null(strstr(heard, "PreFinish hook returned block, which is not a valid control: host."));
    charn_delete(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_host_sees_and_feeds), cmocka_unit_test(a_host_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
