"""What is known from earlier nights: runs, certificates, findings' life story, decisions, places of sealed files.

SQLite by default, PostgreSQL when several people or machines share it. Days are business dates; times are aware.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, takewhile
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from jobs import database, story
from jobs.errors import LockHeld
from jobs.story import FindingRow, FindingState
from jobs.tables import artefacts, decisions, findings, pairing_nights, runs, snapshots
from jobs.vault import Vault

__all__ = ["ArtefactRow", "DecisionRow", "FindingRow", "FindingState", "NightTaken", "RunRow", "SnapshotRow", "State"]

Trigger = Literal["manual", "schedule", "undo"]
GAP = timedelta(days=30)
"""Certified nights further apart than this do not count together: what was observed then may no longer be so (G14)."""
_RUNS = sa.select(*(column for column in runs.c if column.name != "seq"))
_SNAPSHOTS = sa.select(*(column for column in snapshots.c if column.name != "seq"))


class NightTaken(LockHeld):
    """The scheduled night of this date was claimed already."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `schedule_date` is the night that a scheduled run has claimed; `finished_at` is None while it runs."""

    run_id: str
    business_date: date
    trigger: Trigger
    schedule_date: date | None
    started_at: datetime
    finished_at: datetime | None
    status: str
    headline: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One export: where it lies below the workspace, how many profiles it holds, and what was proven of it (G1)."""

    snapshot_id: str
    source: str
    run_id: str
    taken_at: datetime
    path: str
    profiles: int
    active: int
    certified: bool
    withdrawn: bool = False
    proofs: list[dict[str, Any]] = field(default_factory=list)
    contract: dict[str, str] = field(default_factory=dict)
    export_contract: int = 1
    problem: str = ""
    stats: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One person's word (interfaces, decisions file). `decision` counts up; 0 before it is recorded."""

    run_id: str
    target: str
    id: str
    verdict: str
    reason: str
    by: str
    made_at: datetime
    until: date | None = None
    fingerprint: str | None = None
    withdrawn_at: datetime | None = None
    decision: int = 0


@dataclass(frozen=True, slots=True)
class ArtefactRow:
    """Where a sealed file of the last good run lies: the roll, the bases, the phone map, the links."""

    name: str
    run_id: str
    path: str
    digest: str
    made_at: datetime


_Row = TypeVar("_Row", RunRow, SnapshotRow, DecisionRow, ArtefactRow)


class State:
    """The state database, open. Every method is one transaction, durable when it returns; safe to share by threads."""

    def __init__(self, engine: sa.Engine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault

    @classmethod
    def open(cls, url: str, vault: Vault) -> "State":
        """Open the database, made (0600) and migrated where needed. Raises ConfigError."""
        return cls(database.connect(url), vault)

    def close(self) -> None:
        self.engine.dispose()

    # runs

    def next_run_id(self, business_date: date) -> str:
        """The date and the first letter that is free: `2026-11-23-a` … `z`, then `aa`."""
        with self.engine.begin() as connection:
            return _next_run_id(connection, business_date)

    def begin_run(self, business_date: date, *, trigger: Trigger, at: datetime) -> str:
        """Start a run; returns its id. Raises NightTaken when a scheduled run of that date has begun before."""
        claim = business_date if trigger == "schedule" else None
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("lock table runs in share row exclusive mode"))
            if claim and connection.scalar(sa.select(runs.c.run_id).where(runs.c.schedule_date == claim)):
                raise NightTaken(
                    f"the scheduled night of {claim} was claimed already; `rollcall run` starts one by hand"
                )
            run_id = _next_run_id(connection, business_date)
            row = RunRow(run_id, business_date, trigger, claim, at, None, "running", "")
            connection.execute(runs.insert().values(**asdict(row), seq=_next_place(runs)))
        return run_id

    def end_run(self, run_id: str, *, status: str, headline: str, at: datetime) -> None:
        """Close a run with what its last line says."""
        values = {"status": status, "headline": headline, "finished_at": at}
        self._change(sa.update(runs).where(runs.c.run_id == run_id).values(values), f"there is no run {run_id}")

    def runs(self) -> list[RunRow]:
        """Every run in the order in which they began, whatever the clock said."""
        return self._rows(RunRow, _RUNS.order_by(runs.c.seq))

    def run(self, run_id: str) -> RunRow | None:
        return self._one(RunRow, _RUNS.where(runs.c.run_id == run_id))

    def last_run(self, *, before: str | None = None, finished: bool = False) -> RunRow | None:
        """The latest run, or the latest that began before another one; on wish only one that has ended."""
        query = _RUNS.order_by(runs.c.seq.desc())
        if before is not None:
            place = sa.select(runs.c.seq).where(runs.c.run_id == before).scalar_subquery()
            query = query.where(runs.c.seq < place)
        if finished:
            query = query.where(runs.c.finished_at.is_not(None))
        return self._one(RunRow, query)

    def night_taken(self, business_date: date) -> bool:
        """Whether a scheduled run has claimed this date."""
        with self.engine.begin() as connection:
            return connection.scalar(sa.select(runs.c.run_id).where(runs.c.schedule_date == business_date)) is not None

    # snapshots

    def add_snapshot(self, row: SnapshotRow) -> None:
        self._execute(snapshots.insert().values(**asdict(row), seq=_next_place(snapshots)))

    def last_certified(self, source: str) -> SnapshotRow | None:
        """The snapshot of a source that was added last of those that findings may rest on (G1)."""
        return self._one(SnapshotRow, _SNAPSHOTS.where(_held(source)).order_by(snapshots.c.seq.desc()))

    def refused_since_certified(self, source: str) -> list[SnapshotRow]:
        """The exports of a source that were refused since its last certificate, oldest first."""
        last = sa.select(sa.func.coalesce(sa.func.max(snapshots.c.seq), 0)).where(_held(source)).scalar_subquery()
        refused = (snapshots.c.source == source) & ~snapshots.c.certified & (snapshots.c.seq > last)
        return self._rows(SnapshotRow, _SNAPSHOTS.where(refused).order_by(snapshots.c.seq))

    def refused_exports(self) -> set[str]:
        """Every name that an export without a certificate goes by: its own, and `SOURCE/RUN`."""
        query = sa.select(snapshots.c.snapshot_id, snapshots.c.source, snapshots.c.run_id)
        with self.engine.begin() as connection:
            rows = connection.execute(query.where(~snapshots.c.certified)).all()
        return {name for row in rows for name in (row.snapshot_id, f"{row.source}/{row.run_id}")}

    def withdraw_certificate(self, snapshot_id: str, why: str) -> None:
        """A profile called gone was alive: the export was bad after all (G2a)."""
        change = sa.update(snapshots).where(snapshots.c.snapshot_id == snapshot_id)
        self._change(change.values(withdrawn=True, problem=why), f"there is no snapshot {snapshot_id}")

    def snapshots_of(self, run_id: str) -> list[SnapshotRow]:
        """What one run pulled, certified or not, by source."""
        query = _SNAPSHOTS.where(snapshots.c.run_id == run_id)
        return self._rows(SnapshotRow, query.order_by(snapshots.c.source, snapshots.c.snapshot_id))

    def certified_by(self, run_id: str) -> list[SnapshotRow]:
        """What a run could rest on: of every source the last certified export of this run or an earlier one."""
        place = sa.select(runs.c.seq).where(runs.c.run_id == run_id).scalar_subquery()
        query = _SNAPSHOTS.join(runs, runs.c.run_id == snapshots.c.run_id)
        query = query.where(runs.c.seq <= place, snapshots.c.certified, ~snapshots.c.withdrawn)
        rows = self._rows(SnapshotRow, query.order_by(snapshots.c.seq))
        return list({row.source: row for row in rows}.values())

    # findings

    def update_findings(
        self,
        business_date: date,
        rows: Iterable[FindingRow],
        *,
        judged_sources: Collection[str],
        judged_pairings: Collection[str] | None = None,
        unjudged: Collection[str] = (),
    ) -> None:
        """Carry the life story of every finding on by one night (see `story.carry_on`)."""
        accepted = {
            d.id for d in self.decisions_in_force(business_date) if (d.target, d.verdict) == ("finding", "accept")
        }
        judged = story.Judged(judged_sources, judged_pairings, unjudged)
        with self.engine.begin() as connection:
            story.carry_on(connection, business_date, rows, accepted, judged)

    def findings(self, states: Collection[FindingState] | None = None) -> list[FindingRow]:
        """Findings in some states, or all, by id."""
        query = sa.select(findings).order_by(findings.c.finding_id)
        if states is not None:
            query = query.where(findings.c.state.in_(states))
        with self.engine.begin() as connection:
            return [story.finding(row) for row in connection.execute(query).mappings()]

    # decisions

    def record_decisions(self, rows: Iterable[DecisionRow]) -> None:
        """Keep decisions, in order; a later one on the same thing stands before an earlier one."""
        values = [{k: v for k, v in asdict(row).items() if k != "decision"} for row in rows]
        if values:
            self._execute(decisions.insert(), values)

    def decisions(self, run_id: str | None = None) -> list[DecisionRow]:
        """Every decision ever recorded, or those made on one run, in order."""
        query = sa.select(decisions).order_by(decisions.c.decision)
        return self._rows(DecisionRow, query if run_id is None else query.where(decisions.c.run_id == run_id))

    def decisions_in_force(self, on: date) -> list[DecisionRow]:
        """The last word on each target and id, without what was withdrawn or has run out; in order.

        A later word ends the earlier one for good: nothing stands again because what overruled it came to its end.
        """
        last = {(row.target, row.id): row for row in self.decisions()}
        in_force = (r for r in last.values() if r.withdrawn_at is None and (r.until is None or r.until >= on))
        return sorted(in_force, key=lambda row: row.decision)

    def withdraw_decisions(self, numbers: Collection[int], at: datetime) -> None:
        """Take decisions back: they no longer stand, and are kept as they were."""
        change = sa.update(decisions).where(decisions.c.decision.in_(numbers), decisions.c.withdrawn_at.is_(None))
        self._execute(change.values(withdrawn_at=at))

    # what else is kept between nights

    def artefact(self, name: str) -> ArtefactRow | None:
        return self._one(ArtefactRow, sa.select(artefacts).where(artefacts.c.name == name))

    def set_artefact(self, row: ArtefactRow) -> None:
        """From now on the artefact of this name lies there."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(artefacts).where(artefacts.c.name == row.name))
            connection.execute(artefacts.insert().values(asdict(row)))

    def drop_artefact(self, name: str) -> None:
        """From now on there is no artefact of this name."""
        self._execute(sa.delete(artefacts).where(artefacts.c.name == name))

    def add_pairing_night(self, pairing: str, business_date: date) -> None:
        """A certified night of a pairing; counted once per date (G14)."""
        try:
            self._execute(pairing_nights.insert().values(pairing=pairing, business_date=business_date))
        except IntegrityError:
            return

    def pairing_nights(self, pairing: str, *, before: date | None = None, today: date | None = None) -> int:
        """How many certified nights a pairing has behind it without a gap of more than `GAP` (G14).

        before: only those before this date, and the gap up to it counts too; today: only the gap up to it.
        """
        query = sa.select(pairing_nights.c.business_date).where(pairing_nights.c.pairing == pairing)
        if before is not None:
            query = query.where(pairing_nights.c.business_date < before)
        with self.engine.begin() as connection:
            nights = list(connection.scalars(query.order_by(pairing_nights.c.business_date.desc())))
        later = [before or today or nights[0], *nights] if nights else []
        return sum(1 for _ in takewhile(lambda pair: pair[0] - pair[1] <= GAP, zip(later, nights, strict=False)))

    def _execute(self, statement: sa.Executable, values: list[dict[str, Any]] | None = None) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement, values)

    def _change(self, statement: sa.Update, otherwise: str) -> None:
        with self.engine.begin() as connection:
            if connection.execute(statement).rowcount != 1:
                raise LookupError(otherwise)

    def _rows(self, kind: type[_Row], query: sa.Select[Any]) -> list[_Row]:
        with self.engine.begin() as connection:
            return [_row(kind, row) for row in connection.execute(query).mappings()]

    def _one(self, kind: type[_Row], query: sa.Select[Any]) -> _Row | None:
        rows = self._rows(kind, query.limit(1))
        return rows[0] if rows else None


def _row(kind: type[_Row], row: Mapping[Any, Any]) -> _Row:
    return kind(**{str(name): value for name, value in row.items()})


def _next_place(table: sa.Table) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.coalesce(sa.func.max(table.c.seq), 0) + 1).scalar_subquery()


def _held(source: str) -> sa.ColumnElement[bool]:
    return (snapshots.c.source == source) & snapshots.c.certified & ~snapshots.c.withdrawn


def _next_run_id(connection: sa.Connection, business_date: date) -> str:
    taken = set(connection.scalars(sa.select(runs.c.run_id).where(runs.c.business_date == business_date)))
    return next(run_id for n in count() if (run_id := f"{business_date}-{_letters(n)}") not in taken)


def _letters(number: int) -> str:
    """0 is `a`, 25 `z`, 26 `aa`, 27 `ab`."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, 26)
        text = chr(ord("a") + place) + text
    return text
