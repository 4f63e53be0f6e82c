"""Signing in to X-Series: tokens that rotate are on the disk before they are used, and refreshed by one at a time."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.lightspeed_x import LightspeedX
from connectors.tokens import Tokens


def pull(connector: LightspeedX) -> int:
    return sum(len(page.records) for page in connector.pages(Evidence()))


def expire(rig: Any, clock: SimulatedClock, within_s: float = 0) -> None:
    with rig.file.refreshing() as current:
        current.store(Tokens(rig.access, rig.refresh, clock.time() + within_s, "customers:read"))


def test_a_token_that_ends_soon_is_refreshed_and_the_new_refresh_token_kept(rig: Any, clock: SimulatedClock) -> None:
    expire(rig, clock, within_s=299)
    assert pull(rig.connector(clock, writes=False)) == 3
    kept = rig.file.read()
    assert (kept.access_token, kept.refresh_token, kept.scope) == (
        "x-access-token-2",
        "x-refresh-token-2",
        "customers:read",
    )
    assert kept.expires_at == pytest.approx(clock.time() + 86400, abs=60)


def test_the_new_tokens_are_on_the_disk_before_they_are_first_used(rig: Any, clock: SimulatedClock) -> None:
    expire(rig, clock)
    seen: list[tuple[str, str]] = []
    rig.before_answer = lambda method, path: seen.append((path, rig.file.read().refresh_token))
    pull(rig.connector(clock, writes=False))
    assert seen[0] == ("/api/1.0/token", "x-refresh-token-1")
    assert {refresh for _, refresh in seen[1:]} == {"x-refresh-token-2"}


def test_tokens_that_cannot_be_kept_are_not_used(
    rig: Any, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(rig, clock)

    def full(*paths: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(VendorError, match="No space left"):
        pull(rig.connector(clock, writes=False))
    assert [path for _, path, _, _ in rig.calls] == []


def test_an_answer_without_a_refresh_token_keeps_the_old_one(rig: Any, clock: SimulatedClock) -> None:
    rig.rotates = False
    expire(rig, clock)
    pull(rig.connector(clock, writes=False))
    assert rig.file.read().refresh_token == "x-refresh-token-1"


def test_a_token_that_is_refused_in_the_middle_is_refreshed_once_and_the_request_repeated(
    rig: Any, clock: SimulatedClock
) -> None:
    rig.serve(12)
    read = 0
    for page in rig.connector(clock, writes=False).pages(Evidence()):
        if not read:
            rig.access = "revoked-by-the-vendor"
        read += len(page.records)
    assert (read, rig.refreshes) == (12, 1)


def test_a_token_that_is_refused_again_is_the_end(rig: Any, clock: SimulatedClock) -> None:
    rig.before_answer = lambda method, path: rig.fail(401, times=0 if path.endswith("/token") else 1)
    with pytest.raises(VendorError, match="not accepted") as caught:
        pull(rig.connector(clock, writes=False))
    assert caught.value.permanent
    assert rig.refreshes == 1


def test_a_write_whose_token_is_refused_is_sent_once_more_and_done_once(rig: Any, clock: SimulatedClock) -> None:
    change, sent = rig.writes()[0]
    first = True

    def revoke(method: str, path: str) -> None:
        nonlocal first
        if method == "PUT" and first:
            first, rig.access = False, "revoked-by-the-vendor"

    rig.before_answer = revoke
    rig.connector(clock, writes=True).write(change)
    assert rig.sent() == sent


def test_one_refreshes_and_the_other_uses_what_it_got(rig: Any, clock: SimulatedClock) -> None:
    """Two processes with the same file: the second finds other tokens than those that were refused."""
    one, other = (rig.connector(clock, writes=False) for _ in range(2))
    pull(one)
    pull(other)
    rig.access = "ended-by-the-vendor"
    assert pull(one) == 3
    assert pull(other) == 3
    assert rig.refreshes == 1


def test_a_refresh_token_that_is_not_taken_asks_for_a_new_consent(rig: Any, clock: SimulatedClock) -> None:
    expire(rig, clock)
    rig.refresh = "another-by-now"
    with pytest.raises(VendorError, match="authorise it again") as caught:
        pull(rig.connector(clock, writes=False))
    assert (caught.value.permanent, caught.value.effect) == (True, "none")
    assert "x-refresh-token-1" not in str(caught.value)


def test_a_token_call_that_fails_is_waited_out(rig: Any, clock: SimulatedClock) -> None:
    """The token address has a limit of its own."""
    expire(rig, clock)
    rig.fail(429, headers={"Retry-After": "Mon, 23 Nov 2026 04:16:00 GMT"}, times=1)
    assert pull(rig.connector(clock, writes=False)) == 3


def test_a_long_night_outlives_its_token(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(12)
    expire(rig, clock, within_s=3600)
    read = 0
    for page in rig.connector(clock, writes=False).pages(Evidence()):
        clock.advance(timedelta(hours=2))
        read += len(page.records)
    assert (read, rig.refreshes) == (12, 1)


def test_a_consent_is_exchanged_once_and_kept(rig: Any, clock: SimulatedClock) -> None:
    rig.file.path.unlink()
    connector = rig.connector(clock, writes=False)
    with pytest.raises(VendorError, match="holds no pair of tokens"):
        pull(connector)
    connector.access.authorise("code-9", "https://rollcall.example.com/back")
    assert pull(connector) == 3
    assert pull(rig.connector(clock, writes=False)) == 3
    assert rig.refreshes == 1


def test_tokens_of_another_retailer_are_not_kept(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    connector.access.host = "quay.retail.lightspeed.app"
    with pytest.raises(VendorError, match=r"let us in at harbor\.retail\.lightspeed\.app"):
        connector.access.authorise("code-9", "https://rollcall.example.com/back")
    assert rig.file.read().access_token == "x-access-token-1"


def test_a_refreshed_pair_is_kept_even_where_the_vendor_names_another_retailer(rig: Any, clock: SimulatedClock) -> None:
    """The old refresh token is spent by then: the pair is stored first, and the refusal told after."""
    expire(rig, clock)
    connector = rig.connector(clock, writes=False)
    connector.access.host = "quay.retail.lightspeed.app"
    with pytest.raises(VendorError, match="correct base_url"):
        pull(connector)
    assert rig.file.read().refresh_token == rig.refresh


def test_a_personal_token_is_used_as_it_is(rig: Any, clock: SimulatedClock) -> None:
    personal = {"token": {"env": "RIG_X_PERSONAL"}, "tokens": ..., "client_id": ..., "client_secret": ...}
    connector = rig.connector(clock, writes=False, **personal)
    assert pull(connector) == 3
    assert "personal token" in connector.check()[0].detail
    rig.fail(401)
    with pytest.raises(VendorError, match="check the token"):
        pull(connector)
    assert rig.refreshes == 0


def test_a_token_file_that_others_can_read_is_not_used(rig: Any, clock: SimulatedClock) -> None:
    rig.file.path.chmod(0o640)
    with pytest.raises(VendorError, match="chmod 600"):
        pull(rig.connector(clock, writes=False))
    assert rig.requests() == 0
