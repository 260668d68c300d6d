#!/usr/bin/env python3
"""`charn test` on a project that it makes: what is found, what passes, what is reported, and that no test disturbs another.

    run.py --charn build/dev/charn
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

MATH = """
fn add(a, b) {
  return a + b
}

pipeline test_add(task) {
  assert_eq(add(1, 2), 3)
}

pipeline test_wrong(task) {
  println("seen <here> & there")
  assert_eq(add(1, 2), 4)
}

@test
pipeline marked(task) {
  assert(true)
}

pipeline helper(task) {
  throw "no test"
}
"""

HARD = """
pipeline test_sleeps() {
  println("begin")
  sleep(100000)
}

pipeline test_spins() {
  while true {
  }
}

pipeline test_leaves() {
  exit(3)
}

pipeline test_fine() {
  println("fine")
}
"""

BROKEN = "pipeline test_broken() {\n  println(1\n}\n"


class Project:
    def __init__(self, charn):
        self.charn = charn
        self.folder = tempfile.mkdtemp()

    def add(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def run(self, *arguments):
        done = subprocess.run([self.charn, "test", *arguments], cwd=self.folder, capture_output=True, timeout=120)
        return done.returncode, re.sub(r"\d+ ms", "T", done.stdout.decode()), done.stderr.decode()


def same(seen, wanted):
    assert seen == wanted, "%r instead of %r" % (seen, wanted)


def outcomes(text):
    return re.findall(r"^  (PASS|FAIL)  (\w+) ", text, re.M)


def check_found_and_reported(project):
    project.add("math_test.harn", MATH)
    project.add("deep/more.harn", "pipeline test_more() {\n}\n")
    project.add(".hidden/no.harn", "pipeline test_no() {\n}\n")
    code, out, _ = project.run()
    same(code, 1)
    same(outcomes(out), [("PASS", "test_more"), ("PASS", "test_add"), ("FAIL", "test_wrong"), ("PASS", "marked")])
    assert out.startswith("Running 4 tests from 2 files...\n"), out
    assert "error: Thrown: Assertion failed: expected 4, got 3" in out and "seen <here> & there" in out, out
    assert out.endswith("3 passed, 1 failed, 4 total (T)\n"), out
    assert "\033" not in out, "colours only on a terminal"


def check_filter(project):
    project.add("math_test.harn", MATH)
    code, out, _ = project.run("--filter", "add")
    same((code, outcomes(out)), (0, [("PASS", "test_add")]))
    code, out, _ = project.run("--filter=nothing")
    same((code, out), (0, "No test pipelines found\n"))
    code, out, _ = project.run("math_test.harn", "-v", "--filter", "wrong", "--timing")
    assert "average T, longest T" in out, out


def check_isolation_and_limits(project):
    project.add("hard.harn", HARD)
    for arguments in ((), ("--parallel",), ("--jobs", "4")):
        began = time.monotonic()
        code, out, _ = project.run("--timeout", "700", *arguments)
        same(code, 1)
        same(outcomes(out), [("FAIL", "test_sleeps"), ("FAIL", "test_spins"), ("FAIL", "test_leaves"), ("PASS", "test_fine")])
        same(out.count("timed out after T"), 2)
        assert "begin" in out and "ended with exit code 3" in out, out
        assert time.monotonic() - began < 60, "a test that never ends was waited for"


def check_broken_file(project):
    project.add("broken.harn", BROKEN)
    project.add("fine.harn", "pipeline test_fine() {\n}\n")
    code, out, _ = project.run()
    same(code, 1)
    same(outcomes(out)[-1], ("PASS", "test_fine"))
    code, out, err = project.run("nowhere.harn")
    same(code, 1)
    assert "nowhere.harn" in err, err


def check_junit(project):
    project.add("math_test.harn", MATH)
    project.run("--junit", "report.xml")
    root = ElementTree.parse(os.path.join(project.folder, "report.xml")).getroot()
    same((root.get("tests"), root.get("failures")), ("3", "1"))
    failure = root.find(".//testcase[@name='test_wrong']/failure")
    assert "expected 4, got 3" in failure.get("message"), failure.attrib
    code, _, err = project.run("--junit", "no/such/folder/report.xml")
    same(code, 1)
    assert "cannot write" in err, err


def check_json(project):
    project.add("math_test.harn", MATH)
    done = subprocess.run([project.charn, "test", "--json"], cwd=project.folder, capture_output=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    same([(item["test"], item["outcome"]) for item in lines[:-1]], [("test_add", "passed"), ("test_wrong", "failed"), ("marked", "passed")])
    same(lines[1]["output"], "seen <here> & there\n")
    same((lines[-1]["passed"], lines[-1]["failed"], lines[-1]["total"]), (2, 1, 3))


def check_watch(project):
    project.add("math_test.harn", MATH)
    process = subprocess.Popen([project.charn, "test", "--watch"], cwd=project.folder, stdout=subprocess.PIPE, text=True)
    try:
        def wait_for(text):
            lines = []
            while text not in (lines[-1] if lines else ""):
                lines.append(process.stdout.readline())
                assert lines[-1], "ended: %r" % lines
            return lines
        wait_for("waiting for changes")
        project.add("math_test.harn", MATH.replace("b), 4)", "b), 3)").replace("add(1, 2), 4", "add(1, 2), 3"))
        assert any("3 passed, 3 total" in line for line in wait_for("waiting for changes"))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def check_usage(project):
    for arguments in (("--timeout",), ("--timeout", "0"), ("--timeout", "x"), ("--jobs", "65"), ("--nonsense",), ("--filter",)):
        code, _, err = project.run(*arguments)
        same(code, 2)
        assert "charn test: " in err, err


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    charn = os.path.abspath(parser.parse_args().charn)
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    failed = 0
    for name, check in checks:
        try:
            check(Project(charn))
            print("ok     %s" % name)
        except Exception as error:  # noqa: BLE001 every check is told of
            failed += 1
            print("FAILED %s: %s" % (name, error))
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
