"""Connector and simulated vendor meet over real HTTP: every vendor that has a rig `meeting_<kind>.py`, every test.

Neither knows the other. What they disagree about is decided by the vendor's sheet.
"""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors._erasing import BY_API
from connectors.base import Change, Connector, Evidence, VendorError
from jobs.fitting import Fitter
from tests.vendors.sandbox.meeting import (
    PERSON,
    RIGS,
    Case,
    Stage,
    as_text,
    certified,
    change_of,
    failure,
    loaded,
    pulled,
    stages,
    tried,
    views,
)

Open = Callable[..., Stage]
VARIANTS = [pytest.param(kind, name, id=f"{kind}-{name}") for kind in RIGS for name in loaded(kind).variants]
CASES = [pytest.param(kind, case, id=f"{kind}-{case.name}") for kind in RIGS for case in loaded(kind).cases()]


@pytest.fixture(params=RIGS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_stage(kind: str, tmp_path: Path) -> Iterator[Open]:
    yield from stages(tmp_path, kind)


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return open_stage()


# settings and check -------------------------------------------------------------------------------------------------


def test_what_the_account_says_of_itself_is_a_whole_entry(stage: Stage) -> None:
    """`settings()`, a role and nothing else make an entry under which the connector pulls."""
    stage.person()
    assert len(pulled(stage.connector(bare=True))[0]) == 1


def test_check_finds_nothing_wrong(stage: Stage) -> None:
    stage.people(2)
    lines = stage.connector().check()
    assert [line for line in lines if not line.ok] == []
    assert stage.written() == []


def test_no_line_of_the_check_shows_a_secret(stage: Stage) -> None:
    said = as_text([(line.name, line.detail) for line in stage.connector().check()])
    assert [value for value in stage.account.secrets().values() if value in said] == []


# reading ------------------------------------------------------------------------------------------------------------


def expected(stage: Stage, profile_id: str) -> dict[str, Any]:
    """What `view` must say, by the account's own books."""
    held = stage.account.read(profile_id)
    told = {name: held[name] for name in PERSON.keys() - {"created_at"} | {"status"} if name in held}
    for name in stage.meeting.unheld & told.keys():
        told[name] = None
    for name, words in stage.meeting.consents.items():
        told[name] = words.get(str(told[name]), told[name])
    return told


def assert_agrees(stage: Stage, connector: Connector, seen: dict[str, dict[str, Any]]) -> None:
    for profile_id in stage.account.ids():
        told = expected(stage, profile_id)
        assert {name: seen[profile_id][name] for name in told} == told


@pytest.mark.parametrize("more", [0, 1], ids=["exactly full", "one more"])
def test_a_full_pull_reads_everybody_and_is_certified(stage: Stage, more: int) -> None:
    """Two pages that are exactly full, and one profile more: the end is found by the vendor's mark (G1)."""
    ids = stage.people(2 * stage.meeting.page + more)
    pages, connector = stage.watch(), stage.connector()
    records, evidence = pulled(connector)
    seen = views(connector, records)
    assert sorted(seen) == sorted(ids)
    assert len(records) == len(ids)
    assert pages.seen >= 2 + more
    assert certified(connector, records, evidence, len(ids))
    assert_agrees(stage, connector, seen)


def test_an_empty_account_is_read_to_its_end(stage: Stage) -> None:
    records, evidence = pulled(stage.connector())
    assert records == []
    assert evidence.end_mark is not False


def test_a_second_pull_is_identical(stage: Stage) -> None:
    stage.people(stage.meeting.page + 1)
    connector = stage.connector()
    assert pulled(connector)[0] == pulled(stage.connector())[0]


def test_who_went_is_listed_as_gone(stage: Stage) -> None:
    """M12: archived or deleted is a state of its own, not an absence."""
    if stage.meeting.goes is None:
        assert not stage.connector().capabilities.lists_gone
        return
    ids = stage.people(stage.meeting.page + 2)
    before = stage.account.read(ids[1])
    getattr(stage.account, stage.meeting.goes)(ids[1])
    connector = stage.connector()
    records, evidence = pulled(connector)
    seen = views(connector, records)
    assert sorted(seen) == sorted(ids)
    assert certified(connector, records, evidence, len(ids))
    told = stage.meeting.gone_view(before)
    assert {name: seen[ids[1]][name] for name in told} == dict(told)
    assert {one: view["status"] for one, view in seen.items() if one != ids[1]} == dict.fromkeys(
        [one for one in ids if one != ids[1]], "active"
    )


def test_fetch_by_id_says_what_the_list_says(stage: Stage) -> None:
    ids = stage.people(3)
    connector = stage.connector()
    listed = {str(record[connector.ID]): record for record in pulled(connector)[0]}
    found = connector.fetch([*ids, stage.meeting.unknown_id])
    assert found.pop(stage.meeting.unknown_id) is None
    assert {one: connector.view(record) for one, record in found.items() if record} == views(
        connector, list(listed.values())
    )


def test_people_are_found_by_phone_and_email(stage: Stage) -> None:
    stage.people(3)
    connector = stage.connector()
    found = [*connector.find("email", "ADA1@example.com"), *connector.find("phone", "+16135550101")]
    assert [connector.view(record)["last_name"] for record in found] == ["Example1", "Example1"]
    assert connector.find("email", "nobody@example.com") == []


def test_consent_reads_by_the_sheets_polarity(stage: Stage) -> None:
    """G9: each word that a person's choice may have, as `view` must say it; nothing becomes `in` by itself."""
    connector = stage.connector()
    for field, words in stage.meeting.consents.items():
        ids = {word: stage.person(place, **{field: word}) for place, word in enumerate(words)}
        seen = views(connector, [r for r in connector.fetch(list(ids.values())).values() if r])
        assert {word: seen[one][field] for word, one in ids.items()} == dict(words)


def test_x2_groups_are_read_by_their_names(stage: Stage) -> None:
    """The vendor's group of everybody is none."""
    if not stage.meeting.groups:
        stage.person()
        assert [view["group"] for view in seen_of(stage)] == [None]
        return
    stage.person(0)
    stage.person(1, group="Gold")
    stage.person(2, group="Två  Ö")
    assert [view["group"] for view in seen_of(stage)] == [None, "Gold", "Två  Ö"]


def seen_of(stage: Stage) -> list[dict[str, Any]]:
    """The account's profiles as a pull shows them, in the order in which they were made."""
    connector = stage.connector()
    seen = views(connector, pulled(connector)[0])
    return [seen[one] for one in stage.account.ids()]


def test_what_must_not_be_read_reaches_no_snapshot(stage: Stage) -> None:
    """G11: sentinels in fields that nobody may read are in the vendor's answer, and in nothing that lands."""
    stage.people(2)
    connector = stage.connector()
    fitter = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    tables = [fitter.fit(page.records).table for page in connector.pages(Evidence())]
    said = as_text([table.to_pylist() for table in tables]) + str(fitter.unknown)
    assert "ada0@example.com" in said
    assert [one for one in stage.meeting.sentinels() if one in said] == []
    assert dict(fitter.unknown) == {}, "a field that the sheet names is neither read nor left out on purpose"


# writing ------------------------------------------------------------------------------------------------------------


def wrote(stage: Stage) -> dict[str, Any]:
    """All that the vendor's ledger says was changed, in the order of the writes."""
    return {name: value for effect in stage.written() for name, value in effect.change.items()}


@pytest.fixture
def written_on(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    for factory in stages(tmp_path, request.param):
        yield factory()


def target(stage: Stage, case: Case) -> str | None:
    return None if case.action == "create" else stage.person(7, **case.start)


@pytest.mark.parametrize(("written_on", "case"), CASES, indirect=["written_on"])
def test_a_write_changes_exactly_its_fields_and_reads_back(written_on: Stage, case: Case) -> None:
    """Ledger and view agree with the case, and every other field is as it was."""
    stage, connector = written_on, written_on.connector()
    profile_id = target(stage, case)
    before = views(connector, [r for r in connector.fetch([profile_id]).values() if r]) if profile_id else {}
    made = connector.write(change_of(connector, profile_id, case))
    assert profile_id in (None, made)
    after = connector.fetch([made])[made]
    assert after is not None
    shown = connector.view(after)
    assert {name: shown[name] for name in case.after} == {**case.after, **case.shows}
    if profile_id:
        rest = {name: value for name, value in before[made].items() if name not in case.after}
        assert {name: shown[name] for name in rest} == rest
        assert wrote(stage) == dict(case.after if case.ledger is None else case.ledger)
    else:
        held = stage.account.read(made)
        said = {name: held[name] for name in ("email_consent", "sms_consent")}
        wanted = {**case.after, **case.shows}
        assert said == {name: wanted.get(name, "unknown") for name in said}, "G9: nobody new is in by itself"
    assert {effect.profile_id for effect in stage.written() if effect.profile_id} == {made}


@pytest.mark.parametrize(("written_on", "case"), CASES, indirect=["written_on"])
def test_the_same_write_again_changes_nothing(written_on: Stage, case: Case) -> None:
    stage, connector = written_on, written_on.connector()
    profile_id = target(stage, case)
    made = connector.write(change_of(connector, profile_id, case))
    first, count = len(stage.written()), len(list(stage.account.ids()))
    again = tried(lambda: connector.write(change_of(connector, profile_id, case)))
    assert getattr(again, "effect", "none") == "none", again
    assert isinstance(again, VendorError) or again == made
    assert [effect.change for effect in stage.written()[first:] if effect.change] == []
    assert len(list(stage.account.ids())) == count


@pytest.mark.parametrize(("written_on", "case"), CASES, indirect=["written_on"])
def test_a_lost_answer_is_no_refusal_and_nothing_is_sent_twice(written_on: Stage, case: Case) -> None:
    """The write took effect, and nobody heard: the effect is unknown, or found again, and never doubled."""
    stage, connector = written_on, written_on.connector()
    profile_id = target(stage, case)
    change, count = change_of(connector, profile_id, case), len(list(stage.account.ids()))
    stage.account.fault(
        "effect_without_answer", when=lambda request: request.method in ("POST", "PUT", "PATCH", "DELETE")
    )
    assert getattr(tried(lambda: connector.write(change)), "effect", "unknown") == "unknown"
    assert len(list(stage.account.ids())) == count + (case.action == "create")
    done = [effect for effect in stage.written() if effect.change]
    assert len(done) == len({(effect.path, as_text(effect.change)) for effect in done})


def test_m15_whoever_is_erased_reads_as_nobody_and_nobody_else_is_touched(stage: Stage) -> None:
    """An erasure leaves nothing to compare field by field: it is read back by what the vendor still shows."""
    connector = stage.connector()
    if "erase" not in connector.capabilities.actions:
        assert stage.meeting.kind not in BY_API, "no call of this vendor erases anybody"
        return
    one, other = stage.person(7), stage.person(8)
    before = views(connector, [connector.fetch([other])[other] or {}])
    assert connector.erasure(one) == "there"
    assert connector.write(Change("erase", one, {}, {"status": "erased"}, key="c-1")) == one
    assert connector.erasure(one) == "gone"
    assert views(connector, [connector.fetch([other])[other] or {}]) == before


def test_every_action_that_is_claimed_has_a_case(stage: Stage) -> None:
    """And what is not switched on is refused before the wire."""
    claimed = stage.connector().capabilities.actions
    assert {case.action for case in stage.meeting.cases()} == claimed - {"erase"}
    off = stage.connector(writes=False)
    assert off.capabilities.actions == frozenset()
    for case in stage.meeting.cases():
        profile_id = target(stage, case)
        with pytest.raises(VendorError) as caught:
            off.write(change_of(off, profile_id, case))
        assert caught.value.effect == "none"
        if profile_id:
            stage.account.edit(profile_id, {"email": f"{profile_id}@example.com"})
    assert stage.written() == []


@pytest.mark.parametrize(("vendor", "variant"), VARIANTS)
def test_what_the_sheet_leaves_open_comes_out_the_same(vendor: str, variant: str, tmp_path: Path) -> None:
    """Pull, fetch and every write under one of the vendor's open ends."""
    for open_one in stages(tmp_path, vendor):
        stage = open_one(**loaded(vendor).variants[variant])
        ids = stage.people(stage.meeting.page + 1)
        connector = stage.connector()
        records, evidence = pulled(connector)
        assert certified(connector, records, evidence, len(ids))
        assert_agrees(stage, connector, views(connector, records))
        assert_fetched(stage, connector, ids)
        for place, case in enumerate(stage.meeting.cases()):
            profile_id = None if case.action == "create" else stage.person(1000 + place, **case.start)
            made = connector.write(change_of(connector, profile_id, case, f"k-{place}"))
            shown = connector.view(connector.fetch([made])[made] or {})
            assert {name: shown[name] for name in case.after} == {**case.after, **case.shows}, case.name


def assert_fetched(stage: Stage, connector: Connector, ids: list[str]) -> None:
    """By id as listed, and one who went is gone in either form."""
    assert all(connector.fetch(ids).values())
    if stage.meeting.goes is not None:
        getattr(stage.account, stage.meeting.goes)(ids[0])
        gone = connector.fetch(ids[:1])[ids[0]]
        assert gone is None or connector.view(gone)["status"] == stage.meeting.gone_view({})["status"]


# trouble ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["date", 7, None], ids=["http date", "seconds", "without"])
def test_a_storm_of_429_is_waited_out(stage: Stage, form: str | int | None) -> None:
    ids = stage.people(2 * stage.meeting.page)
    connector, started = stage.connector(), stage.clock.time()
    storm = stage.fault("rate_storm", times=3, retry_after=form)
    records, evidence = pulled(connector)
    assert storm.hits == 3
    assert stage.clock.time() - started >= 3
    assert certified(connector, records, evidence, len(ids))


TROUBLES: dict[str, dict[str, Any]] = {
    "server_error": {}, "server_error often": {"times": 3, "status": 503}, "reset": {}, "truncate": {},
    "truncate open": {"content_length": False}, "html": {}, "empty_list": {}, "stop_at_page": {}, "page_twice": {},
    "cursor_loop": {}, "lying_count": {}, "new_field": {"times": None}, "wrong_type": {}, "huge_note": {},
    "lone_surrogate": {}, "slow_drip": {},
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_disturbed_pull_is_whole_or_it_is_told(stage: Stage, trouble: str) -> None:
    """G1: whatever the vendor does to the second page, nothing less than everybody is ever certified."""
    ids = stage.people(2 * stage.meeting.page + 1)
    connector = stage.connector()
    fault = stage.fault(trouble.partition(" ")[0], **TROUBLES[trouble])
    told = tried(lambda: pulled(connector))
    if not isinstance(told, VendorError):
        records, evidence = told
        seen = {str(record[connector.ID]) for record in records}
        assert seen == set(ids) or not certified(connector, records, evidence, len(ids))
        counts = (evidence.count_before, evidence.count_after)
        assert fault.hits or (trouble, counts) == ("lying_count", (None, None)), "the fault fell on nothing"


def test_a_new_field_is_no_reason_to_stop(stage: Stage) -> None:
    ids = stage.people(stage.meeting.page + 1)
    connector = stage.connector()
    stage.fault("new_field", after=0, times=None)
    records, evidence = pulled(connector)
    assert certified(connector, records, evidence, len(ids))


def test_a_scope_that_is_lost_in_the_middle_stops_the_pull(stage: Stage) -> None:
    """403: asked once, told, and not asked again."""
    stage.people(2 * stage.meeting.page + 1)
    connector = stage.connector()
    lost = stage.fault("scope_lost")
    told = failure(connector)
    assert (told.permanent, told.status, lost.hits) == (True, 403, 1)


def test_a_token_that_ends_in_the_middle(stage: Stage) -> None:
    """Tokens that rotate are refreshed, and stored before they are used; others stop the pull."""
    ids = stage.people(2 * stage.meeting.page + 1)
    connector = stage.connector()
    ended = stage.fault("token_expired")
    if not stage.meeting.rotates:
        assert failure(connector).permanent
        assert ended.hits == 1
        return
    file = Path(stage.account.settings()["tokens"]["file"])
    before = file.read_bytes()
    records, evidence = pulled(connector)
    assert certified(connector, records, evidence, len(ids))
    assert file.read_bytes() != before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stage.account.clear_faults()
    assert len(pulled(stage.connector())[0]) == len(ids), "the next night goes on with what was stored"
