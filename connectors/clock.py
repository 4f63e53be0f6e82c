"""The one clock of a run.

Every wait and every time stamp goes through it, so that tests and rehearsals inject time instead of spending it.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch, and a wait that a simulation may skip."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait; a simulated clock moves on by as much instead."""

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""


class SystemClock:
    """The machine's own time."""

    def time(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """Time that passes only when somebody waits; safe to share between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._guard = threading.Lock()

    def time(self) -> float:
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=max(0.0, seconds)))

    def now(self) -> datetime:
        with self._guard:
            return self._now

    def advance(self, by: timedelta) -> None:
        """Let `by` pass at once."""
        with self._guard:
            self._now += by
