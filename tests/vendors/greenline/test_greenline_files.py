"""Greenline by its default driver: the list that the dashboard exports, read and never written."""

from pathlib import Path
from typing import Any, get_args

import openpyxl
import pyarrow as pa
import pytest

from connectors.base import Action, Change, Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.file_source import FileConnector, FileSettings
from connectors.files import FILE_FIELDS, FILE_PROOFS

HEADINGS = ("Customer number", "Name", "Email", "Phone", "Birthday", "Tax exempt", "Points")
ROWS = [("0007", "Robin NA", "robin@example.com", "(416) 555-0123", "1988-11-30", "X-sentinel", "12"),
        ("0008", "Grace Example", "", "", "", "", "")]  # fmt: skip


def source(folder: Path, clock: SimulatedClock, suffix: str = ".csv", **more: Any) -> FileConnector:
    path = folder / f"customers{suffix}"
    if suffix == ".csv":
        path.write_text("\n".join(",".join(row) for row in (HEADINGS, *ROWS)) + "\n", encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for row in (HEADINGS, *ROWS):
            book.worksheets[0].append(row)
        book.save(path)
        book.close()
    settings = {"kind": "greenline", "role": "pos", "region": "CA", "path": path, "exported_at": "2026-11-22"}
    columns = {"columns": {"id": "Customer number", "birth_date": "Birthday"}}
    return FileConnector("green", FileSettings.model_validate({**settings, **columns, **more}), clock)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_vendors_own_heading_needs_no_configuration(tmp_path: Path, clock: SimulatedClock, suffix: str) -> None:
    """`Name` is the one heading that the vendor's pages give."""
    connector = source(tmp_path, clock, suffix)
    (page,) = connector.pages(Evidence())
    assert isinstance(page.records, pa.Table)
    assert page.records.schema == FILE_FIELDS == connector.FIELDS
    first = page.records.to_pylist()[0]
    assert (first["id"], first["full_name"], first["first_name"]) == ("0007", "Robin NA", None)
    assert (connector.shape, connector.REQUIRED_PROOFS) == ("table", FILE_PROOFS)


def test_the_configuration_may_read_that_heading_as_something_else(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock, columns={"id": "Customer number", "first_name": "Name"})
    row = connector.fetch(["0007"])["0007"]
    assert row is not None
    assert (row["first_name"], row["full_name"]) == ("Robin NA", None)


def test_g11_a_column_that_is_not_mapped_is_not_read(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    assert connector.unknown_columns == []  # known, and left out on purpose
    assert "X-sentinel" not in str(connector.fetch(["0007"]))


def test_an_export_without_an_id_column_is_refused(tmp_path: Path, clock: SimulatedClock) -> None:
    """Without ids nobody could be recognised the next night, nor written back."""
    with pytest.raises(VendorError, match="has no column for the ids"):
        list(source(tmp_path, clock, columns={}).pages(Evidence()))


def test_profiles_are_found_and_viewed_as_file_rows(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    (row,) = connector.find("phone", "+14165550123")
    view = connector.view(row)
    assert (row["id"], view["birth_date"], view["email_consent"]) == ("0007", "1988-11-30", None)


@pytest.mark.parametrize("action", get_args(Action))
def test_nothing_is_written_to_a_file(tmp_path: Path, clock: SimulatedClock, action: Action) -> None:
    connector = source(tmp_path, clock)
    assert connector.capabilities.actions == frozenset()
    with pytest.raises(VendorError, match="cannot be written to"):
        connector.write(Change(action, "0007", {}, {"first_name": "Grace"}, key="c-1"))


def test_a_file_costs_no_requests(tmp_path: Path, clock: SimulatedClock) -> None:
    assert all(line.ok for line in source(tmp_path, clock).check())
    assert getattr(source(tmp_path, clock), "http", None) is None
