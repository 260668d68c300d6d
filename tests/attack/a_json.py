"""JSON (attacks S2 and S3): bombs, broken texts, and ids that numbers cannot hold."""
import time

from targets import frame

# Texts inside an otherwise good message that must be refused; the session goes on.
REFUSED = {
    "depth_1_million": "[" * 1000000,
    "depth_1_million_closed": "[" * 1000000 + "]" * 1000000,
    "depth_201_objects": '{"a":' * 201 + "1" + "}" * 201,
    "nodes_4_million": "[" + "1," * 4000000 + "1]",
    "number_10_mb": "1" * (10 * 1024 * 1024),
    "number_of_many_zeros": "0." + "0" * 2000 + "1",
    "key_twice": '{"a":1,"b":2,"a":3}',
    "key_twice_by_escape": '{"method":1,"\\u006dethod":2}',
    "key_twice_in_100_thousand": "{" + ",".join('"k%d":0' % (i % 99999) for i in range(100000)) + "}",
    "utf8_overlong": b'"\xc0\xaf"',
    "utf8_surrogate": b'"\xed\xa0\x80"',
    "utf8_too_high": b'"\xf5\x80\x80\x80"',
    "utf8_cut": b'"\xe2\x82"',
    "utf8_stray": b'"\x80"',
    "latin1": '"\xe9"'.encode("latin-1"),
    "control_character": '"a\nb"',
    "nul_byte": b'"a\0b"',
    "escape_unknown": '"\\x41"',
    "escape_cut": '"\\u00"',
    "single_quotes": "'a'",
    "trailing_comma": "[1,]",
    "comment": "[1/*x*/]",
    "not_a_number": "NaN",
    "infinity": "-Infinity",
    "leading_zero": "007",
    "leading_plus": "+1",
    "hexadecimal": "0x1F",
    "bracket_mismatch": "[1}",
    "missing_value": "",
    "trailing_text": "1}} trailing",
}

# Texts that look wild and are good JSON: they must be let through.
ACCEPTED = {
    "depth_190": "[" * 190 + "]" * 190,
    "keys_100_thousand": "{" + ",".join('"key%d":0' % i for i in range(100000)) + "}",
    "nodes_500_thousand": "[" + "1," * 499999 + "1]",
    "huge_exponent": "1e999999",
    "lone_surrogate": '"\\ud834 \\udd1e\\ud834"',
    "nul_escape": '"a\\u0000b"',
    "noncharacters": '"\\uffff\\ufdd0"',
    "white_space": " \t\r\n[ ]\n\n",
}


def as_bytes(target, value):
    head, tail = target.wrap("@").encode().split(b"@")
    return head + (value if isinstance(value, bytes) else value.encode()) + tail


def tests(Target):
    for name, value in REFUSED.items():
        def run(path, value=value):
            target = Target(path)
            body = as_bytes(target, value)
            start = time.monotonic()
            seen = target.survives(frame(body))
            assert time.monotonic() - start < 5
            assert any(target.is_refusal(message) for message in seen), seen
            target.check_memory(len(body), 128)
            target.end()
        yield "refused_" + name, run
    for name, value in ACCEPTED.items():
        def run(path, value=value):
            target = Target(path)
            body = as_bytes(target, value)
            seen = target.survives(frame(body))
            assert not any(target.is_refusal(message) for message in seen), seen
            target.check_memory(len(body), 256)
            target.end()
        yield "accepted_" + name, run
    if Target.name == "lsp":
        yield "ids_byte_for_byte", ids_byte_for_byte(Target)
        yield "method_twice", method_twice(Target)
        yield "id_survives_a_later_mistake", id_survives(Target)


def raw_answer(target, body):
    """The raw bytes of the one answer to a message, read past the JSON parser."""
    import json
    seen = []
    loads = json.loads

    def spy(text, *rest, **named):
        seen.append(text)
        return loads(text, *rest, **named)
    json.loads = spy
    try:
        target.process.send_bytes(frame(body))
        target.process.receive()
    finally:
        json.loads = loads
    return seen[0]


def ids_byte_for_byte(Target):
    def run(path):
        target = Target(path)
        for text in ("9007199254740993", "-9223372036854775809", "123456789012345678901234567890", "1.50", "1E+2", "-0",
                     '"\\u00e9\\n"', '"é"', '""', '"9007199254740993"', "null"):
            raw = raw_answer(target, '{"jsonrpc":"2.0","id": %s ,"method":"no/such"}' % text)
            assert '"id":%s,' % text in raw, (text, raw)
        target.end()
    return run


def method_twice(Target):
    def run(path):
        target = Target(path)
        raw = raw_answer(target, '{"jsonrpc":"2.0","id":5,"method":"no/such","method":"shutdown"}')
        assert "-32700" in raw and '"id":5' in raw, raw
        target.ping()
        target.end()
    return run


def id_survives(Target):
    def run(path):
        target = Target(path)
        raw = raw_answer(target, '{"jsonrpc":"2.0","id":9007199254740993,"method":"x","params":{]}')
        assert '"id":9007199254740993' in raw and "-32700" in raw, raw
        target.end()
    return run
