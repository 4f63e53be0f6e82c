"""Files as sources: what a spreadsheet program may have done to a customer list, and what must survive it (G1)."""

import csv
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from connectors.base import Change, Evidence, SourceSettings, VendorError
from connectors.clock import SimulatedClock
from connectors.files import FILE_FIELDS, FileReader
from connectors.table import Table

CLOCK = SimulatedClock(datetime(2026, 11, 23, 4, 15, tzinfo=UTC))


def reader(path: Path, columns: Mapping[str, str] | None = None, **more: Any) -> FileReader:
    given = {"kind": "table", "role": "pos", "path": path, "columns": columns or {}, "region": "CA"}
    return FileReader("old", Table.Settings.model_validate(given | more))


def rows(source: FileReader) -> tuple[list[dict[str, Any]], Evidence]:
    evidence = Evidence()
    tables: list[pa.Table] = [page.records for page in source.pages(evidence)]
    assert all(table.schema == FILE_FIELDS for table in tables)
    return [row for table in tables for row in table.to_pylist()], evidence


def written(path: Path, *lines: list[str], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(lines)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def book(path: Path, *lines: list[Any]) -> Path:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    workbook.save(path)
    return path


def problem(source: FileReader) -> str:
    with pytest.raises(VendorError) as caught:
        rows(source)
    assert caught.value.permanent
    assert source.check()[0].ok is False
    return str(caught.value)


# cells survive as they are ------------------------------------------------------------------------------------------

ODD = ["NA", "None", "null", "nan", "007", "=1+1", "+16135550117", "1e5", "true", "🙂", "Zoë", "a,b;c\td", 'say "hi"']


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_every_cell_is_text_as_it_stands(tmp_path: Path, name: str) -> None:
    heading = ["id", "last_name"]
    lines = [[f"{n:03d}", value] for n, value in enumerate([*ODD, "two\nlines", "crlf\r\nlines"])]
    if name.endswith(".csv"):
        path = written(tmp_path / name, heading, *lines)
    else:
        path = book(tmp_path / name, heading)
        workbook = openpyxl.load_workbook(path)
        for line in lines[:-1]:  # a carriage return is not kept by the format
            workbook.active.append(line)
            for cell in workbook.active[workbook.active.max_row]:
                cell.data_type = "s"  # text, also where it looks like a formula
        workbook.save(path)
        lines = lines[:-1]
    found, evidence = rows(reader(path))
    assert [[row["id"], row["last_name"]] for row in found] == lines
    assert evidence.end_mark is None
    assert evidence.notes == []


def test_an_empty_cell_is_empty_and_a_missing_column_is_null(tmp_path: Path) -> None:
    (row,), _ = rows(reader(written(tmp_path / "list.csv", ["id", "email", "phone"], ["1", "", ""])))
    assert (row["email"], row["phone"], row["note"], row["email_consent"]) == ("", "", None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_separator_are_recognised(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["id", "first_name", "note"], ["1", "Zoë", "a,b;c"], ["2", "Renée", ""]]
    path = written(tmp_path / "list.csv", *lines, encoding=encoding, delimiter=delimiter)
    found, _ = rows(reader(path))
    assert [row["first_name"] for row in found] == ["Zoë", "Renée"]
    assert found[0]["note"] == "a,b;c"


def test_utf8_is_told_from_windows_also_far_into_the_file(tmp_path: Path) -> None:
    """A character that lies across two blocks of the reader is no reason to doubt it."""
    lines = b"id,note\n" + b"".join(b"%d,%s\n" % (n, "ë".encode() * 400) for n in range(12_000))
    (tmp_path / "list.csv").write_bytes(lines)
    found, _ = rows(reader(tmp_path / "list.csv"))
    assert {row["note"] for row in found} == {"ë" * 400}


def test_a_file_in_utf16_or_with_bytes_of_no_encoding_is_refused(tmp_path: Path) -> None:
    assert "UTF-16" in problem(reader(written(tmp_path / "wide.csv", ["id"], ["1"], encoding="utf-16")))
    path = tmp_path / "broken.csv"
    path.write_bytes(b"id,note\n1,\x81\x8d\n")
    with pytest.raises(VendorError, match="cannot be read as CSV"):
        rows(reader(path))


def test_a_big_file_comes_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is some blocks, however long the file: 250 of them here."""
    monkeypatch.setattr("connectors.sheets._BLOCK", 128 * 1024)
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,first_name,note\n")
        file.writelines(f'{n},Ada,"{"x" * 400}\n{"y" * 400}"\n' for n in range(40_000))
    before = pa.total_allocated_bytes()
    sizes, most = [], 0
    for page in reader(path).pages(Evidence()):
        assert isinstance(page.records, pa.Table)
        sizes.append(len(page.records))
        most = max(most, pa.total_allocated_bytes() - before)
    assert sum(sizes) == 40_000
    assert len(sizes) >= 200
    assert most < path.stat().st_size


def test_numbers_and_dates_of_a_workbook_read_as_a_person_reads_them(tmp_path: Path) -> None:
    born, edited = datetime.fromisoformat("1990-02-28"), datetime.fromisoformat("2026-11-01T04:05:06")
    path = book(
        tmp_path / "list.xlsx",
        ["id", "phone", "postal_code", "birth_date", "updated_at", "has_purchased", "note", "external_id"],
        [17.0, 6135550117, 2134, born, edited, True, 1.5, "007"],
        [None, None, None, None, None, None, None, None],
        [18, 6135550118.0, "02134", date(1991, 3, 1), None, False, "x", 7],
    )
    workbook = openpyxl.load_workbook(path)
    workbook.active["C2"].number_format = "00000"
    workbook.save(path)
    found, evidence = rows(reader(path))
    names = ("id", "phone", "postal_code", "birth_date", "updated_at", "has_purchased", "note", "external_id")
    assert [[row[name] for name in names] for row in found] == [
        ["17", "6135550117", "02134", "1990-02-28", "2026-11-01T04:05:06", "true", "1.5", "007"],
        ["18", "6135550118", "02134", "1991-03-01", "", "false", "x", "7"],
    ]
    assert evidence.end_mark is None


def test_a_workbook_that_understates_its_size_is_read_to_its_end(tmp_path: Path) -> None:
    whole = book(tmp_path / "whole.xlsx", ["id", "email"], *[[str(n), "a@example.com"] for n in range(30)])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "list.xlsx", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<dimension ref="A1:B31"', b'<dimension ref="A1:A5"'))
        assert b'ref="A1:B31"' in source.read("xl/worksheets/sheet1.xml")
    found, _ = rows(reader(tmp_path / "list.xlsx"))
    assert [row["email"] for row in found] == ["a@example.com"] * 30


@pytest.mark.parametrize(
    ("order", "cell", "read"),
    [
        ("mdy", "2/28/1990", "1990-02-28"),
        ("mdy", "02/03/1990 14:05", "1990-02-03 14:05"),
        ("dmy", "28.2.1990", "1990-02-28"),
        ("dmy", "3/2/1990", "1990-02-03"),
        ("ymd", "1990/2/3", "1990-02-03"),
        ("ymd", "1990-02-28", "1990-02-28"),
        ("mdy", "1990-02-28", "1990-02-28"),
        ("ymd", "2/28/1990", "2/28/1990"),
    ],
)
def test_dates_are_turned_as_the_settings_say_and_never_guessed(
    tmp_path: Path, order: str, cell: str, read: str
) -> None:
    path = written(tmp_path / "list.csv", ["id", "birth_date"], ["1", cell])
    (row,), _ = rows(reader(path, date_order=order))
    assert row["birth_date"] == read


# headings -----------------------------------------------------------------------------------------------------------


def test_headings_match_without_case_spaces_and_underscores(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", ["CUSTOMER  #", "First Name", "e-mail", "Stamps"], ["1", "Ada", "a@x", "9"])
    source = reader(path, {"id": "customer #", "email": "E-Mail"})
    (row,), evidence = rows(source)
    assert (row["id"], row["first_name"], row["email"]) == ("1", "Ada", "a@x")
    assert source.unknown_columns == ["Stamps"]
    assert evidence.contract == {"columns": "id=CUSTOMER  #; first_name=First Name; email=e-mail"}


def test_a_configured_column_beats_one_that_is_named_alike(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", ["id", "phone", "mobile"], ["1", "old", "new"])
    source = reader(path, {"phone": "Mobile"})
    assert rows(source)[0][0]["phone"] == "new"
    assert source.unknown_columns == ["phone"]


def test_without_an_id_column_the_headings_are_named(tmp_path: Path) -> None:
    said = problem(reader(written(tmp_path / "list.csv", ["Number", "Name"], ["1", "Ada"])))
    assert "no column for the ids" in said
    assert "Number, Name" in said


@pytest.mark.parametrize(
    ("headings", "columns", "says"),
    [
        (["id", "Phone", "phone "], {}, "two columns with the heading phone"),
        (["id", "x"], {"email": "E-Mail"}, "no column `E-Mail` for `email`"),
        (["id", "x"], {"loyalty": "x"}, "cannot give a `loyalty`"),
        ([], {}, "headings found: none"),
        (["7", "Quillfeather", "613-555-0117"], {}, "has no headings: its first row holds a customer"),
    ],
)
def test_headings_that_cannot_be_used(tmp_path: Path, headings: list[str], columns: dict[str, str], says: str) -> None:
    said = problem(reader(written(tmp_path / "list.csv", headings, ["1", "2", "3"]), columns))
    assert says in said
    assert "Quillfeather" not in said


def test_a_file_that_is_not_there_or_is_something_else(tmp_path: Path) -> None:
    assert "is not there" in problem(reader(tmp_path / "list.csv"))
    (tmp_path / "list.pdf").write_bytes(b"%PDF")
    assert "export it as CSV or XLSX" in problem(reader(tmp_path / "list.pdf"))
    nameless = FileReader("old", SourceSettings(kind="table", role="pos", driver="files"))
    assert "write `path:`" in problem(nameless)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
ZIP = b"PK\x03\x04" + bytes(40)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("list.csv", b"", "is empty"),
        ("list.xlsx", b"", "is empty"),
        ("list.csv", b"\xef\xbb\xbf\r\n", "is empty"),
        ("list.csv", ZIP, "is a workbook or another ZIP archive: give a workbook the ending .xlsx"),
        ("list.xlsx", ZIP, "cannot be read as XLSX"),
        ("list.xlsx", b"id,first_name\n", "is no XLSX workbook"),
        ("list.csv", b"%PDF-1.7", "is a PDF document"),
        ("list.csv", b"\xd0\xcf\x11\xe0" + bytes(40), "old Excel workbook"),
        ("list.csv", b"\n <!DOCTYPE html><title>Log in</title>", "is a web page"),
        ("list.csv", PNG, "is no text but binary data"),
        ("list.csv", b"SQLite format 3\0" + bytes(40), "is no text but binary data"),
    ],
)
def test_a_file_that_is_something_else_is_called_what_it_is(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert says in problem(reader(tmp_path / name))


def test_a_workbook_with_nothing_in_its_first_row(tmp_path: Path) -> None:
    assert "has nothing in the first row of its first sheet" in problem(reader(book(tmp_path / "list.xlsx", [])))


# completeness (G1) --------------------------------------------------------------------------------------------------


def test_only_headings_is_an_empty_list(tmp_path: Path) -> None:
    for path in (written(tmp_path / "list.csv", ["id", "email"]), book(tmp_path / "list.xlsx", ["id", "email"])):
        found, evidence = rows(reader(path))
        assert (found, evidence.end_mark) == ([], None)


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_g1_rows_without_id_mean_no_certificate(tmp_path: Path, name: str) -> None:
    lines = [["id", "email"], ["1", "a@example.com"], ["", "b@example.com"], ["  ", "c@example.com"], [" 2 ", ""]]
    make = written if name.endswith(".csv") else book
    found, evidence = rows(reader(make(tmp_path / name, *lines)))
    assert [row["id"] for row in found] == ["1", "2"]
    assert evidence.end_mark is False
    assert evidence.notes == ["2 rows have no id: give them one, or take them out"]


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_g1_rows_that_do_not_fit_mean_no_certificate(tmp_path: Path, name: str) -> None:
    lines = [["id", "email"], ["1", "a@example.com"], ["2", "b@example.com", "surplus"], ["3", "c@example.com"]]
    make = written if name.endswith(".csv") else book
    source = reader(make(tmp_path / name, *lines))
    for _ in range(2):
        found, evidence = rows(source)
        assert [row["id"] for row in found] == ["1", "3"]
        assert evidence.end_mark is False
        assert evidence.notes == ["1 row does not fit the 2 headings: mend them"]


def test_g1_an_open_quotation_mark_means_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('id,note\n1,fine\n2,"open\n3,swallowed\n', encoding="utf-8")
    found, evidence = rows(reader(path))
    assert len(found) < 3
    assert evidence.end_mark is False
    assert "never closed" in evidence.notes[0]


def test_words_that_a_column_does_not_know_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path / "list.csv",
        ["id", "status", "email_consent"],
        ["1", "Active", "in"], ["2", "retired", "yes"], ["3", "", ""], ["4", "gone", "OUT"],
    )  # fmt: skip
    _, evidence = rows(reader(path))
    assert evidence.end_mark is None
    assert evidence.notes == [
        "1 cell of email_consent: none of in, out, pending, unknown, erased, so read as unknown",
        "2 cells of status: none of active, archived, deleted, merged, so read as active",
    ]


# single profiles ----------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path) -> Table:
    path = written(
        tmp_path / "list.csv",
        ["id", "phone", "phone_2", "email", "email_2", "external_id"],
        ["1", "(613) 555-0117", "", "Ada@Example.com ", "", "T-1"],
        ["2", "613-555-0118", "+44 20 7946 0018", "x@example.com", "ada@example.com", ""],
        ["", "613-555-0117", "", "ada@example.com", "", ""],
        ["3", "613-555-0117 ext 5 or so", "", "", "", ""],
    )
    given = {"kind": "table", "role": "pos", "path": path, "region": "CA"}
    return Table("old", Table.Settings.model_validate(given), CLOCK)


def test_g3_find_by_phone_parses_with_the_region_of_the_source(table: Table) -> None:
    assert [row["id"] for row in table.find("phone", "+16135550117")] == ["1"]
    assert [row["id"] for row in table.find("phone", "+442079460018")] == ["2"]
    assert table.find("phone", "+15145550117") == []


def test_g4_find_by_email_folds_case_and_spaces(table: Table) -> None:
    assert [row["id"] for row in table.find("email", "ada@example.com")] == ["1", "2"]
    assert [row["id"] for row in table.find("key", "T-1")] == ["1"]


def test_fetch_reads_rows_of_the_file(table: Table) -> None:
    found = table.fetch(["2", "9"])
    assert found["9"] is None
    assert found["2"] is not None
    assert found["2"]["phone"] == "613-555-0118"


def test_a_file_is_never_written(table: Table) -> None:
    assert table.capabilities.actions == frozenset()
    with pytest.raises(VendorError, match="a file cannot be written to"):
        table.write(Change("update", "1", {}, {"phone": None}, key="c-1"))


def test_g9b_consent_channels_are_those_with_a_column(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", ["id", "Marketing"], ["1", "in"])
    given = {"kind": "table", "role": "pos", "path": path, "columns": {"email_consent": "marketing"}}
    settings = Table.Settings.model_validate(given)
    assert Table("old", settings, CLOCK).capabilities.consent == {"email"}
    gone = settings.model_copy(update={"path": tmp_path / "gone.csv"})
    assert Table("old", gone, CLOCK).capabilities.consent == frozenset()


def test_a_column_without_heading_is_told_of_where_it_holds_something(tmp_path: Path) -> None:
    """Spreadsheets leave empty columns behind: nobody has to look at one."""
    for cell, told in (("", ["Loyalty"]), ("x", ["Loyalty", "(no heading)"])):
        source = reader(written(tmp_path / "list.csv", ["id", "Loyalty", ""], ["1", "", cell]))
        rows(source)
        assert source.unknown_columns == told


def test_check_tells_what_is_read_and_how_a_date_is_stated(tmp_path: Path) -> None:
    path = written(tmp_path / "list.csv", ["id", "Mobile", ""], ["1", "2", "3"])
    lines = reader(path, {"phone": "mobile"}).check()
    assert [(line.name, line.ok) for line in lines] == [("file", True), ("columns", True), ("date", True)]
    assert "exported_at" in lines[2].detail
    assert "phone from `Mobile`; not read: (no heading)" in lines[1].detail
    assert reader(path, exported_at="2026-11-22T23:00").check()[2].ok
