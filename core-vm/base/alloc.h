/* Memory from the C library, with the failure handled once: ch_alloc and kin
 * never return NULL, they end the process with a message when the memory is
 * gone. A size that comes from a program or from the network is checked against
 * a limit first, or asked for with ch_try_alloc. */
#ifndef CH_BASE_ALLOC_H
#define CH_BASE_ALLOC_H

#include <stddef.h>

/* Uninitialised memory of `size` bytes (0 counts as 1). Free with ch_free. */
void *ch_alloc(size_t size);

/* Zeroed memory for `count` items of `size` bytes; the product is checked. */
void *ch_alloc_zero(size_t count, size_t size);

/* Grow or shrink; `pointer` may be NULL. */
void *ch_realloc(void *pointer, size_t size);

/* Grow to `count` items of `size` bytes; the product is checked. */
void *ch_realloc_array(void *pointer, size_t count, size_t size);

/* As ch_alloc, but NULL when there is no memory: for sizes that a program chose. */
void *ch_try_alloc(size_t size);

/* As ch_realloc, but NULL (and `pointer` still valid) when there is no memory. */
void *ch_try_realloc(void *pointer, size_t size);

/* NULL is allowed. */
void ch_free(void *pointer);

/* Tells `observe` of each allocation of the process, on the thread that makes it, until it is called with NULL: for a profiler,
 * of which there is one at a time. Of a block that grows, what it grows by is told. Costs nothing while nobody observes. */
void ch_alloc_observe(void (*observe)(void *ud, size_t size), void *ud);

/* A copy of `size` bytes. */
void *ch_alloc_copy(const void *bytes, size_t size);

#endif
