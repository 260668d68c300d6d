"""What a client asks for again and again: diagnostics by request, and what changed in the semantic tokens."""
import os
import tempfile

from client import edit

PULLING = {
    "textDocument": {"diagnostic": {"dynamicRegistration": False}, "publishDiagnostics": {"relatedInformation": True},
                     "semanticTokens": {"requests": {"full": {"delta": True}}}},
    "workspace": {"diagnostics": {"refreshSupport": True}},
}
URI = "file:///pull/main.harn"
GOOD = "fn f() -> int {\n  return 1\n}\n"
BAD = "fn f() -> int {\n  return \"x\"\n}\n"


def pull(client, uri, previous=None):
    params = {"textDocument": {"uri": uri}}
    if previous:
        params["previousResultId"] = previous
    return client.request("textDocument/diagnostic", params)


def test_document_reports(context):
    client = context.client(capabilities=PULLING)
    assert client.info["capabilities"]["diagnosticProvider"]["interFileDependencies"] is True
    client.open(URI, BAD)
    first = pull(client, URI)
    assert first["kind"] == "full" and len(first["items"]) == 1, first
    assert pull(client, URI, first["resultId"]) == {"kind": "unchanged", "resultId": first["resultId"]}
    client.change(URI, 2, {"text": GOOD})
    second = pull(client, URI, first["resultId"])
    assert second["kind"] == "full" and second["items"] == [] and second["resultId"] != first["resultId"], second
    assert not client.has_note("textDocument/publishDiagnostics", 0.2), "nothing is shown twice"
    client.leave()


def test_push_goes_on_for_others(context):
    for capabilities in ({}, {"textDocument": {"diagnostic": {}}}):
        client = context.client(capabilities=capabilities)
        assert "diagnosticProvider" not in client.info["capabilities"]
        client.open(URI, BAD)
        pushed = client.diagnostics(URI, 1)
        assert len(pushed) == 1 and pull(client, URI)["items"] == pushed
        client.leave()


def test_asked_to_pull_again_when_an_import_changes(context):
    with tempfile.TemporaryDirectory() as folder:
        lib, main = "file://%s/lib.harn" % folder, "file://%s/main.harn" % folder
        with open(os.path.join(folder, "lib.harn"), "w") as file:
            file.write("pub fn one() -> int {\n  return 1\n}\n")
        client = context.client(capabilities=PULLING, root="file://" + folder)
        client.open(main, 'import "./lib"\n\nlet n: int = one()\n')
        assert pull(client, main)["items"] == []
        client.open(lib, 'pub fn one() -> string {\n  return "1"\n}\n')
        client.wait_request("workspace/diagnostic/refresh")
        assert len(pull(client, main)["items"]) == 1
        client.leave()


def test_workspace_reports(context):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("good", GOOD), ("bad", BAD)):
            with open(os.path.join(folder, name + ".harn"), "w") as file:
                file.write(text)
        client = context.client(capabilities=PULLING, root="file://" + folder, options={"diagnostics": {"workspace": True}})
        assert client.info["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"] is True
        good, bad, gone = ("file://%s/%s.harn" % (folder, name) for name in ("good", "bad", "gone"))
        client.open(good, BAD, version=7)
        items = client.request("workspace/diagnostic", {"previousResultIds": [{"uri": gone, "value": "1"}]})["items"]
        found = {item["uri"]: item for item in items}
        assert set(found) == {good, bad, gone}, items
        assert found[good]["version"] == 7 and len(found[good]["items"]) == 1, "the text in the editor counts"
        assert found[bad]["version"] is None and len(found[bad]["items"]) == 1 and found[gone]["items"] == []
        client.change(good, 8, {"text": GOOD})
        known = [{"uri": uri, "value": found[uri]["resultId"]} for uri in (good, bad)]
        items = client.request("workspace/diagnostic", {"previousResultIds": known})["items"]
        kinds = {item["uri"]: item["kind"] for item in items}
        assert kinds == {good: "full", bad: "unchanged"}, items
        client.leave()


def test_token_deltas(context):
    client = context.client(capabilities=PULLING)
    assert client.info["capabilities"]["semanticTokensProvider"]["full"] == {"delta": True}
    document = {"textDocument": {"uri": URI}}
    client.open(URI, "fn f() {\n  let a = 1\n  return a\n}\n")
    first = client.request("textDocument/semanticTokens/full", document)
    data, known = first["data"], first["resultId"]
    same = client.request("textDocument/semanticTokens/full/delta", {**document, "previousResultId": known})
    assert same == {"resultId": known, "edits": []}, same
    for version, change in enumerate((edit(1, 2, 1, 2, "let bb = 2\n  "), edit(1, 0, 2, 0, ""), edit(0, 0, 0, 0, "// x\n"),
                                      {"text": ""}, {"text": "let z = 1\n"}), 2):
        client.change(URI, version, change)
        answer = client.request("textDocument/semanticTokens/full/delta", {**document, "previousResultId": known})
        known = answer["resultId"]
        for item in answer["edits"]:
            data[item["start"]:item["start"] + item["deleteCount"]] = item["data"]
        fresh = client.request("textDocument/semanticTokens/full", document)
        assert data == fresh["data"] and known == fresh["resultId"], (version, answer)
    lost = client.request("textDocument/semanticTokens/full/delta", {**document, "previousResultId": "other"})
    assert lost["data"] == data, "of an unknown result everything is sent"
    assert client.fails("textDocument/semanticTokens/full/delta", document) == -32602
    client.leave()
