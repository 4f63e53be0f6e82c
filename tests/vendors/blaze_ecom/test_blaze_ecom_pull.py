"""Reading a BLAZE ECOM group by the assumed contract: totals, customers that move, links, and what never lands."""

import json
from typing import Any

import pytest

from connectors.base import Evidence, VendorError
from connectors.blaze_ecom import BlazeEcom
from connectors.clock import SimulatedClock


def pulled(connector: BlazeEcom) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(r) for page in connector.pages(evidence) for r in page.records], evidence


def answer(rows: list[Any], total: int) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps({"meta": {"total_count": total}, "data": rows}).encode()


def test_customers_who_move_while_they_are_read_cost_nobody_their_place(rig: Any, clock: SimulatedClock) -> None:
    """The one that moves pulls all behind it up by one: the first of the next page would be lost."""
    rig.serve(250)
    edits = iter(["e-0001"])

    def edit(offset: int) -> None:
        for one in edits if offset == 100 else ():
            rig.rows[one]["updated_at"] = "2026-11-23T04:15:00Z"

    rig.before_page = edit
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert sorted(r["id"] for r in records) == sorted(rig.ids())
    assert len(records) == 250
    assert (evidence.end_mark, evidence.pages_contiguous) == (True, True)
    assert "1 customers moved while the list was read" in evidence.notes


def test_a_list_that_never_stands_still_is_not_contiguous(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(150)
    seconds = iter(range(60))

    def edit(offset: int) -> None:
        first = min(rig.rows, key=lambda one: (rig.rows[one]["updated_at"], one))
        if offset:
            rig.rows[first]["updated_at"] = f"2026-11-23T04:15:{next(seconds):02d}Z"

    rig.before_page = edit
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert len({r["id"] for r in records}) == len(records)
    assert evidence.pages_contiguous is False
    assert "never stood still" in evidence.notes[-1]


def test_a_total_that_changes_meanwhile_is_noted(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(150)
    rig.before_page = lambda offset: rig.add("e-9999", 9999, updated_at="2026-11-23T04:15:00Z") if offset else None
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert len(records) == 151
    assert (evidence.count_before, evidence.count_after, evidence.end_mark) == (150, 151, True)
    assert evidence.notes == ["the vendor's total changed from 150 to 151"]


def test_a_list_that_ends_before_its_total_has_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    rows = [rig._shown(one) for one in rig.ids()]
    rig._list = lambda query: answer(rows if query["offset"] == ["0"] else [], 50)
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert len(records) == 3
    assert (evidence.end_mark, evidence.count_after) == (False, 50)
    assert evidence.notes == ["a page held 3 customers where 50 were due", "a page held 0 customers where 47 were due"]


def test_a_customer_who_comes_again_older_is_handed_on_as_a_repeat(rig: Any, clock: SimulatedClock) -> None:
    new, old = rig._shown("e-0001"), rig._shown("e-0001")
    old = {**old, "attributes": {**old["attributes"], "updated_at": "2020-01-01T00:00:00Z"}}
    rig._list = lambda query: answer([new, old], 2)
    records, _ = pulled(rig.connector(clock, writes=False))
    assert [r["id"] for r in records][:2] == ["e-0001", "e-0001"]


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        {"meta": {"total_count": None}, "data": []},
        {"meta": {"total_count": 1}, "data": [{"id": "e-1"}]},
        {"errors": [{"code": "throttled"}]},
    ],
)
def test_an_answer_of_another_shape_is_no_empty_group(rig: Any, clock: SimulatedClock, body: Any) -> None:
    rig.fail(200, body=json.dumps(body).encode())
    with pytest.raises(VendorError, match="something else than a list"):
        pulled(rig.connector(clock, writes=False))


def test_another_customer_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    rig._shown = lambda one: {"id": "e-0009", "attributes": {}}
    with pytest.raises(VendorError, match="something else than this customer"):
        rig.connector(clock, writes=False).fetch(["e-0001"])


def test_t3_links_are_landed_with_their_state(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    record = connector.fetch(["e-0002"])["e-0002"]
    assert record is not None
    assert record["links"] == [
        {"key": "s-1", "id": "9002", "state": "active"},
        {"key": "s-2", "id": "402", "state": "archived"},
    ]
    view = connector.view(record)
    assert (view["link:downtown"], view["link:uptown"]) == ("9002", "402")


def test_g11_identity_documents_do_not_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    records = [*pulled(connector)[0], *connector.fetch(["e-0001"]).values(), *connector.find("phone", "+16135550002")]
    assert len(records) == 5
    assert "never-on-a-disk" not in str(records)
    assert "is_medical" not in str(records)


def test_a_field_that_is_new_at_the_vendor_is_handed_on_to_be_noted(rig: Any, clock: SimulatedClock) -> None:
    rig.rows["e-0001"]["loyalty_tier"] = 3
    records, _ = pulled(rig.connector(clock, writes=False))
    assert records[0].keys() - BlazeEcom.FIELDS.names == {"loyalty_tier"}


def test_our_own_reference_finds_nobody(rig: Any, clock: SimulatedClock) -> None:
    assert rig.connector(clock, writes=False).find("key", "c-1") == []


def test_a_store_outside_the_tokens_group_is_permanent(rig: Any, clock: SimulatedClock) -> None:
    with pytest.raises(VendorError, match="lack a permission") as caught:
        pulled(rig.connector(clock, writes=False, store_id="s-7"))
    assert caught.value.permanent


def test_check_names_a_link_key_that_is_no_store(rig: Any, clock: SimulatedClock) -> None:
    (line,) = [x for x in rig.connector(clock, writes=False, link_keys={"s-8": "till"}).check() if not x.ok]
    assert "no store s-8: stores are s-1, s-2" in line.detail


@pytest.mark.parametrize("missing", ["base_url", "token", "store_id"])
def test_settings_of_the_api_are_asked_for_by_name(rig: Any, clock: SimulatedClock, missing: str) -> None:
    with pytest.raises(ValueError, match=f"BLAZE ECOM needs {missing}"):
        rig.connector(clock, writes=False, **{missing: None})


@pytest.mark.parametrize("links", ["s-1", ["s-1"], {"store": "s-1"}])
def test_links_of_the_wrong_type_are_handed_on_to_be_set_apart(rig: Any, clock: SimulatedClock, links: Any) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night."""
    rig.links["e-0001"] = links
    records, _ = pulled(rig.connector(clock, writes=False))
    assert records[0]["links"] == links
    assert len(records) == 3
