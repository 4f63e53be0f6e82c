"""Sealed exports: `workspace/snapshots/<source>/<snapshot_id>/`, made beside and renamed: whole, or not there.

    part-NNNNN.parquet   the profiles as landed, in the connector's FIELDS
    quarantine.parquet   id and reason of the records that did not fit
    unknown.parquet      name, type and count of what FIELDS does not foresee
    seal.json            what the files are; written last, signed with the workspace's key
Who is erased on request is taken out of every snapshot, and the seal says how many were (G10).
All Parquet is encrypted. Raises IncompleteExport wherever a snapshot is not what its seal says.
"""

import hmac
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import IncompleteExport
from jobs.vault import ROW_GROUP, Vault, private_folder, replace_private, sync_folder

PART_ROWS = 12 * ROW_GROUP
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a snapshot: rows in FIELDS, quarantined records, unknown fields."""

    rows: pa.RecordBatchReader
    quarantine: pa.Table
    unknown: pa.Table
    id_field: str


@dataclass(frozen=True, slots=True)
class Label:
    """What a seal says of an export besides its files."""

    source: str
    snapshot_id: str
    kind: str
    export_contract: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that was checked. `files`: {name: (sha256, rows)}; `rows`: profiles, without the quarantined ones."""

    label: Label
    fields: tuple[str, ...]
    id_field: str
    rows: int
    files: dict[str, tuple[str, int]]

    @property
    def parts(self) -> list[str]:
        return sorted(name for name in self.files if name.startswith("part-"))


def write(workspace: Path, label: Label, contents: Contents, vault: Vault) -> Path:
    """Seal an export; returns its folder. Raises OSError, and then nothing of it is left."""
    home = private_folder(workspace / "snapshots" / label.source)
    final = home / label.snapshot_id
    if final.exists():
        raise IncompleteExport(f"{final}: there is a snapshot of this name already; a new run has a new name")
    beside = home / f".{label.snapshot_id}.new"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(mode=0o700)
        _fill(beside, label, contents, vault)
        beside.rename(final)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    sync_folder(home)
    return final


def read(path: Path, vault: Vault) -> pa.RecordBatchReader:
    """The profiles of a snapshot, in the FIELDS with which it was taken. Raises IncompleteExport."""
    parts = opened(path, vault).parts
    schema = vault.read_parquet(path / parts[0]).schema.remove_metadata()
    return pa.RecordBatchReader.from_batches(schema, _batches(path, parts, vault))


def ids(path: Path, vault: Vault) -> Iterator[str]:
    """The ids of every profile present, the quarantined included. Raises IncompleteExport, before the first of them."""
    seal = opened(path, vault)
    places = [(name, seal.id_field) for name in seal.parts] + [("quarantine.parquet", "id")]
    return (
        name
        for file, column in places
        for batch in vault.read_parquet(path / file, [column])
        for name in batch.column(0).cast(pa.string()).to_pylist()
    )


def quarantine(path: Path, vault: Vault) -> pa.Table:
    """The records that did not fit: id and reason. Raises IncompleteExport."""
    opened(path, vault)
    return vault.read_parquet(path / "quarantine.parquet").read_all()


def unknown(path: Path, vault: Vault) -> pa.Table:
    """What FIELDS did not foresee: name, type, seen. Raises IncompleteExport."""
    opened(path, vault)
    return vault.read_parquet(path / "unknown.parquet").read_all()


def opened(path: Path, vault: Vault) -> Seal:
    """The seal of a snapshot, after its signature and every file were checked. Raises IncompleteExport."""
    said, signature = _read_seal(path)
    if not hmac.compare_digest(signature.encode(), _signature(said, vault).encode()):
        raise _refused(path, "its seal was changed, or was made with another key")
    if said["schema"] != _SCHEMA:
        raise _refused(path, "it was sealed by another version of rollcall")
    for name, (digest, _) in said["files"].items():
        if not (path / name).is_file() or _digest(path / name) != digest:
            raise _refused(path, f"{name} is missing, or is not what was sealed")
    label = Label(**{**said["label"], "taken_at": datetime.fromisoformat(said["label"]["taken_at"])})
    files = {name: (digest, rows) for name, (digest, rows) in said["files"].items()}
    return Seal(label, tuple(said["fields"]), said["id_field"], said["rows"], files)


def without(path: Path, vault: Vault, ids: Collection[str]) -> int:
    """Seal a snapshot again without some profiles (G10), whole or not at all; returns how many were in it.

    What its certificate said stays as it was; the seal says how many were taken out since. Raises IncompleteExport.
    """
    seal = opened(path, vault)
    said, _ = _read_seal(path)
    _leave_only(path, seal)
    wanted, number, taken = pa.array(sorted(ids), pa.string()), said.get("resealed", 0) + 1, 0
    for name in seal.parts:
        held = sum(
            _held(batch.column(0), wanted).true_count for batch in vault.read_parquet(path / name, [seal.id_field])
        )
        if held:
            fresh = f"{name[: len('part-00000')]}-{number:05}.parquet"
            reader = vault.read_parquet(path / name)
            place = reader.schema.get_field_index(seal.id_field)
            kept = (batch.filter(pc.invert(_held(batch.column(place), wanted))) for batch in reader)
            rows = vault.write_parquet(path / fresh, kept, reader.schema.remove_metadata())
            said["files"] = {n: f for n, f in said["files"].items() if n != name} | {
                fresh: (_digest(path / fresh), rows)
            }
            taken += held
    if taken:
        said |= {"rows": said["rows"] - taken, "erased": said.get("erased", 0) + taken, "resealed": number}
        _sign(path, said, vault)
        _leave_only(path, opened(path, vault))
    return taken


def purge(workspace: Path, before: datetime, keep: Collection[Path]) -> list[Path]:
    """Remove snapshots taken before a time, and what was left half made; those in `keep` (the last certified) stay."""
    kept = {path.resolve() for path in keep}
    removed = []
    for folder in sorted((workspace / "snapshots").glob("*/*")):
        if folder.resolve() not in kept and _age(folder) < before:
            shutil.rmtree(folder)
            removed.append(folder)
    return removed


def _fill(folder: Path, label: Label, contents: Contents, vault: Vault) -> None:
    files: dict[str, tuple[str, int]] = {}

    def put(name: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
        rows = vault.write_parquet(folder / name, batches, schema)
        files[name] = (_digest(folder / name), rows)
        return rows

    fields = contents.rows.schema.remove_metadata()
    rows = sum(put(f"part-{number:05}.parquet", part, fields) for number, part in enumerate(_parts(contents.rows)))
    put("quarantine.parquet", contents.quarantine.to_batches(), contents.quarantine.schema)
    put("unknown.parquet", contents.unknown.to_batches(), contents.unknown.schema)
    said = {
        "schema": _SCHEMA,
        "label": {**asdict(label), "taken_at": label.taken_at.isoformat()},
        "fields": fields.names,
        "id_field": contents.id_field,
        "rows": rows,
        "files": files,
    }
    _sign(folder, said, vault)


def _sign(folder: Path, said: dict[str, Any], vault: Vault) -> None:
    data = {"sealed": said, "signature": _signature(said, vault)}
    replace_private(folder / "seal.json", orjson.dumps(data, option=orjson.OPT_INDENT_2))


def _held(names: pa.Array, wanted: pa.Array) -> pa.BooleanArray:
    return pc.is_in(names.cast(pa.string()), value_set=wanted)


def _leave_only(path: Path, seal: Seal) -> None:
    """Remove what the seal does not name: files from before it was resealed, or of a resealing that was killed."""
    for file in path.iterdir():
        if file.name != "seal.json" and file.name not in seal.files:
            file.unlink()


def _parts(batches: Iterable[pa.RecordBatch]) -> Iterator[Iterator[pa.RecordBatch]]:
    """The batches in parts of a bounded size, each to be read before the next; of an empty export one, for its columns."""
    rest = iter(batches)
    batch = next(rest, None)

    def part() -> Iterator[pa.RecordBatch]:
        nonlocal batch
        rows = 0
        while batch is not None and rows < PART_ROWS:
            yield batch
            rows += batch.num_rows
            batch = next(rest, None)

    yield part()
    while batch is not None:
        yield part()


def _batches(path: Path, names: list[str], vault: Vault) -> Iterator[pa.RecordBatch]:
    for name in names:
        yield from vault.read_parquet(path / name)


def _read_seal(path: Path) -> tuple[dict[str, Any], str]:
    try:
        data = orjson.loads((path / "seal.json").read_bytes())
        return dict(data["sealed"]), str(data["signature"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _refused(path, "it has no seal that can be read") from error


def _signature(said: dict[str, Any], vault: Vault) -> str:
    return vault.hash("snapshot", orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _refused(path: Path, why: str) -> IncompleteExport:
    return IncompleteExport(f"the snapshot {path} cannot be used: {why}. Pull again; nothing may rest on it (G1)")


def _age(folder: Path) -> datetime:
    """When a snapshot was taken; one without a readable seal is as old as its folder."""
    try:
        said, _ = _read_seal(folder)
        return datetime.fromisoformat(said["label"]["taken_at"])
    except (IncompleteExport, KeyError, TypeError, ValueError):
        return datetime.fromtimestamp(folder.stat().st_mtime, UTC)
