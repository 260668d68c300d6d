#!/usr/bin/env python3
"""Run programs made at random, and compare.

    run.py --charn build/release/charn --engine /path/harn --count 2000 [--seed N] [--mutate FOLDER] [--out FOLDER]
    run.py --charn build/dev/charn --self --count 40

With an engine: standard output, exit code and the first line on standard error have to be the same; a difference is
reduced to a small program. --mutate makes the programs by small changes of the .harn files below a folder. With --self:
the program has to end by itself with 0 or 1, without a word of a sanitizer, and give the same with and without the check
before the run. Programs run in a folder of their own, one process each.
"""
import argparse
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402

TIMEOUT = 20


def run(command, text, folder, name):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    try:
        done = subprocess.run(command + [path], capture_output=True, timeout=TIMEOUT, cwd=folder, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return ("timeout", "", "")
    errors = done.stderr.decode("utf-8", "replace")
    first = next((line for line in errors.split("\n") if line.startswith("error")), "")
    return (done.returncode, done.stdout.decode("utf-8", "replace"), first, errors)


def normal(result):
    """Exit code, output, error text. Codes of static errors are compared by their text alone."""
    if result[0] == "timeout":
        return result[:3]
    error = re.sub(r"^error\[[A-Z0-9-]+\]", "error", result[2])
    return (result[0], result[1], error)


def differs(options, text, folder, name="p.harn"):
    ours = normal(run([options.charn, "run"], text, folder, name))
    if options.self_test:
        if ours[0] not in (0, 1):
            return ("ends with", ours, ours)
        other = normal(run([options.charn, "run", "--no-check"], text, folder, name))
        # A program that the check refuses may well run without it.
        refused = ours[0] == 1 and not ours[1] and other != ours
        return None if ours == other or refused else ("without check", ours, other)
    theirs = normal(run([options.engine, "run"], text, folder, name))
    return None if ours == theirs else ("engine", ours, theirs)


def kind_of(difference):
    """What two differences have in common when they are of one cause, roughly."""
    _, ours, theirs = difference
    strip = lambda text: re.sub(r"[0-9]+|`[^`]*`", "N", text)
    return (ours[0], theirs[0], strip(ours[2])[:60], strip(theirs[2])[:60])


def reduce(options, chunks, body, folder):
    """Leave out what can be left out while the difference stays of the same kind."""
    first = differs(options, generate.assemble(chunks, body), folder)
    changed = True
    while first and changed:
        changed = False
        for part in (body, chunks):
            for i in range(len(part) - 1, -1, -1):
                shorter = part[:i] + part[i + 1:]
                trial = (chunks, shorter) if part is body else (shorter, body)
                found = differs(options, generate.assemble(*trial), folder)
                if found and kind_of(found) == kind_of(first):
                    part[:] = shorter
                    changed = True
    # then by lines of what is left
    lines = generate.assemble(chunks, body).split("\n")
    for size in (8, 4, 2, 1):
        i = len(lines) - size
        while i >= 0:
            shorter = lines[:i] + lines[i + size:]
            found = differs(options, "\n".join(shorter), folder)
            if found and first and kind_of(found) == kind_of(first):
                lines = shorter
            i -= 1
    return "\n".join(lines)


# ---- mutations ----

NUMBERS = ["0", "1", "-1", "2", "9223372036854775807", "0.5", "nil", "true", '"x"', "[]", "{}"]
OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "??"]


def mutate(text, rng):
    lines = text.split("\n")
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(lines))
        roll = rng.random()
        if roll < 0.4:
            numbers = list(re.finditer(r"\b\d+\b", lines[i]))
            if numbers:
                found = rng.choice(numbers)
                lines[i] = lines[i][:found.start()] + rng.choice(NUMBERS) + lines[i][found.end():]
        elif roll < 0.65:
            operators = list(re.finditer(r" (\+|-|\*|/|%|==|!=|<|>|<=|>=|&&|\|\||\?\?) ", lines[i]))
            if operators:
                found = rng.choice(operators)
                lines[i] = lines[i][:found.start()] + " " + rng.choice(OPERATORS) + " " + lines[i][found.end():]
        elif roll < 0.8:
            strings = list(re.finditer(r'"[^"\\$]*"', lines[i]))
            if strings:
                found = rng.choice(strings)
                lines[i] = lines[i][:found.start()] + rng.choice(['""', '"a"', '"ä"', "0", "nil"]) + lines[i][found.end():]
        elif re.match(r"\s+\w+\(", lines[i]):
            lines[i] = "" if roll < 0.9 else lines[i] + "\n" + lines[i]
    return "\n".join(lines)


def programs(options):
    if not options.mutate:
        for seed in range(options.seed, options.seed + options.count):
            yield seed, generate.generate(seed)
        return
    files = sorted(os.path.join(base, name) for base, _, names in os.walk(options.mutate) for name in names if name.endswith(".harn"))
    texts = [open(path, encoding="utf-8").read() for path in files]
    texts = [text for text in texts if "import" not in text and re.search(r"pipeline (main|default)", text)]
    for seed in range(options.seed, options.seed + options.count):
        rng = random.Random(seed)
        yield seed, mutate(rng.choice(texts), rng)


def try_one(options, folder, seed, program):
    mine = os.path.join(folder, str(seed))
    os.mkdir(mine)
    text = program if isinstance(program, str) else generate.assemble(*program)
    found = differs(options, text, mine)
    if found and not isinstance(program, str) and not options.keep_whole:
        text = reduce(options, program[0], program[1], mine)
        found = differs(options, text, mine) or found
    return seed, text, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("--engine")
    parser.add_argument("--self", dest="self_test", action="store_true")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutate")
    parser.add_argument("--keep-whole", action="store_true", help="do not reduce")
    parser.add_argument("--out", help="write the programs that differ here")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not options.self_test and not options.engine:
        parser.error("--engine or --self")
    options.charn = os.path.abspath(options.charn)
    if options.out:
        os.makedirs(options.out, exist_ok=True)
    kinds, count, ran = {}, 0, 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for seed, text, found in pool.map(lambda item: try_one(options, folder, *item), programs(options)):
            count += 1
            if not found:
                continue
            kinds.setdefault(kind_of(found), []).append((seed, text, found))
            if options.out:
                with open(os.path.join(options.out, "%d.harn" % seed), "w", encoding="utf-8") as out:
                    out.write(text)
    total = sum(len(items) for items in kinds.values())
    for kind, items in sorted(kinds.items(), key=lambda item: -len(item[1])):
        seed, text, (what, ours, theirs) = min(items, key=lambda item: len(item[1]))
        print("== %d times (%s), seed %d" % (len(items), what, seed))
        print(text[:1500])
        print("-- ours:   %r" % (tuple(part if not isinstance(part, str) else part[-300:] for part in ours[:3]),))
        print("-- theirs: %r" % (tuple(part if not isinstance(part, str) else part[-300:] for part in theirs[:3]),))
    print("%d programs, %d differences of %d kinds" % (count, total, len(kinds)))
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
