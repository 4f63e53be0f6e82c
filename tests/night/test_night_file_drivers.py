"""Nights over the vendors' own export files: read in their words, corrected by hand-over, proven by the next export."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from connectors.clock import SimulatedClock
from jobs import applying, decide, night
from jobs.night import Result
from jobs.settings import load
from jobs.workspace import Workspace
from reports.document import CorrectionLine
from tests.night.exports import EXPORTS, PEOPLE, SENTINEL, Export, bring_in, read, save, write
from tests.night.stage import START, continued, files_below, rollcall

OTHER = ("id", "first_name", "last_name", "phone", "email", "email_consent")


class Counter:
    """One vendor's file beside a list of the other role, night after night."""

    def __init__(self, folder: Path, export: Export, **entry: Any) -> None:
        self.folder, self.export, self.entry = folder, export, entry
        self.clock = SimulatedClock(START)
        self.file = folder / f"{export.kind}.csv"
        self.other = folder / "other.csv"
        self.people = list(PEOPLE)
        self.others = [p for p in PEOPLE if p.id != "9"]
        self.said_no: set[str] = set()
        self.configure()
        self.export_all()

    def configure(self, **entry: Any) -> None:
        self.entry |= entry
        other = "ecom" if self.export.role == "pos" else "pos"
        mine = {"kind": self.export.kind, "role": self.export.role, "driver": "files", "path": self.file.name,
                "region": "CA", "writes": True, **self.entry}  # fmt: skip
        theirs = {"kind": "table", "role": other, "path": "other.csv", "region": "CA"}
        pairing = {"ecom": "mine", "pos": ["other"]} if other == "pos" else {"ecom": "other", "pos": ["mine"]}
        wins = {"phone": "newest", "email": "newest", "address": "ignore", "birth_date": "ignore"}
        rules = {"fields": wins, "observe_nights": 0}
        raw = {"group": "harbor", "sources": {"mine": mine, "other": theirs}, "pairings": [{**pairing, **rules}]}
        self.config.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def export_all(self) -> None:
        write(self.file, self.export, self.people)
        self.export_other()

    def export_other(self) -> None:
        save(self.other, [
            dict(zip(OTHER, (f"s{p.id}", p.first, p.last, f"+161355501{p.phone}", p.email, "out" if p.first in self.said_no else ""), strict=True))
            for p in self.others
        ])  # fmt: skip

    def change_other(self, first: str, **values: Any) -> None:
        """Somebody changes a customer on the other side, and the list is exported again."""
        self.others = [replace(p, **values) if p.first == first else p for p in self.others]
        self.export_other()

    def opt_out_other(self, first: str) -> None:
        self.said_no.add(first)
        self.export_other()

    @contextmanager
    def open(self) -> Iterator[Workspace]:
        with Workspace.open(load(self.config), self.clock) as workspace:
            yield workspace

    def night(self, *, write: bool = True) -> Result:
        self.clock.advance(timedelta(hours=24))
        with self.open() as workspace:
            return night.run(workspace, trigger="manual", write=write)

    def apply(self, run_id: str) -> Result:
        with self.open() as workspace:
            return applying.apply(workspace, run_id)

    def approve(self, result: Result, **which: str) -> list[CorrectionLine]:
        """A person approves every correction that waits, or those with these attributes."""
        rows = [c for c in result.report.corrections if c.state == "held"]
        rows = [c for c in rows if all(getattr(c, name) == value for name, value in which.items())]
        with self.open() as workspace:
            for c in rows:
                decide.record(
                    workspace.state, workspace.clock, workspace.known, result.run_id, target="correction",
                    id=c.correction_id, verdict="approve", by="manager", reason="passport seen", until=None,
                )  # fmt: skip
        return rows

    def states(self, plan_id: str) -> dict[str, str]:
        """What became of a plan, by `profile field`."""
        with self.open() as workspace:
            rows = workspace.journal.load(plan_id)
        return {f"{row.profile_id} {'+'.join(row.after)}": row.state for row in rows}

    def history(self, plan_id: str) -> list[str]:
        with self.open() as workspace:
            return [f"{entry.correction_id} {entry.state}" for entry in workspace.journal.history(plan_id)]

    def type_in(self, profile_id: str, heading: str, value: str) -> None:
        """A clerk changes one cell in the system, and exports again."""
        key = self.export.places["id"]
        save(self.file, [{**row, heading: value} if row[key] == profile_id else row for row in read(self.file)])

    def handed_over(self) -> list[Path]:
        return sorted((self.folder / "data" / "handover" / "mine").glob("*"))

    def import_file(self) -> Path:
        (found,) = [path for path in self.handed_over() if "-import" in path.name]
        return found

    def work_list(self, sheet: str = "work list") -> list[tuple[Any, ...]]:
        (found,) = [path for path in self.handed_over() if "-work-list" in path.name]
        book = openpyxl.load_workbook(found)
        rows = [tuple(row) for row in book[sheet].iter_rows(values_only=True)]
        book.close()
        return rows


@dataclass(slots=True)
class Story:
    """Three nights with one vendor's file, and what was seen on the way."""

    counter: Counter
    first: Result
    second: Result
    views: dict[str, dict[str, str | None]]
    before: list[dict[str, str]]
    applied: Result
    states: dict[str, str]
    imported: list[dict[str, str]]
    work: list[tuple[Any, ...]]
    files: dict[str, int]
    third: Result


@pytest.fixture(scope="module", params=sorted(EXPORTS))
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """All agree; then a phone, an email and a consent change on the other side; a person approves and brings it in."""
    export = EXPORTS[request.param]
    counter = Counter(tmp_path_factory.mktemp(export.kind), export)
    with counter.open() as workspace:
        mine = workspace.connectors["mine"]
        views = {name: mine.view(row or {}) for name, row in mine.fetch(["0007", "11"]).items()}
    if export.yes_means == "unknown":
        counter.configure(words={"email_consent": {export.yes.lower(): "in", export.no.lower(): "out"}})
    first, before = counter.night(), read(counter.file)
    counter.change_other("Ada", phone="42")
    counter.change_other("Cal", email="cal.new@example.com")
    counter.opt_out_other("Bea")
    second = counter.night(write=False)
    counter.approve(second, source="mine")
    applied, states = counter.apply(second.run_id), counter.states(second.run_id)
    work, files = counter.work_list()[1:], {p.suffix: p.stat().st_mode for p in counter.handed_over()}
    untouched = read(counter.file)
    assert untouched == before, "the operator's own file is only read"
    imported = bring_in(counter.file, counter.import_file(), export.places["id"])
    if "email" in export.by_hand:
        counter.type_in("10", export.places["email"], "cal.new@example.com")
    third = counter.night()
    return Story(counter, first, second, views, before, applied, states, imported, work, files, third)


@pytest.fixture
def till(tmp_path: Path) -> Counter:
    """A Heartland till by file."""
    return Counter(tmp_path, EXPORTS["heartland"])


def found(result: Result, kind: str) -> list[tuple[str, frozenset[str]]]:
    lines = [f for f in result.report.findings if f.kind == kind]
    return sorted((f.field, frozenset(m.id for m in f.members)) for f in lines)


# every vendor: read, judged, corrected, proven -----------------------------------------------------------------------


def test_g1_a_first_night_reads_the_vendors_own_headings(story: Story) -> None:
    """Certified without a column mapped by hand; the duplicate is found, nobody drifts, and nothing is handed over."""
    assert [(s.source, s.certified, s.profiles) for s in story.first.report.sources] == [
        ("mine", True, len(PEOPLE)), ("other", True, len(PEOPLE) - 1)
    ]  # fmt: skip
    assert found(story.first, "duplicate_phone") == [("phone", frozenset({"8", "9"}))]
    assert (found(story.first, "drift"), story.first.exit_code) == ([], 0)


def test_g9_consent_is_read_in_the_vendors_own_polarity(story: Story) -> None:
    """What is also the creation default, or of unproven polarity, is unknown, whichever answer it is."""
    export = story.counter.export
    assert story.views["0007"]["email_consent"] == export.yes_means
    assert story.views["11"]["email_consent"] == export.no_means


def test_g11_what_is_not_read_never_reaches_the_disk(story: Story) -> None:
    """A licence number stands in the operator's file; of its column the name is kept, where nobody knows it."""
    assert not any(SENTINEL in cells for cells in map(str, story.imported))
    data = story.counter.folder / "data"
    assert [path for path in files_below(data) if SENTINEL.encode() in path.read_bytes()] == []
    unknown = [heading for heading in story.counter.export.cells if heading.casefold() == "licence"]
    assert [field for field, _ in found(story.first, "schema_drift")] == unknown


def test_drift_is_found_and_what_is_approved_is_handed_over(story: Story) -> None:
    """Handed over is intended and never verified; the exit code is that of work that went as it should."""
    assert found(story.second, "drift") == [
        ("email", frozenset({"10", "s10"})), ("phone", frozenset({"0007", "s0007"}))
    ]  # fmt: skip
    assert story.applied.exit_code == 0
    assert set(story.states.values()) == {"intended"}
    assert any("handed over to a person" in text for text in story.applied.report.warnings)


def test_the_import_file_is_the_operators_own_with_what_changes(story: Story) -> None:
    """Other cells stay as they are, also what looks like a formula; identity documents stay out of it (G11)."""
    export = story.counter.export
    shown = [{k: v for k, v in row.items() if v != SENTINEL} for row in story.before]
    places = {row[export.places["id"]]: row for row in shown}
    phone, email = export.places["phone"], export.places["email"]
    ada = {**places["0007"], phone: export.phone_written.format("0142")}
    assert story.imported[0] == ada
    bea = {"8", "9"}  # one customer on two profiles: her opt-out reaches both, linked or not (G9)
    opted_out = [{**row, export.consent: export.no} for key, row in places.items() if key in bea]
    cal = [] if "email" in export.by_hand else [{**places["10"], email: "cal.new@example.com"}]
    assert sorted(story.imported[1:], key=str) == sorted([*opted_out, *cal], key=str)


def test_the_work_list_says_who_what_and_how_and_is_private(story: Story) -> None:
    """A new email in an import that finds people by email would make a second customer: that one is for hands."""
    (line,) = [line for line in story.work if line[1] == "10"]
    how = "by hand" if "email" in story.counter.export.by_hand else "import"
    assert line[4:8] == ("email", "cal@example.com", "cal.new@example.com", how)
    assert {suffix: stat.S_IMODE(mode) for suffix, mode in story.files.items()} == {".csv": 0o600, ".xlsx": 0o600}


def test_the_next_export_proves_it_and_nothing_is_left(story: Story) -> None:
    counter, states = story.counter, story.counter.states(story.second.run_id)
    assert set(states.values()) == {"verified"}
    assert any(f"the new export shows {len(states)} of {len(states)}" in text for text in story.third.report.warnings)
    assert (found(story.third, "drift"), found(story.third, "consent_conflict")) == ([], [])
    assert (story.third.report.corrections, counter.handed_over()) == ([], [])
    with counter.open() as workspace:
        assert workspace.journal.plan_states()[story.second.run_id] == "applied"
        assert workspace.state.decisions_in_force(workspace.today()) == [], "a yes is for one time"


# what can go wrong ---------------------------------------------------------------------------------------------------


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
