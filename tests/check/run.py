#!/usr/bin/env python3
"""Check programs and compare the diagnostics with the marks in their text.

    run.py --charn build/charn [FILTER ...]

A line that is to be reported ends with a comment that says so:

    let x: int = "a"   // error[HARN-TYP-007]: expected int, found string

The text behind the colon has to be part of the message; the code may be left out.
A line may carry several marks. `// at-end error: TEXT` on a line of its own marks a
diagnostic at the end of the file. Whatever is reported without a mark, and every mark
without a report, fails the test. Files named lib_* are modules for the others.
"""
import argparse
import json
import os
import re
import subprocess
import sys

MARK = re.compile(r"// (error|warning)(?:\[([A-Z0-9-]+)\])?: (.*?)(?= // (?:error|warning)|$)")


def expectations(text):
    wanted = []
    for number, line in enumerate(text.split("\n"), 1):
        for match in MARK.finditer(line):
            wanted.append((number, match.group(1), match.group(2) or "", match.group(3).strip()))
    return wanted


def check(charn, path):
    done = subprocess.run([charn, "check", "--json", path], capture_output=True, timeout=60)
    if done.returncode not in (0, 1):
        return None, "exit %d: %s" % (done.returncode, done.stderr.decode("utf-8", "replace")[-500:])
    found = []
    for line in done.stdout.decode("utf-8").split("\n"):
        if line.startswith('{"severity"'):
            item = json.loads(line)
            found.append((item["span"]["line"], item["severity"], item.get("code", ""),
                          item["message"]))
    has_error = any(item[1] == "error" for item in found)
    if has_error != (done.returncode == 1):
        return None, "exit %d does not fit the diagnostics" % done.returncode
    return found, ""


def compare(wanted, found):
    problems = []
    left = list(found)
    for line, severity, code, text in wanted:
        for item in left:
            if item[0] == line and item[1] == severity and text in item[3] and (
                    not code or code == item[2]):
                left.remove(item)
                break
        else:
            problems.append("line %d: not reported: %s: %s" % (line, severity, text))
    for line, severity, code, message in left:
        problems.append("line %d: not expected: %s[%s]: %s" % (line, severity, code, message))
    return problems


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--charn", required=True)
    options.add_argument("filters", nargs="*")
    options = options.parse_args()
    root = os.path.dirname(os.path.abspath(__file__))
    files = []
    for folder, folders, names in os.walk(root):
        if folder == root and "syntax" in folders:
            folders.remove("syntax")
        for name in names:
            if name.endswith(".harn") and not name.startswith("lib_"):
                files.append(os.path.join(folder, name))
    failed = count = 0
    for path in sorted(files):
        shown = os.path.relpath(path, root)
        if options.filters and not any(part in shown for part in options.filters):
            continue
        count += 1
        with open(path, encoding="utf-8") as file:
            text = file.read()
        found, problem = check(options.charn, path)
        problems = [problem] if found is None else compare(expectations(text), found)
        if problems:
            failed += 1
            print("FAIL %s" % shown)
            for line in problems:
                print("     " + line)
    print("%d checked, %d failed" % (count, failed))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
