#!/usr/bin/env python3
"""Sessions of `charn debug`: each cases/NAME.script is given to cases/NAME.harn; standard output, standard error and the exit
code are those of NAME.expected.

    run.py --charn build/dev/charn [--update]
"""
import argparse
import glob
import os
import re
import subprocess
import sys

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")


def run(charn, arguments, stdin=None):
    done = subprocess.run([charn, "debug", *arguments], input=stdin, capture_output=True, timeout=60, cwd=CASES)
    # Instructions differ with the compiler: that they are shown counts, and which one is next.
    out = re.sub(rb"(?m)^((?:->|  ) *\d+  )[A-Z_0-9]+ .*$", rb"\1(instruction)", done.stdout)
    error = done.stderr.replace(CASES.encode(), b"CASES")
    return "%s--- standard error\n%s--- exit code %d\n" % (out.decode(), error.decode(), done.returncode)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    charn = os.path.abspath(options.charn)
    failed = 0
    scripts = sorted(glob.glob(os.path.join(CASES, "*.script")))
    for script in scripts:
        name = os.path.basename(script)[:-7]
        seen = run(charn, ["--script", name + ".script", name + ".harn"])
        expected_path = script[:-7] + ".expected"
        if options.update:
            with open(expected_path, "w") as file:
                file.write(seen)
        with open(expected_path) as file:
            expected = file.read()
        with open(script, "rb") as file:
            piped = run(charn, [name + ".harn"], file.read())
        if seen != expected or piped != expected:
            failed += 1
            print("FAILED %s\n%s\ninstead of\n%s" % (name, seen if seen != expected else piped, expected))
    usage = subprocess.run([charn, "debug"], capture_output=True, timeout=60)
    if usage.returncode != 2 or b"no program given" not in usage.stderr:
        failed += 1
        print("FAILED usage: %r" % usage)
    print("%d passed, %d failed" % (len(scripts) + 1 - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
