/* Prompt assets by the project: `@/REST` below the folder with harn.toml, `@ALIAS/REST` below what its [asset_roots] say. */
#ifndef CH_ANALYSIS_ASSETS_H
#define CH_ANALYSIS_ASSETS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Whether the path begins so. */
bool ch_asset_is_rooted(ChStr path);

/* The file that a rooted path means for a file in the folder `anchor` (absolute), in the arena; empty: *why is a sentence. */
ChStr ch_asset_resolve(ChArena *arena, ChStr anchor, ChStr path, ChStr *why);

#endif
