/* Syntax errors in words. */
#include "syntax/lower_int.h"

#include "base/banned.h"

void ch__errors_explain(ChTree *tree, const ChCst *cst)
{
    (void)cst;
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree->syntax));
    bool down = true;
    for (;;) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        bool stop = !down;
        if (down && (ts_node_is_error(node) || ts_node_is_missing(node))) {
            ch_diagnostic_add(&tree->diagnostics, CH_SEVERITY_ERROR, CH__CODE_SYNTAX,
                              (ChRange){ts_node_start_byte(node), ts_node_end_byte(node)},
                              "unexpected text");
            stop = true;
        } else if (down) {
            stop = !ts_node_has_error(node);
        }
        if (!stop && ts_tree_cursor_goto_first_child(&cursor)) {
            down = true;
            continue;
        }
        if (ts_tree_cursor_goto_next_sibling(&cursor)) {
            down = true;
            continue;
        }
        if (!ts_tree_cursor_goto_parent(&cursor))
            break;
        down = false;
    }
    ts_tree_cursor_delete(&cursor);
}
