#!/usr/bin/env python3
"""What a program names on the disk: imports from packages, and templates. What they mean, the same for `check` and `run`,
and what is said about those that mean nothing.

    run.py --charn build/dev/charn
"""
import argparse
import os
import subprocess
import sys
import tempfile

# The project: folders that end with / are made empty, a text that begins with -> is a link.
FILES = {
    "repo/.git/": "",
    "secret.harn": 'pub fn secret() { return "secret" }\n',
    "repo/above.harn": 'pub fn above() { return "above" }\n',
    "repo/app/harn.toml": """# a project
[package]
name = "app"

[dependencies]
helper = { path = "../lib" }
gone = { path = "../gone" }
fromgit = { git = "https://git.example/y", rev = "1" }
typo = { paht = "../lib" }
single = "../single.harn"
circle = { path = "../circle" }
""",
    "repo/app/.harn/packages/acme/harn.toml": """[exports]
capabilities = "runtime/capabilities.harn"
"deep/name" = "other"
missing = "no/such.harn"
outside = "../../../../secret.harn"
linked = "link.harn"
number = 1
""",
    "repo/app/.harn/packages/acme/runtime/capabilities.harn": 'pub fn caps() { return "caps" }\n',
    "repo/app/.harn/packages/acme/lib.harn": 'import "shared"\npub fn acme() { return "acme+" + shared() }\n',
    "repo/app/.harn/packages/acme/other/lib.harn": 'pub fn other() { return "other" }\n',
    "repo/app/.harn/packages/acme/link.harn": "->../../../../../secret.harn",
    "repo/app/.harn/packages/shared/lib.harn": 'pub fn shared() { return "shared" }\n',
    "repo/app/.harn/packages/file.harn": 'pub fn file() { return "file" }\n',
    "repo/app/.harn/packages/live": "->../../../lib",
    "repo/app/.harn/packages/bare/harn.toml": "",
    "repo/app/.harn/packages/broken/harn.toml": '[exports]\na = "a.harn"\nb = \n',
    "repo/app/.harn/packages/huge/harn.toml": "# " + "x" * (1 << 20) + "\n",
    "repo/lib/lib.harn": 'pub fn helper() { return "helper" }\n',
    "repo/lib/src/part.harn": 'import "inner"\npub fn part() { return inner() }\n',
    "repo/lib/src/inner.harn": 'pub fn inner() { return "inner" }\n',
    "repo/lib/harn.toml": '[exports]\npart = "src/part.harn"\n',
    "repo/single.harn": 'pub fn single() { return "single" }\n',
    "repo/circle/lib.harn": 'import "back"\npub fn circle() { return "circle" }\npub fn around() { return back() }\n',
    "repo/circle/harn.toml": '[dependencies]\nback = "../back"\n',
    "repo/back/lib.harn": 'import "circle"\npub fn back() { return "back+" + circle() }\n',
    "repo/back/harn.toml": '[dependencies]\ncircle = "../circle"\n',
    "repo/app/src/beside.harn": 'pub fn beside() { return "beside" }\n',
    "repo/app/src/acme_too/lib.harn": "",
    "repo/misspelt/harn.toml": '[dependancies]\nhelper = "../lib"\n',
    "repo/unreadable/harn.toml": 'name = "x"\n[dependencies\n',
    "repo/app/src/good.prompt": 'Hello {{ name }}\n{{ include "parts/one.prompt" }}\n',
    "repo/app/src/parts/one.prompt": "one {{ if name }}{{ include \"two.prompt\" }}{{ end }}",
    "repo/app/src/parts/two.prompt": "two {{ include path }}",
    "repo/app/src/bad.prompt": "a\nb {{ for x in }}\n",
    "repo/app/src/bad_part.prompt": '{{ include "bad.prompt" }}',
    "repo/app/src/no_part.prompt": 'a\n  {{ include "nope.prompt" }}\n',
    "repo/app/src/round.prompt": '{{ include "round.prompt" }}',
    "repo/rooted/harn.toml": '[asset_roots]\nprompts = "p"\nupwards = "../x"\n[check]\npreflight_severity = "warning"\n',
    "repo/rooted/p/a.prompt": "a",
    "repo/rooted/p/b.prompt": '{{ include "@prompts/a.prompt" }}{{ include "@/p/none.prompt" }}',
    "repo/bundled/harn.toml": '[check]\nbundle_root = "../app/src"\n',
    "repo/silent/harn.toml": '[check]\npreflight_severity = "off"\n',
    ".harn/packages/beyond/lib.harn": 'pub fn beyond() { return "beyond" }\n',
}

# Folder of the importing file, import, function, what it gives.
FOUND = [
    ("repo/app/src", "acme", "acme", "acme+shared"),
    ("repo/app/src", "./acme_too/../beside", "beside", "beside"),
    ("repo/app/src", "acme/lib", "acme", "acme+shared"),
    ("repo/app/src", "acme/./lib.harn", "acme", "acme+shared"),
    ("repo/app/src", "acme/capabilities", "caps", "caps"),
    ("repo/app/src", "acme/runtime/capabilities", "caps", "caps"),
    ("repo/app/src", "acme/deep/name", "other", "other"),
    ("repo/app", "acme/other", "other", "other"),
    ("repo/app/src", "file", "file", "file"),
    ("repo/app/src", "live", "helper", "helper"),
    ("repo/app/src", "live/part", "part", "inner"),
    ("repo/app/src", "helper", "helper", "helper"),
    ("repo/app/src", "helper/part", "part", "inner"),
    ("repo/app/src", "helper/src/part", "part", "inner"),
    ("repo/app/src", "single", "single", "single"),
    ("repo/app/src", "circle", "around", "back+circle"),
    ("repo/app/src", "../../above", "above", "above"),
]

# Folder, import, and the help that `check` gives; None: none.
MISSING = [
    ("repo/app/src", "acmee", "did you mean `acme`?"),
    ("repo/app/src", "acmee/lib", "did you mean `acme/lib`?"),
    ("repo/app/src", "helpr/part", "did you mean `helper/part`?"),
    ("repo/app/src", "acme/capabilites", "the package `acme` has no module `capabilites`; it exports `capabilities`, "
     "`deep/name`, `missing`, `outside`, `linked`, `number`; did you mean `acme/capabilities`?"),
    ("repo/app/src", "acme/runtime/capabilites", "the package `acme` has no module `runtime/capabilites`; it exports "
     "`capabilities`, `deep/name`, `missing`, `outside`, `linked`, `number`; did you mean `acme/runtime/capabilities`?"),
    ("repo/app/src", "acme/missing", "app/.harn/packages/acme/harn.toml:4: the export `missing` names no/such.harn, which is not there"),
    ("repo/app/src", "acme/outside", "app/.harn/packages/acme/harn.toml:5: the export `outside` leads out of the package"),
    ("repo/app/src", "acme/linked", "app/.harn/packages/acme/harn.toml:6: the export `linked` leads out of the package"),
    ("repo/app/src", "acme/number", "app/.harn/packages/acme/harn.toml:7: the export `number` is no text with a path"),
    ("repo/app/src", "acme/link", "`link` leads out of the package `acme`; did you mean `acme/linked`?"),
    ("repo/app/src", "acme/../../../secret", "an import from a package has no `..` in it"),
    ("repo/app/src", "bare", "the package `bare` has no lib.harn"),
    ("repo/app/src", "broken/a", "app/.harn/packages/broken/harn.toml:3:5: string values must be quoted, expected literal string"),
    ("repo/app/src", "huge/a", "app/.harn/packages/huge/harn.toml:1:1: it is too large for a manifest"),
    ("repo/app/src", "gone/x", "app/harn.toml:7: the dependency `gone` is not at gone"),
    ("repo/app/src", "fromgit", "app/harn.toml:8: the dependency `fromgit` comes from git and is not in .harn/packages"),
    ("repo/app/src", "typo", "app/harn.toml:9: the dependency `typo` says neither `path` nor `git` (is `paht` meant to be `path`?)"),
    ("repo/app/src", "single/x", "the package `single` has no module `x`"),
    ("repo/app/src", "besid", "did you mean `beside`?"),
    ("repo/app/src", "./beside.hrn", "did you mean `./beside.harn`?"),
    ("repo/app/src", "./not_there/../beside", None),
    ("repo/app/src", "../src", "app/src is a folder"),
    ("repo/app/src", "a\\\\b", "the parts of an import path have `/` between them, on every system"),
    ("repo/app/src", "beyond", None),
    ("repo/app/src", "std/mth", "did you mean `std/math`?"),
    ("repo/app/src", "std/project/wlak", "did you mean `std/project/walk`?"),
    ("repo/misspelt", "helper", "misspelt/harn.toml:1: there is no table [dependancies]: is [dependencies] meant?"),
    ("repo/unreadable", "helper", "unreadable/harn.toml:2:14: invalid table header, expected `.`, `]`"),
]


# Folder, call, and the first lines of what `check` reports (TOP stands for the repository); []: nothing.
TEMPLATES = [
    ("repo/app/src", 'render("good.prompt", {name: "x"})', []),
    ("repo/app/src", 'render("./parts/../good.prompt")', []),
    ("repo/app/src", 'render("round.prompt")', []),
    ("repo/app/src", 'render("go${1}.prompt")', []),
    ("repo/app/src", 'render_string("{{ for }}")', []),
    ("repo/app/src", 'render("god.prompt")',
     ["error[HARN-PRM-007]: preflight: render target 'god.prompt' does not exist at TOP/app/src/god.prompt", "did you mean `good.prompt`?"]),
    ("repo/app/src", 'render_prompt(r"parts/tow.prompt")',
     ["error[HARN-PRM-007]: preflight: render_prompt target 'parts/tow.prompt' does not exist at TOP/app/src/parts/tow.prompt",
      "did you mean `parts/two.prompt`?"]),
    ("repo/app/src", 'render("bad.prompt")',
     ["error[HARN-PRM-001]: preflight: template 'bad.prompt' has a syntax error: at 2:3: expected `in` in for-loop",
      "TOP/app/src/bad.prompt:2:3"]),
    ("repo/app/src", 'render("bad_part.prompt")',
     ["error[HARN-PRM-001]: preflight: template 'bad_part.prompt' has a syntax error", "TOP/app/src/bad.prompt:2:3"]),
    ("repo/app/src", 'render("no_part.prompt")',
     ["warning[HARN-PRM-007]: preflight: the template includes 'nope.prompt', which does not exist at TOP/app/src/nope.prompt",
      "TOP/app/src/no_part.prompt:2:3"]),
    ("repo/app/src", 'render("std/none.prompt")',
     ["error[HARN-PRM-007]: preflight: render target 'std/none.prompt' is not an embedded stdlib prompt asset"]),
    ("repo/rooted", 'render("@/p/a.prompt") + render("@prompts/a.prompt")', []),
    ("repo/rooted", 'render("@prompts/b.prompt")',
     ["warning[HARN-PRM-007]: preflight: the template includes '@/p/none.prompt', which does not exist at TOP/rooted/p/none.prompt",
      "TOP/rooted/p/b.prompt:1:34"]),
    ("repo/rooted", 'render("none.prompt")', ["warning[HARN-PRM-007]: preflight: render target 'none.prompt'"]),
    ("repo/rooted", 'render("@none/a.prompt")',
     ["warning[HARN-IMP-001]: preflight: asset alias 'none' is not defined in [asset_roots] of TOP/rooted/harn.toml"]),
    ("repo/rooted", 'render("@upwards/a.prompt")', ["warning[HARN-IMP-001]: preflight: asset alias 'upwards' resolves to an unsafe path"]),
    ("repo/rooted", 'render("@/../a.prompt")', ["warning[HARN-IMP-001]: preflight: invalid project-root asset path '@/../a.prompt'"]),
    ("repo/lib/src", 'render("@x/a.prompt")', ["error[HARN-IMP-001]: preflight: asset alias 'x' is not defined"]),
    ("repo", 'render("@/a.prompt")', ["error[HARN-IMP-001]: preflight: package-root prompt path '@/a.prompt' has no project root"]),
    ("repo/bundled", 'render("good.prompt")', []),
    ("repo/bundled", 'render("none.prompt")',
     ["error[HARN-PRM-007]: preflight: render target 'none.prompt' does not exist at TOP/bundled/none.prompt or TOP/bundled/../app/src/none.prompt"]),
    ("repo/silent", 'render("none.prompt")', []),
]


def make(root):
    for name, text in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(path if name.endswith("/") else os.path.dirname(path), exist_ok=True)
        if text.startswith("->"):
            os.symlink(text[2:], path)
        elif not name.endswith("/"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


def call(charn, root, folder, text, command):
    path = os.path.join(root, folder, "main_.harn")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    ran = subprocess.run([charn, command, os.path.relpath(path, os.path.join(root, "repo"))], cwd=os.path.join(root, "repo"),
                         capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    os.remove(path)
    return ran


def found(charn, root, folder, path, name, expected):
    text = f'import "{path}"\nimport {{ {name} }} from "{path}"\nprintln({name}())\n'
    checked = call(charn, root, folder, text, "check")
    ran = call(charn, root, folder, text, "run")
    if checked.returncode or "no errors" not in checked.stdout:
        return f"check: {checked.stdout}{checked.stderr}"
    return None if ran.stdout.strip() == expected else f"run: {ran.stdout!r} {ran.stderr}"


def missing(charn, root, folder, path, expected):
    text = f'import "{path}"\nprintln("not reached")\n'
    checked = call(charn, root, folder, text, "check")
    shown = checked.stdout + checked.stderr
    helps = [line.split("= help: ", 1)[1] for line in shown.splitlines() if "= help: " in line]
    if "HARN-MOD-001" not in shown or checked.returncode != 1:
        return f"check: not reported: {shown}"
    if helps != ([expected] if expected else []):
        return f"check: {helps} instead of {expected!r}"
    ran = call(charn, root, folder, text, "run")
    is_told = "Import error: cannot read" in ran.stderr or "Unknown stdlib module" in ran.stderr
    return None if ran.returncode == 1 and is_told else f"run: {ran.stdout!r} {ran.stderr}"


def template(charn, root, folder, text, expected):
    checked = call(charn, root, folder, f"println({text})\n", "check")
    shown = (checked.stdout + checked.stderr).replace(root + "/repo", "TOP")
    if not expected:
        return None if "preflight" not in shown else shown
    wrong = [line for line in expected if line not in shown] or shown.count("preflight:") != 1
    wrong = wrong or checked.returncode != (1 if expected[0].startswith("error") else 0)
    return shown if wrong else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--charn", required=True)
    charn = os.path.abspath(parser.parse_args().charn)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="charn-packages-") as root:
        root = os.path.realpath(root)
        make(root)
        for judge, cases in ((found, FOUND), (missing, MISSING), (template, TEMPLATES)):
            for case in cases:
                problem = judge(charn, root, *case)
                if problem:
                    failed += 1
                    print(f"FAILED {case[0]} {case[1]}\n    {problem}")
    print(f"{len(FOUND) + len(MISSING) + len(TEMPLATES) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
