/* What the commands of `charn` share: reading a program, printing what is wrong with it. */
#ifndef CH_CLI_CLI_H
#define CH_CLI_CLI_H

#include <stdbool.h>

#include "base/diagnostic.h"
#include "base/source.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* Each command gets its arguments without its own name. */
#define CH_COMMAND(name, function, arguments, summary, help) int function(int argc, char **argv);
#include "commands.def"
#undef CH_COMMAND

/* Prints "charn NAME: TEXT" and how to get help; returns CLI_USAGE. */
int cli_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The program that an argument names: a file, or standard input for "-". NULL: the reason was printed. */
ChSource *cli_read(const char *argument);

/* Is the argument an option (and not the "-" of standard input)? */
bool cli_is_option(const char *argument);

/* Prints diagnostics with excerpts on stderr, in colours when it is a terminal. */
void cli_print_diagnostics(const ChDiagnosticList *list, const ChSource *source);

/* Checks syntax, names and types; imported modules are found from the source's path. Prints what it finds: rendered on
 * stderr, or as JSON lines on stdout. Returns how many errors there are. */
typedef enum CliCheckOutput { CLI_CHECK_HUMAN, CLI_CHECK_JSON } CliCheckOutput;
unsigned cli_check_source(ChSource *source, CliCheckOutput output, unsigned *warnings);

#endif
