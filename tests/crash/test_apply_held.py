"""What does not go: rows that wait for a word, breakers, canaries and pauses."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.journal import CREATED
from tests.crash.written import PHONE, crash_at, create

# decisions


def test_held_rows_wait_for_their_word(bench: Any) -> None:
    rows = [replace(row, state="held", needs=("approval",)) for row in bench.updates(3)]
    bench.plan(*rows)
    bench.decide("correction", "u1")
    bench.decide("correction", "u2", "reject")
    bench.decide("correction", "u3", fingerprint="of yesterday")
    outcome = bench.apply()
    assert bench.states() == {"u1": "verified", "u2": "held", "u3": "held"}
    assert outcome.exit_code == 0
    assert "by kim on correction u3: what it was made on has changed since" in outcome.said[0]


def test_an_approval_is_spent_by_what_it_approved(bench: Any) -> None:
    bench.plan(*[replace(row, state="held", needs=("approval",)) for row in bench.updates(2)])
    bench.decide("correction", "u1")
    bench.apply()
    assert [d.withdrawn_at is None for d in bench.journal.state.decisions()] == [False]
    assert bench.apply().counts == {"verified": 1, "held": 1}


def test_what_follows_a_correction_that_fails_is_blocked(bench: Any) -> None:
    """C4: the second is not tried unless the first is verified."""
    bench.stores["till"].trouble = {"2": "refuses"}
    bench.plan(
        bench.correction("free", {"phone": None}, profile_id="2"),
        bench.correction("take", PHONE, after_correction="free"),
        bench.correction("tag", {"tags": "a;vip"}, action="add_tag", after_correction="take"),
    )
    assert bench.apply().counts == {"refused": 1, "blocked": 2}
    assert [bench.row(name).blocked_by for name in ("take", "tag")] == ["free", "take"]
    assert bench.ledger() == []


def test_what_follows_a_held_correction_goes_on_with_it(bench: Any) -> None:
    bench.plan(
        create(bench, state="held"),
        bench.correction("l", {"link:till": f"{CREATED}c"}, action="relink", source="shop", after_correction="c"),
    )
    assert bench.apply().counts == {"held": 1, "blocked": 1}
    bench.decide("finding", "f-c")
    assert bench.apply().counts == {"verified": 2}


def test_only_what_is_named_is_applied(bench: Any) -> None:
    bench.plan(*bench.updates(3))
    outcome = bench.apply(only=["u2"])
    assert (bench.states(), outcome.exit_code) == ({"u1": "ready", "u2": "verified", "u3": "ready"}, 0)
    assert bench.journal.plan_states() == {"2026-11-23-a": "unfinished"}


# breakers


def test_a_tripped_breaker_stops_its_source_before_the_first_write(bench: Any) -> None:
    """Exit 5; the other source goes on; a word on the breaker of this run lets it go."""
    bench.people(26)
    shop = [replace(row, correction_id=f"s{row.correction_id}") for row in bench.updates(3, "shop")]
    bench.plan(*bench.updates(26), *shop)
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code, outcome.tripped) == ({"held": 26, "verified": 3}, 5, ("till/updates",))
    assert bench.ledger() == []
    assert (bench.row("u1").blocked_by, bench.row("u1").needs) == ("till/updates", ("breaker",))
    bench.decide("breaker", "till/updates", run_id="2026-11-22-a")
    assert bench.apply().exit_code == 5
    bench.decide("breaker", "till/updates")
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code, outcome.tripped) == ({"verified": 29}, 0, ())
    assert [b.name for b in outcome.breakers if b.tripped] == ["updates"]


@pytest.mark.parametrize(
    ("name", "after", "action"),
    [
        ("opt_outs", {"email_consent": "out"}, "opt_out"),
        ("same_value", {"city": "Ottawa"}, "update"),
        ("same_value", {"phone": None}, "update"),
    ],
)
def test_every_kind_of_breaker_holds_its_source(bench: Any, name: str, after: dict[str, str], action: str) -> None:
    bench.people(26)
    rows = [bench.correction(f"r{n}", after, action=action, profile_id=str(n)) for n in range(1, 27)]
    bench.plan(*rows)
    outcome = bench.apply(actives={"till": 100_000})
    assert (outcome.tripped, outcome.counts, bench.ledger()) == ((f"till/{name}",), {"held": 26}, [])
    bench.decide("breaker", f"till/{name}")
    assert bench.apply(actives={"till": 100_000}).counts == {"verified": 26}


def test_creates_above_their_limit_wait_for_a_word_on_the_breaker(bench: Any) -> None:
    held = {"action": "create", "profile_id": None, "needs": ("approval",), "state": "held"}
    rows = [bench.correction(f"c{n}", {"first_name": "A", "phone": f"+1416555{n:04}"}, **held) for n in range(6)]
    bench.plan(*rows)
    for n in range(6):
        bench.decide("finding", f"f-c{n}")
    assert bench.apply().tripped == ("till/creates",)
    bench.decide("breaker", "till/creates")
    assert bench.apply().counts == {"verified": 6}


def test_what_cannot_be_undone_waits_for_its_name_and_holds_nothing_else(bench: Any) -> None:
    """G14."""
    bench.plan(bench.correction("x", PHONE, reversible="not"), bench.correction("u", PHONE, profile_id="2"))
    outcome = bench.apply()
    assert (bench.states(), outcome.tripped, outcome.exit_code) == (
        {"x": "held", "u": "verified"},
        ("till/irreversible",),
        5,
    )
    bench.decide("correction", "x")
    outcome = bench.apply()
    assert (bench.states(), outcome.tripped, outcome.exit_code) == ({"x": "verified", "u": "verified"}, (), 0)
    assert bench.apply().exit_code == 0


def test_slices_do_not_slip_under_a_breaker(bench: Any) -> None:
    """The limit is per source and run, whatever `only` names."""
    bench.people(30)
    bench.plan(*bench.updates(30))
    outcome = bench.apply(only=["u26"])
    assert (outcome.tripped, outcome.counts) == (("till/updates",), {"held": 30})


def test_what_this_plan_has_written_counts(bench: Any) -> None:
    bench.people(30)
    late = [replace(row, state="held", needs=("approval",)) for row in bench.updates(30)[25:]]
    bench.plan(*bench.updates(25), *late)
    assert bench.apply().counts == {"verified": 25, "held": 5}
    bench.decide("correction", "u26")
    outcome = bench.apply()
    assert (outcome.tripped, outcome.counts) == (("till/updates",), {"verified": 25, "held": 5})


def test_a_breaker_that_no_longer_trips_lets_the_others_go(bench: Any) -> None:
    """Enough of the rows were rejected."""
    bench.people(27)
    bench.plan(*bench.updates(27))
    assert bench.apply().counts == {"held": 27}
    bench.decide("correction", "u1", "reject")
    assert bench.apply().counts == {"held": 27}
    bench.decide("correction", "u2", "reject")
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"held": 2, "verified": 25}, 0)


def test_too_many_failures_among_many_writes_hold_the_rest_of_the_source(bench: Any) -> None:
    """Never five in a row, and all the same too many; the other source goes on, and a word on the breaker lets it."""
    bench.people(60)
    bench.stores["till"].trouble = {str(n): "refuses" for n in range(4, 60, 2)}
    shop = [replace(row, correction_id=f"s{row.correction_id}") for row in bench.updates(3, "shop")]
    bench.plan(*bench.updates(60), *shop)
    outcome = bench.apply(actives={"till": 100_000})
    assert (outcome.tripped, outcome.exit_code) == (("till/failures",), 6)
    assert outcome.stopped.startswith("till: left alone after 11 failures of 24, the last: ")
    assert outcome.counts == {"verified": 16, "refused": 11, "held": 36}
    bench.stores["till"].trouble = {}
    again = bench.apply(actives={"till": 100_000})
    assert (again.tripped, len(bench.ledger())) == (("till/failures",), 13)
    bench.decide("breaker", "till/failures")
    assert bench.apply(actives={"till": 100_000}).counts == {"verified": 52, "refused": 11}


# canaries and pauses


@pytest.mark.parametrize(("trouble", "state"), [("lies", "unknown"), ("refuses", "refused")])
def test_a_canary_that_is_not_verified_holds_the_rest_of_its_kind(bench: Any, trouble: str, state: str) -> None:
    bench.people(12)
    bench.stores["till"].trouble = {"2": trouble}
    tags = [
        bench.correction(f"t{n}", {"tags": "Shopify;vip"}, action="add_tag", profile_id=str(n)) for n in range(3, 9)
    ]
    shop = [replace(row, correction_id=f"s{row.correction_id}") for row in bench.updates(12, "shop")]
    bench.plan(*bench.updates(12), *tags, *shop)
    outcome = bench.apply()
    assert outcome.counts == {"verified": 1 + 6 + 12, state: 1, "held": 10}
    assert outcome.exit_code == 6
    assert (bench.row("u3").blocked_by, bench.row("u3").needs) == ("canary u2", ("approval",))
    bench.stores["till"].trouble = {}
    for n in range(3, 13):
        bench.decide("correction", f"u{n}")
    assert bench.apply().counts.get("held") is None


def test_a_canary_handed_back_is_replaced_by_the_next(bench: Any) -> None:
    """An edit by a clerk says nothing about the vendor."""
    bench.people(8)
    bench.plan(*bench.updates(8))
    for n in "123":
        bench.stores["till"].records[n]["phone"] = "+16135550177"
    bench.stores["till"].trouble = {"6": "refuses"}
    assert bench.apply().counts == {"handed_back": 3, "verified": 2, "refused": 1, "held": 2}


def test_after_its_canaries_one_refusal_is_one_refusal(bench: Any) -> None:
    bench.people(8)
    bench.stores["till"].trouble = {"5": "refuses"}
    bench.plan(*bench.updates(8))
    assert bench.apply().counts == {"verified": 7, "refused": 1}


def test_canaries_of_an_earlier_call_count(bench: Any) -> None:
    bench.people(8)
    bench.stores["till"].trouble = {"4": "refuses"}
    bench.plan(*bench.updates(8))
    bench.apply(only=["u1", "u2", "u3"])
    assert bench.apply().counts == {"verified": 7, "refused": 1}


def test_canaries_go_first_in_the_order_of_the_plan(bench: Any) -> None:
    bench.people(5)
    tag = bench.correction("t", {"tags": "a;vip"}, action="add_tag", profile_id="1")
    bench.plan(*bench.updates(5), tag)
    bench.apply()
    assert [key for _, _, key in bench.ledger()] == ["u1", "u2", "u3", "t", "u4", "u5"]


def test_a_pause_stops_before_the_next_write_and_a_resume_goes_on(bench: Any) -> None:
    bench.people(6)
    bench.plan(*bench.updates(6), bench.correction("after", {"note": "x"}, profile_id="6", after_correction="u6"))
    outcome = bench.apply(paused=lambda: len(bench.ledger()) >= 4)
    assert (outcome.counts, outcome.exit_code) == ({"verified": 4, "ready": 3}, 0)
    assert outcome.stopped.startswith("paused: nothing more was written; `rollcall resume` goes on")
    assert bench.journal.plan_states() == {"2026-11-23-a": "unfinished"}
    assert bench.apply().counts == {"verified": 7}
    assert len(bench.ledger()) == 7


def test_outside_its_window_nothing_is_written_and_a_resume_goes_on(bench: Any) -> None:
    bench.people(6)
    bench.plan(*bench.updates(6))
    shut = "outside the write window (21:00 to 06:00, UTC): nothing more was written"
    outcome = bench.apply(closed=lambda: shut if len(bench.ledger()) >= 4 else "")
    assert (outcome.counts, outcome.exit_code, outcome.stopped) == ({"verified": 4, "ready": 2}, 0, shut)
    assert bench.apply().counts == {"verified": 6}


def test_a_paused_resume_reads_and_does_not_write(bench: Any) -> None:
    """What is in doubt may be looked at; a second write waits."""
    bench.stores["till"].trouble = {"1": "lost", "2": "dropped"}
    bench.plan(bench.correction("u", PHONE), bench.correction("n", {"note": "x"}, action="add_note", profile_id="2"))
    assert bench.apply().counts == {"unknown": 2}
    bench.stores["till"].trouble = {}
    outcome = bench.apply(paused=lambda: True)
    assert bench.states() == {"u": "verified", "n": "ready"}
    assert outcome.exit_code == 0
    assert len(bench.ledger()) == 1


def test_an_interrupt_leaves_the_present_write_in_doubt_and_the_rest_ready(bench: Any) -> None:
    bench.plan(*bench.updates(3))
    with pytest.raises(KeyboardInterrupt):
        bench.apply(probe=crash_at("after_write"))
    assert bench.states() == {"u1": "intended", "u2": "ready", "u3": "ready"}
    assert bench.apply().counts == {"verified": 3}
    assert len(bench.ledger()) == 3
