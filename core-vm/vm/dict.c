// Dicts. A record shares its keys with all records of the same shape; a table owns its entries in the order of
// insertion until somebody wants them sorted, and an open-addressing index once there are more than a few.
// Removed entries stay as holes (key NULL) until the table grows or is sorted.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "vm/heap.h"

#include "base/banned.h"

#define SMALL_TABLE 8

ChDict *ch_dict_new(void) {
    ChDict *dict = ch_object_alloc(CH_TAG_DICT, sizeof *dict);
    memset((char *)dict + sizeof dict->head, 0, sizeof *dict - sizeof dict->head);
    dict->sorted = true;
    return dict;
}

ChDict *ch_dict_new_record(ChShape *shape) {
    ChDict *dict = ch_dict_new();
    dict->shape = shape;
    dict->count = shape->count;
    dict->capacity = shape->count;
    if (shape->count) dict->values = ch_realloc_array(NULL, shape->count, sizeof *dict->values);
    for (uint32_t i = 0; i < shape->count; i++) dict->values[i] = CH_NIL;
    return dict;
}

// ---- tables -----------------------------------------------------------------------------------------------------

static void index_enter(ChDict *dict, uint32_t number) {
    uint32_t at = ch_string_hash(dict->entries[number].key) & dict->table_mask;
    while (dict->table[at]) at = (at + 1) & dict->table_mask;
    dict->table[at] = number + 1;
}

// Makes the index anew for the entries as they stand (no holes wanted, none harm).
static void index_build(ChDict *dict) {
    ch_free(dict->table);
    dict->table = NULL;
    if (dict->used <= SMALL_TABLE) return;
    uint32_t size = 32;
    while (size < dict->capacity * 2u) size *= 2;
    dict->table = ch_alloc_zero(size, sizeof *dict->table);
    dict->table_mask = size - 1;
    for (uint32_t i = 0; i < dict->used; i++)
        if (dict->entries[i].key) index_enter(dict, i);
}

static void close_holes(ChDict *dict) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < dict->used; i++)
        if (dict->entries[i].key) dict->entries[kept++] = dict->entries[i];
    dict->used = kept;
}

static int64_t table_find(const ChDict *dict, const char *data, uint32_t length, uint32_t hash) {
    if (!dict->table) {
        for (uint32_t i = 0; i < dict->used; i++) {
            const ChString *key = dict->entries[i].key;
            if (key && key->length == length && memcmp(key->data, data, length) == 0) return i;
        }
        return -1;
    }
    uint32_t at = hash & dict->table_mask;
    while (dict->table[at]) {
        uint32_t number = dict->table[at] - 1;
        const ChString *key = dict->entries[number].key;
        if (key && key->hash == hash && key->length == length && memcmp(key->data, data, length) == 0)
            return number;
        at = (at + 1) & dict->table_mask;
    }
    return -1;
}

static void table_append(ChDict *dict, ChString *key, ChValue take_value) {
    if (dict->used == dict->capacity) {
        // Where a quarter or more are holes they make the room.
        bool is_airy = dict->used - dict->count > dict->used / 4;
        if (is_airy) {
            close_holes(dict);
        } else {
            dict->capacity = dict->capacity ? dict->capacity * 2 : 4;
            dict->entries = ch_realloc_array(dict->entries, dict->capacity, sizeof *dict->entries);
        }
        if (dict->table || dict->used > SMALL_TABLE) index_build(dict);
    }
    if (dict->sorted && dict->used) {
        const ChString *last = dict->entries[dict->used - 1].key;
        if (!last || ch_str_compare(ch_string_view(last), ch_string_view(key)) > 0) dict->sorted = false;
    }
    key->head.refs++;
    ch_string_hash(key);
    dict->entries[dict->used++] = (ChDictEntry){key, take_value};
    dict->count++;
    if (dict->table)
        index_enter(dict, dict->used - 1);
    else if (dict->used > SMALL_TABLE)
        index_build(dict);
}

// Turns a record into a table with the same entries.
static void make_table(ChDict *dict, uint32_t extra) {
    ChShape *shape = dict->shape;
    ChValue *values = dict->values;
    uint32_t capacity = shape->count + extra;
    ChDictEntry *entries = capacity ? ch_realloc_array(NULL, capacity, sizeof *entries) : NULL;
    for (uint32_t i = 0; i < shape->count; i++) {
        uint32_t slot = shape->sorted[i];
        shape->keys[slot]->head.refs++;
        entries[i] = (ChDictEntry){shape->keys[slot], values[slot]};
    }
    ch_free(values);
    dict->shape = NULL;
    dict->entries = entries;
    dict->used = shape->count;
    dict->capacity = capacity;
    dict->sorted = true;
    index_build(dict);
}

// ---- reading ------------------------------------------------------------------------------------------------------

ChValue *ch_dict_find(const ChDict *dict, const ChString *key) {
    if (dict->shape) {
        int32_t slot = ch_shape_slot(dict->shape, key);
        return slot < 0 ? NULL : &dict->values[slot];
    }
    if (dict->table) {
        // The key is mostly the very string that was put.
        uint32_t hash = ch_string_hash((ChString *)key), at = hash & dict->table_mask, number;
        for (; (number = dict->table[at]); at = (at + 1) & dict->table_mask) {
            ChDictEntry *entry = &dict->entries[number - 1];
            if (entry->key == key || (entry->key && entry->key->hash == hash && entry->key->length == key->length &&
                                      memcmp(entry->key->data, key->data, key->length) == 0))
                return &entry->value;
        }
        return NULL;
    }
    int64_t number = table_find(dict, key->data, key->length, 0);
    return number < 0 ? NULL : &dict->entries[number].value;
}

ChValue *ch_dict_find_str(const ChDict *dict, ChStr key) {
    if (dict->shape) {
        const ChShape *shape = dict->shape;
        for (uint32_t i = 0; i < shape->count; i++)
            if (ch_str_equal(ch_string_view(shape->keys[i]), key)) return &dict->values[i];
        return NULL;
    }
    if (!dict->table) {
        int64_t number = table_find(dict, key.data ? key.data : "", key.length, 0);
        return number < 0 ? NULL : &dict->entries[number].value;
    }
    ChString *text = ch_string_new(key.data, key.length);
    ChValue *found = ch_dict_find(dict, text);
    ch_release(ch_object(text));
    return found;
}

static int compare_entries(const void *a, const void *b) {
    return ch_str_compare(ch_string_view(((const ChDictEntry *)a)->key), ch_string_view(((const ChDictEntry *)b)->key));
}

void ch_dict_sort(ChDict *dict) {
    if (dict->shape) return;
    bool has_holes = dict->used != dict->count;
    if (dict->sorted && !has_holes) return;
    if (has_holes) close_holes(dict);
    if (!dict->sorted) qsort(dict->entries, dict->used, sizeof *dict->entries, compare_entries);
    dict->sorted = true;
    index_build(dict);
}

bool ch_dict_next(ChDict *dict, uint32_t *position, ChString **key, ChValue *value) {
    if (dict->shape) {
        if (*position >= dict->shape->count) return false;
        uint32_t slot = dict->shape->sorted[(*position)++];
        *key = dict->shape->keys[slot];
        *value = dict->values[slot];
        return true;
    }
    if (*position == 0) ch_dict_sort(dict);
    while (*position < dict->used && !dict->entries[*position].key) (*position)++;
    if (*position >= dict->used) return false;
    ChDictEntry *entry = &dict->entries[(*position)++];
    *key = entry->key;
    *value = entry->value;
    return true;
}

// ---- writing ------------------------------------------------------------------------------------------------------

ChDict *ch_dict_unshare(ChValue *slot) {
    ChDict *dict = slot->as.dict;
    if (dict->head.refs == 1) return dict;
    ChDict *copy = ch_dict_new();
    copy->count = dict->count;
    copy->shape = dict->shape;
    if (dict->shape) {
        copy->capacity = dict->count;
        if (dict->count) copy->values = ch_realloc_array(NULL, dict->count, sizeof *copy->values);
        for (uint32_t i = 0; i < dict->count; i++) copy->values[i] = ch_retain(dict->values[i]);
    } else if (dict->used) {
        if (dict->used != dict->count) ch_dict_sort(dict); // closes holes
        copy->capacity = dict->used + dict->used / 4 + 2;
        copy->entries = ch_realloc_array(NULL, copy->capacity, sizeof *copy->entries);
        for (uint32_t i = 0; i < dict->used; i++) {
            dict->entries[i].key->head.refs++;
            copy->entries[i] = (ChDictEntry){dict->entries[i].key, ch_retain(dict->entries[i].value)};
        }
        copy->used = dict->used;
        copy->sorted = dict->sorted;
        // The index has to be twice as large as the room for entries, or a search might find no empty place to end at.
        if (dict->table && (size_t)dict->table_mask + 1 >= (size_t)copy->capacity * 2) {
            copy->table_mask = dict->table_mask;
            copy->table = ch_alloc_copy(dict->table, ((size_t)dict->table_mask + 1) * sizeof *dict->table);
        } else if (dict->table) {
            index_build(copy);
        }
    }
    ch_assign_take(slot, ch_object(copy));
    return copy;
}

void ch_dict_put(ChDict *dict, ChString *key, ChValue take_value) {
    ChValue *found = ch_dict_find(dict, key);
    if (found) {
        ch_assign_take(found, take_value);
        return;
    }
    if (dict->shape) make_table(dict, 4);
    table_append(dict, key, take_value);
}

void ch_dict_put_str(ChDict *dict, const char *key, ChValue take_value) {
    ChString *text = ch_string_from(key);
    ch_dict_put(dict, text, take_value);
    ch_release(ch_object(text));
}

void ch_dict_put_property(ChVm *vm, ChDict *dict, ChString *key, ChValue take_value) {
    ChValue *found = ch_dict_find(dict, key);
    if (found) {
        ch_assign_take(found, take_value);
        return;
    }
    ChShape *shape = dict->shape;
    if (!shape && dict->used == 0) shape = ch_shape_root(vm);
    ChShape *wider = shape ? ch_shape_with(vm, shape, key) : NULL;
    if (!wider) {
        ch_dict_put(dict, key, take_value);
        return;
    }
    if (!dict->shape) {
        ch_free(dict->entries); // an empty table's room
        ch_free(dict->table);
        dict->table = NULL;
        dict->values = NULL;
        dict->capacity = 0;
        dict->sorted = true;
    }
    if (wider->count > dict->capacity) {
        dict->capacity = wider->count < 4 ? 4 : wider->count + wider->count / 2;
        dict->values = ch_realloc_array(dict->values, dict->capacity, sizeof *dict->values);
    }
    dict->values[wider->count - 1] = take_value;
    dict->shape = wider;
    dict->count = wider->count;
}

bool ch_dict_remove(ChDict *dict, const ChString *key) {
    if (dict->shape) {
        if (ch_shape_slot(dict->shape, key) < 0) return false;
        make_table(dict, 0);
    }
    uint32_t hash = dict->table ? ch_string_hash((ChString *)key) : 0;
    int64_t number = table_find(dict, key->data, key->length, hash);
    if (number < 0) return false;
    ChDictEntry *entry = &dict->entries[number];
    ChDictEntry removed = *entry;
    *entry = (ChDictEntry){NULL, CH_NIL};
    dict->count--;
    if (dict->count == 0) {
        dict->used = 0;
        dict->sorted = true;
        ch_free(dict->table);
        dict->table = NULL;
    }
    ch_release(ch_object(removed.key));
    ch_release(removed.value);
    return true;
}
