"""The two ways into Treez: the token per request of v3, the exchanged token of v2, and how refusals read."""

from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.treez import Treez


def pulled(connector: Treez) -> list[str]:
    return [record["customer_id"] for page in connector.pages(Evidence()) for record in page.records]


def failure(connector: Treez) -> VendorError:
    with pytest.raises(VendorError) as caught:
        pulled(connector)
    return caught.value


def test_v3_signs_anew_for_every_attempt(rig: Any, clock: SimulatedClock) -> None:
    """A token lives 30 seconds, so the one of the first attempt is dead when the vendor lets us in again."""
    rig.fail(429, {"Retry-After": "77"}, times=1)
    assert pulled(rig.connector(clock, writes=False)) == rig.ids()


def test_v3_with_the_wrong_identity_is_permanent_and_asked_once(rig: Any, clock: SimulatedClock) -> None:
    error = failure(rig.connector(clock, writes=False, certificate_id="cert-2"))
    assert (error.permanent, error.status) == (True, 401)
    assert rig.requests() == 1


def test_v3_without_a_usable_key_says_so(rig: Any, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_TREEZ_KEY", "-----BEGIN NOTHING-----")
    error = failure(rig.connector(clock, writes=False))
    assert "no unencrypted RSA key" in str(error)
    assert error.permanent
    assert rig.requests() == 0


def test_v3_a_request_that_is_too_old_or_new_is_an_error_and_names_the_clock(rig: Any, clock: SimulatedClock) -> None:
    rig.fail(400, body=b'{"message":"ttl"}')
    error = failure(rig.connector(clock, writes=False))
    assert "check base_url and the clock" in str(error)
    assert error.permanent


@pytest.mark.parametrize("style", ["plain", "bearer"])
def test_v2_uses_one_token_for_all_requests(rig: Any, clock: SimulatedClock, style: str) -> None:
    rig.serve(120)
    assert len(pulled(rig.connector(clock, writes=False, api="v2", v2_header=style))) == 120
    assert rig.tokens_given == 1


@pytest.mark.parametrize("told", ["2026-11-22T22:15:00.000-0800", "2027-01-01T00:00:00.000-0800", "soon", None])
def test_v2_gets_a_new_token_before_two_hours_are_over(rig: Any, clock: SimulatedClock, told: str | None) -> None:
    rig.expires_at = told
    connector = rig.connector(clock, writes=False, api="v2")
    connector.fetch(["9001"])
    clock.sleep(7000)
    connector.fetch(["9001"])
    assert rig.tokens_given == 2


def test_v2_gets_a_new_token_once_when_the_old_one_is_refused(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, api="v2")
    connector.fetch(["9001"])
    rig.valid_tokens.clear()
    assert connector.fetch(["9001"])["9001"] is not None
    assert rig.tokens_given == 2


def test_v2_that_refuses_the_new_token_too_is_permanent(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, api="v2", client_id="somebody-else")
    error = failure(connector)
    assert (error.permanent, error.status) == (True, 401)
    assert rig.requests() == 1


def test_v2_answers_without_a_token_are_no_login(rig: Any, clock: SimulatedClock) -> None:
    rig.fail(200, body=b'{"resultCode":"SUCCESS"}')
    assert "gave no token" in str(failure(rig.connector(clock, writes=False, api="v2")))


def test_a_gateway_that_forbids_is_not_an_empty_store(rig: Any, clock: SimulatedClock) -> None:
    rig.fail(403, body=b'{"message":"Forbidden"}')
    error = failure(rig.connector(clock, writes=False))
    assert (error.permanent, error.status) == (True, 403)


@pytest.mark.parametrize("status", [200, 400])
def test_a_fail_in_the_envelope_is_an_error_whatever_the_status(rig: Any, clock: SimulatedClock, status: int) -> None:
    rig.fail(status, body=b'{"resultCode":"FAIL","resultReason":"RESPONSE_LIMIT_EXCEEDS","resultDetail":"60 of 50"}')
    error = failure(rig.connector(clock, writes=False, first_page=1))
    assert "too long for this vendor" in str(error)
    assert error.permanent


@pytest.mark.parametrize("body", [b"<html>gone</html>", b'{"message":"no route"}', b""])
def test_a_404_of_a_wrong_address_is_not_a_customer_who_is_gone(rig: Any, clock: SimulatedClock, body: bytes) -> None:
    connector = rig.connector(clock, writes=False)
    rig.fail(404, body=body)
    with pytest.raises(VendorError) as caught:
        connector.fetch(["9001"])
    assert caught.value.permanent


@pytest.mark.parametrize("missing", ["certificate_id", "private_key"])
def test_settings_of_v3_are_asked_for_by_name(rig: Any, clock: SimulatedClock, missing: str) -> None:
    with pytest.raises(ValueError, match=f"API v3 needs {missing}"):
        rig.connector(clock, writes=False, **{missing: None})


def test_check_names_the_permission_that_is_missing(rig: Any, clock: SimulatedClock) -> None:
    rig.permissions = ["api_customer::read"]
    (line,) = [line for line in rig.connector(clock, writes=True).check() if not line.ok]
    assert "api_customer::write is not granted" in line.detail
    assert all(line.ok for line in rig.connector(clock, writes=False).check())


@pytest.mark.parametrize(
    ("date", "ok"), [("Mon, 23 Nov 2026 04:15:10 GMT", True), ("Mon, 23 Nov 2026 04:14:20 GMT", False)]
)
def test_check_tells_a_clock_that_would_kill_every_token(rig: Any, clock: SimulatedClock, date: str, ok: bool) -> None:
    rig.fail(401)
    rig.date = date
    (line,) = [line for line in rig.connector(clock, writes=False).check() if line.name == "clock"]
    assert line.ok == ok
    assert line.detail.endswith("s from the vendor's" if ok else "s from the vendor's: set it")
