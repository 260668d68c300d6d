/* The framing state machine. Each byte either extends the current header line, is matched against `content-length:`
 * while looking for the next message, or belongs to a body. Bodies are copied in blocks, so the price per byte is small
 * where the bytes are. The body buffer doubles as bytes arrive and shrinks back after a large message. */
#include "transport/frame.h"

#include <string.h>

#include "base/alloc.h"

enum { STATE_LINE, STATE_SEEK, STATE_BODY };

enum {
    BODY_FIRST_BYTES = 16 * 1024,
    BODY_KEEP_BYTES = 1024 * 1024, /* a larger buffer is given back after its message */
    SEEK_LINE_BYTES_MAX = 64,      /* a header line found while looking: the name and a plain number fit */
    LENGTH_DIGITS_MAX = 19,        /* every such number fits 64 bits once leading zeros are gone */
};

static const char k_length_name[] = "content-length:";
enum { LENGTH_NAME_SIZE = sizeof(k_length_name) - 1 };

void ch_frame_reader_init(ChFrameReader *reader, size_t body_bytes_max)
{
    memset(reader, 0, sizeof(*reader));
    reader->body_bytes_max = body_bytes_max ? body_bytes_max : CH_FRAME_BODY_BYTES_MAX;
    reader->state = STATE_LINE;
}

void ch_frame_reader_release(ChFrameReader *reader)
{
    ch_free(reader->body);
    ch_free(reader->again);
    memset(reader, 0, sizeof(*reader));
}

static char lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c + ('a' - 'A')) : c;
}

static bool equals_ignoring_case(const char *text, size_t size, const char *lower_word)
{
    size_t i = 0;
    for (; i < size && lower_word[i]; i++) {
        if (lower(text[i]) != lower_word[i])
            return false;
    }
    return i == size && !lower_word[i];
}

static void begin_block(ChFrameReader *reader)
{
    reader->state = STATE_LINE;
    reader->line_size = 0;
    reader->block_size = 0;
    reader->header_count = 0;
    reader->has_length = false;
    reader->length = 0;
}

static void begin_seek(ChFrameReader *reader)
{
    begin_block(reader);
    reader->state = STATE_SEEK;
    reader->match = 0;
}

/* Reports a fault unless the reader is still lost from an earlier one: one fault per wrong place, not per wrong byte. */
static ChFrameEvent fail(ChFrameReader *reader, ChFrameFault fault)
{
    bool already = reader->resyncing;
    reader->resyncing = true;
    reader->fault = fault;
    return already ? CH_FRAME_MORE : CH_FRAME_FAULT;
}

/* One byte while looking for the next message: either still between words, or in a line that may be its header. The word
 * is looked for in such a line too, because the last one in a line is the one that counts. The only letter that begins
 * the word again is its first, so a failed match never has to go back further. */
static void seek_byte(ChFrameReader *reader, char c)
{
    char low = lower(c);
    reader->match = low == k_length_name[reader->match] ? reader->match + 1 : low == k_length_name[0];
    if (reader->match == LENGTH_NAME_SIZE) {
        begin_block(reader);
        memcpy(reader->line, k_length_name, LENGTH_NAME_SIZE);
        reader->line_size = LENGTH_NAME_SIZE;
        reader->match = 0;
    } else if (reader->state == STATE_LINE && reader->line_size < SEEK_LINE_BYTES_MAX) {
        reader->line[reader->line_size++] = c;
    } else {
        begin_block(reader);
        reader->state = STATE_SEEK;
    }
}

/* Reads the bytes of a refused line again, now looking for the word inside them, behind its first letter. */
static void seek_in_line(ChFrameReader *reader)
{
    char line[CH_FRAME_LINE_BYTES_MAX];
    size_t size = reader->line_size;
    memcpy(line, reader->line, size);
    begin_seek(reader);
    for (size_t i = 1; i < size; i++)
        seek_byte(reader, line[i]);
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_http_request(const char *line, size_t size)
{
    static const char *const verbs[] = {"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT ",
                                        "TRACE ", "PRI "};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        size_t verb_size = strlen(verbs[i]);
        if (size >= verb_size && memcmp(line, verbs[i], verb_size) == 0)
            return true;
    }
    return false;
}

static bool parse_length(const char *value, size_t size, size_t *length)
{
    while (size > 1 && value[0] == '0') {
        value++;
        size--;
    }
    if (size == 0 || size > LENGTH_DIGITS_MAX)
        return false;
    unsigned long long number = 0;
    for (size_t i = 0; i < size; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        number = number * 10 + (unsigned)(value[i] - '0');
    }
    *length = (size_t)number;
    return true;
}

/* Accepts a Content-Type without charset, or with utf-8 in the spellings that clients use. */
static bool is_charset_known(const char *value, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i++) {
        if (!equals_ignoring_case(value + i, 8, "charset="))
            continue;
        const char *name = value + i + 8;
        size_t rest = size - i - 8;
        size_t end = 0;
        while (end < rest && name[end] != ';' && name[end] != ' ')
            end++;
        if (end >= 2 && name[0] == '"' && name[end - 1] == '"') {
            name++;
            end -= 2;
        }
        return equals_ignoring_case(name, end, "utf-8") || equals_ignoring_case(name, end, "utf8");
    }
    return true;
}

static ChFrameFault accept_header(ChFrameReader *reader, const char *line, size_t size)
{
    size_t name_size = 0;
    while (name_size < size && is_token_char(line[name_size]))
        name_size++;
    if (name_size == 0 || name_size == size || line[name_size] != ':')
        return is_http_request(line, size) ? CH_FRAME_FAULT_HTTP : CH_FRAME_FAULT_LINE;
    const char *value = line + name_size + 1;
    size_t value_size = size - name_size - 1;
    while (value_size && (value[0] == ' ' || value[0] == '\t')) {
        value++;
        value_size--;
    }
    while (value_size && (value[value_size - 1] == ' ' || value[value_size - 1] == '\t'))
        value_size--;

    if (equals_ignoring_case(line, name_size, "content-length")) {
        if (reader->has_length)
            return CH_FRAME_FAULT_LENGTH_REPEATED;
        if (!parse_length(value, value_size, &reader->length))
            return CH_FRAME_FAULT_LENGTH;
        reader->has_length = true;
    } else if (equals_ignoring_case(line, name_size, "content-type")) {
        if (!is_charset_known(value, value_size))
            return CH_FRAME_FAULT_CHARSET;
    } else if (equals_ignoring_case(line, name_size, "charn-token")) {
        if (value_size <= CH_FRAME_TOKEN_BYTES_MAX) {
            memcpy(reader->token, value, value_size);
            reader->token[value_size] = '\0';
        }
    }
    return CH_FRAME_FAULT_NONE;
}

/* The blank line after the headers. A blank line before any header is let pass: people pipe files in. */
static ChFrameEvent end_block(ChFrameReader *reader)
{
    if (reader->header_count == 0)
        return CH_FRAME_MORE;
    if (!reader->has_length) {
        begin_seek(reader);
        return fail(reader, CH_FRAME_FAULT_LENGTH_MISSING);
    }
    if (reader->length > reader->body_bytes_max) {
        begin_seek(reader);
        return fail(reader, CH_FRAME_FAULT_BODY_SIZE);
    }
    reader->state = STATE_BODY;
    reader->body_size = 0;
    reader->body_was_again = reader->again != NULL;
    return CH_FRAME_MORE;
}

static ChFrameEvent end_line(ChFrameReader *reader)
{
    size_t size = reader->line_size;
    if (size && reader->line[size - 1] == '\r')
        size--;
    if (size == 0) {
        reader->line_size = 0;
        return end_block(reader);
    }
    reader->block_size += size + 2;
    reader->header_count++;
    ChFrameFault fault = CH_FRAME_FAULT_NONE;
    if (reader->block_size > CH_FRAME_BLOCK_BYTES_MAX || reader->header_count > CH_FRAME_HEADERS_MAX)
        fault = CH_FRAME_FAULT_BLOCK;
    else
        fault = accept_header(reader, reader->line, size);
    if (fault == CH_FRAME_FAULT_NONE) {
        reader->line_size = 0;
        return CH_FRAME_MORE;
    }
    /* The line may still hold the start of the next message: a body that was longer than stated leaves its tail there. */
    ChFrameEvent event = fail(reader, fault);
    reader->line_size = size;
    seek_in_line(reader);
    if (reader->state == STATE_LINE) {
        size_t found_size = reader->line_size;
        reader->header_count = 1;
        reader->block_size = found_size + 2;
        if (accept_header(reader, reader->line, found_size) == CH_FRAME_FAULT_NONE)
            reader->line_size = 0;
        else
            begin_seek(reader);
    }
    return event;
}

static ChFrameEvent line_byte(ChFrameReader *reader, char c)
{
    if (c == '\n')
        return end_line(reader);
    if (reader->resyncing && reader->header_count == 0) {
        seek_byte(reader, c);
        return CH_FRAME_MORE;
    }
    if (reader->line_size < CH_FRAME_LINE_BYTES_MAX) {
        reader->line[reader->line_size++] = c;
        return CH_FRAME_MORE;
    }
    ChFrameFault fault = is_http_request(reader->line, reader->line_size) ? CH_FRAME_FAULT_HTTP : CH_FRAME_FAULT_LINE;
    ChFrameEvent event = fail(reader, fault);
    seek_in_line(reader);
    seek_byte(reader, c);
    return event;
}

static void body_append(ChFrameReader *reader, const char *bytes, size_t size)
{
    size_t need = reader->body_size + size + 1;
    if (need > reader->body_capacity) {
        size_t capacity = reader->body_capacity ? reader->body_capacity : BODY_FIRST_BYTES;
        while (capacity < need)
            capacity *= 2;
        reader->body = ch_realloc(reader->body, capacity);
        reader->body_capacity = capacity;
    }
    if (size)
        memcpy(reader->body + reader->body_size, bytes, size);
    reader->body_size += size;
    reader->body[reader->body_size] = '\0';
}

/* Reads one run of bytes; the caller decides whether they came from the peer or from a refused body. */
static ChFrameEvent read_run(ChFrameReader *reader, const char **bytes, size_t *size)
{
    while (true) {
        if (reader->state == STATE_BODY) {
            size_t want = reader->length - reader->body_size;
            size_t take = want < *size ? want : *size;
            body_append(reader, *bytes, take);
            *bytes += take;
            *size -= take;
            if (reader->body_size < reader->length)
                return CH_FRAME_MORE;
            begin_block(reader);
            reader->resyncing = false;
            return CH_FRAME_BODY;
        }
        if (*size == 0)
            return CH_FRAME_MORE;
        char c = **bytes;
        (*bytes)++;
        (*size)--;
        if (reader->state == STATE_SEEK) {
            seek_byte(reader, c);
            continue;
        }
        ChFrameEvent event = line_byte(reader, c);
        if (event != CH_FRAME_MORE)
            return event;
    }
}

ChFrameEvent ch_frame_reader_read(ChFrameReader *reader, const char **bytes, size_t *size)
{
    if (reader->state == STATE_LINE && reader->body_capacity > BODY_KEEP_BYTES) {
        ch_free(reader->body);
        reader->body = NULL;
        reader->body_capacity = 0;
    }
    if (reader->again) {
        const char *again = reader->again + reader->again_at;
        size_t again_size = reader->again_size - reader->again_at;
        ChFrameEvent event = read_run(reader, &again, &again_size);
        reader->again_at = reader->again_size - again_size;
        if (event != CH_FRAME_MORE)
            return event;
        ch_free(reader->again);
        reader->again = NULL;
    }
    return read_run(reader, bytes, size);
}

char *ch_frame_reader_body(ChFrameReader *reader, size_t *size)
{
    *size = reader->body_size;
    return reader->body;
}

void ch_frame_reader_refuse_body(ChFrameReader *reader)
{
    /* A byte is read again at most once, so that bodies nested in bodies cost no more than their size. */
    if (reader->again || reader->body_was_again)
        return;
    size_t end = 0;
    unsigned match = 0;
    while (end < reader->body_size && match < LENGTH_NAME_SIZE) {
        char low = lower(reader->body[end++]);
        match = low == k_length_name[match] ? match + 1 : (low == k_length_name[0] ? 1 : 0);
    }
    if (match < LENGTH_NAME_SIZE)
        return;
    size_t start = end - LENGTH_NAME_SIZE;
    reader->again_size = reader->body_size - start;
    reader->again_at = 0;
    reader->again = ch_alloc(reader->again_size);
    memcpy(reader->again, reader->body + start, reader->again_size);
    reader->resyncing = true;
    begin_seek(reader);
}

ChFrameFault ch_frame_reader_fault(const ChFrameReader *reader)
{
    return reader->fault;
}

const char *ch_frame_fault_text(ChFrameFault fault)
{
    switch (fault) {
    case CH_FRAME_FAULT_NONE:
        return "no fault";
    case CH_FRAME_FAULT_LINE:
        return "a header line is not 'Name: value' of at most 1,024 bytes; begin each message with 'Content-Length: N'";
    case CH_FRAME_FAULT_BLOCK:
        return "a message has more than 16 header lines or 8,192 header bytes";
    case CH_FRAME_FAULT_LENGTH:
        return "Content-Length is not a plain decimal number of bytes";
    case CH_FRAME_FAULT_LENGTH_REPEATED:
        return "a message states Content-Length twice";
    case CH_FRAME_FAULT_LENGTH_MISSING:
        return "a message has headers but no Content-Length";
    case CH_FRAME_FAULT_BODY_SIZE:
        return "the stated Content-Length is above the limit for one message";
    case CH_FRAME_FAULT_CHARSET:
        return "Content-Type names a charset other than utf-8";
    case CH_FRAME_FAULT_HTTP:
        return "an HTTP request arrived where a protocol message was expected";
    }
    return "unknown fault";
}

const char *ch_frame_reader_token(const ChFrameReader *reader)
{
    return reader->token;
}

bool ch_frame_reader_is_inside(const ChFrameReader *reader)
{
    return reader->state == STATE_BODY || reader->line_size > 0 || reader->header_count > 0;
}
