"""The budget of a source: our share of a limit, the vendor's own word, and threads that take turns."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.clock import SimulatedClock
from connectors.pace import PATIENCE, Budget, Limit, Told


def took(clock: SimulatedClock, budget: Budget, cost: float, calls: int) -> float:
    before = clock.time()
    for _ in range(calls):
        budget.pay(cost)
    return clock.time() - before


@pytest.mark.parametrize(("share", "seconds"), [(1.0, 9 / 5), (0.5, 9 / 2.5), (0.1, 9 / 0.5)])
def test_calls_are_spread_evenly_over_our_share(clock: SimulatedClock, share: float, seconds: float) -> None:
    assert took(clock, Budget(clock, Limit(5.0), share), 1, 10) == pytest.approx(seconds, abs=0.01)


def test_a_bucket_gives_our_share_of_it_at_once_and_then_what_leaks(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=90.0), 0.5)
    assert took(clock, budget, 5, 9) == 0
    assert took(clock, budget, 5, 1) == pytest.approx(10)


def test_no_stretch_of_a_window_holds_more_than_our_share(clock: SimulatedClock) -> None:
    budget, times = Budget(clock, Limit.within(350, 300), 0.5), list[float]()
    for _ in range(1_000):
        budget.pay(1)
        times.append(clock.time())
    assert max(sum(start <= at < start + 300 for at in times) for start in times) <= 175


def test_a_burst_limit_counts_calls_whatever_they_cost(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=1_000.0, calls=20.0), 0.5)
    assert took(clock, budget, 0.1, 21) == pytest.approx(2.0, abs=0.01)


def test_a_call_dearer_than_the_share_goes_when_all_is_regained(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=10.0), 0.1)
    assert took(clock, budget, 5, 1) == 0
    assert took(clock, budget, 5, 1) == pytest.approx(50)


def test_what_a_call_really_cost_is_what_counts(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=10.0), 1.0)
    budget.pay(10)
    budget.learn(Told(cost=2), paid=10)
    assert took(clock, budget, 8, 1) == 0
    assert took(clock, budget, 3, 1) == pytest.approx(3)


NONSENSE = (
    Told(Limit(rate=0.0, at_once=90.0)), Told(Limit(rate=1e-9, at_once=90.0)), Told(Limit(rate=-1.0, at_once=90.0)),
    Told(Limit(rate=float("nan"), at_once=90.0)), Told(Limit(rate=float("inf"), at_once=90.0)),
    Told(Limit(rate=1.0, at_once=0.0)), Told(cost=1e30), Told(cost=-1e30), Told(cost=float("nan")),
    Told(used=1e30, size=float("inf")), Told(used=float("nan"), size=90.0), Told(used=5.0, size=-1.0),
)  # fmt: skip


@pytest.mark.parametrize("told", NONSENSE)
def test_what_no_vendor_can_mean_neither_stops_a_pull_nor_lets_it_go_free(clock: SimulatedClock, told: Told) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=10.0), 1.0)
    budget.pay(10)
    budget.learn(told, paid=10)
    assert took(clock, budget, 1, 20) == pytest.approx(20)


def test_a_meter_that_tells_more_than_it_can_hold_is_waited_for_and_not_for_ever(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=90.0), 1.0)
    budget.learn(Told(used=1e12, size=90), paid=0)
    assert 90 <= took(clock, budget, 1, 1) <= 100


def test_others_who_fill_the_bucket_are_waited_for_until_our_share_is_free(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(rate=1.0, at_once=90.0), 0.5)
    budget.learn(Told(used=60, size=90), paid=0)
    assert took(clock, budget, 5, 1) == pytest.approx(60 + 5 - 45)


def test_others_who_never_stop_do_not_stop_us(clock: SimulatedClock) -> None:
    """We are then slower by ten than we may be; and a full bucket, which would refuse us, is waited for all the same."""
    budget = Budget(clock, Limit(rate=1.0, at_once=90.0), 0.5)
    for _ in range(5):
        budget.learn(Told(used=80, size=90), paid=0)
        assert took(clock, budget, 1, 1) == pytest.approx(PATIENCE / 0.5)
    budget.learn(Told(used=140, size=90), paid=0)
    assert took(clock, budget, 1, 1) == pytest.approx(140 + 1 - 90)


def test_a_limit_that_the_vendor_tells_sets_another_pace(clock: SimulatedClock) -> None:
    budget = Budget(clock, Limit(1.0), 0.5)
    budget.learn(Told(limit=Limit(100.0)), paid=0)
    assert took(clock, budget, 1, 11) == pytest.approx(0.2, abs=0.01)


def test_a_pause_that_the_vendor_asks_for_holds_every_thread(clock: SimulatedClock) -> None:
    budget, began = Budget(clock, Limit(1_000.0), 1.0), clock.time()
    budget.hold(30)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(budget.pay, [1] * 4))
    assert clock.time() - began >= 30


def test_threads_are_given_times_of_their_own(clock: SimulatedClock) -> None:
    """Nobody's call is for free because another one waits."""
    budget, began = Budget(clock, Limit(2.0), 0.5), clock.time()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(budget.pay, [1] * 40))
    assert clock.time() - began >= 38
