// One line each in a file of the user's own (mode 0600). Lines are appended by single writes, so sessions that run at the
// same time do not tear each other's; a file that has grown too long is replaced as a whole by its end.
#include "repl/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "files.h"

#include "base/banned.h"

enum { LINES_KEPT = 1000, LINES_MAX = 2 * LINES_KEPT, FILE_BYTES_MAX = 8 << 20, LINE_BYTES_MAX = 64 << 10 };

// The file's path with its folders made; NULL: there is no place for it.
static char *find_place(void) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    ChBuffer path = {0};
    if (state && state[0] == '/') ch_buffer_add_text(&path, state);
    else if (home && home[0] == '/') ch_buffer_printf(&path, "%s/.local/state", home);
    else return NULL;
    ch_buffer_add_text(&path, "/charn");
    char *text = ch_buffer_detach(&path);
    for (char *at = text + 1;; at++) {
        if (*at && *at != '/') continue;
        char saved = *at;
        *at = '\0';
        bool is_there = mkdir(text, 0700) == 0 || errno == EEXIST;
        *at = saved;
        if (is_there && saved) continue;
        if (is_there) ch_buffer_printf(&path, "%s/history", text);
        break;
    }
    ch_free(text);
    return path.length ? ch_buffer_detach(&path) : NULL;
}

static int open_file(const char *path, int flags) {
    int file = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat info;
    if (file >= 0 && (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))) {
        close(file);
        return -1;
    }
    return file;
}

static void read_lines(ReplHistory *history) {
    int file = open_file(history->path, O_RDONLY);
    if (file < 0) return;
    struct stat info;
    off_t skipped = fstat(file, &info) == 0 && info.st_size > FILE_BYTES_MAX ? info.st_size - FILE_BYTES_MAX : 0;
    FILE *stream = lseek(file, skipped, SEEK_SET) >= 0 ? fdopen(file, "r") : NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while (stream && (length = getline(&line, &capacity, stream)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
        if (length > 0) ch_array_push(&history->lines, ch_str_detach(ch_str_slice(line, (size_t)length)));
    }
    free(line);
    if (stream) fclose(stream);
    else close(file);
}

static void keep_the_end(ReplHistory *history) {
    if (history->lines.count <= LINES_KEPT) return;
    uint32_t dropped = history->lines.count - LINES_KEPT;
    bool is_rewritten = history->lines.count > LINES_MAX;
    for (uint32_t i = 0; i < dropped; i++) ch_free(history->lines.items[i]);
    memmove(history->lines.items, history->lines.items + dropped, LINES_KEPT * sizeof *history->lines.items);
    history->lines.count = LINES_KEPT;
    if (!is_rewritten) return;
    ChBuffer text = {0};
    for (uint32_t i = 0; i < LINES_KEPT; i++) ch_buffer_printf(&text, "%s\n", history->lines.items[i]);
    cli_replace_file(history->path, &text);
    ch_buffer_release(&text);
}

void repl_history_init(ReplHistory *history) {
    *history = (ReplHistory){.path = find_place()};
    if (!history->path) return;
    read_lines(history);
    keep_the_end(history);
}

bool repl_history_add(ReplHistory *history, ChStr line) {
    const char *last = history->lines.count ? ch_array_last(&history->lines) : "";
    if (line.length == 0 || line.length > LINE_BYTES_MAX || line.data[0] == ' ' || ch_str_is(line, last)) return false;
    ch_array_push(&history->lines, ch_str_detach(line));
    int file = history->path ? open_file(history->path, O_WRONLY | O_APPEND | O_CREAT) : -1;
    if (file < 0) return true;
    ChBuffer text = {0};
    ch_buffer_printf(&text, "%.*s\n", CH_STR_ARG(line));
    if (write(file, text.data, text.length) < 0) { // the session keeps the line all the same
        ch_free(history->path);
        history->path = NULL;
    }
    ch_buffer_release(&text);
    close(file);
    return true;
}

void repl_history_release(ReplHistory *history) {
    for (uint32_t i = 0; i < history->lines.count; i++) ch_free(history->lines.items[i]);
    ch_array_release(&history->lines);
    ch_free(history->path);
}
