"""Framing (attack S1): lengths that lie, headers without end, messages that break off."""
import time

from targets import Gone, frame

GOOD = '{"jsonrpc":"2.0","method":"charn/nothing","seq":0,"type":"event","event":"nothing"}'

# Each is followed by one good request, which must be answered.
CASES = {
    "length_negative": b"Content-Length: -1\r\n\r\n{}",
    "length_negative_zero": b"Content-Length: -0\r\n\r\n",
    "length_plus": b"Content-Length: +5\r\n\r\n{}",
    "length_hexadecimal": b"Content-Length: 0x10\r\n\r\n{}",
    "length_30_digits": b"Content-Length: 123456789012345678901234567890\r\n\r\n{}",
    "length_30_zeros_and_2": b"Content-Length: 0000000000000000000000000000002\r\n\r\n{}",
    "length_2_to_64": b"Content-Length: 18446744073709551616\r\n\r\n{}",
    "length_2_to_63": b"Content-Length: 9223372036854775808\r\n\r\n{}",
    "length_2_to_32": b"Content-Length: 4294967296\r\n\r\n{}",
    "length_2_to_31": b"Content-Length: 2147483648\r\n\r\n{}",
    "length_10_gb": b"Content-Length: 10000000000\r\n\r\n{}",
    "length_2_gb": b"Content-Length: 2000000000\r\n\r\n{}",
    "length_just_above_the_limit": b"Content-Length: %d\r\n\r\n{}" % (16 * 1024 * 1024 + 1),
    "length_float": b"Content-Length: 2.0\r\n\r\n{}",
    "length_exponent": b"Content-Length: 2e0\r\n\r\n{}",
    "length_with_unit": b"Content-Length: 2 bytes\r\n\r\n{}",
    "length_two_numbers": b"Content-Length: 2, 2\r\n\r\n{}",
    "length_empty": b"Content-Length:\r\n\r\n{}",
    "length_only_spaces": b"Content-Length:    \r\n\r\n{}",
    "length_word": b"Content-Length: many\r\n\r\n{}",
    "length_nul": b"Content-Length: 2\0\r\n\r\n{}",
    "length_arabic_digits": "Content-Length: ٢\r\n\r\n{}".encode(),
    "length_repeated": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "length_repeated_otherwise": b"Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}",
    "length_missing": b"Content-Type: application/json\r\n\r\n{}",
    "length_zero": b"Content-Length: 0\r\n\r\n",
    "length_too_small": b"Content-Length: 10\r\n\r\n" + GOOD.encode(),
    "length_one_too_large": b"Content-Length: %d\r\n\r\n%s" % (len(GOOD) + 1, GOOD.encode()),
    "length_one_too_small": b"Content-Length: %d\r\n\r\n%s" % (len(GOOD) - 1, GOOD.encode()),
    "name_misspelled": b"Content-Lenght: 2\r\n\r\n{}",
    "name_with_space": b"Content Length: 2\r\n\r\n{}",
    "name_missing": b": 2\r\n\r\n{}",
    "colon_missing": b"Content-Length 2\r\n\r\n{}",
    "space_before_colon": b"Content-Length : 2\r\n\r\n{}",
    "folded_header": b"Content-Length:\r\n 2\r\n\r\n{}",
    "no_blank_line": b"Content-Length: 2\r\n{}",
    "carriage_returns_only": b"Content-Length: 2\r\r{}",
    "reversed_line_end": b"Content-Length: 2\n\r\n\r{}",
    "17_headers": b"X: y\r\n" * 17 + b"\r\n{}",
    "block_of_9_kib": (b"X: " + b"y" * 997 + b"\r\n") * 9 + b"\r\n{}",
    "line_of_1025_bytes": b"X: " + b"y" * 1022 + b"\r\n\r\n",
    "charset_latin1": b"Content-Length: 2\r\nContent-Type: x; charset=iso-8859-1\r\n\r\n{}",
    "garbage_line": b"hello world\r\n\r\n",
    "garbage_binary": bytes(range(256)) * 8,
    "garbage_nul": b"\0" * 5000,
    "json_without_header": GOOD.encode() + b"\n",
    "byte_order_mark": b"\xef\xbb\xbfContent-Length: 2\r\n\r\n{}",
    "utf16": "Content-Length: 2\r\n\r\n{}".encode("utf-16"),
    "half_a_name_again_and_again": b"content-content-content-lengt content-length" * 50,
    "names_without_end": b"Content-Length: " * 500,
    "body_of_headers": frame("Content-Length: 5\r\n\r\n" * 1000),
    "bodies_in_bodies": b"".join(b"Content-Length: %d\r\n\r\n" % (9000 - 25 * i) for i in range(300)) + b"x" * 9000,
    "empty_lines": b"\r\n" * 2000,
    "empty_bodies": b"Content-Length: 0\r\n\r\n" * 100,
    "http_get": b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
    "http_post": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n",
    "http_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls_hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x5a" * 512,
}


def tests(Target):
    for name, data in CASES.items():
        def run(path, data=data):
            target = Target(path)
            # A body that claims more than it has swallows what follows, up to its stated length.
            pings = 400 if b"Content-Length: 9000" in data else 3
            target.survives(data, pings)
            target.check_memory(len(data), 64)
            target.end()
        yield name, run
    yield from LONG(Target)


def LONG(Target):
    def line_of_100_mb(path):
        target = Target(path)
        start = time.monotonic()
        piece = b"x" * (1 << 20)
        for _ in range(100):
            target.process.send_bytes(piece)
        target.ping(30)
        assert time.monotonic() - start < 30
        target.check_memory(0, 64)
        target.end()

    def names_of_20_mb(path):
        target = Target(path)
        piece = b"Content-Length: 1" * 61681
        for _ in range(20):
            target.process.send_bytes(piece)
        target.ping(30)
        target.check_memory(0, 64)
        target.end()

    def body_of_50_mb(path):
        """An honest message above the limit: refused with a reason, and the next message is heard."""
        target = Target(path)
        body = b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///w/big.harn",' \
               b'"languageId":"harn","version":1,"text":"' + b"let a = 1 // Content-Length: 7 x\\n" * (50 * 1024 * 1024 // 34) + b'"}}}'
        seen = target.survives(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert any(target.is_refusal(message) for message in seen), seen[:3]
        target.check_memory(0, 64)
        target.end()

    def body_at_the_limit(path):
        target = Target(path)
        head, tail = target.wrap('"@"').encode().split(b"@")
        body = head + b"a" * (16 * 1024 * 1024 - len(head) - len(tail)) + tail
        target.survives(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        target.check_memory(len(body), 100)
        target.end()

    def length_of_16_mb_without_a_body(path):
        """The claim costs nothing; the message never comes, and the end of the input ends the wait."""
        target = Target(path)
        target.process.send_bytes(b"Content-Length: %d\r\n\r\n{" % (16 * 1024 * 1024))
        time.sleep(0.2)
        target.check_memory(0, 32)
        target.process.close_input()
        assert target.process.wait() == 1
        target.end()

    def byte_by_byte(path):
        target = Target(path)
        for _ in range(2):
            ping, wanted = target.ping_bytes()
            for i in range(len(ping)):
                target.process.send_bytes(ping[i:i + 1])
            target.until(wanted)
        target.end()

    def many_in_one_piece(path):
        target = Target(path)
        data = b""
        wanted = 0
        for _ in range(2000):
            ping, wanted = target.ping_bytes()
            data += ping
        target.process.send_bytes(data)
        target.until(wanted, 30)
        target.end()

    def closes_in_the_middle(path):
        whole = frame(GOOD)
        for size in (1, 10, 17, 19, 21, 25, len(whole) - 1):
            for greet in (True, False):
                target = Target(path, greet)
                target.process.send_bytes(whole[:size])
                start = time.monotonic()
                target.process.close_input()
                code = target.process.wait(5)
                assert code == 1, "cut at %d: exit code %s" % (size, code)
                assert time.monotonic() - start < 2
                time.sleep(0.02)
                assert "middle of a message" in "".join(target.process.errors), target.process.errors
                target.end()

    for run in (line_of_100_mb, names_of_20_mb, body_of_50_mb, body_at_the_limit, length_of_16_mb_without_a_body,
                byte_by_byte, many_in_one_piece, closes_in_the_middle):
        yield run.__name__, run
