/* Files that nobody opened in the editor: what the open ones import.
 *
 * The workspace is foreign until the user says otherwise, so a file is read only if it is a regular file of a size that is
 * analysed. Below a folder of the workspace no link may lead out of it, and the kernel is asked to see to that while it
 * opens the file, so that nothing can be exchanged in between. Elsewhere (an import that says `../`) the file itself may
 * be no link and must be called `.harn`. */
#ifndef CH_LSP_SNAPSHOT_DISK_H
#define CH_LSP_SNAPSHOT_DISK_H

#include "base/source.h"

/* Reads the file at an absolute, normalised path; NULL when it may not or cannot be read. */
ChSource *ch_disk_read(char *const *roots, uint32_t root_count, ChStr path);

#endif
