/* Texts, buffers, arrays, maps, arenas, paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/path.h"
#include "base/status.h"
#include "base/str.h"

static void assert_str(ChStr got, const char *want) {
    char *text = ch_str_detach(got);
    assert_string_equal(text, want);
    ch_free(text);
}

static void strings_compare_and_search(void **state) {
    (void)state;
    ChStr text = CH_STR("let x = let");
    assert_true(ch_str_starts_with(text, CH_STR("let")));
    assert_true(ch_str_ends_with(text, CH_STR("= let")));
    assert_false(ch_str_ends_with(CH_STR("t"), text));
    assert_int_equal(ch_str_find(text, CH_STR("let"), 0), 0);
    assert_int_equal(ch_str_find(text, CH_STR("let"), 1), 8);
    assert_int_equal(ch_str_find(text, CH_STR("lets"), 0), -1);
    assert_int_equal(ch_str_find(text, CH_STR(""), 11), 11);
    assert_int_equal(ch_str_find(text, CH_STR("let"), 99), -1);
    assert_int_equal(ch_str_find_last_byte(text, 'e'), 9);
    assert_true(ch_str_compare(CH_STR("a"), CH_STR("ab")) < 0);
    assert_true(ch_str_compare(CH_STR("b"), CH_STR("ab")) > 0);
    assert_true(ch_str_equal((ChStr){0}, CH_STR("")));
    assert_false(ch_str_equal(CH_STR("a\0b"), CH_STR("a\0c")));
    assert_str(ch_str_trim(CH_STR(" \t a b \r\n")), "a b");
    assert_str(ch_str_trim(CH_STR("  ")), "");
}

static void distances_stop_at_the_limit(void **state) {
    (void)state;
    assert_int_equal(ch_str_distance(CH_STR("print"), CH_STR("pritn"), 3), 2);
    assert_int_equal(ch_str_distance(CH_STR("same"), CH_STR("same"), 3), 0);
    assert_int_equal(ch_str_distance(CH_STR(""), CH_STR("abc"), 3), 3);
    assert_int_equal(ch_str_distance(CH_STR("abcdef"), CH_STR("uvwxyz"), 2), 3);
    assert_int_equal(ch_str_distance(CH_STR("a"), CH_STR("abcdefgh"), 2), 3);
}

static void buffers_grow_and_print(void **state) {
    (void)state;
    ChBuffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        ch_buffer_printf(&buffer, "%d,", i % 10);
    assert_int_equal(buffer.length, 2000);
    assert_memory_equal(buffer.data, "0,1,2,3,", 8);
    ch_buffer_clear(&buffer);
    ch_buffer_printf(&buffer, "%0200d", 7);
    assert_int_equal(buffer.length, 200);
    assert_int_equal(buffer.data[199], '7');
    ch_buffer_clear(&buffer);
    ch_buffer_add_json(&buffer, CH_STR("a\"\\\n\x01\0\xff\xc3\xa4"));
    assert_string_equal(buffer.data, "\"a\\\"\\\\\\n\\u0001\\u0000\xef\xbf\xbd\xc3\xa4\"");
    char *text = ch_buffer_detach(&buffer);
    assert_null(buffer.data);
    ch_free(text);
    assert_str(ch_buffer_view(&buffer), "");
    ch_buffer_release(&buffer);
}

static void arrays_keep_their_items(void **state) {
    (void)state;
    CH_ARRAY_OF(uint32_t) array = {0};
    for (uint32_t i = 0; i < 10000; i++)
        ch_array_push(&array, i * 3);
    assert_int_equal(array.count, 10000);
    assert_int_equal(array.items[9999], 29997);
    assert_int_equal(ch_array_pop(&array), 29997);
    assert_int_equal(ch_array_last(&array), 29994);
    ch_array_release(&array);
    assert_int_equal(array.count, 0);
}

static void maps_find_what_was_set(void **state) {
    (void)state;
    ChArena arena;
    ch_arena_init(&arena);
    ChMap map = {0};
    assert_null(ch_map_find(&map, CH_STR("x")));
    for (uint32_t i = 0; i < 5000; i++)
        ch_map_set_number(&map, ch_str_format(&arena, "key%u", i), i);
    for (uint32_t i = 0; i < 5000; i++)
        ch_map_set_number(&map, ch_str_format(&arena, "key%u", i), i + 1);
    assert_int_equal(map.count, 5000);
    assert_int_equal(ch_map_get_number(&map, CH_STR("key4321"), 0), 4322);
    assert_int_equal(ch_map_get_number(&map, CH_STR("key5000"), 77), 77);
    assert_str(map.entries[17].key, "key17");
    bool is_new;
    ch_map_enter(&map, CH_STR("key1"), &is_new);
    assert_false(is_new);
    ch_map_clear(&map);
    assert_null(ch_map_find(&map, CH_STR("key1")));
    ch_map_set_pointer(&map, CH_STR("p"), &map);
    assert_ptr_equal(ch_map_get_pointer(&map, CH_STR("p")), &map);
    ch_map_release(&map);
    ch_arena_release(&arena);
}

static void arenas_hand_out_zeroed_aligned_memory(void **state) {
    (void)state;
    ChArena arena;
    ch_arena_init(&arena);
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *memory = ch_arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    char *small = ch_arena_copy(&arena, "abc", 3);
    assert_string_equal(small, "abc");
    assert_true(arena.bytes_total > 100000);
    ch_arena_release(&arena);
    assert_int_equal(arena.bytes_total, 0);
}

static void paths_are_taken_apart_and_normalized(void **state) {
    (void)state;
    ChArena arena;
    ch_arena_init(&arena);
    static const struct {
        const char *path, *folder, *name, *extension, *normal;
    } rows[] = {
        {"a/b.harn", "a", "b.harn", ".harn", "a/b.harn"},
        {"b", ".", "b", "", "b"},
        {"/b", "/", "b", "", "/b"},
        {"/", "/", "/", "", "/"},
        {"a//b/../c/./d", "a//b/../c/.", "d", "", "a/c/d"},
        {"../../x", "../..", "x", "", "../../x"},
        {"a/../..", "a/..", "..", ".", ".."},
        {"/../x", "/..", "x", "", "/x"},
        {"a/..", "a", "..", ".", "."},
        {".profile", ".", ".profile", "", ".profile"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ChStr path = ch_str_of(rows[i].path);
        assert_str(ch_path_folder(path), rows[i].folder);
        assert_str(ch_path_name(path), rows[i].name);
        assert_str(ch_path_extension(path), rows[i].extension);
        assert_str(ch_path_normalize(&arena, path), rows[i].normal);
    }
    assert_str(ch_path_normalize(&arena, CH_STR("")), ".");
    assert_str(ch_path_join(&arena, CH_STR("a"), CH_STR("b")), "a/b");
    assert_str(ch_path_join(&arena, CH_STR("/"), CH_STR("b")), "/b");
    assert_str(ch_path_join(&arena, CH_STR("a"), CH_STR("/b")), "/b");
    assert_str(ch_path_below(CH_STR("/a/b"), CH_STR("/a/b/c/d")), "c/d");
    assert_str(ch_path_below(CH_STR("/a/b"), CH_STR("/a/bc/d")), "/a/bc/d");
    ch_arena_release(&arena);
}

static void every_status_has_name_and_text(void **state) {
    (void)state;
    for (int status = 0; status < CH_STATUS_COUNT; status++) {
        assert_true(strlen(ch_status_name((ChStatus)status)) > 1);
        assert_true(strlen(ch_status_text((ChStatus)status)) > 3);
    }
    assert_string_equal(ch_status_name((ChStatus)999), "UNKNOWN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_compare_and_search),
        cmocka_unit_test(distances_stop_at_the_limit),
        cmocka_unit_test(buffers_grow_and_print),
        cmocka_unit_test(arrays_keep_their_items),
        cmocka_unit_test(maps_find_what_was_set),
        cmocka_unit_test(arenas_hand_out_zeroed_aligned_memory),
        cmocka_unit_test(paths_are_taken_apart_and_normalized),
        cmocka_unit_test(every_status_has_name_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
