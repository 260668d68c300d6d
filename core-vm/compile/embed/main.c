// Part of the build: compiles the prelude and std/* and writes their chunks as a C table (builtins/std.h).
//
//   embed_chunks OUT.c (prelude|std) PATH NAME FILE …      PATH: as traces show it; NAME: as the machine asks for it
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/codec.h"
#include "compile/compile.h"
#include "syntax/syntax.h"

static void write_bytes(FILE *out, const ChBuffer *bytes) {
    for (size_t i = 0; i < bytes->length; i++) {
        if (i % 40 == 0) fputs(i ? "\"\n    \"" : "    \"", out);
        fprintf(out, "\\%03o", (unsigned char)bytes->data[i]);
    }
    fputs("\"", out);
}

static bool write_chunk(FILE *out, ChCompileKind kind, const char *path, const char *name, const char *file) {
    ChSourceError error = {0};
    ChSource *read = ch_source_read(ch_str_of(file), &error);
    if (!read) {
        fprintf(stderr, "%s: %.*s\n", file, (int)error.message.length, error.message.data);
        return false;
    }
    ChSource *source = ch_source_new(ch_str_of(path), read->text, NULL);
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch_compile(tree, &(ChCompileOptions){.kind = kind, .is_runtime = true}, &diagnostics);
    ChBuffer why = {0}, bytes = {0};
    for (uint32_t i = 0; i < diagnostics.count; i++) ch_diagnostic_render(diagnostics.items[i], source, CH_COLOR_NEVER, &why);
    bool is_good = chunk && ch_verify_chunk(chunk, &why);
    if (is_good) {
        ch_chunk_write(chunk, &bytes);
        fprintf(out, "    {\"%s\", %zu,\n", name, bytes.length);
        write_bytes(out, &bytes);
        fputs("},\n", out);
    } else
        fprintf(stderr, "%s: %.*s\n", file, (int)why.length, why.data ? why.data : "");
    ch_chunk_free(chunk);
    ch_buffer_release(&why);
    ch_buffer_release(&bytes);
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    ch_source_unref(read);
    return is_good;
}

int main(int argc, char **argv) {
    if (argc < 2 || (argc - 2) % 4) {
        fprintf(stderr, "usage: %s OUT.c (prelude|std PATH NAME FILE)…\n", argv[0]);
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 1;
    }
    fputs("#include \"builtins/std.h\"\n\nconst ChEmbeddedChunk ch_embedded_chunks[] = {\n", out);
    bool is_good = true;
    for (int i = 2; i < argc; i += 4) {
        ChCompileKind kind = strcmp(argv[i], "prelude") == 0 ? CH_COMPILE_PRELUDE : CH_COMPILE_MODULE;
        is_good = write_chunk(out, kind, argv[i + 1], argv[i + 2], argv[i + 3]) && is_good;
    }
    fputs("    {0, 0, 0},\n};\n", out);
    if (fclose(out) != 0 || !is_good) {
        remove(argv[1]);
        return 1;
    }
    return 0;
}
