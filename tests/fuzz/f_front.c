/* Fuzz target: a text through parser, checker, compiler and verifier. What compiles has to verify. */
#include <stdint.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "compile/compile.h"
#include "syntax/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ChSource *source = ch_source_new_lossy(CH_STR("fuzz.harn"), ch_str_slice((const char *)data, size));
    if (!source) return 0;
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChAnalysis *analysis = ch_analysis_run(tree, NULL);
    ch_analysis_unref(analysis);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch_compile(tree, NULL, &diagnostics);
    if (chunk) {
        ChBuffer why = {0};
        if (!ch_verify_chunk(chunk, &why)) abort();
        ch_buffer_release(&why);
        ch_chunk_free(chunk);
    }
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return 0;
}
