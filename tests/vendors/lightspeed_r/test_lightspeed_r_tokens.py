"""The tokens of R-Series: both change at every refresh, and a lost one means that a person authorises again."""

import fcntl
import json
import os
import stat
import threading
from typing import Any

import pytest

from connectors.base import Change, VendorError
from connectors.clock import SimulatedClock
from connectors.tokens import TokenFile, Tokens

SECOND = "r-refresh-1-77310"


def expire(rig: Any) -> None:
    """The vendor takes none of the tokens that it gave so far."""
    rig.good.clear()


def kept(rig: Any) -> dict[str, Any]:
    return dict(json.loads(rig.token_file.read_text()))


def test_a_refused_token_is_renewed_once_and_the_call_made_again(rig: Any, clock: SimulatedClock) -> None:
    expire(rig)
    assert rig.connector(clock, writes=False).fetch(["1"])["1"]["customerID"] == "1"
    assert rig.refreshes == ["r-refresh-0-77310"]


def test_both_new_tokens_are_on_the_disk_before_the_first_is_used(rig: Any, clock: SimulatedClock) -> None:
    """Trap: the old refresh token dies when the new access token is first used."""
    seen: list[str] = []
    expire(rig)
    rig.before_answer = lambda method, path: seen.append(kept(rig)["refresh_token"])
    rig.connector(clock, writes=False, account_id="7", time_zone="UTC").fetch(["1"])
    assert seen == ["r-refresh-0-77310", "r-refresh-0-77310", SECOND]
    assert stat.S_IMODE(rig.token_file.stat().st_mode) == 0o600


def test_a_token_near_its_end_is_renewed_before_it_is_refused(rig: Any, clock: SimulatedClock) -> None:
    """The life is what `expires_in` says; the vendor's pages give two."""
    rig.store_tokens("stale", "r-refresh-0-77310", expires_at=clock.time() + 30)
    connector = rig.connector(clock, writes=False)
    connector.fetch(["1"])
    assert len(rig.refreshes) == 1
    assert TokenFile(rig.token_file).read().expires_at == pytest.approx(clock.time() + 1800, abs=60)
    clock.sleep(1801)
    connector.fetch(["1"])
    assert rig.refreshes == ["r-refresh-0-77310", SECOND]


def test_a_refused_write_is_sent_again_with_the_new_token_and_once_only(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    current = connector.fetch(["2"])["2"]
    expire(rig)
    connector.write(Change("update", "2", {}, {"first_name": "Grace"}, key="c-1", current=current))
    assert rig.sent() == [("PUT", "/Customer/2.json", {"firstName": "Grace"})]


def test_what_another_process_renewed_is_taken_and_not_renewed_again(rig: Any, clock: SimulatedClock) -> None:
    ours, theirs = (rig.connector(clock, writes=False) for _ in range(2))
    ours.fetch(["1"])
    expire(rig)
    theirs.fetch(["1"])
    ours.fetch(["1"])
    assert rig.refreshes == ["r-refresh-0-77310"]


def test_one_process_renews_at_a_time(rig: Any, clock: SimulatedClock) -> None:
    connectors = [rig.connector(clock, writes=False, account_id="7", time_zone="UTC") for _ in range(4)]
    for connector in connectors:
        connector.fetch(["1"])
    expire(rig)
    threads = [threading.Thread(target=connector.fetch, args=(["1"],)) for connector in connectors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rig.refreshes == ["r-refresh-0-77310"]


def test_a_dead_refresh_token_is_told_as_work_for_a_person_and_asked_once(rig: Any, clock: SimulatedClock) -> None:
    expire(rig)
    rig.store_tokens("stale", "revoked")
    connector = rig.connector(clock, writes=False)
    for _ in range(3):
        with pytest.raises(VendorError, match="a person authorises rollcall once more") as caught:
            connector.fetch(["1"])
        assert (caught.value.permanent, caught.value.effect) == (True, "none")
    assert rig.refreshes == ["revoked"]
    assert kept(rig)["refresh_token"] == "revoked"


def test_a_wrong_client_secret_is_told_as_such(
    rig: Any, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_LIGHTSPEED_R_SECRET", "another")
    expire(rig)
    with pytest.raises(VendorError, match="client_secret is wrong"):
        rig.connector(clock, writes=False).fetch(["1"])


def test_a_refusal_of_a_new_token_ends_the_matter(rig: Any, clock: SimulatedClock) -> None:
    """A locked employee: more refreshes would only use up the five a minute."""
    rig.before_answer = lambda method, path: expire(rig) if "oauth" not in path else None
    connector = rig.connector(clock, writes=False)
    for _ in range(3):
        with pytest.raises(VendorError, match="refuses a token that is new"):
            connector.fetch(["1"])
    assert len(rig.refreshes) == 1


def test_not_more_than_five_refreshes_a_minute(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False, account_id="7", time_zone="UTC")
    before = clock.time()
    for _ in range(6):
        expire(rig)
        connector.fetch(["1"])
    assert len(rig.refreshes) == 6
    assert clock.time() - before >= 60


def test_tokens_that_cannot_be_stored_are_not_asked_for(
    rig: Any, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the old pair stays good, because no new one was given."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    expire(rig)
    connector = rig.connector(clock, writes=False, account_id="7", time_zone="UTC")
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(VendorError, match="could not be stored") as caught:
            connector.fetch(["1"])
    assert caught.value.permanent
    assert rig.refreshes == []
    assert kept(rig)["refresh_token"] == "r-refresh-0-77310"
    assert sorted(p.name for p in rig.token_file.parent.iterdir()) == [".tokens.json.lock", "tokens.json"]


# the file itself ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"access_token": 7, "refresh_token": "b"}', '{"access_token": "a"}']
)
def test_a_file_without_a_pair_says_so_and_shows_nothing_of_it(rig: Any, text: str) -> None:
    rig.token_file.write_text(text)
    with pytest.raises(VendorError, match="holds no pair of tokens") as caught:
        TokenFile(rig.token_file).read()
    assert caught.value.__context__ is None


@pytest.mark.parametrize("told", [1795412345, 1795412345.0, "2026-11-23T05:39:05+00:00", "2026-11-23T05:39:05", None])
def test_an_end_is_read_as_seconds_or_as_a_time(rig: Any, told: Any) -> None:
    rig.store_tokens("a", "b", expires_at=told)
    assert TokenFile(rig.token_file).read() == Tokens("a", "b", None if told is None else 1795412345.0)


def test_a_folder_that_is_not_there_is_told(rig: Any) -> None:
    place = TokenFile(rig.token_file.parent / "nowhere" / "tokens.json")
    with pytest.raises(VendorError, match="cannot be written to"), place.refreshing():
        raise AssertionError("nobody holds a lock there")


def test_the_lock_is_held_while_refreshing_and_free_afterwards(rig: Any) -> None:
    lock = rig.token_file.with_name(".tokens.json.lock")

    def is_free() -> bool:
        with lock.open("r") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with TokenFile(rig.token_file).refreshing() as current:
        assert not is_free()
        current.store(Tokens("new", "newer", 1795412345.0))
    assert is_free()
    assert TokenFile(rig.token_file).read() == Tokens("new", "newer", 1795412345.0)


def test_tokens_show_in_no_text() -> None:
    assert "hidden" not in repr(Tokens("hidden", "hidden"))
