"""One source while a plan is applied: how often it failed, and when it is left alone."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connectors.base import Action, VendorError
from jobs.breakers import most_failures
from jobs.corrections import FAILED, Correction
from jobs.settings import Limits
from jobs.writer import Writer

FAILURES_IN_A_ROW = 5
"""After so many a source is left alone; what was not tried stays ready."""


@dataclass(slots=True)
class Lane:
    """Used by one thread at a time. `bears`: whether a person's word lifted the breaker on failures.

    `unread`: how often a profile could not be read, in this call. `stopped`: why the source is left alone. `one_by_one`: why
    nothing more goes out together.
    """

    writer: Writer
    limits: Limits
    bears: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    proven: Counter[Action] = field(default_factory=Counter)
    spoiled: dict[Action, str] = field(default_factory=dict)
    tried: int = 0
    failed: int = 0
    in_a_row: int = 0
    unread: int = 0
    stopped: str = ""
    rested: bool = False
    one_by_one: str = ""

    def rests(self) -> bool:
        """Whether no operation of an earlier run writes there still: until then reading settles nothing, and nothing is written."""
        if not self.rested:
            try:
                with self.lock:
                    busy = self.writer.connector.still_writing()
            except VendorError as error:
                busy = str(error)
            self.stopped = self.stopped or busy
            self.rested = not busy
        return self.rested

    def remember(self, rows: Iterable[Correction]) -> None:
        """What earlier calls on the same plan have tried."""
        for row in rows:
            self.proven[row.action] += row.state == "verified"
            self.tried += row.state == "verified" or row.state in FAILED
            self.failed += row.state in FAILED

    def take(self, step: Callable[[Correction], Correction], row: Correction) -> Correction:
        """One step with one correction; too many failures, in a row or among all, end the source."""
        try:
            return self.ended(row, step(row))
        except VendorError as error:
            self.unread += 1
            return self.ended(row, row, str(error))

    def ended(self, row: Correction, done: Correction, unread: str = "") -> Correction:
        """Count what came of a correction that was begun as `row`."""
        trouble = unread or (done.detail if done.state in FAILED else "")
        self.proven[row.action] += done.state == "verified"
        self._count(bool(trouble), anew=row.state not in FAILED)
        if self.in_a_row >= FAILURES_IN_A_ROW:
            self.stopped = f"{row.source}: left alone after {self.in_a_row} failures in a row, the last: {trouble}"
        elif trouble and not self.bears and self.failed > most_failures(self.tried, self.limits):
            self.stopped = f"{row.source}: left alone after {self.failed} failures of {self.tried}, the last: {trouble}"
        return done

    def _count(self, failed: bool, *, anew: bool) -> None:
        self.in_a_row = self.in_a_row + 1 if failed else 0
        self.tried += anew
        self.failed += failed if anew else -(not failed)
