/* Paths as texts; nothing here looks at the disk. */
#ifndef CH_BASE_PATH_H
#define CH_BASE_PATH_H

#include <stdbool.h>

#include "base/str.h"

bool ch_path_is_absolute(ChStr path);

/* The part before the last slash: "a/b" gives "a", "a" gives ".", "/a" gives "/". */
ChStr ch_path_folder(ChStr path);

/* The part behind the last slash. */
ChStr ch_path_name(ChStr path);

/* ".harn" of "x.harn", empty when there is none (".profile" has none). */
ChStr ch_path_extension(ChStr path);

/* `path` seen from `folder`; an absolute path stays itself. Not normalised. */
ChStr ch_path_join(ChArena *arena, ChStr folder, ChStr path);

/* Without ".", double slashes and inner ".."; "" becomes ".". Leading ".." of a
 * relative path stay. Links are not looked at. */
ChStr ch_path_normalize(ChArena *arena, ChStr path);

/* `path` as seen from the folder `base`, both absolute and normalised; `path`
 * itself when it is not below `base`. Borrows from `path`. */
ChStr ch_path_below(ChStr base, ChStr path);

#endif
