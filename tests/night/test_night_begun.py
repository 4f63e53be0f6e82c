"""`rollcall init`: from exported lists to a first night, by the commands that each step names."""

from pathlib import Path

import pytest

from connectors.clock import SimulatedClock
from jobs.settings import load
from tests.night.stage import START, read_csv, rollcall, write_csv

TILL = [
    ["007", "Ann", "NA", "6135550117", "ann@example.com"],
    ["8", "Zoë 🙂", "=1+1", "(613) 555-0118", ""],
    ["9", "Ann", "NA", "+1 613-555-0117", ""],
]
SHOP = [["1001", "Ann", "NA", "1.613.555.0117 ", "ann@example.com"]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two lists in a folder of their own, as two systems wrote them; the newcomer stands above it."""
    monkeypatch.setattr("jobs.desk.SystemClock", lambda: SimulatedClock(START))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exports").mkdir()
    write_csv(
        tmp_path / "exports" / "Main St 2.csv", ["Customer ID", "First Name", "Last Name", "Mobile", "Email"], TILL
    )
    write_csv(tmp_path / "exports" / "Web-Shop.csv", ["id", "first_name", "last_name", "phone", "email"], SHOP)
    return tmp_path


def test_a_newcomer_comes_to_a_first_report(folder: Path) -> None:
    """Roles by the names of the files; `NA`, `007`, an emoji and a formula are what they are; the duplicate is found."""
    files = ("exports/Main St 2.csv", "exports/Web-Shop.csv")
    said = rollcall("init", *files, "--region", "CA")
    assert (said.code, said.last) == (0, "config.yaml: 2 sources; next: `rollcall check`, then `rollcall run`")
    settings = load(folder / "config.yaml")
    assert {name: source.role for name, source in settings.sources.items()} == {"main-st-2": "pos", "web-shop": "ecom"}
    assert [(pairing.ecom, *pairing.pos) for pairing in settings.pairings] == [("web-shop", "main-st-2")]
    assert rollcall("check").last == "checked 2 sources, nothing was written: all of it holds"
    assert rollcall("run", "--exit-code").code == 4
    assert rollcall("export", "entities", "--out", "e.csv").code == 0
    entities = {f"{row['source']}:{row['profile_id']}": row["entity_id"] for row in read_csv(folder / "e.csv")}
    assert set(entities) == {"main-st-2:007", "main-st-2:8", "main-st-2:9", "web-shop:1001"}
    assert entities["main-st-2:007"] == entities["main-st-2:9"] == entities["web-shop:1001"] != entities["main-st-2:8"]


def test_a_configuration_is_never_written_over_and_nothing_is_written_that_could_not_be_used(folder: Path) -> None:
    one = "exports/Web-Shop.csv"
    for words, says in (
        ((one, "exports/none.csv"), "exports/none.csv: not there"),
        ((one, "--region", "Canada"), "region"),
        ((one, one), "read the same file"),
    ):
        said = rollcall("init", *words)
        assert (said.code, says in said.err) == (2, True)
        assert not (folder / "config.yaml").exists()
    assert rollcall("init", one).code == 0
    before = (folder / "config.yaml").read_bytes()
    said = rollcall("init", "exports/Main St 2.csv")
    assert (said.code, "there is a configuration already" in said.err) == (2, True)
    assert (folder / "config.yaml").read_bytes() == before
