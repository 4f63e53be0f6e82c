"""The simulated Ecwid store, over real HTTP: each quirk of the Ecwid sheet shows as the sheet tells it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.ecwid import Account

START = 1_795_000_000.0
ADA = {
    "first_name": "Ada", "last_name": "Sample", "email": "ada.sample@example.com", "phone": "+12175550142",
    "email_consent": "in", "street": "1 Example Way", "street_2": "Unit 2", "city": "Springfield", "region": "IL",
    "postal_code": "00000", "country": "US", "note": "likes tea", "group": "Gold", "orders": 2,
    "created_at": "2026-01-05T10:00:00Z",
}  # fmt: skip
BO = {"email": "bo@example.com", "billingPerson": {"name": "Bo Sample"}}


class Shop:
    """A store that serves, a client that may speak to it, and time that the test moves."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("web-shop", lambda: self.at, self.ledger, **quirks)
        self.account.start()
        self.web = requests.Session()
        self.sign(*self.account.secrets().values())

    def sign(self, token: str) -> None:
        self.web.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        self.at += 1.0
        return self.web.request(method, self.account.url + path, json=body, params=query, timeout=10)

    def listed(self, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", "/customers", **{"limit": 100, "sortBy": "REGISTERED_DATE_ASC"} | query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def found(self, **query: Any) -> list[str]:
        return [str(row["id"]) for row in self.listed(**query)["items"]]

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/customers/{key}").json())

    def put(self, key: str, **body: Any) -> requests.Response:
        return self.call("PUT", f"/customers/{key}", body)

    def contacts(self, key: str) -> list[tuple[str, str, bool]]:
        items = self.call("GET", f"/customers/{key}/contacts").json()["items"]
        return [(item["type"], item["contact"], item["default"]) for item in items]


@pytest.fixture
def opened() -> Iterator[Callable[..., Shop]]:
    shops: list[Shop] = []

    def open_one(**quirks: Any) -> Shop:
        shops.append(Shop(**quirks))
        return shops[-1]

    yield open_one
    for shop in shops:
        shop.web.close()
        shop.account.stop()


@pytest.fixture
def shop(opened: Callable[..., Shop]) -> Shop:
    return opened()


def people(shop: Shop, count: int) -> list[str]:
    """So many customers, one second apart."""
    keys = []
    for n in range(count):
        made = f"2026-01-05T10:{n // 60:02}:{n % 60:02}Z"
        keys.append(shop.account.add(ADA | {"email": f"p{n}@example.com", "created_at": made}))
    return keys


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


def test_a_put_is_partial_and_merges_the_person_key_by_key(shop: Shop) -> None:
    key = shop.account.add(ADA)
    before = shop.one(key)
    answer = shop.put(key, billingPerson={"city": "Shelbyville"}, registered="x", shoe=7)
    assert (answer.status_code, answer.json()) == (200, {"updateCount": 1})
    (effect,) = shop.ledger.effects
    assert (effect.change, effect.before) == ({"city": "Shelbyville"}, {"city": "Springfield"})
    after = shop.one(key)
    assert after["billingPerson"] == before["billingPerson"] | {"city": "Shelbyville"}
    assert after["updated"] > before["updated"]
    assert after["registered"] == before["registered"]
    shop.put(key, acceptMarketing=False, customerGroupId=0)
    assert shop.ledger.effects[-1].change == {"email_consent": "out", "group": None}


def test_contacts_in_a_put_replace_the_whole_list(shop: Shop) -> None:
    key = shop.account.add(ADA)
    shop.put(key, contacts=[{"contact": "217-555-0199", "type": "PHONE"}])
    assert shop.contacts(key) == [("PHONE", "217-555-0199", True)]
    assert shop.account.read(key)["email"] == "ada.sample@example.com"
    refused = shop.put(key, contacts=[{"contact": "x"}])
    assert (refused.status_code, refused.json()["errorMessage"]) == (400, "Field CustomerContact.type is absent")
    assert shop.put(key, contacts=[{"contact": "x", "type": "PIGEON"}]).status_code == 400


def test_contacts_one_by_one_leave_the_others_alone(shop: Shop) -> None:
    key = shop.account.add(ADA)
    path = f"/customers/{key}/contacts"
    assert shop.call("POST", path, {"contact": "217-555-0150", "type": "PHONE", "default": True}).json() == {
        "createCount": 1
    }
    assert shop.contacts(key) == [
        ("PHONE", "217-555-0142", False), ("EMAIL", "ada.sample@example.com", True), ("PHONE", "217-555-0150", True),
    ]  # fmt: skip
    assert shop.account.read(key)["phone"] == "217-555-0150"
    old, _, new = (item["id"] for item in shop.call("GET", path).json()["items"])
    assert shop.call("PUT", f"{path}/{old}", {"contact": "217-555-0151", "default": True}).json() == {"updateCount": 1}
    assert shop.account.read(key)["phone"] == "217-555-0151"
    assert shop.call("GET", f"{path}/{new}").json()["default"] is False
    assert shop.call("DELETE", f"{path}/{old}").json() == {"deleteCount": 1}
    assert ("PHONE", "217-555-0150", True) in shop.contacts(key)
    assert shop.call("DELETE", f"{path}/{old}").status_code == 404
    assert shop.call("POST", path, {"type": "PHONE"}).status_code == 400
    assert [sorted(effect.change)[0] for effect in shop.ledger.effects] == ["contacts"] * 3
    shop.put(key, primaryPhone="217-555-0160")
    assert shop.account.read(key)["phone"] == "217-555-0160"


@pytest.mark.parametrize(
    ("coupling", "contact", "email"), [("email_to_contact", "n1", "n1"), ("both", "n1", "n2"), ("none", "ada", "n1")]
)
def test_email_and_its_contact_follow_each_other_as_the_store_is_set_up(
    opened: Callable[..., Shop], coupling: str, contact: str, email: str
) -> None:
    shop = opened(email_coupling=coupling)
    key = shop.account.add(ADA)
    shop.put(key, email="n1@example.com")
    held = {kind: value for kind, value, _ in shop.contacts(key)}
    assert held["EMAIL"].startswith(contact)
    number = next(
        c["id"] for c in shop.call("GET", f"/customers/{key}/contacts").json()["items"] if c["type"] == "EMAIL"
    )
    shop.call("PUT", f"/customers/{key}/contacts/{number}", {"contact": "n2@example.com"})
    assert str(shop.account.read(key)["email"]).startswith(email)


def test_saved_addresses_are_updated_by_id_made_without_and_dropped_when_left_out(shop: Shop) -> None:
    key = shop.account.add(ADA)
    shop.put(key, shippingAddresses=[{"street": "1 A St"}, {"street": "2 B St"}])
    rows = [shop.one(key)["shippingAddresses"] for _ in range(2)]
    assert rows[0] == rows[1][::-1]
    kept = next(a for a in rows[0] if a["street"] == "2 B St")
    shop.put(key, shippingAddresses=[{"id": kept["id"], "city": "Springfield"}])
    (left,) = shop.one(key)["shippingAddresses"]
    assert (left["id"], left["street"], left["city"]) == (kept["id"], "2 B St", "Springfield")


def test_null_never_clears_and_an_empty_text_does(opened: Callable[..., Shop]) -> None:
    shop = opened()
    key = shop.account.add(ADA)
    assert shop.put(key, privateAdminNotes=None, acceptMarketing=None, billingPerson={"city": None}).status_code == 200
    assert shop.account.read(key) == shop.account.read(key) | {
        "note": "likes tea",
        "city": "Springfield",
        "email_consent": "in",
    }
    shop.put(key, privateAdminNotes="", billingPerson={"city": ""})
    assert (shop.account.read(key)["note"], shop.account.read(key)["city"]) == (None, None)
    assert shop.put(key, email="").status_code == 400
    strict = opened(null_means="refused", empty_email="accepted")
    key = strict.account.add(ADA)
    refused = strict.put(key, billingPerson={"city": None})
    assert refused.json() == {"errorMessage": "Field BillingPerson.city cannot be null", "errorCode": "WRONG_PARAMETER"}
    assert strict.put(key, email="").status_code == 200
    assert strict.account.read(key)["email"] is None


def test_one_customer_per_email_whatever_its_capitals(opened: Callable[..., Shop]) -> None:
    shop = opened()
    key = shop.account.add(ADA)
    made = shop.call("POST", "/customers", BO | {"acceptMarketing": False})
    assert made.status_code == 200
    twice = shop.call("POST", "/customers", BO | {"email": "ADA.sample@Example.com"})
    assert (twice.status_code, twice.json()["errorMessage"]) == (409, "Customer with this email already exists")
    assert shop.put(key, email="bo@example.com").status_code == 409
    assert shop.put(key, email="Ada.Sample@example.com").status_code == 200
    with pytest.raises(ValueError, match="none twice"):
        shop.account.add(ADA)
    with pytest.raises(ValueError, match="without an email"):
        shop.account.add({"first_name": "Bo"})
    assert [effect.profile_id for effect in shop.ledger.effects] == [str(made.json()["id"]), key]
    assert shop.ledger.effects[0].change["email_consent"] == "out"
    assert opened(fold_email=False).call("POST", "/customers", BO).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "nobody"}, 400, "WRONG_PARAMETER"), ({"lang": "xx"}, 400, "LANGUAGES_NOT_ALLOWED"),
        ({"customerGroupId": 7}, 404, None), ({"acceptMarketing": "yes"}, 400, "WRONG_PARAMETER"),
        ({"b2b_b2c": "x"}, 400, "WRONG_PARAMETER"), ({"contacts": {}}, 400, "WRONG_PARAMETER"),
        ({"customerGroupId": True}, 400, "WRONG_PARAMETER"), ({"billingPerson": {"name": 7}}, 400, "WRONG_PARAMETER"),
        ([], 400, "WRONG_PARAMETER"),
    ],
)  # fmt: skip
def test_a_refused_write_changes_nothing(shop: Shop, body: Any, status: int, code: str | None) -> None:
    key = shop.account.add(ADA)
    before = shop.one(key)
    answer = shop.call("PUT", f"/customers/{key}", body)
    assert (answer.status_code, answer.json().get("errorCode")) == (status, code)
    assert shop.one(key)["updated"] == before["updated"]
    assert shop.ledger.effects == []


def test_a_create_needs_an_email_and_a_password_is_never_kept(shop: Shop) -> None:
    assert (
        shop.call("POST", "/customers", {"billingPerson": {}}).json()["errorMessage"]
        == "Field Customer.email is absent"
    )
    made = shop.call("POST", "/customers", BO | {"password": "hunter2"}).json()["id"]
    assert "hunter2" not in json.dumps(shop.one(str(made)))
    assert shop.account.passwords_sent == 1


def test_a_deleted_customer_is_404_and_leaves_an_id_and_a_date(shop: Shop) -> None:
    gone, other = shop.account.add(ADA), shop.account.add(ADA | {"email": "b@example.com"})
    assert shop.call("DELETE", f"/customers/{gone}").json() == {"deleteCount": 1}
    assert shop.call("GET", f"/customers/{gone}").json() == {"errorMessage": f"Customer #{gone} not found"}
    shop.account.delete(other)
    listed = shop.call("GET", "/customers/deleted", from_date="2026-01-01 00:00:00").json()
    assert [row["id"] for row in listed["items"]] == [int(gone), int(other)]
    assert shop.call("GET", "/customers/deleted", from_date=int(shop.at) + 60).json()["total"] == 0
    assert [effect.change for effect in shop.ledger.effects] == [{"status": "deleted"}]
    with pytest.raises(KeyError):
        shop.account.read(gone)
    with pytest.raises(ValueError, match="cannot archive"):
        shop.account.archive(shop.account.guest("g@example.com"))


def test_x2_groups_with_general_first_and_a_name_that_may_stand_twice(opened: Callable[..., Shop]) -> None:
    shop = opened()
    key = shop.account.add(ADA)
    listed = shop.call("GET", "/customer_groups").json()
    assert [(group["id"], group["name"]) for group in listed["items"]] == [(0, "General"), (70_001, "Gold")]
    made = shop.call("POST", "/customer_groups", {"name": "Gold"})
    assert made.status_code == 200
    assert shop.call("POST", "/customer_groups", {}).json()["errorMessage"] == "Field CustomerMembership.name is absent"
    number = made.json()["id"]
    assert shop.call("PUT", f"/customer_groups/{number}", {"name": "Silver"}).json() == {"updateCount": 1}
    assert shop.call("GET", f"/customer_groups/{number}").json() == {"id": number, "name": "Silver"}
    for name in ("customerGroupId", "customerGroupIds"):
        assert shop.call("GET", "/customer_groups", **{name: number}).json()["total"] == 1
    before = shop.one(key)["updated"]
    assert shop.call("DELETE", "/customer_groups/70001").json() == {"deleteCount": 1}
    assert shop.account.read(key)["group"] is None
    assert shop.one(key)["updated"] > before
    assert [effect.change for effect in shop.ledger.effects] == [{"group": "Gold"}, {"group": "Silver"}] + [
        {"group": None}
    ] * 2
    assert shop.call("DELETE", "/customer_groups/0").status_code == 405
    assert shop.call("GET", "/customer_groups/9").json()["errorMessage"] == "Customer group #9 not found"
    strict = opened(unique_group_names=True)
    assert [strict.call("POST", "/customer_groups", {"name": "A"}).status_code for _ in range(2)] == [200, 409]


def test_an_abandoned_cart_counts_in_the_statistics_and_is_no_purchase(opened: Callable[..., Shop]) -> None:
    for count, numbers in (("all", [1, 2]), ("paid", [0, 2])):
        shop = opened(stats_count=count)
        carts = shop.account.add({"email": "c@example.com", "abandoned": 1})
        buyer = shop.account.add(ADA)
        assert [shop.one(key)["stats"]["numberOfOrders"] for key in (carts, buyer)] == numbers
        assert [shop.account.read(key)["has_purchased"] for key in (carts, buyer)] == [False, True]
    query = {"customerId": carts, "limit": 1, "responseFields": "total,items(id,paymentStatus)"}
    orders = shop.call("GET", "/orders", **query).json()
    assert (orders["total"], orders["items"][0]["paymentStatus"]) == (1, "INCOMPLETE")
    assert shop.call("GET", "/orders", email="ada", paymentStatus="PAID,REFUNDED").json()["total"] == 2
    assert shop.call("GET", "/orders/last", customerEmail="ada.sample@example.com").json()["customerId"] == int(buyer)
    assert shop.call("GET", "/orders/last", customerEmail="nobody@example.com").status_code == 404
    assert set(shop.call("GET", "/latest-stats").json()) == {"customersUpdated", "ordersUpdated"}


def test_token_errors_are_403_and_going_on_blocks_the_good_token_too(shop: Shop) -> None:
    shop.sign("secret_wrong")
    answers = [shop.web.get(shop.account.url + "/customers") for _ in range(22)]
    assert [answer.status_code for answer in answers] == [403] * 21 + [429]
    assert answers[0].json()["errorCode"] == "INVALID_API_TOKEN"
    assert answers[-1].headers["Retry-After"] == "3600"
    shop.sign(shop.account.token)
    assert shop.call("GET", "/customers").status_code == 429
    shop.at += 3_600
    assert shop.call("GET", "/customers").status_code == 200


def test_a_scope_for_each_kind_of_call(shop: Shop) -> None:
    key = shop.account.add(ADA)
    calls = {
        "read_customers": [("GET", "/customers"), ("GET", "/customer_groups"), ("GET", f"/customers/{key}/contacts")],
        "create_customers": [("POST", "/customers"), ("POST", "/customer_groups"), ("POST", f"/customers/{key}/contacts")],
        "update_customers": [("PUT", f"/customers/{key}"), ("DELETE", f"/customers/{key}"), ("DELETE", "/customer_groups/1")],
        "read_orders": [("GET", "/orders"), ("GET", "/orders/last")],
    }  # fmt: skip
    whole = shop.account.scopes
    for scope, sent in calls.items():
        shop.account.scopes = whole - {scope}
        for method, path in sent:
            answer = shop.call(method, path, {})
            assert (answer.status_code, answer.json()["errorCode"]) == (403, "INSUFFICIENT_APP_SCOPE")
    assert shop.ledger.effects == []


@pytest.mark.parametrize(
    ("plan", "customers", "groups", "code"),
    [
        ("free", 402, 402, "NOT_AVAILABLE_ON_CURRENT_PLAN"),
        ("suspended", 402, 402, "STORE_IS_SUSPENDED"),
        ("no_groups", 200, 402, "NOT_AVAILABLE_ON_CURRENT_PLAN"),
    ],
)
def test_a_plan_or_a_paused_store_is_402(
    opened: Callable[..., Shop], plan: str, customers: int, groups: int, code: str
) -> None:
    shop = opened(plan=plan)
    assert shop.call("GET", "/customers").status_code == customers
    refused = shop.call("GET", "/customer_groups")
    assert (refused.status_code, refused.json()["errorCode"]) == (groups, code)


def test_the_message_may_stand_in_the_reason_phrase_alone(opened: Callable[..., Shop]) -> None:
    shop = opened(error_style="reason")
    answer = shop.call("GET", "/customers/5")
    assert (answer.status_code, answer.reason, answer.content) == (404, "Customer #5 not found", b"")
    bare = opened(error_style="bare").call("GET", "/customers", sortBy="x").json()
    assert list(bare) == ["errorMessage"]


def test_six_hundred_calls_a_minute_and_retry_after_in_seconds(opened: Callable[..., Shop]) -> None:
    shop = opened()
    for _ in range(600):
        assert shop.account.calls.take() == 0.0
    shop.at += 20.5
    refused = shop.web.get(shop.account.url + "/customers")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    shop.at += 39.5
    assert shop.web.get(shop.account.url + "/customers").status_code == 200


def test_what_nobody_serves(shop: Shop) -> None:
    key = shop.account.add(ADA)
    for method, path, status in (
        ("GET", "/profile", 404), ("PATCH", f"/customers/{key}", 405), ("DELETE", "/customers", 405),
        ("POST", f"/customers/{key}/archive", 404), ("GET", "/customers/x", 404), ("GET", f"/customers/{key}/contacts/x", 404),
    ):  # fmt: skip
        assert shop.call(method, path, {}).status_code == status
    other = shop.account.url.replace("900001", "900002")
    assert shop.web.get(f"{other}/customers").json()["errorCode"] == "STORE_NOT_FOUND"
    assert shop.web.put(f"{shop.account.url}/customers/{key}", data="email=x").status_code == 415
    typed = {"Content-Type": "application/json"}
    assert shop.web.put(f"{shop.account.url}/customers/{key}", data="{", headers=typed).status_code == 400


def test_a_batch_is_done_in_order_and_fetched_by_its_ticket(shop: Shop) -> None:
    key = shop.account.add(ADA)
    calls = [
        {"id": "a", "path": f"/customers/{key}", "method": "PUT", "body": {"acceptMarketing": False}},
        {"id": "b", "path": "/customers/5", "method": "GET"},
        {"id": "c", "path": "/customers", "method": "POST", "body": BO},
    ]
    ticket = shop.call("POST", "/batch", calls, stopOnFirstFailure="true").json()["ticket"]
    queued = shop.call("GET", "/batch", ticket=ticket, escapedJson="true").json()
    assert queued == {"status": "QUEUED", "totalRequests": 3, "completedRequests": 0}
    done = shop.call("GET", "/batch", ticket=ticket, escapedJson="true").json()
    assert [(one["id"], one.get("httpStatusCode"), one["status"]) for one in done["responses"]] == [
        ("a", 200, "COMPLETED"), ("b", 404, "FAILED"), ("c", None, "NOT_EXECUTED"),
    ]  # fmt: skip
    assert json.loads(done["responses"][0]["escapedHttpBody"]) == {"updateCount": 1}
    assert [effect.change for effect in shop.ledger.effects] == [{"email_consent": "out"}]
    assert shop.call("POST", "/batch", []).status_code == 400
    assert shop.call("GET", "/batch", ticket="x").status_code == 404


def test_the_mass_update_deletes_everybody_and_says_so_in_the_ledger(shop: Shop) -> None:
    keys = people(shop, 3)
    assert shop.call("POST", "/customers_update", {"ids": [int(keys[0])]}).status_code == 400
    assert shop.call("POST", "/customers_update", {"ids": [int(keys[0])], "delete": True}).json() == {"updateCount": 3}
    assert list(shop.account.ids()) == []
    assert [effect.profile_id for effect in shop.ledger.effects] == keys


def test_faults_speak_the_vendors_own_words(shop: Shop) -> None:
    people(shop, 4)
    shop.account.fault("token_expired")
    assert shop.call("GET", "/customers").json()["errorCode"] == "INVALID_API_TOKEN"
    shop.account.fault("stop_at_page")
    short = shop.listed()
    assert (short["total"], short["count"], len(short["items"]), short["allCustomerCount"]) == (2, 2, 2, 2)
    shop.account.fault("empty_list")
    assert shop.listed()["total"] == 0
    shop.account.fault("lying_count", by=-1)
    lied = shop.listed()
    assert (lied["total"], lied["count"], lied["allCustomerCount"]) == (3, 4, 3)
    shop.account.fault("huge_note", size=100)
    assert len(shop.listed()["items"][0]["privateAdminNotes"]) == 100
    shop.account.fault("scope_lost")
    assert shop.call("GET", "/customers").json()["errorCode"] == "INSUFFICIENT_APP_SCOPE"


def test_a_pretended_write_looks_like_success(shop: Shop) -> None:
    key = shop.account.add(ADA)
    before = shop.account.read(key)
    for method, path, body in (
        ("PUT", f"/customers/{key}", {"email": "n@example.com", "contacts": []}),
        ("POST", "/customers", BO),
        ("DELETE", f"/customers/{key}", None),
        ("POST", f"/customers/{key}/contacts", {"type": "PHONE", "contact": "1"}),
        ("POST", "/customer_groups", {"name": "Ghost"}),
        ("PUT", "/customer_groups/70001", {"name": "Ghost"}),
        ("DELETE", "/customer_groups/70001", None),
    ):
        shop.account.fault("answer_without_effect", method=method)
        assert shop.call(method, path, body).status_code == 200
    assert shop.account.read(key) == before
    assert list(shop.account.ids()) == [key]
    assert shop.call("GET", "/customer_groups").json()["total"] == 2
    assert shop.ledger.effects == []


def test_five_thousand_customers_walk_in_a_moment(shop: Shop) -> None:
    for n in range(5_000):
        shop.account.add(ADA | {"email": f"p{n}@example.com"})
    began, read = time.perf_counter(), 0
    while items := shop.listed(offset=read)["items"]:
        read += len(items)
    assert read == 5_000
    assert time.perf_counter() - began < 5.0
