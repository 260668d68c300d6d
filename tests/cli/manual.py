#!/usr/bin/env python3
"""docs/cli.md is what `charn help` says.

    manual.py --charn build/dev/charn docs/cli.md [--update]
"""
import argparse
import re
import subprocess
import sys

HEAD = """# The command line

This page is what `charn help` and `charn help COMMAND` say (`tests/cli/manual.py --update` writes it).
"""


def page(charn):
    def said(*arguments):
        return subprocess.run([charn, "help", *arguments], capture_output=True, text=True, check=True).stdout

    overview = said()
    parts = [HEAD, "```text\n%s```\n" % overview]
    for name in re.findall(r"^  ([a-z]+)  ", overview.split("Commands\n")[1].split("\nOptions")[0], re.M):
        if name != "help":
            parts.append("## charn %s\n\n```text\n%s```\n" % (name, said(name)))
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("page")
    options = parser.parse_args()
    text = page(options.charn)
    if options.update:
        with open(options.page, "w") as f:
            f.write(text)
        return 0
    with open(options.page) as f:
        is_current = f.read() == text
    if not is_current:
        print("%s is not what charn help says: run tests/cli/manual.py --charn %s --update %s" % (options.page, options.charn, options.page))
    return 0 if is_current else 1


if __name__ == "__main__":
    sys.exit(main())
