#!/usr/bin/env python3
"""A debug session as a script: sets a breakpoint, runs to it, prints where the program stands and what its variables
hold, steps, and lets the program end. It speaks the Debug Adapter Protocol with charn-dap over standard input and output,
as an editor does; take it as a start for tools of your own.

    debug_session.py CHARN_DAP PROGRAM.harn LINE [STEPS]
"""
import json
import os
import subprocess
import sys


class Session:
    def __init__(self, adapter):
        self.process = subprocess.Popen([adapter], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.seq = 0
        self.events = []

    def read(self):
        length = 0
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError("the adapter has ended")
            if line in (b"\r\n", b"\n"):
                break
            name, _, value = line.decode().partition(":")
            if name.lower() == "content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length))

    def request(self, command, **arguments):
        """Sends a request and returns the body of its answer; events that come first are kept."""
        self.seq += 1
        body = json.dumps({"seq": self.seq, "type": "request", "command": command, "arguments": arguments}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()
        while True:
            message = self.read()
            if message["type"] == "response" and message["request_seq"] == self.seq:
                if not message["success"]:
                    raise RuntimeError("%s: %s" % (command, message.get("message")))
                return message.get("body", {})
            if message["type"] == "event":
                self.events.append(message)

    def wait(self, *names):
        """The next event with one of these names; prints what the program prints meanwhile."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] == "output" and event["body"].get("category") == "stdout":
                    print("    | " + event["body"]["output"].rstrip("\n").replace("\n", "\n    | "))
                if event["event"] in names:
                    return event
            message = self.read()
            if message["type"] == "event":
                self.events.append(message)


def show(session, thread, source_lines):
    frames = session.request("stackTrace", threadId=thread)["stackFrames"]
    top = frames[0]
    print("stopped in %s at line %d: %s" % (top["name"], top["line"], source_lines[top["line"] - 1].strip()))
    for frame in frames[1:]:
        print("    called from %s, line %d" % (frame["name"], frame["line"]))
    for scope in session.request("scopes", frameId=top["id"])["scopes"]:
        if scope["name"] != "Locals":
            continue
        for variable in session.request("variables", variablesReference=scope["variablesReference"])["variables"]:
            print("    %s = %s" % (variable["name"], variable["value"]))


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    adapter, program, line = sys.argv[1], os.path.abspath(sys.argv[2]), int(sys.argv[3])
    steps = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    with open(program) as f:
        source_lines = f.read().split("\n")
    session = Session(adapter)
    session.request("initialize", adapterID="harn", linesStartAt1=True, columnsStartAt1=True)
    session.request("launch", program=program)
    answer = session.request("setBreakpoints", source={"path": program}, breakpoints=[{"line": line}])
    print("breakpoint: %s" % ("at line %d" % answer["breakpoints"][0]["line"] if answer["breakpoints"][0]["verified"]
                              else answer["breakpoints"][0].get("message", "not verified")))
    session.request("configurationDone")
    for step in range(steps + 1):
        event = session.wait("stopped", "terminated")
        if event["event"] == "terminated":
            break
        thread = event["body"]["threadId"]
        show(session, thread, source_lines)
        session.request("next" if step < steps else "continue", threadId=thread)
    else:
        session.request("setBreakpoints", source={"path": program}, breakpoints=[])
        event = session.wait("terminated", "stopped")
        while event["event"] == "stopped":
            session.request("continue", threadId=event["body"]["threadId"])
            event = session.wait("terminated", "stopped")
    session.request("disconnect")
    session.process.wait(10)


if __name__ == "__main__":
    main()
