"""What can go wrong between a hand-over and the export that is to prove it."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from jobs.night import Result
from tests.night.counter import Counter
from tests.night.exports import EXPORTS, PEOPLE, bring_in, read, save
from tests.night.stage import continued, rollcall


@pytest.fixture
def till(tmp_path: Path) -> Counter:
    """A Heartland till by file."""
    return Counter(tmp_path, EXPORTS["heartland"])


def drifting(till: Counter) -> Result:
    """A night that would change Ada's phone at the till, and a person's yes to it."""
    till.night()
    till.change_other("Ada", phone="42")
    result = till.night(write=False)
    till.approve(result, source="mine")
    return result


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter, Result]:
    """A Heartland till by file, drifting; to be copied, not to be changed."""
    till = Counter(tmp_path_factory.mktemp("drifted"), EXPORTS["heartland"])
    return till, drifting(till)


@pytest.fixture
def plan(drifted: tuple[Counter, Result], till: Counter) -> Result:
    """The till of this test drifts, as `drifting` says."""
    prepared, result = drifted
    continued(prepared.folder, till.folder)
    till.others = list(prepared.others)
    till.clock.advance(prepared.clock.now() - till.clock.now())
    return result


def test_a_file_that_changed_since_the_run_is_refused(till: Counter, plan: Result) -> None:
    """Its rows are not those that were judged: nothing is handed over, the approval stands, the next run goes on."""
    till.type_in("11", "Email", "dee.new@example.com")
    done = till.apply(plan.run_id)
    assert (done.exit_code, till.states(plan.run_id), till.handed_over()) == (6, {"0007 phone": "ready"}, [])
    assert any("another one than the run judged: run again" in text for text in done.report.warnings)
    again = till.night()
    assert till.states(again.run_id)["0007 phone"] == "intended"
    assert read(till.import_file())[0]["Mobile Phone"] == "+16135550142"


def test_applying_twice_hands_over_once(till: Counter, plan: Result) -> None:
    """A second `apply` makes the same files again, as after a kill that lost them."""
    till.apply(plan.run_id)
    made, history = till.import_file().read_bytes(), till.history(plan.run_id)
    till.import_file().unlink()
    assert till.apply(plan.run_id).exit_code == 0
    assert (till.import_file().read_bytes(), till.history(plan.run_id)) == (made, history)


def test_what_the_next_export_does_not_show_is_no_success(till: Counter, plan: Result) -> None:
    """Exported again and not imported: handed back, and handed over anew under the same yes, from the newer file."""
    till.apply(plan.run_id)
    till.type_in("11", "Address Line 1", "2 New Street")
    again = till.night()
    assert till.states(plan.run_id) == {"0007 phone": "handed_back"}
    assert any("shows 0 of 1" in text for text in again.report.warnings)
    assert (till.states(again.run_id), len(till.handed_over())) == ({"0007 phone": "intended"}, 2)
    assert till.import_file().name.startswith(again.run_id)
    bring_in(till.file, till.import_file(), "Customer #")
    assert read(till.file)[4]["Address Line 1"] == "2 New Street"
    till.night()
    assert till.states(again.run_id) == {"0007 phone": "verified"}


@pytest.mark.deep
def test_an_export_of_before_proves_nothing(till: Counter, plan: Result) -> None:
    """The very file that was judged lies there again: what waits, waits, in one hand-over."""
    till.apply(plan.run_id)
    again = till.night(write=False)
    assert till.states(plan.run_id) == {"0007 phone": "intended"}
    assert not any("the new export shows" in text for text in again.report.warnings)


def test_g1_an_export_without_a_certificate_proves_nothing(till: Counter, plan: Result) -> None:
    till.apply(plan.run_id)
    rows = read(till.file)
    save(till.file, [*rows, {**rows[0], "Mobile Phone": "+16135550142"}])
    assert till.night().exit_code == 3
    assert till.states(plan.run_id) == {"0007 phone": "intended"}


def test_a_profile_that_is_gone_from_the_next_export_is_handed_back(till: Counter, plan: Result) -> None:
    till.apply(plan.run_id)
    save(till.file, read(till.file)[1:])
    till.night(write=False)
    assert till.states(plan.run_id) == {"0007 phone": "handed_back"}
    with till.open() as workspace:
        (row,) = workspace.journal.load(plan.run_id)
    assert "the profile is gone" in row.detail
    assert "0142" not in row.detail


def test_paused_nothing_is_handed_over(till: Counter, plan: Result) -> None:
    (till.folder / "data" / "paused").touch()
    till.apply(plan.run_id)
    assert (till.states(plan.run_id), till.handed_over()) == ({"0007 phone": "ready"}, [])


@pytest.mark.deep
def test_with_writes_off_nothing_is_handed_over(till: Counter) -> None:
    till.configure(writes=False)
    plan = drifting(till)
    till.apply(plan.run_id)
    assert (till.states(plan.run_id), till.handed_over()) == ({"0007 phone": "blocked"}, [])


def test_a_file_without_ids_is_refused_and_check_says_so(till: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could be found again in it: it is not read, and nothing is handed over."""
    rows = [{k: v for k, v in row.items() if k != "Customer #"} for row in read(till.file)]
    save(till.file, rows)
    monkeypatch.setattr("jobs.desk.SystemClock", lambda: till.clock)
    said = rollcall("check", "--config", till.config)
    (line,) = [line for line in said.out.splitlines() if "write-back" in line]
    assert said.code == 1
    assert "FAILS" in line
    assert "nothing could be handed over" in line
    assert "no column for the ids" in line
    assert till.night().exit_code == 3
    assert till.handed_over() == []


def test_check_says_what_an_import_file_can_carry(till: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.desk.SystemClock", lambda: till.clock)
    said = rollcall("check", "--config", till.config)
    (line,) = [line for line in said.out.splitlines() if "write-back" in line]
    assert "email, email_consent, first_name, last_name, phone, street" in line
    assert "verified by the next export" in line


@pytest.mark.deep
def test_a_workbook_comes_back_as_a_workbook_of_texts(till: Counter) -> None:
    """`=1+1` and `+1613…` are text in every cell that is written; numbers, dates and zeros of others stay what they are."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Customer #", "First Name", "Last Name", "Email", "Mobile Phone", "Points", "Since", "Remark"])
    for n, one in enumerate(PEOPLE, start=2):
        sheet.append([one.id, one.first, one.last, one.email, f"613-555-01{one.phone}", 12.5, date(2020, 2, 28), "x"])
        sheet.cell(n, 8).value = "=1+1"
        sheet.cell(n, 8).data_type = "s"
    book.save(till.folder / "list.xlsx")
    book.close()
    till.configure(path="list.xlsx")
    plan = drifting(till)
    till.apply(plan.run_id)
    made = openpyxl.load_workbook(till.import_file())
    heading, row = list(made.worksheets[0].iter_rows())
    made.close()
    cells = dict(zip([cell.value for cell in heading], row, strict=True))
    assert (cells["Customer #"].value, cells["Mobile Phone"].value, cells["Remark"].value) == (
        "0007",
        "+16135550142",
        "=1+1",
    )
    assert {cells[name].data_type for name in ("Customer #", "Mobile Phone", "Remark")} == {"s"}
    assert (cells["Points"].value, cells["Since"].value) == (12.5, datetime(2020, 2, 28))


@pytest.mark.deep
def test_hostile_cells_stay_text_in_the_work_list(till: Counter) -> None:
    """Names and values come from people: nothing in a workbook for people is ever a formula or a link."""
    till.people = [replace(p, first="=HYPERLINK(1)") if p.first == "Ada" else p for p in till.people]
    till.others = [replace(p, first="=HYPERLINK(1)") if p.first == "Ada" else p for p in till.others]
    till.export_all()
    till.night()
    till.change_other("=HYPERLINK(1)", email="=1+1@example.com")
    plan = till.night(write=False)
    till.approve(plan, source="mine")
    till.apply(plan.run_id)
    (path,) = [path for path in till.handed_over() if path.suffix == ".xlsx"]
    book = openpyxl.load_workbook(path)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    (line,) = list(book["work list"].iter_rows(min_row=2, values_only=True))
    book.close()
    assert kinds == {"s", "n"}
    assert (line[2], line[6]) == ("=HYPERLINK(1)", "=1+1@example.com")
    assert read(till.import_file())[0]["Email"] == "=1+1@example.com", "an import file keeps values as they are"
