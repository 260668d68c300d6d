/* A growable array of any type. CH_ARRAY_OF(Type) declares the struct; the other
 * macros work on a pointer to one. Zeroed memory is a valid empty array.
 *
 *     CH_ARRAY_OF(uint32_t) offsets = {0};
 *     ch_array_push(&offsets, 7u);
 *     for (uint32_t i = 0; i < offsets.count; i++) use(offsets.items[i]);
 *     ch_array_release(&offsets);
 */
#ifndef CH_BASE_ARRAY_H
#define CH_BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#define CH_ARRAY_OF(Type)                                                                                    \
    struct {                                                                                                 \
        Type *items;                                                                                         \
        uint32_t count;                                                                                      \
        uint32_t capacity;                                                                                   \
    }

/* Grow `items` to hold at least `wanted`; ends the process beyond 2^31 items.
 * Returns the new memory and stores the new capacity. */
void *ch__array_grow(void *items, uint32_t *capacity, size_t wanted, size_t item_size);

#define ch_array_reserve(array, wanted)                                                                      \
    ((size_t)(wanted) > (array)->capacity                                                                    \
         ? (void)((array)->items = ch__array_grow((array)->items, &(array)->capacity, (size_t)(wanted),      \
                                                  sizeof *(array)->items))                                   \
         : (void)0)

#define ch_array_push(array, ...)                                                                            \
    (ch_array_reserve((array), (size_t)(array)->count + 1),                                                  \
     (void)((array)->items[(array)->count++] = (__VA_ARGS__)))

/* The last item, as a place. The array must not be empty. */
#define ch_array_last(array) ((array)->items[(array)->count - 1])

#define ch_array_pop(array) ((array)->items[--(array)->count])

#define ch_array_clear(array) ((void)((array)->count = 0))

#define ch_array_release(array)                                                                              \
    (ch_free((array)->items), (void)((array)->items = NULL), (void)((array)->count = (array)->capacity = 0))

#include "base/alloc.h"

#endif
