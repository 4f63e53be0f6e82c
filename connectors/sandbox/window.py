"""A number of calls per stretch of time, and a search index that lags: both by injected time alone."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sandbox.base import Now

Record = dict[str, Any]


class CallWindow:
    """At most `calls` in any `seconds`: in fixed windows that begin with a call, or in a sliding one."""

    def __init__(self, now: Now, calls: int, seconds: float, *, sliding: bool = False) -> None:
        self._now = now
        self.calls = calls
        self.seconds = seconds
        self._sliding = sliding
        self._taken: deque[float] = deque()

    @property
    def left(self) -> int:
        """Calls that are still allowed now."""
        at = self._now()
        while self._taken and at - self._taken[0] >= self.seconds:
            if self._sliding:
                self._taken.popleft()
            else:
                self._taken.clear()
        return max(0, self.calls - len(self._taken))

    @property
    def opens_at(self) -> float:
        """When there will be more calls than now."""
        return (self._taken[0] if self._taken else self._now()) + self.seconds

    def take(self) -> float:
        """Count a call and return 0.0, or count none and return the seconds until one is allowed."""
        if self.left:
            self._taken.append(self._now())
            return 0.0
        return self.opens_at - self._now()


class SearchLag:
    """What a search still shows of records written less than `seconds` ago: how they were before."""

    def __init__(self, now: Now, seconds: float) -> None:
        self._now = now
        self.seconds = seconds
        self._before: dict[Any, tuple[float, Record | None]] = {}

    def written(self, key: Any, before: Record | None) -> None:
        """A write on a record that was `before` (None: not there yet)."""
        if self.seconds > 0:
            self._settle()
            self._before.setdefault(key, (self._now(), None if before is None else dict(before)))

    def stale(self) -> dict[Any, Record | None]:
        """The records that search shows as they were; None: not shown at all."""
        self._settle()
        return {key: before for key, (_, before) in self._before.items()}

    def seen(self, records: Mapping[Any, Record]) -> Iterator[tuple[Any, Record]]:
        """All records as search has them."""
        stale = self.stale()
        for key, record in records.items():
            shown = stale.pop(key, record)
            if shown is not None:
                yield key, shown
        yield from ((key, gone) for key, gone in stale.items() if gone is not None)

    def _settle(self) -> None:
        at = self._now()
        for key in [key for key, (since, _) in self._before.items() if at - since >= self.seconds]:
            del self._before[key]
