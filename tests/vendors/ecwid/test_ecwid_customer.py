"""What a customer of an Ecwid store says: consent, names and contacts that are derived, purchases and groups."""

from typing import Any

import pytest

from connectors._ecwid_words import split
from connectors.base import Evidence
from connectors.clock import SimulatedClock
from connectors.ecwid import Ecwid

FIRST = 900_000_000


def pulled(connector: Ecwid) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    return [dict(record) for page in connector.pages(evidence) for record in page.records], evidence


def viewed(connector: Ecwid, one: str) -> dict[str, str | None]:
    record = connector.fetch([one])[one]
    assert record is not None
    return connector.view(record)


def landed(connector: Ecwid, one: str) -> dict[str, Any]:
    return next(record for record in pulled(connector)[0] if record["id"] == one)


@pytest.mark.parametrize(
    ("flag", "said"), [(True, "in"), (False, "out"), (None, "unknown"), (..., "unknown"), ("true", "unknown")]
)
def test_g9_accept_marketing_of_null_is_unknown_and_not_in(
    rig: Any, clock: SimulatedClock, flag: Any, said: str
) -> None:
    """The vendor mails those with null as well; we do not call it a choice."""
    one = rig.add(9, acceptMarketing=flag)
    view = viewed(rig.connector(clock, writes=False), one)
    assert (view["email_consent"], view["sms_consent"]) == (said, None)


@pytest.mark.parametrize(
    ("person", "first", "last"),
    [
        ({"name": "Ada Sample", "firstName": "Ada", "lastName": "Sample"}, "Ada", "Sample"),
        ({"name": "Mary Ann Sample", "firstName": "Mary Ann", "lastName": "Sample"}, "Mary Ann", "Sample"),
        ({"name": "Ada"}, "Ada", None),
        ({"name": "Ada Sample Jr"}, "Ada", "Sample Jr"),
        ({}, "Ida", "Elsewhere"),
    ],
)
def test_names_are_derived_by_the_vendor_and_lost_for_names_of_one_word(
    rig: Any, clock: SimulatedClock, person: dict[str, Any], first: str, last: str | None
) -> None:
    one = rig.add(9, billingPerson=person, name="Ida Elsewhere")
    view = viewed(rig.connector(clock, writes=False), one)
    assert (view["first_name"], view["last_name"]) == (first, last)


def test_a_name_is_cut_at_its_first_space() -> None:
    assert [split(name) for name in ("", " Ada ", "Ada  Sample", "A B C")] == [
        (None, None), ("Ada", None), ("Ada", "Sample"), ("A", "B C"),
    ]  # fmt: skip


PHONE = {"type": "PHONE", "contact": "613-555-0150", "default": True, "id": 3}


@pytest.mark.parametrize(
    ("contacts", "billing", "shipping", "first", "second"),
    [
        ([PHONE, {**PHONE, "default": False, "id": 1, "contact": "x"}], "b", "s", "613-555-0150", "x"),
        ([{**PHONE, "default": False}], "613-555-0151", "s", "613-555-0151", "613-555-0150"),
        ([{"type": "WHATSAPP", "contact": "y", "default": True, "id": 4}], " ", "613-555-0152", "613-555-0152", None),
        ([], None, None, None, None),
    ],
)
def test_phone_1_is_the_default_contact_then_the_billing_phone_then_that_of_the_default_address(
    rig: Any, clock: SimulatedClock, contacts: Any, billing: Any, shipping: Any, first: Any, second: Any
) -> None:
    places = [{"id": 1, "phone": "other"}, {"id": 2, "phone": shipping, "defaultAddress": True}]
    one = rig.add(9, contacts=contacts, billingPerson={"phone": billing}, shippingAddresses=places)
    record = landed(rig.connector(clock, writes=False), one)
    assert (record["phone"], record["phone_2"]) == (first, second)


def test_an_email_contact_that_differs_is_a_second_email_and_is_told(rig: Any, clock: SimulatedClock) -> None:
    contact = {"type": "EMAIL", "contact": "old@example.com", "default": True, "id": 3}
    one = rig.add(9, contacts=[contact], email="new@example.com")
    records, evidence = pulled(rig.connector(clock, writes=False))
    (record,) = [record for record in records if record["id"] == one]
    assert (record["email"], record["email_2"]) == ("new@example.com", "old@example.com")
    assert evidence.notes == ["1 customers of a page have another email among their contacts"]


@pytest.mark.parametrize(
    ("stats", "total", "bought"),
    [
        ({"numberOfOrders": 2}, 0, True),
        ({"numberOfOrders": 0}, 0, False),
        (None, 3, True),
        (None, ..., None),
        ({}, ..., None),
    ],
)
def test_x4_who_has_ever_purchased_comes_from_the_vendors_counters(
    rig: Any, clock: SimulatedClock, stats: Any, total: Any, bought: bool | None
) -> None:
    """`totalOrderCount` comes with searches alone."""
    one = rig.add(9, stats=stats, totalOrderCount=total)
    assert landed(rig.connector(clock, writes=False), one)["has_purchased"] is bought


def test_x4_paid_orders_are_asked_for_where_the_counter_is_not_trusted(rig: Any, clock: SimulatedClock) -> None:
    rig.paid.discard(FIRST + 2)
    rig.rows[FIRST + 3] |= {"stats": {"numberOfOrders": 0}, "totalOrderCount": 0}
    connector = rig.connector(clock, writes=False, purchases="orders")
    assert [record["has_purchased"] for record in pulled(connector)[0]] == [True, False, False]
    assert [query["customerId"] for _, path, query in rig.calls if path == "/orders"] == [
        [str(FIRST + 1)],
        [str(FIRST + 2)],
    ]
    assert all(line.ok for line in connector.check())


@pytest.mark.parametrize(
    ("number", "name", "group"),
    [(70001, "Gold Members", "Gold Members"), (0, "General", None), (None, None, None), (70002, None, "Wholesale"),
     (1, "General", None), (5, ..., None)],
)  # fmt: skip
def test_x2_a_group_is_read_by_its_name_and_general_is_none(
    rig: Any, clock: SimulatedClock, number: Any, name: Any, group: str | None
) -> None:
    one = rig.add(9, customerGroupId=number, customerGroupName=name)
    assert viewed(rig.connector(clock, writes=False), one)["group"] == group


def test_g11_what_no_rule_needs_does_not_leave_the_connector(rig: Any, clock: SimulatedClock) -> None:
    records, _ = pulled(rig.connector(clock, writes=False))
    assert "never-on-a-disk" not in str(records)
    assert records[0].keys() == set(Ecwid.FIELDS.names)


def test_a_field_that_is_new_at_the_vendor_is_handed_on_to_be_noted(rig: Any, clock: SimulatedClock) -> None:
    one = rig.add(9, loyaltyTier=3)
    assert landed(rig.connector(clock, writes=False), one).keys() - set(Ecwid.FIELDS.names) == {"loyaltyTier"}


def test_times_become_iso_so_that_the_certificate_understands_them(rig: Any, clock: SimulatedClock) -> None:
    record = landed(rig.connector(clock, writes=False), str(FIRST + 1))
    assert (record["created_at"], record["last_order_at"]) == ("2026-01-05T10:00:01+00:00", "2026-02-01T10:00:00+00:00")
