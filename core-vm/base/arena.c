/* See arena.h. Memory is handed out zeroed, because a tree node with every
 * unset field nil is easier to trust than one with every field assigned. */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/banned.h"

#define ARENA_ALIGN 16u
#define ARENA_CHUNK_FIRST (8u * 1024u)
#define ARENA_CHUNK_LAST (1024u * 1024u)

struct ChArenaChunk {
    ChArenaChunk *older;
    size_t size;
};

/* The header is padded so that the bytes behind it keep the alignment. */
#define CHUNK_HEADER ((sizeof(ChArenaChunk) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1))

void ch_arena_init(ChArena *arena) {
    *arena = (ChArena){.chunk_size = ARENA_CHUNK_FIRST};
}

void ch_arena_release(ChArena *arena) {
    ChArenaChunk *chunk = arena->chunks;
    while (chunk) {
        ChArenaChunk *older = chunk->older;
        ch_free(chunk);
        chunk = older;
    }
    ch_arena_init(arena);
}

static ChArenaChunk *new_chunk(ChArena *arena, size_t payload) {
    ChArenaChunk *chunk = ch_alloc(CHUNK_HEADER + payload);
    chunk->size = payload;
    arena->bytes_total += CHUNK_HEADER + payload;
    return chunk;
}

static void *alloc_slow(ChArena *arena, size_t size) {
    if (arena->chunk_size == 0) arena->chunk_size = ARENA_CHUNK_FIRST;
    if (size > arena->chunk_size / 2 && arena->chunks) {
        /* A big request goes behind the newest chunk, whose rest stays usable. */
        ChArenaChunk *chunk = new_chunk(arena, size);
        chunk->older = arena->chunks->older;
        arena->chunks->older = chunk;
        return memset((char *)chunk + CHUNK_HEADER, 0, size);
    }
    size_t payload = size > arena->chunk_size ? size : arena->chunk_size;
    ChArenaChunk *chunk = new_chunk(arena, payload);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = (char *)chunk + CHUNK_HEADER + size;
    arena->end = (char *)chunk + CHUNK_HEADER + payload;
    if (arena->chunk_size < ARENA_CHUNK_LAST) arena->chunk_size *= 2;
    return memset((char *)chunk + CHUNK_HEADER, 0, size);
}

void *ch_arena_alloc(ChArena *arena, size_t size) {
    if (size > SIZE_MAX / 2) return ch_alloc(size); /* ends the process with the usual message */
    size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (size == 0) size = ARENA_ALIGN;
    if (arena->next && size <= (size_t)(arena->end - arena->next)) {
        void *memory = arena->next;
        arena->next += size;
        return memset(memory, 0, size);
    }
    return alloc_slow(arena, size);
}

void *ch_arena_alloc_array(ChArena *arena, size_t count, size_t size) {
    if (size && count > SIZE_MAX / 2 / size) return ch_alloc(SIZE_MAX);
    return ch_arena_alloc(arena, count * size);
}

char *ch_arena_copy(ChArena *arena, const void *bytes, size_t size) {
    char *copy = ch_arena_alloc(arena, size + 1);
    if (size) memcpy(copy, bytes, size);
    return copy;
}
