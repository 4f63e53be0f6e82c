"""The simulated X-Series retailer, over real HTTP: each quirk of the X-Series sheet shows as the sheet tells it."""

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import yaml

from connectors.sandbox.base import Ledger
from connectors.sandbox.lightspeed_x import Account

START = 1_795_000_000.0
CONTRACTS = Path(os.environ.get("ROLLCALL_CONTRACTS", Path(__file__).parents[4] / "shared" / "contracts"))
ADA = {
    "first_name": "Ada", "last_name": "Example", "email": "ada@example.com", "phone": "+16135550101",
    "birth_date": "1990-03-03", "email_consent": "out", "sms_consent": "in", "street": "1 Sample St", "city": "Ottawa",
    "region": "ON", "postal_code": "K1A 0B1", "country": "CA", "note": "likes tea", "group": "VIP", "orders": 2,
    "created_at": "2025-10-09T05:20:09Z",
}  # fmt: skip
NEW = {"first_name": "Bo", "last_name": None, "customer_code": "RC-1", "do_not_email": True}
HOME = {
    "address_line_1": "1 Sample St", "city": "Ottawa", "postcode": "K1A 0B1", "state_code": "ON", "country_code": "CA",
    "type": "SHIPPING",
}  # fmt: skip


class Counter:
    """A retailer that serves, a client that may speak to it, and time that the test moves."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("main-st", lambda: self.at, self.ledger, **quirks)
        self.account.start()
        self.web = requests.Session()
        if self.account.tokens is None:
            self.sign(*self.account.secrets().values())

    def sign(self, token: str) -> None:
        self.web.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        self.at += 1.0
        return self.web.request(method, self.account.url + path, json=body, params=query, timeout=10)

    def page(self, after: int = 0, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", "/customers", after=after, **query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def walk(self, **query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while (page := self.page(rows[-1]["version"] if rows else 0, **query))["data"]:
            rows += page["data"]
            assert page["version"] == {"min": page["data"][0]["version"], "max": rows[-1]["version"]}
        return rows

    def one(self, key: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/customers/{key}").json()["data"])

    def found(self, **wish: Any) -> list[str]:
        answer = self.call("GET", "/search", type="customers", **wish)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]

    def refresh(self, token: str, **other: str) -> requests.Response:
        who = {"client_id": self.account.access.client_id, "client_secret": self.account.access.client_secret}
        form = who | {"grant_type": "refresh_token", "refresh_token": token} | other
        return self.web.post(self.account.url.replace("2026-07", "1.0") + "/token", data=form, timeout=10)


@pytest.fixture
def opened() -> Iterator[Callable[..., Counter]]:
    counters: list[Counter] = []

    def open_one(**quirks: Any) -> Counter:
        counters.append(Counter(**quirks))
        return counters[-1]

    yield open_one
    for counter in counters:
        counter.web.close()
        counter.account.stop()


@pytest.fixture
def counter(opened: Callable[..., Counter]) -> Counter:
    return opened()


def test_settings_name_a_personal_token_or_what_a_refresh_needs(
    opened: Callable[..., Counter], counter: Counter, tmp_path: Path
) -> None:
    assert counter.account.url == f"{counter.account.settings()['base_url']}/api/2026-07"
    assert list(counter.account.secrets()) == [counter.account.settings()["token"]["env"]]
    rotating = opened(token_folder=tmp_path).account
    settings = rotating.settings()
    assert settings["client_secret"] == {"env": "SANDBOX_MAIN_ST_CLIENT_SECRET"}
    assert rotating.secrets() == {"SANDBOX_MAIN_ST_CLIENT_SECRET": rotating.access.client_secret}
    path = Path(settings["tokens"]["file"])
    assert set(json.loads(path.read_text())) == {"access_token", "refresh_token", "expires_at"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_canonical_fields_come_back_and_lie_where_the_sheet_has_them(counter: Counter) -> None:
    key = counter.account.add(ADA)
    assert counter.account.read(key) == {
        **{name: value for name, value in ADA.items() if name != "orders"},
        "phone": "613-555-0101", "street_2": None, "tags": None, "has_purchased": True, "status": "active",
    }  # fmt: skip
    row = counter.one(key)
    assert (row["phone"], row["physical_state"], row["physical_country_id"]) == ("613-555-0101", "ON", "CA")
    assert (row["do_not_email"], row["enable_promotional_sms"], row["year_to_date"]) == (True, True, 50.0)
    assert row["created_at"] == "2025-10-09T05:20:09+00:00"
    assert row["version"] > 2**32
    counter.account.edit(key, {"phone_raw": "613-555-0101 (mom)", "group": None, "mobile": "613-555-0102"})
    assert counter.account.read(key)["phone"] == "613-555-0101 (mom)"
    assert counter.account.read(key)["group"] is None
    assert counter.one(key)["mobile"] == "613-555-0102"


def test_g9_the_two_switches_have_opposite_polarity_and_their_default_says_nothing(counter: Counter) -> None:
    for email, sms in (("in", "out"), ("unknown", "unknown"), ("out", "in")):
        key = counter.account.add(ADA | {"email_consent": email, "sms_consent": sms})
        row, read = counter.one(key), counter.account.read(key)
        assert (row["do_not_email"], row["enable_promotional_sms"]) == (email == "out", sms == "in")
        assert read["email_consent"] == ("out" if email == "out" else "unknown")
        assert read["sms_consent"] == ("in" if sms == "in" else "unknown")


def test_the_walk_ends_on_an_empty_page_and_never_on_a_short_one(opened: Callable[..., Counter]) -> None:
    for style, mark in (("null", None), ("zero", 0), ("cursor", 7)):
        counter = opened(empty_version=style, page_size_cap=3)
        assert counter.page(7) == {"data": [], "version": {"min": mark, "max": mark}}
    keys = [counter.account.add(ADA) for _ in range(7)]
    assert [row["id"] for row in counter.walk(page_size=10_000)] == keys
    assert len(counter.page(page_size=2)["data"]) == 2
    last = counter.walk()[-1]["version"]
    assert [row["id"] for row in counter.page(before=last)["data"]] == keys[:3]
    assert counter.page(last)["data"] == []


def test_a_page_size_that_nobody_names_is_fifty(counter: Counter) -> None:
    for _ in range(51):
        counter.account.add(ADA)
    assert [len(counter.page()["data"]), len(counter.page(page_size=500)["data"])] == [50, 51]


def test_a_changed_record_leaves_its_place_and_comes_again(counter: Counter) -> None:
    first, second, third = (counter.account.add(ADA) for _ in range(3))
    read = counter.page(page_size=2)
    counter.account.sell(first)
    assert [row["id"] for row in read["data"]] == [first, second]
    assert [row["id"] for row in counter.walk()] == [second, third, first]
    assert [row["id"] for row in counter.page(read["version"]["max"])["data"]] == [third, first]
    for _ in range(300):
        counter.account.sell(second)
    assert [row["id"] for row in counter.walk()] == [third, first, second]


@pytest.mark.parametrize("how", ["bump", "delete"])
def test_a_clerk_at_work_while_the_list_is_walked(opened: Callable[..., Counter], how: str) -> None:
    counter = opened(mutate_during_walk=how)
    keys = [counter.account.add(ADA) for _ in range(6)]
    live = [row["id"] for row in counter.walk(page_size=2)]
    assert (sorted(live) == sorted(keys)) is (how == "bump")
    assert live != keys
    assert {row["id"] for row in counter.walk(deleted="true")} == set(keys)


def test_before_page_lets_a_plot_move_records_in_mid_walk(counter: Counter) -> None:
    keys = [counter.account.add(ADA) for _ in range(4)]
    first = counter.account.books.customers.rows[keys[1]]["version"]
    counter.account.before_page = lambda after: counter.account.delete(keys[3]) if after == first else None
    assert [row["id"] for row in counter.walk(page_size=2)] == keys[:3]


def test_m13_deleted_ones_are_listed_only_where_asked_for_and_never_come_back(opened: Callable[..., Counter]) -> None:
    counter = opened()
    kept, gone = counter.account.add(ADA), counter.account.add(ADA)
    assert counter.call("DELETE", f"/customers/{gone}").status_code == 204
    assert [row["id"] for row in counter.walk()] == [kept]
    assert [row["deleted_at"] is None for row in counter.walk(deleted="true")] == [True, False]
    assert counter.account.read(gone)["status"] == "deleted"
    assert counter.one(gone)["deleted_at"]
    assert counter.call("PUT", f"/customers/{gone}", NEW).status_code == 404
    assert list(counter.account.ids()) == [kept, gone]
    with pytest.raises(ValueError, match="stays so"):
        counter.account.edit(gone, {"note": "back"})
    assert [(e.profile_id, e.change, e.status) for e in counter.ledger.effects] == [(gone, {"status": "deleted"}, 204)]
    other = opened(get_deleted="404", write_deleted="200")
    key = other.account.add(ADA)
    other.account.archive(key)
    assert other.call("GET", f"/customers/{key}").status_code == 404
    assert other.call("PUT", f"/customers/{key}", NEW).status_code == 200
    assert other.account.read(key)["status"] == "deleted"


def test_a_merge_moves_balances_and_names_no_survivor(counter: Counter) -> None:
    survivor, loser = counter.account.add(ADA), counter.account.add(ADA | {"loyalty_balance": 12.5})
    counter.account.merge(loser, survivor)
    assert (counter.one(survivor)["loyalty_balance"], counter.one(survivor)["year_to_date"]) == (12.5, 100)
    assert survivor not in json.dumps(counter.one(loser))


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


def test_an_expired_version_is_answered_silently_by_the_oldest_one(counter: Counter) -> None:
    key = counter.account.add(ADA)
    for version, customer, addresses in (("2024-01", 200, 404), ("2026-04", 200, 200), ("2031-01", 404, 404)):
        base = counter.account.url.replace("2026-07", version)
        assert counter.web.get(f"{base}/customers/{key}").status_code == customer
        assert counter.web.get(f"{base}/customers/{key}/addresses").status_code == addresses


def test_one_register_has_350_calls_in_five_minutes_and_is_told_a_date(opened: Callable[..., Counter]) -> None:
    counter = opened()
    answers = [counter.web.get(counter.account.url + "/retailer") for _ in range(351)]
    assert [a.status_code for a in answers] == [200] * 350 + [429]
    assert (answers[0].headers["X-RateLimit-Limit"], answers[0].headers["X-RateLimit-Remaining"]) == ("350", "349")
    assert answers[-1].headers["Retry-After"].endswith("GMT")
    assert parsedate_to_datetime(answers[-1].headers["Retry-After"]).timestamp() == START + 300
    counter.at += 299
    assert counter.web.get(counter.account.url + "/retailer").status_code == 429
    counter.at += 1
    assert counter.web.get(counter.account.url + "/retailer").status_code == 200


def test_the_window_may_slide_or_say_nothing(opened: Callable[..., Counter]) -> None:
    for style, left in (("sliding", 1), ("bare", 350), ("fixed", 350)):
        counter = opened(rate_window=style)
        counter.web.get(counter.account.url + "/retailer")
        counter.at += 10
        for _ in range(349):
            assert counter.account.window.take() == 0.0
        refused = counter.web.get(counter.account.url + "/retailer")
        assert refused.status_code == 429
        assert ("Retry-After" in refused.headers) is (style != "bare")
        counter.at += 290
        assert counter.account.window.left == left


def test_a_refresh_rotates_and_ends_both_tokens_before(opened: Callable[..., Counter], tmp_path: Path) -> None:
    counter = opened(token_folder=tmp_path)
    first = json.loads(Path(counter.account.settings()["tokens"]["file"]).read_text())
    assert first["expires_at"] == START + 86_400
    counter.sign(first["access_token"])
    assert counter.call("GET", "/retailer").status_code == 200
    answer = counter.refresh(first["refresh_token"])
    second = answer.json()
    assert (second["expires_in"], second["domain_prefix"]) == (86_400, "main-st")
    assert second["refresh_token"] != first["refresh_token"]
    assert answer.headers["X-RateLimit-Limit"] == "10"
    denied = counter.call("GET", "/retailer")
    assert (denied.status_code, denied.json()) == (401, {"error": "Access token is not valid"})
    again = counter.refresh(first["refresh_token"])
    assert (again.status_code, counter.account.access.spent_offers) == (400, 1)
    counter.sign(second["access_token"])
    assert counter.call("GET", "/retailer").status_code == 200
    counter.at += 86_400
    assert counter.call("GET", "/retailer").status_code == 401
    assert counter.refresh(second["refresh_token"]).status_code == 200


def test_without_rotation_the_answer_holds_no_refresh_token(opened: Callable[..., Counter], tmp_path: Path) -> None:
    counter = opened(token_folder=tmp_path, rotate_refresh=False)
    kept = json.loads(Path(counter.account.settings()["tokens"]["file"]).read_text())
    answers = [counter.refresh(kept["refresh_token"]).json() for _ in range(2)]
    assert [set(answer) & {"refresh_token"} for answer in answers] == [set(), set()]
    counter.sign(kept["access_token"])
    assert counter.call("GET", "/retailer").status_code == 200


def test_the_token_address_takes_a_form_and_a_code_once_and_has_its_own_limit(
    opened: Callable[..., Counter], tmp_path: Path
) -> None:
    counter = opened(token_folder=tmp_path)
    code = counter.account.access.authorize()
    statuses = [counter.refresh("", grant_type="authorization_code", code=code).status_code for _ in range(2)]
    assert statuses == [200, 400]
    stale = counter.account.access.authorize()
    counter.at += 600
    assert counter.refresh("", grant_type="authorization_code", code=stale).status_code == 400
    assert counter.refresh("x", client_secret="wrong").json() == {"error": "invalid_client"}
    address = counter.account.url.replace("2026-07", "1.0") + "/token"
    assert counter.web.post(address, json={"grant_type": "refresh_token"}).json() == {"error": "invalid_request"}
    assert [counter.refresh("x").status_code for _ in range(8)] == [400] * 7 + [429]
    counter.at += 60
    assert counter.refresh("x").status_code == 400


def test_an_expired_token_needs_a_refresh_and_a_lost_scope_is_403(
    opened: Callable[..., Counter], counter: Counter, tmp_path: Path
) -> None:
    rotating = opened(token_folder=tmp_path)
    kept = json.loads(Path(rotating.account.settings()["tokens"]["file"]).read_text())
    rotating.sign(kept["access_token"])
    rotating.account.fault("token_expired", after=1)
    assert [rotating.call("GET", "/retailer").status_code for _ in range(3)] == [200, 401, 401]
    rotating.sign(rotating.refresh(kept["refresh_token"]).json()["access_token"])
    assert rotating.call("GET", "/retailer").status_code == 200
    counter.account.access.scopes = frozenset({"customers:read"})
    assert counter.call("POST", "/customers", NEW).json() == {"error": "permission denied"}
    assert counter.call("GET", "/customers").status_code == 200
    counter.account.fault("scope_lost")
    assert counter.call("GET", "/customers").status_code == 403
    assert counter.ledger.effects == []


def test_an_early_end_and_a_pretended_write_look_like_success(counter: Counter) -> None:
    key = counter.account.add(ADA)
    counter.account.fault("stop_at_page", path_contains="/customers")
    assert counter.page() == {"data": [], "version": {"min": None, "max": None}}
    before = counter.one(key)
    for method, path, body in (
        ("PUT", f"/customers/{key}", NEW | {"customer_code": "X"}),
        ("POST", "/customers", NEW),
        ("DELETE", f"/customers/{key}", None),
        ("POST", "/customer_groups", {"name": "Ghost"}),
        ("POST", f"/customers/{key}/addresses", HOME),
        ("POST", f"/customer_groups/{counter.account.books.default_group}/customers", {"customer_ids": [key]}),
    ):
        counter.account.fault("answer_without_effect", method=method)
        assert counter.call(method, path, body).status_code in (200, 201, 204)
    assert counter.one(key) == before
    assert list(counter.account.ids()) == [key]
    assert counter.ledger.effects == []


def test_what_nobody_serves_is_404_or_405_or_400(counter: Counter) -> None:
    key = counter.account.add(ADA)
    assert counter.call("GET", "/customers/nobody").status_code == 404
    assert counter.call("PATCH", f"/customers/{key}", {}).status_code == 405
    assert counter.call("DELETE", "/customers").status_code == 405
    assert counter.call("GET", "/customers", after="x").status_code == 400
    assert counter.web.put(f"{counter.account.url}/customers/{key}", data=b"{").status_code == 400


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the vendors' own schemas are not here: ../shared/contracts")
@pytest.mark.parametrize("style", ["absent", "null", "empty"])
def test_what_is_answered_keeps_the_vendors_own_contract(opened: Callable[..., Counter], style: str) -> None:
    counter = opened(null_style=style)
    key = counter.account.add(ADA)
    counter.account.delete(counter.account.add({"first_name": None, "last_name": None}))
    answers = [
        ("customers", "CustomerCollection", counter.call("GET", "/customers", deleted="true")),
        ("customers", "CustomerCollection", counter.call("GET", "/customers", after=2**50)),
        ("customers", "CustomerResponse", counter.call("GET", f"/customers/{key}")),
        ("customers", "CustomerResponse", counter.call("POST", "/customers", NEW)),
        ("customer-groups", "CustomerGroupCollection", counter.call("GET", "/customer_groups")),
        ("customer-groups", "CustomerGroupResponse", counter.call("POST", "/customer_groups", {"name": "A"})),
        ("customer-addresses", "CustomerAddressCreateResponse", counter.call("POST", f"/customers/{key}/addresses", HOME)),
        ("customer-addresses", "CustomerAddressCollection", counter.call("GET", f"/customers/{key}/addresses")),
    ]  # fmt: skip
    for part, name, answer in answers:
        contract = yaml.safe_load((CONTRACTS / f"lightspeed-x_2026-07_{part}.openapi.yml").read_text("utf-8"))
        schema = {"$ref": f"#/components/schemas/{name}", "components": contract["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


def test_five_thousand_customers_walk_in_a_moment(counter: Counter) -> None:
    for n in range(5_000):
        counter.account.add(ADA | {"email": f"p{n}@example.com"})
    began = time.perf_counter()
    assert len(counter.walk(page_size=500, deleted="true")) == 5_000
    assert time.perf_counter() - began < 5.0
