"""A planned value sits on another profile: what a manager reads, approves and gets, in one shop and its till."""

from pathlib import Path

from connectors.sandbox.plot.stage import Stage
from jobs import decide
from reports.document import CorrectionLine, RunReport
from tests.night.stage import Group, serving


def of(report: RunReport, profile_id: str) -> CorrectionLine:
    (line,) = [c for c in report.corrections if (c.source, c.profile_id) == ("shop", profile_id)]
    return line


def approved(group: Group, run_id: str, *lines: CorrectionLine) -> RunReport:
    """The plan, applied after a yes to these."""
    said = {"target": "correction", "verdict": "approve", "by": "manager", "reason": "called them"}
    file = group.decide(
        "d.json", run_id, [{**said, "id": c.correction_id, "fingerprint": c.fingerprint} for c in lines]
    )
    with group.open() as workspace:
        assert decide.take_file(file, workspace.state, workspace.clock, workspace.known).refused == ()
    return group.apply(run_id).report


def test_4_the_row_is_blocked_the_holder_is_named_and_gives_the_value_up_first_c4(tmp_path: Path) -> None:
    """By a person's word on that very profile; the night after nothing is left to do (W2)."""
    with serving(tmp_path / "group", 30, pairs=("mortar",)) as group:
        group.night(after=0)
        stage = Stage(group.world, 1)
        mover, other = stage.pick("linked"), stage.newcomer("CA")
        holder = group.world.mortar.enter_shop(other)
        stage.retype_phone(mover, "till", other.phone or "")
        planned = group.night(write=False)
        clear, write = of(planned.report, holder), of(planned.report, mover.ids["shop"])
        assert (write.state, write.blocked_by, write.after_correction) == (
            "blocked",
            clear.correction_id,
            clear.correction_id,
        )
        assert f"shop:{holder} holds it and gives it up first" in write.why
        assert (clear.state, clear.needs, clear.reversible) == ("held", ["approval", "choice", "by_name"], "partly")
        report = approved(group, planned.run_id, write)
        assert {of(report, holder).state, of(report, mover.ids["shop"]).state} == {"held", "blocked"}
        report = approved(group, planned.run_id, clear)
        assert {of(report, holder).state, of(report, mover.ids["shop"]).state} == {"verified"}
        with group.open() as workspace:
            views = workspace.connectors["shop"].fetch([holder, mover.ids["shop"]])
            phones = {name: workspace.connectors["shop"].view(row or {})["phone"] for name, row in views.items()}
        assert phones == {holder: None, mover.ids["shop"]: other.phone}
        assert group.night().report.corrections == []
