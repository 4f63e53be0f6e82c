"""Killed at every write while a person is forgotten, then begun anew: in the end nobody is left, and nobody else is lost (G10)."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connectors.clock import SimulatedClock
from jobs import kept, shred, snapshot
from jobs.journal import Journal
from jobs.parts import QUARANTINE, UNKNOWN
from jobs.shred import Place
from jobs.snapshot import Contents, Label
from jobs.state import State
from jobs.vault import Vault

FIELDS = pa.schema([("id", pa.string()), ("name", pa.string())])
WHOM = {"till": {"1", "4"}}
CLOCK = SimulatedClock(datetime(2026, 11, 23, 12, 15, tzinfo=UTC))


@pytest.fixture
def place(tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Two exports of six in parts of two, and a kept file that names one of them."""
    monkeypatch.setattr(snapshot, "PART_ROWS", 2)
    state = State.open(f"sqlite:///{tmp_path}/w/state.db", vault)
    made = Place(tmp_path / "w", vault, state, Journal(state, vault, CLOCK), CLOCK)
    for number in (1, 2):
        table = pa.table({"id": [str(n) for n in range(6)], "name": ["Ann"] * 6}, schema=FIELDS)
        rows = pa.RecordBatchReader.from_batches(FIELDS, table.to_batches(max_chunksize=1))
        contents = Contents(rows, QUARANTINE.empty_table(), UNKNOWN.empty_table(), "id")
        label = Label("till", f"till.{number}", "table", 1, CLOCK.now())
        snapshot.write(made.folder, label, contents, vault)
    roll = pa.table({"source": ["till", "till"], "id": ["1", "2"], "entity_id": ["a", "b"]})
    kept.keep(made.folder, vault, state, CLOCK, run_id="r", name="roll", rows=roll.to_reader())
    yield made
    state.close()


def held(place: Place) -> dict[str, Any]:
    """Who is in each export and on the roll, and every file that lies there."""
    folders = sorted((place.folder / "snapshots" / "till").iterdir())
    exports = {folder.name: sorted(snapshot.ids(folder, place.vault)) for folder in folders}
    roll = kept.read(place.folder, place.vault, place.state, "roll")
    assert roll is not None
    return {**exports, "roll": roll["id"].to_pylist()}


def forget_dying_at(place: Place, number: int) -> bool:
    """Forget in a child that dies just before its `number`th write is durable; whether it came so far."""
    child = os.fork()
    if child == 0:
        count, really = 0, os.fsync

        def fsync(handle: int) -> None:
            nonlocal count
            count += 1
            if count == number:
                os._exit(9)
            really(handle)

        pytest.MonkeyPatch().setattr(os, "fsync", fsync)
        try:
            state = State.open(f"sqlite:///{place.folder}/state.db", place.vault)
            shred.forget(Place(place.folder, place.vault, state, Journal(state, place.vault, CLOCK), CLOCK), WHOM)
            os._exit(0)
        except BaseException:
            os._exit(70)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 9}
    return code == 9


def test_g10_killed_at_every_write_and_begun_anew_is_as_if_nothing_had_happened(place: Place) -> None:
    before, number, rest = held(place), 1, ["0", "2", "3", "5"]
    place.state.engine.dispose()
    shutil.copytree(place.folder, place.folder.with_name("kept"))
    while True:
        died = forget_dying_at(place, number)
        (place.folder / "kept" / "roll-older.parquet").write_bytes(b"what a kill between two steps leaves behind")
        midway = held(place)
        assert all(midway[name] in (before[name], rest) for name in ("till.1", "till.2")), (
            "an export is whole at any time"
        )
        shred.forget(place, WHOM)
        assert held(place) == {"till.1": rest, "till.2": rest, "roll": ["2"]}
        folders = (place.folder / "snapshots" / "till").iterdir()
        assert {len(list(folder.glob("part-*"))) for folder in folders} == {3}, "nothing of the old parts is left"
        assert len(list((place.folder / "kept").iterdir())) == 1
        if not died:
            break
        place.state.engine.dispose()
        shutil.rmtree(place.folder)
        shutil.copytree(place.folder.with_name("kept"), place.folder)
        number += 1
    assert number > 8, "there was something to be killed in"
