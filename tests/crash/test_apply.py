"""Applying, row by row: what is written, what is handed back, and what a vendor can do to a write."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from jobs.journal import CREATED, fingerprint
from tests.crash.written import PHONE, create


def erase(bench: Any, name: str = "e", **more: Any) -> Any:
    """As planned: what was judged is in the fingerprint alone (G10)."""
    record = bench.stores["till"].records["1"]
    judged = fingerprint(bench.journal.vault, "till", "1", record, ("first_name", "phone"))
    row = bench.correction(name, {"status": "erased"}, action="erase", reversible="not", fingerprint=judged, **more)
    return replace(row, before={"first_name": None, "phone": None})


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


@pytest.mark.parametrize(
    ("trouble", "later", "state", "detail", "writes"),
    [
        ("", False, "verified", "", 1),
        ("lies", False, "unknown", "the profile still shows who it was", 1),
        ("lies", True, "verified", "asked of the vendor; a later list shows when it is done", 1),
        ("refuses", False, "refused", "till: {'status': 'erased'} is not acceptable", 0),
        ("lost", False, "unknown", "till: stopped answering", 1),
    ],
)
def test_m15_an_erasure_is_read_back_by_what_is_left_of_the_customer(
    bench: Any, trouble: str, later: bool, state: str, detail: str, writes: int
) -> None:
    bench.later, bench.stores["till"].trouble = later, {"1": trouble}
    bench.plan(erase(bench))
    bench.decide("correction", "e")
    bench.apply()
    assert (bench.row("e").state, bench.row("e").detail.replace("[…]", "erased")) == (state, detail)
    assert len(bench.ledger()) == writes
    if trouble == "lost":
        bench.apply()
        assert (bench.row("e").state, len(bench.ledger())) == ("verified", 1), "read, not written again"


def test_m15_whoever_took_the_profile_over_meanwhile_is_not_erased(bench: Any) -> None:
    bench.plan(erase(bench))
    bench.decide("correction", "e")
    bench.stores["till"].records["1"]["first_name"] = "Another"
    bench.apply()
    assert (bench.row("e").state, bench.ledger()) == ("handed_back", [])
    assert "another person's" in bench.row("e").detail


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


def test_what_is_undone_behind_our_back_is_found_at_the_end_of_the_run(bench: Any) -> None:
    """Verified, then a sync puts it back: in doubt, and handed back by a resume, never written a second time."""
    store = bench.stores["till"]
    old = store.records["1"]["phone"]
    bench.plan(*bench.updates(3))
    sync = {"after_verify u3": lambda: store.records["1"].update(phone=old)}
    outcome = bench.apply(probe=lambda point: sync.get(point, lambda: None)())
    assert (outcome.counts, outcome.exit_code) == ({"unknown": 1, "verified": 2}, 6)
    assert bench.row("u1").detail == "written, and at the end of the run otherwise again: phone"
    assert bench.apply().counts == {"handed_back": 1, "verified": 2}
    assert len(bench.ledger()) == 3


def test_at_the_end_of_the_run_the_last_word_on_a_field_counts(bench: Any) -> None:
    """A second correction of the same field is no undoing of the first."""
    first = bench.correction("s", {"tags": "a;vip"}, action="add_tag")
    judged = {**bench.stores["till"].records["1"], "tags": "a;vip"}
    print_ = fingerprint(bench.journal.vault, "till", "1", judged, ["tags"])
    more = {"before": {"tags": "a;vip"}, "after": {"tags": "a;b;vip"}, "fingerprint": print_, "after_correction": "s"}
    bench.plan(first, replace(first, correction_id="t", **more))
    assert bench.apply().counts == {"verified": 2}


def test_what_cannot_be_read_again_at_the_end_stays_verified_and_is_said(bench: Any) -> None:
    store = bench.stores["till"]
    bench.plan(*bench.updates(2))
    outcome = bench.apply(
        probe=lambda point: store.trouble.update({"*": "down"}) if point == "after_verify u2" else None
    )
    assert (outcome.counts, outcome.exit_code) == ({"verified": 2}, 6)
    assert outcome.stopped.startswith("till: not all was read again at the end: till: GET /customers stopped answering")


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
