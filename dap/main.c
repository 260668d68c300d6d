/* charn-dap: starts the adapter on standard input and output, or on a loopback port with --port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dap.h"
#include "protocol/protocol.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
    "charn-dap: the Harn debug adapter (Debug Adapter Protocol)\n"
    "\n"
    "usage: charn-dap [--port N [--host ADDRESS] [--token TOKEN]]\n"
    "\n"
    "Without options it speaks over standard input and output and serves one session.\n"
    "\n"
    "  --port N         listen for one client on a loopback port instead (0: any; the port is printed on stderr)\n"
    "  --host ADDRESS   a numeric loopback address (127.0.0.1 unless given)\n"
    "  --token TOKEN    the client's first message must carry the header `Charn-Token: TOKEN`\n"
    "  --unsafe-remote  permit an address that is not loopback; needs --token\n"
    "  --version        print the version\n"
    "  --help           print this text\n"
    "\n"
    "Exit status: 0 the session ended, 1 the connection broke, 2 wrong usage.\n";

static void on_message(void *user, ChChannel *channel, ChMessage *take_message) {
    (void)channel;
    ch_dap_dispatch(user, take_message);
}

static void on_fault(void *user, ChChannel *channel, const ChChannelFault *fault) {
    (void)channel;
    ChDap *dap = user;
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "category", "important");
    ChBuffer text = {0};
    ch_buffer_printf(&text, "charn-dap: a message was not understood: %s\n", fault->text);
    ch_dap_add_text(body, "output", ch_buffer_view(&text));
    ch_buffer_release(&text);
    ch_dap_event(dap, "output", body);
}

static void on_end(void *user, ChChannel *channel, ChChannelEnd end, const char *text) {
    (void)channel;
    ChDap *dap = user;
    if (end != CH_CHANNEL_END_EOF) {
        fprintf(stderr, "charn-dap: %s\n", text);
        dap->exit_code = 1;
    }
    /* The client is gone: the program must not outlive it. */
    ch_dap_close(dap);
}

static void on_closed(void *user) {
    ChDap *dap = user;
    uv_close((uv_handle_t *)&dap->runner, NULL);
    uv_close((uv_handle_t *)&dap->waker, NULL);
}

static int usage(const char *text, const char *what) {
    fprintf(stderr, "charn-dap: %s%s\ntry `charn-dap --help`\n", text, what);
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    bool listens = false;
    ChListenOptions options = {0};
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        bool has_value = i + 1 < argc;
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) return fputs(help, stdout), 0;
        if (strcmp(argument, "--version") == 0) return puts("charn-dap " CHARN_VERSION), 0;
        /* Some clients pass one empty argument when they start an adapter on stdio. */
        if (argument[0] == '\0' || strcmp(argument, "--stdio") == 0) continue;
        if (strcmp(argument, "--unsafe-remote") == 0) {
            options.is_remote_allowed = true;
        } else if (strcmp(argument, "--port") == 0 && has_value) {
            char *end;
            long port = strtol(argv[++i], &end, 10);
            if (*end != '\0' || port < 0 || port > 65535) return usage("not a port: ", argv[i]);
            options.port = (int)port;
            listens = true;
        } else if (strcmp(argument, "--host") == 0 && has_value) {
            options.host = argv[++i];
            listens = true;
        } else if (strcmp(argument, "--token") == 0 && has_value) {
            options.token = argv[++i];
        } else {
            return usage("unknown or incomplete option: ", argument);
        }
    }

    uv_loop_t loop;
    uv_loop_init(&loop);
    ChDap dap = {.loop = &loop, .state = CH_DAP_FRESH, .seq = 1, .lines_start_at_1 = true, .columns_start_at_1 = true};
    ch_dap_handles_init(&dap.handles);
    uv_idle_init(&loop, &dap.runner);
    uv_timer_init(&loop, &dap.waker);
    dap.runner.data = dap.waker.data = &dap;

    ChChannelHandlers handlers = {
        .on_message = on_message, .on_fault = on_fault, .on_end = on_end, .on_closed = on_closed};
    int error = listens ? ch_channel_listen(&loop, &options, &handlers, &dap, 0, &dap.channel)
                        : ch_channel_open_stdio(&loop, &handlers, &dap, 0, &dap.channel);
    if (error != 0) {
        fprintf(stderr, "charn-dap: cannot %s: %s\n", listens ? "listen" : "use standard input and output",
                uv_strerror(error));
        return 1;
    }
    if (listens) {
        fprintf(stderr, "charn-dap: listening on %s:%d\n", options.host ? options.host : "127.0.0.1",
                ch_channel_port(dap.channel));
    }
    uv_run(&loop, UV_RUN_DEFAULT);

    ch_dap_handles_release(&dap.handles);
    if (dap.debugger) ch_debugger_free(dap.debugger);
    ch_buffer_release(&dap.output);
    uv_loop_close(&loop);
    return dap.exit_code;
}
