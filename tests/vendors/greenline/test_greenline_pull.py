"""Reading a Greenline company by the assumed contract: a list in the order of changes, keys by header, consent."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

import sql
from connectors.base import Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.greenline import Greenline


def pulled(connector: Greenline) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(r) for page in connector.pages(evidence) for r in page.records], evidence


# the list (G1) ------------------------------------------------------------------------------------------------------


def test_archived_customers_are_asked_for_and_read_as_archived(rig: Any, clock: SimulatedClock) -> None:
    """Trap (assumed): the plain list leaves them out."""
    connector = rig.connector(clock, writes=False)
    records, evidence = pulled(connector)
    assert [connector.view(r)["status"] for r in records] == ["active", "active", "archived"]
    assert (evidence.count_before, evidence.count_after, evidence.end_mark) == (3, 3, True)


def test_a_customer_edited_while_paging_pushes_nobody_over_an_edge(rig: Any, clock: SimulatedClock) -> None:
    """Trap: the list is in the order of changes, so an edited customer moves to its end and all behind move up."""
    rig.serve(150)
    rig.before_page = lambda offset: rig.rows[7005].update(updatedAt="2026-11-23T04:00:00Z") if offset else None
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert sorted(record["id"] for record in records) == sorted(rig.ids())
    assert evidence.pages_contiguous is True
    assert evidence.notes == ["1 customers moved while the list was read"]


def test_a_list_that_never_stands_still_is_said_so(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(150)
    minutes = iter(range(60))

    def touch(offset: int) -> None:
        if offset:
            first = min(rig.rows.values(), key=lambda row: (row["updatedAt"], row["id"]))
            first["updatedAt"] = f"2026-11-23T04:{next(minutes):02d}:00Z"

    rig.before_page = touch
    _, evidence = pulled(rig.connector(clock, writes=False))
    assert evidence.pages_contiguous is False
    assert "never stood still" in evidence.notes[-1]


def test_a_total_that_promises_more_than_there_is_gives_no_end_mark(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(3)
    as_it_is = rig._list
    rig._list = lambda query: (200, {}, as_it_is(query)[2].replace(b'"total": 3', b'"total": 30'))
    records, evidence = pulled(rig.connector(clock, writes=False))
    assert (len(records), evidence.end_mark) == (3, False)
    assert "a page held 3 customers where 30 were due" in evidence.notes


def test_a_full_export_uses_no_more_requests_than_its_pages(rig: Any, clock: SimulatedClock) -> None:
    rig.serve(300)
    pulled(rig.connector(clock, writes=False))
    assert rig.requests() == 3


# what is kept -------------------------------------------------------------------------------------------------------


def test_g11_tax_points_and_credit_do_not_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=True)
    records, _ = pulled(connector)
    assert not {"taxExempt", "loyaltyPoints", "creditBalance", "companyId"} & records[0].keys()
    assert "never-on-a-disk" not in str(records)
    assert connector.capabilities.fields == {"first_name", "last_name", "birth_date", "email", "phone", "note"}


@pytest.mark.parametrize(("choice", "word"), [(True, "in"), (False, "out"), (None, "unknown")])
def test_g9_a_choice_that_was_never_made_is_unknown(rig: Any, clock: SimulatedClock, choice: Any, word: str) -> None:
    rig.rows[7001] |= {"marketingEmailOptIn": choice, "marketingSmsOptIn": choice}
    connector = rig.connector(clock, writes=False)
    view = connector.view(connector.fetch(["7001"])["7001"])
    assert (view["email_consent"], view["sms_consent"]) == (word, word)


def test_a_customer_of_the_wrong_types_is_handed_on_to_be_set_apart(rig: Any, clock: SimulatedClock) -> None:
    """G1: one misfit is quarantined with its id; it does not cost the night."""
    rig.rows[7002] |= {"email": ["a"], "isArchived": "no", "newThing": 1}
    record = pulled(rig.connector(clock, writes=False))[0][1]
    assert (record["id"], record["email"], record["isArchived"], record["newThing"]) == ("7002", ["a"], "no", 1)


def test_a_customer_with_a_full_name_alone_becomes_a_profile(rig: Any, clock: SimulatedClock) -> None:
    """Of an imported customer only the name is sure to be there."""
    rig.rows[7002] |= {"firstName": None, "lastName": None, "email": None, "phone": None, "notes": " vip "}
    record = rig.connector(clock, writes=False).fetch(["7002"])["7002"]
    (shape,) = sql.script("shape/greenline").statements
    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        known = {name: record.get(name) for name in Greenline.FIELDS.names}
        warehouse.register("raw", pa.Table.from_pylist([known], schema=Greenline.FIELDS))
        found = warehouse.execute(shape, {"source": "green"})
        names = [column[0] for column in found.description or ()]
        (row,) = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    assert {n: str(v) if n.endswith("_at") else v for n, v in row.items() if v not in (None, [])} == {
        "source": "green", "id": "7002", "status": "active", "full_name": "Robin Sample 2", "birth_date": "1988-11-30",
        "email_consent": "in", "sms_consent": "in", "note": "vip",
        "created_at": "2023-04-01 14:00:00", "updated_at": "2026-05-02 18:00:02", "points": "7", "credit": "9",
    }  # fmt: skip


# by id and by key ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wraps", [True, False])
def test_one_customer_comes_bare_or_wrapped(rig: Any, clock: SimulatedClock, wraps: bool) -> None:
    rig.wraps_single = wraps
    record = rig.connector(clock, writes=False).fetch(["7001"])["7001"]
    assert record["email"] == "robin1@example.com"


def test_another_customer_than_asked_for_is_an_error(rig: Any, clock: SimulatedClock) -> None:
    rig.rows[7002]["id"] = 8
    with pytest.raises(VendorError, match="something else than this customer"):
        rig.connector(clock, writes=False).fetch(["7002"])


def test_archived_customers_are_found_by_phone_too(rig: Any, clock: SimulatedClock) -> None:
    connector = rig.connector(clock, writes=False)
    assert [record["id"] for record in connector.find("phone", "+14165550103")] == ["7003"]
    assert connector.find("key", "c-1") == []


# settings and check -------------------------------------------------------------------------------------------------


def test_the_headers_are_configuration(rig: Any, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap: each host wants its own header, the older one two of them."""
    monkeypatch.setenv("RIG_GREENLINE_SECOND", "second-key-5512")
    rig.headers_wanted = {"api-key": "0b7c55aa-greenline-key", "external-api-auth-token": "second-key-5512"}
    connector = rig.connector(clock, writes=False, token_header="api-key", second_token={"env": "RIG_GREENLINE_SECOND"})
    assert len(pulled(connector)[0]) == 3
    assert connector.http.redact("second-key-5512") == "[secret]"
    with pytest.raises(VendorError, match="credentials are not accepted"):
        pulled(rig.connector(clock, writes=False))


def test_a_locations_id_in_place_of_the_companys_is_told(rig: Any, clock: SimulatedClock) -> None:
    """Trap: both are numbered in one series."""
    rig.locations.append({"id": 900, "name": "Bay St"})
    (line,) = [line for line in rig.connector(clock, writes=False).check() if not line.ok]
    assert "900 is a location" in line.detail


def test_the_api_needs_its_company_and_key_and_is_off_by_default(rig: Any, clock: SimulatedClock) -> None:
    with pytest.raises(ValueError, match="needs company_id, token"):
        rig.connector(clock, writes=False, company_id=None, token=None)
    assert Greenline.Settings.model_validate({"kind": "greenline", "role": "pos"}).driver == "files"
    assert Greenline.Settings.model_validate({"kind": "greenline", "role": "pos"}).writes is False


def test_check_says_that_the_contract_is_assumed(rig: Any, clock: SimulatedClock) -> None:
    lines = {line.name: line.detail for line in rig.connector(clock, writes=False).check()}
    assert lines["locations"] == "Queen St, King St"
    assert "assumed" in lines["contract"]
    assert rig.connector(clock, writes=False).capabilities.actions == frozenset()


def test_not_more_than_two_requests_a_second_are_made_by_default(rig: Any, clock: SimulatedClock) -> None:
    before = clock.time()
    rig.connector(clock, writes=False).fetch(["7001"] * 5)
    connector = rig.connector(clock, writes=False)
    for _ in range(9):
        connector.fetch(["7001"])
    assert clock.time() - before >= 4
