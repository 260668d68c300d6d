// The table of commands, and what their help says about their options: help, completion scripts and 'did you mean' all
// read the same text.
#ifndef CH_CLI_COMMANDS_H
#define CH_CLI_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

typedef struct CliCommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments, *summary, *help;
} CliCommand;

extern const CliCommand cli_commands[];
extern const unsigned cli_command_count;

// NULL: there is no such command.
const CliCommand *cli_command_find(const char *name);
// "charn: there is no command 'x' (did you mean 'y'?)"; answers CLI_USAGE.
int cli_unknown_command(const char *name);
// The overview; what `charn COMMAND --help` shows.
void cli_print_overview(FILE *to);
void cli_print_command(const CliCommand *command, FILE *to);

// One option, as a line of the help tells: "  -v, --verbose  …", "  --filter TEXT  …". All texts are parts of the help.
typedef struct CliOption {
    ChStr short_name, long_name; // with their dashes; one of them may be empty
    ChStr value;                 // empty: it takes none
    ChStr summary;
} CliOption;
// The next option behind *at (NULL: the first), or false.
bool cli_option_next(const CliCommand *command, const char **at, CliOption *option);
// Is `argument` the option, alone or as `--name=value`?
bool cli_option_is(const CliOption *option, const char *argument);

// How many of the arguments are the command's own: what stands behind `--` is not, nor behind the file of a command that
// runs a program with arguments.
int cli_own_arguments(const CliCommand *command, int argc, char **argv);

#endif
