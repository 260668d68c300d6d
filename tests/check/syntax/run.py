#!/usr/bin/env python3
"""Compare what the parser makes of the files in this folder with what is written
beside them.

    run.py --show PATH/TO/syntax_show [--update] [PATTERN...]

NAME.harn with NAME.expected: the diagnostics; with NAME.ast: the tree; with
NAME.tokens: the tokens.  --update rewrites what is beside them; look at the
difference before you commit it.  Exit status: 0 all as expected, 1 not.
"""

import argparse
import difflib
import fnmatch
import pathlib
import subprocess
import sys

VIEWS = {".expected": "diagnostics", ".ast": "ast", ".tokens": "tokens"}


def run_one(show, source, golden, update):
    run = subprocess.run([show, VIEWS[golden.suffix], source.name], cwd=source.parent,
                         capture_output=True, timeout=60)
    if run.returncode != 0 or run.stderr:
        return ["exit %d" % run.returncode] + run.stderr.decode("utf-8", "replace").split("\n")
    got = run.stdout.decode("utf-8")
    if update:
        golden.write_text(got, encoding="utf-8")
        return []
    want = golden.read_text(encoding="utf-8")
    if got == want:
        return []
    return list(difflib.unified_diff(want.split("\n"), got.split("\n"), "expected", "got",
                                     lineterm=""))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    here = pathlib.Path(__file__).resolve().parent
    passed, failed = 0, 0
    for source in sorted(here.glob("*.harn")):
        if options.patterns and not any(fnmatch.fnmatch(source.stem, p) for p in options.patterns):
            continue
        goldens = [source.with_suffix(suffix) for suffix in VIEWS]
        goldens = [golden for golden in goldens if golden.exists()]
        if not goldens:
            print("FAIL %s: nothing is beside it" % source.name)
            failed += 1
        for golden in goldens:
            difference = run_one(options.show, source, golden, options.update)
            if difference:
                failed += 1
                print("FAIL %s" % golden.name)
                print("\n".join("  " + line for line in difference))
            else:
                passed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
