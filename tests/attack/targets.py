"""The two servers as targets: how to greet one, and how to find out whether it still listens."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lsp"))
from client import Gone, Process, frame, is_sanitized  # noqa: E402

MIB = 1024


class Target:
    name = None

    def __init__(self, path, greet=True):
        self.path = path
        self.process = Process([path])
        self.last_id = 0
        if greet:
            self.greet()

    def request_text(self, request_id):
        raise NotImplementedError

    def reply_id(self, message):
        raise NotImplementedError

    def ping_bytes(self):
        """A request that is always answered, and its id."""
        self.last_id += 1
        return frame(self.request_text(self.last_id)), self.last_id

    def ping(self, wait_s=10):
        """True when the server answers; the messages that came before are returned too."""
        data, wanted = self.ping_bytes()
        self.process.send_bytes(data)
        return self.until(wanted, wait_s)

    def until(self, wanted, wait_s=10):
        seen = []
        while True:
            message = self.process.receive(wait_s)
            seen.append(message)
            if self.reply_id(message) == wanted:
                return seen

    def survives(self, data, pings=1, wait_s=20):
        """Sends hostile bytes, then good requests: the last must be answered. Returns what was said meanwhile."""
        self.process.send_bytes(data)
        wanted = None
        for _ in range(pings):
            ping, wanted = self.ping_bytes()
            self.process.send_bytes(ping)
        return self.until(wanted, wait_s)

    def check_memory(self, received_bytes, bound_mib):
        """The most memory that was ever resident, besides what was received."""
        if is_sanitized(self.path):
            return
        peak = self.process.peak_rss_kib()
        bound = bound_mib * MIB + received_bytes // 1024
        assert peak <= bound, "%s: %d KiB were resident, the bound is %d KiB" % (self.name, peak, bound)

    def end(self):
        self.process.kill()


class Lsp(Target):
    name = "lsp"

    def greet(self):
        self.process.send({"jsonrpc": "2.0", "id": "greet", "method": "initialize", "params": {"capabilities": {}}})
        while self.process.receive().get("id") != "greet":
            pass

    def request_text(self, request_id):
        return '{"jsonrpc":"2.0","id":%d,"method":"charn/ping"}' % request_id

    def reply_id(self, message):
        return message.get("id") if "method" not in message else None

    def wrap(self, value):
        """A message of this protocol that holds foreign JSON text somewhere deep."""
        return '{"jsonrpc":"2.0","method":"charn/nothing","params":{"x":%s}}' % value

    def is_refusal(self, message):
        return message.get("error", {}).get("code") in (-32700, -32600)


class Dap(Target):
    name = "dap"

    def greet(self):
        self.process.send({"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "harn"}})
        while self.process.receive().get("type") != "response":
            pass
        self.last_id = 1

    def request_text(self, request_id):
        return '{"seq":%d,"type":"request","command":"threads"}' % request_id

    def reply_id(self, message):
        return message.get("request_seq") if message.get("type") == "response" else None

    def wrap(self, value):
        return '{"seq":0,"type":"event","event":"nothing","body":{"x":%s}}' % value

    def is_refusal(self, message):
        return message.get("event") == "output" or message.get("success") is False
