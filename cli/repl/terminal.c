// libedit is loaded when a session begins on a terminal: what else charn does would pay for it at every start.
//
// SIGINT stays blocked while a line is read and is taken from a descriptor beside standard input, so Ctrl-C is an event
// like a key and nothing runs in a signal handler of ours.
#include "repl/terminal.h"

#include <dlfcn.h>
#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"

#include "base/banned.h"

#define CALLS(X) X(el_init) X(el_end) X(el_set) X(el_wset) X(el_get) X(el_gets) X(el_line) X(el_insertstr) X(el_source) \
    X(history_init) X(history_end) X(history)

enum { HISTORY_LINES = 1000, OFFERS_SHOWN = 60, COLUMNS = 80, CONTROL_D = 4 };

typedef struct Edit {
#define X(name) __typeof__(&name) name;
    CALLS(X)
#undef X
    EditLine *line;
    History *past;
} Edit;

struct ReplTerminal {
    ch_host *host;
    ReplHistory *history;
    ChColorMode color;
    ReplComplete complete;
    void *ud;
    bool is_interactive;
    ReplPrompt prompt;
    Edit *edit;      // NULL: lines are not edited
    int interrupts;  // a signalfd, or -1
    bool is_interrupted;
};

// ---- prompts ------------------------------------------------------------------------------------------------------------

// \1 stands around what takes no room.
static const char *prompt_of(const ReplTerminal *terminal) {
    static const char *const prompts[][2] = {{"charn> ", "\1\x1b[1;34m\1charn>\1\x1b[0m\1 "},
                                             {"  ...> ", "\1\x1b[2m\1  ...>\1\x1b[0m\1 "}};
    return prompts[terminal->prompt][terminal->color == CH_COLOR_ALWAYS];
}

// ---- keys ---------------------------------------------------------------------------------------------------------------

static bool take_interrupt(ReplTerminal *terminal) {
    struct signalfd_siginfo info;
    return read(terminal->interrupts, &info, sizeof info) == sizeof info;
}

static bool read_byte(unsigned char *byte) {
    ssize_t n;
    while ((n = read(STDIN_FILENO, byte, 1)) < 0 && errno == EINTR) continue;
    return n == 1;
}

// One character of UTF-8. 1: there is one, 0: the input has ended, -1: Ctrl-C.
static int get_character(ReplTerminal *terminal, wchar_t *out) {
    struct pollfd from[] = {{.fd = terminal->interrupts, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        if (poll(from, 2, -1) < 0) {
            if (errno == EINTR) continue; // the window has another size: libedit has seen to it
            return -1;
        }
        if (from[0].revents & POLLIN) {
            terminal->is_interrupted = take_interrupt(terminal);
            errno = EINTR;
            return -1;
        }
        if (from[1].revents) break;
    }
    char bytes[4];
    uint32_t width, count = 0;
    do {
        unsigned char byte;
        if (!read_byte(&byte)) return 0;
        if (byte == 0) byte = CONTROL_D; // typed before the terminal gave keys one by one
        bytes[count++] = (char)byte;
    } while (count < (bytes[0] & 0x80 ? (bytes[0] & 0x20 ? (bytes[0] & 0x10 ? 4u : 3u) : 2u) : 1u));
    *out = (wchar_t)ch_utf8_decode(bytes, count, &width);
    return 1;
}

// ---- completion -----------------------------------------------------------------------------------------------------------

typedef struct Offers {
    CH_ARRAY_OF(char *) words;
} Offers;

static void add_offer(void *ud, ChStr name, ChNameKind kind) {
    Offers *offers = ud;
    (void)kind;
    ch_array_push(&offers->words, ch_str_detach(name));
}

static int compare_words(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// Sorted, each once.
static void order(Offers *offers) {
    uint32_t kept = 0;
    if (offers->words.count) qsort(offers->words.items, offers->words.count, sizeof *offers->words.items, compare_words);
    for (uint32_t i = 0; i < offers->words.count; i++) {
        if (kept && strcmp(offers->words.items[kept - 1], offers->words.items[i]) == 0) ch_free(offers->words.items[i]);
        else offers->words.items[kept++] = offers->words.items[i];
    }
    offers->words.count = kept;
}

static size_t common_length(const Offers *offers) {
    const char *first = offers->words.items[0], *last = ch_array_last(&offers->words);
    size_t length = 0;
    while (first[length] && first[length] == last[length]) length++;
    return length;
}

static void show(const Offers *offers) {
    size_t width = 0;
    for (uint32_t i = 0; i < offers->words.count; i++)
        if (strlen(offers->words.items[i]) > width) width = strlen(offers->words.items[i]);
    uint32_t columns = width + 2 < COLUMNS ? (uint32_t)(COLUMNS / (width + 2)) : 1;
    putchar('\n');
    for (uint32_t i = 0; i < offers->words.count && i < OFFERS_SHOWN; i++)
        printf("%-*s%s", (int)width + 2, offers->words.items[i], (i + 1) % columns == 0 ? "\n" : "");
    if (offers->words.count > OFFERS_SHOWN) printf("and %u more", offers->words.count - OFFERS_SHOWN);
    putchar('\n');
    fflush(stdout);
}

static unsigned char complete(ReplTerminal *terminal) {
    const Edit *edit = terminal->edit;
    const LineInfo *info = edit->el_line(edit->line);
    size_t length = (size_t)(info->cursor - info->buffer);
    Offers offers = {0};
    uint32_t start = 0;
    terminal->complete(terminal->ud, ch_str_slice(info->buffer, length), &start, add_offer, &offers);
    order(&offers);
    unsigned char answer = CC_ERROR;
    if (offers.words.count) {
        size_t typed = length - start, common = common_length(&offers);
        if (common > typed) {
            char *rest = ch_str_detach(ch_str_slice(offers.words.items[0] + typed, common - typed));
            edit->el_insertstr(edit->line, rest);
            ch_free(rest);
            answer = CC_REFRESH;
        } else if (offers.words.count > 1) {
            show(&offers);
            answer = CC_REDISPLAY;
        }
    }
    for (uint32_t i = 0; i < offers.words.count; i++) ch_free(offers.words.items[i]);
    ch_array_release(&offers.words);
    return answer;
}

// ---- libedit ----------------------------------------------------------------------------------------------------------------

// What libedit calls gets the editor only; the terminal is its client data, which el_get answers.
static ReplTerminal *owner_of(EditLine *line) {
    void *terminal = NULL;
    void *library = dlopen("libedit.so.2", RTLD_NOW | RTLD_NOLOAD);
    __typeof__(&el_get) get = library ? (__typeof__(&el_get))dlsym(library, "el_get") : NULL;
    if (get) get(line, EL_CLIENTDATA, &terminal);
    if (library) dlclose(library);
    return terminal;
}

static char *edit_prompt(EditLine *line) { return (char *)(uintptr_t)prompt_of(owner_of(line)); }
static int edit_character(EditLine *line, wchar_t *out) { return get_character(owner_of(line), out); }
static unsigned char edit_complete(EditLine *line, int key) {
    (void)key;
    return complete(owner_of(line));
}

static bool load(Edit *edit) {
    void *library = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
    bool ok = library != NULL;
#define X(name) ok = ok && (edit->name = (__typeof__(&name))dlsym(library, #name)) != NULL;
    CALLS(X)
#undef X
    return ok;
}

static bool can_move_the_cursor(void) {
    const char *name = getenv("TERM");
    return name && *name && strcmp(name, "dumb") != 0;
}

// Widths and characters are those of UTF-8, whatever the locale says.
static void use_utf8(void) {
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

static Edit *edit_new(ReplTerminal *terminal) {
    Edit *edit = ch_alloc_zero(1, sizeof *edit);
    if (!can_move_the_cursor() || !load(edit)) {
        ch_free(edit);
        return NULL;
    }
    use_utf8();
    edit->line = edit->el_init("charn", stdin, stdout, stderr);
    edit->past = edit->history_init();
    HistEvent event;
    edit->history(edit->past, &event, H_SETSIZE, HISTORY_LINES);
    for (uint32_t i = 0; i < terminal->history->lines.count; i++)
        edit->history(edit->past, &event, H_ENTER, terminal->history->lines.items[i]);
    edit->el_set(edit->line, EL_CLIENTDATA, terminal);
    edit->el_set(edit->line, EL_PROMPT_ESC, edit_prompt, '\1');
    edit->el_set(edit->line, EL_GETCFN, edit_character);
    edit->el_set(edit->line, EL_SIGNAL, 1);
    edit->el_set(edit->line, EL_EDITOR, "emacs");
    edit->el_set(edit->line, EL_HIST, edit->history, edit->past);
    edit->el_wset(edit->line, EL_ADDFN, L"charn-complete", L"Complete the word", edit_complete); // el_set leaks its copies
    edit->el_set(edit->line, EL_BIND, "^I", "charn-complete", NULL);
    edit->el_set(edit->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
    edit->el_source(edit->line, NULL);
    return edit;
}

static void edit_free(Edit *edit) {
    if (!edit) return;
    edit->history_end(edit->past);
    edit->el_end(edit->line);
    ch_free(edit);
}

// ---- life -------------------------------------------------------------------------------------------------------------------

ReplTerminal *repl_terminal_new(ch_host *host, ReplHistory *history, ChColorMode color, ReplComplete complete, void *ud) {
    ReplTerminal *terminal = ch_alloc_zero(1, sizeof *terminal);
    *terminal = (ReplTerminal){.host = host, .history = history, .color = color, .complete = complete, .ud = ud, .interrupts = -1};
    terminal->is_interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!terminal->is_interactive) return terminal;
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
    terminal->interrupts = signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK);
    terminal->edit = edit_new(terminal);
    return terminal;
}

void repl_terminal_free(ReplTerminal *terminal) {
    edit_free(terminal->edit);
    if (terminal->interrupts >= 0) close(terminal->interrupts);
    ch_free(terminal);
}

bool repl_terminal_is_interactive(const ReplTerminal *terminal) { return terminal->is_interactive; }

bool repl_terminal_has_more(const ReplTerminal *terminal) {
    struct pollfd from = {.fd = STDIN_FILENO, .events = POLLIN};
    return terminal->is_interactive && poll(&from, 1, 0) > 0;
}

static void add_line(ChBuffer *line, const char *text, size_t length) {
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
    ch_buffer_add(line, text, length);
}

// The host reads standard input for programs, too: what they ask for are the lines behind their own.
static ReplRead read_plain(ReplTerminal *terminal, ChBuffer *line) {
    if (terminal->is_interactive) fputs(terminal->prompt == REPL_PROMPT_FIRST ? "charn> " : "  ...> ", stdout), fflush(stdout);
    ChBuffer text = {0};
    bool is_there = terminal->host->read_line(terminal->host->ud, &text) == CH_STATUS_OK;
    bool is_interrupted = terminal->is_interactive && take_interrupt(terminal);
    if (is_there) add_line(line, text.data, text.length);
    ch_buffer_release(&text);
    return !is_there ? REPL_READ_END : is_interrupted ? REPL_READ_INTERRUPTED : REPL_READ_LINE;
}

ReplRead repl_terminal_read(ReplTerminal *terminal, ReplPrompt prompt, ChBuffer *line) {
    terminal->prompt = prompt;
    if (!terminal->edit) return read_plain(terminal, line);
    Edit *edit = terminal->edit;
    int length = 0;
    terminal->is_interrupted = false;
    edit->el_set(edit->line, EL_PREP_TERM, 1); // before the prompt asks for keys
    const char *text = edit->el_gets(edit->line, &length);
    if (terminal->is_interrupted || !text || length <= 0) {
        fputs(terminal->is_interrupted ? "^C\n" : "\n", stdout);
        fflush(stdout);
        return terminal->is_interrupted ? REPL_READ_INTERRUPTED : REPL_READ_END;
    }
    uint32_t start = line->length;
    add_line(line, text, (size_t)length);
    ChStr typed = ch_str_slice(line->data + start, line->length - start);
    HistEvent event;
    if (repl_history_add(terminal->history, typed))
        edit->history(edit->past, &event, H_ENTER, ch_array_last(&terminal->history->lines));
    return REPL_READ_LINE;
}
