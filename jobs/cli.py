"""The command line. Results on stdout, progress on stderr; exit codes as in docs/operating.md."""

import getpass
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import click
import structlog

from connectors.base import kinds
from connectors.clock import SystemClock
from jobs import applying, checkup, connect, decide, golive, kept, look, night, rules, schedule
from jobs.applying import Result
from jobs.desk import Desk, guarded
from jobs.lock import lock
from jobs.progress import Progress
from jobs.workspace import Workspace, is_made
from reports.words import many

_CONFIG = click.option("--config", "own_config", type=click.Path(path_type=Path), help="The configuration.")
_SEED = "The same number plays the same people and the same mishaps."
_PEOPLE = "How many people the simulated group has."
_JSON = click.option("--json", "own_json", is_flag=True, help="Results as JSON.")


def _command(
    *decorators: Callable[..., Any], name: str | None = None
) -> Callable[[Callable[..., None]], click.Command]:
    """A command of `rollcall`, with what every one of them takes: the configuration and JSON, before or after its name."""

    def wrap(function: Callable[..., None]) -> click.Command:
        decorated: Any = guarded(function)
        for decorator in reversed((*decorators, _CONFIG, _JSON)):
            decorated = decorator(decorated)
        command: click.Command = main.command(name or function.__name__)(decorated)
        return command

    return wrap


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rollcall")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    help="The configuration.",
)
@click.option("--json", "as_json", is_flag=True, help="Results as JSON.")
@click.pass_context
def main(context: click.Context, config: Path, as_json: bool) -> None:
    """Call the roll of a retail group's customers: who is who, what drifted, what to correct."""
    context.obj = Desk(config, as_json)


def _end(desk: Desk, result: Result, exit_code: bool = False) -> None:
    """The last line always says what was done (DESIGN, Command line)."""
    desk.say(*look.ended(result))
    code = result.exit_code
    if code == 0 and exit_code and result.report.findings:
        code = 4
    sys.exit(code)


@_command(
    click.option("--exit-code", is_flag=True, help="Exit 4 when findings exist."),
    click.option("--dry-run", is_flag=True, help="Plan, and write nothing to any vendor."),
)
def run(desk: Desk, exit_code: bool, dry_run: bool) -> None:
    """The night: pull, match, detect, plan, apply what the policy automates, report."""
    with desk.workspace() as workspace, Progress() as progress:
        result = night.run(workspace, trigger="manual", progress=progress, write=not dry_run)
    _end(desk, result, exit_code)


@_command()
def plan(desk: Desk) -> None:
    """The night without its writes: pull, match, detect, plan, report."""
    with desk.workspace() as workspace, Progress() as progress:
        result = night.run(workspace, trigger="manual", progress=progress, write=False)
    if not desk.as_json:
        rows = look.plan_table(result.report)
        desk.table(rows, *look.cited(rows))
    _end(desk, result)


@_command(click.argument("plan_id", metavar="PLAN"))
def apply(desk: Desk, plan_id: str) -> None:
    """Apply a plan: what it may write by policy, and what decisions have approved."""
    with desk.workspace() as workspace, Progress() as progress:
        result = applying.apply(workspace, plan_id, progress=progress)
    _end(desk, result)


@_command(click.argument("plan_id", metavar="[PLAN]", required=False))
def resume(desk: Desk, plan_id: str | None) -> None:
    """Go on with a plan that was paused or killed; what was begun is read first, never written twice."""
    with desk.workspace() as workspace, Progress() as progress:
        was_paused = workspace.paused
        (workspace.folder / "paused").unlink(missing_ok=True)
        result = applying.resume(workspace, plan_id, progress=progress)
        said = look.nothing_to_resume(workspace, was_paused) if result is None else ""
    if result is None:
        desk.say(said, {"run": None, "said": said})
        return
    _end(desk, result)


@_command()
def pause(desk: Desk) -> None:
    """Stop before the next write of a run that is applying, and of later ones, until `resume`."""
    folder = desk.settings().workspace
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "paused").touch(mode=0o600)
    desk.say("paused: nothing more is written until `rollcall resume`", {"paused": True})


@_command()
def pull(desk: Desk) -> None:
    """Pull and certify every source; nothing is compared."""
    with desk.workspace() as workspace, Progress() as progress:
        lines = night.pull(workspace, progress=progress)
        last = workspace.state.last_run(finished=True)
    desk.table(look.source_table(lines), last.headline if last else "")
    sys.exit(0 if all(line.certified for line in lines) else 3)


@_command(
    click.option("--show-policy", is_flag=True, help="Print the policy that the configuration comes to."),
    click.option("--show-keys", type=click.Choice(kinds()), help="Print the keys that a source of this kind takes."),
)
def check(desk: Desk, show_policy: bool, show_keys: str | None) -> None:
    """Configuration, reach, credentials and rights of every source; never writes."""
    if show_keys:
        rows = checkup.keys(show_keys)
        desk.table(rows, f"{many(len(rows) - 1, 'key')} that a source of kind {show_keys} takes")
        return
    settings = desk.settings()
    if show_policy:
        desk.table(settings.policy(), f"the policy of {many(len(settings.pairings), 'pairing')} in {desk.config}")
        return
    with desk.workspace() if is_made(settings) else nullcontext() as workspace:
        state, today = (workspace.state, workspace.today()) if workspace else (None, None)
        rows, failing = checkup.check(settings, desk.connectors(), state, today)
    checked = f"checked {many(len(settings.sources), 'source')}, nothing was written: "
    desk.table(
        rows, *look.cited(rows), checked + (f"{', '.join(failing)} FAILS" if failing else "all of it holds"), grid=True
    )
    sys.exit(1 if failing else 0)


@_command(click.argument("source"), name="connect")
def connect_command(desk: Desk, source: str) -> None:
    """The first consent of a source whose tokens rotate: open an address, bring back its answer."""

    def ask(question: str) -> str:
        return str(click.prompt(question, prompt_suffix=": ", err=True))

    said = connect.connect(desk.connectors(), source, lambda line: click.echo(line, err=True), ask)
    desk.say(said, {"source": source, "connected": said})


@_command(click.argument("run_id", metavar="[RUN]", required=False))
def report(desk: Desk, run_id: str | None) -> None:
    """Where the report of a run is (the last one by default)."""
    with desk.workspace() as workspace:
        found, page = look.report(workspace, run_id)
    desk.say(
        f"{found.headline}\nreport: {page}", {"run": found.run_id, "headline": found.headline, "report": str(page)}
    )


@_command(
    click.argument("finding_id", metavar="FINDING"),
    click.option("--run", "run_id", help="The run whose report tells of it (the last one by default)."),
    click.option("--unmask", is_flag=True, help="Show the real values too, from the run's sealed snapshots."),
)
def explain(desk: Desk, finding_id: str, run_id: str | None, unmask: bool) -> None:
    """One finding in full: evidence, rules, what to do, and its corrections."""
    with desk.workspace() as workspace:
        text, data = look.explain(workspace, finding_id, run_id, unmask=unmask)
    if unmask:
        click.echo(
            "real values of customers, opened with the workspace's key: keep them off tickets and mail", err=True
        )
    desk.say(text, data)


@_command(
    click.argument("verdict", required=False, type=click.Choice(["approve", "reject", "accept", "same", "not_same"])),
    click.argument(
        "target",
        required=False,
        type=click.Choice(["finding", "correction", "pair", "field", "certificate", "breaker"]),
    ),
    click.argument("ids", nargs=-1),
    click.option("--file", "file", type=click.Path(path_type=Path), help="A decisions file."),
    click.option("--run", "run_id", help="The run it speaks of (the last one by default)."),
    click.option("--until", help="The date up to which it holds."),
    click.option("--why", "reason", default="", help="The reason; it is kept."),
    click.option("--by", help="Who decides (the login name by default)."),
    name="decide",
)
def decide_command(desk: Desk, file: Path | None, run_id: str | None, **words: Any) -> None:
    """Say what a person decided: `decide approve finding ID --why TEXT`, or `decide --file FILE`.

    \b
    approve, reject          correction ID        one correction
    approve, reject, accept  finding ID           all its corrections; accept: it may stay as it is
    approve, reject          field PAIRING/FIELD  all drift of one field
    same, not_same           pair A:ID B:ID       two profiles, one person or not
    approve, reject          certificate SOURCE/RUN    a refused export; with --why
    approve, reject          breaker SOURCE/NAME       lifted for one run; with --why

    Of the id of a finding or a correction the first 8 characters are enough where they are one's own.
    """
    with desk.workspace() as workspace, lock(workspace.folder, workspace.clock, run="decide"):
        if file is not None:
            taken = decide.take_file(file, workspace.state, workspace.clock, workspace.known)
            on = f" on run {taken.run}" if taken.run else ""
            said = "\n".join(
                [*taken.refused, f"{many(taken.accepted, 'decision')} taken{on}, {len(taken.refused)} refused"]
            )
            desk.say(said, {"run": taken.run, "accepted": taken.accepted, "refused": list(taken.refused)})
            sys.exit(2 if taken.refused else 0)
        ids = decide.meant(words.pop("ids"), words["target"], words["verdict"])
        words = {**words, "by": words["by"] or getpass.getuser()}
        run_id = run_id or look.last_planned(workspace)
        known = workspace.known
        ids = [decide.in_full(workspace.state, run_id, words["target"], one) for one in ids]
        for one in ids:
            decide.record(workspace.state, workspace.clock, known, run_id, id=one, **words)
        said, data = look.decided(workspace, run_id, words["target"], words["verdict"], ids)
    desk.say(said, {"verdict": words["verdict"], "ids": ids, "run": run_id, **data})


@_command(
    click.argument("what", type=click.Choice(look.EXPORTS)),
    click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write."),
)
def export(desk: Desk, what: str, out: Path) -> None:
    """Entities, links, findings, plan or journal of the last run as CSV for machines, or XLSX for people."""
    with desk.workspace() as workspace:
        rows = look.export(workspace, what, out)
    desk.say(f"{out}: {many(rows, 'row')} of {what}", {"file": str(out), "rows": rows})


@_command()
def status(desk: Desk) -> None:
    """The runs so far, and what waits for a person."""
    with desk.workspace() as workspace:
        rows, waits = look.status(workspace)
    if desk.as_json:
        desk.say("", {"runs": look.as_dicts(rows), "waits": waits})
    else:
        desk.table(
            rows,
            *(f"- {line}" for line in waits),
            f"{many(len(rows) - 1, 'run')}; {len(waits) or 'nothing'} to look at",
        )


@_command(name="rules")
def rules_command(desk: Desk) -> None:
    """Every rule of the domain: what it says, where it is kept, and which tests hold it there."""
    found = rules.rules()
    if desk.as_json:
        desk.say("", [{"id": rule.id, "where": list(rule.where), "tests": list(rule.tests)} for rule in found])
    else:
        refused = sum(any(where.startswith("refused") for where in rule.where) for rule in found)
        desk.table(rules.table(found), f"{many(len(found), 'rule')}, {refused} refused for now")


@_command(
    click.option("--scan", is_flag=True, required=True, help="List what blocks go-live."),
    click.option(
        "--out", type=click.Path(path_type=Path), help="The folder to write to (the workspace's reports by default)."
    ),
    name="golive",
)
def golive_command(desk: Desk, scan: bool, out: Path | None) -> None:
    """Before a shop goes live: what blocks it, per store, as a page and as XLSX (T9, P3)."""
    assert scan
    with desk.workspace() as workspace, Progress() as progress:
        found = golive.scan(workspace, out, progress=progress)
    unread = {gap.source: gap.problem for gap in found.report.unread}
    data = {"verdict": found.sentence, "page": str(found.page), "workbook": str(found.workbook), "unread": unread}
    said = [
        *(f"not read: {problem}" for problem in unread.values()),
        f"page: {found.page}",
        f"workbook: {found.workbook}",
    ]
    desk.say("\n".join([*said, found.sentence]), data)
    sys.exit(found.exit_code)


@_command(
    click.option(
        "--kept", "name", type=click.Choice(sorted(kept.LOST)), help="Forget this kept file, and nothing else."
    ),
)
def purge(desk: Desk, name: str | None) -> None:
    """Remove what is older than the configuration keeps it; or forget a kept file that is damaged (`--kept`)."""
    with desk.workspace() as workspace, lock(workspace.folder, workspace.clock, run="purge"):
        if name is not None:
            lost = kept.forget(workspace.folder, workspace.state, name)
            desk.say(f"forgot the kept {name}: {lost}", {"forgot": name, "lost": lost})
            return
        removed = look.purge(workspace)
    desk.say(
        f"removed {many(removed['snapshots'], 'snapshot')}, {many(removed['reports'], 'report')}; "
        f"emptied {many(removed['undo'], 'correction')}",
        removed,
    )


@_command(name="schedule")
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


@_command(
    click.option("--seed", type=int, default=7, show_default=True, help=_SEED),
    click.option("--people", type=click.IntRange(150, 100_000), default=5000, show_default=True, help=_PEOPLE),
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path("demo"),
        show_default=True,
        help="The folder to write to.",
    ),
    click.option(
        "--seeds", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many seeds, from --seed on."
    ),
)
def demo(desk: Desk, seed: int, people: int, out: Path, seeds: int) -> None:
    """Three nights of a simulated retail group over real HTTP, with a score against the truth."""
    from jobs import rehearse

    scores = []
    for number in range(seed, seed + seeds):
        place = out if seeds == 1 else out / f"seed-{number}"
        score = rehearse.demo(desk.config, seed=number, people=people, out=place, say=lambda t: click.echo(t, err=True))
        scores.append(score)
        if seeds > 1:
            click.echo(f"seed {number}: {'as the truth' if score.perfect else 'NOT as the truth'}", err=True)
    total = rehearse.total(scores)
    if desk.as_json:
        desk.say("", total.as_json())
    else:
        desk.table(look.score_table(total.kinds))
        played = "as the truth" if all(score.perfect for score in scores) else "NOT as the truth"
        left = f"still to do on night two: {total.second_plan}; held for a person: {total.held}"
        click.echo(f"{played}; false on night zero: {total.quiet}; {left}")
        click.echo(f"report: {out / 'report.html' if seeds == 1 else out}")
    sys.exit(0 if all(score.perfect for score in scores) else 1)


@_command(
    click.option("--people", type=click.IntRange(150, 100_000), default=5000, show_default=True, help=_PEOPLE),
    click.option("--stores", type=click.IntRange(2, 100), default=2, show_default=True, help="How many Treez stores."),
    click.option("--faults", default="", metavar="NAME,NAME", help="What goes wrong; `list` prints every name."),
    click.option("--seed", type=int, default=7, show_default=True, help=_SEED),
    click.option("--minutes", type=click.IntRange(1, 1440), default=60, show_default=True, help="How long it serves."),
)
def sandbox(desk: Desk, people: int, stores: int, faults: str, seed: int, minutes: int) -> None:
    """Serve the simulated vendors on this machine, for rehearsals; prints a configuration that speaks to them."""
    from jobs import rehearse

    if faults == "list":
        desk.say("\n".join(rehearse.fault_list()), {"faults": rehearse.fault_list()})
        return
    offer = rehearse.Offer(people, stores, tuple(rehearse.fault_names(faults)), seed)
    rehearse.serve(desk.config, offer, minutes=minutes, say=click.echo)
    click.echo(f"# the sandbox ended after {many(minutes, 'minute')}")


if __name__ == "__main__":
    main()
