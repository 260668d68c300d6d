#!/usr/bin/env python3
"""Runs the programs of this folder against a server on loopback: `run.py --charn build/dev/charn [--update] [PATTERN]`.

A program gets the server's address as argv[0]; its output, with the address as BASE, is NAME.expected. `// env: A=B` lines
set the environment of the program.
"""
import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 120


def run(charn, name, base):
    path = os.path.join(HERE, name)
    text = open(path, encoding="utf-8").read()
    env = dict(os.environ, NO_COLOR="1")
    for name_value in re.findall(r"// env: (\S+=\S*)", text):
        key, value = name_value.split("=", 1)
        env[key] = value.replace("BASE", base)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([charn, "run", path, "--", base], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
    output = done.stdout.decode("utf-8", "replace").replace(base, "BASE").replace(base.split(":")[-1], "PORT")
    return output + ("" if done.returncode == 0 else f"exit {done.returncode}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("pattern", nargs="?", default="")
    options = parser.parse_args()
    charn = os.path.abspath(options.charn)
    failed = 0
    names = sorted(n for n in os.listdir(HERE) if n.endswith(".harn") and n != ".harn" and options.pattern in n)
    for name in names:
        server = "model_server.py" if name.startswith("model_") else "server.py"
        process = subprocess.Popen([sys.executable, os.path.join(HERE, server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            base = "http://127.0.0.1:" + process.stdout.readline().decode().strip()
            output = run(charn, name, base)
        finally:
            process.stdin.close()
            process.wait()
        expected_path = os.path.join(HERE, name[: -len(".harn")] + ".expected")
        if options.update:
            open(expected_path, "w", encoding="utf-8").write(output)
            continue
        expected = open(expected_path, encoding="utf-8").read()
        if output != expected:
            failed += 1
            print(f"FAIL {name}")
            sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), output.splitlines(True), "expected", "actual"))
    print(f"{len(names) - failed} of {len(names)} programs did what they should")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
