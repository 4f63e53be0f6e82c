"""Big files, line by line."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.base import VendorError
from connectors.clock import SimulatedClock
from connectors.http import Http
from connectors.pace import Limit
from tests.unit.http.wire import Server, answer

# big files ----------------------------------------------------------------------------------------------------------


def test_lines_of_a_file_come_whole_and_without_credentials(server: Server, http: Http) -> None:
    body = b'{"a":1}\n' + b'{"b":"' + b"x" * 200_000 + b'"}\n\n{"c":3}'
    server.scripts = [answer(503), answer(body=body)]
    lines = list(http.stream_lines(f"{server.url}/file?signature=1"))
    assert b"".join(lines) == body
    assert [len(line) for line in lines] == [8, 200_009, 1, 7]
    assert http.stats.retries == 1


def test_a_file_that_breaks_off_is_an_error_and_not_an_end(server: Server, http: Http) -> None:
    server.scripts = [answer(body=b'{"a":1}\n{"b', headers={"Content-Length": "500"})]
    lines = http.stream_lines(f"{server.url}/file")
    assert next(lines) == b'{"a":1}\n'
    with pytest.raises(VendorError, match="cut short") as caught:
        list(lines)
    assert not caught.value.permanent


def test_a_file_has_a_byte_limit_and_a_line_limit(server: Server, clock: SimulatedClock) -> None:
    server.scripts = [answer(body=b"x" * 5000)]
    room = Http("till", server.url, clock, limit=Limit(1000), max_bytes=1000)
    with pytest.raises(VendorError, match="longer than 1000 bytes"):
        list(room.stream_lines(f"{server.url}/file"))
    with pytest.raises(VendorError, match="more than 2000 bytes"):
        list(room.stream_lines(f"{server.url}/file", max_bytes=2000))
    room.close()


def test_a_file_may_take_long_as_long_as_it_keeps_coming(server: Server, http: Http, clock: SimulatedClock) -> None:
    def steady(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        handler.send_header("Content-Length", "40")
        handler.end_headers()
        for _ in range(10):
            handler.wfile.write(b"abc\n")

    server.scripts = [steady]
    count = 0
    for _ in http.stream_lines(f"{server.url}/file", quiet_s=120):
        count += 1
        clock.advance(timedelta(seconds=1000))
    assert count == 10


def test_a_file_over_plain_http_elsewhere_is_refused(http: Http) -> None:
    with pytest.raises(VendorError, match="in the clear"):
        next(http.stream_lines("http://files.example.com/x"))
