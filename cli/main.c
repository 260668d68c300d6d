// charn: the command line. commands.def is the table of commands; everything else is in the command's file.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "commands.h"

#include "base/banned.h"

int cli_usage_error(const char *command, const char *format, ...) {
    va_list args;
    fprintf(stderr, "charn %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (see charn %s --help)\n", command);
    return CLI_USAGE;
}

bool cli_is_option(const char *arg, const char *name) {
    size_t length = strlen(name);
    return strncmp(arg, name, length) == 0 && (arg[length] == '\0' || arg[length] == '=');
}

const char *cli_option_value(int argc, char **argv, int *i, const char *name) {
    size_t length = strlen(name);
    if (argv[*i][length] == '=') return argv[*i] + length + 1;
    if (*i + 1 >= argc) return NULL;
    return argv[++*i];
}

ChSource *cli_read(const char *path) {
    ChSourceError error = {0};
    ChSource *source = strcmp(path, "-") == 0 ? ch_source_read_descriptor(STDIN_FILENO, CH_STR("<stdin>"), &error)
                                              : ch_source_read(ch_str_of(path), &error);
    if (!source) fprintf(stderr, "error: %.*s\n", (int)error.message.length, error.message.data);
    ch_source_error_release(&error);
    return source;
}

void cli_write(int descriptor, const ChBuffer *text) {
    size_t done = 0;
    while (done < text->length) {
        ssize_t n = write(descriptor, text->data + done, text->length - done);
        if (n <= 0) return;
        done += (size_t)n;
    }
}

// Colours are asked for by what the whole process sees, so that what it starts does the same.
static int choose_color(const char *command, const char *when) {
    if (when && strcmp(when, "always") == 0) {
        unsetenv("NO_COLOR");
        setenv("CLICOLOR_FORCE", "1", 1);
    } else if (when && strcmp(when, "never") == 0) {
        setenv("NO_COLOR", "1", 1);
    } else if (!when || strcmp(when, "auto") != 0) {
        return cli_usage_error(command, "--color takes auto, always or never");
    }
    return CLI_OK;
}

static bool has_option(const CliCommand *command, const char *name) {
    CliOption option;
    for (const char *at = NULL; cli_option_next(command, &at, &option);)
        if (cli_option_is(&option, name)) return true;
    return false;
}

// Help and colours are the same for all commands; the rest is the command's own.
static int run_command(const CliCommand *command, int argc, char **argv) {
    int own = cli_own_arguments(command, argc, argv);
    bool has_color = has_option(command, "--color");
    for (int i = 1; i < own; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            cli_print_command(command, stdout);
            return CLI_OK;
        }
        if (!has_color || !cli_is_option(argv[i], "--color")) continue;
        int last = i;
        int status = choose_color(command->name, cli_option_value(own, argv, &last, "--color"));
        if (status != CLI_OK) return status;
        int taken = last - i + 1;
        memmove(&argv[i], &argv[last + 1], (size_t)(argc - last) * sizeof *argv); // with the NULL at the end
        argc -= taken;
        own -= taken;
        i--;
    }
    return command->run(argc, argv);
}

static int help(int argc, char **argv) {
    if (argc < 2) {
        cli_print_overview(stdout);
        return CLI_OK;
    }
    const CliCommand *command = cli_command_find(argv[1]);
    if (!command) return cli_unknown_command(argv[1]);
    cli_print_command(command, stdout);
    return CLI_OK;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        cli_print_overview(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("charn " CHARN_VERSION);
        return CLI_OK;
    }
    const CliCommand *command = cli_command_find(name);
    return command ? run_command(command, argc - 1, argv + 1) : cli_unknown_command(name);
}
