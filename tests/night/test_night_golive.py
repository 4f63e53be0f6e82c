"""`rollcall golive --scan`: what blocks go-live per store, from the stores themselves or from their files (T9, P3)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.clock import SimulatedClock
from jobs import golive
from reports.golive import GoLiveReport, SharedNumber, proposal
from tests.night.stage import START, Group, rollcall, serving, tables, write_csv

LONG_AGO, LATELY = "2025-01-01T10:00:00Z", "2026-01-01T10:00:00Z"


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Two Treez stores as the plot leaves them, and three who are on several profiles of one store."""
    with serving(tmp_path_factory.mktemp("golive"), edit=stores_only) as group:
        group.plot()
        yield group


def stores_only(raw: dict[str, Any]) -> None:
    raw["sources"] = {name: raw["sources"][name] for name in ("downtown", "uptown")}
    raw["pairings"] = []


def scanned(group: Group) -> GoLiveReport:
    with group.open() as workspace:
        return golive.scan(workspace, group.folder / "golive").report


def entered(group: Group, *profiles: dict[str, Any]) -> list[str]:
    """One new person, several times at one store with one phone."""
    person = group.world.population.person("US", born=True)
    store = group.faults("downtown")
    return [store.add({**person.fields(), "email": None, **profile}) for profile in profiles]


def number_of(report: GoLiveReport, profile_id: str) -> SharedNumber:
    return next(n for n in report.shared if profile_id in {holder.id for holder in n.profiles})


@pytest.mark.parametrize(
    ("profiles", "survivor", "why"),
    [
        ([{}, {"verified": True, "last_visit_at": LONG_AGO}, {"last_visit_at": LATELY}], 1, "verified"),
        ([{"last_visit_at": LONG_AGO}, {}, {"last_visit_at": LATELY}], 2, "latest visit"),
        ([{}, {}], 0, "lowest id"),
    ],
)  # fmt: skip
def test_the_survivor_of_a_shared_number(group: Group, profiles: list[dict[str, Any]], survivor: int, why: str) -> None:
    """T9: active, verified, latest visit, lowest id, in this order."""
    ids = entered(group, *[{"verified": False, **profile} for profile in profiles])
    number = number_of(scanned(group), ids[0])
    assert number.profiles[0].id == number.survivor == ids[survivor]
    assert why in number.why
    assert not number.household


def test_a_deactivated_profile_does_not_hold_its_number(group: Group) -> None:
    """T9: who is out of the list blocks nobody."""
    ids = entered(group, {}, {})
    group.faults("downtown").archive(ids[1])
    assert not [n for n in scanned(group).shared if ids[0] in {holder.id for holder in n.profiles}]


def test_the_scan_of_two_stores(group: Group) -> None:
    """Households apart, who has no phone, how many are ready for a first password; nothing is written, exit 4."""
    writes = len(group.world.ledger.effects)
    said = rollcall("golive", "--scan", "--config", group.config, "--out", group.folder / "page")
    assert said.code == 4
    assert len(group.world.ledger.effects) == writes
    report = scanned(group)
    stores = {store.source: store for store in report.stores}
    assert set(stores) == {"downtown", "uptown"}
    for store in stores.values():
        assert store.customers is not None
        assert store.customers == (store.ready or 0) + (store.not_ready or 0)
        assert sum(reason.count for reason in store.reasons) == store.not_ready
    assert stores["downtown"].blocking == len(
        {h.id for n in report.shared if n.source == "downtown" for h in n.profiles}
    )
    assert [n for n in report.shared if n.household]
    assert {holder.source for holder in report.without_phone} == {"uptown"}
    text = (group.folder / "page" / "golive.html").read_text(encoding="utf-8")
    assert not [sentinel for sentinel in group.world.sentinels() if sentinel in text]
    book = openpyxl.load_workbook(group.folder / "page" / "golive.xlsx")
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_store_that_cannot_be_read_is_not_called_ready(group: Group) -> None:
    """G1: exit 3 or 4, and the store is named; its numbers are not known, never zero."""
    group.faults("uptown").fault("forbidden", times=None)
    config = group.folder / "fresh" / "config.yaml"
    config.parent.mkdir()
    config.write_bytes(group.config.read_bytes())
    try:
        said = rollcall("--json", "golive", "--scan", "--config", config)
    finally:
        group.faults("uptown").clear_faults()
    assert said.code == 3, "blockers are known of downtown, but a store that was not read comes first"
    assert [*said.data["unread"]] == ["uptown"]
    assert "uptown" in Path(said.data["page"]).read_text(encoding="utf-8")
    rows = rollcall("--json", "status", "--config", config).data["runs"]
    assert rows[0]["status"] == "incomplete"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimulatedClock:
    clock = SimulatedClock(START)
    monkeypatch.setattr("jobs.desk.SystemClock", lambda: clock)
    return clock


HEADING = ["id", "first_name", "last_name", "phone", "email", "status"]


def test_from_table_files_alone(tmp_path: Path, clock: SimulatedClock) -> None:
    """T9 works on exports: `9` is lower than `10`, archived profiles are out, one person with two numbers is told."""
    one = [
        ["10", "Ann", "Roe", "613 555 0117", "", "active"],
        ["9", "Ann", "Roe", "+1 613-555-0117", "", "active"],
        ["8", "Ann", "Roe", "6135550117", "", "archived"],
        ["11", "Bo", "Ray", "613 555 0118", "bo@example.com", "active"],
        ["12", "Cy", "Ray", "613 555 0119", "", "active"],
        ["13", "Di", "Ray", "613 555 0119", "", "active"],
        ["14", "Ed", "Ray", "", "", "active"],
    ]
    write_csv(tmp_path / "one.csv", HEADING, one)
    write_csv(tmp_path / "two.csv", HEADING, [["1", "Bo", "Ray", "613 555 0120", "BO@example.com", "active"]])
    config = tables(tmp_path, {"one": {"path": "one.csv"}, "two": {"path": "two.csv"}})
    out = tmp_path / "out"
    said = rollcall("golive", "--scan", "--config", config, "--out", out)
    assert said.code == 4
    book = openpyxl.load_workbook(out / "golive.xlsx")
    rows = [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]
    assert any(row[1:3] == ["one", "9"] and "keep" in row for row in rows)
    assert any(row[1:3] == ["one", "10"] and "merge into 9" in row for row in rows)
    assert any(row[1:3] == ["one", "12"] and "keeps the number" in row for row in rows)
    assert any(row[1:3] == ["one", "13"] and "give it a number of its own" in row for row in rows)
    assert not any(row[1:3] == ["one", "8"] for row in rows)
    assert {row[2] for row in rows if row[1] in {"one", "two"} and str(row[0]).startswith("B… (2-4) R…")} == {"11", "1"}
    assert any(row[:2] == ["one", "14"] for row in rows)


def test_a_clean_store_is_ready(tmp_path: Path, clock: SimulatedClock) -> None:
    """Exit 0: nothing blocks."""
    write_csv(
        tmp_path / "one.csv",
        HEADING,
        [["1", "Ann", "Roe", "613 555 0117", "", "active"], ["2", "Bo", "Ray", "613 555 0118", "", "active"]],
    )
    config = tables(tmp_path, {"one": {"path": "one.csv"}})
    said = rollcall("golive", "--scan", "--config", config)
    assert said.code == 0, said.out
    assert (tmp_path / "data" / "reports" / "golive.html").is_file()


def kept_ids(tmp_path: Path, ids: list[str]) -> list[str]:
    """The survivor's and the others' ids of one number that profiles with these ids share, in the order proposed."""
    rows = [[name, "Ann", "Roe", "613 555 0117", "", "active"] for name in ids]
    write_csv(tmp_path / "one.csv", HEADING, rows)
    config = tables(tmp_path, {"one": {"path": "one.csv"}})
    assert rollcall("golive", "--scan", "--config", config, "--out", tmp_path / "out").code == 4
    book = openpyxl.load_workbook(tmp_path / "out" / "golive.xlsx")
    return [row[2].value for row in book["numbers on several profiles"].iter_rows(min_row=2)]


@pytest.mark.parametrize(
    ("ids", "ordered"),
    [
        (["10", "9", "100"], ["9", "10", "100"]),
        (["12", "0000000000000011", "10"], ["10", "0000000000000011", "12"]),
        (["S10", "S9", "S100"], ["S9", "S10", "S100"]),
        (["a-2-10", "a-2-9", "a-10-1"], ["a-2-9", "a-2-10", "a-10-1"]),
        (["A1", "100000", "B"], ["100000", "A1", "B"]),
    ],
)
def test_the_lowest_id_is_the_lowest_number(
    tmp_path: Path, clock: SimulatedClock, ids: list[str], ordered: list[str]
) -> None:
    """T9: numerically when all are digits, and before others; numbers inside a text compare as numbers."""
    assert kept_ids(tmp_path, ids) == ordered


def test_the_page_tells_its_rules_and_two_phones_apart(tmp_path: Path, clock: SimulatedClock) -> None:
    """Rule ids come with their sentences; different phones with one ending do not look the same; the verdict comes last."""
    write_csv(tmp_path / "one.csv", HEADING, [["1", "Bo", "Ray", "613 555 0117", "bo@example.com", "active"]])
    write_csv(tmp_path / "two.csv", HEADING, [["1", "Bo", "Ray", "416 555 0117", "bo@example.com", "active"]])
    config = tables(tmp_path, {"one": {"path": "one.csv"}, "two": {"path": "two.csv"}})
    said = rollcall("golive", "--scan", "--config", config, "--out", tmp_path / "out")
    assert said.last == "Ready: no phone number is on several profiles"
    page = (tmp_path / "out" / "golive.html").read_text(encoding="utf-8")
    assert "<dt>T4</dt><dd>ECOM finds an existing Treez customer by phone number.</dd>" in page
    assert {"*******117 (digit 1: 6)", "*******117 (digit 1: 4)"} <= set(re.findall(r"\*{7}117 \(digit 1: .\)", page))


def test_g11_both_balances_are_shown_and_a_merge_that_would_touch_them_is_by_hand(group: Group) -> None:
    """Scenario 20, before go-live."""
    ids = entered(group, {"verified": True}, {"verified": False})
    for key, points in zip(ids, (120, 30), strict=True):
        group.faults("downtown").records.change(key, {"rewards_balance": points}, "till")
    number = number_of(scanned(group), ids[0])
    assert [(holder.id, holder.points) for holder in number.profiles] == [(ids[0], "120"), (ids[1], "30")]
    assert proposal(number, number.profiles[1]) == f"merge into {ids[0]}, by hand: it holds 30 points"
