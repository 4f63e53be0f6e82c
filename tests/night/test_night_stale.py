"""Between plan and write: what the values came from moves on, a newer plan judges anew, a policy or a person says no (G9, W2)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.sandbox.world import Resident
from jobs import applying
from jobs.apply import Means
from jobs.corrections import Correction
from jobs.night import Result
from tests.night.stage import Edit, Group, mortar_only, rollcall, serving


def _policy(mode: str) -> Edit:
    def edit(raw: dict[str, Any]) -> None:
        mortar_only(raw)
        raw["pairings"][0]["apply"] = {
            "drift": mode,
            "relink": mode,
            "create": "review",
            "opt_out": mode,
            "add_tag": "off",
        }

    return edit


@pytest.fixture(scope="module")
def module_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with serving(tmp_path_factory.mktemp("stale")) as group:
        group.configure(_policy("review"))
        group.night(after=0)
        group.keep()
        yield group


@pytest.fixture
def group(module_group: Group) -> Group:
    module_group.put_back()
    module_group.configure(_policy("review"))
    return module_group


@pytest.fixture
def victims(group: Group) -> Iterator[list[Resident]]:
    """Two people who are linked, as they were again afterwards."""
    two = [r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.email][:2]
    yield two
    for victim in two:
        for source in ("shop", "till"):
            group.faults(source).edit(victim.ids[source], {"email": victim.person.email})


def _move_on(group: Group, victims: list[Resident], word: str) -> None:
    """Each gets another email in the shop."""
    for number, victim in enumerate(victims):
        group.faults("shop").edit(victim.ids["shop"], {"email": f"{word}-{number}@example.com"})


def _stored(group: Group, run: str) -> dict[str, Correction]:
    """The corrections of a plan, by the profile that they are for."""
    with group.open() as workspace:
        return {row.profile_id or row.action: row for row in workspace.journal.load(run)}


def _approve(group: Group, result: Result, *ids: str) -> None:
    words = [
        {"target": "correction", "id": row.correction_id, "verdict": "approve", "by": "kim", "reason": "asked"}
        for row in _stored(group, result.run_id).values()
        if row.state == "held" and (not ids or row.correction_id in ids)
    ]
    assert (
        rollcall("decide", "--file", group.decide("yes.json", result.run_id, words), "--config", group.config).code == 0
    )


def _emails(group: Group, victims: list[Resident]) -> list[str]:
    return [group.faults("till").read(victim.ids["till"])["email"] for victim in victims]


class DeadError(BaseException):
    """The process dies here."""


def _die(group: Group, point: str) -> str:
    """A night that dies at the first such point of writing; returns its run."""

    def probe(step: str) -> None:
        if step.startswith(point):
            raise DeadError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "Means", lambda **means: Means(**means, probe=probe))
        with pytest.raises(DeadError):
            group.night()
    with group.open() as workspace:
        return list(workspace.journal.plan_states())[-1]


# a newer plan ----------------------------------------------------------------------------------------------------------


@pytest.mark.deep
def test_a_plan_that_was_begun_is_superseded_like_any_other(group: Group, victims: list[Resident]) -> None:
    _move_on(group, victims, "first")
    old = group.night()
    first, second = (_stored(group, old.run_id)[victim.ids["till"]] for victim in victims)
    _approve(group, old, first.correction_id)
    assert group.apply(old.run_id).exit_code == 0
    _move_on(group, victims, "second")
    newer = group.night(after=72)
    _approve(group, old, second.correction_id)
    said = rollcall("apply", old.run_id, "--config", group.config)
    assert (said.code, f"superseded by {newer.run_id}" in said.err) == (2, True)
    assert _emails(group, victims) == ["first-0@example.com", victims[1].person.email]


def test_of_an_interrupted_plan_that_is_superseded_what_was_begun_is_found_out_and_nothing_is_written(
    group: Group, victims: list[Resident]
) -> None:
    group.configure(_policy("auto"))
    _move_on(group, victims, "first")
    old = _die(group, "after_intent")
    group.configure(_policy("review"))
    _move_on(group, victims, "second")
    newer, written = group.night(after=72), len(group.writes())
    said = rollcall("resume", old, "--config", group.config)
    assert said.code == 0, said.err
    assert len(group.writes()) == written
    told = {(row.state, row.detail) for row in _stored(group, old).values()}
    assert told == {("held", f"superseded by plan {newer.run_id}")}


# the profile that the value comes from -----------------------------------------------------------------------------------


@pytest.mark.deep
def test_a_value_that_moved_on_where_it_came_from_is_handed_back(group: Group, victims: list[Resident]) -> None:
    _move_on(group, victims, "first")
    result = group.night()
    _approve(group, result)
    group.faults("shop").edit(victims[0].ids["shop"], {"email": "later@example.com"})
    assert group.apply(result.run_id).report.headline.endswith("Written: 1 handed back, 1 verified.")
    row = _stored(group, result.run_id)[victims[0].ids["till"]]
    assert row.detail == f"shop:{victims[0].ids['shop']} changed since the plan: email"
    assert _emails(group, victims) == [victims[0].person.email, "first-1@example.com"]


def test_who_opts_out_after_the_plan_is_not_created_as_it_was_planned_g9(group: Group) -> None:
    person = replace(group.world.population.person("CA"), email_consent="in", created_at=None)
    customer = group.world.mortar.enter_shop(person, orders=1)
    try:
        result = group.night()
        _approve(group, result)
        group.faults("shop").edit(customer, {"email_consent": "out"})
        group.apply(result.run_id)
        create = _stored(group, result.run_id)["create"]
        assert (create.state, create.detail) == (
            "handed_back",
            f"shop:{customer} changed since the plan: email_consent",
        )
    finally:
        group.faults("shop").edit(customer, {"orders": 0, "has_purchased": False})
        group.faults("shop").delete(customer)


@pytest.mark.parametrize("archived", [True, pytest.param(False, marks=pytest.mark.deep)])
def test_a_link_goes_to_nobody_else_than_was_judged(group: Group, archived: bool) -> None:
    """The profile that was to be linked is archived, or was given to another person, between plan and apply (M12)."""
    till = group.faults("till")
    victim = [r for r in group.world.residents if set(r.ids) == {"shop", "till"} and r.person.phone][5 + archived]
    kept = {
        k: v for k, v in till.read(victim.ids["till"]).items() if k not in {"status", "created_at"} and v is not None
    }
    again = till.add(kept)
    till.archive(victim.ids["till"])
    try:
        result = group.night()
        _approve(group, result)
        till.archive(again) if archived else till.edit(again, {"first_name": "Zebulon", "last_name": "Other"})
        group.apply(result.run_id)
        row = _stored(group, result.run_id)[victim.ids["shop"]]
        assert row.state == "handed_back"
        assert row.detail.startswith(f"till:{again} changed since the plan: ")
    finally:
        till.archive(again)
        till.restore(victim.ids["till"])


# a policy, or a person, that says no -------------------------------------------------------------------------------------


def _ignored(raw: dict[str, Any]) -> None:
    _policy("auto")(raw)
    raw["pairings"][0]["fields"] = {"email": "ignore"}


def _gone(raw: dict[str, Any]) -> None:
    mortar_only(raw)
    raw["pairings"] = []


def _writes_off(raw: dict[str, Any]) -> None:
    _policy("auto")(raw)
    raw["sources"]["till"]["writes"] = False


@pytest.mark.parametrize(
    "change",
    [
        *(pytest.param(edit, marks=pytest.mark.deep) for edit in (_policy("off"), _policy("review"), _ignored, _gone)),
        _writes_off,
    ],
)
def test_going_on_asks_the_policy_of_today(group: Group, victims: list[Resident], change: Edit) -> None:
    """What was begun is found out by reading, and nothing more is written."""
    group.configure(_policy("auto"))
    _move_on(group, victims, "first")
    old, written = _die(group, "after_intent"), len(group.writes())
    group.configure(change)
    rollcall("resume", old, "--config", group.config)
    assert len(group.writes()) == written
    assert {row.state for row in _stored(group, old).values()} <= {"held", "ready"}
    assert _emails(group, victims) == [victim.person.email for victim in victims]


@pytest.mark.deep
def test_who_was_rejected_after_the_write_was_begun_is_not_written(group: Group, victims: list[Resident]) -> None:
    group.configure(_policy("auto"))
    _move_on(group, victims, "first")
    old, written = _die(group, "after_intent"), len(group.writes())
    for row in _stored(group, old).values():
        words = ("decide", "reject", "correction", row.correction_id, "--why", "she asked us not to", "--run", old)
        assert rollcall(*words, "--config", group.config).code == 0
    rollcall("resume", old, "--config", group.config)
    assert len(group.writes()) == written
    assert {(row.state, row.detail.split(" by ")[0]) for row in _stored(group, old).values()} == {("held", "rejected")}
