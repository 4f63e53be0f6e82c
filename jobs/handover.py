"""Corrections of sources that are files: handed over to a person, and proven by the next export alone.

What was handed over is `intended`, never verified: rollcall sees its effect only when the source is exported again.
`workspace/handover/<source>/` holds one hand-over at a time, in clear, mode 0600, because somebody has to work from it.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Change, Connector, VendorError
from jobs.corrections import HANDED_OVER, Correction
from jobs.journal import Journal
from jobs.state import State
from jobs.writer import Writer
from reports.export import Cell, Table, write_sheets
from reports.filing import private_file
from reports.words import many, plural

FOLDER = "handover"
"""Below the workspace: a folder per source."""
STEPS = ("step", "what to do")
WORK = (
    "no", "profile", "first name", "last name", "field", "now", "becomes", "how", "why", "rules", "page", "correction",
)  # fmt: skip
NAMES = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one source's corrections of one plan are handed over. `digest`: of the file that the plan judged."""

    writer: Writer
    folder: Path
    plan_id: str
    digest: str

    @property
    def connector(self) -> Connector:
        return self.writer.connector


def hand_over(desk: Desk, waiting: Sequence[Correction], ready: Sequence[Correction]) -> tuple[list[Correction], str]:
    """Hand over ready corrections, with those of the plan that already wait, in files that replace the earlier ones.

    Returns what became of each, and a sentence that says where the files are. Raises VendorError when the file is not
    the one that was judged, or cannot be used: then nothing is handed over.
    """
    refused = desk.connector.look_over([_change(row) for row in (*waiting, *ready)], desk.digest)
    records = desk.connector.fetch([row.profile_id or "" for row in (*waiting, *ready)])
    stale = {row.correction_id: desk.writer.not_as_judged(row, records.get(row.profile_id or "")) for row in ready}
    going = [*waiting, *(row for row in ready if not stale[row.correction_id] and row.correction_id not in refused)]
    import_file = desk.folder / f"{desk.plan_id}-import{_suffix(desk.connector)}"
    work_list = desk.folder / f"{desk.plan_id}-work-list.xlsx"
    changes = [_change(row) for row in going]
    imported = any(change.after.keys() - desk.connector.by_hand for change in changes)
    with ExitStack() as files:
        # a file that cannot be written ends it here, before anything is journaled
        if imported:
            desk.connector.hand_over(changes, files.enter_context(private_file(import_file)))
        if changes:
            views = {name: desk.connector.view(record) for name, record in records.items() if record is not None}
            write_sheets(files.enter_context(private_file(work_list)), _sheets(desk.connector, going, views))
        done = [_moved(desk, row, refused.get(row.correction_id, ""), stale[row.correction_id]) for row in ready]
        _end_earlier(desk)
    made = [*([import_file] if imported else []), *([work_list] if changes else [])]
    _leave_only(desk.folder, made)
    places = " and ".join(map(str, made))
    said = f"{desk.connector.name}: {many(len(going), 'correction')} {plural(len(going), 'is')} handed over to a person: {places}"
    return done, said if made else ""


def judged_on(state: State, plan_id: str) -> dict[str, str]:
    """The digests of the files that a plan judged, by source: the last that were certified when its run ended."""
    return {row.source: str(row.stats["file"]) for row in state.certified_by(plan_id) if row.stats.get("file")}


def prove(journal: Journal, connectors: Mapping[str, Connector], run_id: str, workspace: Path) -> list[str]:
    """Look in tonight's exports for what was handed over; returns sentences.

    Nothing is proven by a source that run `run_id` did not certify, nor by the file that was judged, lying there again.
    What a new export shows is verified; what it does not is handed back, and its approval stays for tonight's plan.
    """
    said: list[str] = []
    certified = {row.source for row in journal.state.snapshots_of(run_id) if row.certified}
    by_plan: dict[tuple[str, str], list[Correction]] = defaultdict(list)
    for row in journal.waiting():
        by_plan[row.plan_id, row.source].append(row)
    for (plan_id, source), rows in by_plan.items():
        connector = connectors.get(source) if source in certified else None
        digest = connector.file_digest if connector else None
        if connector is None or (digest and digest == judged_on(journal.state, plan_id).get(source)):
            continue
        shown, missing = _compare(Writer(connector, journal, connector.settings.region, _yes, _ignore), rows)
        journal.spend(plan_id, still_open={row.correction_id for row in missing})
        shutil.rmtree(workspace / FOLDER / source, ignore_errors=True)
        said.append(f"{source}: of the corrections of {plan_id}, the new export shows {len(shown)} of {len(rows)}")
    _close(journal, {plan_id for plan_id, _ in by_plan})
    return said


def purge(folder: Path, before: datetime) -> list[Path]:
    """Remove the files of hand-overs that nobody has brought in for as long."""
    old = [path for path in sorted(folder.glob("*/*")) if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before]
    for path in old:
        path.unlink()
    return old


def _close(journal: Journal, plan_ids: set[str]) -> None:
    """A plan that only waited for an export is through when nothing of it waits any more."""
    states, waiting = journal.plan_states(), {row.plan_id for row in journal.waiting()}
    for plan_id in sorted(plan_ids - waiting):
        if states[plan_id] == HANDED_OVER:
            journal.mark(plan_id, "applied")


def _compare(writer: Writer, rows: Sequence[Correction]) -> tuple[list[Correction], list[Correction]]:
    records = writer.connector.fetch([row.profile_id or "" for row in rows])
    shown, missing = [], []
    for row in rows:
        record = records.get(row.profile_id or "")
        others = [] if record is None else writer.missing(row, writer.connector.view(record))
        if row.after and record is not None and not others:
            shown.append(writer.journal.move(row, "verified", "seen in a later export"))
        else:
            why = f"still otherwise: {', '.join(others)}" if others else "the profile is gone"
            why = why if row.after else "its values were purged"
            text = f"not in the export after it was handed over ({why}): where it still stands, it is planned anew"
            missing.append(writer.journal.move(row, "handed_back", text))
    return shown, missing


def _moved(desk: Desk, row: Correction, refused: str, stale: str) -> Correction:
    journal = desk.writer.journal
    if stale or refused:
        return journal.move(row, "handed_back" if stale else "refused", stale or refused)
    return journal.move(
        row, "intended", f"{HANDED_OVER}: import it and export anew; the next run sees whether it is done"
    )


def _end_earlier(desk: Desk) -> None:
    """Only one hand-over of a source is in force: an older file would bring back what has been changed since."""
    journal, source = desk.writer.journal, desk.connector.name
    for row in journal.waiting():
        if row.source == source and row.plan_id != desk.plan_id:
            journal.move(row, "handed_back", f"replaced by what {desk.plan_id} hands over")


def _leave_only(folder: Path, kept: Sequence[Path]) -> None:
    for path in folder.glob("*"):
        if path not in kept:
            path.unlink(missing_ok=True)


def _sheets(
    connector: Connector, rows: Sequence[Correction], views: Mapping[str, Mapping[str, str | None]]
) -> list[Table]:
    """Steps and work list of one hand-over."""
    steps = [
        "This file and the import file hold customers' values in clear; only their owner can read them. Delete copies "
        "when you are done.",
        *connector.import_steps,
        "What the sheet `work list` marks `by hand` is in no import file: make it by hand. The rest can be made by hand "
        "as well, instead of importing.",
        f"Export the customers of {connector.name} again, to the same place, before the next run: it looks whether "
        "every change is there, and hands over anew what is not.",
    ]
    lines = [line for row in rows for line in _lines(connector, row, views[row.profile_id or ""])]
    return [
        Table("steps", STEPS, list(enumerate(steps, start=1))),
        Table("work list", WORK, [(number, *line) for number, line in enumerate(lines, start=1)]),
    ]


def _lines(connector: Connector, row: Correction, view: Mapping[str, str | None]) -> Iterator[tuple[Cell, ...]]:
    profile = row.profile_id or ""
    for field, value in row.after.items():
        yield (
            profile, *(view.get(name) for name in NAMES), field.replace("_", " "), view.get(field), value or "(empty)",
            "by hand" if field in connector.by_hand else "import",
            row.why, ", ".join(row.rule_ids), connector.admin_url(profile), row.correction_id,
        )  # fmt: skip


def _change(row: Correction) -> Change:
    return Change(row.action, row.profile_id, row.before, row.after, key=row.correction_id)


def _suffix(connector: Connector) -> str:
    path: Path | None = connector.settings.path
    if path is None:
        raise VendorError(f"{connector.name}: no file is named: write `path:` under the source", permanent=True)
    return ".xlsx" if path.suffix.lower().startswith(".xls") else path.suffix.lower()


def _yes() -> bool:
    return True


def _ignore(_: str) -> None:
    return
