// Sets: items in the order of insertion, and a hash table of item numbers once there are more than a few. Removing
// keeps the order, and so costs the number of items.
#include <string.h>

#include "base/alloc.h"
#include "vm/heap.h"

#include "base/banned.h"

#define SMALL_SET 8

ChSet *ch_set_new(uint32_t capacity) {
    ChSet *set = ch_object_alloc(CH_TAG_SET, sizeof *set);
    set->count = 0;
    set->capacity = capacity;
    set->items = capacity ? ch_realloc_array(NULL, capacity, sizeof *set->items) : NULL;
    set->table = NULL;
    set->table_mask = 0;
    set->has_floats = false;
    return set;
}

static void table_enter(ChSet *set, uint32_t number) {
    uint32_t at = (uint32_t)ch_hash(set->items[number]) & set->table_mask;
    while (set->table[at]) at = (at + 1) & set->table_mask;
    set->table[at] = number + 1;
}

static void table_build(ChSet *set) {
    ch_free(set->table);
    set->table = NULL;
    if (set->count <= SMALL_SET) return;
    uint32_t size = 32;
    while (size < set->count * 2u) size *= 2;
    set->table = ch_alloc_zero(size, sizeof *set->table);
    set->table_mask = size - 1;
    for (uint32_t i = 0; i < set->count; i++) table_enter(set, i);
}

// As ch_same, with the commonest members told apart here.
static inline bool is_member(ChValue member, ChValue item) {
    if (member.tag == CH_TAG_INT || item.tag == CH_TAG_INT)
        return member.tag == item.tag && member.as.integer == item.as.integer;
    return ch_same(member, item);
}

static int64_t find(const ChSet *set, ChValue item) {
    if (!set->table) {
        for (uint32_t i = 0; i < set->count; i++)
            if (is_member(set->items[i], item)) return i;
        return -1;
    }
    uint32_t at = (uint32_t)ch_hash(item) & set->table_mask;
    while (set->table[at]) {
        uint32_t number = set->table[at] - 1;
        if (is_member(set->items[number], item)) return number;
        at = (at + 1) & set->table_mask;
    }
    return -1;
}

bool ch_set_contains(const ChSet *set, ChValue item) { return find(set, item) >= 0; }

bool ch_set_contains_equal(const ChSet *set, ChValue item) {
    if (ch_set_contains(set, item)) return true;
    if (item.tag == CH_TAG_INT)
        return set->has_floats && (int64_t)(double)item.as.integer == item.as.integer &&
               ch_set_contains(set, ch_float((double)item.as.integer));
    double d = item.as.real;
    if (item.tag == CH_TAG_FLOAT && d >= -9.2e18 && d <= 9.2e18 && (double)(int64_t)d == d)
        return ch_set_contains(set, ch_int((int64_t)d));
    return false;
}

bool ch_set_add(ChSet *set, ChValue take_value) {
    if (find(set, take_value) >= 0) {
        ch_release(take_value);
        return false;
    }
    if (set->count == set->capacity) {
        set->capacity = set->capacity ? set->capacity + set->capacity / 2 + 1 : 4;
        set->items = ch_realloc_array(set->items, set->capacity, sizeof *set->items);
    }
    set->has_floats |= take_value.tag == CH_TAG_FLOAT;
    set->items[set->count++] = take_value;
    if (set->table && set->count * 2u <= set->table_mask + 1)
        table_enter(set, set->count - 1);
    else if (set->count > SMALL_SET)
        table_build(set);
    return true;
}

bool ch_set_remove(ChSet *set, ChValue value) {
    int64_t number = find(set, value);
    if (number < 0) return false;
    ChValue removed = set->items[number];
    memmove(set->items + number, set->items + number + 1, (set->count - (size_t)number - 1) * sizeof *set->items);
    set->count--;
    if (set->table) table_build(set);
    ch_release(removed);
    return true;
}

ChSet *ch_set_unshare(ChValue *slot) {
    ChSet *set = slot->as.set;
    if (set->head.refs == 1) return set;
    ChSet *copy = ch_set_new(set->count + 4);
    for (uint32_t i = 0; i < set->count; i++) copy->items[i] = ch_retain(set->items[i]);
    copy->count = set->count;
    copy->has_floats = set->has_floats;
    if (set->table) {
        copy->table_mask = set->table_mask;
        copy->table = ch_alloc_copy(set->table, ((size_t)set->table_mask + 1) * sizeof *set->table);
    }
    ch_assign_take(slot, ch_object(copy));
    return copy;
}
