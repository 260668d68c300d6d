/* charn-lsp: the Harn language server. It speaks over standard input and output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "server.h"

static const char k_help[] =
    "charn-lsp: the language server for Harn\n"
    "\n"
    "Usage: charn-lsp [--stdio] [--clientProcessId=PID]\n"
    "\n"
    "It speaks the Language Server Protocol over standard input and output; editors start it.\n"
    "\n"
    "  --stdio                 speak over standard input and output (it always does)\n"
    "  --clientProcessId=PID   leave when that process is gone\n"
    "  --version               print the version and leave\n"
    "  --help                  print this text and leave\n"
    "\n"
    "Exit codes: 0 after 'shutdown' and 'exit', or when nothing was ever said; 1 when the client\n"
    "left otherwise; 2 for a wrong command line.\n";

static int usage_error(const char *text, const char *argument)
{
    fprintf(stderr, "charn-lsp: %s '%s'; see charn-lsp --help\n", text, argument);
    return 2;
}

static bool parse_pid(const char *text, int *pid)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number <= 0 || number > 0x7fffffff)
        return false;
    *pid = (int)number;
    return true;
}

int main(int argc, char **argv)
{
    static const char pid_option[] = "--clientProcessId=";
    int parent_pid = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(k_help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("charn-lsp " CHARN_VERSION);
            return 0;
        }
        if (strncmp(argv[i], pid_option, sizeof(pid_option) - 1) == 0) {
            if (!parse_pid(argv[i] + sizeof(pid_option) - 1, &parent_pid))
                return usage_error("not a process id:", argv[i]);
        } else if (strcmp(argv[i], "--stdio") != 0) {
            return usage_error("unknown argument", argv[i]);
        }
    }
    /* One analysis runs at a time, and a standard input that is a file is read beside it: more threads would only keep
     * memory for themselves. */
    setenv("UV_THREADPOOL_SIZE", "2", 0);
    uv_loop_t loop;
    int status = uv_loop_init(&loop);
    if (status != 0) {
        fprintf(stderr, "charn-lsp: no event loop: %s\n", uv_strerror(status));
        return 1;
    }
    int exit_code = ch_server_run(&loop, parent_pid);
    uv_loop_close(&loop);
    return exit_code;
}
