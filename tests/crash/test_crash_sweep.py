"""Killed at every step of every action, then resumed: each effect happens once, and the end is as if nothing had happened.

I1, I2 and 19 of the fault cases. The vendors live in a process of their own and remember. ROLLCALL_CRASH=long adds kills
during the resume, and the whole sweep on PostgreSQL.
"""

import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from jobs.apply import Means, apply_plan, resume
from jobs.journal import CREATED, Correction, Journal, fingerprint
from jobs.settings import Limits
from jobs.state import DecisionRow, State
from jobs.vault import Vault

STEPS = ("before_intent", "after_intent", "after_write", "after_outcome", "after_verify")
TWICE = (("after_intent", "after_intent"), ("after_intent", "after_write"), ("after_write", "after_verify"))
"""Killed while applying, and again while resuming."""
VAULT = Vault(bytes(range(32)))
LONG = os.environ.get("ROLLCALL_CRASH") == "long"
SOURCES = ("shop", "till", "uptown")
ADA = {"first_name": "Ada", "last_name": "Roe", "phone": "+14165550190", "email": "ada@example.com"}
BO = {"first_name": "Bo", "last_name": "Ray", "phone": "+14165550191", "city": "Ottawa"}

# correction: source, profile, action, after, what it follows
PLANNED: Mapping[str, tuple[str, str | None, str, dict[str, str | None], str | None]] = {
    "create-till": ("till", None, "create", ADA, None),
    "create-uptown": ("uptown", None, "create", BO, None),
    "update-till": ("till", "1", "update", {"phone": "+14165550142", "email": "new@example.com"}, None),
    "update-shop": ("shop", "3", "update", {"city": "Ottawa", "postal_code": "K1A 0B1"}, None),
    "clear-uptown": ("uptown", "1", "update", {"phone": None}, None),
    "note-till": ("till", "3", "add_note", {"note": "likes tea\nLinked with ECOM. Do not delete!"}, None),
    "note-uptown": ("uptown", "2", "add_note", {"note": "likes tea\nLinked with ECOM. Do not delete!"}, None),
    "opt-out-till": ("till", "4", "opt_out", {"email_consent": "out"}, None),
    "opt-out-shop": ("shop", "4", "opt_out", {"email_consent": "out"}, None),
    "relink-till": ("shop", "1", "relink", {"link:till": f"{CREATED}create-till"}, "create-till"),
    "relink-uptown": ("shop", "2", "relink", {"link:uptown": f"{CREATED}create-uptown"}, "create-uptown"),
    "erase-uptown": ("uptown", "4", "erase", {"status": "erased"}, None),
    "tag-till": ("till", "2", "add_tag", {"tags": "Shopify;vip"}, "relink-till"),
    "group-shop": ("shop", "2", "set_group", {"group": "Trade"}, None),
    "archive-uptown": ("uptown", "3", "archive", {"status": "archived"}, None),
    "restore-uptown": ("uptown", "5", "restore", {"status": "active"}, None),
    "merge-shop": ("shop", "5", "merge", {"merged_into": "4"}, "opt-out-shop"),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Everything that an undisturbed run and a resumed one must have in common."""

    records: Mapping[str, Any]
    effects: Mapping[str, list[tuple[str, str, str]]]
    corrections: list[tuple[str, str, str | None]]


class Trials:
    """One state database, one plan per trial, the stores put back before each."""

    def __init__(self, url: str, vault: Vault, vendors: Any, new_stores: Callable[[], Mapping[str, Any]]) -> None:
        self.url, self.vault, self.vendors, self.new_stores = url, vault, vendors, new_stores
        self.number = 0
        self.undisturbed = self.ending(self.begin(), lambda plan: self.run(plan, apply_plan))

    def begin(self) -> str:
        """The same plan once more, over the same stores."""
        self.number += 1
        plan, stores = f"2026-11-23-{self.number}", self.new_stores()
        rows = [_correction(self.vault, name, number, stores) for number, name in enumerate(PLANNED, start=1)]
        state = State.open(self.url, self.vault)
        self._journal(state).store_plan(plan, rows)
        state.record_decisions([_named(plan, name) for name in ("archive-uptown", "merge-shop")])
        state.close()
        self.vendors.put(stores)
        return plan

    def run(self, plan: str, function: Callable[..., Any], kill_at: str = "") -> None:
        """Apply in a child; with `kill_at` the child must die there, by SIGKILL."""

        def probe(point: str) -> None:
            if point == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        def work() -> None:
            state = State.open(self.url, self.vault)
            regions = dict.fromkeys(SOURCES, "CA")
            connectors = {name: self.vendors.connector(name) for name in SOURCES}
            means = Means(self._journal(state), connectors, Limits(), {}, regions, probe=probe)
            outcome = function(plan, means)
            assert outcome.exit_code == 0, outcome
            state.close()

        expected = -signal.SIGKILL if kill_at else 0
        assert in_a_child(work) == expected, kill_at

    def ending(self, plan: str, *runs: Callable[[str], None]) -> Ending:
        for run in runs:
            run(plan)
        stores = self.vendors.stores()
        state = State.open(self.url, self.vault)
        rows = self._journal(state).load(plan)
        state.close()
        return Ending(
            {name: store.records for name, store in stores.items()},
            {name: sorted(store.ledger) for name, store in stores.items()},
            [(row.correction_id, row.state, row.new_id) for row in rows],
        )

    def killed_at(self, *points: str) -> Ending:
        """Killed at each point in turn, the first time while applying, then while resuming; then resumed to the end."""
        kills = [
            lambda plan, point=point, function=function: self.run(plan, function, point)
            for point, function in zip(points, [apply_plan, *[resume] * len(points)], strict=False)
        ]
        return self.ending(self.begin(), *kills, lambda plan: self.run(plan, resume))

    def _journal(self, state: State) -> Journal:
        return Journal(state, self.vault, SimulatedClock(datetime(2026, 11, 23, 12, 15, tzinfo=UTC)))


def _named(plan: str, name: str) -> DecisionRow:
    """A word that outlasts a resume: archiving is always by name (G14)."""
    made, until = datetime(2026, 11, 23, tzinfo=UTC), date(2026, 12, 31)
    return DecisionRow(plan, "correction", name, "approve", "", "kim", made, until)


def _correction(vault: Vault, name: str, number: int, stores: Mapping[str, Any]) -> Correction:
    source, profile, action, after, follows = PLANNED[name]
    record = stores[source].records.get(profile, {})
    before = {field: record.get(field) for field in after} if profile else {}
    judged = fingerprint(vault, source, profile, record, before)
    row = Correction(
        correction_id=name, source=source, profile_id=profile, action=action, before=before, after=after, why="",
        rule_ids=(), finding_ids=(), fingerprint=judged, reversible="fully", needs=(), state="ready",
    )  # fmt: skip
    return replace(row, after_correction=follows, seq=number)


def in_a_child(work: Callable[[], None]) -> int:
    """Exit code of a forked child, or minus the signal that killed it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture(scope="module")
def new_stores(empty_store: Callable[..., Any], person: Callable[[int], dict[str, str | None]]) -> Callable[[], Any]:
    """Three stores of five people, one of them archived; uptown takes no reference of ours, so a create is found by phone and names."""

    def make() -> Mapping[str, Any]:
        stores = {name: empty_store(name, knows_keys=name != "uptown") for name in SOURCES}
        for store in stores.values():
            for n in range(1, 6):
                store.add(str(n), **person(n))
        stores["uptown"].add("5", **person(5), status="archived")
        return stores

    return make


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory, vendors: Any, new_stores: Any) -> Trials:
    return Trials(f"sqlite:///{tmp_path_factory.mktemp('trials')}/state.db", VAULT, vendors, new_stores)


@pytest.fixture
def postgres_trials(postgres_url: str, vendors: Any, new_stores: Any) -> Trials:
    return Trials(postgres_url, VAULT, vendors, new_stores)


def points(name: str) -> Iterator[str]:
    return (f"{step} {name}" for step in STEPS)


def test_the_undisturbed_run_does_everything_once(trials: Trials) -> None:
    """What the sweep compares with is itself right."""
    ending = trials.undisturbed
    assert [state for _, state, _ in ending.corrections] == ["verified"] * len(PLANNED)
    assert sorted(key for ledger in ending.effects.values() for _, _, key in ledger) == sorted(PLANNED)
    assert ending.records["shop"]["1"]["link:till"] == "till-new-1"
    assert ending.records["shop"]["2"]["link:uptown"] == "uptown-new-1"


ONE_MORE = frozenset({"update-shop", "note-uptown", "opt-out-shop", "relink-uptown"})
"""These show what another one of their action shows."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.deep) if name in ONE_MORE else name for name in PLANNED]
)
def test_killed_anywhere_and_resumed_is_as_if_nothing_had_happened(trials: Trials, name: str) -> None:
    for point in points(name):
        assert trials.killed_at(point) == trials.undisturbed, point


def test_killed_while_applying_and_again_while_resuming(trials: Trials) -> None:
    for name in PLANNED if LONG else ("create-uptown", "relink-till"):
        for first, second in TWICE:
            ending = trials.killed_at(f"{first} {name}", f"{second} {name}")
            assert ending == trials.undisturbed, (name, first, second)


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_trials: Trials) -> None:
    for point in (
        "after_intent create-uptown",
        "after_write create-uptown",
        "after_write update-till",
        "after_outcome tag-till",
    ):
        assert postgres_trials.killed_at(point) == postgres_trials.undisturbed, point


@pytest.mark.deep
@pytest.mark.postgres
@pytest.mark.parametrize("name", PLANNED)
def test_the_whole_sweep_on_postgresql(postgres_trials: Trials, name: str) -> None:
    """Every point of every action, and killed a second time while resuming."""
    twice = [(f"{first} {name}", f"{second} {name}") for first, second in TWICE]
    for kills in [*((point,) for point in points(name)), *twice]:
        assert postgres_trials.killed_at(*kills) == postgres_trials.undisturbed, kills


def test_a_second_write_would_be_noticed(trials: Trials) -> None:
    """The sweep can fail: blindly applying anew, instead of reading first, shows in the ledger."""
    plan = trials.begin()
    trials.run(plan, apply_plan, "after_write create-uptown")

    def forgetful() -> None:
        state = State.open(trials.url, trials.vault)
        (row,) = [row for row in trials._journal(state).load(plan) if row.correction_id == "create-uptown"]
        assert row.state == "intended"
        source, profile, action, after, _ = PLANNED["create-uptown"]
        trials.vendors.call(source, "write", action, profile, after, row.correction_id)
        state.close()

    assert in_a_child(forgetful) == 0
    assert trials.ending(plan) != trials.undisturbed
    assert len(trials.vendors.stores()["uptown"].records) == 7
