#!/usr/bin/env python3
"""Concurrency programs under random schedules.

    schedules.py --charn BINARY [--schedules N] [--repeat N] [--jobs N] [--seed N]

Every program in tests/programs/concurrency runs under schedules chosen by seeds (`charn run --schedule-seed`). Each must
end by itself within the time, with no crash and no report of a sanitizer; every --repeat-th schedule runs twice and must
leave the same trace, output and exit code, byte for byte. Programs that measure real time are left out of the comparison
of traces (they are those that call `sleep` or `deadline` with the real clock).
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "..", "programs", "concurrency")
REAL_TIME = re.compile(r"\bsleep\(|deadline|timeout|_acquire\([^)]*, [1-9][0-9]*\)|cancel_graceful|supervisor_stop")


def run(charn, path, seed):
    done = subprocess.run([charn, "run", "--no-check", "--schedule-seed", str(seed), "--schedule-trace", path],
                          capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def explore(charn, path, seeds, repeat, is_timed):
    bad, repeated, traces = [], 0, set()
    for seed in seeds:
        try:
            first = run(charn, path, seed)
            traces.add(hash(first))
            if first[0] not in (0, 1) or b"Sanitizer" in first[2]:
                bad.append(f"{path} seed {seed}: exit {first[0]}\n{first[2][-400:].decode(errors='replace')}")
            elif not is_timed and seed % repeat == 0:
                repeated += 1
                if run(charn, path, seed) != first:
                    bad.append(f"{path} seed {seed}: two runs differ")
        except subprocess.TimeoutExpired:
            bad.append(f"{path} seed {seed}: no end")
    return bad, len(seeds), repeated, len(traces)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    paths = sorted(glob.glob(os.path.join(PROGRAMS, "*.harn")))
    each = max(1, options.schedules // len(paths))
    total = repeated = kinds = 0
    bad = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        parts = []
        for path in paths:
            is_timed = bool(REAL_TIME.search(open(path).read()))
            for start in range(0, each, 200):
                seeds = range(options.seed + start, options.seed + min(start + 200, each))
                parts.append(pool.submit(explore, options.charn, path, seeds, options.repeat, is_timed))
        for part in parts:
            got = part.result()
            bad += got[0]
            total += got[1]
            repeated += got[2]
            kinds += got[3]
    for line in bad[:20]:
        print(line)
    print(f"{len(paths)} programs, {total} schedules, {repeated} of them twice: {len(bad)} bad; {kinds} different traces")
    return 1 if bad or len(paths) < 30 or kinds <= len(paths) else 0


if __name__ == "__main__":
    sys.exit(main())
