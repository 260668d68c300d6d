#!/usr/bin/env python3
"""Web sockets against a peer that is not charn: `websocket.py --charn build/dev/charn`.

The peer is written here, with nothing but sockets, so that it can also do what a good peer never does.
"""
import argparse
import base64
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
failures = 0


def check(title, got, wanted):
    global failures
    if got != wanted:
        failures += 1
        print("FAIL %s\n  got    %r\n  wanted %r" % (title, got, wanted))


def frame(opcode, data, is_last=True, mask=None, bits=0):
    head = bytes([(0x80 if is_last else 0) | bits | opcode])
    flag = 0x80 if mask is not None else 0
    if len(data) < 126:
        head += bytes([flag | len(data)])
    elif len(data) <= 0xFFFF:
        head += bytes([flag | 126]) + struct.pack(">H", len(data))
    else:
        head += bytes([flag | 127]) + struct.pack(">Q", len(data))
    if mask is None:
        return head + data
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data))


class Peer:
    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        connection.settimeout(20)

    def take(self, count):
        while len(self.buffer) < count:
            more = self.connection.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            more = self.connection.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head.decode()

    def read(self):
        first, second = self.take(2)
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        mask = self.take(4) if second & 0x80 else None
        data = self.take(length)
        if mask:
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        return first & 0x0F, data, mask is not None


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def run_to_end(charn, program, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "p.harn")
        open(path, "w").write(program)
        done = subprocess.run([charn, "run", path, "--", *arguments], cwd=folder, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        if "Sanitizer" in done.stderr:
            raise SystemExit(done.stderr)
        return done.stdout.splitlines()


CLIENT = """
let socket = try { websocket_connect(argv[0], {headers: {"X-Mine": "yes"}, max_message_bytes: 1000, timeout_ms: 5000}) } catch (e) { println("error: ${e}"); exit(0) }
%s
"""
RECEIVE = 'try { println(websocket_receive(socket, 5000)) } catch (e) { println("error: ${e}") }\n'


def as_server(charn, title, script, program, wanted, answer=None):
    """charn is the client; `script` is what the peer does once the connection stands."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen = {}

    def serve():
        peer = Peer(listener.accept()[0])
        try:
            head = peer.head()
            seen["head"] = head
            key = next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
            good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % accept_key(key)
            peer.connection.sendall((answer or good).encode())
            script(peer, seen)
        except (EOFError, OSError) as error:
            seen["error"] = repr(error)
        peer.connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    output = run_to_end(charn, CLIENT % program, "ws://127.0.0.1:%d/a/b?q=1" % listener.getsockname()[1])
    thread.join()
    listener.close()
    check(title, output, wanted)
    return seen


def test_client(charn):
    def talk(peer, seen):
        seen["first"] = peer.read()
        # A head and the first frame may come as one; parts with a ping between them; the longest lengths.
        peer.connection.sendall(frame(1, b"he", False) + frame(9, b"beat") + frame(0, b"llo"))
        seen["pong"] = peer.read()
        peer.connection.sendall(frame(2, b"\x00\xff") + frame(1, "é".encode() * 100))
        for byte in frame(1, b"slow"):
            peer.connection.sendall(bytes([byte]))
        peer.connection.sendall(frame(8, struct.pack(">H", 1001) + b"bye"))
        seen["close"] = peer.read()

    seen = as_server(charn, "client", talk, 'websocket_send(socket, "hi")\n' + RECEIVE * 7, [
        "{data_base64: YmVhdA==, type: ping}", "{data: hello, type: text}", "{data_base64: AP8=, type: binary}",
        "{data: %s, type: text}" % ("é" * 100), "{data: slow, type: text}", "{code: 1001, reason: bye, type: close}", "nil"])
    check("request", (seen["head"].split("\r\n")[0], "X-Mine: yes" in seen["head"]), ("GET /a/b?q=1 HTTP/1.1", True))
    check("masked", seen["first"], (1, b"hi", True))
    check("pong", seen["pong"], (10, b"beat", True))
    check("close", seen["close"], (8, struct.pack(">H", 1001), True))


def test_bad_servers(charn):
    def send(data):
        def script(peer, seen):
            peer.connection.sendall(data)
            seen["end"] = peer.read()
        return script

    for title, data, text, code in (
            ("reserved bit", frame(1, b"x", bits=0x40), "a reserved bit is set", 1002),
            ("unknown kind", frame(3, b"x"), "an unknown kind of frame", 1002),
            ("masked", frame(1, b"x", mask=b"abcd"), "a server's frame is masked", 1002),
            ("long control", frame(9, b"x" * 126), "a control frame is too long or in parts", 1002),
            ("control in parts", frame(9, b"x", False), "a control frame is too long or in parts", 1002),
            ("part of nothing", frame(0, b"x"), "parts of a message are out of order", 1002),
            ("message in a message", frame(1, b"x", False) + frame(1, b"y"), "parts of a message are out of order", 1002),
            ("too long", frame(1, b"x" * 1001), "message exceeded max_message_bytes (1000)", 1009),
            ("too long in parts", frame(1, b"x" * 600, False) + frame(0, b"x" * 600), "message exceeded max_message_bytes (1000)", 1009),
            ("huge length", bytes([0x81, 127]) + b"\x7f" + b"\xff" * 7, "message exceeded max_message_bytes (1000)", 1009),
            ("no UTF-8", frame(1, b"\xff\xfe"), "a text is not UTF-8", 1007)):
        seen = as_server(charn, title, send(data), RECEIVE * 2, ["error: websocket_receive: " + text, "nil"])
        check(title + ": told", struct.unpack(">H", seen.get("end", (0, b"\0\0"))[1][:2])[0], code)
    as_server(charn, "cut", lambda peer, seen: peer.connection.sendall(frame(1, b"whole")[:3]), RECEIVE, ["nil"])
    as_server(charn, "refused", lambda peer, seen: None, "", ["error: websocket_connect: failed: the server answered HTTP/1.1 403 Forbidden"],
              "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    as_server(charn, "wrong key", lambda peer, seen: None, "",
              ["error: websocket_connect: failed: the server answered HTTP/1.1 101 Switching Protocols"],
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n")
    output = run_to_end(charn, CLIENT % "", "ws://127.0.0.1:1/")
    check("nobody", len(output) == 1 and output[0].startswith("error: websocket_connect: failed: "), True)


SERVER = """
let server = websocket_server("127.0.0.1:0")
websocket_route(server, "/chat", {max_message_bytes: 1000, auth: {bearer: "secret"}})
println(server.addr)
let socket = websocket_accept(server, 20000)
println("${socket.path} ${socket.headers["x-mine"]}")
while true {
  let message = try { websocket_receive(socket, 10000) } catch (e) { println("error: ${e}"); break }
  println(message)
  if message == nil || message.type == "close" { break }
  if message.type == "text" { websocket_send(socket, message.data) }
}
"""


def upgrade(port, path="/chat", **headers):
    connection = socket.create_connection(("127.0.0.1", port))
    fields = {"Host": "x", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
              "Sec-WebSocket-Version": "13", "Authorization": "Bearer secret", "X-Mine": "yes"}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    text = "GET %s HTTP/1.1\r\n" % path + "".join("%s: %s\r\n" % field for field in fields.items() if field[1] is not None) + "\r\n"
    connection.sendall(text.encode())
    peer = Peer(connection)
    return peer, peer.head().split("\r\n")


def test_server(charn):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "p.harn")
        open(path, "w").write(SERVER)
        process = subprocess.Popen([charn, "run", path], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        for title, arguments, status in (
                ("unknown path", {"path": "/other"}, "404"), ("no token", {"Authorization": None}, "401"),
                ("wrong token", {"Authorization": "Bearer secre"}, "401"), ("old version", {"Sec_WebSocket_Version": "8"}, "426"),
                ("no upgrade", {"Upgrade": None}, "400"), ("no key", {"Sec_WebSocket_Key": None}, "400")):
            check(title, upgrade(port, **arguments)[1][0].split(" ")[1], status)
        stray = socket.create_connection(("127.0.0.1", port))
        stray.sendall(b"nonsense\r\n\r\n")
        stray.close()
        peer, head = upgrade(port)
        check("upgraded", (head[0], "Sec-WebSocket-Accept: " + accept_key("AAAAAAAAAAAAAAAAAAAAAA==") in head),
              ("HTTP/1.1 101 Switching Protocols", True))
        peer.connection.sendall(frame(1, b"one", mask=b"abcd"))
        check("echo", peer.read(), (1, b"one", False))
        peer.connection.sendall(frame(1, b"x" * 1000, mask=b"\0\0\0\0"))
        check("long echo", peer.read(), (1, b"x" * 1000, False))
        peer.connection.sendall(frame(1, b"bare"))
        check("unmasked", struct.unpack(">H", peer.read()[1][:2])[0], 1002)
        output, errors = process.communicate(timeout=60)
        check("server", output.splitlines(), ["/chat yes", "{data: one, type: text}", "{data: %s, type: text}" % ("x" * 1000),
                                              "error: websocket_receive: a client's frame is not masked"])
        check("silent", errors, "")


def test_tls(charn):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                               "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate], capture_output=True)
        check("certificate", made.returncode, 0)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            for _ in range(2):
                try:
                    peer = Peer(context.wrap_socket(listener.accept()[0], server_side=True))
                    head = peer.head()
                    name = next(line.split(": ", 1)[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
                    peer.connection.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                             "Sec-WebSocket-Accept: %s\r\n\r\n" % accept_key(name)).encode())
                    opcode, data, _ = peer.read()
                    peer.connection.sendall(frame(opcode, data * 1000))
                    peer.read()
                except (EOFError, OSError):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        output = run_to_end(charn, """
let trusted = websocket_connect(argv[0], {tls: {ca_bundle_path: argv[1]}})
websocket_send(trusted, "secret")
println(len(websocket_receive(trusted, 5000).data))
websocket_close(trusted)
try { websocket_connect(argv[0]) } catch (e) { println(to_string(e).starts_with("websocket_connect: failed: ")) }
""", "wss://127.0.0.1:%d/" % listener.getsockname()[1], certificate)
        check("tls", output, ["6000", "true"])
        thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    charn = os.path.abspath(parser.parse_args().charn)
    for test in (test_client, test_bad_servers, test_server, test_tls):
        test(charn)
    print("%d failed checks" % failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
