"""A small client for protocol tests: one server process, messages in and out, nothing hidden.

It is used for the language server and, by tests/attack, for the debug adapter too: both speak Content-Length frames.
Every wait has a limit, and every test ends its process.
"""
import json
import os
import queue
import subprocess
import threading
import time

WAIT_S = float(os.environ.get("CHARN_TEST_WAIT_S", "20"))


def frame(body, headers=""):
    if not isinstance(body, bytes):
        body = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode("utf-8", "surrogatepass")
    return b"Content-Length: %d\r\n%s\r\n" % (len(body), headers.encode()) + body


class Gone(Exception):
    """The server ended or closed its output."""


class Process:
    """A framed server: raw bytes in, parsed messages out."""

    def __init__(self, command, env=None, cwd=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        bufsize=0, env=env, cwd=cwd)
        self.messages = queue.Queue()
        self.errors = []
        self.is_held = threading.Event()
        self.is_held.set()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.error_reader = threading.Thread(target=self._read_errors, daemon=True)
        self.error_reader.start()

    def hold_reading(self):
        """Stop reading the server's output, as a stuck client does."""
        self.is_held.clear()

    def go_on_reading(self):
        self.is_held.set()

    def _read(self):
        out = self.process.stdout
        pending = b""
        try:
            while True:
                while b"\r\n\r\n" not in pending:
                    self.is_held.wait()
                    more = os.read(out.fileno(), 65536)
                    if not more:
                        if pending:
                            self.messages.put(ValueError("output ends inside a header: %r" % pending[:200]))
                        return
                    pending += more
                head, _, pending = pending.partition(b"\r\n\r\n")
                name, _, value = head.partition(b":")
                if name.lower() != b"content-length":
                    self.messages.put(ValueError("output that is no message: %r" % head[:200]))
                    return
                size = int(value)
                parts = [pending]
                have = len(pending)
                while have < size:
                    self.is_held.wait()
                    more = os.read(out.fileno(), 1 << 20)
                    if not more:
                        self.messages.put(ValueError("output ends inside a body"))
                        return
                    parts.append(more)
                    have += len(more)
                whole = b"".join(parts)
                pending = whole[size:]
                self.messages.put(json.loads(whole[:size].decode("utf-8")))
        except Exception as error:  # a reader must never die in silence
            self.messages.put(error)
        finally:
            self.messages.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.decode("utf-8", "replace"))

    def send_bytes(self, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.process.stdin.fileno(), view):]
        except BrokenPipeError:
            raise Gone("the server no longer reads; stderr: " + "".join(self.errors))

    def send(self, message):
        self.send_bytes(frame(message))

    def receive(self, wait_s=None):
        """The next message; Gone at the end of the output, TimeoutError when none comes."""
        try:
            message = self.messages.get(timeout=WAIT_S if wait_s is None else wait_s)
        except queue.Empty:
            raise TimeoutError("no message came; the server is %s; stderr: %s" % (self.state(), "".join(self.errors)))
        if message is None:
            self.messages.put(None)
            raise Gone("the server ended; stderr: " + "".join(self.errors))
        if isinstance(message, Exception):
            raise message
        return message

    def close_input(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def wait(self, wait_s=None):
        """The exit code; fails when the server does not end."""
        try:
            return self.process.wait(WAIT_S if wait_s is None else wait_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not end")

    def state(self):
        """What the process does, for the report of a failure: R running, S sleeping, Z ended; ticks used."""
        try:
            with open("/proc/%d/stat" % self.process.pid) as stat:
                fields = stat.read().rpartition(")")[2].split()
            return "in state %s after %s ticks" % (fields[0], int(fields[11]) + int(fields[12]))
        except OSError:
            return "gone"

    def is_alive(self):
        return self.process.poll() is None

    def status_kib(self, name):
        with open("/proc/%d/status" % self.process.pid) as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        return 0

    def rss_kib(self):
        return self.status_kib("VmRSS")

    def peak_rss_kib(self):
        return self.status_kib("VmHWM")

    def kill(self):
        self.go_on_reading()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        # The readers see the end of their pipes; only then may the descriptors be closed, lest a reader wake up on a
        # number that is another client's by now.
        self.reader.join(10)
        self.error_reader.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass


def is_sanitized(path):
    """Was the program built with a sanitizer? Their shadow memory makes bounds on memory meaningless."""
    with open(path, "rb") as program:
        content = program.read()
    return b"__asan_init" in content or b"__tsan_init" in content


class Failure(Exception):
    """A request that was answered with an error."""

    def __init__(self, error):
        super().__init__("%s: %s" % (error.get("code"), error.get("message")))
        self.code = error.get("code")
        self.text = error.get("message")


FULL_CLIENT = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "publishDiagnostics": {"relatedInformation": True, "tagSupport": {"valueSet": [1, 2]}, "versionSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "semanticTokens": {"requests": {"full": True}, "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"]},
    },
}


class Client(Process):
    """An editor: requests, notifications, and what the server said by itself."""

    def __init__(self, server, capabilities=None, root=None, start=True, options=None, process_id=None, args=()):
        super().__init__([server, *args])
        self.next_id = 0
        self.answers = {}
        self.notes = []
        self.requests = []
        self.info = None
        if start:
            params = {"processId": process_id, "rootUri": root, "capabilities": capabilities or FULL_CLIENT}
            if options is not None:
                params["initializationOptions"] = options
            self.info = self.request("initialize", params)
            self.notify("initialized", {})

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)

    def start_request(self, method, params=None):
        self.next_id += 1
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return self.next_id

    def _take(self, message):
        if "method" in message and "id" not in message:
            self.notes.append(message)
        elif "method" in message:
            self.requests.append(message)
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        else:
            key = json.dumps(message.get("id"))
            assert key not in self.answers or message.get("id") is None, "answered twice: %s" % key
            self.answers.setdefault(key, []).append(message)

    def answer(self, request_id, wait_s=None):
        """The whole answer to a request that was started."""
        key = json.dumps(request_id)
        limit = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
        while key not in self.answers:
            left = limit - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer to %s; stderr: %s" % (key, "".join(self.errors)))
            self._take(self.receive(left))
        message = self.answers[key].pop(0)
        if not self.answers[key]:
            del self.answers[key]
        return message

    def result(self, request_id, wait_s=None):
        message = self.answer(request_id, wait_s)
        if "error" in message:
            raise Failure(message["error"])
        return message["result"]

    def request(self, method, params=None, wait_s=None):
        return self.result(self.start_request(method, params), wait_s)

    def fails(self, method, params=None):
        """The code of the error that a request must be answered with."""
        try:
            result = self.request(method, params)
        except Failure as failure:
            return failure.code
        raise AssertionError("%s succeeded: %r" % (method, result))

    def wait_note(self, method, accept=lambda params: True, wait_s=None):
        """The params of the next notification that fits; taken out of the list."""
        limit = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
        while True:
            for i, note in enumerate(self.notes):
                if note["method"] == method and accept(note["params"]):
                    del self.notes[i]
                    return note["params"]
            left = limit - time.monotonic()
            if left <= 0:
                raise TimeoutError("no %s; got %r; stderr: %s" % (method, self.notes[-5:], "".join(self.errors)))
            self._take(self.receive(left))

    def wait_request(self, method):
        """The params of the server's next request of the method; it was answered with null."""
        limit = time.monotonic() + WAIT_S
        while True:
            for i, request in enumerate(self.requests):
                if request["method"] == method:
                    return self.requests.pop(i).get("params")
            self._take(self.receive(max(0.0, limit - time.monotonic())))

    def has_note(self, method, wait_s=0.5, accept=lambda params: True):
        try:
            self.wait_note(method, accept, wait_s)
            return True
        except TimeoutError:
            return False

    def diagnostics(self, uri, version=None, wait_s=None):
        """The newest diagnostics of a document, at least of the version."""
        params = self.wait_note(
            "textDocument/publishDiagnostics",
            lambda params: params["uri"] == uri and (version is None or params.get("version", -1) == version), wait_s)
        return params["diagnostics"]

    def open(self, uri, text, version=1, language="harn"):
        self.notify("textDocument/didOpen", {
            "textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}})

    def change(self, uri, version, *changes):
        self.notify("textDocument/didChange", {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)})

    def close(self, uri):
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def at(self, method, uri, line, character):
        return self.request("textDocument/" + method, {
            "textDocument": {"uri": uri}, "position": {"line": line, "character": character}})

    def leave(self):
        """shutdown, exit; the exit code must be 0."""
        assert self.request("shutdown") is None
        self.notify("exit")
        code = self.wait()
        assert code == 0, "exit code %s; stderr: %s" % (code, "".join(self.errors))


def edit(start_line, start_character, end_line, end_character, text):
    return {"range": {"start": {"line": start_line, "character": start_character},
                      "end": {"line": end_line, "character": end_character}}, "text": text}
