"""The disk is full, or read-only, from the n-th file or transaction of an applying on: it refuses, and resume comes to the same end.

A few places here, every one of them with ROLLCALL_CRASH=long.
"""

import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.night.stage import START, Group, Said, rollcall, serving
from tests.night.test_night_crash import SharedClock, auto, forked
from tests.night.test_night_killed import LONG, Places

SAYS = {errno.ENOSPC: "database or disk is full", errno.EROFS: "attempt to write a readonly database"}
FREES = frozenset({"os.remove", "os.rmdir"})


class Refusing(Places):
    """From the n-th place on nothing more can be written. A full disk still lets files go."""

    def __init__(self, below: Path, at: int, why: int) -> None:
        super().__init__(below, at)
        self.why = why

    def strike(self, what: str) -> None:
        if what == "commit":
            raise OperationalError("COMMIT", None, sqlite3.OperationalError(SAYS[self.why]))
        if self.why == errno.EROFS or what not in FREES:
            raise OSError(self.why, os.strerror(self.why), "state")


class Planned:
    """A shop and a till with one email to write to the till, to be applied again and again."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.resident = next(r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.email)
        group.faults("shop").edit(self.resident.ids["shop"], {"email": "new@example.com"})
        self.plan = group.night(after=0.1, write=False).run_id
        group.keep("planned")

    def put_back(self) -> int:
        """Workspace and till as they were when it was planned; returns how many writes there were until now."""
        self.group.put_back("planned")
        self.group.faults("till").edit(self.resident.ids["till"], {"email": self.resident.person.email})
        return len(self.group.writes())

    def apply(self, at: int, why: int) -> tuple[int, Said]:
        """In a process of its own; how many places there were, and what it said."""
        told = self.group.folder / "told"

        def work() -> None:
            places = Refusing(self.group.folder, at, why)
            said = rollcall("apply", self.plan, "--config", self.group.config)
            places.watching = False
            told.write_text(json.dumps([places.number, said.code, said.out, said.err]))

        assert forked(work) == 0
        number, *said = json.loads(told.read_text())
        return number, Said(*said)

    def ending(self) -> tuple[dict[str, str], Any]:
        with self.group.open() as workspace:
            states = {row.correction_id: row.state for row in workspace.journal.load(self.plan)}
        return states, self.group.faults("till").read(self.resident.ids["till"])["email"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    with serving(tmp_path_factory.mktemp("full"), edit=auto, clock=SharedClock(START)) as group:
        group.night(after=0)
        yield Planned(group)


@pytest.mark.parametrize("why", SAYS, ids=["full", "read-only"])
def test_where_nothing_can_be_written_applying_refuses_and_resume_writes_once(planned: Planned, why: int) -> None:
    """I1, I2: an intent that could not be kept is no write; one that was made is found again."""
    before = planned.put_back()
    places, said = planned.apply(0, why)
    undisturbed = planned.ending()
    assert (said.code, len(planned.group.writes())) == (0, before + 1)
    assert undisturbed[1] == "new@example.com"
    for place in range(1, places + 1) if LONG else (places // 2, places * 3 // 4):
        before = planned.put_back()
        _, said = planned.apply(place, why)
        assert said.code in {1, 2}, (place, said)
        assert said.err.rstrip().split("\n")[-1].startswith("rollcall: "), (place, said)
        assert "fault of rollcall itself" not in said.err, (place, said)
        assert len(planned.group.writes()) <= before + 1, place
        assert rollcall("resume", planned.plan, "--config", planned.group.config).code == 0, place
        assert planned.ending() == undisturbed, place
        assert len(planned.group.writes()) == before + 1, place
