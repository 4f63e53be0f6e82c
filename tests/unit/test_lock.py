"""One run at a time: in one process, over processes, and over machines that share a PostgreSQL state."""

import os
import signal
import stat
from pathlib import Path

import pytest

from connectors.clock import SimulatedClock
from jobs.errors import ConfigError, LockHeld
from jobs.lock import holder, lock


def test_a_second_run_is_told_who_holds_the_lock(tmp_path: Path, clock: SimulatedClock) -> None:
    """Exit 11, with pid, host, since and run."""
    with lock(tmp_path, clock, run="2026-11-23-a"):
        with pytest.raises(LockHeld) as caught, lock(tmp_path, clock, run="2026-11-23-b"):
            pytest.fail("two runs at once")
        held = holder(tmp_path)
    text = str(caught.value)
    assert caught.value.exit_code == 11
    assert f"pid {os.getpid()} on {os.uname().nodename} since 2026-11-23T12:15:00+00:00, run 2026-11-23-a" in text
    assert held is not None
    assert (held["pid"], held["run"]) == (os.getpid(), "2026-11-23-a")


def test_a_lock_given_back_is_free(tmp_path: Path, clock: SimulatedClock) -> None:
    with pytest.raises(ZeroDivisionError), lock(tmp_path, clock):
        1 / 0  # noqa: B018
    assert holder(tmp_path) is None
    with lock(tmp_path, clock):
        assert holder(tmp_path) is not None
    assert holder(tmp_path) is None


def test_the_lock_of_a_dead_process_is_free(tmp_path: Path, clock: SimulatedClock) -> None:
    """The kernel frees it; what the dead wrote about itself stays in the file and is not believed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with lock(tmp_path, clock, run="2026-11-22-a"):
            os.write(write, b".")
            signal.pause()
        os._exit(1)
    os.read(read, 1)
    with pytest.raises(LockHeld, match=f"pid {child} .* run 2026-11-22-a"), lock(tmp_path, clock):
        pytest.fail("the child holds it")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    assert b"2026-11-22-a" in (tmp_path / "lock").read_bytes()
    assert holder(tmp_path) is None
    with lock(tmp_path, clock):
        pass


def test_a_holder_that_has_not_signed_yet_is_still_a_holder(tmp_path: Path, clock: SimulatedClock) -> None:
    with lock(tmp_path, clock):
        (tmp_path / "lock").write_bytes(b"{half a li")
        with pytest.raises(LockHeld, match="pid unknown on this machine since just now"), lock(tmp_path, clock):
            pytest.fail("two runs at once")


def test_the_lock_is_the_owners_alone_and_no_way_elsewhere(tmp_path: Path, clock: SimulatedClock) -> None:
    with lock(tmp_path / "new", clock):
        assert stat.S_IMODE((tmp_path / "new" / "lock").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "lock").symlink_to(precious)
    with pytest.raises(ConfigError, match="cannot be opened"), lock(tmp_path, clock):
        pytest.fail("followed a link")
    assert precious.read_text() == "mine"


def test_a_workspace_that_is_no_folder_is_refused(tmp_path: Path, clock: SimulatedClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="check `workspace:`"), lock(tmp_path / "file", clock):
        pytest.fail("locked a file")


def test_a_sqlite_state_needs_no_lock_of_its_own(tmp_path: Path, clock: SimulatedClock) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    with lock(tmp_path / "one", clock, state_url=url), lock(tmp_path / "two", clock, state_url=url):
        assert not (tmp_path / "state.db").exists()


@pytest.mark.postgres
def test_machines_that_share_a_state_exclude_each_other(
    tmp_path: Path, clock: SimulatedClock, postgres_url: str
) -> None:
    """Two workspaces stand for two machines; the lock file of one that loses is free again."""
    with lock(tmp_path / "one", clock, state_url=postgres_url):
        with pytest.raises(LockHeld, match="another machine"), lock(tmp_path / "two", clock, state_url=postgres_url):
            pytest.fail("two machines at once")
        assert holder(tmp_path / "two") is None
    with lock(tmp_path / "two", clock, state_url=postgres_url):
        pass


@pytest.mark.postgres
def test_the_database_frees_the_lock_of_a_dead_process(
    tmp_path: Path, clock: SimulatedClock, postgres_url: str
) -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with lock(tmp_path / "one", clock, state_url=postgres_url):
            os.write(write, b".")
            signal.pause()
        os._exit(1)
    os.read(read, 1)
    with pytest.raises(LockHeld), lock(tmp_path / "two", clock, state_url=postgres_url):
        pytest.fail("the child holds it")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    _until_free(tmp_path, clock, postgres_url)


def test_a_database_out_of_reach_is_refused_and_the_workspace_stays_free(tmp_path: Path, clock: SimulatedClock) -> None:
    url = f"postgresql+psycopg://someone:sesame@/x?host={tmp_path}"
    with pytest.raises(ConfigError, match="cannot be used") as caught, lock(tmp_path, clock, state_url=url):
        pytest.fail("locked nothing")
    assert "sesame" not in str(caught.value)
    assert holder(tmp_path) is None


def _until_free(folder: Path, clock: SimulatedClock, url: str) -> None:
    """The server notices within moments that the other end of a socket is gone."""
    for _ in range(500):
        try:
            with lock(folder / "two", clock, state_url=url):
                return
        except LockHeld:
            signal.sigtimedwait([signal.SIGUSR2], 0.01)
    pytest.fail("the lock of a dead process was never freed")
