#!/usr/bin/env python3
"""Debug sessions against the real adapter, seen from the client's side.

    run.py --dap build/dev/charn-dap [--list] [--deadline SECONDS] [PATTERN ...]

Every function in the test_*.py files beside this one whose name begins with `test_` is a test; it gets a Session with
a fresh folder, and a client when it asks for one. One line per test; a test that takes longer than its deadline fails.
"""
import argparse
import fnmatch
import glob
import importlib.util
import os
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from client import Client, Workspace  # noqa: E402


class Session:
    def __init__(self, command):
        self.command = command
        self.workspace = Workspace()
        self.clients = []

    def client(self, **more):
        client = Client(self.command, **more)
        self.clients.append(client)
        return client

    def program(self, text, name="main.harn"):
        return self.workspace.add(name, text)

    def end(self):
        problem = None
        for client in self.clients:
            try:
                client.close()
                if client.process and client.process.returncode not in client.good_codes:
                    problem = "the adapter ended with %d: %s" % (client.process.returncode, client.errors)
            except Exception as error:  # noqa: BLE001 the first problem is reported below
                problem = str(error)
        self.workspace.remove()
        return problem


def collect(patterns):
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, value in vars(module).items():
            full = "%s.%s" % (module.__name__[5:], name)
            if name.startswith("test_") and callable(value):
                if not patterns or any(fnmatch.fnmatch(full, p) or p in full for p in patterns):
                    found.append((full, value))
    return found


class TooLong(Exception):
    pass


def run(test, session, deadline_s):
    """The text of what went wrong, or None."""
    def ring(_signal, _frame):
        raise TooLong("not done after %d s" % deadline_s)

    problem = None
    signal.signal(signal.SIGALRM, ring)
    signal.alarm(deadline_s)
    try:
        test(session)
    except Exception:  # noqa: BLE001 every kind of failure is reported
        problem = traceback.format_exc()
    finally:
        signal.alarm(0)
    after = session.end()
    return "\n".join(text for text in (problem, after) if text) or None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--dap", required=True)
    p.add_argument("--list", action="store_true")
    p.add_argument("--deadline", type=int, default=60, help="seconds for one test")
    p.add_argument("patterns", nargs="*")
    a = p.parse_args()
    passed = failed = 0
    for name, test in collect(a.patterns):
        if a.list:
            print(name, "-", (test.__doc__ or "").strip().split("\n")[0])
            continue
        session = Session([os.path.abspath(a.dap)])
        started = time.monotonic()
        problem = run(test, session, a.deadline)
        print("%s %s (%.1f s)" % ("FAILED" if problem else "ok    ", name, time.monotonic() - started), flush=True)
        if problem:
            failed += 1
            print("    " + problem.strip().replace("\n", "\n    "), flush=True)
        else:
            passed += 1
    if not a.list:
        print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not (passed or a.list) else 0


if __name__ == "__main__":
    sys.exit(main())
