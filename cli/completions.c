// charn completions: scripts that complete command lines in a shell, made from the table of commands.
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cli.h"
#include "commands.h"

#include "base/banned.h"

typedef struct Words {
    ChStr rest;
} Words;

// Arguments that are words of their own: "bash|zsh|fish". Those in capitals stand for something else.
static bool next_word(Words *words, ChStr *word) {
    if (!words->rest.length || words->rest.data[0] < 'a' || words->rest.data[0] > 'z') return false;
    uint32_t length = 0;
    while (length < words->rest.length && words->rest.data[length] != '|') length++;
    *word = ch_str_slice(words->rest.data, length);
    uint32_t taken = length < words->rest.length ? length + 1 : length;
    words->rest = ch_str_slice(words->rest.data + taken, words->rest.length - taken);
    return true;
}

static void add_commands(ChBuffer *out) {
    for (unsigned i = 0; i < cli_command_count; i++) ch_buffer_printf(out, "%s ", cli_commands[i].name);
    ch_buffer_add_text(out, "help");
}

// ---- bash ---------------------------------------------------------------------------------------------------------------

static void add_bash(ChBuffer *out) {
    ch_buffer_add_text(out, "# charn completions bash: source this, or put it where bash looks for completions.\n"
                            "_charn() {\n"
                            "    local current=${COMP_WORDS[COMP_CWORD]} options= words=\n"
                            "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                            "        words='");
    add_commands(out);
    ch_buffer_add_text(out, "' options='--help --version'\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (unsigned i = 0; i < cli_command_count; i++) {
        const CliCommand *command = &cli_commands[i];
        CliOption option;
        ch_buffer_printf(out, "        %s) options='", command->name);
        for (const char *at = NULL; cli_option_next(command, &at, &option);) {
            if (option.short_name.length) ch_buffer_printf(out, "%.*s ", CH_STR_ARG(option.short_name));
            if (option.long_name.length) ch_buffer_printf(out, "%.*s ", CH_STR_ARG(option.long_name));
        }
        ch_buffer_add_text(out, "--help'");
        Words words = {ch_str_of(command->arguments)};
        ChStr word;
        for (bool is_first = true; next_word(&words, &word); is_first = false)
            ch_buffer_printf(out, "%s%.*s", is_first ? " words='" : " ", CH_STR_ARG(word));
        if (words.rest.data != command->arguments) ch_buffer_add_byte(out, '\'');
        ch_buffer_add_text(out, " ;;\n");
    }
    ch_buffer_add_text(out, "        help) words='");
    add_commands(out);
    ch_buffer_add_text(out, "' ;;\n        esac\n    fi\n"
                            "    case $current in\n"
                            "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
                            "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
                            "    esac\n}\n"
                            "complete -o default -o bashdefault -F _charn charn\n");
}

// ---- zsh ----------------------------------------------------------------------------------------------------------------

// Within single quotes, in a specification of _arguments or _describe.
static void add_zsh_text(ChStr text, ChBuffer *out) {
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '\'') ch_buffer_add_text(out, "'\\''");
        else {
            if (c == '[' || c == ']' || c == ':' || c == '\\') ch_buffer_add_byte(out, '\\');
            ch_buffer_add_byte(out, c);
        }
    }
}

static void add_zsh_option(ChStr name, const CliOption *option, ChBuffer *out) {
    if (!name.length) return;
    bool is_long = ch_str_starts_with(name, CH_STR("--"));
    ch_buffer_printf(out, "            '%.*s%s[", CH_STR_ARG(name), option->value.length && is_long ? "=" : "");
    add_zsh_text(option->summary, out);
    ch_buffer_add_byte(out, ']');
    if (option->value.length) {
        ch_buffer_add_byte(out, ':');
        add_zsh_text(option->value, out);
        ch_buffer_add_text(out, ":_files");
    }
    ch_buffer_add_text(out, "' \\\n");
}

static void add_zsh(ChBuffer *out) {
    ch_buffer_add_text(out, "#compdef charn\n# charn completions zsh: put it as _charn into a folder of $fpath.\n"
                            "_charn() {\n    local -a commands\n    commands=(\n");
    for (unsigned i = 0; i < cli_command_count; i++) {
        ch_buffer_printf(out, "        '%s:", cli_commands[i].name);
        add_zsh_text(ch_str_of(cli_commands[i].summary), out);
        ch_buffer_add_text(out, "'\n");
    }
    ch_buffer_add_text(out, "        'help:What a command does.'\n    )\n"
                            "    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
                            "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in\n");
    for (unsigned i = 0; i < cli_command_count; i++) {
        const CliCommand *command = &cli_commands[i];
        CliOption option;
        ch_buffer_printf(out, "    %s)\n        _arguments \\\n", command->name);
        for (const char *at = NULL; cli_option_next(command, &at, &option);) {
            add_zsh_option(option.short_name, &option, out);
            add_zsh_option(option.long_name, &option, out);
        }
        ch_buffer_add_text(out, "            '--help[help]' \\\n");
        Words words = {ch_str_of(command->arguments)};
        ChStr word;
        bool has_words = false;
        while (next_word(&words, &word)) {
            ch_buffer_printf(out, "%s%.*s", has_words ? " " : "            '1:word:(", CH_STR_ARG(word));
            has_words = true;
        }
        ch_buffer_add_text(out, has_words ? ")' ;;\n" : "            '*:file:_files' ;;\n");
    }
    ch_buffer_add_text(out, "    help) _describe command commands ;;\n    esac\n}\n_charn \"$@\"\n");
}

// ---- fish ---------------------------------------------------------------------------------------------------------------

static void add_fish_text(ChStr text, ChBuffer *out) {
    ch_buffer_add_byte(out, '\'');
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\'' || text.data[i] == '\\') ch_buffer_add_byte(out, '\\');
        ch_buffer_add_byte(out, text.data[i]);
    }
    ch_buffer_add_byte(out, '\'');
}

static void add_fish(ChBuffer *out) {
    ch_buffer_add_text(out, "# charn completions fish: put it as charn.fish into ~/.config/fish/completions.\n");
    for (unsigned i = 0; i < cli_command_count; i++) {
        const CliCommand *command = &cli_commands[i];
        ch_buffer_printf(out, "complete -c charn -f -n __fish_use_subcommand -a %s -d ", command->name);
        add_fish_text(ch_str_of(command->summary), out);
        ch_buffer_add_byte(out, '\n');
        CliOption option;
        for (const char *at = NULL; cli_option_next(command, &at, &option);) {
            ch_buffer_printf(out, "complete -c charn -n '__fish_seen_subcommand_from %s'", command->name);
            ChStr letter = option.short_name, name = option.long_name;
            if (letter.length) ch_buffer_printf(out, " -s %.*s", (int)letter.length - 1, letter.data + 1);
            if (name.length) ch_buffer_printf(out, " -l %.*s", (int)name.length - 2, name.data + 2);
            ch_buffer_add_text(out, option.value.length ? " -r -d " : " -d ");
            add_fish_text(option.summary, out);
            ch_buffer_add_byte(out, '\n');
        }
        Words words = {ch_str_of(command->arguments)};
        ChStr word;
        while (next_word(&words, &word))
            ch_buffer_printf(out, "complete -c charn -f -n '__fish_seen_subcommand_from %s' -a %.*s\n", command->name,
                             CH_STR_ARG(word));
    }
    ch_buffer_add_text(out, "complete -c charn -f -n '__fish_seen_subcommand_from help' -a '");
    add_commands(out);
    ch_buffer_add_text(out, "'\n");
}

int cli_completions(int argc, char **argv) {
    static const struct {
        const char *shell;
        void (*add)(ChBuffer *out);
    } shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};
    if (argc == 2 && argv[1][0] == '-') return cli_unknown_option("completions", argv[1]);
    if (argc != 2) return cli_usage_error("completions", "one shell is needed: bash, zsh or fish");
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(argv[1], shells[i].shell) != 0) continue;
        ChBuffer out = {0};
        shells[i].add(&out);
        cli_write(1, &out);
        ch_buffer_release(&out);
        return CLI_OK;
    }
    return cli_usage_error("completions", "there is no script for '%s', but for bash, zsh and fish", argv[1]);
}
