"""The hierarchy of types: interfaces, and what fulfils them."""

TEXT = """interface Named {
  fn title(self) -> string
}

struct User {
  id: int
}

impl User {
  fn title(self) -> string {
    return "user"
  }
}

struct Plain {
  id: int
}

fn f() {
}
"""


def test_type_hierarchy(context):
    client = context.client()
    uri = "file:///types/main.harn"
    client.open(uri, TEXT)
    (named,) = client.at("prepareTypeHierarchy", uri, 0, 12)
    assert named["name"] == "Named" and named["uri"] == uri and named["selectionRange"]["start"] == {"line": 0, "character": 10}, named
    below = client.request("typeHierarchy/subtypes", {"item": named})
    assert [item["name"] for item in below] == ["User"], below
    above = client.request("typeHierarchy/supertypes", {"item": below[0]})
    assert above == [named], above
    assert client.request("typeHierarchy/supertypes", {"item": named}) == []
    (plain,) = client.at("prepareTypeHierarchy", uri, 14, 9)
    assert client.request("typeHierarchy/supertypes", {"item": plain}) == []
    assert client.at("prepareTypeHierarchy", uri, 18, 3) is None, "a function has no types above it"
    for method in ("typeHierarchy/subtypes", "typeHierarchy/supertypes"):
        assert client.fails(method, {"item": {"name": 3}}) == -32602
    client.leave()
