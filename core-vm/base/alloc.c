/* See alloc.h. The message for exhausted memory is written without allocating. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static _Noreturn void die_out_of_memory(size_t size) {
    fprintf(stderr, "charn: out of memory (asked for %zu bytes)\n", size);
    abort();
}

void *ch_alloc(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) die_out_of_memory(size);
    return memory;
}

void *ch_alloc_zero(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) die_out_of_memory(count);
    return memory;
}

void *ch_realloc(void *pointer, size_t size) {
    void *memory = realloc(pointer, size ? size : 1);
    if (!memory) die_out_of_memory(size);
    return memory;
}

void *ch_realloc_array(void *pointer, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) die_out_of_memory(SIZE_MAX);
    return ch_realloc(pointer, count * size);
}

void *ch_try_alloc(size_t size) {
    return malloc(size ? size : 1);
}

void *ch_try_realloc(void *pointer, size_t size) {
    return realloc(pointer, size ? size : 1);
}

void ch_free(void *pointer) {
    free(pointer);
}

void *ch_alloc_copy(const void *bytes, size_t size) {
    void *memory = ch_alloc(size);
    if (size) memcpy(memory, bytes, size);
    return memory;
}
