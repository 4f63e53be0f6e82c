"""Snapshots: sealed whole or not there at all, unreadable without the key, and refused once anything in them changed."""

import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from connectors.treez import Treez
from jobs import prepare, snapshot
from jobs.errors import IncompleteExport
from jobs.parts import QUARANTINE, UNKNOWN
from jobs.snapshot import Contents, Label
from jobs.vault import Vault

SENTINEL = "Quillfeather"
FIELDS = pa.schema([("customer", pa.string()), ("name", pa.string()), ("tags", pa.list_(pa.string()))])
LABEL = Label("till", "till.2026-11-23-a", "heartland", 1, datetime(2026, 11, 23, 12, 15, tzinfo=UTC))


def _contents(rows: int) -> Contents:
    people = [{"customer": str(n), "name": SENTINEL, "tags": [SENTINEL]} for n in range(rows)]
    batches = pa.Table.from_pylist(people, schema=FIELDS).to_batches(max_chunksize=2)
    misfits = pa.table([["x"], ["name: text instead of number"]], schema=QUARANTINE)
    unknown = pa.table([[SENTINEL], ["text"], [3]], schema=UNKNOWN)
    return Contents(pa.RecordBatchReader.from_batches(FIELDS, batches), misfits, unknown, "customer")


def _write(workspace: Path, vault: Vault, label: Label = LABEL, rows: int = 5) -> Path:
    return snapshot.write(workspace, label, _contents(rows), vault)


def test_a_snapshot_comes_back_whole(tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "PART_ROWS", 4)
    path = _write(tmp_path, vault, rows=7)
    assert path == tmp_path / "snapshots" / "till" / "till.2026-11-23-a"
    assert sorted(p.name for p in path.iterdir()) == [
        "part-00000.parquet", "part-00001.parquet", "quarantine.parquet", "seal.json", "unknown.parquet",
    ]  # fmt: skip
    reader = snapshot.read(path, vault)
    assert reader.schema == FIELDS
    assert reader.read_all()["customer"].to_pylist() == [str(n) for n in range(7)]
    assert list(snapshot.ids(path, vault)) == [*(str(n) for n in range(7)), "x"], "I9: quarantined is present"
    assert snapshot.quarantine(path, vault).to_pylist() == [{"id": "x", "reason": "name: text instead of number"}]
    assert snapshot.unknown(path, vault).to_pylist() == [{"name": SENTINEL, "type": "text", "seen": 3}]
    seal = snapshot.opened(path, vault)
    assert (seal.label, seal.rows, seal.fields, seal.id_field) == (LABEL, 7, tuple(FIELDS.names), "customer")


def test_an_empty_snapshot_keeps_its_columns(tmp_path: Path, vault: Vault) -> None:
    path = _write(tmp_path, vault, rows=0)
    assert snapshot.read(path, vault).read_all().schema == FIELDS
    assert list(snapshot.ids(path, vault)) == ["x"]


def test_it_is_private_and_holds_nothing_in_clear(tmp_path: Path, vault: Vault) -> None:
    path = _write(tmp_path, vault)
    for folder in (path, path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert SENTINEL.encode() not in file.read_bytes()


def test_g10_a_snapshot_is_sealed_again_without_the_erased_or_stays_as_it_was(
    tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole or not at all; the order stays, the seal says how many are gone, and nothing that held them is left."""
    monkeypatch.setattr(snapshot, "PART_ROWS", 4)
    path = _write(tmp_path, vault, rows=11)
    before = {file.name for file in path.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "replace_private", lambda *_: (_ for _ in ()).throw(OSError(28, "no space")))
        with pytest.raises(OSError, match="no space"):
            snapshot.without(path, vault, {"1", "5", "6"})
    assert len(list(snapshot.ids(path, vault))) == 12, "the old seal still holds"
    assert snapshot.without(path, vault, {"1", "5", "6", "404"}) == 3
    assert [name for name in snapshot.ids(path, vault) if name != "x"] == ["0", "2", "3", "4", "7", "8", "9", "10"]
    assert snapshot.opened(path, vault).rows == 8
    left = {file.name for file in path.iterdir()}
    assert "part-00000.parquet" not in left
    assert {name for name in left & before if name.startswith("part-")} == {"part-00002.parquet"}, (
        "untouched parts stay"
    )
    assert orjson.loads((path / "seal.json").read_bytes())["sealed"]["erased"] == 3
    assert snapshot.without(path, vault, {"1"}) == 0
    assert snapshot.without(path, vault, {"0", "2", "3"}) == 3, "a part may end up empty"
    assert [name for name in snapshot.ids(path, vault) if name != "x"] == ["4", "7", "8", "9", "10"]


def _change_seal(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    data = orjson.loads((path / "seal.json").read_bytes())
    change(data)
    (path / "seal.json").write_bytes(orjson.dumps(data))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


_DAMAGES: dict[str, Callable[[Path], object]] = {
    "no seal": lambda path: (path / "seal.json").unlink(),
    "empty seal": lambda path: (path / "seal.json").write_bytes(b""),
    "other json": lambda path: (path / "seal.json").write_bytes(b"[1]"),
    "rows": lambda path: _change_seal(path, lambda data: data["sealed"].update(rows=1)),
    "time": lambda path: _change_seal(
        path, lambda data: data["sealed"]["label"].update(taken_at="2027-01-01T00:00:00+00:00")
    ),
    "file left out": lambda path: _change_seal(path, lambda data: data["sealed"]["files"].popitem()),
    "signature": lambda path: _change_seal(path, lambda data: data.update(signature="é")),
    "part gone": lambda path: (path / "part-00000.parquet").unlink(),
    "part cut": lambda path: _cut(path / "part-00000.parquet"),
    "quarantine cut": lambda path: _cut(path / "quarantine.parquet"),
    "part swapped": lambda path: shutil.copy(path / "quarantine.parquet", path / "part-00000.parquet"),
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_g1_a_broken_seal_is_refused_by_every_reader(damage: str, tmp_path: Path, vault: Vault) -> None:
    path = _write(tmp_path, vault)
    _DAMAGES[damage](path)
    for reader in (snapshot.read, snapshot.ids, snapshot.quarantine, snapshot.unknown, snapshot.opened):
        with pytest.raises(IncompleteExport, match=r"cannot be used: .*nothing may rest on it"):
            reader(path, vault)


def test_g1_a_foreign_seal_is_refused(tmp_path: Path, vault: Vault) -> None:
    with pytest.raises(IncompleteExport, match="another key"):
        snapshot.read(_write(tmp_path, vault), Vault(b"o" * 32))


def test_a_snapshot_of_another_version_is_refused(
    tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path, vault)
    monkeypatch.setattr(snapshot, "_SCHEMA", 2)
    with pytest.raises(IncompleteExport, match="another version"):
        snapshot.read(path, vault)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_full_disk_leaves_nothing_and_touches_nothing(
    after: int, tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = _write(tmp_path, vault, replace(LABEL, snapshot_id="till.2026-11-22-a"))
    write, calls = Vault.write_parquet, iter(range(after))

    def full(*arguments: Any) -> int:
        if next(calls, None) is None:
            raise OSError(28, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(Vault, "write_parquet", full)
    with pytest.raises(OSError, match="No space left"):
        _write(tmp_path, vault)
    assert [p.name for p in (tmp_path / "snapshots" / "till").iterdir()] == [earlier.name]
    assert snapshot.read(earlier, vault).read_all().num_rows == 5


def test_what_a_crash_left_half_made_is_no_snapshot_and_no_hindrance(tmp_path: Path, vault: Vault) -> None:
    half = tmp_path / "snapshots" / "till" / f".{LABEL.snapshot_id}.new"
    half.mkdir(parents=True)
    (half / "part-00000.parquet").write_bytes(b"half")
    path = _write(tmp_path, vault)
    assert not half.exists()
    assert snapshot.read(path, vault).read_all().num_rows == 5


def test_no_snapshot_is_ever_replaced(tmp_path: Path, vault: Vault) -> None:
    path = _write(tmp_path, vault)
    with pytest.raises(IncompleteExport, match="already"):
        _write(tmp_path, vault, rows=1)
    assert snapshot.read(path, vault).read_all().num_rows == 5


def test_purge_removes_the_old_and_the_half_made_and_keeps_the_last_certified(tmp_path: Path, vault: Vault) -> None:
    def made(name: str, days: int) -> Path:
        return _write(tmp_path, vault, replace(LABEL, snapshot_id=name, taken_at=LABEL.taken_at - timedelta(days=days)))

    oldest, old, certified, fresh = made("a", 90), made("b", 40), made("c", 50), made("d", 1)
    broken = made("e", 1)
    (broken / "seal.json").unlink()
    half = fresh.with_name(".f.new")
    half.mkdir()
    later = datetime.now(UTC) + timedelta(days=1)  # folders without a seal are as old as the file system says
    removed = snapshot.purge(tmp_path, LABEL.taken_at - timedelta(days=30), [certified])
    assert removed == [oldest, old]
    assert snapshot.purge(tmp_path, later, [certified, fresh]) == [half, broken]
    assert snapshot.read(certified, vault).read_all().num_rows == 5
    assert snapshot.purge(tmp_path / "nowhere", later, []) == []


def test_g1_a_snapshot_from_before_a_field_was_read_is_widened_with_blanks() -> None:
    """The last certified list stands in for a source without a certificate, also after an update that reads more."""
    early = [field for field in Treez.FIELDS if field.name != "points"]
    rows = pa.Table.from_pylist([{"customer_id": "9001"}, {"customer_id": "9002"}], schema=pa.schema(early))
    connector = Treez.__new__(Treez)
    wider = prepare.widened(rows.to_reader(), connector).read_all()
    assert set(wider.schema.names) == set(Treez.FIELDS.names)
    assert wider.column("customer_id").to_pylist() == ["9001", "9002"]
    assert wider.column("points").to_pylist() == [None, None]
    whole = wider.to_reader()
    assert prepare.widened(whole, connector) is whole
