/* A chunked bump arena: allocations are a pointer increment, nothing is freed
 * singly, everything dies with ch_arena_release. Chunks double up to a cap, big
 * requests get a chunk of their own. One arena belongs to one thread at a time. */
#ifndef CH_BASE_ARENA_H
#define CH_BASE_ARENA_H

#include <stddef.h>

typedef struct ChArenaChunk ChArenaChunk;

typedef struct ChArena {
    ChArenaChunk *chunks; /* newest first */
    char *next;           /* first free byte of the newest chunk */
    char *end;
    size_t chunk_size;  /* of the chunk to come */
    size_t bytes_total; /* reserved from the system */
} ChArena;

void ch_arena_init(ChArena *arena);

/* Free every chunk; the arena is as after ch_arena_init. */
void ch_arena_release(ChArena *arena);

/* `size` bytes aligned to 16, zeroed. Never NULL. */
void *ch_arena_alloc(ChArena *arena, size_t size);

/* `count` items of `size` bytes, zeroed; the product is checked. */
void *ch_arena_alloc_array(ChArena *arena, size_t count, size_t size);

/* A copy of `size` bytes followed by a NUL that does not count. */
char *ch_arena_copy(ChArena *arena, const void *bytes, size_t size);

#define CH_ARENA_NEW(arena, Type) ((Type *)ch_arena_alloc((arena), sizeof(Type)))
#define CH_ARENA_ARRAY(arena, Type, count) ((Type *)ch_arena_alloc_array((arena), (count), sizeof(Type)))

#endif
