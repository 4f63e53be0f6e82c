"""Plans and their journal: kept sealed, moved durably one step at a time, released by people's decisions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from connectors.clock import SimulatedClock
from jobs.errors import ConfigError, LockHeld
from jobs.journal import CREATED, Correction, Journal, fingerprint
from jobs.state import DecisionRow, State
from jobs.tables import journal as journal_table
from jobs.vault import Vault

PLAN = "2026-11-23-a"


@pytest.fixture
def journal(state_url: str, vault: Vault, clock: SimulatedClock) -> Iterator[Journal]:
    state = State.open(state_url, vault)
    yield Journal(state, vault, clock)
    state.close()


@pytest.fixture
def on_file(tmp_path: Path, vault: Vault, clock: SimulatedClock) -> Iterator[Journal]:
    state = State.open(f"sqlite:///{tmp_path}/state.db", vault)
    yield Journal(state, vault, clock)
    state.close()


def correction(name: str = "c1", **more: object) -> Correction:
    plain: dict[str, object] = {
        "correction_id": name,
        "source": "till",
        "profile_id": "7",
        "action": "update",
        "before": {"phone": "+16135550117", "email": None},
        "after": {"phone": "+16135550118"},
        "why": "changed in shop since both agreed",
        "rule_ids": ("G13", "M7"),
        "finding_ids": (f"finding-{name}",),
        "fingerprint": f"print-{name}",
        "reversible": "fully",
        "needs": (),
        "state": "ready",
        "pairing": "shop-mortar",
        "seq": int("".join(filter(str.isdigit, name)) or 0),
    }
    return Correction(**{**plain, **more})


def held(name: str = "c1", *needs: str, **more: object) -> Correction:
    return correction(name, state="held", needs=needs or ("approval",), **more)


def decide(journal: Journal, target: str, id_: str, verdict: str = "approve", **more: object) -> None:
    words = {"reason": "", "by": "kim", "made_at": journal.clock.now(), "run_id": PLAN, **more}
    journal.state.record_decisions([DecisionRow(target=target, id=id_, verdict=verdict, **words)])


def states(journal: Journal) -> dict[str, str]:
    return {row.correction_id: row.state for row in journal.load(PLAN)}


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


# decisions


@pytest.mark.parametrize(
    ("target", "id_"), [("correction", "c1"), ("finding", "finding-c1"), ("field", "shop-mortar/phone")]
)
def test_a_held_correction_is_released_by_a_word_on_it_its_finding_or_its_field(
    journal: Journal, target: str, id_: str
) -> None:
    journal.store_plan(
        PLAN, [held("c1", "approval", "choice"), held("c2", pairing="other", after={"email": "a@example.com"})]
    )
    assert journal.release(PLAN).released == ()
    decide(journal, target, id_)
    release = journal.release(PLAN)
    assert (release.released, release.held, release.said) == (("c1",), (), ())
    assert states(journal) == {"c1": "ready", "c2": "held"}


def test_a_held_correction_without_a_stated_need_wants_an_approval_all_the_same(on_file: Journal) -> None:
    """Such as one of the first seven nights, which only observe (G14)."""
    on_file.store_plan(PLAN, [correction("c1", state="held")])
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "held"}
    decide(on_file, "correction", "c1")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "ready"}


def test_a_word_whose_fingerprint_no_longer_holds_is_refused_and_said(journal: Journal) -> None:
    journal.store_plan(PLAN, [held("c1"), held("c2")])
    decide(journal, "correction", "c1", fingerprint="print-c1")
    decide(journal, "finding", "finding-c2", fingerprint="as it was yesterday")
    release = journal.release(PLAN)
    assert release.released == ("c1",)
    (said,) = release.said
    assert said.endswith("by kim on finding finding-c2: what it was made on has changed since; decide again")


def test_a_word_that_holds_for_one_of_two_corrections_is_no_refusal(on_file: Journal) -> None:
    on_file.store_plan(PLAN, [held("c1", finding_ids=("f",)), held("c2", finding_ids=("f",))])
    decide(on_file, "finding", "f", fingerprint="print-c2")
    release = on_file.release(PLAN)
    assert (release.released, release.said) == (("c2",), ())


def test_rejected_and_accepted_corrections_stay_held(journal: Journal) -> None:
    """Also those that would have gone unattended: a person said no."""
    journal.store_plan(PLAN, [held("c1"), correction("c2"), correction("c3")])
    decide(journal, "correction", "c1", "reject", by="ana")
    decide(journal, "finding", "finding-c2", "accept", by="ben")
    assert journal.release(PLAN).held == ("c2",)
    rows = journal.load(PLAN)
    assert [(row.state, row.detail) for row in rows] == [
        ("held", "rejected by ana"),
        ("held", "accepted as it is by ben"),
        ("ready", ""),
    ]
    lines = len(journal.history())
    journal.release(PLAN)
    assert len(journal.history()) == lines


def test_the_most_specific_word_decides_and_no_beats_yes(on_file: Journal) -> None:
    on_file.store_plan(PLAN, [held("c1"), held("c2", finding_ids=("f", "g"))])
    decide(on_file, "finding", "finding-c1", "reject")
    decide(on_file, "correction", "c1")
    decide(on_file, "finding", "f")
    decide(on_file, "finding", "g", "reject")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "ready", "c2": "held"}


def test_a_bulk_word_covers_drift_only_and_every_field_that_changes(on_file: Journal) -> None:
    """G9a, G14: no consent, no new profile and no half-approved address by a word on a field."""
    address = {"street": "1 Main St", "city": "Ottawa", "postal_code": "K1A 0B1"}
    on_file.store_plan(
        PLAN,
        [
            held("c1", after=address),
            held("c2", after={**address, "phone": "+16135550119"}),
            held("c3", after={"email_consent": "in"}),
            held("c4", action="create", profile_id=None, before={}, after=address),
            held("c5", after=address, pairing="another"),
        ],
    )
    decide(on_file, "field", "shop-mortar/address")
    decide(on_file, "field", "shop-mortar/email_consent")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "ready", **dict.fromkeys(["c2", "c3", "c4", "c5"], "held")}
    decide(on_file, "field", "shop-mortar/phone", "reject")
    on_file.release(PLAN)
    assert on_file.load(PLAN)[1].detail == "rejected by kim"


def test_an_identity_check_wants_a_reason_by_name(journal: Journal) -> None:
    """G12: the note of how identity was verified; a word on a whole field cannot know."""
    journal.store_plan(PLAN, [held("c1", "approval", "identity_check")])
    decide(journal, "field", "shop-mortar/phone", reason="they all look fine")
    journal.release(PLAN)
    decide(journal, "correction", "c1", reason="  ")
    journal.release(PLAN)
    row = journal.load(PLAN)[0]
    assert (row.state, row.detail) == ("held", "still needs: an approval that says how the identity was verified (G12)")
    decide(journal, "correction", "c1", reason="passport shown at the counter")
    journal.release(PLAN)
    assert states(journal) == {"c1": "ready"}


def test_a_breaker_is_lifted_by_a_word_on_it_for_this_run_alone(journal: Journal) -> None:
    journal.store_plan(PLAN, [held("c1", "breaker", blocked_by="till/updates, till/same_value")])
    decide(journal, "correction", "c1")
    decide(journal, "breaker", "till/updates", run_id="2026-11-22-a")
    decide(journal, "breaker", "till/same_value")
    journal.release(PLAN)
    assert states(journal) == {"c1": "held"}
    assert journal.load(PLAN)[0].detail == "still needs: a word on the breaker"
    decide(journal, "breaker", "till/updates")
    journal.release(PLAN)
    row = journal.load(PLAN)[0]
    assert (row.state, row.blocked_by) == ("ready", "")


@pytest.mark.parametrize(("name", "state"), [("opt_outs", "ready"), ("irreversible", "ready"), ("updates", "held")])
def test_opt_outs_and_the_irreversible_are_lifted_by_name(on_file: Journal, name: str, state: str) -> None:
    """G9, G14: each customer by name; a flood of updates is not lifted by approving its drops."""
    on_file.store_plan(PLAN, [held("c1", "breaker", blocked_by=f"till/{name}")])
    decide(on_file, "finding", "finding-c1")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": state}


def test_a_rejected_breaker_is_not_lifted(on_file: Journal) -> None:
    on_file.store_plan(PLAN, [held("c1", "breaker", blocked_by="till/updates")])
    decide(on_file, "breaker", "till/updates")
    decide(on_file, "breaker", "till/updates", "reject")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "held"}


def test_a_word_runs_out_at_the_end_of_the_groups_day(on_file: Journal, clock: SimulatedClock) -> None:
    """In Los Angeles it is still the 23rd when UTC has the 24th."""
    here = Journal(on_file.state, on_file.vault, clock, ZoneInfo("America/Los_Angeles"))
    here.store_plan(PLAN, [held("c1"), held("c2")])
    decide(here, "correction", "c1", until=date(2026, 11, 23))
    clock.advance(timedelta(hours=15))
    assert clock.now().date() == date(2026, 11, 24)
    assert here.release(PLAN).released == ("c1",)
    decide(here, "correction", "c2", until=date(2026, 11, 23))
    clock.advance(timedelta(hours=6))
    assert here.release(PLAN).released == ()


def test_what_waits_for_another_correction_goes_on_when_that_one_is_on_its_way(on_file: Journal) -> None:
    after = {"link:till": f"{CREATED}c1"}
    on_file.store_plan(
        PLAN,
        [
            held("c1", action="create", profile_id=None),
            correction("c2", source="shop", action="relink", state="blocked", blocked_by="c1", after=after),
            correction(
                "c3", source="shop", state="blocked", blocked_by="c1", needs=("approval",), after_correction="c1"
            ),
            correction("c4", state="blocked", blocked_by="shop:12 holds the value", after_correction="c1"),
        ],
    )
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "held", **dict.fromkeys(["c2", "c3", "c4"], "blocked")}
    decide(on_file, "finding", "finding-c1")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "ready", "c2": "ready", "c3": "held", "c4": "blocked"}


def test_a_yes_is_for_one_time(journal: Journal) -> None:
    """An approval without a date is spent when all that it covered is done; one with a date stands until then."""
    journal.store_plan(
        PLAN, [correction("c1", finding_ids=("f",)), correction("c2", finding_ids=("f", "g")), correction("c3")]
    )
    for target, id_, more in (
        ("finding", "f", {}),
        ("finding", "g", {"until": date(2026, 12, 24)}),
        ("correction", "c1", {}),
        ("correction", "c3", {}),
        ("correction", "elsewhere", {}),
    ):
        decide(journal, target, id_, **more)
    first, second, _ = journal.load(PLAN)
    journal.move(first, "handed_back")
    journal.spend(PLAN)
    assert [d.id for d in journal.state.decisions_in_force(date(2026, 11, 23))] == ["f", "g", "c3", "elsewhere"]
    journal.move(second, "refused")
    journal.spend(PLAN)
    assert [d.id for d in journal.state.decisions_in_force(date(2026, 11, 23))] == ["g", "c3", "elsewhere"]


# fingerprints


def test_a_fingerprint_is_of_the_profile_its_status_and_the_fields_that_were_judged(vault: Vault) -> None:
    view = {"status": "active", "phone": "+16135550117", "email": None, "note": "n"}
    fields = ["phone", "email"]
    known = fingerprint(vault, "till", "7", view, fields)
    same = [
        fingerprint(vault, "till", "7", {**view, "note": "other"}, fields),
        fingerprint(vault, "till", "7", {**view, "email": ""}, reversed(fields)),
        fingerprint(vault, "till", "7", {"status": "active", "phone": "+16135550117"}, fields),
    ]
    assert set(same) == {known}
    different = [
        fingerprint(vault, "shop", "7", view, fields),
        fingerprint(vault, "till", "8", view, fields),
        fingerprint(vault, "till", "7", {**view, "status": "archived"}, fields),
        fingerprint(vault, "till", "7", {**view, "phone": "+16135550118"}, fields),
        fingerprint(vault, "till", "7", {**view, "phone": None, "email": "+16135550117"}, fields),
        fingerprint(vault, "till", "7", view, ["phone"]),
        fingerprint(Vault(b"another key, of 32 bytes as well"), "till", "7", view, fields),
    ]
    assert known not in different
    assert len(set(different)) == len(different)
