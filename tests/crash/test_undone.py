"""What was written is taken back: judged on the present, from the end of every chain, each effect once, also after a kill."""

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest

from jobs.inverse import asked_again
from jobs.journal import CREATED
from tests.crash.written import PHONE, crash_at, create

UNDO = "2026-11-23-b"


def plan_all(bench: Any) -> None:
    """Every action, with a chain over both stores."""
    bench.stores["till"].records["2"]["group"] = "Trade"
    bench.stores["till"].add("9", status="archived", first_name="Kit")
    bench.plan(
        create(bench, state="ready", needs=()),
        bench.correction("u", {**PHONE, "email": None}),
        bench.correction("n", {"note": "likes tea\nLinked with ECOM. Do not delete!"}, action="add_note"),
        bench.correction("t", {"tags": "Shopify;vip"}, action="add_tag", profile_id="2"),
        bench.correction("g", {"group": "Retail"}, action="set_group", profile_id="2"),
        bench.correction("a", {"status": "archived"}, action="archive", profile_id="3"),
        bench.correction("r", {"status": "active"}, action="restore", profile_id="9"),
        bench.correction("l", {"link:till": f"{CREATED}c"}, action="relink", source="shop", after_correction="c"),
    )
    bench.decide("correction", "c")
    bench.decide("correction", "a")
    assert bench.apply().counts == {"verified": 8}


def approve_all(bench: Any) -> None:
    for row in bench.journal.load(UNDO):
        if row.state == "held":
            bench.decide("correction", row.correction_id, run_id=UNDO)


def test_every_action_comes_back_and_the_originals_are_undone(bench: Any) -> None:
    """G14: archiving waits for its name; a created profile stays, archived."""
    before = {name: copy.deepcopy(store.records) for name, store in bench.stores.items()}
    plan_all(bench)
    before["till"]["2"]["group"] = "Trade"
    before["till"]["9"] = {"id": "9", "status": "archived", "first_name": "Kit"}
    rows = bench.take_back()
    assert {row.profile_id for row in rows if row.state == "held"} == {"till-new-1", "9"}
    assert bench.apply(plan=UNDO).counts == {"verified": 6, "held": 2}
    approve_all(bench)
    assert bench.apply(plan=UNDO).counts == {"verified": 8}
    after = {name: copy.deepcopy(store.records) for name, store in bench.stores.items()}
    assert after["till"].pop("till-new-1")["status"] == "archived"
    assert after["shop"]["1"].pop("link:till") is None
    assert after == before
    assert set(bench.states().values()) == {"undone"}
    assert [entry.detail for entry in bench.journal.history("2026-11-23-a")][-1] == f"taken back by {UNDO}"


def test_a_chain_is_taken_back_from_its_end_and_stops_where_it_cannot(bench: Any) -> None:
    """M12: nobody archives a profile to which a link still points."""
    plan_all(bench)
    bench.stores["shop"].records["1"]["link:till"] = "77"
    rows = {row.undoes.split("/")[1]: row for row in bench.take_back()}
    assert (rows["l"].state, rows["l"].blocked_by) == ("blocked", "changed since it was written: link:till")
    assert rows["c"].after_correction == rows["l"].correction_id
    approve_all(bench)
    assert bench.apply(plan=UNDO).counts == {"verified": 6, "blocked": 2}
    assert bench.stores["till"].records["till-new-1"]["status"] == "active"


def test_tags_of_others_stay_and_values_of_others_too(bench: Any) -> None:
    plan_all(bench)
    bench.stores["till"].records["2"] |= {"tags": "Shopify;clerk;vip", "group": "Staff"}
    bench.stores["till"].records["1"]["note"] = "likes coffee"
    rows = {row.undoes.split("/")[1]: row for row in bench.take_back()}
    assert rows["t"].after == {"tags": "clerk;vip"}
    assert rows["g"].blocked_by == "changed since it was written: group"
    assert (rows["n"].blocked_by, rows["n"].after) == ("changed since it was written: note", {})


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"action": "opt_out", "after": {"email_consent": "out"}}, "an opt-out stays: an opt-in is never written (G9, G9a)"),
        ({"action": "archive", "after": {"status": "archived"}, "less": "restore"}, "till takes no restore: put it back by hand"),
        ({"action": "update", "after": PHONE, "trouble": "lost"}, "what became of it is not known: `rollcall resume 2026-11-23-a` finds out first"),
    ],
)  # fmt: skip
def test_what_cannot_come_back_says_why_and_is_never_written(bench: Any, row: dict[str, Any], why: str) -> None:
    """G9, G9a: no word of anybody has it written."""
    bench.stores["till"].trouble = {"1": row.get("trouble", "")}
    bench.plan(bench.correction("x", row["after"], action=row["action"]))
    bench.decide("correction", "x")
    bench.apply()
    bench.stores["till"].trouble = {}
    bench.actions["till"] = bench.actions["till"] - {row.get("less")}
    (back,) = bench.take_back()
    assert (back.state, back.blocked_by, back.after, back.needs) == ("blocked", why, {}, ())
    written = len(bench.ledger())
    bench.decide("correction", back.correction_id, run_id=UNDO)
    assert bench.apply(plan=UNDO).counts == {"blocked": 1}
    assert len(bench.ledger()) == written


def test_what_was_purged_is_announced(bench: Any) -> None:
    bench.plan(*bench.updates(1))
    bench.apply()
    bench.journal.clock.sleep(1)
    bench.journal.purge(bench.journal.clock.now())
    (back,) = bench.take_back()
    assert back.blocked_by == "its values were purged: nobody knows any more what was there"


def test_an_edit_between_showing_and_applying_is_handed_back(bench: Any) -> None:
    bench.plan(*bench.updates(2))
    bench.apply()
    bench.take_back()
    bench.stores["till"].records["1"]["phone"] = "+16135550177"
    assert bench.apply(plan=UNDO).counts == {"handed_back": 1, "verified": 1}
    assert bench.states() == {"u1": "verified", "u2": "undone"}


@pytest.mark.parametrize("step", ["before_intent", "after_intent", "after_write", "after_outcome", "after_verify"])
def test_an_undo_that_was_killed_goes_on_and_undoes_once(bench: Any, step: str) -> None:
    """I1, I2; the original is undone from the moment its inverse is verified, never before."""
    bench.plan(*bench.updates(2))
    bench.apply()
    bench.take_back()
    with pytest.raises(KeyboardInterrupt):
        bench.apply(plan=UNDO, probe=crash_at(step))
    verified = list(bench.states(UNDO).values()).count("verified")
    assert list(bench.states().values()).count("undone") == verified
    assert bench.apply(plan=UNDO).counts == {"verified": 2}
    assert set(bench.states().values()) == {"undone"}
    assert len(bench.ledger()) == 4


def test_breakers_count_an_undo_like_any_plan(bench: Any) -> None:
    bench.people(26)
    bench.plan(*bench.updates(26))
    bench.decide("breaker", "till/updates")
    assert bench.apply().counts == {"verified": 26}
    bench.take_back()
    assert bench.apply(plan=UNDO).tripped == ("till/updates",)
    bench.decide("breaker", "till/updates", run_id=UNDO)
    assert bench.apply(plan=UNDO).counts == {"verified": 26}


def test_what_was_taken_back_is_asked_about_until_somebody_has_it_written(bench: Any) -> None:
    """Neither written again nor copied to the other side, where the policy would automate both."""
    update = bench.correction("u", PHONE)
    copied = bench.correction("c", {"phone": "+16135550001"}, source="shop", origin="till:1")
    other = bench.correction("o", {"email": "new@example.com"}, origin="shop:1")
    asked = asked_again([update, copied, other], [(update, True)])
    assert [(row.state, row.needs) for row in asked] == [
        ("held", ("approval",)),
        ("held", ("approval",)),
        ("ready", ()),
    ]
    assert asked[0].why.endswith("; it was undone before")
    assert asked_again([update, copied], [(update, True), (update, False)]) == [update, copied]


def test_a_large_mixed_run_comes_back_field_for_field_but_for_what_was_announced(bench: Any) -> None:
    """Sixty here, a thousand with ROLLCALL_LONG; a tenth of them are opt-outs, and a tenth was edited since."""
    people = 1_000 if os.environ.get("ROLLCALL_LONG") else 60
    bench.people(people)
    store = bench.stores["till"]
    before = copy.deepcopy(store.records)
    kinds: list[tuple[str, Callable[[int], dict[str, str | None]]]] = [
        ("update", lambda n: {"phone": f"+1416{n:07}", "email": None}),
        ("update", lambda n: {"street": f"{n} Elm St", "city": f"Town {n}"}),
        ("opt_out", lambda _: {"email_consent": "out"}),
        ("add_note", lambda n: {"note": f"likes tea\nno. {n}"}),
        ("add_tag", lambda _: {"tags": "Shopify;vip"}),
        ("set_group", lambda _: {"group": "Trade"}),
        ("relink", lambda n: {"link:shop": f"{n}"}),
        ("archive", lambda _: {"status": "archived"}),
        ("update", lambda n: {"last_name": f"Roe{n}"}),
        ("update", lambda n: {"birth_date": f"19{n % 90 + 10}-01-02"}),
    ]
    plan = []
    for n in range(1, people + 1):
        action, after = kinds[n % len(kinds)]
        plan.append(bench.correction(f"m{n}", after(n), action=action, profile_id=str(n)))
    bench.plan(*plan)
    bench.decide("breaker", "till/updates")
    bench.decide("breaker", "till/opt_outs")
    bench.decide("breaker", "till/same_value")
    for row in plan:
        if row.action == "archive":
            bench.decide("correction", row.correction_id)
    assert bench.apply().counts == {"verified": people}
    edited = {str(n) for n in range(11, people + 1, 10)}
    for name in edited:
        store.records[name]["city"] = "Elsewhere"
    rows = bench.take_back()
    announced = {row.profile_id for row in rows if row.state == "blocked"}
    assert announced == edited | {str(n) for n in range(2, people + 1, 10)}
    for name in ("updates", "same_value"):
        bench.decide("breaker", f"till/{name}", run_id=UNDO)
    done = bench.apply(plan=UNDO)
    assert done.counts == {"verified": people - len(announced), "blocked": len(announced)}
    filled = {name: {k: v for k, v in record.items() if v} for name, record in store.records.items()}
    assert {name for name in filled if filled[name] != before[name]} == announced
