"""`rollcall schedule` and the lock: one night per date, over a restart, beside a run that somebody started by hand."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from jobs.lock import lock
from jobs.state import State
from jobs.vault import Vault
from tests.night.stage import rollcall, tables, write_csv

EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


class Hours:
    """In the scheduler's place: looks every twenty minutes of simulated time, until the hours are over."""

    def __init__(self, clock: SimulatedClock, hours: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.clock = clock
        self.until = clock.now() + timedelta(hours=hours)
        self.meanwhile = meanwhile
        self.looks: dict[str, Callable[[], None]] = {}

    def add_job(self, look: Callable[[], None], *_: Any, **how: Any) -> None:
        self.looks[str(how.get("id"))] = look

    def start(self) -> None:
        while self.clock.now() < self.until:
            for look in list(self.looks.values()):
                look()
            self.clock.advance(timedelta(minutes=20))
            self.meanwhile()

    def shutdown(self, wait: bool = True) -> None:
        self.until = self.clock.now()


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with pytest.MonkeyPatch.context() as patch:
        clock = SimulatedClock(EVENING)
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        patch.setattr("jobs.cli.nights.SystemClock", lambda: clock)
        yield clock


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One list, in a group that sleeps at night in Los Angeles."""
    write_csv(tmp_path / "list.csv", ["id", "phone"], [["1", "613 555 0117"], ["2", "+16135550117"]])
    limits = {"file_age": "90d"}
    schedule = {"at": "04:15", "grace": "6h"}
    return tables(
        tmp_path, {"list": {"path": "list.csv"}}, time_zone="America/Los_Angeles", limits=limits, schedule=schedule
    )


def nights(config: Path) -> list[tuple[str, str | None]]:
    """Every run: when it began (local), and the date that it claimed."""
    folder = config.parent / "data"
    state = State.open(f"sqlite:///{folder}/state.db", Vault.open(file=folder / "rollcall.key"))
    try:
        return [
            (
                f"{run.started_at - timedelta(hours=8):%m-%d %H:%M}",
                str(run.schedule_date) if run.schedule_date else None,
            )
            for run in state.runs()
        ]
    finally:
        state.close()


def serve(hours: Hours, config: Path, patch: pytest.MonkeyPatch) -> str:
    patch.setattr("jobs.schedule.BlockingScheduler", lambda **_: hours)
    said = rollcall("schedule", "--config", config)
    assert said.code == 0, said.err
    return said.out


def test_every_date_has_one_night_over_a_restart(
    config: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an evening on: two nights, ended in the second one's grace and started again: it does not run twice."""
    out = serve(Hours(clock, 42), config, monkeypatch)
    assert nights(config) == [("03-03 04:20", "2026-03-03"), ("03-04 04:20", "2026-03-04")]
    assert [line.split(":")[0] for line in out.splitlines() if line.startswith("plan")] == [
        "plan 2026-03-03-a",
        "plan 2026-03-04-a",
    ]
    serve(Hours(clock, 20), config, monkeypatch)
    assert len(nights(config)) == 2
    serve(Hours(clock, 10), config, monkeypatch)
    assert nights(config)[2:] == [("03-05 04:20", "2026-03-05")]


@pytest.mark.deep
def test_a_run_by_hand_does_not_take_the_place_of_the_night(
    config: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(timedelta(hours=16))  # 04:00
    assert rollcall("run", "--config", config).code == 0
    serve(Hours(clock, 2), config, monkeypatch)
    assert nights(config) == [("03-03 04:00", None), ("03-03 04:20", "2026-03-03")]


def test_a_night_waits_for_a_lock_within_its_grace(
    config: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody works until after five; the night follows, once."""
    with ExitStack() as stack:
        stack.enter_context(lock(config.parent / "data", clock, run="by hand"))

        def meanwhile() -> None:
            if clock.now() > EVENING + timedelta(hours=17):
                stack.close()

        serve(Hours(clock, 24, meanwhile), config, monkeypatch)
    assert nights(config) == [("03-03 05:20", "2026-03-03")]


def test_a_second_run_is_told_who_holds_the_lock(config: Path, clock: SimulatedClock) -> None:
    """Exit 11 with the pid, for everything that would write to the workspace; the first one's death ends it."""
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        with lock(config.parent / "data", clock, run="2026-03-02-a"):
            os.write(ready[1], b"x")
            os.close(go[1])
            os.read(go[0], 1)
            os._exit(0)
    try:
        os.read(ready[0], 1)
        for words in (["run"], ["plan"], ["pull"], ["golive", "--scan"], ["purge"], ["apply", "2026-03-02-a"]):
            said = rollcall(*words, "--config", config)
            assert said.code == 11, words
            assert f"in use by pid {pid} on" in said.err
            assert "run 2026-03-02-a" in said.err
        for words in (["status"], ["check"], ["pause"]):
            assert rollcall(*words, "--config", config).code == 0, words
    finally:
        for end in (*ready, *go):
            os.close(end)
        os.waitpid(pid, 0)
    (config.parent / "data" / "paused").unlink()
    assert rollcall("run", "--config", config).code == 0
