# SPDX-License-Identifier: MIT
"""A chat endpoint on loopback that answers as a test says."""
import http.server
import json
import threading


def reply(content, finish="stop", tokens=5):
    return {
        "id": "r", "object": "chat.completion", "created": 0, "model": "mock",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": 10 + tokens},
    }


def tool_call(name, arguments):
    out = reply(None, "tool_calls")
    out["choices"][0]["message"]["tool_calls"] = [
        {"id": "c1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    ]
    return out


class Raw:
    """A reply byte for byte, where the status or a header is what a test is about."""

    def __init__(self, body=b"", status=200, **headers):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Endpoint:
    """`answer` takes the request's JSON and gives the reply's JSON, an HTTP status, or a Raw reply."""

    def __init__(self, answer):
        owner = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each reply waits 40 ms for an acknowledgement

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send(Raw({"object": "list", "data": [{"id": "mock", "object": "model"}]}))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.requests.append(body)
                answered = answer(body)
                if isinstance(answered, int):
                    answered = Raw({"error": {"message": "made up", "type": "server_error"}}, answered)
                self.send(answered if isinstance(answered, Raw) else Raw(answered))

            def send(self, raw):
                self.send_response(raw.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw.body)))
                for name, value in raw.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw.body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
