// Types at run time: the declared structs, enums, interfaces and impls of a VM, and checking values against the
// types of parameters (spec: Runtime parameter type enforcement, Runtime shape validation).
//
// Types are known by name in the whole VM, as values of one enum made in two modules are equal. A declaration that is
// carried out again, or a variant that is used without one, extends the type.
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/vm_int.h"

#include "base/banned.h"

#define CH_RT_DEPTH_MAX 100 // types nested deeper are not looked at

// ---- the registry -----------------------------------------------------------------------------------------------------

ChEnumType *ch_vm_enum_type(ChVm *vm, ChStr name) { return ch_map_get_pointer(&vm->enum_types, name); }

ChEnumType *ch__enum_type_make(ChVm *vm, ChStr name) {
    ChEnumType *type = ch_vm_enum_type(vm, name);
    if (!type) {
        type = ch_enum_type_new(vm, name, NULL, 0);
        ch_map_set_pointer(&vm->enum_types, ch_string_view(type->name), type);
    }
    return type;
}

uint32_t ch__enum_variant_make(ChVm *vm, ChEnumType *type, ChStr name, uint32_t field_count) {
    int32_t found = ch_enum_variant_find(type, name);
    if (found >= 0) {
        if (field_count > type->variants[found].field_count) type->variants[found].field_count = field_count;
        return (uint32_t)found;
    }
    uint32_t number = type->variant_count++;
    type->variants = ch_realloc_array(type->variants, type->variant_count, sizeof *type->variants);
    memset(&type->variants[number], 0, sizeof type->variants[number]);
    type->variants[number].name = ch_intern(vm, name.data, name.length);
    type->variants[number].field_count = field_count;
    return number;
}

ChStructType *ch__struct_type(ChVm *vm, ChStr name) {
    ChStructType *type = ch_map_get_pointer(&vm->struct_types, name);
    if (!type) {
        type = CH_ARENA_NEW(&vm->arena, ChStructType);
        type->name = ch_intern(vm, name.data, name.length);
        type->root = type->full = ch_shape_new_struct(vm, type->name, type);
        ch_map_set_pointer(&vm->struct_types, ch_string_view(type->name), type);
    }
    return type;
}

bool ch_vm_is_type(ChVm *vm, ChStr name) {
    ChStructType *type = ch_map_get_pointer(&vm->struct_types, name);
    return (type && type->is_declared) || ch_vm_enum_type(vm, name) || ch_map_get_pointer(&vm->interfaces, name);
}

static void declare_struct(ChVm *vm, const ChChunkDecl *decl) {
    ChStructType *type = ch__struct_type(vm, decl->name);
    type->is_declared = true;
    type->fields = CH_ARENA_ARRAY(&vm->arena, ChString *, decl->count + 1);
    type->field_count = decl->count;
    ChShape *shape = type->root;
    for (uint32_t i = 0; i < decl->count; i++) {
        type->fields[i] = ch_intern(vm, decl->names[i].data, decl->names[i].length);
        if (ch_shape_slot(shape, type->fields[i]) < 0) shape = ch_shape_with(vm, shape, type->fields[i]);
    }
    type->full = shape;
}

static void declare_impl(ChVm *vm, const ChModule *module, const ChChunk *chunk, const ChChunkDecl *decl, ChValue *methods) {
    for (uint32_t i = 0; i < decl->count; i++) {
        if (methods[i].tag == CH_TAG_CLOSURE) ch__method_set(vm, decl->name, decl->names[i], methods[i].as.closure);
        ch__slot_clear(&methods[i]);
    }
}

void ch__op_declare(ChVm *vm, ChModule *module, const ChChunk *chunk, uint32_t number, ChValue *methods) {
    const ChChunkDecl *decl = &chunk->decls[number];
    switch (decl->kind) {
    case CH_DECL_ENUM: {
        ChEnumType *type = ch__enum_type_make(vm, decl->name);
        for (uint32_t i = 0; i < decl->count; i++)
            ch__enum_variant_make(vm, type, decl->names[i], decl->numbers ? decl->numbers[i] : 0);
        break;
    }
    case CH_DECL_STRUCT: declare_struct(vm, decl); break;
    case CH_DECL_IMPL: declare_impl(vm, module, chunk, decl, methods); break;
    case CH_DECL_INTERFACE:
        ch_map_set_pointer(&vm->interfaces, ch_str_copy(&vm->arena, decl->name), (void *)(uintptr_t)decl);
        break;
    }
}

// ---- does a value have a type -----------------------------------------------------------------------------------------

// Where and how a value does not fit, as a path behind `root`.
typedef struct Misfit {
    ChBuffer path;
    const ChRtType *wanted;
    ChValue found; // borrowed
} Misfit;

static bool matches(ChVm *vm, const ChRtType *type, ChValue value, uint32_t depth, Misfit *misfit);

static bool fails(Misfit *misfit, const ChRtType *wanted, ChValue found) {
    if (misfit && !misfit->wanted) {
        misfit->wanted = wanted;
        misfit->found = found;
    }
    return false;
}

static bool item_matches(ChVm *vm, const ChRtType *type, ChValue value, uint32_t depth, Misfit *misfit,
                         const char *format, long long index, const char *name) {
    size_t length = misfit ? misfit->path.length : 0;
    if (misfit) {
        if (name)
            ch_buffer_printf(&misfit->path, ".%s", name);
        else
            ch_buffer_printf(&misfit->path, format, index);
    }
    bool is_good = matches(vm, type, value, depth + 1, misfit);
    if (is_good && misfit) misfit->path.length = length;
    return is_good;
}

static bool items_match(ChVm *vm, const ChRtType *type, ChValue value, uint32_t depth, Misfit *misfit) {
    if (!type->count || type->items[0]->kind == CH_RT_ANY) return true;
    const ChValue *items = value.tag == CH_TAG_LIST ? value.as.list->items : value.as.set->items;
    uint32_t count = value.tag == CH_TAG_LIST ? value.as.list->count : value.as.set->count;
    for (uint32_t i = 0; i < count; i++)
        if (!item_matches(vm, type->items[0], items[i], depth, misfit, "[%lld]", i, NULL)) return false;
    return true;
}

static ChValue *field_of(ChValue value, ChStr name) {
    if (value.tag == CH_TAG_DICT) return ch_dict_find_str(value.as.dict, name);
    const ChStruct *record = value.as.record;
    for (uint32_t i = 0; i < record->shape->count; i++)
        if (ch_str_equal(ch_string_view(record->shape->keys[i]), name))
            return record->fields[i].tag == CH_TAG_ABSENT ? NULL : &record->fields[i];
    return NULL;
}

static bool shape_matches(ChVm *vm, const ChRtType *type, ChValue value, uint32_t depth, Misfit *misfit) {
    for (uint32_t i = 0; i < type->count; i++) {
        ChValue *field = field_of(value, type->names[i]);
        if (!field) {
            if (type->optional && type->optional[i]) continue;
            return fails(misfit, type, value);
        }
        char name[128];
        snprintf(name, sizeof name, "%.*s", CH_STR_ARG(type->names[i]));
        if (!item_matches(vm, type->items[i], *field, depth, misfit, NULL, 0, name)) return false;
    }
    return true;
}

static bool dict_matches(ChVm *vm, const ChRtType *type, ChValue value, uint32_t depth, Misfit *misfit) {
    if (!type->count || type->items[0]->kind == CH_RT_ANY) return true;
    uint32_t position = 0;
    ChString *key;
    ChValue item;
    while (ch_dict_next(value.as.dict, &position, &key, &item))
        if (!item_matches(vm, type->items[0], item, depth, misfit, NULL, 0, key->data)) return false;
    return true;
}

static bool named_matches(ChVm *vm, const ChRtType *type, ChValue value) {
    if (value.tag == CH_TAG_STRUCT) return ch_str_equal(ch_string_view(value.as.record->shape->struct_name), type->text);
    if (value.tag == CH_TAG_ENUM) return ch_str_equal(ch_string_view(value.as.variant->type->name), type->text);
    return !ch_vm_is_type(vm, type->text);
}

static bool matches(ChVm *vm, const ChRtType *type, ChValue value, uint32_t depth, Misfit *misfit) {
    bool is_good = true;
    if (depth > CH_RT_DEPTH_MAX) return true;
    switch (type->kind) {
    case CH_RT_ANY: return true;
    case CH_RT_NIL: is_good = ch_is_nil(value); break;
    case CH_RT_BOOL: is_good = value.tag == CH_TAG_BOOL; break;
    // An int passes where a float is wanted and the other way round, but not inside of collections.
    case CH_RT_INT: is_good = value.tag == CH_TAG_INT || (depth == 0 && value.tag == CH_TAG_FLOAT); break;
    case CH_RT_FLOAT: is_good = value.tag == CH_TAG_FLOAT || value.tag == CH_TAG_INT; break;
    case CH_RT_NUMBER: is_good = value.tag == CH_TAG_FLOAT || value.tag == CH_TAG_INT; break;
    case CH_RT_STRING: is_good = value.tag == CH_TAG_STRING; break;
    case CH_RT_BYTES: is_good = value.tag == CH_TAG_BYTES; break;
    case CH_RT_DURATION: is_good = value.tag == CH_TAG_DURATION; break;
    case CH_RT_CLOSURE: is_good = value.tag == CH_TAG_CLOSURE || value.tag == CH_TAG_BUILTIN; break;
    case CH_RT_RANGE: is_good = value.tag == CH_TAG_RANGE; break;
    case CH_RT_ITER: is_good = value.tag == CH_TAG_ITER; break;
    case CH_RT_GENERATOR: is_good = value.tag == CH_TAG_GENERATOR; break;
    case CH_RT_STREAM: is_good = value.tag == CH_TAG_STREAM; break;
    case CH_RT_PAIR: is_good = value.tag == CH_TAG_PAIR; break;
    case CH_RT_TAG: is_good = ch_str_is(type->text, ch_type_name(value)); break;
    case CH_RT_NEVER: is_good = false; break;
    case CH_RT_LIT_INT: is_good = value.tag == CH_TAG_INT && value.as.integer == type->integer; break;
    case CH_RT_LIT_STRING:
        is_good = value.tag == CH_TAG_STRING && ch_str_equal(ch_string_view(value.as.string), type->text);
        break;
    case CH_RT_LIST:
        if (value.tag == CH_TAG_LIST) return items_match(vm, type, value, depth, misfit);
        is_good = false;
        break;
    case CH_RT_SET:
        if (value.tag == CH_TAG_SET) return items_match(vm, type, value, depth, misfit);
        is_good = false;
        break;
    case CH_RT_DICT:
        if (value.tag == CH_TAG_DICT) return dict_matches(vm, type, value, depth, misfit);
        is_good = value.tag == CH_TAG_STRUCT;
        break;
    case CH_RT_SHAPE:
        if (value.tag == CH_TAG_DICT || value.tag == CH_TAG_STRUCT)
            return shape_matches(vm, type, value, depth, misfit);
        is_good = false;
        break;
    case CH_RT_UNION:
        is_good = false;
        for (uint32_t i = 0; i < type->count && !is_good; i++)
            is_good = matches(vm, type->items[i], value, depth ? depth + 1 : 0, NULL);
        break;
    case CH_RT_ALL:
        for (uint32_t i = 0; i < type->count && is_good; i++)
            is_good = matches(vm, type->items[i], value, depth + 1, misfit);
        break;
    case CH_RT_NAMED: is_good = named_matches(vm, type, value); break;
    case CH_RT_INTERFACE: is_good = value.tag == CH_TAG_STRUCT || value.tag == CH_TAG_ENUM; break;
    }
    return is_good || fails(misfit, type, value);
}

bool ch_rt_matches(ChVm *vm, const ChRtType *type, ChValue value) { return matches(vm, type, value, 0, NULL); }

// ---- parameters -------------------------------------------------------------------------------------------------------

static void add_available(ChValue value, ChBuffer *out) {
    bool is_first = true;
    ChString *key;
    ChValue item;
    uint32_t position = 0;
    ch_buffer_add_text(out, " — ");
    size_t length = out->length;
    if (value.tag == CH_TAG_DICT) {
        while (ch_dict_next(value.as.dict, &position, &key, &item)) {
            ch_buffer_printf(out, "%s%s", is_first ? "available fields: " : ", ", key->data);
            is_first = false;
        }
    } else {
        const ChStruct *record = value.as.record;
        for (uint32_t i = 0; i < record->shape->count; i++) {
            if (record->fields[record->shape->sorted[i]].tag == CH_TAG_ABSENT) continue;
            ch_buffer_printf(out, "%s%s", is_first ? "available fields: " : ", ",
                             record->shape->keys[record->shape->sorted[i]]->data);
            is_first = false;
        }
    }
    if (out->length == length) ch_buffer_add_text(out, "no fields present");
}

static ChStr nearest_field(ChValue value, ChStr name) {
    ChStr near[CH_SHAPE_KEYS_MAX];
    uint32_t count = 0, position = 0;
    ChString *key;
    ChValue item;
    if (value.tag != CH_TAG_DICT) return (ChStr){0};
    while (count < CH_SHAPE_KEYS_MAX && ch_dict_next(value.as.dict, &position, &key, &item))
        if (key->length && name.length && key->data[0] == name.data[0]) near[count++] = ch_string_view(key);
    return ch_closest_name(name, near, count);
}

// A type as a schema names it: members of a union in a row, of collections only what they are.
static void add_label(const ChRtType *type, ChBuffer *out) {
    switch (type->kind) {
    case CH_RT_UNION:
        for (uint32_t i = 0; i < type->count; i++) {
            if (i) ch_buffer_add_byte(out, '|');
            add_label(type->items[i], out);
        }
        break;
    case CH_RT_SHAPE:
    case CH_RT_DICT: ch_buffer_add_text(out, "dict"); break;
    case CH_RT_LIST: ch_buffer_add_text(out, "list"); break;
    case CH_RT_SET: ch_buffer_add_text(out, "set"); break;
    case CH_RT_CLOSURE: ch_buffer_add_text(out, "closure"); break;
    case CH_RT_LIT_STRING: ch_buffer_add_text(out, "string"); break;
    case CH_RT_LIT_INT: ch_buffer_add_text(out, "int"); break;
    default: ch_buffer_add_str(out, type->text); break;
    }
}

static void add_misfit(const Misfit *misfit, ChBuffer *out) {
    ch_buffer_printf(out, "at root%.*s: ", (int)misfit->path.length, misfit->path.data ? misfit->path.data : "");
    if (misfit->wanted->kind == CH_RT_UNION) {
        ch_buffer_add_text(out, "value did not match any union branch");
        return;
    }
    ch_buffer_add_text(out, "expected type '");
    add_label(misfit->wanted, out);
    ch_buffer_printf(out, "', got '%s'", ch_type_name(misfit->found));
}

static ChFlow throw_shape(ChVm *vm, ChStr param, const ChRtType *type, ChValue value);

// Field of a shape that follows `previous` in the order of names; the first one for -1; -1: none.
static int32_t next_field(const ChRtType *type, int32_t previous) {
    int32_t next = -1;
    for (uint32_t i = 0; i < type->count; i++) {
        if (previous >= 0 && ch_str_compare(type->names[i], type->names[previous]) <= 0) continue;
        if (next < 0 || ch_str_compare(type->names[i], type->names[next]) < 0) next = (int32_t)i;
    }
    return next;
}

static ChFlow throw_missing(ChVm *vm, ChStr param, const ChRtType *type, uint32_t i, ChValue value) {
    ChBuffer text = {0};
    ch_buffer_printf(&text, "parameter '%.*s': missing field '%.*s' (%.*s)", CH_STR_ARG(param),
                     CH_STR_ARG(type->names[i]), CH_STR_ARG(type->items[i]->text));
    ChStr near = nearest_field(value, type->names[i]);
    if (near.length) ch_buffer_printf(&text, ", did you mean '%.*s'?", CH_STR_ARG(near));
    add_available(value, &text);
    ChFlow flow = ch_throw_type(vm, "%s", text.data);
    ch_buffer_release(&text);
    return flow;
}

// A field of a shape that is missing, else the first in the order of names that has another type.
static ChFlow throw_field(ChVm *vm, ChStr param, const ChRtType *type, ChValue value) {
    for (int32_t i = next_field(type, -1); i >= 0; i = next_field(type, i)) {
        bool is_optional = type->optional && type->optional[i];
        if (!is_optional && !field_of(value, type->names[i])) return throw_missing(vm, param, type, (uint32_t)i, value);
    }
    for (int32_t i = next_field(type, -1); i >= 0; i = next_field(type, i)) {
        ChValue *field = field_of(value, type->names[i]);
        const ChRtType *wanted = type->items[i];
        if (!field) continue;
        if (ch_rt_matches(vm, wanted, *field)) continue;
        bool is_object = wanted->kind == CH_RT_SHAPE || wanted->kind == CH_RT_DICT;
        if (is_object && field->tag != CH_TAG_DICT && field->tag != CH_TAG_STRUCT)
            return ch_throw_type(vm, "parameter '%.*s': field '%.*s' expected dict or struct, got %s",
                                 CH_STR_ARG(param), CH_STR_ARG(type->names[i]), ch_type_name(*field));
        bool is_inside = is_object || (wanted->kind == CH_RT_LIST && field->tag == CH_TAG_LIST);
        if (!is_inside)
            return ch_throw_type(vm, "parameter '%.*s': field '%.*s' expected %.*s, got %s", CH_STR_ARG(param),
                                 CH_STR_ARG(type->names[i]), CH_STR_ARG(wanted->text), ch_type_name(*field));
        ChBuffer inner = {0};
        ch_buffer_printf(&inner, "%.*s.%.*s", CH_STR_ARG(param), CH_STR_ARG(type->names[i]));
        ChFlow flow;
        if (is_object)
            flow = throw_shape(vm, ch_buffer_view(&inner), wanted, *field);
        else {
            Misfit misfit = {.found = CH_NIL};
            matches(vm, wanted, *field, 0, &misfit);
            ch_buffer_add_text(&inner, "': ");
            if (misfit.wanted) add_misfit(&misfit, &inner);
            flow = ch_throw_type(vm, "parameter '%s", inner.data);
            ch_buffer_release(&misfit.path);
        }
        ch_buffer_release(&inner);
        return flow;
    }
    return ch_throw_type(vm, "parameter '%.*s' expected %.*s, got %s", CH_STR_ARG(param), CH_STR_ARG(type->text),
                         ch_type_name(value));
}

static ChFlow throw_shape(ChVm *vm, ChStr param, const ChRtType *type, ChValue value) {
    if (value.tag != CH_TAG_DICT && value.tag != CH_TAG_STRUCT)
        return ch_throw_type(vm, "parameter '%.*s': expected dict or struct, got %s", CH_STR_ARG(param),
                             ch_type_name(value));
    if (type->kind == CH_RT_SHAPE) return throw_field(vm, param, type, value);
    // dict<string, T>: the first entry that is no T
    ChString *key;
    ChValue item;
    uint32_t position = 0;
    while (value.tag == CH_TAG_DICT && ch_dict_next(value.as.dict, &position, &key, &item))
        if (type->count && !ch_rt_matches(vm, type->items[0], item))
            return ch_throw_type(vm, "parameter '%.*s': field '%s' expected %.*s, got %s", CH_STR_ARG(param),
                                 key->data, CH_STR_ARG(type->items[0]->text), ch_type_name(item));
    return ch_throw_type(vm, "parameter '%.*s' expected %.*s, got %s", CH_STR_ARG(param), CH_STR_ARG(type->text),
                         ch_type_name(value));
}

static bool is_literals(const ChRtType *type) {
    if (type->kind == CH_RT_LIT_INT || type->kind == CH_RT_LIT_STRING) return true;
    if (type->kind != CH_RT_UNION || !type->count) return false;
    for (uint32_t i = 0; i < type->count; i++)
        if (type->items[i]->kind != CH_RT_LIT_INT && type->items[i]->kind != CH_RT_LIT_STRING) return false;
    return true;
}

static void add_literals(const ChRtType *type, ChBuffer *out) {
    if (type->kind == CH_RT_UNION) {
        for (uint32_t i = 0; i < type->count; i++) {
            if (i) ch_buffer_add_text(out, ", ");
            add_literals(type->items[i], out);
        }
    } else if (type->kind == CH_RT_LIT_INT)
        ch_buffer_printf(out, "%lld", (long long)type->integer);
    else
        ch_buffer_add_str(out, type->text);
}

// As a schema: `parameter 'p' expected int, got string (q)`.
static ChFlow throw_schema(ChVm *vm, ChStr param, const ChRtType *type, ChValue value) {
    ChBuffer text = {0};
    if (is_literals(type)) {
        ch_buffer_printf(&text, "TypeError: parameter '%.*s': value must be one of [", CH_STR_ARG(param));
        add_literals(type, &text);
        ch_buffer_add_byte(&text, ']');
    } else {
        Misfit misfit = {.found = CH_NIL};
        matches(vm, type, value, 0, &misfit);
        ch_buffer_printf(&text, "TypeError: parameter '%.*s'", CH_STR_ARG(param));
        if (misfit.path.length && misfit.wanted) {
            ch_buffer_add_text(&text, ": ");
            add_misfit(&misfit, &text);
        } else {
            ch_buffer_add_text(&text, " expected ");
            add_label(type, &text);
            ch_buffer_printf(&text, ", got %s (", ch_type_name(value));
            ch_display(value, &text);
            ch_buffer_add_byte(&text, ')');
        }
        ch_buffer_release(&misfit.path);
    }
    ChFlow flow = ch_throw_runtime(vm, "%s", text.data);
    ch_buffer_release(&text);
    return flow;
}

ChFlow ch__check_param(ChVm *vm, const ChFrame *frame, const ChProto *proto, uint32_t number, uint32_t type_number,
                       ChValue *value) {
    const ChRtType *type = proto->chunk->rt_types[type_number];
    if (ch_rt_matches(vm, type, *value)) return CH_OK;
    ChStr param = proto->params[number].name;
    // A rest parameter stands for arguments of the element's type: the first wrong one is what is reported.
    if ((proto->flags & CH_PROTO_REST) && number + 1u == proto->param_count && value->tag == CH_TAG_LIST && type->count) {
        ChList *rest = value->as.list;
        type = type->items[0];
        for (uint32_t i = 0; i < rest->count; i++) {
            value = &rest->items[i];
            if (!ch_rt_matches(vm, type, *value)) break;
        }
    }
    if (type->kind == CH_RT_INTERFACE)
        return ch_throw_type(vm, "parameter '%.*s': expected value satisfying interface '%.*s', got %s",
                             CH_STR_ARG(param), CH_STR_ARG(type->text), ch_type_name(*value));
    if (type->kind == CH_RT_SHAPE || type->kind == CH_RT_DICT) return throw_shape(vm, param, type, *value);
    if (type->by_schema) return throw_schema(vm, param, type, *value);
    return ch_throw_kind(vm, CH_ERROR_ARGUMENT_TYPE, "'%.*s' parameter `%.*s` expects %.*s, got %s",
                         CH_STR_ARG(proto->name.length ? proto->name : CH_STR("<closure>")), CH_STR_ARG(param),
                         CH_STR_ARG(type->text), ch_type_name(*value));
}
