// The one way out of the machine: everything a program can see or do outside its own values goes through a ch_host.
// The real host (ch_host_real) is libc and the operating system; tests, the mock clock, the sandbox and the
// debugger's recorder are other hosts, or layers that hold the host below. A builtin that goes round it is a defect.
//
// Functions are called on the VM's thread. Paths are as the program gave them, made absolute by the caller; texts
// are UTF-8. Nothing here calls Harn code. Entries may not be NULL: a host that forbids something answers so.
#ifndef CH_HOST_HOST_H
#define CH_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "host/net.h"

// Largest file that is read whole, and most bytes of a child's output that are kept.
#define CH_HOST_FILE_MAX (256u << 20)
#define CH_HOST_OUTPUT_MAX (64u << 20)

typedef enum ChHostStream { CH_HOST_STDOUT = 1, CH_HOST_STDERR = 2 } ChHostStream;

typedef enum ChFileKind { CH_FILE_REGULAR, CH_FILE_FOLDER, CH_FILE_LINK, CH_FILE_OTHER } ChFileKind;

typedef struct ChFileInfo {
    ChFileKind kind;
    uint64_t size;        // bytes
    int64_t modified_ms;  // since 1970
    int64_t created_ms;
    uint32_t mode;        // permission bits
} ChFileInfo;

// One name in a folder. `name` is borrowed for the call.
typedef void (*ChHostEntryFn)(void *ud, ChStr name, ChFileKind kind);

typedef struct ChHostRun {
    const char *const *argv; // NULL-terminated; argv[0] is looked for in PATH
    const char *folder;      // NULL: the program's
    const char *const *env;  // NULL-terminated "NAME=value"; NULL: the host's environment
    ChStr input;             // standard input
    int64_t timeout_ms;      // 0: none
} ChHostRun;

typedef struct ChHostRunResult {
    ChBuffer output, errors; // owned by the caller
    int exit_code;           // -1 when it ended by a signal
    int signal;
    int64_t process_id;
    bool timed_out;
} ChHostRunResult;

typedef struct ch_host {
    void *ud;

    // Output. Writes everything, or drops what nobody can take.
    void (*write)(void *ud, ChHostStream stream, const char *data, size_t length);
    // One line of standard input without its end. CH_STATUS_CLOSED: there is none.
    ChStatus (*read_line)(void *ud, ChBuffer *line);
    bool (*is_terminal)(void *ud, int stream); // 0, 1, 2

    // Clocks, in milliseconds and nanoseconds. Monotonic: since some fixed moment.
    int64_t (*now_ms)(void *ud);
    int64_t (*monotonic_ms)(void *ud);
    int64_t (*monotonic_ns)(void *ud);
    // Nothing else to do: waits for something from outside, at most so long (0: only looks; below 0: until something
    // comes), and tells the operations that have ended by their callbacks. May return early. An operation belongs to the
    // entry that begins it: it answers at once or later, from here, on the VM's thread, and never after it was stopped.
    // Tasks wait for operations with runtime/host_wait.h.
    void (*poll)(void *ud, int64_t ms);
    // Any thread: a poll that waits returns, or the next one does at once.
    void (*wake)(void *ud);

    // Bytes nobody can guess.
    void (*random)(void *ud, void *bytes, size_t length);

    // Environment.
    bool (*env_get)(void *ud, const char *name, ChBuffer *value); // false: not set
    bool (*folder)(void *ud, ChBuffer *path);                     // the working directory
    bool (*system_name)(void *ud, const char *what, ChBuffer *out); // "platform" "arch" "hostname" "username" "home"
    int64_t (*process_id)(void *ud);

    // Files.
    ChStatus (*file_read)(void *ud, const char *path, size_t max, ChBuffer *out);
    ChStatus (*file_write)(void *ud, const char *path, const char *data, size_t length, bool append);
    ChStatus (*file_info)(void *ud, const char *path, ChFileInfo *info);
    ChStatus (*real_path)(void *ud, const char *path, ChBuffer *out); // absolute, without links; what is not there has none
    ChStatus (*file_remove)(void *ud, const char *path); // a file, or a folder with all in it
    ChStatus (*file_rename)(void *ud, const char *from, const char *to);
    ChStatus (*file_copy)(void *ud, const char *from, const char *to);
    ChStatus (*folder_make)(void *ud, const char *path); // and those above it
    ChStatus (*folder_list)(void *ud, const char *path, ChHostEntryFn entry, void *entry_ud);

    // The network, see host/net.h. NULL with a text in `why`: the request cannot be made. `http_taken` tells that bytes of
    // the body were taken; `http_end` frees the exchange at any time but from its on_event.
    ChHostExchange *(*http_begin)(void *ud, const ChHostRequest *request, ChBuffer *why);
    void (*http_taken)(void *ud, ChHostExchange *exchange);
    void (*http_end)(void *ud, ChHostExchange *exchange);
    // Raw connections. Sends all of it, by and by; what does not go out at once is counted in `unsent`.
    void (*http_send)(void *ud, ChHostExchange *exchange, const char *data, size_t length);
    // A port (0: any free one) of a numeric address. `listen_take` gives the next connection, as a raw exchange that
    // stands, or NULL; `listen_end` closes the port, the connections taken from it stay.
    ChHostListener *(*listen_begin)(void *ud, const char *address, int port, void (*on_event)(void *ud), void *event_ud, ChBuffer *why);
    ChHostExchange *(*listen_take)(void *ud, ChHostListener *listener, size_t body_max, void (*on_event)(void *ud), void *event_ud);
    void (*listen_end)(void *ud, ChHostListener *listener);

    // Starts a program and gives its standard streams as a raw exchange that stands; http_end closes them, waits a little
    // for its end, then kills it. NULL with a text in `why`: it cannot be started.
    ChHostExchange *(*child_begin)(void *ud, const ChHostRun *run, size_t body_max, void (*on_event)(void *ud), void *event_ud, ChBuffer *why);

    // Runs a program to its end. CH_STATUS_NOT_FOUND and others: it could not be started.
    ChStatus (*run)(void *ud, const ChHostRun *run, ChHostRunResult *result);
} ch_host;

// The operating system's host. Free with ch_host_real_free.
ch_host *ch_host_real(void);
void ch_host_real_free(ch_host *host);

#endif
