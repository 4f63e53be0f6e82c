"""sql/shape/table.sql: given rows, expected profiles; what `view` covers is the contract suite's."""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import sql
from connectors.files import CANONICAL, FILE_FIELDS


def shaped(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    (shape,) = sql.script("shape/table").statements
    table = pa.Table.from_pylist([dict.fromkeys(CANONICAL) | row for row in rows], schema=FILE_FIELDS)
    with duckdb.connect(config={"python_enable_replacements": "false"}) as warehouse:
        warehouse.execute("set TimeZone = 'America/Los_Angeles'")  # no setting of the session may show in a time
        warehouse.register("raw", table)
        found = warehouse.execute(shape, {"source": "old"})
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_a_bare_row_is_an_active_profile_with_nothing_in_it() -> None:
    (row,) = shaped({"id": "007"})
    filled = {name: value for name, value in row.items() if value is not None}
    assert filled == {"source": "old", "id": "007", "status": "active", "links": []}


def test_every_column_goes_where_it_belongs() -> None:
    names = [name for name in CANONICAL if name not in {"group", "birth_date", "created_at", "updated_at"}]
    (row,) = shaped({name: f" {name} of it " for name in names} | {"id": "1", "group": "Gold"})
    kept = [name for name in names if name not in {"id", "status", "email_consent", "sms_consent", "has_purchased"}]
    assert {name: row[name] for name in kept} == {name: f"{name} of it" for name in kept}
    assert row["group_name"] == "Gold"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-11-01T04:05:06Z", datetime.fromisoformat("2026-11-01T04:05:06")),
        ("2026-11-01T04:05:06+02:00", datetime.fromisoformat("2026-11-01T02:05:06")),
        ("2026-11-01T04:05:06-0800", datetime.fromisoformat("2026-11-01T12:05:06")),
        ("2026-11-01 04:05:06", datetime.fromisoformat("2026-11-01T04:05:06")),
        ("2026-11-01", datetime.fromisoformat("2026-11-01T00:00:00")),
        ("1 Nov", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_utc_where_the_file_says_so(cell: str | None, expected: datetime | None) -> None:
    (row,) = shaped({"id": "1", "created_at": cell, "updated_at": cell})
    assert (row["created_at"], row["updated_at"]) == (expected, expected)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("Yes", True), ("1", True), ("true", True), (" no ", False), ("0", False), ("", None), ("3 orders", None)],
)
def test_has_purchased(cell: str, expected: bool | None) -> None:
    assert shaped({"id": "1", "has_purchased": cell})[0]["has_purchased"] is expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(None, None), ("", "unknown"), ("in", "in"), (" OUT ", "out"), ("Pending", "pending"), ("yes", "unknown")],
)
def test_g9_a_missing_column_an_empty_cell_and_an_odd_word_never_become_in(
    cell: str | None, expected: str | None
) -> None:
    (row,) = shaped({"id": "1", "email_consent": cell, "sms_consent": cell})
    assert (row["email_consent"], row["sms_consent"]) == (expected, expected)
