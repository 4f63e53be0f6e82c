"""Which profile each system would take for the customer (W1): looked up by its own keys, without names."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from jobs.policy import lookups
from tests.sql.given import CAN, Found, Night, someone

Nights = Callable[..., Night]
EARLIER, LATER = datetime(2024, 1, 1), datetime(2025, 1, 1)


def _found(*members: str) -> Found:
    return "whose_customer", "", frozenset(members)


def _store(nights: Nights, preset: str = "blaze_ecom", kind: str = "treez", **settings: Any) -> Night:
    made = nights().source("ecom", "shopify", "ecom").source("store", kind, can=CAN["treez"])
    return made.pairing(preset, "ecom", "store", name="store", **settings)


def _other(number: int, **fields: Any) -> dict[str, Any]:
    """Somebody else, with no contact of their own."""
    return someone(number, **{"email": None, "phone": None, **fields})


def _whose(night: Night) -> set[Found]:
    return night.found("whose_customer")


def test_w1_ecom_goes_by_phone_and_kiosks_by_email(nights: Nights) -> None:
    """No name is asked: another person's profile is picked all the same, and that is the trouble."""
    one = someone(1)
    night = _store(nights).has("ecom:1", **one)
    night.has("store:1", **_other(2, phone=one["phone"])).has("store:2", **_other(3, email=one["email"]))
    assert _whose(night) == {_found("ecom:1", "store:1", "store:2")}
    finding = night.finding("whose_customer")
    assert {name: value for name, value in finding.evidence if name.startswith("rule")} == {
        "rule@store:1": "ECOM by phone",
        "rule@store:2": "Treez partners and kiosks by email",
    }
    assert (finding.members[0], finding.source, finding.anchor) == ("ecom:1", "store", "store|ecom:1|store")


def test_w1_who_is_linked_is_found_by_the_stored_id_first(nights: Nights) -> None:
    night = (
        _store(nights).has("ecom:1", **someone(1), links={"store": "9"}).has("store:9", **someone(1, created_at=LATER))
    )
    night.has("store:1", **someone(1, created_at=EARLIER))
    night.has("ecom:2", **someone(2), links={"store": "8"}).has("store:8", **someone(2, created_at=EARLIER))
    night.has("store:7", **someone(2, created_at=LATER))
    assert _whose(night) == {_found("ecom:1", "store:1", "store:9")}, "of two with one email the older is picked"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"id": "10"}, {"id": "9"}, False),
        ({"id": "9"}, {"id": "10"}, True),
        ({"id": "10", "created_at": EARLIER}, {"id": "9", "created_at": LATER}, True),
    ],
)
def test_w1_of_several_the_older_then_the_lower_id_as_a_number(
    nights: Nights, first: dict[str, Any], second: dict[str, Any], same: bool
) -> None:
    """The phone is on the first alone, the email on both."""
    one, night = someone(1), _store(nights)
    night.has("ecom:1", **one)
    night.has(f"store:{first.pop('id')}", **_other(1, phone=one["phone"], email=one["email"], **first))
    night.has(f"store:{second.pop('id')}", **_other(1, email=one["email"], **second))
    assert (_whose(night) == set()) == same


def test_w1_nobody_is_no_other_profile_and_who_is_out_of_play_is_not_picked(nights: Nights) -> None:
    night = _store(nights)
    one, two, three, four = someone(1), someone(2), someone(3), someone(4)
    night.has("ecom:1", **one).has("store:1", **_other(1, email=one["email"]))
    night.has("ecom:2", **two).has("store:2", **two).has(
        "store:22", **_other(9, email=two["email"], created_at=EARLIER, status="archived")
    )
    night.has("ecom:3", **{**three, "status": "archived"}).has("store:3", **_other(3, email=three["email"]))
    night.has("store:33", **_other(3, phone=three["phone"])).listed("phone", "%5551004")
    night.has("ecom:4", **four).has("store:4", **_other(4, phone=four["phone"])).has(
        "store:44", **_other(4, email=four["email"])
    )
    assert _whose(night) == set()


@pytest.mark.parametrize(
    ("preset", "kind", "keys"),
    [
        ("blaze_ecom", "treez", ["email", "phone"]),
        ("blaze_ecom", "greenline", ["phone"]),
        ("mortar", "heartland", ["phone"]),
        ("mortar", "lightspeed_x", ["email", "phone"]),
        ("lightspeed_x_e", "lightspeed_x", ["phone", "email"]),
        ("plain", "treez", ["phone"]),
    ],
)
def test_w1_systems_that_look_alike_or_alone_disagree_with_nobody(
    nights: Nights, preset: str, kind: str, keys: list[str]
) -> None:
    one, night = someone(1), _store(nights, preset, kind, keys=keys, link_keys=False)
    night.has("ecom:1", **one).has("store:1", **_other(2, phone=one["phone"])).has(
        "store:2", **_other(3, email=one["email"])
    )
    assert _whose(night) == set()


def test_w1_a_shopify_connection_by_phone_and_x_series_by_email(nights: Nights) -> None:
    one, night = someone(1), _store(nights, "mortar", "lightspeed_x", keys=["phone", "email"])
    night.has("ecom:1", **one).has("store:1", **_other(2, phone=one["phone"])).has(
        "store:2", **_other(3, email=one["email"])
    )
    assert _whose(night) == {_found("ecom:1", "store:1", "store:2")}


def test_w1_the_ways_are_data() -> None:
    assert lookups("blaze_ecom", "treez", ("phone", "email"), True) == [
        ("ECOM", 1, "stored id"), ("ECOM", 2, "phone"), ("ECOM", 3, "email"),
        ("Treez partners and kiosks", 1, "email"), ("Treez partners and kiosks", 2, "phone"),
    ]  # fmt: skip
    assert lookups("lightspeed_x_e", "lightspeed_x", ("email", "phone"), False) == [("X-Series", 1, "email")]
    assert lookups("plain", "table", ("email",), False) == []
