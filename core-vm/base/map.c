/* See map.h. A table of indices into a dense array of entries: probing touches
 * four bytes a step, iteration is a walk over the array. */
#include "base/map.h"

#include <string.h>

#include "base/alloc.h"
#include "base/array.h"

#include "base/banned.h"

void ch_map_release(ChMap *map) {
    ch_free(map->entries);
    ch_free(map->slots);
    *map = (ChMap){0};
}

void ch_map_clear(ChMap *map) {
    map->count = 0;
    if (map->slots) memset(map->slots, 0, map->slot_count * sizeof *map->slots);
}

static void rehash(ChMap *map, uint32_t slot_count) {
    ch_free(map->slots);
    map->slots = ch_alloc_zero(slot_count, sizeof *map->slots);
    map->slot_count = slot_count;
    for (uint32_t i = 0; i < map->count; i++) {
        uint32_t at = (uint32_t)map->entries[i].hash & (slot_count - 1);
        while (map->slots[at])
            at = (at + 1) & (slot_count - 1);
        map->slots[at] = i + 1;
    }
}

static ChMapEntry *find_hashed(const ChMap *map, ChStr key, uint64_t hash, uint32_t *free_slot) {
    uint32_t mask = map->slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t index = map->slots[at];
        if (!index) {
            *free_slot = at;
            return NULL;
        }
        ChMapEntry *entry = &map->entries[index - 1];
        if (entry->hash == hash && ch_str_equal(entry->key, key)) return entry;
    }
}

ChMapEntry *ch_map_find(const ChMap *map, ChStr key) {
    uint32_t unused;
    if (!map->slot_count) return NULL;
    return find_hashed(map, key, ch_str_hash(key), &unused);
}

ChMapEntry *ch_map_enter(ChMap *map, ChStr key, bool *is_new) {
    if (map->count >= map->slot_count / 4 * 3) rehash(map, map->slot_count ? map->slot_count * 2 : 16);
    uint64_t hash = ch_str_hash(key);
    uint32_t slot;
    ChMapEntry *entry = find_hashed(map, key, hash, &slot);
    if (is_new) *is_new = !entry;
    if (entry) return entry;
    if (map->count == map->capacity)
        map->entries =
            ch__array_grow(map->entries, &map->capacity, (size_t)map->count + 1, sizeof *map->entries);
    entry = &map->entries[map->count++];
    *entry = (ChMapEntry){.key = key, .hash = hash};
    map->slots[slot] = map->count;
    return entry;
}

void *ch_map_get_pointer(const ChMap *map, ChStr key) {
    ChMapEntry *entry = ch_map_find(map, key);
    return entry ? entry->value.pointer : NULL;
}

void ch_map_set_pointer(ChMap *map, ChStr key, void *pointer) {
    ch_map_enter(map, key, NULL)->value.pointer = pointer;
}

uint32_t ch_map_get_number(const ChMap *map, ChStr key, uint32_t fallback) {
    ChMapEntry *entry = ch_map_find(map, key);
    return entry ? entry->value.number : fallback;
}

void ch_map_set_number(ChMap *map, ChStr key, uint32_t number) {
    ch_map_enter(map, key, NULL)->value.number = number;
}
