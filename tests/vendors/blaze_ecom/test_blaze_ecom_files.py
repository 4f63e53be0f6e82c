"""BLAZE ECOM by its default driver: a list exported from Mission Control, read and never written."""

from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest

from connectors.base import Action, Change, Evidence, VendorError
from connectors.clock import SimulatedClock
from connectors.file_source import FileConnector, FileSettings
from connectors.files import FILE_FIELDS, FILE_PROOFS

LIST = """Customer ID,First,Last,Mobile,E-mail,Opt-in,Licence
0007,Dana,NA,+14155550123,dana@example.com,in,X0000001
0008,Grace,Example,,grace@example.com,out,
"""


def source(folder: Path, clock: SimulatedClock, **more: Any) -> FileConnector:
    path = folder / "customers.csv"
    path.write_text(LIST, encoding="utf-8")
    columns = {"id": "Customer ID", "first_name": "First", "last_name": "Last", "phone": "Mobile", "email": "E-mail",
               "email_consent": "Opt-in"}  # fmt: skip
    settings = FileSettings.model_validate(
        {"kind": "blaze_ecom", "role": "ecom", "path": path, "columns": columns, "exported_at": "2026-11-22", **more}
    )
    return FileConnector("ecom", settings, clock)


def test_the_file_is_landed_in_the_canonical_columns(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    (page,) = connector.pages(Evidence())
    assert isinstance(page.records, pa.Table)
    assert page.records.schema == FILE_FIELDS == connector.FIELDS
    assert page.records["id"].to_pylist() == ["0007", "0008"]
    assert (connector.shape, connector.REQUIRED_PROOFS) == ("table", FILE_PROOFS)


def test_g11_a_column_that_is_not_mapped_is_not_read(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    assert "X0000001" not in str(connector.fetch(["0007", "0008"]))


def test_profiles_are_found_and_viewed_as_file_rows(tmp_path: Path, clock: SimulatedClock) -> None:
    connector = source(tmp_path, clock)
    (row,) = connector.find("email", "GRACE@example.com")
    view = connector.view(row)
    assert (row["id"], view["first_name"], view["email_consent"], view["phone"]) == ("0008", "Grace", "out", None)
    assert connector.fetch(["0009"]) == {"0009": None}
    assert connector.admin_url("0008") is None


@pytest.mark.parametrize("action", get_args(Action))
def test_nothing_is_written_to_a_file(tmp_path: Path, clock: SimulatedClock, action: Action) -> None:
    connector = source(tmp_path, clock)
    assert connector.capabilities.actions == frozenset()
    with pytest.raises(VendorError, match="cannot be written to") as caught:
        connector.write(Change(action, "0007", {}, {"first_name": "Grace"}, key="c-1"))
    assert caught.value.permanent


def test_check_reads_the_headings(tmp_path: Path, clock: SimulatedClock) -> None:
    assert all(line.ok for line in source(tmp_path, clock).check())
    wrong = source(tmp_path, clock, columns={"id": "Member"})
    assert any("no column `Member`" in line.detail for line in wrong.check() if not line.ok)


def test_a_file_costs_no_requests(tmp_path: Path, clock: SimulatedClock) -> None:
    assert getattr(source(tmp_path, clock), "http", None) is None
