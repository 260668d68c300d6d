// Fields, indexes, slices, literals and iteration: everything that takes values apart or puts them together and that
// the loop does not do in place. Stores go through the slot that holds the value: what nobody else holds changes in
// place, what is shared is copied first (spec: Value semantics).
#include <string.h>

#include "base/alloc.h"
#include "vm/iter.h"
#include "runtime/lifecycle.h"
#include "vm/vm_int.h"

#include "base/banned.h"

static ChFlow finish(ChValue *ra, ChValue *rb, ChValue *rc, unsigned x, ChValue result) {
    if ((x & CH_X_FREE_B) && rb != ra) ch__slot_clear(rb);
    if (rc && (x & CH_X_FREE_C) && rc != ra) ch__slot_clear(rc);
    ch_assign_take(ra, result);
    return CH_OK;
}

// The text of a dict key; owned.
static ChString *key_text(ChValue key) {
    if (key.tag == CH_TAG_STRING) {
        key.as.object->refs++;
        return key.as.string;
    }
    return ch_display_string(key);
}

// ---- fields ---------------------------------------------------------------------------------------------------------

static ChValue list_property(const ChList *list, const ChString *name) {
    ChStr text = ch_string_view(name);
    if (ch_str_is(text, "count")) return ch_int(list->count);
    if (ch_str_is(text, "empty")) return ch_bool(list->count == 0);
    if (ch_str_is(text, "first")) return list->count ? ch_retain(list->items[0]) : CH_NIL;
    if (ch_str_is(text, "last")) return list->count ? ch_retain(list->items[list->count - 1]) : CH_NIL;
    return CH_NIL;
}

static ChValue enum_property(const ChEnum *value, const ChString *name) {
    ChStr text = ch_string_view(name);
    if (ch_str_is(text, "variant")) {
        ChString *variant = value->type->variants[value->variant].name;
        variant->head.refs++;
        return ch_object(variant);
    }
    if (!ch_str_is(text, "fields")) return CH_NIL;
    ChList *fields = ch_list_new(value->count);
    for (uint32_t i = 0; i < value->count; i++) fields->items[i] = ch_retain(value->fields[i]);
    fields->count = value->count;
    return ch_object(fields);
}

ChFlow ch__op_get_field(ChVm *vm, ChValue *ra, ChValue *rb, ChString *name, unsigned x, ChWord *cache) {
    ChValue result = CH_NIL;
    ChStr text = ch_string_view(name);
    switch ((ChTag)rb->tag) {
    case CH_TAG_DICT: {
        ChDict *dict = rb->as.dict;
        if (dict->shape) {
            int32_t slot = ch_shape_slot(dict->shape, name);
            if (slot >= 0) {
                cache->cache.id = dict->shape->id;
                cache->cache.slot = (uint32_t)slot;
                result = ch_retain(dict->values[slot]);
            }
        } else {
            ChValue *found = ch_dict_find(dict, name);
            if (found) result = ch_retain(*found);
        }
        break;
    }
    case CH_TAG_STRUCT: {
        ChStruct *record = rb->as.record;
        int32_t slot = ch_shape_slot(record->shape, name);
        if (slot >= 0) {
            cache->cache.id = record->shape->id;
            cache->cache.slot = (uint32_t)slot;
            if (record->fields[slot].tag != CH_TAG_ABSENT) result = ch_retain(record->fields[slot]);
        }
        break;
    }
    case CH_TAG_LIST: result = list_property(rb->as.list, name); break;
    case CH_TAG_STRING:
        if (ch_str_is(text, "count")) result = ch_int(ch_string_chars(rb->as.string));
        if (ch_str_is(text, "empty")) result = ch_bool(rb->as.string->length == 0);
        break;
    case CH_TAG_ENUM: result = enum_property(rb->as.variant, name); break;
    case CH_TAG_PAIR:
        if (ch_str_is(text, "first"))
            result = ch_retain(rb->as.pair->first);
        else if (ch_str_is(text, "second"))
            result = ch_retain(rb->as.pair->second);
        else if (!(x & CH_X_OPTIONAL))
            return ch_throw_type(vm, "cannot access property `%s` on pair (expected `first` or `second`)", name->data);
        break;
    case CH_TAG_NIL:
    case CH_TAG_ABSENT:
        if (x & CH_X_OPTIONAL) break;
        return ch_throw_type(vm,
                             "cannot access property `%s` on nil — use `?.%s` for optional access, or narrow with a "
                             "`!= nil` guard before reading fields",
                             name->data, name->data);
    case CH_TAG_HARNESS: {
        const ChValue *found = ch__harness_field(*rb, name);
        if (found)
            result = ch_retain(*found);
        else if (!(x & CH_X_OPTIONAL))
            return ch_throw_type(vm,
                                 "cannot access property `%s` on Harness — Harness exposes `stdio`, `clock`, `fs`, `env`, "
                                 "`random`, `net`, `system`",
                                 name->data);
        break;
    }
    default:
        if (x & CH_X_OPTIONAL) break;
        return ch_throw_type(vm,
                             "cannot access property `%s` on %s — only dicts, structs, lists, strings, and pairs "
                             "support property access",
                             name->data, ch_type_name(*rb));
    }
    return finish(ra, rb, NULL, x, result);
}

ChFlow ch__op_set_field(ChVm *vm, ChValue *ra, ChString *name, ChValue take_value, ChWord *cache) {
    if (ra->tag == CH_TAG_STRUCT) {
        ch_struct_put(vm, ra, name, take_value);
        int32_t slot = ch_shape_slot(ra->as.record->shape, name);
        cache->cache.id = ra->as.record->shape->id;
        cache->cache.slot = (uint32_t)slot;
        return CH_OK;
    }
    if (ra->tag == CH_TAG_DICT) {
        ChDict *dict = ch_dict_unshare(ra);
        ch_dict_put_property(vm, dict, name, take_value);
        if (dict->shape) {
            cache->cache.id = dict->shape->id;
            cache->cache.slot = (uint32_t)ch_shape_slot(dict->shape, name);
        }
        return CH_OK;
    }
    ch_release(take_value);
    return ch_throw_type(vm, "cannot set property `%s` on %s", name->data, ch_type_name(*ra));
}

// ---- indexes --------------------------------------------------------------------------------------------------------

static ChValue character_at(ChString *text, int64_t index) {
    int64_t count = ch_string_chars(text);
    if (index < 0) index += count;
    if (index < 0 || index >= count) return CH_NIL;
    const char *data = text->data;
    size_t length = text->length, from = (size_t)index;
    if (count != (int64_t)length) {
        from = 0;
        for (int64_t i = 0; i <= index; i++) {
            size_t width = 1;
            while (from + width < length && ((unsigned char)data[from + width] & 0xc0) == 0x80) width++;
            if (i == index) return ch_str_value(data + from, width);
            from += width;
        }
    }
    return ch_str_value(data + from, 1);
}

static ChFlow range_at(ChVm *vm, const ChIntRange *range, int64_t index, ChValue *result) {
    uint64_t length = 0;
    if (range->inclusive ? range->end >= range->start : range->end > range->start)
        length = (uint64_t)range->end - (uint64_t)range->start + (range->inclusive ? 1 : 0);
    uint64_t at = index < 0 ? length + (uint64_t)index : (uint64_t)index;
    if (at >= length)
        return ch_throw_runtime(vm, "range index out of range: index %lld for range of length %llu",
                                (long long)index, (unsigned long long)length);
    *result = ch_int((int64_t)((uint64_t)range->start + at));
    return CH_OK;
}

static ChFlow index_value(ChVm *vm, ChValue value, ChValue key, unsigned x, ChValue *result) {
    *result = CH_NIL;
    if (value.tag == CH_TAG_DICT) {
        if (key.tag == CH_TAG_STRING) {
            ChValue *found = ch_dict_find(value.as.dict, key.as.string);
            if (found) *result = ch_retain(*found);
            return CH_OK;
        }
        ChString *text = key_text(key);
        ChValue *found = ch_dict_find(value.as.dict, text);
        if (found) *result = ch_retain(*found);
        ch_release(ch_object(text));
        return CH_OK;
    }
    if (key.tag == CH_TAG_INT) {
        int64_t index = key.as.integer;
        if (value.tag == CH_TAG_LIST) {
            const ChList *list = value.as.list;
            if (index < 0) index += list->count;
            if (index >= 0 && index < list->count) *result = ch_retain(list->items[index]);
            return CH_OK;
        }
        if (value.tag == CH_TAG_STRING) {
            *result = character_at(value.as.string, index);
            return CH_OK;
        }
        if (value.tag == CH_TAG_RANGE) return range_at(vm, value.as.range, index, result);
    }
    if (value.tag == CH_TAG_STRUCT && key.tag == CH_TAG_STRING) {
        ChValue *found = ch_struct_find(value.as.record, key.as.string);
        if (found) *result = ch_retain(*found);
        return CH_OK;
    }
    if (x & CH_X_OPTIONAL && ch_is_nil(value)) return CH_OK;
    return ch_throw_type(vm, "cannot index into %s with %s", ch_type_name(value), ch_type_name(key));
}

ChFlow ch__op_get_index(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *rc, unsigned x) {
    ChValue result;
    if (index_value(vm, *rb, *rc, x, &result) != CH_OK) return CH_THROW;
    return finish(ra, rb, rc, x, result);
}

// Where a store into `slot` at `key` goes; the value in `slot` is made unshared. *place is NULL when the store has no
// effect (spec: index assignment to what has no items).
static ChFlow place_at(ChVm *vm, ChValue *slot, ChValue key, ChValue **place) {
    *place = NULL;
    if (slot->tag == CH_TAG_LIST) {
        if (key.tag != CH_TAG_INT) return CH_OK;
        ChList *list = slot->as.list;
        int64_t index = key.as.integer;
        if (index < 0) {
            index += list->count;
            if (index < 0) index = 0;
        }
        if (index >= list->count)
            return ch_throw_runtime(vm, "Index %lld out of bounds for list of length %u", (long long)key.as.integer,
                                    list->count);
        list = ch_list_unshare(slot);
        *place = &list->items[index];
    } else if (slot->tag == CH_TAG_DICT) {
        ChDict *dict = ch_dict_unshare(slot);
        ChString *text = key_text(key);
        *place = ch_dict_find(dict, text);
        if (!*place) {
            if (text->head.flags & CH_STRING_INTERNED)
                ch_dict_put_property(vm, dict, text, CH_NIL);
            else
                ch_dict_put(dict, text, CH_NIL);
            *place = ch_dict_find(dict, text);
        }
        ch_release(ch_object(text));
    } else if (slot->tag == CH_TAG_STRUCT && key.tag == CH_TAG_STRING) {
        ChStruct *record = ch_struct_unshare(slot);
        int32_t field = ch_shape_slot(record->shape, key.as.string);
        if (field < 0) {
            ChString *name = ch_intern(vm, key.as.string->data, key.as.string->length);
            ch_struct_put(vm, slot, name, CH_NIL);
            record = slot->as.record;
            field = ch_shape_slot(record->shape, name);
        }
        *place = &record->fields[field];
    }
    return CH_OK;
}

ChFlow ch__op_set_index(ChVm *vm, ChValue *ra, ChValue key, ChValue take_value) {
    // An expanding dict of computed keys is a table from the start.
    if (ra->tag == CH_TAG_DICT && key.tag == CH_TAG_STRING) {
        ch_dict_put(ch_dict_unshare(ra), key.as.string, take_value);
        return CH_OK;
    }
    ChValue *place;
    if (place_at(vm, ra, key, &place) != CH_OK) {
        ch_release(take_value);
        return CH_THROW;
    }
    if (place)
        ch_assign_take(place, take_value);
    else
        ch_release(take_value);
    return CH_OK;
}

ChFlow ch__op_set_path(ChVm *vm, ChValue *ra, ChValue *keys, uint32_t count, ChValue take_value) {
    ChValue *at = ra;
    for (uint32_t i = 0; i < count && at; i++) {
        bool is_last = i + 1 == count;
        if (at->tag != CH_TAG_LIST && at->tag != CH_TAG_DICT && at->tag != CH_TAG_STRUCT) {
            if (keys[i].tag == CH_TAG_STRING) {
                ch_throw_type(vm, is_last ? "cannot set property `%s` on %s" : "cannot access property `%s` on %s",
                              keys[i].as.string->data, ch_type_name(*at));
                ch_release(take_value);
                return CH_THROW;
            }
            at = NULL;
            break;
        }
        ChValue *place;
        if (place_at(vm, at, keys[i], &place) != CH_OK) {
            ch_release(take_value);
            return CH_THROW;
        }
        at = place;
    }
    ch__slots_clear(keys, keys + count);
    if (at)
        ch_assign_take(at, take_value);
    else
        ch_release(take_value);
    return CH_OK;
}

// ---- slices -----------------------------------------------------------------------------------------------------------

static bool slice_bound(ChVm *vm, ChValue bound, int64_t count, int64_t open, const char *which, int64_t *result) {
    if (ch_is_nil(bound)) {
        *result = open;
        return true;
    }
    if (bound.tag != CH_TAG_INT) {
        ch_throw_type(vm, "slice %s must be an integer, got %s", which, ch_type_name(bound));
        return false;
    }
    int64_t index = bound.as.integer;
    if (index < 0) {
        index += count;
        if (index < 0) index = 0;
    } else if (index > count)
        index = count;
    *result = index;
    return true;
}

static size_t byte_of_character(const ChString *text, int64_t index, int64_t count) {
    if (count == (int64_t)text->length) return (size_t)index;
    size_t at = 0;
    for (int64_t i = 0; i < index; i++) {
        at++;
        while (at < text->length && ((unsigned char)text->data[at] & 0xc0) == 0x80) at++;
    }
    return at;
}

ChFlow ch__op_slice(ChVm *vm, ChValue *ra, ChValue *rb, ChValue *bounds, unsigned x) {
    int64_t count, start, end;
    if (rb->tag == CH_TAG_LIST)
        count = rb->as.list->count;
    else if (rb->tag == CH_TAG_STRING)
        count = ch_string_chars(rb->as.string);
    else
        return ch_throw_type(vm, "cannot slice %s", ch_type_name(*rb));
    if (!slice_bound(vm, bounds[0], count, 0, "start", &start)) return CH_THROW;
    if (!slice_bound(vm, bounds[1], count, count, "end", &end)) return CH_THROW;
    if (end < start) end = start;
    ChValue result;
    if (rb->tag == CH_TAG_LIST) {
        ChList *list = ch_list_new((uint32_t)(end - start));
        for (int64_t i = start; i < end; i++) list->items[i - start] = ch_retain(rb->as.list->items[i]);
        list->count = (uint32_t)(end - start);
        result = ch_object(list);
    } else {
        size_t from = byte_of_character(rb->as.string, start, count);
        size_t to = byte_of_character(rb->as.string, end, count);
        result = ch_str_value(rb->as.string->data + from, to - from);
    }
    if (x & CH_X_FREE_C) {
        for (int i = 0; i < 2; i++)
            if (&bounds[i] != ra) ch__slot_clear(&bounds[i]);
    }
    return finish(ra, rb, NULL, x, result);
}

// ---- literals ---------------------------------------------------------------------------------------------------------

ChFlow ch__op_list_spread(ChVm *vm, ChValue *ra, ChValue value) {
    if (value.tag != CH_TAG_LIST) return ch__op_destructure(vm, value, 1);
    ChValue from = ch_retain(value); // may be the list that is being built
    ChList *list = ch_list_unshare(ra);
    uint32_t count = from.as.list->count;
    if ((uint64_t)list->count + count > CH_LIST_MAX) {
        ch_release(from);
        return ch_throw_runtime(vm, "list is too long (limit %u items)", CH_LIST_MAX);
    }
    ch_list_reserve(list, list->count + count);
    for (uint32_t i = 0; i < count; i++) ch_list_push(list, ch_retain(from.as.list->items[i]));
    ch_release(from);
    return CH_OK;
}

ChFlow ch__op_dict_put(ChVm *vm, ChValue *ra, ChValue key, ChValue take_value) {
    ChDict *dict = ch_dict_unshare(ra);
    ChString *text = key_text(key);
    if (text->head.flags & CH_STRING_INTERNED)
        ch_dict_put_property(vm, dict, text, take_value);
    else
        ch_dict_put(dict, text, take_value);
    ch_release(ch_object(text));
    return CH_OK;
}

ChFlow ch__op_dict_spread(ChVm *vm, ChValue *ra, ChValue value) {
    ChDict *dict = ch_dict_unshare(ra);
    ChString *key;
    ChValue item;
    uint32_t position = 0;
    if (value.tag == CH_TAG_DICT) {
        ChValue from = ch_retain(value);
        while (ch_dict_next(from.as.dict, &position, &key, &item))
            ch_dict_put_property(vm, dict, key, ch_retain(item));
        ch_release(from);
        return CH_OK;
    }
    if (value.tag == CH_TAG_STRUCT) {
        const ChStruct *record = value.as.record;
        for (uint32_t i = 0; i < record->shape->count; i++)
            if (record->fields[i].tag != CH_TAG_ABSENT)
                ch_dict_put_property(vm, dict, record->shape->keys[i], ch_retain(record->fields[i]));
        return CH_OK;
    }
    return ch__op_destructure(vm, value, 0);
}

ChFlow ch__op_new_record(ChVm *vm, ChValue *ra, const ChLinkedNames *names, ChValue *values) {
    if (names->shape) {
        ChDict *dict = ch_dict_new_record(names->shape);
        for (uint32_t i = 0; i < names->count; i++) {
            dict->values[i] = values[i];
            values[i].tag = CH_TAG_NIL;
        }
        ch_assign_take(ra, ch_object(dict));
        return CH_OK;
    }
    ChValue dict = ch_object(ch_dict_new());
    for (uint32_t i = 0; i < names->count; i++)
        ch_dict_put_property(vm, dict.as.dict, names->names[i], ch_take(&values[i]));
    ch_assign_take(ra, dict);
    return CH_OK;
}

void ch__link_struct(ChVm *vm, ChLinkedNames *names) {
    ChStructType *type = ch__struct_type(vm, ch_string_view(names->name));
    names->type = type;
    // Fields that the declaration does not know come behind the declared ones.
    ChShape *shape = type->full;
    for (uint32_t i = 0; i < names->count; i++)
        if (ch_shape_slot(shape, names->names[i]) < 0) shape = ch_shape_with(vm, shape, names->names[i]);
    bool is_in_order = shape->count == names->count;
    for (uint32_t i = 0; is_in_order && i < names->count; i++) is_in_order = shape->keys[i] == names->names[i];
    ch_free(names->slots);
    names->slots = NULL;
    if (!is_in_order) {
        names->slots = ch_realloc_array(NULL, names->count + 1, sizeof *names->slots);
        for (uint32_t i = 0; i < names->count; i++)
            names->slots[i] = (uint32_t)ch_shape_slot(shape, names->names[i]);
    }
    names->struct_shape = shape;
}

ChFlow ch__op_new_struct(ChVm *vm, ChValue *ra, ChLinkedNames *names, ChValue *values) {
    if (!names->struct_shape) ch__link_struct(vm, names);
    ChStruct *record = ch_struct_new(names->struct_shape);
    for (uint32_t i = 0; i < names->count; i++)
        ch_assign_take(&record->fields[names->slots ? names->slots[i] : i], ch_take(&values[i]));
    ch_assign_take(ra, ch_object(record));
    return CH_OK;
}

ChFlow ch__op_struct_from(ChVm *vm, ChValue *ra, ChValue *rb, ChLinkedNames *names) {
    if (rb->tag != CH_TAG_DICT)
        return ch_throw_type(vm, "%s(...) expects a dict of fields, got %s", names->name->data, ch_type_name(*rb));
    ChStructType *type = ch__struct_type(vm, ch_string_view(names->name));
    ChValue record = ch_object(ch_struct_new(type->full));
    uint32_t position = 0;
    ChString *key;
    ChValue value;
    while (ch_dict_next(rb->as.dict, &position, &key, &value))
        ch_struct_put(vm, &record, ch_intern(vm, key->data, key->length), ch_retain(value));
    ch_assign_take(ra, record);
    return CH_OK;
}

void ch__link_variant(ChVm *vm, ChLinkedVariant *variant) {
    ChEnumType *type = ch__enum_type_make(vm, ch_string_view(variant->enum_name));
    variant->variant = ch__enum_variant_make(vm, type, ch_string_view(variant->variant_name), 0);
    variant->type = type;
}

ChFlow ch__op_new_enum(ChVm *vm, ChValue *ra, ChLinkedVariant *variant, ChValue *values, uint32_t count) {
    ch__link_variant(vm, variant);
    ChEnum *value = ch_enum_new(variant->type, variant->variant, count);
    for (uint32_t i = 0; i < count; i++) value->fields[i] = ch_take(&values[i]);
    ch_assign_take(ra, ch_object(value));
    return CH_OK;
}

// A bound that is no integer counts as 0, a float too (the specification calls such a range empty; the program does not).
static int64_t range_bound(ChValue bound) { return bound.tag == CH_TAG_INT ? bound.as.integer : 0; }

ChFlow ch__op_new_range(ChVm *vm, ChValue *ra, ChValue start, ChValue end, bool inclusive) {
    ch_assign_take(ra, ch_object(ch_range_new(range_bound(start), range_bound(end), inclusive)));
    return CH_OK;
}

// ---- taking apart -----------------------------------------------------------------------------------------------------

ChFlow ch__op_destructure(ChVm *vm, ChValue value, uint32_t kind) {
    switch (kind) {
    case 0:
        if (value.tag == CH_TAG_DICT || value.tag == CH_TAG_STRUCT) return CH_OK;
        return ch_throw_type(vm, "cannot destructure %s with {...} pattern — expected dict", ch_type_name(value));
    case 1:
        if (value.tag == CH_TAG_LIST) return CH_OK;
        return ch_throw_type(vm, "cannot destructure %s with [...] pattern — expected list", ch_type_name(value));
    default:
        if (value.tag == CH_TAG_PAIR) return CH_OK;
        return ch_throw_type(vm, "cannot destructure %s with (a, b) pattern — expected pair", ch_type_name(value));
    }
}

ChFlow ch__op_list_rest(ChVm *vm, ChValue *ra, ChValue *rb, uint32_t from, unsigned x) {
    uint32_t count = rb->tag == CH_TAG_LIST ? rb->as.list->count : 0;
    if (from > count) from = count;
    ChList *rest = ch_list_new(count - from);
    for (uint32_t i = from; i < count; i++) rest->items[i - from] = ch_retain(rb->as.list->items[i]);
    rest->count = count - from;
    return finish(ra, rb, NULL, x, ch_object(rest));
}

static bool is_named(const ChLinkedNames *names, const ChString *key) {
    for (uint32_t i = 0; i < names->count; i++)
        if (ch_string_equal(names->names[i], key)) return true;
    return false;
}

ChFlow ch__op_dict_rest(ChVm *vm, ChValue *ra, ChValue *rb, const ChLinkedNames *names, unsigned x) {
    ChValue rest = ch_object(ch_dict_new());
    if (rb->tag == CH_TAG_DICT) {
        uint32_t position = 0;
        ChString *key;
        ChValue value;
        while (ch_dict_next(rb->as.dict, &position, &key, &value))
            if (!is_named(names, key)) ch_dict_put_property(vm, rest.as.dict, key, ch_retain(value));
    } else if (rb->tag == CH_TAG_STRUCT) {
        const ChStruct *record = rb->as.record;
        for (uint32_t i = 0; i < record->shape->count; i++)
            if (record->fields[i].tag != CH_TAG_ABSENT && !is_named(names, record->shape->keys[i]))
                ch_dict_put_property(vm, rest.as.dict, record->shape->keys[i], ch_retain(record->fields[i]));
    }
    return finish(ra, rb, NULL, x, rest);
}

ChFlow ch__op_list_get(ChVm *vm, ChValue *ra, ChValue *rb, uint32_t index, unsigned x) {
    ChValue item = CH_NIL;
    if (rb->tag == CH_TAG_LIST && index < rb->as.list->count) item = ch_retain(rb->as.list->items[index]);
    if (rb->tag == CH_TAG_PAIR && index < 2)
        item = ch_retain(index ? rb->as.pair->second : rb->as.pair->first);
    return finish(ra, rb, NULL, x, item);
}

ChFlow ch__op_len(ChVm *vm, ChValue *ra, ChValue *rb, unsigned x) {
    int64_t count = 0;
    bool too_large;
    switch ((ChTag)rb->tag) {
    case CH_TAG_STRING: count = ch_string_chars(rb->as.string); break;
    case CH_TAG_BYTES: count = (int64_t)rb->as.bytes->length; break;
    case CH_TAG_LIST: count = rb->as.list->count; break;
    case CH_TAG_DICT: count = rb->as.dict->count; break;
    case CH_TAG_SET: count = rb->as.set->count; break;
    case CH_TAG_RANGE: count = ch_range_length(rb->as.range, &too_large); break;
    default: {
        // What len() says of everything else is the builtin's affair.
        int32_t row = ch_builtin_find(CH_STR("len"));
        if (row < 0 || !ch_builtin_functions[row]) break;
        ChValue argument = ch_retain(*rb), result = CH_NIL;
        ChFlow flow = ch_builtin_call(vm, (uint32_t)row, &argument, 1, &result);
        ch_release(argument);
        if (flow != CH_OK) return flow;
        return finish(ra, rb, NULL, x, result);
    }
    }
    return finish(ra, rb, NULL, x, ch_int(count));
}

// ---- loops ------------------------------------------------------------------------------------------------------------

ChFlow ch__op_for_prep(ChVm *vm, ChValue *ra, unsigned x, bool *is_empty) {
    if (ra[0].tag != CH_TAG_INT || ra[1].tag != CH_TAG_INT) {
        if (x & CH_X_BUILTIN) return ch_throw_type(vm, "range(n): expected integer argument");
        for (ChValue *bound = ra; bound < ra + 2; bound++) ch_assign_take(bound, ch_int(range_bound(*bound)));
    }
    int64_t start = ra[0].as.integer, end = ra[1].as.integer;
    *is_empty = x & CH_X_INCLUSIVE ? end < start : end <= start;
    if (*is_empty) return CH_OK;
    if (!(x & CH_X_INCLUSIVE)) ra[1].as.integer = end - 1;
    ch_assign_take(&ra[2], ch_int(start));
    return CH_OK;
}

ChFlow ch__op_iter(ChVm *vm, ChValue *ra, ChValue *rb, unsigned x) {
    ChValue source = x & CH_X_FREE_B || ra == rb ? ch_take(rb) : ch_retain(*rb);
    switch ((ChTag)source.tag) {
    case CH_TAG_LIST:
    case CH_TAG_SET:
    case CH_TAG_DICT:
    case CH_TAG_RANGE:
    case CH_TAG_GENERATOR:
    case CH_TAG_STREAM:
    case CH_TAG_CHANNEL:
    case CH_TAG_ITER: break;
    default: // anything else has no items (spec: for-in)
        ch_release(source);
        source = ch_object(ch_list_new(0));
    }
    ch_assign_take(&ra[0], source);
    ch_assign_take(&ra[1], ch_int(0));
    return CH_OK;
}

static ChIterStep dict_step(ChVm *vm, ChValue *ra, ChValue *item) {
    uint32_t position = (uint32_t)ra[1].as.integer;
    ChString *key;
    ChValue value;
    if (!ch_dict_next(ra->as.dict, &position, &key, &value)) return CH_ITER_END;
    ra[1].as.integer = position;
    ChDict *entry = ch_dict_new_record(vm->entry_shape);
    key->head.refs++;
    entry->values[0] = ch_object(key);
    entry->values[1] = ch_retain(value);
    *item = ch_object(entry);
    return CH_ITER_ITEM;
}

static ChIterStep range_step(ChValue *ra, ChValue *item) {
    const ChIntRange *range = ra->as.range;
    uint64_t position = (uint64_t)ra[1].as.integer;
    if (range->inclusive ? range->end < range->start : range->end <= range->start) return CH_ITER_END;
    uint64_t last = (uint64_t)range->end - (uint64_t)range->start - (range->inclusive ? 0 : 1);
    // Behind the last item the position would wrap for a range over all ints: it stays at a mark instead.
    if (ra[1].tag == CH_TAG_NIL || position > last) return CH_ITER_END;
    *item = ch_int((int64_t)((uint64_t)range->start + position));
    if (position == UINT64_MAX)
        ra[1] = CH_NIL;
    else
        ra[1].as.integer = (int64_t)(position + 1);
    return CH_ITER_ITEM;
}

ChIterStep ch__iter_step(ChVm *vm, ChTask *task, ChValue *ra, ChValue *item, ChGenerator **generator) {
    ChValue source = *ra;
    if (source.tag == CH_TAG_ITER) {
        ChIter *iter = (ChIter *)source.as.object;
        if (!ch_iter_is_foreign(iter)) return ch_iter_next(iter, item) ? CH_ITER_ITEM : CH_ITER_END;
        source = iter->source;
    }
    switch ((ChTag)source.tag) {
    case CH_TAG_LIST: {
        uint64_t position = (uint64_t)ra[1].as.integer++;
        if (position >= source.as.list->count) return CH_ITER_END;
        *item = ch_retain(source.as.list->items[position]);
        return CH_ITER_ITEM;
    }
    case CH_TAG_SET: {
        uint64_t position = (uint64_t)ra[1].as.integer++;
        if (position >= source.as.set->count) return CH_ITER_END;
        *item = ch_retain(source.as.set->items[position]);
        return CH_ITER_ITEM;
    }
    case CH_TAG_RANGE: return range_step(ra, item);
    case CH_TAG_DICT: return dict_step(vm, ra, item);
    case CH_TAG_GENERATOR:
    case CH_TAG_STREAM:
        *generator = (ChGenerator *)source.as.object;
        if (!(*generator)->fiber) *generator = NULL;
        return CH_ITER_RESUME;
    case CH_TAG_CHANNEL: return ch__channel_step(vm, task, source, item);
    default: return CH_ITER_END;
    }
}
