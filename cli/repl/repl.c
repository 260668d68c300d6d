// charn repl: reads texts, has them evaluated, shows what comes of them.
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli.h"
#include "repl/history.h"
#include "repl/session.h"
#include "repl/terminal.h"

#include "base/banned.h"

enum { VALUE_BYTES_MAX = 64 << 10, LINES_JUDGED = 64 };

typedef struct Repl {
    ReplSession *session;
    ReplTerminal *terminal;
    ReplHistory history;
    ChColorMode color;
    bool is_over, has_failed;
    int status;
} Repl;

// ---- showing --------------------------------------------------------------------------------------------------------------

static const char *color_of(ChValue value) {
    switch (value.tag) {
    case CH_TAG_STRING: return "\x1b[32m";
    case CH_TAG_INT:
    case CH_TAG_FLOAT:
    case CH_TAG_DURATION:
    case CH_TAG_BOOL: return "\x1b[33m";
    default: return "";
    }
}

static void show_value(const Repl *repl, ChValue value) {
    if (ch_is_nil(value)) return;
    const char *color = repl->color == CH_COLOR_ALWAYS ? color_of(value) : "";
    ChBuffer text = {0};
    ch_buffer_add_text(&text, color);
    ch_display_quoted(value, VALUE_BYTES_MAX, &text);
    ch_buffer_add_text(&text, *color ? "\x1b[0m\n" : "\n");
    cli_write(STDOUT_FILENO, &text);
    ch_buffer_release(&text);
}

// Errors go where values go on a terminal, where they stand in their place in both.
static void wrong(Repl *repl, const ChBuffer *why) {
    repl->has_failed = true;
    cli_write(STDERR_FILENO, why);
}

static void say(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

// ---- evaluating -------------------------------------------------------------------------------------------------------------

static void enter(Repl *repl, ChSource *source, bool shows_value) {
    ChBuffer why = {0};
    ChValue value;
    ReplOutcome outcome = repl_session_enter(repl->session, source, &value, &why);
    if (outcome == REPL_FAILED) wrong(repl, &why);
    else cli_write(STDERR_FILENO, &why); // warnings
    if (outcome == REPL_INTERRUPTED) say("interrupted\n");
    if (outcome == REPL_EXITED) {
        repl->is_over = true;
        repl->status = repl_session_exit_code(repl->session);
    }
    if (shows_value) show_value(repl, value);
    ch_release(value);
    ch_buffer_release(&why);
}

static void enter_text(Repl *repl, ChStr text) {
    ChBuffer why = {0};
    ChSource *source = repl_session_source(repl->session, text, &why);
    if (source) enter(repl, source, true);
    else wrong(repl, &why);
    ch_source_unref(source);
    ch_buffer_release(&why);
}

// ---- commands -----------------------------------------------------------------------------------------------------------------

static void do_type(Repl *repl, ChStr text) {
    ChBuffer out = {0};
    if (repl_session_type(repl->session, text, &out)) cli_write(STDOUT_FILENO, &out);
    else wrong(repl, &out);
    ch_buffer_release(&out);
}

static void do_doc(Repl *repl, ChStr text) {
    ChBuffer out = {0};
    if (repl_session_doc(repl->session, text, &out)) cli_write(STDOUT_FILENO, &out);
    else wrong(repl, &out);
    ch_buffer_release(&out);
}

static void do_time(Repl *repl, ChStr text) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    enter_text(repl, text);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double took_ms = (double)(after.tv_sec - before.tv_sec) * 1e3 + (double)(after.tv_nsec - before.tv_nsec) / 1e6;
    printf("took %.*f ms\n", took_ms < 10 ? 3 : 1, took_ms);
    fflush(stdout);
}

static void do_load(Repl *repl, ChStr text) {
    char *path = ch_str_detach(text);
    ChSourceError error = {0};
    ChSource *source = ch_source_read(ch_str_of(path), &error);
    if (source) {
        enter(repl, source, false);
    } else {
        ChBuffer why = {0};
        ch_buffer_printf(&why, "error: %.*s\n", (int)error.message.length, error.message.data);
        wrong(repl, &why);
        ch_buffer_release(&why);
    }
    ch_source_error_release(&error);
    ch_source_unref(source);
    ch_free(path);
}

static void do_history(Repl *repl, ChStr text) {
    (void)text;
    for (uint32_t i = 0; i < repl->history.lines.count; i++) printf("%5u  %s\n", i + 1, repl->history.lines.items[i]);
    fflush(stdout);
}

static void do_reset(Repl *repl, ChStr text) {
    (void)text;
    repl_session_reset(repl->session);
}

static void do_quit(Repl *repl, ChStr text) {
    (void)text;
    repl->is_over = true;
}

static void do_help(Repl *repl, ChStr text);

typedef struct ReplCommand {
    const char *name, *arguments, *summary;
    void (*act)(Repl *repl, ChStr text);
} ReplCommand;

static const ReplCommand k_commands[] = {
    {"type", "EXPRESSION", "its type; nothing is evaluated", do_type},
    {"doc", "NAME", "what charn doc tells, or of the session its doc comment", do_doc},
    {"time", "EXPRESSION", "evaluate, and say how long it took", do_time},
    {"load", "FILE", "enter the text of a file", do_load},
    {"history", "", "the lines that were typed", do_history},
    {"reset", "", "forget everything that was entered", do_reset},
    {"help", "", "this list", do_help},
    {"quit", "", "leave, as Ctrl-D does", do_quit},
};
#define COMMAND_COUNT (sizeof k_commands / sizeof k_commands[0])

static void do_help(Repl *repl, ChStr text) {
    (void)repl, (void)text;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  :%-8s %-11s %s\n", k_commands[i].name, k_commands[i].arguments, k_commands[i].summary);
    say("  _, _1, _2 …          the last value, the first, the second …\n"
        "A text that is not complete goes on in the next line; an empty line or Ctrl-C gives it up.\n");
}

static void carry_out(Repl *repl, ChStr line) {
    uint32_t end = 1;
    while (end < line.length && line.data[end] != ' ') end++;
    ChStr word = ch_str_slice(line.data + 1, end - 1), rest = ch_str_trim(ch_str_slice(line.data + end, line.length - end));
    const ReplCommand *found = NULL;
    uint32_t matches = 0;
    for (size_t i = 0; i < COMMAND_COUNT && word.length; i++) {
        if (!ch_str_starts_with(ch_str_of(k_commands[i].name), word)) continue;
        if (!found) found = &k_commands[i];
        matches++;
        if (!ch_str_is(word, k_commands[i].name)) continue;
        found = &k_commands[i];
        matches = 1;
        break;
    }
    ChBuffer why = {0};
    if (matches == 0) ch_buffer_printf(&why, "error: there is no command ':%.*s'; :help lists them\n", CH_STR_ARG(word));
    else if (matches > 1)
        ch_buffer_printf(&why, "error: ':%.*s' may mean more than one command; :help lists them\n", CH_STR_ARG(word));
    else if (*found->arguments && rest.length == 0) ch_buffer_printf(&why, "error: :%s needs %s\n", found->name, found->arguments);
    if (why.length) wrong(repl, &why);
    else found->act(repl, rest);
    ch_buffer_release(&why);
}

static void complete(void *ud, ChStr text, uint32_t *start, ChNameVisit visit, void *visit_ud) {
    Repl *repl = ud;
    if (text.length == 0 || text.data[0] != ':' || ch_str_find(text, CH_STR(" "), 0) >= 0) {
        repl_session_complete(repl->session, text, start, visit, visit_ud);
        return;
    }
    *start = 1;
    ChStr prefix = ch_str_slice(text.data + 1, text.length - 1);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        ChStr name = ch_str_of(k_commands[i].name);
        if (ch_str_starts_with(name, prefix)) visit(visit_ud, name, CH_NAME_KEYWORD);
    }
}

// ---- reading ------------------------------------------------------------------------------------------------------------------

// A parse after each line of a long text that nobody waits for would take time in the square of its length: there the
// parser is asked where a line closes something as far left as the text begins, and each time the text has grown by a
// quarter.
typedef struct Pace {
    uint32_t lines, judged_at, indent;
} Pace;

static uint32_t indent_of(ChStr line) {
    uint32_t indent = 0;
    while (indent < line.length && (line.data[indent] == ' ' || line.data[indent] == '\t')) indent++;
    return indent;
}

static bool is_worth_a_parse(Pace *pace, ChStr line, bool is_waited_for) {
    uint32_t indent = indent_of(line);
    if (pace->lines++ == 0) pace->indent = indent;
    bool closes = indent <= pace->indent && indent < line.length && strchr("}])\"*", line.data[indent]) != NULL;
    bool has_grown = pace->lines >= pace->judged_at + pace->judged_at / 4;
    if (pace->lines > LINES_JUDGED && !is_waited_for && !closes && !has_grown) return false;
    pace->judged_at = pace->lines;
    return true;
}

static bool read_lines(Repl *repl, ReplReading *reading, ChBuffer *text) {
    bool is_interactive = repl_terminal_is_interactive(repl->terminal);
    ReplPrompt prompt = REPL_PROMPT_FIRST;
    Pace pace = {0};
    ch_buffer_clear(text);
    for (;;) {
        uint32_t start = text->length;
        ReplRead read = repl_terminal_read(repl->terminal, prompt, text);
        if (read == REPL_READ_INTERRUPTED) {
            ch_buffer_clear(text);
            return true;
        }
        if (read == REPL_READ_END) return text->length > 0;
        ChStr typed = ch_str_slice(text->data + start, text->length - start), line = ch_str_trim(typed);
        if (prompt == REPL_PROMPT_FIRST && (line.length == 0 || line.data[0] == ':')) return true;
        bool is_waited_for = is_interactive && !repl_terminal_has_more(repl->terminal);
        if (is_waited_for && line.length == 0) return true;
        bool is_judged = is_worth_a_parse(&pace, typed, is_waited_for);
        ch_buffer_add_byte(text, '\n');
        if (is_judged && !repl_reading_is_incomplete(reading, ch_buffer_view(text))) return true;
        prompt = REPL_PROMPT_MORE;
    }
}

// Reads one text: a line, and those that go on with it. False: there is none any more.
static bool read_text(Repl *repl, ChBuffer *text) {
    ReplReading reading = {0};
    bool is_there = read_lines(repl, &reading, text);
    repl_reading_release(&reading);
    return is_there;
}

static void converse(Repl *repl) {
    ChBuffer text = {0};
    while (!repl->is_over && read_text(repl, &text)) {
        ChStr trimmed = ch_str_trim(ch_buffer_view(&text));
        if (trimmed.length == 0) continue;
        if (trimmed.data[0] == ':') carry_out(repl, trimmed);
        else enter_text(repl, ch_buffer_view(&text));
    }
    ch_buffer_release(&text);
}

int cli_repl(int argc, char **argv) {
    bool keeps_history = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-history") == 0) keeps_history = false;
        else if (argv[i][0] == '-') return cli_unknown_option("repl", argv[i]);
        else return cli_usage_error("repl", "unexpected argument '%s'", argv[i]);
    }
    Repl repl = {.color = ch_color_mode_of(STDOUT_FILENO)};
    bool is_interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (is_interactive && keeps_history) repl_history_init(&repl.history);
    repl.session = repl_session_new(is_interactive ? REPL_INTERRUPTS_STOP : REPL_INTERRUPTS_END, repl.color);
    repl.terminal = repl_terminal_new(repl_session_host(repl.session), &repl.history, repl.color, complete, &repl);
    if (is_interactive) say("charn " CHARN_VERSION "; :help lists the commands, Ctrl-D leaves\n");
    converse(&repl);
    repl_terminal_free(repl.terminal);
    repl_session_free(repl.session);
    repl_history_release(&repl.history);
    if (repl.is_over && repl.status) return repl.status;
    return !is_interactive && repl.has_failed ? CLI_FAILED : CLI_OK;
}
