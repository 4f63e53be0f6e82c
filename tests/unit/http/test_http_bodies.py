"""Answers that do not end, are cut short or are something else: faults 3 to 5."""

import gzip
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.base import VendorError
from connectors.clock import SimulatedClock
from connectors.http import Http, Reply
from connectors.pace import Limit
from tests.unit.http.wire import Server, answer, hang_up, refused

# fault 3: what does not end -----------------------------------------------------------------------------------------


def test_f3_a_slow_drip_ends_at_the_total_deadline(server: Server, clock: SimulatedClock) -> None:
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x")
            clock.advance(timedelta(seconds=5))
            if stop.wait(0.002):
                return

    server.scripts = [drip]
    room = Http("till", server.url, clock, limit=Limit(1000), attempts=1, deadline_s=60)
    error = refused(room)
    stop.set()
    room.close()
    assert not error.permanent
    assert "still sending after 60 s" in str(error)


def test_f3_an_endless_body_ends_at_the_byte_limit(server: Server, clock: SimulatedClock) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    server.scripts = [endless]
    room = Http("till", server.url, clock, limit=Limit(1000), max_bytes=300_000)
    error = refused(room)
    room.close()
    assert error.permanent
    assert "more than 300000 bytes" in str(error)
    assert len(server.seen) == 1


def test_f3_a_gzip_bomb_counts_by_what_it_unpacks_to(server: Server, clock: SimulatedClock) -> None:
    bomb = gzip.compress(b"0" * 3_000_000)
    assert len(bomb) < 10_000
    server.scripts = [answer(body=bomb, headers={"Content-Encoding": "gzip"})]
    room = Http("till", server.url, clock, limit=Limit(1000), max_bytes=1_000_000)
    assert refused(room).permanent
    room.close()


def test_f3_nobody_listening_is_tried_again_and_no_write_was_sent(clock: SimulatedClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    room = Http("till", f"http://127.0.0.1:{port}", clock, limit=Limit(1000))
    error = refused(room, "POST", json={})
    room.close()
    assert (error.permanent, error.effect) == (False, "none")
    assert room.stats.retries == 5
    assert "does not answer" in str(error)


def test_f3_no_answer_in_time_leaves_a_write_unknown(server: Server, clock: SimulatedClock) -> None:
    gone = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        gone.wait(2)
        hang_up(handler)

    server.scripts = [silent]
    room = Http("till", server.url, clock, limit=Limit(1000), deadline_s=0.05)
    error = refused(room, "POST", json={})
    gone.set()
    room.close()
    assert (error.permanent, error.effect) == (False, "unknown")
    assert "not answered in time" in str(error)


def test_f3_a_connection_that_breaks_after_sending_leaves_a_write_unknown(server: Server, http: Http) -> None:
    server.scripts = [hang_up]
    error = refused(http, "PATCH", json={})
    assert (error.permanent, error.effect) == (False, "unknown")
    assert len(server.seen) == 1


# fault 4: cut short -------------------------------------------------------------------------------------------------


def test_f4_fewer_bytes_than_content_length_is_not_an_answer(server: Server, http: Http) -> None:
    server.scripts = [answer(body=b'{"ok": tr', headers={"Content-Length": "99"}), answer()]
    assert http.request("GET", "/customers").json() == {"ok": True}
    assert http.stats.retries == 1


def test_f4_cut_for_good_is_an_error_that_may_pass(server: Server, http: Http) -> None:
    server.scripts = [answer(body=b'{"ok": tr', headers={"Content-Length": "99"})]
    error = refused(http)
    assert not error.permanent
    assert "cut short" in str(error)


def test_f4_a_cut_chunked_body_is_noticed(server: Server, http: Http) -> None:
    cut = answer(body=b"64\r\n{", headers={"Content-Length": "", "Transfer-Encoding": "chunked", "Connection": "close"})
    server.scripts = [cut, answer()]
    assert http.request("GET", "/customers").json() == {"ok": True}


@pytest.mark.parametrize("length", ["", "given"])
def test_f4_a_cut_gzip_body_is_noticed_even_without_content_length(server: Server, http: Http, length: str) -> None:
    packed = gzip.compress(json.dumps([{"id": n} for n in range(500)]).encode())
    half = packed[: len(packed) // 2]
    headers = {"Content-Encoding": "gzip", "Connection": "close", "Content-Length": str(len(half)) if length else ""}
    server.scripts = [answer(body=half, headers=headers), answer()]
    assert http.request("GET", "/customers").json() == {"ok": True}
    assert http.stats.retries == 1


def test_f4_cut_json_without_content_length_fails_as_json(server: Server, http: Http) -> None:
    server.scripts = [answer(body=b'[{"id": 1}, {"id', headers={"Content-Length": "", "Connection": "close"})]
    with pytest.raises(VendorError, match="not JSON") as caught:
        http.request("GET", "/customers").json()
    assert not caught.value.permanent


def test_f4_a_whole_gzip_body_in_several_members_reads(server: Server, http: Http) -> None:
    body = gzip.compress(b'{"a": ') + gzip.compress(b"1}")
    server.scripts = [answer(body=body, headers={"Content-Encoding": "gzip"})]
    assert http.request("GET", "/customers").json() == {"a": 1}


# fault 5: something else than JSON ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!doctype html><title>Back soon</title>", "maintenance page"),
        (b"", "answered nothing"),
        (b'{"a": NaN}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_f5_a_200_that_is_not_json_is_no_data(server: Server, http: Http, body: bytes, says: str) -> None:
    server.scripts = [answer(body=body)]
    with pytest.raises(VendorError, match=says) as caught:
        http.request("GET", "/customers").json()
    assert not caught.value.permanent


def test_f5_a_lone_surrogate_stays_in_its_record(server: Server, http: Http) -> None:
    server.scripts = [answer(body=b'[{"name": "\\ud83d"}, {"name": "Ada"}]')]
    assert http.request("GET", "/customers").json() == [{"name": "\ud83d"}, {"name": "Ada"}]


def test_f5_a_byte_order_mark_is_no_obstacle() -> None:
    assert Reply(200, {}, b'\xef\xbb\xbf{"a":1}').json() == {"a": 1}


# fault 5, on writes: an answer that no write has --------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 202, 204, 206, 304])
def test_f5_a_write_that_was_answered_otherwise_may_be_done(server: Server, http: Http, status: int) -> None:
    server.scripts = [answer(status, b"")]
    error = refused(http, "PUT", json={"a": 1})
    assert (error.effect, error.status, len(server.seen)) == ("unknown", status, 1)
    assert refused(http).effect == "none"


def test_f5_a_header_that_cannot_be_read_leaves_a_write_unknown(server: Server, http: Http) -> None:
    server.scripts = [answer(headers={"Content-Length": "1, 2"})]
    assert refused(http, "PUT", json={"a": 1}).effect == "unknown"


def test_f5_half_a_character_is_not_sent_and_nothing_breaks(server: Server, http: Http) -> None:
    """A vendor that is sent the whole of a record gets what it gave, also where no JSON can hold that."""
    server.scripts = [answer()]
    error = refused(http, "PUT", json={"fax": "\ud800 likes tea"})
    assert (error.permanent, error.effect, server.seen) == (True, "none", [])
    assert "tea" not in f"{error}{error.__context__}"
