"""docs/lsp.md: its table of methods is made from lsp/methods.def and from the tests that name a method.

    python3 tests/lsp/t_document.py      rewrites the table
"""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(ROOT, "docs", "lsp.md")
BEGIN, END = "<!-- methods: begin -->\n", "<!-- methods: end -->\n"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rows():
    """(method, kind, tests that name it) of each row of methods.def."""
    tests = {}
    for name in sorted(os.listdir(HERE)):
        if name.endswith(".py") and name != os.path.basename(__file__):
            tests[name] = read(os.path.join(HERE, name))
    for method, kind in re.findall(r'^CH_LSP\("([^"]+)", (\w+),', read(os.path.join(ROOT, "lsp", "methods.def")), re.M):
        words = ['"%s"' % method, '"%s"' % method.removeprefix("textDocument/"), '"%s"' % method.removeprefix("callHierarchy/")]
        yield method, kind.lower(), [name for name, text in tests.items() if any(word in text for word in words)]


def table():
    lines = ["| method | supported | tests/lsp |", "|---|---|---|"]
    lines += ["| `%s` | yes, %s | %s |" % (method, kind, ", ".join("`%s`" % name for name in names)) for method, kind, names in rows()]
    return "\n".join(lines) + "\n"


def test_table_is_current(context):
    page = read(PAGE)
    assert page.split(BEGIN)[1].split(END)[0] == table(), "run python3 tests/lsp/t_document.py"


def test_every_method_has_a_test(context):
    bare = [method for method, _, names in rows() if not names]
    assert not bare, bare


if __name__ == "__main__":
    before, rest = read(PAGE).split(BEGIN)
    with open(PAGE, "w", encoding="utf-8") as page_file:
        page_file.write(before + BEGIN + table() + END + rest.split(END)[1])
