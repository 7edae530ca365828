"""A host outside for tests: a small server whose answers a test writes, with what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Outside:
    """`answer(handler, got)` writes the answer; by default 200 and "{}"."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler, Got], None] | None = None
    statuses: list[int] = field(default_factory=list)
    reply: bytes = b"{}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def serve(outside: Outside) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.command, self.path, headers, self.rfile.read(length))
            outside.got.append(got)
            if outside.answer:
                outside.answer(self, got)
                return
            self.send_response(outside.statuses.pop(0) if outside.statuses else 200)
            self.send_header("Content-Length", str(len(outside.reply)))
            self.end_headers()
            self.wfile.write(outside.reply)

        do_GET = do_POST

        def log_message(self, *words: Any) -> None:
            """Tests read `got` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    outside.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
