// The sources of std/… and of the prelude, embedded in the program. The table is made by the build from every file in
// builtins/std/.
#ifndef CH_BUILTINS_STD_H
#define CH_BUILTINS_STD_H

#include <stdbool.h>

#include "base/str.h"

typedef struct ChEmbedded {
    const char *name; // "math" for std/math; NULL ends the table
    const char *text;
    const unsigned long *length;
} ChEmbedded;

extern const ChEmbedded ch_std_modules[];
// Further parts of the prelude, loaded when one of their functions is first called.
extern const ChEmbedded ch_prelude_parts[];
extern const char ch_prelude_source[];
extern const unsigned long ch_prelude_source_length;

// What the prelude ("<prelude>", "<prelude>/NAME") and std/NAME are compiled to when charn is built (compile/codec.h).
typedef struct ChEmbeddedChunk {
    const char *name; // NULL ends the table
    unsigned long length;
    const char *bytes;
} ChEmbeddedChunk;

extern const ChEmbeddedChunk ch_embedded_chunks[];

// The text of std/NAME; false when there is none.
bool ch_std_source(ChStr name, ChStr *text);

#endif
