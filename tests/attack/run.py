#!/usr/bin/env python3
"""Runs the attacks of the `a_*.py` files beside this one on the servers that are given.

    run.py --lsp build/charn-lsp --dap build/charn-dap [--only WORD] [--list]

An attack file offers `tests(Target)`, pairs of a name and a function of the program's path; Target is the class of
targets.py for the server at hand. Adding an attack is adding a row.
"""
import argparse
import importlib
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import targets  # noqa: E402


def collect(options):
    for name in sorted(os.listdir(HERE)):
        if not (name.startswith("a_") and name.endswith(".py")):
            continue
        module = importlib.import_module(name[:-3])
        for Target, path in ((targets.Lsp, options.lsp), (targets.Dap, options.dap)):
            if not path:
                continue
            for label, test in module.tests(Target):
                label = "%s.%s.%s" % (Target.name, name[2:-3], label)
                if not options.only or options.only in label:
                    yield label, test, path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lsp")
    parser.add_argument("--dap")
    parser.add_argument("--only", help="attacks whose name holds this word")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    failed = []
    count = 0
    for label, test, path in collect(options):
        count += 1
        if options.list:
            print(label)
            continue
        start = time.monotonic()
        try:
            test(path)
            print("ok    %-60s %6.0f ms" % (label, (time.monotonic() - start) * 1000), flush=True)
        except Exception:
            failed.append(label)
            print("FAIL  %s" % label, flush=True)
            traceback.print_exc(limit=-4, file=sys.stdout)
    if not options.list:
        print("%d attacks, %d failed%s" % (count, len(failed), ": " + ", ".join(failed) if failed else ""))
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
