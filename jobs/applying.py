"""A plan that is carried out: by the night itself, or later by `apply` and `resume`; and the report written anew."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs import decide, estimate, handover
from jobs import report as reporting
from jobs.apply import Means, Outcome, apply_plan
from jobs.approvals import barred
from jobs.corrections import IN_DOUBT, Correction
from jobs.erasures import barring
from jobs.errors import ConfigError, IncompleteExport
from jobs.headline import headline, status
from jobs.lock import lock
from jobs.progress import Progress
from jobs.standing import Standing, written_since
from jobs.workspace import Workspace
from reports import render
from reports.document import RunReport


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run: its report, the page that shows it, and the exit code (interfaces, Exit codes)."""

    run_id: str
    report: RunReport
    page: Path
    exit_code: int


APPLYING = "applying: "
"""What the last applying of a plan has to say; the next one says it anew."""


def apply(workspace: Workspace, plan_id: str, *, progress: Progress | None = None) -> Result:
    """Apply a stored plan, and write its run's report anew. Raises LockHeld, ConfigError."""
    with lock(workspace.folder, workspace.clock, run=f"apply {plan_id}", state_url=workspace.settings.state):
        report = _stored(workspace, plan_id)
        refused = take_inbox(workspace)
        newer = _superseded_by(workspace, plan_id)
        outcome = carry_out(workspace, plan_id, progress or Progress(quiet=True), newer)
        done = report_after(workspace, report, replace(outcome, said=(*refused, *outcome.said)))
        page = write_report(workspace, done)
        workspace.state.end_run(plan_id, status=done.status, headline=done.headline, at=workspace.clock.now())
        incomplete = IncompleteExport.exit_code if done.status == "incomplete" else 0
        return Result(plan_id, done, page, outcome.exit_code or incomplete)


def take_inbox(workspace: Workspace) -> list[str]:
    """Take the decisions of people without a shell; returns what was refused, and why."""
    taken = decide.take_inbox(workspace.folder / "decisions_inbox", workspace.state, workspace.clock, workspace.known)
    return [reason for file in taken for reason in file.refused]


def _superseded_by(workspace: Workspace, plan_id: str) -> str:
    """The newer plan, where there is one: its values are judged anew, and of the old one only what was begun is settled.

    An undo has no newer one: what it puts back comes from the journal. Raises ConfigError where nothing was begun.
    """
    nights = workspace.journal.nights()
    newest = nights[-1] if plan_id in nights else plan_id
    if newest == plan_id:
        return ""
    if not any(row.state in IN_DOUBT and not row.is_handed_over for row in workspace.journal.load(plan_id)):
        raise ConfigError(f"plan {plan_id} is superseded by {newest}: look at that one, and `rollcall apply {newest}`")
    return newest


def resume(workspace: Workspace, plan_id: str | None, *, progress: Progress | None = None) -> Result | None:
    """Go on with a plan that was paused or killed: the one named, or the last that is not through. None: there is none."""
    if plan_id is None:
        states = workspace.journal.plan_states().items()
        unfinished = [name for name, state in states if state in {"applying", "unfinished"}]
        if not unfinished:
            return None
        plan_id = unfinished[-1]
    return apply(workspace, plan_id, progress=progress)


def carry_out(workspace: Workspace, plan_id: str, progress: Progress, newer: str = "") -> Outcome:
    settings, state = workspace.settings, workspace.state
    certified = {name: state.last_certified(name) for name in settings.sources}
    plan = workspace.journal.load(plan_id)
    by_request = barring(state, workspace.vault, workspace.today())
    done: list[str] = []
    standing = standing_of(workspace, plan_id)
    going = [row for row in plan if estimate.may_go(row, standing)]
    progress.step("apply", estimate.told(workspace.connectors, going, settings.write_window))

    def ended(correction: Correction) -> None:
        done.append(correction.correction_id)
        progress.written("", len(done), max(len(done), len(going)))

    means = Means(
        journal=workspace.journal,
        connectors=workspace.connectors,
        limits=settings.limits,
        actives={name: row.active for name, row in certified.items() if row},
        regions={name: source.region for name, source in settings.sources.items()},
        handover=workspace.folder / handover.FOLDER,
        newer=newer,
        barred=lambda row: by_request(row) or barred(settings, row),
        paused=lambda: workspace.paused,
        closed=partial(_closed, workspace),
        progress=ended,
    )
    return apply_plan(plan_id, means)


def time_needed(workspace: Workspace, plan_id: str) -> str:
    """How long it takes to write all of a plan that nothing but people's words holds, in a sentence."""
    rows = [row for row in workspace.journal.load(plan_id) if row.state in {"ready", "held"}]
    return f"to write: {estimate.told(workspace.connectors, rows, workspace.settings.write_window)}"


def _closed(workspace: Workspace) -> str:
    """Why nothing may be written at this hour; empty where it may."""
    window, zone = workspace.settings.write_window, workspace.settings.time_zone
    if window is None or window.holds(workspace.clock.now().astimezone(ZoneInfo(zone)).time()):
        return ""
    span = f"{window.start} to {window.until}, {zone}"
    return f"outside the write window ({span}): nothing more was written; `rollcall resume` goes on once it is open"


def report_after(workspace: Workspace, report: RunReport, outcome: Outcome) -> RunReport:
    """The report again, once its plan was applied."""
    corrections = workspace.journal.load(report.run_id)
    standing = standing_of(workspace, report.run_id)
    lines = reporting.correction_lines(corrections, standing)
    written = written_since({line.correction_id: line.state for line in report.corrections}, corrections)
    nothing = "" if written else standing.tally(corrections)
    return report.model_copy(
        update={
            "status": status(report.sources, outcome.tripped),
            "corrections": lines,
            "breakers": list(outcome.breakers),
            "headline": headline(report.run_id, corrections, report.findings, report.sources, standing, nothing),
            "counts": reporting.counts(report.counts, lines),
            "warnings": [text for text in report.warnings if not text.startswith(APPLYING)] + _said(outcome),
        }
    )


def standing_of(workspace: Workspace, plan_id: str) -> Standing:
    off = {name for name, source in workspace.settings.sources.items() if not source.writes}
    return Standing(workspace.journal.approvals(plan_id), off)


def _said(outcome: Outcome) -> list[str]:
    return [f"{APPLYING}{text}" for text in (*outcome.said, outcome.stopped) if text]


def write_report(workspace: Workspace, report: RunReport) -> Path:
    page = workspace.reports / f"{report.run_id}.html"
    render.write_html(report, page)
    render.write_json(report, page.with_suffix(".json"))  # last: a run whose document is there has a page
    return page


def _stored(workspace: Workspace, plan_id: str) -> RunReport:
    path = workspace.reports / f"{plan_id}.json"
    if not path.exists():
        raise ConfigError(f"there is no plan {plan_id}: `rollcall status` lists the runs, a plan has its run's id")
    return RunReport.model_validate_json(path.read_bytes())
