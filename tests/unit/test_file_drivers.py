"""Vendors' export files cell by cell: their words into ours and back, and the operator's own file opened again."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import ValidationError

from connectors._file_formats import FORMATS, PLAIN
from connectors.base import Change, Evidence, VendorError, kinds
from connectors.clock import SimulatedClock
from connectors.file_source import FileConnector, FileSettings, connect, settings_class
from connectors.files import CANONICAL, WRITABLE
from connectors.treez import Treez
from jobs.errors import ConfigError
from jobs.settings import parse

CLOCK = SimulatedClock(datetime(2026, 11, 23, 12, 15, tzinfo=UTC))


def list_of(path: Path, heading: list[str], *rows: list[str], **how: Any) -> Path:
    """A CSV file; `encoding`, `delimiter` and `ends` as given."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=how.get("delimiter", ","), lineterminator=how.get("ends", "\n")).writerows(
        [heading, *rows]
    )
    path.write_bytes(text.getvalue().encode(how.get("encoding", "utf-8")))
    return path


def source(kind: str, path: Path, **more: Any) -> FileConnector:
    given = {"kind": kind, "role": "pos", "driver": "files", "path": path, "region": "CA", "writes": True, **more}
    return FileConnector("till", FileSettings.model_validate(given), CLOCK)


def one(kind: str, path: Path, cells: dict[str, str], **more: Any) -> dict[str, str | None]:
    """How a customer with these cells is viewed."""
    id_heading = FORMATS[kind].columns["id"][0]
    connector = source(kind, list_of(path / "l.csv", [id_heading, *cells], ["1", *cells.values()]), **more)
    record = connector.fetch(["1"])["1"]
    assert record is not None
    return connector.view(record)


def change(profile_id: str, key: str = "c-1", **after: str | None) -> Change:
    action = "opt_out" if any(name.endswith("_consent") for name in after) else "update"
    return Change(action, profile_id, {}, after, key=key)


def handed(connector: FileConnector, to: Path, *changes: Change) -> bytes:
    assert connector.look_over(changes, connector.reader.file_now()) == {}
    connector.hand_over(changes, to)
    return to.read_bytes()


# the table of formats ------------------------------------------------------------------------------------------------


def test_every_vendor_has_a_format_in_canonical_words() -> None:
    assert set(FORMATS) == set(kinds()) - {"table"}
    for form in FORMATS.values():
        assert set(form.columns) <= set(CANONICAL)
        assert "id" in form.columns
        assert form.by_hand <= WRITABLE
        assert set(form.words) <= {"email_consent", "sms_consent", "status"}
        assert form.steps


def test_c5_the_steps_of_mission_control_name_the_place_to_look() -> None:
    assert "action log of Mission Control" in FORMATS["blaze_ecom"].steps[-1]


def test_g9_no_format_makes_an_opt_in_of_an_empty_cell() -> None:
    for form in FORMATS.values():
        assert all(meaning != "in" for words in form.words.values() for cell, meaning in words.items() if not cell)


@pytest.mark.parametrize(
    ("kind", "cells", "shown"),
    [
        ("shopify", {"Accepts Email Marketing": "subscribed"}, {"email_consent": "in"}),
        ("shopify", {"Accepts Email Marketing": "unsubscribed"}, {"email_consent": "out"}),
        ("shopify", {"Accepts Marketing": "no"}, {"email_consent": "unknown"}),
        ("shopify", {"Phone": "'+16135550117", "Zip": "'01234"}, {"phone": "+16135550117", "postal_code": "01234"}),
        ("shopify", {"Last Name": "'t Hooft"}, {"last_name": "'t Hooft"}),
        ("shopify", {"Tags": "vip, b, vip"}, {"tags": "b;vip"}),
        ("shopify", {"Address1": "1 Old St", "Default Address Address1": "2 New St"}, {"street": "2 New St"}),
        ("heartland", {"First Name": "?", "Active": "No"}, {"first_name": None, "status": "archived"}),
        ("heartland", {"Email Opt In": "false"}, {"email_consent": "unknown"}),
        ("heartland", {"Address Phone": "1", "Mobile Phone": "2"}, {"phone": "2"}),
        ("lightspeed_x", {"do_not_email": "TRUE"}, {"email_consent": "out", "sms_consent": None}),
        ("lightspeed_x", {"do_not_email": "false", "enable_promotional_sms": "true"}, {"email_consent": "unknown"}),
        ("lightspeed_x", {"phone": "0", "customer_group": "All Customers"}, {"phone": None, "group": None}),
        ("lightspeed_x", {"physical_address1": "1 Long St"}, {"street": "1 Long St"}),
        ("lightspeed_r", {"No Email": "Yes", "No Phone": "No"}, {"email_consent": "unknown", "sms_consent": "in"}),
        ("lightspeed_r", {"Archived": "true", "Home": "5", "Mobile": "6"}, {"status": "archived", "phone": "5"}),
        ("ecwid", {"accept_marketing": ""}, {"email_consent": "unknown"}),
        ("ecwid", {"accept_marketing": "false", "customer_group": "General"}, {"email_consent": "out", "group": None}),
        ("treez", {"Opt Out": "true", "Status": "DEACTIVATED"}, {"email_consent": "unknown", "status": "archived"}),
        ("treez", {"Notes": "N/A", "Birthday": "2/28/1990"}, {"note": None, "birth_date": "1990-02-28"}),
        ("treez", {"Birthday": "2000-01-01", "Zip": "0"}, {"birth_date": None, "postal_code": None}),
        ("greenline", {"Email Opt In": ""}, {"email_consent": "unknown"}),
        ("blaze_ecom", {"SMS Opt In": "no", "Active": "false"}, {"sms_consent": "out", "status": "archived"}),
    ],
)
def test_the_vendors_words_and_polarity(
    tmp_path: Path, kind: str, cells: dict[str, str], shown: dict[str, str | None]
) -> None:
    view = one(kind, tmp_path, cells)
    assert {name: view[name] for name in shown} == shown


def test_purchases_are_told_by_their_number(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", ["Customer ID", "Total Orders"], ["1", "0"], ["2", "12"], ["3", ""])
    rows = source("shopify", path).fetch(["1", "2", "3"])
    assert [row["has_purchased"] for row in rows.values() if row] == ["false", "true", ""]


def test_the_operators_words_beat_the_formats(tmp_path: Path) -> None:
    """G9: a store that has settled Treez's polarity says so once; YAML's own true is the file's `true`."""
    words = {"email_consent": {True: "out", "No": "in"}}
    assert one("treez", tmp_path, {"Opt Out": "TRUE"}, words=words)["email_consent"] == "out"
    assert one("treez", tmp_path, {"Opt Out": " no "}, words=words)["email_consent"] == "in"


@pytest.mark.parametrize(
    "words", [{"email_consent": {"yes": "yes"}}, {"phone": {"x": "in"}}, {"status": {"x": "in"}}, "in"]
)
def test_words_that_mean_nothing_here_are_refused(words: Any) -> None:
    with pytest.raises(ValidationError):
        FileSettings.model_validate({"kind": "treez", "role": "pos", "words": words})


def test_another_polarity_is_another_contract(tmp_path: Path) -> None:
    """G1: what a file says has changed when its words mean something else."""
    path, plain, told = list_of(tmp_path / "l.csv", ["Customer ID", "Opt Out"], ["1", "true"]), Evidence(), Evidence()
    list(source("treez", path).pages(plain))
    list(source("treez", path, words={"email_consent": {"true": "out"}}).pages(told))
    assert plain.contract != told.contract


@pytest.mark.parametrize(
    "heading", ["Drivers License", "Driving licence no.", "Passport", "State Medical ID", "Password"]
)
def test_g11_no_setting_can_have_an_identity_document_read(tmp_path: Path, heading: str) -> None:
    path = list_of(tmp_path / "l.csv", ["Customer ID", heading], ["1", "X0000001"])
    connector = source("treez", path, columns={"external_id": heading})
    assert not connector.check()[0].ok
    with pytest.raises(VendorError, match="never read"):
        list(connector.pages(Evidence()))


def test_of_an_unknown_column_the_name_and_a_count_are_kept(tmp_path: Path) -> None:
    path = list_of(tmp_path / "l.csv", ["Customer ID", "Shoe size", "Total Spent"], ["1", "42", "9"], ["2", "", "9"])
    connector = source("shopify", path)
    list(connector.pages(Evidence()))
    connector.fetch(["1"])
    assert (connector.unknown_columns, dict(connector.unknown_seen)) == (["Shoe size"], {"Shoe size": 1})


def test_g1_a_file_that_changes_while_it_is_read_is_no_export(tmp_path: Path) -> None:
    path, evidence = list_of(tmp_path / "l.csv", ["Customer ID"], ["1"]), Evidence()
    pages = source("shopify", path).pages(evidence)
    next(pages)
    with path.open("a") as file:
        file.write("2\n")
    list(pages)
    assert evidence.end_mark is False
    assert any("changed while it was read" in note for note in evidence.notes)


def test_m14_a_walk_in_record_is_no_customer(tmp_path: Path) -> None:
    path = list_of(
        tmp_path / "l.csv", ["id", "customer_code"], ["1", "Anonymous Customer"], ["2", "A-7"], ["3", " WALKIN "]
    )
    connector = source("lightspeed_x", path)
    assert [row["id"] for page in connector.pages(Evidence()) for row in page.records.to_pylist()] == ["2"]
    assert connector.fetch(["1"]) == {"1": None}


# which connector, which settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_every_kind_takes_a_file_and_keeps_the_keys_of_its_api_idle(tmp_path: Path, kind: str) -> None:
    entry = {"kind": kind, "role": "pos", "driver": "files", "path": "l.csv"}
    idle = {"rate_share": 0.3, "token": {"env": "NOT_SET"}} if kind not in {"treez", "lightspeed_r"} else {}
    settings = parse({"group": "g", "sources": {"till": {**entry, **idle}}}, tmp_path / "config.yaml")
    connector = connect("till", settings.sources["till"], CLOCK)
    assert isinstance(connector, FileConnector)
    assert (connector.kind, connector.shape, connector.settings.path) == (kind, "table", tmp_path / "l.csv")
    with pytest.raises(ConfigError, match="unknown key"):
        parse({"group": "g", "sources": {"till": {**entry, "pth": "l.csv"}}}, tmp_path / "config.yaml")


def test_a_setting_that_gives_a_meaning_is_not_passed_over(tmp_path: Path) -> None:
    """G9: whoever settled the polarity of an API must not believe that it holds for the file."""
    entry = {"kind": "treez", "role": "pos", "driver": "files", "path": "l.csv", "opt_out_means": "in"}
    with pytest.raises(ConfigError, match="opt_out_means: unknown key"):
        parse({"group": "g", "sources": {"till": entry}}, tmp_path / "config.yaml")


def test_a_file_has_the_defaults_of_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a vendor's settings take for granted, such as a country, holds by file as well."""

    class Northern(Treez.Settings):
        region: str = "CA"

    monkeypatch.setattr(Treez, "Settings", Northern)
    entry = {"kind": "treez", "role": "pos", "driver": "files", "path": "l.csv"}
    sources = {"till": entry, "other": {**entry, "path": "o.csv", "region": "GB"}}
    settings = parse({"group": "g", "sources": sources}, tmp_path / "config.yaml")
    assert [settings.sources[name].region for name in sources] == ["CA", "GB"]


def test_the_driver_that_a_kind_has_by_default_counts() -> None:
    assert settings_class("greenline", {"kind": "greenline"})[0] is FileSettings
    assert settings_class("shopify", {"kind": "shopify"})[0] is not FileSettings


# the operator's file, opened again -----------------------------------------------------------------------------------


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
