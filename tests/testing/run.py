#!/usr/bin/env python3
"""`charn test` on a project that it makes: what is found, what passes, what is reported, and that no test disturbs another.

    run.py --charn build/dev/charn
"""
import argparse
import json
import os
import pty
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

DIFFERENT = """
import { assert_golden_transcript, assert_receipt_field } from "std/testing"

struct Point {
  x: int
  name: string
}

enum Shape {
  Circle(int)
  Dot
}

fn long_text(middle) {
  return "x" * 100 + middle + "z" * 100
}

pipeline test_texts() {
  assert_eq("a\\nb\\nc\\n", "a\\nB\\nc")
}

pipeline test_far_apart() {
  var lines = []
  for i in 0 to 200 {
    lines = lines.push("line ${i}")
  }
  assert_eq(lines.join("\\n"), lines.join("\\n").replace("line 7\\n", "").replace("line 150", "line 150 "))
}

pipeline test_long_line() {
  assert_eq(long_text("a"), long_text("b"))
}

pipeline test_parts() {
  let got = {users: [{name: "a"}, Point {x: 1, name: "p"}], "two words": 1, shape: Shape.Circle(1), same: [1, 2]}
  let wanted = {users: [{name: "b"}, Point {x: 2, name: "p"}], none: nil, shape: Shape.Circle(2), same: [1, 2]}
  assert_eq(got, wanted)
}

pipeline test_lists() {
  assert_eq([1, 2, 3, 4], [0, 1, 2, 3, 4], "with a message")
}

pipeline test_sets() {
  assert_eq(set(1, 2, 3), set(2, 3, 4))
}

pipeline test_many() {
  assert_eq(range(1000).map({ i -> i }).to_list(), range(1000).map({ i -> i + 1 }).to_list())
}

pipeline test_deep() {
  var got: any = [1]
  var wanted: any = [2]
  for i in 0 to 100000 {
    got = [got]
    wanted = [wanted]
  }
  assert_eq(got, wanted)
}

pipeline test_plain() {
  assert_eq(1, 2)
}

pipeline test_control() {
  assert_eq({text: "\x1b[31mred"}, {text: "red"})
}

pipeline test_golden() {
  let came = {steps: [{took: 12, text: "a"}, {took: 7, text: "b"}], more: 1}
  assert_golden_transcript({steps: [{took: "<ms>", text: "a"}, {took: "<ms>", text: "c"}]}, came)
}

pipeline test_receipt() {
  assert_receipt_field({a: {b: 1}}, "/a/b", 2)
}

pipeline test_seen_by_the_program() {
  try {
    assert_eq([1], [2])
  } catch (e) {
    assert_eq(e, "Assertion failed: expected [2], got [1]")
    throw e
  }
}
"""

COVERED = """import { area, make } from "lib/shapes"
import "std/math"

fn pick(x, y) {
  if x > 1 && y {
    return "big"
  } else if x == 0 {
    return "zero"
  }
  let sign = x > 0 ? "plus" : "minus"
  return sign ?? "none"
}

fn never(n) {
  while n < 10 {
    n = n + 1
  }
  return {
    a: n,
    b: 2,
  }
}

fn numbers() {
  for i in 0 to 3 exclusive {
    yield i
  }
}

pipeline test_one(task) {
  assert_eq(pick(2, true), "big")
  assert_eq(area(make(2)), 4)
  for n in numbers() {
    log(n)
  }
  let n = match pick(0, false) {
    "zero" -> { 1 }
    "big" | "huge" -> { 2 }
    _ -> { 3 }
  }
  try {
    throw "x"
  } catch (e) {
    log(e)
  } finally {
    log("behind")
  }
}

pipeline test_two(task) {
  assert_eq(pick(1, false), "plus")
  let ys = [1, 2, 3].map({ x -> x > 5 ? 1 : 2 })
  for y in ys {
    if y == 9 {
      break
    }
  }
  let handle = spawn {
    log("task")
    7
  }
  assert_eq(await(handle), 7)
}

pipeline test_killed() {
  sleep(100000)
}
"""

SHAPES = """pub enum Shape {
  Square(int)
  Circle(int)
}

pub fn make(side) {
  return Shape.Square(side)
}

pub fn area(shape: Shape) {
  return match shape {
    Shape.Square(side) -> { side * side }
    Shape.Circle(radius) -> { 3 * radius * radius }
  }
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


def failure(project, name, *more):
    """What is said about the one test that fails."""
    code, out, _ = project.run("--filter", name, *more)
    same((code, outcomes(out)), (1, [("FAIL", name)]))
    return out


def after_excerpt(out):
    """The lines behind the caret."""
    lines = out.rstrip().splitlines()[:-2]
    at = max(i for i, line in enumerate(lines) if line.endswith("^"))
    return [line[10:] for line in lines[at + 1:]]


def check_differences(project):
    project.add("different.harn", DIFFERENT)
    same(after_excerpt(failure(project, "test_texts")),
         ["- expected, + got", "@@ -1 +1 @@", " a", "-B", "+b", " c", "the text that was expected ends without a newline"])
    far = after_excerpt(failure(project, "test_far_apart"))
    same([line for line in far if line[0] in "-+@"],
         ["- expected, + got", "@@ -5 +5 @@", "+line 7", "@@ -147 +148 @@", "-line 150\u00b7", "+line 150"])
    long = failure(project, "test_long_line")
    same(after_excerpt(long)[0], "the texts differ from character 101 on")
    assert max(map(len, long.splitlines())) < 350, long
    same(after_excerpt(failure(project, "test_parts")),
         [".none: missing nil", ".shape[0]: expected 2, got 1", '["two words"]: unexpected 1', '.users[0].name: expected "b", got "a"',
          ".users[1].x: expected 2, got 1"])
    lists = failure(project, "test_lists")
    assert "error: Thrown: with a message" in lists, lists
    same(after_excerpt(lists), ["[0]: missing 0"])
    same(after_excerpt(failure(project, "test_sets")), ["missing 4", "unexpected 1"])
    many = after_excerpt(failure(project, "test_many"))
    same((len(many), many[0], many[-1]), (21, "[0]: expected 1, got 0", "\u2026 and more"))
    deep = failure(project, "test_deep")
    assert deep.rstrip().splitlines()[-3].endswith("[0][0]: expected 2, got 1") and len(deep) < 2000, deep[:3000]
    plain = failure(project, "test_plain")
    same(after_excerpt(plain), [])
    assert "different.harn:" in plain and "|   assert_eq(1, 2)" in plain, plain
    same(after_excerpt(failure(project, "test_control")), ['.text: expected "red", got "\\u001b[31mred"'])
    same([line for line in after_excerpt(failure(project, "test_golden")) if "note:" not in line], ['.steps[1].text: expected "c", got "b"'])
    receipt = failure(project, "test_receipt")
    assert "error: Thrown: receipt field /a/b mismatch" in receipt, receipt
    same(after_excerpt(receipt)[-1], "expected 2, got 1")
    same(after_excerpt(failure(project, "test_seen_by_the_program")), ["[0]: expected 2, got 1"])


def check_colours(project):
    project.add("different.harn", DIFFERENT)

    def on_terminal(*arguments, **env):
        main, other = pty.openpty()
        done = subprocess.Popen([project.charn, "test", "--filter", "test_texts", *arguments], cwd=project.folder, stdout=other,
                                env=dict(os.environ, **env))
        os.close(other)
        out = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            out += piece
        os.close(main)
        done.wait(60)
        return out.decode()

    os.environ.pop("NO_COLOR", None)
    assert "\033[31m-B\033[0m" in on_terminal() and "\033[32m+b\033[0m" in on_terminal(), on_terminal()
    assert "\033" not in on_terminal(NO_COLOR="1")
    on_terminal("--junit", "report.xml")
    text = ElementTree.parse(os.path.join(project.folder, "report.xml")).getroot().find(".//failure").text
    assert "\n  -B\n" in text, text


def parse_lcov(path):
    """{file: {kind: ...}}; the sums are checked."""
    files, record = {}, None
    for line in open(path).read().splitlines():
        if line == "end_of_record":
            same((record["LF"], record["LH"]), (len(record["DA"]), sum(n > 0 for n in record["DA"].values())))
            same((record["BRF"], record["BRH"]), (len(record["BRDA"]), sum(n not in ("-", "0") for n in record["BRDA"].values())))
            same((record["FNF"], record["FNH"]), (len(record["FN"]), sum(n > 0 for n in record["FNDA"].values())))
            same(set(record["FN"]), set(record["FNDA"]))
            record = None
            continue
        kind, _, value = line.partition(":")
        if kind == "SF":
            record = files[value] = {"DA": {}, "BRDA": {}, "FN": {}, "FNDA": {}}
        elif kind == "DA":
            number, count = map(int, value.split(","))
            assert number not in record["DA"], line
            record["DA"][number] = count
        elif kind == "BRDA":
            number, block, way, count = value.split(",")
            assert (int(number), int(block), int(way)) not in record["BRDA"], line
            record["BRDA"][int(number), int(block), int(way)] = count
        elif kind in ("FN", "FNDA"):
            number, name = value.split(",", 1)
            assert name not in record[kind], line
            record[kind][name] = int(number)
        elif kind in ("LF", "LH", "BRF", "BRH", "FNF", "FNH"):
            record[kind] = int(value)
        else:
            same(kind, "TN")
    assert record is None
    return files


def check_coverage(project):
    project.add("covered.harn", COVERED)
    project.add("lib/shapes.harn", SHAPES)
    for arguments in ((), ("--jobs", "3")):
        code, out, _ = project.run("--coverage", "--lcov", "c.info", "--timeout", "1500", *arguments)
        same((code, outcomes(out)), (1, [("PASS", "test_one"), ("PASS", "test_two"), ("FAIL", "test_killed")]))
        table = out[out.index("\ncoverage"):].split("\n")
        rows = {line.split()[0]: line for line in table if line}
        same(list(rows), ["coverage", "covered.harn", "lib/shapes.harn", "total"])
        same(re.findall(r"\(\S+\)|\S+->\S+?(?=,|$)|\b\d+-\d+(?=,)", rows["covered.harn"]),
             ["(27/34)", "(16/28)", "15-18", "38-39", "5->7", "10:16->10:31", "11:10->11:18", "52:35->52:41"])
        assert rows["lib/shapes.harn"].endswith("  13"), rows
        files = parse_lcov(os.path.join(project.folder, "c.info"))
        same(sorted(files), ["covered.harn", "lib/shapes.harn"])
        lines = files["covered.harn"]["DA"]
        same({n: lines.get(n) for n in (1, 4, 5, 6, 7, 8, 10, 15, 16, 18, 19, 26, 34, 37, 39, 42, 44, 46, 52, 55, 59, 66)},
             {1: 2, 4: None, 5: 3, 6: 1, 7: 2, 8: 1, 10: 1, 15: 0, 16: 0, 18: 0, 19: None, 26: 3, 34: 3, 37: 1, 39: 0, 42: 1, 44: 1,
              46: 1, 52: 3, 55: 0, 59: 1, 66: 0})
        branches = files["covered.harn"]["BRDA"]
        same([branches[5, block, way] for block in (0, 1) for way in (0, 1)], ["1", "2", "1", "0"])
        same([branches[15, 0, 0], branches[10, 0, 0], branches[10, 0, 1]], ["-", "1", "0"])
        functions = files["covered.harn"]["FNDA"]
        same({name: functions[name] for name in ("pick", "never", "numbers", "test_one", "<closure>", "<spawn>")},
             {"pick": 3, "never": 0, "numbers": 1, "test_one": 1, "<closure>": 3, "<spawn>": 1})
        same(files["lib/shapes.harn"]["DA"], {7: 1, 11: 1, 12: 1, 13: 0})
        same(len(files["lib/shapes.harn"]["BRDA"]), 2)
    code, out, _ = project.run("--coverage=lcov:d.info", "--filter", "test_one")
    same((code, "not run" in out), (0, False))
    same(sorted(parse_lcov(os.path.join(project.folder, "d.info"))), ["covered.harn", "lib/shapes.harn"])
    code, out, _ = project.run("--coverage", "--json", "--filter", "test_one")
    report = json.loads(out.replace("T", "0").splitlines()[-1])["coverage"]
    same(([item["file"] for item in report["files"]], report["files"][1]["lines_not_run"]), (["covered.harn", "lib/shapes.harn"], [13]))
    assert 66 in report["files"][0]["lines_not_run"], report
    for wrong in ("--coverage=html", "--coverage=lcov:", "--lcov"):
        same(project.run(wrong)[0], 2)
    same(project.run("--lcov", "no/such/folder/x.info", "--filter", "test_one")[0], 1)


def check_coverage_of_a_run(project):
    project.add("lib/shapes.harn", SHAPES)
    project.add("main.harn", """import { area, make } from "lib/shapes"

pipeline default(task) {
  for i in range(100000) {
    area(make(i))
  }
  println("out")
  exit(3)
}
""")
    for _ in range(2):  # also when the compiled program is at hand
        done = subprocess.run([project.charn, "run", "main.harn", "--coverage", "--lcov", "r.info"], cwd=project.folder,
                              capture_output=True, timeout=60)
        same((done.returncode, done.stdout), (3, b"out\n"))
        assert b"main.harn" in done.stderr and b"100.0 %" in done.stderr, done.stderr
    files = parse_lcov(os.path.join(project.folder, "r.info"))
    same(files["lib/shapes.harn"]["DA"], {7: 100000, 11: 100000, 12: 100000, 13: 0})
    same(files["main.harn"]["BRDA"], {(4, 0, 0): "1", (4, 0, 1): "100000"})


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
            if str(error) == "out of pty devices":  # a machine without pseudo-terminals
                print("skipped %s: %s" % (name, error))
                continue
            failed += 1
            print("FAILED %s: %s" % (name, error))
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
