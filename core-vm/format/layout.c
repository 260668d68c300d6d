/* The two passes over the pieces. Measuring lists the nodes parents first, each with
 * its indentation, then goes through that list backwards, so that the parts of a node
 * are known when its own layout is decided. Writing replaces nodes by their pieces on
 * a stack until only texts are left. */
#include "base/alloc.h"
#include "format/format_int.h"

#include "base/banned.h"

void ch__piece_str(ChFormatter *f, ChStr text) {
    if (text.length) ch_array_push(&f->pieces, (ChPiece){.kind = CH__PIECE_TEXT, .text = text});
}

void ch__piece_text(ChFormatter *f, const char *text) {
    ch__piece_str(f, ch_str_of(text));
}

void ch__piece_line(ChFormatter *f, uint32_t indent) {
    ch_array_push(&f->pieces, (ChPiece){.kind = CH__PIECE_LINE, .indent = indent});
}

void ch__piece_node(ChFormatter *f, const ChNode *node, uint32_t indent) {
    if (node) ch_array_push(&f->pieces, (ChPiece){.kind = CH__PIECE_NODE, .indent = indent, .node = node});
}

static uint32_t spaces(uint32_t indent) {
    return 2 * (indent < CH_FORMAT_INDENT_MAX ? indent : CH_FORMAT_INDENT_MAX);
}

typedef struct Measure {
    uint32_t total, last;
    bool is_multi;
} Measure;

static void measure_text(Measure *m, ChStr text) {
    m->total += text.length;
    int64_t newline = ch_str_find_last_byte(text, '\n');
    if (newline < 0) {
        m->last += text.length;
    } else {
        m->last = text.length - (uint32_t)newline - 1;
        m->is_multi = true;
    }
}

/* What the node's pieces come to in its present variant. */
static Measure measure(ChFormatter *f, const ChNode *node) {
    Measure m = {0};
    ch_array_clear(&f->pieces);
    ch__format_expand(f, node);
    for (uint32_t i = 0; i < f->pieces.count; i++) {
        const ChPiece *piece = &f->pieces.items[i];
        if (piece->kind == CH__PIECE_TEXT) {
            measure_text(&m, piece->text);
        } else if (piece->kind == CH__PIECE_LINE) {
            m.last = spaces(piece->indent);
            m.total += 1 + m.last;
            m.is_multi = true;
        } else {
            const ChNodeLayout *inner = ch__layout_of(f, piece->node);
            m.total += inner->total;
            m.last = inner->is_multi ? inner->last : m.last + inner->total;
            m.is_multi |= inner->is_multi;
        }
    }
    return m;
}

static void record(ChNodeLayout *layout, Measure m) {
    layout->total = m.total;
    layout->last = m.last;
    layout->is_multi = m.is_multi;
}

static uint32_t line_of(const ChFormatter *f, uint32_t offset) {
    return ch_source_line(f->tree->source, offset);
}

/* Does an item force the list to one item a line? */
static bool list_forces(ChFormatter *f, const ChNode *owner, ChNodeList list) {
    if (ch__has_comment(f, owner, CH__LAST)) return true;
    for (uint32_t i = 0; i < list.count; i++)
        if (ch__layout_of(f, list.items[i])->is_multi || ch__has_comment(f, list.items[i], CH__BEFORE) ||
            ch__has_comment(f, list.items[i], CH__BEHIND))
            return true;
    return false;
}

/* A list that stands alone, or behind a callee whose last line counts. */
static void decide_list(ChFormatter *f, const ChNode *node, ChNodeList list) {
    ChNodeLayout *layout = ch__layout_of(f, node);
    if (!list.count && !ch__has_comment(f, node, CH__LAST)) return;
    if (list_forces(f, node, list) || measure(f, node).last > f->width) layout->variant = CH__BROKEN;
}

static void decide_method(ChFormatter *f, const ChNode *node) {
    ChNodeLayout *layout = ch__layout_of(f, node);
    ChNodeList args = node->as.method_call.args;
    bool forces = list_forces(f, node, args);
    bool is_split = ch__has_comment(f, node, CH__AMID) ||
                    line_of(f, node->as.method_call.object->end) != line_of(f, node->end);
    bool can_break = args.count || ch__has_comment(f, node, CH__LAST);
    if (forces || (can_break && measure(f, node).last > f->width)) is_split = true;
    layout->variant = is_split ? CH__SPLIT : 0;
    if (forces || (can_break && measure(f, node).last > f->width)) layout->variant |= CH__BROKEN;
}

static void decide_binary(ChFormatter *f, const ChNode *node) {
    ChNodeLayout *layout = ch__layout_of(f, node);
    if (ch__has_comment(f, node, CH__AMID) || ch__layout_of(f, node->as.binary.left)->is_multi ||
        line_of(f, node->start) != line_of(f, node->as.binary.right->start) ||
        spaces(layout->indent) + measure(f, node).total > f->width)
        layout->variant = CH__SPLIT;
}

/* Parameters, fields and names of declarations: the line up to the closing bracket
 * counts, with its indentation. `prefix` is what stands before the node's own text on
 * that line and does not count. */
static void decide_head(ChFormatter *f, const ChNode *node, ChNodeList list) {
    ChNodeLayout *layout = ch__layout_of(f, node);
    if (list_forces(f, node, list)) layout->variant = CH__BROKEN;
    if (layout->variant || !list.count) return;
    uint32_t length = spaces(layout->indent);
    ch_array_clear(&f->pieces);
    ch__format_expand(f, node);
    for (uint32_t i = 0; i < f->pieces.count; i++) {
        const ChPiece *piece = &f->pieces.items[i];
        if (piece->kind == CH__PIECE_LINE) {
            length = spaces(layout->indent); /* behind the attributes */
            continue;
        }
        length += piece->kind == CH__PIECE_TEXT ? piece->text.length : ch__layout_of(f, piece->node)->total;
        if (piece->kind == CH__PIECE_TEXT && ch_str_is(piece->text, ")")) break;
    }
    if (length > f->width) layout->variant = CH__BROKEN;
}

static const ChNode *alias_shape(const ChNode *type) {
    if (type->kind == CH_NODE_TYPE_UNION && type->as.list.items.count == 2)
        for (uint32_t i = 0; i < 2; i++)
            if (type->as.list.items.items[i]->kind == CH_NODE_TYPE_SHAPE) type = type->as.list.items.items[i];
    return type->kind == CH_NODE_TYPE_SHAPE && type->as.list.items.count ? type : NULL;
}

/* A shape is broken only where it is all that an alias stands for. */
static void decide_alias(ChFormatter *f, const ChNode *node) {
    const ChNode *type = node->as.type_alias.type, *shape = alias_shape(type);
    if (!shape || ch__layout_of(f, shape)->is_multi) return;
    uint32_t sugar = shape == type ? 0 : 1;
    if (measure(f, node).last - sugar <= f->width) return;
    ch__layout_of(f, shape)->variant = CH__BROKEN;
    record(ch__layout_of(f, shape), measure(f, shape));
    if (sugar) record(ch__layout_of(f, type), measure(f, type));
}

static void decide(ChFormatter *f, const ChNode *node) {
    switch (node->kind) {
    case CH_NODE_LIST:
    case CH_NODE_DICT: decide_list(f, node, node->as.list.items); break;
    case CH_NODE_STRUCT_LITERAL: decide_list(f, node, node->as.struct_literal.entries); break;
    case CH_NODE_CALL: decide_list(f, node, node->as.call.args); break;
    case CH_NODE_METHOD_CALL: decide_method(f, node); break;
    case CH_NODE_BINARY: decide_binary(f, node); break;
    case CH_NODE_PIPELINE: decide_head(f, node, node->as.pipeline.params); break;
    case CH_NODE_FN:
    case CH_NODE_INTERFACE_METHOD: decide_head(f, node, node->as.fn.params); break;
    case CH_NODE_TOOL: decide_head(f, node, node->as.tool.params); break;
    case CH_NODE_OVERRIDE: decide_head(f, node, node->as.override.params); break;
    case CH_NODE_ENUM_VARIANT: decide_head(f, node, node->as.variant.fields); break;
    case CH_NODE_TYPE_ALIAS: decide_alias(f, node); break;
    case CH_NODE_TYPE_SHAPE:
        if (list_forces(f, node, node->as.list.items)) ch__layout_of(f, node)->variant = CH__BROKEN;
        break;
    case CH_NODE_IMPORT: {
        uint32_t pub = node->flags & CH_FLAG_PUB ? 4 : 0;
        ChNodeList names = node->as.import.names;
        if (names.count && (list_forces(f, node, names) || measure(f, node).last - pub > f->width))
            ch__layout_of(f, node)->variant = CH__BROKEN;
        break;
    }
    default: break;
    }
}

void ch__layout_run(ChFormatter *f, const ChNode *root) {
    CH_ARRAY_OF(const ChNode *) order = {0};
    ch_array_push(&order, root);
    for (uint32_t i = 0; i < order.count; i++) {
        ch_array_clear(&f->pieces);
        ch__format_expand(f, order.items[i]);
        for (uint32_t k = 0; k < f->pieces.count; k++) {
            const ChPiece *piece = &f->pieces.items[k];
            if (piece->kind != CH__PIECE_NODE) continue;
            ch__layout_of(f, piece->node)->indent = piece->indent;
            ch_array_push(&order, piece->node);
        }
    }
    for (uint32_t i = order.count; i-- > 0;) {
        const ChNode *node = order.items[i];
        decide(f, node);
        record(ch__layout_of(f, node), measure(f, node));
    }
    ch_array_release(&order);
}

void ch__layout_write(ChFormatter *f, const ChNode *root, ChBuffer *out) {
    ChPieceList stack = {0};
    ch_array_push(&stack, (ChPiece){.kind = CH__PIECE_NODE, .node = root});
    uint32_t pending = 0; /* spaces to come before the next text: empty lines stay empty */
    while (stack.count) {
        ChPiece piece = ch_array_pop(&stack);
        if (piece.kind == CH__PIECE_TEXT) {
            ch_buffer_add_repeat(out, ' ', pending);
            pending = 0;
            ch_buffer_add_str(out, piece.text);
        } else if (piece.kind == CH__PIECE_LINE) {
            ch_buffer_add_byte(out, '\n');
            pending = spaces(piece.indent);
        } else {
            ch_array_clear(&f->pieces);
            ch__format_expand(f, piece.node);
            for (uint32_t i = f->pieces.count; i-- > 0;)
                ch_array_push(&stack, f->pieces.items[i]);
        }
    }
    ch_array_release(&stack);
}
