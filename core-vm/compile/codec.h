// A chunk as bytes: the prelude and std/* are compiled when charn is built, and programs once (builtins/std.h,
// vm/cache.h).
//
// The bytes are a checksum and then every table of the chunk in order, numbers in LEB128. They belong to the very build
// that wrote them: opcodes and rows of builtins are numbers of this build. Who keeps them longer writes down which build
// that was.
#ifndef CH_COMPILE_CODEC_H
#define CH_COMPILE_CODEC_H

#include "compile/chunk.h"

// Appends the chunk, which must not have run yet: caches in its code are written as they are.
void ch_chunk_write(const ChChunk *chunk, ChBuffer *out);

// Reads what ch_chunk_write appended. Texts stay in `bytes` if these are lasting, that is outlive the chunk; else in a
// copy that the chunk owns. Damaged bytes give NULL with a sentence in `why`; nothing in them is believed: counts are compared with what is there before anything is allocated,
// and the verifier judges the result. The chunk is owned by the caller.
ChChunk *ch_chunk_read(ChStr bytes, bool is_lasting, ChBuffer *why);

#endif
