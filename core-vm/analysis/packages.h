/* Packages: what an import means that is no file beside the importing one.
 *
 * From the importing file's folder upwards, to the folder that holds .git: what stands in .harn/packages, then what
 * [dependencies] of harn.toml says with a path. Of a package NAME, an import NAME/REST is the file REST or REST.harn in
 * its folder, lib.harn of the folder REST, or what [exports] of the package's harn.toml calls REST; NAME alone is its
 * lib.harn. Nothing outside of the package's folder is meant, also not through links in it. */
#ifndef CH_ANALYSIS_PACKAGES_H
#define CH_ANALYSIS_PACKAGES_H

#include "base/arena.h"
#include "base/str.h"

/* The file that `path` means in a module of `folder` (absolute, normalised), in the arena; empty: none. */
ChStr ch_package_find(ChArena *arena, ChStr folder, ChStr path);

/* Why an import means nothing. Both may be empty; in the arena. */
typedef struct ChImportMiss {
    ChStr reason;     /* what is wrong with the package, or with the manifest: "harn.toml:3: …" */
    ChStr suggestion; /* the import path that was probably meant */
} ChImportMiss;

/* Looks once more at the disk, for the message: `importer` is the importing file. */
void ch_import_explain(ChArena *arena, ChStr importer, ChStr path, ChImportMiss *miss);

#endif
