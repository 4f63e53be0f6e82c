"""Forgetting one person everywhere, and nobody else (G10)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.base import Action
from connectors.clock import SimulatedClock
from jobs import kept, shred
from jobs.corrections import HANDED_OVER, Correction
from jobs.journal import Journal
from jobs.shred import Place
from jobs.state import FindingRow, State
from jobs.vault import Vault

PLAN = "2026-11-23-a"
WHOM = {"till": {"1"}, "shop": {"7"}}


def correction(name: str, source: str, profile: str, action: Action = "update") -> Correction:
    return Correction(
        correction_id=name, source=source, profile_id=profile, action=action, before={"phone": "+16135550117"},
        after={"phone": "+16135550118"}, why="", rule_ids=(), finding_ids=(), fingerprint="f", reversible="fully", needs=(),
        state="ready",
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[Place]:
    state = State.open(f"sqlite:///{tmp_path}/state.db", vault)
    yield Place(tmp_path, vault, state, Journal(state, vault, clock), clock)
    state.close()


def values(place: Place) -> dict[str, bool]:
    """Which corrections still hold values."""
    return {row.correction_id: bool(row.after) for row in place.journal.load(PLAN)}


def test_g10_values_findings_and_kept_rows_of_one_person_go_and_all_others_stay(place: Place) -> None:
    rows = [
        correction("hers", "till", "1"), correction("shops", "shop", "7"), correction("erase", "till", "1", "erase"),
        correction("same id elsewhere", "shop", "1"), correction("other", "till", "2"),
    ]  # fmt: skip
    place.journal.store_plan(PLAN, [replace(row, seq=n) for n, row in enumerate(rows, start=1)])
    found = [("f1", ("till", "1")), ("f2", ("till", "2")), ("f3", ("shop", "1"))]
    place.state.update_findings(
        date(2026, 11, 23),
        [FindingRow(name, "drift", "phone", "", "a", (member, ("shop", "9")), "low") for name, member in found],
        judged_sources=(),
    )
    links = pa.table(
        {"ecom_source": ["shop", "shop"], "ecom_id": ["7", "1"], "pos_source": ["till", "till"], "pos_id": ["3", "2"]}
    )
    outs = pa.table({"source": ["till", "till"], "id": ["1", "2"], "channel": ["email", "email"]})
    for name, table in (("links", links), ("outs", outs), ("phones", pa.table({"raw": ["613 555 0117"]}))):
        kept.keep(
            place.folder, place.vault, place.state, place.clock, run_id=PLAN, name=name, rows=table.to_reader()
        )  # fmt: skip
    for _ in range(2):
        shred.forget(place, WHOM)
        assert values(place) == {
            "hers": False, "shops": False, "erase": True, "same id elsewhere": True, "other": True,
        }  # fmt: skip
        assert [row.finding_id for row in place.state.findings()] == ["f2", "f3"]
        left = kept.read(place.folder, place.vault, place.state, "links")
        assert left is not None
        assert left["ecom_id"].to_pylist() == ["1"]
        stays = kept.read(place.folder, place.vault, place.state, "outs")
        assert stays is not None
        assert stays.num_rows == 2, "an opt-out stays by id (G9b)"
        assert place.state.artefact("phones") is None
    assert len(list((place.folder / "kept").iterdir())) == 2, "no older file is left beside"


def test_g10_a_hand_over_that_holds_the_person_is_removed_and_a_write_in_doubt_is_told(place: Place) -> None:
    rows = [correction("hers", "till", "1"), correction("other", "till", "2"), correction("shops", "shop", "7")]
    place.journal.store_plan(PLAN, [replace(row, seq=n) for n, row in enumerate(rows, start=1)])
    hers, other, shops = place.journal.load(PLAN)
    for row in (hers, other):
        place.journal.move(row, "intended", f"{HANDED_OVER}: import it")
    work = place.folder / "handover" / "till" / "work-list.xlsx"
    work.parent.mkdir(parents=True)
    work.write_bytes(b"Quillfeather")
    assert shred.in_doubt(place.state, WHOM) == [], "what a person was handed is no write in doubt"
    place.journal.move(shops, "intended")
    assert shred.in_doubt(place.state, WHOM) == [PLAN]
    shred.forget(place, WHOM)
    assert not work.exists()
    assert {row.correction_id: row.state for row in place.journal.load(PLAN)} == {
        "hers": "handed_back", "other": "handed_back", "shops": "intended",
    }  # fmt: skip
