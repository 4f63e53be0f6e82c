"""What the simulated X-Series retailer takes, and what can be looked up: as the sheet tells it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.vendors.sandbox.lightspeed_x.counter import ADA, HOME, NEW, Counter


def test_a_short_put_replaces_and_opts_an_opted_out_customer_in(opened: Callable[..., Counter]) -> None:
    for semantics, consent, code in (("replace", "unknown", False), ("merge", "out", True)):
        counter = opened(put_semantics=semantics)
        key = counter.account.add(ADA | {"tax_id": "T-1", "on_account_limit": 50, "customer_code": "ADA-EX01"})
        answer = counter.call("PUT", f"/customers/{key}", {"first_name": "Ada", "last_name": "New"})
        assert answer.json()["data"]["last_name"] == "New"
        read, row = counter.account.read(key), counter.one(key)
        assert read["email_consent"] == consent
        assert (read["email"], row["on_account_limit"]) == (("ada@example.com", 50) if code else (None, None))
        assert (row["customer_code"] == "ADA-EX01") is code
        assert row["tax_id"] == "T-1"
        (effect,) = counter.ledger.effects
        assert ("email_consent" in effect.change) is not code
        assert effect.before["last_name"] == "Example"


def test_under_replace_both_names_must_be_there_and_under_merge_one_field_will_do(
    opened: Callable[..., Counter],
) -> None:
    strict, loose = opened(), opened(put_semantics="merge")
    refused = strict.call("PUT", f"/customers/{strict.account.add(ADA)}", {"note": "x"})
    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"first_name", "last_name"}
    key = loose.account.add(ADA)
    assert loose.call("PUT", f"/customers/{key}", {"note": "x", "version": 1, "balance": 9, "shoe": 7}).ok
    assert [effect.change for effect in loose.ledger.effects] == [{"note": "x"}]
    assert loose.one(key)["balance"] == 0


def test_a_whole_put_changes_one_field_and_nothing_else(counter: Counter) -> None:
    key = counter.account.add(ADA)
    row = counter.one(key)
    counter.call("PUT", f"/customers/{key}", row | {"last_name": "Married"})
    (effect,) = counter.ledger.effects
    assert (effect.change, effect.before) == ({"last_name": "Married"}, {"last_name": "Example"})
    assert counter.one(key)["version"] > row["version"]


@pytest.mark.parametrize(("how", "status", "after"), [("null", 200, None), ("ignored", 200, "1990-03-03")])
def test_how_a_date_is_cleared_is_a_switch(
    opened: Callable[..., Counter], how: str, status: int, after: str | None
) -> None:
    counter = opened(clear_date=how, put_semantics="merge")
    key = counter.account.add(ADA)
    assert counter.call("PUT", f"/customers/{key}", {"date_of_birth": None}).status_code == status
    assert counter.account.read(key)["birth_date"] == after
    stubborn = opened(clear_date="refused")
    assert stubborn.call("POST", "/customers", NEW | {"date_of_birth": None}).status_code == 400


def test_card_like_digits_are_blanked_without_a_word(counter: Counter) -> None:
    body = NEW | {"note": "card 4111 1111 1111 1111 ok", "custom_field_1": "4111-1111-1111-1112"}
    answer = counter.call("POST", "/customers", body)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["note"], data["custom_field_1"]) == ("card  ok", "4111-1111-1111-1112")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"do_not_email": "yes"}, "do_not_email"),
        ({"email": "nobody"}, "email"),
        ({"date_of_birth": "3 March"}, "date_of_birth"),
        ({"gender": "X"}, "gender"),
        ({"customer_group_id": "nowhere"}, "customer_group_id"),
        ({"customer_code": "ada-ex01"}, "customer_code"),
        ({"on_account_limit": "much"}, "on_account_limit"),
        ({"note": 7}, "note"),
        ({"first_name": 7}, "first_name"),
    ],
)
def test_a_refused_write_changes_nothing(counter: Counter, body: dict[str, Any], field: str) -> None:
    counter.account.add(ADA | {"customer_code": "ADA-EX01"})
    key = counter.account.add(ADA)
    before = counter.one(key)
    for method, path in (("PUT", f"/customers/{key}"), ("POST", "/customers")):
        answer = counter.call(method, path, {"first_name": "Bo", "last_name": "B"} | body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert counter.one(key) == before
    assert counter.ledger.effects == []


def test_a_create_answers_201_and_our_own_code_keeps_it_single(opened: Callable[..., Counter]) -> None:
    counter = opened()
    made = counter.call("POST", "/customers", NEW)
    assert (made.status_code, made.json()["data"]["customer_code"]) == (201, "RC-1")
    assert counter.call("POST", "/customers", NEW).status_code == 400
    assert counter.found(customer_code="rc-1") == [made.json()["data"]["id"]]
    (effect,) = counter.ledger.effects
    assert effect.change["email_consent"] == "out"
    coded = counter.call("POST", "/customers", {"first_name": None, "last_name": None}).json()["data"]
    assert coded["customer_code"].startswith("UNNAMED-")
    assert counter.call("POST", "/customers", {"first_name": "Bo"}).status_code == 400
    doubling = opened(duplicate_customer_code="accepted")
    assert [doubling.call("POST", "/customers", NEW).status_code for _ in range(2)] == [201, 201]


def test_search_is_exact_or_by_prefix_and_may_lag(opened: Callable[..., Counter]) -> None:
    counter = opened()
    key = counter.account.add(ADA)
    assert counter.found(email="ADA@example.com") == [key]
    assert counter.found(email="ada@") == []
    assert counter.found(email="ada@example.com", last_name="else") == []
    assert counter.call("GET", "/search", type="products").status_code == 400
    counter.account.delete(key)
    assert counter.found(phone="613-555-0101") == []
    assert counter.found(phone="613-555-0101", deleted="true") == [key]
    assert opened(search_match="prefix").found(email="x") == []
    slow = opened(search_delay=5.0, search_match="prefix")
    made = slow.call("POST", "/customers", NEW | {"email": "bo@example.com"}).json()["data"]["id"]
    assert slow.found(email="bo@") == []
    assert [row["id"] for row in slow.walk()] == [made]
    slow.at += 5
    assert slow.found(email="bo@") == [made]
    slow.call("PUT", f"/customers/{made}", NEW | {"email": "new@example.com"})
    assert slow.found(email="bo@") == [made]
    slow.at += 5
    assert slow.found(email="bo@") == []


def test_a_search_keeps_up_with_every_change(counter: Counter) -> None:
    key, twin = (counter.account.add(ADA) for _ in range(2))
    assert counter.found(email="ada@example.com") == [key, twin]
    counter.account.edit(key, {"email": "new@example.com"})
    late = counter.account.add(ADA | {"email": "NEW@example.com", "phone": None})
    assert counter.found(email="ada@example.com") == [twin]
    assert counter.found(email="new@example.com") == [key, late]
    assert counter.found(email="new@example.com", phone="613-555-0101") == [key]
    assert counter.found(last_name="example", order_by="email", order_direction="desc", page_size=2, offset=1) == [
        twin,
        late,
    ]


def test_an_unknown_parameter_is_ignored_so_that_a_filter_returns_everybody(opened: Callable[..., Counter]) -> None:
    counter = opened()
    for _ in range(3):
        counter.account.add(ADA)
    assert len(counter.page(email="nobody@example.com")["data"]) == 3
    assert counter.page(page=2)["data"] == counter.page(page=1)["data"]
    strict = opened(unknown_query="refused")
    assert strict.call("GET", "/customers", page=2).status_code == 400


def test_x2_groups_are_walked_made_and_renamed(opened: Callable[..., Counter]) -> None:
    counter = opened()
    made = counter.call("POST", "/customer_groups", {"name": "Gold"})
    assert made.status_code == 201
    gold = made.json()["data"]["id"]
    twice = counter.call("POST", "/customer_groups", {"name": "Gold"})
    assert (twice.status_code, twice.json()["fields"]["name_existing_id"]) == (400, gold)
    assert counter.call("PUT", f"/customer_groups/{gold}", {"name": "Golden"}).status_code == 200
    listed = counter.call("GET", "/customer_groups").json()
    assert [group["name"] for group in listed["data"]] == ["All Customers", "Golden"]
    assert listed["data"][0]["group_id"] == "1111111111"
    assert counter.call("GET", "/customer_groups", after=listed["version"]["max"]).json()["data"] == []
    assert [effect.change for effect in counter.ledger.effects] == [{"group": "Gold"}, {"group": "Golden"}]
    assert counter.call("POST", "/customer_groups", {}).status_code == 400
    loose = opened(unique_group_names=False)
    assert [loose.call("POST", "/customer_groups", {"name": "A"}).status_code for _ in range(2)] == [201, 201]


def test_x3_a_customer_moves_between_groups_and_falls_back_to_all_customers(counter: Counter) -> None:
    key, other = counter.account.add(ADA), counter.account.add(ADA | {"group": None})
    vip, home = counter.account.books.group_named("VIP"), counter.account.books.default_group
    moved = counter.call("POST", f"/customer_groups/{vip}/customers", {"customer_ids": [other]})
    assert (moved.status_code, moved.json()) == (201, True)
    assert counter.account.read(other)["group"] == "VIP"
    inside = counter.call("GET", f"/customer_groups/{vip}/customers").json()["data"]
    assert [row["id"] for row in inside] == [key, other]
    away = counter.call("DELETE", f"/customer_groups/{vip}/customers", {"customer_ids": [key]})
    assert (away.status_code, away.content) == (204, b"")
    assert counter.one(key)["customer_group_id"] == home
    assert [(e.profile_id, e.change) for e in counter.ledger.effects] == [
        (other, {"group": "VIP"}),
        (key, {"group": None}),
    ]
    lost = counter.call("POST", f"/customer_groups/{vip}/customers", {"customer_ids": [key, "nobody"]})
    assert lost.status_code == 404
    assert counter.account.read(key)["group"] is None
    assert counter.call("DELETE", f"/customer_groups/{vip}").status_code == 405
    old = counter.account.url.replace("2026-07", "2.0")
    assert counter.web.delete(f"{old}/customer_groups/{vip}").status_code == 204
    assert counter.account.read(other)["group"] is None


def test_the_second_group_list_is_undocumented_and_may_disagree(opened: Callable[..., Counter]) -> None:
    for style, count in (("one", 1), ("more", 2), ("absent", 0)):
        counter = opened(group_ids=style)
        row = counter.one(counter.account.add(ADA))
        assert len(row.get("customer_group_ids", [])) == count


def test_an_empty_field_is_absent_null_or_an_empty_text(opened: Callable[..., Counter]) -> None:
    seen = []
    for style in ("absent", "null", "empty", "mixed"):
        counter = opened(null_style=style)
        row = counter.one(counter.account.add({"first_name": None, "last_name": "Example"}))
        seen.append({row.get(name, "absent") for name in ("email", "phone", "mobile", "note", "fax")})
        assert row["first_name"] is None
        assert "SENTINEL" in json.dumps(row)
    assert seen == [{"absent"}, {None}, {""}, {"absent", None, ""}]


def test_addresses_stand_beside_the_customer_and_check_the_postcode(counter: Counter) -> None:
    key = counter.account.add(ADA)
    made = counter.call("POST", f"/customers/{key}/addresses", HOME)
    assert (made.status_code, made.json()["data"]["country_name"]) == (201, "Canada")
    number = made.json()["data"]["id"]
    assert made.json()["data"]["created_at"].endswith("Z")
    wrong = counter.call("PUT", f"/customers/{key}/addresses/{number}", HOME | {"postcode": "12345"})
    assert (wrong.status_code, "Example: K1A 0B1" in wrong.json()["error"]) == (400, True)
    assert counter.call("POST", f"/customers/{key}/addresses", HOME | {"state_code": None}).status_code == 400
    assert counter.call("PUT", f"/customers/{key}/addresses/{number}", HOME | {"city": "Hull"}).status_code == 200
    assert counter.call("GET", f"/customers/{key}/addresses/{number}").json()["data"]["city"] == "Hull"
    assert counter.one(key)["physical_city"] == "Ottawa"
    assert counter.call("DELETE", f"/customers/{key}/addresses/{number}").status_code == 204
    assert counter.call("GET", f"/customers/{key}/addresses").json() == {"data": []}
    assert [effect.status for effect in counter.ledger.effects] == [201, 200, 204]
