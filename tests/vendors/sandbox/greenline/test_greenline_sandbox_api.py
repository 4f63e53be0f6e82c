"""The simulated Greenline company by the assumed contract: lists, writes and limits."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox.base import Account as AnyAccount
from tests.vendors.sandbox.greenline.shop import NOT_KEPT, ROBIN, Shop


def test_settings_and_secrets_fit_each_other_for_either_host(opened: Callable[..., Shop]) -> None:
    newer = opened().account
    assert newer.settings() == {
        "kind": "greenline", "driver": "api", "base_url": newer.url, "company_id": "900",
        "token": {"env": "SANDBOX_GREEN_TOKEN"}, "token_header": "x-api-key",
    }  # fmt: skip
    assert newer.url.endswith("/api/v1")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", newer.secrets()["SANDBOX_GREEN_TOKEN"])
    older = opened(header="api-key", second_header="external-api-auth-token")
    assert older.page()["total"] == 0
    assert list(older.account.secrets()) == ["SANDBOX_GREEN_TOKEN", "SANDBOX_GREEN_TOKEN_2"]
    del older.headers["external-api-auth-token"]
    assert older.call("GET", "customers").status_code == 401


def test_keys_and_companies_that_do_not_fit(opened: Callable[..., Shop]) -> None:
    shop = opened()
    elsewhere = shop.call("GET", "../901/customers")
    assert (elsewhere.status_code, elsewhere.json()) == (403, {"error": "FORBIDDEN"})
    shop.headers = {"x-api-key": "wrong"}
    refused = shop.call("GET", "customers")
    assert (refused.status_code, refused.json()) == (401, {"error": "UNAUTHORIZED"})
    page = opened(login_page=True)
    page.headers = {}
    answer = page.call("GET", "customers")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


def test_canonical_fields_come_back_and_lie_where_the_contract_has_them(shop: Shop) -> None:
    account: AnyAccount = shop.account
    key = account.add(ROBIN | {"phone_raw": "(416) 555-0123", "street": "1 Sample St", "group": "VIP", "balance": 12.5})
    assert account.read(key) == {
        **ROBIN, "phone": "(416) 555-0123", "full_name": "Robin Sample", "status": "active", **dict.fromkeys(NOT_KEPT),
    }  # fmt: skip
    row = shop.one(key)
    assert (row["id"], row["companyId"], row["name"]) == (7001, 900, "Robin Sample")
    assert (row["marketingEmailOptIn"], row["marketingSmsOptIn"], row["isArchived"]) == (None, True, False)
    assert (row["creditBalance"], row["createdAt"], row["taxExempt"]) == (1250, "2023-04-01T14:00:00Z", False)
    assert shop.call("GET", "locations").json() == {"data": [{"id": 901, "name": "Queen St"}]}


def test_phones_stay_as_they_were_typed(shop: Shop) -> None:
    for n in range(30):
        shop.account.add({"first_name": f"N{n}", "phone": "+14165550123"})
    spellings = {row["phone"] for row in shop.page()["data"]}
    assert spellings == {"4165550123", "+1 416-555-0123", "(416) 555-0123"}
    assert len(shop.account.find_by_phone("+14165550123")) == 30
    other = shop.account.add({"first_name": "Far", "phone": "+442079460000"})
    assert shop.account.read(other)["phone"] == "+442079460000"


def test_a_name_may_come_in_one_piece(shop: Shop) -> None:
    key = shop.account.add({"full_name": "Robin Sample"})
    assert (shop.one(key)["name"], shop.one(key)["firstName"]) == ("Robin Sample", None)
    nobody = shop.account.add({"phone": "+14165550123"})
    assert shop.one(nobody)["name"] == "?"
    shop.account.edit(nobody, {"last_name": "Muster"})
    assert shop.one(nobody)["name"] == "Muster"


def test_pages_end_by_the_total_and_on_an_exactly_full_one(shop: Shop) -> None:
    keys = []
    for n in range(4):
        shop.at += 1
        keys.append(shop.account.add({"first_name": f"N{n}"}))
    assert shop.ids(limit=2) + shop.ids(limit=2, offset=2) == keys
    last = shop.page(limit=2, offset=4)
    assert (last["data"], last["total"], last["offset"], last["limit"]) == ([], 4, 4, 2)
    for wish in ({"limit": 101}, {"limit": 0}, {"offset": "x"}, {"updatedAfter": "yesterday"}):
        refused = shop.call("GET", "customers", **wish)
        assert (refused.status_code, refused.json()["error"]) == (400, "VALIDATION")


def test_whoever_is_edited_while_the_list_is_read_moves_to_its_end(shop: Shop) -> None:
    keys = [shop.account.add({"first_name": f"N{n}"}) for n in range(4)]

    def plot(offset: int) -> None:
        if offset == 2:
            shop.account.edit(keys[0], {"note": "seen"})

    shop.account.before_page = plot
    assert shop.ids(limit=2) == keys[:2]
    assert shop.ids(limit=2, offset=2) == [keys[3], keys[0]], "the third was skipped, the first read twice"


def test_archived_ones_are_listed_only_when_asked_for_unless_the_account_differs(opened: Callable[..., Shop]) -> None:
    for quirk, plain, asked in (("asked", 1, 2), ("always", 2, 2), ("never", 1, 1)):
        shop = opened(includes_archived=quirk)
        keys = [shop.account.add({"first_name": f"N{n}"}) for n in range(2)]
        shop.account.delete(keys[0])
        assert (shop.page()["total"], shop.page(includeArchived="true")["total"]) == (plain, asked)
        assert shop.one(keys[0])["isArchived"] is True
        shop.account.restore(keys[0])
        assert shop.page()["total"] == 2


def test_searches_and_updated_after(shop: Shop) -> None:
    first = shop.account.add(ROBIN)
    shop.at += 60
    second = shop.account.add({"first_name": "Max", "phone_raw": "416 555 0124"})
    assert shop.ids(email="robin@EXAMPLE.com") == [first]
    assert shop.ids(phone="+14165550124") == [second]
    assert shop.ids(search="max") == [second]
    assert shop.ids(search=first) == [first]
    assert shop.ids(email="nobody@example.com") == []
    assert shop.ids(updatedAfter="2023-04-01T14:00:00Z") == [second], "strictly after"
    assert shop.ids(updatedAfter="2023-04-01T13:59:59Z") == [first, second]


def test_patch_keeps_what_is_absent_and_clears_by_null(shop: Shop) -> None:
    key = shop.account.add(ROBIN | {"phone_raw": "4165550123"})
    answer = shop.call("PATCH", f"customers/{key}", {"email": None, "notes": "checked", "name": "Robin Sample"})
    assert (answer.status_code, answer.json()["data"]["email"]) == (200, None)
    read = shop.account.read(key)
    assert (read["email"], read["note"], read["phone"]) == (None, "checked", "4165550123")
    (effect,) = shop.ledger.effects
    assert (effect.method, effect.profile_id) == ("PATCH", key)
    assert effect.change == {"email": None, "notes": "checked"}
    assert effect.before == {"email": "Robin@example.com", "notes": "likes tea"}
    assert shop.one(key)["updatedAt"] > shop.one(key)["createdAt"]


@pytest.mark.parametrize("follows", [False, True])
def test_the_whole_name_follows_its_parts_only_where_the_account_does_so(
    opened: Callable[..., Shop], follows: bool
) -> None:
    shop = opened(name_follows=follows)
    key = shop.account.add(ROBIN)
    shop.call("PATCH", f"customers/{key}", {"firstName": "Rob"})
    assert shop.one(key)["name"] == ("Rob Sample" if follows else "Robin Sample")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"email": "no address"}, "email"),
        ({"phone": 4165550123}, "phone"),
        ({"birthday": "30/11/1988"}, "birthday"),
        ({"birthday": "19881130"}, "birthday"),
        ({"marketingEmailOptIn": "yes"}, "marketingEmailOptIn"),
        ({"loyaltyPoints": True}, "loyaltyPoints"),
        ({"isArchived": None}, "isArchived"),
        ({"id": 1}, "id"),
        ({"updatedAt": "2026-01-01T00:00:00Z"}, "updatedAt"),
        ({"shoeSize": "42"}, "shoeSize"),
        (["x"], None),
    ],
)
def test_a_bad_patch_names_its_field_and_changes_nothing(shop: Shop, body: Any, field: str | None) -> None:
    key = shop.account.add(ROBIN)
    before = shop.one(key)
    answer = shop.call("PATCH", f"customers/{key}", body)
    assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (400, "VALIDATION", field)
    assert shop.one(key) == before
    assert shop.ledger.effects == []


def test_create_needs_a_name_alone(shop: Shop) -> None:
    refused = shop.call("POST", "customers", {"email": "max@example.com"})
    assert (refused.status_code, refused.json()["field"]) == (400, "name")
    made = shop.call("POST", "customers", {"name": "Max Muster", "phone": "416-555-0150"})
    row = made.json()["data"]
    assert (made.status_code, row["id"], row["email"], row["marketingEmailOptIn"]) == (201, 7001, None, None)
    (effect,) = shop.ledger.effects
    assert (effect.status, effect.change) == (201, {"name": "Max Muster", "phone": "416-555-0150"})


def test_one_customer_may_come_bare(opened: Callable[..., Shop]) -> None:
    shop = opened(single_in_data=False)
    key = shop.account.add(ROBIN)
    assert shop.call("GET", f"customers/{key}").json()["id"] == int(key)
    assert shop.call("PATCH", f"customers/{key}", {"notes": None}).json()["notes"] is None


def test_c3_a_contact_that_another_customer_holds_is_refused_by_name(shop: Shop) -> None:
    holder, other = shop.account.add(ROBIN), shop.account.add({"first_name": "Max"})
    taken = {"error": "DUPLICATE", "field": "phone", "existingId": int(holder)}
    for method, path, body in (
        ("PATCH", f"customers/{other}", {"phone": "4165550123"}),
        ("POST", "customers", {"name": "Eve", "phone": "1-416-555-0123"}),
    ):
        answer = shop.call(method, path, body)
        assert (answer.status_code, answer.json()) == (409, taken)
    shop.account.archive(holder)
    assert shop.call("PATCH", f"customers/{other}", {"phone": "4165550123"}).status_code == 200
    back = shop.call("PATCH", f"customers/{holder}", {"isArchived": False})
    assert (back.status_code, back.json()["existingId"]) == (409, int(other))


def test_duplicates_from_the_till_stay_and_may_be_edited_otherwise(opened: Callable[..., Shop]) -> None:
    shop = opened()
    first, second = shop.account.add(ROBIN), shop.account.add(ROBIN)
    assert shop.account.find_by_email("robin@example.com") == [first, second]
    same = {"email": "Robin@example.com", "notes": "twice"}
    assert shop.call("PATCH", f"customers/{second}", same).status_code == 200
    lenient = opened(unique_contact=False)
    lenient.account.add(ROBIN)
    assert lenient.call("POST", "customers", {"name": "Eve", "email": "robin@example.com"}).status_code == 201


def test_what_does_not_exist_is_404_and_nothing_is_deleted(shop: Shop) -> None:
    key = shop.account.add(ROBIN)
    for method, path in (
        ("GET", "customers/99"), ("PATCH", "customers/x"), ("DELETE", f"customers/{key}"), ("PUT", f"customers/{key}"),
        ("GET", "products"), ("GET", ""),
    ):  # fmt: skip
        answer = shop.call(method, path, {})
        assert (answer.status_code, answer.json()) == (404, {"error": "NOT_FOUND"}), path
    for profile_id in ("99", "x"):
        assert shop.account.status(profile_id) == "missing"
        with pytest.raises(KeyError):
            shop.account.read(profile_id)


def test_g11_fields_beyond_the_contract_hold_a_sentinel(opened: Callable[..., Shop]) -> None:
    shop = opened(unnamed_fields=("licenceNumber",), sentinel="NOBODY")
    key = shop.account.add(ROBIN)
    assert shop.one(key)["licenceNumber"] == "NOBODY"
    assert "NOBODY" not in json.dumps(shop.account.read(key))


def test_five_requests_a_second_and_the_wait_in_seconds(opened: Callable[..., Shop]) -> None:
    for says in (True, False):
        shop = opened(retry_after=says)
        answers = [shop.web.get(f"{shop.place}/locations", headers=shop.headers, timeout=10) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert answers[-1].headers.get("Retry-After") == ("1" if says else None)
        shop.at += 0.2
        assert shop.web.get(f"{shop.place}/locations", headers=shop.headers, timeout=10).status_code == 200
