"""What every scripted vendor account is made of: HTTP on loopback, a fault at a time, and what it was asked and sent."""

import importlib
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers, body."""


class Loopback(ThreadingHTTPServer):
    """Serves `answer(method, target, headers, body)` on loopback until it is closed."""

    daemon_threads = True

    def __init__(self, answer: Callable[[str, str, Mapping[str, str], bytes], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Wire)
        self.answer = answer
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Wire(BaseHTTPRequestHandler):
    """Hands every request over. HTTP/1.0, so that no connection outlives its answer."""

    def _hand_over(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert isinstance(self.server, Loopback)
        status, headers, payload = self.server.answer(self.command, self.path, dict(self.headers.items()), body)
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(payload)), **headers}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # a client that refuses an answer does not read it to its end
            self.end_headers()
            self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _hand_over  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class ScriptedAccount(ABC):
    """One account. A vendor's rig says what it holds (`serve`), how it answers (`_reply`), and notes what it was sent."""

    over_http = True

    def __init__(self) -> None:
        self._server = Loopback(self._answer)
        self.forget()

    @property
    def url(self) -> str:
        return self._server.url

    def forget(self) -> None:
        """No fault any more; nothing was asked or sent."""
        self._fault: tuple[Answer, int | None] | None = None
        self._requests, self._sent = 0, list[Any]()

    def fail(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"", times: int | None = None
    ) -> None:
        """The next `times` requests are answered like this (None: all from now on)."""
        self._fault = ((status, headers or {}, body), times)

    def requests(self) -> int:
        return self._requests

    def sent(self) -> list[Any]:
        return self._sent

    def close(self) -> None:
        self._server.close()

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self._requests += 1
        self._hear(method, target)
        return self._failing() or self._reply(method, target, headers, body)

    def _hear(self, method: str, target: str) -> None:  # noqa: B027 - most vendors do nothing then
        """What happens at the vendor before any request is answered, one that fails too."""

    def _failing(self) -> Answer | None:
        if self._fault is None or self._fault[1] == 0:
            return None
        answer, times = self._fault
        self._fault = (answer, None if times is None else times - 1)
        return answer

    @abstractmethod
    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the vendor answers when nothing fails."""


def as_json(status: int, body: Any) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


@contextmanager
def account(kind: str, folder: Path, profiles: int = 3) -> Iterator[Any]:
    """A vendor's rig with so many profiles in it: `build(folder)` of `tests/vendors/<kind>/rig.py`."""
    rig = importlib.import_module(f"tests.vendors.{kind}.rig").build(folder)
    try:
        rig.serve(profiles)
        yield rig
    finally:
        rig.close()
