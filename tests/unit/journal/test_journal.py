"""Plans and their journal: kept sealed, moved durably one step at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from connectors.clock import SimulatedClock
from jobs.errors import ConfigError, LockHeld
from jobs.journal import CREATED, Correction, Journal
from jobs.tables import journal as journal_table
from jobs.vault import Vault
from tests.unit.journal.planned import PLAN, correction, states

# keeping


def test_a_plan_comes_back_as_it_was_stored(journal: Journal) -> None:
    rows = [
        correction(
            "c2", action="create", profile_id=None, before={}, reversible="not", needs=("approval",), state="held"
        ),
        correction("c1", blocked_by="x", detail="d"),
        correction("c3", action="relink", source="shop", after={"link:till": f"{CREATED}c2"}, after_correction="c2"),
    ]
    journal.store_plan(PLAN, rows)
    assert journal.load(PLAN) == [replace(row, plan_id=PLAN) for row in sorted(rows, key=lambda row: row.seq)]
    assert [entry.state for entry in journal.history(PLAN)] == ["held", "ready", "ready"]
    assert journal.plan_states() == {PLAN: "planned"}


def test_an_empty_plan_is_a_plan_and_no_plan_is_an_error(journal: Journal) -> None:
    journal.store_plan(PLAN, [])
    assert journal.load(PLAN) == []
    with pytest.raises(ConfigError, match="there is no plan 2026-11-24-a: `rollcall status`"):
        journal.load("2026-11-24-a")


def test_a_plan_is_stored_once(journal: Journal) -> None:
    journal.store_plan(PLAN, [correction("c1")])
    with pytest.raises(IntegrityError):
        journal.store_plan(PLAN, [correction("c2")])
    assert list(states(journal)) == ["c1"]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([correction("c1"), correction("c2", seq=1)], "same place"),
        ([correction("c1", after_correction="c2"), correction("c2")], "c1 follows c2, which is not before it"),
        ([correction("c1", after_correction="c9")], "c1 follows c9"),
        ([correction("c1"), correction("c2", after={"link:till": f"{CREATED}c1"})], "c1, which creates nothing"),
        ([correction("c1", state="verified")], "cannot be verified before it was applied"),
    ],
)
def test_a_plan_that_could_not_be_applied_in_order_is_refused(
    on_file: Journal, rows: list[Correction], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        on_file.store_plan(PLAN, rows)
    assert on_file.plan_states() == {}


def test_values_of_profiles_are_nowhere_in_the_clear(on_file: Journal, tmp_path: Path) -> None:
    """DESIGN, Data at rest: before, after and why are sealed; ids, fields and states are not personal."""
    on_file.store_plan(
        PLAN,
        [
            correction(
                before={"email": "sentinel-a@example.com"}, after={"email": "sentinel-b@example.com"}, why="sentinel-c"
            )
        ],
    )
    on_file.move(on_file.load(PLAN)[0], "intended")
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"finding-c1" in content
    assert b"sentinel" not in content


def test_purging_forgets_the_values_and_keeps_the_story(
    on_file: Journal, clock: SimulatedClock, tmp_path: Path
) -> None:
    on_file.store_plan(PLAN, [correction("c1")])
    clock.advance(timedelta(days=1))
    on_file.store_plan("2026-11-24-a", [correction("c1")])
    assert [on_file.purge(clock.now()), on_file.purge(clock.now())] == [1, 0]
    old, new = on_file.load(PLAN)[0], on_file.load("2026-11-24-a")[0]
    assert (old.before, old.after, old.why, old.state) == ({}, {}, "", "ready")
    assert new.after == {"phone": "+16135550118"}


def test_a_journal_sealed_with_another_key_is_refused(on_file: Journal) -> None:
    on_file.store_plan(PLAN, [correction("c1")])
    other = Journal(on_file.state, Vault(b"another key, of 32 bytes as well"), on_file.clock)
    with pytest.raises(ConfigError, match="sealed with another key"):
        other.load(PLAN)


# moving


def test_every_step_is_written_down_and_nothing_is_ever_changed(journal: Journal, clock: SimulatedClock) -> None:
    journal.store_plan(PLAN, [correction("c1", action="create", profile_id=None)])
    row = journal.load(PLAN)[0]
    for state, new_id in (("intended", None), ("applied", "99"), ("verified", None)):
        clock.advance(timedelta(seconds=1))
        row = journal.move(row, state, f"now {state}", new_id=new_id)
    assert journal.load(PLAN) == [row]
    assert (row.state, row.new_id, row.detail) == ("verified", "99", "now verified")
    entries = journal.history()
    assert [(e.state, e.detail) for e in entries[1:]] == [(s, f"now {s}") for s in ("intended", "applied", "verified")]
    assert [e.entry for e in entries] == sorted(e.entry for e in entries)
    assert entries[-1].at == datetime(2026, 11, 23, 12, 15, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "step"),
    [("ready", "applied"), ("ready", "verified"), ("held", "intended"), ("blocked", "intended")],
)
def test_no_step_is_left_out(on_file: Journal, start: str, step: str) -> None:
    """I1: nothing is written without an intent before it, and nothing that is held is ever intended."""
    on_file.store_plan(PLAN, [correction("c1", state=start)])
    with pytest.raises(ValueError, match=f"{step} cannot follow {start}"):
        on_file.move(on_file.load(PLAN)[0], step)
    assert states(on_file) == {"c1": start}


def test_of_two_that_apply_one_plan_the_second_is_stopped(journal: Journal) -> None:
    """Compare and set: whoever moves a correction must have seen where it stands."""
    journal.store_plan(PLAN, [correction("c1")])
    mine, theirs = journal.load(PLAN)[0], journal.load(PLAN)[0]
    journal.move(theirs, "intended")
    with pytest.raises(LockHeld, match="somebody else is applying this plan"):
        journal.move(mine, "intended")
    assert [entry.state for entry in journal.history()] == ["ready", "intended"]


def test_what_move_returns_is_on_the_disk(journal: Journal) -> None:
    """Another connection sees it at once, with its line in the journal."""
    journal.store_plan(PLAN, [correction("c1")])
    journal.move(journal.load(PLAN)[0], "intended")
    with journal.state.engine.connect() as connection:
        lines = connection.execute(sa.select(journal_table.c.state).order_by(journal_table.c.entry)).scalars().all()
    assert lines == ["ready", "intended"]
