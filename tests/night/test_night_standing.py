"""What was approved and does not go says why; so does applying where it wrote nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.night.policy import AUTO, REVIEW, after_night_zero, approve, as_night_zero_left_it, new_emails, of
from tests.night.stage import Group, rollcall


@pytest.fixture(scope="module")
def module_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with after_night_zero(tmp_path_factory.mktemp("policy")) as group:
        yield group


@pytest.fixture
def group(module_group: Group) -> Iterator[Group]:
    with as_night_zero_left_it(module_group) as group:
        yield group


def writes_off(raw: dict[str, Any]) -> None:
    REVIEW(raw)
    raw["sources"]["till"]["writes"] = False


@pytest.mark.deep
def test_what_was_approved_and_is_blocked_says_both(group: Group) -> None:
    """A person said yes, then writes were switched off: the line says who, and why it still does not go."""
    group.configure(REVIEW)
    with new_emails(group) as victims:
        written = group.writes()
        planned = group.night()
        assert rollcall("decide", "--file", approve(group, planned), "--config", group.config).code == 0
        group.configure(writes_off)
        again = group.night()
        said = {line.detail for line in of(again.report, victims)}
        assert said == {"approved by manager, and still not written: writes are off for till"}
        assert "approved by manager, and still not written" in again.page.read_text(encoding="utf-8")
        applied = rollcall("apply", again.run_id, "--config", group.config)
        assert applied.code == 0
        assert applied.last.endswith(" 0 written: 2 blocked: writes are off for till.")
        assert "; 0 held for review; 2 blocked; 0 accepted." in applied.last
        assert group.writes() == written


@pytest.mark.deep
def test_what_was_approved_and_waits_for_a_breaker_says_both(group: Group) -> None:
    """A yes to each of 27 is no word on so many: the line names the breaker and what lifts it."""
    group.configure(REVIEW)
    with new_emails(group, 27) as victims:
        planned = group.night()
        assert rollcall("decide", "--file", approve(group, planned), "--config", group.config).code == 0
        applied = rollcall("apply", planned.run_id, "--config", group.config)
        assert applied.code == 5
        assert applied.last.endswith(" 0 written: 27 held by till/updates.")
        data = rollcall("--json", "explain", planned.report.findings[0].finding_id, "--config", group.config).data
        (line,) = data["corrections"]
        assert line["detail"] == (
            "approved by manager, and still not written: the breaker till/updates holds it: "
            f"`rollcall decide approve breaker till/updates --run {planned.run_id} --why TEXT` lifts it"
        )
        assert len(victims) == 27


@pytest.mark.deep
def test_applying_a_plan_that_nobody_approved_says_so(group: Group) -> None:
    group.configure(REVIEW)
    with new_emails(group):
        planned = group.night()
        applied = rollcall("apply", planned.run_id, "--config", group.config)
        assert (applied.code, applied.last.split(". ")[-1]) == (0, "0 written: 2 not approved.")


@pytest.mark.deep
def test_a_second_applying_says_that_nothing_was_left(group: Group) -> None:
    with new_emails(group):
        done = group.night()
        again = rollcall("apply", done.run_id, "--config", group.config)
        assert again.last.endswith("Written: 2 verified. 0 more written: 2 verified before.")


def test_tiles_carry_the_change_since_the_last_certified_night(group: Group) -> None:
    """An incomplete night in between is no night to compare with."""
    group.configure(REVIEW)
    with new_emails(group):
        group.faults("till").fault("forbidden", times=None)
        assert group.night().exit_code == 3
        group.heal()
        first = group.night().report
        counts = {count.name: count for count in first.counts}
        assert (counts["open"].value, counts["open"].before, counts["open"].since) == (2, 0, "2026-03-02")
        assert (counts["held"].value, counts["held"].before) == (2, 0)
        assert counts["profiles"].before == counts["profiles"].value
        again = {count.name: count for count in group.night(after=1).report.counts}
        assert (again["open"].before, again["open"].since) == (2, first.run_id)


def at_night_only(raw: dict[str, Any]) -> None:
    AUTO(raw)
    raw["write_window"] = {"from": "22:00", "until": "04:00"}


def test_outside_the_write_window_a_night_plans_and_a_resume_in_it_writes(group: Group) -> None:
    """The night plays at 04:15 in the group's time zone; the time that the plan takes is told beforehand."""
    group.configure(at_night_only)
    with new_emails(group):
        written = len(group.writes())
        night = group.night()
        assert len(group.writes()) == written
        (said,) = [text for text in night.report.warnings if "outside the write window" in text]
        assert said == (
            "applying: outside the write window (22:00 to 04:00, America/Los_Angeles): nothing more was written; "
            "`rollcall resume` goes on once it is open"
        )
        group.clock.advance(timedelta(hours=18))
        assert rollcall("resume", "--config", group.config).last.endswith("Written: 2 verified.")
        assert len(group.writes()) == written + 2
