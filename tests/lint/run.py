#!/usr/bin/env python3
"""Lint programs and compare the findings with the marks in their text, then mend them.

    run.py --charn build/release/charn [FILTER ...]

cases/NAME.harn: a line that a rule finds something in ends with a comment that says so:

    let x = 1   // lint[unused-variable]: variable `x`

The text behind the colon is part of the message. `// next[RULE]: TEXT` says the same of the next line. Whatever is found
without a mark, and every mark without a finding, fails. cases/NAME.fixed is the program after --fix; without that file,
--fix changes nothing. Every rule must be found somewhere, and every file must be free of errors after --fix that had none.
Then come the command line, harn.toml, and what --fix does to all programs of the other tests.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = re.compile(r"// (lint|next)\[([A-Za-z_-]+)\]: (.*?)(?= // (?:lint|next)\[|$)")
problems = []
seen = set()


def fail(where, what):
    problems.append("%s: %s" % (where, what))


def run(charn, *arguments, text=None, cwd=None):
    return subprocess.run([charn, *arguments], capture_output=True, text=True, input=text, timeout=120, cwd=cwd)


def findings(done):
    found = []
    for line in done.stdout.split("\n"):
        if line.startswith('{"severity"'):
            item = json.loads(line)
            rule = re.match(r"lint\[(.*)\]", item.get("label", ""))
            found.append((item["span"]["line"], rule.group(1) if rule else item["code"], item["message"]))
    return found


def wanted_of(text):
    wanted = []
    for number, line in enumerate(text.split("\n"), 1):
        for where, rule, words in MARK.findall(line):
            wanted.append((number + (where == "next"), rule, words.strip()))
    return wanted


def check_case(charn, path, folder, update):
    name = os.path.basename(path)
    text = open(path, encoding="utf-8").read()
    options = re.match(r"// options: ([a-z -]*[a-z])", text)
    options = options.group(1).split() if options else []
    # Whatever is no option would be a target, and --fix writes to those.
    if any(not re.fullmatch(r"--[a-z-]+", option) for option in options):
        raise SystemExit("%s: not an option among %s" % (name, options))
    done = run(charn, "lint", "--json", *options, path)
    found = findings(done)
    seen.update(rule for _, rule, _ in found)
    ignored = re.search(r"^// ignore: (\S+)", text, re.M)  # a rule whose findings say nothing about the case
    left = [item for item in found if not ignored or item[1] != ignored.group(1)]
    for line, rule, words in wanted_of(text):
        for item in left:
            if item[0] == line and item[1] == rule and words in item[2]:
                left.remove(item)
                break
        else:
            fail(name, "line %d: not found: %s: %s" % (line, rule, words))
    for item in left:
        fail(name, "line %d: found: %s: %s" % item)
    errors = '"severity":"error"' in run(charn, "check", "--json", path).stdout
    copy = os.path.join(folder, name)
    shutil.copy(path, copy)
    run(charn, "lint", "--fix", *options, "--", copy, cwd=folder)
    after = open(copy, encoding="utf-8").read()
    golden = path[:-len(".harn")] + ".fixed"
    expected = open(golden, encoding="utf-8").read() if os.path.exists(golden) else text
    if update and after != expected:
        open(golden, "w", encoding="utf-8").write(after)
    elif after != expected:
        fail(name, "--fix gives another text:\n" + after)
    if not errors and '"severity":"error"' in run(charn, "check", "--json", copy).stdout:
        fail(name, "--fix makes errors")


def check_command_line(charn, folder):
    path = os.path.join(folder, "project")
    os.makedirs(os.path.join(path, "sub"))
    os.makedirs(os.path.join(path, ".git"))
    program = "fn _f(a: int) -> int {\n  if a > 1 {\n    return 1\n  }\n  let unused = 1\n  return a\n}\n"
    file = os.path.join(path, "sub", "p.harn")
    open(file, "w").write(program)
    done = run(charn, "lint", "sub", cwd=path)
    if done.returncode != 0 or "unused-variable" not in done.stderr:
        fail("folder", done.stderr)
    open(os.path.join(path, "harn.toml"), "w").write('[lint]\ndisabled = ["unused-variable"]\ncomplexity_threshold = 1\n')
    done = run(charn, "lint", "sub", cwd=path)
    if "unused-variable" in done.stderr or "complexity 2 (> 1)" not in done.stderr:
        fail("harn.toml", done.stderr)
    open(os.path.join(path, "harn.toml"), "w").write('[lint]\ndisabled = ["no-such-rule"]\nrequire_file_header = true\n')
    done = run(charn, "lint", "sub", cwd=path)
    if "there is no rule 'no-such-rule'" not in done.stderr or "require-file-header" not in done.stderr:
        fail("harn.toml", done.stderr)
    open(os.path.join(path, "harn.toml"), "w").write("[lint]\ndisabled = 3\n")
    done = run(charn, "lint", "sub", cwd=path)
    if done.returncode != 1 or "disabled is a list" not in done.stderr:
        fail("harn.toml", "%d %s" % (done.returncode, done.stderr))
    open(os.path.join(path, "harn.toml"), "w").write("[lint\n")
    if run(charn, "lint", "sub", cwd=path).returncode != 1:
        fail("harn.toml", "a broken one is accepted")
    os.unlink(os.path.join(path, "harn.toml"))
    # a function that another of the given files imports is used
    open(os.path.join(path, "sub", "q.harn"), "w").write('import { helper } from "./lib"\n\nfn main(harness: Harness) {\n  log(helper())\n}\n')
    open(os.path.join(path, "sub", "lib.harn"), "w").write("fn helper() {\n  return 1\n}\n")
    if "helper" in run(charn, "lint", "sub", cwd=path).stderr:
        fail("folder", "a function that another file imports is called unused")
    if "function `helper`" not in run(charn, "lint", "sub/lib.harn", cwd=path).stderr:
        fail("file", "a function that nobody uses is not reported")
    done = run(charn, "lint", "--fix", "-", text="pipeline main(task) {\n  let unused = (1)\n}\n")
    if done.stdout != "pipeline main(task) {\n  let _unused = 1\n}\n":
        fail("stdin", done.stdout + done.stderr)
    for arguments, status in ((["lint"], 2), (["lint", "--nope", file], 2), (["lint", file + "x"], 1), (["explain"], 2),
                              (["explain", "HARN-TYP-006"], 0), (["explain", "shadow-variable"], 0),
                              (["explain", "HARN-XXX-999"], 1), (["explain", "--list"], 0), (["lint", "--rules"], 0),
                              (["lint", "//"], 2), (["fmt", "--check", "/"], 2)):
        done = run(charn, *arguments)
        if done.returncode != status:
            fail(" ".join(arguments), "exit %d, not %d" % (done.returncode, status))
    broken = os.path.join(folder, "broken.harn")
    open(broken, "w").write("fn f( {\n")
    done = run(charn, "lint", "--fix", broken)
    if done.returncode != 1 or "HARN-PAR" not in done.stderr or open(broken).read() != "fn f( {\n":
        fail("broken text", done.stderr)


def check_programs(charn, folder):
    """--fix must not give any program an error, and a second --fix has nothing to do."""
    target = os.path.join(folder, "programs")
    shutil.copytree(os.path.join(HERE, "..", "programs"), target, ignore=lambda _, names: [n for n in names if n == "run.py"])
    for base, _, names in os.walk(os.path.join(HERE, "..", "check")):
        for name in names:
            if name.endswith(".harn"):
                shutil.copy(os.path.join(base, name), os.path.join(target, "check_" + name))

    def errors():
        found = {}
        done = run(charn, "check", "--json", target)
        for line in done.stdout.split("\n"):
            if line.startswith('{"severity":"error"'):
                file = json.loads(line)["file"]
                found[file] = found.get(file, 0) + 1
        return found

    before = errors()
    done = run(charn, "lint", "--fix", target)
    if done.returncode not in (0, 1):
        fail("programs", "exit %d: %s" % (done.returncode, done.stderr[-2000:]))
    for file, count in errors().items():
        if count > before.get(file, 0):
            fail(file, "%d errors after --fix, %d before" % (count, before.get(file, 0)))
    again = run(charn, "lint", "--fix", target)
    if "fix(es)" in again.stdout:
        fail("programs", "a second --fix changes: " + again.stdout[:500])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("--update", action="store_true", help="rewrite the .fixed files")
    parser.add_argument("filters", nargs="*")
    options = parser.parse_args()
    charn = os.path.abspath(options.charn)
    cases = sorted(n for n in os.listdir(os.path.join(HERE, "cases")) if n.endswith(".harn"))
    cases = [n for n in cases if not options.filters or any(f in n for f in options.filters)]
    with tempfile.TemporaryDirectory() as folder:
        for name in cases:
            check_case(charn, os.path.join(HERE, "cases", name), folder, options.update)
        if not options.filters:
            rules = {line.split()[0] for line in run(charn, "lint", "--rules").stdout.split("\n") if line}
            for rule in sorted(rules - seen):
                fail(rule, "no case finds it")
            check_command_line(charn, folder)
            check_programs(charn, folder)
    for problem in problems:
        print("FAILED", problem)
    print("%d cases, %d failures" % (len(cases), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
