"""A server that mcp_clients.harn starts: pages, errors, requests of its own, parts that are no text, and its end."""
import json
import sys

ROWS = [{"name": "tool%d" % i} for i in range(5)]


def write(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


for line in sys.stdin:
    message = json.loads(line)
    method, params, number = message.get("method"), message.get("params") or {}, message.get("id")
    if number is None or method is None:
        continue
    if method == "initialize":
        write({"method": "notifications/message", "params": {}})
        write({"id": number, "result": {"serverInfo": {"name": "pages", "version": "2"}, "protocolVersion": params["protocolVersion"]}})
    elif method == "tools/list":
        start = int(params.get("cursor", 0))
        page = {"tools": ROWS[start:start + 2]}
        if start + 2 < len(ROWS):
            page["nextCursor"] = str(start + 2)
        write({"id": number, "result": page})
    elif method == "tools/call":
        name, given = params["name"], params["arguments"]
        if name == "ask":
            write({"id": "own", "method": "ping"})
            write({"id": "odd", "method": "roots/list"})
            answers = [json.loads(sys.stdin.readline()) for _ in range(2)]
            text = "%s %s" % (answers[0].get("result"), answers[1]["error"]["code"])
            write({"id": number, "result": {"content": [{"type": "text", "text": text}]}})
        elif name == "large":
            write({"id": number, "result": {"content": [{"type": "text", "text": "x" * given["n"]}]}})
        elif name == "image":
            write({"id": number, "result": {"content": [{"type": "image", "data": "AA=="}, {"type": "text", "text": "t"}]}})
        elif name == "fail":
            write({"id": number, "result": {"isError": True, "content": [{"type": "text", "text": "it failed"}]}})
        elif name == "die":
            sys.exit(3)
        elif name == "mumble":
            print("not json", flush=True)
        else:
            write({"id": number, "error": {"code": -32602, "message": "no tool " + name}})
    else:
        write({"id": number, "error": {"code": -32601, "message": "no " + method}})
