#!/usr/bin/env python3
"""Updates in place are amortised O(1), wherever the value is held.

Each program below does n updates. The machine's own count of instructions would not show a hidden copy, so those of
the processor are counted, by callgrind; without valgrind nothing is checked. From n to 8n they may grow by a factor of
at most 11: 8 for the work itself and room for a table's growth. A copy per update would make it nearly 64.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = {
    "list_store": """
  var xs = []
  for i in range(N) { xs = xs.push(0) }
  for i in range(N) { xs[i] = i }
  println(xs[N - 1])
""",
    "list_push": """
  var xs = []
  for i in range(N) { xs = xs.push(i) }
  println(len(xs))
""",
    "dict_store": """
  var d = {}
  for i in range(N) { d["k${i}"] = i }
  for i in range(N) { d["k${i}"] = i + 1 }
  println(len(d))
""",
    "text_append": """
  var s = ""
  for i in range(N) { s = s + "x" }
  println(len(s))
""",
    "through_function": """
  var xs = []
  for i in range(N) { xs = put(xs, i) }
  var s = ""
  for i in range(N) { s = extend(s, i) }
  println(len(xs) + len(s))
""",
    "through_field": """
  var box = Box { items: [], name: "" }
  for i in range(N) { box.items = box.items.push(i) }
  for i in range(N) { box.items[i] = 0 }
  for i in range(N) { box.name = box.name + "x" }
  println(len(box.items) + len(box.name))
""",
    "inside_closure": """
  let fill = { n ->
    var xs = []
    var d = {}
    for i in range(n) {
      xs = xs.push(i)
      d["k${i}"] = i
    }
    for i in range(n) { xs[i] = 1 }
    return len(xs) + len(d)
  }
  println(fill(N))
""",
}
DECLARATIONS = """
struct Box {
  items: list
  name: string
}
fn put(xs, i) { return xs.push(i) }
fn extend(s, i) { return s + "x" }
"""
# What a program does is counted from n on, so that start-up, the same for both, does not hide the growth.
SMALL = 1500


def count(charn, body, n, folder):
    path = os.path.join(folder, "p.harn")
    with open(path, "w") as f:
        f.write(DECLARATIONS + "pipeline default(task) {\n" + body.replace("N", str(n)) + "}\n")
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", charn, "run", path],
                         capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"failed at n = {n}:\n{run.stdout}{run.stderr}")
    return int(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is not installed: nothing was checked")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, body in PROGRAMS.items():
            if args.names and name not in args.names:
                continue
            start = count(args.charn, body, 1, folder)
            small = count(args.charn, body, SMALL, folder) - start
            large = count(args.charn, body, 8 * SMALL, folder) - start
            is_good = large <= 11 * small
            failed += not is_good
            print(f"{'ok  ' if is_good else 'FAIL'} {name}: {small} -> {large}, times {large / small:.1f}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
