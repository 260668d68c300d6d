"""What an editor shows around the text, and changes that it asks for: folds, selections, hints, signatures, layout, mends."""
from client import edit

TEXT = """// one
// two
import "std/text"
import "std/math"

/** Area of a box. */
fn area(width: int, height: int) -> int {
  return width * height
}

pipeline main() {
  let size = area(3, 4)
  println("größe", size)
  let list = [
    1,
    2,
  ]
}
"""


def opened(context, text=TEXT, encoding="utf-16"):
    client = context.client(capabilities={"general": {"positionEncodings": [encoding]},
                                          "textDocument": {"publishDiagnostics": {"relatedInformation": True}}})
    uri = "file:///view/main.harn"
    client.open(uri, text)
    client.diagnostics(uri, 1)
    return client, uri


def whole(text):
    return {"start": {"line": 0, "character": 0}, "end": {"line": text.count("\n") + 1, "character": 0}}


def test_folds(context):
    client, uri = opened(context)
    answer = client.request("textDocument/foldingRange", {"textDocument": {"uri": uri}})
    found = [(fold["startLine"], fold["endLine"], fold["kind"]) for fold in answer]
    assert found == [(0, 1, "comment"), (2, 3, "imports"), (6, 7, "region"), (10, 16, "region"), (13, 15, "region")], found
    client.leave()


def test_selections_grow(context):
    client, uri = opened(context)
    answer = client.request("textDocument/selectionRange", {
        "textDocument": {"uri": uri}, "positions": [{"line": 7, "character": 10}, {"line": 0, "character": 0}]})
    assert len(answer) == 2
    sizes = []
    item = answer[0]
    while item:
        start, end = item["range"]["start"], item["range"]["end"]
        sizes.append(((start["line"], start["character"]), (end["line"], end["character"])))
        item = item.get("parent")
    assert sizes[0] == ((7, 9), (7, 14)), sizes
    assert sizes[1] == ((7, 9), (7, 23)), sizes
    for inner, outer in zip(sizes, sizes[1:]):
        assert outer[0] <= inner[0] and outer[1] >= inner[1] and outer != inner, sizes
    assert sizes[-1][0] == (0, 0)
    client.leave()


def test_hints(context):
    client, uri = opened(context)
    answer = client.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole(TEXT)})
    found = [(hint["position"]["line"], hint["position"]["character"], hint["label"]) for hint in answer]
    assert (11, 10, ": int") in found and (11, 18, "width:") in found and (11, 21, "height:") in found, found
    few = client.request("textDocument/inlayHint", {
        "textDocument": {"uri": uri}, "range": {"start": {"line": 12, "character": 0}, "end": {"line": 12, "character": 99}}})
    assert all(hint["position"]["line"] == 12 for hint in few), few
    client.leave()


def signature(client, uri, line, column):
    answer = client.at("signatureHelp", uri, line, column)
    if not answer:
        return None
    item = answer["signatures"][0]
    start, end = item["parameters"][min(answer["activeParameter"], len(item["parameters"]) - 1)]["label"] if item["parameters"] else (0, 0)
    units = item["label"].encode("utf-16-le")
    return item["label"], units[2 * start:2 * end].decode("utf-16-le"), answer["activeParameter"]


def test_signatures(context):
    client, uri = opened(context)
    assert signature(client, uri, 11, 18) == ("fn area(width: int, height: int) -> int", "width: int", 0)
    assert signature(client, uri, 11, 22)[1:] == ("height: int", 1)
    assert signature(client, uri, 12, 19)[0].startswith("fn println(")
    assert signature(client, uri, 13, 0) is None
    client.leave()


def test_signatures_while_typing(context):
    text = "fn area(width: int, height: int) -> int {\n  return width * height\n}\nlet a = \"ä)\" \nlet s = area(\"(\", [1, 2], \n"
    client, uri = opened(context, text)
    assert signature(client, uri, 4, 13)[1] == "width: int"
    assert signature(client, uri, 4, 18)[1] == "height: int"
    assert signature(client, uri, 4, 27)[2] == 2
    client.leave()


def test_layout_is_the_smallest_change(context):
    text = "fn f() {\n  return 1\n}\n\nfn g() {\n      return   2\n}\n"
    client, uri = opened(context, text)
    edits = client.request("textDocument/formatting", {"textDocument": {"uri": uri}, "options": {"tabSize": 2, "insertSpaces": True}})
    assert len(edits) == 1 and edits[0]["newText"] == "  return 2\n", edits
    assert edits[0]["range"] == {"start": {"line": 5, "character": 0}, "end": {"line": 6, "character": 0}}, edits
    client.change(uri, 2, edit(5, 0, 6, 0, edits[0]["newText"]))
    assert client.request("textDocument/formatting", {"textDocument": {"uri": uri}, "options": {}}) == []
    client.leave()


def test_layout_of_a_range(context):
    text = "fn f() {\n      return 1\n}\n\nfn g() {\n      return   2\n}\n"
    client, uri = opened(context, text)
    edits = client.request("textDocument/rangeFormatting", {
        "textDocument": {"uri": uri}, "options": {}, "range": {"start": {"line": 4, "character": 0}, "end": {"line": 6, "character": 1}}})
    assert [item["range"]["start"]["line"] for item in edits] == [5], edits
    edits = client.request("textDocument/onTypeFormatting", {
        "textDocument": {"uri": uri}, "options": {}, "ch": "}", "position": {"line": 2, "character": 1}})
    assert [item["range"]["start"]["line"] for item in edits] == [1], edits
    client.leave()


def test_no_layout_of_broken_text(context):
    client, uri = opened(context, "fn f( {\n      return 1\n}\n")
    assert client.request("textDocument/formatting", {"textDocument": {"uri": uri}, "options": {}}) == []
    client.leave()


def actions(client, uri, range, only=None):
    action_context = {"diagnostics": []}
    if only is not None:
        action_context["only"] = only
    return client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": range, "context": action_context})


def test_mends(context):
    text = "fn f() {\n  return (1 + 2\n}\n"
    client, uri = opened(context, text)
    offered = actions(client, uri, whole(text))
    assert offered, "a missing bracket has a mend"
    action = offered[0]
    assert action["kind"] == "quickfix" and action["diagnostics"], action
    lines = text.split("\n")
    (change,) = action["edit"]["changes"][uri]
    start, end = change["range"]["start"], change["range"]["end"]
    assert start == end and ")" in change["newText"], change
    client.change(uri, 2, edit(start["line"], start["character"], end["line"], end["character"], change["newText"]))
    assert client.diagnostics(uri, 2) == [], lines
    assert actions(client, uri, whole(text)) == []
    client.leave()


def test_only_wanted_mends(context):
    text = "fn f() {\n  return (1 + 2\n}\n"
    client, uri = opened(context, text)
    assert actions(client, uri, whole(text), ["refactor"]) == []
    assert actions(client, uri, whole(text), ["quickfix"])
    assert actions(client, uri, {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}) == []
    client.leave()


def test_tokens_of_a_range(context):
    client, uri = opened(context)
    everything = client.request("textDocument/semanticTokens/full", {"textDocument": {"uri": uri}})["data"]
    some = client.request("textDocument/semanticTokens/range", {
        "textDocument": {"uri": uri}, "range": {"start": {"line": 6, "character": 0}, "end": {"line": 7, "character": 99}}})["data"]
    assert 0 < len(some) < len(everything) and some[0] == 6, some
    client.leave()


def test_bad_params(context):
    client, uri = opened(context)
    document = {"uri": uri}
    for method, params in (("foldingRange", {}), ("selectionRange", {"textDocument": document, "positions": 3}),
                           ("selectionRange", {"textDocument": document, "positions": [{"line": -1, "character": 0}]}),
                           ("inlayHint", {"textDocument": document}), ("inlayHint", {"textDocument": document, "range": {"start": {}}}),
                           ("codeAction", {"textDocument": document, "range": []}), ("rename", {"textDocument": document}),
                           ("rangeFormatting", {"textDocument": document})):
        assert client.fails("textDocument/" + method, params) == -32602, method
    for method in ("incomingCalls", "outgoingCalls"):
        assert client.fails("callHierarchy/" + method, {"item": {"name": 3}}) == -32602
    beyond = {"start": {"line": 9999, "character": 9999}, "end": {"line": 0, "character": 0}}
    assert isinstance(client.request("textDocument/inlayHint", {"textDocument": document, "range": beyond}), list)
    client.leave()
