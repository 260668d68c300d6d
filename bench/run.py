#!/usr/bin/env python3
"""The kernels of bench/vm side by side: ratios of CPU time to a base engine, peak memory, start-up.

Engines take turns (A B A B ...), so that what else runs on the machine meets all of them; the minimum counts, the
median is shown beside it. Every engine must print the same line, else the run fails.

  bench/run.py --charn build/release/charn                    all kernels, Lua 5.4, LuaJIT's interpreter, Python as found
  bench/run.py --kernels matmul,sets --runs 9 --json out.json
  bench/run.py --kernels-dir DIR                              kernels elsewhere (NAME.harn with NAME.lua, NAME.py)
  bench/run.py --front-end                                    also: check of a generated file of 300 KB
"""
import argparse
import atexit
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

WORK = tempfile.mkdtemp(prefix="charn-bench-")
atexit.register(shutil.rmtree, WORK, ignore_errors=True)
HERE = os.path.dirname(os.path.abspath(__file__))


def engines(charn):
    """Name -> (command, suffix of its kernels), in the order of the table; the first is the base."""
    found = {}
    if shutil.which("lua5.4"):
        found["lua5.4"] = (["lua5.4"], ".lua")
    if shutil.which("luajit"):
        found["luajit-off"] = (["luajit", "-joff"], ".lua")
    if shutil.which("python3"):
        found["python"] = (["python3"], ".py")
    found["charn"] = ([charn, "run"], ".harn")
    return found


# A child begins with its parent's peak, so the parent has to be small: this, and not this Python process.
SPAWN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
    struct rusage used;
    int status;
    if (argc < 3) return 2;
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0) return 2;
    FILE *out = fopen(argv[1], "w");
    if (!out) return 2;
    fprintf(out, "%ld.%06ld %ld.%06ld %ld\n", (long)used.ru_utime.tv_sec, (long)used.ru_utime.tv_usec,
            (long)used.ru_stime.tv_sec, (long)used.ru_stime.tv_usec, used.ru_maxrss);
    fclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
"""


def make_spawner(folder):
    source, program = os.path.join(folder, "spawn.c"), os.path.join(folder, "spawn")
    with open(source, "w") as f:
        f.write(SPAWN)
    subprocess.run([os.environ.get("CC", "cc"), "-O1", "-o", program, source], check=True)
    return program


def measure(command):
    """One run: (CPU seconds, peak KiB, standard output), or None when it failed."""
    figures = os.path.join(WORK, "figures")
    run = subprocess.run([SPAWNER, figures] + command, stdout=subprocess.PIPE, text=True, errors="replace")
    if run.returncode != 0:
        return None
    with open(figures) as f:
        user, system, peak = f.read().split()
    return float(user) + float(system), int(peak), run.stdout


SPAWNER = make_spawner(WORK)


def geometric(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else float("nan")


def run_kernels(folder, names, found, runs):
    results, failures = {}, []
    for name in names:
        row = {}
        texts = {}
        for _ in range(runs):
            for engine, (command, suffix) in found.items():
                path = os.path.join(folder, name + suffix)
                if not os.path.exists(path):
                    continue
                one = measure(command + [path])
                if one is None:
                    failures.append(f"{name}: {engine} failed")
                    continue
                row.setdefault(engine, {"cpu": [], "rss": []})
                row[engine]["cpu"].append(one[0])
                row[engine]["rss"].append(one[1])
                texts.setdefault(one[2], engine)
        if len(texts) > 1:
            failures.append(f"{name}: outputs differ: " + ", ".join(f"{e} {t.strip()!r}" for t, e in texts.items()))
        results[name] = row
        print(f"  {name}", end="\r", file=sys.stderr)
    return results, failures


def show(results, found, base):
    names = list(found)
    print("| kernel | " + " | ".join(names) + " | " + " | ".join(f"{n} MiB" for n in names) + " |")
    print("|---|" + "---:|" * (2 * len(names)))
    ratios = {n: [] for n in names}
    memory = {n: [] for n in names}
    for kernel, row in results.items():
        cells = []
        for name in names:
            if name not in row or base not in row:
                cells.append("")
                continue
            low = min(row[name]["cpu"]) / min(row[base]["cpu"])
            middle = statistics.median(row[name]["cpu"]) / statistics.median(row[base]["cpu"])
            ratios[name].append(low)
            cells.append(f"{min(row[base]['cpu']):.3f} s" if name == base else f"{low:.2f} ({middle:.2f})")
        for name in names:
            if name in row and base in row:
                memory[name].append(min(row[name]["rss"]) / min(row[base]["rss"]))
            cells.append(f"{min(row[name]['rss']) / 1024:.1f}" if name in row else "")
        print(f"| {kernel} | " + " | ".join(cells) + " |")
    print("| **geometric mean** | " + " | ".join(f"{geometric(ratios[n]):.2f}" for n in names) + " | " +
          " | ".join(f"{geometric(memory[n]):.2f}" for n in names) + " |")
    return {n: {"cpu": geometric(ratios[n]), "memory": geometric(memory[n])} for n in names}


def generated_source(size):
    """A module of `size` bytes with the constructs that programs are made of."""
    parts, total, i = [], 0, 0
    while total < size:
        part = (f"struct Point{i} {{\n  x: int\n  y: int\n}}\n\n"
                f"/** Adds what it is given, {i} times. */\n"
                f"fn work{i}(a: int, b: int) -> int {{\n  var total = 0\n  for k in range(a) {{\n"
                f"    let p = Point{i} {{ x: k, y: b }}\n    if p.x > p.y {{\n      total = total + p.x * {i}\n"
                f"    }} else {{\n      total = total - p.y\n    }}\n  }}\n  return total\n}}\n\n")
        parts.append(part)
        total += len(part)
        i += 1
    parts.append("pipeline default(task) {\n  println(work0(3, 4))\n}\n")
    return "".join(parts)


def front_end(charn, runs):
    text = generated_source(300 * 1024)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "big.harn")
        with open(path, "w") as f:
            f.write(text)
        for _ in range(runs):
            one = measure([charn, "check", path])
            if one is None:
                return {"error": "check failed"}
            times.append(one[0])
    return {"bytes": len(text), "check_s": min(times), "check_median_s": statistics.median(times),
            "mb_per_s": len(text) / 1e6 / min(times)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", default=os.path.join(HERE, "..", "build", "release", "charn"))
    parser.add_argument("--kernels-dir", default=os.path.join(HERE, "vm"))
    parser.add_argument("--kernels", help="comma-separated names; all otherwise")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engines", help="comma-separated names")
    parser.add_argument("--front-end", action="store_true")
    parser.add_argument("--json", help="write every figure to this file")
    args = parser.parse_args()
    names = sorted(f[:-5] for f in os.listdir(args.kernels_dir) if f.endswith(".harn"))
    if args.kernels:
        names = args.kernels.split(",")
    found = engines(os.path.abspath(args.charn))
    if args.engines:
        found = {n: found[n] for n in args.engines.split(",")}
    base = next(iter(found))
    load = os.getloadavg()[0]
    results, failures = run_kernels(args.kernels_dir, names, found, args.runs)
    summary = show(results, found, base)
    print(f"\nCPU time to {base}'s: ratio of minima (of medians); {args.runs} runs each, load {load:.1f} at the "
          f"beginning and {os.getloadavg()[0]:.1f} at the end.")
    report = {"runs": args.runs, "base": base, "load": [load, os.getloadavg()[0]], "results": results, "summary": summary}
    if args.front_end:
        report["front_end"] = front_end(os.path.abspath(args.charn), args.runs)
        print(f"front end: {json.dumps(report['front_end'])}")
    if args.json:
        with open(args.json, "w") as f:
            json.dump(report, f, indent=1)
    for failure in sorted(set(failures)):
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
