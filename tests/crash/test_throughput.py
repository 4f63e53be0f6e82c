"""Applying at the vendors' pace: what the budgets allow is used, and no call is made that is not needed."""

import os
from datetime import UTC, datetime
from typing import Any

from connectors.base import Change, Record
from connectors.clock import SimulatedClock
from connectors.pace import Budget, Limit
from jobs.apply import Means, apply_plan
from jobs.estimate import CALLS
from jobs.settings import Limits
from tests.crash.conftest import PLAN, FakeConnector, caller

CORRECTIONS = 10_000 if os.environ.get("ROLLCALL_LONG") else 320
SOURCES = [f"till-{n}" for n in range(8)]
SHARE = 0.5
START = datetime(2026, 11, 23, tzinfo=UTC)


class Paced(FakeConnector):
    """Pays for every call as a real connector does, by a clock of its own, so that sources run side by side."""

    def __init__(self, name: str, store: Any, rate: float) -> None:
        super().__init__(name, caller(store))
        self.clock = SimulatedClock(START)
        self.rate = rate
        self.budget = Budget(self.clock, Limit(rate), SHARE)
        self.calls = 0

    def fetch(self, ids: Any) -> dict[str, Record | None]:
        self._pay()
        return super().fetch(ids)

    def write(self, change: Change) -> str:
        self._pay()
        return super().write(change)

    def _pay(self) -> None:
        self.calls += 1
        self.budget.pay(1.0)

    @property
    def used(self) -> float:
        """The share of our own budget that was used until the last call."""
        return self.calls / (self.clock.time() - START.timestamp()) / (self.rate * SHARE)


def test_a_large_plan_over_eight_sources_uses_what_the_budgets_allow(bench: Any, empty_store: Any) -> None:
    each = CORRECTIONS // len(SOURCES)
    bench.stores = {name: empty_store(name) for name in SOURCES}
    bench.people(each)
    paced = {name: Paced(name, store, 1.0 + n) for n, (name, store) in enumerate(bench.stores.items())}
    rows = [
        bench.correction(f"{source}-{n}", {"phone": f"+1416{n:07}"}, profile_id=str(n), source=source)
        for source in SOURCES
        for n in range(1, each + 1)
    ]
    bench.plan(*rows)
    limits = Limits(updates_at_most=CORRECTIONS, updates_at_least=CORRECTIONS)
    outcome = apply_plan(PLAN, Means(bench.journal, paced, limits, {}, dict.fromkeys(SOURCES, "CA")))
    assert outcome.counts == {"verified": len(rows)}
    assert min(connector.used for connector in paced.values()) >= 0.9
    assert max(connector.calls for connector in paced.values()) <= each * CALLS
    told = {name: connector.budget.seconds(each * CALLS) for name, connector in paced.items()}
    assert all(connector.clock.time() - START.timestamp() <= told[name] for name, connector in paced.items())
