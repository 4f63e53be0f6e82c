"""Whom the simulated Ecwid store lets in, how often, and how it fails."""

import json
import time
from collections.abc import Callable

import pytest

from tests.vendors.sandbox.ecwid.shop import ADA, BO, Shop, people


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
