/* The files that a command's arguments name. */
#ifndef CH_CLI_FILES_H
#define CH_CLI_FILES_H

#include "base/array.h"
#include "base/str.h"

typedef CH_ARRAY_OF(char *) CliFiles; /* owned paths; zeroed memory is an empty list */

/* Adds the path; of a folder all .harn files below it, sorted, without hidden ones and links. */
void cli_files_add(CliFiles *files, const char *argument);
void cli_files_release(CliFiles *files);

#endif
