#!/usr/bin/env python3
"""The TextMate grammar of the VS Code extension, read by VS Code's own tokenizer (vscode-textmate)."""
import filecmp
import os
import subprocess
import sys

import harness

SYNTAXES = os.path.join(harness.ROOT, "editors", "vscode", "syntaxes")
SCRIPTS = os.path.join(harness.HERE, "textmate")
# CHARN_HARN_FILES names further folders of .harn files to look through.
FILES = [harness.FIXTURE] + [os.path.join(harness.ROOT, name) for name in ("tests/programs", "examples")] + [os.environ.get("CHARN_HARN_FILES", "")]


def scopes(suite, node, name, grammar):
    folder = suite.workspace(name)
    environment = suite.environment(folder, CHARN_TEST_GRAMMAR_FILE=grammar, CHARN_TEST_FILES=os.pathsep.join(FILES),
                                    CHARN_TEST_CONSTRUCTS=os.path.join(SCRIPTS, "constructs.harn"))
    return suite.client(name, [node, os.path.join(SCRIPTS, "scopes.js")], environment, 120)


def main():
    suite = harness.Suite("textmate", __doc__)
    node = suite.node("textmate", "clients/.stamp")
    if not node:
        suite.finish()
    committed = os.path.join(SYNTAXES, "harn.tmLanguage.json")
    generated = os.path.join(suite.temporary, "harn.tmLanguage.json")
    subprocess.run([node, os.path.join(SYNTAXES, "build.mjs"), generated], check=True, timeout=30)
    suite.ok(filecmp.cmp(committed, generated, shallow=False), "harn.tmLanguage.json is what build.mjs writes", "run: npm run grammar")

    suite.report("scopes", scopes(suite, node, "scopes", committed))

    # Proof that the checks can fail: a grammar that forgets nested comments and interpolation.
    with open(committed, encoding="utf-8") as file:
        text = file.read()
    spoiled = os.path.join(suite.temporary, "spoiled.json")
    with open(spoiled, "w", encoding="utf-8") as file:
        file.write(text.replace('{"include":"#comment-nested"}', "").replace('"#interpolation"', '"#escape"'))
    failed = [line for line in scopes(suite, node, "spoiled", spoiled) if not line[0]]
    suite.ok(len(failed) > 3, "a spoiled grammar is noticed", "only %d checks failed" % len(failed))
    suite.finish()


if __name__ == "__main__":
    sys.exit(main())
