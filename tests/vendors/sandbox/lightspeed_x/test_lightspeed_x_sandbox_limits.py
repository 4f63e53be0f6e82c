"""Whom the simulated X-Series retailer lets in, how often, and how it fails."""

import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.vendors.sandbox.lightspeed_x.counter import ADA, CONTRACTS, HOME, NEW, START, Counter


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
