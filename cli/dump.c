// charn dis, ast, tokens: what the program is at each step.
#include <string.h>
#include <unistd.h>

#include "base/diagnostic.h"
#include "cli.h"
#include "compile/compile.h"
#include "syntax/syntax.h"

#include "base/banned.h"

typedef enum DumpKind { DUMP_TOKENS, DUMP_AST, DUMP_CODE } DumpKind;

static void add_diagnostics(const ChDiagnosticList *list, const ChSource *source) {
    ChBuffer text = {0};
    for (uint32_t i = 0; i < list->count; i++)
        ch_diagnostic_render(list->items[i], source, ch_color_mode_of(STDERR_FILENO), &text);
    cli_write(STDERR_FILENO, &text);
    ch_buffer_release(&text);
}

static bool dump_code(const ChTree *tree, ChBuffer *out) {
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    ChChunk *chunk = ch_compile(tree, NULL, &diagnostics);
    add_diagnostics(&diagnostics, tree->source);
    if (chunk) {
        ch_disassemble_chunk(chunk, out);
        ch_chunk_free(chunk);
    }
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    return chunk != NULL;
}

static int dump(int argc, char **argv, DumpKind kind) {
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) return cli_unknown_option(argv[0], argv[i]);
        if (path) return cli_usage_error(argv[0], "one file at a time");
        path = argv[i];
    }
    if (!path) return cli_usage_error(argv[0], "no file given");
    ChSource *source = cli_read(path);
    if (!source) return CLI_FAILED;
    ChTree *tree = ch_syntax_parse(source, NULL);
    add_diagnostics(&tree->diagnostics, source);
    bool is_good = tree->diagnostics.error_count == 0;
    ChBuffer out = {0};
    if (kind == DUMP_TOKENS)
        ch_tree_dump_tokens(tree, &out);
    else if (kind == DUMP_AST)
        ch_node_dump(tree->root, &out);
    else if (is_good)
        is_good = dump_code(tree, &out);
    cli_write(STDOUT_FILENO, &out);
    ch_buffer_release(&out);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return is_good ? CLI_OK : CLI_FAILED;
}

int cli_tokens(int argc, char **argv) { return dump(argc, argv, DUMP_TOKENS); }
int cli_ast(int argc, char **argv) { return dump(argc, argv, DUMP_AST); }
int cli_dis(int argc, char **argv) { return dump(argc, argv, DUMP_CODE); }
