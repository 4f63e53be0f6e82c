"""Bare HTTP on loopback: one `Request` in, one `Answer` out, and a stop that leaves no socket open."""

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from connectors.sandbox.base import Now


@dataclass(frozen=True)
class Request:
    """One request as it arrived. Header names are lower case; `target` is path and query exactly as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def url(self) -> str:
        """The whole address as the client called it, for signatures that are bound to it."""
        return self.origin + self.target

    @cached_property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(urlsplit(self.target).path)

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Every query parameter with all its values, in order; blank ones are kept."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def arg(self, name: str, default: str = "") -> str:
        """The last value of one query parameter."""
        return self.query.get(name, [default])[-1]

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name.lower(), default)

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Response:
    """An answer: `body` bytes as they are, else `json`; both left out is an empty body.

    `reason`: the phrase beside the status, where the vendor says more there than the standard does.
    """

    status: int = 200
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    reason: str | None = None

    def payload(self) -> bytes:
        if self.body is not None:
            return self.body
        return b"" if self.json is None else orjson.dumps(self.json)

    def content_type(self) -> str:
        return "application/octet-stream" if self.json is None else "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire.

    `drop`: close without a word; `cut`: send half, with or without Content-Length; `drip`: how many pieces, and
    the wait before each.
    """

    response: Response
    drop: bool = False
    cut: Literal["with_length", "without_length"] | None = None
    drip: tuple[int, Callable[[], None]] | None = None


class Handler(BaseHTTPRequestHandler):
    """One connection. Header and body leave in one packet, so that keep-alive does not wait for acknowledgements."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: "Loopback"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body, self.server.origin)
        answer = self.server.answer(request)
        if answer.drop:
            self.close_connection = True
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        response, payload = answer.response, answer.response.payload()
        self.send_response(response.status, response.reason)
        typed = {"Content-Type": response.content_type()} if payload else {}
        for key, value in (typed | response.headers).items():
            self.send_header(key, value)
        if answer.cut is not None:
            self.close_connection = True
        if answer.cut == "without_length":
            self.send_header("Connection", "close")
        elif response.status != 204:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self._write(payload if answer.cut is None else payload[: len(payload) // 2], answer.drip)
        self.wfile.flush()

    def _write(self, payload: bytes, drip: tuple[int, Callable[[], None]] | None) -> None:
        pieces, wait = drip or (1, None)
        size = max(1, -(-len(payload) // pieces))
        for start in range(0, len(payload), size):
            if wait:
                self.wfile.flush()
                wait()
            self.wfile.write(payload[start : start + size])

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` header by the injected time, since clients judge their own clock by it."""
        return super().date_time_string(self.server.now() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: addresses may hold personal values."""


class Loopback(ThreadingHTTPServer):
    """The listening socket, and every open connection, so that all can be closed at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, respond: Callable[[Request], Answer], now: Now, crashes: list[BaseException]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._respond = respond
        self._crashes = crashes
        self.now = now
        self.origin = f"http://127.0.0.1:{self.server_port}"
        self._open: set[Any] = set()
        self._changed = threading.Condition()
        self._loop = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._loop.start()

    def server_bind(self) -> None:
        """Bind without asking the resolver for the host's name, which may be slow or impossible."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def answer(self, request: Request) -> Answer:
        try:
            return self._respond(request)
        except Exception as crash:
            self._crashes.append(crash)
            return Answer(Response(500, {"message": f"simulator failure: {crash!r}"}))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the server's; anything else is."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._crashes.append(error)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        with self._changed:
            for connection in self._open:
                _hang_up(connection)
            self._changed.wait_for(lambda: not self._open, timeout=5)
        self._loop.join(timeout=5)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
