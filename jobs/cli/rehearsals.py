"""Commands that play with the simulated vendors."""

import sys
from pathlib import Path

import click

from jobs import look
from jobs.cli.base import command
from jobs.desk import Desk
from reports.words import many

_SEED = "The same number plays the same people and the same mishaps."
_PEOPLE = "How many people the simulated group has."


@command(
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


@command(
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
    try:
        rehearse.serve(desk.config, offer, minutes=minutes, say=click.echo)
    except KeyboardInterrupt:
        click.echo("# the sandbox ended: nothing of it is kept")
        return
    click.echo(f"# the sandbox ended after {many(minutes, 'minute')}: nothing of it is kept")
