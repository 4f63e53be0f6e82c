"""Reading a Treez store: where the list begins and ends, profiles that move in it, who is gone, what never lands."""

import json
from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.treez import Treez


def pulled(connector: Treez) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(r) for page in connector.pages(evidence) for r in page.records], evidence


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["customer_id"] for record in records]


def success(rows: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"resultCode": "SUCCESS", "data": rows}).encode()


# where the list begins ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "zero"), [(0, ""), (1, "empty"), (1, "refused"), (1, "same")], ids=["0", "1-empty", "1-refused", "1-same"]
)
@pytest.mark.parametrize("count", [0, 1, 50, 120])
def test_the_first_page_is_found_out(rig: Any, clock: SimulatedClock, first: int, zero: str, count: int) -> None:
    rig.serve(count)
    rig.first_page, rig.zero = first, zero
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert sorted(ids(records)) == sorted(rig.ids())
    assert len(records) == count
    assert evidence.end_mark
    assert not count or evidence.notes == [f"the first page is number {first}"]


@pytest.mark.parametrize(("field", "odd"), [("customer_id", {"n": 1}), ("customer_id", 1.5), ("last_update", "\ud800")])
def test_one_odd_record_is_handed_on_to_be_set_apart_and_ends_no_list(
    rig: Any, clock: SimulatedClock, field: str, odd: Any
) -> None:
    """G11, G1: landing quarantines it, or counts an id that cannot be read; the list is read to its end."""
    rig.rows[9002][field] = odd
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.end_mark) == (3, True)
    assert odd in [record[field] for record in records]


@pytest.mark.parametrize("first", [0, 1])
def test_a_first_page_that_is_configured_is_not_asked_for(rig: Any, clock: SimulatedClock, first: int) -> None:
    rig.first_page = first
    records, _ = pulled(rig.connector(clock, writes=False, first_page=first))
    assert len(records) == 3
    assert rig.requests() == 2


def test_a_refused_token_is_not_taken_for_a_first_page_of_one(rig: Any, clock: SimulatedClock) -> None:
    rig.fail(403)
    with pytest.raises(VendorError):
        pulled(rig.connector(clock, writes=False))
    assert rig.requests() == 1


# where it ends, and what moves in it (G1) ---------------------------------------------------------------------------


def test_data_may_be_one_object_or_null(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(51)
    rig.single = True
    records, _ = pulled(rig.connector(clock, writes=False))
    assert len(set(ids(records))) == len(records) == 51


def test_a_profile_that_moves_while_it_is_read_costs_nobody_their_place(rig: Any, clock: SimulatedClock) -> None:
    """The one that moves pulls all behind it up by one: the first of the next page would be lost."""
    rig.serve(120)
    edits = iter([9001])
    rig.before_page = lambda number: [rig.move(n) for n in edits] if number == 2 else None
    records, evidence = pulled(rig.connector(clock, writes=False, first_page=1))
    assert sorted(ids(records)) == sorted(rig.ids())
    assert len(records) == 120
    assert evidence.pages_contiguous
    assert "1 profiles moved while the list was read" in evidence.notes


def test_a_list_that_never_stands_still_is_not_contiguous(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(60)
    minutes = iter(range(60))
    listed = sorted(rig.rows)

    def move_the_first(number: int) -> None:
        if number == 2:
            first = min(listed, key=lambda n: (rig.rows[n]["last_update"], n))
            rig.move(first, next(minutes))

    rig.before_page = move_the_first
    records, evidence = pulled(rig.connector(clock, writes=False, first_page=1))
    assert len(set(ids(records))) == len(records)
    assert evidence.pages_contiguous is False
    assert "never stood still" in evidence.notes[-1]


def test_a_row_that_comes_again_older_is_handed_on_as_the_repeat_that_it_is(rig: Any, clock: SimulatedClock) -> None:
    old = {"customer_id": "9001", "last_update": "2020-01-01T00:00:00.000-08:00"}
    new = {"customer_id": "9001", "last_update": "2026-01-01T00:00:00.000-08:00"}
    rig._page = lambda number: success([[new], [old], []][min(number, 3) - 1])
    records, _ = pulled(rig.connector(clock, writes=False, first_page=1))
    assert ids(records)[:2] == ["9001", "9001"]


def test_a_list_that_repeats_itself_ends_as_an_error_and_not_as_a_loop(rig: Any, clock: SimulatedClock) -> None:
    rig._page = lambda number: success(list(rig.rows.values()))
    with pytest.raises(VendorError, match="repeats itself"):
        pulled(rig.connector(clock, writes=False))


def test_an_empty_page_in_the_middle_is_no_end(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(120)
    page = rig._page
    rig._page = lambda number: success([]) if number == 2 else page(number)
    records, evidence = pulled(rig.connector(clock, writes=False, first_page=1))
    assert len(records) == 70
    assert evidence.pages_contiguous is False


def test_a_list_cut_off_by_an_error_leaves_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(120)
    evidence = Evidence()
    pages = rig.connector(clock, writes=False).pages(evidence)
    next(pages)
    rig.fail(401)
    with pytest.raises(VendorError):
        list(pages)
    assert evidence.end_mark is False


# who is gone (T2, T3, T10) ------------------------------------------------------------------------------------------


def test_t2_deactivated_profiles_are_unlisted_and_answer_by_id(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9001].update(status="DEACTIVATED")
    rig.rows[9002].update(status="DEACTIVATED", merged_into_customer_id=9003)
    rig.rows[9003].update(status="MERGED", merged_customer_ids=[9002])
    connector = rig.connector(clock, writes=False)
    assert ids(pulled(connector)[0]) == ["9003"]
    assert connector.capabilities.lists_gone is False
    found = connector.fetch(["9001", "9002", "9003", "9004"])
    assert {i: r and connector.view(r)["status"] for i, r in found.items()} == {
        "9001": "archived", "9002": "merged", "9003": "active", "9004": None,
    }  # fmt: skip
    assert found["9002"]["merged_into_customer_id"] == "9003"


def test_another_profile_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9001]["customer_id"] = "9009"
    with pytest.raises(VendorError, match="another profile than 9001"):
        rig.connector(clock, writes=False).fetch(["9001"])


def test_a_phone_is_looked_up_by_its_ten_digits_and_our_key_by_nothing(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    assert ids(connector.find("phone", "+16135559002")) == ["9002"]
    assert connector.find("key", "c-1") == []


# what never lands (G11), and what is no choice (G9) -----------------------------------------------------------------


def test_g11_licences_and_medical_fields_do_not_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    found = connector.find("email", "dana9001@example.com")
    records = [*pulled(connector)[0], *connector.fetch(["9001"]).values(), *found]
    assert len(records) == 5
    assert "never-on-a-disk" not in str(records)
    assert not {"patient_type", "gender", "rewards_balance", "warning_1", "banned"} & records[0].keys()


def test_a_field_that_is_new_at_the_vendor_is_handed_on_to_be_noted(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[9001]["loyalty_tier"] = 3
    records, _ = pulled(rig.connector(clock, writes=False))
    assert records[0].keys() - Treez.FIELDS.names == {"loyalty_tier"}


@pytest.mark.parametrize(
    ("means", "words"),
    [
        ("unproven", ["unknown", "unknown", "unknown"]),
        ("out", ["out", "unknown", "unknown"]),
        ("in", ["in", "unknown", "unknown"]),
    ],
)
def test_g9_the_flag_means_only_what_is_proven(rig: Any, clock: SimulatedClock, means: str, words: list[str]) -> None:
    rig.rows[9001]["opt_out"], rig.rows[9002]["opt_out"] = "true", False
    connector = rig.connector(clock, writes=True, opt_out_means=means)
    records, evidence = pulled(connector)
    assert [connector.view(r)["email_consent"] for r in records] == words
    assert ("opt_out" in connector.capabilities.actions) == (means != "unproven")
    assert evidence.contract["opt_out"] == means


def test_a_profile_of_the_wrong_types_is_handed_on_to_be_set_apart(rig: Any, clock: SimulatedClock) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night."""
    rig.rows[9001].update(customer_groups="VIP", addresses="1 Example St", opt_out=["x"])
    rig.rows[9002].update(customer_groups=[["VIP"]], addresses=["1 Example St"], notes={"text": "x"})
    records, _ = pulled(rig.connector(clock, writes=False))
    assert (records[0]["customer_groups"], records[0]["email_consent"]) == ("VIP", "unknown")
    assert (records[0]["addresses"], records[1]["addresses"]) == ("1 Example St", ["1 Example St"])
    assert (records[1]["customer_groups"], records[1]["notes"]) == ([["VIP"]], {"text": "x"})
    assert len(records) == 3
