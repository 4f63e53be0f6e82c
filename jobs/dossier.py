"""Answering an access request: everything that is kept of one customer, gathered and written in clear (M15)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from jobs import erasing, erasures, kept, persons, shred, snapshot
from jobs.errors import IncompleteExport
from jobs.shred import Whom
from jobs.workspace import Workspace
from reports import dossier
from reports.document import Fact
from reports.dossier import Change, Dossier, Held, Noted

_LEFT = (
    "{source} ({kind}): orders, payments, loyalty, messages, documents and notes that rollcall does not read; export them at the "
    "vendor and add them"
)


def write(workspace: Workspace, who: str, out: Path, due: date) -> tuple[Path, Path, int]:
    """Write the dossier of the customer to whom `SOURCE:ID` belongs; returns page, data file and number of profiles.

    Raises ConfigError for a profile that the last night did not know or that is tied to another person's, OSError where
    nothing can be written.
    """
    members = erasing.whole(workspace, who)
    persons.must_be_one(workspace, members)
    members += persons.former(workspace, members)
    whom: dict[str, set[str]] = defaultdict(set)
    for source, profile_id in members:
        whom[source].add(profile_id)
    found = Dossier(
        group=workspace.settings.group,
        time_zone=workspace.settings.time_zone,
        made_at=workspace.clock.now(),
        asked_for=who,
        due=due,
        profiles=[held for source in sorted(whom) for held in _held(workspace, source, whom[source])],
        changes=list(_changes(workspace, whom)),
        noted=[*_opt_outs(workspace, whom), *_findings(workspace, whom), *_requests(workspace, whom)],
        left=[_LEFT.format(source=name, kind=s.kind) for name, s in workspace.settings.sources.items() if name in whom],
    )
    name = f"dossier-{workspace.today()}-{_plain(who)}"
    page, data = out / f"{name}.html", out / f"{name}.json"
    dossier.write_json(found, data)
    dossier.write_html(found, page)
    return page, data, len(members)


def _held(workspace: Workspace, source: str, ids: set[str]) -> Iterator[Held]:
    row = workspace.state.last_certified(source)
    rows = {str(one["id"]): one for one in erasing.profiles(workspace, source, ids)}
    days = _exports(workspace, source, ids)
    for one in sorted(ids):
        values = [fact for name, value in rows.get(one, {}).items() for fact in _fact(name, value)]
        yield Held(
            source=source, kind=workspace.settings.sources[source].kind, id=one,
            taken_at=row.taken_at if row and one in rows else None, values=values, exports=days.get(one, []),
        )  # fmt: skip


def _exports(workspace: Workspace, source: str, ids: set[str]) -> dict[str, list[str]]:
    """By id, the days of the kept exports that hold it."""
    days: dict[str, list[str]] = defaultdict(list)
    for folder in sorted((workspace.folder / "snapshots" / source).glob("*")):
        try:
            taken = snapshot.opened(folder, workspace.vault).label.taken_at.date()
            here = ids.intersection(snapshot.ids(folder, workspace.vault))
        except IncompleteExport:
            continue
        for one in here:
            days[one].append(str(taken))
    return {one: sorted(set(found)) for one, found in days.items()}


def _changes(workspace: Workspace, whom: Whom) -> Iterator[Change]:
    for plan_id in shred.plans_about(workspace.state, whom):
        for row in workspace.journal.load(plan_id):
            profile_id = row.new_id or row.profile_id or ""
            if profile_id in whom.get(row.source, ()):
                yield Change(
                    plan=plan_id, source=row.source, id=profile_id, action=row.action, state=row.state, why=row.why,
                    before=_facts(row.before), after=_facts(row.after),
                )  # fmt: skip


def _opt_outs(workspace: Workspace, whom: Whom) -> Iterator[Noted]:
    table = kept.read(workspace.folder, workspace.vault, workspace.state, "outs")
    for row in table.filter(shred.named_in(table, whom)).to_pylist() if table is not None else []:
        where = f"{row['source']}:{row['id']}"
        yield Noted(what=f"no marketing by {row['channel']}", where=where, since=str(row["first_seen"]), state="stands")


def _findings(workspace: Workspace, whom: Whom) -> Iterator[Noted]:
    for row in workspace.state.findings():
        about = [f"{source}:{one}" for source, one in row.members if one in whom.get(source, ())]
        if about:
            what = f"finding {row.kind} {row.field}".strip()
            yield Noted(what=what, where=", ".join(about), since=str(row.first_seen), state=row.state)


def _requests(workspace: Workspace, whom: Whom) -> Iterator[Noted]:
    for task in erasures.tasks(workspace.state, {"open", "gone"}):
        if task.profile_id in whom.get(task.source, ()):
            where = f"{task.source}:{task.profile_id}"
            yield Noted(
                what=f"privacy request {task.request}", where=where, since=str(task.opened_at.date()), state=task.state
            )


def _fact(name: str, value: Any) -> Iterator[Fact]:
    """One value as a person reads it; nothing for what is empty, or stands in the heading."""
    if name == "links":
        yield from (Fact(name=f"link {link['key']}", value=str(link["id"])) for link in value or [])
    elif name not in {"source", "id"} and value is not None:
        yield Fact(name=name, value=("yes" if value else "no") if isinstance(value, bool) else str(value))


def _facts(values: Mapping[str, str | None]) -> list[Fact]:
    return [Fact(name=name, value=value or "") for name, value in values.items()]


def _plain(who: str) -> str:
    """A file's name of a profile's: ids may hold anything."""
    return "".join(letter if letter.isalnum() else "-" for letter in who)[:60]
