// charn: the command line. One table of commands; everything else is in the command's file.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#include "base/banned.h"

typedef struct Command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments, *summary, *help;
} Command;

static const Command commands[] = {
#define CH_COMMAND(name, function, arguments, summary, help) {name, function, arguments, summary, help},
#include "commands.def"
#undef CH_COMMAND
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *to) {
    fputs("charn runs programs written in Harn.\n\nUsage: charn COMMAND …\n\nCommands\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++) fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\nOptions\n  --help     this text; behind a command, about that command\n  --version  the version\n"
          "\nExit status: 0 when all is well, 1 when the program failed or has errors, 2 for a wrong command line.\n",
          to);
}

static void print_command_help(const Command *command) {
    printf("%s\n\nUsage: charn %s %s\n\n%s", command->summary, command->name, command->arguments, command->help);
}

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

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("charn " CHARN_VERSION);
        return CLI_OK;
    }
    ChStr names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = ch_str_of(commands[i].name);
        if (strcmp(argv[1], commands[i].name) != 0) continue;
        for (int a = 2; a < argc && strcmp(argv[a], "--") != 0; a++) {
            if (strcmp(argv[a], "--help") != 0 && strcmp(argv[a], "-h") != 0) continue;
            print_command_help(&commands[i]);
            return CLI_OK;
        }
        return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "charn: there is no command '%s'", argv[1]);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (ch_str_distance(ch_str_of(argv[1]), names[i], 2) <= 2) {
            fprintf(stderr, " (did you mean '%s'?)", commands[i].name);
            break;
        }
    fputs(" (see charn --help)\n", stderr);
    return CLI_USAGE;
}
