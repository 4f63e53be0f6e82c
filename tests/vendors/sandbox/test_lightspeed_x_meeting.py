"""Where X-Series is strange, its connector meets the simulated retailer (sheet, sections 1 to 5, 10 and 12)."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors._lightspeed_x_access import Rotating
from connectors.base import Change
from connectors.lightspeed_x import LightspeedX
from connectors.tokens import TokenFile
from jobs.settings import parse
from tests.vendors.sandbox.meeting import Stage, certified, failure, pulled, stages, tried, views

Open = Callable[..., Stage]


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    yield from stages(tmp_path, "lightspeed_x")


def configured(stage: Stage, **settings: Any) -> LightspeedX:
    connector = stage.connector()
    assert isinstance(connector, LightspeedX)
    return LightspeedX("it", connector.settings.model_validate(connector.settings.model_dump() | settings), stage.clock)


def update(connector: LightspeedX, profile_id: str, **after: str | None) -> Change:
    return Change("update", profile_id, {}, after, "k", connector.fetch([profile_id])[profile_id])


# the whole customer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("semantics", ["replace", "merge"])
@pytest.mark.parametrize("nulls", ["absent", "null", "empty", "mixed"])
def test_an_update_leaves_everything_else_as_it_was(open_stage: Open, semantics: str, nulls: str) -> None:
    """PUT may replace: the opt-out, own fields, limits and the group stay, whatever an empty field looks like."""
    stage = open_stage(put_semantics=semantics, null_style=nulls)
    kept = {"email_consent": "out", "sms_consent": "in", "group": "Gold", "enable_loyalty": True, "on_account_limit": 250,
            "custom_field_4": "blue", "postal_city": "Elsewhere", "balance": -12.5, "loyalty_balance": 40.0}  # fmt: skip
    one = stage.person(1, **kept)
    before = dict(stage.account.row(one))
    connector = configured(stage)
    connector.write(update(connector, one, city="Newtown"))
    after = dict(stage.account.row(one))
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"physical_city", "version", "updated_at"}
    assert [dict(effect.change) for effect in stage.written()] == [{"city": "Newtown"}]


def test_who_changed_since_they_were_read_is_not_overwritten(open_stage: Open) -> None:
    """No ETag: the version that was read is compared right before the write."""
    stage = open_stage()
    one = stage.person(1)
    connector = configured(stage)
    change = update(connector, one, city="Newtown")
    stage.account.edit(one, {"phone": "+16135550199"})
    refused = tried(lambda: connector.write(change))
    assert (refused.effect, refused.permanent) == ("none", False)
    assert stage.written() == []


@pytest.mark.parametrize("writable", ["404", "200"])
def test_m13_a_deleted_customer_is_not_written_even_where_the_vendor_would(open_stage: Open, writable: str) -> None:
    stage = open_stage(write_deleted=writable)
    one = stage.person(1)
    connector = configured(stage)
    change = replace(update(connector, one, city="Newtown"), current=None)
    stage.account.delete(one)
    assert tried(lambda: connector.write(change)).effect == "none"
    assert stage.written() == []


def test_a_value_that_the_vendor_blanks_is_told(open_stage: Open) -> None:
    """Card-like digits go without a word and with a 200: the effect is not what was asked for."""
    stage = open_stage()
    one = stage.person(1)
    connector = configured(stage)
    change = Change("add_note", one, {}, {"note": "4111 1111 1111 1111"}, "k", connector.fetch([one])[one])
    told = tried(lambda: connector.write(change))
    assert (told.effect, "note" in str(told), "4111" in str(told)) == ("unknown", True, False)


def test_success_without_effect_is_found_on_reading_back(open_stage: Open) -> None:
    stage = open_stage()
    one = stage.person(1)
    connector = configured(stage)
    change = update(connector, one, city="Newtown")
    stage.account.fault("answer_without_effect", method="PUT")
    assert connector.write(change) == one
    assert views(connector, [r for r in connector.fetch([one]).values() if r])[one]["city"] == "Sampleton"


@pytest.mark.parametrize("quirks", [{}, {"duplicate_customer_code": "accepted"}, {"search_delay": 5.0}])
def test_a_create_tried_again_makes_no_second(open_stage: Open, quirks: dict[str, Any]) -> None:
    """Our own code finds it; while search lags, the vendor's refusal of the same code does."""
    stage = open_stage(**quirks)
    connector = configured(stage)
    change = Change("create", None, {}, {"email": "new@example.com", "first_name": "Bo"}, "k-9")
    stage.account.fault("effect_without_answer", method="POST", path_contains="/customers")
    assert tried(lambda: connector.write(change)).effect == "unknown"
    made = tried(lambda: connector.write(change))
    stage.clock.sleep(6)
    assert connector.write(change) in stage.account.ids()
    assert len(list(stage.account.ids())) == 1
    assert made in stage.account.ids() or made.effect == "unknown"


# consent ------------------------------------------------------------------------------------------------------------


def test_g9_the_two_flags_have_opposite_polarity(open_stage: Open) -> None:
    """`do_not_email: true` is no, `enable_promotional_sms: true` is yes; a default is no choice unless declared."""
    stage = open_stage()
    out = stage.person(1, email_consent="out", sms_consent="in")
    plain = stage.person(2)
    words = {
        "declared": configured(stage, sms=True, sms_false="out", do_not_email_false="in"),
        "cautious": configured(stage, sms=True),
        "email only": configured(stage),
    }
    seen = {name: views(one, pulled(one)[0]) for name, one in words.items()}
    told = {
        name: [(view[one]["email_consent"], view[one]["sms_consent"]) for one in (out, plain)]
        for name, view in seen.items()
    }
    assert told == {
        "declared": [("out", "in"), ("in", "out")],
        "cautious": [("out", "in"), ("unknown", "unknown")],
        "email only": [("out", None), ("unknown", None)],
    }


def test_g9_an_sms_opt_out_clears_the_flag_that_says_yes(open_stage: Open) -> None:
    stage = open_stage()
    one = stage.person(1, sms_consent="in")
    connector = configured(stage, sms=True)
    current = connector.fetch([one])[one]
    connector.write(Change("opt_out", one, {}, {"sms_consent": "out"}, "k", current))
    assert [dict(effect.change) for effect in stage.written()] == [{"sms_consent": "unknown"}]
    assert stage.account.row(one)["enable_promotional_sms"] is False
    assert stage.account.row(one)["do_not_email"] is False


# tokens -------------------------------------------------------------------------------------------------------------


def test_two_processes_with_one_file_refresh_once(open_stage: Open) -> None:
    stage = open_stage()
    stage.people(3)
    one, other = configured(stage), configured(stage)
    assert [len(pulled(connector)[0]) for connector in (one, other)] == [3, 3]
    stage.account.access.expire()
    assert [len(pulled(connector)[0]) for connector in (one, other)] == [3, 3]
    assert (stage.account.access.refreshes, stage.account.access.spent_offers) == (1, 0)


def test_a_crash_after_the_new_pair_was_stored_loses_nothing(open_stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes between the store and the first use: the next process goes on with what is on the disk."""
    stage = open_stage()
    stage.people(3)
    stage.account.access.expire()
    connector = configured(stage)
    sync = os.fsync

    def crash(handle: int) -> None:
        sync(handle)
        if stage.account.access.refresh in Path(stage.account.settings()["tokens"]["file"]).read_text():
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            pulled(connector)
    assert len(pulled(configured(stage))[0]) == 3
    assert stage.account.access.spent_offers == 0


def test_a_dead_refresh_token_is_a_persons_task_and_asked_once(open_stage: Open) -> None:
    stage = open_stage()
    stage.account.access.expire()
    stage.account.access.refresh = "given-to-somebody-else"
    told = failure(configured(stage))
    assert told.permanent
    assert "authorise it again" in str(told)
    assert stage.account.access.spent_offers == 1


def test_a_code_makes_the_first_pair(open_stage: Open) -> None:
    """The owner said yes in the browser; the account answers for itself, and what it gave is kept."""
    stage = open_stage()
    stage.people(2)
    connector = configured(stage)
    file = TokenFile(Path(stage.account.settings()["tokens"]["file"]))
    file.path.unlink()
    assert isinstance(connector.access, Rotating)
    connector.access.authorise(stage.account.access.authorize(), "https://rollcall.example.com/back")
    assert len(pulled(connector)[0]) == 2
    assert file.read().refresh_token == stage.account.access.refresh
    assert "customers:write" in file.read().scope


def test_a_refresh_that_meets_the_limit_of_the_token_address_waits(open_stage: Open) -> None:
    stage = open_stage()
    stage.people(2)
    stage.account.access.expire()
    stage.account.fault("rate_storm", path_contains="/token", times=2, retry_after="date")
    assert len(pulled(configured(stage))[0]) == 2


def test_a_token_without_the_right_to_write_refuses_before_any_effect(open_stage: Open) -> None:
    stage = open_stage()
    one = stage.person(1)
    connector = configured(stage)
    change = update(connector, one, city="Newtown")
    stage.account.access.scopes = frozenset({"customers:read"})
    told = tried(lambda: connector.write(change))
    assert (told.status, told.permanent, told.effect) == (403, True, "none")


def test_check_names_a_scope_that_was_not_granted(open_stage: Open) -> None:
    """Known once the vendor has said it, with the first refresh; asked for is only what is switched on."""
    stage = open_stage()
    stage.account.access.scopes = frozenset({"customers:read", "retailer:read"})
    stage.account.access.expire()
    pulled(configured(stage))
    lines = {line.name: line for line in configured(stage).check()}
    assert not lines["token"].ok
    assert "customers:write" in lines["token"].detail
    assert {line.name: line.ok for line in configured(stage, writes=False).check()}["token"]


# the list -----------------------------------------------------------------------------------------------------------


def test_an_expired_version_is_answered_by_another_and_the_list_is_the_same(open_stage: Open) -> None:
    stage = open_stage()
    ids = stage.people(7)
    connector = configured(stage, api_version="2024-01")
    records, evidence = pulled(connector)
    assert certified(connector, records, evidence, len(ids))
    assert all(line.ok for line in connector.check())


def test_the_window_of_five_minutes_is_kept_without_a_single_429(open_stage: Open) -> None:
    """350 calls with one register, half of them ours: a night's writes take their time and no refusal."""
    stage = open_stage()
    ids = stage.people(60)
    connector, started = configured(stage), stage.clock.time()
    refused = stage.account.window
    for one in ids:
        connector.write(update(connector, one, city="Newtown"))
    assert connector.http.stats.retries == 0
    assert refused.left > 0
    assert stage.clock.time() - started >= 60 * 3 / 350 * 300


def test_a_customer_merged_away_in_the_back_office_is_deleted_and_names_nobody(open_stage: Open) -> None:
    """G11: balances moved with the merge, by the vendor; none is ever written."""
    stage = open_stage()
    loser, survivor = stage.people(2)
    stage.account.merge(loser, survivor)
    connector = configured(stage)
    seen = views(connector, pulled(connector)[0])
    assert {one: view["status"] for one, view in seen.items()} == {loser: "deleted", survivor: "active"}


def test_requests_of_a_full_pull_are_what_the_pages_force(open_stage: Open) -> None:
    """Pages, the empty page twice, and the groups with theirs."""
    stage = open_stage()
    stage.people(9)
    calls = stage.account.fault("server_error", after=10**9)
    pulled(configured(stage))
    assert calls.seen == 3 + 2 + 2


def test_the_file_of_tokens_is_found_beside_the_configuration(open_stage: Open) -> None:
    stage = open_stage()
    entry = {**stage.account.settings(), "role": "pos", "tokens": {"file": "it-tokens.json"}}
    settings = parse({"group": "g", "sources": {"it": entry}}, stage.folder / "config.yaml").sources["it"]
    assert len(pulled(LightspeedX("it", settings, stage.clock))[0]) == 0
    assert json.loads((stage.folder / "it-tokens.json").read_text())["access_token"]
