"""The vault: what is at rest can be read with the key alone, and says so when it cannot (DESIGN, Data at rest)."""

import base64
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ConfigError
from jobs.vault import ROW_GROUP, Vault, open_private, private_folder, replace_private

SENTINEL = "Quillfeather"
VAULT = Vault(b"k" * 32)
OTHER = Vault(b"o" * 32)
SCHEMA = pa.schema(
    [("id", pa.string()), ("name", pa.struct([("first", pa.string())])), ("tags", pa.list_(pa.string()))]
)


def _batch(rows: int, start: int = 0) -> pa.RecordBatch:
    people = [{"id": str(start + n), "name": {"first": SENTINEL}, "tags": [SENTINEL]} for n in range(rows)]
    return pa.RecordBatch.from_pylist(people, schema=SCHEMA)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_missing_key_file_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "data" / "rollcall.key"
    first = Vault.open(file=place)
    assert _mode(place) == 0o600
    assert _mode(place.parent) == 0o700
    assert Vault.open(file=place).hash("a") == first.hash("a")
    assert sorted(p.name for p in place.parent.iterdir()) == ["rollcall.key"]


def test_a_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLCALL_TEST_KEY", base64.b64encode(b"k" * 32).decode())
    assert Vault.open(env="ROLLCALL_TEST_KEY").hash("x") == VAULT.hash("x")


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(b"short").decode(), "é" * 44])
def test_a_bad_key_is_refused_with_what_to_do(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "key"
    place.write_text(text, encoding="utf-8")
    place.chmod(0o600)
    monkeypatch.setenv("ROLLCALL_TEST_KEY", text)
    with pytest.raises(ConfigError, match="32 random bytes as base64"):
        Vault.open(file=place)
    with pytest.raises(ConfigError, match="ROLLCALL_TEST_KEY holds no key"):
        Vault.open(env="ROLLCALL_TEST_KEY")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "key"
    Vault.open(file=place)
    place.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        Vault.open(file=place)


def test_a_key_has_exactly_one_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one place"):
        Vault.open()
    with pytest.raises(ConfigError, match="one place"):
        Vault.open(env="A", file=tmp_path / "key")


def test_two_starts_at_once_agree_on_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "key"
    link = os.link

    def late(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        Vault.open(file=place)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert Vault.open(file=place).hash("a") == Vault.open(file=place).hash("a")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_sealed_bytes_come_back_and_never_twice_the_same(data: bytes, purpose: str) -> None:
    sealed = VAULT.seal(data, purpose)
    assert VAULT.unseal(sealed, purpose) == data
    assert sealed != VAULT.seal(data, purpose)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_sealed_bytes_that_were_changed_are_refused(place: int, flip: int) -> None:
    sealed = bytearray(VAULT.seal(b"customer", "undo"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(ConfigError, match="another key"):
        VAULT.unseal(bytes(sealed), "undo")


def test_another_key_another_purpose_and_nothing_at_all_are_refused() -> None:
    sealed = VAULT.seal(b"customer", "undo")
    for vault, data, purpose in ((OTHER, sealed, "undo"), (VAULT, sealed, "landing"), (VAULT, b"", "undo")):
        with pytest.raises(ConfigError, match="was sealed with another key"):
            vault.unseal(data, purpose)


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_hashes_are_unambiguous_over_their_parts(left: list[str], right: list[str]) -> None:
    assert (VAULT.hash(*left) == VAULT.hash(*right)) == (left == right)
    assert VAULT.hash(*left) != OTHER.hash(*left)
    assert len(VAULT.hash(*left)) == 32


def test_hashes_take_any_text_and_keys_for_sql_differ_by_purpose() -> None:
    assert VAULT.hash("\ud800") != VAULT.hash("\ud801")
    assert VAULT.sql_key("bases") != VAULT.sql_key("anchors")
    assert len(bytes.fromhex(VAULT.sql_key("bases"))) == 32


def test_parquet_comes_back_and_holds_nothing_in_clear(tmp_path: Path) -> None:
    place = tmp_path / "part.parquet"
    assert VAULT.write_parquet(place, [_batch(3), _batch(2, 3)], SCHEMA, {"note": SENTINEL}) == 5
    data = place.read_bytes()
    assert SENTINEL.encode() not in data
    assert b"tags" not in data, "the names of columns are sealed too"
    assert _mode(place) == 0o600
    reader = VAULT.read_parquet(place)
    assert reader.schema.metadata[b"note"] == SENTINEL.encode()
    assert reader.read_all().to_pylist() == _batch(5).to_pylist()
    assert VAULT.read_parquet(place, ["id"]).read_all().to_pydict() == {"id": ["0", "1", "2", "3", "4"]}


def test_parquet_of_many_small_batches_has_whole_row_groups(tmp_path: Path) -> None:
    place = tmp_path / "part.parquet"
    schema = pa.schema([("n", pa.int64())])
    small = [pa.record_batch([pa.array(range(n, n + 50_000))], schema=schema) for n in range(0, 300_000, 50_000)]
    assert VAULT.write_parquet(place, small, schema) == 300_000
    file = VAULT._parquet(place)
    with file:
        sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert sizes == [ROW_GROUP] * 14 + [300_000 - 14 * ROW_GROUP]
    assert VAULT.read_parquet(place).read_all()["n"].to_pylist() == list(range(300_000))


def test_empty_parquet_keeps_its_columns(tmp_path: Path) -> None:
    place = tmp_path / "none.parquet"
    assert VAULT.write_parquet(place, [], SCHEMA) == 0
    assert VAULT.read_parquet(place).read_all().schema.names == SCHEMA.names


def test_parquet_of_another_key_in_clear_or_damaged_is_refused(tmp_path: Path) -> None:
    sealed, clear, cut = (tmp_path / name for name in ("sealed", "clear", "cut"))
    VAULT.write_parquet(sealed, [_batch(3)], SCHEMA)
    with pytest.raises(ConfigError, match="another key"):
        OTHER.read_parquet(sealed)
    pq.write_table(pa.table({"id": ["1"]}), clear)
    with pytest.raises(ConfigError, match="not a sealed file"):
        VAULT.read_parquet(clear)
    cut.write_bytes(sealed.read_bytes()[:-40])
    with pytest.raises(ConfigError, match="damaged"):
        VAULT.read_parquet(cut)


def test_damage_inside_parquet_is_found_while_reading(tmp_path: Path) -> None:
    place = tmp_path / "part"
    VAULT.write_parquet(place, [_batch(50)], SCHEMA)
    data = bytearray(place.read_bytes())
    data[60] ^= 1
    place.write_bytes(data)
    with pytest.raises(ConfigError, match="damaged"):
        VAULT.read_parquet(place).read_all()


def test_a_failed_write_says_so(tmp_path: Path) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield _batch(1)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        VAULT.write_parquet(tmp_path / "part", broken(), SCHEMA)


def test_replaced_files_are_whole_and_private(tmp_path: Path) -> None:
    place = private_folder(tmp_path / "a" / "b") / "progress"
    replace_private(place, b"one")
    replace_private(place, b"two")
    assert place.read_bytes() == b"two"
    assert (_mode(place), _mode(place.parent), _mode(tmp_path / "a")) == (0o600, 0o700, 0o700)
    assert [p.name for p in place.parent.iterdir()] == ["progress"]


def test_an_existing_file_becomes_private(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.write_text("x")
    place.chmod(0o644)
    with open_private(place) as file:
        file.write(b"y")
    assert _mode(place) == 0o600
