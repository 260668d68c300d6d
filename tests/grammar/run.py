#!/usr/bin/env python3
"""Tests of the grammar, by the trees it makes.

    run.py PART GRAMMAR_TREE [--update] [NAME...]

PART is one of
  corpus     grammar/test/corpus/*.txt (tree-sitter's own format, so that `tree-sitter test` reads them
             too); NAME: only the tests whose title holds it
  programs   every program of tests/programs and examples parses without a flaw
  queries    what grammar/queries capture in sample.harn: captures/QUERY.txt
  edits      after random edits, the tree made from the one before equals one made afresh
  extremes   deep nesting and broken text of great length: an answer, in time proportional to size

--update rewrites the expected trees and captures.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CORPUS = os.path.join(ROOT, "grammar", "test", "corpus")
QUERIES = os.path.join(ROOT, "grammar", "queries")

TEST = re.compile(r"^=+\n(?P<title>.+)\n=+\n(?P<source>(?:.|\n)*?)\n---+\n(?P<tree>(?:.|\n)*?)(?=^=+\n.+\n=+\n|\Z)", re.M)


def run_tool(tool, *arguments, timeout=120):
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True,
                          errors="replace", timeout=timeout)


def trees(tool, sources, timeout=120):
    """Tree and number of flaws for each source text."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, source in enumerate(sources):
            path = os.path.join(folder, f"{number:05}.harn")
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(source)
            paths.append(path)
        out = run_tool(tool, "tree", *paths, timeout=timeout)
    if out.returncode != 0:
        sys.exit(f"grammar_tree ended with {out.returncode}\n{out.stderr}")
    parts = re.split(r"^---- (\d+)\n", out.stdout, flags=re.M)
    return [(parts[i].strip(), int(parts[i + 1])) for i in range(0, len(parts) - 1, 2)]


def squeezed(tree):
    # tree-sitter's own printer names the character that no token begins with; the API does not tell it.
    tree = re.sub(r"\(UNEXPECTED '.[^)]*\)", "(ERROR)", tree)
    return re.sub(r"\s*\)", ")", re.sub(r"\s+", " ", tree)).strip()


def part_corpus(tool, names, updates):
    failed = passed = 0
    for file_name in sorted(os.listdir(CORPUS)):
        path = os.path.join(CORPUS, file_name)
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        tests = [test for test in TEST.finditer(text)
                 if not names or any(name in test["title"] for name in names)]
        if not names and sum(1 for _ in re.finditer(r"^=+\n.+\n=+\n", text, re.M)) != len(tests):
            sys.exit(f"{path}: a test has no tree")
        found = trees(tool, [test["source"] for test in tests])
        rewritten = text
        for test, (tree, flaws) in zip(tests, found):
            is_error_file = file_name.startswith("errors")
            if updates and squeezed(test["tree"]) != squeezed(tree):
                rewritten = rewritten.replace(
                    test[0], test[0][: test.start("tree") - test.start()] + "\n" + tree + "\n\n")
            elif squeezed(test["tree"]) != squeezed(tree):
                failed += 1
                print(f"FAILED {file_name}: {test['title']}\n--- expected\n{test['tree'].strip()}\n--- found\n{tree}\n")
            elif (flaws == 0) is is_error_file:
                failed += 1
                print(f"FAILED {file_name}: {test['title']}: {flaws} flaws")
            else:
                passed += 1
        if updates:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(rewritten.rstrip("\n") + "\n")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and (passed > 0 or updates) else 1


def part_programs(tool, names, updates):
    paths = []
    for folder in ("tests/programs", "examples"):
        for base, _, files in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(files):
                path = os.path.join(base, name)
                # Programs that are refused may be broken on purpose.
                if name.endswith(".harn") and not os.path.exists(path[:-5] + ".error"):
                    paths.append(path)
    sources = []
    for path in paths:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            sources.append(file.read())
    flawed = [path for path, (_, flaws) in zip(paths, trees(tool, sources)) if flaws]
    for path in flawed:
        print(f"FAILED {os.path.relpath(path, ROOT)}: does not parse")
    print(f"{len(paths)} programs, {len(flawed)} with flaws")
    return 1 if flawed or not paths else 0


def part_queries(tool, names, updates):
    failed = 0
    for name in sorted(os.listdir(QUERIES)):
        out = run_tool(tool, "query", os.path.join(QUERIES, name), os.path.join(HERE, "sample.harn"))
        expected_path = os.path.join(HERE, "captures", name.replace(".scm", ".txt"))
        if updates:
            os.makedirs(os.path.dirname(expected_path), exist_ok=True)
            with open(expected_path, "w", encoding="utf-8") as file:
                file.write(out.stdout)
            continue
        with open(expected_path, encoding="utf-8") as file:
            expected = file.read()
        if out.returncode != 0 or out.stdout != expected:
            failed += 1
            print(f"FAILED {name}: {out.stderr}")
            for line in sorted(set(expected.splitlines()) ^ set(out.stdout.splitlines())):
                print(("  missing " if line in expected.splitlines() else "  new     ") + line)
    return 1 if failed else 0


def part_edits(tool, names, updates):
    compared = 0
    for seed in range(1, 9):
        out = run_tool(tool, "edits", seed, 250, os.path.join(HERE, "sample.harn"))
        match = re.search(r"^(\d+) compared", out.stdout, re.M)
        if out.returncode != 0 or not match:
            print(f"FAILED with seed {seed} (exit {out.returncode})\n{out.stdout}{out.stderr}")
            return 1
        compared += int(match[1])
    print(f"{compared} trees compared")
    return 0 if compared > 400 else 1


def extremes():
    """Name, text, and whether it is sound; each of some hundred kilobytes."""
    many = 60_000
    yield "parentheses", "let x = " + "(" * many + "1" + ")" * many, True
    yield "lists", "let x = " + "[" * many + "]" * many, True
    yield "dicts", "let x = " + "{a: " * many + "1" + "}" * many, True
    yield "closures", "let x = " + "{ a -> " * many + "1" + "}" * many, True
    yield "interpolations", "let x = " + '"${' * many + "1" + '}"' * many, True
    yield "triple strings", "let x = " + '"""${' * many + "1" + '}"""' * many, True
    yield "blocks", "if a { " * many + "}" * many, True
    yield "unary", "let x = " + "-" * many + "1", True
    yield "types", "let x: " + "list<" * many + "int" + ">" * many + " = 1", True
    yield "shapes", "let x: " + "{a: " * many + "int" + "}" * many + " = 1", True
    yield "comments", "/*" * many + "*/" * many + "\nlet x = 1", True
    yield "pipes", "let x = a" + "\n  |> b" * many, True
    yield "comment lines in an expression", "let x = a" + "\n  // why\n  /* how */\n  + b" * many, True
    yield "block comments in an expression", "let x = a" + ("\n/* c */" * 5 + "\n+ b") * (many // 5), True
    yield "block comments behind a statement", "let x = a" + "\n/* c */" * many, True
    yield "open parentheses", "let x = " + "(" * many, False
    yield "open brackets", "[" * many, False
    yield "open braces", "{" * many, False
    yield "open blocks", "if a {\n" * many, False
    yield "open interpolations", "let x = " + '"${' * many, False
    yield "open calls", "f(" * many, False
    yield "open comments", "let x = 1\n" + "/*" * many, False
    yield "closing braces", "}" * many, False
    # The runtime merges each of these errors with the one before, which costs the square of their number.
    few = 4_000
    yield "question marks", "let x = " + "a ? {" * few, False
    yield "capitalised names", "A {" * few, False
    yield "angles", "a<" * many, False
    yield "lone quotes", 'let x = "\n' * many, False
    yield "unknown characters", "\u00a7" * many, False
    yield "zero bytes", "let x = 1\0\n" * 1000, False


def part_extremes(tool, names, updates):
    seconds_max = 20
    failed = 0
    for name, text, is_sound in extremes():
        if names and name not in names:
            continue
        start = time.monotonic()
        with tempfile.NamedTemporaryFile("w", suffix=".harn", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            try:
                out = run_tool(tool, "flaws", file.name, timeout=seconds_max)
            except subprocess.TimeoutExpired:
                failed += 1
                print(f"FAILED {name}: no answer in {seconds_max} s")
                continue
        if out.returncode != 0:
            failed += 1
            print(f"FAILED {name}: grammar_tree ended with {out.returncode}")
            continue
        flaws = int(out.stdout)
        print(f"{name}: {flaws} flaws, {time.monotonic() - start:.2f} s")
        if (flaws == 0) is not is_sound:
            failed += 1
            print(f"FAILED {name}: {'sound' if is_sound else 'broken'} text, {flaws} flaws")
    return 1 if failed else 0


def main():
    parts = {"corpus": part_corpus, "programs": part_programs, "queries": part_queries,
             "edits": part_edits, "extremes": part_extremes}
    arguments = [argument for argument in sys.argv[1:] if argument != "--update"]
    if len(arguments) < 2 or arguments[0] not in parts:
        sys.exit(__doc__)
    sys.exit(parts[arguments[0]](arguments[1], arguments[2:], "--update" in sys.argv))


if __name__ == "__main__":
    main()
