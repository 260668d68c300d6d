"""The listening adapter (attack S9): other machines, other users, web pages, a second client."""
import os
import re
import socket
import subprocess
import time

from targets import frame

HELLO = frame('{"seq":1,"type":"request","command":"initialize","arguments":{"adapterID":"harn"}}')


class Listening:
    def __init__(self, path, *args):
        self.process = subprocess.Popen([path, "--port", "0", *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.search(r":(\d+)\b", line) or re.search(r"port (\d+)", line)
        assert found, "no port in %r" % line
        self.port = int(found.group(1))

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), 10)
        client.settimeout(10)
        return client

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def answer(client):
    """What comes back: bytes, or b"" when the other side hung up."""
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def good_session(listening, hello=HELLO):
    """A client that behaves is served, whatever came before it."""
    limit = time.monotonic() + 10
    while True:
        with listening.connect() as client:
            client.sendall(hello)
            got = answer(client)
            if got:
                assert got.startswith(b"Content-Length: ") and b'"initialize"' in got, got
                return
        assert time.monotonic() < limit, "nobody is served"
        time.sleep(0.05)


def served(path):
    with Listening(path) as listening:
        good_session(listening)


def listens_on_loopback_only(path):
    with Listening(path) as listening:
        rows = []
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table) as file:
                rows += [line.split() for line in file if line.split()[3] == "0A"]
        own = [row[1] for row in rows if int(row[1].split(":")[1], 16) == listening.port]
        assert own == ["0100007F:%04X" % listening.port], own


def web_page(words):
    def run(path):
        with Listening(path) as listening:
            with listening.connect() as client:
                client.sendall(words + b" / HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: http://evil.example\r\n"
                                       b"Content-Length: %d\r\n\r\n" % (listening.port, len(HELLO)) + HELLO)
                assert answer(client) == b"", "a web page was answered"
            good_session(listening)
    return run


def garbage_then_good(path):
    with Listening(path) as listening:
        for garbage in (b"\x16\x03\x01\x02\x00\r\n", b"Content-Length: -1\r\n\r\n", b"x" * 5000 + b"\n"):
            with listening.connect() as client:
                client.sendall(garbage)
                assert answer(client) == b""
        good_session(listening)


def second_client(path):
    with Listening(path) as listening:
        with listening.connect() as first:
            first.sendall(HELLO)
            assert answer(first)
            try:
                with listening.connect() as second:
                    second.sendall(HELLO)
                    assert answer(second) == b"", "a second client was served"
            except (ConnectionRefusedError, BrokenPipeError, ConnectionResetError):
                pass


def silent_client_is_joined_by_none(path):
    """One that connects and says nothing does not keep the server for ever."""
    with Listening(path) as listening:
        with listening.connect() as silent:
            silent.sendall(b"Content-Le")
            good_session(listening)


def token(path):
    with_token = HELLO.replace(b"\r\n\r\n", b"\r\nCharn-Token: s3cret\r\n\r\n", 1)
    with Listening(path, "--token", "s3cret") as listening:
        for wrong in (HELLO, HELLO.replace(b"\r\n\r\n", b"\r\nCharn-Token: s3cre\r\n\r\n", 1),
                      HELLO.replace(b"\r\n\r\n", b"\r\nCharn-Token: s3crett\r\n\r\n", 1),
                      HELLO.replace(b"\r\n\r\n", b"\r\nCharn-Token: \r\n\r\n", 1)):
            with listening.connect() as client:
                client.sendall(wrong)
                assert answer(client) == b"", wrong
        good_session(listening, with_token)


def other_user(path):
    if os.getuid() != 0:
        print("      skipped: only root can become another user")
        return
    with Listening(path) as listening:
        child = os.fork()
        if child == 0:
            code = 2
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                with listening.connect() as client:
                    try:
                        client.sendall(HELLO)
                        code = 1 if answer(client) else 0
                    except BrokenPipeError:
                        code = 0
            finally:
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0, "another user was served" if status == 1 else "the other user could not try"
        good_session(listening)


def other_addresses(path):
    for args in (("--host", "0.0.0.0"), ("--host", "::"), ("--host", "192.0.2.1"), ("--host", "localhost"), ("--host", ""),
                 ("--host", "0.0.0.0", "--unsafe-remote")):
        done = subprocess.run([path, "--port", "0", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        assert done.returncode != 0 and done.stderr, (args, done)


def tests(Target):
    if Target.name != "dap":
        return
    for run in (served, listens_on_loopback_only, garbage_then_good, second_client, silent_client_is_joined_by_none, token,
                other_user, other_addresses):
        yield run.__name__, run
    for words in (b"GET", b"POST", b"PRI", b"OPTIONS"):
        yield "web_page_" + words.decode().lower(), web_page(words)
