"""What operators meet when linked profiles are archived, restored or deleted, one sentence a test (M12, M13)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.sandbox.plot.stage import Stage
from connectors.sandbox.world import Resident
from reports.document import RunReport
from tests.night.stage import FindingKey, Group, serving, states


@dataclass(frozen=True, slots=True)
class Nights:
    """Two whose register profiles were archived and restored, and what was reported."""

    group: Group
    victim: Resident
    replaced: Resident
    """The register entered them anew while the first profile was archived."""
    again: str
    """The id of that new profile."""
    linked_meanwhile: str
    away: RunReport
    """While they were archived."""
    back: RunReport
    later: RunReport


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """A Shopify shop and its R-Series register, after a night on which nobody disagreed; links are written unattended."""
    with serving(tmp_path_factory.mktemp("links"), 60, pairs=("outlet",)) as group:
        group.night(after=0)
        stage, register = Stage(group.world, 1), group.faults("register")
        victim, replaced = stage.pick("regular"), stage.pick("regular")
        for one in (victim, replaced):
            register.archive(one.ids["register"])
        again = group.world.outlet.enter_register(stage.same_again(replaced.person))
        away = group.night().report
        linked_meanwhile = linked(group, replaced)
        for one in (victim, replaced):
            register.restore(one.ids["register"])
        back, later = group.night().report, group.night().report
        yield Nights(group, victim, replaced, again, linked_meanwhile, away, back, later)


def about(report: RunReport, *members: str) -> dict[FindingKey, str]:
    return {key: state for key, state in states(report).items() if key[2] & set(members)}


def names(members: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{source}:{profile_id}" for source, profile_id in members]


def linked(group: Group, victim: Resident) -> str:
    links = group.faults("outlet").read(victim.ids["outlet"])["links"]
    return str(links["register"])


def test_13_archived_then_restored_is_broken_and_then_the_old_link_is_good_again(nights: Nights) -> None:
    """M13: nobody else matched, and nobody approved a new profile meanwhile."""
    victim, group = nights.victim, nights.group
    both = frozenset({victim.at("outlet"), victim.at("register")})
    assert about(nights.away, *both) == {("link_archived", "", both): "new"}
    assert about(nights.back, *both) == {("link_restored", "", both): "new"}
    assert about(nights.later, *both) == {}, "told once"
    with group.open() as workspace:
        fixed = sorted(f.kind for f in workspace.state.findings({"fixed"}) if set(names(f.members)) == both)
        assert fixed == ["link_archived", "link_restored"]
    assert [c for c in nights.back.corrections if f"{c.source}:{c.profile_id}" in both] == []
    assert linked(group, victim) == victim.ids["register"]


def test_13_relinked_meanwhile_the_restored_one_is_a_duplicate_and_the_link_does_not_flip(nights: Nights) -> None:
    """M12, M13: the profile that took its place is the customer's now."""
    victim, again = nights.replaced, nights.again
    assert nights.linked_meanwhile == again
    for report in (nights.back, nights.later):
        live = {key for key, state in about(report, victim.at("register")).items() if state != "fixed"}
        assert live >= {("duplicate_phone", "phone", frozenset({victim.at("register"), f"register:{again}"}))}
        assert {kind for kind, _, _ in live} - {"duplicate_email"} == {"duplicate_phone", "link_restored"}
        assert not [c for c in report.corrections if c.action in {"relink", "create", "archive"}]
    assert linked(nights.group, victim) == again


def test_13_a_deleted_x_series_profile_never_comes_back(tmp_path: Path) -> None:
    """M12, M13, X4: the customer is missing at the counter on every night, and nothing is linked to who is gone."""
    with serving(tmp_path, 60, pairs=("lightspeed",)) as group:
        group.night(after=0)
        victim = Stage(group.world, 1).pick("synced")
        group.faults("counter").delete(victim.ids["counter"])
        seen = [about(group.night().report, victim.at("web"), victim.at("counter")) for _ in range(2)]
        missing = ("link_missing", "", frozenset({victim.at("web")}))
        assert seen == [{missing: "new"}, {missing: "open"}]
        assert group.writes() == []
