"""Folders of the workspace that come and go, and where a thing is declared."""
import os
import tempfile


def test_folders_come_and_go(context):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "user.harn"), "w") as file:
            file.write("fn only_here() {\n}\n")
        client = context.client()
        root = {"uri": "file://" + folder, "name": "one"}
        counts = []
        for event in ({"added": [], "removed": []}, {"added": [root], "removed": []}, {"added": [], "removed": [root]}):
            client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
            client.notify("$/setTrace", {"value": "verbose"})
            counts.append(len(client.request("workspace/symbol", {"query": "only_here"})))
        assert counts == [0, 1, 0], counts
        client.leave()


def test_declaration_is_the_definition(context):
    client = context.client()
    uri = "file:///lens/main.harn"
    client.open(uri, "fn f() {\n}\n\npipeline main() {\n  f()\n}\n")
    found = client.at("declaration", uri, 4, 2)
    assert found and found["range"]["start"] == {"line": 0, "character": 3} and found == client.at("definition", uri, 4, 2), found
    client.leave()
