/* The files that a command's arguments name. */
#ifndef CH_CLI_FILES_H
#define CH_CLI_FILES_H

#include <stdbool.h>

#include "base/array.h"
#include "base/str.h"

typedef CH_ARRAY_OF(char *) CliFiles; /* owned paths; zeroed memory is an empty list */

/* Adds the path; of a folder all .harn files below it, sorted, without hidden ones and links. */
void cli_files_add(CliFiles *files, const char *argument);
void cli_files_release(CliFiles *files);

// Is it the root folder, however it is written? Commands that rewrite files refuse it: nobody means the whole machine.
bool cli_is_root(const char *path);
// Gives the file a new text, as a whole or not at all. False: the reason was printed.
bool cli_replace_file(const char *path, const ChBuffer *text);

// Writes a report into the file, which is made or emptied. False: it cannot be written (told in the command's name).
bool cli_write_file(const char *command, const char *path, const ChBuffer *text);

#endif
