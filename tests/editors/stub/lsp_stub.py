#!/usr/bin/env python3
"""A language server that knows just enough to answer for the fixture folder, and that can be told to misbehave.

The editor tests are run against it twice: as it is, so that a test can be proved to pass without the real server, and with
a fault, so that each test can be proved to fail. It is told what to be by the environment variable CHARN_STUB_FAULT:
  exit            ends at once, before it reads anything
  silent          reads everything and never answers
  no-diagnostics  answers everything, finds nothing wrong
  wrong-range     reports the diagnostic one column too far to the left
  stale           does not clear a diagnostic when the text has been mended
"""
import json
import os
import re
import sys
import urllib.parse

FAULT = os.environ.get("CHARN_STUB_FAULT", "")
DOCUMENTS = {}
TOKEN_TYPES = ["function", "variable", "keyword", "string", "number", "comment"]


def read_message():
    length = None
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return None
        if line == b"\r\n":
            break
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(sys.stdin.buffer.read(length))


def send(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def from_utf16(line, units):
    return len(line.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore"))


def span(line_number, line, start, end):
    return {"start": {"line": line_number, "character": utf16(line[:start])},
            "end": {"line": line_number, "character": utf16(line[:end])}}


def path_of(uri):
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def uri_of(path):
    return "file://" + urllib.parse.quote(path)


def publish(uri):
    found = []
    for number, line in enumerate(DOCUMENTS[uri]["text"].split("\n")):
        for match in re.finditer(r"\bmissing_\w+", line):
            shift = 1 if FAULT == "wrong-range" else 0
            found.append({"range": span(number, line, match.start() - shift, match.end() - shift), "severity": 1,
                          "source": "stub", "message": "undefined name `%s`" % match.group()})
    if uri.endswith("unfinished.harn"):
        found.append({"range": span(5, "  let x = before(", 16, 17), "severity": 1, "source": "stub",
                      "message": "expected `)`"})
    if FAULT == "no-diagnostics":
        found = []
    if FAULT == "stale" and DOCUMENTS[uri]["version"] > 1:
        return
    send({"method": "textDocument/publishDiagnostics",
          "params": {"uri": uri, "version": DOCUMENTS[uri]["version"], "diagnostics": found}})


def word_at(params):
    lines = DOCUMENTS[params["textDocument"]["uri"]]["text"].split("\n")
    line = lines[params["position"]["line"]]
    at = from_utf16(line, params["position"]["character"])
    for match in re.finditer(r"\w+", line):
        if match.start() <= at <= match.end():
            return match.group()
    return None


def find_definition(uri, name):
    """The place of `fn NAME` in this document, else in a neighbouring file."""
    folder = os.path.dirname(path_of(uri))
    sources = [(uri, DOCUMENTS[uri]["text"])]
    for other in sorted(os.listdir(folder)):
        if other.endswith(".harn"):
            with open(os.path.join(folder, other), encoding="utf-8") as file:
                sources.append((uri_of(os.path.join(folder, other)), file.read()))
    for where, text in sources:
        for number, line in enumerate(text.split("\n")):
            match = re.search(r"\bfn\s+(%s)\b" % re.escape(name), line)
            if match:
                return where, number, line, match.start(1), match.end(1)
    return None


def answer(method, params):
    if method == "initialize":
        return {"capabilities": {
            "textDocumentSync": {"openClose": True, "change": 1}, "hoverProvider": True, "definitionProvider": True,
            "documentSymbolProvider": True, "completionProvider": {},
            "semanticTokensProvider": {"legend": {"tokenTypes": TOKEN_TYPES, "tokenModifiers": []}, "full": True}},
            "serverInfo": {"name": "stub"}}
    if method == "shutdown":
        return None
    uri = params.get("textDocument", {}).get("uri")
    if method == "textDocument/hover":
        found = find_definition(uri, word_at(params) or "")
        return {"contents": {"kind": "markdown", "value": "```harn\n%s\n```" % found[2]}} if found else None
    if method == "textDocument/definition":
        found = find_definition(uri, word_at(params) or "")
        return {"uri": found[0], "range": span(*found[1:])} if found else None
    text = DOCUMENTS[uri]["text"] if uri in DOCUMENTS else ""
    lines = text.split("\n")
    if method == "textDocument/documentSymbol":
        symbols = []
        for number, line in enumerate(lines):
            match = re.match(r"(?:pub )?(?:fn|pipeline) (\w+)", line)
            if match:
                where = span(number, line, match.start(1), match.end(1))
                symbols.append({"name": match.group(1), "kind": 12, "range": where, "selectionRange": where})
        return symbols
    if method == "textDocument/completion":
        names = set(re.findall(r"\b[a-z_]\w*\b", text))
        return {"isIncomplete": False, "items": [{"label": name, "kind": 6} for name in sorted(names)]}
    if method == "textDocument/semanticTokens/full":
        data, last = [], 0
        for number, line in enumerate(lines):
            match = re.match(r"(?:pub )?fn (\w+)", line)
            if match:
                data += [number - last, utf16(line[:match.start(1)]), len(match.group(1)), 0, 0]
                last = number
        return {"data": data}
    return NotImplemented


def main():
    if FAULT == "exit":
        return 3
    while True:
        message = read_message()
        if message is None:
            return 1
        if FAULT == "silent":
            continue
        method, params = message.get("method"), message.get("params") or {}
        if method == "exit":
            return 0
        if method in ("textDocument/didOpen", "textDocument/didChange"):
            document = params["textDocument"]
            text = document["text"] if "text" in document else params["contentChanges"][-1]["text"]
            DOCUMENTS[document["uri"]] = {"text": text, "version": document.get("version", 0)}
            publish(document["uri"])
        elif "id" in message and method:
            result = answer(method, params)
            if result is NotImplemented:
                send({"id": message["id"], "error": {"code": -32601, "message": "unknown method " + method}})
            else:
                send({"id": message["id"], "result": result})


if __name__ == "__main__":
    sys.exit(main())
