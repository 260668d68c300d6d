/* The files that a command's arguments name. */
#ifndef CH_CLI_FILES_H
#define CH_CLI_FILES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/str.h"

typedef CH_ARRAY_OF(char *) CliFiles; /* owned paths; zeroed memory is an empty list */

/* Adds the path; of a folder all .harn files below it, sorted, without hidden ones and links. */
void cli_files_add(CliFiles *files, const char *argument);
void cli_files_release(CliFiles *files);

// Is it the root folder, however it is written? Commands that rewrite files refuse it: nobody means the whole machine.
bool cli_is_root(const char *path);
// Writes the text beside `path` and gives it the name, so that nobody sees half of it. Mode and owner are those of
// `like`, and it is on the disk when this returns; NULL: the user's alone, and the disk gets it when it likes. NULL, or
// what went wrong.
const char *cli_write_beside(const char *path, const ChBuffer *text, const struct stat *like);
// Gives the file a new text, as a whole or not at all. False: the reason was printed.
bool cli_replace_file(const char *path, const ChBuffer *text);

// Writes a report into the file, which is made or emptied. False: it cannot be written (told in the command's name).
bool cli_write_file(const char *command, const char *path, const ChBuffer *text);

#endif
