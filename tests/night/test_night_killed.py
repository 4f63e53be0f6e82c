"""A night is killed before the n-th file that it writes or transaction that it commits: the next one comes to the same end.

A few places here, every one of them with ROLLCALL_CRASH=long.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from jobs.applying import Result
from tests.night.stage import START, Group, rollcall, serving
from tests.night.test_night_crash import SharedClock, auto, forked, kill

LONG = os.environ.get("ROLLCALL_CRASH") == "long"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
MOVES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
SLICE = 1
"""So many places of a night are tried here."""


class Kept:
    """A shop and a till in the night in which somebody changed an email, to be played again and again."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.resident = next(r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.email)
        group.faults("shop").edit(self.resident.ids["shop"], {"email": "new@example.com"})
        group.keep()
        self.begun = group.clock.now()

    def put_back(self) -> None:
        """Workspace and till as they were before the night; of the clock only the date goes on."""
        self.group.put_back()
        self.group.faults("till").edit(self.resident.ids["till"], {"email": self.resident.person.email})

    def night_in_a_child(self, *, write: bool, kill_at: int = 0) -> int:
        """How many places there are; with `kill_at` it dies before that one, or comes through where there are fewer."""
        told = self.group.folder / "places"

        def work() -> None:
            places = Places(self.group.folder, kill_at)
            self.group.night(after=0.1, write=write)
            places.watching = False
            told.write_text(str(places.number))

        code = forked(work)
        assert code in ({-signal.SIGKILL, 0} if kill_at else {0})
        return 0 if code else int(told.read_text())


class Places:
    """Counts files below a folder that are opened for writing, moved or removed, and commits; dies before the n-th."""

    def __init__(self, below: Path, kill_at: int) -> None:
        self.below, self.kill_at, self.number, self.watching = str(below), kill_at, 0, True
        sys.addaudithook(self._heard)
        sa.event.listen(sa.Engine, "commit", lambda _: self._one("commit"))

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching or (event != "open" and event not in MOVES):
            return
        writes = event in MOVES or (isinstance(arguments[2], int) and bool(arguments[2] & WRITING))
        if writes and isinstance(arguments[0], str | Path) and str(arguments[0]).startswith(self.below):
            self._one(event)

    def _one(self, what: str) -> None:
        if not self.watching:
            return
        self.number += 1
        if 0 < self.kill_at <= self.number:
            self.strike(what)

    def strike(self, what: str) -> None:
        """What becomes of a place that is due: `commit`, `open`, or one of MOVES."""
        kill()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with serving(tmp_path_factory.mktemp("places"), edit=auto, clock=SharedClock(START)) as group:
        group.night(after=0)
        yield Kept(group)


def found(result: Result) -> tuple[list[Any], list[Any], str]:
    """Findings with their lives, and the plan: what has to be the same however often a night was begun."""
    report = result.report
    findings = sorted((f.finding_id, f.kind, f.state, f.nights_open, f.blocked_by) for f in report.findings)
    plan = [(c.correction_id, c.fingerprint, c.state, c.after, c.needs) for c in report.corrections]
    return findings, plan, report.status


def tried(places: int) -> list[int]:
    """Every place, or some over the whole night."""
    return list(range(1, places + 1)) if LONG else [n * places // (SLICE + 1) for n in range(1, SLICE + 1)]


def test_killed_before_anything_that_it_writes_the_next_night_finds_and_plans_the_same(kept: Kept) -> None:
    """G7: exports, certificates, kept files, findings' lives and the plan, wherever the power was cut."""
    kept.put_back()
    undisturbed = found(kept.group.night(after=0.1, write=False))
    assert [row[1] for row in undisturbed[0]] == ["drift"]
    kept.put_back()
    places = kept.night_in_a_child(write=False)
    assert places > 30
    for place in tried(places):
        kept.put_back()
        kept.night_in_a_child(write=False, kill_at=place)
        assert found(kept.group.night(after=0.1, write=False)) == undisturbed, place
        assert list(kept.group.data.glob("landing/*")) == [], place


def test_killed_before_anything_that_it_writes_while_applying_the_till_is_written_to_once(kept: Kept) -> None:
    """I1, I2: resumed and then played again, the till has the new email, by one write."""
    kept.put_back()
    places = kept.night_in_a_child(write=True)
    for place in tried(places) if LONG else [places - 8]:
        kept.put_back()
        before = len(kept.group.writes())
        kept.night_in_a_child(write=True, kill_at=place)
        assert rollcall("resume", "--config", kept.group.config).code == 0, place
        assert kept.group.night(after=0.1).exit_code == 0, place
        assert len(kept.group.writes()) == before + 1, place
        assert kept.group.faults("till").read(kept.resident.ids["till"])["email"] == "new@example.com"
