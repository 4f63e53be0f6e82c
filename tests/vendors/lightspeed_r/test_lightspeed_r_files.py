"""R-Series fed by an exported list: its format is not public, so every column is mapped in the configuration."""

from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest

from connectors.base import Action, Change, Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.file_source import FileConnector, FileSettings
from connectors.files import FILE_FIELDS, FILE_PROOFS

LIST = """Customer ID,First,Last,Home,E-mail,Type,Born,Archived as,VAT
0007,Ada,NA,613-555-0101,ada@example.com,VIP,2/28/1990,active,X0000001
0008,Grace,Example,,grace@example.com,,,archived,
"""
COLUMNS = {"id": "Customer ID", "first_name": "First", "last_name": "Last", "phone": "Home", "email": "E-mail",
           "group": "Type", "birth_date": "Born", "status": "Archived as"}  # fmt: skip


def source(folder: Path, clock: SimulatedClock, **more: Any) -> FileConnector:
    path = folder / "customers.csv"
    path.write_text(LIST, encoding="utf-8")
    settings = FileSettings.model_validate(
        {"kind": "lightspeed_r", "role": "pos", "driver": "files", "path": path, "columns": COLUMNS,
         "date_order": "mdy", "exported_at": "2026-11-22", **more}
    )  # fmt: skip
    return FileConnector("till", settings, clock)


def test_the_file_is_landed_in_the_canonical_columns(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    (page,) = connector.pages(Evidence())
    assert isinstance(page.records, pa.Table)
    assert page.records.schema == FILE_FIELDS == connector.FIELDS
    assert page.records[connector.ID].to_pylist() == ["0007", "0008"]
    assert (connector.shape, connector.REQUIRED_PROOFS) == ("table", FILE_PROOFS)
    assert connector.unknown_columns == ["VAT"]
    assert "X0000001" not in str(page.records)


def test_profiles_are_found_and_viewed_as_file_rows(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    (row,) = connector.find("phone", "+16135550101")
    view = connector.view(row)
    assert (view["group"], view["birth_date"], view["last_name"]) == ("VIP", "1990-02-28", "NA")
    assert connector.view(connector.fetch(["0008"])["0008"] or {})["status"] == "archived"


@pytest.mark.parametrize("action", get_args(Action))
def test_nothing_is_written_to_a_file(tmp_path: Path, clock: SimulatedClock, action: Action) -> None:
    connector = source(tmp_path, clock)
    assert connector.capabilities.actions == frozenset()
    with pytest.raises(VendorError, match="cannot be written to"):
        connector.write(Change(action, "0007", {}, {"first_name": "Grace"}, key="c-1"))


def test_a_file_needs_no_credentials_and_costs_no_requests(tmp_path: Path, clock: SimulatedClock) -> None:
    assert all(line.ok for line in source(tmp_path, clock).check())
    assert getattr(source(tmp_path, clock), "http", None) is None
