"""Where requests and credentials go, what is told of them, and the pace: faults 13 and 30."""

import logging
import socket
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from connectors.base import VendorError
from connectors.clock import SimulatedClock
from connectors.http import Http
from connectors.pace import PATIENCE, Limit, Told
from connectors.wire import session_for
from tests.unit.http.wire import SECRET, Server, answer, hang_up, refused, serving, waited

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


@pytest.mark.parametrize("between", ["\\@", "\\/@", "@", "\t@", "?@", "#@"])
def test_f13_an_address_that_two_libraries_read_as_two_hosts_gets_nothing(
    server: Server, http: Http, between: str
) -> None:
    server.scripts = [answer()]
    with serving() as thief:
        thief.scripts = [answer()]
        odd = f"{thief.url}{between}{server.url.removeprefix('http://')}/api/next"
        assert refused(http, path=odd, headers={"Authorization": f"Bearer {SECRET}"}).permanent
        assert (thief.seen, server.seen) == ([], [])


@pytest.mark.parametrize("address", ["http://[half", "https://host:port/x", "https://host:99999999/x"])
def test_f13_what_is_no_address_is_refused_wherever_it_stands(server: Server, http: Http, address: str) -> None:
    server.scripts = [answer(302, headers={"Location": address})]
    assert refused(http, "PUT", json={}).effect == "unknown"
    assert refused(http, path=address).permanent
    with pytest.raises(VendorError):
        next(http.stream_lines(address))


@pytest.mark.parametrize("end", ["\n", "\r\nX-Other: 1", "\0", "€", "\ud800"])
def test_f30_a_secret_that_no_header_takes_is_named_and_not_shown(server: Server, http: Http, end: str) -> None:
    server.scripts = [answer()]
    error = refused(http, "PUT", headers={"Authorization": f"Bearer {SECRET}{end}"}, json={})
    assert (error.permanent, error.effect, server.seen) == (True, "none", [])
    assert SECRET not in f"{error}{error.__context__}{error.__cause__}"


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
