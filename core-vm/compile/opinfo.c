// What is known of every opcode, and how to find a place in a proto's tables.
#include "compile/chunk.h"

#include "base/alloc.h"

#define SHAPE(letter) (#letter)[0]

const ChOpInfo ch_op_info[CH_OP_COUNT] = {
#define CH_OP(name, a, b, c, words, doc) {#name, SHAPE(a), SHAPE(b), SHAPE(c), words, doc},
#include "compile/opcodes.def"
#undef CH_OP
};

const ChLineEntry *ch_proto_line(const ChProto *proto, uint32_t pc)
{
    uint32_t low = 0, high = proto->line_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (proto->lines[middle].pc <= pc) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? &proto->lines[low - 1] : NULL;
}

const ChLineEntry *ch_proto_statement(const ChProto *proto, uint32_t pc)
{
    const ChLineEntry *entry = ch_proto_line(proto, pc);
    while (entry && entry->pc == pc && !entry->statement) entry = entry > proto->lines ? entry - 1 : NULL;
    return entry && entry->pc == pc ? entry : NULL;
}

void ch_chunk_free(ChChunk *chunk)
{
    if (!chunk) return;
    ChArena *arena = chunk->arena; // the chunk itself lies in it
    ch_arena_release(arena);
    ch_free(arena);
}
