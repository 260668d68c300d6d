"""Imports from packages in the editor: the definition is in the package, a misspelt package has a fix."""
from t_navigate import workspace

FILES = {
    "harn.toml": '[dependencies]\nhelper = { path = "vendor/helper" }\n',
    "vendor/helper/harn.toml": '[exports]\ntext = "src/text.harn"\n',
    "vendor/helper/src/text.harn": "\npub fn shout(text) { return text }\n",
    ".harn/packages/acme/lib.harn": "pub fn acme() { return 1 }\n",
    "main.harn": "",
}
MAIN = 'import { shout } from "helper/text"\nimport "acme"\nimport "acne"\n\nprintln(shout(acme()))\n'


def test_definition_and_fix(context):
    client, root = workspace(context, FILES)
    uri = f"file://{root}/main.harn"
    client.open(uri, MAIN)
    diagnostics = client.diagnostics(uri)
    assert [d["code"] for d in diagnostics] == ["HARN-MOD-001"], diagnostics
    assert "did you mean `acme`?" in str(diagnostics[0]), diagnostics
    actions = client.request("textDocument/codeAction", {
        "textDocument": {"uri": uri}, "range": diagnostics[0]["range"], "context": {"diagnostics": diagnostics}})
    edits = [edit["newText"] for action in actions for changes in action["edit"].get("documentChanges", []) for edit in changes["edits"]]
    edits += [edit["newText"] for action in actions for part in action["edit"].get("changes", {}).values() for edit in part]
    assert '"acme"' in edits, actions
    places = [client.at("definition", uri, 4, column) for column in (10, 15)]
    for place, (path, line) in zip(places, (("vendor/helper/src/text.harn", 1), (".harn/packages/acme/lib.harn", 0))):
        place = place[0] if isinstance(place, list) else place
        assert place.get("uri", place.get("targetUri")) == f"file://{root}/{path}", place
        assert (place.get("range") or place["targetSelectionRange"])["start"]["line"] == line, place
    client.leave()
