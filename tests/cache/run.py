#!/usr/bin/env python3
"""The cache of compiled programs: used by the next run, and never believed when it is damaged, foreign or out of date.

    run.py --charn build/dev/charn
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

FILLER = "// %s\n" % ("words that make the program long enough to be worth keeping " * 50)
failures = 0


def check(title, is_good, detail=""):
    global failures
    if not is_good:
        failures += 1
        print("FAILED %s %s" % (title, detail))


class Place:
    """A folder with a program and a cache of its own."""

    def __init__(self, charn, root):
        self.charn, self.root = charn, root
        self.cache = os.path.join(root, "cache", "charn")

    def write(self, name, text):
        path = os.path.join(self.root, name)
        with open(path, "w") as file:
            file.write(text)

    def run(self, *arguments, **environment):
        env = dict(os.environ, XDG_CACHE_HOME=os.path.join(self.root, "cache"), NO_COLOR="1", **environment)
        done = subprocess.run([self.charn, "run"] + list(arguments), cwd=self.root, env=env, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def entries(self):
        return sorted(os.listdir(self.cache)) if os.path.isdir(self.cache) else []

    def entry(self):
        return os.path.join(self.cache, self.entries()[0])


def program(answer):
    return FILLER + 'import { clamp } from "std/math"\nfn f(x: int) -> int { return clamp(x, 0, 100) }\nprintln(f(%d))\n' % answer


def test_kept_and_used(place):
    place.write("a.harn", program(41))
    check("first run", place.run("a.harn") == (0, "41\n", ""))
    check("one entry", len(place.entries()) == 1, place.entries())
    info = os.stat(place.entry())
    check("mode", info.st_mode & 0o777 == 0o600, oct(info.st_mode))
    check("second run", place.run("a.harn") == (0, "41\n", ""))
    check("used, not written again", os.stat(place.entry()).st_mtime_ns == info.st_mtime_ns)
    # That the entry is what runs: in the place of one program lies another one's code, with the head that belongs there.
    place.write("b.harn", program(42))
    check("another program", place.run("b.harn") == (0, "42\n", ""))
    first, second = [open(os.path.join(place.cache, name), "rb").read() for name in place.entries()]
    head = len("charn bytecode 1") + 1 + 16
    mixed = first[:head] + second[head:]
    open(os.path.join(place.cache, place.entries()[0]), "wb").write(mixed)
    outputs = {place.run("a.harn")[1], place.run("b.harn")[1]}
    check("the entry is what runs", len(outputs) == 1, outputs)
    check("unless told otherwise", place.run("--no-cache", "a.harn")[1] + place.run("--no-cache", "b.harn")[1] == "41\n42\n")


def test_text_and_name(place):
    place.write("a.harn", program(1))
    place.run("a.harn")
    place.write("a.harn", program(2))
    check("a new text", place.run("a.harn") == (0, "2\n", ""))
    place.write("copy.harn", FILLER + "fn f() { throw \"no\" }\nf()\n")
    place.run("copy.harn")
    os.rename(os.path.join(place.root, "copy.harn"), os.path.join(place.root, "moved.harn"))
    code, _, text = place.run("moved.harn")
    check("traces name the file", code == 1 and "moved.harn" in text and "copy.harn" not in text, text)
    check("an entry for each", len(place.entries()) == 4, place.entries())


def test_not_kept(place):
    place.write("lib.harn", "pub fn g() { return 1 }\n")
    place.write("imports.harn", FILLER + 'import { g } from "./lib"\nprintln(g())\n')
    place.write("warned.harn", FILLER + "fn f() -> int {\n  return 1\n  println(2)\n}\nprintln(f())\n")
    place.write("wrong.harn", FILLER + "let x: int = \"text\"\n")
    place.write("small.harn", "println(1)\n")
    place.write("ordinary.harn", program(3))
    place.run("imports.harn")
    for _ in range(2):
        check("warnings are said each time", "warning" in place.run("warned.harn")[2])
        check("errors are said each time", place.run("wrong.harn")[0] == 1)
    place.run("small.harn")
    place.run("--no-check", "ordinary.harn")
    place.run("--no-cache", "ordinary.harn")
    check("nothing is kept", place.entries() == [], place.entries())
    place.write("lib.harn", "pub fn g() { return 2 }\n")
    check("imported files are read again", place.run("imports.harn")[1] == "2\n")


def test_damage(place):
    place.write("a.harn", program(41))
    place.run("a.harn")
    good = open(place.entry(), "rb").read()
    choose = random.Random(1)
    damaged = [b"", good[:10], good[:-1], good + b"x", b"\0" * len(good)]
    for _ in range(40):
        at = choose.randrange(len(good))
        damaged.append(good[:at] + bytes([good[at] ^ choose.randrange(1, 256)]) + good[at + 1:])
    for number, bytes_ in enumerate(damaged):
        open(place.entry(), "wb").write(bytes_)
        check("damage %d" % number, place.run("a.harn") == (0, "41\n", ""))
        check("damage %d is mended" % number, open(place.entry(), "rb").read() == good)
    os.chmod(place.entry(), 0o622)
    open(place.entry(), "r+b").write(good)
    check("others may write it: not believed", place.run("a.harn") == (0, "41\n", ""))
    check("and made anew", os.stat(place.entry()).st_mode & 0o777 == 0o600)
    os.rename(place.entry(), os.path.join(place.root, "elsewhere"))
    os.symlink(os.path.join(place.root, "elsewhere"), os.path.join(place.cache, "x"))
    check("gone", place.run("a.harn") == (0, "41\n", ""))


def test_no_place(place):
    place.write("a.harn", program(41))
    open(os.path.join(place.root, "file"), "w").close()
    for env in ({"XDG_CACHE_HOME": os.path.join(place.root, "file")}, {"XDG_CACHE_HOME": "relative", "HOME": "also"}):
        done = subprocess.run([place.charn, "run", "a.harn"], cwd=place.root, env=dict(os.environ, **env), capture_output=True, text=True)
        check("no place for a cache", (done.returncode, done.stdout, done.stderr) == (0, "41\n", ""), done)


def test_room(place):
    place.write("a.harn", program(41))
    os.makedirs(place.cache)
    for number in range(510):
        open(os.path.join(place.cache, "%032x.chunk" % number), "w").close()
        os.utime(os.path.join(place.cache, "%032x.chunk" % number), (number, number))
    place.run("a.harn")
    entries = place.entries()
    check("old entries make room", len(entries) == 401, len(entries))
    check("the oldest ones", "%032x.chunk" % 0 not in entries and "%032x.chunk" % 509 in entries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    charn = os.path.abspath(parser.parse_args().charn)
    tests = [value for name, value in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        root = tempfile.mkdtemp()
        try:
            test(Place(charn, root))
        finally:
            shutil.rmtree(root)
    print("%d tests, %d failed checks" % (len(tests), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
