// Lists: a counted head and a growing array of values.
#include <string.h>

#include "base/alloc.h"
#include "vm/heap.h"

#include "base/banned.h"

ChList *ch_list_new(uint32_t capacity) {
    ChList *list = ch_object_alloc(CH_TAG_LIST, sizeof *list);
    list->count = 0;
    list->capacity = capacity;
    list->items = capacity ? ch_realloc_array(NULL, capacity, sizeof *list->items) : NULL;
    return list;
}

void ch_list_reserve(ChList *list, uint32_t capacity) {
    if (capacity <= list->capacity) return;
    uint32_t grown = list->capacity + list->capacity / 2 + 4;
    if (grown < capacity) grown = capacity;
    list->items = ch_realloc_array(list->items, grown, sizeof *list->items);
    list->capacity = grown;
}

void ch_list_push(ChList *list, ChValue take_value) {
    if (list->count == list->capacity) ch_list_reserve(list, list->count + 1);
    list->items[list->count++] = take_value;
}

ChList *ch_list_unshare(ChValue *slot) {
    ChList *list = slot->as.list;
    if (list->head.refs == 1) return list;
    // Room for a few more: a copy is made because something is about to change.
    ChList *copy = ch_list_new(list->count + 4);
    for (uint32_t i = 0; i < list->count; i++) copy->items[i] = ch_retain(list->items[i]);
    copy->count = list->count;
    ch_assign_take(slot, ch_object(copy));
    return copy;
}
