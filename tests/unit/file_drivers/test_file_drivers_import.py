"""Import files: the operator's own export with what changes, and nothing that cannot be carried."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from connectors._file_formats import FORMATS, PLAIN
from connectors.base import VendorError
from connectors.files import CANONICAL
from tests.unit.file_drivers.listed import change, handed, list_of, source

HEADING = ["id", "first_name", "phone", "note", "tags", "email_consent", "Remark", ""]
ROW = ["007", "Ada", "613-555-0117", "", "", "in", '=1+1,"quoted"\nand more', " x "]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_import_file_is_as_the_export_was(tmp_path: Path, ends: str, encoding: str, delimiter: str) -> None:
    """The same bytes but for the cell that changes: separator, encoding, mark and line ends; only the row that changes."""
    how = {"ends": ends, "encoding": encoding, "delimiter": delimiter}
    row = [*ROW[:3], "Zoë's", *ROW[4:]]
    path = list_of(tmp_path / "l.csv", HEADING, ["1", *row[1:]], row, **how)
    changed = [*row[:2], "+16135550142", *row[3:]]
    expected = list_of(tmp_path / "e.csv", HEADING, changed, **how).read_bytes()
    assert handed(source("table", path), tmp_path / "i.csv", change("007", phone="+16135550142")) == expected


def test_what_is_not_corrected_keeps_every_byte(tmp_path: Path) -> None:
    """Quotation marks that nobody needs, blanks, spellings of phones, a line end that differs: only the cell changes."""
    path = tmp_path / "l.csv"
    path.write_bytes(
        b'"id","phone",phone_2, "note" ,"Remark"\r\n'
        b'"1","(613) 555-0117",613.555.0117, "x" ,"a ""b""\nc"\r\n'
        b'"2","613 555 0118",+1 613 555 0119, y ,""\n'
        b"3,6135550120,,,"
    )
    to = tmp_path / "i.csv"
    assert handed(source("table", path), to, change("2", phone="+16135550142"), change("3", phone="+16135550143")) == (
        b'"id","phone",phone_2, "note" ,"Remark"\r\n"2","+16135550142",+1 613 555 0119, y ,""\n3,+16135550143,,,\r\n'
    )


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_g11_identity_documents_are_in_no_import_file(tmp_path: Path, suffix: str) -> None:
    """The operator's own list holds them; the copy that lies in the workspace does not, and the steps say so."""
    heading = ["ID Number", "Customer ID", "Passport no", "Phone"]
    path, to = tmp_path / f"l{suffix}", tmp_path / f"i{suffix}"
    if suffix == ".csv":
        list_of(path, heading, ["X1", "7", "X2", ""])
    else:
        book = openpyxl.Workbook()
        book.worksheets[0].append(heading)
        book.worksheets[0].append(["X1", "7", "X2"])
        book.save(path)
        book.close()
    connector = source("blaze_ecom", path)
    made = handed(connector, to, change("7", phone="+16135550142"))
    if suffix == ".csv":
        assert made == b"Customer ID,Phone\n7,+16135550142\n"
    else:
        book = openpyxl.load_workbook(to)
        assert list(book.worksheets[0].values) == [("Customer ID", "Phone"), ("7", "+16135550142")]
        book.close()
    assert "without ID Number, Passport no (G11)" in connector.import_steps[0]


def test_several_changes_of_one_profile_are_one_row(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", HEADING, ROW)
    made = handed(
        source("table", path), tmp_path / "i.csv", change("007", phone=None), change("007", "c-2", tags="a;b"),
        change("007", "c-3", email_consent="out"),
    )  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(made.decode(), newline=""))
    assert (row["phone"], row["tags"], row["email_consent"], row["first_name"]) == ("", "a;b", "out", "Ada")


@pytest.mark.parametrize(
    ("kind", "heading", "old", "after", "new"),
    [
        ("shopify", "Accepts Email Marketing", "yes", {"email_consent": "out"}, "no"),
        ("shopify", "Phone", "'+16135550117", {"phone": "+16135550142"}, "'+16135550142"),
        ("shopify", "Phone", "", {"phone": "+16135550142"}, "+16135550142"),
        ("shopify", "Tags", "vip, b", {"tags": "b;c;vip"}, "b, c, vip"),
        ("heartland", "Email Opt In", "TRUE", {"email_consent": "out"}, "FALSE"),
        ("heartland", "Email Opt In", "1", {"email_consent": "out"}, "0"),
        ("lightspeed_x", "do_not_email", "0", {"email_consent": "out"}, "1"),
        ("lightspeed_r", "No Email", "No", {"email_consent": "out"}, "Yes"),
        ("ecwid", "accept_marketing", "true", {"email_consent": "out"}, "false"),
        ("greenline", "Email Opt In", "Y", {"email_consent": "out"}, "N"),
        ("treez", "Phone", "6135550117", {"phone": "+16135550142"}, "6135550142"),
        ("treez", "Birthday", "2/28/1990", {"birth_date": "1991-03-01"}, "03/01/1991"),
        ("heartland", "First Name", "?", {"first_name": "=1+1"}, "=1+1"),
    ],
)
def test_values_go_back_in_the_vendors_words(
    tmp_path: Path, kind: str, heading: str, old: str, after: dict[str, str], new: str
) -> None:
    path = list_of(tmp_path / "l.csv", [FORMATS[kind].columns["id"][0], heading], ["1", old])
    made = handed(source(kind, path), tmp_path / "i.csv", change("1", **after))
    (row,) = csv.DictReader(io.StringIO(made.decode(), newline=""))
    assert row[heading] == new


def test_a_value_that_a_vendor_cannot_hold_is_refused_alone(tmp_path: Path) -> None:
    """Treez keeps ten digits: a British number is told, and stands in the way of nobody else's."""
    path = list_of(tmp_path / "l.csv", ["Customer ID", "Phone"], ["1", ""], ["2", ""])
    connector = source("treez", path)
    changes = [change("1", "c-1", phone="+442079460018"), change("2", "c-2", phone="+16135550142")]
    refused = connector.look_over(changes, connector.reader.file_now())
    assert set(refused) == {"c-1"}
    assert "ten digits" in refused["c-1"]
    assert "7946" not in refused["c-1"]


def test_g9a_an_opt_in_is_never_handed_over(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", HEADING, ROW)
    connector = source("table", path)
    (why,) = connector.look_over([change("007", email_consent="in")], connector.reader.file_now()).values()
    assert "never written (G9a)" in why


@pytest.mark.parametrize("rows", [[ROW, ROW], [["8", *ROW[1:]]]])
def test_an_id_that_is_there_twice_or_no_more_hands_nothing_over(tmp_path: Path, rows: list[list[str]]) -> None:
    connector = source("table", list_of(tmp_path / "l.csv", HEADING, *rows))
    with pytest.raises(VendorError, match="holds 007 not exactly once"):
        connector.hand_over([change("007", phone=None)], tmp_path / "i.csv")


def test_a_letter_that_the_files_encoding_lacks_is_told(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", HEADING, [*ROW[:1], "Zoë", *ROW[2:]], encoding="cp1252")
    with pytest.raises(VendorError, match="CSV UTF-8") as caught:
        source("table", path).hand_over([change("007", first_name="Čapek")], tmp_path / "i.csv")
    assert "apek" not in str(caught.value)


def test_another_file_hands_nothing_over(tmp_path: Path) -> None:
    connector = source("table", list_of(tmp_path / "l.csv", HEADING, ROW))
    judged = connector.reader.file_now()
    list_of(tmp_path / "l.csv", HEADING, ROW, ROW)
    with pytest.raises(VendorError, match="another one than the run judged"):
        connector.look_over([change("007", phone=None)], judged)


def test_a_column_read_for_two_fields_is_changed_for_neither(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", ["id", "Contact"], ["1", "x"])
    connector = source("table", path, columns={"phone": "Contact", "note": "Contact"})
    assert connector.capabilities.actions == frozenset()
    assert [line.ok for line in connector.check() if line.name == "write-back"] == [False]


def test_a_workbook_keeps_what_its_cells_are(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["id", "phone", "Points", "Since", "Text"])
    sheet.append([7, 6135550117, 12.5, None, "=1+1"])
    sheet["A2"].number_format = "000"
    sheet["E2"].data_type = "s"
    book.save(tmp_path / "l.xlsx")
    book.close()
    handed(source("table", tmp_path / "l.xlsx"), tmp_path / "i.xlsx", change("007", phone="+16135550142"))
    made = openpyxl.load_workbook(tmp_path / "i.xlsx")
    cells = list(made.worksheets[0].iter_rows())[1]
    made.close()
    assert [(cell.value, cell.data_type) for cell in cells] == [
        (7, "n"), ("+16135550142", "s"), (12.5, "n"), (None, "n"), ("=1+1", "s")
    ]  # fmt: skip
    assert cells[0].number_format == "000"


# a table's headings ---------------------------------------------------------------------------------------------------


def test_a_table_knows_the_headings_of_well_known_exports(tmp_path: Path) -> None:
    heading = ["Customer ID", "First Name", "Surname", "DOB", "Mobile", "E-mail", "Zip", "Accepts Email Marketing"]
    rows = [
        ["7", "Ada", "Roe", "1990-02-28", "613 555 0117", "ada@example.com", "K1A 0B1", "yes"],
        ["8", *[""] * 6, "no"],
    ]
    connector = source("table", list_of(tmp_path / "l.csv", heading, *rows))
    found = {name: connector.view(record or {}) for name, record in connector.fetch(["7", "8"]).items()}
    assert (found["7"]["last_name"], found["7"]["birth_date"], found["7"]["phone"]) == (
        "Roe",
        "1990-02-28",
        "613 555 0117",
    )
    assert (found["7"]["postal_code"], found["7"]["email_consent"]) == ("K1A 0B1", "in")
    assert found["8"]["email_consent"] == "unknown", "no is also said of who was never asked (G9)"
    assert b",no\n" in handed(connector, tmp_path / "i.csv", change("7", email_consent="out"))


def test_no_heading_of_a_table_says_two_fields() -> None:
    named = [heading.casefold().replace(" ", "") for known in PLAIN.columns.values() for heading in known]
    assert len(named) == len(set(named))
    assert set(PLAIN.columns) <= set(CANONICAL)
    assert not {name.replace("_", "") for name in CANONICAL} & set(named)


def test_two_columns_that_say_the_same_field_are_refused_and_named(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", ["id", "Phone", "Mobile"], ["1", "613 555 0117", ""])
    with pytest.raises(VendorError, match="several columns for `phone`: `Phone` and `Mobile`: say which one it is"):
        source("table", path).fetch(["1"])
    told = source("table", path, columns={"phone": "Phone", "phone_2": "Mobile"})
    assert told.reader.positions == {"id": 0, "phone": 1, "phone_2": 2}
