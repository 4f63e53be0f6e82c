"""Nights of a workspace with a past: pairings put back, clocks set back, and a state database that is gone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from tests.night.stage import START, Said, rollcall, tables, write_csv

HEADING = ["id", "first_name", "last_name", "phone", "email"]
ANN = ["Ann", "Roe", "+1 613 555 0117", "ann@example.com"]
PAIRING: dict[str, Any] = {"name": "both", "ecom": "shop", "pos": ["till"], "observe_nights": 2}


class Past:
    """A shop and a till that agree on Ann, and the one clock."""

    def __init__(self, folder: Path, clock: SimulatedClock) -> None:
        self.folder, self.clock = folder, clock
        for name, number in (("shop", "100"), ("till", "7")):
            write_csv(folder / f"{name}.csv", HEADING, [[number, *ANN]])
        self.configure()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def configure(self, pairings: list[dict[str, Any]] | None = None, **rest: Any) -> None:
        sources = {"shop": {"path": "shop.csv", "role": "ecom"}, "till": {"path": "till.csv"}}
        limits = {"file_age": "900d", "apart": "900d"}
        pairings = [PAIRING] if pairings is None else pairings
        tables(self.folder, sources, pairings=pairings, limits=limits, **rest)

    def say(self, *words: str) -> Said:
        return rollcall(*words, "--config", self.folder / "config.yaml")

    def night(self, days: int = 1) -> Said:
        self.clock.advance(timedelta(days=days))
        return self.say("run")

    def runs(self) -> list[str]:
        return [row["run"] for row in self.say("--json", "status").data["runs"]]


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    clock = SimulatedClock(START)
    monkeypatch.setattr("jobs.desk.SystemClock", lambda: clock)
    return Past(tmp_path, clock)


def observes(said: Said) -> bool:
    assert said.code == 0, said
    return "both only observes, nothing of it is written" in said.out


def test_a_pairing_put_back_after_a_long_time_observes_anew(past: Past) -> None:
    """G14: what it learned two months ago is not what it is let loose on."""
    assert [observes(past.night()) for _ in range(3)] == [True, True, False]
    past.configure([])
    assert past.night(10).code == 0
    past.configure()
    assert not observes(past.night(10)), "not a long time"
    past.configure([])
    assert past.night(20).code == 0
    past.configure()
    past.clock.advance(timedelta(days=11))
    assert "0 of 2 certified nights done" in past.say("check").out
    said = past.night(0)
    assert observes(said)
    assert "1 of 2 certified nights done" in said.out
    assert [observes(past.night()) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("keys", [["phone", "email"], ["email"]])
def test_a_pairing_with_other_match_keys_observes_anew(keys: list[str], past: Past) -> None:
    """G14: other keys, or the same in another order, make other links."""
    assert [observes(past.night()) for _ in range(3)] == [True, True, False]
    past.configure([PAIRING | {"keys": ["email", "phone"]}])
    assert not observes(past.night()), "the keys of its preset, spelled out"
    past.configure([PAIRING | {"keys": keys}])
    assert observes(past.night())


@pytest.mark.parametrize(
    "lose",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.rename(file.with_suffix(".old")),
    ],
    ids=["missing", "empty", "moved"],
)
def test_a_workspace_without_its_state_is_refused(lose: Callable[[Path], Any], past: Past) -> None:
    """Decisions, the journal and writes in doubt would be gone, and run ids be used again."""
    assert past.night().code == 0
    page = past.data / "reports" / "2026-03-03-a.html"
    before = page.read_bytes()
    lose(past.data / "state.db")
    past.clock.advance(timedelta(hours=1))
    for words in (["run"], ["status"], ["check"], ["plan"]):
        said = past.say(*words)
        assert said.code == 2
        assert "state.db is missing or new, while" in said.err
        assert "Restore the database from a backup" in said.err
        assert "to start anew on purpose, move the workspace away first" in said.err
    assert page.read_bytes() == before
    assert not (past.data / "state.db").is_file() or not (past.data / "state.db").stat().st_size, "nothing was made"


def test_a_state_that_knows_no_run_is_not_that_of_a_workspace_with_reports(past: Past) -> None:
    """Such as another database that `state:` was pointed to; one on a server is always there."""
    assert past.night().code == 0
    past.configure(state=f"sqlite:///{past.folder}/new/state.db")
    assert past.night().code == 2
    past.configure(workspace="elsewhere", state=f"sqlite:///{past.folder}/new/state.db")
    assert past.say("status").code == 0, "it is there now, and knows no run"
    past.configure(state=f"sqlite:///{past.folder}/new/state.db")
    said = past.night()
    assert said.code == 2
    assert "is missing or new, while" in said.err


def test_a_workspace_that_was_moved_away_begins_anew(past: Past) -> None:
    assert past.night().code == 0
    past.data.rename(past.folder / "old")
    assert past.say("check").code == 0
    assert not past.data.exists(), "checking makes nothing"
    assert past.night().code == 0
    assert past.runs() == ["2026-03-04-a"]
