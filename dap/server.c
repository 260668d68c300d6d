/* Dispatch, and the slices in which the program runs.
 *
 * The loop alternates between the client's messages and slices of the program (an idle handle), so nothing waits for
 * the program: a pause takes effect at the next safepoint. While every task waits for a timer, a timer of ours wakes
 * the program and the process sleeps; likewise while the client is behind with reading. What the program prints is
 * gathered per slice and sent before any event about its state, so the order that the client sees is the order in which
 * things happened. */
#include <string.h>

#include "dap.h"
#include "protocol/protocol.h"

typedef struct Row {
    const char *command;
    unsigned states;
    ChDapHandler handler;
} Row;

#define FRESH CH_DAP_FRESH
#define CONFIGURING CH_DAP_CONFIGURING
#define LAUNCHED CH_DAP_LAUNCHED
#define RUNNING CH_DAP_RUNNING
#define STOPPED CH_DAP_STOPPED
#define ENDED CH_DAP_ENDED
#define ANY CH_DAP_ANY
static const Row rows[] = {
#define CH_DAP(command, states, handler, capability) {command, states, handler},
#include "requests.def"
#undef CH_DAP
};

static const char *state_text(ChDapState state) {
    switch (state) {
    case CH_DAP_FRESH: return "before `initialize`";
    case CH_DAP_CONFIGURING: return "before a program was launched";
    case CH_DAP_LAUNCHED: return "before `configurationDone`";
    case CH_DAP_RUNNING: return "while the program runs";
    case CH_DAP_STOPPED: return "while the program is stopped";
    default: return "after the program has ended";
    }
}

void ch_dap_dispatch(ChDap *dap, ChMessage *take_message) {
    const char *type = ch_json_get_string(take_message->root, "type");
    const char *command = ch_json_get_string(take_message->root, "command");
    /* Responses to requests of ours: we send none that need an answer. */
    if (!type || strcmp(type, "request") != 0 || !command) {
        ch_message_free(take_message);
        return;
    }
    ChDapRequest request = {take_message, ch_json_get(take_message->root, "arguments"), command};
    const Row *row = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].command, command) == 0) row = &rows[i];
    }
    if (!row) {
        ch_dap_fail(dap, &request, CH_DAP_ERROR_UNKNOWN_COMMAND, "unknown request `%.200s`", command);
    } else if (!(row->states & dap->state)) {
        ch_dap_fail(dap, &request, CH_DAP_ERROR_WRONG_STATE, "`%s` is not possible %s", command,
                    state_text(dap->state));
    } else {
        row->handler(dap, &request);
    }
    ch_message_free(take_message);
}

/* ---- what the debugger tells ---- */

static int64_t now_ms(const ChDap *dap) {
    return (int64_t)uv_now(dap->loop);
}

static void send_output(ChDap *dap, const char *category, ChStr text) {
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "category", category);
    ch_dap_add_text(body, "output", text);
    ch_dap_event(dap, "output", body);
}

static void send_dropped(ChDap *dap) {
    if (dap->output_dropped_bytes == 0) return;
    ChBuffer text = {0};
    ch_buffer_printf(&text, "[output dropped: %llu bytes]\n", (unsigned long long)dap->output_dropped_bytes);
    dap->output_dropped_bytes = 0;
    send_output(dap, "important", ch_buffer_view(&text));
    ch_buffer_release(&text);
}

void ch_dap_flush_output(ChDap *dap) {
    if (dap->output.length == 0) return;
    if (now_ms(dap) - dap->output_window_start_ms >= 1000) {
        dap->output_window_start_ms = now_ms(dap);
        dap->output_window_bytes = 0;
        send_dropped(dap);
    }
    if (dap->output_window_bytes + dap->output.length > CH_DAP_OUTPUT_BYTES_PER_SECOND_MAX) {
        dap->output_dropped_bytes += dap->output.length;
    } else {
        dap->output_window_bytes += dap->output.length;
        send_output(dap, dap->output_is_error ? "stderr" : "stdout", ch_buffer_view(&dap->output));
    }
    ch_buffer_clear(&dap->output);
}

static void on_output(void *ud, bool is_error, ChStr text) {
    ChDap *dap = ud;
    if (dap->output.length > 0 && dap->output_is_error != is_error) ch_dap_flush_output(dap);
    dap->output_is_error = is_error;
    ch_buffer_add_str(&dap->output, text);
    if (dap->output.length >= 64 * 1024) ch_dap_flush_output(dap);
}

static void on_log(void *ud, ChStr text, ChStr path, uint32_t line) {
    ChDap *dap = ud;
    ch_dap_flush_output(dap);
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "category", "console");
    ChBuffer with_newline = {0};
    ch_buffer_add_str(&with_newline, text);
    ch_buffer_add_byte(&with_newline, '\n');
    ch_dap_add_text(body, "output", ch_buffer_view(&with_newline));
    ch_buffer_release(&with_newline);
    cJSON *source = ch_dap_source(dap, path);
    if (source) {
        ch_json_add(body, "source", source);
        ch_json_add_integer(body, "line", ch_dap_line_out(dap, line));
    }
    ch_dap_event(dap, "output", body);
}

static void on_task(void *ud, uint32_t task, bool started) {
    ChDap *dap = ud;
    /* A client asks for the list after each event: tasks beyond those that it is shown come and go unheard. */
    uint32_t count = started ? ++dap->task_count : dap->task_count--;
    if (count > CH_DAP_THREADS_MAX) return;
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "reason", started ? "started" : "exited");
    ch_json_add_integer(body, "threadId", task);
    ch_dap_event(dap, "thread", body);
}

static void on_breakpoint(void *ud, uint32_t id) {
    ChDap *dap = ud;
    ChBreakpointInfo info;
    if (!ch_debugger_breakpoint(dap->debugger, id, &info)) return;
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "reason", "changed");
    ch_json_add(body, "breakpoint", ch_dap_breakpoint(dap, &info));
    ch_dap_event(dap, "breakpoint", body);
}

void ch_dap_open_debugger(ChDap *dap) {
    ChDebuggerEvents events = {
        .on_task = on_task, .on_breakpoint = on_breakpoint, .on_log = on_log, .on_output = on_output, .ud = dap};
    dap->debugger = ch_debugger_new(&events);
}

/* ---- slices ---- */

static void report_stop(ChDap *dap) {
    static const char *const reasons[] = {
        [CH_STOP_ENTRY] = "entry", [CH_STOP_BREAKPOINT] = "breakpoint", [CH_STOP_FUNCTION] = "function breakpoint",
        [CH_STOP_STEP] = "step",   [CH_STOP_PAUSE] = "pause",           [CH_STOP_EXCEPTION] = "exception",
        [CH_STOP_DATA] = "data breakpoint", [CH_STOP_INSTRUCTION] = "instruction breakpoint",
    };
    const ChStop *stop = ch_debugger_stop(dap->debugger);
    dap->state = CH_DAP_STOPPED;
    cJSON *body = ch_json_new_object();
    ch_json_add_string(body, "reason", reasons[stop->reason]);
    ch_json_add_integer(body, "threadId", stop->task);
    ch_json_add_bool(body, "allThreadsStopped", true);
    if (stop->text.length > 0) {
        ch_json_add_string(body, "description", stop->reason == CH_STOP_DATA ? "Paused on a change" : "Paused on an error");
        ch_dap_add_text(body, "text", stop->text);
    }
    if (stop->breakpoint_count > 0) {
        cJSON *ids = ch_json_add_array(body, "hitBreakpointIds");
        for (uint32_t i = 0; i < stop->breakpoint_count; i++) {
            ch_json_append(ids, cJSON_CreateNumber(stop->breakpoints[i]));
        }
    }
    ch_dap_event(dap, "stopped", body);
}

void ch_dap_report_end(ChDap *dap) {
    if (dap->state == CH_DAP_ENDED) return;
    ch_dap_flush_output(dap);
    send_dropped(dap);
    dap->state = CH_DAP_ENDED;
    cJSON *body = ch_json_new_object();
    ch_json_add_integer(body, "exitCode", ch_debugger_exit_code(dap->debugger));
    ch_dap_event(dap, "exited", body);
    ch_dap_event(dap, "terminated", NULL);
}

static void on_slice(uv_idle_t *idle);

static void on_wake(uv_timer_t *timer) {
    ChDap *dap = timer->data;
    uv_idle_start(&dap->runner, on_slice);
}

static void on_slice(uv_idle_t *idle) {
    ChDap *dap = idle->data;
    int64_t wait_ms = -1;
    if (ch_channel_queued_bytes(dap->channel) > CH_DAP_QUEUED_BYTES_MAX) {
        uv_idle_stop(idle);
        uv_timer_start(&dap->waker, on_wake, CH_DAP_QUEUE_LOOK_MS, 0);
        return;
    }
    ChRunState state = ch_debugger_run(dap->debugger, CH_DAP_SLICE_LOOKS, &wait_ms);
    ch_dap_flush_output(dap);
    if (state == CH_RUN_READY) return;
    uv_idle_stop(idle);
    if (state == CH_RUN_STOPPED) report_stop(dap);
    else if (state == CH_RUN_ENDED) ch_dap_report_end(dap);
    else if (wait_ms >= 0) uv_timer_start(&dap->waker, on_wake, (uint64_t)wait_ms, 0);
}

void ch_dap_run(ChDap *dap) {
    ch_dap_handles_clear(&dap->handles);
    dap->state = CH_DAP_RUNNING;
    uv_timer_stop(&dap->waker);
    uv_idle_start(&dap->runner, on_slice);
}

void ch_dap_close(ChDap *dap) {
    if (dap->is_closing) return;
    dap->is_closing = true;
    uv_idle_stop(&dap->runner);
    uv_timer_stop(&dap->waker);
    ch_dap_flush_output(dap);
    ch_channel_close(dap->channel);
}
