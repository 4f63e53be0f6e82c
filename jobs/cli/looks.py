"""Commands that look things up, and `purge`, which removes what is old."""

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from connectors.kinds import kinds
from jobs import checkup, kept, known_of, look, rules, weights, why
from jobs.cli.base import command
from jobs.desk import Desk
from jobs.lock import lock
from jobs.workspace import is_made
from reports.words import many


@command(
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
        rows, failing = checkup.check(settings, desk.connectors(), workspace)
    checked = f"checked {many(len(settings.sources), 'source')}, nothing was written: "
    desk.table(
        rows, *look.cited(rows), checked + (f"{', '.join(failing)} FAILS" if failing else "all of it holds"), grid=True
    )
    sys.exit(1 if failing else 0)


@command(click.argument("run_id", metavar="[RUN]", required=False))
def report(desk: Desk, run_id: str | None) -> None:
    """Where the report of a run is (the last one by default)."""
    with desk.workspace() as workspace:
        found, page = look.report(workspace, run_id)
    desk.say(
        f"{found.headline}\nreport: {page}", {"run": found.run_id, "headline": found.headline, "report": str(page)}
    )


@command(
    click.argument("finding_id", metavar="FINDING|CORRECTION"),
    click.option("--run", "run_id", help="The run whose report tells of it (the last one by default)."),
    click.option("--unmask", is_flag=True, help="Show the real values too, from the run's sealed snapshots."),
)
def explain(desk: Desk, finding_id: str, run_id: str | None, unmask: bool) -> None:
    """One finding in full: evidence, rules, what to do, and its corrections; or one correction, by its id."""
    with desk.workspace() as workspace:
        text, data = look.explain(workspace, finding_id, run_id, unmask=unmask)
    if unmask:
        click.echo(
            "real values of customers, opened with the workspace's key: keep them off tickets and mail", err=True
        )
    desk.say(text, data)


@command(
    click.argument("one", metavar="SOURCE:ID"),
    click.argument("other", metavar="[SOURCE:ID]", required=False),
    click.option("--unmask", is_flag=True, help="Show the real values, from the last sealed exports."),
    name="why",
)
def why_command(desk: Desk, one: str, other: str | None, unmask: bool) -> None:
    """Why two profiles are one customer, or what keeps them apart and what would change it; of one profile, what is known."""
    with desk.workspace() as workspace:
        if other is None:
            text, data = known_of.known_of(workspace, one)
        else:
            text, data = why.why(workspace, one, other, unmask=unmask)
    desk.say(text, data)


@command(
    click.argument("what", type=click.Choice(look.EXPORTS)),
    click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write."),
)
def export(desk: Desk, what: str, out: Path) -> None:
    """Lists of the last run, who is pending and whose entity changed among them: CSV for machines, XLSX for people."""
    with desk.workspace() as workspace:
        rows = look.export(workspace, what, out)
    desk.say(f"{out}: {many(rows, 'row')} of {what}", {"file": str(out), "rows": rows})


@command()
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


@command(
    click.option("--accept", is_flag=True, help="Put the estimated weights in force, in the workspace."),
    name="weights",
)
def weights_command(desk: Desk, accept: bool) -> None:
    """What this group's own customers say of the weights of suspects, beside those in force; nothing is learned at night."""
    with desk.workspace() as workspace, lock(workspace.folder, workspace.clock, run="weights"):
        found = weights.estimate(workspace)
        path = weights.accept(workspace, found) if accept else None
    last = f"written to {path}; to go back, remove it" if path else "nothing was written: `--accept` puts them in force"
    desk.table(
        found.table(),
        f"from {many(found.tied, 'tied pair')}, {many(found.open, 'open pair')} and {many(found.chance, 'pair')} met by chance",
        f"{many(found.moved(), 'level')} of {len(found.after)} would move by more than half a bit; {last}",
    )


@command(click.argument("ids", metavar="[RULE]...", nargs=-1), name="rules")
def rules_command(desk: Desk, ids: tuple[str, ...]) -> None:
    """Every rule of the domain, or those that are named: what it says, where it is kept, and which tests hold it there."""
    found = rules.chosen(ids)
    if desk.as_json:
        desk.say("", [{"id": rule.id, "where": list(rule.where), "tests": list(rule.tests)} for rule in found])
    else:
        refused = sum(any(where.startswith("refused") for where in rule.where) for rule in found)
        desk.table(rules.table(found), f"{many(len(found), 'rule')}, {refused} refused for now")


@command(
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
