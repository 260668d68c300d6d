#!/usr/bin/env python3
"""The formatter, seen from the outside.

    run.py --charn build/dev/charn [PATTERN ...]

cases/NAME.in.harn must become cases/NAME.out.harn; every program of the tests and
examples must stay what it is when formatted twice; then options, refusals, and how
files are written.
"""
import argparse
import fnmatch
import os
import random
import re
import stat
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIMEOUT_S = 120
UGLY = "fn f( ) {\n    return   1\n}\n"
NEAT = "fn f() {\n  return 1\n}\n"
BROKEN = "fn f( {\n  return   1\n"


class Failure(AssertionError):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Fmt:
    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.TemporaryDirectory(prefix="charn-fmt-")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *arguments, text=None):
        done = subprocess.run([self.binary, "fmt", *arguments], timeout=TIMEOUT_S, capture_output=True,
                              input=text if text is None or isinstance(text, bytes) else text.encode())
        expect(done.returncode in (0, 1, 2), f"ended with {done.returncode}: {done.stderr[-2000:]!r}")
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def of(self, text, *options):
        code, out, err = self.run(*options, "-", text=text)
        expect(code == 0, err)
        return out


def read(path):
    with open(path, "rb") as f:
        return f.read()


def programs():
    """Every .harn file of the project that should parse."""
    found = []
    for top in ("tests", "examples", "core-vm/builtins", "bench"):
        for folder, folders, files in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(d for d in folders if not d.startswith(".") and d != "node_modules")
            found += [os.path.join(folder, name) for name in sorted(files) if name.endswith(".harn")]
    return found


def test_cases(fmt):
    cases = sorted(name for name in os.listdir(os.path.join(HERE, "cases")) if name.endswith(".in.harn"))
    expect(len(cases) >= 7, "the cases are there")
    for name in cases:
        wanted = read(os.path.join(HERE, "cases", name.replace(".in.", ".out."))).decode()
        got = fmt.of(read(os.path.join(HERE, "cases", name)))
        expect(got == wanted, f"{name}:\n{got}")
        expect(fmt.of(wanted) == wanted, f"{name}: formatted twice it changes")


def test_all_programs_twice(fmt):
    good, seen = 0, programs()
    expect(len(seen) >= 50, f"only {len(seen)} programs found")
    for path in seen:
        text = read(path)
        code, once, err = fmt.run("-", text=text)
        if code:
            expect("HARN-FMT-001: has syntax errors" in err, f"{path}: {err}")
            continue
        good += 1
        expect(fmt.of(once) == once, f"{path}: formatted twice it changes")
        before = [word for word in re.findall(r"[^\W\d_]{4,}", text.decode("utf-8", "replace"))]
        lost = set(before) - set(re.findall(r"[^\W\d_]{4,}", once))
        expect(not lost, f"{path}: lost {sorted(lost)[:5]}")
    expect(good >= 50, f"only {good} programs could be formatted")


def test_comments_anywhere(fmt):
    """Comments put between any two words are all there afterwards, and stay."""
    choice = random.Random(7)
    for name in ("statements", "declarations", "wrapping"):
        text = read(os.path.join(HERE, "cases", name + ".out.harn")).decode()
        for turn in range(12):
            words = []
            lines = []
            for line in text.split("\n"):
                if choice.random() < 0.15:
                    words.append(f"remark{turn}x{len(words)}")
                    lines.append(choice.choice(["// %s", "/* %s */", "  // %s", "/* %s\n */"]) % words[-1])
                if line and not line.endswith("\\") and choice.random() < 0.15:
                    words.append(f"remark{turn}x{len(words)}")
                    line += choice.choice([" // %s", " /* %s */"]) % words[-1]
                lines.append(line)
            code, once, err = fmt.run("-", text="\n".join(lines))
            if code:
                expect("has syntax errors" in err, err)
                continue
            for word in words:
                expect(len(re.findall(word + r"\b", once)) == 1, f"{name}: {word} is lost:\n{once}")
            expect(fmt.of(once) == once, f"{name}: formatted twice it changes:\n{once}")


def test_in_place(fmt):
    path = fmt.file("a.harn", UGLY)
    os.chmod(path, 0o640)
    code, out, _ = fmt.run(path)
    expect(code == 0 and "formatted" in out and path in out, out)
    expect(read(path).decode() == NEAT, "rewritten")
    expect(stat.S_IMODE(os.stat(path).st_mode) == 0o640, "the mode stays")
    expect(os.listdir(fmt.folder.name) == ["a.harn"], "nothing is left behind")
    before = os.stat(path).st_mtime_ns, os.stat(path).st_ino
    code, out, _ = fmt.run(path)
    expect(code == 0 and out == "", out)
    expect((os.stat(path).st_mtime_ns, os.stat(path).st_ino) == before, "what is formatted is not touched")


def test_link_stays(fmt):
    target = fmt.file("real/a.harn", UGLY)
    link = fmt.path("link.harn")
    os.symlink(target, link)
    expect(fmt.run(link)[0] == 0, "formatted")
    expect(os.path.islink(link) and read(target).decode() == NEAT, "the file behind the link")


def test_read_only(fmt):
    path = fmt.file("a.harn", UGLY)
    os.chmod(path, 0o444)
    code, _, err = fmt.run(path)
    expect(code == 1 and "read-only" in err and path in err, err)
    expect(read(path).decode() == UGLY, "unchanged")


def test_check(fmt):
    ugly, neat = fmt.file("ugly.harn", UGLY), fmt.file("neat.harn", NEAT)
    code, out, _ = fmt.run("--check", ugly, neat)
    expect(code == 1 and out == f"{ugly}: HARN-FMT-002: would be reformatted\n", out)
    expect(read(ugly).decode() == UGLY, "unchanged")
    expect(fmt.run("--check", neat)[:2] == (0, ""), "nothing to say")
    expect(fmt.run("--check", "-", text=UGLY)[0] == 1, "standard input")
    expect(fmt.run("--check", "-", text=NEAT)[:2] == (0, ""), "standard input, neat")


def test_refusal(fmt):
    broken, ugly = fmt.file("broken.harn", BROKEN), fmt.file("ugly.harn", UGLY)
    code, _, err = fmt.run(broken, ugly)
    expect(code == 1 and "error" in err and "broken.harn" in err, err)
    expect(read(broken).decode() == BROKEN, "unchanged")
    expect(read(ugly).decode() == NEAT, "the others are formatted")
    code, out, _ = fmt.run("-", text=BROKEN)
    expect(code == 1 and out == "", "nothing comes out")


def test_folder(fmt):
    for name in ("a.harn", "deep/er/b.harn", ".hidden/c.harn", "d.txt"):
        fmt.file("src/" + name, UGLY)
    expect(fmt.run(fmt.path("src"))[0] == 0, "formatted")
    done = {name: read(fmt.path("src/" + name)).decode() for name in ("a.harn", "deep/er/b.harn")}
    expect(set(done.values()) == {NEAT}, done)
    for name in (".hidden/c.harn", "d.txt"):
        expect(read(fmt.path("src/" + name)).decode() == UGLY, name)


def test_line_ends_and_mark(fmt):
    path = fmt.file("a.harn", b'\xef\xbb\xbffn f() {\r\n  // c\r\n  return """\r\na\r\n"""\r\n}\r\n')
    expect(fmt.run("--check", path)[0] == 1, "it differs")
    expect(fmt.run(path)[0] == 0, "formatted")
    expect(read(path) == b'fn f() {\n  // c\n  return """\na\n"""\n}\n', read(path))
    expect(fmt.run("--check", path)[0] == 0, "and stays")
    path = fmt.file("b.harn", b"\xef\xbb\xbf" + NEAT.encode())
    expect(fmt.run("--check", path)[0] == 1, "the mark alone differs")
    expect(fmt.of("let x = 1") == "let x = 1\n", "the last line ends")
    expect(fmt.of("let x = 1; let y = 2") == "let x = 1\n\nlet y = 2\n", "semicolons become lines")


def test_range(fmt):
    text = "fn a( ) {}\n\n\n// about b\nfn b( ) {}\nfn c( ) {}"
    expect(fmt.of(text, "--range", "5:5") == "fn a( ) {}\n\n\n// about b\nfn b() {\n}\nfn c( ) {}", "the second")
    expect(fmt.of(text, "--range=1:1").startswith("fn a() {\n}\n\n\n// about b\nfn b( )"), "the first")
    expect(fmt.of(text, "--range", "2:2") == text, "nothing there")
    expect(fmt.of(text, "--range", "1:99") == "fn a() {\n}\n\n// about b\nfn b() {\n}\n\nfn c() {\n}", "all")
    for bad in ("0:1", "2:1", "x", "1", "1:2:3", "-1:2", "99999999999:1"):
        expect(fmt.run("--range", bad, "-", text=text)[0] == 2, bad)


def test_width(fmt):
    text = "let x = foo(aaaaaaaaaaaa, bbbbbbbbbbbb)\n"
    expect(fmt.of(text) == text, "it fits")
    expect(fmt.of(text, "--line-width", "20") == "let x = foo(\n  aaaaaaaaaaaa,\n  bbbbbbbbbbbb,\n)\n", "it does not")
    exact = "foo(" + "a" * 95 + ")\n"
    expect(fmt.of(exact) == exact, "100 bytes fit")
    expect(fmt.of("foo(" + "a" * 96 + ")\n").count("\n") == 3, "101 do not")
    for bad in ("0", "x", "", "10000000000000"):
        expect(fmt.run("--line-width", bad, "-", text=text)[0] == 2, bad)


def test_usage(fmt):
    expect(fmt.run()[0] == 2, "no file")
    expect(fmt.run("--what", "x.harn")[0] == 2, "unknown option")
    code, _, err = fmt.run(fmt.path("missing.harn"))
    expect(code == 2 and "missing.harn" in err, err)


def test_deep_and_long(fmt):
    """No nesting overflows a stack, no length takes more than its share of time."""
    deep = 3000
    for text in (
        "let x = " + "[" * deep + "]" * deep,
        "let x = " + "f(" * deep + ")" * deep,
        "let x = " + "{ x -> " * deep + "1" + " }" * deep,
        "let x = " + "a + (" * deep + "a" + ")" * deep,
        "let x = " + "!" * deep + "a",
        "let x: " + "list<" * deep + "int" + ">" * deep + " = 1",
        "fn f() {" + "if x {\n" * deep + "}\n" * deep + "}",
        "fn f() {" + "if x { a } else " * deep + "{ b } }",
        "let x = " + " + ".join(["aaaa"] * 20000),
        "let x = a" + ".b(1)" * 20000,
        "let x = a" + ".b({ y ->\n log(1)\n y})" * 5000,
        "let x = " + "a ? b : " * 5000 + "c",
        "let x = [" + ", // c\n".join(["1"] * 20000) + "]",
        "// c\n" * 50000,
        "\n".join(f'import "m{-i}"' for i in range(10000)),
    ):
        once = fmt.of(text)
        expect(len(once) < 40 * len(text) + 4_000_000, "indentation stays in bounds")
        expect(fmt.of(once) == once, f"{text[:40]}: formatted twice it changes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    tests = {name[5:]: test for name, test in globals().items() if name.startswith("test_")}
    failed = 0
    for name, test in tests.items():
        if options.patterns and not any(fnmatch.fnmatch(name, pattern) for pattern in options.patterns):
            continue
        try:
            test(Fmt(os.path.abspath(options.charn)))
            print(f"ok    {name}")
        except Exception:
            failed += 1
            print(f"FAIL  {name}")
            traceback.print_exc()
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
