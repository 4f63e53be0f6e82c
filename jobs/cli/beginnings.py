"""The command that comes before all others."""

from pathlib import Path

import click

from jobs import begin
from jobs.cli.base import command
from jobs.desk import Desk
from reports.words import many


@command(
    click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)),
    click.option("--group", help="The name of the retail group (the folder's by default)."),
    click.option(
        "--region", default="US", show_default=True, help="Where phone numbers without a country code are from."
    ),
    name="init",
)
def init_command(desk: Desk, files: tuple[Path, ...], group: str | None, region: str) -> None:
    """A first configuration, of customer lists that you exported as CSV or XLSX: written to --config, and run by nobody."""
    rows = begin.begin(desk.config, files, group, region)
    desk.table(rows, f"{desk.config}: {many(len(rows) - 1, 'source')}; next: `rollcall check`, then `rollcall run`")
