#!/usr/bin/env python3
"""A debug adapter that plays back one recorded run: that of fixture/main.harn.

It lets the debugger tests be proved without the real adapter, and to fail when an adapter misbehaves. It speaks on its
standard streams, or on TCP with --port N. CHARN_STUB_FAULT tells what to do wrong:
  exit        ends at once, before it reads anything
  silent      reads everything and never answers
  no-stop     runs past every breakpoint
  wrong-line  reports each line one too low
  no-end      never says that the program has ended
"""
import json
import os
import socket
import sys

FAULT = os.environ.get("CHARN_STUB_FAULT", "")
KITCHEN = {"name": '"kitchen"', "width": "3", "height": "4"}
HALL = {"name": '"hall"', "width": "2", "height": "6"}
ROOMS = [KITCHEN, HALL]
MAIN = ("default", "main.harn")
TOTAL = ("total", "main.harn")
AREA = ("area", "geometry.harn")
COLUMNS = {(TOTAL, 6): 5, (TOTAL, 7): 5}
SIMPLE = ("launch", "configurationDone", "setExceptionBreakpoints", "setFunctionBreakpoints", "continue", "next", "stepIn", "stepOut",
          "terminate", "disconnect")


def record():
    """The steps of the run: [(function, file), line, depth, locals]."""
    steps = [[MAIN, 13, 0, {"task": "nil"}], [MAIN, 14, 0, {"task": "nil", "rooms": ROOMS}], [TOTAL, 4, 1, {"rooms": ROOMS}]]
    total = 0
    for room in ROOMS:
        width, height = int(room["width"]), int(room["height"])
        here = {"rooms": ROOMS, "sum": str(total)}
        steps.append([TOTAL, 5, 1, here])
        here = dict(here, room=room)
        steps.append([TOTAL, 6, 1, here])
        steps.append([AREA, 3, 2, {"width": str(width), "height": str(height)}])
        here = dict(here, size=str(width * height))
        steps.append([TOTAL, 7, 1, here])
        total += width * height
    steps.append([TOTAL, 5, 1, {"rooms": ROOMS, "sum": str(total)}])
    steps.append([TOTAL, 9, 1, {"rooms": ROOMS, "sum": str(total)}])
    steps.append([MAIN, 15, 0, {"task": "nil", "rooms": ROOMS, "result": str(total)}])
    return steps


class Adapter:
    def __init__(self, reader, writer):
        self.reader, self.writer, self.sequence = reader, writer, 0
        self.breakpoints, self.references = {}, []
        self.steps, self.at, self.launch, self.folder = record(), -1, {}, ""

    def send(self, message):
        self.sequence += 1
        body = json.dumps({"seq": self.sequence, **message}).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.writer.flush()

    def event(self, name, **body):
        self.send({"type": "event", "event": name, "body": body})

    def read(self):
        length = None
        while True:
            line = self.reader.readline()
            if not line:
                return None
            if line == b"\r\n":
                return json.loads(self.reader.read(length))
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)

    def go(self, reason, wanted):
        """Plays on to the first step that is `wanted`, or to the end of the program."""
        for index in range(self.at + 1, len(self.steps)):
            step = self.steps[index]
            hit = step[1] in self.breakpoints.get(step[0][1], ()) and FAULT != "no-stop" and not self.launch.get("noDebug")
            if hit or wanted(step):
                self.at, self.references = index, []
                self.event("stopped", reason="breakpoint" if hit else reason, threadId=1, allThreadsStopped=True)
                return
        self.event("output", category="stdout", output="total: 24\n")
        if FAULT != "no-end":
            self.event("exited", exitCode=0)
            self.event("terminated")

    def frames(self):
        """The stack at this step: for each function that is still running, its latest step, the innermost first."""
        frames, depth = [], self.steps[self.at][2] + 1
        for index in range(self.at, -1, -1):
            step = self.steps[index]
            if step[2] < depth:
                frames.append((index, step))
                depth = step[2]
        return frames

    def describe(self, name, value):
        reference = 0
        if isinstance(value, (dict, list)):
            self.references.append(value)
            reference = len(self.references)
            text = json.dumps(value).replace("\\\"", "").replace("\"", "")
        else:
            text = value
        return {"name": name, "value": text, "variablesReference": reference}

    def answer(self, command, arguments):
        if command == "initialize":
            return {"supportsConfigurationDoneRequest": True, "supportsEvaluateForHovers": True, "supportsTerminateRequest": True}
        if command == "setBreakpoints":
            file = os.path.basename(arguments["source"]["path"])
            lines = [point["line"] for point in arguments.get("breakpoints", [])]
            self.breakpoints[file] = set(lines)
            return {"breakpoints": [{"verified": True, "line": line} for line in lines]}
        if command == "threads":
            return {"threads": [{"id": 1, "name": "main"}]}
        if command == "stackTrace":
            shift = 1 if FAULT == "wrong-line" else 0
            frames = [{"id": index + 1, "name": step[0][0], "line": step[1] + shift, "column": COLUMNS.get((step[0], step[1]), 3),
                       "source": {"name": step[0][1], "path": os.path.join(self.folder, step[0][1])}}
                      for index, step in self.frames()]
            return {"stackFrames": frames, "totalFrames": len(frames)}
        if command == "scopes":
            self.references.append(self.steps[arguments["frameId"] - 1][3])
            return {"scopes": [{"name": "Locals", "presentationHint": "locals", "variablesReference": len(self.references), "expensive": False}]}
        if command == "variables":
            value = self.references[arguments["variablesReference"] - 1]
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            return {"variables": [self.describe(str(name), item) for name, item in pairs]}
        if command == "evaluate":
            here = self.steps[self.at][3]
            known = {name: int(value) for name, value in here.items() if isinstance(value, str) and value.isdigit()}
            if arguments["expression"] in here:
                return dict(self.describe("", here[arguments["expression"]]), result=str(here[arguments["expression"]]))
            return {"result": str(known.get("sum", 0) + len(ROOMS)), "variablesReference": 0}
        return {} if command in SIMPLE else NotImplemented

    def serve(self):
        while True:
            message = self.read()
            if message is None:
                return 0
            if FAULT == "silent":
                continue
            command, arguments = message["command"], message.get("arguments") or {}
            if command == "launch":
                self.launch, self.folder = arguments, os.path.dirname(arguments["program"])
                if not os.path.exists(arguments["program"]):
                    self.send({"type": "response", "request_seq": message["seq"], "command": command, "success": False,
                               "message": "there is no file " + arguments["program"]})
                    continue
            body = self.answer(command, arguments)
            if body is NotImplemented:
                self.send({"type": "response", "request_seq": message["seq"], "command": command, "success": False,
                           "message": "unknown request " + command})
                continue
            self.send({"type": "response", "request_seq": message["seq"], "command": command, "success": True, "body": body})
            if command == "initialize":
                self.event("initialized")
            elif command == "configurationDone":
                entry = self.launch.get("stopOnEntry") and not self.launch.get("noDebug")
                self.go("entry", lambda step: entry)
            elif command == "continue":
                self.go("breakpoint", lambda step: False)
            elif command in ("next", "stepIn", "stepOut"):
                depth = self.steps[self.at][2] + {"next": 0, "stepIn": 1000, "stepOut": -1}[command]
                self.go("step", lambda step: step[2] <= depth)
            elif command == "terminate":
                self.event("terminated")
            elif command == "disconnect":
                return 0


def main():
    if FAULT == "exit":
        return 3
    words = [word for word in sys.argv[1:] if word]
    if words[:1] == ["--port"]:
        with socket.create_server(("127.0.0.1", int(words[1]))) as server:
            print("listening on 127.0.0.1:%d" % server.getsockname()[1], file=sys.stderr, flush=True)
            connection, _ = server.accept()
            return Adapter(connection.makefile("rb"), connection.makefile("wb")).serve()
    return Adapter(sys.stdin.buffer, sys.stdout.buffer).serve()


if __name__ == "__main__":
    sys.exit(main())
