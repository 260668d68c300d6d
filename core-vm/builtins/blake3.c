// BLAKE3: chunks of 1,024 bytes are hashed by themselves and joined pairwise in a binary tree whose left sides are full.
// Chaining values of finished subtrees wait on a stack that is as deep as the tree (at most 54).
#include "builtins/native.h"

#include "base/banned.h"

#define BLOCK 64
#define CHUNK 1024
enum { FLAG_CHUNK_START = 1, FLAG_CHUNK_END = 2, FLAG_PARENT = 4, FLAG_ROOT = 8 };

static const uint32_t initial[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

// What a compression takes: the root is found by compressing the last of them again with FLAG_ROOT.
typedef struct Node {
    uint32_t chain[8], block[16];
    uint64_t counter;
    uint32_t length, flags;
} Node;

static inline uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void mix(uint32_t *s, int a, int b, int c, int d, uint32_t x, uint32_t y) {
    s[a] += s[b] + x;
    s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b] + y;
    s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 7);
}

static void compress(const Node *node, uint32_t out[8]) {
    static const uint8_t order[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    uint32_t m[16], s[16];
    memcpy(m, node->block, sizeof m);
    memcpy(s, node->chain, 32);
    memcpy(s + 8, initial, 16);
    s[12] = (uint32_t)node->counter;
    s[13] = (uint32_t)(node->counter >> 32);
    s[14] = node->length;
    s[15] = node->flags;
    for (int round = 0; round < 7; round++) {
        mix(s, 0, 4, 8, 12, m[0], m[1]);
        mix(s, 1, 5, 9, 13, m[2], m[3]);
        mix(s, 2, 6, 10, 14, m[4], m[5]);
        mix(s, 3, 7, 11, 15, m[6], m[7]);
        mix(s, 0, 5, 10, 15, m[8], m[9]);
        mix(s, 1, 6, 11, 12, m[10], m[11]);
        mix(s, 2, 7, 8, 13, m[12], m[13]);
        mix(s, 3, 4, 9, 14, m[14], m[15]);
        uint32_t moved[16];
        for (int i = 0; i < 16; i++) moved[i] = m[order[i]];
        memcpy(m, moved, sizeof m);
    }
    for (int i = 0; i < 8; i++) out[i] = s[i] ^ s[i + 8];
}

static void load_block(Node *node, const uint8_t *bytes, size_t length) {
    uint8_t padded[BLOCK] = {0};
    if (length) memcpy(padded, bytes, length);
    for (int i = 0; i < 16; i++)
        node->block[i] = (uint32_t)padded[4 * i] | (uint32_t)padded[4 * i + 1] << 8 | (uint32_t)padded[4 * i + 2] << 16 |
                         (uint32_t)padded[4 * i + 3] << 24;
    node->length = (uint32_t)length;
}

// The node of a whole chunk; its last block is not compressed yet.
static Node chunk_node(const uint8_t *bytes, size_t length, uint64_t counter) {
    Node node = {.counter = counter};
    memcpy(node.chain, initial, sizeof initial);
    for (size_t at = 0;; at += BLOCK) {
        bool is_last = length - at <= BLOCK;
        load_block(&node, bytes + at, is_last ? length - at : BLOCK);
        node.flags = (at == 0 ? FLAG_CHUNK_START : 0) | (is_last ? FLAG_CHUNK_END : 0);
        if (is_last) return node;
        uint32_t out[8];
        compress(&node, out);
        memcpy(node.chain, out, sizeof out);
    }
}

static Node parent_node(const uint32_t left[8], const uint32_t right[8]) {
    Node node = {.length = BLOCK, .flags = FLAG_PARENT};
    memcpy(node.chain, initial, sizeof initial);
    memcpy(node.block, left, 32);
    memcpy(node.block + 8, right, 32);
    return node;
}

void ch__blake3(ChStr bytes, uint8_t out[32]) {
    uint32_t stack[54][8];
    uint32_t depth = 0;
    const uint8_t *at = (const uint8_t *)(bytes.data ? bytes.data : "");
    size_t left = bytes.length;
    uint64_t chunks = 0;
    for (; left > CHUNK; at += CHUNK, left -= CHUNK) {
        Node node = chunk_node(at, CHUNK, chunks++);
        uint32_t value[8];
        compress(&node, value);
        // Two subtrees of the same size become one; how often, the number of chunks tells.
        for (uint64_t total = chunks; (total & 1) == 0; total >>= 1) {
            node = parent_node(stack[--depth], value);
            compress(&node, value);
        }
        memcpy(stack[depth++], value, sizeof value);
    }
    Node node = chunk_node(at, left, chunks);
    while (depth) {
        uint32_t value[8];
        compress(&node, value);
        node = parent_node(stack[--depth], value);
    }
    node.flags |= FLAG_ROOT;
    uint32_t words[8];
    compress(&node, words);
    for (int i = 0; i < 32; i++) out[i] = (uint8_t)(words[i / 4] >> 8 * (i % 4));
}
