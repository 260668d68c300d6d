/* charn tokens, ast, dis, fmt: a program as the front end and the compiler see it. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "compile/compile.h"
#include "syntax/syntax.h"

typedef enum Dump { DUMP_TOKENS, DUMP_AST, DUMP_CONCRETE } Dump;

static int dump(const char *argument, Dump what) {
    ChSource *source = cli_read(argument);
    if (!source) return CLI_FAILED;
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChBuffer text = {0};
    if (what == DUMP_TOKENS) ch_tree_dump_tokens(tree, &text);
    else if (what == DUMP_AST) ch_node_dump(tree->root, &text);
    else ch_tree_dump_concrete(tree, &text);
    fwrite(text.data, 1, text.length, stdout);
    ch_buffer_release(&text);
    cli_print_diagnostics(&tree->diagnostics, source);
    int code = tree->diagnostics.error_count > 0 ? CLI_FAILED : CLI_OK;
    ch_tree_unref(tree);
    ch_source_unref(source);
    return code;
}

int cli_tokens(int argc, char **argv) {
    if (argc != 1 || cli_is_option(argv[0])) return cli_usage("tokens", "one file is needed");
    return dump(argv[0], DUMP_TOKENS);
}

int cli_ast(int argc, char **argv) {
    bool is_concrete = argc > 0 && strcmp(argv[0], "--concrete") == 0;
    argc -= is_concrete;
    argv += is_concrete;
    if (argc != 1 || cli_is_option(argv[0])) return cli_usage("ast", "one file is needed");
    return dump(argv[0], is_concrete ? DUMP_CONCRETE : DUMP_AST);
}

int cli_dis(int argc, char **argv) {
    if (argc != 1 || cli_is_option(argv[0])) return cli_usage("dis", "one file is needed");
    ChSource *source = cli_read(argv[0]);
    if (!source) return CLI_FAILED;
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChArena arena;
    ch_arena_init(&arena);
    ChDiagnosticList diagnostics;
    ch_diagnostics_init(&diagnostics, &arena);
    cli_print_diagnostics(&tree->diagnostics, source);
    ChChunk *chunk = ch_compile(tree, NULL, &diagnostics);
    cli_print_diagnostics(&diagnostics, source);
    if (chunk) {
        ChBuffer text = {0};
        ch_disassemble_chunk(chunk, &text);
        fwrite(text.data, 1, text.length, stdout);
        ch_buffer_release(&text);
        ch_chunk_free(chunk);
    }
    ch_diagnostics_release(&diagnostics);
    ch_arena_release(&arena);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return chunk ? CLI_OK : CLI_FAILED;
}

int cli_fmt(int argc, char **argv) {
    (void)argc;
    (void)argv;
    fputs("charn fmt: there is no formatter yet; nothing was changed\n", stderr);
    return CLI_FAILED;
}
