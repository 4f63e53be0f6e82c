"""Commands through which people decide, consent, and prepare a go-live."""

import getpass
import sys
from pathlib import Path
from typing import Any

import click

from jobs import connect, decide, golive, look
from jobs.cli.base import command
from jobs.desk import Desk
from jobs.lock import lock
from jobs.progress import Progress
from reports.words import many


@command(
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


@command(
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


@command(click.argument("source"), name="connect")
def connect_command(desk: Desk, source: str) -> None:
    """The first consent of a source whose tokens rotate: open an address, bring back its answer."""

    def ask(question: str) -> str:
        return str(click.prompt(question, prompt_suffix=": ", err=True))

    said = connect.connect(desk.connectors(), source, lambda line: click.echo(line, err=True), ask)
    desk.say(said, {"source": source, "connected": said})
