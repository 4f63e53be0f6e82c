"""The HTTP room against a server that does as it is told; faults by the numbers of the thirty fault cases.

Nothing sleeps: the clock is simulated, and what needs real time takes milliseconds.
"""

import email.utils
import gzip
import json
import logging
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.base import VendorError
from connectors.clock import SimulatedClock
from connectors.http import Http, Reply
from connectors.pace import PATIENCE, Limit, Told
from connectors.wire import session_for

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


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture
def http(server: Server, clock: SimulatedClock) -> Iterator[Http]:
    room = Http("till", server.url + "/api", clock, limit=Limit(1000), secrets=[SECRET])
    yield room
    room.close()


def waited(clock: SimulatedClock) -> float:
    return (clock.now() - START).total_seconds()


def refused(http: Http, method: str = "GET", path: str = "/customers", **options: Any) -> VendorError:
    with pytest.raises(VendorError) as caught:
        http.request(method, path, **options)
    return caught.value


# fault 1: too many requests -----------------------------------------------------------------------------------------


def test_f1_waits_the_seconds_that_retry_after_names(server: Server, http: Http, clock: SimulatedClock) -> None:
    server.scripts = [answer(429, headers={"Retry-After": "7"}), answer()]
    assert http.request("GET", "/customers").json() == {"ok": True}
    assert waited(clock) == pytest.approx(7, abs=0.1)
    assert (http.stats.requests, http.stats.retries) == (2, 1)


def test_f1_waits_until_the_date_that_retry_after_names(server: Server, http: Http, clock: SimulatedClock) -> None:
    until = email.utils.format_datetime(START + timedelta(seconds=90), usegmt=True)
    server.scripts = [answer(429, headers={"Retry-After": until}), answer()]
    http.request("GET", "/customers")
    assert waited(clock) == pytest.approx(90, abs=0.1)


@pytest.mark.parametrize("header", [{}, {"Retry-After": "soon"}, {"Retry-After": "-5"}])
def test_f1_backs_off_by_itself_without_a_usable_retry_after(
    server: Server, http: Http, clock: SimulatedClock, header: dict[str, str]
) -> None:
    server.scripts = [answer(429, headers=header), answer(429, headers=header), answer()]
    http.request("GET", "/customers")
    assert 1.5 <= waited(clock) <= 3.1


def test_f1_a_date_in_the_past_still_waits_a_moment(server: Server, http: Http, clock: SimulatedClock) -> None:
    past = email.utils.format_datetime(START - timedelta(hours=1), usegmt=True)
    server.scripts = [answer(429, headers={"Retry-After": past}), answer()]
    http.request("GET", "/customers")
    assert waited(clock) == pytest.approx(1, abs=0.1)


def test_f1_an_absurd_wait_is_named_and_not_waited(server: Server, http: Http, clock: SimulatedClock) -> None:
    server.scripts = [answer(429, headers={"Retry-After": "86400"})]
    error = refused(http)
    assert error.permanent
    assert error.status == 429
    assert "86400 s" in str(error)
    assert waited(clock) < 1


def test_f1_waits_end_when_they_add_up_to_too_much(server: Server, http: Http, clock: SimulatedClock) -> None:
    server.scripts = [answer(429, headers={"Retry-After": "400"})]
    error = refused(http)
    assert not error.permanent
    assert waited(clock) == pytest.approx(800, abs=1)
    assert "tried 3 times" in str(error)


def test_f1_a_write_is_sent_again_after_429_because_it_had_no_effect(server: Server, http: Http) -> None:
    server.scripts = [answer(429, headers={"Retry-After": "1"}), answer()]
    http.request("PUT", "/customers/1", json={"phone": None})
    assert [(m, b) for m, _, _, b in server.seen] == [("PUT", b'{"phone":null}')] * 2


# fault 2: bursts of server errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_f2_a_burst_is_waited_out(server: Server, http: Http, clock: SimulatedClock, status: int) -> None:
    server.scripts = [answer(status)] * 3 + [answer()]
    assert http.request("GET", "/customers").status == 200
    assert http.stats.retries == 3
    assert 3.5 <= waited(clock) <= 7.1


def test_f2_retries_are_bounded_and_their_jitter_is_deterministic(server: Server) -> None:
    waits = []
    for _ in range(2):
        clock = SimulatedClock(START)
        server.scripts = [answer(500)]
        room = Http("till", server.url, clock, limit=Limit(1000))
        error = refused(room)
        room.close()
        assert not error.permanent
        assert error.effect == "none"
        assert "tried 6 times" in str(error)
        waits.append(waited(clock))
    assert waits[0] == waits[1]
    assert len(server.seen) == 12


def test_f2_flapping_every_second_call_gets_through(server: Server, http: Http) -> None:
    server.scripts = [answer(503), answer()] * 4
    assert [http.request("GET", f"/customers?page={n}").status for n in range(4)] == [200] * 4
    assert http.stats.retries == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_f2_a_write_that_met_a_server_error_is_unknown_and_not_repeated(
    server: Server, http: Http, method: str
) -> None:
    server.scripts = [answer(500)]
    error = refused(http, method, json={"a": 1})
    assert (error.permanent, error.effect, error.status) == (False, "unknown", 500)
    assert len(server.seen) == 1


def test_f2_a_read_that_is_sent_as_post_is_repeated_when_it_says_so(server: Server, http: Http) -> None:
    server.scripts = [answer(500), answer()]
    assert http.request("POST", "/graphql", json={"query": "{shop}"}, retry=True).status == 200


def test_f2_retry_false_sends_once(server: Server, http: Http) -> None:
    server.scripts = [answer(429)]
    assert not refused(http, retry=False).permanent
    assert len(server.seen) == 1


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


# fault 13: sent elsewhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_f13_a_redirect_to_another_host_gets_no_credentials(server: Server, http: Http, status: int) -> None:
    with serving() as thief:
        thief.scripts = [answer()]
        server.scripts = [answer(status, headers={"Location": f"{thief.url}/customers?token={SECRET}"})]
        error = refused(http, headers={"Authorization": f"Bearer {SECRET}"})
        assert thief.seen == []
    assert error.permanent
    assert "redirect to 127.0.0.1" in str(error)
    assert SECRET not in str(error)


def test_f13_an_absolute_address_on_another_host_is_refused_before_the_wire(server: Server, http: Http) -> None:
    server.scripts = [answer()]
    assert refused(http, path="https://vendor.example.com/next?cursor=1").permanent
    assert http.request("GET", f"{server.url}/api/next?cursor=1").status == 200
    assert [path for _, path, _, _ in server.seen] == ["/api/next?cursor=1"]


@pytest.mark.parametrize(
    "base", ["http://vendor.example.com", "ftp://127.0.0.1", "vendor.example.com", "https://user:pw@vendor.example.com"]
)
def test_f13_credentials_never_go_in_the_clear(clock: SimulatedClock, base: str) -> None:
    with pytest.raises(VendorError, match="https://") as caught:
        Http("till", base, clock, limit=Limit(1))
    assert caught.value.permanent
    assert "pw" not in str(caught.value)


def test_f13_a_server_that_speaks_no_tls_is_named(clock: SimulatedClock, server: Server) -> None:
    server.scripts = [answer()]
    room = Http("till", server.url.replace("http:", "https:"), clock, limit=Limit(1000), attempts=1)
    error = refused(room, "POST", json={})
    room.close()
    assert error.effect == "none"
    assert "TLS" in str(error)


def test_f13_an_unknown_host_name_is_named(clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    room = Http("till", "http://localhost:9", clock, limit=Limit(1000), attempts=3)
    error = refused(room, "POST", json={})
    room.close()
    assert (error.permanent, error.effect) == (False, "none")
    assert "name is not known" in str(error)
    assert room.stats.retries == 2


def test_f13_cookies_are_not_sent_on(server: Server, http: Http) -> None:
    server.scripts = [answer(headers={"Set-Cookie": "session=1"}), answer()]
    http.request("GET", "/a")
    http.request("GET", "/b")
    assert "Cookie" not in server.seen[1][2]


def test_f13_passwords_kept_for_other_programs_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine vendor.example.com login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    url = "https://vendor.example.com/customers"
    assert requests.Session().prepare_request(requests.Request("GET", url)).headers["Authorization"]
    assert "Authorization" not in session_for(url).prepare_request(requests.Request("GET", url)).headers


# statuses, headers, secrets, pace -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 422, 423, 430])
def test_f6_a_refusal_is_permanent_and_not_stormed(server: Server, http: Http, status: int) -> None:
    server.scripts = [answer(status)]
    error = refused(http, "POST", json={})
    assert (error.permanent, error.status, error.effect) == (True, status, "none")
    assert len(server.seen) == 1


def test_a_status_that_the_caller_takes_is_an_answer(server: Server, http: Http) -> None:
    server.scripts = [answer(404, b'{"error": "none"}')]
    reply = http.request("GET", "/customers/9", ok=(200, 404))
    assert (reply.status, reply.json(), reply.headers["content-length"]) == (404, {"error": "none"}, "17")


def test_headers_are_made_anew_for_each_attempt_with_the_final_url(server: Server, http: Http) -> None:
    server.scripts = [answer(500), answer()]
    seen: list[tuple[str, str]] = []

    def signed(method: str, url: str) -> dict[str, str]:
        seen.append((method, url))
        return {"Authorization": f"Signed {len(seen)}"}

    http.request("GET", "/customers", params={"q": "a b", "page": 2}, headers=signed)
    assert seen == [("GET", f"{server.url}/api/customers?q=a+b&page=2")] * 2
    assert [headers["Authorization"] for _, _, headers, _ in server.seen] == ["Signed 1", "Signed 2"]


def test_a_form_is_sent_as_a_form(server: Server, http: Http) -> None:
    server.scripts = [answer()]
    http.request("POST", "/token", form={"client_id": "a b", "grant_type": "x"})
    _, _, headers, body = server.seen[0]
    assert (headers["Content-Type"], body) == ("application/x-www-form-urlencoded", b"client_id=a+b&grant_type=x")


def test_f30_no_secret_and_no_query_in_errors_or_logs(
    server: Server, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.scripts = [answer(500, f"token={SECRET}".encode()), hang_up, answer(404)]
    path = f"/phone/+16135550117/{SECRET}/ada@example.com"
    error = refused(http, path=path, params={"api_key": SECRET}, headers={"X-Token": SECRET})
    told = str(error) + caplog.text + repr(error.__context__) + repr(error.__cause__)
    for private in (SECRET, "canary", "api_key", "6135550117", "ada@"):
        assert private not in told
    assert "till: GET /api/phone/[…]" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc123xyz",
        '{"access_token": "abc123xyz"}',
        "X-Shopify-Access-Token=abc123xyz",
        "client_secret=abc123xyz&grant=1",
        "GET https://vendor.example.com/list?key=abc123xyz failed",
        "could not open /list?sig=abc123xyz",
    ],
)
def test_f30_redaction_knows_credentials_by_their_names(http: Http, text: str) -> None:
    assert "abc123xyz" not in http.redact(text)


def test_f30_redaction_knows_its_secrets_in_url_spelling(http: Http) -> None:
    assert http.redact("at /x/canary-7f3a%2F9c%3D%3D now") == "at /x/[secret] now"


def test_the_pace_is_kept_through_the_clock(server: Server, clock: SimulatedClock) -> None:
    server.scripts = [answer()]
    room = Http("till", server.url, clock, limit=Limit(2))
    for _ in range(5):
        room.request("GET", "/")
    assert waited(clock) == pytest.approx(2.0, abs=0.01)
    clock.advance(timedelta(seconds=60))
    room.request("GET", "/")
    room.close()
    assert waited(clock) == pytest.approx(62.0, abs=0.01)


def test_what_the_vendor_says_of_its_limit_is_learned_from_refusals_too(server: Server, clock: SimulatedClock) -> None:
    """And never from a call that does not count, such as one for a token, whose headers speak of another limit."""
    told = {"X-Left": "0"}
    server.scripts = [answer(429, headers={**told, "Retry-After": "1"}), answer(), answer(headers=told), answer()]
    room = Http("till", server.url, clock, limit=Limit(1.0, at_once=100.0), share=0.5, meter=_meter)
    room.request("GET", "/")
    assert waited(clock) == pytest.approx(1 + PATIENCE / 0.5, abs=0.1)
    before = waited(clock)
    room.request("GET", "/", cost=0)
    room.request("GET", "/")
    room.close()
    assert waited(clock) - before == pytest.approx(0, abs=0.01)


def _meter(headers: Mapping[str, str]) -> Told:
    return Told(used=100 - float(headers["X-Left"]), size=100.0) if "X-Left" in headers else Told(used=0.0, size=100.0)


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
