"""What hurts users of other servers, each as a test: see the names."""
import os
import tempfile
import time

from client import edit, is_sanitized

URI = "file:///w/a.harn"


def symbols(client, uri=URI):
    found = client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    return [item["name"] for item in found]


def start(context, text, **arguments):
    client = context.client(**arguments)
    client.open(URI, text)
    return client


def final_diagnostics(client, uri=URI):
    """What is said once nothing more is said."""
    found = client.diagnostics(uri)
    while True:
        try:
            found = client.diagnostics(uri, wait_s=0.6)
        except TimeoutError:
            return found


def test_requests_at_every_column_of_wide_lines(context):
    """A column in UTF-16 units must never be taken for bytes."""
    text = "fn f(é: string, b: int) -> int {\n  return len(\"𝄞€é\" + é) + f(\"𝄞\", 1)\n}\nlet s = f(\"👩‍🔬\", 2)\n"
    client = start(context, text)
    for line, content in enumerate(text.split("\n")):
        for column in range(len(content.encode("utf-16-le")) // 2 + 2):
            for method in ("hover", "definition", "completion"):
                client.at(method, URI, line, column)
    client.leave()


def test_deep_nesting_ends_no_server(context):
    depth = 10000 if is_sanitized(context.server) else 100000
    many = depth // 5
    for text in ("let a = " + "(" * depth + "1" + ")" * depth, "let a = " + "(" * depth, "[" * depth, "{" * depth,
                 "let a = " + "-" * depth + "1", "let a = " + "!" * depth + "true", "let a = 1" + " + 1" * depth,
                 "let a = " + "[" * depth + "]" * depth, "if true {\n" * many + "}\n" * many, "f(" * depth,
                 "let a = b" + ".c" * depth, "let a = b" + "()" * depth, "let a: " + "list<" * many + "int" + ">" * many,
                 "fn f() {\n" * many, "let a = \"" + "${\"" * (many // 4), "/*" * depth, "let a = x" + " ? 1 : x" * many,
                 "match x {\n" * many, "a => " * many, "return " * many, "x |> " * many, "}" * depth, ")" * depth):
        client = start(context, text + "\n")
        client.diagnostics(URI, 1, wait_s=60)
        for method in ("hover", "definition", "completion"):
            client.at(method, URI, 0, 9)
        symbols(client)
        client.request("textDocument/semanticTokens/full", {"textDocument": {"uri": URI}})
        client.leave()


def test_one_syntax_error_spoils_nothing_else(context):
    good = "".join("fn f%d(x: int) -> int {\n  return x + %d\n}\n\n" % (i, i) for i in range(21))
    client = start(context, good)
    assert len(symbols(client)) == 21
    for version, broken in enumerate(("let =\n", "f0(\n", "let s = \"open\n", "fn g(\n", "if x {\n", "}\n", "§\n", "f3.\n"), 2):
        middle = good.index("fn f10")
        client.change(URI, version, {"text": good[:middle] + broken + good[middle:]})
        names = symbols(client)
        lost = {"f%d" % i for i in range(21)} - set(names)
        assert len(lost) <= 1, (broken, lost)
        line = good[:middle].count("\n") - 3
        hover = client.at("hover", URI, line, 9)
        assert hover and "x: int" in hover["contents"]["value"], (broken, hover)
    client.leave()


def test_changes_do_not_hold_up_a_hover(context):
    text = "fn f(x: int) -> int {\n  return x + 1\n}\n" * 300
    client = start(context, text)
    client.diagnostics(URI, 1)
    for version in range(2, 42):
        client.change(URI, version, edit(0, 0, 0, 0, "// %d\n" % version))
    begin = time.monotonic()
    client.at("hover", URI, 40, 3)
    assert time.monotonic() - begin < 1.0
    client.leave()


def test_waiting_request_is_answered_when_the_text_moves_on(context):
    text = "fn f(x: int) -> int {\n  return x + 1\n}\n" * 4000
    client = start(context, text)
    waiting = client.start_request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    client.change(URI, 2, {"text": "let a = 1\n"})
    message = client.answer(waiting)
    assert message.get("error", {}).get("code") in (None, -32801), message
    assert symbols(client) == ["a"]
    client.leave()


def test_waiting_request_is_answered_when_the_document_is_closed(context):
    text = "fn f(x: int) -> int {\n  return x + 1\n}\n" * 4000
    client = start(context, text)
    waiting = client.start_request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    client.close(URI)
    message = client.answer(waiting)
    assert message.get("error", {}).get("code") in (None, -32801), message
    client.leave()


def test_cancelled_request_is_answered_once(context):
    text = "fn f(x: int) -> int {\n  return x + 1\n}\n" * 4000
    client = start(context, text)
    waiting = client.start_request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    client.notify("$/cancelRequest", {"id": waiting})
    message = client.answer(waiting)
    assert message.get("error", {}).get("code") in (None, -32800), message
    assert symbols(client)
    client.leave()


def test_diagnostics_have_code_range_and_version(context):
    client = start(context, "fn f(a: int) -> int {\n  return a\n}\n\nlet b = f(\"text\")\n")
    found = [item for item in client.diagnostics(URI, 1) if item["severity"] == 1]
    assert len(found) == 1, found
    item = found[0]
    assert item["source"] == "harn" and item["code"].startswith("HARN-"), item
    assert item["range"] == {"start": {"line": 4, "character": 10}, "end": {"line": 4, "character": 16}}, item
    assert "expected int, found string" in item["message"]
    client.leave()


def test_diagnostics_are_cleared_when_mended(context):
    client = start(context, "let a = (\n")
    assert client.diagnostics(URI, 1)
    client.change(URI, 2, edit(0, 9, 0, 9, "1)"))
    assert not [item for item in client.diagnostics(URI, 2) if item["severity"] == 1]
    client.leave()


def test_diagnostics_are_cleared_on_close(context):
    client = start(context, "let a = (\n")
    assert client.diagnostics(URI, 1)
    client.close(URI)
    assert client.diagnostics(URI) == []
    client.leave()


def test_nothing_is_said_about_a_closed_document(context):
    client = start(context, "let a = (\n" * 2000)
    client.close(URI)
    assert client.diagnostics(URI) == []
    assert not client.has_note("textDocument/publishDiagnostics", 0.8)
    client.leave()


def test_diagnostics_do_not_depend_on_how_the_text_was_typed(context):
    """Whatever was typed before, the last word is the word on the whole text."""
    target = "fn f(a: int) -> int {\n  return a + \n}\n\nlet b = f(\"${f(1)\")\n\nfn g() {\n  f(2\n}\n"
    client = start(context, "")
    version = 1
    for i, letter in enumerate(target):
        line = target[:i].count("\n")
        column = i - (target[:i].rfind("\n") + 1)
        version += 1
        client.change(URI, version, edit(line, column, line, column, letter))
    typed = final_diagnostics(client)
    client.open("file:///w/b.harn", target)
    whole = final_diagnostics(client, "file:///w/b.harn")
    assert [(d["range"], d["message"]) for d in typed] == [(d["range"], d["message"]) for d in whole]
    client.leave()


def test_a_user_function_hides_the_builtin_of_its_name(context):
    client = start(context, "fn upper(n: int) -> int {\n  return n\n}\n\nlet a = upper(3)\n")
    assert "n: int" in client.at("hover", URI, 4, 10)["contents"]["value"]
    assert client.at("definition", URI, 4, 10)["range"]["start"] == {"line": 0, "character": 3}
    client.leave()


def workspace(files):
    folder = tempfile.TemporaryDirectory(prefix="charn-lsp-")
    for name, text in files.items():
        path = os.path.join(folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return folder


LIB = "pub fn inc(n: int) -> int {\n  return n + 1\n}\n"
MAIN = "import { inc } from \"lib\"\n\nlet a = inc(1)\n"


def errors(items):
    return [item for item in items if item["severity"] == 1]


def test_imports_from_disk(context):
    with workspace({"lib.harn": LIB, "main.harn": MAIN}) as folder:
        client = context.client(root="file://" + folder)
        uri = "file://%s/main.harn" % folder
        client.open(uri, MAIN)
        assert not errors(client.diagnostics(uri, 1))
        place = client.at("definition", uri, 2, 9)
        assert place == {"uri": "file://%s/lib.harn" % folder,
                         "range": {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 10}}}, place
        assert "n: int" in client.at("hover", uri, 2, 9)["contents"]["value"]
        client.leave()


def test_wrong_argument_to_an_imported_function(context):
    with workspace({"lib.harn": LIB}) as folder:
        client = context.client(root="file://" + folder)
        uri = "file://%s/main.harn" % folder
        client.open(uri, MAIN.replace("inc(1)", "inc(\"x\")"))
        found = errors(client.diagnostics(uri, 1))
        assert len(found) == 1 and found[0]["range"]["start"]["line"] == 2, found
        client.leave()


def test_unsaved_text_of_an_imported_file_counts(context):
    with workspace({"lib.harn": LIB}) as folder:
        client = context.client(root="file://" + folder)
        lib = "file://%s/lib.harn" % folder
        uri = "file://%s/main.harn" % folder
        client.open(lib, LIB.replace("n: int", "n: string").replace("n + 1", "1"))
        client.diagnostics(lib, 1)
        client.open(uri, MAIN)
        assert errors(client.diagnostics(uri, 1)), "the text on disk was used"
        # The importer is told when the imported file is mended, though it did not change itself.
        client.change(lib, 2, {"text": "// moved\n" + LIB})
        assert not errors(client.diagnostics(uri, 1))
        assert client.at("definition", uri, 2, 9)["range"]["start"]["line"] == 1
        client.leave()


def test_closing_a_file_goes_back_to_the_disk(context):
    with workspace({"lib.harn": LIB}) as folder:
        client = context.client(root="file://" + folder)
        lib = "file://%s/lib.harn" % folder
        uri = "file://%s/main.harn" % folder
        client.open(lib, "// nothing\n")
        client.open(uri, MAIN.replace("inc(1)", "inc(\"x\")"))
        client.diagnostics(uri, 1)
        client.close(lib)
        assert errors(client.diagnostics(uri, 1))
        client.leave()


def test_a_file_that_changes_on_disk(context):
    with workspace({"lib.harn": LIB}) as folder:
        client = context.client(root="file://" + folder)
        uri = "file://%s/main.harn" % folder
        client.open(uri, MAIN)
        assert not errors(client.diagnostics(uri, 1))
        with open(os.path.join(folder, "lib.harn"), "w") as file:
            file.write(LIB.replace("n: int", "n: string").replace("n + 1", "1"))
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": "file://%s/lib.harn" % folder, "type": 2}]})
        assert errors(client.diagnostics(uri, 1))
        client.leave()


def test_a_file_that_comes_later(context):
    with workspace({}) as folder:
        client = context.client(root="file://" + folder)
        uri = "file://%s/main.harn" % folder
        client.open(uri, MAIN.replace("inc(1)", "inc(\"x\")"))
        client.diagnostics(uri, 1)
        with open(os.path.join(folder, "lib.harn"), "w") as file:
            file.write(LIB)
        client.notify("workspace/didChangeWatchedFiles",
                      {"changes": [{"uri": "file://%s/lib.harn" % folder, "type": 1}]})
        found = client.diagnostics(uri, 1)
        assert [item for item in errors(found) if "expected int" in item["message"]], found
        client.leave()


def test_import_cycle(context):
    with workspace({"a.harn": "import \"b\"\n\npub fn fa() -> int {\n  return 1\n}\n",
                    "b.harn": "import \"a\"\n\npub fn fb() -> int {\n  return fa()\n}\n"}) as folder:
        client = context.client(root="file://" + folder)
        for name in ("a", "b"):
            uri = "file://%s/%s.harn" % (folder, name)
            with open("%s/%s.harn" % (folder, name)) as file:
                client.open(uri, file.read())
            client.diagnostics(uri, 1)
        client.leave()


def test_missing_import(context):
    client = start(context, "import \"no/such/file\"\n\nlet a = 1\n")
    client.diagnostics(URI, 1)
    assert symbols(client) == ["a"]
    assert client.at("definition", URI, 0, 10) is None
    client.leave()


def test_a_large_file_takes_time_in_proportion(context):
    """Twenty thousand lines: no scan from the start of the file for every symbol, token or line."""
    text = "".join("fn f%d(x: int, y: string) -> int {\n  let z = x + %d\n  println(\"${y} é\")\n  return z * f%d(x, y)\n}\n\n"
                   % (i, i, max(0, i - 1)) for i in range(3400))
    client = context.client()
    begin = time.monotonic()
    client.open(URI, text)
    client.diagnostics(URI, 1, wait_s=60)
    opened = time.monotonic() - begin
    slowest = {}
    for name, ask in (("symbols", lambda: symbols(client)),
                      ("tokens", lambda: client.request("textDocument/semanticTokens/full", {"textDocument": {"uri": URI}})),
                      ("completion", lambda: client.at("completion", URI, 20399, 2)),
                      ("hover", lambda: client.at("hover", URI, 20397, 9)),
                      ("definition", lambda: client.at("definition", URI, 20397, 13))):
        begin = time.monotonic()
        ask()
        slowest[name] = time.monotonic() - begin
    assert max(slowest.values()) < 3, slowest
    begin = time.monotonic()
    client.change(URI, 2, edit(10000, 0, 10000, 0, " "))
    client.diagnostics(URI, 2, wait_s=60)
    assert time.monotonic() - begin < opened + 3
    client.leave()


def test_hover_does_not_pass_on_foreign_markup(context):
    client = start(context, "/** Look: <img src=x> ![p](http://evil/p.png) \x1b[31mred */\nfn f() -> int {\n  return 1\n}\n")
    text = client.at("hover", URI, 1, 3)["contents"]["value"]
    assert "\\<img" in text and "\\![p]" in text and "\x1b" not in text, text
    client.leave()


def test_plain_text_hover_where_markdown_is_not_known(context):
    client = start(context, "/** Doc. */\nfn f() -> int {\n  return 1\n}\n",
                   capabilities={"textDocument": {"hover": {"contentFormat": ["plaintext"]}}})
    contents = client.at("hover", URI, 1, 3)["contents"]
    assert contents["kind"] == "plaintext" and "```" not in contents["value"], contents
    client.leave()


def test_flat_symbols_where_trees_are_not_known(context):
    client = start(context, "struct P {\n  x: int\n}\n", capabilities={"textDocument": {}})
    found = client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    assert found[0]["name"] == "P" and found[0]["location"]["uri"] == URI, found
    client.leave()


def test_symbols_nest_and_contain_their_names(context):
    client = start(context, "struct P {\n  x: int\n  y: int\n}\n\nimpl P {\n  fn m(self) -> int {\n    return 1\n  }\n}\n\n"
                            "enum E {\n  A\n  B\n}\n\nfn f() -> int {\n  return 1\n}\n")
    found = client.request("textDocument/documentSymbol", {"textDocument": {"uri": URI}})

    def check(items):
        for item in items:
            outer, inner = item["range"], item["selectionRange"]
            assert (outer["start"]["line"], outer["start"]["character"]) <= (inner["start"]["line"], inner["start"]["character"])
            assert (outer["end"]["line"], outer["end"]["character"]) >= (inner["end"]["line"], inner["end"]["character"])
            check(item.get("children", []))
    check(found)
    tree = {item["name"]: [child["name"] for child in item.get("children", [])] for item in found}
    assert tree["P"][:2] == ["x", "y"] and tree["E"] == ["A", "B"] and tree["f"] == [], tree
    client.leave()


def test_settings_switch_diagnostics_off_and_on(context):
    client = context.client(options={"diagnostics": {"enable": False}})
    client.open(URI, "let a = (\n")
    assert client.diagnostics(URI, 1) == []
    client.notify("workspace/didChangeConfiguration", {"settings": {"harn": {"diagnostics": {"enable": True}}}})
    assert client.diagnostics(URI, 1)
    client.leave()


def test_an_analysis_that_takes_too_long_is_given_up(context):
    client = context.client(options={"analysis": {"timeLimitMs": 1}})
    client.open(URI, "fn f(x: int) -> int {\n  return x + 1\n}\n" * 20000)
    found = client.diagnostics(URI, 1)
    assert len(found) == 1 and found[0]["severity"] == 3 and "too long" in found[0]["message"], found[:2]
    assert client.at("hover", URI, 0, 3) is None
    # The next text has its own chance.
    client.notify("workspace/didChangeConfiguration", {"settings": {"harn": {"analysis": {"timeLimitMs": 10000}}}})
    client.change(URI, 2, {"text": "let a = (\n"})
    assert client.diagnostics(URI, 2)[0]["severity"] == 1
    client.leave()
