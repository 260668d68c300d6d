// Child processes of the real host: started with posix_spawn, fed and read with poll until they end or time is up.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "host/host_int.h"

#include "base/banned.h"

extern char **environ;

typedef struct Pipes {
    int in[2], out[2], err[2];
} Pipes;

static void close_one(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void close_all(Pipes *p) {
    for (int i = 0; i < 2; i++) {
        close_one(&p->in[i]);
        close_one(&p->out[i]);
        close_one(&p->err[i]);
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Reads what is there. False at the end of the stream.
static bool take(int fd, ChBuffer *out) {
    char block[16384];
    ssize_t got = read(fd, block, sizeof block);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got == 0) return false;
    size_t room = out->length < CH_HOST_OUTPUT_MAX ? CH_HOST_OUTPUT_MAX - out->length : 0;
    ch_buffer_add(out, block, (size_t)got < room ? (size_t)got : room);
    return true;
}

// Feeds and reads until both output streams end, or the time is up (then the child is killed).
static void attend(const ChHostRun *run, pid_t child, Pipes *p, ChHostRunResult *result) {
    int64_t end = run->timeout_ms > 0 ? now_ms() + run->timeout_ms : INT64_MAX;
    size_t fed = 0;
    if (run->input.length == 0) close_one(&p->in[1]);
    while (p->out[0] >= 0 || p->err[0] >= 0) {
        struct pollfd waits[3] = {
            {p->out[0], POLLIN, 0}, {p->err[0], POLLIN, 0}, {p->in[1], POLLOUT, 0}};
        int64_t left = end == INT64_MAX ? -1 : end - now_ms();
        if (end != INT64_MAX && left <= 0) {
            result->timed_out = true;
            kill(child, SIGKILL);
            break;
        }
        int ready = poll(waits, 3, left < 0 ? -1 : left > 60000 ? 60000 : (int)left);
        if (ready < 0 && errno != EINTR) break;
        if (ready <= 0) continue;
        if (waits[0].revents && !take(p->out[0], &result->output)) close_one(&p->out[0]);
        if (waits[1].revents && !take(p->err[0], &result->errors)) close_one(&p->err[0]);
        if (waits[2].revents) {
            ssize_t done = write(p->in[1], run->input.data + fed, run->input.length - fed);
            if (done > 0) fed += (size_t)done;
            bool failed = done < 0 && errno != EINTR && errno != EAGAIN;
            if (failed || fed == run->input.length) close_one(&p->in[1]);
        }
    }
}

// Starts a program with these ends as its standard streams (err below 0: ours). 0, or what errno says.
static int start(const ChHostRun *run, int in, int out, int err, pid_t *child) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (err >= 0) posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    if (run->folder) posix_spawn_file_actions_addchdir_np(&actions, run->folder);
    // The child hears all signals, whatever this thread has blocked.
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawnp(child, run->argv[0], &actions, &attributes, (char *const *)run->argv,
                             run->env ? (char *const *)run->env : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int ch__child_start(const ChHostRun *run, pid_t *child) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -errno;
    int error = start(run, pair[1], pair[1], -1, child);
    close(pair[1]);
    if (!error) fcntl(pair[0], F_SETFL, O_NONBLOCK);
    else close(pair[0]);
    return error ? -error : pair[0];
}

void ch__child_end(pid_t child) {
    struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < CH_CHILD_GRACE_MS / 5; i++) {
        if (waitpid(child, NULL, WNOHANG) != 0) return;
        nanosleep(&pause, NULL);
    }
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

ChStatus ch__host_run(void *ud, const ChHostRun *run, ChHostRunResult *result) {
    *result = (ChHostRunResult){0};
    Pipes p = {{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(p.in, O_CLOEXEC) != 0 || pipe2(p.out, O_CLOEXEC) != 0 || pipe2(p.err, O_CLOEXEC) != 0) {
        ChStatus status = ch_status_of_errno(errno);
        close_all(&p);
        return status;
    }
    pid_t child;
    int error = start(run, p.in[0], p.out[1], p.err[1], &child);
    close_one(&p.in[0]);
    close_one(&p.out[1]);
    close_one(&p.err[1]);
    if (error) {
        close_all(&p);
        return ch_status_of_errno(error);
    }
    // A child that closes its input must not end us.
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    fcntl(p.in[1], F_SETFL, O_NONBLOCK);
    attend(run, child, &p, result);
    sigaction(SIGPIPE, &before, NULL);
    close_all(&p);
    int ended = 0;
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR) {
    }
    result->process_id = child;
    result->exit_code = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    result->signal = WIFSIGNALED(ended) ? WTERMSIG(ended) : 0;
    return CH_STATUS_OK;
}
