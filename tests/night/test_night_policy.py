"""What a night may write: the policy, people's decisions, the breakers, and everything that stands in their way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.night.policy import (
    AUTO,
    REVIEW,
    after_night_zero,
    approve,
    as_night_zero_left_it,
    decide,
    emails,
    linked,
    new_emails,
    of,
    reasons,
)
from tests.night.stage import Group, mortar_only, rollcall, write_csv


@pytest.fixture(scope="module")
def module_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with after_night_zero(tmp_path_factory.mktemp("policy")) as group:
        yield group


@pytest.fixture
def group(module_group: Group) -> Iterator[Group]:
    with as_night_zero_left_it(module_group) as group:
        yield group


def test_a_new_pairing_only_observes_for_seven_certified_nights(group: Group) -> None:
    """G14: it plans, and everything is blocked; an incomplete night does not count."""

    def seven(raw: dict[str, Any]) -> None:
        AUTO(raw)
        del raw["pairings"][0]["observe_nights"]

    group.configure(seven)
    with new_emails(group) as victims:
        written = len(group.writes())
        assert reasons(group.night(), victims) == {"this pairing only observes: night 2 of 7 (G14)"}
        group.faults("till").fault("forbidden", times=None)
        assert group.night().exit_code == 3
        group.heal()
        with group.open() as workspace:
            for days in range(1, 5):
                pairing = workspace.settings.pairings[0].observed_as
                workspace.state.add_pairing_night(pairing, workspace.today() + timedelta(days=days))
        assert reasons(group.night(after=24 * 5), victims) == {"this pairing only observes: night 7 of 7 (G14)"}
        assert len(group.writes()) == written
        assert {c.state for c in of(group.night().report, victims)} == {"verified"}
        assert len(group.writes()) == written + len(victims)


def test_drift_on_auto_is_written_in_the_run_that_finds_it(group: Group) -> None:
    """And only by `run`: a dry run and `plan` show the same corrections and write nothing to anybody."""
    with new_emails(group) as victims:
        written = group.writes()
        dry, planned = (
            rollcall("run", "--dry-run", "--config", group.config),
            rollcall("plan", "--config", group.config),
        )
        assert (dry.code, planned.code) == (0, 0)
        assert group.writes() == written
        assert dry.last.split(": ")[1] == planned.last.split(": ")[1]
        result = group.night(after=1)
        lines = of(result.report, victims)
        assert [line.state for line in lines] == ["verified", "verified"]
        assert all(line.correction_id in planned.out for line in lines)
        assert group.writes() == [*written, *(f"till PUT /api/customers/{line.profile_id}" for line in lines)]
        assert emails(group, victims) == {"new-0@example.com", "new-1@example.com"}
        assert result.report.headline.endswith("0 accepted. Written: 2 verified.")


def test_on_review_nothing_is_written_before_a_person_says_yes(group: Group) -> None:
    """And a yes to one of two writes one."""
    group.configure(REVIEW)
    with new_emails(group) as victims:
        written = len(group.writes())
        result = group.night()
        first, second = of(result.report, victims)
        assert (first.state, second.state, first.needs) == ("held", "held", ["approval"])
        assert (
            rollcall(
                "decide", "approve", "correction", first.correction_id, "--why", "asked her", "--config", group.config
            ).code
            == 0
        )
        said = rollcall("apply", result.run_id, "--config", group.config)
        assert said.code == 0
        assert len(group.writes()) == written + 1
        assert said.last.endswith("Written: 1 verified.")
        assert rollcall("apply", result.run_id, "--config", group.config).code == 0
        assert len(group.writes()) == written + 1


def test_a_paused_night_writes_nothing_until_it_is_resumed(group: Group) -> None:
    """`pause` holds the run that comes, `resume` without a name takes up what it left."""
    with new_emails(group) as victims:
        written = len(group.writes())
        assert rollcall("pause", "--config", group.config).code == 0
        paused = rollcall("run", "--config", group.config)
        assert paused.code == 0
        assert "paused: nothing more was written; `rollcall resume` goes on" in paused.out
        assert len(group.writes()) == written
        resumed = rollcall("resume", "--config", group.config)
        assert (resumed.code, len(group.writes())) == (0, written + len(victims))
        assert "paused" not in resumed.out
        assert rollcall("resume", "--config", group.config).out.startswith("nothing to resume: nothing was paused")


def test_a_source_with_writes_off_is_shown_and_never_written(group: Group) -> None:
    def off(raw: dict[str, Any]) -> None:
        AUTO(raw)
        raw["sources"]["till"]["writes"] = False

    group.configure(off)
    with new_emails(group) as victims:
        written = group.writes()
        result = group.night()
        assert {line.state for line in of(result.report, victims)} <= {"blocked"}
        assert {f.kind for f in result.report.findings} == {"drift"}
        assert (result.exit_code, group.writes()) == (0, written)


def test_a_breaker_stops_a_source_until_a_person_lifts_it(group: Group) -> None:
    """Above 25 updates at one source: exit 5, nothing is written there, the report says so; a word on it lets them go."""
    with new_emails(group, 27) as victims:
        written = len(group.writes())
        dry = rollcall("run", "--dry-run", "--config", group.config)
        assert dry.code == 5
        result = group.night(after=1)
        assert (result.exit_code, result.report.status) == (5, "stopped")
        assert len(group.writes()) == written
        assert {line.blocked_by for line in of(result.report, victims)} == {"till/updates"}
        (breaker,) = [breaker for breaker in result.report.breakers if breaker.tripped]
        assert (breaker.source, breaker.name, breaker.count, breaker.limit) == ("till", "updates", 27, 25)
        page = result.page.read_text(encoding="utf-8")
        hint = f"rollcall decide --config {group.config} approve breaker till/updates --run {result.run_id} --why TEXT"
        assert hint in page[: page.index('class="tiles"')]
        decide(group, "approve", "breaker", "till/updates")
        applied = rollcall("apply", result.run_id, "--config", group.config)
        assert applied.code == 0, applied.out
        assert len(group.writes()) == written + 27


def test_decisions_come_from_the_inbox(group: Group) -> None:
    """A manager without a shell puts a file there; the next run takes it, once, and says what it refused."""
    group.configure(REVIEW)
    with new_emails(group) as victims:
        written = len(group.writes())
        result = group.night()
        inbox = group.data / "decisions_inbox"
        inbox.mkdir()
        first, second = of(result.report, victims)
        good = approve(group, result)
        stale = group.decide("stale.json", result.run_id, [{
            "target": "correction", "id": second.correction_id, "verdict": "approve", "by": "manager", "fingerprint": "f" * 32,
        }])  # fmt: skip
        (inbox / "torn.json").write_text('{"schema": 1, "run"', encoding="utf-8")
        good.rename(inbox / "good.json")
        stale.rename(inbox / "stale.json")
        again = group.night(after=1).report
        assert {line.state for line in of(again, victims)} == {"verified"}
        assert len(group.writes()) == written + 2
        assert sum("stale.json" in warning for warning in again.warnings) == 1
        assert sum("torn.json: refused whole" in warning for warning in again.warnings) == 1
        assert sorted(path.name for path in inbox.iterdir()) == ["refused", "taken"]
        assert {first.state, second.state} == {"held"}


@pytest.mark.deep
def test_applying_takes_the_inbox_too(group: Group) -> None:
    group.configure(REVIEW)
    with new_emails(group):
        result = group.night()
        (group.data / "decisions_inbox").mkdir()
        approve(group, result).rename(group.data / "decisions_inbox" / "good.json")
        (group.data / "decisions_inbox" / "torn.json").write_text("{", encoding="utf-8")
        applied = rollcall("apply", result.run_id, "--config", group.config)
        assert applied.last.endswith("Written: 2 verified.")
        assert "applying: torn.json: refused whole" in applied.out


@pytest.mark.deep
def test_what_was_rejected_stays_unwritten(group: Group) -> None:
    """Even under a policy that would write it by itself."""
    with new_emails(group) as victims:
        written = len(group.writes())
        planned = group.night(write=False)
        for line in of(planned.report, victims):
            decide(group, "reject", "correction", line.correction_id)
        assert rollcall("apply", planned.run_id, "--config", group.config).code == 0
        again = group.night(after=1).report
        assert {line.state for line in of(again, victims)} == {"held"}
        assert {line.detail for line in of(again, victims)} == {"rejected by manager"}
        assert len(group.writes()) == written


@pytest.mark.deep
def test_an_approval_does_not_outlive_what_it_was_given_for(group: Group) -> None:
    """A clerk edits the profile after the approval: the row is handed back, the others go through (W2's row by row)."""
    group.configure(REVIEW)
    with new_emails(group) as victims:
        written = len(group.writes())
        planned = group.night()
        assert rollcall("decide", "--file", approve(group, planned), "--config", group.config).code == 0
        edited, other = victims
        group.faults("till").edit(edited.ids["till"], {"email": "clerk@example.com"})
        said = rollcall("apply", planned.run_id, "--config", group.config)
        assert said.code == 0
        assert said.last.endswith("Written: 1 handed back, 1 verified.")
        assert len(group.writes()) == written + 1
        assert emails(group, [edited]) == {"clerk@example.com"}
        assert emails(group, [other]) != {other.person.email}


@pytest.mark.parametrize(
    ("words", "later"), [((), "held"), pytest.param(("--until", "2026-12-31"), "verified", marks=pytest.mark.deep)]
)
def test_a_yes_to_a_field_is_a_yes_to_what_was_shown(group: Group, words: tuple[str, ...], later: str) -> None:
    """What comes up after it waits for a person again, unless the yes says until when it stands (G13, G14)."""
    group.configure(REVIEW)
    with new_emails(group) as victims:
        group.night()
        assert (
            rollcall(
                "decide",
                "approve",
                "field",
                "online-till/email",
                *words,
                "--why",
                "asked them",
                "--config",
                group.config,
            ).code
            == 0
        )
        third = linked(group)[2]
        group.faults("shop").edit(third.ids["shop"], {"email": "later@example.com"})
        try:
            again = group.night()
            assert {line.state for line in of(again.report, victims)} == {"verified"}
            assert {line.state for line in of(again.report, [third])} == {later}
        finally:
            for source in ("shop", "till"):
                group.faults(source).edit(third.ids[source], {"email": third.person.email})


def test_exports_more_than_a_day_apart_yield_findings_and_no_corrections(group: Group) -> None:
    """G1a: the file is fresh enough to be believed, and too old to be written from."""
    resident = linked(group)[0]
    heading = ["id", "first_name", "last_name", "email", "phone", "birth_date"]
    row = ["1", resident.person.first_name, resident.person.last_name, resident.person.email or "", "613 555 0199", ""]
    write_csv(group.folder / "old.csv", heading, [row])
    taken = group.clock.now() - timedelta(hours=30)

    def paired(raw: dict[str, Any]) -> None:
        mortar_only(raw)
        raw["sources"]["old"] = {
            "kind": "table", "role": "pos", "path": "old.csv", "region": "CA", "exported_at": taken.isoformat(),
        }  # fmt: skip
        plain = {"name": "old", "ecom": "shop", "pos": ["old"], "observe_nights": 0, "fields": {"phone": "pos"}}
        raw["pairings"] = [plain | {"apply": {"drift": "auto"}}]

    group.configure(paired)
    written = group.writes()
    result = group.night(after=0)
    drifts = [f for f in result.report.findings if f.kind == "drift" and f.field == "phone"]
    assert [{m.source for m in f.members} for f in drifts] == [{"shop", "old"}]
    assert {line.state for line in result.report.corrections} == {"blocked"}
    (line,) = [
        c for c in result.report.corrections if c.source == "shop" and [fact.name for fact in c.after] == ["phone"]
    ]
    assert line.blocked_by == "the exports of shop and old are too far apart in time (G1a)"
    assert (result.exit_code, group.writes()) == (0, written)


@pytest.mark.deep
def test_a_plan_that_a_later_run_superseded_is_refused(group: Group) -> None:
    """What it would write may have been put right since; the newest plan says what is still to do."""
    group.configure(REVIEW)
    with new_emails(group):
        written = len(group.writes())
        old, new = group.night(), group.night(after=1)
        said = rollcall("apply", old.run_id, "--config", group.config)
        assert said.code == 2
        assert f"plan {old.run_id} is superseded by {new.run_id}" in said.err
        assert len(group.writes()) == written
        assert rollcall("apply", new.run_id, "--config", group.config).code == 0
