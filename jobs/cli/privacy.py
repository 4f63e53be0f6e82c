"""Commands through which privacy requests are followed (M15)."""

import getpass
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from jobs import dossier, erasures, privacy
from jobs.cli.base import command
from jobs.desk import Desk
from jobs.erasures import CLOCKS
from jobs.errors import ConfigError
from jobs.lock import lock
from jobs.workspace import Workspace
from reports.words import many

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@command(
    click.argument("who", metavar="[SOURCE:ID]", required=False),
    click.option("--payload", type=click.Path(path_type=Path), help="A `customers/redact` file of Shopify."),
    click.option("--law", type=click.Choice(list(CLOCKS)), default="gdpr", show_default=True, help="Whose clock runs."),
    click.option("--received", type=_DAY, help="The day on which the request came (today by default)."),
    click.option("--reason", default="", help="Why, such as the ticket; it is kept, so no name."),
    click.option("--by", help="Who says so (the login name by default)."),
    click.option("--yes", is_flag=True, help="Do it; without, it is only shown."),
    click.option("--status", "status", is_flag=True, help="Every request, its tasks and its clock."),
    click.option("--kept-until", type=_DAY, help="A law wants this profile kept until then."),
    click.option("--withdraw", type=int, metavar="REQUEST", help="End a request that was opened by mistake."),
    click.option("--done", is_flag=True, help="Erased by hand in a source that is no longer configured."),
    click.option("--let-in", is_flag=True, help="A profile that came up later is another customer's."),
)
def erase(desk: Desk, who: str | None, payload: Path | None, status: bool, **words: Any) -> None:
    """Follow an erasure request into every source: shown first, opened with --yes, done and read back by the night."""
    with desk.workspace() as workspace:
        if status:
            desk.table(*privacy.status(workspace))
            return
        with lock(workspace.folder, workspace.clock, run="erase", state_url=workspace.settings.state):
            if words["withdraw"] is not None:
                said = privacy.withdraw(workspace, words["withdraw"])
                desk.say(said, {"withdrawn": words["withdraw"], "said": said})
            elif words["kept_until"] or words["let_in"] or words["done"]:
                said = _word(workspace, who, words)
                desk.say(said, {"profile": who, "said": said})
            else:
                _open(desk, workspace, _meant(workspace, who, payload), payload, words)


@command(
    click.argument("who", metavar="SOURCE:ID"),
    click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write to."),
    click.option("--law", type=click.Choice(list(CLOCKS)), default="gdpr", show_default=True, help="Whose clock runs."),
    click.option("--received", type=_DAY, help="The day on which the request came (today by default)."),
)
def access(desk: Desk, who: str, out: Path, law: str, received: datetime | None) -> None:
    """What is kept of one customer, unmasked, as JSON and as a page: for the customer, and for nobody else."""
    with desk.workspace() as workspace:
        day = received.date() if received else workspace.today()
        due = erasures.new(law, day, "access", "", workspace.clock.now()).due
        page, data, number = dossier.write(workspace, who, out, due)
    click.echo(
        "the dossier holds a customer's values in clear: hand it over by a safe way, and delete it here", err=True
    )
    said = f"{page} and {data.name}: {many(number, 'profile')} of one customer, in clear, for its owner alone (0600); due {due}"
    desk.say(said, {"page": str(page), "data": str(data), "profiles": number, "due": str(due)})


def _open(desk: Desk, workspace: Workspace, who: str, payload: Path | None, words: Mapping[str, Any]) -> None:
    reason = words["reason"] or (f"redact of Shopify, {payload.name}" if payload else "")
    received = words["received"].date() if words["received"] else None
    by = words["by"] or getpass.getuser()
    ask = privacy.asked(workspace, who, law=words["law"], received=received, reason=reason, by=by)
    rows, members = privacy.shown(workspace, ask)
    if words["yes"]:
        desk.say(*privacy.erase(workspace, ask, members))
        return
    about = f"{many(len(members), 'profile')} of one customer, due {ask.request.due} ({ask.request.law})"
    again = "nothing was done: add --yes to open the request; what rollcall keeps is forgotten at once, for good"
    desk.table(rows, about, again)


def _meant(workspace: Workspace, who: str | None, payload: Path | None) -> str:
    if (who is None) == (payload is None):
        raise ConfigError(
            "say whom: `rollcall erase SOURCE:ID --reason TEXT`, or --payload FILE; --status shows requests"
        )
    return privacy.from_payload(workspace, payload) if payload else str(who)


def _word(workspace: Workspace, who: str | None, words: Mapping[str, Any]) -> str:
    if who is None or not words["reason"].strip():
        raise ConfigError(
            "say whom and why: `rollcall erase SOURCE:ID --reason TEXT` with --kept-until DATE, --let-in or --done"
        )
    if words["done"]:
        return privacy.done(workspace, who)
    until: datetime | None = words["kept_until"]
    return privacy.keep_until(workspace, who, until.date()) if until else privacy.let_in(workspace, who)
