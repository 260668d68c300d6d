"""Floods and stuck readers (attacks S21 and S22): memory stays bounded, and who asks is answered."""
import json
import threading
import time

from targets import frame, is_sanitized


def tests(Target):
    yield "unknown_messages", unknown_messages(Target)
    yield "reader_that_stops", reader_that_stops(Target)
    if Target.name == "lsp":
        for run in (LSP_TESTS):
            yield run.__name__, (lambda path, run=run: run(Target, path))


def unknown_messages(Target):
    def run(path):
        """100,000 messages that mean nothing; then a question."""
        target = Target(path)
        piece = frame(target.wrap("1")) * 1000
        target.ping()
        before = target.process.rss_kib()
        for _ in range(100):
            target.process.send_bytes(piece)
        target.ping(60)
        assert is_sanitized(path) or target.process.rss_kib() < before + 8 * 1024
        target.end()
    return run


def reader_that_stops(Target):
    def run(path):
        """The client asks and asks and does not read. The server stops listening instead of piling up answers, and goes
        on where it was once the client reads again."""
        target = Target(path)
        target.process.hold_reading()
        sent = []
        ended = threading.Event()

        def ask():
            try:
                for _ in range(200):
                    data = b"".join(target.ping_bytes()[0] for _ in range(1000))
                    target.process.send_bytes(data)
                    sent.append(1000)
            finally:
                ended.set()
        asker = threading.Thread(target=ask, daemon=True)
        asker.start()
        ended.wait(4)
        if not is_sanitized(path):
            assert target.process.peak_rss_kib() < 160 * 1024, target.process.peak_rss_kib()
        assert target.process.is_alive()
        target.process.go_on_reading()
        ended.wait(60)
        assert sum(sent) == 200000
        target.until(target.last_id, 60)
        target.end()
    return run


def did_open(uri, text, version=1):
    return {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
        "textDocument": {"uri": uri, "languageId": "harn", "version": version, "text": text}}}


def did_change(uri, text, version):
    return {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
        "textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}}


def many_open_documents(Target, path):
    """20,000 documents are opened: those beyond the limit are refused, the others work."""
    target = Target(path)
    data = b"".join(frame(did_open("file:///w/%d.harn" % i, "let a = %d\n" % i)) for i in range(20000))
    sender = threading.Thread(target=target.process.send_bytes, args=(data,), daemon=True)
    sender.start()
    sender.join(120)
    seen = target.ping(120)
    logs = [m for m in seen if m.get("method") == "window/logMessage"]
    assert logs and "10,000" in logs[0]["params"]["message"], logs[:1]
    target.check_memory(len(data), 400)
    target.end()


def more_text_than_the_limit(Target, path):
    """300 MiB of open text: what does not fit is refused."""
    target = Target(path)
    text = "x" * (10 * 1024 * 1024)
    logs = []
    for i in range(30):
        target.process.send(did_open("file:///w/%d.txt" % i, text))
        logs += [m for m in target.ping(30) if m.get("method") == "window/logMessage"]
    assert len(logs) == 5 and "256 MiB" in logs[0]["params"]["message"], len(logs)
    target.end()


def one_file_of_15_mb(Target, path):
    """Too large to be analysed: it is said so, and edits still work."""
    target = Target(path)
    uri = "file:///w/big.harn"
    text = "let a = 1 // some text that is here to be long enough\n" * (15 * 1024 * 1024 // 55)
    target.process.send(did_open(uri, text))
    notes = []
    while not notes:
        notes = [m for m in target.ping(30) if m.get("method") == "textDocument/publishDiagnostics"]
    found = notes[0]["params"]["diagnostics"]
    assert len(found) == 1 and "4 MiB" in found[0]["message"] and found[0]["severity"] == 3, found
    target.process.send({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
        "textDocument": {"uri": uri, "version": 2}, "contentChanges": [
            {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}, "text": "var"}]}})
    target.process.send(did_change(uri, "let a = \n", 3))
    notes = []
    while not any(m["params"].get("version") == 3 for m in notes):
        notes = [m for m in target.ping(30) if m.get("method") == "textDocument/publishDiagnostics"]
    assert notes[-1]["params"]["diagnostics"][0]["severity"] == 1
    target.check_memory(len(text), 160)
    target.end()


def changes_without_rest(Target, path):
    """20,000 changes as fast as they go, a hover among each hundred: every hover is answered, and memory stays flat."""
    target = Target(path)
    uri = "file:///w/a.harn"
    body = "fn f(x: int) -> int {\n  return x + 1\n}\n" * 50
    target.process.send(did_open(uri, body))
    target.ping()
    before = target.process.rss_kib()
    wanted = set()
    slow = 0.0
    for i in range(200):
        data = b"".join(frame(did_change(uri, "let a = %d\n%s" % (i * 100 + k, body), i * 100 + k + 2)) for k in range(100))
        data += frame({"jsonrpc": "2.0", "id": "h%d" % i, "method": "textDocument/hover",
                       "params": {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 4}}})
        wanted.add("h%d" % i)
        start = time.monotonic()
        target.process.send_bytes(data)
        while "h%d" % i in wanted:
            message = target.process.receive(30)
            wanted.discard(message.get("id"))
        slow = max(slow, time.monotonic() - start)
    assert not wanted
    target.ping(30)
    assert is_sanitized(path) or target.process.rss_kib() < before + 24 * 1024, (before, target.process.rss_kib())
    assert slow < 5, slow
    target.end()


def requests_and_cancels(Target, path):
    """5,000 requests that must wait, each cancelled or not: every one is answered exactly once."""
    target = Target(path)
    uri = "file:///w/a.harn"
    target.process.send(did_open(uri, "fn f(x: int) -> int {\n  return x + 1\n}\n" * 3000))
    data = b""
    for i in range(5000):
        data += frame({"jsonrpc": "2.0", "id": i + 10000, "method": "textDocument/documentSymbol",
                       "params": {"textDocument": {"uri": uri}}}) if i < 20 else frame(
            {"jsonrpc": "2.0", "id": i + 10000, "method": "textDocument/hover",
             "params": {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 3}}})
        if i % 2:
            data += frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": i + 10000}})
    target.process.send_bytes(data)
    answers = {}
    while len(answers) < 5000:
        message = target.process.receive(60)
        if isinstance(message.get("id"), int) and message["id"] >= 10000:
            assert message["id"] not in answers, "answered twice"
            answers[message["id"]] = message.get("error", {}).get("code", 0)
    kinds = set(answers.values())
    assert kinds <= {0, -32800, -32803}, kinds
    target.ping()
    target.end()


LSP_TESTS = (many_open_documents, more_text_than_the_limit, one_file_of_15_mb, changes_without_rest, requests_and_cancels)
