"""Questions written into Harn files: see marks/README.md for the marks.

Each folder of marks/ is a workspace whose files are all opened; each `.harn` file beside them is a workspace of its own.
"""
import os
import re

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "marks")
MARK = re.compile(r"^\s*//(\s*)\^\s+(\w+)\s?(.*)$")


class Mark:
    def __init__(self, path, row, line, column, kind, rest):
        self.path, self.row, self.line, self.column, self.kind, self.rest = path, row, line, column, kind, rest

    def __str__(self):
        return "%s:%d %s %s" % (os.path.basename(self.path), self.row + 1, self.kind, self.rest)


def read_marks(path, text):
    marks = []
    target = 0
    for row, line in enumerate(text.split("\n")):
        found = MARK.match(line)
        if found:
            marks.append(Mark(path, row, target, line.index("^"), found.group(2), found.group(3).strip()))
        else:
            target = row
    return marks


def uri_of(path):
    return "file://" + path


def hover_text(client, mark):
    answer = client.at("hover", uri_of(mark.path), mark.line, mark.column)
    return answer["contents"]["value"] if answer else None


def check_hover(client, mark, labels, found):
    text = hover_text(client, mark)
    if mark.rest == "none":
        assert text is None, "%s: %r" % (mark, text)
    else:
        assert text is not None and mark.rest in text, "%s: %r" % (mark, text)


def check_def(client, mark, labels, found):
    answer = client.at("definition", uri_of(mark.path), mark.line, mark.column)
    if mark.rest == "none":
        assert answer is None, "%s: %r" % (mark, answer)
        return
    assert answer is not None, "%s: no definition" % mark
    path, line, column = labels[mark.rest]
    start = answer["range"]["start"]
    seen = (answer["uri"], start["line"], start["character"])
    assert seen == (uri_of(path), line, column), "%s: %r instead of %r" % (mark, seen, (path, line, column))


def check_complete(client, mark, labels, found):
    answer = client.at("completion", uri_of(mark.path), mark.line, mark.column)
    names = [item["label"] for item in answer["items"]]
    assert len(names) == len(set(names)), "%s: offered twice: %r" % (mark, sorted(names))
    if mark.rest == "none":
        assert not names, "%s: %r" % (mark, names)
    for word in mark.rest.split():
        if word[0] == "+":
            assert word[1:] in names, "%s: %s is missing from %r" % (mark, word[1:], names[:40])
        elif word[0] == "-":
            assert word[1:] not in names, "%s: %s is offered" % (mark, word[1:])


def check_token(client, mark, labels, found):
    legend = client.info["capabilities"]["semanticTokensProvider"]["legend"]
    data = client.request("textDocument/semanticTokens/full", {"textDocument": {"uri": uri_of(mark.path)}})["data"]
    line = column = 0
    for i in range(0, len(data), 5):
        line_delta, column_delta, length, kind, modifiers = data[i:i + 5]
        line += line_delta
        column = column_delta if line_delta else column + column_delta
        if line == mark.line and column <= mark.column < column + length:
            words = [legend["tokenTypes"][kind]]
            words += [name for bit, name in enumerate(legend["tokenModifiers"]) if modifiers >> bit & 1]
            for word in mark.rest.split():
                assert word in words, "%s: %r" % (mark, words)
            return
    assert mark.rest == "none", "%s: no token there" % mark


def check_problem(client, mark, labels, found):
    """A diagnostic begins on that line and column and holds the text."""
    severities = {"error": (1,), "warning": (2,), "problem": (1, 2, 3, 4)}[mark.kind]
    for item in found[mark.path]:
        start = item["range"]["start"]
        if item["severity"] in severities and (start["line"], start["character"]) == (mark.line, mark.column) \
                and mark.rest in item["message"]:
            return
    raise AssertionError("%s: %r" % (mark, found[mark.path]))


def check_line_error(client, mark, labels, found):
    """As error, wherever on the line: for places that a comment cannot point at."""
    for item in found[mark.path]:
        if item["severity"] == 1 and item["range"]["start"]["line"] == mark.line and mark.rest in item["message"]:
            return
    raise AssertionError("%s: %r" % (mark, found[mark.path]))


def check_label(client, mark, labels, found):
    pass


CHECKS = {"hover": check_hover, "def": check_def, "complete": check_complete, "token": check_token,
          "error": check_problem, "warning": check_problem, "problem": check_problem, "line_error": check_line_error, "label": check_label}


def run_workspace(context, paths):
    client = context.client(root=uri_of(os.path.dirname(paths[0])))
    marks = []
    labels = {}
    found = {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        marks += read_marks(path, text)
        client.open(uri_of(path), text)
    for path in paths:
        found[path] = client.diagnostics(uri_of(path), 1)
    # The modules open each other: the last word is said when the server has nothing more to say.
    while True:
        try:
            late = client.wait_note("textDocument/publishDiagnostics", wait_s=0.6)
            found[late["uri"].removeprefix("file://")] = late["diagnostics"]
        except TimeoutError:
            break
    for mark in marks:
        assert mark.kind in CHECKS, "%s: unknown kind" % mark
        if mark.kind == "label":
            labels[mark.rest] = (mark.path, mark.line, mark.column)
    problems = []
    for mark in marks:
        try:
            CHECKS[mark.kind](client, mark, labels, found)
        except AssertionError as error:
            problems.append(str(error))
    for path in paths:
        expected = {mark.line for mark in marks if mark.path == path and mark.kind in ("error", "line_error", "problem")}
        for item in found[path]:
            line = item["range"]["start"]["line"]
            if item["severity"] == 1 and line not in expected:
                problems.append("%s:%d: unexpected error: %s" % (os.path.basename(path), line + 1, item["message"]))
    assert not problems, "\n".join(problems)
    client.leave()


def tests():
    for name in sorted(os.listdir(HERE)):
        path = os.path.join(HERE, name)
        if os.path.isdir(path):
            paths = [os.path.join(path, file) for file in sorted(os.listdir(path)) if file.endswith(".harn")]
        elif name.endswith(".harn"):
            paths = [path]
        else:
            continue
        yield name.removesuffix(".harn"), (lambda context, paths=paths: run_workspace(context, paths))
