/* See disk.h. */
#include "snapshot/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

#include "base/alloc.h"
#include "base/path.h"
#include "session/session.h"

enum { OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY };

/* The part of `path` below `root`; empty when it is not below it. */
static ChStr part_below(const char *root, ChStr path)
{
    size_t size = strlen(root);
    while (size > 1 && root[size - 1] == '/')
        size--;
    if (size == 1)
        return ch_str_slice(path.data + 1, path.length - 1);
    bool is_below = path.length > size + 1 && memcmp(path.data, root, size) == 0 && path.data[size] == '/';
    return is_below ? ch_str_slice(path.data + size + 1, path.length - size - 1) : (ChStr){0};
}

/* Where the kernel cannot be asked: the real path must be below the real root. */
static int open_checked(const char *root, const char *path)
{
    char real_root[PATH_MAX];
    char real_path[PATH_MAX];
    if (!realpath(root, real_root) || !realpath(path, real_path))
        return -1;
    if (!part_below(real_root, ch_str_of(real_path)).length)
        return -1;
    return open(real_path, OPEN_FLAGS | O_NOFOLLOW);
}

static int open_below(const char *root, const char *path, const char *part)
{
#if defined(__linux__) && defined(SYS_openat2)
    int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, folder, part, &how, sizeof(how));
    int error = errno;
    close(folder);
    if (fd >= 0 || (error != ENOSYS && error != EPERM))
        return fd;
#endif
    return open_checked(root, path);
}

/* The innermost root that the path lies below, or NULL. */
static const char *root_of(char *const *roots, uint32_t root_count, ChStr path, ChStr *part)
{
    const char *found = NULL;
    for (uint32_t i = 0; i < root_count; i++) {
        ChStr below = part_below(roots[i], path);
        if (below.length && (!found || below.length < part->length)) {
            found = roots[i];
            *part = below;
        }
    }
    return found;
}

ChSource *ch_disk_read(char *const *roots, uint32_t root_count, ChStr path)
{
    if (!path.length || path.length >= PATH_MAX || path.data[0] != '/' || memchr(path.data, 0, path.length))
        return NULL;
    char *name = ch_str_detach(path);
    ChStr part = {0};
    const char *root = root_of(roots, root_count, path, &part);
    int fd = -1;
    if (root)
        fd = open_below(root, name, name + (path.length - part.length));
    else if (ch_str_ends_with(path, CH_STR(".harn")))
        fd = open(name, OPEN_FLAGS | O_NOFOLLOW);
    ch_free(name);
    if (fd < 0)
        return NULL;
    struct stat facts;
    ChSource *source = NULL;
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= (off_t)CH_SESSION_ANALYSED_BYTES_MAX)
        source = ch_source_read_descriptor(fd, path, NULL);
    close(fd);
    return source;
}
