"""Clients that misbehave: requests in any order, made-up arguments, leaving at any moment.

The random sessions are seeded: a failure names its session, and `CHARN_FUZZ_SESSIONS=5:6` runs that one alone. What must
hold: each request is answered once, with its own command; the adapter lives until it is told to go and ends well; and a
program that was only looked at prints what it prints without a debugger.
"""
import os
import random

from client import Closed, Failure, expect, same

PROGRAM = """
import { double } from "./lib"

var seen = 0
let limit = 3

struct Item {
  name: string
  tags: list
}

fn fact(n) {
  if n < 2 {
    return 1
  }
  return n * fact(n - 1)
}

gen fn numbers(n) {
  for i in 0 to n {
    emit i
  }
}

fn risky(n) {
  defer { println("left risky ${n}") }
  if n > 1 {
    throw "too much: ${n}"
  }
  return n
}

pipeline default(task) {
  let item = Item {name: "é\\n", tags: [1, [2, {a: nil}]]}
  var xs = []
  for i in 0 to limit {
    xs = xs.push(double(i))
    seen = seen + 1
  }
  println(xs.map({ x -> x + fact(4) }))
  for n in numbers(3) {
    println("n ${n}")
  }
  let handles = [1, 2].map({ n -> spawn { sleep(n)
    n * 10 } })
  println(handles.map({ h -> await(h) }))
  println(parallel each [1, 2, 3] { n -> n * n })
  for n in [1, 2] {
    try {
      println(risky(n))
    } catch (e) {
      println("caught ${e}")
    } finally {
      println("finally ${n}")
    }
  }
  let c = channel("c", 1)
  spawn { send(c, item.name) }
  println(receive(c))
  println("end ${seen} ${len(item.tags)}")
}
"""
LIBRARY = """
pub fn double(n) {
  let twice = n * 2
  return twice
}
"""
LINES = PROGRAM.lstrip("\n").count("\n") + 3
RESUMING = ("continue", "next", "stepIn", "stepOut")
EXPRESSIONS = ("n", "i", "1 + 1", "limit", "[limit, {a: limit}]", "xs", "item.tags[1]", "fact(5)", "1 +", "", "nowhere", "xs.map({ x -> x * 2 })", "throw 1",
               "println(1)", "seen = 5", "(fn() { while true { } })()", "item", "\u0000", "{", "é", "numbers(2)")


def sessions(default):
    first, _, last = os.environ.get("CHARN_FUZZ_SESSIONS", "0:%d" % default).partition(":")
    return range(int(first), int(last or int(first) + 1))


class Player:
    """One random session. With `looks_only` nothing that it asks for may change what the program prints."""

    def __init__(self, session, seed, path, library, looks_only):
        self.random = random.Random(seed)
        self.path, self.library, self.looks_only = path, library, looks_only
        self.client = session.client()
        self.sent = {}
        self.threads, self.frames, self.references = [1], [1], [1]

    def pick(self, *choices):
        return self.random.choice(choices)

    def number(self, known):
        """Mostly a number that means something, sometimes any."""
        if known and self.random.random() < 0.8:
            return self.random.choice(known[-8:])
        return self.pick(0, -1, 1, 2**31 - 1, 2**53, 1e300, "x", None, [], 77)

    def send(self, command, **arguments):
        self.sent[self.client.send(command, {k: v for k, v in arguments.items() if v is not None})] = command

    def breakpoints(self):
        out = []
        for _ in range(self.random.randrange(4)):
            item = {"line": self.random.randint(1, LINES)}
            if self.random.random() < 0.3:
                item["condition"] = self.pick(*EXPRESSIONS)
            if self.random.random() < 0.2:
                item["hitCondition"] = self.pick("2", ">= 2", "% 2", "nonsense", "9" * 30)
            if self.random.random() < 0.2:
                item["logMessage"] = self.pick("at {n} {{x}}", "{", "}", "{nowhere}", "{seen + 1")
            if self.random.random() < 0.1:
                item["column"] = self.random.randint(1, 30)
            out.append(item)
        if self.random.random() < 0.1:
            out.append(self.pick({}, {"line": "x"}, 7, None, []))
        return out

    def look(self):
        """A request that changes nothing."""
        command = self.pick("threads", "stackTrace", "scopes", "variables", "evaluate", "setBreakpoints", "exceptionInfo",
                            "setExceptionBreakpoints", "setFunctionBreakpoints", "breakpointLocations", "pause", "made/up",
                            "evaluate", "variables")
        r = self.random
        if command == "stackTrace":
            self.send(command, threadId=self.number(self.threads), startFrame=self.pick(None, 0, 1, 2**31 - 1),
                      levels=self.pick(None, 0, 1, 20, -1))
        elif command == "scopes":
            self.send(command, frameId=self.number(self.frames))
        elif command == "variables":
            self.send(command, variablesReference=self.number(self.references), start=self.pick(None, 0, 1, 2**31 - 1),
                      count=self.pick(None, 0, 1, 2**31 - 1), filter=self.pick(None, "named", "indexed", "x"))
        elif command == "evaluate":
            self.send(command, expression=self.pick(*EXPRESSIONS), frameId=self.number(self.frames),
                      context=self.pick("hover", "watch", "clipboard", None))
        elif command == "setBreakpoints":
            self.send(command, source={"path": self.pick(self.path, self.path, self.library, "/nowhere", "")},
                      breakpoints=self.breakpoints())
        elif command == "setExceptionBreakpoints":
            self.send(command, filters=r.sample(["caught", "uncaught", "x"], r.randrange(3)))
        elif command == "setFunctionBreakpoints":
            self.send(command, breakpoints=[{"name": self.pick("fact", "double", "numbers", "no", "")}])
        elif command == "breakpointLocations":
            self.send(command, source={"path": self.path}, line=self.pick(1, 20, 0, -5), endLine=self.pick(None, 40, 2**31 - 1))
        elif command == "pause":
            self.send(command, threadId=1)
        else:
            self.send(command)

    def act(self):
        command = self.pick("restartFrame", "setVariable", "evaluate", "terminate", "launch", "initialize", "configurationDone")
        if command == "restartFrame":
            self.send(command, frameId=self.number(self.frames))
        elif command == "setVariable":
            self.send(command, variablesReference=self.number(self.references), name=self.pick("n", "xs", "seen", "no"),
                      value=self.pick("1", "nil", "[1]", "1 +", "xs"))
        elif command == "evaluate":
            self.send(command, expression=self.pick(*EXPRESSIONS), frameId=self.number(self.frames), context="repl")
        elif command == "launch":
            self.send(command, program=self.path)
        elif self.random.random() < 0.3 or command != "terminate":
            self.send(command)

    def resume(self):
        self.send(self.pick(*RESUMING), threadId=self.number(self.threads),
                  granularity=self.pick(None, "statement", "line", "instruction"))

    def learn(self):
        """Remembers the numbers in what has been answered."""
        for message in self.client.all[-30:]:
            body = message.get("body") or {}
            self.threads += [t["id"] for t in body.get("threads", [])]
            self.frames += [f["id"] for f in body.get("stackFrames", [])]
            for item in body.get("scopes", []) + body.get("variables", []):
                self.references.append(item["variablesReference"])
            if message.get("event") in ("stopped", "thread"):
                self.threads.append(body["threadId"])

    def inspect(self):
        """Waits for the stop and looks around as an editor does, so that later moves have numbers that mean something."""
        def ask(command, what, **arguments):
            # The event may be of an earlier stop, and the program far away.
            return (self.client.ask(command, **arguments).get("body") or {}).get(what, [])

        event = self.client.wait("stopped", "terminated")
        if event["event"] == "terminated":
            return
        for frame in ask("stackTrace", "stackFrames", threadId=event["body"]["threadId"], levels=self.pick(1, 3, 20)):
            self.frames.append(frame["id"])
            for scope in ask("scopes", "scopes", frameId=frame["id"]):
                self.references.append(scope["variablesReference"])
                for item in ask("variables", "variables", variablesReference=scope["variablesReference"]):
                    self.references.append(item["variablesReference"])

    def play(self, moves):
        wild = self.random.random() < 0.2 and not self.looks_only
        if not wild:
            self.client.initialize()
            self.send("launch", program=self.path, stopOnEntry=self.pick(True, False))
            self.send("setBreakpoints", source={"path": self.path}, breakpoints=self.breakpoints())
            self.send("configurationDone")
            if self.random.random() < 0.8:
                self.inspect()
        for _ in range(moves):
            chance = self.random.random()
            if wild and chance < 0.2:
                self.send("initialize", adapterID="x")
            if chance < 0.45:
                self.resume()
            elif chance < 0.85 or self.looks_only:
                self.look()
            else:
                self.act()
            if self.random.random() < 0.6:
                answer = self.client.answer(max(self.sent))
                if answer["command"] in RESUMING and answer["success"] and self.random.random() < 0.8:
                    self.inspect()
                self.learn()

    def settle(self):
        """Every request sent so far is answered, once, with its own command."""
        for number, command in self.sent.items():
            response = self.client.answer(number)
            same(response["command"], command, "the answer to %d" % number)
            expect(response["success"] or response["message"], "%s fails with a reason" % command)
        same(sum(m["type"] == "response" and m["request_seq"] in self.sent for m in self.client.all), len(self.sent),
             "answers")
        numbers = [m["seq"] for m in self.client.all]
        same(numbers, sorted(set(numbers)), "sequence numbers")


def programs(session):
    library, _ = session.program(LIBRARY, "lib.harn")
    path, _ = session.program(PROGRAM)
    return path, library


def test_random_sessions(session):
    path, library = programs(session)
    for seed in sessions(120):
        player = Player(session, seed, path, library, looks_only=False)
        try:
            player.play(player.random.randint(5, 40))
            player.settle()
            leaving = player.pick("disconnect", "close")
            if leaving == "disconnect":
                player.client.request("disconnect")
                player.client.process.wait(10)
            player.client.close()
            same(player.client.process.returncode, 0, "exit code: %s" % player.client.errors)
        except Exception as error:
            raise Failure("session %d: %s %s" % (seed, type(error).__name__, error)) from error


def test_being_looked_at_changes_nothing(session):
    path, library = programs(session)
    plain = session.client()
    plain.start(path)
    same(plain.finish(), 0, "exit code: %s" % plain.output("stderr"))
    for seed in sessions(60):
        player = Player(session, seed, path, library, looks_only=True)
        try:
            player.play(player.random.randint(5, 40))
            player.settle()
            c = player.client
            c.request("setFunctionBreakpoints", breakpoints=[])
            for file in (path, library):
                c.set_breakpoints(file, [])
            c.request("setExceptionBreakpoints", filters=[])
            while not any(m.get("event") == "terminated" for m in c.all):
                c.ask("continue", threadId=1)
                c.wait("stopped", "terminated")
            same(c.output(), plain.output(), "output")
            same([m["body"]["exitCode"] for m in c.all if m.get("event") == "exited"], [0], "exit code")
            c.close()
            same(c.process.returncode, 0, "exit code of the adapter: %s" % c.errors)
        except Exception as error:
            raise Failure("session %d: %s %s" % (seed, type(error).__name__, error)) from error


def test_leaving_at_every_point(session):
    """A client that closes its end after any message, or within one, takes the adapter with it."""
    path, library = programs(session)
    script = [("initialize", {"adapterID": "x"}), ("launch", {"program": path}),
              ("setBreakpoints", {"source": {"path": path}, "breakpoints": [{"line": 35}]}), ("configurationDone", {}),
              ("threads", {}), ("stackTrace", {"threadId": 1}), ("scopes", {"frameId": 1}), ("next", {"threadId": 1}),
              ("evaluate", {"expression": "fact(3)", "frameId": 1}), ("continue", {"threadId": 1}), ("disconnect", {})]
    for count in range(len(script) + 1):
        for waits in (True, False):
            for tail in (b"", b"Content-Length: 30\r\n\r\n{\"seq\": 1,"):
                c = session.client()
                c.good_codes = {0, 1}
                try:
                    for command, arguments in script[:count]:
                        number = c.send(command, arguments)
                        if waits:
                            c.answer(number)
                    c.write(tail)
                except (Closed, OSError):
                    expect(count == len(script), "left before the end: %s" % c.errors)
                c.close()
                expect(c.process.returncode in c.good_codes and "Sanitizer" not in c.errors,
                       "after %d messages: %d %s" % (count, c.process.returncode, c.errors))
