/* Fuzz target: bytes that claim to be a chunk. The checksum is made to fit, so that the tables are what is tried. An
 * empty input begins with the chunk of a small program. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "compile/codec.h"
#include "compile/compile.h"
#include "syntax/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static const char PROGRAM[] = "enum E { A(int) }\nstruct P { x: int }\nimpl P { fn f(self) { return self.x } }\n"
                              "fn g(a: {k: list<int>?}, b = 1s, ...r) { try { g(a)? } catch (e: E) { throw e } finally { b }\n"
                              "  for i in 0 to 9 { r = r.push({ y -> y + i }) }\n  return match a { E.A(n) -> { n } _ -> { P {x: 1} } } }\n"
                              "pipeline default(task) { println(\"${g({k: nil})}\") }\n";

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    (void)seed;
    if (size > 16) return LLVMFuzzerMutate(data, size, max);
    ChSource *source = ch_source_new(CH_STR("fuzz.harn"), ch_str_of(PROGRAM), NULL);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch_compile(tree, NULL, &diagnostics);
    if (!chunk) abort();
    ChBuffer bytes = {0};
    ch_chunk_write(chunk, &bytes);
    size = bytes.length < max ? bytes.length : max;
    memcpy(data, bytes.data, size);
    ch_buffer_release(&bytes);
    ch_chunk_free(chunk);
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 8) return 0;
    char *copy = malloc(size);
    memcpy(copy, data, size);
    uint64_t hash = ch_hash_bytes(copy + 8, size - 8);
    memcpy(copy, &hash, 8);
    ChBuffer why = {0};
    ChChunk *chunk = ch_chunk_read(ch_str_slice(copy, size), true, &why);
    if (chunk) {
        ChBuffer text = {0};
        ch_disassemble_chunk(chunk, &text);
        ch_buffer_release(&text);
        ch_chunk_free(chunk);
    }
    ch_buffer_release(&why);
    free(copy);
    return 0;
}
