"""Forgetting a person here, once they were erased on request (G10): snapshots, landings, kept files, values, findings.

Each part can be done again, so that one which was killed is simply begun anew. Reports stay: they hold masks and ids, and
go with `retention.reports`. Opt-outs stay by id, as G9b wants it.
"""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.clock import Clock
from jobs import handover, kept, snapshot
from jobs.corrections import HANDED_OVER, IN_DOUBT
from jobs.errors import ConfigError, IncompleteExport
from jobs.journal import Journal
from jobs.state import State
from jobs.tables import artefacts, corrections, findings
from jobs.vault import Vault

Whom = Mapping[str, Collection[str]]
"""Per source, the ids of one person's profiles."""
_SIDES = (("source", "id"), ("source", "profile_id"), ("ecom_source", "ecom_id"), ("pos_source", "pos_id"),
          ("left_source", "left_id"), ("right_source", "right_id"))  # fmt: skip
"""How kept files name a profile."""
_KEPT = ("roll", "entities", "links", "suspects", "bases", "lost_links", "moves", "pending")


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything lies that is kept of anybody."""

    folder: Path
    vault: Vault
    state: State
    journal: Journal
    clock: Clock


def in_doubt(place: Place, whom: Whom) -> list[str]:
    """The plans in which a write to or from one of the profiles was begun and not proven: it has to be settled first."""
    c, state = corrections.c, place.state
    resting = place.journal.resting_on({f"{source}:{one}" for source, ids in whom.items() for one in ids})
    begun = {row.plan_id for row in resting if row.state in IN_DOUBT and not row.is_handed_over}
    query = sa.select(c.plan_id).distinct().where(_about(whom), c.state.in_(IN_DOUBT), c.action != "erase")
    query = query.where(~c.detail.startswith(HANDED_OVER))
    with state.engine.begin() as connection:
        return sorted({*connection.scalars(query), *begun})


def plans_about(state: State, whom: Whom) -> list[str]:
    """The plans that hold a correction of one of the profiles."""
    query = sa.select(corrections.c.plan_id).distinct().where(_about(whom)).order_by(corrections.c.plan_id)
    with state.engine.begin() as connection:
        return list(connection.scalars(query))


def forget(place: Place, whom: Whom) -> int:
    """Forget the profiles everywhere here; returns from how many snapshots they were taken. Raises OSError."""
    whom = {source: ids for source, ids in whom.items() if ids}
    if not whom:
        return 0
    taken = sum(_from_snapshots(place, source, ids) for source, ids in whom.items())
    for source in whom:
        shutil.rmtree(place.folder / "landing" / source, ignore_errors=True)
    for name in _KEPT:
        _from_kept(place, name, whom)
    _leave_in_force(place)
    if place.state.artefact("phones") is not None:
        kept.forget(place.folder, place.state, "phones")
    _from_handover(place, whom)
    # another profile's correction may hold the person's phone, or all of a profile that was merged into theirs
    place.journal.empty(place.journal.resting_on({f"{source}:{one}" for source, ids in whom.items() for one in ids}))
    with place.state.engine.begin() as connection:
        emptied = sa.update(corrections).where(_about(whom), corrections.c.action != "erase")
        connection.execute(emptied.values(sealed=None))
        _from_findings(connection, whom)
    return taken


def _from_snapshots(place: Place, source: str, ids: Collection[str]) -> int:
    """One that cannot be opened any more goes as a whole: nothing may rest on it (G1), and nobody can look into it."""
    taken = 0
    for folder in sorted((place.folder / "snapshots" / source).glob("*")):
        try:
            taken += snapshot.without(folder, place.vault, ids) > 0
        except (IncompleteExport, ConfigError):
            shutil.rmtree(folder)
    return taken


def _from_kept(place: Place, name: str, whom: Whom) -> None:
    row = place.state.artefact(name)
    try:
        table = kept.read(place.folder, place.vault, place.state, name)
    except ConfigError:
        return  # damaged: the next night says so, and it cannot be read here either
    if row is None or table is None:
        return
    left = table.filter(pc.invert(named_in(table, whom)))
    if left.num_rows < table.num_rows:
        kept.keep(
            place.folder, place.vault, place.state, place.clock,
            run_id=f"{row.run_id}.erased" if not row.run_id.endswith(".erased") else row.run_id.removesuffix(".erased"),
            name=name, rows=left.to_reader(),
        )  # fmt: skip


def _leave_in_force(place: Place) -> None:
    """Remove kept files that no run points at: a kill between two steps leaves an older one."""
    with place.state.engine.begin() as connection:
        known = {place.folder / path for path in connection.scalars(sa.select(artefacts.c.path))}
    for file in (place.folder / "kept").glob("*"):
        if file not in known:
            file.unlink()


def named_in(table: pa.Table, whom: Whom) -> pa.ChunkedArray:
    """For each row, whether it names one of the profiles."""
    found = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    for source_column, id_column in _SIDES:
        if source_column in table.column_names and id_column in table.column_names:
            for source, ids in whom.items():
                here = pc.equal(table[source_column], pa.scalar(source))
                found = pc.or_(found, pc.and_(here, pc.is_in(table[id_column], value_set=pa.array(sorted(ids)))))
    return found


def _from_handover(place: Place, whom: Whom) -> None:
    """A hand-over that holds the person goes as a whole; what else it held is planned anew by the next night."""
    waiting = place.journal.waiting()
    touched = {row.source for row in waiting if (row.profile_id or "") in whom.get(row.source, ())}
    for row in waiting:
        if row.source in touched:
            place.journal.move(row, "handed_back", "the hand-over was removed with a person who was erased on request")
    for source in touched:
        shutil.rmtree(place.folder / handover.FOLDER / source, ignore_errors=True)


def _from_findings(connection: sa.Connection, whom: Whom) -> None:
    rows = connection.execute(sa.select(findings.c.finding_id, findings.c.members))
    gone = [row.finding_id for row in rows if any(name in whom.get(source, ()) for source, name in row.members)]
    for start in range(0, len(gone), 1_000):
        connection.execute(sa.delete(findings).where(findings.c.finding_id.in_(gone[start : start + 1_000])))


def _about(whom: Whom) -> sa.ColumnElement[bool]:
    c = corrections.c
    return sa.or_(
        *(
            (c.source == source) & (c.profile_id.in_(sorted(ids)) | c.new_id.in_(sorted(ids)))
            for source, ids in whom.items()
        )
    )
