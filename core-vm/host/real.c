// The operating system as a host. Output is written at once: a program's output must not be lost or reordered when
// it is killed or when it also writes to standard error. Removing and listing folders keeps its own stack.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/array.h"
#include "host/host_int.h"

#include "base/banned.h"

#define OUTPUT_BLOCK 16384

static void real_write(void *ud, ChHostStream stream, const char *data, size_t length) {
    int fd = stream == CH_HOST_STDERR ? STDERR_FILENO : STDOUT_FILENO;
    while (length) {
        ssize_t done = write(fd, data, length);
        if (done < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) {
                struct timespec pause = {0, 1000000};
                nanosleep(&pause, NULL);
                continue;
            }
            return; // a closed pipe takes nothing any more
        }
        data += done;
        length -= (size_t)done;
    }
}

static ChStatus real_read_line(void *ud, ChBuffer *line) {
    RealHost *real = ud;
    bool got_any = false;
    for (;;) {
        if (real->input_at == real->input_end) {
            if (real->input_closed) return got_any ? CH_STATUS_OK : CH_STATUS_CLOSED;
            ssize_t got = read(STDIN_FILENO, real->input, sizeof real->input);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                real->input_closed = true;
                continue;
            }
            real->input_at = 0;
            real->input_end = (size_t)got;
        }
        char *start = real->input + real->input_at;
        char *end = memchr(start, '\n', real->input_end - real->input_at);
        size_t length = end ? (size_t)(end - start) : real->input_end - real->input_at;
        if (line->length + length > CH_HOST_FILE_MAX) return CH_STATUS_TOO_LARGE;
        ch_buffer_add(line, start, length);
        got_any = true;
        real->input_at += length + (end ? 1 : 0);
        if (end) return CH_STATUS_OK;
    }
}

static bool real_is_terminal(void *ud, int stream) { return isatty(stream) == 1; }

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t real_now_ms(void *ud) { return clock_ns(CLOCK_REALTIME) / 1000000; }
static int64_t real_monotonic_ms(void *ud) { return clock_ns(CLOCK_MONOTONIC) / 1000000; }
static int64_t real_monotonic_ns(void *ud) { return clock_ns(CLOCK_MONOTONIC); }

static void real_random(void *ud, void *bytes, size_t length) {
    char *at = bytes;
    while (length) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            abort(); // no randomness: going on would be worse
        }
        at += got;
        length -= (size_t)got;
    }
}

static bool real_env_get(void *ud, const char *name, ChBuffer *value) {
    const char *found = getenv(name);
    if (!found) return false;
    ch_buffer_add_text(value, found);
    return true;
}

static bool real_folder(void *ud, ChBuffer *path) {
    char *found = getcwd(NULL, 0);
    if (!found) return false;
    ch_buffer_add_text(path, found);
    free(found);
    return true;
}

static bool real_system_name(void *ud, const char *what, ChBuffer *out) {
    struct utsname system;
    if (strcmp(what, "platform") == 0) {
#ifdef __APPLE__
        ch_buffer_add_text(out, "darwin");
#else
        ch_buffer_add_text(out, "linux");
#endif
        return true;
    }
    if (strcmp(what, "arch") == 0) {
        if (uname(&system) != 0) return false;
        ch_buffer_add_text(out, strcmp(system.machine, "arm64") == 0 ? "aarch64" : system.machine);
        return true;
    }
    if (strcmp(what, "hostname") == 0) {
        if (uname(&system) != 0) return false;
        ch_buffer_add_text(out, system.nodename);
        return true;
    }
    char room[4096];
    struct passwd entry, *found = NULL;
    getpwuid_r(getuid(), &entry, room, sizeof room, &found);
    if (strcmp(what, "home") == 0) {
        if (real_env_get(ud, "HOME", out)) return true;
        if (!found) return false;
        ch_buffer_add_text(out, found->pw_dir);
        return true;
    }
    if (strcmp(what, "username") == 0) {
        if (real_env_get(ud, "USER", out)) return true;
        if (!found) return false;
        ch_buffer_add_text(out, found->pw_name);
        return true;
    }
    return false;
}

static int64_t real_process_id(void *ud) { return getpid(); }

// ---- files ------------------------------------------------------------------------------------------------------

static ChFileKind kind_of(mode_t mode) {
    return S_ISREG(mode) ? CH_FILE_REGULAR : S_ISDIR(mode) ? CH_FILE_FOLDER : S_ISLNK(mode) ? CH_FILE_LINK : CH_FILE_OTHER;
}

static ChStatus real_real_path(void *ud, const char *path, ChBuffer *out) {
    char *found = realpath(path, NULL);
    if (!found) return ch_status_of_errno(errno);
    ch_buffer_clear(out);
    ch_buffer_add_text(out, found);
    free(found);
    return CH_STATUS_OK;
}

static ChStatus real_file_read(void *ud, const char *path, size_t max, ChBuffer *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ch_status_of_errno(errno);
    struct stat info;
    ChStatus status = CH_STATUS_OK;
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) status = CH_STATUS_IS_FOLDER;
    while (status == CH_STATUS_OK) {
        if (out->length >= max) {
            char more;
            if (read(fd, &more, 1) > 0) status = CH_STATUS_TOO_LARGE;
            break;
        }
        size_t room = max - out->length < 65536 ? max - out->length : 65536;
        ch_buffer_reserve(out, room);
        ssize_t got = read(fd, out->data + out->length, room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = ch_status_of_errno(errno);
        if (got <= 0) break;
        out->length += (size_t)got;
        out->data[out->length] = 0;
    }
    close(fd);
    return status;
}

static ChStatus write_all(int fd, const char *data, size_t length) {
    while (length) {
        ssize_t done = write(fd, data, length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return ch_status_of_errno(errno);
        data += done;
        length -= (size_t)done;
    }
    return CH_STATUS_OK;
}

static ChStatus real_file_write(void *ud, const char *path, const char *data, size_t length, bool append) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    if (fd < 0) return ch_status_of_errno(errno);
    ChStatus status = write_all(fd, data, length);
    if (close(fd) != 0 && status == CH_STATUS_OK) status = ch_status_of_errno(errno);
    return status;
}

static int64_t to_ms(struct timespec at) { return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000; }

static ChStatus real_file_info(void *ud, const char *path, ChFileInfo *info) {
    struct stat found;
    if (stat(path, &found) != 0) return ch_status_of_errno(errno);
    info->kind = kind_of(found.st_mode);
    info->size = (uint64_t)found.st_size;
    info->modified_ms = to_ms(found.st_mtim);
    info->created_ms = to_ms(found.st_ctim);
    info->mode = found.st_mode & 07777;
    return CH_STATUS_OK;
}

static ChStatus real_folder_list(void *ud, const char *path, ChHostEntryFn entry, void *entry_ud) {
    DIR *folder = opendir(path);
    if (!folder) return ch_status_of_errno(errno);
    struct dirent *found;
    while ((found = readdir(folder))) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0) continue;
        struct stat info;
        ChFileKind kind = CH_FILE_OTHER;
        if (fstatat(dirfd(folder), found->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) kind = kind_of(info.st_mode);
        entry(entry_ud, ch_str_of(found->d_name), kind);
    }
    closedir(folder);
    return CH_STATUS_OK;
}

typedef struct RemovalPath {
    char *path;
    bool is_empty; // its entries were put on the stack above it
} RemovalPath;
typedef struct Removal {
    CH_ARRAY_OF(RemovalPath) stack;
    const char *folder;
} Removal;

static void removal_entry(void *ud, ChStr name, ChFileKind kind) {
    Removal *removal = ud;
    ChBuffer path = {0};
    ch_buffer_printf(&path, "%s/%.*s", removal->folder, CH_STR_ARG(name));
    ch_array_push(&removal->stack, ((RemovalPath){ch_buffer_detach(&path), kind != CH_FILE_FOLDER}));
}

static ChStatus real_file_remove(void *ud, const char *path) {
    struct stat info;
    if (lstat(path, &info) != 0) return ch_status_of_errno(errno);
    Removal removal = {0};
    ch_array_push(&removal.stack, ((RemovalPath){ch_str_detach(ch_str_of(path)), !S_ISDIR(info.st_mode)}));
    ChStatus status = CH_STATUS_OK;
    while (removal.stack.count) {
        RemovalPath at = ch_array_last(&removal.stack);
        if (!at.is_empty && status == CH_STATUS_OK) {
            ch_array_last(&removal.stack).is_empty = true;
            removal.folder = at.path;
            status = real_folder_list(ud, at.path, removal_entry, &removal);
            continue;
        }
        if (status == CH_STATUS_OK && remove(at.path) != 0) status = ch_status_of_errno(errno);
        ch_free(at.path);
        (void)ch_array_pop(&removal.stack);
    }
    ch_array_release(&removal.stack);
    return status;
}

static ChStatus real_file_rename(void *ud, const char *from, const char *to) {
    return rename(from, to) == 0 ? CH_STATUS_OK : ch_status_of_errno(errno);
}

static ChStatus real_file_copy(void *ud, const char *from, const char *to) {
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) return ch_status_of_errno(errno);
    struct stat info;
    ChStatus status = CH_STATUS_OK;
    int out = -1;
    if (fstat(in, &info) != 0)
        status = ch_status_of_errno(errno);
    else if (S_ISDIR(info.st_mode))
        status = CH_STATUS_IS_FOLDER;
    if (status == CH_STATUS_OK) {
        out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, info.st_mode & 0777);
        if (out < 0) status = ch_status_of_errno(errno);
    }
    char block[OUTPUT_BLOCK];
    while (status == CH_STATUS_OK) {
        ssize_t got = read(in, block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = ch_status_of_errno(errno);
        if (got <= 0) break;
        status = write_all(out, block, (size_t)got);
    }
    close(in);
    if (out >= 0 && close(out) != 0 && status == CH_STATUS_OK) status = ch_status_of_errno(errno);
    return status;
}

static ChStatus real_folder_make(void *ud, const char *path) {
    char *copy = ch_str_detach(ch_str_of(path));
    ChStatus status = CH_STATUS_OK;
    for (char *at = copy + 1; *copy && status == CH_STATUS_OK; at++) {
        if (*at != '/' && *at != 0) continue;
        char kept = *at;
        *at = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) status = ch_status_of_errno(errno);
        *at = kept;
        if (!kept) break;
    }
    struct stat info;
    if (status == CH_STATUS_OK && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))) status = CH_STATUS_EXISTS;
    ch_free(copy);
    return status;
}

ch_host *ch_host_real(void) {
    RealHost *real = ch_alloc_zero(1, sizeof *real);
    real->host = (ch_host){
        .ud = real,
        .write = real_write,
        .read_line = real_read_line,
        .is_terminal = real_is_terminal,
        .now_ms = real_now_ms,
        .monotonic_ms = real_monotonic_ms,
        .monotonic_ns = real_monotonic_ns,
        .poll = ch__host_poll,
        .wake = ch__host_wake,
        .random = real_random,
        .env_get = real_env_get,
        .folder = real_folder,
        .system_name = real_system_name,
        .process_id = real_process_id,
        .file_read = real_file_read,
        .file_write = real_file_write,
        .file_info = real_file_info,
        .real_path = real_real_path,
        .file_remove = real_file_remove,
        .file_rename = real_file_rename,
        .file_copy = real_file_copy,
        .folder_make = real_folder_make,
        .folder_list = real_folder_list,
        .http_begin = ch__host_http_begin,
        .http_taken = ch__host_http_taken,
        .http_end = ch__host_http_end,
        .http_send = ch__host_http_send,
        .listen_begin = ch__host_listen_begin,
        .listen_take = ch__host_listen_take,
        .listen_end = ch__host_listen_end,
        .child_begin = ch__host_child_begin,
        .run = ch__host_run,
    };
    return &real->host;
}

void ch_host_real_free(ch_host *host) {
    ch__host_net_free(host->ud);
    ch__host_loop_free(host->ud);
    ch_free(host);
}
