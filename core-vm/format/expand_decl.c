/* Declarations, patterns and types. */
#include "format/format_int.h"

#include "base/banned.h"

/* Attributes on lines of their own, and `pub`. */
static void begin(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ChNodeList attributes = node->as.decl.attributes;
    for (uint32_t i = 0; i < attributes.count; i++) {
        ch__piece_node(f, attributes.items[i], indent);
        ch__piece_line(f, indent);
    }
    ch__comments_before(f, node, CH__AMID, indent);
    if (node->flags & CH_FLAG_PUB) ch__piece_text(f, "pub ");
}

static void type_params(ChFormatter *f, ChNodeList params, uint32_t indent) {
    if (!params.count) return;
    ch__piece_text(f, "<");
    ch__expand_commas(f, params, indent);
    ch__piece_text(f, ">");
}

static void params(ChFormatter *f, const ChNode *node, ChNodeList list, uint32_t indent) {
    ch__expand_items(f, node, list, "(", ")", indent, ch__layout_of(f, node)->variant & CH__BROKEN);
}

static void returns(ChFormatter *f, const ChNode *type, uint32_t indent) {
    if (!type) return;
    ch__piece_text(f, " -> ");
    ch__piece_node(f, type, indent);
}

static void body(ChFormatter *f, const ChNode *block, uint32_t indent) {
    ch__piece_text(f, " ");
    ch__expand_block(f, block, indent);
}

static void close_lines(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__comments_last(f, node, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

static void expand_fn(ChFormatter *f, const ChNode *node, uint32_t indent) {
    begin(f, node, indent);
    if (node->kind == CH_NODE_FN && node->flags & CH_FLAG_GEN) ch__piece_text(f, "gen ");
    ch__piece_text(f, "fn ");
    ch__piece_str(f, node->as.fn.decl.name.text);
    type_params(f, node->as.fn.type_params, indent);
    params(f, node, node->as.fn.params, indent);
    returns(f, node->as.fn.return_type, indent);
    for (uint32_t i = 0; i < node->as.fn.where.count; i++) {
        ch__piece_text(f, i ? ", " : " where ");
        ch__piece_node(f, node->as.fn.where.items[i], indent);
    }
    if (node->as.fn.body) body(f, node->as.fn.body, indent);
}

static void expand_pipeline(ChFormatter *f, const ChNode *node, uint32_t indent) {
    begin(f, node, indent);
    ch__piece_text(f, "pipeline ");
    ch__piece_str(f, node->as.pipeline.decl.name.text);
    params(f, node, node->as.pipeline.params, indent);
    returns(f, node->as.pipeline.return_type, indent);
    if (node->as.pipeline.extends.text.length) {
        ch__piece_text(f, " extends ");
        ch__piece_str(f, node->as.pipeline.extends.text);
    }
    body(f, node->as.pipeline.body, indent);
}

static void expand_tool(ChFormatter *f, const ChNode *node, uint32_t indent) {
    begin(f, node, indent);
    ch__piece_text(f, "tool ");
    ch__piece_str(f, node->as.tool.decl.name.text);
    params(f, node, node->as.tool.params, indent);
    returns(f, node->as.tool.return_type, indent);
    ch__piece_text(f, " {");
    if (node->as.tool.has_description) {
        ch__piece_line(f, indent + 1);
        ch__piece_text(f, "description ");
        ch__piece_str(f, ch__quoted(f, node->as.tool.description));
    }
    ch__expand_lines(f, node->as.tool.body->as.block.statements, indent + 1);
    ch__comments_last(f, node->as.tool.body, indent + 1);
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

static void expand_eval_pack(ChFormatter *f, const ChNode *node, uint32_t indent) {
    begin(f, node, indent);
    ch__piece_text(f, "eval_pack ");
    /* The name is made from the id when only that stands. */
    ChName name = node->as.eval_pack.decl.name;
    bool has_name = f->tree->source->text.data[name.range.start] != '"';
    if (has_name) ch__piece_str(f, name.text);
    if (!has_name || !ch_str_equal(name.text, node->as.eval_pack.pack_id)) {
        if (has_name) ch__piece_text(f, " ");
        ch__piece_str(f, ch__quoted(f, node->as.eval_pack.pack_id));
    }
    ch__piece_text(f, " {");
    ch__expand_lines(f, node->as.eval_pack.fields, indent + 1);
    if (node->as.eval_pack.body) {
        ch__expand_lines(f, node->as.eval_pack.body->as.block.statements, indent + 1);
        ch__comments_last(f, node->as.eval_pack.body, indent + 1);
    }
    if (node->as.eval_pack.summarize) {
        ch__piece_line(f, indent + 1);
        ch__piece_text(f, "summarize ");
        ch__expand_block(f, node->as.eval_pack.summarize, indent + 1);
    }
    ch__piece_line(f, indent);
    ch__piece_text(f, "}");
}

static void expand_import(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, node->flags & CH_FLAG_PUB ? "pub import " : "import ");
    if (node->flags & CH_FLAG_SELECTIVE) {
        ChNodeList names = ch__import_names(&f->arena, node);
        bool is_broken = ch__layout_of(f, node)->variant & CH__BROKEN;
        ch__expand_items(f, node, names, is_broken ? "{" : "{ ", is_broken ? "}" : " }", indent, is_broken);
        ch__piece_text(f, " from ");
    }
    ch__piece_str(f, ch__quoted(f, node->as.import.path.text));
}

static void heading(ChFormatter *f, const ChNode *node, const char *keyword, ChNodeList parameters,
                    uint32_t indent) {
    begin(f, node, indent);
    ch__piece_text(f, keyword);
    ch__piece_str(f, node->as.decl.name.text);
    type_params(f, parameters, indent);
}

static void named_lines(ChFormatter *f, const ChNode *node, const char *keyword, ChNodeList parameters,
                        ChNodeList lines, uint32_t indent) {
    heading(f, node, keyword, parameters, indent);
    ch__piece_text(f, " {");
    ch__expand_lines(f, lines, indent + 1);
    close_lines(f, node, indent);
}

static void expand_interface(ChFormatter *f, const ChNode *node, uint32_t indent) {
    heading(f, node, "interface ", node->as.interface.type_params, indent);
    ch__piece_text(f, " {");
    ch__expand_lines(f, node->as.interface.types, indent + 1);
    ch__expand_lines(f, node->as.interface.methods, indent + 1);
    close_lines(f, node, indent);
}

static void field(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_str(f, node->as.field.name.text);
    if (node->flags & CH_FLAG_OPTIONAL) ch__piece_text(f, "?");
    if (node->as.field.type) {
        ch__piece_text(f, ": ");
        ch__piece_node(f, node->as.field.type, indent);
    }
}

static void expand_binding(ChFormatter *f, const ChNode *node, const char *keyword, uint32_t indent) {
    if (node->flags & CH_FLAG_PUB) ch__piece_text(f, "pub ");
    ch__piece_text(f, keyword);
    ch__piece_node(f, node->as.binding.pattern, indent);
    if (node->as.binding.type) {
        ch__piece_text(f, ": ");
        ch__piece_node(f, node->as.binding.type, indent);
    }
    if (node->as.binding.value) {
        ch__piece_text(f, " = ");
        ch__piece_node(f, node->as.binding.value, indent);
    }
}

static void expand_attribute(ChFormatter *f, const ChNode *node, uint32_t indent) {
    ch__piece_text(f, "@");
    ch__piece_str(f, node->as.attribute.name.text);
    if (!node->as.attribute.args.count) return;
    ch__piece_text(f, "(");
    ch__expand_commas(f, node->as.attribute.args, indent);
    ch__piece_text(f, ")");
}

static void expand_param(ChFormatter *f, const ChNode *node, uint32_t indent) {
    if (node->flags & CH_FLAG_REST) ch__piece_text(f, "...");
    ch__piece_str(f, node->as.param.name.text);
    if (node->as.param.type) {
        ch__piece_text(f, ": ");
        ch__piece_node(f, node->as.param.type, indent);
    }
    if (node->as.param.default_value) {
        ch__piece_text(f, " = ");
        ch__piece_node(f, node->as.param.default_value, indent);
    }
}

/* A named value is written `name value` in skills, `name: value` elsewhere. */
static bool has_colon(const ChFormatter *f, const ChNode *node) {
    uint32_t from = node->as.named_value.name.range.end, to = node->as.named_value.value->start;
    for (uint32_t i = from; i < to; i++)
        if (f->tree->source->text.data[i] == ':') return true;
    return false;
}

static void pattern_item(ChFormatter *f, const ChNode *node, uint32_t indent) {
    if (node->flags & CH_FLAG_REST) ch__piece_text(f, "...");
    if (node->kind == CH_NODE_PATTERN_FIELD && node->as.pattern_item.key.text.length &&
        !ch_str_equal(node->as.pattern_item.key.text, node->as.pattern_item.name.text)) {
        ch__piece_str(f, node->as.pattern_item.key.text);
        ch__piece_text(f, ": ");
    }
    ch__piece_str(f, node->as.pattern_item.name.text);
    if (node->as.pattern_item.default_value) {
        ch__piece_text(f, " = ");
        ch__piece_node(f, node->as.pattern_item.default_value, indent);
    }
}

bool ch__expand_decl(ChFormatter *f, const ChNode *node, uint32_t indent) {
    switch (node->kind) {
    case CH_NODE_PIPELINE: expand_pipeline(f, node, indent); break;
    case CH_NODE_FN:
    case CH_NODE_INTERFACE_METHOD: expand_fn(f, node, indent); break;
    case CH_NODE_TOOL: expand_tool(f, node, indent); break;
    case CH_NODE_SKILL: named_lines(f, node, "skill ", (ChNodeList){0}, node->as.skill.fields, indent); break;
    case CH_NODE_EVAL_PACK: expand_eval_pack(f, node, indent); break;
    case CH_NODE_OVERRIDE:
        begin(f, node, indent);
        ch__piece_text(f, "override ");
        ch__piece_str(f, node->as.override.decl.name.text);
        params(f, node, node->as.override.params, indent);
        body(f, node->as.override.body, indent);
        break;
    case CH_NODE_IMPORT: expand_import(f, node, indent); break;
    case CH_NODE_IMPORT_NAME:
    case CH_NODE_PATTERN_NAME: ch__piece_str(f, node->as.name.name.text); break;
    case CH_NODE_STRUCT:
        named_lines(f, node, "struct ", node->as.struct_.type_params, node->as.struct_.fields, indent);
        break;
    case CH_NODE_ENUM:
        named_lines(f, node, "enum ", node->as.enum_.type_params, node->as.enum_.variants, indent);
        break;
    case CH_NODE_STRUCT_FIELD:
    case CH_NODE_TYPE_FIELD: field(f, node, indent); break;
    case CH_NODE_ENUM_VARIANT:
        ch__piece_str(f, node->as.variant.name.text);
        if (node->as.variant.fields.count || ch__has_comment(f, node, CH__LAST))
            params(f, node, node->as.variant.fields, indent);
        break;
    case CH_NODE_INTERFACE: expand_interface(f, node, indent); break;
    case CH_NODE_INTERFACE_TYPE:
        ch__piece_text(f, "type ");
        ch__piece_str(f, node->as.field.name.text);
        if (node->as.field.type) {
            ch__piece_text(f, " = ");
            ch__piece_node(f, node->as.field.type, indent);
        }
        break;
    case CH_NODE_IMPL: named_lines(f, node, "impl ", (ChNodeList){0}, node->as.impl.methods, indent); break;
    case CH_NODE_TYPE_ALIAS:
        heading(f, node, "type ", node->as.type_alias.type_params, indent);
        ch__piece_text(f, " = ");
        ch__piece_node(f, node->as.type_alias.type, indent);
        break;
    case CH_NODE_LET: expand_binding(f, node, "let ", indent); break;
    case CH_NODE_VAR: expand_binding(f, node, "var ", indent); break;
    case CH_NODE_CONST: expand_binding(f, node, "const ", indent); break;
    case CH_NODE_ATTRIBUTE: expand_attribute(f, node, indent); break;
    case CH_NODE_PARAM: expand_param(f, node, indent); break;
    case CH_NODE_TYPE_PARAM:
        if (node->as.type_param.variance != CH_VARIANCE_NONE)
            ch__piece_text(f, node->as.type_param.variance == CH_VARIANCE_IN ? "in " : "out ");
        ch__piece_str(f, node->as.type_param.name.text);
        break;
    case CH_NODE_WHERE:
        ch__piece_str(f, node->as.where.name.text);
        ch__piece_text(f, ": ");
        ch__piece_str(f, node->as.where.bound.text);
        break;
    case CH_NODE_NAMED_VALUE:
        ch__piece_str(f, node->as.named_value.name.text);
        ch__piece_text(f, has_colon(f, node) ? ": " : " ");
        ch__piece_node(f, node->as.named_value.value, indent);
        break;
    case CH_NODE_PATTERN_DICT:
        ch__piece_text(f, "{");
        ch__expand_commas(f, node->as.list.items, indent);
        ch__piece_text(f, "}");
        break;
    case CH_NODE_PATTERN_LIST:
        ch__piece_text(f, "[");
        ch__expand_commas(f, node->as.list.items, indent);
        ch__piece_text(f, "]");
        break;
    case CH_NODE_PATTERN_FIELD:
    case CH_NODE_PATTERN_ELEMENT: pattern_item(f, node, indent); break;
    case CH_NODE_PATTERN_PAIR:
        ch__piece_text(f, "(");
        ch__piece_str(f, node->as.pattern_pair.first.text);
        ch__piece_text(f, ", ");
        ch__piece_str(f, node->as.pattern_pair.second.text);
        ch__piece_text(f, ")");
        break;
    default: return false;
    }
    return true;
}

/* ---- types */

static bool is_nil(const ChNode *type) {
    return type->kind == CH_NODE_TYPE_NAME && ch_str_is(type->as.name.name.text, "nil");
}

/* `T?` stands for a union of nil and one type that ends where it seems to. */
static const ChNode *optional_of(const ChNode *node) {
    ChNodeList items = node->as.list.items;
    if (items.count != 2 || is_nil(items.items[0]) == is_nil(items.items[1])) return NULL;
    const ChNode *type = items.items[is_nil(items.items[0]) ? 1 : 0];
    return type->kind == CH_NODE_TYPE_INTERSECTION || type->kind == CH_NODE_TYPE_FN ||
                   type->kind == CH_NODE_TYPE_UNION
               ? NULL
               : type;
}

static void joined(ChFormatter *f, ChNodeList items, const char *between, uint32_t indent) {
    for (uint32_t i = 0; i < items.count; i++) {
        if (i) ch__piece_text(f, between);
        ch__piece_node(f, items.items[i], indent);
    }
}

bool ch__expand_type(ChFormatter *f, const ChNode *node, uint32_t indent) {
    switch (node->kind) {
    case CH_NODE_TYPE_NAME: ch__piece_str(f, node->as.name.name.text); break;
    case CH_NODE_TYPE_GENERIC:
        ch__piece_str(f, node->as.type_generic.name.text);
        if (!node->as.type_generic.name.text.length) ch__piece_text(f, "list");
        ch__piece_text(f, "<");
        ch__expand_commas(f, node->as.type_generic.args, indent);
        ch__piece_text(f, ">");
        break;
    case CH_NODE_TYPE_UNION: {
        const ChNode *type = optional_of(node);
        if (type) {
            ch__piece_node(f, type, indent);
            ch__piece_text(f, "?");
        } else {
            joined(f, node->as.list.items, " | ", indent);
        }
        break;
    }
    case CH_NODE_TYPE_INTERSECTION: joined(f, node->as.list.items, " & ", indent); break;
    case CH_NODE_TYPE_SHAPE:
        ch__expand_items(f, node, node->as.list.items, "{", "}", indent,
                         ch__layout_of(f, node)->variant & CH__BROKEN);
        break;
    case CH_NODE_TYPE_FN:
        ch__piece_text(f, "fn(");
        ch__expand_commas(f, node->as.type_fn.params, indent);
        ch__piece_text(f, ") -> ");
        ch__piece_node(f, node->as.type_fn.return_type, indent);
        break;
    case CH_NODE_TYPE_STRING: ch__piece_str(f, ch__quoted(f, node->as.string.text)); break;
    case CH_NODE_TYPE_INT:
        ch__piece_str(f, ch_str_format(&f->arena, "%lld", (long long)node->as.integer.value));
        break;
    default: return false;
    }
    return true;
}
