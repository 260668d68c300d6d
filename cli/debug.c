// charn debug: a debugger in plain text, for people at a terminal and for scripts. One command a line, from standard input
// or from a file; what it answers goes to standard output, the program's own output too, as it comes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/path.h"
#include "base/source.h"
#include "cli.h"
#include "debug/debug.h"
#include "host/host.h"

#include "base/banned.h"

enum { VALUE_BYTES_MAX = 4096, LIST_LINES = 5, SLICE_LOOKS = 64, FRAMES_SHOWN_MAX = 100, VARIABLES_SHOWN_MAX = 1000 };

typedef struct Place {
    ChStr path; // owned
    uint32_t line;
    ChStr condition; // owned; may be empty
} Place;

typedef struct Session {
    ChDebugger *debugger;
    ch_host *host;    // the clock, for waits
    ChStr program;    // absolute; owned
    CH_ARRAY_OF(Place) places;
    uint32_t level;   // of the selected frame
    bool is_script;   // a wrong command ends it
    bool is_over;
    int status;
} Session;

static void show_output(void *ud, bool is_error, ChStr text) {
    (void)ud;
    fwrite(text.data, 1, text.length, is_error ? stderr : stdout);
    fflush(is_error ? stderr : stdout);
}

static void show_log(void *ud, ChStr text, ChStr path, uint32_t line) {
    (void)ud, (void)path, (void)line;
    printf("%.*s\n", CH_STR_ARG(text));
}

static void wrong(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(Session *session, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("debug: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (session->is_script) session->is_over = true, session->status = CLI_FAILED;
}

// ---- where it stands ------------------------------------------------------------------------------------------------

static void show_line(ChStr path, uint32_t line, bool is_current) {
    ChSource *source = ch_source_read(path, NULL);
    if (source && line >= 1 && line <= source->line_count) {
        ChStr text = ch_source_line_text(source, line);
        printf("%s%5u  %.*s\n", is_current ? "->" : "  ", line, CH_STR_ARG(text));
    }
    ch_source_unref(source);
}

static bool frame_of(const Session *session, uint32_t level, ChFrameInfo *info) {
    const ChStop *stop = ch_debugger_stop(session->debugger);
    return stop && ch_debugger_frame(session->debugger, stop->task, level, info);
}

static ChStr base_name(ChStr path) {
    int64_t slash = ch_str_find_last_byte(path, '/');
    return ch_str_slice(path.data + slash + 1, path.length - (uint32_t)(slash + 1));
}

static void show_place(const Session *session) {
    ChFrameInfo info;
    if (!frame_of(session, session->level, &info)) return;
    printf("%.*s at %.*s:%u\n", CH_STR_ARG(info.name), CH_STR_ARG(base_name(info.path)), info.line);
    if (info.path.length) show_line(info.path, info.line, true);
}

static void show_stop(Session *session) {
    static const char *const words[] = {
        [CH_STOP_ENTRY] = "entry",           [CH_STOP_BREAKPOINT] = "breakpoint", [CH_STOP_FUNCTION] = "function breakpoint",
        [CH_STOP_STEP] = "step",             [CH_STOP_PAUSE] = "pause",           [CH_STOP_EXCEPTION] = "error",
        [CH_STOP_DATA] = "changed",          [CH_STOP_INSTRUCTION] = "instruction breakpoint",
    };
    const ChStop *stop = ch_debugger_stop(session->debugger);
    printf("stopped: %s", words[stop->reason]);
    if (stop->text.length) printf(": %.*s", CH_STR_ARG(stop->text));
    printf("\n");
    session->level = 0;
    show_place(session);
}

// ---- running --------------------------------------------------------------------------------------------------------

static void run(Session *session) {
    for (;;) {
        int64_t wait_ms = -1;
        switch (ch_debugger_run(session->debugger, SLICE_LOOKS, &wait_ms)) {
        case CH_RUN_READY: break;
        case CH_RUN_WAITING: session->host->poll(session->host->ud, wait_ms); break;
        case CH_RUN_STOPPED: show_stop(session); return;
        case CH_RUN_ENDED:
            session->status = ch_debugger_exit_code(session->debugger);
            session->is_over = true;
            printf("ended with exit code %d\n", session->status);
            return;
        }
    }
}

static void step(Session *session, ChStepKind kind, ChStepUnit unit) {
    const ChStop *stop = ch_debugger_stop(session->debugger);
    if (stop && ch_debugger_step(session->debugger, stop->task, kind, unit)) run(session);
}

// ---- breakpoints ----------------------------------------------------------------------------------------------------

static ChStr own(ChStr text) { return ch_str_of(ch_str_detach(text)); }

// Sets what the list has for a file; says where the last one came to stand.
static void set_file(Session *session, ChStr path, bool is_told) {
    CH_ARRAY_OF(ChBreakpointSpec) specs = {0};
    for (uint32_t i = 0; i < session->places.count; i++) {
        const Place *place = &session->places.items[i];
        if (ch_str_equal(place->path, path)) ch_array_push(&specs, (ChBreakpointSpec){.line = place->line, .condition = place->condition});
    }
    ChBreakpointInfo *infos = ch_alloc_zero(specs.count + 1, sizeof *infos);
    ch_debugger_set_breakpoints(session->debugger, path, specs.items, specs.count, infos);
    const ChBreakpointInfo *last = specs.count ? &infos[specs.count - 1] : NULL;
    if (is_told && last && last->is_verified) printf("breakpoint at %.*s:%u\n", CH_STR_ARG(base_name(path)), last->line);
    else if (is_told && last) wrong(session, "no breakpoint there: %.*s", CH_STR_ARG(last->message));
    ch_free(infos);
    ch_array_release(&specs);
}

// "12", "lib.harn:12", each with " if CONDITION" behind it; or the name of a function.
static void set_break(Session *session, ChStr text) {
    int64_t at = ch_str_find(text, CH_STR(" if "), 0);
    ChStr condition = at >= 0 ? ch_str_trim(ch_str_slice(text.data + at + 4, text.length - (uint32_t)at - 4)) : (ChStr){0};
    ChStr where = ch_str_trim(at >= 0 ? ch_str_slice(text.data, (size_t)at) : text);
    int64_t colon = ch_str_find_last_byte(where, ':');
    ChStr number = colon >= 0 ? ch_str_slice(where.data + colon + 1, where.length - (uint32_t)colon - 1) : where;
    uint32_t line = 0;
    for (uint32_t i = 0; i < number.length && number.data[i] >= '0' && number.data[i] <= '9' && line < 100000000; i++)
        line = line * 10 + (uint32_t)(number.data[i] - '0');
    if (line == 0) {
        ChBreakpointSpec spec = {.condition = condition};
        ChBreakpointInfo info = {0};
        ch_debugger_set_function_breakpoints(session->debugger, &where, &spec, where.length ? 1 : 0, &info);
        if (!where.length) wrong(session, "break needs LINE, FILE:LINE or the name of a function");
        else printf("breakpoint in %.*s%s\n", CH_STR_ARG(where), info.is_verified ? "" : ", which is not loaded yet");
        return;
    }
    ChBuffer path = {0};
    ChStr folder = ch_str_slice(session->program.data, (size_t)(ch_str_find_last_byte(session->program, '/') + 1));
    if (colon < 0) ch_buffer_add_str(&path, session->program);
    else if (where.data[0] != '/') ch_buffer_add_str(&path, folder);
    if (colon >= 0) ch_buffer_add(&path, where.data, (size_t)colon);
    ch_array_push(&session->places, (Place){own(ch_buffer_view(&path)), line, condition.length ? own(condition) : (ChStr){0}});
    set_file(session, ch_array_last(&session->places).path, true);
    ch_buffer_release(&path);
}

static void free_place(Place *place) {
    ch_free((char *)place->path.data);
    ch_free((char *)place->condition.data);
}

static void clear_breaks(Session *session, ChStr text) {
    (void)text;
    while (session->places.count) {
        Place place = ch_array_pop(&session->places);
        set_file(session, place.path, false);
        free_place(&place);
    }
    ch_debugger_set_function_breakpoints(session->debugger, NULL, NULL, 0, NULL);
    ch_debugger_set_watches(session->debugger, NULL, 0, NULL);
    printf("no breakpoints\n");
}

static void watch(Session *session, ChStr name) {
    const ChStop *stop = ch_debugger_stop(session->debugger);
    static const ChScopeKind scopes[] = {CH_SCOPE_LOCALS, CH_SCOPE_MODULE};
    ChBuffer id = {0}, why = {0};
    bool is_good = false;
    for (int i = 0; i < 2 && !is_good; i++) {
        ch_buffer_clear(&why);
        is_good = ch_debugger_watch_id(session->debugger, stop->task, session->level, scopes[i], name, &id, &why);
    }
    ChWatchSpec spec = {.id = ch_buffer_view(&id)};
    ChBreakpointInfo info;
    if (is_good) {
        ch_debugger_set_watches(session->debugger, &spec, 1, &info);
        printf("watching %.*s\n", CH_STR_ARG(name));
    } else {
        wrong(session, "%.*s", (int)why.length, why.data);
    }
    ch_buffer_release(&id);
    ch_buffer_release(&why);
}

// ---- looking --------------------------------------------------------------------------------------------------------

static void show_value(ChValue value) {
    ChBuffer text = {0};
    ch_view_text(value, VALUE_BYTES_MAX, &text);
    printf("%.*s\n", (int)text.length, text.data);
    ch_buffer_release(&text);
}

static void print(Session *session, ChStr expression) {
    ChBuffer why = {0};
    ChValue value;
    uint32_t task = ch_debugger_stop(session->debugger)->task;
    if (ch_debugger_evaluate(session->debugger, task, session->level, expression, CH_EVALUATE_FULL, &value, &why)) {
        show_value(value);
        ch_release(value);
    } else {
        wrong(session, "%.*s", (int)why.length, why.data);
    }
    ch_buffer_release(&why);
}

static void locals(Session *session, ChStr text) {
    (void)text;
    static const struct {
        ChScopeKind kind;
        const char *title;
    } scopes[] = {{CH_SCOPE_LOCALS, "locals"}, {CH_SCOPE_CAPTURED, "captured"}, {CH_SCOPE_MODULE, "module"}, {CH_SCOPE_ERROR, "error"}};
    uint32_t task = ch_debugger_stop(session->debugger)->task;
    for (size_t s = 0; s < sizeof scopes / sizeof *scopes; s++) {
        ChVariableView view;
        for (uint32_t i = 0; i < VARIABLES_SHOWN_MAX && ch_debugger_variable(session->debugger, task, session->level, scopes[s].kind, i, &view); i++) {
            if (i == 0) printf("%s\n", scopes[s].title);
            printf("  %.*s = ", CH_STR_ARG(view.name));
            show_value(view.value);
        }
    }
}

static void backtrace(Session *session, ChStr text) {
    (void)text;
    ChFrameInfo info;
    for (uint32_t level = 0; level < FRAMES_SHOWN_MAX && frame_of(session, level, &info); level++)
        printf("%s%u  %.*s at %.*s:%u\n", level == session->level ? "->" : "  ", level, CH_STR_ARG(info.name),
               CH_STR_ARG(info.path.length ? base_name(info.path) : CH_STR("runtime")), info.line);
}

static void list(Session *session, ChStr text) {
    (void)text;
    ChFrameInfo info;
    if (!frame_of(session, session->level, &info)) return;
    uint32_t first = info.line > LIST_LINES ? info.line - LIST_LINES : 1;
    for (uint32_t line = first; line <= info.line + LIST_LINES; line++) show_line(info.path, line, line == info.line);
}

static void select_frame(Session *session, int64_t level) {
    ChFrameInfo info;
    if (level < 0 || !frame_of(session, (uint32_t)level, &info)) {
        wrong(session, "there is no frame %lld", (long long)level);
        return;
    }
    session->level = (uint32_t)level;
    show_place(session);
}

static void tasks(Session *session, ChStr text) {
    (void)text;
    ChTaskInfo infos[FRAMES_SHOWN_MAX];
    uint32_t count = ch_debugger_tasks(session->debugger, infos, FRAMES_SHOWN_MAX);
    for (uint32_t i = 0; i < count && i < FRAMES_SHOWN_MAX; i++)
        printf("%s%u  %.*s (%.*s)\n", infos[i].id == ch_debugger_stop(session->debugger)->task ? "->" : "  ", infos[i].id,
               CH_STR_ARG(infos[i].name), CH_STR_ARG(infos[i].state));
    if (count > FRAMES_SHOWN_MAX) printf("  and %u more\n", count - FRAMES_SHOWN_MAX);
}

static void disassemble(Session *session, ChStr text) {
    (void)text;
    ChFrameInfo info;
    ChInstructionView views[2 * LIST_LINES + 1];
    if (!frame_of(session, session->level, &info) ||
        !ch_debugger_disassemble(session->debugger, info.address, -LIST_LINES, 2 * LIST_LINES + 1, views)) {
        wrong(session, "no code is at hand here");
        return;
    }
    for (int i = 0; i < 2 * LIST_LINES + 1; i++) {
        if (views[i].is_valid)
            printf("%s%5u  %.*s\n", views[i].address == info.address ? "->" : "  ", views[i].line, (int)views[i].text.length, views[i].text.data);
        ch_buffer_release(&views[i].text);
    }
}

// ---- commands -------------------------------------------------------------------------------------------------------

static void do_continue(Session *session, ChStr text) {
    (void)text;
    ch_debugger_continue(session->debugger);
    run(session);
}
static void do_next(Session *session, ChStr text) { (void)text; step(session, CH_STEP_OVER, CH_UNIT_LINE); }
static void do_step(Session *session, ChStr text) { (void)text; step(session, CH_STEP_IN, CH_UNIT_LINE); }
static void do_out(Session *session, ChStr text) { (void)text; step(session, CH_STEP_OUT, CH_UNIT_LINE); }
static void do_cycle(Session *session, ChStr text) {
    (void)text;
    step(session, CH_STEP_IN, CH_UNIT_INSTRUCTION);
}
static void do_frame(Session *session, ChStr text) {
    char *copy = ch_str_detach(text);
    char *end;
    long long level = strtoll(copy, &end, 10);
    select_frame(session, end != copy && *end == '\0' ? level : -1);
    ch_free(copy);
}
static void do_up(Session *session, ChStr text) { (void)text; select_frame(session, (int64_t)session->level + 1); }
static void do_down(Session *session, ChStr text) { (void)text; select_frame(session, (int64_t)session->level - 1); }
static void do_restart(Session *session, ChStr text) {
    (void)text;
    ChBuffer why = {0};
    if (!ch_debugger_restart_frame(session->debugger, ch_debugger_stop(session->debugger)->task, session->level, &why))
        wrong(session, "%.*s", (int)why.length, why.data);
    else
        session->level = 0, show_place(session);
    ch_buffer_release(&why);
}
static void do_quit(Session *session, ChStr text) {
    (void)text;
    session->is_over = true;
}
static void do_help(Session *session, ChStr text);

typedef struct Command {
    const char *name, *shortcut, *arguments, *summary;
    void (*act)(Session *session, ChStr text);
} Command;

static const Command k_commands[] = {
    {"break", "b", "LINE|FILE:LINE|FUNCTION [if CONDITION]", "stop there", set_break},
    {"watch", "w", "NAME", "stop where the variable changes", watch},
    {"clear", NULL, "", "forget all breakpoints and watches", clear_breaks},
    {"continue", "c", "", "run on", do_continue},
    {"next", "n", "", "to the next line, over calls", do_next},
    {"step", "s", "", "to the next line, into calls", do_step},
    {"out", "o", "", "to the caller", do_out},
    {"cycle", "i", "", "one instruction of the machine", do_cycle},
    {"print", "p", "EXPRESSION", "evaluate in the selected frame", print},
    {"locals", "v", "", "variables of the selected frame", locals},
    {"backtrace", "bt", "", "the stack", backtrace},
    {"frame", "f", "N", "select a frame; 0 is the innermost", do_frame},
    {"up", NULL, "", "select the caller", do_up},
    {"down", NULL, "", "select the callee", do_down},
    {"list", "l", "", "source around the place", list},
    {"code", "x", "", "instructions around the place", disassemble},
    {"tasks", "t", "", "tasks that are alive", tasks},
    {"restart", NULL, "", "begin the selected frame again", do_restart},
    {"help", "h", "", "this list", do_help},
    {"quit", "q", "", "end the program and leave", do_quit},
};

static void do_help(Session *session, ChStr text) {
    (void)session, (void)text;
    for (size_t i = 0; i < sizeof k_commands / sizeof *k_commands; i++) {
        const Command *command = &k_commands[i];
        printf("  %-9s %-2s  %-40s %s\n", command->name, command->shortcut ? command->shortcut : "", command->arguments, command->summary);
    }
}

static void carry_out(Session *session, ChStr line) {
    line = ch_str_trim(line);
    if (line.length == 0 || line.data[0] == '#') return;
    uint32_t end = 0;
    while (end < line.length && line.data[end] != ' ') end++;
    ChStr word = ch_str_slice(line.data, end);
    ChStr rest = ch_str_trim(ch_str_slice(line.data + end, line.length - end));
    for (size_t i = 0; i < sizeof k_commands / sizeof *k_commands; i++) {
        const Command *command = &k_commands[i];
        if (!ch_str_is(word, command->name) && !(command->shortcut && ch_str_is(word, command->shortcut))) continue;
        if (command->arguments[0] && rest.length == 0) wrong(session, "%s needs %s", command->name, command->arguments);
        else command->act(session, rest);
        return;
    }
    wrong(session, "there is no command '%.*s'; `help` lists them", CH_STR_ARG(word));
}

static void read_commands(Session *session, FILE *input) {
    bool is_prompting = isatty(fileno(input)) && isatty(STDOUT_FILENO);
    char *line = NULL;
    size_t capacity = 0;
    while (!session->is_over) {
        if (is_prompting) fputs("(debug) ", stdout);
        fflush(stdout);
        ssize_t length = getline(&line, &capacity, input);
        if (length < 0) break;
        carry_out(session, ch_str_slice(line, (size_t)length));
    }
    free(line);
}

// ---- life -----------------------------------------------------------------------------------------------------------

static int debug_program(const char *program, const ChStr *arguments, uint32_t count, const char *script) {
    FILE *input = script ? fopen(script, "r") : stdin;
    if (!input) {
        fprintf(stderr, "charn debug: cannot read %s\n", script);
        return CLI_USAGE;
    }
    char *absolute = realpath(program, NULL);
    Session session = {.is_script = script || !isatty(STDIN_FILENO), .program = ch_str_of(absolute ? absolute : program)};
    session.host = ch_host_real();
    ChDebuggerEvents events = {.on_output = show_output, .on_log = show_log, .ud = &session};
    session.debugger = ch_debugger_new(&events);
    ch_debugger_set_exceptions(session.debugger, CH_CATCH_UNCAUGHT, (ChStr){0}, (ChStr){0});
    ChBuffer why = {0};
    if (ch_debugger_launch(session.debugger, session.program, arguments, count, true, &why)) {
        run(&session);
        read_commands(&session, input);
    } else {
        fprintf(stderr, "%.*s\n", (int)why.length, why.data ? why.data : "");
        session.status = CLI_FAILED;
    }
    ch_buffer_release(&why);
    for (uint32_t i = 0; i < session.places.count; i++) free_place(&session.places.items[i]);
    ch_array_release(&session.places);
    ch_debugger_free(session.debugger);
    ch_host_real_free(session.host);
    free(absolute);
    if (script) fclose(input);
    fflush(stdout);
    return session.status;
}

int cli_debug(int argc, char **argv) {
    const char *program = NULL, *script = NULL;
    CH_ARRAY_OF(ChStr) arguments = {0};
    for (int i = 1; i < argc; i++) {
        if (program) {
            if (arguments.count > 0 || strcmp(argv[i], "--") != 0) ch_array_push(&arguments, ch_str_of(argv[i]));
        } else if (cli_is_option(argv[i], "--script")) {
            if (!(script = cli_option_value(argc, argv, &i, "--script"))) return cli_usage_error("debug", "--script needs a file");
        } else if (argv[i][0] == '-') {
            return cli_unknown_option("debug", argv[i]);
        } else {
            program = argv[i];
        }
    }
    if (!program) return cli_usage_error("debug", "no program given");
    int status = debug_program(program, arguments.items, arguments.count, script);
    ch_array_release(&arguments);
    return status;
}
