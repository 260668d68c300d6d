// Making and freeing objects. Freeing keeps a worklist inside the dead objects themselves: a dead object's reference
// count and the `extra` field of its head (48 bits together) hold the address of the next one, so freeing needs no
// memory and no recursion however deep or wide a value is.
#include "vm/value.h"

#include <string.h>

#include "base/alloc.h"
#include "compile/chunk.h"
#include "vm/heap.h"
#include "vm/vm.h"

#include "base/banned.h"

void *ch_object_alloc(ChTag tag, size_t size) {
    ChObject *object = ch_alloc(size);
    object->refs = 1;
    object->tag = (uint8_t)tag;
    object->flags = 0;
    object->extra = 0;
    return object;
}

// ---- freeing ------------------------------------------------------------------------------------------------

static void dead_link(ChObject *object, ChObject *next) {
    uint64_t address = (uint64_t)(uintptr_t)next;
    object->refs = (uint32_t)address;
    object->extra = (uint16_t)(address >> 32);
}

static ChObject *dead_next(const ChObject *object) {
    return (ChObject *)(uintptr_t)((uint64_t)object->refs | (uint64_t)object->extra << 32);
}

// Gives back one reference; an object that dies of it joins the worklist, unless it holds nothing.
static inline void drop(ChObject **worklist, ChValue v) {
    if (!ch_is_heap(v) || --v.as.object->refs != 0) return;
    if (v.tag == CH_TAG_STRING) {
        ch_free(v.as.object);
        return;
    }
    dead_link(v.as.object, *worklist);
    *worklist = v.as.object;
}

static void drop_all(ChObject **worklist, ChValue *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) drop(worklist, values[i]);
}

static void drop_slot(ChValue *slot, void *ud) {
    drop(ud, *slot);
    *slot = CH_NIL;
}

static void free_dict(ChObject **worklist, ChDict *dict) {
    if (dict->shape) {
        drop_all(worklist, dict->values, dict->count);
        ch_free(dict->values);
    } else {
        for (uint32_t i = 0; i < dict->used; i++) {
            if (!dict->entries[i].key) continue;
            drop(worklist, ch_object(dict->entries[i].key));
            drop(worklist, dict->entries[i].value);
        }
        ch_free(dict->entries);
        ch_free(dict->table);
    }
}

static void free_contents(ChObject **worklist, ChObject *object) {
    switch ((ChTag)object->tag) {
    case CH_TAG_BYTES: ch_free(((ChBytes *)object)->data); break;
    case CH_TAG_LIST: {
        ChList *list = (ChList *)object;
        drop_all(worklist, list->items, list->count);
        ch_free(list->items);
        break;
    }
    case CH_TAG_DICT: free_dict(worklist, (ChDict *)object); break;
    case CH_TAG_SET: {
        ChSet *set = (ChSet *)object;
        drop_all(worklist, set->items, set->count);
        ch_free(set->items);
        ch_free(set->table);
        break;
    }
    case CH_TAG_STRUCT: {
        ChStruct *record = (ChStruct *)object;
        drop_all(worklist, record->fields, record->shape->count);
        if (record->fields != record->inline_fields) ch_free(record->fields);
        break;
    }
    case CH_TAG_ENUM: drop_all(worklist, ((ChEnum *)object)->fields, ((ChEnum *)object)->count); break;
    case CH_TAG_PAIR:
        drop(worklist, ((ChPair *)object)->first);
        drop(worklist, ((ChPair *)object)->second);
        break;
    case CH_TAG_CLOSURE: {
        ChClosure *closure = (ChClosure *)object;
        drop_all(worklist, closure->captures, closure->capture_count);
        if (closure->module) ch_vm_module_unref(closure->module);
        break;
    }
    case CH_TAG_STRING:
    case CH_TAG_RANGE: break;
    default: {
        ChHandle *handle = (ChHandle *)object;
        if (handle->class->trace) handle->class->trace(handle, drop_slot, worklist);
        if (handle->class->free) handle->class->free(handle);
        break;
    }
    }
}

void ch_object_free(ChObject *object) {
    ChObject *worklist = NULL;
    dead_link(object, NULL);
    worklist = object;
    while (worklist) {
        ChObject *dead = worklist;
        worklist = dead_next(dead);
        free_contents(&worklist, dead);
        ch_free(dead);
    }
}

// ---- making ---------------------------------------------------------------------------------------------------

ChBytes *ch_bytes_new(const void *data, size_t length) {
    ChBytes *bytes = ch_object_alloc(CH_TAG_BYTES, sizeof *bytes);
    bytes->length = length;
    bytes->data = ch_alloc(length);
    if (length && data) memcpy(bytes->data, data, length);
    return bytes;
}

ChPair *ch_pair_new(ChValue take_first, ChValue take_second) {
    ChPair *pair = ch_object_alloc(CH_TAG_PAIR, sizeof *pair);
    pair->first = take_first;
    pair->second = take_second;
    return pair;
}

ChIntRange *ch_range_new(int64_t start, int64_t end, bool inclusive) {
    ChIntRange *range = ch_object_alloc(CH_TAG_RANGE, sizeof *range);
    range->inclusive = inclusive;
    range->start = start;
    range->end = end;
    return range;
}

uint32_t ch_range_length(const ChIntRange *range, bool *too_large) {
    *too_large = false;
    if (range->inclusive ? range->end < range->start : range->end <= range->start) return 0;
    uint64_t length = (uint64_t)range->end - (uint64_t)range->start;
    if (length >= CH_LIST_MAX) {
        *too_large = true;
        return 0;
    }
    return (uint32_t)length + (range->inclusive ? 1 : 0);
}

ChClosure *ch_closure_new(const struct ChProto *proto, struct ChModule *module, uint32_t captures) {
    ChClosure *closure =
        ch_object_alloc(CH_TAG_CLOSURE, sizeof *closure + (size_t)captures * sizeof closure->captures[0]);
    closure->capture_count = captures;
    closure->proto = proto;
    closure->module = module;
    if (module) module->refs++;
    for (uint32_t i = 0; i < captures; i++) closure->captures[i] = CH_NIL;
    return closure;
}

// ---- structs ----------------------------------------------------------------------------------------------------

ChStruct *ch_struct_new(ChShape *shape) {
    ChStruct *record =
        ch_object_alloc(CH_TAG_STRUCT, sizeof *record + (size_t)shape->count * sizeof record->inline_fields[0]);
    record->shape = shape;
    record->fields = record->inline_fields;
    for (uint32_t i = 0; i < shape->count; i++) record->fields[i] = CH_ABSENT;
    return record;
}

ChValue *ch_struct_find(const ChStruct *record, const ChString *key) {
    int32_t slot = ch_shape_slot(record->shape, key);
    if (slot < 0 || record->fields[slot].tag == CH_TAG_ABSENT) return NULL;
    return &record->fields[slot];
}

ChStruct *ch_struct_unshare(ChValue *slot) {
    ChStruct *record = slot->as.record;
    if (record->head.refs == 1) return record;
    ChStruct *copy = ch_struct_new(record->shape);
    for (uint32_t i = 0; i < record->shape->count; i++) copy->fields[i] = ch_retain(record->fields[i]);
    ch_assign_take(slot, ch_object(copy));
    return copy;
}

bool ch_struct_put(ChVm *vm, ChValue *slot, ChString *key, ChValue take_value) {
    ChStruct *record = ch_struct_unshare(slot);
    int32_t found = ch_shape_slot(record->shape, key);
    if (found >= 0) {
        ch_assign_take(&record->fields[found], take_value);
        return true;
    }
    uint32_t count = record->shape->count;
    ChShape *wider = ch_shape_with(vm, record->shape, key);
    if (!wider) {
        ch_release(take_value);
        return false;
    }
    ChValue *fields = ch_realloc_array(record->fields == record->inline_fields ? NULL : record->fields,
                                       (size_t)count + 1, sizeof *fields);
    if (record->fields == record->inline_fields && count) memcpy(fields, record->fields, count * sizeof *fields);
    fields[count] = take_value;
    record->fields = fields;
    record->shape = wider;
    return true;
}

// ---- enums --------------------------------------------------------------------------------------------------------

static ChEnum *enum_alloc(ChEnumType *type, uint32_t variant, uint32_t count) {
    ChEnum *value = ch_object_alloc(CH_TAG_ENUM, sizeof *value + (size_t)count * sizeof value->fields[0]);
    value->variant = variant;
    value->count = count;
    value->type = type;
    for (uint32_t i = 0; i < count; i++) value->fields[i] = CH_NIL;
    return value;
}

ChEnum *ch_enum_new(ChEnumType *type, uint32_t variant, uint32_t count) {
    if (count) return enum_alloc(type, variant, count);
    if (!type->variants[variant].constant) type->variants[variant].constant = enum_alloc(type, variant, 0);
    type->variants[variant].constant->head.refs++;
    return type->variants[variant].constant;
}

ChEnumType *ch_enum_type_new(ChVm *vm, ChStr name, const ChVariantSpec *variants, uint32_t count) {
    ChHeap *heap = ch_heap_of(vm);
    ChEnumType *type = ch_alloc_zero(1, sizeof *type);
    type->name = ch_intern(vm, name.data, name.length);
    type->variant_count = count;
    type->variants = ch_alloc_zero(count, sizeof *type->variants);
    for (uint32_t i = 0; i < count; i++) {
        type->variants[i].name = ch_intern(vm, variants[i].name.data, variants[i].name.length);
        type->variants[i].field_count = variants[i].field_count;
    }
    if (heap->enum_type_count == heap->enum_type_capacity) {
        heap->enum_type_capacity = heap->enum_type_capacity ? heap->enum_type_capacity * 2 : 16;
        heap->enum_types =
            ch_realloc_array(heap->enum_types, heap->enum_type_capacity, sizeof *heap->enum_types);
    }
    heap->enum_types[heap->enum_type_count++] = type;
    type->id = heap->enum_type_count;
    return type;
}

int32_t ch_enum_variant_find(const ChEnumType *type, ChStr name) {
    for (uint32_t i = 0; i < type->variant_count; i++)
        if (ch_str_equal(ch_string_view(type->variants[i].name), name)) return (int32_t)i;
    return -1;
}

static ChValue result_new(ChVm *vm, uint32_t variant, ChValue take_value) {
    ChEnum *result = enum_alloc(ch_heap_of(vm)->result_type, variant, 1);
    result->fields[0] = take_value;
    return ch_object(result);
}

ChValue ch_result_ok(ChVm *vm, ChValue take_value) { return result_new(vm, CH_RESULT_OK, take_value); }
ChValue ch_result_err(ChVm *vm, ChValue take_value) { return result_new(vm, CH_RESULT_ERR, take_value); }

bool ch_is_result(ChVm *vm, ChValue v, uint32_t *variant) {
    if (v.tag != CH_TAG_ENUM || v.as.variant->type != ch_heap_of(vm)->result_type) return false;
    *variant = v.as.variant->variant;
    return true;
}

// ---- the heap -------------------------------------------------------------------------------------------------------

void ch_heap_init(ChHeap *heap) {
    static const ChVariantSpec result[] = {{CH_STR_INIT("Ok"), 1}, {CH_STR_INIT("Err"), 1}};
    heap->result_type = ch_enum_type_new((ChVm *)heap, CH_STR("Result"), result, 2);
}

void ch_heap_release(ChHeap *heap) {
    if (heap->builtin_state) heap->builtin_state_free(heap->builtin_state);
    for (uint32_t i = 0; i < heap->enum_type_count; i++) {
        ChEnumType *type = heap->enum_types[i];
        for (uint32_t v = 0; v < type->variant_count; v++)
            if (type->variants[v].constant) ch_release(ch_object(type->variants[v].constant));
        ch_free(type->variants);
        ch_free(type);
    }
    ch_free(heap->enum_types);
    for (uint32_t i = 0; i < heap->shape_count; i++) {
        ChShape *shape = heap->shapes[i];
        ch_free(shape->keys);
        ch_free(shape->sorted);
        if (shape->transitions) {
            ch_map_release(shape->transitions);
            ch_free(shape->transitions);
        }
        ch_free(shape);
    }
    ch_free(heap->shapes);
    for (uint32_t i = 0; i < heap->interned.count; i++)
        ch_release(ch_object(heap->interned.entries[i].value.pointer));
    ch_map_release(&heap->interned);
    *heap = (ChHeap){0};
}

// ---- type names and truth --------------------------------------------------------------------------------------------

const char *ch_type_name(ChValue v) {
    static const char *const names[CH_TAG_COUNT] = {
#define X(name, text) [CH_TAG_##name] = text,
        CH_TAGS(X)
#undef X
    };
    if (v.tag == CH_TAG_HANDLE && ((ChHandle *)v.as.object)->class->type_name)
        return ((ChHandle *)v.as.object)->class->type_name;
    return names[v.tag];
}

bool ch_is_truthy(ChValue v) {
    switch ((ChTag)v.tag) {
    case CH_TAG_NIL:
    case CH_TAG_ABSENT: return false;
    case CH_TAG_BOOL:
    case CH_TAG_INT:
    case CH_TAG_DURATION: return v.as.integer != 0;
    case CH_TAG_FLOAT: return v.as.real != 0.0;
    case CH_TAG_STRING: return v.as.string->length != 0;
    case CH_TAG_BYTES: return v.as.bytes->length != 0;
    case CH_TAG_LIST: return v.as.list->count != 0;
    case CH_TAG_DICT: return v.as.dict->count != 0;
    case CH_TAG_SET: return v.as.set->count != 0;
    default: return true;
    }
}
