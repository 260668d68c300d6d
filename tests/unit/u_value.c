// Values from the outside: sharing and copying, depth, equality, order, hashes, display.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/alloc.h"
#include "vm/heap.h"
#include "vm/iter.h"

#define DEEP 1000000

// A heap is all that values need of a VM.
static int set_up(void **state) {
    ChHeap *heap = ch_alloc_zero(1, sizeof *heap);
    ch_heap_init(heap);
    *state = heap;
    return 0;
}

static int tear_down(void **state) {
    ch_heap_release(*state);
    ch_free(*state);
    return 0;
}

static ChValue text(const char *s) { return ch_object(ch_string_from(s)); }

static void assert_shows(ChValue v, const char *wanted) {
    ChString *shown = ch_display_string(v);
    assert_string_equal(shown->data, wanted);
    ch_release(ch_object(shown));
}

static ChValue nested_lists(uint32_t depth) {
    ChValue v = ch_int(1);
    for (uint32_t i = 0; i < depth; i++) {
        ChList *list = ch_list_new(1);
        ch_list_push(list, v);
        v = ch_object(list);
    }
    return v;
}

static ChValue nested_sets(uint32_t depth) {
    ChValue v = ch_int(1);
    for (uint32_t i = 0; i < depth; i++) {
        ChSet *set = ch_set_new(1);
        ch_set_add(set, v);
        v = ch_object(set);
    }
    return v;
}

static void deep_values_are_compared_hashed_shown_and_freed(void **state) {
    ChValue a = nested_lists(DEEP), b = nested_lists(DEEP);
    assert_true(ch_equal(a, b));
    assert_int_equal(ch_hash(a), ch_hash(b));
    ChString *shown = ch_display_string(a);
    assert_int_equal(shown->length, 2 * DEEP + 1);
    ch_release(ch_object(shown));
    ch_release(a);
    ch_release(b);
}

static void deep_sets_are_compared(void **state) {
    ChValue a = nested_sets(100000), b = nested_sets(100000), c = nested_sets(99999);
    assert_true(ch_equal(a, b));
    assert_false(ch_equal(a, c));
    ch_release(a);
    ch_release(b);
    ch_release(c);
}

static void deep_pairs_are_ordered(void **state) {
    ChValue a = ch_int(1), b = ch_int(2);
    for (int i = 0; i < DEEP; i++) {
        a = ch_object(ch_pair_new(a, ch_int(0)));
        b = ch_object(ch_pair_new(b, ch_int(0)));
    }
    assert_int_equal(ch_compare(a, b), -1);
    assert_int_equal(ch_compare(b, a), 1);
    assert_int_equal(ch_compare(a, a), 0);
    ch_release(a);
    ch_release(b);
}

static void a_shared_list_is_copied_before_it_changes(void **state) {
    ChValue a = nested_lists(1), b = ch_retain(a);
    ch_list_push(ch_list_unshare(&b), ch_int(2));
    assert_shows(a, "[1]");
    assert_shows(b, "[1, 2]");
    ChList *before = a.as.list;
    assert_ptr_equal(ch_list_unshare(&a), before); // nobody else holds it now
    ch_release(a);
    ch_release(b);
}

static void an_append_to_an_unshared_string_keeps_its_place(void **state) {
    ChValue s = ch_object(ch_string_with_capacity(100));
    ChString *before = s.as.string;
    for (int i = 0; i < 10; i++) assert_true(ch_string_append(&s, "é", 2));
    assert_ptr_equal(s.as.string, before);
    assert_int_equal(ch_string_chars(s.as.string), 10);
    ChValue shared = ch_retain(s);
    assert_true(ch_string_append(&s, "x", 1));
    assert_int_equal(shared.as.string->length, 20);
    assert_int_equal(s.as.string->length, 21);
    // appending a part of itself
    assert_true(ch_string_append(&s, s.as.string->data, s.as.string->length));
    assert_int_equal(s.as.string->length, 42);
    ch_release(s);
    ch_release(shared);
}

static void an_append_beyond_the_limit_is_refused(void **state) {
    ChValue s = text("x");
    assert_false(ch_string_append(&s, "", (size_t)CH_STRING_MAX));
    assert_shows(s, "x");
    ch_release(s);
}

static void a_table_finds_and_forgets_keys(void **state) {
    ChValue slot = ch_object(ch_dict_new());
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ch_dict_put_str(slot.as.dict, key, ch_int(i));
    }
    for (int i = 0; i < 5000; i += 2) {
        snprintf(key, sizeof key, "k%d", i);
        ChString *name = ch_string_from(key);
        assert_true(ch_dict_remove(slot.as.dict, name));
        assert_false(ch_dict_remove(slot.as.dict, name));
        ch_release(ch_object(name));
    }
    assert_int_equal(slot.as.dict->count, 2500);
    assert_null(ch_dict_find_str(slot.as.dict, CH_STR("k10")));
    assert_int_equal(ch_dict_find_str(slot.as.dict, CH_STR("k11"))->as.integer, 11);
    ch_release(slot);
}

static void keys_come_in_byte_order(void **state) {
    ChDict *dict = ch_dict_new();
    ch_dict_put_str(dict, "b", ch_int(1));
    ch_dict_put_str(dict, "é", ch_int(2));
    ch_dict_put_str(dict, "Z", ch_int(3));
    ch_dict_put_str(dict, "a", ch_int(4));
    assert_shows(ch_object(dict), "{Z: 3, a: 4, b: 1, é: 2}");
    ch_dict_put_str(dict, "A", ch_int(5));
    assert_shows(ch_object(dict), "{A: 5, Z: 3, a: 4, b: 1, é: 2}");
    ch_release(ch_object(dict));
}

static void records_share_their_shape_and_become_tables(void **state) {
    ChVm *vm = *state;
    ChString *x = ch_intern(vm, "x", 1), *y = ch_intern(vm, "y", 1);
    ChDict *a = ch_dict_new(), *b = ch_dict_new();
    ch_dict_put_property(vm, a, x, ch_int(1));
    ch_dict_put_property(vm, a, y, ch_int(2));
    ch_dict_put_property(vm, b, x, ch_int(1));
    ch_dict_put_property(vm, b, y, ch_int(2));
    assert_non_null(a->shape);
    assert_ptr_equal(a->shape, b->shape);
    assert_true(ch_equal(ch_object(a), ch_object(b)));
    ch_dict_put_str(b, "dynamic key", ch_int(3));
    assert_null(b->shape);
    assert_shows(ch_object(b), "{dynamic key: 3, x: 1, y: 2}");
    // equal whatever they are made of
    ch_dict_put_str(a, "dynamic key", ch_int(3));
    assert_int_equal(ch_hash(ch_object(a)), ch_hash(ch_object(b)));
    assert_true(ch_dict_remove(b, x));
    assert_shows(ch_object(b), "{dynamic key: 3, y: 2}");
    ch_release(ch_object(a));
    ch_release(ch_object(b));
}

static void a_record_with_too_many_keys_is_a_table(void **state) {
    ChVm *vm = *state;
    ChDict *dict = ch_dict_new();
    char key[16];
    for (int i = 0; i <= CH_SHAPE_KEYS_MAX; i++) {
        snprintf(key, sizeof key, "k%03d", i);
        ch_dict_put_property(vm, dict, ch_intern(vm, key, strlen(key)), ch_int(i));
    }
    assert_null(dict->shape);
    assert_int_equal(dict->count, CH_SHAPE_KEYS_MAX + 1);
    assert_int_equal(ch_dict_find_str(dict, CH_STR("k000"))->as.integer, 0);
    assert_int_equal(ch_dict_find_str(dict, CH_STR("k064"))->as.integer, 64);
    ch_release(ch_object(dict));
}

static void a_struct_gets_no_more_fields_than_allowed(void **state) {
    ChVm *vm = *state;
    ChShape *shape = ch_shape_new_struct(vm, ch_intern(vm, "P", 1), NULL);
    ChValue slot = ch_object(ch_struct_new(shape));
    char key[16];
    for (int i = 0; i < CH_STRUCT_FIELDS_MAX; i++) {
        snprintf(key, sizeof key, "f%d", i);
        assert_true(ch_struct_put(vm, &slot, ch_intern(vm, key, strlen(key)), ch_int(i)));
    }
    assert_false(ch_struct_put(vm, &slot, ch_intern(vm, "more", 4), ch_int(0)));
    assert_int_equal(ch_struct_find(slot.as.record, ch_intern(vm, "f9", 2))->as.integer, 9);
    ch_release(slot);
}

static void sets_tell_ints_from_floats(void **state) {
    ChSet *set = ch_set_new(0);
    assert_true(ch_set_add(set, ch_int(1)));
    assert_true(ch_set_add(set, ch_float(1.0)));
    assert_false(ch_set_add(set, ch_int(1)));
    assert_true(ch_set_add(set, ch_float((double)NAN)));
    assert_false(ch_set_add(set, ch_float((double)NAN)));
    assert_shows(ch_object(set), "set(1, 1.0, NaN)");
    ch_release(ch_object(set));
}

static void large_sets_find_what_they_hold(void **state) {
    ChSet *set = ch_set_new(0);
    for (int i = 0; i < 1000; i++) assert_true(ch_set_add(set, ch_object(ch_pair_new(ch_int(i), text("v")))));
    for (int i = 0; i < 1000; i++) {
        ChValue item = ch_object(ch_pair_new(ch_int(i), text("v")));
        assert_true(ch_set_contains(set, item));
        if (i % 2) assert_true(ch_set_remove(set, item));
        assert_int_equal(ch_set_contains(set, item), i % 2 == 0);
        ch_release(item);
    }
    assert_int_equal(set->count, 500);
    ch_release(ch_object(set));
}

static void sets_are_equal_in_any_order(void **state) {
    ChSet *a = ch_set_new(0), *b = ch_set_new(0);
    for (int i = 0; i < 50; i++) {
        ch_set_add(a, i % 3 ? ch_int(i) : nested_lists((uint32_t)i));
        int j = 49 - i;
        ch_set_add(b, j % 3 ? ch_int(j) : nested_lists((uint32_t)j));
    }
    assert_true(ch_equal(ch_object(a), ch_object(b)));
    assert_int_equal(ch_hash(ch_object(a)), ch_hash(ch_object(b)));
    ch_set_remove(b, ch_int(1));
    ch_set_add(b, ch_int(1000));
    assert_false(ch_equal(ch_object(a), ch_object(b)));
    ch_release(ch_object(a));
    ch_release(ch_object(b));
}

static void numbers_are_shown_in_full(void **state) {
    assert_shows(ch_float(1.0), "1.0");
    assert_shows(ch_float(-0.0), "-0.0");
    assert_shows(ch_float(0.1 + 0.2), "0.30000000000000004");
    assert_shows(ch_float(1e15), "1000000000000000");
    assert_shows(ch_float(1e21), "1000000000000000000000");
    assert_shows(ch_float(1.5e-7), "0.00000015");
    assert_shows(ch_float((double)INFINITY), "inf");
    assert_shows(ch_float(-(double)INFINITY), "-inf");
    assert_shows(ch_int(INT64_MIN), "-9223372036854775808");
    assert_shows(ch_duration(90000), "90s");
    assert_shows(ch_duration(-3600000), "-1h");
    assert_shows(ch_duration(1500), "1500ms");
}

static void ints_equal_floats_of_the_same_value(void **state) {
    assert_true(ch_equal(ch_int(1), ch_float(1.0)));
    assert_false(ch_equal(ch_float((double)NAN), ch_float((double)NAN)));
    assert_false(ch_equal(ch_int(1), ch_bool(true)));
    assert_int_equal(ch_compare(ch_int(2), ch_float(1.5)), 1);
    assert_int_equal(ch_compare(CH_NIL, ch_int(1)), 0);
}

static void a_range_at_the_end_of_the_ints_ends(void **state) {
    ChValue range = ch_object(ch_range_new(INT64_MAX - 1, INT64_MAX, true)), iter, item;
    assert_true(ch_iter_new(range, &iter));
    assert_true(ch_iter_next((ChIter *)iter.as.object, &item));
    assert_true(item.as.integer == INT64_MAX - 1);
    assert_true(ch_iter_next((ChIter *)iter.as.object, &item));
    assert_true(item.as.integer == INT64_MAX);
    assert_false(ch_iter_next((ChIter *)iter.as.object, &item));
    assert_false(ch_iter_next((ChIter *)iter.as.object, &item));
    ch_release(iter);
    ch_release(range);
    range = ch_object(ch_range_new(INT64_MIN, INT64_MIN, false));
    assert_true(ch_iter_new(range, &iter));
    assert_false(ch_iter_next((ChIter *)iter.as.object, &item));
    ch_release(iter);
    ch_release(range);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(deep_values_are_compared_hashed_shown_and_freed),
        TEST(deep_sets_are_compared),
        TEST(deep_pairs_are_ordered),
        TEST(a_shared_list_is_copied_before_it_changes),
        TEST(an_append_to_an_unshared_string_keeps_its_place),
        TEST(an_append_beyond_the_limit_is_refused),
        TEST(a_table_finds_and_forgets_keys),
        TEST(keys_come_in_byte_order),
        TEST(records_share_their_shape_and_become_tables),
        TEST(a_record_with_too_many_keys_is_a_table),
        TEST(a_struct_gets_no_more_fields_than_allowed),
        TEST(sets_tell_ints_from_floats),
        TEST(large_sets_find_what_they_hold),
        TEST(sets_are_equal_in_any_order),
        TEST(numbers_are_shown_in_full),
        TEST(ints_equal_floats_of_the_same_value),
        TEST(a_range_at_the_end_of_the_ints_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
