"""What the simulated Ecwid store takes: each quirk of a write as the sheet tells it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.vendors.sandbox.ecwid.shop import ADA, BO, Shop


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
