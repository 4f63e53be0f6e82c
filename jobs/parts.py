"""The parts of a landing: pages as they come in, sealed on the disk, so that an interrupted pull can go on.

`workspace/landing/<source>/`: encrypted parts, and a sealed `progress` that is replaced after each of them. What is not
in `progress` was never read. A landing is given up after six hours: by then the front of the list is another list.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from connectors.base import Evidence
from jobs.errors import ConfigError
from jobs.fitting import Fitted
from jobs.vault import Vault, private_folder, replace_private, sync_folder

CHUNK_ROWS = 5_000
"""Rows per part: few enough to lose, enough that 2,000 pages are not 2,000 files."""
LASTS = timedelta(hours=6)
QUARANTINE = pa.schema([("id", pa.string()), ("reason", pa.string())])
CREATED = ("created_at", "createdAt")
"""Names under which vendors say when a profile was made, ISO 8601 with an offset."""
UNKNOWN = pa.schema([("name", pa.string()), ("type", pa.string()), ("seen", pa.int64())])
_PURPOSE = "landing"


@dataclass(slots=True)
class Progress:
    """How far the landing has come. `identity`: what was being read, and in which words."""

    identity: str
    started_at: datetime
    cursor: str | None = None
    parts: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    rows: int = 0
    quarantined: int = 0
    unreadable: int = 0
    unknown: list[tuple[str, str, int]] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def present(self) -> int:
        """Records that came in, whether they fit or not."""
        return self.rows + self.quarantined + self.unreadable


class Folder:
    """One source's landing folder. Rows wait in memory until a part is worth writing."""

    def __init__(self, workspace: Path, source: str, vault: Vault, fields: pa.Schema, id_field: str) -> None:
        self.folder = workspace / "landing" / source
        self.fields = fields.remove_metadata()
        self.id_field = id_field
        self.progress = Progress("", datetime.min.replace(tzinfo=UTC))
        self._vault = vault
        self._waiting: list[pa.Table] = []
        self._misfits: list[tuple[str, str]] = []

    def begin(self, identity: str, now: datetime) -> None:
        """An empty landing; whatever lay there is given up."""
        self.discard()
        private_folder(self.folder)
        self.progress = Progress(identity, now)

    def resume(self, identity: str, now: datetime) -> bool:
        """Take up what lies there, if it is ours, fresh, of the same identity, and says where to go on."""
        progress = _progress(self.folder, self._vault)
        if progress is None or progress.identity != identity or progress.cursor is None:
            return False
        whole = all((self.folder / name).is_file() for name in (*progress.parts, *progress.misfits))
        if not whole or now - progress.started_at >= LASTS:
            return False
        self.progress = progress
        return True

    def add(self, page: Fitted) -> None:
        """Take in one page; nothing is on the disk before `keep`."""
        self._waiting.append(page.table)
        self._misfits += page.misfits
        self.progress.rows += page.table.num_rows
        self.progress.quarantined += len(page.misfits)
        self.progress.unreadable += page.unreadable

    @property
    def is_chunk(self) -> bool:
        """Whether what waits is worth a part."""
        rows: int = sum(table.num_rows for table in self._waiting)
        return rows + len(self._misfits) >= CHUNK_ROWS

    def keep(self, cursor: str | None, evidence: Evidence, unknown: Counter[tuple[str, str]]) -> None:
        """Put what waits on the disk, and then the fact that it is there. Raises OSError."""
        number = len(self.progress.parts)
        rows = pa.concat_tables([self.fields.empty_table(), *self._waiting]).to_batches()
        if rows:
            self.progress.parts.append(self._write(f"part-{number:05}.parquet", rows, self.fields))
        if self._misfits:
            names, reasons = zip(*self._misfits, strict=True)
            misfits = pa.record_batch([pa.array(names), pa.array(reasons)], schema=QUARANTINE)
            name = f"misfits-{len(self.progress.misfits):05}.parquet"
            self.progress.misfits.append(self._write(name, [misfits], QUARANTINE))
        self.progress.cursor = cursor
        self.progress.evidence = asdict(evidence)
        self.progress.unknown = [(name, kind, seen) for (name, kind), seen in unknown.items()]
        self._waiting, self._misfits = [], []
        sync_folder(self.folder)
        replace_private(self.folder / "progress", self._vault.seal(orjson.dumps(asdict(self.progress)), _PURPOSE))

    def _write(self, name: str, batches: list[pa.RecordBatch], schema: pa.Schema) -> str:
        self._vault.write_parquet(self.folder / name, batches, schema)
        return name

    def rows(self) -> pa.RecordBatchReader:
        """Every row that landed, in FIELDS, in the order of the export."""
        return pa.RecordBatchReader.from_batches(self.fields, self._read(self.progress.parts))

    def quarantine(self) -> pa.Table:
        """The records that did not fit: id and reason."""
        return pa.Table.from_batches(self._read(self.progress.misfits), QUARANTINE)

    def unknown(self) -> pa.Table:
        """What FIELDS does not foresee: name, type, and how often it was seen."""
        rows = sorted(self.progress.unknown)
        return pa.table([pa.array(column) for column in zip(*rows, strict=True)] or [[], [], []], schema=UNKNOWN)

    def ids(self) -> Iterator[str]:
        """The ids of everything present, the quarantined included; a profile read twice comes twice."""
        columns = [(name, self.id_field) for name in self.progress.parts] + [(n, "id") for n in self.progress.misfits]
        for name, column in columns:
            for batch in self._vault.read_parquet(self.folder / name, [column]):
                yield from batch.column(0).cast(pa.string()).to_pylist()

    def created_between(self, start: datetime, end: datetime) -> int:
        """How many profiles say that they were made in that time: they explain counts that do not agree (G1)."""
        column = next((name for name in CREATED if name in self.fields.names), None)
        if column is None or not pa.types.is_string(self.fields.field(column).type):
            return 0
        # Dates sort as text, so only the last days' times need to be understood.
        since = (start - timedelta(days=1)).date().isoformat()
        texts = (
            text
            for name in self.progress.parts
            for batch in self._vault.read_parquet(self.folder / name, [column])
            for text in batch.filter(pc.greater_equal(batch.column(0), since)).column(0).to_pylist()
        )
        return sum(start <= made <= end for made in map(_moment, texts) if made is not None)

    def discard(self) -> None:
        """Remove everything of this landing."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _read(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        for name in names:
            yield from self._vault.read_parquet(self.folder / name)


def purge(workspace: Path, vault: Vault, now: datetime) -> list[Path]:
    """Remove the landings that no pull can take up any more."""
    removed = []
    for folder in sorted((workspace / "landing").glob("*")):
        progress = _progress(folder, vault)
        if progress is None or now - progress.started_at >= LASTS:
            shutil.rmtree(folder)
            removed.append(folder)
    return removed


def _progress(folder: Path, vault: Vault) -> Progress | None:
    try:
        kept = orjson.loads(vault.unseal((folder / "progress").read_bytes(), _PURPOSE))
        return Progress(**{**kept, "started_at": datetime.fromisoformat(kept["started_at"])})
    except (OSError, ConfigError, ValueError, TypeError, KeyError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
