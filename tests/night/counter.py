"""One vendor's export file beside a list of the other role, night after night."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import yaml

from connectors.clock import SimulatedClock
from jobs import applying, decide, night
from jobs.night import Result
from jobs.settings import load
from jobs.workspace import Workspace
from reports.document import CorrectionLine
from tests.night.exports import PEOPLE, Export, read, save, write
from tests.night.stage import START

OTHER = ("id", "first_name", "last_name", "phone", "email", "email_consent")


class Counter:
    """One vendor's file beside a list of the other role, night after night."""

    def __init__(self, folder: Path, export: Export, **entry: Any) -> None:
        self.folder, self.export, self.entry = folder, export, entry
        self.clock = SimulatedClock(START)
        self.file = folder / f"{export.kind}.csv"
        self.other = folder / "other.csv"
        self.people = list(PEOPLE)
        self.others = [p for p in PEOPLE if p.id != "9"]
        self.said_no: set[str] = set()
        self.configure()
        self.export_all()

    def configure(self, **entry: Any) -> None:
        self.entry |= entry
        other = "ecom" if self.export.role == "pos" else "pos"
        mine = {"kind": self.export.kind, "role": self.export.role, "driver": "files", "path": self.file.name,
                "region": "CA", "writes": True, **self.entry}  # fmt: skip
        theirs = {"kind": "table", "role": other, "path": "other.csv", "region": "CA"}
        pairing = {"ecom": "mine", "pos": ["other"]} if other == "pos" else {"ecom": "other", "pos": ["mine"]}
        wins = {"phone": "newest", "email": "newest", "address": "ignore", "birth_date": "ignore"}
        rules = {"fields": wins, "observe_nights": 0}
        raw = {"group": "harbor", "sources": {"mine": mine, "other": theirs}, "pairings": [{**pairing, **rules}]}
        self.config.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def export_all(self) -> None:
        write(self.file, self.export, self.people)
        self.export_other()

    def export_other(self) -> None:
        save(self.other, [
            dict(zip(OTHER, (f"s{p.id}", p.first, p.last, f"+161355501{p.phone}", p.email, "out" if p.first in self.said_no else ""), strict=True))
            for p in self.others
        ])  # fmt: skip

    def change_other(self, first: str, **values: Any) -> None:
        """Somebody changes a customer on the other side, and the list is exported again."""
        self.others = [replace(p, **values) if p.first == first else p for p in self.others]
        self.export_other()

    def opt_out_other(self, first: str) -> None:
        self.said_no.add(first)
        self.export_other()

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        with Workspace.open(load(self.config), self.clock) as workspace:
            yield workspace

    def night(self, *, write: bool = True) -> Result:
        self.clock.advance(timedelta(hours=24))
        with self.open() as workspace:
            return night.run(workspace, trigger="manual", write=write)

    def apply(self, run_id: str) -> Result:
        with self.open() as workspace:
            return applying.apply(workspace, run_id)

    def approve(self, result: Result, **which: str) -> list[CorrectionLine]:
        """A person approves every correction that waits, or those with these attributes."""
        rows = [c for c in result.report.corrections if c.state == "held"]
        rows = [c for c in rows if all(getattr(c, name) == value for name, value in which.items())]
        with self.open() as workspace:
            for c in rows:
                decide.record(
                    workspace.state, workspace.clock, workspace.known, result.run_id, target="correction",
                    id=c.correction_id, verdict="approve", by="manager", reason="passport seen", until=None,
                )  # fmt: skip
        return rows

    def states(self, plan_id: str) -> dict[str, str]:
        """What became of a plan, by `profile field`."""
        with self.open() as workspace:
            rows = workspace.journal.load(plan_id)
        return {f"{row.profile_id} {'+'.join(row.after)}": row.state for row in rows}

    def history(self, plan_id: str) -> list[str]:
        with self.open() as workspace:
            return [f"{entry.correction_id} {entry.state}" for entry in workspace.journal.history(plan_id)]

    def type_in(self, profile_id: str, heading: str, value: str) -> None:
        """A clerk changes one cell in the system, and exports again."""
        key = self.export.places["id"]
        save(self.file, [{**row, heading: value} if row[key] == profile_id else row for row in read(self.file)])

    def handed_over(self) -> list[Path]:
        return sorted((self.folder / "data" / "handover" / "mine").glob("*"))

    def import_file(self) -> Path:
        (found,) = [path for path in self.handed_over() if "-import" in path.name]
        return found

    def work_list(self, sheet: str = "work list") -> list[tuple[Any, ...]]:
        (found,) = [path for path in self.handed_over() if "-work-list" in path.name]
        book = openpyxl.load_workbook(found)
        rows = [tuple(row) for row in book[sheet].iter_rows(values_only=True)]
        book.close()
        return rows
