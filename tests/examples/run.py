#!/usr/bin/env python3
"""Runs the example of every row of the builtins' table that programs can name, and compares what it shows with what it says that it shows.

    run.py --charn build/dev/charn [--jobs N] [NAME ...]

An example is a few lines of Harn. What stands behind a line is checked:
    EXPR  // => TEXT           what the expression displays as
    STATEMENT  // prints TEXT  what the statement writes to standard output
    STATEMENT  // exits N      the exit code of the whole example, 0 unless said
Other lines prepare. Each example is a program of its own that runs in an empty folder, so none sees the mocks, the
files or the state of another. NAME limits the run to these rows: `sqrt`, `LIST.push`.
"""
import argparse
import ast
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = os.path.join(HERE, "..", "..", "core-vm", "builtins", "*.def")
ROW = re.compile(r"^CH_(BUILTIN|BUILTIN_PRELUDE|CONSTANT|CONSTANT_PRELUDE|METHOD|METHOD_PRELUDE)\((?:([A-Z]+), )?(.*)\)$")
C_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
CHECKED = re.compile(r"^(.*?)\s*// (=>|prints|exits)(?: (.*))?$")
MARK = "<<<line %d>>>"
TIMEOUT_S = 60
# What the world outside may say is the same everywhere; the rest of our environment stays away.
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TZ": "UTC", "USER": "user",
               "HARN_EVENT_LOG_BACKEND": "memory", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}


def rows():
    """(name, example) of every row; methods are TYPE.name."""
    for path in sorted(glob.glob(ROWS)):
        if os.path.basename(path) == "all.def":
            continue
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            if not line.startswith("CH_"):
                continue
            row = ROW.match(line.rstrip())
            texts = C_STRING.findall(row.group(3)) if row else []
            if len(texts) != 4:
                sys.exit(f"{path}:{number}: this row cannot be read")
            name, example = (ast.literal_eval(text) for text in (texts[0], texts[-1]))
            if name.startswith("__"):
                continue  # the runtime's own: no program can name it
            yield (f"{row.group(2)}.{name}" if row.group(2) else name), example


def program(example):
    """The example as a program that writes a mark before each checked line; and those lines as (code, kind, text)."""
    lines, checked = [], []
    for line in example.split("\n"):
        found = CHECKED.match(line)
        if not found:
            lines.append(line)
            continue
        code, kind, text = found.groups()
        lines.append(f'println("{MARK % len(checked)}")')
        lines.append(f"println({code})" if kind == "=>" else code)
        checked.append((code, kind, text or ""))
        if kind == "prints":
            lines.append(f'println("{MARK % len(checked)}")')
            checked.append(("", "mark", ""))
    return "\n".join(lines) + "\n", checked


def run(charn, example, flags=()):
    """Runs an example with flags of `charn run`: its checked lines, what each has shown, the exit code, its stderr."""
    text, checked = program(example)
    with tempfile.TemporaryDirectory(prefix="charn-example-") as folder:
        with open(os.path.join(folder, "example.harn"), "w", encoding="utf-8") as file:
            file.write(text)
        ran = subprocess.run([charn, "run", *flags, "example.harn"], cwd=folder, env=ENVIRONMENT | {"HOME": folder},
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S)
    shown = [None] * len(checked)
    for index, part in re.findall(r"<<<line (\d+)>>>\n(.*?)(?=<<<line \d+>>>|\Z)", ran.stdout, re.S):
        shown[int(index)] = part[:-1] if part.endswith("\n") else part
    return checked, shown, ran.returncode, ran.stderr


def judge(charn, name, example):
    """What is wrong with an example; [] when nothing is."""
    if not example:
        return [f"{name}: no example"]
    try:
        checked, shown, code, stderr = run(charn, example)
    except subprocess.TimeoutExpired:
        return [f"{name}: the example does not end"]
    wrong = []
    if not checked:
        wrong.append(f"{name}: no line of the example says what it shows")
    called = name.rpartition(".")[2]
    if not re.search(rf"\b{re.escape(called)}\b", example):
        wrong.append(f"{name}: the example does not use it")
    expected_code = 0
    for (line, kind, text), found in zip(checked, shown):
        if kind == "exits":
            expected_code = int(text)
        elif kind != "mark" and found != text:
            wrong.append(f"{name}: `{line}` shows {found!r}, the example says {text!r}")
    if code != expected_code:
        wrong.append(f"{name}: exit code {code}: {stderr.strip()[:600]}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    charn = os.path.abspath(args.charn)
    examples = [(name, example) for name, example in rows() if not args.names or name in args.names]
    if not examples:
        sys.exit("no such row")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        wrong = [text for texts in pool.map(lambda row: judge(charn, *row), examples) for text in texts]
    print("\n".join(wrong))
    if wrong:
        sys.exit(f"{len(wrong)} faults in the examples of {len(examples)} rows")
    print(f"{len(examples)} examples: all show what they say")


if __name__ == "__main__":
    main()
