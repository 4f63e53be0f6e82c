"""Three-way drift: what counts as a difference, who changed, and the base of the next night (G13, G3, G5)."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.sql.given import KEY, TODAY, Night, base_hash

Nights = Callable[..., Night]
LINKED = {"links": {"till": "7"}}
PAIR = ("shop:1", "till:7")


def _linked(night: Night, shop: dict[str, object], till: dict[str, object]) -> Night:
    return night.has("shop:1", **LINKED, **shop).has("till:7", **till)


def test_linked_profiles_that_agree_have_no_drift(mortar: Nights) -> None:
    same = {
        "first_name": "Ann", "last_name": "Roy", "birth_date": "1990-03-04", "phone": "613 555 0117", "email": "a@example.com",
        "street": "1 Main St", "city": "Ottawa", "postal_code": "K1A 0B1",
    }  # fmt: skip
    assert _linked(mortar(), dict(same), dict(same)).drifts() == {}


def test_case_spaces_accents_and_spelling_are_no_drift(mortar: Nights) -> None:
    shop = {
        "first_name": "Zoë", "last_name": "O’Connor", "birth_date": "1990-03-04", "phone": "+16135550117", "email": "A@Example.com ",
        "street": "1 Rue Côté", "city": "Montréal", "postal_code": "H2X 1Y4",
    }  # fmt: skip
    till = {
        "first_name": " ZOE ", "last_name": "O'CONNOR", "birth_date": "03/04/1990", "phone": "(613) 555-0117", "email": "a@example.com",
        "street": "1 rue Cote.", "city": "MONTREAL", "postal_code": "h2x1y4",
    }  # fmt: skip
    assert _linked(mortar(), dict(shop), dict(till)).drifts() == {}


def test_every_field_drifts_by_itself(mortar: Nights) -> None:
    shop = {"first_name": "Ann", "last_name": "Roy", "birth_date": "1990-03-04", "phone": "613 555 0117", "email": "a@example.com", "city": "Ottawa"}
    till = {"first_name": "Anna", "last_name": "Ray", "birth_date": "1991-03-04", "phone": "613 555 0118", "email": "b@example.com", "city": "Hull"}
    fields = ("first_name", "last_name", "birth_date", "phone", "email", "address")
    assert _linked(mortar(), dict(shop), dict(till)).drifts() == {(*PAIR, field): "no_base" for field in fields}


SIDES = {
    "ecom": ("613 555 0118", "613 555 0117", "+16135550117"),
    "pos": ("613 555 0117", "613 555 0118", "+16135550117"),
    "both": ("613 555 0118", "613 555 0119", "+16135550117"),
    "no_base": ("613 555 0118", "613 555 0119", None),
    "ecom_blank": (None, "613 555 0117", "+16135550117"),
    "pos_blank": ("613 555 0117", None, None),
}


@pytest.mark.parametrize("side", SIDES)
def test_the_side_that_left_the_base_is_the_side_that_changed(mortar: Nights, side: str) -> None:
    shop, till, base = SIDES[side]
    night = _linked(mortar(), {"phone": shop}, {"phone": till})
    if base:
        night.based(*PAIR, phone=base)
    assert night.drifts() == {(*PAIR, "phone"): side}


def test_both_sides_at_the_same_new_value_agree_whatever_the_base(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": "613 555 0118"}, {"phone": "613 555 0118"}).based(*PAIR, phone="+16135550117")
    assert night.drifts() == {}


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("phone", "ask her sister"),
        ("phone", "613 555 0117 or 613 555 0118"),
        ("email", "none"),
        ("birth_date", "1990-02-30"),
        ("birth_date", "1900-01-01"),
        ("first_name", "!!!"),
    ],
)
def test_a_side_that_is_not_comparable_gives_no_drift(mortar: Nights, field: str, odd: str) -> None:
    good = {"phone": "613 555 0117", "email": "a@example.com", "birth_date": "1990-03-04", "first_name": "Ann"}[field]
    assert _linked(mortar(), {field: good}, {field: odd}).drifts() == {}


@pytest.mark.parametrize("blank", [None, "", "?", "N/A"])
def test_blank_is_a_side_of_its_own_and_not_incomparable(mortar: Nights, blank: str | None) -> None:
    assert _linked(mortar(), {"last_name": "Roy"}, {"last_name": blank}).drifts() == {(*PAIR, "last_name"): "pos_blank"}


def test_a_placeholder_is_neither_drift_nor_carried_anywhere_g5(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": "613 555 0117"}, {"phone": "613 555 5555"}).listed("phone", "%5555555")
    assert night.drifts() == {}
    assert night.planned("update") == []


def test_a_field_that_the_policy_ignores_is_not_compared(mortar: Nights, blaze: Nights) -> None:
    ignored = mortar(fields={"phone": "ignore"})
    assert _linked(ignored, {"phone": "613 555 0117"}, {"phone": "613 555 0118"}).drifts() == {}
    stores = blaze().has("ecom:1", city="Portland", links={"downtown": "7"}).has("downtown:7", city="Salem")
    assert stores.drifts() == {}


def test_only_a_link_that_holds_is_compared(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="Ann", phone="613 555 0117", email="a@example.com")
    night.has("till:1", first_name="Ann", phone="613 555 0118", email="a@example.com")
    night.has("shop:2", phone="613 555 0120", links={"till": "2"}).has("till:2", phone="613 555 0121", status="archived")
    night.has("shop:3", phone="613 555 0122", links={"till": "gone"})
    assert night.drifts() == {}


def test_where_the_shop_stores_no_links_the_found_ones_are_compared(nights: Nights) -> None:
    night = nights().source("shop", "table", "ecom").source("till").pairing("plain", "shop", "till", link_keys=False)
    night.has("shop:1", first_name="Ann", phone="613 555 0117", email="a@example.com")
    night.has("till:1", first_name="Ann", phone="613 555 0118", email="a@example.com")
    assert night.drifts() == {("shop:1", "till:1", "phone"): "no_base"}


def test_two_names_for_one_pos_source_make_no_second_drift(mortar: Nights) -> None:
    night = mortar()
    night.warehouse.insert("link_keys", [("shop", "old name", "till")])
    _linked(night, {"phone": "613 555 0117"}, {"phone": "613 555 0118"})
    assert len(night.detected().rows("select * from drifts")) == 1


# the base of the next night ----------------------------------------------------------------------------------------------


def _base_of(night: Night, field: str) -> tuple[str, date] | None:
    return night.next_bases().get(("1", "till:7", field))


def test_what_both_agree_on_becomes_the_base_as_a_keyed_hash_and_never_as_a_value(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": "613 555 0117"}, {"phone": "+16135550117"})
    assert _base_of(night, "phone") == (base_hash("phone", "+16135550117"), TODAY)
    text = str(night.rows("select * from next_bases"))
    assert "5550117" not in text
    assert KEY not in text


def test_a_base_that_still_holds_keeps_its_day(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": "613 555 0117"}, {"phone": "+16135550117"}).based(*PAIR, phone="+16135550117")
    assert _base_of(night, "phone") == (base_hash("phone", "+16135550117"), date(2026, 11, 1))


def test_a_new_agreement_moves_the_base(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": "613 555 0118"}, {"phone": "613 555 0118"}).based(*PAIR, phone="+16135550117")
    assert _base_of(night, "phone") == (base_hash("phone", "+16135550118"), TODAY)


def test_drift_keeps_the_base_and_makes_none(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": "613 555 0118", "last_name": "Roy"}, {"phone": "613 555 0117", "last_name": "Ray"})
    night.based(*PAIR, phone="+16135550117")
    assert _base_of(night, "phone") == (base_hash("phone", "+16135550117"), date(2026, 11, 1))
    assert _base_of(night, "last_name") is None


def test_only_certified_pairs_of_snapshots_move_the_base_g1(nights: Nights) -> None:
    for shop, till in ((False, True), (True, False)):
        night = nights().source("shop", "shopify", "ecom", certified=shop).source("till", "heartland", certified=till)
        night.pairing("mortar", "shop", "till")
        _linked(night, {"phone": "613 555 0118", "email": "a@example.com"}, {"phone": "613 555 0118", "email": "a@example.com"})
        night.based(*PAIR, phone="+16135550117")
        assert _base_of(night, "phone") == (base_hash("phone", "+16135550117"), date(2026, 11, 1))
        assert _base_of(night, "email") is None


def test_a_link_that_could_not_be_compared_tonight_keeps_its_bases(mortar: Nights) -> None:
    """M13: an archived profile that is restored is compared with what both agreed on before."""
    night = _linked(mortar(), {"phone": "613 555 0118"}, {"phone": "613 555 0118", "status": "archived"}).based(*PAIR, phone="+16135550117")
    assert _base_of(night, "phone") == (base_hash("phone", "+16135550117"), date(2026, 11, 1))


def test_one_sided_blanks_leave_the_base_alone(mortar: Nights) -> None:
    night = _linked(mortar(), {"phone": None}, {"phone": "613 555 0117"}).based(*PAIR, phone="+16135550117")
    assert _base_of(night, "phone") == (base_hash("phone", "+16135550117"), date(2026, 11, 1))


def test_the_base_of_tonight_tells_tomorrow_who_changed(nights: Nights, mortar: Nights) -> None:
    """Two nights in a row, the second fed with what the first kept."""
    first = _linked(mortar(), {"street": "1 Côté St.", "city": "Ottawa"}, {"street": "1 cote st", "city": "OTTAWA"}).detected()
    kept = [tuple(row.values()) for row in first.rows("select * from next_bases")]
    second = _linked(mortar(), {"street": "1 Côté St.", "city": "Ottawa"}, {"street": "9 Elm St", "city": "Ottawa"})
    second.warehouse.insert("bases", kept)
    assert second.drifts() == {(*PAIR, "address"): "pos"}
