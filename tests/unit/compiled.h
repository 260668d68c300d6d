// What tests of chunks share: a text, compiled.
#ifndef CH_TESTS_COMPILED_H
#define CH_TESTS_COMPILED_H

#include "compile/compile.h"
#include "syntax/syntax.h"

// The chunk of a program that compiles; the caller's.
static inline ChChunk *compiled(const char *text)
{
    ChSource *source = ch_source_new(CH_STR("test.harn"), ch_str_of(text), NULL);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch_compile(tree, NULL, &diagnostics);
    if (!chunk) fail_msg("%.*s", CH_STR_ARG(diagnostics.items[0]->message));
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return chunk;
}

#endif
