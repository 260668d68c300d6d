/* Framing: what arrives in which pieces must not matter, and after any nonsense the next whole message is heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/frame.h"

enum { TRACE_BYTES = 4096 };

/* Feeds `text` in pieces of `piece` bytes; the events as text: bodies in brackets, faults as numbers. A body that
 * begins with `!` is refused, as the message layer does with a body that is no JSON. */
static void trace(const char *text, size_t size, size_t piece, size_t body_max, char out[TRACE_BYTES])
{
    ChFrameReader reader;
    ch_frame_reader_init(&reader, body_max);
    size_t used = 0;
    out[0] = '\0';
    for (size_t at = 0; at < size; at += piece) {
        const char *bytes = text + at;
        size_t left = size - at < piece ? size - at : piece;
        ChFrameEvent event;
        while ((event = ch_frame_reader_read(&reader, &bytes, &left)) != CH_FRAME_MORE) {
            size_t body_size = 0;
            char *body = ch_frame_reader_body(&reader, &body_size);
            if (event == CH_FRAME_BODY)
                used += (size_t)snprintf(out + used, TRACE_BYTES - used, "[%.*s]", (int)body_size, body);
            else
                used += (size_t)snprintf(out + used, TRACE_BYTES - used, "<%d>", (int)ch_frame_reader_fault(&reader));
            if (event == CH_FRAME_BODY && body_size && body[0] == '!')
                ch_frame_reader_refuse_body(&reader);
            assert_true(used < TRACE_BYTES);
        }
        assert_int_equal(left, 0);
    }
    ch_frame_reader_release(&reader);
}

static void expect(const char *text, const char *events)
{
    char out[TRACE_BYTES];
    size_t size = strlen(text);
    for (size_t piece = 1; piece <= size; piece++) {
        trace(text, size, piece, 64, out);
        assert_string_equal(out, events);
    }
}

#define GOOD "Content-Length: 2\r\n\r\nok"

static void expect_fault(const char *broken, ChFrameFault fault)
{
    char text[TRACE_BYTES];
    char events[64];
    snprintf(text, sizeof(text), "%s" GOOD GOOD, broken);
    snprintf(events, sizeof(events), "<%d>[ok][ok]", (int)fault);
    expect(text, events);
}

static void whole_messages(void **state)
{
    expect(GOOD GOOD, "[ok][ok]");
    expect("content-length:2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\nok", "[ok]");
    expect("Content-Type: x; charset=\"UTF8\"\r\nCONTENT-LENGTH:\t 0002 \r\n\r\nok", "[ok]");
    expect("Content-Length: 2\n\nok", "[ok]");
    expect("Content-Length: 0\r\n\r\n" GOOD, "[][ok]");
    expect("\r\n\n" GOOD "\n" GOOD, "[ok][ok]");
}

static void wrong_lengths(void **state)
{
    expect_fault("Content-Length: -1\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: +2\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: 0x10\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: 2.0\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: 2 2\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: \r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: 123456789012345678901234567890\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: 18446744073709551617\r\n\r\nxx", CH_FRAME_FAULT_LENGTH);
    expect_fault("Content-Length: 9999999999999999999\r\n\r\nxx", CH_FRAME_FAULT_BODY_SIZE);
    expect_fault("Content-Length: 10000000000\r\n\r\nxx", CH_FRAME_FAULT_BODY_SIZE);
    expect_fault("Content-Length: 65\r\n\r\nxx", CH_FRAME_FAULT_BODY_SIZE);
    expect_fault("Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx", CH_FRAME_FAULT_LENGTH_REPEATED);
    expect_fault("Content-Type: a\r\n\r\nxx", CH_FRAME_FAULT_LENGTH_MISSING);
    expect_fault("Content-Length: 2\r\nContent-Type: a; charset=latin1\r\n\r\nxx", CH_FRAME_FAULT_CHARSET);
}

static void garbage(void **state)
{
    expect_fault("{\"a\":1}", CH_FRAME_FAULT_LINE);
    expect_fault("hello\r\nworld\r\n\r\n", CH_FRAME_FAULT_LINE);
    expect_fault("Content-Len\rContent-\r", CH_FRAME_FAULT_LINE);
    expect_fault("content-content-length content-length;", CH_FRAME_FAULT_LINE);
    expect_fault("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", CH_FRAME_FAULT_HTTP);
    expect_fault("POST / HTTP/1.1\r\n\r\n", CH_FRAME_FAULT_HTTP);
}

static void long_lines_and_blocks(void **state)
{
    enum { LONG = 3000 };
    char text[TRACE_BYTES + LONG];
    char out[TRACE_BYTES];
    memset(text, 'x', LONG);
    memcpy(text + LONG, GOOD, sizeof(GOOD));
    trace(text, LONG + sizeof(GOOD) - 1, 7, 64, out);
    assert_string_equal(out, "<1>[ok]");

    /* Exactly at the limit the line is still taken. */
    int size = snprintf(text, sizeof(text), "X: ");
    while (size < CH_FRAME_LINE_BYTES_MAX)
        text[size++] = 'y';
    memcpy(text + size, "\n" GOOD, sizeof("\n" GOOD));
    trace(text, (size_t)size + sizeof("\n" GOOD) - 1, 11, 64, out);
    assert_string_equal(out, "[ok]");

    size = 0;
    for (int i = 0; i < CH_FRAME_HEADERS_MAX; i++)
        size += snprintf(text + size, sizeof(text) - (size_t)size, "X: y\r\n");
    snprintf(text + size, sizeof(text) - (size_t)size, GOOD GOOD);
    trace(text, strlen(text), 3, 64, out);
    assert_string_equal(out, "<2>[ok]");
    trace(text + 6, strlen(text + 6), 3, 64, out);
    assert_string_equal(out, "[ok][ok]");
}

static void longer_body_than_stated(void **state)
{
    expect("Content-Length: 2\r\n\r\nok and more" GOOD GOOD, "[ok]<1>[ok][ok]");
}

static void shorter_body_than_stated(void **state)
{
    /* The body swallows the next header; refusing it gives that message back. */
    expect("Content-Length: 9\r\n\r\n!x" GOOD GOOD, "[!xContent]<5>[ok]");
    expect("Content-Length: 20\r\n\r\n!xContent-Length: 2\r\n\r\nok" GOOD, "[!xContent-Length: 2\r][ok][ok]");
    /* Refused text is read again once, not once per layer. */
    expect("Content-Length: 49\r\n\r\n!Content-Length: 26\r\n\r\n!Content-Length: 2\r\n\r\nok.." GOOD,
           "[!Content-Length: 26\r\n\r\n!Content-Length: 2\r\n\r\nok..]"
           "[!Content-Length: 2\r\n\r\nok..][ok]");
}

static void memory_follows_what_arrived(void **state)
{
    ChFrameReader reader;
    ch_frame_reader_init(&reader, 0);
    char header[64];
    int size = snprintf(header, sizeof(header), "Content-Length: %d\r\n\r\n{}", CH_FRAME_BODY_BYTES_MAX);
    const char *bytes = header;
    size_t left = (size_t)size;
    assert_int_equal(ch_frame_reader_read(&reader, &bytes, &left), CH_FRAME_MORE);
    assert_true(reader.body_capacity < 64 * 1024);
    assert_true(ch_frame_reader_is_inside(&reader));
    ch_frame_reader_release(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(garbage),
        cmocka_unit_test(long_lines_and_blocks),
        cmocka_unit_test(longer_body_than_stated),
        cmocka_unit_test(shorter_body_than_stated),
        cmocka_unit_test(memory_follows_what_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
