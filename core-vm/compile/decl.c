// Declarations: functions, structs, enums, interfaces, impls, tools, skills, eval packs, and what their attributes
// register.
//
// At the top level of a file a name is a slot of the module. What needs nothing of its surroundings is hoisted: its
// instructions stand in front of the module's code.
#include "compile/compile_int.h"

void ch__hoist(ChCompiler *c, ChOp op, uint8_t x, uint32_t a, uint32_t bc)
{
    ch_array_push(&c->hoisted, (ChInstr){.op = (uint8_t)op, .x = x, .a = (uint16_t)a, .b = (uint16_t)(bc & 0xffff),
                                         .c = (uint16_t)(bc >> 16)});
}

static bool attribute_is(const ChNode *attribute, const char *name)
{
    return ch_str_is(attribute->as.attribute.name.text, name);
}

static bool has_attribute(const ChNode *node, const char *name)
{
    for (uint32_t i = 0; i < node->as.decl.attributes.count; i++) {
        if (attribute_is(node->as.decl.attributes.items[i], name)) return true;
    }
    return false;
}

static ChFnSpec fn_spec(const ChNode *node)
{
    return (ChFnSpec){
        .name = node->as.decl.name.text,
        .params = node->as.fn.params,
        .type_params = node->as.fn.type_params,
        .body = node->as.fn.body,
        .flags = (node->flags & CH_FLAG_GEN) ? CH_PROTO_STREAM : 0,
        .is_step = has_attribute(node, "step") || has_attribute(node, "persona"),
        .start = node->start,
        .end = node->end,
    };
}

// A closure under a name that never changes: a slot at the top level, else a register.
static void declare_closure(ChFn *fn, ChStr name, const ChProto *proto)
{
    if (fn->at_module_level) {
        uint32_t slot = ch__slot(fn->c, name, false, false, true);
        if (!proto->capture_count) {
            ch__hoist(fn->c, CH_OP_CLOSURE, 0, fn->c->hoist_reg, proto->index);
            ch__hoist(fn->c, CH_OP_SET_MODULE, CH_X_FREE_A, fn->c->hoist_reg, slot);
            return;
        }
        uint32_t reg = ch__push(fn);
        ch__emit_bc(fn, CH_OP_CLOSURE, 0, reg, proto->index);
        ch__emit_bc(fn, CH_OP_SET_MODULE, CH_X_FREE_A, reg, slot);
        ch__pop_to(fn, reg);
        return;
    }
    uint32_t reg = ch__push(fn);
    ch__emit_bc(fn, CH_OP_CLOSURE, 0, reg, proto->index);
    ChBinding *binding = ch__declare(fn, name, reg, false);
    if (binding) binding->is_function = true;
}

// The value on top gets a name that never changes.
static void declare_value(ChFn *fn, ChStr name, uint32_t reg)
{
    if (fn->at_module_level) {
        ch__emit_bc(fn, CH_OP_SET_MODULE, CH_X_FREE_A, reg, ch__slot(fn->c, name, false, false, false));
        ch__pop_to(fn, reg);
    } else {
        ch__declare(fn, name, reg, false);
    }
}

static bool is_redeclared(ChFn *fn, const ChNode *node)
{
    if (!fn->at_module_level) return false;
    ChMapEntry *entry = ch_map_find(&fn->c->functions, node->as.decl.name.text);
    return entry && entry->value.pointer != node;
}

void ch__fn_decl(ChFn *fn, const ChNode *node)
{
    ChFnSpec spec = fn_spec(node);
    if (is_redeclared(fn, node)) {
        ChStr text = ch_str_format(fn->c->arena,
                                   "Cannot redeclare immutable variable '%.*s' in the same scope (use 'var' for "
                                   "mutable bindings)",
                                   CH_STR_ARG(spec.name));
        ch__emit_bc(fn, CH_OP_THROW_TEXT, 0, CH_THROW_RUNTIME, ch__constant_text(fn, text));
        return;
    }
    spec.binds_self = !fn->at_module_level;
    uint32_t offset = fn->offset;
    bool statement = fn->statement;
    const ChProto *proto = ch__function(fn, &spec);
    fn->offset = offset;
    fn->statement = statement;
    declare_closure(fn, spec.name, proto);
}

// ---- types

static uint32_t add_decl(ChCompiler *c, ChChunkDecl decl)
{
    decl.name = ch_str_copy(c->arena, decl.name);
    ch_array_push(&c->decls, decl);
    return c->decls.count - 1;
}

static ChChunkDecl new_decl(ChCompiler *c, ChChunkDeclKind kind, ChStr name, uint32_t count)
{
    uint32_t room = count ? count : 1;
    return (ChChunkDecl){.kind = kind,
                         .name = name,
                         .names = CH_ARENA_ARRAY(c->arena, ChStr, room),
                         .numbers = CH_ARENA_ARRAY(c->arena, uint32_t, room),
                         .types = CH_ARENA_ARRAY(c->arena, uint32_t, room),
                         .count = count};
}

void ch__enum_decl(ChFn *fn, const ChNode *node)
{
    ChCompiler *c = fn->c;
    const ChNodeList *variants = &node->as.enum_.variants;
    ChChunkDecl decl = new_decl(c, CH_DECL_ENUM, node->as.decl.name.text, variants->count);
    for (uint32_t i = 0; i < variants->count; i++) {
        decl.names[i] = ch_str_copy(c->arena, variants->items[i]->as.variant.name.text);
        decl.numbers[i] = variants->items[i]->as.variant.fields.count;
    }
    ch__hoist(c, CH_OP_DECLARE, 0, c->hoist_reg, add_decl(c, decl));
}

void ch__interface_decl(ChFn *fn, const ChNode *node)
{
    ChCompiler *c = fn->c;
    const ChNodeList *methods = &node->as.interface.methods;
    ChChunkDecl decl = new_decl(c, CH_DECL_INTERFACE, node->as.decl.name.text, methods->count);
    for (uint32_t i = 0; i < methods->count; i++) {
        decl.names[i] = ch_str_copy(c->arena, methods->items[i]->as.decl.name.text);
    }
    ch__hoist(c, CH_OP_DECLARE, 0, c->hoist_reg, add_decl(c, decl));
}

// The constructor Name({...}).
static const ChProto *constructor(ChFn *parent, const ChNode *node)
{
    ChCompiler *c = parent->c;
    ChProto *proto = CH_ARENA_NEW(c->arena, ChProto);
    *proto = (ChProto){.name = ch_str_copy(c->arena, node->as.decl.name.text), .index = c->protos.count,
                       .param_count = 1, .required_count = 1, .start_offset = node->start, .end_offset = node->end};
    if (c->options->kind == CH_COMPILE_PRELUDE) proto->flags |= CH_PROTO_PRELUDE;
    proto->params = CH_ARENA_NEW(c->arena, ChParam);
    proto->params[0].name = CH_STR("__fields");
    ch_array_push(&c->protos, proto);
    ChFn *fn = ch__fn_new(c, parent, proto);
    ch__at(fn, node->start);
    uint32_t fields = ch__push(fn);
    uint32_t index = ch__constant_names(fn, CH_CONST_STRUCT, proto->name, NULL, 0);
    if (index > UINT16_MAX) ch__compile_error(c, ch_node_range(node), "too many different constants in one file");
    ch__emit(fn, CH_OP_STRUCT_FROM, CH_X_FREE_B, fields, fields, index);
    ch__emit(fn, CH_OP_RETURN, 0, fields, 0, 0);
    ch__fn_finish(fn);
    ch__fn_free(fn);
    return proto;
}

void ch__struct_decl(ChFn *fn, const ChNode *node)
{
    ChCompiler *c = fn->c;
    const ChNodeList *fields = &node->as.struct_.fields;
    ChChunkDecl decl = new_decl(c, CH_DECL_STRUCT, node->as.decl.name.text, fields->count);
    for (uint32_t i = 0; i < fields->count; i++) {
        decl.names[i] = ch_str_copy(c->arena, fields->items[i]->as.field.name.text);
        decl.numbers[i] = (fields->items[i]->flags & CH_FLAG_OPTIONAL) ? 1 : 0;
        decl.types[i] = ch__rt_type(c, fields->items[i]->as.field.type, &node->as.struct_.type_params, false);
    }
    ch__hoist(c, CH_OP_DECLARE, 0, c->hoist_reg, add_decl(c, decl));
    declare_closure(fn, node->as.decl.name.text, constructor(fn, node));
}

void ch__impl_decl(ChFn *fn, const ChNode *node)
{
    ChCompiler *c = fn->c;
    const ChNodeList *methods = &node->as.impl.methods;
    uint32_t mark = fn->free_reg;
    bool captures = false;
    uint32_t offset = fn->offset;
    bool statement = fn->statement;
    ChChunkDecl decl = new_decl(c, CH_DECL_IMPL, node->as.decl.name.text, methods->count);
    for (uint32_t i = 0; i < methods->count; i++) {
        ChFnSpec spec = fn_spec(methods->items[i]);
        decl.names[i] = ch_str_copy(c->arena, spec.name);
        spec.name = ch_str_format(c->arena, "%.*s.%.*s", CH_STR_ARG(decl.name), CH_STR_ARG(spec.name));
        spec.flags |= CH_PROTO_METHOD;
        const ChProto *proto = ch__function(fn, &spec);
        decl.numbers[i] = proto->index;
        captures |= proto->capture_count > 0;
    }
    fn->offset = offset;
    fn->statement = statement;
    uint32_t index = add_decl(c, decl);
    bool hoists = fn->at_module_level && !captures;
    for (uint32_t i = 0; i < methods->count; i++) {
        uint32_t reg = ch__push(fn);
        if (hoists) {
            ch__hoist(c, CH_OP_CLOSURE, 0, c->hoist_reg + i, decl.numbers[i]);
        } else {
            ch__emit_bc(fn, CH_OP_CLOSURE, 0, reg, decl.numbers[i]);
        }
    }
    if (hoists) {
        ch__hoist(c, CH_OP_DECLARE, 0, c->hoist_reg, index);
    } else {
        ch__emit_bc(fn, CH_OP_DECLARE, 0, mark, index);
    }
    ch__pop_to(fn, mark);
}

// ---- tools, skills, eval packs

// A record whose keys come one by one: the values stand from `base` on.
typedef struct Fields {
    CH_ARRAY_OF(ChStr) names;
    uint32_t base;
} Fields;

static Fields fields_begin(ChFn *fn) { return (Fields){.base = fn->free_reg}; }

static uint32_t fields_add(ChFn *fn, Fields *fields, ChStr name)
{
    for (uint32_t i = 0; i < fields->names.count; i++) {
        if (ch_str_equal(fields->names.items[i], name)) return fields->base + i; // the last one counts
    }
    ch_array_push(&fields->names, name);
    return ch__push(fn);
}

static void fields_end(ChFn *fn, Fields *fields, uint32_t dst)
{
    uint32_t index = ch__constant_names(fn, CH_CONST_NAMES, (ChStr){0}, fields->names.items, fields->names.count);
    if (index > UINT16_MAX) {
        ch__compile_error(fn->c, (ChRange){fn->offset, fn->offset}, "too many different constants in one file");
    }
    if (fields->names.count) {
        ch__emit(fn, CH_OP_NEW_RECORD, 0, dst, fields->base, index);
    } else {
        ch__emit(fn, CH_OP_NEW_DICT, 0, dst, 0, 0);
    }
    ch__pop_to(fn, fields->base);
    ch_array_release(&fields->names);
}

static void registry(ChFn *fn, const char *builtin, uint32_t dst)
{
    ch__call_named(fn, ch_str_of(builtin), dst, 0, dst);
}

static void tool_parameter(ChFn *fn, const ChNode *param, uint32_t dst)
{
    const ChNode *type = param->as.param.type;
    if (!type || !ch__json_schema_to(fn, type, dst)) {
        Fields fields = fields_begin(fn);
        ch__load_text(fn, fields_add(fn, &fields, CH_STR("type")), CH_STR("any"));
        fields_end(fn, &fields, dst);
    }
    if (!param->as.param.default_value) return;
    Fields extra = fields_begin(fn);
    ch__load_constant(fn, fields_add(fn, &extra, CH_STR("required")), (ChConst){.kind = CH_CONST_FALSE});
    ch__expr_to(fn, param->as.param.default_value, fields_add(fn, &extra, CH_STR("default")));
    uint32_t reg = extra.base;
    fields_end(fn, &extra, reg);
    ch__emit(fn, CH_OP_DICT_SPREAD, CH_X_FREE_B, dst, reg, 0);
}

void ch__tool_decl(ChFn *fn, const ChNode *node)
{
    ChStr name = node->as.decl.name.text;
    uint32_t result = ch__push(fn);
    uint32_t base = ch__push(fn);
    registry(fn, "tool_registry", base);
    ch__load_text(fn, ch__push(fn), name);
    ch__load_text(fn, ch__push(fn), node->as.tool.description);
    uint32_t config = ch__push(fn);
    Fields fields = fields_begin(fn);
    uint32_t parameters = fields_add(fn, &fields, CH_STR("parameters"));
    Fields list = fields_begin(fn);
    for (uint32_t i = 0; i < node->as.tool.params.count; i++) {
        const ChNode *param = node->as.tool.params.items[i];
        tool_parameter(fn, param, fields_add(fn, &list, param->as.param.name.text));
    }
    fields_end(fn, &list, parameters);
    ch__closure_to(fn,
                   &(ChFnSpec){.name = name, .params = node->as.tool.params, .body = node->as.tool.body,
                               .returns_value = true, .start = node->start, .end = node->end},
                   fields_add(fn, &fields, CH_STR("handler")));
    if (node->as.tool.return_type) {
        uint32_t returns = ch__push(fn);
        if (ch__json_schema_to(fn, node->as.tool.return_type, returns)) {
            ch_array_push(&fields.names, CH_STR("returns"));
        } else {
            ch__pop_to(fn, returns);
        }
    }
    fields_end(fn, &fields, config);
    ch__at(fn, node->start);
    ch__call_named(fn, CH_STR("tool_define"), base, 4, result);
    ch__pop_to(fn, result + 1);
    declare_value(fn, name, result);
}

void ch__skill_decl(ChFn *fn, const ChNode *node)
{
    uint32_t result = ch__push(fn);
    uint32_t base = ch__push(fn);
    registry(fn, "skill_registry", base);
    ch__load_text(fn, ch__push(fn), node->as.decl.name.text);
    uint32_t config = ch__push(fn);
    Fields fields = fields_begin(fn);
    for (uint32_t i = 0; i < node->as.skill.fields.count; i++) {
        const ChNode *field = node->as.skill.fields.items[i];
        ch__expr_to(fn, field->as.named_value.value, fields_add(fn, &fields, field->as.named_value.name.text));
    }
    fields_end(fn, &fields, config);
    ch__at(fn, node->start);
    ch__call_named(fn, CH_STR("skill_define"), base, 3, result);
    ch__pop_to(fn, result + 1);
    declare_value(fn, node->as.decl.name.text, result);
}

static bool has_field(const ChNodeList *fields, const char *name)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        if (ch_str_is(fields->items[i]->as.named_value.name.text, name)) return true;
    }
    return false;
}

static void pack_field(ChFn *fn, ChStr pack, ChStr name)
{
    uint32_t reg = ch__push(fn);
    ch__load_ref(fn, ch__resolve(fn, pack), pack, reg);
    int32_t key = ch__constant_short(fn, ch__const_text(name));
    ch__emit(fn, CH_OP_GET_FIELD, CH_X_FREE_B, reg, reg, key < 0 ? 0 : (uint32_t)key);
    ch__emit_word(fn, 0);
    ch__declare(fn, name, reg, false);
}

void ch__eval_pack_decl(ChFn *fn, const ChNode *node, bool run_body)
{
    const ChNodeList *given = &node->as.eval_pack.fields;
    ChStr name = node->as.decl.name.text;
    uint32_t result = ch__push(fn);
    uint32_t base = ch__push(fn);
    Fields fields = fields_begin(fn);
    if (!has_field(given, "version")) {
        ch__load_constant(fn, fields_add(fn, &fields, CH_STR("version")), ch__const_int(1));
    }
    if (!has_field(given, "id")) {
        ch__load_text(fn, fields_add(fn, &fields, CH_STR("id")), node->as.eval_pack.pack_id);
    }
    for (uint32_t i = 0; i < given->count; i++) {
        ch__expr_to(fn, given->items[i]->as.named_value.value,
                    fields_add(fn, &fields, given->items[i]->as.named_value.name.text));
    }
    fields_end(fn, &fields, base);
    ch__at(fn, node->start);
    ch__call_named(fn, CH_STR("eval_pack_manifest"), base, 1, result);
    ch__pop_to(fn, result + 1);
    declare_value(fn, name, result);
    const ChNode *body = node->as.eval_pack.body, *summarize = node->as.eval_pack.summarize;
    if (!run_body || ((!body || !body->as.block.statements.count) && !summarize)) return;
    ChScope scope;
    ChCleanup *outer = fn->cleanup;
    ch__scope_open(fn, &scope);
    pack_field(fn, name, CH_STR("id"));
    pack_field(fn, name, CH_STR("version"));
    for (uint32_t i = 0; i < given->count; i++) {
        ChStr field = given->items[i]->as.named_value.name.text;
        if (!ch__bound_here(fn, field)) pack_field(fn, name, field);
    }
    if (body) ch__statements(fn, &body->as.block.statements, CH_NO_REG);
    if (summarize) ch__statements(fn, &summarize->as.block.statements, CH_NO_REG);
    ch__cleanups_close_to(fn, outer);
    ch__scope_close(fn, &scope);
}

// ---- attributes

static void value_text(const ChNode *node, ChBuffer *out);

static void value_texts(const ChNodeList *items, ChBuffer *out)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (i) ch_buffer_add_text(out, ", ");
        value_text(items->items[i], out);
    }
}

// How an attribute's value reads; nesting is bounded by the depth that ch__attribute_value allows.
static void value_text(const ChNode *node, ChBuffer *out)
{
    switch (node->kind) {
    case CH_NODE_STRING: ch_buffer_add_json(out, node->as.string.text); break;
    case CH_NODE_INT: ch_buffer_printf(out, "%lld", (long long)node->as.integer.value); break;
    case CH_NODE_FLOAT: ch_buffer_printf(out, "%g", node->as.number.value); break;
    case CH_NODE_BOOL: ch_buffer_add_text(out, node->as.boolean.value ? "true" : "false"); break;
    case CH_NODE_IDENTIFIER: ch_buffer_add_str(out, node->as.name.name.text); break;
    case CH_NODE_LIST:
        ch_buffer_add_byte(out, '[');
        value_texts(&node->as.list.items, out);
        ch_buffer_add_byte(out, ']');
        break;
    case CH_NODE_CALL:
        value_text(node->as.call.callee, out);
        ch_buffer_add_byte(out, '(');
        value_texts(&node->as.call.args, out);
        ch_buffer_add_byte(out, ')');
        break;
    default: ch_buffer_add_text(out, "nil"); break;
    }
}

// Literals as they are; a bare word stands for its text, a call for how it reads.
void ch__attribute_value(ChFn *fn, const ChNode *node, uint32_t dst)
{
    uint32_t mark = fn->free_reg;
    if (!ch__depth_enter(fn->c, node)) return;
    switch (node->kind) {
    case CH_NODE_IDENTIFIER: ch__load_text(fn, dst, node->as.name.name.text); break;
    case CH_NODE_LIST:
        ch__emit(fn, CH_OP_NEW_LIST, 0, dst, mark, 0);
        for (uint32_t i = 0; i < node->as.list.items.count; i++) {
            uint32_t item = ch__push(fn);
            ch__attribute_value(fn, node->as.list.items.items[i], item);
            ch__emit(fn, CH_OP_LIST_PUSH, CH_X_FREE_B, dst, item, 0);
            ch__pop_to(fn, mark);
        }
        break;
    case CH_NODE_DICT:
        ch__emit(fn, CH_OP_NEW_DICT, 0, dst, 0, 0);
        for (uint32_t i = 0; i < node->as.list.items.count; i++) {
            const ChNode *entry = node->as.list.items.items[i];
            if (entry->kind != CH_NODE_DICT_ENTRY || !entry->as.dict_entry.key || !entry->as.dict_entry.value) continue;
            uint32_t key = ch__push(fn), value = ch__push(fn);
            ch__attribute_value(fn, entry->as.dict_entry.key, key);
            ch__attribute_value(fn, entry->as.dict_entry.value, value);
            ch__emit(fn, CH_OP_DICT_PUT, CH_X_FREE_B | CH_X_FREE_C, dst, key, value);
            ch__pop_to(fn, mark);
        }
        break;
    case CH_NODE_CALL: {
        ChBuffer text = {0};
        value_text(node, &text);
        ch__load_text(fn, dst, ch_buffer_view(&text));
        ch_buffer_release(&text);
        break;
    }
    default: {
        ChConst constant;
        if (ch__fold(fn, node, &constant)) {
            ch__load_constant(fn, dst, constant);
        } else {
            ch__compile_error(fn->c, ch_node_range(node), "attribute argument must be a literal value");
        }
        break;
    }
    }
    fn->c->depth--;
}

static const ChNode *attribute_arg(const ChNode *attribute, const char *name)
{
    const ChNodeList *args = &attribute->as.attribute.args;
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind == CH_NODE_NAMED_VALUE && ch_str_is(args->items[i]->as.named_value.name.text, name)) {
            return args->items[i]->as.named_value.value;
        }
    }
    return NULL;
}

// Every named argument except `name`.
static void attribute_fields(ChFn *fn, const ChNode *attribute, Fields *fields)
{
    const ChNodeList *args = &attribute->as.attribute.args;
    for (uint32_t i = 0; i < args->count; i++) {
        if (args->items[i]->kind != CH_NODE_NAMED_VALUE || !args->items[i]->as.named_value.value) continue;
        ChStr name = args->items[i]->as.named_value.name.text;
        if (ch_str_is(name, "name")) continue;
        ch__attribute_value(fn, args->items[i]->as.named_value.value, fields_add(fn, fields, name));
    }
}

static void load_name(ChFn *fn, ChStr name, uint32_t dst) { ch__load_ref(fn, ch__resolve(fn, name), name, dst); }

static ChStr registered_name(const ChNode *attribute, const ChNode *node)
{
    const ChNode *given = attribute_arg(attribute, "name");
    return given && given->kind == CH_NODE_STRING ? given->as.string.text : node->as.decl.name.text;
}

static void acp_tool(ChFn *fn, const ChNode *attribute, const ChNode *node)
{
    uint32_t base = ch__push(fn);
    registry(fn, "tool_registry", base);
    ch__load_text(fn, ch__push(fn), registered_name(attribute, node));
    ch__load_text(fn, ch__push(fn), CH_STR(""));
    uint32_t config = ch__push(fn);
    Fields fields = fields_begin(fn);
    load_name(fn, node->as.decl.name.text, fields_add(fn, &fields, CH_STR("handler")));
    uint32_t annotations = fields_add(fn, &fields, CH_STR("annotations"));
    Fields inner = fields_begin(fn);
    attribute_fields(fn, attribute, &inner);
    fields_end(fn, &inner, annotations);
    fields_end(fn, &fields, config);
    ch__call_named(fn, CH_STR("tool_define"), base, 4, base);
    ch__pop_to(fn, base);
}

static void acp_skill(ChFn *fn, const ChNode *attribute, const ChNode *node)
{
    uint32_t base = ch__push(fn);
    registry(fn, "skill_registry", base);
    ch__load_text(fn, ch__push(fn), registered_name(attribute, node));
    uint32_t config = ch__push(fn);
    Fields fields = fields_begin(fn);
    attribute_fields(fn, attribute, &fields);
    load_name(fn, node->as.decl.name.text, fields_add(fn, &fields, CH_STR("on_activate")));
    fields_end(fn, &fields, config);
    ch__call_named(fn, CH_STR("skill_define"), base, 3, base);
    ch__pop_to(fn, base);
}

// @step and @persona: the function's name and the arguments that the runtime knows.
static void registration(ChFn *fn, const ChNode *attribute, const ChNode *node, const char *builtin,
                         const char *const *keys)
{
    uint32_t base = ch__push(fn);
    ch__load_text(fn, base, node->as.decl.name.text);
    uint32_t config = ch__push(fn);
    Fields fields = fields_begin(fn);
    for (uint32_t i = 0; keys[i]; i++) {
        const ChNode *value = attribute_arg(attribute, keys[i]);
        if (value) ch__attribute_value(fn, value, fields_add(fn, &fields, ch_str_of(keys[i])));
    }
    fields_end(fn, &fields, config);
    ch__call_named(fn, ch_str_of(builtin), base, 2, base);
    ch__pop_to(fn, base);
}

void ch__attributes(ChFn *fn, const ChNode *node)
{
    static const char *const step_keys[] = {"name", "model", "approval", "receipt", "error_boundary", "retry", "budget", NULL};
    static const char *const persona_keys[] = {"name", "stages", NULL};
    for (uint32_t i = 0; i < node->as.decl.attributes.count; i++) {
        const ChNode *attribute = node->as.decl.attributes.items[i];
        bool tool = attribute_is(attribute, "acp_tool"), skill = attribute_is(attribute, "acp_skill");
        ch__at(fn, attribute->start);
        if (node->kind != CH_NODE_FN) {
            if (tool || skill) {
                ch__compile_error(fn->c, ch_node_range(attribute), "@%s can only be applied to function declarations",
                                  tool ? "acp_tool" : "acp_skill");
            }
            continue;
        }
        if (tool) acp_tool(fn, attribute, node);
        if (skill) acp_skill(fn, attribute, node);
        if (attribute_is(attribute, "step")) registration(fn, attribute, node, "__register_step", step_keys);
        if (attribute_is(attribute, "persona")) registration(fn, attribute, node, "__register_persona", persona_keys);
    }
}
