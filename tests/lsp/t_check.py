"""The editor and the command line cannot disagree: every test program is opened, and the diagnostics must be those of
`charn check --json`."""
import json
import os
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def programs():
    for folder in ("programs", "check", os.path.join("lsp", "marks")):
        for path, _, names in sorted(os.walk(os.path.join(ROOT, folder))):
            for name in sorted(names):
                if name.endswith(".harn"):
                    yield os.path.abspath(os.path.join(path, name))


def command_line(charn, paths):
    """Path to the list of (severity, code, line, column, message)."""
    found = {path: [] for path in paths}
    for first in range(0, len(paths), 50):
        done = subprocess.run([charn, "check", "--json", *paths[first:first + 50]], capture_output=True, timeout=120)
        for line in done.stdout.decode().splitlines():
            item = json.loads(line)
            if "severity" in item:
                start = item["span"]
                found[item["file"]].append((item["severity"], item.get("code"), start["line"], start["column"], item["message"]))
    return found


def editor(client, path, text):
    uri = "file://" + path
    client.open(uri, text)
    names = {1: "error", 2: "warning", 3: "info", 4: "hint"}
    found = []
    for item in client.diagnostics(uri, 1):
        start = item["range"]["start"]
        found.append((names[item["severity"]], item.get("code"), start["line"] + 1, start["character"] + 1,
                      item["message"].split("\nhelp: ")[0]))
    client.close(uri)
    client.diagnostics(uri)
    return found


def test_same_diagnostics_as_the_command_line(context):
    if not context.charn:
        print("      skipped: no command line program was given")
        return
    texts = {}
    for path in programs():
        try:
            with open(path, encoding="utf-8", newline="") as file:
                texts[path] = file.read()
        except UnicodeDecodeError:
            continue  # the command line refuses what no editor can send
        if texts[path].startswith("\ufeff") or "\r" in texts[path].replace("\r\n", ""):
            del texts[path]  # the command line counts columns without the mark, and no lone CR as a line end
    expected = command_line(context.charn, list(texts))
    client = context.client(capabilities={"general": {"positionEncodings": ["utf-32"]}}, root="file://" + os.path.abspath(ROOT))
    problems = []
    for path, text in texts.items():
        seen = editor(client, path, text)
        if seen != expected[path]:
            problems.append("%s:\n  editor  %r\n  check   %r" % (path, seen, expected[path]))
    assert len(texts) > 20, "few programs were found: %d" % len(texts)
    assert not problems, "%d of %d differ:\n%s" % (len(problems), len(texts), "\n".join(problems[:5]))
    client.leave()
