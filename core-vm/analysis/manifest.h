/* harn.toml and the folders around a file, for what is found on the disk: packages, templates. */
#ifndef CH_ANALYSIS_MANIFEST_H
#define CH_ANALYSIS_MANIFEST_H

#include "base/source.h"
#include "base/toml.h"

bool ch__is_file(ChStr path);
bool ch__is_folder(ChStr path);
bool ch__exists(ChStr path);

/* Makes *folder the one above; false at the last one that is looked at: the root, and the one with .git. */
bool ch__climb(ChArena *arena, ChStr *folder);

/* A path below a folder, without `.`, in the arena; empty when it is none: absolute, with `..` or `\\`. */
ChStr ch__path_clean(ChArena *arena, ChStr path);

typedef struct ChManifest {
    ChStr path;
    ChSource *source;   /* NULL: cannot be read */
    const ChToml *root; /* NULL: is no TOML, `problem` says why */
    ChTomlProblem problem;
    bool is_there;
} ChManifest;

/* harn.toml of the folder, in the arena; release it. */
ChManifest ch__manifest_read(ChArena *arena, ChStr folder);
void ch__manifest_release(ChManifest *manifest);

#endif
