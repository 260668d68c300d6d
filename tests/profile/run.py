#!/usr/bin/env python3
"""Profiles of programs whose costs are known: which function and line is on top, and that every file can be read.

    run.py --charn build/dev/charn
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

BUSY = """fn hot(n) {
  var sum = 0
  for i in range(n) {
    sum = sum + i * 7 % 1000003
  }
  return sum
}

fn cold(n) {
  return n + 1
}

fn middle(n) {
  return hot(n) + cold(n)
}

pipeline default(task) {
  for round in range(100) {
    middle(20000)
  }
  println("done")
}
"""

CALLS = """fn slow_text(n) {
  let text = "x" * 100000
  var sum = 0
  for i in range(n) {
    sum = sum + len(sha256(text))
  }
  return sum
}

fn with_closure(n) {
  return len(range(n).map({ x -> x * 2 }).filter({ x -> x > 3 }).to_list())
}

pipeline default(task) {
  slow_text(1000)
  println(with_closure(500000))
}
"""

TASKS = """fn work(n) {
  var sum = 0
  for i in range(n) {
    sum = sum + i
  }
  return sum
}

fn numbers(n) {
  for i in range(n) {
    yield i
  }
}

pipeline default(task) {
  let handles = [spawn { work(6000000) }, spawn { work(6000000) }]
  for handle in handles {
    await(handle)
  }
  parallel each [1, 2, 3] { x -> work(2000000) }
  var sum = 0
  for n in numbers(1000000) {
    sum = sum + n
  }
  try {
    throw "x"
  } catch (e) {
    println(e)
  }
}
"""

MEMORY = """fn small() {
  return [1]
}

fn large(n) {
  var parts = []
  for i in range(n) {
    parts = parts.push([i, i, i, i, i, i, i, i])
  }
  return parts
}

pipeline default(task) {
  for i in range(100) {
    small()
  }
  large(20000)
}
"""

DEEP = """fn down(n) {
  if n == 0 {
    var sum = 0
    for i in range(2000000) {
      sum = sum + i
    }
    return sum
  }
  return 1 + down(n - 1)
}

pipeline default(task) {
  println(down(50000) > 0)
}
"""


class Project:
    def __init__(self, charn):
        self.charn = charn
        self.folder = tempfile.mkdtemp()

    def run(self, text, *arguments, code=0):
        with open(os.path.join(self.folder, "main.harn"), "w") as file:
            file.write(text)
        done = subprocess.run([self.charn, "run", *arguments, "main.harn"], cwd=self.folder, capture_output=True, timeout=120)
        same(done.returncode, code)
        return done.stdout.decode(), done.stderr.decode()

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()


def same(seen, wanted):
    assert seen == wanted, "%r instead of %r" % (seen, wanted)


def self_weights(text):
    """{function: weight} of a speedscope file, whose sums are checked."""
    document = json.loads(text)
    frames, (profile,) = document["shared"]["frames"], document["profiles"]
    same((profile["type"], len(profile["samples"]), profile["startValue"]), ("sampled", len(profile["weights"]), 0))
    same(profile["endValue"], sum(profile["weights"]))
    weights, stacks = {}, []
    for stack, weight in zip(profile["samples"], profile["weights"]):
        names = [frames[i]["name"] for i in stack]
        stacks.append(names)
        weights[names[-1]] = weights.get(names[-1], 0) + weight
    return weights, stacks, frames


def top(weights):
    return max(weights, key=weights.get)


def rows(table):
    """The functions and the lines of a table, in order."""
    functions, _, lines = table.partition("\n\n")[2].partition("\n\n")
    cell = r"^ *[\d.]+ % +[\d.]+ \w+ +"
    return ([re.sub(cell, "", re.sub(cell, "", line)) for line in functions.splitlines()[1:]],
            [re.sub(cell, "", line) for line in lines.splitlines()[1:]])


def check_hot_function(project):
    out, err = project.run(BUSY, "--cpu-profile", "-")
    same(out, "done\n")
    functions, lines = rows(err)
    same(functions[0], "hot  main.harn:1")
    assert any(row == "default  main.harn:17" for row in functions) and any(row.startswith("middle ") for row in functions), functions
    assert lines[0] in ("main.harn:4  sum = sum + i * 7 % 1000003", "main.harn:3  for i in range(n) {"), lines
    assert "\033" not in err, "colours only on a terminal"
    project.run(BUSY, "--cpu-profile", "p.json")
    weights, stacks, frames = self_weights(project.read("p.json"))
    same(top(weights), "hot")
    assert ["default", "middle", "hot"] in stacks, stacks[:5]
    assert {"name": "hot", "file": "main.harn", "line": 1} in frames, frames


def check_flame_graph(project):
    project.run(BUSY, "--cpu-profile", "p.svg")
    root = ElementTree.fromstring(project.read("p.svg"))
    space = "{http://www.w3.org/2000/svg}"
    boxes = {}
    for group in root.iter(space + "g"):
        rect = group.find(space + "rect")
        boxes[group.find(space + "title").text.split("\n")[0]] = (float(rect.get("x")), float(rect.get("width")), float(rect.get("y")))
        assert 0 <= float(rect.get("x")) and float(rect.get("x")) + float(rect.get("width")) <= float(root.get("width")) - 9
    hot, middle, everything = boxes["hot (main.harn:1)"], boxes["middle (main.harn:13)"], boxes["all"]
    assert everything[1] >= middle[1] >= hot[1] > everything[1] / 2, boxes
    assert everything[2] < middle[2] < hot[2] and middle[0] <= hot[0], boxes
    text = project.read("p.svg")
    assert "prefers-color-scheme:dark" in text and "href" not in text and "<script" not in text, "it stands alone"


def check_builtins_and_prelude(project):
    project.run(CALLS, "--cpu-profile", "p.json")
    weights, stacks, frames = self_weights(project.read("p.json"))
    assert weights.get("sha256 (builtin)", 0) > weights.get("slow_text", 0), weights
    assert ["default", "slow_text", "sha256 (builtin)"] in stacks
    assert any(name.endswith(" (prelude)") for name in weights), weights
    assert any(stack[:2] == ["default", "with_closure"] and stack[-1] == "<closure>" for stack in stacks), "closures below the prelude"
    _, err = project.run(CALLS, "--cpu-profile", "-")
    lines = rows(err)[1]
    same({line.split()[0] for line in lines[:2]} - {"main.harn:5", "main.harn:11"}, set())


def check_tasks_and_generators(project):
    out, _ = project.run(TASKS, "--cpu-profile", "p.json", "--alloc-profile", "m.json")
    same(out, "x\n")
    weights, stacks, _ = self_weights(project.read("p.json"))
    same(top(weights), "work")
    assert ["<spawn>", "work"] in stacks, stacks[:5]
    assert any(stack[-2:] == ["default", "numbers"] for stack in stacks), "a generator stands on its consumer"
    self_weights(project.read("m.json"))


def check_for_editors(project):
    project.run(BUSY, "--cpu-profile", "p.cpuprofile")
    document = json.loads(project.read("p.cpuprofile"))
    nodes = {node["id"]: node for node in document["nodes"]}
    same(len(document["samples"]), len(document["timeDeltas"]))
    assert set(document["samples"]) <= set(nodes) and document["endTime"] >= sum(document["timeDeltas"])
    children = [child for node in nodes.values() for child in node["children"]]
    same(sorted(children), sorted(set(nodes) - {1}))
    hits = {}
    for node in nodes.values():
        hits[node["callFrame"]["functionName"]] = hits.get(node["callFrame"]["functionName"], 0) + node["hitCount"]
        same(sum(tick["ticks"] for tick in node["positionTicks"]), node["hitCount"] if node["callFrame"]["url"].startswith("file:") else 0)
    same(top(hits), "hot")
    hot = next(node for node in nodes.values() if node["callFrame"]["functionName"] == "hot")
    same((hot["callFrame"]["url"], hot["callFrame"]["lineNumber"]), (pathlib.Path(os.path.realpath(project.folder), "main.harn").as_uri(), 0))
    assert {tick["line"] for tick in hot["positionTicks"]} <= {1, 2, 3, 4, 6}, hot


def check_memory(project):
    _, err = project.run(MEMORY, "--alloc-profile", "-")
    functions, lines = rows(err)
    same(functions[0], "large  main.harn:5")
    by_line = {line.split()[1]: int(line.split()[0]) for line in lines}
    same(lines[0].split()[1], "main.harn:8")
    same(by_line["main.harn:2"], 200)  # 100 lists, with their items beside them
    assert 40000 <= by_line["main.harn:8"] < 40100, by_line  # and the list that grows
    project.run(MEMORY, "--alloc-profile", "m.json")
    weights, stacks, _ = self_weights(project.read("m.json"))
    same(top(weights), "large")
    project.run(MEMORY, "--alloc-profile", "m.svg")
    ElementTree.fromstring(project.read("m.svg"))


def check_deep_calls(project):
    project.run(DEEP, "--cpu-profile", "p.json", "--alloc-profile", "m.svg")
    _, stacks, _ = self_weights(project.read("p.json"))
    deepest = max(stacks, key=len)
    assert len(deepest) <= 258 and deepest[0] == "default" and deepest[-1] == "down" and "\u2026" in deepest, (len(deepest), deepest[:3])
    ElementTree.fromstring(project.read("m.svg"))


def check_how_it_ends(project):
    project.run(BUSY.replace('println("done")', "exit(7)"), "--cpu-profile", "e.json", code=7)
    same(top(self_weights(project.read("e.json"))[0]), "hot")
    _, err = project.run(BUSY.replace('println("done")', 'throw "end"'), "--cpu-profile", "t.svg", code=1)
    assert "error: Thrown: end" in err, err
    ElementTree.fromstring(project.read("t.svg"))
    project.run("", "--cpu-profile", "empty.json", "--alloc-profile", "empty.svg")
    same(self_weights(project.read("empty.json"))[1], [])
    ElementTree.fromstring(project.read("empty.svg"))


def check_interrupted(project):
    for body in ("while true {\n    hot(1000)\n  }", "hot(3000000)\n  sleep(100000)"):
        with open(os.path.join(project.folder, "main.harn"), "w") as file:
            file.write(BUSY.replace("for round in range(100) {\n    middle(20000)\n  }", 'println("up")\n  hot(2000000)\n  println("on")\n  ' + body))
        process = subprocess.Popen([project.charn, "run", "--cpu-profile=i.json", "main.harn"], cwd=project.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        while process.stdout.readline() != b"on\n":
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        same(process.returncode, 124)
        same(top(self_weights(project.read("i.json"))[0]), "hot")
        os.remove(os.path.join(project.folder, "i.json"))


def check_usage(project):
    for arguments in (("--cpu-profile",), ("--cpu-profile", "x.txt"), ("--alloc-profile", "x.cpuprofile"), ("--alloc-profile=",),
                      ("--cpu-profile", "x.svg", "--coverage")):
        _, err = project.run(BUSY, *arguments, code=2)
        assert "charn run: " in err and "--help" in err, err
    _, err = project.run(BUSY, "--cpu-profile", "no/such/folder/x.svg", code=1)
    assert "cannot write no/such/folder/x.svg" in err, err


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
            print("FAILED %s: %s" % (name, str(error)[:2000]))
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
