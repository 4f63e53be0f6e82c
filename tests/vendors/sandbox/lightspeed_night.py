"""A retail group of one X-Series retailer and one Ecwid store, simulated: who is where, and nights over both."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.clock import SimulatedClock
from connectors.sandbox import ecwid, lightspeed_x
from connectors.sandbox.base import Ledger
from connectors.sandbox.people import Person, Population
from jobs import night
from jobs.night import Result
from jobs.settings import load
from jobs.workspace import Workspace
from reports.document import RunReport

START = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
GROUPS = ("Gold", "Trade", None, None)
SENTINEL = "NEVER-ON-DISK"


@dataclass(slots=True)
class Customer:
    """One person, and where they are: source to profile id."""

    person: Person
    ids: dict[str, str] = field(default_factory=dict)

    def at(self, source: str) -> str:
        return f"{source}:{self.ids[source]}"


class Pair:
    """`till` (X-Series) and `shop` (Ecwid), everybody in agreement."""

    def __init__(self, folder: Path, people: int) -> None:
        self.folder, self.clock, self.ledger = folder, SimulatedClock(START), Ledger()
        tokens = folder / "tokens"
        tokens.mkdir(parents=True)
        now = self.clock.time
        self.till = lightspeed_x.Account("till", now, self.ledger, 1, token_folder=tokens, sentinel=SENTINEL)
        self.shop = ecwid.Account("shop", now, self.ledger, 2, sentinel=SENTINEL)
        self.population = Population(7, now)
        self.synced = [self.both(number) for number in range(people)]
        self.till_only = [self.only("till") for _ in range(people // 4)]
        self.browsing = [self.only("shop") for _ in range(people // 4)]

    def both(self, number: int = 0, **more: Any) -> Customer:
        """A customer whom the vendor keeps alike in both systems."""
        known = Customer(self.population.person("CA", rare=number % 5 == 0))
        shared = {**known.person.fields(), "group": GROUPS[number % len(GROUPS)], **more}
        known.ids = {"till": self.till.add(shared), "shop": self.shop.add({**shared, "orders": 1 + number % 3})}
        return known

    def only(self, source: str, **more: Any) -> Customer:
        """Somebody whom the vendor has not synced yet, and need not: no login, or no order (X4)."""
        known = Customer(self.population.person("CA"))
        known.ids[source] = getattr(self, source).add({**known.person.fields(), **more})
        return known

    def configure(self, **till: Any) -> None:
        """A configuration of both; `till`: further settings of the till."""
        sources = {
            "till": {**self.till.settings(), "role": "pos", "region": "CA", "page_size": 7, "writes": True, **till},
            "shop": {**self.shop.settings(), "role": "ecom", "region": "CA", "writes": True},
        }
        sources["till"]["tokens"] = {"file": "tokens/till-tokens.json"}  # beside the configuration
        terms = {"preset": "lightspeed_x_e", "ecom": "shop", "pos": ["till"], "observe_nights": 0}
        raw = {"group": "harbor", "time_zone": "America/Toronto", "sources": sources, "pairings": [terms]}
        self.config.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def night(self, hours: float = 24) -> Result:
        self.clock.advance(timedelta(hours=hours))
        with Workspace.open(load(self.config), self.clock) as workspace:
            return night.run(workspace, trigger="manual")


@contextmanager
def paired(folder: Path, people: int = 24, **till: Any) -> Iterator[Pair]:
    """The two accounts serving, their secrets in the environment, a configuration that names them."""
    pair = Pair(folder, people)
    with pytest.MonkeyPatch.context() as patch:
        for account in (pair.till, pair.shop):
            account.start()
        try:
            for name, value in {**pair.till.secrets(), **pair.shop.secrets()}.items():
                patch.setitem(os.environ, name, value)
            pair.configure(**till)
            yield pair
        finally:
            pair.till.stop()
            pair.shop.stop()


def told(report: RunReport) -> set[tuple[str, str, frozenset[str]]]:
    """The findings by what they are about."""
    return {(f.kind, f.field, frozenset(f"{m.source}:{m.id}" for m in f.members)) for f in report.findings}
