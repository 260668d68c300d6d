#!/usr/bin/env python3
"""Every builtin of the table is forbidden, and called in every form that a call can have: none may get through.
What the runtime keeps for itself (`__…`) cannot be named by a program at all, whether something is forbidden or not.
And the example of every row runs where only the names that stand in it are allowed: whoever may call something can.

    run.py --charn build/dev/charn
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "examples"))
import run as examples  # noqa: E402
ROWS = os.path.join(HERE, "..", "..", "core-vm", "builtins", "*.def")
ROW = re.compile(r'^CH_BUILTIN(?:_PRELUDE)?\("([A-Za-z_][A-Za-z0-9_]*)"', re.M)
# What the program below itself needs, and the word that begins a statement.
NEEDED = {"println", "to_string", "contains", "await", "select"}
# Each form calls NAME; HELPER is a function of an imported module that does.
FORMS = {
    "call": "NAME()",
    "alias": "do_alias(NAME)",
    "pipe": "1 |> NAME",
    "closure": "({ -> NAME() })()",
    "callback": "[1].map(NAME)",
    "spread": "NAME(...[])",
    "import": "HELPER()",
    "spawn": "await(spawn { NAME() })",
}


def program(names):
    lines = ['import "./_helpers"', "fn do_alias(f) {", "  let g = f", "  return g()", "}"]
    for i, name in enumerate(names):
        lines.append(f"fn form_{i}() {{")
        for form, text in FORMS.items():
            call = text.replace("HELPER", f"helper_{i}").replace("NAME", name)
            lines.append(f"  try {{ {call}\n    println(\"{name} {form}: got through\") }} catch (e) {{")
            lines.append(f"    if to_string(e) != \"Error [tool_rejected]: Tool '{name}' is not permitted.\" {{")
            lines.append(f"      println(\"{name} {form}: \" + to_string(e))\n    }}\n  }}")
        lines.append("}")
    lines.append("pipeline default() {")
    lines += [f"  form_{i}()" for i in range(len(names))]
    lines += ['  println("done")', "}"]
    return "\n".join(lines) + "\n"


def refused(charn, name, example):
    """What the example of a row was refused although it is allowed all that stands in it; None when nothing was."""
    names = ",".join(sorted(set(re.findall(r"\b[A-Za-z_]\w*", example))))
    _, shown, _, stderr = examples.run(charn, example, ["--allow", names])
    found = re.search(r"Tool '\w+' is not permitted|tool_rejected", "\n".join(text or "" for text in shown) + stderr)
    return f"{name}: {found.group()}" if found else None


def check_allowed(charn):
    rows = list(examples.rows())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bad = [text for text in pool.map(lambda row: refused(charn, *row), rows) if text]
    if bad:
        print("\n".join(bad))
        sys.exit(f"policy: {len(bad)} examples were refused what they are allowed")
    print(f"{len(rows)} examples: all run where what they name is allowed")


# Programs under a policy: (options, text, what they print). What stands behind a permitted name works; std/… adds nothing.
CASES = [
    (["--allow", "http_mock,http_get"],
     'http_mock("GET", "https://a.example/", {status: 200, body: "hi"})\nprintln(http_get("https://a.example/").body)', "hi"),
    (["--allow", "http_mock"],
     'http_mock("GET", "https://a.example/", {status: 200, body: "hi"})\n'
     'println(try { http_get("https://a.example/").body } catch (e) { to_string(e) })',
     "Error [tool_rejected]: Tool 'http_get' is not permitted."),
    (["--allow", "println"], 'println(try { ["HOME"].map(env) } catch (e) { to_string(e) })',
     "Error [tool_rejected]: Tool 'env' is not permitted."),
    (["--deny", "http_get"],
     'println(try { http_get("https://a.example/") } catch (e) { to_string(e) })',
     "Error [tool_rejected]: Tool 'http_get' is not permitted."),
    (["--allow", "path_join"],
     'import { agent_state_init, agent_state_write } from "std/agent_state"\n'
     'println(try { agent_state_write(agent_state_init("state"), "a", "b") } catch (e) { "refused" })\n', "refused"),
]


def run(charn, folder, text, options):
    path = os.path.join(folder, "main.harn")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return subprocess.run([charn, "run", "--no-check", *options, path], cwd=folder, capture_output=True, text=True,
                          timeout=240, stdin=subprocess.DEVNULL)


def private_names(charn, folder, names):
    """The private builtins that a program can get at, in any form."""
    forms = {form: text for form, text in FORMS.items() if form != "import"}
    lines = ["fn do_alias(f) {", "  let g = f", "  return g()", "}", "pipeline default() {"]
    for name in names:
        for form, text in forms.items():
            lines.append(f"  try {{ {text.replace('NAME', name)}\n    println(\"{name} {form}: got through\") }} catch (e) {{")
            lines.append(f"    if !regex_match(\"Undefined (builtin|variable): {name}\", to_string(e)) {{")
            lines.append(f"      println(\"{name} {form}: \" + to_string(e))\n    }}\n  }}")
    ran = run(charn, folder, "\n".join(lines + ['  println("done")', "}"]) + "\n", [])
    bad = [line for line in ran.stdout.splitlines() if line != "done"]
    return bad if ran.stdout.endswith("done\n") else bad + [f"exit code {ran.returncode}: {ran.stderr[-2000:]}"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    charn = os.path.abspath(parser.parse_args().charn)
    rows = {n for path in glob.glob(ROWS) for n in ROW.findall(open(path, encoding="utf-8").read())}
    # The runtime's own tools: map and its like need them to call what is forbidden here.
    names = sorted(n for n in rows - NEEDED if not n.startswith("__"))
    if len(names) < 400:
        sys.exit(f"only {len(names)} builtins found in the table")
    with tempfile.TemporaryDirectory(prefix="charn-policy-") as folder:
        path = os.path.join(folder, "main.harn")
        with open(path, "w", encoding="utf-8") as file:
            file.write(program(names))
        with open(os.path.join(folder, "_helpers.harn"), "w", encoding="utf-8") as file:
            file.writelines(f"pub fn helper_{i}() {{ return {name}() }}\n" for i, name in enumerate(names))
        ran = subprocess.run([charn, "run", "--no-check", "--deny", ",".join(names), path], cwd=folder,
                             capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)
    lines = ran.stdout.splitlines()
    bad = [line for line in lines if line != "done"]
    if ran.returncode != 0 or bad or lines[-1:] != ["done"]:
        print("\n".join(bad[:60]))
        print(ran.stderr[-2000:])
        sys.exit(f"policy: {len(bad)} calls were not refused, exit code {ran.returncode}")
    private = sorted(n for n in rows if n.startswith("__"))
    with tempfile.TemporaryDirectory(prefix="charn-policy-") as folder:
        bad = private_names(charn, folder, private)
        for options, text, expected in CASES:
            ran = run(charn, folder, text + "\n", options)
            if ran.stdout.strip() != expected:
                bad.append(f"{' '.join(options)}: {ran.stdout.strip()!r} instead of {expected!r} {ran.stderr[-500:]}")
    if bad:
        print("\n".join(bad[:60]))
        sys.exit(f"policy: {len(bad)} calls went wrong")
    print(f"{len(names)} builtins, {len(FORMS)} forms: all refused; {len(private)} private builtins: none can be named")
    check_allowed(charn)


if __name__ == "__main__":
    main()
