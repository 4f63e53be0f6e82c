"""What the simulated R-Series account bears: its bucket, and faults of the vendor's own kind."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from connectors.sandbox.base import Ledger
from connectors.sandbox.lightspeed_r import Account
from connectors.sandbox.lightspeed_r.quirks import Quirks
from tests.vendors.sandbox.lightspeed_r.till import ADA, RELATIONS, START, Till

# Limits and faults


def test_the_bucket_overflows_once_and_leaks_by_the_injected_time(till: Till) -> None:
    held = {"Authorization": f"Bearer {till.tokens['access_token']}"}
    codes: list[int] = []
    while 429 not in codes:
        till.at += 0.1
        answer = till.web.get(f"{till.place}/Customer.json?count=1", headers=held, timeout=10)
        codes.append(answer.status_code)
    assert codes == [200] * 10 + [429], "the call that crosses the edge passes"
    level, _, size = answer.headers["x-ls-api-bucket-level"].partition("/")
    assert (float(level) > float(size), size) == (True, "90"), "the level may exceed the size"
    assert answer.headers["X-LS-API-RateLimit-Type"] == "api-leaky-bucket"
    assert answer.headers["X-LS-API-Drip-Rate"] == "1"
    till.at += int(answer.headers["Retry-After"])
    assert till.web.get(f"{till.place}/Customer.json?count=1", headers=held, timeout=10).status_code == 200


def test_a_burst_is_limited_within_a_second(opened: Callable[..., Till]) -> None:
    till = opened(burst=3, registers=2, header_case="lower")
    held = {"Authorization": f"Bearer {till.tokens['access_token']}"}
    answers = [till.web.get(f"{till.place}/Shop.json", headers=held, timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["x-ls-api-ratelimit-type"] == "api-burst-limiter"
    assert answers[-1].headers["Retry-After"] == "1"
    assert answers[0].headers["X-LS-API-Bucket-Level"] == "1/100"
    assert answers[0].headers["X-LS-API-Drip-Rate"] == "1.5"
    till.at += 1
    assert till.web.get(f"{till.place}/Shop.json", headers=held, timeout=10).status_code == 200


def test_costs_are_those_of_the_sheet_or_the_old_ones(opened: Callable[..., Till]) -> None:
    for costs, page, write in (("2026", "2.4", "1.5"), ("old", "1", "10")):
        till = opened(costs=costs)
        key = till.account.add(ADA)
        relations = '["Contact","CustomerType","Note","Tags","CustomFieldValues"]'
        answer = till.call("GET", "Customer", load_relations=relations)
        assert answer.headers["X-LS-API-Request-Cost"] == page
        answer = till.call("PUT", f"Customer/{key}", {"Contact": {"noEmail": False}})
        assert answer.headers["X-LS-API-Request-Cost"] == write


def test_a_400_may_mean_try_again_later(till: Till) -> None:
    till.account.try_later = 1
    answer = till.call("GET", "Customer")
    assert answer.status_code == 400
    assert "Please try again later." in answer.json()["message"]
    assert till.ids() == []


def test_rows_move_while_the_list_is_read(till: Till) -> None:
    keys = [till.account.add(ADA) for _ in range(4)]
    seen: list[str] = []

    def plot(cursor: str) -> None:
        seen.append(cursor)
        if cursor:
            till.account.archive(keys[3])

    till.account.before_page = plot
    first = till.get("Customer", limit=2)
    assert till.get(first["@attributes"]["next"])["Customer"]["customerID"] == keys[2]
    assert (seen[0], len(seen)) == ("", 2)


def test_faults_of_the_vendors_own_kind(till: Till) -> None:
    keys = [till.account.add(ADA) for _ in range(3)]
    till.account.fault("empty_list", path_contains="Customer")
    assert till.ids() == []
    till.account.fault("empty_list", path_contains="Customer")
    assert till.get("Customer", count=1)["@attributes"]["count"] == "0"
    till.account.fault("stop_at_page", path_contains="Customer")
    assert till.get("Customer", limit=2)["@attributes"]["next"] == ""
    till.account.fault("answer_without_effect", method="PUT")
    assert till.call("PUT", f"Customer/{keys[0]}", {"firstName": "Never", "archived": True}).status_code == 200
    assert till.account.read(keys[0])["first_name"] == "Ada"
    till.account.fault("answer_without_effect", method="POST")
    assert till.call("POST", "Customer", {"firstName": "Never"}).json()["Customer"]["customerID"] == "4"
    assert list(till.account.ids()) == keys
    till.account.fault("effect_without_answer", method="PUT")
    with pytest.raises(requests.ConnectionError):
        till.call("PUT", f"Customer/{keys[0]}", {"firstName": "Kept"})
    assert till.account.read(keys[0])["first_name"] == "Kept"
    assert [effect.change for effect in till.ledger.effects] == [{"first_name": "Kept"}]


def test_an_expired_token_wants_a_refresh_and_a_lost_scope_stays_lost(till: Till) -> None:
    till.account.fault("token_expired", path_contains="Customer")
    assert till.call("GET", "Customer").json()["hint"] == "Access token could not be verified"
    assert till.call("GET", "Customer").status_code == 401, "trying again does not help"
    till.tokens = till.refresh(till.tokens["refresh_token"]).json()
    assert till.ids() == []
    till.account.fault("scope_lost", path_contains="Customer", after=1)
    assert [till.call("GET", "Customer").status_code for _ in range(3)] == [200, 403, 403]


def test_contents_are_bent_in_the_vendors_own_places(till: Till) -> None:
    till.account.add(ADA | {"phone_2": "+16135550118"})
    till.account.fault("new_field", field="loyalty", value="gold")
    assert till.get("Customer", load_relations=RELATIONS)["Customer"]["loyalty"] == "gold"
    till.account.fault("huge_note", size=50_000)
    assert len(till.get("Customer", load_relations=RELATIONS)["Customer"]["Note"]["note"]) == 50_000
    till.account.fault("lone_surrogate")
    assert b'"note":"before \\ud800' in till.call("GET", "Customer", load_relations=RELATIONS).content
    till.account.fault("wrong_type", field="firstName", value=7)
    assert till.get("Customer")["Customer"]["firstName"] == 7
    till.account.fault("lying_count", by=3)
    assert till.get("Customer", count=1)["@attributes"]["count"] == "4"
    assert till.account.read("1")["note"] == "likes tea"


def test_a_cursor_loop_names_the_same_next_again(till: Till) -> None:
    for n in range(4):
        till.account.add({"first_name": f"N{n}"})
    till.account.fault("cursor_loop", path_contains="Customer", after=2)
    first = till.get("Customer", limit=1)
    second = till.get(first["@attributes"]["next"])
    third = till.get(second["@attributes"]["next"])
    assert third["@attributes"]["next"] == first["@attributes"]["next"]


def test_a_lost_answer_to_a_refresh_leaves_the_old_token_good(till: Till) -> None:
    till.account.fault("effect_without_answer", path_contains="oauth")
    with pytest.raises(requests.ConnectionError):
        till.refresh(till.tokens["refresh_token"])
    till.account.fault("answer_without_effect", path_contains="oauth")
    pretended = till.refresh(till.tokens["refresh_token"]).json()
    assert not till.account.access.refreshable(pretended["refresh_token"])
    assert till.refresh(till.tokens["refresh_token"]).status_code == 200


def test_quirks_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no_such_quirk"):
        Account("x", lambda: START, Ledger(), token_folder=tmp_path, no_such_quirk=True)
    assert Quirks().put_answer == "stale"


def test_the_same_seed_gives_the_same_account(tmp_path: Path) -> None:
    one, two = (Account(name, lambda: START, Ledger(), 7, token_folder=tmp_path) for name in ("one", "two"))
    assert one.secrets().popitem()[1] == two.secrets().popitem()[1]


def test_a_full_export_takes_no_more_calls_than_its_pages(till: Till) -> None:
    for n in range(1_000):
        till.account.add({"first_name": f"N{n}", "phone": f"+1613555{n:04d}"})
    answer, pages = till.get("Customer", archived="true", load_relations=RELATIONS), 1
    while answer["@attributes"]["next"]:
        answer, pages = till.get(answer["@attributes"]["next"]), pages + 1
    assert pages == 10
