#!/usr/bin/env python3
"""A server on loopback for the tests of the network: HTTP that is slow, cut, redirected, chunked, failing, or a stream of
events. Says `PORT` on its first line; ends when its standard input does.

    /echo                     method, path, headers and body as JSON
    /status/N                 that status; /retry/NAME/N: 503 for the first N times, then 200; /limited/NAME: 429 with Retry-After: 0 once
    /redirect/N               N redirects, then /echo; /redirect-to?URL: one to that URL, with the status in ?code=
    /together/NAME/N          answers when N requests for NAME are there
    /slow/MS                  answers after MS milliseconds; /drip/N/MS: N chunks, MS apart
    /drop                     closes the connection without an answer; /cut: announces 100 bytes and sends 10
    /big/N                    N bytes; /gzip: a compressed body; /binary: bytes that are no UTF-8
    /events                   three events, one of them over several lines; /events-cut: cut in the middle of one
"""
import gzip
import json
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

COUNTS = {}
LOCK = threading.Lock()


def count(name):
    with LOCK:
        COUNTS[name] = COUNTS.get(name, 0) + 1
        return COUNTS[name]


BARRIERS = {}
BARRIERS_LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status=200, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def begin_chunks(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def cut(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        parts = self.path.split("?")[0].strip("/").split("/")
        method = getattr(self, "do_path_" + parts[0].replace("-", "_"), None)
        if method:
            method(parts[1:], body)
        else:
            self.answer(404, b"nothing here")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

    def do_path_echo(self, parts, body):
        headers = {k.lower(): v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "accept-encoding")}
        seen = {"method": self.command, "path": self.path, "headers": headers, "body": body.decode("utf-8", "replace")}
        self.answer(200, json.dumps(seen).encode(), [("Content-Type", "application/json")])

    def do_path_status(self, parts, body):
        self.answer(int(parts[0]), b"status " + parts[0].encode())

    def do_path_retry(self, parts, body):
        n = count(parts[0])
        self.answer(503 if n <= int(parts[1]) else 200, b"try %d" % n)

    def do_path_limited(self, parts, body):
        n = count(parts[0])
        self.answer(429 if n == 1 else 200, b"try %d" % n, [("Retry-After", "0")])

    def do_path_redirect(self, parts, body):
        n = int(parts[0])
        self.answer(302, b"", [("Location", "/redirect/%d" % (n - 1) if n > 1 else "/echo")])

    def do_path_redirect_to(self, parts, body):
        code, target = self.path.split("?", 1)[1].split("&", 1)
        self.answer(int(code), b"", [("Location", target)])

    def do_path_together(self, parts, body):
        """/together/NAME/N: answers when N requests for this name are there, or tells that they did not come."""
        with BARRIERS_LOCK:
            barrier = BARRIERS.setdefault(parts[0], threading.Barrier(int(parts[1])))
        try:
            barrier.wait(30)
            self.answer(200, b"together")
        except threading.BrokenBarrierError:
            self.answer(200, b"alone")

    def do_path_slow(self, parts, body):
        time.sleep(int(parts[0]) / 1000)
        self.answer(200, b"slept")

    def do_path_drip(self, parts, body):
        self.begin_chunks("text/plain")
        for i in range(int(parts[0])):
            self.chunk(b"part %d;" % i)
            time.sleep(int(parts[1]) / 1000)
        self.chunk(b"")

    def do_path_drop(self, parts, body):
        self.cut()

    def do_path_cut(self, parts, body):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"0123456789")
        self.cut()

    def do_path_big(self, parts, body):
        self.answer(200, b"x" * int(parts[0]))

    def do_path_gzip(self, parts, body):
        self.answer(200, gzip.compress(b"was compressed"), [("Content-Encoding", "gzip")])

    def do_path_binary(self, parts, body):
        self.answer(200, b"\xff\x00\xfe", [("Content-Type", "application/octet-stream")])

    def do_path_events(self, parts, body):
        self.begin_chunks("text/event-stream")
        self.chunk(b": hello\n\nevent: first\nid: 7\ndata: o")
        self.chunk(b"ne\n\ndata: two\r\ndata: lines\r\n\r\ndata: \xc3")
        self.chunk(b"\xa9\n\n")
        self.chunk(b"")

    def do_path_events_cut(self, parts, body):
        self.begin_chunks("text/event-stream")
        self.chunk(b"data: one\n\ndata: tw")
        self.cut()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
