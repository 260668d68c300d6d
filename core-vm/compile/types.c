// Types at run time: what a parameter is checked against, how a type reads in messages, and the schema dicts that
// type aliases and tool parameters become (spec: Runtime parameter type enforcement, Type aliases, tool declarations).
#include "compile/compile_int.h"

#define ALIAS_DEPTH_MAX 40

// ---- texts

static void texts(const ChNodeList *items, const char *separator, ChBuffer *out)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (i) ch_buffer_add_text(out, separator);
        ch__type_text(items->items[i], out);
    }
}

static bool is_nil_type(const ChNode *type)
{
    return type->kind == CH_NODE_TYPE_NAME && ch_str_is(type->as.name.name.text, "nil");
}

// T | nil is written T?
static const ChNode *optional_inner(const ChNode *type)
{
    const ChNodeList *items = &type->as.list.items;
    if (items->count != 2 || is_nil_type(items->items[0]) == is_nil_type(items->items[1])) return NULL;
    const ChNode *inner = items->items[is_nil_type(items->items[0]) ? 1 : 0];
    bool loose = inner->kind == CH_NODE_TYPE_UNION || inner->kind == CH_NODE_TYPE_INTERSECTION ||
                 inner->kind == CH_NODE_TYPE_FN;
    return loose ? NULL : inner;
}

void ch__type_text(const ChNode *type, ChBuffer *out)
{
    if (!type) return;
    switch (type->kind) {
    case CH_NODE_TYPE_NAME: ch_buffer_add_str(out, type->as.name.name.text); break;
    case CH_NODE_TYPE_GENERIC:
        ch_buffer_add_str(out, type->as.type_generic.name.text);
        ch_buffer_add_byte(out, '<');
        texts(&type->as.type_generic.args, ", ", out);
        ch_buffer_add_byte(out, '>');
        break;
    case CH_NODE_TYPE_UNION: {
        const ChNode *inner = optional_inner(type);
        if (inner) {
            ch__type_text(inner, out);
            ch_buffer_add_byte(out, '?');
        } else {
            texts(&type->as.list.items, " | ", out);
        }
        break;
    }
    case CH_NODE_TYPE_INTERSECTION: texts(&type->as.list.items, " & ", out); break;
    case CH_NODE_TYPE_SHAPE:
        ch_buffer_add_byte(out, '{');
        for (uint32_t i = 0; i < type->as.list.items.count; i++) {
            const ChNode *field = type->as.list.items.items[i];
            if (i) ch_buffer_add_text(out, ", ");
            ch_buffer_add_str(out, field->as.field.name.text);
            ch_buffer_add_text(out, (field->flags & CH_FLAG_OPTIONAL) ? "?: " : ": ");
            ch__type_text(field->as.field.type, out);
        }
        ch_buffer_add_byte(out, '}');
        break;
    case CH_NODE_TYPE_FN:
        ch_buffer_add_text(out, "fn(");
        texts(&type->as.type_fn.params, ", ", out);
        ch_buffer_add_text(out, ") -> ");
        ch__type_text(type->as.type_fn.return_type, out);
        break;
    case CH_NODE_TYPE_STRING: ch_buffer_add_json(out, type->as.string.text); break;
    case CH_NODE_TYPE_INT: ch_buffer_printf(out, "%lld", (long long)type->as.integer.value); break;
    default: break;
    }
}

// ---- what is checked

typedef struct NameRow {
    const char *name;
    ChRtKind kind;
    bool by_schema;
} NameRow;

static const NameRow name_rows[] = {
    {"int", CH_RT_INT, true},          {"float", CH_RT_FLOAT, true},       {"string", CH_RT_STRING, true},
    {"bool", CH_RT_BOOL, true},        {"nil", CH_RT_NIL, true},           {"list", CH_RT_LIST, true},
    {"dict", CH_RT_DICT, true},        {"set", CH_RT_SET, true},           {"closure", CH_RT_CLOSURE, true},
    {"bytes", CH_RT_BYTES, true},      {"number", CH_RT_NUMBER, false},    {"duration", CH_RT_DURATION, false},
    {"range", CH_RT_RANGE, false},     {"iter", CH_RT_ITER, false},        {"generator", CH_RT_GENERATOR, false},
    {"Generator", CH_RT_GENERATOR, false}, {"stream", CH_RT_STREAM, false}, {"Stream", CH_RT_STREAM, false},
    {"pair", CH_RT_PAIR, false},       {"never", CH_RT_NEVER, false},      {"channel", CH_RT_TAG, false},
    {"task_handle", CH_RT_TAG, false}, {"atomic", CH_RT_TAG, false},       {"rng", CH_RT_TAG, false},
    {"sync_permit", CH_RT_TAG, false}, {"enum", CH_RT_TAG, false},         {"struct", CH_RT_TAG, false},
    {"mcp_client", CH_RT_TAG, false},
};

static const NameRow *find_name(ChStr name)
{
    for (size_t i = 0; i < sizeof name_rows / sizeof *name_rows; i++) {
        if (ch_str_is(name, name_rows[i].name)) return &name_rows[i];
    }
    return NULL;
}

typedef struct Lowering {
    ChCompiler *c;
    const ChNodeList *type_params;
    uint32_t depth;
} Lowering;

static ChRtType *lower(Lowering *l, const ChNode *type);

static ChRtType *new_type(Lowering *l, ChRtKind kind, bool by_schema, uint32_t count)
{
    ChRtType *type = CH_ARENA_NEW(l->c->arena, ChRtType);
    type->kind = kind;
    type->by_schema = by_schema;
    type->count = count;
    type->items = CH_ARENA_ARRAY(l->c->arena, ChRtType *, count ? count : 1);
    return type;
}

static ChRtType *lower_name(Lowering *l, ChStr name)
{
    ChRtType *type;
    for (uint32_t i = 0; l->type_params && i < l->type_params->count; i++) {
        if (ch_str_equal(l->type_params->items[i]->as.type_param.name.text, name)) return NULL;
    }
    const NameRow *row = find_name(name);
    if (row) return new_type(l, row->kind, row->by_schema, 0);
    ChMapEntry *interface = ch__find_type(l->c, CH_NODE_INTERFACE, name);
    if (interface) {
        const ChNodeList *methods = &((const ChNode *)interface->value.pointer)->as.interface.methods;
        type = new_type(l, CH_RT_INTERFACE, false, methods->count);
        type->names = CH_ARENA_ARRAY(l->c->arena, ChStr, methods->count ? methods->count : 1);
        for (uint32_t i = 0; i < methods->count; i++) {
            type->names[i] = ch_str_copy(l->c->arena, methods->items[i]->as.decl.name.text);
        }
        return type;
    }
    if (ch__find_type(l->c, CH_NODE_STRUCT, name) ||
        (ch__find_type(l->c, CH_NODE_ENUM, name) && !ch_str_is(name, "Result"))) {
        return new_type(l, CH_RT_NAMED, false, 0);
    }
    return NULL;
}

// All members, or NULL when one of them cannot be checked.
static ChRtType *lower_all(Lowering *l, ChRtKind kind, const ChNodeList *items)
{
    ChRtType *type = new_type(l, kind, true, items->count);
    for (uint32_t i = 0; i < items->count; i++) {
        type->items[i] = lower(l, items->items[i]);
        if (!type->items[i]) return NULL;
        type->by_schema &= type->items[i]->by_schema;
    }
    return type;
}

static ChRtType *lower_container(Lowering *l, ChRtKind kind, const ChNode *element)
{
    ChRtType *inner = element ? lower(l, element) : NULL;
    ChRtType *type = new_type(l, kind, true, inner ? 1 : 0);
    if (inner) type->items[0] = inner;
    return type;
}

static ChRtType *lower_generic(Lowering *l, const ChNode *node)
{
    ChStr name = node->as.type_generic.name.text;
    const ChNodeList *args = &node->as.type_generic.args;
    const ChNode *first = args->count ? args->items[0] : NULL;
    if (ch_str_is(name, "list")) return lower_container(l, CH_RT_LIST, first);
    if (ch_str_is(name, "dict")) return lower_container(l, CH_RT_DICT, args->count > 1 ? args->items[1] : NULL);
    if (ch_str_is(name, "owned") && first) return lower(l, first);
    if (ch_str_is(name, "iter")) return new_type(l, CH_RT_ITER, false, 0);
    if (ch_str_is(name, "Generator")) return new_type(l, CH_RT_GENERATOR, false, 0);
    if (ch_str_is(name, "Stream")) return new_type(l, CH_RT_STREAM, false, 0);
    if (ch_str_is(name, "Option") && first) {
        ChRtType *inner = lower(l, first);
        if (!inner) return NULL;
        ChRtType *type = new_type(l, CH_RT_UNION, false, 2);
        type->items[0] = inner;
        type->items[1] = new_type(l, CH_RT_NIL, false, 0);
        return type;
    }
    return NULL;
}

static ChRtType *lower_shape(Lowering *l, const ChNode *node)
{
    const ChNodeList *fields = &node->as.list.items;
    ChRtType *type = new_type(l, CH_RT_SHAPE, true, fields->count);
    type->names = CH_ARENA_ARRAY(l->c->arena, ChStr, fields->count ? fields->count : 1);
    type->optional = CH_ARENA_ARRAY(l->c->arena, bool, fields->count ? fields->count : 1);
    for (uint32_t i = 0; i < fields->count; i++) {
        const ChNode *field = fields->items[i];
        type->names[i] = ch_str_copy(l->c->arena, field->as.field.name.text);
        type->optional[i] = field->flags & CH_FLAG_OPTIONAL;
        type->items[i] = field->as.field.type ? lower(l, field->as.field.type) : NULL;
        if (!type->items[i]) {
            type->items[i] = new_type(l, CH_RT_ANY, false, 0);
            type->items[i]->text = CH_STR("any");
        }
        type->by_schema &= type->items[i]->by_schema;
    }
    return type;
}

static ChRtType *lower_kind(Lowering *l, const ChNode *node)
{
    ChRtType *type;
    switch (node->kind) {
    case CH_NODE_TYPE_NAME: return lower_name(l, node->as.name.name.text);
    case CH_NODE_TYPE_GENERIC: return lower_generic(l, node);
    case CH_NODE_TYPE_UNION: return lower_all(l, CH_RT_UNION, &node->as.list.items);
    case CH_NODE_TYPE_INTERSECTION: return lower_all(l, CH_RT_ALL, &node->as.list.items);
    case CH_NODE_TYPE_SHAPE: return lower_shape(l, node);
    case CH_NODE_TYPE_FN: return new_type(l, CH_RT_CLOSURE, true, 0);
    case CH_NODE_TYPE_STRING:
        type = new_type(l, CH_RT_LIT_STRING, true, 0);
        type->text = ch_str_copy(l->c->arena, node->as.string.text);
        return type;
    case CH_NODE_TYPE_INT:
        type = new_type(l, CH_RT_LIT_INT, true, 0);
        type->integer = node->as.integer.value;
        return type;
    default: return NULL;
    }
}

static ChRtType *lower(Lowering *l, const ChNode *node)
{
    if (l->depth >= ALIAS_DEPTH_MAX) return NULL;
    l->depth++;
    ChRtType *type = lower_kind(l, node);
    l->depth--;
    if (type && type->kind != CH_RT_LIT_STRING) {
        ChBuffer text = {0};
        ch__type_text(node, &text);
        type->text = ch_str_copy(l->c->arena, ch_buffer_view(&text));
        ch_buffer_release(&text);
    }
    return type;
}

uint32_t ch__rt_type(ChCompiler *c, const ChNode *node, const ChNodeList *type_params, bool rest)
{
    if (!node) return 0;
    Lowering l = {.c = c, .type_params = type_params};
    ChRtType *type = lower(&l, node);
    if (!type) return 0;
    if (rest) {
        ChRtType *list = new_type(&l, CH_RT_LIST, type->by_schema, 1);
        list->items[0] = type;
        list->text = ch_str_format(c->arena, "list<%.*s>", CH_STR_ARG(type->text));
        type = list;
    }
    // Equal texts mean equal types, save for generic parameters, which are not checked and so not here.
    bool is_new;
    ChStr key = ch_str_format(c->arena, "%d:%.*s", (int)type->kind, CH_STR_ARG(type->text));
    ChMapEntry *entry = ch_map_enter(&c->rt_index, key, &is_new);
    if (is_new || (type_params && type_params->count)) {
        ch_array_push(&c->rt_types, type);
        entry->value.number = c->rt_types.count;
    }
    return entry->value.number;
}

// ---- schemas

const ChNode *ch__alias(ChCompiler *c, const ChNode *identifier)
{
    if (!identifier || identifier->kind != CH_NODE_IDENTIFIER) return NULL;
    ChMapEntry *entry = ch__find_type(c, CH_NODE_TYPE_ALIAS, identifier->as.name.name.text);
    return entry ? ((const ChNode *)entry->value.pointer)->as.type_alias.type : NULL;
}

typedef struct Schema {
    ChFn *fn;
    bool json; // JSON Schema words instead of Harn's
    uint32_t depth;
} Schema;

static const ChNode *expand(Schema *s, const ChNode *type)
{
    for (uint32_t i = 0; type && type->kind == CH_NODE_TYPE_NAME && i < ALIAS_DEPTH_MAX; i++) {
        ChMapEntry *entry = ch__find_type(s->fn->c, CH_NODE_TYPE_ALIAS, type->as.name.name.text);
        if (!entry) return type;
        type = ((const ChNode *)entry->value.pointer)->as.type_alias.type;
    }
    return type;
}

static bool has_schema(Schema *s, const ChNode *type)
{
    type = expand(s, type);
    if (!type || s->depth >= ALIAS_DEPTH_MAX) return false;
    bool answer = false;
    s->depth++;
    switch (type->kind) {
    case CH_NODE_TYPE_NAME: {
        const NameRow *row = find_name(type->as.name.name.text);
        answer = row && row->by_schema;
        break;
    }
    case CH_NODE_TYPE_SHAPE:
        answer = true;
        for (uint32_t i = 0; answer && i < type->as.list.items.count; i++) {
            answer = has_schema(s, type->as.list.items.items[i]->as.field.type);
        }
        break;
    case CH_NODE_TYPE_GENERIC: {
        ChStr name = type->as.type_generic.name.text;
        answer = ch_str_is(name, "list") || ch_str_is(name, "dict") ||
                 (ch_str_is(name, "owned") && type->as.type_generic.args.count &&
                  has_schema(s, type->as.type_generic.args.items[0]));
        break;
    }
    case CH_NODE_TYPE_UNION:
    case CH_NODE_TYPE_INTERSECTION:
        for (uint32_t i = 0; !answer && i < type->as.list.items.count; i++) {
            answer = has_schema(s, type->as.list.items.items[i]);
        }
        break;
    case CH_NODE_TYPE_FN:
    case CH_NODE_TYPE_STRING:
    case CH_NODE_TYPE_INT: answer = true; break;
    default: break;
    }
    s->depth--;
    return answer;
}

// A record in the making: values are pushed in the order of their keys.
typedef struct Record {
    ChStr keys[6];
    uint32_t count, base;
} Record;

static uint32_t record_key(Schema *s, Record *record, const char *key)
{
    if (!record->count) record->base = s->fn->free_reg;
    record->keys[record->count++] = ch_str_of(key);
    return ch__push(s->fn);
}

static void record_end(Schema *s, Record *record, uint32_t dst)
{
    uint32_t index = ch__constant_names(s->fn, CH_CONST_NAMES, (ChStr){0}, record->keys, record->count);
    ch__emit(s->fn, CH_OP_NEW_RECORD, 0, dst, record->base, index);
    ch__pop_to(s->fn, record->base);
}

static const char *type_word(Schema *s, ChStr name)
{
    static const char *const words[][2] = {{"int", "integer"}, {"float", "number"}, {"bool", "boolean"},
                                           {"list", "array"},  {"dict", "object"},  {"nil", "null"},
                                           {"string", "string"}, {"bytes", "bytes"}, {"set", "array"},
                                           {"closure", "string"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (ch_str_is(name, words[i][0])) return words[i][s->json ? 1 : 0];
    }
    return "any";
}

static void add_type(Schema *s, Record *record, const char *name)
{
    ChStr word = ch_str_of(type_word(s, ch_str_of(name)));
    ch__load_text(s->fn, record_key(s, record, "type"), word);
    if (!s->json) return;
    if (ch_str_is(ch_str_of(name), "set")) {
        ch__load_constant(s->fn, record_key(s, record, "uniqueItems"), (ChConst){.kind = CH_CONST_TRUE});
    } else if (ch_str_is(ch_str_of(name), "closure")) {
        ch__load_text(s->fn, record_key(s, record, "x-harn-type"), CH_STR("closure"));
    }
}

static void schema(Schema *s, const ChNode *type, uint32_t dst);

static void literal(Schema *s, const ChNode *type, uint32_t dst)
{
    if (type->kind == CH_NODE_TYPE_STRING) {
        ch__load_text(s->fn, dst, type->as.string.text);
    } else {
        ch__load_constant(s->fn, dst, ch__const_int(type->as.integer.value));
    }
}

static void shape_schema(Schema *s, const ChNode *type, Record *record)
{
    ChFn *fn = s->fn;
    const ChNodeList *fields = &type->as.list.items;
    CH_ARRAY_OF(ChStr) names = {0};
    add_type(s, record, "dict");
    uint32_t properties = record_key(s, record, "properties");
    uint32_t base = fn->free_reg, required = 0;
    for (uint32_t i = 0; i < fields->count; i++) {
        ch_array_push(&names, fields->items[i]->as.field.name.text);
        schema(s, fields->items[i]->as.field.type, ch__push(fn));
        required += !(fields->items[i]->flags & CH_FLAG_OPTIONAL);
    }
    if (fields->count) {
        ch__emit(fn, CH_OP_NEW_RECORD, 0, properties, base,
                 ch__constant_names(fn, CH_CONST_NAMES, (ChStr){0}, names.items, names.count));
    } else {
        ch__emit(fn, CH_OP_NEW_DICT, 0, properties, 0, 0);
    }
    ch__pop_to(fn, base);
    ch_array_release(&names);
    if (!required) return;
    uint32_t list = record_key(s, record, "required");
    base = fn->free_reg;
    for (uint32_t i = 0; i < fields->count; i++) {
        if (fields->items[i]->flags & CH_FLAG_OPTIONAL) continue;
        ch__load_text(fn, ch__push(fn), fields->items[i]->as.field.name.text);
    }
    ch__emit(fn, CH_OP_NEW_LIST, 0, list, base, required);
    ch__pop_to(fn, base);
}

static bool all_of_kind(const ChNodeList *items, ChNodeKind kind)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind != kind) return false;
    }
    return items->count > 0;
}

static void members_schema(Schema *s, const ChNode *type, Record *record)
{
    ChFn *fn = s->fn;
    const ChNodeList *items = &type->as.list.items;
    bool is_union = type->kind == CH_NODE_TYPE_UNION;
    bool strings = is_union && all_of_kind(items, CH_NODE_TYPE_STRING);
    bool ints = is_union && all_of_kind(items, CH_NODE_TYPE_INT);
    if (strings || ints) add_type(s, record, strings ? "string" : "int");
    const char *key = strings || ints ? "enum" : is_union ? (s->json ? "oneOf" : "union") : (s->json ? "allOf" : "all_of");
    uint32_t list = record_key(s, record, key);
    uint32_t base = fn->free_reg;
    for (uint32_t i = 0; i < items->count; i++) {
        if (strings || ints) {
            literal(s, items->items[i], ch__push(fn));
        } else if (has_schema(s, items->items[i])) {
            schema(s, items->items[i], ch__push(fn));
        }
    }
    ch__emit(fn, CH_OP_NEW_LIST, 0, list, base, fn->free_reg - base);
    ch__pop_to(fn, base);
}

// `type` has a schema.
static void schema(Schema *s, const ChNode *type, uint32_t dst)
{
    Record record = {0};
    type = expand(s, type);
    s->depth++;
    switch (type->kind) {
    case CH_NODE_TYPE_NAME: {
        const NameRow *row = find_name(type->as.name.name.text);
        add_type(s, &record, row ? row->name : "any");
        break;
    }
    case CH_NODE_TYPE_SHAPE: shape_schema(s, type, &record); break;
    case CH_NODE_TYPE_GENERIC: {
        const ChNodeList *args = &type->as.type_generic.args;
        if (ch_str_is(type->as.type_generic.name.text, "owned")) {
            schema(s, args->items[0], dst);
            s->depth--;
            return;
        }
        bool is_list = ch_str_is(type->as.type_generic.name.text, "list");
        add_type(s, &record, is_list ? "list" : "dict");
        if (is_list && args->count && has_schema(s, args->items[0])) {
            schema(s, args->items[0], record_key(s, &record, "items"));
        } else if (!is_list && args->count > 1 && args->items[0]->kind == CH_NODE_TYPE_NAME &&
                   ch_str_is(args->items[0]->as.name.name.text, "string") && has_schema(s, args->items[1])) {
            schema(s, args->items[1], record_key(s, &record, s->json ? "additionalProperties" : "additional_properties"));
        }
        break;
    }
    case CH_NODE_TYPE_UNION:
    case CH_NODE_TYPE_INTERSECTION: members_schema(s, type, &record); break;
    case CH_NODE_TYPE_FN: add_type(s, &record, "closure"); break;
    default:
        add_type(s, &record, type->kind == CH_NODE_TYPE_STRING ? "string" : "int");
        literal(s, type, record_key(s, &record, "const"));
        break;
    }
    record_end(s, &record, dst);
    s->depth--;
}

static bool schema_to(ChFn *fn, const ChNode *type, uint32_t dst, bool json)
{
    Schema s = {.fn = fn, .json = json};
    if (!has_schema(&s, type)) return false;
    schema(&s, type, dst);
    return true;
}

bool ch__schema_to(ChFn *fn, const ChNode *type, uint32_t dst) { return schema_to(fn, type, dst, false); }

bool ch__json_schema_to(ChFn *fn, const ChNode *type, uint32_t dst) { return schema_to(fn, type, dst, true); }
