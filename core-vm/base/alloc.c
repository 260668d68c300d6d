/* See alloc.h. The message for exhausted memory is written without allocating. */
#include "base/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static _Noreturn void die_out_of_memory(size_t size) {
    fprintf(stderr, "charn: out of memory (asked for %zu bytes)\n", size);
    abort();
}

// The C library's functions, or those that tell the observer. As dear as a call through the linkage table.
typedef void *(*Allocate)(size_t size);
typedef void *(*AllocateZero)(size_t count, size_t size);
typedef void *(*Reallocate)(void *pointer, size_t size);
static _Atomic(Allocate) allocate = malloc;
static _Atomic(AllocateZero) allocate_zero = calloc;
static _Atomic(Reallocate) reallocate = realloc;
static void (*observer)(void *ud, size_t size);
static void *observer_ud;

// It is told before: a block that grows is still where whoever looks at the caller's state finds it.
static void *observed_malloc(size_t size) {
    observer(observer_ud, size);
    return malloc(size);
}

static void *observed_calloc(size_t count, size_t size) {
    observer(observer_ud, size && count > SIZE_MAX / size ? 0 : count * size);
    return calloc(count, size);
}

static void *observed_realloc(void *pointer, size_t size) {
    size_t before = pointer ? malloc_usable_size(pointer) : 0;
    if (size > before) observer(observer_ud, size - before);
    return realloc(pointer, size);
}

static void set_functions(Allocate one, AllocateZero zero, Reallocate again) {
    atomic_store_explicit(&allocate, one, memory_order_release);
    atomic_store_explicit(&allocate_zero, zero, memory_order_release);
    atomic_store_explicit(&reallocate, again, memory_order_release);
}

void ch_alloc_observe(void (*observe)(void *ud, size_t size), void *ud) {
    if (observe) {
        observer = observe;
        observer_ud = ud;
        set_functions(observed_malloc, observed_calloc, observed_realloc);
    } else {
        set_functions(malloc, calloc, realloc); // another thread may still be about to tell: the observer stays
    }
}

#define ALLOCATE(size) atomic_load_explicit(&allocate, memory_order_relaxed)(size)
#define REALLOCATE(pointer, size) atomic_load_explicit(&reallocate, memory_order_relaxed)(pointer, size)

void *ch_alloc(size_t size) {
    void *memory = ALLOCATE(size ? size : 1);
    if (!memory) die_out_of_memory(size);
    return memory;
}

// glibc's calloc passes the cache of free blocks by that malloc and free use; small ones are cleared here.
#define CALLOC_SMALL_MAX 1024u

void *ch_alloc_zero(size_t count, size_t size) {
    if (count && size && count <= CALLOC_SMALL_MAX && size <= CALLOC_SMALL_MAX / count) {
        void *small = ALLOCATE(count * size);
        if (small) return memset(small, 0, count * size);
    }
    void *memory = atomic_load_explicit(&allocate_zero, memory_order_relaxed)(count ? count : 1, size ? size : 1);
    if (!memory) die_out_of_memory(count);
    return memory;
}

void *ch_realloc(void *pointer, size_t size) {
    void *memory = REALLOCATE(pointer, size ? size : 1);
    if (!memory) die_out_of_memory(size);
    return memory;
}

void *ch_realloc_array(void *pointer, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) die_out_of_memory(SIZE_MAX);
    return ch_realloc(pointer, count * size);
}

void *ch_try_alloc(size_t size) {
    return ALLOCATE(size ? size : 1);
}

void *ch_try_realloc(void *pointer, size_t size) {
    return REALLOCATE(pointer, size ? size : 1);
}

void ch_free(void *pointer) {
    free(pointer);
}

void *ch_alloc_copy(const void *bytes, size_t size) {
    void *memory = ch_alloc(size);
    if (size) memcpy(memory, bytes, size);
    return memory;
}
