/* The life of a channel: opening, reading, writing, closing.
 *
 * Every libuv handle is a field of the channel, and the channel's memory is freed when the last of them has closed.
 * Received bytes stay in one fixed buffer until they are used up, so holding messages back costs no memory: the client
 * is held back by its own full pipe. */
#include "transport/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "transport/channel_int.h"
#include "transport/frame.h"

enum { READ_BYTES = 64 * 1024, LISTEN_BACKLOG = 8 };

typedef enum { KIND_STDIO, KIND_TCP } Kind;
typedef enum { STATE_LISTENING, STATE_ADMITTING, STATE_OPEN, STATE_ENDED, STATE_CLOSING } State;

struct ChChannel {
    uv_loop_t *loop;
    ChChannelHandlers handlers;
    void *user;
    Kind kind;
    State state;
    ChFrameReader reader;

    union {
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    } in;                 /* the client; over TCP also where writing goes */
    uv_pipe_t out;        /* stdio only */
    uv_tcp_t listener;    /* TCP only */
    uv_timer_t timer;     /* admission, then flushing */
    uv_idle_t resumer;    /* continues with held messages from the loop */
    int handles_open;
    bool is_in_open;      /* `in` is an initialised handle */
    uv_fs_t file_read;    /* when standard input is a file: no poller can watch one */
    uv_file file;
    int64_t file_offset;
    bool is_file;
    bool is_file_reading;

    char *token;          /* owned; NULL when the same user suffices */
    int port;
    int holds;            /* reasons to hold messages back: `ch_channel_pause`, a full queue */
    bool is_queue_full;
    bool is_reading;
    bool is_processing;
    size_t queued_writes;
    char bytes[READ_BYTES];
    size_t bytes_at;
    size_t bytes_size;
};

typedef struct Write {
    uv_write_t request;
    ChChannel *channel;
    char header[48];
    char *text; /* owned */
} Write;

static void process(ChChannel *channel);
static void start_reading(ChChannel *channel);
static void close_handles(ChChannel *channel);

static uv_stream_t *out_stream(ChChannel *channel)
{
    return channel->kind == KIND_STDIO ? (uv_stream_t *)&channel->out : &channel->in.stream;
}

/* ---- closing ---- */

static void free_when_all_closed(ChChannel *channel)
{
    if (channel->handles_open > 0 || channel->is_file_reading || channel->state != STATE_CLOSING)
        return;
    void (*on_closed)(void *) = channel->handlers.on_closed;
    void *user = channel->user;
    ch_frame_reader_release(&channel->reader);
    ch_free(channel->token);
    ch_free(channel);
    if (on_closed)
        on_closed(user);
}

static void on_handle_closed(uv_handle_t *handle)
{
    ChChannel *channel = handle->data;
    channel->handles_open--;
    free_when_all_closed(channel);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

static void close_handles(ChChannel *channel)
{
    channel->state = STATE_CLOSING;
    if (channel->is_file_reading)
        uv_cancel((uv_req_t *)&channel->file_read);
    if (channel->is_in_open)
        close_handle((uv_handle_t *)&channel->in);
    if (channel->kind == KIND_STDIO)
        close_handle((uv_handle_t *)&channel->out);
    else
        close_handle((uv_handle_t *)&channel->listener);
    close_handle((uv_handle_t *)&channel->timer);
    close_handle((uv_handle_t *)&channel->resumer);
}

static void on_flush_timeout(uv_timer_t *timer)
{
    close_handles(timer->data);
}

static void stop_reading(ChChannel *channel)
{
    if (channel->is_reading && !channel->is_file)
        uv_read_stop(&channel->in.stream);
    channel->is_reading = false;
}

void ch_channel_close(ChChannel *channel)
{
    if (channel->state == STATE_CLOSING)
        return;
    stop_reading(channel);
    channel->state = STATE_CLOSING;
    if (channel->queued_writes > 0)
        uv_timer_start(&channel->timer, on_flush_timeout, CH_CHANNEL_FLUSH_MS_MAX, 0);
    else
        close_handles(channel);
}

static void end(ChChannel *channel, ChChannelEnd end, const char *text)
{
    if (channel->state >= STATE_ENDED)
        return;
    stop_reading(channel);
    channel->state = STATE_ENDED;
    if (channel->handlers.on_end)
        channel->handlers.on_end(channel->user, channel, end, text);
    else
        ch_channel_close(channel);
}

/* ---- writing ---- */

static void update_back_pressure(ChChannel *channel)
{
    size_t queued = ch_channel_queued_bytes(channel);
    if (!channel->is_queue_full && queued > CH_CHANNEL_QUEUE_PAUSE_BYTES) {
        channel->is_queue_full = true;
        ch_channel_pause(channel);
    } else if (channel->is_queue_full && queued < CH_CHANNEL_QUEUE_RESUME_BYTES) {
        channel->is_queue_full = false;
        ch_channel_resume(channel);
    }
}

static void on_written(uv_write_t *request, int status)
{
    Write *write = (Write *)request;
    ChChannel *channel = write->channel;
    ch_free(write->text);
    ch_free(write);
    channel->queued_writes--;
    if (status != 0 && status != UV_ECANCELED)
        end(channel, CH_CHANNEL_END_WRITE, uv_strerror(status));
    if (channel->state == STATE_CLOSING) {
        if (channel->queued_writes == 0)
            close_handles(channel);
    } else {
        update_back_pressure(channel);
    }
}

void ch_channel_send_text(ChChannel *channel, char *take_text, size_t size)
{
    if (channel->state != STATE_OPEN) {
        ch_free(take_text);
        return;
    }
    Write *write = ch_alloc_zero(1, sizeof(*write));
    write->channel = channel;
    write->text = take_text;
    int header_size = snprintf(write->header, sizeof(write->header), "Content-Length: %zu\r\n\r\n", size);
    uv_buf_t buffers[2] = {uv_buf_init(write->header, (unsigned)header_size), uv_buf_init(take_text, (unsigned)size)};
    int status = uv_write(&write->request, out_stream(channel), buffers, 2, on_written);
    if (status != 0) {
        ch_free(write->text);
        ch_free(write);
        end(channel, CH_CHANNEL_END_WRITE, uv_strerror(status));
        return;
    }
    channel->queued_writes++;
    if (ch_channel_queued_bytes(channel) > CH_CHANNEL_QUEUE_BYTES_MAX)
        end(channel, CH_CHANNEL_END_SLOW, "the client has not read more than 64 MiB of answers");
    else
        update_back_pressure(channel);
}

void ch_channel_send(ChChannel *channel, cJSON *take_message)
{
    char *text = channel->state == STATE_OPEN ? ch_json_print(take_message) : NULL;
    cJSON_Delete(take_message);
    if (text)
        ch_channel_send_text(channel, text, strlen(text));
}

size_t ch_channel_queued_bytes(const ChChannel *channel)
{
    if (channel->state == STATE_LISTENING || channel->state == STATE_CLOSING)
        return 0;
    const uv_stream_t *stream = channel->kind == KIND_STDIO ? (const uv_stream_t *)&channel->out : &channel->in.stream;
    return uv_stream_get_write_queue_size(stream);
}

/* ---- reading ---- */

static void refuse_client(ChChannel *channel);

static void deliver_body(ChChannel *channel)
{
    size_t size = 0;
    char *body = ch_frame_reader_body(&channel->reader, &size);
    ChMessageError error;
    ChMessage *message = ch_message_parse(body, size, &error);
    if (message) {
        channel->handlers.on_message(channel->user, channel, message);
        return;
    }
    if (!error.is_json)
        ch_frame_reader_refuse_body(&channel->reader);
    ChChannelFault fault = {.text = error.text, .id_text = error.id_text, .is_json = error.is_json};
    if (channel->handlers.on_fault)
        channel->handlers.on_fault(channel->user, channel, &fault);
    ch_message_error_release(&error);
}

/* The first event of a TCP client decides whether it may stay. */
static bool admit(ChChannel *channel, ChFrameEvent event)
{
    bool is_known = event == CH_FRAME_BODY &&
                    (!channel->token || ch__tcp_token_equals(channel->token, ch_frame_reader_token(&channel->reader)));
    if (!is_known) {
        refuse_client(channel);
        return false;
    }
    channel->state = STATE_OPEN;
    uv_timer_stop(&channel->timer);
    close_handle((uv_handle_t *)&channel->listener);
    if (channel->handlers.on_open)
        channel->handlers.on_open(channel->user, channel);
    return channel->state == STATE_OPEN;
}

static void deliver_framing_fault(ChChannel *channel)
{
    ChFrameFault kind = ch_frame_reader_fault(&channel->reader);
    if (channel->kind == KIND_TCP && kind == CH_FRAME_FAULT_HTTP) {
        end(channel, CH_CHANNEL_END_BROKEN, ch_frame_fault_text(kind));
        return;
    }
    ChChannelFault fault = {.text = ch_frame_fault_text(kind), .is_framing = true};
    if (channel->handlers.on_fault)
        channel->handlers.on_fault(channel->user, channel, &fault);
}

/* Hands out the messages in the buffer until it is used up or they are to be held back. */
static void process(ChChannel *channel)
{
    if (channel->is_processing)
        return;
    channel->is_processing = true;
    while (channel->holds == 0 && (channel->state == STATE_OPEN || channel->state == STATE_ADMITTING)) {
        const char *bytes = channel->bytes + channel->bytes_at;
        size_t size = channel->bytes_size - channel->bytes_at;
        ChFrameEvent event = ch_frame_reader_read(&channel->reader, &bytes, &size);
        channel->bytes_at = channel->bytes_size - size;
        if (event == CH_FRAME_MORE) {
            channel->bytes_at = channel->bytes_size = 0;
            break;
        }
        if (channel->state == STATE_ADMITTING && !admit(channel, event))
            break;
        if (event == CH_FRAME_BODY)
            deliver_body(channel);
        else
            deliver_framing_fault(channel);
    }
    channel->is_processing = false;
    if (channel->holds > 0)
        stop_reading(channel);
}

static void on_read_end(ChChannel *channel, int status)
{
    if (channel->state == STATE_ADMITTING) {
        refuse_client(channel);
        return;
    }
    bool is_inside = ch_frame_reader_is_inside(&channel->reader);
    if (status == UV_EOF || status == UV_ECONNRESET || status == UV_EIO)
        end(channel, is_inside ? CH_CHANNEL_END_BROKEN : CH_CHANNEL_END_EOF,
            is_inside ? "the client closed its end in the middle of a message" : "the client closed its end");
    else
        end(channel, CH_CHANNEL_END_BROKEN, uv_strerror(status));
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    ChChannel *channel = handle->data;
    *buffer = uv_buf_init(channel->bytes, sizeof(channel->bytes));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    ChChannel *channel = stream->data;
    if (count < 0) {
        on_read_end(channel, (int)count);
        return;
    }
    if (count == 0)
        return;
    channel->bytes_at = 0;
    channel->bytes_size = (size_t)count;
    process(channel);
}

static void on_file_read(uv_fs_t *request)
{
    ChChannel *channel = request->data;
    ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    channel->is_file_reading = false;
    if (channel->state == STATE_CLOSING) {
        free_when_all_closed(channel);
        return;
    }
    if (count <= 0) {
        on_read_end(channel, count == 0 ? UV_EOF : (int)count);
        return;
    }
    channel->file_offset += count;
    channel->bytes_at = 0;
    channel->bytes_size = (size_t)count;
    process(channel);
    if (channel->state == STATE_OPEN && channel->holds == 0) {
        channel->is_reading = false;
        start_reading(channel);
    }
}

static void start_reading(ChChannel *channel)
{
    if (channel->is_reading || channel->bytes_size > 0 || channel->holds > 0)
        return;
    channel->is_reading = true;
    if (!channel->is_file) {
        uv_read_start(&channel->in.stream, on_alloc, on_read);
        return;
    }
    if (channel->is_file_reading)
        return;
    channel->is_file_reading = true;
    channel->file_read.data = channel;
    uv_buf_t buffer = uv_buf_init(channel->bytes, sizeof(channel->bytes));
    uv_fs_read(channel->loop, &channel->file_read, channel->file, &buffer, 1, channel->file_offset, on_file_read);
}

void ch_channel_pause(ChChannel *channel)
{
    channel->holds++;
    if (!channel->is_processing)
        stop_reading(channel);
}

static void on_resume(uv_idle_t *idle)
{
    ChChannel *channel = idle->data;
    uv_idle_stop(idle);
    if (channel->holds > 0 || (channel->state != STATE_OPEN && channel->state != STATE_ADMITTING))
        return;
    process(channel);
    if (channel->state == STATE_OPEN || channel->state == STATE_ADMITTING)
        start_reading(channel);
}

void ch_channel_resume(ChChannel *channel)
{
    if (channel->holds > 0 && --channel->holds == 0 && channel->state < STATE_ENDED)
        uv_idle_start(&channel->resumer, on_resume);
}

/* ---- opening ---- */

static void init_handle(ChChannel *channel, uv_handle_t *handle)
{
    handle->data = channel;
    channel->handles_open++;
}

static ChChannel *new_channel(uv_loop_t *loop, Kind kind, const ChChannelHandlers *handlers, void *user,
                              size_t body_bytes_max)
{
    /* A client that goes away must be an error to handle, not a signal that kills. */
    signal(SIGPIPE, SIG_IGN);
    ChChannel *channel = ch_alloc_zero(1, sizeof(*channel));
    channel->loop = loop;
    channel->kind = kind;
    channel->handlers = *handlers;
    channel->user = user;
    ch_frame_reader_init(&channel->reader, body_bytes_max);
    uv_timer_init(loop, &channel->timer);
    init_handle(channel, (uv_handle_t *)&channel->timer);
    uv_idle_init(loop, &channel->resumer);
    init_handle(channel, (uv_handle_t *)&channel->resumer);
    return channel;
}

/* Gives up a channel whose opening failed; `on_closed` is not called. */
static int abandon(ChChannel *channel, int status)
{
    channel->handlers.on_closed = NULL;
    close_handles(channel);
    return status;
}

/* Moves a standard descriptor out of the way of stray prints. Returns the new one or a libuv error code. */
static int take_descriptor(int fd)
{
    int mine = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (mine < 0)
        return uv_translate_sys_error(errno);
    int replacement = fd == STDIN_FILENO ? -1 : dup(STDERR_FILENO);
    if (replacement < 0)
        replacement = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (replacement >= 0) {
        dup2(replacement, fd);
        close(replacement);
    }
    return mine;
}

static int open_input(ChChannel *channel, int fd)
{
    if (uv_guess_handle(fd) == UV_FILE) {
        channel->is_file = true;
        channel->file = fd;
        return 0;
    }
    uv_pipe_init(channel->loop, &channel->in.pipe, 0);
    init_handle(channel, (uv_handle_t *)&channel->in);
    channel->is_in_open = true;
    return uv_pipe_open(&channel->in.pipe, fd);
}

int ch_channel_open_stdio(uv_loop_t *loop, const ChChannelHandlers *handlers, void *user, size_t body_bytes_max,
                          ChChannel **channel_out)
{
    ChChannel *channel = new_channel(loop, KIND_STDIO, handlers, user, body_bytes_max);
    uv_pipe_init(loop, &channel->out, 0);
    init_handle(channel, (uv_handle_t *)&channel->out);
    int in = take_descriptor(STDIN_FILENO);
    int out = take_descriptor(STDOUT_FILENO);
    if (in < 0 || out < 0)
        return abandon(channel, in < 0 ? in : out);
    int status = open_input(channel, in);
    if (status == 0)
        status = uv_pipe_open(&channel->out, out);
    if (status != 0)
        return abandon(channel, status);
    channel->state = STATE_OPEN;
    start_reading(channel);
    *channel_out = channel;
    return 0;
}

static void on_client_gone(uv_handle_t *handle)
{
    ChChannel *channel = handle->data;
    channel->is_in_open = false;
    if (channel->state == STATE_ADMITTING)
        channel->state = STATE_LISTENING;
    on_handle_closed(handle);
}

/* Hangs up on a client that may not stay; the channel listens on. */
static void refuse_client(ChChannel *channel)
{
    uv_timer_stop(&channel->timer);
    channel->is_reading = false;
    channel->bytes_at = channel->bytes_size = 0;
    size_t body_bytes_max = channel->reader.body_bytes_max;
    ch_frame_reader_release(&channel->reader);
    ch_frame_reader_init(&channel->reader, body_bytes_max);
    if (!uv_is_closing((uv_handle_t *)&channel->in))
        uv_close((uv_handle_t *)&channel->in, on_client_gone);
}

static void on_admission_timeout(uv_timer_t *timer)
{
    refuse_client(timer->data);
}

static void on_stranger_closed(uv_handle_t *handle)
{
    ch_free(handle);
}

/* A second client while one is there: taken off the backlog and hung up on. */
static void turn_away(ChChannel *channel)
{
    uv_tcp_t *stranger = ch_alloc_zero(1, sizeof(*stranger));
    uv_tcp_init(channel->loop, stranger);
    uv_accept((uv_stream_t *)&channel->listener, (uv_stream_t *)stranger);
    uv_close((uv_handle_t *)stranger, on_stranger_closed);
}

static void on_connection(uv_stream_t *listener, int status)
{
    ChChannel *channel = listener->data;
    if (status != 0)
        return;
    if (channel->state != STATE_LISTENING || channel->is_in_open) {
        turn_away(channel);
        return;
    }
    uv_tcp_init(channel->loop, &channel->in.tcp);
    init_handle(channel, (uv_handle_t *)&channel->in);
    channel->is_in_open = true;
    channel->state = STATE_ADMITTING;
    if (uv_accept(listener, &channel->in.stream) != 0 ||
        (!channel->token && !ch__tcp_is_same_user(&channel->in.tcp))) {
        refuse_client(channel);
        return;
    }
    uv_tcp_nodelay(&channel->in.tcp, 1);
    uv_timer_start(&channel->timer, on_admission_timeout, CH_CHANNEL_ADMISSION_MS_MAX, 0);
    start_reading(channel);
}

int ch_channel_listen(uv_loop_t *loop, const ChListenOptions *options, const ChChannelHandlers *handlers, void *user,
                      size_t body_bytes_max, ChChannel **channel_out)
{
    struct sockaddr_storage address;
    if (!ch__tcp_parse_address(options->host ? options->host : "127.0.0.1", options->port, &address))
        return UV_EINVAL;
    if (!ch__tcp_is_loopback(&address)) {
        if (!options->is_remote_allowed)
            return UV_EACCES;
        if (!options->token || !options->token[0])
            return UV_EINVAL;
    }
    ChChannel *channel = new_channel(loop, KIND_TCP, handlers, user, body_bytes_max);
    uv_tcp_init(loop, &channel->listener);
    init_handle(channel, (uv_handle_t *)&channel->listener);
    if (options->token)
        channel->token = ch_alloc_copy(options->token, strlen(options->token) + 1);
    int status = uv_tcp_bind(&channel->listener, (const struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&channel->listener, LISTEN_BACKLOG, on_connection);
    int address_size = sizeof(address);
    if (status == 0)
        status = uv_tcp_getsockname(&channel->listener, (struct sockaddr *)&address, &address_size);
    if (status != 0)
        return abandon(channel, status);
    /* The port lies at the same place for both families. */
    const unsigned char *port = (const unsigned char *)&((const struct sockaddr_in *)&address)->sin_port;
    channel->port = port[0] << 8 | port[1];
    *channel_out = channel;
    return 0;
}

int ch_channel_port(const ChChannel *channel)
{
    return channel->port;
}
