// See commands.h.
#include "commands.h"

#include <stdint.h>
#include <string.h>

#include "cli.h"

#include "base/banned.h"

const CliCommand cli_commands[] = {
#define CH_COMMAND(name, function, arguments, summary, help) {name, function, arguments, summary, help},
#include "commands.def"
#undef CH_COMMAND
};
const unsigned cli_command_count = sizeof cli_commands / sizeof cli_commands[0];

const CliCommand *cli_command_find(const char *name) {
    for (unsigned i = 0; i < cli_command_count; i++)
        if (strcmp(cli_commands[i].name, name) == 0) return &cli_commands[i];
    return NULL;
}

// ---- did you mean -----------------------------------------------------------------------------------------------------

typedef struct Nearest {
    ChStr name, best;
    uint32_t distance;
} Nearest;

static Nearest nearest_to(const char *name) {
    ChStr text = ch_str_of(name);
    return (Nearest){.name = text, .distance = text.length < 8 ? 3 : 4}; // that far is too far
}

static void offer(Nearest *nearest, ChStr candidate) {
    uint32_t distance = ch_str_distance(nearest->name, candidate, nearest->distance);
    if (candidate.length == 0 || distance >= nearest->distance) return;
    nearest->best = candidate;
    nearest->distance = distance;
}

static void print_nearest(const Nearest *nearest) {
    if (nearest->best.length > 0) fprintf(stderr, " (did you mean '%.*s'?)", CH_STR_ARG(nearest->best));
}

int cli_unknown_command(const char *name) {
    Nearest nearest = nearest_to(name);
    for (unsigned i = 0; i < cli_command_count; i++) offer(&nearest, ch_str_of(cli_commands[i].name));
    fprintf(stderr, "charn: there is no command '%s'", name);
    print_nearest(&nearest);
    fputs(" (see charn --help)\n", stderr);
    return CLI_USAGE;
}

int cli_unknown_option(const char *command, const char *argument) {
    const CliCommand *row = cli_command_find(command);
    ChStr name = ch_str_slice(argument, strcspn(argument, "="));
    Nearest nearest = nearest_to(argument);
    nearest.name = name;
    CliOption option;
    for (const char *at = NULL; row && cli_option_next(row, &at, &option);) offer(&nearest, option.long_name);
    fprintf(stderr, "charn %s: unknown option '%.*s'", command, CH_STR_ARG(name));
    print_nearest(&nearest);
    fprintf(stderr, " (see charn %s --help)\n", command);
    return CLI_USAGE;
}

// ---- help -------------------------------------------------------------------------------------------------------------

void cli_print_overview(FILE *to) {
    fputs("charn runs programs written in Harn.\n\nUsage: charn COMMAND …\n\nCommands\n", to);
    for (unsigned i = 0; i < cli_command_count; i++) fprintf(to, "  %-11s  %s\n", cli_commands[i].name, cli_commands[i].summary);
    fputs("  help         What a command does and which options it has: charn help COMMAND.\n"
          "\nOptions\n  --help     this text; behind a command, about that command\n  --version  the version\n"
          "\nExit status: 0 when all is well, 1 when the program failed or has errors, 2 for a wrong command line.\n",
          to);
}

void cli_print_command(const CliCommand *command, FILE *to) {
    fprintf(to, "%s\n\nUsage: charn %s %s\n\n%s", command->summary, command->name, command->arguments, command->help);
}

// ---- options ----------------------------------------------------------------------------------------------------------

static ChStr take_word(ChStr *rest) {
    int64_t space = ch_str_find(*rest, CH_STR(" "), 0);
    ChStr word = space < 0 ? *rest : ch_str_slice(rest->data, (size_t)space);
    *rest = space < 0 ? (ChStr){0} : ch_str_slice(rest->data + space + 1, rest->length - (size_t)space - 1);
    bool is_followed = word.length && word.data[0] == '-' && word.data[word.length - 1] == ',';
    return is_followed ? ch_str_slice(word.data, word.length - 1) : word;
}

// Names and value end where two spaces are.
static void read_option(ChStr line, CliOption *option) {
    int64_t gap = ch_str_find(line, CH_STR("  "), 0);
    ChStr names = gap < 0 ? line : ch_str_slice(line.data, (size_t)gap);
    *option = (CliOption){.summary = gap < 0 ? (ChStr){0} : ch_str_trim(ch_str_slice(line.data + gap, line.length - (size_t)gap))};
    while (names.length) {
        ChStr word = take_word(&names);
        if (ch_str_starts_with(word, CH_STR("--"))) option->long_name = word;
        else if (ch_str_starts_with(word, CH_STR("-"))) option->short_name = word;
        else option->value = word;
    }
}

bool cli_option_next(const CliCommand *command, const char **at, CliOption *option) {
    const char *line = *at;
    if (!line) {
        line = strstr(command->help, "Options\n");
        if (!line) return false;
    }
    while ((line = strchr(line, '\n')) && line[1]) {
        line++;
        if (strncmp(line, "  -", 3) != 0) continue;
        read_option(ch_str_slice(line + 2, strcspn(line + 2, "\n")), option);
        *at = line;
        return true;
    }
    return false;
}

static bool is_name(ChStr name, const char *argument) {
    if (!name.length || strncmp(argument, name.data, name.length) != 0) return false;
    return argument[name.length] == '\0' || argument[name.length] == '=';
}

bool cli_option_is(const CliOption *option, const char *argument) {
    return is_name(option->short_name, argument) || is_name(option->long_name, argument);
}

static bool takes_next(const CliCommand *command, const char *argument) {
    CliOption option;
    if (strchr(argument, '=')) return false;
    for (const char *at = NULL; cli_option_next(command, &at, &option);)
        if (cli_option_is(&option, argument)) return option.value.length > 0;
    return false;
}

int cli_own_arguments(const CliCommand *command, int argc, char **argv) {
    // "FILE [-- ARGS…]": options may still follow the file; "FILE [ARGS…]": they are the program's.
    bool has_program = strstr(command->arguments, "ARGS") != NULL;
    int files_left = !has_program ? argc : strstr(command->arguments, "-- ARGS") ? 1 : 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) return i;
        if (argv[i][0] == '-' && argv[i][1]) i += takes_next(command, argv[i]);
        else if (files_left-- == 0) return i;
    }
    return argc;
}
