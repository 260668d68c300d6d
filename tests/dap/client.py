"""A debug adapter client for tests: starts charn-dap, sends requests, keeps every message it hears.

Waiting is always for something named and with a deadline; nothing sleeps. Lines of a program are named by comments:
`x = 1 // @here` is `lines["here"]`.
"""
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

DEADLINE_S = float(os.environ.get("CHARN_TEST_DEADLINE", "20"))


class Failure(AssertionError):
    pass


class Closed(Exception):
    pass


class Client:
    """One session over stdio, or over TCP when `port` is given."""

    def __init__(self, command, port=None, cwd=None, env=None, token=None, delay_s=0):
        self.delay_s = delay_s  # once, after the answer to configurationDone: a client that is slow to read
        self.process = None
        self.socket = None
        self.token = token
        self.errors = ""
        self.good_codes = {0}  # with which the adapter may end
        if port is None:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, cwd=cwd, env=env)
            self.out, self.inp = self.process.stdin, self.process.stdout
        else:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
            self.out = self.inp = self.socket.makefile("rwb")
        self.messages = queue.Queue()
        self.events = []       # not yet asked for
        self.all = []          # everything, in order
        self.responses = {}
        self.seq = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        try:
            while True:
                length = None
                while True:
                    line = self.inp.readline()
                    if not line:
                        raise EOFError
                    if line in (b"\r\n", b"\n"):
                        break
                    name, _, value = line.decode().partition(":")
                    if name.strip().lower() == "content-length":
                        length = int(value)
                body = self.inp.read(length)
                if len(body) < length:
                    raise EOFError
                message = json.loads(body)
                self.messages.put(message)
                if self.delay_s and message.get("command") == "configurationDone":
                    time.sleep(self.delay_s)
        except (EOFError, OSError, ValueError):
            self.messages.put(None)

    def _next(self, deadline):
        left = deadline - time.monotonic()
        try:
            message = self.messages.get(timeout=max(left, 0.001))
        except queue.Empty:
            last = "\n".join(json.dumps(message)[:300] for message in self.all[-4:])
            raise Failure("nothing came for %.0f s; last messages:\n%s" % (DEADLINE_S, last))
        if message is None:
            self.messages.put(None)
            raise Closed("the adapter closed the connection; stderr: %s" % self.stderr())
        self.all.append(message)
        if message["type"] == "event":
            self.events.append(message)
        elif message["type"] == "response":
            self.responses[message["request_seq"]] = message
        return message

    def stderr(self):
        if not self.process:
            return ""
        if self.process.stderr.closed:
            return self.errors
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            return "(still running)"
        return self.process.stderr.read().decode("utf-8", "replace")

    def write(self, data):
        self.out.write(data)
        self.out.flush()

    def send(self, command, arguments=None, seq=None):
        self.seq += 1
        number = self.seq if seq is None else seq
        message = {"seq": number, "type": "request", "command": command}
        if arguments is not None:
            message["arguments"] = arguments
        body = json.dumps(message).encode()
        header = b"Content-Length: %d\r\n" % len(body)
        if self.token and self.seq == 1:
            header += b"Charn-Token: %s\r\n" % self.token.encode()
        self.write(header + b"\r\n" + body)
        return number

    def answer(self, number, deadline_s=None):
        deadline = time.monotonic() + (deadline_s or DEADLINE_S)
        while number not in self.responses:
            self._next(deadline)
        return self.responses[number]

    def ask(self, command, **arguments):
        """The whole response, successful or not."""
        return self.answer(self.send(command, arguments))

    def request(self, command, **arguments):
        """The body of a successful response."""
        response = self.ask(command, **arguments)
        if not response["success"]:
            raise Failure("%s failed: %s" % (command, response.get("message")))
        return response.get("body") or {}

    def refuse(self, command, **arguments):
        """The message of a response that must be an error."""
        response = self.ask(command, **arguments)
        if response["success"]:
            raise Failure("%s succeeded: %s" % (command, response.get("body")))
        return response["message"]

    def wait(self, *names):
        """The next event with one of these names that was not taken yet; earlier other events stay."""
        seen = 0
        while True:
            for i in range(seen, len(self.events)):
                if self.events[i]["event"] in names:
                    return self.events.pop(i)
            seen = len(self.events)
            self._next(time.monotonic() + DEADLINE_S)

    def stopped(self, reason=None):
        event = self.wait("stopped", "terminated")
        if event["event"] == "terminated":
            raise Failure("the program ended instead of stopping; output: %r" % self.output())
        body = event["body"]
        if reason and body["reason"] != reason:
            raise Failure("stopped because of %s, not %s" % (body["reason"], reason))
        return body

    def output(self, category="stdout"):
        return "".join(m["body"]["output"] for m in self.all
                       if m["type"] == "event" and m["event"] == "output" and m["body"].get("category") == category)

    def close(self):
        """Ends the connection; a client that owns its adapter waits for the adapter's end."""
        try:
            # A pipe or socket is not closed while the reader waits in it: that would wait for the reader.
            if self.socket:
                self.socket.shutdown(socket.SHUT_RDWR)
            else:
                self.out.close()
        except OSError:
            pass
        try:
            if self.process:
                self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("the adapter outlives its client")
        finally:
            self.reader.join(10)
            self.inp.close()
            if self.socket:
                self.socket.close()
            if self.process:
                self.errors = self.stderr()
                self.process.stderr.close()

    # ---- what most tests do ----

    def initialize(self, **more):
        return self.request("initialize", adapterID="harn", **dict(
            {"linesStartAt1": True, "columnsStartAt1": True, "supportsVariableType": True}, **more))

    def start(self, program, breakpoints=(), files=None, launch=None, filters=None):
        """initialize, launch, breakpoints, configurationDone; returns the answers to the breakpoints."""
        self.initialize()
        self.request("launch", program=program, **(launch or {}))
        answers = self.set_breakpoints(program, breakpoints) if breakpoints else []
        for path, lines in (files or {}).items():
            answers += self.set_breakpoints(path, lines)
        if filters is not None:
            self.request("setExceptionBreakpoints", filters=filters)
        self.request("configurationDone")
        return answers

    def set_breakpoints(self, path, lines):
        items = [line if isinstance(line, dict) else {"line": line} for line in lines]
        return self.request("setBreakpoints", source={"path": path}, breakpoints=items)["breakpoints"]

    def frames(self, thread=1, **more):
        return self.request("stackTrace", threadId=thread, **more)["stackFrames"]

    def scope(self, name, frame):
        for scope in self.request("scopes", frameId=frame["id"])["scopes"]:
            if scope["name"] == name:
                return scope["variablesReference"]
        return None

    def variables(self, name="Locals", frame=None, thread=1):
        frame = frame or self.frames(thread)[0]
        reference = self.scope(name, frame)
        if reference is None:
            return {}
        return {v["name"]: v for v in self.request("variables", variablesReference=reference)["variables"]}

    def values(self, name="Locals", frame=None, thread=1):
        return {k: v["value"] for k, v in self.variables(name, frame, thread).items()}

    def step(self, command, thread=1, **more):
        self.request(command, threadId=thread, **more)
        body = self.stopped("step")
        return self.frames(body["threadId"])[0]

    def resume(self, thread=1):
        self.request("continue", threadId=thread)

    def finish(self):
        """Lets the program run to its end; returns the exit code."""
        code = self.wait("exited")["body"]["exitCode"]
        self.wait("terminated")
        return code


class Workspace:
    """A fresh folder with programs in it."""

    def __init__(self):
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="charn-dap-"))

    def add(self, name, text):
        text = text.lstrip("\n")
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        lines = {}
        for number, line in enumerate(text.split("\n"), 1):
            for mark in re.findall(r"// @(\w+)", line):
                lines[mark] = number
        return path, lines

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


def expect(condition, text):
    if not condition:
        raise Failure(text)


def same(got, wanted, what):
    if got != wanted:
        raise Failure("%s: %r instead of %r" % (what, got, wanted))
