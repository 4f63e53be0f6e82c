"""Applying that was cut short: creates of unknown outcome, and what goes on afterwards."""

from typing import Any

import pytest

from jobs.journal import CREATED
from tests.crash.written import NEW, create

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
