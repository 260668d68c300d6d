/* One hash for everything in memory: XXH3, 64 bits. It is not a defence against
 * chosen keys unless a random seed is given. */
#ifndef CH_BASE_HASH_H
#define CH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t ch_hash_bytes(const void *bytes, size_t length);
uint64_t ch_hash_bytes_seeded(const void *bytes, size_t length, uint64_t seed);

/* Mix two hashes; the order matters. */
static inline uint64_t ch_hash_mix(uint64_t a, uint64_t b) {
    a ^= b + 0x9e3779b97f4a7c15u + (a << 12) + (a >> 4);
    a *= 0xff51afd7ed558ccdu;
    return a ^ (a >> 33);
}

#endif
