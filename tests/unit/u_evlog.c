// The event log: ids, hashes, cursors, batches, compaction, and files that are none.
#include "host/evlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static char folder[] = "/tmp/charn-evlog-XXXXXX";
static char path[128];

static ChEventRecord record_of(const char *topic, const char *payload) {
    return (ChEventRecord){0, ch_str_of(topic), ch_str_of("k"), ch_str_of(payload), ch_str_of("{\"h\":\"v\"}"), 7};
}

static bool collect(void *ud, const ChEventRecord *record) {
    char *out = ud;
    snprintf(out + strlen(out), 400 - strlen(out), "%d:%.*s ", (int)record->id, CH_STR_ARG(record->payload));
    return true;
}

static void the_same_for_each_kind(ChEventLog *log) {
    ChBuffer why = {0};
    int64_t id, ids[3], dropped;
    char seen[400] = "";
    ChEventRecord bad = record_of("no spaces", "1"), good = record_of("a.b", "1");
    assert_int_equal(ch_evlog_append(log, &bad, &id), CH_STATUS_BAD_ARGUMENT);
    assert_int_equal(ch_evlog_append(log, &good, &id), CH_STATUS_OK);
    assert_int_equal(id, 1);
    ChEventRecord batch[3] = {record_of("a.b", "2"), record_of("c", "9"), record_of("a.b", "3")};
    assert_int_equal(ch_evlog_append_batch(log, batch, 3, ids), CH_STATUS_OK);
    assert_int_equal(ids[0], 2);
    assert_int_equal(ids[1], 1);
    assert_int_equal(ids[2], 3);
    batch[1].topic = CH_STR("");
    assert_int_equal(ch_evlog_append_batch(log, batch, 3, ids), CH_STATUS_BAD_ARGUMENT);
    assert_int_equal(ch_evlog_read(log, CH_STR("a.b"), 1, 10, collect, seen), CH_STATUS_OK);
    assert_string_equal(seen, "2:2 3:3 ");
    assert_true(ch_evlog_verify(log, CH_STR("a.b"), &why));
    assert_int_equal(ch_evlog_latest(log, CH_STR("none"), &id), CH_STATUS_OK);
    assert_int_equal(id, 0);
    ch_evlog_acknowledge(log, CH_STR("a.b"), CH_STR("me"), 2);
    ch_evlog_acknowledge(log, CH_STR("a.b"), CH_STR("me"), 1);
    ch_evlog_cursor(log, CH_STR("a.b"), CH_STR("me"), &id);
    assert_int_equal(id, 2);
    assert_int_equal(ch_evlog_compact(log, CH_STR("a.b"), 3, &dropped), CH_STATUS_OK);
    assert_int_equal(dropped, 2);
    assert_int_equal(ch_evlog_append(log, &good, &id), CH_STATUS_OK);
    assert_int_equal(id, 4);
    assert_true(ch_evlog_verify(log, CH_STR("a.b"), &why));
    ch_buffer_release(&why);
}

static void memory(void **state) {
    ChBuffer why = {0};
    ChEventLog *log = ch_evlog_open(CH_EVLOG_MEMORY, NULL, &why);
    the_same_for_each_kind(log);
    ch_evlog_close(log);
}

static void sqlite(void **state) {
    ChBuffer why = {0};
    snprintf(path, sizeof path, "%s/deep/er/e.sqlite", folder);
    ChEventLog *log = ch_evlog_open(CH_EVLOG_SQLITE, path, &why);
    assert_non_null(log);
    the_same_for_each_kind(log);
    ch_evlog_close(log);
    log = ch_evlog_open(CH_EVLOG_SQLITE, path, &why);
    assert_int_equal(why.length, 0);
    int64_t id;
    ch_evlog_latest(log, CH_STR("a.b"), &id);
    assert_int_equal(id, 4);
    ch_evlog_close(log);
}

static void execute(const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_changed_record_shows(void **state) {
    ChBuffer why = {0};
    execute("UPDATE events SET payload='666' WHERE topic='a.b' AND event_id=4");
    ChEventLog *log = ch_evlog_open(CH_EVLOG_SQLITE, path, &why);
    assert_false(ch_evlog_verify(log, CH_STR("a.b"), &why));
    assert_string_equal(why.data, "record 4 does not have the hash it says");
    ch_buffer_release(&why);
    ch_evlog_close(log);
}

static void hostile_files_are_put_aside(void **state) {
    ChBuffer why = {0};
    execute("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END");
    ChEventLog *log = ch_evlog_open(CH_EVLOG_SQLITE, path, &why);
    assert_non_null(log);
    assert_non_null(strstr(why.data, "is not an event log; it is now"));
    ChEventRecord record = record_of("a.b", "1");
    int64_t id;
    assert_int_equal(ch_evlog_append(log, &record, &id), CH_STATUS_OK);
    assert_int_equal(id, 1);
    ch_evlog_close(log);
    ch_buffer_clear(&why);
    snprintf(path, sizeof path, "%s/text.sqlite", folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 5000; i++) fputs("this is no database at all\n", file);
    fclose(file);
    log = ch_evlog_open(CH_EVLOG_SQLITE, path, &why);
    assert_non_null(log);
    assert_non_null(strstr(why.data, "is not an event log; it is now"));
    ch_evlog_close(log);
    ch_buffer_clear(&why);
    assert_null(ch_evlog_open(CH_EVLOG_SQLITE, "/proc/none/x.sqlite", &why));
    ch_buffer_release(&why);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory), cmocka_unit_test(sqlite), cmocka_unit_test(a_changed_record_shows),
                                       cmocka_unit_test(hostile_files_are_put_aside)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || failed;
}
