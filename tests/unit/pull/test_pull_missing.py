"""Who is missing from a list is asked for by id (G2a, T2, T3); and what else a pull must not get wrong."""

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.base import (
    VendorError,
)
from jobs import parts, pull
from jobs.pull import Site
from jobs.settings import Limits
from jobs.state import DecisionRow
from tests.unit.pull.exported import SENTINEL, Fake, Group, proof, rows_of


def test_g2a_who_is_missing_is_asked_for_and_the_gone_are_gone(group: Group) -> None:
    group.night()
    del group.till.people["7"]
    pulled = group.night()
    assert pulled.certified
    assert group.till.asked == ["7"]
    assert proof(pulled, "probe") == ("passed", "1 is not listed, 1 was asked for by id: none is alive")


def test_g2a_a_missing_profile_that_is_alive_costs_the_certificate(group: Group) -> None:
    first = group.night()
    group.till.hidden = {"7"}
    pulled = group.night()
    assert not pulled.certified
    assert "1 is alive by id (G2a) of 1 that is not listed, such as 7" in pulled.problem
    assert pulled.used == first.snapshot


def test_t3_archived_profiles_that_are_not_listed_are_taken_in_night_after_night(group: Group) -> None:
    group.till.lists_gone = False
    group.night()
    group.till.add("7", status="archived")
    group.till.add("old", status="merged")
    for _ in range(2):
        group.till.asked.clear()
        pulled = group.night("old", "8")
        assert pulled.certified
        assert group.till.asked == ["7", "old"]
        found = {row["id"]: row["status"] for row in rows_of(group, pulled)}
        assert (found["7"], found["old"], found["8"]) == ("archived", "merged", "active")
        assert (pulled.snapshot.profiles, pulled.stats["listed"], pulled.stats["extras"]) == (101, 99, 2)
        assert pulled.snapshot.active == 99


def test_t3_taken_back_by_the_vendor_but_still_unlisted_is_alive(group: Group) -> None:
    group.till.lists_gone = False
    group.till.add("old", status="archived")
    assert group.night("old").certified
    group.till.add("old")
    group.till.hidden = {"old"}
    assert not group.night().certified


def test_t2_a_linked_profile_never_seen_that_is_alive_costs_the_certificate_where_the_gone_are_unlisted(
    group: Group,
) -> None:
    group.till.add("new")
    group.till.hidden = {"new"}
    group.till.lists_gone = False
    assert proof(group.night("new"), "probe")[0] == "failed"


def test_a_linked_profile_made_since_the_list_is_taken_in_where_everything_is_listed(group: Group) -> None:
    group.till.add("new")
    group.till.hidden = {"new"}
    pulled = group.night("new", "never")
    assert pulled.certified
    assert "new" in {row["id"] for row in rows_of(group, pulled)}


def test_a_profile_goes_by_the_id_that_it_answers_with(group: Group) -> None:
    group.till.lists_gone = False
    pulled = group.night("007", "")
    assert pulled.certified
    assert group.till.asked == ["007"]
    assert len(rows_of(group, pulled)) == 100


def test_g2a_above_the_cap_a_sample_is_asked_for_always_the_same(group: Group) -> None:
    group.limits = Limits(probe=5, shrink_profiles=1000)
    group.night()
    for name in range(1, 31):
        del group.till.people[str(name)]
    landing = group.land()
    group.seal(landing)
    first = list(group.till.asked)
    assert len(first) == 5
    assert set(first) <= {str(n) for n in range(1, 31)}
    group.till.asked.clear()
    group.state.withdraw_certificate(f"till.{group.run_id}", "for the test")
    group.night()
    assert group.till.asked == first


def test_t2_of_who_is_linked_everyone_is_asked_for_where_the_gone_are_unlisted(group: Group) -> None:
    group.limits = Limits(probe=5, shrink_profiles=1000)
    group.till.lists_gone = False
    group.night()
    for name in range(1, 31):
        del group.till.people[str(name)]
    linked = {str(name) for name in range(1, 21)}
    assert group.night(*linked).certified
    assert linked < set(group.till.asked)
    assert len(group.till.asked) == 25


def test_a_refused_export_is_not_asked_about_without_end(group: Group) -> None:
    group.limits = Limits(probe=5)
    group.till.lists_gone = False
    group.night()
    group.till.people = {}
    assert not group.night(*(str(n) for n in range(1, 101))).certified
    assert len(group.till.asked) == 5


@pytest.mark.parametrize("error", [VendorError("answered 503", permanent=False), KeyError(SENTINEL)])
def test_g2a_who_cannot_be_asked_for_is_not_called_gone(error: Exception, group: Group) -> None:
    group.night()
    del group.till.people["7"]
    group.till.mute = error
    pulled = group.night()
    assert not pulled.certified
    assert "could not be asked for" in pulled.problem
    assert SENTINEL not in pulled.problem


def test_a_damaged_last_snapshot_is_never_used_and_can_be_left_behind(group: Group) -> None:
    first = group.night()
    (group.folder / first.snapshot.path / "seal.json").unlink()
    refused = group.night()
    assert not refused.certified
    assert refused.used is None, "findings cannot rest on it either"
    assert "the last certified list cannot be read" in refused.problem
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_two_pulls_of_one_run_replace_nothing(group: Group) -> None:
    first = group.night()
    site = Site(group.folder, group.vault, group.clock)
    group.clock.advance(timedelta(minutes=1))
    second = group.seal(pull.land("till", group.till, site))
    assert second.snapshot.snapshot_id == f"{first.snapshot.snapshot_id}.2"
    assert group.state.last_certified("till") == second.snapshot
    assert len(group.snapshots) == 2


def test_g1a_a_file_is_as_old_as_its_export(group: Group) -> None:
    group.till = Fake(group.clock, exported_at="2026-11-23T23:00", expected=100)
    group.till.add(*range(1, 101))
    pulled = group.night()
    assert pulled.certified
    assert pulled.snapshot.taken_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def test_g1_changes_during_the_pull_are_allowed_for_by_the_time_they_were_made(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "CREATED", ("name",))
    start = group.clock.now() + timedelta(days=1)
    group.till.people["7"]["name"] = start.isoformat()
    group.till.again = [{"id": "new", "name": start.isoformat(), "status": "active"}]
    assert group.night().certified
    group.till.again = [{"id": "new", "name": "2020-01-01T00:00:00Z", "status": "active"}]
    assert "count_before: 101 read, 100 counted" in group.night().problem


def test_g2_an_approval_is_used_up_by_the_certificate_that_it_gave(group: Group) -> None:
    group.night()
    everyone = dict(group.till.people)
    for name in range(1, 41):
        del group.till.people[str(name)]
    group.approve(f"till/{group.night().snapshot.run_id}")
    assert group.night().certified
    group.till.people = everyone
    assert group.night().certified
    group.till.people = {name: everyone[name] for name in list(everyone)[40:]}
    assert not group.night().certified, "half a list a year later is not what was approved"


@pytest.mark.parametrize(("until", "certified"), [(date(2026, 11, 25), True), (date(2026, 11, 24), False)])
def test_the_date_of_a_decision_is_that_of_the_group(until: date, certified: bool, group: Group) -> None:
    group.clock.advance(timedelta(hours=-9))  # 03:15 UTC, the evening before in Los Angeles
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    certificate = f"till/{group.night().snapshot.run_id}"
    row = DecisionRow(
        group.run_id, "certificate", certificate, "approve", "moved", "Ann", group.clock.now(), until=until
    )
    group.state.record_decisions([row])
    assert group.clock.now().date() == date(2026, 11, 25)
    assert group.night().certified == certified
