"""Three-way drift: what counts as a difference, who changed, and the base of the next night (G13, G3, G5)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tests.sql.given import BEFORE, KEY, TODAY, Night, base_hash

Nights = Callable[..., Night]
Sides = tuple[Mapping[str, Any], Mapping[str, Any]]


def _linked(night: Night, *pairs: Sides) -> Night:
    """Linked pairs, numbered from 1: shop profile and till profile."""
    for number, (shop, till) in enumerate(pairs, start=1):
        night.has(f"shop:{number}", links={"till": str(number)}, **shop).has(f"till:{number}", **till)
    return night


def _drifts(night: Night) -> dict[tuple[int, str], str]:
    """Side per pair and field."""
    assert all(ecom.removeprefix("shop:") == pos.removeprefix("till:") for ecom, pos, _ in night.drifts())
    return {(int(ecom.removeprefix("shop:")), field): side for (ecom, _, field), side in night.drifts().items()}


def _base(night: Night, number: int, field: str) -> tuple[str, date] | None:
    return night.next_bases().get((str(number), f"till:{number}", field))


def test_linked_profiles_that_agree_have_no_drift_whatever_case_spaces_accents_and_spelling(mortar: Nights) -> None:
    plain = {
        "first_name": "Zoe", "last_name": "O'Connor", "birth_date": "1990-03-04", "phone": "613 555 0117", "email": "a@example.com",
        "street": "1 rue Cote.", "city": "MONTREAL", "postal_code": "h2x1y4",
    }  # fmt: skip
    spelled = {
        "first_name": " ZOË ", "last_name": "O’Connor", "birth_date": "03/04/1990", "phone": "+1 (613) 555-0117", "email": "A@Example.com ",
        "street": "1 Rue Côté", "city": "Montréal", "postal_code": "H2X 1Y4",
    }  # fmt: skip
    assert _drifts(_linked(mortar(), (plain, plain), (plain, spelled), (spelled, plain))) == {}


def test_every_field_drifts_by_itself(mortar: Nights) -> None:
    shop = {
        "first_name": "Ann",
        "last_name": "Roy",
        "birth_date": "1990-03-04",
        "phone": "613 555 0117",
        "email": "a@example.com",
        "city": "Ottawa",
    }
    till = {
        "first_name": "Anna",
        "last_name": "Ray",
        "birth_date": "1991-03-04",
        "phone": "613 555 0118",
        "email": "b@example.com",
        "city": "Hull",
    }
    fields = ("first_name", "last_name", "birth_date", "phone", "email", "address")
    assert _drifts(_linked(mortar(), (shop, till))) == {(1, field): "no_base" for field in fields}


def test_the_side_that_left_the_base_is_the_side_that_changed(mortar: Nights) -> None:
    given = {
        "ecom": ("613 555 0118", "613 555 0117", "+16135550117"),
        "pos": ("613 555 0117", "613 555 0118", "+16135550117"),
        "both": ("613 555 0118", "613 555 0119", "+16135550117"),
        "no_base": ("613 555 0118", "613 555 0119", None),
        "ecom_blank": (None, "613 555 0117", "+16135550117"),
        "pos_blank": ("613 555 0117", None, None),
        "agreed on something new": ("613 555 0118", "613 555 0118", "+16135550117"),
    }
    night = _linked(mortar(), *(({"phone": shop}, {"phone": till}) for shop, till, _ in given.values()))
    for number, (_, _, base) in enumerate(given.values(), start=1):
        if base:
            night.based(f"shop:{number}", f"till:{number}", phone=base)
    expected = {(n, "phone"): side for n, side in enumerate(given, start=1) if side != "agreed on something new"}
    assert _drifts(night) == expected


def test_a_side_that_is_not_comparable_gives_no_drift_and_a_blank_one_does(mortar: Nights) -> None:
    odd = {
        "phone": ["ask her sister", "613 555 0117 or 613 555 0118"], "email": ["none", "@"], "birth_date": ["1990-02-30", "1900-01-01"],
        "first_name": ["!!!"],
    }  # fmt: skip
    good = {"phone": "613 555 0117", "email": "a@example.com", "birth_date": "1990-03-04", "first_name": "Ann"}
    pairs: list[Sides] = [({field: good[field]}, {field: value}) for field in odd for value in odd[field]]
    pairs += [(till, shop) for shop, till in pairs]
    blanks: list[Sides] = [({"last_name": "Roy"}, {"last_name": blank}) for blank in (None, "", "?", "N/A")]
    night = _linked(mortar(), *pairs, *blanks)
    assert _drifts(night) == {(len(pairs) + n, "last_name"): "pos_blank" for n in range(1, 5)}


def test_a_placeholder_is_neither_drift_nor_carried_anywhere_g5(mortar: Nights) -> None:
    night = _linked(
        mortar(), ({"phone": "613 555 0117"}, {"phone": "613 555 5555"}), ({"phone": None}, {"phone": "613 555 5555"})
    )
    assert _drifts(night.listed("phone", "%5555555")) == {}
    assert night.planned("update") == []


def test_a_field_that_the_policy_ignores_is_not_compared(mortar: Nights, blaze: Nights) -> None:
    ignored = mortar(fields={"phone": "ignore"})
    assert _drifts(_linked(ignored, ({"phone": "613 555 0117"}, {"phone": "613 555 0118"}))) == {}
    stores = blaze().has("ecom:1", city="Portland", links={"downtown": "7"}).has("downtown:7", city="Salem")
    assert stores.drifts() == {}


def test_only_a_link_that_holds_is_compared(mortar: Nights) -> None:
    night = mortar().has("shop:1", first_name="Ann", phone="613 555 0117", email="a@example.com")
    night.has("till:1", first_name="Ann", phone="613 555 0118", email="a@example.com")
    night.has("shop:2", phone="613 555 0120", links={"till": "2"}).has(
        "till:2", phone="613 555 0121", status="archived"
    )
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
    _linked(night, ({"phone": "613 555 0117"}, {"phone": "613 555 0118"}))
    assert len(night.detected().rows("select * from drifts")) == 1


# the base of the next night ----------------------------------------------------------------------------------------------


def test_what_becomes_the_base_of_the_next_night(mortar: Nights) -> None:
    """Agreement moves it, drift and blanks keep it, and a link that cannot be compared tonight keeps what it had (M13)."""
    old, new = ({"phone": "613 555 0117"}, {"phone": "613 555 0118"})
    night = _linked(
        mortar(),
        (old, {"phone": "+16135550117"}),
        (old, old),
        (new, new),
        ({**new, "last_name": "Roy"}, {**old, "last_name": "Ray"}),
        ({"phone": None}, old),
        (new, {**new, "status": "archived"}),
    )
    for number in range(2, 7):
        night.based(f"shop:{number}", f"till:{number}", phone="+16135550117")
    was, now = base_hash("phone", "+16135550117"), base_hash("phone", "+16135550118")
    assert [_base(night, number, "phone") for number in range(1, 7)] == [
        (was, TODAY), (was, BEFORE), (now, TODAY), (was, BEFORE), (was, BEFORE), (was, BEFORE),
    ]  # fmt: skip
    assert _base(night, 4, "last_name") is None


def test_the_base_is_a_keyed_hash_and_never_a_value(mortar: Nights) -> None:
    night = _linked(mortar(), ({"phone": "613 555 0117", "last_name": "Quillfeather"},) * 2)
    text = str(night.detected().rows("select * from next_bases")).lower()
    assert text.count("till") == 2
    assert not [word for word in ("5550117", "quillfeather", KEY) if word in text]


def test_only_certified_pairs_of_snapshots_move_the_base_g1(nights: Nights) -> None:
    for shop, till in ((False, True), (True, False)):
        night = nights().source("shop", "shopify", "ecom", certified=shop).source("till", "heartland", certified=till)
        night.pairing("mortar", "shop", "till")
        _linked(night, ({"phone": "613 555 0118", "email": "a@example.com"},) * 2).based(
            "shop:1", "till:1", phone="+16135550117"
        )
        assert _base(night, 1, "phone") == (base_hash("phone", "+16135550117"), BEFORE)
        assert _base(night, 1, "email") is None


def test_the_base_of_tonight_tells_tomorrow_who_changed(mortar: Nights) -> None:
    """Two nights in a row, the second fed with what the first kept."""
    first = _linked(
        mortar(), ({"street": "1 Côté St.", "city": "Ottawa"}, {"street": "1 cote st", "city": "OTTAWA"})
    ).detected()
    kept = [tuple(row.values()) for row in first.rows("select * from next_bases")]
    second = _linked(mortar(), ({"street": "1 Côté St.", "city": "Ottawa"}, {"street": "9 Elm St", "city": "Ottawa"}))
    second.warehouse.insert("bases", kept)
    assert _drifts(second) == {(1, "address"): "pos"}


def test_a_file_without_the_column_is_not_blank_on_everybody(nights: Nights) -> None:
    """One file has birth dates, the other no such heading: that is nobody's drift; an email that one customer lacks is."""
    night = nights().source("shop", role="ecom").source("till").pairing("plain", "shop", "till", link_keys=False)
    for n in (1, 2):
        night.has(f"shop:{n}", first_name="Ann", phone=f"613 555 100{n}", email=f"a{n}@example.com" if n == 1 else None)
        night.has(
            f"till:{n}", first_name="Ann", phone=f"613 555 100{n}", email=f"a{n}@example.com", birth_date="1990-03-04"
        )
    assert {(f.field, f.members) for f in night.findings("drift")} == {("email", ("shop:2", "till:2"))}
