"""What a vendor allows, and our share of it: one budget per source, paid from before every call.

The vendor's own word counts where it gives one (headers, or the cost in an answer); the documented figure until then.
"""

import threading
from dataclasses import dataclass
from math import inf, isfinite

from connectors.clock import Clock

SLOWEST = 1 / 20
"""Of the documented rate: what is told below it is not believed, for a pull under it would never end."""
PATIENCE = 10.0
"""Others go first, but never so that we are slower than our own pace by more than this: a pull must come to an end."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a vendor allows to everybody at an account together. A unit is a call, or a point where calls differ in price.

    `rate`: units per second in the long run. `at_once`: units in one go. `calls`: calls per second, whatever they cost.
    """

    rate: float
    at_once: float = 1.0
    calls: float = inf

    @classmethod
    def within(cls, units: float, seconds: float) -> "Limit":
        """So many units in any `seconds`: a tenth of them at once and the rest evenly, so that no stretch holds more."""
        return cls(0.9 * units / seconds, 0.1 * units)


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of the allowance; None where it is silent. All but `limit` in units.

    `used` of `size`: how full the vendor's own meter is, by everybody. `cost`: what the call really cost.
    """

    limit: Limit | None = None
    used: float | None = None
    size: float | None = None
    cost: float | None = None


class Budget:
    """Our share of one vendor's allowance. Safe to share between threads: each is given a time of its own."""

    def __init__(self, clock: Clock, limit: Limit, share: float) -> None:
        self._clock, self._limit, self._share = clock, limit, share
        self._documented = limit
        self._guard = threading.Lock()
        self._ours = self._used = 0.0
        self._size = inf
        self._at = clock.time()
        self._next_call = self._not_before = 0.0

    def seconds(self, cost: float) -> float:
        """How long `cost` takes at our share of the vendor's limit, were nobody else there."""
        return max(0.0, cost - self._limit.at_once * self._share) / (self._limit.rate * self._share)

    def pay(self, cost: float) -> None:
        """Wait until `cost` fits into our share and into what others leave, and count it as spent."""
        with self._guard:
            self._regain()
            start = max(self._at + max(0.0, self._until_ours(cost), self._until_free(cost)), self._not_before)
            if cost:
                start = max(start, self._next_call)
                self._next_call = start + 1 / (self._limit.calls * self._share)
            self._ours, self._used = self._ours + cost, self._used + cost
            pause = start - self._at
        if pause > 0:
            self._clock.sleep(pause)

    def learn(self, told: Told, paid: float) -> None:
        """What the answer to a call says for which `paid` was paid; what no vendor can mean is left aside."""
        with self._guard:
            self._regain()
            if told.limit and self._is_meant(told.limit):
                self._limit = told.limit
            most = max(self._limit.at_once, self._documented.at_once)
            really = told.cost if told.cost is not None and 0 <= told.cost <= most else paid
            self._ours, self._used = self._ours + really - paid, self._used + really - paid
            if told.used is not None and told.size is not None and 0 < told.size < inf and isfinite(told.used):
                self._used, self._size = min(told.used, 2 * told.size), told.size

    def _is_meant(self, told: Limit) -> bool:
        slowest = self._documented.rate * SLOWEST
        return isfinite(told.rate) and isfinite(told.at_once) and told.rate >= slowest and told.at_once > 0

    def hold(self, seconds: float) -> None:
        """The vendor asks for a pause: no thread goes on before it is over."""
        with self._guard:
            self._not_before = max(self._not_before, self._clock.time() + seconds)

    def _until_ours(self, cost: float) -> float:
        room = max(cost, self._limit.at_once * self._share)
        return (self._ours + cost - room) / (self._limit.rate * self._share)

    def _until_free(self, cost: float) -> float:
        """Until the vendor can take it at all; and, for a while, until others have left us our share."""
        rate, after = self._limit.rate, self._used + cost
        polite = min((after - self._size * self._share) / rate, PATIENCE * cost / (rate * self._share))
        return max((after - self._size) / rate, polite)

    def _regain(self) -> None:
        now = self._clock.time()
        gone = (now - self._at) * self._limit.rate
        self._ours, self._used = max(0.0, self._ours - gone * self._share), max(0.0, self._used - gone)
        self._at = now
