"""Applying a plan to vendors that lie, refuse, normalise and fall silent, while clerks edit and people decide."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jobs.journal import CREATED

PHONE = {"phone": "+14165550142"}
NEW = {"first_name": "Ada", "last_name": "Roe", "phone": "+14165550190", "email": "ada@example.com"}


def create(bench: Any, name: str = "c", **more: Any) -> Any:
    words = {"action": "create", "profile_id": None, "reversible": "not", "needs": ("approval",), **more}
    return bench.correction(name, NEW, **words)


def crash_at(step: str) -> Callable[[str], None]:
    """Power is cut at a step; what was journaled by then is all that a second run knows."""

    def probe(point: str) -> None:
        if point.split(maxsplit=1)[0] == step:
            raise KeyboardInterrupt

    return probe


# the good way


def test_every_action_is_written_once_and_verified(bench: Any) -> None:
    bench.plan(
        bench.correction("u", PHONE),
        bench.correction("n", {"note": "likes tea\nLinked with ECOM. Do not delete!"}, action="add_note"),
        bench.correction("t", {"tags": "Shopify;vip"}, action="add_tag", profile_id="2"),
        bench.correction("o", {"email_consent": "out"}, action="opt_out", profile_id="3"),
        bench.correction("l", {"link:till": "2"}, action="relink", source="shop"),
        create(bench, state="ready"),
    )
    bench.decide("correction", "c")
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code, outcome.stopped, outcome.tripped) == ({"verified": 6}, 0, "", ())
    assert sorted(bench.ledger()) == [
        ("add_note", "1", "n"),
        ("add_tag", "2", "t"),
        ("create", "till-new-1", "c"),
        ("opt_out", "3", "o"),
        ("update", "1", "u"),
    ]
    assert bench.ledger("shop") == [("relink", "1", "l")]
    assert bench.row("c").new_id == "till-new-1"
    assert bench.journal.plan_states() == {"2026-11-23-a": "applied"}
    again = bench.apply()
    assert (again.counts, len(bench.ledger())) == ({"verified": 6}, 5)


def test_the_intent_is_on_the_disk_before_the_vendor_hears_of_it(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """I1."""
    store, seen = bench.stores["till"], []
    write = store.write

    def listening(*arguments: Any) -> str:
        seen.append(bench.states()["u"])
        return write(*arguments)

    monkeypatch.setattr(store, "write", listening)
    bench.plan(bench.correction("u", PHONE))
    bench.apply()
    assert seen == ["intended"]
    assert [entry.state for entry in bench.journal.history()] == ["ready", "intended", "applied", "verified"]


def test_a_link_to_a_profile_that_is_created_first(bench: Any) -> None:
    """M12: another source waits for the new id, and a third write for that link."""
    bench.plan(
        create(bench),
        bench.correction("l", {"link:till": f"{CREATED}c"}, action="relink", source="shop", after_correction="c"),
        bench.correction("t", {"tags": "Shopify;vip"}, action="add_tag", profile_id="2", after_correction="l"),
    )
    bench.decide("finding", "f-c")
    assert bench.apply().counts == {"verified": 3}
    assert bench.stores["shop"].records["1"]["link:till"] == "till-new-1"


def test_sources_are_written_side_by_side_each_by_one_writer(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write waits for one of the other source; of two writers of one source the barrier would hear too many."""
    barrier = threading.Barrier(2, timeout=20)
    for store in bench.stores.values():
        write = store.write
        monkeypatch.setattr(store, "write", lambda *a, write=write: (barrier.wait(), write(*a))[1])
    shop = [replace(row, correction_id=f"s{row.correction_id}") for row in bench.updates(3, "shop")]
    bench.plan(*bench.updates(3), *shop)
    assert bench.apply().counts == {"verified": 6}
    assert [profile for _, profile, _ in bench.ledger("shop")] == ["1", "2", "3"]


def test_progress_is_told_of_everything_that_ends(bench: Any) -> None:
    told: list[tuple[str, str]] = []
    bench.stores["till"].trouble = {"2": "refuses"}
    bench.plan(*bench.updates(3))
    bench.apply(progress=lambda row: told.append((row.correction_id, row.state)))
    assert told == [("u1", "verified"), ("u2", "refused"), ("u3", "held")]


# the world moves on


@pytest.mark.parametrize(
    ("edit", "detail"),
    [
        ({"phone": "+16135550199"}, "changed since the plan: phone"),
        ({"phone": None}, "changed since the plan: phone"),
        ({"status": "archived"}, "changed since the plan: status"),
    ],
)
def test_a_profile_edited_since_the_plan_is_handed_back(bench: Any, edit: dict[str, str], detail: str) -> None:
    """I11: named is the field, never a value; the rest goes through, and the night is not a failure."""
    bench.plan(*bench.updates(2))
    bench.stores["till"].records["1"].update(edit)
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"handed_back": 1, "verified": 1}, 0)
    assert bench.row("u1").detail == detail
    assert bench.ledger() == [("update", "2", "u2")]


def test_an_edit_of_what_was_not_judged_does_not_stand_in_the_way(bench: Any) -> None:
    bench.plan(bench.correction("u", PHONE))
    bench.stores["till"].records["1"]["note"] = "prefers coffee"
    assert bench.apply().counts == {"verified": 1}
    assert bench.stores["till"].records["1"]["note"] == "prefers coffee"


def test_a_profile_that_is_gone_is_handed_back(bench: Any) -> None:
    bench.plan(bench.correction("u", PHONE))
    del bench.stores["till"].records["1"]
    bench.apply()
    assert (bench.row("u").state, bench.row("u").detail) == ("handed_back", "the profile is gone")


@pytest.mark.parametrize("held", [{"phone": "(416) 555-0190"}, {"email": "ADA@example.com"}])
@pytest.mark.parametrize("status", ["active", "archived"])
def test_nothing_is_created_beside_a_profile_that_is_there(bench: Any, held: dict[str, str], status: str) -> None:
    """T2, T3: looked for by phone and email in the target first, archived ones too."""
    bench.plan(create(bench))
    bench.decide("finding", "f-c")
    bench.stores["till"].add("55", status=status, **held)
    bench.apply()
    row = bench.row("c")
    assert (row.state, row.detail) == ("handed_back", "its phone or email is on another profile: 55")
    assert bench.ledger() == []


def test_values_that_were_purged_are_not_written_as_nothing(bench: Any) -> None:
    bench.plan(bench.correction("u", PHONE))
    bench.journal.clock.sleep(1)
    bench.journal.purge(bench.journal.clock.now())
    bench.apply()
    assert (bench.row("u").state, bench.row("u").detail) == ("handed_back", "its values were purged: plan it again")
    assert bench.ledger() == []


# vendors in trouble


def test_a_vendor_that_lies_about_success_is_found_out(bench: Any) -> None:
    bench.stores["till"].trouble = {"1": "lies"}
    bench.plan(bench.correction("u", {**PHONE, "email": "new@example.com"}))
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"unknown": 1}, 6)
    assert bench.row("u").detail == "reads back otherwise: phone, email"


def test_a_vendor_that_normalises_is_believed(bench: Any) -> None:
    """17: no eternal drift over a spelling."""
    bench.stores["till"].trouble = {"*": "normalises"}
    bench.plan(
        bench.correction("u", {**PHONE, "email": "new@example.com", "city": "Ottawa"}),
        bench.correction("t", {"tags": "Shopify;vip"}, action="add_tag", profile_id="2"),
    )
    assert bench.apply().counts == {"verified": 2}
    assert bench.stores["till"].records["1"]["phone"] == "(416) 555-0142"


def test_a_vendor_that_resets_another_field_is_found_out_and_stays_found_out(bench: Any) -> None:
    """A PUT that blanks what it was not sent: the correction shows, and all the same it is no success."""
    bench.stores["till"].trouble = {"1": "resets"}
    bench.plan(bench.correction("u", PHONE))
    assert bench.apply().exit_code == 6
    for _ in range(2):
        assert (bench.row("u").state, bench.row("u").detail) == (
            "unknown",
            "other fields changed with the write: note",
        )
        assert bench.apply().exit_code == 6
    assert len(bench.ledger()) == 1


def test_a_refusal_is_kept_without_the_values_that_it_repeats(bench: Any) -> None:
    bench.stores["till"].trouble = {"1": "refuses"}
    bench.plan(bench.correction("u", {**PHONE, "email": "new@example.com"}))
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"refused": 1}, 6)
    assert bench.row("u").detail == "till: {'phone': '[…]', 'email': '[…]'} is not acceptable"


@pytest.mark.parametrize(("trouble", "writes"), [("lost", 1), ("dropped", 1)])
def test_an_answer_that_was_lost_is_unknown_until_it_is_read(bench: Any, trouble: str, writes: int) -> None:
    """16: whether the write took effect or not, one effect is all there will be."""
    bench.stores["till"].trouble = {"1": trouble}
    bench.plan(bench.correction("u", PHONE))
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"unknown": 1}, 6)
    assert bench.journal.plan_states() == {"2026-11-23-a": "unfinished"}
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 1}
    assert bench.ledger() == [("update", "1", "u")] * writes


def test_a_clerk_who_was_faster_than_the_resume_wins(bench: Any) -> None:
    bench.stores["till"].trouble = {"1": "dropped"}
    bench.plan(bench.correction("u", PHONE))
    bench.apply()
    bench.stores["till"].trouble = {}
    bench.stores["till"].records["1"]["phone"] = "+16135550177"
    bench.apply()
    assert (bench.row("u").state, bench.row("u").detail) == (
        "handed_back",
        "after a write of unknown outcome: changed since the plan: phone",
    )
    assert bench.ledger() == []


def test_a_source_that_cannot_be_read_back_leaves_the_row_unknown(bench: Any) -> None:
    store = bench.stores["till"]
    bench.plan(bench.correction("u", PHONE))
    bench.apply(probe=lambda point: store.trouble.update({"1": "down"}) if point == "after_outcome u" else None)
    assert bench.row("u").detail == "not read back: till: GET /customers stopped answering"
    assert bench.apply().counts == {"unknown": 1}
    store.trouble = {}
    assert bench.apply().counts == {"verified": 1}
    assert len(bench.ledger()) == 1


def test_what_cannot_be_read_is_not_written_and_stays_ready(bench: Any) -> None:
    bench.people(5)
    bench.stores["till"].trouble = {"4": "down"}
    bench.plan(*bench.updates(5))
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"verified": 4, "ready": 1}, 6)
    assert outcome.stopped == "till: 1 could not be read"
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 5}


def test_a_source_that_fails_again_and_again_is_left_alone(bench: Any) -> None:
    """The other source goes on; what was not tried stays ready for the next call."""
    bench.people(20)
    bench.stores["till"].trouble = {"*": "down"}
    shop = [replace(row, correction_id=f"s{row.correction_id}") for row in bench.updates(20, "shop")]
    bench.plan(*bench.updates(20), *shop)
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"ready": 20, "verified": 20}, 6)
    assert "till: left alone after 5 failures in a row, the last: till: GET /customers stopped" in outcome.stopped
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 40}


def test_failures_that_are_not_in_a_row_end_nothing(bench: Any) -> None:
    bench.people(20)
    bench.stores["till"].trouble = {str(n): "down" for n in range(4, 20, 2)}
    bench.plan(*bench.updates(20))
    outcome = bench.apply()
    assert (outcome.counts, outcome.stopped) == ({"verified": 12, "ready": 8}, "till: 8 could not be read")


def test_a_source_without_writes_is_left_as_it_was(bench: Any) -> None:
    """Refused before the wire; a plan from before the switch was turned waits."""
    bench.actions["till"] = frozenset()
    shop = [replace(row, correction_id=f"s{row.correction_id}") for row in bench.updates(1, "shop")]
    bench.plan(*bench.updates(2), *shop)
    outcome = bench.apply()
    assert (outcome.counts, outcome.exit_code) == ({"ready": 2, "verified": 1}, 0)
    assert outcome.stopped == "till takes no update (writes are off, or it cannot): left as it was"


def test_a_fault_of_our_own_stops_every_source_and_is_not_swallowed(bench: Any) -> None:
    bench.people(8)
    bench.stores["till"].trouble = {"4": "breaks"}
    bench.plan(*bench.updates(8))
    with pytest.raises(RuntimeError, match="a bug of ours"):
        bench.apply()
    assert list(bench.states().values()) == ["verified"] * 3 + ["intended"] + ["ready"] * 4
    assert bench.journal.plan_states() == {"2026-11-23-a": "applying"}
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 8}
    assert len(bench.ledger()) == 8


# creates of unknown outcome


@pytest.mark.parametrize("knows_keys", [True, False])
def test_a_create_whose_answer_was_lost_is_found_again(bench: Any, knows_keys: bool) -> None:
    """By our own reference, or by phone and email together with the same names."""
    bench.stores["till"].knows_keys = knows_keys
    bench.stores["till"].trouble = {"c": "lost"}
    bench.plan(create(bench), bench.correction("l", {"link:till": f"{CREATED}c"}, action="relink", source="shop"))
    bench.decide("finding", "f-c")
    assert bench.apply().counts == {"unknown": 1, "blocked": 1}
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 2}
    assert bench.ledger() == [("create", "till-new-1", "c")]
    assert bench.stores["shop"].records["1"]["link:till"] == "till-new-1"


def test_our_own_reference_finds_a_new_profile_that_was_edited_since(bench: Any) -> None:
    """Nothing is made a second time; that it is not as intended is for a person."""
    bench.stores["till"].trouble = {"c": "lost"}
    bench.plan(create(bench))
    bench.decide("finding", "f-c")
    bench.apply()
    bench.stores["till"].trouble = {}
    bench.stores["till"].records["till-new-1"].update(first_name="Adah", phone="+16135550177", email=None)
    bench.apply()
    row = bench.row("c")
    assert (row.state, row.new_id) == ("unknown", "till-new-1")
    assert row.detail == "reads back otherwise: first_name, phone, email"
    assert len(bench.ledger()) == 1


def test_a_create_that_was_dropped_is_written_again(bench: Any) -> None:
    bench.stores["till"].trouble = {"c": "dropped"}
    bench.plan(create(bench))
    bench.decide("finding", "f-c")
    bench.apply()
    bench.stores["till"].trouble = {}
    assert bench.apply().counts == {"verified": 1}
    assert len(bench.ledger()) == 1


def test_a_create_of_unknown_outcome_is_not_taken_for_somebody_else(bench: Any) -> None:
    """A profile with this phone, made meanwhile, has another name: a person looks."""
    bench.stores["till"].trouble = {"c": "dropped"}
    bench.plan(create(bench))
    bench.decide("finding", "f-c")
    bench.apply()
    bench.stores["till"].trouble = {}
    bench.stores["till"].add("77", first_name="Bo", last_name="Roe", phone=NEW["phone"])
    bench.apply()
    assert (bench.row("c").state, bench.ledger()) == ("handed_back", [])


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
