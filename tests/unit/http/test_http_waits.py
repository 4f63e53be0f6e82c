"""What is tried again and how long is waited: faults 1 and 2."""

import email.utils
from datetime import timedelta

import pytest

from connectors.clock import SimulatedClock
from connectors.http import Http
from connectors.pace import Limit
from tests.unit.http.wire import START, Server, answer, refused, waited

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
