"""A small group for nights of one pairing: a shop, its tills, one clock, and the job that looks at them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from connectors.clock import SimulatedClock
from connectors.sandbox.base import Ledger
from connectors.sandbox.people import Person, Population
from jobs import applying, decide, night
from jobs.night import Result
from jobs.settings import load
from jobs.workspace import Workspace
from reports.document import CorrectionLine, RunReport
from tests.night.stage import START, continued

SEED = 7


@dataclass(slots=True)
class Known:
    """One person, and the id of their profile in each source."""

    person: Person
    ids: dict[str, str]

    def at(self, source: str) -> str:
        return f"{source}:{self.ids[source]}"


@dataclass(slots=True)
class Group:
    """Accounts that serve under `sources`, and the workspace in `folder`.

    `entries`: what completes an account's own settings; a callable gives the whole entry anew each night.
    """

    folder: Path
    pairing: Mapping[str, Any]
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(START))
    ledger: Ledger = field(default_factory=Ledger)
    accounts: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, Any] = field(default_factory=dict)
    people: list[Known] = field(default_factory=list)
    population: Population = field(init=False)

    def __post_init__(self) -> None:
        self.population = Population(SEED, self.clock.time)

    def open(self, account: Any, entry: Any) -> Any:
        self.accounts[account.name], self.entries[account.name] = account, entry
        return account

    def configure(self) -> None:
        """The configuration as it is tonight."""
        sources = {
            name: self.entries[name]() if callable(self.entries[name]) else {**account.settings(), **self.entries[name]}
            for name, account in self.accounts.items()
        }
        raw = {"group": "harbor", "sources": sources, "pairings": [dict(self.pairing)]}
        (self.folder / "config.yaml").write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        self.configure()
        with Workspace.open(load(self.folder / "config.yaml"), self.clock) as workspace:
            yield workspace

    def night(self, *, after: float = 24) -> Result:
        """The night, `after` hours later."""
        self.clock.advance(timedelta(hours=after))
        with self.workspace() as workspace:
            return night.run(workspace, trigger="manual")

    def approved(self, result: Result, *needs: str) -> RunReport:
        """What a manager approves of a plan, written: all that needs nothing but `needs`."""
        decisions = [
            {"target": "correction", "id": c.correction_id, "verdict": "approve", "by": "manager", "reason": "asked her",
             "fingerprint": c.fingerprint}
            for c in result.report.corrections
            if c.state == "held" and set(c.needs) <= set(needs)
        ]  # fmt: skip
        assert decisions, "there is nothing to approve"
        path = self.folder / "decisions.json"
        path.write_bytes(orjson.dumps({"schema": 1, "run": result.run_id, "decisions": decisions}))
        with self.workspace() as workspace:
            taken = decide.take_file(path, workspace.state, workspace.clock, workspace.known)
            assert not taken.refused, taken.refused
            return applying.apply(workspace, result.run_id).report

    def written(self, source: str) -> list[tuple[str, dict[str, Any]]]:
        """Every write that a vendor received: the profile and what it changed."""
        return [
            (e.profile_id, dict(e.change)) for e in self.ledger.effects if e.account == source and e.method != "PUSH"
        ]


@contextmanager
def serving(group: Group) -> Iterator[Group]:
    """The group's accounts serve, with their secrets in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            for account in group.accounts.values():
                account.start()
                for name, value in account.secrets().items():
                    patch.setenv(name, value)
            yield group
        finally:
            for account in group.accounts.values():
                account.stop()


class NightZero:
    """The first night of a group, which finds nothing, played once for all tests that begin with the same group.

    Groups made alike hold the same people under the same ids, so that a later one may go on from the workspace of the
    first; only the ports and tokens of its accounts are its own, and those are in its configuration.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._played: set[str] = set()

    def of(self, group: Group, made: str, ignored: frozenset[Any] = frozenset()) -> None:
        """Bring `group` behind its first night. `made`: what tells groups apart that are not made alike."""
        kept = self._folder / made
        if made in self._played:
            continued(kept, group.folder / "data")
            return
        zero = group.night(after=0)
        assert (found(zero.report) - ignored, zero.report.corrections, zero.exit_code) == (set(), [], 0)
        continued(group.folder / "data", kept)
        self._played.add(made)


def found(report: RunReport) -> set[tuple[str, str, frozenset[str]]]:
    """A report's findings: kind, field and the profiles that they are about."""
    return {(f.kind, f.field, frozenset(f"{m.source}:{m.id}" for m in f.members)) for f in report.findings}


def finding(kind: str, field_name: str, *members: str) -> tuple[str, str, frozenset[str]]:
    return kind, field_name, frozenset(members)


def states(corrections: Sequence[CorrectionLine]) -> set[tuple[str, str, str]]:
    """Source, action and state of each."""
    return {(c.source, c.action, c.state) for c in corrections}
