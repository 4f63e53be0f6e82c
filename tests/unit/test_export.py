"""Tables for machines keep every value; tables for people never run one (research 2.4)."""

import csv
import stat
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from reports import export
from reports.document import CorrectionLine, Fact, FindingLine, Member, RunReport, SourceLine
from reports.filing import private_file

HOSTILE = [
    "=1+1", "+16135550117", "-2", "@SUM(A1)", "007", "NA", "None", '=HYPERLINK("https://example.com")', "https://example.com",
    "a,b;c\td", 'say "hi"', "line\nbreak", "lone\rreturn", " padded ", "", "\u202eevil", "\x1b[31mred", "Łukasz 🎉", "1e5",
]  # fmt: skip


def report() -> RunReport:
    finding = FindingLine(
        finding_id="F-1", kind="drift", title="=cmd()", field="phone", pairing="shop-till", store="Queen St", severity="high",
        state="new", rule_ids=["G13", "M7"], members=[Member(source="shop", id="0012"), Member(source="till", id="9")],
        evidence=[Fact(name="phone@till:9", value="********117")], proposal="@take it", first_seen="2026-11-22",
        nights_open=2, correction_ids=["C-1"],
    )  # fmt: skip
    corrections = [correction(f"C-{number}", state) for number, state in enumerate(("verified", "held", "unknown"), 1)]
    sources = [
        SourceLine(
            source="till", kind="heartland", role="pos", store=None, certified=False, used_snapshot=None, taken_at=None,
            age_hours=None, profiles=None, active=None, problem="it did not answer", todo="rollcall pull till",
        )
    ]  # fmt: skip
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return RunReport(
        run_id="2026-11-23-a", group="g", business_date="2026-11-23", time_zone="UTC", started_at=now, finished_at=now,
        status="incomplete", headline="-1", rollcall_version="0.1.0", sources=sources, entities=None, profiles=0, counts=[],
        findings=[finding], corrections=corrections,
    )  # fmt: skip


def correction(correction_id: str, state: str) -> CorrectionLine:
    return CorrectionLine.model_validate(
        {
            "correction_id": correction_id, "source": "till", "profile_id": "0012", "action": "update", "state": state,
            "before": [Fact(name="phone", value="")], "after": [Fact(name="phone", value="********117")], "why": "=why",
            "rule_ids": ["G13"], "finding_ids": ["F-1"], "reversible": "fully", "needs": ["approval"],
        }
    )  # fmt: skip


def test_csv_holds_values_as_they_are_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    export.write_csv(path, ("id", "value"), [(str(at), value) for at, value in enumerate(HOSTILE)])
    raw = path.read_bytes()
    assert b"\r\n" not in raw
    assert raw.endswith(b"\n")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["id", "value"]
    assert {row[1] for row in rows[1:]} == set(HOSTILE)


def test_csv_is_sorted_by_the_full_key_whatever_the_order_given(tmp_path: Path) -> None:
    """G7: the same rows in any order give the same bytes."""
    rows = [
        ("till", "10", "E2", "active"),
        ("till", "9", "E1", "active"),
        ("shop", "1", "E1", "active"),
        ("till", "10", "E1", ""),
    ]
    export.write_csv(tmp_path / "a.csv", export.ENTITIES, rows)
    export.write_csv(tmp_path / "b.csv", export.ENTITIES, reversed(rows))
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.csv").read_text(encoding="utf-8")
    assert text.splitlines() == [
        "source,profile_id,entity_id,status", "shop,1,E1,active", "till,10,E1,", "till,10,E2,active", "till,9,E1,active",
    ]  # fmt: skip


def test_csv_writes_numbers_and_nothing_as_machines_expect(tmp_path: Path) -> None:
    export.write_csv(tmp_path / "s.csv", export.SUSPECTS, [("a", "1", "b", "2", 0.97, None)])
    assert (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()[1] == "a,1,b,2,0.97,"


def test_a_row_of_another_width_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"links\.csv: a row of 2 cells under a heading of 6"):
        export.write_csv(tmp_path / "links.csv", export.LINKS, [("a", "b")])
    assert list(tmp_path.iterdir()) == []


def test_the_headings_are_those_of_the_interface() -> None:
    assert ",".join(export.ENTITIES) == "source,profile_id,entity_id,status"
    assert ",".join(export.LINKS) == "ecom_source,ecom_id,pos_source,pos_id,rule,state"
    assert ",".join(export.SUSPECTS) == "left_source,left_id,right_source,right_id,probability,weight"


def test_in_xlsx_nothing_is_a_formula_a_link_or_a_number_that_was_a_text(tmp_path: Path) -> None:
    """Trap reproduced: `=1+1` as a name becomes a live formula by default."""
    values = [value for value in HOSTILE if value]
    table = export.Table("names", ("value", "count"), [(value, 3) for value in values])
    export.write_sheets(tmp_path / "x.xlsx", [table])
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    cells = list(book["names"].iter_rows(min_row=2))
    book.close()
    assert [(cell.data_type, count.value) for cell, count in cells] == [("s", 3)] * len(values)
    assert all(cell.hyperlink is None for cell, _ in cells)
    read = [str(cell.value).replace("_x001B_", "\x1b").replace("_x000D_", "\r") for cell, _ in cells]
    assert read == values


def test_a_text_that_excel_cannot_hold_is_cut_and_says_so(tmp_path: Path) -> None:
    export.write_sheets(tmp_path / "x.xlsx", [export.Table("t", ("note",), [("n" * 40_000,)])])
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    text = str(book["t"]["A2"].value)
    book.close()
    assert len(text) <= export.EXCEL_CHARACTERS
    assert text.endswith("… (cut off)")


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EXCEL_ROWS", 2)
    export.write_sheets(tmp_path / "x.xlsx", [export.Table("t", ("n",), [(str(n),) for n in range(5)])])
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    sheets = {sheet.title: [row[0].value for row in sheet.iter_rows(min_row=2)] for sheet in book}
    book.close()
    assert sheets == {"t": ["0", "1"], "t 2": ["2", "3"], "t 3": ["4"]}


def test_the_workbook_of_a_run_has_its_lists_and_no_zero_for_a_missing_source(tmp_path: Path) -> None:
    """G1: what was not read is not known; it is never nought."""
    export.write_xlsx(report(), tmp_path / "run.xlsx")
    book = openpyxl.load_workbook(tmp_path / "run.xlsx")
    assert book.sheetnames == ["summary", "sources", "findings", "plan", "journal"]
    said = {row[0].value: row[1].value for row in book["summary"].iter_rows(min_row=2)}
    till = [cell.value for cell in book["sources"][2]]
    journal = [row[0].value for row in book["journal"].iter_rows(min_row=2)]
    book.close()
    assert said["entities"] == "not known"
    assert str(said["without certificate"]).startswith("till: it did not answer")
    assert till[:8] == ["till", "heartland", "pos", None, "false", None, None, 0]
    assert journal == ["C-3", "C-1"]


@pytest.mark.parametrize(
    ("what", "first"), [("findings", ["F-1"]), ("plan", ["C-1", "C-2", "C-3"]), ("journal", ["C-1", "C-3"])]
)
def test_each_list_of_a_run_can_be_written_alone(tmp_path: Path, what: str, first: list[str]) -> None:
    heading, rows = export.table(report(), what)
    export.write(tmp_path / f"{what}.csv", what, heading, rows)
    export.write(tmp_path / f"{what}.xlsx", what, heading, rows)
    with (tmp_path / f"{what}.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == list(heading)
    assert [row[0] for row in written[1:]] == first
    book = openpyxl.load_workbook(tmp_path / f"{what}.xlsx")
    assert book.sheetnames == [what]
    book.close()


def test_the_same_lists_give_the_same_workbook(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        export.write_xlsx(report(), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_files_are_private_and_a_failure_leaves_the_last_good_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.csv"
    export.write_csv(path, ("a",), [("1",)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(RuntimeError, match="half way"):
        break_off(path)
    assert path.read_text() == "a\n1\n"
    assert list(path.parent.iterdir()) == [path]


def break_off(path: Path) -> None:
    with private_file(path) as part:
        part.write_text("half")
        raise RuntimeError("half way")
