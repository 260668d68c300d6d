/* The files that a command's arguments name: folders stand for all .harn files below them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#include "base/banned.h"

enum { FILES_MAX = 100 * 1000 };

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void add_folder(CliFiles *files, const char *folder) {
    CliFiles pending = {0};
    ch_array_push(&pending, ch_str_detach(ch_str_of(folder)));
    uint32_t first = files->count;
    while (pending.count > 0 && files->count - first < FILES_MAX) {
        char *path = ch_array_pop(&pending);
        DIR *dir = opendir(path);
        struct dirent *entry;
        while (dir && (entry = readdir(dir))) {
            if (entry->d_name[0] == '.') continue;
            ChBuffer name = {0};
            ch_buffer_printf(&name, "%s/%s", path, entry->d_name);
            struct stat info;
            bool is_there = lstat(name.data, &info) == 0;
            if (is_there && S_ISDIR(info.st_mode))
                ch_array_push(&pending, ch_buffer_detach(&name));
            else if (is_there && S_ISREG(info.st_mode) && ch_str_ends_with(ch_buffer_view(&name), CH_STR(".harn")))
                ch_array_push(files, ch_buffer_detach(&name));
            ch_buffer_release(&name);
        }
        if (dir) closedir(dir);
        ch_free(path);
    }
    while (pending.count > 0) ch_free(ch_array_pop(&pending));
    ch_array_release(&pending);
    if (files->count > first) qsort(files->items + first, files->count - first, sizeof *files->items, compare_names);
}

void cli_files_add(CliFiles *files, const char *argument) {
    if (is_folder(argument)) add_folder(files, argument);
    else ch_array_push(files, ch_str_detach(ch_str_of(argument)));
}

bool cli_is_root(const char *path) {
    char *real = realpath(path, NULL);
    bool is_root = real && strcmp(real, "/") == 0;
    free(real);
    return is_root;
}

void cli_files_release(CliFiles *files) {
    for (uint32_t i = 0; i < files->count; i++) ch_free(files->items[i]);
    ch_array_release(files);
}

bool cli_write_file(const char *command, const char *path, const ChBuffer *text) {
    FILE *file = fopen(path, "we");
    bool is_good = file && fwrite(text->data ? text->data : "", 1, text->length, file) == text->length;
    if (file && fclose(file) != 0) is_good = false;
    if (!is_good) fprintf(stderr, "charn %s: cannot write %s: %s\n", command, path, strerror(errno));
    return is_good;
}

// Beside the file, so that the rename stays on one file system.
const char *cli_write_beside(const char *path, const ChBuffer *text, const struct stat *like) {
    ChBuffer name = {0};
    ch_buffer_printf(&name, "%s.XXXXXX", path);
    int descriptor = mkstemp(name.data);
    const char *what = descriptor < 0 ? strerror(errno) : NULL;
    size_t done = 0;
    while (!what && done < text->length) {
        ssize_t n = write(descriptor, text->data + done, text->length - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno != EINTR)
            what = strerror(errno);
    }
    if (!what && like && (fchmod(descriptor, like->st_mode & 07777) != 0 || fsync(descriptor) != 0)) what = strerror(errno);
    if (!what && like && geteuid() == 0 && fchown(descriptor, like->st_uid, like->st_gid) != 0) what = strerror(errno);
    if (descriptor >= 0 && close(descriptor) != 0 && !what) what = strerror(errno);
    if (!what && rename(name.data, path) != 0) what = strerror(errno);
    if (what && descriptor >= 0) unlink(name.data);
    ch_buffer_release(&name);
    return what;
}

bool cli_replace_file(const char *given, const ChBuffer *text) {
    struct stat info;
    char *path = realpath(given, NULL); // a link stays a link
    const char *what = NULL;
    if (!path || stat(path, &info) != 0)
        what = strerror(errno);
    else if ((info.st_mode & 0222) == 0)
        what = "is read-only";
    else
        what = cli_write_beside(path, text, &info);
    if (what) fprintf(stderr, "error: %s: %s\n", given, what);
    free(path);
    return !what;
}
