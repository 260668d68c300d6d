#!/usr/bin/env python3
"""What the checker says of typed programs made at random (typed.py).

    check.py --charn build/release/charn --engine /path/harn --count 500 [--seed N] [--mistakes 0.03]
    check.py --charn build/dev/charn --self --count 40

With an engine: both report the same lines with the same severities and codes; each difference is printed. With --self: a
program without mistakes has no diagnostic, and nothing crashes on one with mistakes.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import typed  # noqa: E402


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode not in (0, 1) or "Sanitizer" in done.stderr:
        raise SystemExit("%s: exit %d\n%s" % (" ".join(command), done.returncode, done.stderr[-2000:]))
    return done.stdout


def ours(charn, path):
    found = []
    for line in run([charn, "check", "--json", path]).splitlines():
        item = json.loads(line)
        if "severity" in item:
            found.append((item["span"]["line"], item["severity"], item.get("code", ""), item["message"]))
    return found


def theirs(engine, path):
    text = open(path, "rb").read()
    found = []
    for file in json.loads(run([engine, "check", "--json", path]))["data"]["files"]:
        for item in file["diagnostics"]:
            if not item["code"].startswith("HARN-LNT"):
                found.append((text[: item["span"]["start"]].count(b"\n") + 1, item["severity"], item["code"], item["message"]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("--engine")
    parser.add_argument("--self", action="store_true", dest="self_test")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mistakes", type=float, default=0.03)
    options = parser.parse_args()
    if not options.engine and not options.self_test:
        parser.error("--engine or --self")
    with tempfile.TemporaryDirectory() as folder:
        def one(seed):
            path = os.path.join(folder, "p%d.harn" % seed)
            mistakes = options.mistakes if options.engine or seed % 2 else 0
            with open(path, "w") as file:
                file.write(typed.program(seed, mistakes))
            mine = ours(options.charn, path)
            if not options.engine:
                return seed, [] if mistakes else mine, []
            other = theirs(options.engine, path)
            a, b = (collections.Counter(item[:3] for item in found) for found in (mine, other))
            return seed, [item for item in mine if a[item[:3]] > b[item[:3]]], [item for item in other if b[item[:3]] > a[item[:3]]]

        differing = 0
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for seed, extra, missing in pool.map(one, range(options.seed, options.seed + options.count)):
                differing += bool(extra or missing)
                for title, items in (("only charn", extra), ("only the engine", missing)):
                    for item in items:
                        print("seed %d line %d: %s: %s[%s]: %s" % (seed, item[0], title, item[1], item[2], item[3]))
    print("%d programs, %d differ" % (options.count, differing))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
