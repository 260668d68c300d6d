/* The one function behind the macros of array.h. */
#include "base/array.h"

#include "base/banned.h"

#define ARRAY_ITEMS_MAX 0x7fffffffu

void *ch__array_grow(void *items, uint32_t *capacity, size_t wanted, size_t item_size) {
    size_t grown = *capacity < 8 ? 8 : (size_t)*capacity + *capacity / 2;
    if (grown < wanted) grown = wanted;
    if (grown > ARRAY_ITEMS_MAX) {
        grown = ARRAY_ITEMS_MAX;
        if (wanted > grown) return ch_alloc(SIZE_MAX);
    }
    *capacity = (uint32_t)grown;
    return ch_realloc_array(items, grown, item_size);
}
