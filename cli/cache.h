// Programs that were checked without a word and compiled, kept in the user's cache folder for their next run.
//
// An entry belongs to the text of the program, the name that it was given on the command line, and the very build of
// charn. Programs that import files are not kept: what is said of them depends on those files. Entries that are damaged,
// not the user's own, or of another build count as absent; nothing here can make a run fail.
#ifndef CH_CLI_CACHE_H
#define CH_CLI_CACHE_H

#include "base/source.h"
#include "compile/chunk.h"

// The code of the program, owned by the caller, or NULL.
ChChunk *cli_cache_find(const ChSource *source);
// Keeps the code, which must not have run yet. Old entries make room.
void cli_cache_keep(const ChSource *source, const ChChunk *chunk);

#endif
