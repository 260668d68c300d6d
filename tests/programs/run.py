#!/usr/bin/env python3
"""Runs the test programs: each FAMILY/NAME.harn is one behaviour, seen from the outside.

    run.py --charn build/dev/charn [--update] [--jobs N] [--engine CMD] [--with FLAGS] [PATTERN ...]

What a program has to do stands beside it or in it:
    NAME.expected        it exits with 0 and prints exactly this
    NAME.error           it exits with 1 and each line of this file is found in its stderr (NAME.expected too: its stdout)
    // expect: TEXT      lines in the program: together they are what it prints
    // exit: N           its exit code (0 unless said; 1 with NAME.error)
    // args: A B         arguments behind `--`
    // flags: --x Y      options of `charn run`
    // stdin: TEXT       one line of input, may stand more than once
A program whose name begins with `_` is a module that others import. Every program must also parse without an ERROR
node unless its name begins with `broken_`: `charn check` has to know it, so that is not repeated here.

--update rewrites the .expected and .error files from what happened (errors: the first line of stderr); read the
difference before you keep it. --with gives every program these options of `charn run`. --engine runs another program as `CMD run FILE` and changes nothing: for comparing.
"""
import argparse
import concurrent.futures
import difflib
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

# Programs that write to the event log leave no files here.
os.environ["HARN_EVENT_LOG_BACKEND"] = "memory"
HERE = os.path.dirname(os.path.abspath(__file__))
MARK = re.compile(r"//\s*(expect|exit|args|flags|stdin):\s?(.*)$")
TIMEOUT_S = 60


def find(patterns):
    found = []
    for folder, folders, names in os.walk(HERE):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, HERE)
            if not name.endswith(".harn") or name.startswith("_"):
                continue
            if patterns and not any(fnmatch.fnmatch(relative, p) or p in relative for p in patterns):
                continue
            found.append(relative)
    return found


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


class Program:
    def __init__(self, relative):
        self.relative = relative
        self.path = os.path.join(HERE, relative)
        base = self.path[: -len(".harn")]
        self.expected_path, self.error_path = base + ".expected", base + ".error"
        self.expected, self.error = read(self.expected_path), read(self.error_path)
        marks = {"expect": [], "exit": [], "args": [], "flags": [], "stdin": []}
        for line in (read(self.path) or "").splitlines():
            m = MARK.search(line)
            if m:
                marks[m.group(1)].append(m.group(2))
        if marks["expect"] and self.expected is None:
            self.expected = "\n".join(marks["expect"]) + "\n"
            self.is_inline = True
        else:
            self.is_inline = False
        self.exit = int(marks["exit"][-1]) if marks["exit"] else (1 if self.error is not None else 0)
        self.args = " ".join(marks["args"]).split()
        self.flags = " ".join(marks["flags"]).split()
        self.stdin = "".join(line + "\n" for line in marks["stdin"])

    def run(self, engine, flags=()):
        command = engine + ["run", *flags] + self.flags + [self.relative] + (["--"] + self.args if self.args else [])
        # A state folder of its own: what one program stores, no other finds.
        with tempfile.TemporaryDirectory(prefix="charn-state-") as state:
            env = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8", HARN_LLM_CALLS_DISABLED="1", HARN_STATE_DIR=state)
            try:
                done = subprocess.run(command, input=self.stdin.encode(), capture_output=True, cwd=HERE, env=env,
                                      timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                return None, "", "(no end after %d s)" % TIMEOUT_S
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def judge(self, code, out, err):
        """What is wrong, or None."""
        if self.expected is None and self.error is None:
            return "says nothing about what it should do: add .expected, .error or `// expect:` lines"
        problems = []
        if code != self.exit:
            problems.append("exit code %s instead of %s" % (code, self.exit))
        if self.expected is not None and out.rstrip("\n") != self.expected.rstrip("\n"):
            diff = difflib.unified_diff(self.expected.splitlines(), out.splitlines(), "expected", "printed", lineterm="")
            problems.append("\n".join(list(diff)[:40]))
        for line in (self.error or "").splitlines():
            if line and line not in err:
                problems.append("stderr does not hold: " + line)
        if problems and err:
            problems.append("stderr: " + err[:1500])
        if "AddressSanitizer" in err or "runtime error:" in err or "LeakSanitizer" in err:
            problems.insert(0, "sanitizer report:\n" + err[:3000])
        return "\n".join(problems) or None

    def update(self, code, out, err):
        if self.is_inline:
            return
        if self.error is not None or code:
            first = next((line for line in err.splitlines() if line.strip()), "")
            with open(self.error_path, "w") as f:
                f.write(first + "\n")
        if out or self.error is None:
            with open(self.expected_path, "w") as f:
                f.write(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--charn")
    p.add_argument("--engine")
    p.add_argument("--with", dest="flags", default="")
    p.add_argument("--update", action="store_true")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    p.add_argument("patterns", nargs="*")
    a = p.parse_args()
    engine = (a.engine or a.charn or "").split()
    if not engine:
        p.error("--charn is needed")
    engine[0] = os.path.abspath(engine[0]) if os.sep in engine[0] else engine[0]
    programs = [Program(r) for r in find(a.patterns)]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for program, result in zip(programs, pool.map(lambda t: t.run(engine, a.flags.split()), programs)):
            if a.update and not a.engine:
                program.update(*result)
                program = Program(program.relative)
            problem = program.judge(*result)
            if problem:
                failed += 1
                print("FAILED %s\n    %s" % (program.relative, problem.replace("\n", "\n    ")))
            else:
                passed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
