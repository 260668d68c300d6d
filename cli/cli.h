// What the commands share. Each is `int cli_NAME(argc, argv)` with argv[0] the command's name; it answers the exit status.
#ifndef CH_CLI_CLI_H
#define CH_CLI_CLI_H

#include <stdbool.h>

#include "base/source.h"
#include "base/str.h"

#define CLI_OK 0
#define CLI_FAILED 1
#define CLI_USAGE 2

#define CH_COMMAND(name, function, arguments, summary, help) int function(int argc, char **argv);
#include "commands.def"
#undef CH_COMMAND

// Prints `charn COMMAND: text` and where to find help; answers CLI_USAGE.
int cli_usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Prints `charn COMMAND: unknown option '--x' (did you mean '--y'?)`; answers CLI_USAGE.
int cli_unknown_option(const char *command, const char *argument);
// Is the argument this option, alone or as `--name=value`?
bool cli_is_option(const char *arg, const char *name);
// The value of the option at argv[*i], given as `--name=value` or as the next argument; NULL: it is missing.
const char *cli_option_value(int argc, char **argv, int *i, const char *name);
// Reads a program: a file, or standard input for "-". NULL: the reason was printed.
ChSource *cli_read(const char *path);
// Writes all of it; what cannot be written is dropped.
void cli_write(int descriptor, const ChBuffer *text);

#endif
