"""Names that lie (attacks S3 and S5): URIs and imports that point where nobody should look."""
import json
import os
import tempfile
import time

from targets import frame

# Names that must be refused with InvalidParams, in every request that takes one.
REFUSED = {
    "empty": "", "no_scheme": "/etc/passwd", "relative": "file:a.harn", "relative_host": "file://a.harn",
    "other_host": "file://host/share/a.harn", "other_host_smb": "file://10.0.0.1/c$/a.harn", "percent_nul": "file:///w/a%00.harn",
    "nul": "file:///w/a\0b.harn", "percent_cut": "file:///w/%", "percent_one": "file:///w/%4", "percent_bad": "file:///w/%zz",
    "percent_latin1": "file:///w/%E9", "percent_overlong": "file:///w/%C0%AF..%C0%AF", "percent_surrogate": "file:///w/%ED%A0%80",
    "long_100k": "file:///" + "a/" * 50000, "long_percent": "file:///" + "%41" * 50000, "untitled_nul": "untitled:%00",
    "colon_only": ":", "space": " ", "number": 5, "null": None, "list": ["file:///a"], "object": {"path": "/a"}, "true": True,
}

# Names that are fine, however odd; the server opens documents under them and never looks at the disk for it.
ACCEPTED = {
    "dots": "file:///w/../../../../etc/passwd", "percent_dots": "file:///w/%2e%2e%2f%2e%2e%2fetc/passwd", "proc": "file:///proc/self/environ",
    "zero": "file:///dev/zero", "root": "file:///", "localhost": "file://localhost/w/a.harn", "capitals": "FILE:///w/a.harn",
    "query": "file:///w/a.harn?x=1#y", "backslash": "file:///w\\a.harn", "drive": "file:///c%3A/w/a.harn", "space": "file:///w/a b.harn",
    "unicode": "file:///w/größe.harn", "percent_unicode": "file:///w/gr%C3%B6%C3%9Fe.harn", "newline": "file:///w/a%0Ab.harn",
    "lone_surrogate": "file:///w/\\ud834.harn", "untitled": "untitled:Untitled-1", "git": "git:/w/a.harn?%7B%22ref%22%3A%22%22%7D",
    "http": "http://127.0.0.1:1/a.harn", "javascript": "javascript:alert(1)", "command": "command:workbench.action.terminal.new",
    "data": "data:text/plain,let%20a", "jar": "jar:file:///a.jar!/b", "vscode_remote": "vscode-remote://ssh/w/a.harn", "x": "x:",
    "long_16k": "file:///" + "b" * 16000,
}


def tests(Target):
    if Target.name != "lsp":
        return
    for name, uri in REFUSED.items():
        yield "refused_" + name, (lambda path, uri=uri: refused(Target, path, uri))
    for name, uri in ACCEPTED.items():
        yield "accepted_" + name, (lambda path, uri=uri: accepted(Target, path, uri))
    for name, make in IMPORTS.items():
        yield "import_" + name, (lambda path, make=make: hostile_import(Target, path, make))
    yield "roots", lambda path: roots(Target, path)


def document(uri):
    return {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}


def refused(Target, path, uri):
    target = Target(path)
    for number, method in enumerate(("hover", "definition", "documentSymbol", "completion", "semanticTokens/full")):
        target.process.send_bytes(frame(json.dumps(
            {"jsonrpc": "2.0", "id": "r%d" % number, "method": "textDocument/" + method, "params": document(uri)})))
        answer = target.until("r%d" % number)[-1]
        assert answer["error"]["code"] == -32602, answer
    for method, params in (("didOpen", {"textDocument": {"uri": uri, "languageId": "harn", "version": 1, "text": "let a = ("}}),
                           ("didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": ""}]}),
                           ("didSave", {"textDocument": {"uri": uri}}), ("didClose", {"textDocument": {"uri": uri}})):
        target.process.send_bytes(frame(json.dumps({"jsonrpc": "2.0", "method": "textDocument/" + method, "params": params})))
    seen = target.ping()
    assert not any(m.get("method") == "textDocument/publishDiagnostics" for m in seen), seen
    target.end()


def accepted(Target, path, uri):
    target = Target(path)
    target.process.send_bytes(frame(json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
        "textDocument": {"uri": uri, "languageId": "harn", "version": 1, "text": "import \"x\"\nlet a = (\n"}}})))
    seen = []
    limit = time.monotonic() + 10
    while not any(m.get("method") == "textDocument/publishDiagnostics" for m in seen):
        assert time.monotonic() < limit, seen
        seen += target.ping()
    note = next(m for m in seen if m.get("method") == "textDocument/publishDiagnostics")
    expected = json.loads(json.dumps(uri)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert note["params"]["uri"] == expected, note["params"]["uri"]
    assert note["params"]["diagnostics"]
    target.process.send_bytes(frame(json.dumps(
        {"jsonrpc": "2.0", "id": "h", "method": "textDocument/hover", "params": document(uri)})))
    assert "error" not in target.until("h")[-1]
    target.end()


# ---- imports: each makes what the import points at and returns the text of the import

MARK = "charn_secret_8c1f"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def link(folder, outside, name, to):
    os.symlink(to, os.path.join(folder, name))


def import_file_link(folder, outside):
    write(os.path.join(outside, "secret.txt"), "let %s = (\n" % MARK)
    link(folder, outside, "x.harn", os.path.join(outside, "secret.txt"))
    return "x"


def import_harn_link(folder, outside):
    write(os.path.join(outside, "secret.harn"), "let %s = (\npub fn %s() {}\n" % (MARK, MARK))
    link(folder, outside, "x.harn", os.path.join(outside, "secret.harn"))
    return "x"


def import_folder_link(folder, outside):
    write(os.path.join(outside, "secret.harn"), "pub fn %s() {}\n" % MARK)
    link(folder, outside, "sub", outside)
    return "sub/secret"


def import_link_loop(folder, outside):
    link(folder, outside, "x.harn", os.path.join(folder, "x.harn"))
    return "x"


def import_fifo(folder, outside):
    os.mkfifo(os.path.join(folder, "x.harn"))
    return "x"


def import_folder(folder, outside):
    os.mkdir(os.path.join(folder, "x.harn"))
    return "x"


def import_socket(folder, outside):
    import socket
    path = os.path.join(folder, "x.harn")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
    return "x"


def import_device_link(folder, outside):
    link(folder, outside, "x.harn", "/dev/zero")
    return "x"


def import_environment_link(folder, outside):
    link(folder, outside, "x.harn", "/proc/self/environ")
    return "x"


def import_unreadable(folder, outside):
    write(os.path.join(folder, "x.harn"), "let a = 1\n")
    os.chmod(os.path.join(folder, "x.harn"), 0)
    return "x"


def import_huge(folder, outside):
    with open(os.path.join(folder, "x.harn"), "wb") as file:
        file.truncate(8 * 1024 * 1024 * 1024)
    return "x"


def import_50_mb(folder, outside):
    write(os.path.join(folder, "x.harn"), "let a = 1 // 50 MB\n" * (50 * 1024 * 1024 // 19))
    return "x"


def import_not_utf8(folder, outside):
    with open(os.path.join(folder, "x.harn"), "wb") as file:
        file.write(b"let a = \"\xff\xfe\"\n\x00\x80")
    return "x"


def import_chain(folder, outside):
    for i in range(500):
        write(os.path.join(folder, "c%d.harn" % i), "import \"c%d\"\n" % (i + 1))
    return "c0"


def import_wide_cycle(folder, outside):
    for i in range(40):
        write(os.path.join(folder, "w%d.harn" % i), "".join("pub import \"w%d\"\n" % k for k in range(40)))
    return "w0"


def text_of_import(text):
    return lambda folder, outside: text


IMPORTS = {
    "file_link_out": import_file_link, "harn_link_out": import_harn_link, "folder_link_out": import_folder_link,
    "link_loop": import_link_loop, "fifo": import_fifo, "folder": import_folder, "socket": import_socket,
    "device_link": import_device_link, "environment_link": import_environment_link, "unreadable": import_unreadable,
    "huge": import_huge, "50_mb": import_50_mb, "not_utf8": import_not_utf8, "chain": import_chain, "wide_cycle": import_wide_cycle,
    "device": text_of_import("/dev/zero"), "random": text_of_import("/dev/urandom"), "tty": text_of_import("/dev/tty"),
    "environment": text_of_import("/proc/self/environ"), "memory": text_of_import("/proc/self/mem"),
    "passwd": text_of_import("/etc/passwd"), "passwd_dots": text_of_import("../" * 40 + "etc/passwd"),
    "dots_only": text_of_import(".."), "dot": text_of_import("."), "slash": text_of_import("/"), "empty": text_of_import(""),
    "nul": text_of_import("a\\u{0}b"), "self": text_of_import("main"), "long": text_of_import("a/" * 50000),
    "long_name": text_of_import("a" * 5000), "url": text_of_import("https://127.0.0.1:1/a.harn"),
    "std_dots": text_of_import("std/../../../etc/passwd"), "home": text_of_import("~/.ssh/id_rsa"),
}


def hostile_import(Target, path, make):
    os.environ["CHARN_SECRET"] = MARK
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as outside:
        text = make(folder, outside)
        target = Target(path, greet=False)
        target.process.send({"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": {
            "rootUri": "file://" + folder, "capabilities": {}}})
        target.until("i")
        uri = "file://%s/main.harn" % folder
        target.process.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": uri, "languageId": "harn", "version": 1, "text": "import \"%s\"\n\nlet a = (\n" % text}}})
        seen = []
        limit = time.monotonic() + 20
        while not any(m.get("method") == "textDocument/publishDiagnostics" for m in seen):
            assert time.monotonic() < limit, "no diagnostics"
            seen += target.ping(20)
        for number, (method, column) in enumerate((("hover", 9), ("definition", 9), ("completion", 8))):
            line = 2 if method == "completion" else 0
            target.process.send({"jsonrpc": "2.0", "id": "q%d" % number, "method": "textDocument/" + method, "params": {
                "textDocument": {"uri": uri}, "position": {"line": line, "character": column}}})
            seen += target.until("q%d" % number, 20)
        told = json.dumps(seen)
        assert MARK not in told, "text of a file outside the workspace was passed on"
        assert "root:x:0" not in told
        target.check_memory(0, 96)
        target.end()


def roots(Target, path):
    """Folders of all kinds: nothing is scanned, nothing hangs."""
    for root in ("file:///", "file:///proc", "file:///dev", "untitled:x", "file:///no/such/folder", "file:///w/%00", "", 5, None,
                 "file:///" + "a/" * 20000):
        target = Target(path, greet=False)
        start = time.monotonic()
        target.process.send_bytes(frame(json.dumps({"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": {
            "rootUri": root, "workspaceFolders": [{"uri": root, "name": "x"}] * 300, "capabilities": {}}})))
        assert "result" in target.until("i")[-1]
        target.ping()
        assert time.monotonic() - start < 5
        target.end()
