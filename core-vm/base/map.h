/* Hash maps with texts as keys, to pointers or to uint32_t: open addressing,
 * insertion order kept for iteration. Keys are borrowed: they must live as long
 * as the map. Zeroed memory is a valid empty map. */
#ifndef CH_BASE_MAP_H
#define CH_BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct ChMapEntry {
    ChStr key;
    uint64_t hash;
    union {
        void *pointer;
        uint32_t number;
    } value;
} ChMapEntry;

typedef struct ChMap {
    ChMapEntry *entries; /* in insertion order; iterate over 0 .. count - 1 */
    uint32_t count, capacity;
    uint32_t *slots;     /* entry index + 1, or 0 */
    uint32_t slot_count; /* a power of two, or 0 */
} ChMap;

void ch_map_release(ChMap *map);
void ch_map_clear(ChMap *map);

/* The entry of `key`, or NULL; good until the next insertion. */
ChMapEntry *ch_map_find(const ChMap *map, ChStr key);

/* The entry of `key`, made (value zero) when there was none; *is_new tells which
 * (may be NULL). Good until the next insertion. */
ChMapEntry *ch_map_enter(ChMap *map, ChStr key, bool *is_new);

/* NULL when there is none. */
void *ch_map_get_pointer(const ChMap *map, ChStr key);
void ch_map_set_pointer(ChMap *map, ChStr key, void *pointer);

/* `fallback` when there is none. */
uint32_t ch_map_get_number(const ChMap *map, ChStr key, uint32_t fallback);
void ch_map_set_number(ChMap *map, ChStr key, uint32_t number);

#endif
