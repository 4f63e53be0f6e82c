"""The warehouse: hardened, in memory, and filled by names (DESIGN, Data at rest)."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from jobs.detect import SEVERITIES
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


def test_nothing_is_spilled_unless_a_folder_is_named(warehouse: Warehouse, tmp_path: Path) -> None:
    assert warehouse.rows("select current_setting('temp_directory') as place") == [{"place": ""}]
    with Warehouse(spill=tmp_path, memory="512MB") as spilling:
        assert spilling.rows("select current_setting('temp_directory') as place") == [{"place": str(tmp_path)}]


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
