#!/usr/bin/env python3
"""The time of a check grows linearly with the file, whatever stands in it.

    run.py --charn build/release/charn [NAME...]

Each kind of construct of kinds.py is checked at n and at 4n. The processor time of the first has to be well above its
noise; the second may be at most eight times the first: four for the text and room for caches and tables. A
cost per pair would make it sixteen. What can only go to a certain depth is repeated in copies instead, and the depth is
what grows. What charn prints is thrown away; it has to end by itself with 0 or 1.
"""
import argparse
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kinds  # noqa: E402

LEAST_SECONDS = 0.05
GROWTH_MAX = 8.0
TEXT_BYTES_MAX = 12 << 20  # of the text at n: a kind that is still too fast to measure then is a kind with too small a text
TRIES = 2


def write(folder, make, n, copies):
    """The path of the text and its size."""
    text = make(n)
    if isinstance(text, tuple):
        text, module = text
        with open(os.path.join(folder, "names.harn"), "w", encoding="utf-8") as out:
            out.write(module)
    path = os.path.join(folder, "text.harn")
    with open(path, "w", encoding="utf-8") as out:
        for i in range(copies):
            out.write(text.replace("COPY", str(i)))
        return path, out.tell()


def seconds(charn, path):
    process = subprocess.Popen([charn, "check", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError("charn ended with %d" % process.returncode)
    return usage.ru_utime


def measure(options, folder, name):
    """(n, copies, seconds at n, seconds at 4n); the first grows until it can be measured."""
    make, deepest = kinds.KINDS[name]
    n, copies = (deepest // 4, 1) if deepest else (250, 1)
    while True:
        path, size = write(folder, make, n, copies)
        first = seconds(options.charn, path)
        for _ in range(TRIES - 1):
            if first < LEAST_SECONDS:
                break
            first = min(first, seconds(options.charn, path))
        if first >= LEAST_SECONDS:
            break
        if size > TEXT_BYTES_MAX:
            raise RuntimeError("too fast to be measured")
        factor = min(8, max(1.2, 1.1 * LEAST_SECONDS / max(first, 0.001)))
        if deepest:
            copies = max(copies + 1, int(copies * factor))
        else:
            n = int(n * factor)
    path, _ = write(folder, make, 4 * n, copies)
    second = seconds(options.charn, path)
    for _ in range(3 * TRIES):  # a busy machine makes it longer, never shorter
        if second <= GROWTH_MAX * first:
            break
        second = min(second, seconds(options.charn, path))
    return n, copies, first, second


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or kinds.KINDS:
            try:
                n, copies, first, second = measure(options, folder, name)
            except RuntimeError as error:
                print("FAIL  %-30s %s" % (name, error))
                failed += 1
                continue
            bad = second > GROWTH_MAX * first
            failed += bad
            print("%s  %-30s n %7d x %5d  %6.1f ms -> %7.1f ms  %5.2f" %
                  ("FAIL" if bad else "ok  ", name, n, copies, 1000 * first, 1000 * second, second / first), flush=True)
    print("%d of %d kinds grow faster than the text" % (failed, len(options.names or kinds.KINDS)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
