#!/usr/bin/env python3
"""Runs the language server's tests: every `test_...` function of the `t_*.py` files beside this one.

    run.py --server build/charn-lsp [--only WORD] [--list] [--update]

A test is a function that takes a context and fails by an exception. Adding a test is adding a function.
"""
import argparse
import importlib
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))


class Context:
    def __init__(self, options):
        self.server = options.server
        self.charn = options.charn
        self.update = options.update
        self.clients = []

    def client(self, **arguments):
        from client import Client
        client = Client(self.server, **arguments)
        self.clients.append(client)
        return client

    def end(self):
        for client in self.clients:
            client.kill()
        self.clients = []


def collect(only):
    sys.path.insert(0, HERE)
    for name in sorted(os.listdir(HERE)):
        if not (name.startswith("t_") and name.endswith(".py")):
            continue
        module = importlib.import_module(name[:-3])
        tests = list(getattr(module, "tests", lambda: [])())
        tests += [(key, value) for key, value in vars(module).items() if key.startswith("test_")]
        for key, test in tests:
            label = "%s.%s" % (name[2:-3], key.removeprefix("test_"))
            if not only or only in label:
                yield label, test


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--charn", help="the command line program, for tests that compare with it")
    parser.add_argument("--only", help="tests whose name holds this word")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--update", action="store_true", help="rewrite the golden parts")
    options = parser.parse_args()
    failed = []
    count = 0
    for label, test in collect(options.only):
        if options.list:
            print(label)
            continue
        context = Context(options)
        count += 1
        start = time.monotonic()
        try:
            test(context)
            print("ok    %-60s %6.0f ms" % (label, (time.monotonic() - start) * 1000), flush=True)
        except Exception:
            failed.append(label)
            print("FAIL  %s" % label, flush=True)
            traceback.print_exc(limit=-8, file=sys.stdout)
            for client in context.clients:
                if client.errors:
                    print("      stderr: " + "".join(client.errors)[-4000:], flush=True)
        finally:
            context.end()
    if not options.list:
        print("%d tests, %d failed%s" % (count, len(failed), ": " + ", ".join(failed) if failed else ""))
    if count == 0 and not options.list:
        print("no test fits")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
