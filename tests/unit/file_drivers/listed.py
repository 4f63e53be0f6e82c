"""Lists and sources that tests of the file drivers make."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors._file_formats import FORMATS
from connectors.base import Change
from connectors.clock import SimulatedClock
from connectors.file_source import FileConnector, FileSettings

CLOCK = SimulatedClock(datetime(2026, 11, 23, 12, 15, tzinfo=UTC))


def list_of(path: Path, heading: list[str], *rows: list[str], **how: Any) -> Path:
    """A CSV file; `encoding`, `delimiter` and `ends` as given."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=how.get("delimiter", ","), lineterminator=how.get("ends", "\n")).writerows(
        [heading, *rows]
    )
    path.write_bytes(text.getvalue().encode(how.get("encoding", "utf-8")))
    return path


def source(kind: str, path: Path, **more: Any) -> FileConnector:
    given = {"kind": kind, "role": "pos", "driver": "files", "path": path, "region": "CA", "writes": True, **more}
    return FileConnector("till", FileSettings.model_validate(given), CLOCK)


def one(kind: str, path: Path, cells: dict[str, str], **more: Any) -> dict[str, str | None]:
    """How a customer with these cells is viewed."""
    id_heading = FORMATS[kind].columns["id"][0]
    connector = source(kind, list_of(path / "l.csv", [id_heading, *cells], ["1", *cells.values()]), **more)
    record = connector.fetch(["1"])["1"]
    assert record is not None
    return connector.view(record)


def change(profile_id: str, key: str = "c-1", **after: str | None) -> Change:
    action = "opt_out" if any(name.endswith("_consent") for name in after) else "update"
    return Change(action, profile_id, {}, after, key=key)


def handed(connector: FileConnector, to: Path, *changes: Change) -> bytes:
    assert connector.look_over(changes, connector.reader.file_now()) == {}
    connector.hand_over(changes, to)
    return to.read_bytes()
