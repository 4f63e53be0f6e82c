"""Nights of a workspace with a past: pairings put back, clocks set back, and a state database that is gone."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from tests.night.stage import START, Said, continued, rollcall, tables, write_csv

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


@contextmanager
def played(folder: Path) -> Iterator[Past]:
    """A group without a past yet, and its clock as everybody's."""
    clock = SimulatedClock(START)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.desk.SystemClock", lambda: clock)
        yield Past(folder, clock)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with played(tmp_path) as group:
        yield group


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of one whole night."""
    with played(tmp_path_factory.mktemp("first")) as group:
        assert observes(group.night())
    return group.folder


@pytest.fixture(scope="module")
def third_night(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has just ended to observe."""
    with played(tmp_path_factory.mktemp("third")) as group:
        continued(first_night, group.folder)
        group.clock.advance(timedelta(days=1))
        assert [observes(group.night()) for _ in range(2)] == [True, False]
    return group.folder


@pytest.fixture
def settled(first_night: Path, past: Past) -> Past:
    """The day after one whole night."""
    continued(first_night, past.folder)
    past.clock.advance(timedelta(days=1))
    return past


@pytest.fixture
def trusted(third_night: Path, past: Past) -> Past:
    """The day after three nights, of which the pairing only observed two."""
    continued(third_night, past.folder)
    past.clock.advance(timedelta(days=3))
    return past


def observes(said: Said) -> bool:
    assert said.code == 0, said
    return "both only observes, nothing of it is written" in said.out


@pytest.mark.deep
def test_a_pairing_put_back_after_a_long_time_observes_anew(trusted: Past) -> None:
    """G14: what it learned two months ago is not what it is let loose on."""
    trusted.configure([])
    assert trusted.night(10).code == 0
    trusted.configure()
    assert not observes(trusted.night(10)), "not a long time"
    trusted.configure([])
    assert trusted.night(20).code == 0
    trusted.configure()
    trusted.clock.advance(timedelta(days=11))
    assert "0 of 2 certified nights done" in trusted.say("check").out
    said = trusted.night(0)
    assert observes(said)
    assert "1 of 2 certified nights done" in said.out
    assert [observes(trusted.night()) for _ in range(2)] == [True, False]


@pytest.mark.deep
@pytest.mark.parametrize("keys", [["phone", "email"], pytest.param(["email"], marks=pytest.mark.deep)])
def test_a_pairing_with_other_match_keys_observes_anew(keys: list[str], trusted: Past) -> None:
    """G14: other keys, or the same in another order, make other links."""
    trusted.configure([PAIRING | {"keys": ["email", "phone"]}])
    assert not observes(trusted.night()), "the keys of its preset, spelled out"
    trusted.configure([PAIRING | {"keys": keys}])
    assert observes(trusted.night())


@pytest.mark.parametrize(
    "lose",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.rename(file.with_suffix(".old")),
    ],
    ids=["missing", "empty", "moved"],
)
def test_a_workspace_without_its_state_is_refused(lose: Callable[[Path], Any], settled: Past) -> None:
    """Decisions, the journal and writes in doubt would be gone, and run ids be used again."""
    page = settled.data / "reports" / "2026-03-03-a.html"
    before = page.read_bytes()
    lose(settled.data / "state.db")
    settled.clock.advance(timedelta(hours=1))
    for words in (["run"], ["status"], ["check"], ["plan"]):
        said = settled.say(*words)
        assert said.code == 2
        assert "state.db is missing or new, while" in said.err
        assert "Restore the database from a backup" in said.err
        assert "to start anew on purpose, move the workspace away first" in said.err
    assert page.read_bytes() == before
    assert not (settled.data / "state.db").is_file() or not (settled.data / "state.db").stat().st_size, (
        "nothing was made"
    )


def test_a_state_that_knows_no_run_is_not_that_of_a_workspace_with_reports(settled: Past) -> None:
    """Such as another database that `state:` was pointed to; one on a server is always there."""
    settled.configure(state=f"sqlite:///{settled.folder}/new/state.db")
    assert settled.night().code == 2
    settled.configure(workspace="elsewhere", state=f"sqlite:///{settled.folder}/new/state.db")
    assert settled.say("status").code == 0, "it is there now, and knows no run"
    settled.configure(state=f"sqlite:///{settled.folder}/new/state.db")
    said = settled.night()
    assert said.code == 2
    assert "is missing or new, while" in said.err


@pytest.mark.deep
def test_a_workspace_that_was_moved_away_begins_anew(settled: Past) -> None:
    settled.data.rename(settled.folder / "old")
    assert settled.say("check").code == 0
    assert not settled.data.exists(), "checking makes nothing"
    assert settled.night().code == 0
    assert settled.runs() == ["2026-03-04-a"]


@contextmanager
def files_below_size(limit: int) -> Iterator[None]:
    """No file of this process grows above so many bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("limit", [4_096, pytest.param(40_960, marks=pytest.mark.deep)])
def test_a_disk_that_refuses_is_told_in_a_sentence(limit: int, settled: Past) -> None:
    """What, where and what to do, exit 1; and the night after it is whole."""
    with files_below_size(limit):
        said = settled.night()
    assert said.code == 1
    last = said.err.rstrip("\n").split("\n")[-1]
    assert last.startswith("rollcall: the state database sqlite:///")
    assert "state.db could not be read or written: disk I/O error; look at the free space" in last
    assert settled.night().code == 0


def test_an_inbox_that_is_no_folder_is_a_warning_of_the_run(settled: Past) -> None:
    (settled.data / "decisions_inbox").write_text("a decision")
    said = settled.night()
    assert said.code == 0
    assert "decisions_inbox: no decision was taken: the inbox cannot be read: Not a directory" in said.out
    pages = [path.read_text() for path in (settled.data / "reports").glob("*.json")]
    assert sum("no decision was taken" in page for page in pages) == 1


def test_a_pair_is_of_profiles_that_were_read(settled: Past) -> None:
    """The last certified export tells, or the roll where that cannot be read; where neither does, nobody can know."""

    def word(other: str) -> Said:
        return settled.say("decide", "not_same", "pair", "shop:100", other, "--why", "two people")

    assert word("till:7").code == 0
    refused = word("till:8")
    assert refused.code == 2
    assert (
        "till has no profile 8, neither in its last certified export nor on the roll of the last night" in refused.err
    )
    assert "there is no source nosuch; the configuration has shop, till" in word("nosuch:7").err
    for seal in (settled.data / "snapshots").glob("*/*/seal.json"):
        seal.unlink()
    assert [word("till:7").code, word("till:8").code] == [0, 2]
    for file in (settled.data / "kept").glob("roll-*"):
        file.unlink()
    assert [word("till:7").code, word("till:8").code] == [0, 0]


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "gone": lambda file: file.unlink(),
    "changed": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize(
    "damage",
    [DAMAGE["changed"], *(pytest.param(DAMAGE[name], marks=pytest.mark.deep) for name in ("gone", "a folder"))],
)
@pytest.mark.parametrize(
    ("name", "lost"),
    [pytest.param("roll", "every entity a new id", marks=pytest.mark.deep), ("bases", "as on a first night")],
)
def test_a_damaged_kept_file_can_be_left_behind(
    name: str, lost: str, damage: Callable[[Path], Any], settled: Past
) -> None:
    """The message names the way out and its price; without a backup every night would stop for good."""
    (file,) = (settled.data / "kept").glob(f"{name}-*")
    damage(file)
    said = settled.night()
    assert said.code == 2
    assert f"Without a backup: `rollcall purge --kept {name}` forgets it, and then" in said.err
    assert lost in said.err
    forgot = settled.say("purge", "--kept", name)
    assert forgot.code == 0
    assert forgot.last.startswith(f"forgot the kept {name}: ")
    assert lost in forgot.last
    assert settled.night().code == 0
    assert settled.say("purge", "--kept", "nothing").code == 2


@pytest.mark.parametrize(
    "name", ["links", *(pytest.param(name, marks=pytest.mark.deep) for name in ("entities", "phones"))]
)
def test_what_only_helps_can_be_forgotten_too(name: str, past: Past) -> None:
    write_csv(past.folder / "till.csv", HEADING, [["7", *ANN[:2], "+49 30 1234567", ANN[3]]])  # not spelled as at home
    none = past.say("purge", "--kept", name)
    assert none.code == 2
    assert f"no {name} is kept: there is nothing to forget" in none.err
    assert past.night().code == 0
    assert past.say("--json", "purge", "--kept", name).data["forgot"] == name
    assert past.night().code == 0


@pytest.mark.deep
def test_the_plan_that_was_made_last_is_the_newest_whatever_the_clock_says(past: Past) -> None:
    """The clock was a day ahead and is put right: the plan of the wrong day is the outdated one."""
    past.configure([PAIRING | {"observe_nights": 0}])
    assert past.night().code == 0
    assert past.night(days=2).code == 0
    past.clock.advance(timedelta(days=-1))
    assert past.say("run").code == 0
    assert past.runs() == ["2026-03-03-a", "2026-03-05-a", "2026-03-04-a"]
    assert past.say("apply", "2026-03-04-a").code == 0
    refused = past.say("apply", "2026-03-05-a")
    assert refused.code == 2
    assert "plan 2026-03-05-a is superseded by 2026-03-04-a" in refused.err
    assert "on run 2026-03-04-a" in past.say("decide", "approve", "field", "both/phone", "--why", "x").last
