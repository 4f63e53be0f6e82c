"""A run that is taken back: field for field what it was, but for what was announced as not coming back."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from jobs import decide, look
from reports.document import CorrectionLine
from tests.night.stage import Group, rollcall, serving

Profiles = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with serving(tmp_path_factory.mktemp("undo")) as made:
        yield made


def profiles(group: Group) -> dict[str, dict[str, Any]]:
    """Every profile of every account, without the times of changes."""
    return {
        name: {field: value or None for field, value in fields.items() if not field.endswith("_at")}
        for name, fields in group.world.profiles()
    }


def approve_all(group: Group, run_id: str, corrections: list[CorrectionLine], *breakers: str) -> None:
    words = [("correction", c.correction_id) for c in corrections if c.state == "held"]
    words += [("breaker", name) for name in breakers]
    file = group.decide(
        f"{run_id}.json",
        run_id,
        [{"target": t, "id": i, "verdict": "approve", "by": "manager", "reason": "passport seen"} for t, i in words],
    )
    with group.open() as workspace:
        assert decide.take_file(file, workspace.state, workspace.clock, workspace.known).refused == ()


def where(line: CorrectionLine) -> str:
    return f"{line.source}:{line.profile_id}"


def test_a_run_is_taken_back_field_for_field(group: Group) -> None:
    """G9, G9a, G14: shown first; what cannot come back is said beforehand, by row, and is all that differs afterwards."""
    group.night(after=0)
    group.plot()
    planned = group.night(write=False)
    before = profiles(group)
    approve_all(group, planned.run_id, planned.report.corrections)
    applied = group.apply(planned.run_id).report
    written = [c for c in applied.corrections if c.state == "verified"]
    assert {"update", "create", "relink", "add_tag", "add_note", "opt_out"} <= {c.action for c in written}
    assert profiles(group) != before

    edited = next(c for c in written if c.action == "update" and c.source == "till")
    name = edited.after[0].name
    group.faults("till").edit(edited.profile_id, {name: "A clerk" if "name" in name else "613-555-0199"})
    wire = len(group.writes())
    shown = rollcall("undo", planned.run_id, "--config", group.config)
    assert (shown.code, len(group.writes())) == (0, wire), shown.out
    undo_id = shown.last.split()[1].rstrip(":")
    assert f"`rollcall apply {undo_id}` does it" in shown.out
    assert re.search(r"^to write: \d+ corrections, about 0:\d\d:\d\d at our share", shown.out, re.MULTILINE)
    with group.open() as workspace:
        rows = workspace.journal.load(undo_id)
    lost = {f"{row.source}:{row.profile_id}": row for row in rows if row.state == "blocked"}
    assert all(row.after == {} for row in lost.values())
    assert lost[f"till:{edited.profile_id}"].blocked_by == f"changed since it was written: {name}"
    assert {row.action for row in rows if row.state == "held"} <= {"archive", "update"}
    approve_all(group, undo_id, look.report(workspace, undo_id)[0].corrections)
    undone = group.apply(undo_id).report
    came_back = [c for c in undone.corrections if c.state == "verified"]
    assert {c.state for c in undone.corrections} == {"verified", "blocked"}
    after = profiles(group)
    archived = {where(c) for c in came_back if c.action == "archive"}
    merged = [row for row in rows if row.action == "merge"]
    took_in = {row.blocked_by.removeprefix("a merge cannot be taken back: ").split()[0] for row in merged}
    assert len(took_in) == len(merged) > 0, "who took somebody in is named (M10)"
    assert {name for name in after if after[name] != before.get(name)} == {*lost, *archived, *took_in}
    assert {after[name]["status"] for name in archived} == {"archived"}
    with group.open() as workspace:
        states = {row.correction_id: row.state for row in workspace.journal.load(planned.run_id)}
        taken_back = {row.undoes.split("/")[1] for row in rows if row.state != "blocked"}
    assert {name for name, state in states.items() if state == "undone"} == taken_back

    again = rollcall("undo", planned.run_id, "--config", group.config)
    assert f"takes back run {planned.run_id}: 0 of {len(lost)} corrections can come back" in again.out
    assert "update" in {c.action for c in came_back if not c.needs}
    night = group.night().report
    ready = [c for c in night.corrections if c.state == "verified"]
    touched = {(where(c), fact.name) for c in came_back for fact in c.after}
    assert not [c for c in ready for fact in c.after if (where(c), fact.name) in touched]
    asked = [c for c in night.corrections if c.why.endswith("; it was undone before")]
    assert asked
    assert {c.state for c in asked} <= {"held", "blocked"}
    assert len(group.writes()) == wire + len(came_back) + len(ready)
    for words, said in (
        (["undo", undo_id], f"{undo_id} is an undo itself"),
        (["undo", night.run_id], f"nothing of run {night.run_id} can be taken back there"),
        (
            ["undo", planned.run_id, "--profile", "till:none"],
            f"nothing of run {planned.run_id} can be taken back there",
        ),
        (["undo", "2020-01-01-a"], "there is no plan 2020-01-01-a"),
    ):
        refused = rollcall(*words, "--config", group.config)
        assert refused.code == 2
        assert said in refused.err
