"""Going from one name to another: references, rename, highlights, call hierarchy, types, links, symbols of the workspace."""
import os
import tempfile

LIBRARY = """/** Doubles. */
pub fn double(x: int) -> int {
  return x * 2
}

pub struct Point {
  x: int,
  y: int,
}

fn helper() {
  return double(1)
}
"""

MAIN = """import { double, Point } from "./lib"

interface Shape {
  fn area(self) -> int
}

struct Square {
  side: int,
}

impl Square {
  fn area(self) -> int {
    return double(self.side)
  }
}

pipeline main() {
  var total = double(3)
  total = total + 1
  let p: Point = Point {x: 1, y: total}
  let {x} = {x: total}
  println(p.x + x)
  let s = Square {side: 2}
  println(s.area())
}
"""


def workspace(context, files=None):
    root = tempfile.mkdtemp()
    for name, text in (files or {"lib.harn": LIBRARY, "main.harn": MAIN}).items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    client = context.client(root="file://" + root)
    return client, root


def open_main(context):
    client, root = workspace(context)
    uri = "file://" + root + "/main.harn"
    client.open(uri, MAIN)
    assert client.diagnostics(uri, 1) == [], "the program of the test is wrong"
    return client, uri, root


def place(text, needle, nth=0):
    at = -1
    for _ in range(nth + 1):
        at = text.index(needle, at + 1)
    line = text.count("\n", 0, at)
    return line, at - (text.rfind("\n", 0, at) + 1)


def apply(text, edits):
    lines = text.split("\n")
    for item in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]), reverse=True):
        start, end = item["range"]["start"], item["range"]["end"]
        head = lines[start["line"]][:start["character"]]
        tail = lines[end["line"]][end["character"]:]
        lines[start["line"]:end["line"] + 1] = (head + item["newText"] + tail).split("\n")
    return "\n".join(lines)


def lines_of(answer):
    return sorted((os.path.basename(item["uri"]), item["range"]["start"]["line"]) for item in answer)


def references(client, uri, text, needle, nth=0, declaration=True):
    line, column = place(text, needle, nth)
    return client.request("textDocument/references", {
        "textDocument": {"uri": uri}, "position": {"line": line, "character": column},
        "context": {"includeDeclaration": declaration}})


def test_references_across_files(context):
    client, uri, root = open_main(context)
    found = lines_of(references(client, uri, MAIN, "double(3)"))
    assert found == [("lib.harn", 1), ("lib.harn", 11), ("main.harn", 0), ("main.harn", 12), ("main.harn", 17)], found
    client.leave()


def test_references_of_a_local(context):
    client, uri, root = open_main(context)
    assert lines_of(references(client, uri, MAIN, "total")) == [("main.harn", line) for line in (17, 18, 18, 19, 20)]
    assert lines_of(references(client, uri, MAIN, "total", declaration=False))[0] == ("main.harn", 18)
    client.leave()


def test_references_see_what_is_not_saved(context):
    client, uri, root = open_main(context)
    other = "file://" + root + "/lib.harn"
    client.open(other, LIBRARY.replace("double(1)", "double(double(1))"))
    client.diagnostics(other, 1)
    found = lines_of(references(client, uri, MAIN, "double(3)"))
    assert found.count(("lib.harn", 11)) == 2, found
    client.leave()


def test_rename_across_files(context):
    client, uri, root = open_main(context)
    line, column = place(MAIN, "double(3)")
    answer = client.request("textDocument/rename", {
        "textDocument": {"uri": uri}, "position": {"line": line, "character": column}, "newName": "twice"})
    changes = answer["changes"]
    assert sorted(os.path.basename(name) for name in changes) == ["lib.harn", "main.harn"], changes
    assert apply(MAIN, changes[uri]) == MAIN.replace("double", "twice")
    assert apply(LIBRARY, changes["file://" + root + "/lib.harn"]) == LIBRARY.replace("double", "twice")
    client.leave()


def test_rename_keeps_the_key_of_a_short_pattern(context):
    client, uri, root = open_main(context)
    line, column = place(MAIN, "+ x)")
    answer = client.request("textDocument/rename", {
        "textDocument": {"uri": uri}, "position": {"line": line, "character": column + 2}, "newName": "across"})
    text = apply(MAIN, answer["changes"][uri])
    assert "let {x: across} = {x: total}" in text and "println(p.x + across)" in text, text
    client.leave()


def rename_error(client, uri, text, needle, new_name):
    line, column = place(text, needle)
    answer = client.answer(client.start_request("textDocument/rename", {
        "textDocument": {"uri": uri}, "position": {"line": line, "character": column}, "newName": new_name}))
    assert "error" in answer, answer
    return answer["error"]["message"]


def test_rename_refuses(context):
    client, uri, root = open_main(context)
    assert "already means" in rename_error(client, uri, MAIN, "total", "p")
    assert "not a name" in rename_error(client, uri, MAIN, "total", "1x")
    assert "not a name" in rename_error(client, uri, MAIN, "total", "let")
    assert "by hand" in rename_error(client, uri, MAIN, "side", "edge")
    assert "no name" in rename_error(client, uri, MAIN, "println", "say")
    line, column = place(MAIN, "total")
    prepared = client.at("prepareRename", uri, line, column)
    assert prepared["placeholder"] == "total", prepared
    broken = "file://" + root + "/broken.harn"
    client.open(broken, "let a = 1\nlet b = (a\n")
    assert "syntax errors" in rename_error(client, broken, "let a = 1\n", "a", "c")
    client.leave()


def test_highlight(context):
    client, uri, root = open_main(context)
    answer = client.at("documentHighlight", uri, *place(MAIN, "total"))
    assert [(item["range"]["start"]["line"], item["kind"]) for item in answer] == [(17, 3), (18, 3), (18, 2), (19, 2), (20, 2)], answer
    client.leave()


def test_types(context):
    client, uri, root = open_main(context)
    answer = client.at("typeDefinition", uri, *place(MAIN, "p.x"))
    assert answer["uri"].endswith("lib.harn") and answer["range"]["start"]["line"] == 5, answer
    answer = client.at("implementation", uri, *place(MAIN, "Shape"))
    assert [item["range"]["start"]["line"] for item in answer] == [6], answer
    answer = client.at("implementation", uri, *place(MAIN, "area"))
    assert [item["range"]["start"]["line"] for item in answer] == [11], answer
    client.leave()


def test_calls(context):
    client, uri, root = open_main(context)
    items = client.at("prepareCallHierarchy", uri, *place(MAIN, "double(3)"))
    assert items[0]["name"] == "double" and items[0]["uri"].endswith("lib.harn"), items
    incoming = client.request("callHierarchy/incomingCalls", {"item": items[0]})
    assert [(call["from"]["name"], len(call["fromRanges"])) for call in incoming] == [("helper", 1), ("area", 1), ("main", 1)], incoming
    items = client.at("prepareCallHierarchy", uri, *place(MAIN, "main"))
    outgoing = client.request("callHierarchy/outgoingCalls", {"item": items[0]})
    assert [call["to"]["name"] for call in outgoing] == ["double", "area"], outgoing
    client.leave()


def test_links(context):
    client, uri, root = open_main(context)
    answer = client.request("textDocument/documentLink", {"textDocument": {"uri": uri}})
    assert [item["target"] for item in answer] == ["file://" + root + "/lib.harn"], answer
    client.leave()


def test_symbols_of_the_workspace(context):
    client, root = workspace(context, {"a.harn": "pub fn alpha() {\n}\n", "deep/b.harn": "pub fn alphabet() {\n}\n",
                                       "node_modules/c.harn": "pub fn alpine() {\n}\n", ".hidden/d.harn": "fn alps() {\n}\n"})
    os.symlink("/", os.path.join(root, "everything"))
    answer = client.request("workspace/symbol", {"query": "alp"})
    assert sorted(item["name"] for item in answer) == ["alpha", "alphabet"], answer
    assert client.request("workspace/symbol", {"query": "nowhere"}) == []
    client.leave()


def test_searches_can_be_cancelled(context):
    client, root = workspace(context, {"f%d.harn" % i: "pub fn f%d() {\n}\n" % i for i in range(400)})
    ids = [client.start_request("workspace/symbol", {"query": "f"}) for _ in range(20)]
    for i in ids:
        client.notify("$/cancelRequest", {"id": i})
    answers = [client.answer(i) for i in ids]
    assert all("result" in answer or answer["error"]["code"] == -32800 for answer in answers)
    assert any("error" in answer for answer in answers), "none was cancelled"
    client.start_request("workspace/symbol", {"query": "f"})
    client.leave()
