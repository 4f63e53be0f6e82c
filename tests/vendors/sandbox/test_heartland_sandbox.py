"""The simulated Heartland account, over real HTTP: each quirk of the Heartland sheet shows as the sheet tells it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.heartland import Account
from tests.vendors.sandbox.several import several

START = 1_795_000_000.0
IDA = {
    "first_name": "Ida", "last_name": "Sample", "email": "ida.sample@example.com", "phone": "+16135550117",
    "birth_date": "1990-02-28", "email_consent": "in", "tags": "Shopify;vip", "street": "1 Example St",
    "city": "Sampletown", "region": "ON", "postal_code": "K0K 0K0", "country": "CA", "orders": 2,
    "created_at": "2025-03-01T15:00:00Z",
}  # fmt: skip
NEW = {
    "first_name": "Max", "last_name": "Muster", "email": "max@example.com", "public_id": "RC-1",
    "address": {"line_1": "2 Sample St", "city": "Sampleton", "state": "ON", "postal_code": "K0K 0K0", "country": "CA"},
}  # fmt: skip


class Till:
    """An account that serves, a session that may speak to it, and time that the test moves."""

    def __init__(self, **quirks: Any) -> None:
        self.at = START
        self.ledger = Ledger()
        self.account = Account("till-queen", lambda: self.at, self.ledger, **quirks)
        self.account.start()
        self.web = requests.Session()
        (token,) = self.account.secrets().values()
        self.web.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self.web.close()
        self.account.stop()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        self.at += 1.0
        return self.web.request(method, self.account.url + path, json=body, params=query)

    def listed(self, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", "/customers", **{"sort[]": "id", "per_page": 500} | query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def found(self, **wish: Any) -> list[int]:
        return [row["id"] for row in self.listed(_filter=json.dumps(wish))["results"]]


@pytest.fixture
def opened() -> Iterator[Callable[..., Till]]:
    with several(Till) as one:
        yield one


@pytest.fixture
def till(opened: Callable[..., Till]) -> Till:
    return opened()


def test_settings_and_secrets_are_what_a_configuration_needs(till: Till) -> None:
    settings = till.account.settings()
    assert settings["base_url"] == till.account.url
    assert settings["base_url"].endswith("/api")
    assert list(till.account.secrets()) == [settings["token"]["env"]] == ["SANDBOX_TILL_QUEEN_TOKEN"]


def test_canonical_fields_come_back_and_lie_where_the_sheet_has_them(till: Till) -> None:
    key = till.account.add(IDA)
    read = till.account.read(key)
    assert read == {
        **{name: value for name, value in IDA.items() if name not in ("orders", "phone")},
        "phone": "(613) 555-0117", "street_2": None, "sms_consent": "unknown", "note": None,
        "has_purchased": True, "status": "active",
    }  # fmt: skip
    row = till.call("GET", f"/customers/{key}").json()
    assert row["mobile_phone"] == "(613) 555-0117"
    assert row["custom"] == {"birthday": "1990-02-28", "email_opt_in": True, "tags": "Shopify;vip"}
    assert row["created_at"] == "2025-03-01T10:00:00-05:00"
    assert isinstance(row["id"], int)
    assert row["public_id"] == "000001"
    place = till.call("GET", f"/customers/{key}/addresses").json()["results"][0]
    assert (place["line_1"], place["state"], place["first_name"]) == ("1 Example St", "ON", "Ida")
    assert place["phone"] == "613-555-0117"
    till.account.edit(key, {"phone": "+16135550118"})
    assert till.account.read(key)["phone"] == "(613) 555-0118"
    assert till.call("GET", f"/customers/{key}/addresses/{place['id']}").json()["phone"] == "613-555-0117"


def test_where_the_account_keeps_phone_1_on_the_address_it_is_read_and_written_there(
    opened: Callable[..., Till],
) -> None:
    till = opened(phone_key="address.phone")
    key = till.account.add(IDA)
    assert "mobile_phone" not in till.call("GET", f"/customers/{key}").json()
    number = till.call("GET", f"/customers/{key}/addresses").json()["results"][0]["id"]
    till.call("PUT", f"/customers/{key}/addresses/{number}", {"phone": "613-555-0119"})
    assert till.account.read(key)["phone"] == "613-555-0119"


def test_a_raw_phone_an_unknown_name_and_a_bad_birthday_stay_as_they_are(till: Till) -> None:
    key = till.account.add({"last_name": "Sample", "phone_raw": "613-555-0117 (mom)", "birth_date": "1990-02-30x"})
    row = till.call("GET", f"/customers/{key}").json()
    assert (row["first_name"], row["mobile_phone"]) == ("?", "613-555-0117 (mom)")
    assert till.account.read(key)["first_name"] is None
    assert row["custom"]["birthday"] == "1990-02-30x"


def test_the_key_walk_reads_everybody_once_and_ends_on_an_empty_page(till: Till) -> None:
    keys = [int(till.account.add(IDA | {"email": f"p{n}@example.com"})) for n in range(7)]
    till.account.archive(str(keys[3]))
    read: list[int] = []
    last = 0
    while True:
        page = till.listed(per_page=3, page=1, _filter=json.dumps({"id": {"$gt": last}}))
        if not page["results"]:
            break
        assert page["total"] == len(keys) - len(read)
        read += [row["id"] for row in page["results"]]
        last = read[-1]
    assert read == keys
    assert page == {"total": 0, "pages": 0, "results": []}


def test_pages_shift_and_a_page_past_the_end_is_empty(till: Till) -> None:
    keys = [int(till.account.add(IDA)) for _ in range(4)]
    assert till.listed(per_page=2)["pages"] == 2
    till.account.merge(str(keys[0]), str(keys[1]))
    assert [row["id"] for row in till.listed(per_page=2, page=2)["results"]] == [keys[3]]
    assert till.listed(per_page=2, page=9)["results"] == []


def test_inactive_profiles_are_in_the_plain_list_unless_the_account_says_no(opened: Callable[..., Till]) -> None:
    for lists_inactive in (True, False):
        till = opened(lists_inactive=lists_inactive)
        keys = [int(till.account.add(IDA)) for _ in range(3)]
        till.account.archive(str(keys[1]))
        assert len(till.listed()["results"]) == (3 if lists_inactive else 2)
        assert till.found(active=False) == [keys[1]]
        assert till.found(active=True) == [keys[0], keys[2]]
        assert till.listed(_filter=json.dumps({"id": {"$gt": keys[0]}, "active": False}))["total"] == 1


def test_some_rows_say_active_with_a_question_mark(till: Till) -> None:
    for _ in range(8):
        till.account.add(IDA)
    rows = till.listed()["results"]
    assert {("active" in row, "active?" in row) for row in rows} == {(True, False), (False, True)}


def test_every_form_of_filter_that_the_sheet_grades_c_or_better_works(till: Till) -> None:
    first = int(till.account.add(IDA))
    second = int(till.account.add(IDA | {"email": "Max@example.com", "tags": "x"}))
    assert till.found(email="ida.sample@example.com") == [first]
    assert till.found(email="max@example.com") == []
    assert till.found(public_id={"$in": ["000001", "000002", "none"]}) == [first, second]
    assert till.found(**{"custom@tags": "x", "active": True}) == [second]
    assert till.found(**{"$and": [{"$or": [{"email": "Max@example.com"}, {"id": first}]}, {"active": True}]}) == [
        first, second,
    ]  # fmt: skip
    assert till.found(created_at={"$gt": "2026-01-01T00:00:00Z"}) == []
    rows = till.listed(**{"_filter[]": [json.dumps({"id": {"$gt": first}}), json.dumps({"active": True})]})
    assert [row["id"] for row in rows["results"]] == [second]
    rows = till.listed(**{"_filter[public_id][$in][]": ["000002"]})
    assert [row["id"] for row in rows["results"]] == [second]


@pytest.mark.parametrize(
    "wish", ['{"phone": "1"}', '{"id": {"$gte": 1}}', "{broken", '{"id": {"$gt": "x"}}', '{"custom@shoe": 1}']
)
def test_a_filter_that_nobody_knows_is_refused_and_never_ignored(till: Till, wish: str) -> None:
    till.account.add(IDA)
    assert till.call("GET", "/customers", _filter=wish).status_code == 400


def test_without_a_sort_the_order_is_not_the_ids(till: Till) -> None:
    keys = [int(till.account.add(IDA)) for _ in range(3)]
    rows = till.call("GET", "/customers", **{"_only[]": ["id", "public_id"]}).json()["results"]
    assert [row["id"] for row in rows] != keys
    assert set(rows[0]) == {"id", "public_id"}
    by_time = till.listed(**{"sort[]": ["updated_at,desc", "id"]})
    assert [row["id"] for row in by_time["results"]] == keys


def test_addresses_come_embedded_only_where_the_account_knows_how(opened: Callable[..., Till]) -> None:
    for include in (True, False):
        till = opened(include_addresses=include)
        till.account.add(IDA)
        row = till.listed(**{"_include[]": "addresses"})["results"][0]
        assert ("addresses" in row) is include


def test_a_create_says_201_and_nothing_but_where(till: Till) -> None:
    answer = till.call("POST", "/customers", NEW)
    assert (answer.status_code, answer.content) == (201, b"")
    key = answer.headers["Location"].rsplit("/", 1)[1]
    assert till.account.read(key)["street"] == "2 Sample St"
    (effect,) = till.ledger.effects
    assert (effect.profile_id, effect.status, effect.before) == (key, 201, {})
    assert effect.change["public_id"] == "RC-1"
    assert effect.change["city"] == "Sampleton"


def test_a_second_create_with_our_own_number_is_refused_not_doubled(till: Till) -> None:
    till.call("POST", "/customers", NEW)
    again = till.call("POST", "/customers", NEW)
    assert again.status_code == 400
    assert again.json()["details"] == {"public_id": ["is already taken"]}
    assert till.call("POST", "/customers", {**NEW, "public_id": "RC-2"}).status_code == 201
    assert len(till.ledger.effects) == 2


def test_m8_no_customer_without_email_and_complete_address_by_default(opened: Callable[..., Till]) -> None:
    bare = {"first_name": "Max", "last_name": "Muster"}
    strict = opened(validation_status=422)
    refused = strict.call("POST", "/customers", {**bare, "address": {"line_1": "2 Example St", "country": "CA"}})
    assert refused.status_code == 422
    assert refused.json()["details"]["email"] == ["is required"]
    assert refused.json()["details"]["address"] == ["city is required", "postal_code is required", "state is required"]
    assert strict.ledger.effects == []
    assert opened(require_email_and_address=False).call("POST", "/customers", bare).status_code == 201


def test_an_account_without_nested_addresses_takes_the_address_in_a_second_call(opened: Callable[..., Till]) -> None:
    till = opened(nested_address=False, location="url")
    refused = till.call("POST", "/customers", NEW)
    assert refused.json()["details"] == {"address": ["is not allowed"]}
    place = till.call("POST", "/customers", {k: v for k, v in NEW.items() if k != "address"}).headers["Location"]
    assert place.startswith(till.account.url)
    key = place.rsplit("/", 1)[1]
    added = till.call("POST", f"/customers/{key}/addresses", NEW["address"])
    assert (added.status_code, added.content) == (201, b"")
    assert till.account.read(key)["postal_code"] == "K0K 0K0"
    assert [effect.status for effect in till.ledger.effects] == [201, 201]


def test_a_put_is_partial_and_a_nested_custom_object_wipes_its_neighbours(till: Till) -> None:
    key = till.account.add(IDA)
    answer = till.call("PUT", f"/customers/{key}", {"custom@email_opt_in": False, "zip": "ignored"})
    assert (answer.status_code, answer.content) == (200, b"")
    (effect,) = till.ledger.effects
    assert (effect.change, effect.before) == ({"email_consent": "out"}, {"email_consent": "in"})
    assert till.account.read(key)["birth_date"] == "1990-02-28"
    till.call("PUT", f"/customers/{key}", {"custom": {"tags": "only"}})
    assert till.account.read(key)["birth_date"] is None
    till.call("PUT", f"/customers/{key}", {"email": None})
    assert till.account.read(key)["email"] is None
    assert till.account.read(key)["last_name"] == "Sample"


def test_addresses_are_put_in_place_and_leave_the_customers_time_alone(till: Till) -> None:
    key = till.account.add(IDA)
    before = till.call("GET", f"/customers/{key}").json()["updated_at"]
    number = till.call("GET", f"/customers/{key}/addresses").json()["results"][0]["id"]
    till.call("PUT", f"/customers/{key}/addresses/{number}", {"line_1": "9 New St", "zip": "lost"})
    assert till.account.read(key)["street"] == "9 New St"
    assert till.account.read(key)["postal_code"] == "K0K 0K0"
    assert till.call("GET", f"/customers/{key}").json()["updated_at"] == before
    till.account.edit(key, {"last_name": "Married"})
    assert till.call("GET", f"/customers/{key}").json()["updated_at"] > before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": ""}, "first_name"),
        ({"email": "a@example.com,b@example.com"}, "email"),
        ({"public_id": 7}, "public_id"),
        ({"active": "yes"}, "active"),
        ({"custom@email_opt_in": "yes"}, "custom@email_opt_in"),
        ({"public_id": "000002"}, "public_id"),
    ],
)
def test_a_refused_put_changes_nothing(till: Till, body: dict[str, Any], field: str) -> None:
    key = till.account.add(IDA)
    till.account.add(IDA)
    before = till.account.read(key)
    answer = till.call("PUT", f"/customers/{key}", body)
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert till.account.read(key) == before
    assert till.ledger.effects == []


def test_required_and_unique_custom_fields_are_enforced_and_can_be_read_first(opened: Callable[..., Till]) -> None:
    till = opened(custom_fields={"loyalty_no": {"required": True, "unique": True}})
    definitions = till.call("GET", "/custom_fields", _filter='{"group_id":"customer","key":"loyalty_no"}').json()
    assert definitions["results"][0]["required"] is True
    assert "custom@loyalty_no" in till.call("POST", "/customers", NEW).json()["details"]
    assert till.call("POST", "/customers", {**NEW, "custom@loyalty_no": "7"}).status_code == 201
    twin = till.call("POST", "/customers", {**NEW, "public_id": "RC-2", "custom@loyalty_no": "7"})
    assert twin.json()["details"] == {"custom@loyalty_no": ["is already taken"]}


def test_m13_archived_and_restored_keep_their_id_and_a_merged_one_is_404(till: Till) -> None:
    kept, lost = till.account.add(IDA), till.account.add(IDA)
    till.call("PUT", f"/customers/{kept}", {"active": False})
    assert till.account.read(kept)["status"] == "archived"
    till.call("PUT", f"/customers/{kept}", {"active": True})
    assert till.account.read(kept)["status"] == "active"
    till.account.merge(lost, kept)
    assert till.call("GET", f"/customers/{lost}").status_code == 404
    assert till.call("HEAD", f"/customers/{lost}").status_code == 404
    assert till.call("HEAD", f"/customers/{kept}").status_code == 200
    assert till.call("PUT", f"/customers/{lost}", {"active": True}).status_code == 404
    assert list(till.account.ids()) == [kept]
    with pytest.raises(KeyError):
        till.account.read(lost)
    tickets = till.call("GET", "/sales/tickets", _filter=json.dumps({"customer_id": int(kept), "status": "complete"}))
    assert tickets.json()["total"] == 4


def test_what_heartland_has_not_is_refused(till: Till) -> None:
    key = till.account.add(IDA)
    assert till.call("DELETE", f"/customers/{key}").status_code == 405
    assert till.call("POST", f"/customers/{key}/merge", {"merge_customer_id": 1}).status_code == 404
    with pytest.raises(ValueError, match="cannot delete"):
        till.account.delete(key)


def test_401_is_plain_text_403_is_json_and_neither_writes(opened: Callable[..., Till]) -> None:
    till = opened(read_only=True)
    assert till.call("POST", "/customers", NEW).status_code == 403
    assert till.call("GET", "/system/whoami").status_code == 200
    till.web.headers["Authorization"] = "Bearer wrong"
    denied = till.call("GET", "/customers")
    assert (denied.status_code, denied.headers["Content-Type"]) == (401, "text/plain")
    assert till.ledger.effects == []


def test_more_than_five_a_second_is_429_until_time_passes(till: Till) -> None:
    answers = [till.web.get(till.account.url + "/system/whoami") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    till.at += 1
    assert till.web.get(till.account.url + "/system/whoami").status_code == 200


def test_an_early_end_and_a_pretended_write_look_like_success(till: Till) -> None:
    key = till.account.add(IDA)
    till.account.fault("stop_at_page", path_contains="/customers", method="GET")
    assert till.listed()["results"] == []
    till.account.fault("answer_without_effect", method="PUT")
    assert till.call("PUT", f"/customers/{key}", {"email": "new@example.com"}).status_code == 200
    assert till.account.read(key)["email"] == "ida.sample@example.com"
    till.account.fault("answer_without_effect", method="POST")
    assert till.call("POST", "/customers", NEW).headers["Location"].endswith(str(int(key) + 1))
    assert list(till.account.ids()) == [key]
    assert till.ledger.effects == []


def test_five_thousand_customers_walk_in_a_moment(till: Till) -> None:
    for n in range(5_000):
        till.account.add(IDA | {"email": f"p{n}@example.com"})
    began, read, last = time.perf_counter(), 0, 0
    while rows := till.listed(_filter=json.dumps({"id": {"$gt": last}}))["results"]:
        read, last = read + len(rows), rows[-1]["id"]
    assert read == 5_000
    assert time.perf_counter() - began < 5.0
