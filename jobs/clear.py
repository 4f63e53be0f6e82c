"""The real values behind a finding, for whoever holds the key: from the sealed snapshots that its run rested on."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from jobs import snapshot
from jobs.corrections import Correction
from jobs.detect import FACE
from jobs.errors import ConfigError, IncompleteExport
from jobs.state import SnapshotRow
from jobs.warehouse import Warehouse
from jobs.workspace import Workspace
from reports.document import FindingLine, RunReport
from reports.mask import base_name

_ADDRESS = ("street", "street_2", "city", "region", "postal_code", "country")


@dataclass(frozen=True, slots=True)
class Clear:
    """Values by member (`source:id`) and field; the finding's corrections; a sentence for each gap."""

    values: dict[str, dict[str, str]]
    corrections: tuple[Correction, ...]
    gaps: tuple[str, ...]


def look(workspace: Workspace, document: RunReport, finding: FindingLine) -> Clear:
    """Who the finding is about. Nothing is pulled, and nothing is kept. Raises ConfigError where nothing can be read."""
    wanted = [base_name(fact.name) for fact in finding.evidence if "@" in fact.name]
    wanted += _ADDRESS if "address" in {finding.field, *wanted} else ()
    fields = dict.fromkeys([*FACE, finding.field, *wanted])
    values: dict[str, dict[str, str]] = {}
    gaps = []
    for source in dict.fromkeys(member.source for member in finding.members):
        ids = [member.id for member in finding.members if member.source == source]
        try:
            rows = _profiles(workspace, document, source, ids)
        except (ConfigError, IncompleteExport, OSError) as error:
            gaps.append(str(error))
            continue
        for row in rows:
            values[f"{source}:{row['id']}"] = {name: str(row[name]) for name in fields if row.get(name) is not None}
    if not values:
        raise ConfigError("; ".join(gaps) or "the snapshots of that run hold none of these profiles")
    plan = [c for c in workspace.journal.load(document.run_id) if c.correction_id in finding.correction_ids]
    return Clear(values, tuple(plan), tuple(gaps))


def lines(clear: Clear) -> Iterator[str]:
    """The values as the terminal shows them."""
    for member, values in clear.values.items():
        yield f"  {member}"
        yield from (f"    {name}: {value}" for name, value in values.items())
    for correction in clear.corrections:
        changes = [
            f"{name}: {correction.before.get(name) or 'empty'} → {value or 'empty'}"
            for name, value in correction.after.items()
        ]
        yield f"  correction {correction.correction_id}: {', '.join(changes) or 'its values are purged'}"
    yield from (f"  not to be had: {gap}" for gap in clear.gaps)


def _profiles(workspace: Workspace, document: RunReport, source: str, ids: Collection[str]) -> list[dict[str, object]]:
    row = _used(workspace, document, source)
    folder = workspace.folder / row.path
    if not row.path or not folder.exists():
        keep = workspace.settings.retention.snapshots.days
        raise ConfigError(
            f"the snapshot {row.snapshot_id} is purged (retention.snapshots: {keep}d): `rollcall run` reads {source} anew"
        )
    connector, region = workspace.connectors[source], workspace.settings.sources[source].region
    seal = snapshot.opened(folder, workspace.vault)
    reader = snapshot.read(folder, workspace.vault)
    batches = [_only(batch, seal.id_field, ids) for batch in reader]
    with Warehouse() as scratch:
        scratch.shape(source, connector.shape, region, pa.RecordBatchReader.from_batches(reader.schema, batches))
        return scratch.rows("select * from profiles order by id")


def _used(workspace: Workspace, document: RunReport, source: str) -> SnapshotRow:
    name = next((line.used_snapshot for line in document.sources if line.source == source), None)
    if name is None or source not in workspace.connectors:
        raise ConfigError(f"run {document.run_id} rests on no snapshot of {source}")
    run = name.removeprefix(f"{source}.").split(".")[0]
    for row in workspace.state.snapshots_of(run):
        if row.snapshot_id == name:
            return row
    raise ConfigError(f"nothing is known of the snapshot {name}: was the state database restored from a backup?")


def _only(batch: pa.RecordBatch, id_field: str, ids: Collection[str]) -> pa.RecordBatch:
    names = batch.column(batch.schema.get_field_index(id_field)).cast(pa.string())
    return batch.filter(pc.is_in(names, value_set=pa.array(sorted(ids), pa.string())))


def as_data(clear: Clear) -> dict[str, object]:
    """The same for machines."""
    changes: Sequence[dict[str, object]] = [
        {"correction_id": c.correction_id, "before": dict(c.before), "after": dict(c.after)} for c in clear.corrections
    ]
    return {"values": clear.values, "changes": changes, "gaps": list(clear.gaps)}
