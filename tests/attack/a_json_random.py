"""Random JSON, whole and broken: the server and Python must agree on what is JSON (for the server also: without equal
keys, nested at most 200 deep)."""
import json
import os
import random

from targets import frame

SEED = int(os.environ.get("CHARN_TEST_SEED", "1"))
COUNT = int(os.environ.get("CHARN_TEST_COUNT", "3000"))
WORDS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud834", b"\\udd1e", b"\\u0000", b"0", b"-", b"1.5", b"1e5", b"E+",
         b"true", b"false", b"null", b"NaN", b" ", b"\n", b"\t", b"\0", b"\xc3\xa9", b"\xff", b"\xed\xa0\x80", b"\xf0\x9d\x84\x9e", b"a",
         b'"a"', b'"a":', b'"b":', b"//", b"\xef\xbb\xbf", b"00", b"1.", b".5", b"\\/", b"\\x", b"'"]


def value(rng, depth):
    kind = rng.randrange(9 if depth else 6)
    if kind == 0:
        return rng.choice(["true", "false", "null"])
    if kind == 1:
        return rng.choice(["0", "-0", "12", "-3.25", "1e9", "2E-7", "9007199254740993", "1" * 40])
    if kind < 6:
        return json.dumps("".join(rng.choice("ab\"\\\n\0é€𝄞\ud834/\x7f") for _ in range(rng.randrange(6))),
                          ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    items = [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 6:
        return "[" + ",".join(items) + "]"
    keys = [rng.choice('abcdef') + str(i if rng.random() < 0.95 else 0) for i in range(len(items))]
    return "{" + rng.choice([",", " , "]).join('"%s":%s' % pair for pair in zip(keys, items)) + "}"


def broken(rng, text):
    data = bytearray(text.encode())
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((0, 0, 1, 3)))
        data[at:end] = rng.choice(WORDS)
    return bytes(data)


class EqualKeys(Exception):
    pass


def pairs(items):
    if len({key for key, _ in items}) != len(items):
        raise EqualKeys
    return dict(items)


def refuse(word):
    raise ValueError(word)


def is_json(body):
    if body.startswith(b"\xef\xbb\xbf"):
        return False
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refuse)
        return True
    except (ValueError, EqualKeys):
        return False


def tests(Target):
    if Target.name == "lsp":
        yield "agreement_with_python", lambda path: agreement(Target, path)


def agreement(Target, path):
    target = Target(path)
    rng = random.Random(SEED)
    disagreements = []
    accepted = 0
    for first in range(0, COUNT, 100):
        bodies = {}
        for number in range(first, first + 100):
            piece = broken(rng, value(rng, 4))
            bodies["n%d" % number] = b'{"jsonrpc":"2.0","id":"n%d","method":"no/such","params":{"x":%s}}' % (number, piece)
        for body in bodies.values():
            target.process.send_bytes(frame(body))
        while bodies:
            message = target.process.receive()
            if "method" in message:
                continue
            body = bodies.pop(message["id"])
            code = message["error"]["code"]
            assert code in (-32700, -32601), message
            accepted += code == -32601
            if (code == -32601) != is_json(body):
                disagreements.append((body, message["error"]))
    assert not disagreements, (SEED, disagreements[:3])
    assert COUNT // 20 < accepted < COUNT, "the mixture of good and bad texts is one-sided: %d" % accepted
    target.end()
