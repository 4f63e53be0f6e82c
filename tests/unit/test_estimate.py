"""When writing is allowed, and how long it will take."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.clock import SimulatedClock
from connectors.pace import Budget, Limit
from jobs.corrections import Correction
from jobs.estimate import seconds, told
from jobs.limits import Window


@pytest.mark.parametrize(
    ("window", "open_at", "shut_at", "hours"),
    [
        (("21:00", "06:30"), ("21:00", "23:59", "00:00", "06:29"), ("06:30", "12:00", "20:59"), 9.5),
        (("01:00", "05:00"), ("01:00", "04:59"), ("00:59", "05:00"), 4),
        (("04:00", "04:00"), ("04:00", "03:59"), (), 24),
    ],
)
def test_a_window_may_run_over_midnight(
    window: tuple[str, str], open_at: Sequence[str], shut_at: Sequence[str], hours: float
) -> None:
    made = Window(**{"from": window[0], "until": window[1]})
    assert all(made.holds(time.fromisoformat(at)) for at in open_at)
    assert not any(made.holds(time.fromisoformat(at)) for at in shut_at)
    assert made.length == timedelta(hours=hours)


def rows(number: int, source: str, origin: str = "") -> list[Correction]:
    words: dict[str, Any] = {"before": {}, "after": {"phone": "1"}, "why": "", "rule_ids": (), "finding_ids": ()}
    words |= {"fingerprint": "", "reversible": "fully", "needs": (), "state": "ready", "origin": origin}
    return [Correction(f"{source}{n}", source, f"{n}", "update", **words) for n in range(number)]


def connector(rate: float, share: float = 0.5, cost: float = 1.0, *, hands_over: bool = False) -> Any:
    budget = Budget(SimulatedClock(datetime(2026, 11, 23, tzinfo=UTC)), Limit(rate), share)
    can = SimpleNamespace(hands_over=hands_over)
    return SimpleNamespace(http=SimpleNamespace(budget=budget), CALL_COST=cost, capabilities=can)


def test_the_slowest_source_tells_how_long_a_plan_takes() -> None:
    """Four calls a correction, and one at the source that the value comes from; points where calls have a price."""
    sources = {"till": connector(1.0), "shop": connector(100.0, cost=10.0), "file": connector(1.0, hands_over=True)}
    plan = [*rows(100, "till", "shop:1"), *rows(10, "file")]
    needed = seconds(sources, plan)
    assert {name: round(value) for name, value in needed.items()} == {"till": 799, "shop": 20}
    assert (
        told(sources, plan, None)
        == "110 corrections, about 0:13:19 at our share of the vendors' limits, till the slowest"
    )
    short = Window(**{"from": "01:00", "until": "01:10"})
    assert told(sources, plan, short).endswith("; the write window is open for 0:10:00 a day: it will take several")
    assert told({}, [], short) == "0 corrections, about 0:00:00 at our share of the vendors' limits"
