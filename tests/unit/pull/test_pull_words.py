"""Exports that wait for an operator's word (G1, G2)."""

from datetime import timedelta

import pytest

from tests.unit.pull.exported import Fake, Group, proof


def test_g2_a_shrunk_export_waits_for_an_operator_and_his_word_holds_for_the_next_pull(group: Group) -> None:
    first = group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    refused = group.night()
    assert not refused.certified
    assert "shrink: 60 profiles, 100 in the last certified export" in refused.problem
    assert not group.night().certified, "nobody said a word"
    group.approve(f"till/{refused.snapshot.run_id}")
    accepted = group.night()
    assert accepted.certified
    assert accepted.snapshot.stats["listed"] == 60
    assert first.snapshot.snapshot_id in group.snapshots
    for name in range(41, 70):
        del group.till.people[str(name)]
    assert not group.night().certified, "the word was for that time only: a new one is needed"


@pytest.mark.parametrize(
    ("target", "verdict", "passes"),
    [("{snapshot}", "approve", True), ("till/{run}", "reject", False), ("shop/{run}", "approve", False),
     ("till/2026-01-01-a", "approve", False)],
)  # fmt: skip
def test_g2_only_an_approval_of_that_certificate_counts(target: str, verdict: str, passes: bool, group: Group) -> None:
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    refused = group.night().snapshot
    group.approve(target.format(snapshot=refused.snapshot_id, run=refused.run_id), verdict)
    assert group.night().certified == passes


@pytest.mark.parametrize("name", ["till/{run}", "till.{run}"])
def test_g2_an_export_that_nobody_has_seen_cannot_be_approved(name: str, group: Group) -> None:
    """A word on tonight's export, given before it was made, lets nothing through tonight."""
    group.night()
    for number in range(1, 41):
        del group.till.people[str(number)]
    landing = group.land()
    group.approve(name.format(run=group.run_id))
    assert not group.seal(landing).certified


def test_g2_a_word_holds_although_the_clock_is_set_back(group: Group) -> None:
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    group.clock.advance(timedelta(days=-5))
    refused = group.night()
    assert not refused.certified
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_a_first_export_of_nobody_is_certified_once_it_was_approved(group: Group) -> None:
    group.till.people = {}
    group.till.counts = False
    group.till.REQUIRED_PROOFS = group.till.REQUIRED_PROOFS - {"count_before", "count_after"}
    refused = group.night()
    assert "the first export is empty" in refused.problem
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified


def test_g2_an_approval_covers_an_export_like_the_approved_one_only(group: Group) -> None:
    group.till.add(*range(101, 201))
    group.night()
    for name in range(1, 61):
        del group.till.people[str(name)]
    refused = group.night()
    group.approve(f"till/{refused.snapshot.run_id}")
    for name in range(61, 121):
        del group.till.people[str(name)]
    assert not group.night().certified


def test_g2_an_approval_does_not_cover_an_export_with_another_fault(group: Group) -> None:
    group.night()
    for name in range(1, 41):
        del group.till.people[str(name)]
    group.till.again = [{"id": "50"}]
    refused = group.night()
    group.approve(f"till/{refused.snapshot.run_id}")
    assert not group.night().certified
    group.till.again = []
    assert not group.night().certified, "what was approved was no export to compare with"


def test_g2_an_empty_export_is_never_certified(group: Group) -> None:
    first = group.night()
    people, group.till.people = group.till.people, {}
    refused = group.night()
    group.approve(f"till/{refused.snapshot.run_id}")
    pulled = group.night()
    assert not pulled.certified
    assert "never certified" in pulled.problem
    assert pulled.used == first.snapshot
    group.till.people = people
    assert group.night().certified


def test_g1_a_changed_contract_waits_for_an_operator(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.night()
    group.till.account = "another"
    refused = group.night()
    assert proof(refused, "same_contract")[1].startswith("changed since the last certified export: account")
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified
    monkeypatch.setattr(Fake, "EXPORT_CONTRACT", 2)
    assert "the fields that rollcall reads" in group.night().problem


def test_g3_another_region_waits_for_an_operator(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would change what every number of the source means, and so make drift of all of them."""
    group.night()
    settings = group.till.settings
    monkeypatch.setattr(group.till, "settings", settings.model_copy(update={"region": "GB"}))
    refused = group.night()
    assert proof(refused, "same_contract")[1].startswith("changed since the last certified export: region")
    group.approve(f"till/{refused.snapshot.run_id}")
    assert group.night().certified
