// Chunks as bytes: what is written is read back the same; cut or damaged bytes are refused, or at worst read as some
// other chunk that the verifier accepts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "compile/codec.h"
#include "compiled.h"

static const char PROGRAM[] = "import \"std/math\"\n"
                              "enum Shape { Dot, Line(int) }\n"
                              "struct Point { x: int, label?: string }\n"
                              "interface Sized { fn size(self) -> int }\n"
                              "impl Point { fn sum(self) { return self.x } }\n"
                              "type Deep = {rows: list<{id: int, kind: \"a\" | \"b\"} | nil>}\n"
                              "fn area(shape: Shape, deep: Deep, scale: float = 2.5, ...rest) {\n"
                              "  let wait = 5s\n"
                              "  let f = { y -> y + scale + {n: y, \"two words\": -9223372036854775807}.n }\n"
                              "  try { deadline 1s { f(1) } } catch (e: Shape) { throw e } finally { print(\"x${wait} \\u{1F600}\") }\n"
                              "  for i in 0 to 9 { rest = rest.push(i) }\n"
                              "  return match shape { Shape.Line(n) if n > 1 -> { n } _ -> { Point {x: 1} } }\n"
                              "}\n"
                              "pipeline default(task) { println(area(Shape.Dot, {rows: []})) }\n";

static ChBuffer bytes_of(const ChChunk *chunk) {
    ChBuffer bytes = {0};
    ch_chunk_write(chunk, &bytes);
    return bytes;
}

static void test_round_trip(void **state) {
    (void)state;
    ChChunk *chunk = compiled(PROGRAM);
    ChBuffer bytes = bytes_of(chunk), text = {0}, text_again = {0}, why = {0};
    ChChunk *again = ch_chunk_read(ch_buffer_view(&bytes), false, &why);
    assert_non_null(again);
    ChBuffer bytes_again = bytes_of(again);
    assert_int_equal(bytes.length, bytes_again.length);
    assert_memory_equal(bytes.data, bytes_again.data, bytes.length);
    ch_disassemble_chunk(chunk, &text);
    ch_disassemble_chunk(again, &text_again);
    assert_string_equal(text.data, text_again.data);
    ch_chunk_free(chunk);
    ch_chunk_free(again);
    ch_buffer_release(&bytes);
    ch_buffer_release(&bytes_again);
    ch_buffer_release(&text);
    ch_buffer_release(&text_again);
}

static void test_every_cut_is_refused(void **state) {
    (void)state;
    ChChunk *chunk = compiled(PROGRAM);
    ChBuffer bytes = bytes_of(chunk);
    for (size_t length = 0; length < bytes.length; length++) {
        // Without its end, and with a checksum that fits, so that the tables have to notice.
        char *copy = malloc(length + 1);
        memcpy(copy, bytes.data, length);
        ChBuffer why = {0};
        assert_null(ch_chunk_read(ch_str_slice(copy, length), true, &why));
        if (length >= 8) {
            uint64_t hash = ch_hash_bytes(copy + 8, length - 8);
            memcpy(copy, &hash, 8);
            assert_null(ch_chunk_read(ch_str_slice(copy, length), true, &why));
        }
        ch_buffer_release(&why);
        free(copy);
    }
    ch_buffer_release(&bytes);
    ch_chunk_free(chunk);
}

static void test_damage_is_noticed(void **state) {
    (void)state;
    ChChunk *chunk = compiled(PROGRAM);
    ChBuffer bytes = bytes_of(chunk);
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        size_t at = (random >> 4) % bytes.length;
        char kept = bytes.data[at];
        bytes.data[at] = (char)(kept ^ (1 + (random >> 24) % 255));
        ChBuffer why = {0};
        ChChunk *read = ch_chunk_read(ch_buffer_view(&bytes), true, &why);
        assert_null(read);
        assert_string_equal(why.data, "the bytes are damaged");
        if (at >= 8) {
            // Somebody who also mends the checksum gets a chunk that verifies, or none.
            uint64_t hash = ch_hash_bytes(bytes.data + 8, bytes.length - 8), before;
            memcpy(&before, bytes.data, 8);
            memcpy(bytes.data, &hash, 8);
            ch_chunk_free(ch_chunk_read(ch_buffer_view(&bytes), true, &why));
            memcpy(bytes.data, &before, 8);
        }
        ch_buffer_release(&why);
        bytes.data[at] = kept;
    }
    ch_buffer_release(&bytes);
    ch_chunk_free(chunk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_damage_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
