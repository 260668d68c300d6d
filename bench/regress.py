#!/usr/bin/env python3
"""Find what got slower between two commits, by counted instructions, which noise does not touch.

  bench/regress.py BASE HEAD [--limit 10] [--kernels a,b] [--json FILE]

Each side is a commit (built in a worktree of its own, release preset) or the path of a built charn. Every kernel of
bench/vm runs once under callgrind on each side; the exit code is 1 when one of them takes more than --limit percent
more instructions on HEAD. Needs valgrind.
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
ROOT = os.path.dirname(HERE)


def build(commit, folder):
    tree = os.path.join(folder, re.sub(r"\W", "_", commit))
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", tree, commit], check=True, capture_output=True)
    subprocess.run(["cmake", "--preset", "release"], cwd=tree, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "charn"], cwd=tree, check=True, capture_output=True)
    return os.path.join(tree, "build", "release", "charn"), tree


def count(charn, kernel):
    """Instructions of one run, or None when it failed."""
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", charn, "run", kernel],
                         capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    return int(found.group(1)) if run.returncode == 0 and found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("head")
    parser.add_argument("--limit", type=float, default=10.0, help="percent")
    parser.add_argument("--kernels")
    parser.add_argument("--kernels-dir", default=os.path.join(HERE, "vm"))
    parser.add_argument("--json")
    args = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("regress.py needs valgrind")
    names = args.kernels.split(",") if args.kernels else sorted(
        f[:-5] for f in os.listdir(args.kernels_dir) if f.endswith(".harn"))
    folder = tempfile.mkdtemp(prefix="charn-regress-")
    trees, programs = [], []
    try:
        for side in (args.base, args.head):
            if os.access(side, os.X_OK) and os.path.isfile(side):
                programs.append(os.path.abspath(side))
                continue
            program, tree = build(side, folder)
            programs.append(program)
            trees.append(tree)
        report, is_worse = {}, False
        for name in names:
            kernel = os.path.join(args.kernels_dir, name + ".harn")
            before, after = (count(program, kernel) for program in programs)
            if after is None:
                print(f"{name:14} fails on {args.head}")
                is_worse = True
                continue
            if before is None:
                print(f"{name:14} {'-':>14} {after:>14}  new")
                continue
            change = 100.0 * (after - before) / before
            mark = "  SLOWER" if change > args.limit else ""
            is_worse = is_worse or bool(mark)
            report[name] = {"base": before, "head": after, "percent": change}
            print(f"{name:14} {before:>14} {after:>14} {change:+7.1f} %{mark}", flush=True)
        if args.json:
            with open(args.json, "w") as f:
                json.dump(report, f, indent=1)
        return 1 if is_worse else 0
    finally:
        for tree in trees:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", tree], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
