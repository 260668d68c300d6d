#!/usr/bin/env python3
"""A server on loopback that speaks three protocols of language models: OpenAI-compatible (/v1/chat/completions), Anthropic
(/v1/messages) and Ollama (/api/chat), whole and streamed. Says its port on the first line; ends with its standard input.

The last message tells what it does: `tool` calls the first tool that was offered, `slow` waits two seconds, `fail N` answers
500 for the first N times, `limit` answers 429 once with Retry-After: 0, `drop` closes the connection, `cut` ends a stream
in the middle, `json` answers with {"answer": "yes"}. Anything else is echoed as `NAME heard: TEXT`.
"""
import json
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

COUNTS = {}
LOCK = threading.Lock()


def count(name):
    with LOCK:
        COUNTS[name] = COUNTS.get(name, 0) + 1
        return COUNTS[name]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, content in headers:
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)

    def stream(self, kind, pieces, is_cut):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i, piece in enumerate(pieces):
            if is_cut and i == len(pieces) // 2:
                self.cut()
                return
            data = piece.encode()
            # Split inside the piece: readers may not rely on whole events.
            for part in (data[: len(data) // 2], data[len(data) // 2 :]):
                if part:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                    self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        name = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic", "/api/chat": "ollama"}.get(self.path)
        if not name:
            return self.answer(404, {"error": "no such path"})
        if name == "openai" and self.headers.get("Authorization") == "Bearer wrong":
            return self.answer(401, {"error": {"message": "invalid api key"}})
        last = body["messages"][-1]
        content = last["content"]
        if isinstance(content, list):
            content = content[-1].get("content") or content[-1].get("text") or ""
        is_result = last["role"] == "tool" or (isinstance(last["content"], list) and last["content"][0].get("type") == "tool_result")
        call = None
        if is_result:
            text = f"{name} got {content} ##DONE##"
        elif content == "tool":
            call, text = ("lookup", {"key": "k1"}), ""
        elif content.startswith("slow"):
            time.sleep(2)
            text = "late"
        elif content.startswith("fail "):
            n = count(name + content)
            if n <= int(content.split()[1]):
                return self.answer(500, {"error": {"message": "server broke"}})
            text = f"{name} recovered"
        elif content == "limit" and count(name + content) == 1:
            return self.answer(429, {"error": {"message": "slow down"}}, [("Retry-After", "0")])
        elif content == "drop":
            return self.cut()
        elif content == "json":
            text = '{"answer": "yes"}'
        else:
            text = f"{name} heard: {content}"
        self.send(name, body, text, call, content == "cut")

    def send(self, name, body, text, call, is_cut):
        system = body.get("system") or (body["messages"][0]["content"] if body["messages"][0]["role"] == "system" else None)
        if system:
            text += f" [{system}]"
        words = text.split(" ")
        parts = [w if i == 0 else " " + w for i, w in enumerate(words)]
        if name == "openai":
            message = {"role": "assistant", "content": text}
            if call:
                message["tool_calls"] = [{"id": "c1", "type": "function", "function": {"name": call[0], "arguments": json.dumps(call[1])}}]
            usage = {"prompt_tokens": 11, "completion_tokens": len(words)}
            if not body.get("stream"):
                return self.answer(200, {"model": body["model"], "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})
            events = [{"model": body["model"], "choices": [{"delta": {"content": p}}]} for p in parts]
            events.append({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": usage})
            lines = ["data: " + json.dumps(e) + "\n\n" for e in events] + ["data: [DONE]\n\n"]
            return self.stream("text/event-stream", lines, is_cut)
        if name == "anthropic":
            content = [{"type": "text", "text": text}] if text else []
            if call:
                content.append({"type": "tool_use", "id": "c1", "name": call[0], "input": call[1]})
            usage = {"input_tokens": 12, "output_tokens": len(words)}
            if not body.get("stream"):
                return self.answer(200, {"model": body["model"], "content": content, "stop_reason": "end_turn", "usage": usage})
            events = [{"type": "message_start", "message": {"model": body["model"], "usage": {"input_tokens": 12}}},
                      {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
            events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": p}} for p in parts]
            events += [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": len(words)}}, {"type": "message_stop"}]
            lines = ["event: " + e["type"] + "\ndata: " + json.dumps(e) + "\n\n" for e in events]
            return self.stream("text/event-stream", lines, is_cut)
        message = {"role": "assistant", "content": text}
        if call:
            message["tool_calls"] = [{"function": {"name": call[0], "arguments": call[1]}}]
        end = {"model": body["model"], "done": True, "done_reason": "stop", "prompt_eval_count": 13, "eval_count": len(words)}
        if not body.get("stream"):
            return self.answer(200, {**end, "message": message})
        lines = [json.dumps({"model": body["model"], "message": {"content": p}, "done": False}) + "\n" for p in parts]
        self.stream("application/x-ndjson", lines + [json.dumps({**end, "message": {"content": ""}}) + "\n"], is_cut)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
