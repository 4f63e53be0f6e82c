"""What is held in a plan is released by people's decisions."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.clock import SimulatedClock
from jobs.journal import CREATED, Journal, fingerprint
from jobs.vault import Vault
from tests.unit.journal.planned import PLAN, correction, decide, held, states

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


@pytest.mark.parametrize("need", ["by_name", "does_not_settle"])
def test_what_is_freed_or_would_be_undone_goes_by_a_word_on_itself_alone(on_file: Journal, need: str) -> None:
    """C4, W2: a yes to a whole field of a pairing is none to this. The reasons and what would be lost stay with it."""
    on_file.store_plan(PLAN, [held("c1", "approval", need, asks=("a loop",), lost="the value")])
    decide(on_file, "field", "shop-mortar/phone")
    on_file.release(PLAN)
    assert states(on_file) == {"c1": "held"}
    decide(on_file, "correction", "c1")
    on_file.release(PLAN)
    (row,) = on_file.load(PLAN)
    assert (row.state, row.asks, row.lost) == ("ready", ("a loop",), "the value")


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
