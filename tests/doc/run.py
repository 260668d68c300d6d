#!/usr/bin/env python3
"""charn doc: every row of the tables is in the manual, in each of its forms; links resolve; texts come through unchanged.

    run.py --charn build/dev/charn
"""
import argparse
import glob
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "core-vm")
VOID = {"meta", "link", "input", "br"}
MODULE = '''/**
 * Shapes: <script>alert("x")</script> & "more".
 */

/**
 * Less `a < b && c` than_a *star* [link](x) | pipe.
 * 1. no list
 *
 * - first item
 * - second `item`
 *
 * ```
 * area(1.0)  // => "<b>"
 * ```
 */
pub fn area(r: float, more: dict<string, int> = {}) -> float { return r }

/// A point.
pub struct Point { x: int, y: int }

fn hidden() {}
'''


def expect(condition, text):
    if not condition:
        sys.exit("doc: " + text)


def rows(pattern, file):
    found = []
    for path in glob.glob(os.path.join(ROOT, file)):
        with open(path, encoding="utf-8") as f:
            found += re.findall(pattern, f.read(), re.M)
    expect(found, "no rows in " + file)
    return found


def table_names():
    """Names of all rows, straight from the tables."""
    names = {n for n in rows(r'^CH_(?:BUILTIN|BUILTIN_PRELUDE|CONSTANT)\("([^"]+)"', "builtins/*.def")}
    tags = dict(rows(r'^ *X\((\w+), "(\w+)"\)', "vm/value.h"))
    names |= {tags[t] + "." + n for t, n in rows(r'^CH_METHOD(?:_PRELUDE)?\((\w+), "([^"]+)"', "builtins/*.def")}
    names |= set(rows(r'^CH_KEYWORD\("([^"]+)"', "syntax/keywords.def"))
    names |= set(rows(r'^CH_OPERATOR\(\w+, "([^"]+)"', "syntax/operators.def"))
    names |= set(rows(r'^CH_ATTRIBUTE\((\w+)', "analysis/attributes.def"))
    names |= set(rows(r'^CH_TYPE_NAME_ROW\((\w+)', "analysis/type_names.def"))
    names |= set(rows(r'^CH_CODE\("([^"]+)"', "analysis/codes.def"))
    names |= set(rows(r'^CH_LINT_RULE\(\w+, "([^"]+)"', "lint/rules.def"))
    std = os.path.join(ROOT, "builtins", "std")
    for path in glob.glob(os.path.join(std, "**", "*.harn"), recursive=True):
        module = "std/" + os.path.relpath(path, std)[:-len(".harn")]
        with open(path, encoding="utf-8") as f:
            names |= {f"{module}.{n}" for n in re.findall(r"^pub (?:gen )?fn (\w+)", f.read(), re.M)}
    return names


class Page(html.parser.HTMLParser):
    """Checks that elements close in order; gathers ids, addresses, and the text of each section."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.sections = [], set(), [], {}
        self.feed(text)
        self.close()
        expect(not self.open, f"elements are left open: {self.open}")

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in VOID:
            self.open.append((tag, attributes.get("id")))
        if "id" in attributes:
            expect(attributes["id"] not in self.ids, f"id {attributes['id']} stands twice")
            self.ids.add(attributes["id"])
        self.links += [attributes[a] for a in ("href", "src") if a in attributes]

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}")
        self.open.pop()

    def handle_data(self, data):
        for tag, name in self.open:
            if tag == "section":
                self.sections[name] = self.sections.get(name, "") + data


def check_families():
    """Each file of rows begins a family of its name."""
    with open(os.path.join(ROOT, "builtins", "all.def"), encoding="utf-8") as f:
        text = f.read()
    files = re.findall(r'^#include "builtins/(\w+)\.def"$', text, re.M)
    families = re.findall(r'^CH_FAMILY\((\w+), "[^"]+"\)\n#include "builtins/(\w+)\.def"$', text, re.M)
    expect([file for _, file in families] == files and all(name == file for name, file in families),
           f"all.def: a file has no CH_FAMILY of its name: {set(files) - {file for _, file in families}}")


def unescape_markdown(text):
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


class Manual:
    def __init__(self, charn, folder):
        self.charn, self.folder = charn, folder

    def run(self, *arguments, code=0):
        done = subprocess.run([self.charn, "doc", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120)
        expect(done.returncode == code, f"doc {arguments}: exit code {done.returncode}, {done.stderr[:500]}")
        return done.stdout if code == 0 else done.stderr

    def entries(self, *arguments):
        return [json.loads(line) for line in self.run("--json", *arguments).splitlines()]

    def files(self, kind, *names):
        folder = os.path.join(self.folder, kind + str(len(names)))
        self.run("--" + kind, folder, *names)
        result = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                result[name] = f.read()
        return result


def check_html(files, entries):
    pages = {name: Page(text) for name, text in files.items() if name.endswith(".html")}
    for name, page in pages.items():
        for link in page.links:
            expect("//" not in link, f"{name}: {link} is somewhere else")
            file, _, anchor = link.partition("#")
            expect((file or name) in files, f"{name}: there is no {link}")
            expect(not anchor or anchor in pages[file or name].ids, f"{name}: there is no {link}")
    search = json.loads(re.sub(r",\n\];\n$", "]", files["entries.js"].removeprefix("const ENTRIES = ")))
    found = {name: address for name, address, _ in search}
    for entry in entries:
        page = pages[entry["page"] + ".html"]
        text = page.sections.get(entry["anchor"])
        expect(text is not None, f"HTML has no {entry['name']}")
        for part in ("code", "example"):
            expect(entry.get(part, "") in text, f"HTML: {part} of {entry['name']} is not as in the table: {text}")
        flat = " ".join(text.replace("`", "").split())
        for sentence in entry["doc"].split("\n"):
            sentence = " ".join(re.sub(r"^(- |```.*)", "", sentence.replace("`", "")).split())
            expect(sentence in flat, f"HTML: the text of {entry['name']} is not as in the table: {sentence!r} in {flat!r}")
        expect(entry["name"] in found, f"the search does not know {entry['name']}")
    return len(pages)


def check_markdown(files, entries):
    anchors = {name: re.findall(r'^<a id="([^"]*)"></a>$', text, re.M) for name, text in files.items()}
    for name, text in files.items():
        expect(len(set(anchors[name])) == len(anchors[name]), f"{name}: an anchor stands twice")
        for link in re.findall(r"\]\(([^)]*)\)", re.sub(r"(?s)```.*?```|\\.", "", text)):
            file, _, anchor = link.partition("#")
            expect((file or name) in files and (not anchor or anchor in anchors[file or name]), f"{name}: no {link}")
    for entry in entries:
        name = entry["page"] + ".md"
        expect(entry["anchor"] in anchors[name], f"Markdown has no {entry['name']}")
        text = files[name].split(f'<a id="{entry["anchor"]}"></a>')[1].split("<a id=")[0]
        for part in ("code", "example"):
            expect(entry.get(part, "") in text, f"Markdown: {part} of {entry['name']} is not as in the table")
        for line in entry["doc"].split("\n"):
            line = line.removeprefix("```")
            expect(unescape_markdown(line) in unescape_markdown(text), f"Markdown: the text of {entry['name']} is not: {line}")
    return len(files)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    charn = os.path.abspath(parser.parse_args().charn)
    with tempfile.TemporaryDirectory(prefix="charn-doc-") as folder:
        check_families()
        manual = Manual(charn, folder)
        everything = manual.entries("--all")
        names = table_names()
        missing = names - {entry["name"] for entry in everything}
        expect(not missing, f"not in the manual: {sorted(missing)}")
        entries = manual.entries()
        hidden = {entry["name"] for entry in everything if entry.get("internal")}
        expect(hidden and {entry["name"] for entry in entries} == {entry["name"] for entry in everything} - hidden,
               "only the names of the library itself are left out")
        undocumented = [entry["name"] for entry in everything if not entry["doc"] and not entry["code"].startswith(("type ", "pub type "))]
        expect(not undocumented, f"only types may speak for themselves: {undocumented}")
        callable_ = [entry for entry in everything if "signature" in entry]
        expect(all("parameters" in entry for entry in callable_), "every signature is read")
        pages = check_html(manual.files("html"), entries) + check_markdown(manual.files("markdown"), entries)

        path = os.path.join(folder, "shapes.harn")
        with open(path, "w", encoding="utf-8") as file:
            file.write(MODULE)
        own = manual.entries(path)
        expect([entry["name"] for entry in own] == ["shapes.area", "shapes.Point"], f"exports of a file: {own}")
        expect(own[0]["parameters"][1] == {"name": "more", "type": "dict<string, int>", "default": "{}"}, str(own[0]))
        check_html(manual.files("html", path), own)
        written = manual.files("html", path)["module-shapes.html"]
        expect("<script>alert" not in written and "&lt;script&gt;alert" in written, "text of a module is no HTML")
        check_markdown(manual.files("markdown", path), own)

        text = manual.run("split", "list.map", "std/math", "@test", "|>")
        for part in ("fn split(", "string.split", "fn map(", "list.map", "sum", "attribute", "operator"):
            expect(part in text, f"doc of some names tells {part}: {text}")
        expect(all(n + ".map " in manual.run(".map") for n in ("list", "set", "iter")), ".map of every type")
        expect("string" in manual.run() and "std/json" in manual.run(), "families")
        expect("did you mean 'split'?" in manual.run("spilt", code=1), "did you mean")
        expect("nothing called" in manual.run("qqqqqqqqqq", code=1), "unknown name")
        expect("syntax errors" in manual.run(os.path.join(folder, "nothing.harn"), code=1), "no such file")
        manual.run("--html", code=2)
        manual.run("--nonsense", code=2)
        manual.run("--html", os.path.join(folder, "no", "such"), code=1)
    print(f"{len(everything)} entries, {pages} pages")


if __name__ == "__main__":
    main()
