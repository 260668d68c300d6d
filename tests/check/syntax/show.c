/* What the parser makes of one file, in a form that a test can compare:
 *
 *     syntax_show diagnostics|ast|tokens|concrete FILE
 *
 * Diagnostics come as `LINE:COLUMN-LINE:COLUMN CODE message`, with their notes, help
 * and fixes indented below. The exit status is 1 when the file cannot be read. */
#include <stdio.h>
#include <string.h>

#include "syntax/syntax.h"

static void add_range(ChBuffer *out, const ChSource *source, ChRange range) {
    ChPosition from = ch_source_position(source, range.start);
    ChPosition to = ch_source_position(source, range.end);
    ch_buffer_printf(out, "%u:%u-%u:%u", from.line, from.column, to.line, to.column);
}

static void show_diagnostic(ChBuffer *out, const ChSource *source, const ChDiagnostic *diagnostic) {
    add_range(out, source, diagnostic->range);
    ch_buffer_printf(out, " %.*s %.*s\n", CH_STR_ARG(diagnostic->code), CH_STR_ARG(diagnostic->message));
    for (const ChRelatedNote *note = diagnostic->notes; note; note = note->next) {
        ch_buffer_add_text(out, "  note ");
        add_range(out, source, note->range);
        ch_buffer_printf(out, " %.*s\n", CH_STR_ARG(note->message));
    }
    if (diagnostic->help.length) ch_buffer_printf(out, "  help %.*s\n", CH_STR_ARG(diagnostic->help));
    for (const ChFix *fix = diagnostic->fixes; fix; fix = fix->next) {
        ch_buffer_printf(out, "  fix %.*s:", CH_STR_ARG(fix->title));
        for (const ChTextEdit *edit = fix->edits; edit; edit = edit->next) {
            ch_buffer_add_byte(out, ' ');
            add_range(out, source, edit->range);
            ch_buffer_add_byte(out, ' ');
            ch_buffer_add_json(out, edit->text);
        }
        ch_buffer_add_byte(out, '\n');
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fputs("usage: syntax_show diagnostics|ast|tokens|concrete FILE\n", stderr);
        return 2;
    }
    ChSourceError error = {0};
    ChSource *source = ch_source_read(ch_str_of(argv[2]), &error);
    if (!source) {
        fprintf(stderr, "%s\n", error.message.data);
        ch_source_error_release(&error);
        return 1;
    }
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChBuffer out = {0};
    if (strcmp(argv[1], "ast") == 0)
        ch_node_dump(tree->root, &out);
    else if (strcmp(argv[1], "tokens") == 0)
        ch_tree_dump_tokens(tree, &out);
    else if (strcmp(argv[1], "concrete") == 0)
        ch_tree_dump_concrete(tree, &out);
    else
        for (uint32_t i = 0; i < tree->diagnostics.count; i++)
            show_diagnostic(&out, source, tree->diagnostics.items[i]);
    fwrite(out.data ? out.data : "", 1, out.length, stdout);
    ch_buffer_release(&out);
    ch_tree_unref(tree);
    ch_source_unref(source);
    return 0;
}
