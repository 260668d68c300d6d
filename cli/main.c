/* charn: the command line. Finds the command, or shows what there is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

typedef struct Command {
    const char *name;
    int (*function)(int argc, char **argv);
    const char *arguments, *summary, *help;
} Command;

static const Command commands[] = {
#define CH_COMMAND(name, function, arguments, summary, help) {name, function, arguments, summary, help},
#include "commands.def"
#undef CH_COMMAND
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_overview(FILE *out) {
    fputs("charn: the Harn language\n\nusage: charn COMMAND [OPTIONS] ...\n\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++) fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`charn COMMAND --help` tells more; `charn --version` prints the version.\n", out);
}

static const Command *find(const char *name) {
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

static int print_help(const Command *command) {
    printf("charn %s: %s\n\nusage: charn %s %s\n\n%s", command->name, command->summary, command->name,
           command->arguments, command->help);
    return CLI_OK;
}

int cli_usage(const char *command, const char *format, ...) {
    va_list args;
    fprintf(stderr, "charn %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\ntry `charn %s --help`\n", command);
    return CLI_USAGE;
}

bool cli_is_option(const char *argument) { return argument[0] == '-' && argument[1] != '\0'; }

ChSource *cli_read(const char *argument) {
    ChSourceError error = {0};
    ChSource *source = strcmp(argument, "-") == 0 ? ch_source_read_descriptor(STDIN_FILENO, CH_STR("<stdin>"), &error)
                                                  : ch_source_read(ch_str_of(argument), &error);
    if (!source) fprintf(stderr, "error: %.*s\n", (int)error.message.length, error.message.data);
    ch_source_error_release(&error);
    return source;
}

void cli_print_diagnostics(const ChDiagnosticList *list, const ChSource *source) {
    ChBuffer text = {0};
    ChColorMode color = ch_color_mode_of(STDERR_FILENO);
    for (uint32_t i = 0; i < list->count; i++) ch_diagnostic_render(list->items[i], source, color, &text);
    if (list->dropped > 0) ch_buffer_printf(&text, "... and %u more\n", list->dropped);
    fwrite(text.data, 1, text.length, stderr);
    ch_buffer_release(&text);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("charn " CHARN_VERSION);
        return CLI_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        const Command *command = argc > 2 ? find(argv[2]) : NULL;
        if (command) return print_help(command);
        print_overview(stdout);
        return CLI_OK;
    }
    const Command *command = find(name);
    if (!command) {
        fprintf(stderr, "charn: there is no command `%s`\ntry `charn --help`\n", name);
        return CLI_USAGE;
    }
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return print_help(command);
    }
    return command->function(argc - 2, argv + 2);
}
