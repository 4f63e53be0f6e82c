"""The token file: durable before first use, one refresher at a time, nobody else's business."""

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from connectors.base import VendorError
from connectors.tokens import TokenFile, Tokens

OLD = Tokens("access-1", "refresh-1", 100.0, "customers:read")
NEW = Tokens("access-2", "refresh-2", 200.0)


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    kept = TokenFile(tmp_path / "till.json")
    with kept.refreshing() as current:
        current.store(OLD)
    return kept


def test_what_is_stored_reads_back_and_is_the_owners_alone(file: TokenFile) -> None:
    assert file.read() == OLD
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_tokens_do_not_show_themselves(file: TokenFile) -> None:
    assert "access-1" not in repr(OLD)
    assert "refresh-1" not in repr(OLD)


def test_a_file_that_others_can_read_is_refused(file: TokenFile) -> None:
    file.path.chmod(0o644)
    with pytest.raises(VendorError, match="chmod 600"):
        file.read()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"access": "a"}', "half a fi"])
def test_a_damaged_file_is_told_and_shows_nothing(file: TokenFile, content: str) -> None:
    file.path.write_text(content, encoding="utf-8")
    with pytest.raises(VendorError, match="holds no pair of tokens") as caught:
        file.read()
    assert caught.value.permanent


def test_no_file_is_told_as_not_authorised(tmp_path: Path) -> None:
    with pytest.raises(VendorError, match="authorises rollcall once more"):
        TokenFile(tmp_path / "none.json").read()


def test_a_new_token_is_synced_before_it_takes_the_old_ones_place(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a crash may cut anywhere: file synced, replaced, folder synced."""
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("sync"), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda *paths: (steps.append("replace"), replace(*paths))[1])
    with file.refreshing() as current:
        current.store(NEW)
    assert steps == ["sync", "replace", "sync"]
    assert file.read() == NEW


def full(handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_met_before_a_pair_is_asked_for(file: TokenFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with file.refreshing() as current, pytest.raises(VendorError, match="No space left"):
        current.take_room()
    assert file.read() == OLD
    assert sorted(one.name for one in file.path.parent.iterdir()) == [".till.json.lock", "till.json"]


def test_a_pair_that_could_not_be_put_in_its_place_is_the_next_readers(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one may be spent already."""
    with monkeypatch.context() as disk, file.refreshing() as current:
        current.take_room()
        disk.setattr(os, "fsync", full)
        with pytest.raises(VendorError, match="No space left"):
            current.store(NEW)
    assert file.read() == NEW
    assert sorted(one.name for one in file.path.parent.iterdir()) == [".till.json.lock", "till.json"]


@pytest.mark.parametrize(("at", "left"), [("the rename", NEW), ("the answer", OLD)])
def test_a_process_that_dies_while_it_stores_loses_no_whole_pair(
    file: TokenFile, at: str, left: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the sync and the rename, the new pair counts; killed with nothing but the room taken, the old one."""
    child = os.fork()
    if not child:
        with file.refreshing() as current:
            current.take_room()
            if at == "the rename":
                monkeypatch.setattr(Path, "replace", lambda *paths: os._exit(9))
                current.store(NEW)
            os._exit(9)
    os.waitpid(child, 0)
    assert file.half.exists()
    assert file.read() == left
    assert sorted(one.name for one in file.path.parent.iterdir()) == [".till.json.lock", "till.json"]


def test_a_file_that_a_person_put_there_since_counts_more_than_what_a_dead_process_left(file: TokenFile) -> None:
    file.half.write_text('{"access_token": "access-2", "refresh_token": "refresh-2"}', encoding="utf-8")
    os.utime(file.half, ns=(0, 0))
    assert file.read() == OLD
    assert not file.half.exists()


def test_an_end_that_no_calendar_holds_does_not_lose_the_pair(file: TokenFile) -> None:
    with file.refreshing() as current:
        current.store(Tokens("access-2", "refresh-2", 1e30))
    assert file.read() == Tokens("access-2", "refresh-2")


def test_whoever_waits_for_the_lock_gets_what_the_other_stored(file: TokenFile) -> None:
    got: list[Tokens] = []

    def second() -> None:
        with file.refreshing() as current:
            got.append(current.tokens)

    waiting = threading.Thread(target=second)
    with file.refreshing() as current:
        waiting.start()
        waiting.join(0.05)
        assert got == []
        current.store(NEW)
    waiting.join(5)
    assert got == [NEW]


def test_the_lock_is_the_kernels_so_that_other_processes_see_it(file: TokenFile) -> None:
    with file.refreshing():
        handle = os.open(file.path.with_name(".till.json.lock"), os.O_RDWR)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
