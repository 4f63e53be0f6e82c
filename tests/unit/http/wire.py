"""A server on loopback that answers what a test tells it to."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from connectors.base import VendorError
from connectors.clock import SimulatedClock
from connectors.http import Http

START = datetime(2026, 11, 23, 4, 15, tzinfo=UTC)
SECRET = "canary-7f3a/9c=="
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(socketserver.ThreadingTCPServer):
    """Answers the next request with the next script; the last one serves for good."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.scripts: list[Answer] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the plot."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        scripts = self.server.scripts
        (scripts.pop(0) if len(scripts) > 1 else scripts[0])(self)

    do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Quiet."""


def answer(status: int = 200, body: bytes = b'{"ok": true}', headers: dict[str, str] | None = None) -> Answer:
    """A well-formed answer; a header of value '' is left out."""

    def script(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = "Content-Length" in (headers or {})

    return script


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def waited(clock: SimulatedClock) -> float:
    return (clock.now() - START).total_seconds()


def refused(http: Http, method: str = "GET", path: str = "/customers", **options: Any) -> VendorError:
    with pytest.raises(VendorError) as caught:
        http.request(method, path, **options)
    return caught.value
