"""Commands that play the night, or a part of it."""

import sys
from datetime import date

import click
import structlog

from connectors.clock import SystemClock
from jobs import applying, erasing, look, night, schedule
from jobs import undo as undoing
from jobs.applying import Result
from jobs.cli.base import command
from jobs.desk import Desk
from jobs.lock import lock
from jobs.progress import Progress
from jobs.workspace import Workspace


def _end(desk: Desk, result: Result, exit_code: bool = False) -> None:
    """The last line always says what was done (DESIGN, Command line)."""
    desk.say(*look.ended(result))
    code = result.exit_code
    if code == 0 and exit_code and result.report.findings:
        code = 4
    sys.exit(code)


def _show(desk: Desk, result: Result, needed: str) -> None:
    """A plan for people, masked, with the rules that it names and the time that it takes."""
    if not desk.as_json:
        rows = look.plan_table(result.report)
        desk.table(rows, *look.cited(rows), needed)


@command(
    click.option("--exit-code", is_flag=True, help="Exit 4 when findings exist."),
    click.option("--dry-run", is_flag=True, help="Plan, and write nothing to any vendor."),
)
def run(desk: Desk, exit_code: bool, dry_run: bool) -> None:
    """The night: pull, match, detect, plan, apply what the policy automates, report."""
    with desk.workspace() as workspace, Progress() as progress:
        result = night.run(workspace, trigger="manual", progress=progress, write=not dry_run)
    _end(desk, result, exit_code)


@command()
def plan(desk: Desk) -> None:
    """The night without its writes: pull, match, detect, plan, report."""
    with desk.workspace() as workspace, Progress() as progress:
        result = night.run(workspace, trigger="manual", progress=progress, write=False)
        needed = applying.time_needed(workspace, result.run_id)
    _show(desk, result, needed)
    _end(desk, result)


@command(click.argument("plan_id", metavar="PLAN"))
def apply(desk: Desk, plan_id: str) -> None:
    """Apply a plan: what it may write by policy, and what decisions have approved."""
    with desk.workspace() as workspace, Progress() as progress:
        result = applying.apply(workspace, plan_id, progress=progress)
    _end(desk, result)


@command(
    click.argument("run_id", metavar="RUN"),
    click.option("--store", default="", help="Only what was written to this store, or source."),
    click.option("--profile", default="", metavar="SOURCE:ID", help="Only what was written to this profile."),
)
def undo(desk: Desk, run_id: str, store: str, profile: str) -> None:
    """Plan to take back what a run has written, and show what comes back and what cannot; `apply` then writes it."""
    with desk.workspace() as workspace:
        result = undoing.undo(workspace, run_id, undoing.Scope(store, profile))
        needed = applying.time_needed(workspace, result.run_id)
    _show(desk, result, needed)
    _end(desk, result)


@command(click.argument("plan_id", metavar="[PLAN]", required=False))
def resume(desk: Desk, plan_id: str | None) -> None:
    """Go on with a plan that was paused or killed; what was begun is read first, never written twice."""
    with desk.workspace() as workspace, Progress() as progress:
        was_paused = workspace.paused
        (workspace.folder / "paused").unlink(missing_ok=True)
        if erasing.is_begun(workspace):  # an erasure that was killed before everything here was forgotten
            with lock(workspace.folder, workspace.clock, run="resume", state_url=workspace.settings.state):
                erasing.finish(workspace)
        result = applying.resume(workspace, plan_id, progress=progress)
        said = look.nothing_to_resume(workspace, was_paused) if result is None else ""
    if result is None:
        desk.say(said, {"run": None, "said": said})
        return
    _end(desk, result)


@command()
def pause(desk: Desk) -> None:
    """Stop before the next write of a run that is applying, and of later ones, until `resume`."""
    folder = desk.settings().workspace
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "paused").touch(mode=0o600)
    desk.say("paused: nothing more is written until `rollcall resume`", {"paused": True})


@command()
def pull(desk: Desk) -> None:
    """Pull and certify every source; nothing is compared."""
    with desk.workspace() as workspace, Progress() as progress:
        lines = night.pull(workspace, progress=progress)
        last = workspace.state.last_run(finished=True)
    desk.table(look.source_table(lines), last.headline if last else "")
    sys.exit(0 if all(line.certified for line in lines) else 3)


@command(name="schedule")
def schedule_command(desk: Desk) -> None:
    """Stay, and run the night at the configured time; one run per business date."""
    settings, clock = desk.settings(), SystemClock()

    def done(day: date) -> bool:
        with Workspace.open(settings, clock) as workspace:
            return workspace.state.night_taken(day)

    def start(day: date) -> int:
        with Workspace.open(settings, clock) as workspace, Progress() as progress:
            result = night.run(workspace, trigger="schedule", progress=progress, day=day)
        click.echo(result.report.headline)
        return result.exit_code

    # what the scheduler notes goes where progress goes: standard output has a line per night and nothing else
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    click.echo(f"every night at {settings.schedule.at}, {settings.time_zone}; Ctrl-C ends it", err=True)
    schedule.serve(settings, clock, done, start)
