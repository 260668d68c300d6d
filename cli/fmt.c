// charn fmt: the canonical layout. Files are replaced as a whole or not at all.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/diagnostic.h"
#include "cli.h"
#include "files.h"
#include "format/format.h"
#include "syntax/syntax.h"

#include "base/banned.h"

typedef CH_ARRAY_OF(char *) PathList;

typedef struct Fmt {
    ChFormatOptions options;
    bool only_checks;
    bool is_quiet;
    uint32_t changed, failed;
    bool cannot_read;
} Fmt;

static void complain(const char *path, const char *what) { fprintf(stderr, "error: %s: %s\n", path, what); }

static void show_errors(const ChTree *tree) {
    ChBuffer text = {0};
    for (uint32_t i = 0; i < tree->diagnostics.count; i++)
        ch_diagnostic_render(tree->diagnostics.items[i], tree->source, ch_color_mode_of(STDERR_FILENO), &text);
    cli_write(STDERR_FILENO, &text);
    ch_buffer_release(&text);
}

// Is the text on disk, with the mark that the source does not hold, what it should be?
static bool is_formatted(const char *path, const ChSource *source, const ChBuffer *text) {
    if (!ch_str_equal(source->text, ch_buffer_view(text))) return false;
    struct stat info;
    return strcmp(path, "-") == 0 || stat(path, &info) != 0 || (uint64_t)info.st_size == text->length;
}

static void format_one(Fmt *fmt, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;
    ChSource *source = cli_read(path);
    if (!source) {
        fmt->cannot_read = true;
        return;
    }
    ChTree *tree = ch_syntax_parse(source, NULL);
    ChBuffer text = {0};
    ChStatus status = ch_format(tree, &fmt->options, &text);
    if (status == CH_STATUS_BAD_FORMAT) {
        show_errors(tree);
        fprintf(stderr, "%s: HARN-FMT-001: has syntax errors; left as it is\n", path);
        fmt->failed++;
    } else if (status != CH_STATUS_OK) {
        fprintf(stderr, "%s: HARN-FMT-001: the formatted text would not say the same; left as it is. This is a defect of charn\n",
                path);
        fmt->failed++;
    } else if (is_formatted(path, source, &text)) {
        if (is_stdin && !fmt->only_checks) cli_write(STDOUT_FILENO, &text);
    } else if (fmt->only_checks) {
        printf("%s: HARN-FMT-002: would be reformatted\n", path);
        fmt->changed++;
    } else if (is_stdin) {
        cli_write(STDOUT_FILENO, &text);
    } else if (cli_replace_file(path, &text)) {
        printf("formatted %s\n", path);
        fmt->changed++;
    } else {
        fmt->failed++;
    }
    ch_buffer_release(&text);
    ch_tree_unref(tree);
    ch_source_unref(source);
}

static int compare_paths(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// Hidden folders and node_modules hold what others wrote.
static bool is_skipped(const char *name) { return name[0] == '.' || strcmp(name, "node_modules") == 0; }

static char *join(const char *folder, const char *name) {
    ChBuffer path = {0};
    size_t length = strlen(folder);
    ch_buffer_printf(&path, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
    return ch_buffer_detach(&path);
}

// The .harn files below a folder, in order of their paths. Links to folders are not followed.
static void collect(Fmt *fmt, const char *root, PathList *files) {
    PathList folders = {0};
    uint32_t first = files->count;
    ch_array_push(&folders, ch_str_detach(ch_str_of(root)));
    while (folders.count) {
        char *folder = ch_array_pop(&folders);
        DIR *stream = opendir(folder);
        if (!stream) {
            complain(folder, strerror(errno));
            fmt->cannot_read = true;
        }
        struct dirent *entry;
        while (stream && (entry = readdir(stream))) {
            if (is_skipped(entry->d_name)) continue;
            char *path = join(folder, entry->d_name);
            size_t length = strlen(path);
            struct stat info;
            if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
                ch_array_push(&folders, path);
            } else if (length > 5 && strcmp(path + length - 5, ".harn") == 0 && S_ISREG(info.st_mode)) {
                ch_array_push(files, path);
            } else {
                ch_free(path);
            }
        }
        if (stream) closedir(stream);
        ch_free(folder);
    }
    ch_array_release(&folders);
    qsort(files->items + first, files->count - first, sizeof *files->items, compare_paths);
}

static bool number(const char *text, char **end, uint32_t *value) {
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    unsigned long long read = strtoull(text, end, 10);
    if (errno || read > UINT32_MAX) return false;
    *value = (uint32_t)read;
    return true;
}

static bool read_range(const char *text, ChFormatOptions *options) {
    char *end;
    return number(text, &end, &options->first_line) && *end == ':' &&
           number(end + 1, &end, &options->last_line) && !*end && options->first_line &&
           options->last_line >= options->first_line;
}

static bool is_option(const char *argument, const char *name) {
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && (!argument[length] || argument[length] == '=');
}

int cli_fmt(int argc, char **argv) {
    Fmt fmt = {0};
    PathList files = {0};
    int status = -1;
    bool has_target = false, options_end = false;
    for (int i = 1; i < argc && status < 0; i++) {
        const char *value, *argument = argv[i];
        char *end;
        if (options_end || argument[0] != '-' || !argument[1]) {
            struct stat info;
            has_target = true;
            if (cli_is_root(argument))
                status = cli_usage_error("fmt", "%s is the whole machine, not a project", argument);
            else if (stat(argument, &info) == 0 && S_ISDIR(info.st_mode))
                collect(&fmt, argument, &files);
            else
                ch_array_push(&files, ch_str_detach(ch_str_of(argument)));
        } else if (strcmp(argument, "--") == 0) {
            options_end = true;
        } else if (strcmp(argument, "--check") == 0) {
            fmt.only_checks = true;
        } else if (is_option(argument, "--line-width")) {
            value = cli_option_value(argc, argv, &i, "--line-width");
            if (!value || !number(value, &end, &fmt.options.line_width) || *end ||
                fmt.options.line_width < CH_FORMAT_WIDTH_MIN || fmt.options.line_width > CH_FORMAT_WIDTH_MAX)
                status = cli_usage_error("fmt", "--line-width takes a number from %u to %u", CH_FORMAT_WIDTH_MIN,
                                         CH_FORMAT_WIDTH_MAX);
        } else if (is_option(argument, "--range")) {
            value = cli_option_value(argc, argv, &i, "--range");
            if (!value || !read_range(value, &fmt.options))
                status = cli_usage_error("fmt", "--range takes two lines, as in 3:7");
        } else {
            status = cli_unknown_option("fmt", argument);
        }
    }
    if (status < 0 && !has_target) status = cli_usage_error("fmt", "no file given");
    if (status < 0 && fmt.options.first_line && files.count != 1)
        status = cli_usage_error("fmt", "--range takes one file");
    for (uint32_t i = 0; i < files.count; i++) {
        if (status < 0) format_one(&fmt, files.items[i]);
        ch_free(files.items[i]);
    }
    ch_array_release(&files);
    if (status >= 0) return status;
    if (fmt.cannot_read) return CLI_USAGE;
    return fmt.failed || (fmt.only_checks && fmt.changed) ? CLI_FAILED : CLI_OK;
}
