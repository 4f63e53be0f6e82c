"""Pulling: land every source at once, then seal each with its certificate (G1, G2, G2a).

`land_all` first, for all sources; then `seal` for each, once it is known which ids the others' links name. A refused
export leaves its evidence and nothing else: the last certified snapshot stays what it was.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.base import Connector, Evidence, Record, VendorError
from jobs import snapshot
from jobs.certificate import Baseline, Export, Probe, Read, exported_at, is_certified, judge, shortfall
from jobs.errors import ConfigError, IncompleteExport
from jobs.fitting import Fitter, readable_id
from jobs.landing import Landing, Site, Watcher, land, land_all, sentence
from jobs.listed import Lists, lists
from jobs.settings import Limits
from jobs.state import SnapshotRow, State
from reports.document import Proof

__all__ = ["Desk", "Landing", "Pulled", "Site", "Watcher", "land", "land_all", "seal"]

APPROVABLE = frozenset({"same_contract", "shrink", "probe"})
"""Proofs that an operator's word can stand in for; a probe only where the earlier list cannot be read."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the sealing of a run needs. `count_active`: how many of a source's landed rows are active, by its shape."""

    run_id: str
    state: State
    limits: Limits
    zone: ZoneInfo
    count_active: Callable[[Connector, pa.RecordBatchReader], int]


@dataclass(frozen=True, slots=True)
class Pulled:
    """One source after the pull. `snapshot`: tonight's evidence; `used`: tonight's if certified, else the last one."""

    source: str
    snapshot: SnapshotRow
    used: SnapshotRow | None
    certified: bool
    proofs: list[Proof]
    problem: str
    stats: dict[str, Any] = field(default_factory=dict)


def seal(landing: Landing, wanted_ids: Collection[str], desk: Desk) -> Pulled:
    """Judge a landing and, if it is complete, make it the source's snapshot; else keep only why it is not.

    `wanted_ids`: profiles of this source that tonight's links name. Trouble with vendor or disk becomes `problem`.
    """
    previous = desk.state.last_certified(landing.source)
    if landing.problem:
        return _refused(landing, previous, desk, _proofs(landing, previous, desk, Read(landing.listed, broke_off=True)))
    try:
        return _judged(landing, previous, wanted_ids, desk)
    except (OSError, ConfigError, IncompleteExport) as error:
        landing.problem = sentence(landing.source, error)
        return _refused(landing, previous, desk, _proofs(landing, previous, desk, Read(landing.listed, broke_off=True)))


def _judged(landing: Landing, previous: SnapshotRow | None, wanted_ids: Collection[str], desk: Desk) -> Pulled:
    both = lists(landing.roster, previous, landing.site.workspace, landing.site.vault)
    read = _what_was_read(landing, both)
    promising = is_certified(_proofs(landing, previous, desk, read))
    probe, extras = _ask(landing, both, wanted_ids, desk.limits.probe, promising)
    proofs = _proofs(landing, previous, desk, read, probe)
    if not is_certified(proofs):
        return _refused(landing, None if both.blind else previous, desk, proofs, read)
    folder = landing.folder
    folder.add(landing.fitter.fit(extras))
    folder.keep(None, landing.evidence, landing.fitter.unknown)
    row = _row(landing, desk, proofs, read, extras=len(extras))
    contents = snapshot.Contents(folder.rows(), folder.quarantine(), folder.unknown(), folder.id_field)
    label = snapshot.Label(row.source, row.snapshot_id, landing.connector.kind, row.export_contract, row.taken_at)
    active = desk.count_active(landing.connector, folder.rows())
    path = snapshot.write(landing.site.workspace, label, contents, landing.site.vault)
    row = replace(row, path=str(path.relative_to(landing.site.workspace)), active=active, certified=True)
    desk.state.add_snapshot(row)
    folder.discard()
    return Pulled(landing.source, row, row, True, proofs, "", row.stats)


def _refused(
    landing: Landing, last: SnapshotRow | None, desk: Desk, proofs: list[Proof], read: Read | None = None
) -> Pulled:
    """No certificate: the evidence is kept, the rows are not, unless the next pull can go on with them."""
    problem = landing.problem or f"{landing.source}: no certificate: {shortfall(proofs)}"
    row = replace(_row(landing, desk, proofs, read or Read(landing.listed)), problem=problem)
    desk.state.add_snapshot(row)
    resumable = landing.connector.capabilities.resumable and landing.folder.progress.cursor is not None
    if not (landing.problem and resumable):
        landing.folder.discard()
    return Pulled(landing.source, row, last, False, proofs, problem, row.stats)


def _row(landing: Landing, desk: Desk, proofs: list[Proof], read: Read, extras: int = 0) -> SnapshotRow:
    progress, http = landing.folder.progress, _http_stats(landing.connector)
    return SnapshotRow(
        snapshot_id=_free_id(landing, desk),
        source=landing.source,
        run_id=desk.run_id,
        taken_at=_taken_at(landing, desk.zone),
        path="",
        profiles=progress.present,
        active=0,
        certified=False,
        proofs=[proof.model_dump() for proof in proofs],
        contract=contract(landing.connector, landing.evidence),
        export_contract=landing.connector.EXPORT_CONTRACT,
        stats={
            "listed": read.listed,
            "extras": extras,
            "quarantined": progress.quarantined,
            "unknown_fields": len(progress.unknown),
            "resumed": landing.resumed,
            "requests": getattr(http, "requests", None),
            "retries": getattr(http, "retries", None),
            "seconds": (landing.finished_at - landing.started_at).total_seconds(),
            "notes": landing.evidence.notes,
            "file": landing.connector.file_digest,
        },
    )


def contract(connector: Connector, evidence: Evidence) -> dict[str, str]:
    """What an export was taken under; the region too, which says what its phones and dates mean."""
    return {**evidence.contract, "region": connector.settings.region}


def _http_stats(connector: Connector) -> Any:
    """Requests and retries so far; None for a file, and where not even the credentials could be read."""
    try:
        return getattr(getattr(connector, "http", None), "stats", None)
    except VendorError:
        return None


def _free_id(landing: Landing, desk: Desk) -> str:
    """`SOURCE.RUN`; a source that is pulled again in one run gets `SOURCE.RUN.2`, so that nothing is ever replaced."""
    first = f"{landing.source}.{desk.run_id}"
    taken = {row.snapshot_id for row in desk.state.snapshots_of(desk.run_id)}
    home = landing.site.workspace / "snapshots" / landing.source
    names = (first if number == 1 else f"{first}.{number}" for number in count(1))
    return next(name for name in names if name not in taken and not (home / name).exists())


def _taken_at(landing: Landing, zone: ZoneInfo) -> datetime:
    """A file is as old as its export, not as its reading (G1a); where nobody stated its date, as old as the file itself."""
    settings = landing.connector.settings
    try:
        said = exported_at(settings, zone)
        if said is None and settings.driver == "files" and settings.path is not None:
            said = datetime.fromtimestamp(settings.path.stat().st_mtime, UTC)
    except (ValueError, OSError):
        said = None
    return min(said, landing.started_at) if said else landing.started_at


def _what_was_read(landing: Landing, both: Lists) -> Read:
    by_file = landing.connector.settings.driver == "files"
    return Read(
        listed=len(both.now),
        repeated=both.present - len(both.now),
        unreadable=landing.folder.progress.unreadable,
        vanished=both.gone if by_file else 0,
        created_meanwhile=landing.folder.created_between(landing.started_at, landing.finished_at),
        absent_canaries=tuple(both.absent(landing.connector.settings.canaries)),
        contract_changed=landing.contract_changed,
    )


def _proofs(
    landing: Landing, previous: SnapshotRow | None, desk: Desk, read: Read, probe: Probe | None = None
) -> list[Proof]:
    connector, now = landing.connector, landing.site.clock.now()
    export = Export(
        required=connector.REQUIRED_PROOFS,
        evidence=replace(landing.evidence, contract=contract(connector, landing.evidence)),
        export_contract=connector.EXPORT_CONTRACT,
        read=read,
        previous=baseline(previous) if previous else None,
        probe=probe or Probe(),
        settings=connector.settings,
        limits=desk.limits,
        now=now,
        zone=desk.zone,
        accepted=approved(landing.source, desk.state, now.astimezone(desk.zone).date()),
        problem=landing.problem.removeprefix(f"{landing.source}: "),
    )
    return judge(export)


def baseline(row: SnapshotRow) -> Baseline:
    """An earlier export as one to compare with."""
    return Baseline(int(row.stats.get("listed", row.profiles)), row.export_contract, row.contract, row.taken_at)


def approved(source: str, state: State, today: date) -> tuple[Baseline, ...]:
    """The exports refused since the last certificate that an operator has approved: tonight's may be like one of them."""
    decisions = state.decisions_in_force(today)
    names = {row.id for row in decisions if (row.target, row.verdict) == ("certificate", "approve")}
    return tuple(
        baseline(row)
        for row in state.refused_since_certified(source)
        if {row.snapshot_id, f"{source}/{row.run_id}"} & names
        and all(proof["outcome"] != "failed" or proof["name"] in APPROVABLE for proof in row.proofs)
    )


def _ask(
    landing: Landing, both: Lists, wanted: Collection[str], cap: int, promising: bool
) -> tuple[Probe, list[Record]]:
    """Ask by id for who is missing (G2a): the alive show that the list is bad, the archived are taken in (T2, T3).

    Where a list leaves out who is gone, every linked one is asked for, unless the export is refused anyway.
    """
    linked = both.absent(wanted)
    lists_gone = landing.connector.capabilities.lists_gone
    missing, asked = both.missing(linked, linked if promising and not lists_gone else (), cap)
    if not asked:
        return Probe(missing, blind=both.blind), []
    try:
        answers = landing.connector.fetch(asked)
        active, extras = _sorted_out(landing, both, answers.values())
        telling = both.among_the_gone(active) | (set() if lists_gone else linked)
    except Exception as error:
        return Probe(missing, problem=sentence(landing.source, error), blind=both.blind), []
    return Probe(missing, len(asked), tuple(sorted(active & telling)), blind=both.blind), extras


def _sorted_out(landing: Landing, both: Lists, answers: Iterable[Record | None]) -> tuple[set[str], list[Record]]:
    """The ids that are alive without being listed, and the records that belong into the snapshot as well.

    A profile goes by the id that it answers with: one that is listed under another id is not missing.
    """
    connector = landing.connector
    scratch = Fitter(connector.FIELDS, connector.ID, connector.DROPPED)
    by_id = {name: record for record in answers if (name := readable_id(record, connector.ID)) is not None and record}
    unlisted = both.absent(by_id)
    fits = {name: scratch.fit([by_id[name]]).table.num_rows == 1 for name in unlisted}
    active = {name for name in unlisted if fits[name] and connector.view(by_id[name]).get("status") == "active"}
    return active, [by_id[name] for name in sorted(unlisted)]
