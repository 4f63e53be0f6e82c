"""Forgetting one person everywhere, and nobody else (G10)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.base import Action
from connectors.clock import SimulatedClock
from jobs import erasures, kept, shred
from jobs.corrections import HANDED_OVER, Correction
from jobs.erasures import Task
from jobs.errors import ConfigError
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
def place(tmp_path: Path, state_url: str, vault: Vault, clock: SimulatedClock) -> Iterator[Place]:
    state = State.open(state_url, vault)
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
    nobody = pa.table({"source": pa.array([], pa.string()), "id": pa.array([], pa.string())})
    tables = {"links": links, "outs": outs, "phones": pa.table({"raw": ["613 555 0117"]}), "roll": nobody}
    for name, table in tables.items():
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
    assert len(list((place.folder / "kept").iterdir())) == 3, "no older file is left beside"


def test_g10_another_profiles_correction_that_holds_the_persons_values_is_emptied_too(place: Place) -> None:
    """C4, M10: her phone freed on a stranger's profile, all of a profile that was merged into hers, and what takes such a one back."""
    rows = [
        replace(correction("freed", "till", "2"), origin="shop:7", origin_view={"phone": "+16135550117"}),
        replace(correction("merged", "till", "3", "merge"), origin="till:1"),
        replace(correction("back", "till", "2"), undoes=f"{PLAN}/freed"),
        replace(correction("his", "till", "2"), origin="shop:1"),
    ]  # fmt: skip
    place.journal.store_plan(PLAN, [replace(row, seq=n) for n, row in enumerate(rows, start=1)])
    place.journal.move(place.journal.load(PLAN)[1], "intended")
    assert shred.in_doubt(place, WHOM) == [PLAN], "a merge that was begun is settled first"
    shred.forget(place, WHOM)
    assert values(place) == {"freed": False, "merged": False, "back": False, "his": True}


def test_g10_a_hand_over_that_holds_the_person_is_removed_and_a_write_in_doubt_is_told(place: Place) -> None:
    rows = [correction("hers", "till", "1"), correction("other", "till", "2"), correction("shops", "shop", "7")]
    place.journal.store_plan(PLAN, [replace(row, seq=n) for n, row in enumerate(rows, start=1)])
    hers, other, shops = place.journal.load(PLAN)
    for row in (hers, other):
        place.journal.move(row, "intended", f"{HANDED_OVER}: import it")
    work = place.folder / "handover" / "till" / "work-list.xlsx"
    work.parent.mkdir(parents=True)
    work.write_bytes(b"Quillfeather")
    assert shred.in_doubt(place, WHOM) == [], "what a person was handed is no write in doubt"
    place.journal.move(shops, "intended")
    assert shred.in_doubt(place, WHOM) == [PLAN]
    shred.forget(place, WHOM)
    assert not work.exists()
    assert {row.correction_id: row.state for row in place.journal.load(PLAN)} == {
        "hers": "handed_back", "other": "handed_back", "shops": "intended",
    }  # fmt: skip


def test_g10_nothing_is_written_to_or_from_somebody_who_was_erased_since_the_plan(place: Place) -> None:
    """Whatever a plan that is older than the request holds; their own erasure alone goes on."""
    now = place.clock.now()
    request = erasures.new("gdpr", now.date(), "ticket 1", "kim", now)
    stone = erasures.stone_of(place.vault, "id", "shop", "7")
    assert not erasures.erased_of(place.state, place.vault)("shop", "7")
    erasures.open_request(place.state, request, [Task(0, "shop", "7", now)], [stone], [])
    why = erasures.barring(place.state, place.vault, now.date())
    hers, other = correction("hers", "shop", "7"), correction("other", "till", "1")
    told = "the customer was erased on request since the plan (G10)"
    assert why(hers) == told
    assert why(replace(other, origin="shop:7")) == told
    assert why(replace(hers, action="erase")) == ""
    assert why(replace(other, origin="shop:8")) == ""
    (task,) = erasures.tasks(place.state)
    erasures.keep_until(place.state, task, now.date())
    late = erasures.barring(place.state, place.vault, now.date())
    assert late(replace(hers, action="erase")) == "no privacy request waits for it any more (M15)"
    erasures.withdraw(place.state, 1, now.date(), now)
    ended = erasures.barring(place.state, place.vault, now.date() + timedelta(days=9))
    assert ended(replace(hers, action="erase")) == "no privacy request waits for it any more (M15)"
    assert ended(hers) == "", "who was let back in is a customer again"


@pytest.mark.parametrize(("law", "days"), [("gdpr", 30), ("ccpa", 45)])
def test_m15_every_law_has_its_clock_from_the_day_of_the_request(place: Place, law: str, days: int) -> None:
    now = place.clock.now()
    received = date(2026, 11, 20)
    assert erasures.new(law, received, "t", "kim", now).due == received + timedelta(days=days)
    with pytest.raises(ConfigError, match="from the future"):
        erasures.new(law, now.date() + timedelta(days=2), "t", "kim", now)
    with pytest.raises(ConfigError, match="choose one of gdpr, "):
        erasures.new("none", received, "t", "kim", now)


def test_m15_an_erasure_that_was_written_is_not_asked_for_again_until_the_person_is_back(place: Place) -> None:
    now = place.clock.now()
    request = erasures.new("gdpr", now.date(), "ticket 1", "kim", now)
    erasures.open_request(place.state, request, [Task(0, "shop", "7", now), Task(0, "till", "1", now)], [], ["e1"])
    place.journal.store_plan(PLAN, [replace(correction("e1", "shop", "7", "erase"), seq=1)])
    (row,) = place.journal.load(PLAN)
    row = place.journal.move(place.journal.move(row, "intended"), "applied")
    place.journal.move(row, "verified")
    shop, till = erasures.tasks(place.state)
    assert erasures.asked(place.state) == {shop.task}
    assert [d.verdict for d in place.state.decisions_in_force(now.date())] == ["approve"]
    erasures.close(place.state, [shop, till], now.date(), now)
    assert place.state.decisions_in_force(now.date()) == [], "the yes was for this request"
    assert {task.profile_id for task in erasures.tasks(place.state)} == {""}
    erasures.add_tasks(place.state, [Task(shop.request, "shop", "7", now + timedelta(days=90), back=True)])
    assert erasures.asked(place.state) == set()
