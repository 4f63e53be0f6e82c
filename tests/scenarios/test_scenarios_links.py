"""What operators meet when linked profiles are archived, restored or deleted, one sentence a test (M12, M13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.plot.stage import Stage
from connectors.sandbox.world import Resident
from reports.document import RunReport
from tests.night.stage import FindingKey, Group, serving, states


@pytest.fixture
def outlet(tmp_path: Path) -> Iterator[Group]:
    """A Shopify shop and its R-Series register, after a night on which nobody disagreed; links are written unattended."""
    with serving(tmp_path, 60, pairs=("outlet",)) as group:
        group.night(after=0)
        yield group


def about(report: RunReport, *members: str) -> dict[FindingKey, str]:
    return {key: state for key, state in states(report).items() if key[2] & set(members)}


def linked(group: Group, victim: Resident) -> str:
    links = group.faults("outlet").read(victim.ids["outlet"])["links"]
    return str(links["register"])


def test_13_archived_then_restored_is_broken_and_then_the_old_link_is_good_again(outlet: Group) -> None:
    """M13: nobody else matched, and nobody approved a new profile meanwhile."""
    victim = Stage(outlet.world, 1).pick("regular")
    both = frozenset({victim.at("outlet"), victim.at("register")})
    outlet.faults("register").archive(victim.ids["register"])
    assert about(outlet.night().report, *both) == {("link_archived", "", both): "new"}
    outlet.faults("register").restore(victim.ids["register"])
    back = outlet.night().report
    assert about(back, *both) == {("link_restored", "", both): "new"}
    assert about(outlet.night().report, *both) == {}, "told once"
    with outlet.open() as workspace:
        fixed = sorted((f.kind, f.members) for f in workspace.state.findings({"fixed"}))
        assert fixed == [
            (kind, tuple(tuple(name.split(":")) for name in (victim.at("outlet"), victim.at("register"))))
            for kind in ("link_archived", "link_restored")
        ]
    assert [c for c in back.corrections if f"{c.source}:{c.profile_id}" in both] == []
    assert linked(outlet, victim) == victim.ids["register"]


def test_13_relinked_meanwhile_the_restored_one_is_a_duplicate_and_the_link_does_not_flip(outlet: Group) -> None:
    """M12, M13: the profile that took its place is the customer's now."""
    stage = Stage(outlet.world, 1)
    victim = stage.pick("regular")
    outlet.faults("register").archive(victim.ids["register"])
    again = outlet.world.outlet.enter_register(stage.same_again(victim.person))
    outlet.night()
    assert linked(outlet, victim) == again
    outlet.faults("register").restore(victim.ids["register"])
    for _ in range(2):
        report = outlet.night().report
        live = {key for key, state in about(report, victim.at("register")).items() if state != "fixed"}
        assert live >= {("duplicate_phone", "phone", frozenset({victim.at("register"), f"register:{again}"}))}
        assert {kind for kind, _, _ in live} - {"duplicate_email"} == {"duplicate_phone", "link_restored"}
        assert not [c for c in report.corrections if c.action in {"relink", "create", "archive"}]
    assert linked(outlet, victim) == again


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
