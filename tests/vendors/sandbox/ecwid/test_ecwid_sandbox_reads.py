"""What the simulated Ecwid store shows: records, lists and filters as the sheet tells them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.vendors.sandbox.ecwid.shop import ADA, BO, Shop, people


def test_settings_and_secrets_are_what_a_configuration_needs(shop: Shop) -> None:
    settings = shop.account.settings()
    assert shop.account.url == f"{settings['base_url']}/api/v3/{settings['store_id']}"
    assert list(shop.account.secrets()) == [settings["token"]["env"]] == ["SANDBOX_WEB_SHOP_TOKEN"]


def test_canonical_fields_come_back_and_lie_where_the_sheet_has_them(shop: Shop) -> None:
    key = shop.account.add(ADA)
    assert shop.account.read(key) == {
        **{name: value for name, value in ADA.items() if name != "orders"},
        "phone": "217-555-0142", "birth_date": None, "sms_consent": "unknown", "tags": None, "has_purchased": True,
        "status": "active",
    }  # fmt: skip
    row = shop.one(key)
    assert row["registered"] == "2026-01-05 10:00:00 +0000"
    assert row["billingPerson"] == {
        "name": "Ada Sample", "firstName": "Ada", "lastName": "Sample", "street": "1 Example Way\nUnit 2",
        "city": "Springfield", "countryCode": "US", "countryName": "United States", "postalCode": "00000",
        "stateOrProvinceCode": "IL", "stateOrProvinceName": "Illinois", "phone": "217-555-0142",
    }  # fmt: skip
    assert (row["customerGroupName"], row["acceptMarketing"], row["stats"]["numberOfOrders"]) == ("Gold", True, 2)
    assert shop.contacts(key) == [("PHONE", "217-555-0142", True), ("EMAIL", "ada.sample@example.com", True)]
    assert "SENTINEL" in json.dumps(row["extrafields"])
    shop.account.edit(key, {"phone_raw": "call mom", "group": None, "street_2": None, "email": "new@example.com"})
    read = shop.account.read(key)
    assert (read["phone"], read["group"], read["street"], read["street_2"]) == ("call mom", None, "1 Example Way", None)
    assert ("EMAIL", "new@example.com", True) in shop.contacts(key)


def test_names_are_derived_and_lost_for_one_word(shop: Shop) -> None:
    for name, first, last in (("Cher", "Cher", None), ("Mary Ann Sample", "Mary", "Ann Sample")):
        key = shop.account.add(ADA | {"email": f"{first}@example.com", "first_name": name, "last_name": None})
        person = shop.one(key)["billingPerson"]
        assert (person["name"], "firstName" in person) == (name, last is not None)
        read = shop.account.read(key)
        assert (read["first_name"], read["last_name"]) == (first, last)
    shop.put(key, name="Lost", billingPerson={"firstName": "Lost", "lastName": "Too"})
    assert shop.account.read(key)["first_name"] == "Mary"


def test_where_a_phone_is_kept_differs_and_phone_1_is_found_in_each(opened: Callable[..., Shop]) -> None:
    for place, kinds in (("both", {"PHONE", "EMAIL"}), ("contact", {"PHONE", "EMAIL"}), ("billing", {"EMAIL"})):
        shop = opened(phone_place=place)
        key = shop.account.add(ADA)
        assert {kind for kind, _, _ in shop.contacts(key)} == kinds
        assert ("phone" in shop.one(key)["billingPerson"]) is (place != "contact")
        assert shop.account.read(key)["phone"] == "217-555-0142"
    shipped = shop.account.add(
        {"email": "s@example.com", "shippingAddresses": [{"id": 1, "phone": "1", "defaultAddress": True}]}
    )
    assert shop.account.read(shipped)["phone"] == "1"


@pytest.mark.parametrize("style", ["absent", "null", "mixed"])
def test_g9_consent_may_be_null_or_missing_and_both_are_unknown(opened: Callable[..., Shop], style: str) -> None:
    shop = opened(consent_unknown=style)
    keys = [shop.account.add({"email": f"p{n}@example.com", "email_consent": "unknown"}) for n in range(2)]
    seen = {shop.one(key).get("acceptMarketing", "absent") for key in keys}
    assert seen == {"absent": {"absent"}, "null": {None}, "mixed": {"absent", None}}[style]
    assert {shop.account.read(key)["email_consent"] for key in keys} == {"unknown"}
    out = shop.account.add(ADA | {"email_consent": "out"})
    assert shop.one(out)["acceptMarketing"] is False
    assert shop.found(acceptMarketing="false") == [out]


def test_a_page_is_ten_unless_asked_and_never_above_a_hundred(opened: Callable[..., Shop]) -> None:
    shop = opened()
    people(shop, 101)
    sizes = [
        len(shop.call("GET", "/customers", **query).json()["items"]) for query in ({}, {"limit": 100}, {"limit": 500})
    ]
    assert sizes == [10, 100, 100]
    last = shop.listed(offset=100)
    assert {name: last[name] for name in last if name != "items"} == {
        "total": 101, "count": 1, "offset": 100, "limit": 100, "allCustomerCount": 101,
    }  # fmt: skip
    assert shop.listed(offset=101)["items"] == []
    assert "totalOrderCount" in last["items"][0]
    assert "totalOrderCount" not in shop.one(str(last["items"][0]["id"]))
    newer = opened(default_limit=100, max_offset=50)
    people(newer, 11)
    assert len(newer.call("GET", "/customers").json()["items"]) == 11
    assert newer.call("GET", "/customers", offset=51).json()["errorCode"] == "WRONG_PARAMETER"


def test_offsets_shift_when_somebody_leaves_in_mid_walk(shop: Shop) -> None:
    keys = people(shop, 6)
    shop.account.before_page = lambda offset: shop.account.delete(keys[0]) if offset == 3 else None
    read = shop.found(limit=3) + shop.found(limit=3, offset=3)
    assert read == [*keys[:3], keys[4], keys[5]]
    assert shop.listed()["total"] == 5


def test_who_is_equal_by_the_sort_key_may_come_twice_or_never(opened: Callable[..., Shop]) -> None:
    shop = opened(unstable_ties=True)
    keys = [shop.account.add(ADA | {"email": f"p{n}@example.com"}) for n in range(30)]
    walk = [one for offset in range(0, 30, 5) for one in shop.found(limit=5, offset=offset)]
    assert len(walk) == 30
    assert set(walk) < set(keys)


def test_a_write_by_id_shows_at_once_and_in_the_list_seconds_later(shop: Shop) -> None:
    made = str(shop.call("POST", "/customers", BO).json()["id"])
    assert shop.one(made)["email"] == "bo@example.com"
    assert shop.found() == []
    shop.at += 4
    assert shop.found() == [made]
    shop.put(made, email="new@example.com")
    assert [row["email"] for row in shop.listed()["items"]] == ["bo@example.com"]
    shop.at += 4
    assert shop.found(email="new@") == [made]
    shop.call("DELETE", f"/customers/{made}")
    assert shop.found() == [made]
    shop.at += 4
    assert shop.found() == []
    by_hand = shop.account.add(ADA)
    assert shop.found() == [by_hand]


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ({"keyword": "sample"}, "ab"), ({"keyword": "2175550142"}, ""), ({"name": "bo "}, "b"), ({"email": "ADA"}, "a"),
        ({"email": "ada", "useExactEmailMatch": "true"}, ""), ({"phone": "5550142"}, "a"), ({"phone": "555-01"}, "ab"),
        ({"customerGroupIds": "0"}, "b"), ({"customerGroup": "70001"}, "a"), ({"acceptMarketing": "true"}, "a"),
        ({"minOrderCount": 1}, "a"), ({"maxOrderCount": 0}, "b"), ({"minSalesValue": 80.5}, "a"), ({"countryCodes": "US,CA"}, "a"),
        ({"city": "spring"}, "a"), ({"createdFrom": 1_767_607_200}, "ab"), ({"createdTo": "2026-01-05 10:00:00"}, "a"),
        ({"b2b_b2c": "b2c"}, "ab"), ({"shoe": "7"}, "ab"),
    ],
)  # fmt: skip
def test_filters_of_the_list(shop: Shop, query: dict[str, Any], hits: str) -> None:
    keys = {"a": shop.account.add(ADA)}
    keys["b"] = shop.account.add(
        {"first_name": "Bo", "last_name": "Sample", "email": "b@example.com", "phone": "+12175550143"}
    )
    assert shop.found(**query) == [keys[letter] for letter in hits]


def test_sorts_and_response_fields(shop: Shop) -> None:
    first = shop.account.add(ADA | {"first_name": "Zoe"})
    second = shop.account.add(ADA | {"email": "a@example.com", "orders": 3, "created_at": "2026-01-06T10:00:00Z"})
    for sort, order in (
        ("NAME_ASC", "21"),
        ("EMAIL_DESC", "12"),
        ("ORDER_COUNT_DESC", "21"),
        ("LAST_ORDER_DATE_ASC", "12"),
    ):
        assert shop.found(sortBy=sort) == [{"1": first, "2": second}[letter] for letter in order]
    assert shop.call("GET", "/customers", sortBy="ID_ASC").status_code == 400
    assert shop.listed(responseFields="total,items(id,billingPerson(name))") == {
        "total": 2,
        "items": [
            {"id": int(first), "billingPerson": {"name": "Zoe Sample"}},
            {"id": int(second), "billingPerson": {"name": "Ada Sample"}},
        ],
    }
    assert shop.call("GET", "/customers", responseFields="total,(").status_code == 400


def test_a_phone_may_only_be_found_as_it_is_spelled(opened: Callable[..., Shop]) -> None:
    shop = opened(phone_match="text")
    key = shop.account.add(ADA)
    assert (shop.found(phone="2175550142"), shop.found(phone="555-0142")) == ([], [key])
