"""Text in step: edits in all three encodings against a copy of the text, odd positions, odd versions.

After each change the text that the server holds is asked for and compared with a copy; at the end the diagnostics of the
document that was edited must equal those of one that was opened with the whole text.
"""
import json
import random

from client import edit, frame

URI = "file:///w/a.harn"
COPY = "file:///w/copy.harn"
ENCODINGS = ("utf-8", "utf-16", "utf-32")


def start(context, encoding):
    client = context.client(capabilities={"general": {"positionEncodings": [encoding]}})
    assert client.info["capabilities"]["positionEncoding"] == encoding
    return client


def units(text, encoding):
    if encoding == "utf-32":
        return len(text)
    size = len(text.encode("utf-8" if encoding == "utf-8" else "utf-16-le"))
    return size if encoding == "utf-8" else size // 2


def split_lines(text):
    """Lines with their ends, as the protocol counts them: LF, CR LF, CR."""
    lines = [""]
    i = 0
    while i < len(text):
        c = text[i]
        if c == "\r" and text[i + 1:i + 2] == "\n":
            lines[-1] += "\r\n"
            i += 1
        else:
            lines[-1] += c
        if c in "\r\n":
            lines.append("")
        i += 1
    return lines


def position(text, index, encoding):
    before = split_lines(text[:index])
    # A position between CR and LF belongs to the line of the CR.
    if index and text[index - 1] == "\r" and text[index:index + 1] == "\n":
        before = before[:-2] + [before[-2].rstrip("\r")]
    return len(before) - 1, units(before[-1], encoding)


def server_problems(client, uri, text, version):
    """What the server says about a text, opened whole."""
    client.open(uri, text, version)
    found = client.diagnostics(uri, version)
    client.close(uri)
    return found


def settle(client, uri, version):
    """The diagnostics of a version once the typing rested: a provisional list may come first."""
    found = client.diagnostics(uri, version)
    while True:
        try:
            found = client.diagnostics(uri, version, wait_s=0.6)
        except TimeoutError:
            return found


def text_of(client, uri):
    return client.request("charn/documentText", {"textDocument": {"uri": uri}})["text"]


def random_session(context, encoding, seed, pieces, edits):
    rng = random.Random(seed)
    client = start(context, encoding)
    text = "".join(rng.choice(pieces) for _ in range(40))
    client.open(URI, text, 1)
    version = 1
    for _ in range(edits):
        changes = []
        for _ in range(rng.choice((1, 1, 1, 3))):
            a = rng.randrange(len(text) + 1)
            b = min(len(text), a + rng.choice((0, 0, 1, 2, 7, 30)))
            # Neither end between a CR and its LF: a client that counts such a place as a line of its own is wrong.
            while a and text[a - 1:a + 1] == "\r\n":
                a -= 1
            while b < len(text) and text[b - 1:b + 1] == "\r\n":
                b += 1
            new = "".join(rng.choice(pieces) for _ in range(rng.choice((0, 1, 1, 2))))
            changes.append(edit(*position(text, a, encoding), *position(text, b, encoding), new))
            text = text[:a] + new + text[b:]
        version += 1
        client.change(URI, version, *changes)
        assert text_of(client, URI) == text, (encoding, seed, version)
    # An error at the very end: its place says how long each line is thought to be.
    line, character = position(text, len(text), encoding)
    text += "\nlet = §"
    version += 1
    client.change(URI, version, edit(line, character, line, character, "\nlet = §"))
    seen = settle(client, URI, version)
    assert seen == server_problems(client, COPY, text, 1), (encoding, seed, text)
    client.leave()


PLAIN = ("let a = 1\n", "fn f() {\n", "}\n", "x", " ", "\n", "// c\n", "\"s\"", "(", ")", "\t")
WIDE = PLAIN + ("é", "€", "𝄞", "👩‍🔬", "\r\n", "\r", "\u2028", "let ü = \"𝄞\"\r\n", "\u0000", "\ufeff")


def test_edits_plain(context):
    for seed in range(4):
        random_session(context, "utf-16", seed, PLAIN, 60)


def test_edits_wide_utf8(context):
    for seed in range(4):
        random_session(context, "utf-8", seed, WIDE, 60)


def test_edits_wide_utf16(context):
    for seed in range(4):
        random_session(context, "utf-16", seed, WIDE, 60)


def test_edits_wide_utf32(context):
    for seed in range(4):
        random_session(context, "utf-32", seed, WIDE, 60)


def test_encoding_is_chosen_from_what_is_offered(context):
    for offered, chosen in (([], "utf-16"), (["utf-16", "utf-8"], "utf-8"), (["utf-32", "utf-16"], "utf-32"),
                            (["utf-7"], "utf-16"), ([5, None, "utf-32"], "utf-32"), ("utf-8", "utf-16")):
        client = context.client(capabilities={"general": {"positionEncodings": offered}})
        assert client.info["capabilities"]["positionEncoding"] == chosen, offered
        client.leave()


def error_place(client, uri, version):
    found = [item for item in client.diagnostics(uri, version) if item["severity"] == 1]
    assert found, "no error"
    return found[0]["range"]["start"]["line"], found[0]["range"]["start"]["character"]


def test_columns_of_diagnostics(context):
    for encoding, column in (("utf-8", 24), ("utf-16", 17), ("utf-32", 15)):
        client = start(context, encoding)
        client.open(URI, "let a = 1\nlet s = \"é𝄞𝄞€\" )\n")
        assert error_place(client, URI, 1) == (1, column), encoding
        client.leave()


def test_byte_order_mark_shifts_the_first_line(context):
    for encoding, shift in (("utf-8", 3), ("utf-16", 1), ("utf-32", 1)):
        client = start(context, encoding)
        client.open(URI, "\ufeff)")
        assert error_place(client, URI, 1) == (0, shift)
        # Taking the mark away is an edit like any other.
        client.change(URI, 2, edit(0, 0, 0, shift, ""))
        assert error_place(client, URI, 2) == (0, 0)
        client.leave()


def test_line_ends_of_all_kinds(context):
    client = start(context, "utf-16")
    client.open(URI, "let a = 1;\rlet b = 2\r\nlet c = 3\n)")
    assert error_place(client, URI, 1) == (3, 0)
    client.leave()


def test_positions_outside_are_moved_inside(context):
    client = start(context, "utf-16")
    client.open(URI, "let a = 1\n")
    for version, change in enumerate((edit(0, 500, 0, 900, ")"), edit(77, 3, 99, 0, "\n"), edit(0, 9, 0, 10, ""),
                                      edit(2147483647, 2147483647, 2147483647, 2147483647, "let z = 2\n")), 2):
        client.change(URI, version, change)
    assert settle(client, URI, 5) == server_problems(client, COPY, "let a = 1\n\nlet z = 2\n", 1)
    client.leave()


def test_reversed_range(context):
    client = start(context, "utf-16")
    client.open(URI, "let a = 1 )\n")
    client.change(URI, 2, edit(0, 11, 0, 9, ""))
    assert settle(client, URI, 2) == []
    client.leave()


def test_position_inside_a_surrogate_pair(context):
    client = start(context, "utf-16")
    client.open(URI, "let s = \"𝄞\"\n")
    client.change(URI, 2, edit(0, 10, 0, 10, "x"))
    assert settle(client, URI, 2) == []
    client.leave()


def test_full_text_change(context):
    client = start(context, "utf-16")
    client.open(URI, "let a = )\n")
    assert client.diagnostics(URI, 1)
    client.change(URI, 2, {"text": "let a = 1\n"})
    assert client.diagnostics(URI, 2) == []
    # A full text and a range in one message, in order.
    client.change(URI, 3, {"text": "let b = \n"}, edit(0, 8, 0, 8, "2"))
    assert client.diagnostics(URI, 3) == []
    client.leave()


def test_change_without_open(context):
    client = start(context, "utf-16")
    client.change(URI, 2, edit(0, 0, 0, 0, "x"))
    assert "not open" in client.wait_note("window/logMessage")["message"]
    client.close(URI)
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    client.leave()


def test_open_twice_and_close_twice(context):
    client = start(context, "utf-16")
    client.open(URI, "let a = )\n", 1)
    client.open(URI, "let a = 1\n", 5)
    assert client.diagnostics(URI, 5) == []
    client.close(URI)
    client.close(URI)
    client.leave()


def test_version_going_back(context):
    client = start(context, "utf-16")
    client.open(URI, "let a = 1\n", 9)
    assert client.diagnostics(URI, 9) == []
    client.change(URI, 3, edit(0, 8, 0, 9, ")"))
    assert client.diagnostics(URI, 3)
    client.leave()


def test_change_that_cannot_be_applied(context):
    for change in ({"range": {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "x"},
                   {"range": {"start": {"line": 0.5, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "x"},
                   {"range": {}, "text": "x"}, {"range": 5, "text": "x"}, {"text": 5}, {}, 5):
        client = start(context, "utf-16")
        client.open(URI, "let a = )\n")
        assert client.diagnostics(URI, 1)
        client.change(URI, 2, change)
        # What was said is taken back, the user is told, and requests say why they fail.
        assert "cannot be followed" in client.wait_note("window/showMessage")["message"]
        assert client.diagnostics(URI) == []
        assert client.fails("textDocument/hover",
                            {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}) == -32803
        client.change(URI, 3, {"text": "let b = )\n"})
        assert client.diagnostics(URI, 3)
        client.leave()


def test_lone_surrogate_and_nul_keep_positions(context):
    client = start(context, "utf-16")
    for version, text in ((1, "// \ud834 \0 x\n)"), (2, "// \udd1e\ud834 \0\0\n)")):
        # Escaped, as editors do: the raw bytes would not be UTF-8.
        client.send_bytes(frame(json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
            "textDocument": {"uri": URI, "languageId": "harn", "version": version, "text": text}}})))
        assert error_place(client, URI, version) == (1, 0)
        expected = "".join("\ufffd" if 0xd800 <= ord(c) < 0xe000 else c for c in text)
        assert text_of(client, URI) == expected
    client.change(URI, 3, edit(0, 3, 0, 5, "yz"))
    assert text_of(client, URI).startswith("// yz ")
    client.leave()


def test_documents_of_other_languages(context):
    client = start(context, "utf-16")
    client.open("file:///w/readme.md", "let = )", language="markdown")
    assert client.diagnostics("file:///w/readme.md", 1) == []
    assert client.at("hover", "file:///w/readme.md", 0, 0) is None
    client.leave()


def test_names_of_one_file(context):
    client = start(context, "utf-16")
    client.open("file:///w/x%20y/a.harn", "let a = )\n")
    uri = client.wait_note("textDocument/publishDiagnostics")["uri"]
    assert uri == "file:///w/x%20y/a.harn", "as the client wrote it"
    client.change("file:///w/./x y/%61.harn", 2, {"text": "let a = 1\n"})
    assert client.diagnostics(uri, 2) == []
    client.leave()


def test_untitled_documents(context):
    client = start(context, "utf-16")
    client.open("untitled:Untitled-1", "let a = )\n")
    assert client.diagnostics("untitled:Untitled-1", 1)
    client.leave()
