"""Every vendor when it fails: no empty list, no secret told, no endless trying."""

import logging
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from tests.contract.asked import failure, pulled


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_permanent_and_never_an_empty_list(wire: Any, clock: SimulatedClock, status: int) -> None:
    wire.fail(status)
    error = failure(wire.connector(clock, writes=False))
    assert error.permanent
    assert error.effect == "none"
    assert wire.requests() <= 4


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_burst_of_server_errors_is_waited_out(wire: Any, clock: SimulatedClock, status: int) -> None:
    before = clock.time()
    wire.fail(status, times=2)
    records, evidence = pulled(wire.connector(clock, writes=False))
    assert len(records) == 3
    assert evidence.end_mark is not False
    assert clock.time() - before >= 1


def test_a_vendor_that_stays_down_is_no_empty_list_either(wire: Any, clock: SimulatedClock) -> None:
    wire.fail(503)
    assert not failure(wire.connector(clock, writes=False)).permanent


def test_retry_after_is_waited(wire: Any, clock: SimulatedClock) -> None:
    before = clock.time()
    wire.fail(429, headers={"Retry-After": "77"}, times=1)
    assert len(pulled(wire.connector(clock, writes=False))[0]) == 3
    assert clock.time() - before >= 77


@pytest.mark.parametrize("body", [b"<html><title>Back soon</title></html>", b"", b'{"error": "busy"}', b"[]", b"null"])
def test_a_200_that_says_something_else_is_no_empty_list(wire: Any, clock: SimulatedClock, body: bytes) -> None:
    wire.fail(200, body=body)
    failure(wire.connector(clock, writes=False))


@pytest.mark.parametrize("status", [200, 401, 403, 404, 429, 500])
def test_no_secret_shows_in_any_text(
    wire: Any, clock: SimulatedClock, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connector = wire.connector(clock, writes=True)
    wire.fail(status, body="echo: {}".format(" ".join(wire.secrets)).encode())
    told = str(failure(connector)) + " ".join(line.detail for line in connector.check()) + caplog.text
    assert wire.secrets
    assert [secret for secret in wire.secrets if secret in told] == []


def test_check_says_what_holds(rig: Any, clock: SimulatedClock) -> None:
    lines = rig.connector(clock, writes=True).check()
    assert lines
    assert [line for line in lines if not line.ok or not line.detail] == []


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_check_says_what_fails_never_raises_and_never_writes(wire: Any, clock: SimulatedClock, status: int) -> None:
    wire.fail(status)
    assert [line for line in wire.connector(clock, writes=True).check() if not line.ok]
    assert wire.sent() == []
