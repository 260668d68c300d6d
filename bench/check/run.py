#!/usr/bin/env python3
"""How long `charn check` takes: a project of 100 files with 10,000 lines, and one file of 300 KB.

    run.py --charn build/release/charn [--engine /path/harn] [--runs N]

Every run is a new process; charn and the other engine take turns. Printed are the least and the middle of the runs.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

FUNCTION = """
/** Number %(n)d of its file. */
pub fn step_%(f)d_%(n)d(items: list<int>, limit: int?) -> int {
  var total = 0
  for item in items {
    if limit != nil && item > limit {
      continue
    }
    total = total + item * %(n)d
  }
  let names = items.map({ x -> "item ${x}" })
  let entry = {name: "n%(n)d", size: len(names), tags: ["a", "b"]}
  match entry.size {
    0 -> {
      return 0
    }
    _ -> {
      println(entry.name)
    }
  }
  return total
}
"""


def module(number, functions):
    imports = ""
    if number:
        imports = 'import { step_%d_0 } from "./m%d"\n' % (number - 1, number - 1)
    use = "\n/** Uses the module before. */\npub fn chain_%d(items: list<int>) -> int {\n  return %s\n}\n" % (
        number, "step_%d_0(items, nil)" % (number - 1) if number else "len(items)")
    return imports + "".join(FUNCTION % {"f": number, "n": n} for n in range(functions)) + use


def measure(command, runs):
    times = []
    for _ in range(runs):
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True)
        times.append((time.monotonic() - start) * 1000)
        if done.returncode not in (0, 1):
            raise SystemExit("%s: exit %d" % (command[0], done.returncode))
    return min(times), statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("--engine")
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "project"))
        lines = 0
        for number in range(100):
            text = module(number, 5)
            lines += text.count("\n")
            open(os.path.join(folder, "project", "m%d.harn" % number), "w").write(text)
        single = os.path.join(folder, "single.harn")
        open(single, "w").write(module(0, 545))
        for title, target in (("project, %d lines in 100 files" % lines, os.path.join(folder, "project")),
                              ("one file of %d KB" % (os.path.getsize(single) // 1000), single)):
            print("%-40s charn least %.0f ms, middle %.0f ms" % ((title,) + measure([options.charn, "check", target], options.runs)))
            if options.engine:
                print("%-40s other least %.0f ms, middle %.0f ms" % ((title,) + measure([options.engine, "check", target], max(3, options.runs // 3))))


if __name__ == "__main__":
    main()
