#!/usr/bin/env python3
"""How long a language server takes to answer while somebody types in a long file.

    run.py --lsp build/release/charn-lsp [--lines 10000] [--edits 200] [--json FILE]
    run.py --lsp … --server "other=/path/harn-lsp" --server "clangd=clangd:c"

Servers take turns, edit by edit. An edit inserts or removes one character in the middle of the file; its time runs from
didChange to the diagnostics published for that version. Behind each edit one request is sent and timed. A server behind
NAME=COMMAND may say the language of its file: harn (the default), c, go or python.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HARN = """
/** Number %(n)d. */
fn step_%(n)d(items: list<int>, limit: int?) -> int {
  var total = 0
  for item in items {
    if limit != nil && item > limit { continue }
    total = total + item * %(n)d
  }
  let names = items.map({ x -> "item ${x}" })
  let entry = {name: "n%(n)d", size: len(names)}
  println(entry.name)
  return total
}
"""
C = """
/* Number %(n)d. */
int step_%(n)d(const int *items, int count, int limit)
{
    int total = 0;
    for (int i = 0; i < count; i++) {
        if (limit && items[i] > limit)
            continue;
        total = total + items[i] * %(n)d;
    }
    int sizes[2] = {count, total};
    return sizes[1];
}
"""
GO = """
// Number %(n)d.
func step%(n)d(items []int, limit int) int {
	total := 0
	for _, item := range items {
		if limit != 0 && item > limit {
			continue
		}
		total = total + item*%(n)d
	}
	sizes := []int{len(items), total}
	return sizes[1]
}
"""
PYTHON = """

def step_%(n)d(items: list[int], limit: int | None) -> int:
    total = 0
    for item in items:
        if limit is not None and item > limit:
            continue
        total = total + item * %(n)d
    names = ["item %%s" %% x for x in items]
    entry = {"name": "n%(n)d", "size": len(names)}
    print(entry["name"])
    return total
"""
LANGUAGES = {"harn": (HARN, "", ".harn"), "c": (C, "", ".c"), "go": (GO, "package main\n", ".go"), "python": (PYTHON, "", ".py")}
REQUESTS = ["textDocument/completion", "textDocument/hover", "textDocument/documentSymbol", "textDocument/semanticTokens/full"]


class Server:
    def __init__(self, name, command, language, lines, folder):
        body, head, suffix = LANGUAGES[language]
        self.name, self.language = name, language
        count = lines // body.count("\n")
        self.text = (head + "".join(body % {"n": n} for n in range(count))).split("\n")
        # The line of a sum in the middle, at whose end the typing happens.
        self.line = next(i for i in range(len(self.text) // 2, len(self.text)) if "total = total" in self.text[i])
        self.path = os.path.join(folder, name + suffix)
        open(self.path, "w").write("\n".join(self.text))
        self.uri = "file://" + self.path
        self.process = subprocess.Popen(command.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder)
        self.arrived = threading.Condition()
        self.answers, self.published = {}, []
        self.version, self.id = 0, 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while True:
            length = 0
            while True:
                line = out.readline()
                if not line:
                    return
                if line in (b"\r\n", b"\n"):
                    break
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            message = json.loads(out.read(length))
            now = time.perf_counter()
            if "method" in message and "id" in message:
                result = [{}] * len(message["params"]["items"]) if message["method"] == "workspace/configuration" else None
                self.send({"id": message["id"], "result": result})
                continue
            with self.arrived:
                if "method" not in message:
                    self.answers[message["id"]] = now
                elif message["method"] == "textDocument/publishDiagnostics" and message["params"]["uri"] == self.uri:
                    self.published.append((now, message["params"].get("version"), len(message["params"]["diagnostics"])))
                self.arrived.notify_all()

    def send(self, message):
        data = json.dumps(dict(message, jsonrpc="2.0")).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def wait(self, ready, seconds=60):
        with self.arrived:
            return self.arrived.wait_for(ready, seconds)

    def request(self, method, params):
        self.id += 1
        mine, start = self.id, time.perf_counter()
        self.send({"id": mine, "method": method, "params": params})
        self.wait(lambda: mine in self.answers)
        return (self.answers.get(mine, start + 60) - start) * 1000

    def open(self):
        start = time.perf_counter()
        self.request("initialize", {"processId": os.getpid(), "rootUri": "file://" + os.path.dirname(self.path), "capabilities": {
            "textDocument": {"publishDiagnostics": {"versionSupport": True}, "semanticTokens": {"requests": {"full": True}, "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"]}}}})
        self.send({"method": "initialized", "params": {}})
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": self.uri, "languageId": self.language, "version": 0, "text": "\n".join(self.text)}}})
        self.wait(lambda: self.published)
        return (time.perf_counter() - start) * 1000

    def edit(self):
        """One character more or less at the end of the line; milliseconds until what is wrong now is published."""
        self.version += 1
        end = len(self.text[self.line])
        grows = self.version % 2 == 1
        place = {"line": self.line, "character": end}
        last = place if grows else {"line": self.line, "character": end + 1}
        before = len(self.published)
        start = time.perf_counter()
        self.send({"method": "textDocument/didChange", "params": {"textDocument": {"uri": self.uri, "version": self.version},
                   "contentChanges": [{"range": {"start": place, "end": last}, "text": "1" if grows else ""}]}})
        self.wait(lambda: any(v == self.version or v is None for _, v, _ in self.published[before:]))
        done = [t for t, v, _ in self.published[before:] if v == self.version or v is None]
        return ((done[0] if done else time.perf_counter()) - start) * 1000

    def memory(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def close(self):
        self.process.kill()


def summary(times):
    times = sorted(times)
    return {"least": times[0], "p50": statistics.median(times), "p99": times[min(len(times) - 1, int(len(times) * 0.99))]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lsp", required=True)
    parser.add_argument("--server", action="append", default=[], help="NAME=COMMAND[:LANGUAGE]")
    parser.add_argument("--lines", type=int, default=10000)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--json")
    options = parser.parse_args()
    wanted = [("charn", os.path.abspath(options.lsp), "harn")]
    for item in options.server:
        name, command = item.split("=", 1)
        command, _, language = command.partition(":")
        wanted.append((name, command, language or "harn"))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        servers = []
        for name, command, language in wanted:
            place = os.path.join(folder, name)
            os.mkdir(place)
            servers.append(Server(name, command, language, options.lines, place))
        for server in servers:
            results[server.name] = {"open": [server.open()], "edit": []}
        for round_ in range(options.edits):
            for server in servers:
                mine = results[server.name]
                mine["edit"].append(server.edit())
                method = REQUESTS[round_ % len(REQUESTS)]
                params = {"textDocument": {"uri": server.uri}}
                if method in REQUESTS[:2]:
                    params["position"] = {"line": server.line, "character": len(server.text[server.line]) - 2}
                mine.setdefault(method.split("/", 1)[1], []).append(server.request(method, params))
        for server in servers:
            results[server.name]["memory MB"] = [server.memory()]
            server.close()
    table = {name: {what: summary(times) for what, times in rows.items()} for name, rows in results.items()}
    for name, rows in table.items():
        print("%s, a file of %d lines, milliseconds" % (name, options.lines))
        for what, row in rows.items():
            print("  %-24s least %8.2f   p50 %8.2f   p99 %8.2f" % (what, row["least"], row["p50"], row["p99"]))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"lines": options.lines, "edits": options.edits, "milliseconds": table}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
