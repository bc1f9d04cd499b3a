"""A provider on loopback that speaks HTTP as a real one does, and misbehaves in one chosen way."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Provider:
    """`taken` is what it really has; each call is answered with `status` and `answer`."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = {}
        self.calls: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.answers_after = 0.0
        self.hangs_up = False  # takes the message and says nothing
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def setup(self) -> None:
        super().setup()
        self.provider.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_json = "json" in self.headers.get("Content-Type", "json")
        self.provider.calls.append(json.loads(body) if is_json else {"body": body})
        self.provider.paths.append(self.path)
        self.provider.headers.append(dict(self.headers))
        if self.provider.hangs_up:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        time.sleep(self.provider.answers_after)
        said = self.provider.answer
        content = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(self.provider.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: Any) -> None:
        """Whoever asked has hung up: that is what the test is about."""


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    handler = type("Answering", (Handler,), {"provider": provider})
    server = Server(("127.0.0.1", 0), handler)
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def deaf() -> Iterator[str]:
    """The address of one who takes calls and never reads a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
