"""Beginning and end: what may be said when, and how the process leaves."""
import os
import signal
import subprocess
import sys
import time

from client import frame

URI = "file:///w/a.harn"


def test_initialize_answers_with_capabilities(context):
    client = context.client()
    capabilities = client.info["capabilities"]
    assert client.info["serverInfo"]["name"] == "charn-lsp"
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["textDocumentSync"]["openClose"] is True
    for name in ("hoverProvider", "definitionProvider", "documentSymbolProvider"):
        assert capabilities[name] is True, name
    assert "." in capabilities["completionProvider"]["triggerCharacters"]
    assert "function" in capabilities["semanticTokensProvider"]["legend"]["tokenTypes"]
    client.leave()


def test_every_advertised_request_is_known(context):
    client = context.client()
    client.open(URI, "let a = 1\n")
    here = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 4}}
    for provider, method in {"hoverProvider": "hover", "definitionProvider": "definition",
                             "documentSymbolProvider": "documentSymbol", "completionProvider": "completion",
                             "semanticTokensProvider": "semanticTokens/full"}.items():
        assert provider in client.info["capabilities"]
        client.request("textDocument/" + method, here)


def test_request_before_initialize(context):
    client = context.client(start=False)
    assert client.fails("textDocument/hover", {}) == -32002
    assert client.fails("shutdown") == -32002
    assert client.fails("no/such/method") == -32002
    client.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "text": "", "version": 1, "languageId": "harn"}})
    client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    # What came too early was not heard.
    assert client.fails("textDocument/hover", {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}) == -32602
    client.leave()


def test_watched_files_are_asked_for_where_that_is_possible(context):
    client = context.client(capabilities={"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    client.leave()
    asked = [message for message in client.requests if message["method"] == "client/registerCapability"]
    assert len(asked) == 1, client.requests
    registration = asked[0]["params"]["registrations"][0]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"]["watchers"] == [{"globPattern": "**/*.harn"}]
    plain = context.client(capabilities={})
    plain.leave()
    assert not plain.requests


def test_second_initialize(context):
    client = context.client()
    assert client.fails("initialize", {"capabilities": {}}) == -32600
    client.leave()


def test_initialize_without_params(context):
    client = context.client(start=False)
    assert client.fails("initialize") == -32602
    assert client.fails("initialize", [1]) == -32602
    client.request("initialize", {"capabilities": {}})
    client.leave()


def test_after_shutdown_only_exit(context):
    client = context.client()
    assert client.request("shutdown") is None
    assert client.fails("shutdown") == -32600
    assert client.fails("textDocument/hover", {}) == -32600
    assert client.fails("no/such/method") == -32600
    client.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "text": "let", "version": 1, "languageId": "harn"}})
    client.notify("exit")
    assert client.wait() == 0


def test_exit_without_shutdown(context):
    client = context.client()
    client.notify("exit")
    assert client.wait() == 1


def test_exit_before_initialize(context):
    client = context.client(start=False)
    client.notify("exit")
    assert client.wait() == 1


def test_end_of_input_ends_the_process_soon(context):
    client = context.client()
    start = time.monotonic()
    client.close_input()
    assert client.wait() == 1
    assert time.monotonic() - start < 1
    assert "without 'exit'" in "".join(client.errors)


def test_end_of_input_after_shutdown(context):
    client = context.client()
    client.request("shutdown")
    client.close_input()
    assert client.wait() == 0


def test_end_of_input_before_a_word(context):
    client = context.client(start=False)
    client.close_input()
    assert client.wait() == 0


def test_end_of_input_while_analysing(context):
    client = context.client()
    client.open(URI, "fn f(x: int) -> int {\n  return x + 1\n}\n" * 20000)
    client.close_input()
    assert client.wait() == 1


def test_leaves_when_the_client_process_is_gone(context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    client = context.client(process_id=child.pid)
    assert client.is_alive()
    child.kill()
    child.wait()
    assert client.wait(5) == 1
    assert "is gone" in "".join(client.errors)


def test_leaves_when_the_process_named_on_the_command_line_is_gone(context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    client = context.client(start=False, args=("--stdio", "--clientProcessId=%d" % child.pid))
    child.kill()
    child.wait()
    assert client.wait(5) == 1


def test_stays_while_the_client_process_lives(context):
    client = context.client(process_id=os.getpid())
    time.sleep(1.2)
    client.leave()


def test_unknown_methods(context):
    client = context.client()
    assert client.fails("textDocument/noSuchThing", {}) == -32601
    assert client.fails("$/noSuchThing") == -32601
    client.notify("$/noSuchThing", {})
    client.notify("noSuchThing", [1, 2])
    client.leave()


def test_requests_sent_as_notifications_are_not_answered(context):
    client = context.client()
    client.notify("shutdown")
    client.notify("textDocument/hover", {})
    client.leave()


def test_notifications_sent_as_requests_are_refused(context):
    client = context.client()
    assert client.fails("textDocument/didOpen", {}) == -32601
    assert client.fails("exit") == -32601
    client.leave()


def test_ids_come_back_byte_for_byte(context):
    client = context.client()
    for text in ("0", "-7", "9007199254740993", "123456789012345678901234567890", "1.50", "1e3", '"abc"', '"\\u00e9"',
                 '"9007199254740993"', '""'):
        client.send_bytes(frame('{"jsonrpc":"2.0","id":%s,"method":"no/such"}' % text))
        message = client.receive()
        # The parsed form loses digits, so the raw text is looked at by the attack tests; here the value must be equal.
        import json
        assert message["id"] == json.loads(text), (message, text)
        assert message["error"]["code"] == -32601
    client.leave()


def test_ids_of_other_kinds_are_refused(context):
    client = context.client()
    for text in ("true", "[1]", '{"a":1}'):
        client.send_bytes(frame('{"jsonrpc":"2.0","id":%s,"method":"shutdown"}' % text))
        message = client.receive()
        assert message["id"] is None and message["error"]["code"] == -32600, message
    client.leave()


def test_messages_that_are_no_requests(context):
    client = context.client()
    for text, code in (('{"id":1,"method":"shutdown"}', -32600), ('{"jsonrpc":"1.0","id":1,"method":"shutdown"}', -32600),
                       ('{"jsonrpc":"2.0","id":1}', -32600), ('{"jsonrpc":"2.0","id":1,"method":5}', -32600),
                       ('{"jsonrpc":"2.0","id":1,"method":"shutdown","params":3}', -32602), ("[]", -32600), ("3", -32600),
                       ('[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]', -32600), ("", -32700), ("{", -32700)):
        client.send_bytes(frame(text))
        while True:
            message = client.receive()
            if "method" not in message:
                break
        assert message["error"]["code"] == code, (text, message)
    client.leave()


def test_answers_to_nothing_are_ignored(context):
    client = context.client()
    client.send({"jsonrpc": "2.0", "id": 77, "result": None})
    client.send({"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": "no"}})
    client.leave()


def test_cancel_of_unknown_requests(context):
    client = context.client()
    for params in ({"id": 5}, {"id": "x"}, {"id": None}, {}, None, {"id": 1e300}):
        client.notify("$/cancelRequest", params)
    client.leave()


def test_command_line(context):
    def run(*args):
        return subprocess.run([context.server, *args], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith("charn-lsp ")
    assert "Exit codes" in run("--help").stdout
    wrong = run("--nonsense")
    assert wrong.returncode == 2 and "--nonsense" in wrong.stderr
    assert run("--clientProcessId=x").returncode == 2
    assert run().returncode == 0


def test_standard_input_from_a_file(context):
    import tempfile
    with tempfile.TemporaryFile() as script:
        script.write(frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}))
        script.write(frame({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}))
        script.write(frame({"jsonrpc": "2.0", "method": "exit"}))
        script.seek(0)
        done = subprocess.run([context.server], stdin=script, capture_output=True, timeout=20)
    assert done.returncode == 0, done
    assert done.stdout.count(b"Content-Length") == 2


def test_sigterm_ends_it(context):
    client = context.client()
    client.process.send_signal(signal.SIGTERM)
    assert client.wait() != 0


def test_gone_client_while_answers_wait(context):
    """The client closes the end that it reads from, and goes on asking."""
    process = subprocess.Popen([context.server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    question = frame({"jsonrpc": "2.0", "id": 1, "method": "no/such"})
    process.stdin.write(question * 2000)
    process.stdout.close()
    try:
        process.stdin.write(question * 2000)
        process.stdin.close()
    except BrokenPipeError:
        pass
    try:
        assert process.wait(10) in (0, 1)
    finally:
        process.kill()
