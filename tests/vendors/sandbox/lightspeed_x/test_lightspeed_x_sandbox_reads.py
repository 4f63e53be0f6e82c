"""What the simulated X-Series retailer shows: records, walks and deletions as the sheet tells them."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vendors.sandbox.lightspeed_x.counter import ADA, NEW, Counter


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
