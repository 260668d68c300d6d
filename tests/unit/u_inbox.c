// Inboxes: order, numbers, threads, waiting, and what is refused.
#include "runtime/inbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define THREADS 8
#define EACH 10000

static void push(const char *session, const char *kind, const char *content) {
    assert_int_equal(ch_inbox_push(ch_str_of(session), ch_str_of(kind), ch_str_of(content), CH_STR("s"), 0, NULL), CH_STATUS_OK);
}

static bool is_edit(void *ud, const ChInboxEntry *entry) { return strcmp(entry->kind, "file_edited") == 0; }

static void order_and_numbers(void **state) {
    push("a", "x", "1");
    push("a", "file_edited", "2");
    push("a", "y", "3");
    push("", "other", "0");
    ChInboxList edits = ch_inbox_drain_where(CH_STR("a"), is_edit, NULL);
    assert_int_equal(edits.count, 1);
    assert_int_equal(ch_inbox_pending(CH_STR("a")), 2);
    ch_inbox_requeue_front(&edits.items[0]);
    ch_inbox_list_release(&edits);
    ChInboxList all = ch_inbox_drain(CH_STR("a"));
    assert_int_equal(all.count, 3);
    assert_int_equal(all.items[0].sequence, 2);
    assert_int_equal(all.items[1].sequence, 1);
    ch_inbox_list_release(&all);
    push("a", "x", "4");
    all = ch_inbox_drain(CH_STR("a"));
    assert_int_equal(all.items[0].sequence, 4);
    ch_inbox_list_release(&all);
    ch_inbox_clear(CH_STR("a"));
    push("a", "x", "1");
    all = ch_inbox_drain(CH_STR("a"));
    assert_int_equal(all.items[0].sequence, 1);
    ch_inbox_list_release(&all);
    ch_inbox_reset();
    assert_int_equal(ch_inbox_pending(CH_STR("")), 0);
}

static void bad_input(void **state) {
    assert_int_equal(ch_inbox_push(CH_STR("a"), CH_STR("k"), CH_STR("\xff"), CH_STR("s"), 0, NULL), CH_STATUS_BAD_UTF8);
    assert_int_equal(ch_inbox_push(CH_STR("a\0b"), CH_STR("k"), CH_STR("x"), CH_STR("s"), 0, NULL), CH_STATUS_BAD_ARGUMENT);
    assert_int_equal(ch_inbox_pending(CH_STR("a")), 0);
    char *large = malloc(1 << 20);
    memset(large, 0, 1 << 20);
    assert_int_equal(ch_inbox_push(CH_STR("a"), CH_STR("k"), ch_str_slice(large, 1 << 20), CH_STR("s"), 0, NULL), CH_STATUS_OK);
    ChInboxList list = ch_inbox_drain(CH_STR("a"));
    assert_int_equal(list.items[0].content_length, 1 << 20);
    assert_memory_equal(list.items[0].content, large, 1 << 20);
    ch_inbox_list_release(&list);
    free(large);
    ch_inbox_reset();
}

static void *push_many(void *ud) {
    char text[32], kind[8];
    snprintf(kind, sizeof kind, "%d", *(int *)ud);
    for (int i = 0; i < EACH; i++) {
        snprintf(text, sizeof text, "%d", i);
        ch_inbox_push(CH_STR("t"), ch_str_of(kind), ch_str_of(text), CH_STR("s"), 0, NULL);
    }
    return NULL;
}

static void many_threads(void **state) {
    pthread_t threads[THREADS];
    int numbers[THREADS], next[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, push_many, &numbers[i]);
    }
    uint64_t expected = 1;
    while (expected <= THREADS * EACH) {
        assert_true(ch_inbox_wait(CH_STR("t"), 60000));
        ChInboxList list = ch_inbox_drain(CH_STR("t"));
        for (uint32_t i = 0; i < list.count; i++) {
            assert_int_equal(list.items[i].sequence, expected++);
            int from = atoi(list.items[i].kind);
            assert_int_equal(atoi(list.items[i].content), next[from]++);
        }
        ch_inbox_list_release(&list);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_false(ch_inbox_wait(CH_STR("t"), 0));
    assert_false(ch_inbox_wait(CH_STR("t"), 5));
    ch_inbox_reset();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(order_and_numbers), cmocka_unit_test(bad_input), cmocka_unit_test(many_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
