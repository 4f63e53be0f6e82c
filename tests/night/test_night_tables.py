"""Nights over files that people exported: nothing is lost, nothing is executed, and who is who is found."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from connectors.clock import SimulatedClock
from tests.night.stage import REPOSITORY, START, read_csv, rollcall, tables, write_csv

MARKUP = '<img src=x onerror="alert(1)">'
HEADING = [
    "id",
    "First Name",
    "last_name",
    "Phone",
    "Mobile Nr",
    "email",
    "birth_date",
    "Loyalty",
    "",
    "Loyalty",
    "tags",
]
SHOP = [
    ["007", "Ann", "NA", "(613) 555-0117", "", "Ann@Example.com", "1990-02-28", "1", "", "9", "vip"],
    ["7", "Zoë 🎉", "Müller", "613.555.0118", "", "zoe@example.com", "", "2", "", "9", ""],
    ["0007", "Bob\u202eevil", "None", "+1 613 555 0119", "", "bob@example.com", "", "", "", "", ""],
    ["=1+1", "=1+1", "=HYPERLINK(\"http://x.example.com\";\"y\")", "613-555-0120 ", "", "eq@example.com", "", "", "", "", ""],
    [MARKUP, "{{7*7}}", "</script><b>Ng", "call her mother", "", "markup@example.com", "", "", "", "", ""],
    ["a,b\"c", "Nul\x00l", "Byte", "6135550121", "", "nul@example.com", "", "", "", "", ""],
    ["\x1b[31m\u202ered", "N" * 10_000, "Long", "ask", "", "long@example.com", "", "", "", "", ""],
    ["@SUM(A1)", "", "", "", "", "", "", "", "", "", ""],
]  # fmt: skip
TILL = [
    ["1", "Ann", "Nash", "+16135550117", "ann@example.com", "1990-02-28"],
    ["2", "Zoe", "Muller", "1 (613) 555 0118", "", ""],
    ["3", "Émile", "Čapek".replace("Č", "C"), "6135550130", "emile@example.com", ""],
    ["4", "Emile", "Capek", "613 555-0130", "", ""],
    ["5", "Joan", "Capek", "6135550130", "", ""],
]
OLD: list[list[str | int]] = [
    ["007", "Ann", "NA", 6135550117, "ANN@example.com"],
    ["9", "Eve", "Only", "ask", "eve@example.com"],
]


@pytest.fixture(scope="module")
def clock() -> Iterator[SimulatedClock]:
    """The files were exported when the clock starts."""
    with pytest.MonkeyPatch.context() as patch:
        clock = SimulatedClock(START)
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        yield clock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, clock: SimulatedClock) -> Path:
    """Three lists as three programs export them, paired, after one night."""
    folder = tmp_path_factory.mktemp("tables")
    write_csv(folder / "shop.csv", HEADING, SHOP, encoding="utf-8-sig")
    write_csv(
        folder / "till.csv",
        ["Customer #", "first_name", "last_name", "phone", "email", "birth_date"],
        TILL,
        encoding="cp1252",
        delimiter=";",
    )
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [["ID", "first_name", "LASTNAME", "phone", "E-Mail"], *OLD]:
        book.active.append(row)
    book.save(folder / "old.xlsx")
    config = tables(
        folder,
        {
            "shop": {"role": "ecom", "path": "shop.csv", "columns": {"phone_2": "Mobile Nr"}, "expected": len(SHOP)},
            "till": {"path": "till.csv", "columns": {"id": "Customer #"}},
            "old": {"path": "old.xlsx", "columns": {"email": "E-Mail"}},
        },
        pairings=[{"ecom": "shop", "pos": ["till", "old"]}],
    )
    said = rollcall("run", "--config", config)
    assert said.code == 0, said.err + said.out
    return folder


def exported(folder: Path, what: str, name: str) -> Path:
    said = rollcall("export", what, "--config", folder / "config.yaml", "--out", folder / name)
    assert said.code == 0, said.err
    return folder / name


def test_every_id_of_every_file_is_in_the_entities_as_it_was(folder: Path) -> None:
    """I9: nothing lost; `007`, `7` and `0007` are three customers; a name with a NUL in it sets its record aside."""
    rows = read_csv(exported(folder, "entities", "entities.csv"))
    assert list(rows[0]) == ["source", "profile_id", "entity_id", "status"]
    ids = [(row["source"], row["profile_id"]) for row in rows]
    expected = (
        [("shop", row[0]) for row in SHOP] + [("till", row[0]) for row in TILL] + [("old", str(r[0])) for r in OLD]
    )
    assert sorted(ids) == sorted(expected)
    assert {row["profile_id"]: row["status"] for row in rows if row["status"] != "active"} == {'a,b"c': "quarantined"}


def test_spellings_of_a_phone_and_capitals_of_an_email_are_one_customer(folder: Path) -> None:
    """G3, G4, G6: tied by phone or email where first names agree; a relative with the number is not."""
    entity = {(r["source"], r["profile_id"]): r["entity_id"] for r in read_csv(exported(folder, "entities", "e.csv"))}
    assert entity["shop", "007"] == entity["till", "1"] == entity["old", "007"]
    assert entity["shop", "7"] == entity["till", "2"]
    assert entity["till", "3"] == entity["till", "4"] != entity["till", "5"]
    assert len({entity["shop", name] for name in ("007", "7", "0007")}) == 3


def test_the_surname_na_is_a_surname(folder: Path) -> None:
    """`NA` at one side and `Nash` at the other disagree; were it eaten as empty, the side would be blank."""
    rows = [
        row
        for row in read_csv(exported(folder, "findings", "f.csv"))
        if row["kind"] == "drift" and row["field"] == "last_name"
    ]
    assert "shop:007;till:1" in {row["members"] for row in rows}
    assert "shop:007;old:007" not in {row["members"] for row in rows}
    assert all("N… (2-4)" in row["evidence"] for row in rows if "shop:007" in row["members"])


def test_what_is_wrong_in_files_is_found(folder: Path) -> None:
    """G3, G6, M10: a phone in words, a duplicate, a household."""
    rows = read_csv(exported(folder, "findings", "findings.csv"))
    found = {(row["kind"], row["members"]) for row in rows}
    assert ("duplicate_phone", "till:3;till:4") in found
    assert ("household", "till:3;till:4;till:5") in found
    assert {("phone_not_comparable", f"shop:{MARKUP}"), ("phone_not_comparable", "old:9")} <= found
    assert {row["field"] for row in rows if row["kind"] == "schema_drift"} >= {"Loyalty"}


def test_workbooks_hold_no_formula_and_no_link(folder: Path) -> None:
    """An id such as `=1+1` stays a text."""
    for what in ("entities", "findings", "plan", "journal", "links"):
        path = exported(folder, what, f"{what}.xlsx")
        book = openpyxl.load_workbook(path)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
        if what == "entities":
            assert {"=1+1", "@SUM(A1)", "007"} <= {cell.value for cell in cells}


class Tags(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_runs_nothing_that_came_from_a_file(folder: Path) -> None:
    """Ids are shown as they are, so one that is markup must come out as text."""
    page = rollcall("--json", "report", "--config", folder / "config.yaml").data["report"]
    text = Path(page).read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert not [tag for tag in tags.found if tag[0] == "img" or any(name.startswith("on") for name in tag[1])]
    assert "&lt;img src=x" in text
    assert MARKUP not in text
    assert not set("\x00\x1b\u202e") & set(text)


def test_a_terminal_is_not_painted_by_an_id(folder: Path) -> None:
    """Control characters of an id are spelled out wherever people read."""
    config = folder / "config.yaml"
    ids = [row["finding_id"] for row in read_csv(exported(folder, "findings", "ids.csv"))]
    told = [rollcall("explain", one, "--config", config).out for one in ids] + [
        rollcall("plan", "--config", config).out
    ]
    assert not set("\x1b\x00\u202e") & set("".join(told))


@pytest.mark.deep
def test_every_command_speaks_json(folder: Path) -> None:
    """`--json` everywhere, before the command's name or after it."""
    config = ["--config", str(folder / "config.yaml")]
    finding = read_csv(exported(folder, "findings", "some.csv"))[0]["finding_id"]
    ends = {
        "--json run --dry-run": 0, "plan --json": 0, "pull --json": 0, "--json check": 0, "check --show-policy --json": 0,
        "report --json": 0, "--json status": 0, f"--json explain {finding}": 0, "--json resume": 0, "pause --json": 0,
        f"export entities --out {folder}/j.csv --json": 0, f"golive --scan --out {folder}/golive --json": 4, "purge --json": 0,
        f"--json decide accept finding {finding} --until 2027-01-01": 0,
    }  # fmt: skip
    for words, code in ends.items():
        said = rollcall(*words.split(), *config)
        assert said.code == code, (words, said.err)
        assert isinstance(said.data, dict | list), words
    (folder / "data" / "paused").unlink()


def test_an_accepted_finding_is_said_in_the_last_line(folder: Path, clock: SimulatedClock) -> None:
    """Interfaces, Decisions: accepted until a date."""
    finding = next(r for r in read_csv(exported(folder, "findings", "a.csv")) if r["kind"] == "household")
    config = folder / "config.yaml"
    assert rollcall("decide", "accept", "finding", finding["finding_id"], "--config", config).code == 0
    said = rollcall("run", "--config", config)
    assert re.match(
        r"plan 2026-03-02-\w+: \d+ updates, \d+ creates, 0 archives; \d+ held for review(; \d+ blocked)?(; \d+ rejected)?; [12] accepted\.$",
        said.last,
    )


def test_a_single_source_without_a_pairing_finds_its_duplicates(tmp_path: Path, clock: SimulatedClock) -> None:
    """A configuration may have no pairing at all; nothing is planned then."""
    write_csv(
        tmp_path / "list.csv",
        ["id", "first_name", "phone"],
        [["1", "Ann", "613 555 0117"], ["2", "Ann", "+16135550117"]],
    )
    config = tables(tmp_path, {"list": {"path": "list.csv"}})
    said = rollcall("run", "--exit-code", "--config", config)
    assert said.code == 4, said.err
    assert said.last == "plan 2026-03-02-a: 0 updates, 0 creates, 0 archives; 0 held for review; 0 accepted."
    rows = read_csv(exported(tmp_path, "findings", "f.csv"))
    assert [(row["kind"], row["members"]) for row in rows] == [("duplicate_phone", "list:1;list:2")]
    assert read_csv(exported(tmp_path, "links", "l.csv")) == []


def test_unpaired_sources_are_matched_and_not_compared(tmp_path: Path, clock: SimulatedClock) -> None:
    """Entities over all sources, no drift without a pairing."""
    write_csv(tmp_path / "a.csv", ["id", "first_name", "email"], [["1", "Ann", "ann@example.com"]])
    write_csv(
        tmp_path / "b.csv", ["id", "first_name", "email", "phone"], [["1", "Anne", "ANN@example.com", "6135550117"]]
    )
    config = tables(tmp_path, {"a": {"path": "a.csv"}, "b": {"path": "b.csv"}})
    assert rollcall("run", "--config", config).code == 0
    rows = read_csv(exported(tmp_path, "entities", "e.csv"))
    assert len({row["entity_id"] for row in rows}) == 1
    assert read_csv(exported(tmp_path, "findings", "f.csv")) == []


def test_a_heading_given_twice_spoils_its_own_source_only(tmp_path: Path, clock: SimulatedClock) -> None:
    """G1: which of two columns is the phone is nobody's guess; the other list goes on."""
    write_csv(tmp_path / "a.csv", ["id", "Phone", "phone "], [["1", "6135550117", "6135550118"]])
    write_csv(tmp_path / "b.csv", ["id", "phone"], [["1", "6135550117"]])
    config = tables(tmp_path, {"a": {"path": "a.csv"}, "b": {"path": "b.csv"}})
    said = rollcall("--json", "run", "--config", config)
    assert said.code == 3
    assert "NO CERTIFICATE: a." in said.data["headline"]
    assert [row["source"] for row in read_csv(exported(tmp_path, "entities", "e.csv"))] == ["b"]
    report = json.loads(Path(said.data["report"]).with_suffix(".json").read_text(encoding="utf-8"))
    (problem,) = [source["problem"] for source in report["sources"] if source["source"] == "a"]
    assert "two columns with the heading phone" in problem


@pytest.mark.deep
def test_a_workspace_can_be_moved(tmp_path: Path, clock: SimulatedClock) -> None:
    """A backup is put back in another place: the next night is certified against the last one, and ids stay (G7)."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    write_csv(first / "list.csv", ["id", "email"], [[str(n), f"u{n}@example.com"] for n in range(40)])
    assert rollcall("run", "--config", tables(first, {"list": {"path": "list.csv"}})).code == 0
    before = read_csv(exported(first, "entities", "e.csv"))
    first.rename(second)
    write_csv(second / "list.csv", ["id", "email"], [["1", "u1@example.com"]])
    assert rollcall("run", "--config", second / "config.yaml").code == 3
    assert read_csv(exported(second, "entities", "e.csv")) == before


def test_what_a_column_does_not_take_is_a_finding_and_not_silence(tmp_path: Path) -> None:
    """G3, G9: dates in another order, a yes that nobody explained, a status of the vendor's own; N/A is nothing at all."""
    rows = [
        ["1", "Ada", "6/1/1960", "Y", "gone"],
        ["2", "Bo", "1960-02-30", "N", "active"],
        ["3", "Cy", "N/A", "in", ""],
        ["4", "Di", "1960-02-28", "", "archived"],
    ]
    write_csv(tmp_path / "list.csv", ["id", "first_name", "birth_date", "email_consent", "status"], rows)
    config = tables(tmp_path, {"list": {"path": "list.csv", "expected": 4}}, limits={"file_age": "36500d"})
    assert rollcall("run", "--config", config).code == 0
    found = read_csv(exported(tmp_path, "findings", "f.csv"))
    told = {row["field"]: row["evidence"] for row in found if row["kind"] == "values_not_read"}
    assert {field: "2" in told[field] for field in told} == {"birth_date": True, "email_consent": True, "status": False}
    assert "1" in told["status"]


def big_list(path: Path, rows: int) -> int:
    """A list of short rows with a duplicate every thousand; returns how many duplicates there are."""
    rng, name = random.Random(1), ""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,first_name,last_name,phone,email,street,city,country,birth_date\n")
        for n in range(rows):
            same = n - 1 if n % 1_000 == 999 else n
            name = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=8)) if same == n else name
            number = f"+1613{2_000_000 + same:07}"
            file.write(
                f"c{n},{name},Customer,{number},u{n}@shop{n % 97}.example.com,{n} Long Street,Town,CA,1990-01-01\n"
            )
    return rows // 1_000


SIZES = [(20_000, 900), *([(1_000_000, 5_500)] if "ROLLCALL_LONG" in os.environ else [])]


@pytest.mark.parametrize(("rows", "megabytes"), SIZES)
def test_a_large_file_runs_in_bounded_memory(tmp_path: Path, rows: int, megabytes: int) -> None:
    """In a process of its own: 20,000 rows are 2 MB, a million (ROLLCALL_LONG=1) are 100 MB; every id comes out again."""
    duplicates = big_list(tmp_path / "big.csv", rows)
    config = tables(
        tmp_path, {"big": {"path": "big.csv", "expected": rows, "exported_at": "2026-01-01T00:00:00+00:00"}}
    )
    config.write_text(config.read_text(encoding="utf-8") + "limits: {file_age: 36500d}\n", encoding="utf-8")
    program = (
        "import re, sys\nfrom pathlib import Path\nfrom jobs.cli import main\n"
        "try: main()\n"
        # not `ru_maxrss`, which begins with the size of the process that started this one
        "finally: print(int(re.search('VmHWM: *\\t *([0-9]+)', Path('/proc/self/status').read_text())[1]) // 1024, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, "run", "--config", str(config)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    peak = int(done.stderr.split()[-1])
    print(f"{rows:,} rows: {peak} MiB at most")
    assert peak < megabytes
    assert done.stdout.rstrip().split("\n")[-1].startswith("plan ")
    out = tmp_path / "entities.csv"
    assert rollcall("export", "entities", "--config", config, "--out", out).code == 0
    rows_out = read_csv(out)
    assert {row["profile_id"] for row in rows_out} == {f"c{n}" for n in range(rows)}
    assert len({row["entity_id"] for row in rows_out}) == rows - duplicates


@pytest.mark.deep
def test_another_store_s_file_under_the_old_name_certifies_nothing(tmp_path: Path) -> None:
    """G2: the same number of rows, other customers: the last certified list stays what is known."""
    write_csv(tmp_path / "list.csv", ["id", "email"], [[str(n), f"u{n}@example.com"] for n in range(40)])
    config = tables(tmp_path, {"list": {"path": "list.csv"}})
    assert rollcall("run", "--config", config).code == 0
    write_csv(tmp_path / "list.csv", ["id", "email"], [[f"x{n}", f"x{n}@example.com"] for n in range(40)])
    said = rollcall("run", "--config", config)
    assert said.code == 3
    assert "40 of them not in this one" in said.out
    assert {row["profile_id"] for row in read_csv(exported(tmp_path, "entities", "e.csv"))} == {
        str(n) for n in range(40)
    }


def test_headings_without_rows_need_a_word_on_the_first_night(tmp_path: Path) -> None:
    """G2: more often a filter than a store without customers."""
    (tmp_path / "list.csv").write_text("id,email\n", encoding="utf-8")
    said = rollcall("run", "--config", tables(tmp_path, {"list": {"path": "list.csv"}}))
    assert said.code == 3
    assert "expected: 0" in said.out
    assert rollcall("run", "--config", tables(tmp_path, {"list": {"path": "list.csv", "expected": 0}})).code == 0
