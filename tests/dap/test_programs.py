"""Programs that were written for other tests do the same with a debugger: same output, same errors, same exit code.

Every seventh of tests/programs is taken (`CHARN_DAP_PROGRAMS=1` takes all).
"""
import glob
import os

from client import Failure, same

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY = int(os.environ.get("CHARN_DAP_PROGRAMS", "7"))
STOPS_MAX = 200  # after so many the program runs on alone


def programs():
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "..", "programs", "*", "*.harn"))):
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read()
        # Modules, texts with errors, and those that need a command line or a standard input of their own.
        if not os.path.basename(path).startswith(("_", "broken_")) and not any(
                "// %s:" % word in text for word in ("args", "stdin", "flags")):
            found.append((os.path.realpath(path), text.count("\n") + 1))
    return found[::EVERY]


def result(client):
    codes = [m["body"]["exitCode"] for m in client.all if m.get("event") == "exited"]
    return codes, client.output(), client.output("stderr")


def play(session, path, breakpoints=(), commands=None, **launch):
    """Runs the program; at each stop the next of `commands`. None: it is refused."""
    c = session.client(cwd=os.path.dirname(path))
    c.initialize()
    if not c.ask("launch", program=path, **launch)["success"]:
        c.close()
        return None
    c.set_breakpoints(path, breakpoints)
    c.request("setExceptionBreakpoints", filters=[])
    c.request("configurationDone")
    stops = 0
    while True:
        event = c.wait("stopped", "terminated")
        if event["event"] == "terminated":
            break
        stops += 1
        thread = event["body"]["threadId"]
        if stops > STOPS_MAX:
            c.set_breakpoints(path, [])
            c.request("continue", threadId=thread)
            continue
        for frame in c.frames(thread)[:1]:
            c.values(frame=frame)
        c.request(commands[stops % len(commands)], threadId=thread)
    c.close()
    if c.process.returncode != 0:
        raise Failure("the adapter ended with %d: %s" % (c.process.returncode, c.errors))
    return result(c)


def compare(session, how, **more):
    for path, line_count in programs():
        plain = play(session, path, noDebug=True)
        name = os.path.relpath(path, os.path.join(HERE, "..", "programs"))
        same(play(session, path, breakpoints=[how(line) for line in range(1, line_count + 1)] if how else [], **more), plain,
             name)


def test_programs_with_breakpoints_everywhere(session):
    compare(session, lambda line: line, commands=("continue", "next", "stepIn", "stepOut"))


def test_programs_in_steps(session):
    compare(session, None, commands=("stepIn", "stepIn", "next"), stopOnEntry=True)


def test_programs_with_conditions_that_never_hold(session):
    compare(session, lambda line: {"line": line, "condition": "1 > 2", "hitCondition": "> 0"}, commands=("continue",))
