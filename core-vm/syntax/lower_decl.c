/* Reducers of declarations, parameters, binding patterns and attributes. */
#include <string.h>

#include "syntax/lower_int.h"
#include "syntax/syntax.h"

#include "base/banned.h"

static ChNode *reduce_decl(Reduction *r, ChNodeKind kind) {
    ChNode *node = ch__reduce_to(r, kind);
    node->flags |= ch__flag_if(r, CST_KEYWORD_PUB, CH_FLAG_PUB);
    node->as.decl.name = ch__name_at(r, FIELD_name);
    return node;
}

/* `pipeline` and `override` take names only. */
static void require_plain_params(Reduction *r, ChNodeList params, const char *what) {
    for (uint32_t i = 0; i < params.count; i++) {
        ChNode *param = params.items[i];
        if (param->kind != CH_NODE_PARAM) continue;
        const ChNode *extra = param->as.param.type ? param->as.param.type : param->as.param.default_value;
        if (!extra && !(param->flags & CH_FLAG_REST)) continue;
        ChRange range = extra ? ch_node_range(extra) : ch_node_range(param);
        ChDiagnostic *diagnostic = ch__syntax_error(r->lower, range, "parameter name",
                                                    param->flags & CH_FLAG_REST ? "`...`"
                                                    : param->as.param.type      ? ":"
                                                                                : "=");
        ch_diagnostic_help(&r->lower->tree->diagnostics, diagnostic,
                           "parameters of %s have neither type nor default", what);
    }
}

void ch__reduce_pipeline(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_PIPELINE);
    node->as.pipeline.params = ch__list_at(r, FIELD_params);
    node->as.pipeline.return_type = ch__node_at(r, FIELD_return_type);
    node->as.pipeline.extends = ch__name_at(r, FIELD_extends);
    node->as.pipeline.body = ch__node_at(r, FIELD_body);
    require_plain_params(r, node->as.pipeline.params, "a pipeline");
}

void ch__reduce_override(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_OVERRIDE);
    node->as.override.params = ch__list_at(r, FIELD_params);
    node->as.override.body = ch__node_at(r, FIELD_body);
    require_plain_params(r, node->as.override.params, "an override");
}

void ch__reduce_fn(Reduction *r) {
    ChNode *node = reduce_decl(r, r->cst == CST_FN ? CH_NODE_FN : CH_NODE_INTERFACE_METHOD);
    node->flags |= ch__flag_if(r, CST_KEYWORD_GEN, CH_FLAG_GEN);
    node->as.fn.type_params = ch__list_at(r, FIELD_type_params);
    node->as.fn.params = ch__list_at(r, FIELD_params);
    node->as.fn.return_type = ch__node_at(r, FIELD_return_type);
    node->as.fn.where = ch__list_at(r, FIELD_where_clause);
    node->as.fn.body = ch__node_at(r, FIELD_body);
}

void ch__reduce_where(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_WHERE);
    node->as.where.name = ch__name_at(r, FIELD_type);
    node->as.where.bound = ch__name_at(r, FIELD_bound);
}

void ch__reduce_tool_description(Reduction *r) {
    ch__pass(r, ch__kid(r, FIELD_value));
}

void ch__reduce_tool(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_TOOL);
    node->as.tool.params = ch__list_at(r, FIELD_params);
    node->as.tool.return_type = ch__node_at(r, FIELD_return_type);
    const Entry *body = ch__kid(r, FIELD_body);
    node->as.tool.body = ch__node_of(r, body);
    /* The block leaves the description to us, in its list. */
    if (body && body->list.count) {
        const ChNode *description = body->list.items[0];
        if (description->kind == CH_NODE_STRING) {
            node->as.tool.has_description = true;
            node->as.tool.description = description->as.string.text;
        } else {
            ch__syntax_error(r->lower, ch_node_range(description), "a description without interpolation",
                             NULL);
        }
    }
}

void ch__reduce_named_value(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_NAMED_VALUE);
    node->as.named_value.name = ch__name_at(r, FIELD_name);
    node->as.named_value.value = ch__node_at(r, FIELD_value);
}

void ch__reduce_skill(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_SKILL);
    node->as.skill.fields = ch__nodes_of(r, FIELD_fields);
}

/* The name under which a pack without a name is bound: its id in lower case, every run
 * of other characters one underscore; prefixed where that is no name. */
static ChStr binding_of_pack_id(ChArena *arena, ChStr id) {
    char *out = ch_arena_alloc(arena, id.length + 1u);
    uint32_t length = 0;
    for (uint32_t i = 0; i < id.length; i++) {
        char byte = id.data[i];
        if (byte >= 'A' && byte <= 'Z') byte = (char)(byte - 'A' + 'a');
        bool keeps = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
        if (keeps)
            out[length++] = byte;
        else if (!(length && out[length - 1] == '_' && id.data[i - 1] != '_'))
            out[length++] = '_';
    }
    while (length && out[length - 1] == '_')
        length--;
    uint32_t start = 0;
    while (start < length && out[start] == '_')
        start++;
    ChStr name = ch_str_slice(out + start, length - start);
    if (name.length && !(name.data[0] >= '0' && name.data[0] <= '9') && !ch_syntax_is_keyword(name))
        return name;
    return ch_str_format(arena, "eval_pack_%.*s", CH_STR_ARG(name));
}

void ch__reduce_summarize(Reduction *r) {
    ch__pass(r, ch__kid(r, FIELD_body));
}

void ch__reduce_eval_pack(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_EVAL_PACK);
    ChArena *arena = &r->lower->tree->arena;
    const Entry *id = ch__kid(r, FIELD_id);
    ChNode *text = ch__node_of(r, id);
    if (text && text->kind == CH_NODE_STRING)
        node->as.eval_pack.pack_id = text->as.string.text;
    else if (text)
        ch__syntax_error(r->lower, ch_node_range(text), "eval_pack name or string id", NULL);
    if (!ch__kid(r, FIELD_name)) {
        node->as.decl.name.text = binding_of_pack_id(arena, node->as.eval_pack.pack_id);
        if (id) node->as.decl.name.range = (ChRange){id->start, id->end};
    } else if (!text) {
        node->as.eval_pack.pack_id = node->as.decl.name.text;
    }
    ChNode *body = ch__node_new(r->lower, CH_NODE_BLOCK, r->end, r->end);
    ChNodeList *fields = &node->as.eval_pack.fields, *statements = &body->as.block.statements;
    fields->items = CH_ARENA_ARRAY(arena, ChNode *, r->count);
    statements->items = CH_ARENA_ARRAY(arena, ChNode *, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        const Entry *kid = &r->kids[i];
        ChNode *item = kid == id ? NULL : kid->node;
        if (!item) continue;
        if (kid->cst == CST_FIELD_ENTRY) {
            fields->items[fields->count++] = item;
        } else if (kid->cst == CST_SUMMARIZE) {
            if (node->as.eval_pack.summarize)
                ch__syntax_error(r->lower, (ChRange){kid->start, kid->start + 9}, "one summarize block",
                                 "duplicate summarize block");
            node->as.eval_pack.summarize = item;
        } else {
            if (!statements->count) body->start = item->start;
            body->end = item->end;
            statements->items[statements->count++] = item;
        }
    }
    node->as.eval_pack.body = body;
}

void ch__reduce_import(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_IMPORT);
    ChArena *arena = &r->lower->tree->arena;
    node->flags |= ch__flag_if(r, CST_KEYWORD_PUB, CH_FLAG_PUB);
    const Entry *path = ch__kid(r, FIELD_path);
    node->as.import.path = ch__name_of(r, path);
    if (path && path->cst == CST_SCOPED_PATH) {
        node->flags |= CH_FLAG_SCOPED | CH_FLAG_SELECTIVE;
        ChBuffer joined = {0};
        ChStr text = ch__entry_text(r->lower, path);
        for (uint32_t i = 0; i < text.length; i++) {
            char byte = text.data[i];
            if (byte == ':' && i + 1 < text.length)
                ch_buffer_add_text(&joined,
                                   joined.length && joined.data[joined.length - 1] != '/' ? "/" : "");
            else if (byte != ':' && byte != ' ' && byte != '\t')
                ch_buffer_add_byte(&joined, byte);
        }
        ChStr whole = ch_buffer_view(&joined);
        if (whole.length && whole.data[whole.length - 1] == '/') whole.length--;
        node->as.import.path.text = ch_str_copy(arena, whole);
        ch_buffer_release(&joined);
    } else if (path && path->node && path->node->kind == CH_NODE_STRING) {
        node->as.import.path.text = path->node->as.string.text;
    } else if (path && path->node) {
        node->as.import.path.text = (ChStr){0};
        ch__syntax_error(r->lower, ch_node_range(path->node), "import path string", NULL);
    }
    ChNodeList *names = &node->as.import.names;
    names->items = CH_ARENA_ARRAY(arena, ChNode *, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        const Entry *kid = &r->kids[i];
        if (kid->cst == CST_TOKEN && kid->end - kid->start == 1 && r->lower->text[kid->start] == '{')
            node->flags |= CH_FLAG_SELECTIVE;
        if (kid->field != FIELD_names || kid->is_missing) continue;
        ChNode *name = ch__node_new(r->lower, CH_NODE_IMPORT_NAME, kid->start, kid->end);
        name->as.name.name = ch__name_of(r, kid);
        names->items[names->count++] = name;
    }
}

void ch__reduce_struct(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_STRUCT);
    node->as.struct_.type_params = ch__list_at(r, FIELD_type_params);
    node->as.struct_.fields = ch__nodes_of(r, FIELD_fields);
}

void ch__reduce_field(Reduction *r) {
    ChNodeKind kind = r->cst == CST_STRUCT_FIELD  ? CH_NODE_STRUCT_FIELD
                      : r->cst == CST_SHAPE_FIELD ? CH_NODE_TYPE_FIELD
                                                  : CH_NODE_INTERFACE_TYPE;
    ChNode *node = ch__reduce_to(r, kind);
    if (ch__kid(r, FIELD_optional)) node->flags |= CH_FLAG_OPTIONAL;
    node->as.field.name = ch__name_at(r, FIELD_name);
    node->as.field.type = ch__node_at(r, FIELD_type);
}

void ch__reduce_enum(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_ENUM);
    node->as.enum_.type_params = ch__list_at(r, FIELD_type_params);
    node->as.enum_.variants = ch__nodes_of(r, FIELD_variants);
}

void ch__reduce_enum_variant(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_ENUM_VARIANT);
    node->as.variant.name = ch__name_at(r, FIELD_name);
    node->as.variant.fields = ch__list_at(r, FIELD_params);
}

void ch__reduce_interface(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_INTERFACE);
    ChArena *arena = &r->lower->tree->arena;
    node->as.interface.type_params = ch__list_at(r, FIELD_type_params);
    ChNodeList *types = &node->as.interface.types, *methods = &node->as.interface.methods;
    types->items = CH_ARENA_ARRAY(arena, ChNode *, r->count);
    methods->items = CH_ARENA_ARRAY(arena, ChNode *, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        ChNode *member = r->kids[i].field == FIELD_members ? r->kids[i].node : NULL;
        if (!member) continue;
        if (member->kind == CH_NODE_INTERFACE_TYPE)
            types->items[types->count++] = member;
        else
            methods->items[methods->count++] = member;
    }
}

void ch__reduce_impl(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_IMPL);
    node->as.decl.name = ch__name_at(r, FIELD_type);
    node->as.impl.methods = ch__nodes_of(r, FIELD_methods);
}

void ch__reduce_type_alias(Reduction *r) {
    ChNode *node = reduce_decl(r, CH_NODE_TYPE_ALIAS);
    node->as.type_alias.type_params = ch__list_at(r, FIELD_type_params);
    node->as.type_alias.type = ch__node_at(r, FIELD_type);
}

/* ---- attributes */

void ch__reduce_attributed(Reduction *r) {
    ch__pass(r, ch__kid(r, FIELD_declaration));
    ChNodeList attributes = {0};
    attributes.items = CH_ARENA_ARRAY(&r->lower->tree->arena, ChNode *, r->count);
    for (uint32_t i = 0; i < r->count; i++)
        if (r->kids[i].cst == CST_ATTRIBUTE && r->kids[i].node)
            attributes.items[attributes.count++] = r->kids[i].node;
    if (r->node && ch_node_is_decl(r->node)) r->node->as.decl.attributes = attributes;
}

void ch__reduce_attribute(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_ATTRIBUTE);
    node->as.attribute.name = ch__name_at(r, FIELD_name);
    node->as.attribute.args = ch__nodes_of(r, FIELD_args);
}

/* A dotted name: MEMBERs down to an IDENTIFIER. */
static bool is_dotted_name(const ChNode *node) {
    while (node && node->kind == CH_NODE_MEMBER && !(node->flags & CH_FLAG_OPTIONAL))
        node = node->as.member.object;
    return node && node->kind == CH_NODE_IDENTIFIER;
}

/* Attribute values are data, never evaluated: what looks like an expression is brought
 * into the few forms that ast.h promises, in place (each new form is the smaller one).
 * Returns the node that is no value, or NULL. */
static ChNode *normalize_attribute_value(Reduction *r, ChNode *root) {
    CH_ARRAY_OF(ChNode *) todo = {0};
    ChNode *bad = NULL;
    ch_array_push(&todo, root);
    while (todo.count && !bad) {
        ChNode *node = ch_array_pop(&todo);
        ChRange range = {node->start, node->end};
        if (node->kind == CH_NODE_MEMBER && is_dotted_name(node)) {
            node->kind = CH_NODE_IDENTIFIER;
            node->as.name.name = (ChName){ch_source_text(r->lower->tree->source, range), range};
        } else if (node->kind == CH_NODE_METHOD_CALL && is_dotted_name(node->as.method_call.object) &&
                   !(node->flags & CH_FLAG_OPTIONAL)) {
            ChRange name = {node->start, node->as.method_call.name.range.end};
            ChNode *callee = ch__node_new(r->lower, CH_NODE_IDENTIFIER, name.start, name.end);
            callee->as.name.name = (ChName){ch_source_text(r->lower->tree->source, name), name};
            ChNodeList args = node->as.method_call.args;
            node->kind = CH_NODE_CALL;
            node->as.call.callee = callee;
            node->as.call.type_args = (ChNodeList){0};
            node->as.call.args = args;
            for (uint32_t i = 0; i < args.count; i++)
                ch_array_push(&todo, args.items[i]);
        } else if (node->kind == CH_NODE_UNARY && node->as.unary.op == CH_OPERATOR_NEGATE &&
                   node->as.unary.operand && node->as.unary.operand->kind == CH_NODE_INT) {
            int64_t value = node->as.unary.operand->as.integer.value;
            node->kind = CH_NODE_INT;
            node->as.integer.value = -value;
        } else if (node->kind == CH_NODE_UNARY && node->as.unary.op == CH_OPERATOR_NEGATE &&
                   node->as.unary.operand && node->as.unary.operand->kind == CH_NODE_FLOAT) {
            double value = node->as.unary.operand->as.number.value;
            node->kind = CH_NODE_FLOAT;
            node->as.number.value = -value;
        } else {
            switch (node->kind) {
            case CH_NODE_NIL:
            case CH_NODE_BOOL:
            case CH_NODE_INT:
            case CH_NODE_FLOAT:
            case CH_NODE_DURATION:
            case CH_NODE_STRING:
            case CH_NODE_IDENTIFIER: continue;
            case CH_NODE_LIST:
            case CH_NODE_DICT:
            case CH_NODE_DICT_ENTRY: break;
            case CH_NODE_CALL:
                if (node->as.call.callee && node->as.call.callee->kind == CH_NODE_IDENTIFIER) break;
                bad = node;
                continue;
            default: bad = node; continue;
            }
            ChNodeIter children = ch_node_iter(node);
            for (ChNode *child; (child = ch_node_next(&children));)
                ch_array_push(&todo, child);
        }
    }
    ch_array_release(&todo);
    return bad;
}

void ch__reduce_attribute_arg(Reduction *r) {
    ChNode *value = ch__node_at(r, FIELD_value);
    ChNode *bad = value ? normalize_attribute_value(r, value) : NULL;
    if (bad && !r->has_error)
        ch__syntax_error(r->lower, ch_node_range(bad), "attribute argument value", NULL);
    if (!ch__kid(r, FIELD_name)) {
        r->node = value;
        return;
    }
    ChNode *node = ch__reduce_to(r, CH_NODE_NAMED_VALUE);
    node->as.named_value.name = ch__name_at(r, FIELD_name);
    node->as.named_value.value = value;
}

/* ---- parameters */

void ch__reduce_type_param(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_TYPE_PARAM);
    node->as.type_param.name = ch__name_at(r, FIELD_name);
    const Entry *variance = ch__kid(r, FIELD_variance);
    if (variance)
        node->as.type_param.variance =
            r->lower->text[variance->start] == 'i' ? CH_VARIANCE_IN : CH_VARIANCE_OUT;
}

void ch__reduce_param(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_PARAM);
    if (r->cst == CST_REST_PARAM) node->flags |= CH_FLAG_REST;
    node->as.param.name = ch__name_at(r, FIELD_name);
    node->as.param.type = ch__node_at(r, FIELD_type);
    node->as.param.default_value = ch__node_at(r, FIELD_default_value);
}

void ch__reduce_parameters(Reduction *r) {
    r->list = ch__parts_of(r);
    const ChNode *first_default = NULL;
    for (uint32_t i = 0; i < r->list.count; i++) {
        const ChNode *param = r->list.items[i];
        if (param->kind != CH_NODE_PARAM) continue;
        ChDiagnosticList *list = &r->lower->tree->diagnostics;
        if (param->flags & CH_FLAG_REST) {
            if (i + 1 < r->list.count)
                ch__syntax_error(r->lower, ch_node_range(param), "Rest parameter must be the last parameter",
                                 ",");
        } else if (param->as.param.default_value) {
            first_default = first_default ? first_default : param;
        } else if (first_default) {
            ChDiagnostic *diagnostic =
                ch__syntax_error(r->lower, ch_node_range(param),
                                 "Required parameter cannot follow a parameter with a default value",
                                 i + 1 < r->list.count ? "," : ")");
            ch_diagnostic_note(list, diagnostic, NULL, ch_node_range(first_default),
                               "the first parameter with a default is here");
            ch_diagnostic_help(list, diagnostic, "give `%.*s` a default, or put it before `%.*s`",
                               CH_STR_ARG(param->as.param.name.text),
                               CH_STR_ARG(first_default->as.param.name.text));
        }
    }
}

/* ---- binding patterns */

void ch__reduce_pair_pattern(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_PATTERN_PAIR);
    node->as.pattern_pair.first = ch__name_at(r, FIELD_first);
    node->as.pattern_pair.second = ch__name_at(r, FIELD_second);
}

void ch__reduce_pattern_item(Reduction *r) {
    bool is_field = r->cst == CST_DICT_PATTERN_FIELD;
    ChNode *node = ch__reduce_to(r, is_field ? CH_NODE_PATTERN_FIELD : CH_NODE_PATTERN_ELEMENT);
    if (is_field) {
        node->as.pattern_item.key = ch__name_at(r, FIELD_key);
        node->as.pattern_item.name =
            ch__kid(r, FIELD_alias) ? ch__name_at(r, FIELD_alias) : node->as.pattern_item.key;
    } else {
        node->as.pattern_item.name = ch__name_at(r, FIELD_name);
    }
    node->as.pattern_item.default_value = ch__node_at(r, FIELD_default_value);
}

/* Whether it rests in a dict or a list is known to the pattern around it. */
void ch__reduce_rest_pattern(Reduction *r) {
    ChNode *node = ch__reduce_to(r, CH_NODE_PATTERN_ELEMENT);
    node->flags |= CH_FLAG_REST;
    node->as.pattern_item.name = ch__name_at(r, FIELD_name);
}

void ch__reduce_pattern_list(Reduction *r) {
    bool is_dict = r->cst == CST_DICT_PATTERN;
    ChNode *node = ch__reduce_to(r, is_dict ? CH_NODE_PATTERN_DICT : CH_NODE_PATTERN_LIST);
    ChNodeList items = ch__parts_of(r);
    node->as.list.items = items;
    for (uint32_t i = 0; i < items.count; i++) {
        if (!(items.items[i]->flags & CH_FLAG_REST)) continue;
        if (is_dict) {
            items.items[i]->kind = CH_NODE_PATTERN_FIELD;
            items.items[i]->as.pattern_item.key = items.items[i]->as.pattern_item.name;
        }
        if (i + 1 < items.count)
            ch__syntax_error(r->lower, ch_node_range(items.items[i + 1]), is_dict ? "}" : "]", NULL);
    }
}
