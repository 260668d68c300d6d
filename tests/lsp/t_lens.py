"""Code lenses: run, test, and how often a thing is named."""
import os
import tempfile

TEXT = """pub fn area(w: int) -> int {
  return w
}

pipeline other() {
  println(area(1))
}

pipeline main() {
  println(area(2))
}

pipeline test_area() {
  assert(area(3) == 3)
}

@test
pipeline marked() {
  assert(true)
}
"""


def test_lenses(context):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "user.harn"), "w") as file:
            file.write('import "./main"\n\npipeline main() {\n  println(area(4))\n}\n')
        uri = "file://%s/main.harn" % folder
        client = context.client(root="file://" + folder)
        assert client.info["capabilities"]["codeLensProvider"] == {"resolveProvider": True}
        client.open(uri, TEXT)
        lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        found = [(lens["range"]["start"]["line"], lens.get("command", {}).get("title"), lens.get("command", {}).get("command"),
                  lens.get("command", {}).get("arguments")) for lens in lenses]
        assert found == [(0, None, None, None), (4, "Run", "harn.runFile", [uri]), (4, "Debug", "harn.debugFile", [uri]),
                         (12, "Run test", "harn.runTest", [uri, "test_area"]),
                         (17, "Run test", "harn.runTest", [uri, "marked"])], found
        resolved = client.request("codeLens/resolve", lenses[0])
        assert resolved["range"] == lenses[0]["range"]
        assert resolved["command"] == {"title": "4 references", "command": "harn.showReferences",
                                       "arguments": [uri, {"line": 0, "character": 7}]}, resolved
        client.change(uri, 2, {"text": TEXT.replace("pipeline main", "pipeline default")})
        lenses = client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        lines = [lens["range"]["start"]["line"] for lens in lenses if lens.get("command", {}).get("title") == "Run"]
        assert lines == [8], "a run begins with `default`, else with the first pipeline"
        client.leave()


def test_foreign_lenses_are_refused(context):
    client = context.client()
    for lens in ({}, {"range": {}}, {"data": {"path": 3}}, {"data": {"path": "/x", "name": "x", "start": 0, "uri": "file:///x"}}):
        assert client.fails("codeLens/resolve", lens) == -32602, lens
    client.leave()


def test_no_lenses_without_declarations(context):
    client = context.client()
    uri = "file:///lens/main.harn"
    client.open(uri, "let a = 1\n")
    assert client.request("textDocument/codeLens", {"textDocument": {"uri": uri}}) == []
    client.leave()
