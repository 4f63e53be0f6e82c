"""The warehouse: hardened, in memory, and filled by names (DESIGN, Data at rest)."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from jobs.detect import SEVERITIES
from jobs.errors import ConfigError
from jobs.settings import parse
from jobs.warehouse import Warehouse
from tests.sql import invented


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse(threads=1) as made:
        yield made


def test_it_opens_no_file_loads_nothing_and_cannot_be_talked_into_it(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("a\n1\n", encoding="utf-8")
    incoming = pa.table({"a": [1]})
    for statement in (
        f"select * from read_csv('{tmp_path}/list.csv')", f"select * from '{tmp_path}/list.csv'", f"attach '{tmp_path}/other.db'",
        f"copy (select 1) to '{tmp_path}/out.csv'", "install httpfs", "load httpfs", "set enable_external_access = true", "set threads = 4",
        "set disabled_optimizers = ''", f"set temp_directory = '{tmp_path}'", "select * from incoming",
    ):  # fmt: skip
        with pytest.raises(duckdb.Error):
            warehouse.connection.execute(statement).fetchall()
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
    assert incoming.num_rows == 1


def test_what_ends_a_night_for_good_in_this_engine_is_off(warehouse: Warehouse) -> None:
    """Its own join order, and its cache of small chunks (docs/decisions.md)."""
    query = "select current_setting('debug_enable_caching_operators') as cache, current_setting('disabled_optimizers') as off"
    (row,) = warehouse.rows(query)
    assert row["cache"] is False
    assert set(row["off"].split(",")) == {"join_order", "build_side_probe_side"}


def test_nothing_is_spilled_unless_a_folder_is_named(warehouse: Warehouse, tmp_path: Path) -> None:
    assert warehouse.rows("select current_setting('temp_directory') as place") == [{"place": ""}]
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_is_spilled_privately_and_swept_away(tmp_path: Path) -> None:
    """Spill files are clear text (docs/decisions.md), so they lie for the owner alone, and no longer than the run."""
    left = tmp_path / "rollcall-spill" / "of-a-night-that-was-killed.tmp"
    left.parent.mkdir()
    left.touch()
    with Warehouse(spill=tmp_path, memory="64MB", threads=1) as spilling:
        assert not left.exists()
        spilling.connection.execute(
            "create table wide as select i, concat(hash(i), hash(i + 1)) as s from range(2000000) as t(i)"
        )
        spilled = [path for path in left.parent.iterdir() if path.stat().st_size]
        assert spilled
        assert left.parent.stat().st_mode & 0o777 == 0o700
        assert spilling.count("select count(distinct s) from wide") == 2_000_000
    assert list(tmp_path.iterdir()) == []


def test_the_engine_still_cannot_encrypt_what_it_spills(tmp_path: Path) -> None:
    """Should this fail after an upgrade, spill files can be sealed, and the operator's word for the folder is no longer needed."""
    with duckdb.connect(config={"temp_directory": str(tmp_path), "memory_limit": "64MB", "threads": "1"}) as connection:
        connection.execute("set enable_external_access = false")
        connection.execute("set temp_file_encryption = true")
        with pytest.raises(duckdb.Error, match="crypto"):
            connection.execute(
                "create table wide as select i, concat(hash(i), hash(i + 1)) as s from range(2000000) as t(i)"
            )


def test_the_configuration_s_memory_and_folder_are_in_force_and_a_folder_in_clear_is_refused(tmp_path: Path) -> None:
    raw: dict[str, Any] = {"group": "g", "sources": {"till": {"kind": "table", "role": "pos", "path": "a.csv"}}}
    spill = {"folder": "sealed", "encrypted": True}
    given = parse({**raw, "memory_limit": "512MiB", "threads": 3, "spill": spill}, tmp_path / "config.yaml")
    with Warehouse.of(given) as warehouse:
        assert warehouse.rows(
            "select current_setting('temp_directory') as d, current_setting('memory_limit') as m, current_setting('threads') as n"
        ) == [{"d": str(tmp_path / "sealed" / "rollcall-spill"), "m": "512.0 MiB", "n": 3}]
    for wrong in ({"folder": "clear", "encrypted": False}, {"folder": "clear"}):
        with pytest.raises(ConfigError, match="encrypted"):
            parse({**raw, "spill": wrong}, tmp_path / "config.yaml")


def test_rows_go_in_by_the_table_s_own_order_and_readers_by_name(warehouse: Warehouse) -> None:
    warehouse.insert(
        "bases",
        [
            ("p", "shop", "1", "till", "2", "phone", "h", date(2026, 11, 1)),
            ("p", "shop", "1", "till", "2", "email", None, None),
        ],
    )
    warehouse.insert("bases", [])
    warehouse.load("bases", pa.table({"hash": ["x"], "field": ["address"], "ecom_id": ["9"]}).to_reader())
    rows = warehouse.rows("select ecom_id, field, hash, agreed_on from bases order by ecom_id, field")
    assert [tuple(row.values()) for row in rows] == [
        ("1", "email", None, None), ("1", "phone", "h", date(2026, 11, 1)), ("9", "address", "x", None),
    ]  # fmt: skip
    assert warehouse.count("select count(*) from bases where ecom_id = $who", who="1") == 2
    assert warehouse.reader("select field from bases order by field").read_all().to_pydict() == {
        "field": ["address", "email", "phone"]
    }


def test_a_column_that_the_table_does_not_have_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(duckdb.Error):
        warehouse.load("bases", pa.table({"colour": ["red"]}).to_reader())
    assert warehouse.count("select count(*) from bases") == 0


def test_times_are_utc_wherever_the_machine_stands(warehouse: Warehouse) -> None:
    (row,) = warehouse.rows("select cast(timestamptz '2026-11-23 04:15:00-08:00' as timestamp) as at")
    assert row["at"] == datetime(2026, 11, 23, 12, 15)


def test_findings_come_gravest_first() -> None:
    night = invented.night(11)
    order = [(SEVERITIES.index(f.check.severity), f.check.kind, f.finding_id) for f in night.findings()]
    night.close()
    assert order == sorted(order)
    assert len({severity for severity, _, _ in order}) >= 3
